/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/lower_expr.c - evaluated nft expressions as trees of the IR.
 *
 * Where it stands: on the rule's way, between eval.c and rules/compile.c.
 *
 * Theory of operation: an expression becomes a tree and the order in which its bytes stand (struct lval). What the
 * engine has a field for becomes that field, so that the index over chains can use it; other header fields become
 * loads of the bytes that cover them, masked and shifted. A constant has no order of its own: it is written in the
 * order and length of what it is compared with or put into.
 *
 * Invariants
 *  1. A number's tree has as many bytes as the bits of its expression need.
 *  2. Values in network order are padded in front, values in host order and strings behind.
 *
 * References: rules/ir.h, rules/field.h.
 */
#include <errno.h>
#include <string.h>

#include "front/nft/exec.h"
#include "front/nft/lower.h"

/* ---- refusals ---- */

bool lower_refuse(struct lower *l, const struct nft_loc *loc, int err, const char *why)
{
	if (!l->err) {
		l->err = err;
		if (why)
			nft_err(l->x, loc, "Could not process rule: %s (%s)", strerror(-err), why);
		else
			nft_err(l->x, loc, "Could not process rule: %s", strerror(-err));
		nft_move_refusal(l->x);
	}
	return false;
}

bool lower_no_memory(struct lower *l)
{
	l->x->oom = true;
	if (!l->err)
		l->err = -ENOMEM;
	return false;
}

static const struct lval failed;

static struct lval made(struct lower *l, struct ir_expr *e, enum field_order order)
{
	if (!e)
		lower_no_memory(l);
	return (struct lval){ e, order };
}

static struct lval of_field(struct lower *l, unsigned id)
{
	return made(l, ir_field(id), fields[id].order);
}

/* ---- constants ---- */

static void put_number(uint8_t *dst, unsigned len, const uint8_t *num, unsigned n, enum field_order order)
{
	memset(dst, 0, len);
	for (unsigned i = 0; i < n && i < len; i++) {
		if (order == FIELD_ORDER_NET)
			dst[len - 1 - i] = num[n - 1 - i];
		else
			dst[i] = num[n - 1 - i];
	}
}

/* parts of a concatenation, one after the other, each padded */
static bool const_concat(struct lower *l, const struct nft_expr *e, enum field_order order, unsigned len, uint8_t *dst)
{
	const struct nft_expr *p;
	unsigned at = 0;

	memset(dst, 0, len);
	list_for_each(p, &e->list.list, node) {
		unsigned n = lower_bytes(p->len_bits);

		if (at + lower_padded(n) > len || !lower_const(l, p, lower_order(l, p->type, NULL), n, dst + at))
			return lower_refuse(l, &e->loc, -EINVAL, NULL);
		at += lower_padded(n);
	}
	return true;
}

bool lower_const(struct lower *l, const struct nft_expr *e, enum field_order order, unsigned len, uint8_t *dst)
{
	unsigned n = lower_bytes(e->len_bits);

	if (e->kind == NFT_X_CONCAT)
		return const_concat(l, e, order, len, dst);
	if (e->kind != NFT_X_VALUE)
		return lower_refuse(l, &e->loc, -EOPNOTSUPP, "not a constant");
	if (e->value.is_string) {
		memset(dst, 0, len);
		memcpy(dst, e->value.bytes, MIN(n, len));
	} else {
		put_number(dst, len, e->value.bytes, n, order);
	}
	return true;
}

/* a mask of the first @n of @len bytes' bits, in network order */
static void prefix_mask(uint8_t *mask, unsigned len, unsigned n)
{
	memset(mask, 0, len);
	for (unsigned i = 0; i < len && n; i++) {
		unsigned k = MIN(n, 8u);

		mask[i] = (uint8_t)(0xff << (8 - k));
		n -= k;
	}
}

static void turn(uint8_t *b, unsigned len)
{
	for (unsigned i = 0; i < len / 2; i++) {
		uint8_t c = b[i];

		b[i] = b[len - 1 - i];
		b[len - 1 - i] = c;
	}
}

