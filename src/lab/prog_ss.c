/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/prog_ss.c - ss (iproute2 6.1) and netstat (net-tools 2.10) on a simulated host: its sockets, and for netstat
 * its routes and links.
 *
 * Beside the packet's way: they only look at the host's tables.
 *
 * Theory of operation: ss collects its rows first, for its columns are as wide as what is in them; a column that
 * says nothing (one kind of socket, one state) is left out. The order of sockets, which Linux leaves to its hash
 * tables, is that of their making.
 *
 * References: ss(8), netstat(8).
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "front/cmd.h"
#include "lab/lab.h"
#include "lab/netname.h"
#include "lab/programs.h"
#include "lab/sock.h"

enum { KIND_RAW = 1, KIND_UDP = 2, KIND_TCP = 4, KIND_ALL = 7 };

#define STATE(s) (1u << (s))
#define STATES_ALL (STATE(TCP_STATE_MAX) - 1)
#define STATES_LISTEN (STATE(TCP_LISTEN) | STATE(TCP_CLOSED))
#define STATES_CONN (STATES_ALL & ~(STATES_LISTEN | STATE(TCP_TIME_WAIT) | STATE(TCP_SYN_RECEIVED)))

static const char usage[] =
	"Usage: ss [ OPTIONS ]\n"
	"       ss [ OPTIONS ] [ FILTER ]\n"
	"   -h, --help          this message\n"
	"   -V, --version       output version information\n"
	"   -n, --numeric       don't resolve service names\n"
	"   -r, --resolve       resolve host names\n"
	"   -a, --all           display all sockets\n"
	"   -l, --listening     display listening sockets\n"
	"   -o, --options       show timer information\n"
	"   -e, --extended      show detailed socket information\n"
	"   -m, --memory        show socket memory usage\n"
	"   -p, --processes     show process using socket\n"
	"   -T, --threads       show thread using socket\n"
	"   -i, --info          show internal TCP information\n"
	"       --tipcinfo      show internal tipc socket information\n"
	"   -s, --summary       show socket usage summary\n"
	"       --tos           show tos and priority information\n"
	"       --cgroup        show cgroup information\n"
	"   -b, --bpf           show bpf filter socket information\n"
	"   -E, --events        continually display sockets as they are destroyed\n"
	"   -Z, --context       display task SELinux security contexts\n"
	"   -z, --contexts      display task and socket SELinux security contexts\n"
	"   -N, --net           switch to the specified network namespace name\n"
	"\n"
	"   -4, --ipv4          display only IP version 4 sockets\n"
	"   -6, --ipv6          display only IP version 6 sockets\n"
	"   -0, --packet        display PACKET sockets\n"
	"   -t, --tcp           display only TCP sockets\n"
	"   -M, --mptcp         display only MPTCP sockets\n"
	"   -S, --sctp          display only SCTP sockets\n"
	"   -u, --udp           display only UDP sockets\n"
	"   -d, --dccp          display only DCCP sockets\n"
	"   -w, --raw           display only RAW sockets\n"
	"   -x, --unix          display only Unix domain sockets\n"
	"       --tipc          display only TIPC sockets\n"
	"       --vsock         display only vsock sockets\n"
	"       --xdp           display only XDP sockets\n"
	"   -f, --family=FAMILY display sockets of type FAMILY\n"
	"       FAMILY := {inet|inet6|link|unix|netlink|vsock|tipc|xdp|help}\n"
	"\n"
	"   -K, --kill          forcibly close sockets, display what was closed\n"
	"   -H, --no-header     Suppress header line\n"
	"   -O, --oneline       socket's data printed on a single line\n"
	"       --inet-sockopt  show various inet socket options\n"
	"\n"
	"   -A, --query=QUERY, --socket=QUERY\n"
	"       QUERY := "
	"{all|inet|tcp|mptcp|udp|raw|unix|unix_dgram|unix_stream|unix_seqpacket|packet|packet_raw|packet_dgram|netlink|"
	"dccp|sctp|vsock_stream|vsock_dgram|tipc|xdp}[,QUERY]\n"
	"\n"
	"   -D, --diag=FILE     Dump raw information about TCP sockets to FILE\n"
	"   -F, --filter=FILE   read filter information from FILE\n"
	"       FILTER := [ state STATE-FILTER ] [ EXPRESSION ]\n"
	"       STATE-FILTER := {all|connected|synchronized|bucket|big|TCP-STATES}\n"
	"         TCP-STATES := "
	"{established|syn-sent|syn-recv|fin-wait-{1,2}|time-wait|closed|close-wait|last-ack|listening|closing}\n"
	"          connected := {established|syn-sent|syn-recv|fin-wait-{1,2}|time-wait|close-wait|last-ack|closing}\n"
	"       synchronized := {established|syn-recv|fin-wait-{1,2}|time-wait|close-wait|last-ack|closing}\n"
	"             bucket := {syn-recv|time-wait}\n"
	"                big := {established|syn-sent|fin-wait-{1,2}|closed|close-wait|last-ack|listening|closing}\n";

