/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/clock.h - injected time. Whoever drives the engine moves it; nobody below asks the machine.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/types.h"

struct clock {
	uint64_t now_ns;	/* monotonic, since the engine began */
	uint64_t epoch_ns;	/* wall time (UTC, since 1970) at now_ns == 0 */
};

static inline uint64_t clock_ms(const struct clock *c)
{
	return c->now_ns / NSEC_PER_MSEC;
}

/** clock_wall_ns() - wall time, UTC, in ns since 1970 */
static inline uint64_t clock_wall_ns(const struct clock *c)
{
	return c->epoch_ns + c->now_ns;
}

#endif
