/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rules for IPv6 on the packet's way: translation of addresses, ports and quotes, prefixes, refusals, reassembly for conntrack. Every packet that leaves has a right
 * checksum: path6_util.h looks at each.
 */
#include "path6_util.h"

#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

#include "ct/print.h"

/* one more rule at the end of a chain for @hook, without conditions */
static void rule(struct rig *g, enum chain_type type, enum nf_inet_hooks hook, const struct ir_stmt *s)
{
	static const char *const hook_name[] = { "pre", "in", "fwd", "out", "post" };
	struct txn *x = txn_begin(&g->ns->rules);
	struct ir_list body;
	struct ir_stmt *st;
	struct table *t = txn_table(x, NFPROTO_IPV6, "t");
	struct chain *c;
	struct rule *r;
	char name[32];

	if (!t)
		t = txn_table_add(x, NFPROTO_IPV6, "t", false);
	snprintf(name, sizeof(name), "%s-%u", hook_name[hook], type);
	c = table_chain(t, name);
	if (!c) {
		c = txn_chain_add(x, t, name);
		assert_int_equal(txn_chain_set_base(x, c, type, hook, type == CHAIN_NAT ? 0 : -150, false), 0);
	}
	ir_list_init(&body);
	st = ir_append(&body, s->kind);
	assert_non_null(st);
	st->action = s->action;
	r = rule_new(NULL, &body);
	assert_non_null(r);
	assert_int_equal(txn_rule_insert(x, c, c->n_rules, r), 0);
	assert_int_equal(txn_commit(x), 0);
}

static union inet_addr addr6(const char *text)
{
	union inet_addr a;

	assert_int_equal(addr_parse(AF_INET6, text, &a), 0);
	return a;
}

/* an IR_ACTION that translates */
static struct ir_stmt nat(enum ir_action act, const char *min, const char *max, uint16_t port_min, uint16_t port_max)
{
	struct ir_stmt s = { .kind = IR_ACTION };

	s.action.act = act;
	s.action.nat = (struct ir_nat){ .family = AF_INET6, .port_min = htons(port_min), .port_max = htons(port_max) };
	if (min) {
		s.action.nat.flags |= NF_NAT_RANGE_MAP_IPS;
		s.action.nat.min = addr6(min);
		s.action.nat.max = addr6(max ? max : min);
	}
	if (port_min)
		s.action.nat.flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
	return s;
}

static const struct frame *last(const struct rig *g)
{
	assert_true(g->n_sent > 0);
	return &g->sent[(g->n_sent - 1) % SENT];
}

static void expect(const struct rig *g, const char *by, const char *src, const char *dst, uint16_t sport, uint16_t dport)
{
	const struct frame *f = last(g);
	union inet_addr s = addr6(src), d = addr6(dst);

	assert_string_equal(f->by, by);
	assert_memory_equal(f->b + f->l3 + 8, &s, 16);
	assert_memory_equal(f->b + f->l3 + 24, &d, 16);
	if (sport)
		assert_int_equal(get_u16(f->b + f->l3 + 40), sport);
	if (dport)
		assert_int_equal(get_u16(f->b + f->l3 + 42), dport);
}

/* the packet just sent, as B's answer to it comes in by the other link */
static void answer(struct rig *g)
{
	const struct frame f = *last(g);
	struct pkt *p = pkt_from_frame(&g->world.pool, f.b, f.len);
	uint8_t *b;

	p->l3 = p->mac + f.l3;
	b = pkt_l3(p);
	memcpy(b + 8, f.b + f.l3 + 24, 16);
	memcpy(b + 24, f.b + f.l3 + 8, 16);
	b[7] = 60;
	if (b[6] == IPPROTO_ICMPV6) {
		b[40] = 129;
	} else {
		memcpy(b + 40, f.b + f.l3 + 42, 2);
		memcpy(b + 42, f.b + f.l3 + 40, 2);
	}
	memcpy(p->buf + p->mac, g->out->mac, 6);
	memcpy(p->buf + p->mac + 6, "\2\0\0\0\0\xbb", 6);
	p->ethertype = htons(ETH_P_IPV6);
	assert_int_equal(parse_ip(p), 0);
	edit_fill_checksums(p);
	path_rx(g->out, &p, 1);
}

