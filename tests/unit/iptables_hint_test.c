/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iptables_hint_test - hints after refused iptables commands: one line each, and none unless they are wanted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "front/cmd.h"

static const struct {
	const char *line, *hint;	/* NULL: none */
} cases[] = {
	{ "iptables -A INPUT -j ACEPT", "did you mean '-j ACCEPT'?" },
	{ "iptables -A INPUT -j MASQERADE", "did you mean '-j MASQUERADE'?" },
	{ "iptables -A INPUT -m stat --state NEW", "did you mean '-m state'?" },
	{ "iptables -A INPUT -m ipvs --ipvs", "Linux has -m ipvs, natbox does not have it yet" },
	{ "iptables -A INPUT --dport 80", "--dport belongs to '-p tcp' or '-p udp', which must come before it" },
	{ "iptables -A INPUT -p tcp --dprt 80", "did you mean '--dport'?" },
	{ "iptables -A INPUT --to-source 1.2.3.4", "--to-source belongs to '-j SNAT', which must come before it" },
	{ "iptables -t natt -L", "did you mean '-t nat'?" },
	{ "iptables -t x -L", "the tables are filter, nat, mangle, raw and security" },
	{ "iptables -A INPTU -j ACCEPT", "did you mean 'INPUT'?" },
	{ "iptables -L POSTROUTING", "table filter has no chain POSTROUTING; -t nat or -t mangle has" },
	{ "iptables -A PREROUTING -j ACCEPT",
	  "table filter has no chain PREROUTING; -t nat or -t mangle or -t raw has" },
	{ "iptables -A INPUT -o eth0", "packets in INPUT have no outgoing interface: use -i" },
	{ "iptables -t nat -A POSTROUTING -i eth0", "packets in POSTROUTING have no incoming interface: use -o" },
	{ "iptables -A INPUT -j MASQUERADE",
	  "MASQUERADE works only in table nat, chains POSTROUTING and what they jump to" },
	{ "iptables -t nat -A PREROUTING -j MASQUERADE",
	  "MASQUERADE works only in table nat, chains POSTROUTING and what they jump to" },
	{ "iptables -A INPUT -m tcp", "tcp needs -p tcp" },
	{ "iptables -A mine -j mine", NULL },
	{ "iptables -A INPUT -j mine", "chains may not jump in a circle, nor deeper than 16" },
	{ "iptables -A INPUT -j minne", "did you mean '-j mine'?" },
	{ "iptables -A INPUT -j ACCEPT", NULL },
	{ "iptables -A OUTPUT -j INPUT", "-j cannot go to a built-in chain" },
	{ "iptables -D INPUT 7", NULL },
};

static int put(struct cmd *c, int fd, const void *bytes, size_t n)
{
	return 0;
}

static const struct cmd_ops ops = { .write = put };

static void run(struct netns *ns, const char *line, bool hints, char *err, size_t n)
{
	char copy[256], *argv[32], *save;
	struct cmd c = { .world = ns->world, .ns = ns, .host = "test", .ops = &ops, .hints = hints };
	int argc = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	cmd_tool_find(argv[0])->run(&c, argc, argv);
	snprintf(err, n, "%s", sbuf_str(&c.err));
	sbuf_free(&c.out);
	sbuf_free(&c.err);
}

static void test_hints(void **state)
{
	struct world w;
	struct netns *ns;
	char err[2048], want[256];

	assert_int_equal(world_init(&w, 1, NULL, NULL, NULL), 0);
	ns = netns_new(&w, "test");
	assert_non_null(ns);
	run(ns, "iptables -N mine", true, err, sizeof(err));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *hint;

		run(ns, cases[i].line, true, err, sizeof(err));
		hint = strstr(err, "natbox: hint: ");
		snprintf(want, sizeof(want), "natbox: hint: %s\n", cases[i].hint ? cases[i].hint : "");
		if (cases[i].hint)
			assert_string_equal(hint ? hint : err, want);
		else
			assert_null(hint);
		if (!cases[i].hint)
			continue;
		run(ns, cases[i].line, false, err, sizeof(err));
		assert_null(strstr(err, "hint"));
	}
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_hints) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
