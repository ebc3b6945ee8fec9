/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * base/fmt.h - numbers as text and back, strictly: the whole string or nothing.
 */
#ifndef BASE_FMT_H
#define BASE_FMT_H

#include "base/types.h"

/**
 * fmt_parse_u64() - digits in @base (0: 0x hex, leading 0 octal, else decimal, as strtoul)
 * Return: 0, -EINVAL (not a number, trailing text, a sign), -ERANGE (above @max)
 */
int fmt_parse_u64(const char *s, int base, uint64_t max, uint64_t *val);
int fmt_parse_u32(const char *s, int base, uint32_t max, uint32_t *val);
/** fmt_parse_mac() - "02:00:00:00:00:10"; one or two hex digits a byte; 0 or -EINVAL */
int fmt_parse_mac(const char *s, uint8_t mac[6]);
/** fmt_mac() - into @buf of at least 18 bytes; returns @buf */
char *fmt_mac(char *buf, const uint8_t mac[6]);

#endif
