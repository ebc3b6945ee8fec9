/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/tool.h - the command `nft`, and a context for who runs texts without it.
 */
#ifndef FRONT_NFT_TOOL_H
#define FRONT_NFT_TOOL_H

#include "front/nft/nft.h"

#define NFT_VERSION "nftables v1.0.6 (Lester Gooch #5)"

cmd_fn nft_main;
void nft_ctx_init(struct nft_ctx *x, struct cmd *c);
/** nft_ctx_free() - with all texts and variables; no command or tree of it may be left but rules' and sets' forms */
void nft_ctx_free(struct nft_ctx *x);

#endif
