/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/state_print.c - a namespace as the commands that make it again.
 *
 * Theory of operation: links, settings, addresses, neighbours, routes, policy rules and rule sets are printed in the
 * order in which one needs the other. Settings have side effects on one another (ip_forward sets every interface's
 * forwarding), so which of them must be printed is found by trying: a second namespace is made with the same links,
 * and every setting that differs there is printed and set, until none does.
 *
 * Invariants
 *  1. What the kernel makes by itself (routes of addresses, 127.0.0.1 on lo, the three first policy rules) is not
 *     printed.
 *  2. Words that a shell would read otherwise are quoted.
 *
 * Connections, learned neighbours and bridge tables are not kept: they are traffic's, not the administrator's.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "base/mem.h"
#include "front/iptables.h"
#include "front/kept.h"
#include "front/nft/tool.h"
#include "front/script.h"
#include "front/state.h"

#define SETTING_ROUNDS 3

static void put_word(struct sbuf *out, const char *w)
{
	bool plain = *w;

	for (const char *p = w; *p; p++)
		plain = plain && (isalnum((unsigned char)*p) || strchr("_-+=.,:/@%", *p));
	if (plain) {
		sbuf_puts(out, w);
		return;
	}
	sbuf_putc(out, '\'');
	for (; *w; w++) {
		if (*w == '\'')
			sbuf_puts(out, "'\\''");
		else
			sbuf_putc(out, *w);
	}
	sbuf_putc(out, '\'');
}

static void put_named(struct sbuf *out, const char *key, const char *value)
{
	sbuf_printf(out, " %s ", key);
	put_word(out, value);
}

static void put_prefix(struct sbuf *out, uint8_t family, const union inet_addr *a, unsigned plen)
{
	addr_put(out, family, a);
	sbuf_printf(out, "/%u", plen);
}

/* ---- links and addresses ---- */

/* A veth's second end is the one that is made first and has the lower index. */
static void put_new_link(struct sbuf *out, const struct link *l)
{
	bool pair = l->kind == LINK_VETH && l->peer && l->peer->ns == l->ns;

	if (l->kind == LINK_LOOPBACK || (pair && l->peer->ifindex < l->ifindex))
		return;
	sbuf_puts(out, "ip link add");
	put_named(out, "name", pair ? l->peer->name : l->name);
	sbuf_printf(out, " type %s", pair ? "veth peer" : l->kind == LINK_BRIDGE ? "bridge" : "dummy");
	if (pair)
		put_named(out, "name", l->name);
	sbuf_putc(out, '\n');
}

static void put_link_settings(struct sbuf *out, const struct link *l)
{
	char mac[18];

	sbuf_puts(out, "ip link set");
	put_named(out, "dev", l->name);
	if (l->kind != LINK_LOOPBACK) {
		if (l->kind != LINK_BRIDGE || l->mac_set)
			sbuf_printf(out, " address %s", fmt_mac(mac, l->mac));
		if (l->kind != LINK_BRIDGE || l->mtu_set)
			sbuf_printf(out, " mtu %u", l->mtu);
		if (l->flags & IFF_NOARP && l->kind != LINK_DUMMY)
			sbuf_puts(out, " arp off");
		else if (!(l->flags & IFF_NOARP) && l->kind == LINK_DUMMY)
			sbuf_puts(out, " arp on");
	} else if (l->mtu != 65536) {
		sbuf_printf(out, " mtu %u", l->mtu);
	}
	if (l->master)
		put_named(out, "master", l->master->name);
	if (l->alias)
		put_named(out, "alias", l->alias);
	sbuf_printf(out, " %s\n", l->flags & IFF_UP ? "up" : "down");
}

static void put_links(struct sbuf *out, const struct netns *ns)
{
	const struct link *l;

	list_for_each(l, &ns->links.links, node)
		put_new_link(out, l);
	list_for_each(l, &ns->links.links, node)
		put_link_settings(out, l);
}

/* ::1 and the link-local address that a link makes of its own: no user gives an address a protocol here */
static bool comes_by_itself(const struct link_addr *a)
{
	return addr_is_loopback(AF_INET6, &a->addr) || a->proto;
}

