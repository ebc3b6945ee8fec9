/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/bridge.c - `bridge link` and `bridge fdb`, and `arp -n`.
 *
 * References: bridge(8) of iproute2 6.1.0, arp(8) of net-tools 2.10.
 */
#include "front/bridge.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "front/ip.h"
#include "front/nettools.h"
#include "route/bridge.h"

static int refuse(struct cmd *c, const char *tool, const char *what)
{
	cmd_err(c, "%s: %s: not supported by natbox\n", tool, what);
	return 1;
}

/* ---- bridge link ---- */

/* as bridge does, which looks for a veth peer's index among this namespace's own links */
static void put_lower(struct cmd *c, const struct link *l)
{
	const struct link *named;

	if (!l->peer || l->peer->ifindex == l->ifindex)
		return;
	named = link_by_index(&c->ns->links, l->peer->ifindex);
	if (named)
		cmd_out(c, "@%s", named->name);
	else
		cmd_out(c, "@if%d", l->peer->ifindex);
}

static int show_links(struct cmd *c, int argc, char **argv)
{
	const char *dev = NULL;
	const struct link *l;

	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "dev") && i + 1 < argc)
			dev = argv[++i];
		else
			return refuse(c, "bridge", argv[i]);
	}
	if (dev && !link_by_name(&c->ns->links, dev)) {
		cmd_err(c, "Cannot find device \"%s\"\n", dev);
		return 1;
	}
	list_for_each(l, &c->ns->links.links, node) {
		if (!l->port || (dev && strcmp(dev, l->name) != 0))
			continue;
		cmd_out(c, "%d: %s", l->ifindex, l->name);
		put_lower(c, l);
		cmd_out(c, ": ");
		ip_put_link_flags(l, &c->out);
		cmd_out(c, " mtu %u master %s state %s priority 32 cost 2 \n", l->mtu, l->master->name,
			l->port->forwarding ? "forwarding" : "disabled");
	}
	return 0;
}

/* ---- bridge fdb ---- */

struct fdb_filter {
	const char *dev, *br;
};

static void put_dev(struct cmd *c, const struct fdb_filter *f, const struct link *l)
{
	if (!f->dev)
		cmd_out(c, "dev %s ", l->name);
}

static void put_learned(struct cmd *c, const struct fdb_filter *f, const struct link *l, const struct bridge *b)
{
	const struct bridge_fdb *e;
	char mac[18];

	for (const struct list *at = b->all.prev; at != &b->all; at = at->prev) {	/* the newest first */
		e = list_entry(at, struct bridge_fdb, all);
		if (e->link != l)
			continue;
		cmd_out(c, "%s ", fmt_mac(mac, e->mac));
		put_dev(c, f, l);
		cmd_out(c, "master %s %s\n", b->link->name,
			e->flags & BRIDGE_FDB_LOCAL    ? "permanent"
			: e->flags & BRIDGE_FDB_STATIC ? "static"
						       : "");
	}
}

/* the multicast groups that a link itself listens to once it is up */
static void put_self(struct cmd *c, const struct fdb_filter *f, const struct link *l)
{
	static const char *const group[] = { "33:33:00:00:00:01", "01:00:5e:00:00:6a", "33:33:00:00:00:6a",
					     "01:00:5e:00:00:01" };

	if (!(l->flags & IFF_UP) || !(l->flags & IFF_MULTICAST) || l->kind == LINK_LOOPBACK)
		return;
	for (size_t i = 0; i < ARRAY_LEN(group); i++) {
		if ((i == 1 || i == 2) && !l->bridge)
			continue;
		cmd_out(c, "%s ", group[i]);
		put_dev(c, f, l);
		cmd_out(c, "self permanent\n");
	}
}

