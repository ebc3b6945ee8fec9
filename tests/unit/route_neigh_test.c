/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Neighbours: states and times, the queue, and a bridge's forwarding table.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "ns/netns.h"
#include "route/bridge.h"

static const uint8_t mac1[6] = { 2, 0, 0, 0, 0, 1 }, mac2[6] = { 2, 0, 0, 0, 0, 2 };

struct place {
	struct world w;
	struct netns *ns;
	struct link *l;
	struct neigh_table t;
	unsigned asked, asked_unicast, released, failed;
	uint64_t asked_at[16];
};

static void solicit(void *ctx, struct neigh *n, const uint8_t *mac, const struct pkt *cause)
{
	struct place *p = ctx;

	p->asked_at[p->asked % 16] = clock_ms(&p->w.clock);
	p->asked++;
	p->asked_unicast += mac != NULL;
}

static void release(void *ctx, struct neigh *n, struct pkt *k)
{
	((struct place *)ctx)->released++;
	pkt_free(k);
}

static void failed(void *ctx, struct neigh *n, struct pkt *k)
{
	((struct place *)ctx)->failed++;
	pkt_free(k);
}

static const struct neigh_ops ops = { .solicit = solicit, .release = release, .failed = failed };

static int setup(void **state)
{
	static struct place p;
	struct hash_key key = { { 1, 2 } };

	memset(&p, 0, sizeof(p));
	world_init(&p.w, 3, NULL, NULL, NULL);
	p.ns = netns_new(&p.w, "x");
	assert_int_equal(netns_veth(p.ns, "eth0", p.ns, "eth1", &p.l, NULL), 0);
	neigh_init(&p.t, &p.w.clock, &p.w.rng, &key, &ops, &p);
	*state = &p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	neigh_free(&p->t);
	assert_int_equal(p->w.pool.meta.used, 0);
	world_free(&p->w);
	return 0;
}

/* move the clock step by step, as a driver does */
static void run_to(struct place *p, uint64_t ms)
{
	while (neigh_next_ms(&p->t) <= ms) {
		p->w.clock.now_ns = MAX(neigh_next_ms(&p->t), clock_ms(&p->w.clock)) * NSEC_PER_MSEC;
		neigh_advance(&p->t, clock_ms(&p->w.clock));
	}
	p->w.clock.now_ns = ms * NSEC_PER_MSEC;
	neigh_advance(&p->t, ms);
}

static union inet_addr peer(unsigned n)
{
	return addr_ip4(htonl(0x0a000000 + n));
}

static int send_to(struct place *p, unsigned n, uint8_t mac[6])
{
	union inet_addr a = peer(n);
	struct pkt *k = pkt_alloc(&p->w.pool, 100);
	int err;

	assert_non_null(k);
	pkt_append(k, 100);
	err = neigh_resolve(&p->t, p->l, AF_INET, &a, k, mac);
	if (!err)
		pkt_free(k);
	return err;
}

static void three_probes_then_failed(void **state)
{
	struct place *p = *state;
	uint8_t mac[6];
	union inet_addr a = peer(9);

	assert_int_equal(send_to(p, 9, mac), -EINPROGRESS);
	assert_int_equal(send_to(p, 9, mac), -EINPROGRESS);
	run_to(p, 2999);
	assert_int_equal(p->asked, 3);
	assert_int_equal(p->asked_unicast, 0);
	assert_int_equal(p->asked_at[1], 1000);
	assert_int_equal(p->asked_at[2], 2000);
	assert_int_equal(p->failed, 0);
	run_to(p, 3000);
	assert_int_equal(p->failed, 2);
	assert_int_equal(neigh_find(&p->t, p->l->ifindex, AF_INET, &a)->state, NUD_FAILED);
	assert_int_equal(send_to(p, 9, mac), -EINPROGRESS); /* asked again */
	assert_int_equal(p->asked, 4);
}

