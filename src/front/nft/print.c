/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/print.c - expressions as nft 1.0.6 lists them.
 *
 * It stands on the way back from the engine: evaluated tree -> text. Values are written by their types (type_show.c);
 * everything around them is written here: operators and their parentheses, sets, maps, verdicts.
 *
 * Also what was only parsed can be written, which the tests use: reading that again gives the same tree.
 *
 * Flags are the one odd kind of value: a constant of several is written "a,b" where the operator is left out, "a | b" in
 * sets and behind operators, in parentheses within calculations.
 */
#include <string.h>

#include "front/nft/eval.h"
#include "front/nft/print.h"
#include "front/nft/proto.h"
#include "front/nft/type.h"

#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/xfrm.h>

/* ---- values ---- */

static unsigned bits_set(const struct nft_expr *e)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < (e->len_bits + 7) / 8; i++)
		n += __builtin_popcount(e->value.bytes[i]);
	return n;
}

/* several flags in one constant */
static bool is_flags(const struct nft_expr *e)
{
	return e && e->kind == NFT_X_VALUE && e->type && e->type->flags && e->type != &nft_type_bitmask && bits_set(e) > 1;
}

static void print_value(const struct nft_ctx *x, const struct nft_expr *e, struct sbuf *out)
{
	if (e->type)
		nft_value_print(x, e->type, e, out);
}

static void print_flags(const struct nft_ctx *x, const struct nft_expr *e, const char *sep, struct sbuf *out)
{
	if (is_flags(e))
		nft_flags_print(x, e->type, e, sep, out);
	else
		nft_print_expr(x, e, out);
}

static void print_symbol(const struct nft_expr *e, struct sbuf *out)
{
	if (e->symbol.quoted)
		sbuf_printf(out, "\"%s\"", e->symbol.text);
	else
		sbuf_puts(out, e->symbol.text);
}

/* ---- headers ---- */

static const char *const bases[] = { "ll", "nh", "th", "ih" };

static void print_payload(const struct nft_expr *e, struct sbuf *out)
{
	const struct nft_proto *p = e->payload.proto;

	if (e->payload.raw || !p)
		sbuf_printf(out, "@%s,%u,%u", e->payload.base < 4 ? bases[e->payload.base] : "?", e->payload.offset_bits,
			    e->len_bits);
	else
		sbuf_printf(out, "%s %s", p->name, p->fields[e->payload.field].name);
}

static void print_tcpopt(const struct nft_expr *e, struct sbuf *out)
{
	const struct nft_proto *p = e->exthdr.proto;

	if (e->exthdr.raw) {
		sbuf_printf(out, "tcp option @%u,%u,%u", e->exthdr.type, e->exthdr.offset_bits, e->len_bits);
		return;
	}
	sbuf_puts(out, "tcp option ");
	if (!p)
		sbuf_printf(out, "%u", e->exthdr.type);
	else if (e->exthdr.instance)
		sbuf_printf(out, "%s%u", p->name, e->exthdr.instance);
	else
		sbuf_puts(out, p->name);
	if (!e->exthdr.exists)
		sbuf_printf(out, " %s", p ? p->fields[e->exthdr.field].name : "length");
}

static void print_exthdr(const struct nft_expr *e, struct sbuf *out)
{
	const struct nft_proto *p = e->exthdr.proto;
	const char *name = p ? p->name : "?", *field = p && !e->exthdr.exists ? p->fields[e->exthdr.field].name : "";

	switch (e->exthdr.op) {
	case NFT_EXTHDR_OP_TCPOPT:
		print_tcpopt(e, out);
		return;
	case NFT_EXTHDR_OP_IPV6:
		if (e->exthdr.exists)
			sbuf_printf(out, "exthdr %s", name);
		else
			sbuf_printf(out, "%s %s", name, field);
		return;
	case NFT_EXTHDR_OP_IPV4:
		sbuf_printf(out, "ip option %s%s%s", name, *field ? " " : "", field);
		return;
	default:
		sbuf_printf(out, "sctp chunk %s%s%s", name, *field ? " " : "", field);
	}
}

/* ---- keys ---- */

