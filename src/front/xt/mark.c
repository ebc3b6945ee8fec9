/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/mark.c - -m mark, -m connmark, -j MARK.
 */
#include "front/xt/util.h"

struct mark_match {
	uint32_t mark, mask;
	bool invert;
};

static const struct xt_opt match_opts[] = {
	{ "mark", 0, .flags = XT_INVERT | XT_MAND },
	{ 0 },
};

static int match_parse(struct xt_call *c, void *data)
{
	struct mark_match *d = data;

	d->invert = c->invert;
	return xt_mark_arg(c, &d->mark, &d->mask);
}

static void mark_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct mark_match *d = data;

	sbuf_puts(out, d->invert ? " mark match !" : " mark match");
	xt_put_mark(out, d->mark, d->mask);
}

static void connmark_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct mark_match *d = data;

	sbuf_puts(out, d->invert ? " connmark match !" : " connmark match ");
	xt_put_mark(out, d->mark, d->mask);
}

static void match_save(struct sbuf *out, const void *data)
{
	const struct mark_match *d = data;

	sbuf_puts(out, d->invert ? " ! --mark" : " --mark");
	xt_put_mark(out, d->mark, d->mask);
}

static int mark_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct mark_match *d = data;

	ir_match_field(l, FIELD_META_MARK, d->invert, &d->mark, &d->mask);
	return 0;
}

static int connmark_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct mark_match *d = data;

	ir_match_field(l, FIELD_CT_MARK, d->invert, &d->mark, &d->mask);
	return 0;
}

static bool mark_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct mark_match *d = data;

	if (d->mask == UINT32_MAX)
		sbuf_printf(out, "meta mark %s0x%08x", d->invert ? "!= " : "", d->mark);
	else
		sbuf_printf(out, "meta mark & 0x%08x %s 0x%08x", d->mask, d->invert ? "!=" : "==", d->mark);
	return true;
}

const struct xt_ext xt_mark = {
	.kind = XT_MATCH,
	.name = "mark",
	.revision = 1,
	.families = XT_BOTH,
	.size = sizeof(struct mark_match),
	.opts = match_opts,
	.parse = match_parse,
	.print = mark_print,
	.save = match_save,
	.emit = mark_emit,
	.xlate = mark_xlate,
};

static bool connmark_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct mark_match *d = data;

	if (d->mask == UINT32_MAX)
		sbuf_printf(out, "ct mark %s0x%x", d->invert ? "!= " : "", d->mark);
	else
		sbuf_printf(out, "ct mark and 0x%x %s 0x%x", d->mask, d->invert ? "!=" : "==", d->mark);
	return true;
}

const struct xt_ext xt_connmark = {
	.kind = XT_MATCH,
	.name = "connmark",
	.revision = 1,
	.families = XT_BOTH,
	.size = sizeof(struct mark_match),
	.opts = match_opts,
	.parse = match_parse,
	.print = connmark_print,
	.save = match_save,
	.emit = connmark_emit,
	.xlate = connmark_xlate,
};

/* ---- the target: mark = (mark & ~mask) ^ mark ---- */

enum { MARK_SET_XMARK, MARK_SET_MARK, MARK_AND, MARK_OR, MARK_XOR };

#define ANY_OF 0x1f

static const struct xt_opt target_opts[] = {
	{ "set-xmark", MARK_SET_XMARK, .flags = 0, .excl = ANY_OF },
	{ "set-mark", MARK_SET_MARK, .flags = 0, .excl = ANY_OF },
	{ "and-mark", MARK_AND, .flags = 0, .excl = ANY_OF, .type = XT_T_U32 },
	{ "or-mark", MARK_OR, .flags = 0, .excl = ANY_OF, .type = XT_T_U32 },
	{ "xor-mark", MARK_XOR, .flags = 0, .excl = ANY_OF, .type = XT_T_U32 },
	{ 0 },
};

struct mark_target {
	uint32_t mark, mask;
};

static int target_parse(struct xt_call *c, void *data)
{
	struct mark_target *d = data;

	switch (c->opt->id) {
	case MARK_SET_XMARK:
		return xt_mark_arg(c, &d->mark, &d->mask);
	case MARK_SET_MARK:
		if (xt_mark_arg(c, &d->mark, &d->mask) < 0)
			return -EINVAL;
		d->mask |= d->mark;
		return 0;
	case MARK_AND:
		d->mark = 0;
		d->mask = ~c->val.u32;
		return 0;
	case MARK_OR:
		d->mark = d->mask = c->val.u32;
		return 0;
	default:
		d->mark = c->val.u32;
		d->mask = 0;
		return 0;
	}
}

static int target_check(struct xt_call *c, void *data)
{
	return c->seen ? 0 : xt_error(c, "MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required");
}

static void target_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct mark_target *d = data;

	sbuf_puts(out, " MARK");
	xt_print_mark_change(out, d->mark, d->mask);
}

static void target_save(struct sbuf *out, const void *data)
{
	const struct mark_target *d = data;

	sbuf_printf(out, " --set-xmark 0x%x/0x%x", d->mark, d->mask);
}

static int target_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct mark_target *d = data;

	ir_set_u32(l, FIELD_META_MARK, ~d->mask, d->mark);
	return 0;
}

static bool target_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct mark_target *d = data;

	sbuf_puts(out, "meta mark set ");
	if (d->mask == UINT32_MAX)
		sbuf_printf(out, "0x%x", d->mark);
	else if (!d->mark)
		sbuf_printf(out, "mark and 0x%x", ~d->mask);
	else if (d->mark == d->mask)
		sbuf_printf(out, "mark or 0x%x", d->mark);
	else if (!d->mask)
		sbuf_printf(out, "mark xor 0x%x", d->mark);
	else
		sbuf_printf(out, "mark and 0x%x xor 0x%x", ~d->mask, d->mark);
	return true;
}

const struct xt_ext xt_MARK = {
	.kind = XT_TARGET,
	.name = "MARK",
	.revision = 2,
	.families = XT_BOTH,
	.size = sizeof(struct mark_target),
	.opts = target_opts,
	.parse = target_parse,
	.check = target_check,
	.print = target_print,
	.save = target_save,
	.emit = target_emit,
	.xlate = target_xlate,
};
