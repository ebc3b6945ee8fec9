/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random_nft.c - a random rule set for nft: a line for each table, chain, set, element and rule, so that any of them can be left out.
 *
 * Theory of operation: keys[] are what can be matched, each with a type; types[] have slots, values that do not overlap, from which single values, ranges,
 * prefixes, sets, maps and concatenations are drawn. A table draws sets first, then chains; a chain that is not a base chain belongs to the type and hook of one,
 * so that what is only allowed there is allowed in it. What depends on time, on chance or on other processes is not drawn.
 */
#include <stdio.h>
#include <string.h>

#include "random.h"

enum { F4 = 1, F6 = 2, FBOTH = 3 };	/* families that a key or statement is for */
enum { H_PRE = 1, H_IN = 2, H_FWD = 4, H_OUT = 8, H_POST = 16, H_INGRESS = 32, H_ALL = 31, H_FROM = H_PRE | H_IN | H_FWD, H_TO = H_FWD | H_OUT | H_POST };

struct slot {
	const char *lo, *hi, *prefix;	/* hi, prefix: NULL: there is none */
};

struct type {
	const char *name;		/* as `type` of a set; NULL: only by typeof */
	bool order, bits;		/* ranges and <, > make sense; flags */
	struct slot slots[16];
};

enum {
	T_IP4, T_IP6, T_PORT, T_PROTO, T_MARK, T_IFNAME, T_LEN, T_U8, T_DSCP, T_ECN, T_ICMP, T_ICMP6, T_STATE, T_STATUS, T_PKTTYPE, T_FLAGS, T_ETHER, T_MAC,
	T_NFPROTO, T_U16, T_U32, T_DIR, T_FIB, T_IFTYPE, T_CODE, T_IFINDEX, T_SMALL, T_BIT, T_ARPOP, T_PRIO, N_TYPES
};

static const struct type types[N_TYPES] = {
	[T_IP4] = { "ipv4_addr", true, false,
		    { { "10.0.1.2" }, { "10.0.1.3" }, { "10.0.1.8", "10.0.1.15", "10.0.1.8/29" }, { "10.0.1.1" }, { "10.0.2.2" }, { "10.0.2.3", "10.0.2.5" },
		      { "10.0.2.9", "10.0.2.20" }, { "10.0.2.1" }, { "172.16.1.0", "172.16.1.127", "172.16.1.0/25" }, { "172.16.1.128", "172.16.1.255", "172.16.1.128/25" },
		      { "198.51.100.7", "198.51.100.63" }, { "198.51.100.90" }, { "203.0.113.0", "203.0.113.255", "203.0.113.0/24" }, { "224.0.0.1" },
		      { "192.0.2.0", "192.0.2.255", "192.0.2.0/24" } } },
	[T_IP6] = { "ipv6_addr", true, false,
		    { { "fd00:1::2" }, { "fd00:1::3" }, { "fd00:1::8", "fd00:1::f", "fd00:1::8/125" }, { "fd00:1::1" }, { "fd00:2::2" }, { "fd00:2::3", "fd00:2::5" },
		      { "fd00:2::9" }, { "fd00:2::1" }, { "2001:db8:1::", "2001:db8:1::7f", "2001:db8:1::/121" }, { "2001:db8:1::100", "2001:db8:1::ffff" },
		      { "2001:db8:2::7", "2001:db8:2::90" }, { "2001:db8:3::", "2001:db8:3:ffff:ffff:ffff:ffff:ffff", "2001:db8:3::/48" }, { "ff02::1" },
		      { "2001:db8:9::1" } } },
	[T_PORT] = { "inet_service", true, false,
		     { { "22" }, { "53" }, { "80", "90" }, { "123" }, { "443" }, { "1000", "1023" }, { "1100", "1500" }, { "1501", "2000" }, { "2001", "3999" }, { "5000" },
		       { "4000", "4999" }, { "8080", "8081" }, { "20000", "65535" }, { "0", "10" } } },
	[T_PROTO] = { "inet_proto", true, false, { { "tcp" }, { "udp" }, { "icmp" }, { "ipv6-icmp" }, { "esp" }, { "ah" }, { "sctp" }, { "udplite" }, { "gre" }, { "99" },
						   { "dccp" } } },
	[T_MARK] = { "mark", true, false, { { "0x0" }, { "0x1" }, { "0x2", "0x4" }, { "0x10" }, { "0x11", "0xff" }, { "0x12345678" } } },
	[T_IFNAME] = { "ifname", false, false, { { "\"eth0\"" }, { "\"eth1\"" }, { "\"lo\"" }, { "\"wan0\"" } } },
	[T_LEN] = { NULL, true, false, { { "20", "39" }, { "40" }, { "41", "50" }, { "52" }, { "60", "70" }, { "71", "100" }, { "101", "1500" } } },
	[T_U8] = { NULL, true, false, { { "0" }, { "1" }, { "2", "20" }, { "63" }, { "64" }, { "65", "127" }, { "128" }, { "255" } } },
	[T_DSCP] = { "dscp", true, false, { { "cs0" }, { "cs1" }, { "af11" }, { "cs2" }, { "ef" }, { "0x3f" }, { "0x2a" } } },
	[T_ECN] = { NULL, false, false, { { "not-ect" }, { "ect0" }, { "ect1" }, { "ce" } } },
	[T_ICMP] = { "icmp_type", true, false, { { "echo-request" }, { "echo-reply" }, { "destination-unreachable" }, { "time-exceeded" }, { "timestamp-request" },
						 { "parameter-problem" }, { "42" } } },
	[T_ICMP6] = { "icmpv6_type", true, false, { { "echo-request" }, { "echo-reply" }, { "destination-unreachable" }, { "time-exceeded" }, { "packet-too-big" },
						    { "nd-neighbor-solicit" }, { "200" } } },
	[T_STATE] = { "ct_state", false, true, { { "new" }, { "established" }, { "related" }, { "invalid" }, { "untracked" } } },
	[T_STATUS] = { NULL, false, true, { { "expected" }, { "seen-reply" }, { "assured" }, { "confirmed" }, { "snat" }, { "dnat" }, { "dying" } } },
	[T_PKTTYPE] = { "pkt_type", false, false, { { "host" }, { "broadcast" }, { "multicast" }, { "other" } } },
	[T_FLAGS] = { "tcp_flag", false, true, { { "fin" }, { "syn" }, { "rst" }, { "psh" }, { "ack" }, { "urg" }, { "ecn" }, { "cwr" } } },
	[T_ETHER] = { "ether_type", false, false, { { "ip" }, { "ip6" }, { "arp" } } },
	[T_MAC] = { "ether_addr", false, false, { { "02:00:00:00:0a:02" }, { "02:00:00:00:0b:02" }, { "02:00:00:00:0a:01" }, { "02:00:00:00:0b:01" },
						  { "ff:ff:ff:ff:ff:ff" } } },
	[T_NFPROTO] = { "nf_proto", false, false, { { "ipv4" }, { "ipv6" } } },
	[T_U16] = { NULL, true, false, { { "0" }, { "1", "99" }, { "100", "4999" }, { "5000" }, { "5001", "40000" }, { "40001", "65535" } } },
	[T_U32] = { NULL, true, false, { { "0" }, { "1", "3" }, { "4", "999" }, { "1000" }, { "1001", "1300" }, { "5000", "900000" }, { "900001", "4294967295" } } },
	[T_DIR] = { NULL, false, false, { { "original" }, { "reply" } } },
	[T_FIB] = { NULL, false, false, { { "unicast" }, { "local" }, { "broadcast" }, { "multicast" }, { "prohibit" }, { "blackhole" } } },
	[T_IFTYPE] = { "iface_type", false, false, { { "ether" }, { "loopback" }, { "ppp" } } },
	[T_CODE] = { NULL, true, false, { { "0" }, { "1" }, { "2" }, { "3", "5" }, { "13" } } },
	[T_IFINDEX] = { "iface_index", false, false, { { "\"lo\"" }, { "\"eth0\"" }, { "\"eth1\"" } } },
	[T_SMALL] = { NULL, true, false, { { "0" }, { "1" }, { "2" }, { "3", "4" }, { "5" }, { "6", "9" } } },
	[T_BIT] = { NULL, false, false, { { "0" }, { "1" } } },
	[T_ARPOP] = { "arp_op", false, false, { { "request" }, { "reply" } } },
	[T_PRIO] = { NULL, false, false, { { "1:10" }, { "0:1" }, { "ffff:1" }, { "none" } } },
};

