/* SPDX-License-Identifier: BSD-2-Clause */
/* lab/sched: order of events and tasks, waiting, deadlines, interrupts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/rng.h"
#include "base/sbuf.h"
#include "lab/sched.h"

struct bench {
	struct clock clock;
	struct sched *s;
	struct sbuf log;
	struct waitq q;
	struct task *victim;
};

struct actor {
	struct bench *b;
	const char *name;
	uint64_t sleep_ms;
	int rounds;
	enum sched_woken why;
	bool ended;
};

struct mark {
	struct sched_event ev;
	struct bench *b;
	int id;
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->s = sched_new(&b->clock);
	waitq_init(&b->q);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	sched_free(b->s);
	sbuf_free(&b->log);
	free(b);
	return 0;
}

static void mark_fire(struct sched_event *ev)
{
	struct mark *m = container_of(ev, struct mark, ev);

	sbuf_printf(&m->b->log, "%d@%d ", m->id, (int)clock_ms(&m->b->clock));
}

static void events_in_order(void **state)
{
	struct bench *b = *state;
	const int at[] = { 30, 10, 20, 10, 30, 5 };
	struct mark m[6];

	for (int i = 0; i < 6; i++) {
		m[i] = (struct mark){ .b = b, .id = i };
		sched_event_init(&m[i].ev, mark_fire);
		sched_at(b->s, &m[i].ev, at[i] * NSEC_PER_MSEC);
	}
	sched_cancel(b->s, &m[2].ev);
	sched_at(b->s, &m[5].ev, 30 * NSEC_PER_MSEC);	/* later after all, and then behind its equals */
	assert_int_equal(sched_run(b->s, 15 * NSEC_PER_MSEC, NULL, NULL), SCHED_DEADLINE);
	assert_string_equal(sbuf_str(&b->log), "1@10 3@10 ");
	assert_int_equal(b->clock.now_ns, 15 * NSEC_PER_MSEC);
	assert_int_equal(sched_run(b->s, SCHED_NEVER, NULL, NULL), SCHED_IDLE);
	assert_string_equal(sbuf_str(&b->log), "1@10 3@10 0@30 4@30 5@30 ");
}

static void heap_holds_under_changes(void **state)
{
	struct bench *b = *state;
	enum { N = 300 };
	struct mark *m = calloc(N, sizeof(*m));
	struct rng rng;
	int last = -1, n = 0, id, at, used;

	rng_seed(&rng, 7);
	for (int i = 0; i < N; i++) {
		m[i] = (struct mark){ .b = b, .id = i };
		sched_event_init(&m[i].ev, mark_fire);
	}
	for (int i = 0; i < 20 * N; i++) {
		struct mark *x = &m[rng_below(&rng, N)];

		if (rng_below(&rng, 3))
			sched_at(b->s, &x->ev, rng_below(&rng, 1000) * NSEC_PER_MSEC);
		else
			sched_cancel(b->s, &x->ev);
	}
	for (int i = 0; i < N; i++)
		n += sched_event_pending(&m[i].ev);
	sched_run(b->s, SCHED_NEVER, NULL, NULL);
	for (const char *p = sbuf_str(&b->log); sscanf(p, "%d@%d %n", &id, &at, &used) == 2; p += used, n--) {
		assert_true(at >= last);
		last = at;
	}
	assert_int_equal(n, 0);
	free(m);
}

static void sleeper(void *arg)
{
	struct actor *a = arg;

	for (int i = 0; i < a->rounds; i++) {
		a->why = sched_sleep(a->b->s, a->sleep_ms * NSEC_PER_MSEC);
		sbuf_printf(&a->b->log, "%s%d ", a->name, (int)clock_ms(&a->b->clock));
	}
}

static void ended(void *arg)
{
	((struct actor *)arg)->ended = true;
}

static void tasks_share_the_clock(void **state)
{
	struct bench *b = *state;
	struct actor a = { .b = b, .name = "a", .sleep_ms = 20, .rounds = 3 };
	struct actor c = { .b = b, .name = "c", .sleep_ms = 30, .rounds = 2 };

	sched_spawn(b->s, sleeper, ended, &a);
	sched_spawn(b->s, sleeper, ended, &c);
	assert_int_equal(sched_run(b->s, SCHED_NEVER, NULL, NULL), SCHED_IDLE);
	assert_string_equal(sbuf_str(&b->log), "a20 c30 a40 c60 a60 ");
	assert_true(a.ended && c.ended);
	assert_int_equal(a.why, SCHED_TIMEOUT);
}

