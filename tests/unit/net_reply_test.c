/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_reply_test.c - ICMP errors, echo replies, resets, ARP: fields as Linux fills them, and when none is sent.
 */
#include "net_pkts.h"

struct env {
	struct pkt_pool pool;
	struct rng r;
};

static void env_init(struct env *e)
{
	pkt_pool_init(&e->pool, 16);
	rng_seed(&e->r, 1);
}

static void env_free(struct env *e)
{
	assert_int_equal(e->pool.meta.used, 0);
	pkt_pool_destroy(&e->pool);
}

static struct pkt *udp(struct env *e, const char *src, const char *dst, uint32_t len, uint8_t tos)
{
	union inet_addr s, d;
	struct pkt *p = make_pkt(&e->pool, &e->r, IPPROTO_UDP, len);

	addr_parse(AF_INET, src, &s);
	addr_parse(AF_INET, dst, &d);
	edit_addr(p, EDIT_SRC, &s);
	edit_addr(p, EDIT_DST, &d);
	edit_dsfield(p, tos);
	return p;
}

static void test_icmp_error(void **state)
{
	/* what the kernel sends for these TOS values */
	static const uint8_t tos[][2] = { { 0, 0xc0 }, { 0x10, 0xd0 }, { 0x1f, 0xde }, { 0xff, 0xde }, { 0xb8, 0xd8 } };
	struct env e;
	union inet_addr src = addr_ip4(htonl(0x0a000001));

	(void)state;
	env_init(&e);
	for (unsigned i = 0; i < ARRAY_LEN(tos); i++) {
		for (uint32_t len = 8; len < 1400; len += 173) {
			struct pkt *p = udp(&e, "192.0.2.1", "198.51.100.1", len, tos[i][0]), *r;

			r = reply_icmp_error(p, ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, 1400, &src);
			assert_int_equal(parse_ip(r), DROP_NONE);
			assert_true(parse_l4_checksum(r));
			assert_int_equal(pkt_l3_len(r), MIN(576u, 20 + 8 + 20 + len));
			assert_int_equal(pkt_dsfield(r), tos[i][1]);
			assert_int_equal(pkt_ip4(r)->frag_off, 0);
			assert_int_equal(get_u32(pkt_l4(r) + 4), 1400);
			assert_int_equal(pkt_ip4(r)->daddr, pkt_ip4(p)->saddr);
			assert_memory_equal(pkt_l4(r) + 8, pkt_l3(p), pkt_l4_len(r) - 8);
			/* and none about it */
			assert_false(reply_icmp_allowed(r, false));
			pkt_free(p);
			pkt_free(r);
		}
	}
	env_free(&e);
}

static void test_icmp_allowed(void **state)
{
	static const struct { const char *src, *dst; bool ok;
	} rows[] = {
		{ "192.0.2.1", "198.51.100.1", true },     { "0.0.0.0", "198.51.100.1", false },
		{ "224.0.0.1", "198.51.100.1", false },    { "192.0.2.1", "224.0.0.5", false },
		{ "192.0.2.1", "255.255.255.255", false }, { "255.255.255.255", "192.0.2.1", false },
		{ "240.0.0.1", "198.51.100.1", false },
	};
	struct env e;
	struct pkt *p;

	(void)state;
	env_init(&e);
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		p = udp(&e, rows[i].src, rows[i].dst, 20, 0);
		assert_int_equal(reply_icmp_allowed(p, false), rows[i].ok);
		pkt_free(p);
	}
	p = udp(&e, "192.0.2.1", "198.51.100.1", 20, 0);
	p->pkt_type = PACKET_BROADCAST;
	assert_false(reply_icmp_allowed(p, false));
	p->pkt_type = PACKET_HOST;
	p->flags |= PKT_FRAG | PKT_LATER_FRAG;
	assert_false(reply_icmp_allowed(p, false));
	pkt_free(p);
	for (unsigned type = 0; type < 256; type++) {
		bool is_error = (type && type < 13 && type != 8) || type > NR_ICMP_TYPES;	/* with what nobody knows: Linux takes it for one */

		p = make_pkt(&e.pool, &e.r, IPPROTO_ICMP, 20);
		pkt_ip4(p)->saddr = htonl(0xc0000201);
		pkt_ip4(p)->daddr = htonl(0xc6336401);
		pkt_l4(p)[0] = (uint8_t)type;
		assert_int_equal(reply_icmp_allowed(p, false), !is_error);
		pkt_free(p);
	}
	env_free(&e);
}

