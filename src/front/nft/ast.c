/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/ast.c - making, copying, comparing and freeing the tree that nft's stages share.
 *
 * It stands beside the rule's way: the parsers make trees, evaluation changes them in place, the forms of rules and
 * sets keep them.
 *
 * Everything is freed from above; what is NULL is skipped, so that a half built tree can always be freed. Lists of
 * elements may hold a million members: nothing here recurses along a list, only into depth, which the parsers bound.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "front/nft/ast.h"

/* what was allocated for a node at @loc; without memory its context is told */
static void *noted(const struct nft_loc *loc, void *p)
{
	if (!p && loc && loc->src && loc->src->oom)
		*loc->src->oom = true;
	return p;
}

static char *dup_or_null(const char *s)
{
	return s ? mem_strdup(s) : NULL;
}

/* ---- expressions ---- */

static struct list *list_of(struct nft_expr *e)
{
	switch (e->kind) {
	case NFT_X_CONCAT:
	case NFT_X_LIST:
		return &e->list.list;
	case NFT_X_SET:
		return &e->set.list;
	default:
		return NULL;
	}
}

struct nft_expr *nft_expr_new(enum nft_expr_kind kind, const struct nft_loc *loc)
{
	struct nft_expr *e = noted(loc, mem_zalloc(sizeof(*e)));

	if (!e)
		return NULL;
	e->kind = kind;
	if (loc)
		e->loc = *loc;
	list_init(&e->node);
	if (list_of(e))
		list_init(list_of(e));
	return e;
}

struct nft_expr *nft_expr_value(const struct nft_loc *loc, const struct nft_type *t, const void *bytes,
				uint32_t len_bits)
{
	struct nft_expr *e = nft_expr_new(NFT_X_VALUE, loc);
	size_t n = (len_bits + 7) / 8;

	if (!e)
		return NULL;
	e->type = t;
	e->len_bits = len_bits;
	e->value.bytes = noted(loc, mem_zalloc(n ? n : 1));
	if (!e->value.bytes) {
		nft_expr_free(e);
		return NULL;
	}
	memcpy(e->value.bytes, bytes, n);
	return e;
}

struct nft_expr *nft_expr_symbol(const struct nft_loc *loc, const char *text, size_t n)
{
	struct nft_expr *e = nft_expr_new(NFT_X_SYMBOL, loc);

	if (!e)
		return NULL;
	e->symbol.text = noted(loc, mem_alloc(n + 1));
	if (!e->symbol.text) {
		nft_expr_free(e);
		return NULL;
	}
	memcpy(e->symbol.text, text, n);
	e->symbol.text[n] = '\0';
	return e;
}

struct nft_expr *nft_expr_bin(enum nft_expr_kind kind, const struct nft_loc *loc, enum nft_op op, struct nft_expr *l,
			      struct nft_expr *r)
{
	bool half = kind == NFT_X_RANGE && (!l || !r);		/* its other end could not be read */
	struct nft_expr *e = half ? NULL : nft_expr_new(kind, loc);

	if (!e) {
		nft_expr_free(l);
		nft_expr_free(r);
		return NULL;
	}
	e->bin.op = op;
	e->bin.l = l;
	e->bin.r = r;
	return e;
}

void nft_expr_append(struct nft_expr *list, struct nft_expr *e)
{
	if (!list || !e) {		/* without memory for the list its members go, too */
		nft_expr_free(e);
		return;
	}
	list_add_tail(list_of(list), &e->node);
	if (list->kind == NFT_X_SET)
		list->set.n++;
	else
		list->list.n++;
}

static void free_members(struct list *l)
{
	struct nft_expr *e, *tmp;

	list_for_each_safe(e, tmp, l, node)
		nft_expr_free(e);
}

static void free_elem(struct nft_expr *e)
{
	nft_expr_free(e->elem.key);
	mem_free(e->elem.comment);
	if (e->elem.stmts) {
		nft_stmts_free(e->elem.stmts);
		mem_free(e->elem.stmts);
	}
}

static void free_verdict(struct nft_expr *e)
{
	struct nft_rule *r, *tmp;

	nft_expr_free(e->verdict.chain);
	mem_free(e->verdict.chain_name);
	if (!e->verdict.rules)
		return;
	list_for_each_safe(r, tmp, e->verdict.rules, node)
		nft_rule_free(r);
	mem_free(e->verdict.rules);
}

