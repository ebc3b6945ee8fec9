/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/sock.c - the sockets of a simulated host: their table, ports, options, and which call goes to which protocol.
 *
 * On the packet's way: path/local.c hands over what is for this host (sock_ns_ops), path_output() takes what is sent.
 * TCP is in tcp*.c, everything else in sock_dgram.c.
 *
 * Theory of operation: a socket with a local port is in the bucket of its protocol and port, where bind() finds
 * conflicts and datagrams and SYNs find their socket; a TCP connection is also in the hash of four-tuples. A socket
 * that ends leaves all tables at once, and its memory is freed when the outermost way in (a packet, a timer, a call) is
 * left, so that code may look at a socket after it killed it.
 *
 * Invariants
 *  1. A socket is in host->all or in host->dead, never in both; count is the length of all.
 *  2. .hash is on a port bucket only while local.port is not 0, and on host->raw for raw sockets.
 *  3. A host never has more than SOCK_MAX sockets, so nobody outside makes it grow by connecting.
 *  4. The local port of a connection that connect() chose is even first, as Linux does, and from ip_local_port_range.
 *
 * References: POSIX.1-2017 section 2.10; Linux ip(7), udp(7), tcp(7), socket(7).
 */
#include "lab/sock.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "lab/sock_private.h"
#include "lab/tcp.h"

#define PORT_MIN_DEFAULT 32768
#define PORT_MAX_DEFAULT 60999

/* ---- the table ---- */

struct sock_host *sock_host_new(struct netns *ns, struct sched *sched, const struct sock_io *io)
{
	struct sock_host *h = mem_zalloc(sizeof(*h));

	if (!h)
		return NULL;
	h->ns = ns;
	h->sched = sched;
	h->io = io;
	h->key = (struct hash_key){ { rng_u64(&ns->world->rng), rng_u64(&ns->world->rng) } };
	h->next_inode = 10000 + rng_below(&ns->world->rng, 10000);
	list_init(&h->all);
	list_init(&h->dead);
	list_init(&h->raw);
	for (unsigned i = 0; i < SOCK_PORT_BUCKETS; i++)
		list_init(&h->ports[i]);
	for (unsigned i = 0; i < SOCK_CONN_BUCKETS; i++)
		list_init(&h->conns[i]);
	ns->sock = &sock_ns_ops;
	ns->sock_ctx = h;
	return h;
}

void sock_host_free(struct sock_host *h)
{
	struct sock *s, *tmp;

	if (!h)
		return;
	sock_enter(h);
	list_for_each_safe(s, tmp, &h->all, all)
		sock_kill(s);
	sock_leave(h);
	h->ns->sock = NULL;
	h->ns->sock_ctx = NULL;
	mem_free(h);
}

struct sock *sock_alloc(struct sock_host *h, int type, int proto)
{
	struct sock *s;

	if (h->count >= SOCK_MAX)
		return NULL;
	s = mem_zalloc(sizeof(*s));
	if (!s)
		return NULL;
	s->host = h;
	s->type = (uint8_t)type;
	s->proto = (uint8_t)proto;
	s->family = AF_INET;
	s->opt[SOCK_OPT_V6ONLY] = h->ns->sysctl.ip6_bindv6only != 0;
	s->rx_tail = &s->rx;
	s->opt[SOCK_OPT_TTL] = -1;
	s->opt[SOCK_OPT_PMTUDISC] = 1;
	s->inode = h->next_inode++;
	s->ip_id = (uint16_t)rng_u32(&h->ns->world->rng);
	waitq_init(&s->wq);
	list_init(&s->hash);
	list_init(&s->errors);
	list_add_tail(&h->all, &s->all);
	h->count++;
	return s;
}

void sock_kill(struct sock *s)
{
	struct sock_host *h = s->host;

	if (s->type == SOCK_STREAM)
		tcp_unhash(s);
	list_del(&s->hash);
	s->state = TCP_CLOSED;
	list_del(&s->all);
	list_add_tail(&h->dead, &s->all);
	h->count--;
}

static void sock_free(struct sock *s)
{
	list_del(&s->all);
	if (s->tcp)
		tcp_free(s);
	dgram_free(s);
	mem_free(s);
}

void sock_enter(struct sock_host *h)
{
	h->depth++;
}

