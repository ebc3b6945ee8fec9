/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/tcp.c - TCP as programs call it, and the hash of connections.
 *
 * Theory of operation: a listener has two lists of children, those whose handshake goes on and those that wait for
 * accept(); both are bounded by the backlog. A child is a whole socket from its SYN on. A connection that ends leaves
 * the tables in tcp_done(); a program that still holds it reads what has arrived, then the error, then the end.
 *
 * Invariants
 *  1. t->conn is in the hash exactly in the states SYN-SENT to TIME-WAIT; the port bucket no longer has it in
 *     TIME-WAIT.
 *  2. A child that was not accepted dies with its connection or its listener, whichever is first.
 *  3. An orphan (closed by its program) is killed by tcp_done().
 *
 * References: RFC 9293 section 3.9.1 (user calls); RFC 6528 (initial sequence numbers); tcp(7).
 */
#include "lab/tcp.h"

#include <errno.h>

/* ---- the table ---- */

static struct list *conn_bucket(struct sock_host *h, const struct sock_addr *local, const struct sock_addr *peer)
{
	return &h->conns[sock_flow_hash(h, local, peer, 0) % SOCK_CONN_BUCKETS];
}

void tcp_hash_conn(struct sock *s)
{
	list_del(&s->tcp->conn);
	list_add_tail(conn_bucket(s->host, &s->local, &s->peer), &s->tcp->conn);
}

static struct sock *find_conn(struct sock_host *h, const struct sock_addr *local, const struct sock_addr *peer)
{
	struct list *head = conn_bucket(h, local, peer);
	struct tcp *t;

	list_for_each(t, head, conn)
		if (t->sk->local.port == local->port && t->sk->peer.port == peer->port &&
		    sock_addr_is(&t->sk->local, local->family, &local->ip) && sock_addr_is(&t->sk->peer, peer->family, &peer->ip))
			return t->sk;
	return NULL;
}

struct sock *tcp_find_conn(struct sock_host *h, const struct tuple *t)
{
	struct sock_addr local = { .ip = t->dst, .port = ntohs(t->dport), .family = t->family },
			 peer = { .ip = t->src, .port = ntohs(t->sport), .family = t->family };

	return find_conn(h, &local, &peer);
}

struct sock *tcp_find_listener(struct sock_host *h, const struct pkt *p, const struct tuple *t)
{
	struct list *head = sock_port_bucket(h, IPPROTO_TCP, ntohs(t->dport));
	struct sock *s, *best = NULL;
	int score, best_score = -1;

	list_for_each(s, head, hash) {
		if (s->type != SOCK_STREAM || s->state != TCP_LISTEN || s->local.port != ntohs(t->dport))
			continue;
		if (s->opt[SOCK_OPT_BINDTODEVICE] && s->opt[SOCK_OPT_BINDTODEVICE] != p->iif)
			continue;
		if (!sock_takes(s, t->family, &t->dst))
			continue;
		score = 4 * !addr_is_any(&s->local.ip) + 2 * !!s->opt[SOCK_OPT_BINDTODEVICE] + (s->family == t->family);
		if (score > best_score) {
			best = s;
			best_score = score;
		}
	}
	return best;
}

