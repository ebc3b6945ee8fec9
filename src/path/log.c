/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/log.c - a packet in the kernel's log format (LOG target, nf_conntrack_log_invalid).
 *
 * Reference: the line format of Linux nf_log_syslog, as read in any kernel log.
 */
#include "path/private.h"

#include <linux/netfilter/nf_log.h>

#include "base/buf.h"

static void log_mac(struct sbuf *out, const struct pkt *p, const struct link *in, unsigned flags)
{
	const uint8_t *b = p->buf + p->mac;
	unsigned n = p->l3 - p->mac;

	if (flags & NF_LOG_MACDECODE && n >= ETH_HLEN && in->arphrd == ARPHRD_ETHER) {
		sbuf_printf(out, "MACSRC=%02x:%02x:%02x:%02x:%02x:%02x MACDST=%02x:%02x:%02x:%02x:%02x:%02x MACPROTO=%04x ", b[6], b[7], b[8],
			    b[9], b[10], b[11], b[0], b[1], b[2], b[3], b[4], b[5], get_u16(b + 12));
		return;
	}
	sbuf_puts(out, "MAC=");
	for (unsigned i = 0; i < n; i++)
		sbuf_printf(out, "%s%02x", i ? ":" : "", b[i]);
	sbuf_putc(out, ' ');
}

static void log_bytes(struct sbuf *out, const uint8_t *b, size_t n)
{
	sbuf_puts(out, "OPT (");
	for (size_t i = 0; i < n; i++)
		sbuf_printf(out, "%02X", b[i]);
	sbuf_puts(out, ") ");
}

static void log_tcp(struct sbuf *out, const uint8_t *b, size_t len, unsigned flags)
{
	static const struct {
		uint8_t bit;
		const char *name;
	} bits[] = { { 0x80, "CWR " }, { 0x40, "ECE " }, { 0x20, "URG " }, { 0x10, "ACK " },
		     { 0x08, "PSH " }, { 0x04, "RST " }, { 0x02, "SYN " }, { 0x01, "FIN " } };
	size_t hlen;

	if (len < 20) {
		sbuf_printf(out, "INCOMPLETE [%zu bytes] ", len);
		return;
	}
	sbuf_printf(out, "SPT=%u DPT=%u ", get_u16(b), get_u16(b + 2));
	if (flags & NF_LOG_TCPSEQ)
		sbuf_printf(out, "SEQ=%u ACK=%u ", get_u32(b + 4), get_u32(b + 8));
	sbuf_printf(out, "WINDOW=%u RES=0x%02x ", get_u16(b + 14), (b[12] & 0x0f) << 2);
	for (unsigned i = 0; i < ARRAY_LEN(bits); i++)
		if (b[13] & bits[i].bit)
			sbuf_puts(out, bits[i].name);
	sbuf_printf(out, "URGP=%u ", get_u16(b + 18));
	hlen = (size_t)(b[12] >> 4) * 4;
	if (flags & NF_LOG_TCPOPT && hlen > 20 && hlen <= len)
		log_bytes(out, b + 20, hlen - 20);
}

static void log_ip(struct sbuf *out, const uint8_t *b, size_t len, unsigned flags, bool outer);

static void log_icmp(struct sbuf *out, const uint8_t *b, size_t len, unsigned flags, bool outer)
{
	char gw[ADDR_STRLEN];
	union inet_addr a = { 0 };

	if (len < 8) {
		sbuf_printf(out, "INCOMPLETE [%zu bytes] ", len);
		return;
	}
	sbuf_printf(out, "TYPE=%u CODE=%u ", b[0], b[1]);
	switch (b[0]) {
	case ICMP_ECHO:
	case ICMP_ECHOREPLY:
		sbuf_printf(out, "ID=%u SEQ=%u ", get_u16(b + 4), get_u16(b + 6));
		break;
	case ICMP_PARAMETERPROB:
		sbuf_printf(out, "PARAMETER=%u ", b[4]);
		break;
	case ICMP_REDIRECT:
		memcpy(&a.ip4, b + 4, 4);
		sbuf_printf(out, "GATEWAY=%s ", addr_fmt(gw, AF_INET, &a));
		break;
	}
	if (outer && (b[0] == ICMP_DEST_UNREACH || b[0] == ICMP_SOURCE_QUENCH || b[0] == ICMP_TIME_EXCEEDED || b[0] == ICMP_PARAMETERPROB ||
		      b[0] == ICMP_REDIRECT)) {
		sbuf_puts(out, "[");
		log_ip(out, b + 8, len - 8, flags, false);
		sbuf_puts(out, "] ");
	}
	if (b[0] == ICMP_DEST_UNREACH && b[1] == ICMP_FRAG_NEEDED)
		sbuf_printf(out, "MTU=%u ", get_u16(b + 6));
}

