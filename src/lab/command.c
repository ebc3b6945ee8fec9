/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/command.c - commands on a simulated host: what a name means there, and the place that the small shell runs in.
 *
 * A command line becomes a process that runs the shell; each command in it that is not the shell's own becomes a
 * process too. A name is, in this order: a tool of the command languages (front/tools.c), a program of simulated
 * hosts (lab/programs.c), a text filter of the machine (lab/filter.c), a builtin that is a program elsewhere, or the
 * path of a script.
 *
 * Invariants
 *  1. struct shell's ctx is the process that runs it.
 *  2. A shell takes SIGINT only after the child it waits for has had it: it goes on when that one took it well.
 */
#include <errno.h>
#include <string.h>

#include "base/diag.h"
#include "front/shell.h"
#include "lab/lab.h"
#include "lab/programs.h"

#define INIT_DIR "/etc/init.d/"

struct forked {
	struct shell *child;
	int (*body)(struct shell *child, void *arg);
	void *arg;
};

struct what {
	int (*run)(struct proc *p, int argc, char **argv);
	void *data;
};

static const struct shell_ops lab_shell_ops;

static struct shell *shell_for(struct proc *p)
{
	struct shell *sh = shell_new(&lab_shell_ops, p, p->env, p->cwd);

	if (!sh)
		return NULL;
	sh->pid = p->pid;
	shell_set_fds(sh, p->fd);
	proc_catch_int(p);
	return sh;
}

static int shell_main(struct proc *p, int argc, char **argv)	/* argv[1]: the text */
{
	struct shell *sh = shell_for(p);
	int status = sh ? shell_run(sh, argv[1]) : 1;

	shell_free(sh);
	return status;
}

static int builtin_main(struct proc *p, int argc, char **argv)
{
	struct shell *sh = shell_for(p);
	char *slash = strrchr(argv[0], '/'), *name = argv[0];
	int status;

	if (!sh)
		return 1;
	if (slash)
		argv[0] = slash + 1;
	status = shell_run_argv(sh, argc, argv);
	argv[0] = name;
	if (sh->flow == FLOW_EXIT)
		status = sh->status;
	shell_free(sh);
	return status;
}

/* "#!/usr/sbin/nft -f": the tool, its one argument, and the script; false: it is for the shell */
static bool other_interpreter(const char *text, char *line, size_t size, char **interp, char **arg)
{
	size_t n = strcspn(text, "\n");

	if (strncmp(text, "#!", 2) != 0 || n >= size)
		return false;
	memcpy(line, text + 2, n - 2);
	line[n - 2] = '\0';
	*interp = line + strspn(line, " \t");
	*arg = *interp + strcspn(*interp, " \t");
	if (**arg) {
		*(*arg)++ = '\0';
		*arg += strspn(*arg, " \t");
		for (size_t k = strlen(*arg); k && strchr(" \t", (*arg)[k - 1]); k--)
			(*arg)[k - 1] = '\0';
	}
	return cmd_tool_find(*interp);
}

static int run_interpreter(struct proc *p, char *interp, char *arg, int argc, char **argv)
{
	char **words = mem_zalloc(((size_t)argc + 3) * sizeof(*words));
	struct proc *child;
	int n = 0, status;

	if (!words)
		return 126;
	words[n++] = interp;
	if (*arg)
		words[n++] = arg;
	for (int i = 0; i < argc; i++)
		words[n++] = argv[i];
	status = command_start(p->host, p, n, words, NULL, NULL, NULL, &child);
	if (status == 0) {
		status = command_join(p, child);
		proc_put(child);
	} else {
		status = 126;
	}
	mem_free(words);
	return status;
}

static int script_main(struct proc *p, int argc, char **argv)
{
	struct shell *sh = shell_for(p);
	struct sbuf text = SBUF_INIT;
	char line[256], *interp, *arg;
	int status = 1;

	if (!sh || vfs_read(p->host, p->cwd, argv[0], &text) < 0) {
		status = 1;
	} else if (other_interpreter(sbuf_str(&text), line, sizeof(line), &interp, &arg)) {
		status = run_interpreter(p, interp, arg, argc, argv);
	} else {
		sh->arg0 = mem_strdup(argv[0]);
		sh->name = sh->arg0 ? sh->arg0 : "bash";
		sh->via = "";
		for (int i = 1; i < argc; i++)
			shell_words_add(&sh->params, argv[i]);
		status = shell_run(sh, sbuf_str(&text));
	}
	sbuf_free(&text);
	shell_free(sh);
	return status;
}

/* "/etc/init.d/NAME ACTION" is "service NAME ACTION" */
static int init_main(struct proc *p, int argc, char **argv)
{
	char *words[] = { "service", argv[0] + strlen(INIT_DIR), argc > 1 ? argv[1] : "", NULL };

	return prog_service(p, 3, words);
}

