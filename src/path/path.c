/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/path.c - the packet's way, read straight down: from a link's ingress to a socket or to another link, and from a local
 * socket to a link.
 *
 *     path_rx -> path_l3_rx -> [PREROUTING] -> route_input -> local_in -> [INPUT] -> local_deliver
 *                                                          -> forward  -> [FORWARD] -> path_finish
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
 *  3. TTL check, MTU check, TTL decrement and ICMP redirect come before FORWARD, in this order.
 *
 * References: RFC 1812 sections 4.2, 5.2 and 5.3; RFC 1122 section 3; Linux ip_input.c, ip_forward.c, ip_output.c and route.c for the order.
 */
#include "path/private.h"

#include <errno.h>
#include <stdio.h>

#include "net/edit.h"
#include "net/parse.h"

static const union inet_addr limited_broadcast = { .w = { 0xffffffff } };

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
	return true;
}

void path_rx(struct link *in, struct pkt **pkts, unsigned n)
{
	struct netns *ns = in->ns;
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++)
		if (link_rx(in, pkts[i]))
			pkts[kept++] = pkts[i];
	if (kept > 1 && ns->rules.needs_ct[0])
		ct_prefetch(ns->ct, pkts, kept);
	for (unsigned i = 0; i < kept; i++) {
		if (in->master)
			bridge_rx(in, pkts[i]);
		else
			path_l3_rx(in, pkts[i]);
	}
}

/* ---- in: routing ---- */

/* which of several next hops a pair of addresses takes: the same for all its packets */
static uint32_t multipath_hash(const union inet_addr *src, const union inet_addr *dst)
{
	uint64_t h = 0;

	for (unsigned i = 0; i < 4; i++)
		h = (h ^ ((uint64_t)src->w[i] << 32 | dst->w[i])) * 0x9e3779b97f4a7c15ull;
	return (uint32_t)(h >> 32);
}

void path_route_key(const struct netns *ns, const struct pkt *p, struct route_key *k)
{
	struct tuple t;

	*k = (struct route_key){
		.family = p->family,
		.tos = pkt_dsfield(p) & IPTOS_TOS_MASK,
		.proto = p->proto,
		.src = pkt_src(p),
		.dst = pkt_dst(p),
		.mark = p->mark,
	};
	k->mp_hash = multipath_hash(&k->src, &k->dst);
	if ((p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP) && tuple_of_pkt(p, 0, &t) == 0) {
		k->sport = ntohs(t.sport);
		k->dport = ntohs(t.dport);
		k->have_ports = true;
	}
}

/* does @l carry one of the next hops of the route found */
static bool uses_link(const struct route_result *r, const struct link *l)
{
	for (unsigned i = 0; r->route && i < r->route->n_nh; i++)
		if (r->route->nh[i].ifindex == l->ifindex)
			return true;
	return r->out == l;
}

/* would an answer to this source leave where the packet came from (rp_filter), and is the source anybody's but ours? DROP_NONE: fine */
static enum drop_reason validate_source(struct netns *ns, const struct pkt *p, struct link *in, const struct route_key *fwd)
{
	int rpf = link_conf(in, LINK_CONF_RP_FILTER);
	struct route_key k = { .family = p->family, .tos = fwd->tos, .src = fwd->dst, .dst = fwd->src, .iif = ns->lo->ifindex };
	struct route_result r;

	if (!rpf) {
		if (!link_conf(in, LINK_CONF_ACCEPT_LOCAL) && link_addr_find(&ns->links, p->family, &fwd->src))
			return DROP_MARTIAN_SOURCE;
		return DROP_NONE;
	}
	if (link_conf(in, LINK_CONF_SRC_VALID_MARK))
		k.mark = fwd->mark;
	fib_lookup(&ns->fib, &k, &r);
	if (r.err)
		return DROP_RP_FILTER;
	if (r.type != RTN_UNICAST && !(r.type == RTN_LOCAL && link_conf(in, LINK_CONF_ACCEPT_LOCAL)))
		return DROP_MARTIAN_SOURCE;
	if (uses_link(&r, in))
		return DROP_NONE;
	if (rpf == 1 || list_empty(&in->addrs))
		return DROP_RP_FILTER;
	/* loose: any way back will do */
	k.oif = in->ifindex;
	fib_lookup(&ns->fib, &k, &r);
	return !r.err && r.type != RTN_UNICAST ? DROP_MARTIAN_SOURCE : DROP_NONE;
}

