/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/parse_key.c - the smallest expressions: what a packet, its connection and its surroundings are asked for,
 * and constants.
 *
 * It stands at the bottom of the parser. Which word begins what is one table (starters); the fields of headers are
 * those of proto.c. What the real tool names as expected is in the tables too, word for word.
 *
 * References: nft(8) PAYLOAD EXPRESSIONS, META EXPRESSION, CONNTRACK EXPRESSIONS, and the others.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/nft/parse.h"
#include "front/nft/proto.h"

#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/xfrm.h>

/* ---- headers ---- */

struct header {
	const char *word;
	enum nft_scope sc;
	const char *expecting;		/* fields, where they are at most four */
	uint8_t value;			/* IPPROTO_* as a constant on a right side, 0: the word is a symbol there */
};

static const struct header headers[] = {
	{ "ether", SC_ETH, "saddr or daddr or type", 0 },
	{ "vlan", SC_VLAN, NULL, 0 },
	{ "arp", SC_ARP, NULL, 0 },
	{ "ip", SC_IP, NULL, 0 },
	{ "ip6", SC_IP6, NULL, 0 },
	{ "icmp", SC_ICMP, NULL, IPPROTO_ICMP },
	{ "icmpv6", SC_ICMP, NULL, IPPROTO_ICMPV6 },
	{ "igmp", SC_IGMP, "type or checksum or mrt or group", IPPROTO_IGMP },
	{ "ah", SC_AH, NULL, IPPROTO_AH },
	{ "esp", SC_ESP, "seq or spi", IPPROTO_ESP },
	{ "comp", SC_COMP, "nexthdr or flags or cpi", IPPROTO_COMP },
	{ "udp", SC_UDP, "length or checksum or sport or dport", IPPROTO_UDP },
	{ "udplite", SC_UDPLITE, "checksum or sport or dport or csumcov", IPPROTO_UDPLITE },
	{ "tcp", SC_TCP, NULL, IPPROTO_TCP },
	{ "dccp", SC_DCCP, "type or sport or dport", IPPROTO_DCCP },
	{ "sctp", SC_SCTP, NULL, IPPROTO_SCTP },
	{ "th", SC_TH, "sport or dport", 0 },
};

static const struct header exthdrs[] = {
	{ "hbh", SC_HBH, "hdrlength or nexthdr", 0 },
	{ "rt", SC_RT, NULL, 0 },
	{ "rt0", SC_RT, "addr", 0 },
	{ "rt2", SC_RT, "addr", 0 },
	{ "srh", SC_RT, "flags or last-entry or tag or sid", 0 },
	{ "frag", SC_FRAG, NULL, 0 },
	{ "dst", SC_DST, "hdrlength or nexthdr", 0 },
	{ "mh", SC_MH, NULL, 0 },
};

static const struct header *find_header(struct nft_parser *p, const struct header *t, size_t n)
{
	const char *k;

	if (!p_is(p, TOK_WORD) || !(k = nft_keyword(p_peek(p, 0), SC_BASE)))
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(k, t[i].word))
			return &t[i];
	return NULL;
}

#define FIND(p, t) find_header(p, t, ARRAY_LEN(t))

/* a field's name, some of two words or with a number: "saddr ether", "addr[1]"; -1: none such, and told */
static int field(struct nft_parser *p, const struct header *h, const struct nft_proto *proto)
{
	const char *k = nft_keyword(p_peek(p, 0), p->sc);
	char name[48];
	int f;

	if (p->failed)
		return -1;
	if (!k || !proto) {
		p_unexpected(p, h->expecting);
		return -1;
	}
	strcpy(name, strlen(k) < 24 ? k : "");
	f = nft_field_find(proto, name);
	if (!strcmp(k, "param-problem"))
		f = nft_field_find(proto, "parameter-problem");
	else if (!strcmp(k, "cfi"))
		f = nft_field_find(proto, "dei");
	if (f >= 0) {
		p_next(p);
		return f;
	}
	if (h->sc == SC_ARP && (!strcmp(k, "saddr") || !strcmp(k, "daddr"))) {
		p_next(p);
		strcat(name, p_kw(p, "ether") ? " ether" : " ip");
		if (!p_take_kw(p, "ether"))
			p_expect_kw(p, "ip", "ether or ip");
	} else if (h->sc == SC_RT && (!strcmp(k, "addr") || !strcmp(k, "sid"))) {
		uint64_t n = 0;
		size_t len = strlen(name);

		p_next(p);
		p_expect(p, TOK_LBRACKET, "'['");
		p_number(p, &n, "number");
		p_expect(p, TOK_RBRACKET, "']'");
		snprintf(name + len, sizeof(name) - len, "[%u]", (unsigned)n);
	} else {
		p_unexpected(p, h->expecting);
		return -1;
	}
	if (p->failed)
		return -1;
	f = nft_field_find(proto, name);
	if (f < 0)
		p_error(p, &p->last.loc, "there is no field \"%s %s\"", proto->name, name);
	return f;
}