void nft_expr_free(struct nft_expr *e)
{
	if (!e)
		return;
	list_del(&e->node);
	switch (e->kind) {
	case NFT_X_VALUE:
		mem_free(e->value.bytes);
		break;
	case NFT_X_SYMBOL:
	case NFT_X_XT:
		mem_free(e->symbol.text);
		break;
	case NFT_X_VERDICT:
		free_verdict(e);
		break;
	case NFT_X_HASH:
		nft_expr_free(e->gen.of);
		break;
	case NFT_X_BINOP:
	case NFT_X_UNARY:
	case NFT_X_RANGE:
	case NFT_X_MAPPING:
	case NFT_X_MAP:
	case NFT_X_REL:
		nft_expr_free(e->bin.l);
		nft_expr_free(e->bin.r);
		break;
	case NFT_X_PREFIX:
		nft_expr_free(e->prefix.a);
		break;
	case NFT_X_CONCAT:
	case NFT_X_LIST:
		free_members(&e->list.list);
		break;
	case NFT_X_SET:
		free_members(&e->set.list);
		nft_set_free(e->set.desc);
		break;
	case NFT_X_ELEM:
		free_elem(e);
		break;
	case NFT_X_SETREF:
		mem_free(e->ref.name);
		break;
	default:
		break;
	}
	mem_free(e);
}

/* a list of statements or rules on the heap, copied; NULL stays NULL */
/* ---- copies: whole, or NULL ---- */

static struct list *list_new(void)
{
	struct list *l = mem_alloc(sizeof(*l));

	if (l)
		list_init(l);
	return l;
}

static bool stmts_copy(struct list *to, const struct list *from)
{
	const struct nft_stmt *s;
	struct nft_stmt *c;

	list_for_each(s, from, node) {
		if (!(c = nft_stmt_clone(s)))
			return false;
		list_add_tail(to, &c->node);
	}
	return true;
}

static struct list *stmts_clone(const struct list *from)
{
	struct list *to = list_new();

	if (to && !stmts_copy(to, from)) {
		nft_stmts_free(to);
		mem_free(to);
		return NULL;
	}
	return to;
}

static bool rules_copy(struct list *to, const struct list *from)
{
	const struct nft_rule *r;

	list_for_each(r, from, node) {
		struct nft_rule *c = nft_rule_new(&r->loc);

		if (!c)
			return false;
		list_add_tail(to, &c->node);
		c->handle = r->handle;
		c->comment = dup_or_null(r->comment);
		if ((r->comment && !c->comment) || !stmts_copy(&c->stmts, &r->stmts))
			return false;
	}
	return true;
}

static struct list *rules_clone(const struct list *from)
{
	struct list *to = list_new();
	struct nft_rule *r, *tmp;

	if (!to || rules_copy(to, from))
		return to;
	list_for_each_safe(r, tmp, to, node)
		nft_rule_free(r);
	mem_free(to);
	return NULL;
}

static bool clone_members(const struct list *from, struct nft_expr *to)
{
	const struct nft_expr *e;
	struct nft_expr *c;

	list_init(list_of(to));
	if (to->kind == NFT_X_SET)
		to->set.n = 0;
	else
		to->list.n = 0;
	list_for_each(e, from, node) {
		if (!(c = nft_expr_clone(e)))
			return false;
		nft_expr_append(to, c);
	}
	return true;
}

static bool clone_expr(struct nft_expr **to, const struct nft_expr *from)
{
	*to = nft_expr_clone(from);
	return *to || !from;
}

static bool clone_str(char **to, const char *from)
{
	*to = dup_or_null(from);
	return *to || !from;
}

static bool clone_verdict(const struct nft_expr *e, struct nft_expr *c)
{
	bool ok = clone_expr(&c->verdict.chain, e->verdict.chain);

	ok = clone_str(&c->verdict.chain_name, e->verdict.chain_name) && ok;
	c->verdict.rules = e->verdict.rules ? rules_clone(e->verdict.rules) : NULL;
	return ok && (c->verdict.rules || !e->verdict.rules);
}

static bool clone_elem(const struct nft_expr *e, struct nft_expr *c)
{
	bool ok = clone_expr(&c->elem.key, e->elem.key);

	ok = clone_str(&c->elem.comment, e->elem.comment) && ok;
	c->elem.stmts = e->elem.stmts ? stmts_clone(e->elem.stmts) : NULL;
	return ok && (c->elem.stmts || !e->elem.stmts);
}

