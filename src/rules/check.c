/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/check.c - what a commit refuses: rules that do not compile, jumps without a chain or too deep, rules that may
 * not be reached from a hook, more base chains than a hook can have.
 *
 * Where it stands: on the rule's way, between the changes of a transaction and its commit.
 *
 * Theory of operation: from every base chain the chains that it leads to are visited, by jumps and by the verdicts that
 * maps hold; a chain is visited again only where it stands deeper than before. Verdict maps know their chains without
 * a look at their elements.
 *
 * Invariants
 *  1. Nothing that packets see is changed.
 *
 * References: nft_chain_validate() in the kernel's nf_tables_api.c; MAX_HOOK_COUNT in netfilter/core.c.
 */
#include <errno.h>

#include "rules/set_impl.h"
#include "rules/txn.h"
#include "rules/vec.h"

/* one walk over what a base chain reaches */
struct visit {
	const struct chain *base;
	unsigned by;			/* number of the walk, so that marks of others do not count */
	struct chain **where;
};

static int fault(struct chain **where, struct chain *c, int err)
{
	if (err && where)
		*where = c;
	return err;
}

static bool rule_reachable_from(const struct rule *r, const struct chain *base)
{
	return (!r->body.hooks || (r->body.hooks >> base->hook & 1)) &&
	       (!r->body.types || (r->body.types >> base->type & 1));
}

/* a verdict map that a rule of a chain looks up, which stands at that level */
struct visit_map {
	const struct visit *v;
	const struct table *table;
	unsigned level;
};

static int visit_map(void *ctx, struct ir_set *s);

/* @c stands @level chains below the base chain; recursion is as deep as the jump stack */
static int visit(const struct visit *v, struct chain *c, unsigned level)
{
	int err = 0;

	if (!c)
		return fault(v->where, (struct chain *)v->base, -ENOENT);
	if (level >= VM_JUMP_MAX)
		return fault(v->where, (struct chain *)v->base, -EMLINK);
	if (c->seen_by == v->by && c->seen_level >= level + 1)
		return 0;
	c->seen_by = v->by;
	c->seen_level = level + 1;
	if (!c->vec || !(c->vec->n_jumps || c->vec->n_limited || c->vec->n_vmaps))
		return 0;
	for (unsigned i = 0; i < c->n_rules && !err; i++) {
		const struct rule *r = c->rules[i];

		if (rule_limited(r) && !rule_reachable_from(r, v->base))
			return fault(v->where, c, -EINVAL);
		if (r->jump)
			err = visit(v, chain_called(c->table, r->jump->verdict.name), level + 1);
		if (!err && r->has_vmap)
			err = rule_each_set(r, visit_map, &(struct visit_map){ v, c->table, level });
	}
	return err;
}

static int visit_target(void *ctx, struct set_target *t)
{
	const struct visit_map *m = ctx;

	return visit(m->v, chain_called(m->table, t->name), m->level + 1);
}

static int visit_map(void *ctx, struct ir_set *s)
{
	return s->desc.data == SET_DATA_VERDICT ? set_targets(s, visit_target, ctx) : 0;
}

/* the chains of a table with the new rules compiled and every jump's target there */
static int check_chain(struct ruleset *rs, struct chain *c, struct chain **where)
{
	int err = 0;

	for (unsigned i = 0; c->touched && i < c->n_rules && !err; i++) {
		const struct ir_stmt *jump = c->rules[i]->jump;

		err = rule_compile(rs, c->rules[i]);
		if (!err && jump && !chain_called(c->table, jump->verdict.name))
			err = -ENOENT;
	}
	return fault(where, c, err);
}

static int check_table(struct ruleset *rs, struct table *t, unsigned *walks, struct chain **where)
{
	struct chain *c;
	int err = 0;

	list_for_each(c, &t->chains, node) {
		err = check_chain(rs, c, where);
		if (err)
			return err;
		c->seen_by = c->seen_level = 0;
	}
	list_for_each(c, &t->chains, node) {
		struct visit v = { .base = c, .by = ++*walks, .where = where };

		err = c->base ? visit(&v, c, 0) : 0;
		if (err)
			return err;
	}
	return 0;
}

/* ---- hooks ---- */

#define HOOKS_MAX 8

struct hook_use {
	unsigned chains[NFPROTO_NUMPROTO][HOOKS_MAX];
};

static int count_hooks(void *ctx, const struct table *t)
{
	struct hook_use *u = ctx;
	const struct chain *c;

	if (t->dormant || t->family >= NFPROTO_NUMPROTO)
		return 0;
	list_for_each(c, &t->chains, node) {
		if (!c->base || c->hook < 0 || c->hook >= HOOKS_MAX)
			continue;
		if (t->family != NFPROTO_INET) {
			u->chains[t->family][c->hook]++;
			continue;
		}
		u->chains[NFPROTO_IPV4][c->hook]++;
		u->chains[NFPROTO_IPV6][c->hook]++;
	}
	return 0;
}

static int check_hooks(struct txn *x)
{
	struct hook_use u = { 0 };

	txn_each_table(x, count_hooks, &u);
	for (int f = 0; f < NFPROTO_NUMPROTO; f++)
		for (int h = 0; h < HOOKS_MAX; h++)
			if (u.chains[f][h] > RULESET_HOOK_MAX)
				return -E2BIG;
	return 0;
}

int txn_check(struct txn *x, struct chain **where)
{
	struct change *ch;
	unsigned walks = 0;
	int err = check_hooks(x);

	list_for_each(ch, &x->changes, node) {
		if (err)
			break;
		if (ch->copy)
			items_sweep(ch->copy);
		err = ch->copy ? check_table(x->rs, ch->copy, &walks, where) : 0;
	}
	return err;
}
