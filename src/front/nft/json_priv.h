/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/json_priv.h - what json_*.c share and nobody else sees.
 */
#ifndef FRONT_NFT_JSON_PRIV_H
#define FRONT_NFT_JSON_PRIV_H

#include "front/nft/json.h"

/** nft_json_flags() - an expression; bits with names stand as a list of them */
json_t *nft_json_flags(struct nft_ctx *x, const struct nft_expr *e);
/** json_set_names() - .@key of @body: a list, its only member without brackets, or nothing; takes @list */
void json_set_names(json_t *body, const char *key, json_t *list);
/** json_size() - bytes in the largest unit that divides them, and its name */
uint64_t json_size(uint64_t bytes, const char **unit);
const char *json_time_unit(uint64_t s);
json_t *nft_json_synproxy(uint16_t mss, uint8_t wscale, uint32_t flags);
const char *nft_json_object_word(int type);

#endif
