/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/ip_rule.c - `ip rule`.
 *
 * References: ip-rule(8).
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/ip.h"

static void rule_init(const struct ip *x, struct fib_rule *r)
{
	*r = (struct fib_rule){ .family = x->family == AF_INET6 ? AF_INET6 : AF_INET, .auto_pref = true, .suppress_plen = -1, .suppress_group = -1 };
}

static void bad(struct ip *x, const char *what)
{
	if (!x->failed)
		ip_invalid(x, what, ip_cur(x));
}

static void parse_prefix(struct ip *x, const struct fib_rule *r, const char *end, union inet_addr *a, uint8_t *plen)
{
	struct ip_prefix p;

	if (!ip_parse_prefix(x, x->family, ip_next(x), &p))
		return;
	if (p.family != r->family && !p.any) { /* without -6 the kernel is told that it is IPv4 */
		ip_fail(x, 2, "Error: Invalid %s address.\n", end);
		return;
	}
	*a = p.addr; /* with its bits behind the prefix, as it is shown */
	*plen = p.plen;
}

static void parse_fwmark(struct ip *x, struct fib_rule *r)
{
	char text[64];
	char *slash;

	snprintf(text, sizeof(text), "%s", ip_next(x));
	slash = strchr(text, '/');
	if (slash)
		*slash++ = '\0';
	r->have_mark = true;
	r->fwmask = UINT32_MAX;
	if (!ip_u32(text, 0, &r->fwmark))
		bad(x, "fwmark value is invalid\n");
	if (slash && !ip_u32(slash, 0, &r->fwmask))
		bad(x, "fwmask value is invalid\n");
}

static void parse_ports(struct ip *x, const char *word, uint16_t *lo, uint16_t *hi)
{
	unsigned a, b;
	char end;
	int n = sscanf(ip_next(x), "%u-%u%c", &a, &b, &end);

	if (x->failed)
		return;
	if (n != 1 && n != 2) {
		ip_fail(x, 255, "Error: argument \"%s\" is wrong: invalid port range\n\n", ip_cur(x));
		return;
	}
	*lo = (uint16_t)a;
	*hi = (uint16_t)(n == 2 ? b : a);
}

static void parse_ipproto(struct ip *x, struct fib_rule *r)
{
	const char *v = ip_next(x);
	const struct protoent *p = x->failed ? NULL : getprotobyname(v);
	uint32_t n = 0;

	if (p)
		n = (uint32_t)p->p_proto;
	else if (!ip_u32(v, 0, &n) || n > 255)
		bad(x, "Invalid \"ipproto\" value\n");
	r->ipproto = (uint8_t)n;
}

static void parse_ifname(struct ip *x, const char *what, char name[IFNAMSIZ])
{
	const char *v = ip_next(x);

	if (x->failed)
		return;
	if (!link_name_ok(v))
		ip_fail(x, 255, "Error: argument \"%s\" is wrong: \"%s\" not a valid ifname\n", v, what);
	else
		snprintf(name, IFNAMSIZ, "%s", v);
}

static void parse_tos(struct ip *x, struct fib_rule *r)
{
	const char *v = ip_next(x);
	uint32_t n;

	if (!ip_u32(v + (strncmp(v, "0x", 2) ? 0 : 2), 16, &n) || n > 255)
		bad(x, "TOS value is invalid\n");
	r->tos = (uint8_t)n;
}

static void parse_number(struct ip *x, int *v, int max, const char *what)
{
	uint32_t n;

	if (!ip_u32(ip_next(x), 0, &n) || n > (uint32_t)max)
		bad(x, what);
	*v = (int)n;
}

static void parse_uids(struct ip *x, struct fib_rule *r)
{
	char end;

	if (sscanf(ip_next(x), "%u-%u%c", &r->uid_min, &r->uid_max, &end) != 2)
		bad(x, "invalid UID range\n");
	r->have_uid = true;
}

static void parse_table(struct ip *x, struct fib_rule *r)
{
	if (!ip_table_id(x, ip_next(x), &r->table))
		bad(x, "invalid table ID\n");
	r->action = FR_ACT_TO_TBL;
}

/* blackhole and its like, goto; after "type" or alone */
static void parse_action(struct ip *x, struct fib_rule *r)
{
	uint8_t type;

	if (ip_is(x, "type"))
		ip_next(x);
	if (ip_abbr(x, "goto")) {
		r->action = FR_ACT_GOTO;
		if (!ip_u32(ip_next(x), 0, &r->goto_pref))
			bad(x, "invalid target\n");
	} else if (ip_abbr(x, "nop")) {
		r->action = FR_ACT_NOP;
	} else if (ip_type_id(ip_cur(x), &type) &&
		   (type == RTN_BLACKHOLE || type == RTN_UNREACHABLE || type == RTN_PROHIBIT || type == RTN_UNICAST)) {
		r->action = type == RTN_BLACKHOLE     ? FR_ACT_BLACKHOLE
			    : type == RTN_UNREACHABLE ? FR_ACT_UNREACHABLE
			    : type == RTN_PROHIBIT    ? FR_ACT_PROHIBIT
						      : FR_ACT_TO_TBL;
	} else {
		bad(x, "Failed to parse rule type");
	}
}

