/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/glob.c - file names that match a pattern, part by part.
 *
 * Called by the shell on a simulated host. Each part of the pattern with a special character is held against the
 * names of its folder; the others are taken as they are.
 */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "lab/lab.h"

#define GLOB_DEPTH_MAX 16
#define GLOB_FOUND_MAX 4096

struct glob {
	struct host *host;
	const char *cwd;
	int (*fn)(void *ctx, const char *path);
	void *ctx;
	unsigned found;
};

struct level {
	struct glob *g;
	const char *head;		/* what is in front of this part */
	const char *part, *rest;	/* this part's pattern; what follows it, "" at the end */
	unsigned depth;
};

static int expand(struct glob *g, const char *head, const char *rest, unsigned depth);

/* @head + @name; and a slash when more follows */
static int step(struct level *v, const char *name)
{
	struct sbuf path = SBUF_INIT;
	struct vfs_stat st;
	int err = 0;

	sbuf_puts(&path, v->head);
	sbuf_puts(&path, name);
	if (*v->rest) {
		sbuf_putc(&path, '/');
		err = expand(v->g, sbuf_str(&path), v->rest, v->depth + 1);
	} else if (vfs_stat(v->g->host, v->g->cwd, sbuf_str(&path), &st) == 0 && v->g->found++ < GLOB_FOUND_MAX) {
		err = v->g->fn(v->g->ctx, sbuf_str(&path));
	}
	sbuf_free(&path);
	return err;
}

static int match_name(void *ctx, const char *name)
{
	struct level *v = ctx;

	return fnmatch(v->part, name, FNM_PERIOD) == 0 ? step(v, name) : 0;
}

static void unescape(char *s)
{
	char *o = s;

	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		*o++ = *s;
	}
	*o = 0;
}

static int expand(struct glob *g, const char *head, const char *rest, unsigned depth)
{
	size_t n = strcspn(rest, "/");
	char *part = mem_strndup(rest, n);
	struct level v = { g, head, part, rest + n + strspn(rest + n, "/"), depth };
	int err = 0;

	if (!part || depth > GLOB_DEPTH_MAX) {
		mem_free(part);
		return -ENOMEM;
	}
	if (strpbrk(part, "*?[")) {
		err = vfs_list(g->host, g->cwd, *head ? head : ".", match_name, &v);
		err = err > 0 ? err : 0;
	} else {
		unescape(part);
		err = step(&v, part);
	}
	mem_free(part);
	return err;
}

int vfs_glob(struct host *h, const char *cwd, const char *pattern, int (*fn)(void *ctx, const char *path), void *ctx)
{
	struct glob g = { .host = h, .cwd = cwd, .fn = fn, .ctx = ctx };

	return *pattern == '/' ? expand(&g, "/", pattern + 1, 0) : expand(&g, "", pattern, 0);
}
