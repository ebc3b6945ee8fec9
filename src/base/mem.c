/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/mem.c - allocation, and pools of equal objects in slabs.
 *
 * Theory of operation: a pool's free objects form a list through their first word. When it is empty a new slab is taken and cut up; slabs
 * double from 16 objects to 4096, so that a small pool stays small and a large one makes few calls.
 */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define SLAB_MIN 16
#define SLAB_MAX 4096

void *mem_alloc(size_t n)
{
	return malloc(n ? n : 1);
}

void *mem_zalloc(size_t n)
{
	return calloc(1, n ? n : 1);
}

void *mem_realloc(void *p, size_t n)
{
	return realloc(p, n ? n : 1);
}

void *mem_dup(const void *p, size_t n)
{
	void *q = mem_alloc(n);

	if (q && n)
		memcpy(q, p, n);
	return q;
}

char *mem_strdup(const char *s)
{
	return mem_dup(s, strlen(s) + 1);
}

char *mem_strndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *q = mem_alloc(len + 1);

	if (q) {
		memcpy(q, s, len);
		q[len] = '\0';
	}
	return q;
}

void mem_free(void *p)
{
	free(p);
}

struct slab {
	struct slab *next;
	uint32_t n;
	_Alignas(16) char objects[];
};

void mem_pool_init(struct mem_pool *p, size_t size, uint32_t max)
{
	*p = (struct mem_pool){ .size = ((MAX(size, sizeof(void *)) + 15) & ~(size_t)15) + MEM_REDZONE, .max = max };
}

static bool mem_pool_grow(struct mem_pool *p)
{
	struct slab *last = p->slabs, *s;
	uint32_t n = last ? MIN(last->n * 2, SLAB_MAX) : SLAB_MIN;

	if (p->max)
		n = MIN(n, p->max - p->used);
	s = mem_alloc(sizeof(*s) + n * p->size);
	if (!s)
		return false;
	s->next = p->slabs;
	s->n = n;
	p->slabs = s;
	for (uint32_t i = n; i-- > 0;) {
		void **obj = (void **)(s->objects + i * p->size);

		*obj = p->free_list;
		p->free_list = obj;
	}
	mem_poison(s->objects, n * p->size);
	return true;
}

void *mem_pool_get(struct mem_pool *p)
{
	void **obj;

	if ((p->max && p->used >= p->max) || (!p->free_list && !mem_pool_grow(p))) {
		p->refused++;
		return NULL;
	}
	obj = p->free_list;
	mem_unpoison(obj, p->size - MEM_REDZONE);
	p->free_list = *obj;
	p->used++;
	return obj;
}

void mem_pool_put(struct mem_pool *p, void *obj)
{
	*(void **)obj = p->free_list;
	p->free_list = obj;
	p->used--;
	mem_poison(obj, p->size);
}

void mem_pool_destroy(struct mem_pool *p)
{
	struct slab *s, *next;

	for (s = p->slabs; s; s = next) {
		next = s->next;
		mem_unpoison(s->objects, s->n * p->size);
		mem_free(s);
	}
	p->slabs = p->free_list = NULL;
	p->used = 0;
}
