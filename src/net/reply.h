/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/reply.h - packets that answer packets: ICMP errors (RFC 792, RFC 1812 section 4.3.2), echo replies, TCP resets
 * (RFC 9293 section 3.10.7.1), ARP.
 *
 * Each returns a new packet whose IP header is at .l3 (no link-layer header yet), checksums filled in, or NULL when no
 * memory was left or none may be sent. Source address and route are the caller's.
 */
#ifndef NET_REPLY_H
#define NET_REPLY_H

#include "net/pkt.h"

/* what an ICMP error is about; each family has a type and a code for it */
enum icmp_about {
	ICMP_ABOUT_NO_ROUTE, ICMP_ABOUT_HOST, ICMP_ABOUT_PROTOCOL, ICMP_ABOUT_PORT, ICMP_ABOUT_FILTERED, ICMP_ABOUT_TOO_BIG,
	ICMP_ABOUT_TTL, ICMP_ABOUT_FRAG_TIME, ICMP_ABOUT_SCOPE, ICMP_ABOUT_HEADERS,
	ICMP_ABOUT_MAX
};

/** reply_icmp_code() - its type and code; false: the family has none */
bool reply_icmp_code(uint8_t family, enum icmp_about about, uint8_t *type, uint8_t *code);
/**
 * reply_icmp_allowed() - may an ICMP error be sent about @p (not about an ICMP error, IPv4's later fragments, a broadcast or
 * multicast frame or destination, a source that is not one host)
 * @to_groups: it is one of IPv6's that may be about multicast (RFC 4443 section 2.4 (e.3))
 */
bool reply_icmp_allowed(const struct pkt *p, bool to_groups);
/**
 * reply_icmp_error() - an ICMP error about @p; quotes as much as makes 576 bytes, with IPv6 1280
 * @src: its source address; @info: the second word's value in host order (next-hop MTU, pointer (IPv4: << 24)), or a gateway
 * address as be32 for redirects
 */
struct pkt *reply_icmp_error(const struct pkt *p, uint8_t type, uint8_t code, uint32_t info,
			     const union inet_addr *src);
/** reply_icmp_redirect() - IPv4's; @gw: the better next hop */
struct pkt *reply_icmp_redirect(const struct pkt *p, uint8_t code, const union inet_addr *gw,
				const union inet_addr *src);
/** reply_echo() - the echo reply to an echo request (addresses swapped) */
struct pkt *reply_echo(const struct pkt *p);
/** reply_timestamp() - the reply to a timestamp request; @now_ms: milliseconds since midnight UTC */
struct pkt *reply_timestamp(const struct pkt *p, uint32_t now_ms);
/** reply_rst() - the reset that answers a TCP segment; NULL for a reset */
struct pkt *reply_rst(const struct pkt *p);
/**
 * reply_arp() - an ARP packet with an Ethernet header; @op: ARPOP_REQUEST or ARPOP_REPLY; @dst_mac: Ethernet
 * destination and, in a reply, target
 */
struct pkt *reply_arp(struct pkt_pool *pool, uint16_t op, const uint8_t *src_mac, be32 src_ip, const uint8_t *dst_mac,
		      be32 dst_ip);

/**
 * build_ip() - a new packet with an IP header without options and @payload bytes of room at .l4 (not initialised); id,
 * flow label and checksums by the caller; @ds: TOS or traffic class
 */
struct pkt *build_ip(struct pkt_pool *pool, uint8_t family, const union inet_addr *src, const union inet_addr *dst, uint8_t proto,
		     uint8_t ttl, uint8_t ds, uint32_t payload);
/**
 * build_ip4() - a new packet with an IPv4 header of 20 bytes and @payload bytes of room at .l4 (not initialised); id,
 * TTL and checksums by the caller
 */
struct pkt *build_ip4(struct pkt_pool *pool, be32 src, be32 dst, uint8_t proto, uint8_t ttl, uint8_t tos,
		      uint32_t payload);

#endif
