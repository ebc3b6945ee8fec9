/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/prog_traceroute.c - traceroute, as Debian 12's 2.1.2 has it, on a simulated host: by UDP, ICMP echo or TCP SYN.
 *
 * On the packet's way probes leave UDP sockets or raw ones; answers come to two raw sockets, one for ICMP, one for
 * the protocol of the probes.
 *
 * Theory of operation: up to -N probes are under way at once, three for each TTL. The first one not yet printed
 * decides: it is printed once it is answered or given up, which -w says when: after so many seconds, or a multiple
 * of the time of another answer of the same hop or of a later one. A probe that ends the way (any answer but "time
 * exceeded") makes its hop the last.
 *
 * References: traceroute(8); RFC 792.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "lab/netname.h"
#include "lab/programs.h"
#include "lab/sock.h"
#include "net/parse.h"

#define HOPS_MAX 255
#define QUERIES_MAX 10
#define LEN_MAX 65000
#define PORT_DEFAULT 33434

enum method { BY_UDP, BY_UDP_PORT, BY_ICMP, BY_TCP };

struct probe {
	struct sock *s;			/* has its port; NULL with ICMP */
	uint16_t id;			/* source port, or sequence number */
	bool sent, done, final, answered;
	uint64_t sent_ns, got_ns;
	struct sock_addr from;
	char mark[16];			/* "!H" */
};

struct trace {
	struct proc *p;
	const char *name;
	struct sock_addr to, source;
	uint8_t family;			/* of -4 and -6; then of .to */
	const char *device;
	enum method method;
	bool numeric, df;
	unsigned hops, first, queries, sim;
	int port, len, tos, fwmark;	/* -1: not given */
	double wait_s, here, near_, gap_s;
	uint16_t ident;
	struct sock *icmp, *raw;
	struct probe *probes;
	unsigned n;			/* hops * queries */
	uint8_t data[LEN_MAX];
	uint8_t in[65536];
};

static const char help[] = "Usage:\n"
			   "  traceroute [ -46dFITnreAUDV ] [ -f first_ttl ] [ -g gate,... ] [ -i device ] [ -m "
			   "max_ttl ] [ -N squeries ] [ -p port ] [ -t tos ] [ -l flow_label ] [ -w MAX,HERE,NEAR ] [ "
			   "-q nqueries ] [ -s src_addr ] [ -z sendwait ] [ --fwmark=num ] host [ packetlen ]\n"
			   "Options:\n"
			   "  -4                          Use IPv4\n"
			   "  -6                          Use IPv6\n"
			   "  -d  --debug                 Enable socket level debugging\n"
			   "  -F  --dont-fragment         Do not fragment packets\n"
			   "  -f first_ttl  --first=first_ttl\n"
			   "                              Start from the first_ttl hop (instead from 1)\n"
			   "  -g gate,...  --gateway=gate,...\n"
			   "                              Route packets through the specified gateway\n"
			   "                              (maximum 8 for IPv4 and 127 for IPv6)\n"
			   "  -I  --icmp                  Use ICMP ECHO for tracerouting\n"
			   "  -T  --tcp                   Use TCP SYN for tracerouting (default port is 80)\n"
			   "  -i device  --interface=device\n"
			   "                              Specify a network interface to operate with\n"
			   "  -m max_ttl  --max-hops=max_ttl\n"
			   "                              Set the max number of hops (max TTL to be\n"
			   "                              reached). Default is 30\n"
			   "  -N squeries  --sim-queries=squeries\n"
			   "                              Set the number of probes to be tried\n"
			   "                              simultaneously (default is 16)\n"
			   "  -n                          Do not resolve IP addresses to their domain names\n"
			   "  -p port  --port=port        Set the destination port to use. It is either\n"
			   "                              initial udp port value for \"default\" method\n"
			   "                              (incremented by each probe, default is 33434), or\n"
			   "                              initial seq for \"icmp\" (incremented as well,\n"
			   "                              default from 1), or some constant destination\n"
			   "                              port for other methods (with default of 80 for\n"
			   "                              \"tcp\", 53 for \"udp\", etc.)\n"
			   "  -t tos  --tos=tos           Set the TOS (IPv4 type of service) or TC (IPv6\n"
			   "                              traffic class) value for outgoing packets\n"
			   "  -l flow_label  --flowlabel=flow_label\n"
			   "                              Use specified flow_label for IPv6 packets\n"
			   "  -w MAX,HERE,NEAR  --wait=MAX,HERE,NEAR\n"
			   "                              Wait for a probe no more than HERE (default 3)\n"
			   "                              times longer than a response from the same hop,\n"
			   "                              or no more than NEAR (default 10) times than some\n"
			   "                              next hop, or MAX (default 5.0) seconds (float\n"
			   "                              point values allowed too)\n"
			   "  -q nqueries  --queries=nqueries\n"
			   "                              Set the number of probes per each hop. Default is\n"
			   "                              3\n"
			   "  -r                          Bypass the normal routing and send directly to a\n"
			   "                              host on an attached network\n"
			   "  -s src_addr  --source=src_addr\n"
			   "                              Use source src_addr for outgoing packets\n"
			   "  -z sendwait  --sendwait=sendwait\n"
			   "                              Minimal time interval between probes (default 0).\n"
			   "                              If the value is more than 10, then it specifies a\n"
			   "                              number in milliseconds, else it is a number of\n"
			   "                              seconds (float point values allowed too)\n"
			   "  -e  --extensions            Show ICMP extensions (if present), including MPLS\n"
			   "  -A  --as-path-lookups       Perform AS path lookups in routing registries and\n"
			   "                              print results directly after the corresponding\n"
			   "                              addresses\n"
			   "  -M name  --module=name      Use specified module (either builtin or external)\n"
			   "                              for traceroute operations. Most methods have\n"
			   "                              their shortcuts (`-I' means `-M icmp' etc.)\n"
			   "  -O OPTS,...  --options=OPTS,...\n"
			   "                              Use module-specific option OPTS for the\n"
			   "                              traceroute module. Several OPTS allowed,\n"
			   "                              separated by comma. If OPTS is \"help\", print info\n"
			   "                              about available options\n"
			   "  --sport=num                 Use source port num for outgoing packets. Implies\n"
			   "                              `-N 1'\n"
			   "  --fwmark=num                Set firewall mark for outgoing packets\n"
			   "  -U  --udp                   Use UDP to particular port for tracerouting\n"
			   "                              (instead of increasing the port per each probe),\n"
			   "                              default port is 53\n"
			   "  -UL                         Use UDPLITE for tracerouting (default dest port\n"
			   "                              is 53)\n"
			   "  -D  --dccp                  Use DCCP Request for tracerouting (default port\n"
			   "                              is 33434)\n"
			   "  -P prot  --protocol=prot    Use raw packet of protocol prot for tracerouting\n"
			   "  --mtu                       Discover MTU along the path being traced. Implies\n"
			   "                              `-F -N 1'\n"
			   "  --back                      Guess the number of hops in the backward path and\n"
			   "                              print if it differs\n"
			   "  -V  --version               Print version info and exit\n"
			   "  --help                      Read this help and exit\n"
			   "\n"
			   "Arguments:\n"
			   "+     host          The host to traceroute to\n"
			   "      packetlen     The full packet length (default is the length of an IP\n"
			   "                    header plus 40). Can be ignored or increased to a minimal\n"
			   "                    allowed value\n";

/* ---- options ---- */

struct trace_opt {
	char c;
	const char *name;		/* long */
	const char *arg;		/* what it is called; NULL: none */
};

static const struct trace_opt options[] = {
	{ '4', NULL, NULL },
	{ '6', NULL, NULL },
	{ 'd', "debug", NULL },
	{ 'F', "dont-fragment", NULL },
	{ 'f', "first", "first_ttl" },
	{ 'g', "gateway", "gate,..." },
	{ 'I', "icmp", NULL },
	{ 'T', "tcp", NULL },
	{ 'i', "interface", "device" },
	{ 'm', "max-hops", "max_ttl" },
	{ 'N', "sim-queries", "squeries" },
	{ 'n', NULL, NULL },
	{ 'p', "port", "port" },
	{ 't', "tos", "tos" },
	{ 'l', "flowlabel", "flow_label" },
	{ 'w', "wait", "MAX,HERE,NEAR" },
	{ 'q', "queries", "nqueries" },
	{ 'r', NULL, NULL },
	{ 's', "source", "src_addr" },
	{ 'z', "sendwait", "sendwait" },
	{ 'e', "extensions", NULL },
	{ 'A', "as-path-lookups", NULL },
	{ 'M', "module", "name" },
	{ 'O', "options", "OPTS,..." },
	{ 'U', "udp", NULL },
	{ 'D', "dccp", NULL },
	{ 'P', "protocol", "prot" },
	{ 'V', "version", NULL },
	{ 1, "help", NULL },
	{ 2, "fwmark", "num" },
	{ 3, "sport", "num" },
	{ 4, "mtu", NULL },
	{ 5, "back", NULL },
};

static int unsigned_arg(const char *arg, unsigned *val)
{
	char *end;

	*val = (unsigned)strtoul(arg, &end, 0);
	return end == arg || *end ? -1 : 0;
}

static int wait_arg(struct trace *t, const char *arg)
{
	char *end;

	t->here = t->near_ = 0;
	t->wait_s = strtod(arg, &end);
	if (end == arg)
		return -1;
	if (*end == ',' || *end == '/')
		t->here = strtod(end + 1, &end);
	if (*end == ',' || *end == '/')
		t->near_ = strtod(end + 1, &end);
	return *end ? -1 : 0;
}

static int module_arg(struct trace *t, const char *arg)
{
	static const struct { const char *name; enum method method; } modules[] = {
		{ "default", BY_UDP }, { "udp", BY_UDP_PORT }, { "icmp", BY_ICMP }, { "tcp", BY_TCP },
	};

	for (size_t i = 0; i < ARRAY_LEN(modules); i++) {
		if (strcmp(arg, modules[i].name) == 0) {
			t->method = modules[i].method;
			return 0;
		}
	}
	proc_eprintf(t->p, "Unknown traceroute module %s\n", arg);
	return 2;
}

/* the family of -4 or -6, else IPv4 where the name has both */
static int find_addr(struct trace *t, const char *name, struct sock_addr *out)
{
	int err = netname_addr(t->p, name, t->family ? t->family : AF_INET, false, out, NULL);

	if (err && !t->family)
		err = netname_addr(t->p, name, AF_INET6, false, out, NULL);
	return err;
}

/* 0, -1: not a value for it, or the exit status */
static int option(struct trace *t, const struct trace_opt *o, const char *arg)
{
	unsigned v = 0;
	int err = 0;

	switch (o->c) {
	case 'd': break;
	case '4': t->family = AF_INET; break;
	case '6': t->family = AF_INET6; break;
	case 'F': t->df = true; break;
	case 'f': return unsigned_arg(arg, &t->first);
	case 'I': t->method = BY_ICMP; break;
	case 'T': t->method = BY_TCP; break;
	case 'U': t->method = BY_UDP_PORT; break;
	case 'i': t->device = arg; break;
	case 'm': return unsigned_arg(arg, &t->hops);
	case 'N': return unsigned_arg(arg, &t->sim);
	case 'n': t->numeric = true; break;
	case 'p':
		err = unsigned_arg(arg, &v);
		t->port = (uint16_t)v;
		break;
	case 't':
		err = unsigned_arg(arg, &v);
		t->tos = (uint8_t)v;
		break;
	case 2:
		err = unsigned_arg(arg, &v);
		t->fwmark = (int)v;
		break;
	case 'w': return wait_arg(t, arg);
	case 'q': return unsigned_arg(arg, &t->queries);
	case 's': return find_addr(t, arg, &t->source) ? -1 : 0;
	case 'z': {
		char *end;

		t->gap_s = strtod(arg, &end);
		t->gap_s = t->gap_s > 10 ? t->gap_s / 1000 : t->gap_s;
		return end == arg || *end ? -1 : 0;
	}
	case 'M': return module_arg(t, arg);
	case 1:
		proc_printf(t->p, "%s", help);
		return 256;
	case 'V':
		proc_printf(t->p, "Modern traceroute for Linux, version 2.1.2\nCopyright (c) 2016  Dmitry Butskoy,   "
				  "License: GPL v2 or any later\n");
		return 256;
	default:
		if (o->c > 9)
			return prog_refuse_opt(t->p, "traceroute", o->c);
		proc_eprintf(t->p, "traceroute: natbox does not simulate option --%s\n", o->name);
		return 2;
	}
	return err;
}

static const struct trace_opt *find_opt(char c, const char *name, size_t len)
{
	for (const struct trace_opt *o = options; o < options + ARRAY_LEN(options); o++)
		if (name ? o->name && strlen(o->name) == len && strncmp(o->name, name, len) == 0 : o->c == c)
			return o;
	return NULL;
}

static int bad_option(struct trace *t, const char *what, int argc)
{
	proc_eprintf(t->p, "Bad option `%s' (argc %d)\n", what, argc);
	return 2;
}

/* one option and its value, which may be the next word: *at moves over it */
static int take_option(struct trace *t, const struct trace_opt *o, const char *called, const char *arg, char **argv,
		       int *at)
{
	int err;

	if (o->arg && !arg) {
		if (!argv[*at + 1]) {
			proc_eprintf(t->p, "Option `%s' (argc %d) requires an argument: `%s %s'\n", called, *at, called,
				     o->arg);
			return 2;
		}
		arg = argv[++*at];
	}
	err = option(t, o, arg);
	if (err >= 0)
		return err;
	proc_eprintf(t->p, "Cannot handle `%s' option with arg `%s' (argc %d)\n", called, arg, *at);
	return 2;
}

static int long_option(struct trace *t, char **argv, int *at)
{
	char *word = argv[*at], *eq = strchr(word, '=');
	size_t len = eq ? (size_t)(eq - word) - 2 : strlen(word) - 2;
	const struct trace_opt *o = find_opt(0, word + 2, len);
	char called[32];

	if (!o)
		return bad_option(t, word, *at);
	snprintf(called, sizeof(called), "--%s", o->name);
	return take_option(t, o, called, eq ? eq + 1 : NULL, argv, at);
}

static int short_options(struct trace *t, char **argv, int *at)
{
	int here = *at, err = 0;

	for (const char *c = argv[here] + 1; *c && !err; c++) {
		char called[3] = { '-', *c, 0 };
		const struct trace_opt *o = *c > 9 ? find_opt(*c, NULL, 0) : NULL;

		if (!o)
			return bad_option(t, called, here);
		err = take_option(t, o, called, o->arg && c[1] ? c + 1 : NULL, argv, at);
		if (o->arg)
			break;
	}
	return err;
}

static int bad_operand(struct trace *t, const char *what, const char *arg, int position, int argc)
{
	proc_eprintf(t->p, "Cannot handle \"%s\" cmdline arg `%s' on position %d (argc %d)\n", what, arg, position,
		     argc);
	return 2;
}

static int operand(struct trace *t, const char *arg, int position, int argc)
{
	unsigned len;
	int err;

	if (position == 1) {
		err = find_addr(t, arg, &t->to);
		if (err)
			proc_eprintf(t->p, "%s: %s\n", arg, gai_strerror(err));
		t->name = arg;
		return err ? bad_operand(t, "host", arg, position, argc) : 0;
	}
	if (position > 2) {
		proc_eprintf(t->p, "Extra arg `%s' (position %d, argc %d)\n", arg, position, argc);
		return 2;
	}
	if (unsigned_arg(arg, &len))
		return bad_operand(t, "packetlen", arg, position, argc);
	t->len = len > LEN_MAX ? LEN_MAX + 1 : (int)len;
	if (len > LEN_MAX) {
		proc_eprintf(t->p, "too big packetlen %u specified\n", len);
		return 2;
	}
	return 0;
}

static int refuse(struct trace *t, const char *text)
{
	proc_eprintf(t->p, "%s\n", text);
	return 2;
}

static int command_line(struct trace *t, int argc, char **argv)
{
	int err = 0, n = 0;

	for (int i = 1; i < argc && !err; i++) {
		if (strncmp(argv[i], "--", 2) == 0 && argv[i][2])
			err = long_option(t, argv, &i);
		else if (argv[i][0] == '-' && argv[i][1])
			err = short_options(t, argv, &i);
		else
			err = operand(t, argv[i], ++n, i);
	}
	if (err)
		return err;
	if (!n) {
		proc_printf(t->p, "%s", help);
		return 2;
	}
	if (t->source.family && t->source.family != t->to.family)
		return refuse(t, "IP version mismatch in addresses specified");
	t->family = t->source.family = t->to.family;
	if (t->first < 1 || t->first > t->hops)
		return refuse(t, t->hops > HOPS_MAX ? "max hops cannot be more than 255" : "first hop out of range");
	if (t->hops > HOPS_MAX)
		return refuse(t, "max hops cannot be more than 255");
	if (t->queries < 1 || t->queries > QUERIES_MAX)
		return refuse(t, "no more than 10 probes per hop");
	if (t->wait_s < 0 || t->here < 0 || t->near_ < 0) {
		proc_eprintf(t->p, "bad wait specifications `%g,%g,%g' used\n", t->wait_s, t->here, t->near_);
		return 2;
	}
	t->sim = MAX(t->sim, 1u);
	return 0;
}

/* ---- probes out ---- */

/* like perror(), on a line of its own; always 1, the exit status */
static int failed(struct trace *t, const char *what, int err)
{
	proc_eprintf(t->p, "\n%s: %s\n", what, strerror(-err));
	return 1;
}

/* a socket with a port of its own, connected so that it has its address too */
static int own_port(struct trace *t, struct probe *pb, int type, uint16_t port)
{
	struct sock_addr to = t->to;
	int err = sock_open(t->p->host->sock, t->family, type, 0, &pb->s);

	if (err)
		return failed(t, "socket", err);
	if (t->device && (err = sock_bind_device(pb->s, t->device)))
		return failed(t, "setsockopt SO_BINDTODEVICE", err);
	if ((type == SOCK_STREAM || !addr_is_any(&t->source.ip)) && (err = sock_bind(pb->s, &t->source)))
		return failed(t, "bind", err);
	to.port = port;
	if (type == SOCK_DGRAM && (err = sock_connect(pb->s, &to)))
		return failed(t, "connect", err);
	pb->id = pb->s->local.port;
	return 0;
}

static void set_options(struct trace *t, struct sock *s, unsigned ttl)
{
	sock_setopt(s, SOCK_OPT_TTL, (int)ttl);
	sock_setopt(s, SOCK_OPT_PMTUDISC, t->df ? 2 : 0);
	sock_setopt(s, SOCK_OPT_UID, t->p->uid);
	if (t->tos >= 0)
		sock_setopt(s, SOCK_OPT_TOS, t->tos);
	if (t->fwmark >= 0)
		sock_setopt(s, SOCK_OPT_MARK, t->fwmark);
}

static size_t tcp_syn(struct trace *t, struct probe *pb, uint8_t *b)
{
	static const uint8_t opts[20] = { 2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 2 };

	memset(b, 0, 20);
	put_u16(b, pb->id);
	put_u16(b + 2, (uint16_t)t->port);
	put_u32(b + 4, rng_u32(&proc_ns(t->p)->world->rng));
	b[12] = 10 << 4;
	b[13] = 2;
	put_u16(b + 14, 5840);
	memcpy(b + 20, opts, sizeof(opts));
	put_u32(b + 28, (uint32_t)(proc_now(t->p) / NSEC_PER_MSEC));
	return 40;
}

static size_t icmp_echo(struct trace *t, struct probe *pb, uint8_t *b)
{
	size_t n = (size_t)t->len - ip_hdrlen(t->family);

	for (size_t i = 8; i < n; i++)
		b[i] = (uint8_t)(0x40 + ((i - 8) & 0x3f));
	memset(b, 0, 8);
	b[0] = t->family == AF_INET ? ICMP_ECHO : ICMPV6_ECHO_REQUEST;
	put_u16(b + 4, t->ident);
	put_u16(b + 6, pb->id);
	return n;
}

static uint16_t port_of(const struct trace *t, const struct probe *pb)
{
	return (uint16_t)(t->method == BY_UDP ? t->port + (pb - t->probes) - (long)((t->first - 1) * t->queries)
					      : t->port);
}

/* the sendto() of one probe; 0 or the exit status */
static int emit(struct trace *t, struct probe *pb, unsigned ttl)
{
	struct route_key k = { .family = t->family, .dst = t->to.ip, .oif = t->to.scope };
	struct route_result res;
	struct sock *s;
	ssize_t did;
	size_t n;

	switch (t->method) {
	case BY_ICMP:
		s = t->icmp;
		n = icmp_echo(t, pb, t->data);
		break;
	case BY_TCP:
		s = t->raw;
		n = tcp_syn(t, pb, t->data);
		break;
	default:
		s = pb->s;
		n = (size_t)t->len - ip_hdrlen(t->family) - 8;
		for (size_t i = 0; i < n; i++)
			t->data[i] = (uint8_t)(0x40 + (i & 0x3f));
	}
	set_options(t, s, ttl);
	did = sock_sendto(s, t->data, n, s == pb->s ? NULL : &t->to);
	pb->sent = true;
	pb->sent_ns = proc_now(t->p);
	if (did == -EMSGSIZE && path_route(proc_ns(t->p), &k, &res) == 0) {
		snprintf(pb->mark, sizeof(pb->mark), "!F-%u", path_pmtu(proc_ns(t->p), &t->to.ip, res.mtu));
		pb->done = pb->final = true;
		pb->got_ns = pb->sent_ns;
	} else if (did < 0 && did != -EHOSTUNREACH) {
		return failed(t, "send", (int)did);
	}
	return 0;
}

static int send_probe(struct trace *t, struct probe *pb)
{
	unsigned i = (unsigned)(pb - t->probes);
	int err = 0;

	if (t->method == BY_ICMP)
		pb->id = (uint16_t)(t->port + (int)i - (int)((t->first - 1) * t->queries));
	else
		err = own_port(t, pb, t->method == BY_TCP ? SOCK_STREAM : SOCK_DGRAM, port_of(t, pb));
	return err ? err : emit(t, pb, i / t->queries + 1);
}

/* ---- answers ---- */

static void answer(struct trace *t, struct probe *pb, const struct sock_addr *from, bool final)
{
	pb->done = pb->answered = true;
	pb->final = final;
	pb->from = *from;
	pb->got_ns = proc_now(t->p);
	sock_close(pb->s);
	pb->s = NULL;
}

static struct probe *find(struct trace *t, uint16_t id)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->probes[i].sent && !t->probes[i].done && t->probes[i].id == id)
			return &t->probes[i];
	return NULL;
}

