/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/ir.c - building, freeing and showing the trees that rules are made of.
 *
 * Where it stands: the dialects under front/ build a rule here; compile.c and classify.c read it.
 *
 * Theory of operation: every builder takes over what it is given, and gives NULL when memory is short or when it was
 * given NULL, so that builders nest without a look at what comes back. A statement that could not be made sets
 * ir_list.failed; who built the list looks once, at the end.
 *
 * Invariants
 *  1. What a builder was given is part of its result or freed.
 *  2. ir_list.last points to the place of the next statement: a list is moved with ir_list_move(), never copied.
 *
 * References: rules/ir.h.
 */
#include "rules/ir.h"

#include <assert.h>

#include "rules/object.h"
#include "rules/set.h"

/* ---- expressions ---- */

static struct ir_expr *expr_new(enum ir_expr_kind kind, unsigned len)
{
	struct ir_expr *e = mem_zalloc(sizeof(*e));

	if (e) {
		e->kind = kind;
		e->len = len;
	}
	return e;
}

struct ir_expr *ir_value(const void *bytes, unsigned len)
{
	struct ir_expr *e = len <= IR_VAL_MAX ? expr_new(IR_VALUE, len) : NULL;

	if (e)
		memcpy(e->val, bytes, len);
	return e;
}

struct ir_expr *ir_field(enum field_id id)
{
	struct ir_expr *e = expr_new(IR_FIELD, fields[id].len);

	if (e)
		e->f.field = id;
	return e;
}

struct ir_expr *ir_bitwise(struct ir_expr *a, const void *mask, const void *xor)
{
	struct ir_expr *e = a && a->len <= sizeof(e->bit.mask) ? expr_new(IR_BITWISE, a->len) : NULL;

	if (!e) {
		ir_expr_free(a);
		return NULL;
	}
	e->bit.a = a;
	memcpy(e->bit.mask, mask, a->len);
	if (xor)
		memcpy(e->bit.xor, xor, a->len);
	return e;
}

struct ir_expr *ir_shift(struct ir_expr *a, int n)
{
	struct ir_expr *e = a && a->len <= 8 ? expr_new(IR_SHIFT, a->len) : NULL;

	if (!e) {
		ir_expr_free(a);
		return NULL;
	}
	e->shift.a = a;
	e->shift.n = n;
	return e;
}

struct ir_expr *ir_range(const void *lo, const void *hi, unsigned len)
{
	struct ir_expr *e = len <= sizeof(e->range.lo) ? expr_new(IR_RANGE, len) : NULL;

	if (e) {
		memcpy(e->range.lo, lo, len);
		memcpy(e->range.hi, hi, len);
	}
	return e;
}

struct ir_expr *ir_bits(uint32_t bits)
{
	struct ir_expr *e = expr_new(IR_BITS, sizeof(bits));

	if (e)
		e->bits = bits;
	return e;
}

struct ir_expr *ir_call(const struct ir_fn *fn, void *data, struct ir_expr *arg, unsigned len)
{
	struct ir_expr *e = len <= IR_VAL_MAX ? expr_new(IR_CALL, len) : NULL;

	if (!e) {
		ir_expr_free(arg);
		mem_free(data);
		return NULL;
	}
	e->call.fn = fn;
	e->call.data = data;
	e->call.arg = arg;
	return e;
}

struct ir_expr *ir_swab(struct ir_expr *a, unsigned size)
{
	struct ir_expr *e = a && size && a->len % size == 0 ? expr_new(IR_SWAB, a->len) : NULL;

	if (!e) {
		ir_expr_free(a);
		return NULL;
	}
	e->swab.a = a;
	e->swab.size = (uint8_t)size;
	return e;
}

struct ir_expr *ir_binop(enum ir_binop op, struct ir_expr *a, struct ir_expr *b)
{
	struct ir_expr *e = a && b && a->len == b->len ? expr_new(IR_BINOP, a->len) : NULL;

	if (!e) {
		ir_expr_free(a);
		ir_expr_free(b);
		return NULL;
	}
	e->bin.op = op;
	e->bin.a = a;
	e->bin.b = b;
	return e;
}

struct ir_expr *ir_concat(struct ir_expr **part, unsigned n)
{
	struct ir_expr *e = expr_new(IR_CONCAT, 0);
	bool bad = !e;

