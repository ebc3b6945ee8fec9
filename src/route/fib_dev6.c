/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/fib_dev6.c - the IPv6 routes that follow from links and addresses.
 *
 * A link on which IPv6 begins has multicast's ff00::/8. An address brings its prefix when it is added, and
 * itself (local) when it is ready; a router answers to the all-zero address of each prefix too (anycast). Where
 * the link goes down, or IPv6 ends on it, everything over it goes.
 *
 * Invariants
 *  1. Every route made here is .by_addr, and never part of a multipath route.
 *  2. A prefix or anycast route goes with the last address of the link that has that prefix.
 *
 * References: RFC 4291 section 2.6.1 (subnet-router anycast), RFC 6164 (none for /127).
 */
#include <errno.h>
#include <string.h>

#include "route/fib_int.h"

static void add(struct fib *f, const struct link *l, uint8_t type, const union inet_addr *dst, uint8_t plen,
		uint32_t metric, uint64_t expires_ms)
{
	struct nexthop nh = { .ifindex = l->ifindex, .weight = 1 };
	struct route r = { .family = AF_INET6,
			   .plen = plen,
			   .type = type,
			   .protocol = RTPROT_KERNEL,
			   .dst = *dst,
			   .metric = metric,
			   .table = type == RTN_UNICAST ? RT_TABLE_MAIN : RT_TABLE_LOCAL,
			   .by_addr = true,
			   .expires_ms = expires_ms,
			   .n_nh = 1,
			   .nh = &nh };

	fib_add(f, &r, NLM_F_CREATE | NLM_F_APPEND); /* one that is there already stays */
}

static void del(struct fib *f, const struct link *l, uint8_t type, const union inet_addr *dst, uint8_t plen)
{
	struct fib_table *t = fib_table_find(f, type == RTN_UNICAST ? RT_TABLE_MAIN : RT_TABLE_LOCAL);
	union inet_addr mask = addr_mask(AF_INET6, plen), net = addr_and(dst, &mask);
	struct fib_prefix *p = t ? lpm_exact(&t->trie[1], net.b, plen) : NULL;
	struct route *r;

	if (!p)
		return;
	list_for_each(r, &p->routes, node)
		if (r->by_addr && r->type == type && r->nh[0].ifindex == l->ifindex) {
			fib_remove(f, r);
			return;
		}
}

static void add_multicast(struct fib *f, const struct link *l)
{
	union inet_addr all = { .b = { 0xff } };

	if (!(l->flags & IFF_LOOPBACK))
		add(f, l, RTN_MULTICAST, &all, 8, FIB_METRIC_ADDR6, 0);
}

static void add_prefix(struct fib *f, const struct link *l, const struct link_addr *a)
{
	if (!(a->flags & IFA_F_NOPREFIXROUTE) && !addr_is_loopback(AF_INET6, &a->addr))
		add(f, l, RTN_UNICAST, &a->addr, a->plen, a->metric ? a->metric : FIB_METRIC_ADDR6, a->valid_ms);
}

static bool same_prefix(const struct link_addr *a, const struct link_addr *b)
{
	return b->family == AF_INET6 && a->plen == b->plen && addr_in(AF_INET6, &b->addr, &a->addr, a->plen);
}

static bool other_has_prefix(const struct link *l, const struct link_addr *a, bool ready)
{
	const struct link_addr *b;

	list_for_each(b, &l->addrs, node)
		if (b != a && same_prefix(a, b) && (!ready || b->dad_done))
			return true;
	return false;
}

static void join_anycast(struct fib *f, const struct link *l, const struct link_addr *a)
{
	union inet_addr mask = addr_mask(AF_INET6, a->plen), net = addr_and(&a->addr, &mask);

	if (a->plen < 127 && !addr_is_any(&net))
		add(f, l, RTN_ANYCAST, &net, 128, 0, 0);
}

static void leave_anycast(struct fib *f, const struct link *l, const struct link_addr *a, bool all)
{
	union inet_addr mask = addr_mask(AF_INET6, a->plen), net = addr_and(&a->addr, &mask);

	if (all || !other_has_prefix(l, a, true))
		del(f, l, RTN_ANYCAST, &net, 128);
}

static void addr_ready(struct fib *f, const struct link *l, const struct link_addr *a)
{
	add(f, l, RTN_LOCAL, &a->addr, 128, 0, 0);
	if (l->conf6[LINK_CONF6_FORWARDING])
		join_anycast(f, l, a);
	if (!addr_eq(&a->addr, &a->peer))
		add(f, l, RTN_UNICAST, &a->peer, 128, FIB_METRIC_ADDR6, 0);
}

/* routes that prefer an address that is no longer here choose for themselves again */
static int forget_source(void *ctx, const struct route *r)
{
	const union inet_addr *a = ctx;

	if (r->have_prefsrc && addr_eq(&r->prefsrc, a)) {
		((struct route *)r)->have_prefsrc = false;
		memset(&((struct route *)r)->prefsrc, 0, sizeof(r->prefsrc));
	}
	return 0;
}

