/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/json_text.h - JSON to nft's text: what json_text.c, json_text_stmt.c and json_in.c share.
 *
 * Every function writes to .out and says whether it could; what it could not has had its error.
 */
#ifndef FRONT_NFT_JSON_TEXT_H
#define FRONT_NFT_JSON_TEXT_H

#include "front/nft/json.h"

struct jt {
	struct nft_ctx *x;
	struct sbuf *out;
	bool failed;			/* an error was told; only the first one is */
	unsigned depth;
};

/** jt_fail() - an error with one string argument; false, always */
bool jt_fail(struct jt *t, const char *fmt, const char *arg);
bool jt_expr(struct jt *t, json_t *e);
bool jt_stmt(struct jt *t, json_t *s);
bool jt_is_verdict(json_t *e);
bool jt_elem(struct jt *t, json_t *e);
bool jt_elems(struct jt *t, json_t *v);		/* with braces */
bool jt_quoted(struct jt *t, const char *s);
bool jt_name(struct jt *t, const char *s);	/* an identifier */
bool jt_words(struct jt *t, const char *s);	/* names of the language, with blanks */
const char *jt_string(struct jt *t, json_t *o, const char *key);	/* NULL: missing or not a string, told */

#endif
