/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/type_in.h - what the files of the datatypes share: symbol tables, readers and writers of single types.
 */
#ifndef FRONT_NFT_TYPE_IN_H
#define FRONT_NFT_TYPE_IN_H

#include "front/nft/nft.h"
#include "front/nft/type.h"

extern const struct nft_symbol nft_syms_nfproto[], nft_syms_ethertype[], nft_syms_arpop[], nft_syms_icmp_type[],
	nft_syms_icmpv6_type[], nft_syms_igmp_type[], nft_syms_icmp_code[], nft_syms_icmpv6_code[],
	nft_syms_icmpx_code[], nft_syms_tcp_flag[], nft_syms_dccp_pkttype[], nft_syms_mh_type[], nft_syms_iface_type[],
	nft_syms_ct_state[], nft_syms_ct_dir[], nft_syms_ct_status[], nft_syms_ct_event[], nft_syms_pkttype[],
	nft_syms_dscp[], nft_syms_ecn[], nft_syms_fib_addrtype[], nft_syms_boolean[], nft_syms_day[], nft_syms_realm[],
	nft_syms_devgroup[], nft_syms_proto_word[];

typedef struct nft_expr *nft_type_parse_fn(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym);
typedef void nft_type_print_fn(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val,
			       struct sbuf *out);

/* type_read.c */
nft_type_parse_fn nft_read_number, nft_read_string, nft_read_lladdr, nft_read_ip4, nft_read_ip6, nft_read_proto,
	nft_read_service, nft_read_mark, nft_read_ifindex, nft_read_uid, nft_read_gid, nft_read_duration, nft_read_date,
	nft_read_hour, nft_read_day, nft_read_classid, nft_read_label, nft_read_cgroup, nft_read_verdict;
/* type_show.c */
nft_type_print_fn nft_show_string, nft_show_lladdr, nft_show_ip4, nft_show_ip6, nft_show_proto, nft_show_service,
	nft_show_ifindex, nft_show_uid, nft_show_gid, nft_show_duration, nft_show_date, nft_show_hour, nft_show_classid,
	nft_show_label, nft_show_number, nft_show_cgroup;

/** nft_proto_name() - the name of /etc/protocols, or a built-in one; NULL: none */
const char *nft_proto_name(uint8_t number, char *buf, size_t n);

#endif