static void set_field(struct nft_expr *e, const struct nft_proto *proto, int f)
{
	if (!e || f < 0)
		return;
	e->len_bits = proto->fields[f].len_bits;
	if (e->kind == NFT_X_PAYLOAD) {
		e->payload.proto = proto;
		e->payload.field = f;
		e->payload.base = proto->base;
		e->payload.offset_bits = proto->fields[f].offset_bits;
	} else {
		e->exthdr.proto = proto;
		e->exthdr.field = f;
		e->exthdr.op = proto->exthdr_op;
		e->exthdr.type = proto->id;
		e->exthdr.offset_bits = proto->fields[f].offset_bits;
	}
}

static const char *tcpopt_alias(const char *k)
{
	if (!strcmp(k, "mss"))
		return "maxseg";
	if (!strcmp(k, "echo"))		/* RFC 1072's, in the real tool of the timestamp's number */
		return "timestamp";
	return k;
}

/* tcp option KIND: a name or a number; an expression that asks whether it is there */
struct nft_expr *p_tcpopt_type(struct nft_parser *p, const struct nft_loc *begin)
{
	static const char *const kinds[] = { "echo", "eol", "fastopen", "md5sig", "mptcp", "mss", "nop", "sack-perm", "timestamp",
					     "window", "sack", "sack0", "sack1", "sack2", "sack3" };
	struct nft_expr *e = nft_expr_new(NFT_X_EXTHDR, begin);
	const char *k = p->failed ? NULL : nft_keyword(p_peek(p, 0), SC_TCP);
	const struct nft_proto *proto;
	uint8_t instance = 0;

	if (!e)
		return NULL;
	e->exthdr.op = NFT_EXTHDR_OP_TCPOPT;
	e->exthdr.exists = true;
	if (p_take(p, TOK_NUM)) {
		if (p->last.num > 255)
			p_error(p, &p->last.loc, "value too large");
		e->exthdr.type = p->last.num;
		e->len_bits = 8;
		return e;
	}
	for (size_t i = 0; k && i < ARRAY_LEN(kinds); i++) {
		if (strcmp(k, kinds[i]))
			continue;
		p_next(p);
		proto = nft_tcpopt_find(tcpopt_alias(k), &instance);
		if (!proto)
			break;
		e->exthdr.proto = proto;
		e->exthdr.type = proto->id;
		e->exthdr.instance = instance;
		e->len_bits = 8;
		e->loc = p_span(p, begin);
		return e;
	}
	p_unexpected(p, NULL);
	return e;
}

static void raw_place(struct nft_parser *p, uint64_t *offset, uint64_t *len)
{
	p_expect(p, TOK_COMMA, "comma");
	p_number(p, offset, "number");
	p_expect(p, TOK_COMMA, "comma");
	p_number(p, len, "number");
}

static struct nft_expr *tcp_option(struct nft_parser *p, const struct nft_loc *begin)
{
	bool raw = p_take(p, TOK_AT);
	struct nft_expr *e = p_tcpopt_type(p, begin);
	const struct nft_proto *proto = e ? e->exthdr.proto : NULL;
	uint64_t offset = 0, len = 0;
	const char *k;
	int f;

	if (!e || p->failed)
		return e;
	if (raw) {
		raw_place(p, &offset, &len);
		e->exthdr.raw = true;
		e->exthdr.exists = false;
		e->exthdr.offset_bits = offset;
		e->len_bits = len;
		return e;
	}
	k = nft_keyword(p_peek(p, 0), SC_TCP);
	if (!k)
		return e;
	if (!proto && !strcmp(k, "length")) {
		p_next(p);
		e->exthdr.exists = false;
		e->exthdr.field = 1;
		e->exthdr.offset_bits = 8;
		return e;
	}
	f = proto ? nft_field_find(proto, k) : -1;
	if (f >= 0) {
		uint8_t instance = e->exthdr.instance;

		p_next(p);
		set_field(e, proto, f);
		e->exthdr.op = NFT_EXTHDR_OP_TCPOPT;
		e->exthdr.instance = instance;
		e->exthdr.exists = false;
	}
	return e;
}

