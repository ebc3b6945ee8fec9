/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/print_icmp6.c - ICMPv6 as tcpdump writes it: errors, echoes, neighbour discovery with its options, multicast
 * listener discovery.
 *
 * Theory of operation: one row of types[] per message, with its name and what writes the rest. That returns false when
 * the message is cut off, and then [|icmp6] stands in place of what is missing. Without -v the length ends the line;
 * with -v the messages of neighbour discovery have it in front of what they say, and their options below.
 *
 * Differences from tcpdump: of node information queries, router renumbering, RPL and mobile IPv6 only the name is
 * shown (D-4).
 *
 * References: RFC 4443, 4861, 4191, 8106, 2710, 3810; the output of tcpdump 4.99.3.
 */
#include "net/print_priv.h"

struct msg {
	struct printer *p;
	const struct print_ends *e;
	const uint8_t *b;
	size_t have, len;
	bool done;			/* the line is complete: no length behind it */
};

static void put_addr(struct msg *m, const uint8_t *at)
{
	union inet_addr a;

	memcpy(&a, at, 16);
	print_addr(m->p, AF_INET6, &a);
}

/* the names of the bits of @flags, "none" without any */
static void put_flags(struct msg *m, unsigned flags, const char *const names[], const unsigned bits[])
{
	const char *sep = "";

	sbuf_puts(m->p->out, "Flags [");
	for (unsigned i = 0; names[i]; i++) {
		if (!(flags & bits[i]))
			continue;
		sbuf_printf(m->p->out, "%s%s", sep, names[i]);
		sep = ", ";
	}
	sbuf_printf(m->p->out, "%s]", *sep ? "" : "none");
}

static void put_unknown(struct msg *m, const char *indent, const uint8_t *b, size_t n)
{
	print_hex(m->p, indent, b, n, false);
}

/* ---- errors ---- */

/* the transport header of the quoted packet, of TCP or UDP; NULL: none that is there */
static const uint8_t *quoted_l4(const struct msg *m, uint8_t *proto)
{
	const uint8_t *q = m->b + 8;
	size_t have = m->have - 8, at = 40;

	*proto = q[6];
	while (at + 8 <= have) {
		switch (*proto) {
		case IPPROTO_TCP:
		case IPPROTO_UDP:
			return q + at;
		case IPPROTO_FRAGMENT:
			if (get_u16(q + at + 2) & 0xfff8)
				return NULL;
			*proto = q[at];
			at += 8;
			break;
		case IPPROTO_HOPOPTS:
		case IPPROTO_DSTOPTS:
		case IPPROTO_ROUTING:
			*proto = q[at];
			at += (q[at + 1] + 1u) * 8;
			break;
		default:
			return NULL;
		}
	}
	return at + 4 <= have && (*proto == IPPROTO_TCP || *proto == IPPROTO_UDP) ? q + at : NULL;
}

static bool put_unreachable(struct msg *m)
{
	static const char *const text[] = { ", unreachable route ", ",  unreachable prohibited ", ", beyond scope ", ", unreachable address ",
					    ", unreachable port" };
	struct sbuf *out = m->p->out;
	const uint8_t *l4;
	uint8_t proto;

	if (m->have < 2)
		return false;
	if (m->b[1] >= ARRAY_LEN(text)) {
		sbuf_printf(out, ", unknown unreach code (%u)", m->b[1]);
		if (m->p->o->v <= 1) {
			put_unknown(m, "\n\t", m->b, m->have);
			m->done = true;
		}
		return true;
	}
	if (m->b[1] != 4) {
		if (m->have < 8 + 40)
			return false;
		sbuf_puts(out, text[m->b[1]]);
		put_addr(m, m->b + 8 + 24);
		if (m->b[1] == 2) {
			sbuf_puts(out, ", source address ");
			put_addr(m, m->b + 8 + 8);
		}
		return true;
	}
	sbuf_puts(out, text[4]);
	l4 = m->have >= 8 + 40 ? quoted_l4(m, &proto) : NULL;
	if (!l4)
		return false;
	sbuf_puts(out, ", ");
	put_addr(m, m->b + 8 + 24);
	sbuf_printf(out, " %s port ", proto == IPPROTO_TCP ? "tcp" : "udp");
	print_service(m->p, get_u16(l4 + 2), proto == IPPROTO_TCP ? "tcp" : "udp");
	return true;
}

