/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/print_l4.c - TCP, UDP and ICMP as tcpdump writes them.
 *
 * Theory of operation: sequence numbers are shown relative to the first segment of their conversation that had an ACK; the conversations are kept in a bounded
 * hash, in which a new one may take another's place.
 *
 * References: RFC 792, RFC 9293, RFC 7323, RFC 2018; the output of tcpdump 4.99.3.
 */
#include <ctype.h>
#include <stdio.h>

#include "net/edit.h"
#include "net/print_priv.h"

static void put_end(struct printer *p, const struct print_ends *e, bool src, uint16_t port, const char *proto)
{
	if (!e->ports_only) {
		print_addr(p, e->family, src ? &e->src : &e->dst);
		sbuf_putc(p->out, '.');
	}
	print_service(p, port, proto);
}

static void put_ends(struct printer *p, const struct print_ends *e, uint16_t sport, uint16_t dport, const char *proto)
{
	put_end(p, e, true, sport, proto);
	sbuf_puts(p->out, " > ");
	put_end(p, e, false, dport, proto);
	sbuf_puts(p->out, ": ");
}

/* ---- TCP ---- */

/* both directions of a conversation find the same slot; *rev: this is the one from b to a */
static struct conversation *conversation(struct print_state *s, const struct print_ends *e, uint16_t sport, uint16_t dport, bool *rev)
{
	int c = addr_cmp(&e->src, &e->dst);
	struct {
		union inet_addr a, b;
		uint16_t pa, pb;
		uint32_t pad;
	} k;
	struct conversation *v;

	*rev = c > 0 || (c == 0 && sport > dport);
	k.a = *rev ? e->dst : e->src;
	k.b = *rev ? e->src : e->dst;
	k.pa = *rev ? dport : sport;
	k.pb = *rev ? sport : dport;
	k.pad = 0;
	v = &s->conv[hash_bytes(&s->key, &k, sizeof(k)) % PRINT_CONVERSATIONS];
	if (!v->used || !addr_eq(&v->a, &k.a) || !addr_eq(&v->b, &k.b) || v->port_a != k.pa || v->port_b != k.pb)
		*v = (struct conversation){ .a = k.a, .b = k.b, .port_a = k.pa, .port_b = k.pb };
	return v;
}

static void put_tcp_options(struct printer *p, const uint8_t *b, unsigned n)
{
	const char *sep = "";

	sbuf_puts(p->out, ", options [");
	while (n) {
		unsigned len = b[0] <= 1 ? 1 : n > 1 ? b[1] : 0;

		sbuf_puts(p->out, sep);
		sep = ",";
		if (!len || len > n || (b[0] > 1 && len < 2)) {
			sbuf_puts(p->out, "[bad opt]");
			break;
		}
		switch (b[0]) {
		case 0:
			sbuf_puts(p->out, "eol");
			break;
		case 1:
			sbuf_puts(p->out, "nop");
			break;
		case 2:
			sbuf_printf(p->out, "mss %u", len >= 4 ? get_u16(b + 2) : 0);
			break;
		case 3:
			sbuf_printf(p->out, "wscale %u", len >= 3 ? b[2] : 0);
			break;
		case 4:
			sbuf_puts(p->out, "sackOK");
			break;
		case 5:
			sbuf_printf(p->out, "sack %u ", (len - 2) / 8);
			for (unsigned at = 2; at + 8 <= len; at += 8)
				sbuf_printf(p->out, "{%u:%u}", get_u32(b + at), get_u32(b + at + 4));
			break;
		case 8:
			if (len >= 10)
				sbuf_printf(p->out, "TS val %u ecr %u", get_u32(b + 2), get_u32(b + 6));
			break;
		default:
			sbuf_printf(p->out, "unknown-%u", b[0]);
			for (unsigned i = 2; i < len; i++)
				sbuf_printf(p->out, "%s%02x", i == 2 ? " 0x" : "", b[i]);
		}
		if (b[0] == 0)
			break;
		b += len;
		n -= len;
	}
	sbuf_putc(p->out, ']');
}