static const char *const unreach_mark[] = {
	[ICMP_NET_UNREACH] = "!N",  [ICMP_HOST_UNREACH] = "!H", [ICMP_PROT_UNREACH] = "!P",
	[ICMP_PORT_UNREACH] = "",   [ICMP_FRAG_NEEDED] = "!F",  [ICMP_SR_FAILED] = "!S",
	[ICMP_NET_UNKNOWN] = "!N",  [ICMP_HOST_UNKNOWN] = "!H", [ICMP_HOST_ISOLATED] = "!N",
	[ICMP_NET_ANO] = "!X",      [ICMP_HOST_ANO] = "!X",     [ICMP_NET_UNR_TOS] = "!N",
	[ICMP_HOST_UNR_TOS] = "!H", [ICMP_PKT_FILTERED] = "!X", [ICMP_PREC_VIOLATION] = "!V",
	[ICMP_PREC_CUTOFF] = "!C",
};

static const char *const unreach6_mark[] = {
	[ICMPV6_NOROUTE] = "!N", [ICMPV6_ADM_PROHIBITED] = "!X", [ICMPV6_NOT_NEIGHBOUR] = "!S",
	[ICMPV6_ADDR_UNREACH] = "!H",    [ICMPV6_PORT_UNREACH] = "",
};

