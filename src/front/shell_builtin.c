/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/shell_builtin.c - the commands that the shell itself knows: one row each in builtins[].
 *
 * Called from shell_run_argv(). What bash has and this shell has not is refused by name, with status 2.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "front/shell_ast.h"

int shell_refuse_option(struct shell *sh, const char *cmd, const char *opt, const char *usage)
{
	shell_error(sh, "%s: %.2s: invalid option", cmd, opt);
	shell_printf(sh, 2, "%s: usage: %s\n", cmd, usage);
	return 2;
}

static int b_true(struct shell *sh, int argc, char **argv)
{
	return 0;
}

static int b_false(struct shell *sh, int argc, char **argv)
{
	return 1;
}

/* ---- the shell's own state ---- */

static int b_cd(struct shell *sh, int argc, char **argv)
{
	const char *to = argc > 1 ? argv[1] : shell_get(sh, "HOME");
	char *folder;
	int err;

	if (argc > 2) {
		shell_error(sh, "cd: too many arguments");
		return 1;
	}
	if (!to || !sh->ops->chdir) {
		shell_error(sh, to ? "cd: there are no folders here" : "cd: HOME not set");
		return 1;
	}
	folder = sh->ops->chdir(sh, to, &err);
	if (!folder) {
		shell_error(sh, "cd: %s: %s", to, strerror(-err));
		return 1;
	}
	mem_free(sh->cwd);
	sh->cwd = folder;
	return 0;
}

static int b_pwd(struct shell *sh, int argc, char **argv)
{
	struct sbuf s = SBUF_INIT;

	if (sh->ops->show_cwd)
		sh->ops->show_cwd(sh, &s);
	else
		sbuf_puts(&s, sh->cwd);
	sbuf_putc(&s, '\n');
	shell_write(sh, 1, sbuf_str(&s), s.len);
	sbuf_free(&s);
	return 0;
}

static int declare(struct shell *sh, const char *cmd, const char *word, bool export)
{
	const char *eq = strchr(word, '=');
	char *name = eq ? mem_strndup(word, (size_t)(eq - word)) : mem_strdup(word);
	int status = 0;

	if (!name)
		return 1;
	if (!shell_is_name(name, strlen(name))) {
		shell_error(sh, "%s: `%s': not a valid identifier", cmd, word);
		status = 1;
	} else {
		if (strcmp(cmd, "local") == 0)
			shell_set_local(sh, name);
		shell_set(sh, name, eq ? eq + 1 : NULL, export);
	}
	mem_free(name);
	return status;
}

static int b_export(struct shell *sh, int argc, char **argv)
{
	int status = 0;

	if (argc == 1 || strcmp(argv[1], "-p") == 0) {
		for (const struct shell_var *v = sh->vars; v; v = v->next)
			if (v->export)
				shell_printf(sh, 1, "declare -x %s=\"%s\"\n", v->name, v->value ? v->value : "");
		return 0;
	}
	if (argv[1][0] == '-' && argv[1][1])
		return shell_refuse_option(sh, "export", argv[1], "export [-fn] [name[=value] ...] or export -p");
	for (int i = 1; i < argc; i++)
		status |= declare(sh, "export", argv[i], true);
	return status;
}

static int b_local(struct shell *sh, int argc, char **argv)
{
	int status = 0;

	if (!sh->calls) {
		shell_error(sh, "local: can only be used in a function");
		return 1;
	}
	for (int i = 1; i < argc; i++)
		status |= declare(sh, "local", argv[i], false);
	return status;
}

static int b_unset(struct shell *sh, int argc, char **argv)
{
	bool func = false;
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (strcmp(argv[i], "-f") != 0 && strcmp(argv[i], "-v") != 0)
			return shell_refuse_option(sh, "unset", argv[i], "unset [-f] [-v] [-n] [name ...]");
		func = argv[i][1] == 'f';
	}
	for (; i < argc; i++)
		if (shell_unset(sh, argv[i], func) < 0 && !func)
			shell_unset(sh, argv[i], true);
	return 0;
}

/* the number that exit, return, break and their like take; false: told that it is none */
static bool count_arg(struct shell *sh, int argc, char **argv, int *val)
{
	char *end;

	if (argc < 2)
		return true;
	*val = (int)strtol(argv[1], &end, 10);
	if (end != argv[1] && !*end)
		return true;
	shell_error(sh, "%s: %s: numeric argument required", argv[0], argv[1]);
	return false;
}

static int b_exit(struct shell *sh, int argc, char **argv)
{
	int status = sh->status;

	if (!count_arg(sh, argc, argv, &status))
		status = 2;
	sh->flow = FLOW_EXIT;
	return sh->status = status & 255;
}

