/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/monitor.h - changes of the rule set as nft monitor writes them.
 */
#ifndef FRONT_NFT_MONITOR_H
#define FRONT_NFT_MONITOR_H

#include "front/nft/nft.h"

struct nft_elem_change {		/* an element that comes or goes: told before the tables are */
	const struct ir_set *set;
	bool removed, told;
	struct nft_expr *elem;
};

/* what is asked for, and what of the commit at hand was told so far */
struct nft_changes {
	struct nft_ctx *x;
	uint32_t what;			/* NFT_MON_* */
	bool adds, removals;
	struct nft_elem_change *elem;
	unsigned n_elems, cap_elems;
	bool any;			/* something was written for this commit */
};

void nft_change_elem(struct nft_changes *c, const struct rules_event *ev);
void nft_change_table(struct nft_changes *c, const struct rules_event *ev);
/** nft_changes_end() - the commit was told; elements are forgotten */
void nft_changes_end(struct nft_changes *c);

#endif
