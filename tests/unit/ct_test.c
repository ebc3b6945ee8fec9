/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/ct_test.c - the table and the life of connections: lookup, confirm, expiry, early drop, events, size, text.
 */
#include <errno.h>

#include "ct/ext.h"
#include "ct/table.h"
#include "ct_util.h"

static be32 A, Z;

static struct conn *conn_of_udp(struct bench *b, uint16_t sport, uint16_t dport)
{
	struct tuple t = { .src = addr_ip4(A), .dst = addr_ip4(Z), .sport = htons(sport), .dport = htons(dport), .family = AF_INET,
			   .proto = IPPROTO_UDP };
	int dir;

	return ct_find(b->t, &t, &dir);
}

static void udp_becomes_a_stream(void **state)
{
	struct bench b;

	bench_init(&b);
	assert_string_equal(bench_pass(&b, bench_udp(&b, A, Z, 5555, 9000)), "NEW");
	assert_string_equal(bench_pass(&b, bench_udp(&b, Z, A, 9000, 5555)), "ESTABLISHED");
	bench_sleep(&b, 1000);
	assert_string_equal(bench_pass(&b, bench_udp(&b, A, Z, 5555, 9000)), "ESTABLISHED");
	assert_false(conn_of_udp(&b, 5555, 9000)->status & IPS_ASSURED);
	assert_int_equal(ct_remaining_s(b.t, conn_of_udp(&b, 5555, 9000)), 30);
	bench_sleep(&b, 1500);
	bench_pass(&b, bench_udp(&b, A, Z, 5555, 9000));
	assert_true(conn_of_udp(&b, 5555, 9000)->status & IPS_ASSURED);
	assert_int_equal(ct_remaining_s(b.t, conn_of_udp(&b, 5555, 9000)), 120);
	/* as conntrack -E showed it */
	assert_string_equal(sbuf_str(&b.events),
		"    [NEW] udp      17 30 src=10.0.1.2 dst=10.0.2.2 sport=5555 dport=9000 [UNREPLIED] src=10.0.2.2 dst=10.0.1.2 sport=9000 dport=5555\n"
		" [UPDATE] udp      17 30 src=10.0.1.2 dst=10.0.2.2 sport=5555 dport=9000 src=10.0.2.2 dst=10.0.1.2 sport=9000 dport=5555\n"
		" [UPDATE] udp      17 120 src=10.0.1.2 dst=10.0.2.2 sport=5555 dport=9000 src=10.0.2.2 dst=10.0.1.2 sport=9000 dport=5555 [ASSURED]\n");
	bench_fini(&b);
}

static void tcp_events(void **state)
{
	static const struct { bool back; struct seg s; } talk[] = {
		{ 0, { "S", 100, 0, 60000, 0, "ws7,sack" } }, { 1, { "SA", 900, 101, 60000, 0, "ws7,sack" } }, { 0, { "A", 101, 901, 500, 0, "-" } },
		{ 0, { "PA", 101, 901, 500, 3, "-" } },	      { 1, { "A", 901, 104, 500, 0, "-" } },		{ 0, { "FA", 104, 901, 500, 0, "-" } },
		{ 1, { "A", 901, 105, 500, 0, "-" } },	      { 1, { "FA", 901, 105, 500, 0, "-" } },		{ 0, { "A", 105, 902, 500, 0, "-" } },
	};
	const struct seg syn = { "S", 1, 0, 1000, 0, "-" }, rst = { "RA", 0, 2, 0, 0, "-" };
	struct bench b;

	bench_init(&b);
	for (unsigned i = 0; i < ARRAY_LEN(talk); i++)
		bench_pass(&b, talk[i].back ? bench_tcp(&b, Z, A, 80, 5000, &talk[i].s) : bench_tcp(&b, A, Z, 5000, 80, &talk[i].s));
	bench_pass(&b, bench_tcp(&b, A, Z, 5001, 81, &syn));
	bench_pass(&b, bench_tcp(&b, Z, A, 81, 5001, &rst));
	bench_sleep(&b, 120000);
#define REPLY " src=10.0.2.2 dst=10.0.1.2 sport="
	assert_string_equal(sbuf_str(&b.events),
		"    [NEW] tcp      6 120 SYN_SENT src=10.0.1.2 dst=10.0.2.2 sport=5000 dport=80 [UNREPLIED]" REPLY "80 dport=5000\n"
		" [UPDATE] tcp      6 60 SYN_RECV src=10.0.1.2 dst=10.0.2.2 sport=5000 dport=80" REPLY "80 dport=5000\n"
		" [UPDATE] tcp      6 432000 ESTABLISHED src=10.0.1.2 dst=10.0.2.2 sport=5000 dport=80" REPLY "80 dport=5000 [ASSURED]\n"
		" [UPDATE] tcp      6 120 FIN_WAIT src=10.0.1.2 dst=10.0.2.2 sport=5000 dport=80" REPLY "80 dport=5000 [ASSURED]\n"
		" [UPDATE] tcp      6 60 CLOSE_WAIT src=10.0.1.2 dst=10.0.2.2 sport=5000 dport=80" REPLY "80 dport=5000 [ASSURED]\n"
		" [UPDATE] tcp      6 30 LAST_ACK src=10.0.1.2 dst=10.0.2.2 sport=5000 dport=80" REPLY "80 dport=5000 [ASSURED]\n"
		" [UPDATE] tcp      6 120 TIME_WAIT src=10.0.1.2 dst=10.0.2.2 sport=5000 dport=80" REPLY "80 dport=5000 [ASSURED]\n"
		"    [NEW] tcp      6 120 SYN_SENT src=10.0.1.2 dst=10.0.2.2 sport=5001 dport=81 [UNREPLIED]" REPLY "81 dport=5001\n"
		"[DESTROY] tcp      6 120 CLOSE src=10.0.1.2 dst=10.0.2.2 sport=5001 dport=81 [UNREPLIED]" REPLY "81 dport=5001\n"
		"[DESTROY] tcp      6 TIME_WAIT src=10.0.1.2 dst=10.0.2.2 sport=5000 dport=80" REPLY "80 dport=5000 [ASSURED]\n");
	bench_fini(&b);
}

