/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/: one router, one packet at a time; a row says how the router is set up, what comes in, and what becomes of it: dropped for which reason, or out by which
 * link; and which ICMP message the sender is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "front/script.h"
#include "net/edit.h"
#include "net/reply.h"
#include "path/path.h"
#include "ns/trace.h"

#define BASE                                                                                                           \
	"ip addr add 10.1.0.1/24 dev in; ip addr add 10.2.0.1/24 dev out\n"                                            \
	"ip neigh add 10.1.0.2 lladdr 02:00:00:00:00:aa dev in; ip neigh add 10.2.0.2 lladdr 02:00:00:00:00:bb dev out\n" \
	"sysctl -qw net.ipv4.ip_forward=1\n"

struct rig {
	struct world world;
	struct netns *ns;
	struct link *in, *out;
	char sent[8][IFNAMSIZ];		/* names of links that frames left by */
	uint8_t icmp_type, icmp_code;	/* of the last ICMP error sent */
	bool rst, icmp;
	unsigned n_sent;
	uint8_t last[256];		/* the last frame */
	enum drop_reason order[8];
	struct pkt *lo;
};

static void op_transmit(struct world *w, struct link *out, struct pkt *p)
{
	struct rig *g = w->ctx;

	snprintf(g->sent[g->n_sent++ % 8], IFNAMSIZ, "%s", out->name);
	memcpy(g->last, p->buf + p->mac, MIN(pkt_len(p), (uint32_t)sizeof(g->last)));
	if (p->buf[p->l3 + 9] == IPPROTO_ICMP && p->buf[p->l4] != ICMP_ECHO && p->buf[p->l4] != ICMP_ECHOREPLY) {
		g->icmp = true;
		g->icmp_type = p->buf[p->l4];
		g->icmp_code = p->buf[p->l4 + 1];
	}
	g->rst |= p->buf[p->l3 + 9] == IPPROTO_TCP && p->buf[p->l4 + 13] & 4;
	pkt_free(p);
}

static void op_timers_changed(struct world *w)
{
}

static enum drop_reason deliver(struct netns *ns, struct pkt *p)
{
	if (p->proto == IPPROTO_ICMP) {
		pkt_free(p);
		return DROP_NONE;
	}
	return p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP ? DROP_NO_SOCKET : DROP_NO_PROTOCOL;
}

static const struct sock_ops socks = { .deliver = deliver };
static const struct world_ops ops = { .transmit = op_transmit, .timers_changed = op_timers_changed };

static struct link *port(struct rig *g, const char *name)
{
	struct link *l;

	assert_int_equal(link_add(&g->ns->links, LINK_EXTERN, name, 0, &l), 0);
	l->arphrd = ARPHRD_ETHER;
	l->mtu = 1500;
	l->carrier = true;
	memcpy(l->mac, (uint8_t[]){ 2, 0, 0, 0, 0, (uint8_t)l->ifindex }, 6);
	memset(l->brd_mac, 0xff, 6);
	link_set_flags(l, IFF_UP | IFF_BROADCAST, IFF_UP | IFF_BROADCAST);
	return l;
}

static void rig_up(struct rig *g, const char *setup)
{
	struct sbuf said = SBUF_INIT;
	struct stream *out = stream_to_sbuf(&said);
	struct script s;

	memset(g, 0, sizeof(*g));
	assert_int_equal(path_world_init(&g->world, 3, &ops, g), 0);
	g->ns = netns_new(&g->world, "router");
	assert_non_null(g->ns);
	g->ns->sock = &socks;
	/* what IPv6 says by itself is not counted here */
	assert_int_equal(ns_sysctl_set(g->ns, "net.ipv6.conf.default.disable_ipv6", "1"), 0);
	link_set_flags(g->ns->lo, IFF_UP, IFF_UP);
	g->in = port(g, "in");
	g->out = port(g, "out");
	s = (struct script){ .world = &g->world, .ns = g->ns, .out = out, .err = out };
	if (script_run(&s, "setup", BASE, NULL) || script_run(&s, "setup", setup, NULL))
		fail_msg("%s: %s", setup, sbuf_str(&said));
	stream_put(out);
	sbuf_free(&said);
}