	if (e) {
		e->concat.part = mem_zalloc(n * sizeof(*part));
		bad = !e->concat.part;
	}
	for (unsigned i = 0; i < n; i++)
		bad = bad || !part[i];
	if (bad) {
		for (unsigned i = 0; i < n; i++)
			ir_expr_free(part[i]);
		if (e)
			mem_free(e->concat.part);
		mem_free(e);
		return NULL;
	}
	for (unsigned i = 0; i < n; i++) {
		e->concat.part[e->concat.n++] = part[i];
		e->len += (part[i]->len + 3) & ~3u;
	}
	if (e->len <= IR_VAL_MAX)
		return e;
	ir_expr_free(e);
	return NULL;
}

struct ir_expr *ir_set(struct ir_set *set)
{
	struct ir_expr *e = set ? expr_new(IR_SET, 0) : NULL;

	if (!e)
		return NULL;
	e->set.set = ir_set_get(set);
	for (unsigned i = 0; i < set->desc.n_parts; i++)
		e->len += set->desc.n_parts == 1 ? set->desc.part[i].len : (set->desc.part[i].len + 3) & ~3u;
	return e;
}

struct ir_expr *ir_map(struct ir_set *set, struct ir_expr *key)
{
	struct ir_expr *e = set && key ? expr_new(IR_MAP, 0) : NULL;

	if (!e) {
		ir_expr_free(key);
		return NULL;
	}
	e->set.set = ir_set_get(set);
	e->set.key = key;
	e->len = set->desc.data_len * (set->desc.data_interval ? 2 : 1);
	return e;
}

/** ir_expr_free() - with all its parts and its functions' data */
void ir_expr_free(struct ir_expr *e)
{
	if (!e)
		return;
	switch (e->kind) {
	case IR_BITWISE:
		ir_expr_free(e->bit.a);
		break;
	case IR_SHIFT:
		ir_expr_free(e->shift.a);
		break;
	case IR_CONCAT:
		for (unsigned i = 0; i < e->concat.n; i++)
			ir_expr_free(e->concat.part[i]);
		mem_free(e->concat.part);
		break;
	case IR_SET: case IR_MAP:
		ir_expr_free(e->set.key);
		ir_set_put(e->set.set);
		break;
	case IR_SWAB:
		ir_expr_free(e->swab.a);
		break;
	case IR_BINOP:
		ir_expr_free(e->bin.a);
		ir_expr_free(e->bin.b);
		break;
	case IR_CALL:
		ir_expr_free(e->call.arg);
		mem_free(e->call.data);
		break;
	case IR_VALUE: case IR_FIELD: case IR_RANGE: case IR_BITS:
		break;
	}
	mem_free(e);
}

static struct ir_expr *concat_clone(const struct ir_expr *e)
{
	struct ir_expr *part[IR_VAL_MAX / 4 + 1];

	for (unsigned i = 0; i < e->concat.n; i++)
		part[i] = ir_expr_clone(e->concat.part[i]);
	return ir_concat(part, e->concat.n);
}

/** ir_expr_clone() - a copy that shares nothing but sets; NULL also for a call, whose data is known to its function only */
struct ir_expr *ir_expr_clone(const struct ir_expr *e)
{
	struct ir_expr *c, **child = NULL;
	const struct ir_expr *from = NULL;

	if (e->kind == IR_CONCAT)
		return concat_clone(e);
	if (e->kind == IR_BINOP)
		return ir_binop(e->bin.op, ir_expr_clone(e->bin.a), ir_expr_clone(e->bin.b));
	if (e->kind == IR_CALL)
		return NULL;
	c = mem_dup(e, sizeof(*e));
	if (!c)
		return NULL;
	if (e->kind == IR_BITWISE) {
		child = &c->bit.a;
		from = e->bit.a;
	} else if (e->kind == IR_SHIFT) {
		child = &c->shift.a;
		from = e->shift.a;
	} else if (e->kind == IR_MAP) {
		child = &c->set.key;
		from = e->set.key;
	} else if (e->kind == IR_SWAB) {
		child = &c->swab.a;
		from = e->swab.a;
	}
	if (e->kind == IR_SET || e->kind == IR_MAP)
		ir_set_get(c->set.set);
	if (!child || !from)
		return c;
	*child = ir_expr_clone(from);
	if (*child)
		return c;
	if (e->kind == IR_MAP)
		ir_set_put(c->set.set);
	mem_free(c);
	return NULL;
}

