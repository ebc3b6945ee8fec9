/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/prog_nc.c - nc, as Debian 12's netcat-openbsd 1.219 has it, on a simulated host.
 *
 * On the packet's way it is a TCP or UDP socket like any.
 *
 * Theory of operation: either way, connected or accepted, relay() carries bytes between standard input and output
 * and the socket. It keeps four ends (standard input, to the net, from the net, standard output), each open or
 * given up, and two buffers; what ends when follows from which are left, in the order in which the real one looks.
 * -N and -q send a FIN at the end of standard input; without them the connection stays until the peer ends it or -w
 * passes.
 *
 * References: nc(1).
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lab/netname.h"
#include "lab/programs.h"
#include "lab/sock.h"

#define BUF 16384
#define SETTLE_NS (400 * 1000)
#define UDP_SCAN_S 3			/* how long a UDP port is watched for a refusal */
#define PORTS_MAX 65535

struct nc {
	struct proc *p;
	bool listen, keep, udp, verbose, numeric, scan, detach, shut, crlf, broadcast, random;
	int timeout_s, interval_s, quit_s, ttl, tos, limit;	/* -1: not given */
	const char *source, *source_port;
	const char *host, *port;
	uint8_t family;			/* of -4 and -6; AF_UNSPEC: any */
	struct sock_addr addrs[NETNAME_ADDRS_MAX];	/* of host, in the order in which they are tried */
	unsigned n_addrs;
	bool quit;			/* the end of the whole program was decided */
	char out[BUF], in[BUF];		/* to the net, from the net */
	size_t n_out, n_in;
};

static const char usage[] =
	"usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]\n"
	"\t  [-m minttl] [-O length] [-P proxy_username] [-p source_port]\n"
	"\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]\n"
	"\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]\n"
	"\t  [destination] [port]\n";

static const char help[] =
	"\tCommand Summary:\n"
	"\t\t-4\t\tUse IPv4\n"
	"\t\t-6\t\tUse IPv6\n"
	"\t\t-b\t\tAllow broadcast\n"
	"\t\t-C\t\tSend CRLF as line-ending\n"
	"\t\t-D\t\tEnable the debug socket option\n"
	"\t\t-d\t\tDetach from stdin\n"
	"\t\t-F\t\tPass socket fd\n"
	"\t\t-h\t\tThis help text\n"
	"\t\t-I length\tTCP receive buffer length\n"
	"\t\t-i interval\tDelay interval for lines sent, ports scanned\n"
	"\t\t-k\t\tKeep inbound sockets open for multiple connects\n"
	"\t\t-l\t\tListen mode, for inbound connects\n"
	"\t\t-M ttl\t\tOutgoing TTL / Hop Limit\n"
	"\t\t-m minttl\tMinimum incoming TTL / Hop Limit\n"
	"\t\t-N\t\tShutdown the network socket after EOF on stdin\n"
	"\t\t-n\t\tSuppress name/port resolutions\n"
	"\t\t-O length\tTCP send buffer length\n"
	"\t\t-P proxyuser\tUsername for proxy authentication\n"
	"\t\t-p port\t\tSpecify local port for remote connects\n"
	"\t\t-q secs\t\tquit after EOF on stdin and delay of secs\n"
	"\t\t-r\t\tRandomize remote ports\n"
	"\t\t-S\t\tEnable the TCP MD5 signature option\n"
	"\t\t-s sourceaddr\tLocal source address\n"
	"\t\t-T keyword\tTOS value\n"
	"\t\t-t\t\tAnswer TELNET negotiation\n"
	"\t\t-U\t\tUse UNIX domain socket\n"
	"\t\t-u\t\tUDP mode\n"
	"\t\t-V rtable\tSpecify alternate routing table\n"
	"\t\t-v\t\tVerbose\n"
	"\t\t-W recvlimit\tTerminate after receiving a number of packets\n"
	"\t\t-w timeout\tTimeout for connects and final net reads\n"
	"\t\t-X proto\tProxy protocol: \"4\", \"5\" (SOCKS) or \"connect\"\n"
	"\t\t-x addr[:port]\tSpecify proxy address and port\n"
	"\t\t-Z\t\tDCCP mode\n"
	"\t\t-z\t\tZero-I/O mode [used for scanning]\n"
	"\tPort numbers can be individual or ranges: lo-hi [inclusive]\n";

