/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/prog_ping.c - ping, as iputils 20221126 has it, on a simulated host.
 *
 * On the packet's way it is a raw ICMP socket with an error queue, as the real one run by root.
 *
 * Theory of operation: pinger() sends what is due by a budget of milliseconds ("tokens") and says when to come
 * again; between its calls the program waits for replies and errors. When all -c packets are out, one last timer
 * (the largest round trip twice, or -W) ends the wait; -w is a timer from the start. What sendto() refuses counts
 * as sent, and is told only when the error queue says something too, as in this version of the real one.
 *
 * References: RFC 792; ping(8).
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "lab/ping.h"

static const char usage[] =
	"\nUsage\n"
	"  ping [options] <destination>\n"
	"\nOptions:\n"
	"  <destination>      dns name or ip address\n"
	"  -a                 use audible ping\n"
	"  -A                 use adaptive ping\n"
	"  -B                 sticky source address\n"
	"  -c <count>         stop after <count> replies\n"
	"  -C                 call connect() syscall on socket creation\n"
	"  -D                 print timestamps\n"
	"  -d                 use SO_DEBUG socket option\n"
	"  -e <identifier>    define identifier for ping session, default is random for\n"
	"                     SOCK_RAW and kernel defined for SOCK_DGRAM\n"
	"                     Imply using SOCK_RAW (for IPv4 only for identifier 0)\n"
	"  -f                 flood ping\n"
	"  -h                 print help and exit\n"
	"  -I <interface>     either interface name or address\n"
	"  -i <interval>      seconds between sending each packet\n"
	"  -L                 suppress loopback of multicast packets\n"
	"  -l <preload>       send <preload> number of packages while waiting replies\n"
	"  -m <mark>          tag the packets going out\n"
	"  -M <pmtud opt>     define mtu discovery, can be one of <do|dont|want>\n"
	"  -n                 no dns name resolution\n"
	"  -O                 report outstanding replies\n"
	"  -p <pattern>       contents of padding byte\n"
	"  -q                 quiet output\n"
	"  -Q <tclass>        use quality of service <tclass> bits\n"
	"  -s <size>          use <size> as number of data bytes to be sent\n"
	"  -S <size>          use <size> as SO_SNDBUF socket option value\n"
	"  -t <ttl>           define time to live\n"
	"  -U                 print user-to-user latency\n"
	"  -v                 verbose output\n"
	"  -V                 print version and exit\n"
	"  -w <deadline>      reply wait <deadline> in seconds\n"
	"  -W <timeout>       time to wait for response\n"
	"\nIPv4 options:\n"
	"  -4                 use IPv4\n"
	"  -b                 allow pinging broadcast\n"
	"  -R                 record route\n"
	"  -T <timestamp>     define timestamp, can be one of <tsonly|tsandaddr|tsprespec>\n"
	"\nIPv6 options:\n"
	"  -6                 use IPv6\n"
	"  -F <flowlabel>     define flow label, default is random\n"
	"  -N <nodeinfo opt>  use icmp6 node info query, try <help> as argument\n"
	"\nFor more details see ping(8).\n";

/* "ping: TEXT" on stderr, with the error's text unless @err is 0; returns @status */
static int complain(struct ping *g, int status, int err, const char *fmt, ...) PRINTF_LIKE(4, 5);

static int complain(struct ping *g, int status, int err, const char *fmt, ...)
{
	struct sbuf s = SBUF_INIT;
	va_list ap;

	sbuf_printf(&s, "%s: ", g->self);
	va_start(ap, fmt);
	sbuf_vprintf(&s, fmt, ap);
	va_end(ap);
	if (err)
		sbuf_printf(&s, ": %s", strerror(err));
	sbuf_putc(&s, '\n');
	proc_write(g->p, 2, sbuf_str(&s), s.len);
	sbuf_free(&s);
	return status;
}

/* ---- options: 0, or the exit status ---- */

