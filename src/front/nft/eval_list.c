/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/eval_list.c - a rule in the form in which the real tool lists it.
 *
 * The real tool makes bytecode of a rule and reads the listing back from that. Nothing else is kept, so some of what
 * was written cannot be seen there: which matches were added as dependencies, in which order neighbouring fields were
 * compared that one load covers. Here the same is done to the tree:
 *
 *  1. Comparisons with constants of fields that lie side by side are one load: they stand together, in the order of
 *     the header, where the first of them stood, or where that stood which says what header follows.
 *  2. Raw loads of places that have a name are those fields.
 *  3. A match that says which header follows is not listed when a field of that header comes later, with only other
 *     matches between: it goes without saying. It stays where it says more than the field does: `ip protocol` and `ip6
 *     nexthdr` in tables of several families also say which of these it is.
 *
 * Invariants
 *  1. What is not listed is still there, flagged.
 */
#include "front/nft/eval.h"

#include <stdlib.h>
#include <string.h>

#include <linux/if_ether.h>

#include "base/mem.h"

#define LL NFT_PAYLOAD_LL_HEADER
#define NH NFT_PAYLOAD_NETWORK_HEADER
#define TH NFT_PAYLOAD_TRANSPORT_HEADER

/* ---- loads that become one ---- */

#define RUN_MAX 32

static bool can_merge(const struct nft_stmt *s)
{
	const struct nft_expr *e = s->expr, *l;

	if (s->kind != NFT_S_MATCH || e->kind != NFT_X_REL || e->bin.op != NFT_OP_EQ || e->bin.r->kind != NFT_X_VALUE)
		return false;
	l = e->bin.l;
	return l->kind == NFT_X_PAYLOAD && l->payload.offset_bits % 8 == 0 && l->len_bits % 8 == 0;
}

static int place_cmp(const void *a, const void *b)
{
	const struct nft_expr *x = (*(struct nft_stmt *const *)a)->expr->bin.l, *y = (*(struct nft_stmt *const *)b)->expr->bin.l;

	if (x->payload.base != y->payload.base)
		return x->payload.base < y->payload.base ? -1 : 1;
	return x->payload.offset_bits < y->payload.offset_bits ? -1 : x->payload.offset_bits > y->payload.offset_bits;
}

/* one load instead of two is worth it up to a register, or where a load is slow anyway */
static bool worth(const struct nft_expr *last, uint32_t begin, uint32_t bits, const struct nft_expr *next)
{
	uint32_t sum = bits + next->len_bits;

	if (last->payload.base != next->payload.base || begin + bits != next->payload.offset_bits || sum > 128)
		return false;
	return sum <= 32 || bits > 32 || next->len_bits > 32 || (last->payload.base == LL && bits < 32);
}

/* @next joins the fields [@group, @group + @n): where it stands if it says which header follows, or else where they do */
static void join(struct nft_stmt **group, unsigned n, struct nft_stmt *next)
{
	unsigned layer;

	if (nft_rel_is_protocol(next->expr->bin.l, &layer)) {
		for (unsigned i = 0; i < n; i++) {
			list_del(&group[i]->node);
			list_add_before(&next->node, &group[i]->node);
		}
		return;
	}
	list_del(&next->node);
	list_add_head(&group[n - 1]->node, &next->node);
}

static void merge_run(struct nft_stmt **s, unsigned n)
{
	uint32_t bits, begin;
	unsigned at;

	qsort(s, n, sizeof(*s), place_cmp);
	for (unsigned i = 0; i < n; i++) {
		at = i;
		begin = s[i]->expr->bin.l->payload.offset_bits;
		bits = s[i]->expr->bin.l->len_bits;
		while (i + 1 < n && worth(s[at]->expr->bin.l, begin, bits, s[i + 1]->expr->bin.l)) {
			bits += s[++i]->expr->bin.l->len_bits;
			join(s + at, i - at, s[i]);
		}
	}
}

static void merge_loads(struct list *stmts)
{
	struct nft_stmt *run[RUN_MAX], *s;
	unsigned n = 0;

	list_for_each(s, stmts, node)
		if (n < RUN_MAX && can_merge(s))
			run[n++] = s;
	if (n > 1)
		merge_run(run, n);
}

/* ---- what goes without saying ---- */

