/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/tcp_timer.c - TCP's clocks: retransmission, tail loss probe, zero window probe, delayed ACK, FIN-WAIT-2 and
 * TIME-WAIT.
 *
 * Theory of operation: a connection has two timers. One is for what is in flight or, once all is said, for how long to
 * remember; t->rtx_kind says which of these it is. The other is the delayed acknowledgment. SYNs go out again after one
 * second four times, then after 2, 4, 8, ... seconds, as Linux does since 6.5; SYN-ACKs after 1, 2, 4, ...; data after
 * 200 ms and a round trip, doubling, with one tail loss probe before.
 *
 * References: RFC 6298 section 5; RFC 8985 section 7; RFC 9293 sections 3.8.1, 3.8.6.1; RFC 1122 section 4.2.3.2; Linux
 * tcp(7) tcp_syn_retries, tcp_retries2.
 */
#include <errno.h>

#include "lab/tcp.h"

#define PTO_MIN_MS 8

/*
 * Linux's timers of ticks are always a little late: a program's own timeout of a second comes before the retransmission
 * after a second.
 */
#define LATE_NS 10000

void tcp_arm(struct sock *s, enum tcp_timer kind, uint64_t ms)
{
	struct tcp *t = s->tcp;

	t->rtx_kind = kind;
	if (kind == TIMER_NONE)
		sched_cancel(s->host->sched, &t->rtx);
	else if (sched_at(s->host->sched, &t->rtx, tcp_now(s) + ms * NSEC_PER_MSEC + LATE_NS))
		t->rtx_kind = TIMER_NONE;
}

static uint64_t backed_off(uint32_t ms, unsigned times)
{
	return MIN((uint64_t)ms << MIN(times, 16u), (uint64_t)TCP_RTO_MAX_MS);
}

void tcp_rearm(struct sock *s)
{
	struct tcp *t = s->tcp;
	uint64_t pto;

	if (t->rtx_kind == TIMER_FIN_WAIT_2 || t->rtx_kind == TIMER_TIME_WAIT)
		return;
	if (!t->n_segs) {
		if (t->snd.len || (t->fin_queued && !t->fin_sent))
			tcp_arm(s, TIMER_PROBE, backed_off(MAX(t->rto_ms, TCP_RTO_MIN_MS), t->probes));
		else
			tcp_arm(s, TIMER_NONE, 0);
		return;
	}
	/* RFC 8985 section 7.2, in Linux's measures: one segment alone waits for the peer's delayed ACK too */
	if (t->sack_ok && t->srtt_us && !t->tlp_out && !t->recovery && !t->loss && !t->retransmits &&
	    !(t->segs[0].flags & SEG_SYN)) {
		pto = MAX(2 * t->srtt_us / 1000 + (t->n_segs == 1 ? TCP_RTO_MIN_MS : 2), PTO_MIN_MS);
		tcp_arm(s, TIMER_TLP, MIN(pto, t->rto_ms));
		return;
	}
	tcp_arm(s, TIMER_RTO, backed_off(t->rto_ms, t->backoff));
}

/* how often a state tries again */
static unsigned max_retransmits(const struct sock *s)
{
	const struct ns_sysctl *ctl = &s->host->ns->sysctl;

	switch (s->state) {
	case TCP_SYN_SENT:
		return (unsigned)MAX(ctl->tcp_syn_retries, 0) + TCP_SYN_LINEAR;
	case TCP_SYN_RECEIVED:
		return (unsigned)MAX(ctl->tcp_synack_retries, 0);
	default:
		return s->orphan ? TCP_ORPHAN_RETRIES : (unsigned)MAX(ctl->tcp_retries2, 1);
	}
}

/* Linux also ends a connect() when the doubling alone would have run out by now */
static bool syn_time_over(const struct sock *s)
{
	unsigned retries = MIN((unsigned)MAX(s->host->ns->sysctl.tcp_syn_retries, 0), 16u);
	uint64_t limit_ms = ((2ull << retries) - 1) * TCP_RTO_INIT_MS;

	return s->state == TCP_SYN_SENT && tcp_now(s) - s->tcp->syn_ns >= limit_ms * NSEC_PER_MSEC;
}