static int number(struct ping *g, const char *text, long lo, long hi, long *val)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (end == text || *end)
		return complain(g, 1, 0, "invalid argument: '%s'", text);
	if (errno || n < lo || n > hi)
		return complain(g, 1, 0, "invalid argument: '%s': out of range: %ld <= value <= %ld", text, lo, hi);
	*val = n;
	return 0;
}

/* seconds with a fraction, in ms */
static int seconds(struct ping *g, const char *text, const char *what, int *ms)
{
	char *end;
	double n;

	errno = 0;
	n = strtod(text, &end);
	if (!*text || errno)
		return complain(g, 2, errno, "%s: %s", what, text);
	if (*end) {
		complain(g, 2, 0, "option argument contains garbage: %s", end);
		complain(g, 2, 0, "this will become fatal error in the future");
	}
	if (n != n || n < 0 || n > (double)(INT_MAX / 1000))
		return complain(g, 2, 0, "%s: %s", what, text);
	*ms = (int)(n * 1000);
	return 0;
}

static int tos_option(struct ping *g, const char *text)
{
	char *end;
	long n = strtol(text, &end, strncasecmp(text, "0x", 2) == 0 ? 16 : 10);

	if (*end)
		return complain(g, 2, 0, "bad TOS value: %s", text);
	if (n > 255)
		return complain(g, 2, 0, "the decimal value of TOS bits must be in range 0-255: %ld", n);
	g->tos = (int)(n & 255);
	return 0;
}

static int pmtu_option(struct ping *g, const char *text)
{
	static const char *const names[] = { "dont", "want", "do" };

	for (int i = 0; i < (int)ARRAY_LEN(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			g->pmtudisc = i;
			return 0;
		}
	}
	return complain(g, 2, 0, "invalid -M argument: %s", text);
}

static int family_option(struct ping *g, uint8_t family)
{
	if (g->family && g->family != family)
		return complain(g, 2, 0, "only one -4 or -6 option may be specified");
	g->family = family;
	return 0;
}

static int flow_option(struct ping *g, const char *text)
{
	char *end;
	long n = strtol(text, &end, strncasecmp(text, "0x", 2) == 0 ? 16 : 10);

	if (*end)
		return complain(g, 2, 0, "bad value for flowinfo: %s", text);
	if (n < 0 || n > 0xfffff)
		return complain(g, 2, 0, "flow value is greater than 20 bits: %s", text);
	g->flowlabel = (int)n;
	return 0;
}

static int option(struct ping *g, int c, const char *arg)
{
	struct sock_addr a = { 0 };
	long n = 0;
	int err = 0;

	switch (c) {
	case '4': return family_option(g, AF_INET);
	case '6': return family_option(g, AF_INET6);
	case 'a': g->audible = true; break;
	case 'A': g->adaptive = true; break;
	case 'b': g->broadcast = true; break;
	case 'B': g->strict_source = true; break;
	case 'c':
		err = number(g, arg, 1, LONG_MAX, &g->count);
		break;
	case 'd': break;		/* SO_DEBUG: traces that Linux has not had for long */
	case 'D': g->show_time = true; break;
	case 'F': return flow_option(g, arg);
	case 'e':
		err = number(g, arg, 0, 65535, &n);
		g->ident = (uint16_t)n;
		break;
	case 'f': g->flood = g->numeric = true; break;
	case 'i':
		g->has_interval = true;
		return seconds(g, arg, "bad timing interval", &g->interval);
	case 'I':
		if (netname_addr(g->p, arg, AF_UNSPEC, true, &a, NULL)) {
			g->device = arg;
		} else {
			g->source = a;
			g->strict_source = true;
			if (a.scope)
				g->device = strchr(arg, '%') + 1;
		}
		break;
	case 'l':
		err = number(g, arg, 1, SEQS, &n);
		g->preload = (int)n;
		break;
	case 'm':
		err = number(g, arg, 0, UINT_MAX, &n);
		g->mark = (int)n;
		break;
	case 'M': return pmtu_option(g, arg);
	case 'n': g->numeric = true; break;
	case 'O': g->outstanding = true; break;
	case 'p': break;		/* once the length is known */
	case 'q': g->quiet = true; break;
	case 'Q': return tos_option(g, arg);
	case 's':
		err = number(g, arg, 0, INT_MAX, &n);
		g->datalen = (size_t)n;
		break;
	case 't':
		err = number(g, arg, 0, 255, &n);
		g->ttl = (int)n;
		break;
	case 'U': g->latency = true; break;
	case 'v': g->verbose = true; break;
	case 'w':
		err = number(g, arg, 0, INT_MAX, &n);
		g->deadline = (int)n;
		break;
	case 'W': return seconds(g, arg, "bad linger time", &g->linger);
	default:
		return prog_refuse_opt(g->p, g->self, c);
	}
	return err;
}

