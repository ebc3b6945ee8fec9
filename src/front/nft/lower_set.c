/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/lower_set.c - nft's sets, maps and their elements as the engine takes them, and back as they are listed.
 *
 * Where it stands: on the rule's way; exec.c makes named sets with it, lower_expr.c the anonymous ones.
 *
 * Theory of operation: a set keeps the parts of its keys in the order of the fields that are looked up, which the
 * types say; where a type is only "integer" the expression says it (typeof, or what an anonymous set is compared
 * with). Prefixes, ranges and wildcards are all intervals. Listing goes the other way: an interval that is a prefix of an
 * address is written as one.
 *
 * Invariants
 *  1. What nft_elem_fill() made, nft_elem_of() turns into an expression that prints the same.
 *
 * References: rules/set.h; nft(8) SETS, MAPS.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "front/nft/lower.h"
#include "front/nft/state.h"

/* ---- orders ---- */

static enum field_order order_of_field(unsigned f)
{
	return f < FIELD_MAX ? fields[f].order : FIELD_ORDER_NET;
}

static enum field_order order_of_expr(struct lower *l, const struct nft_expr *e)
{
	switch (e->kind) {
	case NFT_X_META:
		return order_of_field(lower_meta_field(e->key));
	case NFT_X_CT:
		return order_of_field(lower_ct_field(e->ct.key, e->ct.dir));
	case NFT_X_BINOP:
		return order_of_expr(l, e->bin.l);
	case NFT_X_ELEM:
		return order_of_expr(l, e->elem.key);
	case NFT_X_NUMGEN: case NFT_X_HASH: case NFT_X_FIB: case NFT_X_SOCKET: case NFT_X_RT:
		return FIELD_ORDER_HOST;
	default:
		return FIELD_ORDER_NET;
	}
}

enum field_order lower_order(struct lower *l, const struct nft_type *t, const struct nft_expr *like)
{
	if (t && t->order != NFT_ORDER_ANY)
		return t->order == NFT_ORDER_HOST ? FIELD_ORDER_HOST : FIELD_ORDER_NET;
	return like ? order_of_expr(l, like) : FIELD_ORDER_NET;
}

/* ---- descriptions ---- */

static const struct nft_expr *nth(const struct nft_expr *e, unsigned n)
{
	const struct nft_expr *p;

	if (e && e->kind == NFT_X_ELEM)
		e = e->elem.key;
	if (!e || e->kind != NFT_X_CONCAT)
		return n ? NULL : e;
	list_for_each(p, &e->list.list, node)
		if (!n--)
			return p;
	return NULL;
}

static unsigned part_bits(const struct nft_type *t, const struct nft_expr *like, uint32_t all)
{
	return t->bits ? t->bits : like && like->len_bits ? like->len_bits : all;
}

static void put_parts(struct lower *l, const struct nft_set *s, const struct nft_expr *key, struct set_desc *d)
{
	const struct nft_type *t = s->key_type;

	d->n_parts = t->n_parts ? t->n_parts : 1;
	for (unsigned i = 0; i < d->n_parts; i++) {
		const struct nft_type *p = t->n_parts ? t->part[i] : t;
		const struct nft_expr *like = nth(key, i);

		d->part[i].len = (uint16_t)lower_bytes(part_bits(p, like, s->key_bits));
		d->part[i].order = (uint8_t)lower_order(l, p, like);
	}
}

static unsigned data_len(const struct nft_set *s)
{
	const struct nft_type *t = s->data_type;
	unsigned n = 0;

	if (!t->n_parts)
		return lower_bytes(part_bits(t, s->data, s->data_bits));
	for (unsigned i = 0; i < t->n_parts; i++)
		n += lower_padded(lower_bytes(part_bits(t->part[i], nth(s->data, i), 0)));
	return n;
}

static void put_data(struct lower *l, const struct nft_set *s, struct set_desc *d)
{
	if (!s->map)
		return;
	d->flags |= s->object_type ? NFT_SET_OBJECT : NFT_SET_MAP;
	d->object_type = s->object_type;
	if (s->object_type) {
		d->data = SET_DATA_OBJECT;
	} else if (s->data_type == &nft_type_verdict) {
		d->data = SET_DATA_VERDICT;
	} else {
		d->data = SET_DATA_VALUE;
		d->data_len = (uint16_t)data_len(s);
		d->data_order = s->data_type->n_parts ? FIELD_ORDER_NET : (uint8_t)lower_order(l, s->data_type, s->data);
		d->data_interval = s->data_interval;
	}
}

