/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/rules_set_test.c - every representation of sets against a list that is searched from its beginning, under
 * random changes, commits and aborts; and that packets see no half of a batch.
 */
#include "rules_util.h"

#include "rules/fn.h"
#include "rules/object.h"
#include "rules/set.h"

/* ---- the oracle ---- */

struct item {
	uint32_t lo[2], hi[2], data;
	bool has_end;
	bool pending;			/* added by the open transaction */
};

struct oracle {
	unsigned n;
	struct item at[4096];
};

struct shape {
	const char *name;
	unsigned n_parts;
	struct set_part part[2];
	uint32_t flags;
	bool map;
	uint32_t universe;		/* keys are below */
};

static const struct shape shapes[] = {
	{ "exact", 1, { { 4, FIELD_ORDER_NET } }, 0, false, 512 },
	{ "exact host", 1, { { 2, FIELD_ORDER_HOST } }, 0, true, 1024 },
	{ "interval", 1, { { 4, FIELD_ORDER_NET } }, NFT_SET_INTERVAL, false, 700 },
	{ "interval host", 1, { { 4, FIELD_ORDER_HOST } }, NFT_SET_INTERVAL, true, 700 },
	{ "concat", 2, { { 4, FIELD_ORDER_NET }, { 2, FIELD_ORDER_NET } }, 0, true, 24 },
	{ "ranges", 2, { { 4, FIELD_ORDER_NET }, { 2, FIELD_ORDER_HOST } }, NFT_SET_INTERVAL | NFT_SET_CONCAT, false, 40 },
	{ "map of ranges", 2, { { 2, FIELD_ORDER_HOST }, { 1, FIELD_ORDER_NET } }, NFT_SET_INTERVAL | NFT_SET_CONCAT, true, 40 },
};

static bool holds(const struct shape *sh, const struct item *i, const uint32_t *key)
{
	for (unsigned p = 0; p < sh->n_parts; p++)
		if (key[p] < i->lo[p] || key[p] > i->hi[p])
			return false;
	return true;
}

static const struct item *find(const struct shape *sh, const struct oracle *o, const uint32_t *key)
{
	for (unsigned i = 0; i < o->n; i++)
		if (holds(sh, &o->at[i], key))
			return &o->at[i];
	return NULL;
}

static int same(const struct shape *sh, const struct oracle *o, const struct item *x)
{
	for (unsigned i = 0; i < o->n; i++) {
		bool eq = true;

		for (unsigned p = 0; p < sh->n_parts; p++)
			eq = eq && o->at[i].lo[p] == x->lo[p] && o->at[i].hi[p] == x->hi[p];
		if (eq)
			return i;
	}
	return -1;
}

static bool overlaps(const struct shape *sh, const struct oracle *o, const struct item *x)
{
	if (sh->n_parts == 2)
		return find(sh, o, x->lo) || find(sh, o, x->hi);
	for (unsigned i = 0; i < o->n; i++)
		if (o->at[i].lo[0] <= x->hi[0] && x->lo[0] <= o->at[i].hi[0])
			return true;
	return false;
}

static int oracle_add(const struct shape *sh, struct oracle *o, const struct item *x, bool exclusive)
{
	int at = same(sh, o, x);

	if (at >= 0)
		return exclusive || (sh->map && o->at[at].data != x->data) ? -EEXIST : 0;
	if (overlaps(sh, o, x))
		return -EEXIST;
	o->at[o->n] = *x;
	o->at[o->n++].pending = true;
	return 0;
}

static int oracle_del(const struct shape *sh, struct oracle *o, const struct item *x)
{
	int at = same(sh, o, x);

	if (at < 0)
		return -ENOENT;
	memmove(&o->at[at], &o->at[at + 1], (--o->n - at) * sizeof(o->at[0]));
	return 0;
}

/* ---- keys ---- */

static void put_key(const struct shape *sh, const uint32_t *v, uint8_t *out)
{
	memset(out, 0, 16);
	for (unsigned p = 0, at = 0; p < sh->n_parts; p++, at += 4)
		for (unsigned i = 0; i < sh->part[p].len; i++)
			out[at + i] = v[p] >> 8 * (sh->part[p].order == FIELD_ORDER_HOST ? i : sh->part[p].len - 1 - i);
}

static uint32_t get_part(const struct shape *sh, unsigned p, const uint8_t *key)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < sh->part[p].len; i++)
		v |= (uint32_t)key[4 * p + i] << 8 * (sh->part[p].order == FIELD_ORDER_HOST ? i : sh->part[p].len - 1 - i);
	return v;
}

static struct rng rng;
static struct ruleset rs;
static struct clock now;

static struct item random_item(const struct shape *sh)
{
	struct item x = { .data = rng_below(&rng, 3) };

	for (unsigned p = 0; p < sh->n_parts; p++) {
		x.lo[p] = x.hi[p] = rng_below(&rng, sh->universe);
		if ((sh->flags & NFT_SET_INTERVAL) && rng_below(&rng, 3)) {
			x.hi[p] = MIN(x.lo[p] + rng_below(&rng, 1u << rng_below(&rng, 6)), sh->universe - 1);
			x.has_end = true;
		}
	}
	return x;
}

static struct set_elem elem_of(const struct shape *sh, const struct item *x, uint8_t *key, uint8_t *end, uint8_t *data)
{
	put_key(sh, x->lo, key);
	put_key(sh, x->hi, end);
	memcpy(data, &x->data, 4);
	return (struct set_elem){ .key = key, .key_end = x->has_end ? end : NULL, .data = sh->map ? data : NULL };
}

/* ---- comparing ---- */

static struct ir_set *set;
static struct world_of_rules w;

