/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/sock.h - the sockets of a simulated host: TCP, UDP, ping and raw.
 *
 * The core never waits: what cannot be done now is -EAGAIN (-EINPROGRESS for a connect), and the socket's one queue .wq
 * is woken whenever anything about it changed. Programs use the forms at the end of this file, which wait. Errors are
 * those that Linux gives.
 *
 *     struct sock *s;
 *     struct sock_addr to = { .ip = dst, .port = 80 };
 *
 *     err = sock_new(p->host->sock, SOCK_STREAM, 0, &s);
 *     err = proc_connect(p, s, &to, SCHED_NEVER);
 *     err = proc_send(p, s, "hello\n", 6);
 *     n = proc_recv(p, s, buf, sizeof(buf), SCHED_NEVER);
 *     sock_close(s);
 *
 * A socket belongs to whoever made or accepted it until sock_close(), also when the program is interrupted. What TCP
 * still has to say after that goes on by itself.
 */
#ifndef LAB_SOCK_H
#define LAB_SOCK_H

#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "lab/sched.h"
#include "ns/netns.h"
#include "path/path.h"

#define SOCK_MAX 4096			/* of one host, those that only wait in TIME-WAIT included */
#define SOCK_BUF 212992			/* rmem_default: bytes of packets that wait in a datagram socket */

struct proc;
struct sock;
struct sock_host;
struct tcp;

/*
 * Where a socket of AF_INET6 talks IPv4, its addresses are AF_INET here too: ::ffff:192.0.2.1 given to bind() or
 * connect() becomes that, and who shows addresses puts the prefix in front (sock_addr_put()).
 */
struct sock_addr {
	union inet_addr ip;		/* all zero: any */
	uint16_t port;			/* host order; 0: any */
	uint8_t family;			/* of .ip; 0: the socket's */
	int scope;			/* ifindex of a link-local address, 0: not given */
};

/*
 * RFC 9293 section 3.3.2; a datagram socket is TCP_CLOSED, or TCP_ESTABLISHED while connected, as ss shows it (UNCONN,
 * ESTAB)
 */
enum tcp_state {
	TCP_CLOSED,
	TCP_LISTEN,
	TCP_SYN_SENT,
	TCP_SYN_RECEIVED,
	TCP_ESTABLISHED,
	TCP_FIN_WAIT_1,
	TCP_FIN_WAIT_2,
	TCP_CLOSE_WAIT,
	TCP_CLOSING,
	TCP_LAST_ACK,
	TCP_TIME_WAIT,
	TCP_STATE_MAX
};

enum sock_opt {
	SOCK_OPT_TTL,			/* 1-255, of AF_INET6 0 too; -1: the host's (net.ipv4.ip_default_ttl, the link's hop_limit) */
	SOCK_OPT_TOS,			/* or traffic class */
	SOCK_OPT_MARK,
	SOCK_OPT_PRIORITY,
	SOCK_OPT_BROADCAST,
	SOCK_OPT_REUSEADDR,
	SOCK_OPT_REUSEPORT,
	SOCK_OPT_BINDTODEVICE,		/* ifindex, 0: none */
	SOCK_OPT_RECVERR,		/* ICMP errors go to the error queue: sock_recv_error() */
	SOCK_OPT_HDRINCL,		/* raw: the payload begins with an IP header */
	SOCK_OPT_PMTUDISC,		/* IP_PMTUDISC_*: DONT 0, WANT 1 (default), DO 2, PROBE 3 */
	SOCK_OPT_NODELAY,
	SOCK_OPT_LINGER0,		/* close() resets */
	SOCK_OPT_UID,			/* the user who made it: -m owner, ss -e */
	SOCK_OPT_GID,
	SOCK_OPT_PROTECT_MSS,		/* TCP_MAXSEG: at most this, 0: the route's */
	SOCK_OPT_V6ONLY,		/* AF_INET6: no IPv4; at first net.ipv6.bindv6only */
	SOCK_OPT_FLOWLABEL,		/* of each packet; 0: one that the host picks */
	SOCK_OPT_MAX
};