static bool put_exprs(struct lower *l, const struct list *stmts, struct set_desc *d)
{
	const struct nft_stmt *st;

	list_for_each(st, stmts, node) {
		if (d->n_exprs == SET_EXPRS_MAX)
			return lower_refuse(l, &st->loc, -E2BIG, NULL);
		d->expr[d->n_exprs] = lower_state_stmt(l, st);
		if (!d->expr[d->n_exprs])
			return false;
		d->n_exprs++;
	}
	return true;
}

static bool lower_desc(struct lower *l, const struct nft_set *s, const struct nft_expr *key, struct set_desc *d)
{
	memset(d, 0, sizeof(*d));
	if (s->name)
		snprintf(d->name, sizeof(d->name), "%s", s->name);
	d->flags = s->flags;
	d->size = s->size;
	d->timeout_ms = s->timeout_ms;
	d->gc_interval_ms = (uint32_t)s->gc_ms;
	d->policy = s->policy;
	if (s->timeout_ms)
		d->flags |= NFT_SET_TIMEOUT;
	if (!s->key_type || s->key_type->n_parts > SET_PARTS_MAX)
		return lower_refuse(l, &s->loc, -EINVAL, NULL);
	put_parts(l, s, key, d);
	if (d->n_parts > 1 && (d->flags & NFT_SET_INTERVAL))
		d->flags |= NFT_SET_CONCAT;
	put_data(l, s, d);
	return put_exprs(l, &s->stmts, d);
}

int nft_lower_set(struct nft_ctx *x, struct table *t, const struct nft_set *s, struct set_desc *d)
{
	struct lower l = { .x = x, .t = t, .family = t->family };

	lower_desc(&l, s, s->key, d);
	return l.err;
}

/* ---- elements: to the engine ---- */

#define BUF_END IR_VAL_MAX
#define BUF_DATA (2 * IR_VAL_MAX)
#define BUF_DATA_END (3 * IR_VAL_MAX)
#define BUF_STATE (4 * IR_VAL_MAX)
static_assert(NFT_ELEM_BYTES >= BUF_STATE + SET_EXPRS_MAX * (NFT_STATE_BYTES + 16), "room for an element's states");

struct elem_parts { const struct nft_expr *elem, *key, *data; };

/* an element's options, key and data, in whichever way they are nested */
static struct elem_parts take_apart(const struct nft_expr *e)
{
	struct elem_parts p = { NULL, e, NULL };

	for (int i = 0; i < 3; i++) {
		if (p.key->kind == NFT_X_ELEM) {
			p.elem = p.key;
			p.key = p.key->elem.key;
		} else if (p.key->kind == NFT_X_MAPPING) {
			p.data = p.key->bin.r;
			p.key = p.key->bin.l;
		}
	}
	return p;
}

static bool is_interval(const struct nft_expr *e)
{
	const struct nft_expr *p;

	if (e->kind == NFT_X_CONCAT) {
		list_for_each(p, &e->list.list, node)
			if (is_interval(p))
				return true;
		return false;
	}
	return e->kind == NFT_X_RANGE || e->kind == NFT_X_PREFIX || (e->kind == NFT_X_VALUE && e->value.wildcard);
}

static bool put_key(struct lower *l, const struct set_desc *d, const struct nft_expr *key, uint8_t *lo, uint8_t *hi)
{
	unsigned at = 0;

	memset(lo, 0, IR_VAL_MAX);
	memset(hi, 0, IR_VAL_MAX);
	for (unsigned i = 0; i < d->n_parts; i++) {
		const struct nft_expr *p = nth(key, i);
		const struct set_part *sp = &d->part[i];

		if (!p || at + lower_padded(sp->len) > IR_VAL_MAX)
			return lower_refuse(l, &key->loc, -EINVAL, NULL);
		if (!lower_bounds(l, p, sp->order, sp->len, lo + at, hi + at))
			return false;
		at += lower_padded(sp->len);
	}
	return true;
}

