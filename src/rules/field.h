/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/field.h - everything a rule can compare: one row per match key.
 *
 * A row says how long a value is, in which order its bytes stand, whether it may be cached with a connection, whether
 * it makes connection tracking or defragmentation necessary, and how it is loaded. Adding a key is adding a row.
 */
#ifndef RULES_FIELD_H
#define RULES_FIELD_H

#include "base/types.h"

/* X(ID, "name", length in bytes, order, flags). Order: NET (as in the packet) or HOST. */
#define FIELDS(X)                                                                                                 \
	X(META_IIFNAME, "iifname", 16, NET, FIELD_CACHE | FIELD_IFACE)                                            \
	X(META_OIFNAME, "oifname", 16, NET, FIELD_CACHE | FIELD_IFACE)                                            \
	X(META_IIF, "iif", 4, HOST, FIELD_CACHE | FIELD_IFACE)                                                    \
	X(META_OIF, "oif", 4, HOST, FIELD_CACHE | FIELD_IFACE)                                                    \
	X(META_MARK, "mark", 4, HOST, FIELD_WRITABLE)                                                             \
	X(META_PRIORITY, "priority", 4, HOST, FIELD_WRITABLE)                                                     \
	X(META_LENGTH, "length", 4, HOST, 0)                                                                      \
	X(META_PKTTYPE, "pkttype", 1, HOST, 0)                                                                    \
	X(META_NFPROTO, "nfproto", 1, HOST, FIELD_CACHE)                                                          \
	X(META_L4PROTO, "l4proto", 1, HOST, FIELD_CACHE)                                                          \
	X(META_PROTOCOL, "protocol", 2, NET, FIELD_CACHE)                                                         \
	X(META_SKUID, "skuid", 4, HOST, 0)                                                                        \
	X(META_SKGID, "skgid", 4, HOST, 0)                                                                        \
	X(META_PHYSIIFNAME, "physin", 16, NET, 0)                                                                 \
	X(META_PHYSOIFNAME, "physout", 16, NET, 0)                                                                \
	X(META_NFTRACE, "nftrace", 1, HOST, FIELD_WRITABLE)                                                       \
	X(ETHER_SADDR, "ether saddr", 6, NET, 0)                                                                  \
	X(ETHER_DADDR, "ether daddr", 6, NET, 0)                                                                  \
	X(IP_SADDR, "ip saddr", 4, NET, FIELD_CACHE | FIELD_TUPLE | FIELD_WRITABLE)                               \
	X(IP_DADDR, "ip daddr", 4, NET, FIELD_CACHE | FIELD_TUPLE | FIELD_WRITABLE)                               \
	X(IP_PROTOCOL, "ip protocol", 1, NET, FIELD_CACHE | FIELD_TUPLE)                                          \
	X(IP_TOS, "ip tos", 1, NET, FIELD_TOS | FIELD_WRITABLE)                                                   \
	X(IP_TTL, "ip ttl", 1, NET, FIELD_WRITABLE)                                                               \
	X(IP_ID, "ip id", 2, NET, 0)                                                                              \
	X(IP_FRAG_OFF, "ip frag-off", 2, NET, 0)                                                                  \
	X(IP_TOTLEN, "ip length", 2, NET, 0)                                                                      \
	X(IP_IHL, "ip hdrlength", 1, HOST, 0)                                                                     \
	X(TH_SPORT, "th sport", 2, NET, FIELD_CACHE | FIELD_TUPLE | FIELD_L4)                                     \
	X(TH_DPORT, "th dport", 2, NET, FIELD_CACHE | FIELD_TUPLE | FIELD_L4)                                     \
	X(TCP_FLAGS, "tcp flags", 1, NET, FIELD_L4)                                                               \
	X(TCP_SEQ, "tcp sequence", 4, NET, FIELD_L4)                                                              \
	X(TCP_WINDOW, "tcp window", 2, NET, FIELD_L4)                                                             \
	X(TCP_DOFF, "tcp doff", 1, HOST, FIELD_L4)                                                                \
	X(ICMP_TYPE, "icmp type", 1, NET, FIELD_CACHE | FIELD_L4)                                                 \
	X(ICMP_CODE, "icmp code", 1, NET, FIELD_CACHE | FIELD_L4)                                                 \
	X(ICMP_TYPECODE, "icmp type-code", 2, NET, FIELD_CACHE | FIELD_L4)                                        \
	X(PAYLOAD, "payload", 0, NET, 0)                                                                          \
	/* bit (1 << x) numbers: 0 invalid, 1 established, 2 related, 3 new, 6 untracked, as NF_CT_STATE_BIT() */  \
	X(CT_STATE, "ct state", 4, HOST, FIELD_CACHE | FIELD_CT)                                                  \
	X(CT_STATUS, "ct status", 4, HOST, FIELD_CACHE | FIELD_CT)                                                \
	X(CT_MARK, "ct mark", 4, HOST, FIELD_CACHE | FIELD_CT | FIELD_WRITABLE)                                   \
	X(CT_DIRECTION, "ct direction", 1, HOST, FIELD_CACHE | FIELD_CT)                                          \
	X(CT_EXPIRATION, "ct expiration", 4, HOST, FIELD_CT)                                                      \
	X(CT_PROTO, "ct protocol", 1, HOST, FIELD_CACHE | FIELD_CT)                                               \
	X(CT_ORIG_SADDR, "ct original saddr", 16, NET, FIELD_CACHE | FIELD_CT)                                    \
	X(CT_ORIG_DADDR, "ct original daddr", 16, NET, FIELD_CACHE | FIELD_CT)                                    \
	X(CT_REPL_SADDR, "ct reply saddr", 16, NET, FIELD_CACHE | FIELD_CT)                                       \
	X(CT_REPL_DADDR, "ct reply daddr", 16, NET, FIELD_CACHE | FIELD_CT)                                       \
	X(CT_ORIG_SPORT, "ct original proto-src", 2, NET, FIELD_CACHE | FIELD_CT)                                 \
	X(CT_ORIG_DPORT, "ct original proto-dst", 2, NET, FIELD_CACHE | FIELD_CT)                                 \
	X(CT_REPL_SPORT, "ct reply proto-src", 2, NET, FIELD_CACHE | FIELD_CT)                                    \
	X(CT_REPL_DPORT, "ct reply proto-dst", 2, NET, FIELD_CACHE | FIELD_CT)                                    \
	X(CT_ZONE, "ct zone", 2, HOST, FIELD_CACHE | FIELD_CT)                                                    \
	X(FIB_SADDR_TYPE, "fib saddr type", 4, HOST, 0)                                                           \
	X(FIB_DADDR_TYPE, "fib daddr type", 4, HOST, 0)                                                           \
	X(RT_MTU, "rt mtu", 2, HOST, 0)

enum field_flags {
	FIELD_CACHE = 1 << 0,		/* fixed for a connection, a direction and its interfaces */
	FIELD_CT = 1 << 1,		/* needs connection tracking */
	FIELD_L4 = 1 << 2,		/* absent in later fragments and cut packets: no match, inverted or not */
	FIELD_TUPLE = 1 << 3,
	FIELD_TOS = 1 << 4,
	FIELD_WRITABLE = 1 << 5,
	FIELD_IFACE = 1 << 6,
};

enum field_order { FIELD_ORDER_NET, FIELD_ORDER_HOST };

enum field_id {
#define X(id, name, len, order, flags) FIELD_##id,
	FIELDS(X)
#undef X
	FIELD_MAX
};

struct match_ctx;

struct field {
	const char *name;
	uint16_t len;
	enum field_order order;
	uint32_t flags;
	/* load into @val (len bytes); false: the packet has no such field, and no comparison with it is true */
	bool (*load)(const struct match_ctx *m, uint8_t *val);
};

extern const struct field fields[FIELD_MAX];

#endif