static void parse_rule(struct ip *x, struct fib_rule *r)
{
	for (; ip_more(x); ip_shift(x)) {
		if (ip_is(x, "not"))
			r->invert = true;
		else if (ip_is(x, "from"))
			parse_prefix(x, r, "source", &r->src, &r->src_plen);
		else if (ip_is(x, "to"))
			parse_prefix(x, r, "dst", &r->dst, &r->dst_plen);
		else if (ip_abbr(x, "preference") || ip_abbr(x, "order") || ip_abbr(x, "priority")) {
			if (!ip_u32(ip_next(x), 0, &r->pref))
				bad(x, "preference value is invalid\n");
			r->auto_pref = false;
		} else if (ip_is(x, "tos") || ip_abbr(x, "dsfield"))
			parse_tos(x, r);
		else if (ip_is(x, "fwmark"))
			parse_fwmark(x, r);
		else if (ip_is(x, "protocol")) {
			if (!ip_proto_id(ip_next(x), &r->protocol))
				bad(x, "\"protocol\" value is invalid\n");
		} else if (ip_abbr(x, "table") || ip_is(x, "lookup"))
			parse_table(x, r);
		else if (ip_abbr(x, "suppress_prefixlength") || ip_is(x, "sup_pl"))
			parse_number(x, &r->suppress_plen, 128, "suppress_prefixlength value is invalid\n");
		else if (ip_abbr(x, "suppress_ifgroup") || ip_is(x, "sup_group"))
			parse_number(x, &r->suppress_group, INT32_MAX, "Invalid \"suppress_ifgroup\" value\n");
		else if (ip_is(x, "dev") || ip_is(x, "iif"))
			parse_ifname(x, "iif\"/\"dev", r->iif);
		else if (ip_is(x, "oif"))
			parse_ifname(x, "oif", r->oif);
		else if (ip_is(x, "uidrange"))
			parse_uids(x, r);
		else if (ip_is(x, "ipproto"))
			parse_ipproto(x, r);
		else if (ip_is(x, "sport"))
			parse_ports(x, "sport", &r->sport_min, &r->sport_max);
		else if (ip_is(x, "dport"))
			parse_ports(x, "dport", &r->dport_min, &r->dport_max);
		else if (ip_is(x, "l3mdev") || ip_abbr(x, "realms") || ip_is(x, "nat") || ip_abbr(x, "map-to") ||
			 ip_is(x, "tun_id"))
			ip_refuse(x, "rule option \"%s\"", ip_cur(x));
		else
			parse_action(x, r);
	}
}

static int rule_modify(struct ip *x, const char *verb, bool deleting)
{
	struct fib_rule r;
	int err;

	if (!ip_more(x))
		return ip_fail(x, 1, "\"ip rule %s\" requires arguments.\n", verb);
	rule_init(x, &r);
	parse_rule(x, &r);
	if (x->failed)
		return x->status;
	if (!deleting && !r.action)
		r.action = FR_ACT_TO_TBL;
	if (!deleting && r.action == FR_ACT_TO_TBL && !r.table)
		r.table = RT_TABLE_MAIN;
	err = deleting ? fib_rule_del(&x->ns->fib, &r) : fib_rule_add(&x->ns->fib, &r);
	return err ? ip_answer(x, err, x->ns->fib.why) : 0;
}

static int rule_add(struct ip *x)
{
	return rule_modify(x, "add", false);
}

static int rule_del(struct ip *x)
{
	return rule_modify(x, "del", true);
}

/* ---- show ---- */

static void put_prefix(struct sbuf *o, uint8_t family, const char *word, const union inet_addr *a, unsigned plen)
{
	sbuf_puts(o, word);
	addr_put(o, family, a);
	if (plen != addr_bits(family))
		sbuf_printf(o, "/%u", plen);
	sbuf_puts(o, " ");
}

static void put_if(struct ip *x, const char *word, const char *name)
{
	if (*name)
		cmd_out(x->c, "%s %s %s", word, name, link_by_name(&x->ns->links, name) ? "" : "[detached] ");
}

static void put_ports(struct sbuf *o, const char *word, uint16_t lo, uint16_t hi)
{
	if (lo == hi && lo)
		sbuf_printf(o, "%s %u ", word, lo);
	else if (lo || hi)
		sbuf_printf(o, "%s %u-%u ", word, lo, hi);
}

