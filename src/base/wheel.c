/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/wheel.c - hierarchical timer wheel.
 *
 * Theory of operation: level l has 256 slots of 256^l ms each. A timer stands at the lowest level whose span covers the time left; when the
 * wheel's clock enters a slot of a higher level, that slot's timers are put again, lower. A bitmap of used slots makes idle time free: the
 * clock jumps to the next used slot.
 *
 * Invariants
 *  1. A pending timer of level l expires in (now, now + 256^(l+1)) and its slot is (expires >> 8l) & 255. One that is due is kept at now + 1.
 *  2. A bit of .used is clear only if the slot's list is empty (it may be set over an empty one after wheel_del()).
 */
#include "base/wheel.h"

#include <string.h>

#define WHEEL_MASK (WHEEL_SLOTS - 1)
#define WHEEL_SPAN (1ull << (WHEEL_BITS * WHEEL_LEVELS))

void wheel_init(struct wheel *w, uint64_t now_ms)
{
	memset(w->used, 0, sizeof(w->used));
	w->now_ms = now_ms;
	w->count = 0;
	for (int l = 0; l < WHEEL_LEVELS; l++)
		for (int s = 0; s < WHEEL_SLOTS; s++)
			list_init(&w->slot[l][s]);
}

static void wheel_put(struct wheel *w, struct wheel_timer *t, int level, unsigned slot)
{
	list_add_tail(&w->slot[level][slot], &t->node);
	w->used[level][slot / 64] |= 1ull << (slot % 64);
}

static void wheel_place(struct wheel *w, struct wheel_timer *t)
{
	uint64_t at = MAX(t->expires_ms, w->now_ms + 1);
	int level = 0;

	if (at - w->now_ms >= WHEEL_SPAN)
		at = w->now_ms + WHEEL_SPAN - 1;
	/* the level at which now and then differ only in its own digit: the slot is then entered before the timer is due */
	while (level < WHEEL_LEVELS - 1 && (at >> (WHEEL_BITS * (level + 1))) != (w->now_ms >> (WHEEL_BITS * (level + 1))))
		level++;
	wheel_put(w, t, level, (at >> (WHEEL_BITS * level)) & WHEEL_MASK);
}

void wheel_add(struct wheel *w, struct wheel_timer *t, uint64_t expires_ms)
{
	wheel_del(w, t);
	t->expires_ms = expires_ms;
	wheel_place(w, t);
	w->count++;
}

void wheel_del(struct wheel *w, struct wheel_timer *t)
{
	if (!wheel_pending(t))
		return;
	list_del(&t->node);
	w->count--;
}

/* the first used slot of @level after @from, -1: none up to the end of the turn */
static int wheel_used(const struct wheel *w, int level, unsigned from)
{
	for (unsigned i = from / 64; i < WHEEL_SLOTS / 64; i++) {
		uint64_t bits = w->used[level][i];

		if (i == from / 64)
			bits &= ~0ull << (from % 64);
		if (bits)
			return (int)(i * 64 + (unsigned)__builtin_ctzll(bits));
	}
	return -1;
}

uint64_t wheel_next(const struct wheel *w)
{
	if (!w->count)
		return UINT64_MAX;
	for (int l = 0; l < WHEEL_LEVELS; l++) {
		int shift = WHEEL_BITS * l;
		unsigned here = (w->now_ms >> shift) & WHEEL_MASK;
		int slot = here == WHEEL_MASK ? -1 : wheel_used(w, l, here + 1);

		if (slot >= 0)
			return (((w->now_ms >> shift) & ~(uint64_t)WHEEL_MASK) | (uint64_t)slot) << shift;
	}
	/* only in a turn to come of the top level */
	return ((w->now_ms >> (WHEEL_BITS * WHEEL_LEVELS)) + 1) << (WHEEL_BITS * WHEEL_LEVELS);
}

/* enter the slots that begin at the wheel's present time: put the timers of higher levels again, lower */
static void wheel_cascade(struct wheel *w)
{
	for (int l = WHEEL_LEVELS - 1; l > 0; l--) {
		unsigned slot = (w->now_ms >> (WHEEL_BITS * l)) & WHEEL_MASK;
		struct list todo;

		if ((w->now_ms & ((1ull << (WHEEL_BITS * l)) - 1)) || !(w->used[l][slot / 64] >> (slot % 64) & 1))
			continue;
		w->used[l][slot / 64] &= ~(1ull << (slot % 64));
		list_init(&todo);
		while (!list_empty(&w->slot[l][slot])) {
			struct list *n = w->slot[l][slot].next;

			list_del(n);
			list_add_tail(&todo, n);
		}
		while (!list_empty(&todo)) {
			struct wheel_timer *t = list_first(&todo, struct wheel_timer, node);

			list_del(&t->node);
			if (t->expires_ms > w->now_ms)
				wheel_place(w, t);
			else
				wheel_put(w, t, 0, w->now_ms & WHEEL_MASK);	/* due now: the slot that fires next */
		}
	}
}

void wheel_advance(struct wheel *w, uint64_t now_ms, void (*fire)(void *ctx, struct wheel_timer *t), void *ctx)
{
	while (w->now_ms < now_ms) {
		uint64_t next = wheel_next(w);
		unsigned slot;

		if (next > now_ms) {
			w->now_ms = now_ms;
			return;
		}
		w->now_ms = next;
		wheel_cascade(w);
		slot = next & WHEEL_MASK;
		w->used[0][slot / 64] &= ~(1ull << (slot % 64));
		while (!list_empty(&w->slot[0][slot])) {
			struct wheel_timer *t = list_first(&w->slot[0][slot], struct wheel_timer, node);

			list_del(&t->node);
			w->count--;
			fire(ctx, t);
		}
	}
}