void sock_leave(struct sock_host *h)
{
	if (--h->depth)
		return;
	while (!list_empty(&h->dead))
		sock_free(list_first(&h->dead, struct sock, all));
}

void sock_wake(struct sock *s)
{
	waitq_wake(&s->wq);
}

void sock_set_error(struct sock *s, int err)
{
	s->err = err;
	sock_wake(s);
}

/* ---- ports ---- */

struct list *sock_port_bucket(struct sock_host *h, uint8_t proto, uint16_t port)
{
	return &h->ports[(port ^ proto) % SOCK_PORT_BUCKETS];
}

void sock_set_port(struct sock *s, uint16_t port)
{
	list_del(&s->hash);
	s->local.port = port;
	if (port)
		list_add_tail(sock_port_bucket(s->host, s->proto, port), &s->hash);
}

/* may two sockets have the same port and overlapping addresses */
static bool may_share(const struct sock *a, const struct sock *b, bool listening)
{
	if (a->opt[SOCK_OPT_REUSEPORT] && b->opt[SOCK_OPT_REUSEPORT] && a->opt[SOCK_OPT_UID] == b->opt[SOCK_OPT_UID])
		return true;
	if (!a->opt[SOCK_OPT_REUSEADDR] || !b->opt[SOCK_OPT_REUSEADDR])
		return false;
	return a->type != SOCK_STREAM || (b->state != TCP_LISTEN && !(listening && b->state == TCP_LISTEN));
}

bool sock_is_dual(const struct sock *s)
{
	return s->family == AF_INET6 && !s->opt[SOCK_OPT_V6ONLY];
}

/* does a socket of @s's kind that is bound to @at take packets of @family */
static bool hears(const struct sock *s, const struct sock_addr *at, uint8_t family)
{
	uint8_t own = at->family ? at->family : s->family;

	return own == family || (family == AF_INET && addr_is_any(&at->ip) && sock_is_dual(s));
}

bool sock_takes(const struct sock *s, uint8_t family, const union inet_addr *dst)
{
	return hears(s, &s->local, family) && (addr_is_any(&s->local.ip) || sock_addr_is(&s->local, family, dst));
}

static bool addrs_overlap(const struct sock *a, const struct sock_addr *at, const struct sock *b)
{
	bool v4 = hears(a, at, AF_INET) && hears(b, &b->local, AF_INET);
	bool v6 = hears(a, at, AF_INET6) && hears(b, &b->local, AF_INET6);

	return (v4 || v6) && (addr_is_any(&at->ip) || addr_is_any(&b->local.ip) || addr_eq(&at->ip, &b->local.ip));
}

bool sock_port_conflict(const struct sock *s, const struct sock_addr *at, bool listening)
{
	struct list *head = sock_port_bucket(s->host, s->proto, at->port);
	const struct sock *o;

	list_for_each(o, head, hash) {
		if (o == s || o->local.port != at->port || o->proto != s->proto || o->type != s->type)
			continue;
		if (s->opt[SOCK_OPT_BINDTODEVICE] && o->opt[SOCK_OPT_BINDTODEVICE] &&
		    s->opt[SOCK_OPT_BINDTODEVICE] != o->opt[SOCK_OPT_BINDTODEVICE])
			continue;
		if (addrs_overlap(s, at, o) && !may_share(s, o, listening))
			return true;
	}
	return false;
}

static bool port_free(struct sock *s, uint16_t port)
{
	struct sock_addr at = s->local;

	at.port = port;
	return !sock_port_conflict(s, &at, false);
}

int sock_pick_port(struct sock *s, bool (*usable)(struct sock *s, uint16_t port), uint16_t *port)
{
	const struct ns_sysctl *ctl = &s->host->ns->sysctl;
	uint32_t lo = ctl->ip_local_port_min > 0 ? (uint32_t)ctl->ip_local_port_min : PORT_MIN_DEFAULT;
	uint32_t hi = ctl->ip_local_port_max > 0 ? (uint32_t)ctl->ip_local_port_max : PORT_MAX_DEFAULT;
	uint32_t n, start, step = s->type == SOCK_STREAM ? 2 : 1;

	if (lo > hi || hi > 65535)
		return -EADDRNOTAVAIL;
	n = hi - lo + 1;
	start = rng_below(&s->host->ns->world->rng, n);
	for (uint32_t pass = 0; pass < step; pass++) {
		/* TCP: connect() takes the parity of the range's first port first, bind() the other */
		uint32_t first = step == 2 ? (start & ~1u) + (usable ? pass : 1 - pass) : start;

		for (uint32_t i = 0; i < n; i += step) {
			uint16_t try = (uint16_t)(lo + (first + i) % n);

			if (usable ? usable(s, try) : port_free(s, try)) {
				*port = try;
				return 0;
			}
		}
	}
	return usable ? -EADDRNOTAVAIL : -EADDRINUSE;
}

