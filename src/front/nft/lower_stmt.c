/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/lower_stmt.c - nft's statements as the IR's, and a whole rule.
 *
 * Where it stands: on the rule's way, between eval.c and the transaction; exec.c calls nft_lower_rule().
 *
 * Theory of operation: one function per kind of statement, in a table. A statement with a memory gets the number under
 * which the engine finds its state; the first counter is the rule's own. Rules within a jump or goto become
 * a chain that lives with the rule.
 *
 * Invariants
 *  1. What cannot be lowered is refused with an error at its place: nothing is left out.
 *
 * References: rules/ir.h, rules/fn.h; nft(8) STATEMENTS.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_log.h>

#include "front/nft/lower.h"
#include "front/nft/state.h"
#include "rules/fn.h"

#define NOWHERE (1u << 31)	/* no hook has that number; 0 would be every hook */

/* the rule may be reached from these hooks and kinds of base chain only */
void lower_only(struct lower *l, uint32_t hooks, uint32_t types)
{
	bool ip = l->family == NFPROTO_IPV4 || l->family == NFPROTO_IPV6 || l->family == NFPROTO_INET;

	if (ip && hooks) {
		hooks &= l->out->hooks ? l->out->hooks : hooks;
		l->out->hooks = hooks ? hooks : NOWHERE;
	}
	if (types)
		l->out->types = l->out->types ? l->out->types & types : types;
}

static struct ir_stmt *action(struct lower *l, enum ir_action act)
{
	struct ir_stmt *s = ir_append(l->out, IR_ACTION);

	if (s)
		s->action.act = act;
	return s;
}

static const char *text_of(const struct nft_expr *e)
{
	return e->kind == NFT_X_SYMBOL ? e->symbol.text : e->kind == NFT_X_VALUE ? (const char *)e->value.bytes : "";
}

/* ---- matches and verdicts ---- */

static void lower_match(struct lower *l, struct nft_stmt *s)
{
	if (s->expr->kind == NFT_X_REL)
		lower_rel(l, s->expr);
	else
		lower_refuse(l, &s->loc, -EOPNOTSUPP, "not a comparison");
}

/* the rules within { } in a chain of their own, which the rule binds */
static bool anonymous_chain(struct lower *l, struct nft_expr *v)
{
	struct nft_rule *r;
	struct chain *c;

	c = txn_chain_add(l->x->txn, l->t, NULL);
	if (!c)
		return errno == ENOMEM ? lower_no_memory(l) : lower_refuse(l, &v->loc, -errno, NULL);
	list_for_each(r, v->verdict.rules, node) {
		l->err = nft_add_rule(l->x, l->t, c, c->n_rules, r, false);
		if (l->err)
			return false;
	}
	v->verdict.chain_name = mem_strdup(c->name);
	return v->verdict.chain_name || lower_no_memory(l);
}

/* the chain is there, and is no base chain */
static bool can_go_to(struct lower *l, const struct nft_expr *v)
{
	const char *name = nft_verdict_chain(v);
	const struct chain *c = name ? table_chain(l->t, name) : NULL;
	const struct nft_loc *loc = v->verdict.chain ? &v->verdict.chain->loc : &v->loc;

	if (v->verdict.v != NFT_V_JUMP && v->verdict.v != NFT_V_GOTO)
		return true;
	if (!c)
		return lower_refuse(l, loc, -ENOENT, NULL);
	return !c->base || lower_refuse(l, loc, -EOPNOTSUPP, NULL);
}

static void lower_verdict(struct lower *l, struct nft_stmt *s)
{
	struct nft_expr *v = s->expr;
	enum field_order order;
	struct ir_stmt *ir;

	if (v->kind == NFT_X_MAP) {
		struct ir_expr *m = lower_map(l, v, &order);

		ir = m ? ir_append(l->out, IR_VMAP) : NULL;
		if (ir)
			ir->vmap = m;
		else
			ir_expr_free(m);
		return;
	}
	if (v->kind != NFT_X_VERDICT) {
		lower_refuse(l, &v->loc, -EOPNOTSUPP, NULL);
		return;
	}
	if (v->verdict.rules && !list_empty(v->verdict.rules) && !v->verdict.chain_name && !anonymous_chain(l, v))
		return;
	if (!can_go_to(l, v))
		return;
	ir_verdict(l->out, nft_verdict_of(v->verdict.v), nft_verdict_chain(v));
}