static void put_addr_flags(struct sbuf *out, const struct link_addr *a)
{
	static const struct {
		uint32_t flag;
		const char *word;
	} row[] = { { IFA_F_NODAD, "nodad" },
		    { IFA_F_HOMEADDRESS, "home" },
		    { IFA_F_MANAGETEMPADDR, "mngtmpaddr" },
		    { IFA_F_NOPREFIXROUTE, "noprefixroute" } };

	for (size_t i = 0; i < ARRAY_LEN(row); i++)
		if (a->flags & row[i].flag)
			sbuf_printf(out, " %s", row[i].word);
	if (a->metric)
		sbuf_printf(out, " metric %u", a->metric);
}

static void put_addr(struct sbuf *out, const struct link *l, const struct link_addr *a)
{
	union inet_addr home = addr_ip4(htonl(INADDR_LOOPBACK));

	if (l->kind == LINK_LOOPBACK && a->family == AF_INET && addr_eq(&a->addr, &home))
		return;
	if (a->family == AF_INET6 && comes_by_itself(a))
		return;
	sbuf_puts(out, "ip addr add ");
	if (!addr_eq(&a->addr, &a->peer)) {
		addr_put(out, a->family, &a->addr);
		sbuf_puts(out, " peer ");
		put_prefix(out, a->family, &a->peer, a->plen);
	} else {
		put_prefix(out, a->family, &a->addr, a->plen);
	}
	if (!addr_is_any(&a->brd)) {
		sbuf_puts(out, " broadcast ");
		addr_put(out, a->family, &a->brd);
	}
	if (a->family == AF_INET && strcmp(a->label, l->name) != 0 && *a->label)
		put_named(out, "label", a->label);
	if (a->family == AF_INET && a->scope != RT_SCOPE_UNIVERSE)
		sbuf_printf(out, " scope %u", a->scope);
	put_named(out, "dev", l->name);
	put_addr_flags(out, a);
	sbuf_putc(out, '\n');
}

static void put_addrs(struct sbuf *out, const struct netns *ns)
{
	const struct link *l;
	const struct link_addr *a;

	list_for_each(l, &ns->links.links, node)
		list_for_each(a, &l->addrs, node)
			put_addr(out, l, a);
}

/* ---- settings ---- */

struct setting_walk {
	struct netns *real, *trial;
	struct sbuf *out;
	bool changed;
};

static int put_setting(void *ctx, const char *name)
{
	struct setting_walk *w = ctx;
	struct sbuf want = SBUF_INIT, have = SBUF_INIT, line = SBUF_INIT;

	if (ns_sysctl_get(w->real, name, &want) == 0 && ns_sysctl_get(w->trial, name, &have) == 0 &&
	    strcmp(sbuf_str(&want), sbuf_str(&have)) != 0 && ns_sysctl_set(w->trial, name, sbuf_str(&want)) == 0) {
		sbuf_printf(&line, "%s=%s", name, sbuf_str(&want));
		sbuf_puts(w->out, "sysctl -q -w ");
		put_word(w->out, sbuf_str(&line));
		sbuf_putc(w->out, '\n');
		w->changed = true;
	}
	w->out->failed |= line.failed;
	sbuf_free(&want);
	sbuf_free(&have);
	sbuf_free(&line);
	return 0;
}

static int put_settings(struct sbuf *out, struct netns *ns, const char *links)
{
	struct netns *trial = netns_new(ns->world, "state");
	struct script s = { .world = ns->world, .ns = trial };
	struct setting_walk w = { .real = ns, .trial = trial, .out = out };
	int err;

	if (!trial)
		return -ENOMEM;
	err = script_run(&s, "state", links, NULL) ? -EINVAL : 0;
	if (!err)
		put_setting(&w, "net.ipv4.ip_forward");	/* sets many others */
	for (int i = 0; !err && i < SETTING_ROUNDS; i++) {
		w.changed = false;
		err = ns_sysctl_walk(ns, put_setting, &w);
		if (!w.changed)
			break;
	}
	netns_free(trial);
	return err;
}

/* ---- neighbours, routes, policy rules ---- */

