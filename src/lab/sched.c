/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/sched.c - virtual time: the event heap, tasks on stacks of their own, wait queues.
 *
 * Below everything that a lab does: frames on a wire, kernel timers, a sleeping shell are all events here or tasks
 * that wait.
 *
 * Theory of operation: sched_run() alternates. First it runs every ready task until it waits; then, when nothing is
 * ready, it takes the earliest event off the heap, moves the clock there and fires it, which may make tasks ready
 * again. A task is a ucontext with its own mapped stack and an unmapped page below it, so that running out of stack
 * is a fault and not a corruption. Switching saves the whole context, so a program is written as if it were alone.
 *
 * Invariants: see sched.h. Also:
 *  4. A task is on the ready list exactly while it is runnable and not running.
 *  5. heap[1] is the earliest event; ev->pos is its place.
 */
#include "lab/sched.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__)
#define SCHED_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SCHED_ASAN 1
#endif
#endif
#ifdef SCHED_ASAN
#include <sanitizer/common_interface_defs.h>
#define STACK_LEN (1024 * 1024)		/* frames are several times as large there */
#else
#define STACK_LEN (256 * 1024)
#endif
#define STACKS_KEPT 32
#define WAIT_MAX 8

struct stack {
	struct stack *next;
	void *map;			/* guard page first */
	size_t map_len;
};

struct task {
	struct list ready;
	struct sched *sched;
	ucontext_t ctx;
	struct stack *stack;
	void (*fn)(void *arg);
	void (*done)(void *arg);
	void *arg;
	struct sched_event timeout;
	enum sched_woken why;
	bool waiting, interrupted, ended;
#ifdef SCHED_ASAN
	void *fake_stack;
#endif
};

struct waiter {
	struct list node;
	struct task *task;
};

struct sched {
	struct clock *clock;
	struct sched_event **heap;	/* [0] is not used */
	size_t n, cap;
	uint64_t order;
	struct list ready;
	struct task *current;
	ucontext_t main;
	struct stack *free_stacks;
	unsigned n_free;
	void (*before)(void *ctx, uint64_t until_ns);
	void *before_ctx;
#ifdef SCHED_ASAN
	void *main_fake;
	const void *main_bottom;
	size_t main_len;
#endif
};

struct sched *sched_new(struct clock *clock)
{
	struct sched *s = mem_zalloc(sizeof(*s));

	if (!s)
		return NULL;
	s->clock = clock;
	list_init(&s->ready);
	return s;
}

static void stack_unmap(struct stack *st)
{
	munmap(st->map, st->map_len);
	mem_free(st);
}

void sched_free(struct sched *s)
{
	if (!s)
		return;
	while (s->free_stacks) {
		struct stack *st = s->free_stacks;

		s->free_stacks = st->next;
		stack_unmap(st);
	}
	mem_free(s->heap);
	mem_free(s);
}

void sched_before(struct sched *s, void (*fn)(void *ctx, uint64_t until_ns), void *ctx)
{
	s->before = fn;
	s->before_ctx = ctx;
}

uint64_t sched_next(const struct sched *s)
{
	return s->n ? s->heap[1]->when_ns : SCHED_NEVER;
}

uint64_t sched_now(const struct sched *s)
{
	return s->clock->now_ns;
}

/* ---- the heap ---- */

static bool before(const struct sched_event *a, const struct sched_event *b)
{
	return a->when_ns != b->when_ns ? a->when_ns < b->when_ns : a->order < b->order;
}

static void heap_put(struct sched *s, size_t i, struct sched_event *ev)
{
	s->heap[i] = ev;
	ev->pos = i;
}

static void heap_up(struct sched *s, size_t i, struct sched_event *ev)
{
	for (; i > 1 && before(ev, s->heap[i / 2]); i /= 2)
		heap_put(s, i, s->heap[i / 2]);
	heap_put(s, i, ev);
}

static void heap_down(struct sched *s, size_t i, struct sched_event *ev)
{
	for (;;) {
		size_t c = 2 * i;

		if (c > s->n)
			break;
		if (c < s->n && before(s->heap[c + 1], s->heap[c]))
			c++;
		if (!before(s->heap[c], ev))
			break;
		heap_put(s, i, s->heap[c]);
		i = c;
	}
	heap_put(s, i, ev);
}

