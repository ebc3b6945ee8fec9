/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/addr.c - the addresses of links, and which of them is taken as a source.
 *
 * Primaries stand in front, ordered by scope; an address of a subnet that is there already is secondary and
 * stands at the end. Deleting a primary takes its secondaries along, or promotes the first of them. Routes that
 * follow from addresses are fib_dev.c's: it hears of each change through link_set.notify.
 *
 * What is IPv6's own - addresses that come by themselves, duplicate address detection - is addr6.c's; which source
 * it takes is addr_select.c's.
 *
 * Invariants
 *  1. IPv4 addresses of a link stand before its IPv6 ones.
 *  2. A secondary's subnet has exactly one primary, which stands before it.
 *
 * References: ip-address(8).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_arp.h>

#include "base/mem.h"
#include "route/addr_int.h"

void addr_tell(struct link *l, unsigned what, const struct link_addr *a)
{
	l->set->gen++;
	if (l->set->notify)
		l->set->notify(l->set->ctx, l, what, a);
}

const struct link_addr *link_addr_primary(const struct link *l, const struct link_addr *a)
{
	const struct link_addr *b;

	list_for_each(b, &l->addrs, node)
		if (!(b->flags & IFA_F_SECONDARY) && link_addr_same_subnet(b, a))
			return b;
	return NULL;
}

static struct link_addr *find_exact(const struct link *l, uint8_t family, const union inet_addr *addr, uint8_t plen)
{
	struct link_addr *a;

	list_for_each(a, &l->addrs, node)
		if (a->family == family && a->plen == plen && addr_eq(&a->addr, addr))
			return a;
	return NULL;
}

/* where a new address goes in the list; -errno when it may not; sets IFA_F_SECONDARY */
static int place4(struct link *l, struct link_addr *a, struct list **pos)
{
	struct list *after_primary = l->addrs.next, *end = l->addrs.next;
	struct link_addr *b;

	a->flags &= ~IFA_F_SECONDARY;
	list_for_each(b, &l->addrs, node) {
		if (b->family != AF_INET)
			break;
		end = b->node.next;
		if (!(b->flags & IFA_F_SECONDARY) && a->scope <= b->scope)
			after_primary = b->node.next;
		if (!link_addr_same_subnet(b, a))
			continue;
		if (addr_eq(&a->addr, &b->addr)) {
			l->set->why = "ipv4: Address already assigned";
			return -EEXIST;
		}
		if (a->scope != b->scope) {
			l->set->why = "ipv4: Invalid scope value";
			return -EINVAL;
		}
		a->flags |= IFA_F_SECONDARY;
	}
	*pos = a->flags & IFA_F_SECONDARY ? end : after_primary;
	return 0;
}

static void set_times(const struct link *l, struct link_addr *a)
{
	a->valid_ms = a->valid_lft_s ? addr_now_ms(l) + a->valid_lft_s * 1000 : 0;
	a->preferred_ms = a->preferred_lft_s ? addr_now_ms(l) + a->preferred_lft_s * 1000 : 0;
	if (a->flags & IFA_F_DEPRECATED) /* from the beginning: it is over already */
		a->preferred_ms = MAX(addr_now_ms(l), 1);
	l->set->timed |= a->valid_ms != 0;
	if (a->valid_lft_s)
		a->flags &= ~IFA_F_PERMANENT;
	else
		a->flags |= IFA_F_PERMANENT;
}

static unsigned count(const struct link *l)
{
	unsigned n = 0;

	for (const struct list *p = l->addrs.next; p != &l->addrs; p = p->next)
		n++;
	return n;
}

int link_addr_add(struct link *l, const struct link_addr *like)
{
	struct link_addr *a;
	struct list *pos = NULL;
	int err;

	l->set->why = NULL;
	if (like->plen > addr_bits(like->family) || (like->family == AF_INET && l->mtu < 68))
		return -EINVAL;
	if (count(l) >= LINK_ADDR_MAX)
		return -ENOBUFS;
	a = mem_dup(like, sizeof(*like));
	if (!a)
		return -ENOMEM;
	if (a->family == AF_INET6) {
		a->scope = addr6_scope(&a->addr);
		a->dad_ms = 0;
		a->dad_done = false;
		if (!(a->flags & IFA_F_NODAD))
			a->flags |= IFA_F_TENTATIVE;
	}
	err = a->family == AF_INET ? place4(l, a, &pos) : addr6_place(l, a, &pos);
	if (err) {
		mem_free(a);
		return err;
	}
	set_times(l, a);
	if (a->family == AF_INET)
		l->conf_set = UINT32_MAX; /* a configured link no longer follows conf.default */
	list_add_before(pos, &a->node);
	addr_tell(l, ADDR_ADDED, a);
	if (a->family == AF_INET6)
		addr6_dad_start(l, a);
	return 0;
}

