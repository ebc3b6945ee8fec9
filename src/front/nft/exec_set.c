/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/exec_set.c - sets, maps and their elements: adding, deleting, emptying.
 *
 * Where it stands: on the rule's way, beside exec.c.
 *
 * Theory of operation: elements of exact sets go to the transaction one by one. Intervals are looked at together first, as
 * the real tool does before it asks the kernel: what a command names must not overlap, unless the set merges; then
 * neighbours and what they touch in the set become one element.
 *
 * References: nft(8) SETS, ELEMENTS; nft 1.0.6's behaviour, recorded in tests/golden/nft.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "front/nft/exec.h"
#include "front/nft/lower.h"

bool nft_set_takes(enum nft_what what, const struct ir_set *s)
{
	bool anon = s->desc.flags & NFT_SET_ANONYMOUS, map = s->desc.data != SET_DATA_NONE;

	if (what == NFT_W_METER)
		return anon && (s->desc.flags & NFT_SET_EVAL);
	return !anon && map == (what == NFT_W_MAP);
}

/* the set that a command is about: NULL: refused, or not found by the tool itself */
static struct ir_set *set_of(struct nft_ctx *x, struct nft_cmd *cmd, struct table **t, bool by_tool)
{
	struct ir_set *is;

	*t = by_tool ? nft_table_asked(x, cmd) : nft_table_of(x, cmd);
	if (!*t)
		return NULL;
	is = cmd->h.name ? table_set(*t, cmd->h.name) : table_set_by_handle(*t, cmd->h.handle);
	if (!is && by_tool)
		nft_not_found(x, cmd, cmd->h.name ? &cmd->h.name_loc : &cmd->h.handle_loc);
	else if (!is)
		nft_refused(x, cmd, cmd->h.name ? &cmd->h.name_loc : &cmd->h.handle_loc, -ENOENT);
	return is;
}

/* ---- sets ---- */

static bool same_set(const struct set_desc *a, const struct ir_set *is, const struct nft_set *x, const struct nft_set *y)
{
	const struct set_desc *b = &is->desc;
	bool same = a->flags == b->flags && a->n_parts == b->n_parts && a->data == b->data && a->data_len == b->data_len &&
		    a->timeout_ms == b->timeout_ms && a->n_exprs == (is->adopted ? 0 : b->n_exprs);

	for (unsigned i = 0; same && i < a->n_parts; i++)
		same = a->part[i].len == b->part[i].len;
	return same && strcmp(x->key_type->name, y->key_type->name) == 0;
}

static void free_exprs(struct set_desc *d)
{
	for (unsigned i = 0; i < d->n_exprs; i++) {
		mem_free(d->expr[i]->test.data);
		mem_free(d->expr[i]);
	}
	d->n_exprs = 0;
}

static bool add_set(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct table *t = nft_table_asked(x, cmd);
	struct ir_set *is = t ? table_set(t, cmd->h.name) : NULL;
	struct set_form *form;
	struct set_desc d;
	bool same;

	if (!t || nft_lower_set(x, t, cmd->set, &d) < 0)
		return false;
	/* what is constant has no room for more */
	if (cmd->set->init && (d.flags & NFT_SET_CONSTANT) && !(d.flags & NFT_SET_INTERVAL))
		d.size = cmd->set->init->set.n;
	if (is) {
		same = same_set(&d, is, cmd->set, nft_set_of(is));
		free_exprs(&d);
		if (!same || cmd->op == NFT_C_CREATE)
			return nft_refused(x, cmd, &cmd->h.name_loc, -EEXIST);
		txn_count(x->txn);
	} else {
		form = nft_set_form_new(x, cmd->set);
		is = form ? txn_set_add(x->txn, t, &d, form) : NULL;
		if (!is)
			return nft_refused(x, cmd, NULL, form ? -errno : -ENOMEM);
	}
	return !cmd->set->init || nft_put_elems(x, cmd, t, is, cmd->set->init);
}

