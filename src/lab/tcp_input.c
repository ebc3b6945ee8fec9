/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/tcp_input.c - TCP segments that arrive.
 *
 * On the packet's way: local delivery. Returning DROP_NO_SOCKET makes path/local.c answer with a reset, with the very
 * sequence numbers that RFC 9293 section 3.10.7.1 says; so "send a reset" is that return value everywhere here.
 *
 * Theory of operation: the order is the RFC's, section 3.10.7.4: sequence number, RST, SYN, ACK, data, FIN. What is in
 * order goes to the receive buffer at once, what is not waits as packets sorted by sequence number.
 *
 * Invariants
 *  1. Data is taken only inside the window that was offered, so the receive buffer never overflows.
 *  2. t->ooo is sorted, does not overlap, and holds at most TCP_OOO_MAX packets, all behind rcv_nxt.
 *  3. A function that may end the connection is the last that its caller calls on it, or says so by its return value.
 *
 * References: RFC 9293 section 3.10.7; RFC 5961 sections 3 to 5; RFC 7323 section 5 (PAWS); RFC 1122 section 4.2.3.2.
 */
#include <errno.h>

#include "lab/tcp.h"

struct segment {
	struct pkt *p;
	const struct tcphdr *th;
	uint32_t seq, ack, len;		/* len: data only */
	uint32_t data;			/* offset of the data in p->buf */
	struct tcp_options o;
};

static uint32_t seg_end(const struct segment *g)
{
	return g->seq + g->len + g->th->syn + g->th->fin;
}

/* ---- options of a handshake ---- */

static void take_syn_options(struct sock *s, const struct segment *g)
{
	struct tcp *t = s->tcp;

	t->peer_mss = g->o.have_mss ? MAX(g->o.mss, TCP_MIN_MSS) : 536;
	t->ts_ok = t->ts_ok && g->o.have_ts;
	t->sack_ok = t->sack_ok && g->o.have_sack_ok;
	t->wscale_ok = t->wscale_ok && g->o.have_wscale;
	t->snd_wscale = t->wscale_ok ? MIN(g->o.wscale, 14) : 0;
	if (!t->wscale_ok)
		t->rcv_wscale = 0;
	if (t->ts_ok) {
		t->ts_recent = g->o.ts_val;
		t->ts_recent_ns = tcp_now(s);
	}
	tcp_set_mss(s, t->pmtu);
}

/* ---- LISTEN ---- */

static void child_inherit(struct sock *c, const struct sock *l, const struct pkt *p)
{
	memcpy(c->opt, l->opt, sizeof(c->opt));
	if (l->host->ns->sysctl.tcp_fwmark_accept)
		c->opt[SOCK_OPT_MARK] = (int)p->mark;
}

/* a SYN for a listener: a child that answers it */
static void listen_syn(struct sock *l, struct segment *g, const struct tuple *tp)
{
	const struct ns_sysctl *ctl = &l->host->ns->sysctl;
	struct tcp *lt = l->tcp, *t;
	struct sock *c;

	if (lt->n_incomplete > MAX(lt->backlog, 8u) || lt->n_ready > lt->backlog)
		return;			/* the peer will try again */
	c = sock_alloc(l->host, SOCK_STREAM, IPPROTO_TCP);
	if (!c)
		return;
	if (tcp_init(c)) {
		sock_kill(c);
		return;
	}
	t = c->tcp;
	child_inherit(c, l, g->p);
	c->family = l->family;
	c->local = (struct sock_addr){ .ip = tp->dst, .port = l->local.port, .family = tp->family };
	c->peer = (struct sock_addr){ .ip = tp->src, .port = ntohs(tp->sport), .family = tp->family };
	if (sock_is_link_local(&c->peer))
		c->peer.scope = c->opt[SOCK_OPT_BINDTODEVICE] = g->p->iif;
	c->flow_hash = (uint32_t)sock_flow_hash(l->host, &c->local, &c->peer, 0xf10);
	c->state = TCP_SYN_RECEIVED;
	t->iss = tcp_isn(c);
	t->snd_una = t->snd_nxt = t->iss;
	t->ts_ok = ctl->tcp_timestamps != 0;
	t->sack_ok = ctl->tcp_sack != 0;
	t->wscale_ok = ctl->tcp_window_scaling != 0;
	t->rcv_wscale = TCP_WSCALE;
	t->irs = g->seq;
	t->rcv_nxt = t->rcv_wup = g->seq + 1;
	t->snd_wnd = ntohs(g->th->window);
	t->snd_wl1 = g->seq;
	if (tcp_route(c)) {
		sock_kill(c);
		return;
	}
	take_syn_options(c, g);
	tcp_first_window(t, t->adv_mss - (t->ts_ok ? 12u : 0u));
	sock_set_port(c, l->local.port);
	tcp_hash_conn(c);
	t->listener = l;
	list_add_tail(&lt->incomplete, &t->queue);
	lt->n_incomplete++;
	tcp_send_syn(c);
}

