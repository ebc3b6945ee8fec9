/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/connmark.c - -j CONNMARK: set the connection's mark, save the packet's into it, restore it from there.
 */
#include "front/xt/util.h"

enum {
	CM_SET_XMARK,
	CM_SET_MARK,
	CM_AND,
	CM_OR,
	CM_XOR,
	CM_SAVE,
	CM_RESTORE,
	CM_CTMASK,
	CM_NFMASK,
	CM_MASK,
	CM_LEFT,
	CM_RIGHT
};

#define CM_OPS 0x7fu	/* the first seven: one of them */
#define CM_MASKS (XT_BIT(CM_CTMASK) | XT_BIT(CM_NFMASK))

static const struct xt_opt opts[] = {
	{ "set-xmark", CM_SET_XMARK, .flags = 0, .excl = CM_OPS },
	{ "set-mark", CM_SET_MARK, .flags = 0, .excl = CM_OPS },
	{ "and-mark", CM_AND, .flags = 0, .excl = CM_OPS, .type = XT_T_U32 },
	{ "or-mark", CM_OR, .flags = 0, .excl = CM_OPS, .type = XT_T_U32 },
	{ "xor-mark", CM_XOR, .flags = 0, .excl = CM_OPS, .type = XT_T_U32 },
	{ "save-mark", CM_SAVE, .flags = XT_NOVAL, .excl = CM_OPS },
	{ "restore-mark", CM_RESTORE, .flags = XT_NOVAL, .excl = CM_OPS },
	{ "left-shift-mark", CM_LEFT, .flags = 0, .type = XT_T_U8 },
	{ "right-shift-mark", CM_RIGHT, .flags = 0, .type = XT_T_U8 },
	{ "ctmask", CM_CTMASK, .flags = 0, .excl = XT_BIT(CM_MASK), .type = XT_T_U32 },
	{ "nfmask", CM_NFMASK, .flags = 0, .excl = XT_BIT(CM_MASK), .type = XT_T_U32 },
	{ "mask", CM_MASK, .flags = 0, .excl = CM_MASKS, .type = XT_T_U32 },
	{ 0 },
};

struct connmark {
	uint32_t ctmark, ctmask, nfmask;
	uint8_t mode;		/* CM_SET_XMARK, CM_SAVE, CM_RESTORE */
	bool right;
	uint8_t shift;
};

static void cm_init(void *data, uint8_t family)
{
	struct connmark *d = data;

	d->nfmask = d->ctmask = UINT32_MAX;	/* used by save and restore */
}

static int parse_set(struct xt_call *c, struct connmark *d)
{
	d->mode = CM_SET_XMARK;
	switch (c->opt->id) {
	case CM_SET_XMARK:
		return xt_mark_arg(c, &d->ctmark, &d->ctmask);
	case CM_SET_MARK:
		if (xt_mark_arg(c, &d->ctmark, &d->ctmask) < 0)
			return -EINVAL;
		d->ctmask |= d->ctmark;
		return 0;
	case CM_AND:
		d->ctmark = 0;
		d->ctmask = ~c->val.u32;
		return 0;
	case CM_OR:
		d->ctmark = d->ctmask = c->val.u32;
		return 0;
	default:
		d->ctmark = c->val.u32;
		d->ctmask = 0;
		return 0;
	}
}

static int cm_parse(struct xt_call *c, void *data)
{
	struct connmark *d = data;

	switch (c->opt->id) {
	case CM_SAVE:
	case CM_RESTORE:
		d->mode = c->opt->id;
		return 0;
	case CM_CTMASK:
		d->ctmask = c->val.u32;
		return 0;
	case CM_NFMASK:
		d->nfmask = c->val.u32;
		return 0;
	case CM_MASK:
		d->ctmask = d->nfmask = c->val.u32;
		return 0;
	case CM_LEFT:
	case CM_RIGHT:
		d->right = c->opt->id == CM_RIGHT;
		d->shift = c->val.u8;
		return 0;
	default:
		return parse_set(c, d);
	}
}

static int cm_check(struct xt_call *c, void *data)
{
	return c->seen & CM_OPS ? 0 : xt_error(c, "CONNMARK target: No operation specified");
}

static int cm_verify(const struct xt_where *w, const void *data)
{
	const struct connmark *d = data;

	return d->shift < 32 ? 0 : -EINVAL;
}

static void put_shift(struct sbuf *out, const struct connmark *d, const char *dashes)
{
	if (d->shift)
		sbuf_printf(out, " %s%s-shift-mark %u", dashes, d->right ? "right" : "left", d->shift);
}

