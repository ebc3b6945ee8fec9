/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/ip_neigh.c - `ip neighbour`.
 *
 * References: ip-neighbour(8).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "front/ip.h"

static const struct {
	uint16_t state;
	const char *shown, *typed;
} states[] = {
	{ NUD_PERMANENT, "PERMANENT", "permanent" },
	{ NUD_REACHABLE, "REACHABLE", "reachable" },
	{ NUD_NOARP, "NOARP", "noarp" },
	{ NUD_NONE, "NONE", "none" },
	{ NUD_STALE, "STALE", "stale" },
	{ NUD_INCOMPLETE, "INCOMPLETE", "incomplete" },
	{ NUD_DELAY, "DELAY", "delay" },
	{ NUD_PROBE, "PROBE", "probe" },
	{ NUD_FAILED, "FAILED", "failed" },
};

static bool parse_state(const char *word, uint16_t *state)
{
	uint32_t v;

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (!strcmp(word, states[i].typed)) {
			*state = states[i].state;
			return true;
		}
	if (!ip_u32(word, 0, &v) || v >= 0x100 || (v & (v - 1)))
		return false;
	*state = (uint16_t)v;
	return true;
}

struct spec {
	const char *dev;
	uint8_t family;
	union inet_addr addr;
	bool have_addr, have_mac, proxy;
	uint8_t mac[6], flags;
	uint16_t state;
};

static void parse_addr(struct ip *x, struct spec *s)
{
	s->have_addr = ip_parse_addr(x, x->family, ip_cur(x), &s->addr);
	s->family = x->family ? x->family : strchr(ip_cur(x), ':') ? AF_INET6 : AF_INET;
}

static void parse_spec(struct ip *x, struct spec *s)
{
	const char *lladdr = NULL;

	for (; ip_more(x); ip_shift(x)) {
		if (ip_is(x, "lladdr")) {
			if (lladdr)
				ip_dup(x, "lladdr", ip_next(x));
			lladdr = ip_next(x);
		} else if (ip_is(x, "nud")) {
			if (!parse_state(ip_next(x), &s->state) && !x->failed)
				ip_invalid(x, "nud state is bad", ip_cur(x));
		} else if (ip_is(x, "dev")) {
			s->dev = ip_next(x);
		} else if (ip_is(x, "router")) {
			s->flags |= NTF_ROUTER;
		} else if (ip_is(x, "proxy")) {
			ip_next(x);
			s->proxy = true;
			parse_addr(x, s);
		} else if (ip_is(x, "extern_learn") || ip_is(x, "use") || ip_is(x, "managed") || ip_is(x, "protocol")) {
			ip_refuse(x, "neighbour option \"%s\"", ip_cur(x));
		} else {
			if (ip_is(x, "to"))
				ip_next(x);
			if (s->have_addr)
				ip_dup2(x, "to", ip_cur(x));
			parse_addr(x, s);
		}
	}
	if (!x->failed && (!s->dev || !s->have_addr))
		ip_fail(x, 255, "Device and destination are required arguments.\n");
	if (lladdr)
		s->have_mac = ip_lladdr(x, lladdr, s->mac);
}

enum mode { ADD = 1, CHANGE, REPLACE };

static int modify(struct ip *x, enum mode mode)
{
	struct spec s = { .state = NUD_PERMANENT };
	struct link *l;
	struct neigh *n;
	int err;

	parse_spec(x, &s);
	l = x->failed ? NULL : ip_link(x, s.dev);
	if (!l)
		return x->status;
	if (s.proxy) {
		err = neigh_proxy_add(&x->ns->neigh, l->ifindex, s.family, &s.addr);
		return err ? ip_answer(x, err, NULL) : 0;
	}
	n = neigh_find(&x->ns->neigh, l->ifindex, s.family, &s.addr);
	if (n && mode == ADD)
		return ip_answer(x, -EEXIST, NULL);
	if (!n && mode == CHANGE)
		return ip_answer(x, -ENOENT, NULL);
	err = neigh_set(&x->ns->neigh, l, s.family, &s.addr, s.have_mac ? s.mac : NULL, s.state, s.flags);
	return err ? ip_answer(x, err, err == -EINVAL ? "No link layer address given" : NULL) : 0;
}

