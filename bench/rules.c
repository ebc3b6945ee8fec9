/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench/rules.c - what a packet costs in chains of 1 to 10,000 rules, walked and with an index, and what building the
 * index and appending a rule cost.
 *
 * Rules have random destination addresses and ports; every packet falls through to the last rule, which is the worst
 * case of a walk. Times are of one machine; the ratios are what is looked at.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rules/classify.h"
#include "rules/vec.h"

#define N_PKTS 256

enum shape { SHAPE_DPORT, SHAPE_ADDR, SHAPE_PREFIX, SHAPE_RANGE, SHAPE_MAX };

static const char *const shape_name[SHAPE_MAX] = { "tcp dport", "daddr /32 and dport", "saddr /8-/32", "dport ranges" };

struct bench {
	struct pkt_pool pool;
	struct ruleset rs;
	struct rng rng;
	struct clock clock;
	struct link in, out;
	struct match_ctx m;
	struct pkt *pkt[N_PKTS];
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static void make_pkts(struct bench *b)
{
	for (unsigned i = 0; i < N_PKTS; i++) {
		struct pkt *p = pkt_alloc(&b->pool, 40);
		uint32_t port = rng_u32(&b->rng) | 0x80008000u;

		p->l4 = p->l3 + 20;
		p->end = p->l4 + 20;
		p->family = AF_INET;
		p->proto = IPPROTO_TCP;
		p->ethertype = htons(ETH_P_IP);
		*pkt_ip4(p) = (struct iphdr){ .version = 4,
					      .ihl = 5,
					      .ttl = 64,
					      .protocol = IPPROTO_TCP,
					      .saddr = rng_u32(&b->rng) | 1,
					      .daddr = rng_u32(&b->rng) | 1 };
		memcpy(pkt_l4(p), &port, 4);
		b->pkt[i] = p;
	}
}

static struct rule *make_rule(struct bench *b, enum shape shape, bool last)
{
	uint8_t proto = IPPROTO_TCP;
	be32 a = rng_u32(&b->rng) & ~1u, mask;
	uint16_t port = rng_below(&b->rng, 0x7000), hi = port + rng_below(&b->rng, 100);
	be16 lo = htons(port), up = htons(hi);
	struct ir_list l;

	ir_list_init(&l);
	mask = htonl(~0u << rng_below(&b->rng, 25));
	if (!last) {
		if (shape != SHAPE_PREFIX)
			ir_match_field(&l, FIELD_META_L4PROTO, false, &proto, NULL);
		if (shape == SHAPE_ADDR)
			ir_match_field(&l, FIELD_IP_DADDR, false, &a, NULL);
		if (shape == SHAPE_DPORT || shape == SHAPE_ADDR)
			ir_match_field(&l, FIELD_TH_DPORT, false, &lo, NULL);
		a = (a | htonl(0xff000000)) & mask;	/* no packet comes from there but by chance */
		if (shape == SHAPE_PREFIX)
			ir_match_field(&l, FIELD_IP_SADDR, false, &a, &mask);
		if (shape == SHAPE_RANGE)
			ir_match_range(&l, FIELD_TH_DPORT, false, &lo, &up);
	}
	ir_append(&l, IR_COUNTER);
	ir_verdict(&l, last ? IR_ACCEPT : IR_CONTINUE, NULL);
	return rule_new(NULL, &l);
}

static struct chain *make_chain(struct bench *b, enum shape shape, unsigned n)
{
	struct txn *x;
	struct table *t;
	struct chain *c;

	ruleset_init(&b->rs);
	x = txn_begin(&b->rs);
	t = txn_table_add(x, NFPROTO_IPV4, "filter", false);
	c = txn_chain_add(x, t, "FORWARD");
	txn_chain_set_base(x, c, CHAIN_FILTER, NF_INET_FORWARD, 0, false);
	for (unsigned i = 0; i < n; i++)
		txn_rule_insert(x, c, i, make_rule(b, shape, i + 1 == n));
	if (txn_commit(x) != 0)
		return NULL;
	c = table_chain(ruleset_table(&b->rs, NFPROTO_IPV4, "filter"), "FORWARD");
	c->index_after = 0;
	return c;
}

/* ns per packet */
static double measure(struct bench *b, const struct chain *c)
{
	struct vm_result res;
	uint64_t begin = now_ns(), end;
	unsigned n = 0;

	do {
		for (unsigned i = 0; i < N_PKTS; i++) {
			b->m.pkt = b->pkt[i];
			vm_run(c, &b->m, &res);
		}
		n += N_PKTS;
		end = now_ns();
	} while (end - begin < 40 * NSEC_PER_MSEC);
	return (double)(end - begin) / n;
}

/* us for a transaction that appends one rule */
static double measure_commit(struct bench *b, enum shape shape)
{
	const unsigned n = 20;
	uint64_t begin = now_ns();

	for (unsigned i = 0; i < n; i++) {
		struct txn *x = txn_begin(&b->rs);
		struct chain *c = table_chain(txn_table(x, NFPROTO_IPV4, "filter"), "FORWARD");

		txn_rule_insert(x, c, c->n_rules, make_rule(b, shape, false));
		if (txn_commit(x) != 0)
			return -1;
	}
	return (now_ns() - begin) / 1e3 / n;
}

int main(void)
{
	static const unsigned sizes[] = { 1, 10, 100, 1000, 10000 };
	static struct bench b;

	rng_seed(&b.rng, 1);
	pkt_pool_init(&b.pool, N_PKTS);
	strcpy(b.in.name, "eth0");
	strcpy(b.out.name, "eth1");
	b.m = (struct match_ctx){
		.hook = NF_INET_FORWARD, .family = AF_INET, .in = &b.in, .out = &b.out, .clock = &b.clock, .rng = &b.rng
	};
	make_pkts(&b);
	printf("%-22s %6s %12s %12s %8s %12s %12s\n", "rules", "number", "walk ns", "index ns", "ratio", "build us",
	       "append us");
	for (enum shape s = 0; s < SHAPE_MAX; s++) {
		for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
			struct chain *c = make_chain(&b, s, sizes[i]);
			double walk = measure(&b, c), indexed, build;
			uint64_t begin = now_ns();

			c->index = c->vec->index =
				sizes[i] >= CLASSIFY_MIN_RULES ? classify_build(c->rules, c->n_rules) : NULL;
			build = (now_ns() - begin) / 1e3;
			indexed = c->index ? measure(&b, c) : walk;
			printf("%-22s %6u %12.1f %12.1f %8.2f %12.0f %12.1f%s\n", shape_name[s], sizes[i], walk,
			       indexed, walk / indexed, build, measure_commit(&b, s),
			       sizes[i] >= CLASSIFY_MIN_RULES ? "" : "  (walked)");
			ruleset_free(&b.rs);
		}
	}
	for (unsigned i = 0; i < N_PKTS; i++)
		pkt_free(b.pkt[i]);
	pkt_pool_destroy(&b.pool);
	return 0;
}
