/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/link.c - the links of a network namespace: their names, indices, flags and carrier.
 *
 * Everything else of route/ and ns/ hears of changes through link_set.notify, after the change is in place, so
 * that routes, neighbours and connections follow without links knowing them. What a link's kind means for its
 * carrier stands here in one place: a pair of veths has carrier while both are up, a bridge while one of its
 * ports has (bridge.c), the others always.
 *
 * Invariants
 *  1. links is in ascending order of ifindex, and by_index[i] is the link with that index.
 *  2. Names are unique in a set.
 *  3. A link is told UP only after DOWN and the other way round.
 *
 * References: linux/if.h, RFC 2863 (operational states).
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_arp.h>

#include "base/mem.h"
#include "route/bridge.h"
#include "route/link.h"

static const char *const kind_name[] = {
	[LINK_LOOPBACK] = "",   [LINK_VETH] = "veth", [LINK_BRIDGE] = "bridge",
	[LINK_DUMMY] = "dummy", [LINK_EXTERN] = "",
};

static_assert(ARRAY_LEN(kind_name) == LINK_KIND_MAX, "every kind has a name");

static const struct {
	uint32_t flags, mtu;
	uint16_t arphrd;
} kind_default[LINK_KIND_MAX] = {
	[LINK_LOOPBACK] = { IFF_LOOPBACK, 65536, ARPHRD_LOOPBACK },
	[LINK_VETH] = { IFF_BROADCAST | IFF_MULTICAST, 1500, ARPHRD_ETHER },
	[LINK_BRIDGE] = { IFF_BROADCAST | IFF_MULTICAST, 1500, ARPHRD_ETHER },
	[LINK_DUMMY] = { IFF_BROADCAST | IFF_NOARP, 1500, ARPHRD_ETHER },
	[LINK_EXTERN] = { IFF_BROADCAST | IFF_MULTICAST, 1500, ARPHRD_ETHER },
};

static const char *const oper_name[] = {
	[IF_OPER_UNKNOWN] = "UNKNOWN", [IF_OPER_NOTPRESENT] = "NOTPRESENT",
	[IF_OPER_DOWN] = "DOWN",       [IF_OPER_LOWERLAYERDOWN] = "LOWERLAYERDOWN",
	[IF_OPER_TESTING] = "TESTING", [IF_OPER_DORMANT] = "DORMANT",
	[IF_OPER_UP] = "UP",
};

static_assert(ARRAY_LEN(oper_name) == IF_OPER_UP + 1, "every state has a name");

const char *link_kind_name(enum link_kind k)
{
	return kind_name[k];
}

const char *link_operstate(const struct link *l)
{
	return oper_name[l->flags & IFF_UP ? l->oper : IF_OPER_DOWN];
}

bool link_running(const struct link *l)
{
	return (l->flags & IFF_UP) && l->carrier;
}

bool link_name_ok(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n >= IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (; *name; name++)
		if (*name == '/' || *name == ':' || *name == ' ' || (*name >= '\t' && *name <= '\r'))
			return false;
	return true;
}

static void tell(struct link *l, unsigned what)
{
	l->set->gen++;
	if (l->set->notify)
		l->set->notify(l->set->ctx, l, what, NULL);
}

void link_changed(struct link *l)
{
	tell(l, LINK_CHANGED);
}

void link_set_init(struct link_set *s)
{
	static const struct {
		uint8_t key;
		int all, def;
	} start[] = {
		/* what is not 0 in a new namespace */
		{ LINK_CONF_ACCEPT_REDIRECTS, 1, 1 },    { LINK_CONF_SECURE_REDIRECTS, 1, 1 },
		{ LINK_CONF_SEND_REDIRECTS, 1, 1 },      { LINK_CONF_SHARED_MEDIA, 1, 1 },
		{ LINK_CONF_ACCEPT_SOURCE_ROUTE, 0, 1 },
	};

	memset(s, 0, sizeof(*s));
	list_init(&s->links);
	s->next_index = 1;
	link_conf6_init(s);
	for (size_t i = 0; i < ARRAY_LEN(start); i++) {
		s->conf_all[start[i].key] = start[i].all;
		s->conf_default[start[i].key] = start[i].def;
	}
}

void link_set_free(struct link_set *s)
{
	while (!list_empty(&s->links))
		link_remove(list_first(&s->links, struct link, node));
	mem_free(s->by_index);
	s->by_index = NULL;
	s->cap = 0;
}

