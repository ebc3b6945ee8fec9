/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * app/tool.c - `natbox iptables ...`, or a link of that name: a tool on the namespace kept in the file that
 * NATBOX_STATE names.
 *
 * The namespace is made from the file, the command is run, and the file is written back when the command has changed
 * something: rule sets can be prepared, checked and listed by anyone, without root.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/app.h"
#include "front/cmd.h"
#include "front/script.h"
#include "front/state.h"
#include "path/path.h"

struct fd_stream {
	struct stream s;
	int fd;
};

static ssize_t fd_read(struct stream *s, void *bytes, size_t n)
{
	ssize_t got;

	do {
		got = read(container_of(s, struct fd_stream, s)->fd, bytes, n);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

static int fd_write(struct stream *s, const void *bytes, size_t n)
{
	const char *b = bytes;

	while (n) {
		ssize_t w = write(container_of(s, struct fd_stream, s)->fd, b, n);

		if (w < 0 && errno != EINTR)
			return -errno;
		b += MAX(w, 0);
		n -= (size_t)MAX(w, 0);
	}
	return 0;
}

static void fd_keep(struct stream *s)
{
	/* it is on the stack */
}

static const struct stream_ops fd_ops = { .read = fd_read, .write = fd_write, .free = fd_keep };

/* what needs no namespace */
static bool only_asks(int argc, char **argv)
{
	static const char *const words[] = { "-V", "--version", "-h", "--help" };

	for (size_t i = 0; argc == 2 && i < ARRAY_LEN(words); i++)
		if (strcmp(argv[1], words[i]) == 0)
			return true;
	return false;
}

static int run_in(struct netns *ns, const char *path, int argc, char **argv, bool hints)
{
	struct fd_stream io[3] = { { { &fd_ops, 1 }, 0 }, { { &fd_ops, 1 }, 1 }, { { &fd_ops, 1 }, 2 } };
	const struct script s = {
		.world = ns->world, .ns = ns, .in = &io[0].s, .out = &io[1].s, .err = &io[2].s, .hints = hints
	};
	struct sbuf err = SBUF_INIT;
	struct state *st = path ? state_open(ns, path, &err) : NULL;
	int status, closed;

	if (path && !st) {
		fputs(sbuf_str(&err), stderr);
		sbuf_free(&err);
		return 1;
	}
	status = script_command(&s, argc, argv);
	closed = st ? state_close(st, true) : 0;
	if (closed < 0) {
		fprintf(stderr, "natbox: %s: %s\n", path, strerror(-closed));
		status = status ? status : 1;
	}
	sbuf_free(&err);
	return status;
}

int app_tool(int argc, char **argv, bool hints)
{
	static const struct world_ops no_ops;
	const char *path = getenv("NATBOX_STATE");
	struct timespec now;
	struct world w;
	struct netns *ns;
	int status = 1;

	if ((!path || !*path) && !only_asks(argc, argv)) {
		fprintf(stderr,
			"natbox: no gateway is running, and NATBOX_STATE does not name the file that a namespace is "
			"kept in\n"
			"natbox: hint: NATBOX_STATE=rules.natbox natbox %s ...\n",
			argv[0]);
		return 2;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	if (path_world_init(&w, (uint64_t)now.tv_nsec, &no_ops, NULL) < 0)
		return 1;
	w.clock.epoch_ns = (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
	ns = netns_new(&w, "natbox");
	if (ns)
		status = run_in(ns, only_asks(argc, argv) ? NULL : path, argc, argv, hints);
	else
		fprintf(stderr, "natbox: no memory\n");
	world_free(&w);
	return status;
}
