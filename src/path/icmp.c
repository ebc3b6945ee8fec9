/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/icmp.c - the ICMP messages a host sends about packets, their rates, and what it learns from those it gets.
 *
 * On the packet's way: called where path.c and act.c end a packet, and from local.c when a redirect or "fragmentation needed" arrives.
 *
 * Theory of operation: an error is built by net/reply.c, routed like any packet made here, and belongs to the connection of the packet it is about, so that
 * its quote and addresses are translated back. Two limits apply to the types in icmp_ratemask: a bucket for the whole host (icmp_msgs_per_sec,
 * icmp_msgs_burst) and one for each peer (icmp_ratelimit ms a message, six in a burst), none over lo. "No route" messages draw from
 * the peer's bucket a second time, with another bound; redirects have a limit of their own. Redirects accepted and path MTUs learned are exceptions, by destination.
 *
 * Invariants
 *  1. Peers and exceptions are bounded; the one not used for longest is replaced.
 *
 * References: RFC 792, RFC 1191, RFC 1812 sections 4.3.2 and 5.2.7; Linux icmp.c (icmpv4_xrlim_allow, icmp_global_allow), route.c (ip_rt_send_redirect,
 * ip_error, __ip_do_redirect, __ip_rt_update_pmtu).
 */
#include "path/private.h"

#include <errno.h>

#include "net/parse.h"
#include "net/edit.h"
#include "net/reply.h"

#define XRLIM_BURST_FACTOR 6
#define MIN_PMTU 552
#define PMTU_EXPIRES_MS 600000
#define REDIRECT_EXPIRES_MS 300000

static uint64_t now_ms(const struct netns *ns)
{
	return clock_ms(&ns->world->clock);
}

static struct peer *peer_of(struct netns *ns, const union inet_addr *addr)
{
	struct path *path = ns->path;
	struct peer *oldest;

	if (!path->peer)
		path->peer = mem_zalloc(PEERS * sizeof(*path->peer));
	if (!path->peer)
		return NULL;
	oldest = &path->peer[0];
	for (struct peer *p = path->peer; p < path->peer + PEERS; p++) {
		if (p->used && addr_eq(&p->addr, addr))
			return p;
		if (!p->used || (oldest->used && p->rate_last_ms < oldest->rate_last_ms))
			oldest = p;
	}
	/* a bucket that nobody has drawn from yet is full */
	*oldest = (struct peer){ .addr = *addr, .used = true, .rate_tokens_ms = UINT32_MAX };
	return oldest;
}

/* take one message of @cost_ms from a peer's bucket of @burst_ms */
static bool peer_allow(struct netns *ns, const union inet_addr *addr, uint32_t cost_ms, uint32_t burst_ms)
{
	struct peer *p = peer_of(ns, addr);
	uint64_t now = now_ms(ns), tokens;

	if (!p || !cost_ms)
		return true;
	tokens = (uint64_t)p->rate_tokens_ms + (now - p->rate_last_ms);
	tokens = MIN(tokens, (uint64_t)burst_ms);
	p->rate_last_ms = now;
	p->rate_tokens_ms = (uint32_t)tokens;
	if (tokens < cost_ms)
		return false;
	p->rate_tokens_ms -= cost_ms;
	return true;
}

/* the whole host's bucket, filled icmp_msgs_per_sec times a second */
static bool global_allow(struct netns *ns)
{
	struct path *path = ns->path;
	uint64_t now = now_ms(ns), incr;

	if (!path->icmp_stamp_ms) {
		path->icmp_tokens = (uint64_t)ns->sysctl.icmp_msgs_burst;
		path->icmp_stamp_ms = now + 1;
	}
	incr = now + 1 > path->icmp_stamp_ms ? (now + 1 - path->icmp_stamp_ms) * (uint64_t)ns->sysctl.icmp_msgs_per_sec / 1000 : 0;
	if (incr) {
		path->icmp_tokens = MIN(path->icmp_tokens + incr, (uint64_t)ns->sysctl.icmp_msgs_burst);
		path->icmp_stamp_ms = now + 1;
	}
	if (!path->icmp_tokens)
		return false;
	path->icmp_tokens--;
	return true;
}