/* ---- statements with a memory ---- */

static const struct ir_fn *state_fn(const struct lower *l, const struct nft_stmt *s, void **data)
{
	switch (s->kind) {
	case NFT_S_COUNTER: {
		struct fn_counter c = { .packets = s->counter.packets, .bytes = s->counter.bytes };

		*data = mem_dup(&c, sizeof(c));
		return &fn_counter;
	}
	case NFT_S_QUOTA: {
		struct fn_nft_quota q = { .quota = s->quota.bytes, .consumed = s->quota.used, .invert = s->quota.over };

		*data = mem_dup(&q, sizeof(q));
		return &fn_nft_quota;
	}
	case NFT_S_LIMIT: {
		struct fn_limit m = { .rate = s->limit.rate, .unit_s = s->limit.unit_s, .burst = s->limit.burst,
				      .bytes = s->limit.bytes, .invert = s->limit.over };

		*data = mem_dup(&m, sizeof(m));
		return &fn_limit;
	}
	case NFT_S_LAST: {
		struct fn_last a = { .set = s->last.set,
				     .at_ns = (int64_t)l->x->c->world->clock.now_ns -
					      (int64_t)s->last.used_ms * 1000000 };

		*data = mem_dup(&a, sizeof(a));
		return &fn_last;
	}
	case NFT_S_CONNLIMIT: {
		struct fn_ct_count n = { .limit = s->connlimit.count, .invert = s->connlimit.over };

		*data = mem_dup(&n, sizeof(n));
		return &fn_ct_count;
	}
	default:
		return NULL;
	}
}

static bool state_fits(struct lower *l, const struct nft_stmt *s)
{
	if ((s->kind == NFT_S_LIMIT && !nft_limit_fits(&s->limit)) || (s->kind == NFT_S_QUOTA && !nft_quota_fits(&s->quota)))
		return lower_refuse(l, &s->loc, -EOVERFLOW, NULL);
	return true;
}

static void lower_state(struct lower *l, struct nft_stmt *s)
{
	const struct ir_fn *fn;
	void *data = NULL;

	s->state = -1;
	if (!state_fits(l, s))
		return;
	if (s->kind == NFT_S_COUNTER && !l->counted) {
		l->counted = true;
		ir_append(l->out, IR_COUNTER);
		return;
	}
	fn = state_fn(l, s, &data);
	if (!data) {
		lower_no_memory(l);
		return;
	}
	ir_test(l->out, fn, data, false);
	s->state = l->n_state++;
}

struct ir_stmt *lower_state_stmt(struct lower *l, const struct nft_stmt *s)
{
	struct ir_stmt *ir;

	if (!state_fits(l, s))
		return NULL;
	ir = mem_zalloc(sizeof(*ir));
	if (!ir) {
		lower_no_memory(l);
		return NULL;
	}
	ir->kind = IR_TEST;
	ir->test.fn = state_fn(l, s, &ir->test.data);
	if (ir->test.fn && ir->test.data)
		return ir;
	if (ir->test.fn)
		lower_no_memory(l);
	else
		lower_refuse(l, &s->loc, -EOPNOTSUPP, NULL);
	mem_free(ir);
	return NULL;
}

/* ---- log, reject ---- */

static void lower_log(struct lower *l, struct nft_stmt *s)
{
	struct ir_log log = { .level = 4 }, *copy;
	struct ir_stmt *a;

	if (s->log.prefix)
		snprintf(log.prefix, sizeof(log.prefix), "%s", text_of(s->log.prefix));
	if (s->log.have & NFT_LOG_HAVE_LEVEL)
		log.level = (uint8_t)s->log.level;
	log.logflags = (uint8_t)s->log.flags;
	log.to_group = s->log.have & NFT_LOG_HAVE_GROUP;
	log.group = (uint16_t)s->log.group;
	log.snaplen = s->log.snaplen;
	log.qthreshold = (uint16_t)s->log.qthreshold;
	copy = mem_dup(&log, sizeof(log));
	a = copy ? action(l, log.to_group ? IR_ACT_NFLOG : IR_ACT_LOG) : NULL;
	if (a)
		a->action.log = copy;
	else
		mem_free(copy);
	if (!a)
		lower_no_memory(l);
}

