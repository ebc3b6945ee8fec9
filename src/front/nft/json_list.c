/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/json_list.c - tables and what stands in them as JSON.
 *
 * References: libnftables-json(5), section RULESET ELEMENTS; the output of nft 1.0.6.
 */
#include <stdlib.h>

#include "front/nft/json_priv.h"
#include "front/nft/lower.h"
#include "front/nft/type.h"
#include "rules/fn.h"

#define JSON_VERSION "1.0.6"
#define JSON_RELEASE "Lester Gooch #5"

json_t *nft_json_metainfo(void)
{
	return json_pack("{s:{s:s, s:s, s:i}}", "metainfo", "version", JSON_VERSION, "release_name", JSON_RELEASE,
			 "json_schema_version", 1);
}

json_t *nft_json_root(struct nft_ctx *x)
{
	json_t *root = json_pack("{s:[o]}", "nftables", nft_json_metainfo());

	if (!root)
		x->oom = true;
	return root;
}

void nft_json_add(struct nft_ctx *x, json_t *root, json_t *object)
{
	if (!object || json_array_append_new(json_object_get(root, "nftables"), object) != 0)
		x->oom = true;
}

void nft_json_write(struct nft_ctx *x, json_t *root)
{
	char *text = root ? json_dumps(root, 0) : NULL;

	if (text)
		cmd_out(x->c, "%s\n", text);
	else
		x->oom = true;
	free(text);
	json_decref(root);
}

json_t *nft_json_table(struct nft_ctx *x, const struct table *t)
{
	static const struct { uint32_t bit; const char *name; } flag[] = {
		{ NFT_TABLE_F_DORMANT, "dormant" }, { NFT_TABLE_F_OWNER, "owner" },
	};
	json_t *body = json_pack("{s:s, s:s, s:I}", "family", nft_family_name(t->family), "name", t->name, "handle",
				 (json_int_t)t->handle), *list = json_array();

	(void)x;
	for (unsigned i = 0; i < ARRAY_LEN(flag); i++)
		if (t->flags & flag[i].bit)
			json_array_append_new(list, json_string(flag[i].name));
	json_set_names(body, "flags", list);
	return json_pack("{s:o}", "table", body);
}

static void base_chain(json_t *body, const struct chain *c)
{
	static const char *const type[] = { [CHAIN_FILTER] = "filter", [CHAIN_NAT] = "nat", [CHAIN_ROUTE] = "route" };

	/* devices are not told */
	json_object_set_new(body, "type", json_string(type[c->type]));
	json_object_set_new(body, "hook", json_string(nft_hook_name(c->table->family, c->hook)));
	json_object_set_new(body, "prio", json_integer(c->priority));
	json_object_set_new(body, "policy", json_string(c->policy_drop ? "drop" : "accept"));
}

json_t *nft_json_chain(struct nft_ctx *x, const struct chain *c)
{
	json_t *body = json_pack("{s:s, s:s, s:s, s:I}", "family", nft_family_name(c->table->family), "table", c->table->name,
				 "name", c->name, "handle", (json_int_t)c->handle);

	(void)x;
	if (c->base)
		base_chain(body, c);
	return json_pack("{s:o}", "chain", body);
}

json_t *nft_json_rule(struct nft_ctx *x, const struct chain *c, const struct rule *r)
{
	json_t *body = json_pack("{s:s, s:s, s:s, s:I}", "family", nft_family_name(c->table->family), "table", c->table->name,
				 "chain", c->name, "handle", (json_int_t)r->handle), *expr = json_array();
	const struct nft_stmt *s;
	struct nft_rule *tree;
	bool owned = false;

	x->family = c->table->family;
	tree = nft_rule_of(x, c->table, r, &owned);
	if (!tree) {
		json_decref(body);
		json_decref(expr);
		return NULL;
	}
	if (tree->comment)
		json_object_set_new(body, "comment", json_string(tree->comment));
	list_for_each(s, &tree->stmts, node)
		if (!s->implied)
			json_array_append_new(expr, nft_json_stmt(x, s, r));
	if (owned)
		nft_rule_free(tree);
	json_object_set_new(body, "expr", expr);
	return json_pack("{s:o}", "rule", body);
}

/* "ipv4_addr", or the parts of a concatenation */
static json_t *type_json(const struct nft_type *t)
{
	json_t *list;

	if (!t)
		return json_string("invalid");
	if (t->n_parts < 2)
		return json_string(t->name);
	list = json_array();
	for (unsigned i = 0; i < t->n_parts; i++)
		json_array_append_new(list, json_string(t->part[i]->name));
	return list;
}

struct elems {
	struct nft_ctx *x;
	const struct nft_set *desc;
	const struct ir_set *set;
	json_t *list;
};

