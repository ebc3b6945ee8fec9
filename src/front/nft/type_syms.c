/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/type_syms.c - the named values of nft's datatypes.
 *
 * Tables only. Where two names have one value, the first is the one that is listed. Each is what `nft describe TYPE`
 * shows, and in its order.
 */
#include "front/nft/type_in.h"

#include <linux/fib_rules.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>

const struct nft_symbol nft_syms_nfproto[] = { { "ipv4", NFPROTO_IPV4 }, { "ipv6", NFPROTO_IPV6 }, { NULL, 0 } };

const struct nft_symbol nft_syms_ethertype[] = {
	{ "ip", ETH_P_IP },
	{ "arp", ETH_P_ARP },
	{ "ip6", ETH_P_IPV6 },
	{ "8021q", ETH_P_8021Q },
	{ "8021ad", ETH_P_8021AD },
	{ "vlan", ETH_P_8021Q },
	{ NULL, 0 },
};

const struct nft_symbol nft_syms_arpop[] = {
	{ "request", ARPOP_REQUEST },
	{ "reply", ARPOP_REPLY },
	{ "rrequest", 3 },
	{ "rreply", 4 },
	{ "inrequest", ARPOP_InREQUEST },
	{ "inreply", ARPOP_InREPLY },
	{ "nak", ARPOP_NAK },
	{ NULL, 0 },
};

const struct nft_symbol nft_syms_icmp_type[] = {
	{ "echo-reply", 0 },
	{ "destination-unreachable", 3 },
	{ "source-quench", 4 },
	{ "redirect", 5 },
	{ "echo-request", 8 },
	{ "router-advertisement", 9 },
	{ "router-solicitation", 10 },
	{ "time-exceeded", 11 },
	{ "parameter-problem", 12 },
	{ "timestamp-request", 13 },
	{ "timestamp-reply", 14 },
	{ "info-request", 15 },
	{ "info-reply", 16 },
	{ "address-mask-request", 17 },
	{ "address-mask-reply", 18 },
	{ NULL, 0 },
};

const struct nft_symbol nft_syms_icmpv6_type[] = {
	{ "destination-unreachable", 1 },
	{ "packet-too-big", 2 },
	{ "time-exceeded", 3 },
	{ "parameter-problem", 4 },
	{ "echo-request", 128 },
	{ "echo-reply", 129 },
	{ "mld-listener-query", 130 },
	{ "mld-listener-report", 131 },
	{ "mld-listener-done", 132 },
	{ "mld-listener-reduction", 132 },
	{ "nd-router-solicit", 133 },
	{ "nd-router-advert", 134 },
	{ "nd-neighbor-solicit", 135 },
	{ "nd-neighbor-advert", 136 },
	{ "nd-redirect", 137 },
	{ "router-renumbering", 138 },
	{ "ind-neighbor-solicit", 141 },
	{ "ind-neighbor-advert", 142 },
	{ "mld2-listener-report", 143 },
	{ NULL, 0 },
};

const struct nft_symbol nft_syms_igmp_type[] = {
	{ "membership-query", 0x11 },
	{ "membership-report-v1", 0x12 },
	{ "membership-report-v2", 0x16 },
	{ "membership-report-v3", 0x22 },
	{ "leave-group", 0x17 },
	{ NULL, 0 },
};

const struct nft_symbol nft_syms_icmp_code[] = {
	{ "net-unreachable", 0 },
	{ "host-unreachable", 1 },
	{ "prot-unreachable", 2 },
	{ "port-unreachable", 3 },
	{ "net-prohibited", 9 },
	{ "host-prohibited", 10 },
	{ "admin-prohibited", 13 },
	{ "frag-needed", 4 },
	{ NULL, 0 },
};

const struct nft_symbol nft_syms_icmpv6_code[] = {
	{ "no-route", 0 },
	{ "admin-prohibited", 1 },
	{ "addr-unreachable", 3 },
	{ "port-unreachable", 4 },
	{ "policy-fail", 5 },
	{ "reject-route", 6 },
	{ NULL, 0 },
};

const struct nft_symbol nft_syms_icmpx_code[] = {
	{ "port-unreachable", NFT_REJECT_ICMPX_PORT_UNREACH },
	{ "admin-prohibited", NFT_REJECT_ICMPX_ADMIN_PROHIBITED },
	{ "no-route", NFT_REJECT_ICMPX_NO_ROUTE },
	{ "host-unreachable", NFT_REJECT_ICMPX_HOST_UNREACH },
	{ NULL, 0 },
};

const struct nft_symbol nft_syms_tcp_flag[] = {
	{ "fin", 0x01 }, { "syn", 0x02 }, { "rst", 0x04 }, { "psh", 0x08 },
	{ "ack", 0x10 }, { "urg", 0x20 }, { "ecn", 0x40 }, { "cwr", 0x80 },
	{ NULL, 0 },
};

const struct nft_symbol nft_syms_dccp_pkttype[] = {
	{ "request", 0 }, { "response", 1 }, { "data", 2 }, { "ack", 3 }, { "dataack", 4 },
	{ "closereq", 5 }, { "close", 6 }, { "reset", 7 }, { "sync", 8 }, { "syncack", 9 },
	{ NULL, 0 },
};

const struct nft_symbol nft_syms_mh_type[] = {
	{ "binding-refresh-request", 0 },
	{ "home-test-init", 1 },
	{ "careof-test-init", 2 },
	{ "home-test", 3 },
	{ "careof-test", 4 },
	{ "binding-update", 5 },
	{ "binding-acknowledgement", 6 },
	{ "binding-error", 7 },
	{ "fast-binding-update", 8 },
	{ "fast-binding-acknowledgement", 9 },
	{ "fast-binding-advertisement", 10 },
	{ "experimental-mobility-header", 11 },
	{ "home-agent-switch-message", 12 },
	{ NULL, 0 },
};

