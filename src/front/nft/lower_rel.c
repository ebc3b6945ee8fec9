/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/lower_rel.c - nft's comparisons as match statements of the IR.
 *
 * Where it stands: on the rule's way, called by lower_stmt.c.
 *
 * Theory of operation: what stands on the right decides the shape: a set is looked up, a prefix is a mask and a
 * comparison, flags without an operator are a mask that must not be empty, ranges are the IR's own. A header field
 * that is less than whole bytes is not shifted: the constant is, so that it stays a comparison of a field.
 *
 * References: rules/ir.h; nft(8) EXPRESSIONS.
 */
#include <errno.h>
#include <string.h>

#include "front/nft/lower.h"

struct rel {
	struct lower *l;
	const struct nft_expr *e, *r;
	enum nft_op op;
	struct lval v;			/* the left side, owned until match() */
	unsigned len, shift;		/* constants are shifted left by this */
};

static void match(struct rel *x, enum ir_op op, struct ir_expr *rhs)
{
	ir_match(x->l->out, x->v.e, op, rhs);
	x->v.e = NULL;
}

static bool is_field(const struct ir_expr *e)
{
	if (e->kind == IR_BITWISE)
		return is_field(e->bit.a);
	return e->kind == IR_SHIFT ? is_field(e->shift.a) : e->kind == IR_FIELD;
}

static struct ir_expr *turned(struct ir_expr *a)
{
	struct ir_expr *e = mem_zalloc(sizeof(*e));

	if (!e) {
		ir_expr_free(a);
		return NULL;
	}
	e->kind = IR_SWAB;
	e->len = a->len;
	e->swab.a = a;
	e->swab.size = (uint8_t)a->len;
	return e;
}

/* orderings compare numbers: of a computed value only network order says so by itself */
static void as_number(struct rel *x)
{
	if (x->v.e && x->v.order == FIELD_ORDER_HOST && x->len > 1 && !is_field(x->v.e)) {
		x->v.e = turned(x->v.e);
		x->v.order = FIELD_ORDER_NET;
	}
}

static void shift_left(uint8_t *b, unsigned len, unsigned n, enum field_order order)
{
	for (; n; n--) {
		unsigned carry = 0;

		for (unsigned i = 0; i < len; i++) {
			uint8_t *p = order == FIELD_ORDER_NET ? &b[len - 1 - i] : &b[i];
			unsigned v = (unsigned)*p << 1 | carry;

			*p = (uint8_t)v;
			carry = v >> 8;
		}
	}
}

static bool constant(struct rel *x, const struct nft_expr *e, uint8_t *val)
{
	if (!lower_const(x->l, e, x->v.order, x->len, val))
		return false;
	shift_left(val, x->len, x->shift, x->v.order);
	return true;
}

/* ---- shapes ---- */

static void rel_set(struct lower *l, const struct nft_expr *e)
{
	struct ir_set *set = lower_set_of(l, e->bin.r, e->bin.l);
	struct ir_expr *key = set ? lower_key(l, e->bin.l, &set->desc) : NULL;
	struct ir_expr *rhs = key ? mem_zalloc(sizeof(*rhs)) : NULL;

	if (!rhs) {
		ir_expr_free(key);
		if (key)
			lower_no_memory(l);
		return;
	}
	rhs->kind = IR_SET;
	rhs->len = key->len;
	rhs->set.set = ir_set_get(set);
	ir_match(l->out, key, e->bin.op == NFT_OP_NEQ ? IR_NOT_IN : IR_IN, rhs);
}

/* (left & flags) != 0, or == 0 */
static void rel_flags(struct rel *x, const uint8_t *flags, bool none)
{
	static const uint8_t zero[LOWER_LEN_MAX];

	if (x->len > 16) {
		lower_refuse(x->l, &x->e->loc, -EOPNOTSUPP, "too long a value");
		return;
	}
	x->v.e = ir_bitwise(x->v.e, flags, NULL);
	match(x, none ? IR_EQ : IR_NE, ir_value(zero, x->len));
}

static bool flag_list(struct rel *x, uint8_t *flags)
{
	uint8_t one[LOWER_LEN_MAX];
	const struct nft_expr *p;

	memset(flags, 0, LOWER_LEN_MAX);
	list_for_each(p, &x->r->list.list, node) {
		if (!constant(x, p, one))
			return false;
		for (unsigned i = 0; i < x->len; i++)
			flags[i] |= one[i];
	}
	return true;
}

static void rel_list(struct rel *x)
{
	uint8_t flags[LOWER_LEN_MAX];

	if (!flag_list(x, flags))
		return;
	if (x->op == NFT_OP_EQ)
		match(x, IR_EQ, ir_value(flags, x->len));
	else
		rel_flags(x, flags, x->op == NFT_OP_NEQ || x->op == NFT_OP_NOT);
}

/* bytes [0, n) of a string */
static void rel_wildcard(struct rel *x)
{
	uint8_t mask[16] = { 0 }, val[LOWER_LEN_MAX];
	unsigned n = (unsigned)strnlen((const char *)x->r->value.bytes, lower_bytes(x->r->len_bits));

	if (!constant(x, x->r, val))
		return;
	memset(mask, 0xff, MIN(n, sizeof(mask)));
	x->v.e = ir_bitwise(x->v.e, mask, NULL);
	match(x, x->op == NFT_OP_NEQ ? IR_NE : IR_EQ, ir_value(val, x->len));
}

