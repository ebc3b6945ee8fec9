/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/ip.c - the `ip` command: global options, finding the object, and the reading of words that its files share.
 *
 * Differences: -batch, -json, -family other than IPv4, and objects that the engine has nothing of are refused
 * by name.
 *
 * References: ip(8) of iproute2 6.1.0.
 */
#include "front/ip.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"

static const struct {
	const char *name;
	ip_fn *run; /* NULL: there is no such thing in the engine */
} objects[] = {
	{ "address", ip_addr_main },
	{ "addrlabel", NULL },
	{ "maddress", NULL },
	{ "route", ip_route_main },
	{ "rule", ip_rule_main },
	{ "neighbor", ip_neigh_main },
	{ "neighbour", ip_neigh_main },
	{ "ntable", NULL },
	{ "ntbl", NULL },
	{ "link", ip_link_main },
	{ "l2tp", NULL },
	{ "fou", NULL },
	{ "ila", NULL },
	{ "macsec", NULL },
	{ "tunnel", NULL },
	{ "tunl", NULL },
	{ "tuntap", NULL },
	{ "tap", NULL },
	{ "token", NULL },
	{ "tcpmetrics", NULL },
	{ "tcp_metrics", NULL },
	{ "monitor", NULL },
	{ "xfrm", NULL },
	{ "mroute", NULL },
	{ "mrule", NULL },
	{ "netns", ip_netns_main },
	{ "netconf", NULL },
	{ "vrf", NULL },
	{ "sr", NULL },
	{ "nexthop", NULL },
	{ "mptcp", NULL },
	{ "ioam", NULL },
	{ "amt", NULL },
	{ "stats", NULL },
};

/* ---- words ---- */

const char *ip_cur(const struct ip *x)
{
	return ip_more(x) ? x->argv[0] : "";
}

void ip_shift(struct ip *x)
{
	if (ip_more(x)) {
		x->argc--;
		x->argv++;
	}
}

const char *ip_next(struct ip *x)
{
	ip_shift(x);
	if (!x->failed && x->argc <= 0)
		ip_fail(x, 255, "Command line is not complete. Try option \"help\"\n");
	return ip_cur(x);
}

bool ip_begins(const char *given, const char *word)
{
	size_t n = strlen(given);

	return n > 0 && !strncmp(given, word, n);
}

bool ip_is(const struct ip *x, const char *word)
{
	return ip_more(x) && !strcmp(x->argv[0], word);
}

bool ip_abbr(const struct ip *x, const char *word)
{
	return ip_more(x) && ip_begins(x->argv[0], word);
}

/* ---- errors ---- */

int ip_fail(struct ip *x, int status, const char *fmt, ...)
{
	va_list ap;

	if (x->failed)
		return x->status;
	va_start(ap, fmt);
	sbuf_vprintf(&x->c->err, fmt, ap);
	va_end(ap);
	x->failed = true;
	x->status = status;
	return status;
}

int ip_invalid(struct ip *x, const char *what, const char *arg)
{
	return ip_fail(x, 255, "Error: argument \"%s\" is wrong: %s\n", arg, what);
}

int ip_dup(struct ip *x, const char *key, const char *arg)
{
	return ip_fail(x, 255, "Error: duplicate \"%s\": \"%s\" is the second value.\n", key, arg);
}

int ip_dup2(struct ip *x, const char *key, const char *arg)
{
	return ip_fail(x, 255, "Error: either \"%s\" is duplicate, or \"%s\" is a garbage.\n", key, arg);
}

int ip_answer(struct ip *x, int err, const char *why)
{
	if (why)
		return ip_fail(x, 2, "Error: %s.\n", why);
	return ip_fail(x, 2, "RTNETLINK answers: %s\n", strerror(-err));
}

int ip_no_device(struct ip *x, const char *name)
{
	const struct link *l;

	if (x->failed)
		return x->status;
	ip_fail(x, 1, "Cannot find device \"%s\"\n", name);
	if (x->c->hints && !list_empty(&x->ns->links.links)) {
		struct sbuf names = SBUF_INIT;

		list_for_each(l, &x->ns->links.links, node)
			sbuf_printf(&names, " %s", l->name);
		cmd_hint(x->c, "there are:%s", sbuf_str(&names));
		sbuf_free(&names);
	}
	return 1;
}

int ip_unknown(struct ip *x, const char *object)
{
	return ip_fail(x, 255, "Command \"%s\" is unknown, try \"ip %s help\".\n", ip_cur(x), object);
}

int ip_refuse(struct ip *x, const char *fmt, ...)
{
	struct sbuf what = SBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	sbuf_vprintf(&what, fmt, ap);
	va_end(ap);
	ip_fail(x, 1, "ip: %s: not supported by natbox\n", sbuf_str(&what));
	sbuf_free(&what);
	return x->status;
}