/* a line of a text protocol; returns the bytes that it and its end take */
static size_t put_line(struct printer *p, const uint8_t *b, size_t n)
{
	size_t i = 0;

	for (; i < n && b[i] != '\n' && b[i] != '\r'; i++) {
		if (isprint(b[i]) || b[i] == '\t')
			sbuf_putc(p->out, (char)b[i]);
		else
			sbuf_printf(p->out, "\\0x%02x", b[i]);
	}
	if (i < n && b[i] == '\r')
		i++;
	if (i < n && b[i] == '\n')
		i++;
	return i;
}

/* does HTTP begin here: a method in front, or a status in second place */
static bool is_http(const uint8_t *b, size_t n)
{
	static const char *const words[] = { "GET", "PUT", "COPY", "HEAD", "LOCK", "MOVE", "POLL", "POST", "BCOPY", "BMOVE", "MKCOL", "TRACE", "LABEL",
					     "MERGE", "DELETE", "SEARCH", "UNLOCK", "REPORT", "UPDATE", "NOTIFY", "BDELETE", "CONNECT", "OPTIONS",
					     "CHECKIN", "PROPFIND", "CHECKOUT", "CCM_POST", "SUBSCRIBE", "PROPPATCH", "BPROPFIND", "BPROPPATCH",
					     "UNCHECKOUT", "MKACTIVITY", "MKWORKSPACE", "UNSUBSCRIBE", "RPC_CONNECT", "VERSION-CONTROL",
					     "BASELINE-CONTROL" };
	size_t w = 0, at;

	while (w < n && !isspace(b[w]))
		w++;
	for (unsigned i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == w && memcmp(words[i], b, w) == 0)
			return w < n && b[w] == ' ' && w + 1 < n && b[w + 1] != '\n' && b[w + 1] != '\r';
	for (at = w; at < n && b[at] == ' '; at++)
		;
	return at > w && at + 3 <= n && isdigit(b[at]) && isdigit(b[at + 1]) && isdigit(b[at + 2]) && (at + 3 == n || isspace(b[at + 3]));
}

static const char *text_protocol(uint16_t sport, uint16_t dport)
{
	static const struct {
		uint16_t port;
		const char *name;
	} known[] = { { 25, "SMTP" }, { 80, "HTTP" }, { 8080, "HTTP" }, { 3128, "HTTP" }, { 21, "FTP" } };

	for (unsigned i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].port == sport || known[i].port == dport)
			return known[i].name;
	return NULL;
}

static void put_text(struct printer *p, const char *name, const uint8_t *b, size_t have, size_t len)
{
	bool request = strcmp(name, "HTTP") != 0 || is_http(b, have);
	size_t at = 0;

	sbuf_printf(p->out, ": %s", name);
	if (!request)
		return;
	if (!p->o->v) {
		sbuf_puts(p->out, ": ");
		put_line(p, b, have);
		return;
	}
	sbuf_printf(p->out, ", length: %zu", len);
	while (at < have) {
		size_t n = 0;

		sbuf_puts(p->out, "\n\t");
		n = put_line(p, b + at, have - at);
		/* text that ends without a line's end looks cut off */
		if (at + n >= have && n && b[at + n - 1] != '\n') {
			sbuf_printf(p->out, " [|%s]", strcmp(name, "HTTP") == 0 ? "http" : strcmp(name, "FTP") == 0 ? "ftp" : "smtp");
			return;
		}
		at += n;
	}
}

static void put_tcp_flags(struct printer *p, uint8_t flags)
{
	static const char letters[8] = { 'F', 'S', 'R', 'P', '.', 'U', 'E', 'W' };

	sbuf_puts(p->out, "Flags [");
	if (!flags)
		sbuf_puts(p->out, "none");
	for (unsigned i = 0; i < 8; i++)
		if (flags >> i & 1)
			sbuf_putc(p->out, letters[i]);
	sbuf_putc(p->out, ']');
}

