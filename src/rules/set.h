/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/set.h - sets, maps and verdict maps: the elements that rules look up, and those that packets put in.
 *
 * One interface over several representations, chosen by what the set is: a hash table for exact keys, a sorted
 * structure for intervals, an index by parts for concatenations with ranges. A set belongs to a table and is shared
 * by generations; its elements are changed through a transaction, or one by one from the packet path.
 *
 * Invariants
 *  1. A key is the value that the key expression evaluates to: its parts side by side, each padded with zeros to a
 *     multiple of four bytes, each part in the order of its field (network, or the host's for .order HOST). The set
 *     compares host-order parts as numbers; nobody outside turns bytes.
 *  2. Elements with a timeout that is over are not found, and are freed by and by, not by lookups.
 *  3. The packet path never adds beyond .size (the default for dynamic sets is 65535), and allocates from a pool.
 *
 * References: the kernel's nft_set_hash.c, nft_set_rbtree.c, nft_set_pipapo.c for what is found and refused.
 */
#ifndef RULES_SET_H
#define RULES_SET_H

#include "rules/ruleset.h"

#define SET_PARTS_MAX 16		/* fields of a concatenation (NFT_REG32_COUNT) */
#define SET_DYNAMIC_SIZE 65535		/* elements at most of a set that packets fill and that says nothing */
#define SET_EXPRS_MAX 2			/* stateful statements of an element (NFT_SET_EXPR_MAX) */

struct ir_object;
struct match_ctx;

struct set_part {
	uint16_t len;			/* bytes without padding */
	uint8_t order;			/* enum field_order */
};

enum set_data { SET_DATA_NONE, SET_DATA_VALUE, SET_DATA_VERDICT, SET_DATA_OBJECT };

/* what a set is made as; the same flags as the UAPI's enum nft_set_flags (NFT_SET_*) */
struct set_desc {
	char name[NFT_SET_MAXNAMELEN];	/* anonymous ones: a pattern, "__set%d" or "__map%d" */
	uint32_t flags;			/* NFT_SET_ANONYMOUS, _CONSTANT, _INTERVAL, _MAP, _TIMEOUT, _EVAL, _OBJECT, _CONCAT */
	unsigned n_parts;
	struct set_part part[SET_PARTS_MAX];
	enum set_data data;
	uint16_t data_len;		/* SET_DATA_VALUE: bytes, parts of a concatenation padded as in keys */
	bool data_interval;		/* data are ranges: twice .data_len bytes in a lookup */
	uint8_t data_order;		/* for interval data: of the single part */
	int object_type;		/* SET_DATA_OBJECT: NFT_OBJECT_* */
	uint32_t size;			/* elements at most, 0: no bound given */
	uint64_t timeout_ms;		/* default of its elements, 0: none */
	uint32_t gc_interval_ms;
	uint32_t policy;		/* NFT_SET_POL_* */
	unsigned n_exprs;		/* stateful statements that every element gets: counter, limit, quota, ... */
	struct ir_stmt *expr[SET_EXPRS_MAX];	/* IR_TEST statements: function and template data; owned by the set */
};

/* the front end's own description (types for printing, typeof, comment, auto-merge): opaque here */
struct set_form {
	const struct set_form_ops *ops;
};

struct set_form_ops {
	void (*free)(struct set_form *f);
};

struct ir_set {
	int refs;			/* tables of all generations and expressions that hold it */
	struct set_desc desc;
	uint64_t handle;
	unsigned anon;			/* its number, if anonymous */
	unsigned mark;			/* txn_items.c: does a rule have it */
	unsigned uses;			/* rules of the committed generation that look it up or change it */
	unsigned n_elems;		/* without the catchall one */
	uint32_t gen;			/* moves with every change of its elements: outcomes that looked here are void */
	bool adopted;			/* .desc.expr are a rule's: elements that commands add have them only if they say so */
	bool needs_ct, needs_defrag;	/* of its elements' statements */
	bool takes_packets;		/* set_takes_packets(): settled when it was made */
	struct set_form *form;
	struct set_impl *impl;		/* rules/set*.c */
};

struct set_verdict {			/* data of a verdict map */
	enum ir_verdict v;
	const char *chain;		/* IR_JUMP, IR_GOTO: its name */
};

/* an element as it is given and listed */
struct set_elem {
	const uint8_t *key, *key_end;	/* of the set's padded key length; key_end NULL: not an interval */
	bool open_end;			/* interval without an upper end: everything from .key on */
	bool catchall;			/* "*": what no other element has */
	const uint8_t *data, *data_end;	/* SET_DATA_VALUE; data_end: the data is a range (map to intervals) */
	struct set_verdict verdict;
	struct ir_object *object;
	uint64_t timeout_ms;		/* 0: the set's; UINT64_MAX: explicitly none */
	uint64_t expires_ms;		/* 0: as the timeout says; on listing: what is left */
	const char *comment;		/* NULL: none */
	void *const *state;		/* listing: states of .desc.expr in order; adding: to start from, or NULL */
};

/* ---- lookups ---- */

bool set_has_catchall(const struct ir_set *s);
/**
 * set_takes_packets() - may packets add to it: not to intervals, maps to verdicts or objects, nor to a set that did not
 * say it is dynamic and that the kernel keeps in a structure made for its size
 */
bool set_takes_packets(const struct ir_set *s);
/** set_key_len() - bytes of a key, padding included */
unsigned set_key_len(const struct ir_set *s);

/** set_contains() - is @key (padded, in field order) in the set, now? The element's statements do not run */
bool set_contains(const struct ir_set *s, const uint8_t *key, uint64_t now_ms);
/** set_lookup() - the same for a packet: the element's statements run, and false is also when one of them says no */
bool set_lookup(struct ir_set *s, const uint8_t *key, struct match_ctx *m);
/**
 * set_lookup_data() - the element's data; its statements run
 * Return: NULL: no such element; SET_DATA_VALUE: .data_len bytes (and the range's end behind them for interval
 * data); SET_DATA_VERDICT: struct set_bound_verdict; SET_DATA_OBJECT: struct ir_object *
 */
const void *set_lookup_data(struct ir_set *s, const uint8_t *key, struct match_ctx *m);

struct set_bound_verdict {
	enum ir_verdict v;
	struct chain *chain;		/* of the generation that packets see */
};

/* ---- from the packet path ---- */

enum set_op { SET_OP_ADD, SET_OP_UPDATE, SET_OP_DELETE };
/**
 * set_dynset() - add, refresh or remove an element for a packet, and run its statements
 * @timeout_ms: 0: the set's
 * @data: SET_DATA_VALUE, else NULL
 * Return: false: the rule ends here (no room, a statement of the element says no)
 */
bool set_dynset(struct ir_set *s, enum set_op op, const uint8_t *key, const void *data, uint64_t timeout_ms,
		struct match_ctx *m);

/* ---- changes: all within a transaction, 0 or -errno; on failure nothing changed ---- */

/**
 * txn_set_add() - a new set in @t, with a handle of the table's; takes @form over also when it fails
 * Return: NULL with errno: EEXIST, EINVAL (flags that do not go together), EOPNOTSUPP, ENOMEM
 */
struct ir_set *txn_set_add(struct txn *x, struct table *t, const struct set_desc *d, struct set_form *form);
/**
 * txn_set_adopt() - statements for the elements that packets add to a set that was made without: those of the rule that fills
 * it. Another rule may change what they say, not which functions they are while elements have them
 * Takes @expr over, also when it fails. Return: 0, -EBUSY (elements have others), -EOPNOTSUPP, -EAGAIN, -ENOMEM
 */
int txn_set_adopt(struct txn *x, struct ir_set *s, struct ir_stmt *const *expr, unsigned n);
/** set_same() - may `add` name a set of that description once more: it is what @s is already */
bool set_same(const struct ir_set *s, const struct set_desc *d);
int txn_set_del(struct txn *x, struct table *t, struct ir_set *s);	/* -EBUSY: a rule uses it */
/** table_set() - by name, NULL: none; works on tables of a transaction (its view) and committed ones */
struct ir_set *table_set(const struct table *t, const char *name);
struct ir_set *table_set_by_handle(const struct table *t, uint64_t handle);
/**
 * txn_elem_add()
 * Return: 0; -EEXIST (exclusive, or with other data, or an interval that overlaps), -ENFILE (full), -EINVAL, -ENOMEM,
 * -ENOENT (the verdict's chain), -EBUSY (anonymous or constant, and a rule has it), -EAGAIN (another open transaction changes the set)
 */
int txn_elem_add(struct txn *x, struct ir_set *s, const struct set_elem *e, bool exclusive);
int txn_elem_del(struct txn *x, struct ir_set *s, const struct set_elem *e);	/* -ENOENT */
int txn_set_flush(struct txn *x, struct ir_set *s);
/** txn_elem_reset() - counters and quotas of an element's statements, at commit */
int txn_elem_reset(struct txn *x, struct ir_set *s, const struct set_elem *e);

/* ---- listing: as the transaction sees it when one is open, else what packets see ---- */

/**
 * set_each() - in the order in which nft lists them; stops at non-zero and returns it
 * Ascending keys; concatenations by their last byte first; concatenations with ranges as they were added; "*" last.
 * Return: also -ENOMEM
 */
int set_each(const struct ir_set *s, int (*fn)(void *ctx, const struct set_elem *e), void *ctx);
/** set_find_elem() - `get element`: calls @fn for the one that holds @key (NULL: catchall); -ENOENT, else what @fn says */
int set_find_elem(const struct ir_set *s, const uint8_t *key, int (*fn)(void *ctx, const struct set_elem *e),
		  void *ctx);

struct ir_set *ir_set_get(struct ir_set *s);
void ir_set_put(struct ir_set *s);	/* NULL is fine */

#endif
