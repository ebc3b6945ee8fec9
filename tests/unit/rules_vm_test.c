/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/rules_vm_test.c - what rules mean: comparisons, absent fields, verdicts, jumps, counters, and the
 * matches that are code.
 */
#include "ns/netns.h"
#include "rules_util.h"

#include "rules/fn.h"

static struct world_of_rules w;

static int setup(void **state)
{
	wr_init(&w);
	wr_pkt(&w, IPPROTO_TCP, 0x0a000001, 0xc0a80102, 1000, 80);
	return 0;
}

static int teardown(void **state)
{
	wr_free(&w);
	return 0;
}

static struct ruleset rs;

/* does a rule with these statements match the packet */
static bool matches(struct ir_list *l)
{
	struct rule *r = wr_rule(l);
	bool yes;

	assert_int_equal(rule_compile(&rs, r), 0);
	w.m.hotdrop = false;
	yes = vm_match(r, &w.m);
	rule_put(r);
	return yes;
}

static bool field_is(enum field_id id, bool neg, const void *val, const void *mask)
{
	struct ir_list l;

	ir_list_init(&l);
	ir_match_field(&l, id, neg, val, mask);
	return matches(&l);
}

static bool in_range(enum field_id id, bool neg, const void *lo, const void *hi)
{
	struct ir_list l;

	ir_list_init(&l);
	ir_match_range(&l, id, neg, lo, hi);
	return matches(&l);
}

static bool port_in(enum field_id id, bool neg, uint16_t lo, uint16_t hi)
{
	uint16_t a = htons(lo), b = htons(hi);

	return in_range(id, neg, &a, &b);
}

static bool compares(enum field_id id, enum ir_op op, const void *val)
{
	struct ir_list l;

	ir_list_init(&l);
	ir_match(&l, ir_field(id), op, ir_value(val, fields[id].len));
	return matches(&l);
}

static bool bits(enum field_id id, bool neg, uint32_t b)
{
	struct ir_list l;

	ir_list_init(&l);
	ir_match_bits(&l, id, neg, b);
	return matches(&l);
}

static bool tests(const struct ir_fn *fn, const void *data, size_t n)
{
	struct ir_list l;

	ir_list_init(&l);
	ir_test(&l, fn, mem_dup(data, n), false);
	return matches(&l);
}

static void addresses_and_masks(void **state)
{
	be32 a = htonl(0x0a000001), net = htonl(0x0a000000), mask = htonl(0xff000000), other = htonl(0x0b000000);

	assert_true(field_is(FIELD_IP_SADDR, false, &a, NULL));
	assert_false(field_is(FIELD_IP_SADDR, true, &a, NULL));
	assert_true(field_is(FIELD_IP_SADDR, false, &net, &mask));
	assert_false(field_is(FIELD_IP_SADDR, false, &other, &mask));
	assert_true(field_is(FIELD_IP_SADDR, true, &other, &mask));
	assert_false(field_is(FIELD_IP_DADDR, false, &a, NULL));
}

static void interfaces(void **state)
{
	char name[16] = "eth0", plus[16] = "eth", mask[16] = "\xff\xff\xff", none[16] = "";

	assert_true(field_is(FIELD_META_IIFNAME, false, name, NULL));
	assert_false(field_is(FIELD_META_OIFNAME, false, name, NULL));
	assert_true(field_is(FIELD_META_OIFNAME, false, plus, mask));
	assert_false(field_is(FIELD_META_OIFNAME, true, plus, mask));
	memset(w.eth0.name, 'x', sizeof(w.eth0.name));
	strcpy(w.eth0.name, "eth0");		/* what is behind the end of a name does not count */
	assert_true(field_is(FIELD_META_IIFNAME, false, name, NULL));
	w.m.in = NULL;
	assert_true(field_is(FIELD_META_IIFNAME, true, name, NULL));
	assert_true(field_is(FIELD_META_IIFNAME, false, none, NULL));
}

