/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/parse_block.c - what stands in braces behind a table's, chain's, set's or flowtable's name.
 *
 * It stands below parse_cmd.c. Each block is a loop over lines; behind a bad one it goes on with the next. A table's
 * block is kept as the commands that would add its parts one by one, in the order written.
 */
#include <stdlib.h>
#include <string.h>

#include "front/nft/parse.h"

/* the next line of a block begins; false: its end, or nothing that can be read any more */
static bool block_line(struct nft_parser *p, enum nft_scope sc)
{
	for (;;) {
		if (p->failed && !p_recover(p))
			return false;
		p->sc = sc;
		if (p_take(p, TOK_NEWLINE) || p_take(p, TOK_SEMICOLON) || p_common(p))
			continue;
		if (!p->failed)
			return !p_is(p, TOK_RBRACE);
	}
}

static void block_end(struct nft_parser *p)
{
	if (!p->failed)
		p_expect(p, TOK_RBRACE, "'}'");
}

/* already set: said at the word, and the line is over */
static bool once(struct nft_parser *p, const void *have, const struct nft_loc *at)
{
	if (!have)
		return true;
	p_error(p, at, "You can only specify this once. This statement is duplicated.");
	return false;
}

/* in a table a second comment is an error before the line's end, elsewhere behind it: that decides what is read next */
static bool block_comment(struct nft_parser *p, char **comment, bool in_table)
{
	struct nft_loc at = p_begin(p);
	char *text;

	if (!p_take_kw(p, "comment"))
		return false;
	text = p_comment(p);
	at = p_span(p, &at);
	if (in_table)
		once(p, *comment, &at);
	p_sep(p, NULL);
	if (!p->failed && once(p, *comment, &at))
		*comment = text;
	else
		mem_free(text);
	return true;
}

/* ---- priorities and devices ---- */

/* "filter", "filter + 10", "-10" from a variable's text */
static bool prio_from_text(struct nft_prio *pr, const char *s)
{
	char *end;
	const char *sign;
	size_t n = strcspn(s, " +");

	pr->num = strtol(s, &end, 10);
	if (end != s && !*end)
		return true;
	sign = s + n + strspn(s + n, " ");
	if (*sign && *sign != '+' && *sign != '-')
		return false;
	pr->num = *sign ? strtol(sign + 1, &end, 10) : 0;
	if (*sign && *end)
		return false;
	if (*sign == '-')
		pr->num = -pr->num;
	pr->name = mem_strndup(s, n);
	return pr->name != NULL;
}

static void prio_variable(struct nft_parser *p, struct nft_prio *pr)
{
	pr->expr = p_variable(p);
	if (pr->expr && pr->expr->kind == NFT_X_SYMBOL && prio_from_text(pr, pr->expr->symbol.text)) {
		nft_expr_free(pr->expr);
		pr->expr = NULL;
	}
}

static void priority(struct nft_parser *p, struct nft_prio *pr)
{
	struct nft_loc begin = p_begin(p);
	uint64_t n = 0;
	bool minus;

	if (!p_expect_kw(p, "priority", "priority"))
		return;
	mem_free(pr->name);
	memset(pr, 0, sizeof(*pr));
	pr->given = true;
	if (p_is(p, TOK_DOLLAR)) {
		prio_variable(p, pr);
	} else if (p_is_name(p)) {
		pr->name = p_name(p, NULL);
		minus = p_is(p, TOK_DASH);
		if (p_take(p, TOK_PLUS) || p_take(p, TOK_DASH))
			p_number(p, &n, "number");
		pr->num = minus ? -(int)n : (int)n;
	} else if (p_take(p, TOK_DASH)) {
		p_number(p, &n, "number");
		pr->num = -(int)n;
	} else {
		p_number(p, &n, NULL);
		pr->num = n;
	}
	pr->loc = p_span(p, &begin);
}

static void dev_add(struct nft_parser *p, struct nft_chain_dev *d, char *name)
{
	char **more = name ? mem_realloc(d->dev, (d->n + 1) * sizeof(*more)) : NULL;

	if (!more) {
		mem_free(name);
		return;
	}
	d->dev = more;
	d->dev[d->n++] = name;
}

