/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/json_expr.c - evaluated expressions as JSON.
 *
 * Where it stands: beside print.c, on the same trees; json_stmt.c and json_list.c stand on it.
 *
 * Theory of operation: one function per kind of expression, in a table. A constant is a number where its type is one
 * and has no name for it, true or false for presence, a list where it is bits with names, and otherwise the text that
 * print.c gives, without quotes.
 *
 * References: libnftables-json(5), section EXPRESSIONS; the output of nft 1.0.6.
 */
#include <errno.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <stdlib.h>
#include <string.h>

#include "front/nft/json_priv.h"
#include "front/nft/print.h"
#include "front/nft/proto.h"

/* what nft would write, without the quotes around names */
static json_t *text_of(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *e)
{
	struct sbuf s = { 0 };
	json_t *j = NULL;

	nft_value_print(x, t, e, &s);
	if (!s.failed) {
		const char *p = sbuf_str(&s);
		size_t n = s.len;

		if (n >= 2 && p[0] == '"' && p[n - 1] == '"')
			p++, n -= 2;
		j = json_stringn(p, n);
	}
	sbuf_free(&s);
	return j;
}

static const char *symbol_name(const struct nft_type *t, uint64_t v)
{
	for (const struct nft_symbol *s = t->symbols; s && s->name; s++)
		if (s->value == v)
			return s->name;
	return NULL;
}

/* the named bit of @v that comes first; NULL: it has bits without names */
static const struct nft_symbol *first_flag(const struct nft_type *t, uint64_t v)
{
	const struct nft_symbol *first = NULL;

	for (const struct nft_symbol *s = t->symbols; s->name; s++)
		if (s->value && (v & s->value) == s->value && (!first || s->value < first->value))
			first = s;
	return first;
}

/* bits with names: one name, a list of them, or (not @list) or-ed one after the other; NULL: some bit has no name */
static json_t *flags_of(const struct nft_type *t, uint64_t v, bool list)
{
	json_t *all = NULL;

	for (const struct nft_symbol *s; v && (s = first_flag(t, v)); v &= ~s->value) {
		if (!all)
			all = json_string(s->name);
		else if (!list)
			all = json_pack("{s:[o, s]}", "|", all, s->name);
		else if (json_is_string(all))
			all = json_pack("[o, s]", all, s->name);
		else
			json_array_append_new(all, json_string(s->name));
	}
	if (v) {
		json_decref(all);
		return NULL;
	}
	return all;
}

static bool has_flags(const struct nft_expr *e)
{
	return e->kind == NFT_X_VALUE && e->type && e->type->flags && e->type->symbols && !e->value.is_string && e->len_bits <= 64;
}

json_t *nft_json_flags(struct nft_ctx *x, const struct nft_expr *e)
{
	json_t *j = has_flags(e) ? flags_of(e->type, nft_expr_u64(e), true) : NULL;

	return j ? j : nft_json_expr(x, e);
}

static bool is_number(const struct nft_type *t)
{
	static const struct nft_type *const numbers[] = {
		&nft_type_integer, &nft_type_mark, &nft_type_inet_service, &nft_type_inet_proto, &nft_type_uid, &nft_type_gid,
		&nft_type_time, &nft_type_bitmask, &nft_type_ct_label,
	};
	static const struct nft_type *const texts[] = {
		&nft_type_ipaddr, &nft_type_ip6addr, &nft_type_etheraddr, &nft_type_lladdr, &nft_type_string, &nft_type_ifname,
		&nft_type_ifindex, &nft_type_realm, &nft_type_classid, &nft_type_devgroup, &nft_type_time_date, &nft_type_time_hour,
		&nft_type_time_day, &nft_type_cgroupv2, &nft_type_verdict,
	};

	for (unsigned i = 0; i < ARRAY_LEN(texts); i++)
		if (t == texts[i])
			return false;
	for (unsigned i = 0; i < ARRAY_LEN(numbers); i++)
		if (t == numbers[i])
			return true;
	return t->base && t->base != t ? is_number(t->base) : true;
}

/* digits alone are a number */
static json_t *number_or_text(json_t *text)
{
	const char *s = json_string_value(text);
	size_t n = text ? json_string_length(text) : 0;
	json_t *j;

	if (!n || n > 18 || strspn(s, "0123456789") != n)
		return text;
	j = json_integer(strtoll(s, NULL, 10));
	json_decref(text);
	return j;
}

static bool fits_u64(const struct nft_expr *e)
{
	for (uint32_t i = 0; i + 8 < e->len_bits / 8; i++)
		if (e->value.bytes[i])
			return false;
	return true;
}