static void cm_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct connmark *d = data;

	sbuf_puts(out, " CONNMARK");
	if (d->mode == CM_SET_XMARK)
		xt_print_mark_change(out, d->ctmark, d->ctmask);
	else
		sbuf_puts(out, d->mode == CM_SAVE ? " save" : " restore");
	if (d->mode != CM_SET_XMARK && d->ctmask != d->nfmask) {
		if (d->mode == CM_SAVE)
			sbuf_printf(out, " nfmask 0x%x ctmask ~0x%x", d->nfmask, d->ctmask);
		else
			sbuf_printf(out, " ctmask 0x%x nfmask ~0x%x", d->ctmask, d->nfmask);
	} else if (d->mode != CM_SET_XMARK && d->ctmask != UINT32_MAX) {
		sbuf_printf(out, " mask 0x%x", d->ctmask);
	}
	put_shift(out, d, "");
}

static void cm_save(struct sbuf *out, const void *data)
{
	const struct connmark *d = data;

	if (d->mode == CM_SET_XMARK)
		sbuf_printf(out, " --set-xmark 0x%x/0x%x", d->ctmark, d->ctmask);
	else
		sbuf_printf(out, " --%s-mark --nfmask 0x%x --ctmask 0x%x", d->mode == CM_SAVE ? "save" : "restore",
			    d->nfmask, d->ctmask);
	put_shift(out, d, "--");
}

static int emit_set(struct ir_list *l, const struct connmark *d)
{
	uint32_t keep = ~d->ctmask;
	struct ir_expr *v = ir_bitwise(ir_field(FIELD_CT_MARK), &keep, &d->ctmark);
	struct ir_stmt *s;

	if (!d->shift) {
		ir_expr_free(v);
		ir_set_u32(l, FIELD_CT_MARK, keep, d->ctmark);
		return 0;
	}
	v = v ? ir_shift(v, d->right ? -d->shift : d->shift) : NULL;
	s = v ? ir_append(l, IR_SET_FIELD) : NULL;
	if (!s) {
		ir_expr_free(v);
		l->failed = true;
		return 0;
	}
	s->set.field = FIELD_CT_MARK;
	s->set.val = v;
	return 0;
}

static int cm_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct connmark *d = data;
	struct ir_stmt *s;

	if (d->mode == CM_SET_XMARK)
		return emit_set(l, d);
	s = xt_action(l, d->mode == CM_SAVE ? IR_ACT_CONNMARK_SAVE : IR_ACT_CONNMARK_RESTORE);
	if (s) {
		s->action.connmark.ctmask = d->ctmask;
		s->action.connmark.nfmask = d->nfmask;
		s->action.connmark.shift = (int8_t)(d->right ? -d->shift : d->shift);
	}
	return 0;
}

static void xlate_set(struct sbuf *out, const struct connmark *d)
{
	sbuf_puts(out, "ct mark set ");
	if (d->ctmask == UINT32_MAX)
		sbuf_printf(out, "0x%x", d->ctmark);
	else if (!d->ctmark)
		sbuf_printf(out, "ct mark and 0x%x", ~d->ctmask);
	else if (d->ctmark == d->ctmask)
		sbuf_printf(out, "ct mark or 0x%x", d->ctmark);
	else if (!d->ctmask)
		sbuf_printf(out, "ct mark xor 0x%x", d->ctmark);
	else
		sbuf_printf(out, "ct mark xor 0x%x and 0x%x", d->ctmark, ~d->ctmask);
}

static bool cm_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct connmark *d = data;

	if (d->shift || (d->mode != CM_SET_XMARK && d->nfmask != d->ctmask))
		return false;
	if (d->mode == CM_SET_XMARK) {
		xlate_set(out, d);
		return true;
	}
	sbuf_puts(out, d->mode == CM_SAVE ? "ct mark set mark" : "meta mark set ct mark");
	if (d->ctmask != UINT32_MAX)
		sbuf_printf(out, " and 0x%x", d->ctmask);
	return true;
}

const struct xt_ext xt_CONNMARK = {
	.kind = XT_TARGET,
	.name = "CONNMARK",
	.revision = 2,
	.families = XT_BOTH,
	.size = sizeof(struct connmark),
	.opts = opts,
	.init = cm_init,
	.parse = cm_parse,
	.check = cm_check,
	.verify = cm_verify,
	.print = cm_print,
	.save = cm_save,
	.emit = cm_emit,
	.xlate = cm_xlate,
};
