/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/eval_stmt.c - a rule's statements, one after the other.
 *
 * Each is checked with what those before it have said of the packet. What stands behind a statement that ends the
 * rule is an error. When all are right, the rule is brought to the form in which it is listed (eval_list.c).
 *
 * References: nft(8) STATEMENTS.
 */
#include "front/nft/eval.h"

#include <string.h>

#include <linux/netfilter/nf_log.h>
#include <syslog.h>

#include "base/mem.h"

/* a value that is put somewhere: constants in its length, expressions of its type or plain integers */
bool nft_ev_arg(struct nft_eval *v, struct nft_stmt *s, struct nft_expr **e, const struct nft_type *t, uint32_t bits)
{
	bool number;

	if (!nft_ev_as(v, e, t, bits))
		return false;
	number = (*e)->type == &nft_type_integer || (*e)->type == &nft_type_xinteger;
	if ((*e)->kind == NFT_X_PAYLOAD && number && bits && (*e)->len_bits != bits) {
		nft_err_two(v->x, &(*e)->loc, &s->loc, "datatype mismatch: expected %s, expression has type %s with length %u",
			    t->desc, (*e)->type->desc, (*e)->len_bits);
		return false;
	}
	if ((*e)->type && !nft_types_match(t, (*e)->type) && !number) {
		nft_err_two(v->x, &(*e)->loc, &s->loc, "datatype mismatch: expected %s, expression has type %s", t->desc,
			    (*e)->type->desc);
		return false;
	}
	return true;
}

static bool singleton(struct nft_eval *v, const struct nft_expr *e)
{
	if (e->kind != NFT_X_RANGE && e->kind != NFT_X_PREFIX && e->kind != NFT_X_SET && e->kind != NFT_X_SETREF)
		return true;
	nft_err(v->x, &e->loc, "Value must be a singleton");
	return false;
}

static bool ev_match(struct nft_eval *v, struct nft_stmt *s)
{
	if (s->expr->kind != NFT_X_REL) {
		if (!nft_ev_as(v, &s->expr, NULL, 0))
			return false;
		nft_err(v->x, &s->expr->loc, "Expression is not a match");
		return false;
	}
	if (!nft_ev_rel(v, &s->expr))
		return false;
	nft_protos_learn_all(&v->p, s->expr);
	return true;
}

static bool ev_verdict_stmt(struct nft_eval *v, struct nft_stmt *s)
{
	v->map_object = 0;
	v->map_interval = false;
	if (!nft_ev_as(v, &s->expr, &nft_type_verdict, 0))
		return false;
	if (s->expr->kind == NFT_X_MAP && s->expr->type != &nft_type_verdict) {
		nft_err(v->x, &s->expr->loc, "datatype mismatch: expected netfilter verdict, expression has type %s",
			s->expr->type ? s->expr->type->desc : "?");
		return false;
	}
	if (s->expr->kind == NFT_X_VERDICT && s->expr->verdict.rules) {
		struct nft_rule *r;

		list_for_each(r, s->expr->verdict.rules, node) {
			struct nft_eval inner = *v;

			if (!nft_ev_stmts(&inner, &r->stmts))
				return false;
		}
	}
	return true;
}

/*
 * A field of odd bits, or of an odd byte under a checksum, is written with what is beside it: the real tool puts that
 * together with the value before there is a packet, so the value must be a constant.
 */
static bool fits_between(struct nft_eval *v, const struct nft_expr *to, const struct nft_expr *val)
{
	const struct nft_proto *p = to->payload.proto;
	uint32_t begin = to->payload.offset_bits / 8, end = (to->payload.offset_bits + to->len_bits + 7) / 8;
	uint32_t shift = end * 8 - to->payload.offset_bits - to->len_bits;
	bool sum = p && !to->payload.raw && nft_field_find(p, "checksum") >= 0, odd = sum && (end - begin) % 2;

	if (val->kind == NFT_X_VALUE || (!odd && shift == 0 && to->payload.offset_bits % 8 == 0))
		return true;
	if (odd && begin % 2 == 0)
		shift += 8;
	if (shift && val->kind == NFT_X_MAP)
		nft_err_two(v->x, &val->loc, &to->loc, "Binary operation (<<) is undefined for map expressions");
	else if (shift >= val->len_bits)
		nft_err_two(v->x, &to->loc, &val->loc, "Left shift of %u bits is undefined for type of %u bits width", shift,
			    val->len_bits);
	else
		nft_err(v->x, &to->loc, "Right hand side of binary operation (^) must be constant");
	return false;
}

