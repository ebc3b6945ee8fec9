/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/ip_show.c - how `ip link` and `ip addr` show links and addresses.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "front/ip.h"
#include "route/bridge.h"

static const struct {
	uint32_t flag;
	const char *name;
} link_flag[] = {
	{ IFF_LOOPBACK, "LOOPBACK" }, { IFF_BROADCAST, "BROADCAST" }, { IFF_POINTOPOINT, "POINTOPOINT" },
	{ IFF_MULTICAST, "MULTICAST" }, { IFF_NOARP, "NOARP" }, { IFF_ALLMULTI, "ALLMULTI" },
	{ IFF_PROMISC, "PROMISC" }, { IFF_MASTER, "MASTER" }, { IFF_SLAVE, "SLAVE" }, { IFF_DEBUG, "DEBUG" },
	{ IFF_DYNAMIC, "DYNAMIC" }, { IFF_AUTOMEDIA, "AUTOMEDIA" }, { IFF_PORTSEL, "PORTSEL" },
	{ IFF_NOTRAILERS, "NOTRAILERS" }, { IFF_UP, "UP" }, { IFF_LOWER_UP, "LOWER_UP" },
}, addr_flag[] = {	/* in the order in which they are printed; IFA_F_PERMANENT stands for its opposite */
	{ IFA_F_SECONDARY, "secondary" }, { IFA_F_NODAD, "nodad" }, { IFA_F_OPTIMISTIC, "optimistic" },
	{ IFA_F_DADFAILED, "dadfailed" }, { IFA_F_HOMEADDRESS, "home" }, { IFA_F_DEPRECATED, "deprecated" },
	{ IFA_F_TENTATIVE, "tentative" }, { IFA_F_PERMANENT, "dynamic" },
	{ IFA_F_MANAGETEMPADDR, "mngtmpaddr" }, { IFA_F_NOPREFIXROUTE, "noprefixroute" },
	{ IFA_F_MCAUTOJOIN, "autojoin" }, { IFA_F_STABLE_PRIVACY, "stable-privacy" },
};

static bool same_ns_peer(const struct link *l)
{
	return l->peer && l->peer->set == l->set;
}

void ip_put_link_flags(const struct link *l, struct sbuf *out)
{
	uint32_t flags = l->flags | (link_running(l) ? IFF_LOWER_UP : 0);
	const char *sep = "";

	sbuf_puts(out, "<");
	if ((l->flags & IFF_UP) && !l->carrier) {
		sbuf_puts(out, "NO-CARRIER");
		sep = ",";
	}
	for (size_t i = 0; i < ARRAY_LEN(link_flag); i++)
		if (flags & link_flag[i].flag) {
			sbuf_printf(out, "%s%s", sep, link_flag[i].name);
			sep = ",";
		}
	if (same_ns_peer(l) && !(l->peer->flags & IFF_UP))
		sbuf_printf(out, "%sM-DOWN", sep);
	sbuf_puts(out, ">");
}

/* "eth0", "veth0@veth1", "eth0@if5" when the other end is in another namespace */
void ip_put_link_name(struct ip *x, const struct link *l, struct sbuf *out)
{
	sbuf_puts(out, l->name);
	if (same_ns_peer(l))
		sbuf_printf(out, "@%s", l->peer->name);
	else if (l->peer)
		sbuf_printf(out, "@if%d", l->peer->ifindex);
}

/*
 * A dump of IPv6 says the other end's number only where it differs, and not that it is in another namespace: ip takes
 * it for one of its own links.
 */
static void put_link_name_of_dump6(struct ip *x, const struct link *l, struct sbuf *out)
{
	const struct link *own = l->peer ? link_by_index(&x->ns->links, l->peer->ifindex) : NULL;

	sbuf_puts(out, l->name);
	if (!l->peer || l->peer->ifindex == l->ifindex)
		return;
	if (own)
		sbuf_printf(out, "@%s", own->name);
	else
		sbuf_printf(out, "@if%d", l->peer->ifindex);
}

/* the name of a namespace as this host's `ip netns` has it, NULL: none */
static const char *netns_name(struct ip *x, const struct netns *ns, char **names)
{
	for (size_t i = 0; names && names[i]; i++)
		if (x->c->ops->netns_find(x->c, names[i]) == ns)
			return names[i];
	return NULL;
}

static void put_peer_netns(struct ip *x, const struct link *l)
{
	struct netns *other = l->peer ? l->peer->ns : NULL;
	char **names;
	const char *name;

	if (!other || same_ns_peer(l))
		return;
	names = x->c->ops->netns_list ? x->c->ops->netns_list(x->c) : NULL;
	name = netns_name(x, other, names);
	if (name)
		cmd_out(x->c, " link-netns %s", name);
	else
		cmd_out(x->c, " link-netnsid %d", netns_id(l->ns, other, true));
	mem_free(names);
}

