/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nft_eval_test - rules as nft 1.0.6 lists them back, and the errors it gives, both recorded from the real tool.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "front/nft/tool.h"

static const struct {
	const char *family, *rule, *want;	/* NULL: as written; "!...": the first error */
} cases[] = {
	/* what goes without saying */
	{ "ip", "ip protocol tcp tcp dport 22", "tcp dport 22" },
	{ "ip", "meta l4proto tcp tcp dport 22", "tcp dport 22" },
	{ "ip", "meta protocol ip tcp dport 22", "tcp dport 22" },
	{ "ip", "meta l4proto tcp counter tcp dport 22", "meta l4proto tcp counter packets 0 bytes 0 tcp dport 22" },
	{ "inet", "ip protocol tcp tcp dport 22", NULL },
	{ "inet", "ip6 nexthdr tcp tcp dport 22", NULL },
	{ "inet", "meta nfproto ipv4 tcp dport 22", NULL },
	{ "inet", "meta nfproto ipv4 ip saddr 1.2.3.4", "ip saddr 1.2.3.4" },
	{ "inet", "meta protocol ip ip saddr 1.2.3.4", NULL },
	{ "inet", "meta nfproto ipv4 icmp type echo-request", "icmp type echo-request" },
	{ "inet", "meta nfproto ipv4 meta l4proto icmp", "meta l4proto icmp" },
	{ "inet", "ether type ip ip saddr 1.1.1.1", "ip saddr 1.1.1.1" },
	{ "inet", "icmpv6 id 5", "icmpv6 type { echo-request, echo-reply } icmpv6 id 5" },
	{ "ip", "icmp type destination-unreachable icmp mtu 5", "icmp mtu 5" },
	{ "bridge", "ether type vlan vlan id 5", "vlan id 5" },
	{ "bridge", "ether type 8021ad vlan id 5", NULL },
	{ "ip", "ip protocol udp th dport 53", "udp dport 53" },
	/* loads that become one */
	{ "ip", "tcp dport 80 tcp sport 33", "tcp sport 33 tcp dport 80" },
	{ "ip", "ip daddr 2.2.2.2 ip saddr 1.1.1.1", NULL },
	{ "ip", "@nh,0,8 0x45", "ip version 4 ip hdrlength 5" },
	{ "ip", "@nh,96,16 5", "ip saddr 0.5.0.0/16" },
	{ "ip", "@nh,9,1 1", "@nh,8,8 & 0x40 == 0x40" },
	/* flags, masks, arithmetic */
	{ "ip", "tcp flags & (fin|syn) == syn", "tcp flags syn / fin,syn" },
	{ "ip", "tcp flags & (syn|ack) == 0", "tcp flags ! syn,ack" },
	{ "ip", "ct state established | related", "ct state established,related" },
	{ "ip", "ip saddr & 255.255.0.0 == 10.1.0.0", "ip saddr 10.1.0.0/16" },
	{ "ip", "meta mark xor 0x3 == 0x1", "meta mark 0x00000002" },
	{ "ip", "meta mark set (meta mark and 0xffffff00) | 0x5", "meta mark set meta mark & 0xffffff05 | 0x00000005" },
	{ "ip", "meta cpu 1/30", "meta cpu & 4294967292 == 0" },
	/* sets */
	{ "ip", "tcp dport { 22 }", "tcp dport 22" },
	{ "ip", "tcp dport { 22, 22 }", "tcp dport { 22 }" },
	{ "ip", "tcp dport { 22-24, 25 }", "tcp dport { 22-25 }" },
	{ "ip", "ip saddr { 192.168.0.0-192.168.255.255, 1.1.1.1 }", "ip saddr { 1.1.1.1, 192.168.0.0/16 }" },
	{ "ip", "iifname { \"eth0\", \"lo\" }", "iifname { \"lo\", \"eth0\" }" },
	{ "ip", "ip saddr . tcp dport { 9.0.0.1 . 22, 1.2.3.4 . 80, 1.2.3.4 . 22 }",
	  "ip saddr . tcp dport { 9.0.0.1 . 22, 1.2.3.4 . 22, 1.2.3.4 . 80 }" },
	{ "ip", "tcp dport vmap { 80 : accept, 22 : drop }", "tcp dport vmap { 22 : drop, 80 : accept }" },
	{ "ip", "meter m { ip saddr limit rate 5/second }", "meter m size 65535 { ip saddr limit rate 5/second }" },
	/* statements */
	{ "inet", "ip saddr 1.1.1.1 reject", "ip saddr 1.1.1.1 reject with icmp port-unreachable" },
	{ "inet", "ct state new reject with tcp reset", "meta l4proto tcp ct state new reject with tcp reset" },
	{ "ip", "meta hour \"22:00\"-\"02:00\"", "meta hour != \"02:00\"-\"22:00\"" },
	/* errors */
	{ "ip", "ip6 saddr ::1", "!conflicting protocols specified: ip vs. ip6" },
	{ "ip", "udp dport 53 tcp dport 53", "!conflicting protocols specified: udp vs. tcp" },
	{ "ip", "ip ttl 300", "!Value 300 exceeds valid range 0-255" },
	{ "ip", "tcp dport 30-22", "!Range has zero or negative size" },
	{ "ip", "tcp dport 22,23", "!Basetype of type internet network service is not bitmask" },
	{ "ip", "tcp dport vmap { 22-25 : accept, 24 : drop }", "!conflicting intervals specified" },
	{ "ip", "ip saddr . tcp dport 1.2.3.4 . 22", "!Use concatenations with sets and maps, not singleton values" },
	{ "ip", "meta mark set ip saddr", "!datatype mismatch: expected packet mark, expression has type IPv4 address" },
	{ "ip", "accept counter", "!Statement after terminal statement has no effect" },
	{ "ip", "icmp mtu 5 icmp id 5", "!incompatible icmp match: rule has 3, need 8" },
	{ "ip", "iifname \"*\"", "!All-wildcard strings are not supported" },
	{ "ip", "udp dport 22 reject with tcp reset", "!you cannot use tcp reset with this protocol" },
};