/* nf_conntrack_events = 2: what was made before anybody listened has no events; a packet that never left changes nothing to tell */
static void events_need_a_listener(void **state)
{
	struct bench b;

	bench_init(&b);
	ct_watch(b.t, false);
	bench_pass(&b, bench_udp(&b, A, Z, 1, 2));
	ct_watch(b.t, true);
	bench_pass(&b, bench_udp(&b, Z, A, 2, 1));
	ct_flush(b.t);
	assert_int_equal(b.events.len, 0);
	bench_fini(&b);
}

static void dropped_packet_leaves_nothing(void **state)
{
	struct bench b;
	struct pkt *p;

	bench_init(&b);
	p = bench_udp(&b, A, Z, 1, 2);
	assert_int_equal(ct_in(b.t, p, NF_INET_PRE_ROUTING), VERDICT_ACCEPT);
	assert_int_equal(ct_count(b.t), 1);
	ct_drop_unconfirmed(b.t, p);
	assert_null(p->ct);
	assert_int_equal(ct_count(b.t), 0);
	pkt_free(p);
	bench_fini(&b);
}

/* D-20: gone the moment its time is up */
static void expires_lazily(void **state)
{
	struct bench b;

	bench_init(&b);
	bench_pass(&b, bench_udp(&b, A, Z, 1, 2));
	for (unsigned i = 0; i < 100; i++) {
		bench_sleep(&b, 20000);
		bench_pass(&b, bench_udp(&b, A, Z, 1, 2));
	}
	assert_int_equal(ct_count(b.t), 1);
	bench_sleep(&b, 29999);
	assert_non_null(conn_of_udp(&b, 1, 2));
	b.clock.now_ns += NSEC_PER_MSEC;		/* no timer has run: a lookup still knows */
	assert_null(conn_of_udp(&b, 1, 2));
	assert_int_equal(ct_count(b.t), 0);
	ct_expire(b.t, clock_ms(&b.clock));
	assert_int_equal(ct_next_ms(b.t), UINT64_MAX);

	/* shorter than armed */
	bench_pass(&b, bench_udp(&b, A, Z, 1, 2));
	ct_set_timeout(b.t, conn_of_udp(&b, 1, 2), 5, true);
	bench_sleep(&b, 4999);
	bench_pass(&b, bench_udp(&b, A, Z, 1, 2));	/* fixed: not renewed */
	assert_int_equal(ct_count(b.t), 1);
	bench_sleep(&b, 1);
	assert_int_equal(ct_count(b.t), 0);
	/* longer than 32 bits of milliseconds */
	bench_pass(&b, bench_udp(&b, A, Z, 1, 2));
	ct_set_timeout(b.t, conn_of_udp(&b, 1, 2), 10000000, false);
	bench_sleep(&b, 9999999000ull);
	assert_int_equal(ct_count(b.t), 1);
	bench_sleep(&b, 1000);
	assert_int_equal(ct_count(b.t), 0);
	bench_fini(&b);
}