/* "nc: TEXT" on stderr; returns 1, the exit status of all that goes wrong */
static int complain(struct nc *n, int err, const char *fmt, ...) PRINTF_LIKE(3, 4);

static int complain(struct nc *n, int err, const char *fmt, ...)
{
	struct sbuf s = SBUF_INIT;
	va_list ap;

	sbuf_puts(&s, "nc: ");
	va_start(ap, fmt);
	sbuf_vprintf(&s, fmt, ap);
	va_end(ap);
	if (err)
		sbuf_printf(&s, ": %s", strerror(err));
	sbuf_putc(&s, '\n');
	proc_write(n->p, 2, sbuf_str(&s), s.len);
	sbuf_free(&s);
	return 1;
}

/* ---- options ---- */

/* 0, or 1 and told that @text is no number in the range */
static int number(struct nc *n, const char *what, const char *text, long lo, long hi, int *val)
{
	char *end;
	long v;

	errno = 0;
	v = strtol(text, &end, 10);
	if (end == text || *end)
		return complain(n, 0, "%s invalid: %s", what, text);
	if (v < lo || errno)
		return complain(n, 0, "%s too %s: %s", what, v < lo ? "small" : "large", text);
	if (v > hi)
		return complain(n, 0, "%s too large: %s", what, text);
	*val = (int)v;
	return 0;
}

static const struct { const char *name; int tos;
} tos_names[] = {
	{ "af11", 0x28 },       { "af12", 0x30 },        { "af13", 0x38 },        { "af21", 0x48 },
	{ "af22", 0x50 },       { "af23", 0x58 },        { "af31", 0x68 },        { "af32", 0x70 },
	{ "af33", 0x78 },       { "af41", 0x88 },        { "af42", 0x90 },        { "af43", 0x98 },
	{ "critical", 0xa0 },   { "cs0", 0x00 },         { "cs1", 0x20 },         { "cs2", 0x40 },
	{ "cs3", 0x60 },        { "cs4", 0x80 },         { "cs5", 0xa0 },         { "cs6", 0xc0 },
	{ "cs7", 0xe0 },        { "ef", 0xb8 },          { "inetcontrol", 0xc0 }, { "lowdelay", 0x10 },
	{ "netcontrol", 0xe0 }, { "reliability", 0x04 }, { "throughput", 0x08 },
};

static int tos_option(struct nc *n, const char *text)
{
	char *end;
	long v;

	for (size_t i = 0; i < ARRAY_LEN(tos_names); i++) {
		if (strcmp(text, tos_names[i].name) == 0) {
			n->tos = tos_names[i].tos;
			return 0;
		}
	}
	v = strtol(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	if (end == text || *end || v < 0 || v > 255)
		return complain(n, 0, "illegal tos value %s", text);
	n->tos = (int)v;
	return 0;
}

static int option(struct nc *n, int c, const char *arg)
{
	switch (c) {
	case '4': n->family = AF_INET; break;
	case '6': n->family = AF_INET6; break;
	case 'D': break;
	case 'b': n->broadcast = true; break;
	case 'C': n->crlf = true; break;
	case 'd': n->detach = true; break;
	case 'k': n->keep = true; break;
	case 'l': n->listen = true; break;
	case 'N': n->shut = true; break;
	case 'n': n->numeric = true; break;
	case 'p': n->source_port = arg; break;
	case 'r': n->random = true; break;
	case 's': n->source = arg; break;
	case 'u': n->udp = true; break;
	case 'v': n->verbose = true; break;
	case 'z': n->scan = true; break;
	case 'i': return number(n, "interval", arg, 0, UINT_MAX / 1000, &n->interval_s);
	case 'M': return number(n, "ttl is", arg, 0, 255, &n->ttl);
	case 'q':
		if (number(n, "quit timer", arg, INT_MIN, INT_MAX, &n->quit_s))
			return 1;
		n->shut |= n->quit_s >= 0;
		break;
	case 'T': return tos_option(n, arg);
	case 'W': return number(n, "receive limit", arg, 1, INT_MAX, &n->limit);
	case 'w': return number(n, "timeout", arg, 0, INT_MAX / 1000, &n->timeout_s);
	default:
		prog_refuse_opt(n->p, "nc", c);
		return 1;
	}
	return 0;
}

/* ---- names ---- */

/* the addresses of -s or the command line; 0, or 1 and told so */
static int find_hosts(struct nc *n, const char *host, const char *port, uint8_t family, struct sock_addr *out, unsigned *count)
{
	int err = netname_list(n->p, host, family, n->numeric, out, count, NULL);

	if (!err)
		return 0;
	if (port)
		return complain(n, 0, "getaddrinfo for host \"%s\" port %s: %s", host, port, gai_strerror(err));
	return complain(n, 0, "getaddrinfo: %s", gai_strerror(err));
}

/* the first of them, which is bound to */
static int find_host(struct nc *n, const char *host, uint8_t family, struct sock_addr *out)
{
	struct sock_addr list[NETNAME_ADDRS_MAX];
	unsigned count;

	if (find_hosts(n, host, NULL, family, list, &count))
		return 1;
	*out = list[0];
	return 0;
}

/* a local port, as getaddrinfo() reads it */
static int local_port(struct nc *n, const char *text, uint16_t *port)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	*port = (uint16_t)v;
	if (end != text && !*end)
		return 0;
	if (!n->numeric && netname_port(n->p, text, n->udp ? "udp" : "tcp", port))
		return 0;
	return complain(n, 0, "getaddrinfo: %s", gai_strerror(EAI_SERVICE));
}

