/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/addrtype.c - -m addrtype: what kind of address the routing tables say it is.
 */
#include "front/xt/util.h"
#include "rules/fn.h"

enum { AT_SRC, AT_DST, AT_IN, AT_OUT };

static const struct xt_opt opts[] = {
	{ "src-type", AT_SRC, .flags = XT_INVERT },
	{ "dst-type", AT_DST, .flags = XT_INVERT },
	{ "limit-iface-in", AT_IN, .flags = XT_NOVAL, .excl = XT_BIT(AT_OUT) },
	{ "limit-iface-out", AT_OUT, .flags = XT_NOVAL, .excl = XT_BIT(AT_IN) },
	{ 0 },
};

/* those that IPv6 addresses can be */
#define IPV6_TYPES                                                                                                \
	(XT_ADDRTYPE_UNSPEC | XT_ADDRTYPE_UNICAST | XT_ADDRTYPE_LOCAL | XT_ADDRTYPE_ANYCAST | XT_ADDRTYPE_MULTICAST | \
	 XT_ADDRTYPE_UNREACHABLE)

/* the place is RTN_*'s number */
static const char *const types[] = {
	"UNSPEC",    "UNICAST",     "LOCAL",    "BROADCAST", "ANYCAST", "MULTICAST",
	"BLACKHOLE", "UNREACHABLE", "PROHIBIT", "THROW",     "NAT",     "XRESOLVE",
};

static int parse_types(struct xt_call *c, uint16_t *bits)
{
	for (const char *s = c->arg;; s++) {
		size_t n = strcspn(s, ",");
		unsigned i;

		for (i = 0; n && i < ARRAY_LEN(types); i++)
			if (strncasecmp(types[i], s, n) == 0)
				break;
		if (!n || i == ARRAY_LEN(types))
			return xt_error(c, "addrtype: bad type \"%s\"", s);
		*bits |= (uint16_t)(1u << i);
		s += n;
		if (!*s)
			return 0;
	}
}

static int at_parse(struct xt_call *c, void *data)
{
	struct xt_addrtype_info_v1 *d = data;

	switch (c->opt->id) {
	case AT_SRC:
		if (c->invert)
			d->flags |= XT_ADDRTYPE_INVERT_SOURCE;
		return parse_types(c, &d->source);
	case AT_DST:
		if (c->invert)
			d->flags |= XT_ADDRTYPE_INVERT_DEST;
		return parse_types(c, &d->dest);
	case AT_IN:
		d->flags |= XT_ADDRTYPE_LIMIT_IFACE_IN;
		return 0;
	default:
		d->flags |= XT_ADDRTYPE_LIMIT_IFACE_OUT;
		return 0;
	}
}

static int at_check(struct xt_call *c, void *data)
{
	return c->seen & (XT_BIT(AT_SRC) | XT_BIT(AT_DST))
		       ? 0
		       : xt_error(c, "addrtype: you must specify --src-type or --dst-type");
}

static int at_verify(const struct xt_where *w, const void *data)
{
	const struct xt_addrtype_info_v1 *d = data;
	uint32_t no_out = 1u << NF_INET_PRE_ROUTING | 1u << NF_INET_LOCAL_IN,
		 no_in = 1u << NF_INET_POST_ROUTING | 1u << NF_INET_LOCAL_OUT;

	if (w->family == AF_INET6 && ((d->source | d->dest) & ~IPV6_TYPES))
		return -EINVAL;
	if ((d->flags & XT_ADDRTYPE_LIMIT_IFACE_OUT) && (w->hooks & no_out))
		return -EINVAL;
	return (d->flags & XT_ADDRTYPE_LIMIT_IFACE_IN) && (w->hooks & no_in) ? -EINVAL : 0;
}

static void put_types(struct sbuf *out, uint16_t bits)
{
	const char *sep = "";

	for (unsigned i = 0; i < ARRAY_LEN(types); i++)
		if (bits & (1u << i)) {
			sbuf_printf(out, "%s%s", sep, types[i]);
			sep = ",";
		}
}

static void at_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct xt_addrtype_info_v1 *d = data;

	sbuf_puts(out, " ADDRTYPE match");
	if (d->source) {
		sbuf_puts(out, d->flags & XT_ADDRTYPE_INVERT_SOURCE ? " src-type !" : " src-type ");
		put_types(out, d->source);
	}
	if (d->dest) {
		sbuf_puts(out, d->flags & XT_ADDRTYPE_INVERT_DEST ? " dst-type !" : " dst-type ");
		put_types(out, d->dest);
	}
	if (d->flags & XT_ADDRTYPE_LIMIT_IFACE_IN)
		sbuf_puts(out, " limit-in");
	if (d->flags & XT_ADDRTYPE_LIMIT_IFACE_OUT)
		sbuf_puts(out, " limit-out");
}

static void at_save(struct sbuf *out, const void *data)
{
	const struct xt_addrtype_info_v1 *d = data;

	if (d->source) {
		sbuf_puts(out, d->flags & XT_ADDRTYPE_INVERT_SOURCE ? " ! --src-type " : " --src-type ");
		put_types(out, d->source);
	}
	if (d->dest) {
		sbuf_puts(out, d->flags & XT_ADDRTYPE_INVERT_DEST ? " ! --dst-type " : " --dst-type ");
		put_types(out, d->dest);
	}
	if (d->flags & XT_ADDRTYPE_LIMIT_IFACE_IN)
		sbuf_puts(out, " --limit-iface-in");
	if (d->flags & XT_ADDRTYPE_LIMIT_IFACE_OUT)
		sbuf_puts(out, " --limit-iface-out");
}

static int at_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_addrtype, data, sizeof(struct xt_addrtype_info_v1));
	return 0;
}

static bool at_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	static const char *const types[] = { "unspec", "unicast", "local", "broadcast", "anycast", "multicast",
					     "blackhole", "unreachable", "prohibit" };
	const struct xt_addrtype_info_v1 *d = data;
	uint16_t bits = d->source ? d->source : d->dest;
	bool invert = d->flags & (d->source ? XT_ADDRTYPE_INVERT_SOURCE : XT_ADDRTYPE_INVERT_DEST);
	bool several = bits & (bits - 1);
	const char *sep = "";

	sbuf_printf(out, "fib %s%s type %s%s", d->source ? "saddr" : "daddr",	/* of both only the source */
		    d->flags & XT_ADDRTYPE_LIMIT_IFACE_IN ? " . iif" : d->flags & XT_ADDRTYPE_LIMIT_IFACE_OUT ? " . oif" : "",
		    invert ? "!= " : "", several ? "{ " : "");
	for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
		if (!(bits >> i & 1))
			continue;
		sbuf_printf(out, "%s%s", sep, types[i]);
		sep = ", ";
	}
	sbuf_puts(out, several ? " }" : "");
	return true;
}

const struct xt_ext xt_addrtype = {
	.kind = XT_MATCH,
	.name = "addrtype",
	.revision = 1,
	.families = XT_BOTH,
	.size = sizeof(struct xt_addrtype_info_v1),
	.opts = opts,
	.parse = at_parse,
	.check = at_check,
	.verify = at_verify,
	.print = at_print,
	.save = at_save,
	.emit = at_emit,
	.xlate = at_xlate,
};
