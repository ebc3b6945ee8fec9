/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/ with IPv6: one router, one packet at a time; a row says how the router is set up, what comes in, and what becomes of it. What Linux does was tried with
 * the same packets.
 */
#include "path6_util.h"

#define NOTHING 0xffff
#define ERR(type, code) ((type) << 8 | (code))
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"	/* rows say only what matters */
static const struct row {
	const char *what, *setup;
	struct packet p;
	enum drop_reason drop;
	const char *by;			/* link the packet, or what answers it, leaves by; NULL: none */
	unsigned icmp;			/* type and code; NOTHING: no ICMPv6 error */
	uint32_t info;
} rows[] = {
	{ "forwarded", "", { A, B, IPPROTO_UDP }, 0, "out", NOTHING },
	{ "to an own address", "", { A, US, IPPROTO_ICMPV6 }, 0, "in", NOTHING },
	{ "to an own address on another link", "", { A, "2001:db8:2::1", IPPROTO_ICMPV6 }, 0, "in", NOTHING },
	{ "to all nodes", "", { A, "ff02::1", IPPROTO_ICMPV6 }, 0, "in", NOTHING },
	{ "to a group of others", "", { A, "ff02::1234", IPPROTO_ICMPV6 }, DROP_NO_GROUP, NULL, NOTHING },
	{ "hop limit 1", "", { A, B, IPPROTO_UDP, .hlim = 1 }, DROP_TTL, "in", ERR(3, 0) },
	{ "too big", "ip link set out mtu 1300", { A, B, IPPROTO_UDP, .len = 1300 }, DROP_TOO_BIG, "in", ERR(2, 0), 1300 },
	{ "about an error nothing is said", "", { A, B, IPPROTO_ICMPV6, .type = 1, .hlim = 1 }, DROP_TTL, NULL, NOTHING },
	{ "no route", "", { A, "2001:db8:7::1", IPPROTO_UDP }, DROP_NO_ROUTE, "in", ERR(1, 0) },
	{ "no route, and no router either", "sysctl -qw net.ipv6.conf.all.forwarding=0", { A, "2001:db8:7::1", IPPROTO_UDP }, DROP_NO_ROUTE, "in",
	  ERR(1, 0) },
	{ "forwarding off", "sysctl -qw net.ipv6.conf.all.forwarding=0", { A, B, IPPROTO_UDP }, DROP_FORWARDING_OFF, NULL, NOTHING },
	{ "unreachable", "ip -6 route add unreachable 2001:db8:7::/48", { A, "2001:db8:7::1", IPPROTO_UDP }, DROP_UNREACHABLE, "in", ERR(1, 0) },
	{ "prohibit", "ip -6 route add prohibit 2001:db8:7::/48", { A, "2001:db8:7::1", IPPROTO_UDP }, DROP_PROHIBITED, "in", ERR(1, 1) },
	{ "blackhole", "ip -6 route add blackhole 2001:db8:7::/48", { A, "2001:db8:7::1", IPPROTO_UDP }, DROP_BLACKHOLE, NULL, NOTHING },
	{ "beyond the scope of its source", "", { "fe80::2", B, IPPROTO_UDP }, DROP_MARTIAN_SOURCE, "in", ERR(1, 2) },
	{ "source is loopback", "", { "::1", B, IPPROTO_UDP }, DROP_MARTIAN_SOURCE, NULL, NOTHING },
	{ "destination is loopback", "", { A, "::1", IPPROTO_UDP }, DROP_MARTIAN_DESTINATION, NULL, NOTHING },
	{ "source is a group", "", { "ff02::1", B, IPPROTO_UDP }, DROP_MARTIAN_SOURCE, NULL, NOTHING },
	{ "a group of the interface alone", "", { A, "ff01::1", IPPROTO_ICMPV6 }, DROP_MARTIAN_DESTINATION, NULL, NOTHING },
	{ "another host's frame", "", { A, B, IPPROTO_UDP, .other_mac = true }, DROP_OTHER_HOST, NULL, NOTHING },
	{ "cut off", "", { A, B, IPPROTO_UDP, .cut = true }, DROP_TRUNCATED, NULL, NOTHING },
	{ "no socket", "", { A, US, IPPROTO_UDP }, DROP_NO_SOCKET, "in", ERR(1, 4) },
	{ "no socket, checksum wrong", "", { A, US, IPPROTO_UDP, .bad_csum = true }, DROP_NO_SOCKET, NULL, NOTHING },
	{ "no listener", "", { A, US, IPPROTO_TCP }, DROP_NO_SOCKET, "in", NOTHING },
	{ "a reset to nobody", "", { A, US, IPPROTO_TCP, .rst = true }, DROP_NO_SOCKET, NULL, NOTHING },
	{ "no protocol", "", { A, US, 99 }, DROP_NO_PROTOCOL, "in", ERR(4, 1), 6 },
	{ "nothing behind the header", "", { A, US, IPPROTO_NONE }, DROP_NO_PROTOCOL, NULL, NOTHING },
	{ "protocol behind destination options", "", { A, US, 99, .ext_type = 60, .ext_len = 8, .ext = "\143\0\1\4\0\0\0\0" }, DROP_NO_PROTOCOL, "in",
	  ERR(4, 1), 40 },
	{ "echo request with a wrong checksum", "", { A, US, IPPROTO_ICMPV6, .bad_csum = true }, DROP_CHECKSUM, NULL, NOTHING },
	/* hop-by-hop options: router alert; one unknown for each of the four ways */
	{ "router alert", "", { A, B, IPPROTO_UDP, .ext_type = 0, .ext_len = 8, .ext = "\21\0\5\2\0\0\1\0" }, 0, "out", NOTHING },
	{ "unknown option, skip", "", { A, B, IPPROTO_UDP, .ext_type = 0, .ext_len = 8, .ext = "\21\0\36\4\0\0\0\0" }, 0, "out", NOTHING },
	{ "unknown option, drop", "", { A, B, IPPROTO_UDP, .ext_type = 0, .ext_len = 8, .ext = "\21\0\136\4\0\0\0\0" }, DROP_MALFORMED, NULL, NOTHING },
	{ "unknown option, tell", "", { A, B, IPPROTO_UDP, .ext_type = 0, .ext_len = 8, .ext = "\21\0\236\4\0\0\0\0" }, DROP_MALFORMED, "in", ERR(4, 2), 42 },
	{ "unknown option, tell of a group too", "", { A, "ff02::1", IPPROTO_UDP, .ext_type = 0, .ext_len = 8, .ext = "\21\0\236\4\0\0\0\0" }, DROP_MALFORMED, "in",
	  ERR(4, 2), 42 },
	{ "unknown option, not of a group", "", { A, "ff02::1", IPPROTO_UDP, .ext_type = 0, .ext_len = 8, .ext = "\21\0\336\4\0\0\0\0" }, DROP_MALFORMED, NULL,
	  NOTHING },
	{ "jumbo payload", "", { A, B, IPPROTO_UDP, .ext_type = 0, .ext_len = 8, .ext = "\21\0\302\4\0\0\1\0" }, DROP_MALFORMED, "in", ERR(4, 0), 44 },
	{ "padding that is not zero", "", { A, B, IPPROTO_UDP, .ext_type = 0, .ext_len = 8, .ext = "\21\0\1\4\0\0\0\1" }, DROP_MALFORMED, NULL, NOTHING },
	{ "destination options are not the router's business", "", { A, B, IPPROTO_UDP, .ext_type = 60, .ext_len = 8, .ext = "\21\0\236\4\0\0\0\0" }, 0, "out",
	  NOTHING },
	{ "but the receiver's", "", { A, US, IPPROTO_UDP, .ext_type = 60, .ext_len = 8, .ext = "\21\0\236\4\0\0\0\0" }, DROP_MALFORMED, "in", ERR(4, 2), 42 },
	{ "routing header, used up", "", { A, US, IPPROTO_ICMPV6, .ext_type = 43, .ext_len = 8, .ext = "\72\0\0\0\0\0\0\0" }, 0, "in", NOTHING },
	{ "routing header", "", { A, US, IPPROTO_ICMPV6, .ext_type = 43, .ext_len = 8, .ext = "\72\0\0\1\0\0\0\0" }, DROP_SOURCE_ROUTE, "in", ERR(4, 0), 43 },
	{ "segment routing", "", { A, US, IPPROTO_ICMPV6, .ext_type = 43, .ext_len = 8, .ext = "\72\0\4\0\0\0\0\0" }, DROP_SOURCE_ROUTE, NULL, NOTHING },
	{ "an atomic fragment", "", { A, US, IPPROTO_ICMPV6, .ext_type = 44, .ext_len = 8, .ext = "\72\0\0\0\1\2\3\4" }, 0, "in", NOTHING },
};

