/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/print_ip6.c - the IPv6 header and its extension headers as tcpdump writes them.
 *
 * Theory of operation: print_ip6() writes the header and walks the chain of next headers. Each row of chain[] is one
 * header that others may follow; it writes itself and says how long it is. What ends the chain is handed to
 * print_l4.c or print_icmp6.c, which get as checksum's destination the last address of a routing header.
 *
 * References: RFC 8200; RFC 8754; RFC 4302; the output of tcpdump 4.99.3.
 */
#include <netdb.h>

#include "net/print_priv.h"

#define IP6_HLEN 40
#define CHAIN_MAX 64		/* headers; a frame has no room for more that are not empty */

/* one packet's walk along its next headers */
struct walk {
	struct printer *p;
	const uint8_t *b;		/* of the packet */
	size_t at, have, len;		/* where the walk is; bytes there; bytes that the packet has */
	struct print_ends e;		/* e.dst: the final destination */
	bool frag;			/* part of a fragmented packet */
	uint8_t next;
};

static void cut(struct walk *w, const char *what)
{
	sbuf_printf(w->p->out, " [|%s]", what);
}

/* ---- options ---- */

/* one option of @len bytes behind its two of type and length; false: it is not all there */
static bool put_option(struct printer *p, const uint8_t *o, unsigned len, bool payload_len)
{
	union inet_addr a;

	switch (o[0]) {
	case 1:
		sbuf_puts(p->out, "(padn)");
		return true;
	case 5:
		if (len != 2) {
			sbuf_printf(p->out, "(rtalert: invalid len %u)", len);
			return false;
		}
		sbuf_printf(p->out, "(rtalert: 0x%04x) ", get_u16(o + 2));
		return true;
	case 0xc2:
		if (len != 4) {
			sbuf_printf(p->out, "(jumbo: invalid len %u)", len);
			return false;
		}
		sbuf_printf(p->out, "(jumbo: %u%s) ", get_u32(o + 2), payload_len ? " - payload len != 0" : "");
		return true;
	case 0xc9:
		if (len < 16) {
			sbuf_printf(p->out, "(homeaddr: invalid len %u)", len);
			return false;
		}
		memcpy(&a, o + 2, 16);
		sbuf_puts(p->out, "(homeaddr: ");
		print_addr(p, AF_INET6, &a);
		sbuf_putc(p->out, ')');
		return true;
	default:
		sbuf_printf(p->out, "(opt_type 0x%02x: len=%u)", o[0], len);
		return true;
	}
}

static void put_options(struct walk *w, const uint8_t *o, size_t n)
{
	bool payload_len = get_u16(w->b + 4) != 0;

	while (n) {
		if (o[0] == 0) {
			sbuf_puts(w->p->out, "(pad1)");
			o++;
			n--;
			continue;
		}
		if (n < 2 || n < o[1] + 2u || !put_option(w->p, o, o[1], payload_len)) {
			sbuf_puts(w->p->out, "[trunc] ");
			return;
		}
		n -= o[1] + 2u;
		o += o[1] + 2;
	}
	sbuf_putc(w->p->out, ' ');
}

/* ---- headers that others follow: what each takes, 0: nothing follows ---- */

static size_t walk_options(struct walk *w, const char *name, const char *short_name)
{
	const uint8_t *h = w->b + w->at;
	size_t room = w->have - w->at, n;

	sbuf_printf(w->p->out, "%s ", name);
	n = room >= 2 ? (h[1] + 1u) * 8 : 0;
	if (!n || n > room) {
		sbuf_printf(w->p->out, "[|%s]", short_name);
		return 0;
	}
	if (w->p->o->v)
		put_options(w, h + 2, n - 2);
	w->next = h[0];
	return n;
}

static size_t walk_hop_by_hop(struct walk *w)
{
	return walk_options(w, "HBH", "hbhopt");
}

static size_t walk_destination(struct walk *w)
{
	return walk_options(w, "DSTOPT", "dstopt");
}

