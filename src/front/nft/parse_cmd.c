/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/parse_cmd.c - commands: what is to be done with which thing.
 *
 * It stands above parse_block.c. A command without a verb adds; without a thing it adds a rule.
 *
 * References: nft(8) RULESET, TABLES, CHAINS, RULES, SETS, MAPS, ELEMENTS, STATEFUL OBJECTS, MONITOR.
 */
#include <stdlib.h>
#include <string.h>

#include "front/nft/parse.h"

/* ---- which thing ---- */

uint8_t p_family(struct nft_parser *p)
{
	static const struct { const char *word; uint8_t family; } families[] = {
		{ "ip", NFPROTO_IPV4 }, { "ip6", NFPROTO_IPV6 }, { "inet", NFPROTO_INET }, { "arp", NFPROTO_ARP },
		{ "bridge", NFPROTO_BRIDGE }, { "netdev", NFPROTO_NETDEV },
	};

	for (unsigned i = 0; i < ARRAY_LEN(families); i++)
		if (p_take_kw(p, families[i].word))
			return families[i].family;
	return NFPROTO_UNSPEC;
}

static bool handle_number(struct nft_parser *p, struct nft_handle *h)
{
	if (!p_take_kw(p, "handle"))
		return false;
	p_number(p, &h->handle, "number");
	h->handle_loc = p->last.loc;
	return true;
}

static void family(struct nft_parser *p, struct nft_handle *h)
{
	h->family = p_family(p);
	h->family_given = h->family != NFPROTO_UNSPEC;
}

/* [family] name, or with @by_handle also [family] handle N */
static void table_spec(struct nft_parser *p, struct nft_handle *h, bool by_handle)
{
	family(p, h);
	if (!h->family_given)
		h->family = NFPROTO_IPV4;
	if (by_handle && handle_number(p, h))
		return;
	h->table = p_name(p, by_handle ? "handle or string" : "string");
	h->table_loc = p->last.loc;
}

static void chain_spec(struct nft_parser *p, struct nft_handle *h, bool by_handle)
{
	table_spec(p, h, false);
	if (p->failed || (by_handle && handle_number(p, h)))
		return;
	h->chain = p_name(p, by_handle ? "handle or string" : "string");
	h->chain_loc = p->last.loc;
}

static void name_spec(struct nft_parser *p, struct nft_handle *h, bool by_handle)
{
	table_spec(p, h, false);
	if (p->failed || (by_handle && handle_number(p, h)))
		return;
	h->name = p_name(p, by_handle ? "handle or string" : "string");
	h->name_loc = p->last.loc;
}

/* handle N, position N and index N all say next to which rule */
static void rule_position(struct nft_parser *p, struct nft_handle *h)
{
	struct nft_loc begin = p_begin(p);
	uint64_t n = 0;

	chain_spec(p, h, false);
	begin = p_begin(p);
	if (p_take_kw(p, "position") || p_take_kw(p, "handle")) {
		bool position = p->last.len == 8;

		p_number(p, &h->position, "number");
		h->position_loc = position ? p_span(p, &begin) : p->last.loc;
	} else if (p_take_kw(p, "index")) {
		p_number(p, &n, "number");
		h->have_index = true;
		h->index = n;
		h->index_loc = p_span(p, &begin);
	}
}

static void rule_handle(struct nft_parser *p, struct nft_handle *h)
{
	chain_spec(p, h, false);
	if (!p->failed && !handle_number(p, h))
		p_unexpected(p, "handle");
}

/* ---- what things are called ---- */

struct thing {
	const char *word;
	enum nft_what what;
	enum nft_scope sc;		/* in which their names and settings are read */
	int object;			/* NFT_OBJECT_* */
};

