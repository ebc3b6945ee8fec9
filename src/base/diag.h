/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/diag.h - located errors: file, line, column, message, the source line with a caret, and a hint.
 */
#ifndef BASE_DIAG_H
#define BASE_DIAG_H

#include "base/sbuf.h"

struct diag_loc {
	const char *file;	/* NULL: the command line */
	uint32_t line, col;	/* from 1; 0: not known */
	uint32_t len;		/* columns underlined; 0: one */
};

struct diag_msg {
	struct diag_msg *next;
	struct diag_loc loc;
	char *file;		/* own copy that .loc points to */
	char *text, *hint, *source;	/* hint and source line may be NULL */
};

struct diag {
	struct diag_msg *first, **last;
	unsigned errors, max;	/* after @max further ones are only counted */
};

void diag_init(struct diag *d);
void diag_free(struct diag *d);
/** diag_error() - add an error; @source (the line that it is about) may be NULL */
void diag_error(struct diag *d, const struct diag_loc *loc, const char *source, const char *fmt, ...) PRINTF_LIKE(4, 5);
/** diag_hint() - give the last error added a hint */
void diag_hint(struct diag *d, const char *fmt, ...) PRINTF_LIKE(2, 3);
/** diag_print() - all of them as text: "file:line:col: message", source line, caret line, "hint: ..." */
void diag_print(const struct diag *d, struct sbuf *out);
/**
 * diag_nearest() - the candidate most like @word, for "did you mean"
 * Return: one of @names (NULL-terminated array) within an edit distance of a third of the word, or NULL
 */
const char *diag_nearest(const char *word, const char *const *names);

#endif
