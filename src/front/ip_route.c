/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/ip_route.c - `ip route`: adding, removing, listing and flushing.
 *
 * Differences: encapsulations, nexthop objects, realms, and metrics other than mtu, advmss and IPv6's hoplimit are
 * refused by name.
 *
 * References: ip-route(8).
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/fmt.h"
#include "base/mem.h"
#include "front/ip.h"

struct spec {
	struct route r; /* .family AF_UNSPEC: nothing said yet, "default" or less */
	struct nexthop nh[FIB_NEXTHOPS_MAX], one;
	bool have_dst, have_type, have_scope, have_table, have_one, gw;
	const char *only6; /* an option that IPv4 routes do not have here */
};

static void bad_value(struct ip *x, const char *word)
{
	if (!x->failed)
		ip_fail(x, 255, "Error: argument \"%s\" is wrong: \"%s\" value is invalid\n\n", ip_cur(x), word);
}

static void parse_u32(struct ip *x, const char *word, uint32_t *v)
{
	if (!ip_u32(ip_next(x), 0, v))
		bad_value(x, word);
}

static void parse_tos(struct ip *x, uint8_t *tos)
{
	const char *v = ip_next(x);
	uint32_t n;

	if (!ip_u32(v + (strncmp(v, "0x", 2) ? 0 : 2), 16, &n) || n > 255)
		bad_value(x, "tos");
	*tos = (uint8_t)n;
}

static void parse_via(struct ip *x, struct route *r, struct nexthop *nh)
{
	uint8_t family = r->family;

	ip_next(x);
	if (ip_is(x, "inet") || ip_is(x, "inet6")) {
		family = ip_is(x, "inet") ? AF_INET : AF_INET6;
		ip_next(x);
	}
	if (!ip_parse_addr(x, family, ip_cur(x), &nh->gw))
		return;
	nh->gw_family = family ? family : strchr(ip_cur(x), ':') ? AF_INET6 : AF_INET;
	if (!r->family)
		r->family = nh->gw_family;
	if (nh->gw_family == AF_INET6 && r->family == AF_INET)
		ip_refuse(x, "via inet6 for an IPv4 route");
	else if (nh->gw_family != r->family)
		ip_answer(x, -EINVAL, "IPv6 can not route by an IPv4 gateway"); /* no tool says it otherwise */
}

static void parse_dev(struct ip *x, struct nexthop *nh)
{
	const char *name = ip_next(x);
	const struct link *l = x->failed ? NULL : ip_link(x, name);

	nh->ifindex = l ? l->ifindex : 0;
}

/* nexthop [via A] [dev D] [weight N] [onlink], again and again to the end of the line */
static void parse_nexthops(struct ip *x, struct spec *s)
{
	struct nexthop *nh = NULL;

	for (; ip_more(x); ip_shift(x)) {
		if (ip_is(x, "nexthop")) {
			if (s->r.n_nh >= FIB_NEXTHOPS_MAX) {
				ip_answer(x, -EINVAL, NULL);
				return;
			}
			nh = &s->nh[s->r.n_nh++];
			*nh = (struct nexthop){ .weight = 1 };
		} else if (ip_is(x, "via")) {
			parse_via(x, &s->r, nh);
		} else if (ip_is(x, "dev") || ip_is(x, "oif")) {
			parse_dev(x, nh);
		} else if (ip_is(x, "weight")) {
			if ((!ip_u32(ip_next(x), 0, &nh->weight) || nh->weight < 1 || nh->weight > 256) && !x->failed)
				ip_invalid(x, "\"weight\" is invalid\n", ip_cur(x));
		} else if (ip_is(x, "onlink")) {
			nh->flags |= RTNH_F_ONLINK;
		} else if (ip_is(x, "pervasive") || ip_is(x, "encap") || ip_abbr(x, "realms")) {
			ip_refuse(x, "nexthop option \"%s\"", ip_cur(x));
		} else {
			ip_fail(x, 255, "Error: \"nexthop\" or end of line is expected instead of \"%s\"\n", ip_cur(x));
		}
	}
}

static void usage(struct ip *x)
{
	ip_fail(x, 255,
		"Usage: ip route { add | del | change | append | replace } ROUTE\n"
		"       ip route { list | flush } SELECTOR\n"
		"       ip route get ADDRESS [ from ADDRESS iif STRING ] [ oif STRING ] [ tos TOS ] [ mark NUMBER ]\n");
}

