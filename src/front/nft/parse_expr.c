/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/parse_expr.c - expressions made of smaller ones: operators, concatenations, ranges, prefixes, lists, sets,
 * maps and verdicts.
 *
 * It stands above parse_key.c in the parser. There are three kinds of places, and each allows something else: the left
 * side of a match (what packets are asked for), its right side (constants), and values of statements (both). Operators
 * bind as in C: shifts, then &, then ^, then |; then "." of concatenations, then - and / of ranges and prefixes.
 *
 * Elements are read in a loop: a million of them make no deeper stack than one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/nft/parse.h"

/* ---- operators ---- */

static const struct { enum nft_tok_kind tok; enum nft_op op; uint8_t level; } binops[] = {
	{ TOK_OR, NFT_OP_OR, 0 }, { TOK_XOR, NFT_OP_XOR, 1 }, { TOK_AND, NFT_OP_AND, 2 },
	{ TOK_LSHIFT, NFT_OP_LSHIFT, 3 }, { TOK_RSHIFT, NFT_OP_RSHIFT, 3 },
};

static bool take_binop(struct nft_parser *p, unsigned level, enum nft_op *op)
{
	for (unsigned i = 0; i < ARRAY_LEN(binops); i++) {
		if (binops[i].level != level || !p_take(p, binops[i].tok))
			continue;
		*op = binops[i].op;
		return true;
	}
	return false;
}

/* what stands behind an operator on the left side is a constant */
static struct nft_expr *operators(struct nft_parser *p, enum nft_side side, unsigned level)
{
	struct nft_loc begin = p_begin(p), loc;
	struct nft_expr *e = level == 3 ? p_primary(p, side) : operators(p, side, level + 1), *r;
	enum nft_side behind = side == NFT_LEFT ? NFT_RIGHT : side;
	enum nft_op op;

	while (take_binop(p, level, &op)) {
		r = level == 3 ? p_primary(p, behind) : operators(p, behind, level + 1);
		loc = p_span(p, &begin);
		e = nft_expr_bin(NFT_X_BINOP, &loc, op, e, r);
	}
	return e;
}

struct nft_expr *p_operators(struct nft_parser *p, enum nft_side side)
{
	return operators(p, side, 0);
}

/* ---- concatenations, ranges, prefixes ---- */

/* @first . more, as long as dots follow; @part reads one */
static struct nft_expr *concat(struct nft_parser *p, struct nft_expr *first, const struct nft_loc *begin,
			       struct nft_expr *(*part)(struct nft_parser *p))
{
	struct nft_expr *c;

	if (!p_is(p, TOK_DOT))
		return first;
	c = nft_expr_new(NFT_X_CONCAT, begin);
	nft_expr_append(c, first);
	while (p_take(p, TOK_DOT))
		nft_expr_append(c, part(p));
	if (c)
		c->loc = p_span(p, begin);
	return c;
}

static struct nft_expr *left_part(struct nft_parser *p)
{
	return p_operators(p, NFT_LEFT);
}

struct nft_expr *p_concat(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);

	return concat(p, left_part(p), &begin, left_part);
}

/* behind an expression: /len makes it a prefix, -expr a range */
static struct nft_expr *multiton(struct nft_parser *p, struct nft_expr *e, const struct nft_loc *begin,
				 enum nft_side side)
{
	struct nft_expr *x;
	struct nft_loc loc;

	if (p_take(p, TOK_DASH)) {
		x = p_operators(p, side);
		loc = p_span(p, begin);
		return nft_expr_bin(NFT_X_RANGE, &loc, NFT_OP_IMPLICIT, e, x);
	}
	if (!p_take(p, TOK_SLASH))
		return e;
	x = e ? nft_expr_new(NFT_X_PREFIX, begin) : NULL;
	if (!x)
		return e;
	x->prefix.a = e;
	if (p_expect(p, TOK_NUM, NULL))
		x->prefix.len = p->last.num;
	x->loc = p_span(p, begin);
	return x;
}