static uint64_t low_u64(const struct nft_expr *e)
{
	uint64_t v = 0;

	for (uint32_t i = e->len_bits / 8 - 8; i < e->len_bits / 8; i++)
		v = v << 8 | e->value.bytes[i];
	return v;
}

static json_t *value_json(struct nft_ctx *x, const struct nft_expr *e)
{
	const struct nft_type *t = e->type ? e->type : &nft_type_integer;
	uint64_t v;
	const char *name;
	json_t *j;

	if (t == &nft_type_xinteger && e->len_bits > 64 && fits_u64(e))
		return json_integer((json_int_t)low_u64(e));
	if (t == &nft_type_ct_label || t == &nft_type_devgroup)
		return number_or_text(text_of(x, t, e));
	if (e->value.is_string || e->value.wildcard || e->len_bits > 64)
		return text_of(x, t, e);
	v = nft_expr_u64(e);
	if (t == &nft_type_boolean)
		return json_boolean(v != 0);
	if (t == &nft_type_uid || t == &nft_type_gid)
		return json_integer(v);
	if (t->flags && t->symbols && (j = flags_of(t, v, false)) != NULL)
		return j;
	if (!t->flags && t != &nft_type_inet_service && (name = symbol_name(t, v)) != NULL)
		return json_string(name);
	if (t == &nft_type_inet_proto)		/* names are those of /etc/protocols, not the type's own */
		return number_or_text(text_of(x, t, e));
	if (t == &nft_type_time)
		return json_integer((json_int_t)(v / 1000));
	return is_number(t) ? json_integer(v) : text_of(x, t, e);
}

static json_t *payload_json(struct nft_ctx *x, const struct nft_expr *e)
{
	static const char *const base[] = { "ll", "nh", "th", "ih" };
	const struct nft_proto *p = e->payload.proto;

	(void)x;
	if (!p || e->payload.raw)
		return json_pack("{s:{s:s, s:i, s:i}}", "payload", "base", base[e->payload.base & 3], "offset",
				 (int)e->payload.offset_bits, "len", (int)e->len_bits);
	return json_pack("{s:{s:s, s:s}}", "payload", "protocol", p->json ? p->json : p->name, "field",
			 p->fields[e->payload.field].json ? p->fields[e->payload.field].json
							  : p->fields[e->payload.field].name);
}

static json_t *exthdr_json(struct nft_ctx *x, const struct nft_expr *e)
{
	static const char *const kind[] = {
		[NFT_EXTHDR_OP_IPV6] = "exthdr", [NFT_EXTHDR_OP_TCPOPT] = "tcp option", [NFT_EXTHDR_OP_IPV4] = "ip option",
		[NFT_EXTHDR_OP_SCTP] = "sctp chunk", [4] = "dccp option",
	};
	const struct nft_proto *p = e->exthdr.proto;
	const char *word = kind[e->exthdr.op < ARRAY_LEN(kind) ? e->exthdr.op : 0];
	char name[64];

	(void)x;
	if (e->exthdr.op == 4)
		return json_pack("{s:{s:i}}", word, "type", e->exthdr.type);
	if (!p || e->exthdr.raw)
		return json_pack("{s:{s:i, s:i, s:i}}", word, "base", e->exthdr.type, "offset", (int)e->exthdr.offset_bits, "len",
				 e->exthdr.exists ? 8 : (int)e->len_bits);
	snprintf(name, sizeof(name), "%s", p->json ? p->json : p->name);
	if (e->exthdr.op == NFT_EXTHDR_OP_TCPOPT && e->exthdr.instance)
		snprintf(name, sizeof(name), "%s%u", p->name, e->exthdr.instance);
	if (e->exthdr.exists)
		return json_pack("{s:{s:s}}", word, "name", name);
	return json_pack("{s:{s:s, s:s}}", word, "name", name, "field", p->fields[e->exthdr.field].name);
}

static json_t *meta_json(struct nft_ctx *x, const struct nft_expr *e)
{
	const struct nft_key *k = nft_meta_by_key(e->key);

	(void)x;
	return json_pack("{s:{s:s}}", "meta", "key", k ? k->name : "unknown");
}

static json_t *ct_json(struct nft_ctx *x, const struct nft_expr *e)
{
	static const char *const dir[] = { "original", "reply" };

	(void)x;
	if (e->ct.dir >= 0)
		return json_pack("{s:{s:s, s:s}}", "ct", "key", nft_ct_name(e->ct.key), "dir", dir[e->ct.dir & 1]);
	return json_pack("{s:{s:s}}", "ct", "key", nft_ct_name(e->ct.key));
}

