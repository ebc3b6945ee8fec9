/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/counts.c - -m connbytes, -m quota: by how much a connection, or a rule, has carried.
 */
#include <inttypes.h>

#include "front/xt/util.h"
#include "rules/fn.h"

/* ---- connbytes: inverted, .from and .to are exchanged ---- */

enum { CB_RANGE, CB_DIR, CB_MODE };

static const struct xt_opt cb_opts[] = {
	{ "connbytes", CB_RANGE, .flags = XT_MAND | XT_INVERT, .type = XT_T_U64RANGE },
	{ "connbytes-dir", CB_DIR, .flags = XT_MAND },
	{ "connbytes-mode", CB_MODE, .flags = XT_MAND },
	{ 0 },
};

static const char *const cb_dirs[] = { "original", "reply", "both" };		/* by XT_CONNBYTES_DIR_* */
static const char *const cb_modes[] = { "packets", "bytes", "avgpkt" };	/* by XT_CONNBYTES_* */

static int word(struct xt_call *c, const char *const *words, uint8_t *out)
{
	for (uint8_t i = 0; i < 3; i++)
		if (strcmp(c->arg, words[i]) == 0) {
			*out = i;
			return 0;
		}
	return xt_error(c, "Unknown --%s `%s'", c->opt->name, c->arg);
}

static int cb_parse(struct xt_call *c, void *data)
{
	struct xt_connbytes_info *d = data;
	uint64_t lo = c->val.range[0], hi = c->n_vals > 1 ? c->val.range[1] : UINT64_MAX;

	if (c->opt->id == CB_DIR)
		return word(c, cb_dirs, &d->direction);
	if (c->opt->id == CB_MODE)
		return word(c, cb_modes, &d->what);
	if (hi < lo)
		return xt_error(c, "%" PRIu64 " should be less than %" PRIu64, lo, hi);
	d->count.from = c->invert ? hi : lo;
	d->count.to = c->invert ? lo : hi;
	return 0;
}

static void cb_put(struct sbuf *out, const struct xt_connbytes_info *d, const char *dashes)
{
	bool invert = d->count.from > d->count.to;
	uint64_t lo = MIN(d->count.from, d->count.to), hi = MAX(d->count.from, d->count.to);

	sbuf_printf(out, "%s %sconnbytes %" PRIu64, invert ? " !" : "", dashes, lo);
	if (hi != UINT64_MAX)
		sbuf_printf(out, ":%" PRIu64, hi);
}

static void cb_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct xt_connbytes_info *d = data;

	cb_put(out, d, "");
	sbuf_printf(out, " connbytes mode %s connbytes direction %s", cb_modes[d->what], cb_dirs[d->direction]);
}

static void cb_save(struct sbuf *out, const void *data)
{
	const struct xt_connbytes_info *d = data;

	cb_put(out, d, "--");
	sbuf_printf(out, " --connbytes-mode %s --connbytes-dir %s", cb_modes[d->what], cb_dirs[d->direction]);
}

static int cb_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_connbytes, data, sizeof(struct xt_connbytes_info));
	return 0;
}

static bool cb_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	static const char *const dirs[] = { "original ", "reply ", "" };
	const struct xt_connbytes_info *d = data;
	bool invert = d->count.from > d->count.to;
	uint64_t lo = MIN(d->count.from, d->count.to), hi = MAX(d->count.from, d->count.to);

	sbuf_printf(out, "ct %s%s ", dirs[d->direction], cb_modes[d->what]);
	if (hi == UINT64_MAX)
		sbuf_printf(out, "%s %" PRIu64, invert ? "lt" : "ge", lo);
	else
		sbuf_printf(out, "%s%" PRIu64 "-%" PRIu64, invert ? "!= " : "", lo, hi);
	return true;
}

const struct xt_ext xt_connbytes = {
	.kind = XT_MATCH,
	.name = "connbytes",
	.families = XT_BOTH,
	.size = sizeof(struct xt_connbytes_info),
	.opts = cb_opts,
	.parse = cb_parse,
	.print = cb_print,
	.save = cb_save,
	.emit = cb_emit,
	.xlate = cb_xlate,
};

/* ---- quota ---- */

static const struct xt_opt quota_opts[] = {
	{ "quota", 0, .flags = XT_MAND | XT_INVERT, .type = XT_T_U64 },
	{ 0 },
};

static int quota_parse(struct xt_call *c, void *data)
{
	struct fn_quota *d = data;

	d->quota = c->val.u64;
	d->invert = c->invert;
	return 0;
}

/* the real tool does not show here that it is inverted */
static void quota_print(struct sbuf *out, const void *data, bool numeric)
{
	sbuf_printf(out, " quota: %" PRIu64 " bytes", ((const struct fn_quota *)data)->quota);
}

static void quota_save(struct sbuf *out, const void *data)
{
	const struct fn_quota *d = data;

	sbuf_printf(out, "%s --quota %" PRIu64, d->invert ? " !" : "", d->quota);
}

static int quota_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_quota, data, sizeof(struct fn_quota));
	return 0;
}

static bool quota_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct fn_quota *d = data;

	sbuf_printf(out, "quota %s%" PRIu64 " bytes", d->invert ? "over " : "", d->quota);
	return true;
}

const struct xt_ext xt_quota = {
	.kind = XT_MATCH,
	.name = "quota",
	.families = XT_BOTH,
	.size = sizeof(struct fn_quota),
	.opts = quota_opts,
	.parse = quota_parse,
	.print = quota_print,
	.save = quota_save,
	.emit = quota_emit,
	.xlate = quota_xlate,
};
