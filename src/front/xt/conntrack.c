/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/conntrack.c - -m conntrack and -m state: what connection tracking knows of a packet.
 *
 * State alone is a comparison of a field, so that it can be indexed; all else is fn_conntrack, with the kernel's own
 * structure as data.
 */
#include <netdb.h>
#include <stdlib.h>

#include "front/xt/util.h"
#include "rules/fn.h"

/* .id is the number of the XT_CONNTRACK_* bit, so that both sets of bits agree */
enum {
	CT_STATE,
	CT_PROTO,
	CT_ORIGSRC,
	CT_ORIGDST,
	CT_REPLSRC,
	CT_REPLDST,
	CT_STATUS,
	CT_EXPIRE,
	CT_ORIGSRC_PORT,
	CT_ORIGDST_PORT,
	CT_REPLSRC_PORT,
	CT_REPLDST_PORT,
	CT_DIR,
};

struct conntrack {
	struct xt_conntrack_mtinfo3 info;
	uint8_t family;
};

#define XT_STATE_UNTRACKED_BIT 8	/* XT_CONNTRACK_STATE_UNTRACKED */
#define FIELD_STATE_UNTRACKED_BIT 6

static const struct xt_opt conntrack_opts[] = {
	{ "ctstate", CT_STATE, .flags = XT_INVERT },
	{ "ctproto", CT_PROTO, .flags = XT_INVERT },
	{ "ctorigsrc", CT_ORIGSRC, .flags = XT_INVERT },
	{ "ctorigdst", CT_ORIGDST, .flags = XT_INVERT },
	{ "ctreplsrc", CT_REPLSRC, .flags = XT_INVERT },
	{ "ctrepldst", CT_REPLDST, .flags = XT_INVERT },
	{ "ctstatus", CT_STATUS, .flags = XT_INVERT },
	{ "ctexpire", CT_EXPIRE, .flags = XT_INVERT, .type = XT_T_U32RANGE },
	{ "ctorigsrcport", CT_ORIGSRC_PORT, .flags = XT_INVERT },
	{ "ctorigdstport", CT_ORIGDST_PORT, .flags = XT_INVERT },
	{ "ctreplsrcport", CT_REPLSRC_PORT, .flags = XT_INVERT },
	{ "ctrepldstport", CT_REPLDST_PORT, .flags = XT_INVERT },
	{ "ctdir", CT_DIR, .flags = 0 },
	{ 0 },
};

static const struct xt_opt state_opts[] = {
	{ "state", CT_STATE, .flags = XT_INVERT | XT_MAND },
	{ 0 },
};

static const struct word {
	const char *name;
	uint16_t bits;
} states[] = {		/* in the order in which they are listed; the last two not for -m state */
	{ "INVALID", XT_CONNTRACK_STATE_INVALID }, { "NEW", 1 << 3 }, { "RELATED", 1 << 2 }, { "ESTABLISHED", 1 << 1 },
	{ "UNTRACKED", 1 << XT_STATE_UNTRACKED_BIT }, { "SNAT", 1 << 6 }, { "DNAT", 1 << 7 },
}, statuses[] = {
	{ "NONE", 0 }, { "EXPECTED", 1 << 0 }, { "SEEN_REPLY", 1 << 1 }, { "ASSURED", 1 << 2 }, { "CONFIRMED", 1 << 3 },
};

#define N_STATES_ALIAS 5

/* words with commas between; the number of bytes that are no such word, where *bad is */
static int parse_words(const char *s, const struct word *w, unsigned n_words, uint16_t *bits, const char **bad)
{
	for (;; s++) {
		size_t n = strcspn(s, ",");
		unsigned i;

		for (i = 0; i < n_words; i++)
			if (strlen(w[i].name) == n && strncasecmp(w[i].name, s, n) == 0)
				break;
		if (i == n_words) {
			*bad = s;
			return -1;
		}
		*bits |= w[i].bits;
		s += n;
		if (!*s)
			return 0;
	}
}

static void put_words(struct sbuf *out, uint16_t bits, const struct word *w, unsigned n_words)
{
	const char *sep = " ";

	for (unsigned i = 0; i < n_words; i++)
		if (w[i].bits ? bits & w[i].bits : !bits) {
			sbuf_printf(out, "%s%s", sep, w[i].name);
			sep = ",";
		}
}

