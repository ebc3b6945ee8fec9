/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/parse.h - from bytes to the fields of struct pkt; never reads outside the packet.
 */
#ifndef NET_PARSE_H
#define NET_PARSE_H

#include "net/pkt.h"

/**
 * parse_eth() - Ethernet header and up to one VLAN tag (taken out of the frame, kept in vlan_tci)
 * On success .l3 and .ethertype are set. Return: DROP_NONE or DROP_TRUNCATED
 */
enum drop_reason parse_eth(struct pkt *p);
/**
 * parse_ip() - the IPv4 or IPv6 header at .l3, as the receive path validates it
 * Version, header length, total length (trailing bytes are cut off), header checksum; finds .l4, .proto, fragment
 * fields and flags. A transport header that is not whole sets PKT_L4_CUT and is no error here.
 * Return: DROP_NONE, DROP_TRUNCATED, DROP_MALFORMED or DROP_CHECKSUM
 */
enum drop_reason parse_ip(struct pkt *p);
/**
 * parse_find_l4() - where the transport header of an IP packet given as bytes begins (an ICMP quote)
 * @l3: the IP header; @len: bytes that are there
 * Return: offset from @l3, *proto and *later_frag filled in; -EINVAL when the IP header is not whole
 */
int parse_find_l4(uint8_t family, const uint8_t *l3, size_t len, uint8_t *proto, bool *later_frag);
/** parse_l4_is_cut() - the fixed part of the transport header is not all there */
bool parse_l4_is_cut(const struct pkt *p);
/**
 * parse_l4_checksum() - is the transport checksum right (true for UDP without one, later fragments and unknown
 * protocols)
 */
bool parse_l4_checksum(const struct pkt *p);

enum tcp_option_kind {
	TCP_OPT_EOL = 0,
	TCP_OPT_NOP = 1,
	TCP_OPT_MSS = 2,
	TCP_OPT_WSCALE = 3,
	TCP_OPT_SACK_OK = 4,
	TCP_OPT_SACK = 5,
	TCP_OPT_TS = 8
};

/* what the options of a TCP segment say; absent ones leave .have clear */
struct tcp_options {
	bool have_mss, have_wscale, have_sack_ok, have_ts;
	uint16_t mss;
	uint8_t wscale;		/* as sent, up to 255 */
	uint32_t ts_val, ts_ecr;
	unsigned n_sack;
	struct { uint32_t start, end; } sack[4];
};

/** parse_tcp_options() - -EINVAL: an option's length does not fit */
int parse_tcp_options(const struct pkt *p, struct tcp_options *o);

#endif