static bool put_value_data(struct lower *l, const struct nft_set *s, const struct set_desc *d, const struct nft_expr *data,
			   uint8_t *lo, uint8_t *hi)
{
	const struct nft_type *t = s->data_type;
	unsigned at = 0;

	memset(lo, 0, IR_VAL_MAX);
	memset(hi, 0, IR_VAL_MAX);
	if (!t->n_parts)
		return lower_bounds(l, data, d->data_order, d->data_len, lo, hi);
	for (unsigned i = 0; i < t->n_parts; i++) {
		const struct nft_expr *p = nth(data, i);
		unsigned len = lower_bytes(part_bits(t->part[i], nth(s->data, i), 0));

		if (!p || at + len > d->data_len)
			return lower_refuse(l, &data->loc, -EINVAL, NULL);
		if (!lower_bounds(l, p, lower_order(l, t->part[i], nth(s->data, i)), len, lo + at, hi + at))
			return false;
		at += lower_padded(len);
	}
	return true;
}

const char *nft_verdict_chain(const struct nft_expr *v)
{
	if (v->verdict.chain_name || !v->verdict.chain)
		return v->verdict.chain_name;
	if (v->verdict.chain->kind == NFT_X_SYMBOL)
		return v->verdict.chain->symbol.text;
	return v->verdict.chain->kind == NFT_X_VALUE ? (const char *)v->verdict.chain->value.bytes : NULL;
}

enum ir_verdict nft_verdict_of(enum nft_verdict v)
{
	static const uint8_t of[] = {
		[NFT_V_ACCEPT] = IR_ACCEPT, [NFT_V_DROP] = IR_DROP, [NFT_V_CONTINUE] = IR_CONTINUE,
		[NFT_V_RETURN] = IR_RETURN, [NFT_V_JUMP] = IR_JUMP, [NFT_V_GOTO] = IR_GOTO, [NFT_V_QUEUE] = IR_QUEUE,
	};

	return of[v];
}

static const char *text_of(const struct nft_expr *e)
{
	return e->kind == NFT_X_SYMBOL ? e->symbol.text : e->kind == NFT_X_VALUE ? (const char *)e->value.bytes : "";
}

static bool put_elem_data(struct lower *l, const struct nft_set *s, const struct set_desc *d, const struct elem_parts *p,
			  struct set_elem *e, uint8_t *buf)
{
	const struct nft_expr *data = p->data;

	if (d->data == SET_DATA_OBJECT) {
		e->object = table_object(l->t, d->object_type, text_of(data));
		return e->object || lower_refuse(l, &p->key->loc, -ENOENT, NULL);
	}
	if (d->data == SET_DATA_VERDICT) {
		if (data->kind != NFT_X_VERDICT)
			return lower_refuse(l, &data->loc, -EINVAL, NULL);
		e->verdict.v = nft_verdict_of(data->verdict.v);
		e->verdict.chain = nft_verdict_chain(data);
		return true;
	}
	e->data = buf + BUF_DATA;
	if (d->data_interval || is_interval(data))
		e->data_end = buf + BUF_DATA_END;
	return put_value_data(l, s, d, data, buf + BUF_DATA, buf + BUF_DATA_END);
}

int nft_elem_fill(struct nft_ctx *x, struct table *t, const struct nft_set *s, const struct set_desc *d,
		  const struct nft_expr *elem, struct set_elem *e, uint8_t *buf)
{
	struct lower l = { .x = x, .t = t, .family = t->family };
	struct elem_parts p = take_apart(elem);

	memset(e, 0, sizeof(*e));
	e->key = buf;
	if (p.elem) {
		e->timeout_ms = p.elem->elem.timeout_ms;
		e->expires_ms = p.elem->elem.expires_ms;
		e->comment = p.elem->elem.comment;
		if (p.elem->elem.stmts)
			e->state = nft_states_of(x, p.elem->elem.stmts, d, buf + BUF_STATE);
	}
	if (p.key->kind == NFT_X_WILDCARD) {
		memset(buf, 0, IR_VAL_MAX);
		e->catchall = true;
	} else if (put_key(&l, d, p.key, buf, buf + BUF_END) && is_interval(p.key)) {
		e->key_end = buf + BUF_END;
	}
	if (!l.err && p.data && d->data != SET_DATA_NONE)
		put_elem_data(&l, s, d, &p, e, buf);
	return l.err;
}

