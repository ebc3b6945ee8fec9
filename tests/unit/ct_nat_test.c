/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/ct_nat_test.c - bindings: unique, undone by every answer, chosen as Linux chooses; ICMP errors inside and out.
 */
#include "ct_util.h"

#define ANY_IF 2

/* what a nat chain said for each manip; NULL: nothing */
struct rules {
	const struct nat_range *dnat, *snat;
	int oif;
};

static enum verdict bind_and_translate(struct bench *b, struct pkt *p, enum nf_inet_hooks hook, const struct nat_range *r)
{
	enum nat_manip manip = nat_manip_of_hook(hook);
	enum verdict v = VERDICT_ACCEPT;

	if (p->ct && p->ctinfo == IP_CT_NEW && !nat_bound(p->ct, manip)) {
		v = r ? nat_setup(b->t, p->ct, r, manip, &p->drop) : nat_null_binding(b->t, p->ct, manip, &p->drop);
		if (v != VERDICT_ACCEPT)
			return v;
	}
	return nat_packet(b->t, p, hook);
}

/* through the NAT box; NULL: dropped, *why says for what */
static struct pkt *pass(struct bench *b, struct pkt *p, const struct rules *r, enum drop_reason *why)
{
	enum verdict v;

	p->oif = r->oif ? r->oif : ANY_IF;
	v = ct_in(b->t, p, NF_INET_PRE_ROUTING);
	if (v == VERDICT_ACCEPT)
		v = bind_and_translate(b, p, NF_INET_PRE_ROUTING, r->dnat);
	if (v == VERDICT_ACCEPT)
		v = bind_and_translate(b, p, NF_INET_POST_ROUTING, r->snat);
	if (v == VERDICT_ACCEPT)
		v = ct_confirm(b->t, p);
	if (v == VERDICT_ACCEPT) {
		assert_true(parse_l4_checksum(p));
		return p;
	}
	*why = p->drop;
	ct_drop_unconfirmed(b->t, p);
	pkt_free(p);
	return NULL;
}

static struct tuple tuple_of(const struct pkt *p)
{
	struct tuple t;

	assert_int_equal(tuple_of_pkt(p, 0, &t), 0);
	return t;
}

static struct tuple pass_udp(struct bench *b, be32 src, be32 dst, uint16_t sport, uint16_t dport, const struct rules *r)
{
	enum drop_reason why = DROP_NONE;
	struct pkt *p = pass(b, bench_udp(b, src, dst, sport, dport), r, &why);
	struct tuple t = { 0 };

	if (p)
		t = tuple_of(p);
	pkt_free(p);
	return t;
}

static struct nat_range to_addr(const char *min, const char *max)
{
	return (struct nat_range){ .flags = NF_NAT_RANGE_MAP_IPS, .min = addr_ip4(ip4(min)), .max = addr_ip4(ip4(max)) };
}

static struct nat_range to_port(const char *addr, uint16_t lo, uint16_t hi)
{
	struct nat_range r = to_addr(addr, addr);

	r.flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
	r.port_min = htons(lo);
	r.port_max = htons(hi);
	return r;
}

/* an answer to what left the box, as it must reach who asked */
static void answer_returns(struct bench *b, const struct tuple *left, const struct tuple *asked)
{
	enum drop_reason why;
	struct rules none = { 0 };
	struct pkt *p = bench_udp(b, left->dst.ip4, left->src.ip4, ntohs(left->dport), ntohs(left->sport));
	struct tuple t;

	p = pass(b, p, &none, &why);
	assert_non_null(p);
	t = tuple_of(p);
	assert_true(addr_eq(&t.src, &asked->dst) && addr_eq(&t.dst, &asked->src));
	assert_int_equal(t.sport, asked->dport);
	assert_int_equal(t.dport, asked->sport);
	pkt_free(p);
}

