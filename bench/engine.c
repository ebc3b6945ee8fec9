/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench/engine.c - the engine alone, on one core: ns per packet and packets per second for established SNAT flows, new connections per second,
 * bytes per connection, and what rules cost.
 *
 * A packet here is made (one copy into a pooled buffer), walked from ingress to device with conntrack and NAT, and freed by the device. "base" is the same
 * without the walk; "forward" is the walk without any rule. Ratios are against "forward", measured in the same run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "front/script.h"
#include "net/edit.h"
#include "path/path.h"

#define VECTOR 64
#define FRAME 60

struct bench {
	struct world world;
	struct netns *ns;
	struct link *lan, *wan;
	uint64_t sent;
	be16 last_port;
};

static void op_transmit(struct world *w, struct link *out, struct pkt *p)
{
	struct bench *b = w->ctx;

	b->sent++;
	b->last_port = pkt_udp(p) ? pkt_udp(p)->source : 0;
	pkt_free(p);
}

static void op_timers_changed(struct world *w)
{
}

static int op_neighbour(struct world *w, struct link *l, const union inet_addr *addr, uint8_t mac[6])
{
	memcpy(mac, "\2\0\0\0\0\1", 6);
	return 0;
}

static const struct world_ops ops = { .transmit = op_transmit, .timers_changed = op_timers_changed, .neighbour = op_neighbour };

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct link *port(struct bench *b, const char *name, const char *addr, unsigned plen)
{
	struct link_addr a = { .family = AF_INET, .plen = (uint8_t)plen };
	struct link *l;

	if (link_add(&b->ns->links, LINK_EXTERN, name, 0, &l))
		exit(2);
	l->arphrd = ARPHRD_ETHER;
	l->mtu = 1500;
	l->carrier = true;
	memcpy(l->mac, (uint8_t[]){ 2, 0, 0, 0, 1, (uint8_t)l->ifindex }, 6);
	memset(l->brd_mac, 0xff, 6);
	link_set_flags(l, IFF_UP, IFF_UP);
	addr_parse(AF_INET, addr, &a.addr);
	a.peer = a.addr;
	if (link_addr_add(l, &a))
		exit(2);
	return l;
}

static void setup(struct bench *b, const char *rules)
{
	struct stream *err = NULL;
	struct sbuf said = SBUF_INIT;
	struct script s;

	memset(b, 0, sizeof(*b));
	if (path_world_init(&b->world, 1, &ops, b) || !(b->ns = netns_new(&b->world, "bench")))
		exit(2);
	b->ns->ct_conf.max = 4000000;
	ns_sysctl_set(b->ns, "net.ipv4.ip_forward", "1");
	b->lan = port(b, "lan", "10.0.0.1", 8);
	b->wan = port(b, "wan", "203.0.113.1", 24);
	err = stream_to_sbuf(&said);
	s = (struct script){ .world = &b->world, .ns = b->ns, .out = err, .err = err };
	if (script_run(&s, "bench", rules, NULL)) {
		fprintf(stderr, "%s", sbuf_str(&said));
		exit(2);
	}
	stream_put(err);
	sbuf_free(&said);
}

/* flow @i as a frame: UDP from 10.0.0.0/8 to 203.0.113.2 */
static void frame_of(const struct bench *b, uint8_t f[FRAME], uint32_t i)
{
	struct iphdr ip = { .version = 4, .ihl = 5, .tot_len = htons(FRAME - 14), .ttl = 64, .protocol = IPPROTO_UDP,
			    .saddr = htonl(0x0a010000 + i / 16), .daddr = htonl(0xcb007102) };
	struct udphdr udp = { .source = htons((uint16_t)(1024 + i % 16 * 1000)), .dest = htons(53), .len = htons(FRAME - 34) };

	memset(f, 0, FRAME);
	memcpy(f, b->lan->mac, 6);
	memcpy(f + 6, "\2\0\0\0\0\2", 6);
	f[12] = 8;
	ip.check = csum_fold(csum_partial(&ip, 20, 0));
	memcpy(f + 14, &ip, 20);
	memcpy(f + 34, &udp, 8);
}

static uint32_t *shuffled(uint32_t n)
{
	uint32_t *order = malloc(n * sizeof(*order));
	struct rng r;

	rng_seed(&r, 7);
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	for (uint32_t i = n; i-- > 1;) {
		uint32_t j = rng_below(&r, i + 1), t = order[i];

		order[i] = order[j];
		order[j] = t;
	}
	return order;
}

