/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/ip_route_show.c - one route as `ip route` writes it, and the answer of `ip route get`.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "front/ip.h"

static void put_gateway(struct sbuf *o, uint8_t family, uint8_t gw_family, const union inet_addr *gw)
{
	sbuf_puts(o, gw_family == family ? "via " : "via inet6 ");
	addr_put(o, gw_family, gw);
	sbuf_puts(o, " ");
}

static const char *dev_name(const struct ip *x, int ifindex, char buf[16])
{
	const struct link *l = link_by_index(&x->ns->links, ifindex);

	if (l)
		return l->name;
	snprintf(buf, 16, "if%d", ifindex);
	return buf;
}

/* what is passed over because its link has no carrier counts for dead */
static bool ignored(const struct ip *x, const struct nexthop *nh, uint8_t family)
{
	const struct link *l = nh->flags & RTNH_F_LINKDOWN ? link_by_index(&x->ns->links, nh->ifindex) : NULL;

	return l && (family == AF_INET ? link_conf(l, LINK_CONF_IGNORE_ROUTES_WITH_LINKDOWN)
				       : link_conf6(l, LINK_CONF6_IGNORE_ROUTES_WITH_LINKDOWN));
}

static void put_nh_flags(struct ip *x, const struct nexthop *nh, uint8_t family)
{
	struct sbuf *o = &x->c->out;
	uint32_t flags = nh->flags;

	if ((flags & RTNH_F_DEAD) || ignored(x, nh, family))
		sbuf_puts(o, "dead ");
	if (flags & RTNH_F_ONLINK)
		sbuf_puts(o, "onlink ");
	if (flags & RTNH_F_LINKDOWN)
		sbuf_puts(o, "linkdown ");
}

static void put_dst(struct sbuf *o, uint8_t family, const union inet_addr *dst, unsigned plen)
{
	if (!plen && addr_is_any(dst)) {
		sbuf_puts(o, "default ");
		return;
	}
	addr_put(o, family, dst);
	if (plen != addr_bits(family))
		sbuf_printf(o, "/%u", plen);
	sbuf_puts(o, " ");
}

static void put_metrics(struct sbuf *o, uint32_t mtu, bool locked, uint32_t advmss, unsigned hop_limit)
{
	if (mtu)
		sbuf_printf(o, "mtu %s%u ", locked ? "lock " : "", mtu);
	if (advmss)
		sbuf_printf(o, "advmss %u ", advmss);
	if (hop_limit)
		sbuf_printf(o, "hoplimit %u ", hop_limit);
}

static void put_expires(struct ip *x, uint64_t at_ms)
{
	uint64_t now = clock_ms(&x->ns->world->clock);

	if (at_ms)
		cmd_out(x->c, "expires %llusec ", (unsigned long long)(at_ms > now ? (at_ms - now - 1) / 1000 : 0));
}

/* what an IPv6 route always ends with */
static void put_pref(struct sbuf *o, const struct route *r)
{
	static const char *const pref[] = { [0] = "medium", [1] = "high", [3] = "low" };

	sbuf_printf(o, "pref %s", pref[r->pref & 3] ? pref[r->pref & 3] : "medium");
}

static void put_nexthops(struct ip *x, const struct route *r)
{
	struct sbuf *o = &x->c->out;
	char name[16];

	for (unsigned i = 0; i < r->n_nh; i++) {
		const struct nexthop *nh = &r->nh[i];

		sbuf_printf(o, "%s\tnexthop ", ip_nl(x));
		if (nh->gw_family)
			put_gateway(o, r->family, nh->gw_family, &nh->gw);
		sbuf_printf(o, "dev %s weight %u ", dev_name(x, nh->ifindex, name), nh->weight);
		put_nh_flags(x, nh, r->family);
	}
}

