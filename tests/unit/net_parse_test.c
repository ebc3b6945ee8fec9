/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_parse_test.c - frames whole, cut at every length, and wrong; tuples and their answers; addresses.
 */
#include "net_pkts.h"

/* a frame as it lies on the wire, from a packet without link-layer header; returns its length */
static uint32_t frame_of(const struct pkt *p, uint8_t *out, bool vlan)
{
	uint32_t n = 0;

	memset(out, 0x02, 12);
	n = 12;
	if (vlan) {
		put_u16(out + n, ETH_P_8021Q);
		put_u16(out + n + 2, 42);
		n += 4;
	}
	put_u16(out + n, ETH_P_IP);
	n += 2;
	memcpy(out + n, pkt_l3(p), pkt_l3_len(p));
	return n + pkt_l3_len(p);
}

/* the bytes alone on the heap's edge, so that a read behind them is seen by ASan */
static struct pkt *exact(struct pkt_pool *pool, const uint8_t *bytes, uint32_t n)
{
	struct pkt *p = pkt_from_frame(pool, bytes, n);
	uint8_t *buf = malloc(p->mac + n);

	memcpy(buf + p->mac, bytes, n);
	mem_pool_put(&pool->small, p->buf);
	p->buf = buf;
	p->cap = p->mac + n;
	return p;
}

/* the same for bytes that begin with an IP header */
static struct pkt *exact_l3(struct pkt_pool *pool, const uint8_t *bytes, uint32_t n)
{
	struct pkt *p = exact(pool, bytes, n);

	memmove(p->buf + PKT_HEADROOM, bytes, n);
	p->buf = realloc(p->buf, PKT_HEADROOM + n);
	p->mac = p->l3 = p->l4 = PKT_HEADROOM;
	p->end = p->cap = PKT_HEADROOM + n;
	return p;
}

static void exact_free(struct pkt *p)
{
	free(p->buf);
	mem_pool_put(&p->pool->meta, p);
}

static void test_every_length(void **state)
{
	static const uint8_t protos[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_GRE };
	struct pkt_pool pool;
	struct rng r;
	uint8_t f[256];

	(void)state;
	pkt_pool_init(&pool, 8);
	rng_seed(&r, 7);
	for (unsigned i = 0; i < 2 * ARRAY_LEN(protos); i++) {
		struct pkt *p = make_pkt(&pool, &r, protos[i / 2], 40);
		uint32_t n = frame_of(p, f, i & 1), eth = i & 1 ? 18 : 14;

		for (uint32_t cut = 0; cut <= n; cut++) {
			struct pkt *q = exact(&pool, f, cut);
			enum drop_reason d = parse_eth(q);

			assert_int_equal(d, cut < eth ? DROP_TRUNCATED : DROP_NONE);
			if (d == DROP_NONE) {
				d = parse_ip(q);
				assert_int_equal(d, cut < n ? DROP_TRUNCATED : DROP_NONE);
			}
			if (d == DROP_NONE) {
				assert_int_equal(q->proto, protos[i / 2]);
				assert_int_equal(pkt_l4_len(q), 40);
				assert_true(parse_l4_checksum(q));
				assert_int_equal(!!(q->flags & PKT_VLAN), i & 1);
				assert_int_equal(q->flags & PKT_L4_CUT, 0);
			}
			exact_free(q);
		}
		pkt_free(p);
	}
	pkt_pool_destroy(&pool);
}

static struct pkt *reparse(struct pkt_pool *pool, const struct pkt *p, enum drop_reason *d)
{
	struct pkt *q = exact(pool, pkt_l3(p), pkt_l3_len(p));

	q->ethertype = htons(ETH_P_IP);
	*d = parse_ip(q);
	return q;
}

