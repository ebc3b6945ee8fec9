/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/fib.h - routing tables, policy rules (RPDB) and lookup.
 */
#ifndef ROUTE_FIB_H
#define ROUTE_FIB_H

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "base/lpm.h"
#include "route/link.h"

#define FIB_METRIC_USER6 1024		/* what an IPv6 route has that names none; the kernel's own have 256 */
#define FIB_METRIC_ADDR6 256

struct nexthop {
	int ifindex;
	uint8_t gw_family;		/* 0: none */
	union inet_addr gw;
	uint32_t weight;		/* from 1 */
	uint32_t flags;			/* RTNH_F_ONLINK, RTNH_F_DEAD, RTNH_F_LINKDOWN */
};

struct route {
	struct list node;		/* among the routes of one prefix: by TOS, then metric */
	uint8_t family, plen, type;	/* RTN_UNICAST, ... */
	uint8_t src_plen, pref;		/* IPv6: for packets from .src only (0: any); ICMPV6_ROUTER_PREF_* */
	uint8_t scope, tos, protocol;	/* RT_SCOPE_*, RTPROT_* */
	uint32_t table, metric;
	union inet_addr dst, src, prefsrc;
	bool have_prefsrc;
	bool by_addr;			/* IPv6: it follows from an address, and is no part of a multipath route */
	uint8_t hop_limit;		/* IPv6: 0: the link's */
	uint64_t expires_ms;		/* IPv6: when it goes by itself, 0: never */
	uint32_t mtu, advmss, flags;	/* 0: not given; RTM_F_*, RTNH_F_* */
	bool mtu_locked;
	uint32_t id;			/* its own among all there ever were in this FIB, given by fib_add() */
	unsigned n_nh;
	struct nexthop *nh;		/* n_nh of them; none for blackhole and its like */
};

#define FIB_ROUTES_MAX (1u << 20)	/* routes of one namespace */
#define FIB_RULES_MAX 65536
#define FIB_NEXTHOPS_MAX 256

struct fib_rule {
	struct list node;		/* by pref */
	uint32_t pref;
	bool auto_pref;			/* for fib_rule_add(): in front of all but the first; for fib_rule_del(): any */
	uint8_t family, action;		/* FR_ACT_* */
	bool invert;
	uint32_t table, goto_pref;
	union inet_addr src, dst;
	uint8_t src_plen, dst_plen, tos, ipproto, protocol;
	uint16_t sport_min, sport_max, dport_min, dport_max;	/* 0, 0: any */
	char iif[IFNAMSIZ], oif[IFNAMSIZ];			/* "": any */
	uint32_t fwmark, fwmask;
	bool have_mark;
	int suppress_plen, suppress_group;			/* -1: not set */
	uint32_t uid_min, uid_max;
	bool have_uid;
};

struct fib {
	struct link_set *links;
	struct list tables;		/* of struct fib_table */
	struct list rules[2];		/* [0] IPv4, [1] IPv6 */
	uint32_t gen;
	uint32_t next_id;
	uint32_t n_routes, n_rules[2];
	uint32_t n_expiring;		/* routes with an end there ever were */
	uint64_t next_ms;		/* the earliest of them */
	int multipath_hash_policy;
	const char *why;		/* the kernel's words for the last refusal, NULL: it has none */
	/* is it known that this IPv6 gateway does not answer: a host then takes another route; NULL: it never is */
	bool (*gateway_silent)(void *ctx, int ifindex, const union inet_addr *gw);
	void *ctx;
};

struct fib_table {
	struct list node;		/* in fib->tables, ascending id */
	uint32_t id;
	bool used[2];			/* by family: a route was added, or (IPv6) tried, or a rule names it: it exists */
	struct lpm trie[2];		/* [0] IPv4, [1] IPv6; values are struct fib_prefix, fib_int.h */
};

struct route_key {
	uint8_t family, tos, proto, scope;
	union inet_addr src, dst;
	int iif, oif;			/* iif 0 for local output */
	uint32_t mark;
	uint16_t sport, dport;		/* host order, 0: not known */
	uint32_t uid;
	bool have_ports;
	uint32_t mp_hash;		/* picks among next hops */
};

