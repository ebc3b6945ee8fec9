/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/vfs_proc.c - /proc of a simulated host: settings under sys/, tables of the network under net/, and a few single
 * files.
 *
 * Reached from vfs.c. One row of proc_files[] for each file that is made up; everything under /proc/sys is a sysctl
 * of the host's namespace.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fmt.h"
#include "base/mem.h"
#include "ct/print.h"
#include "lab/lab.h"
#include "lab/modules.h"
#include "rules/fn.h"

static void put_nf_conntrack(struct host *h, struct sbuf *out)
{
	ct_print_proc(out, h->ns->ct);
}

static void put_dev(struct host *h, struct sbuf *out)
{
	const struct link *l;

	sbuf_puts(out, "Inter-|   Receive                                                |  Transmit\n"
		       " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "
		       "fifo colls carrier compressed\n");
	list_for_each(l, &h->ns->links.links, node) {
		const struct link_stats *s = &l->stats;

		sbuf_printf(out,
			    "%6s: %7llu %7llu %4llu %4llu    0     0          0         0 %8llu %7llu %4llu %4llu    0 "
			    "    0       0          0\n",
			    l->name, (unsigned long long)s->rx_bytes, (unsigned long long)s->rx_packets,
			    (unsigned long long)s->rx_errors, (unsigned long long)s->rx_dropped,
			    (unsigned long long)s->tx_bytes, (unsigned long long)s->tx_packets,
			    (unsigned long long)s->tx_errors, (unsigned long long)s->tx_dropped);
	}
}

static int put_one_route(void *ctx, const struct route *r)
{
	struct {
		struct host *h;
		struct sbuf *out;
	} *c = ctx;
	union inet_addr mask = addr_mask(AF_INET, r->plen);
	char line[256];

	if (r->type != RTN_UNICAST && r->type != RTN_UNREACHABLE && r->type != RTN_PROHIBIT)
		return 0;
	for (unsigned i = 0; i < MAX(r->n_nh, 1u); i++) {
		const struct nexthop *nh = i < r->n_nh ? &r->nh[i] : NULL;
		const struct link *l = nh ? link_by_index(&c->h->ns->links, nh->ifindex) : NULL;
		unsigned flags = (nh ? 1 : 0x200) | (nh && nh->gw_family ? 2 : 0) | (r->plen == 32 ? 4 : 0);

		snprintf(line, sizeof(line), "%s\t%08X\t%08X\t%04X\t0\t0\t%u\t%08X\t%u\t0\t0", l ? l->name : "*",
			 r->dst.ip4, nh && nh->gw_family ? nh->gw.ip4 : 0, flags, r->metric, mask.ip4, r->mtu);
		sbuf_printf(c->out, "%-127s\n", line);
	}
	return 0;
}