static void each_row(void **state)
{
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		const struct frame *f;
		struct rig g;
		bool error;

		rig_up(&g, r->setup);
		memset(g.ns->drops, 0, sizeof(g.ns->drops));
		receive(&g, build(&g, &r->p), &r->p);
		f = g.n_sent ? &g.sent[0] : NULL;
		for (unsigned d = 1; d < DROP_REASON_MAX; d++)
			if (!g.ns->drops[d] != (d != r->drop))
				fail_msg("%s: %s for \"%s\"", r->what, g.ns->drops[d] ? "dropped" : "not dropped", drop_reason_name(d));
		if (g.n_sent != (r->by != NULL) || (f && strcmp(f->by, r->by)))
			fail_msg("%s: %u sent, by %s, not by %s", r->what, g.n_sent, f ? f->by : "nothing", r->by ? r->by : "nothing");
		error = f && f->b[f->l3 + 6] == IPPROTO_ICMPV6 && f->b[f->l3 + 40] < 128;
		if (error != (r->icmp != NOTHING))
			fail_msg("%s: %s ICMPv6 error", r->what, error ? "an" : "no");
		if (error && (get_u16(f->b + f->l3 + 40) != r->icmp || get_u32(f->b + f->l3 + 44) != r->info))
			fail_msg("%s: ICMPv6 %u %u %u", r->what, f->b[f->l3 + 40], f->b[f->l3 + 41], get_u32(f->b + f->l3 + 44));
		world_free(&g.world);
	}
}

