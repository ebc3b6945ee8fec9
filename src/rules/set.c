/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/set.c - sets: what an element is made of, how it is looked up for a packet, and how sets are listed.
 *
 * Where it stands: vm.c looks up here; set_change.c changes; set_store.c finds keys.
 *
 * Theory of operation: elements of a set have one size, found when the set is made: only what such a set can hold has
 * room in them. They come from a pool; one with a comment is allocated by itself. A verdict is a pointer to the set's one
 * entry for it (struct set_target), whose chain is bound at commit, so that neither a commit nor a check walks elements.
 *
 * Invariants
 *  1. An element's states are initialised as long as it exists.
 *  2. Whoever lists sees keys in the order of the fields, never the canonical form.
 *
 * References: rules/set.h, rules/set_impl.h; nft_lookup.c of the kernel, for what a lookup runs.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/object.h"
#include "rules/program.h"
#include "rules/set_impl.h"
#include "rules/txn.h"

/* ---- elements ---- */

static unsigned room(unsigned *at, unsigned size, unsigned align)
{
	unsigned here = (*at + align - 1) & ~(align - 1);

	*at = here + size;
	return here;
}

static int layout(struct set_impl *p, const struct set_desc *d)
{
	unsigned at = offsetof(struct elem, body), klen = 0;

	for (unsigned i = 0; i < d->n_parts; i++) {
		if (!d->part[i].len)
			return -EINVAL;
		p->swap |= d->part[i].order == FIELD_ORDER_HOST && d->part[i].len > 1 && d->part[i].len <= 8;
		klen += (d->part[i].len + 3) & ~3u;
	}
	if (!klen || klen > SET_KEY_MAX)
		return -EINVAL;
	p->at.klen = klen;
	if (d->flags & NFT_SET_TIMEOUT)
		p->at.time = room(&at, sizeof(struct elem_time), 8);
	if (d->data == SET_DATA_VERDICT || d->data == SET_DATA_OBJECT)
		p->at.ptr = room(&at, sizeof(void *), 8);
	p->at.key = room(&at, klen, 4);
	if (d->flags & NFT_SET_INTERVAL)
		p->at.end = room(&at, klen, 4);
	if (d->data == SET_DATA_VALUE)
		p->at.data = room(&at, d->data_len * (d->data_interval ? 2 : 1), 4);
	p->at.plain = at;
	p->at.comment = room(&at, 0, 8);
	return 0;
}

int set_lay_states(struct ir_set *s)
{
	struct set_impl *p = s->impl;
	unsigned at = p->at.comment + sizeof(char *);

	s->needs_ct = s->needs_defrag = false;
	for (unsigned i = 0; i < s->desc.n_exprs; i++) {
		const struct ir_fn *fn = s->desc.expr[i]->test.fn;

		if (fn->state_size > UINT16_MAX / 4)
			return -EOPNOTSUPP;
		p->at.state[i] = room(&at, fn->state_size, 16);
		s->needs_ct |= fn->needs_ct;
		s->needs_defrag |= fn->needs_defrag;
	}
	p->at.size = at;
	mem_pool_destroy(&p->pool[1]);
	mem_pool_init(&p->pool[1], p->at.size, 0);
	return 0;
}

static void states_init(struct ir_set *s, struct elem *e)
{
	const struct set_desc *d = &s->desc;

	for (unsigned i = 0; i < d->n_exprs; i++) {
		const struct ir_fn *fn = d->expr[i]->test.fn;
		void *state = elem_state(s->impl, e, i);

		memset(state, 0, fn->state_size);
		if (fn->state_init)
			fn->state_init(state, d->expr[i]->test.data);
	}
}

struct elem *elem_alloc(struct ir_set *s, bool comment, bool states)
{
	struct set_impl *p = s->impl;
	unsigned size = states ? p->at.size : p->at.plain;
	struct elem *e = comment ? mem_alloc(MAX(size, p->at.comment + sizeof(char *))) : mem_pool_get(&p->pool[states]);

	if (!e)
		return NULL;
	memset(e, 0, size);
	e->flags = (comment ? ELEM_COMMENT : 0) | (states ? ELEM_STATES : 0);
	if (comment)
		*elem_comment(p, e) = NULL;
	p->n_states += states;
	if (states)
		states_init(s, e);
	return e;
}

