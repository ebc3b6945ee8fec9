/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/sock_dgram.c - sockets that send and receive packet by packet: UDP, ping (ICMP echo), raw IP, of both families.
 *
 * On the packet's way: local delivery in, path_output() out.
 *
 * Theory of operation: a received packet waits in the socket as it came, so waiting costs no copy; SOCK_BUF bounds the
 * bytes of buffers that wait, the rest is dropped and counted as a receive buffer error. Of the UDP sockets on a port
 * the most particular takes a datagram: connected to its sender before bound to its address before bound to its device
 * before the rest. Broadcast and multicast go to all of them. An ICMP error reaches the sender: always when it asked
 * for the error queue, else only a connected socket and only when the error is final.
 *
 * References: RFC 768; RFC 1122 section 4.1.3; udp(7), raw(7), icmp(7).
 */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "lab/sock_private.h"
#include "net/edit.h"
#include "net/parse.h"
#include "net/reply.h"

#define UDP_HLEN 8
#define ICMP_HLEN 8
#define IP_DF 0x4000
#define MAX_ERRORS 64

/* what an ICMP destination unreachable means to a socket, by code (RFC 1122 section 4.1.3.3; ip(7)) */
static const struct {
	int err;
	bool fatal;
} unreach[] = {
	[ICMP_NET_UNREACH] = { ENETUNREACH, false },    [ICMP_HOST_UNREACH] = { EHOSTUNREACH, false },
	[ICMP_PROT_UNREACH] = { ENOPROTOOPT, true },    [ICMP_PORT_UNREACH] = { ECONNREFUSED, true },
	[ICMP_FRAG_NEEDED] = { EMSGSIZE, false },       [ICMP_SR_FAILED] = { EOPNOTSUPP, false },
	[ICMP_NET_UNKNOWN] = { ENETUNREACH, true },     [ICMP_HOST_UNKNOWN] = { EHOSTDOWN, true },
	[ICMP_HOST_ISOLATED] = { ENONET, true },        [ICMP_NET_ANO] = { ENETUNREACH, true },
	[ICMP_HOST_ANO] = { EHOSTUNREACH, true },       [ICMP_NET_UNR_TOS] = { ENETUNREACH, false },
	[ICMP_HOST_UNR_TOS] = { EHOSTUNREACH, false },  [ICMP_PKT_FILTERED] = { EHOSTUNREACH, true },
	[ICMP_PREC_VIOLATION] = { EHOSTUNREACH, true }, [ICMP_PREC_CUTOFF] = { EHOSTUNREACH, true },
};

/* the same of ICMPv6 (RFC 4443 section 3.1) */
static const struct {
	int err;
	bool fatal;
} unreach6[] = {
	[ICMPV6_NOROUTE] = { ENETUNREACH, false },	  [ICMPV6_ADM_PROHIBITED] = { EACCES, true },
	[ICMPV6_NOT_NEIGHBOUR] = { EHOSTUNREACH, false }, [ICMPV6_ADDR_UNREACH] = { EHOSTUNREACH, false },
	[ICMPV6_PORT_UNREACH] = { ECONNREFUSED, true },	  [ICMPV6_POLICY_FAIL] = { EACCES, true },
	[ICMPV6_REJECT_ROUTE] = { EACCES, true },
};

static int icmp6_errno(uint8_t type, uint8_t code, bool *fatal)
{
	switch (type) {
	case ICMPV6_DEST_UNREACH:
		*fatal = code >= ARRAY_LEN(unreach6) || unreach6[code].fatal;
		return code >= ARRAY_LEN(unreach6) ? EPROTO : unreach6[code].err;
	case ICMPV6_PKT_TOOBIG:
		return EMSGSIZE;
	case ICMPV6_TIME_EXCEED:
		return EHOSTUNREACH;
	case ICMPV6_PARAMPROB:
		*fatal = true;
		return EPROTO;
	}
	return 0;
}

int sock_icmp_errno(uint8_t family, uint8_t type, uint8_t code, bool *fatal)
{
	*fatal = false;
	if (family == AF_INET6)
		return icmp6_errno(type, code, fatal);
	switch (type) {
	case ICMP_DEST_UNREACH:
		if (code >= ARRAY_LEN(unreach))
			return EHOSTUNREACH;
		*fatal = unreach[code].fatal;
		return unreach[code].err;
	case ICMP_TIME_EXCEEDED:
		return EHOSTUNREACH;
	case ICMP_PARAMETERPROB:
		*fatal = true;
		return EPROTO;
	}
	return 0;
}

