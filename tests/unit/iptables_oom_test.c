/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iptables_oom_test - iptables commands when memory runs out at any point: they say so and nothing is half done.
 *
 * LINK: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "front/cmd.h"

/* the allocation that fails, counted from 1, and all after it; 0: none */
static unsigned fail_at, allocs;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t m);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t m);
void *__wrap_realloc(void *p, size_t n);

static bool fails(void)
{
	return fail_at && ++allocs == fail_at;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t m)
{
	return fails() ? NULL : __real_calloc(n, m);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

static const char restore_text[] =
	"*filter\n:INPUT DROP [1:2]\n:u - [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"
	"-A INPUT -s 10.0.0.1,10.0.0.2 -j u\n-A u -m comment --comment \"x y\" -j LOG --log-prefix \"a \"\n"
	"COMMIT\n*nat\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n";

struct place {
	const char *in;
	size_t at;
};

static int put(struct cmd *c, int fd, const void *bytes, size_t n)
{
	return 0;
}

static ssize_t give(struct cmd *c, void *bytes, size_t n)
{
	struct place *p = c->ctx;
	size_t left = strlen(p->in + p->at);

	n = n < left ? n : left;
	memcpy(bytes, p->in + p->at, n);
	p->at += n;
	return (ssize_t)n;
}

static const struct cmd_ops ops = { .write = put, .read = give };

static int run(struct netns *ns, const char *line, struct sbuf *out)
{
	char copy[512], *argv[64], *save;
	struct place p = { .in = restore_text };
	struct cmd c = { .world = ns->world, .ns = ns, .host = "test", .ops = &ops, .ctx = &p };
	int argc = 0, status;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	status = cmd_tool_find(argv[0])->run(&c, argc, argv);
	if (out)
		sbuf_put(out, c.out.data ? c.out.data : "", c.out.len);
	cmd_flush(&c);
	sbuf_free(&c.out);
	sbuf_free(&c.err);
	return status;
}

static const char *const lines[] = {
	"iptables -A INPUT -s 1.1.1.1,2.2.2.2 -p tcp -m multiport --dports 1,2 -m state --state NEW -j ACCEPT",
	"iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -j SNAT --to-source 1.2.3.4",
	("iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -m limit --limit 3/s -j TCPMSS "
	"--clamp-mss-to-pmtu"),
	"iptables -N new",
	"iptables -E u w",
	"iptables -I u -j DROP",
	"iptables -R INPUT 1 -p udp --sport 1 --dport 2 -j REJECT",
	"iptables -D INPUT 2",
	"iptables -F",
	"iptables -Z",
	"iptables -P FORWARD DROP",
	"iptables-restore -c",
	"iptables-restore -n",
	"iptables -L -v",
	"iptables -S",
};

/*
 * every allocation of every command fails once; the rule set is then as before, or as after for a restore's first
 * table
 */
static void test_commands(void **state)
{
	struct world w;
	struct netns *ns;
	struct sbuf before = SBUF_INIT, after = SBUF_INIT;

	assert_int_equal(world_init(&w, 1, NULL, NULL, NULL), 0);
	ns = netns_new(&w, "test");
	assert_non_null(ns);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		int status = -1;

		assert_int_equal(run(ns, "iptables-restore -c", NULL), 0);
		sbuf_reset(&before);
		run(ns, "iptables-save -c", &before);
		for (unsigned n = 1; status; n++) {
			assert_true(n < 5000);
			allocs = 0;
			fail_at = n;
			status = run(ns, lines[i], NULL);
			if (allocs < n)
				status = 0;	/* nothing failed any more */
			fail_at = 0;
			if (!status)
				break;
			sbuf_reset(&after);
			run(ns, "iptables-save -c", &after);
			if (strncmp(lines[i], "iptables-restore", 16) != 0)
				assert_string_equal(sbuf_str(&before), sbuf_str(&after));
		}
	}
	world_free(&w);
	sbuf_free(&before);
	sbuf_free(&after);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_commands) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