/* @n packets of @flows flows in @order; ns per packet */
static double run(struct bench *b, const uint32_t *order, uint32_t flows, uint64_t n, bool walk)
{
	struct pkt *v[VECTOR];
	uint8_t f[FRAME];
	double t0 = now_s();

	for (uint64_t i = 0; i < n; i += VECTOR) {
		for (unsigned k = 0; k < VECTOR; k++) {
			frame_of(b, f, order[(i + k) % flows]);
			v[k] = pkt_from_frame(&b->world.pool, f, FRAME);
		}
		if (walk)
			path_rx(b->lan, v, VECTOR);
		else
			for (unsigned k = 0; k < VECTOR; k++)
				pkt_free(v[k]);
	}
	return (now_s() - t0) * 1e9 / (double)n;
}

static double best(struct bench *b, const uint32_t *order, uint32_t flows, uint64_t n, bool walk)
{
	double least = 1e18;

	for (int i = 0; i < 3; i++) {
		double t = run(b, order, flows, n, walk);

		least = t < least ? t : least;
	}
	return least;
}

static long rss_kb(void)
{
	char line[256];
	long kb = 0;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	if (f)
		fclose(f);
	return kb;
}

static const char snat[] = "iptables -t nat -A POSTROUTING -o wan -j SNAT --to-source 203.0.113.10-203.0.113.250";

static double forwarding(void)
{
	uint32_t *order = shuffled(1);
	struct bench b;
	double base, fwd;

	setup(&b, "");
	base = best(&b, order, 1, 2000000, false);
	fwd = best(&b, order, 1, 2000000, true) - base;
	printf("base            %8.1f ns/packet (made and freed)\n", base);
	printf("forward         %8.1f ns/packet  %6.2f Mpps   ratio 1.00\n", fwd, 1e3 / fwd);
	world_free(&b.world);
	free(order);
	return fwd;
}

static void established(double fwd, uint32_t flows)
{
	uint32_t *order = shuffled(flows);
	uint64_t n = flows > 200000 ? flows : 2000000;
	struct bench b;
	double base, t0, made, est;
	long before;

	setup(&b, snat);
	base = best(&b, order, flows, n, false);
	before = rss_kb();
	t0 = now_s();
	run(&b, order, flows, flows < VECTOR ? VECTOR : flows, true);
	made = now_s() - t0;
	if (flows > 1000)
		printf("new             %8.2f M connections/s with %u, %.0f bytes of memory each\n", flows / made / 1e6, flows,
		       (double)(rss_kb() - before) * 1024 / flows);
	est = best(&b, order, flows, n, true) - base;
	printf("snat %8u   %8.1f ns/packet  %6.2f Mpps   ratio %.2f\n", flows, est, 1e3 / est, est / fwd);
	if (ct_count(b.ns->ct) != flows)
		printf("(but %u connections for %u flows)\n", ct_count(b.ns->ct), flows);
	world_free(&b.world);
	free(order);
}

static void rules(double fwd, unsigned n)
{
	uint32_t *order = shuffled(1);
	struct sbuf text = SBUF_INIT;
	struct bench b;
	double base, t0, load, t;

	sbuf_puts(&text, "iptables-restore <<END\n*filter\n:FORWARD ACCEPT [0:0]\n");
	for (unsigned i = 0; i < n; i++)
		sbuf_printf(&text, "-A FORWARD -s 172.16.%u.%u/32 -p udp -m udp --dport %u -j DROP\n", i / 250 % 250, i % 250, 1000 + i % 60000);
	sbuf_puts(&text, "COMMIT\nEND\n");
	t0 = now_s();
	setup(&b, sbuf_str(&text));
	load = now_s() - t0;
	base = best(&b, order, 1, 200000, false);
	t = best(&b, order, 1, 200000, true) - base;
	printf("rules %7u   %8.1f ns/packet  %6.2f Mpps   ratio %.2f   loaded in %.3f s\n", n, t, 1e3 / t, t / fwd, load);
	sbuf_free(&text);
	world_free(&b.world);
	free(order);
}

int main(void)
{
	double fwd = forwarding();

	established(fwd, 1);
	established(fwd, 65536);
	established(fwd, 1000000);
	for (unsigned n = 10; n <= 10000; n *= 10)
		rules(fwd, n);
	return 0;
}