bool sock_is_too_big(uint8_t family, uint8_t type, uint8_t code)
{
	return family == AF_INET6 ? type == ICMPV6_PKT_TOOBIG : type == ICMP_DEST_UNREACH && code == ICMP_FRAG_NEEDED;
}

/* ---- out ---- */

static int autobind(struct sock *s)
{
	uint16_t port;
	int err;

	if (s->local.port || s->type == SOCK_RAW)
		return 0;
	err = sock_pick_port(s, NULL, &port);
	if (err)
		return err == -EADDRINUSE ? -EAGAIN : err;
	sock_set_port(s, port);
	return 0;
}

int dgram_connect(struct sock *s, const struct sock_addr *to)
{
	struct route_result res;
	int err = sock_route(s, to, &res);

	if (err)
		return err;
	if (res.type == RTN_BROADCAST && !s->opt[SOCK_OPT_BROADCAST])
		return -EACCES;
	err = autobind(s);
	if (err)
		return err;
	if (!s->bound_addr)
		s->local.ip = res.prefsrc;
	s->local.family = to->family;
	s->peer = *to;
	s->flow_hash = (uint32_t)sock_flow_hash(s->host, &s->local, &s->peer, 0xf10);
	s->state = TCP_ESTABLISHED;
	s->ip_id = (uint16_t)rng_u32(&s->host->ns->world->rng);
	return 0;
}

/* the payload with the header of the socket's own kind, into a new packet */
static int build(struct sock *s, const struct sock_addr *to, const union inet_addr *src, uint8_t ttl, const void *bytes, size_t n,
		 struct pkt **out)
{
	uint32_t hlen = s->proto == IPPROTO_UDP && s->type == SOCK_DGRAM ? UDP_HLEN : 0;
	struct pkt *p = build_ip(&s->host->ns->world->pool, to->family, src, &to->ip, s->proto, ttl,
				 (uint8_t)s->opt[SOCK_OPT_TOS], hlen + (uint32_t)n);
	uint8_t *h;

	if (!p)
		return -ENOBUFS;
	h = pkt_l4(p);
	if (n)
		memcpy(h + hlen, bytes, n);
	if (hlen) {
		put_u16(h, s->local.port);
		put_u16(h + 2, to->port);
		put_u16(h + 4, (uint16_t)(hlen + n));
		put_u16(h + 6, 0);
	} else if (s->type == SOCK_DGRAM) {
		put_u16(h + 4, s->local.port);
	}
	*out = p;
	return 0;
}

/* a raw socket whose sender writes the IP header: length, checksum, and what it left zero are filled in */
static int build_hdrincl(struct sock *s, const union inet_addr *src, const void *bytes, size_t n, struct pkt **out)
{
	struct pkt *p;
	struct iphdr *ip;

	if (n < sizeof(*ip) || s->family != AF_INET)
		return -EINVAL;
	p = pkt_alloc(&s->host->ns->world->pool, ETH_HLEN + (uint32_t)n);
	if (!p)
		return -ENOBUFS;
	memcpy(pkt_append(p, (uint32_t)n), bytes, n);
	ip = pkt_ip4(p);
	if (ip->version != 4 || ip->ihl < 5 || ip->ihl * 4u > n) {
		pkt_free(p);
		return -EINVAL;
	}
	if (!ip->saddr)
		ip->saddr = src->ip4;
	ip->tot_len = htons((uint16_t)n);
	p->l4 = p->l3 + ip->ihl * 4u;
	p->ethertype = htons(ETH_P_IP);
	p->family = AF_INET;
	p->proto = ip->protocol;
	*out = p;
	return 0;
}

static void fill_ident(struct sock *s, struct pkt *p, bool df)
{
	struct iphdr *ip = pkt_ip4(p);

	if (p->family == AF_INET6) {
		sock_fill_flow(s, p);
		return;
	}
	ip->frag_off = htons(df ? IP_DF : 0);
	if (s->state == TCP_ESTABLISHED)
		ip->id = htons(s->ip_id++);
	else
		ip->id = htons(sock_ident(s->host, ip));
}

/* IPv6 has no such bit: it says there whether the sender itself may cut the packet */
static bool want_df(struct sock *s, const struct route_result *res, uint32_t len, const struct sock_addr *to)
{
	if (to->family == AF_INET6)
		return s->opt[SOCK_OPT_PMTUDISC] >= 2;
	switch (s->opt[SOCK_OPT_PMTUDISC]) {
	case 0:
		return false;
	case 1:
		return !s->host->ns->sysctl.ip_no_pmtu_disc && len <= s->host->io->pmtu(s->host->ns, &to->ip, res->mtu);
	}
	return true;
}