/* Random flows through one address, all kinds of ports: no two leave alike, and each answer finds its way back */
static void unique_and_undone(struct bench *b, struct ct_slice slice, unsigned flows)
{
	struct nat_range masq = to_addr("203.0.113.1", "203.0.113.1");
	struct rules r = { .snat = &masq };
	struct rng rng;
	struct asked { struct tuple asked, left; } *all = calloc(flows, sizeof(*all));
	unsigned n = 0;

	b->t = (ct_free(b->t), b->env.slice = slice, ct_new(&b->env, &b->conf));
	rng_seed(&rng, 7);
	for (unsigned i = 0; i < flows; i++) {
		struct tuple a = { .src = addr_ip4(htonl(0x0a000000 + rng_below(&rng, 50))), .dst = addr_ip4(htonl(0xc6336400 + rng_below(&rng, 3))),
				   .sport = htons((uint16_t)(1 + rng_below(&rng, rng_below(&rng, 2) ? 2000 : 65535))),
				   .dport = htons((uint16_t)(53 + rng_below(&rng, 2))), .family = AF_INET, .proto = IPPROTO_UDP };
		struct tuple left;
		int dir;

		if (ct_find(b->t, &a, &dir))
			continue;
		left = pass_udp(b, a.src.ip4, a.dst.ip4, ntohs(a.sport), ntohs(a.dport), &r);
		if (!left.family)
			continue;	/* its class of ports was full */
		assert_int_equal(left.src.ip4, ip4("203.0.113.1"));
		if (slice.of > 1)
			assert_int_equal(ntohs(left.sport) % slice.of, slice.nth);
		if (ntohs(a.sport) < 512)
			assert_in_range(ntohs(left.sport), 1, 511);
		else if (ntohs(a.sport) >= 1024)
			assert_in_range(ntohs(left.sport), 1024, 65535);
		else
			assert_true(left.sport == a.sport || (ntohs(left.sport) >= 600 && ntohs(left.sport) <= 1023));
		all[n++] = (struct asked){ a, left };
	}
	assert_true(n > flows / 2);
	for (unsigned i = 0; i < n; i++) {
		answer_returns(b, &all[i].left, &all[i].asked);
		for (unsigned j = 0; j < i && j < 400; j++)
			assert_false(tuple_eq(&all[i].left, &all[j].left));
	}
	free(all);
}

static void random_flows(void **state)
{
	struct bench b;

	bench_init(&b);
	unique_and_undone(&b, (struct ct_slice){ 0, 1 }, 6000);
	unique_and_undone(&b, (struct ct_slice){ 2, 4 }, 3000);
	bench_fini(&b);
}

static void keeps_port_and_mapping(void **state)
{
	struct nat_range masq = to_addr("10.0.2.1", "10.0.2.1");
	struct rules r = { .snat = &masq };
	be32 a = ip4("10.0.1.2"), a2 = ip4("10.0.1.3"), z = ip4("10.0.2.2");
	struct tuple t, u;
	struct bench b;

	bench_init(&b);
	t = pass_udp(&b, a, z, 777, 53, &r);
	assert_int_equal(ntohs(t.sport), 777);
	t = pass_udp(&b, a2, z, 777, 53, &r);		/* taken: another of 600-1023 */
	assert_in_range(ntohs(t.sport), 600, 1023);
	assert_int_not_equal(ntohs(t.sport), 777);
	u = pass_udp(&b, a2, z, 777, 54, &r);		/* free, but this source has a mapping */
	assert_int_equal(u.sport, t.sport);
	masq.flags |= NF_NAT_RANGE_PROTO_RANDOM_FULLY;
	u = pass_udp(&b, a2, z, 777, 55, &r);
	assert_int_not_equal(u.sport, t.sport);
	bench_fini(&b);
}

/* D-22: the one for whom no port is left is dropped where it would have been bound */
static void port_ranges(void **state)
{
	struct nat_range dnat = to_port("10.0.2.2", 5000, 5010), snat = to_port("10.0.2.1", 5000, 5003);
	struct rules in = { .dnat = &dnat }, out = { .snat = &snat };
	be32 a = ip4("10.0.1.2"), box = ip4("10.0.1.1"), z = ip4("10.0.2.2");
	unsigned seen = 0;
	struct bench b;

	bench_init(&b);
	for (uint16_t s = 1000; s < 1004; s++)		/* a destination's range: from its first port on */
		assert_int_equal(ntohs(pass_udp(&b, a, box, s, 53, &in).dport), 5000);
	assert_int_equal(ntohs(pass_udp(&b, a, box, 1, 5003, &in).dport), 5003);
	for (uint16_t s = 2000; s < 2004; s++)
		seen |= 1u << (ntohs(pass_udp(&b, a, z, s, 53, &out).sport) - 5000);
	assert_int_equal(seen, 15);			/* all four */
	assert_int_equal(pass_udp(&b, a, z, 2004, 53, &out).family, 0);		/* none left */
	assert_int_equal(ct_stats(b.t)->insert_failed, 1);
	dnat = to_port("10.0.2.2", 5000, 5010);
	dnat.flags |= NF_NAT_RANGE_PROTO_OFFSET;
	dnat.port_base = htons(2000);
	assert_int_equal(ntohs(pass_udp(&b, a, box, 1000, 2003, &in).dport), 5003);
	bench_fini(&b);
}