static struct nft_expr *right_part(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);

	return multiton(p, p_operators(p, NFT_RIGHT), &begin, NFT_RIGHT);
}

static struct nft_expr *right_concat(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);

	return concat(p, right_part(p), &begin, right_part);
}

struct nft_expr *p_rhs(struct nft_parser *p)
{
	if (p_is(p, TOK_LBRACE))
		return p_set_expr(p, false);
	if (p_is(p, TOK_AT))
		return p_setref(p, NULL);
	return right_concat(p);
}

/* a, b, c behind the first */
static struct nft_expr *list_tail(struct nft_parser *p, struct nft_expr *first, const struct nft_loc *begin,
				  struct nft_expr *(*part)(struct nft_parser *p))
{
	struct nft_expr *l;

	if (!p_is(p, TOK_COMMA))
		return first;
	l = nft_expr_new(NFT_X_LIST, begin);
	nft_expr_append(l, first);
	while (p_take(p, TOK_COMMA))
		nft_expr_append(l, part(p));
	if (l)
		l->loc = p_span(p, begin);
	return l;
}

static struct nft_expr *right_basic(struct nft_parser *p)
{
	return p_operators(p, NFT_RIGHT);
}

struct nft_expr *p_rhs_list(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);
	struct nft_expr *e;

	if (p_is(p, TOK_LBRACE) || p_is(p, TOK_AT))
		return p_rhs(p);
	e = right_basic(p);
	if (p_is(p, TOK_COMMA))
		return list_tail(p, e, &begin, right_basic);
	/* syn / syn,ack: not a prefix, whoever takes the slash sees to it */
	if (p_is(p, TOK_SLASH) && (p_peek(p, 1)->kind != TOK_NUM || p_peek(p, 2)->kind == TOK_COMMA))
		return e;
	return concat(p, multiton(p, e, &begin, NFT_RIGHT), &begin, right_part);
}

struct nft_expr *p_initializer(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);
	struct nft_expr *e;

	if (p_is(p, TOK_LBRACE) && p_peek(p, 1)->kind == TOK_RBRACE) {
		p_next(p);
		p_next(p);
		begin = p_span(p, &begin);
		return nft_expr_new(NFT_X_SET, &begin);
	}
	if (p_take(p, TOK_DASH)) {
		char buf[24] = "-0";

		if (p_expect(p, TOK_NUM, "number"))
			snprintf(buf, sizeof(buf), "-%llu", (unsigned long long)p->last.num);
		begin = p_span(p, &begin);
		return nft_expr_symbol(&begin, buf, strlen(buf));
	}
	e = p_rhs_list(p);
	if (p_is(p, TOK_SLASH))
		p_unexpected(p, NULL);
	return e;
}

/* ---- values of statements ---- */

static struct nft_expr *stmt_part(struct nft_parser *p)
{
	return p_primary(p, NFT_STMT);
}

static struct nft_expr *map_set(struct nft_parser *p, bool in_stmt)
{
	if (p_is(p, TOK_LBRACE))
		return p_set_expr(p, false);
	if (in_stmt || p_is(p, TOK_AT))
		return p_setref(p, in_stmt ? "@ or '{' or '$'" : NULL);
	return p_rhs(p);
}

static struct nft_expr *map_tail(struct nft_parser *p, struct nft_expr *key, const struct nft_loc *begin, bool in_stmt)
{
	struct nft_expr *set;
	struct nft_loc loc;

	if (!p_take_kw(p, "map"))
		return key;
	set = map_set(p, in_stmt);
	loc = p_span(p, begin);
	return nft_expr_bin(NFT_X_MAP, &loc, NFT_OP_IMPLICIT, key, set);
}

