/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/iptables_names.c - names of protocols, hosts and networks, as iptables reads and prints them.
 *
 * Names come from where the real tool's resolver looks first and without a network: the usual protocol names are
 * built in, the rest is the machine's /etc/protocols; hosts and networks are those of the host's own /etc/hosts and
 * /etc/networks. No name server is ever asked (D-41).
 *
 * Invariants
 *  1. A file is read once for each name asked and is bounded by what the host holds; a missing file is an empty one.
 */
#include "front/iptables.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	uint8_t number;
	const char *name;
} protocols[] = {
	{ IPPROTO_TCP, "tcp" },
	{ IPPROTO_UDP, "udp" },
	{ IPPROTO_UDPLITE, "udplite" },
	{ IPPROTO_ICMP, "icmp" },
	{ IPPROTO_ICMPV6, "ipv6-icmp" },
	{ IPPROTO_ICMPV6, "icmpv6" },
	{ IPPROTO_ESP, "esp" },
	{ IPPROTO_AH, "ah" },
	{ IPPROTO_SCTP, "sctp" },
	{ 135, "ipv6-mh" },
	{ 135, "mh" },
	{ 0, "all" },
	{ IPPROTO_GRE, "gre" },
	{ 135, "mobility-header" },
};

#define N_LIBXTABLES 12		/* of these; the rest are from /etc/protocols and everywhere */

/**
 * ipt_proto_name() - a protocol's name, or its number as text
 * @lookup: names of /etc/protocols too
 * @buf: room for either
 */
const char *ipt_proto_name(uint8_t proto, bool lookup, char buf[16])
{
	struct protoent ent, *found = NULL;
	char room[1024];

	for (size_t i = 0; proto && i < (lookup ? ARRAY_LEN(protocols) : N_LIBXTABLES); i++)
		if (protocols[i].number == proto && !(lookup && proto == 135))
			return protocols[i].name;
	if (proto && lookup && getprotobynumber_r(proto, &ent, room, sizeof(room), &found) == 0 && found &&
	    strlen(found->p_name) < 16)
		return strcpy(buf, found->p_name);
	snprintf(buf, 16, "%u", proto);
	return buf;
}

/** ipt_proto_parse() - a number or a name, in any case */
int ipt_proto_parse(const char *s, uint8_t *proto)
{
	struct protoent ent, *found = NULL;
	char room[1024], low[32], *end;
	unsigned long v;
	size_t n = strlen(s);

	if (isdigit((unsigned char)*s)) {
		errno = 0;
		v = strtoul(s, &end, 0);
		if (*end == '\0') {
			*proto = (uint8_t)v;
			return errno == 0 && v <= UINT8_MAX ? 0 : -EINVAL;
		}
	}
	if (n == 0 || n >= sizeof(low))
		return -EINVAL;
	for (size_t i = 0; i <= n; i++)
		low[i] = (char)tolower((unsigned char)s[i]);
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
		if (strcmp(protocols[i].name, low) == 0) {
			*proto = protocols[i].number;
			return 0;
		}
	if (getprotobyname_r(low, &ent, room, sizeof(room), &found) != 0 || !found || found->p_proto > UINT8_MAX)
		return -EINVAL;
	*proto = (uint8_t)found->p_proto;
	return 0;
}

/* ---- /etc/hosts (address names...) and /etc/networks (name address) ---- */

/* The words of the next line of *@text, comments left out; 0 at the end of the file. Cuts the text into strings. */
static unsigned next_words(char **text, char *word[8])
{
	unsigned n = 0;

	while (**text) {
		char *line = *text, *nl = strchr(line, '\n'), *save, *w;

		*text = nl ? nl + 1 : line + strlen(line);
		if (nl)
			*nl = '\0';
		line[strcspn(line, "#")] = '\0';
		for (w = strtok_r(line, " \t\r", &save); w && n < 8; w = strtok_r(NULL, " \t\r", &save))
			word[n++] = w;
		if (n >= 2)
			return n;
		n = 0;
	}
	return 0;
}

