/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/neigh.c - neighbours: who has which link-layer address, and for how long that is believed.
 *
 * On the packet's way it stands between routing and the device: neigh_resolve() gives the address, or keeps the
 * packet until there is one. ARP itself (what a request looks like, who answers) is path's, through struct
 * neigh_ops.
 *
 *     NONE -> INCOMPLETE -(answer)-> REACHABLE -(time)-> STALE -(used)-> DELAY -(5 s)-> PROBE -(3 probes)-> FAILED
 *
 * INCOMPLETE asks three times, a second apart, by broadcast; PROBE three times the known address. A STALE
 * neighbour is used at once and only asked again when nothing confirmed it within the delay.
 *
 * Invariants
 *  1. A neighbour has a timer exactly in INCOMPLETE, REACHABLE, DELAY and PROBE.
 *  2. Packets wait only in INCOMPLETE.
 *  3. PERMANENT and NOARP are left only by neigh_set() and by the link going down.
 *
 * Neighbours of links without ARP, and groups, are computed (NOARP). Entries below gc_thresh1 (128) are never
 * collected, as in Linux.
 *
 * Difference: above NEIGH_MAX the oldest that is not in use makes room; gc_thresh1 and 2 do nothing.
 *
 * References: RFC 4861 sections 7.3.2 and 7.3.3; RFC 826; arp(7).
 */
#include <errno.h>
#include <string.h>

#include <linux/if_arp.h>

#include "base/mem.h"
#include "route/neigh.h"

#define NUD_IN_TIMER  (NUD_INCOMPLETE | NUD_REACHABLE | NUD_DELAY | NUD_PROBE)
#define NUD_CONNECTED (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE)
#define NUD_VALID     (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY)

#define RANDOM_EVERY_MS 300000

void neigh_init(struct neigh_table *t, const struct clock *clock, struct rng *rng, const struct hash_key *key,
		const struct neigh_ops *ops, void *ctx)
{
	memset(t, 0, sizeof(*t));
	t->clock = clock;
	t->rng = rng;
	t->key = *key;
	t->ops = ops;
	t->ctx = ctx;
	for (size_t i = 0; i < ARRAY_LEN(t->hash); i++)
		list_init(&t->hash[i]);
	list_init(&t->all);
	list_init(&t->proxies);
	wheel_init(&t->wheel, clock_ms(clock));
	for (size_t i = 0; i < ARRAY_LEN(t->parms); i++)
		t->parms[i] = (struct neigh_parms){ .base_reachable_ms = 30000,
						    .retrans_ms = 1000,
						    .delay_first_probe_ms = 5000,
						    .gc_stale_ms = 60000,
						    .mcast_probes = 3,
						    .ucast_probes = 3,
						    .anycast_delay = 100,
						    .proxy_delay = 80,
						    .proxy_qlen = 64,
						    .locktime = i ? 0 : 100,
						    .unres_qlen = 101,
						    .unres_qlen_bytes = NEIGH_QUEUE_BYTES,
						    .interval_probe_ms = 5000 };
}

static uint64_t now_ms(const struct neigh_table *t)
{
	return clock_ms(t->clock);
}

/* between half and one and a half of the base, drawn anew every five minutes (RFC 4861 section 6.3.2) */
static uint64_t reachable_ms(struct neigh_table *t, uint8_t family)
{
	struct neigh_parms *c = neigh_parms(t, family);
	uint64_t now = now_ms(t);

	if (now >= c->next_random_ms || !c->reachable_ms) {
		c->reachable_ms = c->base_reachable_ms / 2 + rng_below(t->rng, MAX(c->base_reachable_ms, 1));
		c->next_random_ms = now + RANDOM_EVERY_MS;
	}
	return c->reachable_ms;
}

static struct list *bucket(struct neigh_table *t, int ifindex, uint8_t family, const union inet_addr *addr)
{
	struct {
		union inet_addr addr;
		uint32_t ifindex, family;
	} k = { *addr, (uint32_t)ifindex, family };

