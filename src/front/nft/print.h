/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/print.h - what the files of the printer share.
 */
#ifndef FRONT_NFT_PRINT_H
#define FRONT_NFT_PRINT_H

#include "front/nft/nft.h"
#include "rules/fn.h"

const char *nft_ct_name(uint32_t key);	/* of a ct key, as listed */
/** nft_print_limit() - "rate over 10/second burst 7 packets" */
void nft_print_limit(const struct nft_limit *l, struct sbuf *out);
/** nft_print_quota() - "over 5 kbytes used 3 bytes" */
void nft_print_quota(const struct nft_quota *q, bool stateless, struct sbuf *out);
/** nft_print_bytes() - an amount in the largest unit that it is a whole number of */
void nft_print_bytes(uint64_t n, struct sbuf *out);
/** nft_print_duration() - "1h30m", or seconds where times are wanted as numbers */
void nft_print_duration(const struct nft_ctx *x, uint64_t ms, struct sbuf *out);
/** nft_print_stmts() - with blanks between */
void nft_print_stmts(const struct nft_ctx *x, const struct list *stmts, struct sbuf *out);
/** nft_print_handle() - " # handle N" when handles are wanted */
void nft_print_handle(const struct nft_ctx *x, uint64_t handle, struct sbuf *out);
/** nft_print_rule_at() - @tabs in front, and of lines within (anonymous chains) */
void nft_print_rule_at(struct nft_ctx *x, const struct table *t, const struct rule *r, unsigned tabs, struct sbuf *out);

#endif