static void take_settings(struct link *l, struct link_addr *a, const struct link_addr *like, uint32_t settable)
{
	a->valid_lft_s = like->valid_lft_s;
	a->preferred_lft_s = like->preferred_lft_s;
	a->flags = (a->flags & ~(settable | IFA_F_DEPRECATED)) | (like->flags & (settable | IFA_F_DEPRECATED));
	a->metric = like->metric;
	set_times(l, a);
	l->set->gen++;
}

/* an IPv6 address stays where it is, and only its prefix's route changes */
static void change6(struct link *l, struct link_addr *a, const struct link_addr *like, uint32_t settable)
{
	take_settings(l, a, like, settable);
	addr_tell(l, ADDR_CHANGED, a);
}

int link_addr_change(struct link *l, const struct link_addr *like)
{
	struct link_addr *a = find_exact(l, like->family, &like->addr, like->plen);
	uint32_t settable = IFA_F_NOPREFIXROUTE | IFA_F_HOMEADDRESS | IFA_F_NODAD | IFA_F_MANAGETEMPADDR;
	bool routes;

	if (!a)
		return -EADDRNOTAVAIL;
	if (a->family == AF_INET6) {
		change6(l, a, like, settable);
		return 0;
	}
	routes = a->metric != like->metric || ((a->flags ^ like->flags) & IFA_F_NOPREFIXROUTE);
	if (routes) { /* the prefix route goes by the old settings and comes by the new */
		list_del(&a->node);
		addr_tell(l, ADDR_REMOVED, a);
	}
	take_settings(l, a, like, settable);
	if (routes) {
		struct list *pos = NULL;

		place4(l, a, &pos);
		list_add_before(pos ? pos : &l->addrs, &a->node);
		addr_tell(l, ADDR_ADDED, a);
	}
	return 0;
}

void addr_take_off(struct link *l, struct link_addr *a)
{
	list_del(&a->node);
	addr_tell(l, ADDR_REMOVED, a);
	mem_free(a);
}

/* the first secondary of @a's subnet, NULL: none */
static struct link_addr *first_secondary(const struct link *l, const struct link_addr *a)
{
	struct link_addr *b;

	list_for_each(b, &l->addrs, node)
		if ((b->flags & IFA_F_SECONDARY) && link_addr_same_subnet(b, a))
			return b;
	return NULL;
}

/* the first secondary takes the place of its primary; the routes of the subnet follow with the notification */
static void promote(struct link *l, struct link_addr *a)
{
	struct list *pos = l->addrs.next;
	struct link_addr *b;

	list_for_each(b, &l->addrs, node)
		if (b->family == AF_INET && !(b->flags & IFA_F_SECONDARY))
			pos = b->node.next;
	if (pos != &a->node) {
		list_del(&a->node);
		list_add_before(pos, &a->node);
	}
	a->flags &= ~IFA_F_SECONDARY;
}

int link_addr_del(struct link *l, uint8_t family, const union inet_addr *addr, uint8_t plen)
{
	struct link_addr *a = find_exact(l, family, addr, plen), *b;

	l->set->why = NULL;
	if (!a) {
		l->set->why = family == AF_INET ? "ipv4: Address not found" : "ipv6: address not found";
		return -EADDRNOTAVAIL;
	}
	if (a->flags & IFA_F_SECONDARY) {
		addr_take_off(l, a);
		return 0;
	}
	if (link_conf(l, LINK_CONF_PROMOTE_SECONDARIES) && family == AF_INET && (b = first_secondary(l, a)) != NULL) {
		list_del(&a->node);
		promote(l, b);
		addr_tell(l, ADDR_REMOVED, a);
		mem_free(a);
		for (struct list *p = l->addrs.next; p != &l->addrs; p = p->next)
			if (link_addr_same_subnet(list_entry(p, struct link_addr, node), b))
				addr_tell(l, ADDR_ADDED, list_entry(p, struct link_addr, node));
		return 0;
	}
	while (family == AF_INET && (b = first_secondary(l, a)) != NULL)
		addr_take_off(l, b);
	addr_take_off(l, a);
	return 0;
}

