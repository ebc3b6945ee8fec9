/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/bridge_nf.c - IP's hooks for bridged packets, where net.bridge.bridge-nf-call-iptables or bridge-nf-call-ip6tables asks for them.
 *
 * On the packet's way: bridge.c calls bridge_nf_pre() before it looks where a frame goes, and bridge_nf_forward() for each port that it goes to.
 *
 * Theory of operation: PREROUTING sees the packet as coming in on the bridge, FORWARD as passing from the bridge to the bridge, POSTROUTING as
 * leaving by it; the ports are in phys_iif and phys_oif, for -m physdev. A packet for the host itself has been through PREROUTING and is not taken
 * there again. What PREROUTING reassembled leaves in fragments of the size in which it came. A destination that was translated is followed: to another
 * station of the bridge by changing the frame's address, to elsewhere by handing the packet to the host's own forwarding.
 *
 * Invariants
 *  1. PKT_BRIDGED is set exactly on packets that went through bridge_nf_pre() and have not left the host.
 *  2. Copies of a flooded packet share its connection; only the packet itself ends one that was never confirmed (PKT_CT_ATTACHED).
 *
 * Differences: D-28 (a translated destination whose neighbour is not known yet is routed, not bridged).
 *
 * References: Linux br_netfilter_hooks.c; tried with counters on every hook of Linux 6.18.
 */
#include "path/private.h"

#include "ct/ct.h"
#include "net/edit.h"
#include "net/parse.h"
#include "route/bridge.h"

bool bridge_nf_wanted(const struct netns *ns, const struct pkt *p)
{
	if (p->flags & PKT_VLAN)
		return false;
	return (ns->sysctl.bridge_nf_call_iptables && p->ethertype == htons(ETH_P_IP)) ||
	       (ns->sysctl.bridge_nf_call_ip6tables && p->ethertype == htons(ETH_P_IPV6));
}

/* the link-layer address of the station that a translated packet is for; false: it is not on this bridge, or not known to be */
static bool station_of(struct netns *ns, const struct link *br, const struct pkt *p, uint8_t mac[ETH_ALEN])
{
	const struct neigh *n;
	struct route_result rt;
	union inet_addr next;
	struct route_key k;

	if (!(p->family == AF_INET ? link_conf(br, LINK_CONF_FORWARDING) : link_forwards6(br)))	/* a translated packet is forwarded, even where it is only bridged */
		return false;
	path_route_key(ns, p, &k);
	k.iif = br->ifindex;
	fib_lookup(&ns->fib, &k, &rt);
	if (rt.err || rt.type != RTN_UNICAST || rt.out != br)
		return false;
	next = rt.have_gw ? rt.gw : k.dst;
	n = neigh_find(&ns->neigh, br->ifindex, p->family, &next);
	if (!n || !n->have_mac || (n->state & (NUD_INCOMPLETE | NUD_FAILED)))
		return false;
	return neigh_resolve(&ns->neigh, (struct link *)br, p->family, &next, NULL, mac) == 0;
}

/* the destination was translated: the frame goes to the new one's station, or up to the host, which will route it */
static void follow(struct netns *ns, const struct link *br, struct pkt *p)
{
	uint8_t mac[ETH_ALEN];

	if (!station_of(ns, br, p, mac)) {
		memcpy(mac, br->mac, ETH_ALEN);
		p->pkt_type = PACKET_HOST;
	}
	memcpy(pkt_eth(p)->h_dest, mac, ETH_ALEN);
}

bool bridge_nf_pre(struct link *port, struct pkt **pp)
{
	struct link *br = port->master;
	struct hook_state st = { .hook = NF_INET_PRE_ROUTING, .in = br };
	bool other = (*pp)->pkt_type == PACKET_OTHERHOST;
	enum drop_reason why = parse_ip(*pp);
	union inet_addr before, after;
	struct pkt *p = *pp;

	if (why) {
		path_drop(br->ns, p, why);
		return false;
	}
	if (other)
		p->pkt_type = PACKET_HOST;
	p->phys_iif = port->ifindex;
	p->iif = br->ifindex;
	p->flags |= PKT_BRIDGED | PKT_PREROUTED;
	before = pkt_dst(p);
	if (hooks_run(br->ns, pp, &st, NULL) != VERDICT_ACCEPT)
		return false;
	p = *pp;
	if (other)
		p->pkt_type = PACKET_OTHERHOST;
	after = pkt_dst(p);
	if (!addr_eq(&before, &after))
		follow(br->ns, br, p);
	return true;
}

void bridge_nf_share(struct pkt *copy, const struct pkt *of)
{
	copy->ct = of->ct;
	copy->ctinfo = of->ctinfo;
	copy->flags |= PKT_CT_ATTACHED;
}

/* @p in pieces of at most @mtu bytes, each behind the frame's Ethernet header */
static void fragments(struct link *port, struct pkt *p, uint32_t mtu)
{
	struct netns *ns = port->ns;
	struct ethhdr eth = *pkt_eth(p);
	struct pkt *list, *next;

	if (!path_may_fragment(p, mtu)) {
		if (p->family == AF_INET)	/* a bridge has no IPv6 address to complain from */
			icmp_report(ns, p, ICMP_ABOUT_TOO_BIG, mtu);
		path_drop(ns, p, DROP_TOO_BIG);
		return;
	}
	p->flags &= ~(uint32_t)PKT_CSUM_PARTIAL;
	if (frag_split(p, mtu, path_frag_id(ns, p), &list)) {
		path_drop(ns, p, DROP_NO_MEMORY);
		return;
	}
	for (; list; list = next) {
		uint8_t *header;

		next = list->next;
		list->next = NULL;
		header = pkt_push(list, sizeof(eth));
		if (!header) {
			path_drop(ns, list, DROP_NO_MEMORY);
			continue;
		}
		memcpy(header, &eth, sizeof(eth));
		path_device_xmit(port, list);
	}
}

void bridge_nf_forward(struct link *port, struct pkt *p)
{
	struct link *br = port->master;
	struct netns *ns = br->ns;
	struct hook_state fwd = { .hook = NF_INET_FORWARD, .in = br, .out = br };
	struct hook_state post = { .hook = NF_INET_POST_ROUTING, .out = br };
	uint32_t mtu = port->mtu;

	if (p->pkt_type == PACKET_OTHERHOST)
		p->pkt_type = PACKET_HOST;
	p->flags &= ~(uint32_t)PKT_PREROUTED;
	p->oif = br->ifindex;
	p->phys_oif = port->ifindex;
	if (hooks_run(ns, &p, &fwd, NULL) != VERDICT_ACCEPT || hooks_run(ns, &p, &post, NULL) != VERDICT_ACCEPT)
		return;
	if (p->frag_max && p->frag_max < mtu)
		mtu = p->frag_max;
	if (pkt_l3_len(p) > mtu)
		fragments(port, p, mtu);
	else
		path_device_xmit(port, p);
}
