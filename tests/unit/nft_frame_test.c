/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hooks below IP: what chains of bridge and arp tables see of frames, against what Linux counted
 * (tests/golden/nft-engine/bridge.txt), that what they drop is dropped, and how such frames are logged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "front/script.h"
#include "path/path.h"
#include "rules/vm.h"

#define GOLDEN "tests/golden/nft-engine/bridge.txt"
#define RULES 128
#define MAC_A "02000000000a"
#define MAC_B "02000000000b"
#define MAC_BR "020000000099"

struct rig {
	struct world world;
	struct netns *ns;
	struct link *port[2];
	unsigned sent;
	char line[512];			/* the last one logged */
};

static void op_transmit(struct world *w, struct link *out, struct pkt *p)
{
	struct rig *g = w->ctx;

	g->sent++;
	pkt_free(p);
}

static void op_log(struct world *w, struct netns *ns, int level, const char *line)
{
	struct rig *g = w->ctx;

	snprintf(g->line, sizeof(g->line), "%s", line);
}

static void op_timers_changed(struct world *w)
{
}

static enum drop_reason deliver(struct netns *ns, struct pkt *p)
{
	return DROP_NO_SOCKET;
}

static const struct sock_ops socks = { .deliver = deliver };
static const struct world_ops ops = { .transmit = op_transmit, .timers_changed = op_timers_changed, .log = op_log };

static void rig_up(struct rig *g)
{
	struct sbuf said = SBUF_INIT;
	struct stream *out = stream_to_sbuf(&said);
	struct script s;

	memset(g, 0, sizeof(*g));
	assert_int_equal(path_world_init(&g->world, 3, &ops, g), 0);
	g->ns = netns_new(&g->world, "bridge");
	assert_non_null(g->ns);
	g->ns->sock = &socks;
	assert_int_equal(ns_sysctl_set(g->ns, "net.ipv6.conf.default.disable_ipv6", "1"), 0);
	for (unsigned i = 0; i < 2; i++) {
		char name[] = { 'p', (char)('0' + i), 0 };
		struct link *l;

		assert_int_equal(link_add(&g->ns->links, LINK_EXTERN, name, 0, &l), 0);
		l->arphrd = ARPHRD_ETHER;
		l->mtu = 1500;
		l->carrier = true;
		memcpy(l->mac, (uint8_t[]){ 2, 0, 0, 0, 1, (uint8_t)i }, 6);
		memset(l->brd_mac, 0xff, 6);
		g->port[i] = l;
	}
	s = (struct script){ .world = &g->world, .ns = g->ns, .out = out, .err = out };
	if (script_run(&s, "setup",
		       "ip link add br0 address 02:00:00:00:00:99 type bridge\n"
		       "ip link set p0 master br0 up; ip link set p1 master br0 up\n"
		       "ip link set br0 up; ip addr add 10.7.0.9/24 dev br0\n",
		       NULL))
		fail_msg("%s", sbuf_str(&said));
	stream_put(out);
	sbuf_free(&said);
	g->sent = 0;
}

static void rx(struct rig *g, unsigned port, const char *hex)
{
	uint8_t frame[256];
	unsigned n = 0, b;
	struct pkt *p;

	for (; sscanf(hex, "%2x", &b) == 1; hex += 2)
		frame[n++] = (uint8_t)b;
	p = pkt_from_frame(&g->world.pool, frame, n);
	assert_non_null(p);
	path_rx(g->port[port], &p, 1);
}

static void arp(struct rig *g, unsigned port, const char *dst, const char *src, unsigned op, unsigned from, unsigned to)
{
	char hex[256];

	snprintf(hex, sizeof(hex), "%s%s0806000108000604%04x%s0a0700%02x%s0a0700%02x", dst, src, op, src, from,
		 op == 1 ? "000000000000" : dst, to);
	rx(g, port, hex);
}