struct key {
	const char *text;
	int type, families;
	int hooks;		/* 0: all */
};

static const struct key keys[] = {
	{ "ip saddr", T_IP4, F4 }, { "ip daddr", T_IP4, F4 }, { "ip saddr", T_IP4, F4 }, { "ip daddr", T_IP4, F4 },
	{ "ip6 saddr", T_IP6, F6 }, { "ip6 daddr", T_IP6, F6 }, { "ip6 saddr", T_IP6, F6 }, { "ip6 daddr", T_IP6, F6 },
	{ "tcp dport", T_PORT, FBOTH }, { "tcp sport", T_PORT, FBOTH }, { "udp dport", T_PORT, FBOTH }, { "udp sport", T_PORT, FBOTH },
	{ "tcp dport", T_PORT, FBOTH }, { "udp dport", T_PORT, FBOTH }, { "th dport", T_PORT, FBOTH }, { "th sport", T_PORT, FBOTH },
	{ "meta l4proto", T_PROTO, FBOTH }, { "meta l4proto", T_PROTO, FBOTH }, { "ip protocol", T_PROTO, F4 }, { "ip6 nexthdr", T_PROTO, F6 },
	{ "meta mark", T_MARK, FBOTH }, { "ct mark", T_MARK, FBOTH }, { "meta mark", T_MARK, FBOTH },
	{ "iifname", T_IFNAME, FBOTH, H_FROM | H_INGRESS }, { "oifname", T_IFNAME, FBOTH, H_TO }, { "iif", T_IFINDEX, FBOTH, H_FROM }, { "oif", T_IFINDEX, FBOTH, H_TO },
	{ "meta length", T_LEN, FBOTH }, { "ip length", T_LEN, F4 }, { "ip6 length", T_LEN, F6 }, { "udp length", T_LEN, FBOTH },
	{ "ip ttl", T_U8, F4 }, { "ip6 hoplimit", T_U8, F6 }, { "ip dscp", T_DSCP, F4 }, { "ip6 dscp", T_DSCP, F6 }, { "ip ecn", T_ECN, F4 }, { "ip6 ecn", T_ECN, F6 },
	{ "ip id", T_U16, F4 }, { "ip hdrlength", T_SMALL, F4 }, { "ip version", T_SMALL, F4 }, { "ip frag-off", T_U16, F4 }, { "ip6 flowlabel", T_U16, F6 },
	{ "ip6 version", T_SMALL, F6 }, { "ip checksum", T_U16, F4 },
	{ "icmp type", T_ICMP, F4 }, { "icmpv6 type", T_ICMP6, F6 }, { "icmp type", T_ICMP, F4 }, { "icmpv6 type", T_ICMP6, F6 }, { "icmp code", T_CODE, F4 },
	{ "icmpv6 code", T_CODE, F6 }, { "icmp id", T_PORT, F4 }, { "icmpv6 id", T_PORT, F6 }, { "icmp sequence", T_SMALL, F4 }, { "icmpv6 sequence", T_SMALL, F6 },
	{ "icmp mtu", T_U16, F4 }, { "icmpv6 mtu", T_U16, F6 }, { "icmp checksum", T_U16, F4 },
	{ "ct state", T_STATE, FBOTH }, { "ct state", T_STATE, FBOTH }, { "ct state", T_STATE, FBOTH }, { "ct status", T_STATUS, FBOTH },
	{ "ct direction", T_DIR, FBOTH }, { "ct original ip saddr", T_IP4, F4 }, { "ct reply ip daddr", T_IP4, F4 }, { "ct reply ip6 saddr", T_IP6, F6 },
	{ "ct original ip6 daddr", T_IP6, F6 }, { "ct original proto-dst", T_PORT, FBOTH }, { "ct reply proto-src", T_PORT, FBOTH }, 
	{ "ct protocol", T_PROTO, FBOTH }, { "ct original packets", T_SMALL, FBOTH }, { "ct reply bytes", T_U32, FBOTH }, { "ct packets", T_SMALL, FBOTH },
	{ "ct avgpkt", T_U16, FBOTH }, { "ct zone", T_SMALL, FBOTH },
	{ "meta pkttype", T_PKTTYPE, FBOTH }, { "meta nfproto", T_NFPROTO, FBOTH }, { "meta iiftype", T_IFTYPE, FBOTH, H_FROM },
	{ "meta oiftype", T_IFTYPE, FBOTH, H_TO }, { "meta priority", T_PRIO, FBOTH }, { "meta iifgroup", T_SMALL, FBOTH, H_FROM }, { "meta oifgroup", T_SMALL, FBOTH, H_TO },
	{ "ether saddr", T_MAC, FBOTH, H_PRE | H_IN | H_FWD | H_INGRESS }, { "rt classid", T_SMALL, FBOTH },
	{ "tcp flags", T_FLAGS, FBOTH }, { "tcp flags", T_FLAGS, FBOTH }, { "tcp sequence", T_U32, FBOTH }, { "tcp ackseq", T_U32, FBOTH }, { "tcp doff", T_SMALL, FBOTH },
	{ "tcp window", T_U16, FBOTH }, { "tcp checksum", T_U16, FBOTH }, { "tcp urgptr", T_SMALL, FBOTH }, { "udp checksum", T_U16, FBOTH },
	{ "sctp dport", T_PORT, FBOTH }, { "sctp vtag", T_SMALL, FBOTH }, { "dccp dport", T_PORT, FBOTH }, { "udplite dport", T_PORT, FBOTH }, { "esp spi", T_U32, FBOTH },
	{ "ah spi", T_U32, FBOTH }, { "ah hdrlength", T_SMALL, FBOTH }, { "esp sequence", T_SMALL, FBOTH }, { "comp cpi", T_SMALL, FBOTH },
	{ "hbh nexthdr", T_PROTO, F6 }, { "hbh hdrlength", T_SMALL, F6 }, { "rt type", T_SMALL, F6 }, { "rt seg-left", T_SMALL, F6 }, { "frag id", T_U32, F6 },
	{ "frag frag-off", T_SMALL, F6 }, { "frag more-fragments", T_BIT, F6 }, { "dst nexthdr", T_PROTO, F6 }, { "frag nexthdr", T_PROTO, F6 },
	{ "tcp option maxseg size", T_U16, FBOTH }, { "tcp option window count", T_SMALL, FBOTH }, { "tcp option timestamp tsval", T_SMALL, FBOTH },
	{ "tcp option timestamp length", T_U8, FBOTH }, { "tcp option sack left", T_U32, FBOTH }, { "tcp option sack-perm kind", T_SMALL, FBOTH },
	{ "ip option rr ptr", T_SMALL, F4 }, { "ip option ra value", T_SMALL, F4 }, { "ip option rr length", T_U8, F4 },
	{ "fib saddr type", T_FIB, FBOTH }, { "fib daddr type", T_FIB, FBOTH }, { "fib saddr . iif oif", T_IFINDEX, FBOTH, H_PRE | H_IN | H_FWD },
	{ "fib daddr oifname", T_IFNAME, FBOTH, H_PRE | H_IN | H_FWD }, { "fib saddr oif", T_IFINDEX, FBOTH, H_PRE | H_IN | H_FWD },
	{ "@th,0,16", T_PORT, FBOTH }, { "@th,16,16", T_PORT, FBOTH }, { "@nh,8,8", T_U8, FBOTH }, { "@nh,16,16", T_LEN, FBOTH },
	{ "@ll,0,48", T_U32, FBOTH, H_PRE | H_IN | H_FWD | H_INGRESS }, { "@ih,0,8", T_U8, FBOTH }, { "@ih,0,32", T_U32, FBOTH },
	{ "numgen inc mod 3", T_SMALL, FBOTH }, { "numgen inc mod 4 offset 1", T_SMALL, FBOTH }, { "jhash ip saddr mod 4 seed 0x1", T_SMALL, F4 },
	{ "jhash ip saddr . tcp dport mod 6 seed 0xdeadbeef", T_SMALL, F4 }, { "jhash ip6 saddr mod 5 seed 0x7 offset 2", T_SMALL, F6 },
};

