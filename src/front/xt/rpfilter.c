/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/rpfilter.c - -m rpfilter: would an answer leave by the interface that the packet came in by.
 */
#include <assert.h>

#include "front/xt/util.h"
#include "rules/fn.h"

static const struct xt_opt opts[] = {
	{ "loose", 0, .flags = XT_NOVAL },
	{ "validmark", 1, .flags = XT_NOVAL },
	{ "accept-local", 2, .flags = XT_NOVAL },
	{ "invert", 3, .flags = XT_NOVAL },
	{ 0 },
};

static_assert(XT_RPFILTER_INVERT == 1 << 3, "options' ids are the bits");

static int rp_parse(struct xt_call *c, void *data)
{
	struct xt_rpfilter_info *d = data;

	d->flags |= (uint8_t)(1 << c->opt->id);
	return 0;
}

/* only the tables before routing's own decision */
static int rp_verify(const struct xt_where *w, const void *data)
{
	return strcmp(w->table, "raw") == 0 || strcmp(w->table, "mangle") == 0 ? 0 : -EINVAL;
}

static void put_flags(struct sbuf *out, const struct xt_rpfilter_info *d, const char *dashes)
{
	for (unsigned i = 0; i < ARRAY_LEN(opts) - 1; i++)
		if (d->flags >> i & 1)
			sbuf_printf(out, " %s%s", dashes, opts[i].name);
}

static void rp_print(struct sbuf *out, const void *data, bool numeric)
{
	sbuf_puts(out, " rpfilter");
	put_flags(out, data, "");
}

static void rp_save(struct sbuf *out, const void *data)
{
	put_flags(out, data, "--");
}

static int rp_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_rpfilter, data, sizeof(struct xt_rpfilter_info));
	return 0;
}

static bool rp_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct xt_rpfilter_info *d = data;

	sbuf_printf(out, "fib saddr%s%s oif %s0", d->flags & XT_RPFILTER_VALID_MARK ? " . mark" : "",
		    d->flags & XT_RPFILTER_LOOSE ? "" : " . iif", d->flags & XT_RPFILTER_INVERT ? "" : "!= ");
	return true;
}

const struct xt_ext xt_rpfilter = {
	.kind = XT_MATCH,
	.name = "rpfilter",
	.families = XT_BOTH,
	.size = sizeof(struct xt_rpfilter_info),
	.opts = opts,
	.parse = rp_parse,
	.verify = rp_verify,
	.only_hooks = 1u << NF_INET_PRE_ROUTING,
	.print = rp_print,
	.save = rp_save,
	.emit = rp_emit,
	.xlate = rp_xlate,
};