static bool delete_set(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct table *t;
	struct ir_set *is = set_of(x, cmd, &t, false);
	int err = is ? txn_set_del(x->txn, t, is) : 0;

	if (!is)
		return false;
	return !err || nft_refused(x, cmd, cmd->h.name ? &cmd->h.name_loc : &cmd->h.handle_loc, err);
}

static bool flush_set(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct table *t;
	struct ir_set *is = set_of(x, cmd, &t, true);
	int err;

	if (!is)
		return false;
	if (!nft_set_takes(cmd->what, is)) {
		nft_err(x, &cmd->h.name_loc, "%s", strerror(ENOENT));
		return false;
	}
	err = txn_set_flush(x->txn, is);
	return !err || nft_refused(x, cmd, NULL, err);
}

bool nft_exec_set(struct nft_ctx *x, struct nft_cmd *cmd)
{
	switch (cmd->op) {
	case NFT_C_ADD: case NFT_C_CREATE:
		return add_set(x, cmd);
	case NFT_C_FLUSH:
		return flush_set(x, cmd);
	default:
		return delete_set(x, cmd);
	}
}

/* ---- intervals of one part ---- */

#define SPAN_MAX 16

struct span {				/* as numbers in network order */
	uint8_t lo[SPAN_MAX], hi[SPAN_MAX];
	const struct nft_expr *e;	/* NULL: one that the set has already */
	unsigned n;			/* how many were merged to it */
};

struct spans {
	struct span *span;
	size_t n, cap;
	unsigned len;
	enum field_order order;
	bool no_memory;
};

static void turned(uint8_t *dst, const uint8_t *src, unsigned len, enum field_order order)
{
	for (unsigned i = 0; i < len; i++)
		dst[i] = order == FIELD_ORDER_HOST ? src[len - 1 - i] : src[i];
}

static void span_add(struct spans *s, const uint8_t *lo, const uint8_t *hi, const struct nft_expr *e)
{
	struct span *sp;

	if (s->n == s->cap) {
		size_t cap = 2 * s->cap + 64;

		sp = mem_realloc(s->span, cap * sizeof(*sp));
		if (!sp) {
			s->no_memory = true;
			return;
		}
		s->span = sp;
		s->cap = cap;
	}
	sp = &s->span[s->n++];
	memset(sp, 0, sizeof(*sp));
	turned(sp->lo, lo, s->len, s->order);
	turned(sp->hi, hi, s->len, s->order);
	sp->e = e;
	sp->n = 1;
}

static int span_compare(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	int c = memcmp(x->lo, y->lo, SPAN_MAX);

	if (!c)
		c = memcmp(y->hi, x->hi, SPAN_MAX);
	if (!c && x->e && y->e)
		c = x->e->loc.at != y->e->loc.at ? (x->e->loc.at < y->e->loc.at ? -1 : 1)
						   : (x->e->loc.col > y->e->loc.col) - (x->e->loc.col < y->e->loc.col);
	return c;
}

/* is @b the number behind @a */
static bool follows(const uint8_t *a, const uint8_t *b, unsigned len)
{
	uint8_t next[SPAN_MAX];
	unsigned i = len;

	memcpy(next, a, len);
	while (i-- > 0)
		if (++next[i])
			return memcmp(next, b, len) == 0;
	return false;
}

static bool is_plain_interval(const struct set_desc *d)
{
	return (d->flags & NFT_SET_INTERVAL) && d->n_parts == 1 && d->part[0].len <= SPAN_MAX;
}

static const struct nft_loc *elem_loc(const struct nft_expr *e)
{
	if (e->kind == NFT_X_MAPPING)
		return elem_loc(e->bin.l);
	if (e->kind == NFT_X_ELEM && e->elem.key)
		return elem_loc(e->elem.key);
	return &e->loc;
}

static bool maps(const struct nft_expr *e)
{
	return e->kind == NFT_X_MAPPING || (e->kind == NFT_X_ELEM && e->elem.key && maps(e->elem.key));
}

