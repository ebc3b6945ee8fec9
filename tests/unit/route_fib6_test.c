/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv6 routes and addresses below the command line: lookups against a naive search, how routes of one prefix stand
 * beside each other, duplicate address detection step by step, what is told and when.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ns/netns.h"

struct place {
	struct world w;
	struct netns *ns, *far;
	struct link *a, *b, *c, *d; /* two pairs of veths, the first of each here */
};

static union inet_addr ip6(const char *text)
{
	union inet_addr a = { 0 };

	assert_int_equal(addr_parse(AF_INET6, text, &a), 0);
	return a;
}

static int add_addr(struct link *l, const char *text, unsigned plen, uint32_t flags)
{
	struct link_addr a = {
		.family = AF_INET6, .addr = ip6(text), .peer = ip6(text), .plen = (uint8_t)plen, .flags = flags
	};

	return link_addr_add(l, &a);
}

static struct link_addr *addr_of(const struct link *l, const char *text)
{
	union inet_addr want = ip6(text);
	struct link_addr *a;

	list_for_each(a, &l->addrs, node)
		if (a->family == AF_INET6 && addr_eq(&a->addr, &want))
			return a;
	return NULL;
}

static void run_to(struct place *p, uint64_t ms)
{
	while (world_next_ns(&p->w) <= ms * NSEC_PER_MSEC) {
		p->w.clock.now_ns = MAX(p->w.clock.now_ns, world_next_ns(&p->w));
		world_timers(&p->w);
	}
	p->w.clock.now_ns = ms * NSEC_PER_MSEC;
}

static int setup(void **state)
{
	static struct place p;

	memset(&p, 0, sizeof(p));
	world_init(&p.w, 7, NULL, NULL, NULL);
	p.ns = netns_new(&p.w, "here");
	p.far = netns_new(&p.w, "far");
	assert_int_equal(netns_veth(p.ns, "eth0", p.far, "eth0", &p.a, &p.b), 0);
	assert_int_equal(netns_veth(p.ns, "eth1", p.far, "eth1", &p.c, &p.d), 0);
	link_set_flags(p.ns->lo, IFF_UP, IFF_UP);
	link_set_flags(p.a, IFF_UP, IFF_UP);
	link_set_flags(p.b, IFF_UP, IFF_UP);
	link_set_flags(p.c, IFF_UP, IFF_UP);
	link_set_flags(p.d, IFF_UP, IFF_UP);
	run_to(&p, 5000);
	*state = &p;
	return 0;
}

static int teardown(void **state)
{
	world_free(&((struct place *)*state)->w);
	return 0;
}

static int add_route(struct place *p, const char *dst, unsigned plen, const char *via, struct link *dev, uint32_t metric,
		     unsigned nlflags)
{
	struct nexthop nh = { .ifindex = dev ? dev->ifindex : 0 };
	struct route r = { .family = AF_INET6,
			   .type = RTN_UNICAST,
			   .protocol = RTPROT_BOOT,
			   .plen = (uint8_t)plen,
			   .dst = ip6(dst),
			   .metric = metric,
			   .n_nh = 1,
			   .nh = &nh };

	if (via) {
		nh.gw = ip6(via);
		nh.gw_family = AF_INET6;
	}
	return fib_add(&p->ns->fib, &r, nlflags);
}

static struct route_result look(struct place *p, const char *dst, struct link *oif)
{
	struct route_key k = { .family = AF_INET6, .dst = ip6(dst), .oif = oif ? oif->ifindex : 0 };
	struct route_result res;

	fib_lookup(&p->ns->fib, &k, &res);
	return res;
}

/* ---- against a naive search ---- */

enum { N_ROUTES = 400, N_LOOKUPS = 4000 };

struct naive {
	union inet_addr dst;
	unsigned plen;
	uint32_t metric;
	int dev;
};

/* addresses that share much, so that prefixes lie in each other */
static union inet_addr random_addr(struct rng *g)
{
	union inet_addr a = ip6("2001:db8::");

	for (unsigned i = 4; i < 16; i++)
		a.b[i] = rng_below(g, 3) ? 0 : (uint8_t)(rng_u64(g) & 0x81);
	return a;
}

