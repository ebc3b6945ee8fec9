/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/ip_link.c - `ip link`: making, changing, deleting and showing links.
 *
 * What is said of a link is gathered first (struct spec), whatever its order on the line; then done in the
 * kernel's order.
 *
 * References: ip-link(8).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "base/mem.h"
#include "front/ip.h"
#include "route/bridge.h"

struct spec {
	const char *dev, *name, *type, *alias, *netns_name;
	struct netns *netns; /* NULL: not given */
	bool have_mac, have_mtu, have_qlen, have_master, have_group;
	uint8_t mac[6];
	uint32_t mtu, qlen, group, index;
	struct link *master; /* NULL with have_master: nomaster */
	const char *master_name;
	uint32_t flags, mask; /* IFF_* to set */
	bool have_gen;
	uint8_t gen; /* LINK_GEN_* */
};

static void set_flag(struct spec *s, uint32_t flag, bool on)
{
	s->flags = on ? s->flags | flag : s->flags & ~flag;
	s->mask |= flag;
}

static void parse_flag(struct ip *x, struct spec *s, const char *word, uint32_t flag, bool inverted)
{
	bool on;

	if (ip_onoff(x, word, &on))
		set_flag(s, flag, on != inverted);
}

static void parse_netns(struct ip *x, struct spec *s)
{
	const char *name = ip_next(x);

	if (s->netns)
		ip_dup(x, "netns", name);
	if (x->failed)
		return;
	s->netns = x->c->ops->netns_find(x->c, name);
	if (!s->netns && !strcmp(name, "1"))
		ip_refuse(x, "netns PID");
	if (!s->netns)
		ip_invalid(x, "Invalid \"netns\" value\n", name);
}

static void parse_master(struct ip *x, struct spec *s)
{
	const char *name = ip_next(x);

	s->have_master = true;
	s->master = x->failed ? NULL : link_by_name(&x->ns->links, name);
	if (!s->master)
		ip_invalid(x, "Device does not exist\n", name);
}

static void parse_number(struct ip *x, const char *word, bool *have, uint32_t *v)
{
	const char *text = ip_next(x);

	if (*have)
		ip_dup(x, word, text);
	*have = true;
	if (!x->failed && (fmt_parse_u32(text, 0, INT32_MAX, v) != 0))
		ip_fail(x, 255, "Error: argument \"%s\" is wrong: Invalid \"%s\" value\n\n", text, word);
}

static void parse_name(struct ip *x, struct spec *s)
{
	const char *name = ip_next(x);

	if (s->name)
		ip_dup(x, "name", name);
	if (!x->failed && !link_name_ok(name))
		ip_invalid(x, "\"name\" not a valid ifname", name);
	s->name = name;
	if (!s->dev)
		s->dev = name;
}

static void parse_dev(struct ip *x, struct spec *s)
{
	if (ip_is(x, "dev"))
		ip_next(x);
	if (s->dev != s->name)
		ip_dup2(x, "dev", ip_cur(x));
	if (!x->failed && (!*ip_cur(x) || strlen(ip_cur(x)) >= 128 || strpbrk(ip_cur(x), "/ \t\n")))
		ip_invalid(x, "\"dev\" not a valid ifname", ip_cur(x));
	s->dev = ip_cur(x);
}

static void parse_group(struct ip *x, struct spec *s)
{
	const char *v = ip_next(x);

	s->have_group = true;
	if (!strcmp(v, "default"))
		s->group = 0;
	else if (!x->failed && !ip_u32(v, 0, &s->group))
		ip_invalid(x, "Invalid \"group\" value\n", v);
}

/* words that links have on Linux and not here */
static const char *const refused[] = {
	"allmulticast",
	"trailers",
	"carrier",
	"xdp",
	"xdpgeneric",
	"xdpdrv",
	"xdpoffload",
	"vf",
	"vrf",
	"mode",
	"state",
	"numtxqueues",
	"numrxqueues",
	"gso_max_size",
	"gso_max_segs",
	"gro_max_size",
	"gso_ipv4_max_size",
	"gro_ipv4_max_size",
	"link-netnsid",
	"protodown",
	"protodown_reason",
	"macaddr",
	"parentdev",
	"dynamic",
};

