/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/tcp.c - -m tcp and -m udp: ports, and for TCP flags and options.
 *
 * iptables-nft turns both into comparisons of header fields unless there is nothing to compare or a TCP option is
 * asked for, and reads them back from those. That shows: two -m tcp of one rule are listed as one, "! --dport 0:9" as
 * "--dport 10:65535" (normalize()), and "! --dport 0:65535", which compares nothing, is not listed at all and matches
 * everything.
 *
 * The udp options are parsed with libxtables' table (ports as getaddrinfo() reads them), the tcp ones by tcp itself,
 * with its own messages.
 */
#include <errno.h>

#include "base/buf.h"
#include "front/xt/util.h"
#include "rules/fn.h"

enum { TCP_SPORT, TCP_DPORT, TCP_SYN, TCP_FLAGS, TCP_OPTION };

struct tcp_data {
	uint16_t port[2][2];		/* source, destination: lo, hi */
	uint8_t option, mask, cmp;
	uint8_t inv;			/* bits of TCP_SPORT, _DPORT, _FLAGS, _OPTION */
};

static const struct xt_opt tcp_opts[] = {
	{ "source-port", TCP_SPORT, .flags = XT_INVERT },
	{ "sport", TCP_SPORT, .flags = XT_INVERT },
	{ "destination-port", TCP_DPORT, .flags = XT_INVERT },
	{ "dport", TCP_DPORT, .flags = XT_INVERT },
	{ "syn", TCP_SYN, .flags = XT_INVERT | XT_NOVAL },
	{ "tcp-flags", TCP_FLAGS, .flags = XT_INVERT | XT_ARG2 },
	{ "tcp-option", TCP_OPTION, .flags = XT_INVERT },
	{ 0 },
};

static const struct xt_opt udp_opts[] = {
	{ "source-port", TCP_SPORT, .flags = XT_INVERT },
	{ "sport", TCP_SPORT, .flags = XT_INVERT },
	{ "destination-port", TCP_DPORT, .flags = XT_INVERT },
	{ "dport", TCP_DPORT, .flags = XT_INVERT },
	{ 0 },
};

static const struct {
	const char *name;
	uint8_t bits;
} flag_names[] = {
	{ "FIN", 0x01 }, { "SYN", 0x02 }, { "RST", 0x04 }, { "PSH", 0x08 },
	{ "ACK", 0x10 }, { "URG", 0x20 }, { "ALL", 0x3f }, { "NONE", 0 },
};

static void tcp_init(void *data, uint8_t family)
{
	struct tcp_data *d = data;

	d->port[0][1] = d->port[1][1] = UINT16_MAX;
}

static int parse_flags(struct xt_call *c, const char *s, uint8_t *bits)
{
	*bits = 0;
	while (*s) {
		size_t n = strcspn(s, ",");
		unsigned i;

		for (i = 0; n && i < ARRAY_LEN(flag_names); i++)
			if (strlen(flag_names[i].name) == n && strncasecmp(flag_names[i].name, s, n) == 0)
				break;
		if (n && i == ARRAY_LEN(flag_names))
			return xt_error(c, "Unknown TCP flag `%.*s'", (int)n, s);
		if (n)
			*bits |= flag_names[i].bits;
		s += n + (s[n] == ',');
	}
	return 0;
}

static int parse_ports(struct xt_call *c, uint16_t port[2])
{
	const char *colon = strchr(c->arg, ':');
	char lo[64];
	size_t n = colon ? (size_t)(colon - c->arg) : strlen(c->arg);

	if (n >= sizeof(lo))
		return xt_error(c, "invalid port/service `%s' specified", c->arg);
	memcpy(lo, c->arg, n);
	lo[n] = '\0';
	port[0] = 0;
	if ((n || !colon) && xt_parse_port(lo, IPPROTO_TCP, &port[0]) < 0)
		return xt_error(c, "invalid port/service `%s' specified", lo);
	port[1] = colon ? UINT16_MAX : port[0];
	if (colon && colon[1] && xt_parse_port(colon + 1, IPPROTO_TCP, &port[1]) < 0)
		return xt_error(c, "invalid port/service `%s' specified", colon + 1);
	return port[0] > port[1] ? xt_error(c, "invalid portrange (min > max)") : 0;
}

static int parse_tcp_flags(struct xt_call *c, struct tcp_data *d)
{
	if (c->opt->id == TCP_SYN) {
		d->mask = 0x17;
		d->cmp = 0x02;
		return 0;
	}
	if (!c->arg2)
		return xt_error(c, "--tcp-flags requires two args.");
	if (parse_flags(c, c->arg, &d->mask) < 0)
		return -EINVAL;
	return parse_flags(c, c->arg2, &d->cmp);
}