static int put(struct cmd *c, int fd, const void *b, size_t n)
{
	return 0;
}

static const struct cmd_ops ops = { .write = put };

/* one command line; its output, or "!" and its first error */
static int run(struct netns *ns, const char *text, char *out, size_t n)
{
	struct cmd c = { .world = ns->world, .ns = ns, .host = "test", .ops = &ops };
	char copy[1024], *argv[] = { "nft", copy, NULL };
	const char *err;
	int rc;

	snprintf(copy, sizeof(copy), "%s", text);
	rc = nft_main(&c, 2, argv);
	err = strstr(sbuf_str(&c.err), "Error: ");
	if (rc)
		snprintf(out, n, "!%.*s", err ? (int)strcspn(err + 7, "\n") : 0, err ? err + 7 : "");
	else
		snprintf(out, n, "%s", sbuf_str(&c.out));
	sbuf_free(&c.out);
	sbuf_free(&c.err);
	return rc;
}

/* the only rule of a listed chain */
static const char *rule_of(char *listing)
{
	char *at = strstr(listing, "chain y {\n");

	if (!at)
		return listing;
	at += strlen("chain y {\n");
	at += strspn(at, "\t");
	at[strcspn(at, "\n")] = '\0';
	return at;
}

static void test_rules(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *want = cases[i].want ? cases[i].want : cases[i].rule;
		char text[1024], out[4096];
		struct netns *ns;
		struct world w;

		assert_int_equal(world_init(&w, 1, NULL, NULL, NULL), 0);
		ns = netns_new(&w, "test");
		assert_non_null(ns);
		snprintf(text, sizeof(text), "add table %s t; add chain %s t y", cases[i].family, cases[i].family);
		assert_int_equal(run(ns, text, out, sizeof(out)), 0);
		snprintf(text, sizeof(text), "add rule %s t y %s", cases[i].family, cases[i].rule);
		if (run(ns, text, out, sizeof(out)) == 0) {
			snprintf(text, sizeof(text), "list chain %s t y", cases[i].family);
			assert_int_equal(run(ns, text, out, sizeof(out)), 0);
		}
		assert_string_equal(rule_of(out), want);
		world_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rules) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