static const struct key arp_keys[] = {
	{ "arp operation", T_ARPOP, FBOTH }, { "arp saddr ip", T_IP4, FBOTH }, { "arp daddr ip", T_IP4, FBOTH }, { "arp saddr ether", T_MAC, FBOTH },
	{ "arp htype", T_SMALL, FBOTH }, { "arp plen", T_SMALL, FBOTH }, { "iifname", T_IFNAME, FBOTH }, { "meta length", T_LEN, FBOTH }, { "arp ptype", T_ETHER, FBOTH },
};

#define MAX_SETS 6
#define MAX_CHAINS 10
#define MAX_FIELDS 3

struct nset {
	char name[8];
	unsigned n;			/* fields */
	struct key key[MAX_FIELDS];
	bool interval, dynamic, timeout;
	const char *stmt;		/* of each element, NULL: none */
	enum { IS_SET, IS_VMAP, IS_MARK_MAP, IS_ADDR_MAP } kind;
	int nat;			/* IS_ADDR_MAP: F4 or F6 */
};

struct nchain {
	char name[8];
	const char *type, *hook;	/* of the base chain that it is or belongs to */
	int hooks;
	bool base;
};

struct gen {
	struct rng *r;
	struct sbuf *out;
	const char *family;
	char table[8];
	int families;			/* what packets its chains see */
	const struct key *keys;
	unsigned n_keys;
	struct nset set[MAX_SETS];
	struct nchain chain[MAX_CHAINS];
	unsigned n_sets, n_chains, n_objects;
	const char *object[4];
	/* of the rule */
	const struct nchain *at;
	unsigned at_index;
	int known;			/* families that its packets can still be of */
	bool terminal;
};

#define OUT(...) sbuf_printf(g->out, __VA_ARGS__)

/* ---- values ---- */

static unsigned n_slots(const struct type *t)
{
	unsigned n = 0;

	while (n < ARRAY_LEN(t->slots) && t->slots[n].lo)
		n++;
	return n;
}

/* one value, or with @ranges sometimes a range or prefix */
static void put_slot(struct gen *g, struct sbuf *to, const struct type *t, unsigned i, bool ranges)
{
	const struct slot *s = &t->slots[i];

	if (ranges && s->prefix && chance(g->r, 50))
		sbuf_puts(to, s->prefix);
	else if (ranges && s->hi && chance(g->r, 70))
		sbuf_printf(to, "%s-%s", s->lo, s->hi);
	else
		sbuf_puts(to, s->hi && chance(g->r, 30) ? s->hi : s->lo);
}

