/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench/sets.c - a million elements: how long adding them takes, how much memory each needs, and what a lookup costs.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "rules/set.h"

#define ELEMENTS (k->few ? 50000u : 1000000u)
#define LOOKUPS 1000000u

struct kind {
	const char *name;
	uint32_t flags;
	unsigned n_parts;
	uint16_t len[2];
	enum set_data data;
	bool shuffled;
	bool few;			/* hundreds of shapes: adding looks each up, twice */
	/* element @i: its ends */
	void (*element)(uint32_t i, uint8_t *key, uint8_t *end);
};

static void exact(uint32_t i, uint8_t *key, uint8_t *end)
{
	put_u32(key, 0x0a000000 + i * 7);
	put_u32(end, 0x0a000000 + i * 7);
}

static void exact6(uint32_t i, uint8_t *key, uint8_t *end)
{
	for (unsigned w = 0; w < 4; w++) {
		put_u32(key + 4 * w, 0x20010db8 + i * w * 2654435761u);
		put_u32(end + 4 * w, 0x20010db8 + i * w * 2654435761u);
	}
}

static void interval(uint32_t i, uint8_t *key, uint8_t *end)
{
	put_u32(key, i * 1000);
	put_u32(end, i * 1000 + i % 900);
}

/* networks of four lengths with three kinds of port range */
static void ranges(uint32_t i, uint8_t *key, uint8_t *end)
{
	static const uint16_t port[][2] = { { 80, 80 }, { 1024, 65535 }, { 8000, 8099 } };
	uint32_t size = 1u << 4 * (i % 3), base = i << 12;

	put_u32(key, base);
	put_u32(end, base + size - 1);
	put_u32(key + 4, (uint32_t)port[i % 3][0] << 16);
	put_u32(end + 4, (uint32_t)port[i % 3][1] << 16);
}

/* ranges that begin and end anywhere, so that there are shapes of all kinds */
static void any_ranges(uint32_t i, uint8_t *key, uint8_t *end)
{
	uint32_t h = i * 2654435761u;

	put_u32(key, (i << 12) + h % 2000);
	put_u32(end, (i << 12) + h % 2000 + h / 2000 % 2000);
	put_u32(key + 4, (h >> 16) % 60000 << 16);
	put_u32(end + 4, ((h >> 16) % 60000 + h % 5000) << 16);
}

static const struct kind kinds[] = {
	{ "exact, IPv4", 0, 1, { 4 }, SET_DATA_NONE, true, false, exact },
	{ "exact, IPv6", 0, 1, { 16 }, SET_DATA_NONE, true, false, exact6 },
	{ "intervals, ascending", NFT_SET_INTERVAL, 1, { 4 }, SET_DATA_NONE, false, false, interval },
	{ "intervals, shuffled", NFT_SET_INTERVAL, 1, { 4 }, SET_DATA_NONE, true, false, interval },
	{ "map of intervals", NFT_SET_INTERVAL | NFT_SET_MAP, 1, { 4 }, SET_DATA_VALUE, false, false, interval },
	{ "network . port range", NFT_SET_INTERVAL | NFT_SET_CONCAT, 2, { 4, 2 }, SET_DATA_NONE, true, false, ranges },
	{ "any range . any (50,000)", NFT_SET_INTERVAL | NFT_SET_CONCAT, 2, { 4, 2 }, SET_DATA_NONE, true, true, any_ranges },
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static size_t in_use(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

/* a permutation of the numbers below ELEMENTS */
static uint32_t place(const struct kind *k, uint32_t i)
{
	return k->shuffled ? (uint32_t)((uint64_t)i * 618033 % ELEMENTS) : i;
}

static struct ir_set *load(struct ruleset *rs, const struct kind *k)
{
	struct set_desc d = { .name = "s", .flags = k->flags, .n_parts = k->n_parts, .data = k->data, .data_len = 4 };
	struct txn *x = txn_begin(rs);
	struct table *t = txn_table_add(x, NFPROTO_IPV4, "t", false);
	uint8_t key[16], end[16];
	struct ir_set *s;

	for (unsigned i = 0; i < k->n_parts; i++)
		d.part[i].len = k->len[i];
	s = txn_set_add(x, t, &d, NULL);
	for (uint32_t i = 0; i < ELEMENTS; i++) {
		struct set_elem e = { .key = key, .key_end = k->flags & NFT_SET_INTERVAL ? end : NULL };

		k->element(place(k, i), key, end);
		e.data = k->data ? key : NULL;
		if (txn_elem_add(x, s, &e, true))
			abort();
	}
	if (txn_commit(x))
		abort();
	return s;
}

static double look(const struct ir_set *s, const struct kind *k)
{
	uint8_t key[16], end[16];
	unsigned found = 0;
	double t = seconds();

	for (uint32_t i = 0; i < LOOKUPS; i++) {
		k->element((uint32_t)((uint64_t)i * 314159 % ELEMENTS), key, end);
		found += set_contains(s, key, 0);
	}
	if (found != LOOKUPS)
		abort();
	return (seconds() - t) / LOOKUPS * 1e9;
}

static double one_more(struct ruleset *rs, struct ir_set *s, const struct kind *k)
{
	double t = seconds();
	uint8_t key[16], end[16];
	struct set_elem e = { .key = key, .key_end = k->flags & NFT_SET_INTERVAL ? end : NULL };

	for (unsigned i = 0; i < 100; i++) {
		struct txn *x = txn_begin(rs);

		txn_table(x, NFPROTO_IPV4, "t");
		k->element(i, key, end);
		e.data = k->data ? key : NULL;
		if (txn_elem_del(x, s, &e) || txn_elem_add(x, s, &e, true) || txn_commit(x))
			abort();
	}
	return (seconds() - t) / 100 * 1e6;
}

int main(void)
{
	printf("a million elements            add, s  bytes each  lookup, ns  small transaction, us  free, s\n");
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct kind *k = &kinds[i];
		struct ruleset rs;
		size_t before = in_use();
		double t = seconds(), add, each, lookup, small;
		struct ir_set *s;

		ruleset_init(&rs);
		s = load(&rs, &kinds[i]);
		add = seconds() - t;
		each = (double)(in_use() - before) / ELEMENTS;
		lookup = look(s, &kinds[i]);
		small = one_more(&rs, s, &kinds[i]);
		t = seconds();
		ruleset_free(&rs);
		printf("%-28s %7.2f %11.1f %11.0f %22.1f %8.2f\n", kinds[i].name, add, each, lookup, small, seconds() - t);
	}
	return 0;
}
