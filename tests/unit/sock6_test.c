/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sock6_test.c - sockets of AF_INET6: TCP, UDP, ping and raw over IPv6, both families in one socket, link-local
 * addresses, what ICMPv6 errors do.
 */
#include "tcp_wire.h"

static struct sock_addr addr6(const char *text, uint16_t port)
{
	struct sock_addr a = { .port = port, .family = AF_INET6 };

	assert_int_equal(addr_parse(AF_INET6, text, &a.ip), 0);
	return a;
}

static struct sock *open6(struct wire *w, unsigned host, int type, const char *local, uint16_t port)
{
	struct sock_addr a = addr6(local, port);
	struct sock *s;

	assert_int_equal(sock_open(w->host[host], AF_INET6, type, 0, &s), 0);
	assert_int_equal(sock_bind(s, &a), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(sock_listen(s, 8), 0);
	return s;
}

static struct sock *connect_from_a(struct wire *w, int family, const struct sock_addr *to)
{
	struct sock *s;

	assert_int_equal(sock_open(w->host[0], family, SOCK_STREAM, 0, &s), 0);
	assert_int_equal(sock_connect(s, to), -EINPROGRESS);
	wire_run_ms(w, 1);
	return s;
}

static const char *shown(const struct sock *s, const struct sock_addr *a)
{
	static char buf[64];
	struct sbuf b = SBUF_INIT;

	sock_addr_put(&b, s, a);
	snprintf(buf, sizeof(buf), "%s", sbuf_str(&b));
	sbuf_free(&b);
	return buf;
}

static void test_tcp(void **state)
{
	struct wire *w = wire_new(1);
	struct sock *l = open6(w, 1, SOCK_STREAM, "fd09::2", 80), *a, *b;
	struct sock_addr to = addr6("fd09::2", 80);
	char buf[8];

	(void)state;
	a = connect_from_a(w, AF_INET6, &to);
	assert_int_equal(sock_accept(l, &b), 0);
	assert_int_equal(sock_send(a, "hello", 5), 5);
	wire_run_ms(w, 1);
	assert_int_equal(sock_recv(b, buf, sizeof(buf)), 5);
	assert_string_equal(shown(b, &b->peer), "fd09::1");
	/* 60 bytes of headers leave 1440 */
	assert_non_null(strstr(sbuf_str(&w->log), "A [S], seq 0, win 64800, options [mss 1440,sackOK,TS,nop,wscale 10]"));
	sock_close(a);
	sock_close(b);
	/* nobody there */
	to.port = 81;
	a = connect_from_a(w, AF_INET6, &to);
	assert_int_equal(sock_take_error(a), ECONNREFUSED);
	sock_close(a);
	sock_close(l);
	wire_free(w);
}

/* RFC 8201: Packet Too Big makes segments smaller at once */
static void test_tcp_pmtu(void **state)
{
	struct wire *w = wire_new(2);
	struct sock *l = open6(w, 1, SOCK_STREAM, "::", 80), *a, *b;
	struct sock_addr to = addr6("fd09::2", 80);
	static char data[20000];
	ssize_t n, all = 0;

	(void)state;
	a = connect_from_a(w, AF_INET6, &to);
	assert_int_equal(sock_accept(l, &b), 0);
	w->mtu = 1280;
	assert_int_equal(sock_send(a, data, sizeof(data)), sizeof(data));
	wire_run_ms(w, 100);
	w->biggest = 0;
	while ((n = sock_recv(b, data, sizeof(data))) > 0)
		all += n;
	assert_int_equal(all, sizeof(data));
	assert_int_equal(sock_send(a, data, sizeof(data)), sizeof(data));
	wire_run_ms(w, 100);
	assert_int_equal(w->biggest, 1280);
	sock_close(a);
	sock_close(b);
	sock_close(l);
	wire_free(w);
}

/* a socket of AF_INET6 takes IPv4 as well, and shows it as mapped addresses */
static void test_dual(void **state)
{
	struct wire *w = wire_new(3);
	struct sock *l = open6(w, 1, SOCK_STREAM, "::", 80), *a, *b;
	struct sock_addr to = at_b(80), mapped = addr6("::ffff:10.9.0.2", 80);

	(void)state;
	assert_true(sock_is_dual(l));
	a = connect_from_a(w, AF_INET, &to);
	assert_int_equal(sock_accept(l, &b), 0);
	assert_string_equal(shown(b, &b->peer), "::ffff:10.9.0.1");
	assert_int_equal(b->peer.family, AF_INET);
	sock_close(a);
	sock_close(b);
	/* IPv4 by a mapped address, from a socket of AF_INET6 */
	a = connect_from_a(w, AF_INET6, &mapped);
	assert_int_equal(sock_accept(l, &b), 0);
	assert_string_equal(shown(a, &a->local), "::ffff:10.9.0.1");
	sock_close(a);
	sock_close(b);
	sock_close(l);
	/* with IPV6_V6ONLY only IPv6 */
	assert_int_equal(sock_open(w->host[1], AF_INET6, SOCK_STREAM, 0, &l), 0);
	sock_setopt(l, SOCK_OPT_REUSEADDR, 1);
	assert_int_equal(sock_setopt(l, SOCK_OPT_V6ONLY, 1), 0);
	assert_int_equal(sock_bind(l, &(struct sock_addr){ .port = 80 }), 0);
	assert_int_equal(sock_setopt(l, SOCK_OPT_V6ONLY, 0), -EINVAL);
	assert_int_equal(sock_listen(l, 8), 0);
	a = connect_from_a(w, AF_INET, &to);
	assert_int_equal(sock_take_error(a), ECONNREFUSED);
	sock_close(a);
	assert_int_equal(sock_open(w->host[0], AF_INET6, SOCK_STREAM, 0, &a), 0);
	sock_setopt(a, SOCK_OPT_V6ONLY, 1);
	assert_int_equal(sock_connect(a, &mapped), -ENETUNREACH);
	sock_close(a);
	/* and the other family cannot be had */
	assert_int_equal(sock_new(w->host[0], SOCK_STREAM, 0, &a), 0);
	to = addr6("fd09::2", 80);
	assert_int_equal(sock_connect(a, &to), -EAFNOSUPPORT);
	sock_close(a);
	sock_close(l);
	wire_free(w);
}

static int bind_as(struct wire *w, int family, const char *ip, uint16_t port, bool v6only, struct sock **out)
{
	struct sock_addr a = { .port = port, .family = (uint8_t)family };

	addr_parse((uint8_t)family, ip, &a.ip);
	assert_int_equal(sock_open(w->host[0], family, SOCK_DGRAM, 0, out), 0);
	if (v6only)
		sock_setopt(*out, SOCK_OPT_V6ONLY, 1);
	return sock_bind(*out, &a);
}

static void test_conflicts(void **state)
{
	static const struct { int family; const char *ip; bool v6only; int with_dual, with_only6, with_v4, with_own; } rows[] = {
		{ AF_INET, "0.0.0.0", false, -EADDRINUSE, 0, -EADDRINUSE, 0 },
		{ AF_INET, "10.9.0.1", false, -EADDRINUSE, 0, -EADDRINUSE, 0 },
		{ AF_INET6, "::", false, -EADDRINUSE, -EADDRINUSE, -EADDRINUSE, -EADDRINUSE },
		{ AF_INET6, "::", true, -EADDRINUSE, -EADDRINUSE, 0, -EADDRINUSE },
		{ AF_INET6, "fd09::1", false, -EADDRINUSE, -EADDRINUSE, 0, -EADDRINUSE },
		{ AF_INET6, "::1", false, -EADDRINUSE, -EADDRINUSE, 0, 0 },
		{ AF_INET6, "::ffff:10.9.0.1", false, -EADDRINUSE, 0, -EADDRINUSE, 0 },
	};
	struct wire *w = wire_new(4);
	struct sock *dual, *only6, *v4, *own, *s;

	(void)state;
	assert_int_equal(bind_as(w, AF_INET6, "::", 1, false, &dual), 0);
	assert_int_equal(bind_as(w, AF_INET6, "::", 2, true, &only6), 0);
	assert_int_equal(bind_as(w, AF_INET, "0.0.0.0", 3, false, &v4), 0);
	assert_int_equal(bind_as(w, AF_INET6, "fd09::1", 4, false, &own), 0);
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		const int want[] = { rows[i].with_dual, rows[i].with_only6, rows[i].with_v4, rows[i].with_own };

		for (uint16_t port = 1; port <= 4; port++) {
			assert_int_equal(bind_as(w, rows[i].family, rows[i].ip, port, rows[i].v6only, &s), want[port - 1]);
			sock_close(s);
		}
	}
	assert_int_equal(bind_as(w, AF_INET6, "fd09::7", 9, false, &s), -EADDRNOTAVAIL);
	sock_close(s);
	sock_close(dual);
	sock_close(only6);
	sock_close(v4);
	sock_close(own);
	wire_free(w);
}