static void print_meta(const struct nft_expr *e, struct sbuf *out)
{
	const struct nft_key *k = nft_meta_by_key(e->key);

	if (k)
		sbuf_printf(out, "%s%s", k->bare ? "" : "meta ", k->name);
	else
		sbuf_puts(out, "meta unknown");
}

const char *nft_ct_name(uint32_t key)
{
	const struct nft_key *k = nft_ct_by_key(key);

	switch (key) {
	case NFT_CT_SRC_IP:
		return "ip saddr";
	case NFT_CT_DST_IP:
		return "ip daddr";
	case NFT_CT_SRC_IP6:
		return "ip6 saddr";
	case NFT_CT_DST_IP6:
		return "ip6 daddr";
	default:
		return k ? k->name : "unknown";
	}
}

static void print_ct(const struct nft_ctx *x, const struct nft_expr *e, struct sbuf *out)
{
	uint32_t key = e->ct.key;

	const char *dir = e->ct.dir == IP_CT_DIR_ORIGINAL ? "original " : e->ct.dir == IP_CT_DIR_REPLY ? "reply " : "";

	if (x->o.exact && e->ct.derived)	/* the family is what the rule says before */
		key = key == NFT_CT_SRC_IP || key == NFT_CT_SRC_IP6 ? NFT_CT_SRC : NFT_CT_DST;
	sbuf_printf(out, "ct %s%s", dir, nft_ct_name(key));
}

static void print_rt(const struct nft_expr *e, struct sbuf *out)
{
	const struct nft_key *k = nft_rt_by_key(e->key);
	const char *name = k ? k->name : "unknown";

	if (e->key == NFT_RT_NEXTHOP4)
		name = e->len_bits ? "ip nexthop" : "nexthop";
	sbuf_printf(out, "rt %s", name);
}

static void print_fib(const struct nft_expr *e, struct sbuf *out)
{
	static const struct { uint32_t flag; const char *name; } flags[] = {
		{ NFTA_FIB_F_SADDR, "saddr" }, { NFTA_FIB_F_DADDR, "daddr" }, { NFTA_FIB_F_MARK, "mark" },
		{ NFTA_FIB_F_IIF, "iif" }, { NFTA_FIB_F_OIF, "oif" },
	};
	static const char *const results[] = { [NFT_FIB_RESULT_OIF] = "oif", [NFT_FIB_RESULT_OIFNAME] = "oifname",
					       [NFT_FIB_RESULT_ADDRTYPE] = "type" };
	const char *sep = "fib ";

	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		if (!(e->fib.flags & flags[i].flag))
			continue;
		sbuf_printf(out, "%s%s", sep, flags[i].name);
		sep = " . ";
	}
	sbuf_printf(out, " %s", e->fib.result < ARRAY_LEN(results) && results[e->fib.result] ? results[e->fib.result] : "?");
}

static void print_socket(const struct nft_expr *e, struct sbuf *out)
{
	const struct nft_key *k = nft_socket_by_key(e->keyed.key);

	sbuf_printf(out, "socket %s", k ? k->name : "unknown");
	if (e->keyed.key == NFT_SOCKET_CGROUPV2)
		sbuf_printf(out, " level %u", e->keyed.level);
}

static void print_osf(const struct nft_expr *e, struct sbuf *out)
{
	sbuf_printf(out, "osf %s%s", e->keyed.level == 1 ? "ttl loose " : e->keyed.level == 2 ? "ttl skip " : "",
		    e->keyed.key ? "version" : "name");
}

static void print_ipsec(const struct nft_expr *e, struct sbuf *out)
{
	static const char *const keys[] = {
		[NFT_XFRM_KEY_DADDR_IP4] = "ip daddr", [NFT_XFRM_KEY_DADDR_IP6] = "ip6 daddr",
		[NFT_XFRM_KEY_SADDR_IP4] = "ip saddr", [NFT_XFRM_KEY_SADDR_IP6] = "ip6 saddr",
		[NFT_XFRM_KEY_REQID] = "reqid", [NFT_XFRM_KEY_SPI] = "spi",
	};
	uint32_t key = e->ipsec.key;

	sbuf_printf(out, "ipsec %s ", e->ipsec.dir == XFRM_POLICY_IN ? "in" : "out");
	if (e->ipsec.spnum)
		sbuf_printf(out, "spnum %u ", e->ipsec.spnum);
	sbuf_puts(out, key < ARRAY_LEN(keys) && keys[key] ? keys[key] : "unknown");
}

