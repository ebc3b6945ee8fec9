/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/ip_addr.c - `ip address`.
 *
 * References: ip-address(8).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "front/ip.h"

struct spec {
	const char *dev, *label;
	struct ip_prefix local, peer;
	bool have_local, have_peer, have_brd, brd_plus, brd_minus, have_scope;
	union inet_addr brd;
	uint8_t scope;
	uint32_t metric, flags;
	uint64_t valid_s, preferred_s; /* 0: forever */
	bool preferred_over;	       /* preferred_lft 0 */
};

static void parse_lifetime(struct ip *x, const char *word, uint64_t *s)
{
	const char *v = ip_next(x);
	uint32_t n = 0;

	if (!strcmp(v, "forever"))
		*s = 0;
	else if (!x->failed && !ip_u32(v, 0, &n))
		ip_invalid(x, word, v);
	else
		*s = n == UINT32_MAX ? 0 : n;
}

static void parse_valid(struct ip *x, struct spec *s)
{
	parse_lifetime(x, "valid_lft value", &s->valid_s);
	if (!x->failed && !s->valid_s && strcmp(ip_cur(x), "forever") != 0 && strtoul(ip_cur(x), NULL, 0) == 0)
		ip_fail(x, 1, "valid_lft is zero\n");
}

static void parse_preferred(struct ip *x, struct spec *s)
{
	parse_lifetime(x, "preferred_lft value", &s->preferred_s);
	s->preferred_over = !s->preferred_s && strcmp(ip_cur(x), "forever") != 0 && strtoul(ip_cur(x), NULL, 0) == 0;
}

