/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/ip6more.c - what only IPv6 has beside extension headers: -m ipv6header, -m eui64, -m mh, -j SNPT, -j DNPT.
 *
 * References: RFC 8200 section 4, RFC 4291 appendix A, RFC 6275 section 6.1, RFC 6296.
 */
#include <ctype.h>
#include <netdb.h>
#include <netinet/in.h>

#include "front/xt/util.h"
#include "rules/fn_ip6.h"

/* ---- ipv6header: which headers has the packet ---- */

enum { H_HEADER, H_SOFT };

static const struct xt_opt header_opts[] = {
	{ "header", H_HEADER, .flags = XT_INVERT | XT_MAND },
	{ "soft", H_SOFT, .flags = XT_NOVAL },
	{ 0 },
};

static const struct {	/* in the order in which they are listed */
	const char *name, *brief;
	uint8_t proto, bit;
} headers[] = {
	{ "hop-by-hop", "hop", IPPROTO_HOPOPTS, MASK_HOPOPTS },
	{ "ipv6-opts", "dst", IPPROTO_DSTOPTS, MASK_DSTOPTS },
	{ "ipv6-route", "route", IPPROTO_ROUTING, MASK_ROUTING },
	{ "ipv6-frag", "frag", IPPROTO_FRAGMENT, MASK_FRAGMENT },
	{ "ah", "auth", IPPROTO_AH, MASK_AH },
	{ "esp", "esp", IPPROTO_ESP, MASK_ESP },
	{ "ipv6-nonxt", "none", IPPROTO_NONE, MASK_NONE },
	{ "protocol", "prot", IPPROTO_RAW, MASK_PROTO },
};

/* a number that no name of the table above has: of /etc/protocols or as it is written; -1: neither */
static int number_of(const char *word)
{
	const struct protoent *pe;
	uint64_t v;

	if (xt_strtou(word, NULL, 0, UINT8_MAX, &v))
		return (int)v;
	pe = getprotobyname(word);
	return pe ? pe->p_proto : -1;
}

static int parse_header(struct xt_call *c, const char *word, uint8_t *bits)
{
	int proto = -1;

	for (unsigned i = 0; i < ARRAY_LEN(headers); i++)
		if (strcmp(headers[i].name, word) == 0 || strcmp(headers[i].brief, word) == 0)
			proto = headers[i].proto;
	if (proto < 0)
		proto = number_of(word);
	if (proto < 0)
		return xt_error(c, "unknown header `%s' specified", word);
	for (unsigned i = 0; i < ARRAY_LEN(headers); i++)
		if (headers[i].proto == proto) {
			*bits |= headers[i].bit;
			return 0;
		}
	return xt_error(c, "unknown header `%d' specified", proto);
}

static int header_parse(struct xt_call *c, void *data)
{
	struct ip6t_ipv6header_info *d = data;
	char word[64];

	if (c->opt->id == H_SOFT) {
		d->modeflag = 0xff;
		return 0;
	}
	d->invflags = c->invert ? 0xff : 0;
	for (const char *s = c->arg;; s++) {
		size_t n = strcspn(s, ",");

		if (n >= sizeof(word))
			return xt_error(c, "unknown header `%s' specified", s);
		for (size_t i = 0; i < n; i++)
			word[i] = (char)tolower((unsigned char)s[i]);
		word[n] = '\0';
		if (parse_header(c, word, &d->matchflags) < 0)
			return -EINVAL;
		s += n;
		if (!*s)
			return 0;
	}
}

static void put_headers(struct sbuf *out, uint8_t bits)
{
	const char *sep = "";

	for (unsigned i = 0; i < ARRAY_LEN(headers); i++)
		if (bits & headers[i].bit) {
			sbuf_printf(out, "%s%s", sep, headers[i].name);
			sep = ",";
		}
}

static void header_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct ip6t_ipv6header_info *d = data;

	sbuf_printf(out, " ipv6header flags:%s", d->invflags ? "!" : "");
	if (numeric)
		sbuf_printf(out, "0x%02X", d->matchflags);
	else
		put_headers(out, d->matchflags);
	sbuf_puts(out, d->modeflag ? " soft" : "");
}

static void header_save(struct sbuf *out, const void *data)
{
	const struct ip6t_ipv6header_info *d = data;

	sbuf_printf(out, "%s --header ", d->invflags ? " !" : "");
	put_headers(out, d->matchflags);
	sbuf_puts(out, d->modeflag ? " --soft" : "");
}

static int header_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_ip6_header, data, sizeof(struct ip6t_ipv6header_info));
	return 0;
}

const struct xt_ext xt_ipv6header = {
	.kind = XT_MATCH,
	.name = "ipv6header",
	.families = XT_IPV6,
	.size = sizeof(struct ip6t_ipv6header_info),
	.opts = header_opts,
	.parse = header_parse,
	.print = header_print,
	.save = header_save,
	.emit = header_emit,
};

