/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_edit_test.c - every edit keeps checksums what they would be from scratch, on random packets; wrong ones stay
 * wrong.
 */
#include "net_pkts.h"

static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_SCTP, IPPROTO_DCCP, IPPROTO_GRE };

static void assert_sums_right(struct pkt *p)
{
	struct pkt *q = pkt_clone(p);

	edit_fill_checksums(q);
	assert_memory_equal(pkt_l3(p), pkt_l3(q), pkt_l3_len(p));
	pkt_free(q);
}

/* one random edit */
static void edit_once(struct pkt *p, struct rng *r)
{
	union inet_addr a = addr_ip4(rng_u32(r));
	enum edit_end end = rng_below(r, 2) ? EDIT_SRC : EDIT_DST;

	switch (rng_below(r, 4)) {
	case 0:
		edit_addr(p, end, &a);
		assert_true(end == EDIT_SRC ? pkt_ip4(p)->saddr == a.ip4 : pkt_ip4(p)->daddr == a.ip4);
		break;
	case 1:
		assert_int_equal(edit_port(p, end, (be16)rng_u32(r)), 0);
		break;
	case 2:
		edit_ttl(p, (uint8_t)rng_u32(r));
		break;
	case 3:
		edit_dsfield(p, (uint8_t)rng_u32(r));
		break;
	}
}

static void test_incremental(void **state)
{
	struct pkt_pool pool;
	struct rng r;

	(void)state;
	pkt_pool_init(&pool, 16);
	rng_seed(&r, 1);
	for (unsigned i = 0; i < 6000; i++) {
		struct pkt *p = make_pkt(&pool, &r, protos[i % ARRAY_LEN(protos)], 20 + rng_below(&r, 40));

		for (unsigned k = 0; k < 4; k++)
			edit_once(p, &r);
		assert_sums_right(p);
		pkt_free(p);
	}
	assert_int_equal(pool.meta.used, 0);
	pkt_pool_destroy(&pool);
}