/* an error about the packet just sent, from B itself */
static void complain(struct rig *g, uint8_t type, uint8_t code)
{
	const struct frame f = *last(g);
	struct pkt *q = pkt_from_frame(&g->world.pool, f.b, f.len), *p;
	union inet_addr src = addr6(B);
	struct ethhdr *eth;

	q->l3 = q->mac + f.l3;
	q->ethertype = htons(ETH_P_IPV6);
	assert_int_equal(parse_ip(q), 0);
	p = reply_icmp_error(q, type, code, 0, &src);
	pkt_free(q);
	p->mac = p->l3;
	eth = (struct ethhdr *)pkt_push(p, ETH_HLEN);
	memcpy(eth->h_dest, g->out->mac, 6);
	memcpy(eth->h_source, "\2\0\0\0\0\xbb", 6);
	eth->h_proto = htons(ETH_P_IPV6);
	path_rx(g->out, &p, 1);
}

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"	/* packets say only what matters */
static const struct packet udp = { A, B, IPPROTO_UDP, .len = 20 }, tcp = { A, B, IPPROTO_TCP }, echo = { A, B, IPPROTO_ICMPV6, .len = 20 };

static void snat(void **state)
{
	static const struct packet *const each[] = { &udp, &tcp, &echo };
	struct ir_stmt s = nat(IR_ACT_SNAT, "2001:db8:2::77", NULL, 0, 0);

	for (unsigned i = 0; i < ARRAY_LEN(each); i++) {
		uint16_t port = each[i]->proto == IPPROTO_ICMPV6 ? 0 : 40000;
		struct rig g;

		rig_up(&g, "ip addr add 2001:db8:2::77/64 dev out nodad");
		rule(&g, CHAIN_NAT, NF_INET_POST_ROUTING, &s);
		receive(&g, build(&g, each[i]), NULL);
		expect(&g, "out", "2001:db8:2::77", B, port, port ? 80 : 0);
		answer(&g);
		expect(&g, "in", B, A, port ? 80 : 0, port);
		assert_int_equal(ct_count(g.ns->ct), 1);
		world_free(&g.world);
	}
}

/* as /proc/net/nf_conntrack and conntrack -L have it */
static void printed(void **state)
{
	struct ir_stmt s = nat(IR_ACT_MASQUERADE, NULL, NULL, 0, 0);
	struct sbuf out = SBUF_INIT;
	struct tuple t = { .src = addr6(A), .dst = addr6(B), .sport = htons(40000), .dport = htons(80), .family = AF_INET6, .proto = IPPROTO_UDP };
	struct rig g;
	int dir;

	rig_up(&g, "");
	rule(&g, CHAIN_NAT, NF_INET_POST_ROUTING, &s);
	receive(&g, build(&g, &udp), NULL);
	ct_print_proc(&out, g.ns->ct);
	assert_string_equal(sbuf_str(&out), "ipv6     10 udp      17 30 src=2001:0db8:0001:0000:0000:0000:0000:0002 dst=2001:0db8:0002:0000:0000:0000:0000:0002 "
			    "sport=40000 dport=80 [UNREPLIED] src=2001:0db8:0002:0000:0000:0000:0000:0002 dst=2001:0db8:0002:0000:0000:0000:0000:0001 "
			    "sport=80 dport=40000 mark=0 zone=0 use=2\n");
	sbuf_free(&out);
	assert_non_null(ct_find(g.ns->ct, &t, &dir));
	ct_print(&out, g.ns->ct, ct_find(g.ns->ct, &t, &dir), 0);
	assert_string_equal(sbuf_str(&out), "udp      17 30 src=2001:db8:1::2 dst=2001:db8:2::2 sport=40000 dport=80 [UNREPLIED] "
			    "src=2001:db8:2::2 dst=2001:db8:2::1 sport=80 dport=40000 mark=0 use=1");
	sbuf_free(&out);
	world_free(&g.world);
}

/* what an error quotes is what the sender sent, checksums too */
static void quotes(void **state)
{
	static const struct packet *const each[] = { &udp, &tcp, &echo };
	struct ir_stmt s = nat(IR_ACT_MASQUERADE, NULL, NULL, 5000, 5001);

	for (unsigned i = 0; i < ARRAY_LEN(each); i++) {
		struct rig g;
		struct pkt *q;
		const struct frame *f;

		rig_up(&g, "");
		rule(&g, CHAIN_NAT, NF_INET_POST_ROUTING, &s);
		q = build(&g, each[i]);
		receive(&g, pkt_clone(q), NULL);
		expect(&g, "out", "2001:db8:2::1", B, each[i] == &echo ? 0 : 5000, 0);
		complain(&g, 1, 4);
		expect(&g, "in", B, A, 0, 0);
		f = last(&g);
		pkt_ip6(q)->hlim--;
		assert_memory_equal(f->b + f->l3 + 48, pkt_l3(q), pkt_l3_len(q));
		pkt_free(q);
		world_free(&g.world);
	}
}

