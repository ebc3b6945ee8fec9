/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/parse_stmt.c - rules: matches, verdicts, assignments, sets filled by packets, and what counts.
 *
 * It stands above parse_expr.c. What acts on packets (log, reject, nat, ...) is in parse_act.c.
 *
 * A statement begins with a word of its own or with an expression; only behind the expression it shows whether that is
 * compared, mapped to a verdict, or set.
 */
#include <stdlib.h>
#include <string.h>

#include "front/nft/parse.h"

/* ---- limit, quota, counter ---- */

static const struct { const char *word; uint64_t s; } time_units[] = {
	{ "second", 1 }, { "minute", 60 }, { "hour", 3600 }, { "day", 86400 }, { "week", 604800 },
};

static bool time_unit(struct nft_parser *p, uint64_t *s)
{
	for (unsigned i = 0; i < ARRAY_LEN(time_units); i++) {
		if (!p_take_kw(p, time_units[i].word))
			continue;
		*s = time_units[i].s;
		return true;
	}
	p_unexpected(p, NULL);
	return false;
}

static const char *byte_unit(const char *s, uint64_t *n)
{
	static const struct { const char *word; uint64_t n; } units[] = {
		{ "kbytes", 1024 }, { "mbytes", 1024 * 1024 }, { "bytes", 1 },
	};

	for (unsigned i = 0; i < ARRAY_LEN(units); i++) {
		if (strncmp(s, units[i].word, strlen(units[i].word)))
			continue;
		*n = units[i].n;
		return s + strlen(units[i].word);
	}
	return NULL;
}

/* NUM bytes, NUM kbytes: what is said about another unit is said at @begin */
static uint64_t bytes(struct nft_parser *p, uint64_t n, const struct nft_loc *begin)
{
	char *unit;
	const char *end;
	uint64_t by = 1;
	struct nft_loc at;

	if (p_take_kw(p, "bytes"))
		return n;
	unit = p_name(p, "string or bytes");
	if (!unit)
		return 0;
	end = byte_unit(unit, &by);
	at = p_span(p, begin);
	if (!end || *end)
		p_error(p, &at, "Wrong rate format");
	mem_free(unit);
	return n * by;
}

/* kbytes/second is one word for the lexer */
static void rate_word(struct nft_parser *p, struct nft_limit *l, const struct nft_loc *begin)
{
	char *word = p_name(p, "/ or string or bytes");
	const char *slash = word ? strchr(word, '/') : NULL, *end;
	struct nft_loc at = p_span(p, begin);
	uint64_t by = 1;

	if (!word)
		return;
	l->bytes = true;
	if (!slash) {
		if (!p_is(p, TOK_SLASH)) {
			p_error(p, &at, "wrong rate format");
		} else {
			end = byte_unit(word, &by);
			if (!end || *end)
				p_error(p, &at, "Wrong rate format");
			p_next(p);
			time_unit(p, &l->unit_s);
		}
	} else {
		end = byte_unit(word, &by);
		for (unsigned i = 0; i < ARRAY_LEN(time_units); i++)
			if (!strcmp(slash + 1, time_units[i].word))
				l->unit_s = time_units[i].s;
		if (!end || end != slash || !l->unit_s)
			p_error(p, &at, "Wrong rate format");
	}
	l->rate *= by;
	mem_free(word);
}

static void burst(struct nft_parser *p, struct nft_limit *l)
{
	struct nft_loc at = p_begin(p), amount;
	uint64_t n = 0;

	l->burst = 5;
	if (!p_take_kw(p, "burst"))
		return;
	l->have_burst = true;
	amount = p_begin(p);
	p_number(p, &n, "number");
	if (l->bytes)
		n = bytes(p, n, &amount);
	else
		p_expect_kw(p, "packets", "packets");
	at = p_span(p, &at);
	if (!n)
		p_error(p, &at, l->bytes ? "limit burst must be > 0" : "packet limit burst must be > 0");
	l->burst = n;
}

void p_limit(struct nft_parser *p, struct nft_limit *l)
{
	struct nft_loc begin;

	l->over = p_take_kw(p, "over");
	if (!l->over)
		p_take_kw(p, "until");
	begin = p_begin(p);
	p_number(p, &l->rate, "number");
	if (p_take(p, TOK_SLASH)) {
		time_unit(p, &l->unit_s);
	} else if (p_take_kw(p, "bytes")) {
		l->bytes = true;
		if (p_expect(p, TOK_SLASH, "/"))
			time_unit(p, &l->unit_s);
	} else {
		rate_word(p, l, &begin);
	}
	burst(p, l);
}

