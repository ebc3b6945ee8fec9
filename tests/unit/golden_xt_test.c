// SPDX-License-Identifier: BSD-2-Clause
/*
 * golden_xt_test.c - single iptables and ip6tables rules against what the real tools said to them: tests/golden/xt/ and
 * tests/golden/xt6/, made by xt/record.sh.
 *
 * Each rule is run on a namespace without links or packets, and its status, messages, iptables-save line and both
 * listings are put in the form of the golden file and compared with it. A rule below a "#- " comment is one that
 * natbox refuses by name; that it does is what is checked.
 */
#include <ctype.h>
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

#define ARGS_MAX 64
#define SHOWN_MAX 12		/* differences told of each file */

struct place {
	const char *tool;	/* iptables, ip6tables */
	struct sbuf out[3];	/* by file descriptor */
};

static int place_write(struct cmd *c, int fd, const void *bytes, size_t n)
{
	struct place *p = c->ctx;

	sbuf_put(&p->out[fd], bytes, n);
	return 0;
}

static int place_file_read(struct cmd *c, const char *path, struct sbuf *out)
{
	return -ENOENT;
}

static const struct cmd_ops ops = { .write = place_write, .file_read = place_file_read };
static const struct world_ops world_ops = { 0 };

/* one command line split as a shell would; in @words, which @argv points into */
static int split(const char *line, char *words, char **argv)
{
	int argc = 0;
	char quote = 0;

	while (*line) {
		while (*line == ' ')
			line++;
		if (!*line)
			break;
		argv[argc++] = words;
		for (; *line && (quote || *line != ' '); line++) {
			if (quote ? *line == quote : (*line == '"' || *line == '\'')) {
				quote = quote ? 0 : *line;
			} else if (*line == '\\' && quote != '\'' && line[1]) {
				*words++ = *++line;
			} else {
				*words++ = *line;
			}
		}
		*words++ = '\0';
	}
	argv[argc] = NULL;
	return argc;
}

static int run(struct netns *ns, struct place *p, const char *line)
{
	struct cmd c = { .world = ns->world, .ns = ns, .host = "test", .ops = &ops, .ctx = p };
	char *words = malloc(strlen(line) + 2), *argv[ARGS_MAX + 1];
	int status;

	for (int i = 0; i < 3; i++)
		sbuf_reset(&p->out[i]);
	status = strstr(line, "-save") && strchr(line, ' ') > strstr(line, "-save") ? iptables_save_main(&c, split(line, words, argv), argv)
							 : iptables_main(&c, split(line, words, argv), argv);
	cmd_flush(&c);
	sbuf_free(&c.out);
	sbuf_free(&c.err);
	free(words);
	return status;
}

/* the lines of @text from the @skip'th on that begin with @prefix and do not contain @without, with @mark in front */
static void add_lines(struct sbuf *out, char mark, const char *text, int skip, const char *prefix, const char *without)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		char *line = strndup(text, n);

		if (skip-- <= 0 && strncmp(line, prefix, strlen(prefix)) == 0 && !(*without && strstr(line, without)))
			sbuf_printf(out, "%c %s\n", mark, line);
		free(line);
		text += n + (text[n] == '\n');
	}
}

static const char *word_after(const char *line, const char *opt, char *word, const char *none)
{
	const char *p = strstr(line, opt);

	if (!p)
		return none;
	sscanf(p + strlen(opt), "%31s", word);
	return word;
}

static int run_on(struct netns *ns, struct place *p, const char *table, char cmd, const char *rule, size_t n)
{
	char *line;
	int status;

	assert_true(asprintf(&line, "%s -t %s -%c%.*s", p->tool, table, cmd, (int)n, rule) > 0);
	status = run(ns, p, line);
	free(line);
	return status;
}

/* what was saved is the same rule again: -C finds it (else "C STATUS"), and adding it gives a second, equal line */
static void check_saved(struct netns *ns, struct place *p, const char *table, const char *saved, struct sbuf *out)
{
	const char *rule = saved + 4;		/* behind "S -A" */
	size_t n = strcspn(rule, "\n");
	int status = run_on(ns, p, table, 'C', rule, n);
	char save[64];

	if (status) {
		sbuf_printf(out, "C %d\n", status);
		return;
	}
	if (run_on(ns, p, table, 'A', rule, n) || run_on(ns, p, table, 'D', rule, n))
		fail_msg("%.*s: %s", (int)n, rule, sbuf_str(&p->out[2]));
	snprintf(save, sizeof(save), "%s-save -t %s", p->tool, table);
	run(ns, p, save);
	if (!strstr(sbuf_str(&p->out[1]), saved + 2))
		fail_msg("not the same when saved again: %s", rule);
}