static void address_ranges(void **state)
{
	struct nat_range four = to_addr("10.9.9.1", "10.9.9.4"), net = to_addr("10.9.9.0", "10.9.9.15");
	struct rules r = { .snat = &four };
	unsigned hosts = 0;
	struct bench b;

	bench_init(&b);
	for (unsigned i = 0; i < 20; i++) {
		struct tuple t = pass_udp(&b, htonl(0x0a000102 + i), ip4("10.0.2.2"), 5, 53, &r);

		assert_in_range(ntohl(t.src.ip4), 0x0a090901, 0x0a090904);
		hosts |= 1u << (ntohl(t.src.ip4) & 7);
	}
	assert_int_equal(hosts, 0x1e);
	four.flags |= NF_NAT_RANGE_PERSISTENT;
	for (unsigned i = 0; i < 20; i++) {
		struct tuple t = pass_udp(&b, htonl(0x0a000102 + i), ip4("10.0.2.2"), 6, 53, &r);
		struct tuple u = pass_udp(&b, htonl(0x0a000102 + i), ip4("10.0.2.9"), 7, 53, &r);

		assert_int_equal(t.src.ip4, u.src.ip4);
	}
	net.flags |= NF_NAT_RANGE_NETMAP;
	r.snat = &net;
	assert_int_equal(pass_udp(&b, ip4("10.0.1.35"), ip4("10.0.2.2"), 9, 53, &r).src.ip4, ip4("10.9.9.3"));
	bench_fini(&b);
}

/* without a rule, a clash still changes the port: the reply tuple must be the connection's own */
static void null_binding_resolves_clash(void **state)
{
	struct nat_range dnat = to_port("10.0.2.2", 53, 53), snat = to_addr("10.0.1.2", "10.0.1.2");
	struct rules d = { .dnat = &dnat }, s = { .snat = &snat }, none = { 0 };
	be32 a = ip4("10.0.1.2"), box = ip4("10.0.1.1");
	struct bench b;
	struct tuple t;

	bench_init(&b);
	assert_int_equal(ntohs(pass_udp(&b, a, box, 5, 1, &d).sport), 5);
	t = pass_udp(&b, a, box, 5, 2, &d);
	assert_in_range(ntohs(t.sport), 1, 511);
	assert_int_not_equal(ntohs(t.sport), 5);
	assert_int_equal(ntohs(pass_udp(&b, ip4("10.0.1.3"), ip4("10.0.2.2"), 6, 53, &s).sport), 6);
	t = pass_udp(&b, a, ip4("10.0.2.2"), 6, 53, &none);
	assert_int_not_equal(ntohs(t.sport), 6);
	bench_fini(&b);
}

static void echo_ids(void **state)
{
	struct nat_range masq = to_addr("10.0.2.1", "10.0.2.1");
	struct rules r = { .snat = &masq }, none = { 0 };
	be32 z = ip4("10.0.2.2");
	enum drop_reason why;
	struct tuple t[2];
	struct bench b;

	bench_init(&b);
	for (unsigned i = 0; i < 2; i++) {
		struct pkt *p = pass(&b, bench_icmp(&b, htonl(0x0a000102 + i), z, 8, 0, 99), &r, &why);

		assert_non_null(p);
		t[i] = tuple_of(p);
		pkt_free(p);
	}
	assert_int_equal(ntohs(t[0].sport), 99);
	assert_int_not_equal(t[1].sport, t[0].sport);
	for (unsigned i = 0; i < 2; i++) {
		struct pkt *p = pass(&b, bench_icmp(&b, z, ip4("10.0.2.1"), 0, 0, ntohs(t[i].sport)), &none, &why);

		assert_non_null(p);
		assert_int_equal(pkt_dst(p).ip4, htonl(0x0a000102 + i));
		assert_int_equal(ntohs(tuple_of(p).sport), 99);
		pkt_free(p);
	}
	bench_fini(&b);
}