struct lister {
	struct nft_eval *v;
	struct nft_protos p;
	struct nft_stmt *dep[NFT_LAYERS];	/* says that the layer's header is there */
	struct nft_stmt *icmp_type;
	uint64_t icmp_value;
	bool constant;				/* what is looked at is compared with one value */
};

static bool several(const struct lister *l)
{
	return l->v->family == NFPROTO_INET || l->v->family == NFPROTO_BRIDGE || l->v->family == NFPROTO_NETDEV;
}

static void hide(struct lister *l, unsigned layer)
{
	if (l->dep[layer])
		l->dep[layer]->implied = true;
	l->dep[layer] = NULL;
}

static bool may_hide(const struct lister *l, const struct nft_expr *e)
{
	const struct nft_stmt *d = l->dep[e->payload.base];
	const struct nft_expr *left = d->expr->bin.l;
	unsigned layer;

	if (several(l) && e->payload.base == TH && left->kind == NFT_X_PAYLOAD && left->payload.base == NH)
		return false;
	/* a VLAN of another kind than the usual, one within another, or one of which only the type is looked at */
	if (e->payload.base == LL && left->kind == NFT_X_PAYLOAD)
		return nft_expr_u64(d->expr->bin.r) == ETH_P_8021Q && left->payload.proto != &nft_proto_vlan &&
		       e->payload.proto == &nft_proto_vlan && !(several(l) && l->constant && nft_rel_is_protocol(e, &layer));
	return true;
}

/* th is whichever header is known to be there */
static void name_th(struct lister *l, struct nft_expr *e)
{
	const struct nft_proto *p = l->p.at[TH];
	int i;

	if (e->payload.raw) {
		nft_name_raw(&l->p, e);
		return;
	}
	if (e->payload.proto != &nft_proto_th || !p)
		return;
	i = nft_field_at(p, e->payload.offset_bits, e->len_bits);
	if (i < 0)
		return;
	e->payload.proto = p;
	e->payload.field = (unsigned)i;
}

static void see_icmp(struct lister *l, const struct nft_expr *e)
{
	uint8_t values[2];

	if (e->payload.raw || !e->payload.proto || !l->icmp_type)
		return;
	if (nft_dep_values(e->payload.proto, e->payload.proto->fields[e->payload.field].dep, values) != 1)
		return;
	if (values[0] == l->icmp_value)
		l->icmp_type->implied = true;
	l->icmp_type = NULL;
}

static void see_payload(struct lister *l, struct nft_expr *e)
{
	name_th(l, e);
	if (e->payload.base >= NFT_LAYERS)
		return;
	if (l->dep[e->payload.base] && may_hide(l, e))
		hide(l, e->payload.base);
	see_icmp(l, e);
}

/* the family goes without saying where the transport protocol is of that family only, or the table is */
static void see_l4proto(struct lister *l, const struct nft_expr *r)
{
	const struct nft_stmt *d = l->dep[NH];
	const struct nft_proto *nh = l->p.at[NH];
	uint64_t v;

	if (!d)
		return;
	if (!several(l)) {
		hide(l, NH);
		return;
	}
	if (!r || r->kind != NFT_X_VALUE)
		return;
	v = nft_expr_u64(r);
	if ((nh == &nft_proto_ip && v == IPPROTO_ICMP) || (nh == &nft_proto_ip6 && v == IPPROTO_ICMPV6))
		hide(l, NH);
}

/* a calculation with a field of less than whole bytes: is listed with the bytes, which have no name */
static bool bits_only(const struct nft_expr *e)
{
	return e->kind == NFT_X_PAYLOAD && (e->payload.offset_bits % 8 || e->len_bits % 8);
}

static void see(struct lister *l, struct nft_expr *e)
{
	struct nft_expr *p;

	if (!e)
		return;
	switch (e->kind) {
	case NFT_X_PAYLOAD:
		see_payload(l, e);
		break;
	case NFT_X_EXTHDR:
		if (e->exthdr.op == NFT_EXTHDR_OP_IPV6 || e->exthdr.op == NFT_EXTHDR_OP_IPV4)
			hide(l, NH);
		else
			hide(l, TH);
		break;
	case NFT_X_CT:
		if (nft_is_ct_addr(e) && e->ct.derived)
			hide(l, NH);
		break;
	case NFT_X_HASH:
		see(l, e->gen.of);
		break;
	case NFT_X_BINOP:
		if (!bits_only(e->bin.l))
			see(l, e->bin.l);
		break;
	case NFT_X_UNARY:
	case NFT_X_MAP:
		see(l, e->bin.l);
		break;
	case NFT_X_ELEM:
		see(l, e->elem.key);
		break;
	case NFT_X_CONCAT:
	case NFT_X_LIST:
		list_for_each(p, &e->list.list, node)
			see(l, p);
		break;
	default:
		break;
	}
}