	return &t->hash[hash_bytes(&t->key, &k, sizeof(k)) % ARRAY_LEN(t->hash)];
}

struct neigh *neigh_find(struct neigh_table *t, int ifindex, uint8_t family, const union inet_addr *addr)
{
	struct neigh *n;

	list_for_each(n, bucket(t, ifindex, family, addr), node)
		if (n->ifindex == ifindex && n->family == family && addr_eq(&n->addr, addr))
			return n;
	return NULL;
}

static void queue_drop(struct neigh *n)
{
	while (n->queue) {
		struct pkt *p = n->queue;

		n->queue = p->next;
		pkt_free(p);
	}
	n->queue_tail = &n->queue;
	n->queued = n->queued_bytes = 0;
}

static void destroy(struct neigh_table *t, struct neigh *n)
{
	wheel_del(&t->wheel, &n->timer);
	queue_drop(n);
	list_del(&n->node);
	list_del(&n->all);
	t->count--;
	t->gen++;
	mem_free(n);
}

void neigh_free(struct neigh_table *t)
{
	while (!list_empty(&t->all))
		destroy(t, list_first(&t->all, struct neigh, all));
	while (!list_empty(&t->proxies)) {
		struct neigh_proxy *p = list_first(&t->proxies, struct neigh_proxy, node);

		list_del(&p->node);
		mem_free(p);
	}
}

/* the oldest that nobody waits for and no one fixed makes room */
static bool make_room(struct neigh_table *t)
{
	struct neigh *n;

	list_for_each(n, &t->all, all)
		if (n->state == NUD_NONE || (n->state & (NUD_FAILED | NUD_STALE | NUD_NOARP))) {
			destroy(t, n);
			return true;
		}
	t->refused++;
	return false;
}

static struct neigh *create(struct neigh_table *t, int ifindex, uint8_t family, const union inet_addr *addr)
{
	struct neigh *n;

	if (t->count >= NEIGH_MAX && !make_room(t))
		return NULL;
	n = mem_zalloc(sizeof(*n));
	if (!n)
		return NULL;
	n->family = family;
	n->addr = *addr;
	n->ifindex = ifindex;
	n->state = NUD_NONE;
	n->queue_tail = &n->queue;
	n->updated_ms = n->used_ms = n->confirmed_ms = now_ms(t);
	wheel_timer_init(&n->timer);
	list_add_head(bucket(t, ifindex, family, addr), &n->node);
	list_add_tail(&t->all, &n->all);
	t->count++;
	return n;
}

/* ---- the queue ---- */

/* what the kernel counts for a packet: buffer rounded to its allocator's sizes, and the packet's own record */
static unsigned true_size(const struct pkt *p)
{
	unsigned need = pkt_l3_len(p) + 16 + 320, size = 512;

	while (size < need)
		size *= 2;
	return size + 256;
}

static void enqueue(struct neigh_table *t, struct neigh *n, struct pkt *p)
{
	unsigned size = p ? true_size(p) : 0;

	if (!p)
		return;
	while (n->queue && n->queued_bytes + size > NEIGH_QUEUE_BYTES) {
		struct pkt *old = n->queue;

		n->queue = old->next;
		if (!n->queue)
			n->queue_tail = &n->queue;
		n->queued--;
		n->queued_bytes -= true_size(old);
		t->unresolved_drops++;
		old->next = NULL;
		if (t->ops->overflow)
			t->ops->overflow(t->ctx, n, old);
		else
			pkt_free(old);
	}
	p->next = NULL;
	*n->queue_tail = p;
	n->queue_tail = &p->next;
	n->queued++;
	n->queued_bytes += size;
}

static struct pkt *queue_take(struct neigh *n)
{
	struct pkt *all = n->queue;

	n->queue = NULL;
	n->queue_tail = &n->queue;
	n->queued = n->queued_bytes = 0;
	return all;
}

