/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/lab.h - one simulated network: the engine's world, its hosts, its time, its files, its wires. Looked into by
 * lab/ only.
 */
#ifndef LAB_LAB_H
#define LAB_LAB_H

#include "lab/host.h"
#include "lab/proc.h"
#include "lab/vfs.h"

#define LAB_PROCS_MAX 512
#define LAB_FRAMES_MAX 65536		/* frames on all wires together */

struct lab {
	struct world world;
	struct sched *sched;
	struct list hosts;
	uint32_t last_host_id;
	int last_pid;
	unsigned procs;			/* alive */
	struct rng wire_rng;
	struct mem_pool frames;
	struct list on_wire;		/* of struct frame */
	uint64_t frames_lost;		/* found the pool full */
	struct sched_event timers;	/* the engine's */
	uint64_t timers_ran_ns;
	struct list jobs;		/* of struct job */
	/* told where time is about to go, so that it can pass as on a clock on the wall; NULL: as fast as it can */
	void (*pace)(void *ctx, uint64_t next_ns);
	void *pace_ctx;
	struct vfs_tree *files;		/* what all hosts share */
	char *real_cwd;			/* the machine's folder that relative paths begin in */
	int real_fd;			/* the same, open */
	struct list modules;		/* of struct lab_module: what modprobe loaded */
	struct list boots;		/* of struct boot: hosts that are being booted again */
};

/** lab_new() - an empty network with the outside, "lab"; @wall_ns: UTC at its start; NULL: no memory */
struct lab *lab_new(uint64_t seed, uint64_t wall_ns);
/** lab_free() - end all processes, then everything */
void lab_free(struct lab *l);
/** lab_host_names() - what `ip netns` lists, newest first; malloc()ed as one block */
char **lab_host_names(const struct lab *l);
/** host_remove() - take a host's name away; it goes when its last process ends. -ENOENT */
int host_remove(struct lab *l, const char *name);
/** host_unuse() - a process on it ended */
void host_unuse(struct host *h);
/** host_defaults() - the settings that every host starts with */
int host_defaults(struct host *h);

/* ---- lab/wire.c ---- */
void wire_transmit(struct world *w, struct link *out, struct pkt *p);
void wire_free(struct lab *l);

/* ---- lab/vfs_dev.c ---- */
/** dev_open() - /dev/zero and /dev/urandom; 0, -ENOENT (none of them), -ENOMEM */
int dev_open(struct host *h, const char *path, struct stream **out);

/* ---- lab/pipe.c ---- */
/** pipe_new() - two ends of a pipe of 64 KB; 0 or -ENOMEM */
int pipe_new(struct sched *s, struct stream **r, struct stream **w);

/* ---- lab/proc.c ---- */
void proc_kill_all(struct lab *l);

/* ---- lab/command.c: names to programs, the shell's place ---- */
/** command_spawn() - `bash -c @text` on @h; the caller holds a reference; NULL: no memory */
struct proc *command_spawn(struct host *h, struct job *job, const char *text, struct stream *const fd[3]);
/**
 * command_start() - one command of expanded words, as a child of @parent but on @h
 * @fd, @env, @cwd: NULL: the parent's
 * Return: 0 and a reference, -ENOENT: no such command, -EACCES, -EISDIR, -ENOMEM
 */
int command_start(struct host *h, struct proc *parent, int argc, char **argv, struct stream *const *fd, char **env,
		  const char *cwd, struct proc **out);
/** command_join() - wait for @child as a shell does: an interrupt is the child's business first; its status */
int command_join(struct proc *self, struct proc *child);
/** command_words() - every name that command_start() knows, for completion and "did you mean" */
int command_words(int (*fn)(void *ctx, const char *name), void *ctx);
/** command_hint() - what may have been meant by a command that nobody knows */
void command_hint(const char *word, struct sbuf *out);

/* ---- lab/glob.c ---- */
/** vfs_glob() - names that match, sorted; added to @fn's ctx */
int vfs_glob(struct host *h, const char *cwd, const char *pattern, int (*fn)(void *ctx, const char *path), void *ctx);

/* ---- lab/tool.c ---- */
int tool_main(struct proc *p, int argc, char **argv);	/* p->data: the struct cmd_tool */

/* ---- lab/filter.c ---- */
bool filter_known(const char *name);
int filter_main(struct proc *p, int argc, char **argv);
int filter_words(int (*fn)(void *ctx, const char *name), void *ctx);

#endif
