/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/ruleset.c - rules, and the arrays of them that chains and generations share.
 *
 * Where it stands: below txn.c, which makes all changes; path/ and front/ read.
 *
 * Theory of operation: a rule is made once and counted by reference. A chain's rules stand in an array that is shared
 * by every copy of the chain until one of them is changed; the index over them belongs to the array, so that changing
 * one chain leaves the indexes of the others alone. An index is built only after a chain has seen some packets: who
 * adds ten thousand rules one by one does not pay for ten thousand indexes.
 *
 * Invariants
 *  1. chain->rules, .n_rules are those of chain->vec (NULL, 0 without one).
 *  2. The counts in an array are right for its rules at any time.
 *
 * References: rules/ruleset.h, rules/vec.h.
 */
#include "rules/ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/classify.h"
#include "rules/txn.h"
#include "rules/vec.h"

#define NAMES_MIN 16		/* chains: with more a table finds them by hash */
#define INDEX_AFTER 32		/* packets: about what building an index costs, in walks without it */

/* ---- rules ---- */

/* FIELD_CT, FIELD_ACCT: what a tree's fields and functions need */
static uint32_t expr_needs(const struct ir_expr *e)
{
	uint32_t bits = 0;

	if (!e)
		return 0;
	switch (e->kind) {
	case IR_FIELD:
		return fields[e->f.field].flags & (FIELD_CT | FIELD_ACCT);
	case IR_BITWISE:
		return expr_needs(e->bit.a);
	case IR_SHIFT:
		return expr_needs(e->shift.a);
	case IR_SWAB:
		return expr_needs(e->swab.a);
	case IR_BINOP:
		return expr_needs(e->bin.a) | expr_needs(e->bin.b);
	case IR_CONCAT:
		for (unsigned i = 0; i < e->concat.n; i++)
			bits |= expr_needs(e->concat.part[i]);
		return bits;
	case IR_MAP:
		return expr_needs(e->set.key);
	case IR_CALL:
		return expr_needs(e->call.arg) | (e->call.fn->needs_ct ? FIELD_CT : 0);
	case IR_VALUE: case IR_RANGE: case IR_SET: case IR_BITS:
		break;
	}
	return 0;
}

static bool action_needs_ct(const struct ir_stmt *s)
{
	switch (s->action.act) {
	case IR_ACT_SNAT:
	case IR_ACT_DNAT:
	case IR_ACT_MASQUERADE:
	case IR_ACT_REDIRECT:
	case IR_ACT_NETMAP:
	case IR_ACT_CONNMARK_RESTORE:
	case IR_ACT_CONNMARK_SAVE:
		return true;
	case IR_ACT_CT_TEMPLATE:
		return !s->action.ct || !s->action.ct->notrack;
	default:
		return false;
	}
}

static uint32_t action_exprs_need(const struct ir_stmt *s)
{
	switch (s->action.act) {
	case IR_ACT_DUP:
	case IR_ACT_FWD:
		return expr_needs(s->action.dup.to) | expr_needs(s->action.dup.dev);
	case IR_ACT_TPROXY:
		return expr_needs(s->action.tproxy.addr) | expr_needs(s->action.tproxy.port);
	case IR_ACT_QUEUE:
		return expr_needs(s->action.queue.num);
	default:
		return 0;
	}
}

static uint32_t stmt_needs(const struct ir_stmt *s)
{
	switch (s->kind) {
	case IR_MATCH:
		return expr_needs(s->match.lhs) | expr_needs(s->match.rhs);
	case IR_TEST:
		return s->test.fn->needs_ct ? FIELD_CT : 0;
	case IR_SET_FIELD:
		return (fields[s->set.field].flags & FIELD_CT) | expr_needs(s->set.val);
	case IR_ACTION:
		return (action_needs_ct(s) ? FIELD_CT : 0) | action_exprs_need(s);
	case IR_VMAP:
		return expr_needs(s->vmap);
	case IR_DYNSET:
		return expr_needs(s->dynset.key) | expr_needs(s->dynset.data);
	case IR_OBJREF:
		return expr_needs(s->objref.map);
	case IR_SET_BYTES:
		return expr_needs(s->bytes.val);
	case IR_COUNTER: case IR_VERDICT:
		break;
	}
	return 0;
}

static bool object_needs_ct(int type)
{
	return type == NFT_OBJECT_CT_HELPER || type == NFT_OBJECT_CT_TIMEOUT || type == NFT_OBJECT_CT_EXPECT ||
	       type == NFT_OBJECT_SYNPROXY;
}

