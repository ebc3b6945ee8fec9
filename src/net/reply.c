/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/reply.c - packets that answer packets.
 *
 * Where a host or a router on the packet's way has something to say: ICMP errors, echo replies, resets, ARP. Stateless:
 * rate limits, the source address and the way back are path's. What a field gets is what the kernel gives it:
 *
 *   answer       TOS                                   TTL  DF  id
 *   ICMP error   (TOS of the cause & 0x1e) | 0xc0       64   0   0: the sender of it fills one in
 *   echo reply   that of the request                    64   0   0: the same
 *   RST          that of the segment (a REJECT rule: 0) 64   1   0
 *
 * Invariants
 *  1. An ICMP error is at most 576 bytes, over IPv6 1280, with its IP header and quotes from the IP header on.
 *  2. Nothing here answers a reset with a reset, or an ICMP error with an ICMP error.
 *
 * References: RFC 792; RFC 4443 section 2.4; RFC 1122 section 3.2.2; RFC 1812 section 4.3.2; RFC 9293 section 3.10.7.1; RFC 826.
 */
#include "net/reply.h"

#include "base/buf.h"
#include "net/edit.h"

#define ICMP_ERROR_MAX(family) ((family) == AF_INET ? 576u : 1280u)
#define ICMP_HDRLEN 8
#define REPLY_TTL 64
#define ERROR_TOS(tos) (((tos) & 0x1e) | 0xc0)

/* [type]: it is an error, and must not be answered by one */
static const bool icmp_is_error[NR_ICMP_TYPES + 1] = {
	[ICMP_DEST_UNREACH] = true, [ICMP_SOURCE_QUENCH] = true, [ICMP_REDIRECT] = true,
	[ICMP_TIME_EXCEEDED] = true, [ICMP_PARAMETERPROB] = true,
	[1] = true, [2] = true, [6] = true, [7] = true,		/* nobody knows what these are: they could be */
	[9] = true, [10] = true,				/* router advertisement and solicitation (RFC 1256) */
};

struct pkt *build_ip(struct pkt_pool *pool, uint8_t family, const union inet_addr *src, const union inet_addr *dst, uint8_t proto,
		     uint8_t ttl, uint8_t ds, uint32_t payload)
{
	uint32_t hlen = ip_hdrlen(family);
	struct pkt *p;

	if (payload > 0xffff - (family == AF_INET ? hlen : 0))
		return NULL;
	p = pkt_alloc(pool, ETH_HLEN + hlen + payload);
	if (!p)
		return NULL;
	pkt_append(p, hlen);
	if (family == AF_INET) {
		*pkt_ip4(p) = (struct iphdr){
			.version = 4, .ihl = 5, .tos = ds, .ttl = ttl, .protocol = proto, .saddr = src->ip4, .daddr = dst->ip4,
		};
	} else {
		struct ip6_hdr *ip = pkt_ip6(p);

		*ip = (struct ip6_hdr){ .flow = htonl(6u << 28 | (uint32_t)ds << 20) };
		ip->nxt = proto;
		ip->hlim = ttl;
		ip->src = *src;
		ip->dst = *dst;
	}
	p->l4 = p->end;
	pkt_append(p, payload);
	p->ethertype = htons(family == AF_INET ? ETH_P_IP : ETH_P_IPV6);
	p->family = family;
	p->proto = proto;
	pkt_set_len(p);
	return p;
}

struct pkt *build_ip4(struct pkt_pool *pool, be32 src, be32 dst, uint8_t proto, uint8_t ttl, uint8_t tos,
		      uint32_t payload)
{
	union inet_addr s = addr_ip4(src), d = addr_ip4(dst);

	return build_ip(pool, AF_INET, &s, &d, proto, ttl, tos, payload);
}

/* the answer to @p, from whom it was sent to */
static struct pkt *build_answer(const struct pkt *p, uint8_t proto, uint8_t ds, uint32_t payload)
{
	union inet_addr src = pkt_dst(p), dst = pkt_src(p);

	return build_ip(p->pool, p->family, &src, &dst, proto, REPLY_TTL, ds, payload);
}

