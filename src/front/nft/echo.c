/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/echo.c - `nft -e`: what a batch has added, as commands.
 *
 * Where it stands: on the way back from the engine, after the commit; print.c writes the parts.
 *
 * Theory of operation: the real tool prints the kernel's notifications. A set or object is its block in one line, an
 * element a command of its own, and a replaced rule is a deletion and an addition.
 *
 * References: nft 1.0.6's behaviour, recorded in tests/golden/nft.
 */
#include <string.h>

#include "front/nft/exec.h"

static const struct table *table_now(struct nft_ctx *x, const struct nft_cmd *c)
{
	return ruleset_table(&x->c->ns->rules, nft_cmd_family(c), c->h.table);
}

static void put_handle(struct nft_ctx *x, struct sbuf *out, uint64_t handle)
{
	if (x->o.handle)
		sbuf_printf(out, " # handle %llu", (unsigned long long)handle);
}

static void put_where(struct sbuf *out, const char *verb, const char *what, const struct table *t, const char *name)
{
	sbuf_printf(out, "%s %s %s %s%s%s", verb, what, nft_family_name(t->family), t->name, name ? " " : "", name ? name : "");
}

/* is the line that ends at @end the first one, whose handle stands behind its brace */
static bool heads(const char *block, const char *end)
{
	return memchr(block, '\n', (size_t)(end - block)) == NULL;
}

/* the lines of a block as one, from "{" on; @ends: with a semicolon behind each */
static void one_line(struct sbuf *out, const char *block, bool ends)
{
	for (const char *p = strchr(block, '{'); p && *p; p++) {
		if (*p == '\t')
			continue;
		if (*p != '\n')
			sbuf_putc(out, *p);
		else if (ends && p[-1] != '{' && !(p[-1] == '}' && strchr("\t\n", p[-2])) && p[1] && !heads(block, p))
			sbuf_puts(out, "; ");
		else
			sbuf_putc(out, ' ');
	}
}

static void echo_table(struct nft_ctx *x, const struct nft_cmd *c, const struct table *t, struct sbuf *out)
{
	put_where(out, "add", "table", t, NULL);
	put_handle(x, out, t->handle);
	sbuf_putc(out, '\n');
}

void nft_put_base(struct nft_ctx *x, const struct chain *c, struct sbuf *out)
{
	static const char *const types[] = { "filter", "nat", "route" };

	if (!c->base)
		return;
	sbuf_printf(out, " { type %s hook %s priority ", types[c->type], nft_hook_name(c->table->family, c->hook));
	nft_print_prio(x, c->table->family, c->hook, c->priority, out);
	sbuf_printf(out, "; policy %s; }", c->policy_drop ? "drop" : "accept");
}

static void echo_chain(struct nft_ctx *x, const struct nft_cmd *c, const struct table *t, struct sbuf *out)
{
	const struct chain *ch = table_chain(t, c->h.chain);

	if (!ch)
		return;
	put_where(out, "add", "chain", t, ch->name);
	nft_put_base(x, ch, out);
	put_handle(x, out, ch->handle);
	sbuf_putc(out, '\n');
}

static void echo_rule(struct nft_ctx *x, const struct nft_cmd *c, const struct table *t, struct sbuf *out)
{
	if (!c->made)
		return;
	if (c->op == NFT_C_REPLACE) {
		put_where(out, "delete", "rule", t, c->h.chain);
		sbuf_printf(out, " handle %llu\n", (unsigned long long)c->h.handle);
	}
	put_where(out, c->op == NFT_C_INSERT ? "insert" : "add", "rule", t, c->h.chain);
	sbuf_putc(out, ' ');
	nft_print_rule(x, t, c->made, out);
	sbuf_putc(out, '\n');
}

static void echo_elems(struct nft_ctx *x, const struct nft_cmd *c, const struct table *t, const struct nft_expr *elems,
		       struct sbuf *out)
{
	const struct nft_expr *e;

	if (!elems || elems->kind != NFT_X_SET)
		return;
	list_for_each(e, &elems->set.list, node) {
		put_where(out, "add", "element", t, c->h.name);
		sbuf_puts(out, " { ");
		nft_print_expr(x, e, out);
		sbuf_puts(out, " }\n");
	}
}

