/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/classify.h - an index over a chain's rules: which of them can match a packet at all.
 *
 * vm.c asks for candidates in order and runs each of them whole, so that the index decides nothing: it only leaves
 * out rules of which one comparison is known to fail before anything with an effect would have run.
 */
#ifndef RULES_CLASSIFY_H
#define RULES_CLASSIFY_H

#include "rules/program.h"

#define CLASSIFY_MIN_RULES 16		/* chains with fewer are simply walked */
#define CLASSIFY_MAX_GROUPS 48		/* lookups at most for one packet and chain */

struct classifier;

/* loads a field, by vm.c's cache: two words, zero-padded, or NULL when the packet has none */
typedef const uint64_t *classify_load_fn(void *ctx, unsigned field);

/* candidates of one packet in one chain, in ascending order of their index */
struct classify_iter {
	unsigned n;
	struct classify_run { const uint32_t *at, *end; } run[CLASSIFY_MAX_GROUPS + 1];
};

/** classify_build() - an index over @n compiled rules; NULL: it would not help, or memory is short */
struct classifier *classify_build(struct rule *const *rules, unsigned n);
void classify_free(struct classifier *c);
/** classify_start() - look a packet up; candidates from rule @from on */
void classify_start(const struct classifier *c, classify_load_fn *load, void *ctx, unsigned from,
		    struct classify_iter *it);
/** classify_next() - the next candidate at or after @from; UINT32_MAX: none */
uint32_t classify_next(struct classify_iter *it, unsigned from);
/** classify_first() - rules before this one are candidates of every packet: no need to look up until then */
unsigned classify_first(const struct classifier *c);

#endif
