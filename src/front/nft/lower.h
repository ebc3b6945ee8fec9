/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/lower.h - inside of lowering: what lower*.c share, and nobody else sees.
 */
#ifndef FRONT_NFT_LOWER_H
#define FRONT_NFT_LOWER_H

#include "front/nft/nft.h"
#include "front/nft/proto.h"

#define LOWER_LEN_MAX IR_VAL_MAX

/* one rule (or set description) on its way to the IR */
struct lower {
	struct nft_ctx *x;
	struct table *t;		/* of the transaction */
	struct ir_list *out;
	uint8_t family;
	bool counted;			/* the first counter is the rule's own */
	int n_state;			/* stateful functions so far */
	int err;			/* 0 or -errno of what was refused first; its error has been added */
};

/* a value in the making: its tree, and in which order its bytes stand */
struct lval {
	struct ir_expr *e;		/* NULL: failed, .err of the lower is set */
	enum field_order order;
};

static inline unsigned lower_bytes(uint32_t bits)
{
	return (bits + 7) / 8;
}

static inline unsigned lower_padded(unsigned bytes)
{
	return (bytes + 3) & ~3u;
}

/** lower_refuse() - "Could not process rule: ERR (why)" at @loc; keeps the first error; returns false */
bool lower_refuse(struct lower *l, const struct nft_loc *loc, int err, const char *why);
/** lower_no_memory() - the same for memory; returns false */
bool lower_no_memory(struct lower *l);

/* ---- lower_expr.c ---- */

/** lower_expr() - a value of the packet, or a constant in network order */
struct lval lower_expr(struct lower *l, const struct nft_expr *e);
/** lower_as() - the same in a given order and length in bytes; NULL: failed */
struct ir_expr *lower_as(struct lower *l, const struct nft_expr *e, enum field_order order, unsigned len);
/** lower_const() - a constant's bytes in @order at @dst, padded to @len: numbers in front, strings behind */
bool lower_const(struct lower *l, const struct nft_expr *e, enum field_order order, unsigned len, uint8_t *dst);
/** lower_bounds() - the first and the last value of a constant, prefix or range */
bool lower_bounds(struct lower *l, const struct nft_expr *e, enum field_order order, unsigned len, uint8_t *lo, uint8_t *hi);
/** lower_key() - the key expression of a set, each part as the set has it; NULL: failed */
struct ir_expr *lower_key(struct lower *l, const struct nft_expr *key, const struct set_desc *d);
/** lower_map() - IR_MAP over a map's value or verdict */
struct ir_expr *lower_map(struct lower *l, const struct nft_expr *map, enum field_order *order);
/** lower_payload() - the bytes that cover a header field, masked; *@shift: bits to its right within them */
struct lval lower_payload(struct lower *l, const struct nft_expr *e, unsigned *shift);
/** lower_exthdr_field() - the same for extension headers, options and chunks */
struct lval lower_exthdr(struct lower *l, const struct nft_expr *e, unsigned *shift);
/** lower_call() - expressions that are functions: fib, hash, number generators, sockets (lower_call.c) */
struct lval lower_call(struct lower *l, const struct nft_expr *e);
/** lower_where() - keep the rule to the hooks at which the kernel knows what @e asks for (lower_call.c) */
void lower_where(struct lower *l, const struct nft_expr *e);

/* ---- lower_set.c ---- */

/** lower_anon_set() - make the anonymous set of a lookup or map; @key: the expression that is looked up */
struct ir_set *lower_anon_set(struct lower *l, const struct nft_expr *set, const struct nft_expr *key);
/** lower_set_of() - the set that a NFT_X_SET or NFT_X_SETREF stands for */
struct ir_set *lower_set_of(struct lower *l, const struct nft_expr *set, const struct nft_expr *key);
/** lower_meter() - the set of a meter statement: anonymous, but with a name */
struct ir_set *lower_meter(struct lower *l, const struct nft_stmt *s);
/**
 * nft_set_adopt() - a set without statements of its own gets those that its elements come with
 * @expr: taken over; @stmts: as they are listed, copied. 0 or -errno
 */
int nft_set_adopt(struct nft_ctx *x, struct ir_set *s, struct ir_stmt **expr, unsigned n, const struct list *stmts);
/** lower_order() - in which order values of a type (of an expression, where the type leaves it open) are kept */
enum field_order lower_order(struct lower *l, const struct nft_type *t, const struct nft_expr *like);

enum ir_verdict nft_verdict_of(enum nft_verdict v);
/** nft_verdict_chain() - where a jump or goto goes, NULL: no chain */
const char *nft_verdict_chain(const struct nft_expr *v);
/** lower_meta_field(), lower_ct_field() - the engine's field of a key; FIELD_MAX: none */
unsigned lower_meta_field(uint32_t key);
unsigned lower_ct_field(uint32_t key, int8_t dir);

/* ---- lower_rel.c ---- */
void lower_rel(struct lower *l, const struct nft_expr *e);

/* ---- lower_stmt.c ---- */
bool lower_stmts(struct lower *l, struct list *stmts);
void lower_nat(struct lower *l, struct nft_stmt *s);
#define HOOK(h) (1u << NF_INET_##h)
/** lower_only() - the rule may be reached from these hooks (NF_INET_* bits) and kinds of base chain only; 0: all */
void lower_only(struct lower *l, uint32_t hooks, uint32_t types);
/**
 * nft_add_rule() - lower a rule and put it at place @at of @c; the tree becomes its form when @take, else a copy
 * Return: 0 or -errno, its error added
 */
int nft_add_rule(struct nft_ctx *x, struct table *t, struct chain *c, unsigned at, struct nft_rule *r, bool take);
/** lower_state_stmt() - a statement that every element of a set gets: a list of one IR_TEST; NULL: failed */
struct ir_stmt *lower_state_stmt(struct lower *l, const struct nft_stmt *s);

#endif
