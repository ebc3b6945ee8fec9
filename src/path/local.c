/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/local.c - packets for this host: ICMP is answered here, the rest goes to sockets, and what no socket takes is answered for them.
 *
 * On the packet's way: after INPUT.
 *
 * Theory of operation: struct sock_ops is whoever has sockets (a lab's host). Raw and ping sockets see ICMP first and are given a copy. Without
 * sock_ops (a replay) packets for the host end here and are only counted.
 *
 * References: RFC 792, RFC 4443, RFC 1122 sections 3.2.2 and 4.1.3.1, RFC 9293 section 3.10.7.1.
 */
#include "path/private.h"

#include "net/parse.h"

/* who is asked for by all is silent, where a sysctl says so */
static bool echo_ignored(const struct netns *ns, const struct pkt *p, uint8_t rtn)
{
	const struct ns_sysctl *s = &ns->sysctl;
	bool group = rtn == RTN_BROADCAST || rtn == RTN_MULTICAST;

	if (p->family == AF_INET)
		return (s->icmp_echo_ignore_all && pkt_icmp(p)->type == ICMP_ECHO) || (group && s->icmp_echo_ignore_broadcasts);
	return s->icmp6_echo_ignore_all || (group && s->icmp6_echo_ignore_multicast) ||
	       (rtn == RTN_ANYCAST && s->icmp6_echo_ignore_anycast);
}

/* an echo request or timestamp gets its answer from the address it was sent to */
static void echo(struct netns *ns, struct pkt *p, struct link *in, const struct route_result *rt)
{
	bool v4 = p->family == AF_INET, group = rt->type == RTN_BROADCAST || rt->type == RTN_MULTICAST;
	union inet_addr src, peer = pkt_src(p);
	struct pkt *r;

	if (echo_ignored(ns, p, rt->type))
		return;
	if (v4 && pkt_icmp(p)->type == ICMP_TIMESTAMP)
		r = reply_timestamp(p, (uint32_t)(clock_wall_ns(&ns->world->clock) / 1000000 % (24 * 3600 * 1000)));
	else
		r = reply_echo(p);
	if (!r)
		return;
	if ((group || (rt->type == RTN_ANYCAST && !ns->sysctl.ip6_anycast_src_echo_reply)) && path_pick_addr(rt->out, p->family, &peer, &src))
		edit_addr(r, EDIT_SRC, &src);
	if (v4)
		pkt_ip4(r)->id = htons((uint16_t)++ns->ip_id);
	edit_ttl(r, path_ttl(ns, p->family, in));
	edit_fill_checksums(r);
	if (v4 ? ns->sysctl.fwmark_reflect : ns->sysctl.ip6_fwmark_reflect)
		r->mark = p->mark;
	path_label_flow(ns, r);
	path_from_kernel(r);
	path_local_out(ns, r, NULL, path_scope_oif(r, in));
}

static void icmp_error(struct netns *ns, struct pkt *p, struct link *in)
{
	const struct icmphdr *h = pkt_icmp(p);

	if (h->type == ICMP_REDIRECT)
		icmp_accept_redirect(ns, p, in);
	else if (h->type == ICMP_DEST_UNREACH && h->code == ICMP_FRAG_NEEDED)
		icmp_learn_pmtu(ns, p);
	else if (h->type == ICMP_TIME_EXCEEDED && h->code == ICMP_EXC_FRAGTIME)		/* Linux tells nobody */
		return;
	if (ns->sock && ns->sock->icmp_error)
		ns->sock->icmp_error(ns, p, h->type, h->code, ntohl(h->un.gateway), pkt_l4(p) + sizeof(*h), pkt_l4_len(p) - sizeof(*h));
}

static void icmp6_error(struct netns *ns, struct pkt *p)
{
	const struct icmp6hdr *h = pkt_icmp6(p);

	if (h->icmp6_type == ICMPV6_PKT_TOOBIG)
		icmp_learn_pmtu(ns, p);
	if (ns->sock && ns->sock->icmp_error)
		ns->sock->icmp_error(ns, p, h->icmp6_type, h->icmp6_code, ntohl(h->icmp6_mtu), pkt_l4(p) + sizeof(*h), pkt_l4_len(p) - sizeof(*h));
}

static void icmp4_in(struct netns *ns, struct pkt *p, struct link *in, const struct route_result *rt)
{
	switch (pkt_icmp(p)->type) {
	case ICMP_ECHO:
	case ICMP_TIMESTAMP:
		echo(ns, p, in, rt);
		break;
	case ICMP_DEST_UNREACH:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETERPROB:
	case ICMP_REDIRECT:
		icmp_error(ns, p, in);
		break;
	}
}

#define ND_FIRST 133		/* router solicitation */
#define ND_LAST 137		/* redirect */

static void icmp6_in(struct netns *ns, struct pkt *p, struct link *in, const struct route_result *rt)
{
	uint8_t type = pkt_icmp6(p)->icmp6_type;

	if (type == ICMPV6_ECHO_REQUEST)
		echo(ns, p, in, rt);
	else if (type >= ND_FIRST && type <= ND_LAST)
		nd_in(ns, p, in);
	else if (!(type & ICMPV6_INFOMSG_MASK) && type)
		icmp6_error(ns, p);
}

static void icmp_in(struct netns *ns, struct pkt *p, struct link *in, const struct route_result *rt)
{
	struct pkt *copy;

	if (!(p->family == AF_INET ? (void *)pkt_icmp(p) : (void *)pkt_icmp6(p))) {
		path_drop(ns, p, DROP_TRUNCATED);
		return;
	}
	if (!parse_l4_checksum(p)) {
		path_drop(ns, p, DROP_CHECKSUM);
		return;
	}
	if (ns->sock && (copy = pkt_clone(p)) && ns->sock->deliver(ns, copy) != DROP_NONE)
		pkt_free(copy);
	if (p->family == AF_INET)
		icmp4_in(ns, p, in, rt);
	else
		icmp6_in(ns, p, in, rt);
	pkt_free(p);
}

/* where the byte stands that names an IPv6 packet's protocol */
static uint32_t next_header_at(const struct pkt *p)
{
	uint32_t field = 6, len = p->l4 - p->l3;

	for (uint32_t at = sizeof(struct ip6_hdr); at < len; at += (pkt_l3(p)[at + 1] + 1u) * 8)
		field = at;
	return field;
}

/* protocols that Linux itself takes, and says nothing about: IGMP, PIM, and what is too short for UDP-Lite */
static bool is_taken(const struct pkt *p)
{
	return (p->family == AF_INET && p->proto == IPPROTO_IGMP) || p->proto == IPPROTO_PIM ||
	       (p->proto == IPPROTO_UDPLITE && pkt_l4_len(p) < sizeof(struct udphdr));
}

/* nobody took it: a reset, a port or protocol unreachable, or nothing */
static void refuse(struct netns *ns, struct pkt *p, struct link *in, const struct route_result *rt, enum drop_reason why)
{
	struct pkt *r;

	if (is_taken(p)) {
		path_drop(ns, p, why);
		return;
	}
	if (why == DROP_NO_SOCKET && p->proto == IPPROTO_TCP && rt->type == RTN_LOCAL) {
		r = parse_l4_checksum(p) ? reply_rst(p) : NULL;
		if (r) {
			edit_ttl(r, path_ttl(ns, p->family, in));
			edit_dsfield(r, pkt_dsfield(r) & 0xfc);
			if (p->family == AF_INET6)
				r->flags |= PKT_CSUM_PARTIAL;
			path_label_flow(ns, r);
			path_local_out(ns, r, NULL, path_scope_oif(r, in));
		}
	} else if (why == DROP_NO_SOCKET && (p->proto == IPPROTO_UDP || p->proto == IPPROTO_UDPLITE)) {
		if (parse_l4_checksum(p))
			icmp_report(ns, p, ICMP_ABOUT_PORT, 0);
	} else if (why == DROP_NO_PROTOCOL && (p->family == AF_INET || p->proto != IPPROTO_NONE)) {
		icmp_report(ns, p, ICMP_ABOUT_PROTOCOL, p->family == AF_INET ? 0 : next_header_at(p));
	}
	path_drop(ns, p, why);
}

/* a UDP datagram is as long as it says: what is behind it is no part of it; false: it says what cannot be */
static bool trim_udp(struct pkt *p)
{
	const struct udphdr *u = pkt_udp(p);
	uint32_t len = u ? ntohs(u->len) : 0;

	if (u && !len && p->family == AF_INET6)		/* RFC 2675 section 4: the IP header knows */
		return true;
	if (len < sizeof(*u) || len > pkt_l4_len(p))
		return false;
	p->end -= pkt_l4_len(p) - len;
	return true;
}

void local_deliver(struct netns *ns, struct pkt *p, struct link *in, struct route_result *rt)
{
	enum drop_reason why;

	if (!ns->sock) {
		pkt_free(p);
		return;
	}
	if (p->proto == (p->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6)) {
		icmp_in(ns, p, in, rt);
		return;
	}
	if (p->proto == IPPROTO_UDP && !trim_udp(p)) {
		path_drop(ns, p, DROP_TRUNCATED);
		return;
	}
	why = ns->sock->deliver(ns, p);
	if (why)
		refuse(ns, p, in, rt, why);
}