/* what sendto() says of its arguments */
static int check_send(const struct sock *s, const void *bytes, size_t n, const struct sock_addr *to)
{
	bool udp = s->type == SOCK_DGRAM && s->proto == IPPROTO_UDP, ping = s->type == SOCK_DGRAM && !udp;

	if (n > 0xffff - (to->family == AF_INET ? sizeof(struct iphdr) : 0) - (udp ? UDP_HLEN : 0))
		return -EMSGSIZE;
	if (udp && !to->port)
		return -EINVAL;
	if (ping && (n < ICMP_HLEN || ((const uint8_t *)bytes)[0] != (s->family == AF_INET ? ICMP_ECHO : ICMPV6_ECHO_REQUEST)))
		return -EINVAL;
	return 0;
}

static ssize_t send_to(struct sock *s, const void *bytes, size_t n, const struct sock_addr *to)
{
	struct route_result res;
	union inet_addr src;
	struct pkt *p;
	bool df = false;
	int err = check_send(s, bytes, n, to);

	if (!err)
		err = autobind(s);
	if (!err)
		err = sock_route(s, to, &res);
	if (err)
		return err;
	if (res.type == RTN_BROADCAST && !s->opt[SOCK_OPT_BROADCAST])
		return -EACCES;
	src = addr_is_any(&s->local.ip) || s->local.family != to->family ? res.prefsrc : s->local.ip;
	if (s->opt[SOCK_OPT_HDRINCL]) {
		err = build_hdrincl(s, &src, bytes, n, &p);
	} else {
		err = build(s, to, &src, sock_ttl(s, &to->ip, res.out), bytes, n, &p);
		df = want_df(s, &res, err ? 0 : pkt_l3_len(p), to);
		if (!err)
			fill_ident(s, p, df);
	}
	if (err)
		return err;
	edit_fill_checksums(p);
	err = sock_output(s, p, to, df);
	return err ? err : (ssize_t)n;
}

ssize_t dgram_send(struct sock *s, const void *bytes, size_t n, const struct sock_addr *to)
{
	struct sock_addr dst;
	int err;

	if (s->wr_shut)
		return -EPIPE;
	if (!to && s->state != TCP_ESTABLISHED)
		return -EDESTADDRREQ;
	if (!to)
		return send_to(s, bytes, n, &s->peer);
	err = sock_normal(s, to, &dst);
	return err ? err : send_to(s, bytes, n, &dst);
}

/* ---- in ---- */

/* @p into the socket's queue; it is freed when there is no room */
static enum drop_reason enqueue(struct sock *s, struct pkt *p)
{
	if (s->rx_bytes + p->cap > SOCK_BUF || s->rd_shut) {
		s->rx_dropped++;
		return DROP_SOCKET_FULL;
	}
	p->next = NULL;
	p->ct = NULL;
	p->sk = NULL;
	p->dst = NULL;
	*s->rx_tail = p;
	s->rx_tail = &p->next;
	s->rx_bytes += p->cap;
	sock_wake(s);
	return DROP_NONE;
}

static void enqueue_copy(struct sock *s, const struct pkt *p)
{
	struct pkt *copy = pkt_clone(p);

	if (copy && enqueue(s, copy) != DROP_NONE)
		pkt_free(copy);
}

static bool takes_addr(const struct sock *s, const struct pkt *p, const union inet_addr *src,
		       const union inet_addr *dst)
{
	if (s->opt[SOCK_OPT_BINDTODEVICE] && s->opt[SOCK_OPT_BINDTODEVICE] != p->iif)
		return false;
	return sock_takes(s, p->family, dst) && (s->state != TCP_ESTABLISHED || sock_addr_is(&s->peer, p->family, src));
}

/* how well a UDP socket fits, -1: not at all */
static int udp_score(const struct sock *s, const struct pkt *p, const struct tuple *t)
{
	int score = s->family == t->family;

	if (s->type != SOCK_DGRAM || s->proto != IPPROTO_UDP || s->local.port != ntohs(t->dport) ||
	    !takes_addr(s, p, &t->src, &t->dst))
		return -1;
	if (s->state == TCP_ESTABLISHED) {
		if (s->peer.port != ntohs(t->sport))
			return -1;
		score += 16;
	}
	if (!addr_is_any(&s->local.ip))
		score += 8;
	if (s->opt[SOCK_OPT_BINDTODEVICE])
		score += 4;
	return score;
}