/* ---- anonymous sets ---- */

static struct ir_set *refused_set(struct lower *l, const struct nft_loc *loc, int err)
{
	if (err == -ENOMEM)
		lower_no_memory(l);
	else
		lower_refuse(l, loc, err, NULL);
	return NULL;
}

struct ir_set *lower_anon_set(struct lower *l, const struct nft_expr *set, const struct nft_expr *key)
{
	uint8_t buf[NFT_ELEM_BYTES] __attribute__((aligned(16)));
	const struct nft_set *s = set->set.desc;
	const struct nft_expr *elem;
	struct set_form *form;
	struct set_desc d;
	struct set_elem e;
	struct ir_set *is;
	int err = 0;

	if (!lower_desc(l, s, s->key ? s->key : key, &d))
		return NULL;
	snprintf(d.name, sizeof(d.name), s->map ? "__map%%d" : "__set%%d");
	d.flags |= NFT_SET_ANONYMOUS | NFT_SET_CONSTANT;
	form = nft_set_form_new(l->x, s);
	is = form ? txn_set_add(l->x->txn, l->t, &d, form) : NULL;
	if (!is)
		return refused_set(l, &set->loc, form ? -errno : -ENOMEM);
	list_for_each(elem, &set->set.list, node) {
		err = nft_elem_fill(l->x, l->t, s, &is->desc, elem, &e, buf);
		if (err) {
			l->err = l->err ? l->err : err;
			return NULL;
		}
		err = txn_elem_add(l->x->txn, is, &e, false);
		if (err)
			return refused_set(l, &elem->loc, err);
	}
	((struct nft_expr *)set)->set.set = is;
	return is;
}

struct ir_set *lower_set_of(struct lower *l, const struct nft_expr *set, const struct nft_expr *key)
{
	struct ir_set *is;

	if (set->kind == NFT_X_SET)
		return lower_anon_set(l, set, key);
	if (set->kind != NFT_X_SETREF) {
		lower_refuse(l, &set->loc, -EINVAL, NULL);
		return NULL;
	}
	is = table_set(l->t, set->ref.name);
	if (!is)
		lower_refuse(l, &set->loc, -ENOENT, NULL);
	return is;
}

static bool copy_stmts(struct list *to, const struct list *from)
{
	const struct nft_stmt *st;

	list_for_each(st, from, node) {
		struct nft_stmt *copy = nft_stmt_clone(st);

		if (!copy)
			return false;
		list_add_tail(to, &copy->node);
	}
	return true;
}

int nft_set_adopt(struct nft_ctx *x, struct ir_set *s, struct ir_stmt **expr, unsigned n, const struct list *stmts)
{
	struct nft_set_form *f = container_of(s->form, struct nft_set_form, form);
	int err = txn_set_adopt(x->txn, s, expr, n);

	if (!err) {
		nft_stmts_free(&f->elem_stmts);
		list_init(&f->elem_stmts);
	}
	if (!err && !copy_stmts(&f->elem_stmts, stmts)) {
		x->oom = true;
		err = -ENOMEM;
	}
	return err;
}

/* what a meter's set is: the key's type, elements that come from packets */
static struct nft_set *meter_desc(struct lower *l, const struct nft_stmt *s)
{
	const struct nft_expr *key = s->set.key->kind == NFT_X_ELEM ? s->set.key->elem.key : s->set.key;
	struct nft_set *d = nft_set_new(&s->loc);

	if (!d)
		return NULL;
	d->name = mem_strdup(s->set.meter);
	d->key_type = key->type;
	d->key_bits = key->len_bits;
	d->flags = NFT_SET_ANONYMOUS | NFT_SET_EVAL;
	d->size = s->set.meter_size;
	d->have_size = true;
	if (s->set.key->kind == NFT_X_ELEM && s->set.key->elem.timeout_ms)
		d->flags |= NFT_SET_TIMEOUT;
	if (d->name && copy_stmts(&d->stmts, &s->set.stmts))
		return d;
	nft_set_free(d);
	return NULL;
}

