/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/arp.c - ARP in and out.
 *
 * On the packet's way: the protocol handler of ARP frames, and neigh.c's questions.
 *
 * Theory of operation: route/neigh.c keeps the states and timers; this file builds and reads the packets, picks the source of a question, and decides for whom
 * an answer is given (own addresses on whatever interface as arp_ignore says, other hosts' with proxy_arp).
 *
 * Differences from Linux: proxy answers are not delayed by a random time of up to 0.8 s (D-3).
 *
 * References: RFC 826, RFC 1027, RFC 5227 section 2.1.1; Linux arp.c (arp_process, arp_solicit).
 */
#include "path/private.h"

#include "net/reply.h"

#define ARP_LOCK_MS 1000	/* an answer does not replace one as young as this: the first of several proxies wins */

static const uint8_t broadcast_mac[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static void arp_xmit(struct link *l, struct pkt *p)
{
	if (frame_hook(l->ns, p, FRAME_ARP_OUT, NULL, l))
		path_device_xmit(l, p);
}

void arp_solicit(struct netns *ns, struct link *l, struct neigh *n, const uint8_t *mac, const struct pkt *cause)
{
	union inet_addr src = { 0 };
	struct pkt *q;

	if (cause)
		src = pkt_src(cause);
	if (!cause || fib_addr_type(&ns->fib, AF_INET, &src, NULL) != RTN_LOCAL || link_conf(l, LINK_CONF_ARP_ANNOUNCE) >= 2) {
		src = (union inet_addr){ 0 };
		link_pick_addr(l, AF_INET, &n->addr, RT_SCOPE_LINK, &src);
	}
	q = reply_arp(&ns->world->pool, ARPOP_REQUEST, l->mac, src.ip4, mac ? mac : broadcast_mac, n->addr.ip4);
	if (q)
		arp_xmit(l, q);
}

/* ---- in ---- */

struct arp {
	uint16_t op;
	uint8_t sha[ETH_ALEN], tha[ETH_ALEN];
	union inet_addr sip, tip;
};

/* Ethernet and IPv4 only: hardware type, protocol type, their lengths, operation, and two pairs of addresses */
static bool arp_parse(const struct pkt *p, struct arp *a)
{
	const uint8_t *b = pkt_l3(p);
	be16 htype, ptype, op;

	if (pkt_l3_len(p) < 28 || b[4] != ETH_ALEN || b[5] != 4)
		return false;
	memcpy(&htype, b, 2);
	memcpy(&ptype, b + 2, 2);
	memcpy(&op, b + 6, 2);
	if (htype != htons(ARPHRD_ETHER) || ptype != htons(ETH_P_IP))
		return false;
	*a = (struct arp){ .op = ntohs(op) };
	memcpy(a->sha, b + 8, ETH_ALEN);
	memcpy(&a->sip.ip4, b + 14, 4);
	memcpy(a->tha, b + 18, ETH_ALEN);
	memcpy(&a->tip.ip4, b + 24, 4);
	return true;
}

/* arp_ignore: may this address be told on this interface, to this asker */
static bool ignored(const struct netns *ns, const struct link *in, const struct arp *a)
{
	const struct link_addr *x = link_addr_find(&ns->links, AF_INET, &a->tip), *y;
	bool here = false, asker = false;

	list_for_each(y, &in->addrs, node) {
		here |= y->family == AF_INET && addr_eq(&y->addr, &a->tip);
		asker |= y->family == AF_INET && addr_in(AF_INET, &a->sip, &y->addr, y->plen);
	}
	switch (link_conf(in, LINK_CONF_ARP_IGNORE)) {
	case 0:
		return false;
	case 1:
		return !here;
	case 2:
		return !here || !asker;
	case 3:
		return x && x->scope >= RT_SCOPE_HOST;
	case 8:
		return true;
	default:
		return false;
	}
}

static bool proxied(const struct netns *ns, const struct link *in, const struct route_result *rt, const union inet_addr *tip)
{
	return rt->type == RTN_UNICAST && rt->out != in && link_conf(in, LINK_CONF_FORWARDING) &&
	       (link_conf(in, LINK_CONF_PROXY_ARP) || neigh_proxied(&ns->neigh, in->ifindex, AF_INET, tip));
}

/* is the question for us, or for one that we answer for */
static bool answers(struct netns *ns, struct link *in, const struct pkt *p, const struct arp *a)
{
	struct route_key k = { .family = AF_INET, .src = a->sip, .dst = a->tip, .iif = in->ifindex };
	struct route_result rt;

	if (addr_is_any(&a->sip))	/* is the address free? */
		return fib_addr_type(&ns->fib, AF_INET, &a->tip, NULL) == RTN_LOCAL && !ignored(ns, in, a);
	if (!link_conf(in, LINK_CONF_ACCEPT_LOCAL) && link_addr_find(&ns->links, AF_INET, &a->sip))
		return false;
	fib_lookup(&ns->fib, &k, &rt);
	if (rt.err)
		return false;
	if (fib_validate_source(&ns->fib, &k, in, rt.type == RTN_UNICAST && rt.out ? rt.out->ifindex : 0) < 0) {
		path_log_martian(ns, p, in, &k, DROP_MARTIAN_SOURCE);
		return false;
	}
	if (rt.type == RTN_LOCAL && link_conf(in, LINK_CONF_ARP_FILTER)) {
		struct route_key back = { .family = AF_INET, .src = a->tip, .dst = a->sip };
		struct route_result r;

		fib_lookup(&ns->fib, &back, &r);
		if (r.err || r.out != in)
			return false;
	}
	return rt.type == RTN_LOCAL ? !ignored(ns, in, a) : proxied(ns, in, &rt, &a->tip);
}

void arp_rx(struct link *in, struct pkt *p)
{
	struct netns *ns = in->ns;
	bool to_us = p->pkt_type == PACKET_HOST, override, answer;
	struct neigh *n;
	struct arp a;

	if (in->flags & IFF_NOARP || p->pkt_type == PACKET_OTHERHOST || !arp_parse(p, &a) || addr_is_multicast(AF_INET, &a.tip) ||
	    (addr_is_loopback(AF_INET, &a.tip) && !link_conf(in, LINK_CONF_ROUTE_LOCALNET))) {
		path_drop(ns, p, p->pkt_type == PACKET_OTHERHOST ? DROP_OTHER_HOST : DROP_MALFORMED);
		return;
	}
	if (!frame_hook(ns, p, FRAME_ARP_IN, in, NULL))
		return;
	arp_parse(p, &a);		/* a chain may have changed it */
	answer = a.op == ARPOP_REQUEST && answers(ns, in, p, &a);
	pkt_free(p);
	if (answer) {
		struct pkt *r = reply_arp(&ns->world->pool, ARPOP_REPLY, in->mac, a.tip.ip4, a.sha, a.sip.ip4);

		if (!addr_is_any(&a.sip))
			neigh_update(&ns->neigh, in, AF_INET, &a.sip, a.sha, NUD_STALE, true, true);
		if (r)
			arp_xmit(in, r);
		return;
	}
	n = neigh_find(&ns->neigh, in->ifindex, AF_INET, &a.sip);
	if (!n && !(link_conf(in, LINK_CONF_ARP_ACCEPT) && !addr_is_any(&a.sip)))
		return;
	override = !n || clock_ms(&ns->world->clock) > n->updated_ms + ARP_LOCK_MS || addr_eq(&a.sip, &a.tip);
	neigh_update(&ns->neigh, in, AF_INET, &a.sip, a.sha, a.op == ARPOP_REPLY && to_us ? NUD_REACHABLE : NUD_STALE, override, !n);
}