static bool rate_allow(struct netns *ns, uint8_t type, uint8_t code, const union inet_addr *to, const struct link *out)
{
	if (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED)	/* path MTU discovery must not starve */
		return true;
	if (type > 31 || !((unsigned)ns->sysctl.icmp_ratemask >> type & 1))
		return true;
	if (!global_allow(ns))
		return false;
	if (out && out->kind == LINK_LOOPBACK)
		return true;
	return peer_allow(ns, to, (uint32_t)ns->sysctl.icmp_ratelimit, XRLIM_BURST_FACTOR * (uint32_t)ns->sysctl.icmp_ratelimit);
}

/* the source of an error: the address the packet was sent to when that is ours, else the one of the way back */
static bool pick_source(struct netns *ns, const struct pkt *p, union inet_addr *src, struct link **out)
{
	struct route_key k = { .family = p->family, .dst = pkt_src(p), .tos = pkt_dsfield(p) & IPTOS_TOS_MASK, .proto = IPPROTO_ICMP };
	const struct route_result *rt = p->dst;
	union inet_addr dst = pkt_dst(p);
	struct route_result back;
	const struct link *in = p->iif ? link_by_index(&ns->links, p->iif) : NULL;

	if (ns->sysctl.fwmark_reflect)
		k.mark = p->mark;
	if (path_route(ns, &k, &back))
		return false;
	*out = back.out;
	if ((rt && rt->type == RTN_LOCAL) || (!rt && link_addr_find(&ns->links, p->family, &dst)))
		*src = dst;
	else if (!(ns->sysctl.icmp_errors_use_inbound_ifaddr && in && link_pick_addr(in, p->family, &k.dst, RT_SCOPE_LINK, src)))
		*src = back.prefsrc;
	return true;
}

static void finish(struct netns *ns, struct pkt *e, const struct pkt *about)
{
	if (!e)
		return;
	pkt_ip4(e)->id = htons((uint16_t)++ns->ip_id);
	pkt_ip4(e)->ttl = (uint8_t)ns->sysctl.ip_default_ttl;
	edit_fill_checksums(e);
	if (ns->sysctl.fwmark_reflect)
		e->mark = about->mark;
	path_from_kernel(e);
	path_local_out(ns, e, about, 0);
}

void icmp_send(struct netns *ns, const struct pkt *p, uint8_t type, uint8_t code, uint32_t info)
{
	union inet_addr src, to = pkt_src(p);
	const struct route_result *rt = p->dst;
	struct link *out;
	struct pkt *e;

	if (rt && (rt->type == RTN_BROADCAST || rt->type == RTN_MULTICAST))	/* a subnet's broadcast address, which only the route knows */
		return;
	if (!reply_icmp_allowed(p) || !pick_source(ns, p, &src, &out) || !rate_allow(ns, type, code, &to, out))
		return;
	e = reply_icmp_error(p, type, code, info, &src);
	finish(ns, e, p);
}

/* fewer and fewer, with doubling pauses, to a peer that goes on taking the longer way; from the start after a silence */
static bool redirect_allow(struct netns *ns, const union inet_addr *to)
{
	const struct ns_sysctl *s = &ns->sysctl;
	struct peer *p = peer_of(ns, to);
	uint64_t now = now_ms(ns);

	if (!p)
		return false;
	if (p->n_redirects && now > p->redirect_last_ms + (uint64_t)s->redirect_silence)
		p->n_redirects = 0;
	if (p->n_redirects >= (uint32_t)s->redirect_number) {
		p->redirect_last_ms = now;
		return false;
	}
	if (p->n_redirects && now <= p->redirect_last_ms + ((uint64_t)s->redirect_load << MIN(p->n_redirects, 20u)))
		return false;
	p->redirect_last_ms = now;
	p->n_redirects++;
	return true;
}