static void dnat(void **state)
{
	struct ir_stmt s = nat(IR_ACT_DNAT, B, NULL, 8080, 8080);
	struct packet k = { A, US, IPPROTO_TCP };
	struct rig g;

	rig_up(&g, "");
	rule(&g, CHAIN_NAT, NF_INET_PRE_ROUTING, &s);
	receive(&g, build(&g, &k), NULL);
	expect(&g, "out", A, B, 40000, 8080);
	answer(&g);
	expect(&g, "in", US, A, 80, 40000);
	world_free(&g.world);
}

/* to the incoming link's own address, as far reaching as the one that was asked */
static void redirect(void **state)
{
	struct ir_stmt s = nat(IR_ACT_REDIRECT, NULL, NULL, 0, 0);
	struct rig g;

	rig_up(&g, "");
	rule(&g, CHAIN_NAT, NF_INET_PRE_ROUTING, &s);
	receive(&g, build(&g, &tcp), NULL);
	expect(&g, "in", B, A, 80, 40000);	/* nobody listens: the reset comes from where the packet was sent to */
	world_free(&g.world);
}

static void netmap(void **state)
{
	struct ir_stmt s = nat(IR_ACT_NETMAP, "2001:db8:2:5::", "2001:db8:2:5:ffff:ffff:ffff:ffff", 0, 0);
	struct rig g;

	rig_up(&g, "ip -6 route add 2001:db8:2:5::/64 via " B);
	rule(&g, CHAIN_NAT, NF_INET_POST_ROUTING, &s);
	receive(&g, build(&g, &udp), NULL);
	expect(&g, "out", "2001:db8:2:5::2", B, 40000, 80);
	answer(&g);
	expect(&g, "in", B, A, 80, 40000);
	world_free(&g.world);
}

/* RFC 6296: no state, and transport checksums stay as they are */
static void prefixes(void **state)
{
	struct ir_stmt out = { .kind = IR_ACTION }, in = { .kind = IR_ACTION };
	struct rig g;

	out.action.act = IR_ACT_SNPT;
	out.action.npt.src = addr6("2001:db8:1::");
	out.action.npt.dst = addr6("2001:db8:aaaa::");
	out.action.npt.src_len = out.action.npt.dst_len = 48;
	in = out;
	in.action.act = IR_ACT_DNPT;
	in.action.npt.src = out.action.npt.dst;
	in.action.npt.dst = out.action.npt.src;
	rig_up(&g, "");
	rule(&g, CHAIN_FILTER, NF_INET_POST_ROUTING, &out);
	rule(&g, CHAIN_FILTER, NF_INET_PRE_ROUTING, &in);
	receive(&g, build(&g, &(struct packet){ A, B, IPPROTO_UDP, .len = 20 }), NULL);
	/* PREROUTING mapped the destination too, in the other direction's way */
	assert_int_equal(ct_count(g.ns->ct), 0);
	world_free(&g.world);
	rig_up(&g, "");
	rule(&g, CHAIN_FILTER, NF_INET_POST_ROUTING, &out);
	receive(&g, build(&g, &udp), NULL);
	expect(&g, "out", "2001:db8:aaaa:5556::2", B, 40000, 80);
	world_free(&g.world);
}

static void refused(void **state)
{
	struct ir_stmt s = { .kind = IR_ACTION };
	struct rig g;

	s.action.act = IR_ACT_REJECT;
	s.action.reject.type = IR_REJECT_ICMP;
	s.action.reject.code = 5;	/* policy fail */
	rig_up(&g, "");
	rule(&g, CHAIN_FILTER, NF_INET_FORWARD, &s);
	receive(&g, build(&g, &udp), NULL);
	expect(&g, "in", US, A, 0x0105, 0);
	world_free(&g.world);
	s.action.reject.type = IR_REJECT_ICMPX;
	s.action.reject.code = NFT_REJECT_ICMPX_ADMIN_PROHIBITED;
	rig_up(&g, "");
	rule(&g, CHAIN_FILTER, NF_INET_FORWARD, &s);
	receive(&g, build(&g, &udp), NULL);
	expect(&g, "in", US, A, 0x0101, 0);
	world_free(&g.world);
	s.action.reject.type = IR_REJECT_TCP_RST;
	rig_up(&g, "");
	rule(&g, CHAIN_FILTER, NF_INET_FORWARD, &s);
	receive(&g, build(&g, &tcp), NULL);
	expect(&g, "in", B, A, 80, 40000);
	assert_int_equal(last(&g)->b[14 + 40 + 13], 0x14);
	assert_int_equal(get_u32(last(&g)->b + 14), 0x60000000);	/* neither label nor traffic class */
	world_free(&g.world);
}