void link_addr_relabel(struct link *l)
{
	struct link_addr *a;
	char suffix[IFNAMSIZ];
	unsigned n = 0;

	list_for_each(a, &l->addrs, node) {
		const char *colon = strchr(a->label, ':');
		size_t room;

		if (a->family != AF_INET)
			continue;
		/* the first one bears the link's name; one without a suffix of its own is numbered, as Linux does */
		if (++n == 1)
			suffix[0] = 0;
		else if (colon)
			snprintf(suffix, sizeof(suffix), "%s", colon);
		else
			snprintf(suffix, sizeof(suffix), ":%u", n % 1000);
		room = IFNAMSIZ - 1 - strlen(suffix);
		if (strlen(l->name) < room)
			room = strlen(l->name);
		memset(a->label, 0, sizeof(a->label));
		memcpy(a->label, l->name, room);
		memcpy(a->label + room, suffix, strlen(suffix));
	}
}

void link_addr_flush(struct link *l, uint8_t family)
{
	bool again = true;

	while (again) { /* secondaries first: their primary must be there when they go */
		struct link_addr *a, *best = NULL;

		again = false;
		list_for_each(a, &l->addrs, node)
			if ((!family || a->family == family) && (!best || (a->flags & IFA_F_SECONDARY)))
				best = a;
		if (best) {
			addr_take_off(l, best);
			again = true;
		}
	}
}

/* ---- what comes by itself ---- */

static bool has_ip4(const struct link *l)
{
	const struct link_addr *a;

	list_for_each(a, &l->addrs, node)
		if (a->family == AF_INET)
			return true;
	return false;
}

static void add_loopback(struct link *l)
{
	struct link_addr a = { .family = AF_INET,
			       .plen = 8,
			       .scope = RT_SCOPE_HOST,
			       .addr = addr_ip4(htonl(INADDR_LOOPBACK)),
			       .peer = addr_ip4(htonl(INADDR_LOOPBACK)) };

	memcpy(a.label, l->name, IFNAMSIZ);
	if (!has_ip4(l))
		link_addr_add(l, &a);
}

void link_addr_up(struct link *l)
{
	if (l->arphrd == ARPHRD_LOOPBACK)
		add_loopback(l);
	addr6_up(l);
}

void link_addr_down(struct link *l)
{
	addr6_down(l);
}

/* ---- looking ---- */

const struct link_addr *link_addr_find(const struct link_set *s, uint8_t family, const union inet_addr *addr)
{
	const struct link *l;
	const struct link_addr *a;

	list_for_each(l, &s->links, node)
		list_for_each(a, &l->addrs, node)
			if (a->family == family && addr_eq(&a->addr, addr))
				return a;
	return NULL;
}

/* the first primary of another link that reaches @scope; addresses that only a link knows are no use elsewhere */
static bool pick_elsewhere(const struct link_set *s, uint8_t family, uint8_t scope, union inet_addr *out)
{
	const struct link *l;
	const struct link_addr *a;

	list_for_each(l, &s->links, node)
		list_for_each(a, &l->addrs, node)
			if (a->family == family && !(a->flags & IFA_F_SECONDARY) && a->scope != RT_SCOPE_LINK &&
			    a->scope <= scope) {
				*out = a->addr;
				return true;
			}
	return false;
}

bool link_pick_addr(const struct link *l, uint8_t family, const union inet_addr *dst, uint8_t scope,
		    union inet_addr *out)
{
	uint8_t local_scope = link_conf(l, LINK_CONF_ROUTE_LOCALNET) ? RT_SCOPE_LINK : RT_SCOPE_HOST;
	const struct link_addr *a, *found = NULL;

	list_for_each(a, &l->addrs, node) {
		if (a->family != family || (a->flags & IFA_F_SECONDARY) || MIN(a->scope, local_scope) > scope)
			continue;
		if (!dst || addr_is_any(dst) || addr_in(family, dst, &a->peer, a->plen)) {
			found = a;
			break;
		}
		if (!found)
			found = a;
	}
	if (found) {
		*out = found->addr;
		return true;
	}
	return pick_elsewhere(l->set, family, scope, out);
}
