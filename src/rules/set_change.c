/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/set_change.c - elements come and go: by transactions, and by packets.
 *
 * Where it stands: on the rule's way beside txn.c, and on the packet's way under vm.c's set statements.
 *
 * Theory of operation: a transaction takes hold of a set with its first change and keeps it until it ends; another one
 * is told to try again. What it adds and removes is in rules/set_impl.h. Packets may add at any time: their elements
 * are seen at once. What packets remove, and what expires, is freed at once too, unless a transaction has the set.
 *
 * Invariants
 *  1. A failed call leaves set, limbo and counts as they were.
 *  2. set_target.n is the number of live elements (the transaction's view) with that verdict.
 *  3. Packets never make a set larger than .size.
 *
 * References: nft_add_set_elem(), nft_del_setelem() in the kernel's nf_tables_api.c; nft_dynset_eval() in nft_dynset.c.
 */
#include <errno.h>
#include <string.h>

#include "rules/set_impl.h"
#include "rules/txn.h"

#define GC_MS 1000
#define GC_SHARE 65536			/* elements looked through in a second */

/* ---- whose set ---- */

const struct table *txn_set_table(const struct txn *x, const struct ir_set *s)
{
	const struct change *ch;

	list_for_each(ch, &x->changes, node)
		for (unsigned i = 0; ch->copy && i < ch->copy->n_sets; i++)
			if (ch->copy->sets[i] == s)
				return ch->copy;
	return NULL;
}

static int own(struct txn *x, struct ir_set *s)
{
	struct set_impl *p = s->impl;

	if (p->owner == x)
		return 0;
	if (p->owner)
		return -EAGAIN;
	if (!list_room(&x->sets, x->n_sets, sizeof(struct ir_set *)))
		return -ENOMEM;
	x->sets[x->n_sets++] = ir_set_get(s);
	p->owner = x;
	p->table = txn_set_table(x, s);
	p->txn_no++;
	p->txn_no += !p->txn_no;		/* 0 is the packets' */
	return 0;
}

static void count(struct ir_set *s)
{
	s->n_elems = s->impl->live.n;
	s->gen++;
}

/* ---- verdicts ---- */

static unsigned target_slot(const struct set_impl *p, const char *name)
{
	static const struct hash_key fixed;

	return hash_bytes(&fixed, name, strlen(name)) & (p->n_target_slots - 1);
}

static bool targets_grow(struct set_impl *p)
{
	unsigned n = p->n_target_slots ? 2 * p->n_target_slots : 8, old = p->n_target_slots;
	struct set_target **slot = mem_zalloc(n * sizeof(struct set_target *)), **from = p->target, *t, *next;

	if (!slot)
		return false;
	p->target = slot;
	p->n_target_slots = n;
	for (unsigned i = 0; i < old; i++) {
		for (t = from[i]; t; t = next) {
			unsigned at = target_slot(p, t->name ? t->name : "");

			next = t->next;
			t->next = slot[at];
			slot[at] = t;
		}
	}
	mem_free(from);
	return true;
}

/* the set's entry for a verdict, made when it is new; NULL: no memory */
static struct set_target *target_get(struct set_impl *p, const struct set_verdict *v)
{
	const char *name = v->chain ? v->chain : "";
	struct set_target *t;
	unsigned at;

	if (p->n_targets >= p->n_target_slots && !targets_grow(p))
		return NULL;
	at = target_slot(p, name);
	for (t = p->target[at]; t; t = t->next)
		if (t->bound.v == v->v && strcmp(t->name ? t->name : "", name) == 0)
			return t;
	t = mem_zalloc(sizeof(*t));
	if (t && v->chain)
		t->name = mem_strdup(v->chain);
	if (!t || (v->chain && !t->name)) {
		mem_free(t);
		return NULL;
	}
	t->bound.v = v->v;
	t->next = p->target[at];
	p->target[at] = t;
	p->n_targets++;
	return t;
}

/* verdicts that nobody has any more */
static void targets_sweep(struct set_impl *p)
{
	for (unsigned i = 0; i < p->n_target_slots; i++) {
		for (struct set_target **at = &p->target[i], *t; (t = *at);) {
			if (t->n) {
				at = &t->next;
				continue;
			}
			*at = t->next;
			mem_free(t->name);
			mem_free(t);
			p->n_targets--;
		}
	}
}

int set_targets(const struct ir_set *s, int (*fn)(void *ctx, struct set_target *t), void *ctx)
{
	int r = 0;

	for (unsigned i = 0; i < s->impl->n_target_slots && !r; i++)
		for (struct set_target *t = s->impl->target[i]; t && !r; t = t->next)
			r = t->n && t->name ? fn(ctx, t) : 0;
	return r;
}

/* an element became live, or is no longer */
static void verdict_count(const struct ir_set *s, const struct elem *e, int by)
{
	if (s->desc.data == SET_DATA_VERDICT)
		((struct set_target *)*elem_ptr(s->impl, e))->n += by;
}

/* ---- in and out of the stores ---- */

static void live_add(struct ir_set *s, struct elem *e)
{
	struct set_impl *p = s->impl;

	verdict_count(s, e, 1);
	if (e->flags & ELEM_CATCHALL)
		p->live.catchall = e;
	else
		store_insert(p, &p->live, e);
	count(s);
}

static void live_take(struct ir_set *s, struct elem *e)
{
	struct set_impl *p = s->impl;

	verdict_count(s, e, -1);
	if (e->flags & ELEM_CATCHALL)
		p->live.catchall = NULL;
	else
		store_remove(p, &p->live, e);
	count(s);
}

static void added(struct set_impl *p, struct elem *e)
{
	if (e->flags & ELEM_CATCHALL)
		return;
	if (p->n_added < SET_ADDED_MAX)
		p->added[p->n_added] = e;
	p->n_added = MIN(p->n_added + 1, SET_ADDED_MAX + 1u);
}

/* frees an element that no store has, and what was to be done with it */
static void elem_drop(struct ir_set *s, struct elem *e)
{
	struct set_impl *p = s->impl;

	for (unsigned i = 0; i < p->n_added && p->n_added <= SET_ADDED_MAX; i++)
		if (p->added[i] == e)
			p->added[i--] = p->added[--p->n_added];
	for (unsigned i = 0; i < p->n_later; i++)
		if (p->later[i].e == e)
			p->later[i--] = p->later[--p->n_later];
	elem_free(s, e);
}

/* an element that no store has: packets go on seeing it if they did */
static void into_limbo(struct ir_set *s, struct elem *e)
{
	struct set_impl *p = s->impl;

	if (elem_pending(p, e) || !p->owner) {
		elem_drop(s, e);
	} else if (!(e->flags & ELEM_CATCHALL)) {
		store_insert(p, &p->limbo, e);
	} else if (p->limbo.catchall) {
		elem_free(s, e);	/* expired, and taken out when there was one before it */
	} else {
		p->limbo.catchall = e;
	}
}

static bool limbo_ready(struct set_impl *p)
{
	return store_ready(p, &p->limbo);
}

static int remove_elem(struct ir_set *s, struct elem *e)
{
	if (s->impl->owner && !limbo_ready(s->impl))
		return -ENOMEM;
	live_take(s, e);
	into_limbo(s, e);
	return 0;
}

/* ---- elements that are over ---- */

struct sweep {
	struct ir_set *s;
	uint64_t now_ms;
};

static int is_expired(void *ctx, struct elem *e)
{
	struct sweep *w = ctx;

	return elem_expired(w->s->impl, e, w->now_ms);
}

static bool drop_expired(void *ctx, struct elem *e)
{
	struct sweep *w = ctx;

	if (!elem_expired(w->s->impl, e, w->now_ms))
		return true;
	verdict_count(w->s, e, -1);
	into_limbo(w->s, e);
	return false;
}

static void sweep(struct ir_set *s, uint64_t now_ms)
{
	struct set_impl *p = s->impl;
	struct sweep w = { s, now_ms };

	if (!p->at.time || (p->owner && !limbo_ready(p)) || !store_each(p, &p->live, is_expired, &w))
		return;
	store_filter(p, &p->live, drop_expired, &w);
	count(s);
}

void set_expire(struct ir_set *s, uint64_t now_ms)
{
	struct set_impl *p = s->impl;
	uint64_t every = s->desc.gc_interval_ms ? s->desc.gc_interval_ms : GC_MS;

	if (!p->at.time || now_ms < p->gc_at_ms || p->owner)
		return;
	p->gc_at_ms = now_ms + every + (uint64_t)p->live.n * 1000 / GC_SHARE;
	sweep(s, now_ms);
}

/* ---- transactions: adding ---- */

/* keys as they are kept; -EINVAL: not what such a set has */
static int take_keys(const struct ir_set *s, const struct set_elem *e, uint8_t *key, uint8_t *end)
{
	const struct set_impl *p = s->impl;
	unsigned at = 0;

	if (e->catchall) {
		memset(key, 0, SET_KEY_MAX);
		memset(end, 0, SET_KEY_MAX);
		return 0;
	}
	if (!e->key || ((e->key_end || e->open_end) && !p->at.end))
		return -EINVAL;
	set_canon(&s->desc, e->key, key);
	if (e->open_end && !e->key_end)
		memset(end, 0xff, SET_KEY_MAX);
	else
		set_canon(&s->desc, e->key_end ? e->key_end : e->key, end);
	for (unsigned i = 0; i < s->desc.n_parts; i++) {
		unsigned len = s->desc.part[i].len;

		for (unsigned b = len; b & 3; b++)
			end[at + b] = key[at + b] = 0;
		if (memcmp(key + at, end + at, len) > 0)
			return -EINVAL;
		at += (len + 3) & ~3u;
	}
	return 0;
}

static int take_times(const struct ir_set *s, const struct set_elem *e, struct elem_time *t, uint64_t now_ms)
{
	uint64_t timeout = e->timeout_ms ? e->timeout_ms : s->desc.timeout_ms;

	if (!s->impl->at.time)
		return e->timeout_ms || e->expires_ms ? -EINVAL : 0;
	if (timeout == UINT64_MAX)
		timeout = 0;
	if (e->expires_ms && e->expires_ms > timeout)
		return timeout ? -ERANGE : -EINVAL;
	t->timeout_ms = timeout;
	t->expires_ms = timeout ? now_ms + (e->expires_ms ? e->expires_ms : timeout) : UINT64_MAX;
	return 0;
}

/* what the element maps to; -errno, nothing is held then */
static int take_data(struct ir_set *s, const struct set_elem *from, struct elem *e)
{
	const struct set_desc *d = &s->desc;
	uint8_t *data = (uint8_t *)e + s->impl->at.data;
	struct set_target *t;

	switch (d->data) {
	case SET_DATA_VALUE:
		if (!from->data)
			return -EINVAL;
		memcpy(data, from->data, d->data_len);
		if (d->data_interval)
			memcpy(data + d->data_len, from->data_end ? from->data_end : from->data, d->data_len);
		return 0;
	case SET_DATA_VERDICT:
		t = target_get(s->impl, &from->verdict);
		*elem_ptr(s->impl, e) = t;
		return t ? 0 : -ENOMEM;
	case SET_DATA_OBJECT:
		if (!from->object || from->object->type != d->object_type)
			return -EINVAL;
		*elem_ptr(s->impl, e) = ir_object_get(from->object);
		return 0;
	case SET_DATA_NONE:
		return from->data ? -EINVAL : 0;
	}
	return -EINVAL;
}

static bool same_data(const struct ir_set *s, const struct elem *a, const struct elem *b)
{
	const struct set_desc *d = &s->desc;
	unsigned at = s->impl->at.data;

	if (d->data == SET_DATA_VALUE)
		return memcmp((const uint8_t *)a + at, (const uint8_t *)b + at, d->data_len * (d->data_interval ? 2 : 1)) == 0;
	return d->data == SET_DATA_NONE || *elem_ptr(s->impl, a) == *elem_ptr(s->impl, b);
}

static void take_states(struct ir_set *s, const struct set_elem *from, struct elem *e)
{
	for (unsigned i = 0; from->state && (e->flags & ELEM_STATES) && i < s->desc.n_exprs; i++)
		if (from->state[i])
			memcpy(elem_state(s->impl, e, i), from->state[i], s->desc.expr[i]->test.fn->state_size);
}

static int fill(struct ir_set *s, const struct set_elem *from, struct elem *e)
{
	struct set_impl *p = s->impl;
	uint8_t key[SET_KEY_MAX], end[SET_KEY_MAX];
	int err = take_keys(s, from, key, end), group;

	if (!err && p->at.time)
		err = take_times(s, from, elem_time(p, e), set_now(p));
	else if (!err)
		err = take_times(s, from, NULL, 0);
	if (err)
		return err;
	memcpy((uint8_t *)e + p->at.key, key, p->at.klen);
	if (p->at.end)
		memcpy((uint8_t *)e + p->at.end, end, p->at.klen);
	group = group_of(p, &s->desc, key, end, true);
	if (group < 0)
		return -ENOMEM;
	p->prio = p->prio * 1664525 + 1013904223;
	e->mark = p->tree ? p->prio >> 8 : (unsigned)group;
	e->flags |= (from->catchall ? ELEM_CATCHALL : 0) | (from->open_end ? ELEM_OPEN_END : 0) |
		    (from->key_end || from->open_end ? ELEM_RANGE : 0) |
		    (from->timeout_ms == UINT64_MAX ? ELEM_NO_TIMEOUT : 0);
	if (from->comment) {
		*elem_comment(p, e) = mem_strdup(from->comment);
		if (!*elem_comment(p, e))
			return -ENOMEM;
	}
	take_states(s, from, e);
	return take_data(s, from, e);
}

/* what stands in the way of @e: itself (*same), or one that overlaps */
static struct elem *in_the_way(const struct ir_set *s, const struct elem *e, uint64_t now_ms, bool *same)
{
	const struct set_impl *p = s->impl;
	const uint8_t *key = elem_key(p, e), *end = elem_end(p, e);
	struct elem *o;

	if (e->flags & ELEM_CATCHALL) {
		*same = true;
		return p->live.catchall;
	}
	o = store_exact(p, &p->live, key, end, e->mark);
	*same = o;
	if (o)
		return o;
	if (p->tree)
		return store_overlap(p, &p->live, key, end);
	if (!p->ranges)
		return NULL;
	o = store_find(p, &p->live, key, now_ms, false);
	return o ? o : store_find(p, &p->live, end, now_ms, false);
}

static int later(struct set_impl *p, struct set_later l)
{
	if (!list_room(&p->later, p->n_later, sizeof(l)))
		return -ENOMEM;
	p->later[p->n_later++] = l;
	return 0;
}

/* an element that is there is added again */
static int again(struct ir_set *s, const struct set_elem *from, const struct elem *e, struct elem *old, bool exclusive)
{
	struct set_impl *p = s->impl;

	if (exclusive || !same_data(s, e, old))
		return -EEXIST;
	if (!p->at.time || !(from->timeout_ms || from->expires_ms))
		return 0;
	return later(p, (struct set_later){ .e = old, .time = *elem_time(p, e) });
}

static int check_room(struct ir_set *s)
{
	if (!s->desc.size || s->impl->live.n < s->desc.size)
		return 0;
	sweep(s, set_now(s->impl));
	return s->impl->live.n < s->desc.size ? 0 : -ENFILE;
}

static int add(struct ir_set *s, const struct set_elem *from, struct elem *e, bool exclusive)
{
	struct set_impl *p = s->impl;
	uint64_t now_ms = set_now(p);
	struct elem *old;
	bool same;
	int err;

	if (!store_ready(p, &p->live))
		return -ENOMEM;
	while ((old = in_the_way(s, e, now_ms, &same)) && elem_expired(p, old, now_ms)) {
		err = remove_elem(s, old);
		if (err)
			return err;
	}
	if (old && same)
		return again(s, from, e, old, exclusive) ?: 1;
	if (old)
		return -EEXIST;
	err = from->catchall ? 0 : check_room(s);
	if (err)
		return err;
	e->born = p->txn_no;
	if (!p->tree)
		e->seq = p->seq++;
	live_add(s, e);
	added(p, e);
	return 0;
}

static bool verdict_good(const struct ir_set *s, const struct set_verdict *v)
{
	if (!v->chain)
		return v->v != IR_JUMP && v->v != IR_GOTO;
	return s->impl->table && chain_called(s->impl->table, v->chain);
}

static bool wants_states(const struct ir_set *s, const struct set_elem *e)
{
	if (!s->adopted || !s->desc.n_exprs)
		return s->desc.n_exprs;
	for (unsigned i = 0; e->state && i < s->desc.n_exprs; i++)
		if (e->state[i])
			return true;
	return false;
}

/* does a rule look it up that takes it for what it is */
static bool fixed(const struct ir_set *s)
{
	return s->uses && (s->desc.flags & (NFT_SET_ANONYMOUS | NFT_SET_CONSTANT));
}

int txn_elem_add(struct txn *x, struct ir_set *s, const struct set_elem *from, bool exclusive)
{
	struct elem *e;
	unsigned later;
	int err = fixed(s) ? -EBUSY : own(x, s);

	if (err)
		return err;
	if (s->desc.data == SET_DATA_VERDICT && !verdict_good(s, &from->verdict))
		return -ENOENT;
	e = elem_alloc(s, from->comment, wants_states(s, from));
	if (!e)
		return -ENOMEM;
	later = s->impl->n_later;
	err = fill(s, from, e);
	if (!err)
		err = add(s, from, e, exclusive);
	if (err)
		elem_free(s, e);
	x->counts |= !err || s->impl->n_later != later;
	return err < 0 ? err : 0;
}

/* ---- transactions: removing ---- */

static struct elem *find_given(struct ir_set *s, const struct set_elem *e)
{
	struct set_impl *p = s->impl;
	uint8_t key[SET_KEY_MAX], end[SET_KEY_MAX];
	struct elem *found;

	if (take_keys(s, e, key, end))
		return NULL;
	found = e->catchall ? p->live.catchall
			    : store_exact(p, &p->live, key, end, group_of(p, &s->desc, key, end, false));
	return found && !elem_expired(p, found, set_now(p)) ? found : NULL;
}

int txn_elem_del(struct txn *x, struct ir_set *s, const struct set_elem *from)
{
	int err = fixed(s) ? -EBUSY : own(x, s);
	struct elem *e = err ? NULL : find_given(s, from);

	if (err)
		return err;
	x->counts |= e != NULL;
	return e ? remove_elem(s, e) : -ENOENT;
}

static bool flush_one(void *ctx, struct elem *e)
{
	struct ir_set *s = ctx;

	verdict_count(s, e, -1);
	into_limbo(s, e);
	return false;
}

int txn_set_flush(struct txn *x, struct ir_set *s)
{
	struct set_impl *p = s->impl;
	int err = fixed(s) ? -EBUSY : own(x, s);

	if (err)
		return err;
	if (!limbo_ready(p))
		return -ENOMEM;
	x->counts |= p->live.n || p->live.catchall;
	store_filter(p, &p->live, flush_one, s);
	if (p->live.catchall)
		return remove_elem(s, p->live.catchall);
	count(s);
	return 0;
}

int txn_elem_reset(struct txn *x, struct ir_set *s, const struct set_elem *from)
{
	int err = own(x, s);
	struct elem *e = err ? NULL : find_given(s, from);

	if (err)
		return err;
	return e ? later(s->impl, (struct set_later){ .e = e, .reset = true }) : -ENOENT;
}

/* ---- statements of a rule's ---- */

static void free_exprs(struct ir_stmt *const *expr, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		ir_stmt_free(expr[i]);
}

static bool same_functions(struct ir_stmt *const *a, unsigned n_a, struct ir_stmt *const *b, unsigned n_b)
{
	if (n_a != n_b)
		return false;
	for (unsigned i = 0; i < n_a; i++)
		if (a[i]->test.fn != b[i]->test.fn)
			return false;
	return true;
}

static int check_adopt(const struct ir_set *s, struct ir_stmt *const *expr, unsigned n)
{
	struct set_desc d = { .n_exprs = n };
	int err;

	memcpy(d.expr, expr, MIN(n, SET_EXPRS_MAX) * sizeof(d.expr[0]));
	err = set_check_exprs(&d);
	if (err)
		return err;
	if (s->desc.n_exprs && !s->adopted)
		return -EOPNOTSUPP;
	return s->impl->n_states && !same_functions(s->desc.expr, s->desc.n_exprs, expr, n) ? -EBUSY : 0;
}

static void put_exprs(struct ir_set *s, struct ir_stmt *const *expr, unsigned n)
{
	bool same = same_functions(s->desc.expr, s->desc.n_exprs, expr, n);

	s->desc.n_exprs = n;
	memcpy(s->desc.expr, expr, n * sizeof(expr[0]));
	if (!same)
		set_lay_states(s);	/* it was good once */
	s->adopted = n;
}

int txn_set_adopt(struct txn *x, struct ir_set *s, struct ir_stmt *const *expr, unsigned n)
{
	struct ir_stmt *before[SET_EXPRS_MAX];
	struct set_impl *p = s->impl;
	unsigned n_before = s->desc.n_exprs;
	int err = own(x, s);

	if (!err)
		err = check_adopt(s, expr, n);
	if (err) {
		free_exprs(expr, n);
		return err;
	}
	memcpy(before, s->desc.expr, sizeof(before));
	put_exprs(s, expr, n);
	if (p->adopting) {
		free_exprs(before, n_before);
		return 0;
	}
	memcpy(p->was, before, sizeof(before));
	p->n_was = n_before;
	p->adopting = true;
	return 0;
}

static bool without_states(void *ctx, struct elem *e)
{
	struct ir_set *s = ctx;

	if (!(e->flags & ELEM_STATES))
		return true;
	verdict_count(s, e, -1);
	elem_free(s, e);
	return false;
}

static void adopt_abort(struct ir_set *s)
{
	struct set_impl *p = s->impl;
	struct ir_stmt *now[SET_EXPRS_MAX];
	unsigned n = s->desc.n_exprs;

	if (!p->adopting)
		return;
	memcpy(now, s->desc.expr, n * sizeof(now[0]));
	if (!same_functions(p->was, p->n_was, now, n))	/* packets may have been quick */
		store_filter(p, &p->live, without_states, s);
	put_exprs(s, p->was, p->n_was);
	free_exprs(now, n);
	p->adopting = false;
}

/* ---- the end of a transaction ---- */

static void do_later(struct ir_set *s, const struct set_later *l)
{
	for (unsigned i = 0; l->reset && (l->e->flags & ELEM_STATES) && i < s->desc.n_exprs; i++) {
		const struct ir_stmt *x = s->desc.expr[i];

		if (x->test.fn->state_reset)
			x->test.fn->state_reset(elem_state(s->impl, l->e, i), x->test.data);
	}
	if (!l->reset)
		*elem_time(s->impl, l->e) = l->time;
}

static bool limbo_free(void *ctx, struct elem *e)
{
	elem_free(ctx, e);
	return false;
}

static void release(struct ir_set *s)
{
	struct set_impl *p = s->impl;

	p->owner = NULL;
	p->table = NULL;
	mem_free(p->later);
	p->later = NULL;
	p->n_later = p->n_added = 0;
	store_free(&p->limbo);
	targets_sweep(p);
	count(s);
}

void set_commit(struct ir_set *s)
{
	struct set_impl *p = s->impl;

	for (unsigned i = 0; i < p->n_later; i++)
		do_later(s, &p->later[i]);
	if (p->adopting)
		free_exprs(p->was, p->n_was);
	p->adopting = false;
	store_filter(p, &p->limbo, limbo_free, s);
	if (p->limbo.catchall)
		elem_free(s, p->limbo.catchall);
	release(s);
}

static bool keep_seen(void *ctx, struct elem *e)
{
	struct ir_set *s = ctx;

	if (!elem_pending(s->impl, e))
		return true;
	verdict_count(s, e, -1);
	elem_free(s, e);
	return false;
}

static bool limbo_back(void *ctx, struct elem *e)
{
	struct ir_set *s = ctx;

	if (elem_expired(s->impl, e, set_now(s->impl)))
		elem_free(s, e);
	else
		live_add(s, e);
	return false;
}

void set_abort(struct ir_set *s)
{
	struct set_impl *p = s->impl;

	if (p->n_added > SET_ADDED_MAX)
		store_filter(p, &p->live, keep_seen, s);
	while (p->n_added && p->n_added <= SET_ADDED_MAX) {
		struct elem *e = p->added[p->n_added - 1];

		live_take(s, e);
		elem_drop(s, e);
	}
	if (p->live.catchall && !keep_seen(s, p->live.catchall))
		p->live.catchall = NULL;
	store_filter(p, &p->limbo, limbo_back, s);
	if (p->limbo.catchall)
		limbo_back(s, p->limbo.catchall);
	adopt_abort(s);
	release(s);
}

/* ---- from the packet path ---- */

/* is there a way for a packet's element: one that is over makes room, one of an open transaction does not */
static bool dyn_clear(struct ir_set *s, const uint8_t *canon)
{
	struct set_impl *p = s->impl;
	struct elem *old = store_exact(p, &p->live, canon, canon, group_of(p, &s->desc, canon, canon, false));

	if (old && (elem_pending(p, old) || remove_elem(s, old)))
		return false;
	return p->live.n < (s->desc.size ? s->desc.size : SET_DYNAMIC_SIZE) && store_ready(p, &p->live);
}

static struct elem *dyn_new(struct ir_set *s, const uint8_t *key, const uint8_t *canon, const void *data,
			    uint64_t timeout_ms)
{
	struct set_elem from = { .key = key, .data = data, .timeout_ms = s->impl->at.time ? timeout_ms : 0 };
	struct elem *e = dyn_clear(s, canon) ? elem_alloc(s, false, s->desc.n_exprs) : NULL;

	if (!e)
		return NULL;
	if (fill(s, &from, e)) {
		elem_free(s, e);
		return NULL;
	}
	e->seq = s->impl->seq++;
	live_add(s, e);
	return e;
}

static void dyn_delete(struct ir_set *s, struct elem *e)
{
	struct set_impl *p = s->impl;
	const uint8_t *key = elem_key(p, e);

	if (store_exact(p, &p->live, key, key, e->mark) == e)
		live_take(s, e);
	else
		store_remove(p, &p->limbo, e);	/* an open transaction removed it already */
	elem_drop(s, e);
	count(s);
}

bool set_dynset(struct ir_set *s, enum set_op op, const uint8_t *key, const void *data, uint64_t timeout_ms,
		struct match_ctx *m)
{
	struct set_impl *p = s->impl;
	uint64_t now_ms = clock_ms(m->clock);
	uint8_t canon[SET_KEY_MAX];
	struct elem_time *t;
	struct elem *e;

	m->cacheable = false;
	p->clock = m->clock;
	set_expire(s, now_ms);
	set_canon(&s->desc, key, canon);
	e = set_find_seen(s, canon, now_ms);
	if (e && (e->flags & ELEM_CATCHALL))
		e = NULL;
	if (op == SET_OP_DELETE) {
		if (e)
			dyn_delete(s, e);
		return true;
	}
	if (!e) {
		e = dyn_new(s, key, canon, data, timeout_ms);
		return e && elem_run(s, e, m);
	}
	t = elem_time(p, e);
	if (op == SET_OP_UPDATE && t && t->expires_ms != UINT64_MAX) {
		t->timeout_ms = timeout_ms ? timeout_ms : s->desc.timeout_ms;
		t->expires_ms = now_ms + t->timeout_ms;
	}
	return elem_run(s, e, m);
}