static void ports_and_ranges(void **state)
{
	assert_true(port_in(FIELD_TH_DPORT, false, 80, 80));
	assert_true(port_in(FIELD_TH_DPORT, false, 0, 65535));
	assert_true(port_in(FIELD_TH_DPORT, false, 79, 256));	/* 256 is less than 79 when bytes are swapped */
	assert_false(port_in(FIELD_TH_DPORT, false, 81, 1024));
	assert_true(port_in(FIELD_TH_DPORT, true, 81, 1024));
	assert_false(port_in(FIELD_TH_DPORT, false, 90, 70));
}

static void orderings(void **state)
{
	be16 less = htons(79), same = htons(80), more = htons(256), zero = 0, all = 0xffff;

	assert_true(compares(FIELD_TH_DPORT, IR_GT, &less));
	assert_false(compares(FIELD_TH_DPORT, IR_GT, &same));
	assert_true(compares(FIELD_TH_DPORT, IR_GE, &same));
	assert_true(compares(FIELD_TH_DPORT, IR_LE, &same));
	assert_true(compares(FIELD_TH_DPORT, IR_LT, &more));
	assert_false(compares(FIELD_TH_DPORT, IR_LT, &zero));
	assert_false(compares(FIELD_TH_DPORT, IR_GT, &all));
	assert_true(compares(FIELD_TH_DPORT, IR_GE, &zero));
}

static void an_absent_field_never_compares(void **state)
{
	uint16_t port = htons(80), other = htons(81);

	w.m.pkt->flags |= PKT_FRAG | PKT_LATER_FRAG;
	assert_false(field_is(FIELD_TH_DPORT, false, &port, NULL));
	assert_false(field_is(FIELD_TH_DPORT, true, &port, NULL));
	assert_false(port_in(FIELD_TH_DPORT, true, 1, 2));
	w.m.pkt->flags = 0;
	w.m.pkt->end = w.m.pkt->l4 + 3;
	assert_false(field_is(FIELD_TH_DPORT, true, &other, NULL));
	assert_true(port_in(FIELD_TH_SPORT, false, 1000, 1000));
	w.m.pkt->end = w.m.pkt->l4 + 4;		/* a cut header: what is there can be compared */
	assert_true(field_is(FIELD_TH_DPORT, true, &other, NULL));
	assert_false(field_is(FIELD_TCP_FLAGS, true, "\xff", NULL));
	assert_false(field_is(FIELD_CT_MARK, true, "\1\0\0", NULL));
	assert_false(field_is(FIELD_META_SKUID, true, "\1\0\0", NULL));
}

static void tcp_fields(void **state)
{
	pkt_l4(w.m.pkt)[13] = 0x12;
	assert_true(field_is(FIELD_TCP_FLAGS, false, "\x02", "\x02"));
	assert_false(field_is(FIELD_TCP_FLAGS, false, "\x02", "\x17"));
	assert_true(field_is(FIELD_TCP_DOFF, false, "\x05", NULL));
	w.m.pkt->proto = IPPROTO_UDP;
	assert_false(field_is(FIELD_TCP_FLAGS, true, "\x01", NULL));
}

static void states_are_bits(void **state)
{
	struct conn c = { .status = IPS_SRC_NAT };

	assert_true(bits(FIELD_CT_STATE, false, NF_CT_STATE_INVALID_BIT));
	w.m.pkt->flags |= PKT_UNTRACKED;
	assert_true(bits(FIELD_CT_STATE, false, NF_CT_STATE_UNTRACKED_BIT));
	w.m.pkt->flags = 0;
	w.m.pkt->ct = &c;
	w.m.pkt->ctinfo = IP_CT_ESTABLISHED_REPLY;
	assert_true(bits(FIELD_CT_STATE, false, 1 << 1 | 1 << 2));
	assert_false(bits(FIELD_CT_STATE, false, 1 << 3));
	assert_true(bits(FIELD_CT_STATE, true, 1 << 3));
	assert_true(bits(FIELD_CT_STATUS, false, IPS_SRC_NAT | IPS_DST_NAT));
	assert_true(bits(FIELD_CT_DIRECTION, false, 1 << IP_CT_DIR_REPLY));
	w.m.pkt->pkt_type = PACKET_MULTICAST;
	assert_true(bits(FIELD_META_PKTTYPE, false, 1 << PACKET_MULTICAST));
	assert_false(bits(FIELD_META_PKTTYPE, false, 1 << PACKET_HOST));
}

