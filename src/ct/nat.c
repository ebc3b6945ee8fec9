/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ct/nat.c - bindings: which address and port a connection gets, and rewriting its packets.
 *
 * On the packet's way: the nat entry of a hook asks nat_setup() or nat_null_binding() once for each manip of a new connection, and nat_packet()
 * for every packet.
 *
 * Theory of operation. A connection's reply tuple says what its answers look like; translating is choosing another reply tuple, unlike any that
 * the table has. "current" below is the inverse of the reply tuple: the packet as it leaves after the manips so far. For a source, in order:
 * the tuple as it is, when the range allows it; the mapping that the same source has already (ct/table.h's source chains); an address of the
 * range with the port as it is; else a port of the range, or of the class that the port is in, from a random place on, in at most a few
 * rounds of ever fewer tries. Of a packet, only what the manip of the hook is about is rewritten: it is made to look like the inverse of the
 * other direction's tuple. An ICMP error is rewritten inside too, the other way round.
 *
 * Invariants
 *  1. A connection is in a source chain exactly while IPS_SRC_NAT is set.
 *  2. A source binding handed out is unique, or the packet is dropped here; a destination binding may clash until the source's is chosen.
 *  3. Ports handed out lie in this engine's slice, unless the connection is not translated at all.
 *
 * Differences: D-22 (a connection for which no tuple is left is dropped here, not at confirm).
 *
 * References: RFC 4787; RFC 5382; RFC 5508 sections 4 and 7.
 */
#include "ct/nat.h"

#include "ct/proto.h"
#include "net/edit.h"

#define MAX_TRIES 128
#define MIN_TRIES 16
#define HARD_TRIES (MAX_TRIES / 4)	/* the last tries may take the place of finished connections */
#define MAX_CHAIN 256			/* of a source chain, how far is looked */

enum nat_manip nat_manip_of_hook(enum nf_inet_hooks hook)
{
	return hook == NF_INET_POST_ROUTING || hook == NF_INET_LOCAL_IN ? NAT_MANIP_SRC : NAT_MANIP_DST;
}

bool nat_bound(const struct conn *c, enum nat_manip manip)
{
	return c->status & (manip == NAT_MANIP_SRC ? IPS_SRC_NAT_DONE : IPS_DST_NAT_DONE);
}

static bool is_icmp(uint8_t proto)
{
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE || proto == IPPROTO_SCTP;
}

/* ---- is a tuple free ---- */

static bool in_slice(const struct ct_table *t, be16 port)
{
	return t->env.slice.of <= 1 || ntohs(port) % t->env.slice.of == t->env.slice.nth;
}

/* May a source be mapped here, the table aside: this engine's share of the ports, and no local socket's */
static bool source_allowed(struct ct_table *t, const struct tuple *cur, const struct conn *c)
{
	const struct tuple *orig = &c->tuple[IP_CT_DIR_ORIGINAL];

	if (!has_ports(cur->proto) && !is_icmp(cur->proto))
		return true;
	if (cur->sport == orig->sport && addr_eq(&cur->src, &orig->src))
		return true;
	if (!in_slice(t, cur->sport))
		return false;
	return !t->env.port_used || !t->env.port_used(t->env.ctx, cur->proto, &cur->src, cur->sport);
}

static bool used(struct ct_table *t, const struct tuple *cur, const struct conn *c, enum nat_manip manip)
{
	struct tuple reply;

	if (tuple_invert(cur, &reply) < 0)
		return true;
	if (manip == NAT_MANIP_SRC && !source_allowed(t, cur, c))
		return true;
	return ct_tuple_taken(t, &reply, c);
}

/* As used(), but a connection that is over is ended to make room, when its ends will tell the new one's segments from the old one's */
static bool used_hard(struct ct_table *t, const struct tuple *cur, const struct conn *c, enum nat_manip manip)
{
	struct tuple reply;
	struct conn *old;
	int dir;

	if (!used(t, cur, c, manip))
		return false;
	if (cur->proto != IPPROTO_TCP || c->proto.tcp.state != TCP_CONNTRACK_SYN_SENT || tuple_invert(cur, &reply) < 0 ||
	    (manip == NAT_MANIP_SRC && !source_allowed(t, cur, c)))
		return true;
	old = ct_find(t, &reply, &dir);
	if (!old || dir == IP_CT_DIR_ORIGINAL || old == c || !ct_tcp_may_reuse(old, c))
		return true;
	ct_delete(t, old);
	return false;
}

/* ---- ranges ---- */

static bool addr_in_range(const union inet_addr *a, const struct nat_range *r)
{
	return addr_cmp(a, &r->min) >= 0 && addr_cmp(a, &r->max) <= 0;
}

static bool port_in_range(const struct tuple *cur, enum nat_manip manip, const struct nat_range *r)
{
	uint16_t port;

	if (!has_ports(cur->proto) && !is_icmp(cur->proto) && cur->proto != IPPROTO_GRE)
		return true;
	port = ntohs(manip == NAT_MANIP_SRC || is_icmp(cur->proto) ? cur->sport : cur->dport);
	return port >= ntohs(r->port_min) && port <= ntohs(r->port_max);
}

static bool source_in_range(const struct tuple *cur, const struct nat_range *r)
{
	if ((r->flags & NF_NAT_RANGE_MAP_IPS) && !addr_in_range(&cur->src, r))
		return false;
	return !(r->flags & NF_NAT_RANGE_PROTO_SPECIFIED) || port_in_range(cur, NAT_MANIP_SRC, r);
}

static bool same_source(const struct conn *c, const struct tuple *want)
{
	const struct tuple *o = &c->tuple[IP_CT_DIR_ORIGINAL];

	return o->sport == want->sport && o->proto == want->proto && o->family == want->family && o->zone == want->zone &&
	       addr_eq(&o->src, &want->src);
}

/* The mapping that this source, in its @zone, has already, where the range allows it */
static bool existing_mapping(struct ct_table *t, const struct tuple *cur, uint16_t zone, const struct nat_range *r, struct tuple *out)
{
	struct tuple key = *cur;
	unsigned n = 0;

	key.zone = zone;
	for (struct conn *c = table_src_first(t, &key); c && n < MAX_CHAIN; c = table_src_next(t, c), n++) {
		struct tuple mapped;

		if (!same_source(c, &key) || tuple_invert(&c->tuple[IP_CT_DIR_REPLY], &mapped) < 0)
			continue;
		*out = *cur;
		out->src = mapped.src;
		out->sport = mapped.sport;
		if (source_in_range(out, r))
			return true;
	}
	return false;
}

static uint32_t scale(uint32_t h, uint32_t n)
{
	return (uint32_t)((uint64_t)h * n >> 32);
}

static uint32_t rol(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

/* four words by Bob Jenkins' lookup3 (public domain), which the kernel uses here without a secret: the choice is the same on every Linux */
static uint32_t hash_four(const uint32_t k[4], uint32_t init)
{
	uint32_t a = 0xdeadbeef + (4 << 2) + init, b = a + k[1], c = a + k[2];

	a += k[0];
	a = (a - c) ^ rol(c, 4), c += b;
	b = (b - a) ^ rol(a, 6), a += c;
	c = (c - b) ^ rol(b, 8), b += a;
	a = (a - c) ^ rol(c, 16), c += b;
	b = (b - a) ^ rol(a, 19), a += c;
	c = (c - b) ^ rol(b, 4), b += a;
	a += k[3];
	c = (c ^ b) - rol(b, 14);
	a = (a ^ c) - rol(c, 11);
	b = (b ^ a) - rol(a, 25);
	c = (c ^ b) - rol(b, 16);
	a = (a ^ c) - rol(c, 4);
	b = (b ^ a) - rol(a, 14);
	return (c ^ b) - rol(b, 24);
}

/* An address of the range, the same one for the same two ends; with --persistent, for the same source */
static union inet_addr pick_addr(const struct tuple *cur, const struct nat_range *r)
{
	unsigned words = addr_len(cur->family) / 4;
	bool persistent = r->flags & NF_NAT_RANGE_PERSISTENT, below = false;
	uint32_t h = hash_four(cur->src.w, persistent ? 0 : cur->dst.w[words - 1] ^ cur->zone);
	union inet_addr a = { 0 };

	for (unsigned i = 0; i < words; i++) {
		uint32_t min = below ? 0 : ntohl(r->min.w[i]), max = below ? UINT32_MAX : ntohl(r->max.w[i]);

		a.w[i] = htonl(min + scale(h, below ? UINT32_MAX : max - min + 1));
		if (a.w[i] != r->max.w[i])
			below = true;
		if (!persistent)
			h ^= cur->dst.w[i];
	}
	return a;
}

/* ---- ports ---- */

struct port_span {
	uint32_t min, n;
	be16 *at;		/* in the tuple that is being chosen */
};

/* Which ports may be tried; false: this protocol's cannot be changed, or must not be */
static bool port_span_of(struct tuple *cur, const struct nat_range *r, enum nat_manip manip, struct port_span *s)
{
	bool given = r->flags & NF_NAT_RANGE_PROTO_SPECIFIED;
	uint16_t lo = ntohs(r->port_min), hi = ntohs(r->port_max), port;

	if (!is_icmp(cur->proto) && !has_ports(cur->proto))
		return false;
	s->at = manip == NAT_MANIP_SRC || is_icmp(cur->proto) ? &cur->sport : &cur->dport;
	port = ntohs(*s->at);
	if (given) {
		if (hi < lo) {
			uint16_t x = lo;

			lo = hi;
			hi = x;
		}
	} else if (is_icmp(cur->proto)) {
		lo = 0, hi = 65535;
	} else if (manip == NAT_MANIP_DST) {
		return false;
	} else if (port < 512) {
		lo = 1, hi = 511;
	} else if (port < 1024) {
		lo = 600, hi = 1023;
	} else {
		lo = 1024, hi = 65535;
	}
	s->min = lo;
	s->n = (uint32_t)hi - lo + 1;
	return true;
}

/* the @off-th port of the span; of a slice, the next one that is in it */
static uint32_t port_at(const struct ct_table *t, const struct port_span *s, uint32_t off)
{
	uint32_t port = s->min + off % s->n, of = t->env.slice.of;

	if (of > 1)
		port += (t->env.slice.nth + of - port % of) % of;
	return port < s->min + s->n ? port : s->min + (port - s->min) % s->n;
}

static bool is_random(const struct nat_range *r)
{
	return r->flags & (NF_NAT_RANGE_PROTO_RANDOM | NF_NAT_RANGE_PROTO_RANDOM_FULLY);
}

/* where in the span the search begins: a destination's range from its first port on, all else anywhere */
static uint32_t first_offset(struct ct_table *t, const struct nat_range *r, enum nat_manip manip, be16 port)
{
	if (r->flags & NF_NAT_RANGE_PROTO_OFFSET)
		return (uint16_t)(ntohs(port) - ntohs(r->port_base));
	return manip == NAT_MANIP_DST && !is_random(r) ? 0 : rng_u32(t->env.rng) & 0xffff;
}

static bool find_port(struct ct_table *t, struct tuple *cur, const struct nat_range *r, const struct conn *c, enum nat_manip manip)
{
	uint32_t step = t->env.slice.of > 1 ? t->env.slice.of : 1, off, tries;
	struct port_span s;

	if (!port_span_of(cur, r, manip, &s))
		return manip == NAT_MANIP_DST || !used(t, cur, c, manip);
	off = first_offset(t, r, manip, *s.at);
	for (tries = MIN(s.n, (uint32_t)MAX_TRIES);; tries /= 2, off = rng_u32(t->env.rng) & 0xffff) {
		for (uint32_t left = tries; left; left--, off += step) {
			*s.at = htons((uint16_t)port_at(t, &s, off));
			if (!(left <= HARD_TRIES ? used_hard : used)(t, cur, c, manip))
				return true;
		}
		if (tries >= s.n || tries < MIN_TRIES)
			return manip == NAT_MANIP_DST;
	}
}

/* *cur becomes the tuple to have; false: none is left */
static bool choose(struct ct_table *t, struct tuple *cur, const struct nat_range *r, const struct conn *c, enum nat_manip manip)
{
	bool random = is_random(r);
	struct tuple mapped;

	if (manip == NAT_MANIP_SRC && !random) {
		if (source_in_range(cur, r)) {
			if (!used(t, cur, c, manip))
				return true;
		} else if (existing_mapping(t, cur, c->tuple[IP_CT_DIR_ORIGINAL].zone, r, &mapped) && !used(t, &mapped, c, manip)) {
			*cur = mapped;
			return true;
		}
	}
	if (r->flags & NF_NAT_RANGE_MAP_IPS)
		*(manip == NAT_MANIP_SRC ? &cur->src : &cur->dst) = addr_eq(&r->min, &r->max) ? r->min : pick_addr(cur, r);
	if (!random) {
		if (!(r->flags & NF_NAT_RANGE_PROTO_SPECIFIED)) {
			if (!used(t, cur, c, manip))
				return true;
		} else if (!(r->flags & NF_NAT_RANGE_PROTO_OFFSET) && port_in_range(cur, manip, r)) {
			if (!used(t, cur, c, manip))
				return true;
			if (r->port_min == r->port_max)
				return manip == NAT_MANIP_DST;
		}
	}
	return find_port(t, cur, r, c, manip);
}

/* NETMAP: the host part stays, the network part is the range's */
static struct nat_range netmap(const struct nat_range *r, const struct tuple *cur, enum nat_manip manip)
{
	const union inet_addr *a = manip == NAT_MANIP_SRC ? &cur->src : &cur->dst;
	struct nat_range one = *r;

	for (unsigned i = 0; i < 4; i++) {
		be32 mask = ~(r->min.w[i] ^ r->max.w[i]);

		one.min.w[i] = one.max.w[i] = i < addr_len(cur->family) / 4 ? (a->w[i] & ~mask) | (r->min.w[i] & mask) : 0;
	}
	one.flags |= NF_NAT_RANGE_MAP_IPS;
	return one;
}

enum verdict nat_setup(struct ct_table *t, struct conn *c, const struct nat_range *range, enum nat_manip manip, enum drop_reason *why)
{
	struct tuple current, chosen, reply;
	struct nat_range one;

	if ((c->status & IPS_CONFIRMED) || nat_bound(c, manip))
		return VERDICT_ACCEPT;
	if (tuple_invert(&c->tuple[IP_CT_DIR_REPLY], &current) < 0)
		return VERDICT_ACCEPT;
	if (range->flags & NF_NAT_RANGE_NETMAP) {
		one = netmap(range, &current, manip);
		range = &one;
	}
	chosen = current;
	if (!choose(t, &chosen, range, c, manip) || tuple_invert(&chosen, &reply) < 0) {
		t->stats.insert_failed++;
		t->stats.drop++;
		*why = DROP_NAT_EXHAUSTED;
		return VERDICT_DROP;
	}
	if (!tuple_eq(&chosen, &current)) {
		c->tuple[IP_CT_DIR_REPLY] = reply;
		c->status |= manip == NAT_MANIP_SRC ? IPS_SRC_NAT : IPS_DST_NAT;
		if (manip == NAT_MANIP_SRC)
			table_src_add(t, c);
	}
	c->status |= manip == NAT_MANIP_SRC ? IPS_SRC_NAT_DONE : IPS_DST_NAT_DONE;
	c->epoch++;
	return VERDICT_ACCEPT;
}

enum verdict nat_null_binding(struct ct_table *t, struct conn *c, enum nat_manip manip, enum drop_reason *why)
{
	const struct tuple *reply = &c->tuple[IP_CT_DIR_REPLY];
	struct nat_range r = { .flags = NF_NAT_RANGE_MAP_IPS };

	r.min = r.max = manip == NAT_MANIP_SRC ? reply->dst : reply->src;
	return nat_setup(t, c, &r, manip, why);
}

/* ---- packets ---- */

/* Does the hook's manip change packets of this direction */
static bool applies(const struct conn *c, enum nat_manip manip, int dir)
{
	uint32_t bit = manip == NAT_MANIP_SRC ? IPS_SRC_NAT : IPS_DST_NAT;

	if (dir == IP_CT_DIR_REPLY)
		bit ^= IPS_NAT_MASK;
	return c->status & bit;
}

static enum verdict failed(struct pkt *pkt, enum drop_reason why)
{
	pkt->drop = why;
	return VERDICT_DROP;
}

/* what stands at one end of a tuple, in the header: an ICMP identifier is at both */
static be16 end_port(const struct tuple *t, enum nat_manip end)
{
	return end == NAT_MANIP_SRC || is_icmp(t->proto) ? t->sport : t->dport;
}

static enum verdict translate(struct pkt *pkt, const struct conn *c, enum nat_manip manip)
{
	const struct tuple *cur = &c->tuple[pkt_dir(pkt)];
	enum edit_end end = manip == NAT_MANIP_SRC ? EDIT_SRC : EDIT_DST;
	struct tuple want;
	const union inet_addr *from, *to;

	if (tuple_invert(&c->tuple[!pkt_dir(pkt)], &want) < 0)
		return failed(pkt, DROP_NAT_FAILED);
	from = manip == NAT_MANIP_SRC ? &cur->src : &cur->dst;
	to = manip == NAT_MANIP_SRC ? &want.src : &want.dst;
	if (!addr_eq(from, to))
		edit_addr(pkt, end, to);
	if ((has_ports(cur->proto) || is_icmp(cur->proto)) && end_port(cur, manip) != end_port(&want, manip) &&
	    edit_port(pkt, end, end_port(&want, manip)) < 0)
		return failed(pkt, DROP_NAT_FAILED);
	return VERDICT_ACCEPT;
}

/* The quote is what the error's receiver once sent: its opposite end is changed, to what it was before translation */
static enum verdict translate_error(struct pkt *pkt, const struct conn *c, enum nat_manip manip)
{
	const struct tuple *other = &c->tuple[!pkt_dir(pkt)];
	enum nat_manip inner = manip == NAT_MANIP_SRC ? NAT_MANIP_DST : NAT_MANIP_SRC;
	uint8_t *icmp = pkt_l4(pkt);
	uint16_t sum;

	if (pkt_l4_len(pkt) < 8)
		return failed(pkt, DROP_NAT_FAILED);
	/* a redirect of a translated connection means nothing to who would get it */
	if (pkt->proto == IPPROTO_ICMP && icmp[0] == ICMP_REDIRECT &&
	    ((c->status & IPS_NAT_DONE_MASK) != IPS_NAT_DONE_MASK || (c->status & IPS_NAT_MASK)))
		return failed(pkt, DROP_NAT_FAILED);
	if (!applies(c, manip, pkt_dir(pkt)))
		return VERDICT_ACCEPT;
	if (edit_quote(pkt->family, icmp + 8, pkt_l4_len(pkt) - 8, inner == NAT_MANIP_SRC ? EDIT_SRC : EDIT_DST,
		       inner == NAT_MANIP_SRC ? &other->src : &other->dst, end_port(other, inner)) < 0)
		return failed(pkt, DROP_NAT_FAILED);
	edit_addr(pkt, manip == NAT_MANIP_SRC ? EDIT_SRC : EDIT_DST, manip == NAT_MANIP_SRC ? &other->dst : &other->src);
	sum = csum_l4(pkt);
	memcpy(icmp + 2, &sum, 2);
	return VERDICT_ACCEPT;
}

enum verdict nat_packet(struct ct_table *t, struct pkt *pkt, enum nf_inet_hooks hook)
{
	enum nat_manip manip = nat_manip_of_hook(hook);
	struct conn *c = pkt->ct;

	if (!c)
		return VERDICT_ACCEPT;
	if (pkt->ctinfo == IP_CT_RELATED || pkt->ctinfo == IP_CT_RELATED_REPLY) {
		if (is_icmp(pkt->proto))
			return translate_error(pkt, c, manip);
	}
	/* another egress has another address: its packets must not leave with the old one */
	if (c->masq_ifindex && hook == NF_INET_POST_ROUTING && pkt_dir(pkt) == IP_CT_DIR_ORIGINAL && c->masq_ifindex != pkt->oif) {
		conn_account(c, pkt);
		ct_delete(t, c);
		return failed(pkt, DROP_NAT_EGRESS_CHANGED);
	}
	return applies(c, manip, pkt_dir(pkt)) ? translate(pkt, c, manip) : VERDICT_ACCEPT;
}

/* ---- addresses that go ---- */

struct forget {
	struct ct_table *t;
	const union inet_addr *addr;
	int ifindex;
	uint8_t family;
};

static int forget_one(void *ctx, struct conn *c)
{
	const struct forget *f = ctx;

	if (c->masq_ifindex != f->ifindex)
		return 0;
	if (f->family && (c->tuple[0].family != f->family || !addr_eq(&c->tuple[IP_CT_DIR_REPLY].dst, f->addr)))
		return 0;
	ct_delete(f->t, c);
	return 0;
}

void nat_forget_addr(struct ct_table *t, int ifindex, uint8_t family, const union inet_addr *addr)
{
	struct forget f = { .t = t, .addr = addr, .ifindex = ifindex, .family = family };

	ct_foreach(t, forget_one, &f);
}