static bool is_bin_dir(const char *path, size_t n)
{
	static const char *const dirs[] = { "/bin",      "/sbin",          "/usr/bin",
					    "/usr/sbin", "/usr/local/bin", "/usr/local/sbin" };

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (strlen(dirs[i]) == n && strncmp(dirs[i], path, n) == 0)
			return true;
	return false;
}

static int resolve_script(struct host *h, const char *cwd, const char *path, struct what *w)
{
	struct vfs_stat st;
	int err = vfs_stat(h, cwd, path, &st);

	if (err < 0)
		return err;
	if (st.type == 'd')
		return -EISDIR;
	*w = (struct what){ .run = script_main };
	return 0;
}

static int resolve(struct host *h, const char *cwd, const char *name, struct what *w)
{
	const char *slash = strrchr(name, '/');
	const struct cmd_tool *tool;
	const struct program *prog;
	struct vfs_stat st;

	if (strncmp(name, INIT_DIR, strlen(INIT_DIR)) == 0 && vfs_stat(h, cwd, name, &st) < 0) {
		*w = (struct what){ .run = init_main };
		return service_known(slash + 1) ? 0 : -ENOENT;
	}
	if (slash && !is_bin_dir(name, (size_t)(slash - name)))
		return resolve_script(h, cwd, name, w);
	if (slash)
		name = slash + 1;
	tool = cmd_tool_find(name);
	prog = program_find(name);
	if (tool)
		*w = (struct what){ tool_main, (void *)tool };
	else if (prog)
		*w = (struct what){ prog->run, NULL };
	else if (filter_known(name))
		*w = (struct what){ filter_main, NULL };
	else if (shell_builtin_is_program(name))
		*w = (struct what){ builtin_main, NULL };
	else
		return -ENOENT;
	return 0;
}

int command_start(struct host *h, struct proc *parent, int argc, char **argv, struct stream *const *fd, char **env,
		  const char *cwd, struct proc **out)
{
	struct proc_start how = {
		.host = h, .job = parent->job, .parent = parent, .argc = argc, .argv = argv, .env = env, .cwd = cwd
	};
	struct what w;
	int err = resolve(h, cwd ? cwd : parent->cwd, argv[0], &w);

	if (err < 0)
		return err;
	how.run = w.run;
	how.data = w.data;
	for (unsigned i = 0; i < 3; i++)
		how.fd[i] = fd ? fd[i] : parent->fd[i];
	*out = proc_spawn(&how);
	return *out ? 0 : -EAGAIN;
}

struct proc *command_spawn(struct host *h, struct job *job, const char *text, struct stream *const fd[3])
{
	char *argv[] = { "bash", (char *)text, NULL };
	struct proc_start how = {
		.host = h, .job = job, .run = shell_main, .argc = 2, .argv = argv, .fd = { fd[0], fd[1], fd[2] }
	};

	return proc_spawn(&how);
}

int command_join(struct proc *self, struct proc *child)
{
	bool interrupted = false;

	self->runs = child;
	for (;;) {
		int status = proc_join(self, child);

		if (status >= 0 || self->signal != SIGINT)
			self->runs = NULL;
		if (status >= 0) {
			if (interrupted && status == 128 + SIGINT)
				self->child_interrupted = true;
			return status;
		}
		if (self->signal != SIGINT)
			return 128 + self->signal;
		proc_clear_int(self);
		interrupted = true;
	}
}

int command_words(int (*fn)(void *ctx, const char *name), void *ctx)
{
	int err = 0;

	for (const struct cmd_tool *t = cmd_tools; t->name && !err; t++)
		err = fn(ctx, t->name);
	for (const struct program *p = programs; p->name && !err; p++)
		err = fn(ctx, p->name);
	return err ? err : filter_words(fn, ctx);
}

/* ---- the shell's place ---- */

static struct proc *proc_of(const struct shell *sh)
{
	return sh->ctx;
}

static int on_open(struct shell *sh, const char *path, char mode, struct stream **out)
{
	return vfs_open(proc_of(sh)->host, sh->cwd, path, mode, out);
}

static char on_stat(struct shell *sh, const char *path, uint64_t *size)
{
	struct vfs_stat st;

	struct what w;

	if (vfs_stat(proc_of(sh)->host, sh->cwd, path, &st) < 0) {
		/* programs have no file, and are there all the same: [ -x /sbin/iptables ] */
		*size = 0;
		return strchr(path, '/') && resolve(proc_of(sh)->host, sh->cwd, path, &w) == 0 ? 'f' : 0;
	}
	*size = st.size;
	return st.type;
}

static int on_exec(struct shell *sh, int argc, char **argv)
{
	struct proc *self = proc_of(sh), *child;
	char **env = shell_env(sh);
	int err = env ? command_start(self->host, self, argc, argv, sh->fd, env, sh->cwd, &child) : -ENOMEM;

	mem_free(env);
	if (err < 0)
		return err;
	err = command_join(self, child);
	proc_put(child);
	return err;
}