static struct pkt *tcp(struct env *e, uint32_t seq, uint32_t ack, const char *flags, uint32_t data)
{
	struct pkt *p = make_pkt(&e->pool, &e->r, IPPROTO_TCP, 20 + data);
	struct tcphdr *th = pkt_tcp(p);

	*th = (struct tcphdr){
		.source = htons(1000), .dest = htons(80), .seq = htonl(seq), .ack_seq = htonl(ack), .doff = 5
	};
	th->syn = !!strchr(flags, 'S');
	th->fin = !!strchr(flags, 'F');
	th->rst = !!strchr(flags, 'R');
	th->ack = !!strchr(flags, '.');
	edit_dsfield(p, 0x1c);
	edit_fill_checksums(p);
	return p;
}

static void test_rst(void **state)
{
	/* RFC 9293 section 3.10.7.1, and what the kernel does with the rest of the header */
	static const struct { const char *flags; uint32_t data; bool with_ack; uint32_t seq, ack; } rows[] = {
		{ "S", 0, true, 0, 101 },  { "SF", 3, true, 0, 105 },	{ "", 0, true, 0, 100 },
		{ ".", 0, false, 777, 0 }, { "S.", 0, false, 777, 0 },	{ "F.", 10, false, 777, 0 },
	};
	struct env e;
	struct pkt *p, *r;

	(void)state;
	env_init(&e);
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		p = tcp(&e, 100, 777, rows[i].flags, rows[i].data);
		r = reply_rst(p);
		assert_non_null(r);
		assert_int_equal(parse_ip(r), DROP_NONE);
		assert_true(parse_l4_checksum(r));
		assert_true(pkt_tcp(r)->rst);
		assert_int_equal(pkt_tcp(r)->ack, rows[i].with_ack);
		assert_int_equal(ntohl(pkt_tcp(r)->seq), rows[i].seq);
		assert_int_equal(ntohl(pkt_tcp(r)->ack_seq), rows[i].ack);
		assert_int_equal(pkt_tcp(r)->window, 0);
		assert_int_equal(ntohs(pkt_ip4(r)->frag_off), 0x4000);
		assert_int_equal(pkt_ip4(r)->id, 0);
		assert_int_equal(pkt_dsfield(r), 0x1c);
		assert_int_equal(pkt_l3_len(r), 40);
		pkt_free(p);
		pkt_free(r);
	}
	p = tcp(&e, 1, 1, "R", 0);
	assert_null(reply_rst(p));
	pkt_free(p);
	env_free(&e);
}

static void test_echo_and_arp(void **state)
{
	static const uint8_t a[6] = { 2, 0, 0, 0, 0, 1 }, all[6] = { 255, 255, 255, 255, 255, 255 };
	struct env e;
	struct pkt *p, *r;

	(void)state;
	env_init(&e);
	p = make_pkt(&e.pool, &e.r, IPPROTO_ICMP, 64);
	r = reply_echo(p);
	assert_int_equal(parse_ip(r), DROP_NONE);
	assert_true(parse_l4_checksum(r));
	assert_int_equal(pkt_icmp(r)->type, ICMP_ECHOREPLY);
	assert_memory_equal(pkt_l4(r) + 4, pkt_l4(p) + 4, 60);
	assert_null(reply_echo(r));
	pkt_free(r);
	pkt_free(p);
	r = reply_arp(&e.pool, ARPOP_REQUEST, a, htonl(0x0a000001), all, htonl(0x0a000002));
	assert_int_equal(pkt_len(r), 42);
	assert_memory_equal(r->buf + r->mac,
			    "\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x01\x08\x06\0\x01\x08\0\x06\x04\0\x01\x02\0\0\0\0\x01"
			    "\x0a\0\0\x01\0\0\0\0\0\0\x0a\0\0\x02",
			    42);
	pkt_free(r);
	env_free(&e);
}

static void test_pool_bound(void **state)
{
	struct env e;
	struct pkt *p, *v[16];
	union inet_addr src = addr_ip4(1);

	(void)state;
	env_init(&e);
	p = udp(&e, "192.0.2.1", "198.51.100.1", 20, 0);
	for (unsigned i = 0; i < 15; i++)
		assert_non_null(v[i] = pkt_alloc(&e.pool, 100));
	assert_null(reply_icmp_error(p, ICMP_TIME_EXCEEDED, 0, 0, &src));
	assert_null(pkt_clone(p));
	for (unsigned i = 0; i < 15; i++)
		pkt_free(v[i]);
	pkt_free(p);
	env_free(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_icmp_error), cmocka_unit_test(test_icmp_allowed), cmocka_unit_test(test_rst),
		cmocka_unit_test(test_echo_and_arp), cmocka_unit_test(test_pool_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