static const char netstat_usage[] =
	"usage: netstat [-vWeenNcCF] [<Af>] -r         netstat {-V|--version|-h|--help}\n"
	"       netstat [-vWnNcaeol] [<Socket> ...]\n"
	"       netstat { [-vWeenNac] -i | [-cnNe] -M | -s [-6tuw] }\n"
	"\n"
	"        -r, --route              display routing table\n"
	"        -i, --interfaces         display interface table\n"
	"        -g, --groups             display multicast group memberships\n"
	"        -s, --statistics         display networking statistics (like SNMP)\n"
	"        -M, --masquerade         display masqueraded connections\n"
	"\n"
	"        -v, --verbose            be verbose\n"
	"        -W, --wide               don't truncate IP addresses\n"
	"        -n, --numeric            don't resolve names\n"
	"        --numeric-hosts          don't resolve host names\n"
	"        --numeric-ports          don't resolve port names\n"
	"        --numeric-users          don't resolve user names\n"
	"        -N, --symbolic           resolve hardware names\n"
	"        -e, --extend             display other/more information\n"
	"        -p, --programs           display PID/Program name for sockets\n"
	"        -o, --timers             display timers\n"
	"        -c, --continuous         continuous listing\n"
	"\n"
	"        -l, --listening          display listening server sockets\n"
	"        -a, --all                display all sockets (default: connected)\n"
	"        -F, --fib                display Forwarding Information Base (default)\n"
	"        -C, --cache              display routing cache instead of FIB\n"
	"        -Z, --context            display SELinux security context for sockets\n"
	"\n"
	"  <Socket>={-t|--tcp} {-u|--udp} {-U|--udplite} {-S|--sctp} {-w|--raw}\n"
	"           {-x|--unix} --ax25 --ipx --netrom\n"
	"  <AF>=Use '-6|-4' or '-A <af>' or '--<af>'; default: inet\n"
	"  List of possible address families (which support routing):\n"
	"    inet (DARPA Internet) inet6 (IPv6) ax25 (AMPR AX.25) \n"
	"    netrom (AMPR NET/ROM) rose (AMPR ROSE) ipx (Novell IPX) \n"
	"    ddp (Appletalk DDP) x25 (CCITT X.25) \n";

static unsigned kind_of(const struct sock *s)
{
	return s->type == SOCK_RAW       ? KIND_RAW
	       : s->proto == IPPROTO_UDP ? KIND_UDP
	       : s->proto == IPPROTO_TCP ? KIND_TCP
					 : KIND_RAW;
}

static const char *proto_name(unsigned kind)
{
	return kind == KIND_TCP ? "tcp" : kind == KIND_UDP ? "udp" : "raw";
}

/* a port as its service's name or number, or "*" */
static void put_port(struct proc *p, struct sbuf *s, uint16_t port, unsigned kind, bool numeric)
{
	if (!port)
		sbuf_putc(s, '*');
	else if (numeric || kind == KIND_RAW || !netname_service(p, port, proto_name(kind), s))
		sbuf_printf(s, "%u", port);
}

static bool put_name(struct proc *p, struct sbuf *s, const struct sock_addr *a)
{
	return a->family && !addr_is_any(&a->ip) && netname_of(p, a->family, &a->ip, s);
}

/* bound to an address of IPv6, a socket takes no more IPv4, whatever it was set to */
static bool is_v6only(const struct sock *s)
{
	return s->opt[SOCK_OPT_V6ONLY] || (s->local.family == AF_INET6 && !addr_is_any(&s->local.ip));
}

/* ---- ss ---- */

enum { COL_NETID, COL_STATE, COL_RECVQ, COL_SENDQ, COL_LOCAL, COL_LPORT, COL_PEER, COL_PPORT, COL_PROC, COLS };