static int add_elem(void *ctx, const struct set_elem *e)
{
	struct elems *w = ctx;
	struct nft_expr *tree = nft_elem_of(w->x, w->desc, w->set, e);

	if (!tree) {
		w->x->oom = true;
		return -1;
	}
	json_array_append_new(w->list, nft_json_expr(w->x, tree));
	nft_expr_free(tree);
	return 0;
}

static json_t *set_flags(const struct ir_set *s)
{
	static const struct { uint32_t bit; const char *name; } flag[] = {
		{ NFT_SET_CONSTANT, "constant" }, { NFT_SET_INTERVAL, "interval" }, { NFT_SET_TIMEOUT, "timeout" },
	};	/* that it is dynamic is not told */
	json_t *list = json_array();

	for (unsigned i = 0; i < ARRAY_LEN(flag); i++)
		if (s->desc.flags & flag[i].bit)
			json_array_append_new(list, json_string(flag[i].name));
	return list;
}

static void set_params(json_t *body, const struct ir_set *s)
{
	json_t *flags = set_flags(s);

	if (s->desc.policy == NFT_SET_POL_MEMORY)
		json_object_set_new(body, "policy", json_string("memory"));
	if (s->desc.size)
		json_object_set_new(body, "size", json_integer(s->desc.size));
	if (json_array_size(flags))
		json_object_set(body, "flags", flags);
	json_decref(flags);
	if (s->desc.timeout_ms)
		json_object_set_new(body, "timeout", json_integer((json_int_t)(s->desc.timeout_ms / 1000)));
	if (s->desc.gc_interval_ms)
		json_object_set_new(body, "gc-interval", json_integer(s->desc.gc_interval_ms / 1000));
}

json_t *nft_json_set(struct nft_ctx *x, const struct table *t, const struct ir_set *s)
{
	const struct nft_set *desc = nft_set_of(s);
	bool map = s->desc.flags & (NFT_SET_MAP | NFT_SET_OBJECT);
	struct elems w = { x, desc, s, json_array() };
	const struct nft_stmt *st;
	json_t *body, *stmts;

	x->family = t->family;
	body = json_pack("{s:s, s:s, s:s, s:o, s:I}", "family", nft_family_name(t->family), "name", s->desc.name, "table",
			 t->name, "type", type_json(desc->key_type), "handle", (json_int_t)s->handle);
	if (desc->comment)
		json_object_set_new(body, "comment", json_string(desc->comment));
	if (map)
		json_object_set_new(body, "map", json_string(s->desc.data == SET_DATA_OBJECT ? nft_json_object_word(s->desc.object_type)
							     : s->desc.data == SET_DATA_VERDICT ? "verdict"
							     : desc->data_type ? desc->data_type->name : "invalid"));
	set_params(body, s);
	if (!x->o.terse)
		set_each(s, add_elem, &w);
	if (json_array_size(w.list))
		json_object_set(body, "elem", w.list);
	json_decref(w.list);
	if (!list_empty(&desc->stmts)) {
		stmts = json_array();
		list_for_each(st, &desc->stmts, node) {
			bool stateless = x->o.stateless;

			x->o.stateless = true;
			json_array_append_new(stmts, nft_json_stmt(x, st, NULL));
			x->o.stateless = stateless;
		}
		json_object_set_new(body, "stmt", stmts);
	}
	return json_pack("{s:o}", map ? "map" : "set", body);
}

/* ---- objects ---- */

static void limit_params(json_t *body, const struct fn_limit *l)
{
	const char *unit = NULL;
	uint64_t rate = l->rate, burst = l->burst;

	if (l->bytes)
		rate = json_size(rate, &unit);
	json_object_set_new(body, "rate", json_integer((json_int_t)rate));
	json_object_set_new(body, "per", json_string(json_time_unit(l->unit_s)));
	if (l->invert)
		json_object_set_new(body, "inv", json_true());
	if (unit)
		json_object_set_new(body, "rate_unit", json_string(unit));
	if (!burst || (l->bytes && burst == 5))		/* what the engine takes when none is given */
		return;
	if (l->bytes)
		burst = json_size(burst, &unit);
	json_object_set_new(body, "burst", json_integer((json_int_t)burst));
	if (l->bytes)
		json_object_set_new(body, "burst_unit", json_string(unit));
}

static void ct_params(json_t *body, uint8_t l4, uint8_t l3)
{
	const char *name = l4 == IPPROTO_TCP ? "tcp" : l4 == IPPROTO_UDP ? "udp" : "unknown";

	json_object_set_new(body, "protocol", json_string(name));
	json_object_set_new(body, "l3proto", json_string(nft_family_name(l3)));
}

static void timeout_params(json_t *body, const struct object_ct_timeout *to)
{
	const char *const *names = nft_timeout_states(to->l4proto);
	json_t *policy = json_object();

	ct_params(body, to->l4proto, to->l3proto);
	for (unsigned i = 0; names[i]; i++)
		if (to->set & 1u << i && !nft_timeout_usual(to->l4proto, i, to->timeout_s[i]))
			json_object_set_new(policy, names[i], json_integer(to->timeout_s[i]));
	json_object_set_new(body, "policy", policy);
}

