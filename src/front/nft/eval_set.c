/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/eval_set.c - elements of sets and maps, anonymous sets, lookups, and what sets are declared as.
 *
 * An element is a key, with data behind it in a map, and options. Every element ends as an NFT_X_ELEM. An anonymous
 * set gets the flags that its elements need, its intervals are joined, and one with a single element is that element
 * (eval_ival.c joins and sorts).
 *
 * References: nft(8) SETS, MAPS.
 */
#include "front/nft/eval.h"
#include "front/nft/exec.h"

#include <string.h>

#include "base/mem.h"

/* ---- elements ---- */

static bool is_wild_string(const struct nft_expr *e)
{
	return e->kind == NFT_X_VALUE && e->value.is_string && e->value.wildcard;
}

static bool is_interval(const struct nft_expr *e)
{
	const struct nft_expr *p;

	if (e->kind == NFT_X_CONCAT)
		list_for_each(p, &e->list.list, node)
			if (is_interval(p))
				return true;
	return e->kind == NFT_X_RANGE || e->kind == NFT_X_PREFIX || is_wild_string(e);
}

static const struct nft_expr *elem_key(const struct nft_expr *e)
{
	if (e->kind == NFT_X_ELEM)
		e = e->elem.key;
	return e->kind == NFT_X_MAPPING ? e->bin.l : e;
}

static bool interval_allowed(struct nft_eval *v, const struct nft_expr *key)
{
	const struct nft_expr *p;

	if (!v->set || v->set->flags & NFT_SET_INTERVAL)
		return true;
	if (key->kind == NFT_X_CONCAT) {
		list_for_each(p, &key->list.list, node)
			if (!interval_allowed(v, p))
				return false;
		return true;
	}
	if (!is_interval(key))
		return true;
	nft_err(v->x, &key->loc, "You must add 'flags interval' to your %s declaration if you want to add %s elements",
		v->set->map ? "map" : "set", key->kind == NFT_X_RANGE ? "range" : "prefix");
	return false;
}

static bool ev_key(struct nft_eval *v, struct nft_expr **e, const struct nft_type *t, uint32_t bits)
{
	if ((*e)->kind == NFT_X_WILDCARD) {
		(*e)->type = t;
		(*e)->len_bits = bits;
		return true;
	}
	if (!nft_ev_as(v, e, t, bits))
		return false;
	return interval_allowed(v, *e);
}

/* the name of an object that a map gives */
static bool object_name(struct nft_eval *v, struct nft_expr **e)
{
	struct nft_expr *val;
	const char *name = (*e)->kind == NFT_X_SYMBOL ? (*e)->symbol.text : NULL;

	if ((*e)->kind == NFT_X_VALUE)
		return true;
	if (!name) {
		nft_err(v->x, &(*e)->loc, "Could not process rule: Invalid argument");
		return false;
	}
	val = nft_expr_value(&(*e)->loc, &nft_type_string, name, (uint32_t)(strlen(name) + 1) * 8);
	if (!val)
		return nft_no_memory(v);
	val->value.is_string = true;
	nft_ev_replace(e, val);
	return true;
}

static bool ev_data(struct nft_eval *v, struct nft_expr **e)
{
	const struct nft_expr *key = v->key;
	bool ok;

	if (v->objmap)
		return object_name(v, e);
	v->key = NULL;
	v->host_prefix = v->data_interval;
	ok = nft_ev_as(v, e, v->data, v->data_bits);
	v->host_prefix = false;
	v->key = key;
	if (!ok)
		return false;
	if (v->vmap != ((*e)->kind == NFT_X_VERDICT)) {
		nft_err(v->x, &(*e)->loc, "datatype mismatch: expected %s, expression has type %s",
			v->data ? v->data->desc : "netfilter verdict", (*e)->type ? (*e)->type->desc : "?");
		return false;
	}
	if (!nft_is_const(*e)) {
		nft_err(v->x, &(*e)->loc, "Value must be a constant");
		return false;
	}
	if (!v->data_interval && is_interval(*e)) {
		nft_err(v->x, &(*e)->loc, "Value must be a singleton");
		return false;
	}
	return true;
}

