/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/rules_classify_test.c - the index against the interpreter: random rule sets, random packets, and nothing
 * may differ but time.
 *
 * Each round makes the same rule set twice from one seed, gives the chains of one an index, and sends the same
 * packets through both: verdict, rule, every counter, every action and its order, marks, limits and dice must be the
 * same. The seed is printed when they are not; arguments: first seed, rounds.
 */
#include "rules_util.h"

#include "rules/classify.h"
#include "rules/fn.h"
#include "rules/set.h"
#include "rules/vec.h"

#define N_CHAINS 4

static uint64_t first_seed = 1;
static unsigned rounds = 60;

/* one of the two sides */
struct side {
	struct world_of_rules w;
	struct ruleset rs;
	uint64_t log;			/* of what was done, in order */
};

/* how values are drawn: from few, so that packets hit, or many, so that an index helps */
struct profile {
	unsigned hosts, ports, ifaces, rules;
	bool prefixes, ranges, stateful, writes, sets;
};

/* what a rule's parts may be made of: the transaction that makes its side */
struct maker {
	struct txn *x;
	struct table *t;
	struct ir_set *named, *verdicts, *seen;
};

static uint32_t draw_addr(struct rng *r, const struct profile *p)
{
	return 0x0a000000 + rng_below(r, p->hosts) * 0x01010101u % 0x00ffffff;
}

static void match_addr(struct ir_list *l, struct rng *r, const struct profile *p, enum field_id id)
{
	unsigned plen = p->prefixes ? rng_below(r, 33) : 32;
	be32 mask = plen ? htonl(~0u << (32 - plen)) : 0, a = htonl(draw_addr(r, p)) & mask;

	ir_match_field(l, id, rng_below(r, 8) == 0, &a, plen == 32 ? NULL : &mask);
}

static void match_port(struct ir_list *l, struct rng *r, const struct profile *p, enum field_id id)
{
	uint16_t lo = rng_below(r, p->ports), hi = lo + rng_below(r, 300);
	be16 a = htons(lo), b = htons(MAX(lo, hi));

	if (p->ranges)
		ir_match_range(l, id, rng_below(r, 6) == 0, &a, &b);
	else
		ir_match_field(l, id, rng_below(r, 8) == 0, &a, NULL);
}

static struct ir_set *new_set(struct maker *k, const char *name, uint32_t flags, unsigned len, enum set_data data)
{
	struct set_desc d = { .flags = flags, .n_parts = 1, .part = { { len, FIELD_ORDER_NET } }, .data = data, .data_len = 4 };
	struct ir_set *s;

	strcpy(d.name, name);
	s = txn_set_add(k->x, k->t, &d, NULL);
	assert_non_null(s);
	return s;
}

/* anonymous sets of ports and addresses, intervals or not */
static struct ir_set *anon_set(struct maker *k, struct rng *r, const struct profile *p, unsigned len)
{
	bool interval = rng_below(r, 3) == 0;
	struct ir_set *s = new_set(k, "__set%d", NFT_SET_ANONYMOUS | NFT_SET_CONSTANT | (interval ? NFT_SET_INTERVAL : 0), len, 0);
	unsigned n = rng_below(r, 8);

	while (n-- > 0) {
		uint8_t key[4] = { 0 }, end[4] = { 0 };
		struct set_elem e = { .key = key, .key_end = interval ? end : NULL };

		if (len == 2) {
			put_u16(key, rng_below(r, p->ports));
			put_u16(end, MIN(get_u16(key) + rng_below(r, 100), 65535));
		} else {
			put_u32(key, draw_addr(r, p));
			put_u32(end, get_u32(key) + rng_below(r, 3000));
		}
		e.catchall = rng_below(r, 40) == 0;
		txn_elem_add(k->x, s, &e, false);
	}
	return s;
}

static void match_set(struct ir_list *l, struct rng *r, const struct profile *p, struct maker *k)
{
	enum ir_op op = rng_below(r, 5) ? IR_IN : IR_NOT_IN;

	switch (rng_below(r, 4)) {
	case 0:
		ir_match(l, ir_field(FIELD_TH_DPORT), op, ir_set(anon_set(k, r, p, 2)));
		break;
	case 1:
		ir_match(l, ir_field(FIELD_IP_SADDR), op, ir_set(anon_set(k, r, p, 4)));
		break;
	case 2:
		ir_match(l, ir_field(FIELD_IP_DADDR), op, ir_set(k->named));
		break;
	default:
		ir_match(l, ir_field(FIELD_IP_DADDR), op, ir_set(k->seen));
	}
}

