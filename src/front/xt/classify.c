/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/classify.c - -j CLASSIFY: the packet's priority, a traffic class.
 */
#include <stdio.h>

#include "front/xt/util.h"

struct classify {
	uint32_t priority;
};

static const struct xt_opt opts[] = {
	{ "set-class", 0, .flags = XT_MAND },
	{ 0 },
};

static int classify_parse(struct xt_call *c, void *data)
{
	struct classify *d = data;
	unsigned major, minor;

	if (sscanf(c->arg, "%x:%x", &major, &minor) != 2)
		return xt_error(c, "Bad class value \"%s\"", c->arg);
	d->priority = major << 16 | (minor & 0xffff);
	return 0;
}

static void classify_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct classify *d = data;

	sbuf_printf(out, " CLASSIFY set %x:%x", d->priority >> 16, d->priority & 0xffff);
}

static void classify_save(struct sbuf *out, const void *data)
{
	const struct classify *d = data;

	sbuf_printf(out, " --set-class %04x:%04x", d->priority >> 16, d->priority & 0xffff);
}

static int classify_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct classify *d = data;

	ir_set_u32(l, FIELD_META_PRIORITY, 0, d->priority);
	return 0;
}

static bool classify_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct classify *d = data;

	sbuf_printf(out, "meta priority set %x:%x", d->priority >> 16, d->priority & 0xffff);
	return true;
}

const struct xt_ext xt_CLASSIFY = {
	.kind = XT_TARGET, .name = "CLASSIFY", .families = XT_BOTH, .size = sizeof(struct classify), .opts = opts,
	.only_hooks = 1u << NF_INET_FORWARD | 1u << NF_INET_LOCAL_OUT | 1u << NF_INET_POST_ROUTING,
	.parse = classify_parse, .print = classify_print, .save = classify_save, .emit = classify_emit, .xlate = classify_xlate,
};