/* D-21: nothing goes before the table is full */
static void full_table_drops(void **state)
{
	struct bench b;
	struct pkt *p;

	bench_init(&b);
	b.conf.max = 3;
	for (uint16_t i = 1; i <= 3; i++)
		assert_string_equal(bench_pass(&b, bench_udp(&b, A, Z, i, 2)), "NEW");
	/* of 262144 buckets eight are looked at: none of three connections is there */
	for (uint16_t i = 4; i <= 20; i++)
		assert_string_equal(bench_pass(&b, bench_udp(&b, A, Z, i, 2)), "DROP");
	assert_int_equal(ct_stats(b.t)->drop, 17);
	p = bench_udp(&b, A, Z, 21, 2);
	assert_int_equal(ct_in(b.t, p, NF_INET_PRE_ROUTING), VERDICT_DROP);
	assert_int_equal(p->drop, DROP_CT_TABLE_FULL);
	pkt_free(p);
	assert_int_equal(ct_stats(b.t)->early_drop, 0);
	assert_string_equal(bench_pass(&b, bench_udp(&b, A, Z, 1, 2)), "NEW");		/* known ones go on */
	assert_int_equal(ct_count(b.t), 3);
	{
		unsigned lines = 0;

		for (const char *s = sbuf_str(&b.log); (s = strstr(s, "nf_conntrack: nf_conntrack: table full, dropping packet\n")); s++)
			lines++;
		assert_int_equal(lines, 10);		/* rate-limited */
	}
	bench_fini(&b);
}

static void early_drop_spares_assured(void **state)
{
	unsigned unassured = 0;
	struct bench b;

	bench_init(&b);
	b.conf.max = 64;
	b.conf.buckets = 8;	/* all of them are looked at */
	for (uint16_t i = 1; i <= 64; i++) {
		bench_pass(&b, bench_udp(&b, A, Z, i, 2));
		if (i % 2)
			conn_of_udp(&b, i, 2)->status |= IPS_ASSURED | IPS_SEEN_REPLY;
	}
	for (uint16_t i = 100; i < 200; i++)
		assert_string_equal(bench_pass(&b, bench_udp(&b, A, Z, i, 2)), "NEW");
	assert_int_equal(ct_count(b.t), 64);
	assert_int_equal(ct_stats(b.t)->early_drop, 100);
	for (uint16_t i = 1; i <= 64; i++) {
		struct conn *c = conn_of_udp(&b, i, 2);

		if (i % 2)
			assert_non_null(c);
		unassured += c && !(i % 2);
	}
	assert_true(unassured < 32);
	bench_fini(&b);
}

static void many(void **state)
{
	enum { N = 100000 };
	struct bench b;

	bench_init(&b);
	b.conf.max = 0;
	for (unsigned i = 0; i < N; i++) {
		struct tuple t = { .src = addr_ip4(htonl(0x0a000000 + i)), .dst = addr_ip4(Z), .sport = htons((uint16_t)i), .dport = htons(80),
				   .family = AF_INET, .proto = IPPROTO_TCP }, r;

		assert_int_equal(tuple_invert(&t, &r), 0);
		assert_int_equal(ct_insert(b.t, &t, &r, i % 2 ? IPS_SRC_NAT : 0, 100 + i % 1000, 0, NULL), 0);
		assert_int_equal(ct_insert(b.t, &t, &r, 0, 100, 0, NULL), -EEXIST);
	}
	print_message("%zu bytes for %u connections: %.1f each\n", table_bytes(b.t), N, (double)table_bytes(b.t) / N);
	assert_true(table_bytes(b.t) <= 256.0 * N);
	for (unsigned i = 0; i < N; i++) {
		struct tuple t = { .src = addr_ip4(Z), .dst = addr_ip4(htonl(0x0a000000 + i)), .sport = htons(80), .dport = htons((uint16_t)i),
				   .family = AF_INET, .proto = IPPROTO_TCP };
		int dir;
		struct conn *c = ct_find(b.t, &t, &dir);

		assert_non_null(c);
		assert_int_equal(dir, IP_CT_DIR_REPLY);
		assert_int_equal(c->tuple[0].src.ip4, htonl(0x0a000000 + i));
		if (i % 3 == 0)
			ct_delete(b.t, c);
	}
	for (unsigned i = 0; i < N; i++) {
		struct tuple t = { .src = addr_ip4(htonl(0x0a000000 + i)), .dst = addr_ip4(Z), .sport = htons((uint16_t)i), .dport = htons(80),
				   .family = AF_INET, .proto = IPPROTO_TCP };
		int dir;

		assert_true(!ct_find(b.t, &t, &dir) == (i % 3 == 0));
	}
	bench_sleep(&b, 1200 * 1000);
	assert_int_equal(ct_count(b.t), 0);
	bench_fini(&b);
}