/* "Listening on 0.0.0.0 80" */
static void report(struct nc *n, const char *what, const struct sock *sock, const struct sock_addr *a)
{
	struct sbuf s = SBUF_INIT;

	if (!n->verbose)
		return;
	sbuf_printf(&s, "%s on ", what);
	if (n->numeric || !a->family || !netname_of(n->p, a->family, &a->ip, &s)) {
		if (sock->family == a->family)
			netname_put_addr(n->p, a, &s);
		else
			sock_addr_put(&s, sock, a);
	}
	sbuf_printf(&s, " %u\n", a->port);
	proc_write(n->p, 2, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

static void set_options(struct nc *n, struct sock *s)
{
	sock_setopt(s, SOCK_OPT_UID, n->p->uid);
	if (n->broadcast)
		sock_setopt(s, SOCK_OPT_BROADCAST, 1);
	if (n->tos >= 0)
		sock_setopt(s, SOCK_OPT_TOS, n->tos);
	if (n->ttl > 0)
		sock_setopt(s, SOCK_OPT_TTL, n->ttl);
}

/* ---- between the net and standard input and output ---- */

enum { END_STDIN, END_NETOUT, END_NETIN, END_STDOUT, ENDS };

struct relay {
	struct nc *n;
	struct sock *s;
	bool open[ENDS];
	unsigned ready[ENDS];		/* POLL* */
	int received;
};

/* as poll() would fill it in: is there anything */
static bool look(struct relay *r)
{
	struct nc *n = r->n;
	unsigned ev = sock_poll(r->s), always = ev & (POLLERR | POLLHUP);

	memset(r->ready, 0, sizeof(r->ready));
	if (r->open[END_STDIN] && n->n_out < BUF && proc_readable(n->p))
		r->ready[END_STDIN] = POLLIN;
	if (r->open[END_NETOUT])
		r->ready[END_NETOUT] = always | (n->n_out ? ev & POLLOUT : 0);
	if (r->open[END_NETIN])
		r->ready[END_NETIN] = always | (n->n_in < BUF ? ev & POLLIN : 0);
	if (r->open[END_STDOUT] && n->n_in)
		r->ready[END_STDOUT] = POLLOUT;
	return r->ready[END_STDIN] | r->ready[END_NETOUT] | r->ready[END_NETIN] | r->ready[END_STDOUT];
}

/* wait for one of them: 0, -ETIMEDOUT, -EINTR */
static int relay_wait(struct relay *r)
{
	struct nc *n = r->n;
	uint64_t until = n->timeout_s >= 0 ? proc_now(n->p) + (uint64_t)n->timeout_s * NSEC_PER_SEC : SCHED_NEVER;
	struct waitq *qs[2] = { r->open[END_STDIN] && n->n_out < BUF ? proc_stdin_waitq(n->p) : NULL, &r->s->wq };
	int err = 0;

	while (!look(r) && !err)
		err = proc_wait_any(n->p, qs, 2, until);
	if (!err && n->p->signal)
		err = -EINTR;
	return err;
}

static void stop_reading_net(struct relay *r)
{
	if (r->open[END_NETIN])
		sock_shutdown(r->s, SHUT_RD);
	r->open[END_NETIN] = false;
}

/* what an error or hang-up closes */
static void closed_ends(struct relay *r)
{
	for (int i = 0; i < ENDS; i++)
		if (r->ready[i] & POLLERR)
			r->open[i] = false;
	if (r->ready[END_NETIN] & POLLHUP && !(r->ready[END_NETIN] & POLLIN))
		r->open[END_NETIN] = false;
	if (r->ready[END_NETOUT] & POLLHUP) {
		if (r->open[END_NETOUT] && r->n->shut)
			sock_shutdown(r->s, SHUT_WR);
		r->open[END_NETOUT] = false;
	}
	if (!r->open[END_NETOUT])
		r->open[END_STDIN] = false;
	if (!r->open[END_STDOUT])
		stop_reading_net(r);
}

static void from_stdin(struct relay *r)
{
	struct nc *n = r->n;
	ssize_t did = proc_read(n->p, n->out + n->n_out, BUF - n->n_out);

	if (did <= 0)
		r->open[END_STDIN] = false;
	else
		n->n_out += (size_t)did;
}

/* with -C a line ends with CR LF; @bytes is given back in s */
static void add_cr(const char *bytes, size_t n, struct sbuf *s)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r'))
			sbuf_putc(s, '\r');
		sbuf_putc(s, bytes[i]);
	}
}