static const struct naive *naive_search(const struct naive *n, const union inet_addr *dst, int oif)
{
	const struct naive *best = NULL;

	for (unsigned i = 0; i < N_ROUTES; i++)
		if (n[i].dev && (!oif || n[i].dev == oif) && addr_in(AF_INET6, dst, &n[i].dst, n[i].plen) &&
		    (!best || n[i].plen > best->plen || (n[i].plen == best->plen && n[i].metric < best->metric)))
			best = &n[i];
	return best;
}

static void random_routes(struct place *p, struct naive *n, struct rng *g)
{
	for (unsigned i = 0; i < N_ROUTES; i++) {
		struct nexthop nh = { .ifindex = rng_below(g, 2) ? p->a->ifindex : p->c->ifindex };
		struct route r = { .family = AF_INET6,
				   .type = RTN_UNICAST,
				   .protocol = RTPROT_BOOT,
				   .plen = (uint8_t)(32 + rng_below(g, 97)),
				   .dst = random_addr(g),
				   .metric = 1 + (uint32_t)rng_below(g, 1u << 30),
				   .n_nh = 1,
				   .nh = &nh };

		n[i] = (struct naive){ r.dst, r.plen, r.metric, nh.ifindex };
		assert_int_equal(fib_add(&p->ns->fib, &r, NLM_F_CREATE | NLM_F_EXCL), 0);
	}
}

static void same_as_naive(struct place *p, const struct naive *n, struct rng *g)
{
	for (unsigned i = 0; i < N_LOOKUPS; i++) {
		struct route_key k = { .family = AF_INET6, .dst = random_addr(g) };
		struct route_result res;
		const struct naive *want;

		k.oif = rng_below(g, 3) ? 0 : p->c->ifindex;
		want = naive_search(n, &k.dst, k.oif);
		fib_lookup(&p->ns->fib, &k, &res);
		assert_int_equal(res.err, want ? 0 : -ENETUNREACH);
		if (want) {
			assert_int_equal(res.route->metric, want->metric);
			assert_int_equal(res.out->ifindex, want->dev);
		}
	}
}

static void longest_prefix_as_naive(void **state)
{
	struct place *p = *state;
	struct naive *n = mem_zalloc(N_ROUTES * sizeof(*n));
	struct rng g;

	rng_seed(&g, 11);
	random_routes(p, n, &g);
	same_as_naive(p, n, &g);
	for (unsigned i = 0; i < N_ROUTES; i += 3) { /* and when a third is gone */
		struct route like = { .family = AF_INET6, .plen = (uint8_t)n[i].plen, .dst = n[i].dst };
		union inet_addr mask = addr_mask(AF_INET6, n[i].plen);

		like.dst = addr_and(&n[i].dst, &mask);
		like.metric = n[i].metric;
		assert_int_equal(fib_del(&p->ns->fib, &like), 0);
		n[i].dev = 0;
	}
	same_as_naive(p, n, &g);
	mem_free(n);
}

/* ---- beside each other ---- */

static unsigned used[2];

static void nexthops_share_by_weight(void **state)
{
	struct place *p = *state;

	assert_int_equal(add_addr(p->a, "2001:db8:1::1", 64, IFA_F_NODAD), 0);
	assert_int_equal(add_route(p, "2001:db8:10::", 48, "2001:db8:1::2", NULL, 0, NLM_F_CREATE | NLM_F_EXCL), 0);
	assert_int_equal(add_route(p, "2001:db8:10::", 48, "fe80::3", p->c, 0, NLM_F_CREATE | NLM_F_EXCL), -EEXIST);
	assert_int_equal(add_route(p, "2001:db8:10::", 48, "fe80::3", p->c, 0, NLM_F_CREATE | NLM_F_APPEND), 0);
	assert_int_equal(look(p, "2001:db8:10::1", NULL).route->n_nh, 2);
	memset(used, 0, sizeof(used));
	for (uint32_t i = 0; i < 1000; i++) {
		struct route_key k = { .family = AF_INET6, .dst = ip6("2001:db8:10::1"), .mp_hash = i * 4294967u };
		struct route_result res;

		fib_lookup(&p->ns->fib, &k, &res);
		used[res.out == p->c]++;
	}
	assert_true(used[0] > 450 && used[1] > 450);
	/* one that is down leaves all to the other */
	link_set_flags(p->c, 0, IFF_UP);
	assert_ptr_equal(look(p, "2001:db8:10::1", NULL).out, p->a);
	link_set_flags(p->a, 0, IFF_UP);
	assert_int_equal(look(p, "2001:db8:10::1", NULL).err, -ENETUNREACH);
}

