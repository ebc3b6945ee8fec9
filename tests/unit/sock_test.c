/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sock_test.c - UDP, ping and raw sockets of simulated hosts: who gets a datagram, what an ICMP error does, bounds.
 */
#include "tcp_wire.h"

static struct sock *udp_at(struct wire *w, unsigned host, const char *ip, uint16_t port)
{
	struct sock_addr a = { .port = port };
	struct sock *s;

	if (ip)
		addr_parse(AF_INET, ip, &a.ip);
	assert_int_equal(sock_new(w->host[host], SOCK_DGRAM, 0, &s), 0);
	assert_int_equal(sock_bind(s, &a), 0);
	return s;
}

static void test_udp(void **state)
{
	struct wire *w = wire_new(1);
	struct sock *b = udp_at(w, 1, NULL, 53), *a;
	struct sock_addr to = at_b(53);
	struct sock_msg m;
	char buf[16];

	(void)state;
	sock_new(w->host[0], SOCK_DGRAM, 0, &a);
	assert_int_equal(sock_send(a, "x", 1), -EDESTADDRREQ);
	sock_setopt(a, SOCK_OPT_TTL, 7);
	sock_setopt(a, SOCK_OPT_TOS, 0x10);
	assert_int_equal(sock_sendto(a, "question", 8, &to), 8);
	assert_int_equal(sock_recvfrom(b, buf, 16, &m), -EAGAIN);
	wire_run_ms(w, 1);
	assert_true(sock_poll(b) & POLLIN);
	/* a buffer that is too short cuts the datagram */
	assert_int_equal(sock_recvfrom(b, buf, 4, &m), 4);
	assert_int_equal(m.len, 8);
	assert_int_equal(m.ttl, 7);
	assert_int_equal(m.tos, 0x10);
	assert_int_equal(m.from.port, a->local.port);
	assert_in_range(m.from.port, 32768, 60999);
	assert_int_equal(m.from.ip.ip4, htonl(IP_A));
	assert_int_equal(sock_sendto(b, "", 0, &m.from), 0);
	wire_run_ms(w, 1);
	assert_int_equal(sock_recvfrom(a, buf, 16, &m), 0);
	assert_int_equal(m.from.port, 53);
	sock_close(a);
	sock_close(b);
	wire_free(w);
}

/* the most particular socket gets it */
static void test_udp_lookup(void **state)
{
	struct wire *w = wire_new(2);
	struct sock *any, *mine, *conn, *a;
	struct sock_addr to = at_b(53), from_a;
	char buf[4];

	(void)state;
	a = udp_at(w, 0, NULL, 999);
	from_a = (struct sock_addr){ .ip = addr_ip4(htonl(IP_A)), .port = 999 };
	sock_new(w->host[1], SOCK_DGRAM, 0, &any);
	sock_new(w->host[1], SOCK_DGRAM, 0, &mine);
	sock_new(w->host[1], SOCK_DGRAM, 0, &conn);
	sock_setopt(any, SOCK_OPT_REUSEADDR, 1);
	sock_setopt(mine, SOCK_OPT_REUSEADDR, 1);
	sock_setopt(conn, SOCK_OPT_REUSEADDR, 1);
	assert_int_equal(sock_bind(any, &(struct sock_addr){ .port = 53 }), 0);
	assert_int_equal(sock_bind(mine, &to), 0);
	assert_int_equal(sock_bind(conn, &to), 0);
	assert_int_equal(sock_connect(conn, &from_a), 0);
	sock_sendto(a, "1", 1, &to);
	wire_run_ms(w, 1);
	assert_int_equal(sock_recv(conn, buf, 4), 1);
	sock_close(conn);
	sock_sendto(a, "2", 1, &to);
	wire_run_ms(w, 1);
	assert_int_equal(sock_recv(mine, buf, 4), 1);
	sock_close(mine);
	sock_sendto(a, "3", 1, &to);
	wire_run_ms(w, 1);
	assert_int_equal(sock_recv(any, buf, 4), 1);
	/* bound to another device than it arrives by: not for it */
	sock_setopt(any, SOCK_OPT_BINDTODEVICE, 7);
	sock_sendto(a, "4", 1, &to);
	wire_run_ms(w, 1);
	assert_int_equal(sock_recv(any, buf, 4), -EAGAIN);
	sock_close(any);
	sock_close(a);
	wire_free(w);
}