static struct sock *udp_lookup(struct sock_host *h, const struct pkt *p, const struct tuple *t)
{
	struct list *head = sock_port_bucket(h, IPPROTO_UDP, ntohs(t->dport));
	struct sock *s, *best = NULL;
	int score, best_score = -1;

	list_for_each(s, head, hash) {
		score = udp_score(s, p, t);
		if (score > best_score) {
			best = s;
			best_score = score;
		}
	}
	return best;
}

static enum drop_reason udp_deliver(struct sock_host *h, struct pkt *p)
{
	const struct udphdr *uh = pkt_udp(p);
	union inet_addr dst = pkt_dst(p);
	struct list *head;
	struct tuple t;
	struct sock *s;
	bool any = false;

	if (!uh || ntohs(uh->len) < UDP_HLEN || ntohs(uh->len) > pkt_l4_len(p))
		return DROP_MALFORMED;
	if (!parse_l4_checksum(p))
		return DROP_CHECKSUM;
	tuple_of_pkt(p, 0, &t);
	if (p->pkt_type != PACKET_HOST || addr_is_multicast(p->family, &dst) ||
	    (p->family == AF_INET && dst.ip4 == htonl(INADDR_BROADCAST))) {
		head = sock_port_bucket(h, IPPROTO_UDP, ntohs(t.dport));
		list_for_each(s, head, hash) {
			if (udp_score(s, p, &t) < 0)
				continue;
			enqueue_copy(s, p);
			any = true;
		}
		if (any)
			pkt_free(p);
		return any ? DROP_NONE : DROP_NO_SOCKET;
	}
	s = udp_lookup(h, p, &t);
	return s ? enqueue(s, p) : DROP_NO_SOCKET;
}

static struct sock *ping_lookup(struct sock_host *h, uint8_t family, uint16_t id, const union inet_addr *local)
{
	uint8_t proto = family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	struct list *head = sock_port_bucket(h, proto, id);
	struct sock *s;

	list_for_each(s, head, hash)
		if (s->type == SOCK_DGRAM && s->proto == proto && s->local.port == id && sock_takes(s, family, local))
			return s;
	return NULL;
}

static enum drop_reason ping_deliver(struct sock_host *h, struct pkt *p)
{
	const uint8_t *icmp = p->flags & (PKT_LATER_FRAG | PKT_L4_CUT) || pkt_l4_len(p) < ICMP_HLEN ? NULL : pkt_l4(p);
	union inet_addr dst = pkt_dst(p);
	struct sock *s;

	if (!icmp || icmp[0] != (p->family == AF_INET ? ICMP_ECHOREPLY : ICMPV6_ECHO_REPLY))
		return DROP_NO_SOCKET;
	s = ping_lookup(h, p->family, get_u16(icmp + 4), &dst);
	return s ? enqueue(s, p) : DROP_NO_SOCKET;
}

enum drop_reason dgram_deliver(struct sock_host *h, struct pkt *p)
{
	return p->proto == IPPROTO_UDP ? udp_deliver(h, p) : ping_deliver(h, p);
}

void raw_deliver(struct sock_host *h, const struct pkt *p, bool *any)
{
	union inet_addr src = pkt_src(p), dst = pkt_dst(p);
	struct sock *s;

	list_for_each(s, &h->raw, hash) {
		if (s->proto != p->proto || s->family != p->family || !takes_addr(s, p, &src, &dst))
			continue;
		enqueue_copy(s, p);
		*any = true;
	}
}

ssize_t dgram_recv(struct sock *s, void *bytes, size_t n, struct sock_msg *msg)
{
	struct pkt *p = s->rx;
	uint32_t off, len;
	bool udp = s->type == SOCK_DGRAM && s->proto == IPPROTO_UDP;
	size_t take;

	if (s->err)
		return -sock_take_error(s);
	if (!p)
		return s->rd_shut ? 0 : -EAGAIN;
	s->rx = p->next;
	if (!s->rx)
		s->rx_tail = &s->rx;
	s->rx_bytes -= p->cap;
	off = s->type == SOCK_RAW && p->family == AF_INET ? p->l3 : p->l4 + (udp ? UDP_HLEN : 0);
	len = udp ? ntohs(pkt_udp(p)->len) - UDP_HLEN : p->end - off;
	take = MIN((size_t)len, n);
	if (take)
		memcpy(bytes, p->buf + off, take);
	if (msg)
		*msg = (struct sock_msg){
			.from = { .ip = pkt_src(p), .port = udp ? ntohs(pkt_udp(p)->source) : 0, .family = p->family },
			.to = { .ip = pkt_dst(p), .port = s->local.port, .family = p->family },
			.ttl = pkt_ttl(p), .tos = pkt_dsfield(p), .iif = p->iif, .tstamp_ns = p->tstamp_ns, .len = len,
		};
	if (msg && sock_is_link_local(&msg->from))
		msg->from.scope = p->iif;
	pkt_free(p);
	return (ssize_t)take;
}