/* hand every waiting packet to @fn, which may come back here for the same neighbour: nothing of @n is used after */
static void queue_hand(struct neigh_table *t, struct neigh *n, void (*fn)(void *ctx, struct neigh *n, struct pkt *p))
{
	struct pkt *p = queue_take(n), *next;

	for (; p; p = next) {
		next = p->next;
		p->next = NULL;
		if (fn)
			fn(t->ctx, n, p);
		else
			pkt_free(p);
	}
}

/* ---- the state machine ---- */

static const struct pkt *last_waiting(const struct neigh *n)
{
	return n->queue ? (struct pkt *)((char *)n->queue_tail - offsetof(struct pkt, next)) : NULL;
}

static void probe(struct neigh_table *t, struct neigh *n)
{
	bool unicast = n->probes < neigh_parms(t, n->family)->ucast_probes && n->have_mac;

	n->probes++;
	if (t->ops && t->ops->solicit)
		t->ops->solicit(t->ctx, n, unicast ? n->mac : NULL, last_waiting(n));
}

static void set_state(struct neigh_table *t, struct neigh *n, uint16_t state)
{
	if (n->state != state) {
		n->state = state;
		t->gen++;
	}
}

static void fail(struct neigh_table *t, struct neigh *n)
{
	set_state(t, n, NUD_FAILED);
	n->updated_ms = now_ms(t);
	wheel_del(&t->wheel, &n->timer);
	queue_hand(t, n, t->ops ? t->ops->failed : NULL);
}

static void fire(void *ctx, struct wheel_timer *timer)
{
	struct neigh_table *t = ctx;
	struct neigh *n = container_of(timer, struct neigh, timer);
	uint64_t now = now_ms(t), next = now + neigh_parms(t, n->family)->retrans_ms;

	if (n->state == NUD_REACHABLE) {
		if (now < n->confirmed_ms + reachable_ms(t, n->family)) {
			next = n->confirmed_ms + reachable_ms(t, n->family);
		} else if (now <= n->used_ms + neigh_parms(t, n->family)->delay_first_probe_ms) {
			set_state(t, n, NUD_DELAY);
			n->updated_ms = now;
			next = now + neigh_parms(t, n->family)->delay_first_probe_ms;
		} else {
			set_state(t, n, NUD_STALE);
			n->updated_ms = now;
			return;
		}
	} else if (n->state == NUD_DELAY) {
		n->updated_ms = now;
		if (now <= n->confirmed_ms + neigh_parms(t, n->family)->delay_first_probe_ms) {
			set_state(t, n, NUD_REACHABLE);
			next = n->confirmed_ms + reachable_ms(t, n->family);
		} else {
			set_state(t, n, NUD_PROBE);
			n->probes = 0;
		}
	}
	if ((n->state & (NUD_INCOMPLETE | NUD_PROBE)) &&
	    n->probes >= neigh_parms(t, n->family)->ucast_probes + neigh_parms(t, n->family)->app_probes + (n->state == NUD_PROBE ? 0 : neigh_parms(t, n->family)->mcast_probes)) {
		fail(t, n);
		return;
	}
	wheel_add(&t->wheel, &n->timer, MAX(next, now + 1));
	if (n->state & (NUD_INCOMPLETE | NUD_PROBE))
		probe(t, n);
}

uint64_t neigh_next_ms(const struct neigh_table *t)
{
	return wheel_next(&t->wheel);
}

void neigh_advance(struct neigh_table *t, uint64_t now)
{
	wheel_advance(&t->wheel, now, fire, t);
}

/* ---- resolving ---- */