static bool clone_set(const struct nft_expr *e, struct nft_expr *c)
{
	bool ok = clone_members(&e->set.list, c);

	c->set.desc = e->set.desc ? nft_set_clone(e->set.desc) : NULL;
	return ok && (c->set.desc || !e->set.desc);
}

/* .c is a copy of .e's bytes: give it its own of what .e owns; false: some of it could not be had and is NULL */
static bool clone_parts(const struct nft_expr *e, struct nft_expr *c)
{
	bool ok;

	switch (e->kind) {
	case NFT_X_VALUE:
		c->value.bytes = mem_zalloc((e->len_bits + 7) / 8 + 1);
		if (c->value.bytes)
			memcpy(c->value.bytes, e->value.bytes, (e->len_bits + 7) / 8);
		return c->value.bytes;
	case NFT_X_SYMBOL:
	case NFT_X_XT:
		return clone_str(&c->symbol.text, e->symbol.text);
	case NFT_X_VERDICT:
		return clone_verdict(e, c);
	case NFT_X_HASH:
		return clone_expr(&c->gen.of, e->gen.of);
	case NFT_X_BINOP:
	case NFT_X_UNARY:
	case NFT_X_RANGE:
	case NFT_X_MAPPING:
	case NFT_X_MAP:
	case NFT_X_REL:
		ok = clone_expr(&c->bin.l, e->bin.l);
		return clone_expr(&c->bin.r, e->bin.r) && ok;
	case NFT_X_PREFIX:
		return clone_expr(&c->prefix.a, e->prefix.a);
	case NFT_X_CONCAT:
	case NFT_X_LIST:
		return clone_members(&e->list.list, c);
	case NFT_X_SET:
		return clone_set(e, c);
	case NFT_X_ELEM:
		return clone_elem(e, c);
	case NFT_X_SETREF:
		return clone_str(&c->ref.name, e->ref.name);
	default:
		return true;
	}
}

struct nft_expr *nft_expr_clone(const struct nft_expr *e)
{
	struct nft_expr *c;

	if (!e)
		return NULL;
	c = noted(&e->loc, mem_dup(e, sizeof(*e)));
	if (!c)
		return NULL;
	list_init(&c->node);
	if (clone_parts(e, c))
		return c;
	nft_expr_free(c);
	return noted(&e->loc, NULL);
}

static bool members_equal(const struct list *a, const struct list *b)
{
	const struct list *i = a->next, *j = b->next;

	for (; i != a && j != b; i = i->next, j = j->next)
		if (!nft_expr_equal(list_entry(i, struct nft_expr, node), list_entry(j, struct nft_expr, node)))
			return false;
	return i == a && j == b;
}

