/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/fib_check.c - whether a route may be: scopes, next hops that must be reachable, source addresses that
 * must be this host's.
 *
 * The refusals carry the kernel's own words, which the tools print after "Error: ".
 *
 * A route's scope says how far its destination is; a gateway must be nearer than that, so it is looked up with
 * the next narrower scope: that is why a gateway must be on a connected network.
 *
 * References: rtnetlink(7), scopes of ip-route(8).
 */
#include <errno.h>
#include <string.h>

#include "route/fib_int.h"

#define NONE 255

/* the narrowest scope that each type allows; NONE: not a type that a user may add */
static const uint8_t type_scope[] = {
	[RTN_UNSPEC] = RT_SCOPE_NOWHERE,     [RTN_UNICAST] = RT_SCOPE_UNIVERSE,     [RTN_LOCAL] = RT_SCOPE_HOST,
	[RTN_BROADCAST] = RT_SCOPE_LINK,     [RTN_ANYCAST] = RT_SCOPE_LINK,         [RTN_MULTICAST] = RT_SCOPE_UNIVERSE,
	[RTN_BLACKHOLE] = RT_SCOPE_UNIVERSE, [RTN_UNREACHABLE] = RT_SCOPE_UNIVERSE, [RTN_PROHIBIT] = RT_SCOPE_UNIVERSE,
	[RTN_THROW] = RT_SCOPE_UNIVERSE,     [RTN_NAT] = RT_SCOPE_NOWHERE,
};

static int refuse(struct fib *f, int err, const char *why)
{
	f->why = why;
	return err;
}

static bool is_error_type(uint8_t type)
{
	return type == RTN_BLACKHOLE || type == RTN_UNREACHABLE || type == RTN_PROHIBIT || type == RTN_THROW;
}

static void set_linkdown(struct nexthop *nh, const struct link *l)
{
	nh->flags &= ~(uint32_t)(RTNH_F_LINKDOWN | RTNH_F_DEAD);
	if (!l->carrier)
		nh->flags |= RTNH_F_LINKDOWN;
}

static int check_onlink(struct fib *f, const struct route *r, struct nexthop *nh)
{
	const struct link *l = link_by_index(f->links, nh->ifindex);

	if (r->scope >= RT_SCOPE_LINK)
		return refuse(f, -EINVAL, "Nexthop has invalid scope");
	if (!l)
		return refuse(f, -ENODEV, "Nexthop device required for onlink");
	if (!(l->flags & IFF_UP))
		return refuse(f, -ENETDOWN, "Nexthop device is not up");
	if (fib_addr_type(f, r->family, &nh->gw, l) != RTN_UNICAST)
		return refuse(f, -EINVAL, "Nexthop has invalid gateway");
	set_linkdown(nh, l);
	return 0;
}

static int check_gateway(struct fib *f, const struct route *r, struct nexthop *nh)
{
	struct route_key k = {
		.family = r->family, .dst = nh->gw, .oif = nh->ifindex, .scope = MAX(r->scope + 1, RT_SCOPE_LINK)
	};
	struct route_result res = { 0 };
	const struct fib_table *own = r->table != RT_TABLE_MAIN ? fib_table_find(f, r->table) : NULL;
	int err = own ? fib_table_search(f, own, &k, FIB_IGNORE_LINKSTATE, &res) : -EAGAIN;

	if (r->scope >= RT_SCOPE_LINK)
		return refuse(f, -EINVAL, "Nexthop has invalid scope");
	if (err) {
		memset(&res, 0, sizeof(res));
		err = fib_search(f, &k, FIB_IGNORE_LINKSTATE, &res);
	}
	if (err)
		return refuse(f, err, "Nexthop has invalid gateway");
	if (res.type != RTN_UNICAST && res.type != RTN_LOCAL)
		return refuse(f, -EINVAL, "Nexthop has invalid gateway");
	if (!res.out)
		return refuse(f, -EINVAL, "No egress device for nexthop");
	nh->ifindex = res.out->ifindex;
	set_linkdown(nh, res.out);
	return res.out->flags & IFF_UP ? 0 : -ENETDOWN;
}

static int check_device(struct fib *f, struct nexthop *nh)
{
	const struct link *l = link_by_index(f->links, nh->ifindex);

	if (nh->flags & RTNH_F_ONLINK)
		return refuse(f, -EINVAL, "Invalid flags for nexthop - PERVASIVE and ONLINK can not be set");
	if (!l)
		return -ENODEV;
	if (!(l->flags & IFF_UP))
		return refuse(f, -ENETDOWN, "Device for nexthop is not up");
	set_linkdown(nh, l);
	return 0;
}