/* 84 bytes of IP, as ping sends them; its checksums are right */
static void echo(struct rig *g, unsigned port, const char *dst, const char *src, uint8_t type, unsigned from, unsigned to)
{
	unsigned sum = 0x4500 + 84 + 0x4001 + 0x0a07 + from + 0x0a07 + to;
	char hex[256];

	sum = (sum & 0xffff) + (sum >> 16);
	snprintf(hex, sizeof(hex), "%s%s08004500005400000000%s%04x0a0700%02x0a0700%02x%02x00%04x%0120d", dst, src, "4001",
		 ~sum & 0xffff, from, to, type, 0xffff - type * 256u, 0);
	rx(g, port, hex);
}

/* ---- chains ---- */

static struct chain *add_chain(struct txn *x, struct table *t, const char *name, int hook)
{
	struct chain *c = txn_chain_add(x, t, name);

	assert_non_null(c);
	assert_int_equal(txn_chain_set_base(x, c, CHAIN_FILTER, hook, 0, false), 0);
	return c;
}

static void ifname(struct ir_list *l, enum field_id f, const char *name)
{
	char val[IFNAMSIZ] = "";

	snprintf(val, sizeof(val), "%s", name);
	ir_match_field(l, f, false, val, NULL);
}

static void number(struct ir_list *l, enum field_id f, uint32_t v)
{
	ir_match_field(l, f, false, &v, NULL);
}

static void protocol(struct ir_list *l, uint16_t v)
{
	be16 type = htons(v);

	ir_match_field(l, FIELD_META_PROTOCOL, false, &type, NULL);
}

static void payload(struct ir_list *l, unsigned base, unsigned at, const void *val, unsigned len)
{
	struct ir_expr *f = ir_field(FIELD_PAYLOAD);

	f->len = (uint16_t)len;
	f->f.arg[0] = base;
	f->f.arg[1] = at;
	ir_match(l, f, IR_EQ, ir_value(val, len));
}

static void build(struct ir_list *l, const char *what)
{
	static const uint8_t br[6] = { 2, 0, 0, 0, 0, 0x99 }, saddr[4] = { 10, 7, 0, 1 }, icmp = IPPROTO_ICMP;

	ir_list_init(l);
	if (strcmp(what, "arp") == 0) {
		payload(l, NFT_PAYLOAD_LL_HEADER, 12, "\x08\x06", 2);
	} else if (strcmp(what, "arp req") == 0) {
		protocol(l, ETH_P_ARP);
		payload(l, NFT_PAYLOAD_NETWORK_HEADER, 6, "\0\1", 2);
	} else if (strcmp(what, "echo") == 0 || strcmp(what, "reply") == 0) {
		ir_match_field(l, FIELD_META_L4PROTO, false, &icmp, NULL);
		ir_match_field(l, FIELD_ICMP_TYPE, false, what[0] == 'e' ? "\10" : "\0", NULL);
	} else if (what[1] == 'i' && what[2] == 'f') {
		ifname(l, what[0] == 'i' ? FIELD_META_IIFNAME : FIELD_META_OIFNAME, what + 4);
	} else if (strncmp(what, "len", 3) == 0) {
		number(l, FIELD_META_LENGTH, (uint32_t)atoi(what + 3));
	} else if (strcmp(what, "host") == 0) {
		number(l, FIELD_META_PKTTYPE, PACKET_HOST);
	} else if (strcmp(what, "other") == 0) {
		number(l, FIELD_META_PKTTYPE, PACKET_OTHERHOST);
	} else if (strcmp(what, "bcast") == 0) {
		number(l, FIELD_META_PKTTYPE, PACKET_BROADCAST);
	} else if (strcmp(what, "from br") == 0) {
		payload(l, NFT_PAYLOAD_LL_HEADER, 6, br, 6);
	} else if (strcmp(what, "ipsaddr") == 0) {
		protocol(l, ETH_P_IP);
		ir_match_field(l, FIELD_IP_SADDR, false, saddr, NULL);
	} else if (strcmp(what, "proto ip") == 0) {
		protocol(l, ETH_P_IP);
	} else {
		assert_string_equal(what, "all");
	}
	ir_append(l, IR_COUNTER);
}

