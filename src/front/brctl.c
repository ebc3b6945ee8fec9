/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/brctl.c - the `brctl` command of bridge-utils, as far as bridges without spanning tree go.
 *
 * References: brctl(8) of bridge-utils 1.7.1.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/mem.h"
#include "front/bridge.h"
#include "route/bridge.h"

static struct link *find_bridge(struct cmd *c, const char *name, const char *more)
{
	struct link *l = link_by_name(&c->ns->links, name);

	if (l && l->bridge)
		return l;
	cmd_err(c, "bridge %s %s\n", name, more);
	return NULL;
}

static int addbr(struct cmd *c, char **a)
{
	int err = netns_link_new(c->ns, LINK_BRIDGE, a[0], NULL);

	if (err == -EEXIST)
		cmd_err(c, "device %s already exists; can't create bridge with the same name\n", a[0]);
	else if (err)
		cmd_err(c, "add bridge failed: %s\n", strerror(-err));
	return err ? 1 : 0;
}

static int delbr(struct cmd *c, char **a)
{
	struct link *l = find_bridge(c, a[0], "doesn't exist; can't delete it");

	if (!l)
		return 1;
	if (l->flags & IFF_UP) {
		cmd_err(c, "bridge %s is still up; can't delete it\n", a[0]);
		return 1;
	}
	netns_link_del(l);
	return 0;
}

static struct link *find_port(struct cmd *c, const char *name)
{
	struct link *l = link_by_name(&c->ns->links, name);

	if (!l)
		cmd_err(c, "interface %s does not exist!\n", name);
	return l;
}

static int addif(struct cmd *c, char **a)
{
	struct link *br = find_bridge(c, a[0], "does not exist!"), *l = br ? find_port(c, a[1]) : NULL;
	int err = l ? bridge_port_add(br, l) : -ENODEV;

	if (!l)
		return 1;
	if (err == -EBUSY)
		cmd_err(c, "device %s is already a member of a bridge; can't add it to bridge %s.\n", a[1], a[0]);
	else if (err == -ELOOP)
		cmd_err(c, "device %s is a bridge device itself; can't add a bridge device to a bridge device.\n",
			a[1]);
	else if (err)
		cmd_err(c, "can't add %s to bridge %s: %s\n", a[1], a[0], strerror(-err));
	return err ? 1 : 0;
}

static int delif(struct cmd *c, char **a)
{
	struct link *br = find_bridge(c, a[0], "does not exist!"), *l = br ? find_port(c, a[1]) : NULL;

	if (!l)
		return 1;
	if (l->master != br) {
		cmd_err(c, "device %s is not a port of %s\n", a[1], a[0]);
		return 1;
	}
	bridge_port_del(l);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct link *const *)a)->name, (*(struct link *const *)b)->name);
}

static void show_one(struct cmd *c, const struct link *br)
{
	const struct bridge *b = br->bridge;
	const struct link **ports = mem_zalloc((b->n_ports + 1) * sizeof(*ports));
	const struct bridge_port *p;
	unsigned n = 0;

	cmd_out(c, "%s\t\t8000.", br->name);
	for (int i = 0; i < 6; i++)
		cmd_out(c, "%02x", b->id_mac[i]);
	cmd_out(c, "\tno\t\t");
	list_for_each(p, &b->ports, node)
		if (ports)
			ports[n++] = p->link;
	if (ports)
		qsort(ports, n, sizeof(*ports), by_name);
	for (unsigned i = 0; i < n; i++)
		cmd_out(c, "%s%s\n", i ? "\t\t\t\t\t\t\t" : "", ports[i]->name);
	if (!n)
		cmd_out(c, "\n");
	mem_free(ports);
}

static int show(struct cmd *c, char **a)
{
	static const char head[] = "bridge name\tbridge id\t\tSTP enabled\tinterfaces\n";
	const struct link *l;
	bool first = true;

	if (a[0]) {
		l = find_bridge(c, a[0], "does not exist!");
		if (!l)
			return 1;
		cmd_out(c, "%s", head);
		show_one(c, l);
		return 0;
	}
	list_for_each(l, &c->ns->links.links, node)
		if (l->bridge) {
			cmd_out(c, "%s", first ? head : "");
			show_one(c, l);
			first = false;
		}
	return 0;
}

static int by_mac(const void *a, const void *b)
{
	return memcmp((*(struct bridge_fdb *const *)a)->mac, (*(struct bridge_fdb *const *)b)->mac, 6);
}

