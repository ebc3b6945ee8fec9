/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/hash.h - the keyed hash of every table that a packet or a peer can fill: SipHash-1-3 over whole 64-bit words.
 *
 * Reference: Aumasson, Bernstein, "SipHash: a fast short-input PRF" (2012). One compression and three finalisation rounds, as
 * hash tables commonly use it.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <string.h>

#include "base/types.h"

struct hash_key {
	uint64_t k[2];
};

#define HASH_ROTL(x, b) (((x) << (b)) | ((x) >> (64 - (b))))
#define HASH_ROUND(v0, v1, v2, v3)                                                                                \
	do {                                                                                                      \
		v0 += v1; v1 = HASH_ROTL(v1, 13); v1 ^= v0; v0 = HASH_ROTL(v0, 32);                               \
		v2 += v3; v3 = HASH_ROTL(v3, 16); v3 ^= v2;                                                       \
		v0 += v3; v3 = HASH_ROTL(v3, 21); v3 ^= v0;                                                       \
		v2 += v1; v1 = HASH_ROTL(v1, 17); v1 ^= v2; v2 = HASH_ROTL(v2, 32);                               \
	} while (0)

/**
 * hash_bytes() - keyed hash of a byte string
 * @key: secret of the table
 * @p: bytes, in any alignment
 * @n: how many
 */
static inline uint64_t hash_bytes(const struct hash_key *key, const void *p, size_t n)
{
	uint64_t v0 = key->k[0] ^ 0x736f6d6570736575ull, v1 = key->k[1] ^ 0x646f72616e646f6dull;
	uint64_t v2 = key->k[0] ^ 0x6c7967656e657261ull, v3 = key->k[1] ^ 0x7465646279746573ull;
	const uint8_t *b = p;
	uint64_t m, last = (uint64_t)n << 56;

	for (; n >= 8; b += 8, n -= 8) {
		memcpy(&m, b, 8);
		v3 ^= m;
		HASH_ROUND(v0, v1, v2, v3);
		v0 ^= m;
	}
	m = 0;
	memcpy(&m, b, n);
	m |= last;
	v3 ^= m;
	HASH_ROUND(v0, v1, v2, v3);
	v0 ^= m;
	v2 ^= 0xff;
	HASH_ROUND(v0, v1, v2, v3);
	HASH_ROUND(v0, v1, v2, v3);
	HASH_ROUND(v0, v1, v2, v3);
	return v0 ^ v1 ^ v2 ^ v3;
}

#endif