static void trees(void **state)
{
	uint8_t key[8] = { 10, 0, 0, 1, 0, 80 }, ihl = 5 << 1;
	struct ir_expr *part[2] = { ir_field(FIELD_IP_SADDR), ir_field(FIELD_TH_DPORT) };
	struct ir_list l;

	ir_list_init(&l);
	ir_match(&l, ir_concat(part, 2), IR_EQ, ir_value(key, 8));
	ir_match(&l, ir_shift(ir_field(FIELD_IP_IHL), 1), IR_EQ, ir_value(&ihl, 1));
	ir_match(&l, ir_field(FIELD_IP_SADDR), IR_NE, ir_field(FIELD_IP_DADDR));
	assert_true(matches(&l));
}

static void payload(void **state)
{
	struct ir_expr *e = ir_field(FIELD_PAYLOAD);
	struct ir_list l;

	e->f.arg[0] = 2;
	e->f.arg[1] = 2;
	e->len = 2;
	ir_list_init(&l);
	ir_match(&l, ir_expr_clone(e), IR_EQ, ir_value("\0\120", 2));
	assert_true(matches(&l));
	e->f.arg[1] = 19;			/* a byte past the end */
	ir_list_init(&l);
	ir_match(&l, e, IR_NE, ir_value("\0\120", 2));
	assert_false(matches(&l));
}

static void what_does_not_fit_is_refused(void **state)
{
	struct ir_list l;
	struct rule *r;
	uint8_t v[4] = { 0 };

	ir_list_init(&l);
	ir_match(&l, ir_field(FIELD_TH_DPORT), IR_EQ, ir_value(v, 4));
	r = wr_rule(&l);
	assert_int_equal(rule_compile(&rs, r), -EINVAL);
	rule_put(r);
	ir_list_init(&l);
	ir_set_u32(&l, FIELD_META_LENGTH, 0, 1);
	r = wr_rule(&l);
	assert_int_equal(rule_compile(&rs, r), -EINVAL);
	rule_put(r);
}

/* ---- chains ---- */


/* a filter table with FORWARD (policy accept) and user chains A and B; @fill adds rules */
static void make(void (*fill)(struct txn *x, struct table *t), bool drop)
{
	struct txn *x;
	struct table *t;

	ruleset_init(&rs);
	x = txn_begin(&rs);
	t = txn_table_add(x, NFPROTO_IPV4, "filter", true);
	txn_chain_set_base(x, txn_chain_add(x, t, "FORWARD"), CHAIN_FILTER, NF_INET_FORWARD, 0, drop);
	txn_chain_add(x, t, "A");
	txn_chain_add(x, t, "B");
	fill(x, t);
	assert_int_equal(txn_commit(x), 0);
}

static void add(struct txn *x, struct table *t, const char *chain, struct rule *r)
{
	struct chain *c = table_chain(t, chain);

	assert_int_equal(txn_rule_insert(x, c, c->n_rules, r), 0);
}

static enum ir_verdict run(struct vm_result *res)
{
	vm_run(wr_chain(&rs, "FORWARD"), &w.m, res);
	return res->v;
}

