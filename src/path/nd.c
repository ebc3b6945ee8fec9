/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/nd.c - IPv6 neighbour discovery in and out: solicitations, advertisements, redirects; and what a host says when a link comes up.
 *
 * On the packet's way: local.c hands over the messages that passed INPUT; neigh.c asks for link-layer addresses here; path.c has redirects sent.
 *
 * Theory of operation: route/neigh.c keeps the states and timers, route/addr6.c those of duplicate address detection and tells by link events when a probe is due.
 * This file builds and reads the messages, and decides for whom an answer is given (own addresses, and those in the proxy table). What is sent here passes
 * OUTPUT and POSTROUTING, and goes out by the link that it is about, whatever the routes say. A probe's nonce is computed from the address and a secret, so that
 * a probe that comes back is known without remembering it.
 *
 * Differences from Linux: D-105 (router advertisements are not believed), D-106 (proxied answers are not delayed).
 *
 * References: RFC 4861, RFC 4862 section 5.4, RFC 7527 (nonce), RFC 7559 (solicitations further and further apart); Linux ndisc.c, addrconf.c.
 */
#include "path/private.h"

#include "base/buf.h"

#define ND_ROUTER_SOLICIT 133
#define ND_NEIGHBOR_SOLICIT 135
#define ND_NEIGHBOR_ADVERT 136
#define ND_REDIRECT 137
#define HOP_LIMIT 255
#define OPT_SOURCE 1
#define OPT_TARGET 2
#define OPT_REDIRECTED 4
#define OPT_NONCE 14
#define MSG_LEN 24		/* of a solicitation or advertisement: ICMPv6 header and target */
#define REDIRECT_LEN 40
#define QUOTE_MAX 1280
#define REDIRECT_MS 1000	/* a redirect's share of its receiver's bucket */
#define REDIRECT_BURST 6

static const union inet_addr all_nodes = { .b = { 0xff, 2, [15] = 1 } }, all_routers = { .b = { 0xff, 2, [15] = 2 } };

union inet_addr nd_solicited_node(const union inet_addr *a)
{
	union inet_addr g = { .b = { 0xff, 2, [11] = 1, [12] = 0xff } };

	memcpy(g.b + 13, a->b + 13, 3);
	return g;
}

/* ---- out ---- */

/* a message with @len bytes behind its first word; the rest is zero */
static struct pkt *message(struct netns *ns, uint8_t type, const union inet_addr *src, const union inet_addr *dst, uint32_t len)
{
	struct pkt *p = build_ip(&ns->world->pool, AF_INET6, src, dst, IPPROTO_ICMPV6, HOP_LIMIT, 0, 4 + len);

	if (p) {
		memset(pkt_l4(p), 0, 4 + len);
		pkt_l4(p)[0] = type;
	}
	return p;
}

static void put_mac(uint8_t *at, uint8_t option, const uint8_t *mac)
{
	at[0] = option;
	at[1] = 1;
	memcpy(at + 2, mac, ETH_ALEN);
}

static void nonce_of(const struct netns *ns, const struct link *l, const union inet_addr *a, uint8_t nonce[6])
{
	struct {
		union inet_addr a;
		uint8_t mac[8];
	} k = { .a = *a };
	uint64_t h;

	memcpy(k.mac, l->mac, sizeof(l->mac));
	h = hash_bytes(&ns->frags.key, &k, sizeof(k));
	memcpy(nonce, &h, 6);
}

/* the link's link-local address, where it can be used; NULL: none */
static const union inet_addr *usable_link_local(const struct link *l)
{
	const struct link_addr *a = link_addr_link_local(l);

	return a && link_addr_usable6(a) ? &a->addr : NULL;
}

static bool is_here(const struct link *l, const union inet_addr *addr)
{
	const struct link_addr *a;

	list_for_each(a, &l->addrs, node)
		if (a->family == AF_INET6 && addr_eq(&a->addr, addr))
			return link_addr_usable6(a);
	return false;
}

void nd_solicit(struct netns *ns, struct link *l, struct neigh *n, const uint8_t *mac, const struct pkt *cause)
{
	union inet_addr src = cause ? pkt_src(cause) : (union inet_addr){ 0 }, dst = mac ? n->addr : nd_solicited_node(&n->addr);
	const union inet_addr *own = usable_link_local(l);
	struct pkt *p;

	if (!cause || !is_here(l, &src)) {
		if (!own)
			return;
		src = *own;
	}
	p = message(ns, ND_NEIGHBOR_SOLICIT, &src, &dst, MSG_LEN - 4 + 8);
	if (!p)
		return;
	memcpy(pkt_l4(p) + 8, &n->addr, 16);
	put_mac(pkt_l4(p) + MSG_LEN, OPT_SOURCE, l->mac);
	path_link_out(ns, p, l);
}

