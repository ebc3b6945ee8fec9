/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/ping_input.c - what ping hears: replies, errors, redirects, and how it counts them.
 *
 * On the packet's way behind the raw socket of prog_ping.c.
 *
 * Theory of operation: a bit for each sequence number tells a reply from a second one. The highest number heard of
 * says how many are under way. Errors come twice, as ICMP packets and in the error queue, which is where they are
 * printed from; a redirect comes as a packet only.
 *
 * References: RFC 792; ping(8).
 */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "lab/ping.h"

/* ---- counting ---- */

bool ping_seen(const struct ping *g, uint16_t seq)
{
	return g->seen[seq / 64] >> seq % 64 & 1;
}

int ping_in_flight(const struct ping *g)
{
	uint16_t diff = (uint16_t)((uint16_t)g->sent - g->acked);

	return diff <= 0x7fff ? diff : (int)(g->sent - g->received - g->errors);
}

static void acknowledge(struct ping *g, uint16_t seq)
{
	uint16_t diff = (uint16_t)((uint16_t)g->sent - seq);

	if (diff > 0x7fff)
		return;
	g->pipe = MAX(g->pipe, diff + 1);
	if ((int16_t)(seq - g->acked) > 0 || (uint16_t)((uint16_t)g->sent - g->acked) > 0x7fff)
		g->acked = seq;
}

void ping_count_sent(struct ping *g)
{
	g->sent++;
	if ((uint16_t)((uint16_t)g->sent - g->acked) > 0x7fff)
		g->acked = (uint16_t)(g->sent + 1);
}

static void update_interval(struct ping *g)
{
	long est = g->rtt ? g->rtt / 8 : g->interval * 1000L;

	g->interval = (int)((est + 500) / 1000);
}

static void count_time(struct ping *g, long us)
{
	g->tsum += us;
	g->tsum2 += (double)us * us;
	g->tmin = MIN(g->tmin, us);
	g->tmax = MAX(g->tmax, us);
	g->rtt = g->rtt ? g->rtt + us - g->rtt / 8 : us * 8;
	if (g->adaptive)
		update_interval(g);
}

uint64_t ping_wall_us(const struct ping *g)
{
	return clock_wall_ns(&proc_ns(g->p)->world->clock) / 1000;
}

void ping_print_time(struct ping *g)
{
	uint64_t us = ping_wall_us(g);

	if (g->show_time)
		proc_printf(g->p, "[%lu.%06lu] ", (unsigned long)(us / 1000000), (unsigned long)(us % 1000000));
}

/* ---- in ---- */

void ping_put_host(struct ping *g, struct sbuf *s, const struct sock_addr *a)
{
	size_t at = s->len;

	if (!g->numeric && !g->exiting && netname_of(g->p, a->family, &a->ip, s)) {
		sbuf_puts(s, " (");
		netname_put_addr(g->p, a, s);
		sbuf_putc(s, ')');
		return;
	}
	sbuf_truncate(s, at);
	netname_put_addr(g->p, a, s);
}

static const char *const unreach_text[] = {
	[ICMP_NET_UNREACH] = "Destination Net Unreachable",
	[ICMP_HOST_UNREACH] = "Destination Host Unreachable",
	[ICMP_PROT_UNREACH] = "Destination Protocol Unreachable",
	[ICMP_PORT_UNREACH] = "Destination Port Unreachable",
	[ICMP_SR_FAILED] = "Source Route Failed",
	[ICMP_NET_UNKNOWN] = "Destination Net Unknown",
	[ICMP_HOST_UNKNOWN] = "Destination Host Unknown",
	[ICMP_HOST_ISOLATED] = "Source Host Isolated",
	[ICMP_NET_ANO] = "Destination Net Prohibited",
	[ICMP_HOST_ANO] = "Destination Host Prohibited",
	[ICMP_NET_UNR_TOS] = "Destination Net Unreachable for Type of Service",
	[ICMP_HOST_UNR_TOS] = "Destination Host Unreachable for Type of Service",
	[ICMP_PKT_FILTERED] = "Packet filtered",
	[ICMP_PREC_VIOLATION] = "Precedence Violation",
	[ICMP_PREC_CUTOFF] = "Precedence Cutoff",
};

static const char *const redirect_text[] = {
	[ICMP_REDIR_NET] = "Redirect Network",
	[ICMP_REDIR_HOST] = "Redirect Host",
	[ICMP_REDIR_NETTOS] = "Redirect Type of Service and Network",
	[ICMP_REDIR_HOSTTOS] = "Redirect Type of Service and Host",
};

