/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/fn_recent.c - the recent match: lists of addresses with the times at which they were last seen.
 *
 * Where it stands: rules with the same --name share one list of their namespace, which is also a file,
 * /proc/net/xt_recent/NAME (recent_print(), recent_write()).
 *
 * Theory of operation: a list holds RECENT_ENTRIES addresses, the one not seen for the longest giving way to a new
 * one, and for each a ring of times, as long as the largest --hitcount among the rules that name the list wants
 * (rounded up to a power of two, 32 without one). A rule that wants longer rings than the list has empties it.
 *
 * Invariants
 *  1. A list never holds more than RECENT_ENTRIES entries, nor a ring more than .mask + 1 times.
 *  2. .lru is in order of the last time, the oldest first.
 *
 * References: recent_mt(), recent_mt_check() and recent_mt_proc_write() in the kernel's xt_recent.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "rules/fn.h"
#include "rules/ruleset.h"
#include "rules/shared.h"
#include "rules/vm.h"

#define RECENT_ENTRIES 100	/* ip_list_tot */
#define RECENT_STAMPS 32	/* of a list without --hitcount */
#define RECENT_HITS_MAX 65536
#define RECENT_HZ 250		/* the file's times count in these ... */
#define RECENT_HZ_FIRST 4294892296ull	/* ... and begin there: five minutes before 32 bits are full */

struct recent_entry {
	struct list lru;
	union inet_addr addr;
	uint8_t family, ttl;
	uint32_t index, n;
	uint64_t stamp_ms[];
};

struct recent_table {
	struct shared shared;
	unsigned n;
	uint32_t mask;		/* times in a ring, less one; 0: not set up */
	struct list lru;
	struct mem_pool pool;
};

static void entry_remove(struct recent_table *t, struct recent_entry *e)
{
	list_del(&e->lru);
	mem_pool_put(&t->pool, e);
	t->n--;
}

static void table_flush(struct recent_table *t)
{
	struct recent_entry *e, *tmp;

	list_for_each_safe(e, tmp, &t->lru, lru)
		entry_remove(t, e);
}

static void table_free(struct shared *s)
{
	struct recent_table *t = container_of(s, struct recent_table, shared);

	mem_pool_destroy(&t->pool);
}

/* longer rings: what was there is forgotten */
static void table_resize(struct recent_table *t, uint32_t mask)
{
	if (t->mask)
		table_flush(t);
	else
		list_init(&t->lru);
	mem_pool_destroy(&t->pool);
	mem_pool_init(&t->pool, sizeof(struct recent_entry) + (mask + 1) * sizeof(uint64_t), RECENT_ENTRIES);
	t->mask = mask;
}

static uint32_t ring_mask(uint32_t hits)
{
	uint32_t n = hits ? 1 : RECENT_STAMPS;

	while (n < hits)
		n *= 2;
	return n - 1;
}

static int recent_bind(struct ruleset *rs, const void *data, void *state)
{
	const struct xt_recent_mtinfo_v1 *i = data;
	struct shared **bound = state;
	struct recent_table *t;

	*bound = shared_get(rs, &fn_recent, i->name, sizeof(struct recent_table), table_free);
	if (!*bound)
		return -ENOMEM;
	t = container_of(*bound, struct recent_table, shared);
	if (ring_mask(i->hit_count) > t->mask || !t->pool.size)
		table_resize(t, ring_mask(i->hit_count));
	return 0;
}

static void recent_unbind(void *state)
{
	shared_put(*(struct shared **)state);
}

/* ---- entries ---- */

static struct recent_entry *entry_find(struct recent_table *t, uint8_t family, const union inet_addr *a, uint8_t ttl)
{
	struct recent_entry *e;

	list_for_each(e, &t->lru, lru)
		if (e->family == family && addr_eq(&e->addr, a) && (!ttl || !e->ttl || e->ttl == ttl))
			return e;
	return NULL;
}

static struct recent_entry *entry_new(struct recent_table *t, uint8_t family, const union inet_addr *a, uint8_t ttl,
				      uint64_t now)
{
	struct recent_entry *e;

	if (t->n == RECENT_ENTRIES)
		entry_remove(t, list_first(&t->lru, struct recent_entry, lru));
	e = mem_pool_get(&t->pool);
	if (!e)
		return NULL;
	e->addr = *a;
	e->family = family;
	e->ttl = ttl;
	e->index = e->n = 1;
	e->stamp_ms[0] = now;
	list_add_tail(&t->lru, &e->lru);
	t->n++;
	return e;
}

static void entry_update(struct recent_table *t, struct recent_entry *e, uint64_t now)
{
	e->index &= t->mask;
	e->stamp_ms[e->index++] = now;
	e->n = MAX(e->n, e->index);
	list_del(&e->lru);
	list_add_tail(&t->lru, &e->lru);
}

/* is it there often enough, and late enough */
static bool entry_hits(const struct recent_entry *e, const struct xt_recent_mtinfo_v1 *i, uint64_t now)
{
	uint64_t span = i->seconds * 1000ull;
	uint32_t hits = 0;

	for (uint32_t n = 0; n < e->n; n++) {
		if (i->seconds && e->stamp_ms[n] + span < now)
			continue;
		if (!i->hit_count || ++hits >= i->hit_count)
			return true;
	}
	return false;
}

