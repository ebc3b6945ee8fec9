/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ns/sysctl.c - the settings of a namespace by name: one table that /proc/sys and sysctl(8) both read.
 *
 * Four kinds of names, each with its rows: net.* that are one per namespace, net.ipv4.conf.IF.* and
 * net.ipv6.conf.IF.* (route/link.c and conf6.c have their names and rules), and net.ipv{4,6}.neigh.IF.*. A row says where the value is, how
 * it is written, and what it may be; the few settings that do more than hold a number have a hook.
 *
 * Invariants
 *  1. A refused value changes nothing.
 *  2. Every name that ns_sysctl_walk() gives can be read by ns_sysctl_get().
 *
 * Differences: neighbour settings are one set per namespace, whatever interface they are given for.
 * nf_conntrack_max and its like can be written in every namespace, where Linux has them in the first one only.
 *
 * References: the kernel's Documentation/networking/ip-sysctl.rst and nf_conntrack-sysctl.rst.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ns/netns.h"

enum where { IN_SYSCTL, IN_CT, IN_FIB, IN_NEIGH };
enum form { F_INT, F_PAIR, F_MS_AS_S, F_MS /* in steps of the kernel's clock, 4 ms */, F_BITS /* "0-1,3-127" */ };
enum { RO = 1, HIDDEN = 2 /* old names: not listed */ };

struct row {
	const char *name;
	uint8_t where, form, flags;
	uint16_t off;
	int64_t min, max;
	void (*wrote)(struct netns *ns, int64_t old, int64_t now);
};

#define ANY             INT_MIN, INT_MAX
#define UNSIGNED        0, UINT32_MAX
#define BOOL            0, 1
#define SYS(field)      IN_SYSCTL, F_INT, 0, offsetof(struct ns_sysctl, field)
#define BYTE            0, 255
#define SECONDS         INT_MIN / 250, INT_MAX / 250
#define SYS_AS(field, form) IN_SYSCTL, form, 0, offsetof(struct ns_sysctl, field)
#define SYS_PAIR(field) IN_SYSCTL, F_PAIR, 0, offsetof(struct ns_sysctl, field)
#define CT(field)       IN_CT, F_INT, 0, offsetof(struct ct_conf, field)
#define CT_RO(field)    IN_CT, F_INT, RO, offsetof(struct ct_conf, field)
#define TCP(state)      IN_CT, F_INT, 0, offsetof(struct ct_conf, tcp_timeout) + 4 * TCP_CONNTRACK_##state

static void forwarding_wrote(struct netns *ns, int64_t old, int64_t now);

static void frag_bytes_wrote(struct netns *ns, int64_t old, int64_t now)
{
	ns->frags.max_bytes = (uint32_t)MIN(now, (int64_t)FRAG_BYTES_LIMIT);
}

static void frag_time_wrote(struct netns *ns, int64_t old, int64_t now)
{
	ns->frags.timeout_ms = (uint64_t)MAX(now, (int64_t)0) * 1000;
}

