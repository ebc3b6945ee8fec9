/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/fn_content.c - string (are these bytes in the packet), u32 (numbers from anywhere in it) and time (is it the hour and
 * day).
 *
 * Invariants
 *  1. Nothing is read past the end of the packet.
 *
 * References: u32_mt() in the kernel's xt_u32.c; string_mt() in the kernel's xt_string.c, skb_find_text(); time_mt() in xt_time.c.
 */
#include <ctype.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "rules/fn.h"
#include "rules/vm.h"

/* ---- string ---- */

static bool find_icase(const uint8_t *p, size_t n, const uint8_t *pattern, size_t len)
{
	for (size_t at = 0; at + len <= n; at++) {
		size_t i = 0;

		while (i < len && tolower(p[at + i]) == tolower(pattern[i]))
			i++;
		if (i == len)
			return true;
	}
	return false;
}

/* offsets count from the IP header; the whole pattern must lie before .to_offset */
static bool string_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct fn_string *s = data;
	uint32_t end = MIN(s->to, pkt_l3_len(m->pkt)), from = s->from;
	const uint8_t *p = pkt_l3(m->pkt) + from;
	bool found = false;

	if (from < end && s->icase)
		found = find_icase(p, end - from, s->pattern, s->len);
	else if (from < end)
		found = memmem(p, end - from, s->pattern, s->len);
	return found != s->invert;
}

const struct ir_fn fn_string = { .name = "string", .pure = true, .eval = string_eval };

/* ---- u32 ---- */

/* the number that a test looks at; false: the packet ends before it */
static bool u32_value(const struct pkt *p, const struct xt_u32_test *t, uint32_t *val)
{
	uint32_t len = pkt_l3_len(p), base = 0, pos = t->location[0].number, v;

	if (len < 4 || pos > len - 4)
		return false;
	v = get_u32(pkt_l3(p) + pos);
	for (unsigned i = 1; i < t->nnums; i++) {
		uint32_t n = t->location[i].number;

		switch (t->location[i].nextop) {
		case XT_U32_AND:
			v &= n;
			break;
		case XT_U32_LEFTSH:
			v = n < 32 ? v << n : 0;
			break;
		case XT_U32_RIGHTSH:
			v = n < 32 ? v >> n : 0;
			break;
		case XT_U32_AT:
			if (base + v < base)
				return false;
			base += v;
			if (base + n < n || base + n > len - 4)
				return false;
			v = get_u32(pkt_l3(p) + base + n);
			break;
		}
	}
	*val = v;
	return true;
}

static bool u32_test(const struct pkt *p, const struct xt_u32_test *t)
{
	uint32_t v;

	if (!u32_value(p, t, &v))
		return false;
	for (unsigned i = 0; i < t->nvalues; i++)
		if (v >= t->value[i].min && v <= t->value[i].max)
			return true;
	return false;
}

static bool u32_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct xt_u32 *u = data;
	bool all = true;

	for (unsigned i = 0; i < u->ntests && all; i++)
		all = u32_test(m->pkt, &u->tests[i]);
	return all != !!u->invert;
}

const struct ir_fn fn_u32 = { .name = "u32", .pure = true, .eval = u32_eval };

/* ---- time ---- */

#define DAY_S (24 * 60 * 60)

static bool time_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct xt_time_info *i = data;
	time_t stamp = (time_t)(clock_wall_ns(m->clock) / NSEC_PER_SEC);
	uint32_t of_day = (uint32_t)(stamp % DAY_S);
	struct tm tm;

	if (stamp < (time_t)i->date_start || stamp > (time_t)i->date_stop)
		return false;
	if (i->daytime_start < i->daytime_stop) {
		if (of_day < i->daytime_start || of_day > i->daytime_stop)
			return false;
	} else {
		if (of_day < i->daytime_start && of_day > i->daytime_stop)
			return false;
		if ((i->flags & XT_TIME_CONTIGUOUS) && of_day <= i->daytime_stop)
			stamp -= DAY_S;		/* the night belongs to the day on which it began */
	}
	gmtime_r(&stamp, &tm);
	return (i->weekdays_match >> (tm.tm_wday ? tm.tm_wday : 7) & 1) &&
	       (i->monthdays_match == XT_TIME_ALL_MONTHDAYS || (i->monthdays_match >> tm.tm_mday & 1));
}

const struct ir_fn fn_time = { .name = "time", .pure = true, .eval = time_eval };
