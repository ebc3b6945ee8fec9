/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/rules_items_test.c - sets, maps, objects and flowtables of tables: batches in the kernel's order and with its
 * errors, what packets see and put in, and memory that runs out anywhere.
 *
 * LINK: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
 */
#include "rules_util.h"

#include "rules/fn.h"
#include "rules/object.h"
#include "rules/set.h"

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
static struct world_of_rules w;

static int setup(void **state)
{
	fail_at = allocs = 0;
	wr_init(&w);
	ruleset_init(&rs);
	rs.clock = &w.clock;
	return 0;
}

static int teardown(void **state)
{
	fail_at = 0;
	ruleset_free(&rs);
	wr_free(&w);
	return 0;
}

/* ---- making things ---- */

static struct txn *begin(struct table **t)
{
	struct txn *x = txn_begin(&rs);

	*t = ruleset_table(&rs, NFPROTO_IPV4, "filter") ? txn_table(x, NFPROTO_IPV4, "filter")
							 : txn_table_add(x, NFPROTO_IPV4, "filter", false);
	assert_non_null(*t);
	return x;
}

static struct chain *base_chain(struct txn *x, struct table *t)
{
	struct chain *c = txn_chain_add(x, t, "base");

	txn_chain_set_base(x, c, CHAIN_FILTER, NF_INET_FORWARD, 0, false);
	return c;
}

static struct set_desc desc(const char *name, uint32_t flags, enum set_data data)
{
	struct set_desc d = { .flags = flags, .n_parts = 1, .part = { { 4, FIELD_ORDER_NET } }, .data = data };

	strcpy(d.name, name);
	d.data_len = data == SET_DATA_VALUE ? 4 : 0;
	return d;
}

static struct ir_set *add_set(struct txn *x, struct table *t, const char *name, uint32_t flags, enum set_data data)
{
	struct set_desc d = desc(name, flags, data);

	return txn_set_add(x, t, &d, NULL);
}

static const uint8_t *key_of(uint32_t a)
{
	static uint8_t ring[8][4];
	static unsigned at;

	at = (at + 1) % 8;
	put_u32(ring[at], a);
	return ring[at];
}

static int add_elem(struct txn *x, struct ir_set *s, uint32_t a)
{
	return txn_elem_add(x, s, &(struct set_elem){ .key = key_of(a) }, false);
}

static int add_verdict(struct txn *x, struct ir_set *s, uint32_t a, enum ir_verdict v, const char *chain)
{
	return txn_elem_add(x, s, &(struct set_elem){ .key = key_of(a), .verdict = { v, chain } }, false);
}

static int del_elem(struct txn *x, struct ir_set *s, uint32_t a)
{
	return txn_elem_del(x, s, &(struct set_elem){ .key = key_of(a) });
}

/* ip saddr @set, then @v */
static struct rule *rule_in(struct ir_set *s, enum ir_verdict v)
{
	struct ir_list l;

	ir_list_init(&l);
	ir_match(&l, ir_field(FIELD_IP_SADDR), IR_IN, ir_set(s));
	ir_append(&l, IR_COUNTER);
	ir_verdict(&l, v, NULL);
	return rule_new(NULL, &l);
}

static struct rule *rule_vmap(struct ir_set *s)
{
	struct ir_list l;
	struct ir_stmt *st;

	ir_list_init(&l);
	st = ir_append(&l, IR_VMAP);
	if (st)
		st->vmap = ir_map(s, ir_field(FIELD_IP_SADDR));
	if (st && !st->vmap)
		l.failed = true;
	return rule_new(NULL, &l);
}

static struct rule *rule_dynset(struct ir_set *s, enum set_op op, uint64_t timeout_ms)
{
	struct ir_list l;
	struct ir_stmt *st;

	ir_list_init(&l);
	st = ir_append(&l, IR_DYNSET);
	if (st) {
		st->dynset.set = ir_set_get(s);
		st->dynset.op = op;
		st->dynset.key = ir_field(FIELD_IP_SADDR);
		st->dynset.timeout_ms = timeout_ms;
		l.failed |= !st->dynset.key;
	}
	ir_verdict(&l, IR_DROP, NULL);
	return rule_new(NULL, &l);
}

static struct rule *rule_object(struct ir_object *o, struct ir_set *map)
{
	struct ir_list l;
	struct ir_stmt *st;

	ir_list_init(&l);
	st = ir_append(&l, IR_OBJREF);
	if (st && o)
		st->objref.obj = ir_object_get(o);
	if (st && map) {
		st->objref.map = ir_map(map, ir_field(FIELD_IP_SADDR));
		l.failed |= !st->objref.map;
	}
	ir_verdict(&l, IR_DROP, NULL);
	return rule_new(NULL, &l);
}

