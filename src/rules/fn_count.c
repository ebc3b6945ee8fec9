/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/fn_count.c - matches that count: connlimit and ct count (connections of an address, or of all), connbytes (what a connection carried),
 * quota (bytes until it is used up).
 *
 * Theory of operation: connlimit keeps, for each rule, the connections it has seen by masked address; each time an
 * address comes up, those that ended are dropped from its list first. connbytes reads the counters of the connection,
 * and has accounting switched on when its rule is added.
 *
 * Invariants
 *  1. A connlimit rule remembers at most CONNLIMIT_MAX connections; a packet that would need one more is dropped.
 *
 * References: the kernel's xt_connlimit.c, nf_conncount.c, xt_connbytes.c, xt_quota.c.
 */
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <string.h>

#include "base/hash.h"
#include "rules/fn.h"
#include "rules/ruleset.h"
#include "rules/vm.h"

/* ---- connlimit ---- */

#define CONNLIMIT_MAX 65536
#define CONNLIMIT_BUCKETS 1024

struct counted {			/* a connection, in its bucket */
	struct counted *next;
	union inet_addr key;
	uint16_t zone;
	struct tuple tuple;
};

struct connlimit_state {
	struct counted **bucket;	/* NULL until a packet comes */
	unsigned n_buckets;
	struct counted *one;		/* the only bucket, where all connections are of one kind: elements of sets have it */
	struct hash_key hash;
	struct mem_pool pool;
};

static bool connlimit_ready(struct connlimit_state *s, struct rng *rng, unsigned n_buckets)
{
	if (s->bucket)
		return true;
	s->bucket = n_buckets == 1 ? &s->one : mem_zalloc(n_buckets * sizeof(struct counted *));
	if (!s->bucket)
		return false;
	s->n_buckets = n_buckets;
	if (n_buckets > 1)
		rng_fill(rng, &s->hash, sizeof(s->hash));
	mem_pool_init(&s->pool, sizeof(struct counted), CONNLIMIT_MAX);
	return true;
}

static void connlimit_free(void *state)
{
	struct connlimit_state *s = state;

	if (s->bucket != &s->one)
		mem_free(s->bucket);
	mem_pool_destroy(&s->pool);
}

/* is the connection over: gone from the table, or a TCP one that both sides have closed */
static bool connection_over(const struct match_ctx *m, const struct counted *e)
{
	int dir;
	const struct conn *c = ct_find((struct ct_table *)m->ct, &e->tuple, &dir);

	if (!c)
		return true;
	return e->tuple.proto == IPPROTO_TCP && (c->proto.tcp.state == TCP_CONNTRACK_TIME_WAIT ||
						 c->proto.tcp.state == TCP_CONNTRACK_CLOSE);
}

#define EVICT_MAX 8		/* connections that are over, found in one go: CONNCOUNT_GC_MAX_NODES, and one more */

/*
 * Connections of @key in @b, which stand there in the order in which they came. Those that are over are taken out on the way,
 * until @own is found or enough were: what stands behind still counts. *known: @own is among them; *end: behind the last
 */
static unsigned count_key(struct match_ctx *m, struct connlimit_state *s, struct counted **b, const union inet_addr *key,
			  uint16_t zone, const struct tuple *own, bool *known, struct counted ***end)
{
	unsigned n = 0, evicted = 0;

	while (*b) {
		struct counted *e = *b;
		bool same = e->zone == zone && addr_eq(&e->key, key);

		if (same && !*known && tuple_eq(&e->tuple, own)) {
			*known = true;
		} else if (same && !*known && evicted <= EVICT_MAX && connection_over(m, e)) {
			*b = e->next;
			mem_pool_put(&s->pool, e);
			evicted++;
			continue;
		}
		n += same;
		b = &e->next;
	}
	*end = b;
	return n;
}