int sched_at(struct sched *s, struct sched_event *ev, uint64_t when_ns)
{
	if (when_ns < s->clock->now_ns)
		when_ns = s->clock->now_ns;
	sched_cancel(s, ev);
	if (s->n + 2 > s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;
		struct sched_event **heap = mem_realloc(s->heap, cap * sizeof(struct sched_event *));

		if (!heap)
			return -ENOMEM;
		s->heap = heap;
		s->cap = cap;
	}
	ev->when_ns = when_ns;
	ev->order = ++s->order;
	s->n++;
	heap_up(s, s->n, ev);
	return 0;
}

void sched_cancel(struct sched *s, struct sched_event *ev)
{
	size_t i = ev->pos;
	struct sched_event *last;

	if (!i)
		return;
	ev->pos = 0;
	last = s->heap[s->n--];
	if (last == ev)
		return;
	if (i > 1 && before(last, s->heap[i / 2]))
		heap_up(s, i, last);
	else
		heap_down(s, i, last);
}

/* ---- switching ---- */

static struct stack *stack_get(struct sched *s)
{
	struct stack *st = s->free_stacks;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (st) {
		s->free_stacks = st->next;
		s->n_free--;
		return st;
	}
	st = mem_zalloc(sizeof(*st));
	if (!st)
		return NULL;
	st->map_len = STACK_LEN + page;
	st->map = mmap(NULL, st->map_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (st->map == MAP_FAILED || mprotect(st->map, page, PROT_NONE) < 0) {
		if (st->map != MAP_FAILED)
			munmap(st->map, st->map_len);
		mem_free(st);
		return NULL;
	}
	return st;
}

static void stack_release(struct sched *s, struct stack *st)
{
	if (s->n_free >= STACKS_KEPT) {
		stack_unmap(st);
		return;
	}
	st->next = s->free_stacks;
	s->free_stacks = st;
	s->n_free++;
}

static char *stack_base(const struct stack *st)
{
	return (char *)st->map + (st->map_len - STACK_LEN);
}

/* a task's first frame; makecontext() passes only ints, so the task comes in two halves */
static void task_start(unsigned hi, unsigned lo)
{
	struct task *t = (struct task *)((uintptr_t)hi << 32 | lo);

#ifdef SCHED_ASAN
	__sanitizer_finish_switch_fiber(NULL, &t->sched->main_bottom, &t->sched->main_len);
#endif
	t->fn(t->arg);
	t->ended = true;
#ifdef SCHED_ASAN
	__sanitizer_start_switch_fiber(NULL, t->sched->main_bottom, t->sched->main_len);
#endif
	setcontext(&t->sched->main);
}

/* from a task back to sched_run() */
static void switch_out(struct sched *s, struct task *t)
{
#ifdef SCHED_ASAN
	__sanitizer_start_switch_fiber(&t->fake_stack, s->main_bottom, s->main_len);
#endif
	swapcontext(&t->ctx, &s->main);
#ifdef SCHED_ASAN
	__sanitizer_finish_switch_fiber(t->fake_stack, &s->main_bottom, &s->main_len);
#endif
}

static void switch_in(struct sched *s, struct task *t)
{
	s->current = t;
#ifdef SCHED_ASAN
	__sanitizer_start_switch_fiber(&s->main_fake, stack_base(t->stack), STACK_LEN);
#endif
	swapcontext(&s->main, &t->ctx);
#ifdef SCHED_ASAN
	__sanitizer_finish_switch_fiber(s->main_fake, NULL, NULL);
#endif
	s->current = NULL;
	if (t->ended) {
		void (*done)(void *arg) = t->done;
		void *arg = t->arg;

		stack_release(s, t->stack);
		mem_free(t);
		if (done)
			done(arg);
	}
}

static void task_ready(struct task *t, enum sched_woken why)
{
	if (!t->waiting)
		return;
	t->waiting = false;
	t->why = why;
	sched_cancel(t->sched, &t->timeout);
	list_add_tail(&t->sched->ready, &t->ready);
}

static void task_timeout(struct sched_event *ev)
{
	task_ready(container_of(ev, struct task, timeout), SCHED_TIMEOUT);
}

struct task *sched_spawn(struct sched *s, void (*fn)(void *arg), void (*done)(void *arg), void *arg)
{
	struct task *t = mem_zalloc(sizeof(*t));