static bool not_map(struct nft_eval *v, const struct nft_expr *e)
{
	if (v->set)
		nft_err(v->x, &v->set->loc, "set is not a map");
	else
		nft_err(v->x, &elem_key(e)->loc, "mapping outside of map context");
	return false;
}

/* MAPPING (ELEM (key), data) as the grammar makes it: options belong to the whole */
static void lift_elem(struct nft_expr **pe)
{
	struct nft_expr *map = *pe, *elem;

	if (map->kind != NFT_X_MAPPING || map->bin.l->kind != NFT_X_ELEM)
		return;
	elem = map->bin.l;
	if (!list_empty(&map->node)) {
		list_add_before(&map->node, &elem->node);
		list_del(&map->node);
	}
	map->bin.l = elem->elem.key;
	elem->elem.key = map;
	elem->loc = map->loc;
	*pe = elem;
}

static bool ev_stmts_of(struct nft_eval *v, struct list *stmts)
{
	struct nft_stmt *s;

	if (stmts)
		list_for_each(s, stmts, node)
			if (!nft_ev_stmt(v, s))
				return false;
	return true;
}

bool nft_ev_elem_expr(struct nft_eval *v, struct nft_expr **pe)
{
	const struct nft_type *t = v->want;
	uint32_t bits = v->want_bits;
	struct nft_expr *e, *key;
	struct nft_expr **k;

	lift_elem(pe);
	e = *pe;
	if (e->kind == NFT_X_ELEM && !ev_stmts_of(v, e->elem.stmts))
		return false;
	k = e->kind == NFT_X_ELEM ? &e->elem.key : pe;
	if ((*k)->kind == NFT_X_MAPPING) {
		if (!v->vmap && !v->data && !v->objmap)
			return not_map(v, *k);
		if (!ev_key(v, &(*k)->bin.l, t, bits) || !ev_data(v, &(*k)->bin.r))
			return false;
		key = (*k)->bin.l;
	} else {
		if (!ev_key(v, k, t, bits))
			return false;
		key = *k;
	}
	e = *pe;
	e->type = (*k)->type = key->type;
	e->len_bits = (*k)->len_bits = key->len_bits;
	return true;
}

static struct nft_expr *wrap(struct nft_expr *e)
{
	struct nft_expr *w;

	if (e->kind == NFT_X_ELEM)
		return e;
	w = nft_expr_new(NFT_X_ELEM, &e->loc);
	if (!w)
		return NULL;
	list_add_before(&e->node, &w->node);
	list_del(&e->node);
	w->elem.key = e;
	w->type = e->type;
	w->len_bits = e->len_bits;
	return w;
}

/* a set within braces within a set: its elements stand here */
static void splice(struct nft_expr *set, struct nft_expr *inner)
{
	struct nft_expr *p, *next;

	list_for_each_safe(p, next, &inner->set.list, node) {
		list_del(&p->node);
		list_add_before(&inner->node, &p->node);
	}
	list_del(&inner->node);
	set->set.n += inner->set.n - 1;
	inner->set.n = 0;
	nft_expr_free(inner);
}

static bool bits_differ(const struct nft_eval *v, const struct nft_expr *key)
{
	return key->kind == NFT_X_VERDICT || (v->want && v->want->n_parts && key->kind != NFT_X_CONCAT &&
					      key->kind != NFT_X_WILDCARD);
}

bool nft_ev_elements(struct nft_eval *v, struct nft_expr *set, const struct nft_set *desc)
{
	const struct nft_type *t = v->want;
	uint32_t bits = v->want_bits;
	struct nft_expr *p, *next;
	bool ok = true;

	list_for_each_safe(p, next, &set->set.list, node) {
		if (p->kind == NFT_X_SET) {
			struct nft_expr *first = list_empty(&p->set.list) ? next : list_first(&p->set.list, struct nft_expr, node);

			splice(set, p);
			next = first;
		}
	}
	list_for_each_safe(p, next, &set->set.list, node) {
		struct nft_expr *q = p;

		v->want = t;
		v->want_bits = bits;
		if (!nft_ev_elem_expr(v, &q)) {
			ok = false;
			continue;
		}
		v->want = t;
		if (bits_differ(v, elem_key(q))) {
			nft_err(v->x, &elem_key(q)->loc, "invalid data type, expected %s", t->desc);
			ok = false;
			continue;
		}
		if (!wrap(q))
			return nft_no_memory(v);
	}
	v->want = t;
	v->want_bits = bits;
	set->type = t;
	set->len_bits = bits;
	return ok && nft_set_join(v, set, desc);
}

