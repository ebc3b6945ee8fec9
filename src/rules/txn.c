/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/txn.c - transactions: a new generation of the tables that a command touches, put in place whole or not at all.
 *
 * Where it stands: on the rule's way between front/, which says what to change, and path/, which is told by
 * ruleset.committed.
 *
 * Theory of operation: the first touch of a table copies it and its chains; rules and their arrays stay shared until
 * a chain is changed. Commit first does all that can fail (compile new rules, find the targets of jumps, check depth
 * and hooks, make room), then swaps tables in, binds jumps to the new chains, carries over counters, and frees what
 * was there before.
 *
 * Invariants
 *  1. Until commit has decided, nothing that packets see is changed: failure at any point, memory included, leaves
 *     the rule set as it was.
 *  2. A copy's counters are its origin's at the time of commit, unless the transaction set them.
 *  3. A transaction that began on another generation is not committed (-EAGAIN): its origins may be gone.
 *  4. No chain below a base chain stands deeper than the jump stack; loops that no base chain reaches are harmless,
 *     and allowed as Linux allows them.
 *
 * References: nf_tables_commit() and nft_chain_validate() in the kernel's nf_tables_api.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rules/program.h"
#include "rules/set_impl.h"
#include "rules/txn.h"
#include "rules/vec.h"

/* ---- copies ---- */

struct txn *txn_begin(struct ruleset *rs)
{
	struct txn *x = mem_zalloc(sizeof(*x));

	if (!x)
		return NULL;
	x->rs = rs;
	x->gen = rs->gen;
	x->next_handle = rs->next_handle;
	x->next_seq = rs->next_seq;
	x->next_chain_id = rs->next_chain_id;
	list_init(&x->changes);
	return x;
}

static void change_free(struct change *ch)
{
	list_del(&ch->node);
	table_free(ch->copy);
	mem_free(ch);
}

static void txn_free(struct txn *x)
{
	struct change *ch, *tmp;

	items_abort(x);
	list_for_each_safe(ch, tmp, &x->changes, node)
		change_free(ch);
	for (unsigned i = 0; i < x->n_zero; i++)
		rule_put(x->zero[i]);
	for (unsigned i = 0; i < x->n_renamed; i++)
		mem_free(x->renamed[i].name);
	mem_free(x->zero);
	mem_free(x->renamed);
	mem_free(x);
}

/* @c's list of devices becomes a copy of @devs */
static bool copy_devs(struct chain *c, char *const *devs)
{
	unsigned n = 0;
	char **copy;

	while (devs && devs[n])
		n++;
	copy = devs ? mem_zalloc((n + 1) * sizeof(char *)) : NULL;
	if (devs && !copy)
		return false;
	chain_set_devs(c, copy);
	for (unsigned i = 0; i < n; i++) {
		copy[i] = mem_strdup(devs[i]);
		if (!copy[i])
			return false;
	}
	return true;
}

static struct chain *chain_copy(struct chain *old)
{
	struct chain *c = mem_dup(old, sizeof(*old));

	if (!c)
		return NULL;
	c->origin = old;
	c->was = NULL;
	c->counters_set = c->touched = false;
	c->index = NULL;
	c->index_after = 0;
	c->name = mem_strdup(old->name);
	c->dev = old->dev ? mem_strdup(old->dev) : NULL;
	c->devs = NULL;
	c->comment = old->comment ? mem_strdup(old->comment) : NULL;
	vec_share(c, old);
	if (c->name && (!old->dev || c->dev) && (!old->comment || c->comment) && copy_devs(c, old->devs))
		return c;
	chain_free(c);
	return NULL;
}

static struct table *table_copy(const struct table *old)
{
	struct table *t = mem_dup(old, sizeof(*old));
	struct chain *o, *c;

	if (!t)
		return NULL;
	list_init(&t->chains);
	t->by_name = NULL;
	t->n_names = t->n_chains = 0;
	t->name = mem_strdup(old->name);
	t->comment = old->comment ? mem_strdup(old->comment) : NULL;
	if (!items_copy(t, old) || !t->name || (old->comment && !t->comment))
		goto fail;
	list_for_each(o, &old->chains, node) {
		c = chain_copy(o);
		if (!c)
			goto fail;
		table_link(t, c);
	}
	return t;
fail:
	table_free(t);
	return NULL;
}

static struct change *change_add(struct txn *x, struct table *origin, struct table *copy)
{
	struct change *ch = mem_alloc(sizeof(*ch));