static void to_net(struct relay *r)
{
	struct nc *n = r->n;
	struct sbuf s = SBUF_INIT;
	ssize_t did;

	if (n->crlf) {
		add_cr(n->out, n->n_out, &s);
		did = proc_send(n->p, r->s, s.data, s.len);
		sbuf_free(&s);
		did = did ? did : (ssize_t)n->n_out;
	} else {
		did = sock_send(r->s, n->out, n->n_out);
	}
	if (did == -EAGAIN)
		return;
	if (did < 0) {
		r->open[END_NETOUT] = false;
		return;
	}
	memmove(n->out, n->out + did, n->n_out - (size_t)did);
	n->n_out -= (size_t)did;
	proc_settle(n->p);
}

static void from_net(struct relay *r)
{
	struct nc *n = r->n;
	ssize_t did = sock_recv(r->s, n->in + n->n_in, BUF - n->n_in);

	if (did == -EAGAIN)
		return;
	if (did < 0)
		r->open[END_NETIN] = false;
	else if (did == 0 && !n->udp)
		stop_reading_net(r);
	else
		n->n_in += (size_t)did;
	if (n->limit > 0 && ++r->received >= n->limit) {
		stop_reading_net(r);
		r->open[END_STDIN] = false;
	}
}

static void to_stdout(struct relay *r)
{
	struct nc *n = r->n;

	if (proc_write(n->p, 1, n->in, n->n_in)) {
		n->p->broken_pipe = false;	/* nc ignores SIGPIPE */
		r->open[END_STDOUT] = false;
	}
	n->n_in = 0;
}

/* the ends that follow from others */
static void gone(struct relay *r)
{
	struct nc *n = r->n;

	if (!r->open[END_STDIN] && !n->n_out) {
		/*
		 * between namespaces of one machine, a write returns when the segment was received and its ACK is
		 * back: no FIN crosses that
		 */
		if (r->open[END_NETOUT] && !n->udp)
			proc_sleep(n->p, SETTLE_NS);
		if (r->open[END_NETOUT] && n->shut) {
			sock_shutdown(r->s, SHUT_WR);
			if (n->udp && n->quit_s >= 0)
				stop_reading_net(r);
		}
		r->open[END_NETOUT] = false;
	}
	if (!r->open[END_NETIN] && !n->n_in)
		r->open[END_STDOUT] = false;
}

static bool relay_done(const struct relay *r)
{
	const struct nc *n = r->n;
	bool empty = !n->n_out && !n->n_in;

	if (!r->open[END_STDIN] && !r->open[END_NETIN] && empty)
		return true;
	if (!r->open[END_NETOUT] && !r->open[END_STDOUT])
		return true;
	return n->listen && !r->open[END_NETIN] && empty;
}

