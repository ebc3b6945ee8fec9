/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/nat.c - -j DNAT, SNAT, MASQUERADE, REDIRECT: where a connection is translated to.
 *
 * All four keep struct nat: a range of addresses, one of ports and flags. The port base of a shifted range
 * (":2000-2099/1000") is DNAT's only; SNAT and MASQUERADE accept it and forget it, as the real tool does.
 */
#include <netdb.h>
#include <stdio.h>
#include <netinet/in.h>	/* before the UAPI headers */
#include <linux/netfilter/nf_nat.h>

#include "front/xt/util.h"

enum { NAT_TO, NAT_RANDOM, NAT_RANDOM_FULLY, NAT_PERSISTENT };

struct nat {
	uint32_t flags;		/* NF_NAT_RANGE_* */
	union inet_addr min, max;
	uint16_t port[2], base;
	uint8_t family;
};

static const struct xt_opt dnat_opts[] = {
	{ "to-destination", NAT_TO, .flags = XT_MAND },
	{ "random", NAT_RANDOM, .flags = XT_NOVAL },
	{ "persistent", NAT_PERSISTENT, .flags = XT_NOVAL },
	{ 0 },
};

static const struct xt_opt snat_opts[] = {
	{ "to-source", NAT_TO, .flags = XT_MAND },
	{ "random", NAT_RANDOM, .flags = XT_NOVAL },
	{ "random-fully", NAT_RANDOM_FULLY, .flags = XT_NOVAL },
	{ "persistent", NAT_PERSISTENT, .flags = XT_NOVAL },
	{ 0 },
};

static const struct xt_opt masquerade_opts[] = {
	{ "to-ports", NAT_TO, .flags = 0 },
	{ "random", NAT_RANDOM, .flags = XT_NOVAL },
	{ "random-fully", NAT_RANDOM_FULLY, .flags = XT_NOVAL },
	{ 0 },
};

static const struct xt_opt redirect_opts[] = {
	{ "to-ports", NAT_TO, .flags = 0 },
	{ "random", NAT_RANDOM, .flags = XT_NOVAL },
	{ 0 },
};

static void nat_init(void *data, uint8_t family)
{
	((struct nat *)data)->family = family;
}

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP || proto == IPPROTO_DCCP ||
	       proto == IPPROTO_ICMP;
}

static int parse_shift(struct xt_call *c, struct nat *d, const char *s)
{
	uint64_t base;

	if (!xt_strtou(s, NULL, 1, UINT16_MAX, &base))
		return xt_error(c, "Port `%s' not valid", s);
	if (strcmp(c->ext->name, "REDIRECT") == 0)
		return xt_error(c, "Shifted portmap ranges not supported with this kernel");
	if (strcmp(c->ext->name, "DNAT") == 0)
		d->base = (uint16_t)base;
	d->flags |= NF_NAT_RANGE_PROTO_OFFSET;
	return 0;
}

/* "PORT", "PORT-PORT", "PORT-PORT/BASE"; a single port may be a service's name */
static int parse_ports(struct xt_call *c, struct nat *d, const char *s)
{
	const char *end;
	const struct servent *se;
	uint64_t v;

	if (!has_ports(c->proto))
		return xt_error(c, "Need TCP, UDP, SCTP or DCCP with port specification");
	d->flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
	if (!xt_strtou(s, &end, 0, UINT16_MAX, &v)) {
		se = getservbyname(s, NULL);
		if (!se)
			return xt_error(c, "Port `%s' not valid", s);
		d->port[0] = d->port[1] = ntohs((uint16_t)se->s_port);
		return 0;
	}
	d->port[0] = d->port[1] = (uint16_t)v;
	if (*end == '\0')
		return 0;
	if (*end == ':')
		return xt_error(c, "Invalid port:port syntax - use dash");
	if (*end != '-')
		return xt_error(c, "Garbage after port value: `%s'", end);
	s = end + 1;
	if (!xt_strtou(s, &end, 0, UINT16_MAX, &v))
		return xt_error(c, "Port `%s' not valid", s);
	d->port[1] = (uint16_t)v;
	if (d->port[1] < d->port[0])
		return xt_error(c, "Port range `%s' funky", s);
	if (*end == '\0')
		return 0;
	return *end == '/' ? parse_shift(c, d, end + 1) : xt_error(c, "Garbage after port range: `%s'", end);
}

static int parse_addr(struct xt_call *c, const char *s, union inet_addr *a)
{
	return addr_parse(c->family, s, a) < 0 ? xt_error(c, "Bad IP address \"%s\"", s) : 0;
}

/*
 * Where the addresses of @c->arg begin, how many bytes they have, and the colon in front of its ports (NULL: none):
 * "ADDR:PORTS" for IPv4, "[ADDR]:PORTS" for IPv6; false: a bracket is missing
 */