/* ---- statements ---- */

void ir_list_init(struct ir_list *l)
{
	*l = (struct ir_list){ .last = &l->first };
}

static void action_free(struct ir_stmt *s)
{
	switch (s->action.act) {
	case IR_ACT_LOG: case IR_ACT_NFLOG:
		mem_free(s->action.log);
		break;
	case IR_ACT_CT_TEMPLATE: case IR_ACT_NOTRACK:
		mem_free(s->action.ct);
		break;
	case IR_ACT_SNAT: case IR_ACT_DNAT: case IR_ACT_MASQUERADE: case IR_ACT_REDIRECT: case IR_ACT_NETMAP:
		ir_expr_free(s->action.nat.val);
		break;
	case IR_ACT_DUP: case IR_ACT_FWD:
		ir_expr_free(s->action.dup.to);
		ir_expr_free(s->action.dup.dev);
		break;
	case IR_ACT_TPROXY:
		ir_expr_free(s->action.tproxy.addr);
		ir_expr_free(s->action.tproxy.port);
		break;
	case IR_ACT_QUEUE:
		ir_expr_free(s->action.queue.num);
		break;
	case IR_ACT_FLOW:
		mem_free(s->action.flowtable);
		break;
	default:
		break;
	}
}

void ir_stmt_free(struct ir_stmt *s)
{
	if (!s)
		return;
	switch (s->kind) {
	case IR_MATCH:
		ir_expr_free(s->match.lhs);
		ir_expr_free(s->match.rhs);
		break;
	case IR_TEST:
		mem_free(s->test.data);
		break;
	case IR_VERDICT:
		mem_free(s->verdict.name);
		break;
	case IR_SET_FIELD:
		ir_expr_free(s->set.val);
		break;
	case IR_ACTION:
		action_free(s);
		break;
	case IR_VMAP:
		ir_expr_free(s->vmap);
		break;
	case IR_DYNSET:
		ir_expr_free(s->dynset.key);
		ir_expr_free(s->dynset.data);
		ir_set_put(s->dynset.set);
		break;
	case IR_OBJREF:
		ir_expr_free(s->objref.map);
		ir_object_put(s->objref.obj);
		break;
	case IR_SET_BYTES:
		ir_expr_free(s->bytes.val);
		break;
	case IR_COUNTER:
		break;
	}
	mem_free(s);
}

void ir_list_free(struct ir_list *l)
{
	struct ir_stmt *next;

	for (struct ir_stmt *s = l->first; s; s = next) {
		next = s->next;
		ir_stmt_free(s);
	}
	ir_list_init(l);
}

void ir_list_move(struct ir_list *to, struct ir_list *from)
{
	*to = *from;
	if (!to->first)
		to->last = &to->first;
	ir_list_init(from);
}

struct ir_stmt *ir_append(struct ir_list *l, enum ir_stmt_kind kind)
{
	struct ir_stmt *s = mem_zalloc(sizeof(*s));

	if (!s) {
		l->failed = true;
		return NULL;
	}
	s->kind = kind;
	*l->last = s;
	l->last = &s->next;
	return s;
}

/** ir_match() - lhs op rhs; either may be NULL, as a failed builder leaves it, and the list is then failed */
void ir_match(struct ir_list *l, struct ir_expr *lhs, enum ir_op op, struct ir_expr *rhs)
{
	struct ir_stmt *s = lhs && rhs ? ir_append(l, IR_MATCH) : NULL;

	if (!s) {
		ir_expr_free(lhs);
		ir_expr_free(rhs);
		l->failed = true;
		return;
	}
	s->match.op = op;
	s->match.lhs = lhs;
	s->match.rhs = rhs;
}

void ir_match_field(struct ir_list *l, enum field_id id, bool neg, const void *val, const void *mask)
{
	struct ir_expr *lhs = ir_field(id);

	if (mask)
		lhs = ir_bitwise(lhs, mask, NULL);
	ir_match(l, lhs, neg ? IR_NE : IR_EQ, ir_value(val, fields[id].len));
}