/* a variable: names or lists of them */
static void dev_add_expr(struct nft_parser *p, struct nft_chain_dev *d, struct nft_expr *e)
{
	struct nft_expr *m;

	if (!e)
		return;
	if (e->kind == NFT_X_SYMBOL) {
		dev_add(p, d, p_strndup(p, e->symbol.text, strlen(e->symbol.text)));
	} else if (e->kind == NFT_X_SET) {
		list_for_each(m, &e->set.list, node)
			if (m->kind == NFT_X_SYMBOL)
				dev_add(p, d, p_strndup(p, m->symbol.text, strlen(m->symbol.text)));
	} else if (e->kind == NFT_X_LIST) {
		list_for_each(m, &e->list.list, node)
			if (m->kind == NFT_X_SYMBOL)
				dev_add(p, d, p_strndup(p, m->symbol.text, strlen(m->symbol.text)));
	}
	nft_expr_free(e);
}

/* = { eth0, eth1, } or a variable */
static void device_list(struct nft_parser *p, struct nft_chain_dev *d)
{
	if (!p_expect(p, TOK_ASSIGN, "'='"))
		return;
	if (p_is(p, TOK_DOLLAR)) {
		dev_add_expr(p, d, p_variable(p));
		return;
	}
	if (!p_expect(p, TOK_LBRACE, "'{' or '$'"))
		return;
	do {
		p_newline(p);
		if (d->n && p_is(p, TOK_RBRACE))
			break;
		if (p_is(p, TOK_DOLLAR))
			dev_add_expr(p, d, p_variable(p));
		else if (p_is_name(p) || p_is(p, TOK_QUOTED))
			dev_add(p, d, p_string(p));
		else
			p_unexpected(p, "string or quoted string or '$'");
	} while (p_take(p, TOK_COMMA));
	p_expect(p, TOK_RBRACE, "comma or '}'");
}

static void devices(struct nft_parser *p, struct nft_chain_dev *d)
{
	if (p_take_kw(p, "device")) {
		if (p_is(p, TOK_DOLLAR))
			dev_add_expr(p, d, p_variable(p));
		else if (p_is_string(p))
			dev_add(p, d, p_string(p));
		else
			p_unexpected(p, "string or quoted string or string with a trailing asterisk or '$'");
	} else if (p_take_kw(p, "devices")) {
		device_list(p, d);
	}
}

/* ---- chains ---- */

static bool known(const char *s, const char *const *names, size_t n)
{
	for (size_t i = 0; s && i < n; i++)
		if (!strcmp(s, names[i]))
			return true;
	return false;
}

static const char *const hook_names[] = { "ingress", "egress", "prerouting", "input", "forward", "postrouting", "output" };

/* type filter hook input device eth0 priority filter */
static void hook_spec(struct nft_parser *p, struct nft_chain *c)
{
	static const char *const types[] = { "filter", "nat", "route" };

	mem_free(c->type);
	mem_free(c->hook_name);
	c->hook_name = NULL;
	c->type = p_name(p, "string");
	c->type_loc = p->last.loc;
	if (p_expect_kw(p, "hook", "hook"))
		c->hook_name = p_name(p, "string");
	c->hook_loc = p->last.loc;
	devices(p, &c->dev);
	if (!p->failed)
		priority(p, &c->prio);
	if (p->failed)
		return;
	if (!known(c->type, types, ARRAY_LEN(types)))
		p_error(p, &c->type_loc, "unknown chain type");
	else if (!known(c->hook_name, hook_names, ARRAY_LEN(hook_names)))
		p_error(p, &c->hook_loc, "unknown chain hook");
	c->base = !p->failed;
}

static void policy_value(struct nft_parser *p, struct nft_chain *c)
{
	struct nft_expr *e;

	if (p_take_kw(p, "accept")) {
		c->policy = NF_ACCEPT;
	} else if (p_take_kw(p, "drop")) {
		c->policy = NF_DROP;
	} else if (p_is(p, TOK_DOLLAR)) {
		e = p_variable(p);
		if (e && e->kind == NFT_X_SYMBOL && !strcmp(e->symbol.text, "accept"))
			c->policy = NF_ACCEPT;
		else if (e && e->kind == NFT_X_SYMBOL && !strcmp(e->symbol.text, "drop"))
			c->policy = NF_DROP;
		else
			c->policy_expr = e;
		if (c->policy_expr != e)
			nft_expr_free(e);
	} else {
		p_unexpected(p, "accept or drop or '$'");
	}
}

