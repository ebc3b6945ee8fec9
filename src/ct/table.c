/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ct/table.c - the memory and the index of connections.
 *
 * On the packet's way: ct_in() looks one tuple up here for each packet.
 *
 * Theory of operation. Connections live in chunks of 1024 that never move; a slot number names one in 32 bits. The index is one array of
 * eight-byte cells (hash, slot and direction) with open addressing: a lookup reads one cache line of cells (eight of them) and, on a match of
 * all 32 bits, the connection's tuple. Position is the upper bits of the hash, so that the cells are sorted by hash but for displacement, and
 * doubling is one pass from left to right that touches no connection. Removal moves later cells back; there are no tombstones.
 *
 * Growth is doubling in one go, at three quarters full, starting with 128 cells: nothing is allocated up front for the limit. Chunks are cut from
 * blocks that double up to 13 MB; pages of a block are the machine's until they are used, and huge ones where it has them: at a million
 * connections a third of a lookup is the walk through page tables.
 *
 * Invariants
 *  1. Between a cell's home position and the cell there is no empty one.
 *  2. cells_used <= 3/4 of the cells, unless memory was short; there is always an empty cell.
 *  3. A free or dead slot is in no index and no chain; its .src_next links it.
 */
#include "ct/table.h"

#include <errno.h>
#include <sys/mman.h>

#define HUGE_PAGE (2u << 20)
#define MAX_BLOCK_BITS 6	/* 64 chunks */
#define MIN_BITS 7
#define MAX_BITS 30
#define MIN_SRC 64
#define EVICTION_RANGE 8	/* buckets that Linux searches for a connection to drop */

static inline uint32_t home(const struct ct_table *t, uint32_t hash)
{
	return hash >> (32 - t->bits);
}

static inline uint32_t cell_mask(const struct ct_table *t)
{
	return (1u << t->bits) - 1;
}

int table_init(struct ct_table *t)
{
	t->bits = MIN_BITS;
	t->cell = mem_zalloc(sizeof(*t->cell) << t->bits);
	t->src_head = mem_zalloc(sizeof(*t->src_head) * MIN_SRC);
	t->src_mask = MIN_SRC - 1;
	return t->cell && t->src_head ? 0 : -ENOMEM;
}

void table_fini(struct ct_table *t)
{
	for (uint32_t i = 0; i < t->n_blocks; i++)
		mem_free(t->block[i]);
	mem_free(t->block);
	mem_free(t->chunk);
	mem_free(t->cell);
	mem_free(t->src_head);
}

size_t table_bytes(const struct ct_table *t)
{
	return (size_t)t->n_chunks * TABLE_CHUNK * sizeof(struct conn) + t->chunk_cap * sizeof(*t->chunk) +
	       (sizeof(*t->cell) << t->bits) + ((size_t)t->src_mask + 1) * sizeof(*t->src_head);
}

/* ---- slots ---- */