bool lower_bounds(struct lower *l, const struct nft_expr *e, enum field_order order, unsigned len, uint8_t *lo, uint8_t *hi)
{
	uint8_t mask[LOWER_LEN_MAX];

	if (e->kind == NFT_X_RANGE)
		return lower_const(l, e->bin.l, order, len, lo) && lower_const(l, e->bin.r, order, len, hi);
	if (e->kind == NFT_X_PREFIX) {
		if (!lower_const(l, e->prefix.a, order, len, lo))
			return false;
		prefix_mask(mask, len, e->prefix.len + 8 * len - MIN(8 * len, e->len_bits ? e->len_bits : 8 * len));
		if (order == FIELD_ORDER_HOST)
			turn(mask, len);
		for (unsigned i = 0; i < len; i++) {
			lo[i] &= mask[i];
			hi[i] = lo[i] | (uint8_t)~mask[i];
		}
		return true;
	}
	if (!lower_const(l, e, order, len, lo))
		return false;
	memcpy(hi, lo, len);
	if (e->kind == NFT_X_VALUE && e->value.wildcard) {
		unsigned n = (unsigned)strnlen((const char *)e->value.bytes, lower_bytes(e->len_bits));

		memset(hi + MIN(n, len), 0xff, len - MIN(n, len));
	}
	return true;
}

/* ---- order and length ---- */

static struct ir_expr *swab(struct ir_expr *a, unsigned size)
{
	struct ir_expr *e;

	if (!a || size <= 1)
		return a;
	e = mem_zalloc(sizeof(*e));
	if (!e) {
		ir_expr_free(a);
		return NULL;
	}
	e->kind = IR_SWAB;
	e->len = a->len;
	e->swab.a = a;
	e->swab.size = (uint8_t)size;
	return e;
}

/* a number in host order with zeros behind it, up to @len bytes (a multiple of four) */
static struct ir_expr *widen(struct ir_expr *a, unsigned len)
{
	static const uint8_t zeros[LOWER_LEN_MAX];
	struct ir_expr *part[2] = { a, NULL };
	unsigned have;

	if (!a)
		return NULL;
	have = lower_padded(a->len);
	if (have < len)
		part[1] = ir_value(zeros, len - have);
	return ir_concat(part, have < len ? 2 : 1);
}

static struct ir_expr *reshape(struct lower *l, const struct nft_expr *from, struct lval v, enum field_order order,
			       unsigned len)
{
	struct ir_expr *e = v.e;
	bool name = from->type && nft_type_is(from->type, &nft_type_string);	/* the same bytes in either order */

	if (!e)
		return NULL;
	if (e->len > len && e->kind == IR_FIELD && v.order == FIELD_ORDER_HOST)
		e->len = (uint16_t)len;		/* its low bytes */
	if (e->len == len && (v.order == order || len == 1 || name))
		return e;
	if (e->len > len || (e->len < len && len % 4)) {
		ir_expr_free(e);
		lower_refuse(l, &from->loc, -EOPNOTSUPP, "lengths of both sides differ");
		return NULL;
	}
	if (e->len < len) {
		if (v.order == FIELD_ORDER_NET)
			e = swab(e, e->len);
		e = widen(e, len);
		v.order = FIELD_ORDER_HOST;
	}
	if (v.order != order)
		e = swab(e, len);
	if (!e)
		lower_no_memory(l);
	return e;
}

struct ir_expr *lower_as(struct lower *l, const struct nft_expr *e, enum field_order order, unsigned len)
{
	uint8_t val[LOWER_LEN_MAX];
	struct ir_expr *v;

	if (e->kind != NFT_X_VALUE)
		return reshape(l, e, lower_expr(l, e), order, len);
	if (len > sizeof(val)) {
		lower_refuse(l, &e->loc, -EOPNOTSUPP, "too long a value");
		return NULL;
	}
	if (!lower_const(l, e, order, len, val))
		return NULL;
	v = ir_value(val, len);
	if (!v)
		lower_no_memory(l);
	return v;
}

/* ---- header fields ---- */