void ip_put_route(struct ip *x, const struct route *r, const struct ip_route_view *v)
{
	struct sbuf *o = &x->c->out;
	const struct nexthop *nh = r->n_nh == 1 ? r->nh : NULL;
	char buf[16];

	if (r->type != RTN_UNICAST || x->details)
		sbuf_printf(o, "%s ", ip_type_name(r->type));
	put_dst(o, r->family, &r->dst, r->plen);
	if (r->src_plen && !v->no_from) {
		sbuf_puts(o, "from ");
		put_dst(o, r->family, &r->src, r->src_plen);
	}
	if (r->tos && !v->no_tos)
		sbuf_printf(o, "tos 0x%02x ", r->tos);
	if (nh && nh->gw_family && !v->no_via)
		put_gateway(o, r->family, nh->gw_family, &nh->gw);
	if (nh && !v->no_dev)
		sbuf_printf(o, "dev %s ", dev_name(x, nh->ifindex, buf));
	if ((r->table != RT_TABLE_MAIN || x->details) && !v->no_table)
		sbuf_printf(o, "table %s ", ip_table_name(x, r->table, buf));
	if ((r->protocol != RTPROT_BOOT || x->details) && !v->no_proto)
		sbuf_printf(o, "proto %s ", ip_proto_name(x, r->protocol, buf));
	if ((r->scope != RT_SCOPE_UNIVERSE || x->details) && !v->no_scope)
		sbuf_printf(o, "scope %s ", ip_scope_name(x, r->scope, buf));
	if (r->have_prefsrc && !v->no_src) {
		sbuf_puts(o, "src ");
		addr_put(o, r->family, &r->prefsrc);
		sbuf_puts(o, " ");
	}
	if ((r->metric || r->family == AF_INET6) && !v->no_metric)
		sbuf_printf(o, "metric %u ", r->metric);
	if (nh)
		put_nh_flags(x, nh, r->family);
	put_expires(x, r->expires_ms);
	put_metrics(o, r->mtu, r->mtu_locked, r->advmss, r->hop_limit);
	if (r->family == AF_INET6)
		put_pref(o, r);
	if (r->n_nh > 1)
		put_nexthops(x, r);
	sbuf_puts(o, "\n");
}

/* ---- ip route get ---- */

struct get {
	struct route_key k;
	const char *iif, *oif;
	bool have_dst, fibmatch, redirect;
	struct route_learned learned;
	uint32_t uid;
};

static void get_port(struct ip *x, const char *word, uint16_t *port)
{
	const char *v = ip_next(x);
	uint32_t n;

	if (x->failed)
		return;
	if (!ip_u32(v, 0, &n) || n > 65535)
		ip_fail(x, 255, "Error: argument \"%s\" is wrong: invalid \"%s\"\n\n", v, word);
	*port = (uint16_t)n;
}

static void get_ipproto(struct ip *x, uint8_t *proto)
{
	const char *v = ip_next(x);
	const struct protoent *p = x->failed ? NULL : getprotobyname(v);
	uint32_t n = 0;

	if (p)
		n = (uint32_t)p->p_proto;
	else if (!x->failed && (!ip_u32(v, 0, &n) || n > 255))
		ip_invalid(x, "Invalid \"ipproto\" value\n", v);
	*proto = (uint8_t)n;
}

static void get_dst(struct ip *x, struct get *g)
{
	struct ip_prefix p;

	if (ip_is(x, "to"))
		ip_next(x);
	if (!ip_parse_prefix(x, g->have_dst ? g->k.family : x->family, ip_cur(x), &p))
		return;
	if (p.plen != addr_bits(p.family))
		cmd_err(x->c, "Warning: /%u as prefix is invalid, only /%u (or none) is supported.\n", p.plen,
			addr_bits(p.family));
	g->k.family = p.family;
	g->k.dst = p.addr;
	g->have_dst = true;
}

static void parse_get(struct ip *x, struct get *g)
{
	struct ip_prefix p;

	for (; ip_more(x); ip_shift(x)) {
		if (ip_is(x, "from")) {
			if (ip_parse_prefix(x, g->have_dst ? g->k.family : x->family, ip_next(x), &p))
				g->k.src = p.addr;
		} else if (ip_is(x, "iif")) {
			g->iif = ip_next(x);
		} else if (ip_is(x, "oif") || ip_is(x, "dev")) {
			g->oif = ip_next(x);
		} else if (ip_is(x, "mark")) {
			if (!ip_u32(ip_next(x), 0, &g->k.mark) && !x->failed)
				ip_invalid(x, "invalid mark value", ip_cur(x));
		} else if (ip_is(x, "tos") || ip_is(x, "dsfield")) {
			uint32_t tos;

			if (!ip_u32(ip_next(x) + (strncmp(ip_cur(x), "0x", 2) ? 0 : 2), 16, &tos) || tos > 255)
				ip_invalid(x, "TOS value is invalid\n", ip_cur(x));
			g->k.tos = (uint8_t)tos;
		} else if (ip_is(x, "uid")) {
			if (!ip_u32(ip_next(x), 0, &g->uid) && !x->failed)
				ip_invalid(x, "invalid UID\n", ip_cur(x));
		} else if (ip_is(x, "ipproto")) {
			get_ipproto(x, &g->k.proto);
		} else if (ip_is(x, "sport")) {
			get_port(x, "sport", &g->k.sport);
		} else if (ip_is(x, "dport")) {
			get_port(x, "dport", &g->k.dport);
		} else if (ip_is(x, "fibmatch")) {
			g->fibmatch = true;
		} else if (ip_is(x, "notify") || ip_is(x, "connected") || ip_is(x, "vrf")) {
			ip_refuse(x, "route get %s", ip_cur(x));
		} else {
			get_dst(x, g);
		}
	}
}