/* an error from a host beyond the box about a packet that it translated: address and port inside are the sender's own again */
static void error_is_translated_inside(void **state)
{
	struct nat_range masq = to_port("10.0.2.1", 7000, 7000);
	struct rules r = { .snat = &masq }, none = { 0 };
	be32 a = ip4("10.0.1.2"), z = ip4("10.0.2.2"), hop = ip4("10.0.2.77");
	union inet_addr from = addr_ip4(hop);
	enum drop_reason why;
	struct pkt *sent, *err;
	struct tuple quoted;
	struct bench b;

	bench_init(&b);
	sent = pass(&b, bench_udp(&b, a, z, 1234, 53), &r, &why);
	assert_non_null(sent);
	err = reply_icmp_error(sent, 11, 0, 0, &from);
	assert_non_null(err);
	assert_int_equal(parse_ip(err), DROP_NONE);
	pkt_free(sent);
	err = pass(&b, err, &none, &why);
	assert_non_null(err);
	assert_string_equal(ctinfo_name(err), "RELATED");
	assert_int_equal(pkt_src(err).ip4, hop);
	assert_int_equal(pkt_dst(err).ip4, a);
	assert_int_equal(tuple_of_bytes(AF_INET, pkt_l4(err) + 8, pkt_l4_len(err) - 8, 0, &quoted), 0);
	assert_int_equal(quoted.src.ip4, a);
	assert_int_equal(ntohs(quoted.sport), 1234);
	assert_int_equal(quoted.dst.ip4, z);
	/* the quoted IP header's checksum is right again too */
	assert_int_equal(csum_fold(csum_partial(pkt_l4(err) + 8, 20, 0)), 0);
	pkt_free(err);
	bench_fini(&b);
}

/* from @made, which somebody at the other side of the box got, to who sent it as @sent: the error quotes what was sent */
static void error_quotes_what_was_sent(struct bench *b, const struct pkt *made, const struct pkt *sent)
{
	union inet_addr from = pkt_dst(made);
	struct rules none = { 0 };
	struct pkt *err = reply_icmp_error(made, 3, 3, 0, &from);
	struct tuple quoted, want = tuple_of(sent);
	enum drop_reason why;

	assert_non_null(err);
	assert_int_equal(parse_ip(err), DROP_NONE);
	err = pass(b, err, &none, &why);
	assert_non_null(err);
	assert_string_equal(ctinfo_name(err), "RELATED");
	assert_int_equal(tuple_of_bytes(AF_INET, pkt_l4(err) + 8, pkt_l4_len(err) - 8, 0, &quoted), 0);
	assert_memory_equal(&quoted, &want, sizeof(want));
	assert_int_equal(pkt_dst(err).ip4, want.src.ip4);
	assert_int_equal(pkt_src(err).ip4, want.dst.ip4);	/* the box stands for the other end */
	assert_int_equal(csum_fold(csum_partial(pkt_l4(err) + 8, 20, 0)), 0);
	/* and the UDP checksum inside is what it was */
	assert_memory_equal(pkt_l4(err) + 8 + 20 + 6, pkt_l4(sent) + 6, 2);
	pkt_free(err);
}