struct sock {
	struct list all;		/* sock_host->all, in order of creation */
	struct list hash;		/* of its kind and local port, or of its four-tuple */
	struct sock_host *host;
	struct waitq wq;		/* woken at every change */
	uint8_t type, proto;		/* SOCK_STREAM, SOCK_DGRAM, SOCK_RAW; IPPROTO_* */
	uint8_t family;			/* AF_INET, AF_INET6: what it was made for; of its packets: .peer's and .local's */
	enum tcp_state state;
	struct sock_addr local, peer;
	bool bound_addr, bound_port;	/* by the user */
	bool orphan;			/* closed by its program */
	bool rd_shut, wr_shut;
	int opt[SOCK_OPT_MAX];
	int err;			/* SO_ERROR: positive, taken by the next call */
	int err_soft;			/* why it may have timed out */
	uint16_t ip_id;
	uint32_t flow_hash;		/* of a connection: what its flow label comes from */
	uint64_t inode;			/* number for ss -e */
	char owner[16];			/* the program that has it, for ss -p; owner_pid 0: not known */
	int owner_pid, owner_fd;
	/* datagram sockets: packets that wait, oldest first; sizes in bytes of buffer */
	struct pkt *rx, **rx_tail;
	uint32_t rx_bytes, rx_dropped;
	struct list errors;		/* of struct sock_error */
	unsigned n_errors;
	struct tcp *tcp;		/* SOCK_STREAM */
};

/* where a datagram came from, and with what */
struct sock_msg {
	struct sock_addr from, to;
	uint8_t ttl, tos;
	int iif;
	uint64_t tstamp_ns;
	uint32_t len;			/* of the whole datagram, also when the buffer was shorter */
};

/* one ICMP error of the error queue */
struct sock_error {
	struct list node;
	int err;			/* positive errno */
	uint8_t family;			/* of the packet; with .type and .code as ICMP or ICMPv6 has them */
	uint8_t type, code;
	uint32_t info;			/* next-hop MTU */
	struct sock_addr to;		/* what it was sent to */
	struct sock_addr offender;	/* who says so */
	uint8_t ttl;			/* of the ICMP message */
	uint32_t len;			/* of .data: the payload that was sent, as far as quoted */
	uint8_t data[128];
};

/* what sockets need below them: the packet's way, or a test's wire */
struct sock_io {
	int (*output)(struct netns *ns, struct pkt *p, const struct path_out *o);
	int (*route)(struct netns *ns, const struct route_key *k, struct route_result *res);
	uint32_t (*pmtu)(struct netns *ns, const union inet_addr *dst, uint32_t route_mtu);
	uint8_t (*addr_type)(struct netns *ns, uint8_t family, const union inet_addr *a);	/* RTN_LOCAL, ... */
};

extern const struct sock_io sock_path_io;
extern const struct sock_ops sock_ns_ops;

/** sock_host_new() - the sockets of @ns; sets ns->sock and ns->sock_ctx. NULL: no memory */
struct sock_host *sock_host_new(struct netns *ns, struct sched *sched, const struct sock_io *io);
/* silently, before its namespace goes; no program may hold a socket any more */
void sock_host_free(struct sock_host *h);

/**
 * sock_open() - @family AF_INET, AF_INET6; @type SOCK_STREAM; SOCK_DGRAM (IPPROTO_UDP or, for ping, the family's ICMP); SOCK_RAW with a protocol
 * @proto: 0 with SOCK_STREAM and SOCK_DGRAM: TCP, UDP
 * Return: 0, -EPROTONOSUPPORT, -EAFNOSUPPORT, -ENFILE (the host has SOCK_MAX), -ENOMEM
 */
