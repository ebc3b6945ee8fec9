/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/eval_dep.c - which headers a packet is known to have, and the matches that a field needs before it.
 *
 * `tcp dport` means something only in packets that carry TCP. Where the rule has not said so yet, a match that does is put
 * in front. What the rule has said is learnt from its comparisons: meta nfproto and l4proto, ether type, ip protocol
 * and so on, when they are for equality with one value.
 *
 * Invariants
 *  1. Within a rule a layer has one header (vlan lies over ether in the link layer); another one is a conflict.
 *
 * References: nft(8) PAYLOAD EXPRESSIONS; which matches the real tool adds is what nft --debug=netlink shows.
 */
#include "front/nft/eval.h"

#include <string.h>

#include <linux/if_arp.h>
#include <linux/if_ether.h>

#include "base/mem.h"

#define LL NFT_PAYLOAD_LL_HEADER
#define NH NFT_PAYLOAD_NETWORK_HEADER
#define TH NFT_PAYLOAD_TRANSPORT_HEADER

void nft_protos_init(struct nft_protos *p, uint8_t family)
{
	*p = (struct nft_protos){ .family = family };
	switch (family) {
	case NFPROTO_IPV4: p->at[NH] = &nft_proto_ip; break;
	case NFPROTO_IPV6: p->at[NH] = &nft_proto_ip6; break;
	case NFPROTO_ARP: p->at[NH] = &nft_proto_arp; break;
	case NFPROTO_BRIDGE: p->at[LL] = &nft_proto_ether; break;
	default: break;
	}
}

/* ---- learning ---- */

static bool is_field(const struct nft_expr *e, const struct nft_proto *p, const char *name)
{
	return e->kind == NFT_X_PAYLOAD && e->payload.proto == p && !e->payload.raw &&
	       strcmp(p->fields[e->payload.field].name, name) == 0;
}

bool nft_rel_is_protocol(const struct nft_expr *l, unsigned *layer)
{
	if (l->kind == NFT_X_META) {
		*layer = l->key == NFT_META_L4PROTO ? TH : l->key == NFT_META_IIFTYPE || l->key == NFT_META_OIFTYPE ? LL : NH;
		return l->key == NFT_META_L4PROTO || l->key == NFT_META_NFPROTO || l->key == NFT_META_PROTOCOL ||
		       l->key == NFT_META_IIFTYPE || l->key == NFT_META_OIFTYPE;
	}
	*layer = is_field(l, &nft_proto_ether, "type") || is_field(l, &nft_proto_vlan, "type") ? NH : TH;
	return *layer == NH || is_field(l, &nft_proto_ip, "protocol") || is_field(l, &nft_proto_ip6, "nexthdr");
}

static void learn_network(struct nft_protos *p, uint64_t ethertype)
{
	const struct nft_proto *up = ethertype == ETH_P_8021Q || ethertype == ETH_P_8021AD ?
				     &nft_proto_vlan : nft_proto_by_id(LL, (uint16_t)ethertype);

	if (up == &nft_proto_vlan)
		p->at[LL] = up;
	else if (up)
		p->at[NH] = up;
}

static void learn_meta(struct nft_protos *p, uint32_t key, uint64_t v)
{
	switch (key) {
	case NFT_META_NFPROTO:
		p->at[NH] = v == NFPROTO_IPV4 ? &nft_proto_ip : v == NFPROTO_IPV6 ? &nft_proto_ip6 : p->at[NH];
		break;
	case NFT_META_PROTOCOL:
		if (p->family != NFPROTO_BRIDGE && p->family != NFPROTO_NETDEV)
			break;
		if (v == ETH_P_8021Q || v == ETH_P_8021AD)	/* says what comes next, but not that its tag was read */
			p->at[NH] = &nft_proto_vlan;
		else
			learn_network(p, v);
		break;
	case NFT_META_L4PROTO:
		p->at[TH] = nft_proto_by_id(NH, (uint16_t)v);
		p->other[TH] = !p->at[TH];
		break;
	case NFT_META_IIFTYPE:
	case NFT_META_OIFTYPE:
		if (v == ARPHRD_ETHER && !p->at[LL])
			p->at[LL] = &nft_proto_ether;
		break;
	}
}

/* which fields a type of ICMP message has */
static uint8_t dep_of_type(const struct nft_proto *proto, uint64_t v)
{
	uint8_t values[2];

	for (uint8_t dep = NFT_DEP_ECHO; dep <= NFT_DEP_DELAY; dep++) {
		unsigned n = nft_dep_values(proto, dep, values);

		for (unsigned i = 0; i < n; i++)
			if (values[i] == v)
				return dep;
	}
	return NFT_DEP_NONE;
}