static bool ev_assign(struct nft_eval *v, struct nft_stmt *s)
{
	struct nft_expr *to = s->assign.to;
	const struct nft_key *k = to->kind == NFT_X_META ? nft_meta_by_key(to->key) : NULL;

	if (k && !k->writable) {
		nft_err(v->x, &s->loc, "Could not process rule: Operation not supported");
		return false;
	}
	if (!nft_ev_as(v, &s->assign.to, NULL, 0))
		return false;
	to = s->assign.to;
	v->map_object = 0;
	v->map_interval = false;
	v->key = NULL;
	if (!nft_ev_arg(v, s, &s->assign.val, to->type, to->len_bits) || !singleton(v, s->assign.val))
		return false;
	if (to->kind == NFT_X_CT && !nft_ct_by_key(to->ct.key)->writable) {
		nft_err(v->x, &s->loc, "Could not process rule: Operation not supported");
		return false;
	}
	if (to->kind == NFT_X_CT && to->ct.key == NFT_CT_SECMARK && nft_is_const(s->assign.val)) {
		nft_err(v->x, &s->loc, "ct secmark must not be set to constant value");
		return false;
	}
	return to->kind != NFT_X_PAYLOAD || fits_between(v, to, s->assign.val);
}

static bool ev_log(struct nft_eval *v, struct nft_stmt *s)
{
	uint32_t have = s->log.have;

	if (s->log.prefix && s->log.prefix->kind == NFT_X_SYMBOL && strlen(s->log.prefix->symbol.text) > NF_LOG_PREFIXLEN - 1) {
		nft_err(v->x, &s->log.prefix->loc, "log prefix is too long");
		return false;
	}
	if (have & NFT_LOG_HAVE_LEVEL && s->log.level == 8 &&
	    (have & ~(uint32_t)NFT_LOG_HAVE_LEVEL || s->log.prefix || s->log.flags)) {
		nft_err(v->x, &s->loc, "log level audit doesn't support any further options");
		return false;
	}
	if (have & NFT_LOG_HAVE_GROUP && have & NFT_LOG_HAVE_LEVEL) {
		nft_err(v->x, &s->loc, "level and group are mutually exclusive");
		return false;
	}
	if (have & NFT_LOG_HAVE_GROUP && s->log.flags) {
		nft_err(v->x, &s->loc, "flags and group are mutually exclusive");
		return false;
	}
	s->log.group &= 0xffff;
	if (!(have & NFT_LOG_HAVE_GROUP))
		s->log.have &= ~(uint32_t)(NFT_LOG_HAVE_SNAPLEN | NFT_LOG_HAVE_QTHRESHOLD);
	if (s->log.level == LOG_WARNING)
		s->log.have &= ~(uint32_t)NFT_LOG_HAVE_LEVEL;
	if (s->log.prefix && s->log.prefix->kind == NFT_X_SYMBOL) {
		const char *text = s->log.prefix->symbol.text;
		struct nft_expr *val = nft_expr_value(&s->log.prefix->loc, &nft_type_string, text,
						      (uint32_t)(strlen(text) + 1) * 8);

		if (!val)
			return nft_no_memory(v);
		val->value.is_string = true;
		nft_ev_replace(&s->log.prefix, val);
	}
	return true;
}

static bool ev_limit(struct nft_eval *v, struct nft_stmt *s)
{
	if (!s->limit.bytes && s->limit.have_burst && s->limit.burst == 0) {
		nft_err(v->x, &s->loc, "packet limit burst must be > 0");
		return false;
	}
	if (s->limit.rate == 0) {
		nft_err(v->x, &s->loc, "Could not process rule: Invalid argument");
		return false;
	}
	return true;
}

static bool ev_optstrip(struct nft_eval *v, struct nft_stmt *s)
{
	return nft_ev_as(v, &s->expr, NULL, 0);
}

static bool ev_queue(struct nft_eval *v, struct nft_stmt *s)
{
	struct nft_expr *e;

	if (!s->queue.num)
		return true;
	if (!nft_ev_as(v, &s->queue.num, &nft_type_integer, 16))
		return false;
	e = s->queue.num;
	if (e->kind != NFT_X_RANGE && s->queue.flags & NFT_QUEUE_FLAG_CPU_FANOUT) {
		nft_err(v->x, &e->loc, "fanout requires a range to be specified");
		return false;
	}
	if ((e->kind == NFT_X_NUMGEN || e->kind == NFT_X_HASH) && (uint64_t)e->gen.mod + e->gen.offset > 65536) {
		nft_err(v->x, &e->loc, "queue expression max value exceeds 65535");
		return false;
	}
	return true;
}

static bool ev_objref(struct nft_eval *v, struct nft_stmt *s)
{
	struct nft_expr *e = s->objref.name;

	if (e->kind == NFT_X_SYMBOL || e->kind == NFT_X_VALUE) {
		if (e->kind == NFT_X_VALUE)
			return true;
		struct nft_expr *val = nft_expr_value(&e->loc, &nft_type_string, e->symbol.text,
						      (uint32_t)(strlen(e->symbol.text) + 1) * 8);

		if (!val)
			return nft_no_memory(v);
		val->value.is_string = true;
		nft_ev_replace(&s->objref.name, val);
		return true;
	}
	v->map_object = s->objref.type;
	v->map_interval = false;
	if (!nft_ev_as(v, &s->objref.name, &nft_type_string, 0))
		return false;
	v->map_object = 0;
	return true;
}

