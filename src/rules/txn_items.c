/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/txn_items.c - sets, objects and flowtables of tables, in transactions.
 *
 * Where it stands: beside txn.c, on the rule's way.
 *
 * Theory of operation: each generation of a table has arrays of pointers to them, and they themselves are shared. Who
 * uses what is found by looking at the rules and elements of the transaction's view when something is to be deleted:
 * there are no counts that an abort would have to put right.
 *
 * Invariants
 *  1. The arrays of a table that a transaction has not committed are its own.
 *  2. An anonymous set is in its table's array only while a rule of it may refer to it.
 *
 * References: nf_tables_newset(), nf_tables_newobj(), nf_tables_newflowtable() in the kernel's nf_tables_api.c.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rules/set_impl.h"
#include "rules/txn.h"
#include "rules/vec.h"

/* ---- arrays ---- */

bool list_room(void *at, unsigned n, size_t size)
{
	void **list = at, *more;

	if (n & (n - 1))
		return true;		/* no power of two: there is room up to the next one */
	more = mem_realloc(*list, (n ? 2 * (size_t)n : 1) * size);
	if (!more)
		return false;
	*list = more;
	return true;
}

static size_t room_for(unsigned n)
{
	size_t cap = 1;

	while (cap < n)
		cap *= 2;
	return cap;
}

static void *list_copy(const void *from, unsigned n)
{
	void *copy = mem_alloc(room_for(n) * sizeof(void *));

	if (copy && n)
		memcpy(copy, from, n * sizeof(void *));
	return copy;
}

static void list_remove(void *list, unsigned *n, const void *what)
{
	void **v = list;

	for (unsigned i = 0; i < *n; i++) {
		if (v[i] != what)
			continue;
		memmove(&v[i], &v[i + 1], (*n - i - 1) * sizeof(void *));
		--*n;
		return;
	}
}

bool items_copy(struct table *to, const struct table *from)
{
	to->sets = from->n_sets ? list_copy(from->sets, from->n_sets) : NULL;
	to->objects = from->n_objects ? list_copy(from->objects, from->n_objects) : NULL;
	to->flowtables = from->n_flowtables ? list_copy(from->flowtables, from->n_flowtables) : NULL;
	to->n_sets = to->sets ? from->n_sets : 0;
	to->n_objects = to->objects ? from->n_objects : 0;
	to->n_flowtables = to->flowtables ? from->n_flowtables : 0;
	for (unsigned i = 0; i < to->n_sets; i++)
		ir_set_get(to->sets[i]);
	for (unsigned i = 0; i < to->n_objects; i++)
		ir_object_get(to->objects[i]);
	for (unsigned i = 0; i < to->n_flowtables; i++)
		flowtable_get(to->flowtables[i]);
	for (int k = 0; k < 2; k++) {
		to->anon[k] = from->n_anon[k] ? mem_dup(from->anon[k], from->n_anon[k] * sizeof(uint64_t)) : NULL;
		to->n_anon[k] = to->anon[k] ? from->n_anon[k] : 0;
	}
	return to->n_sets == from->n_sets && to->n_objects == from->n_objects &&
	       to->n_flowtables == from->n_flowtables && to->n_anon[0] == from->n_anon[0] &&
	       to->n_anon[1] == from->n_anon[1];
}

void items_free(struct table *t)
{
	for (unsigned i = 0; i < t->n_sets; i++)
		ir_set_put(t->sets[i]);
	for (unsigned i = 0; i < t->n_objects; i++)
		ir_object_put(t->objects[i]);
	for (unsigned i = 0; i < t->n_flowtables; i++)
		flowtable_put(t->flowtables[i]);
	mem_free(t->sets);
	mem_free(t->objects);
	mem_free(t->flowtables);
	mem_free(t->anon[0]);
	mem_free(t->anon[1]);
}

/* ---- who uses it ---- */

struct use {
	const void *what;
};

static int is_set(void *ctx, struct ir_set *s)
{
	return s == ((struct use *)ctx)->what;
}

static int is_object(void *ctx, struct ir_object *o)
{
	return o == ((struct use *)ctx)->what;
}