static void parse_dst(struct ip *x, struct spec *s)
{
	struct ip_prefix p;

	if (ip_is(x, "to"))
		ip_next(x);
	if ((*ip_cur(x) < '0' || *ip_cur(x) > '9') && ip_type_id(ip_cur(x), &s->r.type)) {
		s->have_type = true;
		ip_next(x);
	}
	if (ip_abbr(x, "help"))
		usage(x);
	if (s->have_dst)
		ip_dup2(x, "to", ip_cur(x));
	if (!ip_parse_prefix(x, s->r.family, ip_cur(x), &p))
		return;
	if (!s->r.family && !p.any)
		s->r.family = p.family;
	s->r.dst = p.addr;
	s->r.plen = p.plen;
	s->have_dst = true;
}

static void parse_mtu(struct ip *x, struct spec *s)
{
	if (!strcmp(ip_next(x), "lock")) {
		s->r.mtu_locked = true;
		ip_next(x);
	}
	if (!ip_u32(ip_cur(x), 0, &s->r.mtu))
		bad_value(x, "mtu");
}

static const char *const refused[] = { "as",
				       "reordering",
				       "rtt",
				       "rto_min",
				       "window",
				       "cwnd",
				       "initcwnd",
				       "initrwnd",
				       "features",
				       "quickack",
				       "congctl",
				       "rttvar",
				       "ssthresh",
				       "realms",
				       "nhid",
				       "vrf",
				       "encap",
				       "ttl-propagate",
				       "fastopen_no_cookie" };

static bool parse_refused(struct ip *x)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (ip_is(x, refused[i])) {
			ip_refuse(x, "route option \"%s\"", refused[i]);
			return true;
		}
	return false;
}

static void parse_src(struct ip *x, struct route *r)
{
	r->have_prefsrc = ip_parse_addr(x, r->family, ip_next(x), &r->prefsrc);
	if (r->have_prefsrc && !r->family)
		r->family = strchr(ip_cur(x), ':') ? AF_INET6 : AF_INET;
}

static void parse_from(struct ip *x, struct route *r)
{
	struct ip_prefix p;

	if (!ip_parse_prefix(x, r->family, ip_next(x), &p))
		return;
	if (!r->family && !p.any)
		r->family = p.family;
	r->src = p.addr;
	r->src_plen = p.plen;
}

static void parse_pref(struct ip *x, struct route *r)
{
	static const char *const names[] = { "medium", "high", NULL, "low" };
	const char *v = ip_next(x);
	uint32_t n;

	for (uint8_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i] && !strcmp(v, names[i])) {
			r->pref = i;
			return;
		}
	if (ip_u32(v, 0, &n) && n < 256)
		r->pref = n == 2 ? 0 : (uint8_t)n & 3;
	else if (!x->failed)
		ip_invalid(x, "\"pref\" value is invalid\n", v);
}

/* words that only IPv6's routes have; true: it was one */
static bool parse_only6(struct ip *x, struct spec *s)
{
	uint32_t n = 0;

	if (ip_is(x, "from")) {
		parse_from(x, &s->r);
	} else if (ip_is(x, "expires")) {
		parse_u32(x, "expires", &n);
		s->r.expires_ms = n ? clock_ms(&x->ns->world->clock) + (uint64_t)n * 1000 : 0;
	} else if (ip_is(x, "hoplimit")) {
		parse_u32(x, "hoplimit", &n);
		s->r.hop_limit = (uint8_t)n;
		s->only6 = "hoplimit";
	} else if (ip_is(x, "pref")) {
		parse_pref(x, &s->r);
	} else {
		return false;
	}
	return true;
}

