/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/proc.c - processes of simulated hosts: start, streams, waiting, signals, end.
 *
 * Theory of operation: a process is a task of the scheduler that runs one program function. What it reads and writes
 * are streams; a wait inside of them ends when the task is interrupted, which is what a signal does. A process is in
 * its job from its start to its end; an interrupt goes to the whole job, as a terminal's ^C does.
 *
 * Invariants
 *  1. A process holds its host (host->users) while it is alive.
 *  2. Its streams are released when it ends, not when it is freed: readers see the end at once.
 *  3. .done is set exactly once, then .exited and the job's .changed are woken.
 */
#include "lab/proc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "lab/lab.h"

#define SETTLE_STEP_NS 10000
#define SETTLE_STEPS 100

uint64_t proc_now(const struct proc *p)
{
	return sched_now(p->lab->sched);
}

/* must the process come to its end now? */
static bool dying(const struct proc *p)
{
	return p->signal && !(p->signal == SIGINT && p->catches_int);
}

ssize_t proc_read(struct proc *p, void *bytes, size_t n)
{
	if (p->signal)
		return -EINTR;
	return p->fd[0] ? stream_read(p->fd[0], bytes, n) : -EBADF;
}

int proc_read_all(struct proc *p, struct sbuf *in)
{
	char part[4096];
	ssize_t n;

	while ((n = proc_read(p, part, sizeof(part))) > 0)
		sbuf_put(in, part, (size_t)n);
	return n < 0 ? (int)n : in->failed ? -ENOMEM : 0;
}

bool proc_readable(struct proc *p)
{
	return !p->fd[0] || stream_readable(p->fd[0]);
}

struct waitq *proc_stdin_waitq(struct proc *p)
{
	return p->fd[0] && p->fd[0]->ops->waitq ? p->fd[0]->ops->waitq(p->fd[0]) : NULL;
}

int proc_write(struct proc *p, int fd, const void *bytes, size_t n)
{
	bool caught = p->signal == SIGINT && p->catches_int;
	int err;

	if (dying(p))
		return -EINTR;
	if (!p->fd[fd])
		return -EBADF;
	if (caught)			/* its last words must get out */
		sched_uninterrupt(p->task);
	err = stream_write(p->fd[fd], bytes, n);
	if (caught && p->signal)
		sched_interrupt(p->lab->sched, p->task);
	if (err == -EPIPE)
		p->broken_pipe = true;
	return err;
}

static int vwrite(struct proc *p, int fd, const char *fmt, va_list ap)
{
	struct sbuf s = SBUF_INIT;
	int err;

	sbuf_vprintf(&s, fmt, ap);
	err = s.failed ? -ENOMEM : proc_write(p, fd, sbuf_str(&s), s.len);
	sbuf_free(&s);
	return err;
}

int proc_printf(struct proc *p, const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = vwrite(p, 1, fmt, ap);
	va_end(ap);
	return err;
}

int proc_eprintf(struct proc *p, const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = vwrite(p, 2, fmt, ap);
	va_end(ap);
	return err;
}

int proc_wait_any(struct proc *p, struct waitq **qs, unsigned n, uint64_t until_ns)
{
	switch (sched_wait_any(p->lab->sched, qs, n, until_ns)) {
	case SCHED_WOKEN: return 0;
	case SCHED_TIMEOUT: return -ETIMEDOUT;
	case SCHED_INTERRUPTED: break;
	}
	return -EINTR;
}

int proc_wait(struct proc *p, struct waitq *q, uint64_t until_ns)
{
	return proc_wait_any(p, &q, 1, until_ns);
}

int proc_sleep(struct proc *p, uint64_t ns)
{
	return sched_sleep(p->lab->sched, ns) == SCHED_INTERRUPTED ? -EINTR : 0;
}

int proc_settle(struct proc *p)
{
	int err = 0;

	for (unsigned i = 0; !err && i < SETTLE_STEPS && !list_empty(&p->lab->on_wire); i++)
		err = proc_sleep(p, SETTLE_STEP_NS);
	return err;
}

void proc_catch_int(struct proc *p)
{
	p->catches_int = true;
	p->ignores_int = false;		/* its own handler takes the place of what it was started with */
}

bool proc_interrupted(const struct proc *p)
{
	return p->signal != 0;
}

void proc_clear_int(struct proc *p)
{
	if (p->signal != SIGINT || !p->catches_int)
		return;
	p->signal = 0;
	sched_uninterrupt(p->task);
}

int proc_open(struct proc *p, const char *path, char mode, struct stream **out)
{
	return vfs_open(p->host, p->cwd, path, mode, out);
}

int proc_file_read(struct proc *p, const char *path, struct sbuf *out)
{
	return vfs_read(p->host, p->cwd, path, out);
}

