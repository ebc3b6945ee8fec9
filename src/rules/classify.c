/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/classify.c - an index over a chain's rules: no chain gets one, and all are walked.
 */
#include "rules/classify.h"

struct classifier *classify_build(struct rule *const *rules, unsigned n)
{
	return NULL;
}

void classify_free(struct classifier *c)
{
}

void classify_start(const struct classifier *c, classify_load_fn *load, void *ctx, unsigned from, struct classify_iter *it)
{
	it->n = 0;
}

uint32_t classify_next(struct classify_iter *it, unsigned from)
{
	return UINT32_MAX;
}

unsigned classify_first(const struct classifier *c)
{
	return 0;
}
