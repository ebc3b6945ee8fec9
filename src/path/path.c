/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/path.c - the packet's way, read straight down: from a link's ingress to a socket or to another link, and from a local
 * socket to a link.
 *
 *     path_rx -> path_l3_rx -> [PREROUTING] -> path_route_input -> local_in -> [INPUT] -> local_deliver
 *                                                               -> forward  -> [FORWARD] -> path_finish
 *     path_output, path_local_out -> [OUTPUT, reroute] -> path_finish
 *     path_finish -> [POSTROUTING] -> fragment -> neighbour -> path_device_xmit
 *
 * Theory of operation: every function hands the packet to the next and returns what a local sender is to be told. Routing is decided once per
 * walk, in a struct route_result on the stack that pkt->dst points to while the packet is in the hands of the walk. Frames leave
 * through world_ops.transmit, which brings those for a veth's peer and for lo back to path_rx() after whatever time a wire takes; nothing recurses
 * from one host into another.
 *
 * Invariants
 *  1. Whoever takes a struct pkt owns it: it is freed, queued or handed on exactly once.
 *  2. pkt->dst is NULL whenever the packet is not below a function that set it.
 *  3. TTL check, MTU check, TTL decrement and ICMP redirect come before FORWARD, in this order; with IPv6 the redirect comes before the MTU check.
 *
 * References: RFC 1812 sections 4.2, 5.2 and 5.3; RFC 1122 section 3; RFC 8200; Linux ip_input.c, ip_forward.c, ip_output.c and route.c for the order.
 */
#include "path/private.h"

#include <errno.h>
#include <stdio.h>

#include "net/edit.h"
#include "net/parse.h"

#define IP6_MIN_MTU 1280
#define FLOW_LABEL 0xfffffu

void path_drop(struct netns *ns, struct pkt *p, enum drop_reason why)
{
	p->drop = why;
	ns->drops[why]++;
	TRACE(ns, .kind = TRACE_DROP, .pkt = p, .drop = why);
	if (p->ct && !(p->flags & PKT_CT_ATTACHED))
		ct_drop_unconfirmed(ns->ct, p);
	pkt_free(p);
}

/* ---- in: link layer ---- */

static uint8_t classify_mac(const struct link *l, const struct pkt *p)
{
	const uint8_t *dst = pkt_eth(p)->h_dest;

	if (memcmp(dst, l->mac, ETH_ALEN) == 0)
		return PACKET_HOST;
	if (!(dst[0] & 1))
		return PACKET_OTHERHOST;
	return memcmp(dst, l->brd_mac, ETH_ALEN) == 0 ? PACKET_BROADCAST : PACKET_MULTICAST;
}

static enum drop_reason link_parse(const struct link *in, struct pkt *p)
{
	enum drop_reason why = DROP_NONE;

	if (in->arphrd == ARPHRD_ETHER || in->arphrd == ARPHRD_LOOPBACK) {
		why = parse_eth(p);
		if (!why)
			p->pkt_type = in->arphrd == ARPHRD_LOOPBACK ? PACKET_HOST : classify_mac(in, p);
	} else {		/* no link-layer header: the version field tells */
		p->l3 = p->mac;
		p->pkt_type = PACKET_HOST;
		p->ethertype = htons(pkt_len(p) && pkt_l3(p)[0] >> 4 == 6 ? ETH_P_IPV6 : ETH_P_IP);
	}
	return why;
}

/* a frame from the wire, up to its protocol's handler; false: it is gone */
static bool link_rx(struct link *in, struct pkt *p)
{
	struct netns *ns = in->ns;
	enum drop_reason why = in->flags & IFF_UP ? DROP_NONE : DROP_LINK_DOWN;

	p->iif = in->ifindex;
	p->tstamp_ns = ns->world->clock.now_ns;
	/* a veth takes no frame that its own MTU has no room for: Ethernet header and a VLAN tag besides */
	if (!why && in->kind == LINK_VETH && pkt_len(p) > in->mtu + ETH_HLEN + 4)
		why = DROP_TOO_BIG;
	if (!why) {
		in->stats.rx_packets++;
		in->stats.rx_bytes += pkt_len(p);
		why = link_parse(in, p);
	}
	if (why) {
		in->stats.rx_dropped++;
		path_drop(ns, p, why);
		return false;
	}
	TRACE(ns, .kind = TRACE_RX, .pkt = p, .link = in);
	if (ns->world->ops->tap)
		ns->world->ops->tap(ns->world, in, p, false);
	return frame_hook(ns, p, FRAME_INGRESS, in, NULL);
}