void elem_free(struct ir_set *s, struct elem *e)
{
	struct set_impl *p = s->impl;
	bool states = e->flags & ELEM_STATES;

	for (unsigned i = 0; states && i < s->desc.n_exprs; i++)
		if (s->desc.expr[i]->test.fn->state_free)
			s->desc.expr[i]->test.fn->state_free(elem_state(p, e, i));
	p->n_states -= states;
	if (s->desc.data == SET_DATA_OBJECT)
		ir_object_put(*elem_ptr(p, e));
	if (!(e->flags & ELEM_COMMENT)) {
		mem_pool_put(&p->pool[states], e);
		return;
	}
	mem_free(*elem_comment(p, e));
	mem_free(e);
}

/* ---- sets ---- */

int set_check_exprs(const struct set_desc *d)
{
	if (d->n_exprs > SET_EXPRS_MAX)
		return -E2BIG;
	for (unsigned i = 0; i < d->n_exprs; i++)
		if (d->expr[i]->kind != IR_TEST || d->expr[i]->test.neg || d->expr[i]->test.fn->bind)
			return -EOPNOTSUPP;
	return 0;
}

/* what nf_tables_newset() refuses */
static int check_desc(const struct set_desc *d)
{
	uint32_t f = d->flags;

	if (!d->n_parts || d->n_parts > SET_PARTS_MAX)
		return -EINVAL;
	if ((d->timeout_ms || d->gc_interval_ms) && !(f & NFT_SET_TIMEOUT))
		return -EINVAL;
	if ((d->data == SET_DATA_VALUE && (!d->data_len || d->data_len > IR_VAL_MAX / (d->data_interval ? 2 : 1))))
		return -EINVAL;
	if ((f & NFT_SET_EVAL) && d->data == SET_DATA_OBJECT)
		return -EOPNOTSUPP;
	if ((f & NFT_SET_CONSTANT) && (f & (NFT_SET_TIMEOUT | NFT_SET_EVAL)) && !(f & NFT_SET_ANONYMOUS))
		return -EOPNOTSUPP;
	return set_check_exprs(d);
}

static struct set_impl *impl_new(struct ir_set *s)
{
	struct set_impl *p = mem_zalloc(sizeof(*p));

	if (!p)
		return NULL;
	p->desc = &s->desc;
	if (layout(p, &s->desc)) {
		mem_free(p);
		errno = EINVAL;
		return NULL;
	}
	p->ranges = s->desc.n_parts > 1 && (s->desc.flags & NFT_SET_INTERVAL);
	p->tree = s->desc.n_parts == 1 && (s->desc.flags & NFT_SET_INTERVAL);
	p->ordered = p->ranges && (s->desc.data != SET_DATA_NONE || s->desc.n_exprs);
	mem_pool_init(&p->pool[0], p->at.plain, 0);
	p->prio = 0x9e3779b9;
	return p;
}

/* not a set that the kernel keeps in a structure made for its size: a size that a rule gives it later changes nothing */
static bool may_take_packets(const struct set_desc *d)
{
	bool small = d->n_parts == 1 && d->part[0].len <= 2 && d->data == SET_DATA_NONE;

	if ((d->flags & NFT_SET_INTERVAL) || d->data > SET_DATA_VALUE)
		return false;
	return (d->flags & (NFT_SET_EVAL | NFT_SET_TIMEOUT)) || (!d->size && !small);
}

struct ir_set *set_new(const struct ruleset *rs, const struct set_desc *d)
{
	struct ir_set *s;
	int err = check_desc(d);

	if (err) {
		errno = -err;
		return NULL;
	}
	errno = ENOMEM;
	s = mem_zalloc(sizeof(*s));
	if (!s)
		return NULL;
	s->refs = 1;
	s->desc = *d;
	s->takes_packets = may_take_packets(d);
	s->impl = impl_new(s);
	if (!s->impl) {
		mem_free(s);
		return NULL;
	}
	s->impl->clock = rs->clock;
	if (rs->rng)
		rng_fill(rs->rng, &s->impl->key, sizeof(s->impl->key));
	err = set_lay_states(s);
	if (!err)
		return s;
	mem_free(s->impl);
	mem_free(s);
	errno = -err;
	return NULL;
}

