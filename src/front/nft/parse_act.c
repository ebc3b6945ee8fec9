/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/parse_act.c - statements that act on packets: log, reject, address translation, copies, queues.
 *
 * It stands beside parse_stmt.c. Each begins with a word of its own, and has a scope of its own, in which words such as
 * "to" and "port" are keywords.
 *
 * References: nft(8) STATEMENTS.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "front/nft/parse.h"

#include <linux/netfilter/nf_log.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_synproxy.h>

struct word_flag { const char *word; uint32_t flag; };

static bool take_flag(struct nft_parser *p, const struct word_flag *t, uint32_t *flags)
{
	for (; t->word; t++) {
		if (!p_take_kw(p, t->word))
			continue;
		*flags |= t->flag;
		return true;
	}
	return false;
}

/* ---- log ---- */

/* variables within a prefix's text are replaced; @at: where the text stands */
static void expand_prefix(struct nft_parser *p, const char *text, const struct nft_loc *at, struct sbuf *out)
{
	while (*text && !p->failed) {
		const struct nft_define *d;
		char *name;
		size_t n;

		if (*text != '$') {
			sbuf_putc(out, *text++);
			continue;
		}
		for (n = 0; isalnum((unsigned char)text[n + 1]) || text[n + 1] == '_'; n++)
			;
		name = p_strndup(p, text + 1, n);
		d = name ? p_define_find(p, name) : NULL;
		if (!d)
			p_unknown_define(p, at, name ? name : "");
		else if (d->val->kind == NFT_X_SYMBOL)
			sbuf_puts(out, d->val->symbol.text);
		mem_free(name);
		text += n + 1;
	}
}

static struct nft_expr *log_prefix(struct nft_parser *p)
{
	struct nft_loc at = p_begin(p);
	struct sbuf b = SBUF_INIT;
	struct nft_expr *e;
	char *text = p_string(p);

	if (text)
		expand_prefix(p, text, &at, &b);
	mem_free(text);
	if (b.failed)
		p_noted(p, NULL);
	e = nft_expr_symbol(&at, sbuf_str(&b), b.len);
	if (e)
		e->symbol.quoted = true;
	sbuf_free(&b);
	return e;
}

static void log_level(struct nft_parser *p, struct nft_stmt *s, const struct nft_loc *begin)
{
	static const struct { const char *word; int level; } levels[] = {
		{ "emerg", LOG_EMERG }, { "alert", LOG_ALERT }, { "crit", LOG_CRIT }, { "err", LOG_ERR },
		{ "warn", LOG_WARNING }, { "notice", LOG_NOTICE }, { "info", LOG_INFO }, { "debug", LOG_DEBUG },
		{ "audit", 8 },
	};
	char *word = p_string(p);

	for (unsigned i = 0; word && i < ARRAY_LEN(levels); i++) {
		if (strcmp(word, levels[i].word))
			continue;
		s->log.level = levels[i].level;
		s->log.have |= NFT_LOG_HAVE_LEVEL;
		mem_free(word);
		return;
	}
	if (word)
		p_error(p, &p->last.loc, "invalid log level");
	mem_free(word);
}

static void log_flags_tcp(struct nft_parser *p, struct nft_stmt *s)
{
	static const struct word_flag flags[] = { { "sequence", NF_LOG_TCPSEQ }, { "options", NF_LOG_TCPOPT }, { NULL, 0 } };

	p->sc = SC_TCP;
	do {
		if (!take_flag(p, flags, &s->log.flags))
			p_unexpected(p, "seq or options");
	} while (p_take(p, TOK_COMMA));
	p->sc = SC_LOG;
}

