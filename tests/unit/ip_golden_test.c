/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands of tests/golden/ip are run on a world without packets, and must print what the real tools
 * printed on Linux (tests/golden/ip/record).
 *
 * A line "$ command" is run, the lines up to the next one are what it prints, "[N]" last is an exit status
 * other than 0. `sleep` moves the clock.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "front/cmd.h"

struct place {
	struct world w;
	struct sbuf out;
};

static int run_line(struct place *p, struct netns *ns, const char *line);

static int op_write(struct cmd *c, int fd, const void *bytes, size_t n)
{
	sbuf_put(&((struct place *)c->ctx)->out, bytes, n);
	return 0;
}

static int op_file_read(struct cmd *c, const char *path, struct sbuf *out)
{
	return -ENOENT;
}

static struct netns *op_find(struct cmd *c, const char *name)
{
	return *name ? netns_find(c->world, name) : NULL;
}

static int op_add(struct cmd *c, const char *name)
{
	if (netns_find(c->world, name))
		return -EEXIST;
	return netns_new(c->world, name) ? 0 : -ENOMEM;
}

static int op_del(struct cmd *c, const char *name)
{
	struct netns *ns = netns_find(c->world, name);

	if (!ns)
		return -ENOENT;
	netns_free(ns);
	return 0;
}

static char **op_list(struct cmd *c)
{
	char **names = calloc(64, sizeof(*names));
	struct list *l;
	size_t n = 0;

	for (l = c->world->namespaces.prev; l != &c->world->namespaces; l = l->prev)
		if (*list_entry(l, struct netns, node)->name)
			names[n++] = list_entry(l, struct netns, node)->name;
	return names;
}

static int run_argv(struct place *p, struct netns *ns, int argc, char **argv);

static int op_exec(struct cmd *c, struct netns *ns, int argc, char **argv)
{
	return run_argv(c->ctx, ns, argc, argv);
}

static const struct cmd_ops ops = { .write = op_write,
				    .file_read = op_file_read,
				    .netns_find = op_find,
				    .netns_add = op_add,
				    .netns_del = op_del,
				    .netns_list = op_list,
				    .exec = op_exec };

static int run_argv(struct place *p, struct netns *ns, int argc, char **argv)
{
	const struct cmd_tool *t = cmd_tool_find(argv[0]);
	struct cmd c = { .world = &p->w, .ns = ns, .host = "lab", .ops = &ops, .ctx = p };
	int status;

	if (!strcmp(argv[0], "sh") && argc == 3)
		return run_line(p, ns, argv[2]);
	if (!strcmp(argv[0], "sleep") && argc == 2) {
		p->w.clock.now_ns += (uint64_t)(atof(argv[1]) * 1e9);
		world_timers(&p->w);
		return 0;
	}
	if (!t) {
		sbuf_printf(&p->out, "%s: no such tool\n", argv[0]);
		return 127;
	}
	status = t->run(&c, argc, argv);
	cmd_flush(&c);
	sbuf_free(&c.out);
	sbuf_free(&c.err);
	return status;
}

/* words with quotes, nothing else of a shell */
static int run_line(struct place *p, struct netns *ns, const char *line)
{
	char *words[128], *text = malloc(strlen(line) + 1), *o = text;
	int n = 0, status;

	while (*line) {
		while (*line == ' ')
			line++;
		if (!*line)
			break;
		words[n++] = o;
		for (char quote = 0; *line && (quote || *line != ' '); line++) {
			if (quote ? *line == quote : *line == '"' || *line == '\'')
				quote = quote ? 0 : *line;
			else
				*o++ = *line;
		}
		*o++ = '\0';
	}
	words[n] = NULL;
	status = run_argv(p, ns, n, words);
	free(text);
	return status;
}

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	struct sbuf s = SBUF_INIT;
	char part[4096];
	size_t n;

	if (!f)
		return NULL;
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		sbuf_put(&s, part, n);
	fclose(f);
	return sbuf_steal(&s);
}

static int check(const char *path, unsigned line, const char *cmd, const char *want, const char *got)
{
	if (!strcmp(want, got))
		return 0;
	fprintf(stderr, "%s:%u: $ %s\n--- wanted\n%s--- got\n%s", path, line, cmd, want, got);
	return 1;
}

static int run_file(const char *name)
{
	struct place p = { 0 };
	struct sbuf want = SBUF_INIT;
	char path[256], *text, *line, *next, *cmd = NULL;
	struct netns *root;
	unsigned at = 0, cmd_at = 0;
	int bad = 0;

	snprintf(path, sizeof(path), "tests/golden/ip/%s.txt", name);
	text = read_file(path);
	assert_non_null(text);
	world_init(&p.w, 1, NULL, NULL, NULL);
	root = netns_new(&p.w, "");
	assert_non_null(root);
	for (line = text;; line = next) {
		bool end = !*line;

		at++;
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (end || !strncmp(line, "$ ", 2)) {
			if (cmd)
				bad += check(path, cmd_at, cmd, sbuf_str(&want), sbuf_str(&p.out));
			if (end)
				break;
			cmd = line + 2;
			cmd_at = at;
			sbuf_reset(&want);
			sbuf_reset(&p.out);
			int status = run_line(&p, root, cmd);

			if (status)
				sbuf_printf(&p.out, "[%d]\n", status);
		} else if (*line != '#' || cmd) {
			sbuf_printf(&want, "%s\n", line);
		}
	}
	sbuf_free(&want);
	sbuf_free(&p.out);
	world_free(&p.w);
	free(text);
	return bad;
}

static void test_file(void **state)
{
	assert_int_equal(run_file(*state), 0);
}

#define GOLDEN(name)                                                                                                   \
	{                                                                                                              \
		"ip golden " name, test_file, NULL, NULL, (void *)name                                                 \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		GOLDEN("link"),  GOLDEN("netns"),  GOLDEN("addr"),   GOLDEN("route"), GOLDEN("rule"),
		GOLDEN("neigh"), GOLDEN("sysctl"), GOLDEN("bridge"), GOLDEN("ipv6"), GOLDEN("nettools"),
		GOLDEN("addr6"), GOLDEN("route6"), GOLDEN("rule6"),  GOLDEN("neigh6"), GOLDEN("link6"),
		GOLDEN("sysctl6"), GOLDEN("source6"), GOLDEN("nettools6"),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