static bool set_arg(struct nft_eval *v, struct nft_stmt *s, struct nft_expr **e, const struct nft_type *t, uint32_t bits)
{
	if (!nft_ev_as(v, e, t, bits))
		return false;
	if (t && (*e)->type && !nft_types_match(t, (*e)->type)) {
		nft_err_two(v->x, &(*e)->loc, &s->loc, "datatype mismatch: expected %s, expression has type %s", t->desc,
			    (*e)->type->desc);
		return false;
	}
	return true;
}

static bool inner_stmts(struct nft_eval *v, struct list *stmts)
{
	struct nft_stmt *s;

	if (stmts)
		list_for_each(s, stmts, node)
			if (!nft_ev_stmt(v, s))
				return false;
	return true;
}

static bool ev_set_stmt(struct nft_eval *v, struct nft_stmt *s)
{
	const struct nft_set *d = NULL;
	struct nft_expr **key = s->set.key->kind == NFT_X_ELEM ? &s->set.key->elem.key : &s->set.key;

	if (s->set.ref && !s->set.meter) {
		if (!nft_ev_setref(v, s->set.ref))
			return false;
		d = s->set.ref->ref.desc;
	}
	if (s->set.meter && !s->set.meter_size)
		s->set.meter_size = 65535;
	v->key = NULL;
	if (!set_arg(v, s, key, d ? d->key_type : NULL, d ? d->key_bits : 0))
		return false;
	s->set.key->type = (*key)->type;
	s->set.key->len_bits = (*key)->len_bits;
	if (s->set.data) {
		if (s->set.data->kind == NFT_X_ELEM) {
			struct nft_expr *inner = s->set.data->elem.key;

			s->set.data->elem.key = NULL;
			nft_ev_replace(&s->set.data, inner);
		}
		if (d && !d->map) {
			nft_err(v->x, &s->set.ref->loc, "%s is not a map", s->set.ref->ref.name);
			return false;
		}
		if (!set_arg(v, s, &s->set.data, d ? d->data_type : NULL, d ? d->data_bits : 0))
			return false;
	}
	if (s->set.key->kind == NFT_X_ELEM && !inner_stmts(v, s->set.key->elem.stmts))
		return false;
	return inner_stmts(v, &s->set.stmts);
}

bool nft_ev_stmt(struct nft_eval *v, struct nft_stmt *s)
{
	switch (s->kind) {
	case NFT_S_MATCH: return ev_match(v, s);
	case NFT_S_VERDICT: return ev_verdict_stmt(v, s);
	case NFT_S_ASSIGN: return ev_assign(v, s);
	case NFT_S_LOG: return ev_log(v, s);
	case NFT_S_LIMIT: return ev_limit(v, s);
	case NFT_S_REJECT: return nft_ev_reject(v, s);
	case NFT_S_NAT: return nft_ev_nat(v, s);
	case NFT_S_TPROXY: return nft_ev_tproxy(v, s);
	case NFT_S_DUP:
	case NFT_S_FWD: return nft_ev_dup(v, s);
	case NFT_S_QUEUE: return ev_queue(v, s);
	case NFT_S_OPTSTRIP: return ev_optstrip(v, s);
	case NFT_S_OBJREF: return ev_objref(v, s);
	case NFT_S_SET: return ev_set_stmt(v, s);
	default: return true;
	}
}

static bool is_terminal(const struct nft_stmt *s)
{
	return s->kind == NFT_S_NAT || s->kind == NFT_S_REJECT || s->kind == NFT_S_QUEUE || s->kind == NFT_S_FWD ||
	       (s->kind == NFT_S_VERDICT && s->expr->kind == NFT_X_VERDICT && s->expr->verdict.v != NFT_V_CONTINUE);
}

/* of these the real tool underlines the first word only */
static void keyword_only(struct nft_stmt *s)
{
	static const char *const nat[] = { [NFT_NAT_SNAT] = "snat", [NFT_NAT_DNAT] = "dnat", [NFT_NAT_MASQ] = "masquerade",
					   [NFT_NAT_REDIR] = "redirect" };
	const char *word = s->kind == NFT_S_LOG ? "log" : s->kind == NFT_S_REJECT ? "reject" :
			   s->kind == NFT_S_NAT ? nat[s->nat.type] : NULL;

	if (word && s->loc.line)
		s->loc.end = s->loc.col + (uint32_t)strlen(word) - 1;
}

bool nft_ev_stmts(struct nft_eval *v, struct list *stmts)
{
	struct nft_stmt *s, *end = NULL;

	v->stmts = stmts;
	list_for_each(s, stmts, node)
		keyword_only(s);
	nft_protos_init(&v->p, v->family);
	list_for_each(s, stmts, node) {
		v->stmt = s;
		v->key = NULL;
		v->set = NULL;
		v->data = NULL;
		v->vmap = v->objmap = v->data_interval = false;
		if (!nft_ev_stmt(v, s))
			return false;
		if (end) {
			nft_err_two(v->x, &s->loc, &end->loc, "Statement after terminal statement has no effect");
			return false;
		}
		if (is_terminal(s))
			end = s;
	}
	v->stmt = NULL;
	nft_list_form(v, stmts);
	return !v->x->oom;
}