struct ir_set *lower_meter(struct lower *l, const struct nft_stmt *s)
{
	struct nft_set *desc = meter_desc(l, s);
	struct ir_set *is = NULL;
	struct set_form *form;
	struct set_desc d;

	if (!desc) {
		lower_no_memory(l);
		return NULL;
	}
	if (lower_desc(l, desc, s->set.key, &d)) {
		form = nft_set_form_new(l->x, desc);
		is = form ? txn_set_add(l->x->txn, l->t, &d, form) : NULL;
		if (!is)
			refused_set(l, &s->loc, form ? -errno : -ENOMEM);
	}
	nft_set_free(desc);
	return is;
}

/* ---- elements: back to be listed ---- */

static struct nft_expr *value_of(const struct nft_type *t, const uint8_t *b, unsigned len, enum field_order order,
				 uint32_t bits)
{
	uint8_t num[IR_VAL_MAX];
	struct nft_expr *e;

	for (unsigned i = 0; i < len; i++)
		num[i] = order == FIELD_ORDER_HOST && !nft_type_is(t, &nft_type_string) ? b[len - 1 - i] : b[i];
	e = nft_expr_value(NULL, t, num, bits);
	for (const struct nft_type *base = t; base && e; base = base->base)
		if (base == &nft_type_string)
			e->value.is_string = true;
	return e;
}

/* length of the prefix that [lo, hi] is; -1: it is none */
static int prefix_of(const uint8_t *lo, const uint8_t *hi, unsigned len)
{
	unsigned n = 0;

	while (n < 8 * len && !((lo[n / 8] ^ hi[n / 8]) & (0x80 >> n % 8)))
		n++;
	for (unsigned i = n; i < 8 * len; i++)
		if ((lo[i / 8] & (0x80 >> i % 8)) || !(hi[i / 8] & (0x80 >> i % 8)))
			return -1;
	return (int)n;
}

static bool is_string(const struct nft_type *t)
{
	for (; t; t = t->base)
		if (t == &nft_type_string)
			return true;
	return false;
}

static struct nft_expr *wildcard_of(struct nft_expr *a, const uint8_t *lo, const uint8_t *hi, unsigned len)
{
	unsigned n = 0;

	while (n < len && lo[n] == hi[n])
		n++;
	if (a) {
		a->value.wildcard = true;
		memset(a->value.bytes + n, 0, len - n);
	}
	return a;
}

static struct nft_expr *bounds_of(const struct nft_type *t, const uint8_t *lo, const uint8_t *hi, unsigned len,
				  enum field_order order, uint32_t bits)
{
	struct nft_expr *a = value_of(t, lo, len, order, bits), *b, *e;
	int plen = t == &nft_type_ipaddr || t == &nft_type_ip6addr ? prefix_of(lo, hi, len) : -1;

	if (memcmp(lo, hi, len) == 0 || !a)
		return a;
	if (is_string(t))
		return wildcard_of(a, lo, hi, len);
	if (plen >= 0) {
		e = nft_expr_new(NFT_X_PREFIX, NULL);
		if (e) {
			e->prefix.a = a;
			e->prefix.len = (uint32_t)plen;
		}
	} else {
		b = value_of(t, hi, len, order, bits);
		e = b ? nft_expr_bin(NFT_X_RANGE, NULL, NFT_OP_IMPLICIT, a, b) : NULL;
		if (b && !e)
			return NULL;
	}
	if (!e) {
		nft_expr_free(a);
		return NULL;
	}
	e->type = t;
	e->len_bits = bits;
	return e;
}

static struct nft_expr *key_of(struct lower *l, const struct nft_set *s, const struct set_desc *d, const uint8_t *lo,
			       const uint8_t *hi)
{
	const struct nft_type *t = s->key_type;
	struct nft_expr *all;
	unsigned at = 0;

	if (!t->n_parts)
		return bounds_of(t, lo, hi, d->part[0].len, d->part[0].order, part_bits(t, s->key, s->key_bits));
	all = nft_expr_new(NFT_X_CONCAT, NULL);
	for (unsigned i = 0; all && i < d->n_parts; i++) {
		const struct set_part *p = &d->part[i];
		struct nft_expr *e = bounds_of(t->part[i], lo + at, hi + at, p->len, p->order,
					       part_bits(t->part[i], nth(s->key, i), 8u * p->len));

		if (e)
			nft_expr_append(all, e);
		else
			lower_no_memory(l);
		at += lower_padded(p->len);
	}
	if (all) {
		all->type = t;
		all->len_bits = s->key_bits;
	}
	return all;
}

