/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * frame_fuzz - frames of both families into a gateway with NAT of every kind, a bridge, fragments and policy routing.
 *
 * Input: records of
 *	where	1 byte: link in the low two bits; 4: addressed to the link; 8: put the IP header's checksum right; 16: the transport's too;
 *		32: nothing is learned by ARP before; 64: the next record comes in the same vector
 *	wait	1 byte: how long before it, see waits[]
 *	length	2 bytes
 *	frame	that many bytes
 */
#include "fuzz.h"
#include "net/edit.h"
#include "net/parse.h"

static const char setup[] =
	"sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=2\n"
	"ip link set lo up; ip link set eth0 up; ip link set eth1 up\n"
	"ip link add br0 type bridge; ip link set p0 master br0; ip link set p1 master br0\n"
	"ip link set p0 up; ip link set p1 up; ip link set br0 up\n"
	"ip addr add 10.0.1.1/24 dev eth0; ip addr add 10.0.2.1/24 dev eth1; ip addr add 10.0.3.1/24 dev br0\n"
	"ip link set eth1 mtu 1300\n"
	"ip route add default via 10.0.2.2; ip route add blackhole 10.9.0.0/16; ip route add unreachable 10.10.0.0/16\n"
	"ip rule add fwmark 7 lookup 100; ip route add default via 10.0.1.2 table 100\n"
	"ip neigh add 10.0.1.2 lladdr 02:00:00:00:01:02 dev eth0\n"
	"ip neigh add 10.0.2.2 lladdr 02:00:00:00:02:02 dev eth1\n"
	"sysctl -q -w net.ipv6.conf.all.forwarding=1 net.ipv6.conf.all.proxy_ndp=1\n"
	"ip addr add 2001:db8:1::1/64 dev eth0 nodad; ip addr add 2001:db8:2::1/64 dev eth1 nodad; ip addr add 2001:db8:3::1/64 dev br0\n"
	"ip -6 route add default via fe80::22 dev eth1; ip -6 route add prohibit 2001:db8:9::/48\n"
	"ip -6 neigh add proxy 2001:db8:1::77 dev eth0\n"
	"ip neigh add 2001:db8:1::2 lladdr 02:00:00:00:01:02 dev eth0\n"
	"ip neigh add fe80::22 lladdr 02:00:00:00:02:02 dev eth1\n"
	"iptables -t raw -A PREROUTING -p udp --dport 53 -j NOTRACK\n"
	"iptables -t mangle -A PREROUTING -p tcp --dport 22 -j MARK --set-mark 7\n"
	"iptables -t mangle -A PREROUTING -m mark --mark 7 -j CONNMARK --save-mark\n"
	"iptables -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu\n"
	"iptables -t mangle -A POSTROUTING -p udp -j TTL --ttl-set 10\n"
	"iptables -t mangle -A POSTROUTING -p tcp -j DSCP --set-dscp 12\n"
	"iptables -t mangle -A POSTROUTING -p icmp -j TOS --set-tos 16\n"
	"iptables -t nat -A PREROUTING -i eth1 -p tcp --dport 80 -j DNAT --to-destination 10.0.1.2:8080-8090\n"
	"iptables -t nat -A PREROUTING -i eth1 -p udp --dport 90 -j REDIRECT --to-ports 99\n"
	"iptables -t nat -A PREROUTING -d 10.0.8.0/24 -j NETMAP --to 10.0.1.0/24\n"
	"iptables -t nat -A POSTROUTING -o eth1 -p tcp -j SNAT --to-source 10.0.2.100-10.0.2.103\n"
	"iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE\n"
	"iptables -A FORWARD -m conntrack --ctstate INVALID -j LOG --log-prefix 'bad: ' --log-tcp-options --log-ip-options --log-tcp-sequence\n"
	"iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
	"iptables -A FORWARD -p tcp --dport 23 -j REJECT --reject-with tcp-reset\n"
	"iptables -A FORWARD -p udp --dport 23 -j REJECT\n"
	"iptables -A FORWARD -f -j LOG\n"
	"iptables -A FORWARD -p tcp --tcp-option 8 -m length --length 40:60 -m tcpmss --mss 500:1400\n"
	"iptables -A FORWARD -p icmp --icmp-type echo-request -m limit --limit 5/s -j ACCEPT\n"
	"iptables -A FORWARD -m multiport -p tcp --ports 1:20,25 -j DROP\n"
	"iptables -A INPUT -m pkttype --pkt-type broadcast -j DROP\n"
	"iptables -A INPUT -j LOG\n";

