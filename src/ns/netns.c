/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ns/netns.c - network namespaces, the world they live in, and links that join or change them.
 *
 * A namespace owns one of everything: links, routes, neighbours, fragments, rules, connections, settings. What
 * happens to a link is told here, in the order in which each must know: routes, neighbours, connections, the path.
 *
 * Namespaces know each other by small numbers (nsids), given when first needed, as `ip link` shows them.
 *
 * Invariants
 *  1. lo is link 1 and lives as long as its namespace.
 *  2. Both ends of a veth exist or neither.
 *  3. No namespace holds an nsid of one that is gone.
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "ct/nat.h"
#include "ns/netns.h"
#include "route/bridge.h"

#define PACKETS_MAX  (1u << 18) /* alive in one world */
#define NETNS_ID_MAX 4096

int world_init(struct world *w, uint64_t seed, const struct world_ops *ops, void *ctx,
	       const struct world_engine *engine)
{
	memset(w, 0, sizeof(*w));
	w->engine = engine;
	w->ops = ops;
	w->ctx = ctx;
	rng_seed(&w->rng, seed);
	pkt_pool_init(&w->pool, PACKETS_MAX);
	list_init(&w->namespaces);
	return 0;
}

void world_free(struct world *w)
{
	while (!list_empty(&w->namespaces))
		netns_free(list_first(&w->namespaces, struct netns, node));
	pkt_pool_destroy(&w->pool);
}

struct hash_key netns_key(struct world *w)
{
	return (struct hash_key){ { rng_u64(&w->rng), rng_u64(&w->rng) } };
}

/* ---- what others tell the world through a namespace ---- */

static void ct_event(void *ctx, enum ct_event ev, const struct conn *c)
{
	struct netns *ns = ctx;

	if (ns->world->ops && ns->world->ops->ct_event)
		ns->world->ops->ct_event(ns->world, ns, ev, c);
}

static void ct_log(void *ctx, const char *line)
{
	struct netns *ns = ctx;

	if (ns->world->ops && ns->world->ops->log)
		ns->world->ops->log(ns->world, ns, 4 /* warning */, line);
}

static void ct_invalid(void *ctx, const struct pkt *p, enum nf_inet_hooks hook, const char *why)
{
	struct netns *ns = ctx;

	if (ns->world->engine && ns->world->engine->ct_invalid)
		ns->world->engine->ct_invalid(ns, p, hook, why);
}

static bool port_used(void *ctx, uint8_t proto, const union inet_addr *addr, be16 port)
{
	struct netns *ns = ctx;

	return ns->sock && ns->sock->port_used && ns->sock->port_used(ns, proto, addr, port);
}

static void link_event(void *ctx, struct link *l, unsigned what, const struct link_addr *a)
{
	struct netns *ns = ctx;
	const struct world_engine *e = ns->world->engine;

	if (what == LINK_ADDED)
		l->ns = ns;
	fib_link_event(&ns->fib, l, what, a);
	if (what == LINK_DOWN || what == LINK_REMOVED || what == LINK_MAC)
		neigh_flush_link(&ns->neigh, l->ifindex, false);
	else if (what == LINK_CHANGED && !l->carrier)
		neigh_flush_link(&ns->neigh, l->ifindex, true);
	if (ns->ct && a && what == ADDR_REMOVED)
		nat_forget_addr(ns->ct, l->ifindex, a->family, &a->addr);
	else if (ns->ct && (what == LINK_DOWN || what == LINK_REMOVED))
		nat_forget_addr(ns->ct, l->ifindex, 0, NULL);
	if (ns->live && e && e->link_event)
		e->link_event(ns, l, what, a);
}

static bool gateway_silent(void *ctx, int ifindex, const union inet_addr *gw)
{
	const struct neigh *n = neigh_find(&((struct netns *)ctx)->neigh, ifindex, AF_INET6, gw);

	return n && (n->state & NUD_FAILED);
}

/* ---- a namespace ---- */