static bool collect(struct nft_ctx *x, struct table *t, const struct ir_set *is, const struct nft_expr *elems,
		    struct spans *s)
{
	uint8_t buf[NFT_ELEM_BYTES] __attribute__((aligned(16)));
	const struct nft_expr *el;
	struct set_elem e;

	list_for_each(el, &elems->set.list, node) {
		if (nft_elem_fill(x, t, nft_set_of(is), &is->desc, el, &e, buf) < 0)
			return false;
		if (!e.catchall)
			span_add(s, e.key, e.key_end ? e.key_end : e.key, el);
	}
	x->oom |= s->no_memory;
	return !s->no_memory;
}

/* nothing that the command names overlaps, but for the same thing twice */
static bool no_conflicts(struct nft_ctx *x, struct spans *s)
{
	const struct span *last = NULL;

	qsort(s->span, s->n, sizeof(*s->span), span_compare);
	for (size_t i = 0; i < s->n; i++) {
		const struct span *sp = &s->span[i];

		if (last && memcmp(last->hi, sp->lo, s->len) >= 0 &&
		    (memcmp(last->lo, sp->lo, s->len) != 0 || memcmp(last->hi, sp->hi, s->len) != 0)) {
			nft_err_two(x, elem_loc(sp->e), elem_loc(last->e), "conflicting intervals specified");
			return false;
		}
		last = sp;
	}
	return true;
}

static int span_of_elem(void *ctx, const struct set_elem *e)
{
	struct spans *s = ctx;

	if (!e->catchall)
		span_add(s, e->key, e->key_end ? e->key_end : e->key, NULL);
	return s->no_memory;
}

static int change_span(struct nft_ctx *x, struct ir_set *is, const struct spans *s, const struct span *sp, bool add)
{
	uint8_t lo[IR_VAL_MAX] = { 0 }, hi[IR_VAL_MAX] = { 0 };
	struct set_elem e = { .key = lo };

	turned(lo, sp->lo, s->len, s->order);
	turned(hi, sp->hi, s->len, s->order);
	if (memcmp(lo, hi, s->len) != 0)
		e.key_end = hi;
	return add ? txn_elem_add(x->txn, is, &e, false) : txn_elem_del(x->txn, is, &e);
}

/* the elements from @i to @end overlap or touch: one takes their place */
static int merge_group(struct nft_ctx *x, struct ir_set *is, const struct spans *s, size_t i, size_t end, const uint8_t *hi)
{
	struct span all = s->span[i];
	int err = 0;

	if (end - i == 1 && !all.e)
		return 0;
	memcpy(all.hi, hi, sizeof(all.hi));
	for (size_t k = i; k < end && !err; k++)
		if (!s->span[k].e)
			err = change_span(x, is, s, &s->span[k], false);
	return err ? err : change_span(x, is, s, &all, true);
}

static bool put_merged(struct nft_ctx *x, struct nft_cmd *cmd, struct ir_set *is, struct spans *s)
{
	uint8_t hi[SPAN_MAX];
	size_t i, k;
	int err = 0;

	set_each(is, span_of_elem, s);
	if (s->no_memory)
		return nft_refused(x, cmd, NULL, -ENOMEM);
	qsort(s->span, s->n, sizeof(*s->span), span_compare);
	for (i = 0; i < s->n && !err; i = k) {
		memcpy(hi, s->span[i].hi, sizeof(hi));
		for (k = i + 1; k < s->n; k++) {
			if (memcmp(s->span[k].lo, hi, s->len) > 0 && !follows(hi, s->span[k].lo, s->len))
				break;
			if (memcmp(s->span[k].hi, hi, s->len) > 0)
				memcpy(hi, s->span[k].hi, sizeof(hi));
		}
		err = merge_group(x, is, s, i, k, hi);
	}
	return !err || nft_refused(x, cmd, NULL, err);
}

/* ---- elements ---- */

