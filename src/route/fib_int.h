/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/fib_int.h - what the files of the FIB share among themselves.
 */
#ifndef ROUTE_FIB_INT_H
#define ROUTE_FIB_INT_H

#include "route/fib.h"

struct fib_prefix {
	struct list routes;	/* of struct route: highest TOS first, then lowest metric, then as added */
	union inet_addr dst;
	uint8_t family, plen;
};

enum { FIB_IGNORE_LINKSTATE = 1, FIB_STRICT = 2 /* IPv6: over the interface asked for, or not at all */,
       FIB_REACHABLE = 4 /* IPv6: by gateways that may answer */ };

static inline int fib_fam(uint8_t family)
{
	return family == AF_INET ? 0 : 1;
}

struct fib_table *fib_table_find(const struct fib *f, uint32_t id);
struct fib_table *fib_table_get(struct fib *f, uint8_t family, uint32_t id);	/* made where it is not there; NULL */
/**
 * fib_table_search() - 0, -EAGAIN (nothing there, or a throw route), or the error of an unreachable route and
 * its like
 */
int fib_table_search(const struct fib *f, const struct fib_table *t, const struct route_key *k, unsigned flags,
		     struct route_result *res);
/** fib_search() - by the rules: 0, or -ENETUNREACH and its like */
int fib_search(const struct fib *f, const struct route_key *k, unsigned flags, struct route_result *res);
/**
 * fib_check() - may this route be; fills in what its next hops leave open (device, link state). 0 or -errno and
 * f->why
 */
int fib_check(struct fib *f, struct route *r);
/** fib_prefsrc() - the source address that goes with a result: the route's own, or picked */
void fib_prefsrc(struct route_result *res, const struct route_key *k);
/** fib_remove() - take a route out and free it */
void fib_remove(struct fib *f, struct route *r);
int fib_rules_init(struct fib *f);
void fib_rules_free(struct fib *f);
void fib_route_free(struct route *r);
/** fib_route_order() - of two routes of one prefix: negative when @a is asked before @b, 0 when they stand beside */
int fib_route_order(const struct route *a, const struct route *b);
/** fib_nh_pick() - the next hop of a route for this key, by hash over those that can be used; NULL: none */
const struct nexthop *fib_nh_pick(const struct fib *f, const struct route *r, const struct route_key *k,
				  unsigned flags);
/* IPv6's own way: fib6.c, fib_dev6.c */
int fib6_check(struct fib *f, struct route *r);
/** fib6_put() - 0: @r stands in its prefix; 1: it became part of another and is freed; -errno */
int fib6_put(struct fib *f, struct fib_prefix *p, struct route *r, unsigned nlflags);
/** fib6_del() - @p: what is there of the destination, NULL: nothing. -ESRCH, -ENOENT */
int fib6_del(struct fib *f, struct fib_prefix *p, const struct route *like);
const struct route *fib6_select(const struct fib *f, const struct fib_prefix *p, const struct route_key *k,
				unsigned flags, const struct nexthop **nh);
bool fib6_strict(const union inet_addr *dst);
void fib6_link_event(struct fib *f, struct link *l, unsigned what, const struct link_addr *a);
uint8_t fib_nh_scope(const struct route *r, const struct nexthop *nh, const struct fib *f);

#endif
