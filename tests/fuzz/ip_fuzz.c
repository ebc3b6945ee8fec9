/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_fuzz - ip, sysctl, conntrack, bridge, brctl and arp command lines, one in a line; then some packets over what they left.
 */
#include "fuzz.h"

static const char *const tools[] = { "ip", "sysctl", "conntrack", "bridge", "brctl", "arp", NULL };

static void shows(struct fuzz *f)
{
	static char *const show[][8] = {
		{ "ip", "-d", "-s", "addr" }, { "ip", "route", "show", "table", "all" }, { "ip", "rule" },	 { "ip", "-s", "neigh" },
		{ "bridge", "fdb" },	      { "conntrack", "-L" },			 { "sysctl", "-a" }, { "ip", "route", "get", "10.0.9.9" },
	};

	for (size_t i = 0; i < ARRAY_LEN(show); i++) {
		int n = 0;
		char *argv[8];

		for (; show[i][n]; n++)
			argv[n] = show[i][n];
		argv[n] = NULL;
		fuzz_command(f, n, argv, "", 0);
	}
}

static void packet(struct fuzz *f, const char *dev, const char *dst)
{
	struct link *in = link_by_name(&f->ns->links, dev);
	uint8_t b[42] = { [12] = 8, [14] = 0x45, [17] = 28, [22] = 64, [23] = IPPROTO_UDP, [26] = 10, [27] = 0, [28] = 1, [29] = 7, [35] = 9, [37] = 9, [39] = 8 };
	union inet_addr a;
	uint32_t sum = 0;
	struct pkt *p;

	if (!in || addr_parse(AF_INET, dst, &a))
		return;
	memcpy(b, in->mac, 6);
	memcpy(b + 30, &a.ip4, 4);
	for (int i = 14; i < 34; i += 2)
		sum += b[i] << 8 | b[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	b[24] = sum >> 8;
	b[25] = (uint8_t)sum;
	p = pkt_from_frame(&f->w.pool, b, sizeof(b));
	MUST(p);
	path_rx(in, &p, 1);
	fuzz_drain(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz f;

	fuzz_begin(&f);
	fuzz_setup(&f, "iptables -t nat -A POSTROUTING -j MASQUERADE; sysctl -q -w net.ipv4.ip_forward=1\n");
	fuzz_lines(&f, data, size, tools);
	packet(&f, "eth0", "10.0.2.2");
	packet(&f, "eth1", "10.0.1.2");
	packet(&f, "p0", "10.0.1.1");
	packet(&f, "eth0", "255.255.255.255");
	fuzz_sleep(&f, 40000);
	shows(&f);
	fuzz_end(&f);
	return 0;
}
