/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/type_show.c - values of nft's datatypes as text: the other way of type_read.c.
 */
#include "front/nft/type_in.h"

#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "front/iptables.h"
#include "net/addr.h"

/* decimal digits by repeated division; the longest value is NFT_VALUE_MAX bytes */
static void decimal_print(const uint8_t *bytes, unsigned n, struct sbuf *out)
{
	char digits[NFT_VALUE_MAX * 3];
	uint8_t b[NFT_VALUE_MAX];
	unsigned k = sizeof(digits);
	bool more = true;

	memcpy(b, bytes, n);
	while (more) {
		unsigned rest = 0;

		more = false;
		for (unsigned i = 0; i < n; i++) {
			rest = rest << 8 | b[i];
			b[i] = (uint8_t)(rest / 10);
			rest %= 10;
			more |= b[i] != 0;
		}
		digits[--k] = (char)('0' + rest);
	}
	sbuf_put(out, digits + k, sizeof(digits) - k);
}

void nft_number_print(const uint8_t *bytes, unsigned n, bool hex, unsigned digits, struct sbuf *out)
{
	unsigned i = 0, shown = 0;

	if (n > NFT_VALUE_MAX)
		return;
	if (!hex) {
		decimal_print(bytes, n, out);
		return;
	}
	while (i + 1 < n && bytes[i] == 0)
		i++;
	sbuf_puts(out, "0x");
	for (shown = (n - i) * 2 - (n && bytes[i] < 16); shown < digits; digits--)
		sbuf_putc(out, '0');
	if (n)
		sbuf_printf(out, "%x", bytes[i]);
	for (i++; i < n; i++)
		sbuf_printf(out, "%02x", bytes[i]);
}

void nft_show_number(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	nft_number_print(val->value.bytes, (val->len_bits + 7) / 8, t->hex, t->digits, out);
}

void nft_show_string(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	unsigned n = (unsigned)strnlen((const char *)val->value.bytes, (val->len_bits + 7) / 8);

	sbuf_putc(out, '"');
	if (n && !val->value.wildcard && val->value.bytes[n - 1] == '*') {
		sbuf_put(out, val->value.bytes, n - 1);
		sbuf_puts(out, "\\*");
	} else {
		sbuf_put(out, val->value.bytes, n);
		if (val->value.wildcard)
			sbuf_putc(out, '*');
	}
	sbuf_putc(out, '"');
}

void nft_show_lladdr(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	for (unsigned i = 0; i < (val->len_bits + 7) / 8; i++)
		sbuf_printf(out, "%s%02x", i ? ":" : "", val->value.bytes[i]);
}

static void show_addr(const struct nft_ctx *x, uint8_t family, const struct nft_expr *val, struct sbuf *out)
{
	union inet_addr a = { 0 };

	memcpy(&a, val->value.bytes, MIN(addr_len(family), (val->len_bits + 7) / 8));
	if (x->o.reversedns && x->c && ipt_addr_name(x->c, family, &a, out))
		return;
	addr_put(out, family, &a);
}

void nft_show_ip4(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	show_addr(x, AF_INET, val, out);
}

void nft_show_ip6(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	show_addr(x, AF_INET6, val, out);
}

const char *nft_proto_name(uint8_t number, char *buf, size_t n)
{
	struct protoent ent, *found = NULL;
	char room[1024];

	if (getprotobynumber_r(number, &ent, room, sizeof(room), &found) == 0 && found && strlen(found->p_name) < n)
		return strcpy(buf, found->p_name);
	if (number == IPPROTO_ICMPV6)
		return "ipv6-icmp";
	if (number == IPPROTO_COMP)
		return "ipcomp";
	for (const struct nft_symbol *s = nft_syms_proto_word; s->name; s++)
		if (s->value == number)
			return s->name;
	return NULL;
}

void nft_show_proto(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	char buf[32];
	const char *name = NULL;

	if (!x->o.numeric_proto)
		name = nft_proto_name(val->value.bytes[0], buf, sizeof(buf));
	if (name)
		sbuf_puts(out, name);
	else
		sbuf_printf(out, "%u", val->value.bytes[0]);
}