/* @info: next-hop MTU, pointer, or the gateway of a redirect in network order */
static void put_icmp(struct ping *g, struct sbuf *s, uint8_t type, uint8_t code, uint32_t info)
{
	struct sock_addr gateway = { .ip = addr_ip4(info), .family = AF_INET };

	switch (type) {
	case ICMP_DEST_UNREACH:
		if (code == ICMP_FRAG_NEEDED)
			sbuf_printf(s, "Frag needed and DF set (mtu = %u)\n", info);
		else if (code < ARRAY_LEN(unreach_text))
			sbuf_printf(s, "%s\n", unreach_text[code]);
		else
			sbuf_printf(s, "Dest Unreachable, Bad Code: %d\n", code);
		break;
	case ICMP_SOURCE_QUENCH:
		sbuf_puts(s, "Source Quench\n");
		break;
	case ICMP_REDIRECT:
		if (code < ARRAY_LEN(redirect_text))
			sbuf_puts(s, redirect_text[code]);
		else
			sbuf_printf(s, "Redirect, Bad Code: %d", code);
		sbuf_puts(s, "(New nexthop: ");
		ping_put_host(g, s, &gateway);
		sbuf_puts(s, ")\n");
		break;
	case ICMP_TIME_EXCEEDED:
		if (code == ICMP_EXC_TTL)
			sbuf_puts(s, "Time to live exceeded\n");
		else if (code == ICMP_EXC_FRAGTIME)
			sbuf_puts(s, "Frag reassembly time exceeded\n");
		else
			sbuf_printf(s, "Time exceeded, Bad Code: %d\n", code);
		break;
	case ICMP_PARAMETERPROB:
		sbuf_printf(s, "Parameter problem: pointer = %u\n", info);
		break;
	default:
		sbuf_printf(s, "Bad ICMP type: %d\n", type);
	}
}

static const char *code_text(const char *const *names, unsigned n, uint8_t code)
{
	return code < n ? names[code] : NULL;
}

static void put_icmp6(struct sbuf *s, uint8_t type, uint8_t code, uint32_t info)
{
	static const char *const unreach[] = { "No route", "Administratively prohibited", "Beyond scope of source address", "Address unreachable",
					       "Port unreachable" };
	static const char *const exceeded[] = { "Hop limit", "Defragmentation failure" };
	static const char *const problem[] = { "Wrong header field ", "Unknown header ", "Unrecognized option " };
	const char *text;

	switch (type) {
	case ICMPV6_DEST_UNREACH:
		text = code_text(unreach, ARRAY_LEN(unreach), code);
		sbuf_puts(s, "Destination unreachable: ");
		if (text)
			sbuf_puts(s, text);
		else
			sbuf_printf(s, "Unknown code %d", code);
		break;
	case ICMPV6_PKT_TOOBIG:
		sbuf_printf(s, "Packet too big: mtu=%u", info);
		if (code)
			sbuf_printf(s, ", code=%d", code);
		break;
	case ICMPV6_TIME_EXCEED:
		text = code_text(exceeded, ARRAY_LEN(exceeded), code);
		sbuf_puts(s, "Time exceeded: ");
		if (text)
			sbuf_puts(s, text);
		else
			sbuf_printf(s, "code %d", code);
		break;
	case ICMPV6_PARAMPROB:
		text = code_text(problem, ARRAY_LEN(problem), code);
		sbuf_puts(s, "Parameter problem: ");
		if (text)
			sbuf_puts(s, text);
		else
			sbuf_printf(s, "code %d ", code);
		sbuf_printf(s, "at %u", info);
		break;
	default:
		sbuf_printf(s, "unknown icmp type: %u", type);
	}
	sbuf_putc(s, '\n');
}

/* one error of the queue; false: there is none */
bool ping_take_error(struct ping *g)
{
	struct sbuf s = SBUF_INIT;
	struct sock_error e;
	uint16_t seq;

	if (sock_recv_error(g->s, &e))
		return false;
	if (e.len < HLEN || !addr_eq(&e.to.ip, &g->to.ip) || e.data[0] != (ping_v6(g) ? ICMPV6_ECHO_REQUEST : ICMP_ECHO) ||
	    get_u16(e.data + 4) != g->ident)
		return true;
	seq = get_u16(e.data + 6);
	acknowledge(g, seq);
	g->errors++;
	if (g->quiet)
		return true;
	if (g->flood) {
		proc_printf(g->p, "\bE");
		return true;
	}
	ping_print_time(g);
	sbuf_puts(&s, "From ");
	ping_put_host(g, &s, &e.offender);
	sbuf_printf(&s, " icmp_seq=%u ", seq);
	if (ping_v6(g))
		put_icmp6(&s, e.type, e.code, e.info);
	else
		put_icmp(g, &s, e.type, e.code, e.info);
	proc_write(g->p, 1, sbuf_str(&s), s.len);
	sbuf_free(&s);
	return true;
}

static void put_triptime(struct sbuf *s, long us)
{
	if (us >= 100000 - 50)
		sbuf_printf(s, " time=%ld ms", (us + 500) / 1000);
	else if (us >= 10000 - 5)
		sbuf_printf(s, " time=%ld.%01ld ms", (us + 50) / 1000, (us + 50) % 1000 / 100);
	else if (us >= 1000)
		sbuf_printf(s, " time=%ld.%02ld ms", (us + 5) / 1000, (us + 5) % 1000 / 10);
	else
		sbuf_printf(s, " time=%ld.%03ld ms", us / 1000, us % 1000);
}