static const struct { const char *title, *delim; bool right;
} columns[COLS] = {
	[COL_NETID] = { "Netid", "", false },          [COL_STATE] = { "State", " ", false },
	[COL_RECVQ] = { "Recv-Q", " ", false },        [COL_SENDQ] = { "Send-Q", " ", false },
	[COL_LOCAL] = { "Local Address:", " ", true }, [COL_LPORT] = { "Port", "", false },
	[COL_PEER] = { "Peer Address:", " ", true },   [COL_PPORT] = { "Port", "", false },
	[COL_PROC] = { "Process", "", false },
};

struct row {
	struct sbuf col[COLS];
};

struct ss {
	struct proc *p;
	unsigned kinds, states;
	bool numeric, resolve, processes, no_header, listening, all, summary;
	uint8_t family;			/* AF_UNSPEC: both */
	/* filter: 0 or all zero: any */
	uint16_t sport, dport;
	struct ss_host { struct sock_addr at; uint8_t plen; bool set; } src, dst;
	unsigned kind;			/* that is being collected */
	struct row *rows;
	size_t n, cap;
};

static bool is_in(const struct sock_addr *a, const struct ss_host *h)
{
	return !h->set || (a->family == h->at.family && addr_in(a->family, &a->ip, &h->at.ip, h->plen));
}

static bool ss_wants(const struct ss *ss, const struct sock *s)
{
	if (kind_of(s) != ss->kind || !(ss->states & STATE(s->state)) || (ss->family && s->family != ss->family))
		return false;
	if (s->orphan && s->type != SOCK_STREAM)
		return false;
	/* a TCP socket that was never bound nor connected is in none of the kernel's tables */
	if (s->type == SOCK_STREAM && s->state == TCP_CLOSED)
		return false;
	if ((ss->sport && s->local.port != ss->sport) || (ss->dport && s->peer.port != ss->dport))
		return false;
	return is_in(&s->local, &ss->src) && is_in(&s->peer, &ss->dst);
}

/* "[fe80::1]%va:", "*:" for both families, "192.0.2.1:" */
static void put_end_of(struct ss *ss, struct sbuf *out, const struct sock *s, const struct sock_addr *a)
{
	struct link *dev = a == &s->local ? link_by_index(&proc_ns(ss->p)->links, s->opt[SOCK_OPT_BINDTODEVICE]) : NULL;

	if (ss->resolve && put_name(ss->p, out, a)) {
		sbuf_putc(out, ':');
		return;
	}
	if (s->family == AF_INET6 && addr_is_any(&a->ip)) {
		sbuf_puts(out, is_v6only(s) ? "[::]" : "*");
	} else if (s->family == AF_INET6) {
		sbuf_putc(out, '[');
		sock_addr_put(out, s, a);
		sbuf_putc(out, ']');
	} else {
		addr_put(out, AF_INET, &a->ip);
	}
	if (dev)
		sbuf_printf(out, "%%%s", dev->name);
	sbuf_putc(out, ':');
}