static struct nft_expr *verdict_of(const struct set_verdict *v)
{
	static const uint8_t of[] = {
		[IR_ACCEPT] = NFT_V_ACCEPT, [IR_DROP] = NFT_V_DROP, [IR_RETURN] = NFT_V_RETURN,
		[IR_CONTINUE] = NFT_V_CONTINUE, [IR_JUMP] = NFT_V_JUMP, [IR_GOTO] = NFT_V_GOTO, [IR_QUEUE] = NFT_V_QUEUE,
	};
	struct nft_expr *e = nft_expr_new(NFT_X_VERDICT, NULL);

	if (!e)
		return NULL;
	e->type = &nft_type_verdict;
	e->verdict.v = of[v->v];
	if (v->chain) {
		e->verdict.chain_name = mem_strdup(v->chain);
		e->verdict.chain = nft_expr_symbol(NULL, v->chain, strlen(v->chain));
	}
	return e;
}

static struct nft_expr *data_of(struct lower *l, const struct nft_set *s, const struct set_desc *d, const struct set_elem *e)
{
	const uint8_t *hi = e->data_end ? e->data_end : e->data;
	const struct nft_type *t = s->data_type;
	struct nft_expr *all;
	unsigned at = 0;

	if (d->data == SET_DATA_VERDICT)
		return verdict_of(&e->verdict);
	if (d->data == SET_DATA_OBJECT) {
		const char *name = e->object ? e->object->name : "";

		all = nft_expr_value(NULL, &nft_type_string, name, 8 * (uint32_t)(strlen(name) + 1));
		if (all)
			all->value.is_string = true;
		return all;
	}
	if (!t->n_parts)
		return bounds_of(t, e->data, hi, d->data_len, d->data_order, part_bits(t, s->data, s->data_bits));
	all = nft_expr_new(NFT_X_CONCAT, NULL);
	for (unsigned i = 0; all && i < t->n_parts; i++) {
		uint32_t bits = part_bits(t->part[i], nth(s->data, i), 0);
		unsigned len = lower_bytes(bits);
		struct nft_expr *p = bounds_of(t->part[i], e->data + at, hi + at, len,
					       lower_order(l, t->part[i], nth(s->data, i)), bits);

		if (p)
			nft_expr_append(all, p);
		at += lower_padded(len);
	}
	if (all)
		all->type = t;
	return all;
}

static void put_options(struct nft_ctx *x, struct nft_expr *el, const struct nft_set *s, const struct ir_set *is, const struct set_elem *e)
{
	el->elem.comment = e->comment ? mem_strdup(e->comment) : NULL;
	if (e->timeout_ms && e->timeout_ms != s->timeout_ms)
		el->elem.timeout_ms = e->timeout_ms;
	el->elem.expires_ms = e->expires_ms;
	if (is->desc.n_exprs && e->state)
		el->elem.stmts = nft_stmts_of(x, is, e->state);
}

struct nft_expr *nft_elem_of(struct nft_ctx *x, const struct nft_set *s, const struct ir_set *is, const struct set_elem *e)
{
	struct lower l = { .x = x };
	struct nft_expr *el = nft_expr_new(NFT_X_ELEM, NULL), *key, *data, *pair;

	if (!el)
		return NULL;
	if (e->catchall)
		key = nft_expr_new(NFT_X_WILDCARD, NULL);
	else
		key = key_of(&l, s, &is->desc, e->key, e->key_end ? e->key_end : e->key);
	if (key && is->desc.data != SET_DATA_NONE) {
		data = data_of(&l, s, &is->desc, e);
		pair = data ? nft_expr_bin(NFT_X_MAPPING, NULL, NFT_OP_IMPLICIT, key, data) : NULL;
		if (!data)
			nft_expr_free(key);
		key = pair;
	}
	el->elem.key = key;
	if (!key || l.err) {
		nft_expr_free(el);
		return NULL;
	}
	el->type = key->type;
	put_options(x, el, s, is, e);
	return el;
}
