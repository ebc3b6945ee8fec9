/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/eval_rel.c - comparisons and arithmetic: both sides' types, constants folded, the form that is listed.
 *
 * A comparison without an operator gets the one that its sides mean: "one of these flags" for flags, else equality,
 * which with a range, prefix or set on the right is "in". Chains of and, or, xor with constants are what the kernel
 * keeps of them, a mask and a pattern: (a & mask) ^ pattern, and are written back from that.
 *
 * References: nft(8) EXPRESSIONS, Bitwise.
 */
#include "front/nft/eval.h"

#include <string.h>

#include "base/mem.h"

const char *nft_op_text(enum nft_op op)
{
	static const char *const text[] = {
		[NFT_OP_IMPLICIT] = "", [NFT_OP_EQ] = "==", [NFT_OP_NEQ] = "!=", [NFT_OP_LT] = "<",
		[NFT_OP_GT] = ">", [NFT_OP_LE] = "<=", [NFT_OP_GE] = ">=", [NFT_OP_AND] = "&",
		[NFT_OP_OR] = "|", [NFT_OP_XOR] = "^", [NFT_OP_LSHIFT] = "<<", [NFT_OP_RSHIFT] = ">>",
		[NFT_OP_NOT] = "!",
	};

	return text[op];
}

/* ---- ranges, prefixes, lists of flags ---- */

bool nft_ev_range(struct nft_eval *v, struct nft_expr **pe)
{
	struct nft_expr *e = *pe;
	const struct nft_type *want = v->want;
	uint32_t bits = v->want_bits;

	if (!nft_ev_as(v, &e->bin.l, want, bits) || !nft_ev_as(v, &e->bin.r, want, bits))
		return false;
	e->type = e->bin.l->type;
	e->len_bits = e->bin.l->len_bits;
	if (e->bin.l->kind != NFT_X_VALUE || e->bin.r->kind != NFT_X_VALUE) {
		nft_err(v->x, &e->loc, "Range is not constant");
		return false;
	}
	if (nft_bytes_cmp(e->bin.l, e->bin.r) > 0) {
		/* around midnight, or the week's end: what is outside (turn_hours()) */
		if (e->type == &nft_type_time_hour || e->type == &nft_type_time_day)
			return true;
		nft_err(v->x, &e->loc, "Range has zero or negative size");
		return false;
	}
	return true;
}

static void clear_tail(uint8_t *b, unsigned n, unsigned keep)
{
	for (unsigned i = 0; i < n; i++, keep -= MIN(keep, 8u))
		if (keep < 8)
			b[i] &= (uint8_t)(0xff00 >> keep);
}

bool nft_ev_prefix(struct nft_eval *v, struct nft_expr **pe)
{
	struct nft_expr *e = *pe, *a;
	uint32_t bits;

	if (!nft_ev_as(v, &e->prefix.a, v->want, v->want_bits))
		return false;
	a = e->prefix.a;
	bits = a->len_bits;
	if (a->kind != NFT_X_VALUE || a->value.is_string) {
		nft_err(v->x, &e->loc, "Prefix expression is undefined for %s expressions", "non-constant");
		return false;
	}
	if (e->prefix.len > bits) {
		nft_err(v->x, &e->loc, "Prefix length %u is invalid for type of %u bits width", e->prefix.len, bits);
		return false;
	}
	e->type = a->type;
	e->len_bits = bits;
	clear_tail(a->value.bytes, (bits + 7) / 8, e->prefix.len + (8 - bits % 8) % 8);
	if (e->prefix.len == bits && !v->host_prefix) {
		e->prefix.a = NULL;
		nft_ev_replace(pe, a);
	}
	return true;
}

static struct nft_expr *bits_of(const struct nft_expr *a, const struct nft_expr *b, enum nft_op op)
{
	struct nft_expr *r = nft_expr_clone(a);

	for (unsigned i = 0; r && i < (a->len_bits + 7) / 8; i++) {
		uint8_t x = a->value.bytes[i], y = b->value.bytes[i];

		r->value.bytes[i] = op == NFT_OP_AND ? x & y : op == NFT_OP_OR ? x | y : x ^ y;
	}
	return r;
}