static void error_routes(void **state)
{
	static const struct {
		uint8_t type;
		int err;
	} cases[] = { { RTN_BLACKHOLE, -EINVAL },
		      { RTN_UNREACHABLE, -EHOSTUNREACH },
		      { RTN_PROHIBIT, -EACCES },
		      { RTN_THROW, -ENETUNREACH } };
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct route r = { .family = AF_INET6, .type = cases[i].type, .plen = 48, .dst = ip6("2001:db8:20::") };

		assert_int_equal(fib_add(&p->ns->fib, &r, NLM_F_CREATE | NLM_F_REPLACE), 0);
		assert_int_equal(look(p, "2001:db8:20::1", NULL).err, cases[i].err);
	}
}

static void routes_expire(void **state)
{
	struct place *p = *state;
	struct nexthop nh = { .ifindex = p->a->ifindex };
	struct route r = { .family = AF_INET6,
			   .type = RTN_UNICAST,
			   .plen = 48,
			   .dst = ip6("2001:db8:30::"),
			   .expires_ms = 9000,
			   .n_nh = 1,
			   .nh = &nh };

	assert_int_equal(fib_add(&p->ns->fib, &r, NLM_F_CREATE), 0);
	assert_int_equal(world_next_ns(&p->w), 9000 * NSEC_PER_MSEC);
	run_to(p, 8999);
	assert_int_equal(look(p, "2001:db8:30::1", NULL).err, 0);
	run_to(p, 9000);
	assert_int_equal(look(p, "2001:db8:30::1", NULL).err, -ENETUNREACH);
}

static void by_source(void **state)
{
	struct place *p = *state;
	struct nexthop nh = { .ifindex = p->c->ifindex };
	struct route r = { .family = AF_INET6,
			   .type = RTN_UNICAST,
			   .plen = 48,
			   .dst = ip6("2001:db8:40::"),
			   .src = ip6("2001:db8:1::"),
			   .src_plen = 64,
			   .n_nh = 1,
			   .nh = &nh };
	struct route_key k = { .family = AF_INET6, .dst = ip6("2001:db8:40::1"), .src = ip6("2001:db8:1::9") };
	struct route_result res;

	assert_int_equal(fib_add(&p->ns->fib, &r, NLM_F_CREATE), 0);
	assert_int_equal(add_route(p, "2001:db8:40::", 48, NULL, p->a, 0, NLM_F_CREATE | NLM_F_EXCL), 0);
	fib_lookup(&p->ns->fib, &k, &res);
	assert_ptr_equal(res.out, p->c);
	k.src = ip6("2001:db8:2::9");
	fib_lookup(&p->ns->fib, &k, &res);
	assert_ptr_equal(res.out, p->a);
}

/* link-local destinations are on the link that they came in by, and nowhere else */
static void strict_interfaces(void **state)
{
	struct place *p = *state;
	union inet_addr own = link_addr_eui64(p->a->mac);
	struct route_key k = { .family = AF_INET6, .dst = own, .src = ip6("fe80::99"), .iif = p->a->ifindex };
	struct route_result res;

	fib_lookup(&p->ns->fib, &k, &res);
	assert_int_equal(res.err, 0);
	assert_int_equal(res.type, RTN_LOCAL);
	k.iif = p->c->ifindex;
	fib_lookup(&p->ns->fib, &k, &res);
	assert_int_equal(res.type, RTN_UNICAST);
	k.dst = ip6("ff02::1");
	fib_lookup(&p->ns->fib, &k, &res);
	assert_int_equal(res.type, RTN_MULTICAST);
	assert_ptr_equal(res.out, p->c);
}

/* ---- duplicate address detection ---- */

static struct {
	unsigned probes, ready, failed;
	uint64_t last_ms;
	void (*next)(void *ctx, struct link *l, unsigned what, const struct link_addr *a);
	struct clock *clock;
} told;

static void listen_in(void *ctx, struct link *l, unsigned what, const struct link_addr *a)
{
	unsigned *count = what == ADDR_DAD_PROBE    ? &told.probes
			  : what == ADDR_READY      ? &told.ready
			  : what == ADDR_DAD_FAILED ? &told.failed
						    : NULL;

	if (count) {
		++*count;
		told.last_ms = clock_ms(told.clock);
	}
	told.next(ctx, l, what, a);
}

