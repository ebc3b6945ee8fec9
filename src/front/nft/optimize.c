/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/optimize.c - nft -o: neighbours in a chain that differ in what they compare with become one rule.
 *
 * Where it stands: between reading and carrying out; run.c calls it when the option is given.
 *
 * Theory of operation: rules of a table's block that stand one behind the other, with the same selectors and statements,
 * are merged: one selector into a set, several into a set of concatenations, and where the verdicts differ into a
 * verdict map. The new rule is written as text, shown, and read as any other. What the real tool merges beyond that is
 * refused by name.
 *
 * References: nft 1.0.6's output, recorded in tests/golden/nft/optimize.txt.
 */
#include <string.h>

#include "front/nft/exec.h"

#define SELECTORS_MAX 8

struct slice { const char *s; size_t n; };

static struct slice slice_of(const struct nft_loc *l)
{
	if (!l->src || !l->src->text || !l->line || l->at + l->end > l->src->len)
		return (struct slice){ "", 0 };
	return (struct slice){ l->src->text + l->at + l->col - 1, l->end - l->col + 1 };
}

static bool same(const struct nft_loc *a, const struct nft_loc *b)
{
	struct slice x = slice_of(a), y = slice_of(b);

	return x.n == y.n && memcmp(x.s, y.s, x.n) == 0;
}

static bool is_match(const struct nft_stmt *s)
{
	return s->kind == NFT_S_MATCH && s->expr->kind == NFT_X_REL &&
	       (s->expr->bin.op == NFT_OP_IMPLICIT || s->expr->bin.op == NFT_OP_EQ);
}

/* what can stand as an element as it was written */
static bool is_simple(const struct nft_expr *e)
{
	return e->kind == NFT_X_SYMBOL || e->kind == NFT_X_VALUE || e->kind == NFT_X_PREFIX || e->kind == NFT_X_RANGE;
}

enum fit { FIT_NO, FIT_YES, FIT_LATER };

static enum fit stmts_fit(const struct nft_stmt *a, const struct nft_stmt *b)
{
	if (a->kind != b->kind)
		return FIT_NO;
	if (a->kind == NFT_S_MATCH) {
		if (!is_match(a) || !is_match(b) || !same(&a->expr->bin.l->loc, &b->expr->bin.l->loc))
			return FIT_NO;
		return is_simple(a->expr->bin.r) && is_simple(b->expr->bin.r) ? FIT_YES : FIT_LATER;
	}
	if (a->kind == NFT_S_VERDICT)
		return a->expr->kind == NFT_X_VERDICT && b->expr->kind == NFT_X_VERDICT ? FIT_YES : FIT_LATER;
	if (same(&a->loc, &b->loc))
		return FIT_YES;
	return a->kind == NFT_S_NAT ? FIT_LATER : FIT_NO;
}

static enum fit rules_fit(const struct nft_rule *a, const struct nft_rule *b)
{
	const struct list *i = a->stmts.next, *k = b->stmts.next;
	enum fit all = FIT_YES;
	unsigned matches = 0;

	for (; i != &a->stmts && k != &b->stmts; i = i->next, k = k->next) {
		const struct nft_stmt *s = list_entry(i, const struct nft_stmt, node);
		enum fit one = stmts_fit(s, list_entry(k, const struct nft_stmt, node));

		if (one == FIT_NO)
			return FIT_NO;
		if (one == FIT_LATER)
			all = FIT_LATER;
		matches += s->kind == NFT_S_MATCH || (s->kind == NFT_S_VERDICT && s->expr->kind != NFT_X_VERDICT);
	}
	if (i != &a->stmts || k != &b->stmts || !matches)
		return FIT_NO;
	return matches > SELECTORS_MAX || a->comment || b->comment ? FIT_LATER : all;
}

/* ---- the new rule ---- */

static void put(struct sbuf *out, const struct nft_loc *l)
{
	struct slice s = slice_of(l);

	sbuf_put(out, s.s, s.n);
}

static void put_selectors(struct sbuf *out, const struct nft_rule *r, bool values, const char **sep)
{
	const struct nft_stmt *s;

	*sep = "";
	list_for_each(s, &r->stmts, node) {
		if (s->kind != NFT_S_MATCH)
			continue;
		sbuf_puts(out, *sep);
		put(out, values ? &s->expr->bin.r->loc : &s->expr->bin.l->loc);
		*sep = " . ";
	}
}

static const struct nft_stmt *verdict_of(const struct nft_rule *r)
{
	const struct nft_stmt *s;

	list_for_each(s, &r->stmts, node)
		if (s->kind == NFT_S_VERDICT)
			return s;
	return NULL;
}