/* the socket of the packet's own family is nearer than one that takes both */
static void test_udp(void **state)
{
	struct wire *w = wire_new(5);
	struct sock *dual = open6(w, 1, SOCK_DGRAM, "::", 53), *a, *a4;
	struct sock_addr to = addr6("fd09::2", 53), to4 = at_b(53);
	struct sock_error e;
	struct sock_msg m;
	char buf[8];

	(void)state;
	assert_int_equal(sock_open(w->host[0], AF_INET6, SOCK_DGRAM, 0, &a), 0);
	assert_int_equal(sock_new(w->host[0], SOCK_DGRAM, 0, &a4), 0);
	assert_int_equal(sock_sendto(a, "six", 3, &to), 3);
	assert_int_equal(sock_sendto(a4, "four", 4, &to4), 4);
	wire_run_ms(w, 1);
	assert_int_equal(sock_recvfrom(dual, buf, 8, &m), 3);
	assert_int_equal(m.from.family, AF_INET6);
	assert_int_equal(sock_sendto(dual, "back", 4, &m.from), 4);
	assert_int_equal(sock_recvfrom(dual, buf, 8, &m), 4);
	assert_int_equal(m.from.family, AF_INET);
	assert_int_equal(sock_sendto(dual, "back", 4, &m.from), 4);
	wire_run_ms(w, 1);
	assert_int_equal(sock_recv(a, buf, 8), 4);
	assert_int_equal(sock_recv(a4, buf, 8), 4);
	/* refused: the connected one is told, with the error queue who said so */
	to.port = 54;
	assert_int_equal(sock_connect(a, &to), 0);
	sock_setopt(a, SOCK_OPT_RECVERR, 1);
	sock_send(a, "probe", 5);
	wire_run_ms(w, 1);
	assert_int_equal(sock_recv_error(a, &e), 0);
	assert_int_equal(e.err, ECONNREFUSED);
	assert_int_equal(e.type, ICMPV6_DEST_UNREACH);
	assert_int_equal(e.code, ICMPV6_PORT_UNREACH);
	assert_string_equal(shown(a, &e.offender), "fd09::2");
	assert_int_equal(e.len, 5);
	sock_close(a);
	sock_close(a4);
	sock_close(dual);
	wire_free(w);
}