static int init_parts(struct netns *ns)
{
	struct world *w = ns->world;
	struct hash_key key = netns_key(w);
	struct ct_env env = { .clock = &w->clock,
			      .rng = &w->rng,
			      .key = netns_key(w),
			      .slice = { 0, 1 },
			      .event = ct_event,
			      .log = ct_log,
			      .invalid = ct_invalid,
			      .port_used = port_used,
			      .ctx = ns };
	int err;

	link_set_init(&ns->links);
	ns->links.clock = &w->clock;
	ns->links.rng = &w->rng;
	ns->links.notify = link_event;
	ns->links.ctx = ns;
	neigh_init(&ns->neigh, &w->clock, &w->rng, &key, w->engine ? w->engine->neigh : NULL, ns);
	key = netns_key(w);
	frag_init(&ns->frags, &key);
	ruleset_init(&ns->rules);
	ns->rules.clock = &w->clock;
	ns->rules.rng = &w->rng;
	ct_conf_init(&ns->ct_conf);
	ns_sysctl_init(ns);
	err = fib_init(&ns->fib, &ns->links);
	ns->fib.gateway_silent = gateway_silent;
	ns->fib.ctx = ns;
	if (err)
		return err;
	ns->ct = ct_new(&env, &ns->ct_conf);
	return ns->ct ? link_add(&ns->links, LINK_LOOPBACK, "lo", 0, &ns->lo) : -ENOMEM;
}

struct netns *netns_new(struct world *w, const char *name)
{
	struct netns *ns = mem_zalloc(sizeof(*ns));

	if (!ns)
		return NULL;
	ns->world = w;
	ns->name = mem_strdup(name);
	if (!ns->name) {
		mem_free(ns);
		return NULL;
	}
	ns->ip_id = rng_u64(&w->rng);
	list_add_tail(&w->namespaces, &ns->node);
	if (init_parts(ns) || (w->engine && w->engine->ns_init && w->engine->ns_init(ns))) {
		netns_free(ns);
		return NULL;
	}
	ns->live = true;
	return ns;
}

static void forget_id(struct netns *ns)
{
	struct netns *o;

	list_for_each(o, &ns->world->namespaces, node)
		for (unsigned i = 0; i < o->n_ids; i++)
			if (o->ids[i] == ns)
				o->ids[i] = NULL;
}

void netns_free(struct netns *ns)
{
	struct link *l, *tmp;

	list_for_each_safe(l, tmp, &ns->links.links, node)
		if (l->bridge)
			bridge_release_ports(l->bridge);
	for (bool again = true; again;) {
		again = false;
		list_for_each(l, &ns->links.links, node)
			if (l != ns->lo) {
				netns_link_del(l);
				again = true;
				break;
			}
	}
	if (ns->live && ns->world->engine && ns->world->engine->ns_free)
		ns->world->engine->ns_free(ns);
	ns->live = false;
	link_set_free(&ns->links);
	neigh_free(&ns->neigh);
	fib_free(&ns->fib);
	frag_free(&ns->frags);
	ruleset_free(&ns->rules);
	if (ns->ct)
		ct_free(ns->ct);
	forget_id(ns);
	list_del(&ns->node);
	mem_free(ns->ids);
	mem_free(ns->name);
	mem_free(ns);
}

struct netns *netns_find(const struct world *w, const char *name)
{
	struct netns *ns;

	list_for_each(ns, &w->namespaces, node)
		if (!strcmp(ns->name, name))
			return ns;
	return NULL;
}

int netns_id(struct netns *ns, const struct netns *other, bool make)
{
	struct netns **grown;
	unsigned i, free_at = ns->n_ids;

	for (i = ns->n_ids; i-- > 0;) {
		if (ns->ids[i] == other)
			return (int)i;
		if (!ns->ids[i])
			free_at = i;
	}
	if (!make || free_at >= NETNS_ID_MAX)
		return -1;
	if (free_at == ns->n_ids) {
		grown = mem_realloc(ns->ids, (ns->n_ids + 1) * sizeof(*grown));
		if (!grown)
			return -1;
		ns->ids = grown;
		ns->n_ids++;
	}
	ns->ids[free_at] = (struct netns *)other;
	return (int)free_at;
}

/* ---- links between namespaces ---- */

void netns_random_mac(struct world *w, uint8_t mac[6])
{
	rng_fill(&w->rng, mac, 6);
	mac[0] = (uint8_t)((mac[0] & 0xfe) | 0x02);
}