static void compare_seen(const struct shape *sh, const struct oracle *o, unsigned tries)
{
	uint8_t key[16];

	for (unsigned i = 0; i < tries; i++) {
		uint32_t v[2] = { rng_below(&rng, sh->universe), rng_below(&rng, sh->universe) };
		const struct item *x = find(sh, o, v);
		const void *data;

		put_key(sh, v, key);
		assert_int_equal(set_contains(set, key, 0), !!x);
		if (!sh->map)
			continue;
		data = set_lookup_data(set, key, &w.m);
		assert_int_equal(!!data, !!x);
		if (x)
			assert_memory_equal(data, &x->data, 4);
	}
}

struct counting {
	const struct shape *sh;
	const struct oracle *o;
	unsigned n;
};

static int count_known(void *ctx, const struct set_elem *e)
{
	struct counting *c = ctx;
	struct item x = { 0 };

	for (unsigned p = 0; p < c->sh->n_parts; p++) {
		x.lo[p] = get_part(c->sh, p, e->key);
		x.hi[p] = get_part(c->sh, p, e->key_end ? e->key_end : e->key);
	}
	assert_true(same(c->sh, c->o, &x) >= 0);
	c->n++;
	return 0;
}

static void compare_view(const struct shape *sh, const struct oracle *o)
{
	struct counting c = { sh, o, 0 };

	assert_int_equal(set_each(set, count_known, &c), 0);
	assert_int_equal(c.n, o->n);
	assert_int_equal(set->n_elems, o->n);
}

static struct set_desc desc_of(const struct shape *sh)
{
	struct set_desc d = { .name = "s", .flags = sh->flags, .n_parts = sh->n_parts };

	memcpy(d.part, sh->part, sizeof(sh->part));
	if (sh->map) {
		d.data = SET_DATA_VALUE;
		d.data_len = 4;
		d.flags |= NFT_SET_MAP;
	}
	return d;
}

static struct ir_set *make_set(const struct set_desc *d)
{
	struct txn *x = txn_begin(&rs);
	struct table *t = ruleset_table(&rs, NFPROTO_IPV4, "t") ? txn_table(x, NFPROTO_IPV4, "t")
								 : txn_table_add(x, NFPROTO_IPV4, "t", false);
	struct ir_set *s = txn_set_add(x, t, d, NULL);

	assert_non_null(s);
	assert_int_equal(txn_commit(x), 0);
	return s;
}

/* a packet adds or removes an element, while a transaction is open */
static void random_packet(const struct shape *sh, struct oracle *view, struct oracle *seen)
{
	struct item i = view->n && rng_below(&rng, 2) ? view->at[rng_below(&rng, view->n)] : random_item(sh);
	int in_seen = same(sh, seen, &i), in_view = same(sh, view, &i);
	bool add = rng_below(&rng, 3), put = add && in_seen < 0 && in_view < 0;
	uint8_t key[16];

	if (sh->flags & NFT_SET_INTERVAL)
		return;
	put_key(sh, i.lo, key);
	assert_int_equal(set_dynset(set, add ? SET_OP_ADD : SET_OP_DELETE, key, sh->map ? &i.data : NULL, 0, &w.m),
			 !add || put || in_seen >= 0);
	i.pending = false;
	if (put) {
		seen->at[seen->n++] = i;
		view->at[view->n++] = i;
	} else if (!add && in_seen >= 0) {
		oracle_del(sh, seen, &i);
		if (in_view >= 0 && !view->at[in_view].pending)
			oracle_del(sh, view, &i);
	}
}

static void random_batch(const struct shape *sh, struct oracle *view, struct oracle *seen)
{
	struct txn *x = txn_begin(&rs);
	uint8_t key[16], end[16], data[4];

	assert_non_null(txn_table(x, NFPROTO_IPV4, "t"));
	for (unsigned n = rng_below(&rng, 60); n-- > 0;) {
		struct item i = view->n && rng_below(&rng, 2) ? view->at[rng_below(&rng, view->n)] : random_item(sh);
		struct set_elem e = elem_of(sh, &i, key, end, data);
		bool exclusive = rng_below(&rng, 2);

		if (rng_below(&rng, 6) == 0) {
			random_packet(sh, view, seen);
			continue;
		}
		switch (rng_below(&rng, 40)) {
		case 0:
			assert_int_equal(txn_set_flush(x, set), 0);
			view->n = 0;
			break;
		case 1 ... 14:
			assert_int_equal(txn_elem_del(x, set, &e), oracle_del(sh, view, &i));
			break;
		default:
			assert_int_equal(txn_elem_add(x, set, &e, exclusive), oracle_add(sh, view, &i, exclusive));
		}
	}
	compare_seen(sh, seen, 60);
	compare_view(sh, view);
	if (rng_below(&rng, 3)) {
		assert_int_equal(txn_commit(x), 0);
	} else {
		*view = *seen;
		txn_abort(x);
	}
}

static void against_the_oracle(const struct shape *sh)
{
	static struct oracle seen, view;
	struct set_desc d = desc_of(sh);

	ruleset_init(&rs);
	rs.clock = &now;
	rs.rng = &rng;
	set = make_set(&d);
	seen.n = view.n = 0;
	for (unsigned i = 0; i < 400; i++) {
		random_batch(sh, &view, &seen);
		for (unsigned k = 0; k < view.n; k++)
			view.at[k].pending = false;
		seen = view;
		compare_seen(sh, &seen, 100);
		compare_view(sh, &seen);
	}
	ruleset_free(&rs);
}

static void representations_agree_with_a_list(void **state)
{
	rng_seed(&rng, 4711);
	wr_init(&w);
	for (unsigned i = 0; i < ARRAY_LEN(shapes); i++)
		against_the_oracle(&shapes[i]);
	wr_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(representations_agree_with_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