static size_t walk_fragment(struct walk *w)
{
	const uint8_t *h = w->b + w->at;
	unsigned off;

	if (w->have - w->at < 8) {
		cut(w, "frag6");
		return 0;
	}
	off = get_u16(h + 2) & 0xfff8;
	sbuf_puts(w->p->out, "frag (");
	if (w->p->o->v)
		sbuf_printf(w->p->out, "0x%08x:", get_u32(h + 4));
	sbuf_printf(w->p->out, "%u|%zu)", off, w->len - w->at - 8);
	if (off)
		return 0;
	sbuf_putc(w->p->out, ' ');
	w->frag = true;
	w->next = h[0];
	return 8;
}

/* the addresses of a routing header; the packet's checksums are for its last stop */
static void put_stops(struct walk *w, const uint8_t *h, unsigned n, bool last_first)
{
	union inet_addr a;

	for (unsigned i = 0; i < n; i++) {
		memcpy(&a, h + 8 + 16 * i, 16);
		sbuf_printf(w->p->out, ", [%u]", i);
		print_addr(w->p, AF_INET6, &a);
		if (last_first ? i == 0 : i == n - 1)
			w->e.dst = a;
	}
	sbuf_puts(w->p->out, ") ");
}

static size_t walk_routing(struct walk *w)
{
	const uint8_t *h = w->b + w->at;
	size_t room = w->have - w->at, n;
	struct sbuf *out = w->p->out;

	if (room < 4) {
		cut(w, "ip6");
		return 0;
	}
	n = (h[1] + 1u) * 8;
	sbuf_printf(out, "RT6 (len=%u, type=%u%s, segleft=%u", h[1], h[2], h[2] ? "" : " [Deprecated]", h[3]);
	if (h[2] != 0 && h[2] != 2 && h[2] != 4) {
		sbuf_puts(out, " (unknown type) (invalid)");
		return 0;
	}
	if (n > room) {
		cut(w, "srcrt");
		return 0;
	}
	if (h[2] == 4) {
		sbuf_printf(out, ", last-entry=%u", h[4]);
		if (w->p->o->v)
			sbuf_printf(out, ", flags=0x%0x", h[5]);
		sbuf_printf(out, ", tag=%x", get_u16(h + 6));
		put_stops(w, h, MIN(h[4] + 1u, h[1] / 2u), true);
	} else {
		if (w->p->o->v)
			sbuf_printf(out, ", rsv=0x%0x", get_u32(h + 4));
		put_stops(w, h, h[1] / 2u, false);
	}
	w->next = h[0];
	return n;
}

static size_t walk_ah(struct walk *w)
{
	const uint8_t *h = w->b + w->at;
	size_t room = w->have - w->at, n;

	n = room >= 12 ? (h[1] + 2u) * 4 : 0;
	if (n < 12 || n > room) {
		cut(w, "ah");
		return 0;
	}
	sbuf_puts(w->p->out, "AH(");
	if (w->p->o->v)
		sbuf_printf(w->p->out, "length=%u(%zu-bytes),", h[1], n);
	sbuf_printf(w->p->out, "spi=0x%08x,", get_u32(h + 4));
	sbuf_printf(w->p->out, "seq=0x%x,icv=0x", get_u32(h + 8));
	for (size_t i = 12; i < n; i++)
		sbuf_printf(w->p->out, "%02x", h[i]);
	sbuf_puts(w->p->out, "): ");
	w->next = h[0];
	return n;
}

static const struct {
	uint8_t proto;
	size_t (*walk)(struct walk *w);
} chain[] = {
	{ IPPROTO_HOPOPTS, walk_hop_by_hop }, { IPPROTO_DSTOPTS, walk_destination }, { IPPROTO_FRAGMENT, walk_fragment },
	{ IPPROTO_ROUTING, walk_routing },    { IPPROTO_AH, walk_ah },
};

/* ---- what ends the chain ---- */

static void put_inner(struct walk *w, const uint8_t *b, size_t have, size_t len)
{
	if (w->next == IPPROTO_IPV6) {
		print_ip6(w->p, b, have, len);
		return;
	}
	if (!w->p->o->e)
		sbuf_puts(w->p->out, "IP ");
	print_ip(w->p, b, have, len);
}