static struct nft_expr *ip_option(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_expr *e = nft_expr_new(NFT_X_EXTHDR, begin);
	const char *k = p->failed ? NULL : nft_keyword(p_peek(p, 0), SC_IP);
	const struct nft_proto *proto = k ? nft_ipopt_find(k) : NULL;
	int f;

	if (!e || !proto) {
		p_unexpected(p, "lsrr or rr or ssrr or ra");
		return e;
	}
	p_next(p);
	k = nft_keyword(p_peek(p, 0), SC_IP);
	f = k ? nft_field_find(proto, k) : -1;
	set_field(e, proto, f < 0 ? 0 : f);
	e->exthdr.op = NFT_EXTHDR_OP_IPV4;
	e->exthdr.exists = f < 0;
	if (f >= 0)
		p_next(p);
	else if (k && (!strcmp(k, "type") || !strcmp(k, "length") || !strcmp(k, "value") || !strcmp(k, "ptr") ||
		       !strcmp(k, "addr")))
		p_error(p, begin, "unknown ip option type/field");
	return e;
}

static struct nft_expr *sctp_chunk(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_expr *e = nft_expr_new(NFT_X_EXTHDR, begin);
	const char *k = p->failed ? NULL : nft_keyword(p_peek(p, 0), SC_SCTP_CHUNK);
	const struct nft_proto *proto = k ? nft_sctp_chunk_find(k) : NULL;
	int f;

	if (!e || !proto) {
		p_unexpected(p, NULL);
		return e;
	}
	p_next(p);
	k = nft_keyword(p_peek(p, 0), SC_SCTP_CHUNK);
	f = k ? nft_field_find(proto, k) : -1;
	set_field(e, proto, f < 0 ? 0 : f);
	e->exthdr.op = NFT_EXTHDR_OP_SCTP;
	e->exthdr.exists = f < 0;
	if (f >= 0)
		p_next(p);
	return e;
}

static struct nft_expr *header_field(struct nft_parser *p, const struct header *h, enum nft_expr_kind kind,
				     const struct nft_loc *begin)
{
	const struct nft_proto *proto = kind == NFT_X_PAYLOAD ? nft_proto_find(h->word) : nft_ext_find(h->word);
	struct nft_expr *e = nft_expr_new(kind, begin);

	set_field(e, proto, field(p, h, proto));
	return e;
}

static struct nft_expr *header(struct nft_parser *p, const struct header *h)
{
	enum nft_scope was = p->sc;
	struct nft_loc begin = p_begin(p);
	struct nft_expr *e;

	p->sc = h->sc;
	p_next(p);
	if (h->sc == SC_TCP && p_take_kw(p, "option"))
		e = tcp_option(p, &begin);
	else if (h->sc == SC_IP && p_take_kw(p, "option"))
		e = ip_option(p, &begin);
	else if (h->sc == SC_SCTP && p_take_kw(p, "chunk"))
		e = sctp_chunk(p, &begin);
	else
		e = header_field(p, h, NFT_X_PAYLOAD, &begin);
	p->sc = was;
	return e;
}

/* @ll,0,16 */
static struct nft_expr *raw_payload(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);
	struct nft_expr *e = nft_expr_new(NFT_X_PAYLOAD, &begin);
	uint64_t offset = 0, len = 0;
	const struct nft_tok *t;
	static const char bases[4][3] = { "ll", "nh", "th", "ih" };
	int base = -1;

	p_next(p);
	t = p_peek(p, 0);
	for (unsigned i = 0; t->kind == TOK_WORD && i < 4; i++)
		if (t->len == 2 && !memcmp(t->text, bases[i], 2))
			base = i;
	if (base < 0 && p_is_name(p))
		p_error(p, &t->loc, "unknown raw payload base");
	else if (base < 0)
		p_unexpected(p, NULL);
	else
		p_next(p);
	raw_place(p, &offset, &len);
	if (!e)
		return NULL;
	e->payload.base = base;
	e->payload.raw = true;
	e->payload.offset_bits = offset;
	e->len_bits = len;
	return e;
}

static struct nft_expr *exthdr(struct nft_parser *p, const struct header *h)
{
	enum nft_scope was = p->sc;
	struct nft_loc begin = p_begin(p);
	struct nft_expr *e;

	p->sc = h->sc;
	p_next(p);
	e = header_field(p, h, NFT_X_EXTHDR, &begin);
	if (e)
		e->exthdr.op = NFT_EXTHDR_OP_IPV6;
	p->sc = was;
	return e;
}

/* exthdr hbh */
static struct nft_expr *exthdr_exists(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);
	struct nft_expr *e = nft_expr_new(NFT_X_EXTHDR, &begin);
	const struct header *h;
	const struct nft_proto *proto;

	p_next(p);
	h = FIND(p, exthdrs);
	proto = h && strcmp(h->word, "rt0") && strcmp(h->word, "rt2") && strcmp(h->word, "srh") ?
			nft_ext_find(h->word) : NULL;
	if (!e || !proto) {
		p_unexpected(p, NULL);
		return e;
	}
	p_next(p);
	set_field(e, proto, 0);
	e->exthdr.op = NFT_EXTHDR_OP_IPV6;
	e->exthdr.exists = true;
	return e;
}

