/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/print.c - one packet as tcpdump writes it: times, link layer, ARP, hex dumps.
 *
 * Theory of operation: print_packet() writes what stands in front of the network packet and hands the rest to print_ip.c and print_l4.c. Everything reads through
 * lengths: .caplen is what is there, .len what was on the wire, and what is cut off is marked with [|...] as tcpdump does.
 *
 * Differences from tcpdump: of the application protocols only the text ones (HTTP, FTP, SMTP) are shown, others as "UDP, length N" or nothing (D-4).
 *
 * References: the output of tcpdump 4.99.3, which the tests compare with.
 */
#include "net/print.h"

#include <netdb.h>
#include <time.h>

#include "base/fmt.h"
#include "net/edit.h"
#include "net/print_priv.h"

struct print_state *print_state_new(void)
{
	return mem_zalloc(sizeof(struct print_state));
}

void print_state_free(struct print_state *s)
{
	mem_free(s);
}

/* ---- names ---- */

void print_addr(struct printer *p, uint8_t family, const union inet_addr *a)
{
	addr_put(p->out, family, a);
}

void print_service(struct printer *p, uint16_t port, const char *proto)
{
	const struct servent *s = p->o->n ? NULL : getservbyport(htons(port), proto);

	if (s)
		sbuf_puts(p->out, s->s_name);
	else
		sbuf_printf(p->out, "%u", port);
}

uint16_t print_l4_sum(const struct print_ends *e, uint8_t proto, const uint8_t *b, size_t len)
{
	unsigned n = addr_len(e->family);
	uint8_t tail[4] = { 0, proto, (uint8_t)(len >> 8), (uint8_t)len };
	uint32_t sum = csum_partial(e->src.b, n, 0);

	sum = csum_partial(e->dst.b, n, sum);
	sum = csum_partial(tail, sizeof(tail), sum);
	return ntohs(csum_fold(csum_partial(b, len, sum)));
}

/* tcpdump's own table, which is neither complete nor /etc/protocols */
const char *print_proto_name(uint8_t proto)
{
	static const struct {
		uint8_t proto;
		const char *name;
	} names[] = {
		{ 0, "Options" },  { 1, "ICMP" },	{ 2, "IGMP" },		 { 4, "IPIP" },	 { 6, "TCP" },	  { 8, "EGP" },
		{ 9, "IGRP" },	   { 17, "UDP" },	{ 33, "DCCP" },		 { 41, "IPv6" }, { 43, "Routing" }, { 44, "Fragment" },
		{ 46, "RSVP" },	   { 47, "GRE" },	{ 50, "ESP" },		 { 51, "AH" },	 { 55, "Mobile IP" }, { 58, "ICMPv6" },
		{ 62, "Mobile IP (old)" }, { 88, "EIGRP" }, { 89, "OSPF" },	 { 103, "PIM" }, { 108, "Compressed IP" },
		{ 112, "VRRP" },   { 113, "PGM" },	{ 132, "SCTP" },	 { 135, "Mobility" }, { 143, "Ethernet" },
	};

	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].proto == proto)
			return names[i].name;
	return "unknown";
}

/* ---- times ---- */

