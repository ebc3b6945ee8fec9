/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/dscp.c - -m dscp, -j DSCP: the six upper bits of the TOS byte, by number or class (RFC 2474, 2597, 3246).
 */
#include "front/xt/util.h"

static const struct {
	const char *name;
	uint8_t dscp;
} classes[] = {
	{ "CS0", 0x00 },  { "CS1", 0x08 },  { "CS2", 0x10 },  { "CS3", 0x18 },  { "CS4", 0x20 },  { "CS5", 0x28 },
	{ "CS6", 0x30 },  { "CS7", 0x38 },  { "BE", 0x00 },   { "AF11", 0x0a }, { "AF12", 0x0c }, { "AF13", 0x0e },
	{ "AF21", 0x12 }, { "AF22", 0x14 }, { "AF23", 0x16 }, { "AF31", 0x1a }, { "AF32", 0x1c }, { "AF33", 0x1e },
	{ "AF41", 0x22 }, { "AF42", 0x24 }, { "AF43", 0x26 }, { "EF", 0x2e },
};

int xt_dscp_class(struct xt_call *c, uint8_t *dscp)
{
	for (unsigned i = 0; i < ARRAY_LEN(classes); i++)
		if (strcasecmp(classes[i].name, c->arg) == 0) {
			*dscp = classes[i].dscp;
			return 0;
		}
	return xt_error(c, "Invalid DSCP value `%s'", c->arg);
}

enum { DSCP_VALUE, DSCP_CLASS };

struct dscp {
	uint8_t dscp;
	bool invert;
};

static const struct xt_opt match_opts[] = {
	{ "dscp", DSCP_VALUE, .flags = XT_INVERT, .excl = XT_BIT(DSCP_CLASS), .type = XT_T_U8, .min = 0, .max = 63 },
	{ "dscp-class", DSCP_CLASS, .flags = XT_INVERT, .excl = XT_BIT(DSCP_VALUE) },
	{ 0 },
};

static const struct xt_opt target_opts[] = {
	{ "set-dscp", DSCP_VALUE, .flags = 0, .excl = XT_BIT(DSCP_CLASS), .type = XT_T_U8, .min = 0, .max = 63 },
	{ "set-dscp-class", DSCP_CLASS, .flags = 0, .excl = XT_BIT(DSCP_VALUE) },
	{ 0 },
};

static int dscp_parse(struct xt_call *c, void *data)
{
	struct dscp *d = data;

	d->invert = c->invert;
	if (c->opt->id == DSCP_CLASS)
		return xt_dscp_class(c, &d->dscp);
	d->dscp = c->val.u8;
	return 0;
}

static int match_check(struct xt_call *c, void *data)
{
	return c->seen ? 0 : xt_error(c, "DSCP match: Parameter --dscp is required");
}

static int target_check(struct xt_call *c, void *data)
{
	return c->seen ? 0 : xt_error(c, "DSCP target: Parameter --set-dscp is required");
}

static void match_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct dscp *d = data;

	sbuf_printf(out, " DSCP match %s0x%02x", d->invert ? "!" : "", d->dscp);
}

static void match_save(struct sbuf *out, const void *data)
{
	const struct dscp *d = data;

	sbuf_printf(out, "%s --dscp 0x%02x", d->invert ? " !" : "", d->dscp);
}

static int match_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct dscp *d = data;
	uint8_t value = (uint8_t)(d->dscp << 2), mask = 0xfc;

	ir_match_field(l, xt_dsfield(family), d->invert, &value, &mask);
	return 0;
}

static void target_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct dscp *d = data;

	sbuf_printf(out, " DSCP set 0x%02x", d->dscp);
}

static void target_save(struct sbuf *out, const void *data)
{
	const struct dscp *d = data;

	sbuf_printf(out, " --set-dscp 0x%02x", d->dscp);
}

static int target_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct dscp *d = data;

	xt_set_byte(l, xt_dsfield(family), 0x03, (uint8_t)(d->dscp << 2));
	return 0;
}

static bool match_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct dscp *d = data;

	sbuf_printf(out, "%s dscp %s0x%02x", x->family == AF_INET6 ? "ip6" : "ip", d->invert ? "!= " : "", d->dscp);
	return true;
}

const struct xt_ext xt_dscp = {
	.kind = XT_MATCH,
	.name = "dscp",
	.families = XT_BOTH,
	.size = sizeof(struct dscp),
	.opts = match_opts,
	.parse = dscp_parse,
	.check = match_check,
	.print = match_print,
	.save = match_save,
	.emit = match_emit,
	.xlate = match_xlate,
};

static bool target_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct dscp *d = data;

	sbuf_printf(out, "%s dscp set 0x%02x", x->family == AF_INET6 ? "ip6" : "ip", d->dscp);
	return true;
}

const struct xt_ext xt_DSCP = {
	.kind = XT_TARGET,
	.name = "DSCP",
	.families = XT_BOTH,
	.size = sizeof(struct dscp),
	.opts = target_opts,
	.only_table = "mangle",
	.parse = dscp_parse,
	.check = target_check,
	.print = target_print,
	.save = target_save,
	.emit = target_emit,
	.xlate = target_xlate,
};
