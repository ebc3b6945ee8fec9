/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/addr.c - addresses: classes, masks, text.
 *
 * Used everywhere; stands on no way of its own. IPv4 lives in the first four bytes of the union, so every function here
 * that takes a family only asks it how many bytes count.
 *
 * References: RFC 4291, RFC 5952 (text), RFC 1112 section 4 (multicast).
 */
#include "net/addr.h"

#include <arpa/inet.h>
#include <errno.h>

bool addr_is_any(const union inet_addr *a)
{
	return !(a->w[0] | a->w[1] | a->w[2] | a->w[3]);
}

bool addr_is_multicast(uint8_t family, const union inet_addr *a)
{
	return family == AF_INET ? (a->b[0] & 0xf0) == 0xe0 : a->b[0] == 0xff;
}

bool addr_is_loopback(uint8_t family, const union inet_addr *a)
{
	if (family == AF_INET)
		return a->b[0] == 127;
	return !a->w[0] && !a->w[1] && !a->w[2] && a->w[3] == htonl(1);
}

union inet_addr addr_mask(uint8_t family, unsigned plen)
{
	union inet_addr m = { .w = { 0 } };
	unsigned i;

	if (plen > addr_bits(family))
		plen = addr_bits(family);
	for (i = 0; i < plen / 8; i++)
		m.b[i] = 0xff;
	if (plen % 8)
		m.b[i] = (uint8_t)(0xff00 >> (plen % 8));
	return m;
}

int addr_plen(uint8_t family, const union inet_addr *mask)
{
	unsigned plen = 0, len = addr_len(family);
	union inet_addr want;

	while (plen < len * 8 && mask->b[plen / 8] & (0x80 >> (plen % 8)))
		plen++;
	want = addr_mask(family, plen);
	return memcmp(&want, mask, len) ? -1 : (int)plen;
}

union inet_addr addr_and(const union inet_addr *a, const union inet_addr *mask)
{
	return (union inet_addr){ .w = { a->w[0] & mask->w[0], a->w[1] & mask->w[1], a->w[2] & mask->w[2],
					 a->w[3] & mask->w[3] } };
}

bool addr_in(uint8_t family, const union inet_addr *a, const union inet_addr *net, unsigned plen)
{
	unsigned whole = MIN(plen, addr_bits(family)) / 8, rest = MIN(plen, addr_bits(family)) % 8;

	if (memcmp(a, net, whole))
		return false;
	return !rest || !((a->b[whole] ^ net->b[whole]) & (uint8_t)(0xff00 >> rest));
}

int addr_cmp(const union inet_addr *a, const union inet_addr *b)
{
	int c = memcmp(a, b, sizeof(*a));

	return (c > 0) - (c < 0);
}

int addr_parse(uint8_t family, const char *text, union inet_addr *a)
{
	union inet_addr got = { .w = { 0 } };

	if (inet_pton(family, text, &got) != 1)
		return -EINVAL;
	*a = got;
	return 0;
}

char *addr_fmt(char *buf, uint8_t family, const union inet_addr *a)
{
	if (!inet_ntop(family, a, buf, ADDR_STRLEN))
		buf[0] = '\0';
	return buf;
}

void addr_put(struct sbuf *out, uint8_t family, const union inet_addr *a)
{
	char buf[ADDR_STRLEN];

	sbuf_puts(out, addr_fmt(buf, family, a));
}

void addr_put_kernel(struct sbuf *out, uint8_t family, const union inet_addr *a)
{
	if (family == AF_INET) {
		addr_put(out, family, a);
		return;
	}
	for (unsigned i = 0; i < 8; i++)
		sbuf_printf(out, "%s%02x%02x", i ? ":" : "", a->b[2 * i], a->b[2 * i + 1]);
}
