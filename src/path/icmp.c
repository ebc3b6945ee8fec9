/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/icmp.c - the ICMP messages a host sends about packets, their rates, and what it learns from those it gets.
 *
 * On the packet's way: called where path.c and act.c end a packet, and from local.c when a redirect or "fragmentation needed" arrives.
 *
 * Theory of operation: callers say what an error is about, and the family has its type and code for that (net/reply.c). An error is built by net/reply.c, routed like any packet made here, and belongs to the connection of the packet it is about, so that
 * its quote and addresses are translated back. Two limits apply to the types in icmp_ratemask: a bucket for the whole host (icmp_msgs_per_sec,
 * icmp_msgs_burst) and one for each peer (icmp_ratelimit ms a message, six in a burst), none over lo. "No route" messages draw from
 * the peer's bucket a second time, with another bound; redirects have a limit of their own. Redirects accepted and path MTUs learned are exceptions, by destination.
 *
 * Invariants
 *  1. Peers and exceptions are bounded; the one not used for longest is replaced.
 *
 * References: RFC 792, RFC 4443, RFC 1191, RFC 8201, RFC 1812 sections 4.3.2 and 5.2.7; Linux icmp.c (icmpv4_xrlim_allow, icmp_global_allow), route.c (ip_rt_send_redirect,
 * ip_error, __ip_do_redirect, __ip_rt_update_pmtu).
 */
#include "path/private.h"

#include <errno.h>


#define XRLIM_BURST_FACTOR 6
#define MIN_PMTU 552
#define MIN_MTU6 1280
#define PMTU_EXPIRES_MS 600000
#define REDIRECT_EXPIRES_MS 300000

static uint64_t now_ms(const struct netns *ns)
{
	return clock_ms(&ns->world->clock);
}

static struct peer *peer_of(struct netns *ns, uint8_t family, const union inet_addr *addr)
{
	struct path *path = ns->path;
	struct peer *oldest;

	if (!path->peer)
		path->peer = mem_zalloc(PEERS * sizeof(*path->peer));
	if (!path->peer)
		return NULL;
	oldest = &path->peer[0];
	for (struct peer *p = path->peer; p < path->peer + PEERS; p++) {
		if (p->family == family && addr_eq(&p->addr, addr))
			return p;
		if (!p->family || (oldest->family && p->rate_last_ms < oldest->rate_last_ms))
			oldest = p;
	}
	/* a bucket that nobody has drawn from yet is full */
	*oldest = (struct peer){ .addr = *addr, .family = family, .rate_tokens_ms = UINT32_MAX };
	return oldest;
}