static bool put_too_big(struct msg *m)
{
	if (m->have < 8)
		return false;
	sbuf_printf(m->p->out, ", mtu %u", get_u32(m->b + 4));
	return true;
}

static bool put_time_exceeded(struct msg *m)
{
	if (m->have < 8 + 40)
		return false;
	switch (m->b[1]) {
	case 0:
		sbuf_puts(m->p->out, " for ");
		put_addr(m, m->b + 8 + 24);
		break;
	case 1:
		sbuf_puts(m->p->out, " (reassembly)");
		break;
	default:
		sbuf_printf(m->p->out, ", unknown code (%u)", m->b[1]);
	}
	return true;
}

static bool put_parameter_problem(struct msg *m)
{
	static const char *const what[] = { "erroneous", "next header", "option", "incomplete header chain" };

	if (m->have < 8)
		return false;
	if (m->b[1] < ARRAY_LEN(what))
		sbuf_printf(m->p->out, ", %s - octet %u", what[m->b[1]], get_u32(m->b + 4));
	else
		sbuf_printf(m->p->out, ", code-#%u", m->b[1]);
	return true;
}

static bool put_echo(struct msg *m)
{
	if (m->have < 8)
		return false;
	sbuf_printf(m->p->out, ", id %u, seq %u", get_u16(m->b + 4), get_u16(m->b + 6));
	return true;
}

/* ---- neighbour discovery: options ---- */

static void put_mac_option(struct msg *m, const uint8_t *o, size_t n)
{
	for (size_t i = 2; i < n; i++)
		sbuf_printf(m->p->out, "%s%02x", i > 2 ? ":" : "", o[i]);
}

static void put_seconds(struct msg *m, uint32_t s)
{
	if (s == UINT32_MAX)
		sbuf_puts(m->p->out, "infinity");
	else
		sbuf_printf(m->p->out, "%us", s);
}

static void put_prefix_option(struct msg *m, const uint8_t *o, size_t n)
{
	static const char *const names[] = { "onlink", "auto", "router", NULL };
	static const unsigned bits[] = { 0x80, 0x40, 0x20 };

	if (n < 32)
		return;
	put_addr(m, o + 16);
	sbuf_printf(m->p->out, "/%u, ", o[2]);
	put_flags(m, o[3], names, bits);
	sbuf_puts(m->p->out, ", valid time ");
	put_seconds(m, get_u32(o + 4));
	sbuf_puts(m->p->out, ", pref. time ");
	put_seconds(m, get_u32(o + 8));
}

static void put_mtu_option(struct msg *m, const uint8_t *o, size_t n)
{
	sbuf_printf(m->p->out, " %u", get_u32(o + 4));
	if (n != 8)
		sbuf_puts(m->p->out, ", bad option length!");
}

static void put_interval_option(struct msg *m, const uint8_t *o, size_t n)
{
	sbuf_printf(m->p->out, " %ums", get_u32(o + 4));
}

static void put_rdnss_option(struct msg *m, const uint8_t *o, size_t n)
{
	sbuf_printf(m->p->out, " lifetime %us,", get_u32(o + 4));
	for (size_t at = 8; at + 16 <= n; at += 16) {
		sbuf_puts(m->p->out, " addr: ");
		put_addr(m, o + at);
	}
}

/* names as in DNS, one after the other, padded with zeros */
static void put_dnssl_option(struct msg *m, const uint8_t *o, size_t n)
{
	sbuf_printf(m->p->out, " lifetime %us, domain(s):", get_u32(o + 4));
	for (size_t at = 8; at < n && o[at]; at++) {
		sbuf_putc(m->p->out, ' ');
		for (; at < n && o[at] && at + 1 + o[at] <= n; at += 1u + o[at])
			sbuf_printf(m->p->out, "%.*s.", o[at], (const char *)o + at + 1);
	}
}