static bool is_icmp_type(const struct nft_expr *l)
{
	return l->kind == NFT_X_PAYLOAD && (l->payload.proto == &nft_proto_icmp || l->payload.proto == &nft_proto_icmpv6) &&
	       l->payload.offset_bits == 0 && l->len_bits == 8;
}

/* raw bytes of which a mask leaves what is a field: that field */
static void name_masked(struct lister *l, struct nft_expr *e)
{
	struct nft_expr *b = e->bin.l, *load, *m, *r = e->bin.r;
	uint32_t first = 0, n = 0, bits;
	const struct nft_proto *p;
	int i;

	if (b->kind != NFT_X_BINOP || b->bin.op != NFT_OP_AND || b->bin.r->kind != NFT_X_VALUE || r->kind != NFT_X_VALUE ||
	    b->bin.l->kind != NFT_X_PAYLOAD || !b->bin.l->payload.raw || b->bin.l->payload.base >= NFT_LAYERS)
		return;
	load = b->bin.l;
	m = b->bin.r;
	bits = load->len_bits;
	p = l->p.at[load->payload.base];
	if (!p || bits % 8 || bits > 64 || m->len_bits != bits || r->len_bits != bits || load->payload.offset_bits < p->skip_bits)
		return;
	for (uint64_t v = nft_expr_u64(m), bit = 1ull << (bits - 1); bit && !(v & bit); bit >>= 1)
		first++;
	n = (uint32_t)__builtin_popcountll(nft_expr_u64(m));
	i = n ? nft_field_at(p, load->payload.offset_bits - p->skip_bits + first, n) : -1;
	if (i < 0 || n == bits || nft_expr_u64(r) & ~nft_expr_u64(m) ||
	    nft_expr_u64(m) != ((1ull << n) - 1) << (bits - first - n))
		return;
	m = nft_expr_num(&r->loc, p->fields[i].type, nft_expr_u64(r) >> (bits - first - n), n);
	if (!m)
		return;
	nft_ev_replace(&e->bin.r, m);
	load->payload.raw = false;
	load->payload.proto = p;
	load->payload.field = (unsigned)i;
	load->payload.offset_bits += first;
	load->len_bits = n;
	load->type = p->fields[i].type;
	b->bin.l = NULL;
	nft_ev_replace(&e->bin.l, load);
}

/* the constants beside a raw load that has got a name are of that field's type */
static void named_binop(struct nft_expr *e)
{
	struct nft_expr *b = e->bin.l;

	if (b->kind != NFT_X_BINOP || b->bin.l->kind != NFT_X_PAYLOAD || b->type != &nft_type_xinteger)
		return;
	b->type = b->bin.r->type = b->bin.l->type;
	if (e->bin.r->kind == NFT_X_VALUE)
		e->bin.r->type = b->type;
}

static void see_rel(struct lister *l, struct nft_stmt *s)
{
	struct nft_expr *e = s->expr;
	bool one = e->bin.op == NFT_OP_EQ && e->bin.r->kind == NFT_X_VALUE;
	unsigned layer;

	name_masked(l, e);
	l->constant = e->bin.r->kind == NFT_X_VALUE;
	see(l, e->bin.l);
	l->constant = false;
	named_binop(e);
	if (e->bin.l->kind == NFT_X_META && e->bin.l->key == NFT_META_L4PROTO)
		see_l4proto(l, one ? e->bin.r : NULL);
	if (one && is_icmp_type(e->bin.l)) {
		l->icmp_type = s;
		l->icmp_value = nft_expr_u64(e->bin.r);
	}
	if (!one || !nft_rel_is_protocol(e->bin.l, &layer))
		return;
	nft_protos_learn(&l->p, e);
	if (layer == NH && e->bin.l->kind == NFT_X_PAYLOAD) {
		uint64_t v = nft_expr_u64(e->bin.r);

		if (v == ETH_P_8021Q || v == ETH_P_8021AD)
			layer = LL;
	}
	l->dep[layer] = s;
}