static int pattern(struct ping *g, const char *text)
{
	uint8_t pat[16];
	unsigned n = 0, v;
	int used;

	for (const char *c = text; *c; c++)
		if (!strchr("0123456789abcdefABCDEF", *c))
			return complain(g, 2, 0, "patterns must be specified as hex digits: %s", c);
	while (n < sizeof(pat) && sscanf(text, "%2x%n", &v, &used) == 1) {
		pat[n++] = (uint8_t)v;
		text += used;
	}
	for (size_t i = 0; n && i < MIN(g->datalen, (size_t)PAYLOAD_MAX); i++)
		g->out[HLEN + i] = pat[i % n];
	if (!g->quiet) {
		proc_printf(g->p, "PATTERN: 0x");
		for (unsigned i = 0; i < n; i++)
			proc_printf(g->p, "%02x", pat[i]);
		proc_printf(g->p, "\n");
	}
	g->has_pattern = true;
	return 0;
}

/* ---- setting up ---- */

static bool link_has_addr(const struct link *l, const struct sock_addr *a)
{
	const struct link_addr *x;

	list_for_each(x, &l->addrs, node)
		if (x->family == a->family && addr_eq(&x->addr, &a->ip))
			return true;
	return false;
}

/* connected to where it goes; a broadcast address with a warning */
static int connect_probe(struct ping *g, struct sock *probe)
{
	struct sock_addr to = g->to;
	int err;

	to.port = 1025;
	err = sock_connect(probe, &to);
	if (err == -EACCES && !ping_v6(g)) {
		if (!g->broadcast)
			return complain(g, 2, 0,
					"Do you want to ping broadcast? Then -b. If not, check your local firewall rules");
		proc_eprintf(g->p, "WARNING: pinging broadcast address\n");
		sock_setopt(probe, SOCK_OPT_BROADCAST, 1);
		err = sock_connect(probe, &to);
	}
	g->source = probe->local;
	g->source.port = 0;
	return err ? complain(g, 2, -err, "connect") : 0;
}

/* a link-local destination without interface, which connect() would not have: no source is asked for */
static bool probe_is_void(const struct ping *g)
{
	bool local = g->to.ip.b[0] == 0xfe ? (g->to.ip.b[1] & 0xc0) == 0x80 : g->to.ip.b[0] == 0xff && (g->to.ip.b[1] & 15) == 2;

	return ping_v6(g) && local && !g->to.scope;
}

/* the source that a connected UDP socket would get says whether there is a way at all */
static int find_source(struct ping *g)
{
	struct sock *probe;
	struct link *l;
	int err = sock_open(g->p->host->sock, g->to.family, SOCK_DGRAM, 0, &probe);

	if (err)
		return complain(g, 2, -err, "socket");
	if (g->device && (err = sock_bind_device(probe, g->device))) {
		sock_close(probe);
		if (ping_v6(g))
			return complain(g, 2, 0, "unknown iface: %s", g->device);
		return complain(g, 2, -err, "SO_BINDTODEVICE %s", g->device);
	}
	if (g->tos > 0)
		sock_setopt(probe, SOCK_OPT_TOS, g->tos);
	g->source = (struct sock_addr){ .family = g->to.family };
	err = probe_is_void(g) ? 0 : connect_probe(g, probe);
	sock_close(probe);
	if (err)
		return err;
	l = g->device ? link_by_name(&proc_ns(g->p)->links, g->device) : NULL;
	if (l && !link_has_addr(l, &g->source))
		complain(g, 0, 0, "Warning: source address might be selected on device other than: %s", g->device);
	return 0;
}