static void fill_jumps(struct txn *x, struct table *t)
{
	add(x, t, "FORWARD", wr_verdict(IR_JUMP, "A"));
	add(x, t, "FORWARD", wr_verdict(IR_CONTINUE, NULL));
	txn_chain_counters(x, table_chain(t, "FORWARD"), 0, 0);	/* from here on the policy counts */
	add(x, t, "FORWARD", wr_verdict(IR_GOTO, "A"));
	add(x, t, "FORWARD", wr_verdict(IR_ACCEPT, NULL));	/* never reached: after a goto comes the policy */
	add(x, t, "A", wr_verdict(IR_GOTO, "B"));
	add(x, t, "A", wr_verdict(IR_DROP, NULL));		/* nor this */
	add(x, t, "B", wr_verdict(IR_RETURN, NULL));
}

static void jump_goto_return(void **state)
{
	struct vm_result res;
	struct chain *c;

	make(fill_jumps, true);
	assert_int_equal(run(&res), IR_DROP);
	assert_null(res.rule);
	c = wr_chain(&rs, "FORWARD");
	assert_ptr_equal(res.chain, c);
	assert_int_equal(c->packets, 1);
	assert_int_equal(c->bytes, 40);
	assert_int_equal(c->rules[0]->packets, 1);
	assert_int_equal(c->rules[1]->packets, 1);
	assert_int_equal(c->rules[2]->packets, 1);
	assert_int_equal(c->rules[3]->packets, 0);
	assert_int_equal(wr_chain(&rs, "A")->rules[1]->packets, 0);
	assert_int_equal(wr_chain(&rs, "B")->rules[0]->packets, 2);
	assert_int_equal(wr_chain(&rs, "B")->rules[0]->bytes, 80);
	assert_int_equal(wr_chain(&rs, "A")->refs, 2);
	ruleset_free(&rs);
}

static void fill_counter(struct txn *x, struct table *t)
{
	struct ir_list l;
	uint16_t port = htons(81);

	ir_list_init(&l);
	ir_append(&l, IR_COUNTER);
	ir_match_field(&l, FIELD_TH_DPORT, false, &port, NULL);
	ir_append(&l, IR_COUNTER);
	ir_verdict(&l, IR_DROP, NULL);
	add(x, t, "FORWARD", wr_rule(&l));
	add(x, t, "FORWARD", wr_verdict(IR_ACCEPT, NULL));
}

static void a_counter_counts_where_it_stands(void **state)
{
	struct vm_result res;

	make(fill_counter, true);
	assert_int_equal(run(&res), IR_ACCEPT);
	assert_int_equal(res.rule_index, 1);
	assert_int_equal(wr_chain(&rs, "FORWARD")->rules[0]->packets, 1);
	assert_int_equal(wr_chain(&rs, "FORWARD")->packets, 0);
	ruleset_free(&rs);
}

static void fill_cut(struct txn *x, struct table *t)
{
	struct xt_multiport_v1 p = { .flags = XT_MULTIPORT_SOURCE, .count = 1, .ports = { 1 }, .invert = 1 };
	struct ir_list l;

	ir_list_init(&l);
	ir_test(&l, &fn_multiport, mem_dup(&p, sizeof(p)), true);
	add(x, t, "FORWARD", wr_rule(&l));
	add(x, t, "FORWARD", wr_verdict(IR_ACCEPT, NULL));
}

static void a_cut_header_ends_the_packet(void **state)
{
	struct vm_result res;

	make(fill_cut, false);
	assert_int_equal(run(&res), IR_ACCEPT);
	w.m.pkt->end = w.m.pkt->l4 + 3;
	assert_int_equal(run(&res), IR_DROP);
	assert_int_equal(res.rule_index, 0);
	assert_int_equal(wr_chain(&rs, "FORWARD")->rules[1]->packets, 1);
	ruleset_free(&rs);
}

static void set_mark(struct match_ctx *m, enum field_id f, const uint8_t *val)
{
	assert_int_equal(f, FIELD_META_MARK);
	memcpy(&m->pkt->mark, val, 4);
}

