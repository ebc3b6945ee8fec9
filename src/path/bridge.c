/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/bridge.c - frames through a bridge: learn, then to one port, to all, or up to the host.
 *
 * On the packet's way: between a port's ingress and the bridge's own protocol handlers, and below the bridge as an egress device.
 *
 * Theory of operation: route/bridge.c knows ports and addresses. A frame from a port teaches its source; one for the bridge's own address (or a
 * port's) goes up, one for a known address to that port, broadcasts and the rest to every other port, broadcasts and multicasts also up. A frame passed up is seen
 * again, as coming in on the bridge. Where net.bridge.bridge-nf-call-iptables is on, IP packets go through IP's hooks besides (bridge_nf.c).
 *
 * References: IEEE 802.1D section 7.7; Linux br_input.c, br_forward.c.
 */
#include "path/private.h"

#include "route/bridge.h"

static uint64_t now_ms(const struct netns *ns)
{
	return clock_ms(&ns->world->clock);
}

/* @from: the port it came in by, NULL: the host sends it */
static void to_port(struct link *port, struct pkt *p, const struct link *from)
{
	struct netns *ns = port->ns;

	if (!frame_hook(ns, p, from ? FRAME_BR_FORWARD : FRAME_BR_LOCAL_OUT, (struct link *)from, port) ||
	    !frame_hook(ns, p, FRAME_BR_POST_ROUTING, NULL, port))
		return;
	if (from && p->flags & PKT_BRIDGED)
		bridge_nf_forward(port, p);
	else
		path_device_xmit(port, p);
}

static bool may_leave(const struct bridge_port *bp, const struct link *from)
{
	return bp->forwarding && (bp->link != from || bp->hairpin);
}

/* a copy to every port that may have it, but for where it came from; @p stays the caller's. Return: how many */
static unsigned flood(struct bridge *b, const struct pkt *p, const struct link *from)
{
	struct bridge_port *bp;
	unsigned n = 0;

	list_for_each(bp, &b->ports, node) {
		struct pkt *copy;

		if (!may_leave(bp, from))
			continue;
		copy = pkt_clone(p);
		if (!copy)
			break;
		if (from && p->flags & PKT_BRIDGED)
			bridge_nf_share(copy, p);
		to_port(bp->link, copy, from);
		n++;
	}
	return n;
}

static struct bridge_port *port_of(struct bridge *b, const struct link *l)
{
	struct bridge_port *bp;

	list_for_each(bp, &b->ports, node)
		if (bp->link == l)
			return bp;
	return NULL;
}

static void seen_on_bridge(struct link *br, const struct pkt *p)
{
	struct netns *ns = br->ns;

	br->stats.rx_packets++;
	br->stats.rx_bytes += pkt_len(p);
	if (ns->world->ops->tap)
		ns->world->ops->tap(ns->world, br, p, false);
}

/* to the host, as if it had come in on the bridge */
static void pass_up(struct bridge *b, struct pkt *p, struct link *port)
{
	struct link *br = b->link;
	struct netns *ns = br->ns;

	if (!frame_hook(ns, p, FRAME_BR_LOCAL_IN, port, NULL))
		return;
	p->iif = br->ifindex;
	if (p->pkt_type == PACKET_OTHERHOST)
		p->pkt_type = PACKET_HOST;
	TRACE(ns, .kind = TRACE_RX, .pkt = p, .link = br);
	seen_on_bridge(br, p);
	if (frame_hook(ns, p, FRAME_INGRESS, br, NULL))
		path_l3_rx(br, p);
}

void bridge_rx(struct link *port, struct pkt *p)
{
	static const uint8_t reserved[5] = { 0x01, 0x80, 0xc2, 0x00, 0x00 };	/* 01:80:C2:00:00:0X stays on its link */
	struct bridge *b = port->master->bridge;
	struct netns *ns = port->ns;
	const struct ethhdr *eth = pkt_eth(p);
	struct bridge_port *bp = port_of(b, port);
	struct link *to;

	if (!bp || !bp->forwarding || (eth->h_source[0] & 1)) {
		path_drop(ns, p, DROP_BRIDGE_LOCAL);
		return;
	}
	if (memcmp(eth->h_dest, reserved, sizeof(reserved)) == 0 && eth->h_dest[5] < 0x10) {
		bridge_learn(b, port, eth->h_source, now_ms(ns));
		if (frame_hook(ns, p, FRAME_BR_LOCAL_IN, port, NULL))
			path_drop(ns, p, DROP_BRIDGE_LOCAL);
		return;
	}
	if (memcmp(eth->h_dest, b->link->mac, ETH_ALEN) == 0)
		p->pkt_type = PACKET_HOST;
	if (!frame_hook(ns, p, FRAME_BR_PRE_ROUTING, port, NULL))
		return;
	if (bridge_nf_wanted(ns, p) && !bridge_nf_pre(port, &p))
		return;
	eth = pkt_eth(p);
	bridge_learn(b, port, eth->h_source, now_ms(ns));
	if (eth->h_dest[0] & 1) {
		flood(b, p, port);
		pass_up(b, p, port);
		return;
	}
	to = bridge_lookup(b, eth->h_dest, now_ms(ns));
	if (to == b->link) {
		p->pkt_type = PACKET_HOST;
		pass_up(b, p, port);
		return;
	}
	if (b->link->promisc || b->link->flags & IFF_PROMISC)	/* the host takes a copy, and drops it above the taps */
		seen_on_bridge(b->link, p);
	if (to) {
		bp = port_of(b, to);
		if (bp && may_leave(bp, port)) {
			to_port(to, p, port);
			return;
		}
	} else if (flood(b, p, port)) {
		ct_drop_unconfirmed(ns->ct, p);
		pkt_free(p);
		return;
	}
	path_drop(ns, p, DROP_BRIDGE_LOCAL);
}

int bridge_xmit(struct link *br, struct pkt *p)
{
	struct bridge *b = br->bridge;
	struct netns *ns = br->ns;
	const struct ethhdr *eth = pkt_eth(p);
	struct link *to = eth->h_dest[0] & 1 ? NULL : bridge_lookup(b, eth->h_dest, now_ms(ns));
	struct bridge_port *bp = to ? port_of(b, to) : NULL;

	if (bp && may_leave(bp, NULL)) {
		to_port(to, p, NULL);
		return 0;
	}
	if (!to)
		flood(b, p, NULL);
	pkt_free(p);
	return 0;
}