static void set_effect(struct ir_list *l, struct rng *r, const struct profile *p, struct maker *k, unsigned chain)
{
	struct ir_stmt *s;

	if (rng_below(r, 3) == 0) {
		s = ir_append(l, IR_DYNSET);
		s->dynset.set = ir_set_get(k->seen);
		s->dynset.key = ir_field(FIELD_IP_SADDR);
		s->dynset.op = rng_below(r, 3);
	} else if (chain == 0) {
		s = ir_append(l, IR_VMAP);
		s->vmap = ir_map(k->verdicts, ir_field(FIELD_IP_DADDR));
	}
}

/* the sets that rules share */
static void make_sets(struct maker *k, struct rng *r, const struct profile *p)
{
	static const enum ir_verdict v[] = { IR_ACCEPT, IR_DROP, IR_CONTINUE, IR_RETURN, IR_JUMP, IR_GOTO };
	uint8_t key[4], end[4];

	k->named = new_set(k, "named", NFT_SET_INTERVAL, 4, SET_DATA_NONE);
	k->seen = new_set(k, "seen", NFT_SET_EVAL | NFT_SET_TIMEOUT, 4, SET_DATA_NONE);
	k->verdicts = new_set(k, "verdicts", NFT_SET_MAP, 4, SET_DATA_VERDICT);
	for (unsigned i = 0; i < 50; i++) {
		struct set_elem e = { .key = key, .key_end = end, .verdict = { v[rng_below(r, 6)], NULL } };
		char name[16];

		put_u32(key, draw_addr(r, p));
		put_u32(end, get_u32(key) + rng_below(r, 500));
		txn_elem_add(k->x, k->named, &e, false);
		e.key_end = NULL;
		sprintf(name, "c%u", 1 + rng_below(r, N_CHAINS - 1));
		if (e.verdict.v == IR_JUMP || e.verdict.v == IR_GOTO)
			e.verdict.chain = name;
		txn_elem_add(k->x, k->verdicts, &e, false);
	}
}

static void match_misc(struct ir_list *l, struct rng *r, const struct profile *p)
{
	uint8_t proto = rng_below(r, 2) ? IPPROTO_TCP : IPPROTO_UDP, one = 1;
	uint32_t mark = rng_below(r, 4);
	char name[16] = "";

	switch (rng_below(r, 6)) {
	case 0:
		ir_match_field(l, FIELD_META_L4PROTO, false, &proto, NULL);
		break;
	case 1:
		sprintf(name, "if%u", rng_below(r, p->ifaces));
		ir_match_field(l, FIELD_META_IIFNAME, rng_below(r, 5) == 0, name, NULL);
		break;
	case 2:
		ir_match_field(l, FIELD_META_MARK, false, &mark, NULL);
		break;
	case 3:
		ir_match_bits(l, FIELD_CT_STATE, false, 1u << rng_below(r, 7));
		break;
	case 4:
		ir_match_field(l, FIELD_CT_MARK, rng_below(r, 2), &mark, NULL);
		break;
	default:
		ir_match_field(l, FIELD_TCP_FLAGS, rng_below(r, 2), &one, &one);
	}
}

static void some_test(struct ir_list *l, struct rng *r)
{
	struct fn_statistic s = { .nth = true, .every = rng_below(r, 3), .count = 0 },
			    die = { .probability = 0x40000000 };
	struct fn_limit lim = { .rate = 1 + rng_below(r, 5), .unit_s = 1, .burst = 2 };
	struct xt_multiport_v1 mp = { .flags = XT_MULTIPORT_EITHER,
				      .count = 2,
				      .ports = { rng_below(r, 50), rng_below(r, 50) } };

	switch (rng_below(r, 4)) {
	case 0:
		ir_test(l, &fn_statistic, mem_dup(&s, sizeof(s)), rng_below(r, 2));
		break;
	case 1:
		ir_test(l, &fn_statistic, mem_dup(&die, sizeof(die)), false);
		break;
	case 2:
		ir_test(l, &fn_limit, mem_dup(&lim, sizeof(lim)), false);
		break;
	default:
		ir_test(l, &fn_multiport, mem_dup(&mp, sizeof(mp)), false);
	}
}