static void fill_mark(struct txn *x, struct table *t)
{
	uint32_t want = 0x1205;
	struct ir_list l;

	ir_list_init(&l);
	ir_match_field(&l, FIELD_META_MARK, false, "\0\0\0", NULL);
	ir_set_u32(&l, FIELD_META_MARK, 0, 0x1234);
	ir_set_u32(&l, FIELD_META_MARK, 0xffffff00, 5);
	add(x, t, "FORWARD", wr_rule(&l));
	ir_list_init(&l);
	ir_match_field(&l, FIELD_META_MARK, false, &want, NULL);
	ir_verdict(&l, IR_DROP, NULL);
	add(x, t, "FORWARD", wr_rule(&l));
}

static void what_a_rule_sets_the_next_sees(void **state)
{
	struct vm_result res;

	make(fill_mark, false);
	w.m.set_field = set_mark;
	w.m.cacheable = true;
	assert_int_equal(run(&res), IR_DROP);
	assert_int_equal(w.m.pkt->mark, 0x1205);
	assert_false(w.m.cacheable);
	ruleset_free(&rs);
}

static unsigned traced, policies;

static void count_trace(struct match_ctx *m, const struct chain *c, unsigned i, const struct rule *r, enum ir_verdict v,
			const struct chain *to)
{
	if (!r) {
		policies++;
		assert_int_equal(i, c->n_rules);
		return;
	}
	assert_ptr_equal(c->rules[i], r);
	traced++;
}

static void matching_rules_are_traced(void **state)
{
	struct vm_result res;

	make(fill_jumps, false);
	w.m.trace = count_trace;
	traced = policies = 0;
	run(&res);
	assert_int_equal(traced, 3 + 2 + 2);
	assert_int_equal(policies, 1);
	ruleset_free(&rs);
}

/* ---- matches that are code ---- */

static void fill_limit(struct txn *x, struct table *t)
{
	struct fn_limit lim;
	struct ir_list l;

	fn_limit_of_avg(10000, 3, &lim);	/* 1/second, burst 3 */
	assert_int_equal(lim.rate, 1);
	assert_int_equal(lim.unit_s, 1);
	ir_list_init(&l);
	ir_test(&l, &fn_limit, mem_dup(&lim, sizeof(lim)), false);
	ir_verdict(&l, IR_DROP, NULL);
	add(x, t, "FORWARD", wr_rule(&l));
}

static unsigned drops(unsigned n)
{
	struct vm_result res;
	unsigned d = 0;

	for (unsigned i = 0; i < n; i++)
		d += run(&res) == IR_DROP;
	return d;
}

static void a_limit_is_a_token_bucket(void **state)
{
	w.clock.now_ns = 5 * NSEC_PER_SEC;
	make(fill_limit, false);
	assert_int_equal(drops(10), 3);
	w.clock.now_ns += NSEC_PER_SEC - 1;
	assert_int_equal(drops(1), 0);
	w.clock.now_ns += 1;
	assert_int_equal(drops(5), 1);
	w.clock.now_ns += 100 * NSEC_PER_SEC;
	assert_int_equal(drops(10), 3);
	ruleset_free(&rs);
}

static void limit_units(void **state)
{
	static const struct { uint32_t avg; uint64_t rate, unit; } want[] = {
		{ 10000, 1, 1 },		/* 1/second */
		{ 600000, 1, 60 },		/* 1/minute */
		{ 36000000, 1, 3600 },		/* 1/hour */
		{ 864000000, 1, 86400 },	/* 1/day */
		{ 12000000, 3, 3600 },		/* 3/hour */
		{ 1000, 10, 1 },		/* 10/second */
		{ 20000, 30, 60 },		/* 30/minute */
	};

	for (unsigned i = 0; i < ARRAY_LEN(want); i++) {
		struct fn_limit l;

		fn_limit_of_avg(want[i].avg, 5, &l);
		assert_int_equal(l.rate, want[i].rate);
		assert_int_equal(l.unit_s, want[i].unit);
	}
}