/* links and addresses that need no asking; true: *mac is it */
static bool without_arp(const struct link *l, uint8_t family, const union inet_addr *addr, uint8_t mac[6])
{
	if (l->arphrd == ARPHRD_NONE) {
		memset(mac, 0, 6);
		return true;
	}
	if (addr_is_multicast(family, addr)) {
		if (family == AF_INET) {
			memcpy(mac, "\x01\x00\x5e", 3);
			memcpy(mac + 3, addr->b + 1, 3);
			mac[3] &= 0x7f;
		} else {
			memcpy(mac, "\x33\x33", 2);
			memcpy(mac + 2, addr->b + 12, 4);
		}
		return true;
	}
	if (l->flags & (IFF_NOARP | IFF_LOOPBACK)) {
		memcpy(mac, l->mac, 6); /* as Linux: frames carry the sender's own address */
		return true;
	}
	if ((family == AF_INET && addr->ip4 == htonl(INADDR_BROADCAST)) || (l->flags & IFF_POINTOPOINT)) {
		memcpy(mac, l->brd_mac, 6);
		return true;
	}
	return false;
}

static void begin(struct neigh_table *t, struct neigh *n, struct pkt *p)
{
	set_state(t, n, NUD_INCOMPLETE);
	n->have_mac = false;
	n->probes = neigh_parms(t, n->family)->ucast_probes;
	n->updated_ms = now_ms(t);
	wheel_add(&t->wheel, &n->timer, now_ms(t) + neigh_parms(t, n->family)->retrans_ms);
	enqueue(t, n, p);
	probe(t, n);
}

/* what was computed becomes a neighbour like others, and one that a user gave counts for more */
static void take_computed(struct neigh_table *t, struct neigh *n, uint8_t mac[6])
{
	if (n->state & (NUD_PERMANENT | NUD_NOARP)) {
		memcpy(mac, n->mac, 6);
		return;
	}
	wheel_del(&t->wheel, &n->timer);
	queue_drop(n);
	set_state(t, n, NUD_NOARP);
	memcpy(n->mac, mac, 6);
	n->have_mac = true;
}

int neigh_resolve(struct neigh_table *t, struct link *l, uint8_t family, const union inet_addr *addr, struct pkt *p,
		  uint8_t mac[6])
{
	struct neigh *n = neigh_find(t, l->ifindex, family, addr);

	if (without_arp(l, family, addr, mac)) {
		if (!n)
			n = create(t, l->ifindex, family, addr);
		if (n)
			take_computed(t, n, mac);
		return 0;
	}
	if (!n)
		n = create(t, l->ifindex, family, addr);
	if (!n) {
		pkt_free(p);
		return -EINPROGRESS;
	}
	n->used_ms = now_ms(t);
	if (n->state & NUD_VALID) {
		if (n->state == NUD_STALE) {
			set_state(t, n, NUD_DELAY);
			n->updated_ms = now_ms(t);
			wheel_add(&t->wheel, &n->timer, now_ms(t) + neigh_parms(t, n->family)->delay_first_probe_ms);
		}
		memcpy(mac, n->mac, 6);
		return 0;
	}
	if (n->state == NUD_INCOMPLETE)
		enqueue(t, n, p);
	else
		begin(t, n, p);
	return -EINPROGRESS;
}

/* ---- learning ---- */

static int update(struct neigh_table *t, struct neigh *n, const uint8_t *mac, uint16_t state, bool override, bool admin)
{
	uint16_t old = n->state;
	bool other;

	if (!admin && (old & (NUD_NOARP | NUD_PERMANENT)))
		return -EPERM;
	if (!(state & NUD_VALID)) {
		wheel_del(&t->wheel, &n->timer);
		set_state(t, n, state);
		if ((old & (NUD_INCOMPLETE | NUD_PROBE)) && (state & NUD_FAILED))
			queue_hand(t, n, t->ops ? t->ops->failed : NULL);
		return 0;
	}
	if (!mac && !(old & NUD_VALID))
		return -EINVAL;
	other = mac && !((old & NUD_VALID) && n->have_mac && !memcmp(mac, n->mac, 6));
	if (state & NUD_CONNECTED)
		n->confirmed_ms = now_ms(t);
	if (old & NUD_VALID) {
		if (other && !override)
			return 0;
		if (!other && state == NUD_STALE && !admin)
			state = old;
	}
	if (state != old || other)
		n->updated_ms = now_ms(t);
	if (other) {
		memcpy(n->mac, mac, 6);
		n->have_mac = true;
		t->gen++;
		if (!(state & NUD_CONNECTED))
			n->confirmed_ms =
				now_ms(t) > 2 * neigh_parms(t, n->family)->base_reachable_ms ? now_ms(t) - 2 * neigh_parms(t, n->family)->base_reachable_ms : 0;
	}
	if (state == old)
		return 0;
	wheel_del(&t->wheel, &n->timer);
	if (state & NUD_PROBE)
		n->probes = 0;
	if (state & NUD_IN_TIMER)
		wheel_add(&t->wheel, &n->timer, now_ms(t) + (state & NUD_REACHABLE ? reachable_ms(t, n->family) : 0));
	set_state(t, n, state);
	if (!(old & NUD_VALID))
		queue_hand(t, n, t->ops ? t->ops->release : NULL);
	return 0;
}