static const struct thing things[] = {
	{ "table", NFT_W_TABLE, SC_BASE, 0 }, { "chain", NFT_W_CHAIN, SC_BASE, 0 }, { "rule", NFT_W_RULE, SC_BASE, 0 },
	{ "set", NFT_W_SET, SC_BASE, 0 }, { "map", NFT_W_MAP, SC_BASE, 0 }, { "element", NFT_W_ELEMENT, SC_BASE, 0 },
	{ "flowtable", NFT_W_FLOWTABLE, SC_BASE, 0 }, { "meter", NFT_W_METER, SC_BASE, 0 },
	{ "ruleset", NFT_W_RULESET, SC_BASE, 0 }, { "counter", NFT_W_COUNTER, SC_COUNTER, NFT_OBJECT_COUNTER },
	{ "quota", NFT_W_QUOTA, SC_QUOTA, NFT_OBJECT_QUOTA }, { "limit", NFT_W_LIMIT, SC_LIMIT, NFT_OBJECT_LIMIT },
	{ "secmark", NFT_W_SECMARK, SC_SECMARK, NFT_OBJECT_SECMARK },
	{ "synproxy", NFT_W_SYNPROXY, SC_SYNPROXY, NFT_OBJECT_SYNPROXY },
};

static const struct thing ct_things[] = {
	{ "helper", NFT_W_CT_HELPER, SC_CT, NFT_OBJECT_CT_HELPER }, { "timeout", NFT_W_CT_TIMEOUT, SC_CT, NFT_OBJECT_CT_TIMEOUT },
	{ "expectation", NFT_W_CT_EXPECT, SC_CT, NFT_OBJECT_CT_EXPECT },
};

static const struct thing *take_thing(struct nft_parser *p, const struct thing *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p_take_kw(p, t[i].word))
			return &t[i];
	return NULL;
}

/* the next word or two as a thing, taken, and its scope entered; NULL: none */
static const struct thing *thing(struct nft_parser *p)
{
	const struct thing *t = take_thing(p, things, ARRAY_LEN(things));

	if (!t && p_take_kw(p, "ct")) {
		p->sc = SC_CT;
		t = take_thing(p, ct_things, ARRAY_LEN(ct_things));
		if (!t)
			p_unexpected(p, "timeout or expectation or helper");
	}
	if (t)
		p->sc = t->sc;
	return t;
}

static struct nft_cmd *cmd_new(struct nft_parser *p, enum nft_op_cmd op, enum nft_what what)
{
	struct nft_cmd *c = nft_cmd_new(op, what, NULL);

	if (!c)
		p->x->oom = p->failed = true;
	return c;
}

/* ---- add, create ---- */

static void add_table(struct nft_parser *p, struct nft_cmd *c)
{
	table_spec(p, &c->h, false);
	if (p_take(p, TOK_LBRACE))
		c->table = p_table_block(p, &c->h);
}

static void add_chain(struct nft_parser *p, struct nft_cmd *c)
{
	chain_spec(p, &c->h, false);
	if (!p_take(p, TOK_LBRACE))
		return;
	c->chain = p_chain_block(p);
	if (c->chain)
		c->chain->name = c->h.chain ? p_strndup(p, c->h.chain, strlen(c->h.chain)) : NULL;
}

static void add_set(struct nft_parser *p, struct nft_cmd *c, bool map)
{
	name_spec(p, &c->h, false);
	if (!p_expect(p, TOK_LBRACE, "'{'"))
		return;
	c->set = p_set_block(p, map);
	if (c->set)
		c->set->name = c->h.name ? p_strndup(p, c->h.name, strlen(c->h.name)) : NULL;
}

static void add_flowtable(struct nft_parser *p, struct nft_cmd *c)
{
	name_spec(p, &c->h, false);
	if (!p_expect(p, TOK_LBRACE, "'{'"))
		return;
	c->flowtable = p_flowtable_block(p);
	if (c->flowtable)
		c->flowtable->name = c->h.name ? p_strndup(p, c->h.name, strlen(c->h.name)) : NULL;
}