static int append(struct txn *x, struct chain *c, struct rule *r)
{
	return r ? txn_rule_insert(x, c, c->n_rules, r) : -ENOMEM;
}

static struct ir_object quota_of(const char *name, uint64_t bytes)
{
	struct ir_object o = { .type = NFT_OBJECT_QUOTA, .fn = &fn_nft_quota };
	struct fn_nft_quota q = { .quota = bytes };

	strcpy(o.name, name);
	o.data = mem_dup(&q, sizeof(q));
	return o;
}

static enum ir_verdict probe(uint32_t src)
{
	struct vm_result res;

	wr_pkt(&w, IPPROTO_UDP, src, 0x0a000001, 1, 2);
	vm_run(wr_chain(&rs, "base"), &w.m, &res);
	return res.v;
}

static struct ir_set *set_now(const char *name)
{
	return table_set(ruleset_table(&rs, NFPROTO_IPV4, "filter"), name);
}

static bool has(const char *name, uint32_t a)
{
	return set_contains(set_now(name), key_of(a), clock_ms(&w.clock));
}

static void after_ms(uint64_t ms)
{
	w.clock.now_ns += ms * NSEC_PER_MSEC;
}

/* ---- tests ---- */

static void handles_and_names(void **state)
{
	struct table *t;
	struct txn *x = begin(&t);
	struct chain *c = base_chain(x, t);
	struct ir_set *a = add_set(x, t, "__set%d", NFT_SET_ANONYMOUS, 0), *b, *m;
	struct rule *r = rule_in(a, IR_DROP);

	assert_string_equal(a->desc.name, "__set0");
	assert_int_equal(c->handle, 1);
	assert_int_equal(a->handle, 2);
	append(x, c, r);
	assert_int_equal(r->handle, 3);
	b = add_set(x, t, "__set%d", NFT_SET_ANONYMOUS, 0);
	assert_string_equal(b->desc.name, "__set1");
	m = add_set(x, t, "__map%d", NFT_SET_ANONYMOUS | NFT_SET_MAP, SET_DATA_VERDICT);
	assert_string_equal(m->desc.name, "__map0");
	append(x, c, rule_in(b, IR_DROP));
	append(x, c, rule_vmap(m));
	assert_ptr_equal(table_set_by_handle(t, 4), b);
	assert_int_equal(txn_commit(x), 0);
	x = begin(&t);			/* the rule goes, its set with it, and the number is free again */
	txn_rule_delete(x, table_chain(t, "base"), 0);
	a = add_set(x, t, "__set%d", NFT_SET_ANONYMOUS, 0);
	assert_string_equal(a->desc.name, "__set0");
	assert_int_equal(t->n_sets, 3);
	append(x, table_chain(t, "base"), rule_in(a, IR_DROP));
	txn_refuse(x);
	x = begin(&t);
	assert_int_equal(t->n_sets, 3);
	assert_non_null(table_set(t, "__set0"));
	assert_int_equal(add_set(x, t, "s", 0, 0)->handle, 10);		/* two were given out and refused */
	assert_null(add_set(x, t, "s", 0, 0));
	assert_int_equal(errno, EEXIST);
	txn_abort(x);
}

static void sets_in_batches(void **state)
{
	struct table *t;
	struct txn *x = begin(&t);
	struct chain *c = base_chain(x, t);
	struct ir_set *s = add_set(x, t, "s", 0, 0);

	assert_int_equal(add_elem(x, s, 1), 0);
	assert_int_equal(add_elem(x, s, 2), 0);
	append(x, c, rule_in(s, IR_DROP));
	assert_int_equal(txn_commit(x), 0);
	assert_int_equal(s->uses, 1);
	assert_int_equal(probe(1), IR_DROP);
	assert_int_equal(probe(3), IR_ACCEPT);
	x = begin(&t);
	assert_int_equal(txn_set_del(x, t, s), -EBUSY);
	assert_int_equal(txn_set_flush(x, s), 0);
	assert_int_equal(add_elem(x, s, 1), 0);
	assert_int_equal(add_elem(x, s, 3), 0);
	assert_int_equal(probe(2), IR_DROP);		/* half a batch is nobody's business */
	assert_int_equal(probe(3), IR_ACCEPT);
	assert_int_equal(txn_commit(x), 0);
	assert_int_equal(probe(1), IR_DROP);
	assert_int_equal(probe(2), IR_ACCEPT);
	assert_int_equal(probe(3), IR_DROP);
	x = begin(&t);
	assert_int_equal(del_elem(x, s, 1), 0);
	assert_int_equal(del_elem(x, s, 1), -ENOENT);
	assert_int_equal(add_elem(x, s, 1), 0);
	assert_int_equal(add_elem(x, s, 9), 0);
	assert_int_equal(del_elem(x, s, 9), 0);
	assert_int_equal(txn_rule_delete(x, table_chain(t, "base"), 0), 0);
	assert_int_equal(txn_set_del(x, t, s), 0);
	assert_null(table_set(t, "s"));
	assert_int_equal(probe(1), IR_DROP);
	txn_abort(x);
	assert_int_equal(probe(1), IR_DROP);
	assert_int_equal(probe(9), IR_ACCEPT);
	assert_non_null(set_now("s"));
}