static void see_reject(struct lister *l, const struct nft_stmt *s)
{
	if (several(l)) {
		if (s->reject.type != NFT_REJECT_ICMPX_UNREACH)
			hide(l, NH);
	} else if (s->reject.type == NFT_REJECT_TCP_RST) {
		hide(l, TH);
	}
}

/* @bits at the right of @val moved left by @shift, as a constant of @len bits; with @others: and ones around them */
static struct nft_expr *moved(const struct nft_expr *val, uint32_t bits, uint32_t shift, uint32_t len, bool others)
{
	uint8_t b[NFT_VALUE_MAX];
	uint32_t have = (val->len_bits + 7) / 8 * 8;

	memset(b, others ? 0xff : 0, sizeof(b));
	for (uint32_t i = 0; i < bits; i++) {
		uint32_t src = have - 1 - i, dst = len - 1 - shift - i;

		b[dst / 8] &= (uint8_t)~(0x80 >> dst % 8);
		if (i < have && val->value.bytes[src / 8] & 0x80 >> src % 8)
			b[dst / 8] |= (uint8_t)(0x80 >> dst % 8);
	}
	return nft_expr_value(&val->loc, val->type, b, len);
}

static bool all_bits(const struct nft_expr *val, bool ones)
{
	for (uint32_t i = 0; i < val->len_bits / 8; i++)
		if (val->value.bytes[i] != (ones ? 0xff : 0))
			return false;
	return true;
}

static struct nft_expr *with(struct nft_expr *l, enum nft_op op, struct nft_expr *r)
{
	struct nft_expr *e = nft_expr_bin(NFT_X_BINOP, &l->loc, op, l, r);

	if (!e)
		return NULL;
	r->type = e->type = l->type;
	e->len_bits = l->len_bits;
	return e;
}

/* bits that are not whole bytes, or inner bytes that are not whole checksum words: what is around them is written back */
static void whole_words(struct lister *l, struct nft_stmt *s)
{
	struct nft_expr *to = s->assign.to, *val = s->assign.val, *m, *v, *e;
	uint32_t begin = to->payload.offset_bits / 8 * 8, end = (to->payload.offset_bits + to->len_bits + 7) / 8 * 8, shift;

	if (to->payload.base == NFT_PAYLOAD_INNER_HEADER && (end - begin) / 8 % 2) {
		if (begin / 8 % 2)
			begin -= 8;
		else
			end += 8;
	}
	if (end - begin == to->len_bits || end - begin > 64)
		return;
	shift = end - to->payload.offset_bits - to->len_bits;
	m = moved(val, to->len_bits, shift, end - begin, true);
	v = moved(val, to->len_bits, shift, end - begin, false);
	to->payload.offset_bits = begin;
	to->len_bits = end - begin;
	nft_name_raw(&l->p, to);
	e = m && v ? nft_expr_clone(to) : NULL;
	if (e && !all_bits(m, true)) {
		e = with(e, NFT_OP_AND, m);
		m = NULL;
	}
	if (e && !all_bits(v, false)) {
		e = with(e, NFT_OP_OR, v);
		v = NULL;
	}
	nft_expr_free(m);
	nft_expr_free(v);
	if (!e) {
		nft_no_memory(l->v);
		return;
	}
	nft_expr_free(val);
	s->assign.val = e;
}

static void see_stmt(struct lister *l, struct nft_stmt *s)
{
	switch (s->kind) {
	case NFT_S_VERDICT:
		see(l, s->expr);
		break;
	case NFT_S_ASSIGN:
		if (s->assign.to->kind == NFT_X_PAYLOAD && s->assign.to->payload.raw && s->assign.val->kind == NFT_X_VALUE)
			whole_words(l, s);
		see(l, s->assign.to);
		if (s->assign.val->kind == NFT_X_VALUE && s->assign.val->type == &nft_type_xinteger)
			s->assign.val->type = s->assign.to->type;
		see(l, s->assign.val);
		break;
	case NFT_S_NAT:
		see(l, s->nat.addr);
		memset(l->dep, 0, sizeof(l->dep));	/* what the port is looked up with makes nothing redundant */
		see(l, s->nat.port);
		break;
	case NFT_S_TPROXY:
		see(l, s->tproxy.addr);
		memset(l->dep, 0, sizeof(l->dep));
		see(l, s->tproxy.port);
		break;
	case NFT_S_DUP:
	case NFT_S_FWD:
		see(l, s->fwd.to);
		see(l, s->fwd.dev);
		break;
	case NFT_S_QUEUE:
		see(l, s->queue.num);
		break;
	case NFT_S_OPTSTRIP:
		see(l, s->expr);
		break;
	case NFT_S_OBJREF:
		see(l, s->objref.name);
		break;
	case NFT_S_SET:
		see(l, s->set.key);
		see(l, s->set.data);
		break;
	case NFT_S_REJECT:
		see_reject(l, s);
		break;
	default:
		break;
	}
}