static void parse_gen(struct ip *x, struct spec *s)
{
	static const char *const modes[] = { "eui64", "none", "stable_secret", "random" };
	const char *v = ip_next(x);

	s->have_gen = true;
	for (s->gen = 0; s->gen < ARRAY_LEN(modes); s->gen++)
		if (!strcmp(v, modes[s->gen]))
			return;
	if (!x->failed)
		ip_invalid(x, "Invalid address generation mode\n", v);
}

static bool parse_refused(struct ip *x)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (ip_is(x, refused[i])) {
			ip_refuse(x, "link option \"%s\"", refused[i]);
			return true;
		}
	return false;
}

/* words up to the end, or up to what follows "type KIND" */
static void parse_spec(struct ip *x, struct spec *s)
{
	for (; ip_more(x); ip_shift(x)) {
		if (ip_is(x, "up"))
			set_flag(s, IFF_UP, true);
		else if (ip_is(x, "down"))
			set_flag(s, IFF_UP, false);
		else if (ip_is(x, "name"))
			parse_name(x, s);
		else if (ip_is(x, "index"))
			ip_refuse(x, "link option \"index\"");
		else if (ip_abbr(x, "link"))
			ip_refuse(x, "link option \"link\"");
		else if (ip_abbr(x, "address"))
			s->have_mac = ip_lladdr(x, ip_next(x), s->mac);
		else if (ip_abbr(x, "broadcast") || ip_is(x, "brd"))
			ip_refuse(x, "link option \"broadcast\"");
		else if (ip_abbr(x, "txqueuelen") || ip_is(x, "qlen") || ip_abbr(x, "txqlen"))
			parse_number(x, "txqueuelen", &s->have_qlen, &s->qlen);
		else if (ip_is(x, "mtu"))
			parse_number(x, "mtu", &s->have_mtu, &s->mtu);
		else if (ip_is(x, "netns"))
			parse_netns(x, s);
		else if (ip_is(x, "multicast"))
			parse_flag(x, s, "multicast", IFF_MULTICAST, false);
		else if (ip_is(x, "promisc"))
			parse_flag(x, s, "promisc", IFF_PROMISC, false);
		else if (ip_is(x, "arp"))
			parse_flag(x, s, "arp", IFF_NOARP, true);
		else if (ip_is(x, "addrgenmode"))
			parse_gen(x, s);
		else if (parse_refused(x))
			;
		else if (ip_abbr(x, "master"))
			parse_master(x, s);
		else if (ip_abbr(x, "nomaster"))
			s->have_master = true, s->master = NULL;
		else if (ip_abbr(x, "type")) {
			s->type = ip_next(x);
			ip_shift(x);
			break;
		} else if (ip_abbr(x, "alias"))
			s->alias = ip_next(x);
		else if (ip_is(x, "group"))
			parse_group(x, s);
		else
			parse_dev(x, s);
	}
	if (!s->name)
		s->name = s->dev;
	else if (!s->dev)
		s->dev = s->name;
}

static int need_device(struct ip *x)
{
	return ip_fail(x, 255, "Not enough information: \"dev\" argument is required.\n");
}

/* ---- doing what was said to a link that exists ---- */

static int set_alias(struct link *l, const char *alias)
{
	char *copy = NULL;

	if (strlen(alias) >= 256)
		return -EINVAL;
	if (*alias && !(copy = mem_strdup(alias)))
		return -ENOMEM;
	mem_free(l->alias);
	l->alias = copy;
	return 0;
}

static int set_master(struct link *l, struct link *master)
{
	if (l->master == master)
		return 0;
	if (master && !master->bridge)
		return -EOPNOTSUPP;
	if (l->master)
		bridge_port_del(l);
	return master ? bridge_port_add(master, l) : 0;
}

/* takes effect with the next time that the link comes up */
static int set_gen(struct link *l, uint8_t mode, bool created)
{
	if (created || l->mtu < 1280)
		return -EAFNOSUPPORT;
	if (mode == LINK_GEN_STABLE)
		return -EINVAL; /* without a secret */
	l->conf6[LINK_CONF6_ADDR_GEN_MODE] = mode;
	return 0;
}