bool set_same(const struct ir_set *s, const struct set_desc *d)
{
	const struct set_desc *o = &s->desc;
	bool same = o->flags == d->flags && o->n_parts == d->n_parts && o->data == d->data && (s->adopted ? 0 : o->n_exprs) == d->n_exprs &&
		    o->size == d->size && o->timeout_ms == d->timeout_ms && o->gc_interval_ms == d->gc_interval_ms &&
		    o->policy == d->policy && o->data_len == d->data_len && o->data_interval == d->data_interval &&
		    o->object_type == d->object_type;

	for (unsigned i = 0; same && i < d->n_parts; i++)
		same = o->part[i].len == d->part[i].len && o->part[i].order == d->part[i].order;
	for (unsigned i = 0; same && i < d->n_exprs; i++)
		same = o->expr[i]->test.fn == d->expr[i]->test.fn;
	return same;
}

struct ir_set *ir_set_get(struct ir_set *s)
{
	s->refs++;
	return s;
}

static bool free_elem(void *ctx, struct elem *e)
{
	elem_free(ctx, e);
	return false;
}

static void impl_free(struct ir_set *s)
{
	struct set_impl *p = s->impl;
	struct set_store *st[] = { &p->live, &p->limbo };

	for (unsigned i = 0; i < ARRAY_LEN(st); i++) {
		store_filter(p, st[i], free_elem, s);
		if (st[i]->catchall)
			elem_free(s, st[i]->catchall);
		store_free(st[i]);
	}
	for (unsigned i = 0; i < p->n_target_slots; i++) {
		for (struct set_target *t = p->target[i], *next; t; t = next) {
			next = t->next;
			mem_free(t->name);
			mem_free(t);
		}
	}
	mem_free(p->target);
	mem_free(p->group);
	mem_free(p->group_slot);
	mem_free(p->later);
	mem_pool_destroy(&p->pool[0]);
	mem_pool_destroy(&p->pool[1]);
	mem_free(p);
}

void ir_set_put(struct ir_set *s)
{
	if (!s || --s->refs)
		return;
	impl_free(s);
	for (unsigned i = 0; i < s->desc.n_exprs; i++)
		ir_stmt_free(s->desc.expr[i]);
	if (s->form)
		s->form->ops->free(s->form);
	mem_free(s);
}

struct ir_set *table_set(const struct table *t, const char *name)
{
	for (unsigned i = 0; i < t->n_sets; i++)
		if (strcmp(t->sets[i]->desc.name, name) == 0)
			return t->sets[i];
	return NULL;
}

struct ir_set *table_set_by_handle(const struct table *t, uint64_t handle)
{
	for (unsigned i = 0; i < t->n_sets; i++)
		if (t->sets[i]->handle == handle)
			return t->sets[i];
	return NULL;
}

/* ---- lookups ---- */

bool set_has_catchall(const struct ir_set *s)
{
	return s->impl->live.catchall;
}

bool set_takes_packets(const struct ir_set *s)
{
	return s->takes_packets;
}

unsigned set_key_len(const struct ir_set *s)
{
	return s->impl->at.klen;
}

static struct elem *catchall_seen(const struct set_impl *p, uint64_t now_ms)
{
	struct elem *e = p->live.catchall;

	if (e && !elem_pending(p, e) && !elem_expired(p, e, now_ms))
		return e;
	e = p->limbo.catchall;
	return e && !elem_expired(p, e, now_ms) ? e : NULL;
}

struct elem *set_find_seen(const struct ir_set *s, const uint8_t *key, uint64_t now_ms)
{
	const struct set_impl *p = s->impl;
	struct elem *e = store_find(p, &p->live, key, now_ms, true), *o;

	if (unlikely(p->limbo.n) && (!e || p->ordered)) {
		o = store_find(p, &p->limbo, key, now_ms, true);
		e = !e || (o && o->seq < e->seq) ? o : e;
	}
	return e ? e : catchall_seen(p, now_ms);
}

static struct elem *find_key(const struct ir_set *s, const uint8_t *key, uint64_t now_ms)
{
	uint8_t canon[SET_KEY_MAX];

