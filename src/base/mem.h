/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/mem.h - memory: allocation that says when it fails, and bounded pools for what packets make.
 *
 * All of natbox allocates through malloc(), calloc(), realloc() and strdup() by way of these, so that tests can make the Nth
 * allocation fail by wrapping them at link time.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "base/types.h"

void *mem_alloc(size_t n);			/* NULL: no memory */
void *mem_zalloc(size_t n);			/* the same, zeroed */
void *mem_realloc(void *p, size_t n);
void *mem_dup(const void *p, size_t n);
char *mem_strdup(const char *s);
char *mem_strndup(const char *s, size_t n);
void mem_free(void *p);				/* NULL is fine */

/*
 * A pool of objects of one size, with an upper bound. Memory comes in slabs and goes back when the pool ends; getting and
 * putting is a few instructions and never calls malloc() when a freed object is there.
 */
struct mem_pool {
	size_t size;		/* of one object, rounded up to 16 */
	uint32_t max, used;	/* objects */
	uint64_t refused;	/* mem_pool_get() calls that found the pool at its bound or memory short */
	void *free_list;
	void *slabs;
};

/** mem_pool_init() - @size bytes an object, at most @max objects at a time (0: no bound) */
void mem_pool_init(struct mem_pool *p, size_t size, uint32_t max);
void *mem_pool_get(struct mem_pool *p);		/* not zeroed; NULL when full */
void mem_pool_put(struct mem_pool *p, void *obj);
void mem_pool_destroy(struct mem_pool *p);	/* all objects are gone with it */

/*
 * With AddressSanitizer, what lies in a pool or a packet's buffer but is nobody's counts as out of bounds, like what malloc() did not give.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEM_POISON 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define MEM_POISON 1
#endif
#ifdef MEM_POISON
#include <sanitizer/asan_interface.h>
#define MEM_REDZONE 32		/* bytes behind each object of a pool */
#define mem_poison(p, n) __asan_poison_memory_region(p, n)
#define mem_unpoison(p, n) __asan_unpoison_memory_region(p, n)
#else
#define MEM_REDZONE 0
#define mem_poison(p, n) ((void)0)
#define mem_unpoison(p, n) ((void)0)
#endif

#endif