	if (!ch)
		return NULL;
	ch->origin = origin;
	ch->copy = copy;
	list_add_tail(&x->changes, &ch->node);
	return ch;
}

struct table *txn_table(struct txn *x, uint8_t family, const char *name)
{
	struct table *t = ruleset_table(x->rs, family, name), *copy;
	struct change *ch;

	list_for_each(ch, &x->changes, node)
		if (ch->copy && ch->copy->family == family && strcmp(ch->copy->name, name) == 0)
			return ch->copy;
	list_for_each(ch, &x->changes, node)
		if (t && ch->origin == t)
			t = NULL;	/* deleted in this transaction */
	if (!t) {
		errno = ENOENT;
		return NULL;
	}
	copy = table_copy(t);
	if (copy && change_add(x, t, copy))
		return copy;
	table_free(copy);
	errno = ENOMEM;
	return NULL;
}

struct table *txn_table_add(struct txn *x, uint8_t family, const char *name, bool xt)
{
	struct table *t = txn_table(x, family, name);

	if (t || errno == ENOMEM) {
		errno = t ? EEXIST : ENOMEM;
		return NULL;
	}
	t = mem_zalloc(sizeof(*t));
	if (t) {
		list_init(&t->chains);
		t->name = mem_strdup(name);
	}
	if (!t || !t->name || !change_add(x, NULL, t)) {
		table_free(t);
		errno = ENOMEM;
		return NULL;
	}
	t->family = family;
	t->xt = xt;
	t->handle = ++x->next_handle;
	x->counts = true;
	return t;
}

int txn_table_del(struct txn *x, struct table *t)
{
	struct change *ch;

	list_for_each(ch, &x->changes, node) {
		if (ch->copy != t)
			continue;
		x->counts = true;
		table_free(t);
		ch->copy = NULL;
		if (!ch->origin)
			change_free(ch);
		return 0;
	}
	return -ENOENT;
}

int txn_table_set(struct txn *x, struct table *t, uint32_t flags, const char *comment)
{
	char *copy = comment ? mem_strdup(comment) : NULL;

	if (comment && !copy)
		return -ENOMEM;
	if (comment) {
		mem_free(t->comment);
		t->comment = copy;
	}
	x->counts |= t->flags != flags;
	t->flags = flags;
	t->dormant = flags & NFT_TABLE_F_DORMANT;
	return 0;
}

static struct change *change_of(struct txn *x, const struct table *origin)
{
	struct change *ch;

	list_for_each(ch, &x->changes, node)
		if (ch->origin == origin)
			return ch;
	return NULL;
}

int txn_each_table(struct txn *x, int (*fn)(void *ctx, const struct table *t), void *ctx)
{
	struct change *ch;
	struct table *t;
	int r = 0;

	list_for_each(t, &x->rs->tables, node) {
		ch = change_of(x, t);
		r = ch && !ch->copy ? 0 : fn(ctx, ch ? ch->copy : t);
		if (r)
			return r;
	}
	list_for_each(ch, &x->changes, node) {
		r = ch->copy && !ch->origin ? fn(ctx, ch->copy) : 0;
		if (r)
			return r;
	}
	return 0;
}

int txn_flush(struct txn *x, uint8_t family)
{
	struct change *ch, *tmp;
	struct table *t;

	list_for_each(t, &x->rs->tables, node)
		if ((!family || t->family == family) && !change_of(x, t)) {
			if (!change_add(x, t, NULL))
				return -ENOMEM;
			x->counts = true;
		}
	list_for_each_safe(ch, tmp, &x->changes, node)
		if (ch->copy && (!family || ch->copy->family == family))
			txn_table_del(x, ch->copy);
	return 0;
}

/* ---- chains ---- */

struct chain *chain_called(const struct table *t, const char *name)
{
	struct chain *c = table_chain(t, name);

	if (c || !t->renames)
		return c;
	list_for_each(c, &t->chains, node)
		if (c->was && strcmp(c->was, name) == 0)
			return c;
	return NULL;
}

struct chain *txn_chain_add(struct txn *x, struct table *t, const char *name)
{
	bool bound = !name;
	char own[32];
	struct chain *c;