const char *ip_nl(const struct ip *x)
{
	return x->oneline ? "\\" : "\n";
}

/* ---- values ---- */

bool ip_u32(const char *text, int base, uint32_t *v)
{
	return fmt_parse_u32(text, base, UINT32_MAX, v) == 0;
}

bool ip_onoff(struct ip *x, const char *word, bool *on)
{
	const char *v = ip_next(x);

	if (!strcmp(v, "on") || !strcmp(v, "off")) {
		*on = v[1] == 'n';
		return true;
	}
	ip_fail(x, 1, "Error: argument of \"%s\" must be \"on\" or \"off\", not \"%s\"\n", word, v);
	return false;
}

bool ip_lladdr(struct ip *x, const char *text, uint8_t mac[6])
{
	if (x->failed || fmt_parse_mac(text, mac) == 0)
		return !x->failed;
	ip_fail(x, 1, "\"%s\" is invalid lladdr.\n", text);
	return false;
}

struct link *ip_link(struct ip *x, const char *name)
{
	struct link *l = x->failed ? NULL : link_by_name(&x->ns->links, name);

	if (!l)
		ip_no_device(x, name);
	return l;
}

/* IPv4 as the tools read it: one to four numbers, those missing are zero */
static bool parse_ip4(const char *s, const char *end, union inet_addr *a)
{
	memset(a, 0, sizeof(*a));
	for (int i = 0; i < 4; i++) {
		char *stop;
		unsigned long v;

		if (s >= end || !isdigit((unsigned char)*s))
			return false;
		v = strtoul(s, &stop, 0);
		if (v > 255 || stop > end)
			return false;
		a->b[i] = (uint8_t)v;
		if (stop == end)
			return true;
		if (i == 3 || *stop != '.')
			return false;
		s = stop + 1;
	}
	return false;
}

static bool parse_host(uint8_t family, const char *text, size_t n, union inet_addr *a, uint8_t *found)
{
	char copy[ADDR_STRLEN];

	*found = memchr(text, ':', n) ? AF_INET6 : AF_INET;
	if ((family != AF_UNSPEC && family != *found) || n >= sizeof(copy))
		return false;
	if (*found == AF_INET)
		return parse_ip4(text, text + n, a);
	memcpy(copy, text, n);
	copy[n] = '\0';
	return addr_parse(AF_INET6, copy, a) == 0;
}

/* "24" or "255.255.255.0" */
static bool parse_plen(uint8_t family, const char *s, uint8_t *plen)
{
	union inet_addr mask;
	uint32_t v;
	int n;

	if (fmt_parse_u32(s, 10, addr_bits(family), &v) == 0) {
		*plen = (uint8_t)v;
		return true;
	}
	if (family != AF_INET || !parse_ip4(s, s + strlen(s), &mask) || !strchr(s, '.'))
		return false;
	n = addr_plen(AF_INET, &mask);
	*plen = (uint8_t)n;
	return n >= 0;
}

static const char *family_word(uint8_t family)
{
	return family == AF_INET ? "inet" : family == AF_INET6 ? "inet6" : "any valid";
}

bool ip_parse_prefix(struct ip *x, uint8_t family, const char *text, struct ip_prefix *p)
{
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);

	memset(p, 0, sizeof(*p));
	if (x->failed)
		return false;
	if (!strcmp(text, "default") || !strcmp(text, "any") || !strcmp(text, "all")) {
		p->family = family == AF_UNSPEC ? AF_INET : family;
		p->any = true;
		return true;
	}
	if (parse_host(family, text, n, &p->addr, &p->family)) {
		p->plen = (uint8_t)addr_bits(p->family);
		p->have_plen = slash != NULL;
		if (!slash || parse_plen(p->family, slash + 1, &p->plen))
			return true;
	}
	ip_fail(x, 1, "Error: %s prefix is expected rather than \"%s\".\n", family_word(family), text);
	return false;
}

bool ip_parse_addr(struct ip *x, uint8_t family, const char *text, union inet_addr *a)
{
	uint8_t found;

	if (x->failed)
		return false;
	memset(a, 0, sizeof(*a));
	if (!strcmp(text, "default") || !strcmp(text, "any") || !strcmp(text, "all"))
		return true;
	if (parse_host(family, text, strlen(text), a, &found))
		return true;
	ip_fail(x, 1, "Error: %s address is expected rather than \"%s\".\n", family_word(family), text);
	return false;
}

/* ---- names of numbers ---- */

struct name {
	uint32_t id;
	const char *name;
};