/* is a tentative address anybody's */
static void probe(struct netns *ns, struct link *l, const union inet_addr *a)
{
	union inet_addr any = { 0 }, dst = nd_solicited_node(a);
	bool nonce = link_conf6(l, LINK_CONF6_ENHANCED_DAD);
	struct pkt *p = message(ns, ND_NEIGHBOR_SOLICIT, &any, &dst, MSG_LEN - 4 + (nonce ? 8 : 0));

	if (!p)
		return;
	memcpy(pkt_l4(p) + 8, a, 16);
	if (nonce) {
		pkt_l4(p)[MSG_LEN] = OPT_NONCE;
		pkt_l4(p)[MSG_LEN + 1] = 1;
		nonce_of(ns, l, a, pkt_l4(p) + MSG_LEN + 2);
	}
	path_link_out(ns, p, l);
}

enum { SOLICITED = 1, OVERRIDE = 2, WITH_MAC = 4, FOR_OTHER = 8 /* which is no router, whatever we are */ };

static void advertise(struct netns *ns, struct link *l, const union inet_addr *to, const union inet_addr *target, unsigned how)
{
	union inet_addr src = *target;
	struct pkt *p;

	if (!is_here(l, target) && !link_pick_addr6(&ns->links, l, to, &src))
		return;
	if (link_conf6(l, LINK_CONF6_FORCE_TLLAO))
		how |= WITH_MAC;
	p = message(ns, ND_NEIGHBOR_ADVERT, &src, to, MSG_LEN - 4 + (how & WITH_MAC ? 8 : 0));
	if (!p)
		return;
	pkt_l4(p)[4] = (uint8_t)((l->conf6[LINK_CONF6_FORWARDING] && !(how & FOR_OTHER) ? 0x80 : 0) | (how & SOLICITED ? 0x40 : 0) | (how & OVERRIDE ? 0x20 : 0));
	memcpy(pkt_l4(p) + 8, target, 16);
	if (how & WITH_MAC)
		put_mac(pkt_l4(p) + MSG_LEN, OPT_TARGET, l->mac);
	path_link_out(ns, p, l);
}

void nd_router_solicit(struct netns *ns, struct link *l)
{
	const union inet_addr *src = usable_link_local(l);
	struct pkt *p = src ? message(ns, ND_ROUTER_SOLICIT, src, &all_routers, 4 + 8) : NULL;

	if (!p)
		return;
	put_mac(pkt_l4(p) + 8, OPT_SOURCE, l->mac);
	path_link_out(ns, p, l);
}

/* the router that @p was sent back out by its own link for; only a link-local one can be told */
static bool better_hop(struct netns *ns, const struct pkt *p, const struct route_result *rt, const struct link *in, union inet_addr *hop)
{
	union inet_addr dst = pkt_dst(p), to = pkt_src(p);
	struct route_key k = { .family = AF_INET6, .dst = to, .oif = in->ifindex };
	struct route_result back;

	*hop = rt->have_gw ? rt->gw : dst;
	if (!addr_eq(hop, &dst) && !addr_is_linklocal6(hop))
		return false;
	return path_route(ns, &k, &back) == 0 && !back.have_gw;
}

void nd_send_redirect(struct netns *ns, const struct pkt *p, const struct route_result *rt, struct link *in)
{
	const struct link_addr *own = link_addr_link_local(in);
	union inet_addr to = pkt_src(p), dst = pkt_dst(p), hop;
	uint32_t quote, mac_len;
	const struct neigh *n;
	struct pkt *r;
	uint8_t *at;

	if (!icmp_peer_allow(ns, AF_INET6, &to, REDIRECT_MS, REDIRECT_BURST * REDIRECT_MS) || !own || !better_hop(ns, p, rt, in, &hop) ||
	    !icmp_peer_allow(ns, AF_INET6, &to, REDIRECT_MS, REDIRECT_BURST * REDIRECT_MS))
		return;
	n = neigh_find(&ns->neigh, in->ifindex, AF_INET6, &hop);
	mac_len = n && n->have_mac && !(n->state & (NUD_INCOMPLETE | NUD_FAILED)) ? 8 : 0;
	quote = MIN(QUOTE_MAX - (uint32_t)sizeof(struct ip6_hdr) - REDIRECT_LEN - mac_len, pkt_l3_len(p) + 8) & ~7u;
	r = message(ns, ND_REDIRECT, &own->addr, &to, REDIRECT_LEN - 4 + mac_len + quote);
	if (!r)
		return;
	at = pkt_l4(r);
	memcpy(at + 8, &hop, 16);
	memcpy(at + 24, &dst, 16);
	at += REDIRECT_LEN;
	if (mac_len)
		put_mac(at, OPT_TARGET, n->mac);
	at += mac_len;
	at[0] = OPT_REDIRECTED;
	at[1] = (uint8_t)(quote / 8);
	memcpy(at + 8, pkt_l3(p), quote - 8);
	path_link_out(ns, r, in);
}

