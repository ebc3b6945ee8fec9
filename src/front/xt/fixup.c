/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/fixup.c - targets of mangle that repair or cut headers: CHECKSUM, TCPOPTSTRIP.
 */
#include "front/xt/util.h"

/* ---- CHECKSUM: a checksum that Linux would leave to the device is always there in natbox ---- */

static const struct xt_opt checksum_opts[] = {
	{ "checksum-fill", 0, .flags = XT_MAND | XT_NOVAL },
	{ 0 },
};

static void checksum_print(struct sbuf *out, const void *data, bool numeric)
{
	sbuf_puts(out, " CHECKSUM fill");
}

static void checksum_save(struct sbuf *out, const void *data)
{
	sbuf_puts(out, " --checksum-fill");
}

static int checksum_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_action(l, IR_ACT_CHECKSUM);
	return 0;
}

const struct xt_ext xt_CHECKSUM = {
	.kind = XT_TARGET,
	.name = "CHECKSUM",
	.families = XT_BOTH,
	.size = 1,
	.opts = checksum_opts,
	.only_table = "mangle",
	.print = checksum_print,
	.save = checksum_save,
	.emit = checksum_emit,
};

/* ---- TCPOPTSTRIP ---- */

struct optstrip {
	uint32_t kinds[8];	/* a bit for each kind of option */
};

static const struct xt_opt optstrip_opts[] = {
	{ "strip-options", 0, .flags = 0 },
	{ 0 },
};

static const struct {
	const char *name;
	uint8_t kind;
} option_names[] = {
	{ "wscale", 3 }, { "mss", 2 }, { "sack-permitted", 4 }, { "sack", 5 }, { "timestamp", 8 }, { "md5", 19 },
};

static int parse_kind(struct xt_call *c, const char *w, struct optstrip *d)
{
	uint64_t kind;

	for (unsigned i = 0; i < ARRAY_LEN(option_names); i++)
		if (strcmp(w, option_names[i].name) == 0) {
			d->kinds[0] |= 1u << option_names[i].kind;
			return 0;
		}
	if (!xt_strtou(w, NULL, 0, UINT8_MAX, &kind))
		return xt_error(c, "Bad TCP option value \"%s\"", w);
	if (kind < 2)
		return xt_error(c, "Option value may not be 0 or 1");
	d->kinds[kind / 32] |= 1u << kind % 32;
	return 0;
}

static int optstrip_parse(struct xt_call *c, void *data)
{
	char *copy = mem_strdup(c->arg), *save = NULL;
	int err = copy ? 0 : xt_error(c, "out of memory");

	for (char *w = copy ? strtok_r(copy, ",", &save) : NULL; w && !err; w = strtok_r(NULL, ",", &save))
		err = parse_kind(c, w, data);
	mem_free(copy);
	return err;
}

static const char *kind_name(unsigned kind)
{
	for (unsigned i = 0; i < ARRAY_LEN(option_names); i++)
		if (option_names[i].kind == kind)
			return option_names[i].name;
	return NULL;
}

static void put_kinds(struct sbuf *out, const struct optstrip *d, const char *head, bool numeric)
{
	for (unsigned i = 0; i < 256; i++) {
		const char *name = numeric ? NULL : kind_name(i);

		if (!(d->kinds[i / 32] >> i % 32 & 1))
			continue;
		if (name)
			sbuf_printf(out, "%s%s", head, name);
		else
			sbuf_printf(out, "%s%u", head, i);
		head = ",";
	}
}

static void optstrip_print(struct sbuf *out, const void *data, bool numeric)
{
	put_kinds(out, data, " TCPOPTSTRIP options ", numeric);
}

static void optstrip_save(struct sbuf *out, const void *data)
{
	put_kinds(out, data, " --strip-options ", true);
}

static int optstrip_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct optstrip *d = data;
	struct ir_stmt *s = xt_action(l, IR_ACT_TCPOPTSTRIP);

	if (s)
		memcpy(s->action.strip, d->kinds, sizeof(d->kinds));
	return 0;
}

const struct xt_ext xt_TCPOPTSTRIP = {
	.kind = XT_TARGET,
	.name = "TCPOPTSTRIP",
	.families = XT_BOTH,
	.size = sizeof(struct optstrip),
	.opts = optstrip_opts,
	.only_table = "mangle",
	.only_proto = IPPROTO_TCP,
	.parse = optstrip_parse,
	.print = optstrip_print,
	.save = optstrip_save,
	.emit = optstrip_emit,
};
