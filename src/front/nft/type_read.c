/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/type_read.c - values of nft's datatypes from text.
 *
 * Each reader gets a word and makes a constant of it, or an error at the word's place in the real tool's text. Numbers
 * come back as short as they can be; eval.c stretches them.
 *
 * Names of hosts come from /etc/hosts only, as everywhere in natbox (D-41); protocols, services, users and groups from
 * the machine's files; links from the namespace.
 */
#include "front/nft/type_in.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/fmt.h"
#include "front/iptables.h"
#include "net/addr.h"

static int digit_of(char c, unsigned base)
{
	int d = isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : 99;

	return d < (int)base ? d : -1;
}

bool nft_number_parse(const char *s, uint8_t *bytes, unsigned n)
{
	unsigned base = s[0] == '0' && tolower((unsigned char)s[1]) == 'x' ? 16 : s[0] == '0' && s[1] ? 8 : 10;

	s += base == 16 ? 2 : 0;
	memset(bytes, 0, n);
	if (!*s)
		return false;
	for (; *s; s++) {
		int carry = digit_of(*s, base);

		if (carry < 0)
			return false;
		for (unsigned i = n; i-- > 0;) {
			carry += bytes[i] * (int)base;
			bytes[i] = (uint8_t)carry;
			carry >>= 8;
		}
		if (carry)
			return false;
	}
	return true;
}

/* a number's constant without leading zero bytes: at least one byte is left */
static struct nft_expr *shortest(const struct nft_expr *sym, const struct nft_type *t, const uint8_t *bytes, unsigned n)
{
	while (n > 1 && *bytes == 0)
		bytes++, n--;
	return nft_expr_value(&sym->loc, t, bytes, n * 8);
}

static struct nft_expr *number_u64(const struct nft_expr *sym, const struct nft_type *t, uint64_t v)
{
	uint8_t b[8];

	for (unsigned i = 0; i < 8; i++)
		b[i] = (uint8_t)(v >> (56 - 8 * i));
	return shortest(sym, t, b, 8);
}

static struct nft_expr *refuse(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	nft_err(x, &sym->loc, "Could not parse %s", t->desc);
	return NULL;
}

struct nft_expr *nft_read_number(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	uint8_t b[NFT_VALUE_MAX];

	if (!nft_number_parse(sym->symbol.text, b, sizeof(b)))
		return refuse(x, t, sym);
	return shortest(sym, t, b, sizeof(b));
}

struct nft_expr *nft_read_string(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	struct nft_expr *e = nft_expr_value(&sym->loc, t, sym->symbol.text, (uint32_t)strlen(sym->symbol.text) * 8);

	if (e)
		e->value.is_string = true;
	return e;
}

struct nft_expr *nft_read_verdict(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	nft_err(x, &sym->loc, "Can't parse symbolic %s expressions", t->desc);
	return NULL;
}

struct nft_expr *nft_read_lladdr(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	uint8_t b[32];
	const char *s = sym->symbol.text;
	unsigned n = 0;

	for (;;) {
		char *end;
		unsigned long v = strtoul(s, &end, 16);

		if (end == s || v > 0xff || n == sizeof(b) || (*end && *end != ':')) {
			nft_err(x, &sym->loc, "Invalid LL address");
			return NULL;
		}
		b[n++] = (uint8_t)v;
		if (!*end)
			break;
		s = end + 1;
	}
	return nft_expr_value(&sym->loc, t, b, n * 8);
}

/* ---- addresses, protocols, services ---- */

static struct nft_expr *no_host(struct nft_ctx *x, const struct nft_expr *sym, const char *why)
{
	nft_err(x, &sym->loc, "Could not resolve hostname: %s", why);
	return NULL;
}

static const char other_family[] = "Address family for hostname not supported";
static const char unanswered[] = "Temporary failure in name resolution";

/* what looks like an IPv4 address and is none is not even asked for: glibc's getaddrinfo() */
static const char *why_no_ip4(const char *name)
{
	return name[strspn(name, "0123456789.")] ? unanswered : "Name or service not known";
}

struct nft_expr *nft_read_ip4(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	union inet_addr a = { 0 };
	struct in_addr in;

	if (inet_aton(sym->symbol.text, &in))
		return nft_expr_value(&sym->loc, t, &in, 32);
	if (addr_parse(AF_INET6, sym->symbol.text, &a) == 0)
		return no_host(x, sym, other_family);
	if (!x->c || ipt_host_addr(x->c, AF_INET, sym->symbol.text, &a) < 0)
		return no_host(x, sym, why_no_ip4(sym->symbol.text));
	return nft_expr_value(&sym->loc, t, &a, 32);
}