static void policy_spec(struct nft_parser *p, struct nft_chain *c, const struct nft_loc *begin)
{
	struct nft_loc at;

	if (c->policy >= 0 || c->policy_expr) {
		policy_value(p, &(struct nft_chain){ .policy = -1 });
		at = p_span(p, begin);
		p_error(p, &at, "you cannot set chain policy twice");
		return;
	}
	policy_value(p, c);
}

static bool chain_setting(struct nft_parser *p, struct nft_chain *c)
{
	struct nft_loc begin = p_begin(p);

	if (p_take_kw(p, "type"))
		hook_spec(p, c);
	else if (p_take_kw(p, "policy"))
		policy_spec(p, c, &begin);
	else if (p_take_kw(p, "flags") && p_expect_kw(p, "offload", "offload"))
		c->flags |= NFT_CHAIN_HW_OFFLOAD;
	else
		return p->failed;
	p_sep(p, NULL);
	return true;
}

struct nft_chain *p_chain_block(struct nft_parser *p)
{
	struct nft_chain *c = p_noted(p, nft_chain_new());

	p_open(p);
	while (c && block_line(p, SC_BASE)) {
		struct nft_rule *r;

		if (chain_setting(p, c) || block_comment(p, &c->comment, false))
			continue;
		r = p_rule(p);
		p_sep(p, NULL);
		if (r && !p->failed)
			list_add_tail(&c->rules, &r->node);
		else
			nft_rule_free(r);
	}
	block_end(p);
	p_close(p);
	return c;
}

/* ---- sets and maps ---- */

/* a . b . c as one text; each a word, or one of a few keywords that are types as well */
static char *type_names(struct nft_parser *p, struct nft_loc *loc)
{
	static const char *const words[] = { "mark", "dscp", "ecn", "classid", "time" };
	struct sbuf b = SBUF_INIT;
	char *s;

	*loc = p_begin(p);
	do {
		const char *k = p->failed ? NULL : nft_keyword(p_peek(p, 0), SC_TYPE);

		if (!p_is_name(p) && !known(k, words, ARRAY_LEN(words))) {
			p_unexpected(p, NULL);
			break;
		}
		p_next(p);
		sbuf_printf(&b, "%s%.*s", b.len ? " . " : "", (int)p->last.len, p->last.text);
	} while (p_take(p, TOK_DOT));
	*loc = p_span(p, loc);
	s = sbuf_steal(&b);
	return s;
}

/* constants and calculations are no type to keep */
static struct nft_expr *typeof_part(struct nft_parser *p, const char *what)
{
	struct nft_loc at = p_begin(p);
	bool variable = p_is(p, TOK_DOLLAR);
	struct nft_expr *e = p_primary(p, NFT_LEFT);
	const char *kind = NULL;

	if (variable)
		kind = "variable";
	else if (e && e->kind == NFT_X_SYMBOL && !(what[0] == 'm' && !strcmp(e->symbol.text, "verdict")))
		kind = "symbol";
	else if (e && e->kind == NFT_X_BINOP)
		kind = "binop";
	at = p_span(p, &at);
	if (kind)
		p_error(p, &at, "%s type '%s' lacks typeof serialization", what, kind);
	return e;
}

static struct nft_expr *typeof_names(struct nft_parser *p, struct nft_loc *loc, bool data)
{
	struct nft_expr *e, *c;

	*loc = p_begin(p);
	e = typeof_part(p, data ? "map data" : "primary expression");
	if (data && e && e->kind == NFT_X_SYMBOL && !strcmp(e->symbol.text, "verdict")) {
		c = nft_expr_new(NFT_X_VERDICT, loc);
		nft_expr_free(e);
		e = c;
	}
	if (p_is(p, TOK_DOT) && (c = nft_expr_new(NFT_X_CONCAT, loc))) {
		nft_expr_append(c, e);
		while (p_take(p, TOK_DOT))
			nft_expr_append(c, p_primary(p, NFT_LEFT));
		c->loc = p_span(p, loc);
		e = c;
	}
	*loc = p_span(p, loc);
	return e;
}