/* fields that the engine knows: of which header, where in it, and where in the engine's bytes */
static const struct known {
	const char *proto;
	uint16_t offset, bits;
	uint16_t field;
	uint16_t mask;			/* 0: all of it */
	uint8_t shift;
} known[] = {
	{ "ip", 8, 6, FIELD_IP_TOS, 0xfc, 2 },
	{ "ip", 14, 2, FIELD_IP_TOS, 0x03, 0 },
	{ "ip", 4, 4, FIELD_IP_IHL, 0, 0 },
	{ "ip", 16, 16, FIELD_IP_TOTLEN, 0, 0 },
	{ "ip", 32, 16, FIELD_IP_ID, 0, 0 },
	{ "ip", 48, 16, FIELD_IP_FRAG_OFF, 0, 0 },
	{ "ip", 64, 8, FIELD_IP_TTL, 0, 0 },
	{ "ip", 72, 8, FIELD_IP_PROTOCOL, 0, 0 },
	{ "ip", 96, 32, FIELD_IP_SADDR, 0, 0 },
	{ "ip", 128, 32, FIELD_IP_DADDR, 0, 0 },
	{ "ip6", 4, 6, FIELD_IP6_TCLASS, 0xfc, 2 },
	{ "ip6", 10, 2, FIELD_IP6_TCLASS, 0x03, 0 },
	{ "ip6", 32, 16, FIELD_IP6_LENGTH, 0, 0 },
	{ "ip6", 48, 8, FIELD_IP6_NEXTHDR, 0, 0 },
	{ "ip6", 56, 8, FIELD_IP6_HOPLIMIT, 0, 0 },
	{ "ip6", 64, 128, FIELD_IP6_SADDR, 0, 0 },
	{ "ip6", 192, 128, FIELD_IP6_DADDR, 0, 0 },
	{ "th", 0, 16, FIELD_TH_SPORT, 0, 0 },
	{ "th", 16, 16, FIELD_TH_DPORT, 0, 0 },
	{ "tcp", 0, 16, FIELD_TH_SPORT, 0, 0 },
	{ "tcp", 16, 16, FIELD_TH_DPORT, 0, 0 },
	{ "tcp", 32, 32, FIELD_TCP_SEQ, 0, 0 },
	{ "tcp", 96, 4, FIELD_TCP_DOFF, 0, 0 },
	{ "tcp", 104, 8, FIELD_TCP_FLAGS, 0, 0 },
	{ "tcp", 112, 16, FIELD_TCP_WINDOW, 0, 0 },
	{ "udp", 0, 16, FIELD_TH_SPORT, 0, 0 },
	{ "udp", 16, 16, FIELD_TH_DPORT, 0, 0 },
	{ "udplite", 0, 16, FIELD_TH_SPORT, 0, 0 },
	{ "udplite", 16, 16, FIELD_TH_DPORT, 0, 0 },
	{ "sctp", 0, 16, FIELD_TH_SPORT, 0, 0 },
	{ "sctp", 16, 16, FIELD_TH_DPORT, 0, 0 },
	{ "dccp", 0, 16, FIELD_TH_SPORT, 0, 0 },
	{ "dccp", 16, 16, FIELD_TH_DPORT, 0, 0 },
	{ "icmp", 0, 8, FIELD_ICMP_TYPE, 0, 0 },
	{ "icmp", 8, 8, FIELD_ICMP_CODE, 0, 0 },
	{ "icmpv6", 0, 8, FIELD_ICMPV6_TYPE, 0, 0 },
	{ "icmpv6", 8, 8, FIELD_ICMPV6_CODE, 0, 0 },
	{ "vlan", 0, 3, FIELD_VLAN_TCI, 0xe000, 13 },
	{ "vlan", 3, 1, FIELD_VLAN_TCI, 0x1000, 12 },
	{ "vlan", 4, 12, FIELD_VLAN_TCI, 0x0fff, 0 },
};

static const struct known *find_known(const struct nft_expr *e)
{
	const struct nft_proto *p = e->payload.proto;
	const struct nft_field *f;

	if (!p || e->payload.raw || !p->fields)
		return NULL;
	f = &p->fields[e->payload.field];
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].proto, p->name) == 0 && known[i].offset == f->offset_bits &&
		    known[i].bits == f->len_bits && f->len_bits == e->len_bits)
			return &known[i];
	return NULL;
}

/* keep @bits bits that have @shift bits to their right, of a tree in network order */
static struct ir_expr *masked(struct ir_expr *a, unsigned bits, unsigned shift)
{
	uint8_t mask[16] = { 0 };
	unsigned len;

	if (!a || a->len > sizeof(mask) || bits == 8u * a->len)
		return a;
	len = a->len;
	for (unsigned b = shift; b < shift + bits; b++)
		mask[len - 1 - b / 8] |= (uint8_t)(1 << b % 8);
	return ir_bitwise(a, mask, NULL);
}