static json_t *rt_json(struct nft_ctx *x, const struct nft_expr *e)
{
	const struct nft_key *k = nft_rt_by_key(e->key);

	(void)x;
	if (e->key == NFT_RT_NEXTHOP4 || e->key == NFT_RT_NEXTHOP6)
		return json_pack("{s:{s:s, s:s}}", "rt", "key", "nexthop", "family", e->key == NFT_RT_NEXTHOP4 ? "ip" : "ip6");
	return json_pack("{s:{s:s}}", "rt", "key", k ? k->name : "unknown");
}

static json_t *fib_json(struct nft_ctx *x, const struct nft_expr *e)
{
	static const struct { uint32_t bit; const char *name; } flag[] = {
		{ NFTA_FIB_F_SADDR, "saddr" }, { NFTA_FIB_F_DADDR, "daddr" }, { NFTA_FIB_F_MARK, "mark" },
		{ NFTA_FIB_F_IIF, "iif" }, { NFTA_FIB_F_OIF, "oif" },
	};
	static const char *const result[] = {
		[NFT_FIB_RESULT_OIF] = "oif", [NFT_FIB_RESULT_OIFNAME] = "oifname", [NFT_FIB_RESULT_ADDRTYPE] = "type",
	};
	json_t *flags = json_array();

	(void)x;
	for (unsigned i = 0; flags && i < ARRAY_LEN(flag); i++)
		if (e->fib.flags & flag[i].bit)
			json_array_append_new(flags, json_string(flag[i].name));
	return json_pack("{s:{s:s, s:o}}", "fib", "result", result[e->fib.result < 4 ? e->fib.result : 1], "flags", flags);
}

static json_t *socket_json(struct nft_ctx *x, const struct nft_expr *e)
{
	const struct nft_key *k = nft_socket_by_key(e->keyed.key);

	(void)x;
	return json_pack("{s:{s:s}}", "socket", "key", k ? k->name : "unknown");
}

static json_t *osf_json(struct nft_ctx *x, const struct nft_expr *e)
{
	static const char *const ttl[] = { NULL, "loose", "skip" };
	const char *key = e->keyed.key ? "version" : "name";

	(void)x;
	if (e->keyed.level == 1 || e->keyed.level == 2)
		return json_pack("{s:{s:s, s:s}}", "osf", "key", key, "ttl", ttl[e->keyed.level]);
	return json_pack("{s:{s:s}}", "osf", "key", key);
}

static json_t *ipsec_json(struct nft_ctx *x, const struct nft_expr *e)
{
	static const char *const key[] = { "unknown", "daddr", "daddr", "saddr", "saddr", "reqid", "spi" };
	const char *name = key[e->ipsec.key < ARRAY_LEN(key) ? e->ipsec.key : 0];
	const char *dir = e->ipsec.dir ? "out" : "in";
	json_t *body;

	(void)x;
	if (e->ipsec.key >= NFT_XFRM_KEY_DADDR_IP4 && e->ipsec.key <= NFT_XFRM_KEY_SADDR_IP6)
		body = json_pack("{s:s, s:s, s:s, s:i}", "key", name, "family",
				 e->ipsec.key == NFT_XFRM_KEY_DADDR_IP4 || e->ipsec.key == NFT_XFRM_KEY_SADDR_IP4 ? "ip" : "ip6", "dir", dir, "spnum", (int)e->ipsec.spnum);
	else
		body = json_pack("{s:s, s:s, s:i}", "key", name, "dir", dir, "spnum", (int)e->ipsec.spnum);
	return json_pack("{s:o}", "ipsec", body);
}

static json_t *numgen_json(struct nft_ctx *x, const struct nft_expr *e)
{
	(void)x;
	return json_pack("{s:{s:s, s:I, s:I}}", "numgen", "mode", e->gen.type == NFT_NG_INCREMENTAL ? "inc" : "random", "mod",
			 (json_int_t)e->gen.mod, "offset", (json_int_t)e->gen.offset);
}

static json_t *hash_json(struct nft_ctx *x, const struct nft_expr *e)
{
	json_t *body = json_pack("{s:I}", "mod", (json_int_t)e->gen.mod);

	if (e->gen.have_seed)
		json_object_set_new(body, "seed", json_integer(e->gen.seed));
	if (e->gen.offset)
		json_object_set_new(body, "offset", json_integer(e->gen.offset));
	if (e->gen.type == NFT_HASH_SYM)
		return json_pack("{s:o}", "symhash", body);
	json_object_set_new(body, "expr", nft_json_expr(x, e->gen.of));
	return json_pack("{s:o}", "jhash", body);
}

