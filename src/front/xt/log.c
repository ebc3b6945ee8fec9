/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/log.c - -j LOG and -j NFLOG: a line in the kernel's log, or the packet to whoever listens to a group.
 */
#include <linux/netfilter/nf_log.h>

#include "front/xt/util.h"

#define LOG_PREFIX_MAX 29
#define NFLOG_PREFIX_MAX 127
#define LOG_LEVEL_DEFAULT 4

enum { LOG_PREFIX, LOG_TCPSEQ, LOG_TCPOPT, LOG_IPOPT, LOG_UID, LOG_MAC, LOG_LEVEL };

struct log {
	char prefix[LOG_PREFIX_MAX + 1];
	uint8_t level, flags;
};

static const struct xt_opt log_opts[] = {
	{ "log-level", LOG_LEVEL, .flags = 0 },
	{ "log-prefix", LOG_PREFIX, .flags = 0 },
	{ "log-tcp-sequence", LOG_TCPSEQ, .flags = XT_NOVAL },
	{ "log-tcp-options", LOG_TCPOPT, .flags = XT_NOVAL },
	{ "log-ip-options", LOG_IPOPT, .flags = XT_NOVAL },
	{ "log-uid", LOG_UID, .flags = XT_NOVAL },
	{ "log-macdecode", LOG_MAC, .flags = XT_NOVAL },
	{ 0 },
};

static const struct {
	const char *word;
	uint8_t bit;
} flags[] = {
	/* by the options' ids from LOG_TCPSEQ on */
	{ "tcp-sequence", NF_LOG_TCPSEQ }, { "tcp-options", NF_LOG_TCPOPT },
	{ "ip-options", NF_LOG_IPOPT },    { "uid", NF_LOG_UID },
	{ "macdecode", NF_LOG_MACDECODE },
};

static const struct {
	const char *name;
	uint8_t level;
} levels[] = {
	{ "alert", 1 }, { "crit", 2 },   { "debug", 7 }, { "emerg", 0 },   { "error", 3 },
	{ "info", 6 },  { "notice", 5 }, { "panic", 0 }, { "warning", 4 },
};

static const char *const level_words[] = { "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug" };

static void log_init(void *data, uint8_t family)
{
	struct log *d = data;

	d->level = LOG_LEVEL_DEFAULT;
}

static int parse_level(struct xt_call *c, uint8_t *level)
{
	uint64_t v;

	if (xt_strtou(c->arg, NULL, 0, 7, &v)) {
		*level = (uint8_t)v;
		return 0;
	}
	for (unsigned i = 0; i < ARRAY_LEN(levels); i++)
		if (strcmp(levels[i].name, c->arg) == 0) {
			*level = levels[i].level;
			return 0;
		}
	return xt_error(c, "log level \"%s\" unknown\n", c->arg);
}

/* what is too long is cut off without a word, as the real tool does */
static int parse_prefix(struct xt_call *c, char *prefix, size_t max)
{
	size_t n = strlen(c->arg);

	if (!n)
		return xt_error(c, "Argument must have a minimum length of 1 characters\n");
	if (strchr(c->arg, '\n'))
		return xt_error(c, "Newlines not allowed in --%s", c->opt->name);
	memcpy(prefix, c->arg, MIN(n, max));
	return 0;
}

static int log_parse(struct xt_call *c, void *data)
{
	struct log *d = data;

	switch (c->opt->id) {
	case LOG_LEVEL:
		return parse_level(c, &d->level);
	case LOG_PREFIX:
		return parse_prefix(c, d->prefix, LOG_PREFIX_MAX);
	default:
		d->flags |= flags[c->opt->id - LOG_TCPSEQ].bit;
		return 0;
	}
}

static void log_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct log *d = data;

	if (numeric)
		sbuf_printf(out, " LOG flags %u level %u", d->flags, d->level);
	else
		sbuf_printf(out, " LOG level %s", level_words[d->level]);
	for (unsigned i = 0; !numeric && i < ARRAY_LEN(flags); i++)
		if (d->flags & flags[i].bit)
			sbuf_printf(out, " %s", flags[i].word);
	if (*d->prefix)
		sbuf_printf(out, " prefix \"%s\"", d->prefix);
}

static void log_save(struct sbuf *out, const void *data)
{
	const struct log *d = data;

	if (*d->prefix) {
		sbuf_puts(out, " --log-prefix");
		xt_save_quoted(out, d->prefix);
	}
	if (d->level != LOG_LEVEL_DEFAULT)
		sbuf_printf(out, " --log-level %u", d->level);
	for (unsigned i = 0; i < ARRAY_LEN(flags); i++)
		if (d->flags & flags[i].bit)
			sbuf_printf(out, " --log-%s", flags[i].word);
}

static int emit(struct ir_list *l, enum ir_action act, const struct ir_log *log)
{
	struct ir_log *copy = mem_dup(log, sizeof(*log));
	struct ir_stmt *s = copy ? xt_action(l, act) : NULL;

	if (!s) {
		mem_free(copy);
		l->failed = true;
		return 0;
	}
	s->action.log = copy;
	return 0;
}

static int log_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct log *d = data;
	struct ir_log log = { .level = d->level, .logflags = d->flags };

	memcpy(log.prefix, d->prefix, sizeof(d->prefix));
	return emit(l, IR_ACT_LOG, &log);
}