static void log_flags(struct nft_parser *p, struct nft_stmt *s)
{
	static const struct word_flag flags[] = {
		{ "skuid", NF_LOG_UID }, { "ether", NF_LOG_MACDECODE }, { "all", NF_LOG_MASK }, { NULL, 0 }
	};

	if (p_take_kw(p, "tcp")) {
		log_flags_tcp(p, s);
	} else if (p_take_kw(p, "ip")) {
		p->sc = SC_IP;
		p_expect_kw(p, "options", "options");
		p->sc = SC_LOG;
		s->log.flags |= NF_LOG_IPOPT;
	} else if (!take_flag(p, flags, &s->log.flags)) {
		p_unexpected(p, NULL);
	}
}

static bool log_number(struct nft_parser *p, const char *word, uint32_t *v, uint32_t have, struct nft_stmt *s)
{
	uint64_t n = 0;

	if (!p_take_kw(p, word))
		return false;
	p_number(p, &n, "number");
	*v = n;
	s->log.have |= have;
	return true;
}

static struct nft_stmt *log_stmt(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_stmt *s = nft_stmt_new(NFT_S_LOG, begin);

	if (!s)
		return NULL;
	s->log.level = LOG_WARNING;
	while (!p->failed) {
		if (p_take_kw(p, "prefix")) {
			nft_expr_free(s->log.prefix);
			s->log.prefix = log_prefix(p);
		} else if (p_take_kw(p, "level")) {
			log_level(p, s, begin);
		} else if (p_take_kw(p, "flags")) {
			log_flags(p, s);
		} else if (!log_number(p, "group", &s->log.group, NFT_LOG_HAVE_GROUP, s) &&
			   !log_number(p, "snaplen", &s->log.snaplen, NFT_LOG_HAVE_SNAPLEN, s) &&
			   !log_number(p, "queue-threshold", &s->log.qthreshold, NFT_LOG_HAVE_QTHRESHOLD, s)) {
			break;
		}
	}
	return s;
}

/* ---- reject ---- */

static struct nft_expr *reject_code(struct nft_parser *p)
{
	bool typed = p_take_kw(p, "type");

	if (p_is_name(p) || p_is(p, TOK_NUM))
		return p_primary(p, NFT_RIGHT);
	p_unexpected(p, typed ? "number or string" : "number or string or type");
	return NULL;
}

static struct nft_stmt *reject(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_stmt *s = nft_stmt_new(NFT_S_REJECT, begin);

	if (!s || !p_take_kw(p, "with"))
		return s;
	if (p_take_kw(p, "tcp")) {
		p_expect_kw(p, "reset", "reset");
		s->reject.type = NFT_REJECT_TCP_RST;
		return s;
	}
	if (p_take_kw(p, "icmpx")) {
		s->reject.type = NFT_REJECT_ICMPX_UNREACH;
	} else if (p_take_kw(p, "icmp")) {
		s->reject.family = NFPROTO_IPV4;
		s->reject.type = NFT_REJECT_ICMP_UNREACH;
	} else if (p_expect_kw(p, "icmpv6", "icmp or icmpv6 or tcp or icmpx")) {
		s->reject.family = NFPROTO_IPV6;
		s->reject.type = NFT_REJECT_ICMP_UNREACH;
	}
	if (!p->failed)
		s->reject.code = reject_code(p);
	return s;
}

/* ---- address translation ---- */

static const struct word_flag nat_flag_words[] = {
	{ "random", NF_NAT_RANGE_PROTO_RANDOM }, { "fully-random", NF_NAT_RANGE_PROTO_RANDOM_FULLY },
	{ "persistent", NF_NAT_RANGE_PERSISTENT }, { NULL, 0 }
};

static bool nat_flags(struct nft_parser *p, struct nft_stmt *s)
{
	uint32_t flags = 0;

	if (!take_flag(p, nat_flag_words, &flags))
		return false;
	while (p_take(p, TOK_COMMA))
		if (!take_flag(p, nat_flag_words, &flags))
			p_unexpected(p, "random or fully-random or persistent");
	s->nat.flags = (s->nat.flags & NF_NAT_RANGE_NETMAP) | flags;
	return true;
}