static enum drop_reason martian(const struct link *in, const struct route_key *k)
{
	bool localnet = link_conf(in, LINK_CONF_ROUTE_LOCALNET);

	if (addr_is_multicast(k->family, &k->src) || addr_eq(&k->src, &limited_broadcast))
		return DROP_MARTIAN_SOURCE;
	if (addr_eq(&k->dst, &limited_broadcast) || (addr_is_any(&k->src) && addr_is_any(&k->dst)))
		return DROP_NONE;
	if (k->src.b[0] == 0)		/* 0.0.0.0/8 */
		return DROP_MARTIAN_SOURCE;
	if (k->dst.b[0] == 0)
		return DROP_MARTIAN_DESTINATION;
	if (localnet)
		return DROP_NONE;
	if (addr_is_loopback(k->family, &k->dst))
		return DROP_MARTIAN_DESTINATION;
	return addr_is_loopback(k->family, &k->src) ? DROP_MARTIAN_SOURCE : DROP_NONE;
}

void path_log_martian(struct netns *ns, const struct pkt *p, const struct link *in, const struct route_key *k, enum drop_reason why)
{
	const uint8_t *h = (const uint8_t *)pkt_eth(p);
	char src[ADDR_STRLEN], dst[ADDR_STRLEN], line[160];
	int n;

	if (!link_conf(in, LINK_CONF_LOG_MARTIANS) || !ns->world->ops->log)
		return;
	addr_fmt(src, k->family, &k->src);
	addr_fmt(dst, k->family, &k->dst);
	if (why == DROP_MARTIAN_DESTINATION)
		snprintf(line, sizeof(line), "IPv4: martian destination %s from %s, dev %s", dst, src, in->name);
	else
		snprintf(line, sizeof(line), "IPv4: martian source %s from %s, on dev %s", dst, src, in->name);
	ns->world->ops->log(ns->world, ns, 4, line);
	if (why == DROP_MARTIAN_DESTINATION || in->arphrd == ARPHRD_NONE || p->l3 - p->mac < ETH_HLEN)
		return;
	n = snprintf(line, sizeof(line), "ll header: 00000000:");
	for (unsigned i = 0; i < ETH_HLEN; i++)
		n += snprintf(line + n, sizeof(line) - (size_t)n, " %02x", h[i]);
	ns->world->ops->log(ns->world, ns, 4, line);
}

static enum drop_reason reason_of_route_error(int err)
{
	switch (err) {
	case -EINVAL:
		return DROP_BLACKHOLE;
	case -EACCES:
		return DROP_PROHIBITED;
	case -EHOSTUNREACH:
		return DROP_UNREACHABLE;
	default:
		return DROP_NO_ROUTE;
	}
}

/*
 * route_input() - where a packet that arrived is to go
 * Return: DROP_NONE with @rt filled in (RTN_LOCAL, RTN_BROADCAST, RTN_MULTICAST: to this host; RTN_UNICAST: forward); else why not, and
 * ICMP errors about it have been sent. The packet is the caller's either way.
 */
static enum drop_reason route_input(struct netns *ns, struct pkt *p, struct link *in, struct route_result *rt)
{
	bool forwarding = link_conf(in, LINK_CONF_FORWARDING);
	enum drop_reason why;
	struct route_key k;

	path_route_key(ns, p, &k);
	k.iif = in->ifindex;
	*rt = (struct route_result){ .type = RTN_MULTICAST, .out = in };
	if (addr_is_multicast(k.family, &k.dst) && !addr_is_multicast(k.family, &k.src))
		return DROP_NONE;
	why = martian(in, &k);
	if (why)
		goto out;
	rt->type = RTN_BROADCAST;
	if (addr_eq(&k.dst, &limited_broadcast) || (addr_is_any(&k.src) && addr_is_any(&k.dst))) {
		why = addr_is_any(&k.src) ? DROP_NONE : validate_source(ns, p, in, &k);
		goto out;
	}
	fib_lookup(&ns->fib, &k, rt);
	TRACE(ns, .kind = TRACE_ROUTE, .pkt = p, .route = rt);
	if (!rt->err && (rt->type == RTN_LOCAL || rt->type == RTN_BROADCAST || forwarding)) {
		if (rt->type == RTN_UNICAST || rt->type == RTN_LOCAL || rt->type == RTN_BROADCAST)
			why = validate_source(ns, p, in, &k);
		else
			why = DROP_MARTIAN_DESTINATION;
	} else if (!forwarding) {
		why = DROP_FORWARDING_OFF;
	} else {
		icmp_no_route(ns, p, in, rt->err);
		why = reason_of_route_error(rt->err);
	}
out:
	if (why == DROP_MARTIAN_SOURCE || why == DROP_MARTIAN_DESTINATION || why == DROP_RP_FILTER)
		path_log_martian(ns, p, in, &k, why);
	return why;
}

