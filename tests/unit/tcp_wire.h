/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_wire.h - two hosts and a wire between them, for tests of sockets: seeded loss, duplication, reordering, and a
 * written record of segments.
 */
#ifndef TCP_WIRE_H
#define TCP_WIRE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>

#include "base/buf.h"
#include "lab/sock.h"
#include "net/edit.h"
#include "net/parse.h"
#include "net/reply.h"

#define IP_A 0x0a090001u
#define IP_B 0x0a090002u
/* over IPv6 the same last byte: fd09::1, fd09::2, and fe80::1, fe80::2 on the wire, which is interface 1 */

struct wire {
	struct world world;
	struct netns ns[2];
	struct sched *sched;
	struct sock_host *host[2];
	struct rng rng;			/* of the wire's accidents */
	unsigned loss, dup, reorder;	/* per mille */
	uint64_t delay_ns;
	uint32_t mtu;			/* of the path; larger packets with DF get "fragmentation needed" */
	uint32_t pmtu;			/* what the hosts have learned */
	bool (*drop)(struct wire *w, const struct pkt *p);	/* a scripted loss */
	struct sbuf log;		/* one line a segment, as tcpdump, sequence numbers relative, no times */
	bool logging, log_times;
	uint32_t isn[2];
	uint32_t ts_sent[2];
	unsigned packets;
	uint64_t first_ns;
	uint32_t biggest;
};

struct flight {
	struct sched_event ev;
	struct wire *w;
	struct pkt *p;
	unsigned to;
};

static inline struct wire *wire_of(struct netns *ns)
{
	return ns->world->ctx;
}

static inline void wire_send(struct wire *w, struct pkt *p);

static inline bool is_b(uint8_t family, const union inet_addr *a)
{
	return a->b[family == AF_INET ? 3 : 15] == 2;
}

static inline bool from_b(const struct pkt *p)
{
	union inet_addr src = pkt_src(p);

	return is_b(p->family, &src);
}

static inline void wire_icmp(struct wire *w, struct netns *ns, struct pkt *p)
{
	const uint8_t *h = pkt_l4(p);
	struct pkt *copy = pkt_clone(p), *r = NULL;
	bool v6 = p->family == AF_INET6, too_big = v6 ? h[0] == ICMPV6_PKT_TOOBIG : h[0] == ICMP_DEST_UNREACH && h[1] == ICMP_FRAG_NEEDED;

	if (copy && ns->sock->deliver(ns, copy) != DROP_NONE)
		pkt_free(copy);
	if (h[0] == (v6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO))
		r = reply_echo(p);
	else if (too_big)
		w->pmtu = get_u32(h + 4);
	if (v6 ? h[0] < 128 : h[0] == ICMP_DEST_UNREACH)
		ns->sock->icmp_error(ns, p, h[0], h[1], get_u32(h + 4), h + 8, pkt_l4_len(p) - 8);
	if (r)
		wire_send(w, r);
	pkt_free(p);
}

/* as path/local.c answers for what no socket takes */
static inline void wire_arrive(struct wire *w, unsigned to, struct pkt *p)
{
	struct netns *ns = &w->ns[to];
	enum drop_reason why;
	struct pkt *r = NULL;

	assert_int_equal(parse_ip(p), DROP_NONE);
	p->iif = 1;
	if (p->proto == IPPROTO_ICMP || p->proto == IPPROTO_ICMPV6) {
		wire_icmp(w, ns, p);
		return;
	}
	why = ns->sock->deliver(ns, p);
	if (why == DROP_NONE)
		return;
	if (why == DROP_NO_SOCKET && p->proto == IPPROTO_TCP) {
		r = reply_rst(p);
	} else if (why == DROP_NO_SOCKET && p->proto == IPPROTO_UDP) {
		union inet_addr me = pkt_dst(p);

		r = p->family == AF_INET ? reply_icmp_error(p, ICMP_DEST_UNREACH, ICMP_PORT_UNREACH, 0, &me) :
					   reply_icmp_error(p, ICMPV6_DEST_UNREACH, ICMPV6_PORT_UNREACH, 0, &me);
	}
	pkt_free(p);
	if (r)
		wire_send(w, r);
}

static inline void flight_fire(struct sched_event *ev)
{
	struct flight *f = container_of(ev, struct flight, ev);
	struct flight copy = *f;

	free(f);
	wire_arrive(copy.w, copy.to, copy.p);
}

static inline void wire_launch(struct wire *w, struct pkt *p, uint64_t delay_ns)
{
	struct flight *f = malloc(sizeof(*f));
	union inet_addr dst = pkt_dst(p);

	sched_event_init(&f->ev, flight_fire);
	f->w = w;
	f->p = p;
	f->to = is_b(p->family, &dst);
	assert_int_equal(sched_at(w->sched, &f->ev, sched_now(w->sched) + delay_ns), 0);
}

