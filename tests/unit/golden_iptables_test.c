/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * golden_iptables_test - iptables, iptables-save, iptables-restore and nft against what the real ones said:
 * tests/golden/iptables/FILE.txt, tests/golden/nft/FILE.txt.
 *
 * The recordings are made by tests/golden/iptables/record.sh, which says what the lines mean. With GOLDEN_SHOW set,
 * every difference is printed and the run goes on; else each file fails at its first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "front/cmd.h"

struct run {
	struct world w;
	struct cmd c;
	struct sbuf in, out, err;	/* of the command at hand */
	size_t in_at;
	bool fresh;
};

static int take(struct cmd *c, int fd, const void *bytes, size_t n)
{
	struct run *r = c->ctx;

	sbuf_put(fd == 2 ? &r->err : &r->out, bytes, n);
	return 0;
}

static ssize_t give(struct cmd *c, void *bytes, size_t n)
{
	struct run *r = c->ctx;
	size_t left = r->in.len - r->in_at;

	n = n < left ? n : left;
	if (n)
		memcpy(bytes, r->in.data + r->in_at, n);
	r->in_at += n;
	return (ssize_t)n;
}

static int file_read(struct cmd *c, const char *path, struct sbuf *out)
{
	if (strcmp(path, "/etc/hosts") == 0)
		sbuf_puts(out, "127.0.0.1 localhost\n");
	else if (strcmp(path, "/etc/networks") == 0)
		sbuf_puts(out, "default\t\t0.0.0.0\nloopback\t127.0.0.0\nlink-local\t169.254.0.0\n");
	else
		return -ENOENT;
	return 0;
}

static int file_write(struct cmd *c, const char *path, const void *bytes, size_t n, bool append)
{
	return -ENOENT;
}

static const struct cmd_ops ops = { .write = take, .read = give, .file_read = file_read, .file_write = file_write };

static void begin(struct run *r)
{
	if (r->fresh) {
		world_free(&r->w);
		sbuf_free(&r->c.out);
		sbuf_free(&r->c.err);
	}
	r->fresh = true;
	assert_int_equal(world_init(&r->w, 1, NULL, NULL, NULL), 0);
	r->c = (struct cmd){ .world = &r->w, .ns = netns_new(&r->w, "test"), .host = "test", .ops = &ops, .ctx = r };
	assert_non_null(r->c.ns);
}

/* words as a shell splits them */
static int split(char *line, char **argv, int max)
{
	char *from = line, *to = line, quote = 0;
	int n = 0;

	for (;;) {
		while (*from == ' ')
			from++;
		if (!*from || n == max - 1)
			break;
		argv[n++] = to;
		for (; *from && (quote || *from != ' '); from++) {
			if (quote ? *from == quote : *from == '\'' || *from == '"')
				quote = quote ? 0 : *from;
			else if (*from == '\\' && quote != '\'')
				*to++ = *++from;
			else
				*to++ = *from;
		}
		if (*from)
			from++;
		*to++ = '\0';
	}
	argv[n] = NULL;
	return n;
}

/* the lines of @text with a mark in front, dates replaced */
static void mark_lines(struct sbuf *out, const char *mark, const struct sbuf *text)
{
	const char *p = sbuf_str(text);

	while (*p) {
		size_t n = strcspn(p, "\n");
		const char *date = n > 28 && p[0] == '#' ? memmem(p, n, " on ", 4) : NULL;

		sbuf_puts(out, mark);
		if (date && (size_t)(p + n - date) == 28) {
			sbuf_put(out, p, (size_t)(date - p));
			sbuf_puts(out, " on DATE");
		} else {
			sbuf_put(out, p, n);
		}
		sbuf_putc(out, '\n');
		p += n + (p[n] == '\n');
	}
}

static void command(struct run *r, const char *line, struct sbuf *result)
{
	char *copy = mem_strdup(line), *argv[64];
	int argc = split(copy, argv, 64), status;
	const struct cmd_tool *t = cmd_tool_find(argv[0]);

	assert_non_null(t);
	sbuf_reset(&r->out);
	sbuf_reset(&r->err);
	r->in_at = 0;
	status = t->run(&r->c, argc, argv);
	cmd_flush(&r->c);
	sbuf_printf(result, "= %d\n", status);
	mark_lines(result, "1 ", &r->out);
	mark_lines(result, "2 ", &r->err);
	sbuf_reset(&r->in);
	mem_free(copy);
}

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	struct sbuf s = SBUF_INIT;
	char part[4096];
	size_t n;

	assert_non_null(f);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		sbuf_put(&s, part, n);
	fclose(f);
	return sbuf_steal(&s);
}

