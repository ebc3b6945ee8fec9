/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/fn_ip6.h - matches that only IPv6 has: extension headers, and an address made of a MAC address. The data is
 * the kernel's own structure, as for those of rules/fn.h.
 */
#ifndef RULES_FN_IP6_H
#define RULES_FN_IP6_H

#include <netinet/in.h>	/* before the UAPI headers */
#include <linux/netfilter_ipv6/ip6t_ah.h>
#include <linux/netfilter_ipv6/ip6t_frag.h>
#include <linux/netfilter_ipv6/ip6t_ipv6header.h>
#include <linux/netfilter_ipv6/ip6t_mh.h>
#include <linux/netfilter_ipv6/ip6t_opts.h>
#include <linux/netfilter_ipv6/ip6t_rt.h>

#include "rules/ir.h"

extern const struct ir_fn fn_ip6_frag;		/* struct ip6t_frag */
extern const struct ir_fn fn_ip6_rt;		/* struct ip6t_rt */
extern const struct ir_fn fn_ip6_hbh;		/* struct ip6t_opts */
extern const struct ir_fn fn_ip6_dst;		/* struct ip6t_opts */
extern const struct ir_fn fn_ip6_ah;		/* struct ip6t_ah */
extern const struct ir_fn fn_ip6_header;	/* struct ip6t_ipv6header_info */
extern const struct ir_fn fn_ip6_mh;		/* struct ip6t_mh */
extern const struct ir_fn fn_ip6_eui64;		/* no data */

#endif
