/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/fib6.c - what IPv6 does its own way with routes: which may be, how they stand beside each other, and which of
 * a prefix's routes is taken.
 *
 * Tables, rules and the search by prefix are the same as IPv4's (fib.c, rule.c). What differs:
 *
 * - There are no scopes. A gateway is a link-local address on a given link, or one that is reached without another
 *   gateway.
 * - Routes of one prefix and metric that have gateways become one multipath route, whoever added them;
 *   those without one stand beside each other, and the first that can be used is taken.
 * - An interface that is asked for is a wish, unless the destination or an unset source makes it a must.
 * - A route may be for packets from a prefix only (subtrees); such a one is asked first.
 *
 * References: RFC 4191 (router preference); rtnetlink(7); RFC 4861 section 5.2.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "route/fib_int.h"

static int refuse(struct fib *f, int err, const char *why)
{
	f->why = why;
	return err;
}

static bool is_link_local(const union inet_addr *a)
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/* destinations that mean something on one link only */
bool fib6_strict(const union inet_addr *dst)
{
	return is_link_local(dst) || addr_is_multicast(AF_INET6, dst) || addr_is_loopback(AF_INET6, dst);
}

/* ---- may it be ---- */

static bool is_error_type(uint8_t type)
{
	return type == RTN_BLACKHOLE || type == RTN_UNREACHABLE || type == RTN_PROHIBIT || type == RTN_THROW;
}

static bool own_addr(const struct fib *f, const union inet_addr *a, int ifindex)
{
	const struct link *l;
	const struct link_addr *la;

	list_for_each(l, &f->links->links, node)
		list_for_each(la, &l->addrs, node)
			if (la->family == AF_INET6 && (!ifindex || l->ifindex == ifindex) && addr_eq(&la->addr, a))
				return true;
	return false;
}

/* the link on which @gw is, without another gateway; @ifindex 0: any. NULL: none */
static const struct link *gateway_link(const struct fib *f, const struct route *r, const struct nexthop *nh)
{
	struct route_key k = { .family = AF_INET6, .dst = nh->gw, .oif = nh->ifindex };
	struct route_result res = { 0 };
	const struct fib_table *own = fib_table_find(f, r->table);
	int err = own ? fib_table_search(f, own, &k, FIB_STRICT, &res) : -EAGAIN;

	if (err || res.have_gw || res.type == RTN_LOCAL) {
		memset(&res, 0, sizeof(res));
		err = fib_search(f, &k, FIB_STRICT, &res);
	}
	return err || res.have_gw || (nh->ifindex && res.out && res.out->ifindex != nh->ifindex) ? NULL : res.out;
}

static int check_onlink(struct fib *f, const struct route *r, const struct nexthop *nh)
{
	struct route_key k = { .family = AF_INET6, .dst = nh->gw, .oif = nh->ifindex };
	struct route_result res = { 0 };
	const struct fib_table *t = fib_table_find(f, r->table);

	if (!nh->ifindex)
		return refuse(f, -EINVAL, "Nexthop device required for onlink");
	if (t && fib_table_search(f, t, &k, FIB_IGNORE_LINKSTATE, &res) == 0 && res.route->plen &&
	    (res.type != RTN_UNICAST || (res.out && res.out->ifindex != nh->ifindex)))
		return refuse(f, -EINVAL, "Nexthop has invalid gateway or device mismatch");
	return 0;
}

static int check_gateway(struct fib *f, const struct route *r, struct nexthop *nh)
{
	const struct link *l;
	int err;

	if (nh->ifindex && own_addr(f, &nh->gw, is_link_local(&nh->gw) ? nh->ifindex : 0))
		return refuse(f, -EINVAL, "Gateway can not be a local address");
	if (addr_is_multicast(AF_INET6, &nh->gw) || addr_is_any(&nh->gw))
		return refuse(f, -EINVAL, "Invalid gateway address");
	if (!is_link_local(&nh->gw) && (nh->flags & RTNH_F_ONLINK)) {
		err = check_onlink(f, r, nh);
		if (err)
			return err;
	} else if (!is_link_local(&nh->gw)) {
		l = gateway_link(f, r, nh);
		if (!l)
			return -EHOSTUNREACH;
		nh->ifindex = l->ifindex;
	}
	if (!nh->ifindex)
		return refuse(f, -EINVAL, "Egress device not specified");
	if (own_addr(f, &nh->gw, is_link_local(&nh->gw) ? nh->ifindex : 0))
		return refuse(f, -EINVAL, "Gateway can not be a local address");
	l = link_by_index(f->links, nh->ifindex);
	if (l && (l->flags & IFF_LOOPBACK))
		return refuse(f, -EINVAL, "Egress device can not be loopback device for this route");
	return 0;
}