static int set_needs(void *ctx, struct ir_set *s)
{
	struct rule *r = ctx;

	r->has_refs = true;
	r->needs_ct = r->needs_ct || s->needs_ct || (s->desc.data == SET_DATA_OBJECT && object_needs_ct(s->desc.object_type));
	r->needs_defrag = r->needs_defrag || r->needs_ct || s->needs_defrag;
	if (s->needs_ct || s->needs_defrag)
		memset(r->other_af, 0, sizeof(r->other_af));
	return 0;
}

static int object_needs(void *ctx, struct ir_object *o)
{
	struct rule *r = ctx;

	r->has_refs = true;
	r->needs_ct = r->needs_ct || object_needs_ct(o->type) || (o->fn && o->fn->needs_ct);
	r->needs_defrag = r->needs_defrag || r->needs_ct || (o->fn && o->fn->needs_defrag);
	return 0;
}

/* the family that an action is for, AF_UNSPEC: any */
static uint8_t action_family(const struct ir_stmt *s)
{
	if (s->action.act == IR_ACT_SNAT || s->action.act == IR_ACT_DNAT)
		return s->action.nat.family;
	return s->action.act == IR_ACT_TPROXY ? s->action.tproxy.family : AF_UNSPEC;
}

/* in inet tables: tracking is switched on for one family only where nothing else in the rule asks for it */
static void survey_family(struct rule *r)
{
	uint8_t only = AF_UNSPEC;

	for (const struct ir_stmt *s = r->body.first; s; s = s->next) {
		uint8_t family = s->kind == IR_ACTION ? action_family(s) : AF_UNSPEC;

		if (family == AF_INET || family == AF_INET6)
			only = family;
		else if ((stmt_needs(s) & FIELD_CT) || (s->kind == IR_TEST && s->test.fn->needs_defrag))
			return;
	}
	r->other_af[0] = only == AF_INET6 && !r->has_refs;
	r->other_af[1] = only == AF_INET && !r->has_refs;
}

static void rule_survey(struct rule *r)
{
	for (struct ir_stmt *s = r->body.first; s; s = s->next) {
		uint32_t needs = stmt_needs(s);

		r->needs_ct = r->needs_ct || (needs & FIELD_CT);
		r->wants_acct = r->wants_acct || (needs & FIELD_ACCT);
		r->needs_defrag = r->needs_defrag || r->needs_ct || (s->kind == IR_TEST && s->test.fn->needs_defrag) ||
				  (s->kind == IR_ACTION && s->action.act == IR_ACT_TPROXY);
		if (s->kind == IR_VERDICT && (s->verdict.v == IR_JUMP || s->verdict.v == IR_GOTO))
			r->jump = s;
		r->has_vmap = r->has_vmap || s->kind == IR_VMAP;
		r->has_refs = r->has_refs || (s->kind == IR_ACTION && s->action.act == IR_ACT_FLOW);
	}
	survey_family(r);
}

struct rule *rule_new(struct rule_form *form, struct ir_list *body)
{
	struct rule *r = body->failed ? NULL : mem_zalloc(sizeof(*r));

	if (!r) {
		ir_list_free(body);
		if (form)
			form->ops->free(form);
		return NULL;
	}
	r->refs = 1;
	r->form = form;
	ir_list_move(&r->body, body);
	rule_survey(r);
	rule_each_set(r, set_needs, r);
	rule_each_object(r, object_needs, r);
	return r;
}

struct rule *rule_get(struct rule *r)
{
	r->refs++;
	return r;
}

void rule_put(struct rule *r)
{
	if (!r || --r->refs)
		return;
	program_free(r->prog);
	ir_list_free(&r->body);
	if (r->form)
		r->form->ops->free(r->form);
	mem_free(r->comment);
	mem_free(r);
}

/* ---- arrays of rules ---- */

static void vec_put(struct rule_vec *v)
{
	if (!v || --v->refs)
		return;
	for (unsigned i = 0; i < v->n; i++)
		rule_put(v->rule[i]);
	classify_free(v->index);
	mem_free(v);
}

static void vec_set(struct chain *c, struct rule_vec *v)
{
	c->vec = v;
	c->rules = v ? v->rule : NULL;
	c->n_rules = v ? v->n : 0;
}

static void vec_count(struct rule_vec *v, const struct rule *r, int by)
{
	v->n_jumps += r->jump ? by : 0;
	for (int af = 0; af < 2; af++) {
		v->n_ct[af] += r->needs_ct && !r->other_af[af] ? by : 0;
		v->n_defrag[af] += r->needs_defrag && !r->other_af[af] ? by : 0;
	}
	v->n_refs += r->has_refs ? by : 0;
	v->n_vmaps += r->has_vmap ? by : 0;
	v->n_limited += rule_limited(r) ? by : 0;
}

void vec_share(struct chain *c, const struct chain *from)
{
	if (from->vec)
		from->vec->refs++;
	vec_set(c, from->vec);
}

