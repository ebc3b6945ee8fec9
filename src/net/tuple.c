/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/tuple.c - the tuple of a packet, of a quoted packet, and of the answer to either.
 *
 * Conntrack's first step on the packet's way. A packet and a quote are read by the same code over bytes; for a whole
 * packet the header must be there as far as parse_ip() demands it, for a quote the first eight bytes do (RFC 792
 * promises no more).
 *
 * References: RFC 792; RFC 4443; RFC 2637 section 4.1 (enhanced GRE).
 */
#include "net/tuple.h"

#include <errno.h>
#include <linux/icmp.h>

#include "base/buf.h"
#include "net/parse.h"
#include "net/pkt.h"

/* ICMP types that have an answer, and the answer's: [type] = answer + 1 */
static const uint8_t icmp4_answer[] = {
	[ICMP_ECHO] = ICMP_ECHOREPLY + 1,	    [ICMP_ECHOREPLY] = ICMP_ECHO + 1,
	[ICMP_TIMESTAMP] = ICMP_TIMESTAMPREPLY + 1, [ICMP_TIMESTAMPREPLY] = ICMP_TIMESTAMP + 1,
	[ICMP_INFO_REQUEST] = ICMP_INFO_REPLY + 1,  [ICMP_INFO_REPLY] = ICMP_INFO_REQUEST + 1,
	[ICMP_ADDRESS] = ICMP_ADDRESSREPLY + 1,	    [ICMP_ADDRESSREPLY] = ICMP_ADDRESS + 1,
};

/* echo and node information, counted from 128 */
static const uint8_t icmp6_answer[] = {
	[128 - 128] = 129 + 1,
	[129 - 128] = 128 + 1,
	[139 - 128] = 140 + 1,
	[140 - 128] = 139 + 1,
};

#define GRE_VERSION_MASK 0x0007
#define GRE_PROTO_PPP 0x880b

/* the protocol's own part, from the first bytes of its header */
static int tuple_l4(struct tuple *t, const uint8_t *h, size_t len)
{
	switch (t->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
		if (len < 4)
			return -EINVAL;
		memcpy(&t->sport, h, 2);
		memcpy(&t->dport, h + 2, 2);
		return 0;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		if (len < 8)
			return -EINVAL;
		memcpy(&t->sport, h + 4, 2);
		t->dport = htons((uint16_t)(h[0] << 8 | h[1]));
		return 0;
	case IPPROTO_GRE:
		if (len < 4)
			return -EINVAL;
		if ((get_u16(h) & GRE_VERSION_MASK) != 1)
			return 0;
		if (len < 8 || get_u16(h + 2) != GRE_PROTO_PPP)
			return -EINVAL;
		/* the call id; the sender's own is only known from PPTP's control connection */
		memcpy(&t->dport, h + 6, 2);
		return 0;
	}
	return 0;
}

int tuple_of_pkt(const struct pkt *pkt, uint16_t zone, struct tuple *t)
{
	struct tuple got = { .family = pkt->family, .proto = pkt->proto, .zone = zone };

	if (pkt->flags & (PKT_LATER_FRAG | PKT_L4_CUT))
		return -EINVAL;
	got.src = pkt_src(pkt);
	got.dst = pkt_dst(pkt);
	if (tuple_l4(&got, pkt_l4(pkt), pkt_l4_len(pkt)))
		return -EINVAL;
	*t = got;
	return 0;
}

int tuple_of_bytes(uint8_t family, const uint8_t *l3, size_t len, uint16_t zone, struct tuple *t)
{
	struct tuple got = { .family = family, .zone = zone };
	bool later_frag;
	int l4;

	l4 = parse_find_l4(family, l3, len, &got.proto, &later_frag);
	if (l4 < 0 || later_frag)
		return -EINVAL;
	memcpy(&got.src, l3 + (family == AF_INET ? 12 : 8), addr_len(family));
	memcpy(&got.dst, l3 + (family == AF_INET ? 16 : 24), addr_len(family));
	if (tuple_l4(&got, l3 + l4, len - (size_t)l4))
		return -EINVAL;
	*t = got;
	return 0;
}

int tuple_invert(const struct tuple *t, struct tuple *inv)
{
	struct tuple r = { .src = t->dst,
			   .dst = t->src,
			   .sport = t->dport,
			   .dport = t->sport,
			   .family = t->family,
			   .proto = t->proto,
			   .zone = t->zone };

	if (t->proto == IPPROTO_ICMP || t->proto == IPPROTO_ICMPV6) {
		bool v4 = t->proto == IPPROTO_ICMP;
		uint16_t tc = ntohs(t->dport), type = (tc >> 8) - (v4 ? 0 : 128);
		const uint8_t *map = v4 ? icmp4_answer : icmp6_answer;

		if (type >= (v4 ? ARRAY_LEN(icmp4_answer) : ARRAY_LEN(icmp6_answer)) || !map[type])
			return -EINVAL;
		r.sport = t->sport;
		r.dport = htons((uint16_t)((map[type] - 1) << 8 | (tc & 0xff)));
	}
	*inv = r;
	return 0;
}