void ir_match_range(struct ir_list *l, enum field_id id, bool neg, const void *lo, const void *hi)
{
	ir_match(l, ir_field(id), neg ? IR_NOT_IN : IR_IN, ir_range(lo, hi, fields[id].len));
}

void ir_match_bits(struct ir_list *l, enum field_id id, bool neg, uint32_t bits)
{
	uint32_t zero = 0;

	if (id == FIELD_CT_STATE || id == FIELD_CT_STATUS)
		ir_match_field(l, id, !neg, &zero, &bits);
	else
		ir_match(l, ir_field(id), neg ? IR_NOT_IN : IR_IN, ir_bits(bits));
}

void ir_test(struct ir_list *l, const struct ir_fn *fn, void *data, bool neg)
{
	struct ir_stmt *s = ir_append(l, IR_TEST);

	if (!s) {
		mem_free(data);
		return;
	}
	s->test.fn = fn;
	s->test.data = data;
	s->test.neg = neg;
}

void ir_verdict(struct ir_list *l, enum ir_verdict v, const char *chain)
{
	struct ir_stmt *s = ir_append(l, IR_VERDICT);

	if (!s)
		return;
	s->verdict.v = v;
	s->verdict.name = chain ? mem_strdup(chain) : NULL;
	if (chain && !s->verdict.name)
		l->failed = true;
}

void ir_set_u32(struct ir_list *l, enum field_id id, uint32_t mask, uint32_t xor)
{
	struct ir_expr *val = ir_bitwise(ir_field(id), &mask, &xor);
	struct ir_stmt *s = val ? ir_append(l, IR_SET_FIELD) : NULL;

	if (!s) {
		ir_expr_free(val);
		l->failed = true;
		return;
	}
	s->set.field = id;
	s->set.val = val;
}

/* ---- as text ---- */

static const char *const op_text[] = {
	[IR_EQ] = "==", [IR_NE] = "!=", [IR_LT] = "<",  [IR_GT] = ">",
	[IR_LE] = "<=", [IR_GE] = ">=", [IR_IN] = "in", [IR_NOT_IN] = "not in",
};
static_assert(ARRAY_LEN(op_text) == IR_NOT_IN + 1, "every comparison has its text");

static const char *const verdict_text[] = {
	[IR_ACCEPT] = "accept", [IR_DROP] = "drop", [IR_RETURN] = "return", [IR_CONTINUE] = "continue",
	[IR_JUMP] = "jump",     [IR_GOTO] = "goto", [IR_QUEUE] = "queue",   [IR_STOLEN] = "stolen",
	[IR_BREAK] = "break",
};
static_assert(ARRAY_LEN(verdict_text) == IR_BREAK + 1, "every verdict has its text");

static const char *const action_text[] = {
	[IR_ACT_SNAT] = "snat",
	[IR_ACT_DNAT] = "dnat",
	[IR_ACT_MASQUERADE] = "masquerade",
	[IR_ACT_REDIRECT] = "redirect",
	[IR_ACT_NETMAP] = "netmap",
	[IR_ACT_REJECT] = "reject",
	[IR_ACT_LOG] = "log",
	[IR_ACT_NFLOG] = "nflog",
	[IR_ACT_NOTRACK] = "notrack",
	[IR_ACT_CT_TEMPLATE] = "ct template",
	[IR_ACT_TCPMSS] = "tcpmss",
	[IR_ACT_TRACE] = "trace",
	[IR_ACT_CONNMARK_RESTORE] = "connmark restore",
	[IR_ACT_CONNMARK_SAVE] = "connmark save",
	[IR_ACT_TTL] = "ttl",
	[IR_ACT_CHECKSUM] = "checksum",
	[IR_ACT_TCPOPTSTRIP] = "strip tcp options",
	[IR_ACT_DUP] = "dup",
	[IR_ACT_FWD] = "fwd",
	[IR_ACT_TPROXY] = "tproxy",
	[IR_ACT_SYNPROXY] = "synproxy",
	[IR_ACT_QUEUE] = "queue",
	[IR_ACT_FLOW] = "flow add",
	[IR_ACT_SNPT] = "snpt",
	[IR_ACT_DNPT] = "dnpt",
};
static_assert(ARRAY_LEN(action_text) == IR_ACT_MAX, "every action has its text");