/* ---- meta ---- */

static const char *const bare_meta[] = { "mark", "iif", "iifname", "iiftype", "oif", "oifname", "oiftype", "skuid", "skgid",
	"nftrace", "rtclassid", "ibriport", "obriport", "ibrname", "obrname", "pkttype", "cpu", "iifgroup", "oifgroup",
	"cgroup", "ipsec", "time", "day", "hour" };
static const char *const full_meta[] = { "length", "protocol", "priority", "random", "secmark" };

static bool among(const char *k, const char *const *words, size_t n)
{
	for (size_t i = 0; k && i < n; i++)
		if (!strcmp(k, words[i]))
			return true;
	return false;
}

static struct nft_expr *meta_key(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_expr *e = nft_expr_new(NFT_X_META, begin);
	const struct nft_tok *t = p_peek(p, 0);
	char name[32] = "";
	const struct nft_key *key;

	p_next(p);
	if (t->len < sizeof(name))
		memcpy(name, p->last.text, p->last.len);
	key = nft_meta_find(name);
	if (key && e) {
		e->key = key->key;
		e->len_bits = key->bits;
	}
	return e;
}

static void unknown_meta(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_loc loc = nft_loc_span(begin, &p->last.loc);

	/* `meta KEY set VALUE` is reduced as a whole before the key is looked at */
	if (p_take_kw(p, "set")) {
		nft_expr_free(p_stmt_expr(p));
		loc = p_span(p, begin);
	}
	p_error(p, &loc, "syntax error, unexpected %.*s, known keys are length, protocol, priority, mark, iif, oif, "
		"iifname, oifname, iiftype, oiftype, skuid, skgid, nftrace, rtclassid, secmark, nfproto, l4proto, ibrname, "
		"obrname, pkttype, cpu, iifgroup, oifgroup, cgroup, random, ipsec, iifkind, oifkind, ibrpvid, ibrvproto, "
		"time, day, hour, sdif, sdifname", (int)p->q[2].len, p->q[2].text ? p->q[2].text : "");
}

static struct nft_expr *meta(struct nft_parser *p)
{
	enum nft_scope was = p->sc;
	struct nft_loc begin = p_begin(p);
	struct nft_expr *e = NULL;
	struct nft_tok word;
	const char *k;

	p->sc = SC_META;
	p_next(p);
	word = *p_peek(p, 0);
	k = nft_keyword(&word, SC_META);
	if (among(k, bare_meta, ARRAY_LEN(bare_meta)) || among(k, full_meta, ARRAY_LEN(full_meta)) || p_is_name(p)) {
		char name[32] = "";

		memcpy(name, word.text, MIN(word.len, sizeof(name) - 1));
		if (k || nft_meta_find(name)) {
			e = meta_key(p, &begin);
		} else {
			p_next(p);
			p->q[2] = word;
			unknown_meta(p, &begin);
		}
	} else {
		p_unexpected(p, NULL);
	}
	p->sc = was;
	return e;
}

/* ---- connection ---- */

struct word_key { const char *word; uint32_t key; };

static const struct word_key ct_keys[] = {
	{ "l3proto", NFT_CT_L3PROTOCOL }, { "protocol", NFT_CT_PROTOCOL }, { "mark", NFT_CT_MARK }, { "state", NFT_CT_STATE },
	{ "direction", NFT_CT_DIRECTION }, { "status", NFT_CT_STATUS }, { "expiration", NFT_CT_EXPIRATION },
	{ "helper", NFT_CT_HELPER }, { "saddr", NFT_CT_SRC }, { "daddr", NFT_CT_DST }, { "proto-src", NFT_CT_PROTO_SRC },
	{ "proto-dst", NFT_CT_PROTO_DST }, { "label", NFT_CT_LABELS }, { "event", NFT_CT_EVENTMASK },
	{ "secmark", NFT_CT_SECMARK }, { "id", NFT_CT_ID }, { "bytes", NFT_CT_BYTES }, { "packets", NFT_CT_PKTS },
	{ "avgpkt", NFT_CT_AVGPKT }, { "zone", NFT_CT_ZONE }, { NULL, 0 }
};

static const struct word_key ct_dir_keys[] = {
	{ "saddr", NFT_CT_SRC }, { "daddr", NFT_CT_DST }, { "l3proto", NFT_CT_L3PROTOCOL }, { "protocol", NFT_CT_PROTOCOL },
	{ "proto-src", NFT_CT_PROTO_SRC }, { "proto-dst", NFT_CT_PROTO_DST }, { "bytes", NFT_CT_BYTES },
	{ "packets", NFT_CT_PKTS }, { "avgpkt", NFT_CT_AVGPKT }, { "zone", NFT_CT_ZONE }, { NULL, 0 }
};