/* bytes of the packet that cover bits [offset, offset + bits); masked */
static struct lval covering(struct lower *l, const struct nft_expr *e, struct ir_expr *load, uint32_t offset,
			    unsigned *shift)
{
	uint32_t first = offset / 8, end = lower_bytes(offset + e->len_bits);

	if (!load) {
		lower_no_memory(l);
		return failed;
	}
	if (end - first > LOWER_LEN_MAX || end == first) {
		ir_expr_free(load);
		lower_refuse(l, &e->loc, -EOPNOTSUPP, "too many bytes");
		return failed;
	}
	load->len = (uint16_t)(end - first);
	*shift = 8 * end - (offset + e->len_bits);
	return made(l, masked(load, e->len_bits, *shift), FIELD_ORDER_NET);
}

struct lval lower_payload(struct lower *l, const struct nft_expr *e, unsigned *shift)
{
	const struct known *k = find_known(e);
	struct ir_expr *load;
	struct lval v;
	uint8_t mask[2];

	*shift = 0;
	if (k) {
		v = of_field(l, k->field);
		if (k->mask) {
			mask[0] = (uint8_t)(v.e && v.e->len == 2 ? k->mask >> 8 : k->mask);
			mask[1] = (uint8_t)k->mask;
			v = made(l, ir_bitwise(v.e, mask, NULL), v.order);
		}
		*shift = k->shift;
		return v;
	}
	load = ir_field(FIELD_PAYLOAD);
	if (load) {
		load->f.arg[0] = e->payload.base;
		load->f.arg[1] = e->payload.offset_bits / 8;
	}
	return covering(l, e, load, e->payload.offset_bits, shift);
}

struct lval lower_exthdr(struct lower *l, const struct nft_expr *e, unsigned *shift)
{
	struct ir_expr *load = ir_field(FIELD_EXTHDR);

	*shift = 0;
	if (load) {
		load->f.arg[0] = e->exthdr.op;
		load->f.arg[1] = e->exthdr.type;
		load->f.arg[2] = e->exthdr.exists ? 0 : e->exthdr.offset_bits / 8;
		load->f.arg[3] = e->exthdr.exists;
	}
	if (!e->exthdr.exists)
		return covering(l, e, load, e->exthdr.offset_bits, shift);
	if (load)
		load->len = 1;
	return made(l, load, FIELD_ORDER_NET);
}

/* n bytes of a load that has n + 1: ((first n) << k) | ((last n) >> (8 - k)) */
static struct ir_expr *narrowed(struct ir_expr *a, unsigned bits, unsigned shift)
{
	struct ir_expr *load = a->kind == IR_BITWISE ? a->bit.a : a, *hi, *lo, *e;
	unsigned n = lower_bytes(bits);

	hi = ir_expr_clone(load);
	lo = ir_expr_clone(load);
	ir_expr_free(a);
	if (hi)
		hi->len = (uint16_t)n;
	if (lo) {
		lo->len = (uint16_t)n;
		lo->f.arg[lo->f.field == FIELD_EXTHDR ? 2 : 1]++;
	}
	hi = ir_shift(hi, 8 - (int)shift);
	lo = ir_shift(lo, -(int)shift);
	e = hi && lo ? mem_zalloc(sizeof(*e)) : NULL;
	if (!e) {
		ir_expr_free(hi);
		ir_expr_free(lo);
		return NULL;
	}
	e->kind = IR_BINOP;
	e->len = (uint16_t)n;
	e->bin.op = IR_OR;
	e->bin.a = hi;
	e->bin.b = lo;
	return masked(e, bits, 0);
}

/* of a number in network order that is small enough: the last byte, if one is enough */
static struct ir_expr *low_byte(struct ir_expr *a, unsigned len)
{
	static const uint8_t all[16] = { 0xff, 0xff };

	if (!a || len != 1 || a->len != 2)
		return a;
	a = ir_bitwise(swab(a, 2), all, NULL);
	if (a)
		a->len = 1;
	return a;
}