/* rules for IPv6: one action in a chain of its own */
static void rule6(struct fuzz *f, enum chain_type type, enum nf_inet_hooks hook, const char *name, const struct ir_stmt *s)
{
	struct txn *x = txn_begin(&f->ns->rules);
	struct table *t = txn_table(x, NFPROTO_IPV6, "fuzz");
	struct chain *c = txn_chain_add(x, t ? t : txn_table_add(x, NFPROTO_IPV6, "fuzz", false), name);
	struct ir_list body;

	MUST(c);
	MUST(txn_chain_set_base(x, c, type, hook, 0, false) == 0);
	ir_list_init(&body);
	ir_append(&body, IR_ACTION)->action = s->action;
	MUST(txn_rule_insert(x, c, 0, rule_new(NULL, &body)) == 0);
	MUST(txn_commit(x) == 0);
}

static void rules6(struct fuzz *f)
{
	struct ir_stmt masquerade = { .kind = IR_ACTION }, redirect = { .kind = IR_ACTION }, log = { .kind = IR_ACTION }, npt = { .kind = IR_ACTION };

	masquerade.action.act = IR_ACT_MASQUERADE;
	rule6(f, CHAIN_NAT, NF_INET_POST_ROUTING, "masquerade", &masquerade);
	redirect.action.act = IR_ACT_REDIRECT;
	rule6(f, CHAIN_NAT, NF_INET_LOCAL_OUT, "redirect", &redirect);
	log.action.act = IR_ACT_LOG;
	log.action.log = mem_zalloc(sizeof(*log.action.log));
	MUST(log.action.log);
	log.action.log->logflags = 0xff;
	rule6(f, CHAIN_FILTER, NF_INET_FORWARD, "log", &log);
	npt.action.act = IR_ACT_DNPT;
	npt.action.npt.src.b[0] = npt.action.npt.dst.b[0] = 0x20;
	npt.action.npt.dst.b[7] = 7;
	npt.action.npt.src_len = npt.action.npt.dst_len = 64;
	rule6(f, CHAIN_FILTER, NF_INET_LOCAL_IN, "npt", &npt);
}

static const uint16_t waits[] = { 0, 0, 0, 1, 10, 100, 1000, 30000 };

static void checksums(struct pkt *p, bool l4)
{
	struct iphdr *ip;

	if (parse_eth(p) != DROP_NONE || pkt_l3_len(p) < sizeof(*ip))
		return;
	if (p->ethertype == htons(ETH_P_IPV6)) {
		if (l4 && parse_ip(p) == DROP_NONE && !(p->flags & (PKT_FRAG | PKT_L4_CUT)))
			edit_fill_checksums(p);
		return;
	}
	if (p->ethertype != htons(ETH_P_IP))
		return;
	ip = pkt_ip4(p);
	if (ip->ihl < 5 || ip->ihl * 4u > pkt_l3_len(p))
		return;
	ip->version = 4;
	ip->check = 0;
	ip->check = csum_fold(csum_partial(ip, ip->ihl * 4u, 0));
	if (l4 && parse_ip(p) == DROP_NONE && !(p->flags & (PKT_FRAG | PKT_L4_CUT)))
		edit_fill_checksums(p);
}

static struct pkt *frame(struct fuzz *f, struct link *in, unsigned where, const uint8_t *data, size_t n)
{
	uint8_t copy[2048];
	struct pkt *p;

	memcpy(copy, data, n);
	if (where & 4 && n >= 6)
		memcpy(copy, in->mac, 6);
	if (where & 24) {
		p = pkt_from_frame(&f->w.pool, copy, (uint32_t)n);
		MUST(p);
		checksums(p, where & 16);
		if (!(p->flags & PKT_VLAN))	/* a tag is taken out of the frame by parsing */
			memcpy(copy, p->buf + p->mac, MIN(n, pkt_len(p)));
		pkt_free(p);
	}
	return pkt_from_frame(&f->w.pool, copy, (uint32_t)n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "eth0", "eth1", "p0", "p1" };
	struct bytes b = { data, data + size };
	struct pkt *batch[8];
	struct fuzz f;
	unsigned n = 0;

	fuzz_begin(&f);
	fuzz_setup(&f, setup);
	rules6(&f);
	for (unsigned i = 0; i < 64 && b.end - b.p > 4; i++) {
		unsigned where = take(&b, 1), wait = take(&b, 1), len = take(&b, 2);
		struct link *in = link_by_name(&f.ns->links, names[where & 3]);

		len = MIN(MIN(len, 2000u), (unsigned)(b.end - b.p));
		if (!n)
			fuzz_sleep(&f, waits[wait % 8]);
		batch[n] = frame(&f, in, where, b.p, len);
		b.p += len;
		MUST(batch[n++]);
		if (where & 64 && n < 8 && i < 63 && b.end - b.p > 4)
			continue;
		path_rx(in, batch, n);
		fuzz_drain(&f);
		n = 0;
	}
	fuzz_sleep(&f, 100000);
	fuzz_end(&f);
	return 0;
}