/* the next word's row, taken; NULL: none */
static const struct word_key *take_key(struct nft_parser *p, const struct word_key *t)
{
	for (; t->word; t++)
		if (p_take_kw(p, t->word))
			return t;
	return NULL;
}

static void ct_dir_key(struct nft_parser *p, struct nft_expr *e)
{
	const struct word_key *k;
	bool ip6;

	if (p_kw(p, "ip") || p_kw(p, "ip6")) {
		ip6 = p_kw(p, "ip6");
		p_next(p);
		if (!p_kw(p, "saddr") && !p_kw(p, "daddr")) {
			p_unexpected(p, "saddr or daddr");
			return;
		}
		e->ct.l3 = ip6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
		e->ct.key = p_kw(p, "saddr") ? (ip6 ? NFT_CT_SRC_IP6 : NFT_CT_SRC_IP) : (ip6 ? NFT_CT_DST_IP6 : NFT_CT_DST_IP);
		p_next(p);
		return;
	}
	k = take_key(p, ct_dir_keys);
	if (!k)
		p_unexpected(p, NULL);
	else
		e->ct.key = k->key;
}

static struct nft_expr *ct(struct nft_parser *p)
{
	enum nft_scope was = p->sc;
	struct nft_loc begin = p_begin(p);
	struct nft_expr *e = nft_expr_new(NFT_X_CT, &begin);
	const struct word_key *k;

	if (!e)
		return NULL;
	p->sc = SC_CT;
	p_next(p);
	e->ct.dir = -1;
	if (p_take_kw(p, "original")) {
		e->ct.dir = IP_CT_DIR_ORIGINAL;
		ct_dir_key(p, e);
	} else if (p_take_kw(p, "reply")) {
		e->ct.dir = IP_CT_DIR_REPLY;
		ct_dir_key(p, e);
	} else if ((k = take_key(p, ct_keys))) {
		e->ct.key = k->key;
	} else {
		p_unexpected(p, NULL);
	}
	p->sc = was;
	return e;
}

/* ---- routing, sockets, and other surroundings ---- */

static const struct word_key rt_keys[] = {
	{ "mtu", NFT_RT_TCPMSS }, { "classid", NFT_RT_CLASSID }, { "nexthop", NFT_RT_NEXTHOP4 }, { "ipsec", NFT_RT_XFRM },
	{ NULL, 0 }
};

static struct nft_expr *rt(struct nft_parser *p)
{
	enum nft_scope was = p->sc;
	struct nft_loc begin = p_begin(p);
	const struct word_key *k;
	struct nft_expr *e;
	uint8_t family = 0;

	p->sc = SC_RT;
	p_next(p);
	if (p_kw(p, "ip") || p_kw(p, "ip6")) {
		family = p_kw(p, "ip6") ? NFPROTO_IPV6 : NFPROTO_IPV4;
		p_next(p);
	}
	k = take_key(p, rt_keys);
	if (!k && !family) {
		static const struct header h = { "rt", SC_RT, NULL, 0 };

		e = header_field(p, &h, NFT_X_EXTHDR, &begin);
		if (e)
			e->exthdr.op = NFT_EXTHDR_OP_IPV6;
		p->sc = was;
		return e;
	}
	if (!k)
		p_unexpected(p, "mtu or classid or nexthop or ipsec");
	e = nft_expr_new(NFT_X_RT, &begin);
	if (e && k) {
		e->key = k->key == NFT_RT_NEXTHOP4 && family == NFPROTO_IPV6 ? NFT_RT_NEXTHOP6 : k->key;
		if (k->key == NFT_RT_NEXTHOP4 && family)
			e->len_bits = family == NFPROTO_IPV6 ? 128 : 32;
	}
	p->sc = was;
	return e;
}

static uint32_t fib_flag(struct nft_parser *p)
{
	static const struct word_key flags[] = {
		{ "saddr", NFTA_FIB_F_SADDR }, { "daddr", NFTA_FIB_F_DADDR }, { "mark", NFTA_FIB_F_MARK },
		{ "iif", NFTA_FIB_F_IIF }, { "oif", NFTA_FIB_F_OIF }, { NULL, 0 }
	};
	const struct word_key *k = take_key(p, flags);

	if (!k)
		p_unexpected(p, NULL);
	return k ? k->key : 0;
}

