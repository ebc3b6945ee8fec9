/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/json.h - nft's trees as JSON and back: the schema of libnftables-json(5).
 */
#ifndef FRONT_NFT_JSON_H
#define FRONT_NFT_JSON_H

#include <jansson.h>

#include "front/nft/nft.h"

/* all of these return a new reference, or NULL when memory is short */
json_t *nft_json_expr(struct nft_ctx *x, const struct nft_expr *e);
/** nft_json_stmt() - @r: where live counters are, NULL: those of the tree */
json_t *nft_json_stmt(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r);
json_t *nft_json_table(struct nft_ctx *x, const struct table *t);
json_t *nft_json_chain(struct nft_ctx *x, const struct chain *c);
json_t *nft_json_rule(struct nft_ctx *x, const struct chain *c, const struct rule *r);
json_t *nft_json_set(struct nft_ctx *x, const struct table *t, const struct ir_set *s);
json_t *nft_json_object(struct nft_ctx *x, const struct table *t, const struct ir_object *o);
json_t *nft_json_flowtable(struct nft_ctx *x, const struct table *t, const struct flowtable *f);
/** nft_json_metainfo() - what every answer begins with */
json_t *nft_json_metainfo(void);
/** nft_json_root() - {"nftables": [metainfo, ...]}; nft_json_add() - one more object (a reference that is taken; NULL: no memory, noted in @x) */
json_t *nft_json_root(struct nft_ctx *x);
void nft_json_add(struct nft_ctx *x, json_t *root, json_t *object);
/** nft_json_add_table() - a table with everything in it, in the order in which nft lists it */
void nft_json_add_table(struct nft_ctx *x, json_t *root, const struct table *t);
/** nft_json_write() - @root as one line to standard output, and its reference dropped */
void nft_json_write(struct nft_ctx *x, json_t *root);

/** nft_json_list() - what list (or reset) shows, as one line; false: an error was added */
bool nft_json_list(struct nft_ctx *x, struct nft_cmd *cmd, bool reset);

/**
 * nft_json_to_text() - JSON commands as nft's own text, a command a line, which then goes nft's usual way
 * Return: false: not what the schema says, an error was added
 */
bool nft_json_to_text(struct nft_ctx *x, const char *json, size_t len, struct sbuf *out);

#endif
