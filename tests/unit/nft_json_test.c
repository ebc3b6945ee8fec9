/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules as JSON: what nft 1.0.6 listed with -j (tests/golden/nft-json/rules.txt) is what is listed here, and read back with
 * -j it is the same rule.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "front/script.h"
#include "path/path.h"

#define GOLDEN "tests/golden/nft-json/rules.txt"

static void op_transmit(struct world *w, struct link *out, struct pkt *p)
{
	pkt_free(p);
}

static void op_timers_changed(struct world *w)
{
}

static const struct world_ops ops = { .transmit = op_transmit, .timers_changed = op_timers_changed };
static struct world world;
static struct netns *ns;

/* what a command prints, to be freed */
static char *nft(const char *in, int argc, char **argv)
{
	struct sbuf out = SBUF_INIT;
	struct stream *s = stream_to_sbuf(&out), *i = stream_from_bytes(in, strlen(in));
	struct script x = { .world = &world, .ns = ns, .dir = "/nonexistent", .in = i, .out = s, .err = s };

	script_command(&x, argc, argv);
	stream_put(s);
	stream_put(i);
	sbuf_putc(&out, '\0');
	return sbuf_steal(&out);
}

static char *load(bool json, const char *text)
{
	return json ? nft(text, 4, (char *[]){ "nft", "-j", "-f", "-", NULL }) : nft(text, 3, (char *[]){ "nft", "-f", "-", NULL });
}

static void must_load(bool json, const char *what, const char *text)
{
	char *said = load(json, text);

	if (*said)
		print_message("%s: %s\n%s\n", what, text, said);
	assert_string_equal(said, "");
	free(said);
}

/* the listed rule of chain c, a new reference; NULL: there is none */
static json_t *listed(const char *family)
{
	char *text = nft("", 7, (char *[]){ "nft", "-j", "list", "chain", (char *)family, "t", "c", NULL });
	json_t *root = json_loads(text, 0, NULL), *o, *rule = NULL;
	size_t i;

	assert_non_null(root);
	json_array_foreach(json_object_get(root, "nftables"), i, o)
		if (json_object_get(o, "rule"))
			rule = json_object_get(o, "rule");
	json_incref(rule);
	json_decref(root);
	free(text);
	return rule;
}

static bool is_listed(const char *what, const char *family, const char *want)
{
	json_t *rule = listed(family);
	char *got = rule ? json_dumps(json_object_get(rule, "expr"), 0) : strdup("nothing");
	bool same = strcmp(got, want) == 0;

	if (!same)
		print_message("%s\n- %s\n+ %s\n", what, want, got);
	json_decref(rule);
	free(got);
	return same;
}

static void set_up(const char *family)
{
	char text[3072];

	snprintf(text, sizeof(text),
		 "flush ruleset\ntable %s t {\ncounter cn { }\nquota qn { over 1 mbytes }\nlimit ln { rate 10/second }\n"
		 "set s { type %s; size 128; flags dynamic,timeout; }\nchain other { }\n"
		 "chain c { type filter hook input priority 0; }\n}\n",
		 family, strcmp(family, "ip6") == 0 ? "ipv6_addr" : "ipv4_addr");
	must_load(false, family, text);
}

/* the rule that is there goes, and comes back from what was listed */
static bool reads_back(const char *what, const char *family, const char *want)
{
	json_t *rule = listed(family), *cmd;
	char *text, *said;

	json_object_del(rule, "handle");
	cmd = json_pack("{s:[{s:{s:o}}]}", "nftables", "add", "rule", rule);
	text = json_dumps(cmd, 0);
	set_up(family);
	said = load(true, text);
	if (*said)
		print_message("%s\n%s", what, said);
	free(said);
	free(text);
	json_decref(cmd);
	return is_listed(what, family, want);
}

static void rules_are_listed_and_read(void **state)
{
	char line[2048], *rule, *want, text[4096];
	FILE *f = fopen(GOLDEN, "r");
	unsigned n = 0, bad = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#')
			continue;
		line[strcspn(line, "\n")] = '\0';
		rule = strchr(line, '\t');
		want = rule ? strchr(rule + 1, '\t') : NULL;
		assert_non_null(want);
		*rule++ = *want++ = '\0';
		set_up(line);
		snprintf(text, sizeof(text), "add rule %s t c %s\n", line, rule);
		must_load(false, rule, text);
		n++;
		bad += !is_listed(rule, line, want) || !reads_back(rule, line, want);
	}
	fclose(f);
	assert_true(n > 70);
	assert_int_equal(bad, 0);
}

static void what_is_no_schema_is_refused(void **state)
{
	static const char *const bad[] = {
		"{", "[]", "{}", "{\"nftables\":3}", "{\"nftables\":[3]}", "{\"nftables\":[{\"add\":{\"rule\":{}}}]}",
		"{\"nftables\":[{\"add\":{\"nothing\":{}}}]}", "{\"nftables\":[{\"add\":{\"table\":{\"family\":\"x\",\"name\":\"t\"}}}]}",
		"{\"nftables\":[{\"add\":{\"table\":{\"family\":\"ip\",\"name\":\"a; flush ruleset\"}}}]}",
	};

	set_up("ip");
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
		char *said = load(true, bad[i]);

		if (!*said)
			print_message("taken: %s\n", bad[i]);
		assert_true(*said);
		free(said);
	}
	assert_non_null(ruleset_table(&ns->rules, NFPROTO_IPV4, "t"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_are_listed_and_read),
		cmocka_unit_test(what_is_no_schema_is_refused),
	};

	assert_int_equal(path_world_init(&world, 1, &ops, NULL), 0);
	ns = netns_new(&world, "gw");
	assert_non_null(ns);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