static void one_transaction_has_a_set(void **state)
{
	struct table *t, *t2;
	struct txn *x = begin(&t), *y;
	struct ir_set *s = add_set(x, t, "s", 0, 0);

	assert_int_equal(txn_commit(x), 0);
	x = begin(&t);
	y = begin(&t2);
	assert_int_equal(add_elem(x, s, 1), 0);
	assert_int_equal(add_elem(y, s, 1), -EAGAIN);
	txn_abort(y);
	assert_int_equal(txn_commit(x), 0);
	assert_true(has("s", 1));
}

static void room_and_catchall(void **state)
{
	struct table *t;
	struct txn *x = begin(&t);
	struct set_desc d = desc("s", 0, 0);
	struct ir_set *s;

	d.size = 2;
	s = txn_set_add(x, t, &d, NULL);
	assert_int_equal(add_elem(x, s, 1), 0);
	assert_int_equal(add_elem(x, s, 2), 0);
	assert_int_equal(add_elem(x, s, 2), 0);
	assert_int_equal(add_elem(x, s, 3), -ENFILE);
	assert_int_equal(txn_commit(x), 0);
	x = begin(&t);
	assert_int_equal(add_elem(x, s, 3), -ENFILE);
	assert_int_equal(del_elem(x, s, 1), 0);
	assert_int_equal(add_elem(x, s, 3), 0);
	assert_int_equal(txn_elem_add(x, s, &(struct set_elem){ .catchall = true }, false), 0);
	assert_int_equal(txn_elem_add(x, s, &(struct set_elem){ .catchall = true }, true), -EEXIST);
	assert_false(has("s", 77));
	assert_int_equal(txn_commit(x), 0);
	assert_true(has("s", 77));
	x = begin(&t);
	assert_int_equal(txn_elem_del(x, s, &(struct set_elem){ .catchall = true }), 0);
	assert_int_equal(txn_elem_add(x, s, &(struct set_elem){ .catchall = true, .comment = "all" }, false), 0);
	txn_abort(x);
	assert_true(has("s", 77));
	x = begin(&t);
	assert_int_equal(txn_set_flush(x, s), 0);
	assert_int_equal(txn_commit(x), 0);
	assert_false(has("s", 77));
	assert_int_equal(s->n_elems, 0);
}

static void verdict_maps(void **state)
{
	struct table *t;
	struct txn *x = begin(&t);
	struct chain *c = base_chain(x, t), *a = txn_chain_add(x, t, "a");
	struct ir_set *m = add_set(x, t, "m", NFT_SET_MAP, SET_DATA_VERDICT);

	assert_int_equal(add_verdict(x, m, 1, IR_DROP, NULL), 0);
	assert_int_equal(add_verdict(x, m, 2, IR_JUMP, "a"), 0);
	assert_int_equal(add_verdict(x, m, 2, IR_JUMP, "a"), 0);
	assert_int_equal(add_verdict(x, m, 2, IR_GOTO, "a"), -EEXIST);
	assert_int_equal(add_verdict(x, m, 3, IR_JUMP, "nowhere"), -ENOENT);
	append(x, a, wr_verdict(IR_DROP, NULL));
	append(x, c, rule_vmap(m));
	assert_int_equal(txn_commit(x), 0);
	assert_int_equal(probe(1), IR_DROP);
	assert_int_equal(probe(2), IR_DROP);
	assert_int_equal(probe(3), IR_ACCEPT);
	x = begin(&t);			/* another generation of the chain, the same element */
	txn_chain_flush(x, table_chain(t, "a"));
	assert_int_equal(txn_chain_del(x, table_chain(t, "a")), -EBUSY);
	assert_int_equal(txn_commit(x), 0);
	assert_int_equal(probe(2), IR_ACCEPT);
	x = begin(&t);			/* a loop through the map */
	append(x, table_chain(t, "a"), rule_vmap(m));
	assert_int_equal(txn_commit(x), -EMLINK);
	x = begin(&t);
	assert_int_equal(txn_chain_rename(x, table_chain(t, "a"), "b"), 0);
	append(x, table_chain(t, "b"), wr_verdict(IR_DROP, NULL));
	assert_int_equal(txn_commit(x), 0);
	assert_int_equal(probe(2), IR_DROP);
	x = begin(&t);
	assert_int_equal(del_elem(x, m, 2), 0);
	txn_chain_flush(x, table_chain(t, "b"));
	assert_int_equal(txn_chain_del(x, table_chain(t, "b")), 0);
	assert_int_equal(probe(2), IR_DROP);
	assert_int_equal(txn_commit(x), 0);
	assert_int_equal(probe(2), IR_ACCEPT);
}

