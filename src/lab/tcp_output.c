/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/tcp_output.c - building segments, the window offered, and what may be sent now.
 *
 * Theory of operation: tcp_push() is called whenever something may have made sending possible (data written, an
 * acknowledgment, a timer). It first sends again what is marked lost, then new data as the peer's window, the
 * congestion window and Nagle's rule with Minshall's change allow, and the FIN with or behind the last of it. Every
 * segment in flight is one entry of t->segs, and is sent again with the same boundaries unless the MSS shrank.
 *
 * The offered window follows Linux: it never shrinks, it begins with whole segments (64240 or 65160 bytes with an MTU
 * of 1500) and is rounded up to what the scaled field can say.
 *
 * References: RFC 9293 sections 3.7.4 and 3.8.6; RFC 7323 section 2; RFC 2018 section 4; RFC 2883; RFC 1122 section
 * 4.2.3.4.
 */
#include <errno.h>

#include "base/buf.h"
#include "lab/tcp.h"
#include "net/edit.h"
#include "net/reply.h"

#define IP_DF 0x4000
#define TCP_HLEN ((uint32_t)sizeof(struct tcphdr))
#define MAX_OPTS 40
#define OPT_TS_LEN 12		/* with its padding */
#define MIN_ADVMSS6 1220	/* net.ipv6.route.min_adv_mss */

enum { FL_SYN = 1, FL_FIN = 2, FL_PSH = 4, FL_RST = 8, FL_ACK = 16 };

/* ---- sizes and windows ---- */

int tcp_route(struct sock *s)
{
	struct route_result res;
	int err = sock_route(s, &s->peer, &res);
	bool v4 = s->peer.family == AF_INET;
	uint32_t head = ip_hdrlen(s->peer.family) + TCP_HLEN, least = v4 ? TCP_MIN_MSS : MIN_ADVMSS6, mtu, local;

	if (err)
		return err;
	mtu = s->host->io->pmtu(s->host->ns, &s->peer.ip, res.mtu);
	/* what is announced is the link's for IPv4, and for IPv6 what is known of the path, as if it were the same both ways */
	local = v4 ? res.mtu : mtu;
	s->tcp->adv_mss = (uint16_t)(MIN(MAX(local, head + least), v4 ? 65535u : 65535u + head) - head);
	if (res.route && res.route->advmss)
		s->tcp->adv_mss = (uint16_t)MIN(res.route->advmss, 65495u);
	if (s->opt[SOCK_OPT_PROTECT_MSS])
		s->tcp->adv_mss = (uint16_t)MIN(s->tcp->adv_mss, s->opt[SOCK_OPT_PROTECT_MSS]);
	s->tcp->ttl = sock_ttl(s, &s->peer.ip, res.out);
	tcp_set_mss(s, mtu);
	return 0;
}

void tcp_set_mss(struct sock *s, uint32_t mtu)
{
	struct tcp *t = s->tcp;
	uint32_t head = ip_hdrlen(sock_packets(s)) + TCP_HLEN, mss = MIN(mtu, 65535u) - MIN(MIN(mtu, 65535u), head);

	t->pmtu = mtu;
	if (t->peer_mss)
		mss = MIN(mss, t->peer_mss);
	if (s->opt[SOCK_OPT_PROTECT_MSS])
		mss = MIN(mss, (uint32_t)s->opt[SOCK_OPT_PROTECT_MSS]);
	mss -= MIN(mss, t->ts_ok ? OPT_TS_LEN : 0);
	t->mss = (uint16_t)MAX(mss, TCP_MIN_MSS - OPT_TS_LEN);
}

void tcp_first_window(struct tcp *t, uint32_t mss)
{
	uint32_t space = TCP_WINDOW_SPACE;

	if (mss && mss < space)
		space -= space % mss;
	t->rcv_wnd = t->rcv_clamp = MIN(space, 65535u);
}

uint32_t tcp_free_window(const struct tcp *t)
{
	uint32_t space = TCP_RCVBUF - MIN(TCP_RCVBUF, t->rcv.len), unit = 1u << t->rcv_wscale;

	if (space < TCP_RCVBUF / 16 || space < t->mss)
		return 0;
	space = MIN(space, t->rcv_clamp);
	return t->rcv_wscale ? (space + unit - 1) & ~(unit - 1) : space - space % MAX(t->mss, 1);
}

