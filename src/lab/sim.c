/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/sim.c - lab commands on simulated hosts: lines in the foreground, terminals beside it, all in virtual time.
 *
 * Between lab/transcript.c and lab/command.c. Times follow those of the reference (kernel-lab): a terminal is given
 * up to two seconds to say that it listens, an interrupt waits 0.3 s before, a look 0.3 s, a typed line 0.2 s after;
 * each foreground command is followed by a few milliseconds, the time in which people do nothing.
 *
 * Invariants
 *  1. A job lives until its last process has ended; sim_reap() frees the others' remains.
 *  2. Every run has an end: RUN_MAX_NS of virtual time, OUTPUT_MAX bytes, or nothing left that could happen.
 */
#include "lab/sim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "lab/lab.h"

#define MSEC NSEC_PER_MSEC
#define RUN_MAX_NS (7200 * NSEC_PER_SEC)
#define LEFT_OVER_MAX_NS (120 * NSEC_PER_SEC)	/* for what a finished line left in the background and still prints */
#define BETWEEN_NS (5 * MSEC)
#define OUTPUT_MAX (16u << 20)

struct sink {				/* what a terminal shows */
	struct stream s;
	struct sbuf text;
	void (*echo)(void *ctx, const char *bytes, size_t n);
	void *echo_ctx;
};

struct session {			/* one line or terminal */
	struct list node;
	struct job job;
	struct sink *out;
	struct stream *keyboard;	/* what is typed into a terminal; NULL: nothing is */
	struct proc *shell;
	char *host, *term;		/* term NULL: a foreground line */
};

struct sim {
	struct backend b;
	struct lab *lab;
	struct list sessions;
	volatile int *interrupted;
	unsigned interrupts;
	uint64_t wall_zero_ns;		/* the machine's clock when virtual time was 0 */
};

static struct sim *sim_of(struct backend *b)
{
	return container_of(b, struct sim, b);
}

struct lab *sim_lab(struct backend *b)
{
	return sim_of(b)->lab;
}

/* ---- terminals' output ---- */

static int sink_write(struct stream *s, const void *bytes, size_t n)
{
	struct sink *k = container_of(s, struct sink, s);

	if (k->text.len + n > OUTPUT_MAX)
		return -EPIPE;
	sbuf_put(&k->text, bytes, n);
	if (k->echo)
		k->echo(k->echo_ctx, bytes, n);
	return k->text.failed ? -ENOMEM : 0;
}

static void sink_free(struct stream *s)
{
	struct sink *k = container_of(s, struct sink, s);

	sbuf_free(&k->text);
	mem_free(k);
}

static struct sink *sink_new(void)
{
	static const struct stream_ops ops = { .write = sink_write, .free = sink_free };
	struct sink *k = mem_zalloc(sizeof(*k));

	if (k)
		k->s = (struct stream){ &ops, 1 };
	return k;
}

/* ---- sessions ---- */

static void session_free(struct session *s)
{
	list_del(&s->node);
	job_exit(&s->job);
	proc_put(s->shell);
	stream_put(s->keyboard);
	if (s->out)
		stream_put(&s->out->s);
	mem_free(s->host);
	mem_free(s->term);
	mem_free(s);
}

/* free what has ended and nobody will ask for */
static void sim_reap(struct sim *m)
{
	struct session *s, *tmp;

	list_for_each_safe(s, tmp, &m->sessions, node)
		if (!s->term && !s->job.live)
			session_free(s);
}

static struct session *session_new(struct sim *m, const char *host, const char *term, bool keyboard)
{
	struct session *s = mem_zalloc(sizeof(*s));

	if (!s)
		return NULL;
	job_init(&s->job, m->lab);
	list_add_tail(&m->sessions, &s->node);
	s->out = sink_new();
	s->host = mem_strdup(host);
	s->term = term ? mem_strdup(term) : NULL;
	if (!s->out || !s->host || (term && !s->term)) {
		session_free(s);
		return NULL;
	}
	return s;
}

/* start @cmd in it; the host's absence is told as `ip netns exec` tells it. 0 or -ENOMEM */
static int session_start(struct sim *m, struct session *s, const char *cmd)
{
	struct host *h = host_find(m->lab, s->host);
	struct stream *in = NULL, *fd[3];

	if (!h) {
		struct sbuf why = SBUF_INIT;

		sbuf_printf(&why, "Cannot open network namespace \"%s\": No such file or directory\n", s->host);
		sink_write(&s->out->s, sbuf_str(&why), why.len);
		sbuf_free(&why);
		return 0;
	}
	if (s->term) {
		if (pipe_new(m->lab->sched, &in, &s->keyboard) < 0)
			return -ENOMEM;
	} else {
		in = stream_null();
		if (!in)
			return -ENOMEM;
	}
	fd[0] = in;
	fd[1] = fd[2] = &s->out->s;
	s->shell = command_spawn(h, &s->job, cmd, fd);
	stream_put(in);
	return s->shell ? 0 : -ENOMEM;
}

