/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/ifconfig.c - the `ifconfig` command.
 *
 * It knows one IPv4 address by its label ("eth0", "eth0:1"), as the kernel's old calls do: setting one replaces
 * the address of that label, with the netmask of its class until another is given. IPv6 addresses are added and
 * deleted.
 *
 * References: ifconfig(8) of net-tools 2.10, netdevice(7).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/mem.h"
#include "front/nettools.h"

#define IFCONFIG_LINKS_MAX 1024

/* ---- showing ---- */

static uint32_t flags_of(const struct link *l)
{
	return (l->flags & 0xffff) | (link_running(l) ? IFF_RUNNING : 0);
}

static void put_flags(struct cmd *c, uint32_t flags)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} row[] = {
		{ IFF_UP, "UP" },
		{ IFF_BROADCAST, "BROADCAST" },
		{ IFF_DEBUG, "DEBUG" },
		{ IFF_LOOPBACK, "LOOPBACK" },
		{ IFF_POINTOPOINT, "POINTOPOINT" },
		{ IFF_NOTRAILERS, "NOTRAILERS" },
		{ IFF_RUNNING, "RUNNING" },
		{ IFF_NOARP, "NOARP" },
		{ IFF_PROMISC, "PROMISC" },
		{ IFF_ALLMULTI, "ALLMULTI" },
		{ IFF_SLAVE, "SLAVE" },
		{ IFF_MASTER, "MASTER" },
		{ IFF_MULTICAST, "MULTICAST" },
	};
	const char *sep = "";

	cmd_out(c, "flags=%u<", flags);
	for (size_t i = 0; i < ARRAY_LEN(row); i++)
		if (flags & row[i].flag) {
			cmd_out(c, "%s%s", sep, row[i].name);
			sep = ",";
		}
	cmd_out(c, ">");
}

static const struct link_addr *addr_by_label(const struct link *l, const char *label)
{
	const struct link_addr *a;

	list_for_each(a, &l->addrs, node)
		if (a->family == AF_INET && !strcmp(a->label[0] ? a->label : l->name, label))
			return a;
	return NULL;
}

/* "1234 (1.2 KB)": bytes by thousands */
static void put_bytes(struct cmd *c, uint64_t n)
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double v = (double)n;
	size_t u = 0;

	while (v >= 1024 && u + 1 < ARRAY_LEN(unit)) {
		v /= 1024;
		u++;
	}
	cmd_out(c, "%llu (%.1f %s)\n", (unsigned long long)n, ((double)(uint64_t)(v * 10)) / 10, unit[u]);
}

static void put_addrs(struct cmd *c, const struct link *l, const struct link_addr *a4, bool with6)
{
	char addr[ADDR_STRLEN], mask[ADDR_STRLEN], brd[ADDR_STRLEN];
	const struct link_addr *a;

	if (a4) {
		union inet_addr m = addr_mask(AF_INET, a4->plen);

		cmd_out(c, "        inet %s  netmask %s", addr_fmt(addr, AF_INET, &a4->addr),
			addr_fmt(mask, AF_INET, &m));
		if (l->flags & IFF_BROADCAST)
			cmd_out(c, "  broadcast %s", addr_fmt(brd, AF_INET, &a4->brd));
		cmd_out(c, "\n");
	}
	list_for_each(a, &l->addrs, node)
		if (with6 && a->family == AF_INET6)
			cmd_out(c, "        inet6 %s  prefixlen %u  scopeid 0x%x<%s>\n",
				addr_fmt(addr, AF_INET6, &a->addr), a->plen,
				a->scope == RT_SCOPE_LINK   ? 0x20
				: a->scope == RT_SCOPE_HOST ? 0x10
							    : 0,
				a->scope == RT_SCOPE_LINK   ? "link"
				: a->scope == RT_SCOPE_HOST ? "host"
							    : "global");
}