/* the recorded answer that begins at *@p: lines up to the next command */
static void answer(char **p, struct sbuf *want)
{
	while (**p == '=' || **p == '1' || **p == '2') {
		size_t n = strcspn(*p, "\n");

		sbuf_put(want, *p, n);
		sbuf_putc(want, '\n');
		*p += n + ((*p)[n] == '\n');
	}
}

static void play(const char *path)
{
	struct run r = { 0 };
	struct sbuf want = SBUF_INIT, got = SBUF_INIT;
	char *text = slurp(path), *p = text;
	unsigned different = 0, commands = 0;

	while (*p) {
		char *now = p, *nl = strchrnul(p, '\n');

		p = *nl ? nl + 1 : nl;
		*nl = '\0';
		if (strncmp(now, "---", 3) == 0)
			begin(&r);
		else if (strncmp(now, "<_ ", 3) == 0)
			sbuf_puts(&r.in, now + 3);
		else if (now[0] == '<')
			sbuf_printf(&r.in, "%s\n", now[1] ? now + 2 : "");
		if (now[0] != '>')
			continue;
		sbuf_reset(&want);
		sbuf_reset(&got);
		answer(&p, &want);
		command(&r, now + 2, &got);
		commands++;
		if (strcmp(sbuf_str(&want), sbuf_str(&got)) != 0) {
			different++;
			printf("%s: %s\n--- real\n%s--- natbox\n%s\n", path, now, sbuf_str(&want), sbuf_str(&got));
			if (!getenv("GOLDEN_SHOW"))
				break;
		}
	}
	if (r.fresh)
		world_free(&r.w);
	sbuf_free(&r.in);
	sbuf_free(&r.out);
	sbuf_free(&r.err);
	sbuf_free(&r.c.out);
	sbuf_free(&r.c.err);
	sbuf_free(&want);
	sbuf_free(&got);
	mem_free(text);
	if (getenv("GOLDEN_SHOW"))
		print_message("%s: %u of %u commands differ\n", path, different, commands);
	assert_true(commands > 10);
	assert_int_equal(different, 0);
}

#define GOLDEN(name)                                                                                              \
	static void test_##name(void **state)                                                                     \
	{                                                                                                         \
		play("tests/golden/iptables/" #name ".txt");                                                      \
	}

#define GOLDEN_NFT(name)                                                                                          \
	static void test_nft_##name(void **state)                                                                 \
	{                                                                                                         \
		play("tests/golden/nft/" #name ".txt");                                                           \
	}

GOLDEN(options)
GOLDEN(rules)
GOLDEN(addresses)
GOLDEN(chains)
GOLDEN(list)
GOLDEN(save)
GOLDEN(restore)
GOLDEN(ip6tables)

GOLDEN_NFT(errors)
GOLDEN_NFT(payload)
GOLDEN_NFT(keys)
GOLDEN_NFT(stmts)
GOLDEN_NFT(chains)
GOLDEN_NFT(sets)
GOLDEN_NFT(commands)
GOLDEN_NFT(places)
GOLDEN_NFT(iptables)
GOLDEN_NFT(foreign)
GOLDEN_NFT(optimize)
GOLDEN_NFT(rules)

static const char *const *given;

static void test_given(void **state)
{
	for (const char *const *path = given; *path; path++)
		play(*path);
}

/* with arguments: those files instead of the recorded ones */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options), cmocka_unit_test(test_rules), cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_chains),  cmocka_unit_test(test_list),  cmocka_unit_test(test_save),
		cmocka_unit_test(test_restore),  cmocka_unit_test(test_ip6tables), cmocka_unit_test(test_nft_errors), cmocka_unit_test(test_nft_payload),
		cmocka_unit_test(test_nft_keys), cmocka_unit_test(test_nft_stmts), cmocka_unit_test(test_nft_chains),
		cmocka_unit_test(test_nft_sets), cmocka_unit_test(test_nft_commands),
		cmocka_unit_test(test_nft_places), cmocka_unit_test(test_nft_iptables),
		cmocka_unit_test(test_nft_foreign), cmocka_unit_test(test_nft_optimize),
		cmocka_unit_test(test_nft_rules),
	};

	const struct CMUnitTest one[] = { cmocka_unit_test(test_given) };

	given = (const char *const *)argv + 1;
	if (argc > 1)
		return cmocka_run_group_tests(one, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