/* at every fill of the index, half of the connections translated, one costs at most 256 bytes */
static void worst_size(void **state)
{
	struct bench b;
	double worst = 0;

	bench_init(&b);
	b.conf.max = 0;
	for (unsigned i = 0; i < 300000; i++) {
		struct tuple t = { .src = addr_ip4(htonl(0x0a000000 + i)), .dst = addr_ip4(Z), .dport = htons(80), .family = AF_INET,
				   .proto = IPPROTO_TCP }, r;

		assert_int_equal(tuple_invert(&t, &r), 0);
		assert_int_equal(ct_insert(b.t, &t, &r, IPS_SRC_NAT, 100, 0, NULL), 0);
		if (i > 150000 && (i + 1) % TABLE_CHUNK == 0)	/* two doublings */
			worst = MAX(worst, (double)table_bytes(b.t) / (i + 1));
	}
	print_message("at worst %.1f bytes a connection\n", worst);
	assert_true(worst > 0 && worst <= 256.0);
	bench_fini(&b);
}

static void errors_are_related(void **state)
{
	union inet_addr hop = addr_ip4(ip4("10.0.9.9"));
	struct pkt *p, *e;
	struct bench b;

	bench_init(&b);
	p = bench_udp(&b, A, Z, 1, 2);
	e = reply_icmp_error(p, 3, 3, 0, &hop);
	assert_int_equal(parse_ip(e), DROP_NONE);
	assert_string_equal(bench_pass(&b, pkt_clone(e)), "INVALID");	/* about nothing that is known */
	assert_string_equal(bench_pass(&b, p), "NEW");
	assert_string_equal(bench_pass(&b, pkt_clone(e)), "RELATED");
	assert_true(conn_of_udp(&b, 1, 2) && !(conn_of_udp(&b, 1, 2)->status & IPS_SEEN_REPLY));
	pkt_l4(e)[20]++;						/* checksum */
	assert_string_equal(bench_pass(&b, e), "INVALID");
	assert_string_equal(bench_pass(&b, bench_icmp(&b, A, Z, 0, 0, 7)), "INVALID");	/* a reply to nothing */
	assert_string_equal(bench_pass(&b, bench_icmp(&b, A, Z, 8, 0, 7)), "NEW");
	assert_string_equal(bench_pass(&b, bench_icmp(&b, A, Z, 8, 0, 7)), "NEW");
	assert_string_equal(bench_pass(&b, bench_icmp(&b, Z, A, 0, 0, 7)), "ESTABLISHED");
	assert_string_equal(bench_pass(&b, bench_icmp(&b, A, Z, 8, 0, 7)), "ESTABLISHED");
	bench_fini(&b);
}

static void bad_checksums(void **state)
{
	struct bench b;

	bench_init(&b);
	for (int i = 0; i < 4; i++) {
		struct pkt *p = bench_udp(&b, A, Z, (uint16_t)(1 + i), 2);
		enum nf_inet_hooks hook = i == 1 ? NF_INET_LOCAL_OUT : NF_INET_PRE_ROUTING;

		pkt_l4(p)[9] ^= 1;
		b.conf.checksum = i != 2;
		if (i == 3)
			memset(pkt_l4(p) + 6, 0, 2);		/* none at all */
		assert_int_equal(ct_in(b.t, p, hook), VERDICT_ACCEPT);
		assert_true(!p->ct == (i == 0));
		ct_drop_unconfirmed(b.t, p);
		pkt_free(p);
	}
	bench_fini(&b);
}