static int ss_row(void *ctx, const struct sock *s)
{
	struct ss *ss = ctx;
	struct row *r;
	uint32_t rq, sq;

	if (!ss_wants(ss, s))
		return 0;
	if (ss->n == ss->cap) {
		size_t cap = ss->cap ? 2 * ss->cap : 32;
		struct row *rows = mem_realloc(ss->rows, cap * sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		ss->rows = rows;
		ss->cap = cap;
	}
	r = &ss->rows[ss->n++];
	memset(r, 0, sizeof(*r));
	sock_queues(s, &rq, &sq);
	sbuf_puts(&r->col[COL_NETID], proto_name(ss->kind));
	sbuf_puts(&r->col[COL_STATE], sock_state_name(s));
	sbuf_printf(&r->col[COL_RECVQ], "%-6u", rq);
	sbuf_printf(&r->col[COL_SENDQ], "%-6u", sq);
	put_end_of(ss, &r->col[COL_LOCAL], s, &s->local);
	put_port(ss->p, &r->col[COL_LPORT], ss->kind == KIND_RAW ? s->proto : s->local.port, ss->kind, ss->numeric);
	put_end_of(ss, &r->col[COL_PEER], s, &s->peer);
	put_port(ss->p, &r->col[COL_PPORT], s->peer.port, ss->kind, ss->numeric);
	if (ss->processes && s->owner_pid && !s->orphan)
		sbuf_printf(&r->col[COL_PROC], " users:((\"%s\",pid=%d,fd=%d))", s->owner, s->owner_pid, s->owner_fd);
	return 0;
}

static void put_cell(struct sbuf *out, int c, const char *text, size_t width, bool first)
{
	if (!first)
		sbuf_puts(out, columns[c].delim);
	sbuf_printf(out, columns[c].right ? "%*s" : "%-*s", (int)width, text);
}

static void ss_print(struct ss *ss, unsigned states)
{
	struct sbuf out = SBUF_INIT;
	size_t width[COLS] = { 0 };
	bool off[COLS] = { false }, first;

	off[COL_NETID] = !(ss->kinds & (ss->kinds - 1));
	off[COL_STATE] = !(states & (states - 1));
	for (int c = 0; c < COLS; c++) {
		width[c] = ss->no_header ? 0 : strlen(columns[c].title);
		for (size_t i = 0; i < ss->n; i++)
			width[c] = MAX(width[c], ss->rows[i].col[c].len);
	}
	for (size_t i = ss->no_header ? 1 : 0; i <= ss->n; i++) {
		first = true;
		for (int c = 0; c < COLS; c++) {
			if (off[c])
				continue;
			put_cell(&out, c, i ? sbuf_str(&ss->rows[i - 1].col[c]) : columns[c].title, width[c],
				 first || !width[c]);
			first = false;
		}
		sbuf_putc(&out, '\n');
	}
	proc_write(ss->p, 1, sbuf_str(&out), out.len);
	sbuf_free(&out);
}

static const struct { const char *name; unsigned states;
} state_words[] = {
	{ "established", STATE(TCP_ESTABLISHED) },
	{ "syn-sent", STATE(TCP_SYN_SENT) },
	{ "syn-recv", STATE(TCP_SYN_RECEIVED) },
	{ "fin-wait-1", STATE(TCP_FIN_WAIT_1) },
	{ "fin-wait-2", STATE(TCP_FIN_WAIT_2) },
	{ "time-wait", STATE(TCP_TIME_WAIT) },
	{ "closed", STATE(TCP_CLOSED) },
	{ "unconnected", STATE(TCP_CLOSED) },
	{ "close-wait", STATE(TCP_CLOSE_WAIT) },
	{ "last-ack", STATE(TCP_LAST_ACK) },
	{ "listening", STATE(TCP_LISTEN) },
	{ "listen", STATE(TCP_LISTEN) },
	{ "closing", STATE(TCP_CLOSING) },
	{ "all", STATES_ALL },
	{ "connected", STATES_ALL & ~STATES_LISTEN },
	{ "synchronized", STATES_ALL & ~(STATES_LISTEN | STATE(TCP_SYN_SENT)) },
	{ "bucket", STATE(TCP_SYN_RECEIVED) | STATE(TCP_TIME_WAIT) },
	{ "big", STATES_ALL & ~(STATE(TCP_SYN_RECEIVED) | STATE(TCP_TIME_WAIT)) },
};

static unsigned find_states(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(state_words); i++)
		if (strcmp(word, state_words[i].name) == 0)
			return state_words[i].states;
	return 0;
}

/* ":80", "80", ":http" */
static int filter_port(struct ss *ss, const char *text, uint16_t *port)
{
	uint32_t n;

	text += *text == ':';
	if (fmt_parse_u32(text, 10, 65535, &n) == 0) {
		*port = (uint16_t)n;
		return 0;
	}
	return netname_port(ss->p, text, "tcp", port) || netname_port(ss->p, text, "udp", port) ? 0 : -EINVAL;
}

/* "10.0.0.0/8", "10.0.0.1:80", ":80", "[2001:db8::1]:80" */
static int filter_host(struct ss *ss, const char *text, struct ss_host *h, uint16_t *port)
{
	const char *end = *text == '[' ? strchr(text, ']') : NULL, *slash = strchr(text, '/');
	const char *colon = strchr(end ? end : slash ? slash : text, ':');
	char host[64];
	uint32_t n;

	if (*text == '[' && !end)
		return -EINVAL;
	text += end != NULL;
	if (colon && filter_port(ss, colon, port))
		return -EINVAL;
	snprintf(host, sizeof(host), "%.*s", (int)(end ? end - text : colon ? colon - text : (long)strlen(text)), text);
	if (!*host || strcmp(host, "*") == 0)
		return 0;
	slash = strchr(host, '/');
	n = slash ? (uint32_t)strtoul(slash + 1, NULL, 10) : 128;
	host[strcspn(host, "/")] = 0;
	h->set = true;
	if (netname_addr(ss->p, host, AF_UNSPEC, false, &h->at, NULL))
		return -EINVAL;
	h->plen = (uint8_t)MIN(n, (uint32_t)addr_bits(h->at.family));
	return slash && n > addr_bits(h->at.family) ? -EINVAL : 0;
}