static void add_object(struct nft_parser *p, struct nft_cmd *c, const struct thing *t)
{
	name_spec(p, &c->h, false);
	if (p->failed)
		return;
	c->object = p_object(p, t->object, false);
	if (c->object)
		c->object->name = c->h.name ? p_strndup(p, c->h.name, strlen(c->h.name)) : NULL;
}

static struct nft_cmd *add_rule(struct nft_parser *p, enum nft_op_cmd op)
{
	struct nft_cmd *c = cmd_new(p, op, NFT_W_RULE);

	if (!c)
		return NULL;
	rule_position(p, &c->h);
	if (!p->failed)
		c->rule = p_rule(p);
	return c;
}

static struct nft_cmd *add(struct nft_parser *p, enum nft_op_cmd op, const char *expecting)
{
	const struct thing *t;
	struct nft_cmd *c;

	if (op == NFT_C_ADD && (p_is_name(p) || p_kw(p, "ip") || p_kw(p, "ip6") || p_kw(p, "inet") || p_kw(p, "arp") ||
				p_kw(p, "bridge") || p_kw(p, "netdev")))
		return add_rule(p, op);
	if (p_kw(p, "meter") || p_kw(p, "ruleset") || (op == NFT_C_CREATE && p_kw(p, "rule")) || !(t = thing(p))) {
		p_unexpected(p, expecting);
		return NULL;
	}
	if (t->what == NFT_W_RULE)
		return add_rule(p, op);
	c = cmd_new(p, op, t->what);
	if (!c)
		return NULL;
	switch (t->what) {
	case NFT_W_TABLE:
		add_table(p, c);
		break;
	case NFT_W_CHAIN:
		add_chain(p, c);
		break;
	case NFT_W_SET:
	case NFT_W_MAP:
		add_set(p, c, t->what == NFT_W_MAP);
		break;
	case NFT_W_ELEMENT:
		name_spec(p, &c->h, false);
		if (!p->failed)
			c->elems = p_elements(p);
		break;
	case NFT_W_FLOWTABLE:
		add_flowtable(p, c);
		break;
	default:
		add_object(p, c, t);
	}
	return c;
}

static struct nft_cmd *add_cmd(struct nft_parser *p)
{
	return add(p, NFT_C_ADD, "string");
}

static struct nft_cmd *create_cmd(struct nft_parser *p)
{
	return add(p, NFT_C_CREATE, NULL);
}

static struct nft_cmd *insert_cmd(struct nft_parser *p)
{
	return p_expect_kw(p, "rule", "rule") ? add_rule(p, NFT_C_INSERT) : NULL;
}

static struct nft_cmd *replace_cmd(struct nft_parser *p)
{
	struct nft_cmd *c;

	if (!p_expect_kw(p, "rule", "rule") || !(c = cmd_new(p, NFT_C_REPLACE, NFT_W_RULE)))
		return NULL;
	rule_handle(p, &c->h);
	if (!p->failed)
		c->rule = p_rule(p);
	return c;
}

/* ---- delete, flush, rename, get ---- */

static void delete_thing(struct nft_parser *p, struct nft_cmd *c)
{
	switch (c->what) {
	case NFT_W_TABLE:
		table_spec(p, &c->h, true);
		break;
	case NFT_W_CHAIN:
		chain_spec(p, &c->h, true);
		break;
	case NFT_W_RULE:
		rule_handle(p, &c->h);
		break;
	case NFT_W_ELEMENT:
		name_spec(p, &c->h, false);
		if (!p->failed)
			c->elems = p_elements(p);
		break;
	case NFT_W_FLOWTABLE:
		name_spec(p, &c->h, true);
		if (p_take(p, TOK_LBRACE))
			c->flowtable = p_flowtable_block(p);
		break;
	case NFT_W_MAP:
	case NFT_W_CT_HELPER:
	case NFT_W_CT_TIMEOUT:
	case NFT_W_CT_EXPECT:
		name_spec(p, &c->h, false);
		break;
	default:
		name_spec(p, &c->h, true);
	}
}