static const struct row rows[] = {
	{ "net.bridge.bridge-nf-call-arptables", SYS(bridge_nf_call_arptables), ANY, NULL },
	{ "net.bridge.bridge-nf-call-ip6tables", SYS(bridge_nf_call_ip6tables), ANY, NULL },
	{ "net.bridge.bridge-nf-call-iptables", SYS(bridge_nf_call_iptables), ANY, NULL },
	{ "net.core.rmem_default", SYS(rmem_default), 2304, INT_MAX, NULL },
	{ "net.core.somaxconn", SYS(somaxconn), 0, INT_MAX, NULL },
	{ "net.core.wmem_default", SYS(wmem_default), 4608, INT_MAX, NULL },
	{ "net.ipv4.fib_multipath_hash_policy", IN_FIB, F_INT, 0, offsetof(struct fib, multipath_hash_policy), 0, 1,
	  NULL },
	{ "net.ipv4.fwmark_reflect", SYS(fwmark_reflect), ANY, NULL },
	{ "net.ipv4.icmp_echo_ignore_all", SYS(icmp_echo_ignore_all), BOOL, NULL },
	{ "net.ipv4.icmp_echo_ignore_broadcasts", SYS(icmp_echo_ignore_broadcasts), BOOL, NULL },
	{ "net.ipv4.icmp_errors_use_inbound_ifaddr", SYS(icmp_errors_use_inbound_ifaddr), BOOL, NULL },
	{ "net.ipv4.icmp_ignore_bogus_error_responses", SYS(icmp_ignore_bogus_error_responses), BOOL, NULL },
	{ "net.ipv4.icmp_msgs_burst", SYS(icmp_msgs_burst), 0, INT_MAX, NULL },
	{ "net.ipv4.icmp_msgs_per_sec", SYS(icmp_msgs_per_sec), 0, INT_MAX, NULL },
	{ "net.ipv4.icmp_ratelimit", SYS(icmp_ratelimit), ANY, NULL },
	{ "net.ipv4.icmp_ratemask", SYS(icmp_ratemask), ANY, NULL },
	{ "net.ipv4.ip_default_ttl", SYS(ip_default_ttl), 1, 255, NULL },
	{ "net.ipv4.ip_early_demux", SYS(ip_early_demux), 0, 255, NULL },
	{ "net.ipv4.ip_forward", SYS(ip_forward), ANY, forwarding_wrote },
	{ "net.ipv4.ip_forward_use_pmtu", SYS(ip_forward_use_pmtu), 0, 255, NULL },
	{ "net.ipv4.ip_local_port_range", SYS_PAIR(ip_local_port_min), 1, 65535, NULL },
	{ "net.ipv4.ip_no_pmtu_disc", SYS(ip_no_pmtu_disc), 0, 255, NULL },
	{ "net.ipv4.ip_nonlocal_bind", SYS(ip_nonlocal_bind), 0, 255, NULL },
	{ "net.ipv4.ip_unprivileged_port_start", SYS(ip_unprivileged_port_start), 0, 65535, NULL },
	{ "net.ipv4.ipfrag_high_thresh", SYS(ipfrag_high_thresh), 0, INT_MAX, frag_bytes_wrote },
	{ "net.ipv4.ipfrag_low_thresh", SYS(ipfrag_low_thresh), 0, INT_MAX, NULL },
	{ "net.ipv4.ipfrag_time", SYS(ipfrag_time), ANY, frag_time_wrote },
	{ "net.ipv4.ping_group_range", SYS_PAIR(ping_group_min), 0, INT_MAX, NULL },
	{ "net.ipv4.tcp_ecn", SYS(tcp_ecn), 0, 5, NULL },
	{ "net.ipv4.tcp_fin_timeout", SYS(tcp_fin_timeout), ANY, NULL },
	{ "net.ipv4.tcp_fwmark_accept", SYS(tcp_fwmark_accept), ANY, NULL },
	{ "net.ipv4.tcp_keepalive_time", SYS(tcp_keepalive_time), ANY, NULL },
	{ "net.ipv4.tcp_l3mdev_accept", SYS(tcp_l3mdev_accept), BOOL, NULL },
	{ "net.ipv4.tcp_retries1", SYS(tcp_retries1), 0, 255, NULL },
	{ "net.ipv4.tcp_retries2", SYS(tcp_retries2), 0, 255, NULL },
	{ "net.ipv4.tcp_sack", SYS(tcp_sack), 0, 255, NULL },
	{ "net.ipv4.tcp_syn_retries", SYS(tcp_syn_retries), 1, 127, NULL },
	{ "net.ipv4.tcp_synack_retries", SYS(tcp_synack_retries), 0, 255, NULL },
	{ "net.ipv4.tcp_syncookies", SYS(tcp_syncookies), 0, 255, NULL },
	{ "net.ipv4.tcp_timestamps", SYS(tcp_timestamps), 0, 255, NULL },
	{ "net.ipv4.tcp_tw_reuse", SYS(tcp_tw_reuse), 0, 2, NULL },
	{ "net.ipv4.tcp_window_scaling", SYS(tcp_window_scaling), 0, 255, NULL },
	{ "net.ipv6.anycast_src_echo_reply", SYS(ip6_anycast_src_echo_reply), BYTE, NULL },
	{ "net.ipv6.auto_flowlabels", SYS(ip6_auto_flowlabels), 0, 3, NULL },
	{ "net.ipv6.bindv6only", SYS(ip6_bindv6only), BYTE, NULL },
	{ "net.ipv6.fib_multipath_hash_fields", SYS(ip6_fib_multipath_hash_fields), 1, 0xfff, NULL },
	{ "net.ipv6.fib_multipath_hash_policy", SYS(ip6_fib_multipath_hash_policy), 0, 3, NULL },
	{ "net.ipv6.fib_notify_on_flag_change", SYS(ip6_fib_notify_on_flag_change), 0, 2, NULL },
	{ "net.ipv6.flowlabel_consistency", SYS(ip6_flowlabel_consistency), BYTE, NULL },
	{ "net.ipv6.flowlabel_reflect", SYS(ip6_flowlabel_reflect), 0, 7, NULL },
	{ "net.ipv6.flowlabel_state_ranges", SYS(ip6_flowlabel_state_ranges), BYTE, NULL },
	{ "net.ipv6.fwmark_reflect", SYS(ip6_fwmark_reflect), BYTE, NULL },
	{ "net.ipv6.icmp.echo_ignore_all", SYS(icmp6_echo_ignore_all), BYTE, NULL },
	{ "net.ipv6.icmp.echo_ignore_anycast", SYS(icmp6_echo_ignore_anycast), BYTE, NULL },
	{ "net.ipv6.icmp.echo_ignore_multicast", SYS(icmp6_echo_ignore_multicast), BYTE, NULL },
	{ "net.ipv6.icmp.error_anycast_as_unicast", SYS(icmp6_error_anycast_as_unicast), BOOL, NULL },
	{ "net.ipv6.icmp.ratelimit", SYS_AS(icmp6_ratelimit, F_MS), 0, INT_MAX - 3, NULL },
	{ "net.ipv6.icmp.ratemask", SYS_AS(icmp6_ratemask, F_BITS), 0, 255, NULL },
	{ "net.ipv6.idgen_delay", SYS(ip6_idgen_delay), SECONDS, NULL },
	{ "net.ipv6.idgen_retries", SYS(ip6_idgen_retries), ANY, NULL },
	{ "net.ipv6.ioam6_id", SYS(ip6_ioam6_id), 0, 0xffffff, NULL },
	{ "net.ipv6.ip6frag_high_thresh", SYS(ip6frag_high_thresh), 0, INT_MAX, NULL },
	{ "net.ipv6.ip6frag_low_thresh", SYS(ip6frag_low_thresh), 0, INT_MAX, NULL },
	{ "net.ipv6.ip6frag_time", SYS(ip6frag_time), SECONDS, NULL },
	{ "net.ipv6.ip_nonlocal_bind", SYS(ip6_nonlocal_bind), BYTE, NULL },
	{ "net.ipv6.max_dst_opts_length", SYS(ip6_max_dst_opts_length), ANY, NULL },
	{ "net.ipv6.max_dst_opts_number", SYS(ip6_max_dst_opts_number), ANY, NULL },
	{ "net.ipv6.max_hbh_length", SYS(ip6_max_hbh_length), ANY, NULL },
	{ "net.ipv6.max_hbh_opts_number", SYS(ip6_max_hbh_opts_number), ANY, NULL },
	{ "net.ipv6.route.gc_elasticity", SYS(ip6_gc_elasticity), ANY, NULL },
	{ "net.ipv6.route.gc_interval", SYS(ip6_gc_interval), SECONDS, NULL },
	{ "net.ipv6.route.gc_min_interval", SYS_AS(ip6_gc_min_interval_ms, F_MS_AS_S), SECONDS, NULL },
	{ "net.ipv6.route.gc_min_interval_ms", SYS_AS(ip6_gc_min_interval_ms, F_MS), 0, INT_MAX - 3, NULL },
	{ "net.ipv6.route.gc_thresh", SYS(ip6_gc_thresh), ANY, NULL },
	{ "net.ipv6.route.gc_timeout", SYS(ip6_gc_timeout), SECONDS, NULL },
	{ "net.ipv6.route.max_size", SYS(ip6_max_size), ANY, NULL },
	{ "net.ipv6.route.min_adv_mss", SYS(ip6_min_adv_mss), ANY, NULL },
	{ "net.ipv6.route.mtu_expires", SYS(ip6_mtu_expires), SECONDS, NULL },
	{ "net.ipv6.route.skip_notify_on_dev_down", SYS(ip6_skip_notify_on_dev_down), BOOL, NULL },
	{ "net.ipv6.seg6_flowlabel", SYS(ip6_seg6_flowlabel), ANY, NULL },
	{ "net.ipv6.xfrm6_gc_thresh", SYS(ip6_xfrm6_gc_thresh), ANY, NULL },
	{ "net.netfilter.nf_conntrack_acct", CT(acct), BOOL, NULL },
	{ "net.netfilter.nf_conntrack_buckets", CT_RO(buckets), UNSIGNED, NULL },
	{ "net.netfilter.nf_conntrack_checksum", CT(checksum), BOOL, NULL },
	{ "net.netfilter.nf_conntrack_events", CT(events), 0, 2, NULL },
	{ "net.netfilter.nf_conntrack_expect_max", CT(expect_max), 1, INT_MAX, NULL },
	{ "net.netfilter.nf_conntrack_generic_timeout", CT(generic), UNSIGNED, NULL },
	{ "net.netfilter.nf_conntrack_gre_timeout", CT(gre), UNSIGNED, NULL },
	{ "net.netfilter.nf_conntrack_gre_timeout_stream", CT(gre_stream), UNSIGNED, NULL },
	{ "net.netfilter.nf_conntrack_icmp_timeout", CT(icmp), UNSIGNED, NULL },
	{ "net.netfilter.nf_conntrack_icmpv6_timeout", CT(icmpv6), UNSIGNED, NULL },
	{ "net.netfilter.nf_conntrack_log_invalid", CT(log_invalid), 0, 255, NULL },
	{ "net.netfilter.nf_conntrack_max", CT(max), 0, INT_MAX, NULL },
	{ "net.netfilter.nf_conntrack_tcp_be_liberal", CT(tcp_be_liberal), BOOL, NULL },
	{ "net.netfilter.nf_conntrack_tcp_ignore_invalid_rst", CT(tcp_ignore_invalid_rst), BOOL, NULL },
	{ "net.netfilter.nf_conntrack_tcp_loose", CT(tcp_loose), BOOL, NULL },
	{ "net.netfilter.nf_conntrack_tcp_max_retrans", CT(tcp_max_retrans), 0, 255, NULL },
	{ "net.netfilter.nf_conntrack_tcp_timeout_close", TCP(CLOSE), UNSIGNED, NULL },
	{ "net.netfilter.nf_conntrack_tcp_timeout_close_wait", TCP(CLOSE_WAIT), UNSIGNED, NULL },
	{ "net.netfilter.nf_conntrack_tcp_timeout_established", TCP(ESTABLISHED), UNSIGNED, NULL },
	{ "net.netfilter.nf_conntrack_tcp_timeout_fin_wait", TCP(FIN_WAIT), UNSIGNED, NULL },
	{ "net.netfilter.nf_conntrack_tcp_timeout_last_ack", TCP(LAST_ACK), UNSIGNED, NULL },
	{ "net.netfilter.nf_conntrack_tcp_timeout_max_retrans", CT(tcp_retrans), UNSIGNED, NULL },
	{ "net.netfilter.nf_conntrack_tcp_timeout_syn_recv", TCP(SYN_RECV), UNSIGNED, NULL },
	{ "net.netfilter.nf_conntrack_tcp_timeout_syn_sent", TCP(SYN_SENT), UNSIGNED, NULL },
	{ "net.netfilter.nf_conntrack_tcp_timeout_time_wait", TCP(TIME_WAIT), UNSIGNED, NULL },
	{ "net.netfilter.nf_conntrack_tcp_timeout_unacknowledged", CT(tcp_unack), UNSIGNED, NULL },
	{ "net.netfilter.nf_conntrack_timestamp", CT(timestamp), BOOL, NULL },
	{ "net.netfilter.nf_conntrack_udp_timeout", CT(udp), UNSIGNED, NULL },
	{ "net.netfilter.nf_conntrack_udp_timeout_stream", CT(udp_stream), UNSIGNED, NULL },
	{ "net.nf_conntrack_max", CT(max), 0, INT_MAX, NULL },
};