static void lower_reject(struct lower *l, struct nft_stmt *s)
{
	struct ir_stmt *a = action(l, IR_ACT_REJECT);

	if (!a)
		return;
	lower_only(l, HOOK(PRE_ROUTING) | HOOK(LOCAL_IN) | HOOK(FORWARD) | HOOK(LOCAL_OUT), 0);
	switch (s->reject.type) {
	case NFT_REJECT_TCP_RST:
		a->action.reject.type = IR_REJECT_TCP_RST;
		break;
	case NFT_REJECT_ICMPX_UNREACH:
		a->action.reject.type = IR_REJECT_ICMPX;
		break;
	default:
		a->action.reject.type = IR_REJECT_ICMP;
		break;
	}
	a->action.reject.code = s->reject.code_value;
}

/* ---- where packets go ---- */

static void lower_tproxy(struct lower *l, struct nft_stmt *s)
{
	bool v6 = s->tproxy.family == NFPROTO_IPV6;
	struct ir_stmt *a = action(l, IR_ACT_TPROXY);

	if (!a)
		return;
	lower_only(l, HOOK(PRE_ROUTING), 0);
	a->action.tproxy.family = s->tproxy.family;
	if (s->tproxy.addr)
		a->action.tproxy.addr = lower_as(l, s->tproxy.addr, FIELD_ORDER_NET, v6 ? 16 : 4);
	if (s->tproxy.port)
		a->action.tproxy.port = lower_as(l, s->tproxy.port, FIELD_ORDER_NET, 2);
}

static void lower_synproxy(struct lower *l, struct nft_stmt *s)
{
	struct ir_stmt *a = action(l, IR_ACT_SYNPROXY);

	if (!a)
		return;
	lower_only(l, HOOK(LOCAL_IN) | HOOK(FORWARD), 0);
	a->action.synproxy.mss = s->synproxy.mss;
	a->action.synproxy.wscale = s->synproxy.wscale;
	a->action.synproxy.flags = s->synproxy.flags;
}

static void lower_dup(struct lower *l, struct nft_stmt *s)
{
	struct ir_stmt *a = action(l, s->kind == NFT_S_DUP ? IR_ACT_DUP : IR_ACT_FWD);
	uint8_t family = s->fwd.family ? s->fwd.family : l->family;

	if (!a)
		return;
	a->action.dup.family = family;
	if (s->kind == NFT_S_DUP && l->family == NFPROTO_NETDEV && !s->fwd.dev) {	/* below IP a copy is for a device */
		a->action.dup.dev = lower_as(l, s->fwd.to, FIELD_ORDER_HOST, 4);
		return;
	}
	if (s->fwd.to)
		a->action.dup.to = lower_as(l, s->fwd.to, FIELD_ORDER_NET, family == NFPROTO_IPV6 ? 16 : 4);
	if (s->fwd.dev)
		a->action.dup.dev = lower_as(l, s->fwd.dev, FIELD_ORDER_HOST, 4);
}

static void lower_queue(struct lower *l, struct nft_stmt *s)
{
	const struct nft_expr *num = s->queue.num;
	struct ir_stmt *a = action(l, IR_ACT_QUEUE);
	uint8_t lo[2], hi[2];

	if (!a)
		return;
	a->action.queue.flags = (uint16_t)s->queue.flags;
	if (!num)
		return;
	if (num->kind != NFT_X_VALUE && num->kind != NFT_X_RANGE) {
		a->action.queue.num = lower_as(l, num, FIELD_ORDER_HOST, num->len_bits == 16 ? 2 : 4);
		return;
	}
	if (!lower_bounds(l, num, FIELD_ORDER_HOST, 2, lo, hi))
		return;
	memcpy(&a->action.queue.first, lo, 2);
	memcpy(&a->action.queue.last, hi, 2);
}

static void lower_flow(struct lower *l, struct nft_stmt *s)
{
	struct ir_stmt *a;

	if (!table_flowtable(l->t, s->flow.table)) {
		lower_refuse(l, &s->loc, -ENOENT, NULL);
		return;
	}
	a = action(l, IR_ACT_FLOW);
	if (!a)
		return;
	lower_only(l, HOOK(FORWARD), 0);
	a->action.flowtable = mem_strdup(s->flow.table);
	if (!a->action.flowtable)
		lower_no_memory(l);
}

static void lower_notrack(struct lower *l, struct nft_stmt *s)
{
	action(l, IR_ACT_NOTRACK);
}

/* ---- assignments ---- */

