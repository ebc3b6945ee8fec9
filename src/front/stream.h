/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/stream.h - what a command's standard input and output are: a counted object to read from or write to.
 *
 * The shell and the commands know only this. A lab adds pipes that block, terminals and files; replay and state files
 * need no more than the three here: bytes to read, bytes collected, and nothing.
 */
#ifndef FRONT_STREAM_H
#define FRONT_STREAM_H

#include <sys/types.h>

#include "base/sbuf.h"

struct waitq;
struct stream;

struct stream_ops {
	/* up to @n bytes; 0 at the end; -errno (-EINTR: interrupted while it waited). NULL: -EBADF */
	ssize_t (*read)(struct stream *s, void *bytes, size_t n);
	/* all of @n bytes: 0, -EPIPE nobody reads any more, -EINTR, -errno. NULL: -EBADF */
	int (*write)(struct stream *s, const void *bytes, size_t n);
	/* would read return at once; NULL: always */
	bool (*readable)(struct stream *s);
	/* what to wait for until it does; NULL: never blocks */
	struct waitq *(*waitq)(struct stream *s);
	/* nobody holds it any more: free it */
	void (*free)(struct stream *s);
};

struct stream {
	const struct stream_ops *ops;
	unsigned refs;
};

struct stream *stream_hold(struct stream *s);
void stream_put(struct stream *s);			/* NULL is fine */
ssize_t stream_read(struct stream *s, void *bytes, size_t n);
int stream_write(struct stream *s, const void *bytes, size_t n);
bool stream_readable(struct stream *s);

struct stream *stream_null(void);			/* reads end at once, writes vanish; NULL: no memory */
struct stream *stream_from_bytes(const void *bytes, size_t n);	/* reads a copy of them */
struct stream *stream_to_sbuf(struct sbuf *out);	/* writes go to @out, which outlives it */

#endif