	if (bound) {
		items_sweep(t);		/* before: the new one has no jump to it yet */
		snprintf(own, sizeof(own), "__chain%llu", (unsigned long long)++x->next_chain_id);
		name = own;
	}
	if (chain_called(t, name)) {
		errno = EEXIST;
		return NULL;
	}
	c = mem_zalloc(sizeof(*c));
	if (c)
		c->name = mem_strdup(name);
	if (!c || !c->name) {
		chain_free(c);
		errno = ENOMEM;
		return NULL;
	}
	c->bound = bound;
	t->n_bound += bound;
	c->handle = ++t->next_handle;
	x->counts = true;
	table_link(t, c);
	return c;
}

int txn_chain_set_base(struct txn *x, struct chain *c, enum chain_type type, int hook, int priority, bool policy_drop)
{
	c->base = true;
	c->type = type;
	c->hook = hook;
	c->priority = priority;
	c->have_policy = true;
	c->policy_drop = policy_drop;
	c->reg_seq = ++x->next_seq;
	return 0;
}

int txn_chain_set_devs(struct txn *x, struct chain *c, char *const *devs)
{
	return copy_devs(c, devs) ? 0 : -ENOMEM;
}

int txn_chain_set_comment(struct txn *x, struct chain *c, const char *comment)
{
	char *copy = mem_strdup(comment);

	if (!copy)
		return -ENOMEM;
	mem_free(c->comment);
	c->comment = copy;
	return 0;
}

static int leads_to(void *ctx, struct set_target *t)
{
	const struct chain *c = ctx;

	return strcmp(t->name, c->name) == 0 || (c->was && strcmp(t->name, c->was) == 0);
}

/* do elements of verdict maps of @c's table lead to it */
static bool chain_mapped_to(struct chain *c)
{
	const struct table *t = c->table;

	for (unsigned i = 0; i < t->n_sets; i++)
		if (t->sets[i]->desc.data == SET_DATA_VERDICT && set_targets(t->sets[i], leads_to, c))
			return true;
	return false;
}

/* do rules of @c's table jump to it */
static bool chain_jumped_to(const struct chain *c)
{
	struct chain *from;

	list_for_each(from, &c->table->chains, node) {
		for (unsigned i = 0; from->vec && from->vec->n_jumps && i < from->n_rules; i++) {
			const struct ir_stmt *jump = from->rules[i]->jump;

			if (jump && (strcmp(jump->verdict.name, c->name) == 0 ||
				     (c->was && strcmp(jump->verdict.name, c->was) == 0)))
				return true;
		}
	}
	return false;
}

int txn_chain_del(struct txn *x, struct chain *c)
{
	if (!c->bound)
		items_sweep(c->table);
	if (c->n_rules || chain_jumped_to(c) || chain_mapped_to(c))
		return -EBUSY;
	x->counts = true;
	table_unlink(c);
	chain_free(c);
	return 0;
}

int txn_chain_rename(struct txn *x, struct chain *c, const char *name)
{
	char *copy, *before = c->name;

	if (chain_called(c->table, name))
		return -EEXIST;
	copy = mem_strdup(name);
	if (!copy)
		return -ENOMEM;
	x->counts = true;
	chain_set_name(c, copy);
	if (c->was)
		mem_free(before);
	else
		c->was = before;
	c->table->renames = true;
	return 0;
}

/* rules of @c go that may have had something to themselves */
static void loose(struct chain *c, bool refs)
{
	c->table->anon_loose |= refs || c->table->n_bound;
}

int txn_chain_flush(struct txn *x, struct chain *c)
{
	x->counts |= c->n_rules;
	loose(c, c->vec && c->vec->n_refs);
	vec_drop(c);
	c->touched = true;
	return 0;
}

void txn_chain_policy(struct txn *x, struct chain *c, bool drop)
{
	c->have_policy = true;
	c->policy_drop = drop;
	x->counts = true;
}

void txn_chain_counters(struct txn *x, struct chain *c, uint64_t packets, uint64_t bytes)
{
	c->packets = packets;
	c->bytes = bytes;
	c->counts = c->counters_set = true;
	x->counts = true;
}

/* ---- rules ---- */

int txn_rule_insert(struct txn *x, struct chain *c, unsigned at, struct rule *r)
{
	int err = at <= c->n_rules ? vec_insert(c, at, r) : -EINVAL;

	if (err) {
		rule_put(r);
		return err;
	}
	c->touched = x->counts = true;
	r->handle = ++c->table->next_handle;
	return 0;
}

