/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/options.c - what stands in an IP header that arrives besides what everybody needs: IPv4's options, IPv6's extension headers, and whether IPv6's
 * addresses may be on that link.
 *
 * On the packet's way: between PREROUTING and the routing decision, for the few IPv4 packets that have options. IPv6's addresses and hop-by-hop options are
 * looked at before PREROUTING; destination options and routing headers behind INPUT, by the host that a packet is for.
 *
 * Theory of operation: an unknown option says itself what is to become of its packet (RFC 8200 section 4.2). Of routing headers, those that are used up are passed
 * over; all others are refused, as by a Linux host whose accept_source_route and seg6_enabled are 0. Jumbo payloads do not fit any link here.
 *
 * Differences from Linux: source-routed packets are dropped whatever accept_source_route says; record route and timestamp options travel unchanged (D-5).
 * With IPv6, accept_source_route, seg6_enabled and rpl_seg_enabled do nothing either (D-5).
 *
 * References: RFC 791 section 3.1, RFC 1812 section 4.2.2.11, RFC 8200 section 4, RFC 2711, RFC 2675, RFC 4291 section 2.5.3; Linux exthdrs.c, ip6_input.c.
 */
#include "path/private.h"

#include "base/buf.h"

#define OPT_END 0
#define OPT_NOOP 1
#define OPT_RR 7
#define OPT_TIMESTAMP 68
#define OPT_LSRR 131
#define OPT_SSRR 137

/* the offset in the header of the first byte that is wrong; 0: none */
static unsigned find_fault(const uint8_t *h, unsigned hlen, bool *source_route)
{
	for (unsigned at = 20; at < hlen;) {
		unsigned left = hlen - at, len;

		if (h[at] == OPT_END)
			return 0;
		if (h[at] == OPT_NOOP) {
			at++;
			continue;
		}
		len = left > 1 ? h[at + 1] : 0;
		if (len < 2 || len > left)
			return at;
		if (h[at] == OPT_LSRR || h[at] == OPT_SSRR || h[at] == OPT_RR) {
			if (len < 3)
				return at + 1;
			if (h[at + 2] < 4)
				return at + 2;
			*source_route |= h[at] != OPT_RR;
		}
		if (h[at] == OPT_TIMESTAMP && len < 4)
			return at + 1;
		at += len;
	}
	return 0;
}

enum drop_reason options_check(struct netns *ns, struct pkt *p)
{
	bool source_route = false;
	unsigned fault;

	if (p->family != AF_INET)
		return DROP_NONE;
	fault = find_fault(pkt_l3(p), p->l4 - p->l3, &source_route);
	if (fault) {
		icmp_send(ns, p, ICMP_PARAMETERPROB, 0, fault << 24);
		return DROP_MALFORMED;
	}
	return source_route ? DROP_SOURCE_ROUTE : DROP_NONE;
}

/* ---- IPv6 ---- */

#define OPT6_PAD1 0
#define OPT6_PADN 1
#define OPT6_ROUTER_ALERT 5
#define OPT6_JUMBO 0xc2
#define OPT6_ON_UNKNOWN 0xc0		/* the bits that say what to do with one that is not known */
#define RH_SRH 4			/* segment routing: never taken, used up or not */
#define RH_RPL 3

/* a parameter problem about the byte at @at of the packet */
static enum drop_reason problem(struct netns *ns, const struct pkt *p, uint8_t code, unsigned at)
{
	icmp_send(ns, p, ICMPV6_PARAMPROB, code, at);
	return DROP_MALFORMED;
}

static enum drop_reason unknown_option(struct netns *ns, const struct pkt *p, unsigned at)
{
	union inet_addr dst = pkt_dst(p);

	switch (pkt_l3(p)[at] & OPT6_ON_UNKNOWN) {
	case 0x00:
		return DROP_NONE;
	case 0x40:
		return DROP_MALFORMED;
	case 0xc0:
		if (addr_is_multicast(AF_INET6, &dst))
			return DROP_MALFORMED;
	}
	return problem(ns, p, ICMPV6_UNK_OPTION, at);
}

/* padding is at most what aligns to eight bytes, and zero */
static bool padding_ok(const uint8_t *o, unsigned len, unsigned pad)
{
	for (unsigned i = 2; i < len; i++)
		if (o[i])
			return false;
	return pad + len <= 7;
}

/* a jumbo payload that says that it is no such thing */
static enum drop_reason jumbo(struct netns *ns, const struct pkt *p, unsigned at)
{
	const uint8_t *o = pkt_l3(p) + at;

	if (o[1] != 4 || (at & 3) != 2)
		return DROP_MALFORMED;
	if (get_u32(o + 2) <= 65535)
		return problem(ns, p, ICMPV6_HDR_FIELD, at + 2);
	if (pkt_ip6(p)->plen)
		return problem(ns, p, ICMPV6_HDR_FIELD, at);
	return DROP_TRUNCATED;
}