uint32_t tcp_select_window(struct sock *s)
{
	struct tcp *t = s->tcp;
	uint32_t cur = t->rcv_wup + t->rcv_wnd - t->rcv_nxt, win = tcp_free_window(t), unit = 1u << t->rcv_wscale;

	if (seq_lt(t->rcv_wup + t->rcv_wnd, t->rcv_nxt))
		cur = 0;
	if (!t->rcv_wscale && win && win < t->rcv_clamp && t->rcv_clamp <= TCP_RCVBUF - MIN(TCP_RCVBUF, t->rcv.len))
		win = t->rcv_clamp;
	if (win < cur) {	/* never take back what was offered; up to a whole unit, as long as the memory lasts */
		win = (cur + unit - 1) & ~(unit - 1);
		if (win > ring_space(&t->rcv))
			win = cur & ~(unit - 1);
	}
	win = MIN(win, 65535u << t->rcv_wscale);
	t->rcv_wnd = win;
	t->rcv_wup = t->rcv_nxt;
	return win;
}

/* ---- options ---- */

static uint8_t *put_ts(struct sock *s, uint8_t *o)
{
	struct tcp *t = s->tcp;

	o[0] = TCP_OPT_TS;
	o[1] = 10;
	put_u32(o + 2, (uint32_t)(tcp_now(s) / NSEC_PER_MSEC) + t->ts_off);
	put_u32(o + 6, t->ts_recent);
	return o + 10;
}

/* of a SYN: what we offer, of a SYN-ACK: what both want; in the order in which Linux writes them */
static uint32_t syn_options(struct sock *s, uint8_t *o)
{
	struct tcp *t = s->tcp;
	uint8_t *at = o;

	*at++ = TCP_OPT_MSS;
	*at++ = 4;
	put_u16(at, t->adv_mss);
	at += 2;
	if (t->ts_ok) {
		*at++ = t->sack_ok ? TCP_OPT_SACK_OK : TCP_OPT_NOP;
		*at++ = t->sack_ok ? 2 : TCP_OPT_NOP;
		at = put_ts(s, at);
	} else if (t->sack_ok) {
		*at++ = TCP_OPT_NOP;
		*at++ = TCP_OPT_NOP;
		*at++ = TCP_OPT_SACK_OK;
		*at++ = 2;
	}
	if (t->wscale_ok) {
		*at++ = TCP_OPT_NOP;
		*at++ = TCP_OPT_WSCALE;
		*at++ = 3;
		*at++ = t->rcv_wscale;
	}
	return (uint32_t)(at - o);
}

struct block {
	uint32_t start, end;
};

/* RFC 2018 section 4: the block with the latest segment first; RFC 2883: a duplicate before all */
static unsigned sack_blocks(struct tcp *t, struct block *b, unsigned max)
{
	unsigned n = 0, first, latest = 0;

	if (t->dsack_start != t->dsack_end)
		b[n++] = (struct block){ t->dsack_start, t->dsack_end };
	t->dsack_start = t->dsack_end = 0;
	first = n;
	for (struct pkt *p = t->ooo; p; p = p->next) {
		const struct tcphdr *th = pkt_tcp(p);
		uint32_t seq = ntohl(th->seq), end = seq + pkt_l4_len(p) - th->doff * 4u;

		if (n > first && b[n - 1].end == seq)
			b[n - 1].end = end;
		else if (n < max)
			b[n++] = (struct block){ seq, end };
		else
			break;
		if (seq_le(b[n - 1].start, t->ooo_last) && seq_lt(t->ooo_last, b[n - 1].end))
			latest = n - 1;
	}
	if (latest > first) {
		struct block l = b[latest];

		memmove(&b[first + 1], &b[first], (latest - first) * sizeof(*b));
		b[first] = l;
	}
	return n;
}

static uint32_t data_options(struct sock *s, uint8_t *o)
{
	struct tcp *t = s->tcp;
	uint8_t *at = o;
	struct block b[4];
	unsigned n;

	if (t->ts_ok) {
		*at++ = TCP_OPT_NOP;
		*at++ = TCP_OPT_NOP;
		at = put_ts(s, at);
	}
	if (!t->sack_ok || (!t->ooo && t->dsack_start == t->dsack_end))
		return (uint32_t)(at - o);
	n = sack_blocks(t, b, t->ts_ok ? 3 : 4);
	*at++ = TCP_OPT_NOP;
	*at++ = TCP_OPT_NOP;
	*at++ = TCP_OPT_SACK;
	*at++ = (uint8_t)(2 + 8 * n);
	for (unsigned i = 0; i < n; i++, at += 8) {
		put_u32(at, b[i].start);
		put_u32(at + 4, b[i].end);
	}
	return (uint32_t)(at - o);
}