static void expect_params(json_t *body, const struct object_ct_expect *e)
{
	ct_params(body, e->l4proto, e->l3proto);
	json_object_del(body, "l3proto");
	json_object_set_new(body, "dport", json_integer(ntohs(e->dport)));
	json_object_set_new(body, "timeout", json_integer(e->timeout_ms));
	json_object_set_new(body, "size", json_integer(e->size));
	json_object_set_new(body, "l3proto", json_string(nft_family_name(e->l3proto)));
}

static void counter_params(json_t *body, const struct fn_counter_state *c)
{
	json_object_set_new(body, "packets", json_integer((json_int_t)c->packets));
	json_object_set_new(body, "bytes", json_integer((json_int_t)c->bytes));
}

static void quota_params(json_t *body, const struct fn_nft_quota *q, const struct fn_nft_quota_state *now)
{
	json_object_set_new(body, "bytes", json_integer((json_int_t)q->quota));
	json_object_set_new(body, "used", json_integer((json_int_t)(now->consumed < q->quota ? now->consumed : q->quota)));
	json_object_set_new(body, "inv", json_boolean(q->invert));
}

static void object_params(struct nft_ctx *x, json_t *body, const struct ir_object *o)
{
	json_t *params;

	switch (o->type) {
	case NFT_OBJECT_COUNTER:
		if (!x->o.stateless)
			counter_params(body, o->state);
		break;
	case NFT_OBJECT_QUOTA:
		quota_params(body, o->data, o->state);
		break;
	case NFT_OBJECT_LIMIT:
		limit_params(body, o->data);
		break;
	case NFT_OBJECT_CT_HELPER:
		json_object_set_new(body, "type", json_string(o->ct_helper.helper));
		ct_params(body, o->ct_helper.l4proto, o->ct_helper.l3proto);
		break;
	case NFT_OBJECT_CT_TIMEOUT:
		timeout_params(body, &o->ct_timeout);
		break;
	case NFT_OBJECT_CT_EXPECT:
		expect_params(body, &o->ct_expect);
		break;
	case NFT_OBJECT_SYNPROXY:
		params = nft_json_synproxy(o->synproxy.mss, o->synproxy.wscale, o->synproxy.flags);
		json_object_update(body, params);
		json_decref(params);
		break;
	case NFT_OBJECT_SECMARK:
		json_object_set_new(body, "context", json_string(o->secmark.ctx));
		break;
	}
}

json_t *nft_json_object(struct nft_ctx *x, const struct table *t, const struct ir_object *o)
{
	json_t *body = json_pack("{s:s, s:s, s:s, s:I}", "family", nft_family_name(t->family), "name", o->name, "table", t->name,
				 "handle", (json_int_t)o->handle);

	if (o->comment)
		json_object_set_new(body, "comment", json_string(o->comment));
	object_params(x, body, o);
	return json_pack("{s:o}", nft_json_object_word(o->type), body);
}

json_t *nft_json_flowtable(struct nft_ctx *x, const struct table *t, const struct flowtable *f)
{
	json_t *body = json_pack("{s:s, s:s, s:s, s:I, s:s, s:i}", "family", nft_family_name(t->family), "name", f->name, "table",
				 t->name, "handle", (json_int_t)f->handle, "hook", "ingress", "prio", f->priority),
	       *devs = json_array();

	(void)x;
	for (char **d = f->dev; d && *d; d++)
		json_array_append_new(devs, json_string(*d));
	json_set_names(body, "dev", devs);
	return json_pack("{s:o}", "flowtable", body);
}

void nft_json_add_table(struct nft_ctx *x, json_t *root, const struct table *t)
{
	const struct chain *c;

	nft_json_add(x, root, nft_json_table(x, t));
	for (unsigned i = 0; i < t->n_objects; i++)
		nft_json_add(x, root, nft_json_object(x, t, t->objects[i]));
	for (unsigned i = 0; i < t->n_sets; i++)
		if (!(t->sets[i]->desc.flags & NFT_SET_ANONYMOUS))
			nft_json_add(x, root, nft_json_set(x, t, t->sets[i]));
	for (unsigned i = 0; i < t->n_flowtables; i++)
		nft_json_add(x, root, nft_json_flowtable(x, t, t->flowtables[i]));
	list_for_each(c, &t->chains, node)
		if (!c->bound)
			nft_json_add(x, root, nft_json_chain(x, c));
	list_for_each(c, &t->chains, node)
		for (unsigned i = 0; i < c->n_rules && !c->bound; i++)
			nft_json_add(x, root, nft_json_rule(x, c, c->rules[i]));
}
