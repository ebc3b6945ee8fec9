/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/vec.h - the array of a chain's rules, shared by the generations in which it is the same, with what is known
 * of it as a whole.
 *
 * Invariant: an array with more than one reference is not changed; vec_own() makes a private one first.
 */
#ifndef RULES_VEC_H
#define RULES_VEC_H

#include "rules/ruleset.h"

struct rule_vec {
	int refs;
	unsigned n, cap;
	/* rules that jump, need tracking or defragmentation, may not be reached from every base chain */
	unsigned n_jumps, n_limited;
	unsigned n_ct[2], n_defrag[2];	/* by family index */
	unsigned n_refs, n_vmaps;	/* rules that refer to sets, objects or flowtables; that look up verdicts */
	struct classifier *index;
	bool index_tried;
	struct rule *rule[];
};

/** vec_share() - @c gets @from's rules, without a copy */
void vec_share(struct chain *c, const struct chain *from);
void vec_drop(struct chain *c);		/* @c then has no rules */
int vec_insert(struct chain *c, unsigned at, struct rule *r);	/* takes the reference when it succeeds; -ENOMEM */
int vec_remove(struct chain *c, unsigned at);			/* -ENOMEM when a private array cannot be had */
int vec_replace(struct chain *c, unsigned at, struct rule *r);
/** vec_index_reset() - after a commit: use the index that the rules have, or count packets until one is built */
void vec_index_reset(struct chain *c);
/** chain_used() - a packet enters a chain that has no index yet: build it when the chain turns out to be in use */
void chain_used(struct chain *c);
/** table_link() - a chain with its name set becomes its table's last */
void table_link(struct table *t, struct chain *c);
void table_unlink(struct chain *c);
void chain_set_name(struct chain *c, char *name);	/* of a linked chain; the name before is the caller's */
void chain_set_devs(struct chain *c, char **devs);	/* takes @devs over, frees those before */
void chain_free(struct chain *c);		/* neither is on a list any more */
void table_free(struct table *t);
/** rule_limited() - may the rule be reached from some base chains only */
static inline bool rule_limited(const struct rule *r)
{
	return r->body.hooks || r->body.types;
}

#endif
