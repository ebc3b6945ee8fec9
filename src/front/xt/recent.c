/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/recent.c - -m recent: was the address seen lately, and how often.
 *
 * The mask is kept at the length of an IPv6 address: without --mask all of it is set, and -C tells that from
 * 255.255.255.255, as the real tool does.
 */
#include "front/xt/util.h"
#include "rules/fn.h"

struct recent {
	struct xt_recent_mtinfo_v1 info;
	uint8_t family;
};

enum { RC_SET, RC_RCHECK, RC_UPDATE, RC_REMOVE, RC_SECONDS, RC_REAP, RC_HITCOUNT, RC_RTTL, RC_NAME, RC_RSOURCE, RC_RDEST,
       RC_MASK };

#define RC_WAYS (XT_BIT(RC_SET) | XT_BIT(RC_RCHECK) | XT_BIT(RC_UPDATE) | XT_BIT(RC_REMOVE))

static const struct xt_opt opts[] = {
	{ "set", RC_SET, .flags = XT_INVERT | XT_NOVAL, .excl = RC_WAYS },
	{ "rcheck", RC_RCHECK, .flags = XT_INVERT | XT_NOVAL, .excl = RC_WAYS },
	{ "update", RC_UPDATE, .flags = XT_INVERT | XT_NOVAL, .excl = RC_WAYS },
	{ "remove", RC_REMOVE, .flags = XT_INVERT | XT_NOVAL, .excl = RC_WAYS },
	{ "seconds", RC_SECONDS, .flags = 0, .type = XT_T_U32, .min = 1, .max = UINT32_MAX },
	{ "reap", RC_REAP, .flags = XT_NOVAL, .also = XT_BIT(RC_SECONDS) },
	{ "hitcount", RC_HITCOUNT, .flags = 0, .type = XT_T_U32 },
	{ "rttl", RC_RTTL, .flags = XT_NOVAL, .excl = XT_BIT(RC_SET) | XT_BIT(RC_REMOVE) },
	{ "name", RC_NAME, .flags = 0 },
	{ "rsource", RC_RSOURCE, .flags = XT_NOVAL },
	{ "rdest", RC_RDEST, .flags = XT_NOVAL },
	{ "mask", RC_MASK, .flags = 0 },
	{ 0 },
};

static const struct {
	uint8_t bit;
	const char *word, *option;
} ways[] = {	/* by the options' ids */
	{ XT_RECENT_SET, "SET", "set" },
	{ XT_RECENT_CHECK, "CHECK", "rcheck" },
	{ XT_RECENT_UPDATE, "UPDATE", "update" },
	{ XT_RECENT_REMOVE, "REMOVE", "remove" },
};

static void recent_init(void *data, uint8_t family)
{
	struct xt_recent_mtinfo_v1 *d = &((struct recent *)data)->info;

	((struct recent *)data)->family = family;
	strcpy(d->name, "DEFAULT");
	d->side = XT_RECENT_SOURCE;
	memset(&d->mask, 0xff, sizeof(d->mask));
}

static int parse_mask(struct xt_call *c, struct xt_recent_mtinfo_v1 *d)
{
	union inet_addr mask;

	if (xt_host_arg(c, &mask, NULL) < 0)
		return -EINVAL;
	memset(&d->mask, 0, sizeof(d->mask));
	memcpy(&d->mask, &mask, addr_len(c->family));
	return 0;
}

static int recent_parse(struct xt_call *c, void *data)
{
	struct xt_recent_mtinfo_v1 *d = &((struct recent *)data)->info;

	switch (c->opt->id) {
	case RC_SECONDS:
		d->seconds = c->val.u32;
		break;
	case RC_HITCOUNT:
		d->hit_count = c->val.u32;
		break;
	case RC_REAP:
		d->check_set |= XT_RECENT_REAP;
		break;
	case RC_RTTL:
		d->check_set |= XT_RECENT_TTL;
		break;
	case RC_NAME:
		memset(d->name, 0, sizeof(d->name));
		memcpy(d->name, c->arg, MIN(strlen(c->arg), sizeof(d->name) - 1));
		break;
	case RC_RSOURCE:
	case RC_RDEST:
		d->side = c->opt->id == RC_RDEST ? XT_RECENT_DEST : XT_RECENT_SOURCE;
		break;
	case RC_MASK:
		return parse_mask(c, d);
	default:
		d->check_set |= ways[c->opt->id].bit;
		d->invert = c->invert;
		break;
	}
	return 0;
}

static int recent_check(struct xt_call *c, void *data)
{
	return c->seen & RC_WAYS ? 0 : xt_error(c, "recent: you must specify one of `--set', `--rcheck' `--update' or "
						   "`--remove'");
}

static int recent_verify(const struct xt_where *w, const void *data)
{
	return fn_recent_valid(&((const struct recent *)data)->info) ? 0 : -EINVAL;
}

static void put_mask(struct sbuf *out, const struct recent *d)
{
	char text[ADDR_STRLEN];
	union inet_addr mask = { 0 };

	memcpy(&mask, &d->info.mask, addr_len(d->family));
	sbuf_puts(out, addr_fmt(text, d->family, &mask));
}

static void recent_print_rule(struct sbuf *out, const void *data, bool numeric)
{
	const struct xt_recent_mtinfo_v1 *d = &((const struct recent *)data)->info;

	sbuf_puts(out, d->invert ? " ! recent:" : " recent:");
	for (unsigned i = 0; i < ARRAY_LEN(ways); i++)
		if (d->check_set & ways[i].bit)
			sbuf_printf(out, " %s", ways[i].word);
	if (d->seconds)
		sbuf_printf(out, " seconds: %d", (int)d->seconds);
	if (d->check_set & XT_RECENT_REAP)
		sbuf_puts(out, " reap");
	if (d->hit_count)
		sbuf_printf(out, " hit_count: %d", (int)d->hit_count);
	if (d->check_set & XT_RECENT_TTL)
		sbuf_puts(out, " TTL-Match");
	sbuf_printf(out, " name: %s side: %s mask: ", d->name, d->side == XT_RECENT_DEST ? "dest" : "source");
	put_mask(out, data);
}

static void recent_save(struct sbuf *out, const void *data)
{
	const struct xt_recent_mtinfo_v1 *d = &((const struct recent *)data)->info;

	for (unsigned i = 0; i < ARRAY_LEN(ways); i++)
		if (d->check_set & ways[i].bit)
			sbuf_printf(out, "%s --%s", d->invert ? " !" : "", ways[i].option);
	if (d->seconds)
		sbuf_printf(out, " --seconds %d", (int)d->seconds);
	if (d->check_set & XT_RECENT_REAP)
		sbuf_puts(out, " --reap");
	if (d->hit_count)
		sbuf_printf(out, " --hitcount %d", (int)d->hit_count);
	if (d->check_set & XT_RECENT_TTL)
		sbuf_puts(out, " --rttl");
	sbuf_printf(out, " --name %s --mask ", d->name);
	put_mask(out, data);
	sbuf_puts(out, d->side == XT_RECENT_DEST ? " --rdest" : " --rsource");
}

static int recent_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_recent, &((const struct recent *)data)->info, sizeof(struct xt_recent_mtinfo_v1));
	return 0;
}

const struct xt_ext xt_recent = {
	.kind = XT_MATCH,
	.name = "recent",
	.revision = 1,
	.families = XT_BOTH,
	.size = sizeof(struct recent),
	.opts = opts,
	.init = recent_init,
	.parse = recent_parse,
	.check = recent_check,
	.verify = recent_verify,
	.print = recent_print_rule,
	.save = recent_save,
	.emit = recent_emit,
};