static void fill_nth(struct txn *x, struct table *t)
{
	/* --every 3 --packet 0 */
	struct fn_statistic s = { .nth = true, .every = 2, .count = 2 };
	struct ir_list l;

	ir_list_init(&l);
	ir_test(&l, &fn_statistic, mem_dup(&s, sizeof(s)), false);
	ir_verdict(&l, IR_DROP, NULL);
	add(x, t, "FORWARD", wr_rule(&l));
}

static void every_nth_packet(void **state)
{
	struct vm_result res;

	make(fill_nth, false);
	for (int i = 0; i < 9; i++)
		assert_int_equal(run(&res), i % 3 ? IR_ACCEPT : IR_DROP);
	ruleset_free(&rs);
}

static void some_packets_at_random(void **state)
{
	struct fn_statistic s = { .probability = 0x80000000u / 4 };
	struct ir_list l;
	struct rule *r;
	unsigned hits = 0;

	ir_list_init(&l);
	ir_test(&l, &fn_statistic, mem_dup(&s, sizeof(s)), false);
	r = wr_rule(&l);
	assert_int_equal(rule_compile(&rs, r), 0);
	for (int i = 0; i < 10000; i++)
		hits += vm_match(r, &w.m);
	assert_in_range(hits, 2300, 2700);
	rule_put(r);
}

static void several_ports(void **state)
{
	struct xt_multiport_v1 p = {
		.flags = XT_MULTIPORT_DESTINATION, .count = 3, .ports = { 22, 70, 90 }, .pflags = { 0, 1, 0 }
	};

	assert_true(tests(&fn_multiport, &p, sizeof(p)));
	p.invert = 1;
	assert_false(tests(&fn_multiport, &p, sizeof(p)));
	w.m.pkt->flags |= PKT_LATER_FRAG;
	assert_false(tests(&fn_multiport, &p, sizeof(p)));
	assert_false(w.m.hotdrop);
	w.m.pkt->flags = 0;
	p.invert = 0;
	p.flags = XT_MULTIPORT_SOURCE;
	assert_false(tests(&fn_multiport, &p, sizeof(p)));
	p.flags = XT_MULTIPORT_EITHER;
	p.ports[0] = 1000;
	assert_true(tests(&fn_multiport, &p, sizeof(p)));
	w.m.pkt->end = w.m.pkt->l4 + 2;
	assert_false(tests(&fn_multiport, &p, sizeof(p)));
	assert_true(w.m.hotdrop);
}

static void owners(void **state)
{
	struct xt_owner_match_info o = { .uid_min = 1000, .uid_max = 1000, .match = XT_OWNER_UID };

	assert_false(tests(&fn_owner, &o, sizeof(o)));
	o.invert = XT_OWNER_UID;
	assert_true(tests(&fn_owner, &o, sizeof(o)));	/* no socket: an inverted owner matches */
	w.m.pkt->sk = &w;
	w.m.pkt->sk_uid = 1000;
	assert_false(tests(&fn_owner, &o, sizeof(o)));
	o.invert = 0;
	assert_true(tests(&fn_owner, &o, sizeof(o)));
	o.match |= XT_OWNER_GID;
	o.gid_min = o.gid_max = 5;
	assert_false(tests(&fn_owner, &o, sizeof(o)));
	o.match = XT_OWNER_SOCKET;
	assert_true(tests(&fn_owner, &o, sizeof(o)));
	o.invert = XT_OWNER_SOCKET;
	assert_false(tests(&fn_owner, &o, sizeof(o)));
}

static void address_ranges(void **state)
{
	struct xt_iprange_mtinfo r = { .flags = IPRANGE_SRC };

	r.src_min.ip = htonl(0x0a000000);
	r.src_max.ip = htonl(0x0a000001);
	assert_true(tests(&fn_iprange, &r, sizeof(r)));
	r.flags |= IPRANGE_SRC_INV;
	assert_false(tests(&fn_iprange, &r, sizeof(r)));
	r.flags = IPRANGE_SRC | IPRANGE_DST;
	assert_false(tests(&fn_iprange, &r, sizeof(r)));
	r.flags |= IPRANGE_DST_INV;
	assert_true(tests(&fn_iprange, &r, sizeof(r)));
}