void path_rx(struct link *in, struct pkt **pkts, unsigned n)
{
	struct netns *ns = in->ns;
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++)
		if (link_rx(in, pkts[i]))
			pkts[kept++] = pkts[i];
	if (kept > 1 && (ns->rules.needs_ct[0] || ns->rules.needs_ct[1]))
		ct_prefetch(ns->ct, pkts, kept);
	for (unsigned i = 0; i < kept; i++) {
		if (in->master)
			bridge_rx(in, pkts[i]);
		else
			path_l3_rx(in, pkts[i]);
	}
}

/* ---- in: network layer ---- */

/* the whole datagram, if @p completes it */
static struct pkt *reassemble(struct netns *ns, struct pkt *p)
{
	enum drop_reason why = DROP_NONE;

	p = frag_add(&ns->frags, p, FRAG_USER_LOCAL_IN, clock_ms(&ns->world->clock), &why);
	ns->world->ops->timers_changed(ns->world);
	if (why)
		ns->drops[why]++;
	return p;
}

/* IPv4 sees INPUT with whole datagrams only; IPv6 takes a Fragment header for a header like others, behind INPUT */
static void local_in(struct netns *ns, struct pkt *p, struct link *in, struct route_result *rt)
{
	struct hook_state st = { .hook = NF_INET_LOCAL_IN, .in = in };
	enum drop_reason why;

	if (p->family == AF_INET && p->flags & PKT_FRAG && !(p = reassemble(ns, p)))
		return;
	p->dst = rt;
	if (hooks_run(ns, &p, &st, NULL) != VERDICT_ACCEPT)
		return;
	if (frag_is_headless(p)) {
		icmp_report(ns, p, ICMP_ABOUT_HEADERS, 0);
		path_drop(ns, p, DROP_FRAG_INVALID);
		return;
	}
	if (p->frag_at && !(p = reassemble(ns, p)))
		return;
	p->dst = rt;
	why = p->family == AF_INET6 && p->flags & PKT_OPTIONS ? options_deliver(ns, p) : DROP_NONE;
	if (why) {
		path_drop(ns, p, why);
		return;
	}
	ns->delivered++;
	TRACE(ns, .kind = TRACE_LOCAL, .pkt = p, .link = in);
	local_deliver(ns, p, in, rt);
}

/* routers fragment IPv4 without DF, and what they have put together themselves */
static bool too_big(const struct pkt *p, uint32_t mtu)
{
	if (p->family == AF_INET)
		return pkt_ip4(p)->frag_off & htons(IP4_DF) && (pkt_l3_len(p) > mtu || p->frag_max > mtu);
	return pkt_l3_len(p) > mtu && !(p->flags & PKT_REASSEMBLED && p->frag_max <= mtu);
}

static uint32_t forward_mtu(struct netns *ns, const struct pkt *p, struct route_result *rt)
{
	union inet_addr dst = pkt_dst(p);

	if (p->family == AF_INET6)	/* as the device has it: what a route says is for what is made here */
		return MAX(rt->route && rt->route->mtu_locked ? rt->mtu : rt->out->mtu, IP6_MIN_MTU);
	if (ns->sysctl.ip_forward_use_pmtu)
		exception_apply(ns, p->family, &dst, rt);
	return rt->mtu;
}

/* RFC 4007 section 9: not out of the zone of its source */
static enum drop_reason check_scope(struct netns *ns, const struct pkt *p)
{
	union inet_addr src = pkt_src(p);