struct packet {
	const char *src, *dst;
	uint8_t proto, ttl;
	uint16_t len;			/* payload behind the transport header */
	bool df, other_mac, broadcast_mac, bad_ip_csum, bad_l4_csum, cut, first_frag, ack, lsrr, bad_option;
	uint16_t dport;
};

static struct pkt *build(struct rig *g, const struct packet *k)
{
	union inet_addr src, dst;
	uint32_t head = k->proto == IPPROTO_TCP ? 20 : 8;
	struct ethhdr *eth;
	struct pkt *p;

	assert_int_equal(addr_parse(AF_INET, k->src, &src), 0);
	assert_int_equal(addr_parse(AF_INET, k->dst, &dst), 0);
	p = build_ip4(&g->world.pool, src.ip4, dst.ip4, k->proto, k->ttl ? k->ttl : 64, 0, head + k->len);
	assert_non_null(p);
	memset(pkt_l4(p), 0, head + k->len);
	if (k->proto == IPPROTO_ICMP) {
		pkt_l4(p)[0] = ICMP_ECHO;
		pkt_l4(p)[5] = 7;
	} else {
		pkt_l4(p)[0] = 0x9c;	/* port 40000 */
		pkt_l4(p)[1] = 0x40;
		pkt_l4(p)[2] = (uint8_t)(k->dport >> 8);
		pkt_l4(p)[3] = (uint8_t)k->dport;
	}
	if (k->proto == IPPROTO_TCP) {
		pkt_l4(p)[12] = 0x50;
		pkt_l4(p)[13] = k->ack ? 0x10 : 0x02;
	} else if (k->proto == IPPROTO_UDP) {
		pkt_l4(p)[4] = (uint8_t)((8 + k->len) >> 8);
		pkt_l4(p)[5] = (uint8_t)(8 + k->len);
	}
	pkt_ip4(p)->frag_off = htons(k->df ? IP4_DF : k->first_frag ? IP4_MF : 0);
	edit_fill_checksums(p);
	if (k->lsrr || k->bad_option) {	/* seven bytes of loose source route, or an option longer than the header, in place of the payload's begin */
		pkt_ip4(p)->ihl = 7;
		memcpy(pkt_l4(p), k->lsrr ? "\203\7\4\12\2\0\2\0" : "\7\55\4\0\0\0\0\0", 8);
		pkt_ip4(p)->check = 0;
		pkt_ip4(p)->check = csum_fold(csum_partial(pkt_l3(p), 28, 0));
	}
	if (k->bad_ip_csum)
		pkt_ip4(p)->check ^= 1;
	if (k->bad_l4_csum)
		pkt_l4(p)[head - 1 - (k->proto == IPPROTO_TCP ? 2 : 1)] ^= 1;
	p->mac = p->l3;
	eth = (struct ethhdr *)pkt_push(p, ETH_HLEN);
	memcpy(eth->h_dest, g->in->mac, 6);
	if (k->other_mac)
		eth->h_dest[5] ^= 0x40;
	if (k->broadcast_mac)
		memset(eth->h_dest, 0xff, 6);
	memcpy(eth->h_source, "\2\0\0\0\0\xaa", 6);
	eth->h_proto = htons(ETH_P_IP);
	if (k->cut)
		p->end -= 4;
	return p;
}

