/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * state_test - a namespace kept in a file: what is printed makes the same namespace again, and the file is only
 * touched when something changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "front/kept.h"
#include "front/script.h"
#include "front/state.h"
#include "path/path.h"

static void transmit(struct world *w, struct link *out, struct pkt *p)
{
	pkt_free(p);
}

static void log_line(struct world *w, struct netns *ns, int level, const char *line)
{
}

static void timers(struct world *w)
{
}

static const struct world_ops ops = { .transmit = transmit, .log = log_line, .timers_changed = timers };

static const char setup[] =
	"ip link add br0 type bridge\n"
	"ip link add eth0 type dummy\n"
	"ip link add v0 type veth peer name v1\n"
	"ip link set v1 address 02:00:00:00:00:11 mtu 1400 master br0 up\n"
	"ip link set v0 up\n"
	"ip link set eth0 up\n"
	"ip link set lo up\n"
	"ip link set br0 up\n"
	"ip addr add 10.0.0.1/24 brd + dev eth0\n"
	"ip addr add 10.0.0.2/24 dev eth0 label eth0:1\n"
	"ip addr add 192.168.7.1 peer 192.168.7.2/32 dev v0\n"
	"ip route add default via 10.0.0.254\n"
	"ip route add 172.16.0.0/12 via 10.0.0.253 dev eth0 src 10.0.0.2 metric 5 mtu 1300\n"
	"ip route add 10.8.0.0/16 dev eth0 proto static\n"
	"ip route add 10.7.0.0/16 via 10.0.0.254 table 7\n"
	"ip addr add 10.3.0.1/24 dev eth0 scope host\n"
	"ip route add blackhole 203.0.113.0/24 metric 7\n"
	"ip route add 10.9.0.0/16 nexthop via 10.0.0.253 dev eth0 weight 2 nexthop via 192.168.7.2 dev v0 onlink\n"
	"ip route add default via 10.0.0.9 table 100\n"
	"ip rule add from 10.0.0.0/24 fwmark 0x1/0xff lookup 100 pref 500\n"
	"ip rule add not to 10.1.0.0/16 iif eth0 ipproto tcp dport 80 prohibit\n"
	"ip neigh add 10.0.0.77 lladdr 02:00:00:00:00:77 nud permanent dev eth0\n"
	"sysctl -q -w net.ipv4.ip_forward=1\n"
	"sysctl -q -w net.ipv4.conf.eth0.forwarding=0\n"
	"sysctl -q -w net.ipv4.conf.all.rp_filter=2\n"
	"sysctl -q -w net.ipv4.conf.v0.proxy_arp=1\n"
	"iptables -N user\n"
	"iptables -P FORWARD DROP\n"
	"iptables -A INPUT -p tcp --dport 22 -m comment --comment \"it's END\" -c 7 420 -j ACCEPT\n"
	"iptables -A INPUT -j user\n"
	"iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE\n"
	"iptables -t raw -N empty\n"
	"iptables -t raw -X empty\n";

static struct world *new_world(void)
{
	struct world *w = mem_zalloc(sizeof(*w));

	assert_non_null(w);
	assert_int_equal(path_world_init(w, 1, &ops, NULL), 0);
	return w;
}

static void end_world(struct world *w)
{
	world_free(w);
	mem_free(w);
}

static struct netns *filled(struct world *w, const char *text)
{
	struct netns *ns = netns_new(w, "here");
	struct sbuf err = SBUF_INIT;
	struct script s = { .world = w, .ns = ns, .err = stream_to_sbuf(&err) };
	unsigned line = 0;

	assert_non_null(ns);
	if (script_run(&s, "test", text, &line) != 0)
		fail_msg("line %u: %s\n%s", line, sbuf_str(&err), text);
	assert_string_equal(sbuf_str(&err), "");
	stream_put(s.err);
	sbuf_free(&err);
	return ns;
}