struct run {
	struct nft_rule *first, *last;
	unsigned n;
	bool verdicts;			/* they differ */
};

/* selectors first, then the rest; with different verdicts nothing may stand between */
static bool has_order(const struct run *run)
{
	const struct nft_stmt *s;
	bool rest = false;

	list_for_each(s, &run->first->stmts, node) {
		if (s->kind == NFT_S_MATCH && rest)
			return false;
		if (s->kind != NFT_S_MATCH)
			rest = true;
		if (run->verdicts && s->kind != NFT_S_MATCH && s->kind != NFT_S_VERDICT)
			return false;
	}
	return true;
}

static void write_rule(struct sbuf *out, const struct run *run)
{
	const struct nft_rule *r = run->first;
	const struct nft_stmt *s;
	const char *sep;

	put_selectors(out, r, false, &sep);
	sbuf_puts(out, run->verdicts ? " vmap { " : " { ");
	for (unsigned i = 0; i < run->n; i++, r = list_entry(r->node.next, const struct nft_rule, node)) {
		sbuf_puts(out, i ? ", " : "");
		put_selectors(out, r, true, &sep);
		if (run->verdicts) {
			sbuf_puts(out, " : ");
			put(out, &verdict_of(r)->loc);
		}
	}
	sbuf_puts(out, " }");
	list_for_each(s, &run->first->stmts, node) {
		if (s->kind == NFT_S_MATCH || (run->verdicts && s->kind == NFT_S_VERDICT))
			continue;
		sbuf_putc(out, ' ');
		put(out, &s->loc);
	}
}

static void show_rule(struct nft_ctx *x, const struct nft_rule *r)
{
	const struct nft_loc *l = &r->loc;
	const char *line = l->src->text + l->at;

	cmd_err(x->c, "%s:%u:%u-%u: %.*s\n", l->src->name ? l->src->name : "<cmdline>", l->line, l->col, l->end,
		(int)strcspn(line, "\n"), line);
}

static bool merge(struct nft_ctx *x, const struct run *run)
{
	struct nft_rule *r = run->first, *next;
	struct sbuf text = SBUF_INIT;
	bool ok;

	write_rule(&text, run);
	cmd_err(x->c, "Merging:\n");
	for (unsigned i = 0; i < run->n; i++, r = list_entry(r->node.next, struct nft_rule, node))
		show_rule(x, r);
	cmd_err(x->c, "into:\n\t");
	cmd_flush(x->c);	/* the rule goes to standard output, and in its place where both are one */
	cmd_out(x->c, "%s", sbuf_str(&text));
	cmd_flush(x->c);
	cmd_err(x->c, "\n");
	r = list_entry(run->first->node.next, struct nft_rule, node);
	for (unsigned i = 1; i < run->n; i++, r = next) {
		next = list_entry(r->node.next, struct nft_rule, node);
		list_del(&r->node);
		nft_rule_free(r);
	}
	nft_stmts_free(&run->first->stmts);
	list_init(&run->first->stmts);
	ok = !text.failed && nft_parse_rule(x, sbuf_str(&text), &run->first->stmts);
	sbuf_free(&text);
	return ok;
}

static bool refuse(struct nft_ctx *x, const struct nft_rule *r)
{
	nft_err(x, &r->loc, "natbox does not merge such rules (-o)");
	return false;
}

static bool optimize_chain(struct nft_ctx *x, struct list *rules)
{
	struct list *at = rules->next;

	for (; at != rules; at = at->next) {
		struct run run = { .first = list_entry(at, struct nft_rule, node), .n = 1 };
		struct list *k = at->next;
		enum fit fit = FIT_NO;

		for (; k != rules; k = k->next, run.n++) {
			struct nft_rule *r = list_entry(k, struct nft_rule, node);
			const struct nft_stmt *v = verdict_of(r), *w = verdict_of(run.first);

			fit = rules_fit(run.first, r);
			if (fit != FIT_YES)
				break;
			run.verdicts |= v && w && !same(&v->loc, &w->loc);
		}
		if (fit == FIT_LATER)
			return refuse(x, list_entry(k, struct nft_rule, node));
		if (run.n > 1 && !has_order(&run))
			return refuse(x, run.first);
		if (run.n > 1 && !merge(x, &run))
			return false;
	}
	return true;
}

bool nft_optimize(struct nft_ctx *x, struct list *cmds)
{
	struct nft_cmd *c, *part;

	list_for_each(c, cmds, node) {
		if (c->op != NFT_C_ADD || c->what != NFT_W_TABLE || !c->table)
			continue;
		list_for_each(part, &c->table->parts, node)
			if (part->what == NFT_W_CHAIN && part->chain && !optimize_chain(x, &part->chain->rules))
				return false;
	}
	return true;
}