static json_t *binop_json(struct nft_ctx *x, const struct nft_expr *e)
{
	static const char *const op[] = {
		[NFT_OP_AND] = "&", [NFT_OP_OR] = "|", [NFT_OP_XOR] = "^", [NFT_OP_LSHIFT] = "<<", [NFT_OP_RSHIFT] = ">>",
	};

	return json_pack("{s:[o, o]}", op[e->bin.op], nft_json_expr(x, e->bin.l), nft_json_expr(x, e->bin.r));
}

static json_t *prefix_json(struct nft_ctx *x, const struct nft_expr *e)
{
	return json_pack("{s:{s:o, s:i}}", "prefix", "addr", nft_json_expr(x, e->prefix.a), "len", (int)e->prefix.len);
}

static json_t *range_json(struct nft_ctx *x, const struct nft_expr *e)
{
	bool numeric = x->o.numeric_proto;
	json_t *j;

	x->o.numeric_proto = true;
	j = json_pack("{s:[o, o]}", "range", nft_json_expr(x, e->bin.l), nft_json_expr(x, e->bin.r));
	x->o.numeric_proto = numeric;
	return j;
}

static json_t *array_of(struct nft_ctx *x, const struct list *l)
{
	json_t *a = json_array();
	const struct nft_expr *e;

	list_for_each(e, l, node)
		json_array_append_new(a, nft_json_expr(x, e));
	return a;
}

static json_t *concat_json(struct nft_ctx *x, const struct nft_expr *e)
{
	return json_pack("{s:o}", "concat", array_of(x, &e->list.list));
}

static json_t *list_json(struct nft_ctx *x, const struct nft_expr *e)
{
	return array_of(x, &e->list.list);
}

static json_t *set_json(struct nft_ctx *x, const struct nft_expr *e)
{
	return json_pack("{s:o}", "set", array_of(x, &e->set.list));
}

static json_t *setref_json(struct nft_ctx *x, const struct nft_expr *e)
{
	(void)x;
	return json_sprintf("@%s", e->ref.name ? e->ref.name : "");
}

static json_t *mapping_json(struct nft_ctx *x, const struct nft_expr *e)
{
	return json_pack("[o, o]", nft_json_expr(x, e->bin.l), nft_json_expr(x, e->bin.r));
}

/* an element with nothing but its key is that key */
static json_t *elem_json(struct nft_ctx *x, const struct nft_expr *e)
{
	const struct nft_expr *key = e->elem.key;
	const struct nft_stmt *s;
	bool mapping = key->kind == NFT_X_MAPPING;
	json_t *val = nft_json_expr(x, mapping ? key->bin.l : key), *body;

	if (e->elem.timeout_ms || e->elem.expires_ms || e->elem.comment || (e->elem.stmts && !list_empty(e->elem.stmts))) {
		body = json_pack("{s:o}", "val", val);
		if (e->elem.timeout_ms && e->elem.timeout_ms != UINT64_MAX)
			json_object_set_new(body, "timeout", json_integer(e->elem.timeout_ms / 1000));
		if (e->elem.expires_ms)
			json_object_set_new(body, "expires", json_integer(e->elem.expires_ms / 1000));
		if (e->elem.comment)
			json_object_set_new(body, "comment", json_string(e->elem.comment));
		if (e->elem.stmts) {
			list_for_each(s, e->elem.stmts, node) {
				json_t *j = nft_json_stmt(x, s, NULL);

				json_object_update(body, j);
				json_decref(j);
			}
		}
		val = json_pack("{s:o}", "elem", body);
	}
	return mapping ? json_pack("[o, o]", val, nft_json_expr(x, key->bin.r)) : val;
}

static json_t *map_json(struct nft_ctx *x, const struct nft_expr *e)
{
	return json_pack("{s:{s:o, s:o}}", "map", "key", nft_json_expr(x, e->bin.l), "data", nft_json_expr(x, e->bin.r));
}

static json_t *verdict_json(struct nft_ctx *x, const struct nft_expr *e)
{
	static const char *const name[] = {
		[NFT_V_ACCEPT] = "accept", [NFT_V_DROP] = "drop", [NFT_V_CONTINUE] = "continue", [NFT_V_RETURN] = "return",
		[NFT_V_JUMP] = "jump",     [NFT_V_GOTO] = "goto", [NFT_V_QUEUE] = "queue",
	};

	(void)x;
	if (e->verdict.v == NFT_V_JUMP || e->verdict.v == NFT_V_GOTO)
		return json_pack("{s:{s:s}}", name[e->verdict.v], "target", e->verdict.chain_name ? e->verdict.chain_name : "");
	return json_pack("{s:n}", name[e->verdict.v]);
}

