/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/tcp_ack.c - what an acknowledgment says: which segments arrived, how long it took, how much may be in flight.
 *
 * Theory of operation: t->segs is the retransmission queue. An acknowledgment takes segments off its front; SACK marks
 * some behind it. A segment is taken for lost when three behind it arrived (RFC 6675 section 4; without SACK: after
 * three duplicate acknowledgments), or when the timer fired. Congestion control is NewReno with an initial window of
 * ten segments.
 *
 * Invariants
 *  1. segs are in order of sequence number, without gaps, from snd_una to snd_nxt.
 *  2. in flight = segments that are neither SACKed nor lost without having been sent again since.
 *  3. A segment that was ever sent again gives no round-trip time (Karn).
 *
 * Differences: Linux runs CUBIC, RACK and pacing by default; on the wire of a small network the difference is when
 * segments of a loaded connection leave (D-30).
 *
 * References: RFC 5681; RFC 6582; RFC 6675; RFC 6298; RFC 2018.
 */
#include "lab/tcp.h"

#define DUPACKS 3

bool tcp_seg_add(struct tcp *t, uint32_t seq, uint32_t end, uint8_t flags, uint64_t now_ns)
{
	struct tcp_seg *segs;
	uint32_t cap;

	if (t->n_segs == t->cap_segs) {
		cap = t->cap_segs ? t->cap_segs * 2 : 16;
		segs = mem_realloc(t->segs, cap * sizeof(*segs));
		if (!segs)
			return false;
		t->segs = segs;
		t->cap_segs = cap;
	}
	t->segs[t->n_segs++] = (struct tcp_seg){ .seq = seq, .end = end, .flags = flags, .sent_ns = now_ns };
	return true;
}

unsigned tcp_in_flight(const struct tcp *t)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < t->n_segs; i++)
		if (!(t->segs[i].flags & SEG_SACKED) &&
		    (!(t->segs[i].flags & SEG_LOST) || t->segs[i].flags & SEG_RETRANS))
			n++;
	if (!t->sack_ok && t->recovery)
		n -= MIN(n, t->dupacks);
	return n;
}

void tcp_enter_loss(struct tcp *t)
{
	/* RFC 5681 section 3.1: half of what is in flight, the first time only */
	if (!t->loss)
		t->ssthresh = MAX(tcp_in_flight(t) / 2, 2u);
	t->cwnd = 1;
	t->cwnd_cnt = 0;
	t->dupacks = 0;
	t->recovery = false;
	t->loss = true;
	t->recover = t->snd_nxt;
	for (uint32_t i = 0; i < t->n_segs; i++)
		if (!(t->segs[i].flags & SEG_SACKED))
			t->segs[i].flags = (uint8_t)((t->segs[i].flags | SEG_LOST) & ~SEG_RETRANS);
}

/* one segment into pieces that fit */
static bool split_one(struct tcp *t, struct tcp_seg **out, uint32_t *n, uint32_t *cap, const struct tcp_seg *g)
{
	uint32_t len = g->end - g->seq - !!(g->flags & SEG_FIN), off = 0;
	bool big = len > t->mss;

	do {
		uint32_t take = MIN(len - off, (uint32_t)t->mss);
		struct tcp_seg p = *g;

		if (*n == *cap) {
			struct tcp_seg *more = mem_realloc(*out, *cap * 2 * sizeof(*more));

			if (!more)
				return false;
			*out = more;
			*cap *= 2;
		}
		if (big) {
			p.seq = g->seq + off;
			p.flags = (uint8_t)((g->flags | SEG_LOST) & ~(SEG_RETRANS | SEG_PSH | SEG_FIN));
			if (off + take == len)
				p.flags |= g->flags & (SEG_PSH | SEG_FIN);
			p.end = p.seq + take + !!(p.flags & SEG_FIN);
		}
		(*out)[(*n)++] = p;
		off += take;
	} while (off < len);
	return true;
}

void tcp_split_segs(struct sock *s)
{
	struct tcp *t = s->tcp;
	uint32_t n = 0, cap = 16;
	struct tcp_seg *out = mem_alloc(cap * sizeof(*out));

	for (uint32_t i = 0; out && i < t->n_segs; i++)
		if (!split_one(t, &out, &n, &cap, &t->segs[i])) {
			mem_free(out);
			out = NULL;
		}
	if (!out)
		return;		/* the timer sends them as they are, and another error will come back */
	mem_free(t->segs);
	t->segs = out;
	t->n_segs = n;
	t->cap_segs = cap;
}

/*
 * RFC 6298 section 2, with the variance bounded from below as Linux does: the timeout is 200 ms above the smoothed time
 * or more
 */
static void rtt_sample(struct tcp *t, uint32_t us)
{
	uint32_t err, var;

	us = MAX(us, 1u);
	if (!t->srtt_us) {
		t->srtt_us = us;
		t->mdev_us = us / 2;
	} else {
		err = us > t->srtt_us ? us - t->srtt_us : t->srtt_us - us;
		t->mdev_us = t->mdev_us - t->mdev_us / 4 + err / 4;
		t->srtt_us = t->srtt_us - t->srtt_us / 8 + us / 8;
	}
	var = MAX(4 * t->mdev_us, TCP_RTO_MIN_MS * 1000u);
	t->rto_ms = MIN((t->srtt_us + var + 999) / 1000, TCP_RTO_MAX_MS);
}