static int object_type(struct nft_parser *p)
{
	static const struct { const char *word; int type; } types[] = {
		{ "counter", NFT_OBJECT_COUNTER }, { "quota", NFT_OBJECT_QUOTA }, { "limit", NFT_OBJECT_LIMIT },
		{ "secmark", NFT_OBJECT_SECMARK }, { "synproxy", NFT_OBJECT_SYNPROXY },
	};

	for (unsigned i = 0; i < ARRAY_LEN(types); i++)
		if (p_take_kw(p, types[i].word))
			return types[i].type;
	return 0;
}

static void set_type(struct nft_parser *p, struct nft_set *s)
{
	p->sc = SC_TYPE;
	mem_free(s->key_text);
	mem_free(s->data_text);
	s->data_text = NULL;
	s->key_text = type_names(p, &s->key_loc);
	if (s->map && p_expect(p, TOK_COLON, "colon or .")) {
		s->data_interval = p_take_kw(p, "interval");
		s->object_type = s->data_interval ? 0 : object_type(p);
		if (!s->object_type)
			s->data_text = type_names(p, &s->data_loc);
	}
	p_sep(p, s->object_type ? NULL : "newline or semicolon or .");
	p->sc = SC_BASE;
	if (!p->failed)
		return;
	mem_free(s->key_text);		/* a line that could not be read says nothing */
	mem_free(s->data_text);
	s->key_text = s->data_text = NULL;
}

static void set_typeof(struct nft_parser *p, struct nft_set *s)
{
	nft_expr_free(s->key);
	nft_expr_free(s->data);
	s->data = NULL;
	s->key = typeof_names(p, &s->key_loc, false);
	if (s->map && p_expect(p, TOK_COLON, "colon or .")) {
		s->data_interval = p_take_kw(p, "interval");
		s->data = typeof_names(p, &s->data_loc, !s->data_interval);
	}
	p_sep(p, s->data && !s->data_interval ? NULL : "newline or semicolon or .");
}

static void set_flags(struct nft_parser *p, struct nft_set *s)
{
	static const struct { const char *word; uint32_t flag; } flags[] = {
		{ "constant", NFT_SET_CONSTANT }, { "interval", NFT_SET_INTERVAL }, { "timeout", NFT_SET_TIMEOUT },
		{ "dynamic", NFT_SET_EVAL },
	};

	do {
		unsigned i;

		for (i = 0; i < ARRAY_LEN(flags) && !p_take_kw(p, flags[i].word); i++)
			;
		if (i == ARRAY_LEN(flags))
			p_unexpected(p, "constant or interval or dynamic or timeout");
		else
			s->flags |= flags[i].flag;
	} while (p_take(p, TOK_COMMA));
	p_sep(p, "newline or semicolon or comma");
}

static bool set_number(struct nft_parser *p, struct nft_set *s)
{
	uint64_t n = 0;

	if (p_take_kw(p, "timeout")) {
		s->have_timeout = p_time(p, &s->timeout_ms);
	} else if (p_take_kw(p, "gc-interval")) {
		s->have_gc = p_time(p, &s->gc_ms);
	} else if (p_take_kw(p, "size")) {
		s->have_size = p_number(p, &n, "number");
		s->size = n;
	} else if (p_take_kw(p, "policy")) {
		p->sc = SC_POLICY;
		s->have_policy = true;
		if (p_take_kw(p, "memory"))
			s->policy = NFT_SET_POL_MEMORY;
		else if (p_expect_kw(p, "performance", "memory or performance"))
			s->policy = NFT_SET_POL_PERFORMANCE;
		p->sc = SC_BASE;
	} else {
		return false;
	}
	p_sep(p, NULL);
	return true;
}

static void set_elements(struct nft_parser *p, struct nft_set *s)
{
	struct nft_expr *e;

	if (!p_expect(p, TOK_ASSIGN, "'='"))
		return;
	e = p_elements(p);
	nft_expr_free(s->init);
	s->init = e;
}