#define NOTHING 255
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"	/* rows say only what matters */
static const struct row {
	const char *what, *setup;
	struct packet p;
	enum drop_reason drop;
	const char *by;			/* link it leaves by, NULL: none */
	uint8_t icmp_type, icmp_code;	/* NOTHING: no ICMP error */
} rows[] = {
	{ "forwarded", "", { "10.1.0.2", "10.2.0.2", IPPROTO_UDP }, 0, "out", NOTHING, 0 },
	{ "to an own address on another link", "", { "10.1.0.2", "10.2.0.1", IPPROTO_ICMP }, 0, "in", NOTHING, 0 },
	{ "a rule", "iptables -A FORWARD -p udp -j DROP", { "10.1.0.2", "10.2.0.2", IPPROTO_UDP }, DROP_RULE, NULL, NOTHING, 0 },
	{ "a policy", "iptables -P FORWARD DROP", { "10.1.0.2", "10.2.0.2", IPPROTO_UDP }, DROP_POLICY, NULL, NOTHING, 0 },
	{ "rejected", "iptables -A FORWARD -j REJECT", { "10.1.0.2", "10.2.0.2", IPPROTO_UDP }, DROP_REJECTED, "in", 3, 3 },
	{ "REJECT of a bad checksum is silent", "iptables -A FORWARD -j REJECT",
	  { "10.1.0.2", "10.2.0.2", IPPROTO_TCP, .bad_l4_csum = true }, DROP_REJECTED, NULL, NOTHING, 0 },
	{ "cut off", "", { "10.1.0.2", "10.2.0.2", IPPROTO_UDP, .cut = true }, DROP_TRUNCATED, NULL, NOTHING, 0 },
	{ "header checksum", "", { "10.1.0.2", "10.2.0.2", IPPROTO_UDP, .bad_ip_csum = true }, DROP_CHECKSUM, NULL, NOTHING, 0 },
	{ "link down", "ip link set in down", { "10.1.0.2", "10.2.0.2", IPPROTO_UDP }, DROP_LINK_DOWN, NULL, NOTHING, 0 },
	{ "another host's frame", "", { "10.1.0.2", "10.2.0.2", IPPROTO_UDP, .other_mac = true }, DROP_OTHER_HOST, NULL, NOTHING, 0 },
	{ "broadcast frames are not forwarded", "", { "10.1.0.2", "10.2.0.2", IPPROTO_UDP, .broadcast_mac = true }, DROP_OTHER_HOST, NULL, NOTHING, 0 },
	{ "source is ours", "", { "10.2.0.1", "10.2.0.2", IPPROTO_UDP }, DROP_MARTIAN_SOURCE, NULL, NOTHING, 0 },
	{ "source is loopback", "", { "127.0.0.5", "10.2.0.2", IPPROTO_UDP }, DROP_MARTIAN_SOURCE, NULL, NOTHING, 0 },
	{ "source is multicast", "", { "224.0.0.5", "10.2.0.2", IPPROTO_UDP }, DROP_MARTIAN_SOURCE, NULL, NOTHING, 0 },
	{ "destination is loopback", "", { "10.1.0.2", "127.0.0.1", IPPROTO_UDP }, DROP_MARTIAN_DESTINATION, NULL, NOTHING, 0 },
	{ "DNAT to loopback", "iptables -t nat -A PREROUTING -j DNAT --to 127.0.0.1", { "10.1.0.2", "10.2.0.2", IPPROTO_UDP },
	  DROP_MARTIAN_DESTINATION, NULL, NOTHING, 0 },
	{ "strict reverse path", "sysctl -qw net.ipv4.conf.in.rp_filter=1", { "10.2.0.7", "10.2.0.2", IPPROTO_UDP }, DROP_RP_FILTER, NULL, NOTHING, 0 },
	{ "loose reverse path lets it through", "sysctl -qw net.ipv4.conf.in.rp_filter=2", { "10.2.0.7", "10.2.0.2", IPPROTO_UDP }, 0, "out",
	  NOTHING, 0 },
	{ "loose reverse path without any route", "sysctl -qw net.ipv4.conf.in.rp_filter=2", { "10.9.0.7", "10.2.0.2", IPPROTO_UDP },
	  DROP_RP_FILTER, NULL, NOTHING, 0 },
	{ "forwarding off", "sysctl -qw net.ipv4.ip_forward=0", { "10.1.0.2", "10.2.0.2", IPPROTO_UDP }, DROP_FORWARDING_OFF, NULL, NOTHING, 0 },
	{ "no route", "", { "10.1.0.2", "10.7.0.2", IPPROTO_UDP }, DROP_NO_ROUTE, "in", 3, 0 },
	{ "blackhole", "ip route add blackhole 10.7.0.0/16", { "10.1.0.2", "10.7.0.2", IPPROTO_UDP }, DROP_BLACKHOLE, NULL, NOTHING, 0 },
	{ "unreachable", "ip route add unreachable 10.7.0.0/16", { "10.1.0.2", "10.7.0.2", IPPROTO_UDP }, DROP_UNREACHABLE, "in", 3, 1 },
	{ "prohibit", "ip route add prohibit 10.7.0.0/16", { "10.1.0.2", "10.7.0.2", IPPROTO_UDP }, DROP_PROHIBITED, "in", 3, 13 },
	{ "TTL 1", "", { "10.1.0.2", "10.2.0.2", IPPROTO_UDP, .ttl = 1 }, DROP_TTL, "in", 11, 0 },
	{ "TTL before FORWARD", "iptables -P FORWARD DROP", { "10.1.0.2", "10.2.0.2", IPPROTO_UDP, .ttl = 1 }, DROP_TTL, "in", 11, 0 },
	{ "too big", "ip link set out mtu 600", { "10.1.0.2", "10.2.0.2", IPPROTO_UDP, .len = 700, .df = true }, DROP_TOO_BIG, "in", 3, 4 },
	{ "fragmented", "ip link set out mtu 600", { "10.1.0.2", "10.2.0.2", IPPROTO_UDP, .len = 700 }, 0, "out", NOTHING, 0 },
	/* D-5 */
	{ "source route", "", { "10.1.0.2", "10.2.0.2", 99, .len = 20, .lsrr = true }, DROP_SOURCE_ROUTE, NULL, NOTHING, 0 },
	{ "bad option", "", { "10.1.0.2", "10.2.0.2", 99, .len = 20, .bad_option = true }, DROP_MALFORMED, "in", 12, 0 },
	{ "no socket", "", { "10.1.0.2", "10.1.0.1", IPPROTO_UDP }, DROP_NO_SOCKET, "in", 3, 3 },
	{ "no protocol", "", { "10.1.0.2", "10.1.0.1", 99 }, DROP_NO_PROTOCOL, "in", 3, 2 },
	{ "invalid", "iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP\nsysctl -qw net.netfilter.nf_conntrack_tcp_loose=0",
	  { "10.1.0.2", "10.2.0.2", IPPROTO_TCP, .ack = true }, DROP_RULE, NULL, NOTHING, 0 },
	{ "masquerade on a link without address", "ip addr flush dev out\nip route add 10.2.0.2 dev out\niptables -t nat -A POSTROUTING -j MASQUERADE",
	  { "10.1.0.2", "10.2.0.2", IPPROTO_UDP }, 0, "out", NOTHING, 0 },
	{ "output rules hold back the host's own ICMP", "iptables -A OUTPUT -j DROP", { "10.1.0.2", "10.2.0.2", IPPROTO_UDP, .ttl = 1 }, DROP_TTL,
	  NULL, NOTHING, 0 },
};