static int showmacs(struct cmd *c, char **a)
{
	struct link *br = find_bridge(c, a[0], "does not exist!");
	uint64_t now = clock_ms(&c->world->clock);
	const struct bridge_fdb **all, *f;
	char mac[18];
	unsigned n = 0;

	if (!br)
		return 1;
	bridge_age(br->bridge, now);
	all = mem_zalloc((br->bridge->pool.used + 1) * sizeof(*all));
	if (!all)
		return 1;
	list_for_each(f, &br->bridge->all, all)
		if (f->link != br)
			all[n++] = f;
	qsort(all, n, sizeof(*all), by_mac);
	cmd_out(c, "port no\tmac addr\t\tis local?\tageing timer\n");
	for (unsigned i = 0; i < n; i++) {
		uint64_t age = all[i]->flags & BRIDGE_FDB_STATIC ? 0 : now - all[i]->updated_ms;

		cmd_out(c, "%3u\t%s\t%s\t\t%4llu.%02llu\n", all[i]->link->port->number, fmt_mac(mac, all[i]->mac),
			all[i]->flags & BRIDGE_FDB_LOCAL ? "yes" : "no", (unsigned long long)(age / 1000),
			(unsigned long long)(age / 10 % 100));
	}
	mem_free(all);
	return 0;
}

static int set_ageing(struct cmd *c, char **a)
{
	struct link *br = find_bridge(c, a[0], "does not exist!");

	if (br)
		br->bridge->ageing_ms = (uint64_t)(strtod(a[1], NULL) * 1000);
	return br ? 0 : 1;
}

static int set_stp(struct cmd *c, char **a)
{
	if (!find_bridge(c, a[0], "does not exist!"))
		return 1;
	if (!strcmp(a[1], "off") || !strcmp(a[1], "no") || !strcmp(a[1], "0"))
		return 0;
	cmd_err(c, "brctl: stp %s: not supported by natbox\n", a[1]);
	return 1;
}

static const struct {
	const char *name;
	int args, optional;
	int (*run)(struct cmd *c, char **a);
	const char *args_text, *text;
} verbs[] = {
	{ "addbr", 1, 0, addbr, "<bridge>\t", "add bridge" },
	{ "delbr", 1, 0, delbr, "<bridge>\t", "delete bridge" },
	{ "addif", 2, 0, addif, "<bridge> <device>", "add interface to bridge" },
	{ "delif", 2, 0, delif, "<bridge> <device>", "delete interface from bridge" },
	{ "hairpin", 3, 0, NULL, "<bridge> <port> {on|off}", "turn hairpin on/off" },
	{ "setageing", 2, 0, set_ageing, "<bridge> <time>\t", "set ageing time" },
	{ "setbridgeprio", 2, 0, NULL, "<bridge> <prio>\t", "set bridge priority" },
	{ "setfd", 2, 0, NULL, "<bridge> <time>\t", "set bridge forward delay" },
	{ "sethello", 2, 0, NULL, "<bridge> <time>\t", "set hello time" },
	{ "setmaxage", 2, 0, NULL, "<bridge> <time>\t", "set max message age" },
	{ "setpathcost", 3, 0, NULL, "<bridge> <port> <cost>", "set path cost" },
	{ "setportprio", 3, 0, NULL, "<bridge> <port> <prio>", "set port priority" },
	{ "show", 0, 1, show, "[ <bridge> ]\t", "show a list of bridges" },
	{ "showmacs", 1, 0, showmacs, "<bridge>\t", "show a list of mac addrs" },
	{ "showstp", 1, 0, NULL, "<bridge>\t", "show bridge stp info" },
	{ "stp", 2, 0, set_stp, "<bridge> {on|off}", "turn stp on/off" },
};

static int usage(struct cmd *c)
{
	cmd_err(c, "Usage: brctl [commands]\ncommands:\n");
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		cmd_err(c, "\t%-10s\t%s\t%s\n", verbs[i].name, verbs[i].args_text, verbs[i].text);
	return 1;
}

int brctl_main(struct cmd *c, int argc, char **argv)
{
	if (argc < 2)
		return usage(c);
	if (!strcmp(argv[1], "-V") || !strcmp(argv[1], "--version")) {
		cmd_out(c, "bridge-utils, 1.7.1\n");
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(argv[1], verbs[i].name) != 0)
			continue;
		if (argc < verbs[i].args + 2) {
			cmd_err(c, "Incorrect number of arguments for command\nUsage: brctl %s %s\t%s\n", verbs[i].name,
				verbs[i].args_text, verbs[i].text);
			return 1;
		}
		if (verbs[i].run)
			return verbs[i].run(c, argv + 2);
		cmd_err(c, "brctl: %s: not supported by natbox\n", verbs[i].name);
		return 1;
	}
	cmd_err(c, "never heard of command [%s]\n", argv[1]);
	return usage(c);
}
