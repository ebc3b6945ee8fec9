/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/shell.c - running what the shell's parser made: commands, pipelines, compounds, redirections, subshells.
 *
 * Third step of a command line. The tree is walked; each walk returns an exit status and may leave sh->flow set
 * (break, return, exit), at which everything unwinds. A subshell is a clone of struct shell. Where the place can run
 * things side by side (ops->fork), the stages of a pipeline and what ends in & are clones on their own; where it
 * cannot, a pipeline's stages run in order, each with what the one before wrote.
 *
 * Invariants
 *  1. sh->fd[] holds a reference for each stream; redirect() and restore() keep the balance.
 *  2. sh->script is alive while its nodes are walked; functions and clones hold their own.
 *  3. Each command adds to sh->steps, shared with all subshells, so that every run ends.
 */
#include "front/shell.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "front/shell_ast.h"

/* ---- output ---- */

int shell_write(struct shell *sh, int fd, const void *bytes, size_t n)
{
	int err = sh->fd[fd] ? stream_write(sh->fd[fd], bytes, n) : -EBADF;

	if (err == -EPIPE) {
		sh->flow = FLOW_EXIT;
		sh->status = 141;
	}
	return err;
}

void shell_printf(struct shell *sh, int fd, const char *fmt, ...)
{
	struct sbuf s = SBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	sbuf_vprintf(&s, fmt, ap);
	va_end(ap);
	shell_write(sh, fd, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

void shell_error(struct shell *sh, const char *fmt, ...)
{
	struct sbuf s = SBUF_INIT;
	va_list ap;

	if (sh->no_line)
		sbuf_printf(&s, "%s: ", sh->name);
	else
		sbuf_printf(&s, "%s: line %u: ", sh->name, sh->line);
	va_start(ap, fmt);
	sbuf_vprintf(&s, fmt, ap);
	va_end(ap);
	sbuf_putc(&s, '\n');
	shell_write(sh, 2, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

static const char *error_text(int err)
{
	return strerror(err < 0 ? -err : err);
}

static int no_memory(struct shell *sh)
{
	shell_error(sh, "Cannot allocate memory");
	return 1;
}

/* ---- redirections ---- */

static void fd_put(struct shell *sh, int fd, struct stream *s)	/* takes the reference */
{
	stream_put(sh->fd[fd]);
	sh->fd[fd] = s;
}

static int redirect_here(struct shell *sh, const struct shell_redir *r)
{
	char *text = r->literal ? mem_strdup(r->word)
				: expand_string(sh, r->word, r->op == REDIR_HERE ? EXPAND_HERE : EXPAND_ONE);
	struct stream *s;
	struct sbuf line = SBUF_INIT;

	if (!text)
		return 1;
	sbuf_puts(&line, text);
	if (r->op == REDIR_STRING)
		sbuf_putc(&line, '\n');
	s = stream_from_bytes(sbuf_str(&line), line.len);
	sbuf_free(&line);
	mem_free(text);
	if (!s)
		return no_memory(sh);
	fd_put(sh, r->fd, s);
	return 0;
}

static int redirect_dup(struct shell *sh, const struct shell_redir *r, const char *word)
{
	int from;

	if (strcmp(word, "-") == 0) {
		fd_put(sh, r->fd, NULL);
		return 0;
	}
	if (!isdigit((unsigned char)word[0]) || word[1]) {
		shell_error(sh, "%s: ambiguous redirect", word);
		return 1;
	}
	from = word[0] - '0';
	if (!sh->fd[from]) {
		shell_error(sh, "%d: Bad file descriptor", from);
		return 1;
	}
	if (from != r->fd)
		fd_put(sh, r->fd, stream_hold(sh->fd[from]));
	return 0;
}

static int redirect_file(struct shell *sh, enum redir_op op, int fd, const char *path)
{
	static const char modes[] = {
		[REDIR_IN] = 'r', [REDIR_OUT] = 'w', [REDIR_APPEND] = 'a', [REDIR_BOTH] = 'w', [REDIR_BOTH_APPEND] = 'a'
	};
	struct stream *s = NULL;
	int err;

	if (op == REDIR_RW) {
		shell_error(sh, "%s: the redirection <> is not supported", path);
		return 1;
	}
	if (strcmp(path, "/dev/stdin") == 0 || strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/stderr") == 0) {
		int from = path[8] == 'i' ? 0 : path[8] == 'o' ? 1 : 2;

		s = stream_hold(sh->fd[from]);
		err = s ? 0 : -ENOENT;
	} else if (strcmp(path, "/dev/null") == 0) {
		s = stream_null();
		err = s ? 0 : -ENOMEM;
	} else {
		err = sh->ops->open ? sh->ops->open(sh, path, modes[op], &s) : -EACCES;
	}
	if (err < 0) {
		shell_error(sh, "%s: %s", path, error_text(err));
		return 1;
	}
	fd_put(sh, fd, s);
	if (op == REDIR_BOTH || op == REDIR_BOTH_APPEND)
		fd_put(sh, 2, stream_hold(s));
	return 0;
}

static int redirect_one(struct shell *sh, const struct shell_redir *r)
{
	struct shell_words w = { 0 };
	enum redir_op op = r->op;
	int err = 1;

	if (r->fd >= SHELL_FDS) {
		shell_error(sh, "%d: Bad file descriptor", r->fd);
		return 1;
	}
	if (op == REDIR_HERE || op == REDIR_STRING)
		return redirect_here(sh, r);
	if (expand_word(sh, r->word, EXPAND_FIELDS, &w) == 0) {
		if (op == REDIR_DUP && r->fd == 1 && w.n == 1 && strcmp(w.v[0], "-") != 0 &&
		    !isdigit((unsigned char)w.v[0][0]))
			op = REDIR_BOTH;		/* >& file */
		if (w.n != 1)
			shell_error(sh, "%s: ambiguous redirect", r->word);
		else if (op == REDIR_DUP)
			err = redirect_dup(sh, r, w.v[0]);
		else
			err = redirect_file(sh, op, r->fd, w.v[0]);
	}
	shell_words_free(&w);
	return err;
}

static void save_fds(const struct shell *sh, struct stream *saved[SHELL_FDS])
{
	for (unsigned i = 0; i < SHELL_FDS; i++)
		saved[i] = stream_hold(sh->fd[i]);
}

static void restore_fds(struct shell *sh, struct stream *saved[SHELL_FDS])
{
	for (unsigned i = 0; i < SHELL_FDS; i++)
		fd_put(sh, (int)i, saved[i]);
}

static int redirect(struct shell *sh, const struct shell_redir *r)
{
	for (; r; r = r->next)
		if (redirect_one(sh, r) != 0)
			return 1;
	return 0;
}

/* ---- simple commands ---- */

static int call_function(struct shell *sh, const struct shell_func *f, int argc, char **argv)
{
	struct shell_words saved = sh->params;
	struct shell_script *script = sh->script;
	const struct shell_node *body = f->body;
	int status;

	if (sh->calls >= SHELL_DEPTH_MAX / 2) {
		shell_error(sh, "%s: called too deep", argv[0]);
		sh->flow = FLOW_EXIT;
		return 1;
	}
	sh->params = (struct shell_words){ 0 };
	for (int i = 1; i < argc; i++)
		shell_words_add(&sh->params, argv[i]);
	sh->script = script_hold(f->script);
	sh->calls++;
	status = shell_exec_node(sh, body);
	if (sh->flow == FLOW_RETURN) {
		sh->flow = FLOW_NONE;
		status = sh->status;
	}
	shell_leave_scope(sh);
	sh->calls--;
	script_put(sh->script);
	sh->script = script;
	shell_words_free(&sh->params);
	sh->params = saved;
	return status;
}

static int not_found(struct shell *sh, const char *name, int err)
{
	if (err == -ENOENT && strchr(name, '/'))
		shell_error(sh, "%s: No such file or directory", name);
	else if (err == -ENOENT)
		shell_error(sh, "%s: command not found", name);
	else
		shell_error(sh, "%s: %s", name, error_text(err));
	return err == -ENOENT ? 127 : 126;
}

int shell_run_argv(struct shell *sh, int argc, char **argv)
{
	const struct shell_func *f = shell_func_find(sh, argv[0]);
	const struct builtin *b = builtin_find(argv[0]);
	int status;

	if (f)
		return call_function(sh, f, argc, argv);
	if (b)
		return b->run(sh, argc, argv);
	status = sh->ops->exec(sh, argc, argv);
	return status < 0 ? not_found(sh, argv[0], status) : status;
}

static bool needs_quotes(const char *w)
{
	return strpbrk(w, " \t\n\"'$&|;<>()*?[]#~!{}\\");
}

/* set -x */
static void trace(struct shell *sh, const struct shell_words *w)
{
	struct sbuf s = SBUF_INIT;

	sbuf_putc(&s, '+');
	for (size_t i = 0; i < w->n; i++)
		sbuf_printf(&s, !*w->v[i] || needs_quotes(w->v[i]) ? " '%s'" : " %s", w->v[i]);
	sbuf_putc(&s, '\n');
	shell_write(sh, 2, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

static void trace_assign(struct shell *sh, const char *name, bool append, const char *value)
{
	struct sbuf s = SBUF_INIT;

	sbuf_printf(&s, needs_quotes(value) ? "+ %s%s='%s'\n" : "+ %s%s=%s\n", name, append ? "+" : "", value);
	shell_write(sh, 2, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

/* NAME=value, NAME+=value */
static int assign(struct shell *sh, const char *raw, bool export)
{
	const char *eq = strchr(raw, '=');
	bool append = eq[-1] == '+';
	char *name = mem_strndup(raw, (size_t)(eq - raw) - append), *value = expand_string(sh, eq + 1, EXPAND_ONE);
	struct sbuf joined = SBUF_INIT;
	int err = -1;

	if (name && value) {
		const char *old = shell_get(sh, name);

		if (append && old)
			sbuf_puts(&joined, old);
		sbuf_puts(&joined, value);
		if (sh->xtrace)
			trace_assign(sh, name, append, value);
		err = joined.failed ? -1 : shell_set(sh, name, sbuf_str(&joined), export);
	}
	sbuf_free(&joined);
	mem_free(name);
	mem_free(value);
	return err;
}

/* variables that a command alone sees: their former state */
struct saved_var {
	char *name, *value;
	bool set, export;
};

static unsigned assign_for_command(struct shell *sh, const struct shell_word *a, struct saved_var *saved, unsigned max)
{
	unsigned n = 0;

	for (; a && n < max; a = a->next) {
		const char *eq = strchr(a->raw, '=');
		const struct shell_var *v;

		saved[n].name = mem_strndup(a->raw, (size_t)(eq - a->raw) - (eq[-1] == '+'));
		if (!saved[n].name)
			break;
		v = shell_var_find(sh, saved[n].name);
		saved[n].set = v != NULL;
		saved[n].export = v && v->export;
		saved[n].value = v && v->value ? mem_strdup(v->value) : NULL;
		n++;
		assign(sh, a->raw, true);
	}
	return n;
}

static void restore_vars(struct shell *sh, struct saved_var *saved, unsigned n)
{
	while (n-- > 0) {
		shell_unset(sh, saved[n].name, false);
		if (saved[n].set)
			shell_set(sh, saved[n].name, saved[n].value, saved[n].export);
		mem_free(saved[n].name);
		mem_free(saved[n].value);
	}
}

static int run_words(struct shell *sh, const struct shell_node *n, struct shell_words *w)
{
	struct saved_var saved[16];
	unsigned n_saved = assign_for_command(sh, n->assigns, saved, ARRAY_LEN(saved));
	int status;

	if (sh->xtrace)
		trace(sh, w);
	status = shell_run_argv(sh, (int)w->n, w->v);
	restore_vars(sh, saved, n_saved);
	return status;
}

static int exec_simple(struct shell *sh, const struct shell_node *n)
{
	struct shell_words w = { 0 };
	struct stream *saved[SHELL_FDS];
	bool keep = false;
	int status = 0;

	for (const struct shell_word *x = n->words; x; x = x->next) {
		if (expand_word(sh, x->raw, EXPAND_FIELDS, &w) < 0) {
			shell_words_free(&w);
			return sh->status ? sh->status : 1;
		}
	}
	save_fds(sh, saved);
	if (n->redirs && redirect(sh, n->redirs) != 0) {
		status = 1;
	} else if (w.n) {
		keep = strcmp(w.v[0], "exec") == 0 && w.n == 1;
		status = run_words(sh, n, &w);
	} else {
		sh->status = 0;				/* x=$(false) has the status of the substitution */
		for (const struct shell_word *a = n->assigns; a && status == 0; a = a->next)
			status = assign(sh, a->raw, false) < 0 ? 1 : 0;
		if (status == 0)
			status = sh->status;
	}
	if (keep)
		for (unsigned i = 0; i < SHELL_FDS; i++)
			stream_put(saved[i]);
	else
		restore_fds(sh, saved);
	shell_words_free(&w);
	return status;
}

/* ---- subshells and pipelines ---- */

static int child_body(struct shell *child, void *arg)
{
	int status = shell_exec_node(child, arg);

	return child->flow == FLOW_EXIT ? child->status : status;
}

static int run_inline(struct shell *sh, const struct shell_node *n, struct stream *in, struct stream *out)
{
	struct shell *c = shell_clone(sh);
	int status;

	if (!c)
		return no_memory(sh);
	if (in)
		fd_put(c, 0, stream_hold(in));
	if (out)
		fd_put(c, 1, stream_hold(out));
	status = child_body(c, (void *)n);
	shell_free(c);
	return status;
}

/* one stage after the other, through buffers */
static int pipe_in_order(struct shell *sh, const struct shell_node *n)
{
	struct sbuf text = SBUF_INIT;
	int status = 0, failed = 0;

	for (const struct shell_node *s = n->first; s; s = s->next) {
		struct stream *in = s == n->first ? NULL : stream_from_bytes(sbuf_str(&text), text.len), *out;

		sbuf_reset(&text);
		out = s->next ? stream_to_sbuf(&text) : NULL;
		status = run_inline(sh, s, in, out);
		failed = status ? status : failed;
		stream_put(in);
		stream_put(out);
	}
	sbuf_free(&text);
	return sh->pipefail ? failed : status;
}

static int fork_child(struct shell *sh, const struct shell_node *n, struct stream *in, struct stream *out,
		      bool background)
{
	struct shell *c = shell_clone(sh);
	int pid;

	if (!c)
		return -ENOMEM;
	if (in)
		fd_put(c, 0, stream_hold(in));
	if (out)
		fd_put(c, 1, stream_hold(out));
	pid = sh->ops->fork(sh, c, child_body, (void *)n, background);
	if (pid < 0)
		shell_free(c);
	return pid;
}

static int pipe_side_by_side(struct shell *sh, const struct shell_node *n)
{
	int pids[32], status = 0, failed = 0, err = 0;
	unsigned count = 0;
	struct stream *in = NULL;

	for (const struct shell_node *s = n->first; s && !err; s = s->next) {
		struct stream *r = NULL, *w = NULL;

		if (count == ARRAY_LEN(pids))
			err = -E2BIG;
		else if (s->next)
			err = sh->ops->pipe(sh, &r, &w);
		if (!err) {
			pids[count] = fork_child(sh, s, in, w, false);
			if (pids[count] < 0)
				err = pids[count];
			else
				count++;
		}
		stream_put(w);
		stream_put(in);
		in = r;
	}
	stream_put(in);
	for (unsigned i = 0; i < count; i++) {
		status = sh->ops->wait(sh, pids[i]);
		failed = status ? status : failed;
	}
	if (err) {
		shell_error(sh, "fork: %s", error_text(err));
		return 254;
	}
	return sh->pipefail ? failed : status;
}

static int exec_background(struct shell *sh, const struct shell_node *n)
{
	struct shell_job *j;
	struct stream *null;
	int pid;

	if (!sh->ops->fork) {
		shell_error(sh, "`&' is not supported here");
		return 2;
	}
	null = stream_null();
	pid = null ? fork_child(sh, n->first, null, NULL, true) : -ENOMEM;
	stream_put(null);
	if (pid < 0) {
		shell_error(sh, "fork: %s", error_text(pid));
		return 254;
	}
	j = mem_zalloc(sizeof(*j));
	if (j) {
		j->pid = pid;
		j->next = sh->jobs;
		sh->jobs = j;
	}
	sh->last_bg = pid;
	return 0;
}

int shell_wait_jobs(struct shell *sh, int pid)
{
	int status = pid ? -ECHILD : 0;

	for (struct shell_job **j = &sh->jobs; *j;) {
		struct shell_job *job = *j;

		if (pid && job->pid != pid) {
			j = &job->next;
			continue;
		}
		*j = job->next;
		status = sh->ops->wait(sh, job->pid);
		mem_free(job);
		if (!pid)
			status = 0;
	}
	return status;
}

int shell_capture(struct shell *sh, const char *text, struct sbuf *out)
{
	struct shell *c = shell_clone(sh);
	struct stream *s = stream_to_sbuf(out);

	if (!c || !s || sh->depth >= SHELL_DEPTH_MAX) {
		shell_free(c);
		stream_put(s);
		no_memory(sh);
		return -1;
	}
	c->depth = sh->depth + 4;
	fd_put(c, 1, s);
	sh->status = shell_run(c, text);
	shell_free(c);
	return out->failed ? -1 : 0;
}

/* ---- compounds ---- */

/* after a loop's body: should the loop end */
static bool loop_over(struct shell *sh)
{
	if (sh->flow == FLOW_NONE)
		return false;
	if (sh->flow != FLOW_BREAK && sh->flow != FLOW_CONTINUE)
		return true;
	if (--sh->flow_n > 0)
		return true;
	if (sh->flow == FLOW_BREAK) {
		sh->flow = FLOW_NONE;
		return true;
	}
	sh->flow = FLOW_NONE;
	return false;
}

static int condition(struct shell *sh, const struct shell_node *n)
{
	int status;

	sh->no_errexit++;
	status = shell_exec_node(sh, n);
	sh->no_errexit--;
	return status;
}

static int exec_while(struct shell *sh, const struct shell_node *n)
{
	int status = 0;

	sh->loops++;
	for (;;) {
		int c = condition(sh, n->first);

		if (loop_over(sh) || (c == 0) != (n->kind == NODE_WHILE))
			break;
		status = shell_exec_node(sh, n->second);
		if (loop_over(sh))
			break;
	}
	sh->loops--;
	return status;
}

static int exec_for(struct shell *sh, const struct shell_node *n)
{
	struct shell_words w = { 0 };
	int status = 0;

	for (const struct shell_word *x = n->words; x; x = x->next) {
		if (expand_word(sh, x->raw, EXPAND_FIELDS, &w) < 0) {
			shell_words_free(&w);
			return 1;
		}
	}
	if (!n->has_in)
		for (size_t i = 0; i < sh->params.n; i++)
			shell_words_add(&w, sh->params.v[i]);
	sh->loops++;
	for (size_t i = 0; i < w.n; i++) {
		shell_set(sh, n->name, w.v[i], false);
		status = shell_exec_node(sh, n->first);
		if (loop_over(sh))
			break;
	}
	sh->loops--;
	shell_words_free(&w);
	return status;
}

static int exec_case(struct shell *sh, const struct shell_node *n)
{
	char *subject = expand_string(sh, n->words->raw, EXPAND_ONE);
	const struct shell_node *body = NULL;
	bool hit = false;

	if (!subject)
		return 1;
	for (const struct shell_case *c = n->cases; c && !hit; c = c->next) {
		for (const struct shell_word *p = c->patterns; p && !hit; p = p->next) {
			char *pattern = expand_string(sh, p->raw, EXPAND_PATTERN);

			hit = pattern && fnmatch(pattern, subject, 0) == 0;
			mem_free(pattern);
		}
		body = c->body;
	}
	mem_free(subject);
	return hit && body ? shell_exec_node(sh, body) : 0;
}

static int exec_arith(struct shell *sh, const struct shell_node *n)
{
	char *text = expand_string(sh, n->name, EXPAND_HERE);
	int64_t val = 0;
	int err = text ? arith_eval(sh, text, &val) : -1;

	mem_free(text);
	return err < 0 || !val;
}

/* [[ ]]: no splitting; the right of = and != is a pattern */
static int exec_cond(struct shell *sh, const struct shell_node *n)
{
	struct shell_words w = { 0 };
	bool pattern = false;
	int status;

	shell_words_add(&w, "[[");
	for (const struct shell_word *x = n->words; x; x = x->next) {
		if (expand_word(sh, x->raw, pattern ? EXPAND_PATTERN : EXPAND_ONE, &w) < 0) {
			shell_words_free(&w);
			return 1;
		}
		pattern = strcmp(x->raw, "=") == 0 || strcmp(x->raw, "==") == 0 || strcmp(x->raw, "!=") == 0;
	}
	status = builtin_test(sh, (int)w.n, w.v);
	shell_words_free(&w);
	return status;
}

static int exec_kind(struct shell *sh, const struct shell_node *n)
{
	int status = 0;

	switch (n->kind) {
	case NODE_SIMPLE: return exec_simple(sh, n);
	case NODE_PIPE: return sh->ops->fork ? pipe_side_by_side(sh, n) : pipe_in_order(sh, n);
	case NODE_AND:
	case NODE_OR:
		status = condition(sh, n->first);
		if (sh->flow != FLOW_NONE || (status == 0) != (n->kind == NODE_AND))
			return status;
		sh->status = status;
		return shell_exec_node(sh, n->second);
	case NODE_SEQ:
		for (const struct shell_node *c = n->first; c && sh->flow == FLOW_NONE; c = c->next)
			sh->status = status = shell_exec_node(sh, c);
		return status;
	case NODE_BG: return exec_background(sh, n);
	case NODE_NOT: return !condition(sh, n->first);
	case NODE_SUBSHELL: return run_inline(sh, n->first, NULL, NULL);
	case NODE_GROUP: return shell_exec_node(sh, n->first);
	case NODE_IF:
		if (condition(sh, n->first) == 0)
			return sh->flow == FLOW_NONE ? shell_exec_node(sh, n->second) : 0;
		return n->third && sh->flow == FLOW_NONE ? shell_exec_node(sh, n->third) : 0;
	case NODE_WHILE:
	case NODE_UNTIL: return exec_while(sh, n);
	case NODE_FOR: return exec_for(sh, n);
	case NODE_CASE: return exec_case(sh, n);
	case NODE_FUNC: return shell_set_func(sh, n);
	case NODE_ARITH: return exec_arith(sh, n);
	case NODE_COND: return exec_cond(sh, n);
	}
	return 0;
}

static int exec_redirected(struct shell *sh, const struct shell_node *n)
{
	struct stream *saved[SHELL_FDS];
	int status = 1;

	save_fds(sh, saved);
	if (redirect(sh, n->redirs) == 0)
		status = exec_kind(sh, n);
	restore_fds(sh, saved);
	return status;
}

int shell_exec_node(struct shell *sh, const struct shell_node *n)
{
	int status, sig;

	if (!n)
		return 0;
	sh->line = n->line;
	if (++sh->steps->n > SHELL_STEPS_MAX) {
		if (sh->flow != FLOW_EXIT)
			shell_error(sh, "more than %d commands: given up", SHELL_STEPS_MAX);
		sh->flow = FLOW_EXIT;
		return sh->status = 1;
	}
	if (++sh->depth > 2 * SHELL_DEPTH_MAX) {
		shell_error(sh, "nested too deep");
		sh->flow = FLOW_EXIT;
		sh->depth--;
		return sh->status = 1;
	}
	if (n->redirs && n->kind != NODE_SIMPLE)
		status = exec_redirected(sh, n);
	else
		status = exec_kind(sh, n);
	sh->depth--;
	if (sh->flow == FLOW_EXIT)
		return sh->status;
	sig = sh->ops->stopped ? sh->ops->stopped(sh) : 0;
	if (sig) {
		sh->flow = FLOW_EXIT;
		return sh->status = 128 + sig;
	}
	if (sh->flow == FLOW_NONE)
		sh->status = status;
	if (sh->errexit && status && !sh->no_errexit && sh->flow == FLOW_NONE &&
	    (n->kind == NODE_SIMPLE || n->kind == NODE_PIPE || n->kind == NODE_SUBSHELL))
		sh->flow = FLOW_EXIT;
	return status;
}

static void tell_syntax(struct shell *sh, const struct shell_syntax *err)
{
	struct sbuf s = SBUF_INIT;

	for (int i = 0; i < (err->source ? 2 : 1); i++) {
		sbuf_printf(&s, "%s:%s ", sh->name, sh->via);
		if (!sh->no_line)
			sbuf_printf(&s, "line %u: ", err->line);
		if (i)
			sbuf_printf(&s, "`%s'\n", err->source);
		else
			sbuf_printf(&s, "%s\n", sbuf_str(&err->text));
	}
	shell_write(sh, 2, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

int shell_run(struct shell *sh, const char *text)
{
	struct shell_syntax err;
	struct shell_script *script = script_parse(text, &err), *before = sh->script;
	int status = 2;

	if (!script) {
		if (err.nomem)
			no_memory(sh);
		else
			tell_syntax(sh, &err);
		sh->status = status;
	} else {
		if (err.warning.len) {
			sh->line = err.warning_line;
			shell_error(sh, "%s", sbuf_str(&err.warning));
		}
		sh->script = script;
		status = shell_exec_node(sh, script->root);
		if (sh->flow == FLOW_EXIT)
			status = sh->status;
		script_put(sh->script);
		sh->script = before;
	}
	shell_syntax_free(&err);
	return status;
}
