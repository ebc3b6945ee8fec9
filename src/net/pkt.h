/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/pkt.h - one packet on its way.
 *
 * A packet is one flat buffer with headroom, offsets into it, what parsing found out once, and what the way gives it:
 * interface, mark, connection. Offsets are from .buf, so that a header can be put in front without moving bytes:
 *
 *     buf        mac            l3           l4                 end      buf+cap
 *      | headroom | Ethernet ... | IP, options | TCP, payload ... | tailroom |
 *
 * Invariants
 *  1. mac <= l3 <= l4 <= end <= cap whenever the packet is outside net/.
 *  2. family, proto, l4, frag_off and the flags are what parse_ip() found, or what who built the packet set; who
 *     changes a header keeps them true.
 *  3. .ct holds no reference: a connection lives at least as long as the packet walks, because connections are freed
 *     between packets.
 */
#ifndef NET_PKT_H
#define NET_PKT_H

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "base/mem.h"
#include "net/tuple.h"
#include "net/verdict.h"

struct conn;

/* the C library's and the kernel's headers for it get in each other's way */
struct ip6_hdr {
	be32 flow;			/* version, traffic class, flow label */
	be16 plen;			/* bytes behind this header */
	uint8_t nxt, hlim;
	union inet_addr src, dst;
};

struct ip6_frag {
	uint8_t nxt, reserved;
	be16 off;			/* bytes; the lowest bit says that more follow */
	be32 id;
};

/* flags and offset of the IPv4 header field frag_off, host order */
#define IP4_DF 0x4000
#define IP4_MF 0x2000
#define IP4_OFFSET 0x1fff	/* in units of eight bytes */

#define PKT_HEADROOM 128
#define PKT_FRAME_ALIGN 2		/* a received frame begins this far behind, so that its IP header is aligned behind 14 bytes of Ethernet */
#define PKT_SMALL 2048		/* bytes of buffer in the small pool */
#define PKT_LARGE (66 * 1024)	/* a full IP datagram and its headers */

enum pkt_flags {
	PKT_FRAG = 1 << 0,		/* part of a fragmented datagram */
	PKT_LATER_FRAG = 1 << 1,	/* not the first: no transport header */
	PKT_MORE_FRAGS = 1 << 2,
	PKT_OPTIONS = 1 << 3,		/* IPv4 options or IPv6 extension headers */
	PKT_L4_CUT = 1 << 4,		/* the transport header is not whole */
	PKT_LOOPED = 1 << 5,		/* came over lo or was made here */
	PKT_LOCAL_OUT = 1 << 6,		/* made by this host, not forwarded */
	PKT_FORWARDED = 1 << 7,
	PKT_UNTRACKED = 1 << 8,		/* NOTRACK */
	PKT_REASSEMBLED = 1 << 10,	/* frag_max is the largest fragment's size */
	PKT_TRACE = 1 << 11,		/* the TRACE target or nftrace asked for events */
	PKT_VLAN = 1 << 13,		/* vlan_tci is set */
	PKT_BRIDGED = 1 << 14,		/* came through a bridge port, and IP's hooks see that: phys_iif is it */
	PKT_PREROUTED = 1 << 17,	/* the bridge took it through PREROUTING already */
	PKT_CSUM_PARTIAL = 1 << 16,	/* Linux would leave the transport checksum to the device: captures show the pseudo-header's sum */
	PKT_CT_TEMPLATE = 1 << 18,	/* .ct_zone and more were said in front of conntrack: nothing else is heard, and the state is NEW */
	PKT_CT_ATTACHED = 1 << 15,	/* .ct is that of the packet it answers, and not this packet's to free */
};

#define PKT_FRAGS_KEPT 8

struct pkt {
	uint8_t *buf;
	uint32_t cap, mac, l3, l4, end;
	be16 ethertype;			/* ETH_P_*, of what is at l3 */
	be16 vlan_tci;
	uint8_t family;			/* AF_INET, AF_INET6; 0: not parsed as IP */
	uint8_t proto;			/* transport protocol */
	uint8_t pkt_type;		/* PACKET_HOST, PACKET_BROADCAST, ... as in AF_PACKET */
	uint8_t ctinfo;			/* enum ip_conntrack_info, with .ct */
	enum drop_reason drop;
	uint32_t flags;			/* PKT_* */
	uint16_t frag_off;		/* bytes */
	uint16_t frag_at;		/* IPv6: the Fragment header, bytes from .l3; 0: there is none */
	uint16_t frag_max;		/* largest fragment of a reassembled datagram, bytes with IP header */
	uint16_t frag_len[PKT_FRAGS_KEPT];	/* with frag_max: how much each of its fragments brought; the first 0: they were more */
	int iif, oif;			/* ifindex; 0: none */
	int phys_iif, phys_oif;		/* bridge ports, 0: none */
	uint32_t mark, priority, secmark;
	uint32_t sk_uid, sk_gid;	/* of the socket that sent it, with .sk */
	void *sk;			/* the local socket that sent it, NULL: none */
	struct conn *ct;		/* NULL: not tracked (yet) */
	uint16_t ct_zone[2];		/* what a CT --zone template said, by direction of the connection; 0: none */
	void *dst;			/* struct route_result of path, while it walks */
	uint64_t tstamp_ns;		/* when it arrived or was made, engine time */
	uint64_t id;			/* the same through translation, forwarding and hosts; answers have their own */
	struct pkt *next;		/* in whoever's queue it is */
	struct pkt_pool *pool;
};