static void fib_check(struct nft_parser *p, uint32_t f, const struct nft_loc *loc)
{
	uint32_t addrs = NFTA_FIB_F_SADDR | NFTA_FIB_F_DADDR, ifs = NFTA_FIB_F_IIF | NFTA_FIB_F_OIF;

	if (!(f & addrs))
		p_error(p, loc, "fib: need either saddr or daddr");
	else if ((f & addrs) == addrs)
		p_error(p, loc, "fib: saddr and daddr are mutually exclusive");
	else if ((f & ifs) == ifs)
		p_error(p, loc, "fib: iif and oif are mutually exclusive");
}

static struct nft_expr *fib(struct nft_parser *p)
{
	static const struct word_key results[] = {
		{ "type", NFT_FIB_RESULT_ADDRTYPE }, { "oif", NFT_FIB_RESULT_OIF }, { "oifname", NFT_FIB_RESULT_OIFNAME },
		{ NULL, 0 }
	};
	enum nft_scope was = p->sc;
	struct nft_loc begin = p_begin(p), tuple;
	struct nft_expr *e = nft_expr_new(NFT_X_FIB, &begin);
	const struct word_key *k;
	uint32_t flags;

	p->sc = SC_FIB;
	p_next(p);
	tuple = p_begin(p);
	flags = fib_flag(p);
	while (p_take(p, TOK_DOT))
		flags |= fib_flag(p);
	tuple = p_span(p, &tuple);
	k = take_key(p, results);
	if (!k)
		p_unexpected(p, "type or oif or oifname");
	fib_check(p, flags, &tuple);
	if (e && k) {
		e->fib.flags = flags;
		e->fib.result = k->key;
	}
	p->sc = was;
	return e;
}

static struct nft_expr *socket_key(struct nft_parser *p)
{
	static const struct word_key keys[] = {
		{ "transparent", NFT_SOCKET_TRANSPARENT }, { "mark", NFT_SOCKET_MARK }, { "wildcard", NFT_SOCKET_WILDCARD },
		{ "cgroupv2", NFT_SOCKET_CGROUPV2 }, { NULL, 0 }
	};
	enum nft_scope was = p->sc;
	struct nft_loc begin = p_begin(p);
	struct nft_expr *e = nft_expr_new(NFT_X_SOCKET, &begin);
	const struct word_key *k;
	uint64_t level = 0;

	p->sc = SC_SOCKET;
	p_next(p);
	k = take_key(p, keys);
	if (!k)
		p_unexpected(p, "transparent or wildcard or cgroupv2 or mark");
	if (k && k->key == NFT_SOCKET_CGROUPV2 && p_expect_kw(p, "level", "level"))
		p_number(p, &level, "number");
	if (e && k) {
		e->keyed.key = k->key;
		e->keyed.level = level;
	}
	p->sc = was;
	return e;
}

static struct nft_expr *osf(struct nft_parser *p)
{
	enum nft_scope was = p->sc;
	struct nft_loc begin = p_begin(p);
	struct nft_expr *e = nft_expr_new(NFT_X_OSF, &begin);
	char *ttl = NULL;

	p->sc = SC_OSF;
	p_next(p);
	if (p_take_kw(p, "ttl"))
		ttl = p_name(p, "string");
	if (ttl && e) {
		e->keyed.level = !strcmp(ttl, "loose") ? 1 : !strcmp(ttl, "skip") ? 2 : 0;
		if (!e->keyed.level)
			p_error(p, &p->last.loc, "invalid ttl option");
	}
	mem_free(ttl);
	if (e && p_take_kw(p, "version"))
		e->keyed.key = NFT_OSF_F_VERSION;
	else
		p_expect_kw(p, "name", "version or name");
	p->sc = was;
	return e;
}

/* the end of ipsec: spi, reqid, ip saddr, ip6 daddr */
static void ipsec_key(struct nft_parser *p, struct nft_expr *e)
{
	bool ip6 = p_kw(p, "ip6");

	if (p_take_kw(p, "spi")) {
		e->ipsec.key = NFT_XFRM_KEY_SPI;
	} else if (p_take_kw(p, "reqid")) {
		e->ipsec.key = NFT_XFRM_KEY_REQID;
	} else if (p_take_kw(p, "ip") || p_take_kw(p, "ip6")) {
		e->ipsec.family = ip6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
		if (p_take_kw(p, "saddr"))
			e->ipsec.key = ip6 ? NFT_XFRM_KEY_SADDR_IP6 : NFT_XFRM_KEY_SADDR_IP4;
		else if (p_expect_kw(p, "daddr", "saddr or daddr"))
			e->ipsec.key = ip6 ? NFT_XFRM_KEY_DADDR_IP6 : NFT_XFRM_KEY_DADDR_IP4;
	} else {
		p_unexpected(p, "ip or ip6 or spi or reqid");
	}
}

