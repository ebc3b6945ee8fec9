/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/verdict.c - names and sentences of the drop reasons, from the one table in verdict.h.
 */
#include "net/verdict.h"

#include <assert.h>

static const struct {
	const char *name, *text;
} reasons[] = {
#define X(id, name, text) [DROP_##id] = { name, text },
	DROP_REASONS(X)
#undef X
};

static_assert(sizeof(reasons) / sizeof(reasons[0]) == DROP_REASON_MAX, "every drop reason has a name");

const char *drop_reason_name(enum drop_reason r)
{
	return (unsigned)r < DROP_REASON_MAX ? reasons[r].name : "unknown";
}

const char *drop_reason_text(enum drop_reason r)
{
	return (unsigned)r < DROP_REASON_MAX ? reasons[r].text : "unknown reason";
}
