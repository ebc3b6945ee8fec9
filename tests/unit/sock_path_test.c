/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sock_path_test.c - sockets over the real packet's way: two hosts with a router between them, ARP, forwarding, ICMP
 * errors, lo.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>

#include "lab/sock.h"

struct net {
	struct world world;
	struct sched *sched;
	struct sched_event tick;
	struct netns *a, *r, *b;
	struct sock_host *ha, *hr, *hb;
	struct link *ra, *rb;
};

struct flight {
	struct sched_event ev;
	struct pkt *p;
	struct link *to;
};

static void arrive(struct sched_event *ev)
{
	struct flight *f = container_of(ev, struct flight, ev);
	struct pkt *p = f->p;
	struct link *to = f->to;

	free(f);
	path_rx(to, &p, 1);
}

static void transmit(struct world *w, struct link *out, struct pkt *p)
{
	struct net *n = w->ctx;
	struct flight *f = malloc(sizeof(*f));

	sched_event_init(&f->ev, arrive);
	f->to = out->kind == LINK_LOOPBACK ? out : out->peer;
	f->p = p;
	p->sk = NULL;
	p->dst = NULL;
	if (out->kind != LINK_LOOPBACK)
		p->mark = 0;
	sched_at(n->sched, &f->ev, w->clock.now_ns + 10000);
}

static void set_tick(struct net *n)
{
	uint64_t next = world_next_ns(&n->world);

	if (next != UINT64_MAX)
		sched_at(n->sched, &n->tick, next);
}

static void tick(struct sched_event *ev)
{
	struct net *n = container_of(ev, struct net, tick);

	world_timers(&n->world);
	set_tick(n);
}

static void timers_changed(struct world *w)
{
	set_tick(w->ctx);
}

static const struct world_ops ops = { .transmit = transmit, .timers_changed = timers_changed };

static void addr(struct link *l, const char *text, uint8_t plen)
{
	struct link_addr a = { .family = AF_INET, .plen = plen };

	assert_int_equal(addr_parse(AF_INET, text, &a.addr), 0);
	a.peer = a.addr;
	assert_int_equal(link_addr_add(l, &a), 0);
	link_set_flags(l, IFF_UP, IFF_UP);
}

static void gateway(struct netns *ns, struct link *l, const char *gw)
{
	struct nexthop nh = { .ifindex = l->ifindex, .gw_family = AF_INET, .weight = 1 };
	struct route r = { .family = AF_INET, .type = RTN_UNICAST, .table = 254, .protocol = 3, .n_nh = 1, .nh = &nh };

	addr_parse(AF_INET, gw, &nh.gw);
	assert_int_equal(fib_add(&ns->fib, &r, NLM_F_CREATE), 0);
}

static struct net *net_new(void)
{
	struct net *n = calloc(1, sizeof(*n));
	struct link *la, *lb;

	assert_int_equal(path_world_init(&n->world, 7, &ops, n), 0);
	n->sched = sched_new(&n->world.clock);
	sched_event_init(&n->tick, tick);
	n->a = netns_new(&n->world, "a");
	n->r = netns_new(&n->world, "r");
	n->b = netns_new(&n->world, "b");
	assert_int_equal(netns_veth(n->a, "eth0", n->r, "eth0", &la, &n->ra), 0);
	assert_int_equal(netns_veth(n->b, "eth0", n->r, "eth1", &lb, &n->rb), 0);
	addr(n->a->lo, "127.0.0.1", 8);
	addr(la, "10.1.0.2", 24);
	addr(n->ra, "10.1.0.1", 24);
	addr(n->rb, "10.2.0.1", 24);
	addr(lb, "10.2.0.2", 24);
	gateway(n->a, la, "10.1.0.1");
	gateway(n->b, lb, "10.2.0.1");
	assert_int_equal(ns_sysctl_set(n->r, "net.ipv4.ip_forward", "1"), 0);
	n->ha = sock_host_new(n->a, n->sched, &sock_path_io);
	n->hr = sock_host_new(n->r, n->sched, &sock_path_io);
	n->hb = sock_host_new(n->b, n->sched, &sock_path_io);
	return n;
}