static bool str_equal(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool exthdr_equal(const struct nft_expr *a, const struct nft_expr *b)
{
	return a->exthdr.op == b->exthdr.op && a->exthdr.type == b->exthdr.type &&
	       a->exthdr.offset_bits == b->exthdr.offset_bits && a->len_bits == b->len_bits &&
	       a->exthdr.exists == b->exthdr.exists;
}

static bool gen_equal(const struct nft_expr *a, const struct nft_expr *b)
{
	return a->gen.type == b->gen.type && a->gen.mod == b->gen.mod && a->gen.offset == b->gen.offset &&
	       a->gen.have_seed == b->gen.have_seed && a->gen.seed == b->gen.seed &&
	       nft_expr_equal(a->gen.of, b->gen.of);
}

bool nft_expr_equal(const struct nft_expr *a, const struct nft_expr *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->kind != b->kind)
		return false;
	switch (a->kind) {
	case NFT_X_VALUE:
		return a->len_bits == b->len_bits && !memcmp(a->value.bytes, b->value.bytes, (a->len_bits + 7) / 8);
	case NFT_X_SYMBOL:
	case NFT_X_XT:
		return str_equal(a->symbol.text, b->symbol.text);
	case NFT_X_VERDICT:
		return a->verdict.v == b->verdict.v && nft_expr_equal(a->verdict.chain, b->verdict.chain) &&
		       str_equal(a->verdict.chain_name, b->verdict.chain_name);
	case NFT_X_PAYLOAD:
		return a->payload.base == b->payload.base && a->payload.offset_bits == b->payload.offset_bits &&
		       a->len_bits == b->len_bits && a->payload.proto == b->payload.proto;
	case NFT_X_EXTHDR:
		return exthdr_equal(a, b);
	case NFT_X_META:
	case NFT_X_RT:
	case NFT_X_TUNNEL:
		return a->key == b->key;
	case NFT_X_SOCKET:
	case NFT_X_OSF:
		return a->keyed.key == b->keyed.key && a->keyed.level == b->keyed.level;
	case NFT_X_CT:
		return a->ct.key == b->ct.key && a->ct.dir == b->ct.dir && a->ct.l3 == b->ct.l3;
	case NFT_X_FIB:
		return a->fib.result == b->fib.result && a->fib.flags == b->fib.flags;
	case NFT_X_IPSEC:
		return !memcmp(&a->ipsec, &b->ipsec, sizeof(a->ipsec));
	case NFT_X_NUMGEN:
	case NFT_X_HASH:
		return gen_equal(a, b);
	case NFT_X_BINOP:
	case NFT_X_UNARY:
	case NFT_X_RANGE:
	case NFT_X_MAPPING:
	case NFT_X_MAP:
	case NFT_X_REL:
		return a->bin.op == b->bin.op && nft_expr_equal(a->bin.l, b->bin.l) &&
		       nft_expr_equal(a->bin.r, b->bin.r);
	case NFT_X_PREFIX:
		return a->prefix.len == b->prefix.len && nft_expr_equal(a->prefix.a, b->prefix.a);
	case NFT_X_CONCAT:
	case NFT_X_LIST:
		return members_equal(&a->list.list, &b->list.list);
	case NFT_X_SET:
		return members_equal(&a->set.list, &b->set.list);
	case NFT_X_ELEM:
		return nft_expr_equal(a->elem.key, b->elem.key);
	case NFT_X_SETREF:
		return str_equal(a->ref.name, b->ref.name);
	default:
		return true;
	}
}

uint64_t nft_expr_u64(const struct nft_expr *e)
{
	uint64_t v = 0;
	uint32_t n = (e->len_bits + 7) / 8;

	for (uint32_t i = n > 8 ? n - 8 : 0; i < n; i++)
		v = v << 8 | e->value.bytes[i];
	return v;
}

struct nft_expr *nft_expr_num(const struct nft_loc *loc, const struct nft_type *t, uint64_t v, uint32_t bits)
{
	uint8_t bytes[NFT_VALUE_MAX] = { 0 };
	uint32_t n = (bits + 7) / 8;

	for (uint32_t i = 0; i < n && i < 8; i++)
		bytes[n - 1 - i] = v >> (8 * i);
	return nft_expr_value(loc, t, bytes, bits);
}

/* ---- statements ---- */

struct nft_stmt *nft_stmt_new(enum nft_stmt_kind kind, const struct nft_loc *loc)
{
	struct nft_stmt *s = noted(loc, mem_zalloc(sizeof(*s)));

	if (!s)
		return NULL;
	list_init(&s->node);
	s->kind = kind;
	s->state = -1;
	if (loc)
		s->loc = *loc;
	if (kind == NFT_S_SET)
		list_init(&s->set.stmts);
	if (kind == NFT_S_REJECT)
		s->reject.type = -1;
	return s;
}

/* the expressions of a statement, for freeing and copying alike; returns how many */
static unsigned stmt_exprs(struct nft_stmt *s, struct nft_expr **out[3])
{
	switch (s->kind) {
	case NFT_S_MATCH:
	case NFT_S_VERDICT:
	case NFT_S_OPTSTRIP:
		return out[0] = &s->expr, 1;
	case NFT_S_LOG:
		return out[0] = &s->log.prefix, 1;
	case NFT_S_REJECT:
		return out[0] = &s->reject.code, 1;
	case NFT_S_NAT:
		return out[0] = &s->nat.addr, out[1] = &s->nat.port, 2;
	case NFT_S_TPROXY:
		return out[0] = &s->tproxy.addr, out[1] = &s->tproxy.port, 2;
	case NFT_S_DUP:
	case NFT_S_FWD:
		return out[0] = &s->fwd.to, out[1] = &s->fwd.dev, 2;
	case NFT_S_QUEUE:
		return out[0] = &s->queue.num, 1;
	case NFT_S_ASSIGN:
		return out[0] = &s->assign.to, out[1] = &s->assign.val, 2;
	case NFT_S_SET:
		return out[0] = &s->set.ref, out[1] = &s->set.key, out[2] = &s->set.data, 3;
	case NFT_S_OBJREF:
		return out[0] = &s->objref.name, 1;
	default:
		return 0;
	}
}

