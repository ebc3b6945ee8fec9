/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/fn_hashlimit.c - the hashlimit match: a limit for each address, network or port.
 *
 * Where it stands: rules with the same --hashlimit-name share one table of their namespace, with the settings of the
 * rule that came first.
 *
 * Theory of operation: an entry for each key holds credit, in nanoseconds. By packets, one costs the time between
 * two at the rate, and the credit is at most that of a burst. By bytes, one second of credit is all there is, every 16
 * bytes begun cost their share, and a burst is how often a second's credit is given again before there has been a
 * second's pause. With --hashlimit-rate-match packets are counted per interval, and what the last interval came
 * to decides for this one.
 *
 * Invariants
 *  1. A table never holds more than .max entries; a packet that would need one more is dropped.
 *  2. Entries that nobody asked for during .expire are swept away once in .gc_interval.
 *
 * References: the kernel's xt_hashlimit.c.
 */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "rules/fn.h"
#include "rules/ruleset.h"
#include "rules/shared.h"
#include "rules/vm.h"

#define TABLE_SIZE 8192		/* buckets of a table that does not say */
#define TABLE_SIZE_MAX 65536
#define TABLE_MAX 1048576		/* entries at most, whatever is asked for */

struct limit_key {
	union inet_addr src, dst;
	be16 sport, dport;
};

struct limit_entry {
	struct limit_entry *next;
	struct limit_key key;
	uint64_t expires_ms, last_ns, credit, counted;
	uint32_t bursts;
	bool over;
};

struct hashlimit_table {
	struct shared shared;
	struct fn_hashlimit cfg;
	struct limit_entry **bucket;
	struct mem_pool pool;
	uint64_t swept_ms;
};

static void table_free(struct shared *s)
{
	struct hashlimit_table *t = container_of(s, struct hashlimit_table, shared);

	mem_free(t->bucket);
	mem_pool_destroy(&t->pool);
}

static int table_setup(struct hashlimit_table *t, const struct fn_hashlimit *cfg)
{
	t->cfg = *cfg;
	t->cfg.size = MIN(cfg->size ? cfg->size : TABLE_SIZE, TABLE_SIZE_MAX);
	t->cfg.max = MIN(cfg->max ? MAX(cfg->max, t->cfg.size) : 8 * t->cfg.size, TABLE_MAX);
	t->bucket = mem_zalloc(t->cfg.size * sizeof(struct limit_entry *));
	mem_pool_init(&t->pool, sizeof(struct limit_entry), t->cfg.max);
	return t->bucket ? 0 : -ENOMEM;
}

static int hashlimit_bind(struct ruleset *rs, const void *data, void *state)
{
	const struct fn_hashlimit *i = data;
	struct shared **bound = state;
	struct hashlimit_table *t;
	int err = 0;

	*bound = shared_get(rs, &fn_hashlimit, i->name, sizeof(*t), table_free);
	if (!*bound)
		return -ENOMEM;
	t = container_of(*bound, struct hashlimit_table, shared);
	if (!t->bucket)
		err = table_setup(t, i);
	if (err)
		shared_put(*bound);
	return err;
}

static void hashlimit_unbind(void *state)
{
	shared_put(*(struct shared **)state);
}

/* ---- keys ---- */

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE || proto == IPPROTO_SCTP ||
	       proto == IPPROTO_DCCP;
}

static union inet_addr masked(uint8_t family, union inet_addr a, uint8_t plen)
{
	union inet_addr mask = addr_mask(family, plen);

	return addr_and(&a, &mask);
}

/* false: ports are asked for and the packet has none to look at */
static bool key_of(const struct match_ctx *m, const struct fn_hashlimit *cfg, struct limit_key *k)
{
	const struct pkt *p = m->pkt;

	memset(k, 0, sizeof(*k));
	if (cfg->mode & HASHLIMIT_SIP)
		k->src = masked(m->family, pkt_src(p), cfg->srcmask);
	if (cfg->mode & HASHLIMIT_DIP)
		k->dst = masked(m->family, pkt_dst(p), cfg->dstmask);
	if (!(cfg->mode & (HASHLIMIT_SPT | HASHLIMIT_DPT)) || !has_ports(p->proto))
		return true;
	if (p->flags & PKT_LATER_FRAG || pkt_l4_len(p) < 4)
		return false;
	if (cfg->mode & HASHLIMIT_SPT)
		memcpy(&k->sport, pkt_l4(p), 2);
	if (cfg->mode & HASHLIMIT_DPT)
		memcpy(&k->dport, pkt_l4(p) + 2, 2);
	return true;
}

static void sweep(struct hashlimit_table *t, uint64_t now_ms)
{
	if (now_ms < t->swept_ms + t->cfg.gc_interval)
		return;
	t->swept_ms = now_ms;
	for (uint32_t i = 0; i < t->cfg.size && t->pool.used; i++)
		for (struct limit_entry **at = &t->bucket[i], *e; (e = *at);) {
			if (e->expires_ms > now_ms) {
				at = &e->next;
				continue;
			}
			*at = e->next;
			mem_pool_put(&t->pool, e);
		}
}

/* ---- credit ---- */

