/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/time.c - -m time: by date, time of day, weekday and day of the month.
 *
 * --kerneltz asks for the kernel's time zone, which is UTC in natbox: only how the rule is shown depends on it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "front/xt/util.h"
#include "rules/fn.h"

enum { TM_DSTART, TM_DSTOP, TM_START, TM_STOP, TM_WEEKDAYS, TM_MONTHDAYS, TM_LOCALTZ, TM_UTC, TM_KERNELTZ, TM_CONTIGUOUS };

static const struct xt_opt opts[] = {
	{ "datestart", TM_DSTART, .flags = 0 },
	{ "datestop", TM_DSTOP, .flags = 0 },
	{ "timestart", TM_START, .flags = 0 },
	{ "timestop", TM_STOP, .flags = 0 },
	{ "weekdays", TM_WEEKDAYS, .flags = XT_INVERT },
	{ "monthdays", TM_MONTHDAYS, .flags = XT_INVERT },
	{ "localtz", TM_LOCALTZ, .flags = XT_NOVAL, .excl = XT_BIT(TM_UTC) },
	{ "utc", TM_UTC, .flags = XT_NOVAL, .excl = XT_BIT(TM_LOCALTZ) | XT_BIT(TM_KERNELTZ) },
	{ "kerneltz", TM_KERNELTZ, .flags = XT_NOVAL, .excl = XT_BIT(TM_UTC) },
	{ "contiguous", TM_CONTIGUOUS, .flags = XT_NOVAL },
	{ 0 },
};

