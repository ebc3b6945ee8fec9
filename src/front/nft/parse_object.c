/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/parse_object.c - stateful objects: their settings behind the name, on the line or in braces.
 *
 * It stands below parse_cmd.c and parse_block.c. In braces, settings are lines of their own; some need no separator.
 *
 * References: nft(8) STATEFUL OBJECTS, CT HELPER, CT TIMEOUT, CT EXPECTATION.
 */
#include <stdlib.h>
#include <string.h>

#include "front/nft/parse.h"

#include <linux/netfilter/nf_synproxy.h>

static void counter_config(struct nft_parser *p, struct nft_object *o)
{
	p_expect_kw(p, "packets", "packets");
	p_number(p, &o->counter.packets, "number");
	p_expect_kw(p, "bytes", "bytes");
	p_number(p, &o->counter.bytes, "number");
}

static void quota_config(struct nft_parser *p, struct nft_object *o)
{
	struct nft_loc begin = p_begin(p);

	p_quota(p, &o->quota, &begin);
}

static void limit_config(struct nft_parser *p, struct nft_object *o)
{
	if (p_expect_kw(p, "rate", "rate or '{'"))
		p_limit(p, &o->limit);
}

static void secmark_config(struct nft_parser *p, struct nft_object *o)
{
	mem_free(o->secmark.ctx);
	o->secmark.ctx = p_string(p);
	if (o->secmark.ctx && (!o->secmark.ctx[0] || strlen(o->secmark.ctx) >= 256))
		p_error(p, &p->last.loc, "invalid context '%s', max length is %u\n", o->secmark.ctx, 256);
}

/* mss N wscale N [timestamp] [sack-perm], all on one line or each on its own */
static void synproxy_config(struct nft_parser *p, struct nft_object *o)
{
	uint64_t n = 0;
	bool lines = false;

	p_expect_kw(p, "mss", "mss or '{'");
	p_number(p, &n, "number");
	o->synproxy.mss = n;
	if (p_is_sep(p)) {
		p_next(p);
		lines = true;
	}
	p_expect_kw(p, "wscale", lines ? "wscale" : "newline or semicolon or wscale");
	p_number(p, &n, "number");
	o->synproxy.wscale = n;
	if (lines)
		p_sep(p, NULL);
	o->synproxy.flags = NF_SYNPROXY_OPT_MSS | NF_SYNPROXY_OPT_WSCALE;
	if (p_take_kw(p, "timestamp"))
		o->synproxy.flags |= NF_SYNPROXY_OPT_TIMESTAMP;
	if (p_take_kw(p, "sack-perm"))
		o->synproxy.flags |= NF_SYNPROXY_OPT_SACK_PERM;
}

/* ---- conntrack's ---- */

static uint8_t l4proto(struct nft_parser *p)
{
	if (p_take_kw(p, "tcp"))
		return IPPROTO_TCP;
	if (p_take_kw(p, "udp"))
		return IPPROTO_UDP;
	p_unexpected(p, "udp or tcp");
	return 0;
}

static uint8_t l3proto(struct nft_parser *p)
{
	uint8_t f = p_family(p);

	if (f == NFPROTO_UNSPEC)
		p_unexpected(p, NULL);
	return f;
}

static void helper_config(struct nft_parser *p, struct nft_object *o)
{
	if (p_take_kw(p, "l3proto")) {
		o->ct_helper.l3 = l3proto(p);
	} else if (p_take_kw(p, "type")) {
		struct nft_loc at;

		mem_free(o->ct_helper.type);
		o->ct_helper.type = p_expect(p, TOK_QUOTED, "quoted string") ? p_text(p, &p->last) : NULL;
		at = p->last.loc;
		p->sc = SC_TYPE;
		p_expect_kw(p, "protocol", "protocol");
		p->sc = SC_CT;
		o->ct_helper.l4 = l4proto(p);
		if (!p->failed && (!o->ct_helper.type[0] || strlen(o->ct_helper.type) >= 16))
			p_error(p, &at, "invalid name '%s', max length is %u\n", o->ct_helper.type, 16);
	} else {
		p_unexpected(p, NULL);
	}
	p_sep(p, NULL);
}

static void timeout_policy(struct nft_parser *p, struct nft_object *o)
{
	p_expect(p, TOK_ASSIGN, "'='");
	p_expect(p, TOK_LBRACE, "'{'");
	if (p_take(p, TOK_RBRACE))		/* so it is listed when nothing was said */
		return;
	do {
		struct nft_timeout_policy *t = p_noted(p, mem_zalloc(sizeof(*t)));
		uint64_t n = 0;

		if (!t)
			return;
		t->state = p_name(p, "string");
		if (!t->state) {
			mem_free(t);
			return;
		}
		list_add_tail(&o->ct_timeout.policies, &t->node);
		t->loc = p->last.loc;
		p_expect(p, TOK_COLON, "colon");
		p_number(p, &n, "number");
		t->s = n;
	} while (p_take(p, TOK_COMMA));
	p_expect(p, TOK_RBRACE, "comma or '}'");
}