static void put_selector(struct ip *x, const struct fib_rule *r)
{
	struct sbuf *o = &x->c->out;

	if (r->invert)
		sbuf_puts(o, "not ");
	if (r->src_plen)
		put_prefix(o, r->family, "from ", &r->src, r->src_plen);
	else
		sbuf_puts(o, "from all ");
	if (r->dst_plen)
		put_prefix(o, r->family, "to ", &r->dst, r->dst_plen);
	if (r->tos)
		sbuf_printf(o, "tos 0x%02x ", r->tos);
	if (r->have_mark) {
		sbuf_printf(o, "fwmark 0x%x", r->fwmark);
		r->fwmask == UINT32_MAX ? sbuf_puts(o, " ") : sbuf_printf(o, "/0x%x ", r->fwmask);
	}
	put_if(x, "iif", r->iif);
	put_if(x, "oif", r->oif);
	if (r->have_uid)
		sbuf_printf(o, "uidrange %u-%u ", r->uid_min, r->uid_max);
	if (r->ipproto) {
		const struct protoent *p = x->numeric ? NULL : getprotobynumber(r->ipproto);

		p ? sbuf_printf(o, "ipproto %s ", p->p_name) : sbuf_printf(o, "ipproto %u ", r->ipproto);
	}
	put_ports(o, "sport", r->sport_min, r->sport_max);
	put_ports(o, "dport", r->dport_min, r->dport_max);
}

static void put_action(struct ip *x, const struct fib_rule *r)
{
	struct sbuf *o = &x->c->out;
	char buf[16];

	switch (r->action) {
	case FR_ACT_TO_TBL:
		sbuf_printf(o, "lookup %s", ip_table_name(x, r->table, buf));
		if (r->suppress_plen != -1)
			sbuf_printf(o, " suppress_prefixlength %d", r->suppress_plen);
		if (r->suppress_group != -1)
			sbuf_printf(o, " suppress_ifgroup %s",
				    r->suppress_group ? (snprintf(buf, sizeof(buf), "%d", r->suppress_group), buf)
						      : "default");
		break;
	case FR_ACT_GOTO:
		sbuf_printf(o, "goto %u", r->goto_pref);
		if (!fib_rule_target(&x->ns->fib, r))
			sbuf_puts(o, " [unresolved]");
		break;
	case FR_ACT_NOP:
		sbuf_puts(o, "nop");
		break;
	default:
		sbuf_puts(o, r->action == FR_ACT_BLACKHOLE     ? "blackhole"
			     : r->action == FR_ACT_UNREACHABLE ? "unreachable"
							       : "prohibit");
	}
	if ((r->protocol && r->protocol != RTPROT_KERNEL) || x->details)
		sbuf_printf(o, " proto %s", ip_proto_name(x, r->protocol, buf));
	sbuf_puts(o, "\n");
}

/* what is given must be so */
static bool shown(const struct fib_rule *w, const struct fib_rule *r)
{
	return (w->auto_pref || w->pref == r->pref) && (!w->table || w->table == r->table) &&
	       (!w->src_plen || (w->src_plen == r->src_plen && addr_eq(&w->src, &r->src))) &&
	       (!w->dst_plen || (w->dst_plen == r->dst_plen && addr_eq(&w->dst, &r->dst))) &&
	       (!w->iif[0] || !strcmp(w->iif, r->iif)) && (!w->oif[0] || !strcmp(w->oif, r->oif)) &&
	       (!w->have_mark || (r->have_mark && ((w->fwmark ^ r->fwmark) & w->fwmask) == 0)) &&
	       (!w->tos || w->tos == r->tos) && (!w->ipproto || w->ipproto == r->ipproto) &&
	       (!w->have_uid || (r->have_uid && w->uid_min == r->uid_min && w->uid_max == r->uid_max)) &&
	       (!w->protocol || w->protocol == r->protocol) &&
	       (!w->sport_max || (w->sport_min == r->sport_min && w->sport_max == r->sport_max)) &&
	       (!w->dport_max || (w->dport_min == r->dport_min && w->dport_max == r->dport_max));
}

static int rule_show(struct ip *x)
{
	struct fib_rule want;
	const struct fib_rule *r;

	rule_init(x, &want);
	parse_rule(x, &want);
	if (x->failed)
		return x->status;
	list_for_each(r, &x->ns->fib.rules[x->family == AF_INET6], node) {
		if (!shown(&want, r))
			continue;
		cmd_out(x->c, "%u:\t", r->pref);
		put_selector(x, r);
		put_action(x, r);
	}
	return 0;
}

static int rule_flush(struct ip *x)
{
	if (ip_more(x))
		return ip_refuse(x, "rule flush %s", ip_cur(x));
	fib_rule_flush(&x->ns->fib, x->family == AF_INET6 ? AF_INET6 : AF_INET);
	return 0;
}

int ip_rule_main(struct ip *x)
{
	static const struct {
		const char *word;
		ip_fn *run;
	} verbs[] = {
		{ "list", rule_show },  { "lst", rule_show },    { "show", rule_show },
		{ "save", NULL },       { "restore", NULL },     { "add", rule_add },
		{ "delete", rule_del }, { "flush", rule_flush }, { "help", NULL },
	};

	if (!ip_more(x))
		return rule_show(x);
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (ip_abbr(x, verbs[i].word)) {
			if (!verbs[i].run)
				return ip_refuse(x, "rule %s", verbs[i].word);
			ip_shift(x);
			return verbs[i].run(x);
		}
	return ip_unknown(x, "rule");
}