void p_quota(struct nft_parser *p, struct nft_quota *q, const struct nft_loc *begin)
{
	struct nft_loc at;
	uint64_t n = 0;

	q->over = p_take_kw(p, "over");
	if (!q->over)
		p_take_kw(p, "until");
	p_number(p, &n, "number");
	q->bytes = bytes(p, n, begin);
	at = p_begin(p);
	if (!p_take_kw(p, "used"))
		return;
	p_number(p, &n, "number");
	q->used = bytes(p, n, &at);
}

static struct nft_stmt *objref(struct nft_parser *p, const struct nft_loc *begin, int type)
{
	struct nft_stmt *s = nft_stmt_new(NFT_S_OBJREF, begin);

	if (!s)
		return NULL;
	s->objref.type = type;
	s->objref.name = p_stmt_expr(p);
	return s;
}

static struct nft_stmt *counter(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_stmt *s;

	if (p_take_kw(p, "name"))
		return objref(p, begin, NFT_OBJECT_COUNTER);
	s = nft_stmt_new(NFT_S_COUNTER, begin);
	while (s && !p->failed) {
		if (p_take_kw(p, "packets"))
			p_number(p, &s->counter.packets, "number");
		else if (p_take_kw(p, "bytes"))
			p_number(p, &s->counter.bytes, "number");
		else
			break;
	}
	return s;
}

static struct nft_stmt *limit(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_stmt *s;

	if (p_take_kw(p, "name"))
		return objref(p, begin, NFT_OBJECT_LIMIT);
	s = nft_stmt_new(NFT_S_LIMIT, begin);
	if (s && p_expect_kw(p, "rate", "name or rate"))
		p_limit(p, &s->limit);
	return s;
}

static struct nft_stmt *quota(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_stmt *s;

	if (p_take_kw(p, "name"))
		return objref(p, begin, NFT_OBJECT_QUOTA);
	s = nft_stmt_new(NFT_S_QUOTA, begin);
	if (s)
		p_quota(p, &s->quota, begin);
	return s;
}

static struct nft_stmt *connlimit(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_stmt *s = nft_stmt_new(NFT_S_CONNLIMIT, begin);
	uint64_t n = 0;

	p_next(p);
	if (!s)
		return NULL;
	s->connlimit.over = p_take_kw(p, "over");
	p_number(p, &n, s->connlimit.over ? "number" : "number or over");
	s->connlimit.count = n;
	return s;
}

static bool word_is(const struct nft_tok *t, const char *word)
{
	return t->kind == TOK_WORD && t->len == strlen(word) && !memcmp(t->text, word, t->len);
}

static bool is_connlimit(struct nft_parser *p)
{
	return p_kw(p, "ct") && word_is(p_peek(p, 1), "count");
}

bool p_is_stateful(struct nft_parser *p)
{
	return p_kw(p, "counter") || p_kw(p, "limit") || p_kw(p, "quota") || is_connlimit(p);
}

struct nft_stmt *p_stateful(struct nft_parser *p)
{
	static const struct {
		const char *word;
		enum nft_scope sc;
		struct nft_stmt *(*parse)(struct nft_parser *p, const struct nft_loc *begin);
	} words[] = {
		{ "counter", SC_COUNTER, counter }, { "limit", SC_LIMIT, limit }, { "quota", SC_QUOTA, quota },
		{ "ct", SC_CT, connlimit },
	};
	enum nft_scope was = p->sc;
	struct nft_loc begin = p_begin(p);
	struct nft_stmt *s = NULL;

	for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
		if (!p_take_kw(p, words[i].word))
			continue;
		p->sc = words[i].sc;
		s = words[i].parse(p, &begin);
		break;
	}
	p->sc = was;
	if (s)
		s->loc = p_span(p, &begin);
	return s;
}

void p_stateful_list(struct nft_parser *p, struct list *stmts)
{
	while (p_is_stateful(p)) {
		struct nft_stmt *s = p_stateful(p);

		if (s)
			list_add_tail(stmts, &s->node);
	}
}

/* ---- verdicts ---- */

void p_rules(struct nft_parser *p, struct list *rules)
{
	p_open(p);
	while (!p->failed && !p_is(p, TOK_RBRACE)) {
		struct nft_rule *r;

		if (p_take(p, TOK_NEWLINE) || p_take(p, TOK_SEMICOLON))
			continue;
		r = p_rule(p);
		if (r)
			list_add_tail(rules, &r->node);
		if (!p->failed && !p_is_sep(p))
			p_unexpected(p, "newline or semicolon");
	}
	p_expect(p, TOK_RBRACE, NULL);
	p_close(p);
}