struct route_result {
	/* 0, or -ENETUNREACH, -EHOSTUNREACH (unreachable), -EACCES (prohibit), -EINVAL (blackhole) */
	int err;
	uint8_t type;			/* RTN_LOCAL, RTN_UNICAST, RTN_BROADCAST, RTN_MULTICAST, ... */
	struct link *out;		/* for RTN_LOCAL: the loopback */
	bool have_gw;
	uint8_t gw_family;
	union inet_addr gw;		/* next hop; the destination itself without gateway */
	union inet_addr prefsrc;	/* the route's, or picked */
	uint32_t mtu;			/* of route or link */
	uint32_t table;
	const struct route *route;	/* NULL where none was found; valid until the next change */
	const struct fib_rule *rule;
};

int fib_init(struct fib *f, struct link_set *links);
void fib_free(struct fib *f);
/**
 * fib_add() - add a route (copied)
 * @nlflags: NLM_F_CREATE, _EXCL, _REPLACE, _APPEND as rtnetlink takes them
 * Return: 0, -EEXIST, -ENOENT (replace without create), -ENETUNREACH (gateway not reachable), -ENETDOWN,
 * -EINVAL, -ENOMEM
 */
int fib_add(struct fib *f, const struct route *r, unsigned nlflags);
int fib_del(struct fib *f, const struct route *like);	/* first that matches what is given; -ESRCH */
/** fib_walk() - every route of @table (0: all), in the order `ip route show` prints them */
int fib_walk(const struct fib *f, uint8_t family, uint32_t table, int (*fn)(void *ctx, const struct route *r),
	     void *ctx);
/** fib_table_known() - does the table exist for the family, as listing it asks; main and local always do */
bool fib_table_known(const struct fib *f, uint8_t family, uint32_t table);
bool fib_has_default6(const struct fib *f, uint32_t table);	/* is there an IPv6 route to everywhere */
/** fib_lookup() - what the rules and tables say, with the source address that the kernel would take (prefsrc) */
void fib_lookup(const struct fib *f, const struct route_key *k, struct route_result *res);
/**
 * fib_output() - the whole of the routing decision of a packet made here (ip_route_output_key): as
 * fib_lookup(), but it also knows unspecified and local destinations, multicast and broadcast, checks the
 * source, and takes a destination for on-link when an interface is asked for and no route is there
 * @k: iif 0; oif 0 any; src all zero: to be picked, then in @res->prefsrc
 * @res->err: also -EINVAL (source is not this host's), -ENODEV, -ENETUNREACH (oif is down)
 */
void fib_output(const struct fib *f, const struct route_key *k, struct route_result *res);
/**
 * fib_validate_source() - is a packet from @k->src on link @in believable: rp_filter, martian sources
 * @oif: where it goes, 0: to this host
 * Return: 1 (the source is a direct neighbour), 0, -EXDEV (rp_filter), -EINVAL (martian)
 */
int fib_validate_source(const struct fib *f, const struct route_key *k, const struct link *in, int oif);
/**
 * fib_addr_type() - RTN_LOCAL, RTN_BROADCAST, RTN_MULTICAST, RTN_UNICAST, ... of an address, as -m addrtype
 * sees it; @limit: only on that link
 */
uint8_t fib_addr_type(const struct fib *f, uint8_t family, const union inet_addr *a, const struct link *limit);
/** fib_custom_rules() - are there other rules than the three that every namespace begins with */
bool fib_custom_rules(const struct fib *f, uint8_t family);
int fib_rule_add(struct fib *f, const struct fib_rule *r);	/* -EEXIST, -EINVAL, -ENOMEM, -ENOSPC */
int fib_rule_del(struct fib *f, const struct fib_rule *like);	/* -ENOENT */
void fib_rule_flush(struct fib *f, uint8_t family);		/* all but pref 0 */
/* of a goto; NULL: unresolved */
const struct fib_rule *fib_rule_target(const struct fib *f, const struct fib_rule *r);
/** fib_flush() - remove the routes that @want says yes to; how many */
int fib_flush(struct fib *f, uint8_t family, uint32_t table, bool (*want)(void *ctx, const struct route *r), void *ctx);
/** fib_next_ms(), fib_timers() - routes that end by themselves; UINT64_MAX: none does */
uint64_t fib_next_ms(const struct fib *f);
void fib_timers(struct fib *f, uint64_t now_ms);
/* what links and addresses cause: called by ns from link_set's notify */
void fib_link_event(struct fib *f, struct link *l, unsigned what, const struct link_addr *a);

#endif
