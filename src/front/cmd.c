/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/cmd.c - what every command does with its place: text out, text in, hints, and finding a tool by its name.
 *
 * A command writes into c->out and c->err; the order between the two is kept only across cmd_flush(), as it is
 * between a program's buffered standard output and its unbuffered standard error. Who runs the command flushes at its
 * end.
 *
 * Invariants
 *  1. After cmd_flush() both buffers are empty, whatever came of the writing.
 *  2. cmd_read_all() never takes more than CMD_INPUT_MAX bytes.
 */
#include "front/cmd.h"

#include <errno.h>
#include <string.h>

#define CMD_INPUT_MAX (64u << 20)	/* bytes of standard input a command takes */
#define CMD_READ_STEP 4096u

/** cmd_out() - text for standard output */
void cmd_out(struct cmd *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sbuf_vprintf(&c->out, fmt, ap);
	va_end(ap);
}

/** cmd_err() - text for standard error */
void cmd_err(struct cmd *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sbuf_vprintf(&c->err, fmt, ap);
	va_end(ap);
}

void cmd_hint(struct cmd *c, const char *fmt, ...)
{
	va_list ap;

	if (!c->hints)
		return;
	sbuf_puts(&c->err, "natbox: hint: ");
	va_start(ap, fmt);
	sbuf_vprintf(&c->err, fmt, ap);
	va_end(ap);
	sbuf_putc(&c->err, '\n');
}

/**
 * cmd_flush() - hand the collected text to the command's place, error text first
 * Return: 0, -EPIPE when nobody reads any more, -ENOMEM when text was lost, or what the place says
 */
int cmd_flush(struct cmd *c)
{
	int err = c->out.failed || c->err.failed ? -ENOMEM : 0;

	if (c->err.len) {
		int r = c->ops->write(c, 2, c->err.data, c->err.len);

		err = err ? err : r < 0 ? r : 0;
	}
	if (c->out.len) {
		int r = c->ops->write(c, 1, c->out.data, c->out.len);

		err = err ? err : r < 0 ? r : 0;
	}
	sbuf_reset(&c->out);
	sbuf_reset(&c->err);
	return err;
}

/**
 * cmd_read_all() - standard input to its end, appended to @in
 * Return: 0, -EFBIG past the bound, -ENOMEM, or what the place says
 */
int cmd_read_all(struct cmd *c, struct sbuf *in)
{
	char part[CMD_READ_STEP];

	for (;;) {
		ssize_t n = c->ops->read ? c->ops->read(c, part, sizeof(part)) : 0;

		if (n < 0)
			return (int)n;
		if (n == 0)
			return in->failed ? -ENOMEM : 0;
		if (in->len + (size_t)n > CMD_INPUT_MAX)
			return -EFBIG;
		sbuf_put(in, part, (size_t)n);
	}
}

/**
 * cmd_tool_find() - the tool of that name
 * @name: as called; a path in front ("/sbin/iptables") is not looked at
 */
const struct cmd_tool *cmd_tool_find(const char *name)
{
	const char *slash = strrchr(name, '/');

	if (slash)
		name = slash + 1;
	for (const struct cmd_tool *t = cmd_tools; t->name; t++)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}