void nft_show_service(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	struct servent ent, *found = NULL;
	char room[1024];
	uint16_t port = (uint16_t)nft_expr_u64(val);

	if (x->o.service && getservbyport_r(htons(port), NULL, &ent, room, sizeof(room), &found) == 0 && found)
		sbuf_printf(out, "\"%s\"", found->s_name);
	else
		sbuf_printf(out, "%u", port);
}

void nft_show_ifindex(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	uint64_t v = nft_expr_u64(val);
	const struct link *l = x->c && v ? link_by_index(&x->c->ns->links, (int)v) : NULL;

	if (l)
		sbuf_printf(out, "\"%s\"", l->name);
	else
		sbuf_printf(out, "%llu", (unsigned long long)v);
}

void nft_show_uid(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	uint64_t v = nft_expr_u64(val);
	const struct passwd *pw = x->o.guid ? getpwuid((uid_t)v) : NULL;

	if (pw)
		sbuf_printf(out, "\"%s\"", pw->pw_name);
	else
		sbuf_printf(out, "%llu", (unsigned long long)v);
}

void nft_show_gid(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	uint64_t v = nft_expr_u64(val);
	const struct group *gr = x->o.guid ? getgrgid((gid_t)v) : NULL;

	if (gr)
		sbuf_printf(out, "\"%s\"", gr->gr_name);
	else
		sbuf_printf(out, "%llu", (unsigned long long)v);
}

void nft_show_classid(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	uint32_t v = (uint32_t)nft_expr_u64(val);

	if (v == UINT32_MAX)
		sbuf_puts(out, "root");
	else if (v == 0)
		sbuf_puts(out, "none");
	else
		sbuf_printf(out, "%0x:%0x", v >> 16, v & 0xffff);
}

void nft_show_label(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	unsigned n = (val->len_bits + 7) / 8;

	for (unsigned bit = 0; bit < n * 8; bit++)
		if (val->value.bytes[n - 1 - bit / 8] & 1 << bit % 8) {
			sbuf_printf(out, "%u", bit);
			return;
		}
	sbuf_puts(out, "0");
}

void nft_show_cgroup(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	sbuf_printf(out, "%llu", (unsigned long long)nft_expr_u64(val));
}

/* ---- times ---- */

void nft_duration_print(uint64_t ms, struct sbuf *out)
{
	static const struct { const char *unit; uint64_t ms; } units[] = {
		{ "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 },
	};

	for (unsigned i = 0; i < ARRAY_LEN(units); i++) {
		if (ms >= units[i].ms)
			sbuf_printf(out, "%llu%s", (unsigned long long)(ms / units[i].ms), units[i].unit);
		ms %= units[i].ms;
	}
}

void nft_show_duration(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	if (x->o.numeric_time)
		sbuf_printf(out, "%llus", (unsigned long long)(nft_expr_u64(val) / 1000));
	else
		nft_duration_print(nft_expr_u64(val), out);
}

void nft_show_date(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	uint64_t ns = nft_expr_u64(val);
	time_t sec = (time_t)(ns / NSEC_PER_SEC);
	char text[64];
	struct tm tm;

	if (!localtime_r(&sec, &tm) || !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm))
		sbuf_printf(out, "%llu", (unsigned long long)ns);
	else
		sbuf_printf(out, "\"%s\"", text);
}

void nft_show_hour(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	time_t now = x->c ? (time_t)(clock_wall_ns(&x->c->world->clock) / NSEC_PER_SEC) : 0;
	uint64_t v = nft_expr_u64(val);
	struct tm tm = { 0 };

	localtime_r(&now, &tm);
	v = (v + 86400 + (uint64_t)(tm.tm_gmtoff + 86400) % 86400) % 86400;
	sbuf_printf(out, "\"%02u:%02u", (unsigned)(v / 3600), (unsigned)(v / 60 % 60));
	if (v % 60)
		sbuf_printf(out, ":%02u", (unsigned)(v % 60));
	sbuf_putc(out, '"');
}