/* Large memory that is read in no order: ask for huge pages. Where there are none, nothing is lost. */
static void want_huge_pages(void *p, size_t n)
{
	uintptr_t begin = ((uintptr_t)p + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1), end = ((uintptr_t)p + n) & ~(uintptr_t)(HUGE_PAGE - 1);

	if (end > begin)
		(void)madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

static int block_add(struct ct_table *t)
{
	uint32_t chunks = 1u << MIN(t->n_blocks, (uint32_t)MAX_BLOCK_BITS);
	size_t size = (size_t)chunks * TABLE_CHUNK * sizeof(struct conn);
	void **blocks = mem_realloc(t->block, (t->n_blocks + 1) * sizeof(*blocks));

	if (!blocks)
		return -ENOMEM;
	t->block = blocks;
	t->block_next = mem_alloc(size);	/* not zeroed: pages are given as they are first used */
	if (!t->block_next)
		return -ENOMEM;
	want_huge_pages(t->block_next, size);
	t->block[t->n_blocks++] = t->block_next;
	t->block_left = chunks;
	return 0;
}

static int chunk_add(struct ct_table *t)
{
	if (t->n_chunks == t->chunk_cap) {
		uint32_t cap = t->chunk_cap ? t->chunk_cap * 2 : 8;
		struct conn **p = mem_realloc(t->chunk, cap * sizeof(*p));

		if (!p)
			return -ENOMEM;
		t->chunk = p;
		t->chunk_cap = cap;
	}
	if (!t->block_left && block_add(t) < 0)
		return -ENOMEM;
	t->chunk[t->n_chunks++] = t->block_next;
	t->block_next += TABLE_CHUNK;
	t->block_left--;
	return 0;
}

struct conn *table_alloc(struct ct_table *t)
{
	struct conn *c;
	uint32_t slot;

	if (t->free_slot) {
		slot = t->free_slot - 1;
		c = table_slot(t, slot);
		t->free_slot = c->src_next;
	} else {
		if (t->fresh == t->n_chunks * TABLE_CHUNK && chunk_add(t) < 0)
			return NULL;
		slot = t->fresh++;
		c = table_slot(t, slot);
	}
	memset(c, 0, sizeof(*c));
	c->id = slot;
	wheel_timer_init(&c->timer);
	return c;
}

void table_release(struct ct_table *t, struct conn *c)
{
	c->status = 0;
	c->src_next = t->free_slot;
	t->free_slot = c->id + 1;
}

/* ---- index ---- */

uint32_t table_hash(const struct ct_table *t, const struct tuple *tuple)
{
	if (tuple->family == AF_INET) {
		uint64_t w[2] = {
			tuple->src.ip4 | (uint64_t)tuple->dst.ip4 << 32,
			tuple->sport | (uint64_t)tuple->dport << 16 | (uint64_t)tuple->zone << 32 | (uint64_t)tuple->proto << 48,
		};

		return (uint32_t)hash_bytes(&t->env.key, w, sizeof(w));
	}
	return (uint32_t)hash_bytes(&t->env.key, tuple, sizeof(*tuple));
}

struct conn *table_find(const struct ct_table *t, const struct tuple *tuple, uint32_t hash, int *dir)
{
	uint32_t mask = cell_mask(t);

	for (uint32_t i = home(t, hash);; i = (i + 1) & mask) {
		const struct table_cell *cell = &t->cell[i];
		struct conn *c;

		if (!cell->ref)
			return NULL;
		if (cell->hash != hash)
			continue;
		c = table_slot(t, (cell->ref - 1) >> 1);
		if (!tuple_eq(&c->tuple[(cell->ref - 1) & 1], tuple))
			continue;
		*dir = (cell->ref - 1) & 1;
		return c;
	}
}

void table_prefetch(const struct ct_table *t, uint32_t hash)
{
	uint32_t mask = cell_mask(t);

	for (uint32_t i = home(t, hash); t->cell[i].ref; i = (i + 1) & mask) {
		const char *c = (const char *)table_slot(t, (t->cell[i].ref - 1) >> 1);

		if (t->cell[i].hash != hash)
			continue;
		for (const char *at = (const char *)((uintptr_t)c & ~63ul); at < c + sizeof(struct conn); at += 64)
			__builtin_prefetch(at, 1);
		return;
	}
}

static void cell_put(struct ct_table *t, struct table_cell cell)
{
	uint32_t mask = cell_mask(t), i = home(t, cell.hash);

	while (t->cell[i].ref)
		i = (i + 1) & mask;
	t->cell[i] = cell;
	t->cells_used++;
}

static void cell_del(struct ct_table *t, uint32_t hash, uint32_t ref)
{
	uint32_t mask = cell_mask(t), i = home(t, hash), j;

	while (t->cell[i].ref != ref) {
		if (!t->cell[i].ref)
			return;
		i = (i + 1) & mask;
	}
	/* move back every later cell whose home is not between the hole and itself */
	for (j = (i + 1) & mask; t->cell[j].ref; j = (j + 1) & mask) {
		if (((j - home(t, t->cell[j].hash)) & mask) < ((j - i) & mask))
			continue;
		t->cell[i] = t->cell[j];
		i = j;
	}
	t->cell[i].ref = 0;
	t->cells_used--;
}

static int index_grow(struct ct_table *t)
{
	struct table_cell *old = t->cell;
	uint32_t n = 1u << t->bits;

	if (t->bits == MAX_BITS)
		return -ENOMEM;
	t->cell = mem_zalloc(sizeof(*old) << (t->bits + 1));
	if (!t->cell) {
		t->cell = old;
		return -ENOMEM;
	}
	want_huge_pages(t->cell, sizeof(*old) << (t->bits + 1));
	t->bits++;
	t->cells_used = 0;
	for (uint32_t i = 0; i < n; i++)
		if (old[i].ref)
			cell_put(t, old[i]);
	mem_free(old);
	return 0;
}

int table_insert(struct ct_table *t, struct conn *c)
{
	uint32_t n = 1u << t->bits;

	if ((uint64_t)(t->cells_used + 2) * 4 > (uint64_t)n * 3 && index_grow(t) < 0 && t->cells_used + 3 > n - n / 16)
		return -ENOMEM;
	for (int dir = 0; dir < 2; dir++)
		cell_put(t, (struct table_cell){ table_hash(t, &c->tuple[dir]), c->id * 2 + dir + 1 });
	return 0;
}

void table_remove(struct ct_table *t, struct conn *c)
{
	for (int dir = 0; dir < 2; dir++)
		cell_del(t, table_hash(t, &c->tuple[dir]), c->id * 2 + dir + 1);
}

/* Linux looks through eight of its hash buckets, from the new connection's own on. The same share of the hash space is looked at here, so that a
 * small table finds a victim as rarely as it does there. */
struct conn *table_early_drop_victim(struct ct_table *t, uint32_t hash)
{
	uint64_t buckets = t->conf->buckets ? t->conf->buckets : 1, first = hash * buckets >> 32;
	uint64_t last = MIN(first + EVICTION_RANGE, buckets);
	uint32_t mask = cell_mask(t), start = home(t, (uint32_t)((first << 32) / buckets)), i = start;

	for (uint32_t n = 0; n <= mask; n++, i = (i + 1) & mask) {
		const struct table_cell *cell = &t->cell[i];
		uint64_t bucket = cell->hash * buckets >> 32;
		struct conn *c;

		if (!cell->ref) {
			if (i < start || ((uint64_t)i << (32 - t->bits)) * buckets >> 32 >= last)
				return NULL;
			continue;
		}
		if (bucket >= last)
			return NULL;
		c = table_slot(t, (cell->ref - 1) >> 1);
		if (bucket >= first && !(c->status & IPS_ASSURED))
			return c;
	}
	return NULL;
}

/* ---- source chains ---- */

static uint32_t src_hash(const struct ct_table *t, const struct tuple *orig)
{
	struct tuple key = { .src = orig->src, .sport = orig->sport, .family = orig->family, .proto = orig->proto, .zone = orig->zone };

	return (uint32_t)(hash_bytes(&t->env.key, &key, sizeof(key)) >> 32);
}

static void src_link(struct ct_table *t, struct conn *c)
{
	uint32_t *head = &t->src_head[src_hash(t, &c->tuple[0]) & t->src_mask];

	c->src_next = *head;
	c->src_prev = 0;
	if (*head)
		table_slot(t, *head - 1)->src_prev = c->id + 1;
	*head = c->id + 1;
}

/* Relink all, oldest of each chain first, so that the order stays. A failed allocation leaves the chains longer, nothing else. */
static void src_grow(struct ct_table *t)
{
	uint32_t n = t->src_mask + 1, *old = t->src_head;
	uint32_t *heads = mem_zalloc(sizeof(*heads) * n * 2);

	if (!heads)
		return;
	t->src_head = heads;
	t->src_mask = n * 2 - 1;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = old[i], last = 0, prev;

		for (; at; at = table_slot(t, at - 1)->src_next)
			last = at;
		for (at = last; at; at = prev) {
			prev = table_slot(t, at - 1)->src_prev;
			src_link(t, table_slot(t, at - 1));
		}
	}
	mem_free(old);
}

void table_src_add(struct ct_table *t, struct conn *c)
{
	if (t->src_count >= 2 * (t->src_mask + 1))
		src_grow(t);
	src_link(t, c);
	t->src_count++;
}

void table_src_del(struct ct_table *t, struct conn *c)
{
	if (c->src_prev)
		table_slot(t, c->src_prev - 1)->src_next = c->src_next;
	else
		t->src_head[src_hash(t, &c->tuple[0]) & t->src_mask] = c->src_next;
	if (c->src_next)
		table_slot(t, c->src_next - 1)->src_prev = c->src_prev;
	c->src_next = c->src_prev = 0;
	t->src_count--;
}

struct conn *table_src_first(const struct ct_table *t, const struct tuple *orig)
{
	uint32_t at = t->src_head[src_hash(t, orig) & t->src_mask];

	return at ? table_slot(t, at - 1) : NULL;
}

struct conn *table_src_next(const struct ct_table *t, const struct conn *c)
{
	return c->src_next ? table_slot(t, c->src_next - 1) : NULL;
}