void vec_drop(struct chain *c)
{
	vec_put(c->vec);
	vec_set(c, NULL);
	c->index = NULL;
	c->index_after = 0;
}

static struct rule_vec *vec_copy(const struct rule_vec *old, unsigned cap)
{
	struct rule_vec *v = mem_alloc(sizeof(*v) + cap * sizeof(v->rule[0]));

	if (!v)
		return NULL;
	*v = *old;
	v->refs = 1;
	v->cap = cap;
	v->index = NULL;
	v->index_tried = false;
	for (unsigned i = 0; i < v->n; i++)
		v->rule[i] = rule_get(old->rule[i]);
	return v;
}

/* an array of the chain's own with room for @extra more rules, and no index */
static int vec_own(struct chain *c, unsigned extra)
{
	static const struct rule_vec empty;
	struct rule_vec *v = c->vec, *n;
	unsigned need = (v ? v->n : 0) + extra, cap = v ? v->cap : 0;

	if (need > cap)
		cap = MAX(need, cap + cap / 2 + 4);
	if (!v || v->refs > 1) {
		n = vec_copy(v ? v : &empty, cap);
		if (!n)
			return -ENOMEM;
		vec_put(v);
	} else if (cap > v->cap) {
		n = mem_realloc(v, sizeof(*v) + cap * sizeof(v->rule[0]));
		if (!n)
			return -ENOMEM;
		n->cap = cap;
	} else {
		n = v;
	}
	classify_free(n->index);
	n->index = NULL;
	n->index_tried = false;
	vec_set(c, n);
	c->index = NULL;
	c->index_after = 0;
	return 0;
}

int vec_insert(struct chain *c, unsigned at, struct rule *r)
{
	struct rule_vec *v;
	int err = vec_own(c, 1);

	if (err)
		return err;
	v = c->vec;
	memmove(&v->rule[at + 1], &v->rule[at], (v->n - at) * sizeof(v->rule[0]));
	v->rule[at] = r;
	c->n_rules = ++v->n;
	vec_count(v, r, 1);
	return 0;
}

int vec_remove(struct chain *c, unsigned at)
{
	struct rule_vec *v;
	int err = vec_own(c, 0);

	if (err)
		return err;
	v = c->vec;
	vec_count(v, v->rule[at], -1);
	rule_put(v->rule[at]);
	memmove(&v->rule[at], &v->rule[at + 1], (v->n - at - 1) * sizeof(v->rule[0]));
	c->n_rules = --v->n;
	return 0;
}

int vec_replace(struct chain *c, unsigned at, struct rule *r)
{
	int err = vec_own(c, 0);

	if (err)
		return err;
	vec_count(c->vec, c->vec->rule[at], -1);
	rule_put(c->vec->rule[at]);
	c->vec->rule[at] = r;
	vec_count(c->vec, r, 1);
	return 0;
}

void vec_index_reset(struct chain *c)
{
	c->index = c->vec ? c->vec->index : NULL;
	c->index_after = c->n_rules >= CLASSIFY_MIN_RULES && !c->vec->index_tried ? INDEX_AFTER : 0;
}

void chain_used(struct chain *c)
{
	if (--c->index_after)
		return;
	if (!c->vec->index_tried)
		c->vec->index = classify_build(c->rules, c->n_rules);
	c->vec->index_tried = true;
	c->index = c->vec->index;
}

/* ---- the rule set ---- */

void ruleset_init(struct ruleset *rs)
{
	*rs = (struct ruleset){ 0 };
	list_init(&rs->tables);
	list_init(&rs->shared);
	list_init(&rs->listeners);
}

void ruleset_free(struct ruleset *rs)
{
	struct table *t, *tmp;

	list_for_each_safe(t, tmp, &rs->tables, node) {
		list_del(&t->node);
		table_free(t);
	}
}

struct table *ruleset_table_by_handle(const struct ruleset *rs, uint8_t family, uint64_t handle)
{
	struct table *t;

	list_for_each(t, &rs->tables, node)
		if (t->family == family && t->handle == handle)
			return t;
	return NULL;
}

struct chain *table_chain_by_handle(const struct table *t, uint64_t handle)
{
	struct chain *c;

	list_for_each(c, &t->chains, node)
		if (c->handle == handle)
			return c;
	return NULL;
}

int chain_rule_by_handle(const struct chain *c, uint64_t handle)
{
	for (unsigned i = 0; i < c->n_rules; i++)
		if (c->rules[i]->handle == handle)
			return i;
	return -ENOENT;
}

struct table *ruleset_table(const struct ruleset *rs, uint8_t family, const char *name)
{
	struct table *t;