static void log_ip6(struct sbuf *out, const uint8_t *b, size_t len, unsigned flags, bool outer);

static void log_icmp6(struct sbuf *out, const uint8_t *b, size_t len, unsigned flags, bool outer)
{
	if (len < 8) {
		sbuf_printf(out, "INCOMPLETE [%zu bytes] ", len);
		return;
	}
	sbuf_printf(out, "TYPE=%u CODE=%u ", b[0], b[1]);
	if (b[0] == ICMPV6_ECHO_REQUEST || b[0] == ICMPV6_ECHO_REPLY)
		sbuf_printf(out, "ID=%u SEQ=%u ", get_u16(b + 4), get_u16(b + 6));
	if (b[0] == ICMPV6_PARAMPROB)
		sbuf_printf(out, "POINTER=%08x ", get_u32(b + 4));
	if (outer && b[0] >= ICMPV6_DEST_UNREACH && b[0] <= ICMPV6_PARAMPROB) {
		sbuf_puts(out, "[");
		log_ip6(out, b + 8, len - 8, flags, false);
		sbuf_puts(out, "] ");
	}
	if (b[0] == ICMPV6_PKT_TOOBIG)
		sbuf_printf(out, "MTU=%u ", get_u32(b + 4));
}

static void log_l4(struct sbuf *out, uint8_t proto, const uint8_t *b, size_t len, bool first, unsigned flags, bool outer)
{
	switch (proto) {
	case IPPROTO_TCP:
		sbuf_puts(out, "PROTO=TCP ");
		if (first)
			log_tcp(out, b, len, flags);
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		sbuf_puts(out, proto == IPPROTO_UDP ? "PROTO=UDP " : "PROTO=UDPLITE ");
		if (first && len < 8)
			sbuf_printf(out, "INCOMPLETE [%zu bytes] ", len);
		else if (first)
			sbuf_printf(out, "SPT=%u DPT=%u LEN=%u ", get_u16(b), get_u16(b + 2), get_u16(b + 4));
		break;
	case IPPROTO_ICMP:
		sbuf_puts(out, "PROTO=ICMP ");
		if (first)
			log_icmp(out, b, len, flags, outer);
		break;
	case IPPROTO_ICMPV6:
		sbuf_puts(out, "PROTO=ICMPv6 ");
		if (first)
			log_icmp6(out, b, len, flags, outer);
		break;
	case IPPROTO_ESP:
	case IPPROTO_AH:
		sbuf_puts(out, proto == IPPROTO_ESP ? "PROTO=ESP " : "PROTO=AH ");
		if (first && len < (proto == IPPROTO_ESP ? 8u : 12u))
			sbuf_printf(out, "INCOMPLETE [%zu bytes] ", len);
		else if (first)
			sbuf_printf(out, "SPI=0x%x ", get_u32(b + (proto == IPPROTO_ESP ? 0 : 4)));
		break;
	default:
		sbuf_printf(out, "PROTO=%u ", proto);
	}
}

