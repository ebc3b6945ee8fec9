/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Routing tables, rules and addresses below the command line: lookups, validation, what links and addresses
 * cause, sources.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ns/netns.h"

struct place {
	struct world w;
	struct netns *ns, *far;
	struct link *a, *b; /* a pair of veths, one end in each */
};

static union inet_addr ip(const char *text)
{
	union inet_addr a = { 0 };

	assert_int_equal(addr_parse(AF_INET, text, &a), 0);
	return a;
}

static int add_addr(struct link *l, const char *text, unsigned plen)
{
	struct link_addr a = { .family = AF_INET, .addr = ip(text), .peer = ip(text), .plen = (uint8_t)plen };

	return link_addr_add(l, &a);
}

static int setup(void **state)
{
	static struct place p;

	memset(&p, 0, sizeof(p));
	world_init(&p.w, 7, NULL, NULL, NULL);
	p.ns = netns_new(&p.w, "here");
	p.far = netns_new(&p.w, "far");
	assert_int_equal(netns_veth(p.ns, "eth0", p.far, "eth0", &p.a, &p.b), 0);
	link_set_flags(p.ns->lo, IFF_UP, IFF_UP);
	link_set_flags(p.a, IFF_UP, IFF_UP);
	link_set_flags(p.b, IFF_UP, IFF_UP);
	assert_int_equal(add_addr(p.a, "10.0.0.1", 24), 0);
	*state = &p;
	return 0;
}

static int teardown(void **state)
{
	world_free(&((struct place *)*state)->w);
	return 0;
}

static int add(struct place *p, const char *dst, unsigned plen, const char *gw, uint32_t table, uint32_t metric,
	       unsigned flags)
{
	struct nexthop nh = { .ifindex = gw ? 0 : p->a->ifindex,
			      .gw_family = gw ? AF_INET : 0,
			      .gw = gw ? ip(gw) : (union inet_addr){ 0 } };
	struct route r = { .family = AF_INET,
			   .dst = ip(dst),
			   .plen = (uint8_t)plen,
			   .type = RTN_UNICAST,
			   .protocol = RTPROT_BOOT,
			   .table = table,
			   .metric = metric,
			   .scope = gw ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK,
			   .n_nh = 1,
			   .nh = &nh };

	return fib_add(&p->ns->fib, &r, flags);
}

static struct route_result look(struct place *p, const char *dst, const char *src, uint32_t mark)
{
	struct route_key k = { .family = AF_INET, .dst = ip(dst), .mark = mark };
	struct route_result res;

	if (src)
		k.src = ip(src);
	fib_lookup(&p->ns->fib, &k, &res);
	return res;
}

static void longest_prefix_then_metric(void **state)
{
	struct place *p = *state;
	struct route_result r;

	assert_int_equal(add(p, "0.0.0.0", 0, "10.0.0.254", RT_TABLE_MAIN, 0, NLM_F_CREATE), 0);
	assert_int_equal(add(p, "192.0.2.0", 24, "10.0.0.253", RT_TABLE_MAIN, 20, NLM_F_CREATE), 0);
	assert_int_equal(add(p, "192.0.2.0", 24, "10.0.0.252", RT_TABLE_MAIN, 10, NLM_F_CREATE), 0);
	r = look(p, "192.0.2.7", NULL, 0);
	assert_int_equal(r.err, 0);
	assert_int_equal(r.gw.ip4, ip("10.0.0.252").ip4);
	assert_int_equal(r.prefsrc.ip4, ip("10.0.0.1").ip4);
	r = look(p, "8.8.8.8", NULL, 0);
	assert_int_equal(r.gw.ip4, ip("10.0.0.254").ip4);
	r = look(p, "10.0.0.1", NULL, 0);
	assert_int_equal(r.type, RTN_LOCAL);
	r = look(p, "10.0.0.255", NULL, 0);
	assert_int_equal(r.type, RTN_BROADCAST);
	r = look(p, "10.0.0.9", NULL, 0);
	assert_false(r.have_gw);
}

