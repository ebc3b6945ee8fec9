/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/vm.c - running compiled rules over a packet: base chain, jumps, counters, policy.
 *
 * Where it stands: on the packet's way, called by path/ for every base chain of a hook. It looks, counts, and asks
 * match_ctx.act and .set_field for everything else.
 *
 * Theory of operation: a chain is an array of rules, a rule a short program (program.h). A field is loaded once in a
 * walk and kept in a small cache on the stack, which is thrown away when an action may have changed the packet. In a
 * chain with an index (classify.c) only candidates are run; after an action, or back from another chain, the packet
 * is looked up again.
 *
 * Invariants
 *  1. The index changes nothing but time: the same rules match, in the same order, with the same counters and states.
 *  2. A comparison with a field that the packet does not have fails, inverted or not.
 *  3. match_ctx.cacheable is cleared by whatever is looked at that is not fixed for a connection, and by every effect
 *     beyond counting.
 *
 * References: nft_do_chain() in the kernel's nf_tables_core.c, for what returns, policies and the jump stack do.
 */
#include "rules/vm.h"

#include <string.h>

#include "rules/classify.h"
#include "rules/object.h"
#include "rules/program.h"
#include "rules/set.h"
#include "rules/vec.h"

#define VM_WORDS ((FIELD_MAX + 63) / 64)	/* of a bit per field */

/* fields loaded so far; .val of a field is two words as in memory, zero-padded */
struct vm {
	struct match_ctx *m;
	bool dry;			/* nothing is counted */
	bool changed;			/* an action may have changed the packet since it was looked up in an index */
	uint64_t have[VM_WORDS], absent[VM_WORDS];
	uint64_t val[FIELD_MAX][2];
};

struct vm_frame {
	const struct chain *chain;
	unsigned next;
};

static void vm_init(struct vm *vm, struct match_ctx *m)
{
	vm->m = m;
	vm->dry = false;
	vm->changed = false;
	memset(vm->have, 0, sizeof(vm->have));
}

static void vm_forget(struct vm *vm)
{
	vm->changed = true;
	memset(vm->have, 0, sizeof(vm->have));
}

static __attribute__((noinline)) void vm_fetch(struct vm *vm, unsigned f)
{
	uint64_t bit = 1ull << (f % 64), *absent = &vm->absent[f / 64];

	vm->val[f][0] = vm->val[f][1] = 0;
	if (!(fields[f].flags & FIELD_FRESH))
		vm->have[f / 64] |= bit;
	*absent &= ~bit;
	if (!fields[f].load(vm->m, (uint8_t *)vm->val[f]))
		*absent |= bit;
	if (!(fields[f].flags & FIELD_CACHE))
		vm->m->cacheable = false;
}

static inline const uint64_t *vm_load(struct vm *vm, unsigned f)
{
	uint64_t bit = 1ull << (f % 64);

	if (!(vm->have[f / 64] & bit))
		vm_fetch(vm, f);
	return unlikely(vm->absent[f / 64] & bit) ? NULL : vm->val[f];
}

static const uint64_t *vm_load_for_index(void *ctx, unsigned field)
{
	return vm_load(ctx, field);
}

/* ---- trees: what has no instruction of its own ---- */

static enum field_order expr_order(const struct ir_expr *e)
{
	if (e->kind == IR_FIELD)
		return fields[e->f.field].order;
	if (e->kind == IR_BITWISE)
		return expr_order(e->bit.a);
	if (e->kind == IR_SHIFT)
		return expr_order(e->shift.a);
	if (e->kind == IR_CALL)
		return FIELD_ORDER_HOST;
	if (e->kind == IR_MAP)
		return e->set.set->desc.data_order;
	if (e->kind == IR_BINOP)
		return expr_order(e->bin.a);
	if (e->kind == IR_SWAB)
		return expr_order(e->swab.a) == FIELD_ORDER_NET ? FIELD_ORDER_HOST : FIELD_ORDER_NET;
	return FIELD_ORDER_NET;
}

static bool eval(struct vm *vm, const struct ir_expr *e, uint8_t *out);

