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
	X(META_PKTTYPE, "pkttype", 1, HOST, FIELD_WRITABLE)                                                       \
	X(META_NFPROTO, "nfproto", 1, HOST, FIELD_CACHE)                                                          \
	X(META_L4PROTO, "l4proto", 1, HOST, FIELD_CACHE)                                                          \
	X(META_PROTOCOL, "protocol", 2, NET, FIELD_CACHE)                                                         \
	X(META_SKUID, "skuid", 4, HOST, 0)                                                                        \
	X(META_SKGID, "skgid", 4, HOST, 0)                                                                        \
	X(META_PHYSIIFNAME, "physin", 16, NET, 0)                                                                 \
	X(META_PHYSOIFNAME, "physout", 16, NET, 0)                                                                \
	X(META_NFTRACE, "nftrace", 1, HOST, FIELD_WRITABLE)                                                       \
	X(META_IIFTYPE, "iiftype", 2, HOST, FIELD_CACHE | FIELD_IFACE)                                            \
	X(META_OIFTYPE, "oiftype", 2, HOST, FIELD_CACHE | FIELD_IFACE)                                            \
	X(META_IIFGROUP, "iifgroup", 4, HOST, FIELD_CACHE | FIELD_IFACE)                                          \
	X(META_OIFGROUP, "oifgroup", 4, HOST, FIELD_CACHE | FIELD_IFACE)                                          \
	X(META_IIFKIND, "iifkind", 16, NET, FIELD_CACHE | FIELD_IFACE)                                            \
	X(META_OIFKIND, "oifkind", 16, NET, FIELD_CACHE | FIELD_IFACE)                                            \
	X(META_SDIF, "sdif", 4, HOST, 0)                                                                          \
	X(META_SDIFNAME, "sdifname", 16, NET, 0)                                                                  \
	X(META_RTCLASSID, "rtclassid", 4, HOST, 0)                                                                \
	X(META_CPU, "cpu", 4, HOST, 0)                                                                            \
	X(META_CGROUP, "cgroup", 4, HOST, 0)                                                                      \
	X(META_PRANDOM, "random", 4, HOST, FIELD_FRESH)                                                           \
	X(META_SECPATH, "secpath", 1, HOST, 0)                                                                    \
	X(META_SECMARK, "secmark", 4, HOST, FIELD_WRITABLE)                                                       \
	X(META_BRI_IIFNAME, "ibrname", 16, NET, 0)                                                                \
	X(META_BRI_OIFNAME, "obrname", 16, NET, 0)                                                                \
	X(META_BRI_IIFPVID, "ibrpvid", 2, HOST, 0)                                                                \
	X(META_BRI_IIFVPROTO, "ibrvproto", 2, NET, 0)                                                             \
	X(META_TIME_NS, "time", 8, HOST, 0)                                                                       \
	X(META_TIME_DAY, "day", 1, HOST, 0)                                                                       \
	X(META_TIME_HOUR, "hour", 4, HOST, 0)                                                                     \
	X(VLAN_TCI, "vlan tci", 2, NET, 0)                                                                        \
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
	X(IP6_SADDR, "ip6 saddr", 16, NET, FIELD_CACHE | FIELD_TUPLE | FIELD_WRITABLE)                            \
	X(IP6_DADDR, "ip6 daddr", 16, NET, FIELD_CACHE | FIELD_TUPLE | FIELD_WRITABLE)                            \
	X(IP6_NEXTHDR, "ip6 nexthdr", 1, NET, 0)                                                                  \
	X(IP6_HOPLIMIT, "ip6 hoplimit", 1, NET, FIELD_WRITABLE)                                                   \
	X(IP6_TCLASS, "ip6 traffic class", 1, NET, FIELD_TOS | FIELD_WRITABLE)                                    \
	X(IP6_LENGTH, "ip6 length", 2, NET, 0)                                                                    \
	X(IP6_FLOWLABEL, "ip6 flowlabel", 4, HOST, 0)                                                             \
	X(TH_SPORT, "th sport", 2, NET, FIELD_CACHE | FIELD_TUPLE | FIELD_L4)                                     \
	X(TH_DPORT, "th dport", 2, NET, FIELD_CACHE | FIELD_TUPLE | FIELD_L4)                                     \
	X(TCP_FLAGS, "tcp flags", 1, NET, FIELD_L4)                                                               \
	X(TCP_SEQ, "tcp sequence", 4, NET, FIELD_L4)                                                              \
	X(TCP_WINDOW, "tcp window", 2, NET, FIELD_L4)                                                             \
	X(TCP_DOFF, "tcp doff", 1, HOST, FIELD_L4)                                                                \
	X(ICMP_TYPE, "icmp type", 1, NET, FIELD_CACHE | FIELD_L4)                                                 \
	X(ICMP_CODE, "icmp code", 1, NET, FIELD_CACHE | FIELD_L4)                                                 \
	X(ICMP_TYPECODE, "icmp type-code", 2, NET, FIELD_CACHE | FIELD_L4)                                        \
	X(ICMPV6_TYPE, "icmpv6 type", 1, NET, FIELD_CACHE | FIELD_L4)                                             \
	X(ICMPV6_CODE, "icmpv6 code", 1, NET, FIELD_CACHE | FIELD_L4)                                             \
	X(ICMPV6_TYPECODE, "icmpv6 type-code", 2, NET, FIELD_CACHE | FIELD_L4)                                    \
	X(PAYLOAD, "payload", 0, NET, 0)                                                                          \
	X(EXTHDR, "exthdr", 0, NET, 0)                                                                            \
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
	X(CT_ZONE, "ct zone", 2, HOST, FIELD_CACHE | FIELD_CT | FIELD_WRITABLE)                                   \
	X(CT_ORIG_ZONE, "ct original zone", 2, HOST, FIELD_CACHE | FIELD_CT | FIELD_WRITABLE)                     \
	X(CT_REPL_ZONE, "ct reply zone", 2, HOST, FIELD_CACHE | FIELD_CT | FIELD_WRITABLE)                        \
	X(CT_L3PROTO, "ct l3proto", 1, HOST, FIELD_CACHE | FIELD_CT)                                              \
	X(CT_HELPER, "ct helper", 16, NET, FIELD_CACHE | FIELD_CT)                                                \
	X(CT_LABELS, "ct label", 16, HOST, FIELD_CACHE | FIELD_CT | FIELD_WRITABLE)                               \
	X(CT_ID, "ct id", 4, NET, FIELD_CACHE | FIELD_CT)                                                         \
	X(CT_EVENTMASK, "ct event", 4, HOST, FIELD_CT | FIELD_WRITABLE)                                           \
	X(CT_SECMARK, "ct secmark", 4, HOST, FIELD_CACHE | FIELD_CT | FIELD_WRITABLE)                             \
	X(CT_BYTES, "ct bytes", 8, HOST, FIELD_CT | FIELD_ACCT)                                                   \
	X(CT_BYTES_ORIG, "ct original bytes", 8, HOST, FIELD_CT | FIELD_ACCT)                                     \
	X(CT_BYTES_REPL, "ct reply bytes", 8, HOST, FIELD_CT | FIELD_ACCT)                                        \
	X(CT_PACKETS, "ct packets", 8, HOST, FIELD_CT | FIELD_ACCT)                                               \
	X(CT_PACKETS_ORIG, "ct original packets", 8, HOST, FIELD_CT | FIELD_ACCT)                                 \
	X(CT_PACKETS_REPL, "ct reply packets", 8, HOST, FIELD_CT | FIELD_ACCT)                                    \
	X(CT_AVGPKT, "ct avgpkt", 8, HOST, FIELD_CT | FIELD_ACCT)                                                 \
	X(CT_AVGPKT_ORIG, "ct original avgpkt", 8, HOST, FIELD_CT | FIELD_ACCT)                                   \
	X(CT_AVGPKT_REPL, "ct reply avgpkt", 8, HOST, FIELD_CT | FIELD_ACCT)                                      \
	X(FIB_SADDR_TYPE, "fib saddr type", 4, HOST, 0)                                                           \
	X(FIB_DADDR_TYPE, "fib daddr type", 4, HOST, 0)                                                           \
	X(RT_MTU, "route mtu", 2, HOST, 0)                                                                        \
	X(RT_CLASSID, "rt classid", 4, HOST, 0)                                                                   \
	X(RT_NEXTHOP4, "rt ip nexthop", 4, NET, 0)                                                                \
	X(RT_NEXTHOP6, "rt ip6 nexthop", 16, NET, 0)                                                              \
	X(RT_TCPMSS, "rt mtu", 2, HOST, 0)                                                                        \
	X(RT_IPSEC, "rt ipsec", 1, HOST, 0)                                                                       \
	X(SOCKET_TRANSPARENT, "socket transparent", 1, HOST, 0)                                                   \
	X(SOCKET_MARK, "socket mark", 4, HOST, 0)                                                                 \
	X(SOCKET_WILDCARD, "socket wildcard", 1, HOST, 0)                                                         \
	X(SOCKET_CGROUPV2, "socket cgroupv2", 8, HOST, 0)

