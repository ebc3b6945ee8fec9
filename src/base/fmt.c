/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/fmt.c - numbers as text and back.
 */
#include "base/fmt.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int fmt_parse_u64(const char *s, int base, uint64_t max, uint64_t *val)
{
	unsigned long long v;
	char *end;

	if (!isxdigit((unsigned char)*s))
		return -EINVAL;
	errno = 0;
	v = strtoull(s, &end, base);
	if (*end || end == s)
		return -EINVAL;
	if (errno == ERANGE || v > max)
		return -ERANGE;
	*val = v;
	return 0;
}

int fmt_parse_u32(const char *s, int base, uint32_t max, uint32_t *val)
{
	uint64_t v;
	int err = fmt_parse_u64(s, base, max, &v);

	if (!err)
		*val = (uint32_t)v;
	return err;
}

int fmt_parse_mac(const char *s, uint8_t mac[6])
{
	uint8_t out[6];

	for (int i = 0; i < 6; i++) {
		unsigned v = 0, digits = 0;

		for (; isxdigit((unsigned char)*s) && digits < 2; s++, digits++)
			v = v * 16 + (unsigned)(isdigit((unsigned char)*s) ? *s - '0' : (*s | 32) - 'a' + 10);
		if (!digits || *s != (i < 5 ? ':' : '\0'))
			return -EINVAL;
		s++;
		out[i] = (uint8_t)v;
	}
	for (int i = 0; i < 6; i++)
		mac[i] = out[i];
	return 0;
}

char *fmt_mac(char *buf, const uint8_t mac[6])
{
	snprintf(buf, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return buf;
}