static void timeout_config(struct nft_parser *p, struct nft_object *o)
{
	if (p_take_kw(p, "protocol"))
		o->ct_timeout.l4 = l4proto(p);
	else if (p_take_kw(p, "policy"))
		timeout_policy(p, o);
	else if (p_take_kw(p, "l3proto"))
		o->ct_timeout.l3 = l3proto(p);
	else
		p_unexpected(p, NULL);
	p_sep(p, NULL);
}

static void expect_config(struct nft_parser *p, struct nft_object *o)
{
	uint64_t n = 0;

	if (p_take_kw(p, "protocol")) {
		o->ct_expect.l4 = l4proto(p);
	} else if (p_take_kw(p, "dport")) {
		p_number(p, &n, "number");
		o->ct_expect.dport = n;
	} else if (p_take_kw(p, "timeout")) {
		p_time(p, &n);
		o->ct_expect.timeout_ms = n;
	} else if (p_take_kw(p, "size")) {
		p_number(p, &n, "number");
		o->ct_expect.size = n;
	} else if (p_take_kw(p, "l3proto")) {
		o->ct_expect.l3 = l3proto(p);
	} else {
		p_unexpected(p, NULL);
	}
	p_sep(p, NULL);
}

/* ---- any of them ---- */

static const struct kind {
	int type;
	enum nft_scope sc;
	void (*config)(struct nft_parser *p, struct nft_object *o);
	bool braces;			/* only in braces */
	const char *first;
} kinds[] = {
	{ NFT_OBJECT_COUNTER, SC_COUNTER, counter_config, false, "packets" },
	{ NFT_OBJECT_QUOTA, SC_QUOTA, quota_config, false, NULL },
	{ NFT_OBJECT_LIMIT, SC_LIMIT, limit_config, false, "rate" },
	{ NFT_OBJECT_SECMARK, SC_SECMARK, secmark_config, false, NULL },
	{ NFT_OBJECT_SYNPROXY, SC_SYNPROXY, synproxy_config, false, "mss" },
	{ NFT_OBJECT_CT_HELPER, SC_CT, helper_config, true, NULL },
	{ NFT_OBJECT_CT_TIMEOUT, SC_CT, timeout_config, true, NULL },
	{ NFT_OBJECT_CT_EXPECT, SC_CT, expect_config, true, NULL },
};

/* can a line of the block be a setting? The first word decides; what follows has its own errors */
static bool is_config(struct nft_parser *p, const struct kind *k)
{
	if (k->first)
		return p_kw(p, k->first);
	if (k->type == NFT_OBJECT_QUOTA)
		return p_is(p, TOK_NUM) || p_kw(p, "over") || p_kw(p, "until");
	if (k->type == NFT_OBJECT_SECMARK)
		return p_is_string(p);
	return true;
}

static void block_comment(struct nft_parser *p, struct nft_object *o)
{
	struct nft_loc at = p->last.loc;
	char *text = p_comment(p);

	at = p_span(p, &at);
	if (o->comment)
		p_error(p, &at, "You can only specify this once. This statement is duplicated.");
	if (p->failed)
		mem_free(text);
	else
		o->comment = text;
}

/* of an expected connection everything must be said but its family */
static void check_complete(struct nft_parser *p, const struct nft_object *o, const struct nft_loc *at)
{
	if (o->type == NFT_OBJECT_CT_EXPECT &&
	    (!o->ct_expect.l4 || !o->ct_expect.dport || !o->ct_expect.timeout_ms || !o->ct_expect.size))
		p_error(p, at, "missing options");
}

static void block(struct nft_parser *p, struct nft_object *o, const struct kind *k)
{
	struct nft_loc before = p->last.loc;	/* the name ends in front of the blank in front of the brace */

	before.col = before.end = MAX(before.col, 3u) - 2;
	for (;;) {
		if (p->failed && !p_recover(p))
			return;
		p->sc = k->sc;
		if (p_take(p, TOK_NEWLINE) || p_take(p, TOK_SEMICOLON) || p_common(p))
			continue;
		if (p_take(p, TOK_RBRACE)) {
			check_complete(p, o, &before);
			return;
		}
		if (p_take_kw(p, "comment"))
			block_comment(p, o);
		else if (is_config(p, k))
			k->config(p, o);
		else
			p_unexpected(p, NULL);
	}
}

struct nft_object *p_object(struct nft_parser *p, int type, bool in_braces)
{
	struct nft_object *o = p_noted(p, nft_object_new(type));
	const struct kind *k = kinds;

	while (k->type != type)
		k++;
	if (!o)
		return NULL;
	p->sc = k->sc;
	if (in_braces || p_take(p, TOK_LBRACE))
		block(p, o, k);
	else if (k->braces)
		p_unexpected(p, "'{'");
	else if (type != NFT_OBJECT_COUNTER || is_config(p, k))
		k->config(p, o);
	return o;
}