/* flags with commas between: one constant of them all */
bool nft_ev_list(struct nft_eval *v, struct nft_expr **pe)
{
	struct nft_expr *e = *pe, *p, *next, *sum = NULL;
	const struct nft_type *want = v->want;
	uint32_t bits = v->want_bits;

	list_for_each_safe(p, next, &e->list.list, node) {
		struct nft_expr *q = p, *r;

		if (!nft_ev_as(v, &q, want, bits))
			goto failed;
		if (!nft_is_flags(q->type) || q->kind != NFT_X_VALUE) {
			nft_err(v->x, &q->loc, "Basetype of type %s is not bitmask", q->type ? q->type->desc : "?");
			goto failed;
		}
		r = sum ? bits_of(sum, q, NFT_OP_OR) : nft_expr_clone(q);
		nft_expr_free(sum);
		sum = r;
		if (!sum)
			return nft_no_memory(v);
	}
	if (!sum)
		return false;
	sum->loc = e->loc;
	nft_ev_replace(pe, sum);
	return true;
failed:
	nft_expr_free(sum);
	return false;
}

/* ---- arithmetic ---- */

static void shift_bits(struct nft_expr *e, bool left, unsigned by)
{
	unsigned n = (e->len_bits + 7) / 8;
	uint8_t *b = e->value.bytes;

	for (; by; by--) {
		if (left) {
			for (unsigned i = 0; i < n; i++)
				b[i] = (uint8_t)(b[i] << 1 | (i + 1 < n ? b[i + 1] >> 7 : 0));
		} else {
			for (unsigned i = n; i-- > 0;)
				b[i] = (uint8_t)(b[i] >> 1 | (i ? b[i - 1] << 7 : 0));
		}
	}
	if (e->len_bits % 8)
		b[0] &= (uint8_t)(0xff >> (8 - e->len_bits % 8));
}

static bool ev_shift(struct nft_eval *v, struct nft_expr **pe)
{
	struct nft_expr *e = *pe, *l = e->bin.l;
	uint64_t by;

	if (!nft_ev_as(v, &e->bin.r, &nft_type_integer, 32))
		return false;
	if (e->bin.r->kind != NFT_X_VALUE) {
		nft_err_two(v->x, &e->bin.r->loc, &l->loc, "Right hand side of binary operation (%s) must be constant",
			    nft_op_text(e->bin.op));
		return false;
	}
	by = nft_expr_u64(e->bin.r);
	if (by > l->len_bits) {
		nft_err_two(v->x, &e->bin.r->loc, &l->loc, "%s shift of %llu bits is undefined for type of %u bits width",
			    e->bin.op == NFT_OP_LSHIFT ? "Left" : "Right", (unsigned long long)by, l->len_bits);
		return false;
	}
	e->type = l->type;
	e->len_bits = l->len_bits;
	if (l->kind == NFT_X_VALUE) {
		shift_bits(l, e->bin.op == NFT_OP_LSHIFT, (unsigned)by);
		e->bin.l = NULL;
		nft_ev_replace(pe, l);
	}
	return true;
}

static struct nft_expr *filled(const struct nft_expr *like, const struct nft_type *t, uint8_t with)
{
	unsigned n = (like->len_bits + 7) / 8;
	uint8_t b[NFT_VALUE_MAX];
	struct nft_expr *e;

	memset(b, with, sizeof(b));
	if (like->len_bits % 8)
		b[0] &= (uint8_t)(0xff >> (8 - like->len_bits % 8));
	e = n <= sizeof(b) ? nft_expr_value(&like->loc, t, b, like->len_bits) : NULL;
	return e;
}

static bool all_bytes(const struct nft_expr *e, const struct nft_expr *of)
{
	return memcmp(e->value.bytes, of->value.bytes, (e->len_bits + 7) / 8) == 0;
}

static bool is_bitop(const struct nft_expr *e)
{
	return e->kind == NFT_X_BINOP && (e->bin.op == NFT_OP_AND || e->bin.op == NFT_OP_OR || e->bin.op == NFT_OP_XOR) &&
	       e->bin.r->kind == NFT_X_VALUE;
}