/* an explicit type says which fields are there; and so does a set of types that all have the same */
static void learn_icmp(struct nft_protos *p, const struct nft_proto *proto, uint64_t v)
{
	p->icmp_type_known = true;
	p->icmp_dep = dep_of_type(proto, v);
	p->icmp_type = (uint8_t)v;
}

static void learn_icmp_set(struct nft_protos *p, const struct nft_proto *proto, const struct nft_expr *set)
{
	uint8_t dep = NFT_DEP_NONE, first = NFT_DEP_NONE;
	const struct nft_expr *e;

	list_for_each(e, &set->set.list, node) {
		if (e->elem.key->kind != NFT_X_VALUE)
			return;
		dep = dep_of_type(proto, nft_expr_u64(e->elem.key));
		if (dep == NFT_DEP_NONE || (first != NFT_DEP_NONE && dep != first))
			return;
		first = dep;
	}
	p->icmp_type_known = first != NFT_DEP_NONE;
	p->icmp_dep = first;
}

static void learn_value(struct nft_protos *p, const struct nft_expr *l, const struct nft_expr *r, const struct nft_loc *loc)
{
	unsigned layer;
	uint64_t v;

	if (r->kind != NFT_X_VALUE || r->len_bits > 64)
		return;
	v = nft_expr_u64(r);
	if (l->kind == NFT_X_CT && (l->ct.key == NFT_CT_PROTOCOL || l->ct.key == NFT_CT_L3PROTOCOL)) {
		if (p->family != NFPROTO_IPV4 && p->family != NFPROTO_IPV6)
			return;
		learn_meta(p, l->ct.key == NFT_CT_PROTOCOL ? NFT_META_L4PROTO : NFT_META_NFPROTO, v);
		return;
	}
	if (is_field(l, &nft_proto_icmp, "type") || is_field(l, &nft_proto_icmpv6, "type"))
		learn_icmp(p, l->payload.proto, v);
	if (!nft_rel_is_protocol(l, &layer))
		return;
	if (l->kind == NFT_X_META) {
		learn_meta(p, l->key, v);
		p->other_l4proto = p->other[TH];
	} else if (layer == NH) {
		learn_network(p, v);
	} else {
		learn_meta(p, NFT_META_L4PROTO, v);
	}
	p->loc[layer] = *loc;
}

void nft_protos_learn(struct nft_protos *p, const struct nft_expr *e)
{
	if (e->kind == NFT_X_REL && e->bin.op == NFT_OP_EQ)
		learn_value(p, e->bin.l, e->bin.r, &e->loc);
}

void nft_protos_learn_all(struct nft_protos *p, const struct nft_expr *e)
{
	const struct nft_expr *elem;

	nft_protos_learn(p, e);
	if (e->bin.op != NFT_OP_EQ || e->bin.r->kind != NFT_X_SET)
		return;
	if (is_field(e->bin.l, &nft_proto_icmp, "type") || is_field(e->bin.l, &nft_proto_icmpv6, "type")) {
		learn_icmp_set(p, e->bin.l->payload.proto, e->bin.r);
		return;
	}
	list_for_each(elem, &e->bin.r->set.list, node)
		learn_value(p, e->bin.l, elem->elem.key, &e->loc);
}

/* ---- adding ---- */

static struct nft_expr *rel(struct nft_expr *l, struct nft_expr *r, const struct nft_loc *loc)
{
	struct nft_expr *e;

	if (!l || !r) {
		nft_expr_free(l);
		nft_expr_free(r);
		return NULL;
	}
	e = nft_expr_bin(NFT_X_REL, loc, NFT_OP_EQ, l, r);
	if (e) {
		e->type = &nft_type_boolean;
		e->len_bits = 1;
	}
	return e;
}

struct nft_expr *nft_meta_rel(uint32_t key, uint64_t val, const struct nft_loc *loc)
{
	const struct nft_key *k = nft_meta_by_key(key);
	struct nft_expr *l = nft_expr_new(NFT_X_META, loc);

	if (l) {
		l->key = key;
		l->type = k->type;
		l->len_bits = k->bits;
	}
	return rel(l, nft_expr_num(loc, k->type, val, k->bits), loc);
}