/* ---- options, addresses ---- */

uint8_t sock_ttl(const struct sock *s, const union inet_addr *dst, const struct link *out)
{
	bool v6 = sock_packets(s) == AF_INET6;
	int ttl;

	if (s->opt[SOCK_OPT_TTL] >= 0)
		return (uint8_t)s->opt[SOCK_OPT_TTL];
	if (v6 && addr_is_multicast(AF_INET6, dst))
		return 1;
	ttl = v6 ? (out ? out->conf6[LINK_CONF6_HOP_LIMIT] : 0) : s->host->ns->sysctl.ip_default_ttl;
	return ttl > 0 ? (uint8_t)ttl : 64;
}

/* fe80::/10 and groups of the link: the same address may be on several */
static bool needs_scope(const union inet_addr *ip)
{
	return (ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80) || (ip->b[0] == 0xff && (ip->b[1] & 0xf) <= 2);
}

bool sock_is_link_local(const struct sock_addr *a)
{
	return a->family == AF_INET6 && needs_scope(&a->ip);
}

static bool is_mapped(const union inet_addr *ip)
{
	return !ip->w[0] && !ip->w[1] && ip->w[2] == htonl(0xffff);
}

int sock_normal(struct sock *s, const struct sock_addr *a, struct sock_addr *out)
{
	int dev = s->opt[SOCK_OPT_BINDTODEVICE];

	*out = *a;
	if (!out->family)
		out->family = s->family;
	if (out->family == AF_INET6 && s->family == AF_INET)
		return -EAFNOSUPPORT;
	if (out->family == AF_INET6 && is_mapped(&a->ip)) {
		out->family = AF_INET;
		out->ip = addr_ip4(a->ip.w[3]);
	}
	if (out->family == AF_INET) {
		out->scope = 0;
		return s->family == AF_INET6 && !sock_is_dual(s) ? -ENETUNREACH : 0;
	}
	if (!needs_scope(&out->ip)) {
		out->scope = 0;
		return 0;
	}
	if (dev && out->scope && dev != out->scope)
		return -EINVAL;
	if (!out->scope)
		out->scope = dev;
	return 0;
}

void sock_addr_put(struct sbuf *out, const struct sock *s, const struct sock_addr *a)
{
	if (s->family == AF_INET6 && a->family == AF_INET && !addr_is_any(&a->ip))
		sbuf_puts(out, "::ffff:");
	addr_put(out, a->family ? a->family : s->family, &a->ip);
}

int sock_route(struct sock *s, const struct sock_addr *to, struct route_result *res)
{
	bool same = s->local.family == to->family;
	struct route_key k = {
		.family = to->family,
		.tos = (uint8_t)(s->opt[SOCK_OPT_TOS] & 0x1c),
		.proto = s->proto,
		.dst = to->ip,
		.oif = s->opt[SOCK_OPT_BINDTODEVICE] ? s->opt[SOCK_OPT_BINDTODEVICE] : to->scope,
		.mark = (uint32_t)s->opt[SOCK_OPT_MARK],
		.sport = s->local.port,
		.dport = to->port,
		.uid = (uint32_t)s->opt[SOCK_OPT_UID],
		.have_ports = s->type != SOCK_RAW,
	};

	if (same)
		k.src = s->local.ip;
	return s->host->io->route(s->host->ns, &k, res);
}

uint64_t sock_flow_hash(const struct sock_host *h, const struct sock_addr *local, const struct sock_addr *peer, uint32_t salt)
{
	struct {
		union inet_addr local, peer;
		uint16_t lport, pport;
		uint32_t salt;
	} key = { local->ip, peer->ip, local->port, peer->port, salt };

	return hash_bytes(&h->key, &key, sizeof(key));
}