static bool eval_shift(struct vm *vm, const struct ir_expr *e, uint8_t *out)
{
	enum field_order order = expr_order(e);
	uint64_t w = 0, v, all = e->len == 8 ? UINT64_MAX : (1ull << (8 * e->len)) - 1;
	int n = e->shift.n;

	if (!eval(vm, e->shift.a, (uint8_t *)&w))
		return false;
	v = insn_number(w, e->len, order);
	v = n >= 64 || n <= -64 ? 0 : n > 0 ? (v << n) & all : v >> -n;
	w = order == FIELD_ORDER_HOST ? v : __builtin_bswap64(v) >> (64 - 8 * e->len);
	memcpy(out, &w, e->len);
	return true;
}

static bool eval_concat(struct vm *vm, const struct ir_expr *e, uint8_t *out)
{
	unsigned at = 0;

	memset(out, 0, e->len);
	for (unsigned i = 0; i < e->concat.n; i++) {
		if (!eval(vm, e->concat.part[i], out + at))
			return false;
		at += (e->concat.part[i]->len + 3) & ~3u;
	}
	return true;
}

static bool eval_swab(struct vm *vm, const struct ir_expr *e, uint8_t *out)
{
	unsigned size = e->swab.size;

	if (!eval(vm, e->swab.a, out))
		return false;
	for (unsigned at = 0; at + size <= e->len; at += size)
		for (unsigned i = 0, j = size - 1; i < j; i++, j--) {
			uint8_t b = out[at + i];

			out[at + i] = out[at + j];
			out[at + j] = b;
		}
	return true;
}

static bool eval_binop(struct vm *vm, const struct ir_expr *e, uint8_t *out)
{
	uint8_t b[IR_VAL_MAX];

	if (!eval(vm, e->bin.a, out) || !eval(vm, e->bin.b, b))
		return false;
	for (unsigned i = 0; i < e->len; i++)
		out[i] = e->bin.op == IR_AND ? out[i] & b[i] : e->bin.op == IR_OR ? out[i] | b[i] : out[i] ^ b[i];
	return true;
}

/* the function has room for the longest value, whatever @out has */
static bool eval_call(struct vm *vm, const struct ir_expr *e, uint8_t *out)
{
	uint8_t val[IR_VAL_MAX] = { 0 };

	if (e->call.arg && !eval(vm, e->call.arg, val))
		return false;
	if (!e->call.fn->cacheable)
		vm->m->cacheable = false;
	if (!e->call.fn->value(vm->m, e->call.data, e->call.state, val))
		return false;
	memcpy(out, val, e->len);
	return true;
}

/* ---- sets ---- */

/* what a map has for the packet, NULL: nothing */
static const void *map_data(struct vm *vm, const struct ir_expr *map)
{
	uint8_t key[IR_VAL_MAX] = { 0 };

	return eval(vm, map->set.key, key) ? set_lookup_data(map->set.set, key, vm->m) : NULL;
}

static bool run_lookup(struct vm *vm, const struct insn *in)
{
	uint8_t buf[IR_VAL_MAX] = { 0 };
	const uint8_t *key = in->lookup.expr ? buf : (const uint8_t *)vm_load(vm, in->field);

	if (!key || (in->lookup.expr && !eval(vm, in->lookup.expr, buf)))
		return false;
	if (in->neg || vm->dry)
		return set_contains(in->lookup.set, key, clock_ms(vm->m->clock)) != in->neg;
	return set_lookup(in->lookup.set, key, vm->m);
}

/* false: the rule ends; IR_CONTINUE in *v: it goes on */
static bool run_vmap(struct vm *vm, const struct ir_stmt *s, enum ir_verdict *v, const struct chain **jump)
{
	const struct set_bound_verdict *b = map_data(vm, s->vmap);

	if (!b)
		return false;
	*v = b->v;
	*jump = b->chain;
	return true;
}

static bool run_dynset(struct vm *vm, const struct ir_stmt *s)
{
	uint8_t key[IR_VAL_MAX] = { 0 }, data[IR_VAL_MAX] = { 0 };

	if (!eval(vm, s->dynset.key, key) || (s->dynset.data && !eval(vm, s->dynset.data, data)))
		return false;
	return set_dynset(s->dynset.set, s->dynset.op, key, s->dynset.data ? data : NULL, s->dynset.timeout_ms, vm->m);
}

