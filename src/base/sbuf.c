/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/sbuf.c - a growing string of bytes: doubling, sticky failure.
 */
#include "base/sbuf.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static void sbuf_init(struct sbuf *s)
{
	*s = (struct sbuf)SBUF_INIT;
}

void sbuf_free(struct sbuf *s)
{
	mem_free(s->data);
	sbuf_init(s);
}

void sbuf_reset(struct sbuf *s)
{
	s->len = 0;
	s->failed = false;
	if (s->data)
		s->data[0] = '\0';
}

/* room for @n bytes more and the NUL */
static bool sbuf_room(struct sbuf *s, size_t n)
{
	size_t cap = s->cap ? s->cap : 64;
	char *data;

	if (s->failed || n > SIZE_MAX / 2 - s->len - 1)
		return false;
	if (s->len + n + 1 <= s->cap)
		return true;
	while (cap < s->len + n + 1)
		cap *= 2;
	data = mem_realloc(s->data, cap);
	if (!data) {
		s->failed = true;
		return false;
	}
	s->data = data;
	s->cap = cap;
	return true;
}

void sbuf_put(struct sbuf *s, const void *bytes, size_t n)
{
	if (!sbuf_room(s, n))
		return;
	if (n)
		memcpy(s->data + s->len, bytes, n);
	s->len += n;
	s->data[s->len] = '\0';
}

void sbuf_puts(struct sbuf *s, const char *str)
{
	sbuf_put(s, str, strlen(str));
}

void sbuf_putc(struct sbuf *s, char c)
{
	sbuf_put(s, &c, 1);
}

void sbuf_vprintf(struct sbuf *s, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n >= 0 && sbuf_room(s, (size_t)n)) {
		vsnprintf(s->data + s->len, (size_t)n + 1, fmt, again);
		s->len += (size_t)n;
	}
	va_end(again);
}

void sbuf_printf(struct sbuf *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sbuf_vprintf(s, fmt, ap);
	va_end(ap);
}

void sbuf_truncate(struct sbuf *s, size_t len)
{
	if (len < s->len) {
		s->len = len;
		s->data[len] = '\0';
	}
}

void sbuf_consume(struct sbuf *s, size_t n)
{
	if (!s->data)
		return;
	n = MIN(n, s->len);
	memmove(s->data, s->data + n, s->len - n + 1);
	s->len -= n;
}

const char *sbuf_str(const struct sbuf *s)
{
	return s->data ? s->data : "";
}

char *sbuf_steal(struct sbuf *s)
{
	char *data;

	if (s->failed) {
		sbuf_free(s);
		return NULL;
	}
	data = s->data ? s->data : mem_strdup("");
	sbuf_init(s);
	return data;
}
