/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/proto.c - headers as nft names them: the packet's own, layer by layer.
 *
 * Rows only, and finding them. Extension headers, options and chunks are in proto_ext.c, keys in proto_keys.c.
 *
 * Invariants
 *  1. Offsets are bits from the begin of the header itself; .skip_bits says where that lies in its base's header.
 *  2. Of fields at one place the first is the one that is listed, where the message's type does not say otherwise.
 *
 * References: nft(8) PAYLOAD EXPRESSIONS; IEEE 802.1Q; RFC 791, 792, 793, 768, 826, 2236, 3376, 3828, 4302, 4303, 4340,
 * 4443, 8200, 9260.
 */
#include "front/nft/proto.h"

#include <linux/if_ether.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#define F(n, t, at, len) { .name = n, .type = &nft_type_##t, .offset_bits = at, .len_bits = len }
#define FD(n, t, at, len, d) { .name = n, .type = &nft_type_##t, .offset_bits = at, .len_bits = len, .dep = NFT_DEP_##d }
#define END { .name = NULL }

static const struct nft_field ether_fields[] = {
	F("daddr", etheraddr, 0, 48), F("saddr", etheraddr, 48, 48), F("type", ethertype, 96, 16), END,
};

static const struct nft_field vlan_fields[] = {
	F("pcp", integer, 0, 3), F("dei", integer, 3, 1), F("cfi", integer, 3, 1), F("id", integer, 4, 12),
	F("type", ethertype, 16, 16), END,
};

static const struct nft_field arp_fields[] = {
	F("htype", integer, 0, 16), F("ptype", ethertype, 16, 16), F("hlen", integer, 32, 8), F("plen", integer, 40, 8),
	F("operation", arpop, 48, 16), F("saddr ether", etheraddr, 64, 48), F("daddr ether", etheraddr, 144, 48),
	F("saddr ip", ipaddr, 112, 32), F("daddr ip", ipaddr, 192, 32), END,
};

static const struct nft_field ip_fields[] = {
	F("version", integer, 0, 4), F("hdrlength", integer, 4, 4), F("dscp", dscp, 8, 6), F("ecn", ecn, 14, 2),
	F("length", integer, 16, 16), F("id", integer, 32, 16), F("frag-off", integer, 48, 16), F("ttl", integer, 64, 8),
	F("protocol", inet_proto, 72, 8), F("checksum", integer, 80, 16), F("saddr", ipaddr, 96, 32),
	F("daddr", ipaddr, 128, 32), END,
};

static const struct nft_field ip6_fields[] = {
	F("version", integer, 0, 4), F("dscp", dscp, 4, 6), F("ecn", ecn, 10, 2), F("flowlabel", integer, 12, 20),
	F("length", integer, 32, 16), F("nexthdr", inet_proto, 48, 8), F("hoplimit", integer, 56, 8),
	F("saddr", ip6addr, 64, 128), F("daddr", ip6addr, 192, 128), END,
};

static const struct nft_field icmp_fields[] = {
	F("type", icmp_type, 0, 8), F("code", icmp_code, 8, 8), F("checksum", integer, 16, 16),
	FD("id", integer, 32, 16, ECHO), FD("sequence", integer, 48, 16, ECHO), FD("gateway", integer, 32, 32, GATEWAY),
	FD("mtu", integer, 48, 16, MTU), END,
};

static const struct nft_field icmpv6_fields[] = {
	F("type", icmpv6_type, 0, 8), F("code", icmpv6_code, 8, 8), F("checksum", integer, 16, 16),
	FD("parameter-problem", integer, 32, 32, PPTR), FD("parameter-problem", integer, 32, 32, PPTR),
	FD("mtu", integer, 32, 32, MTU), FD("id", integer, 32, 16, ECHO),
	FD("sequence", integer, 48, 16, ECHO), FD("max-delay", integer, 32, 16, DELAY), END,
};

static const struct nft_field igmp_fields[] = {
	F("type", igmp_type, 0, 8), F("mrt", integer, 8, 8), F("checksum", integer, 16, 16), F("group", integer, 32, 32), END,
};

static const struct nft_field ah_fields[] = {
	F("nexthdr", inet_proto, 0, 8), F("hdrlength", integer, 8, 8), F("reserved", integer, 16, 16),
	F("spi", integer, 32, 32), F("sequence", integer, 64, 32), END,
};

static const struct nft_field esp_fields[] = { F("spi", integer, 0, 32), F("sequence", integer, 32, 32), END };

static const struct nft_field comp_fields[] = {
	F("nexthdr", inet_proto, 0, 8), F("flags", bitmask, 8, 8), F("cpi", integer, 16, 16), END,
};

static const struct nft_field udp_fields[] = {
	F("sport", inet_service, 0, 16), F("dport", inet_service, 16, 16), F("length", integer, 32, 16),
	F("checksum", integer, 48, 16), END,
};

static const struct nft_field udplite_fields[] = {
	F("sport", inet_service, 0, 16), F("dport", inet_service, 16, 16), F("csumcov", integer, 32, 16),
	F("checksum", integer, 48, 16), END,
};

static const struct nft_field tcp_fields[] = {
	F("sport", inet_service, 0, 16), F("dport", inet_service, 16, 16), F("sequence", integer, 32, 32),
	F("ackseq", integer, 64, 32), F("doff", integer, 96, 4), F("reserved", integer, 100, 4),
	F("flags", tcp_flag, 104, 8), F("window", integer, 112, 16), F("checksum", integer, 128, 16),
	F("urgptr", integer, 144, 16), END,
};

static const struct nft_field dccp_fields[] = {
	F("sport", inet_service, 0, 16), F("dport", inet_service, 16, 16), F("type", dccp_pkttype, 67, 4), END,
};