static void put_value(struct gen *g, int type, bool ranges)
{
	put_slot(g, g->out, &types[type], below(g->r, n_slots(&types[type])), ranges);
}

/* @n different elements of these fields: first fields differ where they can */
static void put_elems(struct gen *g, const struct key *k, unsigned fields, bool ranges, unsigned n, void (*tail)(struct gen *))
{
	unsigned m = n_slots(&types[k[0].type]), start = below(g->r, m);

	if (n > m)
		n = m;
	for (unsigned i = 0; i < n; i++) {
		OUT("%s", i ? ", " : "");
		for (unsigned f = 0; f < fields; f++) {
			OUT("%s", f ? " . " : "");
			if (f)
				put_value(g, k[f].type, ranges);
			else
				put_slot(g, g->out, &types[k[0].type], (start + i) % m, ranges);
		}
		if (tail)
			tail(g);
	}
}

static const struct key *draw_key(struct gen *g)
{
	const struct key *k;

	do
		k = &g->keys[below(g->r, g->n_keys)];
	while (!(k->families & g->known) || (k->hooks && g->at && (k->hooks & g->at->hooks) != g->at->hooks));
	g->known &= k->families;
	return k;
}

static bool is_payload(const struct key *k)
{
	static const char *const others[] = { "meta", "ct ", "iif", "oif", "rt ", "fib", "tcp option", "ip option", "hbh", "dst ", "frag" };

	for (unsigned i = 0; i < ARRAY_LEN(others); i++)
		if (strncmp(k->text, others[i], strlen(others[i])) == 0)
			return false;
	return true;
}

/* fields that can stand together in a concatenation */
static unsigned draw_fields(struct gen *g, struct key *k, unsigned most)
{
	unsigned n = 1 + (most > 1 ? below(g->r, most) : 0), i = 0;
	int known = g->known;

	for (unsigned tries = 0; i < n && (!i || tries < 50); tries++) {
		const struct key *d = draw_key(g);
		bool bad = types[d->type].bits || strchr(d->text, '@') || strncmp(d->text, "numgen", 6) == 0 || strncmp(d->text, "jhash", 5) == 0 ||
			   strncmp(d->text, "fib", 3) == 0 ||
			   /* what nft 1.0.6 does not list as it was written: parts of bytes, and ports of connections */
			   strstr(d->text, "version") || strstr(d->text, "hdrlength") || strstr(d->text, "doff") || strstr(d->text, "dscp") || strstr(d->text, "ecn") || strstr(d->text, "icmp") || strstr(d->text, "frag ") || strstr(d->text, "proto-");

		for (unsigned j = 0; j < i; j++) {
			/* plain integers beside what is not of the packet: nft 1.0.6 lists their ranges wrongly */
			bad |= (!types[d->type].name || !types[k[j].type].name) && (!is_payload(&k[j]) || !is_payload(d));
			bad |= strcmp(k[j].text, d->text) == 0;
			/* two transports in one packet: nothing would match, and nft refuses it */
			bad |= k[j].text[0] != d->text[0] && strspn(k[j].text, "tuscdaei") > 2 && strspn(d->text, "tuscdaei") > 2 && k[j].text[2] != d->text[2];
		}
		if (bad) {
			g->known = known;
			for (unsigned j = 0; j < i; j++)
				g->known &= k[j].families;
			continue;
		}
		k[i++] = *d;
	}
	return i;
}

/* ---- verdicts ---- */

static const struct nchain *later_chain(struct gen *g)
{
	unsigned n = 0, pick[MAX_CHAINS];

	for (unsigned i = g->at_index + 1; i < g->n_chains; i++)
		if (!g->chain[i].base && g->chain[i].type == g->at->type && g->chain[i].hook == g->at->hook)
			pick[n++] = i;
	return n ? &g->chain[pick[below(g->r, n)]] : NULL;
}

static void put_verdict(struct gen *g)
{
	const struct nchain *c = g->at ? later_chain(g) : NULL;

	if (c && chance(g->r, 55))
		OUT("%s %s", chance(g->r, 70) ? "jump" : "goto", c->name);
	else
		OUT("%s", chance(g->r, 45) ? "accept" : chance(g->r, 50) ? "drop" : chance(g->r, 60) ? "return" : "continue");
}

static void tail_verdict(struct gen *g)
{
	OUT(" : ");
	put_verdict(g);
}

static void tail_mark(struct gen *g)
{
	OUT(" : ");
	put_value(g, T_MARK, false);
}

/* ---- matches ---- */

static const char *inverse(struct gen *g)
{
	return chance(g->r, 20) ? "!= " : "";
}

static void match_bits(struct gen *g, const struct key *k)
{
	const struct type *t = &types[k->type];
	unsigned n = n_slots(t), a = below(g->r, n), b = below(g->r, n), c = below(g->r, n);

	if (b == a)
		b = (a + 1) % n;
	switch (below(g->r, 5)) {
	case 0: OUT("%s %s%s", k->text, inverse(g), t->slots[a].lo); break;
	case 1: OUT("%s %s%s,%s", k->text, inverse(g), t->slots[a].lo, t->slots[b].lo); break;
	case 2: OUT("%s { %s, %s }", k->text, t->slots[a].lo, t->slots[b].lo); break;
	case 3: OUT("%s & (%s | %s) == %s", k->text, t->slots[a].lo, t->slots[b].lo, t->slots[chance(g->r, 50) ? a : b].lo); break;
	default: OUT("%s %s %s", k->text, chance(g->r, 50) ? "!=" : "==", t->slots[c].lo); break;
	}
}

