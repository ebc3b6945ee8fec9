/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/ring.h - a queue of bytes in memory that grows up to a bound: TCP's two buffers.
 */
#ifndef LAB_RING_H
#define LAB_RING_H

#include "base/types.h"

struct ring {
	uint8_t *buf;
	uint32_t cap, max;	/* bytes; cap is 0 or a power of two */
	uint32_t head, len;
};

void ring_init(struct ring *r, uint32_t max);			/* @max: a power of two */
void ring_free(struct ring *r);
static inline uint32_t ring_space(const struct ring *r)
{
	return r->max - r->len;
}
/** ring_put() - append up to @n bytes; how many fitted (less when memory is short) */
uint32_t ring_put(struct ring *r, const void *bytes, uint32_t n);
/** ring_peek() - copy @n bytes from @off on; they must be there */
void ring_peek(const struct ring *r, uint32_t off, void *bytes, uint32_t n);
void ring_drop(struct ring *r, uint32_t n);			/* the first @n bytes */

#endif