struct want {
	char text[64];
	unsigned long packets[2], bytes[2];
	struct rule *rule;
};

static unsigned load(struct want *w)
{
	FILE *f = fopen(GOLDEN, "r");
	char line[256];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char *bar = strstr(line, " | ");

		if (line[0] == '#' || !bar)
			continue;
		assert_true(n < RULES);
		snprintf(w[n].text, sizeof(w[n].text), "%.*s", (int)(bar - line), line);
		assert_int_equal(sscanf(bar, " | %lu %lu | %lu %lu", &w[n].packets[0], &w[n].bytes[0], &w[n].packets[1],
					&w[n].bytes[1]), 4);
		n++;
	}
	fclose(f);
	return n;
}

static void bridge_table(struct rig *g, struct want *w, unsigned n)
{
	static const char *const hooks[] = { "prerouting", "input", "forward", "output", "postrouting" };
	struct txn *x = txn_begin(&g->ns->rules);
	struct table *t = txn_table_add(x, NFPROTO_BRIDGE, "b", false);

	for (int h = 0; h < 5; h++) {
		struct chain *c = add_chain(x, t, hooks[h], h);

		for (unsigned i = 0; i < n; i++) {
			size_t len = strlen(hooks[h]);
			struct ir_list l;

			if (strncmp(w[i].text, hooks[h], len) != 0 || w[i].text[len] != ' ')
				continue;
			build(&l, w[i].text + len + 1);
			w[i].rule = rule_new(NULL, &l);
			assert_int_equal(txn_rule_insert(x, c, c->n_rules, w[i].rule), 0);
		}
	}
	assert_int_equal(txn_commit(x), 0);
}

static void bridge_hooks(void **state)
{
	static struct want w[RULES];
	struct rig g;
	unsigned n = load(w);

	rig_up(&g);
	bridge_table(&g, w, n);
	arp(&g, 0, "ffffffffffff", MAC_A, 1, 1, 2);
	arp(&g, 1, MAC_A, MAC_B, 2, 2, 1);
	echo(&g, 0, MAC_B, MAC_A, ICMP_ECHO, 1, 2);
	echo(&g, 1, MAC_A, MAC_B, ICMP_ECHOREPLY, 2, 1);
	for (unsigned i = 0; i < n; i++) {
		if (w[i].rule->packets != w[i].packets[0] || w[i].rule->bytes != w[i].bytes[0])
			fail_msg("%s: %lu packets %lu bytes, should be %lu %lu", w[i].text, (unsigned long)w[i].rule->packets,
				 (unsigned long)w[i].rule->bytes, w[i].packets[0], w[i].bytes[0]);
		w[i].rule->packets = w[i].rule->bytes = 0;
	}
	arp(&g, 0, "ffffffffffff", MAC_A, 1, 1, 9);
	echo(&g, 0, MAC_BR, MAC_A, ICMP_ECHO, 1, 9);
	for (unsigned i = 0; i < n; i++)
		if (w[i].rule->packets != w[i].packets[1] || w[i].rule->bytes != w[i].bytes[1])
			fail_msg("%s, to the bridge: %lu packets %lu bytes, should be %lu %lu", w[i].text,
				 (unsigned long)w[i].rule->packets, (unsigned long)w[i].rule->bytes, w[i].packets[1], w[i].bytes[1]);
	world_free(&g.world);
}

/* one base chain with one rule; it stays in the caller's hands as long as the rig */
static struct rule *one_rule(struct rig *g, uint8_t family, int hook, struct ir_list *l)
{
	struct txn *x = txn_begin(&g->ns->rules);
	struct table *t = txn_table_add(x, family, "t", false);
	struct chain *c = add_chain(x, t, "c", hook);
	struct rule *r = rule_new(NULL, l);

	assert_int_equal(txn_rule_insert(x, c, 0, r), 0);
	assert_int_equal(txn_commit(x), 0);
	return r;
}

