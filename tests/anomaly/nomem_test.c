/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nomem_test - every command, script and replay, with the first allocation failing, then the second, and so on until none does: the namespace is then
 * as it was or as it was to be, and the world still works. (Leaks are found by the build with ASan.)
 *
 * LINK: -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "../fuzz/fuzz.h"
#include "front/state.h"
#include "replay/replay.h"

static unsigned fail_at, allocs;	/* the allocation that fails, from 1; 0: none */
static unsigned different;
static bool for_good;			/* and all after it */

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t m);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t m);
void *__wrap_realloc(void *p, size_t n);

static bool fails(void)
{
	if (!fail_at)
		return false;
	allocs++;
	return allocs == fail_at || (for_good && allocs > fail_at);
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t m)
{
	return fails() ? NULL : __real_calloc(n, m);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

static void arm(unsigned n)
{
	allocs = 0;
	fail_at = n;
}

static const char base[] =
	"sysctl -q -w net.ipv4.ip_forward=1\n"
	"ip link set lo up; ip link set eth0 up; ip link set eth1 up\n"
	"ip addr add 10.0.1.1/24 dev eth0; ip addr add 10.0.2.1/24 dev eth1\n"
	"ip route add default via 10.0.2.2; ip rule add fwmark 7 lookup 100\n"
	"ip link add br0 type bridge; ip link set p0 master br0\n"
	"ip neigh add 10.0.1.2 lladdr 02:00:00:00:01:02 dev eth0\n"
	"iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE\n"
	"iptables -N u; iptables -A FORWARD -j u; iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP\n"
	"conntrack -I -s 10.0.1.2 -d 10.0.2.2 -p udp --sport 5 --dport 6 -t 100\n"
	"nft 'table inet f { counter k { }; set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.0.1 }; };"
	" map m { type inet_service : verdict; elements = { 22 : accept, 23 : jump c }; }; chain c { counter drop; };"
	" chain in { type filter hook input priority 0; ip saddr @s tcp dport vmap @m; counter name k; }; }'\n";

static const char *const commands[] = {
	"ip link add d0 address 02:00:00:00:00:55 type dummy",
	"ip link add v0 address 02:00:00:00:00:56 type veth peer name v1 address 02:00:00:00:00:57",
	"ip link add br1 address 02:00:00:00:00:58 type bridge",
	"ip link set eth0 down",
	"ip link set p1 master br0",
	"ip link set p0 nomaster",
	"ip link set eth0 name wan",
	"ip link set eth1 mtu 1300",
	"ip link del br0",
	"ip addr add 10.0.3.1/24 brd + dev eth0",
	"ip addr add 10.0.1.7/24 dev eth0",
	"ip addr del 10.0.1.1/24 dev eth0",
	"ip addr flush dev eth1",
	"ip route add 10.9.0.0/16 via 10.0.1.2",
	"ip route add 10.9.0.0/16 nexthop via 10.0.1.2 nexthop via 10.0.2.2 weight 3",
	"ip route replace default via 10.0.1.2 metric 5",
	"ip route del default",
	"ip route flush table main",
	"ip route get 10.0.2.9",
	"ip rule add from 10.0.1.0/24 lookup 200 pref 77",
	"ip rule del fwmark 7",
	"ip neigh add 10.0.1.3 lladdr 02:00:00:00:01:03 dev eth0",
	"ip neigh del 10.0.1.2 dev eth0",
	"ip -d -s addr show",
	"ip route show table all",
	"sysctl -w net.ipv4.conf.eth0.rp_filter=1",
	"sysctl net.ipv4.ip_forward",
	"iptables -A u -s 1.2.3.4 -p tcp -m multiport --dports 1,2 -j LOG",
	"iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu",
	"iptables -D FORWARD 1",
	"iptables -F",
	"iptables -t nat -nvL",
	"conntrack -I -s 10.0.1.3 -d 10.0.2.2 -p tcp --sport 5 --dport 6 --state ESTABLISHED -t 100 -m 5",
	"conntrack -I -s 10.0.1.3 -d 10.0.2.2 -r 10.0.2.2 -q 10.0.2.1 -p udp --sport 5 --dport 6 -t 100",
	"conntrack -D -p udp",
	"conntrack -F",
	"conntrack -L -o extended",
	"nft add table ip6 x",
	"nft 'add chain inet f out { type filter hook output priority filter + 3; policy drop; }'",
	"nft 'add rule inet f in ip6 saddr . tcp dport { fe80::1 . 22, fe80::2 . 23 } log prefix \"a b\" limit rate 3/second accept'",
	"nft insert rule inet f in tcp flags syn / fin,syn meta mark set ct mark and 0xff or 1 comment \"why\"",
	"nft 'add rule inet f c udp dport { 1, 2-5 } meta mark set ip dscp map { cs1 : 1, cs2 : 2 }'",
	"nft 'add element inet f s { 1.1.1.1, 2.0.0.0/8, 3.3.3.3-3.3.3.9 }'",
	"nft 'add element inet f m { 24 : goto c, 25 : drop }'",
	"nft 'delete element inet f s { 192.168.0.1 }'",
	"nft 'add set inet f d { type ipv4_addr . inet_service; flags dynamic,timeout; timeout 5s; size 10; }'",
	"nft 'flush chain inet f in; delete map inet f m; add chain inet f q; add rule inet f q jump c'",
	"nft 'table ip n { chain p { type nat hook prerouting priority dstnat; tcp dport 80 dnat to 10.0.1.2:8080; }; }'",
	"nft flush ruleset",
	"nft -a list ruleset",
	"nft -j list ruleset",
	"echo '{\"nftables\": [{\"add\": {\"table\": {\"family\": \"ip\", \"name\": \"j\"}}}]}' | nft -j -f -",
	"nft delete rule inet f in handle 99 || true",
	"for i in 1 2 3; do x=$((i * 2)); test $x -gt 3 && ip route add 10.$x.0.0/16 via 10.0.1.2; done; true",
	"cat <<E | iptables-restore -n\n*filter\n-A u -j DROP\nCOMMIT\nE\n",
};

/* without the lines that keep numbers: a batch that is refused uses up handles, in Linux as well */
static char *without_numbers(char *text)
{
	char *to = text, *next;

	for (char *l = text; *l; l = next) {
		next = l + strcspn(l, "\n");
		next += *next == '\n';
		if (strncmp(l, "#=", 2) == 0)
			continue;
		memmove(to, l, (size_t)(next - l));
		to += next - l;
	}
	*to = 0;
	return text;
}

/* the namespace as text, its connections included */
static char *shown(struct fuzz *f)
{
	static char *const list[] = { "conntrack", "-L", NULL };
	struct sbuf out = SBUF_INIT;
	struct stream *s;
	struct script x = { .world = &f->w, .ns = f->ns };

	assert_int_equal(state_print(f->ns, &out), 0);
	s = stream_to_sbuf(&out);
	x.out = s;
	script_command(&x, 2, (char **)list);
	stream_put(s);
	return without_numbers(sbuf_steal(&out));
}

/* the lines that @b has more or less than @a */
static void tell(const char *what, const char *a, const char *b)
{
	for (int way = 0; way < 2; way++) {
		const char *from = way ? a : b, *in = way ? b : a;

		for (size_t n; *from; from += n + (from[n] == '\n')) {
			n = strcspn(from, "\n");
			if (!memmem(in, strlen(in), from, n))
				print_message("    %s: %c%.*s\n", what, way ? '-' : '+', (int)n, from);
		}
	}
}

static int run(struct fuzz *f, const char *text)
{
	struct script x = { .world = &f->w, .ns = f->ns, .dir = "/nonexistent" };

	return script_run(&x, "command", text, NULL);
}

/* several commands, of which some may be done; a text for nft is whole or not at all */
static bool is_script(const char *text)
{
	return strncmp(text, "nft ", 4) != 0 && strpbrk(text, ";\n") != NULL;
}

static void one_command(const char *text)
{
	char *before, *complete, *after;
	struct fuzz f;
	unsigned n;
	int status;

	fuzz_begin(&f);
	fuzz_setup(&f, base);
	before = shown(&f);
	status = run(&f, text);
	if (status)
		print_message("%s: status %d\n", text, status);
	assert_int_equal(status, 0);
	complete = shown(&f);
	fuzz_end(&f);
	for (n = 1;; n++) {
		assert_true(n < 3000);
		fuzz_begin(&f);
		fuzz_setup(&f, base);
		arm(n);
		status = run(&f, text);
		fail_at = 0;
		after = shown(&f);
		if (!is_script(text) && strcmp(after, before) != 0 && strcmp(after, complete) != 0) {
			print_message("%s, allocation %u failing, status %d:\n", text, n, status);
			tell("complete", before, complete);
			tell("but got", before, after);
			different++;
		}
		free(after);
		if (allocs < n) {
			fuzz_end(&f);
			break;
		}
		run(&f, text);		/* whatever was left must be usable */
		fuzz_end(&f);
	}
	free(before);
	free(complete);
}

static void commands_fail_whole(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (!getenv("NOMEM_ONLY") || strstr(commands[i], getenv("NOMEM_ONLY")))
			one_command(commands[i]);
	assert_int_equal(different, 0);
}

static struct pkt *udp_packet(struct fuzz *f, uint8_t last, uint16_t len, uint16_t frag)
{
	uint8_t b[200] = { [12] = 8, [14] = 0x45, [22] = 64, [23] = IPPROTO_UDP, [26] = 10, [27] = 0, [28] = 1, [29] = 2, [30] = 10, [32] = 2, [34] = 0, [35] = last, [37] = 9 };
	uint32_t sum = 0;

	memcpy(b, link_by_name(&f->ns->links, "eth0")->mac, 6);
	b[17] = (uint8_t)(20 + len);
	b[19] = last;
	b[20] = (uint8_t)(frag >> 8);
	b[21] = (uint8_t)frag;
	b[33] = last;
	b[39] = (uint8_t)len;
	for (int i = 14; i < 34; i += 2)
		sum += (uint32_t)(b[i] << 8 | b[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~(sum + (sum >> 16));
	b[24] = (uint8_t)(sum >> 8);
	b[25] = (uint8_t)sum;
	return pkt_from_frame(&f->w.pool, b, 34u + len);
}

/* packets while memory is short: each is forwarded, waits or is dropped; when memory is back, they pass */
static void packets_survive(void **state)
{
	for (unsigned n = 1; n < 60; n++) {
		struct fuzz f;
		struct pkt *p;

		fuzz_begin(&f);
		fuzz_setup(&f, base);
		for_good = n & 1;
		arm(n / 2 + 1);
		for (uint8_t i = 2; i < 60; i++) {
			p = udp_packet(&f, i, 24, i % 3 ? 0 : 0x2000);
			if (p)
				path_rx(link_by_name(&f.ns->links, "eth0"), &p, 1);
			if (i % 16 == 0)
				fuzz_sleep(&f, 1000);
		}
		fail_at = 0;
		fuzz_sleep(&f, 60000);
		f.sent = 0;
		fuzz_setup(&f, "ip neigh replace 10.0.2.200 lladdr 02:00:00:00:02:02 dev eth1\n");
		p = udp_packet(&f, 200, 24, 0);
		assert_non_null(p);
		path_rx(link_by_name(&f.ns->links, "eth0"), &p, 1);
		assert_int_equal(f.sent, 1);
		fuzz_end(&f);
	}
	for_good = false;
}

static void worlds_fail_whole(void **state)
{
	for (unsigned n = 1;; n++) {
		struct world w;
		struct netns *ns = NULL;
		bool made;

		assert_true(n < 1000);
		arm(n);
		made = path_world_init(&w, 1, &fuzz_ops, NULL) == 0;
		if (made)
			ns = netns_new(&w, "x");
		fail_at = 0;
		if (made)
			world_free(&w);
		if (ns && allocs < n)
			break;
	}
}

static void replays_fail_whole(void **state)
{
	char dir[] = "/tmp/natbox-nomem-XXXXXX", setup[64], in[64], out[64];
	static const uint8_t pcap[24] = { 0x4d, 0x3c, 0xb2, 0xa1, 2, 0, 4, 0, [18] = 4, [20] = 1 };
	FILE *null = fopen("/dev/null", "w"), *f;
	int status = 2;

	assert_non_null(mkdtemp(dir));
	snprintf(setup, sizeof(setup), "%s/setup", dir);
	snprintf(in, sizeof(in), "%s/in", dir);
	snprintf(out, sizeof(out), "%s/out", dir);
	f = fopen(setup, "w");
	fputs("ip addr add 10.0.1.1/24 dev eth0\nip addr add 10.0.2.1/24 dev eth1\niptables -t nat -A POSTROUTING -j MASQUERADE\n", f);
	fclose(f);
	f = fopen(in, "w");
	fwrite(pcap, 1, sizeof(pcap), f);
	fclose(f);
	for (unsigned n = 1; status; n++) {
		struct replay_opts o = { .setup = setup, .in = { { "eth0", in } }, .out = { { "eth1", out } }, .n_in = 1, .n_out = 1, .seed = 1 };
		struct sbuf text = SBUF_INIT;

		assert_true(n < 3000);
		arm(n);
		status = replay_run(&o, &text, null);
		fail_at = 0;
		if (allocs < n)
			assert_int_equal(status, 0);
		else
			status = 1;
		sbuf_free(&text);
	}
	unlink(setup);
	unlink(in);
	unlink(out);
	rmdir(dir);
	fclose(null);
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test(worlds_fail_whole),
		cmocka_unit_test(commands_fail_whole),
		cmocka_unit_test(packets_survive),
		cmocka_unit_test(replays_fail_whole),
	};

	return cmocka_run_group_tests_name("anomaly: memory", all, NULL, NULL);
}