/* options as tcpdump writes them; time stamps only as "TS", the echo is checked against what was sent */
static inline void log_options(struct wire *w, const struct pkt *p)
{
	const uint8_t *o = pkt_l4(p) + 20, *end = pkt_l4(p) + pkt_tcp(p)->doff * 4;
	const char *sep = ", options [";

	if (o == end)
		return;
	for (; o < end; o += *o == TCP_OPT_NOP ? 1 : o[1]) {
		sbuf_puts(&w->log, sep);
		sep = ",";
		switch (*o) {
		case TCP_OPT_NOP: sbuf_puts(&w->log, "nop"); break;
		case TCP_OPT_MSS: sbuf_printf(&w->log, "mss %u", get_u16(o + 2)); break;
		case TCP_OPT_SACK_OK: sbuf_puts(&w->log, "sackOK"); break;
		case TCP_OPT_WSCALE: sbuf_printf(&w->log, "wscale %u", o[2]); break;
		case TCP_OPT_TS: sbuf_puts(&w->log, "TS"); break;
		case TCP_OPT_SACK: sbuf_printf(&w->log, "sack %u", (o[1] - 2) / 8); break;
		default: fail();
		}
	}
	sbuf_putc(&w->log, ']');
}

static inline void wire_log(struct wire *w, const struct pkt *p)
{
	const struct tcphdr *th = pkt_tcp(p);
	unsigned from = from_b(p);
	uint32_t seq, len;

	if (!th)
		return;
	if (th->syn)
		w->isn[from] = ntohl(th->seq);
	seq = ntohl(th->seq) - w->isn[from];
	len = pkt_l4_len(p) - th->doff * 4u;
	if (w->log_times)
		sbuf_printf(&w->log, "%llu ",
			    (unsigned long long)((sched_now(w->sched) - w->first_ns + 500000) / 1000000));
	sbuf_printf(&w->log, "%c [%s%s%s%s%s]", from ? 'B' : 'A', th->fin ? "F" : "", th->syn ? "S" : "",
		    th->rst ? "R" : "", th->psh ? "P" : "", th->ack ? "." : "");
	if (len)
		sbuf_printf(&w->log, ", seq %u:%u", seq, seq + len);
	else if (th->syn || th->fin || th->rst)
		sbuf_printf(&w->log, ", seq %u", th->rst && !th->seq ? 0 : seq);
	if (th->ack)
		sbuf_printf(&w->log, ", ack %u", ntohl(th->ack_seq) - w->isn[!from]);
	sbuf_printf(&w->log, ", win %u", ntohs(th->window));
	log_options(w, p);
	sbuf_printf(&w->log, ", length %u\n", len);
}

static inline void wire_send(struct wire *w, struct pkt *p)
{
	bool v6 = p->family == AF_INET6;
	uint64_t delay = w->delay_ns;

	w->packets++;
	w->biggest = MAX(w->biggest, pkt_l3_len(p));
	if (w->logging)
		wire_log(w, p);
	if (pkt_l3_len(p) > w->mtu && (v6 || ntohs(pkt_ip4(p)->frag_off) & 0x4000)) {
		union inet_addr router = v6 ? (union inet_addr){ .b = { 0xfd, 9, [15] = 0xfe } } : addr_ip4(htonl(0x0a0900fe));
		struct pkt *e = v6 ? reply_icmp_error(p, ICMPV6_PKT_TOOBIG, 0, w->mtu, &router) :
				     reply_icmp_error(p, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, w->mtu, &router);

		pkt_free(p);
		wire_launch(w, e, delay);
		return;
	}
	if ((w->drop && w->drop(w, p)) || rng_below(&w->rng, 1000) < w->loss) {
		pkt_free(p);
		return;
	}
	if (rng_below(&w->rng, 1000) < w->dup) {
		struct pkt *copy = pkt_clone(p);

		if (copy)
			wire_launch(w, copy, delay + rng_below(&w->rng, 100000));
	}
	if (rng_below(&w->rng, 1000) < w->reorder)
		delay += rng_below(&w->rng, 500000);
	wire_launch(w, p, delay);
}

static inline int wire_output(struct netns *ns, struct pkt *p, const struct path_out *o)
{
	(void)o;
	wire_send(wire_of(ns), p);
	return 0;
}

static inline union inet_addr wire_addr(const struct wire *w, const struct netns *ns, uint8_t family, const union inet_addr *like)
{
	union inet_addr a = family == AF_INET ? addr_ip4(htonl(IP_A)) : (union inet_addr){ .b = { 0xfd, 9, [15] = 1 } };

	if (family == AF_INET6 && like && like->b[0] == 0xfe)
		a.b[0] = 0xfe, a.b[1] = 0x80;
	if (ns == &w->ns[1])
		a.b[family == AF_INET ? 3 : 15] = 2;
	return a;
}