static int tcp_parse(struct xt_call *c, void *data)
{
	static const char *const once[] = { "--source-port", "--destination-port", "", "", "--tcp-option" };
	struct tcp_data *d = data;
	uint8_t id = c->opt->id == TCP_SYN ? TCP_FLAGS : c->opt->id;
	uint64_t v;

	if (id == TCP_FLAGS && (c->seen & (XT_BIT(TCP_SYN) | XT_BIT(TCP_FLAGS))))
		return xt_error(c, "Only one of `--syn' or `--tcp-flags'  allowed");
	if (id != TCP_FLAGS && (c->seen & XT_BIT(id)))
		return xt_error(c, "Only one `%s' allowed", once[id]);
	if (c->invert)
		d->inv |= (uint8_t)XT_BIT(id);
	switch (id) {
	case TCP_SPORT:
	case TCP_DPORT:
		return parse_ports(c, d->port[id]);
	case TCP_FLAGS:
		return parse_tcp_flags(c, d);
	default:
		if (!xt_strtou(c->arg, NULL, 1, 255, &v))
			return xt_error(c, "Bad TCP option \"%s\"", c->arg);
		d->option = (uint8_t)v;
		return 0;
	}
}

static int udp_parse(struct xt_call *c, void *data)
{
	struct tcp_data *d = data;

	if (c->invert)
		d->inv |= (uint8_t)XT_BIT(c->opt->id);
	return xt_parse_ports_any(c, d->port[c->opt->id]);
}

static bool all_ports(const struct tcp_data *d, int id)
{
	return d->port[id][0] == 0 && d->port[id][1] == UINT16_MAX;
}

/* does iptables-nft turn it into comparisons */
static bool is_native(const struct tcp_data *d)
{
	return !d->option && (!all_ports(d, 0) || !all_ports(d, 1) || d->mask || d->cmp || d->inv);
}

static bool tcp_hidden(const void *data)
{
	const struct tcp_data *d = data;

	return is_native(d) && all_ports(d, 0) && all_ports(d, 1) && !d->mask;
}

/* What reading the comparisons back makes of an inverted range that begins at 0. */
static void normalize(struct tcp_data *d)
{
	for (int id = 0; id < 2; id++)
		if ((d->inv & XT_BIT(id)) && d->port[id][0] == 0 && d->port[id][1] > 0 && d->port[id][1] < UINT16_MAX) {
			d->port[id][0] = d->port[id][1] + 1;
			d->port[id][1] = UINT16_MAX;
			d->inv &= (uint8_t)~XT_BIT(id);
		} else if ((d->inv & XT_BIT(id)) && all_ports(d, id) && !tcp_hidden(d)) {
			d->inv &= (uint8_t)~XT_BIT(id); /* nothing to compare */
		}
}

static int check(struct xt_call *c, struct tcp_data *d, uint8_t proto, const char *upper, const char *lower)
{
	if (!is_native(d))
		return 0;
	normalize(d);
	return c->proto != proto ? xt_error(c, "%s match requires '-p %s'", upper, lower) : 0;
}

static int tcp_check(struct xt_call *c, void *data)
{
	return check(c, data, IPPROTO_TCP, "TCP", "tcp");
}

static int udp_check(struct xt_call *c, void *data)
{
	return check(c, data, IPPROTO_UDP, "UDP", "udp");
}

static int verify(const struct xt_where *w, const struct tcp_data *d, uint8_t proto)
{
	return is_native(d) || (w->proto == proto && !w->proto_inverted) ? 0 : -EINVAL;
}

static int tcp_verify(const struct xt_where *w, const void *data)
{
	return verify(w, data, IPPROTO_TCP);
}

static int udp_verify(const struct xt_where *w, const void *data)
{
	return verify(w, data, IPPROTO_UDP);
}

static bool tcp_merge(void *into, const void *data)
{
	struct tcp_data *a = into;
	const struct tcp_data *b = data;

	if (!is_native(a) || !is_native(b))
		return false;
	for (int id = 0; id < 2; id++)
		if (!all_ports(b, id)) {
			memcpy(a->port[id], b->port[id], sizeof(a->port[id]));
			a->inv = (uint8_t)((a->inv & ~XT_BIT(id)) | (b->inv & XT_BIT(id)));
		}
	if (b->mask) {
		a->mask = b->mask;
		a->cmp = b->cmp;
		a->inv = (uint8_t)((a->inv & ~XT_BIT(TCP_FLAGS)) | (b->inv & XT_BIT(TCP_FLAGS)));
	}
	return true;
}