	if (!t)
		return NULL;
	t->stack = stack_get(s);
	if (!t->stack || getcontext(&t->ctx) < 0) {
		if (t->stack)
			stack_release(s, t->stack);
		mem_free(t);
		return NULL;
	}
	t->sched = s;
	t->fn = fn;
	t->done = done;
	t->arg = arg;
	sched_event_init(&t->timeout, task_timeout);
	t->ctx.uc_stack.ss_sp = stack_base(t->stack);
	t->ctx.uc_stack.ss_size = STACK_LEN;
	t->ctx.uc_link = NULL;
	makecontext(&t->ctx, (void (*)(void))task_start, 2, (unsigned)((uintptr_t)t >> 32), (unsigned)(uintptr_t)t);
	list_add_tail(&s->ready, &t->ready);
	return t;
}

struct task *sched_current(const struct sched *s)
{
	return s->current;
}

void sched_interrupt(struct sched *s, struct task *t)
{
	t->interrupted = true;
	task_ready(t, SCHED_INTERRUPTED);
}

void sched_uninterrupt(struct task *t)
{
	t->interrupted = false;
}

/* ---- waiting ---- */

void waitq_wake(struct waitq *q)
{
	struct waiter *w;

	list_for_each(w, &q->waiters, node)
		task_ready(w->task, SCHED_WOKEN);
}

enum sched_woken sched_wait_any(struct sched *s, struct waitq **qs, unsigned n, uint64_t until_ns)
{
	struct task *t = s->current;
	struct waiter w[WAIT_MAX];
	unsigned i;

	if (t->interrupted)
		return SCHED_INTERRUPTED;
	if (until_ns != SCHED_NEVER && sched_at(s, &t->timeout, until_ns) < 0)
		return SCHED_INTERRUPTED;
	n = MIN(n, WAIT_MAX);
	for (i = 0; i < n; i++) {
		w[i].task = t;
		list_init(&w[i].node);
		if (qs[i])
			list_add_tail(&qs[i]->waiters, &w[i].node);
	}
	t->waiting = true;
	switch_out(s, t);
	for (i = 0; i < n; i++)
		list_del(&w[i].node);
	return t->why;
}

enum sched_woken sched_wait(struct sched *s, struct waitq *q, uint64_t until_ns)
{
	return sched_wait_any(s, &q, 1, until_ns);
}

enum sched_woken sched_sleep(struct sched *s, uint64_t ns)
{
	uint64_t now = s->clock->now_ns;

	return sched_wait_any(s, NULL, 0, ns > SCHED_NEVER - 1 - now ? SCHED_NEVER - 1 : now + ns);
}

/* ---- driving ---- */

enum sched_stop sched_run(struct sched *s, uint64_t until_ns, bool (*done)(void *ctx), void *ctx)
{
	for (;;) {
		struct sched_event *ev;

		while (!list_empty(&s->ready)) {
			struct task *t = list_first(&s->ready, struct task, ready);

			list_del(&t->ready);
			switch_in(s, t);
		}
		if (done && done(ctx))
			return SCHED_DONE;
		if (s->before) {
			s->before(s->before_ctx, until_ns);
			if (done && done(ctx))
				return SCHED_DONE;
			if (!list_empty(&s->ready))
				continue;
		}
		if (!s->n && until_ns == SCHED_NEVER)
			return SCHED_IDLE;
		if (!s->n || s->heap[1]->when_ns > until_ns) {
			s->clock->now_ns = MAX(s->clock->now_ns, until_ns);
			return s->n ? SCHED_DEADLINE : SCHED_IDLE;
		}
		ev = s->heap[1];
		sched_cancel(s, ev);
		s->clock->now_ns = MAX(s->clock->now_ns, ev->when_ns);
		ev->fire(ev);
	}
}