static void print_gen(const struct nft_ctx *x, const struct nft_expr *e, struct sbuf *out)
{
	if (e->kind == NFT_X_NUMGEN) {
		sbuf_printf(out, "numgen %s mod %u", e->gen.type == NFT_NG_INCREMENTAL ? "inc" : "random", e->gen.mod);
	} else if (e->gen.type == NFT_HASH_SYM) {
		sbuf_printf(out, "symhash mod %u", e->gen.mod);
	} else {
		sbuf_puts(out, "jhash ");
		nft_print_expr(x, e->gen.of, out);
		sbuf_printf(out, " mod %u", e->gen.mod);
		if (e->gen.have_seed)
			sbuf_printf(out, " seed 0x%x", e->gen.seed);
	}
	if (e->gen.offset)
		sbuf_printf(out, " offset %u", e->gen.offset);
}

/* ---- operators ---- */

static const char *const op_names[] = {
	[NFT_OP_IMPLICIT] = "", [NFT_OP_EQ] = "==", [NFT_OP_NEQ] = "!=", [NFT_OP_LT] = "<", [NFT_OP_GT] = ">",
	[NFT_OP_LE] = "<=", [NFT_OP_GE] = ">=", [NFT_OP_AND] = "&", [NFT_OP_OR] = "|", [NFT_OP_XOR] = "^",
	[NFT_OP_LSHIFT] = "<<", [NFT_OP_RSHIFT] = ">>", [NFT_OP_NOT] = "!",
};
/* how loosely they bind */
static const uint8_t looseness[] = { [NFT_OP_LSHIFT] = 1, [NFT_OP_RSHIFT] = 1, [NFT_OP_AND] = 2, [NFT_OP_XOR] = 3,
				     [NFT_OP_OR] = 4, [NFT_OP_NOT] = 0 };

static void print_operand(const struct nft_ctx *x, enum nft_op op, const struct nft_expr *e, struct sbuf *out)
{
	bool paren = e->kind == NFT_X_BINOP && looseness[op] && looseness[op] < looseness[e->bin.op];

	paren |= is_flags(e) && op == NFT_OP_AND;
	paren |= e->kind == NFT_X_LIST;
	if (paren)
		sbuf_putc(out, '(');
	nft_print_expr(x, e, out);
	if (paren)
		sbuf_putc(out, ')');
}

/* a field that is less than whole bytes: a calculation with it is listed as one with the bytes that are loaded */
static bool odd_bits(const struct nft_ctx *x, const struct nft_expr *e)
{
	return !x->o.exact && e->kind == NFT_X_PAYLOAD && !e->payload.raw && e->payload.proto &&
	       (e->payload.offset_bits % 8 || e->len_bits % 8);
}

/* is it that at the bottom of a calculation? */
static bool on_odd_bits(const struct nft_ctx *x, const struct nft_expr *e)
{
	while (e->kind == NFT_X_BINOP && looseness[e->bin.op] > 1)
		e = e->bin.l;
	return odd_bits(x, e);
}

static void print_hex(const struct nft_expr *e, struct sbuf *out)
{
	nft_number_print(e->value.bytes, (e->len_bits + 7) / 8, true, 0, out);
}

/* the bytes; masked and shifted, but for bits at their end of which @op takes some anyway */
static void print_bytes_of(const struct nft_expr *e, enum nft_op op, struct sbuf *out)
{
	uint32_t begin = e->payload.offset_bits / 8 * 8, end = (e->payload.offset_bits + e->len_bits + 7) / 8 * 8;
	uint32_t shift = end - e->payload.offset_bits - e->len_bits;
	struct nft_expr bytes = *e;

	bytes.payload.raw = true;
	bytes.payload.offset_bits = begin;
	bytes.len_bits = end - begin;
	if (shift == 0 && op == NFT_OP_AND) {
		print_payload(&bytes, out);
		return;
	}
	sbuf_puts(out, shift ? "(" : "");
	print_payload(&bytes, out);
	sbuf_printf(out, " & 0x%llx", ((1ull << e->len_bits) - 1) << shift);
	if (shift)
		sbuf_printf(out, ") >> %u", shift);
}