/* does a rule of @t's say so */
static bool rules_say(const struct table *t, bool (*says)(const struct rule *r, const void *what), const void *what)
{
	const struct chain *c;

	list_for_each(c, &t->chains, node)
		for (unsigned i = 0; c->vec && c->vec->n_refs && i < c->n_rules; i++)
			if (c->rules[i]->has_refs && says(c->rules[i], what))
				return true;
	return false;
}

static bool says_set(const struct rule *r, const void *what)
{
	return rule_each_set(r, is_set, &(struct use){ what });
}

static bool says_object(const struct rule *r, const void *what)
{
	return rule_each_object(r, is_object, &(struct use){ what });
}

static bool says_flowtable(const struct rule *r, const void *what)
{
	for (const struct ir_stmt *s = r->body.first; s; s = s->next)
		if (s->kind == IR_ACTION && s->action.act == IR_ACT_FLOW && s->action.flowtable &&
		    strcmp(s->action.flowtable, what) == 0)
			return true;
	return false;
}

static int elem_has_object(void *ctx, const struct set_elem *e)
{
	return e->object == ((struct use *)ctx)->what;
}

/* ---- sets ---- */

static int set_mark(void *ctx, struct ir_set *s)
{
	s->mark = 1;
	return 0;
}

static void mark_used(const struct table *t)
{
	const struct chain *c;

	list_for_each(c, &t->chains, node)
		for (unsigned i = 0; c->vec && c->vec->n_refs && i < c->n_rules; i++)
			if (c->rules[i]->has_refs)
				rule_each_set(c->rules[i], set_mark, NULL);
}

static int anon_kind(const char *name)
{
	return strncmp(name, "__map", 5) == 0;
}

static void anon_forget(struct table *t, const struct ir_set *s)
{
	int k = anon_kind(s->desc.name);

	if ((s->desc.flags & NFT_SET_ANONYMOUS) && s->anon / 64 < t->n_anon[k])
		t->anon[k][s->anon / 64] &= ~(1ull << s->anon % 64);
}

/* does a rule of @t's jump to it */
static bool bound_used(const struct table *t, const struct chain *c)
{
	const struct chain *from;

	list_for_each(from, &t->chains, node)
		for (unsigned i = 0; from->vec && from->vec->n_jumps && i < from->n_rules; i++)
			if (from->rules[i]->jump && strcmp(from->rules[i]->jump->verdict.name, c->name) == 0)
				return true;
	return false;
}

/* anonymous chains that no rule jumps to; true: one went, and what it held may be next */
static bool sweep_chains(struct table *t)
{
	struct chain *c, *tmp;
	bool any = false;

	list_for_each_safe(c, tmp, &t->chains, node) {
		if (!c->bound || bound_used(t, c))
			continue;
		table_unlink(c);
		chain_free(c);
		any = true;
	}
	return any;
}

static void sweep_sets(struct table *t)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < t->n_sets; i++)
		t->sets[i]->mark = 0;
	mark_used(t);
	for (unsigned i = 0; i < t->n_sets; i++) {
		struct ir_set *s = t->sets[i];

		if (s->mark || !(s->desc.flags & NFT_SET_ANONYMOUS)) {
			t->sets[kept++] = s;
			continue;
		}
		anon_forget(t, s);
		ir_set_put(s);
	}
	t->n_sets = kept;
}

void items_sweep(struct table *t)
{
	if (!t->anon_loose)
		return;
	t->anon_loose = false;
	while (t->n_bound && sweep_chains(t))
		;
	sweep_sets(t);
}

/* the lowest number that no other anonymous set of the kind has; -1: no memory */
static int anon_number(struct table *t, int k)
{
	unsigned w = 0;

	while (w < t->n_anon[k] && t->anon[k][w] == UINT64_MAX)
		w++;
	if (w == t->n_anon[k]) {
		uint64_t *more = mem_realloc(t->anon[k], (w + 1 + w / 2) * sizeof(*more));

		if (!more)
			return -1;
		memset(more + w, 0, (1 + w / 2) * sizeof(*more));
		t->anon[k] = more;
		t->n_anon[k] = w + 1 + w / 2;
	}
	return 64 * w + __builtin_ctzll(~t->anon[k][w]);
}