/* ---- raw loads ---- */

static bool is_raw_match(const struct nft_stmt *s)
{
	const struct nft_expr *e = s->expr;

	return s->kind == NFT_S_MATCH && e->kind == NFT_X_REL && e->bin.l->kind == NFT_X_PAYLOAD && e->bin.l->payload.raw &&
	       e->bin.r->kind == NFT_X_VALUE;
}

/* bits [from, from + n) of a constant, from the left, as a constant of its own */
static struct nft_expr *cut(const struct nft_expr *val, uint32_t from, uint32_t n, const struct nft_type *t, uint32_t bits)
{
	uint8_t b[NFT_VALUE_MAX] = { 0 };
	uint32_t have = val->len_bits, pad = (8 - have % 8) % 8, out_pad = (8 - bits % 8) % 8;

	if (bits > sizeof(b) * 8)
		return NULL;
	for (uint32_t i = 0; i < n && i < bits; i++) {
		uint32_t src = pad + from + i, dst = out_pad + i;

		if (val->value.bytes[src / 8] & 0x80 >> src % 8)
			b[dst / 8] |= (uint8_t)(0x80 >> dst % 8);
	}
	return nft_expr_value(&val->loc, t, b, bits);
}

static int field_from(const struct nft_proto *p, uint32_t offset, uint32_t bits)
{
	for (int i = 0; p->fields[i].name; i++)
		if (p->fields[i].offset_bits == offset && (p->fields[i].len_bits <= bits || bits % 8 == 0))
			return i;
	return -1;
}

/* the first field of a raw comparison as a statement in front of it; what is left stays. false: it has none */
static bool split_field(struct lister *l, struct nft_stmt *s, const struct nft_proto *p)
{
	struct nft_expr *left = s->expr->bin.l, *right = s->expr->bin.r, *v, *fl;
	uint32_t bits = left->len_bits, n;
	int i = field_from(p, left->payload.offset_bits - p->skip_bits, bits);
	struct nft_stmt *ns;

	if (i < 0)
		return false;
	n = MIN(bits, p->fields[i].len_bits);
	if (n == bits && s->expr->bin.op != NFT_OP_EQ && s->expr->bin.op != NFT_OP_NEQ)
		return false;
	v = cut(right, 0, n, p->fields[i].type, p->fields[i].len_bits);
	fl = nft_expr_clone(left);
	ns = nft_stmt_clone(s);
	if (!v || !fl || !ns)
		return false;
	fl->payload.raw = false;
	fl->payload.proto = p;
	fl->payload.field = (unsigned)i;
	fl->type = p->fields[i].type;
	fl->len_bits = p->fields[i].len_bits;
	if (n < p->fields[i].len_bits) {
		struct nft_expr *pre = nft_expr_new(NFT_X_PREFIX, &right->loc);

		if (!pre)
			return false;
		pre->prefix.a = v;
		pre->prefix.len = n;
		pre->type = fl->type;
		pre->len_bits = fl->len_bits;
		v = pre;
	}
	nft_expr_free(ns->expr->bin.l);
	nft_expr_free(ns->expr->bin.r);
	ns->expr->bin.l = fl;
	ns->expr->bin.r = v;
	list_add_before(&s->node, &ns->node);
	if (n < bits) {
		v = cut(right, n, bits - n, right->type, bits - n);
		if (!v)
			return false;
		left->payload.offset_bits += n;
		left->len_bits = bits - n;
		nft_expr_free(right);
		s->expr->bin.r = v;
	} else {
		list_del(&s->node);
		nft_stmt_free(s);
	}
	see_rel(l, ns);
	return n < bits;
}