/* something on the way changed the payload: show where */
static void put_damage(struct ping *g, struct sbuf *s, const uint8_t *data)
{
	for (size_t i = STAMP_LEN; i < g->datalen; i++) {
		if (data[i] == g->out[HLEN + i])
			continue;
		sbuf_printf(s, "\nwrong data byte #%zu should be 0x%x but was 0x%x", i, g->out[HLEN + i], data[i]);
		for (i = STAMP_LEN; i < g->datalen; i++) {
			if (i % 32 == STAMP_LEN)
				sbuf_printf(s, "\n#%zu\t", i);
			sbuf_printf(s, "%x ", data[i]);
		}
	}
}

/* @n bytes of an echo reply of ours */
static void take_reply(struct ping *g, const uint8_t *icmp, size_t n, const struct sock_msg *m)
{
	uint16_t seq = get_u16(icmp + 6);
	struct sbuf s = SBUF_INIT;
	uint64_t tv[2];
	bool dup = ping_seen(g, seq);
	long us = 0;

	acknowledge(g, seq);
	if (g->timing && n >= HLEN + STAMP_LEN) {
		memcpy(tv, icmp + HLEN, STAMP_LEN);
		us = MAX(0, (long)(ping_wall_us(g) - tv[0] * 1000000 - tv[1]));
		count_time(g, us);
	}
	if (dup)
		g->repeats++;
	else
		g->received++;
	g->seen[seq / 64] |= 1ull << seq % 64;
	if (g->quiet)
		return;
	if (g->flood) {
		proc_printf(g->p, "\b \b");
		return;
	}
	ping_print_time(g);
	sbuf_printf(&s, "%zu bytes from ", n);
	ping_put_host(g, &s, &m->from);
	sbuf_printf(&s, ": icmp_seq=%u", seq);
	if (g->verbose)
		sbuf_printf(&s, " ident=%u", g->ident);
	sbuf_printf(&s, " ttl=%d", m->ttl);
	if (n < g->datalen + HLEN) {
		sbuf_puts(&s, " (truncated)\n");
	} else {
		if (g->timing)
			put_triptime(&s, us);
		if (dup && (!g->multicast || g->verbose))
			sbuf_puts(&s, " (DUP!)");
		put_damage(g, &s, icmp + HLEN);
		sbuf_printf(&s, "%s\n", g->audible ? "\a" : "");
	}
	proc_write(g->p, 1, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

/* a redirect, or an error that the error queue tells about too; @n bytes of ICMP */
static void take_other(struct ping *g, const uint8_t *icmp, size_t n, const struct sock_msg *m)
{
	const uint8_t *ip = icmp + HLEN, *echo;
	struct sbuf s = SBUF_INIT;
	be32 daddr, gateway;

	if (n < HLEN + sizeof(struct iphdr) + HLEN || n < HLEN + (ip[0] & 0xfu) * 4 + HLEN)
		return;
	echo = ip + (ip[0] & 0xf) * 4;
	memcpy(&daddr, ip + 16, sizeof(daddr));
	memcpy(&gateway, icmp + 4, sizeof(gateway));
	if (echo[0] != ICMP_ECHO || daddr != g->to.ip.ip4 || get_u16(echo + 4) != g->ident)
		return;
	if (icmp[0] != ICMP_REDIRECT && icmp[0] != ICMP_SOURCE_QUENCH) {
		acknowledge(g, get_u16(echo + 6));
		return;
	}
	if (g->quiet || g->flood)
		return;
	ping_print_time(g);
	sbuf_puts(&s, "From ");
	ping_put_host(g, &s, &m->from);
	sbuf_printf(&s, ": icmp_seq=%u ", get_u16(echo + 6));
	put_icmp(g, &s, icmp[0], icmp[1], gateway);
	proc_write(g->p, 1, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

static void take_packet(struct ping *g, size_t n, const struct sock_msg *m)
{
	size_t hlen = ping_v6(g) ? 0 : (g->in[0] & 0xfu) * 4;
	const uint8_t *icmp = g->in + hlen;

	if (n < hlen + HLEN)
		return;
	n -= hlen;
	if (ping_v6(g)) {	/* all else is filtered out: errors come by the error queue */
		if (icmp[0] == ICMPV6_ECHO_REPLY && get_u16(icmp + 4) == g->ident)
			take_reply(g, icmp, n, m);
		return;
	}
	switch (icmp[0]) {
	case ICMP_ECHOREPLY:
		if (get_u16(icmp + 4) == g->ident)
			take_reply(g, icmp, n, m);
		break;
	case ICMP_SOURCE_QUENCH:
	case ICMP_REDIRECT:
	case ICMP_DEST_UNREACH:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAMETERPROB:
		take_other(g, icmp, n, m);
		break;
	}
}

void ping_drain(struct ping *g)
{
	struct sock_msg m;
	ssize_t n;

	do {
		n = sock_recvfrom(g->s, g->in, PAYLOAD_MAX, &m);
		if (n >= 0)
			take_packet(g, (size_t)n, &m);
		else if (!ping_take_error(g) && n == -EAGAIN)
			break;
	} while (ping_in_flight(g) || (sock_poll(g->s) & (POLLIN | POLLERR)));
}