static int anon_name(struct table *t, struct set_desc *d, unsigned *number)
{
	int k = anon_kind(d->name), n;

	items_sweep(t);
	if (!strchr(d->name, '%')) {	/* a meter's */
		*number = UINT32_MAX;
		return table_set(t, d->name) ? -EEXIST : 0;
	}
	n = anon_number(t, k);
	if (n < 0)
		return -ENOMEM;
	*number = n;
	snprintf(d->name, sizeof(d->name), k ? "__map%d" : "__set%d", n);
	return 0;
}

static void desc_free(const struct set_desc *d, struct set_form *form)
{
	for (unsigned i = 0; i < d->n_exprs && i < SET_EXPRS_MAX; i++)
		ir_stmt_free(d->expr[i]);
	if (form)
		form->ops->free(form);
}

struct ir_set *txn_set_add(struct txn *x, struct table *t, const struct set_desc *d, struct set_form *form)
{
	bool anon = d->flags & NFT_SET_ANONYMOUS;
	struct set_desc own = *d;
	struct ir_set *s = NULL;
	unsigned number = 0;
	int err = 0;

	if (anon)
		err = anon_name(t, &own, &number);
	else if (table_set(t, d->name))
		err = -EEXIST;
	if (!err && !list_room(&t->sets, t->n_sets, sizeof(*t->sets)))
		err = -ENOMEM;
	errno = -err;
	s = err ? NULL : set_new(x->rs, &own);
	if (!s) {
		err = errno;
		desc_free(d, form);
		errno = err;
		return NULL;
	}
	s->form = form;
	s->handle = ++t->next_handle;
	x->counts = true;
	s->anon = number;
	t->sets[t->n_sets++] = s;
	if (anon && strchr(d->name, '%'))
		t->anon[anon_kind(own.name)][number / 64] |= 1ull << number % 64;
	return s;
}

int txn_set_del(struct txn *x, struct table *t, struct ir_set *s)
{
	if (rules_say(t, says_set, s))
		return -EBUSY;
	anon_forget(t, s);
	x->counts = true;
	list_remove(t->sets, &t->n_sets, s);
	ir_set_put(s);
	return 0;
}

/* ---- objects ---- */

struct ir_object *txn_object_add(struct txn *x, struct table *t, const struct ir_object *from)
{
	bool known = table_object(t, from->type, from->name);
	struct ir_object *o;

	if (known || !list_room(&t->objects, t->n_objects, sizeof(*t->objects))) {
		mem_free(from->data);
		errno = known ? EEXIST : ENOMEM;
		return NULL;
	}
	o = object_new(from);
	if (!o) {
		errno = ENOMEM;
		return NULL;
	}
	o->handle = ++t->next_handle;
	x->counts = true;
	t->objects[t->n_objects++] = o;
	return o;
}

int txn_object_del(struct txn *x, struct table *t, struct ir_object *o)
{
	if (rules_say(t, says_object, o))
		return -EBUSY;
	for (unsigned i = 0; i < t->n_sets; i++) {
		const struct ir_set *s = t->sets[i];
		int r = s->desc.data == SET_DATA_OBJECT && s->desc.object_type == o->type
				? set_each(s, elem_has_object, &(struct use){ o })
				: 0;

		if (r)
			return r < 0 ? r : -EBUSY;
	}
	x->counts = true;
	list_remove(t->objects, &t->n_objects, o);
	ir_object_put(o);
	return 0;
}

static int object_later(struct txn *x, struct ir_object *o, struct ir_object *params)
{
	if (!list_room(&x->objects, x->n_objects, sizeof(*x->objects)))
		return -ENOMEM;
	x->objects[x->n_objects++] = (struct object_change){ ir_object_get(o), params };
	return 0;
}

int txn_object_update(struct txn *x, struct ir_object *o, const struct ir_object *from)
{
	struct ir_object *params;
	int err;

	if (from->type != o->type) {
		mem_free(from->data);
		return -EINVAL;
	}
	params = object_new(from);
	x->counts = true;
	err = params ? object_later(x, o, params) : -ENOMEM;
	if (err)
		ir_object_put(params);
	return err;
}

int txn_object_reset(struct txn *x, struct ir_object *o)
{
	return object_later(x, o, NULL);
}