static int neigh_add_cmd(struct ip *x)
{
	return modify(x, ADD);
}

static int neigh_change_cmd(struct ip *x)
{
	return modify(x, CHANGE);
}

static int neigh_replace_cmd(struct ip *x)
{
	return modify(x, REPLACE);
}

static struct neigh *find(struct ip *x, struct spec *s)
{
	struct link *l;

	parse_spec(x, s);
	l = x->failed ? NULL : ip_link(x, s->dev);
	return l ? neigh_find(&x->ns->neigh, l->ifindex, s->family, &s->addr) : NULL;
}

static int neigh_del_cmd(struct ip *x)
{
	struct spec s = { 0 };
	struct neigh *n = find(x, &s);

	if (x->failed)
		return x->status;
	if (s.proxy ? neigh_proxy_del(&x->ns->neigh, link_by_name(&x->ns->links, s.dev)->ifindex, s.family, &s.addr) != 0
		    : !n)
		return ip_answer(x, -ENOENT, NULL);
	if (!s.proxy)
		neigh_delete(&x->ns->neigh, n);
	return 0;
}

/* ---- show and flush ---- */

#define NUD_TIMED (NUD_INCOMPLETE | NUD_REACHABLE | NUD_DELAY | NUD_PROBE)

static void put_times(struct ip *x, const struct neigh *n)
{
	uint64_t now = clock_ms(&x->ns->world->clock);

	/* blanks as iproute2 has them; a running timer holds a reference */
	cmd_out(x->c, "%s used %llu/%llu/%lluprobes %u", n->state & NUD_TIMED ? "  ref 1" : " ", (unsigned long long)(now - n->used_ms) / 1000,
		(unsigned long long)(now - n->confirmed_ms) / 1000, (unsigned long long)(now - n->updated_ms) / 1000,
		n->probes);
}

static void put(struct ip *x, const struct neigh *n, bool with_dev)
{
	struct sbuf *o = &x->c->out;
	const struct link *l = link_by_index(&x->ns->links, n->ifindex);
	char mac[18];

	addr_put(o, n->family, &n->addr);
	if (with_dev)
		sbuf_printf(o, " dev %s", l ? l->name : "?");
	if (n->have_mac && n->state & ~(NUD_INCOMPLETE | NUD_FAILED))
		sbuf_printf(o, " lladdr %s", fmt_mac(mac, n->mac));
	if (n->flags & NTF_ROUTER)
		sbuf_puts(o, " router");
	if (x->stats)
		put_times(x, n);
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (states[i].state && (n->state & states[i].state))
			sbuf_printf(o, " %s", states[i].shown);
	sbuf_puts(o, x->brief ? "\n" : " \n");
}

struct filter {
	const char *dev;
	struct ip_prefix to;
	bool have_to, proxy;
	uint16_t states;
	bool have_states;
};

static void parse_filter(struct ip *x, struct filter *f)
{
	uint16_t state = 0;

	for (; ip_more(x); ip_shift(x)) {
		if (ip_is(x, "dev")) {
			f->dev = ip_next(x);
		} else if (ip_is(x, "nud")) {
			if (!f->have_states)
				f->states = 0;
			f->have_states = true;
			if (!strcmp(ip_next(x), "all"))
				state = 0xff;
			else if (!parse_state(ip_cur(x), &state) && !x->failed)
				ip_invalid(x, "nud state is bad", ip_cur(x));
			f->states |= state;
		} else if (ip_is(x, "proxy")) {
			f->proxy = true;
		} else if (ip_is(x, "unused") || ip_is(x, "master") || ip_is(x, "vrf") || ip_is(x, "nomaster") ||
			   ip_is(x, "protocol")) {
			ip_refuse(x, "neighbour filter \"%s\"", ip_cur(x));
		} else {
			if (ip_is(x, "to"))
				ip_next(x);
			f->have_to = ip_parse_prefix(x, x->family, ip_cur(x), &f->to);
		}
	}
	if (!x->failed && f->dev)
		ip_link(x, f->dev);
}