static void address_types(void **state)
{
	struct xt_addrtype_info_v1 t = { .source = XT_ADDRTYPE_LOCAL, .dest = XT_ADDRTYPE_UNICAST };

	struct world_ops ops = { 0 };
	struct world world;
	struct netns *ns;
	struct link_addr a = { .family = AF_INET, .plen = 32, .addr = pkt_src(w.m.pkt), .peer = pkt_src(w.m.pkt) };

	assert_int_equal(world_init(&world, 1, &ops, NULL, NULL), 0);
	ns = netns_new(&world, "types");
	assert_non_null(ns);
	link_set_flags(ns->lo, IFF_UP, IFF_UP);
	assert_int_equal(link_addr_add(ns->lo, &a), 0);
	w.m.fib = &ns->fib;
	assert_true(tests(&fn_addrtype, &t, sizeof(t)));
	t.flags = XT_ADDRTYPE_INVERT_DEST;
	assert_false(tests(&fn_addrtype, &t, sizeof(t)));
	t.flags = XT_ADDRTYPE_LIMIT_IFACE_OUT;
	assert_false(tests(&fn_addrtype, &t, sizeof(t)));
	t.flags |= XT_ADDRTYPE_INVERT_SOURCE;
	assert_true(tests(&fn_addrtype, &t, sizeof(t)));
	w.m.fib = NULL;
	world_free(&world);
}

static void tcp_options(void **state)
{
	static const uint8_t opt[8] = { 1, 3, 3, 7, 2, 4, 5, 180 };	/* nop, window scale, MSS 1460 */
	struct fn_tcpmss mss = { .min = 1400, .max = 1460 };
	struct fn_tcp_option o = { .kind = 3 };
	struct pkt *p = w.m.pkt;

	assert_false(tests(&fn_tcpmss, &mss, sizeof(mss)));
	assert_false(tests(&fn_tcp_option, &o, sizeof(o)));
	memcpy(pkt_append(p, 8), opt, 8);
	pkt_l4(p)[12] = 7 << 4;
	assert_true(tests(&fn_tcpmss, &mss, sizeof(mss)));
	assert_true(tests(&fn_tcp_option, &o, sizeof(o)));
	mss.max = 1459;
	assert_false(tests(&fn_tcpmss, &mss, sizeof(mss)));
	o.kind = 8;
	assert_false(tests(&fn_tcp_option, &o, sizeof(o)));
	o.invert = true;
	assert_true(tests(&fn_tcp_option, &o, sizeof(o)));
	p->end--;
	assert_false(tests(&fn_tcp_option, &o, sizeof(o)));
	assert_true(w.m.hotdrop);
}

static void bridge_ports(void **state)
{
	struct xt_physdev_info i = { .bitmask = XT_PHYSDEV_OP_IN, .physindev = "eth0" };

	memset(i.in_mask, 0xff, sizeof(i.in_mask));
	assert_false(tests(&fn_physdev, &i, sizeof(i)));
	i.invert = XT_PHYSDEV_OP_IN;
	assert_true(tests(&fn_physdev, &i, sizeof(i)));
	w.m.pkt->flags |= PKT_BRIDGED;
	w.m.phys_in = &w.eth0;
	assert_false(tests(&fn_physdev, &i, sizeof(i)));
	i.invert = 0;
	assert_true(tests(&fn_physdev, &i, sizeof(i)));
	i.bitmask = XT_PHYSDEV_OP_BRIDGED;
	assert_false(tests(&fn_physdev, &i, sizeof(i)));
	w.m.phys_out = &w.eth1;
	assert_true(tests(&fn_physdev, &i, sizeof(i)));
}

