/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/backend.h - where a lab's commands are run: simulated (lab/sim.c), or on the real kernel (lab/kernel.c).
 *
 * Output is what the command printed, standard error included, in order. A host that does not exist is no error here:
 * it is told in the output, with status 255, as `ip netns exec` does.
 */
#ifndef LAB_BACKEND_H
#define LAB_BACKEND_H

#include "base/sbuf.h"

struct backend;

struct backend_ops {
	/* a command to its end; 0, or -errno with .why */
	int (*run)(struct backend *b, const char *host, const char *cmd, struct sbuf *out, int *status);
	int (*term_open)(struct backend *b, const char *host, const char *term, const char *cmd);
	int (*term_stop)(struct backend *b, const char *host, const char *term, struct sbuf *out);
	int (*term_show)(struct backend *b, const char *host, const char *term, struct sbuf *out);
	int (*term_type)(struct backend *b, const char *host, const char *term, const char *text);
	int (*put_file)(struct backend *b, const char *host, const char *path, const void *bytes, size_t n);
	void (*free)(struct backend *b);
};

struct backend {
	const struct backend_ops *ops;
	bool simulated;
	/* output of run() as it comes; NULL: nobody looks */
	void (*echo)(void *ctx, const char *bytes, size_t n);
	void *echo_ctx;
	struct sbuf why;		/* of the last error */
};

#endif
