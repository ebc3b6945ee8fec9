/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/ct.c - -j CT, -j NOTRACK, -j TRACE: what happens to a packet before connection tracking sees it.
 */
#include "front/xt/util.h"

enum { CT_NOTRACK, CT_HELPER, CT_TIMEOUT, CT_CTEVENTS, CT_EXPEVENTS, CT_ZONE, CT_ZONE_ORIG, CT_ZONE_REPLY };

static const struct xt_opt ct_opts[] = {
	{ "notrack", CT_NOTRACK, .flags = XT_NOVAL },
	{ "helper", CT_HELPER, .flags = 0 },
	{ "timeout", CT_TIMEOUT, .flags = 0 },
	{ "ctevents", CT_CTEVENTS, .flags = 0 },
	{ "expevents", CT_EXPEVENTS, .flags = 0 },
	{ "zone", CT_ZONE, .flags = 0 },
	{ "zone-orig", CT_ZONE_ORIG, .flags = 0 },
	{ "zone-reply", CT_ZONE_REPLY, .flags = 0 },
	{ 0 },
};

static const struct xt_opt no_opts[] = { { 0 } };

static const struct event {
	const char *name;
	uint8_t bit;		/* IPCT_*, IPEXP_* */
} ct_events[] = {
	{ "new", 0 }, { "related", 1 }, { "destroy", 2 }, { "reply", 3 }, { "assured", 4 }, { "protoinfo", 5 },
	{ "helper", 6 }, { "mark", 7 }, { "natseqinfo", 8 }, { "secmark", 9 },
}, exp_events[] = {
	{ "new", 0 },
};

static int parse_events(struct xt_call *c, const struct event *ev, unsigned n_ev, uint32_t *bits)
{
	for (const char *s = c->arg;; s++) {
		size_t n = strcspn(s, ",");
		unsigned i;

		for (i = 0; i < n_ev; i++)
			if (strlen(ev[i].name) == n && memcmp(ev[i].name, s, n) == 0)
				break;
		if (i == n_ev)
			return xt_error(c, "Unknown event type \"%.*s\"", (int)n, s);
		*bits |= 1u << ev[i].bit;
		s += n;
		if (!*s)
			return 0;
	}
}

static int parse_zone(struct xt_call *c, struct ir_ct *d)
{
	uint64_t v;

	d->zone_orig |= c->opt->id == CT_ZONE_ORIG;
	d->zone_reply |= c->opt->id == CT_ZONE_REPLY;
	if (strcasecmp(c->arg, "mark") == 0) {
		d->zone_mark = d->have_zone = true;
		return 0;
	}
	if (!xt_strtou(c->arg, NULL, 0, UINT16_MAX, &v))
		return xt_error(c, "Cannot parse %s as a zone ID", c->arg);
	d->zone = (uint16_t)v;
	d->have_zone |= v != 0;
	return 0;
}

static int ct_parse(struct xt_call *c, void *data)
{
	struct ir_ct *d = data;

	switch (c->opt->id) {
	case CT_NOTRACK:
		d->notrack = true;
		return 0;
	case CT_HELPER:
		memcpy(d->helper, c->arg, MIN(strlen(c->arg), sizeof(d->helper) - 1));
		return 0;
	case CT_TIMEOUT:
		memcpy(d->timeout, c->arg, MIN(strlen(c->arg), sizeof(d->timeout) - 1));
		return 0;
	case CT_CTEVENTS:
		return parse_events(c, ct_events, ARRAY_LEN(ct_events), &d->ct_events);
	case CT_EXPEVENTS:
		return parse_events(c, exp_events, ARRAY_LEN(exp_events), &d->exp_events);
	default:
		return parse_zone(c, d);
	}
}

static const struct {
	const char *name;
	uint8_t proto, proto2;
} helpers[] = {
	/* those that Linux has */
	{ "ftp", IPPROTO_TCP, 0 },       { "tftp", IPPROTO_UDP, 0 },       { "sip", IPPROTO_UDP, IPPROTO_TCP },
	{ "pptp", IPPROTO_TCP, 0 },      { "irc", IPPROTO_TCP, 0 },        { "amanda", IPPROTO_UDP, 0 },
	{ "sane", IPPROTO_TCP, 0 },      { "netbios-ns", IPPROTO_UDP, 0 }, { "snmp", IPPROTO_UDP, 0 },
	{ "snmp_trap", IPPROTO_UDP, 0 }, { "RAS", IPPROTO_UDP, 0 },        { "Q.931", IPPROTO_TCP, 0 },
};

static bool is_helper(const char *name, uint8_t proto)
{
	for (unsigned i = 0; i < ARRAY_LEN(helpers); i++)
		if (strcmp(helpers[i].name, name) == 0 && (helpers[i].proto == proto || helpers[i].proto2 == proto))
			return true;
	return false;
}