static struct lval shifted(struct lower *l, const struct nft_expr *e, struct lval v, unsigned shift)
{
	if (!v.e || (!shift && v.e->len == lower_bytes(e->len_bits)))
		return v;
	if (v.e->len <= lower_bytes(e->len_bits))
		return made(l, ir_shift(v.e, -(int)shift), v.order);
	if (v.e->kind == IR_BITWISE && v.e->bit.a->f.field != FIELD_PAYLOAD && v.e->bit.a->f.field != FIELD_EXTHDR) {
		return made(l, low_byte(ir_shift(v.e, -(int)shift), lower_bytes(e->len_bits)), v.order);
	}
	return made(l, narrowed(v.e, e->len_bits, shift), v.order);
}

/* ---- keys of meta, ct, rt, socket ---- */

static const struct { uint32_t key; uint16_t field; } meta_fields[] = {
	{ NFT_META_LEN, FIELD_META_LENGTH },
	{ NFT_META_PROTOCOL, FIELD_META_PROTOCOL },
	{ NFT_META_PRIORITY, FIELD_META_PRIORITY },
	{ NFT_META_MARK, FIELD_META_MARK },
	{ NFT_META_IIF, FIELD_META_IIF },
	{ NFT_META_OIF, FIELD_META_OIF },
	{ NFT_META_IIFNAME, FIELD_META_IIFNAME },
	{ NFT_META_OIFNAME, FIELD_META_OIFNAME },
	{ NFT_META_IIFTYPE, FIELD_META_IIFTYPE },
	{ NFT_META_OIFTYPE, FIELD_META_OIFTYPE },
	{ NFT_META_SKUID, FIELD_META_SKUID },
	{ NFT_META_SKGID, FIELD_META_SKGID },
	{ NFT_META_NFTRACE, FIELD_META_NFTRACE },
	{ NFT_META_RTCLASSID, FIELD_META_RTCLASSID },
	{ NFT_META_SECMARK, FIELD_META_SECMARK },
	{ NFT_META_NFPROTO, FIELD_META_NFPROTO },
	{ NFT_META_L4PROTO, FIELD_META_L4PROTO },
	{ NFT_META_BRI_IIFNAME, FIELD_META_BRI_IIFNAME },
	{ NFT_META_BRI_OIFNAME, FIELD_META_BRI_OIFNAME },
	{ NFT_META_PKTTYPE, FIELD_META_PKTTYPE },
	{ NFT_META_CPU, FIELD_META_CPU },
	{ NFT_META_IIFGROUP, FIELD_META_IIFGROUP },
	{ NFT_META_OIFGROUP, FIELD_META_OIFGROUP },
	{ NFT_META_CGROUP, FIELD_META_CGROUP },
	{ NFT_META_PRANDOM, FIELD_META_PRANDOM },
	{ NFT_META_SECPATH, FIELD_META_SECPATH },
	{ NFT_META_IIFKIND, FIELD_META_IIFKIND },
	{ NFT_META_OIFKIND, FIELD_META_OIFKIND },
	{ NFT_META_BRI_IIFPVID, FIELD_META_BRI_IIFPVID },
	{ NFT_META_BRI_IIFVPROTO, FIELD_META_BRI_IIFVPROTO },
	{ NFT_META_TIME_NS, FIELD_META_TIME_NS },
	{ NFT_META_TIME_DAY, FIELD_META_TIME_DAY },
	{ NFT_META_TIME_HOUR, FIELD_META_TIME_HOUR },
	{ NFT_META_SDIF, FIELD_META_SDIF },
	{ NFT_META_SDIFNAME, FIELD_META_SDIFNAME },
};