int txn_rule_replace(struct txn *x, struct chain *c, unsigned at, struct rule *r)
{
	int err = at < c->n_rules ? 0 : -EINVAL;

	uint64_t handle = err ? 0 : c->rules[at]->handle;	/* which goes over, as in Linux */

	if (!err)
		loose(c, c->rules[at]->has_refs);
	err = err ? err : vec_replace(c, at, r);
	if (err) {
		rule_put(r);
		return err;
	}
	c->touched = x->counts = true;
	r->handle = handle;
	return 0;
}

int txn_rule_delete(struct txn *x, struct chain *c, unsigned at)
{
	if (at >= c->n_rules)
		return -EINVAL;
	loose(c, c->rules[at]->has_refs);
	x->counts = true;
	return vec_remove(c, at);
}

int txn_rule_zero(struct txn *x, struct chain *c, unsigned at)
{
	if (at >= c->n_rules)
		return -EINVAL;
	if (x->n_zero == x->cap_zero) {
		unsigned cap = 2 * x->cap_zero + 16;
		struct rule **zero = mem_realloc(x->zero, cap * sizeof(*zero));

		if (!zero)
			return -ENOMEM;
		x->zero = zero;
		x->cap_zero = cap;
	}
	x->zero[x->n_zero++] = rule_get(c->rules[at]);
	return 0;
}

/* ---- commit ---- */