uint16_t sock_ident(struct sock_host *h, const struct iphdr *ip)
{
	struct {
		be32 src, dst;
		uint8_t proto, pad[7];
	} key = { .src = ip->saddr, .dst = ip->daddr, .proto = ip->protocol };
	uint16_t id = (uint16_t)(hash_bytes(&h->key, &key, sizeof(key)) + ++h->ns->ip_id);

	return id ? id : 1;
}

void sock_fill_flow(struct sock *s, struct pkt *p)
{
	uint32_t label = (uint32_t)s->opt[SOCK_OPT_FLOWLABEL];

	if (!label && s->host->ns->sysctl.ip6_auto_flowlabels)
		label = s->flow_hash;
	pkt_ip6(p)->flow |= htonl(label & 0xfffff);
}

int sock_output(struct sock *s, struct pkt *p, const struct sock_addr *to, bool df)
{
	int oif = s->opt[SOCK_OPT_BINDTODEVICE] ? s->opt[SOCK_OPT_BINDTODEVICE] : to->scope;
	struct path_out o = { .oif = oif, .have_oif_bind = oif != 0, .hdrincl = s->opt[SOCK_OPT_HDRINCL], .df = df };

	p->mark = (uint32_t)s->opt[SOCK_OPT_MARK];
	p->priority = (uint32_t)s->opt[SOCK_OPT_PRIORITY];
	p->sk = s;
	p->sk_uid = (uint32_t)s->opt[SOCK_OPT_UID];
	p->sk_gid = (uint32_t)s->opt[SOCK_OPT_GID];
	p->flags |= PKT_LOCAL_OUT;
	p->tstamp_ns = s->host->ns->world->clock.now_ns;
	return s->host->io->output(s->host->ns, p, &o);
}

static const struct { int min, max; } opt_range[SOCK_OPT_MAX] = {
	[SOCK_OPT_TTL] = { -1, 255 },
	[SOCK_OPT_TOS] = { 0, 255 },
	[SOCK_OPT_MARK] = { INT32_MIN, INT32_MAX },
	[SOCK_OPT_PRIORITY] = { 0, INT32_MAX },
	[SOCK_OPT_BROADCAST] = { 0, 1 },
	[SOCK_OPT_REUSEADDR] = { 0, 1 },
	[SOCK_OPT_REUSEPORT] = { 0, 1 },
	[SOCK_OPT_BINDTODEVICE] = { 0, INT32_MAX },
	[SOCK_OPT_RECVERR] = { 0, 1 },
	[SOCK_OPT_HDRINCL] = { 0, 1 },
	[SOCK_OPT_PMTUDISC] = { 0, 3 },
	[SOCK_OPT_NODELAY] = { 0, 1 },
	[SOCK_OPT_LINGER0] = { 0, 1 },
	[SOCK_OPT_UID] = { 0, INT32_MAX },
	[SOCK_OPT_GID] = { 0, INT32_MAX },
	[SOCK_OPT_PROTECT_MSS] = { 0, 32767 },
	[SOCK_OPT_V6ONLY] = { 0, 1 },
	[SOCK_OPT_FLOWLABEL] = { 0, 0xfffff },
};

int sock_setopt(struct sock *s, enum sock_opt opt, int val)
{
	if ((unsigned)opt >= SOCK_OPT_MAX || val < opt_range[opt].min || val > opt_range[opt].max ||
	    (opt == SOCK_OPT_TTL && !val && s->family == AF_INET))
		return -EINVAL;
	if (opt == SOCK_OPT_V6ONLY && (s->family != AF_INET6 || s->local.port))
		return -EINVAL;
	if (opt == SOCK_OPT_TOS && s->type == SOCK_STREAM)
		val &= ~3;		/* the ECN bits are TCP's */
	s->opt[opt] = val;
	return 0;
}

int sock_bind_device(struct sock *s, const char *name)
{
	struct link *l;

	if (!*name)
		return sock_setopt(s, SOCK_OPT_BINDTODEVICE, 0);
	l = link_by_name(&s->host->ns->links, name);
	return l ? sock_setopt(s, SOCK_OPT_BINDTODEVICE, l->ifindex) : -ENODEV;
}