static void show(struct cmd *c, const struct link *l, const char *label)
{
	const struct link_stats *s = &l->stats;
	bool alias = strchr(label, ':') != NULL;
	char mac[18];

	cmd_out(c, "%s: ", label);
	put_flags(c, flags_of(l));
	cmd_out(c, "  mtu %u\n", l->mtu);
	put_addrs(c, l, addr_by_label(l, label), !alias);
	if (l->arphrd == ARPHRD_ETHER)
		cmd_out(c, "        ether %s  txqueuelen %u  (Ethernet)\n", fmt_mac(mac, l->mac), l->txqlen);
	else if (l->arphrd == ARPHRD_LOOPBACK)
		cmd_out(c, "        loop  txqueuelen %u  (Local Loopback)\n", l->txqlen);
	else
		cmd_out(c, "        unspec 00-00-00-00-00-00-00-00-00-00-00-00-00-00-00-00  txqueuelen %u  (UNSPEC)\n",
			l->txqlen);
	if (!alias) {
		cmd_out(c, "        RX packets %llu  bytes ", (unsigned long long)s->rx_packets);
		put_bytes(c, s->rx_bytes);
		cmd_out(c, "        RX errors %llu  dropped %llu  overruns 0  frame 0\n",
			(unsigned long long)s->rx_errors, (unsigned long long)s->rx_dropped);
		cmd_out(c, "        TX packets %llu  bytes ", (unsigned long long)s->tx_packets);
		put_bytes(c, s->tx_bytes);
		cmd_out(c, "        TX errors %llu  dropped %llu overruns 0  carrier 0  collisions 0\n",
			(unsigned long long)s->tx_errors, (unsigned long long)s->tx_dropped);
	}
	cmd_out(c, "\n");
}

static void show_short(struct cmd *c, const struct link *l)
{
	const struct link_stats *s = &l->stats;

	cmd_out(c, "%-14s %6u %8llu %6llu %6llu 0      %8llu %6llu %6llu      0 ", l->name, l->mtu,
		(unsigned long long)s->rx_packets, (unsigned long long)s->rx_errors, (unsigned long long)s->rx_dropped,
		(unsigned long long)s->tx_packets, (unsigned long long)s->tx_errors, (unsigned long long)s->tx_dropped);
	cmd_out(c, "%s%s%s%s%s%s\n", l->flags & IFF_BROADCAST ? "B" : "", l->flags & IFF_LOOPBACK ? "L" : "",
		l->flags & IFF_MULTICAST ? "M" : "", l->flags & IFF_PROMISC ? "P" : "", link_running(l) ? "R" : "",
		l->flags & IFF_UP ? "U" : "");
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct link *const *)a)->name, (*(struct link *const *)b)->name);
}

static void show_labels(struct cmd *c, const struct link *l)
{
	const struct link_addr *a;

	show(c, l, l->name);
	list_for_each(a, &l->addrs, node)
		if (a->family == AF_INET && strchr(a->label, ':') && addr_by_label(l, a->label) == a)
			show(c, l, a->label);
}

static int show_all(struct cmd *c, bool down_too, bool brief)
{
	const struct link **all = mem_zalloc(IFCONFIG_LINKS_MAX * sizeof(*all)), *l;
	unsigned n = 0;

	if (!all)
		return 1;
	list_for_each(l, &c->ns->links.links, node)
		if (n < IFCONFIG_LINKS_MAX && (down_too || (l->flags & IFF_UP)))
			all[n++] = l;
	qsort(all, n, sizeof(*all), by_name);
	if (brief)
		cmd_out(c, "Iface      MTU    RX-OK RX-ERR RX-DRP RX-OVR    TX-OK TX-ERR TX-DRP TX-OVR Flg\n");
	for (unsigned i = 0; i < n; i++)
		brief ? show_short(c, all[i]) : show_labels(c, all[i]);
	mem_free(all);
	return 0;
}

/* ---- setting ---- */

struct target {
	struct cmd *c;
	struct link *l;
	char label[IFNAMSIZ];
	int status;
};

static void failed(struct target *t, const char *call, int err)
{
	cmd_err(t->c, "%s: %s\n", call, strerror(-err));
	t->status = 1;
}

/* the netmask of an address's class (RFC 791) */
static uint8_t class_plen(const union inet_addr *a)
{
	return a->b[0] < 128 ? 8 : a->b[0] < 192 ? 16 : a->b[0] < 224 ? 24 : 32;
}

static void fill_broadcast(const struct link *l, struct link_addr *a)
{
	union inet_addr mask = addr_mask(AF_INET, a->plen);

	a->brd =
		(l->flags & IFF_BROADCAST) && a->plen < 31 ? addr_ip4(a->addr.ip4 | ~mask.ip4) : (union inet_addr){ 0 };
}

static int replace(struct target *t, const struct link_addr *old, const struct link_addr *fresh)
{
	if (old) {
		union inet_addr was = old->addr;

		link_addr_del(t->l, AF_INET, &was, old->plen);
	}
	return fresh->addr.ip4 ? link_addr_add(t->l, fresh) : 0;
}