static void put_route_option(struct msg *m, const uint8_t *o, size_t n)
{
	static const char *const pref[] = { "medium", "high", "rsv", "low" };
	uint8_t prefix[16] = { 0 };

	memcpy(prefix, o + 8, MIN(n - 8, sizeof(prefix)));
	sbuf_putc(m->p->out, ' ');
	put_addr(m, prefix);
	sbuf_printf(m->p->out, "/%u, pref=%s, lifetime=", o[2], pref[o[3] >> 3 & 3]);
	put_seconds(m, get_u32(o + 4));
}

static const struct {
	uint8_t type;
	const char *name;
	void (*put)(struct msg *m, const uint8_t *o, size_t n);
} options[] = {
	{ 1, "source link-address", put_mac_option }, { 2, "destination link-address", put_mac_option },
	{ 3, "prefix info", put_prefix_option },      { 4, "redirected header", NULL },
	{ 5, "mtu", put_mtu_option },		      { 7, "advertisement interval", put_interval_option },
	{ 24, "route info", put_route_option },	      { 25, "rdnss", put_rdnss_option },
	{ 31, "dnssl", put_dnssl_option },
};

static const char *option_name(uint8_t type, unsigned *row)
{
	for (*row = 0; *row < ARRAY_LEN(options); (*row)++)
		if (options[*row].type == type)
			return options[*row].name;
	return "unknown";
}

/* all from offset @at on; false: one does not fit */
static bool put_nd_options(struct msg *m, size_t at)
{
	const uint8_t *first = m->b + at;

	while (at < m->have) {
		const uint8_t *o = m->b + at;
		unsigned row;
		size_t n;

		n = at + 2 <= m->have ? o[1] * 8u : 0;
		if (!n || at + n > m->have)
			return false;
		sbuf_printf(m->p->out, "\n\t  %s option (%u), length %zu (%u): ", option_name(o[0], &row), o[0], n, o[1]);
		if (row < ARRAY_LEN(options) && options[row].put) {
			options[row].put(m, o, n);
		} else if (row < ARRAY_LEN(options)) {
			put_unknown(m, "\n\t    ", first, MIN(n, (size_t)(m->b + m->have - first)));
		} else if (m->p->o->v <= 1) {
			put_unknown(m, "\n\t  ", o + 2, n - 2);
			return true;
		}
		if (m->p->o->v > 1)
			put_unknown(m, "\n\t    ", o + 2, n - 2);
		at += n;
	}
	return true;
}

/* with -v the length stands behind the message's name, and the options below what it says */
static void put_early_length(struct msg *m)
{
	if (m->p->o->v)
		sbuf_printf(m->p->out, ", length %zu", m->len);
}

static bool put_router_solicitation(struct msg *m)
{
	put_early_length(m);
	return !m->p->o->v || put_nd_options(m, 8);
}

static bool put_router_advertisement(struct msg *m)
{
	static const char *const names[] = { "managed", "other stateful", "home agent", NULL };
	static const unsigned bits[] = { 0x80, 0x40, 0x20 };
	static const char *const pref[] = { "medium", "high", "rsv", "low" };

	put_early_length(m);
	if (!m->p->o->v)
		return true;
	if (m->have < 16)
		return false;
	sbuf_printf(m->p->out, "\n\thop limit %u, ", m->b[4]);
	put_flags(m, m->b[5], names, bits);
	sbuf_printf(m->p->out, ", pref %s, router lifetime %us, reachable time %ums, retrans timer %ums", pref[m->b[5] >> 3 & 3],
		    get_u16(m->b + 6), get_u32(m->b + 8), get_u32(m->b + 12));
	return put_nd_options(m, 16);
}