int sock_open(struct sock_host *h, int family, int type, int proto, struct sock **out);
/** sock_new() - the same of AF_INET */
int sock_new(struct sock_host *h, int type, int proto, struct sock **out);
void sock_close(struct sock *s);		/* NULL is fine */
/** sock_bind() - 0, -EADDRINUSE, -EADDRNOTAVAIL, -EINVAL (bound already) */
int sock_bind(struct sock *s, const struct sock_addr *a);
int sock_listen(struct sock *s, int backlog);
/** sock_accept() - the oldest connection that waits: 0, -EAGAIN, -EINVAL */
int sock_accept(struct sock *s, struct sock **out);
/** sock_connect() - 0 (datagram sockets), -EINPROGRESS: poll for POLLOUT, then sock_take_error(); or -errno */
int sock_connect(struct sock *s, const struct sock_addr *to);
/** sock_send() - how much was taken; -EAGAIN, -EPIPE, -EDESTADDRREQ, or the error that waits */
ssize_t sock_send(struct sock *s, const void *bytes, size_t n);
/**
 * sock_sendto() - datagram sockets; @to NULL: the connected peer. Ping: bytes are an ICMP message, id and checksum are
 * filled in
 */
ssize_t sock_sendto(struct sock *s, const void *bytes, size_t n, const struct sock_addr *to);
/** sock_recv() - bytes, 0 at the end of a TCP stream; -EAGAIN or -errno */
ssize_t sock_recv(struct sock *s, void *bytes, size_t n);
/** sock_recvfrom() - one datagram, cut to @n; raw sockets of AF_INET get the IP header too, ping sockets the ICMP message */
ssize_t sock_recvfrom(struct sock *s, void *bytes, size_t n, struct sock_msg *msg);
/** sock_recv_error() - the oldest of the error queue: 0 or -EAGAIN */
int sock_recv_error(struct sock *s, struct sock_error *e);
int sock_shutdown(struct sock *s, int how);	/* SHUT_RD, SHUT_WR, SHUT_RDWR */
int sock_take_error(struct sock *s);		/* SO_ERROR: a positive errno or 0, and forget it */
unsigned sock_poll(const struct sock *s);	/* POLLIN, POLLOUT, POLLERR, POLLHUP, POLLRDHUP */
int sock_setopt(struct sock *s, enum sock_opt opt, int val);	/* 0 or -EINVAL */
int sock_bind_device(struct sock *s, const char *name);		/* "" ends it; -ENODEV */
/** sock_addr_put() - the address as the socket's user sees it: IPv4 in a socket of AF_INET6 as ::ffff:192.0.2.1 */
void sock_addr_put(struct sbuf *out, const struct sock *s, const struct sock_addr *a);
/** sock_is_dual() - a socket of AF_INET6 that takes IPv4 too, as long as it is bound to no address */
bool sock_is_dual(const struct sock *s);

/** sock_walk() - every socket of the host in order of creation; stops at non-zero and returns it */
int sock_walk(struct sock_host *h, int (*fn)(void *ctx, const struct sock *s), void *ctx);
const char *sock_state_name(const struct sock *s);	/* as ss: "ESTAB", "UNCONN", "TIME-WAIT" */
void sock_queues(const struct sock *s, uint32_t *recvq, uint32_t *sendq);	/* Recv-Q, Send-Q as ss counts them */

/* ---- for programs: the same, waiting; -EINTR when the program is interrupted, -ETIMEDOUT at @until_ns ---- */
/** proc_sock_own() - @s belongs to this program, as file descriptor @fd */
void proc_sock_own(struct proc *p, struct sock *s, int fd);
/** proc_sock_wait() - until sock_poll() has one of @events (errors and hang-ups always count): 0 */
int proc_sock_wait(struct proc *p, struct sock *s, unsigned events, uint64_t until_ns);
/** proc_connect() - 0, or the error of the connection (-ECONNREFUSED, -EHOSTUNREACH, -ETIMEDOUT, ...) */
int proc_connect(struct proc *p, struct sock *s, const struct sock_addr *to, uint64_t until_ns);
int proc_accept(struct proc *p, struct sock *s, struct sock **out, uint64_t until_ns);
/** proc_send() - all of it: 0 or -errno */
int proc_send(struct proc *p, struct sock *s, const void *bytes, size_t n);
ssize_t proc_recv(struct proc *p, struct sock *s, void *bytes, size_t n, uint64_t until_ns);
ssize_t proc_recvfrom(struct proc *p, struct sock *s, void *bytes, size_t n, struct sock_msg *msg, uint64_t until_ns);

#endif
