/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ct/table.h - what the files of ct/ share and others have no business with: the table's memory, index and source chains.
 */
#ifndef CT_TABLE_H
#define CT_TABLE_H

#include "base/mem.h"
#include "ct/ct.h"

#define TABLE_CHUNK_BITS 10
#define TABLE_CHUNK (1u << TABLE_CHUNK_BITS)	/* connections a chunk */
#define TABLE_MEMO 64				/* packets of a vector whose hashes ct_prefetch() remembers */

struct table_cell {
	uint32_t hash;
	uint32_t ref;		/* (slot * 2 + direction) + 1; 0: empty */
};

struct table_memo {
	struct tuple tuple;
	uint32_t hash;
};

struct ct_table {
	struct ct_env env;
	struct ct_conf *conf;
	/* index: open addressing, position = the hash's upper bits */
	struct table_cell *cell;
	unsigned bits;
	uint32_t cells_used;
	/* connections by slot */
	struct conn **chunk;
	uint32_t n_chunks, chunk_cap;
	void **block;		/* what chunks were cut from, as allocated */
	uint32_t n_blocks, block_left;	/* chunks of the last block that are still to be cut */
	struct conn *block_next;
	uint32_t free_slot;	/* slot + 1, linked by src_next; 0: none */
	uint32_t fresh;		/* slots from here on were never used */
	uint32_t count;		/* connections alive, unconfirmed ones included */
	uint32_t dead;		/* ended, freed by ct_expire(): slot + 1, linked by src_next */
	/* source chains */
	uint32_t *src_head;
	uint32_t src_mask, src_count;

	struct wheel wheel;
	struct ct_stats stats;
	struct mem_pool ext;
	unsigned watchers;
	uint32_t actor;
	struct table_memo memo[TABLE_MEMO];
	unsigned memo_n, memo_at;
	/* "table full" is logged at most ten times in five seconds */
	uint64_t log_since_ms;
	unsigned log_burst, log_missed;
};

static inline struct conn *table_slot(const struct ct_table *t, uint32_t slot)
{
	return &t->chunk[slot >> TABLE_CHUNK_BITS][slot & (TABLE_CHUNK - 1)];
}

static inline uint64_t table_now(const struct ct_table *t)
{
	return clock_ms(t->env.clock);
}

int table_init(struct ct_table *t);
void table_fini(struct ct_table *t);
/** table_alloc() - a zeroed connection with .id set; NULL: no memory */
struct conn *table_alloc(struct ct_table *t);
void table_release(struct ct_table *t, struct conn *c);	/* its slot is free again */
uint32_t table_hash(const struct ct_table *t, const struct tuple *tuple);
/** table_find() - as ct_find(), with the hash known */
struct conn *table_find(const struct ct_table *t, const struct tuple *tuple, uint32_t hash, int *dir);
/** table_prefetch() - touch the connection that table_find() will look at; the cell should be near by then */
void table_prefetch(const struct ct_table *t, uint32_t hash);
/** table_insert() - both tuples into the index; 0 or -ENOMEM with nothing inserted */
int table_insert(struct ct_table *t, struct conn *c);
void table_remove(struct ct_table *t, struct conn *c);
/** table_early_drop_victim() - an unassured connection near @hash, as Linux looks for one; NULL: none there */
struct conn *table_early_drop_victim(struct ct_table *t, uint32_t hash);
/** table_bytes() - memory held for connections, index and source chains */
size_t table_bytes(const struct ct_table *t);

/* Source chains: confirmed or not, connections whose source is translated, by original source. The first is the newest. */
void table_src_add(struct ct_table *t, struct conn *c);
void table_src_del(struct ct_table *t, struct conn *c);
/** table_src_first() - first connection of the chain that @orig's source hashes to (others may be in it), NULL: none */
struct conn *table_src_first(const struct ct_table *t, const struct tuple *orig);
struct conn *table_src_next(const struct ct_table *t, const struct conn *c);

/* ---- ct.c's, for the protocols ---- */
/** conn_refresh() - a packet was seen: count it, and let the connection live @timeout_s from now */
void conn_refresh(struct ct_table *t, struct conn *c, const struct pkt *pkt, uint32_t timeout_s);
void conn_account(struct conn *c, const struct pkt *pkt);
/** conn_log_invalid() - say why a packet is INVALID, when nf_conntrack_log_invalid wants to know about its protocol */
void conn_log_invalid(struct ct_table *t, const struct pkt *pkt, enum nf_inet_hooks hook, const char *fmt, ...) PRINTF_LIKE(4, 5);

static inline void conn_event_due(struct conn *c)
{
	c->status |= CONN_CHANGED;
}

#endif
