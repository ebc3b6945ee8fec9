/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/buf.h - reading and writing integers in bytes, and a bounded cursor over them.
 *
 * Reading past the end gives zeros and sets .bad: a parser may read a whole header and look once.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <arpa/inet.h>
#include <string.h>

#include "base/types.h"

static inline uint16_t get_u16(const void *p)		/* big-endian bytes to a host number */
{
	uint16_t v;
	memcpy(&v, p, 2);
	return ntohs(v);
}

static inline uint32_t get_u32(const void *p)
{
	uint32_t v;
	memcpy(&v, p, 4);
	return ntohl(v);
}

static inline void put_u16(void *p, uint16_t host)	/* a host number to big-endian bytes */
{
	uint16_t v = htons(host);
	memcpy(p, &v, 2);
}

static inline void put_u32(void *p, uint32_t host)
{
	uint32_t v = htonl(host);
	memcpy(p, &v, 4);
}

struct buf {
	const uint8_t *p, *end;
	bool bad;		/* something past the end was asked for */
};

static inline struct buf buf_of(const void *p, size_t n)
{
	return (struct buf){ .p = p, .end = (const uint8_t *)p + n };
}

static inline size_t buf_left(const struct buf *b)
{
	return (size_t)(b->end - b->p);
}

/** buf_take() - the next @n bytes, or NULL and .bad */
static inline const uint8_t *buf_take(struct buf *b, size_t n)
{
	const uint8_t *p = b->p;

	if (b->bad || buf_left(b) < n) {
		b->bad = true;
		return NULL;
	}
	b->p += n;
	return p;
}

static inline uint8_t buf_u8(struct buf *b)
{
	const uint8_t *p = buf_take(b, 1);
	return p ? *p : 0;
}

static inline uint16_t buf_u16(struct buf *b)
{
	const uint8_t *p = buf_take(b, 2);
	return p ? get_u16(p) : 0;
}

static inline uint32_t buf_u32(struct buf *b)
{
	const uint8_t *p = buf_take(b, 4);
	return p ? get_u32(p) : 0;
}

#endif