/* --reap: the oldest goes when its last time is too long ago, unless it is about to be updated */
static void reap(struct recent_table *t, const struct xt_recent_mtinfo_v1 *i, const struct recent_entry *updating,
		 uint64_t now)
{
	struct recent_entry *e = list_first(&t->lru, struct recent_entry, lru);

	if (e != updating && e->stamp_ms[e->index - 1] + i->seconds * 1000ull < now)
		entry_remove(t, e);
}

static bool recent_known(struct recent_table *t, struct recent_entry *e, const struct xt_recent_mtinfo_v1 *i,
			 uint8_t ttl, uint64_t now)
{
	bool hit = !i->invert;

	if (i->check_set & XT_RECENT_REMOVE) {
		entry_remove(t, e);
		return hit;
	}
	if (i->check_set & (XT_RECENT_CHECK | XT_RECENT_UPDATE)) {
		bool update;

		hit = entry_hits(e, i, now) != !!i->invert;
		update = (i->check_set & XT_RECENT_UPDATE) && hit;
		if (i->check_set & XT_RECENT_REAP)
			reap(t, i, update ? e : NULL, now);
		if (!update)
			return hit;
	}
	entry_update(t, e, now);
	e->ttl = ttl;
	return hit;
}

static bool recent_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct xt_recent_mtinfo_v1 *i = data;
	struct recent_table *t = container_of(*(struct shared **)state, struct recent_table, shared);
	union inet_addr a = i->side == XT_RECENT_DEST ? pkt_dst(m->pkt) : pkt_src(m->pkt);
	uint64_t now = clock_ms(m->clock);
	uint8_t ttl = pkt_ttl(m->pkt);
	struct recent_entry *e;

	if (m->out && !m->pkt->sk)
		ttl++;		/* as it was before this host forwarded it */
	for (unsigned w = 0; w < addr_len(m->family) / 4; w++)
		a.w[w] &= i->mask.all[w];
	e = entry_find(t, m->family, &a, i->check_set & XT_RECENT_TTL ? ttl : 0);
	if (e)
		return recent_known(t, e, i, ttl, now);
	if (!(i->check_set & XT_RECENT_SET))
		return i->invert;
	m->hotdrop = !entry_new(t, m->family, &a, ttl, now);
	return !i->invert;
}

const struct ir_fn fn_recent = {
	.name = "recent",
	.state_size = sizeof(struct shared *),
	.bind = recent_bind,
	.state_free = recent_unbind,
	.eval = recent_eval,
};

bool fn_recent_valid(const struct xt_recent_mtinfo_v1 *i)
{
	unsigned ways = !!(i->check_set & XT_RECENT_SET) + !!(i->check_set & XT_RECENT_REMOVE) +
			!!(i->check_set & XT_RECENT_CHECK) + !!(i->check_set & XT_RECENT_UPDATE);

	if (ways != 1 || ((i->check_set & (XT_RECENT_SET | XT_RECENT_REMOVE)) &&
			  (i->seconds || i->hit_count || (i->check_set & XT_RECENT_MODIFIERS))))
		return false;
	return !((i->check_set & XT_RECENT_REAP) && !i->seconds) && i->hit_count < RECENT_HITS_MAX && *i->name &&
	       !strchr(i->name, '/') && strcmp(i->name, ".") != 0 && strcmp(i->name, "..") != 0;
}

/* ---- /proc/net/xt_recent ---- */

static struct recent_table *table_named(const struct ruleset *rs, const char *name)
{
	struct shared *s = shared_find(rs, &fn_recent, name);

	return s ? container_of(s, struct recent_table, shared) : NULL;
}

static unsigned long long jiffies(uint64_t ms)
{
	return RECENT_HZ_FIRST + ms * RECENT_HZ / 1000;
}

int recent_print(const struct ruleset *rs, const char *name, struct sbuf *out)
{
	const struct recent_table *t = table_named(rs, name);
	const struct recent_entry *e;
	char addr[ADDR_STRLEN];

	if (!t)
		return -ENOENT;
	list_for_each(e, &t->lru, lru) {
		sbuf_printf(out, "src=%s ttl: %u last_seen: %llu oldest_pkt: %u", addr_fmt(addr, e->family, &e->addr),
			    e->ttl, jiffies(e->stamp_ms[(e->index - 1) & t->mask]), e->index);
		for (uint32_t i = 0; i < e->n; i++)
			sbuf_printf(out, "%s %llu", i ? "," : "", jiffies(e->stamp_ms[i]));
		sbuf_putc(out, '\n');
	}
	return 0;
}

int recent_write(struct ruleset *rs, const char *name, const char *text, uint64_t now_ms)
{
	struct recent_table *t = table_named(rs, name);
	union inet_addr a = { 0 };
	struct recent_entry *e;

	if (!t)
		return -ENOENT;
	if (*text == '/') {
		table_flush(t);
		return 0;
	}
	if ((*text != '+' && *text != '-') || inet_pton(AF_INET, text + 1, &a.ip4) != 1)
		return -EINVAL;
	e = entry_find(t, AF_INET, &a, 0);
	if (*text == '+' && e)
		entry_update(t, e, now_ms);
	else if (*text == '+')
		return entry_new(t, AF_INET, &a, 0, now_ms) ? 0 : -ENOMEM;
	else if (e)
		entry_remove(t, e);
	return 0;
}

int recent_names(const struct ruleset *rs, int (*fn)(void *ctx, const char *name), void *ctx)
{
	const struct shared *s;
	int err = 0;

	list_for_each(s, &rs->shared, node)
		if (s->fn == &fn_recent && !err)
			err = fn(ctx, s->name);
	return err;
}