struct nft_expr *p_stmt_expr(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);
	bool number = p_is(p, TOK_NUM);
	struct nft_expr *e = p_operators(p, NFT_STMT);

	/* lists are of names only */
	if (p_is(p, TOK_COMMA) && e && e->kind == NFT_X_SYMBOL && !number)
		return list_tail(p, e, &begin, stmt_part);
	if (p_is(p, TOK_DASH) || p_is(p, TOK_SLASH))
		return multiton(p, e, &begin, NFT_STMT);
	e = concat(p, e, &begin, stmt_part);
	return map_tail(p, e, &begin, true);
}

/* ---- set references ---- */

struct nft_expr *p_setref(struct nft_parser *p, const char *expecting)
{
	enum nft_scope was = p->sc;
	struct nft_loc begin = p_begin(p);
	struct nft_expr *e;

	if (expecting && p_is(p, TOK_DOLLAR)) {
		e = p_variable(p);
		/* `define s = @name`, or its name alone */
		if (e && e->kind == NFT_X_SYMBOL)
			e->kind = NFT_X_SETREF;
		return e;
	}
	if (!p_expect(p, TOK_AT, expecting))
		return NULL;
	p->sc = SC_AT;
	e = nft_expr_new(NFT_X_SETREF, &begin);
	if (e)
		e->ref.name = p_name(p, "string");
	if (e)
		e->loc = p_span(p, &begin);
	p->sc = was;
	return e;
}

/* ---- elements ---- */

struct nft_expr *p_elem_options(struct nft_parser *p, struct nft_expr *key)
{
	struct nft_expr *e = key;
	uint64_t ms;

	while (p_kw(p, "timeout") || p_kw(p, "expires") || p_kw(p, "comment")) {
		bool timeout = p_kw(p, "timeout");
		struct nft_loc at = p_begin(p);

		if (e && e->kind != NFT_X_ELEM) {
			e = nft_expr_new(NFT_X_ELEM, &key->loc);
			if (!e)
				return key;
			e->elem.key = key;
		}
		if (p_take_kw(p, "comment")) {
			if (e && e->elem.comment)
				p_error(p, &at, "You can only specify this once. This statement is duplicated.");
			else if (e)
				e->elem.comment = p_comment(p);
			continue;
		}
		p_next(p);
		if (!p_time(p, &ms) || !e)
			break;
		if (timeout)
			e->elem.timeout_ms = ms ? ms : UINT64_MAX;
		else
			e->elem.expires_ms = ms ? ms : UINT64_MAX;
	}
	return e;
}

static bool is_elem_stmt(struct nft_parser *p)
{
	if (p_kw(p, "counter") || p_kw(p, "limit"))
		return true;
	return p_kw(p, "ct") && p_peek(p, 1)->len == 5 && !memcmp(p_peek(p, 1)->text, "count", 5);
}

/* counter, limit, ct count behind an element's key */
static struct nft_expr *elem_stmts(struct nft_parser *p, struct nft_expr *key)
{
	struct nft_expr *e;
	struct nft_stmt *s;

	if (!is_elem_stmt(p) || !key)
		return key;
	e = nft_expr_new(NFT_X_ELEM, &key->loc);
	if (!e)
		return key;
	e->elem.key = key;
	e->elem.stmts = mem_alloc(sizeof(*e->elem.stmts));
	if (!e->elem.stmts)
		return e;
	list_init(e->elem.stmts);
	while (is_elem_stmt(p)) {
		s = p_stateful(p);
		if (s)
			list_add_tail(e->elem.stmts, &s->node);
	}
	return e;
}

static struct nft_expr *map_value(struct nft_parser *p, bool vmap)
{
	struct nft_expr *v = p_verdict(p);

	if (v || p->failed)
		return v;
	if (vmap)
		p_unexpected(p, NULL);
	return right_concat(p);
}

/* @e, an element or its key, becomes one that maps to @v */
static struct nft_expr *map_elem(struct nft_expr *e, struct nft_expr *v)
{
	bool elem = e && e->kind == NFT_X_ELEM;
	struct nft_expr *key = elem ? e->elem.key : e, *m;

