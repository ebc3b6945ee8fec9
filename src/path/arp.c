/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/arp.c - ARP in and out, and the Ethernet header of what leaves.
 *
 * On the packet's way: last before the device (arp_resolve), and the protocol handler of ARP frames.
 *
 * Theory of operation: route/neigh.c keeps the states and timers; this file builds and reads the packets, picks the source of a question, decides for whom
 * an answer is given (own addresses on whatever interface as arp_ignore says, other hosts' with proxy_arp), and takes back packets whose neighbour
 * was found or not.
 *
 * Differences from Linux: proxy answers are not delayed by a random time of up to 0.8 s (D-3).
 *
 * References: RFC 826, RFC 1027, RFC 5227 section 2.1.1; Linux arp.c (arp_process, arp_solicit).
 */
#include "path/private.h"

#include <errno.h>

#include "net/edit.h"
#include "net/reply.h"

#define ARP_LOCK_MS 1000	/* an answer does not replace one as young as this: the first of several proxies wins */

static const uint8_t broadcast_mac[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* ---- out ---- */

static int push_ether(const struct link *out, struct pkt *p, const uint8_t *dst)
{
	struct ethhdr *eth;

	p->mac = p->l3;
	eth = (struct ethhdr *)pkt_push(p, ETH_HLEN);
	if (!eth)
		return -ENOBUFS;
	memcpy(eth->h_dest, dst, ETH_ALEN);
	memcpy(eth->h_source, out->mac, ETH_ALEN);
	eth->h_proto = p->ethertype;
	return 0;
}

/* the group address that an IPv4 multicast address maps to: RFC 1112 section 6.4 */
static void multicast_mac(const union inet_addr *a, uint8_t mac[ETH_ALEN])
{
	mac[0] = 0x01;
	mac[1] = 0x00;
	mac[2] = 0x5e;
	mac[3] = a->b[1] & 0x7f;
	mac[4] = a->b[2];
	mac[5] = a->b[3];
}

/* put in by hand, for good: not even the driver of the world knows better */
static bool given(struct netns *ns, const struct link *out, uint8_t family, const union inet_addr *addr)
{
	const struct neigh *n = neigh_find(&ns->neigh, out->ifindex, family, addr);

	return n && n->state & (NUD_PERMANENT | NUD_NOARP);
}

int arp_resolve(struct link *out, struct pkt *p, const union inet_addr *next_hop, uint8_t type)
{
	struct netns *ns = out->ns;
	uint8_t mac[ETH_ALEN] = { 0 };
	int err = 0;

	p->ethertype = htons(p->family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP);
	if (out->flags & IFF_LOOPBACK)
		memset(mac, 0, sizeof(mac));
	else if (type == RTN_BROADCAST)
		memcpy(mac, out->brd_mac, sizeof(mac));
	else if (addr_is_multicast(p->family, next_hop))
		multicast_mac(next_hop, mac);
	else if ((out->flags & IFF_NOARP) || given(ns, out, p->family, next_hop) || !ns->world->ops->neighbour ||
		 ns->world->ops->neighbour(ns->world, out, next_hop, mac))
		err = neigh_resolve(&ns->neigh, out, p->family, next_hop, p, mac);
	if (err)
		return err;
	if (push_ether(out, p, mac)) {
		path_drop(ns, p, DROP_NO_MEMORY);
		return -ENOBUFS;
	}
	return 0;
}

static void solicit(void *ctx, struct neigh *n, const uint8_t *mac, const struct pkt *cause)
{
	struct netns *ns = ctx;
	struct link *l = link_by_index(&ns->links, n->ifindex);
	union inet_addr src = { 0 };
	struct pkt *q;

	if (!l || n->family != AF_INET)
		return;
	if (cause)
		src = pkt_src(cause);
	if (!cause || fib_addr_type(&ns->fib, AF_INET, &src, NULL) != RTN_LOCAL || link_conf(l, LINK_CONF_ARP_ANNOUNCE) >= 2) {
		src = (union inet_addr){ 0 };
		link_pick_addr(l, AF_INET, &n->addr, RT_SCOPE_LINK, &src);
	}
	q = reply_arp(&ns->world->pool, ARPOP_REQUEST, l->mac, src.ip4, mac ? mac : broadcast_mac, n->addr.ip4);
	if (q)
		path_device_xmit(l, q);
}

static void release(void *ctx, struct neigh *n, struct pkt *p)
{
	struct netns *ns = ctx;
	struct link *l = link_by_index(&ns->links, n->ifindex);

	if (!l)
		path_drop(ns, p, DROP_LINK_DOWN);
	else if (push_ether(l, p, n->mac))
		path_drop(ns, p, DROP_NO_MEMORY);
	else
		path_device_xmit(l, p);
}

static void failed(void *ctx, struct neigh *n, struct pkt *p)
{
	struct netns *ns = ctx;

	TRACE(ns, .kind = TRACE_NEIGH, .pkt = p, .link = link_by_index(&ns->links, n->ifindex));
	icmp_send(ns, p, ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, 0);
	path_drop(ns, p, DROP_NEIGHBOUR);
}

static void overflow(void *ctx, struct neigh *n, struct pkt *p)
{
	path_drop(ctx, p, DROP_NEIGHBOUR_QUEUE);
}

const struct neigh_ops path_neigh_ops = { .solicit = solicit, .release = release, .failed = failed, .overflow = overflow };

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
	answer = a.op == ARPOP_REQUEST && answers(ns, in, p, &a);
	pkt_free(p);
	if (answer) {
		struct pkt *r = reply_arp(&ns->world->pool, ARPOP_REPLY, in->mac, a.tip.ip4, a.sha, a.sip.ip4);

		if (!addr_is_any(&a.sip))
			neigh_update(&ns->neigh, in, AF_INET, &a.sip, a.sha, NUD_STALE, true, true);
		if (r)
			path_device_xmit(in, r);
		return;
	}
	n = neigh_find(&ns->neigh, in->ifindex, AF_INET, &a.sip);
	if (!n && !(link_conf(in, LINK_CONF_ARP_ACCEPT) && !addr_is_any(&a.sip)))
		return;
	override = !n || clock_ms(&ns->world->clock) > n->updated_ms + ARP_LOCK_MS || addr_eq(&a.sip, &a.tip);
	neigh_update(&ns->neigh, in, AF_INET, &a.sip, a.sha, a.op == ARPOP_REPLY && to_us ? NUD_REACHABLE : NUD_STALE, override, !n);
}
