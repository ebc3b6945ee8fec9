/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/route.c - where a packet goes: the questions that the packet's way asks of route/, and what is made of the answers.
 *
 * On the packet's way: after PREROUTING, before OUTPUT, and again where a rule changed what a local packet's route depends on.
 *
 * Theory of operation: route/fib.c finds the route; whether the packet's addresses may be at all, what a missing route is answered with, and what
 * was learned about a destination since are added here. IPv4 asks whether the way back to the source is right (rp_filter, martians); IPv6 has looked at the
 * addresses when the packet arrived (options.c), and asks whether the host belongs to a group.
 *
 * References: RFC 1812 section 5.3.8, RFC 4291 section 2.7; Linux fib_frontend.c (fib_validate_source), route.c of both families.
 */
#include "path/private.h"

#include <errno.h>
#include <stdio.h>

static const union inet_addr limited_broadcast = { .w = { 0xffffffff } };

/* IPv4 only: this address means nothing to IPv6 */
static bool is_limited_broadcast(uint8_t family, const union inet_addr *a)
{
	return family == AF_INET && addr_eq(a, &limited_broadcast);
}

/* ---- in ---- */

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

	if (p->family == AF_INET6)	/* has no such filter, but in the rpfilter match */
		return DROP_NONE;
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

/* IPv4; options.c has IPv6's */
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

enum drop_reason path_route_reason(int err)
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

bool path_in_group(const struct link *l, const union inet_addr *group)
{
	static const union inet_addr all[] = {
		{ .b = { 0xff, 1, [15] = 1 } }, { .b = { 0xff, 2, [15] = 1 } },
		/* routers */
		{ .b = { 0xff, 1, [15] = 2 } }, { .b = { 0xff, 2, [15] = 2 } }, { .b = { 0xff, 5, [15] = 2 } },
	};
	const struct netns *ns = l->ns;
	const struct link_addr *a;
	const struct neigh_proxy *x;
	union inet_addr of;

	for (unsigned i = 0; i < (link_forwards6(l) ? ARRAY_LEN(all) : 2); i++)
		if (addr_eq(group, &all[i]))
			return true;
	list_for_each(a, &l->addrs, node) {
		of = nd_solicited_node(&a->addr);
		if (a->family == AF_INET6 && addr_eq(group, &of))
			return true;
	}
	list_for_each(x, &ns->neigh.proxies, node) {
		of = nd_solicited_node(&x->addr);
		if (x->family == AF_INET6 && x->ifindex == l->ifindex && addr_eq(group, &of))
			return true;
	}
	return false;
}

/* what needs no route: groups, and IPv4's own. true: @why says what becomes of the packet */
static bool route_special(struct netns *ns, const struct pkt *p, struct link *in, const struct route_key *k, struct route_result *rt,
			  enum drop_reason *why)
{
	*rt = (struct route_result){ .type = RTN_MULTICAST, .out = in };
	if (k->family == AF_INET6) {
		if (!addr_is_multicast(k->family, &k->dst))
			return false;
		*why = path_in_group(in, &k->dst) ? DROP_NONE : DROP_NO_GROUP;
		return true;
	}
	*why = DROP_NONE;
	if (addr_is_multicast(k->family, &k->dst) && !addr_is_multicast(k->family, &k->src))
		return true;
	*why = martian(in, k);
	if (*why)
		return true;
	rt->type = RTN_BROADCAST;
	if (!addr_eq(&k->dst, &limited_broadcast) && !(addr_is_any(&k->src) && addr_is_any(&k->dst)))
		return false;
	*why = addr_is_any(&k->src) ? DROP_NONE : validate_source(ns, p, in, k);
	return true;
}

static bool is_to_us(uint8_t type)
{
	return type == RTN_LOCAL || type == RTN_BROADCAST || type == RTN_ANYCAST;
}

enum drop_reason path_route_input(struct netns *ns, struct pkt *p, struct link *in, struct route_result *rt)
{
	bool v4 = p->family == AF_INET, forwarding = v4 ? link_conf(in, LINK_CONF_FORWARDING) : link_forwards6(in);
	enum drop_reason why;
	struct route_key k;

	path_route_key(ns, p, &k);
	k.iif = in->ifindex;
	if (route_special(ns, p, in, &k, rt, &why))
		goto out;
	fib_lookup(&ns->fib, &k, rt);
	TRACE(ns, .kind = TRACE_ROUTE, .pkt = p, .route = rt);
	if (rt->err && (forwarding || !v4)) {	/* IPv6 hosts answer for what they would not forward either */
		icmp_no_route(ns, p, in, rt->err);
		why = path_route_reason(rt->err);
	} else if (!rt->err && is_to_us(rt->type)) {
		why = validate_source(ns, p, in, &k);
	} else if (!forwarding) {
		why = DROP_FORWARDING_OFF;
	} else {
		why = rt->type == RTN_UNICAST ? validate_source(ns, p, in, &k) : DROP_MARTIAN_DESTINATION;
	}
out:
	if (why == DROP_MARTIAN_SOURCE || why == DROP_MARTIAN_DESTINATION || why == DROP_RP_FILTER)
		path_log_martian(ns, p, in, &k, why);
	return why;
}

/* ---- out ---- */

bool path_pick_addr(const struct link *l, uint8_t family, const union inet_addr *dst, union inet_addr *out)
{
	return family == AF_INET ? link_pick_addr(l, family, dst, RT_SCOPE_LINK, out) : link_pick_addr6(l->set, l, dst, out);
}

/* no route, but a socket bound to a device: Linux then takes the destination to be right there */
static bool assume_on_link(struct netns *ns, const struct route_key *k, struct route_result *res)
{
	/* IPv6 has routes to every group and every link */
	struct link *out = k->oif && k->family == AF_INET ? link_by_index(&ns->links, k->oif) : NULL;
	const union inet_addr any = { .w = { 0 } };

	if (!out || !(out->flags & IFF_UP))
		return false;
	*res = (struct route_result){ .type = RTN_UNICAST, .out = out, .gw_family = k->family, .gw = k->dst, .mtu = out->mtu, .prefsrc = k->src };
	if (addr_is_any(&k->src))
		path_pick_addr(out, k->family, k->family == AF_INET ? &any : &k->dst, &res->prefsrc);
	return true;
}

int path_route(struct netns *ns, const struct route_key *key, struct route_result *res)
{
	struct route_key k = *key;

	if (is_limited_broadcast(k.family, &k.dst) && k.oif) {
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
	if (is_limited_broadcast(k.family, &k.dst)) {	/* the route only says by which link */
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
	exception_apply(ns, k.family, &k.dst, res);
	return 0;
}

uint32_t path_pmtu(struct netns *ns, const union inet_addr *dst, uint32_t route_mtu)
{
	struct route_result r = { .mtu = route_mtu };

	/* no IPv6 address that packets are sent to looks like an IPv4 one */
	exception_apply(ns, dst->w[1] | dst->w[2] | dst->w[3] ? AF_INET6 : AF_INET, dst, &r);
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