static void match_one(struct gen *g)
{
	const struct key *k = draw_key(g);
	const struct type *t = &types[k->type];
	static const char *const ops[] = { "<", ">", "<=", ">=" };

	if (t->bits) {
		match_bits(g, k);
		return;
	}
	switch (below(g->r, 8)) {
	case 0:
		if (t->order && k->type != T_PROTO && k->type != T_DSCP && k->type != T_ICMP && k->type != T_ICMP6) {
			OUT("%s %s ", k->text, PICK(g->r, ops));
			put_value(g, k->type, false);
			return;
		}
		break;
	case 1:
	case 2:
		OUT("%s %s{ ", k->text, inverse(g));
		put_elems(g, k, 1, t->order, 1 + below(g->r, 6), NULL);
		OUT(" }");
		return;
	case 3:
		if (k->type == T_MARK || ((k->type == T_U16 || k->type == T_U32 || k->type == T_PORT) && !strstr(k->text, "frag ") && !strstr(k->text, "label") && !strstr(k->text, "option"))) {
			static const char *const masks[] = { "0xf", "0x1", "0xff00", "0xfff0", "0x11" };

			OUT("%s & %s %s ", k->text, PICK(g->r, masks), chance(g->r, 70) ? "==" : "!=");
			OUT("%s", chance(g->r, 50) ? "0x0" : "0x10");
			return;
		}
		if (k->type == T_IP4) {
			OUT("%s & 255.255.0.255 == 10.0.0.%u", k->text, below(g->r, 4));
			return;
		}
		break;
	default:
		break;
	}
	OUT("%s %s", k->text, inverse(g));
	put_value(g, k->type, t->order);
}

static void match_concat(struct gen *g)
{
	struct key k[MAX_FIELDS];
	unsigned n = draw_fields(g, k, MAX_FIELDS);

	for (unsigned i = 0; i < n; i++)
		OUT("%s%s", i ? " . " : "", k[i].text);
	OUT(" %s{ ", inverse(g));
	put_elems(g, k, n, chance(g->r, 50), 1 + below(g->r, 4), NULL);
	OUT(" }");
}

static void put_key_of(struct gen *g, const struct nset *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		OUT("%s%s", i ? " . " : "", s->key[i].text);
		g->known &= s->key[i].families;
	}
}

/* may this set's key be used where the rule stands? */
static bool fits(struct gen *g, const struct nset *s)
{
	int known = g->known;

	for (unsigned i = 0; i < s->n; i++) {
		known &= s->key[i].families;
		if (s->key[i].hooks && (s->key[i].hooks & g->at->hooks) != g->at->hooks)
			return false;
	}
	return known;
}

static const struct nset *draw_set(struct gen *g, int kind, bool dynamic)
{
	unsigned n = 0, pick[MAX_SETS];

	for (unsigned i = 0; i < g->n_sets; i++)
		if ((int)g->set[i].kind == kind && (!dynamic || g->set[i].dynamic) && fits(g, &g->set[i]))
			pick[n++] = i;
	return n ? &g->set[pick[below(g->r, n)]] : NULL;
}

static void match_special(struct gen *g)
{
	static const char *const both[] = {
		"tcp option sack-perm exists", "tcp option maxseg missing", "tcp option timestamp exists", "fib saddr . iif oif missing", "ct state vmap { invalid : drop, "
		"established : accept }", "tcp flags & (fin | syn | rst | ack) == syn", "tcp flags syn / fin,syn,rst,ack", "meta l4proto { tcp, udp }", "fib daddr . iif type local",
		"ct count over 5", "tcp flags ! fin,rst", "tcp option 254 exists", "meta ipsec missing", "sctp chunk init exists", "sctp chunk data flags 3",
		"tcp option @255,8,8 1", "quota over 500 bytes", "quota 1000 bytes", "limit rate over 1/day burst 3 packets", "limit rate 1000000/second", "limit rate 1/day",
		"limit rate 10 mbytes/second", "ct helper \"ftp\"", "ct expiration > 0s", "meta mark & 0x1 == 1", "meta secmark 0", "meta time > 100", "meta cgroup 0",
		"meta rtclassid 0",
	};
	static const char *const v4[] = { "ip option ra exists", "ip option rr missing", "ip frag-off & 0x1fff != 0", "ip frag-off & 0x2000 != 0", "rt nexthop 10.0.2.2",
					  "ip saddr . ip daddr != { 10.0.1.2 . 10.0.2.2 }", "ip protocol . th dport { tcp . 80, udp . 53, icmp . 2048 }", "rt ip nexthop 10.0.1.2",
					  "ip daddr @nosuch", "ip option timestamp exists" };
	static const char *const v6[] = { "exthdr hbh exists", "exthdr frag exists", "exthdr rt missing", "exthdr dst exists", "rt ip6 nexthop fd00:2::2", "exthdr mh missing" };

	if (g->known & F4 && chance(g->r, 25) && strcmp(g->family, "ip6")) {
		const char *t = v4[below(g->r, ARRAY_LEN(v4) - (chance(g->r, 99) ? 2 : 0))];

		if (strncmp(t, "rt ", 3) == 0 && !(g->at->hooks & (H_FWD | H_OUT | H_POST)))
			t = v4[0];
		OUT("%s", t);
		g->known &= F4;
	} else if (g->known & F6 && chance(g->r, 30)) {
		const char *t = PICK(g->r, v6);

		if (strncmp(t, "rt ", 3) == 0 && !(g->at->hooks & (H_FWD | H_OUT | H_POST)))
			t = v6[0];
		OUT("%s", t);
		g->known &= F6;
	} else {
		const char *t = both[below(g->r, 24)];

		if (strncmp(t, "fib saddr", 9) == 0 && !(g->at->hooks & ~(H_OUT | H_POST)))
			t = both[0];
		OUT("%s", t);
	}
}

static void put_match(struct gen *g)
{
	unsigned w = below(g->r, 100);
	const struct nset *s;

	if (g->keys == arp_keys) {
		match_one(g);
	} else if (w < 14 && (s = draw_set(g, IS_SET, false))) {
		put_key_of(g, s);
		OUT(" %s@%s", inverse(g), s->name);
	} else if (w < 24) {
		match_concat(g);
	} else if (w < 32) {
		match_special(g);
	} else {
		match_one(g);
	}
}

/* ---- statements ---- */

static bool nat_chain(const struct gen *g) { return strcmp(g->at->type, "nat") == 0; }