static int set_options(struct ping *g)
{
	int err;

	if (g->broadcast || addr_is_multicast(g->to.family, &g->to.ip)) {
		g->multicast = true;
		if (g->pmtudisc < 0)
			g->pmtudisc = 2;
	}
	if (g->pmtudisc >= 0)
		sock_setopt(g->s, SOCK_OPT_PMTUDISC, g->pmtudisc);
	if (g->device && (err = sock_bind_device(g->s, g->device)))
		return complain(g, 2, -err, "SO_BINDTODEVICE %s", g->device);
	if (g->strict_source && (err = sock_bind(g->s, &g->source)))
		return complain(g, 2, -err, ping_v6(g) ? "bind icmp socket" : "bind");
	sock_setopt(g->s, SOCK_OPT_RECVERR, 1);
	if (g->broadcast)
		sock_setopt(g->s, SOCK_OPT_BROADCAST, 1);
	if (g->ttl == 0 && !ping_v6(g))
		return complain(g, 2, EINVAL, "cannot set unicast time-to-live");
	if (g->ttl >= 0)
		sock_setopt(g->s, SOCK_OPT_TTL, g->ttl);
	if (g->tos > 0)
		sock_setopt(g->s, SOCK_OPT_TOS, g->tos);
	if (g->flowlabel > 0)
		sock_setopt(g->s, SOCK_OPT_FLOWLABEL, g->flowlabel);
	if (g->mark >= 0)
		sock_setopt(g->s, SOCK_OPT_MARK, g->mark);
	sock_setopt(g->s, SOCK_OPT_UID, g->p->uid);
	return 0;
}

static int resolve(struct ping *g, char **names, int n)
{
	const char *no = "-1 (socktype: 0)", *yes4 = "3 (socktype: SOCK_RAW)", *yes6 = "4 (socktype: SOCK_RAW)";
	struct sock_addr number = { 0 };
	int err;

	if (g->family == AF_INET6)
		yes6 = yes4;
	if (g->verbose)
		complain(g, 0, 0, "sock4.fd: %s, sock6.fd: %s, hints.ai_family: %s\n", g->family == AF_INET6 ? no : yes4,
			 g->family == AF_INET ? no : yes6,
			 g->family == AF_INET ? "AF_INET" : g->family == AF_INET6 ? "AF_INET6" : "AF_UNSPEC");
	if (netname_addr(g->p, names[n - 1], AF_UNSPEC, true, &number, NULL) == 0)
		g->numeric |= n == 1;
	err = netname_addr(g->p, names[n - 1], g->family, false, &g->to, &g->hostname);
	if (err)
		return complain(g, 2, 0, "%s: %s", names[n - 1], gai_strerror(err));
	if (g->verbose)
		proc_printf(g->p, "ai->ai_family: %s, ai->ai_canonname: '%s'\n", ping_v6(g) ? "AF_INET6" : "AF_INET", sbuf_str(&g->hostname));
	return 0;
}