static void print_ports(struct sbuf *out, const struct tcp_data *d, int id, uint8_t proto, bool numeric)
{
	const uint16_t *p = d->port[id];

	if (all_ports(d, id) && (is_native(d) || !(d->inv & XT_BIT(id))))
		return;
	sbuf_printf(out, " %cpt%s:%s", "sd"[id], p[0] == p[1] ? "" : "s", d->inv & XT_BIT(id) ? "!" : "");
	xt_print_port(out, p[0], proto, numeric);
	if (p[0] != p[1]) {
		sbuf_putc(out, ':');
		xt_print_port(out, p[1], proto, numeric);
	}
}

static void put_flags(struct sbuf *out, uint8_t bits)
{
	const char *sep = "";

	if (!bits)
		sbuf_puts(out, "NONE");
	for (unsigned i = 0; i < 6; i++)
		if (bits & flag_names[i].bits) {
			sbuf_printf(out, "%s%s", sep, flag_names[i].name);
			sep = ",";
		}
}

static void tcp_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct tcp_data *d = data;

	sbuf_puts(out, " tcp");
	print_ports(out, d, 0, IPPROTO_TCP, numeric);
	print_ports(out, d, 1, IPPROTO_TCP, numeric);
	if (d->option)
		sbuf_printf(out, " option=%s%u", d->inv & XT_BIT(TCP_OPTION) ? "!" : "", d->option);
	if (!d->mask)
		return;
	sbuf_printf(out, " flags:%s", d->inv & XT_BIT(TCP_FLAGS) ? "!" : "");
	if (numeric) {
		sbuf_printf(out, "0x%02X/0x%02X", d->mask, d->cmp);
		return;
	}
	put_flags(out, d->mask);
	sbuf_putc(out, '/');
	put_flags(out, d->cmp);
}

static void udp_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct tcp_data *d = data;

	sbuf_puts(out, " udp");
	print_ports(out, d, 0, IPPROTO_UDP, numeric);
	print_ports(out, d, 1, IPPROTO_UDP, numeric);
}

static void save_ports(struct sbuf *out, const struct tcp_data *d, int id)
{
	const uint16_t *p = d->port[id];

	if (all_ports(d, id))
		return;
	sbuf_printf(out, "%s --%cport %u", d->inv & XT_BIT(id) ? " !" : "", "sd"[id], p[0]);
	if (p[0] != p[1])
		sbuf_printf(out, ":%u", p[1]);
}

static void tcp_save(struct sbuf *out, const void *data)
{
	const struct tcp_data *d = data;

	save_ports(out, d, 0);
	save_ports(out, d, 1);
	if (d->option)
		sbuf_printf(out, "%s --tcp-option %u", d->inv & XT_BIT(TCP_OPTION) ? " !" : "", d->option);
	if (d->mask) {
		sbuf_printf(out, "%s --tcp-flags ", d->inv & XT_BIT(TCP_FLAGS) ? " !" : "");
		put_flags(out, d->mask);
		sbuf_putc(out, ' ');
		put_flags(out, d->cmp);
	}
}

static void udp_save(struct sbuf *out, const void *data)
{
	save_ports(out, data, 0);
	save_ports(out, data, 1);
}

static void emit_ports(struct ir_list *l, const struct tcp_data *d, int id)
{
	enum field_id f = id ? FIELD_TH_DPORT : FIELD_TH_SPORT;
	be16 lo = htons(d->port[id][0]), hi = htons(d->port[id][1]);
	bool neg = d->inv & XT_BIT(id);

	if (all_ports(d, id) && (is_native(d) || !neg))
		return;
	if (lo == hi)
		ir_match_field(l, f, neg, &lo, NULL);
	else
		ir_match_range(l, f, neg, &lo, &hi);
}

/*
 * Two single ports, both inverted, neither of them 0: iptables-nft compares them as one, so that a packet matches
 * unless both are as written.
 */
static bool emit_both_ports(struct ir_list *l, const struct tcp_data *d)
{
	uint8_t val[8] = { 0 };
	struct ir_expr *part[2];

	for (int id = 0; id < 2; id++) {
		if (!d->port[id][0] || d->port[id][0] != d->port[id][1] || !(d->inv & XT_BIT(id)))
			return false;
		put_u16(val + 4 * id, d->port[id][0]);
	}
	part[0] = ir_field(FIELD_TH_SPORT);
	part[1] = ir_field(FIELD_TH_DPORT);
	ir_match(l, ir_concat(part, 2), IR_NE, ir_value(val, sizeof(val)));
	return true;
}