static void put_time(struct printer *p, uint64_t ns)
{
	struct print_state *s = p->s;
	uint64_t us = ns / 1000, base = 0;
	time_t t = (time_t)(us / 1000000);
	struct tm tm;

	switch (p->o->t) {
	case 1:
		return;
	case 2:
		sbuf_printf(p->out, "%llu.%06llu ", (unsigned long long)(us / 1000000), (unsigned long long)(us % 1000000));
		return;
	case 3:
	case 5:
		base = !s->any ? us : (p->o->t == 3 ? s->last_ns : s->first_ns) / 1000;
		us = us > base ? us - base : 0;
		t = (time_t)(us / 1000000);
		sbuf_printf(p->out, " %02u:%02u:%02u.%06llu ", (unsigned)(t / 3600), (unsigned)(t / 60 % 60), (unsigned)(t % 60),
			    (unsigned long long)(us % 1000000));
		return;
	}
	if (!localtime_r(&t, &tm))
		return;
	if (p->o->t == 4)
		sbuf_printf(p->out, "%04d-%02d-%02d ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	sbuf_printf(p->out, "%02d:%02d:%02d.%06llu ", tm.tm_hour, tm.tm_min, tm.tm_sec, (unsigned long long)(us % 1000000));
}

/* ---- link layer ---- */

static const char *ethertype_name(uint16_t type)
{
	switch (type) {
	case ETH_P_IP:
		return "IPv4";
	case ETH_P_ARP:
		return "ARP";
	case ETH_P_IPV6:
		return "IPv6";
	case ETH_P_8021Q:
		return "802.1Q";
	case ETH_P_RARP:
		return "Reverse ARP";
	case ETH_P_LOOPBACK:
		return "Loopback";
	case ETH_P_PPP_DISC:
		return "PPPoE D";
	case ETH_P_PPP_SES:
		return "PPPoE S";
	}
	return "Unknown";
}

static void put_mac(struct printer *p, const uint8_t *mac)
{
	static const uint8_t all[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	char buf[18];

	if (!p->o->n && memcmp(mac, all, 6) == 0) {
		sbuf_puts(p->out, "Broadcast");
		return;
	}
	sbuf_puts(p->out, fmt_mac(buf, mac));
	if (!p->o->n)
		sbuf_puts(p->out, " (oui Unknown)");
}

void print_arp(struct printer *p, const uint8_t *b, size_t have, size_t len)
{
	static const uint8_t zero[6];
	union inet_addr sip = { 0 }, tip = { 0 };
	uint16_t op;
	bool ether;

	if (have < 8) {
		sbuf_puts(p->out, " [|arp]");
		return;
	}
	ether = get_u16(b) == ARPHRD_ETHER && get_u16(b + 2) == ETH_P_IP && b[4] == 6 && b[5] == 4;
	if (!ether || p->o->v)
		sbuf_printf(p->out, "%s (len %u), %s (len %u), ", get_u16(b) == ARPHRD_ETHER ? "Ethernet" : "Unknown Hardware", b[4],
			    ethertype_name(get_u16(b + 2)), b[5]);
	if (!ether || have < 28) {
		sbuf_puts(p->out, "[|arp]");
		return;
	}
	op = get_u16(b + 6);
	memcpy(&sip.ip4, b + 14, 4);
	memcpy(&tip.ip4, b + 24, 4);
	switch (op) {
	case ARPOP_REQUEST:
		sbuf_puts(p->out, "Request who-has ");
		print_addr(p, AF_INET, &tip);
		if (memcmp(b + 18, zero, 6)) {
			sbuf_puts(p->out, " (");
			put_mac(p, b + 18);
			sbuf_puts(p->out, ")");
		}
		sbuf_puts(p->out, " tell ");
		print_addr(p, AF_INET, &sip);
		break;
	case ARPOP_REPLY:
		sbuf_puts(p->out, "Reply ");
		print_addr(p, AF_INET, &sip);
		sbuf_puts(p->out, " is-at ");
		put_mac(p, b + 8);
		break;
	default:
		sbuf_printf(p->out, "Unknown (%u)", op);
		return;
	}
	sbuf_printf(p->out, ", length %zu", len);
}

static void put_l3(struct printer *p, uint16_t type, const uint8_t *b, size_t have, size_t len)
{
	bool bare = !p->o->e;

	switch (type) {
	case ETH_P_IP:
		if (bare)
			sbuf_puts(p->out, "IP ");
		print_ip(p, b, have, len);
		break;
	case ETH_P_ARP:
		if (bare)
			sbuf_puts(p->out, "ARP, ");
		print_arp(p, b, have, len);
		break;
	case ETH_P_IPV6:
		print_ip6(p, b, have, len);
		break;
	default:
		if (bare)
			sbuf_printf(p->out, "ethertype %s (0x%04x), length %zu", ethertype_name(type), type, len);
	}
}

static void put_ether(struct printer *p, const struct print_rec *r)
{
	const uint8_t *d = r->data;
	uint16_t type;
	unsigned at = 14;

	if (r->caplen < 14) {
		sbuf_puts(p->out, "[|ether]");
		return;
	}
	type = get_u16(d + 12);
	if (p->o->e) {
		put_mac(p, d + 6);
		sbuf_puts(p->out, " > ");
		put_mac(p, d);
		sbuf_printf(p->out, ", ethertype %s (0x%04x), length %u: ", ethertype_name(type), type, r->len);
	}
	if (type == ETH_P_8021Q && r->caplen >= 18) {
		uint16_t tci = get_u16(d + 14);

		type = get_u16(d + 16);
		at = 18;
		if (p->o->e)
			sbuf_printf(p->out, "vlan %u, p %u%s, ethertype %s (0x%04x), ", tci & 0xfff, tci >> 13, tci & 0x1000 ? ", DEI" : "",
				    ethertype_name(type), type);
	}
	put_l3(p, type, d + at, r->caplen - at, r->len - at);
}

static void put_sll2(struct printer *p, const struct print_rec *r)
{
	static const char *const dir[] = { "In", "B", "M", "P", "Out" };
	uint16_t type = ntohs(r->ethertype);
	char buf[18];

	sbuf_printf(p->out, "%-5s %-3s ", r->ifname ? r->ifname : "?", r->pkt_type < ARRAY_LEN(dir) ? dir[r->pkt_type] : "?");
	if (p->o->e) {
		sbuf_printf(p->out, "ifindex %u %s ethertype %s (0x%04x), length %u: ", r->ifindex, r->lladdr ? fmt_mac(buf, r->lladdr) : "",
			    ethertype_name(type), type, r->len + 20);
	}
	put_l3(p, type, r->data, r->caplen, r->len);
}

/* ---- bytes: -x, -X, -A ---- */

void print_hex(struct printer *p, const char *indent, const uint8_t *b, size_t n, bool ascii)
{
	for (size_t i = 0; i < n; i += 16) {
		char text[17] = "";
		unsigned col = 0;

		sbuf_printf(p->out, "%s0x%04zx: ", indent, i);
		for (size_t k = 0; k < 16 && i + k < n; k++) {
			uint8_t c = b[i + k];

			sbuf_printf(p->out, "%s%02x", k % 2 ? "" : " ", c);
			col += k % 2 ? 2 : 3;
			text[k] = c > 0x20 && c < 0x7f ? (char)c : '.';
			text[k + 1] = '\0';
		}
		if (ascii)
			sbuf_printf(p->out, "%*s  %s", (int)(40 - col), "", text);
	}
}

static void ascii_text(struct printer *p, const uint8_t *b, size_t n)
{
	sbuf_putc(p->out, '\n');
	for (size_t i = 0; i < n; i++) {
		uint8_t c = b[i];

		if (c == '\r' && i + 1 < n && b[i + 1] == '\n')
			continue;	/* a line's end is one character */
		sbuf_putc(p->out, (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n' ? (char)c : '.');
	}
}

static void put_bytes(struct printer *p, const struct print_rec *r)
{
	const struct print_opts *o = p->o;
	bool vlan = r->caplen >= 14 && get_u16(r->data + 12) == ETH_P_8021Q;
	unsigned hdr = o->link == PRINT_ETHER ? MIN(vlan ? 18u : 14u, r->caplen) : 0;
	const uint8_t *b = r->data;
	size_t n = r->caplen;

	if (!o->xx && !o->XX) {
		b += hdr;
		n -= hdr;
	}
	if (o->x || o->xx || o->X || o->XX)
		print_hex(p, "\n\t", b, n, o->X || o->XX);
	else if (o->A)
		ascii_text(p, b, n);
}

void print_packet(struct sbuf *out, const struct print_opts *o, struct print_state *s, const struct print_rec *r)
{
	struct printer p = { .out = out, .o = o, .s = s };

	s->number++;
	if (o->number)
		sbuf_printf(out, "%5llu  ", (unsigned long long)s->number);
	put_time(&p, r->wall_ns);
	if (!s->any)
		s->first_ns = r->wall_ns;
	s->any = true;
	s->last_ns = r->wall_ns;
	switch (o->link) {
	case PRINT_ETHER:
		put_ether(&p, r);
		break;
	case PRINT_SLL2:
		put_sll2(&p, r);
		break;
	case PRINT_RAW_IP:
		if (r->caplen && r->data[0] >> 4 == 6) {
			print_ip6(&p, r->data, r->caplen, r->len);
			break;
		}
		sbuf_puts(out, "IP ");
		print_ip(&p, r->data, r->caplen, r->len);
		break;
	}
	put_bytes(&p, r);
	sbuf_putc(out, '\n');
}
