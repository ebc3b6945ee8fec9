/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/util.c - values that several matches and targets share: ports, marks, addresses, quoting.
 *
 * The real tool reads ports in three ways, and each match keeps to its own: as a number in any base or a service of
 * the protocol (tcp, multiport), as getaddrinfo() does (udp, conntrack), and strictly (NAT). What follows from that
 * ("--dport 70000" is port 4464 for udp) is kept.
 */
#include "front/xt/util.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>

/* As libxtables reads unsigned numbers: blanks and a plus in front, any base, no minus. */
bool xt_strtou(const char *s, const char **end, uint64_t min, uint64_t max, uint64_t *val)
{
	const char *p = s;
	char *stop;

	while (isspace((unsigned char)*p))
		p++;
	if (*p == '-')
		return false;
	errno = 0;
	*val = strtoull(s, &stop, 0);
	if (stop == s || errno || *val < min || *val > max)
		return false;
	if (end)
		*end = stop;
	return end || *stop == '\0';
}

static const char *service_proto(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_UDPLITE:
		return "udplite";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_DCCP:
		return "dccp";
	default:
		return NULL;
	}
}

int xt_parse_port(const char *s, uint8_t proto, uint16_t *port)
{
	const struct servent *se;
	uint64_t v;

	if (xt_strtou(s, NULL, 0, UINT16_MAX, &v)) {
		*port = (uint16_t)v;
		return 0;
	}
	se = getservbyname(s, service_proto(proto));
	if (!se)
		return -EINVAL;
	*port = ntohs((uint16_t)se->s_port);
	return 0;
}

int xt_parse_port_any(struct xt_call *c, const char *s, uint16_t *port)
{
	static const char *const protos[] = { "tcp", "udp", "dccp", "udplite", "sctp" };
	const char *p = s;
	char *end;
	unsigned long v;

	while (isspace((unsigned char)*p))
		p++;
	errno = 0;
	v = strtoul(p, &end, 10);
	if (*p != '-' && end != p && *end == '\0' && !errno) {
		*port = (uint16_t)v;
		return 0;
	}
	for (unsigned i = 0; i < ARRAY_LEN(protos); i++) {
		const struct servent *se = getservbyname(s, protos[i]);

		if (se) {
			*port = ntohs((uint16_t)se->s_port);
			return 0;
		}
	}
	return xt_error(c, "Port \"%s\" does not resolve to anything.\n", s);
}

int xt_parse_ports_any(struct xt_call *c, uint16_t port[2])
{
	char lo[64];
	const char *colon = strchr(c->arg, ':');
	size_t n = colon ? (size_t)(colon - c->arg) : strlen(c->arg);

	if (colon && strchr(colon + 1, ':'))
		return xt_error(c, "%s: Too many components for option \"--%s\" (max: 2)\n", c->ext->name,
				c->opt->name);
	if (n >= sizeof(lo))
		return xt_error(c, "Port \"%s\" does not resolve to anything.\n", c->arg);
	memcpy(lo, c->arg, n);
	lo[n] = '\0';
	port[0] = 0;
	if (n && xt_parse_port_any(c, lo, &port[0]) < 0)
		return -EINVAL;
	port[1] = colon ? UINT16_MAX : port[0];
	if (colon && colon[1])
		return xt_parse_port_any(c, colon + 1, &port[1]);
	return 0;
}

void xt_print_port(struct sbuf *out, uint16_t port, uint8_t proto, bool numeric)
{
	const char *name = numeric ? NULL : service_proto(proto);
	const struct servent *se = name ? getservbyport(htons(port), name) : NULL;

	if (se)
		sbuf_puts(out, se->s_name);
	else
		sbuf_printf(out, "%u", port);
}

int xt_parse_mark_mask(const char *s, uint32_t *value, uint32_t *mask)
{
	const char *end;
	uint64_t v, m = UINT32_MAX;

	if (!xt_strtou(s, &end, 0, UINT32_MAX, &v))
		return -EINVAL;
	if (*end == '/') {
		if (!xt_strtou(end + 1, NULL, 0, UINT32_MAX, &m))
			return -EINVAL;
	} else if (*end) {
		return -EINVAL;
	}
	*value = (uint32_t)v;
	*mask = (uint32_t)m;
	return 0;
}

int xt_mark_arg(struct xt_call *c, uint32_t *value, uint32_t *mask)
{
	if (xt_parse_mark_mask(c->arg, value, mask) < 0)
		return xt_error(c, "%s: bad integer value for option \"--%s\", or out of range.\n", c->ext->name,
				c->opt->name);
	return 0;
}

void xt_put_mark(struct sbuf *out, uint32_t value, uint32_t mask)
{
	sbuf_printf(out, " 0x%x", value);
	if (mask != UINT32_MAX)
		sbuf_printf(out, "/0x%x", mask);
}

void xt_print_mark_change(struct sbuf *out, uint32_t mark, uint32_t mask)
{
	if (mark == 0)
		sbuf_printf(out, " and 0x%x", ~mask);
	else if (mark == mask)
		sbuf_printf(out, " or 0x%x", mark);
	else if (mask == 0)
		sbuf_printf(out, " xor 0x%x", mark);
	else if (mask == UINT32_MAX)
		sbuf_printf(out, " set 0x%x", mark);
	else
		sbuf_printf(out, " xset 0x%x/0x%x", mark, mask);
}