/* the decision for a packet that came in by g->iif; res->err as the kernel answers */
static void input_route(struct ip *x, struct get *g, const struct link *in, struct route_result *res)
{
	int valid;

	fib_lookup(&x->ns->fib, &g->k, res);
	if (res->err || (res->type != RTN_LOCAL && res->type != RTN_BROADCAST && !link_conf_forwarding(in))) {
		res->err = link_conf_forwarding(in) ? res->err : -EHOSTUNREACH;
		return;
	}
	if (res->type != RTN_LOCAL && res->type != RTN_BROADCAST && res->type != RTN_UNICAST) {
		res->err = -EINVAL;
		return;
	}
	valid = fib_validate_source(&x->ns->fib, &g->k, in, res->type == RTN_UNICAST ? res->out->ifindex : 0);
	res->err = MIN(valid, 0);
	g->redirect = valid > 0 && res->type == RTN_UNICAST && res->out == in &&
		      link_conf(in, LINK_CONF_SEND_REDIRECTS) && link_conf(in, LINK_CONF_SHARED_MEDIA);
}

/*
 * IPv6 writes the answer as it writes a route, and in one line: the destination for the prefix, and the source
 * that a packet made here would have
 */
static void put_answer6(struct ip *x, const struct get *g, const struct route_result *res)
{
	struct sbuf *o = &x->c->out;
	const struct route *r = res->route;
	bool here = res->type == RTN_LOCAL || res->type == RTN_ANYCAST;
	char buf[16];

	if (r->type != RTN_UNICAST || x->details)
		sbuf_printf(o, "%s ", ip_type_name(r->type));
	addr_put(o, AF_INET6, &g->k.dst);
	sbuf_puts(o, " from ");
	addr_put(o, AF_INET6, &g->k.src);
	sbuf_puts(o, " ");
	if (res->have_gw)
		put_gateway(o, AF_INET6, res->gw_family, &res->gw);
	sbuf_printf(o, "dev %s ", here ? x->ns->lo->name : res->out->name);
	if (r->table != RT_TABLE_MAIN || x->details)
		sbuf_printf(o, "table %s ", ip_table_name(x, r->table, buf));
	if (r->protocol != RTPROT_BOOT || x->details)
		sbuf_printf(o, "proto %s ", ip_proto_name(x, r->protocol, buf));
	if (x->details)
		sbuf_puts(o, "scope global ");
	if (!g->iif && !addr_is_any(&res->prefsrc)) {
		sbuf_puts(o, "src ");
		addr_put(o, AF_INET6, &res->prefsrc);
		sbuf_puts(o, " ");
	}
	sbuf_printf(o, "metric %u ", r->metric);
	put_expires(x, g->learned.pmtu ? g->learned.until_ms : r->expires_ms);
	put_metrics(o, g->learned.pmtu ? g->learned.pmtu : r->mtu, r->mtu_locked, r->advmss, r->hop_limit);
	if (g->iif)
		sbuf_printf(o, "iif %s ", g->iif);
	put_pref(o, r);
	sbuf_puts(o, "\n");
}

static void put_flags(struct sbuf *o, const struct get *g, const struct route_result *res)
{
	const char *word[5];
	unsigned n = 0;

	if (res->type == RTN_LOCAL || res->type == RTN_BROADCAST)
		word[n++] = "local";
	if (g->redirect)
		word[n++] = "redirect";
	if (g->learned.have_gw)
		word[n++] = "redirected";
	if (res->type == RTN_BROADCAST)
		word[n++] = "brd";
	if (res->type == RTN_MULTICAST)
		word[n++] = "mc";
	for (unsigned i = 0; i < n; i++)
		sbuf_printf(o, "%s%s%s", i ? "," : "<", word[i], i + 1 == n ? "> " : "");
}