/* ---- errors ---- */

bool dgram_error_queue(struct sock *s, const struct sock_error *e)
{
	struct sock_error *q;

	if (s->n_errors >= MAX_ERRORS)
		return false;
	q = mem_dup(e, sizeof(*e));
	if (!q)
		return false;
	list_add_tail(&s->errors, &q->node);
	s->n_errors++;
	sock_wake(s);
	return true;
}

int sock_recv_error(struct sock *s, struct sock_error *e)
{
	struct sock_error *q;

	if (list_empty(&s->errors))
		return -EAGAIN;
	q = list_first(&s->errors, struct sock_error, node);
	list_del(&q->node);
	s->n_errors--;
	*e = *q;
	list_init(&e->node);
	mem_free(q);
	if (list_empty(&s->errors))
		s->err = 0;
	return 0;
}

/* the quoted packet was sent by @s: tell it */
static void report(struct sock *s, const struct sock_error *e, bool fatal)
{
	if (s->opt[SOCK_OPT_RECVERR]) {
		dgram_error_queue(s, e);
		sock_set_error(s, e->err);
	} else if (s->state == TCP_ESTABLISHED && fatal) {
		sock_set_error(s, e->err);
	}
}

static struct sock *quoted_sender(struct sock_host *h, const struct tuple *t)
{
	struct list *head = sock_port_bucket(h, IPPROTO_UDP, ntohs(t->sport));
	struct sock *s, *best = NULL;

	if (sock_is_icmp(t->proto))
		return ping_lookup(h, t->family, ntohs(t->sport), &t->src);
	if (t->proto != IPPROTO_UDP)
		return NULL;
	list_for_each(s, head, hash) {
		bool connected = s->state == TCP_ESTABLISHED;

		if (s->proto != IPPROTO_UDP || s->type != SOCK_DGRAM || s->local.port != ntohs(t->sport))
			continue;
		if (!sock_takes(s, t->family, &t->src))
			continue;
		if (connected && (!sock_addr_is(&s->peer, t->family, &t->dst) || s->peer.port != ntohs(t->dport)))
			continue;
		if (!best || connected)
			best = s;
	}
	return best;
}

void dgram_icmp_error(struct sock_host *h, const struct pkt *p, int err, bool fatal, uint8_t type, uint8_t code,
		      uint32_t info, const struct tuple *t, const uint8_t *quote, size_t len)
{
	struct sock_error e = {
		.err = err,
		.family = t->family,
		.type = type,
		.code = code,
		.info = t->family == AF_INET6 ? info : sock_is_too_big(AF_INET, type, code) ? info & 0xffff : 0,
		.to = { .ip = t->dst, .port = ntohs(t->dport), .family = t->family },
		.offender = { .ip = pkt_src(p), .family = p->family },
		.ttl = pkt_ttl(p),
	};
	uint8_t proto;
	bool later;
	size_t off = (size_t)MAX(parse_find_l4(t->family, quote, len, &proto, &later), 0) + (t->proto == IPPROTO_UDP ? UDP_HLEN : 0);
	struct sock *s = quoted_sender(h, t);

	if (t->proto != IPPROTO_UDP)
		e.to.port = 0;
	if (sock_is_link_local(&e.offender))
		e.offender.scope = p->iif;
	if (len > off) {
		e.len = (uint32_t)MIN(len - off, sizeof(e.data));
		memcpy(e.data, quote + off, e.len);
	}
	if (s)
		report(s, &e, fatal);
	list_for_each(s, &h->raw, hash)
		if (s->proto == t->proto && s->family == t->family && s->opt[SOCK_OPT_RECVERR])
			report(s, &e, fatal);
}

void dgram_free(struct sock *s)
{
	while (s->rx) {
		struct pkt *next = s->rx->next;

		pkt_free(s->rx);
		s->rx = next;
	}
	while (!list_empty(&s->errors)) {
		struct sock_error *e = list_first(&s->errors, struct sock_error, node);

		list_del(&e->node);
		mem_free(e);
	}
}