static struct nft_cmd *delete_cmd(struct nft_parser *p)
{
	const struct thing *t;
	struct nft_cmd *c;

	if (p_kw(p, "meter") || p_kw(p, "ruleset") || !(t = thing(p))) {
		p_unexpected(p, NULL);
		return NULL;
	}
	c = cmd_new(p, NFT_C_DELETE, t->what);
	if (c)
		delete_thing(p, c);
	return c;
}

static struct nft_cmd *get_cmd(struct nft_parser *p)
{
	struct nft_cmd *c;

	if (!p_expect_kw(p, "element", "element") || !(c = cmd_new(p, NFT_C_GET, NFT_W_ELEMENT)))
		return NULL;
	name_spec(p, &c->h, false);
	if (!p->failed)
		c->elems = p_elements(p);
	return c;
}

/* flow table NAME: a meter's older name */
static bool flow_table(struct nft_parser *p)
{
	return p_kw(p, "flow") && p_peek(p, 1)->kind == TOK_WORD && p_peek(p, 1)->len == 5;
}

static struct nft_cmd *flush_cmd(struct nft_parser *p)
{
	static const struct thing flushed[] = {
		{ "table", NFT_W_TABLE, SC_BASE, 0 }, { "chain", NFT_W_CHAIN, SC_BASE, 0 }, { "set", NFT_W_SET, SC_BASE, 0 },
		{ "map", NFT_W_MAP, SC_BASE, 0 }, { "meter", NFT_W_METER, SC_BASE, 0 }, { "ruleset", NFT_W_RULESET, SC_BASE, 0 },
	};
	const struct thing *t;
	struct nft_cmd *c;

	if (flow_table(p)) {
		p_next(p);
		p_next(p);
		t = &flushed[4];
	} else {
		t = take_thing(p, flushed, ARRAY_LEN(flushed));
	}
	if (!t) {
		p_unexpected(p, NULL);
		return NULL;
	}
	c = cmd_new(p, NFT_C_FLUSH, t->what);
	if (!c)
		return NULL;
	if (t->what == NFT_W_TABLE)
		table_spec(p, &c->h, false);
	else if (t->what == NFT_W_CHAIN)
		chain_spec(p, &c->h, false);
	else if (t->what == NFT_W_RULESET)
		family(p, &c->h);
	else
		name_spec(p, &c->h, false);
	return c;
}

static struct nft_cmd *rename_cmd(struct nft_parser *p)
{
	struct nft_cmd *c;

	if (!p_expect_kw(p, "chain", "chain") || !(c = cmd_new(p, NFT_C_RENAME, NFT_W_CHAIN)))
		return NULL;
	chain_spec(p, &c->h, false);
	c->arg = p_name(p, "string");
	return c;
}

/* ---- list, reset ---- */

struct plural { const char *word; enum nft_what what; bool by_table; };

static const struct plural plurals[] = {
	{ "tables", NFT_W_TABLES, false }, { "chains", NFT_W_CHAINS, false }, { "sets", NFT_W_SETS, true },
	{ "maps", NFT_W_MAPS, false }, { "meters", NFT_W_METERS, false }, { "counters", NFT_W_COUNTERS, true },
	{ "quotas", NFT_W_QUOTAS, true }, { "limits", NFT_W_LIMITS, true }, { "secmarks", NFT_W_SECMARKS, true },
	{ "synproxys", NFT_W_SYNPROXYS, true }, { "flowtables", NFT_W_FLOWTABLES, false }, { "ruleset", NFT_W_RULESET, false },
	{ "hooks", NFT_W_HOOKS, false },
};

static struct nft_cmd *list_plural(struct nft_parser *p, enum nft_op_cmd op, const struct plural *t)
{
	struct nft_cmd *c = cmd_new(p, op, t->what);

	if (!c)
		return NULL;
	if (t->by_table && p_take_kw(p, "table")) {
		table_spec(p, &c->h, false);
		return c;
	}
	family(p, &c->h);
	if (t->what == NFT_W_HOOKS && p_take_kw(p, "device"))
		c->arg = p_name(p, "string");
	return c;
}

