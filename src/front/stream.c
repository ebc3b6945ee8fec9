/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/stream.c - the streams that need nothing of the place: nothing, bytes to read, bytes collected.
 */
#include "front/stream.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

struct bytes_stream {
	struct stream s;
	size_t pos, len;
	char bytes[];
};

struct sbuf_stream {
	struct stream s;
	struct sbuf *out;
};

struct stream *stream_hold(struct stream *s)
{
	if (s)
		s->refs++;
	return s;
}

void stream_put(struct stream *s)
{
	if (s && --s->refs == 0)
		s->ops->free(s);
}

ssize_t stream_read(struct stream *s, void *bytes, size_t n)
{
	return s->ops->read ? s->ops->read(s, bytes, n) : -EBADF;
}

int stream_write(struct stream *s, const void *bytes, size_t n)
{
	return s->ops->write ? s->ops->write(s, bytes, n) : -EBADF;
}

bool stream_readable(struct stream *s)
{
	return !s->ops->readable || s->ops->readable(s);
}

static void free_any(struct stream *s)
{
	mem_free(s);
}

static ssize_t null_read(struct stream *s, void *bytes, size_t n)
{
	return 0;
}

static int null_write(struct stream *s, const void *bytes, size_t n)
{
	return 0;
}

struct stream *stream_null(void)
{
	static const struct stream_ops ops = { .read = null_read, .write = null_write, .free = free_any };
	struct stream *s = mem_zalloc(sizeof(*s));

	if (s)
		*s = (struct stream){ &ops, 1 };
	return s;
}

static ssize_t bytes_read(struct stream *s, void *bytes, size_t n)
{
	struct bytes_stream *b = container_of(s, struct bytes_stream, s);

	n = MIN(n, b->len - b->pos);
	memcpy(bytes, b->bytes + b->pos, n);
	b->pos += n;
	return (ssize_t)n;
}

struct stream *stream_from_bytes(const void *bytes, size_t n)
{
	static const struct stream_ops ops = { .read = bytes_read, .free = free_any };
	struct bytes_stream *b = mem_alloc(sizeof(*b) + n);

	if (!b)
		return NULL;
	*b = (struct bytes_stream){ .s = { &ops, 1 }, .len = n };
	if (n)
		memcpy(b->bytes, bytes, n);
	return &b->s;
}

static int sbuf_stream_write(struct stream *s, const void *bytes, size_t n)
{
	struct sbuf *out = container_of(s, struct sbuf_stream, s)->out;

	sbuf_put(out, bytes, n);
	return out->failed ? -ENOMEM : 0;
}

struct stream *stream_to_sbuf(struct sbuf *out)
{
	static const struct stream_ops ops = { .write = sbuf_stream_write, .free = free_any };
	struct sbuf_stream *b = mem_alloc(sizeof(*b));

	if (!b)
		return NULL;
	*b = (struct sbuf_stream){ .s = { &ops, 1 }, .out = out };
	return &b->s;
}
