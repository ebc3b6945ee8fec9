/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/neigh.h - neighbours: the state machine of RFC 4861 section 7.3 as Linux runs it for ARP and IPv6.
 */
#ifndef ROUTE_NEIGH_H
#define ROUTE_NEIGH_H

#include <linux/neighbour.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/rng.h"
#include "base/wheel.h"
#include "net/pkt.h"
#include "route/link.h"

/* of packets that wait for one neighbour, counted as the kernel counts (unres_qlen_bytes) */
#define NEIGH_QUEUE_BYTES 212992
#define NEIGH_MAX 1024			/* gc_thresh3 */

struct neigh {
	struct list node;		/* hash chain */
	struct list all;		/* in order of creation */
	uint8_t family;
	union inet_addr addr;
	int ifindex;
	uint16_t state;			/* NUD_* */
	uint8_t flags;			/* NTF_ROUTER, NTF_PROXY */
	bool have_mac;
	uint8_t mac[6];
	uint8_t probes;
	uint64_t confirmed_ms, used_ms, updated_ms;
	struct wheel_timer timer;
	struct pkt *queue, **queue_tail;
	unsigned queued, queued_bytes;
};

struct neigh_proxy {			/* an address that this host answers for on a link */
	struct list node;
	uint8_t family;
	union inet_addr addr;
	int ifindex;
};

struct neigh_ops {
	/*
	 * send a request: @mac NULL is a broadcast, else a unicast probe; @cause the packet that waits, for its
	 * source address
	 */
	void (*solicit)(void *ctx, struct neigh *n, const uint8_t *mac, const struct pkt *cause);
	/* resolved: send this packet now; failed: report it unreachable. The packet's owner is the callee. */
	void (*release)(void *ctx, struct neigh *n, struct pkt *p);
	void (*failed)(void *ctx, struct neigh *n, struct pkt *p);
	/* too many wait: the oldest goes. NULL: it is freed */
	void (*overflow)(void *ctx, struct neigh *n, struct pkt *p);
};

/* settings of one family; times in ms */
struct neigh_parms {
	uint32_t base_reachable_ms, retrans_ms, delay_first_probe_ms, gc_stale_ms;
	unsigned mcast_probes, ucast_probes, app_probes, mcast_reprobes;
	uint32_t anycast_delay, proxy_delay, proxy_qlen, locktime;	/* in ticks of 10 ms, as sysctl has them */
	uint32_t unres_qlen, unres_qlen_bytes, interval_probe_ms;
	uint64_t reachable_ms;		/* randomised base_reachable_ms */
	uint64_t next_random_ms;	/* when it is drawn again */
};

struct neigh_table {
	const struct clock *clock;
	struct rng *rng;
	struct hash_key key;
	const struct neigh_ops *ops;
	void *ctx;
	struct list hash[256], all;
	struct list proxies;		/* of struct neigh_proxy, newest last */
	unsigned n_proxies;
	unsigned count;
	/* no room for another neighbour; waiting packets that made room for later ones */
	uint64_t refused, unresolved_drops;
	uint32_t gen;			/* moves when an address or its validity changes */
	struct wheel wheel;
	struct neigh_parms parms[2];	/* [0] IPv4, [1] IPv6 */
};

static inline struct neigh_parms *neigh_parms(struct neigh_table *t, uint8_t family)
{
	return &t->parms[family != AF_INET];
}

void neigh_init(struct neigh_table *t, const struct clock *clock, struct rng *rng, const struct hash_key *key,
		const struct neigh_ops *ops, void *ctx);
void neigh_free(struct neigh_table *t);
struct neigh *neigh_find(struct neigh_table *t, int ifindex, uint8_t family, const union inet_addr *addr);
/**
 * neigh_resolve() - the link-layer address to send @p to; @p NULL: only ask for it
 * Return: 0 and mac filled in; -EINPROGRESS: the packet waits (or was dropped because too many do; it is the
 * table's either way)
 */
int neigh_resolve(struct neigh_table *t, struct link *l, uint8_t family, const union inet_addr *addr, struct pkt *p,
		  uint8_t mac[6]);
/**
 * neigh_update() - what an ARP packet or a user says; @override: may replace a different address. Creates when
 * @create
 */
int neigh_update(struct neigh_table *t, struct link *l, uint8_t family, const union inet_addr *addr,
		 const uint8_t *mac, uint16_t state, bool override,
		 bool create);
/**
 * neigh_set() - what `ip neigh add` does: any state, over any other; @mac NULL keeps the address. -EINVAL:
 * valid without an address
 */
int neigh_set(struct neigh_table *t, struct link *l, uint8_t family, const union inet_addr *addr, const uint8_t *mac,
	      uint16_t state, uint8_t flags);
/**
 * neigh_proxy_add(), neigh_proxy_del() - `ip neigh add proxy`; adding one that is there is fine; -ENOBUFS,
 * -ENOMEM, -ENOENT
 */
int neigh_proxy_add(struct neigh_table *t, int ifindex, uint8_t family, const union inet_addr *addr);
int neigh_proxy_del(struct neigh_table *t, int ifindex, uint8_t family, const union inet_addr *addr);
bool neigh_proxied(const struct neigh_table *t, int ifindex, uint8_t family, const union inet_addr *addr);
/** neigh_confirm() - traffic from a higher layer shows that it answers (TCP progress) */
void neigh_confirm(struct neigh_table *t, int ifindex, uint8_t family, const union inet_addr *addr);
int neigh_delete(struct neigh_table *t, struct neigh *n);
void neigh_flush_link(struct neigh_table *t, int ifindex, bool keep_permanent);
uint64_t neigh_next_ms(const struct neigh_table *t);
void neigh_advance(struct neigh_table *t, uint64_t now_ms);

#endif