	if (addr_is_any(&src) || addr_is_loopback(AF_INET6, &src))
		return DROP_MARTIAN_SOURCE;
	if (!addr_is_linklocal6(&src))
		return DROP_NONE;
	icmp_report(ns, p, ICMP_ABOUT_SCOPE, 0);
	return DROP_MARTIAN_SOURCE;
}

/* RFC 1812 section 5.3; the checks come before FORWARD, so that a DROP there does not stop their ICMP messages */
static enum drop_reason forward_check(struct netns *ns, struct pkt *p, struct link *in, struct route_result *rt)
{
	bool v6 = p->family == AF_INET6;
	uint32_t mtu = forward_mtu(ns, p, rt);
	enum drop_reason why;

	if (pkt_ttl(p) <= 1) {
		icmp_report(ns, p, ICMP_ABOUT_TTL, 0);
		return DROP_TTL;
	}
	if (v6 && rt->out == in) {
		nd_send_redirect(ns, p, rt, in);
	} else if (v6) {
		why = check_scope(ns, p);
		if (why)
			return why;
	}
	if (too_big(p, mtu)) {
		icmp_report(ns, p, ICMP_ABOUT_TOO_BIG, mtu);
		return DROP_TOO_BIG;
	}
	edit_ttl(p, pkt_ttl(p) - 1);
	if (!v6 && rt->out == in)
		icmp_send_redirect(ns, p, rt, in);
	return DROP_NONE;
}

static void forward(struct netns *ns, struct pkt *p, struct link *in, struct route_result *rt)
{
	struct hook_state st = { .hook = NF_INET_FORWARD, .in = in, .out = rt->out };
	enum drop_reason why = DROP_OTHER_HOST;

	p->dst = rt;
	if (p->pkt_type == PACKET_HOST)
		why = forward_check(ns, p, in, rt);
	if (why) {
		path_drop(ns, p, why);
		return;
	}
	p->flags |= PKT_FORWARDED;
	p->oif = rt->out->ifindex;
	if (hooks_run(ns, &p, &st, NULL) != VERDICT_ACCEPT)
		return;
	ns->forwarded++;
	path_finish(ns, p, rt->out, rt);
}

/* the header as it arrives, before anybody else sees it */
static enum drop_reason check_header(struct netns *ns, struct pkt *p, const struct link *in)
{
	enum drop_reason why = p->pkt_type == PACKET_OTHERHOST ? DROP_OTHER_HOST : parse_ip(p);

	if (!why && p->family == AF_INET6)
		why = options_check6(ns, p, in);
	return why;
}

/* the link that has a link-local address of ours */
static const struct link *link_with(const struct netns *ns, const union inet_addr *addr)
{
	const struct link *l;
	const struct link_addr *a;

	list_for_each(l, &ns->links.links, node)
		list_for_each(a, &l->addrs, node)
			if (a->family == AF_INET6 && addr_eq(&a->addr, addr))
				return l;
	return NULL;
}

/* an IP packet */
static void ip_rx(struct link *in, struct pkt *p)
{
	struct netns *ns = in->ns;
	struct hook_state st = { .hook = NF_INET_PRE_ROUTING, .in = in };
	struct route_result rt;
	enum drop_reason why;

	if (p->flags & PKT_PREROUTED) {		/* while it was still the bridge's */
		p->flags &= ~(uint32_t)PKT_PREROUTED;
	} else {
		why = check_header(ns, p, in);
		if (why) {
			path_drop(ns, p, why);
			return;
		}
		if (hooks_run(ns, &p, &st, NULL) != VERDICT_ACCEPT)
			return;
	}
	if (p->flags & PKT_LOOPED) {	/* routed on its way out: it is for us */
		union inet_addr dst = pkt_dst(p);
		const struct link *of = p->family == AF_INET6 && addr_is_linklocal6(&dst) ? link_with(ns, &dst) : NULL;

		if (of)		/* a program is told the link that the address means something on */
			p->iif = of->ifindex;
		rt = (struct route_result){ .type = RTN_LOCAL, .out = ns->lo };
		local_in(ns, p, in, &rt);
		return;
	}
	why = p->flags & PKT_OPTIONS ? options_check(ns, p) : DROP_NONE;
	if (!why)
		why = path_route_input(ns, p, in, &rt);
	if (why)
		path_drop(ns, p, why);
	else if (rt.type == RTN_UNICAST)
		forward(ns, p, in, &rt);
	else
		local_in(ns, p, in, &rt);
}