/* until it is over; what was received before is in n->in */
static void relay(struct nc *n, struct sock *s)
{
	struct relay r = { .n = n, .s = s, .open = { !n->detach, true, true, true } };

	n->n_out = 0;
	while (!relay_done(&r)) {
		if (n->interval_s > 0 && proc_sleep(n->p, (uint64_t)n->interval_s * NSEC_PER_SEC))
			break;
		if (relay_wait(&r))
			return;
		closed_ends(&r);
		if (r.open[END_STDIN] && r.ready[END_STDIN] & POLLIN)
			from_stdin(&r);
		if (r.open[END_NETOUT] && r.ready[END_NETOUT] & POLLOUT && n->n_out)
			to_net(&r);
		if (r.open[END_NETIN] && r.ready[END_NETIN] & POLLIN)
			from_net(&r);
		if (r.open[END_STDOUT] && r.ready[END_STDOUT] & POLLOUT)
			to_stdout(&r);
		gone(&r);
	}
	if (n->quit_s > 0) {
		sock_shutdown(s, SHUT_RDWR);
		proc_sleep(n->p, (uint64_t)n->quit_s * NSEC_PER_SEC);
		n->quit = true;
	}
}

/* ---- listening ---- */

static int local_listen(struct nc *n, struct sock **out)
{
	struct sock_addr a = { .family = n->family ? n->family : AF_INET };
	struct sock *s;
	int err;

	if (n->host && find_host(n, n->host, n->family, &a))
		return 1;
	if (local_port(n, n->port, &a.port))
		return 1;
	err = sock_open(n->p->host->sock, a.family, n->udp ? SOCK_DGRAM : SOCK_STREAM, 0, &s);
	if (err)
		return complain(n, 0, "%s", strerror(-err));
	set_options(n, s);
	sock_setopt(s, SOCK_OPT_REUSEADDR, 1);
	sock_setopt(s, SOCK_OPT_REUSEPORT, 1);
	err = sock_bind(s, &a);
	if (!err && !n->udp)
		err = sock_listen(s, 1);
	if (err) {
		sock_close(s);
		return complain(n, 0, "%s", strerror(-err));
	}
	proc_sock_own(n->p, s, 3);
	report(n, n->udp ? "Bound" : "Listening", s, &s->local);
	*out = s;
	return 0;
}

/* the first datagram says who the peer is */
static int serve_udp(struct nc *n, struct sock *s)
{
	struct sock_msg m;
	ssize_t did;
	int err;

	n->n_in = 0;
	if (!n->keep) {
		did = proc_recvfrom(n->p, s, n->in, BUF, &m, SCHED_NEVER);
		if (did < 0)
			return did == -EINTR ? 1 : complain(n, (int)-did, "recvfrom");
		err = sock_connect(s, &m.from);
		if (err)
			return complain(n, -err, "connect");
		n->n_in = (size_t)did;
		report(n, "Connection received", s, &m.from);
	}
	relay(n, s);
	return 0;
}

static int serve_tcp(struct nc *n, struct sock *s)
{
	struct sock *c;
	int err = proc_accept(n->p, s, &c, SCHED_NEVER);

	if (err)
		return err == -EINTR ? 1 : complain(n, -err, "accept");
	proc_sock_own(n->p, c, 4);
	report(n, "Connection received", c, &c->peer);
	n->n_in = 0;
	relay(n, c);
	sock_close(c);
	return 0;
}

static int serve(struct nc *n)
{
	struct sock *s = NULL;
	int status = local_listen(n, &s);

	if (status)
		return status;
	do
		status = n->udp ? serve_udp(n, s) : serve_tcp(n, s);
	while (!status && n->keep && !n->quit && !n->p->signal);
	sock_close(s);
	return status;
}

/* ---- connecting ---- */

static void connect_failed(struct nc *n, const struct sock_addr *to, int err, bool timed_out)
{
	const char *proto = n->udp ? "udp" : "tcp", *how = timed_out ? "timed out" : "failed";
	struct sbuf s = SBUF_INIT;

	if (!n->verbose)
		return;
	netname_put_addr(n->p, to, &s);
	if (n->numeric || strcmp(sbuf_str(&s), n->host) == 0)
		complain(n, err, "connect to %s port %u (%s) %s", n->host, to->port, proto, how);
	else
		complain(n, err, "connect to %s (%s) port %u (%s) %s", n->host, sbuf_str(&s), to->port, proto, how);
	sbuf_free(&s);
}