static void test_round_trip(void **state)
{
	struct world *w = new_world(), *v = new_world();
	struct sbuf first = SBUF_INIT, second = SBUF_INIT;
	struct netns *again;

	assert_int_equal(state_print(filled(w, setup), &first), 0);
	again = filled(v, sbuf_str(&first));
	kept_read(again, sbuf_str(&first));
	assert_int_equal(state_print(again, &second), 0);
	if (getenv("STATE_SHOW"))
		printf("%s\n----\n%s", sbuf_str(&first), sbuf_str(&second));
	assert_string_equal(sbuf_str(&first), sbuf_str(&second));
	/* a few of the things that must be in it */
	assert_non_null(strstr(first.data, "sysctl -q -w net.ipv4.ip_forward=1\n"));
	assert_non_null(strstr(first.data, "net.ipv4.conf.eth0.forwarding=0\n"));
	assert_non_null(strstr(first.data, "[7:420] -A INPUT -p tcp"));
	assert_non_null(strstr(first.data, "*raw\n"));
	assert_null(strstr(first.data, ":OUTPUT"));	/* chains that are not there stay away */
	sbuf_free(&first);
	sbuf_free(&second);
	end_world(w);
	end_world(v);
}

/* 0 or what state_close() says; runs @text on the namespace in @path */
static int on_file(const char *path, const char *text, bool keep)
{
	struct world *w = new_world();
	struct netns *ns = netns_new(w, "here");
	struct sbuf err = SBUF_INIT;
	struct state *st = state_open(ns, path, &err);
	struct script s = { .world = w, .ns = ns };
	int r;

	if (!st) {
		assert_true(err.len > 0);
		sbuf_free(&err);
		end_world(w);
		return -1;
	}
	script_run(&s, "test", text, NULL);
	r = state_close(st, keep);
	sbuf_free(&err);
	end_world(w);
	return r;
}

static void test_file(void **state)
{
	char dir[] = "/tmp/natbox-state-XXXXXX", path[64];
	struct stat before, after;
	struct sbuf text = SBUF_INIT;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/gw", dir);
	assert_int_equal(on_file(path, "iptables -A INPUT -j ACCEPT", false), 0);
	assert_int_not_equal(stat(path, &before), 0);	/* not kept */
	assert_int_equal(on_file(path, "iptables -A INPUT -j ACCEPT", true), 0);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(on_file(path, "iptables -L", true), 0);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);	/* untouched */
	assert_int_equal(on_file(path, "iptables -A INPUT -j DROP", true), 0);
	assert_int_equal(script_read_file(path, &text), 0);
	assert_non_null(strstr(text.data, "-A INPUT -j ACCEPT\n[0:0] -A INPUT -j DROP\n"));
	sbuf_free(&text);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(on_file(path, "", true), 0);
	FILE *f = fopen(path, "w");
	fputs("iptables -A NOSUCH\n", f);
	fclose(f);
	assert_int_equal(on_file(path, "", true), -1);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);	/* nothing else was left there */
}

/* handles, the order in which things were made, generations and time outlive the commands */
static void test_kept(void **state)
{
	static const char want[] = "#= ruleset 6 2 1 0\n"
				   "#= table 1 8 2 t\n"
				   "#= chain 1 1 z\n"
				   "#= rules 7,3+2\n"
				   "#= chain 2 0 a\n"
				   "#= set 6 s\n"
				   "#= table 2 0 2 b\n";
	char dir[] = "/tmp/natbox-state-XXXXXX", path[64];
	struct sbuf text = SBUF_INIT;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/gw", dir);
	assert_int_equal(on_file(path,
				 "nft 'add table t; add chain t z { type filter hook input priority 0; }; add chain t a'\n"
				 "nft 'add rule t z accept; add rule t z drop; add rule t z return'\n"
				 "nft 'add table b'\n", true), 0);
	assert_int_equal(on_file(path, "nft 'add set t s { type ipv4_addr; flags timeout; }'\n", true), 0);
	assert_int_equal(on_file(path, "nft 'insert rule t z ip saddr @s counter'\n", true), 0);
	assert_int_equal(on_file(path, "nft 'delete rule t z handle 5; add table t'\n", true), 0);
	assert_int_equal(on_file(path, "nft 'add rule t z jump nowhere'\n", true), 0);
	assert_int_equal(script_read_file(path, &text), 0);
	if (getenv("STATE_SHOW"))
		printf("%s", sbuf_str(&text));
	assert_non_null(strstr(sbuf_str(&text), want));
	sbuf_free(&text);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_round_trip), cmocka_unit_test(test_file),
					    cmocka_unit_test(test_kept) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