#define NEIGH(field, form, flags) IN_NEIGH, form, flags, offsetof(struct neigh_parms, field)

/* the same for both families */
static const struct row neigh_rows[] = {
	{ "anycast_delay", NEIGH(anycast_delay, F_INT, 0), 0, INT_MAX, NULL },
	{ "app_solicit", NEIGH(app_probes, F_INT, 0), 0, INT_MAX, NULL },
	{ "base_reachable_time", NEIGH(base_reachable_ms, F_MS_AS_S, HIDDEN), 0, INT_MAX / 1000, NULL },
	{ "base_reachable_time_ms", NEIGH(base_reachable_ms, F_MS, 0), 0, INT_MAX - 3, NULL },
	{ "delay_first_probe_time", NEIGH(delay_first_probe_ms, F_MS_AS_S, 0), 0, INT_MAX / 1000, NULL },
	{ "gc_stale_time", NEIGH(gc_stale_ms, F_MS_AS_S, 0), 0, INT_MAX / 1000, NULL },
	{ "interval_probe_time_ms", NEIGH(interval_probe_ms, F_MS, 0), 1, INT_MAX - 3, NULL },
	{ "locktime", NEIGH(locktime, F_INT, 0), 0, INT_MAX, NULL },
	{ "mcast_resolicit", NEIGH(mcast_reprobes, F_INT, 0), 0, INT_MAX, NULL },
	{ "mcast_solicit", NEIGH(mcast_probes, F_INT, 0), 0, INT_MAX, NULL },
	{ "proxy_delay", NEIGH(proxy_delay, F_INT, 0), 0, INT_MAX, NULL },
	{ "proxy_qlen", NEIGH(proxy_qlen, F_INT, 0), 0, INT_MAX, NULL },
	{ "retrans_time_ms", NEIGH(retrans_ms, F_MS, 0), 1, INT_MAX - 3, NULL },
	{ "ucast_solicit", NEIGH(ucast_probes, F_INT, 0), 0, INT_MAX, NULL },
	{ "unres_qlen", NEIGH(unres_qlen, F_INT, 0), 0, INT_MAX, NULL },
	{ "unres_qlen_bytes", NEIGH(unres_qlen_bytes, F_INT, 0), 0, INT_MAX, NULL },
};