void nft_stmt_free(struct nft_stmt *s)
{
	struct nft_expr **part[3];
	unsigned n;

	if (!s)
		return;
	list_del(&s->node);
	n = stmt_exprs(s, part);
	for (unsigned i = 0; i < n; i++)
		nft_expr_free(*part[i]);
	if (s->kind == NFT_S_SET) {
		mem_free(s->set.meter);
		nft_stmts_free(&s->set.stmts);
	}
	if (s->kind == NFT_S_FLOW)
		mem_free(s->flow.table);
	if (s->kind == NFT_S_XT)
		mem_free(s->xt.text);
	mem_free(s);
}

struct nft_stmt *nft_stmt_clone(const struct nft_stmt *s)
{
	struct nft_stmt *c = mem_dup(s, sizeof(*s));
	struct nft_expr **part[3];
	bool ok = true;
	unsigned n;

	if (!c)
		return NULL;
	list_init(&c->node);
	n = stmt_exprs(c, part);
	for (unsigned i = 0; i < n; i++)
		ok = clone_expr(part[i], *part[i]) && ok;
	if (s->kind == NFT_S_SET) {
		list_init(&c->set.stmts);
		ok = clone_str(&c->set.meter, s->set.meter) && ok;
		ok = stmts_copy(&c->set.stmts, &s->set.stmts) && ok;
	}
	if (s->kind == NFT_S_FLOW)
		ok = clone_str(&c->flow.table, s->flow.table) && ok;
	if (s->kind == NFT_S_XT)
		ok = clone_str(&c->xt.text, s->xt.text) && ok;
	if (ok)
		return c;
	nft_stmt_free(c);
	return noted(&s->loc, NULL);
}

void nft_stmts_free(struct list *stmts)
{
	struct nft_stmt *s, *tmp;

	list_for_each_safe(s, tmp, stmts, node)
		nft_stmt_free(s);
}

/* ---- what stands in tables ---- */

struct nft_rule *nft_rule_new(const struct nft_loc *loc)
{
	struct nft_rule *r = noted(loc, mem_zalloc(sizeof(*r)));

	if (!r)
		return NULL;
	list_init(&r->node);
	list_init(&r->stmts);
	if (loc)
		r->loc = *loc;
	return r;
}

void nft_rule_free(struct nft_rule *r)
{
	if (!r)
		return;
	list_del(&r->node);
	nft_stmts_free(&r->stmts);
	mem_free(r->comment);
	mem_free(r);
}

struct nft_set *nft_set_new(const struct nft_loc *loc)
{
	struct nft_set *s = noted(loc, mem_zalloc(sizeof(*s)));

	if (!s)
		return NULL;
	list_init(&s->stmts);
	if (loc)
		s->loc = *loc;
	return s;
}

struct nft_set *nft_set_clone(const struct nft_set *s)
{
	struct nft_set *c = mem_dup(s, sizeof(*s));
	bool ok;

	if (!c)
		return NULL;
	c->init = NULL;
	list_init(&c->stmts);
	ok = clone_str(&c->name, s->name);
	ok = clone_str(&c->comment, s->comment) && ok;
	ok = clone_expr(&c->key, s->key) && ok;
	ok = clone_expr(&c->data, s->data) && ok;
	ok = clone_str(&c->key_text, s->key_text) && ok;
	ok = clone_str(&c->data_text, s->data_text) && ok;
	if (stmts_copy(&c->stmts, &s->stmts) && ok)
		return c;
	nft_set_free(c);
	return NULL;
}

void nft_set_free(struct nft_set *s)
{
	if (!s)
		return;
	mem_free(s->name);
	mem_free(s->comment);
	nft_expr_free(s->key);
	nft_expr_free(s->data);
	mem_free(s->key_text);
	mem_free(s->data_text);
	nft_stmts_free(&s->stmts);
	nft_expr_free(s->init);
	mem_free(s);
}

struct nft_object *nft_object_new(int type)
{
	struct nft_object *o = mem_zalloc(sizeof(*o));

