/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/compile.c - from a rule's tree to the linear program that vm.c runs.
 *
 * Where it stands: on the rule's way, at commit (txn.c), once in a rule's life.
 *
 * Theory of operation: one instruction per statement, and an end. The common shape "load a field, mask it, compare
 * with a constant" becomes one instruction: masks and xors are folded into the constant, orderings become ranges of
 * numbers. Whatever does not fit (concatenations, shifts, two fields) keeps its tree and is evaluated. The states of
 * all tests stand in one block that lives as long as the rule.
 *
 * Invariants
 *  1. A program ends with OP_END, and refers to its rule's statements, which outlive it.
 *  2. A rule is compiled once: its states survive every later commit.
 *  3. What no instruction exists for is refused (-EOPNOTSUPP), never left out.
 *
 * References: rules/program.h.
 */
#include <errno.h>
#include <string.h>

#include "rules/object.h"
#include "rules/program.h"
#include "rules/set.h"

#define STATE_ALIGN(n) (((n) + 15) & ~(size_t)15)

static void words_of(uint64_t w[2], const uint8_t *p, unsigned len)
{
	w[0] = w[1] = 0;
	memcpy(w, p, len);
}

/* field, mask and xor of a chain of bitwise operations over one field; false: it is something else */
static bool fold_field(const struct ir_expr *e, unsigned *field, uint64_t mask[2], uint64_t xor[2])
{
	uint64_t m[2], x[2];

	if (e->kind == IR_FIELD) {
		uint8_t ones[16];

		if (field_has_arg(e->f.field) || e->len != fields[e->f.field].len)
			return false;
		memset(ones, 0xff, sizeof(ones));
		*field = e->f.field;
		words_of(mask, ones, e->len);
		xor[0] = xor[1] = 0;
		return true;
	}
	if (e->kind != IR_BITWISE || !fold_field(e->bit.a, field, mask, xor))
		return false;
	words_of(m, e->bit.mask, e->len);
	words_of(x, e->bit.xor, e->len);
	for (int i = 0; i < 2; i++) {
		mask[i] &= m[i];
		xor[i] = (xor[i] & m[i]) ^ x[i];
	}
	return true;
}

static int check_map(const struct ir_expr *e, enum set_data data);
static bool key_fits(const struct ir_set *s, const struct ir_expr *key);

/* can every part of the tree be evaluated */
static int check_expr(const struct ir_expr *e)
{
	int err = 0;

	switch (e->kind) {
	case IR_FIELD:
		return e->f.field < FIELD_MAX && e->len <= IR_VAL_MAX && e->len ? 0 : -EINVAL;
	case IR_BITWISE:
		return e->bit.a->len >= e->len && e->bit.a->len <= sizeof(e->bit.mask) ? check_expr(e->bit.a) : -EINVAL;
	case IR_SHIFT:
		return e->shift.a->len == e->len && e->len <= 8 ? check_expr(e->shift.a) : -EINVAL;
	case IR_CONCAT:
		for (unsigned i = 0; i < e->concat.n && !err; i++)
			err = check_expr(e->concat.part[i]);
		return err;
	case IR_VALUE: case IR_RANGE: case IR_BITS:
		return 0;
	case IR_SWAB:
		return e->swab.a->len == e->len && e->swab.size ? check_expr(e->swab.a) : -EINVAL;
	case IR_BINOP:
		if (e->bin.a->len != e->len || e->bin.b->len != e->len)
			return -EINVAL;
		err = check_expr(e->bin.a);
		return err ? err : check_expr(e->bin.b);
	case IR_CALL:
		if (!e->call.fn->value)
			return -EINVAL;
		return e->call.arg ? check_expr(e->call.arg) : 0;
	case IR_SET:
		return e->set.set ? 0 : -EINVAL;
	case IR_MAP:
		return check_map(e, SET_DATA_VALUE);
	}
	return -EINVAL;
}

static bool key_fits(const struct ir_set *s, const struct ir_expr *key)
{
	return ((key->len + 3u) & ~3u) == set_key_len(s);
}

/* a lookup of such data in a map */
static int check_map(const struct ir_expr *e, enum set_data data)
{
	if (!e || e->kind != IR_MAP || !e->set.set || !e->set.key || e->set.set->desc.data != data ||
	    !key_fits(e->set.set, e->set.key))
		return -EINVAL;
	if (data == SET_DATA_VALUE && e->len != e->set.set->desc.data_len * (e->set.set->desc.data_interval ? 2 : 1))
		return -EINVAL;
	return check_expr(e->set.key);
}

