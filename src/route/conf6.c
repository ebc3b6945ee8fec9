/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/conf6.c - the IPv6 settings of links: net.ipv6.conf.{all,default,IF}.*
 *
 * One row says of a setting what it begins with, what it may be, what it means together with conf.all's value,
 * and whether writing conf.all reaches the others. Unlike IPv4's, a value written to conf.default is for links
 * that come later only.
 *
 * Invariants
 *  1. conf_row is in the order of enum link_conf6_key.
 *  2. A refused value changes nothing.
 *
 * Differences: stable_secret is not there.
 *
 * References: the kernel's Documentation/networking/ip-sysctl.rst; RFC 4861 section 6.2.1, RFC 4862 section 5.
 */
#include <assert.h>
#include <errno.h>
#include <limits.h>

#include "route/addr_int.h"

#define IPV6_MIN_MTU 1280

/* how the value of conf.all and the link's own make one */
enum rule { OWN, BOTH /* the smaller */, EITHER, MAXIMUM, ALL_FIRST };
/* where a value written to conf.all goes besides */
enum { TO_LINKS = 1, TO_DEFAULT = 2, TO_ALL = TO_LINKS | TO_DEFAULT, READ_ONLY = 4, JIFFIES = 8, WIDE = 16 };

static const struct {
	const char *name;
	uint8_t rule, flags;
	int64_t start, min, max;
} conf_row[] = {
#define ANY  INT_MIN, INT_MAX
#define BOOL 0, 1
#define SECS INT_MIN / 250, INT_MAX / 250
	[LINK_CONF6_ACCEPT_DAD] = { "accept_dad", MAXIMUM, 0, 1, ANY },
	[LINK_CONF6_ACCEPT_RA] = { "accept_ra", OWN, 0, 1, ANY },
	[LINK_CONF6_ACCEPT_RA_DEFRTR] = { "accept_ra_defrtr", OWN, 0, 1, ANY },
	[LINK_CONF6_ACCEPT_RA_FROM_LOCAL] = { "accept_ra_from_local", OWN, 0, 0, ANY },
	[LINK_CONF6_ACCEPT_RA_MIN_HOP_LIMIT] = { "accept_ra_min_hop_limit", OWN, 0, 1, ANY },
	[LINK_CONF6_ACCEPT_RA_MIN_LFT] = { "accept_ra_min_lft", OWN, 0, 0, ANY },
	[LINK_CONF6_ACCEPT_RA_MTU] = { "accept_ra_mtu", OWN, 0, 1, ANY },
	[LINK_CONF6_ACCEPT_RA_PINFO] = { "accept_ra_pinfo", OWN, 0, 1, ANY },
	[LINK_CONF6_ACCEPT_RA_RT_INFO_MAX_PLEN] = { "accept_ra_rt_info_max_plen", OWN, 0, 0, ANY },
	[LINK_CONF6_ACCEPT_RA_RT_INFO_MIN_PLEN] = { "accept_ra_rt_info_min_plen", OWN, 0, 0, ANY },
	[LINK_CONF6_ACCEPT_RA_RTR_PREF] = { "accept_ra_rtr_pref", OWN, 0, 1, ANY },
	[LINK_CONF6_ACCEPT_REDIRECTS] = { "accept_redirects", OWN, 0, 1, ANY },
	[LINK_CONF6_ACCEPT_SOURCE_ROUTE] = { "accept_source_route", BOTH, 0, 0, ANY },
	[LINK_CONF6_ACCEPT_UNTRACKED_NA] = { "accept_untracked_na", OWN, 0, 0, 0, 2 },
	[LINK_CONF6_ADDR_GEN_MODE] = { "addr_gen_mode", OWN, TO_ALL, 0, 0, 3 },
	[LINK_CONF6_AUTOCONF] = { "autoconf", OWN, 0, 1, ANY },
	[LINK_CONF6_DAD_TRANSMITS] = { "dad_transmits", OWN, 0, 1, ANY },
	[LINK_CONF6_DISABLE_IPV6] = { "disable_ipv6", OWN, TO_ALL, 0, ANY },
	[LINK_CONF6_DISABLE_POLICY] = { "disable_policy", EITHER, 0, 0, ANY },
	[LINK_CONF6_DROP_UNICAST_IN_L2_MULTICAST] = { "drop_unicast_in_l2_multicast", OWN, 0, 0, ANY },
	[LINK_CONF6_DROP_UNSOLICITED_NA] = { "drop_unsolicited_na", OWN, 0, 0, ANY },
	[LINK_CONF6_ENHANCED_DAD] = { "enhanced_dad", EITHER, 0, 1, ANY },
	[LINK_CONF6_FORCE_FORWARDING] = { "force_forwarding", OWN, TO_LINKS, 0, BOOL },
	[LINK_CONF6_FORCE_MLD_VERSION] = { "force_mld_version", ALL_FIRST, 0, 0, ANY },
	[LINK_CONF6_FORCE_TLLAO] = { "force_tllao", EITHER, 0, 0, ANY },
	[LINK_CONF6_FORWARDING] = { "forwarding", OWN, TO_ALL, 0, ANY },
	[LINK_CONF6_HOP_LIMIT] = { "hop_limit", OWN, 0, 64, 1, 255 },
	[LINK_CONF6_IGNORE_ROUTES_WITH_LINKDOWN] = { "ignore_routes_with_linkdown", OWN, TO_ALL, 0, ANY },
	[LINK_CONF6_IOAM6_ENABLED] = { "ioam6_enabled", OWN, 0, 0, BOOL },
	[LINK_CONF6_IOAM6_ID] = { "ioam6_id", OWN, 0, 65535, 0, 65535 },
	[LINK_CONF6_IOAM6_ID_WIDE] = { "ioam6_id_wide", OWN, WIDE, UINT32_MAX, 0, UINT32_MAX },
	[LINK_CONF6_KEEP_ADDR_ON_DOWN] = { "keep_addr_on_down", ALL_FIRST, 0, 0, ANY },
	[LINK_CONF6_MAX_ADDRESSES] = { "max_addresses", OWN, 0, 16, ANY },
	[LINK_CONF6_MAX_DESYNC_FACTOR] = { "max_desync_factor", OWN, 0, 600, ANY },
	[LINK_CONF6_MC_FORWARDING] = { "mc_forwarding", OWN, READ_ONLY, 0, ANY },
	[LINK_CONF6_MLDV1_UNSOLICITED_REPORT_INTERVAL] = { "mldv1_unsolicited_report_interval", OWN, JIFFIES, 10000, 0,
							   INT_MAX - 3 },
	[LINK_CONF6_MLDV2_UNSOLICITED_REPORT_INTERVAL] = { "mldv2_unsolicited_report_interval", OWN, JIFFIES, 1000, 0,
							   INT_MAX - 3 },
	[LINK_CONF6_MTU] = { "mtu", OWN, 0, IPV6_MIN_MTU, IPV6_MIN_MTU, INT_MAX },
	[LINK_CONF6_NDISC_EVICT_NOCARRIER] = { "ndisc_evict_nocarrier", BOTH, 0, 1, BOOL },
	[LINK_CONF6_NDISC_NOTIFY] = { "ndisc_notify", EITHER, 0, 0, ANY },
	[LINK_CONF6_NDISC_TCLASS] = { "ndisc_tclass", OWN, 0, 0, 0, 255 },
	[LINK_CONF6_OPTIMISTIC_DAD] = { "optimistic_dad", EITHER, 0, 0, ANY },
	[LINK_CONF6_PROXY_NDP] = { "proxy_ndp", EITHER, 0, 0, ANY },
	[LINK_CONF6_RA_DEFRTR_METRIC] = { "ra_defrtr_metric", OWN, WIDE, 1024, 1, UINT32_MAX },
	[LINK_CONF6_RA_HONOR_PIO_LIFE] = { "ra_honor_pio_life", OWN, 0, 0, BOOL },
	[LINK_CONF6_RA_HONOR_PIO_PFLAG] = { "ra_honor_pio_pflag", OWN, 0, 0, BOOL },
	[LINK_CONF6_REGEN_MAX_RETRY] = { "regen_max_retry", OWN, 0, 3, ANY },
	[LINK_CONF6_REGEN_MIN_ADVANCE] = { "regen_min_advance", OWN, 0, 2, ANY },
	[LINK_CONF6_ROUTER_PROBE_INTERVAL] = { "router_probe_interval", OWN, 0, 60, SECS },
	[LINK_CONF6_ROUTER_SOLICITATION_DELAY] = { "router_solicitation_delay", OWN, 0, 1, SECS },
	[LINK_CONF6_ROUTER_SOLICITATION_INTERVAL] = { "router_solicitation_interval", OWN, 0, 4, SECS },
	[LINK_CONF6_ROUTER_SOLICITATION_MAX_INTERVAL] = { "router_solicitation_max_interval", OWN, 0, 3600, SECS },
	[LINK_CONF6_ROUTER_SOLICITATIONS] = { "router_solicitations", OWN, 0, -1, -1, INT_MAX },
	[LINK_CONF6_RPL_SEG_ENABLED] = { "rpl_seg_enabled", BOTH, 0, 0, BOOL },
	[LINK_CONF6_SEG6_ENABLED] = { "seg6_enabled", BOTH, 0, 0, ANY },
	[LINK_CONF6_SEG6_REQUIRE_HMAC] = { "seg6_require_hmac", OWN, 0, 0, ANY },
	[LINK_CONF6_SUPPRESS_FRAG_NDISC] = { "suppress_frag_ndisc", OWN, 0, 1, ANY },
	[LINK_CONF6_TEMP_PREFERED_LFT] = { "temp_prefered_lft", OWN, 0, 86400, ANY },
	[LINK_CONF6_TEMP_VALID_LFT] = { "temp_valid_lft", OWN, 0, 604800, ANY },
	[LINK_CONF6_USE_OIF_ADDRS_ONLY] = { "use_oif_addrs_only", EITHER, 0, 0, ANY },
	[LINK_CONF6_USE_OPTIMISTIC] = { "use_optimistic", EITHER, 0, 0, ANY },
	[LINK_CONF6_USE_TEMPADDR] = { "use_tempaddr", OWN, 0, 0, ANY },
};

