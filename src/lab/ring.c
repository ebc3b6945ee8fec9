/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/ring.c - a queue of bytes in memory that grows by doubling, up to its bound.
 */
#include "lab/ring.h"

#include <string.h>

#include "base/mem.h"

#define RING_FIRST 4096

void ring_init(struct ring *r, uint32_t max)
{
	*r = (struct ring){ .max = max };
}

void ring_free(struct ring *r)
{
	mem_free(r->buf);
	ring_init(r, r->max);
}

static bool ring_grow(struct ring *r, uint32_t want)
{
	uint32_t cap = r->cap ? r->cap : RING_FIRST;
	uint8_t *buf;

	while (cap < want)
		cap *= 2;
	if (cap == r->cap)
		return true;
	buf = mem_alloc(cap);
	if (!buf)
		return false;
	ring_peek(r, 0, buf, r->len);
	mem_free(r->buf);
	r->buf = buf;
	r->cap = cap;
	r->head = 0;
	return true;
}

uint32_t ring_put(struct ring *r, const void *bytes, uint32_t n)
{
	uint32_t at, first;

	n = MIN(n, ring_space(r));
	if (!n || !ring_grow(r, r->len + n))
		return 0;
	at = (r->head + r->len) & (r->cap - 1);
	first = MIN(n, r->cap - at);
	memcpy(r->buf + at, bytes, first);
	memcpy(r->buf, (const uint8_t *)bytes + first, n - first);
	r->len += n;
	return n;
}

void ring_peek(const struct ring *r, uint32_t off, void *bytes, uint32_t n)
{
	uint32_t at, first;

	if (!n)
		return;
	at = (r->head + off) & (r->cap - 1);
	first = MIN(n, r->cap - at);
	memcpy(bytes, r->buf + at, first);
	memcpy((uint8_t *)bytes + first, r->buf, n - first);
}

void ring_drop(struct ring *r, uint32_t n)
{
	n = MIN(n, r->len);
	r->len -= n;
	r->head = r->len ? (r->head + n) & (r->cap - 1) : 0;
}