/* a datagram whose payload is too short for its transport header is IP all the same */
static void test_short_transport(void **state)
{
	static const struct { uint8_t proto; uint32_t need;
	} rows[] = {
		{ IPPROTO_TCP, 20 },  { IPPROTO_UDP, 8 },   { IPPROTO_ICMP, 8 },
		{ IPPROTO_SCTP, 12 }, { IPPROTO_DCCP, 12 }, { 200, 0 },
	};
	struct pkt_pool pool;
	struct rng r;

	(void)state;
	pkt_pool_init(&pool, 8);
	rng_seed(&r, 8);
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
		for (uint32_t len = 0; len < 30; len++) {
			struct pkt *p = make_pkt(&pool, &r, rows[i].proto, len), *q;
			enum drop_reason d;
			struct tuple t;

			q = reparse(&pool, p, &d);
			assert_int_equal(d, DROP_NONE);
			assert_int_equal(!!(q->flags & PKT_L4_CUT), len < rows[i].need);
			assert_int_equal(tuple_of_pkt(q, 0, &t), len < rows[i].need ? -22 : 0);
			exact_free(q);
			pkt_free(p);
		}
	pkt_pool_destroy(&pool);
}

static void test_wrong_headers(void **state)
{
	struct pkt_pool pool;
	struct rng r;

	(void)state;
	pkt_pool_init(&pool, 8);
	rng_seed(&r, 9);
	for (unsigned k = 0; k < 5; k++) {
		static const enum drop_reason want[] = { DROP_CHECKSUM, DROP_MALFORMED, DROP_MALFORMED, DROP_MALFORMED,
							 DROP_TRUNCATED };
		struct pkt *p = make_pkt(&pool, &r, IPPROTO_UDP, 30), *q;
		struct iphdr *ip = pkt_ip4(p);
		enum drop_reason d;

		switch (k) {
		case 0: ip->check ^= 1; break;
		case 1: ip->version = 5; break;
		case 2: ip->ihl = 4; break;
		case 3: ip->tot_len = htons(19); break;
		case 4: ip->tot_len = htons(51); break;
		}
		if (k >= 3) {
			ip->check = 0;
			ip->check = csum_fold(csum_partial(ip, 20, 0));
		}
		q = reparse(&pool, p, &d);
		assert_int_equal(d, want[k]);
		exact_free(q);
		pkt_free(p);
	}
	pkt_pool_destroy(&pool);
}

static void test_padding_cut(void **state)
{
	struct pkt_pool pool;
	struct rng r;
	uint8_t f[128] = { 0 };
	struct pkt *p, *q;

	(void)state;
	pkt_pool_init(&pool, 8);
	rng_seed(&r, 10);
	p = make_pkt(&pool, &r, IPPROTO_UDP, 9);
	frame_of(p, f, false);
	q = pkt_from_frame(&pool, f, 60);
	assert_int_equal(parse_eth(q), DROP_NONE);
	assert_int_equal(parse_ip(q), DROP_NONE);
	assert_int_equal(pkt_l3_len(q), 29);
	pkt_free(p);
	pkt_free(q);
	pkt_pool_destroy(&pool);
}

/* random bytes: whatever comes out, offsets stay inside */
static void test_noise(void **state)
{
	struct pkt_pool pool;
	struct rng r;

	(void)state;
	pkt_pool_init(&pool, 8);
	rng_seed(&r, 11);
	for (unsigned i = 0; i < 100000; i++) {
		uint8_t f[128];
		uint32_t n = rng_below(&r, sizeof(f));
		struct tcp_options o;
		struct tuple t;
		struct pkt *q;

		rng_fill(&r, f, n);
		if (n) {
			f[0] = (uint8_t)((i & 1 ? 0x60 : 0x40) | (i & 1 ? 0 : 5 + rng_below(&r, 3)));
			f[n > 9 ? 9 : 0] = n > 9 ? IPPROTO_TCP : f[0];
		}
		if (n > 7 && i & 1) {
			put_u16(f + 4, (uint16_t)(n > 40 ? n - 40 : 0));
			f[6] = (uint8_t)(rng_below(&r, 2) ? IPPROTO_HOPOPTS : IPPROTO_FRAGMENT);
		}
		q = exact_l3(&pool, f, n);
		q->ethertype = htons(i & 1 ? ETH_P_IPV6 : ETH_P_IP);
		if (n > 20 && !(i & 1)) {
			struct iphdr *ip = pkt_ip4(q);
			uint32_t hl = ip->ihl * 4u;

			ip->tot_len = htons((uint16_t)n);
			ip->check = 0;
			if (hl <= n)
				ip->check = csum_fold(csum_partial(ip, hl, 0));
		}
		if (parse_ip(q) == DROP_NONE) {
			assert_in_range(q->l4, q->l3, q->end);
			assert_in_range(q->end, q->l4, q->cap);
			parse_l4_checksum(q);
			tuple_of_pkt(q, 0, &t);
			parse_tcp_options(q, &o);
		}
		tuple_of_bytes(AF_INET, q->buf + q->mac, n, 0, &t);
		tuple_of_bytes(AF_INET6, q->buf + q->mac, n, 0, &t);
		exact_free(q);
	}
	pkt_pool_destroy(&pool);
}