static const struct name tables[] = {
	{ RT_TABLE_LOCAL, "local" }, { RT_TABLE_MAIN, "main" }, { RT_TABLE_DEFAULT, "default" }, { 0, "unspec" }
};
static const struct name protos[] = {
	{ 0, "unspec" }, { 1, "redirect" }, { 2, "kernel" },      { 3, "boot" },    { 4, "static" },    { 8, "gated" },
	{ 9, "ra" },     { 10, "mrt" },     { 11, "zebra" },      { 12, "bird" },   { 13, "dnrouted" }, { 14, "xorp" },
	{ 15, "ntk" },   { 16, "dhcp" },    { 18, "keepalived" }, { 42, "babel" },  { 99, "openr" },    { 186, "bgp" },
	{ 187, "isis" }, { 188, "ospf" },   { 189, "rip" },       { 192, "eigrp" },
};
static const struct name scopes[] = {
	{ 0, "global" }, { 200, "site" }, { 253, "link" }, { 254, "host" }, { 255, "nowhere" }
};
static const struct name types[] = {
	{ RTN_UNSPEC, "none" },
	{ RTN_UNICAST, "unicast" },
	{ RTN_LOCAL, "local" },
	{ RTN_BROADCAST, "broadcast" },
	{ RTN_ANYCAST, "anycast" },
	{ RTN_MULTICAST, "multicast" },
	{ RTN_BLACKHOLE, "blackhole" },
	{ RTN_UNREACHABLE, "unreachable" },
	{ RTN_PROHIBIT, "prohibit" },
	{ RTN_THROW, "throw" },
	{ RTN_NAT, "nat" },
	{ RTN_XRESOLVE, "xresolve" },
};

static const char *name_of(const struct name *t, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (t[i].id == id)
			return t[i].name;
	return NULL;
}

static bool id_of(const struct name *t, size_t n, const char *name, uint32_t *id)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(t[i].name, name)) {
			*id = t[i].id;
			return true;
		}
	return false;
}

/*
 * A line "ID NAME" of the host's /etc/iproute2/rt_tables. By name when @name is given, else by number; the name
 * found goes into @buf.
 */
static bool rt_tables(struct ip *x, const char *name, uint32_t *id, char buf[16])
{
	struct sbuf text = SBUF_INIT;
	bool found = false;
	char *line, *save = NULL;

	if (!x->c->ops || !x->c->ops->file_read || x->c->ops->file_read(x->c, "/etc/iproute2/rt_tables", &text) < 0)
		return false;
	for (line = text.len ? strtok_r(text.data, "\n", &save) : NULL; line && !found;
	     line = strtok_r(NULL, "\n", &save)) {
		char word[64];
		int n;

		if (sscanf(line, " %i %63s", &n, word) != 2 || n < 0)
			continue;
		found = name ? !strcmp(word, name) : (uint32_t)n == *id && strlen(word) < 16;
		if (found && name)
			*id = (uint32_t)n;
		else if (found)
			memcpy(buf, word, strlen(word) + 1);
	}
	sbuf_free(&text);
	return found;
}

bool ip_table_id(struct ip *x, const char *text, uint32_t *id)
{
	if (id_of(tables, ARRAY_LEN(tables), text, id) || fmt_parse_u32(text, 0, UINT32_MAX, id) == 0)
		return true;
	return rt_tables(x, text, id, NULL);
}

const char *ip_table_name(struct ip *x, uint32_t id, char buf[16])
{
	const char *known = name_of(tables, ARRAY_LEN(tables), id);

	if (!x->numeric && known)
		return known;
	if (x->numeric || !rt_tables(x, NULL, &id, buf))
		snprintf(buf, 16, "%u", id);
	return buf;
}

static bool small_id(const struct name *t, size_t n, const char *text, uint8_t *id)
{
	uint32_t v;

	if (!id_of(t, n, text, &v) && fmt_parse_u32(text, 0, 255, &v))
		return false;
	*id = (uint8_t)v;
	return true;
}

static const char *small_name(const struct ip *x, const struct name *t, size_t n, uint8_t id, char buf[16])
{
	const char *known = x->numeric ? NULL : name_of(t, n, id);

	if (known)
		return known;
	snprintf(buf, 16, "%u", id);
	return buf;
}

bool ip_proto_id(const char *text, uint8_t *id)
{
	return small_id(protos, ARRAY_LEN(protos), text, id);
}

const char *ip_proto_name(const struct ip *x, uint8_t id, char buf[16])
{
	return small_name(x, protos, ARRAY_LEN(protos), id, buf);
}

bool ip_scope_id(const char *text, uint8_t *id)
{
	return small_id(scopes, ARRAY_LEN(scopes), text, id);
}

const char *ip_scope_name(const struct ip *x, uint8_t id, char buf[16])
{
	return small_name(x, scopes, ARRAY_LEN(scopes), id, buf);
}

const char *ip_type_name(uint8_t type)
{
	const char *s = name_of(types, ARRAY_LEN(types), type);

	return s ? s : "unknown";
}