static const char *const weekdays[] = { NULL, "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };

static void tm_init(void *data, uint8_t family)
{
	struct xt_time_info *d = data;

	d->date_stop = INT32_MAX;
	d->daytime_stop = XT_TIME_MAX_DAYTIME;
	d->monthdays_match = XT_TIME_ALL_MONTHDAYS;
	d->weekdays_match = XT_TIME_ALL_WEEKDAYS;
}

/* one part of a date up to @sep (0: the last one); *more: @sep was there */
static bool date_part(const char **s, char sep, unsigned lo, unsigned hi, int *val, bool *more)
{
	char *end;
	unsigned long v = strtoul(*s, &end, 10);

	if (end == *s || v < lo || v > hi || (*end && *end != sep))
		return false;
	*val = (int)v;
	*more = *end;
	*s = end + *more;
	return true;
}

static int parse_date(struct xt_call *c, uint32_t *out)
{
	static const struct {
		char sep;
		unsigned lo, hi;
	} parts[] = { { '-', 1970, 2038 }, { '-', 1, 12 }, { 'T', 1, 31 }, { ':', 0, 23 }, { ':', 0, 59 }, { 0, 0, 59 } };
	int v[6] = { 0, 1, 1, 0, 0, 0 };
	const char *s = c->arg;
	bool more = true;
	struct tm tm;
	time_t t;

	for (unsigned i = 0; i < ARRAY_LEN(parts) && more; i++)
		if (!date_part(&s, parts[i].sep, parts[i].lo, parts[i].hi, &v[i], &more))
			goto bad;
	tm = (struct tm){ .tm_year = v[0] - 1900, .tm_mon = v[1] - 1, .tm_mday = v[2], .tm_hour = v[3], .tm_min = v[4],
			  .tm_sec = v[5] };
	t = timegm(&tm);
	if (t >= 0 && t <= INT32_MAX) {
		*out = (uint32_t)t;
		return 0;
	}
bad:
	return xt_error(c, "Invalid date \"%s\" specified. Should be YYYY[-MM[-DD[Thh[:mm[:ss]]]]]", c->arg);
}

/* "hh:mm[:ss]"; the message names what could not be read, from there to the end */
static int parse_daytime(struct xt_call *c, uint32_t *out)
{
	static const unsigned max[] = { 23, 59, 59 };
	unsigned v[3] = { 0 };
	const char *s = c->arg;

	for (unsigned i = 0; i < 3; i++) {
		char *end;
		unsigned long n = strtoul(s, &end, 10);

		if (end == s || n > max[i] || (*end && (*end != ':' || i == 2)) || (!*end && i == 0))
			return xt_error(c,
					"invalid time \"%s\" specified, should be hh:mm[:ss] format and within the "
					"boundaries",
					s);
		v[i] = (unsigned)n;
		s = end + 1;
		if (!*end)
			break;
	}
	*out = 3600 * v[0] + 60 * v[1] + v[2];
	return 0;
}

static int one_weekday(struct xt_call *c, const char *w, uint32_t *bits)
{
	uint64_t n;

	if (xt_strtou(w, NULL, 0, UINT32_MAX, &n)) {
		if (!n)
			return xt_error(c, "No, the week does NOT begin with Sunday.");
		*bits |= n < 8 ? 1u << n : 0;
		return 0;
	}
	for (unsigned i = 1; i < ARRAY_LEN(weekdays); i++)
		if (strncmp(w, weekdays[i], 2) == 0) {
			*bits |= 1u << i;
			return 0;
		}
	return xt_error(c, "%s is not a valid day specifier", w);
}

static int one_monthday(struct xt_call *c, const char *w, uint32_t *bits)
{
	uint64_t n;

	if (!xt_strtou(w, NULL, 0, 31, &n))
		return xt_error(c, "%s is not a valid day for --monthdays", w);
	*bits |= 1u << n;
	return 0;
}

static int parse_days(struct xt_call *c, int (*one)(struct xt_call *c, const char *w, uint32_t *bits), uint32_t *bits)
{
	char *copy = mem_strdup(c->arg), *save = NULL;
	int err = copy ? 0 : xt_error(c, "out of memory");

	*bits = 0;
	for (char *w = copy ? strtok_r(copy, ",", &save) : NULL; w && !err; w = strtok_r(NULL, ",", &save))
		err = one(c, w, bits);
	mem_free(copy);
	return err;
}

static int tm_parse(struct xt_call *c, void *data)
{
	struct xt_time_info *d = data;
	uint32_t bits;

	switch (c->opt->id) {
	case TM_DSTART:
		return parse_date(c, &d->date_start);
	case TM_DSTOP:
		return parse_date(c, &d->date_stop);
	case TM_START:
		return parse_daytime(c, &d->daytime_start);
	case TM_STOP:
		return parse_daytime(c, &d->daytime_stop);
	case TM_WEEKDAYS:
		if (parse_days(c, one_weekday, &bits) < 0)
			return -EINVAL;
		d->weekdays_match = (uint8_t)(c->invert ? bits ^ XT_TIME_ALL_WEEKDAYS : bits);
		return 0;
	case TM_MONTHDAYS:
		if (parse_days(c, one_monthday, &bits) < 0)
			return -EINVAL;
		d->monthdays_match = c->invert ? bits ^ XT_TIME_ALL_MONTHDAYS : bits;
		return 0;
	case TM_LOCALTZ:
		if (c->warn)
			sbuf_puts(c->warn,
				  "WARNING: --localtz is being replaced by --kerneltz, since \"local\" is ambiguous. "
				  "Note the kernel timezone has caveats - see manpage for details.\n");
		d->flags |= XT_TIME_LOCAL_TZ;
		return 0;
	case TM_KERNELTZ:
		d->flags |= XT_TIME_LOCAL_TZ;
		return 0;
	case TM_CONTIGUOUS:
		d->flags |= XT_TIME_CONTIGUOUS;
		return 0;
	default:
		return 0;
	}
}

static int tm_check(struct xt_call *c, void *data)
{
	const struct xt_time_info *d = data;

	if ((d->flags & XT_TIME_CONTIGUOUS) && d->daytime_start < d->daytime_stop)
		return xt_error(c, "time: --contiguous only makes sense when stoptime is smaller than starttime");
	return 0;
}

/* ---- showing ---- */

static void put_date(struct sbuf *out, uint32_t date, char sep)
{
	time_t t = date;
	struct tm tm;

	gmtime_r(&t, &tm);
	sbuf_printf(out, "%04d-%02d-%02d%c%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, sep, tm.tm_hour,
		    tm.tm_min, tm.tm_sec);
}

static void put_daytime(struct sbuf *out, uint32_t s)
{
	sbuf_printf(out, "%02u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
}

static void put_weekdays(struct sbuf *out, const struct xt_time_info *d)
{
	const char *comma = "";

	for (unsigned i = 1; i <= 7; i++)
		if (d->weekdays_match >> i & 1) {
			sbuf_printf(out, "%s%s", comma, weekdays[i]);
			comma = ",";
		}
}

/* @ordinal: as "1st", by the last digit alone, as the real tool has it */
static void put_monthdays(struct sbuf *out, const struct xt_time_info *d, bool ordinal)
{
	static const char *const suffix[] = { "th", "st", "nd", "rd" };
	const char *comma = "";

	for (unsigned i = 1; i <= 31; i++)
		if (d->monthdays_match >> i & 1) {
			sbuf_printf(out, "%s%u%s", comma, i, !ordinal ? "" : suffix[i % 10 < 4 ? i % 10 : 0]);
			comma = ",";
		}
}

static bool whole_day(const struct xt_time_info *d)
{
	return !d->daytime_start && d->daytime_stop == XT_TIME_MAX_DAYTIME;
}

static void tm_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct xt_time_info *d = data;

	sbuf_puts(out, " TIME");
	if (!whole_day(d)) {
		sbuf_puts(out, " from ");
		put_daytime(out, d->daytime_start);
		sbuf_puts(out, " to ");
		put_daytime(out, d->daytime_stop);
	}
	if (d->weekdays_match != XT_TIME_ALL_WEEKDAYS) {
		sbuf_puts(out, " on ");
		put_weekdays(out, d);
	}
	if (d->monthdays_match != XT_TIME_ALL_MONTHDAYS) {
		sbuf_puts(out, " on ");
		put_monthdays(out, d, true);
	}
	if (d->date_start) {
		sbuf_puts(out, " starting from ");
		put_date(out, d->date_start, ' ');
	}
	if (d->date_stop != INT32_MAX) {
		sbuf_puts(out, " until date ");
		put_date(out, d->date_stop, ' ');
	}
	if (!(d->flags & XT_TIME_LOCAL_TZ))
		sbuf_puts(out, " UTC");
	if (d->flags & XT_TIME_CONTIGUOUS)
		sbuf_puts(out, " contiguous");
}

static void tm_save(struct sbuf *out, const void *data)
{
	const struct xt_time_info *d = data;

	if (!whole_day(d)) {
		sbuf_puts(out, " --timestart ");
		put_daytime(out, d->daytime_start);
		sbuf_puts(out, " --timestop ");
		put_daytime(out, d->daytime_stop);
	}
	if (d->monthdays_match != XT_TIME_ALL_MONTHDAYS) {
		sbuf_puts(out, " --monthdays ");
		put_monthdays(out, d, false);
	}
	if (d->weekdays_match != XT_TIME_ALL_WEEKDAYS) {
		sbuf_puts(out, " --weekdays ");
		put_weekdays(out, d);
	}
	if (d->date_start) {
		sbuf_puts(out, " --datestart ");
		put_date(out, d->date_start, 'T');
	}
	if (d->date_stop) {		/* also the last one that there is */
		sbuf_puts(out, " --datestop ");
		put_date(out, d->date_stop, 'T');
	}
	if (d->flags & XT_TIME_LOCAL_TZ)
		sbuf_puts(out, " --kerneltz");
	if (d->flags & XT_TIME_CONTIGUOUS)
		sbuf_puts(out, " --contiguous");
}

static int tm_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_time, data, sizeof(struct xt_time_info));
	return 0;
}