/* an IP packet; a quoted one may be cut off */
static void log_ip(struct sbuf *out, const uint8_t *b, size_t len, unsigned flags, bool outer)
{
	union inet_addr src = { 0 }, dst = { 0 };
	char s[ADDR_STRLEN], d[ADDR_STRLEN];
	unsigned hlen, frag;

	if (len < 20) {
		sbuf_puts(out, "TRUNCATED");
		return;
	}
	memcpy(&src.ip4, b + 12, 4);
	memcpy(&dst.ip4, b + 16, 4);
	frag = get_u16(b + 6);
	sbuf_printf(out, "SRC=%s DST=%s LEN=%u TOS=0x%02X PREC=0x%02X TTL=%u ID=%u ", addr_fmt(s, AF_INET, &src), addr_fmt(d, AF_INET, &dst),
		    get_u16(b + 2), b[1] & 0x1e, b[1] & 0xe0, b[8], get_u16(b + 4));
	sbuf_printf(out, "%s%s%s", frag & 0x8000 ? "CE " : "", frag & IP4_DF ? "DF " : "", frag & IP4_MF ? "MF " : "");
	if (frag & IP4_OFFSET)
		sbuf_printf(out, "FRAG:%u ", frag & IP4_OFFSET);
	hlen = (b[0] & 0x0fu) * 4;
	if (hlen < 20 || hlen > len)
		return;
	if (flags & NF_LOG_IPOPT && hlen > 20)
		log_bytes(out, b + 20, hlen - 20);
	log_l4(out, b[9], b + hlen, len - hlen, !(frag & IP4_OFFSET), flags, outer);
}

/* one extension header; how many bytes it has, 0: nothing is said of what follows. With --log-ip-options it stands in brackets */
static size_t log_ext(struct sbuf *out, uint8_t type, const uint8_t *b, size_t len, unsigned flags, bool *later)
{
	bool opt = flags & NF_LOG_IPOPT;
	size_t n = (b[1] + 1u) * 8;

	if (opt)
		sbuf_puts(out, "OPT ( ");
	switch (type) {
	case IPPROTO_FRAGMENT:
		n = 8;
		sbuf_puts(out, "FRAG:");
		if (len < n) {
			sbuf_puts(out, "TRUNCATED ");
			return 0;
		}
		sbuf_printf(out, "%u %sID:%08x ", get_u16(b + 2) & 0xfff8, b[3] & 1 ? "INCOMPLETE " : "", get_u32(b + 4));
		*later |= (get_u16(b + 2) & 0xfff8) != 0;
		break;
	case IPPROTO_AH:
	case IPPROTO_ESP:
		if (opt && *later)
			sbuf_puts(out, type == IPPROTO_AH ? "AH )" : "ESP )");
		else if (opt && len < (type == IPPROTO_AH ? 12u : 8u))
			sbuf_printf(out, "%sINCOMPLETE [%zu bytes] )", type == IPPROTO_AH ? "AH " : "ESP ", len);
		else if (opt)
			sbuf_printf(out, "%s SPI=0x%x %s", type == IPPROTO_AH ? "AH" : "ESP", get_u32(b + (type == IPPROTO_AH ? 4 : 0)),
				    type == IPPROTO_AH ? "" : ")");
		if (type == IPPROTO_ESP || (opt && (*later || len < 12)))
			return 0;
		n = (b[1] + 2u) * 4;
		break;
	default:
		if (*later) {
			sbuf_puts(out, opt ? ")" : "");
			return 0;
		}
	}
	if (opt)
		sbuf_puts(out, ") ");
	return n;
}

static bool is_ext(uint8_t proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_FRAGMENT || proto == IPPROTO_DSTOPTS ||
	       proto == IPPROTO_AH || proto == IPPROTO_ESP;
}

static void log_addr6(struct sbuf *out, const char *what, const uint8_t *b)
{
	union inet_addr a;

	memcpy(&a, b, sizeof(a));
	sbuf_printf(out, "%s=", what);
	addr_put_kernel(out, AF_INET6, &a);
	sbuf_putc(out, ' ');
}

static void log_ip6(struct sbuf *out, const uint8_t *b, size_t len, unsigned flags, bool outer)
{
	size_t at = sizeof(struct ip6_hdr), n;
	bool later = false;
	uint8_t proto;

	if (len < at) {
		sbuf_puts(out, "TRUNCATED");
		return;
	}
	log_addr6(out, "SRC", b + 8);
	log_addr6(out, "DST", b + 24);
	sbuf_printf(out, "LEN=%zu TC=%u HOPLIMIT=%u FLOWLBL=%u ", get_u16(b + 4) + at, get_u32(b) >> 20 & 0xff, b[7], get_u32(b) & 0xfffff);
	for (proto = b[6]; is_ext(proto); proto = b[at], at += n) {
		if (len < at + 2) {
			sbuf_puts(out, "TRUNCATED");
			return;
		}
		n = log_ext(out, proto, b + at, len - at, flags, &later);
		if (!n)
			return;
	}
	log_l4(out, proto, at < len ? b + at : b, at < len ? len - at : 0, !later, flags, outer);
}