static void test_ping(void **state)
{
	struct wire *w = wire_new(6);
	struct sock_addr to = addr6("fd09::2", 0);
	uint8_t echo[12] = { ICMPV6_ECHO_REQUEST, [7] = 1 }, in[64];
	struct sock_msg m;
	struct sock *s, *raw;

	(void)state;
	assert_int_equal(sock_open(w->host[0], AF_INET6, SOCK_DGRAM, IPPROTO_ICMP, &s), -EPROTONOSUPPORT);
	assert_int_equal(sock_open(w->host[0], AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6, &s), 0);
	assert_int_equal(sock_open(w->host[0], AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, &raw), 0);
	assert_int_equal(sock_sendto(s, echo, sizeof(echo), &to), sizeof(echo));
	wire_run_ms(w, 1);
	assert_int_equal(sock_recvfrom(s, in, sizeof(in), &m), sizeof(echo));
	assert_int_equal(in[0], ICMPV6_ECHO_REPLY);
	assert_int_equal(m.ttl, 64);
	/* a raw socket of IPv6 does not see the IP header */
	assert_int_equal(sock_recv(raw, in, sizeof(in)), sizeof(echo));
	assert_int_equal(in[0], ICMPV6_ECHO_REPLY);
	sock_close(s);
	sock_close(raw);
	wire_free(w);
}