bool ip_type_id(const char *text, uint8_t *type)
{
	uint32_t v;

	if (!id_of(types, ARRAY_LEN(types), text, &v) && fmt_parse_u32(text, 0, 255, &v))
		return false;
	*type = (uint8_t)v;
	return true;
}

/* ---- the command ---- */

static int usage(struct ip *x, int status)
{
	return ip_fail(x, status,
		       "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n"
		       "where  OBJECT := { address | link | neighbour | netns | route | rule }\n"
		       "       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] | -4 | -6 | -br[ief] |\n"
		       "                    -o[neline] | -n[etns] name | -N[umeric] | -a[ll] | -c[olor] }\n");
}

static void set_netns(struct ip *x, const char *name)
{
	struct netns *ns = x->failed ? NULL : x->c->ops->netns_find(x->c, name);

	if (!ns)
		ip_fail(x, 255, "Cannot open network namespace \"%s\": No such file or directory\n", name);
	else
		x->ns = ns;
}

static void set_family(struct ip *x, const char *name)
{
	if (!strcmp(name, "inet"))
		x->family = AF_INET;
	else if (!strcmp(name, "inet6"))
		x->family = AF_INET6;
	else if (!strcmp(name, "link"))
		x->family = AF_PACKET;
	else
		ip_refuse(x, "-family %s", name);
}

/* one global option, its dashes and all; true: go on with the next word */
static bool option(struct ip *x, bool *done)
{
	const char *o = ip_cur(x);

	if (o[0] != '-' || !strcmp(o, "--")) {
		*done = true;
		if (!strcmp(o, "--"))
			ip_shift(x);
		return false;
	}
	if (o[1] == '-')
		o++;
	if (ip_begins(o, "-loops"))
		ip_next(x);
	else if (ip_begins(o, "-family"))
		set_family(x, ip_next(x));
	else if (!strcmp(o, "-4"))
		x->family = AF_INET;
	else if (!strcmp(o, "-6"))
		x->family = AF_INET6;
	else if (!strcmp(o, "-0"))
		x->family = AF_PACKET;
	else if (ip_begins(o, "-human-readable") || !strcmp(o, "-h"))
		x->human = true;
	else if (ip_begins(o, "-stats") || ip_begins(o, "-statistics"))
		x->stats++;
	else if (ip_begins(o, "-details"))
		x->details++;
	else if (ip_begins(o, "-oneline"))
		x->oneline = true;
	else if (ip_begins(o, "-Version"))
		cmd_out(x->c, "ip utility, iproute2-6.1.0, libbpf 1.1.2\n"), *done = true;
	else if (ip_begins(o, "-batch"))
		ip_refuse(x, "-batch");
	else if (ip_begins(o, "-brief"))
		x->brief = true;
	else if (ip_begins(o, "-json") || ip_begins(o, "-pretty"))
		ip_refuse(x, "%s", o);
	else if (!strncmp(o, "-c", 2) && (!o[2] || ip_begins(o, "-color") || !strncmp(o, "-color=", 7)))
		; /* output never goes to a terminal of its own: what -color=auto gives */
	else if (ip_begins(o, "-help"))
		usage(x, 255);
	else if (ip_begins(o, "-netns"))
		set_netns(x, ip_next(x));
	else if (ip_begins(o, "-Numeric"))
		x->numeric = true;
	else if (ip_begins(o, "-all"))
		x->all = true;
	else if (ip_begins(o, "-resolve") || ip_begins(o, "-timestamp") || ip_begins(o, "-tshort") ||
		 ip_begins(o, "-force") || ip_begins(o, "-rcvbuf") || ip_begins(o, "-iec"))
		ip_refuse(x, "%s", o);
	else
		ip_fail(x, 255, "Option \"%s\" is unknown, try \"ip -help\".\n", o);
	ip_shift(x);
	return true;
}

static int run_object(struct ip *x)
{
	const char *name = ip_cur(x);

	for (size_t i = 0; i < ARRAY_LEN(objects); i++) {
		if (!ip_begins(name, objects[i].name))
			continue;
		if (!objects[i].run)
			return ip_refuse(x, "object \"%s\"", objects[i].name);
		ip_shift(x);
		return objects[i].run(x);
	}
	if (ip_begins(name, "help"))
		return usage(x, 255);
	return ip_fail(x, 1, "Object \"%s\" is unknown, try \"ip help\".\n", name);
}

int ip_main(struct cmd *c, int argc, char **argv)
{
	struct ip x = { .c = c, .ns = c->ns, .argc = argc - 1, .argv = argv + 1 };
	bool done = false, version;

	while (ip_more(&x) && !done)
		option(&x, &done);
	version = done && c->out.len && !strncmp(sbuf_str(&c->out), "ip utility", 10);
	if (x.failed || version)
		return x.status;
	if (!ip_more(&x))
		return usage(&x, 255);
	return run_object(&x);
}