void ns_sysctl_init(struct netns *ns)
{
	ns->sysctl = (struct ns_sysctl){
		.ip_default_ttl = 64,
		.icmp_echo_ignore_broadcasts = 1,
		.icmp_ignore_bogus_error_responses = 1,
		.icmp_ratelimit = 1000,
		.icmp_ratemask = 6168,
		.icmp_msgs_per_sec = 1000,
		.icmp_msgs_burst = 50,
		.ip_early_demux = 1,
		.ip_local_port_min = 32768,
		.ip_local_port_max = 60999,
		.ip_unprivileged_port_start = 1024,
		.tcp_syncookies = 1,
		.tcp_timestamps = 1,
		.tcp_sack = 1,
		.tcp_window_scaling = 1,
		.tcp_syn_retries = 6,
		.tcp_synack_retries = 5,
		.tcp_retries1 = 3,
		.tcp_retries2 = 15,
		.tcp_fin_timeout = 60,
		.tcp_tw_reuse = 2,
		.tcp_ecn = 2,
		.tcp_keepalive_time = 7200,
		.ipfrag_time = 30,
		.ipfrag_high_thresh = 4194304,
		.ipfrag_low_thresh = 3145728,
		.ping_group_min = 1,
		.ping_group_max = 0,
		.rmem_default = 212992,
		.wmem_default = 212992,
		.somaxconn = 4096,
		.rt_error_cost = 1000,
		.rt_error_burst = 5000,
		.redirect_number = 9,
		.redirect_load = 20,
		.redirect_silence = 20480,
		.nf_log_all_netns = 1,
		.ip6_auto_flowlabels = 1,
		.ip6_fib_multipath_hash_fields = 7,
		.ip6_flowlabel_consistency = 1,
		.icmp6_ratelimit = 100,
		.icmp6_ratemask = { 0xfffffffb, 0xffffffff, 0xffffffff, 0xffffffff }, /* all errors but Packet Too Big */
		.ip6_idgen_delay = 1,
		.ip6_idgen_retries = 3,
		.ip6_ioam6_id = 0xffffff,
		.ip6frag_high_thresh = 4194304,
		.ip6frag_low_thresh = 3145728,
		.ip6frag_time = 60,
		.ip6_max_dst_opts_length = INT_MAX,
		.ip6_max_dst_opts_number = 8,
		.ip6_max_hbh_length = INT_MAX,
		.ip6_max_hbh_opts_number = 8,
		.ip6_gc_elasticity = 9,
		.ip6_gc_interval = 30,
		.ip6_gc_min_interval_ms = 500,
		.ip6_gc_thresh = 1024,
		.ip6_gc_timeout = 60,
		.ip6_max_size = INT_MAX,
		.ip6_min_adv_mss = 1220,
		.ip6_mtu_expires = 600,
		.ip6_xfrm6_gc_thresh = 32768,
	};
}

