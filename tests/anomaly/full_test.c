/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * full_test - what packets fill is bounded: connections, fragments, neighbours' queues, the packet pool. When it is full something is refused or goes early,
 * it is counted, and when it is over all works as before. And the clock may jump.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../fuzz/fuzz.h"
#include "net/edit.h"

static const char base[] =
	"sysctl -q -w net.ipv4.ip_forward=1\n"
	"ip link set lo up; ip link set eth0 up; ip link set eth1 up\n"
	"ip addr add 10.0.1.1/24 dev eth0; ip addr add 10.0.2.1/24 dev eth1\n"
	"ip route add default via 10.0.2.2\n"
	"ip neigh add 10.0.1.2 lladdr 02:00:00:00:01:02 dev eth0\n"
	"ip neigh add 10.0.2.2 lladdr 02:00:00:00:02:02 dev eth1\n"
	"iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE\n";

static struct fuzz f;

static int setup(void **state)
{
	fuzz_begin(&f);
	fuzz_setup(&f, base);
	return 0;
}

static int teardown(void **state)
{
	fuzz_end(&f);
	return 0;
}

struct shape {
	const char *dst;
	uint16_t sport, dport, id, frag;
	uint8_t proto, tcp_flags;
};

static struct pkt *make(const struct shape *s)
{
	uint8_t b[14 + 20 + 28] = { [12] = 8, [14] = 0x45, [17] = 20 + 28, [22] = 64 };
	struct iphdr *ip;
	union inet_addr a;
	struct pkt *p;

	memcpy(b, link_by_name(&f.ns->links, "eth0")->mac, 6);
	p = pkt_from_frame(&f.w.pool, b, sizeof(b));
	if (!p)
		return NULL;
	ip = (struct iphdr *)(p->buf + p->mac + 14);
	ip->protocol = s->proto ? s->proto : IPPROTO_UDP;
	ip->id = htons(s->id);
	ip->frag_off = htons(s->frag);
	ip->saddr = htonl(0x0a000102);
	assert_int_equal(addr_parse(AF_INET, s->dst, &a), 0);
	ip->daddr = a.ip4;
	ip->check = csum_fold(csum_partial(ip, 20, 0));
	if (s->proto == IPPROTO_TCP) {
		struct tcphdr *t = (struct tcphdr *)(ip + 1);

		*t = (struct tcphdr){ .source = htons(s->sport), .dest = htons(s->dport), .seq = htonl(1000), .doff = 5, .window = htons(60000) };
		((uint8_t *)t)[13] = s->tcp_flags;
		ip->tot_len = htons(40);
		ip->check = 0;
		ip->check = csum_fold(csum_partial(ip, 20, 0));
		p->end = p->mac + 14 + 40;
		p->l3 = p->mac + 14;
		p->l4 = p->l3 + 20;
		p->family = AF_INET;
		p->proto = IPPROTO_TCP;
		t->check = csum_l4(p);
		p->l3 = p->l4 = p->mac;
		p->family = 0;
	} else {
		*(struct udphdr *)(ip + 1) = (struct udphdr){ .source = htons(s->sport), .dest = htons(s->dport), .len = htons(28) };
	}
	return p;
}

/* 1 when it was forwarded */
static int pass(const struct shape *s)
{
	struct pkt *p = make(s);
	uint64_t before = f.sent;

	assert_non_null(p);
	path_rx(link_by_name(&f.ns->links, "eth0"), &p, 1);
	return (int)(f.sent - before);
}

static void connections(void **state)
{
	unsigned forwarded = 0;

	fuzz_setup(&f, "sysctl -q -w net.netfilter.nf_conntrack_max=100\n");
	for (uint16_t i = 0; i < 1000; i++)
		forwarded += (unsigned)pass(&(struct shape){ "10.0.2.2", .sport = (uint16_t)(2000 + i), .dport = 9 });
	assert_true(ct_count(f.ns->ct) <= 100);
	assert_true(forwarded >= 100);
	assert_true(ct_stats(f.ns->ct)->early_drop > 0);
	assert_int_equal(forwarded + ct_stats(f.ns->ct)->drop, 1000);
	fuzz_sleep(&f, 200000);
	assert_int_equal(ct_count(f.ns->ct), 0);
	assert_int_equal(pass(&(struct shape){ "10.0.2.2", .sport = 5, .dport = 9 }), 1);
}

