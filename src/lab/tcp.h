/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/tcp.h - the TCP of simulated hosts: its control block, and what its files share.
 *
 *     tcp.c         what programs call: connect, listen, accept, send, receive, close; the hash of connections
 *     tcp_input.c   segments that arrive: states, sequence numbers, what is new in them
 *     tcp_ack.c     what an acknowledgment says: retransmission queue, round-trip time, congestion window, SACK
 *     tcp_output.c  building segments, windows offered, what may be sent now
 *     tcp_timer.c   retransmission, tail loss probe, delayed ACK, zero window probes, TIME-WAIT
 *
 * References: RFC 9293; RFC 7323 (timestamps, window scaling); RFC 2018 and 2883 (SACK); RFC 5681, 6582 (congestion
 * control); RFC 6298 (RTO); RFC 8985 section 7 (tail loss probe); RFC 5961 (challenge ACK); Linux 6.18 on the wire.
 */
#ifndef LAB_TCP_H
#define LAB_TCP_H

#include "lab/ring.h"
#include "lab/sock_private.h"
#include "net/parse.h"

/* bytes that a receiver offers to hold; rounding up windows may make it twice that */
#define TCP_RCVBUF (1u << 17)
#define TCP_SNDBUF (1u << 18)
#define TCP_WSCALE 10			/* what Linux picks for its default tcp_rmem */
#define TCP_WINDOW_SPACE 65536u		/* offered at first, rounded down to whole segments */
#define TCP_INIT_CWND 10
#define TCP_MIN_MSS 88
#define TCP_BACKLOG_MAX 4096
#define TCP_OOO_MAX 256			/* packets held out of order */
#define TCP_SEGS_MAX 4096		/* segments in flight */
#define TCP_MAX_QUICKACKS 16
#define TCP_ATO_MIN_MS 40
#define TCP_RTO_INIT_MS 1000
#define TCP_RTO_MIN_MS 200
#define TCP_RTO_MAX_MS 120000
#define TCP_TIMEWAIT_MS 60000
#define TCP_SYN_LINEAR 4		/* SYNs sent again every second before the time doubles */
#define TCP_ORPHAN_RETRIES 8
#define TCP_OOW_MS 500			/* at most one answer to segments outside the window in that time */

enum tcp_timer { TIMER_NONE, TIMER_RTO, TIMER_TLP, TIMER_PROBE, TIMER_FIN_WAIT_2, TIMER_TIME_WAIT };

enum {
	SEG_SYN = 1,
	SEG_FIN = 2,
	SEG_PSH = 4,
	SEG_SACKED = 8,
	SEG_LOST = 16,
	SEG_RETRANS = 32 /* since it was marked lost */,
	SEG_EVER_RETRANS = 64
};

/* one sent segment that is not acknowledged */
struct tcp_seg {
	uint32_t seq, end;		/* SYN and FIN count one */
	uint8_t flags;
	uint64_t sent_ns;
};

struct tcp {
	struct list conn;		/* in host->conns */
	struct list queue;		/* in the listener's incomplete or ready */
	struct sock *listener;		/* not accepted yet; NULL: accepted, or made by connect() */
	struct list incomplete, ready;	/* of a listener */
	unsigned n_incomplete, n_ready, backlog;
	/* sending */
	uint32_t iss, snd_una, snd_nxt, snd_wnd, snd_wl1, snd_wl2, max_wnd;
	uint32_t snd_sml;		/* end of the last segment sent that was not full (Minshall) */
	struct ring snd;		/* from snd_una on (from iss + 1 while the SYN is not acknowledged) */
	bool fin_queued, fin_sent;
	struct tcp_seg *segs;		/* n_segs of them, oldest first */
	uint32_t n_segs, cap_segs;
	/* receiving */
	uint32_t irs, rcv_nxt, rcv_wup, rcv_wnd, rcv_clamp;
	struct ring rcv;
	struct pkt *ooo;		/* out of order, by sequence number */
	unsigned n_ooo;
	/* sequence number of the last that came out of order: its SACK block goes first */
	uint32_t ooo_last;
	bool fin_rcvd;
	/* options and sizes */
	bool ts_ok, sack_ok, wscale_ok;
	uint8_t snd_wscale, rcv_wscale;
	/* ours, as announced; the peer's; payload of a full segment as things are */
	uint16_t adv_mss, peer_mss, mss;
	uint32_t pmtu;
	uint8_t ttl;				/* or hop limit, as the route has it */
	uint32_t ts_off, ts_recent;
	uint64_t ts_recent_ns;
	uint32_t dsack_start, dsack_end;	/* a duplicate to report; equal: none */
	/* congestion: segments */
	uint32_t cwnd, ssthresh, cwnd_cnt, dupacks, recover;
	bool recovery, loss;
	/* round-trip time, us */
	uint32_t srtt_us, mdev_us, rto_ms;
	unsigned retransmits, backoff, probes;
	bool tlp_out;
	/* acknowledging */
	unsigned quick, pingpong, ato_ms;
	bool ack_sched, ack_pushed;
	uint64_t last_data_ns, last_oow_ns, syn_ns;
	struct sched_event rtx, delack;
	enum tcp_timer rtx_kind;
	struct sock *sk;
};