/* ---- hooks ---- */

/* ip_forward and conf.all.forwarding are one switch: it sets every interface, and a router stops accepting redirects */
static void set_forwarding(struct netns *ns, int on)
{
	struct link *l;

	ns->sysctl.ip_forward = on;
	ns->links.conf_all[LINK_CONF_FORWARDING] = on;
	ns->links.conf_default[LINK_CONF_FORWARDING] = on;
	ns->links.conf_all[LINK_CONF_ACCEPT_REDIRECTS] = !on;
	list_for_each(l, &ns->links.links, node)
		l->conf[LINK_CONF_FORWARDING] = on;
	ns->links.gen++;
	ns->fib.gen++;
}

static void forwarding_wrote(struct netns *ns, int64_t old, int64_t now)
{
	if (old != now)
		set_forwarding(ns, (int)now);
}

/* a value for conf.default reaches the interfaces that nobody configured */
static void conf_write(struct netns *ns, int *conf, struct link *l, unsigned key, int v)
{
	struct link *each;

	if (key == LINK_CONF_FORWARDING && conf == ns->links.conf_all) {
		if (conf[key] != v)
			set_forwarding(ns, v);
		return;
	}
	conf[key] = v;
	if (l)
		l->conf_set |= 1u << key;
	if (conf == ns->links.conf_default)
		list_for_each(each, &ns->links.links, node)
			if (!(each->conf_set & (1u << key)))
				each->conf[key] = v;
	ns->links.gen++;
	ns->fib.gen++;
}