static void put_set(struct gen *g)
{
	static const char *const v4[] = { "ip ttl set 33", "ip dscp set cs1", "ip dscp set ef", "ip ecn set ce", "ip id set 4711", "ip saddr set 10.0.1.3", "ip ttl set 60",
					  "ip daddr set 10.0.2.3", "icmp sequence set 9", "ip frag-off set 0" };
	static const char *const v6[] = { "ip6 hoplimit set 33", "ip6 dscp set af11", "ip6 ecn set ect0", "ip6 flowlabel set 77", "ip6 daddr set fd00:2::3",
					  "ip6 saddr set fd00:1::3", "frag id set 7", "icmpv6 sequence set 9" };
	static const char *const both[] = { "tcp dport set 8080", "udp sport set 1234", "tcp window set 100", "tcp option maxseg size set 1200", "tcp option maxseg size set 536",
					    "reset tcp option timestamp", "reset tcp option sack-perm", "tcp sequence set 5", "udp dport set 53", "@th,16,16 set 0x50",
					    "@nh,8,8 set 0x3", "udp checksum set 0", "reset tcp option maxseg", "tcp flags set syn", "tcp option window count set 3", "th dport set 443" };
	bool four = strcmp(g->family, "ip") == 0 || (g->known == F4), six = g->known == F6;

	if (four && chance(g->r, 50)) {
		g->known &= F4;
		OUT(" %s", PICK(g->r, v4));
	} else if (six && chance(g->r, 50)) {
		OUT(" %s", PICK(g->r, v6));
	} else {
		OUT(" %s", PICK(g->r, both));
	}
}

static void put_mark(struct gen *g)
{
	static const char *const exprs[] = { "meta mark or 0x10", "meta mark and 0xf", "meta mark xor 0x3", "ct mark", "ct mark or 0x1", "numgen inc mod 4", "meta mark & 0xff | 0x2",
					     "0x5", "0x1", "meta mark << 2", "meta mark >> 1", "meta mark & 0xfffffff0" };
	const struct nset *s = draw_set(g, IS_MARK_MAP, false);
	const char *what = chance(g->r, 70) ? "meta" : "ct";

	OUT(" %s mark set ", what);
	if (s && chance(g->r, 50)) {
		put_key_of(g, s);
		OUT(" map @%s", s->name);
	} else if (chance(g->r, 30)) {
		struct key k[MAX_FIELDS];
		unsigned n = draw_fields(g, k, 2);

		for (unsigned i = 0; i < n; i++)
			OUT("%s%s", i ? " . " : "", k[i].text);
		OUT(" map { ");
		put_elems(g, k, n, chance(g->r, 50), 1 + below(g->r, 4), tail_mark);
		OUT(" }");
	} else {
		OUT("%s", PICK(g->r, exprs));
	}
}

static void put_dynamic(struct gen *g)
{
	const struct nset *s = draw_set(g, IS_SET, true);

	if (!s)
		return;
	OUT(" %s @%s { ", s->timeout && chance(g->r, 50) ? "update" : "add", s->name);
	put_key_of(g, s);
	if (s->timeout && chance(g->r, 30))
		OUT(" timeout 1h");
	if (s->stmt)
		OUT(" %s", s->stmt);
	OUT(" }");
}

static void put_statement(struct gen *g)
{
	static const char *const simple[] = { "meta nftrace set 1", "log prefix \"x \" level debug", "meta priority set 1:2", "meta priority set none",
					      "quota 100000 bytes", "quota until 300 bytes", "limit rate 5/day burst 20 packets", "limit rate over 1000000/second",
					      "counter packets 3 bytes 200", "meta pkttype set host" };
	unsigned w = below(g->r, 100);

	if (g->keys == arp_keys) {
		OUT(" counter");
		return;
	}
	if (w < 35)
		OUT(" counter");
	else if (w < 50)
		put_mark(g);
	else if (w < 62)
		put_set(g);
	else if (w < 72)
		put_dynamic(g);
	else if (w < 78 && g->n_objects)
		OUT(" %s", PICK(g->r, g->object));
	else if (w < 82 && g->at->hooks & (H_PRE | H_OUT) && !nat_chain(g))
		OUT(" notrack");
	else if (w < 84 && g->at->hooks & (H_PRE | H_OUT) && !nat_chain(g))
		OUT(" ct zone set %u", below(g->r, 3));
	else if (w < 87 && g->at->hooks & H_INGRESS)
		OUT(" %s", chance(g->r, 50) ? "dup to \"eth1\"" : "fwd to \"eth0\"");
	else if (w < 87 && g->known == F4 && g->at->hooks != H_POST)
		OUT(" dup to 10.0.2.9");
	else if (w < 87 && g->known == F6 && g->at->hooks != H_POST)
		OUT(" dup to fd00:2::9");
	else if (w < 98)
		OUT(" %s", simple[below(g->r, g->at->hooks == H_PRE || chance(g->r, 2) ? ARRAY_LEN(simple) : ARRAY_LEN(simple) - 1)]);
}

static void put_nat(struct gen *g)
{
	static const char *const s4[] = { "snat to 10.0.2.1", "snat to 10.0.1.1", "masquerade", "masquerade", "snat to ip saddr map { 10.0.1.2 : 198.51.100.90, 10.0.1.3 : 10.0.2.1 }",
					  "snat prefix to 203.0.113.0/24", "snat to ip saddr & 0.0.0.255 | 203.0.113.0" };
	static const char *const d4[] = { "dnat to 10.0.2.3", "dnat to 10.0.2.9", "dnat to 10.0.1.3", "redirect",
					  "dnat to ip daddr map { 10.0.2.2 : 10.0.2.3, 10.0.2.9 : 10.0.1.2, 198.51.100.0/24 : 10.0.2.2 }",
					  "dnat to tcp dport map { 80 : 10.0.2.2, 443 : 10.0.2.3 }", "dnat to 10.0.1.1", "dnat to numgen inc mod 2 map { 0 : 10.0.2.2, 1 : 10.0.2.3 }",
					  "dnat prefix to ip daddr map { 198.51.100.0/24 : 203.0.113.0/24 }" };
	static const char *const d4p[] = { "tcp dport 80 dnat to 10.0.2.3:8080", "udp dport 53 dnat to 10.0.2.9:5353", "tcp dport 443 redirect to :8443",
					   "meta l4proto tcp dnat to tcp dport map { 22 : 10.0.2.2 . 2222, 80 : 10.0.2.3 . 8080 }", "tcp dport 22 redirect to :22" };
	static const char *const s6[] = { "snat to fd00:2::1", "masquerade", "snat to ip6 saddr map { fd00:1::2 : 2001:db8:2::90, fd00:1::3 : fd00:2::1 }" };
	static const char *const d6[] = { "dnat to fd00:2::3", "dnat to fd00:1::3", "redirect", "dnat to ip6 daddr map { fd00:2::2 : fd00:2::3, 2001:db8:2::/64 : fd00:2::2 }" };
	static const char *const d6p[] = { "tcp dport 80 dnat to [fd00:2::3]:8080", "udp dport 53 dnat to [fd00:2::9]:5353", "tcp dport 443 redirect to :8443" };
	bool src = g->at->hooks == H_POST || g->at->hooks == H_IN, inet = strcmp(g->family, "inet") == 0;
	int f = g->known == FBOTH ? chance(g->r, 60) ? F4 : F6 : g->known;
	const char *t;

	if (inet && g->known == FBOTH)
		OUT("meta nfproto %s ", f == F4 ? "ipv4" : "ipv6");
	g->known = f;
	if (chance(g->r, 40)) {
		OUT("counter ");
	}
	if (src) {
		t = f == F4 ? PICK(g->r, s4) : PICK(g->r, s6);
		if (g->at->hooks == H_IN && strncmp(t, "masq", 4) == 0)
			t = f == F4 ? s4[1] : s6[0];
	} else {
		t = f == F4 ? chance(g->r, 30) ? PICK(g->r, d4p) : PICK(g->r, d4) : chance(g->r, 30) ? PICK(g->r, d6p) : PICK(g->r, d6);
	}
	if (inet) {	/* `dnat to X` is `dnat ip to X` there */
		const char *nat = strstr(t, "nat "), *name = f == F4 ? "ip" : "ip6";

		if (nat)
			OUT("%.*s %s%s", (int)(nat + 3 - t), t, name, nat + 3);
		else
			OUT("%s", t);
	} else {
		OUT("%s", t);
	}
	if (chance(g->r, 10) && !strchr(t, '{') && !strstr(t, "prefix"))
		OUT(" persistent");
	g->terminal = true;
}