static void object_apply(struct object_change *c)
{
	struct ir_object *o = c->o;
	void *data = o->data;

	if (!c->params) {
		if (o->state && o->fn->state_reset)
			o->fn->state_reset(o->state, o->data);
		return;
	}
	o->data = c->params->data;
	c->params->data = data;
	if (!o->fn)		/* the union's members have no pointers */
		memcpy((char *)o + offsetof(struct ir_object, ct_helper),
		       (const char *)c->params + offsetof(struct ir_object, ct_helper),
		       sizeof(*o) - offsetof(struct ir_object, ct_helper));
}

/* ---- flowtables ---- */

struct flowtable *txn_flowtable_add(struct txn *x, struct table *t, const struct flowtable *from)
{
	struct flowtable *f;

	if (table_flowtable(t, from->name)) {
		errno = EEXIST;
		return NULL;
	}
	f = list_room(&t->flowtables, t->n_flowtables, sizeof(*t->flowtables)) ? flowtable_new(from, NULL, NULL) : NULL;
	if (!f) {
		errno = ENOMEM;
		return NULL;
	}
	f->uses = 0;
	f->handle = ++t->next_handle;
	x->counts = true;
	t->flowtables[t->n_flowtables++] = f;
	return f;
}

int txn_flowtable_del(struct txn *x, struct table *t, struct flowtable *f)
{
	if (rules_say(t, says_flowtable, f->name))
		return -EBUSY;
	x->counts = true;
	list_remove(t->flowtables, &t->n_flowtables, f);
	flowtable_put(f);
	return 0;
}

static bool has_dev(const struct flowtable *f, const char *name)
{
	for (char **d = f->dev; *d; d++)
		if (strcmp(*d, name) == 0)
			return true;
	return false;
}

int txn_flowtable_devs(struct txn *x, struct table *t, struct flowtable *f, char *const *dev, bool add)
{
	struct flowtable *n;

	for (char *const *d = dev; *d; d++)
		if (has_dev(f, *d) == add)
			return add ? -EEXIST : -ENOENT;
	x->counts = true;
	n = flowtable_new(f, add ? dev : NULL, add ? NULL : dev);
	if (!n)
		return -ENOMEM;
	for (unsigned i = 0; i < t->n_flowtables; i++)
		if (t->flowtables[i] == f)
			t->flowtables[i] = n;
	flowtable_put(f);
	return 0;
}

/* ---- the end ---- */

static void items_end(struct txn *x, void (*end)(struct ir_set *s))
{
	for (unsigned i = 0; i < x->n_sets; i++) {
		end(x->sets[i]);
		ir_set_put(x->sets[i]);
	}
	for (unsigned i = 0; i < x->n_objects; i++) {
		ir_object_put(x->objects[i].o);
		ir_object_put(x->objects[i].params);
	}
	mem_free(x->sets);
	mem_free(x->objects);
	x->sets = NULL;
	x->objects = NULL;
	x->n_sets = x->n_objects = 0;
}

void items_commit(struct txn *x)
{
	for (unsigned i = 0; i < x->n_objects; i++)
		object_apply(&x->objects[i]);
	items_end(x, set_commit);
}

void items_abort(struct txn *x)
{
	items_end(x, set_abort);
}

static int bind_target(void *ctx, struct set_target *target)
{
	target->bound.chain = chain_called(ctx, target->name);
	return 0;
}

static int count_set(void *ctx, struct ir_set *s)
{
	s->uses++;
	return 0;
}

static int count_object(void *ctx, struct ir_object *o)
{
	o->uses++;
	return 0;
}

static void count_uses(const struct rule *r)
{
	for (const struct ir_stmt *s = r->body.first; s; s = s->next)
		if (s->kind == IR_DYNSET && !s->dynset.set->desc.size)
			s->dynset.set->desc.size = SET_DYNAMIC_SIZE;	/* as listings show it from then on */
	rule_each_set(r, count_set, NULL);
	rule_each_object(r, count_object, NULL);
}

void items_bind(struct table *t)
{
	struct chain *c;

	for (unsigned i = 0; i < t->n_sets; i++) {
		t->sets[i]->uses = 0;
		set_targets(t->sets[i], bind_target, t);
	}
	for (unsigned i = 0; i < t->n_objects; i++)
		t->objects[i]->uses = 0;
	list_for_each(c, &t->chains, node)
		for (unsigned i = 0; c->vec && c->vec->n_refs && i < c->n_rules; i++)
			if (c->rules[i]->has_refs)
				count_uses(c->rules[i]);
}