static void test_tuple(void **state)
{
	struct pkt_pool pool;
	struct rng r;
	struct tuple t, q, inv, back;
	struct pkt *p;

	(void)state;
	pkt_pool_init(&pool, 8);
	rng_seed(&r, 12);
	p = make_pkt(&pool, &r, IPPROTO_TCP, 20);
	assert_int_equal(tuple_of_pkt(p, 3, &t), 0);
	assert_int_equal(t.sport, pkt_tcp(p)->source);
	assert_int_equal(t.zone, 3);
	/* eight quoted bytes are enough, seven less than the ports are not */
	assert_int_equal(tuple_of_bytes(AF_INET, pkt_l3(p), 28, 3, &q), 0);
	assert_true(tuple_eq(&t, &q));
	assert_int_equal(tuple_of_bytes(AF_INET, pkt_l3(p), 23, 3, &q), -22);
	assert_int_equal(tuple_invert(&t, &inv), 0);
	assert_int_equal(inv.dport, t.sport);
	assert_true(addr_eq(&inv.dst, &t.src));
	assert_int_equal(tuple_invert(&inv, &back), 0);
	assert_true(tuple_eq(&t, &back));
	pkt_free(p);

	p = make_pkt(&pool, &r, IPPROTO_ICMP, 8);
	assert_int_equal(tuple_of_pkt(p, 0, &t), 0);
	assert_int_equal(t.sport, pkt_icmp(p)->un.echo.id);
	assert_int_equal(tuple_invert(&t, &inv), 0);
	assert_int_equal(inv.sport, t.sport);
	assert_int_equal(ntohs(inv.dport) >> 8, ICMP_ECHOREPLY);
	t.dport = htons(ICMP_DEST_UNREACH << 8);
	assert_int_equal(tuple_invert(&t, &inv), -22);
	pkt_free(p);
	pkt_pool_destroy(&pool);
}

static void test_addr(void **state)
{
	static const char *const bad[] = { "",         "1.2.3",    "1.2.3.4.5", "1.2.3.256", "01.2.3.4",
					   " 1.2.3.4", "1.2.3.4 ", "0x1.2.3.4", "a" };
	union inet_addr a, m;
	char buf[ADDR_STRLEN];

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(addr_parse(AF_INET, bad[i], &a), -22);
	assert_int_equal(addr_parse(AF_INET, "192.0.2.1", &a), 0);
	assert_string_equal(addr_fmt(buf, AF_INET, &a), "192.0.2.1");
	for (unsigned n = 0; n <= 32; n++) {
		m = addr_mask(AF_INET, n);
		assert_int_equal(addr_plen(AF_INET, &m), n);
	}
	for (unsigned n = 0; n <= 128; n++) {
		m = addr_mask(AF_INET6, n);
		assert_int_equal(addr_plen(AF_INET6, &m), n);
	}
	addr_parse(AF_INET, "255.0.255.0", &m);
	assert_int_equal(addr_plen(AF_INET, &m), -1);
	addr_parse(AF_INET, "192.0.2.128", &m);
	assert_true(addr_in(AF_INET, &a, &m, 24));
	assert_false(addr_in(AF_INET, &a, &m, 25));
	assert_true(addr_in(AF_INET, &a, &m, 0));
}

static void test_drop_names(void **state)
{
	(void)state;
	for (int i = 0; i < DROP_REASON_MAX; i++) {
		assert_true(strlen(drop_reason_name(i)) > 2);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(drop_reason_name(i), drop_reason_name(k));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_length),  cmocka_unit_test(test_short_transport),
		cmocka_unit_test(test_wrong_headers), cmocka_unit_test(test_padding_cut),
		cmocka_unit_test(test_noise),         cmocka_unit_test(test_tuple),
		cmocka_unit_test(test_addr),          cmocka_unit_test(test_drop_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
