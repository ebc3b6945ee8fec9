/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/sbuf.h - a growing string of bytes.
 *
 * Every writer may be called without looking at the outcome of the one before: the first failed allocation sets .failed, and
 * what follows is dropped. Who needs to know looks once, at the end. The bytes are always followed by a NUL that is not counted.
 */
#ifndef BASE_SBUF_H
#define BASE_SBUF_H

#include <stdarg.h>

#include "base/types.h"

struct sbuf {
	char *data;	/* NULL until something was written */
	size_t len, cap;
	bool failed;
};

#define SBUF_INIT { 0 }

void sbuf_free(struct sbuf *s);				/* and initialise again */
void sbuf_reset(struct sbuf *s);			/* empty, keep the memory */
void sbuf_put(struct sbuf *s, const void *bytes, size_t n);
void sbuf_puts(struct sbuf *s, const char *str);
void sbuf_putc(struct sbuf *s, char c);
void sbuf_printf(struct sbuf *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
void sbuf_vprintf(struct sbuf *s, const char *fmt, va_list ap);
void sbuf_truncate(struct sbuf *s, size_t len);		/* to at most @len bytes */
void sbuf_consume(struct sbuf *s, size_t n);		/* drop the first @n bytes */
const char *sbuf_str(const struct sbuf *s);		/* NUL-terminated, "" when empty */
char *sbuf_steal(struct sbuf *s);			/* the malloc()ed string (never NULL unless failed), @s is empty afterwards */

#endif
