/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/shell_vars.c - what a shell holds: words, variables, functions, its life and its clones for subshells.
 *
 * Beside the way of a command line: shell.c and shell_expand.c look things up here.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "front/shell_ast.h"

/* ---- lists of words ---- */

void shell_words_add(struct shell_words *w, const char *s)
{
	char *copy = s ? mem_strdup(s) : NULL;

	if (w->n + 2 > w->cap) {
		size_t cap = w->cap ? 2 * w->cap : 8;
		char **v = mem_realloc(w->v, cap * sizeof(char *));

		if (v) {
			w->v = v;
			w->cap = cap;
		}
	}
	if (!copy || w->n + 2 > w->cap) {
		mem_free(copy);
		w->failed = true;
		return;
	}
	w->v[w->n++] = copy;
	w->v[w->n] = NULL;
}

void shell_words_free(struct shell_words *w)
{
	for (size_t i = 0; i < w->n; i++)
		mem_free(w->v[i]);
	mem_free(w->v);
	*w = (struct shell_words){ 0 };
}

/* ---- variables and functions ---- */

bool shell_is_name(const char *s, size_t n)
{
	if (!n || !(isalpha((unsigned char)*s) || *s == '_'))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '_')
			return false;
	return true;
}

struct shell_var *shell_var_find(const struct shell *sh, const char *name)
{
	for (struct shell_var *v = sh->vars; v; v = v->next)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

const char *shell_get(const struct shell *sh, const char *name)
{
	const struct shell_var *v = shell_var_find(sh, name);

	return v ? v->value : NULL;
}

static struct shell_var *var_new(struct shell *sh, const char *name)
{
	struct shell_var *v = mem_zalloc(sizeof(*v));

