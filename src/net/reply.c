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
 *  1. An ICMP error is at most ICMP_ERROR_MAX bytes with its IP header and quotes from the IP header on.
 *  2. Nothing here answers a reset with a reset, or an ICMP error with an ICMP error.
 *
 * References: RFC 792; RFC 1122 section 3.2.2; RFC 1812 section 4.3.2; RFC 9293 section 3.10.7.1; RFC 826.
 */
#include "net/reply.h"

#include "base/buf.h"
#include "net/edit.h"

#define ICMP_ERROR_MAX 576
#define ICMP_HDRLEN 8
#define REPLY_TTL 64
#define ERROR_TOS(tos) (((tos) & 0x1e) | 0xc0)

/* [type]: it is an error, and must not be answered by one */
static const bool icmp_is_error[NR_ICMP_TYPES + 1] = {
	[ICMP_DEST_UNREACH] = true, [ICMP_SOURCE_QUENCH] = true, [ICMP_REDIRECT] = true,
	[ICMP_TIME_EXCEEDED] = true, [ICMP_PARAMETERPROB] = true,
};

struct pkt *build_ip4(struct pkt_pool *pool, be32 src, be32 dst, uint8_t proto, uint8_t ttl, uint8_t tos,
		      uint32_t payload)
{
	struct pkt *p;
	struct iphdr *ip;

	if (payload > 0xffff - sizeof(*ip))
		return NULL;
	p = pkt_alloc(pool, ETH_HLEN + sizeof(*ip) + payload);
	if (!p)
		return NULL;
	ip = (struct iphdr *)pkt_append(p, sizeof(*ip));
	*ip = (struct iphdr){
		.version = 4, .ihl = 5, .tos = tos, .tot_len = htons((uint16_t)(sizeof(*ip) + payload)),
		.ttl = ttl, .protocol = proto, .saddr = src, .daddr = dst,
	};
	p->l4 = p->end;
	pkt_append(p, payload);
	p->ethertype = htons(ETH_P_IP);
	p->family = AF_INET;
	p->proto = proto;
	return p;
}

/* a source that names one host (RFC 1122 section 3.2.2: no error about anything else) */
static bool is_one_host(const struct pkt *p, const union inet_addr *a)
{
	if (addr_is_any(a) || addr_is_multicast(p->family, a))
		return false;
	return p->family != AF_INET || a->b[0] < 240;
}

bool reply_icmp_allowed(const struct pkt *p)
{
	union inet_addr src = pkt_src(p), dst = pkt_dst(p);

	if (p->family != AF_INET || p->pkt_type != PACKET_HOST || p->flags & PKT_LATER_FRAG)
		return false;
	if (addr_is_multicast(p->family, &dst) || dst.ip4 == htonl(INADDR_BROADCAST) || !is_one_host(p, &src))
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
	uint32_t quote = MIN(pkt_l3_len(p), ICMP_ERROR_MAX - (uint32_t)sizeof(struct iphdr) - ICMP_HDRLEN);
	struct pkt *r;
	uint8_t *h;

	if (p->family != AF_INET)
		return NULL;
	r = build_ip4(p->pool, src->ip4, pkt_src(p).ip4, IPPROTO_ICMP, REPLY_TTL, ERROR_TOS(pkt_dsfield(p)),
		      ICMP_HDRLEN + quote);
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
	const struct icmphdr *q = pkt_icmp(p);
	struct pkt *r;

	if (!q || p->family != AF_INET || p->flags & PKT_FRAG || q->type != ICMP_ECHO)
		return NULL;
	r = build_ip4(p->pool, pkt_dst(p).ip4, pkt_src(p).ip4, IPPROTO_ICMP, REPLY_TTL, pkt_dsfield(p), pkt_l4_len(p));
	if (!r)
		return NULL;
	memcpy(pkt_l4(r), pkt_l4(p), pkt_l4_len(p));
	pkt_icmp(r)->type = ICMP_ECHOREPLY;
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
	r = build_ip4(p->pool, pkt_dst(p).ip4, pkt_src(p).ip4, IPPROTO_ICMP, REPLY_TTL, pkt_dsfield(p), sizeof(*q) + 12);
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

	if (!th || p->family != AF_INET || p->flags & PKT_FRAG || th->rst || th->doff < 5 ||
	    th->doff * 4u > pkt_l4_len(p))
		return NULL;
	r = build_ip4(p->pool, pkt_dst(p).ip4, pkt_src(p).ip4, IPPROTO_TCP, REPLY_TTL, pkt_dsfield(p), sizeof(*rt));
	if (!r)
		return NULL;
	pkt_ip4(r)->frag_off = htons(0x4000);
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