static void set_field(struct lower *l, const struct nft_stmt *s, unsigned field)
{
	struct ir_stmt *ir;
	struct ir_expr *v;

	if (field >= FIELD_MAX || !(fields[field].flags & FIELD_WRITABLE)) {
		lower_refuse(l, &s->loc, -EOPNOTSUPP, NULL);
		return;
	}
	v = lower_as(l, s->assign.val, fields[field].order, fields[field].len);
	ir = v ? ir_append(l->out, IR_SET_FIELD) : NULL;
	if (!ir) {
		ir_expr_free(v);
		return;
	}
	ir->set.field = (uint16_t)field;
	ir->set.val = v;
}

/* the bytes around a field that is not whole bytes stay: (load & ~mask) | (value << shift) */
static struct ir_expr *merged(struct lower *l, const struct nft_expr *val, struct ir_expr *load, unsigned shift,
			      unsigned bits)
{
	uint8_t mask[16], xor[16], num[16];
	unsigned len = load->len;
	struct ir_expr *v;

	if (len > 8) {
		ir_expr_free(load);
		lower_refuse(l, &val->loc, -EOPNOTSUPP, "too long a value");
		return NULL;
	}
	memset(mask, 0xff, sizeof(mask));
	for (unsigned b = shift; b < shift + bits; b++)
		mask[len - 1 - b / 8] &= (uint8_t)~(1u << b % 8);
	if (val->kind != NFT_X_VALUE) {
		v = ir_shift(lower_as(l, val, FIELD_ORDER_NET, len), (int)shift);
		return ir_binop(IR_OR, ir_bitwise(load, mask, NULL), v);
	}
	if (!lower_const(l, val, FIELD_ORDER_NET, len, num)) {
		ir_expr_free(load);
		return NULL;
	}
	v = ir_shift(ir_value(num, len), (int)shift);
	memcpy(xor, num, len);
	ir_expr_free(v);
	for (unsigned n = shift; n; n--) {
		unsigned carry = 0;

		for (unsigned i = len; i-- > 0;) {
			unsigned x = (unsigned)xor[i] << 1 | carry;

			xor[i] = (uint8_t)x;
			carry = x >> 8;
		}
	}
	return ir_bitwise(load, mask, xor);
}

static bool in_pseudo_header(const struct nft_expr *e)
{
	const struct nft_proto *p = e->payload.proto;
	unsigned at = e->payload.offset_bits / 8;

	if (!p || e->payload.base != NFT_PAYLOAD_NETWORK_HEADER)
		return false;
	if (strcmp(p->name, "ip") == 0)
		return at == 9 || (at >= 12 && at < 20);
	return strcmp(p->name, "ip6") == 0 && (at == 6 || at >= 8);
}

/* does the place belong to a header whose checksum is known: not @base,offset,length, and not th */
static bool has_checksum(const struct nft_expr *e)
{
	if (e->kind != NFT_X_PAYLOAD)
		return true;
	return !e->payload.raw && e->payload.proto && strcmp(e->payload.proto->name, "th") != 0;
}

static void set_bytes(struct lower *l, const struct nft_stmt *s, uint32_t offset, struct ir_expr *load, uint8_t base,
		      uint8_t tcpopt)
{
	const struct nft_expr *to = s->assign.to;
	unsigned first = offset / 8, end = lower_bytes(offset + to->len_bits), len = end - first;
	struct ir_expr *v;
	struct ir_stmt *ir;

	if (load)
		load->len = (uint16_t)len;
	if (to->len_bits == 8 * len) {
		ir_expr_free(load);
		v = lower_as(l, s->assign.val, FIELD_ORDER_NET, len);
	} else {
		v = load ? merged(l, s->assign.val, load, 8 * end - (offset + to->len_bits), to->len_bits) : NULL;
	}
	ir = v ? ir_append(l->out, IR_SET_BYTES) : NULL;
	if (!ir) {
		ir_expr_free(v);
		lower_no_memory(l);
		return;
	}
	ir->bytes.base = base;
	ir->bytes.tcpopt = tcpopt;
	ir->bytes.offset = (uint16_t)first;
	ir->bytes.len = (uint16_t)len;
	ir->bytes.csum_l4 = to->kind == NFT_X_PAYLOAD && in_pseudo_header(to);
	ir->bytes.raw = !has_checksum(to);
	ir->bytes.val = v;
}