/* list ct helper TABLE NAME; list ct helpers table TABLE */
static struct nft_cmd *list_ct(struct nft_parser *p)
{
	static const struct plural many[] = {
		{ "helpers", NFT_W_CT_HELPERS, true }, { "timeout", NFT_W_CT_TIMEOUTS, true },
		{ "expectation", NFT_W_CT_EXPECTS, true },
	};
	const struct thing *t;
	struct nft_cmd *c;

	p_next(p);
	p->sc = SC_CT;
	for (unsigned i = 0; i < ARRAY_LEN(many); i++) {
		const struct nft_tok *n = p_peek(p, 1);

		if (!p_kw(p, many[i].word) || !(i == 0 || (n->kind == TOK_WORD && n->len == 5 && !memcmp(n->text, "table", 5))))
			continue;
		p_next(p);
		p_expect_kw(p, "table", "table");
		c = cmd_new(p, NFT_C_LIST, many[i].what);
		if (c)
			table_spec(p, &c->h, false);
		return c;
	}
	t = take_thing(p, ct_things, ARRAY_LEN(ct_things));
	if (!t) {
		p_unexpected(p, "timeout or expectation or helper or helpers");
		return NULL;
	}
	c = cmd_new(p, NFT_C_LIST, t->what);
	if (c)
		name_spec(p, &c->h, false);
	return c;
}

static struct nft_cmd *list_one(struct nft_parser *p)
{
	const struct thing *t;
	struct nft_cmd *c;

	if (flow_table(p)) {
		p_next(p);
		p_next(p);
		t = &things[7];
	} else if (p_kw(p, "rule") || p_kw(p, "element") || !(t = take_thing(p, things, ARRAY_LEN(things)))) {
		p_unexpected(p, NULL);
		return NULL;
	}
	p->sc = t->sc;
	c = cmd_new(p, NFT_C_LIST, t->what);
	if (!c)
		return NULL;
	if (t->what == NFT_W_TABLE)
		table_spec(p, &c->h, false);
	else if (t->what == NFT_W_CHAIN)
		chain_spec(p, &c->h, false);
	else
		name_spec(p, &c->h, false);
	return c;
}

static struct nft_cmd *list_cmd(struct nft_parser *p)
{
	static const struct plural meters = { "meters", NFT_W_METERS, false };

	p->sc = SC_LIST;
	for (unsigned i = 0; i < ARRAY_LEN(plurals); i++)
		if (p_take_kw(p, plurals[i].word))
			return list_plural(p, NFT_C_LIST, &plurals[i]);
	if (p_kw(p, "flow") && p_peek(p, 1)->len == 6) {
		p_next(p);
		p_next(p);
		return list_plural(p, NFT_C_LIST, &meters);
	}
	return p_kw(p, "ct") ? list_ct(p) : list_one(p);
}

static struct nft_cmd *reset_cmd(struct nft_parser *p)
{
	const struct thing *t;
	struct nft_cmd *c;

	p->sc = SC_RESET;
	for (unsigned i = 0; i < ARRAY_LEN(plurals); i++)
		if ((plurals[i].what == NFT_W_COUNTERS || plurals[i].what == NFT_W_QUOTAS) && p_take_kw(p, plurals[i].word))
			return list_plural(p, NFT_C_RESET, &plurals[i]);
	if ((!p_kw(p, "counter") && !p_kw(p, "quota")) || !(t = thing(p))) {
		p_unexpected(p, "counter or counters or quotas or quota");
		return NULL;
	}
	c = cmd_new(p, NFT_C_RESET, t->what);
	if (c)
		name_spec(p, &c->h, false);
	return c;
}

/* ---- monitor, import, export, describe ---- */