/* whole bytes are loaded, and what is too much is masked */
static void whole_bytes(struct nft_stmt *s)
{
	struct nft_expr *left = s->expr->bin.l, *m, *v, *and;
	uint32_t begin = left->payload.offset_bits / 8 * 8, end = (left->payload.offset_bits + left->len_bits + 7) / 8 * 8;
	uint32_t at = left->payload.offset_bits - begin, n = left->len_bits, bits = end - begin;
	uint8_t mask[NFT_VALUE_MAX] = { 0 }, val[NFT_VALUE_MAX] = { 0 };
	uint32_t pad = (8 - n % 8) % 8;

	if ((at == 0 && n % 8 == 0) || bits > sizeof(mask) * 8)
		return;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t src = pad + i, dst = at + i;

		mask[dst / 8] |= (uint8_t)(0x80 >> dst % 8);
		if (s->expr->bin.r->value.bytes[src / 8] & 0x80 >> src % 8)
			val[dst / 8] |= (uint8_t)(0x80 >> dst % 8);
	}
	m = nft_expr_value(&left->loc, left->type, mask, bits);
	v = nft_expr_value(&left->loc, left->type, val, bits);
	and = m && v ? nft_expr_bin(NFT_X_BINOP, &left->loc, NFT_OP_AND, left, m) : NULL;
	if (!and) {
		nft_expr_free(v);
		return;
	}
	left->payload.offset_bits = begin;
	left->len_bits = bits;
	and->type = left->type;
	and->len_bits = bits;
	nft_expr_free(s->expr->bin.r);
	s->expr->bin.l = and;
	s->expr->bin.r = v;
}

static void name_raw_match(struct lister *l, struct nft_stmt *s)
{
	struct nft_expr *left = s->expr->bin.l;
	const struct nft_proto *p = left->payload.base < NFT_LAYERS ? l->p.at[left->payload.base] : NULL;

	if (nft_name_raw(&l->p, left)) {
		s->expr->bin.r->type = left->type;
		return;
	}
	if (p && s->expr->bin.op == NFT_OP_EQ && left->payload.offset_bits >= p->skip_bits)
		while (split_field(l, s, p))
			;
}

static bool is_bare_port(const struct nft_stmt *s, uint32_t at)
{
	const struct nft_expr *e = s->expr;

	return can_merge(s) && e->bin.l->payload.base == TH &&
	       (e->bin.l->payload.raw || e->bin.l->payload.proto == &nft_proto_th) &&
	       e->bin.l->payload.offset_bits == at && e->bin.l->len_bits == 16 && e->bin.r->len_bits == 16;
}

/* both ports are one load, and nobody knows whose: bytes without a name. The second is freed */
static bool join_ports(struct lister *l, struct nft_stmt *s, struct nft_stmt *next)
{
	struct nft_expr *port, *both;

	if (l->p.at[TH] || !is_bare_port(s, 0) || !is_bare_port(next, 16))
		return false;			/* only now is it known that there is an expression */
	port = s->expr->bin.l;
	both = nft_expr_num(&port->loc, &nft_type_xinteger,
			    nft_expr_u64(s->expr->bin.r) << 16 | nft_expr_u64(next->expr->bin.r), 32);
	if (!both)
		return false;
	nft_ev_replace(&s->expr->bin.r, both);
	port->payload.raw = true;
	port->payload.proto = NULL;
	port->len_bits = 32;
	port->type = &nft_type_xinteger;
	list_del(&next->node);
	nft_stmt_free(next);
	return true;
}

void nft_list_form(struct nft_eval *v, struct list *stmts)
{
	struct lister l = { .v = v };
	struct nft_stmt *s, *next;

	merge_loads(stmts);
	nft_protos_init(&l.p, v->family);
	list_for_each_safe(s, next, stmts, node) {
		if (&next->node != stmts && join_ports(&l, s, next))
			next = list_entry(s->node.next, struct nft_stmt, node);
		if (is_raw_match(s)) {
			name_raw_match(&l, s);
			if (next->node.prev != &s->node)
				continue;		/* all of it has become fields */
			if (is_raw_match(s))
				whole_bytes(s);
		}
		if (s->kind == NFT_S_MATCH && s->expr->kind == NFT_X_REL) {
			see_rel(&l, s);
			continue;
		}
		see_stmt(&l, s);
		memset(l.dep, 0, sizeof(l.dep));
		l.icmp_type = NULL;
	}
}