/* comparisons modulo 2^32 */
static inline bool seq_lt(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}
static inline bool seq_le(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) <= 0;
}

static inline uint64_t tcp_now(const struct sock *s)
{
	return sched_now(s->host->sched);
}

/* tcp.c */
int tcp_init(struct sock *s);
void tcp_free(struct sock *s);
void tcp_unhash(struct sock *s);
void tcp_hash_conn(struct sock *s);
struct sock *tcp_find_conn(struct sock_host *h, const struct tuple *t);	/* @t as an arriving packet has it */
struct sock *tcp_find_listener(struct sock_host *h, const struct pkt *p, const struct tuple *t);
/** tcp_done() - the connection is over: out of the tables, program told (@err 0: no error) */
void tcp_done(struct sock *s, int err);
void tcp_time_wait(struct sock *s, enum tcp_timer kind, uint64_t ms);
void tcp_set_established(struct sock *s);
uint32_t tcp_isn(struct sock *s);
int tcp_connect(struct sock *s, const struct sock_addr *to);
int tcp_listen(struct sock *s, int backlog);
int tcp_accept(struct sock *s, struct sock **out);
ssize_t tcp_send(struct sock *s, const void *bytes, size_t n);
ssize_t tcp_recv(struct sock *s, void *bytes, size_t n);
int tcp_shutdown_wr(struct sock *s);
void tcp_close(struct sock *s);
unsigned tcp_poll(const struct sock *s);
void tcp_queues(const struct sock *s, uint32_t *recvq, uint32_t *sendq);
void tcp_icmp_error(struct sock_host *h, int err, bool frag_needed, const struct tuple *t, const uint8_t *quote,
		    size_t len);

/* tcp_input.c */
enum drop_reason tcp_deliver(struct sock_host *h, struct pkt *p);

/* tcp_ack.c */
/** tcp_ack() - take in what the segment acknowledges; false: it acknowledges what was never sent */
bool tcp_ack(struct sock *s, const struct tcphdr *th, uint32_t data_len, const struct tcp_options *o);
unsigned tcp_in_flight(const struct tcp *t);
bool tcp_seg_add(struct tcp *t, uint32_t seq, uint32_t end, uint8_t flags, uint64_t now_ns);
void tcp_enter_loss(struct tcp *t);
/* after mss became smaller: no segment is larger, those that were are lost */
void tcp_split_segs(struct sock *s);

/* tcp_output.c */
void tcp_set_mss(struct sock *s, uint32_t mtu);
void tcp_send_syn(struct sock *s);		/* or SYN-ACK, by state */
void tcp_send_ack(struct sock *s);
void tcp_send_reset(struct sock *s);		/* of our own accord: close() with data unread */
void tcp_send_probe(struct sock *s);
void tcp_retransmit(struct sock *s, struct tcp_seg *g);
void tcp_push(struct sock *s);			/* send what may be sent: lost segments, then new data, then FIN */
uint32_t tcp_select_window(struct sock *s);
void tcp_first_window(struct tcp *t, uint32_t mss);
uint32_t tcp_free_window(const struct tcp *t);	/* what could be offered now */
int tcp_route(struct sock *s);			/* routes to the peer again: address, MTU */

/* tcp_timer.c */
void tcp_timers_init(struct sock *s);
void tcp_timers_stop(struct sock *s);
void tcp_arm(struct sock *s, enum tcp_timer kind, uint64_t ms);
void tcp_rearm(struct sock *s);			/* after an acknowledgment or a transmission: what the queue asks for */
void tcp_delay_ack(struct sock *s, uint64_t ms);
void tcp_ack_sent(struct sock *s);

#endif
