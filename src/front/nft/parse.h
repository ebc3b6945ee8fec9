/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/parse.h - what the files of the parser share: the state of one text's parsing, and its small steps.
 *
 * Once something is wrong, .failed is set: from then on nothing is what anybody asks for, so that every loop ends and
 * every function returns what it has. Who can go on behind the error (a command, a line of a block) clears it.
 */
#ifndef FRONT_NFT_PARSE_H
#define FRONT_NFT_PARSE_H

#include "front/nft/lex.h"
#include "front/nft/nft.h"

#define NFT_INCLUDE_DEPTH 16
#define NFT_NEST_MAX 100		/* braces and parentheses within each other */
#define NFT_ERRORS_MAX 10

struct nft_define {
	struct nft_define *next;
	char *name;
	struct nft_expr *val;		/* NULL: undefined */
	unsigned level;			/* of blocks: 0 outside of all */
};

struct nft_parser {
	struct nft_ctx *x;
	struct nft_lexer lex[NFT_INCLUDE_DEPTH + 1];
	unsigned depth;			/* of includes: the lexer in use */
	struct nft_tok q[3];		/* read ahead */
	unsigned n_q;
	struct nft_tok last;		/* taken last */
	enum nft_scope sc;
	bool failed, stop;		/* stop: too many errors, or the end of the text within a block */
	unsigned errors, nest, level;
};

enum nft_side { NFT_LEFT, NFT_RIGHT, NFT_STMT };	/* what may stand: in front of an operator, behind it, in statements */

/* ---- steps (parse.c) ---- */

struct nft_tok *p_peek(struct nft_parser *p, unsigned n);	/* 0: the next token */
bool p_is(struct nft_parser *p, enum nft_tok_kind k);
bool p_take(struct nft_parser *p, enum nft_tok_kind k);
bool p_kw(struct nft_parser *p, const char *word);		/* the next token is that keyword, in this scope */
bool p_take_kw(struct nft_parser *p, const char *word);
void p_next(struct nft_parser *p);
/** p_unexpected() - a syntax error at the next token; @expecting: "a or b", NULL: the real tool names nothing */
void p_unexpected(struct nft_parser *p, const char *expecting);
bool p_expect(struct nft_parser *p, enum nft_tok_kind k, const char *expecting);
bool p_expect_kw(struct nft_parser *p, const char *word, const char *expecting);
/** p_error() - something else is wrong */
void p_error(struct nft_parser *p, const struct nft_loc *loc, const char *fmt, ...) PRINTF_LIKE(3, 4);
/** p_begin(), p_span() - the place from a remembered begin to what was taken last */
struct nft_loc p_begin(struct nft_parser *p);
struct nft_loc p_span(struct nft_parser *p, const struct nft_loc *begin);
/** p_noted() - what was allocated; NULL: no memory, and the parser is told */
void *p_noted(struct nft_parser *p, void *made);
char *p_strndup(struct nft_parser *p, const char *from, size_t n);	/* NULL: no memory, and the parser is told */
char *p_text(struct nft_parser *p, const struct nft_tok *t);
bool p_is_name(struct nft_parser *p);				/* a word that is no keyword here */
char *p_name(struct nft_parser *p, const char *expecting);	/* NULL and an error: none here */
char *p_string(struct nft_parser *p);				/* name, quoted, or with an asterisk */
bool p_is_string(struct nft_parser *p);
bool p_number(struct nft_parser *p, uint64_t *v, const char *expecting);
bool p_time(struct nft_parser *p, uint64_t *ms);
char *p_comment(struct nft_parser *p);				/* behind the word `comment` */
bool p_is_sep(struct nft_parser *p);
bool p_sep(struct nft_parser *p, const char *expecting);	/* newline or semicolon; NULL: the usual words */
void p_newline(struct nft_parser *p);				/* one, where it may stand */
/** p_recover() - behind an error: to the next line or semicolon; false: there is none, or it was one error too many */
bool p_recover(struct nft_parser *p);
/** p_common() - include, define, redefine, undefine: true when it was one */
bool p_common(struct nft_parser *p);
void p_open(struct nft_parser *p);				/* a block with variables of its own */
void p_close(struct nft_parser *p);
struct nft_expr *p_variable(struct nft_parser *p);		/* at a dollar: what it stands for */
bool p_nest(struct nft_parser *p);				/* false: too deep; else p->nest-- behind it */
const struct nft_define *p_define_find(struct nft_parser *p, const char *name);
void p_unknown_define(struct nft_parser *p, const struct nft_loc *loc, const char *name);

/* ---- commands and blocks ---- */

struct nft_cmd *p_cmd(struct nft_parser *p);			/* parse_cmd.c; NULL: failed */
struct nft_table *p_table_block(struct nft_parser *p, const struct nft_handle *h);	/* parse_block.c; behind '{' */
struct nft_chain *p_chain_block(struct nft_parser *p);
struct nft_set *p_set_block(struct nft_parser *p, bool map);
struct nft_flowtable *p_flowtable_block(struct nft_parser *p);
struct nft_object *p_object(struct nft_parser *p, int type, bool in_braces);	/* parse_object.c: settings or { } */
struct nft_rule *p_rule(struct nft_parser *p);			/* parse_stmt.c */
void p_rules(struct nft_parser *p, struct list *rules);		/* of an anonymous chain, to its '}' */
uint8_t p_family(struct nft_parser *p);				/* NFPROTO_UNSPEC: none stands here */

/* ---- statements ---- */

struct nft_stmt *p_stmt(struct nft_parser *p);
bool p_is_stateful(struct nft_parser *p);
struct nft_stmt *p_stateful(struct nft_parser *p);
void p_stateful_list(struct nft_parser *p, struct list *stmts);	/* none or more */
void p_limit(struct nft_parser *p, struct nft_limit *l);	/* behind `rate` */
void p_quota(struct nft_parser *p, struct nft_quota *q, const struct nft_loc *begin);	/* errors' begin */
struct nft_stmt *p_act_stmt(struct nft_parser *p);	/* parse_act.c: what acts on packets; NULL and not failed: none */

/* ---- expressions ---- */

struct nft_expr *p_primary(struct nft_parser *p, enum nft_side side);	/* parse_key.c */
bool p_is_primary(struct nft_parser *p, enum nft_side side);
struct nft_expr *p_tcpopt_type(struct nft_parser *p, const struct nft_loc *begin);
bool p_is_header(struct nft_parser *p);
struct nft_expr *p_operators(struct nft_parser *p, enum nft_side side);	/* parse_expr.c */
struct nft_expr *p_concat(struct nft_parser *p);		/* left side */
struct nft_expr *p_rhs(struct nft_parser *p);			/* set, @set, concatenation, range, prefix */
struct nft_expr *p_rhs_list(struct nft_parser *p);		/* the same, or a,b,c */
struct nft_expr *p_stmt_expr(struct nft_parser *p);		/* value of a statement */
struct nft_expr *p_set_expr(struct nft_parser *p, bool vmap);	/* at '{' */
struct nft_expr *p_setref(struct nft_parser *p, const char *expecting);	/* @name or a variable */
struct nft_expr *p_verdict(struct nft_parser *p);		/* NULL and not failed: none here */
struct nft_expr *p_elem_options(struct nft_parser *p, struct nft_expr *key);	/* timeout, expires, comment */
struct nft_expr *p_initializer(struct nft_parser *p);		/* behind `define x =` */
struct nft_expr *p_elements(struct nft_parser *p);		/* { ... } or a variable */

#endif