static void print_binop(const struct nft_ctx *x, const struct nft_expr *e, struct sbuf *out)
{
	if (on_odd_bits(x, e) && e->bin.r->kind == NFT_X_VALUE) {
		if (odd_bits(x, e->bin.l))
			print_bytes_of(e->bin.l, e->bin.op, out);
		else
			print_operand(x, e->bin.op, e->bin.l, out);
		sbuf_printf(out, " %s ", op_names[e->bin.op]);
		print_hex(e->bin.r, out);
		return;
	}
	print_operand(x, e->bin.op, e->bin.l, out);
	sbuf_printf(out, " %s ", op_names[e->bin.op]);
	print_operand(x, e->bin.op, e->bin.r, out);
}

/* (flags & mask) == some of them: "some / mask" */
static bool is_flag_mask(const struct nft_expr *e)
{
	const struct nft_expr *l = e->bin.l;

	if (e->bin.r->kind == NFT_X_SET || e->bin.r->kind == NFT_X_SETREF)
		return false;
	if ((e->bin.op != NFT_OP_EQ && e->bin.op != NFT_OP_NEQ) || l->kind != NFT_X_BINOP || l->bin.op != NFT_OP_AND)
		return false;
	return is_flags(l->bin.r) || l->bin.r->kind == NFT_X_LIST;
}

static void print_flag_mask(const struct nft_ctx *x, const struct nft_expr *e, struct sbuf *out)
{
	nft_print_expr(x, e->bin.l->bin.l, out);
	sbuf_puts(out, e->bin.op == NFT_OP_NEQ ? " != " : " ");
	print_flags(x, e->bin.r, ",", out);
	sbuf_puts(out, " / ");
	print_flags(x, e->bin.l->bin.r, ",", out);
}

static bool says_equal(const struct nft_ctx *x, const struct nft_expr *e)
{
	const struct nft_expr *l = e->bin.l, *r = e->bin.r;

	if (l->kind == NFT_X_BINOP || (x->o.exact && r->type && r->type->flags))
		return true;
	if (r->kind != NFT_X_VALUE || !r->type || !r->type->flags || r->type == &nft_type_bitmask)
		return false;
	return bits_set(r) < 2 || l->kind == NFT_X_PAYLOAD;
}

static void print_rel(const struct nft_ctx *x, const struct nft_expr *e, struct sbuf *out)
{
	enum nft_op op = e->bin.op;

	if (is_flag_mask(e)) {
		print_flag_mask(x, e, out);
		return;
	}
	nft_print_expr(x, e->bin.l, out);
	if (op == NFT_OP_IMPLICIT || (op == NFT_OP_EQ && !says_equal(x, e)))
		sbuf_putc(out, ' ');
	else
		sbuf_printf(out, " %s ", op_names[op]);
	if (op == NFT_OP_IMPLICIT || op == NFT_OP_NOT)
		print_flags(x, e->bin.r, ",", out);
	else if (e->bin.r->kind == NFT_X_VALUE &&
		 ((is_flags(e->bin.r) && e->bin.l->kind == NFT_X_PAYLOAD) ||
		  (e->bin.l->kind == NFT_X_BINOP && on_odd_bits(x, e->bin.l))))
		print_hex(e->bin.r, out);
	else
		nft_print_expr(x, e->bin.r, out);
}

/* ---- lists, sets, maps ---- */

static void print_list(const struct nft_ctx *x, const struct list *l, const char *sep, struct sbuf *out)
{
	const struct nft_expr *e;
	const char *lead = "";

	list_for_each(e, l, node) {
		sbuf_puts(out, lead);
		nft_print_expr(x, e, out);
		lead = sep;
	}
}