static void put_answer(struct ip *x, const struct get *g, const struct route_result *res)
{
	struct sbuf *o = &x->c->out;
	bool have_src = !addr_is_any(&g->k.src);
	bool to_us = res->type == RTN_LOCAL || (res->type == RTN_BROADCAST && g->iif);
	char lo[] = "lo";

	if (res->type != RTN_UNICAST || x->details)
		sbuf_printf(o, "%s ", ip_type_name(res->type));
	addr_put(o, AF_INET, &g->k.dst);
	sbuf_puts(o, " ");
	if (have_src) {
		sbuf_puts(o, "from ");
		addr_put(o, AF_INET, &g->k.src);
		sbuf_puts(o, " ");
	}
	if (res->route && res->route->tos)
		sbuf_printf(o, "tos 0x%02x ", res->route->tos);
	if (res->have_gw)
		put_gateway(o, AF_INET, res->gw_family, &res->gw);
	sbuf_printf(o, "dev %s ", to_us ? lo : res->out->name);
	if (x->details && (!res->table || res->table == RT_TABLE_MAIN || res->table == RT_TABLE_LOCAL))
		sbuf_puts(o, "table main ");	/* the kernel says main for its local table here */
	else if (res->type != RTN_LOCAL && res->table && res->table != RT_TABLE_MAIN && res->table != RT_TABLE_LOCAL) {
		char buf[16];

		sbuf_printf(o, "table %s ", ip_table_name(x, res->table, buf));
	}
	if (!have_src && !g->iif) {
		sbuf_puts(o, "src ");
		addr_put(o, AF_INET, &res->prefsrc);
		sbuf_puts(o, " ");
	}
	if (res->type == RTN_MULTICAST) /* the kernel's flag for multicast reads like this to the tool */
		sbuf_puts(o, "rt_offload_failed ");
	if (g->k.mark)
		sbuf_printf(o, g->k.mark >= 16 ? "mark 0x%x " : "mark %u ", g->k.mark);
	if (!g->iif)
		sbuf_printf(o, "uid %u ", g->uid);
	sbuf_printf(o, "%s    cache ", ip_nl(x));
	put_flags(o, g, res);
	if (g->learned.until_ms)
		sbuf_printf(o, "expires %llusec ",
			    (unsigned long long)(g->learned.until_ms - clock_ms(&x->ns->world->clock)) / 1000);
	if (res->route && res->type == RTN_UNICAST)
		put_metrics(o, g->learned.pmtu ? g->learned.pmtu : res->route->mtu, res->route->mtu_locked,
			    res->route->advmss, 0);
	if (g->iif)
		sbuf_printf(o, "iif %s ", g->iif);
	sbuf_puts(o, "\n");
}

/* what ICMP taught about the destination goes over what the route says */
static void learned(struct ip *x, struct get *g, struct route_result *res)
{
	const struct world_engine *e = x->ns->world->engine;

	if (res->type != RTN_UNICAST || !e || !e->learned || !e->learned(x->ns, &g->k.dst, res->route, &g->learned))
		return;
	if (g->learned.have_gw) {
		res->have_gw = true;
		res->gw_family = g->k.family;
		res->gw = g->learned.gw;
	}
	if (g->learned.pmtu >= res->mtu)
		g->learned.pmtu = 0;
}

/* the kernel looks for a source even where one was given */
static void get6(struct ip *x, struct get *g, struct route_result *res)
{
	if (g->iif) {
		fib_lookup(&x->ns->fib, &g->k, res);
		return;
	}
	fib_output(&x->ns->fib, &g->k, res);
	if (res->err == -EADDRNOTAVAIL)
		res->err = 0;
	if (!res->err && !addr_is_any(&g->k.src)) {
		if (res->route->have_prefsrc)
			res->prefsrc = res->route->prefsrc;
		else if (!link_pick_addr6(&x->ns->links, link_by_index(&x->ns->links, res->route->nh[0].ifindex),
					  &g->k.dst, &res->prefsrc))
			memset(&res->prefsrc, 0, sizeof(res->prefsrc));
	}
}

int ip_route_get(struct ip *x)
{
	static const struct ip_route_view all;
	struct get g = { .k = { .family = AF_INET } };
	struct route_result res;
	const struct link *in = NULL, *out = NULL;

	parse_get(x, &g);
	if (!x->failed && !g.have_dst)
		return ip_fail(x, 1, "need at least a destination address\n");
	if (!x->failed && g.iif)
		in = ip_link(x, g.iif);
	if (!x->failed && g.oif)
		out = ip_link(x, g.oif);
	if (x->failed)
		return x->status;
	g.k.iif = in && in->kind != LINK_LOOPBACK ? in->ifindex : 0;
	g.k.oif = out ? out->ifindex : 0;
	g.k.uid = g.uid;
	if (g.k.family == AF_INET6)
		get6(x, &g, &res);
	else if (in)
		input_route(x, &g, in, &res);
	else
		fib_output(&x->ns->fib, &g.k, &res);
	if (res.err) /* what rp_filter refuses is a martian to whoever asks */
		return ip_answer(x, res.err == -EXDEV ? -EINVAL : res.err, NULL);
	learned(x, &g, &res);
	if (g.fibmatch && res.route)
		ip_put_route(x, res.route, &all);
	else if (g.k.family == AF_INET6)
		put_answer6(x, &g, &res);
	else
		put_answer(x, &g, &res);
	return 0;
}
