/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/pipe.c - pipes between simulated processes: 64 KB, and who finds one full or empty waits in virtual time.
 *
 * Both ends share one struct pipe, which goes with the later of them. Writing outside of any task (a line typed into
 * a terminal) cannot wait, and fails with -EAGAIN when there is no room.
 */
#include <errno.h>
#include <string.h>

#include "lab/lab.h"

#define PIPE_LEN 65536

struct pipe_end {
	struct stream s;
	struct pipe *pipe;
};

struct pipe {
	struct sched *sched;
	struct pipe_end r, w;
	bool r_open, w_open;
	struct waitq can_read, can_write;
	size_t head, len;
	char ring[PIPE_LEN];
};

static struct pipe *pipe_of(struct stream *s)
{
	return container_of(s, struct pipe_end, s)->pipe;
}

static ssize_t pipe_read(struct stream *s, void *bytes, size_t n)
{
	struct pipe *p = pipe_of(s);
	size_t first;

	while (!p->len && p->w_open)
		if (sched_wait(p->sched, &p->can_read, SCHED_NEVER) == SCHED_INTERRUPTED)
			return -EINTR;
	n = MIN(n, p->len);
	first = MIN(n, PIPE_LEN - p->head);
	memcpy(bytes, p->ring + p->head, first);
	memcpy((char *)bytes + first, p->ring, n - first);
	p->head = (p->head + n) % PIPE_LEN;
	p->len -= n;
	if (n)
		waitq_wake(&p->can_write);
	return (ssize_t)n;
}

static int pipe_write(struct stream *s, const void *bytes, size_t n)
{
	struct pipe *p = pipe_of(s);
	const char *b = bytes;

	while (n) {
		size_t tail = (p->head + p->len) % PIPE_LEN, part = MIN(n, MIN(PIPE_LEN - p->len, PIPE_LEN - tail));

		if (!p->r_open)
			return -EPIPE;
		if (!part) {
			if (!sched_current(p->sched))
				return -EAGAIN;
			if (sched_wait(p->sched, &p->can_write, SCHED_NEVER) == SCHED_INTERRUPTED)
				return -EINTR;
			continue;
		}
		memcpy(p->ring + tail, b, part);
		p->len += part;
		b += part;
		n -= part;
		waitq_wake(&p->can_read);
	}
	return 0;
}

static bool pipe_readable(struct stream *s)
{
	struct pipe *p = pipe_of(s);

	return p->len || !p->w_open;
}

static struct waitq *pipe_waitq(struct stream *s)
{
	return &pipe_of(s)->can_read;
}

static void pipe_close(struct stream *s)
{
	struct pipe *p = pipe_of(s);

	if (s == &p->r.s)
		p->r_open = false;
	else
		p->w_open = false;
	waitq_wake(&p->can_read);
	waitq_wake(&p->can_write);
	if (!p->r_open && !p->w_open)
		mem_free(p);
}

int pipe_new(struct sched *s, struct stream **r, struct stream **w)
{
	static const struct stream_ops r_ops = {
		.read = pipe_read, .readable = pipe_readable, .waitq = pipe_waitq, .free = pipe_close
	};
	static const struct stream_ops w_ops = { .write = pipe_write, .free = pipe_close };
	struct pipe *p = mem_alloc(sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->sched = s;
	p->r = (struct pipe_end){ { &r_ops, 1 }, p };
	p->w = (struct pipe_end){ { &w_ops, 1 }, p };
	p->r_open = p->w_open = true;
	p->head = p->len = 0;
	waitq_init(&p->can_read);
	waitq_init(&p->can_write);
	*r = &p->r.s;
	*w = &p->w.s;
	return 0;
}