static int check_nexthops(struct fib *f, struct route *r)
{
	unsigned down = 0;

	for (unsigned i = 0; i < r->n_nh; i++) {
		struct nexthop *nh = &r->nh[i];
		int err;

		if (!nh->weight)
			nh->weight = 1;
		if (!nh->gw_family)
			err = check_device(f, nh);
		else
			err = nh->flags & RTNH_F_ONLINK ? check_onlink(f, r, nh) : check_gateway(f, r, nh);
		if (err)
			return err;
		down += (nh->flags & RTNH_F_LINKDOWN) != 0;
	}
	r->flags &= ~(uint32_t)(RTNH_F_LINKDOWN | RTNH_F_DEAD);
	if (down == r->n_nh)
		r->flags |= RTNH_F_LINKDOWN;
	return 0;
}

static int check_host_scope(struct fib *f, struct route *r)
{
	if (r->n_nh != 1)
		return refuse(f, -EINVAL, "Route with host scope can not have multiple nexthops");
	if (r->nh[0].gw_family)
		return refuse(f, -EINVAL, "Route with host scope can not have a gateway");
	if (!link_by_index(f->links, r->nh[0].ifindex))
		return -ENODEV;
	if (!r->nh[0].weight)
		r->nh[0].weight = 1;
	r->nh[0].flags &= ~(uint32_t)(RTNH_F_LINKDOWN | RTNH_F_DEAD);
	return 0;
}

static bool prefsrc_ok(const struct fib *f, const struct route *r)
{
	if (!r->have_prefsrc || (r->type == RTN_LOCAL && addr_eq(&r->prefsrc, &r->dst)))
		return true;
	return fib_addr_type(f, r->family, &r->prefsrc, NULL) == RTN_LOCAL || r->protocol == RTPROT_KERNEL;
}

int fib_check(struct fib *f, struct route *r)
{
	union inet_addr mask;
	int err;

	if (r->plen > addr_bits(r->family))
		return refuse(f, -EINVAL, "Invalid prefix length");
	mask = addr_mask(r->family, r->plen);
	mask = addr_and(&r->dst, &mask);
	if (!addr_eq(&mask, &r->dst))
		return refuse(f, -EINVAL, "Invalid prefix for given prefix length");
	if (r->tos & 3)
		return refuse(f, -EINVAL, "Invalid dsfield (tos): ECN bits must be 0");
	if (r->type >= ARRAY_LEN(type_scope) || r->type == RTN_UNSPEC || r->type == RTN_NAT)
		return refuse(f, -EINVAL, "Invalid type");
	if (type_scope[r->type] > r->scope)
		return refuse(f, -EINVAL, "Invalid scope");
	if (r->n_nh > FIB_NEXTHOPS_MAX)
		return -EINVAL;
	if (is_error_type(r->type))
		return r->n_nh ? refuse(f, -EINVAL,
					"Gateway, device and multipath can not be specified for this route type")
			       : 0;
	if (r->scope > RT_SCOPE_HOST)
		return refuse(f, -EINVAL, "Invalid scope");
	if (!r->n_nh)
		return -ENODEV;
	err = r->scope == RT_SCOPE_HOST ? check_host_scope(f, r) : check_nexthops(f, r);
	if (err)
		return err;
	return prefsrc_ok(f, r) ? 0 : refuse(f, -EINVAL, "Invalid prefsrc address");
}

/* how far the next hop itself is: on this host, a neighbour, or behind another router */
uint8_t fib_nh_scope(const struct route *r, const struct nexthop *nh, const struct fib *f)
{
	struct route_key k = { .family = r->family, .dst = nh->gw, .oif = nh->ifindex, .scope = RT_SCOPE_LINK };
	struct route_result res = { 0 };

	if (r->scope >= RT_SCOPE_HOST)
		return RT_SCOPE_NOWHERE;
	if (!nh->gw_family)
		return RT_SCOPE_HOST;
	if ((nh->flags & RTNH_F_ONLINK) || fib_search(f, &k, FIB_IGNORE_LINKSTATE, &res) != 0)
		return RT_SCOPE_LINK;
	return res.route->scope;
}
