/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/addr6.c - what is IPv6's own about addresses: those that come by themselves, duplicate address detection,
 * and lifetimes.
 *
 * IPv6 begins on a link when it is up, has carrier and an MTU of 1280, and ends when it goes down; losing the
 * carrier alone changes nothing. With the beginning comes the link-local address, made from the MAC address.
 *
 * A new address is tentative: after a random delay of up to a second a neighbour solicitation asks for it
 * (ADDR_DAD_PROBE tells path to send it), and when nobody answers within a second it is ready (ADDR_READY tells
 * the FIB to deliver to it). link_addr_dad_failed() is the answer. An address of a link on which IPv6 has not
 * begun stays tentative until it does.
 *
 * Invariants
 *  1. dad_ms is set exactly while an address is being checked.
 *  2. IPv6 addresses of a link stand in the order of their scopes, the widest first, and the newest first in one.
 *  3. ADDR_READY is told once for each address, for an optimistic one when its check begins and again at its end.
 *
 * Differences: no temporary addresses (RFC 8981) are made, and no stable-privacy identifiers (RFC 7217).
 *
 * References: RFC 4862 sections 5.3 and 5.4; RFC 4291 appendix A; RFC 4429 (optimistic).
 */
#include <errno.h>
#include <string.h>

#include <linux/if_arp.h>

#include "base/mem.h"
#include "route/addr_int.h"

#define RETRANS_MS      1000 /* between a solicitation and the next, or the verdict */
#define PROTO_KERNEL_LO 1    /* IFAPROT_KERNEL_LO, younger than Debian 12's headers */
#define PROTO_KERNEL_LL 3

static bool is_link_local(const union inet_addr *a)
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

uint8_t addr6_scope(const union inet_addr *a)
{
	if (is_link_local(a))
		return RT_SCOPE_LINK;
	if (a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0xc0)
		return RT_SCOPE_SITE;
	return addr_is_loopback(AF_INET6, a) ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
}

int addr6_place(struct link *l, struct link_addr *a, struct list **pos)
{
	struct link_addr *b;

	*pos = &l->addrs;
	list_for_each(b, &l->addrs, node) {
		if (b->family != AF_INET6)
			continue;
		if (addr_eq(&a->addr, &b->addr)) {
			l->set->why = "ipv6: address already assigned";
			return -EEXIST;
		}
		if (*pos == &l->addrs && b->scope >= a->scope)
			*pos = &b->node;
	}
	return 0;
}

/* ---- duplicate address detection ---- */

static void dad_done(struct link *l, struct link_addr *a)
{
	a->dad_ms = 0;
	a->dad_done = true;
	a->flags &= ~(uint32_t)(IFA_F_TENTATIVE | IFA_F_OPTIMISTIC | IFA_F_DADFAILED);
	addr_tell(l, ADDR_READY, a);
}

void addr6_dad_start(struct link *l, struct link_addr *a)
{
	uint32_t delay = (uint32_t)MAX(l->conf6[LINK_CONF6_ROUTER_SOLICITATION_DELAY], 0) * 1000;

	if ((l->flags & (IFF_NOARP | IFF_LOOPBACK)) || link_conf6(l, LINK_CONF6_ACCEPT_DAD) < 1 ||
	    !(a->flags & IFA_F_TENTATIVE)) {
		dad_done(l, a); /* the link may be down: its host route is there all the same */
		return;
	}
	if (!l->ip6_ready)
		return;
	if (a->flags & IFA_F_OPTIMISTIC) {
		addr_tell(l, ADDR_READY, a);
		delay = 0;
	}
	a->dad_probes = l->conf6[LINK_CONF6_DAD_TRANSMITS];
	a->dad_ms = addr_now_ms(l) + (l->set->rng && delay ? rng_below(l->set->rng, delay) : 0) + 1;
	l->set->timed = true;
}

static void dad_step(struct link *l, struct link_addr *a)
{
	if (a->dad_probes <= 0) {
		dad_done(l, a);
		return;
	}
	a->dad_probes--;
	a->dad_ms += RETRANS_MS;
	addr_tell(l, ADDR_DAD_PROBE, a);
}

void link_addr_dad_failed(struct link *l, const union inet_addr *addr)
{
	struct link_addr *a;

	list_for_each(a, &l->addrs, node)
		if (a->family == AF_INET6 && (a->flags & IFA_F_TENTATIVE) && addr_eq(&a->addr, addr))
			break;
	if (&a->node == &l->addrs)
		return;
	if (!(a->flags & IFA_F_PERMANENT)) {
		addr_take_off(l, a);
		return;
	}
	a->dad_ms = 0;
	a->dad_done = true;
	a->flags = (a->flags & ~(uint32_t)IFA_F_OPTIMISTIC) | IFA_F_DADFAILED;
	addr_tell(l, ADDR_DAD_FAILED, a);
	/* two with one MAC address: the kernel gives up on the link when it was told to */
	if (link_conf6(l, LINK_CONF6_ACCEPT_DAD) > 1 && is_link_local(addr)) {
		union inet_addr own = link_addr_eui64(l->mac);

		if (addr_eq(&own, addr))
			link_conf6_set(l->set, l, false, LINK_CONF6_DISABLE_IPV6, 1);
	}
}

/* ---- what comes by itself ---- */

union inet_addr link_addr_eui64(const uint8_t mac[6])
{
	union inet_addr a = { .b = { 0xfe, 0x80 } };