static void put_route(struct host *h, struct sbuf *out)
{
	struct {
		struct host *h;
		struct sbuf *out;
	} ctx = { h, out };

	sbuf_printf(out, "%-127s\n",
		    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT");
	fib_walk(&h->ns->fib, AF_INET, RT_TABLE_MAIN, put_one_route, &ctx);
}

/* ---- IPv6's ---- */

static void put_hex(struct sbuf *out, const union inet_addr *a)
{
	for (unsigned i = 0; i < sizeof(a->b); i++)
		sbuf_printf(out, "%02x", a->b[i]);
}

/* the kernel lists them by a hash: here by scope, the nearest first */
static void put_if_inet6(struct host *h, struct sbuf *out)
{
	static const struct {
		uint8_t scope, shown;
	} order[] = { { RT_SCOPE_HOST, 0x10 }, { RT_SCOPE_LINK, 0x20 }, { RT_SCOPE_SITE, 0x40 }, { RT_SCOPE_UNIVERSE, 0 } };
	const struct link *l;
	const struct link_addr *a;

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		list_for_each(l, &h->ns->links.links, node)
			list_for_each(a, &l->addrs, node) {
				if (a->family != AF_INET6 || a->scope != order[i].scope)
					continue;
				put_hex(out, &a->addr);
				sbuf_printf(out, " %02x %02x %02x %02x %8s\n", l->ifindex, a->plen, order[i].shown,
					    a->flags & 0xff, l->name);
			}
}

static uint32_t route6_flags(const struct route *r, const struct nexthop *nh)
{
	uint32_t f = 1 /* RTF_UP */ | (nh->gw_family ? 2 : 0) | (r->expires_ms ? 0x400000 : 0);

	switch (r->type) {
	case RTN_LOCAL:
		return f | 0x80200000; /* RTF_LOCAL, RTF_NONEXTHOP */
	case RTN_ANYCAST:
		return f | 0x00300000;
	case RTN_BLACKHOLE:
	case RTN_UNREACHABLE:
	case RTN_PROHIBIT:
	case RTN_THROW:
		return f | 0x00200200; /* RTF_REJECT, RTF_NONEXTHOP */
	default:
		return f;
	}
}

static int put_one_route6(void *ctx, const struct route *r)
{
	struct {
		struct host *h;
		struct sbuf *out;
	} *c = ctx;
	const union inet_addr none = { 0 };

	for (unsigned i = 0; i < r->n_nh; i++) {
		const struct link *l = link_by_index(&c->h->ns->links, r->nh[i].ifindex);

		put_hex(c->out, &r->dst);
		sbuf_printf(c->out, " %02x ", r->plen);
		put_hex(c->out, &r->src);
		sbuf_printf(c->out, " %02x ", r->src_plen);
		put_hex(c->out, r->nh[i].gw_family ? &r->nh[i].gw : &none);
		sbuf_printf(c->out, " %08x %08x %08x %08x %8s\n", r->metric, 1, 0, route6_flags(r, &r->nh[i]),
			    l ? l->name : "lo");
	}
	return 0;
}

/* a table without a default route ends with one that stands for none */
static void put_table6(struct host *h, uint32_t table, struct sbuf *out)
{
	struct {
		struct host *h;
		struct sbuf *out;
	} ctx = { h, out };

	fib_walk(&h->ns->fib, AF_INET6, table, put_one_route6, &ctx);
	if (!fib_has_default6(&h->ns->fib, table))
		sbuf_puts(out, "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
			       "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n");
}

static void put_route6(struct host *h, struct sbuf *out)
{
	put_table6(h, RT_TABLE_MAIN, out);
	put_table6(h, RT_TABLE_LOCAL, out);
}

static void put_arp(struct host *h, struct sbuf *out)
{
	const struct neigh *n;
	const struct neigh_proxy *x;
	char addr[ADDR_STRLEN], mac[18];

	sbuf_puts(out, "IP address       HW type     Flags       HW address            Mask     Device\n");
	list_for_each(n, &h->ns->neigh.all, all) {
		const struct link *l = link_by_index(&h->ns->links, n->ifindex);

		if (n->family != AF_INET || !l || !(n->state & ~NUD_NOARP))
			continue;
		sbuf_printf(out, "%-16s 0x%-10x0x%-10x%-17s     *        %s\n", addr_fmt(addr, AF_INET, &n->addr),
			    l->arphrd,
			    n->state == NUD_PERMANENT ? 6
			    : n->have_mac             ? 2
						      : 0,
			    n->have_mac ? fmt_mac(mac, n->mac) : "00:00:00:00:00:00", l->name);
	}
	list_for_each(x, &h->ns->neigh.proxies, node) {
		const struct link *l = link_by_index(&h->ns->links, x->ifindex);

		if (x->family == AF_INET && l)
			sbuf_printf(out, "%-16s 0x%-10x0x%-10x%-17s     *        %s\n",
				    addr_fmt(addr, AF_INET, &x->addr), l->arphrd, ATF_PUBL | ATF_PERM, "00:00:00:00:00:00", l->name);
	}
}

static void put_version(struct host *h, struct sbuf *out)
{
	sbuf_puts(out, "Linux version " LAB_KERNEL " (natbox " NATBOX_VERSION ") #1 SMP natbox\n");
}

static void put_uptime(struct host *h, struct sbuf *out)
{
	uint64_t cs = (sched_now(h->lab->sched) - h->booted_ns) / 10000000;

	sbuf_printf(out, "%llu.%02u %llu.%02u\n", (unsigned long long)(cs / 100), (unsigned)(cs % 100),
		    (unsigned long long)(cs / 100), (unsigned)(cs % 100));
}

static void put_modules(struct host *h, struct sbuf *out)
{
	modules_print(h->lab, out, true);
}

static const struct proc_file {
	const char *path;
	void (*put)(struct host *h, struct sbuf *out);	/* NULL: a folder */
} proc_files[] = {
	{ "/proc", NULL },
	{ "/proc/modules", put_modules },
	{ "/proc/net", NULL },
	{ "/proc/net/arp", put_arp },
	{ "/proc/net/dev", put_dev },
	{ "/proc/net/if_inet6", put_if_inet6 },
	{ "/proc/net/ipv6_route", put_route6 },
	{ "/proc/net/nf_conntrack", put_nf_conntrack },
	{ "/proc/net/route", put_route },
	{ "/proc/net/xt_recent", NULL },
	{ "/proc/sys", NULL },
	{ "/proc/uptime", put_uptime },
	{ "/proc/version", put_version },
};

static const struct proc_file *find(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(proc_files); i++)
		if (strcmp(proc_files[i].path, path) == 0)
			return &proc_files[i];
	return NULL;
}