/* ---- segments ---- */

static uint16_t window_field(struct sock *s, unsigned fl)
{
	struct tcp *t = s->tcp;

	if (fl & FL_SYN)
		return (uint16_t)MIN(t->rcv_wnd, 65535u);
	return (uint16_t)(tcp_select_window(s) >> t->rcv_wscale);
}

/* the identification of the IP header, IPv6's flow label: SYN-ACKs and what a closed connection says have none */
static void fill_ip(struct sock *s, struct pkt *p, unsigned fl)
{
	struct iphdr *ip = pkt_ip4(p);
	bool anonymous = (fl & FL_SYN && fl & FL_ACK) || s->state == TCP_TIME_WAIT;

	if (p->family == AF_INET6) {
		sock_fill_flow(s, p);
		return;
	}
	if (s->opt[SOCK_OPT_PMTUDISC])
		ip->frag_off = htons(IP_DF);
	ip->id = anonymous ? 0 : htons(s->ip_id++);
}

/* @len bytes of the send buffer from @seq on; true: it went down (not that it arrives) */
static bool xmit(struct sock *s, uint32_t seq, uint32_t len, unsigned fl)
{
	struct tcp *t = s->tcp;
	uint8_t opts[MAX_OPTS];
	uint32_t n = fl & FL_SYN ? syn_options(s, opts) : data_options(s, opts);
	struct pkt *p;
	struct tcphdr *th;

	/*
	 * the options of this segment may leave less room than mss says: SACK blocks; then they are left out, the next
	 * pure ACK has them
	 */
	if (len && n > OPT_TS_LEN && len + n > t->mss + (t->ts_ok ? OPT_TS_LEN : 0u))
		n = t->ts_ok ? OPT_TS_LEN : 0;
	p = build_ip(&s->host->ns->world->pool, s->peer.family, &s->local.ip, &s->peer.ip, IPPROTO_TCP, t->ttl,
		     (uint8_t)s->opt[SOCK_OPT_TOS], TCP_HLEN + n + len);
	if (!p)
		return false;
	th = (struct tcphdr *)pkt_l4(p);
	*th = (struct tcphdr){
		.source = htons(s->local.port),
		.dest = htons(s->peer.port),
		.seq = htonl(seq),
		.doff = (uint16_t)((TCP_HLEN + n) / 4) & 15,
		.syn = !!(fl & FL_SYN),
		.fin = !!(fl & FL_FIN),
		.psh = !!(fl & FL_PSH),
		.rst = !!(fl & FL_RST),
		.ack = !!(fl & FL_ACK),
	};
	th->ack_seq = fl & FL_ACK ? htonl(t->rcv_nxt) : 0;
	th->window = htons(window_field(s, fl));
	memcpy(pkt_l4(p) + TCP_HLEN, opts, n);
	ring_peek(&t->snd, len ? seq - (t->snd_una + (t->snd_una == t->iss)) : 0, pkt_l4(p) + TCP_HLEN + n, len);
	fill_ip(s, p, fl);
	edit_fill_checksums(p);
	if (fl & FL_ACK)
		tcp_ack_sent(s);
	sock_output(s, p, &s->peer, false);
	return true;
}

void tcp_send_syn(struct sock *s)
{
	const struct ns_sysctl *ctl = &s->host->ns->sysctl;
	struct sock_addr local = { .ip = s->local.ip }, peer = { .ip = s->peer.ip };
	struct tcp *t = s->tcp;
	bool answer = s->state == TCP_SYN_RECEIVED;

	if (!answer && t->snd_nxt == t->iss) {
		t->ts_ok = ctl->tcp_timestamps != 0;
		t->sack_ok = ctl->tcp_sack != 0;
		t->wscale_ok = ctl->tcp_window_scaling != 0;
		t->rcv_wscale = t->wscale_ok ? TCP_WSCALE : 0;
	}
	if (t->snd_nxt == t->iss) {
		t->ts_off = (uint32_t)sock_flow_hash(s->host, &local, &peer, 0x75);
		t->snd_nxt = t->iss + 1;
		t->syn_ns = tcp_now(s);
		tcp_seg_add(t, t->iss, t->iss + 1, SEG_SYN, tcp_now(s));
	}
	xmit(s, t->iss, 0, FL_SYN | (answer ? FL_ACK : 0));
	if (t->rtx_kind != TIMER_RTO)
		tcp_arm(s, TIMER_RTO, t->rto_ms);
}

