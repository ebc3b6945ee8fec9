/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/list.c - list, reset and get: which parts of the rule set are printed, and within what.
 *
 * Where it stands: on the way back from the engine; print.c writes the parts.
 *
 * Theory of operation: everything is printed within its table's braces. Listings of one kind (sets, counters, chains)
 * show each table that there is, with nothing between its parts.
 *
 * References: nft(8); nft 1.0.6's behaviour, recorded in tests/golden/nft.
 */
#include <errno.h>
#include <string.h>

#include "front/nft/exec.h"
#include "front/nft/type.h"
#include "front/nft/json.h"

struct listing {
	struct nft_cmd *cmd;
	struct sbuf *out;
	bool reset;			/* counters and quotas begin again */
};

static void table_begin(struct listing *l, const struct table *t)
{
	sbuf_printf(l->out, "table %s %s {\n", nft_family_name(t->family), t->name);
}

static void table_end(struct listing *l)
{
	sbuf_puts(l->out, "}\n");
}

/* ---- all of a kind ---- */

static bool is_empty_family(const struct listing *l, const struct table *t)
{
	const struct nft_handle *h = &l->cmd->h;

	if (h->family != NFPROTO_UNSPEC && t->family != h->family)
		return true;
	return h->table && strcmp(h->table, t->name) != 0;
}

static bool print_table(struct nft_ctx *x, const struct table *t, void *arg)
{
	struct listing *l = arg;

	if (!is_empty_family(l, t))
		nft_print_table(x, t, l->out);
	return true;
}

static bool print_table_name(struct nft_ctx *x, const struct table *t, void *arg)
{
	struct listing *l = arg;

	if (!is_empty_family(l, t))
		sbuf_printf(l->out, "table %s %s\n", nft_family_name(t->family), t->name);
	return true;
}

/* a chain's head without its rules */
static void print_chain_head(struct nft_ctx *x, const struct chain *c, struct sbuf *out)
{
	struct chain head = *c;

	head.n_rules = 0;
	head.rules = NULL;
	nft_print_chain(x, &head, out);
}

static void print_objects(struct nft_ctx *x, const struct table *t, struct listing *l)
{
	int type = nft_object_type(l->cmd->what);

	for (unsigned i = 0; i < t->n_objects; i++) {
		struct ir_object *o = t->objects[i];

		if (o->type != type)
			continue;
		nft_print_object(x, t, o, l->out);
		if (l->reset && txn_object_reset(x->txn, o) < 0)
			x->oom = true;
	}
}

static void print_kind(struct nft_ctx *x, const struct table *t, struct listing *l)
{
	static const struct { enum nft_what all, one; } kinds[] = {
		{ NFT_W_SETS, NFT_W_SET }, { NFT_W_MAPS, NFT_W_MAP }, { NFT_W_METERS, NFT_W_METER },
	};
	const struct chain *c;

	switch (l->cmd->what) {
	case NFT_W_CHAINS:
		list_for_each(c, &t->chains, node)
			if (!c->bound)
				print_chain_head(x, c, l->out);
		return;
	case NFT_W_FLOWTABLES:
		for (unsigned i = 0; i < t->n_flowtables; i++)
			nft_print_flowtable(x, t, t->flowtables[i], l->out);
		return;
	default:
		break;
	}
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		for (unsigned i = 0; kinds[k].all == l->cmd->what && i < t->n_sets; i++)
			if (nft_set_takes(kinds[k].one, t->sets[i]))
				nft_print_set(x, t, t->sets[i], l->out);
	if (nft_object_type(l->cmd->what))
		print_objects(x, t, l);
}

/* reset shows only tables that have such objects */
static bool has_objects(const struct listing *l, const struct table *t)
{
	for (unsigned i = 0; i < t->n_objects; i++)
		if (t->objects[i]->type == nft_object_type(l->cmd->what))
			return true;
	return false;
}

static bool print_all_of_kind(struct nft_ctx *x, const struct table *t, void *arg)
{
	struct listing *l = arg;

	if (is_empty_family(l, t) || (l->reset && !has_objects(l, t)))
		return true;
	if (nft_object_type(l->cmd->what) && !t->n_objects)
		return true;		/* shown empty only where there are objects of another kind */
	table_begin(l, t);
	print_kind(x, t, l);
	table_end(l);
	return true;
}