bool reply_icmp_code(uint8_t family, enum icmp_about about, uint8_t *type, uint8_t *code)
{
	static const uint8_t codes[2][ICMP_ABOUT_MAX][2] = {
		{
			[ICMP_ABOUT_NO_ROUTE] = { ICMP_DEST_UNREACH, ICMP_NET_UNREACH },
			[ICMP_ABOUT_HOST] = { ICMP_DEST_UNREACH, ICMP_HOST_UNREACH },
			[ICMP_ABOUT_PROTOCOL] = { ICMP_DEST_UNREACH, ICMP_PROT_UNREACH },
			[ICMP_ABOUT_PORT] = { ICMP_DEST_UNREACH, ICMP_PORT_UNREACH },
			[ICMP_ABOUT_FILTERED] = { ICMP_DEST_UNREACH, ICMP_PKT_FILTERED },
			[ICMP_ABOUT_TOO_BIG] = { ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED },
			[ICMP_ABOUT_TTL] = { ICMP_TIME_EXCEEDED, ICMP_EXC_TTL },
			[ICMP_ABOUT_FRAG_TIME] = { ICMP_TIME_EXCEEDED, ICMP_EXC_FRAGTIME },
		}, {
			[ICMP_ABOUT_NO_ROUTE] = { ICMPV6_DEST_UNREACH, ICMPV6_NOROUTE },
			[ICMP_ABOUT_HOST] = { ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH },
			[ICMP_ABOUT_PROTOCOL] = { ICMPV6_PARAMPROB, ICMPV6_UNK_NEXTHDR },
			[ICMP_ABOUT_PORT] = { ICMPV6_DEST_UNREACH, ICMPV6_PORT_UNREACH },
			[ICMP_ABOUT_FILTERED] = { ICMPV6_DEST_UNREACH, ICMPV6_ADM_PROHIBITED },
			[ICMP_ABOUT_TOO_BIG] = { ICMPV6_PKT_TOOBIG, 0 },
			[ICMP_ABOUT_TTL] = { ICMPV6_TIME_EXCEED, ICMPV6_EXC_HOPLIMIT },
			[ICMP_ABOUT_FRAG_TIME] = { ICMPV6_TIME_EXCEED, ICMPV6_EXC_FRAGTIME },
			[ICMP_ABOUT_HEADERS] = { ICMPV6_PARAMPROB, 3 },	/* RFC 7112 */
			[ICMP_ABOUT_SCOPE] = { ICMPV6_DEST_UNREACH, ICMPV6_NOT_NEIGHBOUR },
		},
	};

	*type = codes[family == AF_INET6][about][0];
	*code = codes[family == AF_INET6][about][1];
	return *type != 0;
}

/* a source that names one host (RFC 1122 section 3.2.2: no error about anything else) */
static bool is_one_host(const struct pkt *p, const union inet_addr *a)
{
	if (addr_is_any(a) || addr_is_multicast(p->family, a))
		return false;
	return p->family != AF_INET || a->b[0] < 240;
}

static bool is_group(const struct pkt *p)
{
	union inet_addr dst = pkt_dst(p);

	return p->pkt_type != PACKET_HOST || addr_is_multicast(p->family, &dst) ||
	       (p->family == AF_INET && dst.ip4 == htonl(INADDR_BROADCAST));
}

/* an error about an ICMPv6 message whose type is not there: about the middle of one it may be, about a header that is cut off not */
static bool is_icmp6_error(const struct pkt *p)
{
	if (p->proto != IPPROTO_ICMPV6)
		return false;
	if (p->flags & PKT_LATER_FRAG || !pkt_l4_len(p))
		return !(p->flags & PKT_LATER_FRAG);
	return !(pkt_l4(p)[0] & ICMPV6_INFOMSG_MASK);
}

bool reply_icmp_allowed(const struct pkt *p, bool to_groups)
{
	union inet_addr src = pkt_src(p);

	if ((p->family != AF_INET && p->family != AF_INET6) || !is_one_host(p, &src) || (is_group(p) && !to_groups))
		return false;
	if (p->family == AF_INET6)
		return !is_icmp6_error(p);
	if (p->flags & PKT_LATER_FRAG)
		return false;
	if (p->proto == IPPROTO_ICMP) {
		if (!pkt_l4_len(p))
			return false;
		return pkt_l4(p)[0] <= NR_ICMP_TYPES && !icmp_is_error[pkt_l4(p)[0]];
	}
	return true;
}

static struct pkt *icmp_error(const struct pkt *p, uint8_t type, uint8_t code, be32 second, const union inet_addr *src)
{
	uint32_t quote = MIN(pkt_l3_len(p), ICMP_ERROR_MAX(p->family) - ip_hdrlen(p->family) - ICMP_HDRLEN);
	union inet_addr to = pkt_src(p);
	struct pkt *r;
	uint8_t *h;

	if (p->family == AF_INET)
		r = build_ip(p->pool, p->family, src, &to, IPPROTO_ICMP, REPLY_TTL, ERROR_TOS(pkt_dsfield(p)), ICMP_HDRLEN + quote);
	else
		r = build_ip(p->pool, p->family, src, &to, IPPROTO_ICMPV6, REPLY_TTL, 0, ICMP_HDRLEN + quote);
	if (!r)
		return NULL;
	h = pkt_l4(r);
	h[0] = type;
	h[1] = code;
	memset(h + 2, 0, 2);
	memcpy(h + 4, &second, 4);
	memcpy(h + ICMP_HDRLEN, pkt_l3(p), quote);
	edit_fill_checksums(r);
	return r;
}