static struct nft_expr *ipsec(struct nft_parser *p)
{
	enum nft_scope was = p->sc;
	struct nft_loc begin = p_begin(p), at;
	const struct nft_tok *dir = p_peek(p, 1);
	const char *k = nft_keyword(dir, SC_IPSEC);
	struct nft_expr *e;
	uint64_t n = 0;

	if (!k || (strcmp(k, "in") && strcmp(k, "out")))
		return meta_key(p, &begin);
	e = nft_expr_new(NFT_X_IPSEC, &begin);
	if (!e)
		return NULL;
	p->sc = SC_IPSEC;
	e->ipsec.dir = strcmp(k, "in") ? XFRM_POLICY_OUT : XFRM_POLICY_IN;
	p_next(p);
	p_next(p);
	at = p_begin(p);
	if (p_take_kw(p, "spnum")) {
		p_number(p, &n, "number");
		at = p_span(p, &at);
	}
	e->ipsec.spnum = n;
	ipsec_key(p, e);
	if (n > 255)
		p_error(p, &at, "value too large");
	p->sc = was;
	return e;
}

static void gen_tail(struct nft_parser *p, struct nft_expr *e)
{
	uint64_t n = 0;

	if (e->kind == NFT_X_HASH && e->gen.type == NFT_HASH_JENKINS && p_take_kw(p, "seed")) {
		e->gen.have_seed = true;
		p_number(p, &n, "number");
		e->gen.seed = n;
	}
	n = 0;
	if (p_take_kw(p, "offset"))
		p_number(p, &n, "number");
	e->gen.offset = n;
}

static struct nft_expr *numgen(struct nft_parser *p)
{
	enum nft_scope was = p->sc;
	struct nft_loc begin = p_begin(p);
	struct nft_expr *e = nft_expr_new(NFT_X_NUMGEN, &begin);
	uint64_t n = 0;

	if (!e)
		return NULL;
	p->sc = SC_NUMGEN;
	p_next(p);
	if (p_take_kw(p, "random"))
		e->gen.type = NFT_NG_RANDOM;
	else if (p_expect_kw(p, "inc", "random or inc"))
		e->gen.type = NFT_NG_INCREMENTAL;
	p_expect_kw(p, "mod", "mod");
	p_number(p, &n, "number");
	e->gen.mod = n;
	gen_tail(p, e);
	p->sc = was;
	return e;
}

static struct nft_expr *hash(struct nft_parser *p)
{
	enum nft_scope was = p->sc;
	struct nft_loc begin = p_begin(p);
	struct nft_expr *e = nft_expr_new(NFT_X_HASH, &begin);
	uint64_t n = 0;

	if (!e)
		return NULL;
	e->gen.type = p_kw(p, "jhash") ? NFT_HASH_JENKINS : NFT_HASH_SYM;
	p->sc = SC_HASH;
	p_next(p);
	if (e->gen.type == NFT_HASH_JENKINS)
		e->gen.of = p_concat(p);
	p_expect_kw(p, "mod", "mod");
	p_number(p, &n, "number");
	e->gen.mod = n;
	gen_tail(p, e);
	p->sc = was;
	return e;
}

/* ---- constants ---- */

static struct nft_expr *symbol(struct nft_parser *p)
{
	struct nft_expr *e;

	p_next(p);
	e = nft_expr_symbol(&p->last.loc, p->last.text, p->last.len);
	if (!e)
		p->x->oom = p->failed = true;
	else
		e->symbol.quoted = p->last.kind == TOK_QUOTED;
	return e;
}

/* numbers are kept as they are listed: in decimal */
static struct nft_expr *number(struct nft_parser *p)
{
	char buf[24];
	int n;

	p_next(p);
	n = snprintf(buf, sizeof(buf), "%llu", (unsigned long long)p->last.num);
	return nft_expr_symbol(&p->last.loc, buf, n);
}

static struct nft_expr *typed(struct nft_parser *p, const struct nft_type *t, uint8_t value)
{
	p_next(p);
	return nft_expr_value(&p->last.loc, t, &value, 8);
}

/* words of the language that are values on a right side */
static const char *const symbol_words[] = { "ether", "ip", "ip6", "vlan", "arp", "dnat", "snat", "ecn", "reset",
					     "original", "reply", "label" };

static const char *keyword_here(struct nft_parser *p)
{
	return p->failed ? NULL : nft_keyword(p_peek(p, 0), p->sc);
}

static struct nft_expr *paren(struct nft_parser *p, enum nft_side side)
{
	struct nft_expr *e = NULL;

	p_next(p);
	if (p_nest(p)) {
		e = p_operators(p, side);
		p->nest--;
	}
	p_expect(p, TOK_RPAREN, "')'");
	return e;
}