static int parse_proto(struct xt_call *c, uint16_t *proto)
{
	char lower[32];
	const struct protoent *pe;
	uint64_t v;
	unsigned i;

	if (xt_strtou(c->arg, NULL, 0, 255, &v)) {
		*proto = (uint16_t)v;
		return 0;
	}
	for (i = 0; c->arg[i] && i < sizeof(lower) - 1; i++)
		lower[i] = c->arg[i] >= 'A' && c->arg[i] <= 'Z' ? (char)(c->arg[i] | 32) : c->arg[i];
	lower[i] = '\0';
	pe = getprotobyname(lower);
	if (!pe && strcmp(lower, "all") != 0)
		return xt_error(c, "unknown protocol \"%s\" specified", lower);
	*proto = pe ? (uint16_t)pe->p_proto : 0;
	return 0;
}

static int parse_host(struct xt_call *c, union nf_inet_addr *addr, union nf_inet_addr *mask)
{
	union inet_addr a, m;
	int err = xt_host_arg(c, &a, &m);

	if (err)
		return err;
	memcpy(addr, &a, sizeof(*addr));
	memcpy(mask, &m, sizeof(*mask));
	return 0;
}

static int parse_port_range(struct xt_call *c, uint16_t *lo, uint16_t *hi)
{
	uint16_t p[2];
	int err = xt_parse_ports_any(c, p);

	*lo = p[0];
	*hi = p[1];
	return err;
}

static int parse_dir(struct xt_call *c, struct xt_conntrack_mtinfo3 *d)
{
	if (strcasecmp(c->arg, "ORIGINAL") == 0)
		d->invert_flags &= (uint16_t)~XT_CONNTRACK_DIRECTION;
	else if (strcasecmp(c->arg, "REPLY") == 0)
		d->invert_flags |= XT_CONNTRACK_DIRECTION;
	else
		return xt_bad_value(c, c->arg);
	return 0;
}

static int conntrack_parse(struct xt_call *c, void *data)
{
	struct xt_conntrack_mtinfo3 *d = &((struct conntrack *)data)->info;
	const char *bad;

	d->match_flags |= (uint16_t)(1u << c->opt->id);
	if (c->invert)
		d->invert_flags |= (uint16_t)(1u << c->opt->id);
	switch (c->opt->id) {
	case CT_STATE:
		if (parse_words(c->arg, states, ARRAY_LEN(states), &d->state_mask, &bad) < 0)
			return xt_error(c, "Bad ctstate \"%s\"", bad);
		return 0;
	case CT_PROTO:
		return parse_proto(c, &d->l4proto);
	case CT_ORIGSRC:
		return parse_host(c, &d->origsrc_addr, &d->origsrc_mask);
	case CT_ORIGDST:
		return parse_host(c, &d->origdst_addr, &d->origdst_mask);
	case CT_REPLSRC:
		return parse_host(c, &d->replsrc_addr, &d->replsrc_mask);
	case CT_REPLDST:
		return parse_host(c, &d->repldst_addr, &d->repldst_mask);
	case CT_STATUS:
		if (parse_words(c->arg, statuses, ARRAY_LEN(statuses), &d->status_mask, &bad) < 0)
			return xt_error(c, "Bad ctstatus \"%s\"", bad);
		return 0;
	case CT_EXPIRE:
		d->expires_min = (uint32_t)c->val.range[0];
		d->expires_max = (uint32_t)c->val.range[c->n_vals > 1];
		return 0;
	case CT_ORIGSRC_PORT:
		return parse_port_range(c, &d->origsrc_port, &d->origsrc_port_high);
	case CT_ORIGDST_PORT:
		return parse_port_range(c, &d->origdst_port, &d->origdst_port_high);
	case CT_REPLSRC_PORT:
		return parse_port_range(c, &d->replsrc_port, &d->replsrc_port_high);
	case CT_REPLDST_PORT:
		return parse_port_range(c, &d->repldst_port, &d->repldst_port_high);
	default:
		return parse_dir(c, d);
	}
}