static void xlate_log_flags(struct sbuf *out, uint8_t f)
{
	if ((f & NF_LOG_MASK) == NF_LOG_MASK) {
		sbuf_puts(out, " flags all");
		return;
	}
	if (f & (NF_LOG_TCPSEQ | NF_LOG_TCPOPT))
		sbuf_printf(out, " flags tcp %s%s%s", f & NF_LOG_TCPSEQ ? "sequence" : "",
			    (f & NF_LOG_TCPSEQ) && (f & NF_LOG_TCPOPT) ? "," : "", f & NF_LOG_TCPOPT ? "options" : "");
	if (f & NF_LOG_IPOPT)
		sbuf_puts(out, " flags ip options");
	if (f & NF_LOG_UID)
		sbuf_puts(out, " flags skuid");
	if (f & NF_LOG_MACDECODE)
		sbuf_puts(out, " flags ether");
}

static bool log_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct log *d = data;

	sbuf_puts(out, "log");
	if (*d->prefix)
		sbuf_printf(out, " prefix \"%s\"", d->prefix);
	if (d->level != LOG_LEVEL_DEFAULT)
		sbuf_printf(out, " level %s", level_words[d->level & 7]);
	xlate_log_flags(out, d->flags);
	return true;
}

const struct xt_ext xt_LOG = {
	.kind = XT_TARGET,
	.name = "LOG",
	.families = XT_BOTH,
	.size = sizeof(struct log),
	.opts = log_opts,
	.init = log_init,
	.parse = log_parse,
	.print = log_print,
	.save = log_save,
	.emit = log_emit,
	.xlate = log_xlate,
};

/* ---- NFLOG ---- */

enum { NFLOG_GROUP, NFLOG_PREFIX, NFLOG_RANGE, NFLOG_SIZE, NFLOG_THRESHOLD };

struct nflog {
	char prefix[NFLOG_PREFIX_MAX + 1];
	uint16_t group, threshold;
	uint32_t size;
	bool have_size;
};

static const struct xt_opt nflog_opts[] = {
	{ "nflog-group", NFLOG_GROUP, .flags = 0, .type = XT_T_U16 },
	{ "nflog-prefix", NFLOG_PREFIX, .flags = 0 },
	{ "nflog-range", NFLOG_RANGE, .flags = 0, .excl = XT_BIT(NFLOG_SIZE), .type = XT_T_U32 },
	{ "nflog-size", NFLOG_SIZE, .flags = 0, .excl = XT_BIT(NFLOG_RANGE), .type = XT_T_U32 },
	{ "nflog-threshold", NFLOG_THRESHOLD, .flags = 0, .type = XT_T_U16 },
	{ 0 },
};

static int nflog_parse(struct xt_call *c, void *data)
{
	struct nflog *d = data;

	switch (c->opt->id) {
	case NFLOG_GROUP:
		d->group = c->val.u16;
		return 0;
	case NFLOG_PREFIX:
		return parse_prefix(c, d->prefix, NFLOG_PREFIX_MAX);
	case NFLOG_SIZE:
		d->size = c->val.u32;
		d->have_size = true;
		return 0;
	case NFLOG_THRESHOLD:
		d->threshold = c->val.u16;
		return 0;
	default:
		return 0;
	}
}

static int nflog_check(struct xt_call *c, void *data)
{
	if ((c->seen & XT_BIT(NFLOG_RANGE)) && c->warn)
		sbuf_puts(c->warn, "warn: --nflog-range has never worked and is no longer supported, please use "
				   "--nflog-size instead\n");
	return 0;
}

static void nflog_dump(struct sbuf *out, const struct nflog *d, const char *dashes)
{
	if (*d->prefix) {
		sbuf_printf(out, " %snflog-prefix", dashes);
		xt_save_quoted(out, d->prefix);
	}
	if (d->group)
		sbuf_printf(out, " %snflog-group %u", dashes, d->group);
	if (d->have_size)
		sbuf_printf(out, " %snflog-size %u", dashes, d->size);
	if (d->threshold)
		sbuf_printf(out, " %snflog-threshold %u", dashes, d->threshold);
}

static void nflog_print(struct sbuf *out, const void *data, bool numeric)
{
	nflog_dump(out, data, "");
}

static void nflog_save(struct sbuf *out, const void *data)
{
	nflog_dump(out, data, "--");
}

static int nflog_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct nflog *d = data;
	struct ir_log log = {
		.to_group = true, .group = d->group, .qthreshold = d->threshold, .snaplen = d->have_size ? d->size : 0
	};

	memcpy(log.prefix, d->prefix, sizeof(d->prefix));
	return emit(l, IR_ACT_NFLOG, &log);
}

static bool nflog_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct nflog *d = data;

	sbuf_puts(out, "log");
	if (*d->prefix)
		sbuf_printf(out, " prefix \"%s\"", d->prefix);
	sbuf_printf(out, " group %u", d->group);
	if (d->have_size)
		sbuf_printf(out, " snaplen %u", d->size);
	if (d->threshold)
		sbuf_printf(out, " queue-threshold %u", d->threshold);
	return true;
}

const struct xt_ext xt_NFLOG = {
	.kind = XT_TARGET,
	.name = "NFLOG",
	.families = XT_BOTH,
	.size = sizeof(struct nflog),
	.opts = nflog_opts,
	.parse = nflog_parse,
	.check = nflog_check,
	.print = nflog_print,
	.save = nflog_save,
	.emit = nflog_emit,
	.xlate = nflog_xlate,
};