	if (!v)
		return NULL;
	v->name = mem_strdup(name);
	if (!v->name) {
		mem_free(v);
		return NULL;
	}
	v->next = sh->vars;
	sh->vars = v;
	return v;
}

int shell_set(struct shell *sh, const char *name, const char *value, bool export)
{
	struct shell_var *v = shell_var_find(sh, name);
	char *copy = NULL;

	if (value) {
		copy = mem_strdup(value);
		if (!copy)
			return -ENOMEM;
	}
	if (!v)
		v = var_new(sh, name);
	if (!v) {
		mem_free(copy);
		return -ENOMEM;
	}
	if (value) {
		mem_free(v->value);
		v->value = copy;
	}
	v->export |= export;
	return 0;
}

static void var_free(struct shell_var *v)
{
	mem_free(v->name);
	mem_free(v->value);
	mem_free(v);
}

static void func_free(struct shell_func *f)
{
	mem_free(f->name);
	script_put(f->script);
	mem_free(f);
}

struct shell_func *shell_func_find(const struct shell *sh, const char *name)
{
	for (struct shell_func *f = sh->funcs; f; f = f->next)
		if (strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

int shell_unset(struct shell *sh, const char *name, bool func)
{
	if (func) {
		for (struct shell_func **f = &sh->funcs; *f; f = &(*f)->next) {
			if (strcmp((*f)->name, name) == 0) {
				struct shell_func *gone = *f;

				*f = gone->next;
				func_free(gone);
				return 0;
			}
		}
		return -ENOENT;
	}
	for (struct shell_var **v = &sh->vars; *v; v = &(*v)->next) {
		if (strcmp((*v)->name, name) == 0) {
			struct shell_var *gone = *v;

			*v = gone->next;
			var_free(gone);
			return 0;
		}
	}
	return -ENOENT;
}

void shell_set_local(struct shell *sh, const char *name)
{
	struct shell_var *v = var_new(sh, name);

	if (v)
		v->scope = sh->calls;
}

void shell_leave_scope(struct shell *sh)
{
	for (struct shell_var **v = &sh->vars; *v;) {
		struct shell_var *gone = *v;

		if (gone->scope >= sh->calls && gone->scope) {
			*v = gone->next;
			var_free(gone);
		} else {
			v = &gone->next;
		}
	}
}

int shell_set_func(struct shell *sh, const struct shell_node *n)
{
	struct shell_func *f;

	shell_unset(sh, n->name, true);
	f = mem_zalloc(sizeof(*f));
	if (!f)
		return 1;
	f->name = mem_strdup(n->name);
	f->body = n->first;
	f->script = script_hold(sh->script);
	f->next = sh->funcs;
	sh->funcs = f;
	if (!f->name) {
		sh->funcs = f->next;
		func_free(f);
		return 1;
	}
	return 0;
}

char **shell_env(const struct shell *sh)
{
	size_t n = 1, bytes = 0, i = 0;
	char **env, *text;

	for (const struct shell_var *v = sh->vars; v; v = v->next) {
		if (v->export && v->value) {
			n++;
			bytes += strlen(v->name) + strlen(v->value) + 2;
		}
	}
	env = mem_alloc(n * sizeof(char *) + bytes);
	if (!env)
		return NULL;
	text = (char *)(env + n);
	for (const struct shell_var *v = sh->vars; v; v = v->next) {
		if (v->export && v->value) {
			env[i++] = text;
			text += sprintf(text, "%s=%s", v->name, v->value) + 1;
		}
	}
	env[i] = NULL;
	return env;
}

/* ---- the shell itself ---- */

struct shell *shell_new(const struct shell_ops *ops, void *ctx, char *const *env, const char *cwd)
{
	struct shell *sh = mem_zalloc(sizeof(*sh));

	if (!sh)
		return NULL;
	sh->ops = ops;
	sh->ctx = ctx;
	sh->name = "bash";
	sh->via = " -c:";
	sh->line = 1;
	sh->pid = 1;
	sh->steps = mem_zalloc(sizeof(*sh->steps));
	if (sh->steps)
		sh->steps->refs = 1;
	sh->cwd = mem_strdup(cwd);
	for (; env && *env; env++) {
		const char *eq = strchr(*env, '=');
		char *name = eq ? mem_strndup(*env, (size_t)(eq - *env)) : NULL;

		if (name && shell_is_name(name, strlen(name)))
			shell_set(sh, name, eq + 1, true);
		mem_free(name);
	}
	if (!sh->cwd || !sh->steps) {
		shell_free(sh);
		return NULL;
	}
	return sh;
}

void shell_free(struct shell *sh)
{
	if (!sh)
		return;
	for (unsigned i = 0; i < SHELL_FDS; i++)
		stream_put(sh->fd[i]);
	while (sh->vars) {
		struct shell_var *v = sh->vars;

		sh->vars = v->next;
		var_free(v);
	}
	while (sh->funcs) {
		struct shell_func *f = sh->funcs;

		sh->funcs = f->next;
		func_free(f);
	}
	while (sh->jobs) {
		struct shell_job *j = sh->jobs;

		sh->jobs = j->next;
		mem_free(j);
	}
	shell_words_free(&sh->params);
	script_put(sh->script);
	if (sh->steps && !--sh->steps->refs)
		mem_free(sh->steps);
	mem_free(sh->arg0);
	mem_free(sh->cwd);
	mem_free(sh);
}

void shell_set_fds(struct shell *sh, struct stream *const fd[3])
{
	for (unsigned i = 0; i < 3; i++) {
		struct stream *s = stream_hold(fd[i]);

		stream_put(sh->fd[i]);
		sh->fd[i] = s;
	}
}

static bool clone_names(struct shell *to, const struct shell *from)
{
	struct shell_var **v = &to->vars;
	struct shell_func **f = &to->funcs;

	for (const struct shell_var *o = from->vars; o; o = o->next, v = &(*v)->next) {
		*v = mem_zalloc(sizeof(**v));
		if (!*v)
			return false;
		(*v)->name = mem_strdup(o->name);
		(*v)->value = o->value ? mem_strdup(o->value) : NULL;
		(*v)->export = o->export;
		(*v)->scope = o->scope;
		if (!(*v)->name)
			return false;
	}
	for (const struct shell_func *o = from->funcs; o; o = o->next, f = &(*f)->next) {
		*f = mem_zalloc(sizeof(**f));
		if (!*f)
			return false;
		(*f)->name = mem_strdup(o->name);
		(*f)->body = o->body;
		(*f)->script = script_hold(o->script);
		if (!(*f)->name)
			return false;
	}
	return true;
}

/* what a subshell starts with; it has no jobs of its own */
struct shell *shell_clone(struct shell *sh)
{
	struct shell *c = mem_zalloc(sizeof(*c));

	if (!c)
		return NULL;
	*c = *sh;
	c->vars = NULL;
	c->funcs = NULL;
	c->jobs = NULL;
	c->params = (struct shell_words){ 0 };
	c->script = script_hold(sh->script);
	c->steps->refs++;
	c->flow = FLOW_NONE;
	c->loops = 0;
	for (unsigned i = 0; i < SHELL_FDS; i++)
		stream_hold(c->fd[i]);
	c->cwd = mem_strdup(sh->cwd);
	c->arg0 = sh->arg0 ? mem_strdup(sh->arg0) : NULL;
	if (sh->name == sh->arg0)
		c->name = c->arg0 ? c->arg0 : "bash";
	for (size_t i = 0; i < sh->params.n; i++)
		shell_words_add(&c->params, sh->params.v[i]);
	if (!c->cwd || c->params.failed || !clone_names(c, sh)) {
		shell_free(c);
		return NULL;
	}
	return c;
}
