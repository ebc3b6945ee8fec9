/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/nft.h - what the stages of nft hand to each other.
 *
 *     text -> nft_parse() -> commands -> for each: nft_eval_cmd() -> nft_exec_cmd() (lower.c, in one transaction)
 *          -> nft_commit()
 *     JSON -> nft_json_parse() -> commands -> the same
 *     list -> nft_print_*() or nft_json_*()
 *
 * As the real tool, everything is checked before anything is given to the engine: when a command has an error, the
 * others are still read and checked, for their errors, and nothing is committed. What the kernel would refuse is
 * told as the real tool tells it: at the place in the text that the refused part was written at.
 */
#ifndef FRONT_NFT_NFT_H
#define FRONT_NFT_NFT_H

#include "front/cmd.h"
#include "front/iptables.h"
#include "front/nft/ast.h"
#include "rules/object.h"
#include "rules/set.h"

struct nft_opts {			/* of the command line */
	bool check, echo, json, handle, stateless, terse, optimize, interactive, numeric_time;
	bool numeric_prio, numeric_proto, numeric_sym, reversedns, service, guid;
	bool exact;			/* none of the command line's: a listing that means the same when it is read again */
	const char *include[16];
	unsigned n_include;
};

struct nft_define;			/* variables: parse.c */

struct nft_error { struct list node; struct nft_loc loc, also[4]; unsigned n_also; char *text, *hint; bool info; };

struct nft_ctx {
	struct cmd *c;
	struct nft_opts o;
	struct nft_src *srcs;		/* all texts that were read, freed with the context */
	struct list errors;		/* of struct nft_error, in the order in which they are told */
	unsigned n_errors;		/* at most 10 are kept, as the real tool does */
	struct list types;		/* concatenation types made */
	struct nft_define *defines;
	unsigned include_depth;
	struct txn *txn;		/* the batch: opened by the first command that changes something */
	/* evaluation of one rule: what is known of its packets (eval.c) */
	void *eval;
	uint8_t family;			/* of the table at hand, while a rule or set is evaluated or printed */
	bool oom;
	struct nft_keep *keep;		/* shared with the forms that were made: form.c */
	/* what the engine refused: told when nothing was found wrong before */
	struct list refused;
	unsigned n_cmds;		/* of the batch */
	bool invalid;			/* the batch has jumps that may not be */
};

/* ---- errors (error.c) ---- */

/** nft_err() - an error at a place of the text; the first line of the text is the real tool's own where it has one */
void nft_err(struct nft_ctx *x, const struct nft_loc *loc, const char *fmt, ...) PRINTF_LIKE(3, 4);
/** nft_err_two() - with a second place underlined (~~~) */
void nft_err_two(struct nft_ctx *x, const struct nft_loc *loc, const struct nft_loc *also, const char *fmt, ...) PRINTF_LIKE(4, 5);
/** nft_hint() - gives the last error a line more, told when the command was called with hints on */
void nft_hint(struct nft_ctx *x, const char *fmt, ...) PRINTF_LIKE(2, 3);
/** nft_errors_print() - all of them to standard error, as the real tool does: place, source line, carets; and forgets them */
void nft_errors_print(struct nft_ctx *x);
void nft_errors_free(struct nft_ctx *x);
/** nft_loc_span() - from the begin of @a to the end of @b */
struct nft_loc nft_loc_span(const struct nft_loc *a, const struct nft_loc *b);

/* ---- parse.c, lex.c ---- */

/** nft_parse() - @src's commands to the end of @cmds; false: there were errors (what could be read is there) */
bool nft_parse(struct nft_ctx *x, struct nft_src *src, struct list *cmds);
/** nft_src_add() - a text for this context; takes @text over; NULL: no memory */
struct nft_src *nft_src_add(struct nft_ctx *x, const char *name, char *text, size_t len);
bool nft_define(struct nft_ctx *x, const char *name, const char *value);	/* -D */
/** nft_defines_free(), nft_srcs_free() - when nothing of the context's trees is used any more */
void nft_defines_free(struct nft_ctx *x);
void nft_srcs_free(struct nft_ctx *x);
void nft_srcs_free_list(struct nft_src *s);
/** nft_parse_expr(), nft_parse_rule() - one expression or a rule's statements from text, for tests and JSON */
struct nft_expr *nft_parse_expr(struct nft_ctx *x, const char *text);
bool nft_parse_rule(struct nft_ctx *x, const char *text, struct list *stmts);

/* ---- eval.c ---- */

/** nft_eval_cmd() - types, checks and normal form of one command; false: errors were added */
bool nft_eval_cmd(struct nft_ctx *x, struct nft_cmd *cmd);
/** nft_eval_stmts() - a rule's statements in a chain of @family (hook -1: not a base chain, or not known) */
bool nft_eval_stmts(struct nft_ctx *x, uint8_t family, struct list *stmts);
/*
 * What evaluation asks of the rule set that it stands in (the batch so far, then the committed one): set descriptions
 * by name. exec.c answers; NULL: no such set.
 */
const struct nft_set *nft_lookup_set(struct nft_ctx *x, uint8_t family, const char *table, const char *name);
bool nft_lookup_object(struct nft_ctx *x, uint8_t family, const char *table, int type, const char *name);

/* ---- lower.c: evaluated statements to IR ---- */

/**
 * nft_lower_rule() - IR of a rule; anonymous sets are made in @t through x->txn (and are named in the tree: .set.set)
 * Return: 0 or -errno with an error at its place
 */