static void set_line(struct nft_parser *p, struct nft_set *s)
{
	if (p_take_kw(p, "type")) {
		set_type(p, s);
	} else if (p_take_kw(p, "typeof")) {
		set_typeof(p, s);
	} else if (p_take_kw(p, "flags")) {
		set_flags(p, s);
	} else if (p_take_kw(p, "elements")) {
		set_elements(p, s);
	} else if (!s->map && p_take_kw(p, "auto-merge")) {
		s->auto_merge = true;
	} else if (p_is_stateful(p)) {
		p_stateful_list(p, &s->stmts);
		p_sep(p, NULL);
	} else if (!set_number(p, s) && !block_comment(p, &s->comment, false)) {
		p_unexpected(p, NULL);
	}
}

struct nft_set *p_set_block(struct nft_parser *p, bool map)
{
	struct nft_loc begin = p->last.loc;
	struct nft_set *s = nft_set_new(&begin);

	if (!s)
		return NULL;
	s->map = map;
	if (map)
		s->flags |= NFT_SET_MAP;
	while (block_line(p, SC_BASE))
		set_line(p, s);
	s->loc = p_span(p, &begin);
	if (s->object_type)
		s->flags = (s->flags & ~(uint32_t)NFT_SET_MAP) | NFT_SET_OBJECT;
	block_end(p);
	return s;
}

/* ---- flowtables ---- */

static void flowtable_hook(struct nft_parser *p, struct nft_flowtable *f)
{
	struct nft_loc at;

	mem_free(f->hook_name);
	f->hook_name = p_name(p, "string");
	at = p->last.loc;
	if (!p->failed)
		priority(p, &f->prio);
	p_sep(p, NULL);
	if (!p->failed && !known(f->hook_name, hook_names, ARRAY_LEN(hook_names)))
		p_error(p, &at, "unknown chain hook");
}

struct nft_flowtable *p_flowtable_block(struct nft_parser *p)
{
	struct nft_flowtable *f = p_noted(p, mem_zalloc(sizeof(*f)));

	while (f && block_line(p, SC_BASE)) {
		if (p_take_kw(p, "hook")) {
			flowtable_hook(p, f);
		} else if (p_take_kw(p, "devices")) {
			device_list(p, &f->dev);
			p_sep(p, NULL);
		} else if (p_take_kw(p, "counter")) {
			f->counter = true;
		} else if (p_take_kw(p, "flags")) {
			if (p_expect_kw(p, "offload", "offload"))
				f->flags |= NFT_FLOWTABLE_HW_OFFLOAD;
			p_sep(p, NULL);
		} else {
			p_unexpected(p, NULL);
		}
	}
	block_end(p);
	return f;
}

/* ---- tables ---- */

static void table_flags(struct nft_parser *p, struct nft_table *t)
{
	char *word = p_name(p, "string");

	if (!word)
		return;
	if (!strcmp(word, "dormant"))
		t->flags |= NFT_TABLE_F_DORMANT;
	else if (!strcmp(word, "owner"))
		t->flags |= 2;				/* NFT_TABLE_F_OWNER */
	else
		p_error(p, &p->last.loc, "unknown table option %s", word);
	mem_free(word);
	p_sep(p, NULL);
}

static const struct part {
	const char *word;
	enum nft_what what;
	enum nft_scope sc;
	int object;
} parts[] = {
	{ "chain", NFT_W_CHAIN, SC_BASE, 0 }, { "set", NFT_W_SET, SC_BASE, 0 }, { "map", NFT_W_MAP, SC_BASE, 0 },
	{ "flowtable", NFT_W_FLOWTABLE, SC_BASE, 0 }, { "counter", NFT_W_COUNTER, SC_COUNTER, NFT_OBJECT_COUNTER },
	{ "quota", NFT_W_QUOTA, SC_QUOTA, NFT_OBJECT_QUOTA }, { "limit", NFT_W_LIMIT, SC_LIMIT, NFT_OBJECT_LIMIT },
	{ "secmark", NFT_W_SECMARK, SC_SECMARK, NFT_OBJECT_SECMARK },
	{ "synproxy", NFT_W_SYNPROXY, SC_SYNPROXY, NFT_OBJECT_SYNPROXY },
}, ct_parts[] = {
	{ "helper", NFT_W_CT_HELPER, SC_CT, NFT_OBJECT_CT_HELPER }, { "timeout", NFT_W_CT_TIMEOUT, SC_CT, NFT_OBJECT_CT_TIMEOUT },
	{ "expectation", NFT_W_CT_EXPECT, SC_CT, NFT_OBJECT_CT_EXPECT },
};