struct link *link_by_index(const struct link_set *s, int ifindex)
{
	return ifindex > 0 && ifindex < s->cap ? s->by_index[ifindex] : NULL;
}

struct link *link_by_name(const struct link_set *s, const char *name)
{
	struct link *l;

	list_for_each(l, &s->links, node)
		if (!strcmp(l->name, name))
			return l;
	return NULL;
}

int link_alloc_name(const struct link_set *s, const char *pattern, char name[IFNAMSIZ])
{
	const char *pct = strstr(pattern, "%d");

	if (!pct) {
		if (!link_name_ok(pattern))
			return -EINVAL;
		snprintf(name, IFNAMSIZ, "%s", pattern);
		return 0;
	}
	for (unsigned i = 0; i < LINK_MAX; i++) {
		char try[2 * IFNAMSIZ + 16];

		if (snprintf(try, sizeof(try), "%.*s%u%s", (int)MIN(pct - pattern, IFNAMSIZ), pattern, i, "") >=
		    IFNAMSIZ)
			return -EINVAL;
		if (!link_by_name(s, try)) {
			memcpy(name, try, strlen(try) + 1);
			return 0;
		}
	}
	return -ENFILE;
}

/* room for index @i in by_index */
static int index_room(struct link_set *s, int i)
{
	struct link **grown;
	int cap = MAX(s->cap, 16);

	if (i < s->cap)
		return 0;
	while (cap <= i)
		cap *= 2;
	grown = mem_realloc(s->by_index, (size_t)cap * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + s->cap, 0, (size_t)(cap - s->cap) * sizeof(*grown));
	s->by_index = grown;
	s->cap = cap;
	return 0;
}

/* the next index that was not given yet; deleted links' indices are not given again */
static int index_next(struct link_set *s)
{
	while (link_by_index(s, s->next_index))
		s->next_index++;
	return s->next_index++;
}

static void insert(struct link_set *s, struct link *l)
{
	struct list *pos = s->links.next;

	while (pos != &s->links && list_entry(pos, struct link, node)->ifindex < l->ifindex)
		pos = pos->next;
	list_add_before(pos, &l->node);
	s->by_index[l->ifindex] = l;
	l->set = s;
}

