/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/rules_txn_test.c - transactions: all or nothing, loops and depths, busy chains, counters over
 * generations, and memory that runs out anywhere.
 *
 * LINK: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
 */
#include "rules_util.h"

#include "rules/fn.h"

/* the allocation that fails, counted from 1; 0: none */
static unsigned fail_at, allocs;

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t m);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t m);
void *__wrap_realloc(void *p, size_t n);

static bool fails(void)
{
	return ++allocs == fail_at;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t m)
{
	return fails() ? NULL : __real_calloc(n, m);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

static struct ruleset rs;
static unsigned commits;

static void committed(void *ctx, struct ruleset *r)
{
	commits++;
}

static int setup(void **state)
{
	ruleset_init(&rs);
	rs.committed = committed;
	fail_at = allocs = commits = 0;
	return 0;
}

static int teardown(void **state)
{
	fail_at = 0;
	ruleset_free(&rs);
	return 0;
}

static int append(struct txn *x, struct chain *c, struct rule *r)
{
	return r ? txn_rule_insert(x, c, c->n_rules, r) : -ENOMEM;
}

static struct rule *jump(const char *chain)
{
	return wr_verdict(IR_JUMP, chain);
}

/* a filter table with INPUT and @n chains L1, L2, ...; the transaction stays open */
static struct txn *begin_chains(unsigned n, struct table **t)
{
	struct txn *x = txn_begin(&rs);
	char name[16];

	*t = txn_table_add(x, NFPROTO_IPV4, "filter", true);
	txn_chain_set_base(x, txn_chain_add(x, *t, "INPUT"), CHAIN_FILTER, NF_INET_LOCAL_IN, 0, false);
	for (unsigned i = 1; i <= n; i++) {
		sprintf(name, "L%u", i);
		assert_non_null(txn_chain_add(x, *t, name));
	}
	return x;
}

static struct txn *again(struct table **t)
{
	struct txn *x = txn_begin(&rs);

	*t = txn_table(x, NFPROTO_IPV4, "filter");
	assert_non_null(*t);
	return x;
}

static void nothing_before_commit(void **state)
{
	struct table *t;
	struct txn *x = begin_chains(1, &t);

	assert_int_equal(append(x, table_chain(t, "INPUT"), jump("L1")), 0);
	assert_null(ruleset_table(&rs, NFPROTO_IPV4, "filter"));
	txn_abort(x);
	assert_true(list_empty(&rs.tables));
	assert_int_equal(rs.gen, 0);
	assert_int_equal(commits, 0);
}

static void a_copy_is_private(void **state)
{
	struct table *t;
	struct txn *x = begin_chains(1, &t);
	struct chain *live;

	append(x, table_chain(t, "INPUT"), jump("L1"));
	assert_int_equal(txn_commit(x), 0);
	assert_int_equal(commits, 1);
	live = wr_chain(&rs, "INPUT");
	x = again(&t);
	assert_ptr_not_equal(table_chain(t, "INPUT"), live);
	assert_ptr_equal(txn_table(x, NFPROTO_IPV4, "filter"), t);
	assert_int_equal(append(x, table_chain(t, "INPUT"), wr_verdict(IR_DROP, NULL)), 0);
	assert_int_equal(txn_rule_delete(x, table_chain(t, "INPUT"), 0), 0);
	txn_chain_policy(x, table_chain(t, "INPUT"), true);
	assert_int_equal(live->n_rules, 1);
	assert_false(live->policy_drop);
	txn_abort(x);
	assert_ptr_equal(wr_chain(&rs, "INPUT"), live);
	assert_int_equal(live->rules[0]->refs, 1);
	assert_ptr_equal(live->rules[0]->jump->verdict.chain, wr_chain(&rs, "L1"));
}

static void jumps_follow_the_generation(void **state)
{
	struct table *t;
	struct txn *x = begin_chains(2, &t);

	append(x, table_chain(t, "INPUT"), jump("L1"));
	assert_int_equal(txn_commit(x), 0);
	x = again(&t);
	append(x, table_chain(t, "L2"), jump("L1"));
	assert_int_equal(txn_commit(x), 0);
	assert_ptr_equal(wr_chain(&rs, "INPUT")->rules[0]->jump->verdict.chain, wr_chain(&rs, "L1"));
	assert_int_equal(wr_chain(&rs, "L1")->refs, 2);
	assert_int_equal(wr_chain(&rs, "L2")->refs, 0);
}

/* INPUT -> Lx -> ... -> L20: with L6 sixteen chains in a row, which Linux takes; with L5 one too many */
static void jumps_have_a_depth(void **state)
{
	struct table *t;
	struct txn *x = begin_chains(20, &t);
	struct chain *where = NULL;
	char name[16], next[16];

	for (int i = 1; i < 20; i++) {
		sprintf(name, "L%d", i);
		sprintf(next, "L%d", i + 1);
		append(x, table_chain(t, name), jump(next));
	}
	assert_int_equal(txn_check(x, &where), 0);
	append(x, table_chain(t, "INPUT"), jump("L6"));
	assert_int_equal(txn_check(x, &where), 0);
	append(x, table_chain(t, "INPUT"), jump("L5"));
	assert_int_equal(txn_check(x, &where), -EMLINK);
	assert_string_equal(where->name, "INPUT");
	assert_int_equal(txn_commit(x), -EMLINK);
	assert_true(list_empty(&rs.tables));
}

static void loops_matter_where_packets_get(void **state)
{
	struct table *t;
	struct txn *x = begin_chains(2, &t);

	append(x, table_chain(t, "L1"), jump("L1"));
	append(x, table_chain(t, "L1"), jump("L2"));
	append(x, table_chain(t, "L2"), wr_verdict(IR_GOTO, "L1"));
	assert_int_equal(txn_commit(x), 0);
	x = again(&t);
	append(x, table_chain(t, "INPUT"), wr_verdict(IR_GOTO, "L2"));
	assert_int_equal(txn_commit(x), -EMLINK);
	assert_int_equal(wr_chain(&rs, "INPUT")->n_rules, 0);
}

static void a_jump_needs_its_chain(void **state)
{
	struct table *t;
	struct txn *x = begin_chains(1, &t);
	struct chain *where = NULL;

	append(x, table_chain(t, "L1"), jump("L9"));
	assert_int_equal(txn_check(x, &where), -ENOENT);
	assert_string_equal(where->name, "L1");
	txn_abort(x);
}

static void busy_chains_stay(void **state)
{
	struct table *t;
	struct txn *x = begin_chains(2, &t);

	append(x, table_chain(t, "L1"), jump("L2"));
	assert_int_equal(txn_chain_del(x, table_chain(t, "L1")), -EBUSY);
	assert_int_equal(txn_chain_del(x, table_chain(t, "L2")), -EBUSY);
	assert_null(txn_chain_add(x, t, "L2"));
	assert_int_equal(errno, EEXIST);
	txn_chain_flush(x, table_chain(t, "L1"));
	assert_int_equal(txn_chain_del(x, table_chain(t, "L2")), 0);
	assert_int_equal(txn_chain_del(x, table_chain(t, "L1")), 0);
	assert_int_equal(txn_commit(x), 0);
	assert_null(wr_chain(&rs, "L1"));
}

static void a_rename_takes_jumps_along(void **state)
{
	struct table *t;
	struct txn *x = begin_chains(2, &t);
	struct ir_stmt *j;

	append(x, table_chain(t, "INPUT"), jump("L1"));
	assert_int_equal(txn_commit(x), 0);
	j = wr_chain(&rs, "INPUT")->rules[0]->jump;
	x = again(&t);
	assert_int_equal(txn_chain_rename(x, table_chain(t, "L1"), "L2"), -EEXIST);
	assert_int_equal(txn_chain_rename(x, table_chain(t, "L1"), "new"), 0);
	assert_int_equal(txn_chain_del(x, table_chain(t, "new")), -EBUSY);
	assert_string_equal(j->verdict.name, "L1");
	txn_abort(x);
	assert_string_equal(j->verdict.name, "L1");
	x = again(&t);
	txn_chain_rename(x, table_chain(t, "L1"), "new");
	assert_int_equal(txn_commit(x), 0);
	assert_string_equal(j->verdict.name, "new");
	assert_ptr_equal(j->verdict.chain, wr_chain(&rs, "new"));
	assert_null(wr_chain(&rs, "L1"));
}

static void counters_live_on(void **state)
{
	struct world_of_rules w;
	struct vm_result res;
	struct table *t;
	struct txn *x = begin_chains(0, &t);

	wr_init(&w);
	wr_pkt(&w, IPPROTO_UDP, 1, 2, 3, 4);
	append(x, table_chain(t, "INPUT"), wr_verdict(IR_CONTINUE, NULL));
	txn_chain_counters(x, table_chain(t, "INPUT"), 0, 0);
	assert_int_equal(txn_commit(x), 0);
	x = again(&t);
	append(x, table_chain(t, "INPUT"), wr_verdict(IR_CONTINUE, NULL));
	vm_run(wr_chain(&rs, "INPUT"), &w.m, &res);	/* while the transaction is open */
	assert_int_equal(txn_commit(x), 0);
	assert_int_equal(wr_chain(&rs, "INPUT")->packets, 1);
	assert_int_equal(wr_chain(&rs, "INPUT")->bytes, 28);
	assert_int_equal(wr_chain(&rs, "INPUT")->rules[0]->packets, 1);
	x = again(&t);
	assert_int_equal(txn_rule_zero(x, table_chain(t, "INPUT"), 0), 0);
	txn_chain_counters(x, table_chain(t, "INPUT"), 7, 8);
	assert_int_equal(wr_chain(&rs, "INPUT")->rules[0]->packets, 1);
	assert_int_equal(txn_commit(x), 0);
	assert_int_equal(wr_chain(&rs, "INPUT")->rules[0]->packets, 0);
	assert_int_equal(wr_chain(&rs, "INPUT")->packets, 7);
	wr_free(&w);
}

static void state_survives_changes_around_it(void **state)
{
	struct fn_limit lim = { .rate = 1, .unit_s = 3600, .burst = 1 };
	struct world_of_rules w;
	struct vm_result res;
	struct ir_list l;
	struct table *t;
	struct txn *x = begin_chains(0, &t);

	wr_init(&w);
	wr_pkt(&w, IPPROTO_UDP, 1, 2, 3, 4);
	ir_list_init(&l);
	ir_test(&l, &fn_limit, mem_dup(&lim, sizeof(lim)), false);
	ir_verdict(&l, IR_DROP, NULL);
	append(x, table_chain(t, "INPUT"), wr_rule(&l));
	assert_int_equal(txn_commit(x), 0);
	vm_run(wr_chain(&rs, "INPUT"), &w.m, &res);
	assert_int_equal(res.v, IR_DROP);
	x = again(&t);
	txn_rule_insert(x, table_chain(t, "INPUT"), 0, wr_verdict(IR_CONTINUE, NULL));
	assert_int_equal(txn_commit(x), 0);
	vm_run(wr_chain(&rs, "INPUT"), &w.m, &res);
	assert_int_equal(res.v, IR_ACCEPT);
	wr_free(&w);
}

static void rules_say_what_they_need(void **state)
{
	struct table *t;
	struct txn *x = begin_chains(1, &t);
	struct ir_list l;

	txn_chain_set_base(x, txn_chain_add(x, t, "nat"), CHAIN_NAT, NF_INET_PRE_ROUTING, -100, false);
	assert_int_equal(txn_commit(x), 0);
	assert_true(rs.has_nat[0]);
	assert_false(rs.needs_ct[0]);		/* an empty nat chain starts no tracking, on Linux neither */
	x = again(&t);
	ir_list_init(&l);
	ir_append(&l, IR_ACTION)->action.act = IR_ACT_NOTRACK;
	append(x, table_chain(t, "L1"), wr_rule(&l));
	assert_int_equal(txn_commit(x), 0);
	assert_false(rs.needs_ct[0]);
	x = again(&t);
	ir_list_init(&l);
	ir_match_bits(&l, FIELD_CT_STATE, false, 2);
	append(x, table_chain(t, "L1"), wr_rule(&l));
	assert_int_equal(txn_commit(x), 0);
	assert_true(rs.needs_ct[0]);
	assert_true(rs.needs_defrag[0]);
	assert_false(rs.needs_ct[1]);
	x = again(&t);
	assert_int_equal(txn_rule_delete(x, table_chain(t, "L1"), 1), 0);
	assert_int_equal(txn_chain_del(x, table_chain(t, "nat")), 0);
	assert_int_equal(txn_commit(x), 0);
	assert_false(rs.needs_ct[0]);
	assert_false(rs.has_nat[0]);
}

static void hooks_are_checked_along_jumps(void **state)
{
	struct table *t;
	struct txn *x = begin_chains(2, &t);
	struct chain *where = NULL;
	struct ir_list l;

	ir_list_init(&l);
	ir_append(&l, IR_COUNTER);
	l.hooks = 1 << NF_INET_LOCAL_OUT;
	append(x, table_chain(t, "L2"), wr_rule(&l));
	append(x, table_chain(t, "L1"), jump("L2"));
	assert_int_equal(txn_commit(x), 0);
	x = again(&t);
	append(x, table_chain(t, "INPUT"), jump("L1"));
	assert_int_equal(txn_check(x, &where), -EINVAL);
	assert_string_equal(where->name, "L2");
	txn_abort(x);
}

static void the_first_to_commit_wins(void **state)
{
	struct table *t, *t2;
	struct txn *x = begin_chains(1, &t), *y;

	assert_int_equal(txn_commit(x), 0);
	x = again(&t);
	y = again(&t2);
	append(x, table_chain(t, "L1"), wr_verdict(IR_DROP, NULL));
	append(y, table_chain(t2, "L1"), wr_verdict(IR_ACCEPT, NULL));
	assert_int_equal(txn_commit(y), 0);
	assert_int_equal(txn_commit(x), -EAGAIN);
	assert_int_equal(wr_chain(&rs, "L1")->n_rules, 1);
	assert_int_equal(wr_chain(&rs, "L1")->rules[0]->body.first->next->verdict.v, IR_ACCEPT);
}

static void tables_come_and_go(void **state)
{
	struct table *t;
	struct txn *x = begin_chains(1, &t);

	assert_null(txn_table_add(x, NFPROTO_IPV4, "filter", true));
	assert_int_equal(errno, EEXIST);
	assert_int_equal(txn_commit(x), 0);
	x = again(&t);
	assert_int_equal(txn_table_del(x, t), 0);
	assert_null(txn_table(x, NFPROTO_IPV4, "filter"));
	assert_int_equal(errno, ENOENT);
	t = txn_table_add(x, NFPROTO_IPV4, "filter", false);
	assert_non_null(t);
	assert_non_null(txn_chain_add(x, t, "only"));
	assert_int_equal(txn_commit(x), 0);
	assert_non_null(wr_chain(&rs, "only"));
	assert_null(wr_chain(&rs, "INPUT"));
	x = again(&t);
	assert_int_equal(txn_table_del(x, t), 0);
	assert_int_equal(txn_commit(x), 0);
	assert_true(list_empty(&rs.tables));
}

/* ---- memory ---- */

static struct rule *try_rule(const char *to)
{
	struct fn_limit lim = { .rate = 1, .unit_s = 1 };
	void *data = mem_dup(&lim, sizeof(lim));
	uint16_t port = htons(80);
	struct ir_list l;

	ir_list_init(&l);
	ir_match_field(&l, FIELD_TH_DPORT, false, &port, &port);
	ir_match_range(&l, FIELD_TH_SPORT, true, &port, &port);
	ir_match_bits(&l, FIELD_CT_STATE, false, 6);
	if (data)
		ir_test(&l, &fn_limit, data, false);
	else
		l.failed = true;
	ir_append(&l, IR_COUNTER);
	ir_set_u32(&l, FIELD_META_MARK, 0, 1);
	ir_verdict(&l, IR_JUMP, to);
	return rule_new(NULL, &l);
}

static int replace(struct txn *x, struct chain *c, struct rule *r)
{
	return r ? txn_rule_replace(x, c, 0, r) : -ENOMEM;
}

/* a change of everything; 0, or that memory was short */
static int change_all(void)
{
	struct txn *x = txn_begin(&rs);
	struct table *t = x ? txn_table(x, NFPROTO_IPV4, "filter") : NULL, *nat;
	struct chain *c;
	int err = t ? 0 : -ENOMEM;

	if (!err)
		err = append(x, table_chain(t, "INPUT"), try_rule("L2"));
	if (!err)
		err = replace(x, table_chain(t, "L2"), try_rule("L3"));
	if (!err)
		err = txn_rule_zero(x, table_chain(t, "INPUT"), 0);
	if (!err)
		err = txn_rule_delete(x, table_chain(t, "L3"), 0);
	if (!err)
		err = txn_chain_rename(x, table_chain(t, "L1"), "renamed");
	nat = err ? NULL : txn_table_add(x, NFPROTO_IPV4, "nat", true);
	c = nat ? txn_chain_add(x, nat, "PREROUTING") : NULL;
	if (!err && !c)
		err = -ENOMEM;
	if (!err)
		err = txn_chain_set_base(x, c, CHAIN_NAT, NF_INET_PRE_ROUTING, -100, false);
	if (!err)
		return txn_commit(x);
	if (x)
		txn_abort(x);
	return err;
}

/* the rule set as text */
static char *shown(void)
{
	struct sbuf out = SBUF_INIT;
	struct table *t;
	struct chain *c;

	list_for_each(t, &rs.tables, node) {
		sbuf_printf(&out, "table %s\n", t->name);
		list_for_each(c, &t->chains, node) {
			sbuf_printf(&out, "chain %s %u refs %llu packets\n", c->name, c->refs,
				    (unsigned long long)c->packets);
			for (unsigned i = 0; i < c->n_rules; i++) {
				struct rule *r = c->rules[i];

				ir_print(&out, &r->body);
				sbuf_printf(&out, "refs %d packets %llu -> %s\n", r->refs,
					    (unsigned long long)r->packets,
					    r->jump ? r->jump->verdict.chain->name : "");
			}
		}
	}
	return sbuf_steal(&out);
}

static void memory_may_run_out_anywhere(void **state)
{
	struct table *t;
	struct txn *x = begin_chains(3, &t);
	char *before, *after;
	unsigned n;

	append(x, table_chain(t, "INPUT"), jump("L1"));
	append(x, table_chain(t, "L2"), jump("L3"));
	append(x, table_chain(t, "L3"), wr_verdict(IR_DROP, NULL));
	assert_int_equal(txn_commit(x), 0);
	wr_chain(&rs, "INPUT")->rules[0]->packets = 5;
	before = shown();
	for (n = 1;; n++) {
		uint32_t gen = rs.gen;

		allocs = 0;
		fail_at = n;
		if (change_all() == 0 && allocs < n)
			break;
		fail_at = 0;
		assert_int_equal(rs.gen, gen);
		after = shown();
		assert_string_equal(after, before);
		free(after);
	}
	fail_at = 0;
	after = shown();
	assert_string_not_equal(after, before);
	assert_true(n > 40);
	free(after);
	free(before);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest all[] = {
		T(nothing_before_commit),
		T(a_copy_is_private),
		T(jumps_follow_the_generation),
		T(jumps_have_a_depth),
		T(loops_matter_where_packets_get),
		T(a_jump_needs_its_chain),
		T(busy_chains_stay),
		T(a_rename_takes_jumps_along),
		T(counters_live_on),
		T(state_survives_changes_around_it),
		T(rules_say_what_they_need),
		T(hooks_are_checked_along_jumps),
		T(the_first_to_commit_wins),
		T(tables_come_and_go),
		T(memory_may_run_out_anywhere),
	};

	return cmocka_run_group_tests_name("rules: transactions", all, NULL, NULL);
}