	list_for_each(t, &rs->tables, node)
		if (t->family == family && strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

/* FNV-1a: names are the administrator's, nobody gains by collisions */
static unsigned name_hash(const struct table *t, const char *name)
{
	uint32_t h = 2166136261u;

	while (*name)
		h = (h ^ (uint8_t)*name++) * 16777619u;
	return h & (t->n_names - 1);
}

struct chain *table_chain(const struct table *t, const char *name)
{
	struct chain *c;

	if (t->by_name) {
		for (c = t->by_name[name_hash(t, name)]; c; c = c->name_next)
			if (strcmp(c->name, name) == 0)
				return c;
		return NULL;
	}
	list_for_each(c, &t->chains, node)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static void name_insert(struct table *t, struct chain *c)
{
	struct chain **head;

	if (!t->by_name)
		return;
	head = &t->by_name[name_hash(t, c->name)];
	c->name_next = *head;
	*head = c;
}

static void name_remove(struct table *t, struct chain *c)
{
	struct chain **at;

	if (!t->by_name)
		return;
	for (at = &t->by_name[name_hash(t, c->name)]; *at != c; at = &(*at)->name_next)
		;
	*at = c->name_next;
}

/* short memory is no error here: the lists are longer then */
static void names_grow(struct table *t)
{
	unsigned n = t->n_names ? 2 * t->n_names : 2 * NAMES_MIN;
	struct chain **by_name = mem_zalloc(n * sizeof(*by_name)), *c;

	if (!by_name)
		return;
	mem_free(t->by_name);
	t->by_name = by_name;
	t->n_names = n;
	list_for_each(c, &t->chains, node)
		name_insert(t, c);
}

void table_link(struct table *t, struct chain *c)
{
	c->table = t;
	list_add_tail(&t->chains, &c->node);
	name_insert(t, c);
	if (++t->n_chains > MAX(t->n_names, NAMES_MIN))
		names_grow(t);
}

void table_unlink(struct chain *c)
{
	name_remove(c->table, c);
	list_del(&c->node);
	c->table->n_chains--;
}

void chain_set_name(struct chain *c, char *name)
{
	name_remove(c->table, c);
	c->name = name;
	name_insert(c->table, c);
}

void chain_set_devs(struct chain *c, char **devs)
{
	for (char **d = c->devs; d && *d; d++)
		mem_free(*d);
	mem_free(c->devs);
	c->devs = devs;
}

void chain_free(struct chain *c)
{
	if (!c)
		return;
	vec_drop(c);
	mem_free(c->name);
	mem_free(c->was);
	mem_free(c->dev);
	chain_set_devs(c, NULL);
	mem_free(c->comment);
	mem_free(c);
}

void table_free(struct table *t)
{
	struct chain *c, *tmp;

	if (!t)
		return;
	list_for_each_safe(c, tmp, &t->chains, node) {
		list_del(&c->node);
		chain_free(c);
	}
	items_free(t);
	mem_free(t->by_name);
	mem_free(t->name);
	mem_free(t->comment);
	mem_free(t);
}

/* ---- by handle ---- */

static uint64_t handle_of(const struct list *n, bool table)
{
	return table ? list_entry(n, struct table, node)->handle : list_entry(n, struct chain, node)->handle;
}

/* insertion, from behind: what is in order already costs nothing */
static void order_list(struct list *all, bool tables)
{
	struct list *n = all->next, *next, *at;

	for (; n != all; n = next) {
		next = n->next;
		for (at = n->prev; at != all && handle_of(at, tables) > handle_of(n, tables);)
			at = at->prev;
		if (at == n->prev)
			continue;
		list_del(n);
		list_add_before(at->next, n);
	}
}

#define ORDER_BY_HANDLE(kind)                                                                                                \
	static int by_handle_##kind(const void *a, const void *b)                                                            \
	{                                                                                                                    \
		const struct kind *x = *(struct kind *const *)a, *y = *(struct kind *const *)b;                              \
                                                                                                                             \
		return x->handle < y->handle ? -1 : x->handle > y->handle;                                                   \
	}
ORDER_BY_HANDLE(ir_set)
ORDER_BY_HANDLE(ir_object)
ORDER_BY_HANDLE(flowtable)

static void order_items(void *items, unsigned n, int (*by_handle)(const void *a, const void *b))
{
	if (n > 1)
		qsort(items, n, sizeof(void *), by_handle);
}

void ruleset_order(struct ruleset *rs)
{
	struct table *t;

	order_list(&rs->tables, true);
	list_for_each(t, &rs->tables, node) {
		order_list(&t->chains, false);
		order_items(t->sets, t->n_sets, by_handle_ir_set);
		order_items(t->objects, t->n_objects, by_handle_ir_object);
		order_items(t->flowtables, t->n_flowtables, by_handle_flowtable);
	}
	if (rs->committed)
		rs->committed(rs->ctx, rs);
}