void path_l3_rx(struct link *in, struct pkt *p)
{
	struct netns *ns = in->ns;
	struct conn *held = in->kind == LINK_LOOPBACK ? p->ct : NULL;	/* the reference that kept it while the packet was under way */

	if (p->flags & PKT_VLAN)
		path_drop(ns, p, DROP_NO_HANDLER);
	else if (p->ethertype == htons(ETH_P_IP) || p->ethertype == htons(ETH_P_IPV6))
		ip_rx(in, p);
	else if (p->ethertype == htons(ETH_P_ARP))
		arp_rx(in, p);
	else
		path_drop(ns, p, DROP_NO_HANDLER);
	if (held)
		conn_put(ns->ct, held);
}

/* ---- out ---- */

/* OUTPUT and everything after it */
static int output(struct netns *ns, struct pkt *p, struct route_result *rt)
{
	struct hook_state st = { .hook = NF_INET_LOCAL_OUT, .out = rt->out };
	int err = 0;

	p->dst = rt;
	p->oif = rt->out->ifindex;
	p->iif = 0;
	ns->originated++;
	if (hooks_run(ns, &p, &st, &err) != VERDICT_ACCEPT)
		return err;
	return path_finish(ns, p, rt->out, rt);
}

int path_output_by(struct netns *ns, struct pkt *p, struct route_result *rt)
{
	return output(ns, p, rt);
}

int path_local_out(struct netns *ns, struct pkt *p, const struct pkt *about, int oif)
{
	struct route_result rt;
	struct route_key k;
	int err;

	p->flags |= PKT_LOCAL_OUT;
	p->tstamp_ns = ns->world->clock.now_ns;
	path_route_key(ns, p, &k);
	k.oif = oif;
	err = path_route(ns, &k, &rt);
	if (err) {
		path_drop(ns, p, path_route_reason(err));
		return err;
	}
	if (about) {
		TRACE(ns, .kind = TRACE_REPLY, .pkt = about, .other = p->id);
		p->flags |= about->flags & PKT_UNTRACKED;
	}
	if (about && about->ct) {	/* an answer belongs to the connection of what it answers, confirmed or not */
		p->ct = about->ct;
		p->ctinfo = CTINFO2DIR(about->ctinfo) == IP_CT_DIR_ORIGINAL ? IP_CT_RELATED_REPLY : IP_CT_RELATED;
		p->flags |= PKT_CT_ATTACHED;
	}
	return output(ns, p, &rt);
}

uint8_t path_ttl(const struct netns *ns, uint8_t family, const struct link *out)
{
	return (uint8_t)(family == AF_INET ? ns->sysctl.ip_default_ttl : out->conf6[LINK_CONF6_HOP_LIMIT]);
}

void path_label_flow(struct netns *ns, struct pkt *p)
{
	struct ip6_hdr *ip = pkt_ip6(p);
	struct tuple t = { 0 };
	struct {
		union inet_addr src, dst;
		be16 sport, dport;
		uint32_t proto;
	} flow = { 0 };

	if (p->family != AF_INET6 || !ns->sysctl.ip6_auto_flowlabels || ip->flow & htonl(FLOW_LABEL))
		return;
	if (p->proto != IPPROTO_ICMPV6)
		tuple_of_pkt(p, 0, &t);
	flow.src = pkt_src(p);
	flow.dst = pkt_dst(p);
	flow.sport = t.sport;
	flow.dport = t.dport;
	flow.proto = p->proto;
	ip->flow |= htonl((uint32_t)hash_bytes(&ns->frags.key, &flow, sizeof(flow)) & FLOW_LABEL);
}

