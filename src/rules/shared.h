/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/shared.h - tables that rules of one namespace share by name: those of recent and hashlimit.
 *
 * A table is there from the first rule that names it (ir_fn.bind) until the last one is gone (ir_fn.state_free).
 */
#ifndef RULES_SHARED_H
#define RULES_SHARED_H

#include "base/hash.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/rng.h"

#define SHARED_NAME_MAX 256

struct ir_fn;
struct ruleset;

struct shared {			/* begins every such table */
	struct list node;	/* in ruleset.shared */
	const struct ir_fn *fn;
	unsigned refs;
	char name[SHARED_NAME_MAX];
	bool keyed;
	struct hash_key key;	/* chosen when a packet first asks */
	void (*free)(struct shared *s);
};

struct shared *shared_find(const struct ruleset *rs, const struct ir_fn *fn, const char *name);	/* NULL: none */
/** shared_get() - the table of that name with one reference more, of @size bytes and zeroed when new; NULL: no memory */
struct shared *shared_get(struct ruleset *rs, const struct ir_fn *fn, const char *name, size_t size,
			  void (*free_table)(struct shared *s));
void shared_put(struct shared *s);	/* NULL is fine */
const struct hash_key *shared_key(struct shared *s, struct rng *rng);

#endif