static struct nft_expr *right_word(struct nft_parser *p)
{
	const struct header *h = FIND(p, headers);
	const char *k = keyword_here(p);

	if (h && h->value)
		return typed(p, &nft_type_inet_proto, h->value);
	if (k && !strcmp(k, "redirect"))
		return typed(p, &nft_type_icmp_type, 5);
	return NULL;
}

/* ---- what begins with which word ---- */

static struct nft_expr *bare(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);

	return meta_key(p, &begin);
}

static const struct starter {
	const char *word;
	struct nft_expr *(*parse)(struct nft_parser *p);
	bool in_stmt;			/* values of statements may be of it */
} starters[] = {
	{ "meta", meta, true }, { "ct", ct, true }, { "rt", rt, true }, { "fib", fib, false }, { "socket", socket_key, true },
	{ "osf", osf, true }, { "ipsec", ipsec, true }, { "numgen", numgen, true }, { "jhash", hash, true },
	{ "symhash", hash, true }, { "exthdr", exthdr_exists, false },
};

static const struct starter *find_starter(const char *k)
{
	for (size_t i = 0; k && i < ARRAY_LEN(starters); i++)
		if (!strcmp(k, starters[i].word))
			return &starters[i];
	return NULL;
}

/* in a statement's value "ip" may be a word, as in `ct event`, or the begin of `ip saddr map ...` */
static bool header_follows(struct nft_parser *p, const struct header *h)
{
	return nft_keyword(p_peek(p, 1), h->sc) != NULL && p_peek(p, 1)->kind == TOK_WORD;
}

/* fields of the routing header are no values of statements: what the route says is */
static void no_rt_header(struct nft_parser *p)
{
	static const char *const fields[] = { "nexthdr", "hdrlength", "type", "seg-left" };
	const char *k = nft_keyword(p_peek(p, 1), SC_RT);

	if (!k || !among(k, fields, ARRAY_LEN(fields)))
		return;
	p->sc = SC_RT;
	p_next(p);
	p_unexpected(p, NULL);
}

static struct nft_expr *keyed(struct nft_parser *p, enum nft_side side)
{
	const char *k = keyword_here(p);
	const struct starter *st;
	const struct header *h;

	if (among(k, bare_meta, ARRAY_LEN(bare_meta)) && strcmp(k, "ipsec"))
		return bare(p);
	st = find_starter(k);
	if (st && st->parse == rt && side != NFT_LEFT)
		no_rt_header(p);
	if (st && (side == NFT_LEFT || st->in_stmt))
		return st->parse(p);
	h = FIND(p, headers);
	if (h && (side == NFT_LEFT || header_follows(p, h)))
		return header(p, h);
	h = FIND(p, exthdrs);
	if (h && side == NFT_LEFT)
		return exthdr(p, h);
	return NULL;
}

struct nft_expr *p_primary(struct nft_parser *p, enum nft_side side)
{
	struct nft_expr *e;
	const char *k;

	if (p->failed)
		return NULL;
	if (p_is(p, TOK_NUM))
		return number(p);
	if (p_is_string(p))
		return symbol(p);
	if (p_is(p, TOK_DOLLAR))
		return p_variable(p);
	if (p_is(p, TOK_LPAREN))
		return paren(p, side);
	if (p_is(p, TOK_AT) && side != NFT_RIGHT)
		e = raw_payload(p);
	else
		e = side != NFT_RIGHT ? keyed(p, side) : right_word(p);
	if (e) {
		e->loc = p_span(p, &e->loc);
		return e;
	}
	k = keyword_here(p);
	if (side != NFT_LEFT && among(k, symbol_words, ARRAY_LEN(symbol_words)))
		return symbol(p);
	if (side != NFT_LEFT && (p_kw(p, "exists") || p_kw(p, "missing")))
		return typed(p, &nft_type_boolean, p_kw(p, "exists"));
	p_unexpected(p, NULL);
	return NULL;
}

bool p_is_header(struct nft_parser *p)
{
	return p_is(p, TOK_AT) || FIND(p, headers);
}

bool p_is_primary(struct nft_parser *p, enum nft_side side)
{
	const char *k = keyword_here(p);

	if (p_is(p, TOK_NUM) || p_is_string(p) || p_is(p, TOK_DOLLAR) || p_is(p, TOK_LPAREN))
		return true;
	if (side == NFT_RIGHT)
		return k && (among(k, symbol_words, ARRAY_LEN(symbol_words)) || FIND(p, headers) || !strcmp(k, "redirect") ||
			     !strcmp(k, "exists") || !strcmp(k, "missing"));
	return p_is(p, TOK_AT) || among(k, bare_meta, ARRAY_LEN(bare_meta)) || find_starter(k) || FIND(p, headers) ||
	       FIND(p, exthdrs);
}