static void some_match(struct ir_list *l, struct rng *r, const struct profile *p)
{
	switch (rng_below(r, 5)) {
	case 0:
		match_addr(l, r, p, FIELD_IP_SADDR);
		break;
	case 1:
		match_addr(l, r, p, FIELD_IP_DADDR);
		break;
	case 2:
		match_port(l, r, p, FIELD_TH_SPORT);
		break;
	case 3:
		match_port(l, r, p, FIELD_TH_DPORT);
		break;
	default:
		match_misc(l, r, p);
	}
}

static void some_effect(struct ir_list *l, struct rng *r, const struct profile *p)
{
	struct ir_stmt *s;

	if (p->writes && rng_below(r, 4) == 0)
		ir_set_u32(l, FIELD_META_MARK, rng_below(r, 2) ? 0 : ~0u, rng_below(r, 4));
	if (p->writes && rng_below(r, 6) == 0) {
		s = ir_append(l, IR_ACTION);
		s->action.act = IR_ACT_TRACE;
	}
}

/* chains call only later ones */
static void some_verdict(struct ir_list *l, struct rng *r, unsigned chain)
{
	static const enum ir_verdict rare[] = { IR_ACCEPT, IR_DROP, IR_RETURN };
	char name[16];

	if (chain + 1 < N_CHAINS && rng_below(r, 10) == 0) {
		sprintf(name, "c%u", chain + 1 + rng_below(r, N_CHAINS - chain - 1));
		ir_verdict(l, rng_below(r, 3) ? IR_JUMP : IR_GOTO, name);
	} else if (rng_below(r, 12) == 0) {
		ir_verdict(l, rare[rng_below(r, 3)], NULL);
	}
}

static struct rule *some_rule(struct maker *k, struct rng *r, const struct profile *p, unsigned chain)
{
	unsigned n = 1 + rng_below(r, 4);
	struct ir_list l;

	ir_list_init(&l);
	for (unsigned i = 0; i < n; i++) {
		if (p->stateful && rng_below(r, 6) == 0)
			some_test(&l, r);
		if (p->sets && rng_below(r, 2))
			match_set(&l, r, p, k);
		else
			some_match(&l, r, p);
		if (rng_below(r, 20) == 0)
			some_effect(&l, r, p);
		if (p->sets && rng_below(r, 25) == 0)
			set_effect(&l, r, p, k, chain);
	}
	ir_append(&l, IR_COUNTER);
	some_effect(&l, r, p);
	some_verdict(&l, r, chain);
	return wr_rule(&l);
}

static enum ir_verdict act(struct match_ctx *m, const struct rule *r, const struct ir_stmt *s)
{
	struct side *side = m->ctx;

	side->log = side->log * 31 + r->handle;
	put_u16(pkt_l4(m->pkt) + 2, get_u16(pkt_l4(m->pkt) + 2) ^ 1);	/* the packet is another one afterwards */
	return r->handle % 7 == 0 ? IR_ACCEPT : IR_CONTINUE;
}

static void set_field(struct match_ctx *m, enum field_id f, const uint8_t *val)
{
	struct side *side = m->ctx;

	assert_int_equal(f, FIELD_META_MARK);
	memcpy(&m->pkt->mark, val, 4);
	side->log = side->log * 37 + m->pkt->mark;
}

static void log_rule(struct match_ctx *m, const struct chain *c, unsigned i, const struct rule *r, enum ir_verdict v,
		     const struct chain *to)
{
	struct side *side = m->ctx;

	side->log = side->log * 41 + (r ? r->handle : 0) * 8 + v;
}