/* ---- in ---- */

struct nd_options {
	const uint8_t *source, *target, *nonce, *redirected;	/* behind type and length; NULL: not there */
	uint32_t redirected_len;
};

/* the options from @at on; false: one of them is malformed */
static bool parse_options(const struct pkt *p, uint32_t at, struct nd_options *o)
{
	const uint8_t *b = pkt_l4(p);
	uint32_t len = pkt_l4_len(p), n;

	*o = (struct nd_options){ 0 };
	for (; at < len; at += n) {
		if (len - at < 2 || !b[at + 1])
			return false;
		n = b[at + 1] * 8u;
		if (n > len - at)
			return false;
		if (b[at] == OPT_SOURCE && !o->source)
			o->source = b + at + 2;
		else if (b[at] == OPT_TARGET && !o->target)
			o->target = b + at + 2;
		else if (b[at] == OPT_NONCE && n == 8)
			o->nonce = b + at + 2;
		else if (b[at] == OPT_REDIRECTED && !o->redirected) {
			o->redirected = b + at + 8;
			o->redirected_len = n - 8;
		}
	}
	return true;
}

static union inet_addr addr_at(const uint8_t *b)
{
	union inet_addr a;

	memcpy(&a, b, sizeof(a));
	return a;
}

static const struct link_addr *find_addr(const struct link *l, const union inet_addr *addr)
{
	const struct link_addr *a;

	list_for_each(a, &l->addrs, node)
		if (a->family == AF_INET6 && addr_eq(&a->addr, addr))
			return a;
	return NULL;
}

/* somebody asks for an address that is still tentative here: a probe like ours means that it is not free. true: nobody is answered */
static bool is_tentative(struct netns *ns, struct link *in, const struct link_addr *a, bool dad, const struct nd_options *o)
{
	union inet_addr addr = a->addr;
	uint8_t own[6];

	if (!(a->flags & (IFA_F_TENTATIVE | IFA_F_OPTIMISTIC)))
		return false;
	if (!dad)
		return !(a->flags & IFA_F_OPTIMISTIC);
	nonce_of(ns, in, &addr, own);
	if (!o->nonce || memcmp(o->nonce, own, sizeof(own)) != 0)
		link_addr_dad_failed(in, &addr);
	return true;
}

static bool proxied(const struct netns *ns, const struct link *in, const union inet_addr *target)
{
	return in->conf6[LINK_CONF6_FORWARDING] && link_conf6(in, LINK_CONF6_PROXY_NDP) &&
	       neigh_proxied(&ns->neigh, in->ifindex, AF_INET6, target);
}

static void solicitation_in(struct netns *ns, const struct pkt *p, struct link *in)
{
	union inet_addr src = pkt_src(p), dst = pkt_dst(p), target;
	bool dad = addr_is_any(&src), asked_all = addr_is_multicast(AF_INET6, &dst);
	const struct link_addr *a;
	struct nd_options o;

	if (pkt_l4_len(p) < MSG_LEN || !parse_options(p, MSG_LEN, &o))
		return;
	target = addr_at(pkt_l4(p) + 8);
	if (addr_is_multicast(AF_INET6, &target) || (dad && (o.source || !asked_all || memcmp(dst.b + 8, "\0\0\0\1\xff", 5) != 0)))
		return;
	a = find_addr(in, &target);
	if (a ? is_tentative(ns, in, a, dad, &o) : !proxied(ns, in, &target))
		return;
	if (dad) {
		advertise(ns, in, &all_nodes, &target, (a ? OVERRIDE : FOR_OTHER) | WITH_MAC);
		return;
	}
	neigh_update(&ns->neigh, in, AF_INET6, &src, o.source, NUD_STALE, true, !asked_all || o.source);
	if (neigh_find(&ns->neigh, in->ifindex, AF_INET6, &src))
		advertise(ns, in, &src, &target, SOLICITED | (!a ? FOR_OTHER : asked_all ? OVERRIDE : 0) | (asked_all ? WITH_MAC : 0));
}