static void run_ms(struct net *n, uint64_t ms)
{
	set_tick(n);
	sched_run(n->sched, sched_now(n->sched) + ms * NSEC_PER_MSEC, NULL, NULL);
}

static void net_free(struct net *n)
{
	run_ms(n, 200000);
	sched_cancel(n->sched, &n->tick);
	sock_host_free(n->ha);
	sock_host_free(n->hr);
	sock_host_free(n->hb);
	world_free(&n->world);
	sched_free(n->sched);
	free(n);
}

static struct sock_addr to(const char *ip, uint16_t port)
{
	struct sock_addr a = { .port = port };

	addr_parse(AF_INET, ip, &a.ip);
	return a;
}

static struct sock *tcp_to(struct net *n, const char *ip, uint16_t port, int want)
{
	struct sock_addr dst = to(ip, port);
	struct sock *s;

	assert_int_equal(sock_new(n->ha, SOCK_STREAM, 0, &s), 0);
	assert_int_equal(sock_connect(s, &dst), want);
	return s;
}

static struct sock *listen_at(struct sock_host *h, uint16_t port)
{
	struct sock_addr any = { .port = port };
	struct sock *l;

	assert_int_equal(sock_new(h, SOCK_STREAM, 0, &l), 0);
	assert_int_equal(sock_bind(l, &any), 0);
	assert_int_equal(sock_listen(l, 5), 0);
	return l;
}

static void test_through_router(void **state)
{
	struct net *n = net_new();
	struct sock *l = listen_at(n->hb, 80), *s = tcp_to(n, "10.2.0.2", 80, -EINPROGRESS), *c;
	static char buf[300000];
	uint32_t sent = 0, got = 0;
	ssize_t k;

	(void)state;
	run_ms(n, 5);
	assert_int_equal(s->state, TCP_ESTABLISHED);
	assert_int_equal(sock_accept(l, &c), 0);
	assert_int_equal(c->peer.ip.ip4, to("10.1.0.2", 0).ip.ip4);
	assert_true(n->r->forwarded >= 3);
	/* the second link is narrower: the router says so, and the transfer goes on in smaller segments */
	n->rb->mtu = n->rb->peer->mtu = 1300;
	while (got < 200000) {
		while (sent < 200000 && (k = sock_send(s, buf, MIN(200000 - sent, 20000u))) > 0)
			sent += (uint32_t)k;
		run_ms(n, 1);
		while ((k = sock_recv(c, buf, sizeof(buf))) > 0)
			got += (uint32_t)k;
		assert_true(sched_now(n->sched) < 5 * NSEC_PER_SEC);
	}
	assert_int_equal(s->tcp != NULL, true);
	sock_close(s);
	sock_close(c);
	sock_close(l);
	net_free(n);
}

static void test_errors(void **state)
{
	struct net *n = net_new();
	struct sock *s;

	(void)state;
	/* nobody listens */
	s = tcp_to(n, "10.2.0.2", 81, -EINPROGRESS);
	run_ms(n, 10);
	assert_int_equal(sock_take_error(s), ECONNREFUSED);
	sock_close(s);
	/* the router has no such host: three ARP requests, then host unreachable */
	s = tcp_to(n, "10.2.0.77", 81, -EINPROGRESS);
	run_ms(n, 2500);
	assert_int_equal(sock_take_error(s), 0);
	run_ms(n, 1500);
	assert_int_equal(sock_take_error(s), EHOSTUNREACH);
	sock_close(s);
	/* on our own link */
	s = tcp_to(n, "10.1.0.77", 81, -EINPROGRESS);
	run_ms(n, 4000);
	assert_int_equal(sock_take_error(s), EHOSTUNREACH);
	sock_close(s);
	/* no route on the router: net unreachable */
	s = tcp_to(n, "198.51.100.1", 81, -EINPROGRESS);
	run_ms(n, 10);
	assert_int_equal(sock_take_error(s), ENETUNREACH);
	sock_close(s);
	/* and on the router itself */
	struct sock_addr dst = to("198.51.100.1", 1);

	assert_int_equal(sock_new(n->hr, SOCK_DGRAM, 0, &s), 0);
	assert_int_equal(sock_sendto(s, "x", 1, &dst), -ENETUNREACH);
	sock_close(s);
	net_free(n);
}