static bool wanted(struct ip *x, const struct filter *f, const struct neigh *n)
{
	const struct link *l = link_by_index(&x->ns->links, n->ifindex);

	if (f->proxy || (x->family != AF_UNSPEC && x->family != n->family))
		return false;
	if (!(n->state & f->states) || (f->dev && (!l || strcmp(l->name, f->dev) != 0)))
		return false;
	return !f->have_to || f->to.any ||
	       (n->family == f->to.family && addr_in(n->family, &n->addr, &f->to.addr, f->to.plen));
}

static void put_proxies(struct ip *x, const struct filter *f, uint8_t family)
{
	const struct neigh_proxy *p;

	list_for_each(p, &x->ns->neigh.proxies, node) {
		const struct link *l = link_by_index(&x->ns->links, p->ifindex);

		if (p->family != family || (x->family && p->family != x->family) ||
		    (f->dev && (!l || strcmp(l->name, f->dev) != 0)) || (f->have_to && p->family != f->to.family) ||
		    (f->have_to && !addr_in(p->family, &p->addr, &f->to.addr, f->to.plen)))
			continue;
		addr_put(&x->c->out, p->family, &p->addr);
		if (!f->dev)
			cmd_out(x->c, " dev %s", l ? l->name : "?");
		cmd_out(x->c, " proxy \n");
	}
}

static int neigh_show_cmd(struct ip *x)
{
	struct filter f = { .states = 0xff & ~NUD_NOARP };
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	const struct neigh *n;

	parse_filter(x, &f);
	if (x->failed)
		return x->status;
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		if (f.proxy)
			put_proxies(x, &f, families[i]);
		list_for_each(n, &x->ns->neigh.all, all)
			if (n->family == families[i] && wanted(x, &f, n))
				put(x, n, !f.dev);
	}
	return 0;
}

static int neigh_get_cmd(struct ip *x)
{
	struct spec s = { 0 };
	struct neigh *n = find(x, &s);

	if (x->failed)
		return x->status;
	if (!n)
		return ip_answer(x, -ENOENT, "Neighbour entry not found");
	put(x, n, true);
	return 0;
}

static int neigh_flush_cmd(struct ip *x)
{
	struct filter f = { .states = 0xff & ~(NUD_NOARP | NUD_PERMANENT) };
	struct neigh *n, *tmp;
	unsigned count = 0;

	if (!ip_more(x))
		return ip_fail(x, 1, "Flush requires arguments.\n");
	parse_filter(x, &f);
	if (x->failed)
		return x->status;
	list_for_each_safe(n, tmp, &x->ns->neigh.all, all) {
		if (!wanted(x, &f, n))
			continue;
		neigh_delete(&x->ns->neigh, n);
		count++;
	}
	if (x->stats && count)
		cmd_out(x->c, "\n*** Round 1, deleting %u entries ***\n*** Flush is complete after 1 round ***\n",
			count);
	else if (x->stats)
		cmd_out(x->c, "Nothing to flush.\n");
	return 0;
}

int ip_neigh_main(struct ip *x)
{
	static const struct {
		const char *word;
		ip_fn *run;
	} verbs[] = {
		{ "add", neigh_add_cmd },
		{ "change", neigh_change_cmd },
		{ "chg", neigh_change_cmd },
		{ "replace", neigh_replace_cmd },
		{ "delete", neigh_del_cmd },
		{ "get", neigh_get_cmd },
		{ "show", neigh_show_cmd },
		{ "lst", neigh_show_cmd },
		{ "list", neigh_show_cmd },
		{ "flush", neigh_flush_cmd },
		{ "help", NULL },
	};

	if (!ip_more(x))
		return neigh_show_cmd(x);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (ip_abbr(x, verbs[i].word)) {
			if (!verbs[i].run)
				return ip_refuse(x, "neigh %s", verbs[i].word);
			ip_shift(x);
			return verbs[i].run(x);
		}
	return ip_unknown(x, "neigh");
}