static int emit(struct ir_list *l, const struct tcp_data *d, uint8_t header_len)
{
	if (!is_native(d))
		xt_test(l, &fn_header, &(struct fn_header){ .len = header_len }, sizeof(struct fn_header));
	if (!is_native(d) || !emit_both_ports(l, d)) {
		emit_ports(l, d, 0);
		emit_ports(l, d, 1);
	}
	if (d->mask)
		ir_match_field(l, FIELD_TCP_FLAGS, d->inv & XT_BIT(TCP_FLAGS), &d->cmp, &d->mask);
	if (d->option) {
		struct fn_tcp_option o = { .kind = d->option, .invert = d->inv & XT_BIT(TCP_OPTION) };

		xt_test(l, &fn_tcp_option, &o, sizeof(o));
	}
	return 0;
}

static int tcp_emit(struct ir_list *l, const void *data, uint8_t family)
{
	return emit(l, data, 20);
}

static int udp_emit(struct ir_list *l, const void *data, uint8_t family)
{
	return emit(l, data, 8);
}

static void xlate_tcp_flags(struct sbuf *out, uint8_t bits)
{
	static const char *const words[] = { "fin", "syn", "rst", "psh", "ack", "urg" };
	const char *sep = "";

	for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
		if (!(bits >> i & 1))
			continue;
		sbuf_printf(out, "%s%s", sep, words[i]);
		sep = ",";
	}
}

static void xlate_ports(struct sbuf *out, const struct tcp_data *d, int id, const char *proto)
{
	const uint16_t *p = d->port[id];
	bool invert = d->inv & XT_BIT(id);

	if (all_ports(d, id) && !invert)
		return;
	sbuf_printf(out, " %s %s ", proto, id ? "dport" : "sport");
	if (p[0] == p[1])
		sbuf_printf(out, "%s%u", invert ? "!= " : "", p[0]);
	else if (p[0] == 0 && is_native(d))
		sbuf_printf(out, "%s %u", invert ? ">" : "<=", p[1]);
	else
		sbuf_printf(out, "%s%u-%u", invert ? "!= " : "", p[0], p[1]);
}

static void xlate_cmp(struct sbuf *out, const struct tcp_data *d)
{
	bool invert = d->inv & XT_BIT(TCP_FLAGS);

	sbuf_puts(out, " tcp flags ");
	if (!d->cmp) {
		sbuf_puts(out, invert ? "" : "! ");
		xlate_tcp_flags(out, d->mask);
	} else if (d->cmp == d->mask && !(d->mask & (d->mask - 1))) {
		sbuf_puts(out, "& ");
		xlate_tcp_flags(out, d->mask);
		sbuf_puts(out, invert ? " != " : " == ");
		xlate_tcp_flags(out, d->cmp);
	} else {
		sbuf_puts(out, invert ? "!= " : "");
		xlate_tcp_flags(out, d->cmp);
		sbuf_puts(out, " / ");
		xlate_tcp_flags(out, d->mask);
	}
}

static bool xlate(struct sbuf *out, const struct tcp_data *d, const char *proto)
{
	struct sbuf all = SBUF_INIT;

	xlate_ports(&all, d, 0, proto);
	xlate_ports(&all, d, 1, proto);
	if (d->option)
		sbuf_printf(&all, " tcp option %u %s", d->option, d->inv & XT_BIT(TCP_OPTION) ? "missing" : "exists");
	if (d->mask)
		xlate_cmp(&all, d);
	sbuf_puts(out, all.len ? sbuf_str(&all) + 1 : "");
	sbuf_free(&all);
	return true;
}

static bool tcp_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	return xlate(out, data, "tcp");
}

static bool udp_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	return xlate(out, data, "udp");
}

/* compared without a match of its own, so that the header says the protocol */
static bool port_native(const void *data)
{
	return is_native(data);
}

const struct xt_ext xt_tcp = {
	.kind = XT_MATCH,
	.name = "tcp",
	.families = XT_BOTH,
	.size = sizeof(struct tcp_data),
	.opts = tcp_opts,
	.legacy = true,
	.init = tcp_init,
	.parse = tcp_parse,
	.check = tcp_check,
	.verify = tcp_verify,
	.print = tcp_print,
	.save = tcp_save,
	.merge = tcp_merge,
	.hidden = tcp_hidden,
	.emit = tcp_emit,
	.xlate = tcp_xlate,
	.native = port_native,
};

const struct xt_ext xt_udp = {
	.kind = XT_MATCH,
	.name = "udp",
	.families = XT_BOTH,
	.size = sizeof(struct tcp_data),
	.opts = udp_opts,
	.init = tcp_init,
	.parse = udp_parse,
	.check = udp_check,
	.verify = udp_verify,
	.print = udp_print,
	.save = udp_save,
	.merge = tcp_merge,
	.hidden = tcp_hidden,
	.emit = udp_emit,
	.xlate = udp_xlate,
	.native = port_native,
};