static void set_addr(struct target *t, const union inet_addr *addr, int plen)
{
	const struct link_addr *old = addr_by_label(t->l, t->label);
	struct link_addr a = { .family = AF_INET, .addr = *addr, .peer = *addr };
	int err = 0;

	a.plen = plen >= 0 ? (uint8_t)plen : class_plen(addr);
	a.scope = addr->b[0] == 127 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
	snprintf(a.label, sizeof(a.label), "%s", t->label);
	fill_broadcast(t->l, &a);
	if (!old || !addr_eq(&old->addr, addr) || (plen >= 0 && old->plen != plen))
		err = replace(t, old, &a);
	if (err)
		failed(t, "SIOCSIFADDR", err);
	link_set_flags(t->l, IFF_UP, IFF_UP);
}

static void set_mask(struct target *t, const union inet_addr *mask)
{
	const struct link_addr *old = addr_by_label(t->l, t->label);
	int plen = addr_plen(AF_INET, mask);
	struct link_addr a;
	union inet_addr was;

	if (!old || plen < 0) {
		failed(t, "SIOCSIFNETMASK", old ? -EINVAL : -EADDRNOTAVAIL);
		return;
	}
	a = *old;
	if (a.plen == plen)
		return;
	was = addr_mask(AF_INET, a.plen);
	a.plen = (uint8_t)plen;
	if (a.brd.ip4 == (a.addr.ip4 | ~was.ip4)) /* a broadcast address that follows from the mask goes on doing so */
		fill_broadcast(t->l, &a);
	replace(t, old, &a);
}

static void set_broadcast(struct target *t, const union inet_addr *brd)
{
	const struct link_addr *old = addr_by_label(t->l, t->label);
	struct link_addr a;

	if (!old) {
		failed(t, "SIOCSIFBRDADDR", -EADDRNOTAVAIL);
		return;
	}
	a = *old;
	if (addr_eq(&a.brd, brd))
		return;
	a.brd = *brd;
	replace(t, old, &a);
}

static void set_up(struct target *t, bool up)
{
	const struct link_addr *a = strchr(t->label, ':') ? addr_by_label(t->l, t->label) : NULL;
	union inet_addr was;

	if (a && !up) { /* an alias that goes down is gone */
		was = a->addr;
		link_addr_del(t->l, AF_INET, &was, a->plen);
		return;
	}
	link_set_flags(t->l, up ? IFF_UP : 0, IFF_UP);
}

static bool parse_addr(struct target *t, const char *text, union inet_addr *a)
{
	if (addr_parse(AF_INET, text, a) == 0)
		return true;
	cmd_err(t->c, "%s: %s\nifconfig: `--help' gives usage information.\n", text,
		text[strspn(text, "0123456789.")] ? "Host name lookup failure" : "Unknown host");
	t->status = 1;
	return false;
}

static void set_host(struct target *t, const char *word)
{
	char text[64], *slash;
	union inet_addr a;
	uint32_t plen = 0;

	snprintf(text, sizeof(text), "%s", word);
	slash = strchr(text, '/');
	if (slash)
		*slash++ = '\0';
	if (slash && fmt_parse_u32(slash, 10, 32, &plen)) {
		cmd_err(t->c, "%s: Unknown host\nifconfig: `--help' gives usage information.\n", word);
		t->status = 1;
	} else if (parse_addr(t, text, &a)) {
		set_addr(t, &a, slash ? (int)plen : -1);
	}
}

/* options with one value; false: it is none of them */
static bool set_valued(struct target *t, const char *word, const char *value)
{
	union inet_addr a;
	uint8_t mac[6];
	uint32_t v;
	int err;

	if (!strcmp(word, "netmask")) {
		if (parse_addr(t, value, &a))
			set_mask(t, &a);
	} else if (!strcmp(word, "broadcast")) {
		if (parse_addr(t, value, &a))
			set_broadcast(t, &a);
	} else if (!strcmp(word, "mtu")) {
		err = fmt_parse_u32(value, 10, INT32_MAX, &v) ? -EINVAL : link_set_mtu(t->l, v);
		if (err)
			failed(t, "SIOCSIFMTU", err);
	} else if (!strcmp(word, "txqueuelen")) {
		if (fmt_parse_u32(value, 10, INT32_MAX, &v) == 0)
			t->l->txqlen = v;
	} else if (!strcmp(word, "ether")) {
		err = fmt_parse_mac(value, mac) ? -EINVAL : link_set_mac(t->l, mac);
		if (err)
			failed(t, "SIOCSIFHWADDR", err);
	} else {
		return false;
	}
	return true;
}