static json_t *rel_json(struct nft_ctx *x, const struct nft_expr *e)
{
	static const char *const op[] = {
		[NFT_OP_IMPLICIT] = "in", [NFT_OP_EQ] = "==", [NFT_OP_NEQ] = "!=", [NFT_OP_LT] = "<",
		[NFT_OP_GT] = ">",        [NFT_OP_LE] = "<=", [NFT_OP_GE] = ">=", [NFT_OP_NOT] = "!",
	};
	const struct nft_expr *l = e->bin.l, *r = e->bin.r;
	const char *word = op[e->bin.op];
	json_t *left, *right;

	/* only bits are "in"; the engine's other implied comparisons are equality */
	if (e->bin.op == NFT_OP_IMPLICIT && !(l->type && l->type->flags && (l->type->symbols || l->type == &nft_type_ct_label)))
		word = "==";
	if (l->kind == NFT_X_BINOP && l->bin.op == NFT_OP_AND && has_flags(l->bin.r) && has_flags(r)) {
		left = json_pack("{s:[o, o]}", "&", nft_json_expr(x, l->bin.l), nft_json_flags(x, l->bin.r));
		right = nft_json_flags(x, r);
	} else {
		left = nft_json_expr(x, l);
		if (e->bin.op == NFT_OP_IMPLICIT || e->bin.op == NFT_OP_NOT)
			right = nft_json_flags(x, r);
		else if (has_flags(r) && l->kind == NFT_X_PAYLOAD && __builtin_popcountll(nft_expr_u64(r)) > 1)
			right = json_integer((json_int_t)nft_expr_u64(r));
		else
			right = nft_json_expr(x, r);
	}
	return json_pack("{s:{s:s, s:o, s:o}}", "match", "op", word, "left", left, "right", right);
}

static json_t *symbol_json(struct nft_ctx *x, const struct nft_expr *e)
{
	(void)x;
	return json_string(e->symbol.text);
}

static json_t *wildcard_json(struct nft_ctx *x, const struct nft_expr *e)
{
	(void)x;
	(void)e;
	return json_string("*");
}

static json_t *unary_json(struct nft_ctx *x, const struct nft_expr *e)
{
	return nft_json_expr(x, e->bin.l);
}

static json_t *tunnel_json(struct nft_ctx *x, const struct nft_expr *e)
{
	(void)x;
	return json_pack("{s:{s:s}}", "tunnel", "key", e->key ? "path" : "id");
}

json_t *nft_json_expr(struct nft_ctx *x, const struct nft_expr *e)
{
	static json_t *(*const fn[])(struct nft_ctx *x, const struct nft_expr *e) = {
		[NFT_X_VALUE] = value_json,     [NFT_X_SYMBOL] = symbol_json,   [NFT_X_VERDICT] = verdict_json,
		[NFT_X_PAYLOAD] = payload_json, [NFT_X_EXTHDR] = exthdr_json,   [NFT_X_META] = meta_json,
		[NFT_X_CT] = ct_json,           [NFT_X_RT] = rt_json,           [NFT_X_FIB] = fib_json,
		[NFT_X_SOCKET] = socket_json,   [NFT_X_OSF] = osf_json,         [NFT_X_IPSEC] = ipsec_json,
		[NFT_X_NUMGEN] = numgen_json,   [NFT_X_HASH] = hash_json,       [NFT_X_TUNNEL] = tunnel_json,
		[NFT_X_BINOP] = binop_json,     [NFT_X_UNARY] = unary_json,     [NFT_X_PREFIX] = prefix_json,
		[NFT_X_RANGE] = range_json,     [NFT_X_CONCAT] = concat_json,   [NFT_X_LIST] = list_json,
		[NFT_X_SET] = set_json,         [NFT_X_ELEM] = elem_json,       [NFT_X_MAPPING] = mapping_json,
		[NFT_X_MAP] = map_json,         [NFT_X_SETREF] = setref_json,   [NFT_X_REL] = rel_json,
		[NFT_X_WILDCARD] = wildcard_json, [NFT_X_XT] = symbol_json,
	};
	static_assert(ARRAY_LEN(fn) == NFT_X_KIND_MAX, "every expression can be written");

	return e ? fn[e->kind](x, e) : json_null();
}