static bool find_parts(const struct xt_call *c, const char **addr, size_t *n, const char **colon)
{
	const char *close;

	*addr = c->arg;
	if (c->arg[0] == '[') {
		close = strchr(c->arg, ']');
		if (c->family != AF_INET6 || !close)
			return false;
		*addr = c->arg + 1;
		*n = (size_t)(close - *addr);
		*colon = close[1] == ':' ? close + 1 : NULL;
		return true;
	}
	*colon = strchr(c->arg, ':');
	if (*colon && strchr(*colon + 1, ':'))
		*colon = NULL;	/* an IPv6 address, and that is all */
	*n = *colon ? (size_t)(*colon - c->arg) : strlen(c->arg);
	return true;
}

/* "[ADDR[-ADDR]][:PORTS]" */
static int parse_to(struct xt_call *c, struct nat *d)
{
	char text[256], *dash;
	const char *addr, *colon;
	size_t n;

	if (!find_parts(c, &addr, &n, &colon))
		return xt_error(c, "Invalid address format");
	if (colon && parse_ports(c, d, colon + 1) < 0)
		return -EINVAL;
	if (colon && !n)
		return 0;
	if (n >= sizeof(text))
		return xt_error(c, "Bad IP address \"%s\"", c->arg);
	memcpy(text, addr, n);
	text[n] = '\0';
	d->flags |= NF_NAT_RANGE_MAP_IPS;
	dash = strchr(text, '-');
	if (dash)
		*dash++ = '\0';
	if (parse_addr(c, text, &d->min) < 0)
		return -EINVAL;
	d->max = d->min;
	return dash ? parse_addr(c, dash, &d->max) : 0;
}

static int flag_parse(struct xt_call *c, struct nat *d)
{
	static const uint32_t bits[] = {
		[NAT_RANDOM] = NF_NAT_RANGE_PROTO_RANDOM,
		[NAT_RANDOM_FULLY] = NF_NAT_RANGE_PROTO_RANDOM_FULLY,
		[NAT_PERSISTENT] = NF_NAT_RANGE_PERSISTENT,
	};

	d->flags |= bits[c->opt->id];
	return 0;
}

static int addr_nat_parse(struct xt_call *c, void *data)
{
	return c->opt->id == NAT_TO ? parse_to(c, data) : flag_parse(c, data);
}

static int port_nat_parse(struct xt_call *c, void *data)
{
	return c->opt->id == NAT_TO ? parse_ports(c, data, c->arg) : flag_parse(c, data);
}

static void put_ports(struct sbuf *out, const struct nat *d)
{
	sbuf_printf(out, "%u", d->port[0]);
	if (d->port[0] != d->port[1])
		sbuf_printf(out, "-%u", d->port[1]);
	if (d->flags & NF_NAT_RANGE_PROTO_OFFSET)
		sbuf_printf(out, "/%u", d->base);
}

static void put_to(struct sbuf *out, const struct nat *d)
{
	char text[ADDR_STRLEN];
	bool brackets = d->family == AF_INET6 && (d->flags & NF_NAT_RANGE_PROTO_SPECIFIED);

	if (d->flags & NF_NAT_RANGE_MAP_IPS) {
		sbuf_printf(out, "%s%s", brackets ? "[" : "", addr_fmt(text, d->family, &d->min));
		if (!addr_eq(&d->max, &d->min))
			sbuf_printf(out, "-%s", addr_fmt(text, d->family, &d->max));
		sbuf_puts(out, brackets ? "]" : "");
	}
	if (d->flags & NF_NAT_RANGE_PROTO_SPECIFIED) {
		sbuf_putc(out, ':');
		put_ports(out, d);
	}
}

static void put_flags(struct sbuf *out, const struct nat *d, const char *dashes)
{
	if (d->flags & NF_NAT_RANGE_PROTO_RANDOM)
		sbuf_printf(out, " %srandom", dashes);
	if (d->flags & NF_NAT_RANGE_PROTO_RANDOM_FULLY)
		sbuf_printf(out, " %srandom-fully", dashes);
	if (d->flags & NF_NAT_RANGE_PERSISTENT)
		sbuf_printf(out, " %spersistent", dashes);
}

static void addr_nat_print(struct sbuf *out, const void *data, bool numeric)
{
	sbuf_puts(out, " to:");
	put_to(out, data);
	put_flags(out, data, "");
}

static void dnat_save(struct sbuf *out, const void *data)
{
	sbuf_puts(out, " --to-destination ");
	put_to(out, data);
	put_flags(out, data, "--");
}

static void snat_save(struct sbuf *out, const void *data)
{
	sbuf_puts(out, " --to-source ");
	put_to(out, data);
	put_flags(out, data, "--");
}

static void port_nat_print(struct sbuf *out, const struct nat *d, const char *word)
{
	if (d->flags & NF_NAT_RANGE_PROTO_SPECIFIED) {
		sbuf_puts(out, word);
		put_ports(out, d);
	}
	put_flags(out, d, "");
}

static void masquerade_print(struct sbuf *out, const void *data, bool numeric)
{
	port_nat_print(out, data, " masq ports: ");
}