/* ---- one thing ---- */

static const struct table *table_asked(struct nft_ctx *x, struct nft_cmd *cmd)
{
	const struct table *t = nft_table_view(x, nft_cmd_family(cmd), cmd->h.table);

	if (!t)
		nft_not_found(x, cmd, &cmd->h.table_loc);
	return t;
}

static bool list_table(struct nft_ctx *x, struct nft_cmd *cmd, struct listing *l)
{
	const struct table *t = table_asked(x, cmd);

	if (!t)
		return false;
	nft_print_table(x, t, l->out);
	return true;
}

static bool list_chain(struct nft_ctx *x, struct nft_cmd *cmd, struct listing *l)
{
	const struct table *t = table_asked(x, cmd);
	const struct chain *c = t ? table_chain(t, cmd->h.chain) : NULL;

	if (!t)
		return false;
	if (!c)
		return nft_not_found(x, cmd, &cmd->h.chain_loc);
	table_begin(l, t);
	nft_print_chain(x, c, l->out);
	table_end(l);
	return true;
}

static bool list_set(struct nft_ctx *x, struct nft_cmd *cmd, struct listing *l)
{
	const struct table *t = table_asked(x, cmd);
	struct ir_set *s = t ? table_set(t, cmd->h.name) : NULL;

	if (!t)
		return false;
	if (!s || !nft_set_takes(cmd->what, s))
		return nft_not_found(x, cmd, &cmd->h.name_loc);
	table_begin(l, t);
	nft_print_set(x, t, s, l->out);
	table_end(l);
	return true;
}

static bool list_object(struct nft_ctx *x, struct nft_cmd *cmd, struct listing *l)
{
	const struct table *t = table_asked(x, cmd);
	struct ir_object *o = t ? table_object(t, nft_object_type(cmd->what), cmd->h.name) : NULL;

	if (!t)
		return false;
	if (!o && l->reset)
		return nft_refused(x, cmd, NULL, -ENOENT);
	if (!o)
		return nft_not_found(x, cmd, &cmd->h.name_loc);
	table_begin(l, t);
	nft_print_object(x, t, o, l->out);
	table_end(l);
	if (l->reset && txn_object_reset(x->txn, o) < 0)
		x->oom = true;
	return true;
}

static bool list_flowtable(struct nft_ctx *x, struct nft_cmd *cmd, struct listing *l)
{
	const struct table *t = table_asked(x, cmd);
	const struct flowtable *f = t ? table_flowtable(t, cmd->h.name) : NULL;

	if (!t)
		return false;
	if (!f)
		return nft_not_found(x, cmd, &cmd->h.name_loc);
	table_begin(l, t);
	nft_print_flowtable(x, t, f, l->out);
	table_end(l);
	return true;
}

bool nft_list(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct listing l = { .cmd = cmd, .out = &x->c->out };

	if (x->o.json)
		return nft_json_list(x, cmd, false);
	switch (cmd->what) {
	case NFT_W_RULESET:
		return nft_each_table(x, print_table, &l);
	case NFT_W_TABLES:
		return nft_each_table(x, print_table_name, &l);
	case NFT_W_TABLE:
		return cmd->h.table ? list_table(x, cmd, &l) : nft_each_table(x, print_table, &l);
	case NFT_W_CHAIN:
		return list_chain(x, cmd, &l);
	case NFT_W_SET: case NFT_W_MAP: case NFT_W_METER:
		return list_set(x, cmd, &l);
	case NFT_W_FLOWTABLE:
		return list_flowtable(x, cmd, &l);
	case NFT_W_HOOKS:
		return true;	/* of a kernel that does not tell its hooks the tool shows none */
	case NFT_W_COUNTER: case NFT_W_QUOTA: case NFT_W_LIMIT: case NFT_W_CT_HELPER: case NFT_W_CT_TIMEOUT:
	case NFT_W_CT_EXPECT: case NFT_W_SYNPROXY: case NFT_W_SECMARK:
		return cmd->h.name ? list_object(x, cmd, &l) : nft_each_table(x, print_all_of_kind, &l);
	default:
		if (cmd->h.table && !table_asked(x, cmd))
			return false;
		return nft_each_table(x, print_all_of_kind, &l);
	}
}