static void print_bytes(struct sbuf *out, const uint8_t *p, unsigned len)
{
	sbuf_puts(out, "0x");
	for (unsigned i = 0; i < len; i++)
		sbuf_printf(out, "%02x", p[i]);
}

/* a constant beside a comparison: host-order numbers as numbers, interface names as text, the rest as bytes */
static void print_value(struct sbuf *out, const struct ir_expr *lhs, const uint8_t *p, unsigned len)
{
	const struct field *f;
	uint32_t v = 0;

	while (lhs->kind == IR_BITWISE)
		lhs = lhs->bit.a;
	f = lhs->kind == IR_FIELD ? &fields[lhs->f.field] : NULL;
	if (f && f->len == 16 && (f->flags & FIELD_IFACE) && memchr(p, 0, len)) {
		sbuf_printf(out, "\"%s\"", (const char *)p);
	} else if (f && f->order == FIELD_ORDER_HOST && len <= sizeof(v)) {
		memcpy(&v, p, len);
		sbuf_printf(out, "0x%x", v);
	} else {
		print_bytes(out, p, len);
	}
}

static void print_expr(struct sbuf *out, const struct ir_expr *e, const struct ir_expr *lhs);

static void print_bitwise(struct sbuf *out, const struct ir_expr *e)
{
	static const uint8_t zero[16];

	sbuf_putc(out, '(');
	print_expr(out, e->bit.a, e->bit.a);
	sbuf_puts(out, " & ");
	print_bytes(out, e->bit.mask, e->len);
	if (memcmp(e->bit.xor, zero, e->len) != 0) {
		sbuf_puts(out, " ^ ");
		print_bytes(out, e->bit.xor, e->len);
	}
	sbuf_putc(out, ')');
}

static void print_expr(struct sbuf *out, const struct ir_expr *e, const struct ir_expr *lhs)
{
	switch (e->kind) {
	case IR_VALUE:
		print_value(out, lhs, e->val, e->len);
		break;
	case IR_FIELD:
		sbuf_puts(out, fields[e->f.field].name);
		if (e->f.field == FIELD_PAYLOAD)
			sbuf_printf(out, "(%u,%u,%u)", e->f.arg[0], e->f.arg[1], e->len);
		else if (e->f.field == FIELD_EXTHDR)
			sbuf_printf(out, "(%u,%u,%u,%u%s)", e->f.arg[0], e->f.arg[1], e->f.arg[2], e->len,
				    e->f.arg[3] ? ",present" : "");
		break;
	case IR_BITWISE:
		print_bitwise(out, e);
		break;
	case IR_SHIFT:
		sbuf_putc(out, '(');
		print_expr(out, e->shift.a, lhs);
		sbuf_printf(out, " %s %d)", e->shift.n > 0 ? "<<" : ">>", e->shift.n > 0 ? e->shift.n : -e->shift.n);
		break;
	case IR_RANGE:
		print_value(out, lhs, e->range.lo, e->len);
		sbuf_putc(out, '-');
		print_value(out, lhs, e->range.hi, e->len);
		break;
	case IR_CONCAT:
		for (unsigned i = 0; i < e->concat.n; i++) {
			sbuf_puts(out, i ? " . " : "");
			print_expr(out, e->concat.part[i], lhs);
		}
		break;
	case IR_BITS:
		sbuf_printf(out, "bits 0x%x", e->bits);
		break;
	case IR_SET:
		sbuf_puts(out, "set");
		break;
	case IR_MAP:
		sbuf_puts(out, "map(");
		print_expr(out, e->set.key, lhs);
		sbuf_putc(out, ')');
		break;
	case IR_CALL:
		sbuf_printf(out, "%s(", e->call.fn->name);
		if (e->call.arg)
			print_expr(out, e->call.arg, lhs);
		sbuf_putc(out, ')');
		break;
	case IR_SWAB:
		sbuf_printf(out, "swab%u(", e->swab.size);
		print_expr(out, e->swab.a, lhs);
		sbuf_putc(out, ')');
		break;
	case IR_BINOP:
		sbuf_putc(out, '(');
		print_expr(out, e->bin.a, lhs);
		sbuf_puts(out, e->bin.op == IR_AND ? " & " : e->bin.op == IR_OR ? " | " : " ^ ");
		print_expr(out, e->bin.b, lhs);
		sbuf_putc(out, ')');
		break;
	}
}

