/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/fn.h - matches that are code: those that remember something, or that no comparison of fields can say.
 *
 * Each is a struct ir_fn for ir_test(); next to it stands the type of its data (malloc()ed by the caller, owned by
 * the rule). Where the kernel has a UAPI structure for a match, that is its data, so that what the tool parses is
 * what is evaluated.
 *
 * What needs no function here and is a comparison of fields: mark (META_MARK), connmark (CT_MARK), length
 * (IP_TOTLEN), ttl (IP_TTL), tos and dscp (IP_TOS with a mask), mac (ETHER_SADDR), pkttype (META_PKTTYPE), tcp and
 * udp ports and flags, ICMP type and code range (a range of ICMP_TYPECODE).
 *
 * Invariants
 *  1. A function looks at the packet and its own state, and changes nothing else but match_ctx.hotdrop.
 *  2. Inversion that must not turn "the packet has no such header" into a match is in the data (.invert), never in
 *     the rule's .neg.
 *
 * References: the kernel's nft_limit.c, xt_statistic.c, xt_owner.c, xt_multiport.c, xt_iprange.c, xt_addrtype.c,
 * xt_tcpmss.c, xt_physdev.c, xt_conntrack.c.
 */
#ifndef RULES_FN_H
#define RULES_FN_H

#include <netinet/in.h>	/* before the UAPI headers */
#include <linux/netfilter.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_connbytes.h>
#include <linux/netfilter/xt_connlimit.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_iprange.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_physdev.h>
#include <linux/netfilter/xt_recent.h>
#include <linux/netfilter/xt_rpfilter.h>
#include <linux/netfilter/xt_time.h>
#include <linux/netfilter/xt_u32.h>

#include "rules/ir.h"

/*
 * limit: a token bucket as nft_limit has it, to which iptables-nft lowers -m limit. A packet costs unit_s / rate; the
 * bucket holds .burst of that and is full at first. iptables: rate and unit_s are what fn_limit_of_avg() finds.
 */
struct fn_limit {
	uint64_t rate;		/* packets, or bytes, per unit */
	uint64_t unit_s;	/* 1, 60, 3600, 86400, 604800 */
	uint32_t burst;		/* packets (0: 5), or bytes */
	bool bytes;
	bool invert;		/* "over": matches what does not fit */
};
extern const struct ir_fn fn_limit;
/**
 * fn_limit_of_avg() - rate and unit of an iptables limit
 * @avg: 1/10000 s per packet (XT_LIMIT_SCALE), as struct xt_rateinfo has it, not 0
 */
void fn_limit_of_avg(uint32_t avg, uint32_t burst, struct fn_limit *l);

/* statistic, in the kernel's terms: every is --every less one, count is every less --packet */
struct fn_statistic {
	bool nth, invert;
	uint32_t probability;	/* of 2^31 */
	uint32_t every, count;
};
extern const struct ir_fn fn_statistic;

extern const struct ir_fn fn_owner;		/* struct xt_owner_match_info */
extern const struct ir_fn fn_multiport;		/* struct xt_multiport_v1 */
extern const struct ir_fn fn_iprange;		/* struct xt_iprange_mtinfo */
extern const struct ir_fn fn_addrtype;		/* struct xt_addrtype_info_v1 */
extern const struct ir_fn fn_physdev;		/* struct xt_physdev_info */
extern const struct ir_fn fn_conntrack;		/* struct xt_conntrack_mtinfo3, XT_CONNTRACK_STATE_* bits */

extern const struct ir_fn fn_rpfilter;		/* struct xt_rpfilter_info */

/* recent: fn_recent.c */
extern const struct ir_fn fn_recent;		/* struct xt_recent_mtinfo_v1 */
/** fn_recent_valid() - what the kernel takes of the data */
bool fn_recent_valid(const struct xt_recent_mtinfo_v1 *i);
/** recent_print() - the list of that name as /proc/net/xt_recent/NAME shows it; -ENOENT */
int recent_print(const struct ruleset *rs, const char *name, struct sbuf *out);
/** recent_write() - "+ADDR", "-ADDR" or "/" (empty it); -ENOENT, -EINVAL, -ENOMEM */
int recent_write(struct ruleset *rs, const char *name, const char *text, uint64_t now_ms);
/** recent_names() - of all lists; stops at non-zero and returns that */
int recent_names(const struct ruleset *rs, int (*fn)(void *ctx, const char *name), void *ctx);

/* how many connections are there of that address (masked); flags: XT_CONNLIMIT_* */
struct fn_connlimit {
	union nf_inet_addr mask;
	uint32_t limit, flags;
};
extern const struct ir_fn fn_connlimit;
extern const struct ir_fn fn_connbytes;		/* struct xt_connbytes_info */

/* hashlimit: fn_hashlimit.c. As struct hashlimit_cfg3, whose header also defines names of ours */
enum fn_hashlimit_mode {
	HASHLIMIT_DIP = 1 << 0,
	HASHLIMIT_DPT = 1 << 1,
	HASHLIMIT_SIP = 1 << 2,
	HASHLIMIT_SPT = 1 << 3,
	HASHLIMIT_INVERT = 1 << 4,
	HASHLIMIT_BYTES = 1 << 5,
	HASHLIMIT_RATE_MATCH = 1 << 6,
};