static void rto_fired(struct sock *s)
{
	struct tcp *t = s->tcp;

	if (!t->n_segs) {		/* memory was short when the SYN was sent */
		if (s->state == TCP_SYN_SENT || s->state == TCP_SYN_RECEIVED)
			tcp_done(s, ENOBUFS);
		return;
	}
	if (t->retransmits >= max_retransmits(s) || syn_time_over(s)) {
		tcp_done(s, s->err_soft ? s->err_soft : ETIMEDOUT);
		return;
	}
	t->retransmits++;
	if (s->state != TCP_SYN_SENT || t->retransmits > TCP_SYN_LINEAR)
		t->backoff++;
	if (s->state != TCP_SYN_SENT && s->state != TCP_SYN_RECEIVED)
		tcp_enter_loss(t);
	t->rtx_kind = TIMER_RTO;
	tcp_retransmit(s, &t->segs[0]);
	if (s->state != TCP_CLOSED)
		tcp_arm(s, TIMER_RTO, backed_off(t->rto_ms, t->backoff));
}

/* the last segment again: its acknowledgment shows what is missing before it */
static void tlp_fired(struct sock *s)
{
	struct tcp *t = s->tcp;

	if (!t->n_segs)
		return;
	t->tlp_out = true;
	tcp_retransmit(s, &t->segs[t->n_segs - 1]);
	tcp_arm(s, TIMER_RTO, t->rto_ms);
}

static void probe_fired(struct sock *s)
{
	struct tcp *t = s->tcp;

	if (t->probes >= (s->orphan ? TCP_ORPHAN_RETRIES : (unsigned)MAX(s->host->ns->sysctl.tcp_retries2, 1))) {
		tcp_done(s, s->err_soft ? s->err_soft : ETIMEDOUT);
		return;
	}
	/* the window may hold a part of a segment: then that is the probe */
	if (t->snd_wnd) {
		uint16_t mss = t->mss;

		t->mss = (uint16_t)MIN(t->snd_wnd, (uint32_t)mss);
		tcp_push(s);
		t->mss = mss;
		if (t->n_segs)
			return;
	}
	t->probes++;
	tcp_send_probe(s);
	tcp_arm(s, TIMER_PROBE, backed_off(MAX(t->rto_ms, TCP_RTO_MIN_MS), t->probes));
}

static void rtx_event(struct sched_event *ev)
{
	struct tcp *t = container_of(ev, struct tcp, rtx);
	struct sock *s = t->sk;
	struct sock_host *h = s->host;
	enum tcp_timer kind = t->rtx_kind;

	sock_enter(h);
	t->rtx_kind = TIMER_NONE;
	switch (kind) {
	case TIMER_RTO:
		rto_fired(s);
		break;
	case TIMER_TLP:
		tlp_fired(s);
		break;
	case TIMER_PROBE:
		probe_fired(s);
		break;
	case TIMER_FIN_WAIT_2:
	case TIMER_TIME_WAIT:
		tcp_done(s, 0);
		break;
	case TIMER_NONE:
		break;
	}
	sock_leave(h);
}

static void delack_event(struct sched_event *ev)
{
	struct tcp *t = container_of(ev, struct tcp, delack);
	struct sock *s = t->sk;
	struct sock_host *h = s->host;

	sock_enter(h);
	if (t->ack_sched && s->state != TCP_CLOSED) {
		/* the answer that the ACK waited for did not come: not a conversation after all */
		t->pingpong = 0;
		t->ato_ms = TCP_ATO_MIN_MS;
		tcp_send_ack(s);
	}
	sock_leave(h);
}

void tcp_delay_ack(struct sock *s, uint64_t ms)
{
	struct tcp *t = s->tcp;

	t->ack_sched = true;
	if (!sched_event_pending(&t->delack))
		sched_at(s->host->sched, &t->delack, tcp_now(s) + ms * NSEC_PER_MSEC);
}

void tcp_ack_sent(struct sock *s)
{
	struct tcp *t = s->tcp;

	if (t->ack_sched && t->quick)
		t->quick--;
	t->ack_sched = t->ack_pushed = false;
	sched_cancel(s->host->sched, &t->delack);
}

void tcp_timers_init(struct sock *s)
{
	sched_event_init(&s->tcp->rtx, rtx_event);
	sched_event_init(&s->tcp->delack, delack_event);
}

void tcp_timers_stop(struct sock *s)
{
	sched_cancel(s->host->sched, &s->tcp->rtx);
	sched_cancel(s->host->sched, &s->tcp->delack);
	s->tcp->rtx_kind = TIMER_NONE;
}