static void advertisement_in(struct netns *ns, const struct pkt *p, struct link *in)
{
	union inet_addr dst = pkt_dst(p), target;
	const uint8_t *b = pkt_l4(p);
	const struct link_addr *a;
	struct nd_options o;
	struct neigh *n;
	bool solicited;

	if (pkt_l4_len(p) < MSG_LEN || !parse_options(p, MSG_LEN, &o))
		return;
	target = addr_at(b + 8);
	solicited = b[4] & 0x40;
	if (addr_is_multicast(AF_INET6, &target) || (solicited && addr_is_multicast(AF_INET6, &dst)) ||
	    (!solicited && link_conf6(in, LINK_CONF6_DROP_UNSOLICITED_NA)))
		return;
	a = find_addr(in, &target);
	if (a) {
		if (a->flags & IFA_F_TENTATIVE && !(p->flags & PKT_LOOPED))
			link_addr_dad_failed(in, &target);
		return;
	}
	n = neigh_find(&ns->neigh, in->ifindex, AF_INET6, &target);
	if (!n && o.target && !solicited && link_forwards6(in) && link_conf6(in, LINK_CONF6_ACCEPT_UNTRACKED_NA)) {
		neigh_update(&ns->neigh, in, AF_INET6, &target, o.target, NUD_STALE, true, true);
		return;
	}
	if (!n || n->state & NUD_FAILED || (o.target && proxied(ns, in, &target) && !memcmp(o.target, in->mac, ETH_ALEN)))
		return;
	n->flags = (uint8_t)(b[4] & 0x80 ? n->flags | NTF_ROUTER : n->flags & ~NTF_ROUTER);
	neigh_update(&ns->neigh, in, AF_INET6, &target, o.target, solicited ? NUD_REACHABLE : NUD_STALE, b[4] & 0x20, false);
}

/* a host looks for routers: its address is worth knowing */
static void router_solicitation_in(struct netns *ns, const struct pkt *p, struct link *in)
{
	union inet_addr src = pkt_src(p);
	struct nd_options o;

	if (pkt_l4_len(p) < 8 || !parse_options(p, 8, &o) || !in->conf6[LINK_CONF6_FORWARDING] || addr_is_any(&src))
		return;
	neigh_update(&ns->neigh, in, AF_INET6, &src, o.source, NUD_STALE, true, true);
}

/* RFC 4861 section 8.3: only from the router in use, and only hosts listen */
static void redirect_in(struct netns *ns, const struct pkt *p, struct link *in)
{
	union inet_addr from = pkt_src(p), gw, dst;
	struct route_key k = { .family = AF_INET6 };
	struct route_result rt;
	struct nd_options o;
	bool on_link;

	if (pkt_l4_len(p) < REDIRECT_LEN || !parse_options(p, REDIRECT_LEN, &o) || !addr_is_linklocal6(&from) ||
	    in->conf6[LINK_CONF6_FORWARDING] || !link_conf6(in, LINK_CONF6_ACCEPT_REDIRECTS))
		return;
	gw = addr_at(pkt_l4(p) + 8);
	dst = addr_at(pkt_l4(p) + 24);
	on_link = addr_eq(&gw, &dst);
	if (addr_is_multicast(AF_INET6, &dst) || (!on_link && !addr_is_linklocal6(&gw)))
		return;
	k.dst = dst;
	k.oif = in->ifindex;
	if (path_route(ns, &k, &rt) || !rt.have_gw || !addr_eq(&rt.gw, &from))
		return;
	neigh_update(&ns->neigh, in, AF_INET6, &gw, o.target, NUD_STALE, true, true);
	exception_redirect(ns, AF_INET6, &dst, &rt, &gw);
}

void nd_in(struct netns *ns, const struct pkt *p, struct link *in)
{
	/* RFC 4861 section 6.1: from the link itself, and of no later version */
	if (pkt_ttl(p) != HOP_LIMIT || pkt_l4(p)[1] != 0)
		return;
	switch (pkt_l4(p)[0]) {
	case ND_NEIGHBOR_SOLICIT:
		solicitation_in(ns, p, in);
		break;
	case ND_NEIGHBOR_ADVERT:
		advertisement_in(ns, p, in);
		break;
	case ND_ROUTER_SOLICIT:
		router_solicitation_in(ns, p, in);
		break;
	case ND_REDIRECT:
		redirect_in(ns, p, in);
		break;
	}
}

void nd_link_event(struct netns *ns, struct link *l, unsigned what, const struct link_addr *a)
{
	mld_link_event(ns, l, what, a);
	if (what == ADDR_DAD_PROBE)
		probe(ns, l, &a->addr);
	else if (what == ADDR_READY && link_conf6(l, LINK_CONF6_NDISC_NOTIFY) && !(l->flags & (IFF_LOOPBACK | IFF_NOARP)))
		advertise(ns, l, &all_nodes, &a->addr, OVERRIDE | WITH_MAC);
}