static int b_return(struct shell *sh, int argc, char **argv)
{
	int status = sh->status;

	if (!sh->calls) {
		shell_error(sh, "return: can only `return' from a function or sourced script");
		return 2;
	}
	if (!count_arg(sh, argc, argv, &status))
		status = 2;
	sh->flow = FLOW_RETURN;
	return sh->status = status & 255;
}

static int b_break(struct shell *sh, int argc, char **argv)
{
	int n = 1;

	if (!sh->loops) {
		shell_error(sh, "%s: only meaningful in a `for', `while', or `until' loop", argv[0]);
		return 0;
	}
	if (!count_arg(sh, argc, argv, &n))
		return 128;
	if (n < 1) {
		shell_error(sh, "%s: %d: loop count out of range", argv[0], n);
		return 1;
	}
	sh->flow = argv[0][0] == 'b' ? FLOW_BREAK : FLOW_CONTINUE;
	sh->flow_n = MIN((unsigned)n, sh->loops);
	return 0;
}

static int b_shift(struct shell *sh, int argc, char **argv)
{
	int n = 1;

	if (!count_arg(sh, argc, argv, &n))
		return 1;
	if (n < 0 || (size_t)n > sh->params.n)
		return 1;
	for (int i = 0; i < n; i++)
		mem_free(sh->params.v[i]);
	sh->params.n -= (size_t)n;
	if (sh->params.v)
		memmove(sh->params.v, sh->params.v + n, (sh->params.n + 1) * sizeof(char *));
	return 0;
}

static bool *shell_option(struct shell *sh, char letter)
{
	switch (letter) {
	case 'e': return &sh->errexit;
	case 'u': return &sh->nounset;
	case 'x': return &sh->xtrace;
	}
	return NULL;
}

static int b_set(struct shell *sh, int argc, char **argv)
{
	static const char usage[] = "set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]";
	int i = 1;

	for (; i < argc && (argv[i][0] == '-' || argv[i][0] == '+') && argv[i][1]; i++) {
		bool on = argv[i][0] == '-';

		if (strcmp(argv[i], "--") == 0)
			break;
		for (const char *o = argv[i] + 1; *o; o++) {
			bool *flag = *o == 'o' && i + 1 < argc && strcmp(argv[i + 1], "pipefail") == 0
					     ? &sh->pipefail
					     : shell_option(sh, *o);

			if (!flag) {
				char name[3] = { argv[i][0], *o };

				return shell_refuse_option(sh, "set", name, usage);
			}
			*flag = on;
			i += *o == 'o';
		}
	}
	if (i < argc) {
		i += strcmp(argv[i], "--") == 0;
		shell_words_free(&sh->params);
		for (; i < argc; i++)
			shell_words_add(&sh->params, argv[i]);
	}
	return 0;
}

static int b_read(struct shell *sh, int argc, char **argv)
{
	struct sbuf line = SBUF_INIT;
	bool raw = false, more = true;
	int i = 1;
	char c, *s;

	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (strcmp(argv[i], "-r") != 0)
			return shell_refuse_option(sh, "read", argv[i],
						   "read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N "
						   "nchars] [-p prompt] [-t timeout] [-u fd] [name ...]");
		raw = true;
	}
	while (line.len < SHELL_WORD_MAX && (more = sh->fd[0] && stream_read(sh->fd[0], &c, 1) == 1) && c != '\n') {
		if (c == '\\' && !raw && stream_read(sh->fd[0], &c, 1) == 1 && c == '\n')
			continue;
		sbuf_putc(&line, c);
	}
	s = line.data;
	if (i == argc)
		shell_set(sh, "REPLY", sbuf_str(&line), false);
	for (; i < argc; i++) {
		char *end;

		s = s ? s + strspn(s, " \t") : s;
		end = s ? s + (i + 1 < argc ? strcspn(s, " \t") : strlen(s)) : s;
		while (s && i + 1 == argc && end > s && strchr(" \t", end[-1]))
			end--;
		if (s && *end)
			*end++ = 0;
		shell_set(sh, argv[i], s ? s : "", false);
		s = end;
	}
	sbuf_free(&line);
	return !more;
}

/* ---- other commands in front of a command ---- */

static int run_rest(struct shell *sh, int argc, char **argv, int first)
{
	struct shell *c;
	int status;

	if (first >= argc)
		return 0;
	c = shell_clone(sh);
	if (!c)
		return 1;
	while (c->funcs)		/* a program knows nothing of the shell's functions */
		shell_unset(c, c->funcs->name, true);
	status = shell_run_argv(c, argc - first, argv + first);
	if (c->flow == FLOW_EXIT)
		status = c->status;
	shell_free(c);
	return status;
}

