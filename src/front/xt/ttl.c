/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/ttl.c - -m ttl, -j TTL.
 */
#include "front/xt/util.h"

struct ttl {
	uint8_t mode, ttl;	/* mode: the option's id */
	bool invert;
};

enum { TTL_LT, TTL_GT, TTL_EQ };

#define TTL_ANY 7u

static const struct xt_opt match_opts[] = {
	{ "ttl-lt", TTL_LT, .flags = 0, .excl = TTL_ANY, .type = XT_T_U8 },
	{ "ttl-gt", TTL_GT, .flags = 0, .excl = TTL_ANY, .type = XT_T_U8 },
	{ "ttl-eq", TTL_EQ, .flags = XT_INVERT, .excl = TTL_ANY, .type = XT_T_U8 },
	{ "ttl", TTL_EQ, .flags = XT_INVERT, .excl = TTL_ANY, .type = XT_T_U8 },
	{ 0 },
};

static int ttl_parse(struct xt_call *c, void *data)
{
	struct ttl *d = data;

	d->mode = c->opt->id;
	d->ttl = c->val.u8;
	d->invert = c->invert;
	return 0;
}

static int match_check(struct xt_call *c, void *data)
{
	return c->seen ? 0 : xt_error(c, "TTL match: You must specify one of `--ttl-eq', `--ttl-lt', `--ttl-gt");
}

static void match_print(struct sbuf *out, const void *data, bool numeric)
{
	static const char *const ops[] = { "<", ">", "==" };
	const struct ttl *d = data;

	sbuf_printf(out, " TTL match TTL %s %u", d->invert ? "!=" : ops[d->mode], d->ttl);
}

static void match_save(struct sbuf *out, const void *data)
{
	static const char *const names[] = { "lt", "gt", "eq" };
	const struct ttl *d = data;

	sbuf_printf(out, "%s --ttl-%s %u", d->invert ? " !" : "", names[d->mode], d->ttl);
}

static int match_emit(struct ir_list *l, const void *data, uint8_t family)
{
	static const enum ir_op ops[] = { IR_LT, IR_GT, IR_EQ };
	const struct ttl *d = data;

	ir_match(l, ir_field(FIELD_IP_TTL), d->invert ? IR_NE : ops[d->mode], ir_value(&d->ttl, 1));
	return 0;
}

static bool match_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	static const char *const ops[] = { "lt ", "gt ", "" };
	const struct ttl *d = data;

	sbuf_printf(out, "ip ttl %s%u", d->invert ? "!= " : ops[d->mode], d->ttl);
	return true;
}

const struct xt_ext xt_ttl = {
	.kind = XT_MATCH,
	.name = "ttl",
	.families = XT_IPV4,
	.size = sizeof(struct ttl),
	.opts = match_opts,
	.parse = ttl_parse,
	.check = match_check,
	.print = match_print,
	.save = match_save,
	.emit = match_emit,
	.xlate = match_xlate,
};

/* ---- the target ---- */

enum { TTL_SET, TTL_DEC, TTL_INC };

static const struct xt_opt target_opts[] = {
	{ "ttl-set", TTL_SET, .flags = 0, .excl = TTL_ANY, .type = XT_T_U8 },
	{ "ttl-dec", TTL_DEC, .flags = 0, .excl = TTL_ANY, .type = XT_T_U8, .min = 1, .max = 255 },
	{ "ttl-inc", TTL_INC, .flags = 0, .excl = TTL_ANY, .type = XT_T_U8, .min = 1, .max = 255 },
	{ 0 },
};

static int target_check(struct xt_call *c, void *data)
{
	return c->seen ? 0 : xt_error(c, "TTL: You must specify an action");
}

static void target_print(struct sbuf *out, const void *data, bool numeric)
{
	static const char *const words[] = { "set to", "decrement by", "increment by" };
	const struct ttl *d = data;

	sbuf_printf(out, " TTL %s %u", words[d->mode], d->ttl);
}

static void target_save(struct sbuf *out, const void *data)
{
	static const char *const names[] = { "set", "dec", "inc" };
	const struct ttl *d = data;

	sbuf_printf(out, " --ttl-%s %u", names[d->mode], d->ttl);
}

static int target_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct ttl *d = data;
	struct ir_stmt *s;

	if (d->mode == TTL_SET) {
		xt_set_byte(l, FIELD_IP_TTL, 0, d->ttl);
		return 0;
	}
	s = xt_action(l, IR_ACT_TTL);
	if (s) {
		s->action.ttl.mode = d->mode == TTL_DEC ? IR_TTL_DEC : IR_TTL_INC;
		s->action.ttl.by = d->ttl;
	}
	return 0;
}

const struct xt_ext xt_TTL = {
	.kind = XT_TARGET,
	.name = "TTL",
	.families = XT_IPV4,
	.size = sizeof(struct ttl),
	.opts = target_opts,
	.only_table = "mangle",
	.parse = ttl_parse,
	.check = target_check,
	.print = target_print,
	.save = target_save,
	.emit = target_emit,
};