static bool take_markup(struct nft_parser *p, struct nft_cmd *c)
{
	if (p_take_kw(p, "xml")) {
		p_error(p, &p->last.loc, "there is no XML output, use JSON");
		return true;
	}
	if (p_take_kw(p, "vm"))
		p_expect_kw(p, "json", "json");
	else if (!p_take_kw(p, "json"))
		return false;
	c->monitor |= NFT_MON_JSON;
	return true;
}

static struct nft_cmd *monitor_cmd(struct nft_parser *p)
{
	static const struct { const char *word; uint32_t what; } what[] = {
		{ "tables", NFT_MON_TABLES }, { "chains", NFT_MON_CHAINS }, { "sets", NFT_MON_SETS }, { "rules", NFT_MON_RULES },
		{ "elements", NFT_MON_ELEMENTS }, { "ruleset", NFT_MON_RULESET }, { "trace", NFT_MON_TRACE },
	};
	struct nft_cmd *c = cmd_new(p, NFT_C_MONITOR, NFT_W_RULESET);

	if (!c)
		return NULL;
	p->sc = SC_MONITOR;
	if (p_is_name(p)) {
		c->arg = p_name(p, NULL);
		c->h.name_loc = p->last.loc;
	}
	for (unsigned i = 0; i < ARRAY_LEN(what); i++) {
		if (!p_take_kw(p, what[i].word))
			continue;
		c->monitor = what[i].what;
		break;
	}
	take_markup(p, c);
	return c;
}

static struct nft_cmd *port(struct nft_parser *p, enum nft_op_cmd op)
{
	struct nft_cmd *c = cmd_new(p, op, NFT_W_RULESET);
	bool ruleset = p_take_kw(p, "ruleset");

	if (c && !take_markup(p, c))
		p_unexpected(p, ruleset ? "xml or json or vm" : "ruleset or xml or json or vm");
	return c;
}

static struct nft_cmd *import_cmd(struct nft_parser *p)
{
	p->sc = SC_IMPORT;
	return port(p, NFT_C_IMPORT);
}

static struct nft_cmd *export_cmd(struct nft_parser *p)
{
	p->sc = SC_EXPORT;
	return port(p, NFT_C_EXPORT);
}

static struct nft_cmd *describe_cmd(struct nft_parser *p)
{
	struct nft_cmd *c = cmd_new(p, NFT_C_DESCRIBE, NFT_W_EXPR);

	if (c)
		c->expr = p_primary(p, NFT_LEFT);
	return c;
}

/* what was said with a word that a later version has */
static void later_hint(struct nft_parser *p, const struct nft_tok *first)
{
	if (first->kind == TOK_WORD && first->len == 7 && !memcmp(first->text, "destroy", 7))
		nft_hint(p->x, "destroy is newer than nft 1.0.6: add it, then delete it");
}

struct nft_cmd *p_cmd(struct nft_parser *p)
{
	static const struct { const char *word; struct nft_cmd *(*parse)(struct nft_parser *p); } verbs[] = {
		{ "add", add_cmd }, { "create", create_cmd }, { "insert", insert_cmd }, { "replace", replace_cmd },
		{ "delete", delete_cmd }, { "get", get_cmd }, { "list", list_cmd }, { "reset", reset_cmd },
		{ "flush", flush_cmd }, { "rename", rename_cmd }, { "import", import_cmd }, { "export", export_cmd },
		{ "monitor", monitor_cmd }, { "describe", describe_cmd },
	};
	struct nft_tok first = *p_peek(p, 0);
	struct nft_cmd *c = NULL;
	unsigned i;

	p->sc = SC_BASE;
	for (i = 0; i < ARRAY_LEN(verbs) && !p_kw(p, verbs[i].word); i++)
		;
	if (i < ARRAY_LEN(verbs)) {
		p_next(p);
		c = verbs[i].parse(p);
	} else {
		c = add(p, NFT_C_ADD, NULL);
	}
	p->sc = SC_BASE;
	if (p->failed)
		later_hint(p, &first);
	return c;
}