/* what may not be reached from a hook is not reached by way of a map either */
static void maps_and_hooks(void **state)
{
	struct table *t;
	struct txn *x = begin(&t);
	struct chain *c = base_chain(x, t), *a = txn_chain_add(x, t, "a");
	struct ir_set *m = add_set(x, t, "m", NFT_SET_MAP, SET_DATA_VERDICT);
	struct ir_list l;

	ir_list_init(&l);
	l.hooks = 1 << NF_INET_LOCAL_IN;
	ir_verdict(&l, IR_DROP, NULL);
	append(x, a, wr_rule(&l));
	append(x, c, rule_vmap(m));
	assert_int_equal(txn_check(x, NULL), 0);
	assert_int_equal(add_verdict(x, m, 2, IR_JUMP, "a"), 0);
	assert_int_equal(txn_commit(x), -EINVAL);
}

static void packets_fill_sets(void **state)
{
	struct table *t;
	struct txn *x = begin(&t);
	struct chain *c = base_chain(x, t);
	struct set_desc d = desc("s", NFT_SET_EVAL | NFT_SET_TIMEOUT, 0);
	struct ir_set *s;

	d.size = 3;
	d.timeout_ms = 1000;
	s = txn_set_add(x, t, &d, NULL);
	append(x, c, rule_dynset(s, SET_OP_UPDATE, 0));
	assert_int_equal(txn_commit(x), 0);
	assert_int_equal(probe(1), IR_DROP);
	assert_int_equal(probe(2), IR_DROP);
	assert_int_equal(probe(3), IR_DROP);
	assert_int_equal(probe(4), IR_ACCEPT);		/* full */
	assert_true(has("s", 1) && has("s", 3) && !has("s", 4));
	after_ms(700);
	assert_int_equal(probe(1), IR_DROP);		/* again: a second more */
	after_ms(700);
	assert_true(has("s", 1) && !has("s", 2));
	after_ms(600);
	assert_int_equal(probe(4), IR_DROP);		/* D-120: those that are over make room */
	assert_int_equal(s->n_elems, 1);
}

static void packets_while_a_batch_is_open(void **state)
{
	struct table *t;
	struct txn *x = begin(&t);
	struct chain *c = base_chain(x, t);
	struct ir_set *s = add_set(x, t, "s", NFT_SET_EVAL | NFT_SET_TIMEOUT, 0);

	append(x, c, rule_dynset(s, SET_OP_ADD, 0));
	assert_int_equal(txn_commit(x), 0);
	assert_int_equal(s->desc.size, SET_DYNAMIC_SIZE);
	probe(1);
	probe(2);
	x = begin(&t);
	assert_int_equal(txn_set_flush(x, s), 0);
	probe(1);
	probe(3);
	assert_true(has("s", 1) && has("s", 2) && has("s", 3));
	assert_int_equal(txn_commit(x), 0);
	assert_true(!has("s", 1) && !has("s", 2) && has("s", 3));
	x = begin(&t);
	assert_int_equal(add_elem(x, s, 5), 0);
	probe(6);
	txn_abort(x);
	assert_true(!has("s", 5) && has("s", 6) && has("s", 3));
}

static void elements_with_statements(void **state)
{
	struct table *t;
	struct txn *x = begin(&t);
	struct chain *c = base_chain(x, t);
	struct set_desc d = desc("s", 0, 0);
	struct fn_limit two = { .rate = 1, .unit_s = 60, .burst = 2 };
	struct ir_list l;
	struct ir_set *s;

	ir_list_init(&l);
	ir_test(&l, &fn_limit, mem_dup(&two, sizeof(two)), false);
	d.n_exprs = 1;
	d.expr[0] = l.first;
	s = txn_set_add(x, t, &d, NULL);
	add_elem(x, s, 1);
	add_elem(x, s, 2);
	append(x, c, rule_in(s, IR_DROP));
	assert_int_equal(txn_commit(x), 0);
	after_ms(1000);
	assert_int_equal(probe(1), IR_DROP);
	assert_int_equal(probe(1), IR_DROP);
	assert_int_equal(probe(1), IR_ACCEPT);		/* each has its own */
	assert_int_equal(probe(2), IR_DROP);
}

