/* SPDX-License-Identifier: BSD-2-Clause */
/* base/: buffers, pools, the timer wheel against a plain array, the trie against a scan. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/diag.h"
#include "base/fmt.h"
#include "base/hash.h"
#include "base/lpm.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/wheel.h"

static void sbuf_works(void **state)
{
	struct sbuf s = SBUF_INIT;

	assert_string_equal(sbuf_str(&s), "");
	for (int i = 0; i < 1000; i++)
		sbuf_printf(&s, "%d,", i % 10);
	assert_int_equal(s.len, 2000);
	sbuf_consume(&s, 1996);
	assert_string_equal(sbuf_str(&s), "8,9,");
	sbuf_truncate(&s, 1);
	assert_string_equal(sbuf_str(&s), "8");
	sbuf_free(&s);
}

static void pool_is_bounded(void **state)
{
	struct mem_pool p;
	void *obj[100];

	mem_pool_init(&p, 24, 100);
	for (int i = 0; i < 100; i++) {
		assert_non_null(obj[i] = mem_pool_get(&p));
		memset(obj[i], i, 24);
	}
	assert_null(mem_pool_get(&p));
	assert_int_equal(p.refused, 1);
	mem_pool_put(&p, obj[7]);
	assert_ptr_equal(mem_pool_get(&p), obj[7]);
	mem_pool_destroy(&p);
}

struct timer {
	struct wheel_timer t;
	uint64_t due, fired;
};

struct firing {
	uint64_t last_due;
	int fired;
	struct wheel *w;
};

static void on_fire(void *ctx, struct wheel_timer *t)
{
	struct firing *f = ctx;
	struct timer *x = container_of(t, struct timer, t);

	assert_true(x->due >= f->last_due); /* in order of expiry */
	f->last_due = x->due;
	x->fired = f->w->now_ms;
	f->fired++;
}

/* every timer fires in the step that reaches its time, none before, whatever the steps */
static void wheel_fires_in_time(void **state)
{
	static struct wheel w;
	static struct timer t[500];
	struct rng r;

	for (uint64_t seed = 1; seed < 30; seed++) {
		uint64_t now = seed * 1000003;
		struct firing f = { .w = &w };
		int pending = 450;

		rng_seed(&r, seed);
		wheel_init(&w, now);
		for (int i = 0; i < 500; i++) {
			unsigned bits = rng_below(&r, 34);

			t[i] = (struct timer){ .due = now + 1 + (rng_u64(&r) & ((1ull << bits) - 1)) };
			wheel_timer_init(&t[i].t);
			wheel_add(&w, &t[i].t, t[i].due);
		}
		for (int i = 0; i < 50; i++)
			wheel_del(&w, &t[i].t);
		while (pending) {
			uint64_t next = wheel_next(&w), from = now;

			assert_int_equal(w.count, pending);
			now = rng_below(&r, 2) ? next : now + 1 + (rng_u64(&r) & ((1ull << rng_below(&r, 34)) - 1));
			f.fired = 0;
			f.last_due = 0;
			wheel_advance(&w, now, on_fire, &f);
			for (int i = 50; i < 500; i++) {
				bool due = t[i].due > from && t[i].due <= now;

				assert_int_equal(due, t[i].fired > from && t[i].fired <= now);
				if (due)
					assert_int_equal(t[i].fired, t[i].due);
				if (t[i].due > from)
					assert_true(next <= t[i].due);
			}
			pending -= f.fired;
		}
		assert_true(wheel_next(&w) == UINT64_MAX);
	}
}

struct prefix {
	uint8_t key[16];
	uint32_t plen;
	bool in;
};