static void note_peers(struct netns *a, struct netns *b)
{
	if (a == b)
		return;
	netns_id(a, b, true);
	netns_id(b, a, true);
}

int netns_veth(struct netns *a, const char *name_a, struct netns *b, const char *name_b, struct link **la,
	       struct link **lb)
{
	struct link *l, *peer;
	int err =
		link_add(&b->links, LINK_VETH, name_b, 0, &peer); /* the peer comes first, and so has the lower index */

	if (err)
		return err;
	netns_random_mac(b->world, peer->mac);
	err = link_add(&a->links, LINK_VETH, name_a, 0, &l);
	if (err) {
		link_remove(peer);
		return err;
	}
	netns_random_mac(a->world, l->mac);
	l->peer = peer;
	peer->peer = l;
	note_peers(a, b);
	if (la)
		*la = l;
	if (lb)
		*lb = peer;
	return 0;
}

int netns_link_new(struct netns *ns, enum link_kind kind, const char *name, struct link **out)
{
	struct hash_key key = netns_key(ns->world);
	struct link *l;
	int err = link_add(&ns->links, kind, name, 0, &l);

	if (err)
		return err;
	netns_random_mac(ns->world, l->mac);
	if (kind == LINK_BRIDGE && (err = bridge_new(l, &key)) != 0) {
		link_remove(l);
		return err;
	}
	if (out)
		*out = l;
	return 0;
}

int netns_link_del(struct link *l)
{
	struct link *peer = l->kind == LINK_VETH ? l->peer : NULL;

	if (l->kind == LINK_LOOPBACK)
		return -EOPNOTSUPP;
	if (peer) {
		link_set_flags(peer, 0, IFF_UP);
		link_set_flags(l, 0, IFF_UP);
		l->peer = peer->peer = NULL;
		link_remove(peer);
	}
	link_remove(l);
	return 0;
}

int netns_link_move(struct link *l, struct netns *to, const char *new_name)
{
	struct netns *from = l->ns;
	const char *name = new_name ? new_name : l->name;
	char keep[IFNAMSIZ];
	int err;

	if (l->kind == LINK_LOOPBACK || l->kind == LINK_BRIDGE) {
		l->set->why = "The interface netns is immutable";
		return -EINVAL;
	}
	if (from == to)
		return new_name ? link_rename(l, new_name) : 0;
	if (link_by_name(&to->links, name))
		return -EEXIST;
	memcpy(keep, l->name, sizeof(keep));
	netns_id(from, to, true);
	link_detach(l);
	err = link_attach(&to->links, l, name);
	if (err) { /* only without memory: back where it came from, whose tables have the room */
		link_attach(&from->links, l, keep);
		return err;
	}
	if (l->peer)
		note_peers(to, l->peer->ns);
	return 0;
}

/* ---- time ---- */

static uint64_t netns_next_ms(const struct netns *ns)
{
	const struct world_engine *e = ns->world->engine;
	uint64_t next = MIN(neigh_next_ms(&ns->neigh), ct_next_ms(ns->ct));

	next = MIN(next, MIN(frag_next(&ns->frags), MIN(link_addr_next_ms(&ns->links), fib_next_ms(&ns->fib))));
	return e && e->next_ms ? MIN(next, e->next_ms(ns)) : next;
}

uint64_t world_next_ns(const struct world *w)
{
	uint64_t next = UINT64_MAX;
	const struct netns *ns;

	list_for_each(ns, &w->namespaces, node)
		next = MIN(next, netns_next_ms(ns));
	return next > UINT64_MAX / NSEC_PER_MSEC ? UINT64_MAX : next * NSEC_PER_MSEC;
}

void world_timers(struct world *w)
{
	uint64_t now = clock_ms(&w->clock);
	struct netns *ns;

	list_for_each(ns, &w->namespaces, node) {
		neigh_advance(&ns->neigh, now);
		ct_expire(ns->ct, now);
		frag_expire(&ns->frags, now);
		link_addr_timers(&ns->links, now);
		fib_timers(&ns->fib, now);
		if (w->engine && w->engine->timers)
			w->engine->timers(ns);
	}
}