static bool run_objref(struct vm *vm, const struct ir_stmt *s)
{
	struct ir_object *o = s->objref.obj;

	if (!o)
		o = (struct ir_object *)map_data(vm, s->objref.map);
	if (!o || o->fn)
		return o && object_eval(o, vm->m);
	vm->m->cacheable = false;
	return !vm->m->object || vm->m->object(vm->m, o);
}

/* the value of @e, e->len bytes into @out; false: the packet has not got it */
static bool eval(struct vm *vm, const struct ir_expr *e, uint8_t *out)
{
	const uint64_t *w;

	switch (e->kind) {
	case IR_VALUE:
		memcpy(out, e->val, e->len);
		return true;
	case IR_FIELD:
		if (field_has_arg(e->f.field)) {
			vm->m->cacheable = false;
			return field_load_arg(vm->m, e, out);
		}
		w = vm_load(vm, e->f.field);
		if (w)
			memcpy(out, w, e->len);
		return w;
	case IR_BITWISE:
		if (!eval(vm, e->bit.a, out))
			return false;
		for (unsigned i = 0; i < e->len; i++)
			out[i] = (out[i] & e->bit.mask[i]) ^ e->bit.xor[i];
		return true;
	case IR_SHIFT:
		return eval_shift(vm, e, out);
	case IR_CONCAT:
		return eval_concat(vm, e, out);
	case IR_MAP:
		w = map_data(vm, e);
		if (w)
			memcpy(out, w, e->len);
		return w;
	case IR_SWAB:
		return eval_swab(vm, e, out);
	case IR_BINOP:
		return eval_binop(vm, e, out);
	case IR_CALL:
		return eval_call(vm, e, out);
	default:
		return false;
	}
}

/* -1, 0, 1: two values as numbers of that order */
static int compare(const uint8_t *a, const uint8_t *b, unsigned len, enum field_order order)
{
	uint64_t x = 0, y = 0;

	if (order == FIELD_ORDER_NET || len > 8)
		return memcmp(a, b, len);
	memcpy(&x, a, len);
	memcpy(&y, b, len);
	return x < y ? -1 : x > y;
}

static bool eval_in(const uint8_t *v, const struct ir_expr *l, const struct ir_expr *r)
{
	enum field_order order = expr_order(l);
	uint64_t w = 0;

	if (r->kind == IR_RANGE)
		return compare(v, r->range.lo, r->len, order) >= 0 && compare(v, r->range.hi, r->len, order) <= 0;
	memcpy(&w, v, l->len);
	w = insn_number(w, l->len, order);
	return w < 32 && (r->bits >> w & 1);
}

static bool eval_match(struct vm *vm, const struct ir_stmt *s)
{
	uint8_t a[IR_VAL_MAX], b[IR_VAL_MAX];
	int c;

	if (!eval(vm, s->match.lhs, a))
		return false;
	if (s->match.op == IR_IN || s->match.op == IR_NOT_IN)
		return eval_in(a, s->match.lhs, s->match.rhs) == (s->match.op == IR_IN);
	if (!eval(vm, s->match.rhs, b))
		return false;
	c = compare(a, b, s->match.lhs->len, expr_order(s->match.lhs));
	switch (s->match.op) {
	case IR_EQ:
		return c == 0;
	case IR_NE:
		return c != 0;
	case IR_LT:
		return c < 0;
	case IR_GT:
		return c > 0;
	case IR_LE:
		return c <= 0;
	default:
		return c >= 0;
	}
}

/* ---- one rule ---- */

static inline bool match_wide(const uint64_t *w, const struct insn *in)
{
	return ((w[0] & in->wide.mask[0]) ^ in->wide.val[0]) == 0 && ((w[1] & in->wide.mask[1]) ^ in->wide.val[1]) == 0;
}

static bool match_range(const uint64_t *w, const struct insn *in)
{
	uint64_t v = insn_number(w[0] & in->range.mask, in->len, in->order);

	return (v >= in->range.lo && v <= in->range.hi) != in->neg;
}