static void reachable_stale_delay_probe(void **state)
{
	struct place *p = *state;
	union inet_addr a = peer(2);
	struct neigh *n;
	uint8_t mac[6];
	uint64_t stale;

	assert_int_equal(send_to(p, 2, mac), -EINPROGRESS);
	assert_int_equal(neigh_update(&p->t, p->l, AF_INET, &a, mac1, NUD_REACHABLE, true, false), 0);
	assert_int_equal(p->released, 1);
	n = neigh_find(&p->t, p->l->ifindex, AF_INET, &a);
	assert_int_equal(n->state, NUD_REACHABLE);
	stale = p->t.parms[0].reachable_ms;
	assert_in_range(stale, 15000, 45000);
	run_to(p, stale - 1);
	assert_int_equal(n->state, NUD_REACHABLE);
	run_to(p, stale + 1);
	assert_int_equal(n->state, NUD_STALE);
	assert_int_equal(send_to(p, 2, mac), 0);
	assert_memory_equal(mac, mac1, 6);
	assert_int_equal(n->state, NUD_DELAY);
	run_to(p, stale + 1 + 5000);
	assert_int_equal(n->state, NUD_PROBE);
	assert_int_equal(p->asked_unicast, 1);
	run_to(p, stale + 1 + 5000 + 3000);
	assert_int_equal(n->state, NUD_FAILED);
	assert_int_equal(p->asked_unicast, 3);
}

static void confirmed_while_delayed(void **state)
{
	struct place *p = *state;
	union inet_addr a = peer(2);
	uint8_t mac[6];
	struct neigh *n;

	assert_int_equal(neigh_update(&p->t, p->l, AF_INET, &a, mac1, NUD_STALE, true, true), 0);
	n = neigh_find(&p->t, p->l->ifindex, AF_INET, &a);
	run_to(p, 60000);
	assert_int_equal(send_to(p, 2, mac), 0);
	run_to(p, 61000);
	neigh_confirm(&p->t, p->l->ifindex, AF_INET, &a);
	run_to(p, 65000);
	assert_int_equal(n->state, NUD_REACHABLE);
	assert_int_equal(p->asked, 0);
}

static void override_and_permanent(void **state)
{
	struct place *p = *state;
	union inet_addr a = peer(2);
	struct neigh *n;

	neigh_update(&p->t, p->l, AF_INET, &a, mac1, NUD_REACHABLE, true, true);
	n = neigh_find(&p->t, p->l->ifindex, AF_INET, &a);
	neigh_update(&p->t, p->l, AF_INET, &a, mac2, NUD_REACHABLE, false, true);
	assert_memory_equal(n->mac, mac1, 6);
	neigh_update(&p->t, p->l, AF_INET, &a, mac2, NUD_STALE, true, true);
	assert_memory_equal(n->mac, mac2, 6);
	assert_int_equal(n->state, NUD_STALE);
	assert_int_equal(neigh_set(&p->t, p->l, AF_INET, &a, mac1, NUD_PERMANENT, 0), 0);
	assert_int_equal(neigh_update(&p->t, p->l, AF_INET, &a, mac2, NUD_REACHABLE, true, true), -EPERM);
	neigh_flush_link(&p->t, p->l->ifindex, true);
	assert_int_equal(p->t.count, 1);
	neigh_flush_link(&p->t, p->l->ifindex, false);
	assert_int_equal(p->t.count, 0);
}

static void queue_and_table_are_bounded(void **state)
{
	struct place *p = *state;
	uint8_t mac[6];

	for (int i = 0; i < 1000; i++)
		assert_int_equal(send_to(p, 9, mac), -EINPROGRESS);
	assert_in_range(p->w.pool.meta.used, 92, 277);
	assert_true(p->t.unresolved_drops > 700);
	for (unsigned i = 0; i < 3 * NEIGH_MAX; i++)
		send_to(p, 1000 + i, mac);
	assert_int_equal(p->t.count, NEIGH_MAX);
	assert_true(p->t.refused > 0);
	run_to(p, 5000); /* all failed: now they make room */
	assert_int_equal(send_to(p, 7777, mac), -EINPROGRESS);
	assert_int_equal(p->t.count, NEIGH_MAX);
}