int proc_file_write(struct proc *p, const char *path, const void *bytes, size_t n, bool append)
{
	return vfs_write(p->host, p->cwd, path, bytes, n, append);
}

/* ---- jobs and signals ---- */

void job_init(struct job *j, struct lab *lab)
{
	*j = (struct job){ .lab = lab };
	list_init(&j->procs);
	list_add_tail(&lab->jobs, &j->node);
	waitq_init(&j->changed);
}

void job_exit(struct job *j)
{
	list_del(&j->node);
}

void proc_kill(struct proc *p, int sig)
{
	if (p->done || (sig == SIGINT && p->ignores_int) || p->signal == SIGKILL)
		return;
	p->signal = sig;
	sched_interrupt(p->lab->sched, p->task);
}

void job_kill(struct job *j, int sig)
{
	struct proc *p;

	list_for_each(p, &j->procs, node)
		proc_kill(p, sig);
}

void proc_kill_all(struct lab *l)
{
	struct job *j;

	list_for_each(j, &l->jobs, node)
		job_kill(j, SIGKILL);
}

/* ---- start and end ---- */

static void free_strings(char **v)
{
	for (char **s = v; s && *s; s++)
		mem_free(*s);
	mem_free(v);
}

static char **copy_strings(char *const *v)
{
	size_t n = 0;
	char **copy;

	while (v && v[n])
		n++;
	copy = mem_zalloc((n + 1) * sizeof(char *));
	for (size_t i = 0; copy && i < n; i++) {
		copy[i] = mem_strdup(v[i]);
		if (!copy[i]) {
			free_strings(copy);
			return NULL;
		}
	}
	return copy;
}

void proc_put(struct proc *p)
{
	if (!p || --p->refs)
		return;
	free_strings(p->argv);
	free_strings(p->env);
	mem_free(p->cwd);
	mem_free(p);
}

static void close_fds(struct proc *p)
{
	for (unsigned i = 0; i < 3; i++) {
		stream_put(p->fd[i]);
		p->fd[i] = NULL;
	}
}

static int final_status(const struct proc *p, int status)
{
	if (dying(p))
		return 128 + p->signal;
	return p->broken_pipe ? 128 + SIGPIPE : status & 255;
}

static void proc_main(void *arg)
{
	struct proc *p = arg;

	p->status = final_status(p, p->run(p, p->argc, p->argv));
	while (!list_empty(&p->children)) {
		struct proc_child *c = list_first(&p->children, struct proc_child, node);

		list_del(&c->node);
		proc_put(c->proc);
		mem_free(c);
	}
	close_fds(p);
}

/* its stack is gone */
static void proc_ended(void *arg)
{
	struct proc *p = arg;
	struct job *j = p->job;

	p->done = true;
	p->task = NULL;
	list_del(&p->node);
	j->live--;
	p->lab->procs--;
	waitq_wake(&p->exited);
	waitq_wake(&j->changed);
	host_unuse(p->host);
	p->host = NULL;
	proc_put(p);
}

static char *const login_env[] = {
	"HOME=/root",      "LANG=C",
	"LOGNAME=root",    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"SHELL=/bin/bash", "TERM=dumb",
	"USER=root",       NULL
};

static struct proc *proc_alloc(const struct proc_start *how)
{
	struct proc *p = mem_zalloc(sizeof(*p));
	const struct proc *parent = how->parent;
	char **argv = mem_zalloc(((size_t)how->argc + 1) * sizeof(char *));

	if (p && argv) {
		memcpy(argv, how->argv, (size_t)how->argc * sizeof(char *));
		p->argv = copy_strings(argv);
		p->env = copy_strings(how->env ? how->env : parent ? parent->env : login_env);
		p->cwd = mem_strdup(how->cwd ? how->cwd : parent ? parent->cwd : ".");
		p->refs = 1;
	}
	mem_free(argv);
	if (p && (!p->argv || !p->env || !p->cwd)) {
		proc_put(p);
		return NULL;
	}
	return p;
}

struct proc *proc_spawn(const struct proc_start *how)
{
	struct lab *l = how->host->lab;
	struct proc *p;

	if (l->procs >= LAB_PROCS_MAX)
		return NULL;
	p = proc_alloc(how);
	if (!p)
		return NULL;
	p->lab = l;
	p->host = how->host;
	p->job = how->job;
	p->pid = ++l->last_pid;
	p->uid = how->parent ? how->parent->uid : 0;
	p->argc = how->argc;
	p->run = how->run;
	p->data = how->data;
	p->ignores_int = how->background || (how->parent && how->parent->ignores_int);
	waitq_init(&p->exited);
	list_init(&p->children);
	p->task = sched_spawn(l->sched, proc_main, proc_ended, p);
	if (!p->task) {
		proc_put(p);
		return NULL;
	}
	for (unsigned i = 0; i < 3; i++)
		p->fd[i] = stream_hold(how->fd[i]);
	p->refs++;			/* its own, until proc_ended() */
	list_add_tail(&how->job->procs, &p->node);
	how->job->live++;
	l->procs++;
	how->host->users++;
	if (how->parent && how->parent->signal == SIGKILL)
		proc_kill(p, SIGKILL);
	return p;
}