static bool addr_bindable(const struct sock *s, const struct sock_addr *a)
{
	const struct ns_sysctl *ctl = &s->host->ns->sysctl;
	uint8_t type;

	if (addr_is_any(&a->ip) || (a->family == AF_INET ? ctl->ip_nonlocal_bind : ctl->ip6_nonlocal_bind))
		return true;
	type = s->host->io->addr_type(s->host->ns, a->family, &a->ip);
	return type == RTN_LOCAL || (s->type != SOCK_STREAM && (type == RTN_BROADCAST || type == RTN_MULTICAST));
}

/* ---- calls ---- */

int sock_new(struct sock_host *h, int type, int proto, struct sock **out)
{
	return sock_open(h, AF_INET, type, proto, out);
}

int sock_open(struct sock_host *h, int family, int type, int proto, struct sock **out)
{
	int icmp = family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	struct sock *s;

	if (family != AF_INET && family != AF_INET6)
		return -EAFNOSUPPORT;
	if (!proto)
		proto = type == SOCK_STREAM ? IPPROTO_TCP : type == SOCK_DGRAM ? IPPROTO_UDP : 0;
	if ((type == SOCK_STREAM && proto != IPPROTO_TCP) ||
	    (type == SOCK_DGRAM && proto != IPPROTO_UDP && proto != icmp) || !proto)
		return -EPROTONOSUPPORT;
	if (h->count >= SOCK_MAX)
		return -ENFILE;
	s = sock_alloc(h, type, proto);
	if (!s)
		return -ENOMEM;
	s->family = (uint8_t)family;
	if (family == AF_INET6 && type == SOCK_RAW)
		s->opt[SOCK_OPT_V6ONLY] = 1;
	if (type == SOCK_RAW) {
		list_add_tail(&h->raw, &s->hash);
		if (proto == IPPROTO_RAW)
			s->opt[SOCK_OPT_HDRINCL] = 1;
	}
	if (type == SOCK_STREAM && tcp_init(s)) {
		sock_enter(h);
		sock_kill(s);
		sock_leave(h);
		return -ENOMEM;
	}
	*out = s;
	return 0;
}

void sock_close(struct sock *s)
{
	struct sock_host *h;

	if (!s)
		return;
	h = s->host;
	sock_enter(h);
	s->orphan = true;
	if (s->type == SOCK_STREAM)
		tcp_close(s);
	else
		sock_kill(s);
	sock_leave(h);
}

/* bound to a link-local address is bound to its link */
static int bind_scope(struct sock *s, const struct sock_addr *at)
{
	if (!sock_is_link_local(at) || addr_is_multicast(AF_INET6, &at->ip))
		return 0;
	if (!at->scope)
		return -EINVAL;
	s->opt[SOCK_OPT_BINDTODEVICE] = at->scope;
	return 0;
}

int sock_bind(struct sock *s, const struct sock_addr *a)
{
	const struct ns_sysctl *ctl = &s->host->ns->sysctl;
	struct sock_addr at;
	uint16_t port;
	int err;

	if (s->local.port || s->bound_addr)
		return -EINVAL;
	err = sock_normal(s, a, &at);
	if (!err)
		err = bind_scope(s, &at);
	if (err)
		return err == -ENETUNREACH ? -EINVAL : err;
	if (!addr_bindable(s, &at))
		return -EADDRNOTAVAIL;
	if (s->type == SOCK_RAW) {
		at.port = 0;
		s->local = at;
		s->bound_addr = !addr_is_any(&at.ip);
		return 0;
	}
	if (at.port && at.port < (ctl->ip_unprivileged_port_start ? ctl->ip_unprivileged_port_start : 1024) &&
	    s->opt[SOCK_OPT_UID] && !sock_is_icmp(s->proto))
		return -EACCES;
	if (at.port && sock_port_conflict(s, &at, false))
		return -EADDRINUSE;
	port = at.port;
	at.port = 0;
	s->local = at;
	if (!port && (err = sock_pick_port(s, NULL, &port))) {
		s->local = (struct sock_addr){ .port = 0 };
		return err;
	}
	s->bound_addr = !addr_is_any(&at.ip);
	s->bound_port = true;
	sock_set_port(s, port);
	return 0;
}