static int no_memory(struct backend *b)
{
	sbuf_reset(&b->why);
	sbuf_puts(&b->why, "no memory");
	return -ENOMEM;
}

/* ---- letting time pass ---- */

struct watch {
	struct sim *sim;
	struct session *session;
	bool wait_output;		/* until nobody can write to it any more */
};

static void check_interrupt(struct sim *m, struct session *s)
{
	if (m->interrupted && *m->interrupted) {
		*m->interrupted = 0;
		m->interrupts++;
		job_kill(&s->job, SIGINT);
	}
}

static bool line_done(void *ctx)
{
	struct watch *w = ctx;

	check_interrupt(w->sim, w->session);
	return w->session->shell->done && (!w->wait_output || w->session->out->s.refs == 1);
}

static bool term_done(void *ctx)
{
	return ((struct session *)ctx)->job.live == 0;
}

static void pass(struct sim *m, uint64_t ns)
{
	sched_run(m->lab->sched, sched_now(m->lab->sched) + ns, NULL, NULL);
}

/* end what does not end by itself */
static void force_end(struct sim *m, struct session *s)
{
	job_kill(&s->job, SIGKILL);
	sched_run(m->lab->sched, sched_now(m->lab->sched) + NSEC_PER_SEC, term_done, s);
}

static int sim_run(struct backend *b, const char *host, const char *cmd, struct sbuf *out, int *status)
{
	struct sim *m = sim_of(b);
	struct session *s = session_new(m, host, NULL, false);
	struct watch w = { m, s, false };
	enum sched_stop stop;

	*status = 255;
	if (!s)
		return no_memory(b);
	s->out->echo = b->echo;
	s->out->echo_ctx = b->echo_ctx;
	if (session_start(m, s, cmd) < 0)
		return no_memory(b);
	if (s->shell) {
		stop = sched_run(m->lab->sched, sched_now(m->lab->sched) + RUN_MAX_NS, line_done, &w);
		if (stop != SCHED_DONE) {
			force_end(m, s);
			sbuf_reset(&b->why);
			sbuf_puts(&b->why, stop == SCHED_IDLE ? "the command waits for something that cannot happen"
							      : "the command has not ended after two hours");
			sbuf_puts(&b->why,
				  "; a program that goes on by itself belongs into a terminal, HOST:TERM# command");
			sbuf_put(out, s->out->text.data, s->out->text.len);
			sim_reap(m);
			return -ETIMEDOUT;
		}
		*status = s->shell->status;
		if (!m->interrupted) { /* as the reference: until nobody can write to it any more */
			w.wait_output = true;
			sched_run(m->lab->sched, sched_now(m->lab->sched) + LEFT_OVER_MAX_NS, line_done, &w);
		}
	}
	sbuf_put(out, s->out->text.data, s->out->text.len);
	if (s->shell)
		pass(m, BETWEEN_NS);
	sim_reap(m);
	return 0;
}

/* ---- terminals ---- */

static struct session *term_find(struct sim *m, const char *host, const char *term)
{
	struct session *s;

	list_for_each(s, &m->sessions, node)
		if (s->term && strcmp(s->host, host) == 0 && strcmp(s->term, term) == 0)
			return s;
	sbuf_reset(&m->b.why);
	sbuf_printf(&m->b.why, "no terminal \"%s\" is open on %s", term, host);
	return NULL;
}

static bool says_listening(const struct session *s)
{
	return strcasestr(sbuf_str(&s->out->text), "listening on");
}

static int sim_term_open(struct backend *b, const char *host, const char *term, const char *cmd)
{
	struct sim *m = sim_of(b);
	struct session *s = term_find(m, host, term);

	if (s) {			/* the name is used again: what ran there goes on, without it */
		mem_free(s->term);
		s->term = NULL;
	}
	sim_reap(m);
	s = session_new(m, host, term, true);
	if (!s || session_start(m, s, cmd) < 0)
		return no_memory(b);
	for (int i = 0; i < 40 && s->job.live && !says_listening(s); i++)
		sched_run(m->lab->sched, sched_now(m->lab->sched) + 50 * MSEC, NULL, NULL);
	pass(m, 100 * MSEC);
	return 0;
}

