/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/statistic.c - -m statistic: by chance, or every nth packet.
 *
 * The probability is kept in 1/2^31, as the kernel has it, and printed from that.
 */
#include <stdlib.h>

#include "front/xt/util.h"
#include "rules/fn.h"

enum { ST_MODE, ST_PROBABILITY, ST_EVERY, ST_PACKET };

static const struct xt_opt opts[] = {
	{ "mode", ST_MODE, .flags = XT_MAND },
	{ "probability", ST_PROBABILITY, .flags = XT_INVERT, .excl = XT_BIT(ST_EVERY) | XT_BIT(ST_PACKET),
	  .also = XT_BIT(ST_MODE) },
	{ "every", ST_EVERY, .flags = XT_INVERT, .excl = XT_BIT(ST_PROBABILITY),
	  .also = XT_BIT(ST_MODE) | XT_BIT(ST_PACKET), .type = XT_T_U32, .min = 1, .max = UINT32_MAX },
	{ "packet", ST_PACKET, .flags = 0, .excl = XT_BIT(ST_PROBABILITY), .also = XT_BIT(ST_MODE) | XT_BIT(ST_EVERY),
	  .type = XT_T_U32 },
	{ 0 },
};

struct statistic {
	bool nth, invert;
	uint32_t probability, every, packet;
};

static int parse_probability(struct xt_call *c, struct statistic *d)
{
	char *end;
	double p;

	errno = 0;
	p = strtod(c->arg, &end);
	if (end == c->arg || *end || errno || !(p >= 0 && p <= 1))
		return xt_error(c, "%s: bad value for option \"--%s\", or out of range (0-1).\n", c->ext->name,
				c->opt->name);
	d->probability = (uint32_t)(p * 0x80000000u + 0.5);
	return 0;
}

static int st_parse(struct xt_call *c, void *data)
{
	struct statistic *d = data;

	d->invert |= c->invert;
	switch (c->opt->id) {
	case ST_MODE:
		d->nth = strcmp(c->arg, "nth") == 0;
		return d->nth || strcmp(c->arg, "random") == 0 ? 0 : xt_error(c, "Bad mode \"%s\"", c->arg);
	case ST_PROBABILITY:
		return parse_probability(c, d);
	case ST_EVERY:
		d->every = c->val.u32;
		return 0;
	default:
		d->packet = c->val.u32;
		return 0;
	}
}

static int st_check(struct xt_call *c, void *data)
{
	struct statistic *d = data;

	if (!d->nth && !(c->seen & XT_BIT(ST_PROBABILITY)))
		return xt_error(c, "--probability must be specified when using random mode");
	if (d->nth && !(c->seen & (XT_BIT(ST_EVERY) | XT_BIT(ST_PACKET))))
		return xt_error(c, "--every and --packet must be specified when using nth mode");
	if (d->nth && d->packet >= d->every)
		return xt_error(c, "the --packet p must be 0 <= p <= n-1");
	return 0;
}

static void dump(struct sbuf *out, const struct statistic *d, const char *dashes)
{
	const char *inv = d->invert ? " !" : "";

	if (!d->nth) {
		sbuf_printf(out, " %smode random%s %sprobability %.11f", dashes, inv, dashes,
			    1.0 * d->probability / 0x80000000u);
		return;
	}
	sbuf_printf(out, " %smode nth%s %severy %u", dashes, inv, dashes, d->every);
	if (d->packet || *dashes)
		sbuf_printf(out, " %spacket %u", dashes, d->packet);
}

static void st_print(struct sbuf *out, const void *data, bool numeric)
{
	sbuf_puts(out, " statistic");
	dump(out, data, "");
}

static void st_save(struct sbuf *out, const void *data)
{
	dump(out, data, "--");
}

static int st_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct statistic *d = data;
	struct fn_statistic f = { .nth = d->nth, .invert = d->invert, .probability = d->probability };

	if (d->nth) {
		f.every = d->every - 1;
		f.count = d->every - d->packet - 1;
	}
	xt_test(l, &fn_statistic, &f, sizeof(f));
	return 0;
}

static bool st_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct statistic *d = data;

	if (d->nth)
		sbuf_printf(out, "numgen inc mod %u %s%u", d->every, d->invert ? "!= " : "", d->packet);
	else
		sbuf_printf(out, "meta random & %u %s %u", INT32_MAX, d->invert ? ">=" : "<", d->probability);
	return true;
}

const struct xt_ext xt_statistic = {
	.kind = XT_MATCH,
	.name = "statistic",
	.families = XT_BOTH,
	.size = sizeof(struct statistic),
	.opts = opts,
	.parse = st_parse,
	.check = st_check,
	.print = st_print,
	.save = st_save,
	.emit = st_emit,
	.xlate = st_xlate,
};