static bool put_neighbour_solicitation(struct msg *m)
{
	put_early_length(m);
	if (m->have < 24)
		return false;
	sbuf_puts(m->p->out, ", who has ");
	put_addr(m, m->b + 8);
	return !m->p->o->v || put_nd_options(m, 24);
}

static bool put_neighbour_advertisement(struct msg *m)
{
	static const char *const names[] = { "router", "solicited", "override", NULL };
	static const unsigned bits[] = { 0x80, 0x40, 0x20 };

	put_early_length(m);
	if (m->have < 24)
		return false;
	sbuf_puts(m->p->out, ", tgt is ");
	put_addr(m, m->b + 8);
	if (!m->p->o->v)
		return true;
	sbuf_puts(m->p->out, ", ");
	put_flags(m, m->b[4], names, bits);
	return put_nd_options(m, 24);
}

static bool put_redirect(struct msg *m)
{
	put_early_length(m);
	if (m->have < 40)
		return false;
	sbuf_puts(m->p->out, ", ");
	put_addr(m, m->b + 24);
	sbuf_puts(m->p->out, " to ");
	put_addr(m, m->b + 8);
	return !m->p->o->v || put_nd_options(m, 40);
}

/* ---- multicast listener discovery ---- */

static bool put_mld1(struct msg *m)
{
	if (m->have < 24)
		return false;
	sbuf_printf(m->p->out, "max resp delay: %u addr: ", get_u16(m->b + 4));
	put_addr(m, m->b + 8);
	return true;
}

/* a number of which large values have an exponent (RFC 3810 section 5.1.3): @bits of mantissa */
static uint32_t float_code(uint32_t code, unsigned bits)
{
	uint32_t top = 8u << bits;

	return code < top ? code : ((code & ((1u << bits) - 1)) | 1u << bits) << ((code >> bits & 7) + 3);
}

static void put_sources(struct msg *m, size_t at, unsigned n)
{
	if (m->p->o->v > 1) {
		sbuf_puts(m->p->out, " {");
		for (unsigned i = 0; i < n; i++) {
			sbuf_putc(m->p->out, ' ');
			put_addr(m, m->b + at + 16 * i);
		}
		sbuf_puts(m->p->out, " }");
	} else {
		sbuf_printf(m->p->out, ", %u source(s)", n);
	}
}

static bool put_mld2_query(struct msg *m)
{
	struct sbuf *out = m->p->out;
	unsigned n;

	sbuf_puts(out, " v2");
	if (m->have < 28)
		return false;
	n = get_u16(m->b + 26);
	if (m->p->o->v)
		sbuf_printf(out, " [max resp delay=%u]", float_code(get_u16(m->b + 4), 12));
	sbuf_puts(out, " [gaddr ");
	put_addr(m, m->b + 8);
	if (m->p->o->v) {
		if (m->b[24] & 8)
			sbuf_puts(out, " sflag");
		if (m->b[24] & 7)
			sbuf_printf(out, " robustness=%u", m->b[24] & 7);
		sbuf_printf(out, " qqi=%u", float_code(m->b[25], 4));
	}
	if (n) {
		if (m->have < 28 + 16u * n)
			return false;
		put_sources(m, 28, n);
	}
	sbuf_putc(out, ']');
	return true;
}

static bool put_mld_query(struct msg *m)
{
	return m->len >= 28 ? put_mld2_query(m) : put_mld1(m);
}

static bool put_mld2_report(struct msg *m)
{
	static const char *const kind[] = { NULL, "is_in", "is_ex", "to_in", "to_ex", "allow", "block" };
	struct sbuf *out = m->p->out;
	size_t at = 8;
	unsigned n;

	if (m->have < 8)
		return false;
	n = get_u16(m->b + 6);
	sbuf_printf(out, ", %u group record(s)", n);
	for (unsigned i = 0; m->p->o->v && i < n; i++) {
		unsigned sources;

		if (m->have < at + 20)
			return false;
		sources = get_u16(m->b + at + 2);
		sbuf_puts(out, " [gaddr ");
		put_addr(m, m->b + at + 4);
		if (m->b[at] && m->b[at] < ARRAY_LEN(kind))
			sbuf_printf(out, " %s", kind[m->b[at]]);
		else
			sbuf_printf(out, "  [v2-report-#%u]", m->b[at]);
		if (m->have < at + 20 + 16u * sources)
			return false;
		put_sources(m, at + 20, sources);
		sbuf_putc(out, ']');
		at += 20 + 16u * sources;
	}
	return true;
}