static int conntrack_check(struct xt_call *c, void *data)
{
	return c->seen ? 0 : xt_error(c, "conntrack: At least one option is required");
}

static int state_parse(struct xt_call *c, void *data)
{
	struct xt_conntrack_mtinfo3 *d = &((struct conntrack *)data)->info;
	const char *bad;

	d->match_flags = XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS;
	d->invert_flags = c->invert ? XT_CONNTRACK_STATE : 0;
	if (parse_words(c->arg, states, N_STATES_ALIAS, &d->state_mask, &bad) == 0)
		return 0;
	if (!*bad)
		return xt_error(c, "\"--state\" requires a list of states with no spaces, e.g. ESTABLISHED,RELATED");
	return xt_error(c, "Bad state \"%s\"", bad);
}

static void conntrack_init(void *data, uint8_t family)
{
	((struct conntrack *)data)->family = family;
}

static void put_host(struct sbuf *out, uint8_t family, const union nf_inet_addr *addr, const union nf_inet_addr *mask, bool names)
{
	char text[ADDR_STRLEN];
	union inet_addr a = { 0 }, m = { 0 };
	int plen;

	memcpy(&a, addr, addr_len(family));
	memcpy(&m, mask, addr_len(family));
	plen = addr_plen(family, &m);
	if (names && addr_is_any(&a)) {
		sbuf_puts(out, " anywhere");
		return;
	}
	sbuf_printf(out, " %s", addr_fmt(text, family, &a));
	if (plen >= 0 && plen < (int)addr_bits(family))
		sbuf_printf(out, "/%d", plen);
}

static void put_range(struct sbuf *out, uint32_t lo, uint32_t hi)
{
	sbuf_printf(out, lo == hi ? " %u" : " %u:%u", lo, hi);
}

/* both listings: @dashes "--" for save; @names: anywhere for 0.0.0.0 and :: */
static void dump(struct sbuf *out, const struct conntrack *ct, const char *dashes, bool names)
{
	const struct xt_conntrack_mtinfo3 *d = &ct->info;

	for (const struct xt_opt *o = conntrack_opts; o->name; o++) {
		if (!(d->match_flags & (1u << o->id)))
			continue;
		sbuf_printf(out, "%s %s%s", o->id != CT_DIR && (d->invert_flags & (1u << o->id)) ? " !" : "", dashes,
			    o->name);
		switch (o->id) {
		case CT_STATE:
			put_words(out, d->state_mask, states, ARRAY_LEN(states));
			break;
		case CT_PROTO:
			sbuf_printf(out, " %u", d->l4proto);
			break;
		case CT_ORIGSRC:
			put_host(out, ct->family, &d->origsrc_addr, &d->origsrc_mask, names);
			break;
		case CT_ORIGDST:
			put_host(out, ct->family, &d->origdst_addr, &d->origdst_mask, names);
			break;
		case CT_REPLSRC:
			put_host(out, ct->family, &d->replsrc_addr, &d->replsrc_mask, names);
			break;
		case CT_REPLDST:
			put_host(out, ct->family, &d->repldst_addr, &d->repldst_mask, names);
			break;
		case CT_STATUS:
			put_words(out, d->status_mask, statuses, ARRAY_LEN(statuses));
			break;
		case CT_EXPIRE:
			put_range(out, d->expires_min, d->expires_max);
			break;
		case CT_ORIGSRC_PORT:
			put_range(out, d->origsrc_port, d->origsrc_port_high);
			break;
		case CT_ORIGDST_PORT:
			put_range(out, d->origdst_port, d->origdst_port_high);
			break;
		case CT_REPLSRC_PORT:
			put_range(out, d->replsrc_port, d->replsrc_port_high);
			break;
		case CT_REPLDST_PORT:
			put_range(out, d->repldst_port, d->repldst_port_high);
			break;
		case CT_DIR:
			sbuf_puts(out, d->invert_flags & XT_CONNTRACK_DIRECTION ? " REPLY" : " ORIGINAL");
			break;
		}
	}
}

static void conntrack_print(struct sbuf *out, const void *data, bool numeric)
{
	dump(out, data, "", !numeric);
}

static void conntrack_save(struct sbuf *out, const void *data)
{
	dump(out, data, "--", false);
}