static int rename_at(struct txn *x, char **at, const char *name)
{
	struct renamed *list = mem_realloc(x->renamed, (x->n_renamed + 1) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	x->renamed = list;
	list[x->n_renamed] = (struct renamed){ at, mem_strdup(name) };
	if (!list[x->n_renamed].name)
		return -ENOMEM;
	x->n_renamed++;
	return 0;
}

struct rename_targets {
	struct txn *x;
	const struct table *t;
};

static int rename_target(void *ctx, struct set_target *target)
{
	const struct rename_targets *r = ctx;
	const struct chain *to = chain_called(r->t, target->name);

	return strcmp(to->name, target->name) != 0 ? rename_at(r->x, &target->name, to->name) : 0;
}

static int prepare_target_renames(struct txn *x, const struct table *t)
{
	int err = 0;

	for (unsigned i = 0; i < t->n_sets && !err; i++)
		err = set_targets(t->sets[i], rename_target, &(struct rename_targets){ x, t });
	return err;
}

/* the names that jumps to renamed chains will have */
static int prepare_renames(struct txn *x, const struct table *t)
{
	struct chain *c, *to;
	int err = 0;

	if (!t->renames)
		return 0;
	list_for_each(c, &t->chains, node) {
		for (unsigned i = 0; c->vec && c->vec->n_jumps && i < c->n_rules && !err; i++) {
			struct ir_stmt *jump = c->rules[i]->jump;

			to = jump ? chain_called(t, jump->verdict.name) : NULL;
			if (to && strcmp(to->name, jump->verdict.name) != 0)
				err = rename_at(x, &jump->verdict.name, to->name);
		}
	}
	return err ? err : prepare_target_renames(x, t);
}

static void bind_jumps(const struct table *t)
{
	struct chain *c;

	list_for_each(c, &t->chains, node)
		c->refs = 0;
	list_for_each(c, &t->chains, node) {
		for (unsigned i = 0; c->vec && c->vec->n_jumps && i < c->n_rules; i++) {
			struct ir_stmt *jump = c->rules[i]->jump;

			if (!jump)
				continue;
			jump->verdict.chain = chain_called(t, jump->verdict.name);
			jump->verdict.chain->refs++;
		}
	}
}

static void settle_chain(struct chain *c)
{
	if (c->origin && !c->counters_set) {
		c->packets = c->origin->packets;
		c->bytes = c->origin->bytes;
	}
	mem_free(c->was);
	c->was = NULL;
	c->origin = NULL;
	c->counters_set = c->touched = false;
	vec_index_reset(c);
}

static void settle_table(struct table *t)
{
	struct chain *c;

	list_for_each(c, &t->chains, node)
		settle_chain(c);
	t->renames = false;
	bind_jumps(t);
	items_bind(t);
}

static void needs_of(struct ruleset *rs, const struct table *t, int af)
{
	const struct chain *c;

	list_for_each(c, &t->chains, node) {
		rs->has_nat[af] |= c->base && c->type == CHAIN_NAT && !t->dormant;
		rs->needs_ct[af] |= c->vec && c->vec->n_ct[af];
		rs->needs_defrag[af] |= c->vec && c->vec->n_defrag[af];
	}
}

static void ruleset_survey(struct ruleset *rs)
{
	const struct table *t;

	memset(rs->needs_ct, 0, sizeof(rs->needs_ct));
	memset(rs->needs_defrag, 0, sizeof(rs->needs_defrag));
	memset(rs->has_nat, 0, sizeof(rs->has_nat));
	list_for_each(t, &rs->tables, node) {
		if (t->family == NFPROTO_IPV4 || t->family == NFPROTO_INET)
			needs_of(rs, t, 0);
		if (t->family == NFPROTO_IPV6 || t->family == NFPROTO_INET)
			needs_of(rs, t, 1);
	}
}

/* ---- whoever listens ---- */

static void tell(struct ruleset *rs, const struct rules_event *ev)
{
	struct rules_listener *l, *tmp;

	list_for_each_safe(l, tmp, &rs->listeners, node)
		l->event(l, ev);
}

struct elem_teller {
	struct ruleset *rs;
	struct rules_event ev;
};

static int tell_elem(void *ctx, const struct set_elem *e)
{
	struct elem_teller *t = ctx;

	t->ev.elem = e;
	tell(t->rs, &t->ev);
	return 0;
}

/* elements that come and go, while their sets still know which they are */
static void tell_elems(struct txn *x)
{
	for (unsigned i = 0; i < x->n_sets && !list_empty(&x->rs->listeners); i++) {
		struct elem_teller t = { x->rs, { .set = x->sets[i], .table = txn_set_table(x, x->sets[i]) } };

		t.ev.kind = RULES_ELEM_REMOVED;
		set_each_removed(x->sets[i], tell_elem, &t);
		t.ev.kind = RULES_ELEM_ADDED;
		set_each_added(x->sets[i], tell_elem, &t);
	}
}

static void tell_tables(struct txn *x)
{
	struct change *ch;

	list_for_each(ch, &x->changes, node)
		tell(x->rs, &(struct rules_event){ .kind = RULES_TABLE, .before = ch->origin, .after = ch->copy });
	tell(x->rs, &(struct rules_event){ .kind = RULES_COMMITTED, .gen = x->rs->n_batches });
}

/* from here on nothing can fail */
static void swap_in(struct txn *x)
{
	struct ruleset *rs = x->rs;
	struct change *ch;

	for (unsigned i = 0; i < x->n_renamed; i++) {
		mem_free(*x->renamed[i].at);
		*x->renamed[i].at = x->renamed[i].name;
		x->renamed[i].name = NULL;
	}
	tell_elems(x);
	items_commit(x);
	list_for_each(ch, &x->changes, node) {
		if (ch->copy && ch->origin)
			list_add_before(&ch->origin->node, &ch->copy->node);
		else if (ch->copy)
			list_add_tail(&rs->tables, &ch->copy->node);
		if (ch->origin)
			list_del(&ch->origin->node);
		if (ch->copy)
			settle_table(ch->copy);
	}
	for (unsigned i = 0; i < x->n_zero; i++) {
		x->zero[i]->packets = x->zero[i]->bytes = 0;
		if (x->zero[i]->prog)
			program_refill(x->zero[i]->prog);
	}
	rs->next_handle = x->next_handle;
	rs->next_seq = x->next_seq;
	rs->next_chain_id = x->next_chain_id;
	rs->gen++;
	rs->n_batches += x->counts;
	ruleset_survey(rs);
	if (rs->committed)
		rs->committed(rs->ctx, rs);
	tell_tables(x);
	list_for_each(ch, &x->changes, node) {
		table_free(ch->origin);
		ch->copy = NULL;
	}
}

int txn_commit(struct txn *x)
{
	struct change *ch;
	int err = x->gen == x->rs->gen ? txn_check(x, NULL) : -EAGAIN;

	list_for_each(ch, &x->changes, node)
		if (!err && ch->copy)
			err = prepare_renames(x, ch->copy);
	if (!err)
		swap_in(x);
	txn_free(x);
	return err;
}

void txn_count(struct txn *x)
{
	x->counts = true;
}

void txn_abort(struct txn *x)
{
	txn_free(x);
}

void txn_refuse(struct txn *x)
{
	struct change *ch;

	if (x->gen == x->rs->gen) {
		list_for_each(ch, &x->changes, node)
			if (ch->copy && ch->origin)
				ch->origin->next_handle = ch->copy->next_handle;
		x->rs->next_handle = x->next_handle;
		x->rs->next_chain_id = x->next_chain_id;
	}
	txn_free(x);
}