static struct ir_stmt *limit_of(unsigned burst)
{
	struct fn_limit two = { .rate = 1, .unit_s = 60, .burst = burst };
	struct ir_list l;

	ir_list_init(&l);
	ir_test(&l, &fn_limit, mem_dup(&two, sizeof(two)), false);
	return l.first;
}

static struct ir_stmt *counter_of(void)
{
	struct ir_list l;

	ir_list_init(&l);
	ir_test(&l, &fn_counter, mem_zalloc(sizeof(struct fn_counter)), false);
	return l.first;
}

static int count_states(void *ctx, const struct set_elem *e)
{
	*(unsigned *)ctx += e->state != NULL;
	return 0;
}

static unsigned with_states(const struct ir_set *s)
{
	unsigned n = 0;

	assert_int_equal(set_each(s, count_states, &n), 0);
	return n;
}

/* D-121 */
static void statements_of_a_rule(void **state)
{
	struct table *t;
	struct txn *x = begin(&t);
	struct chain *c = base_chain(x, t);
	struct ir_set *s = add_set(x, t, "s", NFT_SET_EVAL, 0);
	struct ir_stmt *one = limit_of(2);

	add_elem(x, s, 77);
	append(x, c, rule_dynset(s, SET_OP_ADD, 0));
	assert_int_equal(txn_commit(x), 0);
	x = begin(&t);
	assert_int_equal(txn_set_adopt(x, s, &one, 1), 0);
	txn_abort(x);
	assert_int_equal(s->desc.n_exprs, 0);
	x = begin(&t);
	one = counter_of();
	assert_int_equal(txn_set_adopt(x, s, &one, 1), 0);
	one = limit_of(2);
	assert_int_equal(txn_set_adopt(x, s, &one, 1), 0);
	add_elem(x, s, 78);
	assert_int_equal(txn_commit(x), 0);
	assert_int_equal(with_states(s), 0);	/* what commands add has none */
	after_ms(1000);
	assert_int_equal(probe(1), IR_DROP);
	assert_int_equal(probe(1), IR_DROP);
	assert_int_equal(probe(1), IR_ACCEPT);
	assert_int_equal(probe(77), IR_DROP);
	assert_int_equal(probe(77), IR_DROP);
	assert_int_equal(probe(77), IR_DROP);
	assert_int_equal(with_states(s), 1);
	x = begin(&t);
	one = counter_of();
	assert_int_equal(txn_set_adopt(x, s, &one, 1), -EBUSY);
	one = limit_of(9);
	assert_int_equal(txn_set_adopt(x, s, &one, 1), 0);
	assert_int_equal(txn_commit(x), 0);
	for (unsigned i = 0; i < 9; i++)
		assert_int_equal(probe(2), IR_DROP);
	assert_int_equal(probe(2), IR_ACCEPT);
	x = begin(&t);
	txn_set_flush(x, s);
	assert_int_equal(txn_commit(x), 0);
	x = begin(&t);
	one = counter_of();
	assert_int_equal(txn_set_adopt(x, s, &one, 1), 0);
	probe(3);
	txn_abort(x);
	assert_false(has("s", 3));
	assert_int_equal(probe(3), IR_DROP);
}

static int see_comment(void *ctx, const struct set_elem *e)
{
	*(const char **)ctx = e->comment;
	return e->timeout_ms == 5000 && e->expires_ms == 4000 ? 7 : 8;
}

static void times_and_comments(void **state)
{
	struct table *t;
	struct txn *x = begin(&t);
	struct ir_set *s = add_set(x, t, "s", NFT_SET_TIMEOUT, 0), *plain = add_set(x, t, "p", 0, 0);
	struct set_elem e = { .key = key_of(9), .timeout_ms = 5000, .comment = "nine" };
	const char *comment;

	assert_int_equal(txn_elem_add(x, plain, &e, true), -EINVAL);
	assert_int_equal(txn_elem_add(x, s, &e, true), 0);
	e.expires_ms = 6000;
	assert_int_equal(txn_elem_add(x, s, &e, false), -ERANGE);
	assert_int_equal(txn_commit(x), 0);
	after_ms(1000);
	assert_int_equal(set_find_elem(s, key_of(9), see_comment, &comment), 7);
	assert_string_equal(comment, "nine");
	after_ms(3000);
	x = begin(&t);			/* added again: its time begins anew, at commit */
	e.expires_ms = 0;
	assert_int_equal(txn_elem_add(x, s, &e, false), 0);
	assert_int_equal(txn_commit(x), 0);
	after_ms(1000);
	assert_int_equal(set_find_elem(s, key_of(9), see_comment, &comment), 7);
	after_ms(4000);
	assert_false(has("s", 9));
	assert_int_equal(set_find_elem(s, key_of(9), see_comment, &comment), -ENOENT);
}

