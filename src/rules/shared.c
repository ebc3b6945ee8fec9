/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/shared.c - tables that rules of one namespace share by name.
 *
 * Invariants
 *  1. A table is on its rule set's list exactly while rules refer to it.
 */
#include "rules/shared.h"

#include <string.h>

#include "rules/ruleset.h"

struct shared *shared_find(const struct ruleset *rs, const struct ir_fn *fn, const char *name)
{
	struct shared *s;

	list_for_each(s, &rs->shared, node)
		if (s->fn == fn && strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

struct shared *shared_get(struct ruleset *rs, const struct ir_fn *fn, const char *name, size_t size,
			  void (*free_table)(struct shared *s))
{
	struct shared *s = shared_find(rs, fn, name);

	if (!s) {
		s = mem_zalloc(size);
		if (!s)
			return NULL;
		s->fn = fn;
		s->free = free_table;
		strncpy(s->name, name, sizeof(s->name) - 1);
		list_add_tail(&rs->shared, &s->node);
	}
	s->refs++;
	return s;
}

void shared_put(struct shared *s)
{
	if (!s || --s->refs)
		return;
	list_del(&s->node);
	s->free(s);
	mem_free(s);
}

const struct hash_key *shared_key(struct shared *s, struct rng *rng)
{
	if (!s->keyed) {
		rng_fill(rng, &s->key, sizeof(s->key));
		s->keyed = true;
	}
	return &s->key;
}