static void redirect_print(struct sbuf *out, const void *data, bool numeric)
{
	port_nat_print(out, data, " redir ports ");
}

static void port_nat_save(struct sbuf *out, const void *data)
{
	const struct nat *d = data;

	if (d->flags & NF_NAT_RANGE_PROTO_SPECIFIED) {
		sbuf_puts(out, " --to-ports ");
		put_ports(out, d);
	}
	put_flags(out, d, "--");
}

static int emit(struct ir_list *l, const struct nat *d, enum ir_action act, uint8_t family)
{
	struct ir_stmt *s = xt_action(l, act);

	if (!s)
		return 0;
	s->action.nat.flags = d->flags;
	s->action.nat.family = family;
	s->action.nat.min = d->min;
	s->action.nat.max = d->max;
	s->action.nat.port_min = htons(d->port[0]);
	s->action.nat.port_max = htons(d->port[1]);
	s->action.nat.port_base = htons(d->base);
	ir_verdict(l, IR_ACCEPT, NULL);
	return 0;
}

static int dnat_emit(struct ir_list *l, const void *data, uint8_t family)
{
	return emit(l, data, IR_ACT_DNAT, family);
}

static int snat_emit(struct ir_list *l, const void *data, uint8_t family)
{
	return emit(l, data, IR_ACT_SNAT, family);
}

static int masquerade_emit(struct ir_list *l, const void *data, uint8_t family)
{
	return emit(l, data, IR_ACT_MASQUERADE, family);
}

static int redirect_emit(struct ir_list *l, const void *data, uint8_t family)
{
	return emit(l, data, IR_ACT_REDIRECT, family);
}

#define DST_HOOKS (1u << NF_INET_PRE_ROUTING | 1u << NF_INET_LOCAL_OUT)
#define SRC_HOOKS (1u << NF_INET_POST_ROUTING | 1u << NF_INET_LOCAL_IN)

static void xlate_flags(struct sbuf *out, const struct nat *d)
{
	static const struct { uint32_t bit; const char *word; } words[] = {
		{ NF_NAT_RANGE_PROTO_RANDOM, "random" }, { NF_NAT_RANGE_PROTO_RANDOM_FULLY, "fully-random" },
		{ NF_NAT_RANGE_PERSISTENT, "persistent" },
	};
	char sep = ' ';

	for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
		if (!(d->flags & words[i].bit))
			continue;
		sbuf_printf(out, "%c%s", sep, words[i].word);
		sep = ',';
	}
}

static bool xlate(struct sbuf *out, const struct nat *d, const char *verb)
{
	if (d->base)
		return false;
	sbuf_puts(out, verb);
	if (d->flags & (NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED)) {
		sbuf_puts(out, " to ");
		put_to(out, d);
	}
	xlate_flags(out, d);
	return true;
}

static bool dnat_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	return xlate(out, data, "dnat");
}

static bool snat_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	return xlate(out, data, "snat");
}

static bool masquerade_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	return xlate(out, data, "masquerade");
}

static bool redirect_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	return xlate(out, data, "redirect");
}

const struct xt_ext xt_DNAT = {
	.kind = XT_TARGET,
	.name = "DNAT",
	.revision = 2,
	.families = XT_BOTH,
	.size = sizeof(struct nat),
	.opts = dnat_opts,
	.init = nat_init,
	.only_table = "nat",
	.only_hooks = DST_HOOKS,
	.parse = addr_nat_parse,
	.print = addr_nat_print,
	.save = dnat_save,
	.emit = dnat_emit,
	.xlate = dnat_xlate,
};

const struct xt_ext xt_SNAT = {
	.kind = XT_TARGET,
	.name = "SNAT",
	.families = XT_BOTH,
	.size = sizeof(struct nat),
	.opts = snat_opts,
	.init = nat_init,
	.only_table = "nat",
	.only_hooks = SRC_HOOKS,
	.parse = addr_nat_parse,
	.print = addr_nat_print,
	.save = snat_save,
	.emit = snat_emit,
	.xlate = snat_xlate,
};

const struct xt_ext xt_MASQUERADE = {
	.kind = XT_TARGET,
	.name = "MASQUERADE",
	.families = XT_BOTH,
	.size = sizeof(struct nat),
	.opts = masquerade_opts,
	.init = nat_init,
	.only_table = "nat",
	.only_hooks = 1u << NF_INET_POST_ROUTING,
	.parse = port_nat_parse,
	.print = masquerade_print,
	.save = port_nat_save,
	.emit = masquerade_emit,
	.xlate = masquerade_xlate,
};

const struct xt_ext xt_REDIRECT = {
	.kind = XT_TARGET,
	.name = "REDIRECT",
	.families = XT_BOTH,
	.size = sizeof(struct nat),
	.opts = redirect_opts,
	.init = nat_init,
	.only_table = "nat",
	.only_hooks = DST_HOOKS,
	.parse = port_nat_parse,
	.print = redirect_print,
	.save = port_nat_save,
	.emit = redirect_emit,
	.xlate = redirect_xlate,
};