static bool on_which(struct shell *sh, const char *name, struct sbuf *out)
{
	struct what w;

	if (resolve(proc_of(sh)->host, sh->cwd, name, &w) < 0)
		return false;
	sbuf_printf(out, strchr(name, '/') ? "%s" : "/usr/sbin/%s", name);
	return true;
}

static int add_word(void *ctx, const char *path)
{
	shell_words_add(ctx, path);
	return 0;
}

static int on_glob(struct shell *sh, const char *pattern, struct shell_words *out)
{
	return vfs_glob(proc_of(sh)->host, sh->cwd, pattern, add_word, out);
}

static char *on_chdir(struct shell *sh, const char *path, int *err)
{
	return vfs_chdir(proc_of(sh)->host, sh->cwd, path, err);
}

static void on_show_cwd(struct shell *sh, struct sbuf *out)
{
	vfs_show_cwd(proc_of(sh)->host, sh->cwd, out);
}

static int on_pipe(struct shell *sh, struct stream **r, struct stream **w)
{
	return pipe_new(proc_of(sh)->lab->sched, r, w);
}

static int forked_main(struct proc *p, int argc, char **argv)
{
	struct forked f = *(struct forked *)p->data;
	int status;

	mem_free(p->data);
	proc_catch_int(p);
	f.child->ctx = p;
	status = f.body(f.child, f.arg);
	shell_free(f.child);
	return status;
}

static int on_fork(struct shell *sh, struct shell *child, int (*body)(struct shell *child, void *arg), void *arg,
		   bool background)
{
	struct proc *self = proc_of(sh);
	struct proc_child *c = mem_zalloc(sizeof(*c));
	struct forked *f = mem_zalloc(sizeof(*f));
	char *argv[] = { "bash", NULL };
	struct proc_start how = { .host = self->host,
				  .job = self->job,
				  .parent = self,
				  .run = forked_main,
				  .data = f,
				  .argc = 1,
				  .argv = argv,
				  .cwd = sh->cwd,
				  .fd = { child->fd[0], child->fd[1], child->fd[2] },
				  .background = background };

	if (c && f) {
		*f = (struct forked){ child, body, arg };
		c->proc = proc_spawn(&how);
	}
	if (!c || !c->proc) {
		mem_free(c);
		mem_free(f);
		return -EAGAIN;
	}
	list_add_tail(&self->children, &c->node);
	return c->proc->pid;
}

static int on_wait(struct shell *sh, int pid)
{
	struct proc *self = proc_of(sh);
	struct proc_child *c;

	list_for_each(c, &self->children, node) {
		int status;

		if (c->proc->pid != pid)
			continue;
		status = command_join(self, c->proc);
		list_del(&c->node);
		proc_put(c->proc);
		mem_free(c);
		return status;
	}
	return -ECHILD;
}

static int on_kill(struct shell *sh, int pid, int sig)
{
	struct job *j;
	struct proc *p;

	list_for_each(j, &proc_of(sh)->lab->jobs, node) {
		list_for_each(p, &j->procs, node) {
			if (p->pid != pid)
				continue;
			/* what runs beside a shell is a process of it that waits for the command: $! means both */
			for (struct proc *q = p; q; q = q->run == forked_main ? q->runs : NULL)
				proc_kill(q, sig);
			return 0;
		}
	}
	return -ESRCH;
}

static int on_stopped(struct shell *sh)
{
	const struct proc *p = proc_of(sh);

	return p->signal ? p->signal : p->child_interrupted ? SIGINT : 0;
}

static const struct shell_ops lab_shell_ops = {
	.open = on_open,
	.stat = on_stat,
	.exec = on_exec,
	.which = on_which,
	.glob = on_glob,
	.chdir = on_chdir,
	.show_cwd = on_show_cwd,
	.pipe = on_pipe,
	.fork = on_fork,
	.wait = on_wait,
	.kill = on_kill,
	.stopped = on_stopped,
};

struct nearest {
	const char *names[256];
	size_t n;
};

static int nearest_add(void *ctx, const char *name)
{
	struct nearest *k = ctx;

	if (k->n < ARRAY_LEN(k->names) - 1)
		k->names[k->n++] = name;
	return 0;
}

void command_hint(const char *word, struct sbuf *out)
{
	struct nearest k = { .n = 0 };
	const char *near;

	command_words(nearest_add, &k);
	near = *word ? diag_nearest(word, k.names) : NULL;
	if (near)
		sbuf_printf(out, "did you mean `%s'?", near);
	else
		sbuf_printf(out, "simulated hosts have no `%s'; `help' in an interactive lab lists what they have", word);
}
