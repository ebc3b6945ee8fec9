/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/diag.c - located errors.
 */
#include "base/diag.h"

#include <string.h>

#include "base/mem.h"

#define DIAG_MAX 20

void diag_init(struct diag *d)
{
	*d = (struct diag){ .max = DIAG_MAX };
	d->last = &d->first;
}

void diag_free(struct diag *d)
{
	struct diag_msg *m, *next;

	for (m = d->first; m; m = next) {
		next = m->next;
		mem_free(m->file);
		mem_free(m->text);
		mem_free(m->hint);
		mem_free(m->source);
		mem_free(m);
	}
	diag_init(d);
}

static char *vtext(const char *fmt, va_list ap)
{
	struct sbuf s = SBUF_INIT;

	sbuf_vprintf(&s, fmt, ap);
	return sbuf_steal(&s);
}

void diag_error(struct diag *d, const struct diag_loc *loc, const char *source, const char *fmt, ...)
{
	struct diag_msg *m;
	va_list ap;

	if (d->errors++ >= d->max || !(m = mem_zalloc(sizeof(*m))))
		return;
	va_start(ap, fmt);
	m->text = vtext(fmt, ap);
	va_end(ap);
	if (loc)
		m->loc = *loc;
	m->file = m->loc.file ? mem_strdup(m->loc.file) : NULL;
	m->loc.file = m->file;
	m->source = source ? mem_strndup(source, strcspn(source, "\n")) : NULL;
	*d->last = m;
	d->last = &m->next;
}

void diag_hint(struct diag *d, const char *fmt, ...)
{
	struct diag_msg *m = d->first;
	va_list ap;

	if (!m || d->errors > d->max)
		return;
	while (m->next)
		m = m->next;
	mem_free(m->hint);
	va_start(ap, fmt);
	m->hint = vtext(fmt, ap);
	va_end(ap);
}

static void put_caret(struct sbuf *out, const struct diag_msg *m)
{
	uint32_t col = 1;

	sbuf_printf(out, "%s\n", m->source);
	/* tabs are kept, so that the caret stands under its word whatever their width */
	for (const char *s = m->source; *s && col < m->loc.col; s++, col++)
		sbuf_putc(out, *s == '\t' ? '\t' : ' ');
	for (uint32_t i = 0; i < MAX(m->loc.len, 1u); i++)
		sbuf_putc(out, '^');
	sbuf_putc(out, '\n');
}

void diag_print(const struct diag *d, struct sbuf *out)
{
	for (const struct diag_msg *m = d->first; m; m = m->next) {
		if (m->loc.file)
			sbuf_printf(out, "%s:", m->loc.file);
		if (m->loc.line)
			sbuf_printf(out, "%u:", m->loc.line);
		if (m->loc.col)
			sbuf_printf(out, "%u:", m->loc.col);
		sbuf_printf(out, "%s%s\n", m->loc.file || m->loc.line ? " " : "", m->text ? m->text : "out of memory");
		if (m->source && m->loc.col)
			put_caret(out, m);
		if (m->hint)
			sbuf_printf(out, "hint: %s\n", m->hint);
	}
	if (d->errors > d->max)
		sbuf_printf(out, "(%u more errors)\n", d->errors - d->max);
}

/* edit distance with transpositions of neighbours (optimal string alignment); words of up to 63 characters */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[3][64], la = (unsigned)strlen(a), lb = (unsigned)strlen(b);

	if (la > 63 || lb > 63)
		return 64;
	for (unsigned j = 0; j <= lb; j++)
		row[0][j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned *cur = row[i % 3], *prev = row[(i + 2) % 3], *before = row[(i + 1) % 3];

		cur[0] = i;
		for (unsigned j = 1; j <= lb; j++) {
			unsigned best = prev[j - 1] + (a[i - 1] != b[j - 1]);

			best = MIN(best, prev[j] + 1);
			best = MIN(best, cur[j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = MIN(best, before[j - 2] + 1);
			cur[j] = best;
		}
	}
	return row[la % 3][lb];
}

const char *diag_nearest(const char *word, const char *const *names)
{
	const char *best = NULL;
	unsigned limit = MAX((unsigned)strlen(word) / 3, 1u), least = limit + 1;

	for (; *names; names++) {
		unsigned d = distance(word, *names);

		if (d < least) {
			least = d;
			best = *names;
		}
	}
	return best;
}
