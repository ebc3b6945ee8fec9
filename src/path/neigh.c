/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/neigh.c - the Ethernet header of what leaves, and what becomes of packets whose next hop was asked for.
 *
 * On the packet's way: last before the device.
 *
 * Theory of operation: route/neigh.c keeps the states and timers of both families and holds the packets that wait. It asks through struct neigh_ops: arp.c
 * and nd.c have the questions, and what comes in.
 *
 * References: RFC 894, RFC 2464.
 */
#include "path/private.h"

#include <errno.h>

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

/* the group address that a multicast address maps to: RFC 1112 section 6.4, RFC 2464 section 7 */
static void multicast_mac(uint8_t family, const union inet_addr *a, uint8_t mac[ETH_ALEN])
{
	if (family == AF_INET6) {
		mac[0] = mac[1] = 0x33;
		memcpy(mac + 2, a->b + 12, 4);
		return;
	}
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

int neigh_header(struct link *out, struct pkt *p, const union inet_addr *next_hop, uint8_t type)
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
		multicast_mac(p->family, next_hop, mac);
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

	if (l && n->family == AF_INET)
		arp_solicit(ns, l, n, mac, cause);
	else if (l)
		nd_solicit(ns, l, n, mac, cause);
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
	icmp_report(ns, p, ICMP_ABOUT_HOST, 0);
	path_drop(ns, p, DROP_NEIGHBOUR);
}

static void overflow(void *ctx, struct neigh *n, struct pkt *p)
{
	path_drop(ctx, p, DROP_NEIGHBOUR_QUEUE);
}

const struct neigh_ops path_neigh_ops = { .solicit = solicit, .release = release, .failed = failed, .overflow = overflow };