struct pkt_pool {
	struct mem_pool meta, small, large;
	uint64_t next_id;
};

/** pkt_pool_init() - at most @max packets alive at a time, a sixteenth of them large */
void pkt_pool_init(struct pkt_pool *pool, uint32_t max);
void pkt_pool_destroy(struct pkt_pool *pool);
/**
 * pkt_alloc() - a packet with room for @len bytes behind PKT_HEADROOM; mac = l3 = l4 = end = PKT_HEADROOM; NULL: the
 * pool is at its bound
 */
struct pkt *pkt_alloc(struct pkt_pool *pool, uint32_t len);
/**
 * pkt_from_frame() - a packet holding a copy of @len bytes that begin with a link-layer header (parse is the caller's)
 */
struct pkt *pkt_from_frame(struct pkt_pool *pool, const void *bytes, uint32_t len);
/** pkt_clone() - a whole copy, id included, without connection */
struct pkt *pkt_clone(const struct pkt *pkt);
void pkt_free(struct pkt *pkt);		/* NULL is fine */

static inline uint32_t pkt_len(const struct pkt *p)		/* with link-layer header */
{
	return p->end - p->mac;
}

static inline uint32_t pkt_l3_len(const struct pkt *p)
{
	return p->end - p->l3;
}

static inline uint32_t pkt_l4_len(const struct pkt *p)
{
	return p->end - p->l4;
}

static inline uint8_t *pkt_l3(const struct pkt *p)
{
	return p->buf + p->l3;
}

static inline uint8_t *pkt_l4(const struct pkt *p)
{
	return p->buf + p->l4;
}

static inline struct iphdr *pkt_ip4(const struct pkt *p)
{
	return (struct iphdr *)(p->buf + p->l3);
}

static inline struct ip6_hdr *pkt_ip6(const struct pkt *p)
{
	return (struct ip6_hdr *)(p->buf + p->l3);
}

/* bytes of the IP header without options and extension headers */
static inline uint32_t ip_hdrlen(uint8_t family)
{
	return family == AF_INET ? sizeof(struct iphdr) : sizeof(struct ip6_hdr);
}

static inline struct ethhdr *pkt_eth(const struct pkt *p)
{
	return (struct ethhdr *)(p->buf + p->mac);
}

/* the transport header when all of its fixed part is there and it is of that protocol, else NULL */
static inline struct tcphdr *pkt_tcp(const struct pkt *p)
{
	return p->proto == IPPROTO_TCP && !(p->flags & (PKT_LATER_FRAG | PKT_L4_CUT)) ? (struct tcphdr *)pkt_l4(p)
										      : NULL;
}

static inline struct udphdr *pkt_udp(const struct pkt *p)
{
	return p->proto == IPPROTO_UDP && !(p->flags & (PKT_LATER_FRAG | PKT_L4_CUT)) ? (struct udphdr *)pkt_l4(p)
										      : NULL;
}

static inline struct icmphdr *pkt_icmp(const struct pkt *p)
{
	return p->proto == IPPROTO_ICMP && !(p->flags & (PKT_LATER_FRAG | PKT_L4_CUT)) ? (struct icmphdr *)pkt_l4(p)
										       : NULL;
}

static inline struct icmp6hdr *pkt_icmp6(const struct pkt *p)
{
	return p->proto == IPPROTO_ICMPV6 && !(p->flags & (PKT_LATER_FRAG | PKT_L4_CUT)) ? (struct icmp6hdr *)pkt_l4(p)
											 : NULL;
}

/** pkt_push() - @n bytes more in front of .mac, NULL: no headroom */
uint8_t *pkt_push(struct pkt *p, uint32_t n);
/** pkt_append() - @n bytes more at the end, not initialised, NULL: no tailroom */
uint8_t *pkt_append(struct pkt *p, uint32_t n);
/* an address of the IP header, @at4 and @at6 bytes behind its begin; inline, because every packet is asked several times */
static inline union inet_addr pkt_addr(const struct pkt *p, unsigned at4, unsigned at6)
{
	union inet_addr a = { .w = { 0 } };

	if (likely(p->family == AF_INET))
		memcpy(&a.ip4, pkt_l3(p) + at4, 4);
	else
		memcpy(&a, pkt_l3(p) + at6, 16);
	return a;
}

/** pkt_src(), pkt_dst() - addresses of a parsed IP packet */
static inline union inet_addr pkt_src(const struct pkt *p)
{
	return pkt_addr(p, offsetof(struct iphdr, saddr), 8);
}

static inline union inet_addr pkt_dst(const struct pkt *p)
{
	return pkt_addr(p, offsetof(struct iphdr, daddr), 24);
}

uint8_t pkt_ttl(const struct pkt *p);
uint8_t pkt_dsfield(const struct pkt *p);	/* the TOS byte or traffic class */
void pkt_set_len(struct pkt *p);		/* the length field of the IP header, from .l3 and .end; IPv4's checksum is the caller's */

#endif
