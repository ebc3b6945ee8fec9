/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/iprange.c - -m iprange: addresses from one to another.
 */
#include <arpa/inet.h>
#include <stdio.h>

#include "front/xt/util.h"
#include "rules/fn.h"

struct iprange {
	struct xt_iprange_mtinfo info;
	uint8_t family;
};

enum { IPR_SRC, IPR_DST };

static const struct xt_opt opts[] = {
	{ "src-range", IPR_SRC, .flags = XT_INVERT },
	{ "dst-range", IPR_DST, .flags = XT_INVERT },
	{ 0 },
};

static int parse_addr(const struct xt_call *c, const char *s, size_t n, union nf_inet_addr *a)
{
	char text[ADDR_STRLEN];

	if (c->family != AF_INET6)
		return xt_parse_quad(s, n, &a->ip);
	if (n >= sizeof(text))
		return -EINVAL;
	memcpy(text, s, n);
	text[n] = '\0';
	return inet_pton(AF_INET6, text, a) == 1 ? 0 : -EINVAL;
}

static const char *fmt(char *text, uint8_t family, const union nf_inet_addr *from)
{
	union inet_addr a = { 0 };

	memcpy(&a, from, addr_len(family));
	return addr_fmt(text, family, &a);
}

static int parse_range(struct xt_call *c, union nf_inet_addr *lo, union nf_inet_addr *hi)
{
	const char *dash = strchr(c->arg, '-');
	size_t n = dash ? (size_t)(dash - c->arg) : strlen(c->arg);
	char first[64];

	snprintf(first, sizeof(first), "%.*s", (int)n, c->arg);
	if (parse_addr(c, c->arg, n, lo) < 0)
		return xt_bad_value(c, first);
	*hi = *lo;
	if (dash && parse_addr(c, dash + 1, strlen(dash + 1), hi) < 0)
		return xt_bad_value(c, dash + 1);
	if (memcmp(lo, hi, addr_len(c->family)) > 0 && c->warn) {
		char a[ADDR_STRLEN], b[ADDR_STRLEN];

		sbuf_printf(c->warn, "xt_iprange: range %s-%s is reversed and will never match\n",
			    fmt(a, c->family, lo), fmt(b, c->family, hi));
	}
	return 0;
}

static int ipr_parse(struct xt_call *c, void *data)
{
	struct xt_iprange_mtinfo *d = &((struct iprange *)data)->info;

	if (c->opt->id == IPR_SRC) {
		d->flags |= (uint8_t)(IPRANGE_SRC | (c->invert ? IPRANGE_SRC_INV : 0));
		return parse_range(c, &d->src_min, &d->src_max);
	}
	d->flags |= (uint8_t)(IPRANGE_DST | (c->invert ? IPRANGE_DST_INV : 0));
	return parse_range(c, &d->dst_min, &d->dst_max);
}

static int ipr_check(struct xt_call *c, void *data)
{
	return c->seen ? 0 : xt_error(c, "iprange match: You must specify `--src-range' or `--dst-range'");
}

static void ipr_init(void *data, uint8_t family)
{
	((struct iprange *)data)->family = family;
}

static void put_range(struct sbuf *out, uint8_t family, const union nf_inet_addr *lo, const union nf_inet_addr *hi)
{
	char a[ADDR_STRLEN], b[ADDR_STRLEN];

	sbuf_printf(out, " %s-%s", fmt(a, family, lo), fmt(b, family, hi));
}

static void ipr_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct xt_iprange_mtinfo *d = &((const struct iprange *)data)->info;

	if (d->flags & IPRANGE_SRC) {
		sbuf_puts(out, d->flags & IPRANGE_SRC_INV ? " source IP range !" : " source IP range");
		put_range(out, ((const struct iprange *)data)->family, &d->src_min, &d->src_max);
	}
	if (d->flags & IPRANGE_DST) {
		sbuf_puts(out, d->flags & IPRANGE_DST_INV ? " destination IP range !" : " destination IP range");
		put_range(out, ((const struct iprange *)data)->family, &d->dst_min, &d->dst_max);
	}
}

static void ipr_save(struct sbuf *out, const void *data)
{
	const struct xt_iprange_mtinfo *d = &((const struct iprange *)data)->info;

	if (d->flags & IPRANGE_SRC) {
		sbuf_puts(out, d->flags & IPRANGE_SRC_INV ? " ! --src-range" : " --src-range");
		put_range(out, ((const struct iprange *)data)->family, &d->src_min, &d->src_max);
	}
	if (d->flags & IPRANGE_DST) {
		sbuf_puts(out, d->flags & IPRANGE_DST_INV ? " ! --dst-range" : " --dst-range");
		put_range(out, ((const struct iprange *)data)->family, &d->dst_min, &d->dst_max);
	}
}

static int ipr_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct xt_iprange_mtinfo *d = &((const struct iprange *)data)->info;

	if (d->flags & IPRANGE_SRC)
		ir_match_range(l, family == AF_INET6 ? FIELD_IP6_SADDR : FIELD_IP_SADDR, d->flags & IPRANGE_SRC_INV,
			       &d->src_min, &d->src_max);
	if (d->flags & IPRANGE_DST)
		ir_match_range(l, family == AF_INET6 ? FIELD_IP6_DADDR : FIELD_IP_DADDR, d->flags & IPRANGE_DST_INV,
			       &d->dst_min, &d->dst_max);
	return 0;
}

static void xlate_range(struct sbuf *out, const struct xt_xlate *x, const char *word, bool invert,
			const union nf_inet_addr *lo, const union nf_inet_addr *hi)
{
	union inet_addr a, b;
	char text[ADDR_STRLEN];

	memcpy(&a, lo, sizeof(a));
	memcpy(&b, hi, sizeof(b));
	sbuf_printf(out, "%s %s %s%s", x->family == AF_INET6 ? "ip6" : "ip", word, invert ? "!= " : "",
		    addr_fmt(text, x->family, &a));
	sbuf_printf(out, "-%s", addr_fmt(text, x->family, &b));
}

static bool ipr_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct xt_iprange_mtinfo *d = &((const struct iprange *)data)->info;

	if (d->flags & IPRANGE_SRC)
		xlate_range(out, x, "saddr", d->flags & IPRANGE_SRC_INV, &d->src_min, &d->src_max);
	if ((d->flags & IPRANGE_SRC) && (d->flags & IPRANGE_DST))
		sbuf_putc(out, ' ');
	if (d->flags & IPRANGE_DST)
		xlate_range(out, x, "daddr", d->flags & IPRANGE_DST_INV, &d->dst_min, &d->dst_max);
	return true;
}

const struct xt_ext xt_iprange = {
	.kind = XT_MATCH,
	.name = "iprange",
	.revision = 1,
	.families = XT_BOTH,
	.size = sizeof(struct iprange),
	.opts = opts,
	.init = ipr_init,
	.parse = ipr_parse,
	.check = ipr_check,
	.print = ipr_print,
	.save = ipr_save,
	.emit = ipr_emit,
	.xlate = ipr_xlate,
};