static void objects(void **state)
{
	struct table *t;
	struct txn *x = begin(&t);
	struct chain *c = base_chain(x, t);
	struct ir_object q = quota_of("q", 100), *o = txn_object_add(x, t, &q);
	struct set_desc d = desc("m", NFT_SET_MAP, SET_DATA_OBJECT);
	struct ir_set *m;

	d.object_type = NFT_OBJECT_QUOTA;
	m = txn_set_add(x, t, &d, NULL);
	q = quota_of("q", 1);
	assert_null(txn_object_add(x, t, &q));
	assert_int_equal(errno, EEXIST);
	append(x, c, rule_object(o, NULL));
	assert_int_equal(txn_elem_add(x, m, &(struct set_elem){ .key = key_of(1), .object = o }, true), 0);
	assert_int_equal(txn_commit(x), 0);
	assert_int_equal(probe(1), IR_DROP);		/* 28 bytes each: three are within 100 */
	assert_int_equal(probe(1), IR_DROP);
	assert_int_equal(probe(1), IR_DROP);
	assert_int_equal(probe(1), IR_ACCEPT);
	x = begin(&t);
	assert_int_equal(txn_object_del(x, t, o), -EBUSY);
	q = quota_of("q", 1000);
	assert_int_equal(txn_object_update(x, o, &q), 0);
	assert_int_equal(probe(1), IR_ACCEPT);
	assert_int_equal(txn_commit(x), 0);
	assert_int_equal(probe(1), IR_DROP);
	x = begin(&t);
	txn_chain_flush(x, table_chain(t, "base"));
	assert_int_equal(txn_object_del(x, t, o), -EBUSY);
	append(x, table_chain(t, "base"), rule_object(NULL, m));
	assert_int_equal(txn_commit(x), 0);
	assert_int_equal(probe(1), IR_DROP);
	assert_int_equal(probe(2), IR_ACCEPT);
	x = begin(&t);
	assert_int_equal(del_elem(x, m, 1), 0);
	assert_int_equal(txn_object_del(x, t, o), 0);
	assert_int_equal(txn_commit(x), 0);
	assert_int_equal(probe(1), IR_ACCEPT);
}

static void flowtables(void **state)
{
	struct table *t;
	struct txn *x = begin(&t);
	struct chain *c = base_chain(x, t);
	char *devs[] = { "eth1", "eth0", NULL }, *more[] = { "eth2", NULL };
	struct flowtable f = { .name = "f", .dev = devs }, *in;
	struct ir_list l;
	struct ir_stmt *s;

	in = txn_flowtable_add(x, t, &f);
	assert_string_equal(in->dev[0], "eth0");
	assert_null(txn_flowtable_add(x, t, &f));
	assert_int_equal(txn_flowtable_devs(x, t, in, more, false), -ENOENT);
	assert_int_equal(txn_flowtable_devs(x, t, in, more, true), 0);
	assert_string_equal(table_flowtable(t, "f")->dev[2], "eth2");
	ir_list_init(&l);
	s = ir_append(&l, IR_ACTION);
	s->action.act = IR_ACT_FLOW;
	s->action.flowtable = mem_strdup("f");
	append(x, c, wr_rule(&l));
	assert_int_equal(txn_flowtable_del(x, t, table_flowtable(t, "f")), -EBUSY);
	txn_chain_flush(x, c);
	assert_int_equal(txn_flowtable_del(x, t, table_flowtable(t, "f")), 0);
	txn_abort(x);
}

static void bound_chains(void **state)
{
	struct table *t;
	struct txn *x = begin(&t);
	struct chain *c = base_chain(x, t), *b = txn_chain_add(x, t, NULL), *inner = txn_chain_add(x, t, NULL);

	assert_string_equal(b->name, "__chain1");
	append(x, b, wr_verdict(IR_JUMP, "__chain2"));
	append(x, inner, wr_verdict(IR_DROP, NULL));
	append(x, c, wr_verdict(IR_JUMP, "__chain1"));
	assert_int_equal(txn_commit(x), 0);
	assert_int_equal(probe(1), IR_DROP);
	x = begin(&t);
	assert_int_equal(txn_rule_delete(x, table_chain(t, "base"), 0), 0);
	assert_int_equal(txn_commit(x), 0);
	assert_null(wr_chain(&rs, "__chain1"));
	assert_null(wr_chain(&rs, "__chain2"));
	assert_int_equal(probe(1), IR_ACCEPT);
}