/* jump { rules } */
static struct nft_stmt *chain_stmt(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);
	struct nft_stmt *s = nft_stmt_new(NFT_S_VERDICT, &begin);
	struct nft_expr *v = nft_expr_new(NFT_X_VERDICT, &begin);

	if (!s || !v || !(v->verdict.rules = mem_alloc(sizeof(struct list)))) {
		nft_stmt_free(s);
		nft_expr_free(v);
		return NULL;
	}
	list_init(v->verdict.rules);
	v->verdict.v = p_kw(p, "jump") ? NFT_V_JUMP : NFT_V_GOTO;
	s->expr = v;
	p_next(p);
	p_next(p);
	if (p_nest(p)) {
		p_rules(p, v->verdict.rules);
		p->nest--;
	}
	v->loc = s->loc = p_span(p, &begin);
	return s;
}

static struct nft_stmt *verdict(struct nft_parser *p)
{
	struct nft_stmt *s;
	struct nft_expr *v;

	if (p_kw(p, "jump") || p_kw(p, "goto")) {
		const struct nft_tok *t = p_peek(p, 1);

		if (t->kind == TOK_LBRACE)
			return chain_stmt(p);
		if (t->kind != TOK_DOLLAR && !(t->kind == TOK_WORD && !nft_keyword(t, p->sc))) {
			p_next(p);
			p_unexpected(p, "'{'");
			return NULL;
		}
	}
	v = p_verdict(p);
	if (!v)
		return NULL;
	s = nft_stmt_new(NFT_S_VERDICT, &v->loc);
	if (s)
		s->expr = v;
	else
		nft_expr_free(v);
	return s;
}

/* ---- what begins with an expression ---- */

static enum nft_op relation(struct nft_parser *p)
{
	static const struct { enum nft_tok_kind tok; enum nft_op op; } ops[] = {
		{ TOK_EQ, NFT_OP_EQ }, { TOK_NEQ, NFT_OP_NEQ }, { TOK_LT, NFT_OP_LT }, { TOK_GT, NFT_OP_GT },
		{ TOK_GE, NFT_OP_GE }, { TOK_LE, NFT_OP_LE }, { TOK_NOT, NFT_OP_NOT },
	};

	for (unsigned i = 0; i < ARRAY_LEN(ops); i++)
		if (p_take(p, ops[i].tok))
			return ops[i].op;
	return NFT_OP_IMPLICIT;
}

/* tcp flags syn / syn,ack: of these flags only that one, as (flags & (syn,ack)) == syn */
static struct nft_expr *flag_mask(struct nft_parser *p, struct nft_expr **left, enum nft_op *op)
{
	struct nft_expr *mask, *l = *left;

	p_next(p);
	mask = p_rhs_list(p);
	if (!p->failed && mask && mask->kind != NFT_X_LIST)
		p_unexpected(p, "comma");
	if (*op == NFT_OP_IMPLICIT)
		*op = NFT_OP_EQ;
	*left = nft_expr_bin(NFT_X_BINOP, l ? &l->loc : NULL, NFT_OP_AND, l, mask);
	return mask;
}

static struct nft_stmt *match(struct nft_parser *p, struct nft_expr *left, const struct nft_loc *begin)
{
	struct nft_loc at = p_begin(p);
	enum nft_op op = relation(p);
	struct nft_stmt *s = nft_stmt_new(NFT_S_MATCH, begin);
	struct nft_expr *right;

	right = p_rhs_list(p);
	if (p_is(p, TOK_SLASH) && right && right->kind != NFT_X_RANGE && right->kind != NFT_X_PREFIX &&
	    right->kind != NFT_X_CONCAT)
		flag_mask(p, &left, &op);
	if (op == NFT_OP_IMPLICIT)
		at = p_span(p, begin);
	else
		at.end = at.col + (op == NFT_OP_LT || op == NFT_OP_GT || op == NFT_OP_NOT ? 0 : 1);
	left = nft_expr_bin(NFT_X_REL, &at, op, left, right);
	if (s)
		s->expr = left;
	else
		nft_expr_free(left);
	return s;
}

static struct nft_stmt *vmap(struct nft_parser *p, struct nft_expr *key, const struct nft_loc *begin)
{
	struct nft_stmt *s = nft_stmt_new(NFT_S_VERDICT, begin);
	struct nft_expr *set;
	struct nft_loc loc;