static void parse_spec(struct ip *x, struct spec *s)
{
	for (; ip_more(x); ip_shift(x)) {
		if (ip_is(x, "src"))
			parse_src(x, &s->r);
		else if (ip_is(x, "via"))
			parse_via(x, &s->r, &s->one), s->have_one = s->gw = true;
		else if (ip_is(x, "tos") || ip_abbr(x, "dsfield"))
			parse_tos(x, &s->r.tos);
		else if (parse_only6(x, s) || parse_refused(x))
			;
		else if (ip_is(x, "metric") || ip_abbr(x, "priority") || ip_is(x, "preference"))
			parse_u32(x, "metric", &s->r.metric);
		else if (ip_is(x, "scope")) {
			s->have_scope = true;
			if (!ip_scope_id(ip_next(x), &s->r.scope) && !x->failed)
				ip_invalid(x, "invalid \"scope\" value\n", ip_cur(x));
		} else if (ip_is(x, "mtu"))
			parse_mtu(x, s);
		else if (ip_is(x, "advmss"))
			parse_u32(x, "mss", &s->r.advmss);
		else if (ip_is(x, "onlink"))
			s->one.flags |= RTNH_F_ONLINK, s->have_one = true;
		else if (ip_is(x, "nexthop")) {
			parse_nexthops(x, s);
			return;
		} else if (ip_abbr(x, "protocol")) {
			if (!ip_proto_id(ip_next(x), &s->r.protocol))
				bad_value(x, "protocol");
		} else if (ip_abbr(x, "table")) {
			s->have_table = true;
			if (!ip_table_id(x, ip_next(x), &s->r.table))
				bad_value(x, "table");
		} else if (ip_is(x, "dev") || ip_is(x, "oif"))
			parse_dev(x, &s->one), s->have_one = true;
		else
			parse_dst(x, s);
	}
}

/* what iproute2 fills in where nothing was said */
static void fill_in(struct spec *s, bool deleting)
{
	struct route *r = &s->r;

	if (!s->have_table)
		r->table = s->have_type && (r->type == RTN_LOCAL || r->type == RTN_BROADCAST || r->type == RTN_NAT ||
					    r->type == RTN_ANYCAST)
				   ? RT_TABLE_LOCAL
				   : RT_TABLE_MAIN;
	if (r->family == AF_INET6) {
		r->scope = RT_SCOPE_UNIVERSE;
	} else if (!s->have_scope) {
		if (r->type == RTN_LOCAL || r->type == RTN_NAT)
			r->scope = RT_SCOPE_HOST;
		else if (r->type == RTN_BROADCAST || r->type == RTN_MULTICAST || r->type == RTN_ANYCAST)
			r->scope = RT_SCOPE_LINK;
		else if (deleting)
			r->scope = RT_SCOPE_NOWHERE;
		else if ((r->type == RTN_UNICAST || r->type == RTN_UNSPEC) && !s->gw && !r->n_nh)
			r->scope = RT_SCOPE_LINK;
	}
	if (!r->n_nh && s->have_one) {
		s->nh[0] = s->one;
		r->n_nh = 1;
	}
	r->nh = s->nh;
}

static int modify(struct ip *x, unsigned nlflags, bool deleting)
{
	struct spec *s = mem_zalloc(sizeof(*s));
	struct fib *f = &x->ns->fib;
	int err;

	if (!s)
		return ip_fail(x, 1, "ip: no memory\n");
	s->r.family = x->family;
	if (!deleting) {
		s->r.protocol = RTPROT_BOOT;
		s->r.type = RTN_UNICAST;
	}
	parse_spec(x, s);
	if (!x->failed && !s->have_dst)
		usage(x);
	if (!s->r.family)
		s->r.family = AF_INET;
	if (s->r.family == AF_INET && s->only6)
		ip_refuse(x, "route option \"%s\"", s->only6);
	if (!x->failed) {
		fill_in(s, deleting);
		err = deleting ? fib_del(f, &s->r) : fib_add(f, &s->r, nlflags);
		if (err)
			ip_answer(x, err, f->why);
	}
	mem_free(s);
	return x->status;
}

static int route_add(struct ip *x)
{
	return modify(x, NLM_F_CREATE | NLM_F_EXCL, false);
}

static int route_change(struct ip *x)
{
	return modify(x, NLM_F_REPLACE, false);
}

static int route_replace(struct ip *x)
{
	return modify(x, NLM_F_CREATE | NLM_F_REPLACE, false);
}

static int route_prepend(struct ip *x)
{
	return modify(x, NLM_F_CREATE, false);
}

static int route_append(struct ip *x)
{
	return modify(x, NLM_F_CREATE | NLM_F_APPEND, false);
}

static int route_del(struct ip *x)
{
	return modify(x, 0, true);
}

/* ---- show and flush ---- */

struct filter {
	struct ip *x;
	struct ip_route_view view;
	uint32_t table; /* 0: all */
	struct ip_prefix root, match;
	bool have_root, have_match, have_proto, have_scope, have_type, have_tos, have_metric, have_src, have_via, have_from;
	uint8_t proto, scope, type, tos;
	uint32_t metric;
	struct ip_prefix src, via, from;
	int ifindex;
	bool cache;
};