static int show_fdb(struct cmd *c, int argc, char **argv)
{
	struct fdb_filter f = { 0 };
	const struct link *l;

	for (int i = 0; i < argc; i++) {
		bool more = i + 1 < argc;

		if (more && (!strcmp(argv[i], "dev") || !strcmp(argv[i], "brport")))
			f.dev = argv[++i];
		else if (more && !strcmp(argv[i], "br"))
			f.br = argv[++i];
		else if (argv[i][0] == '-' || !strcmp(argv[i], "vlan") || !strcmp(argv[i], "state") || !strcmp(argv[i], "dynamic"))
			return refuse(c, "bridge", argv[i]);	/* other words bridge leaves unread */
	}
	if ((f.dev && !link_by_name(&c->ns->links, f.dev)) || (f.br && !link_by_name(&c->ns->links, f.br))) {
		cmd_err(c, "Cannot find device \"%s\"\n", f.dev ? f.dev : f.br);
		return 1;
	}
	list_for_each(l, &c->ns->links.links, node) {
		if ((f.dev && strcmp(f.dev, l->name) != 0) ||
		    (f.br && strcmp(f.br, l->name) != 0 && !(l->master && !strcmp(l->master->name, f.br))))
			continue;
		if (l->bridge)
			bridge_age(l->bridge, clock_ms(&c->world->clock));
		if (l->master)
			put_learned(c, &f, l, l->master->bridge);
		put_self(c, &f, l);
		if (l->bridge)
			put_learned(c, &f, l, l->bridge);
	}
	return 0;
}

/* bridge fdb add|replace|del MAC dev PORT [master] [local|static|dynamic]; local, the host's own, unless said otherwise */
static int change_fdb(struct cmd *c, const char *verb, int argc, char **argv)
{
	const char *mac_text = NULL, *dev = NULL;
	uint8_t mac[6];
	struct link *l;
	uint8_t flags = BRIDGE_FDB_STATIC | BRIDGE_FDB_LOCAL | BRIDGE_FDB_USER;
	int err;

	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "dev") && i + 1 < argc)
			dev = argv[++i];
		else if (!strcmp(argv[i], "static"))
			flags = BRIDGE_FDB_STATIC;
		else if (!strcmp(argv[i], "dynamic"))
			flags = 0;
		else if (!strcmp(argv[i], "self") || !strcmp(argv[i], "vlan") || !strcmp(argv[i], "dst") ||
			 !strcmp(argv[i], "sticky"))
			return refuse(c, "bridge", argv[i]);
		else if (strcmp(argv[i], "master") != 0 && strcmp(argv[i], "local") != 0)
			mac_text = argv[i];
	}
	if (!dev || !mac_text) {
		cmd_err(c, "Device and address are required arguments.\n");
		return 255;
	}
	if (fmt_parse_mac(mac_text, mac)) {
		cmd_err(c, "Invalid address\n");
		return 1;
	}
	l = link_by_name(&c->ns->links, dev);
	if (!l) {
		cmd_err(c, "Cannot find device \"%s\"\n", dev);
		return 1;
	}
	if (!l->port)
		err = -EOPNOTSUPP;
	else if (!strncmp(verb, "del", 3))
		err = bridge_fdb_del(l->master->bridge, mac);
	else if (!strcmp(verb, "add") && bridge_lookup(l->master->bridge, mac, clock_ms(&c->world->clock)))
		err = -EEXIST;
	else
		err = bridge_fdb_set(l->master->bridge, l, mac, flags, clock_ms(&c->world->clock));
	if (err)
		cmd_err(c, "RTNETLINK answers: %s\n", strerror(-err));
	return err ? 2 : 0;
}

int bridge_main(struct cmd *c, int argc, char **argv)
{
	const char *object = argc > 1 ? argv[1] : "", *verb = argc > 2 ? argv[2] : "show";

	if (!strcmp(object, "-V") || ip_begins(object, "-Version")) {
		cmd_out(c, "bridge utility, 6.1.0\n");
		return 0;
	}
	if (*object == '-' || !*object)
		return refuse(c, "bridge", *object ? object : "no object");
	if (ip_begins(object, "link") && (ip_begins(verb, "show") || ip_begins(verb, "list")))
		return show_links(c, MAX(argc - 3, 0), argv + 3);
	if (ip_begins(object, "fdb") && (ip_begins(verb, "show") || ip_begins(verb, "list")))
		return show_fdb(c, MAX(argc - 3, 0), argv + 3);
	if (ip_begins(object, "fdb") && (!strcmp(verb, "add") || !strcmp(verb, "replace") || ip_begins(verb, "delete")))
		return change_fdb(c, verb, argc - 3, argv + 3);
	if (ip_begins(object, "vlan") && argc < 4 && (ip_begins(verb, "show") || ip_begins(verb, "list"))) {
		cmd_out(c, "port              vlan-id  \n");	/* no bridge here filters VLANs */
		return 0;
	}
	if (ip_begins(object, "link") || ip_begins(object, "fdb") || ip_begins(object, "mdb") ||
	    ip_begins(object, "vlan") || ip_begins(object, "monitor") || ip_begins(object, "vni"))
		return refuse(c, "bridge", verb);
	cmd_err(c, "Object \"%s\" is unknown, try \"bridge help\".\n", object);
	return 255;
}