static_assert(ARRAY_LEN(conf_row) == LINK_CONF6_MAX, "one row per setting");

void link_conf6_init(struct link_set *s)
{
	for (unsigned i = 0; i < LINK_CONF6_MAX; i++)
		s->conf6_all[i] = s->conf6_default[i] = (int)conf_row[i].start;
	s->conf6_all[LINK_CONF6_ACCEPT_DAD] = 0; /* each link decides for itself */
}

void link_conf6_inherit(struct link *l)
{
	memcpy(l->conf6, l->set->conf6_default, sizeof(l->conf6));
	l->conf6[LINK_CONF6_MTU] = (int)l->mtu;
	if (l->flags & IFF_LOOPBACK)
		l->conf6[LINK_CONF6_ACCEPT_DAD] = l->conf6[LINK_CONF6_USE_TEMPADDR] = -1;
}

const char *link_conf6_name(enum link_conf6_key key)
{
	return conf_row[key].name;
}

int link_conf6(const struct link *l, enum link_conf6_key key)
{
	int all = l->set->conf6_all[key], own = l->conf6[key];

	switch (conf_row[key].rule) {
	case BOTH:
		return MIN(all, own);
	case EITHER:
		return all || own;
	case MAXIMUM:
		return MAX(all, own);
	case ALL_FIRST:
		return all ? all : own;
	default:
		return own;
	}
}