static void rtnetlink_flags(void **state)
{
	struct place *p = *state;

	assert_int_equal(add(p, "192.0.2.0", 24, "10.0.0.9", 0, 0, NLM_F_CREATE | NLM_F_EXCL), 0);
	assert_int_equal(add(p, "192.0.2.0", 24, "10.0.0.8", 0, 0, NLM_F_CREATE | NLM_F_EXCL), -EEXIST);
	assert_int_equal(add(p, "192.0.3.0", 24, "10.0.0.8", 0, 0, NLM_F_REPLACE), -ENOENT);
	assert_int_equal(add(p, "192.0.2.0", 24, "10.0.0.8", 0, 0, NLM_F_CREATE | NLM_F_APPEND), 0);
	assert_int_equal(look(p, "192.0.2.1", NULL, 0).gw.ip4, ip("10.0.0.9").ip4);
	assert_int_equal(add(p, "192.0.2.0", 24, "10.0.0.7", 0, 0, NLM_F_CREATE | NLM_F_REPLACE), 0);
	assert_int_equal(look(p, "192.0.2.1", NULL, 0).gw.ip4, ip("10.0.0.7").ip4);
	assert_int_equal(add(p, "192.0.4.0", 24, "172.16.0.1", 0, 0, NLM_F_CREATE), -ENETUNREACH);
	assert_string_equal(p->ns->fib.why, "Nexthop has invalid gateway");
}

static void policy_rules(void **state)
{
	struct place *p = *state;
	struct fib_rule r = { .family = AF_INET,
			      .pref = 100,
			      .fwmark = 5,
			      .fwmask = 0xff,
			      .have_mark = true,
			      .table = 10,
			      .action = FR_ACT_TO_TBL,
			      .suppress_plen = -1,
			      .suppress_group = -1 };
	struct fib_rule go = { .family = AF_INET,
			       .pref = 50,
			       .action = FR_ACT_GOTO,
			       .goto_pref = 32766,
			       .src = ip("10.9.0.0"),
			       .src_plen = 16,
			       .suppress_plen = -1,
			       .suppress_group = -1 };
	struct fib_rule no = { .family = AF_INET,
			       .pref = 200,
			       .action = FR_ACT_PROHIBIT,
			       .dst = ip("203.0.113.0"),
			       .dst_plen = 24,
			       .suppress_plen = -1,
			       .suppress_group = -1 };

	assert_false(fib_custom_rules(&p->ns->fib, AF_INET));
	assert_int_equal(add(p, "0.0.0.0", 0, "10.0.0.254", RT_TABLE_MAIN, 0, NLM_F_CREATE), 0);
	assert_int_equal(add(p, "0.0.0.0", 0, "10.0.0.253", 10, 0, NLM_F_CREATE), 0);
	assert_int_equal(fib_rule_add(&p->ns->fib, &r), 0);
	assert_int_equal(fib_rule_add(&p->ns->fib, &r), -EEXIST);
	assert_int_equal(fib_rule_add(&p->ns->fib, &go), 0);
	assert_int_equal(fib_rule_add(&p->ns->fib, &no), 0);
	assert_int_equal(look(p, "8.8.8.8", NULL, 0x105).gw.ip4, ip("10.0.0.253").ip4);
	assert_int_equal(look(p, "8.8.8.8", NULL, 6).gw.ip4, ip("10.0.0.254").ip4);
	assert_int_equal(look(p, "8.8.8.8", "10.9.1.1", 5).gw.ip4, ip("10.0.0.254").ip4);
	assert_int_equal(look(p, "203.0.113.1", NULL, 0).err, -EACCES);
	assert_true(fib_custom_rules(&p->ns->fib, AF_INET));
	assert_int_equal(fib_rule_del(&p->ns->fib, &r), 0);
	assert_int_equal(fib_rule_del(&p->ns->fib, &r), -ENOENT);
}

static void suppressed_default(void **state)
{
	struct place *p = *state;
	struct fib_rule r = { .family = AF_INET,
			      .pref = 100,
			      .table = RT_TABLE_MAIN,
			      .action = FR_ACT_TO_TBL,
			      .suppress_plen = 0,
			      .suppress_group = -1 };
	struct fib_rule s = { .family = AF_INET,
			      .pref = 101,
			      .table = 10,
			      .action = FR_ACT_TO_TBL,
			      .suppress_plen = -1,
			      .suppress_group = -1 };

	assert_int_equal(add(p, "0.0.0.0", 0, "10.0.0.254", RT_TABLE_MAIN, 0, NLM_F_CREATE), 0);
	assert_int_equal(add(p, "0.0.0.0", 0, "10.0.0.253", 10, 0, NLM_F_CREATE), 0);
	assert_int_equal(fib_rule_add(&p->ns->fib, &r), 0);
	assert_int_equal(fib_rule_add(&p->ns->fib, &s), 0);
	assert_int_equal(look(p, "8.8.8.8", NULL, 0).gw.ip4, ip("10.0.0.253").ip4);
	assert_false(look(p, "10.0.0.9", NULL, 0).have_gw);
}