/* ---- numbers ---- */

static int parse_number(const char **text, int64_t min, int64_t max, int64_t *out)
{
	const char *s = *text;
	char *end;
	bool neg = *s == '-';
	unsigned long long v;

	s += neg;
	if (*s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	v = strtoull(s, &end, 0);
	if (errno || v > (1ull << 40) || (*end && !strchr(" \t\n", *end)))
		return -EINVAL;
	*out = neg ? -(int64_t)v : (int64_t)v;
	*text = end;
	return *out < min || *out > max ? -EINVAL : 0;
}

static void skip_blanks(const char **s)
{
	*s += strspn(*s, " \t\n");
}

/* one or two numbers and nothing else */
static int parse_numbers(const char *text, const struct row *r, int64_t v[2], int n)
{
	for (int i = 0; i < n; i++) {
		int err;

		skip_blanks(&text);
		err = parse_number(&text, r->min, r->max, &v[i]);
		if (err)
			return err;
	}
	skip_blanks(&text);
	return *text ? -EINVAL : 0;
}

static void *row_place(struct netns *ns, const struct row *r, uint8_t family)
{
	char *base = r->where == IN_SYSCTL ? (char *)&ns->sysctl
		     : r->where == IN_CT   ? (char *)&ns->ct_conf
		     : r->where == IN_FIB  ? (char *)&ns->fib
					   : (char *)neigh_parms(&ns->neigh, family);

	return base + r->off;
}

static int64_t row_read(const struct row *r, const void *place, int i)
{
	int32_t v;

	memcpy(&v, (const char *)place + 4 * i, 4);
	if (r->form == F_MS_AS_S)
		return (uint32_t)v / 1000;
	return r->max > INT_MAX ? (int64_t)(uint32_t)v : v;
}

/* ---- bitmaps: "0-1,3-127" ---- */

static void bits_put(const uint32_t *bits, struct sbuf *out)
{
	const char *sep = "";

	for (unsigned i = 0, j; i < 256; i = j + 1) {
		for (j = i; j < 256 && (bits[j / 32] >> j % 32 & 1); j++)
			;
		if (j == i)
			continue;
		sbuf_printf(out, j - 1 > i ? "%s%u-%u" : "%s%u", sep, i, j - 1);
		sep = ",";
	}
}

static int bits_write(uint32_t *place, const char *text)
{
	uint32_t bits[8] = { 0 };
	int64_t a, b;

	for (skip_blanks(&text); *text; skip_blanks(&text)) {
		char *end;

		a = b = (int64_t)strtoul(text, &end, 10);
		if (end == text)
			return -EINVAL;
		if (*end == '-') {
			text = end + 1;
			b = (int64_t)strtoul(text, &end, 10);
		}
		if (end == text || a > 255 || b > 255 || b < a || (*end && *end != ',' && *end != '\n'))
			return -EINVAL;
		for (; a <= b; a++)
			bits[a / 32] |= 1u << a % 32;
		text = end + (*end == ',');
	}
	memcpy(place, bits, sizeof(bits));
	return 0;
}

static void row_put(const struct row *r, const void *place, struct sbuf *out)
{
	if (r->form == F_BITS) {
		bits_put(place, out);
		return;
	}
	sbuf_printf(out, "%lld", (long long)row_read(r, place, 0));
	if (r->form == F_PAIR)
		sbuf_printf(out, "\t%lld", (long long)row_read(r, place, 1));
}

static int row_write(struct netns *ns, const struct row *r, uint8_t family, const char *text)
{
	void *place = row_place(ns, r, family);
	int64_t v[2] = { 0 }, old = row_read(r, place, 0);
	int n = r->form == F_PAIR ? 2 : 1, err;

	if (r->flags & RO)
		return -EACCES;
	if (r->form == F_BITS)
		return bits_write(place, text);
	err = parse_numbers(text, r, v, n);
	if (err || (n == 2 && r->min && v[0] > v[1]))
		return -EINVAL;
	for (int i = 0; i < n; i++) {
		uint32_t word = (uint32_t)(r->form == F_MS_AS_S ? v[i] * 1000
					   : r->form == F_MS    ? (v[i] + 3) / 4 * 4
								: v[i]);

		memcpy((char *)place + 4 * i, &word, 4);
	}
	if (r->where == IN_NEIGH)
		neigh_parms(&ns->neigh, family)->reachable_ms = 0; /* drawn again from the new base */
	if (r->wrote)
		r->wrote(ns, old, v[0]);
	ns->fib.gen++;
	return 0;
}

/* ---- names ---- */

static const struct row *row_find(const struct row *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

/*
 * a name with dots between its parts. With a slash first, slashes are the separators and dots belong to names;
 * what was written is swapped
 */
static void normalise(const char *name, char *out, size_t size)
{
	const char *first = strpbrk(name, "./");
	bool slashes = first && *first == '/';
	size_t i = 0;

	for (; *name && i + 1 < size; name++)
		out[i++] = slashes && *name == '/' ? '.' : slashes && *name == '.' ? '/' : *name;
	out[i] = '\0';
}

/* "PREFIX.IF.KEY": the interface's name (its own dots are slashes here) and the key */
static bool split_if(const char *name, const char *prefix, char ifname[IFNAMSIZ], const char **key)
{
	size_t n = strlen(prefix);
	const char *dot;

	if (strncmp(name, prefix, n) != 0 || !(dot = strchr(name + n, '.')) || (size_t)(dot - name - n) >= IFNAMSIZ)
		return false;
	memcpy(ifname, name + n, (size_t)(dot - name) - n);
	ifname[dot - name - n] = '\0';
	for (char *c = ifname; *c; c++)
		if (*c == '/')
			*c = '.';
	*key = dot + 1;
	return true;
}

struct target { /* what a name means */
	const struct row *row;
	int *conf; /* with .key */
	struct link *link;
	unsigned key;
	int *conf6;	/* the same for IPv6 */
	bool all;	/* conf.all */
	uint8_t family; /* of .row, for neighbours */
	bool count;	/* nf_conntrack_count */
};

static bool find_conf(struct netns *ns, const char *ifname, const char *key, struct target *t)
{
	t->link = link_by_name(&ns->links, ifname);
	t->conf = !strcmp(ifname, "all")       ? ns->links.conf_all
		  : !strcmp(ifname, "default") ? ns->links.conf_default
		  : t->link                    ? t->link->conf
					       : NULL;
	for (t->key = 0; t->conf && t->key < LINK_CONF_MAX; t->key++)
		if (!strcmp(link_conf_name(t->key), key))
			return true;
	return false;
}

static bool find_conf6(struct netns *ns, const char *ifname, const char *key, struct target *t)
{
	t->link = link_by_name(&ns->links, ifname);
	t->all = !strcmp(ifname, "all");
	t->conf6 = t->all			? ns->links.conf6_all
		   : !strcmp(ifname, "default") ? ns->links.conf6_default
		   : t->link && t->link->mtu >= 1280 ? t->link->conf6
						     : NULL;
	for (t->key = 0; t->conf6 && t->key < LINK_CONF6_MAX; t->key++)
		if (!strcmp(link_conf6_name(t->key), key))
			return true;
	return false;
}

static bool find_neigh(struct netns *ns, const char *ifname, const char *key, uint8_t family, struct target *t)
{
	if (strcmp(ifname, "default") != 0 && !link_by_name(&ns->links, ifname))
		return false;
	t->family = family;
	t->row = row_find(neigh_rows, ARRAY_LEN(neigh_rows), key);
	return t->row != NULL;
}

static bool find(struct netns *ns, const char *given, struct target *t)
{
	char name[256], ifname[IFNAMSIZ];
	const char *key;

	memset(t, 0, sizeof(*t));
	normalise(given, name, sizeof(name));
	t->count = !strcmp(name, "net.netfilter.nf_conntrack_count");
	t->row = row_find(rows, ARRAY_LEN(rows), name);
	if (t->row || t->count)
		return true;
	if (split_if(name, "net.ipv4.conf.", ifname, &key))
		return find_conf(ns, ifname, key, t);
	if (split_if(name, "net.ipv6.conf.", ifname, &key))
		return find_conf6(ns, ifname, key, t);
	if (split_if(name, "net.ipv4.neigh.", ifname, &key))
		return find_neigh(ns, ifname, key, AF_INET, t);
	return split_if(name, "net.ipv6.neigh.", ifname, &key) && find_neigh(ns, ifname, key, AF_INET6, t);
}

int ns_sysctl_get(struct netns *ns, const char *name, struct sbuf *out)
{
	struct target t;

	if (!find(ns, name, &t))
		return -ENOENT;
	if (t.count)
		sbuf_printf(out, "%u", ct_count(ns->ct));
	else if (t.row)
		row_put(t.row, row_place(ns, t.row, t.family), out);
	else if (t.conf)
		sbuf_printf(out, "%d", t.conf[t.key]);
	else
		link_conf6_fmt(t.key, t.conf6[t.key], out);
	return 0;
}

int ns_sysctl_set(struct netns *ns, const char *name, const char *value)
{
	static const struct row plain = { .min = INT_MIN, .max = INT_MAX }, wide = { .min = INT_MIN, .max = UINT32_MAX };
	struct target t;
	int64_t v[2];

	if (!find(ns, name, &t))
		return -ENOENT;
	if (t.count)
		return -EACCES;
	if (t.row)
		return row_write(ns, t.row, t.family, value);
	if (t.conf && t.key == LINK_CONF_MC_FORWARDING)
		return -EACCES;
	if (!t.conf && t.key == LINK_CONF6_MC_FORWARDING)
		return -EACCES;
	if (parse_numbers(value, t.conf ? &plain : &wide, v, 1))
		return -EINVAL;
	if (!t.conf) {
		ns->fib.gen++;
		return link_conf6_set(&ns->links, t.link, t.all, t.key, v[0]);
	}
	conf_write(ns, t.conf, t.link, t.key, (int)v[0]);
	return 0;
}

/* ---- all of them ---- */

struct names {
	char **v;
	size_t n, cap;
	bool failed;
};

static void add_name(struct names *x, const char *prefix, const char *ifname, const char *key)
{
	char text[256], *c;
	struct sbuf s = SBUF_INIT;

	sbuf_puts(&s, prefix);
	if (ifname) {
		snprintf(text, sizeof(text), "%s", ifname);
		for (c = text; *c; c++)
			if (*c == '.')
				*c = '/';
		sbuf_printf(&s, "%s.%s", text, key);
	}
	if (x->n == x->cap) {
		char **grown = mem_realloc(x->v, (x->cap ? 2 * x->cap : 512) * sizeof(*grown));

		if (!grown) {
			x->failed = true;
			sbuf_free(&s);
			return;
		}
		x->v = grown;
		x->cap = x->cap ? 2 * x->cap : 512;
	}
	x->failed |= s.failed;
	x->v[x->n++] = sbuf_steal(&s);
}

static void add_interface(struct names *x, const char *ifname)
{
	for (unsigned i = 0; i < LINK_CONF_MAX; i++)
		add_name(x, "net.ipv4.conf.", ifname, link_conf_name(i));
	for (unsigned i = 0; i < LINK_CONF6_MAX; i++)
		add_name(x, "net.ipv6.conf.", ifname, link_conf6_name(i));
	for (size_t i = 0; i < ARRAY_LEN(neigh_rows) && strcmp(ifname, "all") != 0; i++)
		if (!(neigh_rows[i].flags & HIDDEN)) {
			add_name(x, "net.ipv4.neigh.", ifname, neigh_rows[i].name);
			if (strcmp(ifname, "default") != 0) /* the first namespace's only */
				add_name(x, "net.ipv6.neigh.", ifname, neigh_rows[i].name);
		}
}

/* by parts, each as its bytes compare: the order of the directories under /proc/sys */
static int name_order(const void *a, const void *b)
{
	const unsigned char *p = *(const unsigned char *const *)a, *q = *(const unsigned char *const *)b;

	while (*p && *p == *q)
		p++, q++;
	if (*p == '.' || *q == '.')
		return *p == '.' ? (*q ? -1 : 1) : *p ? 1 : -1;
	return (int)*p - (int)*q;
}

int ns_sysctl_walk(struct netns *ns, int (*fn)(void *ctx, const char *name), void *ctx)
{
	struct names x = { 0 };
	struct link *l;
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		add_name(&x, rows[i].name, NULL, NULL);
	add_name(&x, "net.netfilter.nf_conntrack_count", NULL, NULL);
	add_interface(&x, "all");
	add_interface(&x, "default");
	list_for_each(l, &ns->links.links, node)
		add_interface(&x, l->name);
	if (!x.failed && x.n)
		qsort(x.v, x.n, sizeof(*x.v), name_order);
	for (size_t i = 0; i < x.n && !x.failed && !rc; i++)
		rc = fn(ctx, x.v[i]);
	for (size_t i = 0; i < x.n; i++)
		mem_free(x.v[i]);
	mem_free(x.v);
	return x.failed ? -ENOMEM : rc;
}