static void put_neighbours(struct sbuf *out, const struct netns *ns)
{
	const struct neigh *n;
	char mac[18];

	list_for_each(n, &ns->neigh.all, all) {
		const struct link *l = link_by_index(&ns->links, n->ifindex);

		if (!l || !(n->state & NUD_PERMANENT) || !n->have_mac)
			continue;
		sbuf_puts(out, "ip neigh add ");
		addr_put(out, n->family, &n->addr);
		sbuf_printf(out, " lladdr %s nud permanent", fmt_mac(mac, n->mac));
		put_named(out, "dev", l->name);
		sbuf_putc(out, '\n');
	}
}

static const char *route_type(uint8_t type)
{
	static const struct {
		uint8_t type;
		const char *name;
	} names[] = {
		{ RTN_LOCAL, "local " },         { RTN_BROADCAST, "broadcast " }, { RTN_ANYCAST, "anycast " },
		{ RTN_MULTICAST, "multicast " }, { RTN_BLACKHOLE, "blackhole " }, { RTN_UNREACHABLE, "unreachable " },
		{ RTN_PROHIBIT, "prohibit " },   { RTN_THROW, "throw " },
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].type == type)
			return names[i].name;
	return "";
}

/* what ip route add takes when no scope is given */
static uint8_t usual_scope(const struct route *r)
{
	if (r->type == RTN_LOCAL)
		return RT_SCOPE_HOST;
	if (r->type == RTN_BROADCAST || r->type == RTN_MULTICAST || r->type == RTN_ANYCAST)
		return RT_SCOPE_LINK;
	return r->type == RTN_UNICAST && r->n_nh == 1 && !r->nh[0].gw_family ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

static void put_hop(struct sbuf *out, const struct netns *ns, const struct nexthop *h)
{
	const struct link *l = link_by_index(&ns->links, h->ifindex);

	if (h->gw_family) {
		sbuf_printf(out, " via %s", h->gw_family == AF_INET6 ? "inet6 " : "");
		addr_put(out, h->gw_family, &h->gw);
	}
	if (l)
		put_named(out, "dev", l->name);
	if (h->flags & RTNH_F_ONLINK)
		sbuf_puts(out, " onlink");
}

struct route_walk {
	const struct netns *ns;
	struct sbuf *out;
};

static int put_route(void *ctx, const struct route *r)
{
	struct route_walk *w = ctx;
	struct sbuf *out = w->out;

	if (r->protocol == RTPROT_KERNEL || (r->family == AF_INET6 && r->protocol == RTPROT_RA))
		return 0;
	sbuf_printf(out, "ip %sroute add %s", r->family == AF_INET6 ? "-6 " : "", route_type(r->type));
	if (r->plen)
		put_prefix(out, r->family, &r->dst, r->plen);
	else
		sbuf_puts(out, "default");
	if (r->src_plen) {
		sbuf_puts(out, " from ");
		put_prefix(out, r->family, &r->src, r->src_plen);
	}
	if (r->hop_limit)
		sbuf_printf(out, " hoplimit %u", r->hop_limit);
	if (r->pref)
		sbuf_printf(out, " pref %s", r->pref == 1 ? "high" : "low");
	if (r->table != RT_TABLE_MAIN)
		sbuf_printf(out, " table %u", r->table);
	if (r->protocol != RTPROT_BOOT)
		sbuf_printf(out, " proto %u", r->protocol);
	if (r->family == AF_INET && r->scope != usual_scope(r))
		sbuf_printf(out, " scope %u", r->scope);
	if (r->tos)
		sbuf_printf(out, " tos 0x%02x", r->tos);
	if (r->metric)
		sbuf_printf(out, " metric %u", r->metric);
	if (r->have_prefsrc) {
		sbuf_puts(out, " src ");
		addr_put(out, r->family, &r->prefsrc);
	}
	if (r->mtu)
		sbuf_printf(out, " mtu %s%u", r->mtu_locked ? "lock " : "", r->mtu);
	if (r->advmss)
		sbuf_printf(out, " advmss %u", r->advmss);
	for (unsigned i = 0; i < r->n_nh; i++) {
		if (r->n_nh > 1)
			sbuf_puts(out, " nexthop");
		put_hop(out, w->ns, &r->nh[i]);
		if (r->n_nh > 1)
			sbuf_printf(out, " weight %u", r->nh[i].weight);
	}
	sbuf_putc(out, '\n');
	return 0;
}

static bool default_rule(const struct fib_rule *r)
{
	static const struct {
		uint32_t pref, table;
	} first[] = { { 0, RT_TABLE_LOCAL }, { 32766, RT_TABLE_MAIN }, { 32767, RT_TABLE_DEFAULT } };

	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		if (r->pref == first[i].pref && r->table == first[i].table && r->protocol == RTPROT_KERNEL)
			return true;
	return false;
}

static void put_ports(struct sbuf *out, const char *key, uint16_t min, uint16_t max)
{
	if (!min && !max)
		return;
	sbuf_printf(out, " %s %u", key, min);
	if (max != min)
		sbuf_printf(out, "-%u", max);
}

static void put_rule_action(struct sbuf *out, const struct fib_rule *r)
{
	switch (r->action) {
	case FR_ACT_GOTO:
		sbuf_printf(out, " goto %u", r->goto_pref);
		break;
	case FR_ACT_NOP:
		sbuf_puts(out, " nop");
		break;
	case FR_ACT_BLACKHOLE:
		sbuf_puts(out, " blackhole");
		break;
	case FR_ACT_UNREACHABLE:
		sbuf_puts(out, " unreachable");
		break;
	case FR_ACT_PROHIBIT:
		sbuf_puts(out, " prohibit");
		break;
	default:
		sbuf_printf(out, " lookup %u", r->table);
		break;
	}
}

static void put_rule(struct sbuf *out, const struct fib_rule *r)
{
	sbuf_printf(out, "ip %srule add%s pref %u", r->family == AF_INET6 ? "-6 " : "", r->invert ? " not" : "",
		    r->pref);
	if (r->src_plen) {
		sbuf_puts(out, " from ");
		put_prefix(out, r->family, &r->src, r->src_plen);
	}
	if (r->dst_plen) {
		sbuf_puts(out, " to ");
		put_prefix(out, r->family, &r->dst, r->dst_plen);
	}
	if (r->tos)
		sbuf_printf(out, " tos 0x%02x", r->tos);
	if (r->have_mark)
		sbuf_printf(out, " fwmark 0x%x/0x%x", r->fwmark, r->fwmask);
	if (*r->iif)
		put_named(out, "iif", r->iif);
	if (*r->oif)
		put_named(out, "oif", r->oif);
	if (r->have_uid)
		sbuf_printf(out, " uidrange %u-%u", r->uid_min, r->uid_max);
	if (r->ipproto)
		sbuf_printf(out, " ipproto %u", r->ipproto);
	put_ports(out, "sport", r->sport_min, r->sport_max);
	put_ports(out, "dport", r->dport_min, r->dport_max);
	put_rule_action(out, r);
	if (r->suppress_plen >= 0)
		sbuf_printf(out, " suppress_prefixlength %d", r->suppress_plen);
	sbuf_putc(out, '\n');
}

static void put_rules(struct sbuf *out, const struct netns *ns)
{
	static const uint32_t first[] = { 0, 32766, 32767 };
	const struct fib_rule *r;

	for (size_t i = 0; i < ARRAY_LEN(first); i++) {
		bool there = false;

		list_for_each(r, &ns->fib.rules[0], node)
			there = there || (r->pref == first[i] && default_rule(r));
		if (!there)
			sbuf_printf(out, "ip rule del pref %u\n", first[i]);
	}
	for (int af = 0; af < 2; af++)
		list_for_each(r, &ns->fib.rules[af], node)
			if (!default_rule(r))
				put_rule(out, r);
}

/* ---- all of it ---- */

static int put_iptables(struct sbuf *out, struct netns *ns, uint8_t family)
{
	struct cmd c = { .world = ns->world, .ns = ns };
	struct sbuf text = SBUF_INIT;
	char end[32] = "END";
	int err = ipt_save_exact(&c, family, &text);

	for (unsigned i = 1; strstr(sbuf_str(&text), end); i++)	/* a line of the text must not end it */
		snprintf(end, sizeof(end), "END%u", i);
	if (!err && text.len)
		sbuf_printf(out, "%s-restore -c <<'%s'\n%s%s\n", family == AF_INET6 ? "ip6tables" : "iptables", end,
			    text.data, end);
	if (text.failed)
		err = -ENOMEM;
	sbuf_free(&text);
	return err;
}

/* what nft has put into a table of iptables': sets, objects, base chains, and rules at their places */
static void put_nft_parts(struct nft_ctx *x, const struct table *t, struct sbuf *out)
{
	const struct ipt_table *spec = ipt_table_find(t->name);
	const char *family = nft_family_name(t->family);
	struct sbuf parts = SBUF_INIT;
	const struct chain *c;

	for (unsigned i = 0; i < t->n_objects; i++)
		nft_print_object(x, t, t->objects[i], &parts);
	for (unsigned i = 0; i < t->n_sets; i++)
		if (!(t->sets[i]->desc.flags & NFT_SET_ANONYMOUS))
			nft_print_set(x, t, t->sets[i], &parts);
	list_for_each(c, &t->chains, node) {
		struct chain head = *c;

		head.n_rules = 0;
		if (c->base && !(spec && ipt_builtin_find(spec, c->name)))
			nft_print_chain(x, &head, &parts);
	}
	if (parts.len)
		sbuf_printf(out, "table %s %s {\n%s}\n", family, t->name, parts.data);
	out->failed |= parts.failed;
	sbuf_free(&parts);
	list_for_each(c, &t->chains, node) {
		for (unsigned i = 0; i < c->n_rules && !c->bound; i++) {
			if (ipt_rule_of(c->rules[i]))
				continue;
			sbuf_printf(out, "%s rule %s %s %s ", i ? "add" : "insert", family, t->name, c->name);
			if (i)
				sbuf_printf(out, "index %u ", i - 1);
			nft_print_rule(x, t, c->rules[i], out);
			sbuf_putc(out, '\n');
		}
	}
}

/* nft's own tables, as nft lists them: what is listed can be read */
static int put_nft(struct sbuf *out, struct netns *ns)
{
	struct cmd c = { .world = ns->world, .ns = ns };
	struct sbuf text = SBUF_INIT;
	const struct table *t;
	struct nft_ctx x;
	char end[32] = "END";

	nft_ctx_init(&x, &c);
	x.o.numeric_proto = true;	/* `ip protocol set tcp` is listed, but not read */
	x.o.exact = true;
	list_for_each(t, &ns->rules.tables, node)
		if (ipt_table_own(t))
			put_nft_parts(&x, t, &text);
		else
			nft_print_table(&x, t, &text);
	nft_ctx_free(&x);
	for (unsigned i = 1; strstr(sbuf_str(&text), end); i++)
		snprintf(end, sizeof(end), "END%u", i);
	if (text.len)
		sbuf_printf(out, "nft -f - <<'%s'\n%s%s\n", end, text.data, end);
	if (text.failed)
		x.oom = true;
	sbuf_free(&text);
	return x.oom ? -ENOMEM : 0;
}

int state_print(struct netns *ns, struct sbuf *out)
{
	struct route_walk w = { .ns = ns, .out = out };
	struct sbuf links = SBUF_INIT;
	int err;

	put_links(&links, ns);
	sbuf_puts(out, "# a network namespace of natbox: the commands that make it\n");
	sbuf_puts(out, sbuf_str(&links));
	err = links.failed ? -ENOMEM : put_settings(out, ns, sbuf_str(&links));
	sbuf_free(&links);
	if (err)
		return err;
	put_addrs(out, ns);
	put_neighbours(out, ns);
	fib_walk(&ns->fib, AF_INET, 0, put_route, &w);
	fib_walk(&ns->fib, AF_INET6, 0, put_route, &w);
	put_rules(out, ns);
	err = put_iptables(out, ns, AF_INET);
	if (!err)
		err = put_iptables(out, ns, AF_INET6);
	if (!err)
		err = put_nft(out, ns);
	kept_print(ns, out);
	return err ? err : out->failed ? -ENOMEM : 0;
}