static void connections(void **state)
{
	struct conn c = { .status = IPS_DST_NAT };
	struct xt_conntrack_mtinfo3 i = { .match_flags = XT_CONNTRACK_STATE, .state_mask = XT_CONNTRACK_STATE_DNAT };

	assert_false(tests(&fn_conntrack, &i, sizeof(i)));
	i.invert_flags = XT_CONNTRACK_STATE;
	assert_true(tests(&fn_conntrack, &i, sizeof(i)));
	i.invert_flags = 0;
	c.tuple[0].src.ip4 = htonl(0x0a000001);
	c.tuple[0].proto = IPPROTO_TCP;
	c.tuple[0].dport = htons(80);
	w.m.pkt->ct = &c;
	w.m.pkt->ctinfo = IP_CT_NEW;
	assert_true(tests(&fn_conntrack, &i, sizeof(i)));
	i.match_flags = XT_CONNTRACK_ORIGSRC | XT_CONNTRACK_ORIGDST_PORT | XT_CONNTRACK_PROTO;
	i.l4proto = IPPROTO_TCP;
	i.origsrc_addr.ip = htonl(0x0a000000);
	i.origsrc_mask.ip = htonl(0xff000000);
	i.origdst_port = 80;
	i.origdst_port_high = 81;
	assert_true(tests(&fn_conntrack, &i, sizeof(i)));
	i.invert_flags = XT_CONNTRACK_ORIGDST_PORT;
	assert_false(tests(&fn_conntrack, &i, sizeof(i)));
	i.invert_flags = 0;
	w.m.pkt->ct = NULL;
	assert_false(tests(&fn_conntrack, &i, sizeof(i)));	/* no connection: only a state can match */
}

static void as_text(void **state)
{
	struct sbuf out = SBUF_INIT;
	struct ir_list l;
	uint16_t port = htons(80), hi = htons(90);
	be32 net = htonl(0x0a000000), mask = htonl(0xff000000);

	ir_list_init(&l);
	ir_match_field(&l, FIELD_META_IIFNAME, true, "eth0\0\0\0\0\0\0\0\0\0\0\0", NULL);
	ir_match_field(&l, FIELD_IP_SADDR, false, &net, &mask);
	ir_match_range(&l, FIELD_TH_DPORT, false, &port, &hi);
	ir_match_bits(&l, FIELD_CT_STATE, false, 6);
	ir_append(&l, IR_COUNTER);
	ir_set_u32(&l, FIELD_META_MARK, 0, 1);
	ir_verdict(&l, IR_JUMP, "A");
	ir_print(&out, &l);
	assert_string_equal(
		sbuf_str(&out),
		"iifname != \"eth0\"\n(ip saddr & 0xff000000) == 0x0a000000\nth dport in 0x0050-0x005a\n"
		"(ct state & 0x06000000) != 0x0\ncounter\nset mark = (mark & 0x00000000 ^ 0x01000000)\njump A\n");
	sbuf_free(&out);
	ir_list_free(&l);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest all[] = {
		T(addresses_and_masks),
		T(interfaces),
		T(ports_and_ranges),
		T(orderings),
		T(an_absent_field_never_compares),
		T(tcp_fields),
		T(states_are_bits),
		T(trees),
		T(payload),
		T(what_does_not_fit_is_refused),
		T(jump_goto_return),
		T(a_counter_counts_where_it_stands),
		T(a_cut_header_ends_the_packet),
		T(what_a_rule_sets_the_next_sees),
		T(matching_rules_are_traced),
		T(a_limit_is_a_token_bucket),
		T(limit_units),
		T(every_nth_packet),
		T(some_packets_at_random),
		T(several_ports),
		T(owners),
		T(address_ranges),
		T(address_types),
		T(tcp_options),
		T(bridge_ports),
		T(connections),
		T(as_text),
	};

	return cmocka_run_group_tests_name("rules: vm", all, NULL, NULL);
}