static void xlate_day(struct sbuf *out, time_t t)
{
	struct tm tm;

	gmtime_r(&t, &tm);
	sbuf_printf(out, "\"%04d-%02d-%02d %02d:%02d:%02d\"", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
		    tm.tm_min, tm.tm_sec);
}

static void xlate_weekdays(struct sbuf *out, uint8_t bits)
{
	const char *sep = "";
	bool several = bits & (bits - 1);

	sbuf_printf(out, " meta day %s", several ? "{ " : "");
	for (unsigned i = 1; i <= 7; i++) {
		if (!(bits >> i & 1))
			continue;
		sbuf_printf(out, "%s%u", sep, i == 7 ? 0 : i);
		sep = ", ";
	}
	sbuf_puts(out, several ? " }" : "");
}

static bool tm_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct xt_time_info *d = data;

	if (d->monthdays_match != XT_TIME_ALL_MONTHDAYS)
		return false;
	if (d->date_start || d->date_stop != INT_MAX) {
		sbuf_puts(out, "meta time ");
		xlate_day(out, d->date_start);
		sbuf_putc(out, '-');
		xlate_day(out, d->date_stop);
	}
	if (!whole_day(d))
		sbuf_printf(out, " meta hour \"%02u:%02u:%02u\"-\"%02u:%02u:%02u\"", d->daytime_start / 3600,
			    d->daytime_start / 60 % 60, d->daytime_start % 60, d->daytime_stop / 3600,
			    d->daytime_stop / 60 % 60, d->daytime_stop % 60);
	if (d->weekdays_match != XT_TIME_ALL_WEEKDAYS)
		xlate_weekdays(out, d->weekdays_match);
	return true;
}

const struct xt_ext xt_time = {
	.kind = XT_MATCH,
	.name = "time",
	.families = XT_BOTH,
	.size = sizeof(struct xt_time_info),
	.opts = opts,
	.init = tm_init,
	.parse = tm_parse,
	.check = tm_check,
	.print = tm_print,
	.save = tm_save,
	.emit = tm_emit,
	.xlate = tm_xlate,
};