/* (a & m) ^ x of a chain of operations with constants, from the innermost outwards */
static const struct nft_expr *chain_of(const struct nft_expr *e, struct nft_expr *m, struct nft_expr *x)
{
	const struct nft_expr *inner;

	if (!is_bitop(e) || e->bin.r->len_bits != m->len_bits)
		return e;
	inner = chain_of(e->bin.l, m, x);
	for (unsigned i = 0; i < (m->len_bits + 7) / 8; i++) {
		uint8_t c = e->bin.r->value.bytes[i];

		if (e->bin.op == NFT_OP_AND) {
			m->value.bytes[i] &= c;
			x->value.bytes[i] &= c;
		} else if (e->bin.op == NFT_OP_OR) {
			m->value.bytes[i] &= (uint8_t)~c;
			x->value.bytes[i] = (uint8_t)((x->value.bytes[i] & ~c) | c);
		} else {
			x->value.bytes[i] ^= c;
		}
	}
	return inner;
}

static struct nft_expr *apply(struct nft_expr *l, enum nft_op op, struct nft_expr *c)
{
	struct nft_expr *e;

	if (!l || !c) {
		nft_expr_free(l);
		nft_expr_free(c);
		return NULL;
	}
	e = nft_expr_bin(NFT_X_BINOP, &l->loc, op, l, c);
	if (e) {
		e->type = l->type;
		e->len_bits = l->len_bits;
	}
	return e;
}

/* & (m | (~m & x)), ^ (m & x), | (~m & x): each only where it does something */
static struct nft_expr *from_chain(const struct nft_expr *a, struct nft_expr *m, struct nft_expr *x)
{
	struct nft_expr *r = nft_expr_clone(a), *zero = filled(m, m->type, 0), *ones = filled(m, m->type, 0xff);
	struct nft_expr *o = nft_expr_clone(x);

	if (r && zero && ones && o) {
		for (unsigned i = 0; i < (m->len_bits + 7) / 8; i++) {
			o->value.bytes[i] = (uint8_t)(~m->value.bytes[i] & x->value.bytes[i] & ones->value.bytes[i]);
			x->value.bytes[i] &= m->value.bytes[i];
			m->value.bytes[i] |= o->value.bytes[i];
		}
		if (!all_bytes(m, ones))
			r = apply(r, NFT_OP_AND, nft_expr_clone(m));
		if (!all_bytes(x, zero))
			r = apply(r, NFT_OP_XOR, nft_expr_clone(x));
		if (!all_bytes(o, zero))
			r = apply(r, NFT_OP_OR, nft_expr_clone(o));
	}
	nft_expr_free(zero);
	nft_expr_free(ones);
	nft_expr_free(o);
	return r;
}

static bool normal_chain(struct nft_eval *v, struct nft_expr **pe)
{
	struct nft_expr *e = *pe, *m, *x, *r = NULL;
	const struct nft_expr *a;

	if (!is_bitop(e) || e->bin.r->len_bits > NFT_VALUE_MAX * 8)
		return true;
	m = filled(e->bin.r, e->type, 0xff);
	x = filled(e->bin.r, e->type, 0);
	if (m && x) {
		a = chain_of(e, m, x);
		r = from_chain(a, m, x);
	}
	nft_expr_free(m);
	nft_expr_free(x);
	if (!r)
		return nft_no_memory(v);
	r->loc = e->loc;
	nft_ev_replace(pe, r);
	return true;
}

static bool ev_unary(struct nft_eval *v, struct nft_expr **pe)
{
	struct nft_expr *l;

	if (!nft_ev_as(v, &(*pe)->bin.l, v->want, v->want_bits))
		return false;
	l = (*pe)->bin.l;
	if (l->kind != NFT_X_VALUE) {
		nft_err(v->x, &(*pe)->loc, "Could not process rule: Operation not supported");
		return false;
	}
	for (unsigned i = 0; i < (l->len_bits + 7) / 8; i++)
		l->value.bytes[i] = (uint8_t)~l->value.bytes[i];
	if (l->len_bits % 8)
		l->value.bytes[0] &= (uint8_t)(0xff >> (8 - l->len_bits % 8));
	(*pe)->bin.l = NULL;
	nft_ev_replace(pe, l);
	return true;
}