/* the order of rtnetlink: namespace, address, MTU, group, name, alias, master, flags, queue */
static int apply(struct ip *x, struct link *l, const struct spec *s, bool created)
{
	int err = 0;

	x->ns->links.why = NULL;
	if (s->netns && s->netns != l->ns) {
		err = netns_link_move(l, s->netns, s->name && strcmp(s->name, l->name) != 0 ? s->name : NULL);
		if (err)
			return ip_answer(x, err,
					 err == -EEXIST ? "An interface with the same name exists in the target netns"
							: x->ns->links.why);
	}
	if (s->have_mac && !err)
		err = link_set_mac(l, s->mac);
	if (s->have_mtu && !err)
		err = link_set_mtu(l, s->mtu);
	if (s->have_group && !err)
		l->group = s->group;
	if (s->name && !created && !err)
		err = link_rename(l, s->name);
	if (s->alias && !err)
		err = set_alias(l, s->alias);
	if (s->have_master && !err)
		err = set_master(l, s->master);
	if (s->mask && !err)
		err = link_set_flags(l, s->flags, s->mask);
	if (s->have_qlen && !err)
		l->txqlen = s->qlen;
	if (s->have_gen && !err)
		err = set_gen(l, s->gen, created);
	return err ? ip_answer(x, err, l->set->why) : 0;
}

/* ---- add ---- */

static int kind_of(const char *type)
{
	return !strcmp(type, "veth")     ? LINK_VETH
	       : !strcmp(type, "bridge") ? LINK_BRIDGE
	       : !strcmp(type, "dummy")  ? LINK_DUMMY
					 : -1;
}

static void type_name(struct ip *x, const char *type)
{
	static const char *const real[] = { "vlan",      "macvlan", "macvtap", "ipvlan", "vxlan",  "gre",
					    "gretap",    "ipip",    "sit",     "bond",   "team",   "vrf",
					    "wireguard", "tun",     "ifb",     "geneve", "macsec", "vti",
					    "xfrm",      "ip6tnl",  "ip6gre",  "nlmon",  "vcan" };

	for (size_t i = 0; i < ARRAY_LEN(real); i++)
		if (!strcmp(type, real[i])) {
			ip_refuse(x, "link type \"%s\"", type);
			return;
		}
	ip_answer(x, -EOPNOTSUPP, "Unknown device type");
}

static int add_veth(struct ip *x, struct spec *s)
{
	struct spec peer = { 0 };
	struct netns *ns = s->netns ? s->netns : x->ns;
	struct link *a, *b;
	int err;

	if (ip_more(x) && !ip_is(x, "peer")) {
		if (ip_is(x, "help") || !ip_abbr(x, "peer"))
			return ip_fail(x, 1,
				       "Usage: ip link <options> type veth [peer <options>]\nTo get <options> type 'ip "
				       "link add help'\n");
	}
	ip_shift(x);
	parse_spec(x, &peer);
	if (x->failed)
		return x->status;
	err = netns_veth(ns, s->name ? s->name : "veth%d", peer.netns ? peer.netns : x->ns,
			 peer.name ? peer.name : "veth%d", &a, &b);
	if (err)
		return ip_answer(x, err, NULL);
	s->netns = peer.netns = NULL;
	if (apply(x, b, &peer, true) || apply(x, a, s, true))
		netns_link_del(a);
	return x->status;
}

/* settings of a bridge that say what it does anyway; others are refused */
static void bridge_options(struct ip *x)
{
	static const char *const same[][2] = {
		{ "stp_state", "0" }, { "vlan_filtering", "0" }, { "mcast_snooping", "0" }, { "stp", "off" }
	};

	for (; ip_more(x); ip_shift(x)) {
		const char *key = ip_cur(x), *v = ip_next(x);
		bool ok = false;

		for (size_t i = 0; i < ARRAY_LEN(same); i++)
			ok |= !strcmp(key, same[i][0]) && !strcmp(v, same[i][1]);
		if (!ok)
			ip_refuse(x, "bridge option \"%s %s\"", key, v);
	}
}

