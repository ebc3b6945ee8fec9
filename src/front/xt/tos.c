/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/tos.c - -m tos, -j TOS: the byte that was Type of Service (RFC 1349) and is DSCP with ECN.
 */
#include "front/xt/util.h"

#define SYMBOL_MASK 0x3f	/* a symbolic name leaves the upper two bits of the precedence alone */

static const struct {
	const char *name;
	uint8_t value;
} symbols[] = {
	{ "Minimize-Delay", 0x10 }, { "Maximize-Throughput", 0x08 }, { "Maximize-Reliability", 0x04 },
	{ "Minimize-Cost", 0x02 },  { "Normal-Service", 0x00 },
};

struct tos {
	uint8_t value, mask;
	bool invert;
};

/* VALUE, VALUE/MASK or a name */
static int parse_tos(struct xt_call *c, struct tos *d)
{
	const char *end;
	uint64_t v, m = 255;

	for (unsigned i = 0; i < ARRAY_LEN(symbols); i++)
		if (strcasecmp(symbols[i].name, c->arg) == 0) {
			d->value = symbols[i].value;
			d->mask = SYMBOL_MASK;
			return 0;
		}
	if (!xt_strtou(c->arg, &end, 0, 255, &v))
		return xt_error(c, "Symbolic name \"%s\" is unknown", c->arg);
	if (*end && (*end != '/' || !xt_strtou(end + 1, NULL, 0, 255, &m)))
		return xt_error(c, "Illegal value: \"%s\"", c->arg);
	d->value = (uint8_t)v;
	d->mask = (uint8_t)m;
	return 0;
}

/* the name for a value under the names' mask, NULL: none */
static const char *symbol_of(const struct tos *d)
{
	for (unsigned i = 0; d->mask == SYMBOL_MASK && i < ARRAY_LEN(symbols); i++)
		if (symbols[i].value == d->value)
			return symbols[i].name;
	return NULL;
}

static const struct xt_opt match_opts[] = {
	{ "tos", 0, .flags = XT_INVERT | XT_MAND },
	{ 0 },
};

static int match_parse(struct xt_call *c, void *data)
{
	struct tos *d = data;

	d->invert = c->invert;
	return parse_tos(c, d);
}

static void match_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct tos *d = data;
	const char *name = numeric ? NULL : symbol_of(d);

	sbuf_puts(out, d->invert ? " tos match!" : " tos match");
	if (name)
		sbuf_printf(out, " %s", name);
	else
		sbuf_printf(out, "0x%02x/0x%02x", d->value, d->mask);
}

static void match_save(struct sbuf *out, const void *data)
{
	const struct tos *d = data;

	sbuf_printf(out, "%s --tos 0x%02x/0x%02x", d->invert ? " !" : "", d->value, d->mask);
}

static int match_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct tos *d = data;

	ir_match_field(l, xt_dsfield(family), d->invert, &d->value, &d->mask);
	return 0;
}

const struct xt_ext xt_tos = {
	.kind = XT_MATCH,
	.name = "tos",
	.revision = 1,
	.families = XT_BOTH,
	.size = sizeof(struct tos),
	.opts = match_opts,
	.parse = match_parse,
	.print = match_print,
	.save = match_save,
	.emit = match_emit,
};

/* ---- the target: TOS = (TOS & ~mask) ^ value ---- */

enum { TOS_SET, TOS_AND, TOS_OR, TOS_XOR };

#define TOS_ANY 0xfu

static const struct xt_opt target_opts[] = {
	{ "set-tos", TOS_SET, .flags = 0, .excl = TOS_ANY },
	{ "and-tos", TOS_AND, .flags = 0, .excl = TOS_ANY, .type = XT_T_U8 },
	{ "or-tos", TOS_OR, .flags = 0, .excl = TOS_ANY, .type = XT_T_U8 },
	{ "xor-tos", TOS_XOR, .flags = 0, .excl = TOS_ANY, .type = XT_T_U8 },
	{ 0 },
};

static int target_parse(struct xt_call *c, void *data)
{
	struct tos *d = data;

	switch (c->opt->id) {
	case TOS_SET:
		return parse_tos(c, d);
	case TOS_AND:
		d->value = 0;
		d->mask = (uint8_t)~c->val.u8;
		return 0;
	case TOS_OR:
		d->value = d->mask = c->val.u8;
		return 0;
	default:
		d->value = c->val.u8;
		d->mask = 0;
		return 0;
	}
}

static int target_check(struct xt_call *c, void *data)
{
	return c->seen ? 0 : xt_error(c, "TOS: An action is required");
}

static void target_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct tos *d = data;
	const char *name = numeric ? NULL : symbol_of(d);

	if (numeric)
		sbuf_printf(out, " TOS set 0x%02x/0x%02x", d->value, d->mask);
	else if (name)
		sbuf_printf(out, "  TOS set%s", name);
	else if (d->value == 0)
		sbuf_printf(out, " TOS and 0x%02x", (uint8_t)~d->mask);
	else if (d->value == d->mask)
		sbuf_printf(out, " TOS or 0x%02x", d->value);
	else if (d->mask == 0)
		sbuf_printf(out, " TOS xor 0x%02x", d->value);
	else
		sbuf_printf(out, " TOS set 0x%02x/0x%02x", d->value, d->mask);
}

static void target_save(struct sbuf *out, const void *data)
{
	const struct tos *d = data;

	sbuf_printf(out, " --set-tos 0x%02x/0x%02x", d->value, d->mask);
}

static int target_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct tos *d = data;

	xt_set_byte(l, xt_dsfield(family), (uint8_t)~d->mask, d->value);
	return 0;
}

/* the real tool says ip6 for both families */
static bool target_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct tos *d = data;
	unsigned value = d->value >> 2, keep = (uint8_t)~d->mask >> 2;

	sbuf_puts(out, "ip6 dscp set ");
	if (d->mask == 0xff || d->mask == SYMBOL_MASK)
		sbuf_printf(out, "0x%02x", value);
	else if (!d->value)
		sbuf_printf(out, "ip6 dscp and 0x%02x", keep);
	else if (d->value == d->mask)
		sbuf_printf(out, "ip6 dscp or 0x%02x", value);
	else if (!d->mask)
		sbuf_printf(out, "ip6 dscp xor 0x%02x", value);
	else
		sbuf_printf(out, "ip6 dscp and 0x%02x xor 0x%02x", keep, value);
	return true;
}

const struct xt_ext xt_TOS = {
	.kind = XT_TARGET,
	.name = "TOS",
	.revision = 1,
	.families = XT_BOTH,
	.size = sizeof(struct tos),
	.opts = target_opts,
	.only_table = "mangle",
	.parse = target_parse,
	.check = target_check,
	.print = target_print,
	.save = target_save,
	.emit = target_emit,
	.xlate = target_xlate,
};