static void state_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct xt_conntrack_mtinfo3 *d = &((const struct conntrack *)data)->info;

	sbuf_puts(out, d->invert_flags ? " ! state" : " state");
	put_words(out, d->state_mask, states, N_STATES_ALIAS);
}

static void state_save(struct sbuf *out, const void *data)
{
	const struct xt_conntrack_mtinfo3 *d = &((const struct conntrack *)data)->info;

	sbuf_puts(out, d->invert_flags ? " ! --state" : " --state");
	put_words(out, d->state_mask, states, N_STATES_ALIAS);
}

static int conntrack_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct xt_conntrack_mtinfo3 *d = &((const struct conntrack *)data)->info;
	uint16_t nat = 1 << 6 | 1 << 7;
	uint32_t bits = d->state_mask & 0xfu;

	if ((d->match_flags & ~XT_CONNTRACK_STATE_ALIAS) != XT_CONNTRACK_STATE || (d->state_mask & nat)) {
		xt_test(l, &fn_conntrack, d, sizeof(*d));
		return 0;
	}
	if (d->state_mask & (1 << XT_STATE_UNTRACKED_BIT))
		bits |= 1 << FIELD_STATE_UNTRACKED_BIT;
	ir_match_bits(l, FIELD_CT_STATE, d->invert_flags & XT_CONNTRACK_STATE, bits);
	return 0;
}

/* words of a bit mask, from the lowest on */
static void xlate_bits(struct sbuf *out, uint32_t bits, const char *const *words, unsigned n)
{
	const char *sep = "";

	for (unsigned i = 0; i < n; i++) {
		if (!(bits >> i & 1) || !words[i])
			continue;
		sbuf_printf(out, "%s%s", sep, words[i]);
		sep = ",";
	}
}

static void xlate_state(struct sbuf *out, const struct xt_conntrack_mtinfo3 *d)
{
	static const char *const words[] = { "invalid", "established", "related", "new", NULL, NULL, "untracked" };
	const char *invert = d->invert_flags & XT_CONNTRACK_STATE ? "! " : "";
	uint32_t bits = (d->state_mask & 0xfu) | (d->state_mask & XT_CONNTRACK_STATE_UNTRACKED ? 1u << 6 : 0);
	const char *sep = "";
	static const uint8_t order[] = { 0, 3, 2, 1, 6 };	/* invalid, new, related, established, untracked */

	if (d->state_mask & (XT_CONNTRACK_STATE_SNAT | XT_CONNTRACK_STATE_DNAT)) {
		sbuf_printf(out, " ct status %s%s", invert, d->state_mask & XT_CONNTRACK_STATE_SNAT ? "snat" : "dnat");
		return;
	}
	sbuf_printf(out, " ct state %s", invert);
	for (unsigned i = 0; i < ARRAY_LEN(order); i++) {
		if (!(bits >> order[i] & 1))
			continue;
		sbuf_printf(out, "%s%s", sep, words[order[i]]);
		sep = ",";
	}
}

static void xlate_addr(struct sbuf *out, const struct xt_conntrack_mtinfo3 *d, const struct xt_xlate *x, uint16_t flag,
		       const char *word, const union nf_inet_addr *addr, const union nf_inet_addr *mask)
{
	unsigned n = x->family == AF_INET6 ? 16 : 4, plen = 0;
	union inet_addr a;
	uint8_t m[16];
	char text[ADDR_STRLEN];
	bool prefix = true, end = false;

	if (!(d->match_flags & flag))
		return;
	memcpy(&a, addr, sizeof(a));
	memcpy(m, mask, sizeof(m));
	for (unsigned b = 0; b < 8 * n; b++) {
		bool set = m[b / 8] & (0x80 >> b % 8);

		prefix = prefix && !(set && end);
		end = end || !set;
		plen += set;
	}
	sbuf_printf(out, " ct %s %s%s", word, d->invert_flags & flag ? "!= " : "", addr_fmt(text, x->family, &a));
	if (prefix && plen < 8 * n)
		sbuf_printf(out, "/%u", plen);
}