/* the sysctl that a path under /proc/sys names, or NULL */
static const char *sysctl_of(const char *path)
{
	return strncmp(path, "/proc/sys/", 10) == 0 ? path + 10 : NULL;
}

/* the list of -m recent that a path under /proc/net/xt_recent names, or NULL */
static const char *recent_of(const char *path)
{
	return strncmp(path, "/proc/net/xt_recent/", 20) == 0 ? path + 20 : NULL;
}

static int recent_is(void *ctx, const char *name)
{
	return strcmp(ctx, name) == 0;
}

int proc_file_get(struct host *h, const char *path, struct sbuf *out)
{
	const char *name = sysctl_of(path);
	const struct proc_file *f = find(path);
	int err;

	if (strncmp(path, "/sys", 4) == 0)
		return sys_file_get(h, path, out);
	if (name) {
		err = ns_sysctl_get(h->ns, name, out);
		if (!err)
			sbuf_putc(out, '\n');
		return err;
	}
	if (recent_of(path))
		return recent_print(&h->ns->rules, recent_of(path), out);
	if (!f || !f->put)
		return f ? -EISDIR : -ENOENT;
	f->put(h, out);
	return out->failed ? -ENOMEM : 0;
}

int proc_file_set(struct host *h, const char *path, const void *bytes, size_t n)
{
	const char *name = sysctl_of(path);
	char *value;
	int err;

	if (!name && !recent_of(path))
		return -EACCES;
	while (n && strchr(" \t\n", ((const char *)bytes)[n - 1]))
		n--;
	value = mem_strndup(bytes, n);
	if (!value)
		return -ENOMEM;
	if (name)
		err = ns_sysctl_set(h->ns, name, value);
	else
		err = recent_write(&h->ns->rules, recent_of(path), value, clock_ms(&h->ns->world->clock));
	mem_free(value);
	return err;
}

/* does any sysctl lie under this folder */
struct below {
	const char *dir;		/* with dots, "net.ipv4" */
	size_t len;
	bool any;
	int (*fn)(void *ctx, const char *name);
	void *ctx;
	char last[128];
};

static int one_below(void *ctx, const char *name)
{
	struct below *b = ctx;
	size_t n;

	if (b->len && (strncmp(name, b->dir, b->len) != 0 || name[b->len] != '.'))
		return 0;
	b->any = true;
	if (!b->fn)
		return 1;
	name += b->len + (b->len > 0);
	n = strcspn(name, ".");
	if (n >= sizeof(b->last) || (strncmp(b->last, name, n) == 0 && !b->last[n]))
		return 0;
	memcpy(b->last, name, n);
	b->last[n] = 0;
	return b->fn(b->ctx, b->last);
}

static void below_init(struct below *b, const char *path, char *dots, size_t size)
{
	const char *name = sysctl_of(path);

	snprintf(dots, size, "%s", name ? name : "");
	for (char *c = dots; *c; c++)
		if (*c == '/')
			*c = '.';
	*b = (struct below){ .dir = dots, .len = strlen(dots) };
}

char proc_file_type(struct host *h, const char *path)
{
	const struct proc_file *f = find(path);
	const char *name = sysctl_of(path);
	struct sbuf value = SBUF_INIT;
	struct below b;
	char dots[256];
	int err;

	if (strncmp(path, "/sys", 4) == 0)
		return sys_file_type(h, path);
	if (f)
		return f->put ? 'f' : 'd';
	if (recent_of(path) && recent_names(&h->ns->rules, recent_is, (void *)recent_of(path)))
		return 'f';
	if (!name)
		return 0;
	err = ns_sysctl_get(h->ns, name, &value);
	sbuf_free(&value);
	if (err != -ENOENT)
		return 'f';
	below_init(&b, path, dots, sizeof(dots));
	ns_sysctl_walk(h->ns, one_below, &b);
	return b.any ? 'd' : 0;
}

int proc_file_list(struct host *h, const char *path, int (*fn)(void *ctx, const char *name), void *ctx)
{
	size_t n = strlen(path);
	struct below b;
	char dots[256];

	if (strncmp(path, "/sys", 4) == 0)
		return sys_file_list(h, path, fn, ctx);
	if (strncmp(path, "/proc/sys", 9) == 0) {
		below_init(&b, path, dots, sizeof(dots));
		b.fn = fn;
		b.ctx = ctx;
		return ns_sysctl_walk(h->ns, one_below, &b);
	}
	if (strcmp(path, "/proc/net/xt_recent") == 0)
		return recent_names(&h->ns->rules, fn, ctx);
	for (size_t i = 0; i < ARRAY_LEN(proc_files); i++) {
		const char *p = proc_files[i].path;

		if (strncmp(p, path, n) == 0 && p[n] == '/' && !strchr(p + n + 1, '/'))
			fn(ctx, p + n + 1);
	}
	return 0;
}