static void put_last(struct walk *w)
{
	const uint8_t *b = w->b + w->at;
	size_t have = w->have - w->at, len = w->len - w->at;
	const struct protoent *proto;

	switch (w->next) {
	case IPPROTO_TCP:
		print_tcp(w->p, &w->e, b, have, len, w->frag);
		return;
	case IPPROTO_UDP:
		print_udp(w->p, &w->e, b, have, len, w->frag);
		return;
	case IPPROTO_ICMPV6:
		print_icmp6(w->p, &w->e, b, have, len, w->frag);
		return;
	case IPPROTO_NONE:
		sbuf_puts(w->p->out, "no next header");
		return;
	case IPPROTO_ICMP:
	case IPPROTO_IGMP:
		sbuf_printf(w->p->out, "[%s requires IPv4] (invalid)", w->next == IPPROTO_ICMP ? "ICMP" : "IGMP");
		return;
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		put_inner(w, b, have, len);
		return;
	case IPPROTO_ESP:
		if (have < 8)
			cut(w, "esp");
		else
			sbuf_printf(w->p->out, "ESP(spi=0x%08x,seq=0x%x), length %zu", get_u32(b), get_u32(b + 4), len);
		return;
	}
	proto = w->p->o->n ? NULL : getprotobynumber(w->next);
	if (proto)
		sbuf_printf(w->p->out, " %s %zu", proto->p_name, len);
	else
		sbuf_printf(w->p->out, " ip-proto-%u %zu", w->next, len);
}

static void walk_chain(struct walk *w)
{
	for (unsigned n = 0; n < CHAIN_MAX; n++) {
		size_t step = 0;
		unsigned i = 0;

		while (i < ARRAY_LEN(chain) && chain[i].proto != w->next)
			i++;
		if (i == ARRAY_LEN(chain)) {
			put_last(w);
			return;
		}
		step = chain[i].walk(w);
		if (!step)
			return;
		w->at += step;
		w->e.ports_only = true;
	}
}

/* ---- the header ---- */

static void put_verbose(struct printer *p, const uint8_t *b)
{
	uint32_t flow = get_u32(b);

	sbuf_putc(p->out, '(');
	if (flow & 0x0ff00000)
		sbuf_printf(p->out, "class 0x%02x, ", flow >> 20 & 0xff);
	if (flow & 0x000fffff)
		sbuf_printf(p->out, "flowlabel 0x%05x, ", flow & 0xfffff);
	sbuf_printf(p->out, "hlim %u, next-header %s (%u) payload length: %u) ", b[7], print_proto_name(b[6]), b[6], get_u16(b + 4));
}

void print_ip6(struct printer *p, const uint8_t *b, size_t have, size_t len)
{
	struct walk w = { .p = p, .b = b, .at = IP6_HLEN, .e.family = AF_INET6 };
	size_t total;

	if (have < IP6_HLEN) {
		sbuf_puts(p->out, " [|ip6]");
		return;
	}
	if (!p->o->e)
		sbuf_puts(p->out, "IP6 ");
	if (b[0] >> 4 != 6) {
		sbuf_printf(p->out, "version error: %u != 6", b[0] >> 4);
		return;
	}
	total = get_u16(b + 4) + (size_t)IP6_HLEN;
	if (total > len)
		sbuf_printf(p->out, "truncated-ip6 - %zu bytes missing!", total - len);
	if (p->o->v)
		put_verbose(p, b);
	w.len = total;
	w.have = MIN(have, total);
	w.next = b[6];
	memcpy(&w.e.src, b + 8, 16);
	memcpy(&w.e.dst, b + 24, 16);
	if (w.next != IPPROTO_TCP && w.next != IPPROTO_UDP) {
		print_addr(p, AF_INET6, &w.e.src);
		sbuf_puts(p->out, " > ");
		print_addr(p, AF_INET6, &w.e.dst);
		sbuf_puts(p->out, ": ");
	}
	walk_chain(&w);
}