/* an interval that the set has exactly so is only in the way of `create` */
struct exact { const struct set_elem *e; unsigned len; };

static int is_exact(void *ctx, const struct set_elem *have)
{
	const struct exact *x = ctx;

	return memcmp(have->key, x->e->key, x->len) == 0 &&
	       memcmp(have->key_end ? have->key_end : have->key, x->e->key_end ? x->e->key_end : x->e->key, x->len) == 0;
}

static bool refuse_elem(struct nft_ctx *x, struct nft_cmd *cmd, struct ir_set *is, const struct set_elem *e,
			const struct nft_expr *el, int err)
{
	struct exact same = { e, is->desc.part[0].len };

	if (err != -EEXIST || !is_plain_interval(&is->desc) || e->catchall)
		return nft_refused(x, cmd, elem_loc(el), err);
	if ((cmd->op == NFT_C_CREATE || is->desc.data != SET_DATA_NONE) && set_find_elem(is, e->key, is_exact, &same) == 1)
		return nft_refused(x, cmd, elem_loc(el), err);
	nft_err(x, elem_loc(el), "interval overlaps with an existing one");
	return false;
}

static bool put_one(struct nft_ctx *x, struct nft_cmd *cmd, struct table *t, struct ir_set *is, const struct nft_expr *el)
{
	uint8_t buf[NFT_ELEM_BYTES] __attribute__((aligned(16)));
	struct set_elem e;
	int err = nft_elem_fill(x, t, nft_set_of(is), &is->desc, el, &e, buf);

	if (err)
		return false;
	if (is->desc.data == SET_DATA_VERDICT && !maps(el))
		return nft_refused(x, cmd, elem_loc(el), -EINVAL);
	err = txn_elem_add(x->txn, is, &e, cmd->op == NFT_C_CREATE);
	return !err || refuse_elem(x, cmd, is, &e, el, err);
}

bool nft_put_elems(struct nft_ctx *x, struct nft_cmd *cmd, struct table *t, struct ir_set *is, const struct nft_expr *elems)
{
	struct spans s = { .len = is->desc.part[0].len, .order = is->desc.part[0].order };
	const struct nft_expr *el;
	bool ok = true;

	if (elems->kind != NFT_X_SET)
		return nft_refused(x, cmd, &elems->loc, -EINVAL);
	if (is_plain_interval(&is->desc)) {
		ok = collect(x, t, is, elems, &s);
		if (ok && nft_set_of(is)->auto_merge) {
			ok = put_merged(x, cmd, is, &s);
			mem_free(s.span);
			return ok;
		}
		ok = ok && no_conflicts(x, &s);
		mem_free(s.span);
	}
	if (!ok)
		return false;
	list_for_each(el, &elems->set.list, node)
		if (!put_one(x, cmd, t, is, el))
			return false;		/* the kernel stops there, too */
	return true;
}

static bool delete_elems(struct nft_ctx *x, struct nft_cmd *cmd, struct table *t, struct ir_set *is)
{
	uint8_t buf[NFT_ELEM_BYTES] __attribute__((aligned(16)));
	const struct nft_expr *el;
	struct set_elem e;
	int err;

	list_for_each(el, &cmd->elems->set.list, node) {
		if (nft_elem_fill(x, t, nft_set_of(is), &is->desc, el, &e, buf) < 0)
			return false;
		err = txn_elem_del(x->txn, is, &e);
		if (!err)
			continue;
		if (err != -ENOENT || !is_plain_interval(&is->desc))
			return nft_refused(x, cmd, elem_loc(el), err);
		nft_err(x, elem_loc(el), "element does not exist");
		return false;
	}
	return true;
}

bool nft_exec_elems(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct table *t;
	struct ir_set *is = set_of(x, cmd, &t, true);

	if (!is)
		return false;
	if (cmd->op == NFT_C_DELETE || cmd->op == NFT_C_DESTROY)
		return delete_elems(x, cmd, t, is);
	return nft_put_elems(x, cmd, t, is, cmd->elems);
}
