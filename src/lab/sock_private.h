/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/sock_private.h - what the files of the sockets share: the table, and what TCP and datagrams do for it.
 */
#ifndef LAB_SOCK_PRIVATE_H
#define LAB_SOCK_PRIVATE_H

#include "base/hash.h"
#include "lab/sock.h"

#define SOCK_PORT_BUCKETS 256
#define SOCK_CONN_BUCKETS 1024

struct sock_host {
	struct netns *ns;
	struct sched *sched;
	const struct sock_io *io;
	struct hash_key key;
	struct list all;			/* of struct sock */
	struct list dead;			/* gone from all tables, to be freed when nobody looks at them */
	struct list ports[SOCK_PORT_BUCKETS];	/* by protocol and local port */
	struct list conns[SOCK_CONN_BUCKETS];	/* TCP with a peer, by four-tuple: struct tcp.conn */
	struct list raw;
	unsigned count, depth;
	uint64_t next_inode;
};

/* sock.c */
struct sock *sock_alloc(struct sock_host *h, int type, int proto);
void sock_kill(struct sock *s);			/* out of all tables; freed at the next sock_leave() */
/* every way in from outside (packets, timers, programs that close) is between these; the outermost frees what died */
void sock_enter(struct sock_host *h);
void sock_leave(struct sock_host *h);
void sock_wake(struct sock *s);
void sock_set_error(struct sock *s, int err);	/* positive errno; wakes */
/** sock_set_port() - put it among the sockets of that local port; 0 takes it out */
void sock_set_port(struct sock *s, uint16_t port);
bool sock_port_conflict(const struct sock *s, const struct sock_addr *at, bool listening);
/** sock_takes() - may a packet of @family to @dst be for @s, by its family and its local address */
bool sock_takes(const struct sock *s, uint8_t family, const union inet_addr *dst);
/** sock_addr_is() - is it that address of that family */
static inline bool sock_addr_is(const struct sock_addr *a, uint8_t family, const union inet_addr *ip)
{
	return a->family == family && addr_eq(&a->ip, ip);
}
/** sock_packets() - the family of what it sends and, while connected, receives */
static inline uint8_t sock_packets(const struct sock *s)
{
	return s->peer.family ? s->peer.family : s->local.family ? s->local.family : s->family;
}
/**
 * sock_normal() - @a as addresses are kept: its family filled in, mapped IPv4 as IPv4
 * Return: 0, -EAFNOSUPPORT, -ENETUNREACH (IPv4 in a socket that has none), -EINVAL (a link-local one without interface)
 */
int sock_normal(struct sock *s, const struct sock_addr *a, struct sock_addr *out);
/** sock_is_link_local() - an address that needs an interface beside it */
bool sock_is_link_local(const struct sock_addr *a);
/** sock_is_icmp() - ICMP of the family */
static inline bool sock_is_icmp(uint8_t proto)
{
	return proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6;
}
/**
 * sock_pick_port() - a free port of the local range; @usable NULL: one without any conflict. 0 or -EADDRINUSE,
 * -EADDRNOTAVAIL
 */
int sock_pick_port(struct sock *s, bool (*usable)(struct sock *s, uint16_t port), uint16_t *port);
struct list *sock_port_bucket(struct sock_host *h, uint8_t proto, uint16_t port);
/** sock_route() - route and source address to @to by the socket's options; @err as connect() gives it */
int sock_route(struct sock *s, const struct sock_addr *to, struct route_result *res);
uint8_t sock_ttl(const struct sock *s, const union inet_addr *dst, const struct link *out);
/** sock_fill_flow() - IPv6's flow label: the socket's or the connection's; path_output() picks one where there is none */
void sock_fill_flow(struct sock *s, struct pkt *p);
/** sock_output() - hand a built packet to @to down with the socket's mark, owner and device */
int sock_output(struct sock *s, struct pkt *p, const struct sock_addr *to, bool df);
/* IPv4's identification where no connection has its own */
uint16_t sock_ident(struct sock_host *h, const struct iphdr *ip);
/** sock_flow_hash() - of addresses, ports and @salt */
uint64_t sock_flow_hash(const struct sock_host *h, const struct sock_addr *local, const struct sock_addr *peer, uint32_t salt);

/* sock_dgram.c */
ssize_t dgram_send(struct sock *s, const void *bytes, size_t n, const struct sock_addr *to);
ssize_t dgram_recv(struct sock *s, void *bytes, size_t n, struct sock_msg *msg);
int dgram_connect(struct sock *s, const struct sock_addr *to);
enum drop_reason dgram_deliver(struct sock_host *h, struct pkt *p);
void raw_deliver(struct sock_host *h, const struct pkt *p, bool *any);
void dgram_icmp_error(struct sock_host *h, const struct pkt *p, int err, bool fatal, uint8_t type, uint8_t code,
		      uint32_t info, const struct tuple *t, const uint8_t *quote, size_t len);
void dgram_free(struct sock *s);
bool dgram_error_queue(struct sock *s, const struct sock_error *e);
int sock_icmp_errno(uint8_t family, uint8_t type, uint8_t code, bool *fatal);	/* positive errno, 0: none */
/** sock_is_too_big() - fragmentation needed, packet too big */
bool sock_is_too_big(uint8_t family, uint8_t type, uint8_t code);

#endif