/* `ip` or `ip6` in front of `to`; what else begins so is an expression */
static bool nat_family(struct nft_parser *p, uint8_t *family)
{
	static const char *const next[] = { "to", "addr", "interval", "prefix" };
	const struct nft_tok *t = p_peek(p, 1);
	const char *k;

	if (!p_kw(p, "ip") && !p_kw(p, "ip6"))
		return false;
	k = nft_keyword(t, SC_NAT);
	for (unsigned i = 0; i < ARRAY_LEN(next); i++) {
		if (!k || strcmp(k, next[i]))
			continue;
		*family = p_kw(p, "ip6") ? NFPROTO_IPV6 : NFPROTO_IPV4;
		p_next(p);
		return true;
	}
	return false;
}

/* behind `snat`: [ip|ip6] [interval|prefix|addr . port] [to], and whether an address has to follow */
static void nat_form(struct nft_parser *p, struct nft_stmt *s)
{
	s->nat.family_given = nat_family(p, &s->nat.family);
	if (p_take_kw(p, "prefix")) {
		s->nat.prefix = true;
		s->nat.flags |= NF_NAT_RANGE_NETMAP;
	} else if (p_take_kw(p, "interval")) {
		s->nat.interval = true;
	} else if (s->nat.family_given && p_take_kw(p, "addr")) {
		p_expect(p, TOK_DOT, ".");
		p_expect_kw(p, "port", "port");
		s->nat.addr_is_concat = true;
	} else {
		p_take_kw(p, "to");
		return;
	}
	p_expect_kw(p, "to", "to");
}

static struct nft_stmt *nat(struct nft_parser *p, const struct nft_loc *begin, uint8_t type)
{
	struct nft_stmt *s = nft_stmt_new(NFT_S_NAT, begin);

	if (!s)
		return NULL;
	s->nat.type = type;
	nat_form(p, s);
	if (!p_is(p, TOK_COLON))
		s->nat.addr = p_stmt_expr(p);
	if (p_take(p, TOK_COLON))
		s->nat.port = p_stmt_expr(p);
	while (nat_flags(p, s))
		;
	return s;
}

static struct nft_stmt *snat(struct nft_parser *p, const struct nft_loc *begin)
{
	return nat(p, begin, NFT_NAT_SNAT);
}

static struct nft_stmt *dnat(struct nft_parser *p, const struct nft_loc *begin)
{
	return nat(p, begin, NFT_NAT_DNAT);
}

static struct nft_stmt *masquerade(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_stmt *s = nft_stmt_new(NFT_S_NAT, begin);

	if (!s)
		return NULL;
	s->nat.type = NFT_NAT_MASQ;
	if (p_take_kw(p, "to") && p_expect(p, TOK_COLON, "colon"))
		s->nat.port = p_stmt_expr(p);
	nat_flags(p, s);
	return s;
}

static struct nft_stmt *redirect(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_stmt *s = nft_stmt_new(NFT_S_NAT, begin);

	if (!s)
		return NULL;
	s->nat.type = NFT_NAT_REDIR;
	if (p_take_kw(p, "to")) {
		p_take(p, TOK_COLON);
		s->nat.port = p_stmt_expr(p);
	}
	nat_flags(p, s);
	return s;
}

static struct nft_stmt *tproxy(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_stmt *s = nft_stmt_new(NFT_S_TPROXY, begin);

	if (!s)
		return NULL;
	if (p_kw(p, "ip") || p_kw(p, "ip6")) {
		s->tproxy.family = p_kw(p, "ip6") ? NFPROTO_IPV6 : NFPROTO_IPV4;
		s->tproxy.family_given = true;
		p_next(p);
	}
	p_expect_kw(p, "to", s->tproxy.family_given ? "to" : "to or ip or ip6");
	if (!p_is(p, TOK_COLON))
		s->tproxy.addr = p_stmt_expr(p);
	if (p_take(p, TOK_COLON))
		s->tproxy.port = p_stmt_expr(p);
	return s;
}

