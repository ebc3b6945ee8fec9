/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/shell.h - the small shell that command lines go through, in labs, in replay's setup files and for kept
 * namespaces.
 *
 * It has what people type around network commands: quoting, variables, pipes, redirections, here-documents,
 * subshells, $(...), arithmetic, if, for, while, until, case, functions; and bash's texts when something is wrong.
 * What a command is, where files are and whether things can run side by side is the place's own business: struct
 * shell_ops.
 */
#ifndef FRONT_SHELL_H
#define FRONT_SHELL_H

#include "front/stream.h"

#define SHELL_FDS 10
#define SHELL_STEPS_MAX 1000000		/* commands in one run: a loop that never ends is told so */
#define SHELL_WORD_MAX (1u << 20)	/* bytes that one word may grow to */

struct shell;
struct shell_script;
struct shell_var;
struct shell_func;
struct shell_job;
struct shell_steps {
	uint64_t n;
	unsigned refs;
};

struct shell_words {			/* a list of strings, each its own allocation */
	char **v;			/* NULL-terminated once shell_words_add() was called */
	size_t n, cap;
	bool failed;
};

void shell_words_add(struct shell_words *w, const char *s);
void shell_words_free(struct shell_words *w);

struct shell_ops {
	/* a file by its path as typed, relative to sh->cwd; @mode 'r', 'w', 'a'; 0 and a reference, or -errno */
	int (*open)(struct shell *sh, const char *path, char mode, struct stream **out);
	/* 'f', 'd', 'c' and the size; 0: no such file. NULL: there are no files */
	char (*stat)(struct shell *sh, const char *path, uint64_t *size);
	/*
	 * a command that is not the shell's own, to its end, with sh->fd, sh->cwd and shell_env(): its exit status,
	 * -ENOENT: no such command
	 */
	int (*exec)(struct shell *sh, int argc, char **argv);
	/* where a command that is not the shell's own is ("/usr/sbin/iptables"), into @out; false: no such command */
	bool (*which)(struct shell *sh, const char *name, struct sbuf *out);
	/* names that match, in order; NULL: patterns stay as they are */
	int (*glob)(struct shell *sh, const char *pattern, struct shell_words *out);
	/* the folder that @path means, malloc()ed; NULL and *err = -errno */
	char *(*chdir)(struct shell *sh, const char *path, int *err);
	/* a folder as people see it, for pwd and $PWD; NULL: as sh->cwd has it */
	void (*show_cwd)(struct shell *sh, struct sbuf *out);
	/*
	 * Side by side. With fork NULL, the commands of a pipeline run one after the other through buffers, and & is
	 * refused. fork: run @body(@child, @arg) and shell_free(@child) beside this; the process's number (> 0), or
	 * -errno (@child is then still the caller's). wait: for the one of that number: its status, -ECHILD.
	 */
	int (*pipe)(struct shell *sh, struct stream **r, struct stream **w);
	int (*fork)(struct shell *sh, struct shell *child, int (*body)(struct shell *child, void *arg), void *arg,
		    bool background);
	int (*wait)(struct shell *sh, int pid);
	int (*kill)(struct shell *sh, int pid, int sig);
	/* 0: go on; else the signal that ends the shell */
	int (*stopped)(struct shell *sh);
};

enum shell_flow { FLOW_NONE, FLOW_BREAK, FLOW_CONTINUE, FLOW_RETURN, FLOW_EXIT };

struct shell {
	const struct shell_ops *ops;
	void *ctx;			/* the place's own */
	struct stream *fd[SHELL_FDS];
	char *cwd;
	const char *name;		/* in front of error texts: "bash" */
	const char *via;		/* " -c:" in front of syntax errors; "" for files */
	bool no_line;			/* error texts without "line N:" (typed at a prompt) */
	int pid;			/* $$ */
	int last_bg;			/* $! */
	int status;			/* $? */
	unsigned line;
	enum shell_flow flow;
	unsigned flow_n;		/* loops to leave */
	unsigned loops, calls, depth;
	struct shell_steps *steps;	/* shared with subshells, which may outlive this shell */
	bool errexit, nounset, xtrace, pipefail;
	unsigned no_errexit;		/* inside a condition */
	char *arg0;
	struct shell_words params;	/* $1 ... */
	struct shell_var *vars;
	struct shell_func *funcs;
	struct shell_job *jobs;
	struct shell_script *script;	/* being run */
};

/**
 * shell_new() - a shell with no variables but those of @env ("NAME=value", NULL-terminated; may be NULL); NULL: no
 * memory
 */
struct shell *shell_new(const struct shell_ops *ops, void *ctx, char *const *env, const char *cwd);
void shell_free(struct shell *sh);
/** shell_set_fds() - standard input, output and error; held */
void shell_set_fds(struct shell *sh, struct stream *const fd[3]);
/**
 * shell_run() - parse and run @text: its exit status; 2 after a syntax error, which is told on fd 2. $? and variables
 * stay for the next call
 */
int shell_run(struct shell *sh, const char *text);
/** shell_run_argv() - one command of already expanded words: builtin, function or the place's */
int shell_run_argv(struct shell *sh, int argc, char **argv);
/**
 * shell_incomplete() - does @text end inside a quote, a here-document, an unfinished compound or after a backslash (so
 * that a prompt asks for more)
 */
bool shell_incomplete(const char *text);
/**
 * shell_builtin_is_program() - is there one of that name which is a program elsewhere too (echo, test, sh, env), so that others
 * may run it
 */
bool shell_builtin_is_program(const char *name);

const char *shell_get(const struct shell *sh, const char *name);	/* a variable; NULL: not set */
int shell_set(struct shell *sh, const char *name, const char *value, bool export);
/** shell_env() - exported variables as "NAME=value", malloc()ed as one block, NULL-terminated; NULL: no memory */
char **shell_env(const struct shell *sh);
int shell_write(struct shell *sh, int fd, const void *bytes, size_t n);	/* 0 or -errno; a broken pipe ends the shell */
void shell_printf(struct shell *sh, int fd, const char *fmt, ...) PRINTF_LIKE(3, 4);
/** shell_error() - "bash: line N: TEXT" on fd 2 */
void shell_error(struct shell *sh, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