/* the filter words: all of them must hold */
static int ss_filter(struct ss *ss, int n, char **w)
{
	int err = 0;

	for (int i = 0; i < n && !err; i++) {
		const char *value = i + 1 < n ? w[i + 1] : NULL;

		if (strcmp(w[i], "and") == 0 || strcmp(w[i], "&&") == 0 || strcmp(w[i], "(") == 0 ||
		    strcmp(w[i], ")") == 0)
			continue;
		if (value && (strcmp(value, "=") == 0 || strcmp(value, "==") == 0 || strcmp(value, "eq") == 0)) {
			i++;
			value = i + 1 < n ? w[i + 1] : NULL;
		}
		if (!value)
			err = -EINVAL;
		else if (strcmp(w[i], "state") == 0)
			err = (ss->states = find_states(value)) ? 0 : -EINVAL;
		else if (strcmp(w[i], "sport") == 0 || strcmp(w[i - (i > 0)], "sport") == 0)
			err = filter_port(ss, value, &ss->sport);
		else if (strcmp(w[i], "dport") == 0 || strcmp(w[i - (i > 0)], "dport") == 0)
			err = filter_port(ss, value, &ss->dport);
		else if (strcmp(w[i], "src") == 0)
			err = filter_host(ss, value, &ss->src, &ss->sport);
		else if (strcmp(w[i], "dst") == 0)
			err = filter_host(ss, value, &ss->dst, &ss->dport);
		else
			err = -EINVAL;
		if (err) {
			proc_eprintf(ss->p, "ss: natbox does not simulate the filter \"%s\"\n", w[i]);
			return 255;
		}
		i++;
	}
	return 0;
}

struct totals {
	unsigned n[8], n6[8], estab, orphan, timewait;
};

static int add_totals(void *ctx, const struct sock *s)
{
	struct totals *t = ctx;

	if (s->type == SOCK_STREAM && s->state == TCP_CLOSED)
		return 0;
	t->n[kind_of(s)]++;
	t->n6[kind_of(s)] += s->family == AF_INET6 && s->state != TCP_TIME_WAIT;
	if (s->type == SOCK_STREAM) {
		t->estab += s->state == TCP_ESTABLISHED;
		t->timewait += s->state == TCP_TIME_WAIT;
		t->orphan += s->orphan && s->state != TCP_TIME_WAIT;
	}
	return 0;
}

static int ss_summary(struct ss *ss)
{
	struct totals t = { .estab = 0 };
	unsigned tcp, all, all6;

	sock_walk(ss->p->host->sock, add_totals, &t);
	tcp = t.n[KIND_TCP] - t.timewait;
	all = t.n[KIND_RAW] + t.n[KIND_UDP] + tcp;
	all6 = t.n6[KIND_RAW] + t.n6[KIND_UDP] + t.n6[KIND_TCP];
	proc_printf(ss->p, "Total: %u\nTCP:   %u (estab %u, closed %u, orphaned %u, timewait %u)\n\n", all,
		    t.n[KIND_TCP], t.estab, t.timewait, t.orphan, t.timewait);
	proc_printf(ss->p,
		    "Transport Total     IP        IPv6\nRAW\t  %-9u %-9u %-9u\nUDP\t  %-9u %-9u %-9u\nTCP\t  %-9u "
		    "%-9u %-9u\n",
		    t.n[KIND_RAW], t.n[KIND_RAW] - t.n6[KIND_RAW], t.n6[KIND_RAW], t.n[KIND_UDP], t.n[KIND_UDP] - t.n6[KIND_UDP],
		    t.n6[KIND_UDP], tcp, tcp - t.n6[KIND_TCP], t.n6[KIND_TCP]);
	proc_printf(ss->p, "INET\t  %-9u %-9u %-9u\nFRAG\t  %-9u %-9u %-9u\n\n", all, all - all6, all6, 0, 0, 0);
	return 0;
}