static bool match_bits(const uint64_t *w, const struct insn *in)
{
	uint64_t v = insn_number(w[0], in->len, in->order);

	return (v < 32 && (in->bits >> v & 1)) != in->neg;
}

static bool run_test(struct vm *vm, const struct insn *in)
{
	if (!in->test.fn->cacheable)
		vm->m->cacheable = false;
	return in->test.fn->eval(vm->m, in->test.data, in->test.state) != in->neg && !vm->m->hotdrop;
}

/* does the comparison hold */
static inline bool run_match(struct vm *vm, const struct insn *in)
{
	const uint64_t *w;

	switch (in->op) {
	case OP_EQ:
		w = vm_load(vm, in->field);
		return w && (w[0] & in->eq.mask) == in->eq.val;
	case OP_NE:
		w = vm_load(vm, in->field);
		return w && (w[0] & in->eq.mask) != in->eq.val;
	case OP_EQ_WIDE:
		w = vm_load(vm, in->field);
		return w && match_wide(w, in);
	case OP_NE_WIDE:
		w = vm_load(vm, in->field);
		return w && !match_wide(w, in);
	case OP_RANGE:
		w = vm_load(vm, in->field);
		return w && match_range(w, in);
	case OP_BITS:
		w = vm_load(vm, in->field);
		return w && match_bits(w, in);
	case OP_EXPR:
		return eval_match(vm, in->stmt);
	case OP_LOOKUP:
		return run_lookup(vm, in);
	default:
		return run_test(vm, in);
	}
}

/* field = value; false: the value's source is not there, and the rule ends */
static bool run_set(struct vm *vm, const struct ir_stmt *s)
{
	uint8_t val[IR_VAL_MAX] = { 0 };

	if (!eval(vm, s->set.val, val))
		return false;
	if (vm->m->set_field)
		vm->m->set_field(vm->m, s->set.field, val);
	return true;
}

/* what a rule came to; *jump is set with IR_JUMP and IR_GOTO */
static inline bool rule_run(struct vm *vm, struct rule *r, enum ir_verdict *v, const struct chain **jump)
{
	struct match_ctx *m = vm->m;

	for (const struct insn *in = r->prog->insn;; in++) {
		if (in->op <= OP_TEST) {
			if (!run_match(vm, in))
				return false;
			continue;
		}
		switch (in->op) {
		case OP_COUNTER:
			r->packets++;
			r->bytes += match_len(m);
			break;
		case OP_VERDICT:
			*v = in->stmt->verdict.v;
			*jump = in->stmt->verdict.chain;
			return true;
		case OP_SET:
			m->cacheable = false;
			if (!run_set(vm, in->stmt))
				return false;
			vm_forget(vm);
			break;
		case OP_VMAP:
			if (!run_vmap(vm, in->stmt, v, jump))
				return false;
			if (*v != IR_CONTINUE)
				return true;
			break;
		case OP_DYNSET:
			if (!run_dynset(vm, in->stmt))
				return false;
			break;
		case OP_OBJREF:
			if (!run_objref(vm, in->stmt))
				return false;
			break;
		case OP_ACTION:
			m->cacheable = false;
			*v = m->act ? m->act(m, r, in->stmt) : IR_CONTINUE;
			vm_forget(vm);
			if (*v == IR_BREAK)
				return false;
			if (*v != IR_CONTINUE)
				return true;
			break;
		default:		/* OP_END */
			*v = IR_CONTINUE;
			return true;
		}
	}
}

bool vm_eval(struct match_ctx *m, const struct ir_expr *e, uint8_t *out)
{
	struct vm vm;

	vm_init(&vm, m);
	return eval(&vm, e, out);
}

bool vm_match(const struct rule *r, struct match_ctx *m)
{
	struct vm vm;

	vm_init(&vm, m);
	vm.dry = true;
	for (const struct insn *in = r->prog->insn; in->op != OP_END; in++)
		if (in->op <= OP_TEST && !run_match(&vm, in))
			return false;
	return true;
}