static enum drop_reason listen_segment(struct sock *l, struct segment *g, const struct tuple *tp)
{
	if (g->th->rst) {
		pkt_free(g->p);
		return DROP_NONE;
	}
	if (g->th->ack)
		return DROP_NO_SOCKET;
	if (g->th->syn && !g->th->fin)
		listen_syn(l, g, tp);
	pkt_free(g->p);
	return DROP_NONE;
}

/* ---- acknowledging what arrived ---- */

static void enter_quickack(struct tcp *t, unsigned max)
{
	unsigned n = t->rcv_wnd / (2u * MAX(t->mss, 1));

	t->quick = MAX(t->quick, MIN(MAX(n, 2u), max));
}

/* RFC 1122 section 4.2.3.2, and when Linux does not wait: at the start of a connection, and for two full segments */
static void ack_data(struct sock *s)
{
	struct tcp *t = s->tcp;

	if (!t->ack_sched)
		return;
	if (t->rcv_nxt - t->rcv_wup > t->mss || (t->quick && !t->pingpong) || t->ooo)
		tcp_send_ack(s);
	else
		tcp_delay_ack(s, MAX(t->ato_ms, 1u));
}

static void data_event(struct sock *s, const struct segment *g)
{
	struct tcp *t = s->tcp;

	t->ack_sched = true;
	t->ack_pushed = t->ack_pushed || g->th->psh;
	if (!t->ato_ms) {
		enter_quickack(t, TCP_MAX_QUICKACKS);
		t->ato_ms = TCP_ATO_MIN_MS;
	}
	t->last_data_ns = tcp_now(s);
}

/* a segment that is not acceptable gets an ACK that says what is, not too often (RFC 5961 section 7) */
static void answer_oow(struct sock *s)
{
	struct tcp *t = s->tcp;
	uint64_t now = tcp_now(s);

	if (t->last_oow_ns && now - t->last_oow_ns < TCP_OOW_MS * NSEC_PER_MSEC)
		return;
	t->last_oow_ns = now;
	tcp_send_ack(s);
}

/* ---- data ---- */

static void take_in_order(struct sock *s, const struct segment *g)
{
	struct tcp *t = s->tcp;
	uint32_t skip = t->rcv_nxt - g->seq, did;

	if (skip >= g->len)
		return;
	did = ring_put(&t->rcv, g->p->buf + g->data + skip, g->len - skip);
	t->rcv_nxt += did;
}

static struct segment seg_of(struct pkt *p)
{
	const struct tcphdr *th = pkt_tcp(p);

	return (struct segment){
		.p = p, .th = th, .seq = ntohl(th->seq), .ack = ntohl(th->ack_seq),
		.len = pkt_l4_len(p) - th->doff * 4u, .data = p->l4 + th->doff * 4u,
	};
}

static void fin_received(struct sock *s);

/* what waited is in order now; true: a FIN was among it */
static bool drain_ooo(struct sock *s)
{
	struct tcp *t = s->tcp;
	bool fin = false;

	while (t->ooo) {
		struct pkt *p = t->ooo;
		struct segment g = seg_of(p);

		if (seq_lt(t->rcv_nxt, g.seq))
			break;
		take_in_order(s, &g);
		fin = fin || (g.th->fin && t->rcv_nxt == g.seq + g.len);
		t->ooo = p->next;
		t->n_ooo--;
		pkt_free(p);
	}
	return fin;
}