static void put_link_head(struct ip *x, const struct ip_show *f, const struct link *l)
{
	struct sbuf *o = &x->c->out;
	bool six = f->family == AF_INET6 && !f->dev; /* a dump of that family says less */

	sbuf_printf(o, "%d: ", l->ifindex);
	if (six)
		put_link_name_of_dump6(x, l, o);
	else
		ip_put_link_name(x, l, o);
	sbuf_puts(o, ": ");
	ip_put_link_flags(l, o);
	sbuf_printf(o, " mtu %u ", l->mtu);
	if (!six)
		sbuf_printf(o, "qdisc %s ", l->was_up ? "noqueue" : "noop");
	if (l->master && !six)
		sbuf_printf(o, "master %s ", l->master->name);
	sbuf_printf(o, "state %s ", link_operstate(l));
	if (!f->is_addr)
		sbuf_puts(o, "mode DEFAULT ");
	if (!six)
		l->group ? sbuf_printf(o, "group %u ", l->group) : sbuf_puts(o, "group default ");
	sbuf_printf(o, "qlen %u", l->txqlen);
}

static void put_link_layer(struct ip *x, const struct link *l)
{
	char mac[18], brd[18];
	const char *type = l->arphrd == ARPHRD_ETHER ? "ether" : l->arphrd == ARPHRD_LOOPBACK ? "loopback" : "none";

	cmd_out(x->c, "%s    link/%s ", ip_nl(x), type);
	if (l->arphrd != ARPHRD_NONE)
		cmd_out(x->c, "%s brd %s", fmt_mac(mac, l->mac), fmt_mac(brd, l->brd_mac));
	put_peer_netns(x, l);
}

static void put_link(struct ip *x, const struct ip_show *f, const struct link *l)
{
	put_link_head(x, f, l);
	if (f->family == AF_UNSPEC || f->family == AF_PACKET || x->details)
		put_link_layer(x, l);
	else if (f->family != AF_INET6 || f->dev)
		put_peer_netns(x, l);
	if (x->details)
		ip_put_details(x, l, !f->is_addr);
	if (l->alias && (!f->is_addr || x->details))
		cmd_out(x->c, "%s    alias %s", ip_nl(x), l->alias);
	if (x->stats)
		ip_put_stats(x, l);
	cmd_out(x->c, "\n");
}

static void put_link_brief(struct ip *x, const struct ip_show *f, const struct link *l)
{
	struct sbuf name = SBUF_INIT;
	char mac[18];

	if (f->is_addr && f->family == AF_INET6 && !f->dev)
		put_link_name_of_dump6(x, l, &name);
	else
		ip_put_link_name(x, l, &name);
	cmd_out(x->c, "%-16s %-14s ", sbuf_str(&name), link_operstate(l));
	sbuf_free(&name);
	if (f->is_addr)
		return;
	cmd_out(x->c, "%s ", l->arphrd == ARPHRD_NONE ? "" : fmt_mac(mac, l->mac));
	ip_put_link_flags(l, &x->c->out);
	cmd_out(x->c, " \n");
}

/* ---- addresses ---- */

static uint64_t now_of(const struct ip *x)
{
	return clock_ms(&x->ns->world->clock);
}

static uint32_t flags_now(const struct ip *x, const struct link_addr *a)
{
	uint32_t f = a->flags;

	if (a->preferred_ms && a->preferred_ms <= now_of(x))
		f |= IFA_F_DEPRECATED;
	return f;
}

bool ip_show_addr_wanted(const struct ip *x, const struct ip_show *f, const struct link *l, const struct link_addr *a)
{
	if (f->family == AF_PACKET || (f->family != AF_UNSPEC && a->family != f->family))
		return false;
	if (f->have_scope && a->scope != f->scope)
		return false;
	if ((flags_now(x, a) ^ f->flags) & f->flag_mask)
		return false;
	if (f->label && fnmatch(f->label, a->label[0] ? a->label : l->name, 0) != 0)
		return false;
	return !f->have_to || (a->family == f->to.family && a->plen >= f->to.plen &&
			       addr_in(a->family, &a->addr, &f->to.addr, f->to.plen));
}

static void put_lifetime(struct ip *x, const char *what, uint64_t end_ms)
{
	if (!end_ms)
		cmd_out(x->c, "%s forever", what);
	else
		cmd_out(x->c, "%s %llusec", what,
			(unsigned long long)(end_ms > now_of(x) ? (end_ms - now_of(x) + 999) / 1000 : 0));
}

