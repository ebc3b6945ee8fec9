/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/rule_refs.c - what a rule refers to: the sets, maps and named objects in its statements and expressions.
 *
 * Where it stands: asked by transactions (what is still in use) and by commit's checks.
 */
#include "rules/txn.h"

/* the trees of an action */
static unsigned action_exprs(const struct ir_stmt *s, struct ir_expr *of[IR_STMT_EXPRS])
{
	switch (s->action.act) {
	case IR_ACT_SNAT: case IR_ACT_DNAT: case IR_ACT_MASQUERADE: case IR_ACT_REDIRECT: case IR_ACT_NETMAP:
		of[0] = s->action.nat.val;
		return 1;
	case IR_ACT_DUP: case IR_ACT_FWD:
		of[0] = s->action.dup.to;
		of[1] = s->action.dup.dev;
		return 2;
	case IR_ACT_TPROXY:
		of[0] = s->action.tproxy.addr;
		of[1] = s->action.tproxy.port;
		return 2;
	case IR_ACT_QUEUE:
		of[0] = s->action.queue.num;
		return 1;
	default:
		return 0;
	}
}

unsigned ir_stmt_exprs(const struct ir_stmt *s, struct ir_expr *of[IR_STMT_EXPRS])
{
	switch (s->kind) {
	case IR_MATCH:
		of[0] = s->match.lhs;
		of[1] = s->match.rhs;
		return 2;
	case IR_SET_FIELD:
		of[0] = s->set.val;
		return 1;
	case IR_VMAP:
		of[0] = s->vmap;
		return 1;
	case IR_DYNSET:
		of[0] = s->dynset.key;
		of[1] = s->dynset.data;
		return 2;
	case IR_OBJREF:
		of[0] = s->objref.map;
		return 1;
	case IR_SET_BYTES:
		of[0] = s->bytes.val;
		return 1;
	case IR_ACTION:
		return action_exprs(s, of);
	case IR_TEST: case IR_COUNTER: case IR_VERDICT:
		break;
	}
	return 0;
}

struct walk {
	int (*set)(void *ctx, struct ir_set *s);
	int (*object)(void *ctx, struct ir_object *o);
	void *ctx;
};

static int walk_set(const struct walk *w, struct ir_set *s)
{
	return s && w->set ? w->set(w->ctx, s) : 0;
}

static int walk_expr(const struct walk *w, const struct ir_expr *e)
{
	int r = 0;

	if (!e)
		return 0;
	switch (e->kind) {
	case IR_BITWISE:
		return walk_expr(w, e->bit.a);
	case IR_SHIFT:
		return walk_expr(w, e->shift.a);
	case IR_SWAB:
		return walk_expr(w, e->swab.a);
	case IR_BINOP:
		return walk_expr(w, e->bin.a) ?: walk_expr(w, e->bin.b);
	case IR_CONCAT:
		for (unsigned i = 0; i < e->concat.n && !r; i++)
			r = walk_expr(w, e->concat.part[i]);
		return r;
	case IR_SET:
		return walk_set(w, e->set.set);
	case IR_MAP:
		return walk_set(w, e->set.set) ?: walk_expr(w, e->set.key);
	case IR_CALL:
		return walk_expr(w, e->call.arg);
	case IR_VALUE: case IR_FIELD: case IR_RANGE: case IR_BITS:
		return 0;
	}
	return 0;
}

static int walk_stmt(const struct walk *w, const struct ir_stmt *s)
{
	struct ir_expr *of[IR_STMT_EXPRS];
	unsigned n = ir_stmt_exprs(s, of);
	int r = 0;

	if (s->kind == IR_DYNSET)
		r = walk_set(w, s->dynset.set);
	if (s->kind == IR_OBJREF && s->objref.obj && w->object)
		r = w->object(w->ctx, s->objref.obj);
	for (unsigned i = 0; i < n && !r; i++)
		r = walk_expr(w, of[i]);
	return r;
}

static int walk_rule(const struct walk *w, const struct rule *r)
{
	int ret = 0;

	for (const struct ir_stmt *s = r->body.first; s && !ret; s = s->next)
		ret = walk_stmt(w, s);
	return ret;
}

int rule_each_set(const struct rule *r, int (*fn)(void *ctx, struct ir_set *s), void *ctx)
{
	return walk_rule(&(struct walk){ .set = fn, .ctx = ctx }, r);
}

int rule_each_object(const struct rule *r, int (*fn)(void *ctx, struct ir_object *o), void *ctx)
{
	return walk_rule(&(struct walk){ .object = fn, .ctx = ctx }, r);
}