bool nft_ev_binop(struct nft_eval *v, struct nft_expr **pe)
{
	struct nft_expr *e = *pe, *r;
	const struct nft_type *want = v->want;
	uint32_t bits = v->want_bits;

	if (e->kind == NFT_X_UNARY)
		return ev_unary(v, pe);
	if (!nft_ev_as(v, &e->bin.l, want, bits))
		return false;
	if (!nft_type_is(e->bin.l->type, &nft_type_integer)) {
		nft_err_two(v->x, &e->bin.l->loc, &e->loc, "Binary operation (%s) is undefined for %s types",
			    nft_op_text(e->bin.op), e->bin.l->type ? e->bin.l->type->desc : "invalid");
		return false;
	}
	if (e->bin.op == NFT_OP_LSHIFT || e->bin.op == NFT_OP_RSHIFT)
		return ev_shift(v, pe);
	if (!nft_ev_as(v, &e->bin.r, e->bin.l->type, e->bin.l->len_bits))
		return false;
	if (e->bin.r->kind == NFT_X_PREFIX || e->bin.r->kind != NFT_X_VALUE) {
		nft_err_two(v->x, &e->bin.r->loc, &e->loc,
			    "Right hand side of binary operation (%s) must be constant", nft_op_text(e->bin.op));
		return false;
	}
	e->type = e->bin.l->type;
	e->len_bits = e->bin.l->len_bits;
	if (e->bin.l->kind != NFT_X_VALUE)
		return normal_chain(v, pe);
	r = bits_of(e->bin.l, e->bin.r, e->bin.op);
	if (!r)
		return nft_no_memory(v);
	r->loc = e->loc;
	nft_ev_replace(pe, r);
	return true;
}

/* ---- comparisons ---- */

bool nft_types_match(const struct nft_type *a, const struct nft_type *b)
{
	if (a == b || !a || !b)
		return true;
	if (a->n_parts || b->n_parts) {
		if (a->n_parts != b->n_parts)
			return false;
		for (unsigned i = 0; i < a->n_parts; i++)
			if (!nft_types_match(a->part[i], b->part[i]))
				return false;
		return true;
	}
	return a->name == b->name || (a == &nft_type_integer && b == &nft_type_xinteger) ||
	       (b == &nft_type_integer && a == &nft_type_xinteger);
}

static bool ordered(enum nft_op op)
{
	return op == NFT_OP_LT || op == NFT_OP_GT || op == NFT_OP_LE || op == NFT_OP_GE;
}

/* a & mask == value of types that have prefixes: the mask is one */
static bool mask_to_prefix(struct nft_eval *v, struct nft_expr *e)
{
	struct nft_expr *l = e->bin.l, *m, *p;
	unsigned n, len = 0, i;

	if (l->kind != NFT_X_BINOP || l->bin.op != NFT_OP_AND || e->bin.r->kind != NFT_X_VALUE || !nft_has_prefix(l->type) ||
	    ordered(e->bin.op))
		return true;
	m = l->bin.r;
	n = m->len_bits;
	while (len < n && m->value.bytes[len / 8] & 0x80 >> len % 8)
		len++;
	for (i = len; i < n; i++)
		if (m->value.bytes[i / 8] & 0x80 >> i % 8)
			return true;
	p = nft_expr_new(NFT_X_PREFIX, &e->bin.r->loc);
	if (!p)
		return nft_no_memory(v);
	p->type = l->type;
	p->len_bits = n;
	p->prefix.a = e->bin.r;
	p->prefix.len = len;
	e->bin.r = p;
	e->bin.l = l->bin.l;
	l->bin.l = NULL;
	nft_expr_free(l);
	return true;
}

static bool is_zero(const struct nft_expr *e)
{
	for (unsigned i = 0; i < (e->len_bits + 7) / 8; i++)
		if (e->value.bytes[i])
			return false;
	return true;
}

/* flags & mask != 0, == 0: one of these, none of these */
static void mask_to_flags(struct nft_expr *e)
{
	struct nft_expr *l = e->bin.l;

	if (!nft_is_flags(l->type) || l->kind != NFT_X_BINOP || l->bin.op != NFT_OP_AND || e->bin.r->kind != NFT_X_VALUE ||
	    !is_zero(e->bin.r) || (e->bin.op != NFT_OP_EQ && e->bin.op != NFT_OP_NEQ))
		return;
	e->bin.op = e->bin.op == NFT_OP_EQ ? NFT_OP_NOT : NFT_OP_IMPLICIT;
	nft_expr_free(e->bin.r);
	e->bin.r = l->bin.r;
	e->bin.l = l->bin.l;
	l->bin.l = l->bin.r = NULL;
	nft_expr_free(l);
}