static void listen_to(struct place *p)
{
	memset(&told, 0, sizeof(told));
	told.next = p->ns->links.notify;
	told.clock = &p->w.clock;
	p->ns->links.notify = listen_in;
}

static void tentative_until_asked(void **state)
{
	struct place *p = *state;
	uint64_t probed;

	listen_to(p);
	assert_int_equal(add_addr(p->a, "2001:db8:1::1", 64, 0), 0);
	assert_true(addr_of(p->a, "2001:db8:1::1")->flags & IFA_F_TENTATIVE);
	assert_int_equal(look(p, "2001:db8:1::1", NULL).type, RTN_UNICAST); /* the prefix is there, the host is not */
	while (!told.probes)
		run_to(p, clock_ms(&p->w.clock) + 1);
	probed = told.last_ms;
	assert_in_range(probed, 5000, 6001);
	run_to(p, probed + 999);
	assert_int_equal(told.ready, 0);
	assert_false(link_addr_usable6(addr_of(p->a, "2001:db8:1::1")));
	run_to(p, probed + 1000);
	assert_int_equal(told.ready, 1);
	assert_int_equal(told.probes, 1);
	assert_int_equal(look(p, "2001:db8:1::1", NULL).type, RTN_LOCAL);
	assert_int_equal(world_next_ns(&p->w), UINT64_MAX);
}

static void settings_of_detection(void **state)
{
	struct place *p = *state;

	listen_to(p);
	assert_int_equal(add_addr(p->a, "2001:db8:1::1", 64, IFA_F_NODAD), 0);
	assert_int_equal(told.ready, 1);
	link_conf6_set(&p->ns->links, p->a, false, LINK_CONF6_ACCEPT_DAD, 0);
	assert_int_equal(add_addr(p->a, "2001:db8:1::2", 64, 0), 0);
	assert_int_equal(told.ready, 2);
	link_conf6_set(&p->ns->links, p->a, false, LINK_CONF6_ACCEPT_DAD, 1);
	link_conf6_set(&p->ns->links, p->a, false, LINK_CONF6_DAD_TRANSMITS, 3);
	assert_int_equal(add_addr(p->a, "2001:db8:1::3", 64, 0), 0);
	run_to(p, 10000);
	assert_int_equal(told.probes, 3);
	assert_int_equal(told.ready, 3);
	link_conf6_set(&p->ns->links, p->a, false, LINK_CONF6_DAD_TRANSMITS, 1);
	assert_int_equal(add_addr(p->a, "2001:db8:1::4", 64, IFA_F_OPTIMISTIC), 0);
	assert_int_equal(told.ready, 4); /* at once, and again when it is sure */
	assert_int_equal(look(p, "2001:db8:1::4", NULL).type, RTN_LOCAL);
	run_to(p, 20000);
	assert_int_equal(told.ready, 5);
}

static void duplicates(void **state)
{
	struct place *p = *state;
	union inet_addr dup = ip6("2001:db8:1::1"), other = ip6("2001:db8:1::9");

	listen_to(p);
	assert_int_equal(add_addr(p->a, "2001:db8:1::1", 64, 0), 0);
	link_addr_dad_failed(p->a, &other);
	link_addr_dad_failed(p->c, &dup);
	assert_int_equal(told.failed, 0);
	link_addr_dad_failed(p->a, &dup);
	assert_int_equal(told.failed, 1);
	assert_true(addr_of(p->a, "2001:db8:1::1")->flags & IFA_F_DADFAILED);
	run_to(p, 20000);
	assert_int_equal(told.ready, 0);
	assert_int_equal(look(p, "2001:db8:1::1", NULL).type, RTN_UNICAST);
	/* one in use is not given up */
	assert_int_equal(add_addr(p->a, "2001:db8:1::9", 64, IFA_F_NODAD), 0);
	link_addr_dad_failed(p->a, &other);
	assert_int_equal(told.failed, 1);
}