/* ---- anonymous sets ---- */

static bool has_options(const struct nft_expr *e)
{
	return e->elem.timeout_ms || e->elem.comment || (e->elem.stmts && !list_empty(e->elem.stmts));
}

/* one element in braces is that element, but for concatenations and what only a set can say */
static bool single(struct nft_expr **pe)
{
	struct nft_expr *set = *pe, *elem, *key;

	if (set->set.n != 1 || list_empty(&set->set.list))
		return false;
	elem = list_first(&set->set.list, struct nft_expr, node);
	key = elem->elem.key;
	if (has_options(elem) || key->kind == NFT_X_CONCAT || key->kind == NFT_X_MAPPING || key->kind == NFT_X_WILDCARD)
		return false;
	elem->elem.key = NULL;
	nft_ev_replace(pe, key);
	return true;
}

static struct nft_set *describe(struct nft_eval *v, const struct nft_expr *set, const struct nft_expr *key)
{
	struct nft_set *d = nft_set_new(&set->loc);
	const struct nft_expr *p;

	if (!d)
		return NULL;
	d->key_type = v->want;
	d->key_bits = v->want_bits;
	d->flags = NFT_SET_ANONYMOUS | NFT_SET_CONSTANT;
	d->map = v->vmap || v->data || v->objmap;
	d->data_type = v->vmap ? &nft_type_verdict : v->data;
	d->data_bits = v->data_bits;
	if (d->map)
		d->flags |= NFT_SET_MAP;
	list_for_each(p, &set->set.list, node) {
		const struct nft_expr *k = elem_key(p);

		if (is_interval(k))
			d->flags |= NFT_SET_INTERVAL;
		if (p->elem.key->kind == NFT_X_MAPPING && is_interval(p->elem.key->bin.r))
			d->data_interval = true;
	}
	if (d->flags & NFT_SET_INTERVAL && d->key_type && d->key_type->n_parts)
		d->flags |= NFT_SET_CONCAT;
	return d;
}

bool nft_ev_set(struct nft_eval *v, struct nft_expr **pe, const struct nft_expr *key)
{
	struct nft_expr *set = *pe, *p, *next;
	const struct nft_type *t = v->want;
	uint32_t bits = v->want_bits;
	const struct nft_set *outer = v->set;
	const struct nft_expr *outer_key = v->key;
	bool map = v->vmap || v->data || v->objmap, ok = true;

	if (!t) {
		nft_err(v->x, &set->loc, "No symbol type information");
		return false;
	}
	v->set = NULL;
	v->key = key;
	list_for_each_safe(p, next, &set->set.list, node) {
		struct nft_expr *q = p;

		if (p->kind == NFT_X_SET) {
			next = list_empty(&p->set.list) ? next : list_first(&p->set.list, struct nft_expr, node);
			splice(set, p);
			continue;
		}
		v->want = t;
		v->want_bits = bits;
		if (!nft_ev_elem_expr(v, &q) || !wrap(q)) {
			ok = false;
			break;
		}
		v->want = t;
		if (bits_differ(v, elem_key(q))) {
			nft_err(v->x, &elem_key(q)->loc, "invalid data type, expected %s", t->desc);
			ok = false;
			break;
		}
	}
	v->want = t;
	v->want_bits = bits;
	v->set = outer;
	v->key = outer_key;
	if (!ok)
		return false;
	set->type = t;
	set->len_bits = bits;
	if (!map && single(pe))
		return true;
	set->set.desc = describe(v, set, key);
	if (!set->set.desc)
		return nft_no_memory(v);
	return nft_set_join(v, set, set->set.desc);
}

/* ---- lookups ---- */