/* an error is 1280 bytes at most, from the address of the link that the packet came by */
static void error_looks(void **state)
{
	struct packet k = { A, B, IPPROTO_UDP, .hlim = 1, .len = 1400 };
	union inet_addr src;
	struct rig g;

	rig_up(&g, "");
	receive(&g, build(&g, &k), &k);
	assert_int_equal(g.n_sent, 1);
	assert_int_equal(g.sent[0].len, 14 + 1280);
	assert_int_equal(g.sent[0].b[14 + 7], 64);
	addr_parse(AF_INET6, US, &src);
	assert_memory_equal(g.sent[0].b + 14 + 8, &src, 16);
	world_free(&g.world);
}

/* six at once to one peer, then one each icmp.ratelimit; too big is never held back */
static void errors_are_limited(void **state)
{
	struct packet k = { A, B, IPPROTO_UDP, .hlim = 1 }, big = { A, B, IPPROTO_UDP, .len = 1300 };
	struct rig g;

	rig_up(&g, "ip link set out mtu 1280");
	for (unsigned i = 0; i < 10; i++)
		receive(&g, build(&g, &k), &k);
	assert_int_equal(g.n_sent, 6);
	pass(&g, 100);
	receive(&g, build(&g, &k), &k);
	receive(&g, build(&g, &k), &k);
	assert_int_equal(g.n_sent, 7);
	for (unsigned i = 0; i < 10; i++)
		receive(&g, build(&g, &big), &big);
	assert_int_equal(g.n_sent, 17);
	world_free(&g.world);
}

/* a next hop that nobody knows is asked for three times, then the sender is told */
static void neighbour_fails(void **state)
{
	struct packet k = { A, "2001:db8:2::9", IPPROTO_UDP };
	struct rig g;

	rig_up(&g, "");
	receive(&g, build(&g, &k), &k);
	assert_int_equal(g.n_sent, 1);
	assert_memory_equal(g.sent[0].b, "\x33\x33\xff\0\0\x09", 6);
	assert_int_equal(g.sent[0].b[14 + 40], 135);
	assert_int_equal(g.sent[0].b[14 + 7], 255);
	pass(&g, 3500);
	assert_int_equal(g.n_sent, 4);
	assert_string_equal(g.sent[3].by, "in");
	assert_int_equal(get_u16(g.sent[3].b + 14 + 40), ERR(1, 3));
	world_free(&g.world);
}

/* @type with a target and one option */
static struct pkt *nd(struct rig *g, uint8_t type, const char *src, const char *dst, uint8_t flags, const char *target, uint8_t opt)
{
	union inet_addr s, d, t;
	struct pkt *p;

