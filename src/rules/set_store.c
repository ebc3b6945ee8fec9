/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/set_store.c - the structures in which sets keep their elements: a treap of intervals, and a hash table by
 * shapes.
 *
 * Where it stands: below set.c and set_change.c; knows keys, not what elements are for.
 *
 * Theory of operation and invariants: rules/set_impl.h.
 *
 * References: Seidel, Aragon, "Randomized search trees" (1996), for the treap; the hash table by shapes is tuple space
 * search over common prefixes (Srinivasan, Suri, Varghese 1999), with one entry for an element.
 */
#include <string.h>

#include "rules/set_impl.h"

#define BUCKETS_MIN 16

/* ---- keys ---- */

static void turn(uint8_t *p, unsigned len)
{
	for (unsigned i = 0; i < len / 2; i++) {
		uint8_t b = p[i];

		p[i] = p[len - 1 - i];
		p[len - 1 - i] = b;
	}
}

void set_canon(const struct set_desc *d, const uint8_t *in, uint8_t *out)
{
	unsigned at = 0;

	for (unsigned i = 0; i < d->n_parts; i++) {
		unsigned len = d->part[i].len, padded = (len + 3) & ~3u;

		memcpy(out + at, in + at, padded);
		if (d->part[i].order == FIELD_ORDER_HOST && len <= 8)
			turn(out + at, len);
		at += padded;
	}
}

static inline int key_cmp(const uint8_t *a, const uint8_t *b, unsigned klen)
{
	uint32_t x, y;

	if (klen != 4)
		return memcmp(a, b, klen);
	memcpy(&x, a, 4);
	memcpy(&y, b, 4);
	x = __builtin_bswap32(x);
	y = __builtin_bswap32(y);
	return x < y ? -1 : x > y;
}

static inline bool key_eq(const uint8_t *a, const uint8_t *b, unsigned klen)
{
	uint32_t x, y;

	for (unsigned i = 0; i < klen; i += 4) {
		memcpy(&x, a + i, 4);
		memcpy(&y, b + i, 4);
		if (x != y)
			return false;
	}
	return true;
}

/* ---- shapes ---- */

static unsigned common_bits(const uint8_t *a, const uint8_t *b, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		if (a[i] != b[i])
			return 8 * i + __builtin_clz((uint32_t)(a[i] ^ b[i])) - 24;
	return 8 * len;
}

static void mask_of(const struct set_desc *d, struct set_group *g)
{
	unsigned at = 0;

	memset(g->mask, 0, sizeof(g->mask));
	for (unsigned i = 0; i < d->n_parts; i++) {
		for (unsigned b = 0; b < g->plen[i]; b++)
			g->mask[at + b / 8] |= 0x80 >> b % 8;
		at += (d->part[i].len + 3) & ~3u;
	}
}

static unsigned shape_slot(const struct set_impl *p, const struct set_group *g)
{
	static const struct hash_key fixed;
	unsigned i = hash_bytes(&fixed, g->plen, sizeof(g->plen)) & (p->n_group_slots - 1);

	while (p->group_slot[i] && memcmp(p->group[p->group_slot[i] - 1].plen, g->plen, sizeof(g->plen)) != 0)
		i = (i + 1) & (p->n_group_slots - 1);
	return i;
}

static bool shapes_grow(struct set_impl *p)
{
	unsigned n = p->n_group_slots ? 2 * p->n_group_slots : 8;
	struct set_group *group = mem_realloc(p->group, n / 2 * sizeof(*group));
	uint16_t *slot = group ? mem_zalloc(n * sizeof(*slot)) : NULL;

	if (group)
		p->group = group;
	if (!slot)
		return false;
	mem_free(p->group_slot);
	p->group_slot = slot;
	p->n_group_slots = n;
	for (unsigned i = 0; i < p->n_groups; i++)
		slot[shape_slot(p, &p->group[i])] = i + 1;
	return true;
}

int group_of(struct set_impl *p, const struct set_desc *d, const uint8_t *key, const uint8_t *end, bool make)
{
	struct set_group g = { 0 };
	unsigned at = 0, i;

	if (p->tree)
		return 0;
	for (i = 0; i < d->n_parts; i++) {
		g.plen[i] = common_bits(key + at, end + at, d->part[i].len);
		at += (d->part[i].len + 3) & ~3u;
	}
	if (p->n_group_slots) {
		i = shape_slot(p, &g);
		if (p->group_slot[i])
			return p->group_slot[i] - 1;
	}
	if (!make || p->n_groups == UINT16_MAX - 1 || (2 * p->n_groups >= p->n_group_slots && !shapes_grow(p)))
		return -1;
	mask_of(d, &g);
	i = shape_slot(p, &g);
	p->group[p->n_groups] = g;
	p->group_slot[i] = ++p->n_groups;
	return p->n_groups - 1;
}

/* ---- hash ---- */

