/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/state.h - what statements with a memory count, between the tree and the engine.
 */
#ifndef FRONT_NFT_STATE_H
#define FRONT_NFT_STATE_H

#include "front/nft/nft.h"

#define NFT_STATE_BYTES 32

/**
 * nft_states_of() - what the statements of an element begin with, in the order of @d->expr
 * @buf: aligned to 16, SET_EXPRS_MAX * (NFT_STATE_BYTES + 16) bytes, holds what is returned
 */
void *const *nft_states_of(struct nft_ctx *x, const struct list *stmts, const struct set_desc *d, uint8_t *buf);
/** nft_stmts_of() - the statements of an element with what they have counted; NULL: no memory */
struct list *nft_stmts_of(struct nft_ctx *x, const struct ir_set *is, void *const *state);
/** nft_state_read() - what @state has counted into the tree */
void nft_state_read(struct nft_ctx *x, struct nft_stmt *st, const void *state);

/** nft_limit_fits() - can the engine count that far? Linux says EOVERFLOW where it cannot */
bool nft_limit_fits(const struct nft_limit *l);
bool nft_quota_fits(const struct nft_quota *q);

#endif