static void test_link_local(void **state)
{
	struct wire *w = wire_new(7);
	struct sock_addr to = addr6("fe80::2", 80), at = addr6("fe80::2", 80);
	struct sock *l, *a, *b;

	(void)state;
	assert_int_equal(sock_open(w->host[1], AF_INET6, SOCK_STREAM, 0, &l), 0);
	assert_int_equal(sock_bind(l, &at), -EINVAL);
	at.scope = 1;
	assert_int_equal(sock_bind(l, &at), 0);
	assert_int_equal(l->opt[SOCK_OPT_BINDTODEVICE], 1);
	assert_int_equal(sock_listen(l, 8), 0);
	assert_int_equal(sock_open(w->host[0], AF_INET6, SOCK_STREAM, 0, &a), 0);
	assert_int_equal(sock_connect(a, &to), -EINVAL);
	sock_close(a);
	to.scope = 1;
	a = connect_from_a(w, AF_INET6, &to);
	assert_int_equal(sock_accept(l, &b), 0);
	assert_string_equal(shown(a, &a->local), "fe80::1");
	sock_close(a);
	sock_close(b);
	sock_close(l);
	wire_free(w);
}

/* what each ICMPv6 error is to a TCP connection that is being made */
static void test_errors(void **state)
{
	static const struct { uint8_t type, code; int err; } rows[] = {
		{ ICMPV6_DEST_UNREACH, ICMPV6_NOROUTE, ENETUNREACH },
		{ ICMPV6_DEST_UNREACH, ICMPV6_ADM_PROHIBITED, EACCES },
		{ ICMPV6_DEST_UNREACH, ICMPV6_NOT_NEIGHBOUR, EHOSTUNREACH },
		{ ICMPV6_DEST_UNREACH, ICMPV6_ADDR_UNREACH, EHOSTUNREACH },
		{ ICMPV6_DEST_UNREACH, ICMPV6_PORT_UNREACH, ECONNREFUSED },
		{ ICMPV6_DEST_UNREACH, ICMPV6_POLICY_FAIL, EACCES },
		{ ICMPV6_DEST_UNREACH, ICMPV6_REJECT_ROUTE, EACCES },
		{ ICMPV6_DEST_UNREACH, 99, EPROTO },
		{ ICMPV6_TIME_EXCEED, ICMPV6_EXC_HOPLIMIT, EHOSTUNREACH },
		{ ICMPV6_PARAMPROB, ICMPV6_UNK_NEXTHDR, EPROTO },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		struct wire *w = wire_new(8);
		struct sock_addr to = addr6("fd09::2", 80);
		union inet_addr router = addr6("fd09::fe", 0).ip, me = addr6("fd09::1", 0).ip;
		struct pkt *syn, *e;
		struct sock *s;

		assert_int_equal(sock_open(w->host[0], AF_INET6, SOCK_STREAM, 0, &s), 0);
		w->loss = 1000;
		assert_int_equal(sock_connect(s, &to), -EINPROGRESS);
		syn = build_ip(&w->world.pool, AF_INET6, &me, &to.ip, IPPROTO_TCP, 64, 0, 20);
		memset(pkt_l4(syn), 0, 20);
		put_u16(pkt_l4(syn), s->local.port);
		put_u16(pkt_l4(syn) + 2, 80);
		put_u32(pkt_l4(syn) + 4, w->isn[0]);
		pkt_l4(syn)[12] = 5 << 4;
		e = reply_icmp_error(syn, rows[i].type, rows[i].code, 0, &router);
		assert_non_null(e);
		wire_arrive(w, 0, e);
		assert_int_equal(sock_take_error(s), rows[i].err);
		pkt_free(syn);
		sock_close(s);
		wire_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp),	   cmocka_unit_test(test_tcp_pmtu), cmocka_unit_test(test_dual),
		cmocka_unit_test(test_conflicts),  cmocka_unit_test(test_udp),	    cmocka_unit_test(test_ping),
		cmocka_unit_test(test_link_local), cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests_name("sock6", tests, NULL, NULL);
}
