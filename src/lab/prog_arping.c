/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/prog_arping.c - arping, as iputils 20221126 has it, on a simulated host.
 *
 * On the packet's way it is a packet socket: frames go straight to the device by path_xmit(), and what the link
 * receives is seen by a tap.
 *
 * Theory of operation: one question each -i seconds, to everybody until somebody has answered, then to that one
 * (unless -b). -c ends it one interval after the last question, -w after so many seconds whatever was heard, -f and
 * -D with the first answer.
 *
 * References: RFC 826, RFC 5227 (duplicate address detection); arping(8).
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fmt.h"
#include "lab/netname.h"
#include "lab/programs.h"
#include "lab/sock.h"

#define ARP_LEN 28
#define QUEUE 64			/* answers that wait to be looked at; more are lost as in a full socket */

struct answer {
	uint8_t arp[ARP_LEN];
	uint8_t pkt_type;
	uint64_t at_ns;
};

struct arping {
	struct tap tap;
	struct proc *p;
	struct waitq wq;
	struct answer q[QUEUE];
	unsigned n_q;
	bool dad, unsolicited, advert, quiet, first_ends, broadcast_only, unicasting;
	int count, timeout_s, interval_s;	/* count -1: no end */
	const char *source_text, *device;
	union inet_addr to, from;
	int ifindex;
	uint8_t me[ETH_ALEN], he[ETH_ALEN];
	int sent, sent_broadcast, received, received_broadcast, received_requests;
	uint64_t last_ns;
};

static const char usage[] =
	"\nUsage:\n"
	"  arping [options] <destination>\n"
	"\nOptions:\n"
	"  -f            quit on first reply\n"
	"  -q            be quiet\n"
	"  -b            keep on broadcasting, do not unicast\n"
	"  -D            duplicate address detection mode\n"
	"  -U            unsolicited ARP mode, update your neighbours\n"
	"  -A            ARP answer mode, update your neighbours\n"
	"  -V            print version and exit\n"
	"  -c <count>    how many packets to send\n"
	"  -w <timeout>  how long to wait for a reply\n"
	"  -i <interval> set interval between packets (default: 1 second)\n"
	"  -I <device>   which ethernet device to use\n"
	"  -s <source>   source ip address\n"
	"  <destination> dns name or ip address\n"
	"\nFor more details see arping(8).\n";

static int number(struct proc *p, const char *text, long lo, int *val)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (end == text || *end) {
		proc_eprintf(p, "arping: invalid argument: '%s'\n", text);
		return 1;
	}
	if (errno || n < lo || n > INT_MAX) {
		proc_eprintf(p, "arping: invalid argument: '%s': out of range: %ld <= value <= %d\n", text, lo,
			     INT_MAX);
		return 1;
	}
	*val = (int)n;
	return 0;
}

static int failed(struct proc *p, const char *what, int err)
{
	proc_eprintf(p, "arping: %s: %s\n", what, strerror(-err));
	return 2;
}

/* ---- what the link receives ---- */

static void on_packet(struct tap *tap, const struct link *l, const struct pkt *pkt, bool out)
{
	struct arping *a = container_of(tap, struct arping, tap);

	if (out || a->n_q == QUEUE || pkt_len(pkt) < ETH_HLEN + ARP_LEN || pkt_eth(pkt)->h_proto != htons(ETH_P_ARP))
		return;
	memcpy(a->q[a->n_q].arp, pkt->buf + pkt->mac + ETH_HLEN, ARP_LEN);
	a->q[a->n_q].pkt_type = pkt->pkt_type;
	a->q[a->n_q].at_ns = proc_now(a->p);
	a->n_q++;
	waitq_wake(&a->wq);
}

/* is it an answer to us; the sender's and the target's addresses */
static bool concerns(const struct arping *a, const uint8_t *b, be32 src, be32 dst)
{
	uint16_t op = get_u16(b + 6);

	if ((op != 1 && op != 2) || get_u16(b) != 1 || get_u16(b + 2) != ETH_P_IP || b[4] != ETH_ALEN || b[5] != 4)
		return false;
	if (src != a->to.ip4)
		return false;
	if (a->dad)
		return memcmp(b + 8, a->me, ETH_ALEN) != 0 && (!a->from.ip4 || a->from.ip4 == dst);
	return a->from.ip4 == dst && memcmp(b + 18, a->me, ETH_ALEN) == 0;
}

static void put_hex(struct sbuf *s, const uint8_t *mac)
{
	for (int i = 0; i < ETH_ALEN; i++)
		sbuf_printf(s, "%02X%s", mac[i], i < ETH_ALEN - 1 ? ":" : "");
}