bool icmp_peer_allow(struct netns *ns, uint8_t family, const union inet_addr *addr, uint32_t cost_ms, uint32_t burst_ms)
{
	struct peer *p = peer_of(ns, family, addr);
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

static bool is_limited(const struct netns *ns, uint8_t family, uint8_t type, uint8_t code)
{
	if (family == AF_INET6)
		return ns->sysctl.icmp6_ratemask[type / 32] >> type % 32 & 1;
	if (type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED)	/* path MTU discovery must not starve */
		return false;
	return type <= 31 && (unsigned)ns->sysctl.icmp_ratemask >> type & 1;
}

static bool rate_allow(struct netns *ns, const struct pkt *p, uint8_t type, uint8_t code, const struct route_result *back)
{
	union inet_addr to = pkt_src(p);
	const struct link *in = p->iif ? link_by_index(&ns->links, p->iif) : NULL;
	uint32_t cost = (uint32_t)(p->family == AF_INET ? ns->sysctl.icmp_ratelimit : ns->sysctl.icmp6_ratelimit);

	if (!is_limited(ns, p->family, type, code))
		return true;
	if (!(p->family == AF_INET6 && in && in->kind == LINK_LOOPBACK) && !global_allow(ns))
		return false;
	if (back->out && back->out->kind == LINK_LOOPBACK)
		return true;
	return icmp_peer_allow(ns, p->family, &to, cost, XRLIM_BURST_FACTOR * cost);
}

static bool is_ours(struct netns *ns, const struct pkt *p, const union inet_addr *a)
{
	const struct route_result *rt = p->dst;

	if (p->family == AF_INET)
		return rt ? rt->type == RTN_LOCAL : link_addr_find(&ns->links, p->family, a) != NULL;
	return (p->pkt_type == PACKET_HOST || p->pkt_type == PACKET_OUTGOING) && link_addr_find(&ns->links, p->family, a);
}

/* the source of an error, and the way back: the address the packet was sent to when that is ours, else one of a link's */
static bool pick_source(struct netns *ns, const struct pkt *p, union inet_addr *src, struct route_result *back)
{
	bool v4 = p->family == AF_INET;
	struct route_key k = { .family = p->family, .dst = pkt_src(p), .proto = v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6 };
	union inet_addr dst = pkt_dst(p);
	const struct link *in = p->iif ? link_by_index(&ns->links, p->iif) : NULL;

	if (v4)
		k.tos = pkt_dsfield(p) & IPTOS_TOS_MASK;
	else if (addr_is_linklocal6(&k.dst))
		k.oif = p->iif ? p->iif : p->oif;
	if (v4 ? ns->sysctl.fwmark_reflect : ns->sysctl.ip6_fwmark_reflect)
		k.mark = p->mark;
	if (path_route(ns, &k, back))
		return false;
	*src = back->prefsrc;
	if (is_ours(ns, p, &dst))
		*src = dst;
	else if (v4 ? ns->sysctl.icmp_errors_use_inbound_ifaddr && in : in && !(back->route && back->route->have_prefsrc))
		path_pick_addr(in, p->family, &k.dst, src);
	return true;
}

static void finish(struct netns *ns, struct pkt *e, const struct pkt *about, const struct link *out)
{
	/* to this host itself it goes by the loopback, but a link-local address is of the link that the packet was for */
	const struct link *scope = out->kind == LINK_LOOPBACK && about->oif ? link_by_index(&ns->links, about->oif) : NULL;

	if (!e)
		return;
	if (e->family == AF_INET)
		pkt_ip4(e)->id = htons((uint16_t)++ns->ip_id);
	edit_ttl(e, path_ttl(ns, e->family, out));
	edit_fill_checksums(e);
	if (e->family == AF_INET ? ns->sysctl.fwmark_reflect : ns->sysctl.ip6_fwmark_reflect)
		e->mark = about->mark;
	path_label_flow(ns, e);
	path_from_kernel(e);
	path_local_out(ns, e, about, path_scope_oif(e, scope ? scope : out));
}

void icmp_send(struct netns *ns, const struct pkt *p, uint8_t type, uint8_t code, uint32_t info)
{
	bool v6 = p->family == AF_INET6;
	const struct route_result *rt = p->dst;
	struct route_result back;
	union inet_addr src;

	if (!v6 && rt && (rt->type == RTN_BROADCAST || rt->type == RTN_MULTICAST))	/* a subnet's broadcast address, which only the route knows */
		return;
	if (!reply_icmp_allowed(p, v6 && (type == ICMPV6_PKT_TOOBIG || (type == ICMPV6_PARAMPROB && code == ICMPV6_UNK_OPTION))))
		return;
	if (!pick_source(ns, p, &src, &back) || !rate_allow(ns, p, type, code, &back))
		return;
	finish(ns, reply_icmp_error(p, type, code, info, &src), p, back.out);
}

void icmp_report(struct netns *ns, const struct pkt *p, enum icmp_about about, uint32_t info)
{
	uint8_t type, code;

	if (reply_icmp_code(p->family, about, &type, &code))
		icmp_send(ns, p, type, code, info);
}

/* fewer and fewer, with doubling pauses, to a peer that goes on taking the longer way; from the start after a silence */
static bool redirect_allow(struct netns *ns, const union inet_addr *to)
{
	const struct ns_sysctl *s = &ns->sysctl;
	struct peer *p = peer_of(ns, AF_INET, to);
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
	struct route_result back;

	if (!link_conf(in, LINK_CONF_SEND_REDIRECTS) || (!link_conf(in, LINK_CONF_SHARED_MEDIA) && !on_link(in, p->family, &to, &gw)))
		return;
	if (!reply_icmp_allowed(p, false) || !redirect_allow(ns, &to) || !pick_source(ns, p, &src, &back))
		return;
	finish(ns, reply_icmp_redirect(p, ICMP_REDIR_HOST, &gw, &src), p, back.out);
}

void icmp_no_route(struct netns *ns, const struct pkt *p, struct link *in, int err)
{
	union inet_addr to = pkt_src(p), dst = pkt_dst(p);
	bool v4 = p->family == AF_INET;
	enum icmp_about about;

	switch (err) {
	case -EHOSTUNREACH:	/* IPv6 does not tell an unreachable route from one that is not there */
		about = v4 ? ICMP_ABOUT_HOST : ICMP_ABOUT_NO_ROUTE;
		break;
	case -ENETUNREACH:
		about = ICMP_ABOUT_NO_ROUTE;
		break;
	case -EACCES:
		about = ICMP_ABOUT_FILTERED;
		break;
	default:
		return;
	}
	if (v4 ? icmp_peer_allow(ns, AF_INET, &to, (uint32_t)ns->sysctl.rt_error_cost, (uint32_t)ns->sysctl.rt_error_burst) :
		 !addr_is_any(&dst))
		icmp_report(ns, p, about, 0);
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
		if (e->family == family && addr_eq(&e->dst, dst)) {
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

void exception_apply(struct netns *ns, uint8_t family, const union inet_addr *dst, struct route_result *rt)
{
	struct exception *e = exception_of(ns, family, dst, rt->route, false);
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
	const struct exception *e = exception_of(ns, by ? by->family : AF_INET, dst, by, false);
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

/* the packet quoted in an ICMP error: what a route to its destination is asked with */
static bool quoted(const struct pkt *p, struct route_key *k, uint32_t *len)
{
	uint32_t at = p->l4 + sizeof(struct icmphdr);
	struct pkt q = { .buf = p->buf, .l3 = at, .family = p->family };

	if (pkt_l4_len(p) < sizeof(struct icmphdr) + ip_hdrlen(p->family) || p->buf[at] >> 4 != (p->family == AF_INET ? 4 : 6))
		return false;
	*k = (struct route_key){ .family = p->family, .src = pkt_src(&q), .dst = pkt_dst(&q) };
	if (p->family == AF_INET)
		k->tos = pkt_dsfield(&q) & IPTOS_TOS_MASK;
	else if (addr_is_linklocal6(&k->dst))
		k->oif = p->iif;
	*len = p->family == AF_INET ? ntohs(pkt_ip4(&q)->tot_len) : ntohs(pkt_ip6(&q)->plen) + ip_hdrlen(AF_INET6);
	return p->family == AF_INET6 || pkt_ip4(&q)->ihl >= 5;
}

void exception_redirect(struct netns *ns, uint8_t family, const union inet_addr *dst, const struct route_result *rt,
			const union inet_addr *gw)
{
	struct exception *e = exception_of(ns, family, dst, rt->route, true);

	if (!e)
		return;
	e->have_gw = true;
	e->gw = *gw;
	e->gw_until_ms = now_ms(ns) + REDIRECT_EXPIRES_MS;
}

/*
 * RFC 1122 section 3.2.2.2: only from the gateway in use, only to a neighbour. As in Linux, a gateway whose link-layer address is not known is asked for first, and the old
 * way is kept meanwhile.
 */
void icmp_accept_redirect(struct netns *ns, const struct pkt *p, struct link *in)
{
	union inet_addr gw = addr_ip4(pkt_icmp(p)->un.gateway), old, from = pkt_src(p);
	struct route_result rt;
	struct route_key k;
	struct neigh *n;
	uint8_t mac[6];
	uint32_t len;

	if (!quoted(p, &k, &len) || !link_conf(in, LINK_CONF_ACCEPT_REDIRECTS))
		return;
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
	exception_redirect(ns, AF_INET, &k.dst, &rt, &gw);
}

/* RFC 1191 section 6: a router too old to tell its MTU gets the next plateau below the packet's length */
static uint32_t plateau_below(uint32_t len)
{
	static const uint16_t plateau[] = { 32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68 };

	for (unsigned i = 0; i < ARRAY_LEN(plateau); i++)
		if (plateau[i] < len)
			return plateau[i];
	return 0;
}

void icmp_learn_pmtu(struct netns *ns, const struct pkt *p)
{
	bool v4 = p->family == AF_INET;
	uint32_t mtu = v4 ? ntohs(pkt_icmp(p)->un.frag.mtu) : ntohl(pkt_icmp6(p)->icmp6_mtu), len;
	struct route_result rt;
	struct route_key k;
	struct exception *e;

	if (!quoted(p, &k, &len) || (v4 && ns->sysctl.ip_no_pmtu_disc == 1))
		return;
	if (v4 && !mtu)
		mtu = plateau_below(len);
	if (!mtu || (!v4 && mtu < MIN_MTU6) || path_route(ns, &k, &rt) || rt.mtu <= mtu)
		return;
	e = exception_of(ns, p->family, &k.dst, rt.route, true);
	if (!e)
		return;
	e->pmtu = v4 ? MAX(mtu, MIN_PMTU) : mtu;
	e->pmtu_until_ms = now_ms(ns) + (v4 ? PMTU_EXPIRES_MS : (uint64_t)ns->sysctl.ip6_mtu_expires * 1000);
}