/* a ^ x == c is a == c ^ x */
static bool move_xor(struct nft_eval *v, struct nft_expr *e)
{
	struct nft_expr *l = e->bin.l, *r;

	if (l->kind != NFT_X_BINOP || l->bin.op != NFT_OP_XOR || e->bin.r->kind != NFT_X_VALUE ||
	    l->bin.r->len_bits != e->bin.r->len_bits)
		return true;
	r = bits_of(e->bin.r, l->bin.r, NFT_OP_XOR);
	if (!r)
		return nft_no_memory(v);
	nft_expr_free(e->bin.r);
	e->bin.r = r;
	e->bin.l = l->bin.l;
	l->bin.l = NULL;
	nft_expr_free(l);
	return true;
}

static const char *kind_name(const struct nft_expr *e)
{
	switch (e->kind) {
	case NFT_X_RANGE: return "range";
	case NFT_X_SET: return "set";
	case NFT_X_SETREF: return "set reference";
	case NFT_X_PREFIX: return "prefix";
	case NFT_X_CONCAT: return "concat";
	case NFT_X_VERDICT: return "verdict";
	case NFT_X_MAP: return "map";
	case NFT_X_LIST: return "list";
	default: return "value";
	}
}

static bool set_fits(struct nft_eval *v, const struct nft_expr *e)
{
	const struct nft_set *d = e->bin.r->kind == NFT_X_SETREF ? e->bin.r->ref.desc : NULL;

	if (!d)
		return true;
	if (nft_types_match(e->bin.l->type, d->key_type))
		return true;
	nft_err_two(v->x, &e->bin.r->loc, &e->bin.l->loc, "datatype mismatch, expected %s, expression has type %s",
		    e->bin.l->type->desc, d->key_type ? d->key_type->desc : "?");
	return false;
}

/* hours around midnight, days around the week's end: all that those between are not */
static void turn_hours(struct nft_expr *e)
{
	struct nft_expr *r = e->bin.r, *l;

	if (r->kind != NFT_X_RANGE || (r->type != &nft_type_time_hour && r->type != &nft_type_time_day) ||
	    nft_bytes_cmp(r->bin.l, r->bin.r) <= 0)
		return;
	l = r->bin.l;
	r->bin.l = r->bin.r;
	r->bin.r = l;
	e->bin.op = e->bin.op == NFT_OP_NEQ ? NFT_OP_EQ : NFT_OP_NEQ;
}

static bool check_shape(struct nft_eval *v, struct nft_expr *e)
{
	struct nft_expr *l = e->bin.l, *r = e->bin.r;

	if (l->type && l->type->n_parts && (r->kind == NFT_X_CONCAT || r->kind == NFT_X_VALUE)) {
		nft_err_two(v->x, &l->loc, &r->loc, "Use concatenations with sets and maps, not singleton values");
		return false;
	}
	if (ordered(e->bin.op) && r->kind != NFT_X_VALUE) {
		nft_err_two(v->x, &r->loc, &e->loc, "Relational expression (%s) is undefined for %s expressions",
			    nft_op_text(e->bin.op), kind_name(r));
		return false;
	}
	if (l->kind == NFT_X_BINOP && (l->bin.op == NFT_OP_LSHIFT || l->bin.op == NFT_OP_RSHIFT) &&
	    l->type != &nft_type_integer) {
		nft_err_two(v->x, &r->loc, &l->loc, "datatype mismatch, expected %s, expression has type integer",
			    l->type->desc);
		return false;
	}
	if (l->kind == NFT_X_SOCKET && l->len_bits == 8 && r->kind == NFT_X_VALUE && nft_expr_u64(r) > 1) {
		nft_err(v->x, &r->loc, "Value %llu exceeds valid range 0-1", (unsigned long long)nft_expr_u64(r));
		return false;
	}
	if (l->kind == NFT_X_META && l->key == NFT_META_NFTRACE) {
		nft_err(v->x, &l->loc, "Could not process rule: Operation not supported");
		return false;
	}
	if (l->kind == NFT_X_META && l->key == NFT_META_SECMARK && r->kind == NFT_X_VALUE) {
		nft_err_two(v->x, &r->loc, &l->loc, "Cannot be used with right hand side constant value");
		return false;
	}
	if (l->kind == NFT_X_CT && l->ct.key == NFT_CT_SECMARK && r->kind == NFT_X_VALUE) {
		nft_err_two(v->x, &r->loc, &l->loc, "Cannot be used with right hand side constant value");
		return false;
	}
	return true;
}