static struct nft_expr *field_rel(const struct nft_proto *p, const char *name, uint64_t val, const struct nft_loc *loc)
{
	struct nft_expr *l = nft_expr_new(NFT_X_PAYLOAD, loc);
	int i = nft_field_find(p, name);

	if (l) {
		l->payload.proto = p;
		l->payload.field = (unsigned)i;
		l->payload.base = p->base;
		l->payload.offset_bits = (uint32_t)p->skip_bits + p->fields[i].offset_bits;
		l->type = p->fields[i].type;
		l->len_bits = p->fields[i].len_bits;
	}
	return rel(l, nft_expr_num(loc, p->fields[i].type, val, p->fields[i].len_bits), loc);
}

bool nft_ev_insert(struct nft_eval *v, struct nft_expr *e)
{
	struct nft_stmt *s = e ? nft_stmt_new(NFT_S_MATCH, &e->loc) : NULL;

	if (!s) {
		nft_expr_free(e);
		return nft_no_memory(v);
	}
	s->expr = e;
	nft_protos_learn(&v->p, e);
	list_add_before(&v->stmt->node, &s->node);
	return true;
}

static const char *family_name(const struct nft_eval *v)
{
	return v->family == NFPROTO_INET ? "inet" : v->family == NFPROTO_BRIDGE ? "bridge" : "netdev";
}

static bool conflict(struct nft_eval *v, const char *known, const struct nft_proto *p, const struct nft_expr *e)
{
	nft_err(v->x, &e->loc, "conflicting protocols specified: %s vs. %s", known, p->name);
	return false;
}

static bool need_ether(struct nft_eval *v, const struct nft_loc *loc)
{
	if (v->p.at[LL])
		return true;
	return nft_ev_insert(v, nft_meta_rel(NFT_META_IIFTYPE, ARPHRD_ETHER, loc));
}

static bool need_link(struct nft_eval *v, const struct nft_proto *p, const struct nft_expr *e)
{
	if (!need_ether(v, &e->loc))
		return false;
	if (p != &nft_proto_vlan || v->p.at[LL] != &nft_proto_ether)
		return true;
	if (v->p.at[NH] && v->family != NFPROTO_IPV4 && v->family != NFPROTO_IPV6 && v->family != NFPROTO_ARP)
		return conflict(v, "ether", p, e);
	return nft_ev_insert(v, field_rel(&nft_proto_ether, "type", ETH_P_8021Q, &e->loc));
}

static bool need_network(struct nft_eval *v, const struct nft_proto *p, const struct nft_expr *e)
{
	const struct nft_proto *ll = v->p.at[LL];

	if (v->family == NFPROTO_INET && p == &nft_proto_arp)
		return conflict(v, family_name(v), p, e);
	if (ll == &nft_proto_vlan)
		return nft_ev_insert(v, field_rel(&nft_proto_vlan, "type", p->id, &e->loc));
	if (v->family == NFPROTO_INET)
		return nft_ev_insert(v, nft_meta_rel(NFT_META_NFPROTO, p == &nft_proto_ip ? NFPROTO_IPV4 : NFPROTO_IPV6,
						     &e->loc));
	if (v->family == NFPROTO_BRIDGE && p == &nft_proto_arp)
		return nft_ev_insert(v, field_rel(&nft_proto_ether, "type", p->id, &e->loc));
	return nft_ev_insert(v, nft_meta_rel(NFT_META_PROTOCOL, p->id, &e->loc));
}

/* ICMP and IGMP are of one family only: that is matched too where it is not known */
static bool need_its_family(struct nft_eval *v, const struct nft_proto *p, const struct nft_loc *loc)
{
	const struct nft_proto *ip = p == &nft_proto_icmpv6 ? &nft_proto_ip6 :
				     p == &nft_proto_icmp || p == &nft_proto_igmp ? &nft_proto_ip : NULL;

	if (!ip || v->p.at[NH])
		return true;
	if (v->family == NFPROTO_BRIDGE && v->p.at[LL] == &nft_proto_ether)
		return nft_ev_insert(v, field_rel(&nft_proto_ether, "type", ip->id, loc));
	return nft_ev_need_family(v, ip, loc);
}

bool nft_ev_need_family(struct nft_eval *v, const struct nft_proto *ip, const struct nft_loc *loc)
{
	if (v->p.at[NH])
		return true;
	if (v->family == NFPROTO_INET)
		return nft_ev_insert(v, nft_meta_rel(NFT_META_NFPROTO, ip == &nft_proto_ip ? NFPROTO_IPV4 : NFPROTO_IPV6, loc));
	return nft_ev_insert(v, nft_meta_rel(NFT_META_PROTOCOL, ip->id, loc));
}