static void each_row(void **state)
{
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *r = &rows[i];
		struct rig g;
		struct pkt *p;
		const char *by;

		rig_up(&g, r->setup);
		p = build(&g, &r->p);
		path_rx(g.in, &p, 1);
		by = g.n_sent ? g.sent[0] : NULL;
		if (r->drop && !g.ns->drops[r->drop]) {
			for (unsigned d = 1; d < DROP_REASON_MAX; d++)
				if (g.ns->drops[d])
					print_message("dropped: %s\n", drop_reason_text(d));
			fail_msg("%s: not dropped for \"%s\"", r->what, drop_reason_name(r->drop));
		}
		for (unsigned d = 1; !r->drop && d < DROP_REASON_MAX; d++)
			if (g.ns->drops[d])
				fail_msg("%s: dropped for \"%s\"", r->what, drop_reason_name(d));
		if ((by == NULL) != (r->by == NULL) || (by && strcmp(by, r->by)))
			fail_msg("%s: left by %s, not by %s", r->what, by ? by : "nothing", r->by ? r->by : "nothing");
		if (g.icmp != (r->icmp_type != NOTHING) || (g.icmp && (g.icmp_type != r->icmp_type || g.icmp_code != r->icmp_code)))
			fail_msg("%s: ICMP %d %d", r->what, g.icmp ? g.icmp_type : -1, g.icmp_code);
		world_free(&g.world);
	}
}