void print_tcp(struct printer *p, const struct print_ends *e, const uint8_t *b, size_t have, size_t len, bool more_frags)
{
	uint16_t sport, dport;
	uint32_t seq, ack;
	unsigned hlen;
	uint8_t flags;
	const char *text;

	if (have < 4) {
		if (e->family == AF_INET6) {
			print_addr(p, AF_INET6, &e->src);
			sbuf_puts(p->out, " > ");
			print_addr(p, AF_INET6, &e->dst);
			sbuf_putc(p->out, ':');
		}
		sbuf_puts(p->out, " [|tcp]");
		return;
	}
	sport = get_u16(b);
	dport = get_u16(b + 2);
	put_ends(p, e, sport, dport, "tcp");
	if (have < 20) {
		sbuf_puts(p->out, " [|tcp]");
		return;
	}
	hlen = (b[12] >> 4) * 4u;
	if (hlen < 20 || hlen > len) {
		sbuf_printf(p->out, " tcp %zu [bad hdr length %u - too %s, %s]", len - MIN(len, (size_t)hlen), hlen, hlen < 20 ? "short" : "long",
			    hlen < 20 ? "< 20" : "> length");
		return;
	}
	seq = get_u32(b + 4);
	ack = get_u32(b + 8);
	flags = b[13];
	if (p->o->q) {
		sbuf_printf(p->out, "tcp %zu", len - hlen);
		return;
	}
	put_tcp_flags(p, flags);
	if (!p->o->S && flags & 0x10) {
		bool rev;
		struct conversation *c = conversation(p->s, e, sport, dport, &rev);

		if (!c->used || flags & 0x02) {
			c->used = true;
			c->seq = rev ? ack - 1 : seq;
			c->ack = rev ? seq : ack - 1;
		} else {
			seq -= rev ? c->ack : c->seq;
			ack -= rev ? c->seq : c->ack;
		}
	}
	if (p->o->v && !p->o->K && have >= len && !more_frags) {
		uint16_t sum = print_l4_sum(e, IPPROTO_TCP, b, len), is = get_u16(b + 16);
		uint32_t right = (uint32_t)is + sum;

		right = (right & 0xffff) + (right >> 16);
		sbuf_printf(p->out, ", cksum 0x%04x", is);
		if (sum)
			sbuf_printf(p->out, " (incorrect -> 0x%04x)", (unsigned)right);
		else
			sbuf_puts(p->out, " (correct)");
	}
	len -= hlen;
	if (p->o->v > 1 || len > 0 || flags & 0x07) {
		sbuf_printf(p->out, ", seq %u", seq);
		if (len > 0)
			sbuf_printf(p->out, ":%u", seq + (uint32_t)len);
	}
	if (flags & 0x10)
		sbuf_printf(p->out, ", ack %u", ack);
	sbuf_printf(p->out, ", win %u", get_u16(b + 14));
	if (flags & 0x20)
		sbuf_printf(p->out, ", urg %u", get_u16(b + 18));
	if (hlen > 20) {
		put_tcp_options(p, b + 20, MIN(hlen, (unsigned)have) - 20);
		if (hlen > have)
			return;
	}
	sbuf_printf(p->out, ", length %zu", len);
	have -= hlen;
	text = text_protocol(sport, dport);
	if (len && have && !(flags & 0x04) && text)
		put_text(p, text, b + hlen, MIN(have, len), len);
}

/* ---- UDP ---- */

void print_udp(struct printer *p, const struct print_ends *e, const uint8_t *b, size_t have, size_t len, bool more_frags)
{
	uint16_t ulen, is;

	if (have < 8) {
		sbuf_puts(p->out, " [|udp]");
		return;
	}
	ulen = get_u16(b + 4);
	is = get_u16(b + 6);
	put_ends(p, e, get_u16(b), get_u16(b + 2), "udp");
	if (ulen < 8) {
		sbuf_printf(p->out, "truncated-udplength %u", ulen);
		return;
	}
	if (p->o->v > (e->family == AF_INET) && !p->o->K && !more_frags) {
		if (!is && e->family == AF_INET) {
			sbuf_puts(p->out, "[no cksum] ");
		} else if (have >= ulen && ulen <= len) {
			uint16_t sum = print_l4_sum(e, IPPROTO_UDP, b, ulen);
			uint32_t right = (uint32_t)is + sum;

			right = (right & 0xffff) + (right >> 16);
			if (sum)
				sbuf_printf(p->out, "[bad udp cksum 0x%04x -> 0x%04x!] ", is, (unsigned)right);
			else
				sbuf_puts(p->out, "[udp sum ok] ");
		}
	}
	sbuf_printf(p->out, "UDP, length %u", ulen - 8);
}