static int check_match(const struct ir_stmt *s)
{
	const struct ir_expr *l = s->match.lhs, *r = s->match.rhs;
	bool in = s->match.op == IR_IN || s->match.op == IR_NOT_IN;
	int err = check_expr(l);

	if (!err)
		err = check_expr(r);
	if (err)
		return err;
	if (r->kind == IR_SET)
		return in && l->kind != IR_RANGE && l->kind != IR_BITS && key_fits(r->set.set, l) ? 0 : -EINVAL;
	if (l->kind == IR_RANGE || l->kind == IR_BITS || in != (r->kind == IR_RANGE || r->kind == IR_BITS))
		return -EINVAL;
	if (r->kind == IR_BITS)
		return l->len <= 4 ? 0 : -EINVAL;
	return l->len == r->len ? 0 : -EINVAL;
}

/* an ordering, or a range of constants, as lo..hi; false: it never holds */
static bool bounds_of(const struct ir_stmt *s, unsigned order, uint64_t *lo, uint64_t *hi)
{
	const struct ir_expr *r = s->match.rhs;
	uint64_t a[2], b[2], k;

	if (r->kind == IR_RANGE) {
		words_of(a, r->range.lo, r->len);
		words_of(b, r->range.hi, r->len);
		*lo = insn_number(a[0], r->len, order);
		*hi = insn_number(b[0], r->len, order);
		return *lo <= *hi;
	}
	words_of(a, r->val, r->len);
	k = insn_number(a[0], r->len, order);
	*lo = 0;
	*hi = UINT64_MAX;
	switch (s->match.op) {
	case IR_LT:
		*hi = k - 1;
		return k > 0;
	case IR_GT:
		*lo = k + 1;
		return k < UINT64_MAX;
	case IR_LE:
		*hi = k;
		return true;
	default:
		*lo = k;
		return true;
	}
}

/* comparison of a masked field with constants; false: evaluate the tree */
static bool compile_fused(const struct ir_stmt *s, struct insn *in)
{
	const struct ir_expr *l = s->match.lhs, *r = s->match.rhs;
	uint64_t mask[2], xor[2], val[2];
	unsigned field = 0;
	bool wide = l->len > 8;

	if (l->len > 16 || !fold_field(l, &field, mask, xor))
		return false;
	in->field = field;
	in->len = l->len;
	in->order = fields[field].order;
	if (r->kind == IR_VALUE && (s->match.op == IR_EQ || s->match.op == IR_NE)) {
		words_of(val, r->val, r->len);
		in->op = s->match.op == IR_EQ ? wide ? OP_EQ_WIDE : OP_EQ : wide ? OP_NE_WIDE : OP_NE;
		for (int i = 0; i < (wide ? 2 : 1); i++) {
			if (wide)
				in->wide.mask[i] = mask[i], in->wide.val[i] = val[i] ^ xor[i];
			else
				in->eq.mask = mask[0], in->eq.val = val[0] ^ xor[0];
		}
		return true;
	}
	if (xor[0] || xor[1] || wide)
		return false;
	in->neg = s->match.op == IR_NOT_IN;
	if (r->kind == IR_BITS && mask[0] == (l->len == 8 ? UINT64_MAX : (1ull << (8 * l->len)) - 1)) {
		in->op = OP_BITS;
		in->bits = r->bits;
		return true;
	}
	if (r->kind != IR_RANGE && r->kind != IR_VALUE)
		return false;
	in->op = OP_RANGE;
	in->range.mask = mask[0];
	if (!bounds_of(s, in->order, &in->range.lo, &in->range.hi)) {
		in->range.lo = 1;
		in->range.hi = 0;
	}
	return true;
}

static void compile_lookup(const struct ir_stmt *s, struct insn *in)
{
	const struct ir_expr *l = s->match.lhs;
	bool plain = l->kind == IR_FIELD && !field_has_arg(l->f.field) && l->len <= 16 && l->len == fields[l->f.field].len;

	in->op = OP_LOOKUP;
	in->neg = s->match.op == IR_NOT_IN;
	in->field = plain ? l->f.field : 0;
	in->len = l->len;
	in->order = plain ? fields[in->field].order : FIELD_ORDER_NET;
	in->lookup.set = s->match.rhs->set.set;
	in->lookup.expr = plain ? NULL : l;
}

static int compile_match(const struct ir_stmt *s, struct insn *in)
{
	int err = check_match(s);

	if (err)
		return err;
	if (s->match.rhs->kind == IR_SET) {
		compile_lookup(s, in);
		return 0;
	}
	if (!compile_fused(s, in)) {
		*in = (struct insn){ .op = OP_EXPR };
		in->stmt = s;
	}
	return 0;
}