/* ---- eui64: is the address made of the sender's MAC address ---- */

static const struct xt_opt no_opts[] = { { 0 } };

static int eui64_emit(struct ir_list *l, const void *data, uint8_t family)
{
	ir_test(l, &fn_ip6_eui64, NULL, false);
	return 0;
}

const struct xt_ext xt_eui64 = {
	.kind = XT_MATCH,
	.name = "eui64",
	.families = XT_IPV6,
	.opts = no_opts,
	.only_hooks = 1u << NF_INET_PRE_ROUTING | 1u << NF_INET_LOCAL_IN | 1u << NF_INET_FORWARD,
	.emit = eui64_emit,
};

/* ---- mh: the type of a mobility header ---- */

static const struct xt_opt mh_opts[] = {
	{ "mh-type", 0, .flags = XT_INVERT },
	{ 0 },
};

static const struct {
	const char *name;
	uint8_t type;
} mh_names[] = {
	{ "binding-refresh-request", 0 }, { "brr", 0 },  { "home-test-init", 1 },  { "hoti", 1 },
	{ "careof-test-init", 2 },        { "coti", 2 }, { "home-test", 3 },       { "hot", 3 },
	{ "careof-test", 4 },             { "cot", 4 },  { "binding-update", 5 },  { "bu", 5 },
	{ "binding-acknowledgement", 6 }, { "ba", 6 },   { "binding-error", 7 },   { "be", 7 },
};

static void mh_init(void *data, uint8_t family)
{
	((struct ip6t_mh *)data)->types[1] = UINT8_MAX;
}

static int parse_mh_type(struct xt_call *c, const char *word, uint8_t *type)
{
	uint64_t v;

	for (unsigned i = 0; i < ARRAY_LEN(mh_names); i++)
		if (strncasecmp(mh_names[i].name, word, strlen(word)) == 0) {
			*type = mh_names[i].type;
			return 0;
		}
	if (!xt_strtou(word, NULL, 0, UINT8_MAX, &v))
		return xt_error(c, "Invalid MH type `%s'", word);
	*type = (uint8_t)v;
	return 0;
}

/* TYPE or TYPE:TYPE, where either may be left out */
static int mh_parse(struct xt_call *c, void *data)
{
	struct ip6t_mh *d = data;
	const char *colon = strchr(c->arg, ':');
	char first[64];
	size_t n = colon ? (size_t)(colon - c->arg) : strlen(c->arg);

	d->invflags = c->invert ? IP6T_MH_INV_TYPE : 0;
	if (n >= sizeof(first))
		return xt_error(c, "Invalid MH type `%s'", c->arg);
	memcpy(first, c->arg, n);
	first[n] = '\0';
	if ((n || !colon) && parse_mh_type(c, first, &d->types[0]) < 0)
		return -EINVAL;
	if (!colon)
		d->types[1] = d->types[0];
	else if (colon[1] && parse_mh_type(c, colon + 1, &d->types[1]) < 0)
		return -EINVAL;
	return d->types[0] > d->types[1] ? xt_error(c, "Invalid MH type range (min > max)") : 0;
}

static void put_mh_type(struct sbuf *out, uint8_t type, bool numeric)
{
	for (unsigned i = 0; !numeric && i < ARRAY_LEN(mh_names); i++)
		if (mh_names[i].type == type) {
			sbuf_puts(out, mh_names[i].name);
			return;
		}
	sbuf_printf(out, "%u", type);
}

static void put_mh_types(struct sbuf *out, const struct ip6t_mh *d, bool numeric)
{
	put_mh_type(out, d->types[0], numeric);
	if (d->types[0] == d->types[1])
		return;
	sbuf_putc(out, ':');
	put_mh_type(out, d->types[1], numeric);
}

static bool mh_any(const struct ip6t_mh *d)
{
	return d->types[0] == 0 && d->types[1] == UINT8_MAX;
}

static void mh_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct ip6t_mh *d = data;
	bool invert = d->invflags & IP6T_MH_INV_TYPE;

	sbuf_puts(out, " mh");
	if (mh_any(d) && !invert)
		return;
	sbuf_puts(out, invert ? " !" : " ");
	put_mh_types(out, d, numeric);
}

static void mh_save(struct sbuf *out, const void *data)
{
	const struct ip6t_mh *d = data;

	if (mh_any(d))
		return;
	sbuf_puts(out, d->invflags & IP6T_MH_INV_TYPE ? " ! --mh-type " : " --mh-type ");
	put_mh_types(out, d, true);
}

static int mh_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_ip6_mh, data, sizeof(struct ip6t_mh));
	return 0;
}