static void tables_have_more(void **state)
{
	struct table *t;
	struct txn *x = begin(&t);
	struct chain *c = base_chain(x, t);
	char *devs[] = { "a", "b", NULL };
	char name[32];

	assert_int_equal(txn_table_set(x, t, NFT_TABLE_F_DORMANT, "words"), 0);
	assert_int_equal(txn_chain_set_devs(x, c, devs), 0);
	assert_int_equal(txn_chain_set_comment(x, c, "a chain"), 0);
	assert_int_equal(txn_commit(x), 0);
	x = begin(&t);
	assert_true(t->dormant);
	assert_string_equal(t->comment, "words");
	assert_string_equal(table_chain(t, "base")->devs[1], "b");
	assert_string_equal(table_chain(t, "base")->comment, "a chain");
	for (unsigned i = 0; i < RULESET_HOOK_MAX; i++) {
		sprintf(name, "b%u", i);
		txn_chain_set_base(x, txn_chain_add(x, t, name), CHAIN_FILTER, NF_INET_FORWARD, 0, false);
	}
	assert_int_equal(txn_check(x, NULL), 0);	/* dormant: at no hook */
	txn_table_set(x, t, 0, NULL);
	assert_int_equal(txn_commit(x), -E2BIG);
	x = txn_begin(&rs);
	assert_int_equal(txn_flush(x, NFPROTO_IPV6), 0);
	assert_int_equal(txn_flush(x, 0), 0);
	assert_null(txn_table(x, NFPROTO_IPV4, "filter"));
	assert_non_null(txn_table_add(x, NFPROTO_IPV4, "filter", false));
	assert_int_equal(txn_commit(x), 0);
	assert_null(wr_chain(&rs, "base"));
}

static void needs(void **state)
{
	struct table *t;
	struct txn *x = begin(&t);
	struct chain *c = base_chain(x, t);
	struct ir_object o = { .name = "h", .type = NFT_OBJECT_CT_HELPER };
	struct ir_object *h = txn_object_add(x, t, &o);

	append(x, c, rule_object(h, NULL));
	assert_int_equal(txn_commit(x), 0);
	assert_true(rs.needs_ct[0] && rs.needs_defrag[0]);
	x = begin(&t);
	txn_chain_flush(x, table_chain(t, "base"));
	assert_int_equal(txn_commit(x), 0);
	assert_false(rs.needs_ct[0]);
}

static void wrong_keys(void **state)
{
	struct table *t;
	struct txn *x = begin(&t);
	struct chain *c = base_chain(x, t);
	struct ir_set *s = add_set(x, t, "s", 0, 0), *i = add_set(x, t, "i", NFT_SET_INTERVAL, 0);
	struct ir_list l;

	assert_int_equal(txn_elem_add(x, s, &(struct set_elem){ .key = key_of(1), .key_end = key_of(2) }, true), -EINVAL);
	assert_int_equal(txn_elem_add(x, i, &(struct set_elem){ .key = key_of(2), .key_end = key_of(1) }, true), -EINVAL);
	assert_int_equal(txn_elem_add(x, i, &(struct set_elem){ .key = key_of(2), .open_end = true }, true), 0);
	assert_int_equal(txn_elem_add(x, i, &(struct set_elem){ .key = key_of(9) }, true), -EEXIST);
	ir_list_init(&l);
	ir_match(&l, ir_field(FIELD_ETHER_SADDR), IR_IN, ir_set(s));
	append(x, c, wr_rule(&l));
	assert_int_equal(txn_commit(x), -EINVAL);
	x = begin(&t);
	c = base_chain(x, t);
	i = add_set(x, t, "i", NFT_SET_INTERVAL, 0);
	append(x, c, rule_dynset(i, SET_OP_ADD, 0));
	assert_int_equal(txn_commit(x), -EOPNOTSUPP);
}

/* ---- memory ---- */