/* ---- copies and other devices ---- */

static struct nft_stmt *dup(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_stmt *s = nft_stmt_new(NFT_S_DUP, begin);

	if (!s || !p_expect_kw(p, "to", "to"))
		return s;
	s->fwd.to = p_stmt_expr(p);
	if (p_take_kw(p, "device"))
		s->fwd.dev = p_stmt_expr(p);
	return s;
}

static struct nft_stmt *fwd(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_stmt *s = nft_stmt_new(NFT_S_FWD, begin);

	if (!s)
		return NULL;
	if (p_kw(p, "ip") || p_kw(p, "ip6")) {
		s->fwd.family = p_kw(p, "ip6") ? NFPROTO_IPV6 : NFPROTO_IPV4;
		p_next(p);
	}
	p_expect_kw(p, "to", s->fwd.family ? "to" : "to or ip or ip6");
	if (!s->fwd.family) {
		s->fwd.dev = p_stmt_expr(p);
		return s;
	}
	s->fwd.to = p_stmt_expr(p);
	if (p_expect_kw(p, "device", "device"))
		s->fwd.dev = p_stmt_expr(p);
	return s;
}

/* ---- queue ---- */

static const struct word_flag queue_flag_words[] = {
	{ "bypass", NFT_QUEUE_FLAG_BYPASS }, { "fanout", NFT_QUEUE_FLAG_CPU_FANOUT }, { NULL, 0 }
};

static bool queue_flags(struct nft_parser *p, struct nft_stmt *s)
{
	if (!take_flag(p, queue_flag_words, &s->queue.flags))
		return false;
	while (p_take(p, TOK_COMMA))
		if (!take_flag(p, queue_flag_words, &s->queue.flags))
			p_unexpected(p, "bypass or fanout");
	return true;
}

static struct nft_expr *queue_number(struct nft_parser *p)
{
	if (p_is(p, TOK_NUM) || p_is(p, TOK_DOLLAR))
		return p_primary(p, NFT_RIGHT);
	p_unexpected(p, "number or '$'");
	return NULL;
}

static struct nft_expr *queue_range(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);
	struct nft_expr *e = queue_number(p), *r;

	if (!p_take(p, TOK_DASH))
		return e;
	r = queue_number(p);
	begin = p_span(p, &begin);
	return nft_expr_bin(NFT_X_RANGE, &begin, NFT_OP_IMPLICIT, e, r);
}

/* behind `to`: a number, a range, what spreads packets over queues, or a map */
static struct nft_expr *queue_target(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);
	struct nft_expr *e, *set;

	if (p_is(p, TOK_NUM) || p_is(p, TOK_DOLLAR))
		return queue_range(p);
	e = p_concat(p);
	if (p_take_kw(p, "map")) {
		set = p_rhs(p);
		begin = p_span(p, &begin);
		return nft_expr_bin(NFT_X_MAP, &begin, NFT_OP_IMPLICIT, e, set);
	}
	if (e && e->kind != NFT_X_NUMGEN && e->kind != NFT_X_HASH)
		p_unexpected(p, ". or map");
	return e;
}

static struct nft_stmt *queue(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_stmt *s = nft_stmt_new(NFT_S_QUEUE, begin);

	if (!s)
		return NULL;
	if (p_take_kw(p, "flags")) {
		if (!queue_flags(p, s))
			p_unexpected(p, "bypass or fanout");
		if (p_take_kw(p, "num"))
			s->queue.num = queue_range(p);
		else if (p_expect_kw(p, "to", "comma or to or num"))
			s->queue.num = queue_target(p);
		return s;
	}
	if (p_take_kw(p, "to")) {
		s->queue.num = queue_target(p);
		return s;
	}
	while (!p->failed) {
		struct nft_loc num = p_begin(p);

		if (p_take_kw(p, "num")) {
			nft_expr_free(s->queue.num);
			s->queue.num = queue_range(p);
			if (s->queue.num)
				s->queue.num->loc = p_span(p, &num);
		} else if (!queue_flags(p, s)) {
			break;
		}
	}
	return s;
}