/* a SYN to nobody gets a reset, a reset gets nothing */
static void refused_tcp(void **state)
{
	struct rig g;
	struct pkt *p;

	rig_up(&g, "");
	p = build(&g, &(struct packet){ "10.1.0.2", "10.1.0.1", IPPROTO_TCP, .dport = 80 });
	path_rx(g.in, &p, 1);
	assert_true(g.rst);
	assert_int_equal(g.n_sent, 1);
	world_free(&g.world);
}

static void neighbour_fails(void **state)
{
	struct rig g;
	struct pkt *p;

	rig_up(&g, "ip neigh del 10.2.0.2 dev out");
	p = build(&g, &(struct packet){ "10.1.0.2", "10.2.0.2", IPPROTO_UDP });
	path_rx(g.in, &p, 1);
	assert_int_equal(g.n_sent, 1);	/* the question */
	assert_string_equal(g.sent[0], "out");
	for (unsigned i = 0; i < 50 && world_next_ns(&g.world) < 10 * NSEC_PER_SEC; i++) {
		g.world.clock.now_ns = world_next_ns(&g.world);
		world_timers(&g.world);
	}
	assert_int_equal(g.n_sent, 4);	/* three questions in all, then the answer to the sender */
	assert_string_equal(g.sent[3], "in");
	assert_int_equal(g.icmp_type, ICMP_DEST_UNREACH);
	assert_int_equal(g.icmp_code, ICMP_HOST_UNREACH);
	assert_int_equal(g.ns->drops[DROP_NEIGHBOUR], 1);
	world_free(&g.world);
}

static void neighbour_queue_is_bounded(void **state)
{
	struct rig g;

	rig_up(&g, "ip neigh del 10.2.0.2 dev out");
	for (unsigned i = 0; i < 2000; i++) {
		struct pkt *p = build(&g, &(struct packet){ "10.1.0.2", "10.2.0.2", IPPROTO_UDP });

		path_rx(g.in, &p, 1);
	}
	assert_int_equal(g.n_sent, 1);
	assert_true(g.ns->drops[DROP_NEIGHBOUR_QUEUE] > 1000);
	assert_true(g.world.pool.meta.used < 1000);
	world_free(&g.world);
}

static void reassembly_times_out(void **state)
{
	struct rig g;
	struct pkt *p;

	rig_up(&g, "");
	p = build(&g, &(struct packet){ "10.1.0.2", "10.1.0.1", IPPROTO_UDP, .len = 16, .first_frag = true });
	path_rx(g.in, &p, 1);
	assert_int_equal(g.n_sent, 0);
	g.world.clock.now_ns = 31 * NSEC_PER_SEC;
	world_timers(&g.world);
	assert_true(g.icmp);
	assert_int_equal(g.icmp_type, ICMP_TIME_EXCEEDED);
	assert_int_equal(g.icmp_code, ICMP_EXC_FRAGTIME);
	assert_int_equal(g.ns->drops[DROP_FRAG_TIMEOUT], 1);
	world_free(&g.world);
}

