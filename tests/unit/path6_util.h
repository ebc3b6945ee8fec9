/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/path6_util.h - an IPv6 router with two links, packets for it, and what it sends.
 */
#ifndef TESTS_PATH6_UTIL_H
#define TESTS_PATH6_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "front/script.h"
#include "net/edit.h"
#include "net/parse.h"
#include "net/reply.h"
#include "path/path.h"

#define BASE                                                                                                           \
	"ip addr add 2001:db8:1::1/64 dev in nodad; ip addr add 2001:db8:2::1/64 dev out nodad\n"                      \
	"ip neigh add 2001:db8:1::2 lladdr 02:00:00:00:00:aa dev in; ip neigh add 2001:db8:2::2 lladdr 02:00:00:00:00:bb dev out\n" \
	"ip neigh add fe80::2 lladdr 02:00:00:00:00:aa dev in\n"                                                       \
	"sysctl -qw net.ipv6.conf.all.forwarding=1\n"
#define A "2001:db8:1::2"
#define B "2001:db8:2::2"
#define US "2001:db8:1::1"

#define SENT 16

struct frame {
	char by[IFNAMSIZ];
	uint8_t b[2048];
	unsigned len, l3;
};

struct rig {
	struct world world;
	struct netns *ns;
	struct link *in, *out;
	struct frame sent[SENT];
	unsigned n_sent;
	unsigned errors;		/* told to sockets */
	char log[512];			/* the last line */
};

static inline void op_transmit(struct world *w, struct link *out, struct pkt *p)
{
	struct rig *g = w->ctx;
	struct frame *f = &g->sent[g->n_sent++ % SENT];

	snprintf(f->by, IFNAMSIZ, "%s", out->name);
	f->l3 = p->l3 - p->mac;
	f->len = MIN(pkt_len(p), (uint32_t)sizeof(f->b));
	memcpy(f->b, p->buf + p->mac, f->len);
	if (p->ethertype == htons(ETH_P_IPV6) && parse_ip(p) == DROP_NONE)
		assert_true(parse_l4_checksum(p));
	pkt_free(p);
}

static inline void op_timers_changed(struct world *w)
{
}

static inline enum drop_reason deliver(struct netns *ns, struct pkt *p)
{
	if (p->proto == IPPROTO_ICMPV6) {
		pkt_free(p);
		return DROP_NONE;
	}
	return p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP ? DROP_NO_SOCKET : DROP_NO_PROTOCOL;
}

static inline void icmp_error(struct netns *ns, const struct pkt *p, uint8_t type, uint8_t code, uint32_t info, const uint8_t *quote, size_t len)
{
	((struct rig *)ns->world->ctx)->errors++;
}

static const struct sock_ops socks = { .deliver = deliver, .icmp_error = icmp_error };
static inline void op_log(struct world *w, struct netns *ns, int level, const char *line)
{
	snprintf(((struct rig *)w->ctx)->log, 512, "%s", line);
}

static const struct world_ops ops = { .log = op_log, .transmit = op_transmit, .timers_changed = op_timers_changed };

static inline struct link *port(struct rig *g, const char *name)
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

/* let @ms pass, timers included */
static inline void pass(struct rig *g, uint64_t ms)
{
	uint64_t until = g->world.clock.now_ns + ms * 1000000;

	while (world_next_ns(&g->world) <= until) {
		g->world.clock.now_ns = MAX(world_next_ns(&g->world), g->world.clock.now_ns);
		world_timers(&g->world);
	}
	g->world.clock.now_ns = until;
}

static inline void say(struct rig *g, const char *setup)
{
	struct sbuf said = SBUF_INIT;
	struct stream *out = stream_to_sbuf(&said);
	struct script s = { .world = &g->world, .ns = g->ns, .out = out, .err = out };

	if (script_run(&s, "setup", setup, NULL))
		fail_msg("%s: %s", setup, sbuf_str(&said));
	stream_put(out);
	sbuf_free(&said);
}

static inline void rig_up(struct rig *g, const char *setup)
{
	memset(g, 0, sizeof(*g));
	assert_int_equal(path_world_init(&g->world, 3, &ops, g), 0);
	g->ns = netns_new(&g->world, "router");
	assert_non_null(g->ns);
	g->ns->sock = &socks;
	link_set_flags(g->ns->lo, IFF_UP, IFF_UP);
	g->in = port(g, "in");
	g->out = port(g, "out");
	say(g, BASE);
	pass(g, 5000);		/* until its link-local addresses are known to be its own */
	say(g, setup);
	g->n_sent = 0;
}

struct packet {
	const char *src, *dst;
	uint8_t proto;			/* behind .ext */
	uint16_t len;			/* payload behind the transport header */
	uint8_t hlim;			/* 0: 64 */
	uint8_t ext_type, ext_len;	/* one extension header */
	const char *ext;
	uint8_t type;			/* ICMPv6; 0: echo request */
	bool other_mac, bad_csum, cut, rst;
};

static inline struct pkt *build(struct rig *g, const struct packet *k)
{
	union inet_addr src, dst;
	uint32_t head = k->ext_len + (k->proto == IPPROTO_TCP ? 20 : 8), len;
	struct pkt *p;
	uint8_t *h;

	assert_int_equal(addr_parse(AF_INET6, k->src, &src), 0);
	assert_int_equal(addr_parse(AF_INET6, k->dst, &dst), 0);
	p = build_ip(&g->world.pool, AF_INET6, &src, &dst, k->ext_len ? k->ext_type : k->proto, k->hlim ? k->hlim : 64, 0, head + k->len);
	assert_non_null(p);
	memset(pkt_l4(p), 0, head + k->len);
	memcpy(pkt_l4(p), k->ext ? k->ext : "", k->ext_len);
	p->l4 += k->ext_len;
	p->proto = k->proto;
	h = pkt_l4(p);
	len = pkt_l4_len(p);
	if (k->proto == IPPROTO_ICMPV6) {
		h[0] = k->type ? k->type : 128;
		h[5] = 7;
	} else {
		put_u16(h, 40000);
		put_u16(h + 2, 80);
	}
	if (k->proto == IPPROTO_TCP) {
		h[12] = 0x50;
		h[13] = k->rst ? 0x04 : 0x02;
	} else if (k->proto == IPPROTO_UDP) {
		put_u16(h + 4, (uint16_t)len);
	}
	edit_fill_checksums(p);
	if (k->bad_csum)
		h[k->proto == IPPROTO_TCP ? 16 : k->proto == IPPROTO_UDP ? 6 : 2] ^= 1;
	return p;
}

/* as it stands on the wire, and in by @g->in */
static inline void receive(struct rig *g, struct pkt *p, const struct packet *k)
{
	struct ethhdr *eth;
	union inet_addr dst = pkt_dst(p);

	p->mac = p->l3;
	eth = (struct ethhdr *)pkt_push(p, ETH_HLEN);
	memcpy(eth->h_dest, g->in->mac, 6);
	if (addr_is_multicast(AF_INET6, &dst)) {
		memcpy(eth->h_dest, "\x33\x33", 2);
		memcpy(eth->h_dest + 2, dst.b + 12, 4);
	}
	if (k && k->other_mac)
		eth->h_dest[5] ^= 0x40;
	memcpy(eth->h_source, "\2\0\0\0\0\xaa", 6);
	eth->h_proto = htons(ETH_P_IPV6);
	if (k && k->cut)
		p->end -= 4;
	path_rx(g->in, &p, 1);
}

#endif