struct nft_expr *nft_read_ip6(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	union inet_addr a = { 0 };
	struct in_addr in;

	if (addr_parse(AF_INET6, sym->symbol.text, &a) < 0) {
		if (inet_aton(sym->symbol.text, &in))
			return no_host(x, sym, other_family);
		if (!x->c || ipt_host_addr(x->c, AF_INET6, sym->symbol.text, &a) < 0)
			return no_host(x, sym, unanswered);
	}
	return nft_expr_value(&sym->loc, t, &a, 128);
}

struct nft_expr *nft_read_proto(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	struct protoent ent, *found = NULL;
	const char *name = sym->symbol.text;
	char room[1024];
	uint64_t v;

	if (fmt_parse_u64(name, 0, UINT64_MAX, &v) == 0) {
		if (v <= 255)
			return nft_expr_num(&sym->loc, t, v, 8);
		nft_err(x, &sym->loc, "Protocol out of range");
		return NULL;
	}
	for (const struct nft_symbol *s = nft_syms_proto_word; s->name; s++)
		if (strcmp(s->name, name) == 0)
			return nft_expr_num(&sym->loc, t, s->value, 8);
	if (getprotobyname_r(name, &ent, room, sizeof(room), &found) == 0 && found && found->p_proto <= 255)
		return nft_expr_num(&sym->loc, t, (uint64_t)found->p_proto, 8);
	nft_err(x, &sym->loc, "Could not resolve protocol name");
	return NULL;
}

struct nft_expr *nft_read_service(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	static const char *const protos[] = { "tcp", "udp", "dccp", "sctp" };
	uint64_t v;

	if (fmt_parse_u64(sym->symbol.text, 0, UINT64_MAX, &v) == 0) {
		if (v <= UINT16_MAX)
			return nft_expr_num(&sym->loc, t, v, 16);
		nft_err(x, &sym->loc, "Service out of range");
		return NULL;
	}
	for (unsigned i = 0; i < ARRAY_LEN(protos); i++) {
		struct servent ent, *found = NULL;
		char room[1024];

		if (getservbyname_r(sym->symbol.text, protos[i], &ent, room, sizeof(room), &found) == 0 && found)
			return nft_expr_num(&sym->loc, t, ntohs((uint16_t)found->s_port), 16);
	}
	nft_err(x, &sym->loc, "Could not resolve service: Servname not supported for ai_socktype");
	return NULL;
}

/* ---- small numbers with names of their own ---- */

struct nft_expr *nft_read_mark(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	return nft_read_number(x, t, sym);
}

struct nft_expr *nft_read_ifindex(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	struct link *l = x->c ? link_by_name(&x->c->ns->links, sym->symbol.text) : NULL;
	uint64_t v;

	if (l)
		return nft_expr_num(&sym->loc, t, (uint64_t)l->ifindex, 32);
	if (fmt_parse_u64(sym->symbol.text, 0, INT32_MAX, &v) == 0)
		return nft_expr_num(&sym->loc, t, v, 32);
	nft_err(x, &sym->loc, "Interface does not exist");
	return NULL;
}

static struct nft_expr *read_id(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym, bool found,
				uint64_t id, const char *what)
{
	uint64_t v;

	if (found)
		return nft_expr_num(&sym->loc, t, id, 32);
	if (fmt_parse_u64(sym->symbol.text, 10, UINT64_MAX, &v) != 0)
		nft_err(x, &sym->loc, "%s does not exist", what);
	else if (v > UINT32_MAX)
		nft_err(x, &sym->loc, "Value too large");
	else
		return nft_expr_num(&sym->loc, t, v, 32);
	return NULL;
}

struct nft_expr *nft_read_uid(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	const struct passwd *pw = getpwnam(sym->symbol.text);

	return read_id(x, t, sym, pw != NULL, pw ? pw->pw_uid : 0, "User");
}

struct nft_expr *nft_read_gid(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	const struct group *gr = getgrnam(sym->symbol.text);

	return read_id(x, t, sym, gr != NULL, gr ? gr->gr_gid : 0, "Group");
}

/* root, none, MAJOR:MINOR in hexadecimal, or a number; what is none of these counts as 0, as the real tool has it */
struct nft_expr *nft_read_classid(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	const char *s = sym->symbol.text;
	unsigned long major, minor = 0;
	char *end;

	if (strcmp(s, "root") == 0)
		return nft_expr_num(&sym->loc, t, UINT32_MAX, 32);
	if (strcmp(s, "none") == 0)
		return nft_expr_num(&sym->loc, t, 0, 32);
	if (!strchr(s, ':'))
		return number_u64(sym, t, strtoull(s, NULL, 0));
	major = strtoul(s, &end, 16);
	if (*end == ':')
		minor = strtoul(end + 1, &end, 16);
	if (*end || major > UINT16_MAX || minor > UINT16_MAX)
		return refuse(x, t, sym);
	return nft_expr_num(&sym->loc, t, major << 16 | minor, 32);
}