static void waits(void *arg)
{
	struct actor *a = arg;
	uint64_t until = a->sleep_ms ? a->sleep_ms * NSEC_PER_MSEC : SCHED_NEVER;
	struct waitq other, *qs[] = { NULL, &a->b->q, &other };

	waitq_init(&other);
	a->why = sched_wait_any(a->b->s, qs, 3, until);
	assert_true(list_empty(&other.waiters));
	sbuf_printf(&a->b->log, "%s%d ", a->name, (int)clock_ms(&a->b->clock));
}

static void wakes(void *arg)
{
	struct actor *a = arg;

	sched_sleep(a->b->s, a->sleep_ms * NSEC_PER_MSEC);
	waitq_wake(&a->b->q);
}

static void queues_and_deadlines(void **state)
{
	struct bench *b = *state;
	struct actor x = { .b = b, .name = "x" }, y = { .b = b, .name = "y", .sleep_ms = 5 },
		     w = { .b = b, .sleep_ms = 9 };

	sched_spawn(b->s, waits, ended, &x);
	sched_spawn(b->s, waits, ended, &y);
	sched_spawn(b->s, wakes, ended, &w);
	sched_run(b->s, SCHED_NEVER, NULL, NULL);
	assert_string_equal(sbuf_str(&b->log), "y5 x9 ");
	assert_int_equal(x.why, SCHED_WOKEN);
	assert_int_equal(y.why, SCHED_TIMEOUT);
	assert_true(list_empty(&b->q.waiters));
}

static void interrupts(void *arg)
{
	struct actor *a = arg;

	sched_sleep(a->b->s, 4 * NSEC_PER_MSEC);
	sched_interrupt(a->b->s, a->b->victim);
}

static void interrupt_ends_waits_until_cleared(void **state)
{
	struct bench *b = *state;
	struct actor x = { .b = b, .name = "x", .sleep_ms = 100, .rounds = 2 }, i = { .b = b };

	b->victim = sched_spawn(b->s, sleeper, ended, &x);
	sched_spawn(b->s, interrupts, ended, &i);
	sched_run(b->s, SCHED_NEVER, NULL, NULL);
	assert_string_equal(sbuf_str(&b->log), "x4 x4 ");
	assert_int_equal(x.why, SCHED_INTERRUPTED);
}

static void clears(void *arg)
{
	struct actor *a = arg;

	a->why = sched_sleep(a->b->s, NSEC_PER_SEC);
	sched_uninterrupt(sched_current(a->b->s));
	assert_int_equal(sched_sleep(a->b->s, NSEC_PER_MSEC), SCHED_TIMEOUT);
	sbuf_printf(&a->b->log, "%d", (int)clock_ms(&a->b->clock));
}

static void interrupt_can_be_taken(void **state)
{
	struct bench *b = *state;
	struct actor x = { .b = b }, i = { .b = b };

	b->victim = sched_spawn(b->s, clears, ended, &x);
	sched_spawn(b->s, interrupts, ended, &i);
	sched_run(b->s, SCHED_NEVER, NULL, NULL);
	assert_int_equal(x.why, SCHED_INTERRUPTED);
	assert_string_equal(sbuf_str(&b->log), "5");
}

static bool log_has_two(void *ctx)
{
	return ((struct bench *)ctx)->log.len >= 6;
}

static void run_stops_when_told(void **state)
{
	struct bench *b = *state;
	struct actor a = { .b = b, .name = "a", .sleep_ms = 10, .rounds = 5 };

	sched_spawn(b->s, sleeper, ended, &a);
	assert_int_equal(sched_run(b->s, SCHED_NEVER, log_has_two, b), SCHED_DONE);
	assert_int_equal(clock_ms(&b->clock), 20);
	assert_false(a.ended);
	sched_run(b->s, SCHED_NEVER, NULL, NULL);
	assert_true(a.ended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(events_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(heap_holds_under_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(tasks_share_the_clock, setup, teardown),
		cmocka_unit_test_setup_teardown(queues_and_deadlines, setup, teardown),
		cmocka_unit_test_setup_teardown(interrupt_ends_waits_until_cleared, setup, teardown),
		cmocka_unit_test_setup_teardown(interrupt_can_be_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(run_stops_when_told, setup, teardown),
	};

	return cmocka_run_group_tests_name("sched", tests, NULL, NULL);
}