#define HASHLIMIT_SCALE 1000000ull
#define HASHLIMIT_BYTE_SHIFT 4		/* bytes are paid for in sixteens */

struct fn_hashlimit {
	char name[255];
	uint64_t avg;		/* packets: 1/HASHLIMIT_SCALE s for one; bytes: 2^32 by sixteens a second */
	uint64_t burst;
	uint32_t mode;		/* HASHLIMIT_* */
	uint32_t size, max, gc_interval, expire, interval;	/* ms, .interval s */
	uint8_t srcmask, dstmask;
};
extern const struct ir_fn fn_hashlimit;

/* matches until that many bytes have passed: xt_quota. nft has another one, below */
struct fn_quota {
	uint64_t quota;
	bool invert;
};
extern const struct ir_fn fn_quota;

/* bytes somewhere in [from, to) of the packet, from its IP header on */
struct fn_string {
	uint16_t from, to;
	uint8_t len, pattern[128];
	bool icase, invert;
};
extern const struct ir_fn fn_string;
extern const struct ir_fn fn_u32;		/* struct xt_u32; .nextop leads to its own element */
extern const struct ir_fn fn_time;		/* struct xt_time_info; the kernel's time zone is UTC */

extern const struct ir_fn fn_constant;		/* bool: what it says */

/* the groups of the packet's links; who has none is of none */
struct fn_devgroup {
	bool src, dst, invert_src, invert_dst;
	uint32_t src_group, src_mask, dst_group, dst_mask;
};
extern const struct ir_fn fn_devgroup;

/* a 32-bit number @at bytes into a transport header of @header bytes, within a range: the SPI of ESP and AH */
struct fn_spi {
	uint32_t min, max;
	uint8_t at, header;
	bool invert;
};
extern const struct ir_fn fn_spi;

/*
 * Is the transport header there, its first .len bytes? False in a later fragment; a packet in which it is cut off is dropped.
 * The kernel's own tcp, udp and icmp matches ask this before anything else.
 */
struct fn_header {
	uint8_t len;
};
extern const struct ir_fn fn_header;

/* are those flags of a whole TCP header set */
struct fn_tcp_flags {
	uint8_t mask;
	bool invert;
};
extern const struct ir_fn fn_tcp_flags;

/* is a TCP option of that kind there (--tcp-option) */
struct fn_tcp_option {
	uint8_t kind;
	bool invert;
};
extern const struct ir_fn fn_tcp_option;

/* MSS of a TCP segment within a range; a segment without the option matches only when inverted */
struct fn_tcpmss {
	uint16_t min, max;
	bool invert;
};
extern const struct ir_fn fn_tcpmss;

/* ---- nft's own. Each has its state here, for listings ---- */

/* a counter: the second and further ones of a rule, of set elements and objects. Data: what it begins with */
struct fn_counter {
	uint64_t packets, bytes;
};
#define fn_counter_state fn_counter
extern const struct ir_fn fn_counter;

/*
 * quota: matches while fewer than .quota bytes have passed, this packet included; "over": from then on. .consumed is
 * where it begins. A listing shows no more than the quota as consumed
 */
struct fn_nft_quota {
	uint64_t quota, consumed;
	bool invert;		/* "over" */
};
struct fn_nft_quota_state {
	uint64_t consumed;
};
extern const struct ir_fn fn_nft_quota;

/* last: when it was reached; data: what it begins with */
struct fn_last {
	bool set;
	int64_t at_ns;		/* engine time, may be before its begin */
};
#define fn_last_state fn_last
extern const struct ir_fn fn_last;

/* ct count: matches while at most .limit connections have come this way; "over": when there are more */
struct fn_ct_count {
	uint32_t limit;
	bool invert;
};
extern const struct ir_fn fn_ct_count;

/* ---- values (IR_CALL), fn_value.c; numbers in host order ---- */

/* 4 bytes (oif, type), 16 (oifname), or with NFTA_FIB_F_PRESENT 1; fib_valid() says what goes together */
struct fn_fib {
	uint32_t result;	/* enum nft_fib_result */
	uint32_t flags;		/* NFTA_FIB_F_* */
};
extern const struct ir_fn fn_fib;

struct fn_numgen {		/* 4 bytes: 0 to .modulus less one, and .offset */
	uint32_t modulus, offset;
	bool random;		/* else one after the other */
};
extern const struct ir_fn fn_numgen;

/* 4 bytes; the operand is what is hashed: .len bytes, as the kernel has them in its registers */
struct fn_jhash {
	uint32_t len, modulus, offset;	/* modulus 0: the whole hash */
	uint32_t seed;
	bool have_seed;		/* else each rule has its own */
};
extern const struct ir_fn fn_jhash;
/** jhash_bytes() - the kernel's hash: Jenkins' lookup3 with the seed and length as it has them, little-endian words */
uint32_t jhash_bytes(const void *key, uint32_t len, uint32_t seed);

struct fn_symhash {		/* 4 bytes: the same for both directions of a flow */
	uint32_t modulus, offset;
};
extern const struct ir_fn fn_symhash;

extern const struct ir_fn fn_osf;	/* 16 bytes; no data: there are no fingerprints, so that every SYN is of an "unknown" system (D-131) */
extern const struct ir_fn fn_ipsec;	/* no data: no packet here goes through IPsec, as in a kernel without policies */

#endif