/* keep @g for later; false: it is nothing new or there is no room, and stays the caller's */
static bool keep_ooo(struct tcp *t, struct segment *g)
{
	struct pkt **at = &t->ooo, *next;

	if (t->n_ooo >= TCP_OOO_MAX || seq_lt(t->rcv_wup + t->rcv_wnd, g->seq + g->len))
		return false;
	for (; *at; at = &(*at)->next) {
		struct segment o = seg_of(*at);

		if (seq_le(o.seq, g->seq) && seq_le(g->seq + g->len, o.seq + o.len)) {
			t->dsack_start = g->seq;
			t->dsack_end = g->seq + g->len;
			return false;
		}
		if (seq_lt(g->seq, o.seq))
			break;
	}
	/* those that the new one covers go */
	while (*at && seq_le(ntohl(pkt_tcp(*at)->seq) + pkt_l4_len(*at) - pkt_tcp(*at)->doff * 4u, g->seq + g->len)) {
		next = (*at)->next;
		pkt_free(*at);
		*at = next;
		t->n_ooo--;
	}
	g->p->next = *at;
	g->p->ct = NULL;
	g->p->dst = NULL;
	*at = g->p;
	t->n_ooo++;
	t->ooo_last = g->seq;
	return true;
}

/* data inside the window; true: the packet was kept */
static bool take_data(struct sock *s, struct segment *g)
{
	struct tcp *t = s->tcp;
	bool fin = g->th->fin, kept = false;

	/* all of it is old */
	if (g->len && seq_le(g->seq + g->len, t->rcv_nxt) && !(fin && g->seq + g->len == t->rcv_nxt)) {
		t->dsack_start = g->seq;
		t->dsack_end = g->seq + g->len;
		enter_quickack(t, TCP_MAX_QUICKACKS);
		tcp_send_ack(s);
		return false;
	}
	if (seq_lt(t->rcv_nxt, g->seq)) {		/* a hole before it */
		kept = keep_ooo(t, g);
		enter_quickack(t, TCP_MAX_QUICKACKS);
		tcp_send_ack(s);
		return kept;
	}
	if (seq_lt(t->rcv_wup + t->rcv_wnd, g->seq + g->len)) {
		g->len = t->rcv_wup + t->rcv_wnd - g->seq;		/* behind the window nothing was asked for */
		fin = false;
	}
	if (g->len) {
		take_in_order(s, g);
		data_event(s, g);
	}
	fin = fin && t->rcv_nxt == g->seq + g->len;
	fin |= drain_ooo(s);
	if (g->len)
		sock_wake(s);
	if (fin)
		fin_received(s);
	return false;
}

static void fin_received(struct sock *s)
{
	struct tcp *t = s->tcp;

	t->rcv_nxt++;
	t->fin_rcvd = true;
	t->ack_sched = true;
	sock_wake(s);
	switch (s->state) {
	case TCP_SYN_RECEIVED:
	case TCP_ESTABLISHED:
		s->state = TCP_CLOSE_WAIT;
		t->pingpong = 1;	/* our FIN may follow soon, and carry the ACK */
		break;
	case TCP_FIN_WAIT_1:		/* simultaneous close */
		s->state = TCP_CLOSING;
		tcp_send_ack(s);
		break;
	case TCP_FIN_WAIT_2:
		tcp_send_ack(s);
		tcp_time_wait(s, TIMER_TIME_WAIT, TCP_TIMEWAIT_MS);
		break;
	default:
		break;
	}
}

/* ---- SYN-SENT ---- */

static void finish_connect(struct sock *s, struct segment *g)
{
	struct tcp *t = s->tcp;

	t->irs = g->seq;
	t->rcv_nxt = t->rcv_wup = g->seq + 1;
	take_syn_options(s, g);
	t->snd_wl1 = g->seq - 1;
	tcp_ack(s, g->th, 0, &g->o);
	t->max_wnd = t->snd_wnd;
	tcp_set_established(s);
	t->last_data_ns = tcp_now(s);
	tcp_send_ack(s);
	tcp_push(s);
}

