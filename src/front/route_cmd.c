/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/route_cmd.c - the `route` command.
 *
 * References: route(8) of net-tools 2.10.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "front/nettools.h"

static int refuse(struct cmd *c, const char *word)
{
	cmd_err(c, "route: %s: not supported by natbox\n", word);
	return 1;
}

/* ---- showing ---- */

struct show {
	struct cmd *c;
	bool numeric;
};

static void put_one(const struct show *s, const struct route *r, const struct nexthop *nh)
{
	union inet_addr mask = addr_mask(AF_INET, r->plen);
	const struct link *l = nh ? link_by_index(&s->c->ns->links, nh->ifindex) : NULL;
	char dst[ADDR_STRLEN], gw[ADDR_STRLEN] = "0.0.0.0", m[ADDR_STRLEN], flags[8];

	addr_fmt(dst, AF_INET, &r->dst);
	if (nh && nh->gw_family)
		addr_fmt(gw, AF_INET, &nh->gw);
	snprintf(flags, sizeof(flags), "%s%s%s", nh ? "U" : "!", nh && nh->gw_family ? "G" : "",
		 r->plen == 32 ? "H" : "");
	if (!nh)
		snprintf(gw, sizeof(gw), "-");
	cmd_out(s->c, "%-15s %-15s %-15s %-5s %-6u %-2s %7s %s\n", !s->numeric && !r->plen ? "default" : dst, gw,
		addr_fmt(m, AF_INET, &mask), flags, r->metric, nh ? "0 " : "- ", nh ? "0" : "0", l ? l->name : "-");
}

static int show_one(void *ctx, const struct route *r)
{
	if (r->type == RTN_UNICAST || r->type == RTN_UNREACHABLE || r->type == RTN_PROHIBIT || r->type == RTN_BLACKHOLE)
		put_one(ctx, r, r->n_nh ? &r->nh[0] : NULL);
	return 0;
}

static int show(struct cmd *c, bool numeric)
{
	struct show s = { c, numeric };

	cmd_out(c, "Kernel IP routing table\n");
	cmd_out(c, "Destination     Gateway         Genmask         Flags Metric Ref    Use Iface\n");
	fib_walk(&c->ns->fib, AF_INET, RT_TABLE_MAIN, show_one, &s);
	return 0;
}

/* IPv6's list is the file that the kernel makes of both tables; one without a default route has a line for that */
static int show_one6(void *ctx, const struct route *r)
{
	const struct show *s = ctx;
	char dst[ADDR_STRLEN + 4], gw[ADDR_STRLEN] = "::", flags[4];
	const struct nexthop none = { 0 };

	addr_fmt(dst, AF_INET6, &r->dst);
	snprintf(dst + strlen(dst), 5, "/%u", r->plen);
	for (unsigned i = 0; i < MAX(r->n_nh, 1u); i++) {
		const struct nexthop *nh = i < r->n_nh ? &r->nh[i] : &none;
		const struct link *l = link_by_index(&s->c->ns->links, nh->ifindex);

		if (nh->gw_family)
			addr_fmt(gw, AF_INET6, &nh->gw);
		snprintf(flags, sizeof(flags), "%s%s%s", l && (l->flags & IFF_LOOPBACK) && r->type != RTN_LOCAL ? "!" : "U",
			 nh->gw_family ? "G" : "", r->type == RTN_LOCAL || r->type == RTN_ANYCAST ? "n" : "");
		cmd_out(s->c, "%-30s %-26s %-4s %-3u %-4d %3d %s\n", dst, gw, flags, r->metric, 1, 0,
			l ? l->name : "lo");
	}
	return 0;
}

static void show_table6(struct show *s, uint32_t table)
{
	fib_walk(&s->c->ns->fib, AF_INET6, table, show_one6, s);
	if (!fib_has_default6(&s->c->ns->fib, table))
		cmd_out(s->c, "%-30s %-26s %-4s %-3d %-4d %3d %s\n", "::/0", "::", "!n", -1, 1, 0, "lo");
}

static int show6(struct cmd *c, bool numeric)
{
	struct show s = { c, numeric };

	cmd_out(c, "Kernel IPv6 routing table\n"
		   "Destination                    Next Hop                   Flag Met Ref  Use If\n");
	show_table6(&s, RT_TABLE_MAIN);
	show_table6(&s, RT_TABLE_LOCAL);
	return 0;
}

/* ---- adding and deleting ---- */

struct spec {
	bool net, host, have_dst, have_mask, reject;
	union inet_addr dst, mask;
	uint8_t plen;
	struct nexthop nh;
	bool have_nh;
	uint32_t metric, mtu;
};

static int usage(struct cmd *c, const char *why)
{
	if (why)
		cmd_err(c, "route: %s\n", why);
	cmd_err(c, "Usage: inet_route [-vF] del {-host|-net} Target[/prefix] [gw Gw] [metric M] [[dev] If]\n"
		   "       inet_route [-vF] add {-host|-net} Target[/prefix] [gw Gw] [metric M]\n"
		   "                              [netmask N] [mss Mss] [window W] [irtt I]\n"
		   "                              [mod] [dyn] [reinstate] [[dev] If]\n"
		   "       inet_route [-vF] add {-host|-net} Target[/prefix] [metric M] reject\n"
		   "       inet_route [-FC] flush      NOT supported\n");
	return 3;
}