static void parse_table(struct ip *x, struct filter *f)
{
	const char *v = ip_next(x);

	f->view.no_table = true;
	if (!strcmp(v, "all")) {
		f->table = 0;
		f->view.no_table = false;
	} else if (ip_begins(v, "cache")) {
		f->cache = true;
	} else if (!x->failed && !ip_table_id(x, v, &f->table)) {
		ip_invalid(x, "table id value is invalid\n", v);
	}
}

static void parse_target(struct ip *x, struct filter *f)
{
	bool root = true, match = true;

	if (ip_is(x, "to"))
		ip_next(x);
	if (ip_is(x, "root"))
		match = false, ip_next(x);
	else if (ip_is(x, "match"))
		root = false, ip_next(x);
	else if (ip_is(x, "exact"))
		ip_next(x);
	if (root)
		f->have_root = ip_parse_prefix(x, x->family, ip_cur(x), &f->root);
	if (match)
		f->have_match = ip_parse_prefix(x, x->family, ip_cur(x), &f->match);
}

static void parse_words(struct ip *x, struct filter *f)
{
	if (ip_is(x, "dev") || ip_is(x, "oif")) {
		const char *name = ip_next(x);
		const struct link *l = x->failed ? NULL : ip_link(x, name);

		f->ifindex = l ? l->ifindex : 0;
		f->view.no_dev = true;
	} else if (ip_is(x, "via")) {
		f->have_via = ip_parse_prefix(x, x->family, ip_next(x), &f->via);
		f->view.no_via = f->have_via && f->via.plen == addr_bits(f->via.family);
	} else if (ip_is(x, "src")) {
		f->have_src = ip_parse_prefix(x, x->family, ip_next(x), &f->src);
		f->view.no_src = f->have_src && f->src.plen == addr_bits(f->src.family);
	} else if (ip_is(x, "metric") || ip_abbr(x, "priority")) {
		parse_u32(x, "metric", &f->metric);
		f->have_metric = f->view.no_metric = true;
	} else if (ip_is(x, "from")) {
		f->have_from = ip_parse_prefix(x, x->family, ip_next(x), &f->from);
	} else if (ip_is(x, "iif") || ip_is(x, "mark") || ip_is(x, "vrf") || ip_abbr(x, "realms")) {
		ip_refuse(x, "route filter \"%s\"", ip_cur(x));
	} else if (ip_abbr(x, "cached") || ip_abbr(x, "cloned")) {
		f->cache = true; /* no routes are kept there, only what ICMP taught about destinations */
	} else {
		parse_target(x, f);
	}
}

static void parse_filter(struct ip *x, struct filter *f)
{
	for (; ip_more(x); ip_shift(x)) {
		if (ip_abbr(x, "table")) {
			parse_table(x, f);
		} else if (ip_is(x, "tos") || ip_abbr(x, "dsfield")) {
			parse_tos(x, &f->tos);
			f->have_tos = f->view.no_tos = true;
		} else if (ip_abbr(x, "protocol")) {
			if (!ip_proto_id(ip_next(x), &f->proto) && strcmp(ip_cur(x), "all") != 0)
				bad_value(x, "protocol");
			f->have_proto = f->view.no_proto = strcmp(ip_cur(x), "all") != 0;
		} else if (ip_abbr(x, "scope")) {
			if (!ip_scope_id(ip_next(x), &f->scope) && strcmp(ip_cur(x), "all") != 0 && !x->failed)
				ip_invalid(x, "invalid \"scope\"\n", ip_cur(x));
			f->have_scope = f->view.no_scope = strcmp(ip_cur(x), "all") != 0;
		} else if (ip_abbr(x, "type")) {
			if (!ip_type_id(ip_next(x), &f->type) && !x->failed)
				ip_invalid(x, "node type value is invalid\n", ip_cur(x));
			f->have_type = true;
		} else {
			parse_words(x, f);
		}
	}
}

static bool via_wanted(const struct filter *f, const struct route *r)
{
	return r->n_nh == 1 && r->nh[0].gw_family == f->via.family &&
	       addr_in(f->via.family, &r->nh[0].gw, &f->via.addr, f->via.plen);
}