static void local_in(struct netns *ns, struct pkt *p, struct link *in, struct route_result *rt)
{
	struct hook_state st = { .hook = NF_INET_LOCAL_IN, .in = in };
	enum drop_reason why = DROP_NONE;

	if (p->flags & PKT_FRAG) {
		p = frag_add(&ns->frags, p, FRAG_USER_LOCAL_IN, clock_ms(&ns->world->clock), &why);
		ns->world->ops->timers_changed(ns->world);
		if (why)
			ns->drops[why]++;
		if (!p)
			return;
	}
	p->dst = rt;
	if (hooks_run(ns, &p, &st, NULL) != VERDICT_ACCEPT)
		return;
	ns->delivered++;
	TRACE(ns, .kind = TRACE_LOCAL, .pkt = p, .link = in);
	local_deliver(ns, p, in, rt);
}

/* RFC 1812 section 5.3; the checks come before FORWARD, so that a DROP there does not stop their ICMP messages */
static void forward(struct netns *ns, struct pkt *p, struct link *in, struct route_result *rt)
{
	struct hook_state st = { .hook = NF_INET_FORWARD, .in = in, .out = rt->out };
	bool df = pkt_ip4(p)->frag_off & htons(IP4_DF);

	if (p->pkt_type != PACKET_HOST) {
		path_drop(ns, p, DROP_OTHER_HOST);
		return;
	}
	p->dst = rt;
	if (ns->sysctl.ip_forward_use_pmtu) {
		union inet_addr dst = pkt_dst(p);

		exception_apply(ns, &dst, rt);
	}
	if (pkt_ttl(p) <= 1) {
		icmp_send(ns, p, ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, 0);
		path_drop(ns, p, DROP_TTL);
		return;
	}
	if (df && (pkt_l3_len(p) > rt->mtu || p->frag_max > rt->mtu)) {
		icmp_send(ns, p, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, rt->mtu);
		path_drop(ns, p, DROP_TOO_BIG);
		return;
	}
	edit_ttl(p, pkt_ttl(p) - 1);
	if (rt->out == in)
		icmp_send_redirect(ns, p, rt, in);
	p->flags |= PKT_FORWARDED;
	p->oif = rt->out->ifindex;
	if (hooks_run(ns, &p, &st, NULL) != VERDICT_ACCEPT)
		return;
	ns->forwarded++;
	path_finish(ns, p, rt->out, rt);
}

static void ip_rx(struct link *in, struct pkt *p)
{
	struct netns *ns = in->ns;
	struct hook_state st = { .hook = NF_INET_PRE_ROUTING, .in = in };
	struct route_result rt;
	enum drop_reason why;

	if (p->flags & PKT_PREROUTED) {		/* while it was still the bridge's */
		p->flags &= ~(uint32_t)PKT_PREROUTED;
	} else {
		why = p->pkt_type == PACKET_OTHERHOST ? DROP_OTHER_HOST : parse_ip(p);
		if (why) {
			path_drop(ns, p, why);
			return;
		}
		if (hooks_run(ns, &p, &st, NULL) != VERDICT_ACCEPT)
			return;
	}
	if (p->flags & PKT_LOOPED) {	/* routed on its way out: it is for us */
		rt = (struct route_result){ .type = RTN_LOCAL, .out = ns->lo };
		local_in(ns, p, in, &rt);
		return;
	}
	why = p->flags & PKT_OPTIONS ? options_check(ns, p) : DROP_NONE;
	if (!why)
		why = route_input(ns, p, in, &rt);
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
	else if (p->ethertype == htons(ETH_P_IP))
		ip_rx(in, p);
	else if (p->ethertype == htons(ETH_P_ARP))
		arp_rx(in, p);
	else
		path_drop(ns, p, DROP_NO_HANDLER);
	if (held)
		conn_put(ns->ct, held);
}