void nft_put_set(struct nft_ctx *x, const struct table *t, struct ir_set *s, struct sbuf *out)
{
	struct nft_expr *none = nft_expr_new(NFT_X_SET, NULL);
	struct sbuf block = SBUF_INIT;

	if (none) {
		nft_print_set_elems(x, t, s, none, &block);
		put_where(out, "add", s->desc.data != SET_DATA_NONE ? "map" : "set", t, s->desc.name);
		sbuf_putc(out, ' ');
		one_line(out, sbuf_str(&block), true);
		sbuf_putc(out, '\n');
	}
	nft_expr_free(none);
	sbuf_free(&block);
}

static void echo_set(struct nft_ctx *x, const struct nft_cmd *c, const struct table *t, struct sbuf *out)
{
	struct ir_set *s = table_set(t, c->h.name);

	if (!s)
		return;
	nft_put_set(x, t, s, out);
	echo_elems(x, c, t, c->set->init, out);
}

const char *nft_object_word(int type)
{
	static const char *const names[] = {
		[NFT_OBJECT_COUNTER] = "counter", [NFT_OBJECT_QUOTA] = "quota", [NFT_OBJECT_CT_HELPER] = "ct helper",
		[NFT_OBJECT_LIMIT] = "limit", [NFT_OBJECT_CT_TIMEOUT] = "ct timeout", [NFT_OBJECT_SECMARK] = "secmark",
		[NFT_OBJECT_CT_EXPECT] = "ct expectation", [NFT_OBJECT_SYNPROXY] = "synproxy",
	};

	return names[type];
}

void nft_put_object(struct nft_ctx *x, const struct table *t, const struct ir_object *o, struct sbuf *out)
{
	struct sbuf block = SBUF_INIT;

	nft_print_object(x, t, o, &block);
	put_where(out, "add", nft_object_word(o->type), t, o->name);
	sbuf_putc(out, ' ');
	one_line(out, sbuf_str(&block),
		 o->type != NFT_OBJECT_COUNTER && o->type != NFT_OBJECT_QUOTA && o->type != NFT_OBJECT_LIMIT);
	sbuf_putc(out, '\n');
	sbuf_free(&block);
}

void nft_put_flowtable(struct nft_ctx *x, const struct table *t, const struct flowtable *f, struct sbuf *out)
{
	struct sbuf block = SBUF_INIT;

	nft_print_flowtable(x, t, f, &block);
	put_where(out, "add", "flowtable", t, f->name);
	sbuf_putc(out, ' ');
	one_line(out, sbuf_str(&block), true);
	sbuf_putc(out, '\n');
	sbuf_free(&block);
}

static void echo_object(struct nft_ctx *x, const struct nft_cmd *c, const struct table *t, struct sbuf *out)
{
	int type = nft_object_type(c->what);
	const struct ir_object *o = type ? table_object(t, type, c->h.name) : NULL;

	if (o)
		nft_put_object(x, t, o, out);
}

void nft_echo(struct nft_ctx *x, struct list *cmds)
{
	struct sbuf *out = &x->c->out;
	size_t before = out->len;
	const struct nft_cmd *c;

	list_for_each(c, cmds, node) {
		const struct table *t = c->h.table ? table_now(x, c) : NULL;
		bool adds = c->op == NFT_C_ADD || c->op == NFT_C_CREATE || c->op == NFT_C_INSERT || c->op == NFT_C_REPLACE;

		if (!t || !adds)
			continue;
		if (c->what == NFT_W_TABLE)
			echo_table(x, c, t, out);
		else if (c->what == NFT_W_CHAIN)
			echo_chain(x, c, t, out);
		else if (c->what == NFT_W_RULE)
			echo_rule(x, c, t, out);
		else if (c->what == NFT_W_SET || c->what == NFT_W_MAP)
			echo_set(x, c, t, out);
		else if (c->what == NFT_W_ELEMENT)
			echo_elems(x, c, t, c->elems, out);
		else
			echo_object(x, c, t, out);
	}
	if (out->len != before)
		sbuf_printf(out, "# new generation %u by process %d (nft)\n", x->c->ns->rules.n_batches + 1, x->c->pid);
}