static enum drop_reason syn_sent_segment(struct sock *s, struct segment *g)
{
	struct tcp *t = s->tcp;

	if (g->th->ack && (seq_le(g->ack, t->iss) || seq_lt(t->snd_nxt, g->ack)))
		return g->th->rst ? DROP_MALFORMED : DROP_NO_SOCKET;
	if (g->th->rst) {
		if (g->th->ack)
			tcp_done(s, ECONNREFUSED);
		pkt_free(g->p);
		return DROP_NONE;
	}
	if (g->th->syn && g->th->ack) {
		finish_connect(s, g);
	} else if (g->th->syn) {	/* both ends connect at once */
		s->state = TCP_SYN_RECEIVED;
		t->irs = g->seq;
		t->rcv_nxt = t->rcv_wup = g->seq + 1;
		take_syn_options(s, g);
		t->snd_wnd = ntohs(g->th->window);
		t->snd_wl1 = g->seq;
		tcp_send_syn(s);
	}
	pkt_free(g->p);
	return DROP_NONE;
}

/* ---- TIME-WAIT ---- */

/*
 * a new SYN may take the place of an old connection (RFC 9293 section 3.10.7.4, RFC 6191): -1 the caller goes on as if
 * it were not there
 */
static int time_wait_segment(struct sock *s, struct segment *g)
{
	struct tcp *t = s->tcp;
	bool newer = t->ts_ok && g->o.have_ts ? seq_lt(t->ts_recent, g->o.ts_val) : seq_lt(t->rcv_nxt, g->seq);

	if (g->th->syn && !g->th->ack && !g->th->rst && (newer || seq_lt(t->rcv_nxt, g->seq))) {
		tcp_done(s, 0);
		return -1;
	}
	if (g->th->rst) {
		if (g->seq == t->rcv_nxt)
			tcp_done(s, 0);
	} else if (g->th->fin || g->len || g->th->syn) {
		tcp_send_ack(s);
		if (g->th->fin)
			tcp_arm(s, TIMER_TIME_WAIT, TCP_TIMEWAIT_MS);
	}
	pkt_free(g->p);
	return DROP_NONE;
}

/* ---- synchronised states ---- */

/* sequence number, PAWS, RST, SYN: false: the segment ends here */
static bool acceptable(struct sock *s, struct segment *g)
{
	struct tcp *t = s->tcp;
	uint32_t end = seg_end(g), wnd_end = t->rcv_wup + t->rcv_wnd;

	if (t->ts_ok && g->o.have_ts && seq_lt(g->o.ts_val, t->ts_recent) && !g->th->rst &&
	    tcp_now(s) - t->ts_recent_ns < 24ull * 86400 * NSEC_PER_SEC) {
		answer_oow(s);
		return false;
	}
	if (seq_lt(end, t->rcv_wup) || seq_lt(wnd_end, g->seq)) {
		if (g->th->rst)
			return false;
		if (g->len) {
			t->dsack_start = g->seq;
			t->dsack_end = g->seq + g->len;
		}
		answer_oow(s);
		return false;
	}
	if (g->th->rst) {
		if (g->seq == t->rcv_nxt)
			tcp_done(s, s->state == TCP_CLOSE_WAIT ? EPIPE : ECONNRESET);
		else
			answer_oow(s);		/* RFC 5961 section 3 */
		return false;
	}
	if (g->th->syn) {
		/*
		 * the SYN of our own SYN-ACK's peer again: it is answered by SYN-ACK; any other by a challenge ACK (RFC
		 * 5961 section 4)
		 */
		if (s->state == TCP_SYN_RECEIVED && g->seq == t->irs && !g->th->ack)
			tcp_send_syn(s);
		else
			answer_oow(s);
		return false;
	}
	return g->th->ack;
}