static int sim_term_stop(struct backend *b, const char *host, const char *term, struct sbuf *out)
{
	struct sim *m = sim_of(b);
	struct session *s = term_find(m, host, term);

	if (!s)
		return -ENOENT;
	pass(m, 300 * MSEC);
	if (s->job.live) {
		job_kill(&s->job, SIGINT);
		if (sched_run(m->lab->sched, sched_now(m->lab->sched) + 3 * NSEC_PER_SEC, term_done, s) != SCHED_DONE)
			force_end(m, s);
		pass(m, BETWEEN_NS);	/* the FIN of its connections is answered before anybody can type again */
	}
	sbuf_put(out, s->out->text.data, s->out->text.len);
	if (s->job.live) {
		mem_free(s->term);
		s->term = NULL;
	} else {
		session_free(s);
	}
	return 0;
}

static int sim_term_show(struct backend *b, const char *host, const char *term, struct sbuf *out)
{
	struct sim *m = sim_of(b);
	struct session *s = term_find(m, host, term);

	if (!s)
		return -ENOENT;
	pass(m, 300 * MSEC);
	sbuf_put(out, s->out->text.data, s->out->text.len);
	return 0;
}

static int sim_term_type(struct backend *b, const char *host, const char *term, const char *text)
{
	struct sim *m = sim_of(b);
	struct session *s = term_find(m, host, term);
	struct sbuf line = SBUF_INIT;

	if (!s)
		return -ENOENT;
	sbuf_printf(&line, "%s\n", text);
	if (s->keyboard)
		stream_write(s->keyboard, sbuf_str(&line), line.len);
	sbuf_free(&line);
	pass(m, 200 * MSEC);
	return 0;
}

static int make_parents(struct host *h, const char *path)
{
	char *dir = mem_strdup(path), *slash;

	if (!dir)
		return -ENOMEM;
	for (slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		vfs_mkdir(h, "/", dir);
		*slash = '/';
	}
	mem_free(dir);
	return 0;
}

static int sim_put_file(struct backend *b, const char *host, const char *path, const void *bytes, size_t n)
{
	struct host *h = host_find(sim_of(b)->lab, host);
	int err = h ? make_parents(h, path) : -ENOENT;

	if (!err)
		err = vfs_write(h, "/", path, bytes, n, false);
	sbuf_reset(&b->why);
	if (!h)
		sbuf_printf(&b->why, "there is no host %s", host);
	else if (err)
		sbuf_printf(&b->why, "%s: %s", path, strerror(-err));
	return err;
}

static void sim_free(struct backend *b)
{
	struct sim *m = sim_of(b);
	struct session *s, *tmp;

	for (int i = 0; i < 100 && m->lab->procs; i++) {
		proc_kill_all(m->lab);
		pass(m, NSEC_PER_SEC);
	}
	list_for_each_safe(s, tmp, &m->sessions, node)
		session_free(s);
	lab_free(m->lab);
	sbuf_free(&b->why);
	mem_free(m);
}

struct backend *sim_new(uint64_t seed, uint64_t wall_ns)
{
	static const struct backend_ops ops = {
		.run = sim_run,
		.term_open = sim_term_open,
		.term_stop = sim_term_stop,
		.term_show = sim_term_show,
		.term_type = sim_term_type,
		.put_file = sim_put_file,
		.free = sim_free,
	};
	struct sim *m = mem_zalloc(sizeof(*m));

	if (!m)
		return NULL;
	list_init(&m->sessions);
	m->b.ops = &ops;
	m->b.simulated = true;
	m->lab = lab_new(seed, wall_ns);
	if (!m->lab) {
		mem_free(m);
		return NULL;
	}
	return &m->b;
}

/* ---- as on the wall ---- */

static uint64_t wall_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

static void sim_pace(void *ctx, uint64_t next_ns)
{
	struct sim *m = ctx;
	uint64_t now = wall_ns(), due = m->wall_zero_ns + next_ns;

	if (next_ns == SCHED_NEVER)
		due = now + 50 * MSEC;
	while (due > now && !*m->interrupted) {
		uint64_t ns = MIN(due - now, 50 * MSEC);
		struct timespec t = { (time_t)(ns / NSEC_PER_SEC), (long)(ns % NSEC_PER_SEC) };

		nanosleep(&t, NULL);
		now = wall_ns();
	}
	if (now > due + 20 * MSEC && next_ns != SCHED_NEVER) {	/* the machine was away: no catching up */
		m->wall_zero_ns = now - next_ns;
	} else if (now < due) {					/* interrupted: it is only as late as it is */
		struct clock *c = &m->lab->world.clock;

		c->now_ns = MAX(c->now_ns, now - m->wall_zero_ns);
	}
}

unsigned sim_interrupts(struct backend *b)
{
	return sim_of(b)->interrupts;
}

void sim_interactive(struct backend *b, volatile int *interrupted)
{
	struct sim *m = sim_of(b);

	m->interrupted = interrupted;
	m->wall_zero_ns = wall_ns() - sched_now(m->lab->sched);
	m->lab->pace = sim_pace;
	m->lab->pace_ctx = m;
}