/* ---- out ---- */

/* no route, but a socket bound to a device: Linux then takes the destination to be right there */
static bool assume_on_link(struct netns *ns, const struct route_key *k, struct route_result *res)
{
	struct link *out = k->oif ? link_by_index(&ns->links, k->oif) : NULL;
	union inet_addr any = { .w = { 0 } };

	if (!out || !(out->flags & IFF_UP))
		return false;
	*res = (struct route_result){ .type = RTN_UNICAST, .out = out, .gw_family = k->family, .gw = k->dst, .mtu = out->mtu, .prefsrc = k->src };
	if (addr_is_any(&k->src))
		link_pick_addr(out, k->family, &any, RT_SCOPE_LINK, &res->prefsrc);
	return true;
}

int path_route(struct netns *ns, const struct route_key *key, struct route_result *res)
{
	struct route_key k = *key;

	if (addr_eq(&k.dst, &limited_broadcast) && k.oif) {
		*res = (struct route_result){ .type = RTN_BROADCAST, .out = link_by_index(&ns->links, k.oif), .gw_family = k.family,
					      .gw = k.dst };
		if (!res->out)
			return -ENODEV;
		res->mtu = res->out->mtu;
		link_pick_addr(res->out, k.family, &k.dst, RT_SCOPE_LINK, &res->prefsrc);
		return 0;
	}
	if (addr_is_any(&k.dst))	/* "this host" */
		k.dst = k.family == AF_INET ? addr_ip4(htonl(INADDR_LOOPBACK)) : (union inet_addr){ .b = { [15] = 1 } };
	fib_lookup(&ns->fib, &k, res);
	if (res->err && !assume_on_link(ns, &k, res))
		return res->err;
	if (addr_eq(&k.dst, &limited_broadcast)) {	/* the route only says by which link */
		res->type = RTN_BROADCAST;
		res->have_gw = false;
		res->gw = k.dst;
	} else if (addr_is_multicast(k.family, &k.dst)) {
		res->type = RTN_MULTICAST;
	}
	if (res->type == RTN_LOCAL) {	/* whichever link has the address, the packet goes by lo */
		res->out = ns->lo;
		res->mtu = ns->lo->mtu;
	}
	exception_apply(ns, &k.dst, res);
	return 0;
}

uint32_t path_pmtu(struct netns *ns, const union inet_addr *dst, uint32_t route_mtu)
{
	struct route_result r = { .mtu = route_mtu };

	exception_apply(ns, dst, &r);
	return r.mtu;
}

/* a new routing decision for a packet made here whose header or mark was changed; the source stays. false: no route */
bool path_reroute(struct netns *ns, struct pkt *p, struct route_result *rt)
{
	struct route_key k;
	uint8_t type;

	path_route_key(ns, p, &k);
	type = fib_addr_type(&ns->fib, p->family, &k.src, NULL);
	if (type != RTN_LOCAL && type != RTN_UNICAST)
		k.src = (union inet_addr){ 0 };
	if (path_route(ns, &k, rt))
		return false;
	TRACE(ns, .kind = TRACE_ROUTE, .pkt = p, .route = rt);
	p->oif = rt->out->ifindex;
	return true;
}

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
		path_drop(ns, p, reason_of_route_error(err));
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

int path_output(struct netns *ns, struct pkt *p, const struct path_out *o)
{
	struct iphdr *ip = pkt_ip4(p);
	struct route_result rt;
	struct route_key k;
	int err;

	p->family = AF_INET;
	p->proto = ip->protocol;
	p->flags |= PKT_LOCAL_OUT;
	p->tstamp_ns = ns->world->clock.now_ns;
	if (!o->hdrincl && o->df)
		ip->frag_off = htons(IP4_DF);
	path_route_key(ns, p, &k);
	k.oif = o->oif;
	k.uid = p->sk_uid;
	err = path_route(ns, &k, &rt);
	if (err) {
		path_drop(ns, p, reason_of_route_error(err));
		return err;
	}
	if (!ip->saddr)
		ip->saddr = rt.prefsrc.ip4;
	if (!ip->daddr)
		ip->daddr = htonl(INADDR_LOOPBACK);
	if (!ip->id && !(ip->frag_off & htons(IP4_DF)))
		ip->id = htons((uint16_t)++ns->ip_id);
	edit_fill_checksums(p);
	if (parse_ip(p) != DROP_NONE) {
		path_drop(ns, p, DROP_MALFORMED);
		return -EINVAL;
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
		err = arp_resolve(out, p, &next, rt->type);
		if (err)
			return err == -EINPROGRESS ? 0 : err;
	} else {
		p->mac = p->l3;
	}
	return path_device_xmit(out, p);
}

