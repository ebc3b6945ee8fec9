/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/trace.h - a traced packet and what rules said of it, as `nft monitor trace` writes them.
 */
#ifndef FRONT_NFT_TRACE_H
#define FRONT_NFT_TRACE_H

#include "front/nft/nft.h"
#include "ns/trace.h"

/**
 * nft_trace_event() - the lines of one event: the packet before the first of a base chain, then the rule or the policy
 * @ev: a rule's or a policy's, of a packet that is traced
 * @rule: the rule's text
 */
void nft_trace_event(struct nft_ctx *x, const struct trace_event *ev, const char *rule, struct sbuf *out);
/** nft_trace_headers() - @p's headers in chains of @family, a blank behind each field */
void nft_trace_headers(struct nft_ctx *x, uint8_t family, const struct pkt *p, bool ether, struct sbuf *out);

#endif