static void test_udp_refused(void **state)
{
	struct wire *w = wire_new(3);
	struct sock_addr to = at_b(53);
	struct sock_error e;
	struct sock *a;
	char buf[4];

	(void)state;
	/* not connected: nothing is said */
	sock_new(w->host[0], SOCK_DGRAM, 0, &a);
	sock_sendto(a, "x", 1, &to);
	wire_run_ms(w, 1);
	assert_int_equal(sock_recv(a, buf, 4), -EAGAIN);
	/* connected: once */
	assert_int_equal(sock_connect(a, &to), 0);
	sock_send(a, "x", 1);
	wire_run_ms(w, 1);
	assert_true(sock_poll(a) & POLLERR);
	assert_int_equal(sock_send(a, "x", 1), -ECONNREFUSED);
	assert_int_equal(sock_recv(a, buf, 4), -EAGAIN);
	sock_close(a);
	/* with the error queue: also when not connected, with what was sent */
	sock_new(w->host[0], SOCK_DGRAM, 0, &a);
	sock_setopt(a, SOCK_OPT_RECVERR, 1);
	sock_sendto(a, "probe", 5, &to);
	wire_run_ms(w, 1);
	assert_int_equal(sock_recv_error(a, &e), 0);
	assert_int_equal(e.err, ECONNREFUSED);
	assert_int_equal(e.type, ICMP_DEST_UNREACH);
	assert_int_equal(e.to.port, 53);
	assert_int_equal(e.offender.ip.ip4, htonl(IP_B));
	assert_int_equal(e.len, 5);
	assert_memory_equal(e.data, "probe", 5);
	assert_int_equal(sock_recv_error(a, &e), -EAGAIN);
	sock_close(a);
	wire_free(w);
}

static void test_udp_bounds(void **state)
{
	struct wire *w = wire_new(4);
	struct sock *b = udp_at(w, 1, NULL, 53), *a = udp_at(w, 0, NULL, 0);
	struct sock_addr to = at_b(53), bcast = { .ip = addr_ip4(htonl(0x0a0900ff)), .port = 53 };
	static char big[65508];
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		sock_sendto(a, "flood", 5, &to);
		wire_run_ms(w, 1);
	}
	assert_int_equal(b->rx_dropped, 1000 - SOCK_BUF / PKT_SMALL);
	while (sock_recv(b, big, sizeof(big)) >= 0)
		n++;
	assert_int_equal(n, SOCK_BUF / PKT_SMALL);
	assert_int_equal(sock_sendto(a, big, sizeof(big), &to), -EMSGSIZE);
	assert_int_equal(sock_sendto(a, big, sizeof(big) - 1, &to), sizeof(big) - 1);
	wire_run_ms(w, 1);
	assert_int_equal(sock_recv(b, big, sizeof(big)), sizeof(big) - 1);
	assert_int_equal(sock_sendto(a, "x", 1, &bcast), -EACCES);
	assert_int_equal(sock_sendto(a, "x", 1, &(struct sock_addr){ .ip = addr_ip4(htonl(0x08080808)), .port = 1 }),
			 -ENETUNREACH);
	sock_close(a);
	sock_close(b);
	wire_free(w);
}

static void test_udp_df(void **state)
{
	struct wire *w = wire_new(5);
	struct sock *b = udp_at(w, 1, NULL, 53), *a = udp_at(w, 0, NULL, 0);
	struct sock_addr to = at_b(53);
	static char big[3000];

	(void)state;
	/* what fits has DF, what does not may be fragmented; with PMTUDISC_DO it has DF all the same */
	sock_sendto(a, big, 1472, &to);
	wire_run_ms(w, 1);
	assert_int_equal(ntohs(pkt_ip4(b->rx)->frag_off), 0x4000);
	sock_recv(b, big, sizeof(big));
	sock_sendto(a, big, 1473, &to);
	wire_run_ms(w, 1);
	assert_int_equal(pkt_ip4(b->rx)->frag_off, 0);
	assert_int_not_equal(pkt_ip4(b->rx)->id, 0);
	sock_recv(b, big, sizeof(big));
	sock_setopt(a, SOCK_OPT_PMTUDISC, 2);
	sock_sendto(a, big, 1473, &to);
	wire_run_ms(w, 1);
	assert_int_equal(ntohs(pkt_ip4(b->rx)->frag_off), 0x4000);
	sock_close(a);
	sock_close(b);
	wire_free(w);
}