static void test_loopback(void **state)
{
	struct net *n = net_new();
	struct sock *l = listen_at(n->ha, 80), *s, *c;
	static const char *const addrs[] = { "127.0.0.1", "10.1.0.2", "127.3.2.1" };
	char buf[8];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(addrs); i++) {
		s = tcp_to(n, addrs[i], 80, -EINPROGRESS);
		run_ms(n, 5);
		assert_int_equal(s->state, TCP_ESTABLISHED);
		assert_int_equal(sock_accept(l, &c), 0);
		assert_int_equal(sock_send(s, "hello", 5), 5);
		run_ms(n, 5);
		assert_int_equal(sock_recv(c, buf, 8), 5);
		sock_close(s);
		sock_close(c);
	}
	sock_close(l);
	net_free(n);
}

static void test_udp_and_ping(void **state)
{
	struct net *n = net_new();
	uint8_t echo[12] = { ICMP_ECHO, 0, 0, 0, 0, 0, 0, 1 }, buf[64];
	struct sock_addr dst = to("10.2.0.2", 33434), peer = to("10.2.0.2", 0);
	struct sock_error e;
	struct sock_msg m;
	struct sock *s;

	(void)state;
	/* traceroute's way: TTL 1, then 2 */
	assert_int_equal(sock_new(n->ha, SOCK_DGRAM, 0, &s), 0);
	sock_setopt(s, SOCK_OPT_RECVERR, 1);
	sock_setopt(s, SOCK_OPT_TTL, 1);
	assert_int_equal(sock_sendto(s, "probe", 5, &dst), 5);
	run_ms(n, 10);
	assert_int_equal(sock_recv_error(s, &e), 0);
	assert_int_equal(e.type, ICMP_TIME_EXCEEDED);
	assert_int_equal(e.offender.ip.ip4, to("10.1.0.1", 0).ip.ip4);
	sock_setopt(s, SOCK_OPT_TTL, 2);
	assert_int_equal(sock_sendto(s, "probe", 5, &dst), 5);
	run_ms(n, 10);
	assert_int_equal(sock_recv_error(s, &e), 0);
	assert_int_equal(e.err, ECONNREFUSED);
	assert_int_equal(e.offender.ip.ip4, to("10.2.0.2", 0).ip.ip4);
	sock_close(s);
	assert_int_equal(sock_new(n->ha, SOCK_DGRAM, IPPROTO_ICMP, &s), 0);
	assert_int_equal(sock_sendto(s, echo, sizeof(echo), &peer), sizeof(echo));
	run_ms(n, 10);
	assert_int_equal(sock_recvfrom(s, buf, sizeof(buf), &m), sizeof(echo));
	assert_int_equal(m.ttl, 63);
	assert_int_equal(m.from.ip.ip4, peer.ip.ip4);
	sock_close(s);
	net_free(n);
}

/* nobody reads: what does not fit is dropped, counted, and the sender is told nothing */
static void test_full_socket(void **state)
{
	struct net *n = net_new();
	struct sock_addr dst = to("10.2.0.2", 53), any = { .port = 53 };
	struct sock *s, *quiet;

	(void)state;
	assert_int_equal(sock_new(n->hb, SOCK_DGRAM, 0, &quiet), 0);
	assert_int_equal(sock_bind(quiet, &any), 0);
	assert_int_equal(sock_new(n->ha, SOCK_DGRAM, 0, &s), 0);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(sock_sendto(s, "flood", 5, &dst), 5);
		run_ms(n, 1);
	}
	assert_int_equal(n->b->drops[DROP_SOCKET_FULL], 1000 - SOCK_BUF / PKT_SMALL);
	sock_close(s);
	sock_close(quiet);
	net_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_through_router),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_loopback),
		cmocka_unit_test(test_udp_and_ping),
		cmocka_unit_test(test_full_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