enum field_flags {
	FIELD_CACHE = 1 << 0,		/* fixed for a connection, a direction and its interfaces */
	FIELD_CT = 1 << 1,		/* needs connection tracking */
	FIELD_L4 = 1 << 2,		/* absent in later fragments and cut packets: no match, inverted or not */
	FIELD_TUPLE = 1 << 3,
	FIELD_TOS = 1 << 4,
	FIELD_WRITABLE = 1 << 5,
	FIELD_IFACE = 1 << 6,
	FIELD_ACCT = 1 << 7,		/* has accounting switched on when its rule is added */
	FIELD_FRESH = 1 << 8,		/* another value each time it is asked for */
};

enum field_order { FIELD_ORDER_NET, FIELD_ORDER_HOST };

enum field_id {
#define X(id, name, len, order, flags) FIELD_##id,
	FIELDS(X)
#undef X
	FIELD_MAX
};

struct match_ctx;
struct pkt;
struct ir_expr;

struct field {
	const char *name;
	uint16_t len;
	enum field_order order;
	uint32_t flags;
	/* load into @val (len bytes); false: the packet has no such field, and no comparison with it is true */
	bool (*load)(const struct match_ctx *m, uint8_t *val);
};

extern const struct field fields[FIELD_MAX];

/**
 * field_load_arg() - FIELD_PAYLOAD and FIELD_EXTHDR, which have arguments; nothing is read outside the packet
 * @e: the IR_FIELD; @out: e->len bytes. Return: false: the packet has no such bytes
 */
bool field_load_arg(const struct match_ctx *m, const struct ir_expr *e, uint8_t *out);

/** field_payload_base() - where a base (NFT_PAYLOAD_*) begins, as offset into the packet's buffer; -1: there is none */
int field_payload_base(const struct match_ctx *m, uint32_t base);
/**
 * field_ip6_header() - where an IPv6 packet's header of a kind begins, as offset into its buffer: an extension header's first
 * two bytes are there
 * Return: -ENOENT: it has none; -EBADMSG: the packet is cut off before
 */
int field_ip6_header(const struct pkt *p, uint8_t want);
#define FIELD_NO_OPTION (-2)
/**
 * field_tcp_option() - where the first option of that kind begins, as offset into the packet's buffer; *len: its bytes
 * Return: FIELD_NO_OPTION: no TCP header, or no such option; -1: it does not fit the header
 */
int field_tcp_option(const struct match_ctx *m, uint8_t kind, unsigned *len);
/** field_tcp_header() - is the whole TCP header there, with its options */
bool field_tcp_header(const struct match_ctx *m);

static inline bool field_has_arg(unsigned id)
{
	return id == FIELD_PAYLOAD || id == FIELD_EXTHDR;
}

#endif