	p_next(p);
	set = p_is(p, TOK_LBRACE) ? p_set_expr(p, true) : p_setref(p, "@ or '{' or '$'");
	loc = p_span(p, begin);
	key = nft_expr_bin(NFT_X_MAP, &loc, NFT_OP_IMPLICIT, key, set);
	if (s)
		s->expr = key;
	else
		nft_expr_free(key);
	return s;
}

static bool can_be_set(const struct nft_expr *e)
{
	if (e && e->kind == NFT_X_EXTHDR)
		return e->exthdr.op != NFT_EXTHDR_OP_IPV6;
	return e && (e->kind == NFT_X_META || e->kind == NFT_X_CT || e->kind == NFT_X_PAYLOAD);
}

static struct nft_stmt *assign_stmt(struct nft_parser *p, struct nft_expr *to, struct nft_expr *val,
				    const struct nft_loc *begin)
{
	struct nft_stmt *s;
	int type = 0;

	if (to->kind == NFT_X_CT && to->ct.key == NFT_CT_HELPER)
		type = NFT_OBJECT_CT_HELPER;
	else if (to->kind == NFT_X_META && to->key == NFT_META_SECMARK && val && val->kind != NFT_X_CT)
		type = NFT_OBJECT_SECMARK;
	s = nft_stmt_new(type ? NFT_S_OBJREF : NFT_S_ASSIGN, begin);
	if (s && type) {
		s->objref.type = type;
		s->objref.name = val;
		nft_expr_free(to);
	} else if (s) {
		s->assign.to = to;
		s->assign.val = val;
	} else {
		nft_expr_free(to);
		nft_expr_free(val);
	}
	return s;
}

static struct nft_stmt *assign(struct nft_parser *p, struct nft_expr *to, const struct nft_loc *begin)
{
	enum nft_scope was = p->sc;
	struct nft_expr *val;

	p_next(p);
	if (to->kind == NFT_X_CT)
		p->sc = SC_CT;
	else if (to->kind == NFT_X_META)
		p->sc = SC_META;
	val = p_stmt_expr(p);
	p->sc = was;
	return assign_stmt(p, to, val, begin);
}

static struct nft_stmt *expression(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p), loc;
	struct nft_expr *e = p_is(p, TOK_LBRACE) ? p_set_expr(p, false) : p_concat(p), *set;

	if (p_is(p, TOK_VMAP))
		return vmap(p, e, &begin);
	if (p_kw(p, "set") && can_be_set(e))
		return assign(p, e, &begin);
	if (p_take_kw(p, "map")) {
		set = p_rhs(p);
		loc = p_span(p, &begin);
		e = nft_expr_bin(NFT_X_MAP, &loc, NFT_OP_IMPLICIT, e, set);
	}
	return match(p, e, &begin);
}

/* ct timeout set "x", ct expectation set "x": no keys of ct otherwise */
static struct nft_stmt *ct_object(struct nft_parser *p)
{
	enum nft_scope was = p->sc;
	struct nft_loc begin = p_begin(p);
	int type = word_is(p_peek(p, 1), "timeout") ? NFT_OBJECT_CT_TIMEOUT : NFT_OBJECT_CT_EXPECT;
	struct nft_stmt *s = NULL;

	p_next(p);
	p_next(p);
	p->sc = SC_CT;
	if (p_expect_kw(p, "set", "set"))
		s = objref(p, &begin, type);
	p->sc = was;
	return s;
}

/* ---- sets filled by packets ---- */

static struct nft_expr *dynamic_key(struct nft_parser *p)
{
	struct nft_expr *k = p_concat(p), *e = p_elem_options(p, k);

	if (!e || e->kind == NFT_X_ELEM)
		return e;
	e = nft_expr_new(NFT_X_ELEM, &k->loc);
	if (!e)
		return k;
	e->elem.key = k;
	return e;
}

static int set_op(struct nft_parser *p)
{
	if (p_take_kw(p, "add"))
		return NFT_DYNSET_OP_ADD;
	if (p_take_kw(p, "update"))
		return NFT_DYNSET_OP_UPDATE;
	if (p_take_kw(p, "delete"))
		return NFT_DYNSET_OP_DELETE;
	return -1;
}

/* set add KEY @set: the old way */
static struct nft_stmt *set_stmt_old(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);
	struct nft_stmt *s = nft_stmt_new(NFT_S_SET, &begin);
	int op;

	p_next(p);
	op = set_op(p);
	if (op < 0)
		p_unexpected(p, "add or update or delete");
	if (!s)
		return NULL;
	s->set.op = op;
	s->set.key = dynamic_key(p);
	s->set.ref = p_setref(p, "@ or '$'");
	return s;
}