static bool wanted(void *ctx, const struct route *r)
{
	const struct filter *f = ctx;

	if ((f->have_root && !f->root.any && f->root.family != r->family) ||
	    (f->have_match && !f->match.any && f->match.family != r->family))
		return false;
	if (f->have_from && (r->src_plen != f->from.plen || !addr_eq(&r->src, &f->from.addr)))
		return false;
	if (f->have_root && (r->plen < f->root.plen || !addr_in(r->family, &r->dst, &f->root.addr, f->root.plen)))
		return false;
	if (f->have_match && (r->plen > f->match.plen || !addr_in(r->family, &f->match.addr, &r->dst, r->plen)))
		return false;
	if (f->ifindex && (r->n_nh != 1 || r->nh[0].ifindex != f->ifindex))
		return false;
	if (f->have_via && !via_wanted(f, r))
		return false;
	if (f->have_src && (!r->have_prefsrc || !addr_in(r->family, &r->prefsrc, &f->src.addr, f->src.plen)))
		return false;
	return (!f->have_proto || r->protocol == f->proto) && (!f->have_scope || r->scope == f->scope) &&
	       (!f->have_type || r->type == f->type) && (!f->have_tos || r->tos == f->tos) &&
	       (!f->have_metric || r->metric == f->metric);
}

static int show_one(void *ctx, const struct route *r)
{
	struct filter *f = ctx;

	if (wanted(f, r))
		ip_put_route(f->x, r, &f->view);
	return 0;
}

/* all tables at once (0) always are */
static bool table_known(const struct ip *x, uint32_t id)
{
	return !id || fib_table_known(&x->ns->fib, x->family == AF_INET6 ? AF_INET6 : AF_INET, id);
}

static const char *ipv(const struct ip *x)
{
	return x->family == AF_INET6 ? "ipv6" : "ipv4";
}

static int route_show(struct ip *x)
{
	struct filter f = { .x = x, .table = RT_TABLE_MAIN, .view = { .no_table = true } };

	parse_filter(x, &f);
	if (x->failed || f.cache)
		return x->status;
	if (!table_known(x, f.table))
		return ip_fail(x, 2, "Error: %s: FIB table does not exist.\nDump terminated\n", ipv(x));
	if (x->family != AF_INET6)
		fib_walk(&x->ns->fib, AF_INET, f.table, show_one, &f);
	if (x->family == AF_INET6 || (x->family == AF_UNSPEC && !f.table))
		fib_walk(&x->ns->fib, AF_INET6, f.table, show_one, &f);
	return 0;
}

static int route_flush(struct ip *x)
{
	struct filter f = { .x = x, .table = RT_TABLE_MAIN };
	int n;

	if (!ip_more(x))
		return ip_fail(x, 1, "\"ip route flush\" requires arguments.\n");
	parse_filter(x, &f);
	if (x->failed)
		return x->status;
	if (f.cache) {
		if (x->ns->world->engine && x->ns->world->engine->forget_learned)
			x->ns->world->engine->forget_learned(x->ns);
		return x->status;
	}
	if (!table_known(x, f.table))
		return ip_fail(x, 2, "Error: %s: FIB table does not exist.\nFlush terminated\n", ipv(x));
	n = x->family == AF_INET6 ? 0 : fib_flush(&x->ns->fib, AF_INET, f.table, wanted, &f);
	if (n >= 0 && (x->family == AF_INET6 || (x->family == AF_UNSPEC && !f.table)))
		n += fib_flush(&x->ns->fib, AF_INET6, f.table, wanted, &f);
	if (x->stats && n > 0)
		cmd_out(x->c, "\n*** Round 1, deleting %d entries ***\n*** Flush is complete after 1 round ***\n", n);
	else if (x->stats)
		cmd_out(x->c, "Nothing to flush.\n");
	return 0;
}

int ip_route_main(struct ip *x)
{
	static const struct {
		const char *word;
		ip_fn *run;
	} verbs[] = {
		{ "add", route_add },
		{ "change", route_change },
		{ "chg", route_change },
		{ "replace", route_replace },
		{ "prepend", route_prepend },
		{ "append", route_append },
		{ "test", NULL },
		{ "delete", route_del },
		{ "list", route_show },
		{ "show", route_show },
		{ "lst", route_show },
		{ "get", ip_route_get },
		{ "flush", route_flush },
		{ "save", NULL },
		{ "restore", NULL },
		{ "showdump", NULL },
		{ "help", NULL },
	};

	if (!ip_more(x))
		return route_show(x);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (ip_abbr(x, verbs[i].word)) {
			if (!verbs[i].run)
				return ip_refuse(x, "route %s", verbs[i].word);
			ip_shift(x);
			return verbs[i].run(x);
		}
	return ip_unknown(x, "route");
}