static int ss_option(struct ss *ss, int c)
{
	switch (c) {
	case 'n': ss->numeric = true; break;
	case 'r': ss->resolve = true; break;
	case 'l': ss->listening = true; break;
	case 'a': ss->all = true; break;
	case 't': ss->kinds |= KIND_TCP; break;
	case 'u': ss->kinds |= KIND_UDP; break;
	case 'w': ss->kinds |= KIND_RAW; break;
	case 'p': ss->processes = true; break;
	case 'H': ss->no_header = true; break;
	case 's': ss->summary = true; break;
	case 'O': break;
	case '4': ss->family = AF_INET; break;
	case '6': ss->family = AF_INET6; break;
	case 'V':
		proc_printf(ss->p, "ss utility, iproute2-6.1.0\n");
		return 256;
	case 'h':
		proc_printf(ss->p, "%s", usage);
		return 256;
	case '?':
		proc_eprintf(ss->p, "%s", usage);
		return 255;
	default:
		prog_refuse_opt(ss->p, "ss", c);
		return 255;
	}
	return 0;
}

static int ss_run(struct ss *ss)
{
	static const unsigned order[] = { KIND_RAW, KIND_UDP, KIND_TCP };
	unsigned wanted = ss->states, seen = 0;

	if (ss->summary)
		return ss_summary(ss);
	if (!ss->kinds)
		ss->kinds = KIND_ALL;
	if (!wanted)
		wanted = ss->all ? STATES_ALL : ss->listening ? STATES_LISTEN : STATES_CONN;
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		if (!(ss->kinds & order[i]))
			continue;
		ss->kind = order[i];
		ss->states = wanted;
		/* sockets without connections know two states, and listing the connected ones leaves one */
		seen |= order[i] == KIND_TCP ? wanted : wanted & (STATES_LISTEN | STATE(TCP_ESTABLISHED));
		sock_walk(ss->p->host->sock, ss_row, ss);
	}
	ss_print(ss, seen);
	return 0;
}

int prog_ss(struct proc *p, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "numeric", 0, NULL, 'n' },  { "resolve", 0, NULL, 'r' },   { "listening", 0, NULL, 'l' },
		{ "all", 0, NULL, 'a' },      { "tcp", 0, NULL, 't' },       { "udp", 0, NULL, 'u' },
		{ "raw", 0, NULL, 'w' },      { "processes", 0, NULL, 'p' }, { "no-header", 0, NULL, 'H' },
		{ "summary", 0, NULL, 's' },  { "ipv4", 0, NULL, '4' },      { "ipv6", 0, NULL, '6' },
		{ "version", 0, NULL, 'V' },  { "help", 0, NULL, 'h' },      { "oneline", 0, NULL, 'O' },
		{ "extended", 0, NULL, 'e' }, { "info", 0, NULL, 'i' },      { "memory", 0, NULL, 'm' },
		{ "options", 0, NULL, 'o' },  { NULL, 0, NULL, 0 },
	};
	struct proc_opts o = { 0 };
	struct ss ss = { .p = p };
	int c, status = 0;

	while (!status && (c = proc_getopt(p, &o, "dhaletuwxnro460spTbEf:mMiA:D:F:vVzZN:KHSO", longs)) != -1)
		status = ss_option(&ss, c);
	if (!status)
		status = ss_filter(&ss, argc - o.ind, argv + o.ind);
	if (!status)
		status = ss_run(&ss);
	for (size_t i = 0; i < ss.n; i++)
		for (int col = 0; col < COLS; col++)
			sbuf_free(&ss.rows[i].col[col]);
	mem_free(ss.rows);
	return status == 256 ? 0 : status;
}

/* ---- netstat ---- */

struct netstat {
	struct proc *p;
	unsigned kinds, kind;
	bool numeric, listening, all, processes, routes, links, wide;
	uint8_t family, of;		/* asked for, AF_UNSPEC: both; that is being collected */
	struct sbuf out;
};

static const char *const netstat_states[TCP_STATE_MAX] = {
	[TCP_CLOSED] = "",
	[TCP_LISTEN] = "LISTEN",
	[TCP_SYN_SENT] = "SYN_SENT",
	[TCP_SYN_RECEIVED] = "SYN_RECV",
	[TCP_ESTABLISHED] = "ESTABLISHED",
	[TCP_FIN_WAIT_1] = "FIN_WAIT1",
	[TCP_FIN_WAIT_2] = "FIN_WAIT2",
	[TCP_CLOSE_WAIT] = "CLOSE_WAIT",
	[TCP_CLOSING] = "CLOSING",
	[TCP_LAST_ACK] = "LAST_ACK",
	[TCP_TIME_WAIT] = "TIME_WAIT",
};

