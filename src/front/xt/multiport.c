/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/multiport.c - -m multiport: up to fifteen ports or, at the price of two, ranges.
 */
#include <stdio.h>

#include "front/xt/util.h"
#include "rules/fn.h"

enum { MP_SOURCE, MP_DEST, MP_EITHER };

#define MP_ALL (XT_BIT(MP_SOURCE) | XT_BIT(MP_DEST) | XT_BIT(MP_EITHER))

static const struct xt_opt opts[] = {
	{ "source-ports", MP_SOURCE, .flags = XT_INVERT, .excl = MP_ALL },
	{ "sports", MP_SOURCE, .flags = XT_INVERT, .excl = MP_ALL },
	{ "destination-ports", MP_DEST, .flags = XT_INVERT, .excl = MP_ALL },
	{ "dports", MP_DEST, .flags = XT_INVERT, .excl = MP_ALL },
	{ "ports", MP_EITHER, .flags = XT_INVERT, .excl = MP_ALL },
	{ 0 },
};

static const char *const words[] = { "sports", "dports", "ports" };

struct multiport {
	struct xt_multiport_v1 info;
	uint8_t proto;		/* for service names */
};

static int check_proto(struct xt_call *c)
{
	switch (c->proto_inverted ? IPPROTO_RAW : c->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return 0;
	case 0:
		return xt_error(c, "multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'");
	default:
		return xt_error(c, "multiport only works with TCP, UDP, UDPLITE, SCTP and DCCP");
	}
}

static int add_port(struct xt_call *c, struct multiport *d, const char *s, size_t n)
{
	char word[64];

	if (d->info.count == XT_MULTI_PORTS)
		return xt_error(c, "too many ports specified");
	snprintf(word, sizeof(word), "%.*s", (int)n, s);
	if (n >= sizeof(word) || xt_parse_port(word, d->proto, &d->info.ports[d->info.count]) < 0)
		return xt_error(c, "invalid port/service `%.*s' specified", (int)n, s);
	d->info.count++;
	return 0;
}

static int add_range(struct xt_call *c, struct multiport *d, const char *s, size_t n)
{
	const char *colon = memchr(s, ':', n);
	unsigned first = d->info.count;

	if (!colon)
		return add_port(c, d, s, n);
	if (first == XT_MULTI_PORTS - 1)
		return xt_error(c, "too many ports specified");
	if (add_port(c, d, s, (size_t)(colon - s)) < 0 || add_port(c, d, colon + 1, (size_t)(s + n - colon - 1)) < 0)
		return -EINVAL;
	d->info.pflags[first] = 1;
	return d->info.ports[first] < d->info.ports[first + 1] ? 0 : xt_error(c, "invalid portrange specified");
}

static int mp_parse(struct xt_call *c, void *data)
{
	struct multiport *d = data;
	const char *s = c->arg;

	if (check_proto(c) < 0)
		return -EINVAL;
	memset(d, 0, sizeof(*d));
	d->proto = c->proto;
	d->info.flags = c->opt->id;
	d->info.invert = c->invert;
	for (;; s++) {
		size_t n = strcspn(s, ",");

		if (d->info.count == XT_MULTI_PORTS)
			return xt_error(c, "too many ports specified");
		if (add_range(c, d, s, n) < 0)
			return -EINVAL;
		s += n;
		if (!*s)
			return 0;
	}
}

static int mp_check(struct xt_call *c, void *data)
{
	return c->seen ? 0 : xt_error(c, "multiport expection an option");
}

static void put_ports(struct sbuf *out, const struct multiport *d, bool numeric)
{
	for (unsigned i = 0; i < d->info.count; i++) {
		if (i)
			sbuf_putc(out, ',');
		xt_print_port(out, d->info.ports[i], d->proto, numeric);
		if (d->info.pflags[i]) {
			sbuf_putc(out, ':');
			xt_print_port(out, d->info.ports[++i], d->proto, numeric);
		}
	}
}

static void mp_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct multiport *d = data;

	sbuf_printf(out, " multiport %s %s", words[d->info.flags], d->info.invert ? " !" : "");
	put_ports(out, d, numeric);
}

static void mp_save(struct sbuf *out, const void *data)
{
	const struct multiport *d = data;

	sbuf_printf(out, "%s --%s ", d->info.invert ? " !" : "", words[d->info.flags]);
	put_ports(out, d, true);
}

static int mp_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct multiport *d = data;

	xt_test(l, &fn_multiport, &d->info, sizeof(d->info));
	return 0;
}

static const char *proto_word(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_UDPLITE:
		return "udplite";
	case IPPROTO_SCTP:
		return "sctp";
	default:
		return "dccp";
	}
}

/* any of both ports: every port with all ports of the other side */
static void xlate_either(struct sbuf *out, const struct multiport *d)
{
	const char *proto = proto_word(d->proto), *sep = "";

	sbuf_printf(out, "%s sport . %s dport { ", proto, proto);
	for (unsigned i = 0; i < d->info.count; i++) {
		char ports[16];
		uint16_t lo = d->info.ports[i];

		if (d->info.pflags[i])
			snprintf(ports, sizeof(ports), "%u-%u", lo, d->info.ports[++i]);
		else
			snprintf(ports, sizeof(ports), "%u", lo);
		sbuf_printf(out, "%s0-65535 . %s, %s . 0-65535", sep, ports, ports);
		sep = ", ";
	}
	sbuf_puts(out, " }");
}

static bool mp_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct multiport *d = data;
	bool several = d->info.count > 2 || (d->info.count == 2 && !d->info.pflags[0]);

	if (d->info.flags == XT_MULTIPORT_EITHER) {
		xlate_either(out, d);
		return true;
	}
	sbuf_printf(out, "%s %s %s%s", proto_word(d->proto), d->info.flags == XT_MULTIPORT_SOURCE ? "sport" : "dport",
		    d->info.invert ? "!= " : "", several ? "{ " : "");
	for (unsigned i = 0; i < d->info.count; i++) {
		sbuf_printf(out, "%s%u", i ? ", " : "", d->info.ports[i]);
		if (d->info.pflags[i])
			sbuf_printf(out, "-%u", d->info.ports[++i]);
	}
	sbuf_puts(out, several ? " }" : "");
	return true;
}

const struct xt_ext xt_multiport = {
	.kind = XT_MATCH,
	.name = "multiport",
	.revision = 1,
	.families = XT_BOTH,
	.size = sizeof(struct multiport),
	.opts = opts,
	.parse = mp_parse,
	.check = mp_check,
	.print = mp_print,
	.save = mp_save,
	.emit = mp_emit,
	.xlate = mp_xlate,
};