static void fragments(void **state)
{
	uint64_t dropped;

	for (unsigned i = 0; i < 60000; i++)
		assert_int_equal(pass(&(struct shape){ "10.0.2.2", .sport = 5, .dport = 9, .id = (uint16_t)i, .frag = 0x2000 }), 0);
	/* what was refused or pushed out is gone and counted; the pool is not used up */
	dropped = 0;
	for (unsigned i = 0; i < DROP_REASON_MAX; i++)
		dropped += f.ns->drops[i];
	assert_true(dropped > 0);
	assert_int_equal(pass(&(struct shape){ "10.0.2.2", .sport = 5, .dport = 9 }), 1);
	fuzz_sleep(&f, 60000);
	/* and two that belong together do come together */
	assert_int_equal(pass(&(struct shape){ "10.0.2.2", .sport = 6, .dport = 9, .id = 7, .frag = 0x2000 }), 0);
	f.sent = 0;
	pass(&(struct shape){ "10.0.2.2", .sport = 6, .dport = 9, .id = 7, .frag = 28 / 8 });
	fuzz_sleep(&f, 60000);
}

static void neighbours(void **state)
{
	uint64_t waiting;

	for (unsigned i = 0; i < 20000; i++)
		pass(&(struct shape){ "10.0.2.77", .sport = (uint16_t)i, .dport = 9 });
	waiting = f.w.pool.meta.used;
	assert_true(waiting < 1000);
	fuzz_sleep(&f, 10000);		/* three probes, and it is given up */
	assert_int_equal(f.w.pool.meta.used, 0);
	assert_int_equal(pass(&(struct shape){ "10.0.2.2", .sport = 5, .dport = 9 }), 1);
}

static void pool(void **state)
{
	struct pkt *held = NULL, *p;
	unsigned n = 0;

	while ((p = pkt_alloc(&f.w.pool, 100))) {
		p->next = held;
		held = p;
		n++;
		assert_true(n < 10000000);
		if (n == f.w.pool.meta.max - 1)
			break;
	}
	/* one is left to arrive, a fragment that stays; then nothing can arrive, be cloned or answered */
	pass(&(struct shape){ "10.0.2.2", .sport = 5, .dport = 9, .id = 3, .frag = 1 });
	assert_null(make(&(struct shape){ "10.0.2.2", .sport = 5, .dport = 9 }));
	fuzz_sleep(&f, 10000);
	for (; held; held = p) {
		p = held->next;
		pkt_free(held);
	}
	assert_int_equal(pass(&(struct shape){ "10.0.2.2", .sport = 5, .dport = 9 }), 1);
}

static void the_clock_jumps(void **state)
{
	static const uint64_t days[] = { 0, 1, 30, 400, 40000 };

	for (size_t i = 0; i < ARRAY_LEN(days); i++) {
		assert_int_equal(pass(&(struct shape){ "10.0.2.2", .sport = 5, .dport = 9 }), 1);
		pass(&(struct shape){ "10.0.2.2", .sport = 5, .dport = 9, .id = 3, .frag = 0x2000 });
		pass(&(struct shape){ "10.0.2.78", .sport = 5, .dport = 9 });
		assert_int_equal(pass(&(struct shape){ "10.0.2.2", .sport = 80, .dport = 9, .proto = IPPROTO_TCP, .tcp_flags = 2 }), 1);
		assert_true(ct_count(f.ns->ct) > 0);
		f.w.clock.now_ns += days[i] * 86400 * 1000000000ull;	/* all at once, as when a machine slept */
		world_timers(&f.w);
		fuzz_sleep(&f, 200000);
		assert_int_equal(ct_count(f.ns->ct), 0);
		assert_int_equal(f.w.pool.meta.used, 0);
	}
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest all[] = { T(connections), T(fragments), T(neighbours), T(pool), T(the_clock_jumps) };

	return cmocka_run_group_tests_name("anomaly: full", all, NULL, NULL);
}