	if (!s->impl->swap)
		return set_find_seen(s, key, now_ms);
	set_canon(&s->desc, key, canon);
	return set_find_seen(s, canon, now_ms);
}

bool elem_run(struct ir_set *s, struct elem *e, struct match_ctx *m)
{
	for (unsigned i = 0; (e->flags & ELEM_STATES) && i < s->desc.n_exprs; i++) {
		const struct ir_stmt *x = s->desc.expr[i];

		if (!x->test.fn->cacheable)
			m->cacheable = false;
		if (!x->test.fn->eval(m, x->test.data, elem_state(s->impl, e, i)) || m->hotdrop)
			return false;
	}
	return true;
}

bool set_contains(const struct ir_set *s, const uint8_t *key, uint64_t now_ms)
{
	return find_key(s, key, now_ms);
}

/* elements with a timeout go without anybody's doing */
static struct elem *look(struct ir_set *s, const uint8_t *key, struct match_ctx *m)
{
	if (s->desc.flags & (NFT_SET_TIMEOUT | NFT_SET_EVAL))
		m->cacheable = false;
	return find_key(s, key, clock_ms(m->clock));
}

bool set_lookup(struct ir_set *s, const uint8_t *key, struct match_ctx *m)
{
	struct elem *e = look(s, key, m);

	return e && elem_run(s, e, m);
}

const void *set_lookup_data(struct ir_set *s, const uint8_t *key, struct match_ctx *m)
{
	struct elem *e = look(s, key, m);

	if (!e || !elem_run(s, e, m))
		return NULL;
	switch (s->desc.data) {
	case SET_DATA_VALUE:
		return (const uint8_t *)e + s->impl->at.data;
	case SET_DATA_VERDICT:
		return &((struct set_target *)*elem_ptr(s->impl, e))->bound;
	case SET_DATA_OBJECT:
		return *elem_ptr(s->impl, e);
	default:
		return NULL;
	}
}

/* ---- listing ---- */

static void list_times(const struct set_impl *p, const struct elem *e, struct set_elem *out)
{
	const struct elem_time *t = elem_time(p, e);
	uint64_t now = set_now(p);

	if (!t)
		return;
	out->timeout_ms = e->flags & ELEM_NO_TIMEOUT ? UINT64_MAX : t->timeout_ms;
	out->expires_ms = t->expires_ms == UINT64_MAX ? 0 : t->expires_ms > now ? t->expires_ms - now : 0;
}

static void list_data(const struct ir_set *s, const struct elem *e, struct set_elem *out)
{
	const struct set_target *t;

	switch (s->desc.data) {
	case SET_DATA_VALUE:
		out->data = (const uint8_t *)e + s->impl->at.data;
		out->data_end = s->desc.data_interval ? out->data + s->desc.data_len : NULL;
		break;
	case SET_DATA_VERDICT:
		t = *elem_ptr(s->impl, e);
		out->verdict = (struct set_verdict){ t->bound.v, t->name };
		break;
	case SET_DATA_OBJECT:
		out->object = *elem_ptr(s->impl, e);
		break;
	case SET_DATA_NONE:
		break;
	}
}

void elem_list(const struct ir_set *s, const struct elem *e, struct set_elem *out, uint8_t *key, uint8_t *end,
	       void **state)
{
	const struct set_impl *p = s->impl;

	*out = (struct set_elem){ .catchall = e->flags & ELEM_CATCHALL, .open_end = e->flags & ELEM_OPEN_END };
	set_canon(&s->desc, elem_key(p, e), key);	/* its own inverse */
	set_canon(&s->desc, elem_end(p, e), end);
	if (!out->catchall)
		out->key = key;
	if (e->flags & ELEM_RANGE)
		out->key_end = end;
	list_times(p, e, out);
	list_data(s, e, out);
	if (e->flags & ELEM_COMMENT)
		out->comment = *elem_comment(p, e);
	for (unsigned i = 0; (e->flags & ELEM_STATES) && i < s->desc.n_exprs; i++)
		state[i] = elem_state(p, e, i);
	if (e->flags & ELEM_STATES)
		out->state = state;
}