/* what the sender left to be filled in, now that the route is known */
static int fill_header(struct netns *ns, struct pkt *p, const struct path_out *o, const struct route_result *rt)
{
	union inet_addr src = pkt_src(p), dst = pkt_dst(p);
	struct iphdr *ip = pkt_ip4(p);

	if (addr_is_any(&src)) {
		if (p->family == AF_INET6 && addr_is_any(&rt->prefsrc))
			return -EADDRNOTAVAIL;
		path_put_addr(p, EDIT_SRC, &rt->prefsrc);
	}
	if (addr_is_any(&dst)) {
		dst = p->family == AF_INET ? addr_ip4(htonl(INADDR_LOOPBACK)) : (union inet_addr){ .b = { [15] = 1 } };
		path_put_addr(p, EDIT_DST, &dst);
	}
	if (p->family == AF_INET && !ip->id && !(ip->frag_off & htons(IP4_DF)))
		ip->id = htons((uint16_t)++ns->ip_id);
	if (!o->hdrincl)
		path_label_flow(ns, p);
	return 0;
}

int path_output(struct netns *ns, struct pkt *p, const struct path_out *o)
{
	struct route_result rt;
	struct route_key k;
	int err;

	p->family = pkt_l3(p)[0] >> 4 == 6 ? AF_INET6 : AF_INET;
	p->ethertype = htons(p->family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP);
	p->proto = p->family == AF_INET6 ? pkt_ip6(p)->nxt : pkt_ip4(p)->protocol;
	p->flags |= PKT_LOCAL_OUT;
	p->tstamp_ns = ns->world->clock.now_ns;
	if (!o->hdrincl && o->df && p->family == AF_INET)
		pkt_ip4(p)->frag_off = htons(IP4_DF);
	path_route_key(ns, p, &k);
	k.oif = o->oif;
	k.uid = p->sk_uid;
	err = path_route(ns, &k, &rt);
	if (err) {
		path_drop(ns, p, path_route_reason(err));
		return err;
	}
	err = fill_header(ns, p, o, &rt);
	if (!err) {
		edit_fill_checksums(p);
		err = parse_ip(p) == DROP_NONE ? 0 : -EINVAL;
	}
	if (err) {
		path_drop(ns, p, DROP_MALFORMED);
		return err;
	}
	if (!o->hdrincl && (p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP) && pkt_l3_len(p) <= rt.mtu)
		p->flags |= PKT_CSUM_PARTIAL;
	TRACE(ns, .kind = TRACE_ROUTE, .pkt = p, .route = &rt);
	if (o->df && pkt_l3_len(p) > rt.mtu) {
		path_drop(ns, p, DROP_TOO_BIG);
		return -EMSGSIZE;
	}
	return output(ns, p, &rt);
}

int path_link_out(struct netns *ns, struct pkt *p, struct link *out)
{
	union inet_addr dst = pkt_dst(p);
	struct route_result rt = { .type = addr_is_multicast(p->family, &dst) ? RTN_MULTICAST : RTN_UNICAST, .out = out, .mtu = out->mtu,
				   .gw_family = p->family, .gw = dst };

	edit_fill_checksums(p);
	path_from_kernel(p);
	p->flags |= PKT_LOCAL_OUT;
	p->tstamp_ns = ns->world->clock.now_ns;
	return output(ns, p, &rt);
}

/* one packet that fits the link, to its next hop */
static int to_neighbour(struct netns *ns, struct pkt *p, struct link *out, const struct route_result *rt)
{
	union inet_addr next = rt->have_gw ? rt->gw : pkt_dst(p);
	int err;

	p->dst = NULL;
	if (out->kind == LINK_LOOPBACK) {
		if (p->ct)
			conn_hold(p->ct);	/* until it is back in path_l3_rx() */
	} else {
		p->ct = NULL;		/* nothing after this looks at it; while the packet waits for its neighbour, the connection may end */
	}
	if (out->arphrd == ARPHRD_ETHER || out->arphrd == ARPHRD_LOOPBACK) {
		err = neigh_header(out, p, &next, rt->type);
		if (err)
			return err == -EINPROGRESS ? 0 : err;
	} else {
		p->mac = p->l3;
	}
	return path_device_xmit(out, p);
}