/* a helper must be there for the rule's protocol; timeout policies are made with another tool, so that none exists */
static int ct_verify(const struct xt_where *w, const void *data)
{
	const struct ir_ct *d = data;
	bool any = !w->proto || w->proto_inverted;

	if (d->notrack)
		return 0;
	if (*d->helper && (any || !is_helper(d->helper, w->proto)))
		return -ENOENT;
	if (*d->timeout)
		return any ? -EINVAL : -ENOENT;
	return 0;
}

static void put_events(struct sbuf *out, const char *dashes, const char *word, const struct event *ev, unsigned n_ev,
		       uint32_t bits)
{
	const char *sep = " ";

	if (!bits)
		return;
	sbuf_printf(out, " %s%s", dashes, word);
	for (unsigned i = 0; i < n_ev; i++)
		if (bits & 1u << ev[i].bit) {
			sbuf_printf(out, "%s%s", sep, ev[i].name);
			sep = ",";
		}
}

static void put_zone(struct sbuf *out, const struct ir_ct *d, const char *dashes)
{
	const char *dir = d->zone_orig == d->zone_reply ? "" : d->zone_orig ? "-orig" : "-reply";

	if (d->zone_mark)
		sbuf_printf(out, " %szone%s mark", dashes, dir);
	else if (d->zone)
		sbuf_printf(out, " %szone%s %u", dashes, dir, d->zone);
}

static void dump(struct sbuf *out, const struct ir_ct *d, const char *dashes)
{
	if (d->notrack)
		sbuf_printf(out, " %snotrack", dashes);
	if (*d->helper)
		sbuf_printf(out, " %shelper %s", dashes, d->helper);
	if (*d->timeout)
		sbuf_printf(out, " %stimeout %s", dashes, d->timeout);
	put_events(out, dashes, "ctevents", ct_events, ARRAY_LEN(ct_events), d->ct_events);
	put_events(out, dashes, "expevents", exp_events, ARRAY_LEN(exp_events), d->exp_events);
	put_zone(out, d, dashes);
}

static void ct_print(struct sbuf *out, const void *data, bool numeric)
{
	sbuf_puts(out, " CT");
	dump(out, data, "");
}

static void ct_save(struct sbuf *out, const void *data)
{
	dump(out, data, "--");
}

/* Helpers and event masks are not in the engine: refused by name, not ignored. */
static int ct_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct ir_ct *d = data;
	struct ir_ct *copy;
	struct ir_stmt *s;

	if (d->notrack) {
		xt_action(l, IR_ACT_NOTRACK);
		return 0;
	}
	if (*d->helper || d->ct_events || d->exp_events)
		return -EOPNOTSUPP;
	copy = mem_dup(d, sizeof(*d));
	s = copy ? xt_action(l, IR_ACT_CT_TEMPLATE) : NULL;
	if (!s) {
		mem_free(copy);
		l->failed = true;
		return 0;
	}
	s->action.ct = copy;
	return 0;
}

static bool ct_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	if (!((const struct ir_ct *)data)->notrack)
		return false;
	sbuf_puts(out, "notrack");
	return true;
}

static bool notrack_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	sbuf_puts(out, "notrack");
	return true;
}

static bool trace_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	sbuf_puts(out, "meta nftrace set 1");
	return true;
}

const struct xt_ext xt_CT = {
	.kind = XT_TARGET,
	.name = "CT",
	.revision = 2,
	.families = XT_BOTH,
	.size = sizeof(struct ir_ct),
	.opts = ct_opts,
	.only_table = "raw",
	.parse = ct_parse,
	.verify = ct_verify,
	.print = ct_print,
	.save = ct_save,
	.emit = ct_emit,
	.xlate = ct_xlate,
};

static void notrack_print(struct sbuf *out, const void *data, bool numeric)
{
	sbuf_puts(out, " NOTRACK");
}

static void nothing_save(struct sbuf *out, const void *data)
{
}

static int notrack_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_action(l, IR_ACT_NOTRACK);
	return 0;
}

const struct xt_ext xt_NOTRACK = {
	.kind = XT_TARGET,
	.name = "NOTRACK",
	.alias_of = "CT",
	.revision = 1,
	.families = XT_BOTH,
	.opts = no_opts,
	.only_table = "raw",
	.print = notrack_print,
	.save = nothing_save,
	.emit = notrack_emit,
	.xlate = notrack_xlate,
};

static void trace_print(struct sbuf *out, const void *data, bool numeric)
{
}

static int trace_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_action(l, IR_ACT_TRACE);
	return 0;
}

const struct xt_ext xt_TRACE = {
	.kind = XT_TARGET,
	.name = "TRACE",
	.families = XT_BOTH,
	.opts = no_opts,
	.print = trace_print,
	.save = nothing_save,
	.emit = trace_emit,
	.xlate = trace_xlate,
};
