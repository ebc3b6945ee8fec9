/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/bridge.c - a bridge's ports and forwarding table.
 *
 * A learned address ages; the addresses of the bridge and of its ports are entries that do not, so that one
 * lookup tells a frame for this host from one to forward. The bridge takes the lowest address of its ports and
 * their smallest MTU until the user gives it its own, as Linux does.
 *
 * Invariants
 *  1. An address has at most one entry.
 *  2. An entry's link is the bridge or one of its ports.
 *
 * Differences: no spanning tree, no VLAN filtering, no multicast snooping (multicast is flooded).
 */
#include <errno.h>
#include <string.h>

#include "route/bridge.h"

#define AGEING_MS 300000

static uint64_t now_of(const struct bridge *b)
{
	return b->link->set && b->link->set->clock ? clock_ms(b->link->set->clock) : 0;
}

int bridge_new(struct link *l, const struct hash_key *key)
{
	struct bridge *b = mem_zalloc(sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->link = l;
	b->key = *key;
	b->ageing_ms = AGEING_MS;
	list_init(&b->ports);
	list_init(&b->all);
	for (size_t i = 0; i < BRIDGE_FDB_BUCKETS; i++)
		list_init(&b->hash[i]);
	mem_pool_init(&b->pool, sizeof(struct bridge_fdb), BRIDGE_FDB_MAX);
	l->bridge = b;
	return bridge_fdb_set(b, l, l->mac, BRIDGE_FDB_LOCAL | BRIDGE_FDB_STATIC, now_of(b));
}

void bridge_free(struct bridge *b)
{
	if (!b)
		return;
	mem_pool_destroy(&b->pool);
	mem_free(b);
}

static const struct list *bucket(const struct bridge *b, const uint8_t mac[6])
{
	return &b->hash[hash_bytes(&b->key, mac, 6) % BRIDGE_FDB_BUCKETS];
}

static struct bridge_fdb *fdb_find(const struct bridge *b, const uint8_t mac[6])
{
	struct bridge_fdb *f;

	list_for_each(f, bucket(b, mac), node)
		if (!memcmp(f->mac, mac, 6))
			return f;
	return NULL;
}

static struct bridge_fdb *fdb_new(struct bridge *b, struct link *l, const uint8_t mac[6], uint8_t flags,
				  uint64_t now_ms)
{
	struct bridge_fdb *f = mem_pool_get(&b->pool);

	if (!f)
		return NULL;
	memcpy(f->mac, mac, 6);
	f->flags = flags;
	f->link = l;
	f->updated_ms = now_ms;
	list_add_head((struct list *)bucket(b, mac), &f->node);
	list_add_tail(&b->all, &f->all);
	b->gen++;
	return f;
}

static void fdb_free(struct bridge *b, struct bridge_fdb *f)
{
	list_del(&f->node);
	list_del(&f->all);
	mem_pool_put(&b->pool, f);
	b->gen++;
}

int bridge_fdb_set(struct bridge *b, struct link *l, const uint8_t mac[6], uint8_t flags, uint64_t now_ms)
{
	struct bridge_fdb *f = fdb_find(b, mac);

	if (!f)
		return fdb_new(b, l, mac, flags, now_ms) ? 0 : -ENOSPC;
	f->link = l;
	f->flags = flags;
	f->updated_ms = now_ms;
	b->gen++;
	return 0;
}

int bridge_fdb_del(struct bridge *b, const uint8_t mac[6])
{
	struct bridge_fdb *f = fdb_find(b, mac);

	if (!f)
		return -ENOENT;
	fdb_free(b, f);
	return 0;
}

void bridge_learn(struct bridge *b, struct link *port, const uint8_t mac[6], uint64_t now_ms)
{
	struct bridge_fdb *f = fdb_find(b, mac);

	if (mac[0] & 1)
		return;
	if (!f) {
		fdb_new(b, port, mac, 0, now_ms); /* a full table floods: the pool counts it */
		return;
	}
	if (f->flags & BRIDGE_FDB_LOCAL)
		return;
	if (f->link != port && !(f->flags & BRIDGE_FDB_STATIC)) {
		f->link = port;
		b->gen++;
	}
	f->updated_ms = now_ms;
}

static bool aged(const struct bridge *b, const struct bridge_fdb *f, uint64_t now_ms)
{
	return !(f->flags & BRIDGE_FDB_STATIC) && f->updated_ms + b->ageing_ms <= now_ms;
}

struct link *bridge_lookup(const struct bridge *b, const uint8_t mac[6], uint64_t now_ms)
{
	const struct bridge_fdb *f = fdb_find(b, mac);

	if (!f || aged(b, f, now_ms))
		return NULL;
	return f->flags & BRIDGE_FDB_LOCAL ? b->link : f->link;
}

void bridge_age(struct bridge *b, uint64_t now_ms)
{
	struct bridge_fdb *f, *tmp;

	list_for_each_safe(f, tmp, &b->all, all)
		if (aged(b, f, now_ms))
			fdb_free(b, f);
}

/*
 * a bridge has carrier while one of its ports forwards; asked only when a port or the bridge id changes, so
 * that one without ports keeps it
 */
static void select_carrier(struct bridge *b)
{
	struct bridge_port *p;
	bool live = false;

	list_for_each(p, &b->ports, node)
		live |= p->forwarding;
	link_set_carrier(b->link, live);
}

/* the bridge id follows the lowest address of the ports, or the bridge's own where it was given; true: it changed */
static bool inherit_id(struct bridge *b)
{
	static const uint8_t none[6];
	const uint8_t *low = NULL;
	struct bridge_port *p;

	list_for_each(p, &b->ports, node)
		if (!low || memcmp(p->link->mac, low, 6) < 0)
			low = p->link->mac;
	if (b->link->mac_set)
		low = b->link->mac;
	if (!low)
		low = none;
	if (!memcmp(b->id_mac, low, 6))
		return false;
	memcpy(b->id_mac, low, 6);
	memcpy(b->link->mac, low, 6);
	return true;
}

static void inherit_mtu(struct bridge *b)
{
	uint32_t mtu = 0;
	struct bridge_port *p;

	if (b->link->mtu_set)
		return;
	list_for_each(p, &b->ports, node)
		mtu = !mtu ? p->link->mtu : MIN(mtu, p->link->mtu);
	b->link->mtu = mtu ? mtu : 1500;
}

/* the entries of the bridge's own address and its ports' */
static void own_entries(struct bridge *b)
{
	struct bridge_port *p;
	struct bridge_fdb *f, *tmp;

	list_for_each_safe(f, tmp, &b->all, all)
		if (f->flags & BRIDGE_FDB_LOCAL && !(f->flags & BRIDGE_FDB_USER))
			fdb_free(b, f);
	bridge_fdb_set(b, b->link, b->link->mac, BRIDGE_FDB_LOCAL | BRIDGE_FDB_STATIC, now_of(b));
	list_for_each(p, &b->ports, node)
		bridge_fdb_set(b, p->link, p->link->mac, BRIDGE_FDB_LOCAL | BRIDGE_FDB_STATIC, now_of(b));
}

static void inherit(struct bridge *b)
{
	bool id = inherit_id(b);

	inherit_mtu(b);
	own_entries(b);
	if (id)
		select_carrier(b);
}

/* what was learned on a port that no longer forwards is forgotten */
static void forget_port(struct bridge *b, const struct link *l, bool all)
{
	struct bridge_fdb *f, *tmp;

	list_for_each_safe(f, tmp, &b->all, all)
		if (f->link == l && (all || !(f->flags & BRIDGE_FDB_STATIC)))
			fdb_free(b, f);
}

void bridge_changed(struct bridge *b)
{
	struct bridge_port *p;
	bool up = b->link->flags & IFF_UP, moved = false;

	inherit(b);
	list_for_each(p, &b->ports, node) {
		bool was = p->forwarding;

		p->forwarding = up && link_running(p->link);
		moved |= p->forwarding != was;
	}
	if (moved)
		select_carrier(b);
	b->gen++;
}

void bridge_port_changed(struct bridge_port *p)
{
	if (!link_running(p->link))
		forget_port(p->bridge, p->link, false);
	bridge_changed(p->bridge);
}

int bridge_port_add(struct link *br, struct link *port)
{
	struct bridge *b = br->bridge;
	struct bridge_port *p, *other;

	br->set->why = NULL;
	if (port->bridge) {
		br->set->why = "Can not enslave a bridge to a bridge";
		return -ELOOP;
	}
	if (port->kind == LINK_LOOPBACK)
		return -EINVAL;
	if (port->master)
		return -EBUSY;
	if (b->n_ports >= BRIDGE_PORTS_MAX)
		return -EXFULL;
	p = mem_zalloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->bridge = b;
	p->link = port;
	p->since_ms = now_of(b);
	p->number = 1;
	for (bool taken = true; taken; p->number += taken) {
		taken = false;
		list_for_each(other, &b->ports, node)
			taken |= other->number == p->number;
	}
	list_add_head(&b->ports, &p->node);
	b->n_ports++;
	port->master = br;
	port->port = p;
	bridge_changed(b);
	link_changed(port);
	link_changed(br);
	return 0;
}

void bridge_port_del(struct link *port)
{
	struct bridge_port *p = port->port;
	struct bridge *b = p->bridge;

	forget_port(b, port, true);
	list_del(&p->node);
	b->n_ports--;
	port->master = NULL;
	port->port = NULL;
	mem_free(p);
	select_carrier(b);
	bridge_changed(b);
	link_changed(port);
	link_changed(b->link);
}

void bridge_release_ports(struct bridge *b)
{
	while (!list_empty(&b->ports))
		bridge_port_del(list_first(&b->ports, struct bridge_port, node)->link);
}