static void mark4(struct probe *pb, const uint8_t *icmp)
{
	if (icmp[0] != ICMP_DEST_UNREACH)
		return;
	if (icmp[1] == ICMP_FRAG_NEEDED)
		snprintf(pb->mark, sizeof(pb->mark), "!F-%u", get_u16(icmp + 6));
	else if (icmp[1] < ARRAY_LEN(unreach_mark))
		snprintf(pb->mark, sizeof(pb->mark), "%s", unreach_mark[icmp[1]]);
	else
		snprintf(pb->mark, sizeof(pb->mark), "!<%u>", icmp[1]);
}

static void mark6(struct probe *pb, const uint8_t *icmp)
{
	if (icmp[0] == ICMPV6_PKT_TOOBIG)
		snprintf(pb->mark, sizeof(pb->mark), "!F-%u", get_u32(icmp + 4));
	else if (icmp[0] == ICMPV6_PARAMPROB && icmp[1] == ICMPV6_UNK_NEXTHDR)
		snprintf(pb->mark, sizeof(pb->mark), "!P");
	else if (icmp[0] == ICMPV6_DEST_UNREACH && icmp[1] < ARRAY_LEN(unreach6_mark))
		snprintf(pb->mark, sizeof(pb->mark), "%s", unreach6_mark[icmp[1]]);
	else if (icmp[0] == ICMPV6_DEST_UNREACH)
		snprintf(pb->mark, sizeof(pb->mark), "!<%u>", icmp[1]);
}