static int check_nexthop(struct fib *f, const struct route *r, struct nexthop *nh)
{
	const struct link *l;
	int err = nh->gw_family ? check_gateway(f, r, nh) : 0;

	if (err)
		return err;
	l = link_by_index(f->links, nh->ifindex);
	if (!l || l->mtu < 1280)
		return -ENODEV;
	if (l->conf6[LINK_CONF6_DISABLE_IPV6])
		return refuse(f, -EACCES, "IPv6 is disabled on nexthop device");
	if (!(l->flags & IFF_UP) && !(r->by_addr && r->table == RT_TABLE_LOCAL))
		return refuse(f, -ENETDOWN, "Nexthop device is not up");
	nh->flags &= ~(uint32_t)(RTNH_F_LINKDOWN | RTNH_F_DEAD);
	if (!l->carrier && r->type != RTN_LOCAL && r->type != RTN_ANYCAST)
		nh->flags |= RTNH_F_LINKDOWN;
	if (!nh->weight)
		nh->weight = 1;
	return 0;
}

/* an error route hangs on the loopback, whatever was given */
static int hang_on_lo(struct fib *f, struct route *r)
{
	const struct link *l;

	list_for_each(l, &f->links->links, node)
		if (l->kind == LINK_LOOPBACK)
			break;
	if (!r->n_nh) {
		r->nh = mem_zalloc(sizeof(*r->nh));
		if (!r->nh)
			return -ENOMEM;
	}
	r->n_nh = 1;
	r->nh[0] = (struct nexthop){ .ifindex = l->ifindex, .weight = 1 };
	return l->flags & IFF_UP ? 0 : refuse(f, -ENETDOWN, "Nexthop device is not up");
}

int fib6_check(struct fib *f, struct route *r)
{
	union inet_addr mask = addr_mask(AF_INET6, MIN(r->plen, 128)),
			src_mask = addr_mask(AF_INET6, MIN(r->src_plen, 128));
	int err = 0;

	if (r->plen > 128)
		return refuse(f, -EINVAL, "Invalid prefix length");
	if (r->src_plen > 128)
		return refuse(f, -EINVAL, "Invalid source address length");
	if (r->tos)
		return refuse(f, -EINVAL, "Invalid dsfield (tos): option not available for IPv6");
	if (r->type > RTN_MAX || r->type == RTN_UNSPEC)
		return refuse(f, -EINVAL, "Invalid route type");
	r->dst = addr_and(&r->dst, &mask);
	r->src = addr_and(&r->src, &src_mask);
	r->scope = RT_SCOPE_UNIVERSE;
	if (!r->metric && !r->by_addr)
		r->metric = FIB_METRIC_USER6;
	if (r->n_nh > FIB_NEXTHOPS_MAX)
		return -EINVAL;
	if (is_error_type(r->type))
		err = hang_on_lo(f, r);
	else if (!r->n_nh)
		err = -ENODEV;
	for (unsigned i = 0; i < r->n_nh && !err && !is_error_type(r->type); i++) {
		if (r->n_nh > 1 && !r->nh[i].gw_family)
			return refuse(f, -EINVAL,
				      "Device only routes can not be added for IPv6 using the multipath API");
		err = check_nexthop(f, r, &r->nh[i]);
	}
	if (err)
		return err;
	r->flags &= ~(uint32_t)(RTNH_F_LINKDOWN | RTNH_F_DEAD);
	if (r->have_prefsrc && !own_addr(f, &r->prefsrc, 0))
		return refuse(f, -EINVAL, "Invalid source address");
	return 0;
}