void tcp_send_ack(struct sock *s)
{
	if (s->state == TCP_CLOSED || s->state == TCP_LISTEN || s->state == TCP_SYN_SENT)
		return;
	/* no memory for it: as if it were lost, the timer tries again */
	if (!xmit(s, s->tcp->snd_nxt, 0, FL_ACK))
		tcp_delay_ack(s, TCP_ATO_MIN_MS);
}

void tcp_send_reset(struct sock *s)
{
	xmit(s, s->tcp->snd_nxt, 0, FL_RST | FL_ACK);
}

/* a byte that was acknowledged already: the answer tells the window (RFC 9293 section 3.8.6.1, as Linux does it) */
void tcp_send_probe(struct sock *s)
{
	xmit(s, s->tcp->snd_una - 1, 0, FL_ACK);
}

static void xmit_seg(struct sock *s, const struct tcp_seg *g)
{
	bool fin = g->flags & SEG_FIN;

	if (g->flags & SEG_SYN) {
		tcp_send_syn(s);
		return;
	}
	xmit(s, g->seq, g->end - g->seq - fin, FL_ACK | (fin ? FL_FIN : 0) | (g->flags & SEG_PSH ? FL_PSH : 0));
}

void tcp_retransmit(struct sock *s, struct tcp_seg *g)
{
	g->flags |= SEG_RETRANS | SEG_EVER_RETRANS;
	g->sent_ns = tcp_now(s);
	xmit_seg(s, g);
}

/* ---- what may be sent ---- */

static bool push_lost(struct sock *s)
{
	struct tcp *t = s->tcp;
	bool did = false;

	for (uint32_t i = 0; i < t->n_segs && tcp_in_flight(t) < t->cwnd; i++) {
		if (!(t->segs[i].flags & SEG_LOST) || t->segs[i].flags & (SEG_RETRANS | SEG_SACKED))
			continue;
		tcp_retransmit(s, &t->segs[i]);
		did = true;
	}
	return did;
}

/* may @len new bytes go now; @all: nothing is left behind them */
static bool may_send(struct sock *s, uint32_t len, bool fin)
{
	struct tcp *t = s->tcp;
	uint32_t wnd_end = t->snd_una + t->snd_wnd;

	if (t->n_segs >= TCP_SEGS_MAX || tcp_in_flight(t) >= t->cwnd)
		return false;
	if (len && seq_lt(wnd_end, t->snd_nxt + len))
		return false;
	if (len >= t->mss || fin || s->opt[SOCK_OPT_NODELAY] || t->fin_queued)
		return true;
	/* Nagle, with Minshall's change: a small segment waits only for a small segment */
	return !(t->n_segs && seq_lt(t->snd_una, t->snd_sml));
}

static bool push_new(struct sock *s)
{
	struct tcp *t = s->tcp;
	bool did = false;

	while (!t->fin_sent) {
		uint32_t unsent = t->snd.len - (t->snd_nxt - t->snd_una), len = MIN(unsent, (uint32_t)t->mss);
		bool last = len == unsent, fin = last && t->fin_queued;
		uint8_t flags = (uint8_t)((fin ? SEG_FIN : 0) | (last && len ? SEG_PSH : 0));

		if ((!len && !fin) || !may_send(s, len, fin) ||
		    !tcp_seg_add(t, t->snd_nxt, t->snd_nxt + len + fin, flags, tcp_now(s)))
			break;
		/* a FIN alone follows its data without PSH */
		xmit_seg(s, &t->segs[t->n_segs - 1]);
		t->snd_nxt += len + fin;
		if (len && len < t->mss)
			t->snd_sml = t->snd_nxt;
		t->fin_sent = fin;
		if (len && tcp_now(s) - t->last_data_ns < t->ato_ms * NSEC_PER_MSEC)
			t->pingpong = 1;
		did = true;
	}
	return did;
}

void tcp_push(struct sock *s)
{
	struct tcp *t = s->tcp;
	bool did;

	switch (s->state) {
	case TCP_ESTABLISHED:
	case TCP_CLOSE_WAIT:
	case TCP_FIN_WAIT_1:
	case TCP_CLOSING:
	case TCP_LAST_ACK:
		break;
	default:
		return;
	}
	did = push_lost(s);
	did |= push_new(s);
	if (did || (!t->n_segs && t->rtx_kind == TIMER_NONE))
		tcp_rearm(s);
}