static void put_reject(struct gen *g)
{
	static const char *const any[] = { "reject", "reject with icmpx type port-unreachable", "reject with icmpx type admin-prohibited", "reject with icmpx type no-route",
					   "reject with icmpx type host-unreachable", "meta l4proto tcp reject with tcp reset" };
	static const char *const v4[] = { "reject with icmp type host-unreachable", "reject with icmp type net-prohibited", "reject with icmp type admin-prohibited" };
	static const char *const v6[] = { "reject with icmpv6 type no-route", "reject with icmpv6 type addr-unreachable", "reject with icmpv6 type admin-prohibited" };
	bool inet = strcmp(g->family, "inet") == 0;

	if (g->known == F4 && chance(g->r, 60))
		OUT(" %s", PICK(g->r, v4));
	else if (g->known == F6 && chance(g->r, 60))
		OUT(" %s", PICK(g->r, v6));
	else
		OUT(" %s", inet ? any[below(g->r, 6)] : chance(g->r, 50) ? any[0] : any[5]);
}

static void put_end(struct gen *g)
{
	const struct nset *s = draw_set(g, IS_VMAP, false);
	unsigned w = below(g->r, 100);

	OUT(" ");
	if (g->keys == arp_keys) {
		OUT("%s", chance(g->r, 60) ? "accept" : "drop");
	} else if (nat_chain(g) && w < 75) {
		put_nat(g);
	} else if (w < 10 && s) {
		put_key_of(g, s);
		OUT(" vmap @%s", s->name);
	} else if (w < 20) {
		struct key k[MAX_FIELDS];
		unsigned n = draw_fields(g, k, 2);

		for (unsigned i = 0; i < n; i++)
			OUT("%s%s", i ? " . " : "", k[i].text);
		OUT(" vmap { ");
		put_elems(g, k, n, chance(g->r, 50), 1 + below(g->r, 5), tail_verdict);
		OUT(" }");
	} else if (w < 30 && !nat_chain(g) && g->at->hooks & (H_IN | H_FWD | H_OUT)) {
		put_reject(g);
	} else {
		put_verdict(g);
	}
}

static void put_rule(struct gen *g)
{
	static const unsigned char how_many[] = { 0, 1, 1, 1, 2, 2, 3 };
	unsigned n = PICK(g->r, how_many);

	g->known = g->families;
	OUT("add rule %s %s %s", g->family, g->table, g->at->name);
	for (unsigned i = 0; i < n; i++) {
		OUT(" ");
		put_match(g);
	}
	n = chance(g->r, 75) + below(g->r, 2);
	for (unsigned i = 0; i < n; i++)
		put_statement(g);
	if (n == 0 || chance(g->r, 45))
		put_end(g);
	if (chance(g->r, 4))
		OUT(" comment \"c%u\"", below(g->r, 100));
	OUT("\n");
}

/* ---- tables ---- */

static void put_sets(struct gen *g)
{
	static const char *const mark_maps[] = { "mark", "mark" };
	unsigned n = below(g->r, 4);

	(void)mark_maps;
	for (unsigned i = 0; i < n; i++) {
		struct nset *s = &g->set[g->n_sets];
		bool can_interval = true;

		*s = (struct nset){ .n = 0 };
		snprintf(s->name, sizeof(s->name), "s%u", g->n_sets);
		g->known = g->families;
		g->at = NULL;
		s->n = draw_fields(g, s->key, MAX_FIELDS);
		for (unsigned f = 0; f < s->n; f++)
			can_interval &= types[s->key[f].type].order || s->n > 1;
		s->kind = chance(g->r, 60) ? IS_SET : chance(g->r, 50) ? IS_VMAP : IS_MARK_MAP;
		s->interval = can_interval && chance(g->r, 45);
		s->dynamic = s->kind == IS_SET && !s->interval && chance(g->r, 50);
		s->timeout = s->kind == IS_SET && chance(g->r, 20);
		s->stmt = s->dynamic && chance(g->r, 35) ? "counter" : NULL;
		OUT("add %s %s %s %s { typeof ", s->kind == IS_SET ? "set" : "map", g->family, g->table, s->name);
		for (unsigned f = 0; f < s->n; f++)
			OUT("%s%s", f ? " . " : "", s->key[f].text);
		OUT("%s; ", s->kind == IS_VMAP ? " : verdict" : s->kind == IS_MARK_MAP ? " : meta mark" : "");
		if (s->interval || s->dynamic || s->timeout)
			OUT("flags %s%s%s; ", s->interval ? "interval" : s->dynamic ? "dynamic" : "timeout", s->interval && s->timeout ? ",timeout" : "",
			    s->dynamic && s->timeout ? ",timeout" : "");
		if (s->timeout && (s->dynamic || chance(g->r, 50)))
			OUT("timeout 2h; ");
		if (s->dynamic)
			OUT("size %u; ", chance(g->r, 20) ? 3 : 1000);
		if (s->stmt || (s->kind == IS_SET && !s->dynamic && chance(g->r, 25)))
			OUT("counter; ");
		OUT("}\n");
		g->n_sets++;
		if (s->kind != IS_VMAP && chance(g->r, s->dynamic ? 40 : 90)) {
			OUT("add element %s %s %s { ", g->family, g->table, s->name);
			put_elems(g, s->key, s->n, s->interval, 1 + below(g->r, 6), s->kind == IS_MARK_MAP ? tail_mark : NULL);
			OUT(" }\n");
		}
	}
}