/* segments up to @ack are off the queue; how many */
static uint32_t take_acked(struct sock *s, uint32_t ack)
{
	struct tcp *t = s->tcp;
	uint64_t now = tcp_now(s);
	uint32_t n = 0;

	while (n < t->n_segs && seq_le(t->segs[n].end, ack)) {
		const struct tcp_seg *g = &t->segs[n++];

		if (!(g->flags & (SEG_EVER_RETRANS | SEG_SACKED)))
			rtt_sample(t, (uint32_t)MIN((now - g->sent_ns) / 1000, UINT32_MAX / 8));
	}
	t->n_segs -= n;
	memmove(t->segs, t->segs + n, t->n_segs * sizeof(*t->segs));
	/* part of a segment: the peer cut it; what is left begins there */
	if (t->n_segs && seq_lt(t->segs[0].seq, ack))
		t->segs[0].seq = ack;
	return n;
}

/* marks what the blocks say; true: something new */
static bool take_sack(struct tcp *t, const struct tcp_options *o)
{
	bool any = false;

	for (unsigned b = 0; b < o->n_sack; b++)
		for (uint32_t i = 0; i < t->n_segs; i++) {
			struct tcp_seg *g = &t->segs[i];

			if (g->flags & SEG_SACKED || seq_lt(g->seq, o->sack[b].start) || seq_lt(o->sack[b].end, g->end))
				continue;
			g->flags |= SEG_SACKED;
			any = true;
		}
	return any;
}

/* segments with at least three SACKed ones behind them are lost; true: there are such */
static bool mark_lost_by_sack(struct tcp *t)
{
	unsigned behind = 0;
	bool any = false;

	for (uint32_t i = t->n_segs; i-- > 0;) {
		if (t->segs[i].flags & SEG_SACKED) {
			behind++;
		} else if (behind >= DUPACKS && !(t->segs[i].flags & (SEG_LOST | SEG_EVER_RETRANS))) {
			t->segs[i].flags |= SEG_LOST;
			any = true;
		}
	}
	return any;
}

static void mark_head_lost(struct tcp *t)
{
	if (t->n_segs && !(t->segs[0].flags & (SEG_SACKED | SEG_LOST)))
		t->segs[0].flags |= SEG_LOST;
}

static void enter_recovery(struct tcp *t)
{
	t->ssthresh = MAX(t->cwnd / 2, 2u);
	t->cwnd = t->ssthresh;
	t->recovery = true;
	t->recover = t->snd_nxt;
}

static void grow_cwnd(struct tcp *t, uint32_t acked)
{
	/* RFC 5681 section 3.1: slow start, then one segment each round trip */
	if (t->cwnd < t->ssthresh) {
		t->cwnd = MIN(t->cwnd + acked, MAX(t->ssthresh, t->cwnd));
		return;
	}
	t->cwnd_cnt += acked;
	if (t->cwnd_cnt >= t->cwnd) {
		t->cwnd_cnt -= t->cwnd;
		t->cwnd = MIN(t->cwnd + 1, TCP_SEGS_MAX);
	}
}

static void on_new_ack(struct tcp *t, uint32_t acked)
{
	t->dupacks = 0;
	t->retransmits = t->backoff = 0;
	if (t->recovery || t->loss) {
		if (!seq_lt(t->snd_una, t->recover)) {
			t->recovery = t->loss = false;
		} else if (t->recovery) {
			/* RFC 6582 section 3.2: a partial acknowledgment, the next is missing too */
			mark_head_lost(t);
			return;
		}
	}
	grow_cwnd(t, acked);
}

static void on_dup_ack(struct tcp *t)
{
	t->dupacks++;
	if (t->recovery || t->loss || t->dupacks < DUPACKS)
		return;
	enter_recovery(t);
	mark_head_lost(t);
}

static void update_window(struct tcp *t, const struct tcphdr *th)
{
	uint32_t seq = ntohl(th->seq), ack = ntohl(th->ack_seq);

	/* RFC 9293 section 3.10.7.4: SND.WL1 < SEG.SEQ or (SND.WL1 = SEG.SEQ and SND.WL2 =< SEG.ACK) */
	if (!seq_lt(t->snd_wl1, seq) && !(t->snd_wl1 == seq && seq_le(t->snd_wl2, ack)))
		return;
	t->snd_wnd = (uint32_t)ntohs(th->window) << (th->syn ? 0 : t->snd_wscale);
	t->snd_wl1 = seq;
	t->snd_wl2 = ack;
	t->max_wnd = MAX(t->max_wnd, t->snd_wnd);
}

bool tcp_ack(struct sock *s, const struct tcphdr *th, uint32_t data_len, const struct tcp_options *o)
{
	struct tcp *t = s->tcp;
	uint32_t ack = ntohl(th->ack_seq), was_wnd = t->snd_wnd, n;
	bool moved, sacked;

	if (seq_lt(t->snd_nxt, ack))
		return false;
	if (seq_lt(ack, t->snd_una))
		return true;		/* old: what it says is known */
	moved = ack != t->snd_una;
	update_window(t, th);
	if (moved) {
		uint32_t bytes = ack - t->snd_una - (t->snd_una == t->iss) - (t->fin_sent && ack == t->snd_nxt);

		ring_drop(&t->snd, bytes);
		t->snd_una = ack;
		t->tlp_out = false;
		t->probes = 0;
		n = take_acked(s, ack);
		on_new_ack(t, n);
	} else if (t->n_segs && !data_len && !th->fin && t->snd_wnd == was_wnd && !t->sack_ok) {
		on_dup_ack(t);
	}
	sacked = t->sack_ok && take_sack(t, o);
	if (t->sack_ok && mark_lost_by_sack(t) && !t->recovery && !t->loss)
		enter_recovery(t);
	if (t->snd_wnd)
		t->probes = 0;
	if (moved || sacked || t->snd_wnd != was_wnd) {
		tcp_rearm(s);
		if (moved)
			sock_wake(s);
	}
	return true;
}
