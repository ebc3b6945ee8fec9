/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/set_impl.h - how sets keep their elements: shared by set.c (lookups, layout), set_store.c (the structures),
 * set_change.c (transactions, the packet path) and nobody else.
 *
 * Theory of operation: keys are held as one big-endian number per part, so that bytes compare as numbers do. Two
 * structures hold elements, both intrusive, so that moving one never needs memory:
 *
 *  - a treap over the lower ends of disjoint intervals, for sets of intervals with one part;
 *  - a chained hash table for all others. An element with ranges is entered once, under the bits that all its keys
 *    have in common, part by part. How many bits that are is its shape; elements of one shape form a group, and a
 *    lookup probes once for each group that there is. Two elements in one bucket, of one shape and with the same
 *    common bits, both span the middle of each part's block: so they overlap, and a set whose elements do not overlap
 *    has no more than one in each. An exact set is one with a single group, in which all bits are common.
 *
 * What a transaction changes stands in the live store at once, marked by the number of the transaction; what it
 * removes waits in a second store, the limbo, where packets still find it. Commit empties the limbo, abort moves it
 * back.
 *
 * Invariants
 *  1. An element is in exactly one store. Of two stores' elements with one key, that in limbo is what packets see.
 *  2. While no transaction owns the set, the limbo is empty and no element is pending.
 *  3. A group stays once made; its number says how many elements of both stores have its shape.
 */
#ifndef RULES_SET_IMPL_H
#define RULES_SET_IMPL_H

#include "base/clock.h"
#include "base/hash.h"
#include "rules/set.h"
#include "rules/vm.h"

#define SET_KEY_MAX (4 * SET_PARTS_MAX)

enum elem_flags {
	ELEM_COMMENT = 1 << 1,		/* allocated by itself, with room for a comment */
	ELEM_OPEN_END = 1 << 2,
	ELEM_CATCHALL = 1 << 3,
	ELEM_NO_TIMEOUT = 1 << 4,	/* lives for ever, whatever the set's default is */
	ELEM_RANGE = 1 << 5,		/* was given with an upper end */
	ELEM_STATES = 1 << 6,		/* the set's statements have their states in it */
};

struct elem {
	union {
		struct elem *next;	/* hash: in its bucket */
		struct elem *left;
	};
	union {
		struct elem *right;
		struct { uint32_t hash, seq; };	/* seq: of two that overlap the older one is found */
	};
	uint32_t born;			/* number of the transaction that added it, 0: a packet */
	uint32_t flags : 8;
	uint32_t mark : 24;		/* hash: its group; treap: priority */
	uint8_t body[];			/* as struct set_layout says */
};

struct set_layout {			/* offsets from the element's beginning; 0: there is none */
	uint16_t klen;			/* padded length of a key */
	uint16_t time, ptr, key, end, data;
	uint16_t comment;		/* of elements with ELEM_COMMENT */
	uint16_t state[SET_EXPRS_MAX];	/* of elements with ELEM_STATES */
	uint16_t plain, size;		/* bytes without and with states, both without a comment */
};

struct elem_time {
	uint64_t timeout_ms, expires_ms;	/* expires: absolute, UINT64_MAX never */
};

struct set_group {			/* elements of one shape */
	uint8_t plen[SET_PARTS_MAX];	/* common bits of each part */
	uint32_t n;
	uint8_t mask[SET_KEY_MAX];
};

struct set_store {
	struct elem **bucket;		/* hash */
	uint32_t n_buckets;
	struct elem *root;		/* treap */
	uint32_t n;
	struct elem *catchall;
};

struct set_target {			/* a verdict that elements have: one for each verdict and chain */
	struct set_target *next;
	struct set_bound_verdict bound;
	uint32_t n;			/* live elements with it */
	char *name;			/* NULL: no chain */
};

struct set_later {			/* what happens to an element at commit */
	struct elem *e;
	bool reset;			/* its states; else its times */
	struct elem_time time;
};

#define SET_ADDED_MAX 64

struct set_impl {
	const struct set_desc *desc;
	struct set_layout at;
	bool tree, ranges, swap;	/* swap: some part is a number in host order */
	bool ordered;			/* which one of overlapping elements is found makes a difference */
	struct set_store live, limbo;
	struct txn *owner;
	const struct table *table;	/* the owner's, for the chains of verdicts */
	uint32_t txn_no;
	uint32_t seq, prio;
	struct mem_pool pool[2];	/* elements without and with states */
	uint32_t n_states;		/* elements with them, in whatever store */
	struct ir_stmt *was[SET_EXPRS_MAX];	/* before the owner's txn_set_adopt() */
	unsigned n_was;
	bool adopting;
	struct hash_key key;
	const struct clock *clock;
	struct set_group *group;
	unsigned n_groups;
	uint16_t *group_slot;		/* hash table over their shapes: number + 1 */
	unsigned n_group_slots;
	struct set_target **target;
	unsigned n_targets, n_target_slots;
	struct set_later *later;
	unsigned n_later;
	/* pending elements but the catchall one, while they are few: an abort then need not look for them */
	struct elem *added[SET_ADDED_MAX];
	unsigned n_added;		/* SET_ADDED_MAX + 1: there were too many */
	uint64_t gc_at_ms;
};