static void addr_gone(struct fib *f, const struct link *l, const struct link_addr *a)
{
	union inet_addr addr = a->addr;

	del(f, l, RTN_LOCAL, &a->addr, 128);
	leave_anycast(f, l, a, false);
	if (!addr_eq(&a->addr, &a->peer))
		del(f, l, RTN_UNICAST, &a->peer, 128);
	/* the prefix of an address with a lifetime ends by itself */
	if ((a->flags & IFA_F_PERMANENT) && !(a->flags & IFA_F_NOPREFIXROUTE) && !other_has_prefix(l, a, false))
		del(f, l, RTN_UNICAST, &a->addr, a->plen);
	if (!link_addr_find(f->links, AF_INET6, &addr))
		fib_walk(f, AF_INET6, 0, forget_source, &addr);
}

static void forwarding_changed(struct fib *f, const struct link *l)
{
	const struct link_addr *a;

	list_for_each(a, &l->addrs, node) {
		if (a->family != AF_INET6 || !a->dad_done)
			continue;
		if (l->conf6[LINK_CONF6_FORWARDING])
			join_anycast(f, l, a);
		else
			leave_anycast(f, l, a, true);
	}
}

static bool over_link(void *ctx, const struct route *r)
{
	const struct link *l = ctx;

	for (unsigned i = 0; i < r->n_nh; i++)
		if (r->nh[i].ifindex == l->ifindex)
			return true;
	return false;
}

static bool dead(void *ctx, const struct route *r)
{
	for (unsigned i = 0; i < r->n_nh; i++)
		if (!(r->nh[i].flags & RTNH_F_DEAD))
			return false;
	return true;
}

struct sync {
	const struct link *l;
	uint32_t set, clear;
};

static int sync_one(void *ctx, const struct route *r)
{
	struct sync *s = ctx;
	bool here = r->type == RTN_LOCAL || r->type == RTN_ANYCAST;

	for (unsigned i = 0; i < r->n_nh; i++)
		if (r->nh[i].ifindex == s->l->ifindex && (!here || (s->set & RTNH_F_DEAD)))
			r->nh[i].flags = (r->nh[i].flags & ~s->clear) | s->set;
	return 0;
}

static void sync_link(struct fib *f, const struct link *l, uint32_t set, uint32_t clear)
{
	struct sync s = { l, set, clear };

	fib_walk(f, AF_INET6, 0, sync_one, &s);
	if (set & RTNH_F_DEAD)
		fib_flush(f, AF_INET6, 0, dead, NULL);
}

static void link_is_up(struct fib *f, const struct link *l)
{
	const struct link_addr *a;

	list_for_each(a, &l->addrs, node)
		if (a->family == AF_INET6)
			add_prefix(f, l, a);
	sync_link(f, l, l->carrier ? 0 : RTNH_F_LINKDOWN, RTNH_F_DEAD | (l->carrier ? RTNH_F_LINKDOWN : 0));
}

static void addr_event(struct fib *f, struct link *l, unsigned what, const struct link_addr *a)
{
	if (what == ADDR_ADDED && (l->flags & IFF_UP)) {
		add_multicast(f, l);
		add_prefix(f, l, a);
	} else if (what == ADDR_READY) {
		addr_ready(f, l, a);
	} else if (what == ADDR_CHANGED) {
		del(f, l, RTN_UNICAST, &a->addr, a->plen);
		if (l->flags & IFF_UP)
			add_prefix(f, l, a);
	} else if (what == ADDR_REMOVED) {
		addr_gone(f, l, a);
	}
}

void fib6_link_event(struct fib *f, struct link *l, unsigned what, const struct link_addr *a)
{
	if (a) {
		if (a->family == AF_INET6)
			addr_event(f, l, what, a);
		return;
	}
	switch (what) {
	case LINK_IP6_READY:
		add_multicast(f, l);
		break;
	case LINK_UP:
		link_is_up(f, l);
		break;
	case LINK_DOWN:
		sync_link(f, l, RTNH_F_DEAD | RTNH_F_LINKDOWN, 0);
		break;
	case LINK_CHANGED:
	case LINK_MAC:
		if (l->flags & IFF_UP)
			sync_link(f, l, l->carrier ? 0 : RTNH_F_LINKDOWN, l->carrier ? RTNH_F_LINKDOWN : 0);
		break;
	case LINK_CONF6:
		forwarding_changed(f, l);
		break;
	case LINK_IP6_GONE:
		if (!(l->flags & IFF_UP)) /* LINK_DOWN follows, and spares multipath routes */
			break;
		fib_flush(f, AF_INET6, 0, over_link, l);
		break;
	case LINK_REMOVED:
		fib_flush(f, AF_INET6, 0, over_link, l);
		break;
	default:
		break;
	}
}

/* ---- routes that end by themselves ---- */

static int soonest(void *ctx, const struct route *r)
{
	uint64_t *next = ctx;

	if (r->expires_ms)
		*next = MIN(*next, r->expires_ms);
	return 0;
}

static bool expired(void *ctx, const struct route *r)
{
	return r->expires_ms && r->expires_ms <= *(uint64_t *)ctx;
}

uint64_t fib_next_ms(const struct fib *f)
{
	return f->n_expiring ? f->next_ms : UINT64_MAX;
}

void fib_timers(struct fib *f, uint64_t now_ms)
{
	if (fib_next_ms(f) > now_ms)
		return;
	fib_flush(f, AF_INET6, 0, expired, &now_ms);
	f->next_ms = UINT64_MAX;
	fib_walk(f, AF_INET6, 0, soonest, &f->next_ms);
}