int nft_lower_rule(struct nft_ctx *x, struct table *t, struct nft_rule *r, struct ir_list *out);
/** nft_lower_set() - what the engine makes a set of */
int nft_lower_set(struct nft_ctx *x, struct table *t, const struct nft_set *s, struct set_desc *d);
/** nft_elem_fill() - an element as the engine takes it; @buf holds its bytes: at least NFT_ELEM_BYTES */
#define NFT_ELEM_BYTES (8 * IR_VAL_MAX)
int nft_elem_fill(struct nft_ctx *x, struct table *t, const struct nft_set *s, const struct set_desc *d,
		  const struct nft_expr *elem, struct set_elem *e, uint8_t *buf);
/** nft_elem_of() - an engine's element as an expression (NFT_X_ELEM) of that set's types, to be printed */
struct nft_expr *nft_elem_of(struct nft_ctx *x, const struct nft_set *s, const struct ir_set *is, const struct set_elem *e);

/* the written form of an nft rule and of an nft set, kept by the engine for listing */
struct nft_keep;				/* what trees point to: form.c */
struct nft_rule_form {
	struct rule_form form;
	uint8_t family;
	struct nft_rule *rule;
	struct nft_keep *keep;
	struct netns *ns;			/* where the rule is: its links' names */
	struct ipt_view ipt;			/* as iptables reads it: made when it is asked for */
};
/* elem_stmts: statements that elements got from the first rule that fills the set; empty: those of .set->stmts */
struct nft_set_form { struct set_form form; struct nft_set *set; struct nft_keep *keep; struct list elem_stmts; };
extern const struct rule_form_ops nft_rule_form_ops;
extern const struct set_form_ops nft_set_form_ops;
/** nft_rule_of() - a rule of either dialect as nft would list it: NULL: no memory. Not owned by the caller when .dialect is nft */
struct nft_rule *nft_rule_of(struct nft_ctx *x, const struct table *t, const struct rule *r, bool *owned);
/** nft_table_has_xt() - are there matches or targets of iptables' in it: the real nft warns then */
bool nft_table_has_xt(const struct table *t);
/** nft_set_of() - the description of a set of either dialect */
const struct nft_set *nft_set_of(const struct ir_set *s);
/** nft_set_form_new() - a copy of the description (without .init), for the engine; NULL: no memory */
struct set_form *nft_set_form_new(struct nft_ctx *x, const struct nft_set *s);
/** nft_rule_form_new() - takes @r over, also when it fails; NULL: no memory */
struct rule_form *nft_rule_form_new(struct nft_ctx *x, uint8_t family, struct nft_rule *r);
/** nft_keep_release() - the context goes: what forms still point to lives as long as they do */
void nft_keep_release(struct nft_ctx *x);

/** nft_timeout_states() - names of a ct timeout policy's states, as numbered in struct object_ct_timeout; NULL-terminated */
const char *const *nft_timeout_states(uint8_t l4);
/** nft_timeout_usual() - are @s seconds what state number @state has anyway; those are not listed */
bool nft_timeout_usual(uint8_t l4, unsigned state, uint32_t s);

/* ---- exec.c: commands on the rule set ---- */

/** nft_exec_cmd() - carry out one evaluated command in x->txn, or list; false: refused, error added */
bool nft_exec_cmd(struct nft_ctx *x, struct nft_cmd *cmd);
/** nft_commit() - the batch as a whole; false: refused, error added at the command whose fault it is */
bool nft_commit(struct nft_ctx *x, struct list *cmds);
/** nft_run_text() - a script or command line through all stages; exit status 0 or 1 */
int nft_run(struct nft_ctx *x, struct nft_src *src);

/* ---- print.c: text as nft 1.0.6 lists it, by x->o ---- */

void nft_print_expr(const struct nft_ctx *x, const struct nft_expr *e, struct sbuf *out);
/** nft_print_stmt() - @r: where live counters are (NULL: those in the tree) */
void nft_print_stmt(const struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r, struct sbuf *out);
/** nft_print_rule() - one line without indent and newline; handle and comment behind it as options say */
void nft_print_rule(struct nft_ctx *x, const struct table *t, const struct rule *r, struct sbuf *out);
void nft_print_chain(struct nft_ctx *x, const struct chain *c, struct sbuf *out);		/* with one tab */
void nft_print_set(struct nft_ctx *x, const struct table *t, const struct ir_set *s, struct sbuf *out);
/** nft_print_set_elems() - a set with only some elements: a NFT_X_SET's (`get element`) */
void nft_print_set_elems(struct nft_ctx *x, const struct table *t, const struct ir_set *s, const struct nft_expr *elems,
			 struct sbuf *out);
void nft_print_object(struct nft_ctx *x, const struct table *t, const struct ir_object *o, struct sbuf *out);
void nft_print_flowtable(struct nft_ctx *x, const struct table *t, const struct flowtable *f, struct sbuf *out);
void nft_print_table(struct nft_ctx *x, const struct table *t, struct sbuf *out);
const char *nft_family_name(uint8_t family);	/* "ip", "inet", ... */
/** nft_print_prio() - "filter + 10", by family and hook, numeric with -y */
void nft_print_prio(const struct nft_ctx *x, uint8_t family, int hook, int prio, struct sbuf *out);
const char *nft_hook_name(uint8_t family, int hook);

#endif
