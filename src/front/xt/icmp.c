/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/icmp.c - -m icmp, -m icmp6: type and code, by number or name.
 *
 * Names are RFC 792's and RFC 1812's, and RFC 4443's and RFC 4861's, as iptables spells them. For icmp type 255 stands
 * for any.
 */
#include <errno.h>

#include "front/xt/util.h"
#include "rules/fn.h"

struct icmp_data {
	uint8_t type, code[2], invert, family;
};

static const struct icmp_name {
	const char *name;
	uint8_t type, lo, hi;
} names4[] = {
	{ "any", 255, 0, 255 },
	{ "echo-reply", 0, 0, 255 },
	{ "pong", 0, 0, 255 },
	{ "destination-unreachable", 3, 0, 255 },
	{ "network-unreachable", 3, 0, 0 },
	{ "host-unreachable", 3, 1, 1 },
	{ "protocol-unreachable", 3, 2, 2 },
	{ "port-unreachable", 3, 3, 3 },
	{ "fragmentation-needed", 3, 4, 4 },
	{ "source-route-failed", 3, 5, 5 },
	{ "network-unknown", 3, 6, 6 },
	{ "host-unknown", 3, 7, 7 },
	{ "network-prohibited", 3, 9, 9 },
	{ "host-prohibited", 3, 10, 10 },
	{ "TOS-network-unreachable", 3, 11, 11 },
	{ "TOS-host-unreachable", 3, 12, 12 },
	{ "communication-prohibited", 3, 13, 13 },
	{ "host-precedence-violation", 3, 14, 14 },
	{ "precedence-cutoff", 3, 15, 15 },
	{ "source-quench", 4, 0, 255 },
	{ "redirect", 5, 0, 255 },
	{ "network-redirect", 5, 0, 0 },
	{ "host-redirect", 5, 1, 1 },
	{ "TOS-network-redirect", 5, 2, 2 },
	{ "TOS-host-redirect", 5, 3, 3 },
	{ "echo-request", 8, 0, 255 },
	{ "ping", 8, 0, 255 },
	{ "router-advertisement", 9, 0, 255 },
	{ "router-solicitation", 10, 0, 255 },
	{ "time-exceeded", 11, 0, 255 },
	{ "ttl-exceeded", 11, 0, 255 },
	{ "ttl-zero-during-transit", 11, 0, 0 },
	{ "ttl-zero-during-reassembly", 11, 1, 1 },
	{ "parameter-problem", 12, 0, 255 },
	{ "ip-header-bad", 12, 0, 0 },
	{ "required-option-missing", 12, 1, 1 },
	{ "timestamp-request", 13, 0, 255 },
	{ "timestamp-reply", 14, 0, 255 },
	{ "address-mask-request", 17, 0, 255 },
	{ "address-mask-reply", 18, 0, 255 },
};

static const struct icmp_name names6[] = {
	{ "destination-unreachable", 1, 0, 255 },
	{ "no-route", 1, 0, 0 },
	{ "communication-prohibited", 1, 1, 1 },
	{ "beyond-scope", 1, 2, 2 },
	{ "address-unreachable", 1, 3, 3 },
	{ "port-unreachable", 1, 4, 4 },
	{ "failed-policy", 1, 5, 5 },
	{ "reject-route", 1, 6, 6 },
	{ "packet-too-big", 2, 0, 255 },
	{ "time-exceeded", 3, 0, 255 },
	{ "ttl-exceeded", 3, 0, 255 },
	{ "ttl-zero-during-transit", 3, 0, 0 },
	{ "ttl-zero-during-reassembly", 3, 1, 1 },
	{ "parameter-problem", 4, 0, 255 },
	{ "bad-header", 4, 0, 0 },
	{ "unknown-header-type", 4, 1, 1 },
	{ "unknown-option", 4, 2, 2 },
	{ "echo-request", 128, 0, 255 },
	{ "ping", 128, 0, 255 },
	{ "echo-reply", 129, 0, 255 },
	{ "pong", 129, 0, 255 },
	{ "router-solicitation", 133, 0, 255 },
	{ "router-advertisement", 134, 0, 255 },
	{ "neighbour-solicitation", 135, 0, 255 },
	{ "neighbor-solicitation", 135, 0, 255 },
	{ "neighbour-advertisement", 136, 0, 255 },
	{ "neighbor-advertisement", 136, 0, 255 },
	{ "redirect", 137, 0, 255 },
};