static int b_command(struct shell *sh, int argc, char **argv)
{
	const struct builtin *b;
	int status;

	if (argc > 2 && strcmp(argv[1], "-v") == 0) {
		status = 1;
		for (int i = 2; i < argc; i++) {
			struct sbuf path = SBUF_INIT;

			if (shell_func_find(sh, argv[i]) || builtin_find(argv[i]))
				sbuf_puts(&path, argv[i]);
			else if (sh->ops->which)
				sh->ops->which(sh, argv[i], &path);
			if (path.len) {
				shell_printf(sh, 1, "%s\n", sbuf_str(&path));
				status = 0;
			}
			sbuf_free(&path);
		}
		return status;
	}
	if (argc > 1 && argv[1][0] == '-')
		return shell_refuse_option(sh, "command", argv[1], "command [-pVv] command [arg ...]");
	if (argc < 2)
		return 0;
	b = builtin_find(argv[1]);
	if (b)
		return b->run(sh, argc - 1, argv + 1);
	status = sh->ops->exec(sh, argc - 1, argv + 1);
	if (status == -ENOENT) {
		shell_error(sh, "%s: command not found", argv[1]);
		return 127;
	}
	return status < 0 ? 126 : status;
}

static int b_eval(struct shell *sh, int argc, char **argv)
{
	struct sbuf s = SBUF_INIT;
	int status = 1;

	for (int i = 1; i < argc; i++)
		sbuf_printf(&s, "%s%s", i > 1 ? " " : "", argv[i]);
	if (sh->depth < SHELL_DEPTH_MAX)
		status = shell_run(sh, sbuf_str(&s));
	else
		shell_error(sh, "eval: nested too deep");
	sbuf_free(&s);
	return status;
}

static int b_exec(struct shell *sh, int argc, char **argv)
{
	int status;

	if (argc < 2)
		return 0;		/* its redirections stay: exec_simple() */
	status = run_rest(sh, argc, argv, 1);
	sh->flow = FLOW_EXIT;
	return sh->status = status;
}

static int b_wait(struct shell *sh, int argc, char **argv)
{
	int status;

	if (argc < 2)
		return sh->ops->wait ? shell_wait_jobs(sh, 0) : 0;
	status = sh->ops->wait ? shell_wait_jobs(sh, atoi(argv[1])) : -ECHILD;
	if (status == -ECHILD) {
		shell_error(sh, "wait: pid %s is not a child of this shell", argv[1]);
		return 127;
	}
	return status;
}

static int b_kill(struct shell *sh, int argc, char **argv)
{
	static const struct { const char *name; int sig;
	} names[] = {
		{ "-INT", SIGINT },   { "-2", SIGINT },   { "-SIGINT", SIGINT },
		{ "-TERM", SIGTERM }, { "-15", SIGTERM }, { "-SIGTERM", SIGTERM },
		{ "-KILL", SIGKILL }, { "-9", SIGKILL },  { "-SIGKILL", SIGKILL },
	};
	int sig = SIGTERM, i = 1, status = 0;

	if (argc > 1 && argv[1][0] == '-') {
		size_t k;

		for (k = 0; k < ARRAY_LEN(names) && strcmp(names[k].name, argv[1]) != 0; k++)
			;
		if (k == ARRAY_LEN(names)) {
			shell_error(sh, "kill: %s: invalid signal specification", argv[1] + 1);
			return 1;
		}
		sig = names[k].sig;
		i++;
	}
	if (i >= argc) {
		shell_printf(sh, 2,
			     "kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l "
			     "[sigspec]\n");
		return 2;
	}
	for (; i < argc; i++) {
		int pid = argv[i][0] == '%' ? sh->last_bg : atoi(argv[i]);

		if (!sh->ops->kill || sh->ops->kill(sh, pid, sig) < 0) {
			shell_error(sh, "kill: (%s) - No such process", argv[i]);
			status = 1;
		}
	}
	return status;
}