int neigh_update(struct neigh_table *t, struct link *l, uint8_t family, const union inet_addr *addr, const uint8_t *mac,
		 uint16_t state, bool override, bool may_create)
{
	struct neigh *n = neigh_find(t, l->ifindex, family, addr);

	if (!n && !may_create)
		return -ENOENT;
	if (!n)
		n = create(t, l->ifindex, family, addr);
	return n ? update(t, n, mac, state, override, false) : -ENOBUFS;
}

int neigh_set(struct neigh_table *t, struct link *l, uint8_t family, const union inet_addr *addr, const uint8_t *mac,
	      uint16_t state, uint8_t flags)
{
	struct neigh *n = neigh_find(t, l->ifindex, family, addr);
	if (!n)
		n = create(t, l->ifindex, family, addr);
	if (!n)
		return -ENOBUFS;
	n->flags = flags;
	return update(t, n, mac, state, true, true); /* one that fails leaves a neighbour in NUD_NONE, as in Linux */
}

void neigh_confirm(struct neigh_table *t, int ifindex, uint8_t family, const union inet_addr *addr)
{
	struct neigh *n = neigh_find(t, ifindex, family, addr);

	if (n)
		n->confirmed_ms = now_ms(t);
}

int neigh_delete(struct neigh_table *t, struct neigh *n)
{
	destroy(t, n);
	return 0;
}

void neigh_flush_link(struct neigh_table *t, int ifindex, bool keep_permanent)
{
	struct neigh *n, *tmp;

	list_for_each_safe(n, tmp, &t->all, all)
		if (n->ifindex == ifindex && !(keep_permanent && (n->state & NUD_PERMANENT)))
			destroy(t, n);
}

/* ---- addresses answered for ---- */

static struct neigh_proxy *proxy_find(const struct neigh_table *t, int ifindex, uint8_t family,
				      const union inet_addr *addr)
{
	struct neigh_proxy *p;

	list_for_each(p, &t->proxies, node)
		if (p->ifindex == ifindex && p->family == family && addr_eq(&p->addr, addr))
			return p;
	return NULL;
}

bool neigh_proxied(const struct neigh_table *t, int ifindex, uint8_t family, const union inet_addr *addr)
{
	return proxy_find(t, ifindex, family, addr) != NULL;
}

int neigh_proxy_add(struct neigh_table *t, int ifindex, uint8_t family, const union inet_addr *addr)
{
	struct neigh_proxy *p;

	if (proxy_find(t, ifindex, family, addr))
		return 0;
	if (t->n_proxies >= NEIGH_MAX)
		return -ENOBUFS;
	p = mem_zalloc(sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->family = family;
	p->addr = *addr;
	p->ifindex = ifindex;
	list_add_tail(&t->proxies, &p->node);
	t->n_proxies++;
	return 0;
}

int neigh_proxy_del(struct neigh_table *t, int ifindex, uint8_t family, const union inet_addr *addr)
{
	struct neigh_proxy *p = proxy_find(t, ifindex, family, addr);

	if (!p)
		return -ENOENT;
	list_del(&p->node);
	t->n_proxies--;
	mem_free(p);
	return 0;
}