int tcp_init(struct sock *s)
{
	struct tcp *t = mem_zalloc(sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->sk = s;
	list_init(&t->conn);
	list_init(&t->queue);
	list_init(&t->incomplete);
	list_init(&t->ready);
	ring_init(&t->snd, TCP_SNDBUF);
	ring_init(&t->rcv, 2 * TCP_RCVBUF);
	t->cwnd = TCP_INIT_CWND;
	t->ssthresh = UINT32_MAX;
	t->rto_ms = TCP_RTO_INIT_MS;
	t->mdev_us = 0;
	s->tcp = t;
	tcp_timers_init(s);
	return 0;
}

static void free_ooo(struct tcp *t)
{
	while (t->ooo) {
		struct pkt *next = t->ooo->next;

		pkt_free(t->ooo);
		t->ooo = next;
	}
	t->n_ooo = 0;
}

/* a connection that has nothing more to say needs no buffers */
static void drop_buffers(struct tcp *t)
{
	ring_free(&t->snd);
	free_ooo(t);
	mem_free(t->segs);
	t->segs = NULL;
	t->n_segs = t->cap_segs = 0;
}

void tcp_free(struct sock *s)
{
	tcp_timers_stop(s);
	drop_buffers(s->tcp);
	ring_free(&s->tcp->rcv);
	mem_free(s->tcp);
}

static void leave_listener(struct tcp *t)
{
	struct tcp *l;

	if (!t->listener)
		return;
	l = t->listener->tcp;
	if (t->sk->state == TCP_SYN_RECEIVED)
		l->n_incomplete--;
	else
		l->n_ready--;
	list_del(&t->queue);
	t->listener = NULL;
}

/* children die with their listener; those whose handshake was done are reset */
static void kill_children(struct sock *s)
{
	struct list *heads[] = { &s->tcp->incomplete, &s->tcp->ready };

	for (unsigned i = 0; i < ARRAY_LEN(heads); i++)
		while (!list_empty(heads[i])) {
			struct tcp *c = list_first(heads[i], struct tcp, queue);

			if (heads[i] == &s->tcp->ready && c->sk->state != TCP_CLOSED)
				tcp_send_reset(c->sk);
			sock_kill(c->sk);
		}
}

void tcp_unhash(struct sock *s)
{
	if (!s->tcp)
		return;
	kill_children(s);
	leave_listener(s->tcp);
	list_del(&s->tcp->conn);
	tcp_timers_stop(s);
}

void tcp_done(struct sock *s, int err)
{
	bool child = s->tcp->listener != NULL;

	leave_listener(s->tcp);
	list_del(&s->tcp->conn);
	tcp_timers_stop(s);
	drop_buffers(s->tcp);
	s->state = TCP_CLOSED;
	if (!s->bound_port)
		list_del(&s->hash);
	if (s->orphan || child) {
		sock_kill(s);
		return;
	}
	if (err)
		s->err = err;
	sock_wake(s);
}

void tcp_time_wait(struct sock *s, enum tcp_timer kind, uint64_t ms)
{
	s->state = kind == TIMER_TIME_WAIT ? TCP_TIME_WAIT : TCP_FIN_WAIT_2;
	if (kind == TIMER_TIME_WAIT) {
		drop_buffers(s->tcp);
		/* a port in TIME-WAIT can be listened on with SO_REUSEADDR; connections look at the four-tuple */
		list_del(&s->hash);
		if (!s->orphan)
			sock_wake(s);
	}
	tcp_arm(s, kind, ms);
}

uint32_t tcp_isn(struct sock *s)
{
	return (uint32_t)sock_flow_hash(s->host, &s->local, &s->peer, 0x15a) + (uint32_t)(tcp_now(s) >> 6);
}

/* ---- connect ---- */

static bool tuple_free(struct sock *s, uint16_t port)
{
	struct sock_addr local = { .ip = s->local.ip, .port = port, .family = s->peer.family };
	struct list *head = sock_port_bucket(s->host, IPPROTO_TCP, port);
	const struct sock *o;

	list_for_each(o, head, hash)
		if (o->proto == IPPROTO_TCP && o->local.port == port && o->bound_port)
			return false;
	return !find_conn(s->host, &local, &s->peer);
}

int tcp_connect(struct sock *s, const struct sock_addr *to)
{
	struct tcp *t = s->tcp;
	struct sock_addr had = s->local;
	struct route_result res;
	uint16_t port;
	int err;

	if (s->state == TCP_SYN_SENT)
		return -EALREADY;
	if (s->state != TCP_CLOSED)
		return -EISCONN;
	err = sock_route(s, to, &res);
	if (err)
		return err;
	if (res.type == RTN_BROADCAST || res.type == RTN_MULTICAST)
		return -ENETUNREACH;
	s->peer = *to;
	s->local.family = to->family;
	if (addr_is_any(&s->local.ip))
		s->local.ip = res.prefsrc;
	if (!s->local.port) {
		err = sock_pick_port(s, tuple_free, &port);
		if (err) {
			s->local = had;
			s->peer.family = 0;
			return err;
		}
		sock_set_port(s, port);
	} else if (find_conn(s->host, &s->local, &s->peer)) {
		s->local = had;
		s->peer.family = 0;
		return -EADDRNOTAVAIL;
	}
	s->flow_hash = (uint32_t)sock_flow_hash(s->host, &s->local, &s->peer, 0xf10);
	s->state = TCP_SYN_SENT;
	s->err = s->err_soft = 0;
	tcp_hash_conn(s);
	t->iss = tcp_isn(s);
	t->snd_una = t->snd_nxt = t->iss;
	t->snd_wl1 = 0;
	err = tcp_route(s);
	if (err) {
		tcp_done(s, 0);
		return err;
	}
	tcp_first_window(t, t->adv_mss);
	tcp_send_syn(s);
	return -EINPROGRESS;
}

/* ---- listen, accept ---- */

int tcp_listen(struct sock *s, int backlog)
{
	int max = s->host->ns->sysctl.somaxconn > 0 ? s->host->ns->sysctl.somaxconn : TCP_BACKLOG_MAX;

	if (backlog < 0 || backlog > max)
		backlog = max;
	s->tcp->backlog = (unsigned)MIN(backlog, TCP_BACKLOG_MAX);
	s->state = TCP_LISTEN;
	return 0;
}

int tcp_accept(struct sock *s, struct sock **out)
{
	struct tcp *c;

	if (list_empty(&s->tcp->ready))
		return -EAGAIN;
	c = list_first(&s->tcp->ready, struct tcp, queue);
	leave_listener(c);
	*out = c->sk;
	return 0;
}

void tcp_set_established(struct sock *s)
{
	struct tcp *t = s->tcp, *l;

	if (t->listener) {
		l = t->listener->tcp;
		l->n_incomplete--;
		l->n_ready++;
		list_del(&t->queue);
		list_add_tail(&l->ready, &t->queue);
	}
	s->state = TCP_ESTABLISHED;
	t->backoff = 0;
	if (t->retransmits > 1)
		t->cwnd = 1;
	t->retransmits = 0;
	sock_wake(s);
	if (t->listener)
		sock_wake(t->listener);
}

/* ---- data ---- */

ssize_t tcp_send(struct sock *s, const void *bytes, size_t n)
{
	struct tcp *t = s->tcp;
	uint32_t did;

	if (s->err)
		return -sock_take_error(s);
	if (s->wr_shut || (s->state != TCP_ESTABLISHED && s->state != TCP_CLOSE_WAIT && s->state != TCP_SYN_SENT &&
			   s->state != TCP_SYN_RECEIVED))
		return -EPIPE;
	if (s->state == TCP_SYN_SENT || s->state == TCP_SYN_RECEIVED)
		return -EAGAIN;
	if (!n)
		return 0;
	did = ring_put(&t->snd, bytes, (uint32_t)MIN(n, (size_t)TCP_SNDBUF));
	if (!did)
		return -EAGAIN;
	tcp_push(s);
	return did;
}

/* reading made room, or took all that an ACK was waiting for: Linux acknowledges then */
static void after_read(struct sock *s)
{
	struct tcp *t = s->tcp;
	uint32_t now = t->rcv_wup + t->rcv_wnd - t->rcv_nxt, could;

	if (s->state == TCP_CLOSED || s->state == TCP_TIME_WAIT)
		return;
	if (t->ack_sched && (t->rcv_nxt - t->rcv_wup > t->mss || (t->ack_pushed && t->pingpong == 0 && !t->rcv.len))) {
		tcp_send_ack(s);
		return;
	}
	if (t->fin_rcvd || 2 * now > t->rcv_clamp)
		return;
	could = tcp_free_window(t);
	if (could && could >= 2 * now)
		tcp_send_ack(s);
}

ssize_t tcp_recv(struct sock *s, void *bytes, size_t n)
{
	struct tcp *t = s->tcp;
	uint32_t take = (uint32_t)MIN(n, (size_t)t->rcv.len);

	if (s->state == TCP_LISTEN)
		return -ENOTCONN;
	if (take) {
		ring_peek(&t->rcv, 0, bytes, take);
		ring_drop(&t->rcv, take);
		after_read(s);
		return take;
	}
	if (s->err)
		return -sock_take_error(s);
	if (!n || t->fin_rcvd || s->rd_shut)
		return 0;
	if (s->state == TCP_CLOSED)
		return s->peer.port ? 0 : -ENOTCONN;
	return -EAGAIN;
}

unsigned tcp_poll(const struct sock *s)
{
	const struct tcp *t = s->tcp;
	unsigned ev = 0;

	switch (s->state) {
	case TCP_LISTEN:
		return t->n_ready ? POLLIN : 0;
	case TCP_SYN_SENT:
	case TCP_SYN_RECEIVED:
		return 0;
	case TCP_CLOSED:
		return POLLHUP | POLLOUT | (s->peer.port ? POLLIN | POLLRDHUP : 0);
	default:
		break;
	}
	if (t->rcv.len)
		ev |= POLLIN;
	if (t->fin_rcvd || s->rd_shut)
		ev |= POLLIN | POLLRDHUP;
	if ((t->fin_rcvd || s->rd_shut) && s->wr_shut)
		ev |= POLLHUP;
	if (s->wr_shut || ring_space(&t->snd) >= TCP_SNDBUF / 3)
		ev |= POLLOUT;
	return ev;
}

void tcp_queues(const struct sock *s, uint32_t *recvq, uint32_t *sendq)
{
	const struct tcp *t = s->tcp;

	*recvq = s->state == TCP_LISTEN ? t->n_ready : t->rcv.len;
	*sendq = s->state == TCP_LISTEN ? t->backlog : t->snd.len + (t->fin_sent && t->n_segs);
}

/* ---- closing ---- */

/* our FIN goes behind the data that is still to be sent */
static void send_fin(struct sock *s)
{
	s->state = s->state == TCP_CLOSE_WAIT ? TCP_LAST_ACK : TCP_FIN_WAIT_1;
	s->tcp->fin_queued = true;
	tcp_push(s);
}

int tcp_shutdown_wr(struct sock *s)
{
	switch (s->state) {
	case TCP_ESTABLISHED:
	case TCP_SYN_RECEIVED:
	case TCP_CLOSE_WAIT:
		send_fin(s);
		return 0;
	case TCP_SYN_SENT:
	case TCP_LISTEN:
		tcp_unhash(s);
		s->state = TCP_CLOSED;
		return 0;
	default:
		return 0;
	}
}

void tcp_close(struct sock *s)
{
	struct tcp *t = s->tcp;
	int fin_timeout = s->host->ns->sysctl.tcp_fin_timeout;
	bool unread = t->rcv.len > 0;

	s->rd_shut = s->wr_shut = true;
	switch (s->state) {
	case TCP_ESTABLISHED:
	case TCP_SYN_RECEIVED:
	case TCP_CLOSE_WAIT:
	case TCP_FIN_WAIT_1:
	case TCP_FIN_WAIT_2:
	case TCP_CLOSING:
	case TCP_LAST_ACK:
		if (unread || s->opt[SOCK_OPT_LINGER0]) {
			tcp_send_reset(s);
			tcp_done(s, 0);
		} else if (s->state == TCP_FIN_WAIT_2) {
			tcp_time_wait(s, TIMER_FIN_WAIT_2, (uint64_t)(fin_timeout > 0 ? fin_timeout : 60) * 1000);
		} else if (!t->fin_queued) {
			send_fin(s);
		}
		break;
	case TCP_TIME_WAIT:
		break;
	default:
		sock_kill(s);
	}
}

/* ---- errors from below ---- */

/* a smaller path MTU: what was too large goes out again at once, in smaller pieces (RFC 1191 section 6.5) */
static void mtu_reduced(struct sock *s)
{
	uint32_t old = s->tcp->pmtu;

	if (s->state == TCP_LISTEN || s->state == TCP_SYN_SENT || tcp_route(s) || s->tcp->pmtu >= old)
		return;
	tcp_split_segs(s);
	tcp_push(s);
}

void tcp_icmp_error(struct sock_host *h, int err, bool frag_needed, const struct tuple *t, const uint8_t *quote,
		    size_t len)
{
	struct tuple back;
	struct sock *s;
	uint32_t seq;
	bool later;
	uint8_t proto;
	int off = parse_find_l4(t->family, quote, len, &proto, &later);

	if (off < 0 || later || len < (size_t)off + 8 || tuple_invert(t, &back))
		return;
	s = tcp_find_conn(h, &back);
	if (!s)
		return;
	memcpy(&seq, quote + off + 4, 4);
	seq = ntohl(seq);
	if (seq_lt(seq, s->tcp->snd_una) || seq_lt(s->tcp->snd_nxt, seq))
		return;
	if (frag_needed) {
		mtu_reduced(s);
		return;
	}
	/* RFC 5461: while connecting an error is final, later it is only remembered for when time runs out */
	if (s->state == TCP_SYN_SENT || s->state == TCP_SYN_RECEIVED)
		tcp_done(s, err);
	else
		s->err_soft = err;
}
