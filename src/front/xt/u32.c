/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/u32.c - -m u32: numbers taken from anywhere in the packet and compared.
 *
 *     tests    := test { "&&" test }
 *     test     := location "=" range { "," range }
 *     location := number { ("&" | "<<" | ">>" | "@") number }
 *     range    := number [ ":" number ]
 */
#include <ctype.h>
#include <stdlib.h>

#include "front/xt/util.h"
#include "rules/fn.h"

static const struct xt_opt opts[] = {
	{ "u32", 0, .flags = XT_MAND | XT_INVERT },
	{ 0 },
};

static const char *const op_text[] = { "&", "<<", ">>", "@" };	/* by enum xt_u32_ops */

static void blanks(const char **s)
{
	while (isspace((unsigned char)**s))
		++*s;
}

static int number(struct xt_call *c, const char **s, uint32_t *v)
{
	const char *end;
	uint64_t n;

	if (!xt_strtou(*s, &end, 0, UINT32_MAX, &n))
		return xt_error(c, "u32: at char %u: not a number or out of range", (unsigned)(*s - c->arg));
	*v = (uint32_t)n;
	*s = end;
	return 0;
}

/* the operator at *s, which is stepped over; -1: none */
static int operator_at(const char **s)
{
	for (unsigned i = 0; i < ARRAY_LEN(op_text); i++)
		if (strncmp(*s, op_text[i], strlen(op_text[i])) == 0) {
			*s += strlen(op_text[i]);
			return (int)i;
		}
	return -1;
}

static int parse_location(struct xt_call *c, const char **s, struct xt_u32_test *t)
{
	for (;;) {
		int op;

		blanks(s);
		if (!**s)
			return xt_error(c, "u32: abrupt end of input after location specifier");
		if (**s == '=' && !t->nnums)
			return xt_error(c, "u32: at char %u: location spec missing", (unsigned)(*s - c->arg));
		if (t->nnums > XT_U32_MAXSIZE)
			return xt_error(c, "u32: at char %u: too many operators", (unsigned)(*s - c->arg));
		if (number(c, s, &t->location[t->nnums].number) < 0)
			return -EINVAL;
		t->nnums++;
		blanks(s);
		if (!**s)
			return xt_error(c, "u32: abrupt end of input after location specifier");
		if (**s == '=') {
			++*s;
			return 0;
		}
		op = operator_at(s);
		if (op < 0)
			return xt_error(c, "u32: at char %u: operator expected", (unsigned)(*s - c->arg));
		if (t->nnums <= XT_U32_MAXSIZE)
			t->location[t->nnums].nextop = (uint8_t)op;
	}
}

static int parse_values(struct xt_call *c, const char **s, struct xt_u32_test *t)
{
	for (;; ++*s) {
		struct xt_u32_value_element *v = &t->value[t->nvalues];

		blanks(s);
		if (!**s || **s == '&')
			return xt_error(c, "u32: test ended with no value specified");
		if (t->nvalues > XT_U32_MAXSIZE)
			return xt_error(c, "u32: at char %u: too many \",\"s", (unsigned)(*s - c->arg));
		if (number(c, s, &v->min) < 0)
			return -EINVAL;
		v->max = v->min;
		blanks(s);
		if (**s == ':') {
			++*s;
			if (number(c, s, &v->max) < 0)
				return -EINVAL;
			blanks(s);
		}
		t->nvalues++;
		if (**s != ',')
			return 0;
	}
}

static int u32_parse(struct xt_call *c, void *data)
{
	struct xt_u32 *d = data;
	const char *s = c->arg;

	d->invert = c->invert;
	for (;; s += 2) {
		if (d->ntests > XT_U32_MAXSIZE)
			return xt_error(c, "u32: at char %u: too many \"&&\"s", (unsigned)(s - c->arg));
		if (parse_location(c, &s, &d->tests[d->ntests]) < 0 || parse_values(c, &s, &d->tests[d->ntests]) < 0)
			return -EINVAL;
		d->ntests++;
		if (!*s)
			return 0;
		if (strncmp(s, "&&", 2) != 0)
			return xt_error(c, "u32: at char %u: \"&&\" was expected", (unsigned)(s - c->arg));
	}
}

static void put_test(struct sbuf *out, const struct xt_u32_test *t)
{
	for (unsigned i = 0; i < t->nnums; i++)
		sbuf_printf(out, "%s0x%x", i ? op_text[t->location[i].nextop] : "", t->location[i].number);
	for (unsigned i = 0; i < t->nvalues; i++) {
		sbuf_printf(out, "%s0x%x", i ? "," : "=", t->value[i].min);
		if (t->value[i].max != t->value[i].min)
			sbuf_printf(out, ":0x%x", t->value[i].max);
	}
}

static void put(struct sbuf *out, const struct xt_u32 *d)
{
	sbuf_puts(out, " \"");
	for (unsigned i = 0; i < d->ntests; i++) {
		sbuf_puts(out, i ? "&&" : "");
		put_test(out, &d->tests[i]);
	}
	sbuf_puts(out, "\"");
}

static void u32_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct xt_u32 *d = data;

	sbuf_puts(out, d->invert ? " u32 !" : " u32");
	put(out, d);
}

static void u32_save(struct sbuf *out, const void *data)
{
	const struct xt_u32 *d = data;

	sbuf_puts(out, d->invert ? " ! --u32" : " --u32");
	put(out, d);
}

static int u32_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_u32, data, sizeof(struct xt_u32));
	return 0;
}

const struct xt_ext xt_u32 = {
	.kind = XT_MATCH,
	.name = "u32",
	.families = XT_BOTH,
	.size = sizeof(struct xt_u32),
	.opts = opts,
	.parse = u32_parse,
	.print = u32_print,
	.save = u32_save,
	.emit = u32_emit,
};
