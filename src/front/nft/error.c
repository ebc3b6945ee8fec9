/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/error.c - errors at their places, told as the real nft tells them.
 *
 *     In file included from rules.nft:3:1-21:
 *     ./more.nft:7:12-16: Error: syntax error, unexpected string
 *     the line that it is about
 *                ^^^^^
 *
 * Further places of the same error are underlined with ~. For the command line there is no place in front, as the text
 * has no name. Blanks in front of the carets are those of the line, so that tabs stay tabs.
 */
#include <stdlib.h>
#include <string.h>

#include "front/nft/nft.h"

struct nft_loc nft_loc_span(const struct nft_loc *a, const struct nft_loc *b)
{
	struct nft_loc l = *a;

	if (!a->line)
		return *b;
	if (b->line)
		l.end = b->end;
	return l;
}

static struct nft_error *error_add(struct nft_ctx *x, const struct nft_loc *loc, const char *fmt, va_list ap)
{
	struct nft_error *e;
	struct sbuf text = SBUF_INIT;

	x->n_errors++;
	if (!(e = mem_zalloc(sizeof(*e)))) {
		x->oom = true;
		return NULL;
	}
	if (loc)
		e->loc = *loc;
	sbuf_vprintf(&text, fmt, ap);
	e->text = sbuf_steal(&text);
	list_add_tail(&x->errors, &e->node);
	return e;
}

void nft_err(struct nft_ctx *x, const struct nft_loc *loc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	error_add(x, loc, fmt, ap);
	va_end(ap);
}

void nft_err_two(struct nft_ctx *x, const struct nft_loc *loc, const struct nft_loc *also, const char *fmt, ...)
{
	struct nft_error *e;
	va_list ap;

	va_start(ap, fmt);
	e = error_add(x, loc, fmt, ap);
	va_end(ap);
	if (e && also && also->line)
		e->also[e->n_also++] = *also;
}

void nft_hint(struct nft_ctx *x, const char *fmt, ...)
{
	struct nft_error *e;
	struct sbuf text = SBUF_INIT;
	va_list ap;

	if (!x->c->hints || list_empty(&x->errors))
		return;
	e = list_entry(x->errors.prev, struct nft_error, node);
	if (e->hint)
		return;
	va_start(ap, fmt);
	sbuf_vprintf(&text, fmt, ap);
	va_end(ap);
	e->hint = sbuf_steal(&text);
}

static void print_included(struct nft_ctx *x, const struct nft_src *s)
{
	const char *lead = "In file included from ";

	for (; s->from; s = s->from) {
		cmd_err(x->c, "%s%s:%u:%u-%u:\n", lead, s->from->name ? s->from->name : "", s->from_line, s->from_col,
			s->from_end);
		lead = "                 from ";
	}
}

static void mark(struct sbuf *b, const char *line, size_t n, const struct nft_loc *l, char with)
{
	while (b->len < l->end && !b->failed) {
		char c = b->len < n && line[b->len] == '\t' ? '\t' : ' ';

		sbuf_putc(b, c);
	}
	for (uint32_t i = l->col ? l->col - 1 : 0; i < l->end && i < b->len; i++)
		b->data[i] = with;
}

static void print_source(struct nft_ctx *x, const struct nft_error *e)
{
	const struct nft_src *s = e->loc.src;
	const char *line = s->text + MIN(e->loc.at, s->len), *end;
	struct sbuf b = SBUF_INIT;
	size_t n = s->len - (line - s->text);

	end = memchr(line, '\n', n);
	if (end)
		n = end - line;
	cmd_err(x->c, "%.*s\n", (int)n, line);
	for (unsigned i = 0; i < e->n_also; i++)
		mark(&b, line, n, &e->also[i], '~');
	mark(&b, line, n, &e->loc, '^');
	cmd_err(x->c, "%s\n", sbuf_str(&b));
	sbuf_free(&b);
}

static void print_error(struct nft_ctx *x, const struct nft_error *e)
{
	const struct nft_src *s = e->loc.src;

	if (s && e->loc.line) {
		print_included(x, s);
		if (s->name)
			cmd_err(x->c, "%s:%u:%u-%u: ", s->name, e->loc.line, e->loc.col, e->loc.end);
	}
	cmd_err(x->c, "%s%s\n", e->info ? "" : "Error: ", e->text ? e->text : "");
	if (s && e->loc.line)
		print_source(x, e);
	if (e->hint)
		cmd_hint(x->c, "%s", e->hint);
}

void nft_errors_print(struct nft_ctx *x)
{
	const struct nft_error *e;

	list_for_each(e, &x->errors, node)
		print_error(x, e);
	nft_errors_free(x);
}

void nft_errors_free(struct nft_ctx *x)
{
	struct nft_error *e, *tmp;

	list_for_each_safe(e, tmp, &x->errors, node) {
		list_del(&e->node);
		mem_free(e->text);
		mem_free(e->hint);
		mem_free(e);
	}
	x->n_errors = 0;
}