static void errors_both_ways(void **state)
{
	struct nat_range dnat = to_port("10.0.2.2", 8053, 8053), snat = to_port("10.0.2.1", 7000, 7100);

	for (int kind = 0; kind < 4; kind++) {
		struct rules r = { .dnat = kind & 1 ? &dnat : NULL, .snat = kind & 2 ? &snat : NULL }, none = { 0 };
		struct pkt *asked, *arrived, *answer, *back;
		enum drop_reason why;
		struct tuple t;
		struct bench b;

		bench_init(&b);
		asked = bench_udp(&b, ip4("10.0.1.2"), ip4("10.0.1.1"), 1234, 53);
		arrived = pass(&b, pkt_clone(asked), &r, &why);
		assert_non_null(arrived);
		error_quotes_what_was_sent(&b, arrived, asked);
		t = tuple_of(arrived);
		answer = bench_udp(&b, t.dst.ip4, t.src.ip4, ntohs(t.dport), ntohs(t.sport));
		back = pass(&b, pkt_clone(answer), &none, &why);
		assert_non_null(back);
		error_quotes_what_was_sent(&b, back, answer);
		pkt_free(asked);
		pkt_free(arrived);
		pkt_free(answer);
		pkt_free(back);
		bench_fini(&b);
	}
}

static void egress_change_ends_masquerade(void **state)
{
	struct nat_range masq = to_addr("10.0.2.1", "10.0.2.1");
	struct rules r = { .snat = &masq, .oif = 3 }, other = { .oif = 4 };
	be32 a = ip4("10.0.1.2"), z = ip4("10.0.2.2");
	enum drop_reason why = DROP_NONE;
	struct bench b;
	struct pkt *p;
	union inet_addr gone = addr_ip4(ip4("10.0.2.1"));

	bench_init(&b);
	for (unsigned i = 0; i < 2; i++) {
		p = pass(&b, bench_udp(&b, a, z, (uint16_t)(1 + i), 53), &r, &why);
		assert_non_null(p);
		p->ct->masq_ifindex = 3;
		pkt_free(p);
	}
	assert_null(pass(&b, bench_udp(&b, a, z, 1, 53), &other, &why));
	assert_int_equal(why, DROP_NAT_EGRESS_CHANGED);
	assert_int_equal(ct_count(b.t), 1);
	nat_forget_addr(b.t, 3, AF_INET, &gone);
	assert_int_equal(ct_count(b.t), 0);
	bench_fini(&b);
}

/* a connection in TIME_WAIT gives its port to a new one when no other is left and the new one's numbers are higher */
static void port_of_finished_connection(void **state)
{
	struct nat_range one = to_port("10.0.2.1", 7000, 7001);
	struct rules r = { .snat = &one }, none = { 0 };
	be32 a = ip4("10.0.1.2"), z = ip4("10.0.2.2"), box = ip4("10.0.2.1");
	enum drop_reason why;
	struct bench b;

	bench_init(&b);
	for (uint16_t i = 0; i < 2; i++) {
		const struct seg talk[] = { { "S", 1000, 0, 1000, 0, "-" }, { "SA", 5000, 1001, 1000, 0, "-" }, { "A", 1001, 5001, 1000, 0, "-" },
					    { "FA", 1001, 5001, 1000, 0, "-" }, { "FA", 5001, 1002, 1000, 0, "-" }, { "A", 1002, 5002, 1000, 0, "-" } };
		uint16_t port = 0;

		for (unsigned k = 0; k < ARRAY_LEN(talk); k++) {
			bool back = k == 1 || k == 4;
			struct pkt *p = back ? bench_tcp(&b, z, box, 80, port, &talk[k]) : bench_tcp(&b, a, z, (uint16_t)(100 + i), 80, &talk[k]);

			p = pass(&b, p, back ? &none : &r, &why);
			assert_non_null(p);
			if (!back)
				port = ntohs(tuple_of(p).sport);
			pkt_free(p);
		}
	}
	assert_int_equal(ct_count(b.t), 2);
	for (uint32_t seq = 500; seq <= 900000; seq += 899500) {
		struct seg syn = { "S", seq, 0, 1000, 0, "-" };
		struct pkt *p = pass(&b, bench_tcp(&b, a, z, 102, 80, &syn), &r, &why);

		assert_true(!p == (seq == 500));
		pkt_free(p);
	}
	bench_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_flows), cmocka_unit_test(keeps_port_and_mapping), cmocka_unit_test(port_ranges),
		cmocka_unit_test(address_ranges), cmocka_unit_test(null_binding_resolves_clash), cmocka_unit_test(echo_ids),
		cmocka_unit_test(error_is_translated_inside), cmocka_unit_test(errors_both_ways), cmocka_unit_test(egress_change_ends_masquerade),
		cmocka_unit_test(port_of_finished_connection),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
