/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/ttl.c - -m ttl, -j TTL, and what they are called for IPv6: -m hl, -j HL.
 */
#include "front/xt/util.h"

struct ttl {
	uint8_t mode, ttl;	/* mode: the option's id */
	uint8_t family;
	bool invert;
};

static void ttl_init(void *data, uint8_t family)
{
	((struct ttl *)data)->family = family;
}

static const char *upper(const struct ttl *d)
{
	return d->family == AF_INET6 ? "HL" : "TTL";
}

static const char *lower(const struct ttl *d)
{
	return d->family == AF_INET6 ? "hl" : "ttl";
}

static enum field_id field_of(uint8_t family)
{
	return family == AF_INET6 ? FIELD_IP6_HOPLIMIT : FIELD_IP_TTL;
}

enum { TTL_LT, TTL_GT, TTL_EQ };

#define TTL_ANY 7u

static const struct xt_opt match_opts[] = {
	{ "ttl-lt", TTL_LT, .flags = 0, .excl = TTL_ANY, .type = XT_T_U8 },
	{ "ttl-gt", TTL_GT, .flags = 0, .excl = TTL_ANY, .type = XT_T_U8 },
	{ "ttl-eq", TTL_EQ, .flags = XT_INVERT, .excl = TTL_ANY, .type = XT_T_U8 },
	{ "ttl", TTL_EQ, .flags = XT_INVERT, .excl = TTL_ANY, .type = XT_T_U8 },
	{ 0 },
};

static const struct xt_opt match6_opts[] = {
	{ "hl-lt", TTL_LT, .flags = 0, .excl = TTL_ANY, .type = XT_T_U8 },
	{ "hl-gt", TTL_GT, .flags = 0, .excl = TTL_ANY, .type = XT_T_U8 },
	{ "hl-eq", TTL_EQ, .flags = XT_INVERT, .excl = TTL_ANY, .type = XT_T_U8 },
	{ "hl", TTL_EQ, .flags = XT_INVERT, .excl = TTL_ANY, .type = XT_T_U8 },
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
	if (c->seen)
		return 0;
	return xt_error(c, c->family == AF_INET6
				   ? "HL match: You must specify one of `--hl-eq', `--hl-lt', `--hl-gt'"
				   : "TTL match: You must specify one of `--ttl-eq', `--ttl-lt', `--ttl-gt");
}

static void match_print(struct sbuf *out, const void *data, bool numeric)
{
	static const char *const ops[] = { "<", ">", "==" };
	const struct ttl *d = data;

	sbuf_printf(out, " %s match %s %s %u", upper(d), upper(d), d->invert ? "!=" : ops[d->mode], d->ttl);
}

static void match_save(struct sbuf *out, const void *data)
{
	static const char *const names[] = { "lt", "gt", "eq" };
	const struct ttl *d = data;

	sbuf_printf(out, "%s --%s-%s %u", d->invert ? " !" : "", lower(d), names[d->mode], d->ttl);
}

static int match_emit(struct ir_list *l, const void *data, uint8_t family)
{
	static const enum ir_op ops[] = { IR_LT, IR_GT, IR_EQ };
	const struct ttl *d = data;

	ir_match(l, ir_field(field_of(family)), d->invert ? IR_NE : ops[d->mode], ir_value(&d->ttl, 1));
	return 0;
}

static bool match_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	static const char *const ops[] = { "lt ", "gt ", "" };
	const struct ttl *d = data;

	sbuf_printf(out, "%s %s%u", d->family == AF_INET6 ? "ip6 hoplimit" : "ip ttl", d->invert ? "!= " : ops[d->mode], d->ttl);
	return true;
}

const struct xt_ext xt_ttl = {
	.kind = XT_MATCH,
	.name = "ttl",
	.families = XT_IPV4,
	.size = sizeof(struct ttl),
	.opts = match_opts,
	.init = ttl_init,
	.parse = ttl_parse,
	.check = match_check,
	.print = match_print,
	.save = match_save,
	.emit = match_emit,
	.xlate = match_xlate,
};

const struct xt_ext xt_hl = {
	.kind = XT_MATCH,
	.name = "hl",
	.families = XT_IPV6,
	.size = sizeof(struct ttl),
	.opts = match6_opts,
	.init = ttl_init,
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

static const struct xt_opt target6_opts[] = {
	{ "hl-set", TTL_SET, .flags = 0, .excl = TTL_ANY, .type = XT_T_U8 },
	{ "hl-dec", TTL_DEC, .flags = 0, .excl = TTL_ANY, .type = XT_T_U8, .min = 1, .max = 255 },
	{ "hl-inc", TTL_INC, .flags = 0, .excl = TTL_ANY, .type = XT_T_U8, .min = 1, .max = 255 },
	{ 0 },
};

static int target_check(struct xt_call *c, void *data)
{
	return c->seen ? 0 : xt_error(c, "%s: You must specify an action", c->ext->name);
}

static void target_print(struct sbuf *out, const void *data, bool numeric)
{
	static const char *const words[] = { "set to", "decrement by", "increment by" };
	const struct ttl *d = data;

	sbuf_printf(out, " %s %s %u", upper(d), words[d->mode], d->ttl);
}

static void target_save(struct sbuf *out, const void *data)
{
	static const char *const names[] = { "set", "dec", "inc" };
	const struct ttl *d = data;

	sbuf_printf(out, " --%s-%s %u", lower(d), names[d->mode], d->ttl);
}

static int target_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct ttl *d = data;
	struct ir_stmt *s;

	if (d->mode == TTL_SET) {
		xt_set_byte(l, field_of(family), 0, d->ttl);
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
	.init = ttl_init,
	.only_table = "mangle",
	.parse = ttl_parse,
	.check = target_check,
	.print = target_print,
	.save = target_save,
	.emit = target_emit,
};

const struct xt_ext xt_HL = {
	.kind = XT_TARGET,
	.name = "HL",
	.families = XT_IPV6,
	.size = sizeof(struct ttl),
	.opts = target6_opts,
	.init = ttl_init,
	.only_table = "mangle",
	.parse = ttl_parse,
	.check = target_check,
	.print = target_print,
	.save = target_save,
	.emit = target_emit,
};