/* ---- chains ---- */

/* where a walk stands: in which chain, at which rule, and the candidates there */
struct walk {
	struct vm vm;
	const struct chain *chain;
	unsigned i;
	bool looked_up;
	unsigned depth;
	struct vm_frame stack[VM_JUMP_MAX];
	struct classify_iter it;
};

static void walk_enter(struct walk *w, const struct chain *c, unsigned at)
{
	w->chain = c;
	w->i = at;
	w->looked_up = false;
	if (unlikely(c->index_after))
		chain_used((struct chain *)c);
}

/* moves .i to the next rule that can match, n_rules: none is left */
static inline void walk_seek(struct walk *w)
{
	const struct classifier *index = w->chain->index;
	uint32_t i;

	if (!index || w->i < classify_first(index))
		return;
	if (!w->looked_up || w->vm.changed) {
		w->vm.changed = false;
		classify_start(index, vm_load_for_index, &w->vm, w->i, &w->it);
		w->looked_up = true;
	}
	i = classify_next(&w->it, w->i);
	w->i = MIN(i, w->chain->n_rules);
}

/* true: back in the caller; false: that was the base chain */
static bool walk_return(struct walk *w)
{
	if (!w->depth)
		return false;
	w->depth--;
	walk_enter(w, w->stack[w->depth].chain, w->stack[w->depth].next);
	return true;
}

static void policy(const struct chain *base, struct match_ctx *m, struct vm_result *res)
{
	struct chain *c = (struct chain *)base;		/* counters are what changes in a committed chain */

	if (c->counts) {
		c->packets++;
		c->bytes += match_len(m);
	}
	*res = (struct vm_result){ .v = c->have_policy && c->policy_drop ? IR_DROP : IR_ACCEPT,
				   .chain = c,
				   .rule_index = c->n_rules };
	if (unlikely(m->trace))
		m->trace(m, c, c->n_rules, NULL, res->v, NULL);
}

static void decided(const struct walk *w, enum ir_verdict v, const struct rule *r, struct vm_result *res)
{
	*res = (struct vm_result){ .v = v, .chain = w->chain, .rule = r, .rule_index = w->i };
}

/* act on what a rule said; true: the walk is over and *res says how */
static bool walk_verdict(struct walk *w, struct rule *r, enum ir_verdict v, const struct chain *jump,
			 struct vm_result *res)
{
	switch (v) {
	case IR_CONTINUE:
		w->i++;
		return false;
	case IR_JUMP:
		if (w->depth == VM_JUMP_MAX)
			break;
		w->stack[w->depth++] = (struct vm_frame){ w->chain, w->i + 1 };
		walk_enter(w, jump, 0);
		return false;
	case IR_GOTO:
		walk_enter(w, jump, 0);
		return false;
	default:
		decided(w, v, r, res);
		return true;
	}
	decided(w, IR_DROP, r, res);	/* jumps too deep: commit lets none through, and the kernel drops too */
	return true;
}

void vm_run(const struct chain *base, struct match_ctx *m, struct vm_result *res)
{
	const struct chain *jump = NULL;
	enum ir_verdict v = IR_CONTINUE;
	struct walk w;
	struct rule *r;

	vm_init(&w.vm, m);
	w.depth = 0;
	m->hotdrop = false;
	m->native = !base->table->xt;
	walk_enter(&w, base, 0);
	for (;;) {
		walk_seek(&w);
		if (w.i >= w.chain->n_rules) {
			if (walk_return(&w))
				continue;
			break;
		}
		r = w.chain->rules[w.i];
		if (!rule_run(&w.vm, r, &v, &jump)) {
			if (unlikely(m->hotdrop)) {
				decided(&w, IR_DROP, r, res);
				return;
			}
			w.i++;
			continue;
		}
		if (unlikely(m->trace))
			m->trace(m, w.chain, w.i, r, v, v == IR_JUMP || v == IR_GOTO ? jump : NULL);
		if (v == IR_RETURN) {
			if (walk_return(&w))
				continue;
			break;
		}
		if (walk_verdict(&w, r, v, jump, res))
			return;
	}
	policy(base, m, res);
}