static void test_known_sum(void **state)
{
	/* RFC 1071 section 3: 00 01 f2 03 f4 f5 f6 f7 sums to ddf2 */
	static const uint8_t b[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	(void)state;
	assert_int_equal((uint16_t)~csum_fold(csum_partial(b, 8, 0)), htons(0xddf2));
	/* RFC 1624 section 4: a checksum of dd2f, 5555 becomes 3285: the new one is 0000 */
	assert_int_equal(csum_replace16(htons(0xdd2f), htons(0x5555), htons(0x3285)), 0);
}

static void test_udp_zero(void **state)
{
	struct pkt_pool pool;
	struct rng r;
	struct pkt *p;
	union inet_addr a = addr_ip4(htonl(0x0a000001));

	(void)state;
	pkt_pool_init(&pool, 4);
	rng_seed(&r, 2);
	p = make_pkt(&pool, &r, IPPROTO_UDP, 30);
	pkt_udp(p)->check = 0;
	edit_addr(p, EDIT_SRC, &a);
	edit_port(p, EDIT_DST, 99);
	assert_int_equal(pkt_udp(p)->check, 0);
	/* a sum that comes out as zero is sent as ffff */
	for (unsigned i = 0; i < 65536; i++) {
		pkt_udp(p)->check = 0xffff;
		edit_fill_checksums(p);
		assert_int_equal(edit_port(p, EDIT_SRC, (be16)i), 0);
		assert_int_not_equal(pkt_udp(p)->check, 0);
	}
	pkt_free(p);
	pkt_pool_destroy(&pool);
}

static void test_wrong_stays_wrong(void **state)
{
	struct pkt_pool pool;
	struct rng r;
	struct pkt *p;

	(void)state;
	pkt_pool_init(&pool, 4);
	rng_seed(&r, 3);
	p = make_pkt(&pool, &r, IPPROTO_TCP, 40);
	pkt_tcp(p)->check ^= htons(0x0101);
	for (unsigned i = 0; i < 100; i++)
		edit_once(p, &r);
	assert_false(parse_l4_checksum(p));
	pkt_free(p);
	pkt_pool_destroy(&pool);
}

static void test_mss(void **state)
{
	struct pkt_pool pool;
	struct rng r;

	(void)state;
	pkt_pool_init(&pool, 4);
	rng_seed(&r, 4);
	for (unsigned shift = 0; shift < 4; shift++) { /* odd ones: D-27 */
		struct pkt *p = make_pkt(&pool, &r, IPPROTO_TCP, 28);
		uint8_t *o = pkt_l4(p) + 20;
		struct tcp_options got;

		pkt_tcp(p)->doff = 7;
		pkt_tcp(p)->syn = 1;
		memset(o, TCP_OPT_NOP, 8);
		o[shift] = TCP_OPT_MSS;
		o[shift + 1] = 4;
		edit_fill_checksums(p);
		assert_int_equal(edit_tcp_mss(p, 1234, false), 0);
		assert_int_equal(parse_tcp_options(p, &got), 0);
		assert_true(got.have_mss);
		assert_int_equal(got.mss, 1234);
		assert_sums_right(p);
		/* without the option: none to set, or one put in front of the others */
		memset(o, TCP_OPT_NOP, 8);
		edit_fill_checksums(p);
		assert_int_equal(edit_tcp_mss(p, 1000, false), -2 /* ENOENT */);
		assert_int_equal(edit_tcp_mss(p, 1000, true), 0);
		assert_int_equal(pkt_l3_len(p), 20 + 32);
		assert_int_equal(ntohs(pkt_ip4(p)->tot_len), 52);
		assert_int_equal(parse_tcp_options(p, &got), 0);
		assert_int_equal(got.mss, 1000);
		assert_sums_right(p);
		pkt_free(p);
	}
	pkt_pool_destroy(&pool);
}

static void test_quote(void **state)
{
	struct pkt_pool pool;
	struct rng r;

	(void)state;
	pkt_pool_init(&pool, 4);
	rng_seed(&r, 5);
	for (unsigned i = 0; i < 3000; i++) {
		struct pkt *p = make_pkt(&pool, &r, protos[i % 3], 40), *q = pkt_clone(p);
		union inet_addr a = addr_ip4(rng_u32(&r));
		enum edit_end end = rng_below(&r, 2) ? EDIT_SRC : EDIT_DST;
		be16 port = (be16)rng_u32(&r);
		uint32_t len = 28 + rng_below(&r, 33);	/* how much of it the error quotes */
		uint8_t before[64];

		if (p->proto == IPPROTO_TCP && len == 20 + 17)
			len++;		/* half a checksum is left alone */
		edit_addr(p, end, &a);
		edit_port(p, end, port);
		memcpy(before, pkt_l3(q), 60);
		assert_int_equal(edit_quote(AF_INET, pkt_l3(q), len, end, &a, port), 0);
		assert_memory_equal(pkt_l3(q), pkt_l3(p), len);
		assert_memory_equal(pkt_l3(q) + len, before + len, 60 - len);
		pkt_free(p);
		pkt_free(q);
	}
	pkt_pool_destroy(&pool);
}

static void test_quote_too_short(void **state)
{
	struct pkt_pool pool;
	struct rng r;
	struct pkt *p;
	union inet_addr a = addr_ip4(1);

	(void)state;
	pkt_pool_init(&pool, 4);
	rng_seed(&r, 6);
	p = make_pkt(&pool, &r, IPPROTO_TCP, 40);
	for (size_t len = 0; len < 24; len++)
		assert_true(edit_quote(AF_INET, pkt_l3(p), len, EDIT_SRC, &a, 1) < 0);
	pkt_free(p);
	pkt_pool_destroy(&pool);
}

static void test_sctp_crc(void **state)
{
	struct pkt_pool pool;
	struct pkt *p;

	(void)state;
	/* CRC32c of 32 zero bytes is aa 36 91 8a (RFC 3720 appendix B.4) */
	pkt_pool_init(&pool, 4);
	p = build_ip4(&pool, 1, 2, IPPROTO_SCTP, 64, 0, 32);
	memset(pkt_l4(p), 0, 32);
	edit_fill_checksums(p);
	assert_memory_equal(pkt_l4(p) + 8, "\xaa\x36\x91\x8a", 4);
	pkt_free(p);
	pkt_pool_destroy(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_incremental), cmocka_unit_test(test_known_sum), cmocka_unit_test(test_udp_zero),
		cmocka_unit_test(test_wrong_stays_wrong), cmocka_unit_test(test_mss), cmocka_unit_test(test_quote),
		cmocka_unit_test(test_quote_too_short), cmocka_unit_test(test_sctp_crc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