static void same_flow_twice_is_one(void **state)
{
	struct pkt *p, *q;
	struct bench b;

	bench_init(&b);
	p = bench_udp(&b, A, Z, 1, 2);
	q = bench_udp(&b, A, Z, 1, 2);
	ct_in(b.t, p, NF_INET_PRE_ROUTING);
	ct_in(b.t, q, NF_INET_PRE_ROUTING);
	assert_ptr_not_equal(p->ct, q->ct);
	assert_int_equal(ct_confirm(b.t, p), VERDICT_ACCEPT);
	assert_int_equal(ct_confirm(b.t, q), VERDICT_ACCEPT);
	assert_ptr_equal(p->ct, q->ct);
	assert_int_equal(ct_stats(b.t)->clash_resolve, 1);
	assert_int_equal(ct_count(b.t), 1);
	pkt_free(p);
	pkt_free(q);
	bench_fini(&b);
}

/* what may not come twice: two SYNs, both on their way when the first of them is confirmed */
static void same_tcp_flow_twice_clashes(void **state)
{
	const struct seg syn = { .flags = "S" };
	struct pkt *p, *q;
	struct bench b;

	bench_init(&b);
	p = bench_tcp(&b, A, Z, 1, 2, &syn);
	q = bench_tcp(&b, A, Z, 1, 2, &syn);
	ct_in(b.t, p, NF_INET_PRE_ROUTING);
	ct_in(b.t, q, NF_INET_PRE_ROUTING);
	assert_int_equal(ct_confirm(b.t, p), VERDICT_ACCEPT);
	assert_int_equal(ct_confirm(b.t, q), VERDICT_DROP);
	assert_int_equal(q->drop, DROP_CT_CLASH);
	assert_int_equal(ct_stats(b.t)->insert_failed, 1);
	ct_drop_unconfirmed(b.t, q);
	pkt_free(p);
	pkt_free(q);
	bench_fini(&b);
}

static void zones_and_vectors(void **state)
{
	struct pkt *v[40];
	struct bench b;

	bench_init(&b);
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < ARRAY_LEN(v); i++)
			v[i] = bench_udp(&b, A, Z, (uint16_t)(i + 1), 2);
		ct_prefetch(b.t, v, ARRAY_LEN(v));
		for (unsigned i = 0; i < ARRAY_LEN(v); i++) {
			v[i]->ct_zone[0] = v[i]->ct_zone[1] = i % 2 ? 9 : 0;
			ct_in(b.t, v[i], NF_INET_PRE_ROUTING);
			assert_int_equal(ct_confirm(b.t, v[i]), VERDICT_ACCEPT);
			assert_int_equal(v[i]->ct->tuple[0].zone, i % 2 ? 9 : 0);
			pkt_free(v[i]);
		}
		assert_int_equal(ct_count(b.t), ARRAY_LEN(v));
	}
	bench_fini(&b);
}

/* two sources with one address, told apart by the zone of their direction; their answers come back in no zone */
static void zone_of_one_direction(void **state)
{
	struct pkt *p, *q;
	struct bench b;

	bench_init(&b);
	for (uint16_t zone = 1; zone <= 2; zone++) {
		p = bench_udp(&b, A, Z, zone, 2);
		p->ct_zone[IP_CT_DIR_ORIGINAL] = zone;
		ct_in(b.t, p, NF_INET_PRE_ROUTING);
		assert_int_equal(ct_confirm(b.t, p), VERDICT_ACCEPT);
		q = bench_udp(&b, Z, A, 2, zone);
		ct_in(b.t, q, NF_INET_PRE_ROUTING);
		assert_ptr_equal(q->ct, p->ct);
		assert_int_equal(q->ctinfo, IP_CT_ESTABLISHED_REPLY);
		pkt_free(p);
		pkt_free(q);
	}
	/* the original direction without its zone is another connection, and clashes with nothing */
	p = bench_udp(&b, A, Z, 1, 2);
	ct_in(b.t, p, NF_INET_PRE_ROUTING);
	assert_int_equal(p->ctinfo, IP_CT_NEW);
	ct_drop_unconfirmed(b.t, p);
	pkt_free(p);
	bench_fini(&b);
}

static void line(struct bench *b, struct conn *c, unsigned flags, const char *want)
{
	struct sbuf s = SBUF_INIT;

	ct_print(&s, b->t, c, flags);
	assert_string_equal(sbuf_str(&s), want);
	sbuf_free(&s);
}

static int keep(void *ctx, struct conn *c)
{
	*(struct conn **)ctx = c;
	return 0;
}

