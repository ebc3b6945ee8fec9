/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/policy.c - -m policy: does IPsec apply to the packet. It never does in natbox, which has no IPsec.
 *
 * What describes a transformation (--proto, --reqid, ...) is refused by name.
 */
#include <netinet/in.h>	/* before the UAPI headers */
#include <linux/netfilter/xt_policy.h>

#include "front/xt/util.h"
#include "rules/fn.h"

#define IN_HOOKS (1u << NF_INET_PRE_ROUTING | 1u << NF_INET_LOCAL_IN | 1u << NF_INET_FORWARD)
#define OUT_HOOKS (1u << NF_INET_POST_ROUTING | 1u << NF_INET_LOCAL_OUT | 1u << NF_INET_FORWARD)

enum { PO_DIR, PO_POL, PO_REFUSED };

static const struct xt_opt opts[] = {
	{ "dir", PO_DIR, .flags = 0 },
	{ "pol", PO_POL, .flags = 0 },
	{ "strict", PO_REFUSED, .flags = XT_NOVAL | XT_MULTI },
	{ "reqid", PO_REFUSED + 1, .flags = XT_INVERT | XT_MULTI },
	{ "spi", PO_REFUSED + 2, .flags = XT_INVERT | XT_MULTI },
	{ "proto", PO_REFUSED + 3, .flags = XT_INVERT | XT_MULTI },
	{ "mode", PO_REFUSED + 4, .flags = XT_INVERT | XT_MULTI },
	{ "tunnel-src", PO_REFUSED + 5, .flags = XT_INVERT | XT_MULTI },
	{ "tunnel-dst", PO_REFUSED + 6, .flags = XT_INVERT | XT_MULTI },
	{ "next", PO_REFUSED + 7, .flags = XT_NOVAL | XT_MULTI },
	{ 0 },
};

struct policy {
	uint16_t flags;		/* XT_POLICY_MATCH_IN, _OUT, _NONE */
};

static int po_parse(struct xt_call *c, void *data)
{
	struct policy *d = data;

	if (c->opt->id == PO_DIR) {
		if (strcmp(c->arg, "in") != 0 && strcmp(c->arg, "out") != 0)
			return xt_error(c, "policy_match: invalid dir \"%s\"", c->arg);
		d->flags |= *c->arg == 'i' ? XT_POLICY_MATCH_IN : XT_POLICY_MATCH_OUT;
		return 0;
	}
	if (c->opt->id != PO_POL)
		return xt_error(c, "policy: --%s is not supported by natbox", c->opt->name);
	if (strcmp(c->arg, "none") == 0)
		d->flags |= XT_POLICY_MATCH_NONE;
	else if (strcmp(c->arg, "ipsec") != 0)
		return xt_error(c, "policy match: invalid policy \"%s\"", c->arg);
	return 0;
}

static int po_check(struct xt_call *c, void *data)
{
	return c->seen & XT_BIT(PO_DIR) ? 0 : xt_error(c, "policy match: neither --dir in nor --dir out specified");
}

static int po_verify(const struct xt_where *w, const void *data)
{
	const struct policy *d = data;

	return w->hooks & ~(d->flags & XT_POLICY_MATCH_IN ? IN_HOOKS : OUT_HOOKS) ? -EINVAL : 0;
}

static void put(struct sbuf *out, const struct policy *d, const char *dashes)
{
	sbuf_printf(out, " %sdir %s %spol %s", dashes, d->flags & XT_POLICY_MATCH_IN ? "in" : "out", dashes,
		    d->flags & XT_POLICY_MATCH_NONE ? "none" : "ipsec");
}

static void po_print(struct sbuf *out, const void *data, bool numeric)
{
	sbuf_puts(out, " policy match");
	put(out, data, "");
}

static void po_save(struct sbuf *out, const void *data)
{
	put(out, data, "--");
}

static int po_emit(struct ir_list *l, const void *data, uint8_t family)
{
	bool none = ((const struct policy *)data)->flags & XT_POLICY_MATCH_NONE;

	xt_test(l, &fn_constant, &none, sizeof(none));
	return 0;
}

static bool po_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct policy *d = data;

	if (!(d->flags & XT_POLICY_MATCH_IN))
		return false;
	sbuf_printf(out, "meta secpath %s", d->flags & XT_POLICY_MATCH_NONE ? "missing" : "exists");
	return true;
}

const struct xt_ext xt_policy = {
	.kind = XT_MATCH,
	.name = "policy",
	.families = XT_BOTH,
	.size = sizeof(struct policy),
	.opts = opts,
	.parse = po_parse,
	.check = po_check,
	.verify = po_verify,
	.print = po_print,
	.save = po_save,
	.emit = po_emit,
	.xlate = po_xlate,
};