/* an error about the first packet of a translated connection is translated too, its source included */
static void errors_of_unconfirmed(void **state)
{
	struct rig g;
	struct pkt *p;

	rig_up(&g, "iptables -t nat -A PREROUTING -d 10.9.9.9 -j DNAT --to 10.2.0.2\niptables -A FORWARD -j REJECT");
	p = build(&g, &(struct packet){ "10.1.0.2", "10.9.9.9", IPPROTO_UDP, .dport = 53 });
	path_rx(g.in, &p, 1);
	assert_true(g.icmp);
	assert_memory_equal(g.last + 14 + 12, ((uint8_t[]){ 10, 9, 9, 9, 10, 1, 0, 2 }), 8);		/* from, to */
	assert_memory_equal(g.last + 14 + 28 + 12, ((uint8_t[]){ 10, 1, 0, 2, 10, 9, 9, 9 }), 8);	/* the quote */
	assert_int_equal(ct_count(g.ns->ct), 0);
	world_free(&g.world);
}

/* messages in icmp_ratemask: a burst of six to one peer, then one a second */
static void rates(void **state)
{
	struct rig g;
	unsigned n = 0;

	rig_up(&g, "");
	for (unsigned i = 0; i < 40; i++) {
		struct pkt *p = build(&g, &(struct packet){ "10.1.0.2", "10.2.0.2", IPPROTO_UDP, .ttl = 1 });

		path_rx(g.in, &p, 1);
		n = g.n_sent;
	}
	assert_int_equal(n, 6);		/* a burst of six, then one a second */
	g.world.clock.now_ns += 1100 * NSEC_PER_MSEC;
	for (unsigned i = 0; i < 5; i++) {
		struct pkt *p = build(&g, &(struct packet){ "10.1.0.2", "10.2.0.2", IPPROTO_UDP, .ttl = 1 });

		path_rx(g.in, &p, 1);
	}
	assert_int_equal(g.n_sent, n + 1);
	world_free(&g.world);
}

static uint64_t dropped(struct rig *g, const struct packet *k, enum drop_reason why)
{
	struct pkt *p = build(g, k);

	path_rx(g->in, &p, 1);
	return g->ns->drops[why];
}

static void unknown_ethertype(void **state)
{
	struct rig g;
	struct pkt *p;

	rig_up(&g, "");
	p = build(&g, &(struct packet){ "10.1.0.2", "10.2.0.2", IPPROTO_UDP });
	pkt_eth(p)->h_proto = htons(0x88b5);
	path_rx(g.in, &p, 1);
	assert_int_equal(g.ns->drops[DROP_NO_HANDLER], 1);
	world_free(&g.world);
}

/* D-22: one port for two flows to the same place */
static void no_port_left(void **state)
{
	struct rig g;

	rig_up(&g, "iptables -t nat -A POSTROUTING -p udp -j SNAT --to 10.2.0.1:5000");
	assert_int_equal(dropped(&g, &(struct packet){ "10.1.0.2", "10.2.0.2", IPPROTO_UDP, .dport = 53 }, DROP_NAT_EXHAUSTED), 0);
	assert_int_equal(dropped(&g, &(struct packet){ "10.1.0.3", "10.2.0.2", IPPROTO_UDP, .dport = 53 }, DROP_NAT_EXHAUSTED), 1);
	assert_int_equal(g.n_sent, 1);
	world_free(&g.world);
}

