/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/lpm.h - longest-prefix match over keys of up to 128 bits: a path-compressed binary trie.
 */
#ifndef BASE_LPM_H
#define BASE_LPM_H

#include "base/types.h"

struct lpm_node;

struct lpm {
	struct lpm_node *root;
	uint32_t key_bits;	/* 32 or 128 */
	uint32_t count;		/* prefixes held */
};

void lpm_init(struct lpm *t, uint32_t key_bits);
void lpm_free(struct lpm *t);			/* values are the caller's */
/** lpm_insert() - bind @val (not NULL) to @key/@plen; 0, -EEXIST, -ENOMEM */
int lpm_insert(struct lpm *t, const uint8_t *key, uint32_t plen, void *val);
/** lpm_remove() - the value that was bound to exactly @key/@plen, or NULL */
void *lpm_remove(struct lpm *t, const uint8_t *key, uint32_t plen);
/** lpm_exact() - the value bound to exactly @key/@plen, or NULL */
void *lpm_exact(const struct lpm *t, const uint8_t *key, uint32_t plen);
/**
 * lpm_lookup() - values of the prefixes that contain @key, longest first
 * @key: key_bits / 8 bytes
 * @val: filled with up to @max values
 * Return: how many
 */
unsigned lpm_lookup(const struct lpm *t, const uint8_t *key, void **val, unsigned max);
/** lpm_walk() - every prefix in ascending order of key, then length; stops when @fn returns non-zero and returns that */
int lpm_walk(const struct lpm *t, int (*fn)(void *ctx, const uint8_t *key, uint32_t plen, void *val), void *ctx);

#endif