/* ---- among the others of its prefix ---- */

/* may it be one of the next hops of a multipath route */
static bool joins(const struct route *r)
{
	return !r->by_addr && r->n_nh && r->nh[0].gw_family;
}

static bool has_nexthop(const struct route *r, const struct nexthop *nh)
{
	for (unsigned i = 0; i < r->n_nh; i++)
		if (r->nh[i].ifindex == nh->ifindex && r->nh[i].gw_family == nh->gw_family &&
		    addr_eq(&r->nh[i].gw, &nh->gw))
			return true;
	return false;
}

/* the next hops of @r, which is freed, become @o's too */
static int join(struct fib *f, struct route *o, struct route *r)
{
	struct nexthop *grown;

	if (o->n_nh + r->n_nh > FIB_NEXTHOPS_MAX)
		return -ENOSPC;
	grown = mem_realloc(o->nh, (o->n_nh + r->n_nh) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memcpy(grown + o->n_nh, r->nh, r->n_nh * sizeof(*grown));
	o->nh = grown;
	o->n_nh += r->n_nh;
	fib_route_free(r);
	return 1;
}

int fib6_put(struct fib *f, struct fib_prefix *p, struct route *r, unsigned nlflags)
{
	struct route *o, *found = NULL, *fallback = NULL, *sibling = NULL;
	struct list *pos = p->routes.next;

	for (; pos != &p->routes; pos = pos->next) {
		o = list_entry(pos, struct route, node);
		if (fib_route_order(o, r) > 0)
			break;
		if (fib_route_order(o, r) < 0)
			continue;
		if (nlflags & NLM_F_EXCL)
			return -EEXIST;
		if (nlflags & NLM_F_REPLACE) {
			if (!found && joins(o) == joins(r))
				found = o;
			else if (!fallback)
				fallback = o;
			continue;
		}
		for (unsigned i = 0; i < r->n_nh; i++)
			if (has_nexthop(o, &r->nh[i])) {
				o->expires_ms = o->expires_ms ? r->expires_ms : 0;
				return -EEXIST;
			}
		if (!sibling && joins(o) && joins(r))
			sibling = o;
	}
	if (nlflags & NLM_F_REPLACE) {
		found = found ? found : fallback;
		if (found) {
			list_add_before(&found->node, &r->node);
			list_del(&found->node);
			fib_route_free(found);
			f->n_routes--;
			return 0;
		}
		if (!(nlflags & NLM_F_CREATE))
			return refuse(f, -ENOENT,
				      list_empty(&p->routes) && p->plen ? "Can not replace route - no match found" : NULL);
	}
	if (sibling)
		return join(f, sibling, r);
	list_add_before(pos, &r->node);
	return 0;
}

/* ---- removing ---- */

/* the kernel asks for no more than this: neither the type nor the preferred source */
static bool matches(const struct route *like, const struct route *r, bool by_source)
{
	bool over = like->n_nh != 1 || like->nh[0].gw_family || !like->nh[0].ifindex;

	if ((like->metric && like->metric != r->metric) || (like->protocol && like->protocol != r->protocol))
		return false;
	if (by_source ? like->src_plen != r->src_plen || !addr_eq(&like->src, &r->src) : r->src_plen)
		return false;
	for (unsigned i = 0; i < r->n_nh && !over; i++)
		over = r->nh[i].ifindex == like->nh[0].ifindex;
	return over;
}

/* the next hop that is named; -1: none */
static int named(const struct route *like, unsigned i, const struct route *r)
{
	const struct nexthop *w = &like->nh[i];

	for (unsigned j = 0; j < r->n_nh; j++)
		if (r->nh[j].gw_family && addr_eq(&w->gw, &r->nh[j].gw) &&
		    (!w->ifindex || w->ifindex == r->nh[j].ifindex))
			return (int)j;
	return -1;
}

int fib6_del(struct fib *f, struct fib_prefix *p, const struct route *like)
{
	/* a source is looked for only where some route has one */
	bool by_source = p && like->src_plen && list_first(&p->routes, struct route, node)->src_plen;
	struct route *r;

	if (!like->plen && !like->metric && !like->n_nh && !by_source &&
	    (!p || list_entry(p->routes.prev, struct route, node)->src_plen))
		return -ENOENT; /* what stands for no route at all cannot go */
	if (!p)
		return -ESRCH;
	list_for_each(r, &p->routes, node) {
		int at;

		if (!matches(like, r, by_source))
			continue;
		if (!like->n_nh || !like->nh[0].gw_family) {
			fib_remove(f, r);
			return 0;
		}
		for (unsigned i = 0; i < like->n_nh; i++) { /* only what is named of it goes */
			at = named(like, i, r);
			if (at < 0)
				break;
			if (r->n_nh == 1) {
				fib_remove(f, r);
				return 0;
			}
			memmove(&r->nh[at], &r->nh[at + 1], (r->n_nh - (unsigned)at - 1) * sizeof(*r->nh));
			r->n_nh--;
			f->gen++;
			if (i + 1 == like->n_nh)
				return 0;
		}
	}
	return -ESRCH;
}

/* ---- looking up ---- */

static bool answers(const struct fib *f, const struct nexthop *nh, unsigned flags)
{
	return !(flags & FIB_REACHABLE) || !nh->gw_family || !f->gateway_silent ||
	       !f->gateway_silent(f->ctx, nh->ifindex, &nh->gw);
}

/* how much a route by this next hop is wanted among those of its metric; -1: not at all */
static int score(const struct fib *f, const struct route *r, const struct nexthop *nh, int oif, unsigned flags)
{
	static const uint8_t order[] = { [0] = 2 /* medium */, [1] = 3 /* high */, [3] = 1 /* low */ };
	bool on = !oif || nh->ifindex == oif;

	if ((!on && (flags & FIB_STRICT)) || !answers(f, nh, flags))
		return -1;
	return order[r->pref & 3] << 2 | (on ? 2 : 0);
}

/* the next hop that the hash says, unless it will not do and another does; NULL: none does */
static const struct nexthop *pick(const struct fib *f, const struct route *r, const struct route_key *k, int oif,
				  unsigned flags, int *best)
{
	struct route_key any = *k;
	const struct nexthop *nh, *found = NULL;

	any.oif = 0;
	nh = fib_nh_pick(f, r, &any, flags);
	*best = nh ? score(f, r, nh, oif, flags) : -1;
	if (!nh || r->n_nh == 1)
		return *best >= 0 ? nh : NULL;
	if (*best >= 0)
		return nh;
	for (unsigned i = 0; i < r->n_nh; i++) {
		int s = r->nh[i].flags & RTNH_F_DEAD ? -1 : score(f, r, &r->nh[i], oif, flags);

		if (s > *best) {
			found = &r->nh[i];
			*best = s;
		}
	}
	return found;
}

static bool eligible(const struct fib *f, const struct route *r, const struct route_key *k)
{
	return !(r->flags & RTNH_F_DEAD) && (!r->src_plen || addr_in(AF_INET6, &k->src, &r->src, r->src_plen)) &&
	       (!r->expires_ms || !f->links->clock || r->expires_ms > clock_ms(f->links->clock));
}

const struct route *fib6_select(const struct fib *f, const struct fib_prefix *p, const struct route_key *k,
				unsigned flags, const struct nexthop **nh)
{
	int oif = k->oif ? k->oif : k->iif, best_score = -1;
	const struct route *r, *best = NULL;

	if (fib6_strict(&k->dst) || (k->oif && addr_is_any(&k->src)))
		flags |= FIB_STRICT;
	if (!oif)
		flags &= ~(unsigned)FIB_STRICT;
	list_for_each(r, &p->routes, node) {
		const struct nexthop *one;
		int s;

		if (best && fib_route_order(best, r) != 0)
			break;
		if (!eligible(f, r, k) || !(one = pick(f, r, k, oif, flags, &s)) || s <= best_score)
			continue;
		best = r;
		best_score = s;
		*nh = one;
	}
	return best;
}