static const struct part *take_part(struct nft_parser *p, const struct part *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p_take_kw(p, t[i].word))
			return &t[i];
	return NULL;
}

static void part_block(struct nft_parser *p, struct nft_cmd *c, const struct part *t)
{
	const char *name = c->what == NFT_W_CHAIN ? c->h.chain : c->h.name;
	char **to = NULL;

	switch (c->what) {
	case NFT_W_CHAIN:
		c->chain = p_chain_block(p);
		to = c->chain ? &c->chain->name : NULL;
		break;
	case NFT_W_SET:
	case NFT_W_MAP:
		c->set = p_set_block(p, c->what == NFT_W_MAP);
		to = c->set ? &c->set->name : NULL;
		break;
	case NFT_W_FLOWTABLE:
		c->flowtable = p_flowtable_block(p);
		to = c->flowtable ? &c->flowtable->name : NULL;
		break;
	default:
		c->object = p_object(p, t->object, true);
		to = c->object ? &c->object->name : NULL;
	}
	if (to)
		*to = name ? p_strndup(p, name, strlen(name)) : NULL;
}

/* chain NAME { ... } as the command that would add it */
static struct nft_cmd *table_part(struct nft_parser *p, const struct part *t, const struct nft_handle *h)
{
	struct nft_loc begin = p->last.loc;
	struct nft_cmd *c = nft_cmd_new(NFT_C_ADD, t->what, &begin);
	char *name;

	if (!c)
		return NULL;
	p->sc = t->sc;
	name = p_name(p, "string");
	c->h.family = h->family;
	c->h.family_given = h->family_given;
	c->h.table = h->table ? p_strndup(p, h->table, strlen(h->table)) : NULL;
	c->h.table_loc = h->table_loc;
	if (t->what == NFT_W_CHAIN) {
		c->h.chain = name;
		c->h.chain_loc = p->last.loc;
	} else {
		c->h.name = name;
		c->h.name_loc = p->last.loc;
	}
	c->loc = p->last.loc;
	c->inner = true;
	if (p_expect(p, TOK_LBRACE, "'{'"))
		part_block(p, c, t);
	p_sep(p, NULL);
	return c;
}

static void table_line(struct nft_parser *p, struct nft_table *t, const struct nft_handle *h)
{
	const struct part *part;
	struct nft_cmd *c;

	if (p_take_kw(p, "flags")) {
		table_flags(p, t);
		return;
	}
	if (block_comment(p, &t->comment, true))
		return;
	part = take_part(p, parts, ARRAY_LEN(parts));
	if (!part && p_take_kw(p, "ct")) {
		p->sc = SC_CT;
		part = take_part(p, ct_parts, ARRAY_LEN(ct_parts));
		if (!part)
			p_unexpected(p, "timeout or expectation or helper");
	}
	if (!part) {
		p_unexpected(p, NULL);
		return;
	}
	c = table_part(p, part, h);
	if (c && !p->failed)
		list_add_tail(&t->parts, &c->node);
	else
		nft_cmd_free(c);
}

struct nft_table *p_table_block(struct nft_parser *p, const struct nft_handle *h)
{
	struct nft_table *t = p_noted(p, mem_zalloc(sizeof(*t)));

	if (!t)
		return NULL;
	t->family = h->family;
	t->name = h->table ? p_strndup(p, h->table, strlen(h->table)) : NULL;
	list_init(&t->parts);
	p_open(p);
	while (block_line(p, SC_BASE))
		table_line(p, t, h);
	block_end(p);
	p_close(p);
	return t;
}
