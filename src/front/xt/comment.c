/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/comment.c - -m comment: a note kept with the rule.
 */
#include "front/xt/util.h"

#define COMMENT_MAX 255

struct comment {
	char text[COMMENT_MAX + 1];
};

static const struct xt_opt opts[] = {
	{ "comment", 0, .flags = XT_MAND },
	{ 0 },
};

static int comment_parse(struct xt_call *c, void *data)
{
	struct comment *d = data;
	size_t n = strlen(c->arg);

	memcpy(d->text, c->arg, MIN(n, COMMENT_MAX));
	return 0;
}

static void comment_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct comment *d = data;

	sbuf_printf(out, " /* %s */", d->text);
}

static void comment_save(struct sbuf *out, const void *data)
{
	const struct comment *d = data;

	sbuf_puts(out, " --comment");
	xt_save_quoted(out, d->text);
}

static int comment_emit(struct ir_list *l, const void *data, uint8_t family)
{
	return 0;
}

static bool comment_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	return true;		/* nothing is shown, but for the blank in front of it */
}

const struct xt_ext xt_comment = {
	.kind = XT_MATCH,
	.name = "comment",
	.families = XT_BOTH,
	.size = sizeof(struct comment),
	.opts = opts,
	.parse = comment_parse,
	.print = comment_print,
	.save = comment_save,
	.emit = comment_emit,
	.xlate = comment_xlate,
};