static void error_routes(void **state)
{
	static const struct {
		uint8_t type;
		int err;
	} rows[] = { { RTN_BLACKHOLE, -EINVAL },
		     { RTN_UNREACHABLE, -EHOSTUNREACH },
		     { RTN_PROHIBIT, -EACCES },
		     { RTN_THROW, -ENETUNREACH } };
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct route r = { .family = AF_INET,
				   .dst = ip("198.51.100.0"),
				   .plen = 24,
				   .type = rows[i].type,
				   .table = RT_TABLE_MAIN };

		assert_int_equal(fib_add(&p->ns->fib, &r, NLM_F_CREATE), 0);
		assert_int_equal(look(p, "198.51.100.1", NULL, 0).err, rows[i].err);
		r.scope = RT_SCOPE_NOWHERE;
		assert_int_equal(fib_del(&p->ns->fib, &r), 0);
		assert_int_equal(fib_del(&p->ns->fib, &r), -ESRCH);
	}
}

static void multipath_by_weight(void **state)
{
	struct place *p = *state;
	struct nexthop nh[2] = { { .gw_family = AF_INET, .gw = ip("10.0.0.2"), .weight = 1 },
				 { .gw_family = AF_INET, .gw = ip("10.0.0.3"), .weight = 3 } };
	struct route r = { .family = AF_INET,
			   .dst = ip("192.0.2.0"),
			   .plen = 24,
			   .type = RTN_UNICAST,
			   .table = RT_TABLE_MAIN,
			   .n_nh = 2,
			   .nh = nh };
	unsigned second = 0;

	assert_int_equal(fib_add(&p->ns->fib, &r, NLM_F_CREATE), 0);
	for (uint32_t i = 0; i < 1000; i++) {
		struct route_key k = { .family = AF_INET, .dst = ip("192.0.2.1"), .mp_hash = i * 4294967u };
		struct route_result res;

		fib_lookup(&p->ns->fib, &k, &res);
		second += res.gw.ip4 == nh[1].gw.ip4;
	}
	assert_in_range(second, 740, 760);
}

static void link_down_takes_routes(void **state)
{
	struct place *p = *state;

	assert_int_equal(add(p, "0.0.0.0", 0, "10.0.0.254", RT_TABLE_MAIN, 0, NLM_F_CREATE), 0);
	link_set_flags(p->b, 0, IFF_UP);
	assert_false(p->a->carrier);
	assert_int_equal(look(p, "8.8.8.8", NULL, 0).err, 0); /* linkdown, but still used */
	p->a->conf[LINK_CONF_IGNORE_ROUTES_WITH_LINKDOWN] = 1;
	assert_int_equal(look(p, "8.8.8.8", NULL, 0).err, -ENETUNREACH);
	link_set_flags(p->a, 0, IFF_UP);
	assert_int_equal(look(p, "10.0.0.9", NULL, 0).err, -ENETUNREACH);
	assert_int_equal(look(p, "10.0.0.1", NULL, 0).type, RTN_LOCAL);
	link_set_flags(p->a, IFF_UP, IFF_UP);
	link_set_flags(p->b, IFF_UP, IFF_UP);
	assert_int_equal(look(p, "10.0.0.9", NULL, 0).err, 0);
	assert_int_equal(look(p, "8.8.8.8", NULL, 0).err, -ENETUNREACH); /* what a user gave does not come back */
}

static void secondaries(void **state)
{
	struct place *p = *state;
	union inet_addr first = ip("10.0.0.1");

	assert_int_equal(add_addr(p->a, "10.0.0.2", 24), 0);
	assert_int_equal(add_addr(p->a, "10.0.0.2", 24), -EEXIST);
	assert_int_equal(look(p, "10.0.0.9", NULL, 0).prefsrc.ip4, first.ip4);
	p->a->conf[LINK_CONF_PROMOTE_SECONDARIES] = 1;
	assert_int_equal(link_addr_del(p->a, AF_INET, &first, 24), 0);
	assert_int_equal(look(p, "10.0.0.9", NULL, 0).prefsrc.ip4, ip("10.0.0.2").ip4);
	assert_int_equal(look(p, "10.0.0.1", NULL, 0).type, RTN_UNICAST);
	assert_int_equal(add_addr(p->a, "10.0.0.3", 24), 0);
	p->a->conf[LINK_CONF_PROMOTE_SECONDARIES] = 0;
	first = ip("10.0.0.2");
	assert_int_equal(link_addr_del(p->a, AF_INET, &first, 24), 0);
	assert_null(link_addr_find(&p->ns->links, AF_INET, &(union inet_addr){ .ip4 = ip("10.0.0.3").ip4 }));
	assert_int_equal(link_addr_del(p->a, AF_INET, &first, 24), -EADDRNOTAVAIL);
}