/* ---- ICMP ---- */

static const char *type_name(uint8_t type, char buf[32])
{
	switch (type) {
	case ICMP_ECHOREPLY:
		return "echo reply";
	case ICMP_SOURCE_QUENCH:
		return "source quench";
	case ICMP_ECHO:
		return "echo request";
	case 9:
		return "router advertisement";
	case 10:
		return "router solicitation";
	case ICMP_INFO_REQUEST:
		return "information request";
	case ICMP_INFO_REPLY:
		return "information reply";
	case ICMP_ADDRESS:
		return "address mask request";
	case ICMP_ADDRESSREPLY:
		return "address mask reply";
	}
	snprintf(buf, 32, "type-#%u", type);
	return buf;
}

/* "1.2.3.4 udp port 99 unreachable" of the quoted packet */
static void put_port_unreachable(struct printer *p, const uint8_t *q, size_t have, const union inet_addr *dst)
{
	unsigned hlen = have ? (q[0] & 15u) * 4 : 0;

	print_addr(p, AF_INET, dst);
	if (have < 20 || have < hlen + 4u) {
		sbuf_puts(p->out, " unreachable");
		return;
	}
	switch (q[9]) {
	case IPPROTO_TCP:
		sbuf_puts(p->out, " tcp port ");
		print_service(p, get_u16(q + hlen + 2), "tcp");
		break;
	case IPPROTO_UDP:
		sbuf_puts(p->out, " udp port ");
		print_service(p, get_u16(q + hlen + 2), "udp");
		break;
	default:
		sbuf_printf(p->out, " protocol %u port %u", q[9], get_u16(q + hlen + 2));
	}
	sbuf_puts(p->out, " unreachable");
}

static void put_unreachable(struct printer *p, const uint8_t *b, size_t have)
{
	/* what stands before and after the destination's address */
	static const struct {
		const char *before, *after;
	} text[] = {
		[0] = { "net ", " unreachable" },
		[1] = { "host ", " unreachable" },
		[5] = { "", " unreachable - source route failed" },
		[6] = { "net ", " unreachable - unknown" },
		[7] = { "host ", " unreachable - unknown" },
		[8] = { "", " unreachable - source host isolated" },
		[9] = { "net ", " unreachable - admin prohibited" },
		[10] = { "host ", " unreachable - admin prohibited" },
		[11] = { "net ", " unreachable - tos prohibited" },
		[12] = { "host ", " unreachable - tos prohibited" },
		[13] = { "host ", " unreachable - admin prohibited filter" },
		[14] = { "host ", " unreachable - host precedence violation" },
		[15] = { "host ", " unreachable - precedence cutoff" },
	};
	union inet_addr dst = { 0 };
	uint8_t code = b[1];

	if (have < 8 + 20) {
		sbuf_puts(p->out, "unreachable");
		return;
	}
	memcpy(&dst.ip4, b + 8 + 16, 4);
	switch (code) {
	case ICMP_PROT_UNREACH:
		print_addr(p, AF_INET, &dst);
		sbuf_printf(p->out, " protocol %u unreachable", b[8 + 9]);
		return;
	case ICMP_PORT_UNREACH:
		put_port_unreachable(p, b + 8, have - 8, &dst);
		return;
	case ICMP_FRAG_NEEDED:
		print_addr(p, AF_INET, &dst);
		sbuf_puts(p->out, " unreachable - need to frag");
		if (get_u16(b + 6))
			sbuf_printf(p->out, " (mtu %u)", get_u16(b + 6));
		return;
	}
	if (code < ARRAY_LEN(text) && text[code].after) {
		sbuf_puts(p->out, text[code].before);
		print_addr(p, AF_INET, &dst);
		sbuf_puts(p->out, text[code].after);
	} else {
		print_addr(p, AF_INET, &dst);
		sbuf_printf(p->out, " unreachable - #%u", code);
	}
}