static inline uint32_t hash_of(const struct set_impl *p, unsigned group, const uint8_t *key)
{
	struct hash_key k = { { p->key.k[0] ^ group, p->key.k[1] } };
	const struct set_group *g = &p->group[group];
	uint32_t masked[SET_KEY_MAX / 4], w, m;

	if (!p->ranges)
		return hash_bytes(&k, key, p->at.klen);
	for (unsigned i = 0; i < p->at.klen; i += 4) {
		memcpy(&w, key + i, 4);
		memcpy(&m, g->mask + i, 4);
		masked[i / 4] = w & m;
	}
	return hash_bytes(&k, masked, p->at.klen);
}

/* is every part of the key within the element's */
static bool box_holds(const struct set_impl *p, const struct elem *e, const uint8_t *key)
{
	const uint8_t *lo = elem_key(p, e), *hi = elem_end(p, e);
	unsigned at = 0;

	for (unsigned i = 0; i < p->desc->n_parts; i++) {
		unsigned len = p->desc->part[i].len;

		if (memcmp(key + at, lo + at, len) < 0 || memcmp(key + at, hi + at, len) > 0)
			return false;
		at += (len + 3) & ~3u;
	}
	return true;
}

static inline bool passes(const struct set_impl *p, const struct elem *e, uint64_t now_ms, bool packets)
{
	return !elem_expired(p, e, now_ms) && !(packets && elem_pending(p, e));
}

static struct elem *hash_find(const struct set_impl *p, const struct set_store *st, const uint8_t *key, uint64_t now_ms,
			      bool packets)
{
	struct elem *best = NULL;

	if (!st->n)
		return NULL;
	for (unsigned g = 0; g < p->n_groups; g++) {
		uint32_t hash;

		if (!p->group[g].n)
			continue;
		hash = hash_of(p, g, key);
		for (struct elem *e = st->bucket[hash & (st->n_buckets - 1)]; e; e = e->next) {
			if (e->hash != hash || e->mark != g ||
			    !(p->ranges ? box_holds(p, e, key) : key_eq(elem_key(p, e), key, p->at.klen)) ||
			    !passes(p, e, now_ms, packets))
				continue;
			if (!p->ordered)
				return e;
			if (!best || e->seq < best->seq)
				best = e;
		}
	}
	return best;
}

/* short memory is no error here: the lists are longer then */
static void hash_grow(struct set_store *st)
{
	uint32_t n = 2 * st->n_buckets;
	struct elem **bucket = mem_zalloc(n * sizeof(*bucket)), *e, *next;

	if (!bucket)
		return;
	for (uint32_t i = 0; i < st->n_buckets; i++) {
		for (e = st->bucket[i]; e; e = next) {
			next = e->next;
			e->next = bucket[e->hash & (n - 1)];
			bucket[e->hash & (n - 1)] = e;
		}
	}
	mem_free(st->bucket);
	st->bucket = bucket;
	st->n_buckets = n;
}

static void hash_insert(struct set_impl *p, struct set_store *st, struct elem *e)
{
	struct elem **head;

	if (st->n > st->n_buckets)
		hash_grow(st);
	e->hash = hash_of(p, e->mark, elem_key(p, e));
	head = &st->bucket[e->hash & (st->n_buckets - 1)];
	e->next = *head;
	*head = e;
	p->group[e->mark].n++;
}

static void hash_remove(struct set_impl *p, struct set_store *st, struct elem *e)
{
	struct elem **at = &st->bucket[e->hash & (st->n_buckets - 1)];

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	p->group[e->mark].n--;
}

/* ---- treap ---- */

/* the interval with the highest lower end that is not above @key */
static struct elem *tree_below(const struct set_impl *p, const struct set_store *st, const uint8_t *key)
{
	struct elem *e = st->root, *best = NULL;

	while (e) {
		if (key_cmp(elem_key(p, e), key, p->at.klen) <= 0) {
			best = e;
			e = e->right;
		} else {
			e = e->left;
		}
	}
	return best;
}

static void tree_insert(struct set_impl *p, struct set_store *st, struct elem *e)
{
	struct elem **at = &st->root, **l = &e->left, **r = &e->right, *t;
	const uint8_t *key = elem_key(p, e);

	while (*at && (*at)->mark >= e->mark)
		at = key_cmp(elem_key(p, *at), key, p->at.klen) < 0 ? &(*at)->right : &(*at)->left;
	t = *at;
	*at = e;
	while (t) {			/* what stood there goes left and right of the new one */
		if (key_cmp(elem_key(p, t), key, p->at.klen) < 0) {
			*l = t;
			l = &t->right;
			t = t->right;
		} else {
			*r = t;
			r = &t->left;
			t = t->left;
		}
	}
	*l = *r = NULL;
}

