/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/json_cmd.c - list, reset and get as JSON: which parts of the rule set are shown.
 *
 * Where it stands: beside list.c, which is the same in text; json_list.c writes the parts.
 *
 * Theory of operation: every command gives one line with one root object. In it tables, chains and what else there is
 * stand one behind the other; what belongs to what is said by names.
 *
 * References: libnftables-json(5); the output of nft 1.0.6.
 */
#include <errno.h>
#include <string.h>

#include "front/nft/exec.h"
#include "front/nft/json.h"

struct listing {
	const struct nft_cmd *cmd;
	json_t *root;
	bool reset;
};

static bool wanted(const struct listing *l, const struct table *t)
{
	const struct nft_handle *h = &l->cmd->h;

	return (h->family == NFPROTO_UNSPEC || t->family == h->family) && (!h->table || strcmp(h->table, t->name) == 0);
}

static bool add_table(struct nft_ctx *x, const struct table *t, void *arg)
{
	struct listing *l = arg;

	if (wanted(l, t))
		nft_json_add_table(x, l->root, t);
	return true;
}

static bool add_table_name(struct nft_ctx *x, const struct table *t, void *arg)
{
	struct listing *l = arg;

	if (wanted(l, t))
		nft_json_add(x, l->root, nft_json_table(x, t));
	return true;
}

static void add_object(struct nft_ctx *x, const struct table *t, struct ir_object *o, struct listing *l)
{
	nft_json_add(x, l->root, nft_json_object(x, t, o));
	if (l->reset && txn_object_reset(x->txn, o) < 0)
		x->oom = true;
}

static bool add_chains(struct nft_ctx *x, const struct table *t, struct listing *l)
{
	const struct chain *c;

	list_for_each(c, &t->chains, node)
		if (!c->bound)
			nft_json_add(x, l->root, nft_json_chain(x, c));
	return true;
}

static bool add_kind(struct nft_ctx *x, const struct table *t, void *arg)
{
	static const struct { enum nft_what all, one; } kinds[] = {
		{ NFT_W_SETS, NFT_W_SET }, { NFT_W_MAPS, NFT_W_MAP }, { NFT_W_METERS, NFT_W_METER },
	};
	struct listing *l = arg;
	enum nft_what what = l->cmd->what;

	if (!wanted(l, t))
		return true;
	if (what == NFT_W_CHAINS)
		return add_chains(x, t, l);
	for (unsigned i = 0; what == NFT_W_FLOWTABLES && i < t->n_flowtables; i++)
		nft_json_add(x, l->root, nft_json_flowtable(x, t, t->flowtables[i]));
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		for (unsigned i = 0; kinds[k].all == what && i < t->n_sets; i++)
			if (nft_set_takes(kinds[k].one, t->sets[i]))
				nft_json_add(x, l->root, nft_json_set(x, t, t->sets[i]));
	for (unsigned i = 0; nft_object_type(what) && i < t->n_objects; i++)
		if (t->objects[i]->type == nft_object_type(what))
			add_object(x, t, t->objects[i], l);
	return true;
}

static const struct table *table_asked(struct nft_ctx *x, struct nft_cmd *cmd)
{
	const struct table *t = nft_table_view(x, nft_cmd_family(cmd), cmd->h.table);

	if (!t)
		nft_not_found(x, cmd, &cmd->h.table_loc);
	return t;
}

static bool one_chain(struct nft_ctx *x, struct nft_cmd *cmd, const struct table *t, struct listing *l)
{
	const struct chain *c = table_chain(t, cmd->h.chain);

	if (!c)
		return nft_not_found(x, cmd, &cmd->h.chain_loc);
	nft_json_add(x, l->root, nft_json_chain(x, c));
	for (unsigned i = 0; i < c->n_rules; i++)
		nft_json_add(x, l->root, nft_json_rule(x, c, c->rules[i]));
	return true;
}

/* something of a table by its name */
static bool one_named(struct nft_ctx *x, struct nft_cmd *cmd, const struct table *t, struct listing *l)
{
	int type = nft_object_type(cmd->what);
	struct ir_object *o = type ? table_object(t, type, cmd->h.name) : NULL;
	struct ir_set *s = type ? NULL : table_set(t, cmd->h.name);
	const struct flowtable *f = cmd->what == NFT_W_FLOWTABLE ? table_flowtable(t, cmd->h.name) : NULL;

	if (o)
		add_object(x, t, o, l);
	else if (f)
		nft_json_add(x, l->root, nft_json_flowtable(x, t, f));
	else if (s && cmd->what != NFT_W_FLOWTABLE && nft_set_takes(cmd->what, s))
		nft_json_add(x, l->root, nft_json_set(x, t, s));
	else
		return nft_not_found(x, cmd, &cmd->h.name_loc);
	return true;
}

static bool collect(struct nft_ctx *x, struct nft_cmd *cmd, struct listing *l)
{
	const struct table *t = NULL;

	switch (cmd->what) {
	case NFT_W_RULESET:
		return nft_each_table(x, add_table, l);
	case NFT_W_TABLES:
		return nft_each_table(x, add_table_name, l);
	case NFT_W_TABLE:
		if (!cmd->h.table)
			return nft_each_table(x, add_table, l);
		t = table_asked(x, cmd);
		if (t)
			nft_json_add_table(x, l->root, t);
		return t;
	case NFT_W_CHAIN:
		t = table_asked(x, cmd);
		return t && one_chain(x, cmd, t, l);
	case NFT_W_HOOKS:
		return true;
	default:
		if (cmd->h.table && !(t = table_asked(x, cmd)))
			return false;
		return cmd->h.name ? one_named(x, cmd, t, l) : nft_each_table(x, add_kind, l);
	}
}

bool nft_json_list(struct nft_ctx *x, struct nft_cmd *cmd, bool reset)
{
	struct listing l = { .cmd = cmd, .root = nft_json_root(x), .reset = reset };

	if (!l.root || !collect(x, cmd, &l)) {
		json_decref(l.root);
		return false;
	}
	nft_json_write(x, l.root);
	return !x->oom;
}