/* numbers drawn from so many */
static uint32_t largest(const struct nft_expr *e)
{
	while (e->kind == NFT_X_BINOP)
		e = e->bin.l;
	return e->kind == NFT_X_NUMGEN || e->kind == NFT_X_HASH ? e->gen.mod - 1 + e->gen.offset : 0;
}

static bool right_side(struct nft_eval *v, struct nft_expr *e)
{
	const struct nft_expr *key = v->key;
	bool ok;

	v->key = e->bin.l;
	v->want_max = largest(e->bin.l);
	ok = nft_ev_as(v, &e->bin.r, e->bin.l->type, e->bin.l->len_bits);
	v->key = key;
	v->want_max = 0;
	return ok;
}

/* a prefix of a type that has none: only the mask is left, but for whole bytes of a header */
static bool prefix_to_mask(struct nft_eval *v, struct nft_expr *e)
{
	struct nft_expr *p = e->bin.r, *m, *l;

	if (p->kind != NFT_X_PREFIX || nft_has_prefix(p->type) || (p->prefix.len && p->prefix.len % 8 == 0 &&
								    e->bin.l->kind == NFT_X_PAYLOAD))
		return true;
	m = filled(p->prefix.a, p->type, 0xff);
	if (!m)
		return nft_no_memory(v);
	clear_tail(m->value.bytes, (m->len_bits + 7) / 8, p->prefix.len + (8 - m->len_bits % 8) % 8);
	l = apply(e->bin.l, NFT_OP_AND, m);
	e->bin.l = NULL;
	if (!l)
		return nft_no_memory(v);
	e->bin.l = l;
	e->bin.r = p->prefix.a;
	p->prefix.a = NULL;
	nft_expr_free(p);
	return true;
}

/* `fib saddr oif exists`: not which, but whether */
static void asks_presence(struct nft_expr *e)
{
	struct nft_expr *l = e->bin.l;

	if (l->kind != NFT_X_FIB || l->fib.result == NFT_FIB_RESULT_ADDRTYPE || e->bin.r->kind != NFT_X_VALUE ||
	    e->bin.r->type != &nft_type_boolean)
		return;
	l->fib.flags |= NFTA_FIB_F_PRESENT;
	l->type = &nft_type_boolean;
	l->len_bits = 8;
}

bool nft_ev_rel(struct nft_eval *v, struct nft_expr **pe)
{
	struct nft_expr *e = *pe;

	if (!nft_ev_as(v, &e->bin.l, NULL, 0)) {
		if (nft_is_ct_addr(e->bin.l) && !e->bin.l->type && e->bin.r->kind == NFT_X_SYMBOL)
			nft_err(v->x, &e->bin.r->loc, "Can't parse symbolic invalid expressions");
		return false;
	}
	asks_presence(e);
	if (e->bin.l->kind == NFT_X_EXTHDR && e->bin.l->type == &nft_type_invalid) {
		const struct nft_expr *r = e->bin.r;

		if (r->kind == NFT_X_SET && !list_empty(&r->set.list))
			r = list_first(&r->set.list, struct nft_expr, node);
		nft_err(v->x, &r->loc, "No symbol type information");
		return false;
	}
	if (!right_side(v, e))
		return false;
	e->type = &nft_type_boolean;
	e->len_bits = 1;
	if (!set_fits(v, e) || !check_shape(v, e))
		return false;
	if (e->bin.r->kind != NFT_X_SETREF && e->bin.r->kind != NFT_X_SET && !nft_types_match(e->bin.l->type, e->bin.r->type)) {
		nft_err_two(v->x, &e->bin.r->loc, &e->bin.l->loc, "datatype mismatch, expected %s, expression has type %s",
			    e->bin.l->type->desc, e->bin.r->type->desc);
		return false;
	}
	if (e->bin.op == NFT_OP_IMPLICIT && (!nft_is_flags(e->bin.l->type) || e->bin.r->kind != NFT_X_VALUE ||
					     e->bin.l->kind == NFT_X_BINOP))
		e->bin.op = NFT_OP_EQ;
	turn_hours(e);
	if (!move_xor(v, e))
		return false;
	mask_to_flags(e);
	if (!prefix_to_mask(v, e))
		return false;
	return mask_to_prefix(v, e);
}