/* the ACK of our FIN; true: the connection is gone */
static bool fin_acked(struct sock *s)
{
	int fin_timeout = s->host->ns->sysctl.tcp_fin_timeout;

	switch (s->state) {
	case TCP_FIN_WAIT_1:
		s->state = TCP_FIN_WAIT_2;
		sock_wake(s);
		if (s->orphan)
			tcp_time_wait(s, TIMER_FIN_WAIT_2, (uint64_t)(fin_timeout > 0 ? fin_timeout : 60) * 1000);
		return false;
	case TCP_CLOSING:
		tcp_time_wait(s, TIMER_TIME_WAIT, TCP_TIMEWAIT_MS);
		return true;
	case TCP_LAST_ACK:
		tcp_done(s, 0);
		return true;
	default:
		return false;
	}
}

/* data for a socket that nobody reads any more: the sender must hear of it (RFC 2525 section 2.17) */
static bool nobody_reads(const struct sock *s, const struct segment *g)
{
	bool over = s->state == TCP_FIN_WAIT_1 || s->state == TCP_FIN_WAIT_2 || s->state == TCP_CLOSING ||
		    s->state == TCP_LAST_ACK;

	return over && s->orphan && g->len && seq_lt(s->tcp->rcv_nxt, g->seq + g->len);
}

static enum drop_reason connected_segment(struct sock *s, struct segment *g)
{
	struct tcp *t = s->tcp;
	bool was_over = t->fin_rcvd;

	if (!acceptable(s, g))
		goto out;
	if (s->state == TCP_SYN_RECEIVED) {
		if (seq_le(g->ack, t->iss) || seq_lt(t->snd_nxt, g->ack))
			return DROP_NO_SOCKET;
		if (t->listener && t->listener->tcp->n_ready > t->listener->tcp->backlog)
			goto out;	/* no room to accept it: its next segment may find some */
		t->snd_wl1 = g->seq - 1;
		tcp_set_established(s);
	}
	if (t->ts_ok && g->o.have_ts && seq_le(g->seq, t->rcv_wup)) {
		t->ts_recent = g->o.ts_val;
		t->ts_recent_ns = tcp_now(s);
	}
	if (!tcp_ack(s, g->th, g->len, &g->o)) {
		answer_oow(s);
		goto out;
	}
	if (t->fin_sent && t->snd_una == t->snd_nxt && fin_acked(s))
		goto out;
	if (nobody_reads(s, g)) {
		tcp_done(s, 0);
		return DROP_NO_SOCKET;
	}
	if ((g->len || g->th->fin) && !was_over && take_data(s, g))
		g->p = NULL;
	else if (was_over && (g->len || g->th->fin))
		tcp_send_ack(s);
	if (s->state != TCP_CLOSED && s->state != TCP_TIME_WAIT) {
		tcp_push(s);
		ack_data(s);
	}
out:
	pkt_free(g->p);
	return DROP_NONE;
}

enum drop_reason tcp_deliver(struct sock_host *h, struct pkt *p)
{
	struct segment g;
	struct tuple t;
	struct sock *s;
	int answer;

	if (p->flags & (PKT_FRAG | PKT_L4_CUT) || !pkt_tcp(p) || pkt_tcp(p)->doff < 5 ||
	    pkt_tcp(p)->doff * 4u > pkt_l4_len(p))
		return DROP_MALFORMED;
	if (!parse_l4_checksum(p))
		return DROP_CHECKSUM;
	if (p->pkt_type != PACKET_HOST || tuple_of_pkt(p, 0, &t))
		return DROP_NO_HANDLER;
	g = seg_of(p);
	parse_tcp_options(p, &g.o);	/* those behind a broken one are as if absent */
	s = tcp_find_conn(h, &t);
	if (s && s->state == TCP_TIME_WAIT) {
		answer = time_wait_segment(s, &g);
		if (answer >= 0)
			return (enum drop_reason)answer;
		s = NULL;
	}
	if (s && s->state == TCP_SYN_SENT)
		return syn_sent_segment(s, &g);
	if (s)
		return connected_segment(s, &g);
	s = tcp_find_listener(h, p, &t);
	return s ? listen_segment(s, &g, &t) : DROP_NO_SOCKET;
}
