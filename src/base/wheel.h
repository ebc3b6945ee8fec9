/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/wheel.h - hierarchical timer wheel with a granularity of one millisecond.
 *
 * Adding and deleting cost the same whatever the number of timers. A timer fires at the first wheel_advance() whose time is at
 * or after its expiry, in order of expiry time (equal times: in the order added).
 */
#ifndef BASE_WHEEL_H
#define BASE_WHEEL_H

#include "base/list.h"

#define WHEEL_BITS 8
#define WHEEL_SLOTS (1 << WHEEL_BITS)
#define WHEEL_LEVELS 5		/* 2^40 ms: 34 years */

struct wheel_timer {
	struct list node;	/* empty: not pending */
	uint64_t expires_ms;
};

struct wheel {
	uint64_t now_ms;	/* everything up to here has fired */
	uint64_t count;		/* pending timers */
	uint64_t used[WHEEL_LEVELS][WHEEL_SLOTS / 64];	/* slots that hold timers */
	struct list slot[WHEEL_LEVELS][WHEEL_SLOTS];
};

void wheel_init(struct wheel *w, uint64_t now_ms);
static inline void wheel_timer_init(struct wheel_timer *t)
{
	list_init(&t->node);
}
static inline bool wheel_pending(const struct wheel_timer *t)
{
	return !list_empty(&t->node);
}
/** wheel_add() - (re)arm @t for @expires_ms; a time that has passed fires at the next wheel_advance() */
void wheel_add(struct wheel *w, struct wheel_timer *t, uint64_t expires_ms);
void wheel_del(struct wheel *w, struct wheel_timer *t);
/** wheel_next() - when the next timer may fire (exact for the nearest 256 ms, else a lower bound), UINT64_MAX: none pending */
uint64_t wheel_next(const struct wheel *w);
/**
 * wheel_advance() - fire what is due
 * @now_ms: the time now; never goes back
 * @fire: called with each timer, already not pending; may add and delete timers, itself included
 */
void wheel_advance(struct wheel *w, uint64_t now_ms, void (*fire)(void *ctx, struct wheel_timer *t), void *ctx);

#endif