static void drops(void **state)
{
	struct ir_list l;
	struct rig g;

	rig_up(&g);
	ir_list_init(&l);
	protocol(&l, ETH_P_IP);
	ir_verdict(&l, IR_DROP, NULL);
	one_rule(&g, NFPROTO_BRIDGE, NF_INET_FORWARD, &l);
	echo(&g, 0, MAC_B, MAC_A, ICMP_ECHO, 1, 2);
	assert_int_equal(g.sent, 0);
	assert_int_equal(g.ns->drops[DROP_RULE], 1);
	arp(&g, 0, "ffffffffffff", MAC_A, 1, 1, 2);
	assert_int_equal(g.sent, 1);
	world_free(&g.world);
}

/* ARP as its own hooks see it: output counts the Ethernet header, and has none to look at */
static void arp_hooks(void **state)
{
	static const struct { int hook; uint32_t len; bool ether; } rows[] = { { 0, 28, true }, { 1, 42, false } };

	for (unsigned i = 0; i < ARRAY_LEN(rows); i++)
		for (unsigned ether = 0; ether < 2; ether++) {
			struct ir_list l;
			struct rule *r;
			struct rig g;

			rig_up(&g);
			ir_list_init(&l);
			number(&l, FIELD_META_LENGTH, rows[i].len);
			if (ether)
				payload(&l, NFT_PAYLOAD_LL_HEADER, 12, "\x08\x06", 2);
			ir_append(&l, IR_COUNTER);
			r = one_rule(&g, NFPROTO_ARP, rows[i].hook, &l);
			arp(&g, 0, "ffffffffffff", MAC_A, 1, 1, 9);
			assert_int_equal(r->packets, !ether || rows[i].ether);
			assert_int_equal(r->bytes, r->packets * rows[i].len);
			world_free(&g.world);
		}
}

static void dropped_question(void **state)
{
	struct ir_list l;
	struct rig g;

	rig_up(&g);
	ir_list_init(&l);
	ir_verdict(&l, IR_DROP, NULL);
	one_rule(&g, NFPROTO_ARP, 0, &l);
	arp(&g, 0, MAC_BR, MAC_A, 1, 1, 9);
	assert_int_equal(g.sent, 0);
	world_free(&g.world);
}

static void logs(void **state)
{
	struct ir_log log = { .prefix = "brf ", .level = 4, .logflags = 0x20 };
	struct ir_list l;
	struct rig g;

	rig_up(&g);
	ir_list_init(&l);
	ir_append(&l, IR_ACTION)->action.act = IR_ACT_LOG;
	l.first->action.log = mem_dup(&log, sizeof(log));
	one_rule(&g, NFPROTO_BRIDGE, NF_INET_FORWARD, &l);
	arp(&g, 0, "ffffffffffff", MAC_A, 1, 1, 2);
	assert_string_equal(g.line, "brf IN=p0 OUT=p1 MACSRC=02:00:00:00:00:0a MACDST=ff:ff:ff:ff:ff:ff MACPROTO=0806 ARP HTYPE=1 "
				    "PTYPE=0x0800 OPCODE=1 MACSRC=02:00:00:00:00:0a IPSRC=10.7.0.1 MACDST=00:00:00:00:00:00 "
				    "IPDST=10.7.0.2");
	echo(&g, 0, MAC_B, MAC_A, ICMP_ECHO, 1, 2);
	assert_string_equal(g.line, "brf IN=p0 OUT=p1 MACSRC=02:00:00:00:00:0a MACDST=02:00:00:00:00:0b MACPROTO=0800 SRC=10.7.0.1 "
				    "DST=10.7.0.2 LEN=84 TOS=0x00 PREC=0x00 TTL=64 ID=0 PROTO=ICMP TYPE=8 CODE=0 ID=0 SEQ=0 ");
	world_free(&g.world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bridge_hooks), cmocka_unit_test(drops), cmocka_unit_test(arp_hooks),
		cmocka_unit_test(dropped_question), cmocka_unit_test(logs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
