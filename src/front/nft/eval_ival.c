/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/eval_ival.c - intervals among a set's elements, and the order in which elements are listed.
 *
 * Intervals of one value are sorted by their lower end. Where a set may join them (anonymous ones, and auto-merge),
 * what overlaps or touches becomes one; elsewhere overlapping is an error, and the same twice is once. What is left is
 * written as a value, as a prefix where the type has prefixes, or as a range.
 *
 * Elements without intervals are listed by their keys as numbers in the machine's order, and a concatenation as one
 * such number: its last part counts most.
 */
#include "front/nft/eval.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct ival {
	struct nft_expr *elem;
	unsigned at;			/* in the order of writing */
	uint8_t lo[16], hi[16];
};

static struct nft_expr **key_of(struct nft_expr *elem)
{
	return elem->elem.key->kind == NFT_X_MAPPING ? &elem->elem.key->bin.l : &elem->elem.key;
}

static void bytes_at_end(uint8_t dst[16], const struct nft_expr *val)
{
	unsigned n = (val->len_bits + 7) / 8;

	memset(dst, 0, 16);
	for (unsigned i = 1; i <= n && i <= 16; i++)
		dst[16 - i] = val->value.bytes[n - i];
}

static void set_tail(uint8_t b[16], unsigned from_bit)
{
	for (unsigned i = from_bit; i < 128; i++)
		b[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

static bool bounds(struct ival *v)
{
	const struct nft_expr *k = *key_of(v->elem);

	switch (k->kind) {
	case NFT_X_VALUE:
		bytes_at_end(v->lo, k);
		memcpy(v->hi, v->lo, 16);
		if (k->value.is_string && k->value.wildcard)
			set_tail(v->hi, 8 * (unsigned)strnlen((const char *)k->value.bytes, 16));
		return k->len_bits <= 128;
	case NFT_X_RANGE:
		bytes_at_end(v->lo, k->bin.l);
		bytes_at_end(v->hi, k->bin.r);
		return true;
	case NFT_X_PREFIX:
		bytes_at_end(v->lo, k->prefix.a);
		memcpy(v->hi, v->lo, 16);
		set_tail(v->hi, 128 - k->len_bits + k->prefix.len);
		return true;
	default:
		return false;
	}
}

static int ival_cmp(const void *a, const void *b)
{
	const struct ival *x = a, *y = b;
	int c = memcmp(x->lo, y->lo, 16);

	return c ? c : x->at < y->at ? -1 : 1;
}

static bool touches(const struct ival *a, const struct ival *b)
{
	uint8_t next[16];
	int i = 15;

	if (memcmp(b->lo, a->hi, 16) <= 0)
		return true;
	memcpy(next, a->hi, 16);
	while (i >= 0 && ++next[i] == 0)
		i--;
	return memcmp(next, b->lo, 16) == 0;
}

static bool same(const struct ival *a, const struct ival *b)
{
	return memcmp(a->lo, b->lo, 16) == 0 && memcmp(a->hi, b->hi, 16) == 0;
}

static void drop(struct nft_expr *set, struct ival *v)
{
	list_del(&v->elem->node);
	nft_expr_free(v->elem);
	v->elem = NULL;
	set->set.n--;
}

/* joins or refuses; the survivors move to the front: how many, or -1 */
static int join(struct nft_eval *v, struct nft_expr *set, struct ival *a, int n, bool merge)
{
	int k = 0;

	for (int i = 1; i < n; i++) {
		bool overlap = memcmp(a[i].lo, a[k].hi, 16) <= 0;

		if (merge && touches(&a[k], &a[i])) {
			if (memcmp(a[i].hi, a[k].hi, 16) > 0)
				memcpy(a[k].hi, a[i].hi, 16);
			drop(set, &a[i]);
		} else if (overlap && same(&a[k], &a[i]) && a[i].elem->elem.key->kind != NFT_X_MAPPING) {
			drop(set, &a[i]);
		} else if (overlap) {
			nft_err_two(v->x, &(*key_of(a[i].elem))->loc, &(*key_of(a[k].elem))->loc,
				    "conflicting intervals specified");
			return -1;
		} else {
			a[++k] = a[i];
		}
	}
	return n ? k + 1 : 0;
}

/* ---- writing intervals ---- */

/* the length of the prefix that lo-hi is, -1: it is none */
static int prefix_len(const struct ival *v, unsigned bits)
{
	unsigned i = 128 - bits;

	while (i < 128 && ((v->lo[i / 8] ^ v->hi[i / 8]) & 0x80 >> i % 8) == 0)
		i++;
	for (unsigned j = i; j < 128; j++)
		if (v->lo[j / 8] & 0x80 >> j % 8 || !(v->hi[j / 8] & 0x80 >> j % 8))
			return -1;
	return (int)(i + bits - 128);
}

static struct nft_expr *value_of(const struct nft_expr *like, const uint8_t b[16], uint32_t bits)
{
	return nft_expr_value(&like->loc, like->type, b + 16 - (bits + 7) / 8, bits);
}

static struct nft_expr *written(const struct nft_expr *like, const struct ival *v)
{
	uint32_t bits = like->len_bits;
	int plen = nft_has_prefix(like->type) ? prefix_len(v, bits) : -1;
	struct nft_expr *e, *r;

	if (memcmp(v->lo, v->hi, 16) == 0)
		return value_of(like, v->lo, bits);
	e = value_of(like, v->lo, bits);
	if (plen >= 0 && e) {
		r = nft_expr_new(NFT_X_PREFIX, &like->loc);
		if (r) {
			r->prefix.a = e;
			r->prefix.len = (uint32_t)plen;
		} else {
			nft_expr_free(e);
		}
	} else {
		struct nft_expr *hi = value_of(like, v->hi, bits);

		r = nft_expr_bin(NFT_X_RANGE, &like->loc, NFT_OP_IMPLICIT, e, hi);	/* or, with an end missing, NULL */
	}
	if (r) {
		r->type = like->type;
		r->len_bits = bits;
	}
	return r;
}

static bool write_back(struct nft_eval *v, struct nft_expr *set, struct ival *a, int n)
{
	for (int i = 0; i < n; i++) {
		struct nft_expr **k = key_of(a[i].elem), *r;

		list_del(&a[i].elem->node);
		list_add_tail(&set->set.list, &a[i].elem->node);
		if ((*k)->kind == NFT_X_VALUE && (*k)->value.is_string)
			continue;
		if ((*k)->kind == NFT_X_VALUE && memcmp(a[i].lo, a[i].hi, 16) == 0)
			continue;
		r = written(*k, &a[i]);
		if (!r)
			return nft_no_memory(v);
		nft_expr_free(*k);
		*k = r;
	}
	return true;
}

/* the element that catches all stands last */
static void star_last(struct nft_expr *set)
{
	struct nft_expr *p, *next, *star = NULL;

	list_for_each_safe(p, next, &set->set.list, node)
		if ((*key_of(p))->kind == NFT_X_WILDCARD)
			star = p;
	if (star) {
		list_del(&star->node);
		list_add_tail(&set->set.list, &star->node);
	}
}

bool nft_ev_range_prefix(struct nft_eval *v, struct nft_expr **e)
{
	struct nft_expr holder = { .kind = NFT_X_ELEM, .elem.key = *e }, *r;
	struct ival one = { .elem = &holder };

	if ((*e)->kind != NFT_X_RANGE || !bounds(&one) || memcmp(one.lo, one.hi, 16) == 0)
		return true;
	r = written(*e, &one);
	if (!r)
		return nft_no_memory(v);
	nft_ev_replace(e, r);
	return true;
}

/* the parts of concatenations that are ranges, as they are listed: prefixes where they are such */
static bool concat_written(struct nft_eval *v, struct nft_expr *set)
{
	struct nft_expr *e, *p, *next;

	list_for_each(e, &set->set.list, node) {
		struct nft_expr *k = *key_of(e);

		if (k->kind != NFT_X_CONCAT)
			continue;
		list_for_each_safe(p, next, &k->list.list, node) {
			struct nft_expr *q = p;

			if (!nft_ev_range_prefix(v, &q))
				return false;
		}
	}
	return true;
}

bool nft_set_join(struct nft_eval *v, struct nft_expr *set, const struct nft_set *desc)
{
	bool anonymous = desc->flags & NFT_SET_ANONYMOUS, ok = false;
	struct ival *a;
	struct nft_expr *p;
	unsigned at = 0;
	int n = 0, before;

	if (!(desc->flags & NFT_SET_INTERVAL)) {
		if (anonymous)
			nft_set_sort(set, desc);
		return true;
	}
	if (desc->key_type->n_parts)
		return concat_written(v, set);
	a = mem_alloc((set->set.n + 1) * sizeof(*a));
	if (!a)
		return nft_no_memory(v);
	list_for_each(p, &set->set.list, node) {
		a[n].elem = p;
		a[n].at = at++;
		if (bounds(&a[n]))
			n++;
	}
	qsort(a, (size_t)n, sizeof(*a), ival_cmp);
	before = n;
	n = join(v, set, a, n, (anonymous && !desc->map) || desc->auto_merge);
	/* what a named set has is listed from the engine: a million elements stay where they are in memory */
	if (n >= 0)
		ok = (n == before && !anonymous && !v->x->o.echo) || write_back(v, set, a, n);
	mem_free(a);
	star_last(set);
	return ok;
}

/* ---- order without intervals ---- */

/* bytes as the machine keeps them: numbers of host order turned */
static unsigned raw_bytes(const struct nft_expr *e, uint8_t *dst, unsigned room)
{
	unsigned n = (e->len_bits + 7) / 8;
	bool turn = e->kind == NFT_X_VALUE && !e->value.is_string && e->type && e->type->order == NFT_ORDER_HOST;

	if (e->kind == NFT_X_RANGE)
		return raw_bytes(e->bin.l, dst, room);
	if (e->kind == NFT_X_PREFIX)
		return raw_bytes(e->prefix.a, dst, room);
	if (e->kind != NFT_X_VALUE || n > room)
		return 0;
	for (unsigned i = 0; i < n; i++)
		dst[i] = e->value.bytes[turn ? n - 1 - i : i];
	return n;
}

static unsigned key_bytes(const struct nft_expr *k, uint8_t *dst, unsigned room)
{
	const struct nft_expr *p;
	unsigned n = 0;

	if (k->kind != NFT_X_CONCAT)
		return raw_bytes(k, dst, room);
	list_for_each(p, &k->list.list, node)
		n += raw_bytes(p, dst + n, room - n);
	return n;
}

static int turned_cmp(const uint8_t *x, unsigned nx, const uint8_t *y, unsigned ny)
{
	for (unsigned i = MAX(nx, ny); i-- > 0;) {
		uint8_t a = i < nx ? x[i] : 0, b = i < ny ? y[i] : 0;

		if (a != b)
			return a < b ? -1 : 1;
	}
	return 0;
}

/* of several flags the lowest counts */
static uint64_t lowest_flag(const struct nft_expr *e)
{
	uint64_t v = e->len_bits <= 64 ? nft_expr_u64(e) : 0;

	return v & (~v + 1);
}

static int key_cmp(const struct nft_expr *a, const struct nft_expr *b)
{
	uint8_t x[NFT_VALUE_MAX], y[NFT_VALUE_MAX];
	unsigned nx, ny;

	if (a->kind == NFT_X_WILDCARD || b->kind == NFT_X_WILDCARD)
		return (a->kind == NFT_X_WILDCARD) - (b->kind == NFT_X_WILDCARD);
	if (a->kind == NFT_X_VALUE && b->kind == NFT_X_VALUE && !a->value.is_string) {
		if (nft_is_flags(a->type) && a->len_bits <= 64) {
			uint64_t fa = lowest_flag(a), fb = lowest_flag(b);

			return fa < fb ? -1 : fa > fb;
		}
		return nft_bytes_cmp(a, b);
	}
	nx = key_bytes(a, x, sizeof(x));
	ny = key_bytes(b, y, sizeof(y));
	return turned_cmp(x, nx, y, ny);
}

struct sorted { struct nft_expr *elem; unsigned at; bool map; };

static int sorted_cmp(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	const struct nft_expr *k = *key_of(x->elem);
	int c = key_cmp(k, *key_of(y->elem));
	/* the kernel keeps short keys in a bitmap, whose elements are listed the newest first */
	bool back = nft_is_flags(k->type) && k->len_bits <= 16 && !x->map;

	return c ? c : (x->at < y->at) != back ? -1 : 1;
}

static bool equal_keys(const struct nft_expr *a, const struct nft_expr *b)
{
	return nft_expr_equal(a, b);
}

void nft_set_sort(struct nft_expr *set, const struct nft_set *desc)
{
	struct sorted *a = mem_alloc((set->set.n + 1) * sizeof(*a));
	struct nft_expr *p, *last = NULL;
	unsigned n = 0;

	if (!a)
		return;
	list_for_each(p, &set->set.list, node)
		if (n < set->set.n) {
			a[n] = (struct sorted){ p, n, desc->map };
			n++;
		}
	qsort(a, n, sizeof(*a), sorted_cmp);
	for (unsigned i = 0; i < n; i++) {
		list_del(&a[i].elem->node);
		if (last && !desc->map && equal_keys(*key_of(last), *key_of(a[i].elem))) {
			nft_expr_free(a[i].elem);
			set->set.n--;
			continue;
		}
		list_add_tail(&set->set.list, &a[i].elem->node);
		last = a[i].elem;
	}
	mem_free(a);
}
