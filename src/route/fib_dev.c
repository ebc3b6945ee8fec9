/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/fib_dev.c - the routes that follow from links and addresses; IPv6's are fib_dev6.c's.
 *
 * An address wants up to four routes: itself (local), its broadcast address, its network (connected), and the
 * broadcast address that its mask makes. A secondary's carry its primary's source. The local route is there as
 * long as the address; the others come when the link is up and go when it goes down, with every other route
 * over it.
 *
 * When an address goes, what it wanted and no other address of the link still wants is removed: so nothing has
 * to be counted, and promoting a secondary is the same as removing one address and adding others.
 *
 * Invariants
 *  1. A next hop over a link that is down is DEAD; a route whose next hops all are is gone.
 *  2. A next hop over a link without carrier is LINKDOWN, and the route is when all its next hops are.
 */
#include <errno.h>
#include <string.h>

#include "route/fib_int.h"

#define WANTS_MAX 4

struct want {
	union inet_addr dst, src;
	uint8_t plen, type;
	uint32_t metric;
};

static bool zeronet(const union inet_addr *a)
{
	return (ntohl(a->ip4) >> 24) == 0;
}

static union inet_addr prefix_of(const struct link_addr *a)
{
	union inet_addr mask = addr_mask(a->family, a->plen);

	return addr_and(&a->peer, &mask);
}

static union inet_addr high_broadcast(const struct link_addr *a)
{
	union inet_addr mask = addr_mask(AF_INET, a->plen), net = prefix_of(a);

	return addr_ip4(net.ip4 | ~mask.ip4);
}

/* the routes that @a of @l asks for; @up: those of a link that is up. Returns how many. */
static unsigned wants(const struct link *l, const struct link_addr *a, bool up, struct want w[WANTS_MAX])
{
	const struct link_addr *prim = a->flags & IFA_F_SECONDARY ? link_addr_primary(l, a) : a;
	union inet_addr net = prefix_of(a);
	unsigned n = 0;

	if (!prim)
		return 0;
	w[n++] = (struct want){ a->addr, prim->addr, 32, RTN_LOCAL, 0 };
	if (!up)
		return n;
	if (!addr_is_any(&a->brd) && a->brd.ip4 != htonl(INADDR_BROADCAST))
		w[n++] = (struct want){ a->brd, prim->addr, 32, RTN_BROADCAST, 0 };
	if (zeronet(&net) || (a->flags & IFA_F_SECONDARY) || (addr_eq(&net, &a->addr) && a->plen == 32))
		return n;
	if (!(a->flags & IFA_F_NOPREFIXROUTE))
		w[n++] = (struct want){ net, prim->addr, a->plen, l->flags & IFF_LOOPBACK ? RTN_LOCAL : RTN_UNICAST,
					a->metric };
	if (a->plen < 31)
		w[n++] = (struct want){ high_broadcast(a), prim->addr, 32, RTN_BROADCAST, 0 };
	return n;
}

static uint32_t want_table(const struct want *w)
{
	return w->type == RTN_UNICAST ? RT_TABLE_MAIN : RT_TABLE_LOCAL;
}

static void add_wanted(struct fib *f, const struct link *l, const struct link_addr *a)
{
	struct want w[WANTS_MAX];
	unsigned n = wants(l, a, l->flags & IFF_UP, w);

	for (unsigned i = 0; i < n; i++) {
		struct nexthop nh = { .ifindex = l->ifindex, .weight = 1 };
		struct route r = { .family = AF_INET,
				   .plen = w[i].plen,
				   .type = w[i].type,
				   .protocol = RTPROT_KERNEL,
				   .dst = w[i].dst,
				   .prefsrc = w[i].src,
				   .have_prefsrc = true,
				   .metric = w[i].metric,
				   .table = want_table(&w[i]),
				   .n_nh = 1,
				   .nh = &nh,
				   .scope = w[i].type == RTN_LOCAL ? RT_SCOPE_HOST : RT_SCOPE_LINK };

		fib_add(f, &r, NLM_F_CREATE | NLM_F_APPEND); /* one that is there already stays */
	}
}

/* ---- an address goes ---- */

struct gone {
	const struct link *l;
	union inet_addr src; /* of the routes in question */
	bool any_src;
};

static bool route_is(const struct route *r, const struct want *w)
{
	return r->plen == w->plen && r->type == w->type && r->metric == w->metric && addr_eq(&r->dst, &w->dst) &&
	       addr_eq(&r->prefsrc, &w->src) && r->table == want_table(w);
}

/*
 * a route that addresses made, on this link, with the source in question, that none of the link's addresses
 * wants any more
 */