static void put_addr_flags(struct ip *x, const struct link_addr *a)
{
	uint32_t flags = flags_now(x, a);

	for (size_t i = 0; i < ARRAY_LEN(addr_flag); i++) {
		bool on = flags & addr_flag[i].flag;

		if (addr_flag[i].flag == IFA_F_PERMANENT)
			on = !on;
		if (on)
			cmd_out(x->c, "%s ",
				addr_flag[i].flag == IFA_F_SECONDARY && a->family == AF_INET6 ? "temporary"
											      : addr_flag[i].name);
	}
}

static void put_addr(struct ip *x, const struct link *l, const struct link_addr *a)
{
	struct sbuf *o = &x->c->out;
	char scope[16];

	if (x->oneline && !x->brief)
		sbuf_printf(o, "%d: %s", l->ifindex, l->name);
	if (!x->brief)
		sbuf_printf(o, "    %s ", a->family == AF_INET ? "inet" : "inet6");
	addr_put(o, a->family, &a->addr);
	if (!addr_eq(&a->addr, &a->peer)) {
		sbuf_puts(o, " peer ");
		addr_put(o, a->family, &a->peer);
	}
	sbuf_printf(o, "/%u ", a->plen);
	if (a->metric)
		sbuf_printf(o, "metric %u ", a->metric);
	if (x->brief)
		return;
	if (!addr_is_any(&a->brd)) {
		sbuf_puts(o, "brd ");
		addr_put(o, a->family, &a->brd);
		sbuf_puts(o, " ");
	}
	sbuf_printf(o, "scope %s ", ip_scope_name(x, a->scope, scope));
	put_addr_flags(x, a);
	sbuf_printf(o, "%s%s", a->family == AF_INET ? a->label[0] ? a->label : l->name : "", ip_nl(x));
	put_lifetime(x, "       valid_lft", a->valid_ms);
	if (a->flags & IFA_F_DEPRECATED) /* from the beginning */
		sbuf_puts(o, " preferred_lft 0sec");
	else
		put_lifetime(x, " preferred_lft", a->preferred_ms);
	sbuf_puts(o, "\n");
}

/* ---- which ---- */

static bool link_wanted(struct ip *x, const struct ip_show *f, const struct link *l)
{
	if (f->up && !(l->flags & IFF_UP))
		return false;
	if (f->kind && strcmp(f->kind, link_kind_name(l->kind)) != 0 && !(l->port && !strcmp(f->kind, "bridge_slave")))
		return false;
	if (f->master && (!l->master || strcmp(l->master->name, f->master) != 0))
		return false;
	if (f->nomaster && l->master)
		return false;
	return !f->have_group || l->group == f->group;
}

static bool any_addr_wanted(struct ip *x, const struct ip_show *f, const struct link *l)
{
	const struct link_addr *a;

	list_for_each(a, &l->addrs, node)
		if (ip_show_addr_wanted(x, f, l, a))
			return true;
	return false;
}

/* without addresses a link is shown only when nothing was asked of addresses */
static bool shows_bare(const struct ip_show *f)
{
	return (f->family == AF_UNSPEC || f->family == AF_PACKET) && !f->have_scope && !f->flag_mask && !f->label &&
	       !f->have_to;
}

static void show_one(struct ip *x, const struct ip_show *f, const struct link *l)
{
	const struct link_addr *a;
	bool named = !f->label || fnmatch(f->label, l->name, 0) == 0;

	if (!link_wanted(x, f, l) || (f->is_addr && !shows_bare(f) && !any_addr_wanted(x, f, l)))
		return;
	if (x->brief)
		put_link_brief(x, f, l);
	else if (named && !(f->is_addr && x->oneline))
		put_link(x, f, l);
	if (!f->is_addr)
		return;
	list_for_each(a, &l->addrs, node)
		if (ip_show_addr_wanted(x, f, l, a))
			put_addr(x, l, a);
	if (x->brief)
		cmd_out(x->c, "\n");
}

int ip_show(struct ip *x, const struct ip_show *f)
{
	const struct link *l;

	if (f->dev && !link_by_name(&x->ns->links, f->dev))
		return ip_fail(x, 1, "Device \"%s\" does not exist.\n", f->dev);
	if (f->master && !link_by_name(&x->ns->links, f->master))
		return ip_invalid(x, "Device does not exist\n", f->master);
	list_for_each(l, &x->ns->links.links, node)
		if (!f->dev || !strcmp(f->dev, l->name))
			show_one(x, f, l);
	return 0;
}
