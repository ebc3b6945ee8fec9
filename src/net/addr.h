/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/addr.h - an IPv4 or IPv6 address, and its text.
 *
 * IPv4 stands in the first four bytes and the rest is zero, so that equality, hashing and prefix match run over 16 bytes or over
 * the family's length without asking which family it is.
 */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/sbuf.h"
#include "base/types.h"

union inet_addr {
	be32 ip4;
	be32 w[4];
	uint8_t b[16];
};

#define ADDR_STRLEN 48

static inline unsigned addr_len(uint8_t family)		/* bytes */
{
	return family == AF_INET ? 4 : 16;
}

static inline unsigned addr_bits(uint8_t family)
{
	return family == AF_INET ? 32 : 128;
}

static inline bool addr_is_link_local6(const union inet_addr *a)	/* fe80::/10 */
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

static inline bool addr_eq(const union inet_addr *a, const union inet_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static inline union inet_addr addr_ip4(be32 ip4)
{
	return (union inet_addr){ .w = { ip4 } };
}

bool addr_is_any(const union inet_addr *a);
bool addr_is_multicast(uint8_t family, const union inet_addr *a);
bool addr_is_loopback(uint8_t family, const union inet_addr *a);
/** addr_mask() - the netmask of @plen bits */
union inet_addr addr_mask(uint8_t family, unsigned plen);
/** addr_plen() - prefix length of a contiguous mask, -1 when it has holes */
int addr_plen(uint8_t family, const union inet_addr *mask);
union inet_addr addr_and(const union inet_addr *a, const union inet_addr *mask);
/** addr_in() - is @a inside @net/@plen */
bool addr_in(uint8_t family, const union inet_addr *a, const union inet_addr *net, unsigned plen);
int addr_cmp(const union inet_addr *a, const union inet_addr *b);	/* numeric order, -1 0 1 */
/** addr_parse() - strict text form of @family (IPv4: four decimal numbers); 0 or -EINVAL */
int addr_parse(uint8_t family, const char *text, union inet_addr *a);
/** addr_fmt() - into @buf of ADDR_STRLEN; returns @buf */
char *addr_fmt(char *buf, uint8_t family, const union inet_addr *a);
void addr_put(struct sbuf *out, uint8_t family, const union inet_addr *a);
/** addr_put_kernel() - as the kernel itself writes it: IPv6 with all its zeros */
void addr_put_kernel(struct sbuf *out, uint8_t family, const union inet_addr *a);

#endif