	addr_parse(AF_INET6, src, &s);
	addr_parse(AF_INET6, dst, &d);
	addr_parse(AF_INET6, target, &t);
	p = build_ip(&g->world.pool, AF_INET6, &s, &d, IPPROTO_ICMPV6, 255, 0, opt ? 32 : 24);
	memset(pkt_l4(p), 0, 24);
	pkt_l4(p)[0] = type;
	pkt_l4(p)[4] = flags;
	memcpy(pkt_l4(p) + 8, &t, 16);
	if (opt)
		memcpy(pkt_l4(p) + 24, (uint8_t[]){ opt, 1, 2, 0, 0, 0, 0, 0xcc }, 8);
	edit_fill_checksums(p);
	return p;
}

static void solicited(void **state)
{
	struct rig g;
	struct neigh *n;
	union inet_addr a;

	/* asked by all: with the address, to replace any; learned is who asks */
	rig_up(&g, "");
	receive(&g, nd(&g, 135, "2001:db8:1::7", "ff02::1:ff00:1", 0, US, 1), NULL);
	assert_int_equal(g.n_sent, 1);
	assert_int_equal(g.sent[0].len, 14 + 40 + 32);
	assert_int_equal(get_u32(g.sent[0].b + 14 + 40) >> 24, 136);
	assert_int_equal(g.sent[0].b[14 + 44], 0xe0);	/* a router, asked, override */
	assert_memory_equal(g.sent[0].b, "\2\0\0\0\0\xcc", 6);
	addr_parse(AF_INET6, "2001:db8:1::7", &a);
	n = neigh_find(&g.ns->neigh, g.in->ifindex, AF_INET6, &a);
	assert_non_null(n);
	/* asked alone: without */
	receive(&g, nd(&g, 135, "2001:db8:1::7", US, 0, US, 0), NULL);
	assert_int_equal(g.n_sent, 2);
	assert_int_equal(g.sent[1].len, 14 + 40 + 24);
	assert_int_equal(g.sent[1].b[14 + 44], 0xc0);
	/* somebody looks whether it is free: all are told */
	receive(&g, nd(&g, 135, "::", "ff02::1:ff00:1", 0, US, 0), NULL);
	assert_int_equal(g.n_sent, 3);
	assert_memory_equal(g.sent[2].b, "\x33\x33\0\0\0\1", 6);
	assert_int_equal(g.sent[2].b[14 + 44], 0xa0);
	/* not ours; one that came through a router */
	receive(&g, nd(&g, 135, "2001:db8:1::7", "ff02::1:ff00:1", 0, "2001:db8:1::5500:1", 1), NULL);
	{
		struct pkt *p = nd(&g, 135, "2001:db8:1::7", "ff02::1:ff00:1", 0, US, 1);

		pkt_ip6(p)->hlim = 254;
		receive(&g, p, NULL);
	}
	assert_int_equal(g.n_sent, 3);
	world_free(&g.world);
}

/* what waits goes when the neighbour answers */
static void advertised(void **state)
{
	struct packet k = { A, "2001:db8:2::9", IPPROTO_UDP };
	struct rig g;
	struct pkt *p;

	rig_up(&g, "");
	receive(&g, build(&g, &k), &k);
	assert_int_equal(g.n_sent, 1);
	p = nd(&g, 136, "2001:db8:2::9", "2001:db8:2::1", 0x60, "2001:db8:2::9", 2);
	p->mac = p->l3;
	memcpy(pkt_push(p, ETH_HLEN), (uint8_t[]){ 2, 0, 0, 0, 0, (uint8_t)g.out->ifindex, 2, 0, 0, 0, 0, 0xcc, 0x86, 0xdd }, ETH_HLEN);
	path_rx(g.out, &p, 1);
	assert_int_equal(g.n_sent, 2);
	assert_string_equal(g.sent[1].by, "out");
	assert_memory_equal(g.sent[1].b, "\2\0\0\0\0\xcc", 6);
	world_free(&g.world);
}

/* another has the address that is being checked */
static void duplicate(void **state)
{
	union inet_addr a;
	struct rig g;
	const struct link_addr *x;

	rig_up(&g, "ip addr add 2001:db8:1::99/64 dev in");
	receive(&g, nd(&g, 135, "::", "ff02::1:ff00:99", 0, "2001:db8:1::99", 0), NULL);
	addr_parse(AF_INET6, "2001:db8:1::99", &a);
	x = link_addr_find(&g.ns->links, AF_INET6, &a);
	assert_non_null(x);
	assert_true(x->flags & IFA_F_DADFAILED);
	world_free(&g.world);
}