static bool mh_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct ip6t_mh *d = data;

	if (mh_any(d))
		return true;
	sbuf_printf(out, "mh type %s%u", d->invflags & IP6T_MH_INV_TYPE ? "!= " : "", d->types[0]);
	if (d->types[0] != d->types[1])
		sbuf_printf(out, "-%u", d->types[1]);
	return true;
}

const struct xt_ext xt_mh = {
	.kind = XT_MATCH,
	.name = "mh",
	.families = XT_IPV6,
	.size = sizeof(struct ip6t_mh),
	.opts = mh_opts,
	.only_proto = IPPROTO_MH,
	.init = mh_init,
	.parse = mh_parse,
	.print = mh_print,
	.save = mh_save,
	.emit = mh_emit,
	.xlate = mh_xlate,
};

/* ---- SNPT, DNPT: one prefix for another, no connection tracking ---- */

enum { NPT_SRC, NPT_DST };

struct npt {
	union inet_addr pfx[2], mask[2];
};

#define NPT_PLEN_MAX 64

static const struct xt_opt npt_opts[] = {
	{ "src-pfx", NPT_SRC, .flags = XT_MAND },
	{ "dst-pfx", NPT_DST, .flags = XT_MAND },
	{ 0 },
};

static int npt_parse(struct xt_call *c, void *data)
{
	struct npt *d = data;

	return xt_host_arg(c, &d->pfx[c->opt->id], &d->mask[c->opt->id]);
}

static int npt_verify(const struct xt_where *w, const void *data)
{
	const struct npt *d = data;

	for (unsigned i = 0; i < 2; i++) {
		union inet_addr net = addr_and(&d->pfx[i], &d->mask[i]);
		int plen = addr_plen(AF_INET6, &d->mask[i]);

		if (plen < 0 || plen > NPT_PLEN_MAX || !addr_eq(&net, &d->pfx[i]))
			return -EINVAL;
	}
	return 0;
}

static void put_prefixes(struct sbuf *out, const struct npt *d, const char *dashes)
{
	static const char *const words[] = { "src-pfx", "dst-pfx" };
	char text[ADDR_STRLEN];

	for (unsigned i = 0; i < 2; i++)
		if (!addr_is_any(&d->pfx[i]))
			sbuf_printf(out, " %s%s %s/%d", dashes, words[i], addr_fmt(text, AF_INET6, &d->pfx[i]),
				    addr_plen(AF_INET6, &d->mask[i]));
}

static void snpt_print(struct sbuf *out, const void *data, bool numeric)
{
	sbuf_puts(out, " SNPT");
	put_prefixes(out, data, "");
}

static void dnpt_print(struct sbuf *out, const void *data, bool numeric)
{
	sbuf_puts(out, " DNPT");
	put_prefixes(out, data, "");
}

static void npt_save(struct sbuf *out, const void *data)
{
	put_prefixes(out, data, "--");
}

static int npt_emit(struct ir_list *l, const struct npt *d, enum ir_action act)
{
	struct ir_stmt *s = xt_action(l, act);

	if (!s)
		return 0;
	s->action.npt.src = d->pfx[NPT_SRC];
	s->action.npt.dst = d->pfx[NPT_DST];
	s->action.npt.src_len = (uint8_t)addr_plen(AF_INET6, &d->mask[NPT_SRC]);
	s->action.npt.dst_len = (uint8_t)addr_plen(AF_INET6, &d->mask[NPT_DST]);
	return 0;
}

static int snpt_emit(struct ir_list *l, const void *data, uint8_t family)
{
	return npt_emit(l, data, IR_ACT_SNPT);
}

static int dnpt_emit(struct ir_list *l, const void *data, uint8_t family)
{
	return npt_emit(l, data, IR_ACT_DNPT);
}

const struct xt_ext xt_SNPT = {
	.kind = XT_TARGET,
	.name = "SNPT",
	.families = XT_IPV6,
	.size = sizeof(struct npt),
	.opts = npt_opts,
	.only_table = "mangle",
	.only_hooks = 1u << NF_INET_LOCAL_IN | 1u << NF_INET_POST_ROUTING,
	.parse = npt_parse,
	.verify = npt_verify,
	.print = snpt_print,
	.save = npt_save,
	.emit = snpt_emit,
};

const struct xt_ext xt_DNPT = {
	.kind = XT_TARGET,
	.name = "DNPT",
	.families = XT_IPV6,
	.size = sizeof(struct npt),
	.opts = npt_opts,
	.only_table = "mangle",
	.only_hooks = 1u << NF_INET_PRE_ROUTING | 1u << NF_INET_LOCAL_OUT,
	.parse = npt_parse,
	.verify = npt_verify,
	.print = dnpt_print,
	.save = npt_save,
	.emit = dnpt_emit,
};