/* sh, bash: -c TEXT, or a script on standard input or in a file */
static int b_sh(struct shell *sh, int argc, char **argv)
{
	struct sbuf text = SBUF_INIT;
	struct shell *c;
	int i = 1, status = 1, err = 0;
	bool given = false;
	char chunk[512];
	ssize_t n;

	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		const char *o = argv[i] + 1;

		if (*o && o[strspn(o, "eux")] == 'c' && !o[strspn(o, "eux") + 1])
			given = true;
		else if (o[strspn(o, "eux")])
			return shell_refuse_option(sh, argv[0], argv[i],
						   "sh [-eux] [-c TEXT [NAME ARG...]] [FILE ARG...]");
	}
	if (given && i >= argc) {
		shell_printf(sh, 2, "%s: -c: option requires an argument\n", argv[0]);
		return 2;
	}
	c = shell_clone(sh);
	if (!c)
		return 1;
	c->name = strcmp(argv[0], "sh") == 0 ? "sh" : "bash";
	c->via = given ? " -c:" : "";
	c->no_line = false;
	c->line = 1;
	c->calls = 0;
	shell_words_free(&c->params);
	if (given) {
		sbuf_puts(&text, argv[i++]);
	} else {
		struct stream *in = NULL;

		if (i < argc)
			err = sh->ops->open ? sh->ops->open(sh, argv[i], 'r', &in) : -ENOENT;
		else
			in = stream_hold(sh->fd[0]);
		while (in && text.len < SHELL_WORD_MAX && (n = stream_read(in, chunk, sizeof(chunk))) > 0)
			sbuf_put(&text, chunk, (size_t)n);
		stream_put(in);
	}
	for (const char *o = argc > 1 && argv[1][0] == '-' ? argv[1] + 1 : ""; *o; o++)
		if (shell_option(c, *o))
			*shell_option(c, *o) = true;
	if (i < argc) {
		mem_free(c->arg0);
		c->arg0 = mem_strdup(argv[i++]);
	}
	for (; i < argc; i++)
		shell_words_add(&c->params, argv[i]);
	if (err) {
		shell_printf(sh, 2, "%s: %s: %s\n", argv[0], c->arg0, strerror(-err));
		status = 127;
	} else if (sh->depth >= SHELL_DEPTH_MAX) {
		shell_error(sh, "%s: nested too deep", argv[0]);
	} else {
		c->depth = sh->depth + 4;
		status = shell_run(c, sbuf_str(&text));
	}
	shell_free(c);
	sbuf_free(&text);
	return status;
}

static int b_source(struct shell *sh, int argc, char **argv)
{
	struct sbuf text = SBUF_INIT;
	struct stream *in = NULL;
	char chunk[512];
	ssize_t n;
	int err, status;

	if (argc < 2) {
		shell_error(sh, "%s: filename argument required", argv[0]);
		return 2;
	}
	err = sh->ops->open ? sh->ops->open(sh, argv[1], 'r', &in) : -ENOENT;
	if (err < 0 || sh->depth >= SHELL_DEPTH_MAX) {
		shell_error(sh, "%s: %s", argv[1], err < 0 ? strerror(-err) : "nested too deep");
		stream_put(in);
		return 1;
	}
	while (text.len < SHELL_WORD_MAX && (n = stream_read(in, chunk, sizeof(chunk))) > 0)
		sbuf_put(&text, chunk, (size_t)n);
	stream_put(in);
	status = shell_run(sh, sbuf_str(&text));
	sbuf_free(&text);
	return status;
}

static int b_sudo(struct shell *sh, int argc, char **argv)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		if (strcmp(argv[i], "-u") == 0 && i + 1 < argc && strcmp(argv[i + 1], "root") == 0)
			i++;
		else if (argv[i][1 + strspn(argv[i] + 1, "nEHS")])
			return shell_refuse_option(sh, "sudo", argv[i], "sudo [-nEHS] [-u root] command [arg ...]");
	}
	if (i >= argc) {
		shell_printf(sh, 2, "usage: sudo [-nEHS] [-u root] command [arg ...]\n");
		return 1;
	}
	if (strchr(argv[i], '=')) {		/* sudo NAME=value command */
		shell_error(sh, "sudo: variables in front of the command are not supported: use sudo env");
		return 1;
	}
	return run_rest(sh, argc, argv, i);
}

static int b_env(struct shell *sh, int argc, char **argv)
{
	struct shell *c;
	int i = 1, status = 0;

	if (argc > 1 && argv[1][0] == '-' && strcmp(argv[1], "-i") != 0)
		return shell_refuse_option(sh, "env", argv[1], "env [-i] [name=value ...] [command [arg ...]]");
	c = shell_clone(sh);
	if (!c)
		return 1;
	if (argc > 1 && strcmp(argv[1], "-i") == 0) {
		while (c->vars)
			shell_unset(c, c->vars->name, false);
		i++;
	}
	for (; i < argc && strchr(argv[i], '='); i++)
		declare(c, "env", argv[i], true);
	if (i < argc) {
		status = run_rest(c, argc, argv, i);
	} else {
		for (const struct shell_var *v = c->vars; v; v = v->next)
			if (v->export && v->value)
				shell_printf(sh, 1, "%s=%s\n", v->name, v->value);
	}
	shell_free(c);
	return status;
}

