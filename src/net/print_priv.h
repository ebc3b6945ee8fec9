/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/print_priv.h - shared by the files of net/print.
 */
#ifndef NET_PRINT_PRIV_H
#define NET_PRINT_PRIV_H

#include "base/buf.h"
#include "net/print.h"

#define PRINT_CONVERSATIONS 4096

/* a TCP conversation, for relative sequence numbers */
struct conversation {
	union inet_addr a, b;
	uint16_t port_a, port_b;
	bool used;
	uint32_t seq, ack;
};

struct print_state {
	uint64_t first_ns, last_ns, number;
	bool any;
	struct hash_key key;
	struct conversation conv[PRINT_CONVERSATIONS];
};

struct printer {
	struct sbuf *out;
	const struct print_opts *o;
	struct print_state *s;
	bool quoted;		/* inside an ICMP error */
};

/* where an IP packet's addresses are wanted */
struct print_ends {
	union inet_addr src, dst;
	uint8_t family;
	bool ports_only;	/* the addresses stand in the line already */
};

/** print_ip(), print_ip6() - an IP packet; IPv6's begins with "IP6 " unless the link layer named it */
void print_ip(struct printer *p, const uint8_t *b, size_t have, size_t len);
void print_ip6(struct printer *p, const uint8_t *b, size_t have, size_t len);
void print_arp(struct printer *p, const uint8_t *b, size_t have, size_t len);
/* @b: transport header; @have: bytes there, @len: bytes that the packet has */
void print_tcp(struct printer *p, const struct print_ends *e, const uint8_t *b, size_t have, size_t len, bool first_frag);
void print_udp(struct printer *p, const struct print_ends *e, const uint8_t *b, size_t have, size_t len, bool more_frags);
void print_icmp(struct printer *p, const struct print_ends *e, const uint8_t *b, size_t have, size_t len, bool more_frags);
void print_icmp6(struct printer *p, const struct print_ends *e, const uint8_t *b, size_t have, size_t len, bool frag);
void print_addr(struct printer *p, uint8_t family, const union inet_addr *a);
/** print_service() - a port's name when names are wanted, else its number; @proto "tcp" or "udp" */
void print_service(struct printer *p, uint16_t port, const char *proto);
/** print_proto_name() - what -v calls a protocol: "unknown" for most */
const char *print_proto_name(uint8_t proto);
/** print_hex() - lines of 16 bytes, each behind @indent, which begins with a newline; @ascii: and as text */
void print_hex(struct printer *p, const char *indent, const uint8_t *b, size_t n, bool ascii);
uint16_t print_l4_sum(const struct print_ends *e, uint8_t proto, const uint8_t *b, size_t len);

#endif