/* "nodad" and its like; true: it was one */
static bool parse_flag6(struct ip *x, struct spec *s)
{
	static const struct {
		const char *word;
		uint32_t flag;
	} words[] = {
		{ "nodad", IFA_F_NODAD },
		{ "home", IFA_F_HOMEADDRESS },
		{ "mngtmpaddr", IFA_F_MANAGETEMPADDR },
		{ "optimistic", IFA_F_OPTIMISTIC },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (ip_is(x, words[i].word)) {
			s->flags |= words[i].flag;
			return true;
		}
	return false;
}

static void parse_brd(struct ip *x, struct spec *s)
{
	const char *v = ip_next(x);

	if (s->have_brd)
		ip_dup(x, "broadcast", v);
	s->have_brd = true;
	s->brd_plus = !strcmp(v, "+");
	s->brd_minus = !strcmp(v, "-");
	if (!s->brd_plus && !s->brd_minus)
		ip_parse_addr(x, s->have_local ? s->local.family : x->family, v, &s->brd);
}

static void parse_local(struct ip *x, struct spec *s)
{
	if (ip_is(x, "local"))
		ip_next(x);
	if (s->have_local)
		ip_dup2(x, "local", ip_cur(x));
	s->have_local = ip_parse_prefix(x, x->family, ip_cur(x), &s->local);
}

static void parse_spec(struct ip *x, struct spec *s)
{
	for (; ip_more(x); ip_shift(x)) {
		if (ip_is(x, "peer") || ip_is(x, "remote")) {
			ip_next(x);
			if (s->have_peer)
				ip_dup(x, "peer", ip_cur(x));
			s->have_peer =
				ip_parse_prefix(x, s->have_local ? s->local.family : x->family, ip_cur(x), &s->peer);
		} else if (ip_abbr(x, "broadcast") || ip_is(x, "brd")) {
			parse_brd(x, s);
		} else if (ip_is(x, "scope")) {
			s->have_scope = true;
			if (!ip_scope_id(ip_next(x), &s->scope) && !x->failed)
				ip_invalid(x, "invalid scope value.", ip_cur(x));
		} else if (ip_is(x, "dev")) {
			s->dev = ip_next(x);
		} else if (ip_is(x, "label")) {
			s->label = ip_next(x);
		} else if (ip_is(x, "metric") || ip_is(x, "priority") || ip_is(x, "preference")) {
			if (!ip_u32(ip_next(x), 0, &s->metric) && !x->failed)
				ip_invalid(x, "\"metric\" value is invalid\n", ip_cur(x));
		} else if (ip_abbr(x, "valid_lft")) {
			parse_valid(x, s);
		} else if (ip_abbr(x, "preferred_lft")) {
			parse_preferred(x, s);
		} else if (ip_is(x, "noprefixroute")) {
			s->flags |= IFA_F_NOPREFIXROUTE;
		} else if (parse_flag6(x, s)) {
			;
		} else if (ip_is(x, "anycast") || ip_is(x, "autojoin") || ip_is(x, "proto")) {
			ip_refuse(x, "address option \"%s\"", ip_cur(x));
		} else {
			parse_local(x, s);
		}
	}
}

static void broadcast_of(const struct link_addr *a, bool high, union inet_addr *brd)
{
	union inet_addr mask = addr_mask(AF_INET, a->plen);

	*brd = addr_ip4(high ? a->peer.ip4 | ~mask.ip4 : a->peer.ip4 & mask.ip4);
}

/* the address as rtnetlink would get it */
static void to_addr(struct ip *x, const struct spec *s, const struct link *l, struct link_addr *a)
{
	*a = (struct link_addr){ .family = s->local.family,
				 .addr = s->local.addr,
				 .peer = s->local.addr,
				 .plen = s->local.plen,
				 .flags = s->flags,
				 .metric = s->metric,
				 .valid_lft_s = s->valid_s,
				 .preferred_lft_s = s->preferred_s };
	if (s->have_peer) {
		a->peer = s->peer.addr;
		a->plen = s->peer.plen;
	}
	if (s->preferred_over)
		a->flags |= IFA_F_DEPRECATED;
	if (a->family == AF_INET6)
		return;
	a->scope = s->have_scope ? s->scope : (ntohl(a->addr.ip4) >> 24) == 127 ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
	if (s->have_brd && !s->brd_plus && !s->brd_minus)
		a->brd = s->brd;
	else if (s->have_brd && a->plen <= 30)
		broadcast_of(a, s->brd_plus, &a->brd);
	snprintf(a->label, sizeof(a->label), "%s", s->label ? s->label : l->name);
}

static void warn6(struct ip *x, const struct spec *s)
{
	static const struct {
		uint32_t flag;
		const char *word;
	} only6[] = {
		{ IFA_F_NODAD, "nodad" },
		{ IFA_F_OPTIMISTIC, "optimistic" },
		{ IFA_F_HOMEADDRESS, "home" },
		{ IFA_F_MANAGETEMPADDR, "mngtmpaddr" },
	};

	for (size_t i = 0; i < ARRAY_LEN(only6); i++)
		if (s->flags & only6[i].flag)
			cmd_err(x->c, "Warning: %s option can be set only for IPv6 addresses\n", only6[i].word);
}

/* what the kernel has against an IPv6 address on @l; 0: nothing */
static int check6(const struct link *l, const struct link_addr *a, const char **why)
{
	*why = NULL;
	if (addr_is_multicast(AF_INET6, &a->addr))
		*why = "ipv6: Cannot assign multicast address without \"IFA_F_MCAUTOJOIN\" flag";
	else if (addr_is_any(&a->addr))
		*why = "ipv6: Invalid address";
	else if (addr_is_loopback(AF_INET6, &a->addr) && !(l->flags & IFF_LOOPBACK))
		*why = "ipv6: Cannot assign loopback address on this device";
	if (*why)
		return addr_is_any(&a->addr) || addr_is_multicast(AF_INET6, &a->addr) ? -EINVAL : -EADDRNOTAVAIL;
	if (l->mtu < 1280)
		return -EINVAL;
	if (l->conf6[LINK_CONF6_DISABLE_IPV6]) {
		*why = "ipv6: IPv6 is disabled on this device";
		return -EACCES;
	}
	return 0;
}

/* before anything is asked of the kernel */
static struct link *check(struct ip *x, const struct spec *s)
{
	if (x->failed)
		return NULL;
	if (!s->dev) {
		ip_fail(x, 1, "Not enough information: \"dev\" argument is required.\n");
		return NULL;
	}
	if (s->label && strlen(s->label) >= IFNAMSIZ) {
		ip_fail(x, 255, "Error: argument \"%s\" is wrong: label too long\n", s->label);
		return NULL;
	}
	if (s->valid_s && !s->preferred_over && (!s->preferred_s || s->preferred_s > s->valid_s)) {
		ip_fail(x, 1, "preferred_lft is greater than valid_lft\n");
		return NULL;
	}
	return ip_link(x, s->dev);
}

enum mode { ADD, CHANGE, REPLACE };

static int change(struct ip *x, enum mode mode)
{
	struct spec s = { 0 };
	struct link_addr a;
	struct link *l;
	const char *why;
	int err = -EADDRNOTAVAIL;

	parse_spec(x, &s);
	l = check(x, &s);
	if (!l)
		return x->status;
	if (!s.have_local)
		return ip_answer(x, -EOPNOTSUPP, NULL);
	to_addr(x, &s, l, &a);
	if (a.family == AF_INET) {
		warn6(x, &s);
		a.flags &= ~(uint32_t)(IFA_F_NODAD | IFA_F_OPTIMISTIC | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR);
	} else {
		int bad = check6(l, &a, &why);

		if (bad)
			return ip_answer(x, bad, why);
		if (!link_conf6(l, LINK_CONF6_OPTIMISTIC_DAD))
			a.flags &= ~(uint32_t)IFA_F_OPTIMISTIC;
	}
	if (mode != ADD)
		err = link_addr_change(l, &a);
	if (err == -EADDRNOTAVAIL && mode == CHANGE && a.family == AF_INET)
		return ip_answer(x, err, "ipv4: Address not found");
	if (err == -EADDRNOTAVAIL)
		err = link_addr_add(l, &a);
	return err ? ip_answer(x, err, l->set->why) : 0;
}

static int addr_add(struct ip *x)
{
	return change(x, ADD);
}

static int addr_change(struct ip *x)
{
	return change(x, CHANGE);
}

static int addr_replace(struct ip *x)
{
	return change(x, REPLACE);
}

static bool deletable(const struct spec *s, const struct link_addr *a)
{
	const struct ip_prefix *net = s->have_peer ? &s->peer : &s->local;

	if (a->family != s->local.family || (s->have_local && !addr_eq(&a->addr, &s->local.addr)) ||
	    (s->label && strcmp(s->label, a->label) != 0))
		return false;
	if (!s->local.have_plen && !s->have_peer && a->family == AF_INET)
		return true;
	if (a->family == AF_INET6)
		return a->plen == net->plen;
	return a->plen == net->plen && addr_in(AF_INET, &net->addr, &a->peer, a->plen);
}

static int addr_del(struct ip *x)
{
	struct spec s = { 0 };
	struct link *l;
	const struct link_addr *a;
	char text[ADDR_STRLEN];

	parse_spec(x, &s);
	if (!x->failed && s.have_local && s.local.family == AF_INET && !s.local.have_plen && !s.have_peer) {
		addr_fmt(text, AF_INET, &s.local.addr);
		cmd_err(x->c,
			"Warning: Executing wildcard deletion to stay compatible with old scripts.\n"
			"         Explicitly specify the prefix length (%s/%u) to avoid this warning.\n"
			"         This special behaviour is likely to disappear in further releases,\n"
			"         fix your scripts!\n",
			text, s.local.plen);
	}
	l = check(x, &s);
	if (!l)
		return x->status;
	if (!s.have_local)
		return ip_answer(x, -EOPNOTSUPP, NULL);
	list_for_each(a, &l->addrs, node)
		if (deletable(&s, a)) {
			union inet_addr addr = a->addr;

			link_addr_del(l, a->family, &addr, a->plen);
			return 0;
		}
	return ip_answer(x, -EADDRNOTAVAIL,
			 s.local.family == AF_INET ? "ipv4: Address not found" : "ipv6: address not found");
}

/* ---- show and flush ---- */

/* "tentative", "-tentative": words for flags; true: it was one */
static bool parse_flag_word(struct ip *x, struct ip_show *f)
{
	static const struct {
		const char *word;
		uint32_t flag;
		bool off;
	} words[] = {
		{ "dynamic", IFA_F_PERMANENT, true },
		{ "permanent", IFA_F_PERMANENT, false },
		{ "secondary", IFA_F_SECONDARY, false },
		{ "temporary", IFA_F_SECONDARY, false },
		{ "primary", IFA_F_SECONDARY, true },
		{ "tentative", IFA_F_TENTATIVE, false },
		{ "deprecated", IFA_F_DEPRECATED, false },
		{ "dadfailed", IFA_F_DADFAILED, false },
		{ "noprefixroute", IFA_F_NOPREFIXROUTE, false },
	};
	const char *w = ip_cur(x);
	bool minus = *w == '-';

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (!strcmp(w + minus, words[i].word)) {
			f->flag_mask |= words[i].flag;
			f->flags = words[i].off != minus ? f->flags & ~words[i].flag : f->flags | words[i].flag;
			return true;
		}
	return false;
}

static void parse_filter(struct ip *x, struct ip_show *f)
{
	for (; ip_more(x); ip_shift(x)) {
		if (ip_is(x, "to")) {
			f->have_to = ip_parse_prefix(x, x->family, ip_next(x), &f->to);
			if (f->family == AF_UNSPEC)
				f->family = f->to.family;
		} else if (ip_is(x, "scope")) {
			f->have_scope = true;
			if (!strcmp(ip_next(x), "all"))
				f->have_scope = false;
			else if (!ip_scope_id(ip_cur(x), &f->scope) && !x->failed)
				ip_invalid(x, "invalid \"scope\"\n", ip_cur(x));
		} else if (ip_is(x, "up")) {
			f->up = true;
		} else if (parse_flag_word(x, f)) {
			;
		} else if (ip_is(x, "label")) {
			f->label = ip_next(x);
		} else if (ip_is(x, "master")) {
			f->master = ip_next(x);
		} else if (ip_is(x, "nomaster")) {
			f->nomaster = true;
		} else if (ip_is(x, "type")) {
			f->kind = ip_next(x);
		} else if (ip_is(x, "group") || ip_is(x, "vrf") || ip_is(x, "proto")) {
			ip_refuse(x, "address filter \"%s\"", ip_cur(x));
		} else {
			if (ip_is(x, "dev"))
				ip_next(x);
			if (f->dev)
				ip_dup2(x, "dev", ip_cur(x));
			f->dev = ip_cur(x);
		}
	}
}

static int addr_show(struct ip *x)
{
	struct ip_show f = { .is_addr = true, .family = x->family };

	parse_filter(x, &f);
	return x->failed ? x->status : ip_show(x, &f);
}

/* one address that the filter wants; primaries take their secondaries along */
static bool flush_one(struct ip *x, const struct ip_show *f)
{
	struct link *l;
	const struct link_addr *a;

	list_for_each(l, &x->ns->links.links, node) {
		if ((f->dev && strcmp(f->dev, l->name) != 0) || (f->up && !(l->flags & IFF_UP)))
			continue;
		list_for_each(a, &l->addrs, node)
			if (ip_show_addr_wanted(x, f, l, a)) {
				union inet_addr addr = a->addr;

				link_addr_del(l, a->family, &addr, a->plen);
				return true;
			}
	}
	return false;
}

static int addr_flush(struct ip *x)
{
	struct ip_show f = { .is_addr = true, .family = x->family };
	unsigned n = 0;

	if (!ip_more(x))
		return ip_fail(x, 1, "Flush requires arguments.\n");
	parse_filter(x, &f);
	if (!x->failed && f.dev && !link_by_name(&x->ns->links, f.dev))
		return ip_fail(x, 1, "Device \"%s\" does not exist.\n", f.dev);
	while (!x->failed && flush_one(x, &f))
		n++;
	if (!x->failed && x->stats && n)
		cmd_out(x->c, "\n*** Round 1, deleting %u addresses ***\n*** Flush is complete after 1 round ***\n", n);
	else if (!x->failed && x->stats)
		cmd_out(x->c, "Nothing to flush.\n");
	return x->status;
}

int ip_addr_main(struct ip *x)
{
	static const struct {
		const char *word;
		ip_fn *run;
	} verbs[] = {
		{ "add", addr_add },     { "change", addr_change }, { "chg", addr_change }, { "replace", addr_replace },
		{ "delete", addr_del },  { "show", addr_show },     { "lst", addr_show },   { "list", addr_show },
		{ "flush", addr_flush }, { "save", NULL },          { "showdump", NULL },   { "restore", NULL },
		{ "help", NULL },
	};

	if (!ip_more(x))
		return addr_show(x);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (ip_abbr(x, verbs[i].word)) {
			if (!verbs[i].run)
				return ip_refuse(x, "address %s", verbs[i].word);
			ip_shift(x);
			return verbs[i].run(x);
		}
	return ip_unknown(x, "address");
}
