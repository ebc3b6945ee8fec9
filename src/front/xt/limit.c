/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/limit.c - -m limit: a token bucket by packets.
 *
 * The rate is kept as iptables keeps it, in 1/10000 s per packet, and printed with the largest unit in which that is
 * about a whole number.
 */
#include <stdlib.h>

#include "front/xt/util.h"
#include "rules/fn.h"

#define LIMIT_SCALE 10000u
#define LIMIT_BURST 5u

enum { LIMIT_AVG, LIMIT_BURST_OPT };

static const struct xt_opt opts[] = {
	{ "limit", LIMIT_AVG, .flags = 0 },
	{ "limit-burst", LIMIT_BURST_OPT, .flags = 0, .type = XT_T_U32, .min = 0, .max = 10000 },
	{ 0 },
};

struct limit {
	uint32_t avg, burst;
};

static const struct {
	const char *name, *word;
	uint32_t period;
} units[] = {	/* the largest first */
	{ "day", "day", 86400 * LIMIT_SCALE },
	{ "hour", "hour", 3600 * LIMIT_SCALE },
	{ "minute", "min", 60 * LIMIT_SCALE },
	{ "second", "sec", LIMIT_SCALE },
};

static void limit_init(void *data, uint8_t family)
{
	struct limit *d = data;

	d->avg = 3600 * LIMIT_SCALE / 3;
	d->burst = LIMIT_BURST;
}

static int parse_rate(struct xt_call *c, struct limit *d)
{
	const char *slash = strchr(c->arg, '/');
	size_t n = slash ? strlen(slash + 1) : 0;
	uint32_t period = LIMIT_SCALE, rate = (uint32_t)strtol(c->arg, NULL, 10);
	int i = (int)ARRAY_LEN(units) - 1;

	if (slash) {
		for (; i >= 0; i--)
			if (n && strncasecmp(slash + 1, units[i].name, n) == 0)
				break;
		if (i < 0)
			return xt_error(c, "bad rate \"%s\"'", c->arg);
		period = units[i].period;
	}
	if (!rate)
		return xt_error(c, "bad rate \"%s\"'", c->arg);
	if (period < rate)
		return xt_error(c, "Rate too fast \"%s\"", c->arg);
	d->avg = period / rate;
	return 0;
}

static int limit_parse(struct xt_call *c, void *data)
{
	struct limit *d = data;

	if (c->opt->id == LIMIT_AVG)
		return parse_rate(c, d);
	d->burst = c->val.u32 ? c->val.u32 : LIMIT_BURST;
	return 0;
}

static void put_rate(struct sbuf *out, uint32_t avg)
{
	unsigned i;

	for (i = 1; i < ARRAY_LEN(units); i++)
		if (avg > units[i].period || units[i].period / avg < units[i].period % avg)
			break;
	sbuf_printf(out, " %u/%s", units[i - 1].period / avg, units[i - 1].word);
}

static void limit_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct limit *d = data;

	sbuf_puts(out, " limit: avg");
	put_rate(out, d->avg);
	sbuf_printf(out, " burst %u", d->burst);
}

static void limit_save(struct sbuf *out, const void *data)
{
	const struct limit *d = data;

	sbuf_puts(out, " --limit");
	put_rate(out, d->avg);
	if (d->burst != LIMIT_BURST)
		sbuf_printf(out, " --limit-burst %u", d->burst);
}

static int limit_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct limit *d = data;
	struct fn_limit f = { 0 };

	fn_limit_of_avg(d->avg, d->burst, &f);
	xt_test(l, &fn_limit, &f, sizeof(f));
	return 0;
}

static bool limit_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct limit *d = data;
	struct fn_limit f = { 0 };
	const char *unit;

	fn_limit_of_avg(d->avg, d->burst, &f);
	unit = f.unit_s == 1 ? "second" : f.unit_s == 60 ? "minute" : f.unit_s == 3600 ? "hour" : f.unit_s == 86400 ? "day" : "week";
	sbuf_printf(out, "limit rate %llu/%s", (unsigned long long)f.rate, unit);
	if (d->burst != LIMIT_BURST)
		sbuf_printf(out, " burst %u packets", d->burst);
	return true;
}

const struct xt_ext xt_limit = {
	.kind = XT_MATCH,
	.name = "limit",
	.families = XT_BOTH,
	.size = sizeof(struct limit),
	.opts = opts,
	.init = limit_init,
	.parse = limit_parse,
	.print = limit_print,
	.save = limit_save,
	.emit = limit_emit,
	.xlate = limit_xlate,
};