/* the options in the header that begins @at and is @len bytes long */
static enum drop_reason check_options6(struct netns *ns, const struct pkt *p, unsigned at, unsigned len, bool hop_by_hop)
{
	int left = hop_by_hop ? ns->sysctl.ip6_max_hbh_opts_number : ns->sysctl.ip6_max_dst_opts_number;
	const uint8_t *h = pkt_l3(p);
	unsigned end = at + len, pad = 0, olen;
	bool limited = left < 0;	/* and no unknown one is taken */

	left = left < 0 ? -left : left;
	for (at += 2; at < end; at += olen) {
		enum drop_reason why = DROP_NONE;

		olen = h[at] == OPT6_PAD1 ? 1 : end - at > 1 ? h[at + 1] + 2u : 0;
		if (!olen || olen > end - at)
			return DROP_MALFORMED;
		if (h[at] == OPT6_PAD1 || h[at] == OPT6_PADN) {
			if (!padding_ok(h + at, olen, pad))
				return DROP_MALFORMED;
			pad += olen;
			continue;
		}
		pad = 0;
		if (--left < 0)
			return DROP_MALFORMED;
		if (hop_by_hop && h[at] == OPT6_ROUTER_ALERT)
			why = olen == 4 ? DROP_NONE : DROP_MALFORMED;
		else if (hop_by_hop && h[at] == OPT6_JUMBO)
			why = jumbo(ns, p, at);
		else
			why = limited ? DROP_MALFORMED : unknown_option(ns, p, at);
		if (why)
			return why;
	}
	return DROP_NONE;
}

/* RFC 4291: what never is on a link */
static enum drop_reason check_addresses6(const struct pkt *p, const struct link *in)
{
	union inet_addr src = pkt_src(p), dst = pkt_dst(p);
	bool loopback = in->flags & IFF_LOOPBACK;

	if (addr_is_multicast(AF_INET6, &src))
		return DROP_MARTIAN_SOURCE;
	if (!loopback && addr_is_loopback(AF_INET6, &src))
		return DROP_MARTIAN_SOURCE;
	if (!loopback && addr_is_loopback(AF_INET6, &dst))
		return DROP_MARTIAN_DESTINATION;
	if (addr_is_multicast(AF_INET6, &dst)) {
		unsigned scope = dst.b[1] & 0x0f;

		if (!scope || (scope == 1 && !(p->flags & PKT_LOOPED) && !loopback))
			return DROP_MARTIAN_DESTINATION;
	}
	return DROP_NONE;
}

enum drop_reason options_check6(struct netns *ns, const struct pkt *p, const struct link *in)
{
	enum drop_reason why = check_addresses6(p, in);
	const uint8_t *h = pkt_l3(p);
	unsigned len;

	if (link_conf6(in, LINK_CONF6_DISABLE_IPV6))
		return DROP_NO_HANDLER;
	if (why || pkt_ip6(p)->nxt != IPPROTO_HOPOPTS)
		return why;
	if (pkt_l3_len(p) < 48)
		return DROP_TRUNCATED;
	len = (h[41] + 1u) * 8;
	return pkt_l3_len(p) < 40 + len ? DROP_TRUNCATED : check_options6(ns, p, 40, len, true);
}

/* one that is not used up sends the packet on: not from here */
static enum drop_reason check_routing(struct netns *ns, const struct pkt *p, unsigned at)
{
	const uint8_t *h = pkt_l3(p) + at;
	union inet_addr dst = pkt_dst(p);

	if (addr_is_multicast(AF_INET6, &dst) || p->pkt_type != PACKET_HOST || h[2] == RH_SRH || h[2] == RH_RPL)
		return DROP_SOURCE_ROUTE;
	if (!h[3])
		return DROP_NONE;
	problem(ns, p, ICMPV6_HDR_FIELD, at + 3);
	return DROP_SOURCE_ROUTE;
}

enum drop_reason options_deliver(struct netns *ns, const struct pkt *p)
{
	const uint8_t *h = pkt_l3(p);
	unsigned at = sizeof(struct ip6_hdr), end = pkt_l3_len(p), len;
	enum drop_reason why = DROP_NONE;
	unsigned field = 6;	/* where the number of the header at @at stands */

	for (uint8_t next = h[6]; !why; next = h[at], field = at, at += len) {
		if (next == IPPROTO_AH) {	/* netfilter looks behind it, but nobody here takes it */
			problem(ns, p, ICMPV6_UNK_NEXTHDR, field);
			return DROP_NO_PROTOCOL;
		}
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_DSTOPTS && next != IPPROTO_ROUTING)
			return DROP_NONE;
		if (end - at < 8)
			return DROP_TRUNCATED;
		len = (h[at + 1] + 1u) * 8;
		if (end - at < len)
			return DROP_TRUNCATED;
		if (next == IPPROTO_HOPOPTS && at != sizeof(struct ip6_hdr))	/* they come first or not at all */
			why = problem(ns, p, ICMPV6_UNK_NEXTHDR, at);
		else if (next == IPPROTO_DSTOPTS)
			why = check_options6(ns, p, at, len, false);
		else if (next == IPPROTO_ROUTING)
			why = check_routing(ns, p, at);
	}
	return why;
}
