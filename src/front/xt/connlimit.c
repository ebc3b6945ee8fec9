/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/connlimit.c - -m connlimit: how many connections an address, or network, has.
 */
#include "front/xt/util.h"
#include "rules/fn.h"

struct connlimit {
	struct fn_connlimit fn;
	uint8_t family;
};

enum { CL_UPTO, CL_ABOVE, CL_MASK, CL_SADDR, CL_DADDR };

static const struct xt_opt opts[] = {
	{ "connlimit-upto", CL_UPTO, .flags = XT_INVERT, .excl = XT_BIT(CL_ABOVE), .type = XT_T_U32 },
	{ "connlimit-above", CL_ABOVE, .flags = XT_INVERT, .excl = XT_BIT(CL_UPTO), .type = XT_T_U32 },
	{ "connlimit-mask", CL_MASK, .flags = 0 },
	{ "connlimit-saddr", CL_SADDR, .flags = XT_NOVAL, .excl = XT_BIT(CL_DADDR) },
	{ "connlimit-daddr", CL_DADDR, .flags = XT_NOVAL, .excl = XT_BIT(CL_SADDR) },
	{ 0 },
};

static void cl_init(void *data, uint8_t family)
{
	struct connlimit *d = data;

	memset(&d->fn.mask, 0xff, sizeof(d->fn.mask));
	d->family = family;
}

static int cl_parse(struct xt_call *c, void *data)
{
	struct fn_connlimit *d = &((struct connlimit *)data)->fn;
	union inet_addr mask;

	switch (c->opt->id) {
	case CL_UPTO:
	case CL_ABOVE:
		d->limit = c->val.u32;
		if (c->invert != (c->opt->id == CL_UPTO))
			d->flags |= XT_CONNLIMIT_INVERT;
		return 0;
	case CL_MASK:
		if (xt_mask_arg(c, &mask) < 0)
			return -EINVAL;
		memcpy(&d->mask, &mask, sizeof(mask));
		return 0;
	default:
		if (c->opt->id == CL_DADDR)
			d->flags |= XT_CONNLIMIT_DADDR;
		return 0;
	}
}

static int cl_check(struct xt_call *c, void *data)
{
	return c->seen & (XT_BIT(CL_UPTO) | XT_BIT(CL_ABOVE))
		       ? 0
		       : xt_error(c, "You must specify \"--connlimit-above\" or \"--connlimit-upto\".");
}

static int mask_len(const struct connlimit *d)
{
	int n = 0;

	for (unsigned w = 0; w < addr_len(d->family) / 4; w++)
		n += __builtin_popcount(d->fn.mask.all[w]);
	return n;
}

static void cl_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct connlimit *d = data;

	sbuf_printf(out, " #conn %s/%d %s %u", d->fn.flags & XT_CONNLIMIT_DADDR ? "dst" : "src", mask_len(d),
		    d->fn.flags & XT_CONNLIMIT_INVERT ? "<=" : ">", d->fn.limit);
}

static void cl_save(struct sbuf *out, const void *data)
{
	const struct connlimit *d = data;

	sbuf_printf(out, " --connlimit-%s %u --connlimit-mask %d --connlimit-%s",
		    d->fn.flags & XT_CONNLIMIT_INVERT ? "upto" : "above", d->fn.limit, mask_len(d),
		    d->fn.flags & XT_CONNLIMIT_DADDR ? "daddr" : "saddr");
}

static int cl_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_connlimit, &((const struct connlimit *)data)->fn, sizeof(struct fn_connlimit));
	return 0;
}

const struct xt_ext xt_connlimit = {
	.kind = XT_MATCH,
	.name = "connlimit",
	.revision = 1,
	.families = XT_BOTH,
	.size = sizeof(struct connlimit),
	.opts = opts,
	.init = cl_init,
	.parse = cl_parse,
	.check = cl_check,
	.print = cl_print,
	.save = cl_save,
	.emit = cl_emit,
};