/* at most 22 characters and the colon: the address gives way */
static void put_end(struct netstat *n, const struct sock *sk, const struct sock_addr *a)
{
	struct sbuf s = SBUF_INIT, port = SBUF_INIT;

	if (n->numeric || !put_name(n->p, &s, a)) {
		if (sk->family == AF_INET6 && addr_is_any(&a->ip))
			sbuf_puts(&s, n->numeric ? "::" : "[::]");
		else
			addr_put(&s, a->family ? a->family : AF_INET, &a->ip);
	}
	put_port(n->p, &port, a->port, n->kind, n->numeric);
	if (!n->wide && s.len + port.len > 22)
		sbuf_truncate(&s, 22 - MIN(port.len, (size_t)22));
	sbuf_printf(&s, ":%s", sbuf_str(&port));
	sbuf_printf(&n->out, " %-23s", sbuf_str(&s));
	sbuf_free(&s);
	sbuf_free(&port);
}

static int netstat_row(void *ctx, const struct sock *s)
{
	struct netstat *n = ctx;
	bool listens = s->state == TCP_LISTEN || (s->type != SOCK_STREAM && s->state == TCP_CLOSED);
	struct sock_addr local = s->local;
	uint32_t rq, sq;

	if (kind_of(s) != n->kind || s->family != n->of || (s->type == SOCK_STREAM && s->state == TCP_CLOSED) ||
	    (s->orphan && s->type != SOCK_STREAM))
		return 0;
	if (!n->all && listens != n->listening)
		return 0;
	sock_queues(s, &rq, &sq);
	if (s->state == TCP_LISTEN)
		sq = 0;
	if (n->kind == KIND_RAW)
		local.port = s->proto;
	sbuf_printf(&n->out, "%s%-*s  %6u %6u", proto_name(n->kind), n->of == AF_INET6 ? 0 : 1, n->of == AF_INET6 ? "6" : "", rq, sq);
	put_end(n, s, &local);
	put_end(n, s, &s->peer);
	sbuf_printf(&n->out, " %-11s", n->kind == KIND_RAW ? "7" : netstat_states[s->state]);
	if (n->processes) {
		struct sbuf who = SBUF_INIT;

		if (s->owner_pid && !s->orphan)
			sbuf_printf(&who, "%d/%s", s->owner_pid, s->owner);
		sbuf_printf(&n->out, " %-20s", who.len ? sbuf_str(&who) : "-");
		sbuf_free(&who);
	}
	sbuf_putc(&n->out, '\n');
	return 0;
}

static int netstat_route(void *ctx, const struct route *r)
{
	struct netstat *n = ctx;
	char dst[ADDR_STRLEN], gw[ADDR_STRLEN], mask[ADDR_STRLEN];
	union inet_addr m = addr_mask(AF_INET, r->plen), none = { .w = { 0 } };
	const struct nexthop *nh = r->n_nh ? &r->nh[0] : NULL;
	const struct link *l = nh ? link_by_index(&proc_ns(n->p)->links, nh->ifindex) : NULL;
	char flags[8], *f = flags;

	if (r->type == RTN_BROADCAST || r->type == RTN_LOCAL)
		return 0;
	*f++ = nh ? 'U' : '!';
	if (nh && nh->gw_family)
		*f++ = 'G';
	if (r->plen == 32)
		*f++ = 'H';
	*f = 0;
	addr_fmt(dst, AF_INET, &r->dst);
	addr_fmt(mask, AF_INET, &m);
	addr_fmt(gw, AF_INET, nh && nh->gw_family ? &nh->gw : &none);
	sbuf_printf(&n->out, "%-15s %-15s %-15s %-6s%5u %-5u %6u %s\n", dst, nh ? gw : "-", mask, flags, 0u, 0u, 0u,
		    l ? l->name : "-");
	return 0;
}

static void netstat_link(struct netstat *n, const struct link *l)
{
	char flags[8], *f = flags;

	if (!(l->flags & IFF_UP))
		return;
	if (l->flags & IFF_BROADCAST)
		*f++ = 'B';
	if (l->flags & IFF_LOOPBACK)
		*f++ = 'L';
	if (l->flags & IFF_PROMISC)
		*f++ = 'P';
	if (l->flags & IFF_MULTICAST)
		*f++ = 'M';
	*f++ = 'R';
	*f++ = 'U';
	*f = 0;
	sbuf_printf(&n->out, "%-15s %5u %8llu %6llu %6llu %-6u %8llu %6llu %6llu %6u %s\n", l->name, l->mtu,
		    (unsigned long long)l->stats.rx_packets, (unsigned long long)l->stats.rx_errors,
		    (unsigned long long)l->stats.rx_dropped, 0, (unsigned long long)l->stats.tx_packets,
		    (unsigned long long)l->stats.tx_errors, (unsigned long long)l->stats.tx_dropped, 0, flags);
}

