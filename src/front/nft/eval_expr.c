/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/eval_expr.c - types of expressions, and constants in the length of their place.
 *
 * What stands on the left brings its type along; what stands on the right is read as that type. A word becomes a
 * constant by the type that is expected, a number takes the expected length or does not fit.
 *
 * References: nft(8) EXPRESSIONS.
 */
#include "front/nft/eval.h"

#include <string.h>

#include "base/mem.h"

bool nft_no_memory(struct nft_eval *v)
{
	v->x->oom = true;
	return false;
}

bool nft_is_const(const struct nft_expr *e)
{
	const struct nft_expr *p;

	switch (e->kind) {
	case NFT_X_VALUE:
	case NFT_X_VERDICT:
	case NFT_X_WILDCARD:
		return true;
	case NFT_X_PREFIX:
		return nft_is_const(e->prefix.a);
	case NFT_X_RANGE:
		return nft_is_const(e->bin.l) && nft_is_const(e->bin.r);
	case NFT_X_CONCAT:
		list_for_each(p, &e->list.list, node)
			if (!nft_is_const(p))
				return false;
		return true;
	default:
		return false;
	}
}

bool nft_is_flags(const struct nft_type *t)
{
	return t && t->flags;
}

bool nft_has_prefix(const struct nft_type *t)
{
	return t == &nft_type_ipaddr || t == &nft_type_ip6addr || t == &nft_type_mark || t == &nft_type_realm ||
	       t == &nft_type_devgroup;
}

void nft_ev_replace(struct nft_expr **e, struct nft_expr *by)
{
	struct nft_expr *old = *e;

	if (!list_empty(&old->node)) {
		list_add_before(&old->node, &by->node);
		list_del(&old->node);
	}
	*e = by;
	nft_expr_free(old);
}