static void without_arp(void **state)
{
	struct place *p = *state;
	union inet_addr group = addr_ip4(htonl(0xe0800001));
	uint8_t mac[6];

	assert_int_equal(neigh_resolve(&p->t, p->l, AF_INET, &group, NULL, mac), 0);
	assert_memory_equal(mac, "\x01\x00\x5e\x00\x00\x01", 6);
	link_set_flags(p->l, IFF_NOARP, IFF_NOARP);
	assert_int_equal(send_to(p, 2, mac), 0);
	assert_memory_equal(mac, p->l->mac, 6);
	assert_int_equal(p->asked, 0);
}

/* ---- bridge ---- */

static void bridge_learns_and_forgets(void **state)
{
	struct place *p = *state;
	struct link *br, *port1, *port2, *x;
	struct bridge *b;

	assert_int_equal(netns_link_new(p->ns, LINK_BRIDGE, "br0", &br), 0);
	b = br->bridge;
	netns_veth(p->ns, "p1", p->ns, "q1", &port1, &x);
	link_set_flags(x, IFF_UP, IFF_UP);
	netns_veth(p->ns, "p2", p->ns, "q2", &port2, &x);
	link_set_flags(x, IFF_UP, IFF_UP);
	assert_int_equal(bridge_port_add(br, port1), 0);
	assert_int_equal(bridge_port_add(br, port1), -EBUSY);
	assert_int_equal(bridge_port_add(br, p->ns->lo), -EINVAL);
	assert_int_equal(bridge_port_add(br, br), -ELOOP);
	assert_int_equal(bridge_port_add(br, port2), 0);
	assert_memory_equal(br->mac, memcmp(port1->mac, port2->mac, 6) < 0 ? port1->mac : port2->mac, 6);
	link_set_flags(br, IFF_UP, IFF_UP);
	assert_false(br->carrier);
	link_set_flags(port1, IFF_UP, IFF_UP);
	link_set_flags(port2, IFF_UP, IFF_UP);
	assert_true(br->carrier);
	assert_true(port1->port->forwarding);
	assert_null(bridge_lookup(b, mac1, 0));
	bridge_learn(b, port1, mac1, 0);
	assert_ptr_equal(bridge_lookup(b, mac1, 10), port1);
	bridge_learn(b, port2, mac1, 20);
	assert_ptr_equal(bridge_lookup(b, mac1, 30), port2);
	assert_ptr_equal(bridge_lookup(b, port1->mac, 30), br);
	bridge_learn(b, port1, port2->mac, 40); /* nobody takes the bridge's own */
	assert_ptr_equal(bridge_lookup(b, port2->mac, 50), br);
	assert_ptr_equal(bridge_lookup(b, mac1, 300019), port2);
	assert_null(bridge_lookup(b, mac1, 300020));
	bridge_learn(b, port2, mac2, 0);
	link_set_flags(port2, 0, IFF_UP);
	assert_null(bridge_lookup(b, mac2, 1));
	for (unsigned i = 0; i < 2 * BRIDGE_FDB_MAX; i++) {
		uint8_t m[6] = { 2, 1, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i, 0 };

		bridge_learn(b, port1, m, 1);
	}
	assert_int_equal(b->pool.used, BRIDGE_FDB_MAX);
	assert_true(b->pool.refused > 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(three_probes_then_failed),  TEST(reachable_stale_delay_probe), TEST(confirmed_while_delayed),
		TEST(override_and_permanent),    TEST(queue_and_table_are_bounded), TEST(without_arp),
		TEST(bridge_learns_and_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