static void netstat_run(struct netstat *n)
{
	static const unsigned order[] = { KIND_TCP, KIND_UDP, KIND_RAW };
	const char *what = n->all ? "servers and established" : n->listening ? "only servers" : "w/o servers";
	struct link *l;
	bool inet = n->kinds != 0;

	if (n->routes) {
		sbuf_puts(&n->out, "Kernel IP routing table\nDestination     Gateway         Genmask         Flags   "
				   "MSS Window  irtt Iface\n");
		fib_walk(&proc_ns(n->p)->fib, AF_INET, RT_TABLE_MAIN, netstat_route, n);
		return;
	}
	if (n->links) {
		sbuf_puts(&n->out,
			  "Kernel Interface table\n"
			  "Iface             MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n");
		list_for_each(l, &proc_ns(n->p)->links.links, node)
			netstat_link(n, l);
		return;
	}
	sbuf_printf(&n->out,
		    "Active Internet connections (%s)\nProto Recv-Q Send-Q Local Address           Foreign Address     "
		    "    State      %s\n",
		    what, n->processes ? " PID/Program name    " : "");
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		n->kind = order[i];
		for (int v6 = 0; v6 < 2; v6++) {
			n->of = v6 ? AF_INET6 : AF_INET;
			if ((!inet || n->kinds & n->kind) && (!n->family || n->family == n->of))
				sock_walk(n->p->host->sock, netstat_row, n);
		}
	}
	if (!inet)
		sbuf_printf(&n->out,
			    "Active UNIX domain sockets (%s)\nProto RefCnt Flags       Type       State         I-Node "
			    "  %sPath\n",
			    what, n->processes ? "PID/Program name     " : "");
}

/* the same package's `route -6` */
static int routes6(struct proc *p, bool numeric)
{
	char route[] = "route", six[] = "-6", n[] = "-n", *argv[] = { route, six, numeric ? n : NULL, NULL };
	void *data = p->data;
	int status;

	p->data = (void *)(uintptr_t)cmd_tool_find("route");
	status = tool_main(p, numeric ? 3 : 2, argv);
	p->data = data;
	return status;
}

int prog_netstat(struct proc *p, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "tcp", 0, NULL, 't' },       { "udp", 0, NULL, 'u' },   { "raw", 0, NULL, 'w' },
		{ "listening", 0, NULL, 'l' }, { "all", 0, NULL, 'a' },   { "numeric", 0, NULL, 'n' },
		{ "programs", 0, NULL, 'p' },  { "route", 0, NULL, 'r' }, { "interfaces", 0, NULL, 'i' },
		{ "inet", 0, NULL, '4' },      { "inet6", 0, NULL, '6' }, { "wide", 0, NULL, 'W' },  { "statistics", 0, NULL, 's' },
		{ "extend", 0, NULL, 'e' },    { NULL, 0, NULL, 0 },
	};
	struct proc_opts o = { 0 };
	struct netstat n = { .p = p };
	int c;

	while ((c = proc_getopt(p, &o, "46A:CFMacdeghilnNoprsStuUvVWwx2fZ", longs)) != -1) {
		switch (c) {
		case 't': n.kinds |= KIND_TCP; break;
		case 'u': n.kinds |= KIND_UDP; break;
		case 'w': n.kinds |= KIND_RAW; break;
		case 'l': n.listening = true; break;
		case 'a': n.all = true; break;
		case 'n': n.numeric = true; break;
		case 'p': n.processes = true; break;
		case 'r': n.routes = true; break;
		case 'i': n.links = true; break;
		case 'W': n.wide = true; break;
		case '4': n.family = n.family == AF_INET6 ? AF_UNSPEC : AF_INET; break;
		case '6': n.family = n.family == AF_INET ? AF_UNSPEC : AF_INET6; break;
		case '?':
			proc_eprintf(p, "%s", netstat_usage);
			return 3;
		default:
			return prog_refuse_opt(p, "netstat", c);
		}
	}
	if (n.routes && n.family == AF_INET6)
		return routes6(p, n.numeric);
	netstat_run(&n);
	proc_write(p, 1, sbuf_str(&n.out), n.out.len);
	sbuf_free(&n.out);
	return 0;
}