static const struct xt_opt opts[] = {
	{ "icmp-type", 0, .flags = XT_INVERT | XT_MAND },
	{ 0 },
};

static const struct xt_opt opts6[] = {
	{ "icmpv6-type", 0, .flags = XT_INVERT | XT_MAND },
	{ 0 },
};

/* what differs between the two protocols */
static const struct icmp_kind {
	const char *word, *proto, *option;	/* in messages, in listings, as it is saved */
	const struct icmp_name *names;
	unsigned n_names;
	uint8_t header;				/* bytes that must be there */
	enum field_id type, typecode;
} kinds[] = {
	{ "ICMP", "icmp", "icmp-type", names4, ARRAY_LEN(names4), 8, FIELD_ICMP_TYPE, FIELD_ICMP_TYPECODE },
	{ "ICMPv6", "ipv6-icmp", "icmpv6-type", names6, ARRAY_LEN(names6), 8, FIELD_ICMPV6_TYPE, FIELD_ICMPV6_TYPECODE },
};

static const struct icmp_kind *kind_of(const struct icmp_data *d)
{
	return &kinds[d->family == AF_INET6];
}

/* ICMPv6 has a type 255 of its own */
static bool any_type(const struct icmp_data *d)
{
	return d->type == 255 && d->family != AF_INET6;
}

static void icmp_init(void *data, uint8_t family)
{
	struct icmp_data *d = data;

	d->family = family;
	d->code[1] = 255;
}

/* "TYPE" or "TYPE/CODE" */
static int parse_numbers(struct xt_call *c, struct icmp_data *d)
{
	const char *end;
	uint64_t v;

	if (!xt_strtou(c->arg, &end, 0, 255, &v) || (*end && *end != '/'))
		return xt_error(c, "Unknown %s type `%s'", kind_of(d)->word, c->arg);
	d->type = (uint8_t)v;
	if (*end == '\0')
		return 0;
	if (!xt_strtou(end + 1, &end, 0, 255, &v))
		return xt_error(c, "Unknown %s code `%s'", kind_of(d)->word, c->arg);
	if (*end)
		return xt_error(c, "unknown character %c", *end);
	d->code[0] = d->code[1] = (uint8_t)v;
	return 0;
}

static int icmp_parse(struct xt_call *c, void *data)
{
	struct icmp_data *d = data;
	const struct icmp_kind *k = kind_of(d);
	size_t n = strlen(c->arg);
	const struct icmp_name *found = NULL;

	d->invert = c->invert;
	for (unsigned i = 0; i < k->n_names; i++) {
		if (strncasecmp(k->names[i].name, c->arg, n) != 0)
			continue;
		if (found)
			return xt_error(c, "Ambiguous %s type `%s': `%s' or `%s'?", k->word, c->arg, found->name,
					k->names[i].name);
		found = &k->names[i];
	}
	if (!found)
		return parse_numbers(c, d);
	d->type = found->type;
	d->code[0] = found->lo;
	d->code[1] = found->hi;
	return 0;
}

static void icmp_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct icmp_data *d = data;
	const struct icmp_kind *k = kind_of(d);
	const char *inv = d->invert ? "!" : "";

	for (unsigned i = 0; !numeric && i < k->n_names; i++)
		if (k->names[i].type == d->type && k->names[i].lo == d->code[0] && k->names[i].hi == d->code[1]) {
			sbuf_printf(out, " %s %s%s", k->proto, inv, k->names[i].name);
			return;
		}
	sbuf_printf(out, d->invert ? " %s !type %u" : " %stype %u", k->proto, d->type);
	if (d->code[0] == d->code[1])
		sbuf_printf(out, " code %u", d->code[0]);
	else if (d->code[0] != 0 || d->code[1] != 255)
		sbuf_printf(out, " codes %u-%u", d->code[0], d->code[1]);
}