/* "PING NAME (ADDRESS) from ..." */
static void announce(struct ping *g)
{
	struct sbuf s = SBUF_INIT;

	sbuf_printf(&s, "PING %s%s(", sbuf_str(&g->hostname), ping_v6(g) ? "" : " ");
	if (ping_v6(g))
		ping_put_host(g, &s, &g->to);
	else
		netname_put_addr(g->p, &g->to, &s);
	sbuf_puts(&s, ") ");
	if (ping_v6(g) && g->flowlabel > 0)
		sbuf_printf(&s, ", flow 0x%05x, ", (unsigned)g->flowlabel);
	if (g->device || g->strict_source) {
		sbuf_puts(&s, "from ");
		netname_put_addr(g->p, &g->source, &s);
		sbuf_printf(&s, " %s: ", g->device ? g->device : "");
	}
	if (ping_v6(g))
		sbuf_printf(&s, "%zu data bytes\n", g->datalen);
	else
		sbuf_printf(&s, "%zu(%zu) bytes of data.\n", g->datalen, g->datalen + HLEN + sizeof(struct iphdr));
	proc_write(g->p, 1, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

static int set_up(struct ping *g, char **names, int n)
{
	int err = n > 1 && g->family == AF_INET6 ? -1 : resolve(g, names, n);

	if (err < 0 || (!err && n > 1 && ping_v6(g))) {
		proc_eprintf(g->p, "%s", usage);
		return 2;
	}
	if (!err && g->source.family && g->source.family != g->to.family) {
		/* -I with an address of the other family is as if it were not there */
		g->source = (struct sock_addr){ 0 };
		err = find_source(g);
	} else if (!err && addr_is_any(&g->source.ip)) {
		err = find_source(g);
	}
	if (err)
		return err;
	if (n > 1)
		return complain(g, 2, EPERM, "record route");
	if (addr_is_any(&g->to.ip) && !ping_v6(g))
		g->to.ip = g->source.ip;
	err = sock_open(g->p->host->sock, g->to.family, SOCK_RAW, ping_v6(g) ? IPPROTO_ICMPV6 : IPPROTO_ICMP, &g->s);
	if (err)
		return complain(g, 2, -err, "socket");
	err = set_options(g);
	if (err)
		return err;
	g->timing = g->datalen >= STAMP_LEN;
	if (!g->has_pattern)
		for (size_t i = 0; i < MIN(g->datalen, (size_t)PAYLOAD_MAX); i++)
			g->out[HLEN + i] = (uint8_t)i;
	announce(g);
	if (ping_v6(g) && addr_is_any(&g->to.ip))
		g->to.ip = g->source.ip;
	if (g->flood && !g->has_interval)
		g->interval = 0;
	return 0;
}

/* ---- out ---- */

static void stamp(const struct ping *g, uint8_t *to)
{
	uint64_t us = ping_wall_us(g), tv[2] = { us / 1000000, us % 1000000 };

	memcpy(to, tv, STAMP_LEN);
}

static uint16_t checksum(const uint8_t *b, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += i % 2 ? b[i] : (uint32_t)b[i] << 8;
	while (sum >> 16)
		sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)~sum;
}

/* the error queue's answer to a packet that is too long for the way and must not be cut */
static void too_long(struct ping *g)
{
	struct route_key k = { .family = g->to.family,
			       .proto = g->s->proto,
			       .src = g->s->local.ip,
			       .dst = g->to.ip,
			       .mark = (uint32_t)g->s->opt[SOCK_OPT_MARK],
			       .oif = g->s->opt[SOCK_OPT_BINDTODEVICE] };
	struct route_result res;

	if ((g->datalen + HLEN > 0xffff && !ping_v6(g)) || g->quiet || path_route(proc_ns(g->p), &k, &res))
		return;
	g->errors++;
	if (g->flood)
		proc_printf(g->p, "E");
	else
		complain(g, 0, 0, "local error: message too long, mtu%s%u", ping_v6(g) ? ": " : "=",
			 path_pmtu(proc_ns(g->p), &g->to.ip, res.mtu));
}

/* an ICMP error about it came by lo, where it takes no time in Linux and a microsecond here */
static void send_failed(struct ping *g, int err)
{
	proc_sleep(g->p, LO_NS);
	if (ping_take_error(g) && !g->quiet && !g->flood)
		complain(g, 0, err, "sendmsg");
}

static void send_probe(struct ping *g)
{
	uint16_t seq = (uint16_t)(g->sent + 1);
	size_t n = HLEN + g->datalen;
	ssize_t did = -EMSGSIZE;

	g->seen[seq / 64] &= ~(1ull << seq % 64);
	memset(g->out, 0, HLEN);
	g->out[0] = ping_v6(g) ? ICMPV6_ECHO_REQUEST : ICMP_ECHO;
	put_u16(g->out + 4, g->ident);
	put_u16(g->out + 6, seq);
	if (g->timing)
		stamp(g, g->out + HLEN);
	if (n <= PAYLOAD_MAX) {
		put_u16(g->out + 2, checksum(g->out, n));
		did = sock_sendto(g->s, g->out, n, &g->to);
	}
	if (did == -EMSGSIZE)
		too_long(g);
	else if (did < 0)
		send_failed(g, (int)-did);
	ping_count_sent(g);
	if (did >= 0 && !g->quiet && g->flood)
		proc_printf(g->p, ".");
	if (did < 0)
		g->tokens = 0;
}

/* send what is due; ms until there is more to send */
static long pinger(struct ping *g)
{
	uint64_t now = proc_now(g->p);
	long tokens;

	if (g->exiting || (g->count && g->sent >= g->count && !g->deadline))
		return 1000;
	if (!g->sent_ns) {
		g->tokens = (long)g->interval * (g->preload - 1);
	} else {
		tokens = (long)((now - g->sent_ns) / NSEC_PER_MSEC);
		if (!g->interval && tokens < MIN_INTERVAL && ping_in_flight(g) >= g->preload)
			return MIN_INTERVAL - tokens;
		tokens = MIN(tokens + g->tokens, (long)g->interval * g->preload);
		if (tokens < g->interval)
			return g->interval - tokens;
		g->tokens = tokens - g->interval;
	}
	g->sent_ns = now;
	if (g->outstanding && g->sent > 0 && !ping_seen(g, (uint16_t)g->sent)) {
		ping_print_time(g);
		proc_printf(g->p, "no answer yet for icmp_seq=%lu\n", (unsigned long)g->sent % SEQS);
	}
	send_probe(g);
	return g->interval - g->tokens;
}

/* everything is out: how long to wait for the rest */
static long last_wait(struct ping *g, long next)
{
	long us;

	if (!g->count || g->sent < g->count || g->deadline || g->linger_set)
		return next;
	us = g->received ? MAX(2 * g->tmax, 1000L * g->interval) : 1000L * g->linger;
	if (us) {
		g->linger_set = true;
		g->alarm_ns = proc_now(g->p) + (uint64_t)us * 1000;
	}
	return MAX(next, us / 1000);
}

/* ---- the end ---- */

/* rounded down, as ping shows it */
static long root(double a)
{
	double x = a, prev = a + 1;

	while (a > 0 && x < prev) {
		prev = x;
		x = (double)(long)((x + a / x) / 2);
	}
	return a > 0 ? (long)prev : 0;
}

static int finish(struct ping *g)
{
	uint64_t ns = g->sent_ns - g->started_ns;
	long total = g->received + g->repeats, avg, dev;
	struct sbuf s = SBUF_INIT;
	const char *comma = "";

	sbuf_printf(&s, "\n--- %s ping statistics ---\n%ld packets transmitted, %ld received", sbuf_str(&g->hostname),
		    g->sent, g->received);
	if (g->repeats)
		sbuf_printf(&s, ", +%ld duplicates", g->repeats);
	if (g->errors)
		sbuf_printf(&s, ", +%ld errors", g->errors);
	if (g->sent) {
		sbuf_printf(&s, ", %g%% packet loss",
			    (double)(float)((double)(g->sent - g->received) * 100.0 / (double)g->sent));
		sbuf_printf(&s, ", time %ldms", (long)((ns + 500000) / NSEC_PER_MSEC));
	}
	sbuf_putc(&s, '\n');
	if (g->received && g->timing) {
		avg = (long)(g->tsum / total);
		dev = root((g->tsum2 - g->tsum * g->tsum / total) / total);
		sbuf_printf(&s, "rtt min/avg/max/mdev = %ld.%03ld/%ld.%03ld/%ld.%03ld/%ld.%03ld ms", g->tmin / 1000,
			    g->tmin % 1000, avg / 1000, avg % 1000, g->tmax / 1000, g->tmax % 1000, dev / 1000,
			    dev % 1000);
		comma = ", ";
	}
	if (g->pipe > 1) {
		sbuf_printf(&s, "%spipe %d", comma, g->pipe);
		comma = ", ";
	}
	if (g->received && (!g->interval || g->flood || g->adaptive) && g->sent > 1) {
		long ipg = (long)(ns / 1000) / (g->sent - 1);

		sbuf_printf(&s, "%sipg/ewma %ld.%03ld/%ld.%03ld ms", comma, ipg / 1000, ipg % 1000, g->rtt / 8000,
			    g->rtt / 8 % 1000);
	}
	sbuf_putc(&s, '\n');
	proc_write(g->p, 1, sbuf_str(&s), s.len);
	sbuf_free(&s);
	return !g->received || (g->deadline && g->received < g->count);
}

static int run(struct ping *g)
{
	uint64_t until;
	long next;
	int err;

	proc_catch_int(g->p);
	g->started_ns = proc_now(g->p);
	g->alarm_ns = g->deadline ? g->started_ns + (uint64_t)g->deadline * NSEC_PER_SEC : SCHED_NEVER;
	while (!g->exiting && !(g->count && g->received + g->errors >= g->count) && !(g->deadline && g->errors)) {
		do
			next = last_wait(g, pinger(g));
		while (next <= 0 && !proc_interrupted(g->p) && !g->p->broken_pipe);
		until = MIN(proc_now(g->p) + (uint64_t)MAX(next, 0) * NSEC_PER_MSEC, g->alarm_ns);
		err = proc_sock_wait(g->p, g->s, POLLIN, until);
		if (err == -EINTR || g->p->broken_pipe)
			break;
		if (err == 0)
			ping_drain(g);
		g->exiting = proc_now(g->p) >= g->alarm_ns;
	}
	return finish(g);
}

static int main_of(struct ping *g, int argc, char **argv)
{
	struct proc_opts o = { 0 };
	const char *pat = NULL;
	int c, status;

	while ((c = proc_getopt(g->p, &o, "h?4bRT:6F:N:aABc:CdDe:fi:I:l:Lm:M:nOp:qQ:rs:S:t:UvVw:W:", NULL)) != -1) {
		if (c == 'V') {
			proc_printf(g->p, "ping from iputils 20221126\nlibcap: yes, IDN: yes, NLS: no, error.h: yes, "
					  "getrandom(): yes, __fpending(): yes\n");
			return 0;
		}
		if (c == 'h' || c == '?') {
			proc_eprintf(g->p, "%s", usage);
			return 2;
		}
		if (c == 'p')
			pat = o.arg;
		status = option(g, c, o.arg);
		if (status)
			return status;
	}
	if (o.ind >= argc)
		return complain(g, 1, EDESTADDRREQ, "usage error");
	g->out = mem_zalloc(HLEN + PAYLOAD_MAX);
	g->in = mem_alloc(PAYLOAD_MAX);
	if (!g->out || !g->in)
		return complain(g, 2, ENOMEM, "memory allocation failed");
	status = pat ? pattern(g, pat) : 0;
	if (!status)
		status = set_up(g, argv + o.ind, argc - o.ind);
	return status ? status : run(g);
}

int prog_ping(struct proc *p, int argc, char **argv)
{
	struct ping *g = mem_zalloc(sizeof(*g));
	int status;

	if (!g)
		return 2;
	g->p = p;
	g->self = argv[0];
	if (strcmp(prog_called(argv[0]), "ping4") == 0)
		g->family = AF_INET;
	else if (strcmp(prog_called(argv[0]), "ping6") == 0)
		g->family = AF_INET6;
	g->datalen = 56;
	g->interval = 1000;
	g->linger = 10000;
	g->preload = 1;
	g->pmtudisc = g->tos = g->ttl = g->mark = g->flowlabel = -1;
	g->acked = 0;
	g->tmin = LONG_MAX;
	g->ident = (uint16_t)rng_u32(&proc_ns(p)->world->rng);
	status = main_of(g, argc, argv);
	sock_close(g->s);
	sbuf_free(&g->hostname);
	mem_free(g->out);
	mem_free(g->in);
	mem_free(g);
	return status;
}