/* as the kernel has it, quotes and fragments too */
static void logged(void **state)
{
#define ENDS "SRC=2001:0db8:0001:0000:0000:0000:0000:0002 DST=2001:0db8:0002:0000:0000:0000:0000:0002 "
	struct packet k = { A, B, IPPROTO_UDP, .len = 2500 };
	struct ir_stmt s = { .kind = IR_ACTION };
	struct pkt *list;
	struct rig g;

	s.action.act = IR_ACT_LOG;
	s.action.log = mem_zalloc(sizeof(*s.action.log));
	strcpy(s.action.log->prefix, "v6 ");
	s.action.log->logflags = 0x0f;
	rig_up(&g, "");
	rule(&g, CHAIN_FILTER, NF_INET_FORWARD, &s);
	receive(&g, build(&g, &udp), NULL);
	assert_string_equal(g.log, "v6 IN=in OUT=out MAC=02:00:00:00:00:02:02:00:00:00:00:aa:86:dd " ENDS
			    "LEN=68 TC=0 HOPLIMIT=63 FLOWLBL=0 PROTO=UDP SPT=40000 DPT=80 LEN=28 ");
	complain(&g, 1, 4);
	assert_non_null(strstr(g.log, "LEN=116 TC=0 HOPLIMIT=63 FLOWLBL=0 PROTO=ICMPv6 TYPE=1 CODE=4 [" ENDS
			       "LEN=68 TC=0 HOPLIMIT=63 FLOWLBL=0 PROTO=UDP SPT=40000 DPT=80 LEN=28 ] "));
	assert_int_equal(frag_split(build(&g, &k), 1400, htonl(7), &list), 0);
	receive(&g, list->next, NULL);
	list->next = NULL;
	receive(&g, list, NULL);
	assert_non_null(strstr(g.log, ENDS "LEN=1400 TC=0 HOPLIMIT=63 FLOWLBL=0 OPT ( FRAG:0 INCOMPLETE ID:00000007 ) PROTO=UDP SPT=40000 DPT=80 LEN=2508 "));
	world_free(&g.world);
}

/* conntrack sees whole datagrams, and they leave in pieces no larger than they came in */
static void reassembled(void **state)
{
	struct ir_stmt s = nat(IR_ACT_SNAT, "2001:db8:2::77", NULL, 0, 0);
	struct packet k = { A, B, IPPROTO_UDP, .len = 2500 };
	struct pkt *list, *next;
	struct rig g;

	rig_up(&g, "");
	rule(&g, CHAIN_NAT, NF_INET_POST_ROUTING, &s);
	assert_int_equal(frag_split(build(&g, &k), 1400, htonl(7), &list), 0);
	for (; list; list = next) {
		next = list->next;
		list->next = NULL;
		receive(&g, list, NULL);
	}
	assert_int_equal(g.n_sent, 2);
	assert_int_equal(g.sent[0].len, 14 + 40 + 8 + 1352);
	assert_int_equal(g.sent[1].len, 14 + 40 + 8 + 2508 - 1352);
	assert_int_equal(g.sent[0].b[14 + 6], IPPROTO_FRAGMENT);
	expect(&g, "out", "2001:db8:2::77", B, 0, 0);
	world_free(&g.world);
}

/* neighbours talk without connections; who waits for one is not kept from it */
static void untracked(void **state)
{
	struct ir_stmt s = nat(IR_ACT_MASQUERADE, NULL, NULL, 0, 0);
	struct packet k = { A, "2001:db8:2::9", IPPROTO_UDP };
	struct rig g;

	rig_up(&g, "");
	rule(&g, CHAIN_NAT, NF_INET_POST_ROUTING, &s);
	receive(&g, build(&g, &k), NULL);
	expect(&g, "out", "2001:db8:2::1", "ff02::1:ff00:9", 0x8700, 0);
	assert_int_equal(ct_count(g.ns->ct), 1);	/* the packet that waits */
	world_free(&g.world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snat),
		cmocka_unit_test(printed),
		cmocka_unit_test(quotes),
		cmocka_unit_test(dnat),
		cmocka_unit_test(redirect),
		cmocka_unit_test(netmap),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(refused),
		cmocka_unit_test(logged),
		cmocka_unit_test(reassembled),
		cmocka_unit_test(untracked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