static inline bool wire_is_local(struct netns *ns, uint8_t family, const union inet_addr *a)
{
	union inet_addr me = wire_addr(wire_of(ns), ns, family, a);

	return addr_is_loopback(family, a) || addr_eq(a, &me);
}

static inline int wire_route(struct netns *ns, const struct route_key *k, struct route_result *res)
{
	*res = (struct route_result){ .type = RTN_UNICAST, .mtu = 1500 };
	if (wire_is_local(ns, k->family, &k->dst)) {
		res->type = RTN_LOCAL;
		res->prefsrc = k->dst;
		res->mtu = 65536;
		return 0;
	}
	if (k->family == AF_INET ? k->dst.b[0] != 10 : k->dst.b[0] < 0xfd)
		return -ENETUNREACH;
	if (k->family == AF_INET && k->dst.b[3] == 255)
		res->type = RTN_BROADCAST;
	res->prefsrc = wire_addr(wire_of(ns), ns, k->family, &k->dst);
	return 0;
}

static inline uint32_t wire_pmtu(struct netns *ns, const union inet_addr *dst, uint32_t route_mtu)
{
	(void)dst;
	return MIN(route_mtu, wire_of(ns)->pmtu);
}

static inline uint8_t wire_addr_type(struct netns *ns, uint8_t family, const union inet_addr *a)
{
	return wire_is_local(ns, family, a) ? RTN_LOCAL : RTN_UNICAST;
}

static const struct sock_io wire_io = { wire_output, wire_route, wire_pmtu, wire_addr_type };

static inline struct wire *wire_new(uint64_t seed)
{
	struct wire *w = calloc(1, sizeof(*w));

	w->world.ctx = w;
	rng_seed(&w->world.rng, seed);
	rng_seed(&w->rng, seed + 1);
	pkt_pool_init(&w->world.pool, 8192);
	w->sched = sched_new(&w->world.clock);
	w->delay_ns = 10000;
	w->mtu = w->pmtu = 65535;
	w->logging = true;
	for (unsigned i = 0; i < 2; i++) {
		w->ns[i].world = &w->world;
		w->ns[i].sysctl = (struct ns_sysctl){
			.tcp_timestamps = 1,
			.tcp_sack = 1,
			.tcp_window_scaling = 1,
			.tcp_syn_retries = 6,
			.tcp_synack_retries = 5,
			.tcp_retries2 = 15,
			.tcp_fin_timeout = 60,
			.ip_default_ttl = 64,
			.ip6_auto_flowlabels = 1,
			.somaxconn = 4096,
		};
		w->host[i] = sock_host_new(&w->ns[i], w->sched, &wire_io);
	}
	return w;
}

static inline void wire_free(struct wire *w)
{
	w->drop = NULL;
	w->loss = w->dup = w->reorder = 0;
	sched_run(w->sched, sched_now(w->sched) + 600 * NSEC_PER_SEC, NULL, NULL);
	for (unsigned i = 0; i < 2; i++)
		sock_host_free(w->host[i]);
	assert_int_equal(w->world.pool.meta.used, 0);	/* nobody keeps or loses a packet */
	sched_free(w->sched);
	pkt_pool_destroy(&w->world.pool);
	sbuf_free(&w->log);
	free(w);
}

static inline void wire_run_ms(struct wire *w, uint64_t ms)
{
	sched_run(w->sched, sched_now(w->sched) + ms * NSEC_PER_MSEC, NULL, NULL);
}

static inline struct sock_addr at_b(uint16_t port)
{
	return (struct sock_addr){ .ip = addr_ip4(htonl(IP_B)), .port = port };
}

static inline struct sock *wire_listen(struct wire *w, uint16_t port)
{
	struct sock_addr any = { .port = port };
	struct sock *l;

	assert_int_equal(sock_new(w->host[1], SOCK_STREAM, 0, &l), 0);
	sock_setopt(l, SOCK_OPT_REUSEADDR, 1);
	assert_int_equal(sock_bind(l, &any), 0);
	assert_int_equal(sock_listen(l, 8), 0);
	return l;
}

/* a connection from A to B, both ends */
static inline void wire_pair(struct wire *w, uint16_t port, struct sock **a, struct sock **b)
{
	struct sock *l = wire_listen(w, port);
	struct sock_addr to = at_b(port);

	assert_int_equal(sock_new(w->host[0], SOCK_STREAM, 0, a), 0);
	assert_int_equal(sock_connect(*a, &to), -EINPROGRESS);
	wire_run_ms(w, 1);
	assert_true(sock_poll(*a) & POLLOUT);
	assert_int_equal(sock_accept(l, b), 0);
	sock_close(l);
}

#endif