bool path_may_fragment(const struct pkt *p, uint32_t mtu)
{
	bool came_so = p->frag_max && p->frag_max <= mtu;

	if (p->family == AF_INET)
		return came_so || !(pkt_ip4(p)->frag_off & htons(IP4_DF));
	return came_so || (p->flags & PKT_LOCAL_OUT && p->proto != IPPROTO_TCP);
}

be32 path_frag_id(struct netns *ns, const struct pkt *p)
{
	return p->family == AF_INET6 ? rng_u32(&ns->world->rng) : 0;
}

static int fragment(struct netns *ns, struct pkt *p, struct link *out, const struct route_result *rt, uint32_t mtu)
{
	struct pkt *list, *next;
	int err;

	if (!path_may_fragment(p, mtu)) {
		icmp_report(ns, p, ICMP_ABOUT_TOO_BIG, mtu);
		path_drop(ns, p, DROP_TOO_BIG);
		return -EMSGSIZE;
	}
	if (p->frag_max && p->frag_max < mtu)
		mtu = p->family == AF_INET ? p->frag_max : MAX(p->frag_max, IP6_MIN_MTU);
	p->flags &= ~(uint32_t)PKT_CSUM_PARTIAL;
	if (frag_split(p, mtu, path_frag_id(ns, p), &list)) {
		path_drop(ns, p, DROP_NO_MEMORY);
		return -ENOBUFS;
	}
	for (err = 0; list; list = next) {
		int e;

		next = list->next;
		list->next = NULL;
		e = to_neighbour(ns, list, out, rt);
		err = err ? err : e;
	}
	return err;
}

/* a program's multicast is for this host too, when it listens: that copy comes in as from the link */
static void loop_back(struct netns *ns, const struct pkt *p, struct link *out)
{
	union inet_addr dst = pkt_dst(p);
	struct pkt *copy;

	if (p->family != AF_INET6 || !addr_is_multicast(AF_INET6, &dst) || out->kind == LINK_LOOPBACK || !(p->flags & PKT_LOCAL_OUT) || !p->sk ||
	    p->sk == p || !path_in_group(out, &dst))
		return;
	copy = pkt_clone(p);
	if (!copy)
		return;
	copy->flags &= PKT_CSUM_PARTIAL;
	copy->ethertype = htons(ETH_P_IPV6);
	copy->pkt_type = PACKET_MULTICAST;
	copy->iif = out->ifindex;
	copy->oif = 0;
	copy->sk = copy->dst = NULL;
	copy->ct = NULL;
	path_l3_rx(out, copy);
}

int path_finish(struct netns *ns, struct pkt *p, struct link *out, struct route_result *rt)
{
	struct hook_state st = { .hook = NF_INET_POST_ROUTING, .in = p->iif ? link_by_index(&ns->links, p->iif) : NULL, .out = out };
	uint32_t mtu = rt->mtu ? rt->mtu : out->mtu;
	int err = 0;

	p->dst = rt;
	p->oif = out->ifindex;
	if (hooks_run(ns, &p, &st, &err) != VERDICT_ACCEPT)
		return err;
	loop_back(ns, p, out);
	if (pkt_l3_len(p) > mtu || (p->frag_max && (p->family == AF_INET || pkt_l3_len(p) > p->frag_max)))
		return fragment(ns, p, out, rt, mtu);
	return to_neighbour(ns, p, out, rt);
}

/* ---- out: link layer ---- */

/* what a packet loses when it leaves its namespace */
static void scrub(struct pkt *p, bool other_ns)
{
	p->ct = NULL;
	p->dst = NULL;
	p->sk = NULL;
	p->flags &= PKT_VLAN | PKT_CSUM_PARTIAL;
	p->frag_max = p->frag_len[0] = 0;
	p->oif = p->iif = p->phys_iif = p->phys_oif = 0;
	p->ct_zone[0] = p->ct_zone[1] = 0;
	p->drop = DROP_NONE;
	if (other_ns)
		p->mark = p->priority = 0;
}