/* how many connections of @key there are, this packet's included; -1: there is no telling, and it is to be dropped */
static int64_t connections(struct match_ctx *m, struct connlimit_state *s, unsigned n_buckets, const union inet_addr *key)
{
	bool known = false;
	struct counted **end, *e;
	struct tuple own;
	unsigned n;

	if (m->pkt->ct)
		own = *conn_tuple(m->pkt->ct, IP_CT_DIR_ORIGINAL);
	else if (tuple_of_bytes(m->family, pkt_l3(m->pkt), pkt_l3_len(m->pkt), m->pkt->ct_zone[0], &own))
		return -1;
	if (!connlimit_ready(s, m->rng, n_buckets))
		return -1;
	n = count_key(m, s, &s->bucket[hash_bytes(&s->hash, key, sizeof(*key)) % s->n_buckets], key, own.zone, &own, &known,
		      &end);
	if (!known) {
		e = mem_pool_get(&s->pool);
		if (!e)
			return -1;
		*e = (struct counted){ .key = *key, .zone = own.zone, .tuple = own };
		*end = e;
		n++;
	}
	return n;
}

static bool connlimit_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct fn_connlimit *l = data;
	union inet_addr key = l->flags & XT_CONNLIMIT_DADDR ? pkt_dst(m->pkt) : pkt_src(m->pkt);
	int64_t n;

	for (unsigned w = 0; w < addr_len(m->family) / 4; w++)
		key.w[w] &= l->mask.all[w];
	n = connections(m, state, CONNLIMIT_BUCKETS, &key);
	m->hotdrop = n < 0;
	return n >= 0 && (n > l->limit) != !!(l->flags & XT_CONNLIMIT_INVERT);
}

const struct ir_fn fn_connlimit = {
	.name = "connlimit",
	.state_size = sizeof(struct connlimit_state),
	.needs_ct = true,
	.needs_defrag = true,
	.state_free = connlimit_free,
	.eval = connlimit_eval,
};

/* nft's ct count: all connections that come to the rule are of one kind */
static bool ct_count_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct fn_ct_count *c = data;
	union inet_addr all = { 0 };
	int64_t n = connections(m, state, 1, &all);

	m->hotdrop = n < 0;
	return n >= 0 && (n > c->limit) == c->invert;
}

const struct ir_fn fn_ct_count = {
	.name = "ct count",
	.state_size = sizeof(struct connlimit_state),
	.needs_ct = true,
	.needs_defrag = true,
	.state_free = connlimit_free,
	.eval = ct_count_eval,
};

/* ---- connbytes ---- */

static uint64_t connbytes_sum(const struct ct_counter *c, uint8_t direction, bool bytes)
{
	uint64_t o = bytes ? c[0].bytes : c[0].packets, r = bytes ? c[1].bytes : c[1].packets;

	return direction == XT_CONNBYTES_DIR_ORIGINAL ? o : direction == XT_CONNBYTES_DIR_REPLY ? r : o + r;
}

static bool connbytes_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct xt_connbytes_info *i = data;
	const struct ct_counter *c = m->pkt->ct ? ct_acct(m->pkt->ct) : NULL;
	uint64_t v, packets;

	if (!c)
		return false;
	v = connbytes_sum(c, i->direction, i->what != XT_CONNBYTES_PKTS);
	if (i->what == XT_CONNBYTES_AVGPKT) {
		packets = connbytes_sum(c, i->direction, false);
		v = packets ? v / packets : 0;
	}
	if (i->count.to >= i->count.from)
		return v >= i->count.from && v <= i->count.to;
	return v < i->count.to || v > i->count.from;	/* inverted */
}

static int connbytes_bind(struct ruleset *rs, const void *data, void *state)
{
	rs->wants_acct = true;
	return 0;
}

const struct ir_fn fn_connbytes = {
	.name = "connbytes",
	.state_size = 1,
	.needs_ct = true,
	.needs_defrag = true,
	.bind = connbytes_bind,
	.eval = connbytes_eval,
};

/* ---- quota ---- */

static void quota_init(void *state, const void *data)
{
	*(uint64_t *)state = ((const struct fn_quota *)data)->quota;
}

static bool quota_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct fn_quota *q = data;
	uint64_t *left = state;
	uint32_t len = pkt_l3_len(m->pkt);

	if (*left >= len) {
		*left -= len;
		return !q->invert;
	}
	*left = 0;	/* a small packet that would still fit is too late */
	return q->invert;
}

const struct ir_fn fn_quota = {
	.name = "quota", .state_size = sizeof(uint64_t), .state_init = quota_init, .eval = quota_eval,
};