static void lower_assign(struct lower *l, struct nft_stmt *s)
{
	const struct nft_expr *to = s->assign.to;
	struct ir_expr *load;

	switch (to->kind) {
	case NFT_X_META:
		if (to->key == NFT_META_PKTTYPE)
			lower_only(l, 1u << NF_INET_PRE_ROUTING, 0);
		set_field(l, s, lower_meta_field(to->key));
		break;
	case NFT_X_CT:
		if (l->family == NFPROTO_NETDEV) {	/* nothing tracks there */
			lower_refuse(l, &s->loc, -EPROTO, NULL);
			break;
		}
		set_field(l, s, lower_ct_field(to->ct.key, to->ct.dir));
		break;
	case NFT_X_PAYLOAD:
		load = ir_field(FIELD_PAYLOAD);
		if (load) {
			load->f.arg[0] = to->payload.base;
			load->f.arg[1] = to->payload.offset_bits / 8;
		}
		set_bytes(l, s, to->payload.offset_bits, load, to->payload.base, 0);
		break;
	case NFT_X_EXTHDR:
		load = ir_field(FIELD_EXTHDR);
		if (load) {
			load->f.arg[0] = to->exthdr.op;
			load->f.arg[1] = to->exthdr.type;
			load->f.arg[2] = to->exthdr.offset_bits / 8;
		}
		if (to->exthdr.op != NFT_EXTHDR_OP_TCPOPT) {
			ir_expr_free(load);
			lower_refuse(l, &s->loc, -EOPNOTSUPP, NULL);
		} else {
			set_bytes(l, s, to->exthdr.offset_bits, load, NFT_PAYLOAD_TRANSPORT_HEADER, to->exthdr.type);
		}
		break;
	default:
		lower_refuse(l, &s->loc, -EOPNOTSUPP, NULL);
		break;
	}
}

static void lower_optstrip(struct lower *l, struct nft_stmt *s)
{
	struct ir_stmt *ir = ir_append(l->out, IR_SET_BYTES);

	if (!ir)
		return;
	ir->bytes.base = NFT_PAYLOAD_TRANSPORT_HEADER;
	ir->bytes.tcpopt = s->expr->exthdr.type;
}

/* ---- sets and objects ---- */

/* a rule may say again what the set says of its elements, and nothing else */
static bool same_stmts(const struct nft_stmt *s, const struct ir_set *set)
{
	const struct nft_set *desc = nft_set_of(set);
	const struct list *a = s->set.stmts.next, *b = desc ? desc->stmts.next : NULL;

	if (s->set.meter || !b)
		return true;
	while (a != &s->set.stmts && b != &desc->stmts) {
		if (list_entry(a, struct nft_stmt, node)->kind != list_entry(b, struct nft_stmt, node)->kind)
			return false;
		a = a->next;
		b = b->next;
	}
	return a == &s->set.stmts && b == &desc->stmts;
}

/* a set without statements of its own takes those of the first rule that fills it */
static bool set_takes_stmts(struct lower *l, struct nft_stmt *s, struct ir_set *set)
{
	struct ir_stmt *expr[SET_EXPRS_MAX];
	struct nft_stmt *st;
	unsigned n = 0;
	int err;

	if (list_empty(&s->set.stmts))
		return true;
	if (!(set->desc.flags & NFT_SET_EVAL))
		return lower_refuse(l, &s->loc, -EINVAL, NULL);
	if (set->desc.n_exprs && !set->adopted) {
		if (!same_stmts(s, set))
			return lower_refuse(l, &s->loc, -EOPNOTSUPP, NULL);
		if (!s->set.meter) {	/* said twice, it is listed with the set only */
			nft_stmts_free(&s->set.stmts);
			list_init(&s->set.stmts);
		}
		return true;
	}
	list_for_each(st, &s->set.stmts, node) {
		struct ir_stmt *ir = lower_state_stmt(l, st);

		if (!ir || n == SET_EXPRS_MAX) {
			ir_stmt_free(ir);
			while (n)
				ir_stmt_free(expr[--n]);
			return ir ? lower_refuse(l, &s->loc, -E2BIG, NULL) : false;
		}
		expr[n++] = ir;
	}
	err = nft_set_adopt(l->x, set, expr, n, &s->set.stmts);
	return !err || lower_refuse(l, &s->loc, err, NULL);
}