static int fragment(struct netns *ns, struct pkt *p, struct link *out, const struct route_result *rt, uint32_t mtu)
{
	struct pkt *list, *next;
	int err;

	if (pkt_ip4(p)->frag_off & htons(IP4_DF) && !(p->frag_max && p->frag_max <= mtu)) {
		icmp_send(ns, p, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, mtu);
		path_drop(ns, p, DROP_TOO_BIG);
		return -EMSGSIZE;
	}
	if (p->frag_max && p->frag_max < mtu)
		mtu = p->frag_max;
	p->flags &= ~(uint32_t)PKT_CSUM_PARTIAL;
	if (frag_split(p, mtu, &list)) {
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

int path_finish(struct netns *ns, struct pkt *p, struct link *out, struct route_result *rt)
{
	struct hook_state st = { .hook = NF_INET_POST_ROUTING, .in = p->iif ? link_by_index(&ns->links, p->iif) : NULL, .out = out };
	uint32_t mtu = rt->mtu ? rt->mtu : out->mtu;
	int err = 0;

	p->dst = rt;
	p->oif = out->ifindex;
	if (hooks_run(ns, &p, &st, &err) != VERDICT_ACCEPT)
		return err;
	if (pkt_l3_len(p) > mtu || p->frag_max)
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
	p->frag_max = 0;
	p->oif = p->iif = p->phys_iif = p->phys_oif = 0;
	p->ct_zone[0] = p->ct_zone[1] = 0;
	p->drop = DROP_NONE;
	if (other_ns)
		p->mark = p->priority = 0;
}

int path_device_xmit(struct link *out, struct pkt *p)
{
	struct netns *ns = out->ns;

	if (!link_running(out)) {
		out->stats.tx_dropped++;
		path_drop(ns, p, DROP_LINK_DOWN);
		return 0;
	}
	out->stats.tx_packets++;
	out->stats.tx_bytes += pkt_len(p);
	p->pkt_type = PACKET_OUTGOING;
	TRACE(ns, .kind = TRACE_TX, .pkt = p, .link = out);
	if (ns->world->ops->tap)
		ns->world->ops->tap(ns->world, out, p, true);
	switch (out->kind) {
	case LINK_BRIDGE:
		return bridge_xmit(out, p);
	case LINK_DUMMY:
		pkt_free(p);
		return 0;
	case LINK_LOOPBACK:
		p->flags = (p->flags & (PKT_UNTRACKED | PKT_TRACE | PKT_CT_ATTACHED | PKT_CSUM_PARTIAL)) | PKT_LOOPED;
		p->frag_max = 0;
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
	ns->rules.committed = rules_committed;
	ns->rules.ctx = ns;
	hooks_rebuild(ns);
	return 0;
}

static void path_free(struct netns *ns)
{
	if (!ns->path)
		return;
	mem_free(ns->path->exception);
	mem_free(ns->path->peer);
	mem_free(ns->path);
	ns->path = NULL;
}

/* reassembly that took too long: its first fragment is answered where the datagram was for this host */
static void path_timers(struct netns *ns)
{
	struct pkt *p, *next;

	frag_expire(&ns->frags, clock_ms(&ns->world->clock));
	p = ns->frags.expired;
	ns->frags.expired = NULL;
	for (; p; p = next) {
		union inet_addr dst = pkt_dst(p);

		next = p->next;
		p->next = NULL;
		if (fib_addr_type(&ns->fib, p->family, &dst, NULL) == RTN_LOCAL)
			icmp_send(ns, p, ICMP_TIME_EXCEEDED, ICMP_EXC_FRAGTIME, 0);
		path_drop(ns, p, DROP_FRAG_TIMEOUT);
	}
}

static uint64_t path_next_ms(const struct netns *ns)
{
	return frag_next(&ns->frags);
}

static void path_link_event(struct netns *ns, struct link *l, unsigned what, const struct link_addr *a)
{
	exception_forget(ns);
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