/* Calls @fn for each line until it returns true. */
static bool each_line(struct cmd *c, const char *path, bool (*fn)(void *ctx, char **word, unsigned n), void *ctx)
{
	struct sbuf file = SBUF_INIT;
	char *text, *word[8];
	bool found = false;
	unsigned n;

	if (c->ops && c->ops->file_read && c->ops->file_read(c, path, &file) == 0 && file.data)
		for (text = file.data; !found && (n = next_words(&text, word)) > 0;)
			found = fn(ctx, word, n);
	sbuf_free(&file);
	return found;
}

struct name_query {
	uint8_t family;
	const char *name;
	union inet_addr addr;
	struct sbuf *out;
};

static bool host_by_name(void *ctx, char **word, unsigned n)
{
	struct name_query *q = ctx;

	for (unsigned i = 1; i < n; i++)
		if (strcasecmp(word[i], q->name) == 0)
			return addr_parse(q->family, word[0], &q->addr) == 0;
	return false;
}

static bool host_by_addr(void *ctx, char **word, unsigned n)
{
	struct name_query *q = ctx;
	union inet_addr a = { 0 };

	if (addr_parse(q->family, word[0], &a) < 0 || !addr_eq(&a, &q->addr))
		return false;
	sbuf_puts(q->out, word[1]);
	return true;
}

/* networks are written without their trailing zeros */
static bool net_addr(const char *text, union inet_addr *a)
{
	struct in_addr in;
	in_addr_t net = inet_network(text);

	if (net == INADDR_NONE)
		return false;
	while (net && !(net & 0xff000000))
		net <<= 8;
	in.s_addr = htonl(net);
	*a = addr_ip4(in.s_addr);
	return true;
}

static bool net_by_name(void *ctx, char **word, unsigned n)
{
	struct name_query *q = ctx;

	return strcasecmp(word[0], q->name) == 0 && net_addr(word[1], &q->addr);
}

static bool net_by_addr(void *ctx, char **word, unsigned n)
{
	struct name_query *q = ctx;
	union inet_addr a;

	if (!net_addr(word[1], &a) || !addr_eq(&a, &q->addr))
		return false;
	sbuf_puts(q->out, word[0]);
	return true;
}

/* "fe80::1%eth0": the link must be there, and is not kept */
static bool scoped_addr(struct cmd *c, const char *name, union inet_addr *a)
{
	char text[ADDR_STRLEN];
	const char *zone = strchr(name, '%');
	size_t n = zone ? (size_t)(zone - name) : 0;

	if (!zone || n >= sizeof(text))
		return false;
	memcpy(text, name, n);
	text[n] = '\0';
	if (addr_parse(AF_INET6, text, a) < 0 || !addr_is_link_local6(a))
		return false;
	return (zone[1] && strspn(zone + 1, "0123456789") == strlen(zone + 1)) || link_by_name(&c->ns->links, zone + 1);
}

int ipt_host_addr(struct cmd *c, uint8_t family, const char *name, union inet_addr *a)
{
	struct name_query q = { .family = family, .name = name };

	if (family == AF_INET6 && scoped_addr(c, name, a))
		return 0;
	if (!(family == AF_INET && each_line(c, "/etc/networks", net_by_name, &q)) &&
	    !each_line(c, "/etc/hosts", host_by_name, &q))
		return -ENOENT;
	*a = q.addr;
	return 0;
}

bool ipt_addr_name(struct cmd *c, uint8_t family, const union inet_addr *a, struct sbuf *out)
{
	struct name_query q = { .family = family, .addr = *a, .out = out };

	return each_line(c, "/etc/hosts", host_by_addr, &q) ||
	       (family == AF_INET && each_line(c, "/etc/networks", net_by_addr, &q));
}