static inline const uint8_t *elem_key(const struct set_impl *p, const struct elem *e)
{
	return (const uint8_t *)e + p->at.key;
}

static inline const uint8_t *elem_end(const struct set_impl *p, const struct elem *e)
{
	return (const uint8_t *)e + (p->at.end ? p->at.end : p->at.key);
}

static inline struct elem_time *elem_time(const struct set_impl *p, const struct elem *e)
{
	return p->at.time ? (struct elem_time *)((uint8_t *)e + p->at.time) : NULL;
}

static inline void **elem_ptr(const struct set_impl *p, const struct elem *e)
{
	return (void **)((uint8_t *)e + p->at.ptr);
}

static inline char **elem_comment(const struct set_impl *p, const struct elem *e)
{
	return (char **)((uint8_t *)e + p->at.comment);
}

static inline void *elem_state(const struct set_impl *p, const struct elem *e, unsigned i)
{
	return (uint8_t *)e + p->at.state[i];
}

static inline bool elem_expired(const struct set_impl *p, const struct elem *e, uint64_t now_ms)
{
	return p->at.time && elem_time(p, e)->expires_ms <= now_ms;
}

static inline bool elem_pending(const struct set_impl *p, const struct elem *e)
{
	return p->owner && e->born == p->txn_no;
}

static inline uint64_t set_now(const struct set_impl *p)
{
	return p->clock ? clock_ms(p->clock) : 0;
}

/* ---- set_store.c ---- */

/** set_canon() - a key as it is kept: every part a big-endian number; and back */
void set_canon(const struct set_desc *d, const uint8_t *in, uint8_t *out);
/**
 * store_find() - the element that holds canonical @key
 * @packets: as packets see the store: without what is pending
 */
struct elem *store_find(const struct set_impl *p, const struct set_store *st, const uint8_t *key, uint64_t now_ms,
			bool packets);
/** store_exact() - the element with exactly these ends; @group as group_of() says; NULL: none */
struct elem *store_exact(const struct set_impl *p, const struct set_store *st, const uint8_t *key, const uint8_t *end,
			 int group);
/** store_overlap() - treap: any element that shares a key with [key, end] */
struct elem *store_overlap(const struct set_impl *p, const struct set_store *st, const uint8_t *key, const uint8_t *end);
/** store_ready() - room for the first element: false: no memory */
bool store_ready(const struct set_impl *p, struct set_store *st);
/** store_insert() - of a ready store; never fails. The element's .mark is set before */
void store_insert(struct set_impl *p, struct set_store *st, struct elem *e);
void store_remove(struct set_impl *p, struct set_store *st, struct elem *e);
/** store_each() - all but the catchall, in no order (treap: ascending); stops at non-zero and returns it */
int store_each(const struct set_impl *p, const struct set_store *st, int (*fn)(void *ctx, struct elem *e), void *ctx);
/** store_filter() - the same; @keep gets each when it is in no store, and says whether it goes back: else it is @keep's */
void store_filter(struct set_impl *p, struct set_store *st, bool (*keep)(void *ctx, struct elem *e), void *ctx);
void store_free(struct set_store *st);
/** group_of() - the number of the shape of [key, end]; -1: not there yet and !make, or no memory */
int group_of(struct set_impl *p, const struct set_desc *d, const uint8_t *key, const uint8_t *end, bool make);

/* ---- set.c ---- */

struct elem *elem_alloc(struct ir_set *s, bool comment, bool states);
/** set_lay_states() - places for the states of the set's statements; no element may have any */
int set_lay_states(struct ir_set *s);
int set_check_exprs(const struct set_desc *d);
/** elem_free() - with its states and what it refers to; it is in no store */
void elem_free(struct ir_set *s, struct elem *e);
void elem_list(const struct ir_set *s, const struct elem *e, struct set_elem *out, uint8_t *key, uint8_t *end,
	       void **state);
/** set_find_seen() - what packets see, NULL: none; @key canonical; the catchall element included */
struct elem *set_find_seen(const struct ir_set *s, const uint8_t *key, uint64_t now_ms);
/** elem_run() - the element's statements for a packet; false: one of them ends the rule */
bool elem_run(struct ir_set *s, struct elem *e, struct match_ctx *m);
/** set_new() - a set of that description, not in a table yet; NULL with errno, and the statements are the caller's */
struct ir_set *set_new(const struct ruleset *rs, const struct set_desc *d);

/* ---- set_change.c ---- */

/** set_commit() - what a transaction did becomes what packets see; never fails */
void set_commit(struct ir_set *s);
void set_abort(struct ir_set *s);
/** set_targets() - calls @fn for every verdict with a chain that the transaction's view has; stops at non-zero */
int set_targets(const struct ir_set *s, int (*fn)(void *ctx, struct set_target *t), void *ctx);
/** set_expire() - frees elements whose time is over, if it is time to look */
void set_expire(struct ir_set *s, uint64_t now_ms);

#endif