/* an ICMP error of @n bytes: is the packet it quotes a probe of ours */
static void take_error(struct trace *t, const uint8_t *icmp, size_t n, const struct sock_addr *from)
{
	bool v6 = t->family == AF_INET6, later;
	const uint8_t protos[] = {
		[BY_UDP] = IPPROTO_UDP, [BY_UDP_PORT] = IPPROTO_UDP, [BY_ICMP] = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, [BY_TCP] = IPPROTO_TCP
	};
	const uint8_t *l4;
	struct probe *pb;
	uint8_t proto;
	int off = parse_find_l4(t->family, icmp + 8, n - 8, &proto, &later);

	if (off < 0 || later || n < 8 + (size_t)off + 8 || proto != protos[t->method])
		return;
	l4 = icmp + 8 + off;
	if (memcmp(icmp + 8 + (v6 ? 24 : 16), &t->to.ip, addr_len(t->family)) != 0)
		return;
	if (t->method == BY_ICMP && (l4[0] != (v6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO) || get_u16(l4 + 4) != t->ident))
		return;
	pb = find(t, get_u16(t->method == BY_ICMP ? l4 + 6 : l4));
	if (!pb)
		return;
	answer(t, pb, from, icmp[0] != (v6 ? ICMPV6_TIME_EXCEED : ICMP_TIME_EXCEEDED));
	if (v6)
		mark6(pb, icmp);
	else
		mark4(pb, icmp);
}

