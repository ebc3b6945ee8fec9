/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/local.c - packets for this host: ICMP is answered here, the rest goes to sockets, and what no socket takes is answered for them.
 *
 * On the packet's way: after INPUT.
 *
 * Theory of operation: struct sock_ops is whoever has sockets (a lab's host). Raw and ping sockets see ICMP first and are given a copy. Without
 * sock_ops (a replay) packets for the host end here and are only counted.
 *
 * References: RFC 792, RFC 1122 sections 3.2.2 and 4.1.3.1, RFC 9293 section 3.10.7.1.
 */
#include "path/private.h"

#include "net/edit.h"
#include "net/parse.h"
#include "net/reply.h"

/* an echo request or timestamp gets its answer from the address it was sent to */
static void echo(struct netns *ns, struct pkt *p, const struct route_result *rt)
{
	bool group = rt->type == RTN_BROADCAST || rt->type == RTN_MULTICAST;
	union inet_addr src, peer = pkt_src(p);
	struct pkt *r;

	if ((ns->sysctl.icmp_echo_ignore_all && pkt_icmp(p)->type == ICMP_ECHO) || (group && ns->sysctl.icmp_echo_ignore_broadcasts))
		return;
	if (pkt_icmp(p)->type == ICMP_ECHO)
		r = reply_echo(p);
	else
		r = reply_timestamp(p, (uint32_t)(clock_wall_ns(&ns->world->clock) / 1000000 % (24 * 3600 * 1000)));
	if (!r)
		return;
	if (group && link_pick_addr(rt->out, AF_INET, &peer, RT_SCOPE_LINK, &src))
		edit_addr(r, EDIT_SRC, &src);
	pkt_ip4(r)->id = htons((uint16_t)++ns->ip_id);
	pkt_ip4(r)->ttl = (uint8_t)ns->sysctl.ip_default_ttl;
	edit_fill_checksums(r);
	if (ns->sysctl.fwmark_reflect)
		r->mark = p->mark;
	path_from_kernel(r);
	path_local_out(ns, r, NULL, 0);
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

static void icmp_in(struct netns *ns, struct pkt *p, struct link *in, const struct route_result *rt)
{
	const struct icmphdr *h = pkt_icmp(p);
	struct pkt *copy;

	if (!h) {
		path_drop(ns, p, DROP_TRUNCATED);
		return;
	}
	if (!parse_l4_checksum(p)) {
		path_drop(ns, p, DROP_CHECKSUM);
		return;
	}
	if (ns->sock && (copy = pkt_clone(p)) && ns->sock->deliver(ns, copy) != DROP_NONE)
		pkt_free(copy);
	switch (h->type) {
	case ICMP_ECHO:
	case ICMP_TIMESTAMP:
		echo(ns, p, rt);
		break;
	case ICMP_DEST_UNREACH:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETERPROB:
	case ICMP_REDIRECT:
		icmp_error(ns, p, in);
		break;
	}
	pkt_free(p);
}

/* nobody took it: a reset, a port or protocol unreachable, or nothing */
static void refuse(struct netns *ns, struct pkt *p, const struct route_result *rt, enum drop_reason why)
{
	struct pkt *r;

	if (why == DROP_NO_SOCKET && p->proto == IPPROTO_TCP && rt->type == RTN_LOCAL) {
		r = parse_l4_checksum(p) ? reply_rst(p) : NULL;
		if (r) {
			edit_ttl(r, (uint8_t)ns->sysctl.ip_default_ttl);
			path_local_out(ns, r, NULL, 0);
		}
	} else if (why == DROP_NO_SOCKET && p->proto == IPPROTO_UDP) {
		if (parse_l4_checksum(p))
			icmp_send(ns, p, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0);
	} else if (why == DROP_NO_PROTOCOL) {
		icmp_send(ns, p, ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, 0);
	}
	path_drop(ns, p, why);
}

void local_deliver(struct netns *ns, struct pkt *p, struct link *in, struct route_result *rt)
{
	enum drop_reason why;

	if (!ns->sock) {
		pkt_free(p);
		return;
	}
	if (p->proto == IPPROTO_ICMP) {
		icmp_in(ns, p, in, rt);
		return;
	}
	why = ns->sock->deliver(ns, p);
	if (why)
		refuse(ns, p, rt, why);
}