static bool need_transport(struct nft_eval *v, const struct nft_proto *p, const struct nft_expr *e)
{
	if (v->p.at[NH] == &nft_proto_arp)
		return conflict(v, "arp", p, e);
	if (p == &nft_proto_th)
		return true;
	if (v->p.other_l4proto)
		return conflict(v, "unknown", p, e);
	if (!need_its_family(v, p, &e->loc))
		return false;
	return nft_ev_insert(v, nft_meta_rel(NFT_META_L4PROTO, p->id, &e->loc));
}

bool nft_ev_need(struct nft_eval *v, const struct nft_proto *p, const struct nft_expr *e)
{
	const struct nft_proto *known = p->base < NFT_LAYERS ? v->p.at[p->base] : p;

	if (!v->stmt || known == p)
		return true;
	if (p->base == LL)
		return need_link(v, p, e);
	if (!known)
		return p->base == NH ? need_network(v, p, e) : need_transport(v, p, e);
	if (p == &nft_proto_th)
		return true;
	return conflict(v, known->name, p, e);
}

/* fields of some ICMP messages only */
static bool need_icmp_type(struct nft_eval *v, const struct nft_proto *p, const struct nft_field *f, const struct nft_expr *e)
{
	uint8_t values[2];
	unsigned n = nft_dep_values(p, f->dep, values);
	struct nft_expr *r, *set;

	if (!f->dep || !n || !v->stmt)
		return true;
	if (v->p.icmp_type_known) {
		bool v6 = p == &nft_proto_icmpv6;
		uint8_t have[2] = { 0 };

		if (v->p.icmp_dep == f->dep)
			return true;
		if (!nft_dep_values(p, v->p.icmp_dep, have))
			have[0] = v->p.icmp_type;
		nft_err(v->x, &e->loc, "incompatible icmp match: rule has %u, need %u", v6 ? have[0] : MAX(have[0], have[1]),
			values[v6 ? 0 : n - 1]);
		return false;
	}
	r = field_rel(p, "type", values[0], &e->loc);
	if (!r)
		return nft_no_memory(v);
	if (n == 2) {
		set = nft_expr_new(NFT_X_SET, &e->loc);
		for (unsigned i = 0; set && i < n; i++)
			nft_expr_append(set, nft_expr_num(&e->loc, r->bin.l->type, values[i], 8));
		if (!set)
			return nft_no_memory(v);
		nft_expr_free(r->bin.r);
		r->bin.r = set;
		v->want = r->bin.l->type;
		v->want_bits = 8;
		if (!nft_ev_set(v, &r->bin.r, r->bin.l))
			return false;
	}
	if (!nft_ev_insert(v, r))
		return false;
	v->p.icmp_type_known = true;
	v->p.icmp_dep = f->dep;
	return true;
}

/* ---- fields ---- */

bool nft_name_raw(const struct nft_protos *known, struct nft_expr *e)
{
	const struct nft_proto *p = e->payload.base < NFT_LAYERS ? known->at[e->payload.base] : NULL;
	int i;

	if (!p && e->payload.base == TH)
		p = &nft_proto_th;
	if (!p || p->base != e->payload.base || e->payload.offset_bits < p->skip_bits)
		return false;
	i = nft_field_at(p, e->payload.offset_bits - p->skip_bits, e->len_bits);
	if (i < 0)
		return false;
	e->payload.proto = p;
	e->payload.field = (unsigned)i;
	e->payload.raw = false;
	e->type = p->fields[i].type;
	return true;
}

bool nft_ev_payload(struct nft_eval *v, struct nft_expr *e)
{
	const struct nft_proto *p = e->payload.proto;
	const struct nft_field *f;

	if (e->payload.raw || !p) {
		int th = e->payload.base == TH ? nft_field_at(&nft_proto_th, e->payload.offset_bits, e->len_bits) : -1;

		if (!e->len_bits) {
			nft_err(v->x, &e->loc, "a load of no bits has no value");
			return false;
		}
		e->payload.raw = true;
		e->type = th < 0 ? &nft_type_xinteger : nft_proto_th.fields[th].type;
		return true;
	}
	f = &p->fields[e->payload.field];
	e->payload.base = p->base;
	e->payload.offset_bits = (uint32_t)p->skip_bits + f->offset_bits;
	e->type = f->type;
	e->len_bits = f->len_bits;
	return nft_ev_need(v, p, e) && need_icmp_type(v, p, f, e);
}