int sock_listen(struct sock *s, int backlog)
{
	uint16_t port;
	int err;

	if (s->type != SOCK_STREAM)
		return -EOPNOTSUPP;
	if (s->state != TCP_CLOSED && s->state != TCP_LISTEN)
		return -EINVAL;
	if (!s->local.port) {
		err = sock_pick_port(s, NULL, &port);
		if (err)
			return err;
		sock_set_port(s, port);
	}
	if (s->state == TCP_CLOSED && sock_port_conflict(s, &s->local, true))
		return -EADDRINUSE;
	return tcp_listen(s, backlog);
}

int sock_accept(struct sock *s, struct sock **out)
{
	if (s->type != SOCK_STREAM)
		return -EOPNOTSUPP;
	return s->state == TCP_LISTEN ? tcp_accept(s, out) : -EINVAL;
}

int sock_connect(struct sock *s, const struct sock_addr *to)
{
	struct sock_addr dst;
	int err = sock_normal(s, to, &dst);

	if (err)
		return err;
	if (addr_is_any(&dst.ip))
		dst.ip = dst.family == AF_INET ? addr_ip4(htonl(INADDR_LOOPBACK)) : (union inet_addr){ .b = { [15] = 1 } };
	if (s->local.family && !addr_is_any(&s->local.ip) && s->local.family != dst.family)
		return dst.family == AF_INET ? -ENETUNREACH : -EINVAL;
	if (sock_is_link_local(&dst)) {
		if (!dst.scope)
			return -EINVAL;
		s->opt[SOCK_OPT_BINDTODEVICE] = dst.scope;
	}
	sock_enter(s->host);
	err = s->type == SOCK_STREAM ? tcp_connect(s, &dst) : dgram_connect(s, &dst);
	sock_leave(s->host);
	return err;
}

int sock_take_error(struct sock *s)
{
	int err = s->err;

	s->err = 0;
	return err;
}

ssize_t sock_sendto(struct sock *s, const void *bytes, size_t n, const struct sock_addr *to)
{
	ssize_t did;
	int err;

	sock_enter(s->host);
	if (s->type == SOCK_STREAM) {
		did = to ? -EISCONN : tcp_send(s, bytes, n);
	} else {
		err = sock_take_error(s);
		did = err ? -err : dgram_send(s, bytes, n, to);
	}
	sock_leave(s->host);
	return did;
}

ssize_t sock_send(struct sock *s, const void *bytes, size_t n)
{
	return sock_sendto(s, bytes, n, NULL);
}

ssize_t sock_recvfrom(struct sock *s, void *bytes, size_t n, struct sock_msg *msg)
{
	ssize_t did;

	if (s->type != SOCK_STREAM)
		return dgram_recv(s, bytes, n, msg);
	sock_enter(s->host);
	did = tcp_recv(s, bytes, n);
	sock_leave(s->host);
	if (did >= 0 && msg)
		*msg = (struct sock_msg){ .from = s->peer, .to = s->local, .len = (uint32_t)did };
	return did;
}

ssize_t sock_recv(struct sock *s, void *bytes, size_t n)
{
	return sock_recvfrom(s, bytes, n, NULL);
}

int sock_shutdown(struct sock *s, int how)
{
	int err = 0;

	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		return -EINVAL;
	if (s->state == TCP_CLOSED)
		return -ENOTCONN;
	sock_enter(s->host);
	if (how != SHUT_WR)
		s->rd_shut = true;
	if (how != SHUT_RD && !s->wr_shut) {
		s->wr_shut = true;
		if (s->type == SOCK_STREAM)
			err = tcp_shutdown_wr(s);
	}
	sock_wake(s);
	sock_leave(s->host);
	return err;
}

unsigned sock_poll(const struct sock *s)
{
	unsigned ev = 0;

	if (s->err)
		ev |= POLLERR;
	if (!list_empty(&s->errors))
		ev |= POLLERR;
	if (s->type == SOCK_STREAM)
		return ev | tcp_poll(s);
	if (s->rx || s->rd_shut)
		ev |= POLLIN;
	return ev | POLLOUT;
}

/* ---- from the packet's way ---- */

static enum drop_reason sock_deliver(struct netns *ns, struct pkt *p)
{
	struct sock_host *h = ns->sock_ctx;
	enum drop_reason why;
	bool any = false;