static void print_action(struct sbuf *out, const struct ir_stmt *s)
{
	char a[ADDR_STRLEN], b[ADDR_STRLEN];
	const struct ir_nat *n = &s->action.nat;

	sbuf_puts(out, action_text[s->action.act]);
	if (s->action.act <= IR_ACT_NETMAP) {
		sbuf_printf(out, " flags 0x%x", n->flags);
		if (n->family)
			sbuf_printf(out, " %s-%s", addr_fmt(a, n->family, &n->min), addr_fmt(b, n->family, &n->max));
		sbuf_printf(out, " ports %u-%u base %u", ntohs(n->port_min), ntohs(n->port_max), ntohs(n->port_base));
	} else if (s->action.act == IR_ACT_REJECT) {
		sbuf_puts(out, s->action.reject.type == IR_REJECT_TCP_RST ? " tcp-reset" : "");
		if (s->action.reject.type == IR_REJECT_ICMP)
			sbuf_printf(out, " icmp code %u", s->action.reject.code);
	} else if (s->action.act == IR_ACT_LOG && s->action.log) {
		sbuf_printf(out, " prefix \"%s\" level %u flags 0x%x", s->action.log->prefix, s->action.log->level,
			    s->action.log->logflags);
	} else if (s->action.act == IR_ACT_NFLOG && s->action.log) {
		sbuf_printf(out, " prefix \"%s\" group %u", s->action.log->prefix, s->action.log->group);
	} else if (s->action.act == IR_ACT_TCPMSS) {
		sbuf_printf(out, s->action.tcpmss.clamp ? " clamp" : " %u", s->action.tcpmss.mss);
	} else if (s->action.act == IR_ACT_CONNMARK_RESTORE || s->action.act == IR_ACT_CONNMARK_SAVE) {
		sbuf_printf(out, " ctmask 0x%x nfmask 0x%x", s->action.connmark.ctmask, s->action.connmark.nfmask);
		if (s->action.connmark.shift)
			sbuf_printf(out, " shift %d", s->action.connmark.shift);
	} else if (s->action.act == IR_ACT_TTL) {
		sbuf_printf(out, " %c%u", s->action.ttl.mode == IR_TTL_INC ? '+' : '-', s->action.ttl.by);
	}
}

static void print_stmt(struct sbuf *out, const struct ir_stmt *s)
{
	switch (s->kind) {
	case IR_MATCH:
		print_expr(out, s->match.lhs, s->match.lhs);
		sbuf_printf(out, " %s ", op_text[s->match.op]);
		print_expr(out, s->match.rhs, s->match.lhs);
		break;
	case IR_TEST:
		sbuf_printf(out, "%s%s()", s->test.neg ? "! " : "", s->test.fn->name);
		break;
	case IR_COUNTER:
		sbuf_puts(out, "counter");
		break;
	case IR_VERDICT:
		sbuf_puts(out, verdict_text[s->verdict.v]);
		if (s->verdict.name)
			sbuf_printf(out, " %s", s->verdict.name);
		break;
	case IR_SET_FIELD:
		sbuf_printf(out, "set %s = ", fields[s->set.field].name);
		print_expr(out, s->set.val, s->set.val);
		break;
	case IR_ACTION:
		print_action(out, s);
		break;
	case IR_VMAP:
		sbuf_puts(out, "verdict of ");
		print_expr(out, s->vmap, s->vmap);
		break;
	case IR_DYNSET:
		sbuf_printf(out, "%s element ", s->dynset.op == 2 ? "delete" : s->dynset.op ? "update" : "add");
		print_expr(out, s->dynset.key, s->dynset.key);
		break;
	case IR_OBJREF:
		sbuf_printf(out, "object type %d", s->objref.type);
		break;
	case IR_SET_BYTES:
		sbuf_printf(out, "set bytes (%u,%u,%u) = ", s->bytes.base, s->bytes.offset, s->bytes.len);
		if (s->bytes.val)
			print_expr(out, s->bytes.val, s->bytes.val);
		else
			sbuf_puts(out, "nothing");
		break;
	}
	sbuf_putc(out, '\n');
}

void ir_print(struct sbuf *out, const struct ir_list *l)
{
	for (const struct ir_stmt *s = l->first; s; s = s->next)
		print_stmt(out, s);
}