static int bad_host(struct cmd *c, const char *text)
{
	cmd_err(c, "%s: %s\n", text, text[strspn(text, "0123456789.")] ? "Host name lookup failure" : "Unknown host");
	return 1;
}

static int parse_target(struct cmd *c, struct spec *s, const char *word)
{
	char text[64], *slash;
	uint32_t plen = 32;

	s->have_dst = true;
	if (!strcmp(word, "default")) {
		s->have_mask = s->net = true;
		s->plen = 0;
		return 0;
	}
	snprintf(text, sizeof(text), "%s", word);
	slash = strchr(text, '/');
	if (slash)
		*slash++ = '\0';
	if (addr_parse(AF_INET, text, &s->dst) || (slash && fmt_parse_u32(slash, 10, 32, &plen)))
		return bad_host(c, word);
	s->plen = (uint8_t)plen;
	s->have_mask = slash != NULL;
	s->net |= slash != NULL && !s->host;
	if (s->net && !slash)
		s->plen = s->dst.b[0] < 128 ? 8 : s->dst.b[0] < 192 ? 16 : 24;
	return 0;
}

static int parse_value(struct cmd *c, struct spec *s, const char *word, const char *v)
{
	union inet_addr a;
	const struct link *l;
	uint32_t n = 0;
	int plen;

	if (!strcmp(word, "gw")) {
		if (addr_parse(AF_INET, v, &s->nh.gw))
			return bad_host(c, v);
		s->nh.gw_family = AF_INET;
		s->have_nh = true;
	} else if (!strcmp(word, "netmask")) {
		plen = addr_parse(AF_INET, v, &a) ? -1 : addr_plen(AF_INET, &a);
		if (plen < 0)
			return usage(c, "bogus netmask");
		s->plen = (uint8_t)plen;
	} else if (!strcmp(word, "metric") || !strcmp(word, "mss")) {
		if (fmt_parse_u32(v, 10, INT32_MAX, &n))
			return usage(c, NULL);
		*(word[1] == 'e' ? &s->metric : &s->mtu) = n;
	} else {
		l = link_by_name(&c->ns->links, v);
		if (!l) {
			cmd_err(c, "SIOCADDRT: No such device\n");
			return 7;
		}
		s->nh.ifindex = l->ifindex;
		s->have_nh = true;
	}
	return 0;
}

static int parse(struct cmd *c, struct spec *s, int n, char **w)
{
	static const char *const valued[] = { "gw", "netmask", "metric", "mss", "dev" };
	int err = 0;

	for (int i = 0; i < n && !err; i++) {
		bool took = false;

		for (size_t k = 0; k < ARRAY_LEN(valued) && !took; k++)
			took = !strcmp(w[i], valued[k]);
		if (took && i + 1 >= n)
			return usage(c, NULL);
		if (took) {
			err = parse_value(c, s, w[i], w[i + 1]);
			i++;
		} else if (!strcmp(w[i], "-net"))
			s->net = true;
		else if (!strcmp(w[i], "-host"))
			s->host = true;
		else if (!strcmp(w[i], "reject"))
			s->reject = true;
		else if (!strcmp(w[i], "window") || !strcmp(w[i], "irtt") || !strcmp(w[i], "mod") ||
			 !strcmp(w[i], "dyn"))
			return refuse(c, w[i]);
		else
			err = s->have_dst ? parse_value(c, s, "dev", w[i]) : parse_target(c, s, w[i]);
	}
	if (!err && !s->have_dst)
		return usage(c, NULL);
	return err;
}

static int change(struct cmd *c, bool adding, int n, char **words)
{
	struct spec s = { .plen = 32 };
	struct route r = { .family = AF_INET, .table = RT_TABLE_MAIN };
	union inet_addr mask;
	int err = parse(c, &s, n, words);

	if (err)
		return err;
	mask = addr_mask(AF_INET, s.plen);
	if (s.dst.ip4 & ~mask.ip4)
		return usage(c, "netmask doesn't match route address");
	r.dst = s.dst;
	r.plen = s.plen;
	r.metric = s.metric;
	r.mtu = s.mtu;
	r.type = s.reject ? RTN_UNREACHABLE : RTN_UNICAST;
	r.scope = s.reject         ? RT_SCOPE_HOST
		  : s.nh.gw_family ? RT_SCOPE_UNIVERSE
		  : adding         ? RT_SCOPE_LINK
				   : RT_SCOPE_NOWHERE;
	r.protocol = adding ? RTPROT_BOOT : 0;
	r.nh = &s.nh;
	r.n_nh = s.have_nh && !s.reject;
	err = adding ? fib_add(&c->ns->fib, &r, NLM_F_CREATE) : fib_del(&c->ns->fib, &r);
	if (!err)
		return 0;
	cmd_err(c, "%s: %s\n", adding ? "SIOCADDRT" : "SIOCDELRT", strerror(-err));
	return 7;
}