/* ---- arp ---- */

static void put_arp(struct cmd *c, const struct neigh *n)
{
	const struct link *l = link_by_index(&c->ns->links, n->ifindex);
	char addr[ADDR_STRLEN], mac[18];

	addr_fmt(addr, n->family, &n->addr);
	if (n->state & (NUD_INCOMPLETE | NUD_FAILED))
		cmd_out(c, "%-23s  %-6s  %-18s  %-20s  %s\n", addr, "", "(incomplete)", "", l ? l->name : "?");
	else
		cmd_out(c, "%-23s  %-6s  %-18s  %-20s  %s\n", addr, "ether", fmt_mac(mac, n->mac),
			n->state & NUD_PERMANENT ? "CM" : "C", l ? l->name : "?");
}

static void put_arp_head(struct cmd *c)
{
	cmd_out(c, "%-23s  %-6s  %-18s  %-20s  %s\n", "Address", "HWtype", "HWaddress", "Flags Mask", "Iface");
}

static int arp_list(struct cmd *c, const char *dev, const char *host)
{
	const struct neigh *n;
	const struct neigh_proxy *p;
	unsigned shown = 0;
	char addr[ADDR_STRLEN];

	list_for_each(n, &c->ns->neigh.all, all) {
		const struct link *l = link_by_index(&c->ns->links, n->ifindex);

		if (n->state == NUD_NONE || (dev && (!l || strcmp(l->name, dev) != 0)) ||
		    (host && strcmp(host, addr_fmt(addr, n->family, &n->addr)) != 0))
			continue;
		if (!shown++)
			put_arp_head(c);
		put_arp(c, n);
	}
	list_for_each(p, &c->ns->neigh.proxies, node) {
		const struct link *l = link_by_index(&c->ns->links, p->ifindex);

		if ((dev && (!l || strcmp(l->name, dev) != 0)) || host)
			continue;
		if (!shown++)
			put_arp_head(c);
		cmd_out(c, "%-23s  %-6s  %-18s  %-20s  %s\n", addr_fmt(addr, p->family, &p->addr), "*",
			"<from_interface>", "MP", l ? l->name : "?");
	}
	if (!shown && host)
		cmd_out(c, "%s (%s) -- no entry\n", host, host);
	return 0;
}

static int arp_delete(struct cmd *c, const char *host)
{
	union inet_addr a;
	struct neigh *n, *tmp;
	unsigned gone = 0;

	if (!host || addr_parse(AF_INET, host, &a)) {
		cmd_err(c, "arp: need host name\n");
		return 1;
	}
	list_for_each_safe(n, tmp, &c->ns->neigh.all, all)
		if (n->family == AF_INET && addr_eq(&n->addr, &a)) {
			neigh_delete(&c->ns->neigh, n);
			gone++;
		}
	if (!gone)
		cmd_err(c, "No ARP entry for %s\n", host);
	return gone ? 0 : 1;
}

int arp_main(struct cmd *c, int argc, char **argv)
{
	const char *dev = NULL, *host = NULL;
	bool del = false;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-i") && i + 1 < argc)
			dev = argv[++i];
		else if (!strcmp(argv[i], "-d"))
			del = true;
		else if (argv[i][0] == '-' && strspn(argv[i] + 1, "ne") != strlen(argv[i] + 1))
			return refuse(c, "arp", argv[i]);
		else if (argv[i][0] != '-')
			host = argv[i];
	}
	return del ? arp_delete(c, host) : arp_list(c, dev, host);
}