/* a port of the bridge that the hook sees as its interface */
static void log_port(struct sbuf *out, const char *what, const struct link *br, int ifindex)
{
	const struct netns *ns = br ? br->ns : NULL;
	const struct link *port = ns && ifindex ? link_by_index(&ns->links, ifindex) : NULL;

	if (port)
		sbuf_printf(out, "%s=%s ", what, port->name);
}

static void log_arp(struct sbuf *out, const uint8_t *b, size_t len)
{
	if (len < 8) {
		sbuf_puts(out, "TRUNCATED");
		return;
	}
	sbuf_printf(out, "ARP HTYPE=%u PTYPE=0x%04x OPCODE=%u", get_u16(b), get_u16(b + 2), get_u16(b + 6));
	if (get_u16(b) != ARPHRD_ETHER || b[4] != ETH_ALEN || b[5] != 4)
		return;
	if (len < 28) {
		sbuf_printf(out, " INCOMPLETE [%zu bytes]", len - 8);
		return;
	}
	for (unsigned i = 0; i < 2; i++, b += 10)
		sbuf_printf(out, " MAC%s=%02x:%02x:%02x:%02x:%02x:%02x IP%s=%u.%u.%u.%u", i ? "DST" : "SRC", b[8], b[9], b[10], b[11],
			    b[12], b[13], i ? "DST" : "SRC", b[14], b[15], b[16], b[17]);
}

void log_packet(struct sbuf *out, const struct pkt *p, const struct link *in, const struct link *out_link, const char *prefix, unsigned flags)
{
	sbuf_printf(out, "%sIN=%s OUT=%s ", prefix, in ? in->name : "", out_link ? out_link->name : "");
	log_port(out, "PHYSIN", in ? in : out_link, p->phys_iif);
	log_port(out, "PHYSOUT", out_link, p->phys_oif);
	if (p->ethertype == htons(ETH_P_ARP)) {
		if (flags & NF_LOG_MACDECODE)
			log_mac(out, p, in ? in : out_link, flags);
		log_arp(out, pkt_l3(p), pkt_l3_len(p));
		return;
	}
	if (in)
		log_mac(out, p, in, flags);
	if (p->ethertype != htons(ETH_P_IP) && p->ethertype != htons(ETH_P_IPV6))
		return;
	(p->ethertype == htons(ETH_P_IPV6) ? log_ip6 : log_ip)(out, pkt_l3(p), pkt_l3_len(p), flags, true);
	if (flags & NF_LOG_UID && p->sk && p->sk != p)	/* the host's own socket is nobody's */
		sbuf_printf(out, "UID=%u GID=%u ", p->sk_uid, p->sk_gid);
	if (p->mark)
		sbuf_printf(out, "MARK=0x%x ", p->mark);
}

#define LOGLEVEL_NOTICE 5

/* with sequence numbers, options and user, which is the kernel's default when no rule says what to show */
void log_invalid(struct netns *ns, const struct pkt *p, enum nf_inet_hooks hook, const char *why)
{
	struct sbuf line = SBUF_INIT;
	const struct link *in = hook == NF_INET_PRE_ROUTING ? link_by_index(&ns->links, p->iif) : NULL;
	const struct link *out = hook == NF_INET_LOCAL_OUT ? link_by_index(&ns->links, p->oif) : NULL;

	if (!ns->world->ops || !ns->world->ops->log)
		return;
	log_packet(&line, p, in, out, why, NF_LOG_TCPSEQ | NF_LOG_TCPOPT | NF_LOG_IPOPT | NF_LOG_UID);
	ns->world->ops->log(ns->world, ns, LOGLEVEL_NOTICE, sbuf_str(&line));
	sbuf_free(&line);
}