static void make_side(struct side *s, uint64_t seed, const struct profile *p, bool indexed)
{
	struct rng r;
	struct maker k;
	struct chain *c;
	char name[16];

	wr_init(&s->w);
	ruleset_init(&s->rs);
	s->rs.clock = &s->w.clock;
	rng_seed(&r, seed);
	k.x = txn_begin(&s->rs);
	k.t = txn_table_add(k.x, NFPROTO_IPV4, "filter", false);
	for (unsigned i = 0; i < N_CHAINS; i++) {
		sprintf(name, "c%u", i);
		c = txn_chain_add(k.x, k.t, name);
		if (!i)
			txn_chain_set_base(k.x, c, CHAIN_FILTER, NF_INET_FORWARD, 0, false);
	}
	make_sets(&k, &r, p);
	for (unsigned i = 0; i < N_CHAINS; i++) {
		sprintf(name, "c%u", i);
		c = table_chain(k.t, name);
		for (unsigned n = 0; n < p->rules; n++)
			assert_int_equal(txn_rule_insert(k.x, c, n, some_rule(&k, &r, p, i)), 0);
	}
	assert_int_equal(txn_commit(k.x), 0);
	list_for_each(c, &ruleset_table(&s->rs, NFPROTO_IPV4, "filter")->chains, node) {
		c->index_after = 0;
		if (indexed)
			c->index = c->vec->index = classify_build(c->rules, c->n_rules);
	}
	s->log = 0;
	s->w.m.ctx = s;
	s->w.m.act = act;
	s->w.m.set_field = set_field;
	s->w.m.trace = log_rule;
	rng_seed(&s->w.rng, seed + 7);
}

/* the same packet for both sides */
static void make_pkt(struct side *s, uint64_t seed, const struct profile *p, struct conn *c)
{
	struct rng r;
	struct pkt *pkt;
	uint8_t proto;
	uint32_t src, dst;
	uint16_t sport, dport;

	rng_seed(&r, seed);
	proto = rng_below(&r, 2) ? IPPROTO_TCP : IPPROTO_UDP;
	src = draw_addr(&r, p);
	dst = draw_addr(&r, p);
	sport = rng_below(&r, p->ports);
	dport = rng_below(&r, p->ports);
	pkt = wr_pkt(&s->w, proto, src, dst, sport, dport);
	pkt->mark = rng_below(&r, 4);
	*c = (struct conn){ .mark = rng_below(&r, 4) };
	if (rng_below(&r, 2)) {
		pkt->ct = c;
		pkt->ctinfo = rng_below(&r, 5);
	}
	if (rng_below(&r, 8) == 0)
		pkt->flags |= PKT_LATER_FRAG;
	else if (rng_below(&r, 16) == 0)
		pkt->end = pkt->l4 + rng_below(&r, 5);
	sprintf(s->w.eth0.name, "if%u", rng_below(&r, p->ifaces));
	s->w.clock.now_ns += rng_below(&r, 500) * NSEC_PER_MSEC;
}

static void same_counters(const struct side *a, const struct side *b)
{
	const struct table *ta = ruleset_table(&a->rs, NFPROTO_IPV4, "filter"),
			   *tb = ruleset_table(&b->rs, NFPROTO_IPV4, "filter");
	const struct chain *ca, *cb;

	list_for_each(ca, &ta->chains, node) {
		cb = table_chain(tb, ca->name);
		assert_int_equal(ca->packets, cb->packets);
		assert_int_equal(ca->bytes, cb->bytes);
		for (unsigned i = 0; i < ca->n_rules; i++) {
			assert_int_equal(ca->rules[i]->packets, cb->rules[i]->packets);
			assert_int_equal(ca->rules[i]->bytes, cb->rules[i]->bytes);
		}
	}
}

static void same_fate(struct side *a, struct side *b, uint64_t seed, const struct profile *p)
{
	struct conn ca, cb;
	struct vm_result ra, rb;

	make_pkt(a, seed, p, &ca);
	make_pkt(b, seed, p, &cb);
	vm_run(wr_chain(&a->rs, "c0"), &a->w.m, &ra);
	vm_run(wr_chain(&b->rs, "c0"), &b->w.m, &rb);
	assert_int_equal(ra.v, rb.v);
	assert_int_equal(ra.rule_index, rb.rule_index);
	assert_string_equal(ra.chain->name, rb.chain->name);
	assert_int_equal(a->log, b->log);
	assert_int_equal(a->w.m.pkt->mark, b->w.m.pkt->mark);
	assert_memory_equal(&a->w.rng, &b->w.rng, sizeof(a->w.rng));
}

static struct profile some_profile(uint64_t seed)
{
	static const unsigned hosts[] = { 4, 60, 5000 }, ports[] = { 8, 200, 65536 }, rules[] = { 20, 150, 1500 };
	struct rng r;