/* of maps to verdicts: with plain verdicts, since which base chain will come to them is not known yet */
static void put_vmap_elements(struct gen *g)
{
	g->at = NULL;
	for (unsigned i = 0; i < g->n_sets; i++) {
		const struct nset *s = &g->set[i];

		if (s->kind != IS_VMAP)
			continue;
		OUT("add element %s %s %s { ", g->family, g->table, s->name);
		put_elems(g, s->key, s->n, s->interval, 1 + below(g->r, 6), tail_verdict);
		OUT(" }\n");
	}
}

static void put_objects(struct gen *g)
{
	if (!chance(g->r, 25))
		return;
	OUT("add counter %s %s k0\n", g->family, g->table);
	OUT("add quota %s %s q0 { over 400 bytes; }\n", g->family, g->table);
	OUT("add limit %s %s l0 { rate 3/day burst 4 packets; }\n", g->family, g->table);
	g->object[0] = g->object[3] = "counter name \"k0\"";
	g->object[1] = "quota name \"q0\"";
	g->object[2] = "limit name \"l0\"";
	g->n_objects = 4;
}

static void put_base_chain(struct gen *g, struct nchain *c)
{
	static const struct { const char *name; int bit; } hooks[] = {
		{ "prerouting", H_PRE }, { "input", H_IN }, { "forward", H_FWD }, { "output", H_OUT }, { "postrouting", H_POST }, { "forward", H_FWD }, { "prerouting", H_PRE },
	};
	static const char *const prios[] = { "filter", "mangle", "raw", "security", "-10", "0", "5", "-150", "-250", "-350", "filter + 1", "200", "mangle - 5", "-199", "-201", "310" };
	unsigned h = below(g->r, ARRAY_LEN(hooks));
	unsigned kind = below(g->r, 100);

	c->base = true;
	c->type = "filter";
	c->hook = hooks[h].name;
	c->hooks = hooks[h].bit;
	if (strcmp(g->family, "arp") == 0) {
		c->hook = chance(g->r, 60) ? "input" : "output";
		c->hooks = c->hook[0] == 'i' ? H_IN : H_OUT;
		kind = 100;
	} else if (strcmp(g->family, "netdev") == 0) {
		OUT("add chain netdev %s %s { type filter hook ingress device \"eth%u\" priority %d; policy accept; }\n", g->table, c->name, below(g->r, 2), (int)below(g->r, 3) - 1);
		c->hook = "ingress";
		c->hooks = H_INGRESS;
		return;
	} else if (kind < 28 && c->hooks != H_FWD) {
		c->type = "nat";
	} else if (kind < 40) {
		c->type = "route";
		c->hook = "output";
		c->hooks = H_OUT;
	}
	OUT("add chain %s %s %s { type %s hook %s priority %s; policy %s; }\n", g->family, g->table, c->name, c->type, c->hook,
	    strcmp(c->type, "nat") == 0 ? (c->hooks & (H_PRE | H_OUT) ? chance(g->r, 70) ? "-100" : "-90" : chance(g->r, 70) ? "srcnat" : "110") :
	    strcmp(g->family, "arp") == 0 ? "0" : PICK(g->r, prios), chance(g->r, 88) || strcmp(c->type, "nat") == 0 ? "accept" : "drop");
}

static void put_chains(struct gen *g)
{
	unsigned bases = 1 + below(g->r, 4);

	for (unsigned b = 0; b < bases && g->n_chains < MAX_CHAINS; b++) {
		struct nchain *base = &g->chain[g->n_chains];
		unsigned more = below(g->r, 3);

		snprintf(base->name, sizeof(base->name), "b%u", g->n_chains++);
		put_base_chain(g, base);
		if (g->keys == arp_keys)
			more = 0;
		for (unsigned i = 0; i < more && g->n_chains < MAX_CHAINS; i++) {
			struct nchain *c = &g->chain[g->n_chains];

			*c = *base;
			c->base = false;
			snprintf(c->name, sizeof(c->name), "c%u", g->n_chains++);
			OUT("add chain %s %s %s\n", g->family, g->table, c->name);
		}
	}
}

static void put_table(struct rng *r, struct sbuf *out, unsigned number)
{
	static const char *const families[] = { "ip", "ip", "ip6", "ip6", "inet", "inet", "inet", "netdev", "arp" };
	struct gen gen = { .r = r, .out = out, .family = PICK(r, families), .keys = keys, .n_keys = ARRAY_LEN(keys) }, *g = &gen;

	snprintf(g->table, sizeof(g->table), "t%u", number);
	g->families = strcmp(g->family, "ip") == 0 ? F4 : strcmp(g->family, "ip6") == 0 ? F6 : FBOTH;
	if (strcmp(g->family, "arp") == 0) {
		g->keys = arp_keys;
		g->n_keys = ARRAY_LEN(arp_keys);
	}
	OUT("add table %s %s\n", g->family, g->table);
	if (g->keys != arp_keys) {
		put_sets(g);
		put_objects(g);
	}
	put_chains(g);
	put_vmap_elements(g);
	for (unsigned i = 0; i < g->n_chains; i++) {
		unsigned n = below(r, 7);

		g->at = &g->chain[i];
		g->at_index = i;
		while (n--)
			put_rule(g);
	}
}

void gen_nft(struct rng *r, struct sbuf *out)
{
	unsigned n = 1 + below(r, 2);

	for (unsigned i = 0; i < n; i++)
		put_table(r, out, i);
}