static void xlate_ports(struct sbuf *out, const struct xt_conntrack_mtinfo3 *d, uint16_t flag, const char *word,
			uint16_t lo, uint16_t hi)
{
	if (!(d->match_flags & flag))
		return;
	sbuf_printf(out, " ct %s %s%u", word, d->invert_flags & flag ? "!= " : "", lo);
	if (hi != lo)
		sbuf_printf(out, "-%u", hi);
}

static void xlate_numbers(struct sbuf *out, const struct xt_conntrack_mtinfo3 *d)
{
	static const char *const status[] = { "expected", "seen-reply", "assured", "confirmed" };

	if (d->match_flags & XT_CONNTRACK_STATUS) {
		sbuf_printf(out, " ct status%s%s", d->status_mask ? " " : "", d->invert_flags & XT_CONNTRACK_STATUS ? "! " : "");
		xlate_bits(out, d->status_mask, status, ARRAY_LEN(status));
	}
	if (d->match_flags & XT_CONNTRACK_DIRECTION)
		sbuf_printf(out, " ct direction %s", d->invert_flags & XT_CONNTRACK_DIRECTION ? "reply" : "original");
	if (d->match_flags & XT_CONNTRACK_EXPIRES) {
		sbuf_printf(out, " ct expiration %s%u", d->invert_flags & XT_CONNTRACK_EXPIRES ? "!= " : "", d->expires_min);
		if (d->expires_max != d->expires_min)
			sbuf_printf(out, "-%u", d->expires_max);
	}
	if (d->match_flags & XT_CONNTRACK_PROTO)
		sbuf_printf(out, " ct original protocol %s%u", d->invert_flags & XT_CONNTRACK_PROTO ? "!= " : "", d->l4proto);
}

static bool conntrack_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct xt_conntrack_mtinfo3 *d = &((const struct conntrack *)data)->info;
	struct sbuf all = SBUF_INIT;

	if (d->match_flags & XT_CONNTRACK_STATE)
		xlate_state(&all, d);
	xlate_numbers(&all, d);
	xlate_addr(&all, d, x, XT_CONNTRACK_ORIGSRC, "original saddr", &d->origsrc_addr, &d->origsrc_mask);
	xlate_addr(&all, d, x, XT_CONNTRACK_ORIGDST, "original daddr", &d->origdst_addr, &d->origdst_mask);
	xlate_addr(&all, d, x, XT_CONNTRACK_REPLSRC, "reply saddr", &d->replsrc_addr, &d->replsrc_mask);
	xlate_addr(&all, d, x, XT_CONNTRACK_REPLDST, "reply daddr", &d->repldst_addr, &d->repldst_mask);
	xlate_ports(&all, d, XT_CONNTRACK_ORIGSRC_PORT, "original proto-src", d->origsrc_port, d->origsrc_port_high);
	xlate_ports(&all, d, XT_CONNTRACK_ORIGDST_PORT, "original proto-dst", d->origdst_port, d->origdst_port_high);
	xlate_ports(&all, d, XT_CONNTRACK_REPLSRC_PORT, "reply proto-src", d->replsrc_port, d->replsrc_port_high);
	xlate_ports(&all, d, XT_CONNTRACK_REPLDST_PORT, "reply proto-dst", d->repldst_port, d->repldst_port_high);
	sbuf_puts(out, all.len ? sbuf_str(&all) + 1 : "");
	sbuf_free(&all);
	return true;
}

const struct xt_ext xt_conntrack = {
	.kind = XT_MATCH,
	.name = "conntrack",
	.revision = 3,
	.families = XT_BOTH,
	.size = sizeof(struct conntrack),
	.init = conntrack_init,
	.opts = conntrack_opts,
	.parse = conntrack_parse,
	.check = conntrack_check,
	.print = conntrack_print,
	.save = conntrack_save,
	.emit = conntrack_emit,
	.xlate = conntrack_xlate,
};

const struct xt_ext xt_state = {
	.kind = XT_MATCH,
	.name = "state",
	.alias_of = "conntrack",
	.families = XT_BOTH,
	.size = sizeof(struct conntrack),
	.init = conntrack_init,
	.opts = state_opts,
	.parse = state_parse,
	.print = state_print,
	.save = state_save,
	.emit = conntrack_emit,
	.xlate = conntrack_xlate,
};