int proc_join(struct proc *self, struct proc *child)
{
	while (!child->done)
		if (proc_wait(self, &child->exited, SCHED_NEVER) == -EINTR)
			return -EINTR;
	return child->status;
}

/* ---- options ---- */

static void opt_error(struct proc *p, struct proc_opts *o, char **argv, const char *fmt, ...) PRINTF_LIKE(4, 5);

static void opt_error(struct proc *p, struct proc_opts *o, char **argv, const char *fmt, ...)
{
	struct sbuf s = SBUF_INIT;
	va_list ap;

	if (o->quiet)
		return;
	sbuf_printf(&s, "%s: ", argv[0]);
	va_start(ap, fmt);
	sbuf_vprintf(&s, fmt, ap);
	va_end(ap);
	sbuf_putc(&s, '\n');
	proc_write(p, 2, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

/* bring the next option to argv[o->ind], operands before it behind it */
static bool opt_find(struct proc_opts *o, char **argv, int argc)
{
	int i = o->ind;
	char *opt;

	while (i < argc && !(argv[i][0] == '-' && argv[i][1])) {
		if (o->posix)
			return false;
		i++;
	}
	if (i >= argc)
		return false;
	opt = argv[i];
	memmove(argv + o->ind + 1, argv + o->ind, (size_t)(i - o->ind) * sizeof(char *));
	argv[o->ind] = opt;
	o->skipped = i - o->ind;
	return true;
}

/* the value of an option: the rest of the word, or the word after it (which operands may have come between) */
static bool opt_value(struct proc_opts *o, char **argv, int argc)
{
	int at = o->ind + o->skipped;
	char *value;

	if (at >= argc)
		return false;
	value = argv[at];
	memmove(argv + o->ind + 1, argv + o->ind, (size_t)o->skipped * sizeof(char *));
	argv[o->ind++] = value;
	o->arg = value;
	return true;
}

static int opt_long(struct proc *p, struct proc_opts *o, char **argv, int argc, const struct option *longs)
{
	char *name = argv[o->ind++] + 2, *eq = strchr(name, '=');
	size_t n = eq ? (size_t)(eq - name) : strlen(name);
	int hit = -1, hits = 0;

	for (int i = 0; longs && longs[i].name; i++) {
		if (strncmp(longs[i].name, name, n) != 0)
			continue;
		if (strlen(longs[i].name) == n) {
			hit = i;
			hits = 1;
			break;
		}
		hits++;
		hit = i;
	}
	if (hits == 0) {
		opt_error(p, o, argv, "unrecognized option '--%.*s'", (int)n, name);
		return '?';
	}
	if (hits > 1) {
		opt_error(p, o, argv, "option '--%.*s' is ambiguous", (int)n, name);
		return '?';
	}
	o->longind = hit;
	if (eq && longs[hit].has_arg == no_argument) {
		opt_error(p, o, argv, "option '--%s' doesn't allow an argument", longs[hit].name);
		return '?';
	}
	if (eq) {
		o->arg = eq + 1;
	} else if (longs[hit].has_arg == required_argument && !opt_value(o, argv, argc)) {
		opt_error(p, o, argv, "option '--%s' requires an argument", longs[hit].name);
		return '?';
	}
	return longs[hit].val;
}

int proc_getopt(struct proc *p, struct proc_opts *o, const char *shorts, const struct option *longs)
{
	char **argv = p->argv, c;
	int argc = p->argc;
	const char *spec;

	if (!o->ind)
		o->ind = 1;
	o->arg = NULL;
	o->longind = -1;
	if (!o->next || !*o->next) {
		o->next = NULL;
		if (!opt_find(o, argv, argc))
			return -1;
		if (strcmp(argv[o->ind], "--") == 0) {
			o->ind++;
			return -1;
		}
		if (argv[o->ind][1] == '-')
			return opt_long(p, o, argv, argc, longs);
		o->next = argv[o->ind++] + 1;
	}
	c = *o->next++;
	spec = c == ':' ? NULL : strchr(shorts, c);
	if (!spec) {
		opt_error(p, o, argv, "invalid option -- '%c'", c);
		return '?';
	}
	if (spec[1] != ':')
		return c;
	if (*o->next) {
		o->arg = o->next;
	} else if (spec[2] != ':' && !opt_value(o, argv, argc)) {
		o->next = NULL;
		opt_error(p, o, argv, "option requires an argument -- '%c'", c);
		return '?';
	}
	o->next = NULL;
	return c;
}