static void print_answer(struct arping *a, const struct answer *q, be32 src, be32 dst)
{
	union inet_addr from = addr_ip4(src), to = addr_ip4(dst);
	struct sbuf s = SBUF_INIT;
	long us, ms;

	sbuf_printf(&s, "%s %s from ", q->pkt_type == PACKET_HOST ? "Unicast" : "Broadcast",
		    get_u16(q->arp + 6) == 2 ? "reply" : "request");
	addr_put(&s, AF_INET, &from);
	sbuf_puts(&s, " [");
	put_hex(&s, q->arp + 8);
	sbuf_puts(&s, "] ");
	if (dst != a->from.ip4) {
		sbuf_puts(&s, "for ");
		addr_put(&s, AF_INET, &to);
		sbuf_putc(&s, ' ');
	}
	if (memcmp(q->arp + 18, a->me, ETH_ALEN) != 0) {
		sbuf_puts(&s, dst != a->from.ip4 ? "[" : "for [");
		put_hex(&s, q->arp + 18);
		sbuf_putc(&s, ']');
	}
	us = (long)((q->at_ns - a->last_ns + 500) / 1000);
	ms = (us + 500) / 1000;
	us -= ms * 1000 - 500;		/* half a millisecond too much, as arping prints it */
	sbuf_printf(&s, " %ld.%03ldms\n", ms, us);
	proc_write(a->p, 1, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

/* true: that was the last one needed */
static bool take_answer(struct arping *a, const struct answer *q)
{
	be32 src, dst;

	memcpy(&src, q->arp + 14, 4);
	memcpy(&dst, q->arp + 24, 4);
	if (q->pkt_type == PACKET_OTHERHOST || !concerns(a, q->arp, src, dst))
		return false;
	if (!a->quiet)
		print_answer(a, q, src, dst);
	a->received++;
	if (a->timeout_s && a->received == a->count)
		return true;
	a->received_broadcast += q->pkt_type != PACKET_HOST;
	a->received_requests += get_u16(q->arp + 6) == 1;
	if (a->first_ends)
		return true;
	if (!a->broadcast_only) {
		memcpy(a->he, q->arp + 8, ETH_ALEN);
		a->unicasting = true;
	}
	return false;
}

/* ---- questions ---- */

static void ask(struct arping *a)
{
	struct link *l = link_by_index(&proc_ns(a->p)->links, a->ifindex);
	struct pkt *pkt = l ? pkt_alloc(&proc_ns(a->p)->world->pool, ETH_HLEN + ARP_LEN) : NULL;
	uint8_t *b;

	if (!pkt)
		return;
	b = pkt_append(pkt, ETH_HLEN + ARP_LEN);
	memcpy(b, a->he, ETH_ALEN);
	memcpy(b + 6, a->me, ETH_ALEN);
	put_u16(b + 12, ETH_P_ARP);
	b += ETH_HLEN;
	put_u16(b, 1);
	put_u16(b + 2, ETH_P_IP);
	b[4] = ETH_ALEN;
	b[5] = 4;
	put_u16(b + 6, a->advert ? 2 : 1);
	memcpy(b + 8, a->me, ETH_ALEN);
	memcpy(b + 14, &a->from.ip4, 4);
	memcpy(b + 18, a->advert ? a->me : a->he, ETH_ALEN);
	memcpy(b + 24, &a->to.ip4, 4);
	a->last_ns = proc_now(a->p);
	if (path_xmit(l, pkt))
		return;
	a->sent++;
	a->sent_broadcast += !a->unicasting;
}

static int finish(struct arping *a)
{
	struct sbuf s = SBUF_INIT;

	if (!a->quiet) {
		sbuf_printf(&s, "Sent %d probes (%d broadcast(s))\nReceived %d response(s)", a->sent, a->sent_broadcast,
			    a->received);
		if (a->received_requests || a->received_broadcast) {
			sbuf_puts(&s, " (");
			if (a->received_requests)
				sbuf_printf(&s, "%d request(s)", a->received_requests);
			if (a->received_broadcast)
				sbuf_printf(&s, "%s%d broadcast(s)", a->received_requests ? ", " : "",
					    a->received_broadcast);
			sbuf_putc(&s, ')');
		}
		sbuf_putc(&s, '\n');
		proc_write(a->p, 1, sbuf_str(&s), s.len);
		sbuf_free(&s);
	}
	if (a->dad)
		return a->received != 0;
	if (a->unsolicited)
		return 0;
	if (a->timeout_s && a->count > 0 && !a->first_ends)
		return a->count > a->received;
	return !a->received;
}

static int run(struct arping *a)
{
	uint64_t start = proc_now(a->p), interval = (uint64_t)a->interval_s * NSEC_PER_SEC,
		 next = interval ? start + interval : SCHED_NEVER;
	uint64_t end = a->timeout_s ? start + (uint64_t)a->timeout_s * NSEC_PER_SEC : SCHED_NEVER;
	bool over = false;
	int asked = 1;

	proc_catch_int(a->p);
	ask(a);
	while (!over && !(a->unsolicited && a->sent == a->count)) {
		if (!a->n_q && proc_wait(a->p, &a->wq, MIN(next, end)) == -EINTR)
			break;
		if (proc_now(a->p) >= next) {
			next += interval;
			if (a->count > 0 && asked >= a->count)
				over = true;
			else
				ask(a);
			asked++;
		}
		over |= proc_now(a->p) >= end;
		for (unsigned i = 0; i < a->n_q && !over; i++)
			over = take_answer(a, &a->q[i]);
		a->n_q = 0;
	}
	return finish(a);
}

/* ---- setting up ---- */

static struct link *guess_device(struct arping *a)
{
	struct route_key k = { .family = AF_INET, .dst = a->to };
	struct route_result res;

	return path_route(proc_ns(a->p), &k, &res) ? NULL : res.out;
}

/* the source that a socket on that device would get; 0 or the exit status */
static int find_source(struct arping *a)
{
	struct sock_addr from = { .ip = a->from }, to = { .ip = a->to, .port = 1025 };
	struct sock *probe;
	int err = sock_new(a->p->host->sock, SOCK_DGRAM, 0, &probe);

	if (err)
		return failed(a->p, "socket", err);
	sock_bind_device(probe, a->device);
	if (a->source_text || !addr_is_any(&a->from)) {
		err = sock_bind(probe, &from);
		if (err)
			failed(a->p, "bind", err);
	} else {
		err = sock_connect(probe, &to);
		if (err)
			failed(a->p, "connect", err);
		a->from = probe->local.ip;
	}
	sock_close(probe);
	return err ? 2 : 0;
}

static int set_up(struct arping *a, const char *target)
{
	struct proc *p = a->p;
	struct link *l;
	int err = netname_host(p, target, &a->to, NULL);
	char text[2][ADDR_STRLEN];

	if (err) {
		proc_eprintf(p, "arping: %s: %s\n", target, gai_strerror(err));
		return 2;
	}
	l = a->device ? link_by_name(&proc_ns(p)->links, a->device) : guess_device(a);
	if (!l) {
		proc_eprintf(p,
			     a->device ? "arping: Device %s not available.\n"
				       : "arping: Suitable device could not be determined. Please, use option -I.\n",
			     a->device);
		return 2;
	}
	a->device = l->name;
	if (!(l->flags & IFF_UP) || l->flags & (IFF_NOARP | IFF_LOOPBACK)) {
		if (!a->quiet)
			proc_printf(p, "Interface \"%s\" is %s\n", l->name, l->flags & IFF_UP ? "not ARPable" : "down");
		return l->flags & IFF_UP && a->dad ? 0 : 2;
	}
	if (a->source_text && netname_number(a->source_text, &a->from)) {
		proc_eprintf(p, "arping: invalid source %s\n", a->source_text);
		return 2;
	}
	if (!a->dad && a->unsolicited && !a->source_text)
		a->from = a->to;
	err = !a->dad || a->source_text ? find_source(a) : 0;
	if (err)
		return err;
	a->ifindex = l->ifindex;
	memcpy(a->me, l->mac, ETH_ALEN);
	memset(a->he, 0xff, ETH_ALEN);
	if (!a->quiet)
		proc_printf(p, "ARPING %s from %s %s\n", addr_fmt(text[0], AF_INET, &a->to),
			    addr_fmt(text[1], AF_INET, &a->from), l->name);
	return -1;
}

static int option(struct arping *a, int c, const char *arg)
{
	switch (c) {
	case 'b': a->broadcast_only = true; break;
	case 'D': a->dad = a->first_ends = true; break;
	case 'U': a->unsolicited = true; break;
	case 'A': a->advert = a->unsolicited = true; break;
	case 'q': a->quiet = true; break;
	case 'f': a->first_ends = true; break;
	case 'I': a->device = *arg ? arg : NULL; break;
	case 's': a->source_text = arg; break;
	case 'c': return number(a->p, arg, 1, &a->count);
	case 'w': return number(a->p, arg, 0, &a->timeout_s);
	case 'i': return number(a->p, arg, 0, &a->interval_s);
	}
	return 0;
}

static int main_of(struct arping *a, int argc, char **argv)
{
	struct proc_opts o = { 0 };
	struct host *host = a->p->host;
	int c, status;

	while ((c = proc_getopt(a->p, &o, "h?bfDUAqc:w:i:s:I:V", NULL)) != -1) {
		if (c == 'V') {
			proc_printf(a->p, "arping from iputils 20221126\nlibcap: yes, IDN: yes, NLS: no, error.h: yes, "
					  "getrandom(): yes, __fpending(): yes\n");
			return 0;
		}
		if (c == 'h' || c == '?')
			break;
		status = option(a, c, o.arg);
		if (status)
			return status;
	}
	if (c != -1 || argc - o.ind != 1) {
		proc_eprintf(a->p, "%s", usage);
		return 2;
	}
	status = set_up(a, argv[o.ind]);
	if (status >= 0)
		return status;
	a->tap = (struct tap){ .ifindex = a->ifindex, .packet = on_packet };
	host_tap_add(host, &a->tap);
	status = run(a);
	host_tap_del(&a->tap);
	return status;
}

int prog_arping(struct proc *p, int argc, char **argv)
{
	struct arping *a = mem_zalloc(sizeof(*a));
	int status;

	if (!a)
		return 2;
	a->p = p;
	a->count = -1;
	a->interval_s = 1;
	waitq_init(&a->wq);
	status = main_of(a, argc, argv);
	mem_free(a);
	return status;
}
