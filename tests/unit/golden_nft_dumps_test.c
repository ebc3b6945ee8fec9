// SPDX-License-Identifier: BSD-2-Clause
/*
 * golden_nft_dumps_test.c - whole nft rule sets, as programs and people write them, against what the real nft made of
 * them: tests/golden/nft-dumps/, made by record.sh.
 *
 * Each is loaded into a namespace of its own; what is listed then must be the recorded text byte for byte, in JSON too,
 * and so must be what is listed once the listing was loaded in turn.
 */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "front/script.h"

static const struct world_ops world_ops = { 0 };

/* runs `nft @args` with @in on standard input; what it printed */
static int run(struct netns *ns, const char *args, const char *in, struct sbuf *out)
{
	struct stream *to = stream_to_sbuf(out), *from = stream_from_bytes(in, strlen(in));
	struct script s = { .world = ns->world, .ns = ns, .in = from, .out = to, .err = to };
	char line[64];
	int status;

	snprintf(line, sizeof(line), "nft %s", args);
	status = script_run(&s, "test", line, NULL);
	stream_put(to);
	stream_put(from);
	return status;
}

static char *read_file(const char *base, const char *suffix)
{
	struct sbuf text = SBUF_INIT;
	char path[256];

	snprintf(path, sizeof(path), "%s.%s", base, suffix);
	if (script_read_file(path, &text))
		fail_msg("%s: cannot be read", path);
	return sbuf_steal(&text);
}

static bool same(const char *base, const char *what, const char *want, const char *got)
{
	if (strcmp(want, got) == 0)
		return true;
	while (*want && *want == *got) {
		size_t n = strcspn(want, "\n");

		if (strncmp(want, got, n + 1) != 0)
			break;
		want += n + (want[n] == '\n');
		got += n + (got[n] == '\n');
	}
	printf("%s, %s:\n- %.*s\n+ %.*s\n", base, what, (int)strcspn(want, "\n"), want, (int)strcspn(got, "\n"), got);
	return false;
}

/* loads @text; @json NULL: handles may be others */
static bool loads_as(const char *base, const char *text, const char *listed, const char *json)
{
	struct sbuf out = SBUF_INIT;
	struct world w;
	struct netns *ns;
	bool ok = true;

	assert_int_equal(world_init(&w, 1, &world_ops, NULL, NULL), 0);
	ns = netns_new(&w, "test");
	assert_non_null(ns);
	if (run(ns, "-f -", text, &out)) {
		printf("%s: %s\n", base, sbuf_str(&out));
		ok = false;
	}
	sbuf_reset(&out);
	ok = ok && run(ns, "list ruleset", "", &out) == 0 && same(base, "listed", listed, sbuf_str(&out));
	sbuf_reset(&out);
	ok = ok && (!json || (run(ns, "-j list ruleset", "", &out) == 0 && same(base, "as JSON", json, sbuf_str(&out))));
	sbuf_free(&out);
	world_free(&w);
	return ok;
}

static bool check_dump(const char *path)
{
	char *base = strndup(path, strlen(path) - strlen(".nft"));
	char *text = read_file(base, "nft"), *listed = read_file(base, "listed"), *json = read_file(base, "json");
	bool ok = loads_as(base, text, listed, json);

	ok = loads_as(base, listed, listed, NULL) && ok;
	free(text);
	free(listed);
	free(json);
	free(base);
	return ok;
}

static void test_dumps(void **state)
{
	int bad = 0;
	glob_t g;

	assert_int_equal(glob("tests/golden/nft-dumps/*.nft", 0, NULL, &g), 0);
	assert_true(g.gl_pathc > 0);
	for (size_t i = 0; i < g.gl_pathc; i++)
		bad += !check_dump(g.gl_pathv[i]);
	globfree(&g);
	assert_int_equal(bad, 0);
}

static void put_file(const char *dir, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* what is included by a pattern is read by name, and what it defines counts behind it */
static void test_include(void **state)
{
	static const char *const names[] = { "main", "10-a.nft", "20-b.nft" };
	char dir[] = "/tmp/natbox-include-XXXXXX", text[256], path[128];
	struct sbuf out = SBUF_INIT;
	struct netns *ns;
	struct world w;

	assert_non_null(mkdtemp(dir));
	put_file(dir, "20-b.nft", "add chain ip a c\ndefine HOSTS = { 192.0.2.1, 192.0.2.2 }\n");
	put_file(dir, "10-a.nft", "add table ip a\n");
	snprintf(text, sizeof(text), "include \"%s/*.nft\"\nadd rule ip a c ip saddr $HOSTS drop\n", dir);
	put_file(dir, "main", text);
	assert_int_equal(world_init(&w, 1, &world_ops, NULL, NULL), 0);
	ns = netns_new(&w, "test");
	snprintf(text, sizeof(text), "-f %s/main", dir);
	assert_int_equal(run(ns, text, "", &out), 0);
	assert_int_equal(run(ns, "list chain ip a c", "", &out), 0);
	assert_string_equal(sbuf_str(&out),
			    "table ip a {\n\tchain c {\n\t\tip saddr { 192.0.2.1, 192.0.2.2 } drop\n\t}\n}\n");
	sbuf_free(&out);
	world_free(&w);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		remove(path);
	}
	assert_int_equal(remove(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_dumps), cmocka_unit_test(test_include) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