/* 0: connected; 1: not, and told so; 2: not, and the rest is not to be tried either */
static int connect_to(struct nc *n, const struct sock_addr *to, struct sock **out)
{
	uint64_t until = n->timeout_s >= 0 ? proc_now(n->p) + (uint64_t)n->timeout_s * NSEC_PER_SEC : SCHED_NEVER;
	struct sock_addr from = { .family = to->family };
	struct sock *s;
	int err;

	if ((n->source && find_host(n, n->source, to->family, &from)) ||
	    (n->source_port && local_port(n, n->source_port, &from.port)))
		return 2;
	err = sock_open(n->p->host->sock, to->family, n->udp ? SOCK_DGRAM : SOCK_STREAM, 0, &s);
	if (err) {
		complain(n, -err, "socket");
		return 2;
	}
	set_options(n, s);
	proc_sock_own(n->p, s, 3);
	if ((n->source || n->source_port) && (err = sock_bind(s, &from))) {
		sock_close(s);
		complain(n, -err, "bind failed");
		return 2;
	}
	err = proc_connect(n->p, s, to, until);
	if (!err) {
		*out = s;
		return 0;
	}
	sock_close(s);
	if (err == -EINTR)
		return 2;
	if (err == -ETIMEDOUT && proc_now(n->p) >= until)
		connect_failed(n, to, EINPROGRESS, true);
	else
		connect_failed(n, to, -err, false);
	return 1;
}

/* the first of the host's addresses that takes it */
static int connect_any(struct nc *n, uint16_t port, struct sock **out)
{
	int err = 1;

	for (unsigned i = 0; i < n->n_addrs && err == 1; i++) {
		n->addrs[i].port = port;
		err = connect_to(n, &n->addrs[i], out);
	}
	return err;
}

/* does a UDP port refuse what is sent to it; three seconds, or -w, without a refusal are taken for an open one */
static bool udp_open(struct nc *n, struct sock *s)
{
	int seconds = n->timeout_s >= 0 ? n->timeout_s : UDP_SCAN_S;

	/*
	 * between two namespaces Linux has a refusal back before the second one is sent; here it takes the frames'
	 * time
	 */
	if (sock_send(s, "X", 1) != 1 || proc_sock_wait(n->p, s, POLLERR, proc_now(n->p) + NSEC_PER_MSEC) == -EINTR)
		return false;
	if (sock_send(s, "X", 1) == -ECONNREFUSED)
		return false;
	for (int i = 0; i < seconds; i++)
		if (proc_sleep(n->p, NSEC_PER_SEC) || sock_send(s, "X", 1) == -ECONNREFUSED)
			return false;
	return true;
}