int link_add(struct link_set *s, enum link_kind kind, const char *name, int ifindex, struct link **out)
{
	struct link *l;
	char real[IFNAMSIZ];
	int err = link_alloc_name(s, name, real);

	s->why = NULL;
	if (err)
		return err;
	if (link_by_name(s, real) || (ifindex && link_by_index(s, ifindex)))
		return -EEXIST;
	if (ifindex < 0 || ifindex >= LINK_MAX || (!ifindex && s->next_index >= LINK_MAX))
		return -ENFILE;
	l = mem_zalloc(sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->ifindex = ifindex ? ifindex : index_next(s);
	if (index_room(s, l->ifindex)) {
		mem_free(l);
		return -ENOMEM;
	}
	memcpy(l->name, real, sizeof(real));
	l->kind = kind;
	l->flags = kind_default[kind].flags;
	l->mtu = kind_default[kind].mtu;
	l->arphrd = kind_default[kind].arphrd;
	l->txqlen = 1000;
	l->carrier = kind != LINK_VETH;
	l->oper = kind == LINK_VETH ? IF_OPER_LOWERLAYERDOWN : IF_OPER_UNKNOWN;
	l->peer_netnsid = -1;
	memcpy(l->conf, s->conf_default, sizeof(l->conf));
	if (l->arphrd == ARPHRD_ETHER)
		memset(l->brd_mac, 0xff, 6);
	if (kind == LINK_LOOPBACK)
		l->conf[LINK_CONF_DISABLE_XFRM] = l->conf[LINK_CONF_DISABLE_POLICY] = 1;
	list_init(&l->addrs);
	insert(s, l);
	link_conf6_inherit(l);
	if (out)
		*out = l;
	tell(l, LINK_ADDED);
	return 0;
}

void link_detach(struct link *l)
{
	struct link_set *s = l->set;

	if (l->port)
		bridge_port_del(l);
	link_set_flags(l, 0, IFF_UP);
	link_addr_flush(l, 0);
	tell(l, LINK_REMOVED);
	list_del(&l->node);
	s->by_index[l->ifindex] = NULL;
	l->set = NULL;
}

int link_attach(struct link_set *s, struct link *l, const char *name)
{
	char real[IFNAMSIZ];
	int err = link_alloc_name(s, name, real), old = l->ifindex, at = link_by_index(s, old) ? index_next(s) : old;

	if (err)
		return err;
	if (link_by_name(s, real))
		return -EEXIST;
	if (index_room(s, at))
		return -ENOMEM;
	memcpy(l->name, real, sizeof(real));
	l->ifindex = at;
	l->was_up = false;
	memcpy(l->conf, s->conf_default, sizeof(l->conf));
	insert(s, l);
	link_conf6_inherit(l);
	tell(l, LINK_ADDED);
	return 0;
}

void link_remove(struct link *l)
{
	if (l->bridge)
		bridge_release_ports(l->bridge);
	link_detach(l);
	if (l->peer)
		l->peer->peer = NULL;
	bridge_free(l->bridge);
	mem_free(l->alias);
	mem_free(l);
}

int link_rename(struct link *l, const char *name)
{
	char real[IFNAMSIZ];
	int err;

	if (!strcmp(l->name, name))
		return 0;
	err = link_alloc_name(l->set, name, real);
	if (err)
		return err;
	if (link_by_name(l->set, real))
		return -EEXIST;
	memcpy(l->name, real, sizeof(real));
	link_addr_relabel(l);
	tell(l, LINK_CHANGED);
	return 0;
}

/* Linux takes a link for one upon another when their indexes differ, be it in two namespaces */
static uint8_t oper_without_carrier(const struct link *l)
{
	return l->kind == LINK_VETH && !(l->peer && l->peer->ifindex == l->ifindex) ? IF_OPER_LOWERLAYERDOWN : IF_OPER_DOWN;
}

void link_set_carrier(struct link *l, bool on)
{
	if (l->carrier == on)
		return;
	l->carrier = on;
	l->oper = on ? IF_OPER_UP : oper_without_carrier(l);
	if (!(l->flags & IFF_UP))
		return;
	if (on)
		link_addr_up(l);
	tell(l, LINK_CHANGED);
	if (l->port)
		bridge_port_changed(l->port);
}

static void go_up(struct link *l)
{
	l->flags |= IFF_UP;
	l->was_up = true;
	if (l->kind == LINK_VETH && l->peer && (l->peer->flags & IFF_UP)) {
		l->carrier = true; /* told with UP below */
		l->oper = IF_OPER_UP;
	}
	if (l->bridge)
		bridge_changed(l->bridge);
	link_addr_up(l);
	tell(l, LINK_UP);
	if (l->port)
		bridge_port_changed(l->port);
	if (l->carrier && l->peer) /* the other end hears of it a little later */
		link_set_carrier(l->peer, true);
}

static void go_down(struct link *l)
{
	l->flags &= ~IFF_UP;
	if (l->kind == LINK_VETH) {
		l->carrier = false;
		l->oper = IF_OPER_LOWERLAYERDOWN;
		if (l->peer)
			link_set_carrier(l->peer, false);
	}
	if (l->bridge)
		bridge_changed(l->bridge);
	link_addr_down(l);
	tell(l, LINK_DOWN);
	if (l->port)
		bridge_port_changed(l->port);
}

int link_set_flags(struct link *l, uint32_t flags, uint32_t mask)
{
	uint32_t old = l->flags;

	l->flags = (old & ~(mask & ~IFF_UP)) | (flags & mask & ~IFF_UP);
	if ((mask & IFF_UP) && ((flags ^ old) & IFF_UP)) {
		if (flags & IFF_UP)
			go_up(l);
		else
			go_down(l);
	} else if (l->flags != old) {
		tell(l, (l->flags ^ old) & IFF_NOARP ? LINK_MAC : LINK_CHANGED);
	}
	return 0;
}

int link_set_mac(struct link *l, const uint8_t mac[6])
{
	if (l->arphrd == ARPHRD_ETHER && ((mac[0] & 1) || !memcmp(mac, "\0\0\0\0\0\0", 6)))
		return -EADDRNOTAVAIL;
	memcpy(l->mac, mac, 6);
	l->mac_set = true;
	if (l->bridge)
		bridge_changed(l->bridge);
	tell(l, LINK_MAC);
	if (l->port)
		bridge_port_changed(l->port);
	return 0;
}

int link_set_mtu(struct link *l, uint32_t mtu)
{
	uint32_t min = l->kind == LINK_LOOPBACK || l->kind == LINK_DUMMY ? 0 : 68,
		 max = l->kind == LINK_LOOPBACK ? 0x7fffffff : 65535;

	l->set->why = NULL;
	if (mtu < min)
		l->set->why = "mtu less than device minimum";
	else if (mtu > max)
		l->set->why = "mtu greater than device maximum";
	if (l->set->why)
		return -EINVAL;
	l->mtu = mtu;
	l->mtu_set = true;
	if (mtu < 68)
		link_addr_flush(l, AF_INET);
	link_addr_mtu(l);
	tell(l, LINK_CHANGED);
	if (l->port)
		bridge_port_changed(l->port);
	return 0;
}

/* ---- settings: the kernel's rule for each key over conf.all and the link's own ---- */

enum conf_rule { CONF_OWN, CONF_AND, CONF_OR, CONF_MAX, CONF_REDIRECTS };

static const struct {
	const char *name;
	enum conf_rule rule;
} conf_row[] = {
	[LINK_CONF_FORWARDING] = { "forwarding", CONF_OWN },
	[LINK_CONF_RP_FILTER] = { "rp_filter", CONF_MAX },
	[LINK_CONF_ACCEPT_REDIRECTS] = { "accept_redirects", CONF_REDIRECTS },
	[LINK_CONF_SECURE_REDIRECTS] = { "secure_redirects", CONF_OR },
	[LINK_CONF_SEND_REDIRECTS] = { "send_redirects", CONF_OR },
	[LINK_CONF_SHARED_MEDIA] = { "shared_media", CONF_OR },
	[LINK_CONF_PROXY_ARP] = { "proxy_arp", CONF_OR },
	[LINK_CONF_PROXY_ARP_PVLAN] = { "proxy_arp_pvlan", CONF_OR },
	[LINK_CONF_ARP_FILTER] = { "arp_filter", CONF_OR },
	[LINK_CONF_ARP_ANNOUNCE] = { "arp_announce", CONF_MAX },
	[LINK_CONF_ARP_IGNORE] = { "arp_ignore", CONF_MAX },
	[LINK_CONF_ARP_ACCEPT] = { "arp_accept", CONF_MAX },
	[LINK_CONF_ARP_NOTIFY] = { "arp_notify", CONF_MAX },
	[LINK_CONF_ROUTE_LOCALNET] = { "route_localnet", CONF_OR },
	[LINK_CONF_LOG_MARTIANS] = { "log_martians", CONF_OR },
	[LINK_CONF_ACCEPT_SOURCE_ROUTE] = { "accept_source_route", CONF_AND },
	[LINK_CONF_ACCEPT_LOCAL] = { "accept_local", CONF_OR },
	[LINK_CONF_SRC_VALID_MARK] = { "src_valid_mark", CONF_OR },
	[LINK_CONF_PROMOTE_SECONDARIES] = { "promote_secondaries", CONF_OR },
	[LINK_CONF_IGNORE_ROUTES_WITH_LINKDOWN] = { "ignore_routes_with_linkdown", CONF_OR },
	[LINK_CONF_MC_FORWARDING] = { "mc_forwarding", CONF_AND },
	[LINK_CONF_TAG] = { "tag", CONF_OWN },
	[LINK_CONF_MEDIUM_ID] = { "medium_id", CONF_OWN },
	[LINK_CONF_BOOTP_RELAY] = { "bootp_relay", CONF_AND },
	[LINK_CONF_DISABLE_XFRM] = { "disable_xfrm", CONF_OWN },
	[LINK_CONF_DISABLE_POLICY] = { "disable_policy", CONF_OWN },
	[LINK_CONF_FORCE_IGMP_VERSION] = { "force_igmp_version", CONF_OWN },
};
_Static_assert(ARRAY_LEN(conf_row) == LINK_CONF_MAX, "one row per setting");

const char *link_conf_name(enum link_conf_key key)
{
	return conf_row[key].name;
}

int link_conf(const struct link *l, enum link_conf_key key)
{
	int all = l->set->conf_all[key], own = l->conf[key];

	switch (conf_row[key].rule) {
	case CONF_AND:
		return all && own;
	case CONF_OR:
		return all || own;
	case CONF_MAX:
		return MAX(all, own);
	case CONF_REDIRECTS: /* a router wants both, a host is content with one */
		return l->conf[LINK_CONF_FORWARDING] ? all && own : all || own;
	case CONF_OWN:
		break;
	}
	return own;
}

bool link_conf_forwarding(const struct link *l)
{
	return l->conf[LINK_CONF_FORWARDING];
}
