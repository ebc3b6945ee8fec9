/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/eval.h - what the files of the evaluation share.
 *
 *     eval.c          commands
 *     eval_expr.c     types of expressions, constants
 *     eval_rel.c      comparisons and arithmetic
 *     eval_dep.c      which headers a packet is known to have, and the matches that must come before a field
 *     eval_set.c      elements, declarations of sets and maps
 *     eval_ival.c     intervals joined, the order of elements
 *     eval_stmt.c, eval_nat.c    statements
 *     eval_chain.c    chains, priorities, flowtables
 *     eval_list.c     the form in which a rule is listed
 */
#ifndef FRONT_NFT_EVAL_H
#define FRONT_NFT_EVAL_H

#include "front/nft/nft.h"
#include "front/nft/proto.h"
#include "front/nft/type.h"

#define NFT_LAYERS 3			/* link, network, transport: NFT_PAYLOAD_*_HEADER */

/* headers that a packet is known to have where a rule has come to */
struct nft_protos {
	uint8_t family;
	const struct nft_proto *at[NFT_LAYERS];
	bool other[NFT_LAYERS];		/* known, but none that has a name */
	bool other_l4proto;		/* and that by meta l4proto: excludes those that have one */
	struct nft_loc loc[NFT_LAYERS];	/* where that was said */
	uint8_t icmp_dep;		/* enum nft_dep that holds by an explicit type; NFT_DEP_NONE: none */
	bool icmp_type_known;
	uint8_t icmp_type;		/* which, where that says nothing */
};

struct nft_eval {
	struct nft_ctx *x;
	uint8_t family;
	int hook;			/* -1: not a base chain's, or not known */
	const char *table;
	struct list *stmts;		/* the rule's; dependencies go in front of .stmt */
	struct nft_stmt *stmt;		/* NULL: not in a rule (typeof): nothing can be added */
	struct nft_protos p;
	/* what is expected where a constant stands: NULL: nothing is */
	const struct nft_type *want;
	uint32_t want_bits;
	uint32_t want_max;		/* the largest value that the left side can have, 0: any */
	const struct nft_expr *key;	/* what it is compared with, for errors; NULL: nothing */
	const struct nft_set *set;	/* whose elements are evaluated: declared ones; NULL: anonymous */
	const struct nft_type *data;	/* of a map's elements; NULL: not a map */
	uint32_t data_bits;
	bool vmap;
	bool objmap;
	bool data_interval;
	bool host_prefix;		/* a prefix of all bits is one, and not its address */
	/* set by who evaluates a map: what it gives */
	int map_object;			/* NFT_OBJECT_*: names of objects */
	bool map_interval;		/* ranges are welcome */
};

/* eval_expr.c: each puts the outcome in *e; false: an error was added */
bool nft_ev_expr(struct nft_eval *v, struct nft_expr **e);
/** nft_ev_as() - with a type expected */
bool nft_ev_as(struct nft_eval *v, struct nft_expr **e, const struct nft_type *t, uint32_t bits);
bool nft_ev_concat(struct nft_eval *v, struct nft_expr **e);
bool nft_is_ct_addr(const struct nft_expr *e);	/* ct saddr, daddr: their type depends on the family */
/** nft_ev_resize() - a number to @bits, padded in front; false: it does not fit, and an error was added */
bool nft_ev_resize(struct nft_eval *v, struct nft_expr *e, uint32_t bits);
void nft_ev_replace(struct nft_expr **e, struct nft_expr *by);	/* keeps its place in a list; frees the old */
bool nft_is_const(const struct nft_expr *e);
bool nft_is_flags(const struct nft_type *t);
bool nft_has_prefix(const struct nft_type *t);	/* ranges of its values are listed as prefixes where they are such */
bool nft_no_memory(struct nft_eval *v);
int nft_bytes_cmp(const struct nft_expr *a, const struct nft_expr *b);	/* as numbers */

/* eval_rel.c */
bool nft_ev_rel(struct nft_eval *v, struct nft_expr **e);
bool nft_ev_binop(struct nft_eval *v, struct nft_expr **e);
bool nft_ev_range(struct nft_eval *v, struct nft_expr **e);
bool nft_ev_prefix(struct nft_eval *v, struct nft_expr **e);
bool nft_ev_list(struct nft_eval *v, struct nft_expr **e);
const char *nft_op_text(enum nft_op op);

