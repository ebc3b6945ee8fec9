/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/string.c - -m string: bytes in the packet.
 *
 * A pattern is saved as text when all of it can be shown, else as hexadecimal. Both algorithms find the same;
 * which one was asked for is only remembered.
 */
#include <ctype.h>

#include "front/xt/util.h"
#include "rules/fn.h"

enum { ST_FROM, ST_TO, ST_ALGO, ST_STRING, ST_HEX, ST_ICASE };

#define ALGO_MAX 15

struct string {
	struct fn_string fn;
	char algo[ALGO_MAX + 1];
};

static const struct xt_opt opts[] = {
	{ "from", ST_FROM, .flags = 0, .type = XT_T_U16 },
	{ "to", ST_TO, .flags = 0, .type = XT_T_U16 },
	{ "algo", ST_ALGO, .flags = XT_MAND },
	{ "string", ST_STRING, .flags = XT_INVERT, .excl = XT_BIT(ST_HEX) },
	{ "hex-string", ST_HEX, .flags = XT_INVERT, .excl = XT_BIT(ST_STRING) },
	{ "icase", ST_ICASE, .flags = XT_NOVAL },
	{ 0 },
};

static void st_init(void *data, uint8_t family)
{
	((struct string *)data)->fn.to = UINT16_MAX;
}

static int add_byte(struct xt_call *c, struct fn_string *f, uint8_t b)
{
	if (f->len == sizeof(f->pattern))
		return xt_error(c, "STRING too long \"%s\"", c->arg);
	f->pattern[f->len++] = b;
	return 0;
}

/* behind a |: pairs of hexadecimal digits, blanks between them allowed, until the next one */
static int parse_block(struct xt_call *c, struct fn_string *f, const char **at)
{
	const char *s = *at;

	for (; *s != '|'; s++) {
		static const char digits[] = "0123456789abcdef";
		int v[2];

		if (*s == ' ')
			continue;
		for (int i = 0; i < 2; i++) {
			const char *d = s[i] ? strchr(digits, tolower((unsigned char)s[i])) : NULL;

			if (!s[i] || s[i] == '|')
				return xt_error(c, "Invalid hex block");
			if (!d)
				return xt_error(c, "Invalid hex char '%c'", s[i]);
			v[i] = (int)(d - digits);
		}
		if (add_byte(c, f, (uint8_t)(v[0] << 4 | v[1])) < 0)
			return -EINVAL;
		s++;
	}
	*at = s + 1;
	return 0;
}

static int parse_hex(struct xt_call *c, struct fn_string *f)
{
	const char *s = c->arg;

	if (!*s)
		return xt_error(c, "STRING must contain at least one char");
	while (*s) {
		int err;

		if (*s == '|') {
			s++;
			err = strchr(s, '|') ? parse_block(c, f, &s) : xt_error(c, "Invalid hex block");
		} else {
			s += *s == '\\' && s[1];	/* \| is itself */
			err = add_byte(c, f, (uint8_t)*s++);
		}
		if (err)
			return err;
	}
	return 0;
}

static int st_parse(struct xt_call *c, void *data)
{
	struct string *d = data;

	switch (c->opt->id) {
	case ST_FROM:
		d->fn.from = c->val.u16;
		return 0;
	case ST_TO:
		d->fn.to = c->val.u16;
		return 0;
	case ST_ALGO:
		memcpy(d->algo, c->arg, MIN(strlen(c->arg), (size_t)ALGO_MAX));
		return 0;
	case ST_ICASE:
		d->fn.icase = true;
		return 0;
	default:
		break;
	}
	d->fn.invert = c->invert;
	if (c->opt->id == ST_HEX)
		return parse_hex(c, &d->fn);
	for (const char *s = c->arg; *s; s++)
		if (add_byte(c, &d->fn, (uint8_t)*s) < 0)
			return -EINVAL;
	return 0;
}

static int st_check(struct xt_call *c, void *data)
{
	return c->seen & (XT_BIT(ST_STRING) | XT_BIT(ST_HEX))
		       ? 0
		       : xt_error(c, "STRING match: You must specify `--string' or `--hex-string'");
}

/* an algorithm that there is (fsm wants patterns of another form, and so refuses these) */
static int st_verify(const struct xt_where *w, const void *data)
{
	const struct string *d = data;

	if (d->fn.from > d->fn.to)
		return -EINVAL;
	if (strcmp(d->algo, "bm") != 0 && strcmp(d->algo, "kmp") != 0)
		return strcmp(d->algo, "fsm") == 0 ? -EINVAL : -ENOENT;
	return d->fn.len ? 0 : -EINVAL;
}

static bool shows(const struct fn_string *f)
{
	for (unsigned i = 0; i < f->len; i++)
		if (!isascii(f->pattern[i]) || !isprint(f->pattern[i]))
			return false;
	return f->pattern[f->len - 1] != '\\' || f->len > 1;
}

static void put_pattern(struct sbuf *out, const struct fn_string *f, bool hex)
{
	sbuf_puts(out, hex ? " \"|" : " \"");
	for (unsigned i = 0; i < f->len; i++) {
		if (hex) {
			sbuf_printf(out, "%02x", f->pattern[i]);
			continue;
		}
		if (strchr("\"\\", f->pattern[i]))
			sbuf_putc(out, '\\');
		sbuf_putc(out, (char)f->pattern[i]);
	}
	sbuf_puts(out, hex ? "|\"" : "\"");
}

static void st_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct string *d = data;

	sbuf_puts(out, d->fn.invert ? " STRING match !" : " STRING match ");
	put_pattern(out, &d->fn, !shows(&d->fn));
	sbuf_printf(out, " ALGO name %s", d->algo);
	if (d->fn.from)
		sbuf_printf(out, " FROM %u", d->fn.from);
	if (d->fn.to != UINT16_MAX)
		sbuf_printf(out, " TO %u", d->fn.to);
	if (d->fn.icase)
		sbuf_puts(out, " ICASE");
}

static void st_save(struct sbuf *out, const void *data)
{
	const struct string *d = data;
	bool hex = !shows(&d->fn);

	sbuf_printf(out, "%s --%s", d->fn.invert ? " !" : "", hex ? "hex-string" : "string");
	put_pattern(out, &d->fn, hex);
	sbuf_printf(out, " --algo %s", d->algo);
	if (d->fn.from)
		sbuf_printf(out, " --from %u", d->fn.from);
	if (d->fn.to != UINT16_MAX)
		sbuf_printf(out, " --to %u", d->fn.to);
	if (d->fn.icase)
		sbuf_puts(out, " --icase");
}

static int st_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_string, &((const struct string *)data)->fn, sizeof(struct fn_string));
	return 0;
}

const struct xt_ext xt_string = {
	.kind = XT_MATCH,
	.name = "string",
	.revision = 1,
	.families = XT_BOTH,
	.size = sizeof(struct string),
	.opts = opts,
	.init = st_init,
	.parse = st_parse,
	.check = st_check,
	.verify = st_verify,
	.print = st_print,
	.save = st_save,
	.emit = st_emit,
};