/* ---- reset ---- */

bool nft_reset(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct listing l = { .cmd = cmd, .out = &x->c->out, .reset = true };

	if (!nft_open_txn(x))
		return false;
	if (x->o.json)
		return nft_json_list(x, cmd, true);
	if (cmd->what == NFT_W_COUNTER || cmd->what == NFT_W_QUOTA) {
		if (cmd->h.table && !nft_table_view(x, nft_cmd_family(cmd), cmd->h.table))
			return nft_not_found(x, cmd, &cmd->h.table_loc);
		return list_object(x, cmd, &l);
	}
	if (cmd->h.table && !table_asked(x, cmd))
		return false;
	return nft_each_table(x, print_all_of_kind, &l);
}

/* ---- get ---- */

static int take_elem(void *ctx, const struct set_elem *e)
{
	void **to = ctx;
	struct nft_expr *el = nft_elem_of(to[0], nft_set_of(to[1]), to[1], e);

	if (!el)
		return -ENOMEM;
	nft_expr_append(to[2], el);
	return 0;
}

bool nft_get(struct nft_ctx *x, struct nft_cmd *cmd)
{
	uint8_t buf[NFT_ELEM_BYTES] __attribute__((aligned(16)));
	const struct table *view = nft_table_view(x, nft_cmd_family(cmd), cmd->h.table);
	struct ir_set *s = view ? table_set(view, cmd->h.name) : NULL;
	struct nft_expr *found = nft_expr_new(NFT_X_SET, NULL);
	struct listing l = { .cmd = cmd, .out = &x->c->out };
	const struct nft_expr *el;
	struct set_elem e;
	bool ok = false;

	if (!found)
		return nft_refused(x, cmd, NULL, -ENOMEM);
	if (!view) {
		nft_not_found(x, cmd, &cmd->h.table_loc);
		goto out;
	}
	if (!s) {
		nft_not_found(x, cmd, &cmd->h.name_loc);
		goto out;
	}
	list_for_each(el, &cmd->elems->set.list, node) {
		void *to[] = { x, s, found };

		if (nft_elem_fill(x, (struct table *)view, nft_set_of(s), &s->desc, el, &e, buf) < 0)
			goto out;
		if (set_find_elem(s, e.catchall ? NULL : e.key, take_elem, to) < 0) {
			nft_refused(x, cmd, NULL, -ENOENT);
			goto out;
		}
	}
	table_begin(&l, view);
	nft_print_set_elems(x, view, s, found, l.out);
	table_end(&l);
	ok = true;
out:
	nft_expr_free(found);
	return ok;
}

/* ---- describe ---- */

bool nft_describe(struct nft_ctx *x, struct nft_cmd *cmd)
{
	static const char *const kinds[NFT_X_KIND_MAX] = {
		[NFT_X_PAYLOAD] = "payload", [NFT_X_EXTHDR] = "exthdr", [NFT_X_META] = "meta", [NFT_X_CT] = "ct",
		[NFT_X_RT] = "rt", [NFT_X_FIB] = "fib", [NFT_X_SOCKET] = "socket", [NFT_X_OSF] = "osf",
		[NFT_X_IPSEC] = "ipsec", [NFT_X_NUMGEN] = "numgen", [NFT_X_HASH] = "hash", [NFT_X_TUNNEL] = "tunnel",
	};
	const struct nft_expr *e = cmd->expr;
	const struct nft_type *t;

	if (e && e->kind == NFT_X_SYMBOL) {
		t = nft_type_find(e->symbol.text);
		if (t)
			nft_type_describe(x, t, t->bits, &x->c->out);
		else
			cmd_out(x->c, "symbol expression, datatype invalid (invalid)");
		return true;
	}
	if (!e || !kinds[e->kind] || !e->type) {
		nft_err(x, &cmd->loc, "natbox cannot describe this");
		return false;
	}
	cmd_out(x->c, "%s expression, ", kinds[e->kind]);
	nft_type_describe(x, e->type, e->len_bits, &x->c->out);
	return true;
}