bool link_forwards6(const struct link *l)
{
	return l->set->conf6_all[LINK_CONF6_FORWARDING] || l->conf6[LINK_CONF6_FORCE_FORWARDING];
}

bool link_accepts_ra(const struct link *l)
{
	int v = l->conf6[LINK_CONF6_ACCEPT_RA];

	return l->conf6[LINK_CONF6_FORWARDING] ? v == 2 : v != 0; /* a router wants to be told so expressly */
}

void link_conf6_fmt(enum link_conf6_key key, int v, struct sbuf *out)
{
	if (conf_row[key].flags & WIDE)
		sbuf_printf(out, "%u", (unsigned)v);
	else
		sbuf_printf(out, "%d", v);
}

int link_conf6_check(enum link_conf6_key key, const struct link *l, int64_t v)
{
	if (conf_row[key].flags & READ_ONLY)
		return -EACCES;
	if (v < conf_row[key].min || v > conf_row[key].max)
		return -EINVAL;
	if (key == LINK_CONF6_MTU && l && v > l->mtu)
		return -EINVAL;
	return key == LINK_CONF6_ADDR_GEN_MODE && v == LINK_GEN_STABLE ? -EINVAL : 0; /* there is no secret */
}

/* what a link does when one of its settings took another value */
static void apply(struct link *l, enum link_conf6_key key, int old)
{
	int now = l->conf6[key];

	if (key == LINK_CONF6_DISABLE_IPV6 && !old != !now) {
		if (now)
			addr6_off(l);
		else if (l->flags & IFF_UP)
			link_addr_up(l);
	} else if (key == LINK_CONF6_ADDR_GEN_MODE && old != now && l->ip6_ready) {
		addr6_add_link_local(l);
	} else if (key == LINK_CONF6_FORWARDING && !old != !now && l->set->notify) {
		l->set->notify(l->set->ctx, l, LINK_CONF6, NULL);
	}
}

static void set_link(struct link *l, enum link_conf6_key key, int v)
{
	int old = l->conf6[key];

	l->conf6[key] = v;
	apply(l, key, old);
}

int link_conf6_set(struct link_set *s, struct link *l, bool all, enum link_conf6_key key, int64_t v)
{
	unsigned flags = conf_row[key].flags;
	int err = link_conf6_check(key, l, v), now;

	if (err)
		return err;
	now = (int)(uint32_t)(flags & JIFFIES ? (v + 3) / 4 * 4 : v); /* the kernel's clock ticks every 4 ms */
	s->gen++;
	if (l) {
		set_link(l, key, now);
		return 0;
	}
	*(all ? &s->conf6_all[key] : &s->conf6_default[key]) = now;
	if (!all)
		return 0;
	if (flags & TO_DEFAULT)
		s->conf6_default[key] = now;
	if (flags & TO_LINKS)
		list_for_each(l, &s->links, node)
			set_link(l, key, now);
	return 0;
}