	memcpy(a.b + 8, mac, 3);
	a.b[8] ^= 2;
	a.b[11] = 0xff;
	a.b[12] = 0xfe;
	memcpy(a.b + 13, mac + 3, 3);
	return a;
}

const struct link_addr *link_addr_link_local(const struct link *l)
{
	const struct link_addr *a;

	list_for_each(a, &l->addrs, node)
		if (a->family == AF_INET6 && is_link_local(&a->addr))
			return a;
	return NULL;
}

static bool has_loopback(const struct link *l)
{
	const struct link_addr *a;

	list_for_each(a, &l->addrs, node)
		if (a->family == AF_INET6 && addr_is_loopback(AF_INET6, &a->addr))
			return true;
	return false;
}

void addr6_add_link_local(struct link *l)
{
	struct link_addr a = { .family = AF_INET6, .plen = 64, .proto = PROTO_KERNEL_LL };
	int mode = l->conf6[LINK_CONF6_ADDR_GEN_MODE];

	if (mode == LINK_GEN_NONE || link_addr_link_local(l))
		return;
	a.addr = link_addr_eui64(l->mac);
	if (mode != LINK_GEN_EUI64 && l->set->rng) {
		rng_fill(l->set->rng, a.addr.b + 8, 8);
		a.flags |= IFA_F_STABLE_PRIVACY;
	}
	if (link_conf6(l, LINK_CONF6_OPTIMISTIC_DAD) && !l->set->conf6_all[LINK_CONF6_FORWARDING])
		a.flags |= IFA_F_OPTIMISTIC;
	a.peer = a.addr;
	link_addr_add(l, &a);
}

static void add_loopback(struct link *l)
{
	struct link_addr a = { .family = AF_INET6, .plen = 128, .proto = PROTO_KERNEL_LO };

	a.addr.b[15] = 1;
	a.peer = a.addr;
	if (!has_loopback(l))
		link_addr_add(l, &a);
}

void addr6_up(struct link *l)
{
	struct link_addr *a, *tmp;

	if (l->ip6_ready || !link_running(l) || !link_ip6_on(l) || l->arphrd == ARPHRD_NONE)
		return;
	l->ip6_ready = true;
	addr_tell(l, LINK_IP6_READY, NULL);
	if (l->arphrd == ARPHRD_LOOPBACK)
		add_loopback(l);
	else
		addr6_add_link_local(l);
	list_for_each_safe(a, tmp, &l->addrs, node)
		if (a->family == AF_INET6 && !a->dad_done && !a->dad_ms)
			addr6_dad_start(l, a);
}

static void gone(struct link *l)
{
	if (l->ip6_ready)
		addr_tell(l, LINK_IP6_GONE, NULL);
	l->ip6_ready = false;
}

static void keep(struct link *l, struct link_addr *a)
{
	if (!(a->flags & IFA_F_NODAD))
		a->flags |= IFA_F_TENTATIVE;
	a->flags &= ~(uint32_t)IFA_F_DADFAILED;
	a->dad_ms = 0;
	a->dad_done = false;
}

void addr6_down(struct link *l)
{
	bool may_keep = link_conf6(l, LINK_CONF6_KEEP_ADDR_ON_DOWN) > 0 && link_ip6_on(l);
	struct link_addr *a, *tmp;

	list_for_each_safe(a, tmp, &l->addrs, node) {
		if (a->family != AF_INET6)
			continue;
		if (may_keep && (a->flags & IFA_F_PERMANENT) && !is_link_local(&a->addr))
			keep(l, a);
		else
			addr_take_off(l, a);
	}
	gone(l);
}

void addr6_off(struct link *l)
{
	link_addr_flush(l, AF_INET6);
	gone(l);
}

void link_addr_mtu(struct link *l)
{
	if (l->mtu >= 1280)
		l->conf6[LINK_CONF6_MTU] = (int)l->mtu;
	if (!link_ip6_on(l))
		addr6_off(l);
	else if (l->flags & IFF_UP)
		addr6_up(l);
}

/* ---- time ---- */

uint64_t link_addr_next_ms(const struct link_set *s)
{
	uint64_t next = UINT64_MAX;
	const struct link *l;
	const struct link_addr *a;

	if (!s->timed)
		return next;
	list_for_each(l, &s->links, node)
		list_for_each(a, &l->addrs, node) {
			if (a->valid_ms)
				next = MIN(next, a->valid_ms);
			if (a->dad_ms)
				next = MIN(next, a->dad_ms);
		}
	return next;
}

/* one thing that is due; the lists may be others after it */
static bool one_timer(struct link_set *s, uint64_t now)
{
	struct link *l;
	struct link_addr *a;

	list_for_each(l, &s->links, node)
		list_for_each(a, &l->addrs, node) {
			if (a->valid_ms && a->valid_ms <= now) {
				union inet_addr addr = a->addr;

				link_addr_del(l, a->family, &addr, a->plen);
				return true;
			}
			if (a->dad_ms && a->dad_ms <= now) {
				dad_step(l, a);
				return true;
			}
		}
	return false;
}

void link_addr_settle(struct link_set *s)
{
	struct link *l;
	struct link_addr *a;

	list_for_each(l, &s->links, node)
		list_for_each(a, &l->addrs, node)
			if (a->dad_ms)
				dad_done(l, a);
}

void link_addr_timers(struct link_set *s, uint64_t now)
{
	if (link_addr_next_ms(s) <= now)
		while (one_timer(s, now))
			;
}