static void icmp_save(struct sbuf *out, const void *data)
{
	const struct icmp_data *d = data;

	sbuf_printf(out, "%s --%s ", d->invert ? " !" : "", kind_of(d)->option);
	if (any_type(d)) {
		sbuf_puts(out, "any");
		return;
	}
	sbuf_printf(out, "%u", d->type);
	if (d->code[0] != 0 || d->code[1] != 255)
		sbuf_printf(out, "/%u", d->code[0]);
}

static int icmp_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct icmp_data *d = data;
	const struct icmp_kind *k = kind_of(d);
	uint8_t lo[2] = { d->type, d->code[0] }, hi[2] = { d->type, d->code[1] };

	xt_test(l, &fn_header, &(struct fn_header){ .len = k->header }, sizeof(struct fn_header));
	if (any_type(d)) {
		memset(lo, 0, 2);
		memset(hi, 255, 2);
	}
	if (!any_type(d) && lo[1] == 0 && hi[1] == 255)
		ir_match_field(l, k->type, d->invert, &d->type, NULL);
	else if (!any_type(d) && lo[1] == hi[1])
		ir_match_field(l, k->typecode, d->invert, lo, NULL);
	else
		ir_match_range(l, k->typecode, d->invert, lo, hi);
	return 0;
}

static bool icmp6_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	static const struct { uint8_t type; const char *name; } words[] = {
		{ 1, "destination-unreachable" }, { 2, "packet-too-big" }, { 3, "time-exceeded" },
		{ 4, "parameter-problem" }, { 128, "echo-request" }, { 129, "echo-reply" },
		{ 133, "nd-router-solicit" }, { 134, "nd-router-advert" }, { 135, "nd-neighbor-solicit" },
		{ 136, "nd-neighbor-advert" }, { 137, "nd-redirect" },
	};
	const struct icmp_data *d = data;

	for (unsigned i = 0; i < ARRAY_LEN(words) && d->code[0] == 0 && d->code[1] == 255; i++) {
		if (words[i].type != d->type)
			continue;
		sbuf_printf(out, "icmpv6 type %s%s", d->invert ? "!= " : "", words[i].name);
		return true;
	}
	return false;
}

static bool icmp_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	static const struct { uint8_t type; const char *name; } words[] = {
		{ 0, "echo-reply" }, { 3, "destination-unreachable" }, { 4, "source-quench" }, { 5, "redirect" },
		{ 8, "echo-request" }, { 9, "router-advertisement" }, { 10, "router-solicitation" },
		{ 11, "time-exceeded" }, { 12, "parameter-problem" }, { 13, "timestamp-request" },
		{ 14, "timestamp-reply" }, { 17, "address-mask-request" }, { 18, "address-mask-reply" },
	};
	const struct icmp_data *d = data;

	if (d->type == 255) {
		sbuf_puts(out, "ip protocol icmp");
		return true;
	}
	for (unsigned i = 0; i < ARRAY_LEN(words) && d->code[0] == 0 && d->code[1] == 255; i++) {
		if (words[i].type != d->type)
			continue;
		sbuf_printf(out, "icmp type %s%s", d->invert ? "!= " : "", words[i].name);
		return true;
	}
	return false;
}

const struct xt_ext xt_icmp = {
	.kind = XT_MATCH,
	.name = "icmp",
	.families = XT_IPV4,
	.size = sizeof(struct icmp_data),
	.opts = opts,
	.only_proto = IPPROTO_ICMP,
	.init = icmp_init,
	.parse = icmp_parse,
	.print = icmp_print,
	.save = icmp_save,
	.emit = icmp_emit,
	.xlate = icmp_xlate,
};

const struct xt_ext xt_icmp6 = {
	.kind = XT_MATCH,
	.name = "icmp6",
	.families = XT_IPV6,
	.size = sizeof(struct icmp_data),
	.opts = opts6,
	.only_proto = IPPROTO_ICMPV6,
	.init = icmp_init,
	.parse = icmp_parse,
	.print = icmp_print,
	.save = icmp_save,
	.emit = icmp_emit,
	.xlate = icmp6_xlate,
};