struct pkt *reply_icmp_error(const struct pkt *p, uint8_t type, uint8_t code, uint32_t info, const union inet_addr *src)
{
	return icmp_error(p, type, code, htonl(info), src);
}

struct pkt *reply_icmp_redirect(const struct pkt *p, uint8_t code, const union inet_addr *gw,
				const union inet_addr *src)
{
	return icmp_error(p, ICMP_REDIRECT, code, gw->ip4, src);
}

struct pkt *reply_echo(const struct pkt *p)
{
	bool v6 = p->family == AF_INET6;
	struct pkt *r;

	if (p->flags & (PKT_FRAG | PKT_L4_CUT) || p->proto != (v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP) ||
	    pkt_l4(p)[0] != (v6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO))
		return NULL;
	r = build_answer(p, p->proto, pkt_dsfield(p), pkt_l4_len(p));
	if (!r)
		return NULL;
	memcpy(pkt_l4(r), pkt_l4(p), pkt_l4_len(p));
	pkt_l4(r)[0] = v6 ? ICMPV6_ECHO_REPLY : ICMP_ECHOREPLY;
	edit_fill_checksums(r);
	return r;
}

struct pkt *reply_timestamp(const struct pkt *p, uint32_t now_ms)
{
	const struct icmphdr *q = pkt_icmp(p);
	struct pkt *r;
	uint8_t *times;

	if (!q || p->family != AF_INET || p->flags & PKT_FRAG || q->type != ICMP_TIMESTAMP || pkt_l4_len(p) < sizeof(*q) + 4)
		return NULL;
	r = build_answer(p, IPPROTO_ICMP, pkt_dsfield(p), sizeof(*q) + 12);
	if (!r)
		return NULL;
	*pkt_icmp(r) = *q;
	pkt_icmp(r)->type = ICMP_TIMESTAMPREPLY;
	pkt_icmp(r)->code = 0;
	times = pkt_l4(r) + sizeof(*q);
	memcpy(times, pkt_l4(p) + sizeof(*q), 4);
	put_u32(times + 4, now_ms);
	put_u32(times + 8, now_ms);
	edit_fill_checksums(r);
	return r;
}

struct pkt *reply_rst(const struct pkt *p)
{
	const struct tcphdr *th = pkt_tcp(p);
	struct pkt *r;
	struct tcphdr *rt;

	if (!th || p->flags & PKT_FRAG || th->rst || th->doff < 5 || th->doff * 4u > pkt_l4_len(p))
		return NULL;
	r = build_answer(p, IPPROTO_TCP, pkt_dsfield(p), sizeof(*rt));
	if (!r)
		return NULL;
	if (p->family == AF_INET)
		pkt_ip4(r)->frag_off = htons(IP4_DF);
	rt = pkt_tcp(r);
	*rt = (struct tcphdr){ .source = th->dest, .dest = th->source, .doff = 5, .rst = 1 };
	if (th->ack) {
		rt->seq = th->ack_seq;		/* <SEQ=SEG.ACK><CTL=RST> */
	} else {
		uint32_t len = th->syn + th->fin + pkt_l4_len(p) - th->doff * 4u;

		rt->ack = 1;			/* <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK> */
		rt->ack_seq = htonl(ntohl(th->seq) + len);
	}
	edit_fill_checksums(r);
	return r;
}

struct pkt *reply_arp(struct pkt_pool *pool, uint16_t op, const uint8_t *src_mac, be32 src_ip, const uint8_t *dst_mac,
		      be32 dst_ip)
{
	struct pkt *r = pkt_alloc(pool, ETH_HLEN + 28);
	struct ethhdr *eth;
	uint8_t *a;

	if (!r)
		return NULL;
	eth = (struct ethhdr *)pkt_append(r, ETH_HLEN);
	memcpy(eth->h_dest, dst_mac, ETH_ALEN);
	memcpy(eth->h_source, src_mac, ETH_ALEN);
	eth->h_proto = htons(ETH_P_ARP);
	r->ethertype = htons(ETH_P_ARP);
	r->l3 = r->l4 = r->end;
	a = pkt_append(r, 28);
	put_u16(a, ARPHRD_ETHER);
	put_u16(a + 2, ETH_P_IP);
	a[4] = ETH_ALEN;
	a[5] = 4;
	put_u16(a + 6, op);
	memcpy(a + 8, src_mac, ETH_ALEN);
	memcpy(a + 14, &src_ip, 4);
	/* who is asked for an address has none yet */
	if (op == ARPOP_REQUEST)
		memset(a + 18, 0, ETH_ALEN);
	else
		memcpy(a + 18, dst_mac, ETH_ALEN);
	memcpy(a + 24, &dst_ip, 4);
	return r;
}