static bool covers(const struct prefix *p, const uint8_t *key)
{
	for (uint32_t i = 0; i < p->plen; i++)
		if ((p->key[i / 8] ^ key[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

static void sparse_bits(struct rng *r, uint8_t *key, uint32_t n)
{
	for (uint32_t b = 0; b < n; b++) /* few ones, so that prefixes share much */
		if (rng_below(r, 4) == 0)
			key[b / 8] |= (uint8_t)(0x80 >> b % 8);
}

static int count_prefix(void *ctx, const uint8_t *key, uint32_t plen, void *val)
{
	struct prefix *p = val;

	assert_int_equal(p->plen, plen);
	assert_true(p->in);
	++*(int *)ctx;
	return 0;
}

static void lpm_matches_a_scan(void **state)
{
	static struct prefix p[200];
	struct rng r;

	for (uint64_t seed = 1; seed < 60; seed++) {
		struct lpm t;
		uint32_t bits = seed % 2 ? 32 : 128;
		int held = 0, seen = 0;

		rng_seed(&r, seed);
		lpm_init(&t, bits);
		for (int i = 0; i < 200; i++) {
			p[i] = (struct prefix){ .plen = rng_below(&r, bits + 1) };
			sparse_bits(&r, p[i].key, p[i].plen);
			p[i].in = lpm_insert(&t, p[i].key, p[i].plen, &p[i]) == 0;
			assert_int_equal(!p[i].in, lpm_exact(&t, p[i].key, p[i].plen) != &p[i]);
			held += p[i].in;
		}
		for (int i = 0; i < 200; i++)
			if (p[i].in && rng_below(&r, 3) == 0) {
				assert_ptr_equal(lpm_remove(&t, p[i].key, p[i].plen), &p[i]);
				p[i].in = false;
				held--;
			}
		assert_int_equal(t.count, held);
		assert_int_equal(lpm_walk(&t, count_prefix, &seen), 0);
		assert_int_equal(seen, held);
		for (int k = 0; k < 500; k++) {
			uint8_t key[16] = { 0 };
			void *val[200];
			unsigned n, want = 0;

			sparse_bits(&r, key, bits);
			n = lpm_lookup(&t, key, val, 200);
			for (int i = 0; i < 200; i++)
				want += p[i].in && covers(&p[i], key);
			assert_int_equal(n, want);
			for (unsigned i = 0; i + 1 < n; i++)
				assert_true(((struct prefix *)val[i])->plen > ((struct prefix *)val[i + 1])->plen);
		}
		lpm_free(&t);
	}
}

static void numbers_are_strict(void **state)
{
	uint64_t v;
	uint8_t mac[6];

	assert_int_equal(fmt_parse_u64("65535", 10, 65535, &v), 0);
	assert_int_equal(v, 65535);
	assert_int_equal(fmt_parse_u64("0x1f", 0, 255, &v), 0);
	assert_int_equal(v, 31);
	assert_int_equal(fmt_parse_u64("65536", 10, 65535, &v), -ERANGE);
	assert_int_equal(fmt_parse_u64("-1", 10, 65535, &v), -EINVAL);
	assert_int_equal(fmt_parse_u64("12a", 10, 65535, &v), -EINVAL);
	assert_int_equal(fmt_parse_u64("", 10, 65535, &v), -EINVAL);
	assert_int_equal(fmt_parse_mac("02:00:00:00:00:10", mac), 0);
	assert_int_equal(mac[5], 0x10);
	assert_int_equal(fmt_parse_mac("02:00:00:00:00", mac), -EINVAL);
	assert_int_equal(fmt_parse_mac("02:00:00:00:00:10:11", mac), -EINVAL);
}

/* the properties that tables rely on */
static void hash_is_keyed(void **state)
{
	struct hash_key a = { { 1, 2 } }, b = { { 1, 3 } };

	assert_true(hash_bytes(&a, "abcdefghij", 10) == hash_bytes(&a, "abcdefghij", 10));
	assert_true(hash_bytes(&a, "abcdefghij", 10) != hash_bytes(&b, "abcdefghij", 10));
	assert_true(hash_bytes(&a, "abcdefghij", 10) != hash_bytes(&a, "abcdefghij", 9));
	assert_true(hash_bytes(&a, "\0", 1) != hash_bytes(&a, "\0\0", 2));
}

static void diag_points(void **state)
{
	static const char *const names[] = { "PREROUTING", "POSTROUTING", "FORWARD", NULL };
	struct diag d;
	struct sbuf out = SBUF_INIT;
	struct diag_loc loc = { "rules", 3, 5, 2 };

	diag_init(&d);
	diag_error(&d, &loc, "ab\tcdef\nnext", "bad %s", "word");
	diag_hint(&d, "try %s", "this");
	diag_print(&d, &out);
	assert_string_equal(sbuf_str(&out), "rules:3:5: bad word\nab\tcdef\n  \t ^^\nhint: try this\n");
	assert_string_equal(diag_nearest("PREROUTNIG", names), "PREROUTING");
	assert_string_equal(diag_nearest("FORWRAD", names), "FORWARD");
	assert_null(diag_nearest("INPUT", names));
	sbuf_free(&out);
	diag_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sbuf_works),	       cmocka_unit_test(pool_is_bounded),
		cmocka_unit_test(wheel_fires_in_time), cmocka_unit_test(lpm_matches_a_scan),
		cmocka_unit_test(numbers_are_strict),  cmocka_unit_test(hash_is_keyed),
		cmocka_unit_test(diag_points),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