/* ---- synproxy and the rest ---- */

static struct nft_stmt *synproxy(struct nft_parser *p, const struct nft_loc *begin)
{
	static const struct word_flag flags[] = {
		{ "timestamp", NF_SYNPROXY_OPT_TIMESTAMP }, { "sack-perm", NF_SYNPROXY_OPT_SACK_PERM }, { NULL, 0 }
	};
	bool named = p_take_kw(p, "name");
	struct nft_stmt *s = nft_stmt_new(named ? NFT_S_OBJREF : NFT_S_SYNPROXY, begin);
	uint64_t n;

	if (s && named) {
		s->objref.type = NFT_OBJECT_SYNPROXY;
		s->objref.name = p_stmt_expr(p);
		return s;
	}
	while (s && !p->failed) {
		n = 0;
		if (p_take_kw(p, "mss")) {
			p_number(p, &n, "number");
			s->synproxy.mss = n;
			s->synproxy.flags |= NF_SYNPROXY_OPT_MSS;
		} else if (p_take_kw(p, "wscale")) {
			p_number(p, &n, "number");
			s->synproxy.wscale = n;
			s->synproxy.flags |= NF_SYNPROXY_OPT_WSCALE;
		} else if (!take_flag(p, flags, &s->synproxy.flags)) {
			break;
		}
	}
	return s;
}

static struct nft_stmt *notrack(struct nft_parser *p, const struct nft_loc *begin)
{
	return nft_stmt_new(NFT_S_NOTRACK, begin);
}

static struct nft_stmt *flow_add(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_stmt *s = nft_stmt_new(NFT_S_FLOW, begin);

	p_next(p);
	p_expect(p, TOK_AT, "@");
	if (s)
		s->flow.table = p_string(p);
	return s;
}

/* xt TYPE NAME: what nft lists of iptables' extensions that it has no words for; it cannot be read back */
static struct nft_stmt *xt(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_loc at;

	mem_free(p_name(p, "string"));
	mem_free(p_name(p, "string"));
	at = p_span(p, begin);
	p_error(p, &at, "unsupported xtables compat expression, use iptables-nft with this ruleset");
	return NULL;
}

struct nft_stmt *p_act_stmt(struct nft_parser *p)
{
	static const struct {
		const char *word;
		enum nft_scope sc;
		struct nft_stmt *(*parse)(struct nft_parser *p, const struct nft_loc *begin);
	} acts[] = {
		{ "log", SC_LOG, log_stmt }, { "reject", SC_REJECT, reject }, { "snat", SC_NAT, snat },
		{ "dnat", SC_NAT, dnat }, { "masquerade", SC_NAT, masquerade }, { "redirect", SC_NAT, redirect },
		{ "tproxy", SC_TPROXY, tproxy }, { "dup", SC_DUP, dup }, { "fwd", SC_FWD, fwd }, { "queue", SC_QUEUE, queue },
		{ "synproxy", SC_SYNPROXY, synproxy }, { "notrack", SC_BASE, notrack }, { "flow", SC_BASE, flow_add },
		{ "xt", SC_XT, xt },
	};
	enum nft_scope was = p->sc;
	struct nft_loc begin = p_begin(p);
	struct nft_stmt *s = NULL;

	for (unsigned i = 0; i < ARRAY_LEN(acts); i++) {
		if (!p_take_kw(p, acts[i].word))
			continue;
		p->sc = acts[i].sc;
		s = acts[i].parse(p, &begin);
		break;
	}
	p->sc = was;
	return s;
}