/* is @b on a subnet that @l has @a's neighbour on */
static bool on_link(const struct link *l, uint8_t family, const union inet_addr *a, const union inet_addr *b)
{
	const struct link_addr *x;

	list_for_each(x, &l->addrs, node)
		if (x->family == family && addr_in(family, a, &x->addr, x->plen) && addr_in(family, b, &x->addr, x->plen))
			return true;
	return false;
}

void icmp_send_redirect(struct netns *ns, const struct pkt *p, const struct route_result *rt, struct link *in)
{
	union inet_addr src, to = pkt_src(p), gw = rt->have_gw ? rt->gw : pkt_dst(p);
	struct link *out;
	struct pkt *e;

	if (!link_conf(in, LINK_CONF_SEND_REDIRECTS) || (!link_conf(in, LINK_CONF_SHARED_MEDIA) && !on_link(in, p->family, &to, &gw)))
		return;
	if (!reply_icmp_allowed(p) || !redirect_allow(ns, &to) || !pick_source(ns, p, &src, &out))
		return;
	e = reply_icmp_redirect(p, ICMP_REDIR_HOST, &gw, &src);
	finish(ns, e, p);
}

void icmp_no_route(struct netns *ns, const struct pkt *p, struct link *in, int err)
{
	union inet_addr to = pkt_src(p);
	uint8_t code;

	switch (err) {
	case -EHOSTUNREACH:
		code = ICMP_HOST_UNREACH;
		break;
	case -ENETUNREACH:
		code = ICMP_NET_UNREACH;
		break;
	case -EACCES:
		code = ICMP_PKT_FILTERED;
		break;
	default:
		return;
	}
	if (peer_allow(ns, &to, (uint32_t)ns->sysctl.rt_error_cost, (uint32_t)ns->sysctl.rt_error_burst))
		icmp_send(ns, p, ICMP_DEST_UNREACH, code, 0);
}

/* ---- learned about destinations ---- */

void exception_forget(struct netns *ns)
{
	if (ns->path && ns->path->exception)
		memset(ns->path->exception, 0, EXCEPTIONS * sizeof(*ns->path->exception));
}

/* @by: the route that leads there now, NULL: whichever; what was learned over another one is forgotten */
static struct exception *exception_of(struct netns *ns, uint8_t family, const union inet_addr *dst,
				      const struct route *by, bool create)
{
	struct path *path = ns->path;
	struct exception *oldest;

	if (!path->exception && create)
		path->exception = mem_zalloc(EXCEPTIONS * sizeof(*path->exception));
	if (!path->exception)
		return NULL;
	oldest = &path->exception[0];
	for (struct exception *e = path->exception; e < path->exception + EXCEPTIONS; e++) {
		if (e->family && addr_eq(&e->dst, dst)) {
			if (!by || e->route_id == by->id)
				return e;
			oldest = e;
			e->family = 0;
			break;
		}
		if (!e->family || (oldest->family && e->used_ms < oldest->used_ms))
			oldest = e;
	}
	if (!create)
		return NULL;
	*oldest = (struct exception){ .dst = *dst, .family = family, .route_id = by ? by->id : 0, .used_ms = now_ms(ns) };
	return oldest;
}

void exception_apply(struct netns *ns, const union inet_addr *dst, struct route_result *rt)
{
	struct exception *e = exception_of(ns, AF_INET, dst, rt->route, false);
	uint64_t now = now_ms(ns);

	if (!e)
		return;
	e->used_ms = now;
	if (e->pmtu && now < e->pmtu_until_ms && e->pmtu < rt->mtu)
		rt->mtu = e->pmtu;
	if (e->have_gw && now < e->gw_until_ms && rt->type == RTN_UNICAST && rt->out) {
		rt->have_gw = true;
		rt->gw_family = e->family;
		rt->gw = e->gw;
	}
}

bool exception_learned(struct netns *ns, const union inet_addr *dst, const struct route *by,
		       struct route_learned *out)
{
	const struct exception *e = exception_of(ns, AF_INET, dst, by, false);
	uint64_t now = now_ms(ns);