/* ---- IPv6 ---- */

struct spec6 {
	struct route r;
	struct nexthop nh;
	bool have_dst;
};

static int parse_target6(struct cmd *c, struct spec6 *s, const char *word)
{
	char text[64], *slash;
	uint32_t plen = 128;

	s->have_dst = true;
	if (!strcmp(word, "default"))
		return 0;
	snprintf(text, sizeof(text), "%s", word);
	slash = strchr(text, '/');
	if (slash)
		*slash++ = '\0';
	if (addr_parse(AF_INET6, text, &s->r.dst) || (slash && fmt_parse_u32(slash, 10, 128, &plen))) {
		cmd_err(c, "getaddrinfo: %s: -2\n%s: Unknown host\n", text, text);
		return 1;
	}
	s->r.plen = (uint8_t)plen;
	return 0;
}

static int parse_dev6(struct cmd *c, struct spec6 *s, const char *name)
{
	const struct link *l = link_by_name(&c->ns->links, name);

	if (!l) {
		cmd_err(c, "SIOGIFINDEX: No such device\n");
		return 7;
	}
	s->nh.ifindex = l->ifindex;
	return 0;
}

static int parse6(struct cmd *c, struct spec6 *s, int n, char **w)
{
	int err = 0;

	for (int i = 0; i < n && !err; i++) {
		bool value = i + 1 < n;

		if (!strcmp(w[i], "gw") && value) {
			if (addr_parse(AF_INET6, w[++i], &s->nh.gw)) {
				cmd_err(c, "getaddrinfo: %s: -2\n%s: Unknown host\n", w[i], w[i]);
				return 1;
			}
			s->nh.gw_family = AF_INET6;
		} else if (!strcmp(w[i], "metric") && value) {
			if (fmt_parse_u32(w[++i], 10, INT32_MAX, &s->r.metric))
				return usage(c, NULL);
		} else if (!strcmp(w[i], "dev") && value) {
			err = parse_dev6(c, s, w[++i]);
		} else if (!strcmp(w[i], "mod") || !strcmp(w[i], "dyn")) {
			return refuse(c, w[i]);
		} else {
			err = s->have_dst ? parse_dev6(c, s, w[i]) : parse_target6(c, s, w[i]);
		}
	}
	return !err && !s->have_dst ? usage(c, NULL) : err;
}

static int change6(struct cmd *c, bool adding, int n, char **words)
{
	struct spec6 s = { .r = { .family = AF_INET6, .table = RT_TABLE_MAIN, .metric = 1 } };
	int err = parse6(c, &s, n, words);

	if (err)
		return err;
	s.r.type = adding ? RTN_UNICAST : 0;
	s.r.protocol = adding ? RTPROT_BOOT : 0;
	s.r.nh = &s.nh;
	s.r.n_nh = s.nh.gw_family || s.nh.ifindex;
	err = adding ? fib_add(&c->ns->fib, &s.r, NLM_F_CREATE | NLM_F_APPEND) : fib_del(&c->ns->fib, &s.r);
	if (!err)
		return 0;
	cmd_err(c, "%s: %s\n", adding ? "SIOCADDRT" : "SIOCDELRT", strerror(-err));
	return 7;
}

/* the options of @argv from @i on; false: one was refused */
static bool options(struct cmd *c, int argc, char **argv, int *i, bool *numeric, bool *six)
{
	for (; *i < argc && argv[*i][0] == '-'; ++*i) {
		const char *o = argv[*i];

		if (!strcmp(o, "-A") && *i + 1 < argc && (!strcmp(argv[*i + 1], "inet6") || !strcmp(argv[*i + 1], "inet")))
			*six = !strcmp(argv[++*i], "inet6");
		else if (!strcmp(o, "-6") || !strcmp(o, "--inet6") || !strcmp(o, "-6n") || !strcmp(o, "-n6"))
			*six = true;
		else if (strcmp(o, "-4") != 0 && strcmp(o, "-n") != 0 && strcmp(o, "--inet") != 0)
			return refuse(c, o) == 0;
		*numeric |= o[1] != '-' && strchr(o, 'n');
	}
	return true;
}

int route_main(struct cmd *c, int argc, char **argv)
{
	bool numeric = false, six = false;
	int i = 1;

	if (!options(c, argc, argv, &i, &numeric, &six))
		return 1;
	if (i >= argc)
		return six ? show6(c, numeric) : show(c, numeric);
	if (six && !strcmp(argv[i], "add"))
		return change6(c, true, argc - i - 1, argv + i + 1);
	if (six && (!strcmp(argv[i], "del") || !strcmp(argv[i], "delete")))
		return change6(c, false, argc - i - 1, argv + i + 1);
	if (!strcmp(argv[i], "add"))
		return change(c, true, argc - i - 1, argv + i + 1);
	if (!strcmp(argv[i], "del") || !strcmp(argv[i], "delete"))
		return change(c, false, argc - i - 1, argv + i + 1);
	cmd_err(c, "Usage: route [-n]                 List kernel routing tables\n"
		   "       route {add|del} ...        Modify routing table\n");
	return 3;
}