/* where commands are is not remembered; it still tells whether there is one */
static int b_hash(struct shell *sh, int argc, char **argv)
{
	int status = 0;

	if (argc > 1 && strcmp(argv[1], "-r") == 0)
		return 0;
	for (int i = 1; i < argc; i++) {
		struct sbuf path = SBUF_INIT;

		if (!shell_func_find(sh, argv[i]) && !builtin_find(argv[i]) &&
		    !(sh->ops->which && sh->ops->which(sh, argv[i], &path))) {
			shell_error(sh, "hash: %s: not found", argv[i]);
			status = 1;
		}
		sbuf_free(&path);
	}
	return status;
}

static int b_type(struct shell *sh, int argc, char **argv)
{
	int status = 0;

	for (int i = 1; i < argc; i++) {
		if (shell_func_find(sh, argv[i])) {
			shell_printf(sh, 1, "%s is a function\n", argv[i]);
		} else if (builtin_find(argv[i])) {
			shell_printf(sh, 1, "%s is a shell builtin\n", argv[i]);
		} else {
			struct sbuf path = SBUF_INIT;

			if (sh->ops->which && sh->ops->which(sh, argv[i], &path)) {
				shell_printf(sh, 1, "%s is %s\n", argv[i], sbuf_str(&path));
			} else {
				shell_error(sh, "type: %s: not found", argv[i]);
				status = 1;
			}
			sbuf_free(&path);
		}
	}
	return status;
}

static int b_refused(struct shell *sh, int argc, char **argv)
{
	shell_error(sh, "%s: not supported by this shell", argv[0]);
	return 2;
}

static const struct builtin builtins[] = {
	{ .name = ".", .run = b_source },
	{ .name = ":", .run = b_true },
	{ .name = "[", .run = builtin_test, .program = true },
	{ .name = "alias", .run = b_refused },
	{ .name = "bash", .run = b_sh, .program = true },
	{ .name = "bg", .run = b_refused },
	{ .name = "break", .run = b_break },
	{ .name = "cd", .run = b_cd },
	{ .name = "command", .run = b_command },
	{ .name = "continue", .run = b_break },
	{ .name = "declare", .run = b_refused },
	{ .name = "echo", .run = builtin_echo, .program = true },
	{ .name = "env", .run = b_env, .program = true },
	{ .name = "eval", .run = b_eval },
	{ .name = "exec", .run = b_exec },
	{ .name = "exit", .run = b_exit },
	{ .name = "export", .run = b_export },
	{ .name = "false", .run = b_false, .program = true },
	{ .name = "fg", .run = b_refused },
	{ .name = "getopts", .run = b_refused },
	{ .name = "hash", .run = b_hash },
	{ .name = "jobs", .run = b_refused },
	{ .name = "kill", .run = b_kill, .program = true },
	{ .name = "let", .run = b_refused },
	{ .name = "local", .run = b_local },
	{ .name = "printf", .run = builtin_printf, .program = true },
	{ .name = "pwd", .run = b_pwd, .program = true },
	{ .name = "read", .run = b_read },
	{ .name = "readonly", .run = b_refused },
	{ .name = "return", .run = b_return },
	{ .name = "select", .run = b_refused },
	{ .name = "set", .run = b_set },
	{ .name = "sh", .run = b_sh, .program = true },
	{ .name = "shift", .run = b_shift },
	{ .name = "shopt", .run = b_refused },
	{ .name = "source", .run = b_source },
	{ .name = "sudo", .run = b_sudo, .program = true },
	{ .name = "test", .run = builtin_test, .program = true },
	{ .name = "time", .run = b_refused },
	{ .name = "trap", .run = b_refused },
	{ .name = "true", .run = b_true, .program = true },
	{ .name = "type", .run = b_type },
	{ .name = "typeset", .run = b_refused },
	{ .name = "ulimit", .run = b_refused },
	{ .name = "umask", .run = b_refused },
	{ .name = "unset", .run = b_unset },
	{ .name = "wait", .run = b_wait },
};

const struct builtin *builtin_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(builtins); i++)
		if (strcmp(builtins[i].name, name) == 0)
			return &builtins[i];
	return NULL;
}

bool shell_builtin_is_program(const char *name)
{
	const struct builtin *b = builtin_find(name);

	return b && b->program;
}