static int add_other(struct ip *x, struct spec *s, enum link_kind kind)
{
	static const char *const pattern[LINK_KIND_MAX] = { [LINK_BRIDGE] = "bridge%d", [LINK_DUMMY] = "dummy%d" };
	struct netns *ns = s->netns ? s->netns : x->ns;
	struct link *l;
	int err;

	if (kind == LINK_BRIDGE)
		bridge_options(x);
	else if (ip_more(x))
		ip_refuse(x, "option \"%s\"", ip_cur(x));
	if (x->failed)
		return x->status;
	err = netns_link_new(ns, kind, s->name ? s->name : pattern[kind], &l);
	if (err)
		return ip_answer(x, err, NULL);
	s->netns = NULL;
	if (apply(x, l, s, true))
		netns_link_del(l);
	return x->status;
}

static int link_new(struct ip *x)
{
	struct spec s = { 0 };
	int kind;

	parse_spec(x, &s);
	if (x->failed)
		return x->status;
	if (!s.type)
		return ip_fail(x, s.dev ? 1 : 255, "Not enough information: \"%s\" argument is required%s\n",
			       s.dev ? "type" : "dev", s.dev ? "" : ".");
	kind = kind_of(s.type);
	if (s.name && strlen(s.name) >= IFNAMSIZ)
		return ip_answer(x, -ERANGE, "Attribute failed policy validation");
	if (s.name && link_by_name(s.netns ? &s.netns->links : &x->ns->links, s.name))
		return ip_answer(x, -EEXIST, NULL);
	if (kind < 0) {
		type_name(x, s.type);
		return x->status;
	}
	return kind == LINK_VETH ? add_veth(x, &s) : add_other(x, &s, kind);
}

/* ---- set, delete, show ---- */

static int link_set(struct ip *x)
{
	struct spec s = { 0 };
	struct link *l;

	parse_spec(x, &s);
	if (x->failed)
		return x->status;
	if (!s.dev)
		return need_device(x);
	l = link_by_name(&x->ns->links, s.dev);
	if (!l)
		return ip_no_device(x, s.dev);
	if (s.type && !strcmp(s.type, "bridge") && l->bridge)
		bridge_options(x);
	else if (s.type)
		ip_refuse(x, "link set type %s", s.type);
	if (x->failed)
		return x->status;
	if (s.name == s.dev)
		s.name = NULL;
	return apply(x, l, &s, false);
}

static int link_delete(struct ip *x)
{
	struct spec s = { 0 };
	struct link *l;

	parse_spec(x, &s);
	if (x->failed)
		return x->status;
	if (!s.dev)
		return need_device(x);
	l = ip_link(x, s.dev);
	if (!l)
		return x->status;
	if (netns_link_del(l))
		return ip_answer(x, -EOPNOTSUPP, NULL);
	return 0;
}

static int link_show(struct ip *x)
{
	struct ip_show f = { .family = AF_PACKET };

	for (; ip_more(x); ip_shift(x)) {
		if (ip_is(x, "up"))
			f.up = true;
		else if (ip_is(x, "master"))
			f.master = ip_next(x);
		else if (ip_is(x, "nomaster"))
			f.nomaster = true;
		else if (ip_is(x, "type"))
			f.kind = ip_next(x);
		else if (ip_is(x, "group")) {
			f.have_group = true;
			if (strcmp(ip_next(x), "default") != 0 && !ip_u32(ip_cur(x), 0, &f.group))
				ip_invalid(x, "Invalid \"group\" value\n", ip_cur(x));
		} else if (ip_is(x, "vrf"))
			ip_refuse(x, "link show vrf");
		else {
			if (ip_is(x, "dev"))
				ip_next(x);
			if (f.dev)
				ip_dup2(x, "dev", ip_cur(x));
			f.dev = ip_cur(x);
		}
	}
	return x->failed ? x->status : ip_show(x, &f);
}

int ip_link_main(struct ip *x)
{
	static const struct {
		const char *word;
		ip_fn *run;
	} verbs[] = {
		{ "add", link_new },       { "set", link_set },   { "change", link_set }, { "replace", NULL },
		{ "delete", link_delete }, { "show", link_show }, { "lst", link_show },   { "list", link_show },
		{ "xstats", NULL },        { "afstats", NULL },   { "property", NULL },   { "help", NULL },
	};

	if (!ip_more(x))
		return link_show(x);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (ip_abbr(x, verbs[i].word)) {
			if (!verbs[i].run)
				return ip_refuse(x, "link %s", verbs[i].word);
			ip_shift(x);
			return verbs[i].run(x);
		}
	return ip_unknown(x, "link");
}
