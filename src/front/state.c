/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/state.c - NATBOX_STATE=FILE: a namespace that lives in a file between commands.
 *
 * Theory of operation: the file is a script (state_print.c says of what); opening runs it over a fresh namespace,
 * closing prints the namespace again and puts the text in the file's place if it is not what was there: a new file
 * beside it, flushed, then renamed. A lock on the folder keeps two commands from working at once, so that neither's
 * change is lost. Time went by between two commands: the clock stands still while the script runs as if then, and is
 * moved on afterwards, so that what should have expired has.
 *
 * Invariants
 *  1. The file is always whole: either the old text or the new.
 *  2. A command that changed nothing does not touch the file.
 */
#include "front/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "front/kept.h"
#include "front/script.h"

struct state {
	struct netns *ns;
	char *path;
	int dir;		/* the locked folder */
	struct sbuf before;	/* the namespace as it was read */
	bool existed;
};

/* the folder's name, malloc()ed */
static char *folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return mem_strdup(".");
	return mem_strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void state_free(struct state *s)
{
	if (s->dir >= 0)
		close(s->dir);	/* and the lock goes */
	sbuf_free(&s->before);
	mem_free(s->path);
	mem_free(s);
}

static struct state *open_locked(struct netns *ns, const char *path, int *err)
{
	struct state *s = mem_zalloc(sizeof(*s));
	char *dir = folder(path);

	*err = -ENOMEM;
	if (!s || !dir) {
		mem_free(s);
		mem_free(dir);
		return NULL;
	}
	s->ns = ns;
	s->path = mem_strdup(path);
	s->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	mem_free(dir);
	if (s->path && s->dir >= 0 && flock(s->dir, LOCK_EX) == 0)
		return s;
	*err = s->path ? -errno : -ENOMEM;
	state_free(s);
	return NULL;
}

/* as long ago as the file was written */
static uint64_t gone_ns(const struct state *s, const char *text)
{
	uint64_t then = kept_wall_ms(text), now = clock_wall_ns(&s->ns->world->clock) / NSEC_PER_MSEC;

	return then && then < now ? (now - then) * NSEC_PER_MSEC : 0;
}

static int run_text(struct state *s, const struct script *script, const char *text, unsigned *line)
{
	struct clock *clock = &s->ns->world->clock;
	uint64_t gone = gone_ns(s, text);
	int status;

	clock->epoch_ns -= gone;
	status = script_run(script, s->path, text, line);
	clock->now_ns += gone;
	if (status == 0)
		kept_read(s->ns, text);
	return status;
}

/* run the file's text over the namespace */
static int load(struct state *s, struct sbuf *err)
{
	struct sbuf text = SBUF_INIT;
	struct stream *messages = stream_to_sbuf(err);
	struct script script = { .world = s->ns->world, .ns = s->ns, .err = messages };
	unsigned line = 0;
	int status = script_read_file(s->path, &text);

	s->existed = status == 0;
	if (status == -ENOENT) {
		status = 0;
	} else if (status < 0) {
		sbuf_printf(err, "natbox: %s: %s\n", s->path, strerror(-status));
	} else {
		status = run_text(s, &script, sbuf_str(&text), &line);
		if (status)
			sbuf_printf(err, "natbox: %s:%u: this line of the state file failed\n", s->path, line);
	}
	stream_put(messages);
	sbuf_free(&text);
	return status;
}

struct state *state_open(struct netns *ns, const char *path, struct sbuf *err)
{
	int why;
	struct state *s = open_locked(ns, path, &why);

	if (!s) {
		sbuf_printf(err, "natbox: %s: %s\n", path, strerror(-why));
		return NULL;
	}
	if (load(s, err) == 0) {
		link_addr_settle(&ns->links); /* between two commands is time enough */
		why = state_print(ns, &s->before);
		if (why == 0)
			return s;
		sbuf_printf(err, "natbox: %s: %s\n", path, strerror(-why));
	}
	state_free(s);
	return NULL;
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno != EINTR)
			return -errno;
		if (w > 0) {
			p += w;
			n -= (size_t)w;
		}
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* a new file beside the old one, then in its place */
static int replace(struct state *s, const struct sbuf *text)
{
	struct sbuf name = SBUF_INIT;
	struct stat st;
	mode_t mode = 0666;
	int fd, err;

	sbuf_printf(&name, ".%s.new", base_name(s->path));
	if (name.failed)
		return -ENOMEM;
	if (s->existed && fstatat(s->dir, base_name(s->path), &st, 0) == 0)
		mode = st.st_mode & 07777;
	unlinkat(s->dir, name.data, 0);		/* of a command that was killed */
	fd = openat(s->dir, name.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	err = fd < 0 ? -errno : write_all(fd, text->data, text->len);
	if (fd >= 0)
		close(fd);
	if (!err && renameat(s->dir, name.data, s->dir, base_name(s->path)) < 0)
		err = -errno;
	if (err && fd >= 0)
		unlinkat(s->dir, name.data, 0);
	sbuf_free(&name);
	return err;
}

int state_close(struct state *s, bool keep)
{
	struct sbuf now = SBUF_INIT;
	int err = 0;

	if (keep) {
		err = state_print(s->ns, &now);
		if (!err && (!s->existed || now.len != s->before.len || memcmp(now.data, s->before.data, now.len) != 0))
			err = replace(s, &now);
	}
	sbuf_free(&now);
	state_free(s);
	return err;
}