static uint64_t packet_cost(const struct fn_hashlimit *cfg)
{
	return cfg->avg * (NSEC_PER_SEC / HASHLIMIT_SCALE);
}

static uint64_t byte_cost(const struct fn_hashlimit *cfg, uint32_t len)
{
	return ((len >> HASHLIMIT_BYTE_SHIFT) + 1) * ((cfg->avg * NSEC_PER_SEC) >> 32);
}

static uint64_t credit_max(const struct fn_hashlimit *cfg)
{
	unsigned __int128 ns = (unsigned __int128)packet_cost(cfg) * cfg->burst;

	return cfg->mode & HASHLIMIT_BYTES ? NSEC_PER_SEC : ns > UINT64_MAX / 2 ? UINT64_MAX / 2 : (uint64_t)ns;
}

/* packets or bytes in an interval, for --hashlimit-rate-match */
static uint64_t rate_of(const struct fn_hashlimit *cfg)
{
	if (cfg->mode & HASHLIMIT_BYTES)
		return (uint64_t)((cfg->avg ? UINT32_MAX / (uint32_t)cfg->avg : UINT32_MAX) - 1) << HASHLIMIT_BYTE_SHIFT;
	return cfg->avg ? HASHLIMIT_SCALE / cfg->avg : HASHLIMIT_SCALE;
}

static void entry_init(struct limit_entry *e, const struct fn_hashlimit *cfg, uint64_t now_ns)
{
	e->last_ns = now_ns;
	e->credit = credit_max(cfg);
	e->bursts = (uint32_t)cfg->burst;
	e->counted = 0;
	e->over = false;
}

/* what the time since the last packet brought */
static void entry_refill(struct limit_entry *e, const struct fn_hashlimit *cfg, uint64_t now_ns)
{
	uint64_t passed = now_ns - e->last_ns, max = credit_max(cfg), interval = cfg->interval * NSEC_PER_SEC;

	if (cfg->mode & HASHLIMIT_RATE_MATCH) {
		if (passed < interval)
			return;
		e->over = (unsigned __int128)e->counted * interval > (unsigned __int128)passed * rate_of(cfg);
		e->counted = 0;
		e->last_ns = now_ns;
		return;
	}
	e->credit = passed >= max - MIN(max, e->credit) ? max : e->credit + passed;
	if (passed >= NSEC_PER_SEC)
		e->bursts = (uint32_t)cfg->burst;
	e->last_ns = now_ns;
}

static bool rate_within(struct limit_entry *e, const struct fn_hashlimit *cfg, uint32_t len)
{
	uint64_t rate = rate_of(cfg), burst;

	if (cfg->mode & HASHLIMIT_BYTES)
		burst = cfg->burst ? cfg->burst * rate : rate;
	else
		burst = cfg->burst + rate;
	e->counted += cfg->mode & HASHLIMIT_BYTES ? len : 1;
	return !e->over && e->counted <= burst;
}

static bool credit_within(struct limit_entry *e, const struct fn_hashlimit *cfg, uint32_t len)
{
	uint64_t cost = cfg->mode & HASHLIMIT_BYTES ? byte_cost(cfg, len) : packet_cost(cfg);

	if ((cfg->mode & HASHLIMIT_BYTES) && e->credit < cost && e->bursts) {
		e->bursts--;
		e->credit = NSEC_PER_SEC;
	}
	if (e->credit < cost)
		return false;
	e->credit -= cost;
	return true;
}

static struct limit_entry *entry_get(struct match_ctx *m, struct hashlimit_table *t, const struct limit_key *k)
{
	struct limit_entry **b, *e;

	b = &t->bucket[hash_bytes(shared_key(&t->shared, m->rng), k, sizeof(*k)) % t->cfg.size];
	for (e = *b; e; e = e->next)
		if (memcmp(&e->key, k, sizeof(*k)) == 0) {
			entry_refill(e, &t->cfg, m->clock->now_ns);
			return e;
		}
	e = mem_pool_get(&t->pool);
	if (!e)
		return NULL;
	e->key = *k;
	entry_init(e, &t->cfg, m->clock->now_ns);
	e->next = *b;
	*b = e;
	return e;
}

static bool hashlimit_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct fn_hashlimit *i = data;
	struct hashlimit_table *t = container_of(*(struct shared **)state, struct hashlimit_table, shared);
	struct limit_entry *e = NULL;
	struct limit_key k;
	bool within;

	sweep(t, clock_ms(m->clock));
	if (key_of(m, i, &k))
		e = entry_get(m, t, &k);
	if (!e) {
		m->hotdrop = true;
		return false;
	}
	e->expires_ms = clock_ms(m->clock) + t->cfg.expire;
	if (i->mode & HASHLIMIT_RATE_MATCH)
		within = rate_within(e, &t->cfg, pkt_l3_len(m->pkt));
	else
		within = credit_within(e, &t->cfg, pkt_l3_len(m->pkt));
	return within != !!(i->mode & HASHLIMIT_INVERT);
}

const struct ir_fn fn_hashlimit = {
	.name = "hashlimit",
	.state_size = sizeof(struct shared *),
	.bind = hashlimit_bind,
	.state_free = hashlimit_unbind,
	.eval = hashlimit_eval,
};