static void test_ping_and_raw(void **state)
{
	struct wire *w = wire_new(6);
	uint8_t echo[16] = { ICMP_ECHO, 0, 0, 0, 0, 0, 0, 1, 'd', 'a', 't', 'a' }, buf[64];
	struct sock_addr to = at_b(0);
	struct sock *ping, *raw, *other;
	struct sock_msg m;

	(void)state;
	assert_int_equal(sock_new(w->host[0], SOCK_DGRAM, IPPROTO_ICMP, &ping), 0);
	assert_int_equal(sock_new(w->host[0], SOCK_DGRAM, IPPROTO_ICMP, &other), 0);
	assert_int_equal(sock_new(w->host[0], SOCK_RAW, IPPROTO_ICMP, &raw), 0);
	assert_int_equal(sock_sendto(ping, echo, sizeof(echo), &to), sizeof(echo));
	assert_int_equal(sock_sendto(other, echo, sizeof(echo), &to), sizeof(echo));
	assert_int_not_equal(ping->local.port, other->local.port);
	wire_run_ms(w, 1);
	assert_int_equal(sock_recvfrom(ping, buf, sizeof(buf), &m), 16);
	assert_int_equal(buf[0], ICMP_ECHOREPLY);
	assert_int_equal(get_u16(buf + 4), ping->local.port);
	assert_memory_equal(buf + 8, "data", 4);
	assert_int_equal(m.ttl, 64);
	assert_int_equal(sock_recvfrom(ping, buf, sizeof(buf), &m), -EAGAIN);
	/* the raw socket sees both, with IP header */
	assert_int_equal(sock_recvfrom(raw, buf, sizeof(buf), &m), 36);
	assert_int_equal(buf[0], 0x45);
	assert_int_equal(sock_recvfrom(raw, buf, sizeof(buf), &m), 36);
	assert_int_equal(sock_recvfrom(raw, buf, sizeof(buf), &m), -EAGAIN);
	/* only echo requests through a ping socket */
	echo[0] = ICMP_ECHOREPLY;
	assert_int_equal(sock_sendto(ping, echo, sizeof(echo), &to), -EINVAL);
	sock_close(ping);
	sock_close(other);
	sock_close(raw);
	wire_free(w);
}

static void test_hdrincl(void **state)
{
	struct wire *w = wire_new(7);
	struct sock *raw, *b = udp_at(w, 1, NULL, 53);
	struct sock_addr to = at_b(0);
	struct { struct iphdr ip; uint8_t udp[8]; char data[4];
	} pk = {
		.ip = { .version = 4,
			.ihl = 5,
			.ttl = 3,
			.protocol = IPPROTO_UDP,
			.saddr = htonl(0x0a090009),
			.daddr = htonl(IP_B) },
		.udp = { 0, 9, 0, 53, 0, 12, 0, 0 },
		.data = "abc",
	};
	struct sock_msg m;
	char buf[8];

	(void)state;
	assert_int_equal(sock_new(w->host[0], SOCK_RAW, IPPROTO_RAW, &raw), 0);
	assert_int_equal(sock_sendto(raw, &pk, sizeof(pk), &to), sizeof(pk));
	assert_int_equal(sock_sendto(raw, &pk, 10, &to), -EINVAL);
	wire_run_ms(w, 1);
	assert_int_equal(sock_recvfrom(b, buf, 8, &m), 4);
	assert_int_equal(m.from.ip.ip4, htonl(0x0a090009));
	assert_int_equal(m.ttl, 3);
	sock_close(raw);
	sock_close(b);
	wire_free(w);
}

static void test_options_refused(void **state)
{
	struct wire *w = wire_new(8);
	struct sock *s;

	(void)state;
	assert_int_equal(sock_new(w->host[0], SOCK_STREAM, IPPROTO_UDP, &s), -EPROTONOSUPPORT);
	assert_int_equal(sock_new(w->host[0], SOCK_RAW, 0, &s), -EPROTONOSUPPORT);
	assert_int_equal(sock_new(w->host[0], SOCK_DGRAM, 0, &s), 0);
	assert_int_equal(sock_setopt(s, SOCK_OPT_TTL, 0), -EINVAL);
	assert_int_equal(sock_setopt(s, SOCK_OPT_TTL, 256), -EINVAL);
	assert_int_equal(sock_setopt(s, SOCK_OPT_TOS, 256), -EINVAL);
	assert_int_equal(sock_setopt(s, SOCK_OPT_MAX, 0), -EINVAL);
	assert_int_equal(sock_listen(s, 1), -EOPNOTSUPP);
	assert_int_equal(sock_shutdown(s, SHUT_WR), -ENOTCONN);
	sock_close(s);
	wire_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_udp),         cmocka_unit_test(test_udp_lookup),
		cmocka_unit_test(test_udp_refused), cmocka_unit_test(test_udp_bounds),
		cmocka_unit_test(test_udp_df),      cmocka_unit_test(test_ping_and_raw),
		cmocka_unit_test(test_hdrincl),     cmocka_unit_test(test_options_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