static int step(struct txn *x, struct table *t)
{
	struct set_desc d = desc("om", NFT_SET_MAP, SET_DATA_OBJECT);
	struct ir_set *s = table_set(t, "s"), *m = table_set(t, "m"), *anon, *om;
	struct ir_object q = quota_of("q2", 5), *o;
	char *devs[] = { "b", "a", NULL };
	struct flowtable f = { .name = "f", .dev = devs };
	uint8_t key[4], end[4];
	int err;

	o = q.data ? txn_object_add(x, t, &q) : NULL;
	d.object_type = NFT_OBJECT_QUOTA;
	om = txn_set_add(x, t, &d, NULL);
	anon = add_set(x, t, "__set%d", NFT_SET_ANONYMOUS | NFT_SET_INTERVAL, 0);
	if (!o || !om || !anon || !txn_flowtable_add(x, t, &f) || !txn_chain_add(x, t, NULL))
		return -ENOMEM;
	err = txn_elem_add(x, om, &(struct set_elem){ .key = key_of(1), .object = o, .comment = "c" }, true);
	for (unsigned i = 0; i < 40 && !err; i++) {
		put_u32(key, 100 * i);
		put_u32(end, 100 * i + i);
		err = txn_elem_add(x, anon, &(struct set_elem){ .key = key, .key_end = end }, true);
		err = err ? err : add_elem(x, s, 1000 + i);
		err = err ? err : add_verdict(x, m, 1000 + i, IR_JUMP, i % 2 ? "a" : "b");
	}
	err = err ? err : del_elem(x, s, 1);
	err = err ? err : txn_set_flush(x, s);
	err = err ? err : add_elem(x, s, 2);
	err = err ? err : txn_elem_add(x, s, &(struct set_elem){ .key = key_of(2), .timeout_ms = 5 }, false);
	err = err ? err : append(x, table_chain(t, "base"), rule_in(anon, IR_DROP));
	err = err ? err : append(x, table_chain(t, "base"), rule_dynset(s, SET_OP_ADD, 0));
	err = err ? err : append(x, table_chain(t, "base"), rule_object(NULL, om));
	err = err ? err : append(x, table_chain(t, "base"), rule_object(o, NULL));
	err = err ? err : txn_chain_rename(x, table_chain(t, "a"), "aa");
	err = err ? err : txn_table_set(x, t, 0, "said");
	q = quota_of("q", 7);
	if (!q.data)
		return err ? err : -ENOMEM;
	if (err)
		mem_free(q.data);
	return err ? err : txn_object_update(x, table_object(t, NFT_OBJECT_QUOTA, "q"), &q);
}

static int change_all(void)
{
	struct txn *x = txn_begin(&rs);
	struct table *t = x ? txn_table(x, NFPROTO_IPV4, "filter") : NULL;
	int err = t ? step(x, t) : -ENOMEM;

	if (!err)
		return txn_commit(x);
	if (x)
		txn_abort(x);
	return err;
}

static void prepare(void)
{
	struct table *t;
	struct txn *x = begin(&t);
	struct chain *c = base_chain(x, t);
	struct ir_set *s = add_set(x, t, "s", NFT_SET_EVAL | NFT_SET_TIMEOUT, 0);
	struct ir_set *m = add_set(x, t, "m", NFT_SET_MAP, SET_DATA_VERDICT);
	struct ir_object q = quota_of("q", 1000);

	txn_chain_add(x, t, "a");
	txn_chain_add(x, t, "b");
	assert_non_null(txn_object_add(x, t, &q));
	add_elem(x, s, 1);
	add_verdict(x, m, 1, IR_DROP, NULL);
	append(x, c, rule_vmap(m));
	append(x, c, rule_in(s, IR_DROP));
	assert_int_equal(txn_commit(x), 0);
}

static void as_before(void)
{
	const struct table *t = ruleset_table(&rs, NFPROTO_IPV4, "filter");

	assert_true(has("s", 1) && !has("s", 2));
	assert_int_equal(set_now("s")->n_elems, 1);
	assert_int_equal(set_now("m")->n_elems, 1);
	assert_int_equal(t->n_sets, 2);
	assert_int_equal(t->n_objects, 1);
	assert_null(t->comment);
	assert_int_equal(probe(1), IR_DROP);
}

static void memory_may_run_out_anywhere(void **state)
{
	unsigned n, failed = 0;
	bool reached;

	for (n = 1;; n++) {
		int err;

		prepare();
		allocs = 0;
		fail_at = n;
		err = change_all();
		reached = allocs >= n;
		fail_at = 0;
		failed += err != 0;
		if (err) {
			assert_int_equal(err, -ENOMEM);
			as_before();
		} else {		/* some do not matter: tables stay small, lists long */
			assert_true(!has("s", 1) && has("s", 2));
		}
		if (!reached)
			break;
		ruleset_free(&rs);
		ruleset_init(&rs);
		rs.clock = &w.clock;
	}
	assert_true(failed > 60);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(handles_and_names), TEST(sets_in_batches), TEST(one_transaction_has_a_set), TEST(room_and_catchall),
		TEST(verdict_maps), TEST(maps_and_hooks), TEST(packets_fill_sets), TEST(packets_while_a_batch_is_open),
		TEST(elements_with_statements), TEST(statements_of_a_rule),
		TEST(times_and_comments), TEST(objects), TEST(flowtables), TEST(bound_chains),
		TEST(tables_have_more), TEST(needs), TEST(wrong_keys), TEST(memory_may_run_out_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