static void tree_remove(struct set_impl *p, struct set_store *st, struct elem *e)
{
	struct elem **at = &st->root, *l = e->left, *r = e->right;

	while (*at != e)
		at = key_cmp(elem_key(p, *at), elem_key(p, e), p->at.klen) < 0 ? &(*at)->right : &(*at)->left;
	while (l && r) {
		if (l->mark >= r->mark) {
			*at = l;
			at = &l->right;
			l = l->right;
		} else {
			*at = r;
			at = &r->left;
			r = r->left;
		}
	}
	*at = l ? l : r;
}

static int tree_each(struct elem *e, int (*fn)(void *ctx, struct elem *e), void *ctx)
{
	int r = 0;

	for (; e && !r; e = e->right) {		/* as deep as the treap: about 50 for a million */
		r = tree_each(e->left, fn, ctx);
		if (!r)
			r = fn(ctx, e);
	}
	return r;
}

/* ---- either ---- */

struct elem *store_find(const struct set_impl *p, const struct set_store *st, const uint8_t *key, uint64_t now_ms,
			bool packets)
{
	struct elem *e;

	if (!p->tree)
		return hash_find(p, st, key, now_ms, packets);
	e = tree_below(p, st, key);
	return e && key_cmp(elem_end(p, e), key, p->at.klen) >= 0 && passes(p, e, now_ms, packets) ? e : NULL;
}

struct elem *store_exact(const struct set_impl *p, const struct set_store *st, const uint8_t *key, const uint8_t *end,
			 int group)
{
	struct elem *e;
	uint32_t hash;

	if (p->tree) {
		e = tree_below(p, st, key);
		return e && key_eq(elem_key(p, e), key, p->at.klen) && key_eq(elem_end(p, e), end, p->at.klen) ? e : NULL;
	}
	if (group < 0 || !st->n)
		return NULL;
	hash = hash_of(p, group, key);
	for (e = st->bucket[hash & (st->n_buckets - 1)]; e; e = e->next)
		if (e->hash == hash && e->mark == (unsigned)group && key_eq(elem_key(p, e), key, p->at.klen) &&
		    key_eq(elem_end(p, e), end, p->at.klen))
			return e;
	return NULL;
}

struct elem *store_overlap(const struct set_impl *p, const struct set_store *st, const uint8_t *key, const uint8_t *end)
{
	struct elem *e = tree_below(p, st, end);

	return e && key_cmp(elem_end(p, e), key, p->at.klen) >= 0 ? e : NULL;
}

bool store_ready(const struct set_impl *p, struct set_store *st)
{
	if (p->tree || st->bucket)
		return true;
	st->bucket = mem_zalloc(BUCKETS_MIN * sizeof(*st->bucket));
	st->n_buckets = st->bucket ? BUCKETS_MIN : 0;
	return st->bucket;
}

void store_insert(struct set_impl *p, struct set_store *st, struct elem *e)
{
	st->n++;
	if (p->tree)
		tree_insert(p, st, e);
	else
		hash_insert(p, st, e);
}

void store_remove(struct set_impl *p, struct set_store *st, struct elem *e)
{
	st->n--;
	if (p->tree)
		tree_remove(p, st, e);
	else
		hash_remove(p, st, e);
}

int store_each(const struct set_impl *p, const struct set_store *st, int (*fn)(void *ctx, struct elem *e), void *ctx)
{
	int r = 0;

	if (p->tree)
		return tree_each(st->root, fn, ctx);
	for (uint32_t i = 0; i < st->n_buckets && !r; i++)
		for (struct elem *e = st->bucket[i]; e && !r; e = e->next)
			r = fn(ctx, e);
	return r;
}

/* takes the treap apart from its lowest end on, turning it so that the lowest comes up */
static void tree_filter(struct set_impl *p, struct set_store *st, bool (*keep)(void *ctx, struct elem *e), void *ctx)
{
	struct elem *e = st->root, *l;

	st->root = NULL;
	st->n = 0;
	while (e) {
		l = e->left;
		if (l) {
			e->left = l->right;
			l->right = e;
			e = l;
			continue;
		}
		l = e->right;
		if (keep(ctx, e))
			store_insert(p, st, e);
		e = l;
	}
}

void store_filter(struct set_impl *p, struct set_store *st, bool (*keep)(void *ctx, struct elem *e), void *ctx)
{
	struct elem **at, *e;

	if (p->tree) {
		tree_filter(p, st, keep, ctx);
		return;
	}
	for (uint32_t i = 0; i < st->n_buckets; i++) {
		for (at = &st->bucket[i]; *at;) {
			unsigned group = (*at)->mark;

			e = *at;
			*at = e->next;
			if (keep(ctx, e)) {
				e->next = *at;
				*at = e;
				at = &e->next;
			} else {
				p->group[group].n--;
				st->n--;
			}
		}
	}
}

void store_free(struct set_store *st)
{
	mem_free(st->bucket);
	*st = (struct set_store){ 0 };
}