static void connected(struct nc *n, const struct sock *sock, uint16_t port)
{
	const char *proto = n->udp ? "udp" : "tcp";
	struct sbuf s = SBUF_INIT, text = SBUF_INIT;

	sbuf_printf(&s, "Connection to %s", n->host);
	netname_put_addr(n->p, &sock->peer, &text);
	if (!n->numeric && strcmp(sbuf_str(&text), n->host) != 0)
		sbuf_printf(&s, " (%s)", sbuf_str(&text));
	sbuf_free(&text);
	sbuf_printf(&s, " %u port [%s/", port, proto);
	if (n->numeric || !netname_service(n->p, port, proto, &s))
		sbuf_putc(&s, '*');
	sbuf_puts(&s, "] succeeded!\n");
	proc_write(n->p, 2, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

static int visit(struct nc *n, uint16_t port, int *status)
{
	struct sock *s;
	int err = connect_any(n, port, &s);

	if (err)
		return err - 1;
	*status = 0;
	if (n->verbose && n->udp && !udp_open(n, s)) {
		*status = 1;
	} else {
		if (n->verbose)
			connected(n, s, port);
		n->n_in = 0;
		if (!n->scan)
			relay(n, s);
	}
	sock_close(s);
	return n->p->signal != 0;
}

/* one end of a range, or a port; 0, or 1 and told so */
static int port_number(struct nc *n, const char *text, uint16_t *port)
{
	int v;

	if (!n->numeric && netname_port(n->p, text, n->udp ? "udp" : "tcp", port))
		return 0;
	if (number(n, "port number", text, 1, 65535, &v))
		return 1;
	*port = (uint16_t)v;
	return 0;
}

/* @list gets the ports that one argument means */
static int port_range(struct nc *n, char *text, uint16_t *list, unsigned *count)
{
	char *dash = strchr(text, '-');
	uint16_t lo, hi, tmp;

	if (!dash || (!n->numeric && netname_port(n->p, text, n->udp ? "udp" : "tcp", &lo))) {
		if (port_number(n, text, &lo))
			return 1;
		hi = lo;
	} else {
		*dash = 0;
		if (port_number(n, text, &lo) || port_number(n, dash + 1, &hi))
			return 1;
	}
	if (lo > hi) {
		tmp = lo;
		lo = hi;
		hi = tmp;
	}
	for (unsigned p = lo; p <= hi && *count < PORTS_MAX; p++)
		list[(*count)++] = (uint16_t)p;
	return 0;
}

static void shuffle(struct nc *n, uint16_t *list, unsigned count)
{
	for (unsigned i = count; i > 1; i--) {
		unsigned j = rng_below(&proc_ns(n->p)->world->rng, i);
		uint16_t tmp = list[i - 1];

		list[i - 1] = list[j];
		list[j] = tmp;
	}
}

static int connect_all(struct nc *n, char **ports, int n_ports)
{
	uint16_t *list = mem_alloc(PORTS_MAX * sizeof(*list));
	unsigned count = 0;
	int status = 1;

	if (!list)
		return complain(n, ENOMEM, "malloc");
	for (int i = 0; i < n_ports; i++)
		if (port_range(n, ports[i], list, &count))
			goto out;
	if (n->random)
		shuffle(n, list, count);
	if (count && find_hosts(n, n->host, ports[0], n->family, n->addrs, &n->n_addrs))
		goto out;
	for (unsigned i = 0; i < count && !n->quit; i++) {
		if (visit(n, list[i], &status))
			break;
		if (n->interval_s > 0 && i + 1 < count && proc_sleep(n->p, (uint64_t)n->interval_s * NSEC_PER_SEC))
			break;
	}
out:
	mem_free(list);
	return status;
}

static int main_of(struct nc *n, int argc, char **argv)
{
	struct proc_opts o = { 0 };
	int c, left;

	while ((c = proc_getopt(n->p, &o, "46bCDdFhI:i:klM:m:NnO:P:p:q:rSs:T:tUuV:vW:w:X:x:Zz", NULL)) != -1) {
		if (c == 'h')
			proc_eprintf(n->p, "OpenBSD netcat (Debian patchlevel 1.219-1)\n%s%s", usage, help);
		if (c == '?')
			proc_eprintf(n->p, "%s", usage);
		if (c == 'h' || c == '?')
			return c == '?';
		if (option(n, c, o.arg))
			return 1;
	}
	argv += o.ind;
	left = argc - o.ind;
	if (n->listen && n->scan)
		return complain(n, 0, "cannot use -z and -l");
	if (n->keep && !n->listen)
		return complain(n, 0, "must use -l with -k");
	if (n->listen) {
		/* the port is the last operand, or -p */
		if (left == 0 && !n->source_port)
			return complain(n, 0, "missing port number");
		if (left > 2 || (left == 2 && n->source_port) || (left && n->source)) {
			proc_eprintf(n->p, "%s", usage);
			return 1;
		}
		n->host = left == 2 || (left == 1 && n->source_port) ? argv[0] : n->source;
		n->port = n->source_port ? n->source_port : argv[left - 1];
		return serve(n);
	}
	if (left == 1)
		return complain(n, 0, "missing port number");
	if (left == 0) {
		proc_eprintf(n->p, "%s", usage);
		return 1;
	}
	n->host = argv[0];
	return connect_all(n, argv + 1, left - 1);
}

int prog_nc(struct proc *p, int argc, char **argv)
{
	struct nc *n = mem_zalloc(sizeof(*n));
	int status;

	if (!n)
		return 1;
	n->p = p;
	n->timeout_s = n->interval_s = n->quit_s = n->ttl = n->tos = n->limit = -1;
	status = main_of(n, argc, argv);
	mem_free(n);
	return status;
}
