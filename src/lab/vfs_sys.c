/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/vfs_sys.c - /sys/class/net of a simulated host: a folder for each link, with what scripts read there.
 *
 * Reached from vfs_proc.c. One row of attributes[] or counters[] for each file; all of them are only read.
 *
 * References: Linux Documentation/ABI/testing/sysfs-class-net, sysfs-class-net-statistics.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/fmt.h"
#include "lab/lab.h"

#define ROOT "/sys/class/net"
#define STATISTICS "statistics"

static int put_address(const struct link *l, struct sbuf *out)
{
	char mac[18];

	sbuf_printf(out, "%s\n", fmt_mac(mac, l->mac));
	return 0;
}

static int put_broadcast(const struct link *l, struct sbuf *out)
{
	char mac[18];

	sbuf_printf(out, "%s\n", fmt_mac(mac, l->brd_mac));
	return 0;
}

static int put_carrier(const struct link *l, struct sbuf *out)
{
	if (!(l->flags & IFF_UP))
		return -EINVAL;
	sbuf_printf(out, "%d\n", l->carrier);
	return 0;
}

static int put_flags(const struct link *l, struct sbuf *out)
{
	sbuf_printf(out, "0x%x\n", l->flags);
	return 0;
}

static int put_ifindex(const struct link *l, struct sbuf *out)
{
	sbuf_printf(out, "%d\n", l->ifindex);
	return 0;
}

static int put_iflink(const struct link *l, struct sbuf *out)
{
	sbuf_printf(out, "%d\n", l->peer ? l->peer->ifindex : l->ifindex);
	return 0;
}

static int put_mtu(const struct link *l, struct sbuf *out)
{
	sbuf_printf(out, "%u\n", l->mtu);
	return 0;
}

static int put_operstate(const struct link *l, struct sbuf *out)
{
	for (const char *c = link_operstate(l); *c; c++)
		sbuf_putc(out, *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c);
	sbuf_putc(out, '\n');
	return 0;
}

static int put_queue(const struct link *l, struct sbuf *out)
{
	sbuf_printf(out, "%u\n", l->txqlen);
	return 0;
}

static int put_type(const struct link *l, struct sbuf *out)
{
	sbuf_printf(out, "%u\n", l->arphrd);
	return 0;
}

static const struct {
	const char *name;
	int (*put)(const struct link *l, struct sbuf *out);
} attributes[] = {
	{ "address", put_address },
	{ "broadcast", put_broadcast },
	{ "carrier", put_carrier },
	{ "flags", put_flags },
	{ "ifindex", put_ifindex },
	{ "iflink", put_iflink },
	{ "mtu", put_mtu },
	{ "operstate", put_operstate },
	{ "tx_queue_len", put_queue },
	{ "type", put_type },
};

static const struct {
	const char *name;
	size_t offset;			/* of a uint64_t in struct link_stats */
} counters[] = {
	{ "rx_bytes", offsetof(struct link_stats, rx_bytes) },
	{ "rx_dropped", offsetof(struct link_stats, rx_dropped) },
	{ "rx_errors", offsetof(struct link_stats, rx_errors) },
	{ "rx_packets", offsetof(struct link_stats, rx_packets) },
	{ "tx_bytes", offsetof(struct link_stats, tx_bytes) },
	{ "tx_dropped", offsetof(struct link_stats, tx_dropped) },
	{ "tx_errors", offsetof(struct link_stats, tx_errors) },
	{ "tx_packets", offsetof(struct link_stats, tx_packets) },
};

/* a path below ROOT: its link and, in @rest, what follows, "" for the link's own folder; NULL: no such link */
static const struct link *link_of(struct host *h, const char *path, const char **rest)
{
	char name[IFNAMSIZ];
	size_t n;

	if (strncmp(path, ROOT "/", sizeof(ROOT)) != 0)
		return NULL;
	path += sizeof(ROOT);
	n = strcspn(path, "/");
	if (!n || n >= sizeof(name))
		return NULL;
	memcpy(name, path, n);
	name[n] = 0;
	*rest = path + n + (path[n] == '/');
	return link_by_name(&h->ns->links, name);
}

static int find_attribute(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
		if (!strcmp(attributes[i].name, name))
			return (int)i;
	return -1;
}

static int find_counter(const char *name)
{
	if (strncmp(name, STATISTICS "/", sizeof(STATISTICS)) != 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		if (!strcmp(counters[i].name, name + sizeof(STATISTICS)))
			return (int)i;
	return -1;
}

char sys_file_type(struct host *h, const char *path)
{
	const char *rest;

	if (!strcmp(path, "/sys") || !strcmp(path, "/sys/class") || !strcmp(path, ROOT))
		return 'd';
	if (!link_of(h, path, &rest))
		return 0;
	if (!*rest || !strcmp(rest, STATISTICS))
		return 'd';
	return find_attribute(rest) >= 0 || find_counter(rest) >= 0 ? 'f' : 0;
}

int sys_file_get(struct host *h, const char *path, struct sbuf *out)
{
	const struct link *l;
	const char *rest;
	int i, err = 0;
	uint64_t n;

	if (sys_file_type(h, path) == 'd')
		return -EISDIR;
	l = link_of(h, path, &rest);
	if (!l)
		return -ENOENT;
	i = find_counter(rest);
	if (i >= 0) {
		memcpy(&n, (const char *)&l->stats + counters[i].offset, sizeof(n));
		sbuf_printf(out, "%llu\n", (unsigned long long)n);
	} else {
		i = find_attribute(rest);
		err = i < 0 ? -ENOENT : attributes[i].put(l, out);
	}
	return out->failed ? -ENOMEM : err;
}

int sys_file_list(struct host *h, const char *path, int (*fn)(void *ctx, const char *name), void *ctx)
{
	const struct link *l;
	const char *rest;

	if (!strcmp(path, "/sys"))
		return fn(ctx, "class");
	if (!strcmp(path, "/sys/class"))
		return fn(ctx, "net");
	if (!strcmp(path, ROOT)) {
		list_for_each(l, &h->ns->links.links, node)
			fn(ctx, l->name);
		return 0;
	}
	if (!link_of(h, path, &rest))
		return 0;
	if (!strcmp(rest, STATISTICS)) {
		for (size_t i = 0; i < ARRAY_LEN(counters); i++)
			fn(ctx, counters[i].name);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
		fn(ctx, attributes[i].name);
	return fn(ctx, STATISTICS);
}