	m = nft_expr_bin(NFT_X_MAPPING, key ? &key->loc : NULL, NFT_OP_IMPLICIT, key, v);
	if (!elem)		/* without memory the key is gone */
		return m;
	e->elem.key = m;
	return e;
}

static struct nft_expr *element(struct nft_parser *p, bool vmap)
{
	struct nft_expr *e;

	if (p_take(p, TOK_STAR))
		e = nft_expr_new(NFT_X_WILDCARD, &p->last.loc);
	else
		e = right_concat(p);
	if (p_is(p, TOK_COMMA) || p_is(p, TOK_RBRACE))		/* the most, at a million elements */
		goto out;
	e = elem_stmts(p, e);
	e = p_elem_options(p, e);
	if (p_take(p, TOK_COLON))
		return map_elem(e, map_value(p, vmap));
out:
	if (vmap && !p->failed)
		p_unexpected(p, "colon");
	return e;
}

/* a set within a set, by a variable or in braces: its elements */
static void append_flat(struct nft_expr *set, struct nft_expr *e)
{
	if (!e || e->kind != NFT_X_SET) {
		nft_expr_append(set, e);
		return;
	}
	while (!list_empty(&e->set.list)) {
		struct nft_expr *m = list_first(&e->set.list, struct nft_expr, node);

		list_del(&m->node);
		nft_expr_append(set, m);
	}
	nft_expr_free(e);
}

struct nft_expr *p_set_expr(struct nft_parser *p, bool vmap)
{
	struct nft_loc begin = p_begin(p);
	struct nft_expr *set = nft_expr_new(NFT_X_SET, &begin);

	if (!set || !p_expect(p, TOK_LBRACE, "'{'") || !p_nest(p))
		return set;
	do {
		p_newline(p);
		if (set->set.n && (p_is(p, TOK_RBRACE) || p_is(p, TOK_COMMA)))
			continue;
		if (set->set.n && p_is(p, TOK_NEWLINE))
			p_unexpected(p, "comma or '}'");
		append_flat(set, p_is(p, TOK_LBRACE) && !vmap ? p_set_expr(p, false) : element(p, vmap));
		p_newline(p);
	} while (p_take(p, TOK_COMMA));
	p_expect(p, TOK_RBRACE, "comma or '}'");
	p->nest--;
	set->loc = p_span(p, &begin);
	return set;
}

struct nft_expr *p_elements(struct nft_parser *p)
{
	if (p_is(p, TOK_DOLLAR))
		return p_variable(p);
	if (p_is(p, TOK_LBRACE))
		return p_set_expr(p, false);
	p_unexpected(p, "'{' or '$'");
	return NULL;
}

/* ---- verdicts ---- */

struct nft_expr *p_verdict(struct nft_parser *p)
{
	static const struct { const char *word; enum nft_verdict v; } verdicts[] = {
		{ "accept", NFT_V_ACCEPT }, { "drop", NFT_V_DROP }, { "continue", NFT_V_CONTINUE },
		{ "return", NFT_V_RETURN }, { "jump", NFT_V_JUMP }, { "goto", NFT_V_GOTO },
	};
	struct nft_loc begin = p_begin(p);
	struct nft_expr *e;

	for (unsigned i = 0; i < ARRAY_LEN(verdicts); i++) {
		if (!p_take_kw(p, verdicts[i].word))
			continue;
		e = nft_expr_new(NFT_X_VERDICT, &begin);
		if (!e)
			return NULL;
		e->verdict.v = verdicts[i].v;
		if (verdicts[i].v == NFT_V_JUMP || verdicts[i].v == NFT_V_GOTO) {
			if (p_is_name(p) || p_is(p, TOK_DOLLAR))
				e->verdict.chain = p_primary(p, NFT_RIGHT);
			else
				p_unexpected(p, "string or '$'");
		}
		e->loc = p_span(p, &begin);
		return e;
	}
	return NULL;
}