	*out = (struct route_learned){ 0 };
	if (e && e->pmtu && now < e->pmtu_until_ms) {
		out->pmtu = e->pmtu;
		out->until_ms = e->pmtu_until_ms;
	}
	if (e && e->have_gw && now < e->gw_until_ms) {
		out->have_gw = true;
		out->gw = e->gw;
		out->until_ms = MAX(out->until_ms, e->gw_until_ms);
	}
	return out->until_ms != 0;
}

/* the packet quoted in an ICMP error, parsed; false: too short */
static bool quoted(const struct pkt *p, struct iphdr *ip)
{
	if (pkt_l4_len(p) < sizeof(struct icmphdr) + sizeof(*ip))
		return false;
	memcpy(ip, pkt_l4(p) + sizeof(struct icmphdr), sizeof(*ip));
	return ip->version == 4 && ip->ihl >= 5;
}

/*
 * RFC 1122 section 3.2.2.2: only from the gateway in use, only to a neighbour. As in Linux, a gateway whose link-layer address is not known is asked for first, and the old
 * way is kept meanwhile.
 */
void icmp_accept_redirect(struct netns *ns, const struct pkt *p, struct link *in)
{
	struct route_key k = { .family = p->family };
	union inet_addr gw = addr_ip4(pkt_icmp(p)->un.gateway), old, from = pkt_src(p);
	struct route_result rt;
	struct exception *e;
	struct neigh *n;
	struct iphdr ip;
	uint8_t mac[6];

	if (!quoted(p, &ip) || !link_conf(in, LINK_CONF_ACCEPT_REDIRECTS))
		return;
	k.dst = addr_ip4(ip.daddr);
	k.src = addr_ip4(ip.saddr);
	k.tos = ip.tos & IPTOS_TOS_MASK;
	if (path_route(ns, &k, &rt) || rt.out != in || rt.type != RTN_UNICAST)
		return;
	old = rt.have_gw ? rt.gw : k.dst;
	if (!addr_eq(&old, &from) || addr_eq(&gw, &old) || addr_is_multicast(AF_INET, &gw) || addr_is_any(&gw))
		return;
	if (!link_conf(in, LINK_CONF_SHARED_MEDIA) ? !on_link(in, AF_INET, &gw, &old) :
						      fib_addr_type(&ns->fib, AF_INET, &gw, NULL) != RTN_UNICAST)
		return;
	n = neigh_find(&ns->neigh, in->ifindex, AF_INET, &gw);
	if (!n || !(n->state & (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY))) {
		neigh_resolve(&ns->neigh, in, AF_INET, &gw, NULL, mac);
		return;
	}
	e = exception_of(ns, AF_INET, &k.dst, rt.route, true);
	if (!e)
		return;
	e->have_gw = true;
	e->gw = gw;
	e->gw_until_ms = now_ms(ns) + REDIRECT_EXPIRES_MS;
}

/* RFC 1191 section 6; a router too old to tell its MTU gets the next plateau below the packet's length */
void icmp_learn_pmtu(struct netns *ns, const struct pkt *p)
{
	static const uint16_t plateau[] = { 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68 };
	uint32_t mtu = ntohs(pkt_icmp(p)->un.frag.mtu);
	struct route_key k = { .family = p->family };
	struct route_result rt;
	struct exception *e;
	struct iphdr ip;

	if (!quoted(p, &ip) || ns->sysctl.ip_no_pmtu_disc == 1)
		return;
	for (unsigned i = 0; !mtu && i < ARRAY_LEN(plateau); i++)
		if (plateau[i] < ntohs(ip.tot_len))
			mtu = plateau[i];
	k.dst = addr_ip4(ip.daddr);
	k.src = addr_ip4(ip.saddr);
	if (!mtu || path_route(ns, &k, &rt) || rt.mtu <= mtu)
		return;
	e = exception_of(ns, AF_INET, &k.dst, rt.route, true);
	if (!e)
		return;
	e->pmtu = MAX(mtu, MIN_PMTU);
	e->pmtu_until_ms = now_ms(ns) + PMTU_EXPIRES_MS;
}