/* by direction: without one, original, reply; FIELD_MAX: there is none */
static const struct { uint32_t key; uint16_t field[3]; uint8_t l3; } ct_fields[] = {
	{ NFT_CT_STATE, { FIELD_CT_STATE, FIELD_MAX, FIELD_MAX }, 0 },
	{ NFT_CT_DIRECTION, { FIELD_CT_DIRECTION, FIELD_MAX, FIELD_MAX }, 0 },
	{ NFT_CT_STATUS, { FIELD_CT_STATUS, FIELD_MAX, FIELD_MAX }, 0 },
	{ NFT_CT_MARK, { FIELD_CT_MARK, FIELD_MAX, FIELD_MAX }, 0 },
	{ NFT_CT_SECMARK, { FIELD_CT_SECMARK, FIELD_MAX, FIELD_MAX }, 0 },
	{ NFT_CT_EXPIRATION, { FIELD_CT_EXPIRATION, FIELD_MAX, FIELD_MAX }, 0 },
	{ NFT_CT_HELPER, { FIELD_CT_HELPER, FIELD_MAX, FIELD_MAX }, 0 },
	{ NFT_CT_L3PROTOCOL, { FIELD_CT_L3PROTO, FIELD_CT_L3PROTO, FIELD_CT_L3PROTO }, 0 },
	{ NFT_CT_PROTOCOL, { FIELD_CT_PROTO, FIELD_CT_PROTO, FIELD_CT_PROTO }, 0 },
	{ NFT_CT_SRC, { FIELD_MAX, FIELD_CT_ORIG_SADDR, FIELD_CT_REPL_SADDR }, 0 },
	{ NFT_CT_DST, { FIELD_MAX, FIELD_CT_ORIG_DADDR, FIELD_CT_REPL_DADDR }, 0 },
	{ NFT_CT_SRC_IP, { FIELD_MAX, FIELD_CT_ORIG_SADDR, FIELD_CT_REPL_SADDR }, NFPROTO_IPV4 },
	{ NFT_CT_DST_IP, { FIELD_MAX, FIELD_CT_ORIG_DADDR, FIELD_CT_REPL_DADDR }, NFPROTO_IPV4 },
	{ NFT_CT_SRC_IP6, { FIELD_MAX, FIELD_CT_ORIG_SADDR, FIELD_CT_REPL_SADDR }, NFPROTO_IPV6 },
	{ NFT_CT_DST_IP6, { FIELD_MAX, FIELD_CT_ORIG_DADDR, FIELD_CT_REPL_DADDR }, NFPROTO_IPV6 },
	{ NFT_CT_PROTO_SRC, { FIELD_MAX, FIELD_CT_ORIG_SPORT, FIELD_CT_REPL_SPORT }, 0 },
	{ NFT_CT_PROTO_DST, { FIELD_MAX, FIELD_CT_ORIG_DPORT, FIELD_CT_REPL_DPORT }, 0 },
	{ NFT_CT_LABELS, { FIELD_CT_LABELS, FIELD_MAX, FIELD_MAX }, 0 },
	{ NFT_CT_PKTS, { FIELD_CT_PACKETS, FIELD_CT_PACKETS_ORIG, FIELD_CT_PACKETS_REPL }, 0 },
	{ NFT_CT_BYTES, { FIELD_CT_BYTES, FIELD_CT_BYTES_ORIG, FIELD_CT_BYTES_REPL }, 0 },
	{ NFT_CT_AVGPKT, { FIELD_CT_AVGPKT, FIELD_CT_AVGPKT_ORIG, FIELD_CT_AVGPKT_REPL }, 0 },
	{ NFT_CT_ZONE, { FIELD_CT_ZONE, FIELD_CT_ORIG_ZONE, FIELD_CT_REPL_ZONE }, 0 },
	{ NFT_CT_EVENTMASK, { FIELD_CT_EVENTMASK, FIELD_MAX, FIELD_MAX }, 0 },
	{ NFT_CT_ID, { FIELD_CT_ID, FIELD_MAX, FIELD_MAX }, 0 },
};

unsigned lower_meta_field(uint32_t key)
{
	for (size_t i = 0; i < ARRAY_LEN(meta_fields); i++)
		if (meta_fields[i].key == key)
			return meta_fields[i].field;
	return FIELD_MAX;
}

unsigned lower_ct_field(uint32_t key, int8_t dir)
{
	for (size_t i = 0; i < ARRAY_LEN(ct_fields); i++)
		if (ct_fields[i].key == key)
			return ct_fields[i].field[dir + 1];
	return FIELD_MAX;
}

static struct lval by_key(struct lower *l, const struct nft_expr *e, unsigned field, int err)
{
	if (field != FIELD_MAX)
		return of_field(l, field);
	lower_refuse(l, &e->loc, err, NULL);
	return failed;
}

/* addresses are 16 bytes wide in the engine, IPv4 in the first four: then the connection must be of that family */
static struct lval lower_ct_key(struct lower *l, const struct nft_expr *e)
{
	struct lval v = by_key(l, e, lower_ct_field(e->ct.key, e->ct.dir), -EINVAL);
	bool v4 = e->len_bits == 32 && v.e && v.e->len == 16;