static void take_icmp(struct trace *t, const uint8_t *icmp, size_t n, const struct sock_addr *from)
{
	bool v6 = t->family == AF_INET6;
	struct probe *pb;

	if (n < 8)
		return;
	if (v6 ? icmp[0] >= ICMPV6_DEST_UNREACH && icmp[0] <= ICMPV6_PARAMPROB :
		 icmp[0] == ICMP_DEST_UNREACH || icmp[0] == ICMP_TIME_EXCEEDED || icmp[0] == ICMP_PARAMETERPROB) {
		take_error(t, icmp, n, from);
	} else if (icmp[0] == (v6 ? ICMPV6_ECHO_REPLY : ICMP_ECHOREPLY) && t->method == BY_ICMP && get_u16(icmp + 4) == t->ident &&
		   addr_eq(&from->ip, &t->to.ip)) {
		pb = find(t, get_u16(icmp + 6));
		if (pb)
			answer(t, pb, from, true);
	}
}

/* raw sockets of IPv4 show its header too */
static size_t header_of(const struct trace *t, ssize_t n)
{
	return n > 0 && t->family == AF_INET ? (t->in[0] & 0xfu) * 4 : 0;
}

static void receive(struct trace *t)
{
	struct sock_msg m;
	struct probe *pb;
	ssize_t n;
	size_t hlen;

	while ((n = sock_recvfrom(t->icmp, t->in, sizeof(t->in), &m)) != -EAGAIN) {
		hlen = header_of(t, n);
		if (n > (ssize_t)hlen)
			take_icmp(t, t->in + hlen, (size_t)n - hlen, &m.from);
	}
	while (t->raw && (n = sock_recvfrom(t->raw, t->in, sizeof(t->in), &m)) != -EAGAIN) {
		hlen = header_of(t, n);
		if (n < (ssize_t)hlen + 8 || !addr_eq(&m.from.ip, &t->to.ip))
			continue;
		pb = find(t, get_u16(t->in + hlen + 2));
		if (pb && get_u16(t->in + hlen) == port_of(t, pb))
			answer(t, pb, &m.from, true);
	}
}