const struct nft_symbol nft_syms_iface_type[] = {
	{ "ether", ARPHRD_ETHER }, { "ppp", ARPHRD_PPP },     { "ipip", ARPHRD_TUNNEL }, { "ipip6", ARPHRD_TUNNEL6 },
	{ "loopback", ARPHRD_LOOPBACK }, { "sit", ARPHRD_SIT }, { "ipgre", ARPHRD_IPGRE }, { NULL, 0 },
};

const struct nft_symbol nft_syms_ct_state[] = {
	{ "invalid", 1 }, { "new", 8 }, { "established", 2 }, { "related", 4 }, { "untracked", 64 }, { NULL, 0 },
};

const struct nft_symbol nft_syms_ct_dir[] = { { "original", 0 }, { "reply", 1 }, { NULL, 0 } };

const struct nft_symbol nft_syms_ct_status[] = {
	{ "expected", IPS_EXPECTED }, { "seen-reply", IPS_SEEN_REPLY }, { "assured", IPS_ASSURED },
	{ "confirmed", IPS_CONFIRMED }, { "snat", IPS_SRC_NAT }, { "dnat", IPS_DST_NAT },
	{ "dying", IPS_DYING }, { NULL, 0 },
};

const struct nft_symbol nft_syms_ct_event[] = {
	{ "new", 1 << IPCT_NEW }, { "related", 1 << IPCT_RELATED }, { "destroy", 1 << IPCT_DESTROY },
	{ "reply", 1 << IPCT_REPLY }, { "assured", 1 << IPCT_ASSURED }, { "protoinfo", 1 << IPCT_PROTOINFO },
	{ "helper", 1 << IPCT_HELPER }, { "mark", 1 << IPCT_MARK }, { "seqadj", 1 << IPCT_SEQADJ },
	{ "secmark", 1 << IPCT_SECMARK }, { "label", 1 << IPCT_LABEL }, { NULL, 0 },
};

const struct nft_symbol nft_syms_pkttype[] = {
	{ "host", PACKET_HOST }, { "unicast", PACKET_HOST }, { "broadcast", PACKET_BROADCAST },
	{ "multicast", PACKET_MULTICAST }, { "other", PACKET_OTHERHOST }, { NULL, 0 },
};

const struct nft_symbol nft_syms_dscp[] = {
	{ "cs0", 0x00 },  { "cs1", 0x08 },  { "cs2", 0x10 },  { "cs3", 0x18 },  { "cs4", 0x20 },  { "cs5", 0x28 },
	{ "cs6", 0x30 },  { "cs7", 0x38 },  { "df", 0x00 },   { "be", 0x00 },   { "lephb", 0x01 }, { "af11", 0x0a },
	{ "af12", 0x0c }, { "af13", 0x0e }, { "af21", 0x12 }, { "af22", 0x14 }, { "af23", 0x16 }, { "af31", 0x1a },
	{ "af32", 0x1c }, { "af33", 0x1e }, { "af41", 0x22 }, { "af42", 0x24 }, { "af43", 0x26 }, { "va", 0x2c },
	{ "ef", 0x2e },   { NULL, 0 },
};

const struct nft_symbol nft_syms_ecn[] = {
	{ "not-ect", 0 }, { "ect1", 1 }, { "ect0", 2 }, { "ce", 3 }, { NULL, 0 },
};

const struct nft_symbol nft_syms_fib_addrtype[] = {
	{ "unspec", RTN_UNSPEC }, { "unicast", RTN_UNICAST }, { "local", RTN_LOCAL }, { "broadcast", RTN_BROADCAST },
	{ "anycast", RTN_ANYCAST }, { "multicast", RTN_MULTICAST }, { "blackhole", RTN_BLACKHOLE },
	{ "unreachable", RTN_UNREACHABLE }, { "prohibit", RTN_PROHIBIT }, { NULL, 0 },
};

const struct nft_symbol nft_syms_boolean[] = { { "exists", 1 }, { "missing", 0 }, { NULL, 0 } };

const struct nft_symbol nft_syms_day[] = {
	{ "Sunday", 0 }, { "Monday", 1 }, { "Tuesday", 2 }, { "Wednesday", 3 }, { "Thursday", 4 }, { "Friday", 5 },
	{ "Saturday", 6 }, { NULL, 0 },
};

/* what iproute2 ships in rt_realms and group: nothing else is named */
const struct nft_symbol nft_syms_realm[] = { { "cosmos", 0 }, { NULL, 0 } };
const struct nft_symbol nft_syms_devgroup[] = { { "default", 0 }, { NULL, 0 } };

/* words of the grammar that stand for a protocol besides the names of /etc/protocols */
const struct nft_symbol nft_syms_proto_word[] = {
	{ "icmpv6", IPPROTO_ICMPV6 }, { "comp", IPPROTO_COMP }, { "tcp", IPPROTO_TCP }, { "udp", IPPROTO_UDP },
	{ "udplite", IPPROTO_UDPLITE }, { "icmp", IPPROTO_ICMP }, { "igmp", IPPROTO_IGMP }, { "esp", IPPROTO_ESP },
	{ "ah", IPPROTO_AH }, { "dccp", IPPROTO_DCCP }, { "sctp", IPPROTO_SCTP }, { "gre", IPPROTO_GRE }, { NULL, 0 },
};