/* eval_dep.c */
void nft_protos_init(struct nft_protos *p, uint8_t family);
/** nft_protos_learn() - what a match says about the headers of packets that pass it */
void nft_protos_learn(struct nft_protos *p, const struct nft_expr *rel);
/** nft_name_raw() - @base,offset,length as the field that it is, if it is one; false: it has no name */
bool nft_name_raw(const struct nft_protos *known, struct nft_expr *e);
/** nft_protos_learn_all() - the same while a rule is evaluated: sets too, whose last element counts */
void nft_protos_learn_all(struct nft_protos *p, const struct nft_expr *rel);
bool nft_ev_payload(struct nft_eval *v, struct nft_expr *e);
/** nft_ev_need() - the packet has @proto's header at its layer; a match is added where it is not known */
bool nft_ev_need(struct nft_eval *v, const struct nft_proto *proto, const struct nft_expr *e);
bool nft_ev_need_family(struct nft_eval *v, const struct nft_proto *ip, const struct nft_loc *loc);
struct nft_expr *nft_meta_rel(uint32_t key, uint64_t val, const struct nft_loc *loc);
bool nft_ev_insert(struct nft_eval *v, struct nft_expr *rel);
/** nft_rel_is_protocol() - does @e say what comes next? *layer: of what it says it */
bool nft_rel_is_protocol(const struct nft_expr *e, unsigned *layer);

/* eval_set.c */
bool nft_ev_set(struct nft_eval *v, struct nft_expr **e, const struct nft_expr *key);	/* NFT_X_SET, anonymous */
bool nft_ev_setref(struct nft_eval *v, struct nft_expr *e);
bool nft_ev_map(struct nft_eval *v, struct nft_expr **e);
bool nft_ev_elements(struct nft_eval *v, struct nft_expr *set, const struct nft_set *desc);
bool nft_ev_elem_expr(struct nft_eval *v, struct nft_expr **e);
bool nft_ev_set_decl(struct nft_eval *v, struct nft_set *s, const struct nft_loc *name_loc);
bool nft_ev_decl_elements(struct nft_eval *v, struct nft_expr *init, const struct nft_set *s);
/** nft_set_join() - intervals joined or refused, elements in the order of listing (eval_ival.c) */
bool nft_set_join(struct nft_eval *v, struct nft_expr *set, const struct nft_set *desc);
/** nft_ev_range_prefix() - a range of two constants as the prefix that it is, if it is one */
bool nft_ev_range_prefix(struct nft_eval *v, struct nft_expr **e);
bool nft_types_match(const struct nft_type *a, const struct nft_type *b);
/** nft_set_sort() - elements as they are listed */
void nft_set_sort(struct nft_expr *set, const struct nft_set *desc);

/* eval_stmt.c, eval_nat.c */
bool nft_ev_stmt(struct nft_eval *v, struct nft_stmt *s);
bool nft_ev_nat(struct nft_eval *v, struct nft_stmt *s);
bool nft_ev_tproxy(struct nft_eval *v, struct nft_stmt *s);
bool nft_ev_dup(struct nft_eval *v, struct nft_stmt *s);
bool nft_ev_reject(struct nft_eval *v, struct nft_stmt *s);
/** nft_ev_arg() - an argument of a statement: of a type, or an integer */
bool nft_ev_arg(struct nft_eval *v, struct nft_stmt *s, struct nft_expr **e, const struct nft_type *t, uint32_t bits);
bool nft_ev_stmts(struct nft_eval *v, struct list *stmts);

/* eval_chain.c */
bool nft_ev_chain(struct nft_eval *v, struct nft_cmd *cmd, struct nft_chain *c);
bool nft_ev_flowtable(struct nft_eval *v, struct nft_cmd *cmd, struct nft_flowtable *f);
bool nft_ev_prio(struct nft_eval *v, struct nft_prio *p, int hook);

/* eval_list.c */
void nft_list_form(struct nft_eval *v, struct list *stmts);

#endif