/* bits of a byte are shifted to its end: of parts of a concatenation that is listed */
static void print_concat(const struct nft_ctx *x, const struct nft_expr *e, struct sbuf *out)
{
	const struct nft_expr *p;
	const char *lead = "";
	uint32_t shift;

	list_for_each(p, &e->list.list, node) {
		sbuf_puts(out, lead);
		nft_print_expr(x, p, out);
		lead = " . ";
		if (!odd_bits(x, p) || (p->payload.proto != &nft_proto_ip && p->payload.proto != &nft_proto_dccp))
			continue;
		shift = (8 - (p->payload.offset_bits + p->len_bits) % 8) % 8;
		if (shift)
			sbuf_printf(out, " >> %u", shift);
	}
}

/* so that it is listed the same when it was read again: one element is twice there, and flags turn round (eval_ival.c) */
static void print_again(const struct nft_ctx *x, const struct nft_expr *e, struct sbuf *out)
{
	const struct list *l = &e->set.list;
	const char *lead = "";

	if (nft_is_flags(e->set.desc->key_type)) {
		for (const struct list *p = l->prev; p != l; p = p->prev) {
			sbuf_puts(out, lead);
			nft_print_expr(x, list_entry(p, const struct nft_expr, node), out);
			lead = ", ";
		}
	} else {
		print_list(x, l, ", ", out);
		lead = ", ";
	}
	if (l->next->next == l && !(e->set.desc->key_type && e->set.desc->key_type->n_parts)) {
		sbuf_puts(out, lead);
		print_list(x, l, ", ", out);
	}
}

static void print_set(const struct nft_ctx *x, const struct nft_expr *e, struct sbuf *out)
{
	if (list_empty(&e->set.list)) {
		sbuf_puts(out, "{ }");
		return;
	}
	sbuf_puts(out, "{ ");
	if (x->o.exact && e->set.desc && !e->set.desc->map)
		print_again(x, e, out);
	else
		print_list(x, &e->set.list, ", ", out);
	sbuf_puts(out, " }");
}

void nft_print_duration(const struct nft_ctx *x, uint64_t ms, struct sbuf *out)
{
	if (ms == UINT64_MAX)
		sbuf_puts(out, "0s");
	else if (x->o.numeric_time)
		sbuf_printf(out, "%llus", (unsigned long long)(ms / 1000));
	else
		nft_duration_print(ms, out);
}

static void print_time(const struct nft_ctx *x, const char *word, uint64_t ms, struct sbuf *out)
{
	sbuf_printf(out, " %s ", word);
	nft_print_duration(x, ms, out);
}

static void print_elem(const struct nft_ctx *x, const struct nft_expr *e, struct sbuf *out)
{
	const struct nft_expr *key = e->elem.key, *data = NULL;

	if (key->kind == NFT_X_MAPPING) {
		data = key->bin.r;
		key = key->bin.l;
	}
	nft_print_expr(x, key, out);
	if (e->elem.stmts && !list_empty(e->elem.stmts)) {
		sbuf_putc(out, ' ');
		nft_print_stmts(x, e->elem.stmts, out);
	}
	if (e->elem.timeout_ms)
		print_time(x, "timeout", e->elem.timeout_ms, out);
	if (e->elem.expires_ms && !x->o.stateless)
		print_time(x, "expires", e->elem.expires_ms, out);
	if (e->elem.comment)
		sbuf_printf(out, " comment \"%s\"", e->elem.comment);
	if (data) {
		sbuf_puts(out, " : ");
		nft_print_expr(x, data, out);
	}
}

static bool maps_to_verdict(const struct nft_expr *set)
{
	const struct nft_expr *e;

	if (set->kind == NFT_X_SETREF)
		return set->ref.desc && set->ref.desc->data_type == &nft_type_verdict;
	if (set->kind != NFT_X_SET || list_empty(&set->set.list))
		return false;
	e = list_first(&set->set.list, struct nft_expr, node);
	if (e->kind == NFT_X_ELEM)
		e = e->elem.key;
	return e->kind == NFT_X_MAPPING && e->bin.r->kind == NFT_X_VERDICT;
}

