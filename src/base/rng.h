/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/rng.h - injected randomness: a seeded generator (splitmix64 seeding xoshiro256**), the same seed giving the same
 * numbers on every machine. A live gateway seeds it from getrandom().
 *
 * Reference: Blackman, Vigna, "Scrambled linear pseudorandom number generators" (2018).
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include "base/types.h"

struct rng {
	uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_u64(struct rng *r);
uint32_t rng_u32(struct rng *r);
/** rng_below() - uniform in [0, n), @n > 0 */
uint32_t rng_below(struct rng *r, uint32_t n);
void rng_fill(struct rng *r, void *p, size_t n);

#endif
