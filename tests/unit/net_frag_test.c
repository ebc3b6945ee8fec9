/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_frag_test.c - splitting and putting together again in any order; duplicates, overlaps, limits, time.
 */
#include "net_pkts.h"

struct env {
	struct pkt_pool pool;
	struct frag_table t;
	struct rng r;
};

static void env_init(struct env *e, uint64_t seed)
{
	static const struct hash_key key = { { 1, 2 } };

	pkt_pool_init(&e->pool, 8192);
	frag_init(&e->t, &key);
	rng_seed(&e->r, seed);
}

static void env_free(struct env *e)
{
	frag_free(&e->t);
	assert_int_equal(e->t.bytes, 0);
	assert_int_equal(e->t.queues, 0);
	assert_int_equal(e->pool.meta.used, 0);
	pkt_pool_destroy(&e->pool);
}

static unsigned split(struct pkt *p, uint32_t mtu, struct pkt **v)
{
	struct pkt *f;
	unsigned n = 0;

	assert_int_equal(frag_split(p, mtu, 0, &f), 0);
	for (; f; n++) {
		v[n] = f;
		f = f->next;
		v[n]->next = NULL;
		assert_true(pkt_l3_len(v[n]) <= mtu);
		assert_int_equal(csum_fold(csum_partial(pkt_l3(v[n]), pkt_ip4(v[n])->ihl * 4u, 0)), 0);
	}
	return n;
}

static void shuffle(struct rng *r, struct pkt **v, unsigned n)
{
	while (n > 1) {
		unsigned k = rng_below(r, n--);
		struct pkt *tmp = v[n];

		v[n] = v[k];
		v[k] = tmp;
	}
}

static void test_round_trip(void **state)
{
	struct env e;

	(void)state;
	env_init(&e, 1);
	for (unsigned i = 0; i < 300; i++) {
		uint32_t len = 8 + rng_below(&e.r, 60000), mtu = 576 + rng_below(&e.r, 1000);
		struct pkt *p = make_pkt(&e.pool, &e.r, IPPROTO_UDP, len), *keep = pkt_clone(p), *whole = NULL;
		struct pkt *v[200];
		enum drop_reason why;
		unsigned n;

		edit_dsfield(p, 0);
		edit_dsfield(keep, 0);
		p->mark = i;
		n = split(p, mtu, v);
		if (i & 1)
			shuffle(&e.r, v, n);
		for (unsigned k = 0; k < n && n > 1; k++) {
			/* each passes a device: parsed again from its bytes */
			assert_int_equal(parse_ip(v[k]), DROP_NONE);
			assert_null(whole);
			if (k > 0 && k < n - 1 && rng_below(&e.r, 4) == 0) {
				assert_null(frag_add(&e.t, pkt_clone(v[k]), FRAG_USER_PREROUTING, 5, &why));
				assert_int_equal(why, DROP_NONE);
			}
			whole = frag_add(&e.t, v[k], FRAG_USER_PREROUTING, 5, &why);
			assert_true(why == DROP_NONE || why == DROP_FRAG_INVALID);
			if (why == DROP_FRAG_INVALID)
				assert_null(whole);
		}
		if (n == 1) {
			pkt_free(v[0]);
		} else {
			assert_non_null(whole);
			assert_memory_equal(pkt_l3(whole), pkt_l3(keep), pkt_l3_len(keep));
			assert_int_equal(whole->mark, i);
			assert_true(whole->flags & PKT_REASSEMBLED);
			assert_int_equal(whole->flags & (PKT_FRAG | PKT_LATER_FRAG | PKT_L4_CUT), 0);
			assert_true(parse_l4_checksum(whole));
			pkt_free(whole);
		}
		pkt_free(keep);
		assert_int_equal(e.t.queues, 0);
	}
	env_free(&e);
}

/* a fragment made by hand */
static struct pkt *piece(struct env *e, uint16_t id, uint16_t off, uint16_t len, bool more, uint8_t tos, bool df)
{
	struct pkt *p = build_ip4(&e->pool, 1, 2, IPPROTO_UDP, 64, tos, len);

	memset(pkt_l4(p), 'x', len);
	pkt_ip4(p)->id = id;
	pkt_ip4(p)->frag_off = htons((uint16_t)((df ? 0x4000 : 0) | (more ? 0x2000 : 0) | off / 8));
	edit_fill_checksums(p);
	pkt_ip4(p)->check = 0;
	pkt_ip4(p)->check = csum_fold(csum_partial(pkt_ip4(p), 20, 0));
	assert_int_equal(parse_ip(p), DROP_NONE);
	return p;
}

static void expect(struct env *e, struct pkt *p, enum drop_reason want, unsigned queues)
{
	enum drop_reason why;

	assert_null(frag_add(&e->t, p, FRAG_USER_LOCAL_IN, 0, &why));
	assert_int_equal(why, want);
	assert_int_equal(e->t.queues, queues);
}

static void test_overlap_and_duplicate(void **state)
{
	struct env e;

	(void)state;
	env_init(&e, 2);
	expect(&e, piece(&e, 1, 0, 64, true, 0, false), DROP_NONE, 1);
	expect(&e, piece(&e, 1, 0, 64, true, 0, false), DROP_FRAG_INVALID, 1);	/* the same again: only it goes */
	expect(&e, piece(&e, 1, 8, 16, true, 0, false), DROP_FRAG_INVALID, 1);	/* inside */
	expect(&e, piece(&e, 1, 32, 64, true, 0, false), DROP_FRAG_INVALID, 0);	/* overlaps: all goes */
	expect(&e, piece(&e, 2, 64, 64, true, 0, false), DROP_NONE, 1);
	expect(&e, piece(&e, 2, 0, 72, true, 0, false), DROP_FRAG_INVALID, 0);	/* overlaps from the left */
	expect(&e, piece(&e, 3, 64, 16, false, 0, false), DROP_NONE, 1);
	expect(&e, piece(&e, 3, 80, 16, true, 0, false), DROP_FRAG_INVALID, 0);	/* behind the last */
	expect(&e, piece(&e, 4, 64, 16, false, 0, false), DROP_NONE, 1);
	expect(&e, piece(&e, 4, 56, 16, false, 0, false), DROP_FRAG_INVALID, 0);	/* two lasts */
	expect(&e, piece(&e, 5, 65528, 16, false, 0, false), DROP_NONE, 1);	/* ping of death: kept, never whole */
	env_free(&e);
}