/* a redirect about a translated connection would tell its sender about addresses that it does not know */
static void translated_redirect(void **state)
{
	struct rig g;
	struct pkt *p, *q;
	uint8_t *icmp;
	uint16_t sum;

	rig_up(&g, "iptables -t nat -A PREROUTING -d 10.9.9.9 -j DNAT --to 10.2.0.2");
	dropped(&g, &(struct packet){ "10.1.0.2", "10.9.9.9", IPPROTO_UDP, .dport = 53 }, DROP_NONE);
	assert_int_equal(g.n_sent, 1);
	q = build(&g, &(struct packet){ "10.1.0.2", "10.2.0.2", IPPROTO_UDP, .dport = 53 });
	p = build(&g, &(struct packet){ "10.2.0.2", "10.1.0.2", IPPROTO_ICMP, .len = 28 });
	memcpy(p->buf + p->mac, g.out->mac, 6);
	icmp = p->buf + p->mac + 34;
	memset(icmp, 0, 36);
	icmp[0] = ICMP_REDIRECT;
	memcpy(icmp + 8, q->buf + q->mac + 14, 28);
	sum = csum_fold(csum_partial(icmp, 36, 0));
	memcpy(icmp + 2, &sum, 2);
	pkt_free(q);
	path_rx(g.out, &p, 1);
	assert_int_equal(g.ns->drops[DROP_NAT_FAILED], 1);
	world_free(&g.world);
}

/* D-32: an echo request with a record route option is answered without */
static void echo_with_option(void **state)
{
	struct rig g;
	struct pkt *p;
	uint8_t *ip;
	uint16_t sum;

	rig_up(&g, "");
	p = build(&g, &(struct packet){ "10.1.0.2", "10.1.0.1", IPPROTO_ICMP, .len = 8 });
	ip = p->buf + p->mac + 14;
	ip[0] = 0x47;
	memcpy(ip + 20, "\7\7\4\0\0\0\0\0\10\0\0\0\0\1\0\1", 16);
	sum = csum_fold(csum_partial(ip + 28, 8, 0));
	memcpy(ip + 30, &sum, 2);
	memset(ip + 10, 0, 2);
	sum = csum_fold(csum_partial(ip, 28, 0));
	memcpy(ip + 10, &sum, 2);
	path_rx(g.in, &p, 1);
	assert_int_equal(g.n_sent, 1);
	assert_int_equal(g.last[14], 0x45);
	assert_int_equal(g.last[14 + 20], ICMP_ECHOREPLY);
	world_free(&g.world);
}

/* a frame for a station behind the port that it came by */
static void bridge_without_another_port(void **state)
{
	struct rig g;

	rig_up(&g, "ip link add br0 type bridge; ip link set br0 up; ip link set in master br0");
	assert_int_equal(dropped(&g, &(struct packet){ "10.1.0.2", "10.2.0.2", IPPROTO_UDP, .other_mac = true }, DROP_BRIDGE_LOCAL), 1);
	assert_int_equal(g.n_sent, 0);
	world_free(&g.world);
}

/* no packet is left for the fragments */
static void pool_is_empty(void **state)
{
	struct pkt *p, *all = NULL, *q;
	struct rig g;

	rig_up(&g, "ip link set out mtu 600");
	p = build(&g, &(struct packet){ "10.1.0.2", "10.2.0.2", IPPROTO_UDP, .len = 1400 });
	while ((q = pkt_alloc(&g.world.pool, 100))) {
		q->next = all;
		all = q;
	}
	path_rx(g.in, &p, 1);
	assert_int_equal(g.ns->drops[DROP_NO_MEMORY], 1);
	assert_int_equal(g.n_sent, 0);
	while ((q = all)) {
		all = q->next;
		pkt_free(q);
	}
	world_free(&g.world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row),	       cmocka_unit_test(refused_tcp),	    cmocka_unit_test(neighbour_fails),	    cmocka_unit_test(neighbour_queue_is_bounded),
		cmocka_unit_test(reassembly_times_out), cmocka_unit_test(errors_of_unconfirmed), cmocka_unit_test(rates),
		cmocka_unit_test(unknown_ethertype), cmocka_unit_test(no_port_left), cmocka_unit_test(translated_redirect),
		cmocka_unit_test(bridge_without_another_port), cmocka_unit_test(pool_is_empty),
		cmocka_unit_test(echo_with_option),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