/* lines that the real tools printed */
static void text(void **state)
{
	const uint8_t other[32] = { 0, 0, 8, 0 };
	struct conn *c = NULL;
	struct bench b;

	bench_init(&b);
	b.conf.acct = b.conf.timestamp = 1;
	bench_pass(&b, bench_ip(&b, A, Z, 50, other, 32));
	bench_sleep(&b, 3000);
	ct_foreach(b.t, keep, &c);
	line(&b, c, 0, "unknown  50 597 src=10.0.1.2 dst=10.0.2.2 packets=1 bytes=52 [UNREPLIED] src=10.0.2.2 dst=10.0.1.2 packets=0 bytes=0 "
	     "mark=0 delta-time=3 use=1");
	line(&b, c, CT_PRINT_PROC, "ipv4     2 unknown  50 597 src=10.0.1.2 dst=10.0.2.2 packets=1 bytes=52 [UNREPLIED] src=10.0.2.2 dst=10.0.1.2 "
	     "packets=0 bytes=0 mark=0 zone=0 delta-time=3 use=2");
	line(&b, c, CT_PRINT_SAVE, "-A -t 597 -u UNSET -s 10.0.1.2 -d 10.0.2.2 -r 10.0.2.2 -q 10.0.1.2 -p 50");
	ct_flush(b.t);
	ct_expire(b.t, clock_ms(&b.clock));
	b.conf.acct = b.conf.timestamp = 0;
	bench_pass(&b, bench_ip(&b, A, Z, 47, other, 32));
	ct_foreach(b.t, keep, &c);
	ct_set_mark(b.t, c, 31);
	line(&b, c, CT_PRINT_EXTENDED, "ipv4     2 gre      47 30 src=10.0.1.2 dst=10.0.2.2 srckey=0x0 dstkey=0x0 [UNREPLIED] src=10.0.2.2 "
	     "dst=10.0.1.2 srckey=0x0 dstkey=0x0 mark=31 use=1");
	line(&b, c, CT_PRINT_PROC, "ipv4     2 gre      47 30 timeout=30, stream_timeout=180 src=10.0.1.2 dst=10.0.2.2 srckey=0x0 dstkey=0x0 "
	     "[UNREPLIED] src=10.0.2.2 dst=10.0.1.2 srckey=0x0 dstkey=0x0 mark=31 zone=0 use=2");
	ct_flush(b.t);
	ct_expire(b.t, clock_ms(&b.clock));
	bench_pass(&b, bench_ip(&b, A, Z, 132, other, 32));	/* D-23 */
	ct_foreach(b.t, keep, &c);
	assert_int_equal(ct_remaining_s(b.t, c), 600);
	ct_flush(b.t);
	ct_expire(b.t, clock_ms(&b.clock));
	bench_pass(&b, bench_ip(&b, A, Z, 33, other, 32));
	ct_foreach(b.t, keep, &c);
	line(&b, c, 0, "dccp     33 600 src=10.0.1.2 dst=10.0.2.2 sport=0 dport=0 [UNREPLIED] src=10.0.2.2 dst=10.0.1.2 sport=0 dport=0 mark=0 use=1");
	line(&b, c, CT_PRINT_PROC, "ipv4     2 unknown  33 600 src=10.0.1.2 dst=10.0.2.2 [UNREPLIED] src=10.0.2.2 dst=10.0.1.2 mark=0 zone=0 use=2");
	bench_fini(&b);
}

static int addresses(void **state)
{
	A = ip4("10.0.1.2");
	Z = ip4("10.0.2.2");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(udp_becomes_a_stream), cmocka_unit_test(tcp_events), cmocka_unit_test(events_need_a_listener),
		cmocka_unit_test(dropped_packet_leaves_nothing), cmocka_unit_test(expires_lazily), cmocka_unit_test(full_table_drops),
		cmocka_unit_test(same_tcp_flow_twice_clashes),
		cmocka_unit_test(early_drop_spares_assured), cmocka_unit_test(many), cmocka_unit_test(worst_size),
		cmocka_unit_test(errors_are_related), cmocka_unit_test(bad_checksums), cmocka_unit_test(same_flow_twice_is_one),
		cmocka_unit_test(zones_and_vectors),
		cmocka_unit_test(zone_of_one_direction), cmocka_unit_test(text),
	};

	return cmocka_run_group_tests(tests, addresses, NULL);
}