bool nft_ev_setref(struct nft_eval *v, struct nft_expr *e)
{
	const struct nft_set *d = nft_lookup_set(v->x, v->family, v->table, e->ref.name);

	e->ref.set = NULL;
	e->ref.desc = d;
	if (!d)
		return nft_no_such_set(v->x, e->ref.name, &e->loc);
	e->type = d->key_type;
	e->len_bits = d->key_bits;
	return true;
}

static bool map_ref(struct nft_eval *v, struct nft_expr *e, const struct nft_type *want)
{
	const struct nft_set *d;

	if (!nft_ev_setref(v, e->bin.r))
		return false;
	d = e->bin.r->ref.desc;
	if (!d->map) {
		nft_err(v->x, &e->bin.r->loc, "Expression is not a map");
		return false;
	}
	if (!nft_types_match(e->bin.l->type, d->key_type)) {
		nft_err_two(v->x, &e->bin.r->loc, &e->bin.l->loc,
			    "datatype mismatch, map expects %s, mapping expression has type %s", d->key_type->desc,
			    e->bin.l->type->desc);
		return false;
	}
	e->type = d->data_type;
	e->len_bits = d->data_bits;
	return true;
}

/*
 * KEY map { }: the data's type is what is expected here; vmap's are verdicts. The outer expectation is restored for
 * who asked.
 */
bool nft_ev_map(struct nft_eval *v, struct nft_expr **pe)
{
	struct nft_expr *e = *pe;
	const struct nft_type *want = v->want, *data = v->data;
	uint32_t bits = v->want_bits, data_bits = v->data_bits;
	bool vmap = v->vmap, objmap = v->objmap, ok;

	if (!nft_ev_as(v, &e->bin.l, NULL, 0))
		return false;
	if (e->bin.r->kind == NFT_X_SETREF)
		return map_ref(v, e, want);
	if (e->bin.r->kind != NFT_X_SET) {
		nft_err(v->x, &e->bin.r->loc, "Expression is not a map");
		return false;
	}
	v->vmap = want == &nft_type_verdict;
	v->objmap = v->map_object != 0;
	v->data = v->vmap || v->objmap ? NULL : want;
	v->data_bits = bits;
	v->data_interval = v->map_interval;
	v->want = e->bin.l->type;
	v->want_bits = e->bin.l->len_bits;
	ok = nft_ev_set(v, &e->bin.r, e->bin.l);
	if (ok && e->bin.r->set.desc)
		e->bin.r->set.desc->object_type = v->map_object;
	v->data = data;
	v->data_bits = data_bits;
	v->vmap = vmap;
	v->objmap = objmap;
	v->data_interval = false;
	v->want = want;
	v->want_bits = bits;
	e->type = want;
	e->len_bits = bits;
	return ok;
}

/* ---- declarations ---- */

/* the first unknown name in "a . b . c", in @buf */
static bool unknown_name(const char *names, char *buf, size_t n, struct nft_loc *loc)
{
	const char *begin = names;

	while (*names) {
		size_t len = strcspn(names, " .");

		if (len >= n)
			len = n - 1;
		memcpy(buf, names, len);
		buf[len] = '\0';
		if (!nft_type_find(buf)) {
			loc->col += (uint32_t)(names - begin);
			loc->end = loc->col + (uint32_t)len - 1;
			return true;
		}
		names += len;
		names += strspn(names, " .");
	}
	return false;
}

static bool type_by_name(struct nft_eval *v, const char *names, const struct nft_loc *loc, const struct nft_type **t,
			 uint32_t *bits)
{
	char bad[64];

	*t = nft_type_concat_find(v->x, names);
	if (!*t) {
		struct nft_loc at = *loc;

		if (unknown_name(names, bad, sizeof(bad), &at))
			nft_err(v->x, &at, "unknown datatype %s", bad);
		return false;
	}
	*bits = (*t)->bits;
	return true;
}

static bool type_by_expr(struct nft_eval *v, struct nft_expr **e, const struct nft_type **t, uint32_t *bits)
{
	struct nft_stmt *stmt = v->stmt;
	bool ok;

	v->stmt = NULL;
	ok = nft_ev_as(v, e, NULL, 0);
	v->stmt = stmt;
	if (!ok)
		return false;
	*t = (*e)->type;
	*bits = (*e)->len_bits;
	(*e)->is_key = true;
	return true;
}