	if (v4)
		v.e->len = 4;
	for (size_t i = 0; i < ARRAY_LEN(ct_fields); i++) {
		if (ct_fields[i].key != e->ct.key || !v.e || (!ct_fields[i].l3 && !v4))
			continue;
		ir_match_field(l->out, FIELD_CT_L3PROTO, false,
			       &(uint8_t){ v4 ? NFPROTO_IPV4 : ct_fields[i].l3 }, NULL);
	}
	return v;
}

static struct lval lower_ct(struct lower *l, const struct nft_expr *e)
{
	if (l->family == NFPROTO_NETDEV || l->family == NFPROTO_ARP) {	/* nothing tracks there */
		lower_refuse(l, &e->loc, l->family == NFPROTO_NETDEV ? -EPROTO : -EOPNOTSUPP, NULL);
		return failed;
	}
	return lower_ct_key(l, e);
}

static struct lval lower_rt(struct lower *l, const struct nft_expr *e)
{
	static const uint16_t rt[] = {
		[NFT_RT_CLASSID] = FIELD_RT_CLASSID, [NFT_RT_NEXTHOP4] = FIELD_RT_NEXTHOP4,
		[NFT_RT_NEXTHOP6] = FIELD_RT_NEXTHOP6, [NFT_RT_TCPMSS] = FIELD_RT_TCPMSS, [NFT_RT_XFRM] = FIELD_RT_IPSEC,
	};

	return by_key(l, e, e->key < ARRAY_LEN(rt) ? rt[e->key] : (unsigned)FIELD_MAX, -EOPNOTSUPP);
}

/* ---- operations ---- */

static bool is_const(const struct nft_expr *e)
{
	return e->kind == NFT_X_VALUE;
}

static struct lval lower_shift(struct lower *l, const struct nft_expr *e)
{
	struct lval v = lower_expr(l, e->bin.l);
	int n;

	if (!v.e)
		return failed;
	if (!is_const(e->bin.r)) {
		ir_expr_free(v.e);
		lower_refuse(l, &e->bin.r->loc, -EOPNOTSUPP, "shifts are by a constant");
		return failed;
	}
	n = (int)MIN(nft_expr_u64(e->bin.r), 64u);
	if (v.e->len > 8) {
		ir_expr_free(v.e);
		lower_refuse(l, &e->loc, -EOPNOTSUPP, "shifts are of numbers of up to 64 bits");
		return failed;
	}
	return made(l, ir_shift(v.e, e->bin.op == NFT_OP_LSHIFT ? n : -n), v.order);
}

/* a & c, a | c, a ^ c */
static struct lval lower_bitwise(struct lower *l, const struct nft_expr *e, struct lval v)
{
	uint8_t c[16], mask[16], xor[16];
	unsigned len = v.e->len;

	if (len > sizeof(c) || !lower_const(l, e->bin.r, v.order, len, c)) {
		ir_expr_free(v.e);
		lower_refuse(l, &e->loc, -EOPNOTSUPP, "too long a value");
		return failed;
	}
	for (unsigned i = 0; i < len; i++) {
		mask[i] = e->bin.op == NFT_OP_AND ? c[i] : e->bin.op == NFT_OP_OR ? (uint8_t)~c[i] : 0xff;
		xor[i] = e->bin.op == NFT_OP_AND ? 0 : c[i];
	}
	return made(l, ir_bitwise(v.e, mask, xor), v.order);
}

static struct lval lower_binop(struct lower *l, const struct nft_expr *e)
{
	struct ir_expr *b, *op;
	struct lval v;

	if (e->bin.op == NFT_OP_LSHIFT || e->bin.op == NFT_OP_RSHIFT)
		return lower_shift(l, e);
	v = lower_expr(l, e->bin.l);
	if (!v.e)
		return failed;
	if (is_const(e->bin.r))
		return lower_bitwise(l, e, v);
	b = lower_as(l, e->bin.r, v.order, v.e->len);
	op = b ? mem_zalloc(sizeof(*op)) : NULL;
	if (!op) {
		ir_expr_free(v.e);
		ir_expr_free(b);
		lower_no_memory(l);
		return failed;
	}
	op->kind = IR_BINOP;
	op->len = v.e->len;
	op->bin.op = e->bin.op == NFT_OP_AND ? IR_AND : e->bin.op == NFT_OP_OR ? IR_OR : IR_XOR;
	op->bin.a = v.e;
	op->bin.b = b;
	return made(l, op, v.order);
}