int nft_bytes_cmp(const struct nft_expr *a, const struct nft_expr *b)
{
	unsigned na = (a->len_bits + 7) / 8, nb = (b->len_bits + 7) / 8, n = MAX(na, nb);

	for (unsigned i = 0; i < n; i++) {
		uint8_t x = i + na < n ? 0 : a->value.bytes[i + na - n], y = i + nb < n ? 0 : b->value.bytes[i + nb - n];

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

/* ---- constants ---- */

static unsigned used_bits(const struct nft_expr *e)
{
	unsigned n = (e->len_bits + 7) / 8;

	for (unsigned i = 0; i < n; i++)
		if (e->value.bytes[i])
			return (n - i) * 8 - (unsigned)__builtin_clz(e->value.bytes[i]) + 24;
	return 0;
}

static void too_big(struct nft_eval *v, const struct nft_expr *e, uint32_t bits)
{
	struct sbuf text = SBUF_INIT;
	uint8_t max[NFT_VALUE_MAX];
	unsigned n = (bits + 7) / 8;

	nft_number_print(e->value.bytes, (e->len_bits + 7) / 8, false, 0, &text);
	memset(max, 0xff, sizeof(max));
	if (bits % 8)
		max[0] = (uint8_t)(0xff >> (8 - bits % 8));
	sbuf_puts(&text, " exceeds valid range 0-");
	nft_number_print(max, n, false, 0, &text);
	nft_err(v->x, &e->loc, "Value %s", sbuf_str(&text));
	sbuf_free(&text);
}

bool nft_ev_resize(struct nft_eval *v, struct nft_expr *e, uint32_t bits)
{
	unsigned have = (e->len_bits + 7) / 8, need = (bits + 7) / 8;
	uint8_t *b;

	if (bits == 0 || bits == e->len_bits)
		return true;
	if (used_bits(e) > bits) {
		too_big(v, e, bits);
		return false;
	}
	b = mem_zalloc(MAX(need, 1u));
	if (!b)
		return nft_no_memory(v);
	for (unsigned i = 1; i <= MIN(have, need); i++)
		b[need - i] = e->value.bytes[have - i];
	mem_free(e->value.bytes);
	e->value.bytes = b;
	e->len_bits = bits;
	return true;
}

/* a string into the room it has: an unescaped asterisk at the end stands for anything */
static bool fit_string(struct nft_eval *v, struct nft_expr *e, uint32_t bits)
{
	unsigned n = (unsigned)strnlen((const char *)e->value.bytes, (e->len_bits + 7) / 8);
	uint8_t *b;

	if (bits == 0)
		bits = n * 8;
	if (n == 0) {
		nft_err(v->x, &e->loc, "Empty string is not allowed");
		return false;
	}
	if (n > bits / 8) {
		nft_err(v->x, &e->loc, "String exceeds maximum length of %u", bits / 8);
		return false;
	}
	b = mem_zalloc(bits / 8 + 1);
	if (!b)
		return nft_no_memory(v);
	memcpy(b, e->value.bytes, n);
	if (b[n - 1] == '*' && !e->value.wildcard) {
		if (n > 1 && b[n - 2] == '\\') {
			b[n - 2] = '*';
			b[n - 1] = 0;
		} else {
			b[n - 1] = 0;
			e->value.wildcard = true;
		}
	}
	mem_free(e->value.bytes);
	e->value.bytes = b;
	e->value.is_string = true;
	e->len_bits = bits;
	if (e->value.wildcard && b[0] == 0) {
		nft_err(v->x, &e->loc, "All-wildcard strings are not supported");
		return false;
	}
	return true;
}

/* not more than the left side can be */
static bool within(struct nft_eval *v, const struct nft_expr *e)
{
	uint64_t n = 0;

	for (unsigned i = 0; v->want_max && i < (e->len_bits + 7) / 8; i++)
		n = n << 8 | e->value.bytes[i];
	if (n <= v->want_max)
		return true;
	nft_err(v->x, &e->loc, "Value %llu exceeds valid range 0-%u", (unsigned long long)n, v->want_max);
	return false;
}

static bool ev_value(struct nft_eval *v, struct nft_expr *e)
{
	const struct nft_type *t = v->want ? v->want : e->type;

	if (!t || t == &nft_type_invalid)
		t = e->type = &nft_type_integer;
	if (!e->type || e->type == &nft_type_integer || e->type == &nft_type_string)
		e->type = t;
	if (nft_type_is(e->type, &nft_type_string) || e->value.is_string)
		return fit_string(v, e, v->want_bits);
	return nft_ev_resize(v, e, v->want_bits ? v->want_bits : e->type->bits) && within(v, e);
}

static bool ev_symbol(struct nft_eval *v, struct nft_expr **e)
{
	struct nft_expr *val;

	if (!v->want) {
		nft_err(v->x, &(*e)->loc, "No symbol type information");
		return false;
	}
	if (v->want->n_parts) {
		nft_err(v->x, &(*e)->loc, "invalid data type, expected %s", v->want->desc);
		return false;
	}
	if (v->want == &nft_type_invalid) {
		nft_err(v->x, &(*e)->loc, "Can't parse symbolic invalid expressions");
		return false;
	}
	val = nft_symbol_parse(v->x, v->want, *e);
	if (!val)
		return false;
	val->type = v->want;
	nft_ev_replace(e, val);
	return ev_value(v, *e);
}

/* ---- keys ---- */

static void typed(struct nft_expr *e, const struct nft_key *k)
{
	e->type = k->type;
	e->len_bits = k->bits;
}

static bool of_bridges(uint32_t key)
{
	return key == NFT_META_BRI_IIFNAME || key == NFT_META_BRI_OIFNAME || key == NFT_META_BRI_IIFPVID ||
	       key == NFT_META_BRI_IIFVPROTO;
}

static bool ev_meta(struct nft_eval *v, struct nft_expr *e)
{
	const struct nft_key *k = nft_meta_by_key(e->key);

	if (!k) {
		nft_err(v->x, &e->loc, "Could not process rule: Operation not supported");
		return false;
	}
	typed(e, k);
	if (of_bridges(e->key) && v->stmt && v->family != NFPROTO_BRIDGE) {
		nft_err(v->x, &e->loc, "Could not process rule: Operation not supported");
		return false;
	}
	if (e->key == NFT_META_NFPROTO && v->stmt && (v->family == NFPROTO_IPV4 || v->family == NFPROTO_IPV6 ||
						       v->family == NFPROTO_ARP)) {
		nft_err(v->x, &e->loc, "meta nfproto is only useful in the inet family");
		return false;
	}
	return true;
}

/* addresses of a connection have the type of the packet's network protocol, as far as that is known or said */
static bool ct_addr(struct nft_eval *v, struct nft_expr *e)
{
	const struct nft_proto *known = v->p.at[NFT_PAYLOAD_NETWORK_HEADER];
	bool src = e->ct.key == NFT_CT_SRC || e->ct.key == NFT_CT_SRC_IP || e->ct.key == NFT_CT_SRC_IP6;

	if (e->ct.l3 == NFPROTO_UNSPEC && known == &nft_proto_ip)
		e->ct.l3 = NFPROTO_IPV4;
	if (e->ct.l3 == NFPROTO_UNSPEC && known == &nft_proto_ip6)
		e->ct.l3 = NFPROTO_IPV6;
	if (e->ct.l3 == NFPROTO_UNSPEC) {
		nft_err(v->x, &e->loc, "cannot determine ip protocol version, use \"ip %s\" or \"ip6 %s\" instead",
			src ? "saddr" : "daddr", src ? "saddr" : "daddr");
		return false;
	}
	e->ct.derived = e->ct.key == NFT_CT_SRC || e->ct.key == NFT_CT_DST;
	if (e->ct.l3 == NFPROTO_IPV4)
		e->ct.key = src ? NFT_CT_SRC_IP : NFT_CT_DST_IP;
	else
		e->ct.key = src ? NFT_CT_SRC_IP6 : NFT_CT_DST_IP6;
	e->type = e->ct.l3 == NFPROTO_IPV4 ? &nft_type_ipaddr : &nft_type_ip6addr;
	e->len_bits = e->type->bits;
	if (known && known != (e->ct.l3 == NFPROTO_IPV4 ? &nft_proto_ip : &nft_proto_ip6)) {
		nft_err(v->x, &e->loc, "conflicting protocols specified: %s vs. %s", known->name,
			e->ct.l3 == NFPROTO_IPV4 ? "ip" : "ip6");
		return false;
	}
	return true;
}

bool nft_is_ct_addr(const struct nft_expr *e)
{
	if (e->kind != NFT_X_CT)
		return false;
	switch (e->ct.key) {
	case NFT_CT_SRC: case NFT_CT_DST: case NFT_CT_SRC_IP: case NFT_CT_DST_IP: case NFT_CT_SRC_IP6: case NFT_CT_DST_IP6:
		return true;
	default:
		return false;
	}
}

static bool ev_ct(struct nft_eval *v, struct nft_expr *e)
{
	const struct nft_key *k = nft_ct_by_key(e->ct.key);

	if (nft_is_ct_addr(e))
		return ct_addr(v, e);
	if (!k) {
		nft_err(v->x, &e->loc, "Could not process rule: Operation not supported");
		return false;
	}
	typed(e, k);
	if (e->ct.key == NFT_CT_PROTO_SRC || e->ct.key == NFT_CT_PROTO_DST) {
		const struct nft_proto *th = v->p.at[NFT_PAYLOAD_TRANSPORT_HEADER];

		if (th)
			e->type = &nft_type_inet_service;
	}
	/* the direction is not kept for what does not depend on it */
	if (e->ct.key == NFT_CT_L3PROTOCOL || e->ct.key == NFT_CT_PROTOCOL)
		e->ct.dir = -1;
	return true;
}

static bool ev_rt(struct nft_eval *v, struct nft_expr *e)
{
	const struct nft_proto *known = v->p.at[NFT_PAYLOAD_NETWORK_HEADER];
	const struct nft_key *k;

	if (e->key == NFT_RT_NEXTHOP4 && e->len_bits == 0) {	/* no family was written */
		if (known != &nft_proto_ip && known != &nft_proto_ip6) {
			nft_err(v->x, &e->loc,
				"cannot determine ip protocol version, use \"ip nexthop\" or \"ip6 nexthop\" instead");
			return false;
		}
		e->key = known == &nft_proto_ip ? NFT_RT_NEXTHOP4 : NFT_RT_NEXTHOP6;
	}
	k = nft_rt_by_key(e->key);
	if (!k)
		return false;
	typed(e, k);
	if ((e->key == NFT_RT_NEXTHOP4 && known == &nft_proto_ip6) || (e->key == NFT_RT_NEXTHOP6 && known == &nft_proto_ip)) {
		nft_err(v->x, &e->loc, "%s nexthop will not match", e->key == NFT_RT_NEXTHOP4 ? "ip" : "ip6");
		return false;
	}
	return true;
}

static bool ev_socket(struct nft_eval *v, struct nft_expr *e)
{
	const struct nft_key *k = nft_socket_by_key(e->keyed.key);

	if (!k)
		return false;
	typed(e, k);
	return true;
}

static bool ev_fib(struct nft_eval *v, struct nft_expr *e)
{
	switch (e->fib.result) {
	case NFT_FIB_RESULT_OIF:
		e->type = e->fib.flags & NFTA_FIB_F_PRESENT ? &nft_type_boolean : &nft_type_ifindex;
		e->len_bits = e->fib.flags & NFTA_FIB_F_PRESENT ? 8 : 32;
		return true;
	case NFT_FIB_RESULT_OIFNAME:
		e->type = e->fib.flags & NFTA_FIB_F_PRESENT ? &nft_type_boolean : &nft_type_ifname;
		e->len_bits = e->fib.flags & NFTA_FIB_F_PRESENT ? 8 : 128;
		return true;
	default:
		e->type = &nft_type_fib_addrtype;
		e->len_bits = 32;
		return true;
	}
}

static bool ev_ipsec(struct nft_eval *v, struct nft_expr *e)
{
	switch (e->ipsec.key) {
	case NFT_XFRM_KEY_SADDR_IP4:
	case NFT_XFRM_KEY_DADDR_IP4:
		e->type = &nft_type_ipaddr;
		break;
	case NFT_XFRM_KEY_SADDR_IP6:
	case NFT_XFRM_KEY_DADDR_IP6:
		e->type = &nft_type_ip6addr;
		break;
	default:
		e->type = &nft_type_integer;
		e->len_bits = 32;
		return true;
	}
	e->len_bits = e->type->bits;
	return true;
}

/* what was written by numbers and has a name; and addresses of routing headers are listed as segments */
static void name_exthdr(struct nft_expr *e)
{
	const struct nft_proto *p = e->exthdr.proto;
	int i;

	if (p && strcmp(p->name, "rt0") == 0 && !e->exthdr.exists) {
		p = nft_ext_find("srh");
		i = nft_field_at(p, e->exthdr.proto->fields[e->exthdr.field].offset_bits, 128);
		if (i >= 0) {
			e->exthdr.proto = p;
			e->exthdr.field = (unsigned)i;
		}
		return;
	}
	if (e->exthdr.exists)
		e->exthdr.instance = 0;		/* sack1 is there when sack is */
	if (e->exthdr.op != NFT_EXTHDR_OP_TCPOPT || p)
		return;
	p = nft_exthdr_by_id(e->exthdr.op, e->exthdr.type);
	if (!p)
		return;
	if (e->exthdr.exists) {
		e->exthdr.proto = p;
		e->exthdr.raw = false;
		return;
	}
	i = nft_field_at(p, e->exthdr.offset_bits, e->len_bits);
	if (i < 0)
		return;
	e->exthdr.proto = p;
	e->exthdr.field = (unsigned)i;
	e->exthdr.raw = false;
}

static bool ev_exthdr(struct nft_eval *v, struct nft_expr *e)
{
	const struct nft_proto *known = v->p.at[NFT_PAYLOAD_NETWORK_HEADER];
	const struct nft_proto *need = e->exthdr.op == NFT_EXTHDR_OP_IPV6 ? &nft_proto_ip6 :
				       e->exthdr.op == NFT_EXTHDR_OP_IPV4 ? &nft_proto_ip : NULL;

	if (need && known && known != need) {
		nft_err(v->x, &e->loc, "cannot use exthdr with %s", known->name);
		return false;
	}
	if (need && !known && v->stmt && !nft_ev_need_family(v, need, &e->loc))
		return false;
	name_exthdr(e);
	if (e->exthdr.exists) {
		e->type = &nft_type_boolean;
		e->len_bits = 8;
	} else if (e->exthdr.raw || !e->exthdr.proto) {
		e->type = &nft_type_integer;
	} else {
		const struct nft_field *f = &e->exthdr.proto->fields[e->exthdr.field];

		e->type = f->type;
		e->len_bits = f->len_bits;
		e->exthdr.offset_bits = f->offset_bits + (e->exthdr.instance ? e->exthdr.instance * 64u : 0);
	}
	return true;
}

static bool ev_gen(struct nft_eval *v, struct nft_expr *e)
{
	e->type = &nft_type_integer;
	e->len_bits = 32;
	if (e->kind == NFT_X_HASH && e->gen.of) {
		const struct nft_type *want = v->want;
		uint32_t bits = v->want_bits;
		bool ok = nft_ev_as(v, &e->gen.of, NULL, 0);

		v->want = want;
		v->want_bits = bits;
		return ok;
	}
	return true;
}

/* ---- concatenations ---- */

static bool concat_part(struct nft_eval *v, struct nft_expr **e, const struct nft_type *whole, const struct nft_expr *keys,
			unsigned i)
{
	uint32_t bits = 0;

	if (nft_is_ct_addr(*e) && (*e)->ct.l3 == NFPROTO_UNSPEC) {
		nft_err(v->x, &(*e)->loc, "specify either ip or ip6 for address matching");
		return false;
	}
	if (!whole || !whole->n_parts)
		return nft_ev_as(v, e, NULL, 0);
	if (keys && keys->kind == NFT_X_CONCAT) {
		const struct nft_expr *k;
		unsigned n = 0;

		list_for_each(k, &keys->list.list, node)
			if (n++ == i)
				bits = k->len_bits;
	}
	return nft_ev_as(v, e, whole->part[i], bits ? bits : whole->part[i]->bits);
}

/* written as a constant */
static bool is_text(const struct nft_expr *e)
{
	return e->kind == NFT_X_SYMBOL || e->kind == NFT_X_VALUE || e->kind == NFT_X_RANGE || e->kind == NFT_X_PREFIX;
}

static bool is_variable(const struct nft_type *t)
{
	return t == &nft_type_bitmask || t == &nft_type_invalid || t == &nft_type_string;
}

static uint32_t padded(uint32_t bits)
{
	return (bits + 31) / 32 * 32;
}

bool nft_ev_concat(struct nft_eval *v, struct nft_expr **e)
{
	const struct nft_type *whole = v->want, *part[16];
	uint32_t bits = v->want_bits, sum = 0;
	struct nft_expr *p, *next;
	unsigned n = 0;
	bool ok = true;

	if (whole && !whole->n_parts && !is_text(list_first(&(*e)->list.list, struct nft_expr, node)))
		v->want = whole = NULL;
	if (whole && !whole->n_parts) {
		nft_err(v->x, &list_first(&(*e)->list.list, struct nft_expr, node)->loc,
			"Can't parse symbolic invalid expressions");
		return false;
	}
	list_for_each_safe(p, next, &(*e)->list.list, node) {
		struct nft_expr *q = p;

		if (n == ARRAY_LEN(part) || (whole && n == whole->n_parts)) {
			if (v->key)
				nft_err_two(v->x, &(*e)->loc, &v->key->loc, "too many concatenation components");
			else
				nft_err(v->x, &(*e)->loc, "too many concatenation components");
			return false;
		}
		ok = concat_part(v, &q, whole, v->key, n);
		if (!ok)
			break;
		if (!whole && q->type && !q->type->bits && is_variable(q->type)) {
			nft_err_two(v->x, &q->loc, &(*e)->loc,
				    "can not use variable sized data types (%s) in concat expressions", q->type->name);
			ok = false;
			break;
		}
		part[n++] = q->type;
		sum += padded(q->len_bits);
	}
	v->want = whole;
	v->want_bits = bits;
	if (!ok)
		return false;
	if (whole && n < whole->n_parts) {
		nft_err(v->x, &(*e)->loc, "datatype mismatch, expected %s, expression has type %s", whole->desc,
			(*e)->type ? (*e)->type->desc : nft_type_concat(v->x, part, n)->desc);
		return false;
	}
	(*e)->type = whole ? whole : nft_type_concat(v->x, part, n);
	(*e)->len_bits = sum;
	return (*e)->type || nft_no_memory(v);
}

/* ---- verdicts ---- */

static bool ev_verdict(struct nft_eval *v, struct nft_expr *e)
{
	e->type = &nft_type_verdict;
	if ((e->verdict.v == NFT_V_JUMP || e->verdict.v == NFT_V_GOTO) && e->verdict.chain && !e->verdict.chain_name) {
		const struct nft_expr *c = e->verdict.chain;

		if (c->kind == NFT_X_SYMBOL)
			e->verdict.chain_name = mem_strdup(c->symbol.text);
		else if (c->kind == NFT_X_VALUE)
			e->verdict.chain_name = mem_strndup((const char *)c->value.bytes, (c->len_bits + 7) / 8);
		if (!e->verdict.chain_name) {
			nft_err(v->x, &c->loc, "invalid verdict chain expression %s", "value");
			return false;
		}
	}
	return true;
}

bool nft_ev_as(struct nft_eval *v, struct nft_expr **e, const struct nft_type *t, uint32_t bits)
{
	v->want = t;
	v->want_bits = bits;
	return nft_ev_expr(v, e);
}

bool nft_ev_expr(struct nft_eval *v, struct nft_expr **pe)
{
	struct nft_expr *e = *pe;

	switch (e->kind) {
	case NFT_X_VALUE: return ev_value(v, e);
	case NFT_X_SYMBOL: return ev_symbol(v, pe);
	case NFT_X_VERDICT: return ev_verdict(v, e);
	case NFT_X_PAYLOAD: return nft_ev_payload(v, e);
	case NFT_X_EXTHDR: return ev_exthdr(v, e);
	case NFT_X_META: return ev_meta(v, e);
	case NFT_X_CT: return ev_ct(v, e);
	case NFT_X_RT: return ev_rt(v, e);
	case NFT_X_FIB: return ev_fib(v, e);
	case NFT_X_SOCKET: return ev_socket(v, e);
	case NFT_X_OSF:
		e->type = &nft_type_string;
		e->len_bits = 128;
		return true;
	case NFT_X_IPSEC: return ev_ipsec(v, e);
	case NFT_X_NUMGEN:
	case NFT_X_HASH: return ev_gen(v, e);
	case NFT_X_BINOP:
	case NFT_X_UNARY: return nft_ev_binop(v, pe);
	case NFT_X_PREFIX: return nft_ev_prefix(v, pe);
	case NFT_X_RANGE: return nft_ev_range(v, pe);
	case NFT_X_CONCAT: return nft_ev_concat(v, pe);
	case NFT_X_LIST: return nft_ev_list(v, pe);
	case NFT_X_SET: return nft_ev_set(v, pe, v->key);
	case NFT_X_SETREF: return nft_ev_setref(v, e);
	case NFT_X_ELEM:
	case NFT_X_MAPPING: return nft_ev_elem_expr(v, pe);
	case NFT_X_MAP: return nft_ev_map(v, pe);
	case NFT_X_REL: return nft_ev_rel(v, pe);
	case NFT_X_WILDCARD:
		e->type = v->want;
		e->len_bits = v->want_bits;
		return true;
	default:
		nft_err(v->x, &e->loc, "Could not process rule: Operation not supported");
		return false;
	}
}