static bool unwanted(void *ctx, const struct route *r)
{
	const struct gone *g = ctx;
	const struct link_addr *a;

	if (r->protocol != RTPROT_KERNEL || r->n_nh != 1 || r->nh[0].ifindex != g->l->ifindex || r->nh[0].gw_family ||
	    !addr_eq(&r->prefsrc, &g->src))
		return false;
	list_for_each(a, &g->l->addrs, node) {
		struct want w[WANTS_MAX];
		unsigned n = a->family == AF_INET ? wants(g->l, a, true, w) : 0;

		for (unsigned i = 0; i < n; i++)
			if (route_is(r, &w[i]))
				return false;
	}
	return true;
}

static bool has_prefsrc(void *ctx, const struct route *r)
{
	const union inet_addr *a = ctx;

	return r->have_prefsrc && addr_eq(&r->prefsrc, a);
}

static bool over_link(void *ctx, const struct route *r)
{
	const struct link *l = ctx;

	for (unsigned i = 0; i < r->n_nh; i++)
		if (r->nh[i].ifindex == l->ifindex)
			return true;
	return false;
}

static bool has_ip4(const struct link *l)
{
	const struct link_addr *a;

	list_for_each(a, &l->addrs, node)
		if (a->family == AF_INET)
			return true;
	return false;
}

static void addr_gone(struct fib *f, struct link *l, const struct link_addr *a)
{
	const struct link_addr *prim = a->flags & IFA_F_SECONDARY ? link_addr_primary(l, a) : a;
	struct gone g = { .l = l, .src = prim ? prim->addr : a->addr };
	union inet_addr addr = a->addr;

	fib_flush(f, AF_INET, RT_TABLE_MAIN, unwanted, &g);
	fib_flush(f, AF_INET, RT_TABLE_LOCAL, unwanted, &g);
	if (fib_addr_type(f, AF_INET, &addr, NULL) != RTN_LOCAL)
		fib_flush(f, AF_INET, 0, has_prefsrc, &addr);
	if (!has_ip4(l)) /* without an address there is no IP on this link: everything over it goes */
		fib_flush(f, AF_INET, 0, over_link, l);
}

/* ---- a link changes state ---- */

struct sync {
	struct fib *f;
	const struct link *l;
	uint32_t set, clear; /* of RTNH_F_DEAD, RTNH_F_LINKDOWN */
	bool changed;
};

static int sync_one(void *ctx, const struct route *r)
{
	struct sync *s = ctx;
	struct route *w = (struct route *)r;
	uint32_t all = RTNH_F_DEAD | RTNH_F_LINKDOWN;

	if (!r->n_nh || r->scope >= RT_SCOPE_HOST || !over_link((void *)s->l, r))
		return 0;
	for (unsigned i = 0; i < r->n_nh; i++) {
		struct nexthop *nh = &w->nh[i];

		if (nh->ifindex == s->l->ifindex)
			nh->flags = (nh->flags & ~s->clear) | s->set;
		all &= nh->flags;
	}
	w->flags = (w->flags & ~(uint32_t)(RTNH_F_DEAD | RTNH_F_LINKDOWN)) | all;
	s->changed = true;
	return 0;
}

static bool is_dead(void *ctx, const struct route *r)
{
	return r->flags & RTNH_F_DEAD;
}

static void sync_link(struct fib *f, const struct link *l, uint32_t set, uint32_t clear)
{
	struct sync s = { f, l, set, clear, false };

	fib_walk(f, AF_INET, 0, sync_one, &s);
	if (s.changed && (set & RTNH_F_DEAD))
		fib_flush(f, AF_INET, 0, is_dead, NULL);
	f->gen++;
}

static void link_is_up(struct fib *f, struct link *l)
{
	const struct link_addr *a;

	list_for_each(a, &l->addrs, node)
		if (a->family == AF_INET)
			add_wanted(f, l, a);
	sync_link(f, l, l->carrier ? 0 : RTNH_F_LINKDOWN, RTNH_F_DEAD | (l->carrier ? RTNH_F_LINKDOWN : 0));
}

void fib_link_event(struct fib *f, struct link *l, unsigned what, const struct link_addr *a)
{
	f->gen++;
	fib6_link_event(f, l, what, a);
	switch (what) {
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
	case LINK_REMOVED:
		fib_flush(f, AF_INET, 0, over_link, l);
		break;
	case ADDR_ADDED:
		if (a->family == AF_INET)
			add_wanted(f, l, a);
		break;
	case ADDR_REMOVED:
		if (a->family == AF_INET)
			addr_gone(f, l, a);
		break;
	default:
		break;
	}
}