/* ---- all types ---- */

/* what is not taken apart further: its length and bytes */
static bool put_raw(struct msg *m)
{
	sbuf_printf(m->p->out, ", length %zu", m->len);
	if (m->p->o->v <= 1)
		put_unknown(m, "\n\t", m->b, m->have);
	m->done = true;
	return true;
}

static const struct {
	uint8_t type;
	const char *name;
	bool (*put)(struct msg *m);
} types[] = {
	{ 1, "destination unreachable", put_unreachable },
	{ 2, "packet too big", put_too_big },
	{ 3, "time exceeded in-transit", put_time_exceeded },
	{ 4, "parameter problem", put_parameter_problem },
	{ 128, "echo request", put_echo },
	{ 129, "echo reply", put_echo },
	{ 130, "multicast listener query", put_mld_query },
	{ 131, "multicast listener report", put_mld1 },
	{ 132, "multicast listener done", put_mld1 },
	{ 133, "router solicitation", put_router_solicitation },
	{ 134, "router advertisement", put_router_advertisement },
	{ 135, "neighbor solicitation", put_neighbour_solicitation },
	{ 136, "neighbor advertisement", put_neighbour_advertisement },
	{ 137, "redirect", put_redirect },
	{ 138, "router renumbering", NULL },
	{ 139, "who-are-you request", NULL },
	{ 140, "who-are-you reply", NULL },
	{ 141, "inverse neighbor solicitation", NULL },
	{ 142, "inverse neighbor advertisement", NULL },
	{ 143, "multicast listener report v2", put_mld2_report },
	{ 144, "ha discovery request", NULL },
	{ 145, "ha discovery reply", NULL },
	{ 146, "mobile router solicitation", NULL },
	{ 147, "mobile router advertisement", NULL },
	{ 155, "RPL", NULL },
	{ 200, "mtrace response", put_raw },
	{ 201, "mtrace message", put_raw },
};

static bool put_type(struct msg *m)
{
	for (unsigned i = 0; i < ARRAY_LEN(types); i++) {
		if (types[i].type != m->b[0])
			continue;
		sbuf_puts(m->p->out, types[i].name);
		return !types[i].put || types[i].put(m);
	}
	sbuf_printf(m->p->out, "unknown icmp6 type (%u)", m->b[0]);
	return put_raw(m);
}

void print_icmp6(struct printer *p, const struct print_ends *e, const uint8_t *b, size_t have, size_t len, bool frag)
{
	struct msg m = { .p = p, .e = e, .b = b, .have = MIN(have, len), .len = len };

	if (!len) {
		sbuf_puts(p->out, "ICMP6, length 0 (invalid)");
		return;
	}
	if (!m.have) {
		sbuf_puts(p->out, " [|icmp6]");
		return;
	}
	if (p->o->v && !frag && have >= len && len >= 4) {
		uint16_t sum = print_l4_sum(e, IPPROTO_ICMPV6, b, len), is = get_u16(b + 2);
		uint32_t right = (uint32_t)is + sum;

		if (sum)
			sbuf_printf(p->out, "[bad icmp6 cksum 0x%04x -> 0x%04x!] ", is, (right & 0xffff) + (right >> 16));
		else
			sbuf_puts(p->out, "[icmp6 sum ok] ");
	}
	sbuf_puts(p->out, "ICMP6, ");
	if (!put_type(&m)) {
		sbuf_puts(p->out, " [|icmp6]");
		return;
	}
	if (!p->o->v && !m.done)
		sbuf_printf(p->out, ", length %zu", len);
}