static void two_with_one_mac(void **state)
{
	struct place *p = *state;
	union inet_addr own = link_addr_eui64(p->a->mac);

	link_conf6_set(&p->ns->links, p->a, false, LINK_CONF6_ACCEPT_DAD, 2);
	link_set_flags(p->a, 0, IFF_UP);
	link_set_flags(p->a, IFF_UP, IFF_UP);
	assert_non_null(link_addr_link_local(p->a));
	link_addr_dad_failed(p->a, &own);
	assert_int_equal(p->a->conf6[LINK_CONF6_DISABLE_IPV6], 1);
	assert_null(link_addr_link_local(p->a));
}

static void kept_over_down(void **state)
{
	struct place *p = *state;

	link_conf6_set(&p->ns->links, p->a, false, LINK_CONF6_KEEP_ADDR_ON_DOWN, 1);
	assert_int_equal(add_addr(p->a, "2001:db8:1::1", 64, IFA_F_NODAD), 0);
	assert_int_equal(add_addr(p->a, "2001:db8:1::2", 64, 0), 0);
	run_to(p, 10000);
	link_set_flags(p->a, 0, IFF_UP);
	assert_int_equal(look(p, "2001:db8:1::1", NULL).err, -ENETUNREACH);
	assert_null(link_addr_link_local(p->a));
	link_set_flags(p->a, IFF_UP, IFF_UP);
	assert_int_equal(look(p, "2001:db8:1::1", NULL).type, RTN_LOCAL);
	assert_int_equal(look(p, "2001:db8:1::2", NULL).type, RTN_UNICAST); /* asked for again */
	run_to(p, 20000);
	assert_int_equal(look(p, "2001:db8:1::2", NULL).type, RTN_LOCAL);
}

static void anycast_of_routers(void **state)
{
	struct place *p = *state;

	assert_int_equal(add_addr(p->a, "2001:db8:1::1", 64, IFA_F_NODAD), 0);
	assert_int_equal(add_addr(p->a, "2001:db8:1::2", 64, IFA_F_NODAD), 0);
	link_conf6_set(&p->ns->links, NULL, true, LINK_CONF6_FORWARDING, 1);
	assert_int_equal(look(p, "2001:db8:1::", NULL).type, RTN_ANYCAST);
	assert_int_equal(link_addr_del(p->a, AF_INET6, &addr_of(p->a, "2001:db8:1::1")->addr, 64), 0);
	assert_int_equal(look(p, "2001:db8:1::", NULL).type, RTN_ANYCAST);
	link_conf6_set(&p->ns->links, NULL, true, LINK_CONF6_FORWARDING, 0);
	assert_int_equal(look(p, "2001:db8:1::", NULL).type, RTN_UNICAST);
}

static void output_decisions(void **state)
{
	struct place *p = *state;
	struct route_key k = { .family = AF_INET6, .dst = ip6("2001:db8:99::1") };
	struct route_result res;

	fib_output(&p->ns->fib, &k, &res);
	assert_int_equal(res.err, -ENETUNREACH);
	assert_int_equal(add_addr(p->a, "2001:db8:1::1", 64, IFA_F_NODAD), 0);
	assert_int_equal(add_route(p, "::", 0, "fe80::9", p->c, 0, NLM_F_CREATE), 0);
	fib_output(&p->ns->fib, &k, &res);
	assert_int_equal(res.err, 0);
	assert_ptr_equal(res.out, p->c);
	assert_true(res.have_gw);
	assert_memory_equal(&res.prefsrc, &addr_of(p->a, "2001:db8:1::1")->addr, 16);
	k.dst = ip6("2001:db8:1::1");
	fib_output(&p->ns->fib, &k, &res);
	assert_int_equal(res.type, RTN_LOCAL);
	assert_ptr_equal(res.out, p->ns->lo);
	k.dst = ip6("::"); /* this host */
	fib_output(&p->ns->fib, &k, &res);
	assert_int_equal(res.type, RTN_LOCAL);
	assert_int_equal(res.prefsrc.b[15], 1);
	k.oif = 99;
	fib_output(&p->ns->fib, &k, &res);
	assert_int_equal(res.err, -ENODEV);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(longest_prefix_as_naive), TEST(nexthops_share_by_weight), TEST(error_routes),
		TEST(routes_expire),           TEST(by_source),                TEST(strict_interfaces),
		TEST(tentative_until_asked),   TEST(settings_of_detection),    TEST(duplicates),
		TEST(two_with_one_mac),        TEST(kept_over_down),           TEST(anycast_of_routers),
		TEST(output_decisions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