/* fragments for the host; none may overlap; one that is missing is told of after a minute */
static void fragments(void **state)
{
	struct packet k = { A, US, IPPROTO_ICMPV6, .len = 2000 };
	struct pkt *list, *next;
	struct rig g;

	rig_up(&g, "");
	assert_int_equal(frag_split(build(&g, &k), 1280, htonl(7), &list), 0);
	for (; list; list = next) {
		next = list->next;
		list->next = NULL;
		receive(&g, list, NULL);
	}
	assert_int_equal(g.n_sent, 2);		/* the answer has fragments too */
	assert_int_equal(g.sent[0].b[14 + 6], IPPROTO_FRAGMENT);
	assert_int_equal(g.sent[0].len, 14 + 1496);
	assert_int_equal(get_u32(g.sent[0].b + 14 + 44), get_u32(g.sent[1].b + 14 + 44));
	assert_int_equal(frag_split(build(&g, &k), 1280, htonl(8), &list), 0);
	pkt_free(list->next);
	list->next = NULL;
	receive(&g, list, NULL);
	pass(&g, 61000);
	assert_int_equal(g.n_sent, 3);
	assert_int_equal(get_u16(g.sent[2].b + 14 + 40), ERR(3, 1));
	world_free(&g.world);
}

/* what a router says about the path, and a shorter one */
static void learned(void **state)
{
	struct packet k = { "2001:db8:1::1", "2001:db8:9::9", IPPROTO_ICMPV6 };
	union inet_addr src, dst, gw;
	struct route_result rt;
	struct route_key key = { .family = AF_INET6 };
	struct pkt *q, *e;
	struct rig g;

	rig_up(&g, "sysctl -qw net.ipv6.conf.all.forwarding=0\nip -6 route add default via fe80::2 dev in");
	addr_parse(AF_INET6, A, &src);
	addr_parse(AF_INET6, k.dst, &dst);
	key.dst = dst;
	q = build(&g, &k);
	e = reply_icmp_error(q, 2, 0, 1400, &src);
	pkt_free(q);
	receive(&g, e, NULL);
	assert_int_equal(g.errors, 1);
	assert_int_equal(path_route(g.ns, &key, &rt), 0);
	assert_int_equal(rt.mtu, 1400);
	/* a redirect, from the router in use */
	addr_parse(AF_INET6, "fe80::2", &src);
	addr_parse(AF_INET6, US, &dst);
	q = build_ip(&g.world.pool, AF_INET6, &src, &dst, IPPROTO_ICMPV6, 255, 0, 40);
	memset(pkt_l4(q), 0, 40);
	pkt_l4(q)[0] = 137;
	addr_parse(AF_INET6, "fe80::77", &gw);
	memcpy(pkt_l4(q) + 8, &gw, 16);
	memcpy(pkt_l4(q) + 24, &key.dst, 16);
	edit_fill_checksums(q);
	receive(&g, q, NULL);
	assert_int_equal(path_route(g.ns, &key, &rt), 0);
	assert_true(addr_eq(&rt.gw, &gw));
	world_free(&g.world);
}

/* out by where it came in: a redirect, and the packet all the same */
static void redirects(void **state)
{
	struct packet k = { A, "2001:db8:9::9", IPPROTO_UDP };
	struct rig g;

	rig_up(&g, "ip -6 route add 2001:db8:9::/48 via fe80::3 dev in\nip neigh add fe80::3 lladdr 02:00:00:00:00:dd dev in");
	receive(&g, build(&g, &k), &k);
	assert_int_equal(g.n_sent, 2);
	assert_int_equal(g.sent[0].b[14 + 40], 137);
	assert_int_equal(g.sent[0].b[14 + 8], 0xfe);
	assert_int_equal(g.sent[0].b[14 + 40 + 40], 2);		/* the target's address */
	assert_int_equal(g.sent[0].b[14 + 40 + 48], 4);		/* what it is about */
	assert_memory_equal(g.sent[1].b, "\2\0\0\0\0\xdd", 6);
	/* two tokens each */
	for (unsigned i = 0; i < 5; i++)
		receive(&g, build(&g, &k), &k);
	assert_int_equal(g.n_sent, 2 + 2 * 2 + 3);
	world_free(&g.world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row),
		cmocka_unit_test(error_looks),
		cmocka_unit_test(errors_are_limited),
		cmocka_unit_test(neighbour_fails),
		cmocka_unit_test(solicited),
		cmocka_unit_test(advertised),
		cmocka_unit_test(duplicate),
		cmocka_unit_test(fragments),
		cmocka_unit_test(learned),
		cmocka_unit_test(redirects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