	sock_enter(h);
	raw_deliver(h, p, &any);
	if (p->proto == IPPROTO_TCP)
		why = tcp_deliver(h, p);
	else if (p->proto == IPPROTO_UDP || sock_is_icmp(p->proto))
		why = dgram_deliver(h, p);
	else
		why = any ? DROP_NONE : DROP_NO_PROTOCOL;
	if (any && why == DROP_NONE && p->proto != IPPROTO_TCP && p->proto != IPPROTO_UDP && !sock_is_icmp(p->proto))
		pkt_free(p);		/* the raw sockets have their copies */
	sock_leave(h);
	return why;
}

static void sock_icmp_error(struct netns *ns, const struct pkt *p, uint8_t type, uint8_t code, uint32_t info,
			    const uint8_t *quote, size_t quote_len)
{
	struct sock_host *h = ns->sock_ctx;
	struct tuple t;
	bool fatal;
	int err = sock_icmp_errno(p->family, type, code, &fatal);

	if (!err || tuple_of_bytes(p->family, quote, quote_len, 0, &t))
		return;
	sock_enter(h);
	if (t.proto == IPPROTO_TCP)
		tcp_icmp_error(h, err, sock_is_too_big(p->family, type, code), &t, quote, quote_len);
	else
		dgram_icmp_error(h, p, err, fatal, type, code, info, &t, quote, quote_len);
	sock_leave(h);
}

/* something below says that a packet of ours went nowhere */
static void sock_send_error(struct netns *ns, const struct pkt *p, int err)
{
	struct sock_host *h = ns->sock_ctx;
	struct tuple t;

	if (tuple_of_bytes(p->family, pkt_l3(p), pkt_l3_len(p), 0, &t))
		return;
	sock_enter(h);
	if (t.proto == IPPROTO_TCP)
		tcp_icmp_error(h, err, false, &t, pkt_l3(p), pkt_l3_len(p));
	else
		dgram_icmp_error(h, p, err, false, p->family == AF_INET ? ICMP_DEST_UNREACH : ICMPV6_DEST_UNREACH,
				 p->family == AF_INET ? ICMP_HOST_UNREACH : ICMPV6_ADDR_UNREACH, 0, &t, pkt_l3(p),
				 pkt_l3_len(p));
	sock_leave(h);
}

static bool sock_port_used(struct netns *ns, uint8_t proto, const union inet_addr *addr, be16 port)
{
	struct sock_host *h = ns->sock_ctx;
	struct list *head = sock_port_bucket(h, proto, ntohs(port));
	const struct sock *s;

	list_for_each(s, head, hash)
		if (s->proto == proto && s->local.port == ntohs(port) &&
		    (addr_is_any(&s->local.ip) || addr_eq(&s->local.ip, addr)))
			return true;
	return false;
}

const struct sock_ops sock_ns_ops = {
	.deliver = sock_deliver,
	.icmp_error = sock_icmp_error,
	.send_error = sock_send_error,
	.port_used = sock_port_used,
};

/* ---- ss ---- */

static const char *const state_names[] = {
	[TCP_CLOSED] = "UNCONN",	  [TCP_LISTEN] = "LISTEN",	    [TCP_SYN_SENT] = "SYN-SENT",
	[TCP_SYN_RECEIVED] = "SYN-RECV",  [TCP_ESTABLISHED] = "ESTAB",	    [TCP_FIN_WAIT_1] = "FIN-WAIT-1",
	[TCP_FIN_WAIT_2] = "FIN-WAIT-2",  [TCP_CLOSE_WAIT] = "CLOSE-WAIT",  [TCP_CLOSING] = "CLOSING",
	[TCP_LAST_ACK] = "LAST-ACK",	  [TCP_TIME_WAIT] = "TIME-WAIT",
};

static_assert(ARRAY_LEN(state_names) == TCP_STATE_MAX, "every state has a name");

int sock_walk(struct sock_host *h, int (*fn)(void *ctx, const struct sock *s), void *ctx)
{
	struct sock *s, *tmp;
	int err;

	list_for_each_safe(s, tmp, &h->all, all) {
		err = fn(ctx, s);
		if (err)
			return err;
	}
	return 0;
}

const char *sock_state_name(const struct sock *s)
{
	return state_names[s->state];
}

void sock_queues(const struct sock *s, uint32_t *recvq, uint32_t *sendq)
{
	*recvq = s->rx_bytes;
	*sendq = 0;
	if (s->type == SOCK_STREAM)
		tcp_queues(s, recvq, sendq);
}