static void test_ecn_and_df(void **state)
{
	static const struct {
		uint8_t a, b;
		int want;
	} rows[] = { { 0, 0, 0 }, { 2, 3, 3 }, { 1, 2, 1 }, { 3, 3, 3 }, { 0, 3, -1 }, { 0, 2, -1 } };
	struct env e;

	(void)state;
	env_init(&e, 3);
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		struct pkt *whole;
		enum drop_reason why;

		assert_null(frag_add(&e.t, piece(&e, 9, 0, 64, true, rows[i].a, true), FRAG_USER_LOCAL_IN, 0, &why));
		whole = frag_add(&e.t, piece(&e, 9, 64, 8, false, rows[i].b, true), FRAG_USER_LOCAL_IN, 0, &why);
		if (rows[i].want < 0) {
			assert_null(whole);
			assert_int_equal(why, DROP_FRAG_INVALID);
			continue;
		}
		assert_non_null(whole);
		assert_int_equal(pkt_dsfield(whole), rows[i].want);
		assert_int_equal(ntohs(pkt_ip4(whole)->frag_off), 0x4000);
		assert_int_equal(whole->frag_max, 84);
		pkt_free(whole);
	}
	env_free(&e);
}

static void test_limits(void **state)
{
	struct env e;
	enum drop_reason why;
	unsigned i;

	(void)state;
	env_init(&e, 4);
	for (i = 0; i < FRAG_MAX_QUEUES; i++)
		expect(&e, piece(&e, (uint16_t)i, 0, 8, true, 0, false), DROP_NONE, i + 1);
	expect(&e, piece(&e, 60000, 0, 8, true, 0, false), DROP_FRAG_LIMIT, FRAG_MAX_QUEUES);
	for (i = 1; e.t.bytes + PKT_SMALL <= FRAG_MAX_BYTES; i++)
		expect(&e, piece(&e, (uint16_t)(i % 1000), (uint16_t)(8 * (1 + i / 1000)), 8, true, 0, false),
		       DROP_NONE, FRAG_MAX_QUEUES);
	assert_null(frag_add(&e.t, piece(&e, 5, 4096, 8, true, 0, false), FRAG_USER_LOCAL_IN, 0, &why));
	assert_int_equal(why, DROP_FRAG_LIMIT);
	/* none came to its end: all are reported, first fragments only */
	assert_int_equal(frag_next(&e.t), FRAG_TIMEOUT_MS);
	frag_expire(&e.t, FRAG_TIMEOUT_MS - 1);
	assert_int_equal(e.t.queues, FRAG_MAX_QUEUES);
	frag_expire(&e.t, FRAG_TIMEOUT_MS);
	assert_int_equal(e.t.queues, 0);
	assert_int_equal(e.t.bytes, 0);
	assert_int_equal(e.pool.meta.used, FRAG_MAX_QUEUES);
	env_free(&e);
}

static void test_users_apart(void **state)
{
	struct env e;
	enum drop_reason why;

	(void)state;
	env_init(&e, 5);
	assert_null(frag_add(&e.t, piece(&e, 1, 0, 8, true, 0, false), FRAG_USER_PREROUTING, 0, &why));
	assert_null(frag_add(&e.t, piece(&e, 1, 8, 8, false, 0, false), FRAG_USER_OUTPUT, 0, &why));
	assert_int_equal(e.t.queues, 2);
	env_free(&e);
}

static void test_split_errors_and_options(void **state)
{
	struct env e;
	struct pkt *p, *f = NULL, *v[16];
	unsigned n;

	(void)state;
	env_init(&e, 6);
	p = make_pkt(&e.pool, &e.r, IPPROTO_UDP, 100);
	assert_int_equal(frag_split(p, 27, 0, &f), -90 /* EMSGSIZE */);
	assert_null(f);
	/* header of 28: record route (7, not copied), router alert (148, copied), end */
	memmove(pkt_l4(p) + 8, pkt_l4(p), 92);
	memcpy(pkt_l4(p), "\x07\x03\x04\x94\x04\x00\x00\x00", 8);
	pkt_ip4(p)->ihl = 7;
	p->l4 += 8;
	edit_fill_checksums(p);
	assert_int_equal(parse_ip(p), DROP_NONE);
	n = split(p, 68, v);
	assert_int_equal(n, 3);
	for (unsigned i = 0; i < n; i++) {
		assert_memory_equal(pkt_l3(v[i]) + 20,
				    i ? "\x01\x01\x01\x94\x04\x00\x00\x00" : "\x07\x03\x04\x94\x04\x00\x00\x00", 8);
		assert_int_equal(v[i]->frag_off, 40 * i);
		pkt_free(v[i]);
	}
	env_free(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_overlap_and_duplicate),
		cmocka_unit_test(test_ecn_and_df),  cmocka_unit_test(test_limits),
		cmocka_unit_test(test_users_apart), cmocka_unit_test(test_split_errors_and_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