static int list_one(const struct ir_set *s, const struct elem *e, int (*fn)(void *ctx, const struct set_elem *e),
		    void *ctx)
{
	uint8_t key[SET_KEY_MAX], end[SET_KEY_MAX];
	void *state[SET_EXPRS_MAX];
	struct set_elem out;

	elem_list(s, e, &out, key, end, state);
	return fn(ctx, &out);
}

struct gather {
	const struct ir_set *s;
	uint64_t now_ms;
	struct elem **v;
	unsigned n;
};

static int gather(void *ctx, struct elem *e)
{
	struct gather *g = ctx;

	if (!elem_expired(g->s->impl, e, g->now_ms))
		g->v[g->n++] = e;
	return 0;
}

/* two keys as nft reads them: concatenations, and long parts in the host's order, with the last byte counting most */
static int backwards(const struct ir_set *s, const struct elem *x, const struct elem *y)
{
	uint8_t a[SET_KEY_MAX], b[SET_KEY_MAX];

	set_canon(&s->desc, elem_key(s->impl, x), a);
	set_canon(&s->desc, elem_key(s->impl, y), b);
	for (unsigned i = s->impl->at.klen; i-- > 0;)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

static int by_key(const void *a, const void *b, void *ctx)
{
	const struct ir_set *s = ctx;
	const struct elem *x = *(struct elem *const *)a, *y = *(struct elem *const *)b;

	if (s->impl->ranges)
		return x->seq < y->seq ? -1 : x->seq > y->seq;
	if (s->desc.n_parts > 1 || (s->desc.part[0].order == FIELD_ORDER_HOST && s->desc.part[0].len > 8))
		return backwards(s, x, y);
	return memcmp(elem_key(s->impl, x), elem_key(s->impl, y), s->impl->at.klen);
}

static int pending_only(void *ctx, struct elem *e)
{
	struct gather *g = ctx;

	return elem_pending(g->s->impl, e) ? gather(ctx, e) : 0;
}

static int before_only(void *ctx, struct elem *e)
{
	struct gather *g = ctx;

	return elem_pending(g->s->impl, e) ? 0 : gather(ctx, e);
}

/* those elements of @from that @take gathers, in order of listing */
static int each_of(const struct ir_set *s, const struct set_store *from, int (*take)(void *ctx, struct elem *e),
		   int (*fn)(void *ctx, const struct set_elem *e), void *ctx)
{
	const struct set_impl *p = s->impl;
	struct gather g = { .s = s, .now_ms = set_now(p) };
	int r = 0;

	g.v = mem_alloc((from->n + 1) * sizeof(struct elem *));
	if (!g.v)
		return -ENOMEM;
	store_each(p, from, take, &g);
	if (!p->tree)
		qsort_r(g.v, g.n, sizeof(g.v[0]), by_key, (void *)s);
	if (from->catchall)
		take(&g, from->catchall);
	for (unsigned i = 0; i < g.n && !r; i++)
		r = list_one(s, g.v[i], fn, ctx);
	mem_free(g.v);
	return r;
}

int set_each(const struct ir_set *s, int (*fn)(void *ctx, const struct set_elem *e), void *ctx)
{
	return each_of(s, &s->impl->live, gather, fn, ctx);
}

int set_each_added(const struct ir_set *s, int (*fn)(void *ctx, const struct set_elem *e), void *ctx)
{
	return each_of(s, &s->impl->live, pending_only, fn, ctx);
}

int set_each_removed(const struct ir_set *s, int (*fn)(void *ctx, const struct set_elem *e), void *ctx)
{
	return each_of(s, &s->impl->limbo, before_only, fn, ctx);
}

int set_find_elem(const struct ir_set *s, const uint8_t *key, int (*fn)(void *ctx, const struct set_elem *e), void *ctx)
{
	const struct set_impl *p = s->impl;
	uint8_t canon[SET_KEY_MAX];
	struct elem *e = NULL;

	if (key) {
		set_canon(&s->desc, key, canon);
		e = store_find(p, &p->live, canon, set_now(p), false);
	} else if (p->live.catchall && !elem_expired(p, p->live.catchall, set_now(p))) {
		e = p->live.catchall;
	}
	return e ? list_one(s, e, fn, ctx) : -ENOENT;
}