static void lower_dynset(struct lower *l, struct nft_stmt *s)
{
	const struct nft_expr *key = s->set.key;
	struct ir_expr *k, *data = NULL;
	struct ir_set *set;
	struct ir_stmt *ir;

	set = s->set.meter ? lower_meter(l, s) : lower_set_of(l, s->set.ref, NULL);
	if (!set) {
		if (!l->err)
			l->err = -EINVAL;
		return;
	}
	if (!set_takes_packets(set)) {
		lower_refuse(l, &s->loc, -EOPNOTSUPP, NULL);
		return;
	}
	if (!s->set.data && set->desc.flags & NFT_SET_MAP && s->set.op != SET_OP_DELETE) {
		lower_refuse(l, &s->loc, -EINVAL, NULL);
		return;
	}
	if (!set_takes_stmts(l, s, set))
		return;
	k = lower_key(l, key->kind == NFT_X_ELEM ? key->elem.key : key, &set->desc);
	if (k && s->set.data)
		data = lower_as(l, s->set.data, set->desc.data_order, set->desc.data_len);
	ir = k && (data || !s->set.data) ? ir_append(l->out, IR_DYNSET) : NULL;
	if (!ir) {
		ir_expr_free(k);
		ir_expr_free(data);
		return;
	}
	ir->dynset.set = ir_set_get(set);
	ir->dynset.op = s->set.op;
	ir->dynset.key = k;
	ir->dynset.data = data;
	ir->dynset.timeout_ms = key->kind == NFT_X_ELEM ? key->elem.timeout_ms : 0;
}

static void lower_objref(struct lower *l, struct nft_stmt *s)
{
	const struct nft_expr *name = s->objref.name;
	struct ir_object *obj = NULL;
	struct ir_expr *map = NULL;
	enum field_order order;
	struct ir_stmt *ir;

	if (name->kind == NFT_X_MAP) {
		map = lower_map(l, name, &order);
		if (!map)
			return;
	} else {
		obj = table_object(l->t, s->objref.type, text_of(name));
		if (!obj) {
			lower_refuse(l, &name->loc, -ENOENT, NULL);
			return;
		}
	}
	ir = ir_append(l->out, IR_OBJREF);
	if (!ir) {
		ir_expr_free(map);
		return;
	}
	ir->objref.obj = obj ? ir_object_get(obj) : NULL;
	ir->objref.map = map;
	ir->objref.type = s->objref.type;
}

static void lower_xt(struct lower *l, struct nft_stmt *s)
{
	lower_refuse(l, &s->loc, -EOPNOTSUPP, "written by iptables: only iptables can make it");
}

/* ---- rules ---- */

static void (*const lowerers[NFT_S_KIND_MAX])(struct lower *l, struct nft_stmt *s) = {
	[NFT_S_MATCH] = lower_match,
	[NFT_S_VERDICT] = lower_verdict,
	[NFT_S_COUNTER] = lower_state,
	[NFT_S_QUOTA] = lower_state,
	[NFT_S_LIMIT] = lower_state,
	[NFT_S_LAST] = lower_state,
	[NFT_S_CONNLIMIT] = lower_state,
	[NFT_S_LOG] = lower_log,
	[NFT_S_REJECT] = lower_reject,
	[NFT_S_NAT] = lower_nat,
	[NFT_S_TPROXY] = lower_tproxy,
	[NFT_S_SYNPROXY] = lower_synproxy,
	[NFT_S_DUP] = lower_dup,
	[NFT_S_FWD] = lower_dup,
	[NFT_S_QUEUE] = lower_queue,
	[NFT_S_FLOW] = lower_flow,
	[NFT_S_NOTRACK] = lower_notrack,
	[NFT_S_ASSIGN] = lower_assign,
	[NFT_S_OPTSTRIP] = lower_optstrip,
	[NFT_S_SET] = lower_dynset,
	[NFT_S_OBJREF] = lower_objref,
	[NFT_S_XT] = lower_xt,
};

bool lower_stmts(struct lower *l, struct list *stmts)
{
	struct nft_stmt *s;

	list_for_each(s, stmts, node) {
		s->state = -1;
		lowerers[s->kind](l, s);
		if (l->out->failed)
			lower_no_memory(l);
		if (l->err)
			return false;
	}
	return true;
}

int nft_lower_rule(struct nft_ctx *x, struct table *t, struct nft_rule *r, struct ir_list *out)
{
	struct lower l = { .x = x, .t = t, .out = out, .family = t->family };

	ir_list_init(out);
	if (!lower_stmts(&l, &r->stmts))
		ir_list_free(out);
	return l.err;
}
