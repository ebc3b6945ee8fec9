/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/tuple.h - the tuple: what names one direction of a connection.
 */
#ifndef NET_TUPLE_H
#define NET_TUPLE_H

#include <assert.h>

#include "net/addr.h"

struct pkt;

/*
 * TCP, UDP, SCTP, UDP-Lite: ports (DCCP has none since Linux dropped its tracker). ICMP and ICMPv6: sport is the
 * identifier, dport holds type (high byte) and code, both zero-extended in network order as htons(type << 8 | code).
 * GRE: sport and dport are the keys. Others: 0.
 */
struct tuple {
	union inet_addr src, dst;
	be16 sport, dport;
	uint8_t family, proto;
	uint16_t zone;
};

static_assert(sizeof(struct tuple) == 40, "two tuples must leave room in a connection of 256 bytes");

static inline bool tuple_eq(const struct tuple *a, const struct tuple *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/**
 * tuple_of_pkt() - the tuple of a parsed packet
 * Return: 0; -EINVAL when the transport header is cut off or the packet is a later fragment
 */
int tuple_of_pkt(const struct pkt *pkt, uint16_t zone, struct tuple *t);
/**
 * tuple_of_bytes() - the tuple of an IP packet given as bytes, as quoted in an ICMP error: only the first eight bytes
 * of the transport header need be there
 */
int tuple_of_bytes(uint8_t family, const uint8_t *l3, size_t len, uint16_t zone, struct tuple *t);
/** tuple_invert() - the tuple that an answer has; -EINVAL: no answer exists (an ICMP type without a reply) */
int tuple_invert(const struct tuple *t, struct tuple *inv);

#endif