static void put_redirect(struct printer *p, const uint8_t *b, size_t have)
{
	static const char *const kind[] = { "net", "host", "tos net", "tos host" };
	union inet_addr dst = { 0 }, gw = { 0 };

	if (have < 8 + 20) {
		sbuf_puts(p->out, "redirect");
		return;
	}
	memcpy(&dst.ip4, b + 8 + 16, 4);
	memcpy(&gw.ip4, b + 4, 4);
	sbuf_puts(p->out, "redirect ");
	if (b[1] < ARRAY_LEN(kind)) {
		print_addr(p, AF_INET, &dst);
		sbuf_printf(p->out, " to %s ", kind[b[1]]);
		print_addr(p, AF_INET, &gw);
	} else {
		sbuf_printf(p->out, "-#%u ", b[1]);
		print_addr(p, AF_INET, &dst);
		sbuf_puts(p->out, " to net ");
		print_addr(p, AF_INET, &gw);
	}
}

static void put_timestamp(struct printer *p, const uint8_t *b, size_t have)
{
	sbuf_printf(p->out, "time stamp %s id %u seq %u", b[0] == ICMP_TIMESTAMP ? "query" : "reply", get_u16(b + 4), get_u16(b + 6));
	if (b[0] == ICMP_TIMESTAMPREPLY && have >= 20) {
		static const char *const label[] = { "org", "recv", "xmit" };

		sbuf_puts(p->out, ": ");
		for (unsigned i = 0; i < 3; i++) {
			uint32_t ms = get_u32(b + 8 + 4 * i) % 86400000;

			sbuf_printf(p->out, "%s%s %02u:%02u:%02u.%03u", i ? ", " : "", label[i], ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
		}
	}
}

void print_icmp(struct printer *p, const struct print_ends *e, const uint8_t *b, size_t have, size_t len, bool more_frags)
{
	char buf[32];
	bool error;

	if (have < 8) {
		sbuf_puts(p->out, "ICMP  [|icmp]");
		return;
	}
	sbuf_puts(p->out, "ICMP ");
	switch (b[0]) {
	case ICMP_ECHO:
	case ICMP_ECHOREPLY:
		sbuf_printf(p->out, "%s, id %u, seq %u", type_name(b[0], buf), get_u16(b + 4), get_u16(b + 6));
		break;
	case ICMP_DEST_UNREACH:
		put_unreachable(p, b, have);
		break;
	case ICMP_REDIRECT:
		put_redirect(p, b, have);
		break;
	case ICMP_TIME_EXCEEDED:
		if (b[1] > 1)
			sbuf_printf(p->out, "time exceeded-#%u", b[1]);
		else
			sbuf_puts(p->out, b[1] ? "ip reassembly time exceeded" : "time exceeded in-transit");
		break;
	case ICMP_PARAMETERPROB:
		if (b[1])
			sbuf_printf(p->out, "parameter problem - code %u", b[1]);
		else
			sbuf_printf(p->out, "parameter problem - octet %u", b[4]);
		break;
	case ICMP_TIMESTAMP:
	case ICMP_TIMESTAMPREPLY:
		put_timestamp(p, b, have);
		break;
	default:
		sbuf_puts(p->out, type_name(b[0], buf));
	}
	sbuf_printf(p->out, ", length %zu", len);
	if (p->o->v && !more_frags && have >= len && csum_fold(csum_partial(b, len, 0))) {
		uint16_t is = get_u16(b + 2);
		uint32_t right = (uint32_t)is + ntohs(csum_fold(csum_partial(b, len, 0)));

		sbuf_printf(p->out, " (wrong icmp cksum %x (->%x)!)", is, (unsigned)((right & 0xffff) + (right >> 16)));
	}
	error = b[0] == ICMP_DEST_UNREACH || b[0] == ICMP_REDIRECT || b[0] == ICMP_TIME_EXCEEDED || b[0] == ICMP_PARAMETERPROB ||
		b[0] == ICMP_SOURCE_QUENCH;
	if (p->o->v && error && have > 8) {
		struct printer inner = *p;

		inner.quoted = true;
		sbuf_puts(p->out, "\n\tIP ");
		print_ip(&inner, b + 8, have - 8, len - 8);
	}
}