/* a test's state, and what it shares by name; on failure the instruction has no state to be freed */
static int compile_test(struct ruleset *rs, const struct ir_stmt *s, struct insn *in, uint8_t **state)
{
	const struct ir_fn *fn = s->test.fn;
	int err = 0;

	in->op = OP_TEST;
	in->neg = s->test.neg;
	in->test.fn = fn;
	in->test.data = s->test.data;
	if (!fn->state_size)
		return 0;
	in->test.state = *state;
	*state += STATE_ALIGN(fn->state_size);
	if (fn->state_init)
		fn->state_init(in->test.state, s->test.data);
	if (fn->bind)
		err = fn->bind(rs, s->test.data, in->test.state);
	if (err)
		in->test.state = NULL;
	return err;
}

/* ---- the functions that a rule calls for values ---- */

/* calls @fn for every IR_CALL of a tree; stops at non-zero and returns that */
static int each_call(struct ir_expr *e, int (*fn)(void *ctx, struct ir_expr *call), void *ctx)
{
	int err = 0;

	if (!e)
		return 0;
	switch (e->kind) {
	case IR_BITWISE:
		return each_call(e->bit.a, fn, ctx);
	case IR_SHIFT:
		return each_call(e->shift.a, fn, ctx);
	case IR_SWAB:
		return each_call(e->swab.a, fn, ctx);
	case IR_MAP:
		return each_call(e->set.key, fn, ctx);
	case IR_BINOP:
		err = each_call(e->bin.a, fn, ctx);
		return err ? err : each_call(e->bin.b, fn, ctx);
	case IR_CONCAT:
		for (unsigned i = 0; i < e->concat.n && !err; i++)
			err = each_call(e->concat.part[i], fn, ctx);
		return err;
	case IR_CALL:
		err = each_call(e->call.arg, fn, ctx);
		return err ? err : fn(ctx, e);
	case IR_VALUE: case IR_FIELD: case IR_RANGE: case IR_SET: case IR_BITS:
		break;
	}
	return 0;
}

static int each_stmt_call(const struct ir_stmt *s, int (*fn)(void *ctx, struct ir_expr *call), void *ctx)
{
	struct ir_expr *of[IR_STMT_EXPRS];
	unsigned n = ir_stmt_exprs(s, of);
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++)
		err = each_call(of[i], fn, ctx);
	return err;
}

static int add_call_size(void *size, struct ir_expr *call)
{
	*(size_t *)size += STATE_ALIGN(call->call.fn->state_size);
	return 0;
}

static int place_call(void *state, struct ir_expr *call)
{
	const struct ir_fn *fn = call->call.fn;
	uint8_t **at = state;

	if (!fn->state_size)
		return 0;
	call->call.state = *at;
	*at += STATE_ALIGN(fn->state_size);
	if (fn->state_init)
		fn->state_init(call->call.state, call->call.data);
	return 0;
}

static int check_exprs(const struct ir_stmt *s)
{
	struct ir_expr *of[IR_STMT_EXPRS];
	unsigned n = ir_stmt_exprs(s, of);
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++)
		err = of[i] ? check_expr(of[i]) : 0;
	return err;
}

static bool nat_places_fit(const struct ir_nat *n)
{
	const uint16_t at[] = { n->at_min, n->at_max }, port_at[] = { n->at_port_min, n->at_port_max };

	for (int i = 0; i < 2; i++) {
		if (at[i] != IR_NAT_NONE && at[i] + addr_len(n->family) > n->val->len)
			return false;
		if (port_at[i] != IR_NAT_NONE && port_at[i] + 2u > n->val->len)
			return false;
	}
	return true;
}

/* what an action may not be made of */
static int check_action(const struct ir_stmt *s)
{
	const struct ir_nat *n = &s->action.nat;

	if (s->action.act <= IR_ACT_NETMAP && n->val && !nat_places_fit(n))
		return -EINVAL;
	switch (s->action.act) {
	case IR_ACT_SNPT:
	case IR_ACT_DNPT:
		return s->action.npt.src_len > 64 || s->action.npt.dst_len > 64 ? -EINVAL : 0;
	case IR_ACT_SYNPROXY:		/* D-130 */
		return -EOPNOTSUPP;
	default:
		return check_exprs(s);
	}
}

static int check_bytes(const struct ir_stmt *s)
{
	if (!s->bytes.tcpopt && !s->bytes.val)
		return -EINVAL;
	if (s->bytes.tcpopt && s->bytes.val && s->bytes.len != 2 && s->bytes.len != 4)
		return -EOPNOTSUPP;	/* as the kernel */
	if (s->bytes.val && s->bytes.val->len != s->bytes.len)
		return -EINVAL;
	return check_exprs(s);
}

