// SPDX-License-Identifier: BSD-2-Clause
/*
 * golden_dumps_test.c - whole rule sets, as programs write them, against what the real tools made of them:
 * tests/golden/dumps/, made by record.sh.
 *
 * Each is loaded with iptables-restore -c into a namespace of its own; what iptables-save -c then prints must be the
 * recorded text byte for byte, comment lines aside, and so must be what it prints once that text was loaded in turn.
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

#include "front/cmd.h"
#include "front/iptables.h"

#define TEXT_MAX (1 << 20)

struct place {
	struct sbuf out[3];	/* by file descriptor */
	const char *in;
	size_t in_left;
};

static int place_write(struct cmd *c, int fd, const void *bytes, size_t n)
{
	struct place *p = c->ctx;

	sbuf_put(&p->out[fd], bytes, n);
	return 0;
}

static ssize_t place_read(struct cmd *c, void *bytes, size_t n)
{
	struct place *p = c->ctx;

	n = MIN(n, p->in_left);
	memcpy(bytes, p->in, n);
	p->in += n;
	p->in_left -= n;
	return (ssize_t)n;
}

static int place_file_read(struct cmd *c, const char *path, struct sbuf *out)
{
	return -ENOENT;
}

static const struct cmd_ops ops = { .write = place_write, .read = place_read, .file_read = place_file_read };
static const struct world_ops world_ops = { 0 };

static int run(struct netns *ns, struct place *p, const char *tool, const char *in)
{
	struct cmd c = { .world = ns->world, .ns = ns, .host = "test", .ops = &ops, .ctx = p };
	char name[32], counters[] = "-c", *argv[] = { name, counters, NULL };
	int status;

	snprintf(name, sizeof(name), "%s", tool);
	p->in = in;
	p->in_left = strlen(in);
	for (int i = 0; i < 3; i++)
		sbuf_reset(&p->out[i]);
	status = cmd_tool_find(tool)->run(&c, 2, argv);
	cmd_flush(&c);
	sbuf_free(&c.out);
	sbuf_free(&c.err);
	return status;
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, TEXT_MAX);
	size_t n;

	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	n = fread(text, 1, TEXT_MAX - 1, f);
	assert_true(n > 0 && n < TEXT_MAX - 1);
	fclose(f);
	return text;
}

/* lines of @text that are no comments */
static char *without_comments(const char *text)
{
	char *copy = calloc(1, strlen(text) + 1), *to = copy;

	while (*text) {
		size_t n = strcspn(text, "\n");

		n += text[n] == '\n';
		if (*text != '#') {
			memcpy(to, text, n);
			to += n;
		}
		text += n;
	}
	return copy;
}

static void show_first_difference(const char *path, const char *want, const char *got)
{
	while (*want && *want == *got) {
		size_t n = strcspn(want, "\n");

		if (strncmp(want, got, n + 1) != 0)
			break;
		want += n + (want[n] == '\n');
		got += n + (got[n] == '\n');
	}
	printf("%s:\n- %.*s\n+ %.*s\n", path, (int)strcspn(want, "\n"), want, (int)strcspn(got, "\n"), got);
}

/* loads @text and compares what is saved then with @want */
static bool loads_as(const char *path, const char *text, const char *want)
{
	struct world w;
	struct place p = { 0 };
	struct netns *ns;
	char *got = NULL;
	bool same = false;

	assert_int_equal(world_init(&w, 1, &world_ops, NULL, NULL), 0);
	ns = netns_new(&w, "test");
	assert_non_null(ns);
	if (run(ns, &p, "iptables-restore", text)) {
		printf("%s: %s\n", path, sbuf_str(&p.out[2]));
	} else {
		assert_int_equal(run(ns, &p, "iptables-save", ""), 0);
		got = without_comments(sbuf_str(&p.out[1]));
		same = strcmp(got, want) == 0;
		if (!same)
			show_first_difference(path, want, got);
	}
	for (int i = 0; i < 3; i++)
		sbuf_free(&p.out[i]);
	free(got);
	world_free(&w);
	return same;
}

static bool check_dump(const char *path)
{
	char *rules = read_file(path), saved_path[256], *saved;
	bool same;

	snprintf(saved_path, sizeof(saved_path), "%.*s.saved", (int)(strlen(path) - strlen(".rules")), path);
	saved = read_file(saved_path);
	same = loads_as(path, rules, saved);
	same = loads_as(saved_path, saved, saved) && same;
	free(rules);
	free(saved);
	return same;
}

static void test_dumps(void **state)
{
	int bad = 0;
	glob_t g;

	assert_int_equal(glob("tests/golden/dumps/*.rules", 0, NULL, &g), 0);
	assert_true(g.gl_pathc > 0);
	for (size_t i = 0; i < g.gl_pathc; i++)
		bad += !check_dump(g.gl_pathv[i]);
	globfree(&g);
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_dumps) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