static const struct nft_field sctp_fields[] = {
	F("sport", inet_service, 0, 16), F("dport", inet_service, 16, 16), F("vtag", integer, 32, 32),
	F("checksum", integer, 64, 32), END,
};

static const struct nft_field th_fields[] = { F("sport", inet_service, 0, 16), F("dport", inet_service, 16, 16), END };

#define LL NFT_PAYLOAD_LL_HEADER
#define NH NFT_PAYLOAD_NETWORK_HEADER
#define TH NFT_PAYLOAD_TRANSPORT_HEADER

const struct nft_proto nft_proto_ether = { .name = "ether", .base = LL, .fields = ether_fields, .len_bits = 112 },
	nft_proto_vlan = { .name = "vlan", .base = LL, .id = ETH_P_8021Q, .fields = vlan_fields, .skip_bits = 112,
			   .len_bits = 32 },
	nft_proto_arp = { .name = "arp", .base = NH, .id = ETH_P_ARP, .fields = arp_fields, .len_bits = 224 },
	nft_proto_ip = { .name = "ip", .base = NH, .id = ETH_P_IP, .fields = ip_fields, .len_bits = 160 },
	nft_proto_ip6 = { .name = "ip6", .base = NH, .id = ETH_P_IPV6, .fields = ip6_fields, .len_bits = 320 },
	nft_proto_icmp = { .name = "icmp", .base = TH, .id = IPPROTO_ICMP, .fields = icmp_fields, .len_bits = 64 },
	nft_proto_icmpv6 = { .name = "icmpv6", .base = TH, .id = IPPROTO_ICMPV6, .fields = icmpv6_fields, .len_bits = 64 },
	nft_proto_igmp = { .name = "igmp", .base = TH, .id = IPPROTO_IGMP, .fields = igmp_fields, .len_bits = 64 },
	nft_proto_tcp = { .name = "tcp", .base = TH, .id = IPPROTO_TCP, .fields = tcp_fields, .len_bits = 160 },
	nft_proto_udp = { .name = "udp", .base = TH, .id = IPPROTO_UDP, .fields = udp_fields, .len_bits = 64 },
	nft_proto_udplite = { .name = "udplite", .base = TH, .id = IPPROTO_UDPLITE, .fields = udplite_fields, .len_bits = 64 },
	nft_proto_sctp = { .name = "sctp", .base = TH, .id = IPPROTO_SCTP, .fields = sctp_fields, .len_bits = 96 },
	nft_proto_dccp = { .name = "dccp", .base = TH, .id = IPPROTO_DCCP, .fields = dccp_fields, .len_bits = 96 },
	nft_proto_ah = { .name = "ah", .base = TH, .id = IPPROTO_AH, .fields = ah_fields, .len_bits = 96 },
	nft_proto_esp = { .name = "esp", .base = TH, .id = IPPROTO_ESP, .fields = esp_fields, .len_bits = 64 },
	nft_proto_comp = { .name = "comp", .base = TH, .id = IPPROTO_COMP, .fields = comp_fields, .len_bits = 32 },
	nft_proto_th = { .name = "th", .base = TH, .fields = th_fields, .len_bits = 32 };

static const struct nft_proto *const headers[] = {
	&nft_proto_ether, &nft_proto_vlan, &nft_proto_arp, &nft_proto_ip, &nft_proto_ip6, &nft_proto_icmp,
	&nft_proto_icmpv6, &nft_proto_igmp, &nft_proto_tcp, &nft_proto_udp, &nft_proto_udplite, &nft_proto_sctp,
	&nft_proto_dccp, &nft_proto_ah, &nft_proto_esp, &nft_proto_comp, &nft_proto_th,
};


const struct nft_proto *nft_proto_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		if (strcmp(headers[i]->name, name) == 0)
			return headers[i];
	return nft_ext_find(name);
}

const struct nft_proto *nft_proto_by_id(uint8_t base, uint16_t id)
{
	if (base == LL && (id == ETH_P_8021AD || id == ETH_P_8021Q))
		return &nft_proto_vlan;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		if (headers[i]->base == base + 1 && headers[i]->id == id && id)
			return headers[i];
	return NULL;
}

int nft_field_find(const struct nft_proto *p, const char *name)
{
	for (int i = 0; p->fields[i].name; i++)
		if (strcmp(p->fields[i].name, name) == 0)
			return i;
	return -1;
}

int nft_field_at(const struct nft_proto *p, uint32_t offset_bits, uint32_t len_bits)
{
	for (int i = 0; p->fields[i].name; i++)
		if (p->fields[i].offset_bits == offset_bits && p->fields[i].len_bits == len_bits)
			return i;
	return -1;
}

unsigned nft_dep_values(const struct nft_proto *p, uint8_t dep, uint8_t values[2])
{
	static const struct { const struct nft_proto *p; uint8_t dep, n, v[2]; } rows[] = {
		{ &nft_proto_icmp, NFT_DEP_ECHO, 2, { 0, 8 } },
		{ &nft_proto_icmp, NFT_DEP_MTU, 1, { 3 } },
		{ &nft_proto_icmp, NFT_DEP_GATEWAY, 1, { 5 } },
		{ &nft_proto_icmpv6, NFT_DEP_ECHO, 2, { 128, 129 } },
		{ &nft_proto_icmpv6, NFT_DEP_MTU, 1, { 2 } },
		{ &nft_proto_icmpv6, NFT_DEP_PPTR, 1, { 4 } },
		{ &nft_proto_icmpv6, NFT_DEP_DELAY, 1, { 130 } },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].p == p && rows[i].dep == dep) {
			memcpy(values, rows[i].v, 2);
			return rows[i].n;
		}
	return 0;
}