/* the block of a rule as record.sh writes it */
static void run_rule(struct netns *ns, struct place *p, const char *rule, struct sbuf *out)
{
	char line[4096], tword[32], cword[32];
	const char *table = word_after(rule, "-t ", tword, "filter"), *chain = word_after(rule, "-A ", cword, "INPUT");
	struct sbuf saved = SBUF_INIT;

	snprintf(line, sizeof(line), "%s %s", p->tool, rule);
	sbuf_printf(out, "> %s\n= %d\n", rule, run(ns, p, line));
	add_lines(out, '!', sbuf_str(&p->out[2]), 0, "", "");
	snprintf(line, sizeof(line), "%s-save -t %s", p->tool, table);
	run(ns, p, line);
	add_lines(&saved, 'S', sbuf_str(&p->out[1]), 0, "-A", "-A INPUT -j inonly");
	if (saved.len) {
		sbuf_puts(out, sbuf_str(&saved));
		check_saved(ns, p, table, sbuf_str(&saved), out);
		snprintf(line, sizeof(line), "%s -t %s -n -v -L %s", p->tool, table, chain);
		run(ns, p, line);
		add_lines(out, 'N', sbuf_str(&p->out[1]), 2, "", "inonly");
		snprintf(line, sizeof(line), "%s -t %s -L %s", p->tool, table, chain);
		run(ns, p, line);
		add_lines(out, 'L', sbuf_str(&p->out[1]), 2, "", "inonly");
		snprintf(line, sizeof(line), "%s -t %s -F %s", p->tool, table, chain);
		assert_int_equal(run(ns, p, line), 0);
		if (strcmp(table, "filter") == 0 && strcmp(chain, "INPUT") == 0)
			assert_int_equal(run_on(ns, p, "filter", 'A', " INPUT -j inonly", 16), 0);
	}
	sbuf_free(&saved);
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text;
	size_t n;

	assert_non_null(f);
	text = calloc(1, 1 << 20);
	n = fread(text, 1, (1 << 20) - 1, f);
	assert_true(n > 0 && n < (1 << 20) - 1);
	fclose(f);
	return text;
}

static void setup_ns(struct netns *ns, struct place *p)
{
	static const char *const tables[] = { "filter", "nat", "mangle", "raw", "security" };
	char line[64];

	for (unsigned i = 0; i < ARRAY_LEN(tables); i++) {
		snprintf(line, sizeof(line), "%s -t %s -N uc", p->tool, tables[i]);
		assert_int_equal(run(ns, p, line), 0);
	}
	assert_int_equal(run_on(ns, p, "filter", 'N', " inonly", 7), 0);
	assert_int_equal(run_on(ns, p, "filter", 'A', " INPUT -j inonly", 16), 0);
}

/* one file; the number of rules that differ, and in *n_rules of all */
static int check_file(const char *path, int *n_rules)
{
	struct world w;
	struct netns *ns;
	struct place p = { .tool = strstr(path, "/xt6/") ? "ip6tables" : "iptables" };
	char *text = read_file(path), *at = text;
	bool refused = false;
	int bad = 0;

	assert_int_equal(world_init(&w, 1, &world_ops, NULL, NULL), 0);
	ns = netns_new(&w, "test");
	assert_non_null(ns);
	setup_ns(ns, &p);
	while (*at) {
		struct sbuf got = SBUF_INIT;
		size_t n = strcspn(at, "\n"), block = n + 1;
		char *rule, *want;

		if (at[0] != '>') {
			refused |= strncmp(at, "#- ", 3) == 0;
			at += n + (at[n] == '\n');
			continue;
		}
		while (at[block] && !strchr(">#\n", at[block]))
			block += strcspn(at + block, "\n") + 1;
		rule = strndup(at + 2, n - 2);
		want = strndup(at, block);
		run_rule(ns, &p, rule, &got);
		++*n_rules;
		if (refused ? !strstr(sbuf_str(&got), "natbox") : strcmp(want, sbuf_str(&got)) != 0) {
			if (bad++ < SHOWN_MAX)
				printf("%s:\n--- Linux\n%s--- natbox\n%s\n", path, want, sbuf_str(&got));
		}
		refused = false;
		sbuf_free(&got);
		free(rule);
		free(want);
		at += block;
	}
	for (int i = 0; i < 3; i++)
		sbuf_free(&p.out[i]);
	free(text);
	world_free(&w);
	return bad;
}

static void test_golden(void **state)
{
	const char *one = getenv("GOLDEN_XT");	/* a file to look at alone */
	int n_rules = 0, bad = 0;
	glob_t g;

	assert_int_equal(glob(one ? one : "tests/golden/xt*/*.txt", 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++)
		bad += check_file(g.gl_pathv[i], &n_rules);
	globfree(&g);
	printf("%d rules, %d differ\n", n_rules, bad);
	assert_true(n_rules > 0);
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_golden) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
