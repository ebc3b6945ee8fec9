/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/proc.h - a process on a simulated host: what a program sees of the world, and how it is started and ended.
 *
 * A program is a function prog_NAME(p, argc, argv) in lab/prog_*.c with a row in lab/programs.c. It runs as a task:
 * it may wait wherever it likes, and returns its exit status. Standard input and output are streams. What it
 * allocates is its own to free, also when it is interrupted: every wait then returns -EINTR, and the program is
 * expected to come to its end soon.
 *
 * Interrupts: SIGINT to a program that has not called proc_catch_int() makes all reads, writes and waits fail with
 * -EINTR, and its exit status becomes 130. One that has called it goes on: waits return -EINTR and proc_interrupted()
 * is true until proc_clear_int(); writing works, so that ping and tcpdump can print their summaries. SIGTERM and
 * SIGKILL cannot be caught (143, 137).
 */
#ifndef LAB_PROC_H
#define LAB_PROC_H

#include <getopt.h>
#include <signal.h>

#include "front/stream.h"
#include "lab/host.h"
#include "lab/sched.h"

struct job;

struct proc {
	struct list node;		/* in job->procs */
	struct lab *lab;
	struct host *host;
	struct job *job;
	struct task *task;
	int pid, uid;			/* uid: 0 root */
	int argc;
	char **argv;			/* its own copy */
	char **env;			/* "NAME=value", NULL-terminated, its own copy */
	struct stream *fd[3];
	char *cwd;			/* as lab/vfs.h writes folders */
	int signal;			/* pending SIGINT, SIGTERM, SIGKILL; 0: none */
	bool catches_int;
	bool ignores_int;		/* started with & : SIGINT does nothing */
	bool broken_pipe;		/* a write found nobody reading: status 141 */
	bool done;
	int status;			/* exit status, once .done */
	struct waitq exited;
	unsigned refs;
	int (*run)(struct proc *p, int argc, char **argv);
	void *data;			/* for .run's own use */
	struct list children;		/* of struct proc_child: what a shell started and has not waited for */
	struct proc *runs;		/* the command that a shell waits for */
	bool child_interrupted;		/* a shell's child died of SIGINT, which then ends the shell too */
};

/* ---- for programs ---- */
static inline struct sched *proc_sched(const struct proc *p)
{
	return lab_sched(p->lab);
}
static inline struct netns *proc_ns(const struct proc *p)
{
	return p->host->ns;
}
uint64_t proc_now(const struct proc *p);			/* engine time, ns */
/** proc_read() - standard input, up to @n bytes; 0 at its end; -EINTR, -errno */
ssize_t proc_read(struct proc *p, void *bytes, size_t n);
/** proc_read_all() - standard input to its end; 0 or -errno */
int proc_read_all(struct proc *p, struct sbuf *in);
bool proc_readable(struct proc *p);				/* would proc_read() return at once */
struct waitq *proc_stdin_waitq(struct proc *p);			/* NULL: standard input never blocks */
/** proc_write() - all of @n bytes to fd 1 or 2; 0, -EPIPE, -EINTR */
int proc_write(struct proc *p, int fd, const void *bytes, size_t n);
int proc_printf(struct proc *p, const char *fmt, ...) PRINTF_LIKE(2, 3);	/* to fd 1 */
int proc_eprintf(struct proc *p, const char *fmt, ...) PRINTF_LIKE(2, 3);	/* to fd 2 */
/** proc_wait() - in @q (NULL: only time) until @until_ns (SCHED_NEVER): 0 woken, -ETIMEDOUT, -EINTR */
int proc_wait(struct proc *p, struct waitq *q, uint64_t until_ns);
int proc_wait_any(struct proc *p, struct waitq **qs, unsigned n, uint64_t until_ns);
int proc_sleep(struct proc *p, uint64_t ns);			/* 0 or -EINTR */
/**
 * proc_settle() - let what is on the wires arrive, and what answers it: on Linux, veth pairs carry a packet and its answer before
 * the sender's system call returns. A millisecond at most; 0 or -EINTR
 */
int proc_settle(struct proc *p);
void proc_catch_int(struct proc *p);				/* SIGINT is the program's business from here on */
bool proc_interrupted(const struct proc *p);
void proc_clear_int(struct proc *p);
/**
 * proc_open() - a file of the host (lab/vfs.h), by its path as typed; @mode: 'r', 'w', 'a'; 0 and a reference, or
 * -errno
 */
int proc_open(struct proc *p, const char *path, char mode, struct stream **out);
int proc_file_read(struct proc *p, const char *path, struct sbuf *out);
int proc_file_write(struct proc *p, const char *path, const void *bytes, size_t n, bool append);

/*
 * Command line options as getopt_long() takes and reports them, without its globals: start with { 0 }.
 *
 *     struct proc_opts o = { 0 };
 *     while ((c = proc_getopt(p, &o, "c:nv", longs)) != -1)
 *             ... o.arg ...
 *     first operand: argv[o.ind]
 */
struct proc_opts {
	int ind;			/* next element of argv; after -1 the first operand */
	char *arg;			/* the option's value, or NULL */
	int longind;			/* which row of @longs, -1: a short one */
	char *next;			/* in a cluster of short options */
	int skipped;			/* operands between the last option and what follows it */
	bool quiet;			/* say nothing about errors */
	bool posix;			/* options end at the first operand */
};
/**
 * proc_getopt() - the option's character or .val; '?' after an error (said on stderr as glibc does); -1 at the end.
 * argv is permuted
 */
int proc_getopt(struct proc *p, struct proc_opts *o, const char *shorts, const struct option *longs);

/* ---- for who starts them ---- */
struct proc_child {
	struct list node;
	struct proc *proc;
};

/* A job: what one line or one terminal started, and what an interrupt reaches. */
struct job {
	struct list node;		/* in lab->jobs */
	struct list procs;
	struct lab *lab;
	unsigned live;
	struct waitq changed;		/* woken when a process of it ends */
};

struct proc_start {
	struct host *host;
	struct job *job;
	const struct proc *parent;	/* environment, cwd, uid, ignored SIGINT come from it; NULL: a login's */
	int (*run)(struct proc *p, int argc, char **argv);
	void *data;			/* p->data */
	int argc;
	char **argv;			/* copied */
	char **env;			/* copied; NULL: the parent's */
	const char *cwd;		/* NULL: the parent's */
	struct stream *fd[3];		/* held; NULL: nothing */
	bool background;
};

void job_init(struct job *j, struct lab *lab);
void job_exit(struct job *j);		/* no process may be left in it */
/** proc_spawn() - start it; the caller holds a reference: proc_put(). NULL: no memory */
struct proc *proc_spawn(const struct proc_start *how);
void proc_put(struct proc *p);
void proc_kill(struct proc *p, int sig);
void job_kill(struct job *j, int sig);
/** proc_join() - wait, in @self, for @child: its status; -EINTR */
int proc_join(struct proc *self, struct proc *child);

#endif
