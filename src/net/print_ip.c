/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/print_ip.c - the IPv4 header as tcpdump writes it: the line in parentheses that -v adds, options, fragments.
 *
 * References: RFC 791; the output of tcpdump 4.99.3.
 */
#include <netdb.h>

#include "net/edit.h"
#include "net/print_priv.h"

static void put_route(struct printer *p, const uint8_t *opt, unsigned len)
{
	unsigned ptr = opt[2];

	if (len < 3 || (len + 1) & 3)
		sbuf_printf(p->out, " [bad length %u]", len);
	if (ptr < 4 || ptr & 3)
		sbuf_printf(p->out, " [bad ptr %u]", ptr);
	for (unsigned at = 3; at + 4 <= len; at += 4) {
		union inet_addr a = { 0 };

		memcpy(&a.ip4, opt + at, 4);
		sbuf_putc(p->out, ' ');
		print_addr(p, AF_INET, &a);
		if (ptr > at + 1)
			sbuf_putc(p->out, ',');
	}
}

static void put_options(struct printer *p, const uint8_t *b, unsigned n)
{
	static const struct {
		uint8_t type;
		const char *name;
	} names[] = { { 0, "EOL" }, { 1, "NOP" }, { 68, "timestamp" }, { 130, "security" }, { 7, "RR" }, { 137, "SSRR" }, { 131, "LSRR" },
		      { 148, "RA" }, { 205, "RFC1393" } };
	const char *sep = "";

	while (n) {
		const char *name = NULL;
		unsigned len = b[0] <= 1 ? 1 : n > 1 ? b[1] : 0;

		for (unsigned i = 0; i < ARRAY_LEN(names); i++)
			if (names[i].type == b[0])
				name = names[i].name;
		if (name)
			sbuf_printf(p->out, "%s%s", sep, name);
		else
			sbuf_printf(p->out, "%sunknown %u", sep, b[0]);
		sep = ",";
		if (!len || len > n || (b[0] > 1 && len < 2)) {
			sbuf_puts(p->out, " [|ip]");
			return;
		}
		if ((b[0] == 7 || b[0] == 137 || b[0] == 131) && len >= 3)
			put_route(p, b, len);
		if (b[0] == 0)
			return;
		b += len;
		n -= len;
	}
}

static void put_verbose(struct printer *p, const uint8_t *b, unsigned hlen, size_t total)
{
	unsigned frag = get_u16(b + 6);
	const char *flags = frag & 0x8000 ? (frag & IP4_DF ? (frag & IP4_MF ? "none+, DF, rsvd" : "DF, rsvd") : "rsvd") :
			    frag & IP4_DF ? (frag & IP4_MF ? "+, DF" : "DF") :
			    frag & IP4_MF ? "+" :
					    "none";
	uint16_t sum;

	sbuf_printf(p->out, "(tos 0x%x", b[1]);
	switch (b[1] & 3) {
	case 1:
		sbuf_puts(p->out, ",ECT(1)");
		break;
	case 2:
		sbuf_puts(p->out, ",ECT(0)");
		break;
	case 3:
		sbuf_puts(p->out, ",CE");
		break;
	}
	sbuf_printf(p->out, ", ttl %u, id %u, offset %u, flags [%s], proto %s (%u), length %zu", b[8], get_u16(b + 4), (frag & IP4_OFFSET) * 8,
		    flags, print_proto_name(b[9]), b[9], total);
	if (hlen > 20) {
		sbuf_puts(p->out, ", options (");
		put_options(p, b + 20, hlen - 20);
		sbuf_putc(p->out, ')');
	}
	sum = csum_fold(csum_partial(b, hlen, 0));
	if (sum && !p->o->K) {
		uint16_t is = get_u16(b + 10);
		uint32_t right = (uint32_t)is + ntohs(sum);

		sbuf_printf(p->out, ", bad cksum %x (->%x)!", is, (right & 0xffff) + (right >> 16));
	}
	sbuf_puts(p->out, ")\n    ");
}

void print_ip(struct printer *p, const uint8_t *b, size_t have, size_t len)
{
	struct print_ends e = { .family = AF_INET };
	unsigned hlen, frag;
	size_t total, l4_have;

	if (have < 20) {
		sbuf_puts(p->out, len < 20 ? "truncated-ip" : " [|ip]");
		return;
	}
	hlen = (b[0] & 15u) * 4;
	total = get_u16(b + 2);
	if (b[0] >> 4 != 4 || hlen < 20) {
		sbuf_printf(p->out, b[0] >> 4 != 4 ? "bad-ip-version %u" : "bad-hlen %u", b[0] >> 4 != 4 ? b[0] >> 4 : hlen);
		return;
	}
	if (total < hlen)
		total = len;
	if (hlen > have) {
		sbuf_puts(p->out, " [|ip]");
		return;
	}
	memcpy(&e.src.ip4, b + 12, 4);
	memcpy(&e.dst.ip4, b + 16, 4);
	if (p->o->v)
		put_verbose(p, b, hlen, total);
	if (total > len && !p->quoted)
		sbuf_printf(p->out, "truncated-ip - %zu bytes missing! ", total - len);
	frag = get_u16(b + 6);
	l4_have = MIN(have, total) - hlen;
	if (frag & IP4_OFFSET) {
		const struct protoent *proto = p->o->n ? NULL : getprotobynumber(b[9]);

		print_addr(p, AF_INET, &e.src);
		sbuf_puts(p->out, " > ");
		print_addr(p, AF_INET, &e.dst);
		if (proto)
			sbuf_printf(p->out, ": %s", proto->p_name);
		else
			sbuf_printf(p->out, ": ip-proto-%u", b[9]);
		return;
	}
	if (b[9] != IPPROTO_TCP && b[9] != IPPROTO_UDP) {
		print_addr(p, AF_INET, &e.src);
		sbuf_puts(p->out, " > ");
		print_addr(p, AF_INET, &e.dst);
		sbuf_puts(p->out, ": ");
	}
	switch (b[9]) {
	case IPPROTO_TCP:
		print_tcp(p, &e, b + hlen, l4_have, total - hlen, frag & IP4_MF);
		break;
	case IPPROTO_UDP:
		print_udp(p, &e, b + hlen, l4_have, total - hlen, frag & IP4_MF);
		break;
	case IPPROTO_ICMP:
		print_icmp(p, &e, b + hlen, l4_have, total - hlen, frag & IP4_MF);
		break;
	default: {
		const struct protoent *proto = p->o->n ? NULL : getprotobynumber(b[9]);

		if (proto)
			sbuf_printf(p->out, " %s", proto->p_name);
		else
			sbuf_printf(p->out, " ip-proto-%u", b[9]);
		sbuf_printf(p->out, " %zu", total - hlen);
	}
	}
}