static void output_decisions(void **state)
{
	struct place *p = *state;
	struct route_key k = { .family = AF_INET, .dst = ip("10.0.0.1") };
	struct route_result r;

	fib_output(&p->ns->fib, &k, &r);
	assert_int_equal(r.type, RTN_LOCAL);
	assert_ptr_equal(r.out, p->ns->lo);
	assert_int_equal(r.prefsrc.ip4, ip("10.0.0.1").ip4);
	k.dst = ip("99.0.0.1");
	fib_output(&p->ns->fib, &k, &r);
	assert_int_equal(r.err, -ENETUNREACH);
	k.oif = p->a->ifindex; /* no route, but an interface: it must be there */
	fib_output(&p->ns->fib, &k, &r);
	assert_int_equal(r.err, 0);
	assert_ptr_equal(r.out, p->a);
	assert_int_equal(r.prefsrc.ip4, ip("10.0.0.1").ip4);
	k.oif = 0;
	k.src = ip("9.9.9.9");
	fib_output(&p->ns->fib, &k, &r);
	assert_int_equal(r.err, -ENETUNREACH);
	k = (struct route_key){ .family = AF_INET };
	fib_output(&p->ns->fib, &k, &r);
	assert_int_equal(r.prefsrc.ip4, htonl(INADDR_LOOPBACK));
}

static void source_validation(void **state)
{
	struct place *p = *state;
	struct route_key k = { .family = AF_INET, .src = ip("10.0.0.9"), .dst = ip("10.0.0.1"), .iif = p->a->ifindex };
	struct link *other;

	assert_int_equal(netns_veth(p->ns, "eth1", p->far, "eth1", &other, NULL), 0);
	link_set_flags(other, IFF_UP, IFF_UP);
	assert_int_equal(add_addr(other, "10.1.0.1", 24), 0);
	assert_int_equal(fib_validate_source(&p->ns->fib, &k, other, 0), 0);
	other->conf[LINK_CONF_RP_FILTER] = 1;
	assert_int_equal(fib_validate_source(&p->ns->fib, &k, other, 0), -EXDEV);
	other->conf[LINK_CONF_RP_FILTER] = 2;
	assert_int_equal(fib_validate_source(&p->ns->fib, &k, other, 0), 0);
	assert_int_equal(fib_validate_source(&p->ns->fib, &k, p->a, p->a->ifindex), 1);
	k.src = ip("10.0.0.1");
	assert_int_equal(fib_validate_source(&p->ns->fib, &k, other, 0), -EINVAL);
	other->conf[LINK_CONF_ACCEPT_LOCAL] = 1;
	other->conf[LINK_CONF_RP_FILTER] = 0;
	assert_int_equal(fib_validate_source(&p->ns->fib, &k, other, 0), 0);
}

static void moving_a_link(void **state)
{
	struct place *p = *state;

	assert_int_equal(netns_link_move(p->a, p->far, NULL), -EEXIST);
	assert_int_equal(netns_link_move(p->a, p->far, "eth9"), 0);
	assert_ptr_equal(p->a->ns, p->far);
	assert_false(p->a->flags & IFF_UP);
	assert_true(list_empty(&p->a->addrs));
	assert_null(link_by_name(&p->ns->links, "eth0"));
	assert_int_equal(look(p, "10.0.0.9", NULL, 0).err, -ENETUNREACH);
	assert_int_equal(netns_link_del(p->a), 0);
	assert_null(link_by_name(&p->far->links, "eth0"));
	assert_int_equal(netns_link_del(p->ns->lo), -EOPNOTSUPP);
}

static void lifetimes_end(void **state)
{
	struct place *p = *state;
	struct link_addr a = { .family = AF_INET,
			       .addr = ip("10.5.0.1"),
			       .peer = ip("10.5.0.1"),
			       .plen = 24,
			       .valid_lft_s = 10,
			       .preferred_lft_s = 5 };

	link_addr_flush(p->a, AF_INET6); /* its checks would be due earlier */
	link_addr_flush(p->b, AF_INET6);
	assert_int_equal(link_addr_add(p->a, &a), 0);
	assert_int_equal(world_next_ns(&p->w), 10 * NSEC_PER_SEC);
	p->w.clock.now_ns = 9 * NSEC_PER_SEC;
	world_timers(&p->w);
	assert_non_null(link_addr_find(&p->ns->links, AF_INET, &a.addr));
	p->w.clock.now_ns = 10 * NSEC_PER_SEC;
	world_timers(&p->w);
	assert_null(link_addr_find(&p->ns->links, AF_INET, &a.addr));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(longest_prefix_then_metric), TEST(rtnetlink_flags), TEST(policy_rules),
		TEST(suppressed_default),         TEST(error_routes),    TEST(multipath_by_weight),
		TEST(link_down_takes_routes),     TEST(secondaries),     TEST(output_decisions),
		TEST(source_validation),          TEST(moving_a_link),   TEST(lifetimes_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