static void print_map(const struct nft_ctx *x, const struct nft_expr *e, struct sbuf *out)
{
	nft_print_expr(x, e->bin.l, out);
	sbuf_puts(out, maps_to_verdict(e->bin.r) ? " vmap " : " map ");
	nft_print_expr(x, e->bin.r, out);
}

static void print_pair(const struct nft_ctx *x, const struct nft_expr *e, const char *between, struct sbuf *out)
{
	nft_print_expr(x, e->bin.l, out);
	sbuf_puts(out, between);
	nft_print_expr(x, e->bin.r, out);
}

/* ends of ranges are numbers, without names for them */
static void print_range(const struct nft_ctx *x, const struct nft_expr *e, struct sbuf *out)
{
	struct nft_ctx plain = *x;

	plain.o.numeric_proto = plain.o.numeric_prio = plain.o.numeric_sym = plain.o.numeric_time = true;
	plain.o.service = plain.o.reversedns = plain.o.guid = false;
	print_pair(&plain, e, "-", out);
}

static void print_verdict(const struct nft_ctx *x, const struct nft_expr *e, struct sbuf *out)
{
	static const char *const names[] = {
		[NFT_V_ACCEPT] = "accept", [NFT_V_DROP] = "drop", [NFT_V_CONTINUE] = "continue", [NFT_V_RETURN] = "return",
		[NFT_V_JUMP] = "jump", [NFT_V_GOTO] = "goto", [NFT_V_QUEUE] = "queue",
	};

	sbuf_puts(out, names[e->verdict.v]);
	if (e->verdict.chain_name)
		sbuf_printf(out, " %s", e->verdict.chain_name);
	else if (e->verdict.chain && e->verdict.chain->kind == NFT_X_SYMBOL)
		sbuf_printf(out, " %s", e->verdict.chain->symbol.text);
}

void nft_print_expr(const struct nft_ctx *x, const struct nft_expr *e, struct sbuf *out)
{
	switch (e->kind) {
	case NFT_X_VALUE:
		print_value(x, e, out);
		return;
	case NFT_X_SYMBOL:
		print_symbol(e, out);
		return;
	case NFT_X_VERDICT:
		print_verdict(x, e, out);
		return;
	case NFT_X_PAYLOAD:
		print_payload(e, out);
		return;
	case NFT_X_EXTHDR:
		print_exthdr(e, out);
		return;
	case NFT_X_META:
		print_meta(e, out);
		return;
	case NFT_X_CT:
		print_ct(x, e, out);
		return;
	case NFT_X_RT:
		print_rt(e, out);
		return;
	case NFT_X_FIB:
		print_fib(e, out);
		return;
	case NFT_X_SOCKET:
		print_socket(e, out);
		return;
	case NFT_X_OSF:
		print_osf(e, out);
		return;
	case NFT_X_IPSEC:
		print_ipsec(e, out);
		return;
	case NFT_X_NUMGEN:
	case NFT_X_HASH:
		print_gen(x, e, out);
		return;
	case NFT_X_BINOP:
		print_binop(x, e, out);
		return;
	case NFT_X_PREFIX:
		nft_print_expr(x, e->prefix.a, out);
		sbuf_printf(out, "/%u", e->prefix.len);
		return;
	case NFT_X_RANGE:
		print_range(x, e, out);
		return;
	case NFT_X_CONCAT:
		print_concat(x, e, out);
		return;
	case NFT_X_LIST:
		print_list(x, &e->list.list, ",", out);
		return;
	case NFT_X_SET:
		print_set(x, e, out);
		return;
	case NFT_X_ELEM:
		print_elem(x, e, out);
		return;
	case NFT_X_MAPPING:
		print_pair(x, e, " : ", out);
		return;
	case NFT_X_MAP:
		print_map(x, e, out);
		return;
	case NFT_X_SETREF:
		sbuf_printf(out, "@%s", e->ref.name);
		return;
	case NFT_X_REL:
		print_rel(x, e, out);
		return;
	case NFT_X_WILDCARD:
		sbuf_putc(out, '*');
		return;
	case NFT_X_XT:
		sbuf_puts(out, e->symbol.text);
		return;
	default:
		return;
	}
}