static int check_dynset(const struct ir_stmt *s)
{
	const struct ir_set *set = s->dynset.set;
	const struct ir_expr *data = s->dynset.data;

	if (!set || !s->dynset.key || !key_fits(set, s->dynset.key))
		return -EINVAL;
	if (set->desc.flags & NFT_SET_CONSTANT)
		return -EBUSY;
	if (!set_takes_packets(set))
		return -EOPNOTSUPP;
	if (s->dynset.timeout_ms && !(set->desc.flags & NFT_SET_TIMEOUT))
		return -EOPNOTSUPP;
	if (s->dynset.op != SET_OP_DELETE && set->desc.data == SET_DATA_VALUE && (!data || data->len != set->desc.data_len))
		return -EINVAL;
	return check_exprs(s);
}

static int compile_stmt(struct ruleset *rs, const struct ir_stmt *s, struct insn *in, uint8_t **state)
{
	static const uint8_t op_of[] = {
		[IR_COUNTER] = OP_COUNTER, [IR_VERDICT] = OP_VERDICT, [IR_SET_FIELD] = OP_SET, [IR_ACTION] = OP_ACTION,
		[IR_SET_BYTES] = OP_ACTION, [IR_VMAP] = OP_VMAP, [IR_DYNSET] = OP_DYNSET, [IR_OBJREF] = OP_OBJREF,
	};

	each_stmt_call(s, place_call, state);
	if (s->kind == IR_MATCH)
		return compile_match(s, in);
	if (s->kind == IR_TEST)
		return compile_test(rs, s, in, state);
	in->op = op_of[s->kind];
	in->stmt = s;
	switch (s->kind) {
	case IR_SET_FIELD:
		return s->set.field < FIELD_MAX && (fields[s->set.field].flags & FIELD_WRITABLE) ? check_exprs(s) : -EINVAL;
	case IR_SET_BYTES:
		return check_bytes(s);
	case IR_ACTION:
		return check_action(s);
	case IR_VMAP:
		return check_map(s->vmap, SET_DATA_VERDICT);
	case IR_DYNSET:
		return check_dynset(s);
	case IR_OBJREF:
		return s->objref.obj ? 0 : check_map(s->objref.map, SET_DATA_OBJECT);
	default:
		return 0;
	}
}

/**
 * rule_compile() - make a rule's program, unless it has one
 * Return: 0, -ENOMEM, -EINVAL (operands that do not go together), -EOPNOTSUPP
 */
int rule_compile(struct ruleset *rs, struct rule *r)
{
	struct program *p;
	unsigned n = 1;
	size_t size = 0;
	uint8_t *state;
	int err = 0;

	if (r->prog)
		return 0;
	for (const struct ir_stmt *s = r->body.first; s; s = s->next, n++) {
		size += s->kind == IR_TEST ? STATE_ALIGN(s->test.fn->state_size) : 0;
		each_stmt_call(s, add_call_size, &size);
	}
	p = mem_zalloc(sizeof(*p) + n * sizeof(p->insn[0]));
	state = size ? mem_zalloc(size) : NULL;
	if (!p || (size && !state)) {
		mem_free(p);
		mem_free(state);
		return -ENOMEM;
	}
	p->state = state;
	for (const struct ir_stmt *s = r->body.first; s && !err; s = s->next)
		err = compile_stmt(rs, s, &p->insn[p->n++], &state);
	p->insn[p->n++].op = OP_END;
	if (err) {
		program_free(p);
		return err;
	}
	rs->wants_acct = rs->wants_acct || r->wants_acct;
	r->prog = p;
	return 0;
}

void *rule_state(const struct rule *r, int nth)
{
	if (!r->prog || nth < 0)
		return NULL;
	for (unsigned i = 0; i < r->prog->n; i++) {
		const struct insn *in = &r->prog->insn[i];

		if (in->op == OP_TEST && in->test.fn->state_size && nth-- == 0)
			return in->test.state;
	}
	return NULL;
}

void program_free(struct program *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < p->n; i++) {
		const struct insn *in = &p->insn[i];

		if (in->op == OP_TEST && in->test.state && in->test.fn->state_free)
			in->test.fn->state_free(in->test.state);
	}
	mem_free(p->state);
	mem_free(p);
}

void program_refill(struct program *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		struct insn *in = &p->insn[i];

		if (in->op != OP_TEST || !in->test.fn->state_size)
			continue;
		if (in->test.fn->state_free)
			in->test.fn->state_free(in->test.state);
		memset(in->test.state, 0, in->test.fn->state_size);
		if (in->test.fn->state_init)
			in->test.fn->state_init(in->test.state, in->test.data);
	}
}
