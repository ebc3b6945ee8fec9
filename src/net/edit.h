/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/edit.h - changing headers in place, with incremental checksums (RFC 1624, section 3, equation 3).
 */
#ifndef NET_EDIT_H
#define NET_EDIT_H

#include "net/pkt.h"

/* one's complement sums, in memory (network) order throughout */
uint32_t csum_partial(const void *p, size_t len, uint32_t sum);
uint16_t csum_fold(uint32_t sum);			/* folded and complemented: what a header carries */
/* what the transport checksum should be, pseudo-header included, the field itself taken as zero */
uint16_t csum_l4(const struct pkt *p);
/** csum_replace16() - new checksum after a 16-bit word changed; all in network order */
be16 csum_replace16(be16 csum, be16 from, be16 to);
be16 csum_replace32(be16 csum, be32 from, be32 to);

enum edit_end { EDIT_SRC, EDIT_DST };

/**
 * edit_addr() - set source or destination address; IP and transport checksums follow (a UDP checksum of zero stays
 * zero)
 */
void edit_addr(struct pkt *p, enum edit_end end, const union inet_addr *addr);
/**
 * edit_port() - set a port of TCP, UDP, UDP-Lite, SCTP or DCCP, or the ICMP identifier (either end)
 * Return: 0; -EINVAL when the transport header is not there
 */
int edit_port(struct pkt *p, enum edit_end end, be16 port);
void edit_ttl(struct pkt *p, uint8_t ttl);		/* TTL or hop limit */
void edit_dsfield(struct pkt *p, uint8_t ds);		/* TOS or traffic class */
/**
 * edit_tcp_mss() - set the MSS option where it stands; with @add put one into a SYN that has none. 0, -ENOENT, -EINVAL,
 * -ENOSPC
 */
int edit_tcp_mss(struct pkt *p, uint16_t mss, bool add);
/** edit_strip_tcp_options() - options of those kinds (a bit each) become no-operations; -EINVAL: the header is not whole */
int edit_strip_tcp_options(struct pkt *p, const uint32_t kinds[8]);
/* which checksums cover the bytes that edit_bytes() changes */
enum { EDIT_SUM_IP = 1 << 0, EDIT_SUM_L4 = 1 << 1, EDIT_SUM_PSEUDO = 1 << 2 };
/**
 * edit_bytes() - set @len bytes of the packet; the checksums @sums says (EDIT_SUM_*) follow by the difference, a checksum
 * that is itself among the bytes gets the bytes' value
 * @at: offset into .buf. Return: 0; -EINVAL: the bytes, or a checksum, are not all there
 */
int edit_bytes(struct pkt *p, uint32_t at, const void *bytes, unsigned len, unsigned sums);
/** edit_fill_checksums() - compute IP header and transport checksums from scratch, for packets made here */
void edit_fill_checksums(struct pkt *p);
/** edit_tuple_end() - address and port of a tuple's one end inside an IP packet given as bytes (an ICMP quote)
 * @l3: the quoted packet; @len: its bytes that are there; checksums inside are kept right as far as they are there */
int edit_quote(uint8_t family, uint8_t *l3, size_t len, enum edit_end end, const union inet_addr *addr, be16 port);

#endif
