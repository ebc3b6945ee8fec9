/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/tcpmss.c - -m tcpmss, -j TCPMSS: TCP's maximum segment size option.
 */
#include "front/xt/util.h"
#include "rules/fn.h"

static const struct xt_opt match_opts[] = {
	{ "mss", 0, .flags = XT_INVERT | XT_MAND, .type = XT_T_U16RANGE },
	{ 0 },
};

static int match_parse(struct xt_call *c, void *data)
{
	struct fn_tcpmss *d = data;

	d->min = (uint16_t)c->val.range[0];
	d->max = (uint16_t)c->val.range[c->n_vals > 1];
	d->invert = c->invert;
	return d->min > d->max ? xt_error(c, "tcpmss: invalid range given") : 0;
}

static void put_range(struct sbuf *out, const struct fn_tcpmss *d)
{
	sbuf_printf(out, d->min == d->max ? "%u" : "%u:%u", d->min, d->max);
}

static void match_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct fn_tcpmss *d = data;

	sbuf_puts(out, d->invert ? " tcpmss match !" : " tcpmss match ");
	put_range(out, d);
}

static void match_save(struct sbuf *out, const void *data)
{
	const struct fn_tcpmss *d = data;

	sbuf_puts(out, d->invert ? " ! --mss " : " --mss ");
	put_range(out, d);
}

static int match_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_tcpmss, data, sizeof(struct fn_tcpmss));
	return 0;
}

static bool match_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct fn_tcpmss *d = data;

	sbuf_printf(out, "tcp option maxseg size %s%u", d->invert ? "!= " : "", d->min);
	if (d->max != d->min)
		sbuf_printf(out, "-%u", d->max);
	return true;
}

const struct xt_ext xt_tcpmss = {
	.kind = XT_MATCH,
	.name = "tcpmss",
	.families = XT_BOTH,
	.size = sizeof(struct fn_tcpmss),
	.opts = match_opts,
	.only_proto = IPPROTO_TCP,
	.parse = match_parse,
	.print = match_print,
	.save = match_save,
	.emit = match_emit,
	.xlate = match_xlate,
};

/* ---- the target ---- */

enum { MSS_SET, MSS_CLAMP };

#define MSS_CLAMP_HOOKS (1u << NF_INET_FORWARD | 1u << NF_INET_LOCAL_OUT | 1u << NF_INET_POST_ROUTING)

struct tcpmss {
	uint16_t mss;
	bool clamp;
};

/* 65515: the longest IPv4 packet without its header */
static const struct xt_opt target_opts[] = {
	{ "set-mss", MSS_SET, .flags = 0, .type = XT_T_U16, .min = 0, .max = 65515 },
	{ "clamp-mss-to-pmtu", MSS_CLAMP, .flags = XT_NOVAL },
	{ 0 },
};

static int target_parse(struct xt_call *c, void *data)
{
	struct tcpmss *d = data;

	d->clamp = c->opt->id == MSS_CLAMP;
	if (!d->clamp)
		d->mss = c->val.u16;
	return 0;
}

static int target_check(struct xt_call *c, void *data)
{
	struct tcpmss *d = data;

	d->clamp = c->seen & XT_BIT(MSS_CLAMP);
	return c->seen ? 0 : xt_error(c, "TCPMSS target: At least one parameter is required");
}

static int target_verify(const struct xt_where *w, const void *data)
{
	const struct tcpmss *d = data;

	return d->clamp && (w->hooks & ~MSS_CLAMP_HOOKS) ? -EINVAL : 0;
}

static void target_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct tcpmss *d = data;

	if (d->clamp)
		sbuf_puts(out, " TCPMSS clamp to PMTU");
	else
		sbuf_printf(out, " TCPMSS set %u", d->mss);
}

static void target_save(struct sbuf *out, const void *data)
{
	const struct tcpmss *d = data;

	if (d->clamp)
		sbuf_puts(out, " --clamp-mss-to-pmtu");
	else
		sbuf_printf(out, " --set-mss %u", d->mss);
}

static int target_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct tcpmss *d = data;
	struct ir_stmt *s = xt_action(l, IR_ACT_TCPMSS);

	if (s) {
		s->action.tcpmss.mss = d->mss;
		s->action.tcpmss.clamp = d->clamp;
	}
	return 0;
}

static bool target_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct tcpmss *d = data;

	if (d->clamp)
		sbuf_puts(out, "tcp option maxseg size set rt mtu");
	else
		sbuf_printf(out, "tcp option maxseg size set %u", d->mss);
	return true;
}

const struct xt_ext xt_TCPMSS = {
	.kind = XT_TARGET,
	.name = "TCPMSS",
	.families = XT_BOTH,
	.size = sizeof(struct tcpmss),
	.opts = target_opts,
	.only_proto = IPPROTO_TCP,
	.parse = target_parse,
	.check = target_check,
	.verify = target_verify,
	.print = target_print,
	.save = target_save,
	.emit = target_emit,
	.xlate = target_xlate,
};