	if (!o)
		return NULL;
	o->type = type;
	if (type == NFT_OBJECT_CT_TIMEOUT)
		list_init(&o->ct_timeout.policies);
	return o;
}

void nft_object_free(struct nft_object *o)
{
	struct nft_timeout_policy *p, *tmp;

	if (!o)
		return;
	mem_free(o->name);
	mem_free(o->comment);
	if (o->type == NFT_OBJECT_CT_HELPER)
		mem_free(o->ct_helper.type);
	if (o->type == NFT_OBJECT_SECMARK)
		mem_free(o->secmark.ctx);
	if (o->type == NFT_OBJECT_CT_TIMEOUT) {
		list_for_each_safe(p, tmp, &o->ct_timeout.policies, node) {
			mem_free(p->state);
			mem_free(p);
		}
	}
	mem_free(o);
}

static void dev_free(struct nft_chain_dev *d)
{
	for (unsigned i = 0; i < d->n; i++)
		mem_free(d->dev[i]);
	mem_free(d->dev);
	nft_expr_free(d->expr);
}

static void prio_free(struct nft_prio *p)
{
	mem_free(p->name);
	nft_expr_free(p->expr);
}

struct nft_chain *nft_chain_new(void)
{
	struct nft_chain *c = mem_zalloc(sizeof(*c));

	if (!c)
		return NULL;
	c->policy = -1;
	c->hook = -1;
	list_init(&c->rules);
	return c;
}

void nft_chain_free(struct nft_chain *c)
{
	struct nft_rule *r, *tmp;

	if (!c)
		return;
	mem_free(c->name);
	mem_free(c->comment);
	mem_free(c->type);
	mem_free(c->hook_name);
	prio_free(&c->prio);
	nft_expr_free(c->policy_expr);
	dev_free(&c->dev);
	list_for_each_safe(r, tmp, &c->rules, node)
		nft_rule_free(r);
	mem_free(c);
}

void nft_flowtable_free(struct nft_flowtable *f)
{
	if (!f)
		return;
	mem_free(f->name);
	prio_free(&f->prio);
	mem_free(f->hook_name);
	dev_free(&f->dev);
	mem_free(f);
}

static void table_free(struct nft_table *t)
{
	if (!t)
		return;
	mem_free(t->name);
	mem_free(t->comment);
	nft_cmds_free(&t->parts);
	mem_free(t);
}

/* ---- commands ---- */

struct nft_cmd *nft_cmd_new(enum nft_op_cmd op, enum nft_what what, const struct nft_loc *loc)
{
	struct nft_cmd *c = noted(loc, mem_zalloc(sizeof(*c)));

	if (!c)
		return NULL;
	list_init(&c->node);
	c->op = op;
	c->what = what;
	if (loc)
		c->loc = *loc;
	return c;
}

static void cmd_free_thing(struct nft_cmd *c)
{
	switch (c->what) {
	case NFT_W_TABLE:
		table_free(c->table);
		break;
	case NFT_W_CHAIN:
		nft_chain_free(c->chain);
		break;
	case NFT_W_RULE:
		nft_rule_free(c->rule);
		break;
	case NFT_W_SET:
	case NFT_W_MAP:
	case NFT_W_METER:
		nft_set_free(c->set);
		break;
	case NFT_W_ELEMENT:
		nft_expr_free(c->elems);
		break;
	case NFT_W_COUNTER:
	case NFT_W_QUOTA:
	case NFT_W_LIMIT:
	case NFT_W_CT_HELPER:
	case NFT_W_CT_TIMEOUT:
	case NFT_W_CT_EXPECT:
	case NFT_W_SYNPROXY:
	case NFT_W_SECMARK:
		nft_object_free(c->object);
		break;
	case NFT_W_FLOWTABLE:
		nft_flowtable_free(c->flowtable);
		break;
	case NFT_W_EXPR:
		nft_expr_free(c->expr);
		break;
	default:
		break;
	}
}

void nft_cmd_free(struct nft_cmd *c)
{
	if (!c)
		return;
	list_del(&c->node);
	cmd_free_thing(c);
	mem_free(c->h.table);
	mem_free(c->h.chain);
	mem_free(c->h.name);
	mem_free(c->arg);
	mem_free(c);
}

void nft_cmds_free(struct list *cmds)
{
	struct nft_cmd *c, *tmp;

	list_for_each_safe(c, tmp, cmds, node)
		nft_cmd_free(c);
}