/* bits by number: no connlabel.conf gives them names */
struct nft_expr *nft_read_label(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	uint8_t b[16] = { 0 };
	uint64_t v;

	if (fmt_parse_u64(sym->symbol.text, 0, UINT64_MAX, &v) != 0) {
		nft_err(x, &sym->loc, "/etc/connlabel.conf: could not parse conntrack label \"%s\"", sym->symbol.text);
		return NULL;
	}
	if (v >= 128) {
		nft_err(x, &sym->loc, "%s: bit %llu out of range (128 max)", sym->symbol.text, (unsigned long long)v);
		return NULL;
	}
	b[15 - v / 8] = (uint8_t)(1 << v % 8);
	return nft_expr_value(&sym->loc, t, b, 128);
}

struct nft_expr *nft_read_cgroup(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	nft_err(x, &sym->loc, "cgroupv2 path fails: No such file or directory");	/* there are no cgroups here */
	return NULL;
}

/* ---- times ---- */

bool nft_duration_parse(const char *s, uint64_t *ms)
{
	static const struct { const char *unit; uint64_t ms; } units[] = {
		{ "ms", 1 }, { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "w", 7 * 86400000ull },
	};
	uint64_t sum = 0;

	for (bool first = true; *s; first = false) {
		char *end;
		unsigned long long v;
		unsigned i;

		if (!isdigit((unsigned char)*s))
			return false;
		v = strtoull(s, &end, 10);
		if (!*end && first) {
			*ms = v * 1000;
			return true;
		}
		for (i = 0; i < ARRAY_LEN(units) && strncmp(end, units[i].unit, strlen(units[i].unit)); i++)
			;
		if (i == ARRAY_LEN(units))
			return false;
		sum += v * units[i].ms;
		s = end + strlen(units[i].unit);
	}
	*ms = sum;
	return true;
}

struct nft_expr *nft_read_duration(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	uint64_t ms;

	if (*sym->symbol.text && nft_duration_parse(sym->symbol.text, &ms))
		return number_u64(sym, t, ms);
	nft_err(x, &sym->loc, "wrong time format");
	return NULL;
}

struct nft_expr *nft_read_date(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	static const char *const formats[] = { "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d" };
	char *end;
	uint64_t v = strtoull(sym->symbol.text, &end, 10);

	if (!*end && end != sym->symbol.text)
		return number_u64(sym, t, v * NSEC_PER_SEC);
	for (unsigned i = 0; i < ARRAY_LEN(formats); i++) {
		struct tm tm = { .tm_isdst = -1 };

		if (!strptime(sym->symbol.text, formats[i], &tm))
			continue;
		return number_u64(sym, t, (uint64_t)mktime(&tm) * NSEC_PER_SEC);
	}
	nft_err(x, &sym->loc, "Cannot parse date");
	return NULL;
}

/* seconds east of UTC now: hours are written in local time and kept in UTC */
static int zone_seconds(const struct nft_ctx *x)
{
	time_t now = x->c ? (time_t)(clock_wall_ns(&x->c->world->clock) / NSEC_PER_SEC) : 0;
	struct tm tm;

	return localtime_r(&now, &tm) ? (int)tm.tm_gmtoff : 0;
}

struct nft_expr *nft_read_hour(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	static const char *const formats[] = { "%H:%M:%S", "%H:%M" };
	const char *s = sym->symbol.text, *end = NULL;
	struct tm tm;
	uint64_t sec;

	for (unsigned i = 0; i < ARRAY_LEN(formats) && (!end || *end); i++) {
		memset(&tm, 0, sizeof(tm));
		end = strptime(s, formats[i], &tm);
	}
	if (end && *end) {
		nft_err(x, &sym->loc, "Can't parse trailing input: \"%s\"\n", end);
		return NULL;
	}
	if (end) {
		sec = (uint64_t)(tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec);
	} else if (!*s || !nft_duration_parse(s, &sec)) {
		nft_err(x, &sym->loc, "wrong time format");
		return NULL;
	} else {
		sec /= 1000;
	}
	return number_u64(sym, t, (sec + 86400 - (uint64_t)(zone_seconds(x) + 86400) % 86400) % 86400);
}

struct nft_expr *nft_read_day(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	uint64_t v;

	if (fmt_parse_u64(sym->symbol.text, 0, UINT64_MAX, &v) != 0)
		return refuse(x, t, sym);
	if (v <= 6)
		return nft_expr_num(&sym->loc, t, v, 8);
	nft_err(x, &sym->loc, "Value %llu exceeds valid range 0-6", (unsigned long long)v);
	return NULL;
}
