/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/sched.h - virtual time: events in a strict order, tasks with stacks of their own, and queues to wait in.
 *
 * Nothing runs at the same time as anything else, and nothing takes time but waiting. A task runs until it waits;
 * when all wait, the clock jumps to the next event. Events of one instant run in the order in which they were set;
 * tasks in the order in which they were woken. So a lab with the same seed gives the same bytes.
 *
 * Invariants
 *  1. Only sched_run() switches to a task, and only sched_wait() and the task's end switch back.
 *  2. A waiter is on its queues exactly while its task waits.
 *  3. clock->now_ns never goes back.
 */
#ifndef LAB_SCHED_H
#define LAB_SCHED_H

#include "base/clock.h"
#include "base/list.h"

#define SCHED_NEVER UINT64_MAX

struct sched;
struct task;

/* Something that happens at a time. Lives in whoever sets it; must be cancelled before that goes away. */
struct sched_event {
	uint64_t when_ns, order;
	size_t pos;			/* in the heap, from 1; 0: not pending */
	void (*fire)(struct sched_event *ev);
};

/* Tasks that wait for something. A woken task looks again whether it is there. */
struct waitq {
	struct list waiters;
};

enum sched_woken {
	SCHED_WOKEN,			/* somebody called waitq_wake() */
	SCHED_TIMEOUT,			/* the deadline passed */
	SCHED_INTERRUPTED,		/* sched_interrupt(), perhaps before the wait began */
};

struct sched *sched_new(struct clock *clock);		/* NULL: no memory */
void sched_free(struct sched *s);			/* tasks must have ended */
/**
 * sched_before() - @fn is called each time before the next event is chosen, and may set events itself; @until_ns:
 * time will not pass that
 */
void sched_before(struct sched *s, void (*fn)(void *ctx, uint64_t until_ns), void *ctx);
uint64_t sched_next(const struct sched *s);		/* when the next event is due; SCHED_NEVER: none */
uint64_t sched_now(const struct sched *s);		/* ns */

/* ---- events ---- */
static inline void sched_event_init(struct sched_event *ev, void (*fire)(struct sched_event *ev))
{
	*ev = (struct sched_event){ .fire = fire };
}
static inline bool sched_event_pending(const struct sched_event *ev)
{
	return ev->pos != 0;
}
/** sched_at() - (re)arm @ev; a time that has passed means now; 0 or -ENOMEM */
int sched_at(struct sched *s, struct sched_event *ev, uint64_t when_ns);
void sched_cancel(struct sched *s, struct sched_event *ev);

/* ---- tasks ---- */
/**
 * sched_spawn() - a new task, ready to run; it is freed when @fn returns
 * @done: called, not as a task, after its stack is gone; may be NULL
 */
struct task *sched_spawn(struct sched *s, void (*fn)(void *arg), void (*done)(void *arg), void *arg);
struct task *sched_current(const struct sched *s);	/* NULL: no task runs */
/**
 * sched_interrupt() - @t's present wait, or else its next one, ends with SCHED_INTERRUPTED; stays so until
 * sched_uninterrupt()
 */
void sched_interrupt(struct sched *s, struct task *t);
void sched_uninterrupt(struct task *t);

/* ---- waiting: only in a task ---- */
static inline void waitq_init(struct waitq *q)
{
	list_init(&q->waiters);
}
void waitq_wake(struct waitq *q);			/* everybody in it */
/** sched_wait() - wait in @q (NULL: just wait) until woken, @until_ns (SCHED_NEVER: no deadline) or interrupted */
enum sched_woken sched_wait(struct sched *s, struct waitq *q, uint64_t until_ns);
/** sched_wait_any() - the same in up to 8 queues at once; NULL entries are skipped */
enum sched_woken sched_wait_any(struct sched *s, struct waitq **qs, unsigned n, uint64_t until_ns);
enum sched_woken sched_sleep(struct sched *s, uint64_t ns);

/* ---- driving: not in a task ---- */
enum sched_stop {
	SCHED_DONE,     /* @done said so */
	SCHED_DEADLINE, /* the clock is at @until_ns */
	SCHED_IDLE,     /* nothing is left that could happen; the clock is at @until_ns unless that was SCHED_NEVER */
};
/**
 * sched_run() - let time pass
 * @until_ns: at most until then; everything due at that instant has then happened
 * @done: looked at whenever no task is ready; NULL: never
 */
enum sched_stop sched_run(struct sched *s, uint64_t until_ns, bool (*done)(void *ctx), void *ctx);

#endif