int xt_bad_value(struct xt_call *c, const char *arg)
{
	return xt_error(c, "%s: Bad value for \"--%s\" option: \"%s\"", c->ext->name, c->opt->name, arg);
}

/* An address in inet_aton()'s forms; names are not looked up: the message is that of a host without name service. */
static int parse_addr(struct xt_call *c, const char *s, union inet_addr *a)
{
	struct in_addr in;
	bool word = *s != '\0', alpha = false;

	memset(a, 0, sizeof(*a));
	if (c->family == AF_INET6 ? addr_parse(AF_INET6, s, a) == 0 : inet_aton(s, &in)) {
		if (c->family != AF_INET6)
			a->ip4 = in.s_addr;
		return 0;
	}
	if (c->family == AF_INET6 ? inet_aton(s, &in) : inet_pton(AF_INET6, s, &(struct in6_addr){ 0 }) == 1)
		return xt_error(c, "getaddrinfo: Address family for hostname not supported\n");
	for (const char *p = s; *p; p++) {
		word &= isalnum((unsigned char)*p) || *p == '.' || *p == '-' || *p == '_';
		alpha |= !isdigit((unsigned char)*p) && *p != '.';
	}
	return xt_error(c, "getaddrinfo: %s\n",
			word && alpha ? "Temporary failure in name resolution" : "Name or service not known");
}

/* "/24", "/255.255.255.0"; a mask with holes, or longer than the address, is the whole address */
static int parse_mask(struct xt_call *c, const char *s, union inet_addr *mask)
{
	unsigned bits = addr_bits(c->family);
	union inet_addr a = { 0 };
	struct in_addr in;
	uint64_t plen;
	int n = -1;

	if (xt_strtou(s, NULL, 0, bits, &plen))
		n = (int)plen;
	else if (c->family == AF_INET6 && addr_parse(AF_INET6, s, &a) == 0)
		n = addr_plen(AF_INET6, &a);
	else if (c->family != AF_INET6 && *s && inet_aton(s, &in))
		n = addr_plen(AF_INET, &(union inet_addr){ .ip4 = in.s_addr });
	else
		return xt_error(
			c, "%s: bad value for option \"--%s\", neither a valid network mask nor valid CIDR (0-%u).\n",
			c->ext->name, c->opt->name, bits);
	if (n >= 0)
		*mask = addr_mask(c->family, (unsigned)n);
	return 0;
}

int xt_mask_arg(struct xt_call *c, union inet_addr *mask)
{
	memset(mask, 0xff, sizeof(*mask));
	return parse_mask(c, c->arg, mask);
}

int xt_host_arg(struct xt_call *c, union inet_addr *addr, union inet_addr *mask)
{
	char host[256];
	const char *slash = mask ? strchr(c->arg, '/') : NULL;
	size_t n = slash ? (size_t)(slash - c->arg) : strlen(c->arg);

	if (n >= sizeof(host))
		return xt_error(c, "getaddrinfo: Name or service not known\n");
	memcpy(host, c->arg, n);
	host[n] = '\0';
	if (mask)
		memset(mask, 0xff, sizeof(*mask));
	if (slash && parse_mask(c, slash + 1, mask) < 0)
		return -EINVAL;
	return parse_addr(c, host, addr);
}

int xt_parse_quad(const char *s, size_t n, be32 *ip)
{
	uint8_t b[4] = { 0 };
	const char *end = s + n;

	for (int i = 0; i < 4; i++) {
		unsigned v = 0, digits = 0;

		for (; s < end && isdigit((unsigned char)*s) && digits < 3; s++, digits++)
			v = v * 10 + (unsigned)(*s - '0');
		if (!digits || v > 255)
			return -EINVAL;
		b[i] = (uint8_t)v;
		if (s == end)
			break;
		if (*s++ != '.' || i == 3)
			return -EINVAL;
	}
	memcpy(ip, b, 4);
	return 0;
}

void xt_save_quoted(struct sbuf *out, const char *s)
{
	bool plain = *s != '\0';

	for (const char *p = s; *p; p++)
		plain &= isalnum((unsigned char)*p) || *p == '_' || *p == '-';
	if (plain) {
		sbuf_printf(out, " %s", s);
		return;
	}
	sbuf_puts(out, " \"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\' || *s == '\'')
			sbuf_putc(out, '\\');
		sbuf_putc(out, *s);
	}
	sbuf_putc(out, '"');
}

enum field_id xt_dsfield(uint8_t family)
{
	return family == AF_INET6 ? FIELD_IP6_TCLASS : FIELD_IP_TOS;
}

void xt_test(struct ir_list *l, const struct ir_fn *fn, const void *data, size_t n)
{
	void *copy = mem_dup(data, n);

	if (!copy)
		l->failed = true;
	else
		ir_test(l, fn, copy, false);
}

struct ir_stmt *xt_action(struct ir_list *l, enum ir_action act)
{
	struct ir_stmt *s = ir_append(l, IR_ACTION);

	if (s)
		s->action.act = act;
	return s;
}

void xt_set_byte(struct ir_list *l, enum field_id id, uint8_t keep, uint8_t xor)
{
	struct ir_expr *v = ir_bitwise(ir_field(id), &keep, &xor);
	struct ir_stmt *s = v ? ir_append(l, IR_SET_FIELD) : NULL;

	if (!s) {
		ir_expr_free(v);
		l->failed = true;
		return;
	}
	s->set.field = id;
	s->set.val = v;
}