static bool set_flag(struct target *t, const char *word)
{
	static const struct {
		const char *word;
		uint32_t flag;
		bool on;
	} row[] = {
		{ "arp", IFF_NOARP, false },          { "-arp", IFF_NOARP, true },
		{ "promisc", IFF_PROMISC, true },     { "-promisc", IFF_PROMISC, false },
		{ "multicast", IFF_MULTICAST, true }, { "-multicast", IFF_MULTICAST, false },
	};

	if (!strcmp(word, "up") || !strcmp(word, "down")) {
		set_up(t, word[0] == 'u');
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(row); i++)
		if (!strcmp(word, row[i].word)) {
			link_set_flags(t->l, row[i].on ? row[i].flag : 0, row[i].flag);
			return true;
		}
	return false;
}

static int refuse(struct cmd *c, const char *word)
{
	cmd_err(c, "ifconfig: %s: not supported by natbox\n", word);
	return 1;
}

/* add or del ADDRESS[/PLEN]: IPv6, with its own calls */
static void set_ip6(struct target *t, bool adding, const char *word)
{
	struct link_addr a = { .family = AF_INET6 };
	char text[64], *slash;
	uint32_t plen = 128;
	int err;

	snprintf(text, sizeof(text), "%s", word);
	slash = strchr(text, '/');
	if (slash)
		*slash++ = '\0';
	if (addr_parse(AF_INET6, text, &a.addr) || (slash && fmt_parse_u32(slash, 10, 128, &plen))) {
		cmd_err(t->c, "%s: Unknown host\n", word);
		t->status = 1;
		return;
	}
	a.peer = a.addr;
	a.plen = (uint8_t)plen;
	if (!adding)
		err = link_addr_del(t->l, AF_INET6, &a.addr, a.plen);
	else
		err = !link_ip6_on(t->l) ? -EACCES : link_addr_add(t->l, &a);
	if (err)
		failed(t, adding ? "SIOCSIFADDR" : "SIOCDIFADDR", err);
}

static void set_words(struct target *t, int n, char **w)
{
	static const char *const refused[] = { "pointopoint", "dstaddr",   "tunnel",    "metric", "allmulti", "-allmulti",
					       "trailers",    "-trailers", "mem_start", "io_addr", "irq",     "media",
					       "name" };

	for (int i = 0; i < n && !t->status; i++) {
		if ((!strcmp(w[i], "add") || !strcmp(w[i], "del")) && i + 1 < n) {
			set_ip6(t, w[i][0] == 'a', w[i + 1]);
			i++;
			continue;
		}
		if (!strcmp(w[i], "inet") || !strcmp(w[i], "inet6") || (!strcmp(w[i], "hw") && i + 1 < n && !strcmp(w[i + 1], "ether")))
			continue;
		for (size_t k = 0; k < ARRAY_LEN(refused); k++)
			if (!strcmp(w[i], refused[k]))
				t->status = refuse(t->c, w[i]);
		if (t->status || set_flag(t, w[i]))
			continue;
		if (i + 1 < n && set_valued(t, w[i], w[i + 1]))
			i++;
		else
			set_host(t, w[i]);
	}
}

static int set(struct cmd *c, const char *name, int n, char **words)
{
	struct target t = { .c = c };
	char base[IFNAMSIZ];

	snprintf(t.label, sizeof(t.label), "%s", name);
	snprintf(base, sizeof(base), "%.*s", (int)strcspn(name, ":"), name);
	t.l = link_by_name(&c->ns->links, base);
	if (!t.l) {
		cmd_err(c, "%s: ERROR while getting interface flags: No such device\n", name);
		return 255;
	}
	set_words(&t, n, words);
	return t.status;
}

int ifconfig_main(struct cmd *c, int argc, char **argv)
{
	bool all = false, brief = false;
	char base[IFNAMSIZ];
	struct link *l;
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (!strcmp(argv[i], "-a"))
			all = true;
		else if (!strcmp(argv[i], "-s"))
			brief = true;
		else
			return refuse(c, argv[i]);
	}
	if (i >= argc)
		return show_all(c, all, brief);
	if (i + 1 < argc)
		return set(c, argv[i], argc - i - 1, argv + i + 1);
	snprintf(base, sizeof(base), "%.*s", (int)strcspn(argv[i], ":"), argv[i]);
	l = link_by_name(&c->ns->links, base);
	if (!l) {
		cmd_err(c, "%s: error fetching interface information: Device not found\n", argv[i]);
		return 1;
	}
	show(c, l, argv[i]);
	return 0;
}
