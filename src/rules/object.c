/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/object.c - named objects and flowtables by themselves: copies, references, what an object says to a packet.
 *
 * Where it stands: below txn_items.c, which puts them into tables; vm.c evaluates them.
 *
 * Invariants
 *  1. An object's state is initialised as long as it exists.
 *  2. A flowtable that is in a table does not change: other devices make another one with its handle.
 */
#include "rules/object.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/txn.h"
#include "rules/vm.h"

struct ir_object *ir_object_get(struct ir_object *o)
{
	o->refs++;
	return o;
}

void ir_object_put(struct ir_object *o)
{
	if (!o || --o->refs)
		return;
	if (o->state && o->fn->state_free)
		o->fn->state_free(o->state);
	mem_free(o->state);
	mem_free(o->data);
	mem_free(o->comment);
	mem_free(o);
}

struct ir_object *object_new(const struct ir_object *from)
{
	struct ir_object *o = mem_dup(from, sizeof(*o));
	bool ok;

	if (!o) {
		mem_free(from->data);
		return NULL;
	}
	o->refs = 1;
	o->uses = 0;
	o->state = o->fn && o->fn->state_size ? mem_zalloc(o->fn->state_size) : NULL;
	o->comment = from->comment ? mem_strdup(from->comment) : NULL;
	ok = (!from->comment || o->comment) && (!o->fn || !o->fn->state_size || o->state);
	if (ok && o->state && o->fn->state_init)
		o->fn->state_init(o->state, o->data);
	if (ok && o->state && from->state)
		memcpy(o->state, from->state, o->fn->state_size);
	if (ok)
		return o;
	mem_free(o->state);
	o->state = NULL;
	ir_object_put(o);
	return NULL;
}

bool object_eval(struct ir_object *o, struct match_ctx *m)
{
	if (!o->fn)
		return true;
	if (!o->fn->cacheable)
		m->cacheable = false;
	return o->fn->eval(m, o->data, o->state) && !m->hotdrop;
}

struct ir_object *table_object(const struct table *t, int type, const char *name)
{
	for (unsigned i = 0; i < t->n_objects; i++)
		if (t->objects[i]->type == type && strcmp(t->objects[i]->name, name) == 0)
			return t->objects[i];
	return NULL;
}

/* ---- flowtables ---- */

struct flowtable *flowtable_get(struct flowtable *f)
{
	f->refs++;
	return f;
}

void flowtable_put(struct flowtable *f)
{
	if (!f || --f->refs)
		return;
	for (char **d = f->dev; d && *d; d++)
		mem_free(*d);
	mem_free(f->dev);
	mem_free(f);
}

static unsigned dev_count(char *const *dev)
{
	unsigned n = 0;

	while (dev && dev[n])
		n++;
	return n;
}

static bool dev_known(char *const *dev, const char *name)
{
	for (; dev && *dev; dev++)
		if (strcmp(*dev, name) == 0)
			return true;
	return false;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct flowtable *flowtable_new(const struct flowtable *from, char *const *more, char *const *less)
{
	struct flowtable *f = mem_dup(from, sizeof(*f));
	char *const *lists[] = { from->dev, more };
	unsigned n = 0;

	if (!f)
		return NULL;
	f->refs = 1;
	f->dev = mem_zalloc((dev_count(from->dev) + dev_count(more) + 1) * sizeof(char *));
	for (unsigned l = 0; f->dev && l < ARRAY_LEN(lists); l++) {
		for (char *const *d = lists[l]; d && *d; d++) {
			if (dev_known(less, *d) || dev_known(f->dev, *d))
				continue;
			f->dev[n] = mem_strdup(*d);
			if (!f->dev[n++]) {
				flowtable_put(f);
				return NULL;
			}
		}
	}
	if (!f->dev) {
		mem_free(f);
		return NULL;
	}
	qsort(f->dev, n, sizeof(char *), by_name);
	return f;
}

struct flowtable *table_flowtable(const struct table *t, const char *name)
{
	for (unsigned i = 0; i < t->n_flowtables; i++)
		if (strcmp(t->flowtables[i]->name, name) == 0)
			return t->flowtables[i];
	return NULL;
}

/* ---- by handle ---- */

struct ir_object *table_object_by_handle(const struct table *t, int type, uint64_t handle)
{
	for (unsigned i = 0; i < t->n_objects; i++)
		if (t->objects[i]->type == type && t->objects[i]->handle == handle)
			return t->objects[i];
	return NULL;
}

struct flowtable *table_flowtable_by_handle(const struct table *t, uint64_t handle)
{
	for (unsigned i = 0; i < t->n_flowtables; i++)
		if (t->flowtables[i]->handle == handle)
			return t->flowtables[i];
	return NULL;
}