static struct nft_stmt *set_stmt(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);
	struct nft_stmt *s = nft_stmt_new(NFT_S_SET, &begin);

	if (!s)
		return NULL;
	s->set.op = set_op(p);
	s->set.ref = p_setref(p, "@ or '$'");
	p_expect(p, TOK_LBRACE, "'{'");
	s->set.key = dynamic_key(p);
	p_stateful_list(p, &s->set.stmts);
	if (p_take(p, TOK_COLON))
		s->set.data = dynamic_key(p);
	p_expect(p, TOK_RBRACE, NULL);
	return s;
}

/* meter NAME size N { KEY stmt } and, older, flow table NAME { KEY stmt } */
static struct nft_stmt *meter(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);
	bool old = p_kw(p, "flow");
	struct nft_stmt *s = nft_stmt_new(NFT_S_SET, &begin), *in;
	uint64_t size = 0;

	p_next(p);
	if (old)
		p_expect_kw(p, "table", "table");
	if (!s)
		return NULL;
	s->set.op = NFT_DYNSET_OP_UPDATE;
	s->set.meter = p_name(p, "string");
	if (p_take_kw(p, "size"))
		p_number(p, &size, "number");
	s->set.meter_size = size;
	p_expect(p, TOK_LBRACE, size ? "'{'" : "size or '{'");
	s->set.key = dynamic_key(p);
	in = p_stmt(p);
	if (in)
		list_add_tail(&s->set.stmts, &in->node);
	p_expect(p, TOK_RBRACE, "'}'");
	return s;
}

/* reset tcp option KIND */
static struct nft_stmt *optstrip(struct nft_parser *p)
{
	enum nft_scope was = p->sc;
	struct nft_loc begin = p_begin(p);
	struct nft_stmt *s = nft_stmt_new(NFT_S_OPTSTRIP, &begin);

	p_next(p);
	p_expect_kw(p, "tcp", "tcp");
	p->sc = SC_TCP;
	p_expect_kw(p, "option", "option");
	if (s)
		s->expr = p_tcpopt_type(p, &begin);
	p->sc = was;
	return s;
}

static struct nft_stmt *worded(struct nft_parser *p)
{
	const struct nft_tok *second;

	if (p_kw(p, "ct")) {
		second = p_peek(p, 1);
		if (word_is(second, "timeout") || word_is(second, "expectation"))
			return ct_object(p);
		return is_connlimit(p) ? p_stateful(p) : NULL;
	}
	if (p_is_stateful(p))
		return p_stateful(p);
	if (p_kw(p, "set"))
		return set_stmt_old(p);
	if (p_kw(p, "add") || p_kw(p, "update") || p_kw(p, "delete"))
		return set_stmt(p);
	if (p_kw(p, "meter"))
		return meter(p);
	if (p_kw(p, "flow") && !word_is(p_peek(p, 1), "add") && !word_is(p_peek(p, 1), "offload"))
		return meter(p);
	if (p_kw(p, "reset"))
		return optstrip(p);
	return p_act_stmt(p);
}

struct nft_stmt *p_stmt(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);
	struct nft_stmt *s = verdict(p);

	if (!s && !p->failed)
		s = worded(p);
	if (!s && !p->failed)
		s = expression(p);
	if (s)
		s->loc = p_span(p, &begin);
	return s;
}

/* can the next token begin one more statement? */
static bool more(struct nft_parser *p)
{
	static const char *const words[] = { "accept", "drop", "continue", "return", "jump", "goto", "counter", "limit", "quota",
		"set", "add", "update", "delete", "meter", "flow", "reset", "log", "reject", "snat", "dnat", "masquerade",
		"redirect", "tproxy", "dup", "fwd", "queue", "synproxy", "notrack", "xt" };
	const char *k;

	if (p_is(p, TOK_LBRACE) || p_is_primary(p, NFT_LEFT))
		return true;
	k = p->failed ? NULL : nft_keyword(p_peek(p, 0), p->sc);
	for (unsigned i = 0; k && i < ARRAY_LEN(words); i++)
		if (!strcmp(k, words[i]))
			return true;
	return false;
}

struct nft_rule *p_rule(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);
	struct nft_rule *r = nft_rule_new(&begin);

	do {
		struct nft_stmt *s = p_stmt(p);

		if (s && r)
			list_add_tail(&r->stmts, &s->node);
		else
			nft_stmt_free(s);
	} while (more(p));
	if (r)
		r->loc = p_span(p, &begin);
	if (p_take_kw(p, "comment") && r)
		r->comment = p_comment(p);
	return r;
}