	rng_seed(&r, seed ^ 0xabcdef);
	return (struct profile){
		.hosts = hosts[rng_below(&r, 3)],
		.ports = ports[rng_below(&r, 3)],
		.ifaces = 1 + rng_below(&r, 12),
		.rules = rules[rng_below(&r, 3)],
		.prefixes = rng_below(&r, 2),
		.ranges = rng_below(&r, 2),
		.stateful = rng_below(&r, 2),
		.writes = rng_below(&r, 2),
		.sets = rng_below(&r, 2),
	};
}

static unsigned indexes;
static uint64_t seed_now;		/* 0: all rounds are done */

static void one_round(uint64_t seed)
{
	static struct side a, b;
	struct profile p = some_profile(seed);
	struct chain *c;

	make_side(&a, seed, &p, false);
	make_side(&b, seed, &p, true);
	list_for_each(c, &ruleset_table(&b.rs, NFPROTO_IPV4, "filter")->chains, node)
		indexes += c->index != NULL;
	for (unsigned i = 0; i < 150; i++)
		same_fate(&a, &b, seed * 1000 + i, &p);
	same_counters(&a, &b);
	ruleset_free(&a.rs);
	ruleset_free(&b.rs);
	wr_free(&a.w);
	wr_free(&b.w);
}

static void index_and_interpreter_agree(void **state)
{
	indexes = 0;
	for (uint64_t seed = first_seed; seed < first_seed + rounds; seed++) {
		seed_now = seed;
		one_round(seed);
	}
	seed_now = 0;
	assert_true(indexes > rounds / 2);
}

static int tell_seed(void **state)
{
	if (seed_now)
		print_message("to see it again: rules_classify_test %llu 1\n", (unsigned long long)seed_now);
	return 0;
}

/* ten thousand rules, each for its own address and port: the candidates of a packet are few, whatever it is */
static void candidates_are_few(void **state)
{
	struct world_of_rules w;
	struct ruleset rs;
	struct chain *c;
	struct txn *x;
	struct rng r;
	struct table *t;
	struct vm_result res;
	const unsigned n = 10000;

	wr_init(&w);
	ruleset_init(&rs);
	rng_seed(&r, 5);
	x = txn_begin(&rs);
	t = txn_table_add(x, NFPROTO_IPV4, "filter", false);
	c = txn_chain_add(x, t, "FORWARD");
	txn_chain_set_base(x, c, CHAIN_FILTER, NF_INET_FORWARD, 0, false);
	for (unsigned i = 0; i < n; i++) {
		be32 a = rng_u32(&r);
		be16 port = rng_u32(&r);
		uint8_t tcp = IPPROTO_TCP;
		struct ir_list l;

		ir_list_init(&l);
		ir_match_field(&l, FIELD_IP_DADDR, false, &a, NULL);
		ir_match_field(&l, FIELD_META_L4PROTO, false, &tcp, NULL);
		ir_match_field(&l, FIELD_TH_DPORT, false, &port, NULL);
		ir_append(&l, IR_COUNTER);
		ir_verdict(&l, IR_DROP, NULL);
		assert_int_equal(txn_rule_insert(x, c, i, wr_rule(&l)), 0);
	}
	assert_int_equal(txn_commit(x), 0);
	c = wr_chain(&rs, "FORWARD");
	assert_null(c->index);
	for (int i = 0; i < 40; i++) {
		wr_pkt(&w, IPPROTO_TCP, 1, rng_u32(&r), 1, rng_u32(&r));
		vm_run(c, &w.m, &res);
	}
	assert_non_null(c->index);	/* the chain was used: now it has one */
	for (int i = 0; i < 1000; i++) {
		const struct insn *in = c->rules[rng_below(&r, n)]->prog->insn;

		wr_pkt(&w, IPPROTO_TCP, 1, ntohl(in[0].eq.val), 1, ntohs(in[2].eq.val));
		vm_run(c, &w.m, &res);
		assert_int_equal(res.v, IR_DROP);
		assert_ptr_equal(res.rule->prog->insn, in);
	}
	ruleset_free(&rs);
	wr_free(&w);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest all[] = { cmocka_unit_test_teardown(index_and_interpreter_agree, tell_seed),
					  cmocka_unit_test(candidates_are_few) };

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 0);
	if (argc > 2)
		rounds = strtoul(argv[2], NULL, 0);
	return cmocka_run_group_tests_name("rules: classify", all, NULL, NULL);
}