static const enum ir_op ops[] = {
	[NFT_OP_IMPLICIT] = IR_EQ, [NFT_OP_EQ] = IR_EQ, [NFT_OP_NEQ] = IR_NE, [NFT_OP_LT] = IR_LT,
	[NFT_OP_GT] = IR_GT, [NFT_OP_LE] = IR_LE, [NFT_OP_GE] = IR_GE,
};

static void rel_value(struct rel *x)
{
	uint8_t val[LOWER_LEN_MAX];
	bool flags = x->r->type && x->r->type->flags;

	if (x->r->value.is_string && x->r->value.wildcard) {
		rel_wildcard(x);
		return;
	}
	if (x->op >= NFT_OP_LT && x->op <= NFT_OP_GE)
		as_number(x);
	if (!x->v.e || !constant(x, x->r, val))
		return;
	if (x->op == NFT_OP_NOT || (x->op == NFT_OP_IMPLICIT && flags)) {
		rel_flags(x, val, x->op == NFT_OP_NOT);
		return;
	}
	if (x->op > NFT_OP_GE) {
		lower_refuse(x->l, &x->e->loc, -EINVAL, NULL);
		return;
	}
	match(x, ops[x->op], ir_value(val, x->len));
}

static void rel_range(struct rel *x)
{
	uint8_t lo[LOWER_LEN_MAX], hi[LOWER_LEN_MAX];

	as_number(x);
	if (!x->v.e || !lower_bounds(x->l, x->r, x->v.order, x->len, lo, hi))
		return;
	shift_left(lo, x->len, x->shift, x->v.order);
	shift_left(hi, x->len, x->shift, x->v.order);
	match(x, x->op == NFT_OP_NEQ ? IR_NOT_IN : IR_IN, ir_range(lo, hi, x->len));
}

/* a prefix is the bits in which its first and last value agree */
static void rel_prefix(struct rel *x)
{
	uint8_t lo[LOWER_LEN_MAX], hi[LOWER_LEN_MAX], mask[LOWER_LEN_MAX];

	if (x->len > 16 || (x->op >= NFT_OP_LT && x->op <= NFT_OP_GE)) {
		lower_refuse(x->l, &x->e->loc, -EOPNOTSUPP, NULL);
		return;
	}
	if (!lower_bounds(x->l, x->r, x->v.order, x->len, lo, hi))
		return;
	shift_left(lo, x->len, x->shift, x->v.order);
	shift_left(hi, x->len, x->shift, x->v.order);
	for (unsigned i = 0; i < x->len; i++)
		mask[i] = (uint8_t)~(lo[i] ^ hi[i]);
	x->v.e = ir_bitwise(x->v.e, mask, NULL);
	match(x, x->op == NFT_OP_NEQ ? IR_NE : IR_EQ, ir_value(lo, x->len));
}

static void rel_expr(struct rel *x)
{
	struct ir_expr *r = lower_as(x->l, x->r, x->v.order, x->len);

	if (!r)
		return;
	if (x->op > NFT_OP_GE) {
		ir_expr_free(r);
		lower_refuse(x->l, &x->e->loc, -EINVAL, NULL);
		return;
	}
	match(x, ops[x->op], r);
}

/* the left side: fields unshifted where the right side is a constant */
static bool left(struct rel *x)
{
	const struct nft_expr *a = x->e->bin.l;
	bool fixed = x->r->kind == NFT_X_VALUE || x->r->kind == NFT_X_RANGE || x->r->kind == NFT_X_LIST ||
		     x->r->kind == NFT_X_PREFIX;

	if (fixed && a->kind == NFT_X_PAYLOAD)
		x->v = lower_payload(x->l, a, &x->shift);
	else if (fixed && a->kind == NFT_X_EXTHDR)
		x->v = lower_exthdr(x->l, a, &x->shift);
	else
		x->v = lower_expr(x->l, a);
	x->len = x->v.e ? x->v.e->len : 0;
	if (x->v.e && x->len > LOWER_LEN_MAX)
		lower_refuse(x->l, &a->loc, -EOPNOTSUPP, "too long a value");
	return x->v.e && !x->l->err;
}

void lower_rel(struct lower *l, const struct nft_expr *e)
{
	struct rel x = { .l = l, .e = e, .r = e->bin.r, .op = e->bin.op };

	if (x.r->kind == NFT_X_SET || x.r->kind == NFT_X_SETREF) {
		rel_set(l, e);
		return;
	}
	if (left(&x)) {
		switch (x.r->kind) {
		case NFT_X_VALUE:
			rel_value(&x);
			break;
		case NFT_X_RANGE:
			rel_range(&x);
			break;
		case NFT_X_PREFIX:
			rel_prefix(&x);
			break;
		case NFT_X_LIST:
			rel_list(&x);
			break;
		default:
			rel_expr(&x);
			break;
		}
	}
	ir_expr_free(x.v.e);
	if (l->out->failed)
		lower_no_memory(l);
}
