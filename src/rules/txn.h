/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/txn.h - what the files that make up a transaction share and nobody else sees: txn.c (tables, chains, rules,
 * commit), txn_items.c (what else tables have), set_change.c (elements), check.c (what commit would refuse).
 */
#ifndef RULES_TXN_H
#define RULES_TXN_H

#include "rules/object.h"
#include "rules/set.h"

struct change {				/* one table that is touched */
	struct list node;
	struct table *origin, *copy;	/* NULL: new, deleted */
};

struct renamed {			/* a jump or a map's verdict whose chain has a new name */
	char **at;
	char *name;
};

struct object_change {			/* at commit */
	struct ir_object *o;
	struct ir_object *params;	/* NULL: reset its state */
};

struct txn {
	struct ruleset *rs;
	uint32_t gen;
	struct list changes;		/* of struct change, in order of first touch */
	uint64_t next_handle, next_seq, next_chain_id;
	struct rule **zero;		/* rules to be zeroed, one reference each */
	unsigned n_zero, cap_zero;
	struct renamed *renamed;
	unsigned n_renamed;
	struct ir_set **sets;		/* those whose elements it changes, one reference each */
	unsigned n_sets;
	struct object_change *objects;
	unsigned n_objects;
	bool counts;			/* txn_count() */
};

/**
 * list_room() - room for one more in an array whose room is always a power of two
 * @at: pointer to the array; false: no memory
 */
bool list_room(void *at, unsigned n, size_t size);

/* txn_items.c: sets, objects and flowtables of tables */
/** items_copy() - @to shares what @from has; false: no memory (what was copied is @to's) */
bool items_copy(struct table *to, const struct table *from);
void items_free(struct table *t);
/** items_sweep() - drops anonymous sets and chains that no rule has any more, if some may be there */
void items_sweep(struct table *t);
void items_commit(struct txn *x);	/* elements and objects; before the tables are swapped in */
void items_abort(struct txn *x);
/** txn_set_table() - the table that has @s after the transaction, NULL: none that it has touched */
const struct table *txn_set_table(const struct txn *x, const struct ir_set *s);
/** set_each_added(), set_each_removed() - what the transaction that has @s adds and takes away; stop at non-zero */
int set_each_added(const struct ir_set *s, int (*fn)(void *ctx, const struct set_elem *e), void *ctx);
int set_each_removed(const struct ir_set *s, int (*fn)(void *ctx, const struct set_elem *e), void *ctx);
/** items_bind() - verdicts of maps to the chains of @t, and counts of what rules use; @t is committed */
void items_bind(struct table *t);
/** chain_called() - by name; one that a chain had before counts too: jumps may still say it */
struct chain *chain_called(const struct table *t, const char *name);

/* object.c */
/** object_new() - a copy that takes @from->data over, also when it fails; @from->state NULL: as at the beginning */
struct ir_object *object_new(const struct ir_object *from);
/** flowtable_new() - a copy with other devices; either list may be NULL */
struct flowtable *flowtable_new(const struct flowtable *from, char *const *more, char *const *less);
struct flowtable *flowtable_get(struct flowtable *f);
void flowtable_put(struct flowtable *f);

/* rule_refs.c */
/** rule_each_set(), rule_each_object() - each that a rule refers to, maybe more than once; stop at non-zero */
int rule_each_set(const struct rule *r, int (*fn)(void *ctx, struct ir_set *s), void *ctx);
int rule_each_object(const struct rule *r, int (*fn)(void *ctx, struct ir_object *o), void *ctx);

#endif