static struct lval lower_concat(struct lower *l, const struct nft_expr *e)
{
	struct ir_expr *part[SET_PARTS_MAX], *all;
	const struct nft_expr *p;
	unsigned n = 0;
	bool bad = false;

	list_for_each(p, &e->list.list, node) {
		if (n == SET_PARTS_MAX)
			break;
		part[n] = lower_as(l, p, lower_order(l, p->type, p), lower_bytes(p->len_bits));
		bad = bad || !part[n];
		n++;
	}
	if (bad) {
		for (unsigned i = 0; i < n; i++)
			ir_expr_free(part[i]);
		return failed;
	}
	all = ir_concat(part, n);
	if (!all && !l->err)
		lower_refuse(l, &e->loc, -EOPNOTSUPP, "too long a concatenation");
	return made(l, all, FIELD_ORDER_NET);
}

/* ---- keys and maps ---- */

struct ir_expr *lower_key(struct lower *l, const struct nft_expr *key, const struct set_desc *d)
{
	struct ir_expr *part[SET_PARTS_MAX], *all;
	const struct nft_expr *p;
	unsigned n = 0;
	bool bad = false;

	if (key->kind == NFT_X_ELEM)
		key = key->elem.key;
	if (key->kind != NFT_X_CONCAT) {
		if (d->n_parts == 1)
			return lower_as(l, key, d->part[0].order, d->part[0].len);
		return lower_expr(l, key).e;
	}
	list_for_each(p, &key->list.list, node) {
		if (n == d->n_parts)
			break;
		part[n] = lower_as(l, p, d->part[n].order, d->part[n].len);
		bad = bad || !part[n];
		n++;
	}
	if (bad || n != d->n_parts) {
		for (unsigned i = 0; i < n; i++)
			ir_expr_free(part[i]);
		if (!bad)
			lower_refuse(l, &key->loc, -EINVAL, NULL);
		return NULL;
	}
	all = ir_concat(part, n);
	if (!all)
		lower_no_memory(l);
	return all;
}

struct ir_expr *lower_map(struct lower *l, const struct nft_expr *map, enum field_order *order)
{
	struct ir_set *set = lower_set_of(l, map->bin.r, map->bin.l);
	struct ir_expr *key = set ? lower_key(l, map->bin.l, &set->desc) : NULL;
	struct ir_expr *e = key ? mem_zalloc(sizeof(*e)) : NULL;

	if (!e) {
		ir_expr_free(key);
		if (key)
			lower_no_memory(l);
		return NULL;
	}
	e->kind = IR_MAP;
	e->set.set = ir_set_get(set);
	e->set.key = key;
	if (set->desc.data == SET_DATA_VALUE)
		e->len = set->desc.data_len;
	*order = set->desc.data_order;
	return e;
}

/* ---- all of them ---- */

static struct lval lower_header(struct lower *l, const struct nft_expr *e)
{
	unsigned shift;
	struct lval v = e->kind == NFT_X_PAYLOAD ? lower_payload(l, e, &shift) : lower_exthdr(l, e, &shift);

	return shifted(l, e, v, shift);
}

struct lval lower_expr(struct lower *l, const struct nft_expr *e)
{
	enum field_order order = FIELD_ORDER_NET;
	struct ir_expr *ir;

	lower_where(l, e);
	switch (e->kind) {
	case NFT_X_VALUE:
		ir = lower_as(l, e, FIELD_ORDER_NET, lower_bytes(e->len_bits));
		return (struct lval){ ir, FIELD_ORDER_NET };
	case NFT_X_PAYLOAD: case NFT_X_EXTHDR:
		return lower_header(l, e);
	case NFT_X_META:
		return by_key(l, e, lower_meta_field(e->key), -EOPNOTSUPP);
	case NFT_X_CT:
		return lower_ct(l, e);
	case NFT_X_RT:
		return lower_rt(l, e);
	case NFT_X_BINOP:
		return lower_binop(l, e);
	case NFT_X_CONCAT:
		return lower_concat(l, e);
	case NFT_X_MAP:
		ir = lower_map(l, e, &order);
		return (struct lval){ ir, order };
	default:
		return lower_call(l, e);
	}
}