/* ---- on the screen ---- */

static void put_addr(struct trace *t, struct sbuf *s, const struct sock_addr *a)
{
	struct sbuf text = SBUF_INIT;

	netname_put_addr(t->p, a, &text);
	sbuf_putc(s, ' ');
	if (t->numeric || !netname_of(t->p, a->family, &a->ip, s))
		sbuf_puts(s, sbuf_str(&text));
	if (!t->numeric)
		sbuf_printf(s, " (%s)", sbuf_str(&text));
	sbuf_free(&text);
}

static void print_probe(struct trace *t, const struct probe *pb)
{
	unsigned i = (unsigned)(pb - t->probes), np = i % t->queries;
	const struct probe *prev = pb - 1;
	struct sbuf s = SBUF_INIT;

	if (!np)
		sbuf_printf(&s, "\n%2u ", i / t->queries + 1);
	if (!pb->answered) {
		sbuf_puts(&s, " *");
	} else {
		for (; np && !prev->answered; prev--)
			np--;
		if (!np || !addr_eq(&prev->from.ip, &pb->from.ip))
			put_addr(t, &s, &pb->from);
	}
	if (pb->got_ns)
		sbuf_printf(&s, "  %.3f ms", (double)(pb->got_ns - pb->sent_ns) / 1e6);
	if (pb->mark[0])
		sbuf_printf(&s, " %s", pb->mark);
	proc_write(t->p, 1, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

/* ---- the walk ---- */

static double rtt(const struct probe *pb)
{
	return pb->answered ? (double)(pb->got_ns - pb->sent_ns) / 1e9 : 0;
}

/* when to give @pb up */
static uint64_t expires(const struct trace *t, const struct probe *pb)
{
	const struct probe *hop = pb - (pb - t->probes) % t->queries, *end = t->probes + t->n;
	double wait = t->wait_s;

	for (const struct probe *q = hop; t->here > 0 && q < hop + t->queries; q++) {
		if (rtt(q) > 0) {
			wait = MIN(wait, (rtt(q) + 0.001) * t->here);
			goto out;
		}
	}
	for (const struct probe *q = pb + 1; t->near_ > 0 && q < end && q->sent; q++) {
		if (rtt(q) > 0) {
			wait = MIN(wait, (rtt(q) + 0.001) * t->near_);
			break;
		}
	}
out:
	return pb->sent_ns + (uint64_t)(wait * 1e9);
}

static int walk(struct trace *t)
{
	unsigned start = (t->first - 1) * t->queries, end = t->n, flying;
	struct waitq *qs[2] = { &t->icmp->wq, t->raw ? &t->raw->wq : NULL };
	uint64_t until, last_sent = 0, gap = (uint64_t)(t->gap_s * 1e9), now;
	int err;

	while (start < end) {
		until = SCHED_NEVER;
		flying = 0;
		now = proc_now(t->p);
		for (unsigned i = start; i < end && flying < t->sim; i++) {
			struct probe *pb = &t->probes[i];

			if (i == start && pb->sent && !pb->done && expires(t, pb) <= now)
				pb->done = true;
			if (pb->done) {
				if (i == start) {
					print_probe(t, pb);
					start++;
				}
				if (pb->final)
					end = (i / t->queries + 1) * t->queries;
				continue;
			}
			if (!pb->sent && last_sent && last_sent + gap > now) {
				until = MIN(until, last_sent + gap);
				break;
			}
			if (!pb->sent && (err = send_probe(t, pb)))
				return err;
			last_sent = gap ? pb->sent_ns : 0;
			if (pb->done)		/* it could not even leave */
				until = now;
			flying++;
			if (i == start)
				until = MIN(until, expires(t, pb));
		}
		if (start >= end)
			break;
		if (until == SCHED_NEVER && !flying)
			continue;
		err = proc_wait_any(t->p, qs, 2, until);
		if (err == -EINTR)
			return 1;
		receive(t);
	}
	proc_printf(t->p, "\n");
	return 0;
}

/* is there a way at all: probes of these kinds are connected before anything is said, those of UDP one by one */
static int try_route(struct trace *t)
{
	struct sock_addr to = t->to;
	struct sock *s;
	int err = sock_open(t->p->host->sock, t->family, SOCK_DGRAM, 0, &s);

	if (err)
		return err;
	to.port = 1;
	if (t->device)
		err = sock_bind_device(s, t->device);
	if (!err)
		err = sock_connect(s, &to);
	sock_close(s);
	return err;
}

static int bind_raw(struct trace *t)
{
	int err;

	for (int i = 0; i < 2; i++) {
		struct sock *s = i ? t->raw : t->icmp;

		if (s && t->device && (err = sock_bind_device(s, t->device)))
			return failed(t, "setsockopt SO_BINDTODEVICE", err);
		if (s && (i == 1 || t->method == BY_ICMP) && !addr_is_any(&t->source.ip) && (err = sock_bind(s, &t->source)))
			return failed(t, "bind", err);
	}
	err = try_route(t);
	return err ? failed(t, "connect", err) : 0;
}

static int prepare(struct trace *t)
{
	static const int ports[] = { [BY_UDP] = PORT_DEFAULT, [BY_UDP_PORT] = 53, [BY_ICMP] = 1, [BY_TCP] = 80 };
	int head = (int)ip_hdrlen(t->family), icmp = t->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6, err;
	struct sbuf text = SBUF_INIT;

	t->len = t->len < 0 || t->method == BY_TCP ? head + 40 : MAX(t->len, head + 8);
	if (t->port <= 0)
		t->port = ports[t->method];
	t->n = t->hops * t->queries;
	t->probes = mem_zalloc(t->n * sizeof(*t->probes));
	if (!t->probes)
		return 1;
	err = sock_open(t->p->host->sock, t->family, SOCK_RAW, icmp, &t->icmp);
	if (!err && t->method != BY_ICMP)
		err = sock_open(t->p->host->sock, t->family, SOCK_RAW, t->method == BY_TCP ? IPPROTO_TCP : IPPROTO_UDP, &t->raw);
	if (err)
		return failed(t, "socket", err);
	if (t->method != BY_UDP && bind_raw(t))
		return 1;
	netname_put_addr(t->p, &t->to, &text);
	proc_printf(t->p, "traceroute to %s (%s), %u hops max, %d byte packets", t->name, sbuf_str(&text), t->hops, t->len);
	sbuf_free(&text);
	return 0;
}

int prog_traceroute(struct proc *p, int argc, char **argv)
{
	struct trace *t = mem_zalloc(sizeof(*t));
	int status;

	if (!t)
		return 1;
	t->p = p;
	t->hops = 30;
	t->first = 1;
	t->queries = 3;
	t->sim = 16;
	t->port = t->len = t->tos = t->fwmark = -1;
	t->wait_s = 5;
	t->here = 3;
	t->near_ = 10;
	t->ident = (uint16_t)rng_u32(&proc_ns(p)->world->rng);
	if (strcmp(prog_called(argv[0]), "traceroute6") == 0)
		t->family = AF_INET6;
	status = command_line(t, argc, argv);
	if (!status)
		status = prepare(t);
	if (!status)
		status = walk(t);
	for (unsigned i = 0; t->probes && i < t->n; i++)
		sock_close(t->probes[i].s);
	sock_close(t->icmp);
	sock_close(t->raw);
	mem_free(t->probes);
	mem_free(t);
	return status == 256 ? 0 : status;
}