int path_device_xmit(struct link *out, struct pkt *p)
{
	struct netns *ns = out->ns;
	uint8_t type;

	if (!link_running(out)) {
		out->stats.tx_dropped++;
		path_drop(ns, p, DROP_LINK_DOWN);
		return 0;
	}
	if (!frame_hook(ns, p, FRAME_EGRESS, NULL, out))
		return 0;
	out->stats.tx_packets++;
	out->stats.tx_bytes += pkt_len(p);
	type = p->pkt_type;
	p->pkt_type = PACKET_OUTGOING;		/* as who watches sees it */
	TRACE(ns, .kind = TRACE_TX, .pkt = p, .link = out);
	if (ns->world->ops->tap)
		ns->world->ops->tap(ns->world, out, p, true);
	p->pkt_type = type;
	switch (out->kind) {
	case LINK_BRIDGE:
		return bridge_xmit(out, p);
	case LINK_DUMMY:
		pkt_free(p);
		return 0;
	case LINK_LOOPBACK:
		p->flags = (p->flags & (PKT_UNTRACKED | PKT_TRACE | PKT_CT_ATTACHED | PKT_CSUM_PARTIAL)) | PKT_LOOPED;
		p->frag_max = p->frag_len[0] = 0;
		break;
	default:
		scrub(p, out->kind != LINK_VETH || !out->peer || out->peer->ns != out->ns);
	}
	ns->world->ops->transmit(ns->world, out, p);
	return 0;
}

int path_xmit(struct link *out, struct pkt *p)
{
	enum drop_reason why = parse_eth(p);

	if (why) {
		path_drop(out->ns, p, why);
		return -EINVAL;
	}
	return path_device_xmit(out, p);
}

/* ---- the engine that ns/ hangs into its namespaces ---- */

static void rules_committed(void *ctx, struct ruleset *rs)
{
	hooks_rebuild(ctx);
}

static int path_init(struct netns *ns)
{
	ns->path = mem_zalloc(sizeof(*ns->path));
	if (!ns->path)
		return -ENOMEM;
	list_init(&ns->path->mld);
	ns->rules.committed = rules_committed;
	ns->rules.ctx = ns;
	hooks_rebuild(ns);
	return 0;
}

static void path_free(struct netns *ns)
{
	if (!ns->path)
		return;
	mld_free(ns);
	mem_free(ns->path->exception);
	mem_free(ns->path->peer);
	mem_free(ns->path);
	ns->path = NULL;
}

/* reassembly that took too long: its first fragment is answered, with IPv4 only where the datagram was for this host */
static void path_timers(struct netns *ns)
{
	struct pkt *p, *next;

	mld_timers(ns);
	frag_expire(&ns->frags, clock_ms(&ns->world->clock));
	p = ns->frags.expired;
	ns->frags.expired = NULL;
	for (; p; p = next) {
		union inet_addr dst = pkt_dst(p);

		next = p->next;
		p->next = NULL;
		if (p->family == AF_INET6 || fib_addr_type(&ns->fib, p->family, &dst, NULL) == RTN_LOCAL)
			icmp_report(ns, p, ICMP_ABOUT_FRAG_TIME, 0);
		path_drop(ns, p, DROP_FRAG_TIMEOUT);
	}
}

static uint64_t path_next_ms(const struct netns *ns)
{
	uint64_t frags = frag_next(&ns->frags), mld = mld_next_ms(ns);

	return MIN(frags, mld);
}

static void path_link_event(struct netns *ns, struct link *l, unsigned what, const struct link_addr *a)
{
	if (what <= LINK_MAC || what == ADDR_READY)	/* routes changed, which the rest of what IPv6 tells does not mean */
		exception_forget(ns);
	nd_link_event(ns, l, what, a);
}

static const struct world_engine path_engine = {
	.ns_init = path_init,
	.ns_free = path_free,
	.timers = path_timers,
	.next_ms = path_next_ms,
	.neigh = &path_neigh_ops,
	.link_event = path_link_event,
	.learned = exception_learned,
	.forget_learned = exception_forget,
	.ct_invalid = log_invalid,
};

int path_world_init(struct world *w, uint64_t seed, const struct world_ops *ops, void *ctx)
{
	return world_init(w, seed, ops, ctx, &path_engine);
}