static bool qualified(struct nft_eval *v, const struct nft_set *s, const struct nft_type *t, uint32_t bits,
		      const struct nft_loc *name)
{
	bool bare = bits == 0 && !t->n_parts;

	for (unsigned i = 0; i < t->n_parts; i++)
		bare |= t->part[i]->bits == 0 && !s->key;
	if (!bare)
		return true;
	nft_err(v->x, name, "unqualified type %s specified in %s definition. Try \"typeof expression\" instead of \"type datatype\".",
		t->desc, s->map ? "map" : "set");
	return false;
}

static bool ev_data_type(struct nft_eval *v, struct nft_set *s, const struct nft_loc *name)
{
	if (s->object_type)
		return true;
	if (s->data_text && strcmp(s->data_text, "verdict") == 0) {
		s->data_type = &nft_type_verdict;
		return true;
	}
	if (s->data_text && !type_by_name(v, s->data_text, &s->data_loc, &s->data_type, &s->data_bits))
		return false;
	if (s->data && s->data->kind == NFT_X_VERDICT)
		s->data_type = &nft_type_verdict;
	else if (s->data && !type_by_expr(v, &s->data, &s->data_type, &s->data_bits))
		return false;
	if (!s->data_type) {
		nft_err(v->x, &s->loc, "map definition does not specify mapping data type");
		return false;
	}
	return s->data_type == &nft_type_verdict || qualified(v, s, s->data_type, s->data_bits, name);
}

static bool unknown_data(struct nft_eval *v, const struct nft_set *s)
{
	const struct nft_type *t;
	uint32_t bits;

	return strcmp(s->data_text, "verdict") != 0 && !type_by_name(v, s->data_text, &s->data_loc, &t, &bits);
}

static bool ev_key_type(struct nft_eval *v, struct nft_set *s, const struct nft_loc *name)
{
	if (s->data_text && unknown_data(v, s))
		s->key_type = NULL;	/* nothing of that line is known then */
	else if (s->key_text && !type_by_name(v, s->key_text, &s->key_loc, &s->key_type, &s->key_bits))
		s->key_type = NULL;
	else if (s->key && !type_by_expr(v, &s->key, &s->key_type, &s->key_bits))
		return false;
	if (!s->key_type) {
		nft_err(v->x, &s->loc, "%s definition does not specify key", "set");
		return false;
	}
	return qualified(v, s, s->key_type, s->key_bits, name);
}

bool nft_ev_set_decl(struct nft_eval *v, struct nft_set *s, const struct nft_loc *name)
{
	if (!ev_key_type(v, s, name) || (s->map && !ev_data_type(v, s, name)) || !ev_stmts_of(v, &s->stmts))
		return false;
	s->loc = *name;
	if (s->map)
		s->flags |= s->object_type ? NFT_SET_OBJECT : NFT_SET_MAP;
	if (s->timeout_ms || s->have_timeout)
		s->flags |= NFT_SET_TIMEOUT;
	if (s->flags & NFT_SET_INTERVAL && s->key_type->n_parts)
		s->flags |= NFT_SET_CONCAT;
	if (!s->init)
		return true;
	if (s->init->kind == NFT_X_SETREF || s->init->kind != NFT_X_SET) {
		nft_err(v->x, &s->init->loc, "Set init expression is not a set");
		return false;
	}
	return nft_ev_decl_elements(v, s->init, s);
}

bool nft_ev_decl_elements(struct nft_eval *v, struct nft_expr *init, const struct nft_set *s)
{
	v->want = s->key_type;
	v->want_bits = s->key_bits;
	v->key = s->key;
	v->set = s;
	v->vmap = s->data_type == &nft_type_verdict;
	v->objmap = s->object_type != 0;
	v->data = v->vmap || v->objmap ? NULL : s->data_type;
	v->data_bits = s->data_bits;
	v->data_interval = s->data_interval;
	return nft_ev_elements(v, init, s);
}
