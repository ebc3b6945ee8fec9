/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ct/tcp.c - TCP: which state a connection is in, and whether a segment can be part of it.
 *
 * On the packet's way: called by ct_in() for each TCP packet, between the lookup and the rules.
 *
 * Theory of operation. A connection has one state, guessed from what passed by; a table gives the next one from direction, kind of segment and
 * state. IGNORE means: let it pass, believe nothing (we may be out of step with both ends; their answer will tell). INVALID: not part of this
 * connection. What the table cannot know (reopening, challenge ACKs, resets) is decided by judge(). Then in_window() holds the segment against
 * what each end may send, following van Rooij; with "sack" the highest right edge of SACK blocks, else the ACK number:
 *
 *    I    seq   <= sender.maxend                          maxend: highest sack + window that the receiver sent
 *    II   end   >= sender.end - receiver.maxwin           end: highest sequence number + length sent
 *    III  sack  <= receiver.end                           maxwin: largest window offered, grown by data above maxend
 *    IV   sack  >= receiver.end - MAX(sender.maxwin, 66000)
 *
 * I or III broken is INVALID; II or IV broken passes without being believed. Windows of a connection picked up in the middle are not known, so
 * it is judged liberally.
 *
 * References: RFC 9293; RFC 7323; RFC 2018; RFC 5961 sections 3 and 4; G. van Rooij, "Real stateful TCP packet filtering in IP Filter", SANE 2000.
 */
#include "ct/proto.h"

#include "base/buf.h"
#include "ct/print.h"
#include "net/parse.h"

enum tcp_kind { KIND_SYN, KIND_SYNACK, KIND_FIN, KIND_ACK, KIND_RST, KIND_NONE, KIND_MAX };

/* what the window model needs of a segment */
struct segment {
	const struct tcphdr *th;
	enum tcp_kind kind;
	int dir;
	uint32_t seq, ack, sack, end, win;
	struct tcp_options opt;
};

#define IV TCP_CONNTRACK_MAX
#define IG TCP_CONNTRACK_IGNORE
#define SS TCP_CONNTRACK_SYN_SENT
#define SR TCP_CONNTRACK_SYN_RECV
#define ES TCP_CONNTRACK_ESTABLISHED
#define FW TCP_CONNTRACK_FIN_WAIT
#define CW TCP_CONNTRACK_CLOSE_WAIT
#define LA TCP_CONNTRACK_LAST_ACK
#define TW TCP_CONNTRACK_TIME_WAIT
#define CL TCP_CONNTRACK_CLOSE
#define S2 TCP_CONNTRACK_SYN_SENT2

/* [direction][kind][state now]; columns: none, SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT, CLOSE_WAIT, LAST_ACK, TIME_WAIT, CLOSE, SYN_SENT2 */
static const uint8_t next_state[2][KIND_MAX][TCP_CONNTRACK_MAX] = {
	[IP_CT_DIR_ORIGINAL] = {
		[KIND_SYN]    = { SS, SS, IG, IG, IG, IG, IG, SS, SS, S2 },
		[KIND_SYNACK] = { IV, IV, SR, IV, IV, IV, IV, IV, IV, SR },
		[KIND_FIN]    = { IV, IV, FW, FW, LA, LA, LA, TW, CL, IV },
		[KIND_ACK]    = { ES, IV, ES, ES, CW, CW, TW, TW, CL, IV },
		[KIND_RST]    = { IV, CL, CL, CL, CL, CL, CL, CL, CL, CL },
		[KIND_NONE]   = { IV, IV, IV, IV, IV, IV, IV, IV, IV, IV },
	},
	[IP_CT_DIR_REPLY] = {
		[KIND_SYN]    = { IV, S2, IV, IV, IV, IV, IV, SS, IV, S2 },
		[KIND_SYNACK] = { IV, SR, IG, IG, IG, IG, IG, IG, IG, SR },
		[KIND_FIN]    = { IV, IV, FW, FW, LA, LA, LA, TW, CL, IV },
		[KIND_ACK]    = { IV, IG, SR, ES, CW, CW, TW, TW, CL, IG },
		[KIND_RST]    = { IV, CL, CL, CL, CL, CL, CL, CL, CL, CL },
		[KIND_NONE]   = { IV, IV, IV, IV, IV, IV, IV, IV, IV, IV },
	},
};

static const char *const state_name[] = {
	"NONE", "SYN_SENT", "SYN_RECV", "ESTABLISHED", "FIN_WAIT", "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE", "SYN_SENT2",
};
static_assert(ARRAY_LEN(state_name) == TCP_CONNTRACK_MAX, "a name for each state");

const char *ct_tcp_state_name(unsigned state)
{
	return state < TCP_CONNTRACK_MAX ? state_name[state] : "?";
}

#define MIN_ACK_WINDOW 66000
#define MAX_SCALE 14

static inline bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static inline bool after(uint32_t a, uint32_t b)
{
	return before(b, a);
}

static enum tcp_kind kind_of(const struct tcphdr *th)
{
	if (th->rst)
		return KIND_RST;
	if (th->syn)
		return th->ack ? KIND_SYNACK : KIND_SYN;
	if (th->fin)
		return KIND_FIN;
	return th->ack ? KIND_ACK : KIND_NONE;
}

/* SYN, FIN, RST, ACK and URG go together in these ways only; PSH, ECE and CWR with all of them */
static bool flags_valid(const struct tcphdr *th)
{
	unsigned n = th->syn + th->rst;

	if (n > 1 || (th->fin && (n || !th->ack)))
		return false;
	if (th->rst)
		return !th->urg;
	if (th->syn)
		return !(th->urg && th->ack);
	return th->ack;
}

/* The segment of a packet; false: it is no TCP segment that could belong to any connection */
static bool segment_read(struct ct_table *t, const struct pkt *pkt, enum nf_inet_hooks hook, struct segment *s)
{
	const struct tcphdr *th = pkt_tcp(pkt);
	uint32_t header;

	if (!th || th->doff < 5 || pkt_l4_len(pkt) < th->doff * 4u) {
		conn_log_invalid(t, pkt, hook, "truncated packet ");
		return false;
	}
	if (t->conf->checksum && hook == NF_INET_PRE_ROUTING && !(pkt->flags & PKT_LOOPED) && !parse_l4_checksum(pkt)) {
		conn_log_invalid(t, pkt, hook, "bad checksum ");
		return false;
	}
	if (!flags_valid(th)) {
		conn_log_invalid(t, pkt, hook, "invalid tcp flag combination ");
		return false;
	}
	header = th->doff * 4u;
	*s = (struct segment){ .th = th, .kind = kind_of(th), .seq = ntohl(th->seq), .ack = ntohl(th->ack_seq), .win = ntohs(th->window) };
	s->sack = s->ack;
	s->end = s->seq + pkt_l4_len(pkt) - header + th->syn + th->fin;
	/* a bare timestamp, as most segments of an open connection have, says nothing of interest here */
	if (header > 20 && (header != 32 || th->syn || get_u32(th + 1) != 0x0101080a))
		(void)parse_tcp_options(pkt, &s->opt);	/* up to a damaged option, as Linux reads them */
	return true;
}

/* SACK permitted and window scale of a SYN, as this end's own */
static void take_options(struct ct_tcp *tcp, int dir, const struct segment *s)
{
	if (s->th->doff == 5)
		return;
	tcp->scale[dir] = 0;
	tcp->flags[dir] &= IP_CT_TCP_FLAG_BE_LIBERAL;
	if (s->opt.have_sack_ok)
		tcp->flags[dir] |= IP_CT_TCP_FLAG_SACK_PERM;
	if (s->opt.have_wscale) {
		tcp->scale[dir] = MIN(s->opt.wscale, MAX_SCALE);
		tcp->flags[dir] |= IP_CT_TCP_FLAG_WINDOW_SCALE;
	}
}

/* A SYN (or SYN/ACK) begins what this end sends */
static void begin_sender(struct ct_tcp *tcp, const struct segment *s)
{
	struct ct_tcp_peer *sender = &tcp->seen[s->dir];

	sender->end = sender->maxend = s->end;
	sender->maxwin = MAX(s->win, 1u);
	take_options(tcp, s->dir, s);
	/* RFC 7323 section 2.2: scaling only when both ends sent the option; known once the reply is here */
	if (s->dir == IP_CT_DIR_REPLY && !(tcp->flags[0] & tcp->flags[1] & IP_CT_TCP_FLAG_WINDOW_SCALE))
		tcp->scale[0] = tcp->scale[1] = 0;
}

/* In the middle of a connection: take what the segment says */
static void adopt_sender(struct ct_tcp *tcp, const struct segment *s)
{
	struct ct_tcp_peer *sender = &tcp->seen[s->dir], *receiver = &tcp->seen[!s->dir];

	sender->end = s->end;
	sender->maxwin = MAX(s->win << tcp->scale[s->dir], 1u);
	sender->maxend = s->end + sender->maxwin;
	if (receiver->maxwin == 0)
		receiver->end = receiver->maxend = s->sack;
	else if (s->sack == receiver->end + 1)
		receiver->end++;	/* the answer to a keepalive */
}

enum window { WINDOW_IN, WINDOW_IGNORE, WINDOW_OUT };

static enum window out_of_window(struct ct_table *t, const struct conn *c, const struct pkt *pkt, enum nf_inet_hooks hook,
				 const struct segment *s, enum window res, const char *why, uint32_t bound)
{
	if ((c->proto.tcp.flags[s->dir] & IP_CT_TCP_FLAG_BE_LIBERAL) || t->conf->tcp_be_liberal)
		return WINDOW_IN;
	conn_log_invalid(t, pkt, hook, why, bound);
	return res;
}

static void highest_sack(struct segment *s)
{
	for (unsigned i = 0; i < s->opt.n_sack; i++)
		if (after(s->opt.sack[i].end, s->sack))
			s->sack = s->opt.sack[i].end;
}

/* The segment passed all four bounds: learn from it */
static void window_learn(struct ct_tcp *tcp, const struct segment *s)
{
	struct ct_tcp_peer *sender = &tcp->seen[s->dir], *receiver = &tcp->seen[!s->dir];
	uint32_t win = s->th->syn ? s->win : s->win << tcp->scale[s->dir];

	sender->maxwin = MAX(sender->maxwin, win + (s->sack - s->ack));
	if (after(s->end, sender->end)) {
		sender->end = s->end;
		tcp->flags[s->dir] |= IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
	}
	if (s->th->ack && (!(tcp->flags[s->dir] & IP_CT_TCP_FLAG_MAXACK_SET) || after(s->ack, sender->maxack))) {
		sender->maxack = s->ack;
		tcp->flags[s->dir] |= IP_CT_TCP_FLAG_MAXACK_SET;
	}
	if (receiver->maxwin && after(s->end, sender->maxend))
		receiver->maxwin += s->end - sender->maxend;
	if (after(s->sack + win, receiver->maxend - 1))
		receiver->maxend = s->sack + win + !win;
	if (s->ack == receiver->end)
		tcp->flags[!s->dir] &= ~IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
}

/* The same segment again and again means that the other end does not answer */
static void count_retransmissions(struct ct_tcp *tcp, const struct segment *s)
{
	if (s->kind != KIND_ACK)
		return;
	if (tcp->last_dir == s->dir && tcp->last_seq == s->seq && tcp->last_ack == s->ack && tcp->last_end == s->end &&
	    tcp->last_win == s->win) {
		tcp->retrans++;
		return;
	}
	tcp->last_dir = (uint8_t)s->dir;
	tcp->last_seq = s->seq;
	tcp->last_ack = s->ack;
	tcp->last_end = s->end;
	tcp->last_win = (uint16_t)s->win;
	tcp->retrans = 0;
}

static enum window in_window(struct ct_table *t, struct conn *c, const struct pkt *pkt, enum nf_inet_hooks hook, struct segment *s)
{
	struct ct_tcp *tcp = &c->proto.tcp;
	struct ct_tcp_peer *sender = &tcp->seen[s->dir], *receiver = &tcp->seen[!s->dir];
	uint32_t ack_low;

	if (tcp->flags[!s->dir] & IP_CT_TCP_FLAG_SACK_PERM)
		highest_sack(s);
	if (sender->maxwin == 0) {
		if (s->th->syn) {
			begin_sender(tcp, s);
			if (!s->th->ack)
				return WINDOW_IN;	/* simultaneous open */
		} else {
			adopt_sender(tcp, s);
		}
	} else if (s->th->syn && after(s->end, sender->end) && (tcp->state == SS || tcp->state == SR)) {
		begin_sender(tcp, s);	/* it began anew with higher sequence numbers */
		if (s->dir == IP_CT_DIR_REPLY && !s->th->ack)
			return WINDOW_IN;
	}
	/* without an ACK, or with the zero that some stacks put in resets: as if it acknowledged everything */
	if (!s->th->ack || (s->th->rst && s->ack == 0))
		s->ack = s->sack = receiver->end;
	if (s->th->rst && s->seq == 0 && tcp->state == SS)
		s->seq = s->end = sender->end;		/* a reset that answers a SYN */

	ack_low = receiver->end - MAX(sender->maxwin, (uint32_t)MIN_ACK_WINDOW);
	if (after(s->seq, sender->maxend)) {
		uint32_t over = s->end - sender->maxend + 1;

		/* only too many bytes: remember them, so that their ACK is not beyond III */
		if (receiver->maxwin && after(s->end, sender->end - receiver->maxwin - 1) && after(s->sack, ack_low - 1) &&
		    over <= receiver->maxwin && !after(s->sack, receiver->end)) {
			sender->end = s->end;
			tcp->flags[s->dir] |= IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED;
			return out_of_window(t, c, pkt, hook, s, WINDOW_IGNORE, "%u bytes more than expected ", over);
		}
		return out_of_window(t, c, pkt, hook, s, WINDOW_OUT, "SEQ is over upper bound %u (over the window of the receiver) ",
				     sender->maxend + 1);
	}
	if (after(s->sack, receiver->end))
		return out_of_window(t, c, pkt, hook, s, WINDOW_OUT, "ACK is over upper bound %u (ACKed data not seen yet) ",
				     receiver->end + 1);
	if (receiver->maxwin && !after(s->end, sender->end - receiver->maxwin - 1))
		return out_of_window(t, c, pkt, hook, s, WINDOW_IGNORE,
				     "SEQ is under lower bound %u (already ACKed data retransmitted) ", sender->end - receiver->maxwin - 1);
	if (before(s->sack, ack_low))
		return out_of_window(t, c, pkt, hook, s, WINDOW_IGNORE, "ignored ACK under lower bound %u (possible overly delayed) ",
				     ack_low - 1);
	window_learn(tcp, s);
	count_retransmissions(tcp, s);
	return WINDOW_IN;
}

/* The first packet of a connection: 0 when it may be one */
static bool begin(struct ct_table *t, struct conn *c, const struct pkt *pkt, enum nf_inet_hooks hook, struct segment *s)
{
	struct ct_tcp *tcp = &c->proto.tcp;
	uint8_t state = next_state[IP_CT_DIR_ORIGINAL][s->kind][TCP_CONNTRACK_NONE];

	if (state >= TCP_CONNTRACK_MAX) {
		conn_log_invalid(t, pkt, hook, "invalid new ");
		return false;
	}
	if (state != SS && !t->conf->tcp_loose)
		return false;
	memset(tcp, 0, sizeof(*tcp));
	tcp->seen[0].end = tcp->seen[0].maxend = s->end;
	tcp->seen[0].maxwin = MAX(s->win, 1u);
	if (state == SS) {
		take_options(tcp, 0, s);
	} else {
		tcp->seen[0].maxend += tcp->seen[0].maxwin;
		tcp->flags[0] = tcp->flags[1] = IP_CT_TCP_FLAG_SACK_PERM | IP_CT_TCP_FLAG_BE_LIBERAL;
	}
	tcp->last_index = KIND_NONE;
	return true;
}

/* ---- what the table cannot know ---- */

enum judgement {
	JUDGE_WINDOW,		/* go on to the window */
	JUDGE_TRUST,		/* go on without looking at it */
	JUDGE_PASS,		/* let the packet pass, believe nothing */
	JUDGE_INVALID,
	JUDGE_REOPEN,		/* end this connection and look again */
};

static bool is_closing(uint8_t state)
{
	return state == FW || state == LA || state == TW || state == CL || state == CW;
}

/* We hold an older connection than the two ends: a SYN/ACK that answers the SYN which we let pass brings us back in step */
static void resynchronise(struct ct_tcp *tcp, int dir)
{
	int client = tcp->last_dir;

	tcp->seen[client].end = tcp->seen[client].maxend = tcp->last_end;
	tcp->seen[client].maxwin = MAX(tcp->last_win, 1);
	tcp->scale[client] = tcp->last_wscale;
	tcp->last_flags &= (uint8_t)~IP_CT_EXP_CHALLENGE_ACK;
	tcp->flags[client] = tcp->last_flags;
	tcp->seen[dir] = (struct ct_tcp_peer){ 0 };
	tcp->scale[dir] = 0;
	tcp->flags[dir] &= IP_CT_TCP_FLAG_BE_LIBERAL;
}

/* A segment that we let pass: remember it, its answer may tell who is right */
static void note_ignored(struct ct_tcp *tcp, const struct segment *s, uint8_t state)
{
	tcp->last_index = s->kind;
	tcp->last_dir = (uint8_t)s->dir;
	tcp->last_seq = s->seq;
	tcp->last_end = s->end;
	tcp->last_win = (uint16_t)s->win;
	if (s->kind == KIND_SYN && s->dir == IP_CT_DIR_ORIGINAL) {
		tcp->last_flags = tcp->last_wscale = 0;
		if (s->opt.have_wscale) {
			tcp->last_flags |= IP_CT_TCP_FLAG_WINDOW_SCALE;
			tcp->last_wscale = MIN(s->opt.wscale, MAX_SCALE);
		}
		if (s->opt.have_sack_ok)
			tcp->last_flags |= IP_CT_TCP_FLAG_SACK_PERM;
		if (state == LA)
			tcp->last_flags |= IP_CT_EXP_CHALLENGE_ACK;
	}
	if (state == SS && s->kind == KIND_ACK && s->dir == IP_CT_DIR_REPLY)
		tcp->last_ack = s->ack;
}

static enum judgement judge_ignored(struct ct_table *t, struct conn *c, const struct pkt *pkt, enum nf_inet_hooks hook,
				    const struct segment *s, uint8_t *old, uint8_t *new)
{
	struct ct_tcp *tcp = &c->proto.tcp;

	if (s->kind == KIND_SYNACK && tcp->last_index == KIND_SYN && tcp->last_dir != s->dir && s->ack == tcp->last_end) {
		*old = SS;
		*new = SR;
		resynchronise(tcp, s->dir);
		return JUDGE_WINDOW;
	}
	note_ignored(tcp, s, *old);
	conn_log_invalid(t, pkt, hook, "packet (index %d) in dir %d ignored, state %s ", s->kind, s->dir, state_name[*old]);
	return JUDGE_PASS;
}

static enum judgement judge_reset(struct ct_table *t, struct conn *c, const struct pkt *pkt, enum nf_inet_hooks hook,
				  const struct segment *s, uint8_t *old, uint8_t *new)
{
	struct ct_tcp *tcp = &c->proto.tcp;
	const struct ct_tcp_peer *other = &tcp->seen[!s->dir];
	bool established = *old == ES && (c->status & IPS_ASSURED);

	if (is_closing(*old))
		return JUDGE_TRUST;
	if ((tcp->flags[!s->dir] & IP_CT_TCP_FLAG_MAXACK_SET) && tcp->last_index != KIND_SYN) {
		if (s->seq == 0 && !established)
			return JUDGE_WINDOW;	/* most likely the answer to a SYN that we let pass */
		if (before(s->seq, other->maxack) && !t->conf->tcp_ignore_invalid_rst) {
			conn_log_invalid(t, pkt, hook, "invalid rst ");
			return JUDGE_INVALID;
		}
		if (!established || s->seq == other->maxack)
			return JUDGE_WINDOW;
		if (tcp->last_index == KIND_ACK && tcp->last_dir == s->dir && s->seq == tcp->last_end)
			return JUDGE_WINDOW;	/* follows on what it sent last */
		*new = *old;	/* RFC 5961 section 3.2: only an exact number resets; there may be a challenge ACK */
	}
	/* it answers the other end's SYN, or an ACK of a half-open connection, that we let pass */
	if ((((c->status & IPS_SEEN_REPLY) && tcp->last_index == KIND_SYN && tcp->last_dir != s->dir) ||
	     (!(c->status & IPS_ASSURED) && tcp->last_index == KIND_ACK)) &&
	    s->ack == tcp->last_end)
		return JUDGE_TRUST;
	/* it answers a challenge ACK that we let pass */
	if (*old == SS && tcp->last_index == KIND_ACK && tcp->last_dir == IP_CT_DIR_REPLY && s->seq == tcp->last_ack)
		return JUDGE_TRUST;
	return JUDGE_WINDOW;
}

static enum judgement judge(struct ct_table *t, struct conn *c, const struct pkt *pkt, enum nf_inet_hooks hook, const struct segment *s,
			    uint8_t *old, uint8_t *new)
{
	struct ct_tcp *tcp = &c->proto.tcp;

	switch (*new) {
	case SS:
		if (*old < TW)
			return JUDGE_WINDOW;
		/* RFC 9293 section 3.6.1: a SYN may reopen a connection in TIME-WAIT; or the client gave up and begins again */
		if (((tcp->flags[0] | tcp->flags[1]) & IP_CT_TCP_FLAG_CLOSE_INIT) ||
		    (tcp->last_dir == s->dir && tcp->last_index == KIND_RST))
			return JUDGE_REOPEN;
		return judge_ignored(t, c, pkt, hook, s, old, new);
	case IG:
		return judge_ignored(t, c, pkt, hook, s, old, new);
	case IV:
		conn_log_invalid(t, pkt, hook, "packet (index %d) in dir %d invalid, state %s ", s->kind, s->dir, state_name[*old]);
		return JUDGE_INVALID;
	case TW:
		/* RFC 5961 section 4.2: this ACK answers the SYN that we let pass, not the last FIN */
		if (*old == LA && s->kind == KIND_ACK && tcp->last_dir != s->dir && tcp->last_index == KIND_SYN &&
		    (tcp->last_flags & IP_CT_EXP_CHALLENGE_ACK)) {
			tcp->last_flags &= (uint8_t)~IP_CT_EXP_CHALLENGE_ACK;
			conn_log_invalid(t, pkt, hook, "challenge-ack ignored ");
			return JUDGE_PASS;
		}
		return JUDGE_WINDOW;
	case S2:
		tcp->last_flags |= IP_CT_TCP_SIMULTANEOUS_OPEN;
		return JUDGE_WINDOW;
	case SR:
		if (s->dir == IP_CT_DIR_REPLY && s->kind == KIND_ACK && (tcp->last_flags & IP_CT_TCP_SIMULTANEOUS_OPEN))
			*new = ES;
		return JUDGE_WINDOW;
	case CL:
		return s->kind == KIND_RST ? judge_reset(t, c, pkt, hook, s, old, new) : JUDGE_WINDOW;
	default:
		return JUDGE_WINDOW;
	}
}

/* ---- the outcome ---- */

/* A FIN or RST out of window, from both sides: the connection is over whatever we think; do not keep it for days */
static void shorten_if_over(struct ct_table *t, struct conn *c, const struct segment *s)
{
	struct ct_tcp *tcp = &c->proto.tcp;

	if (!(c->status & IPS_ASSURED) || (c->status & IPS_FIXED_TIMEOUT) || (s->kind != KIND_RST && s->kind != KIND_FIN))
		return;
	if (tcp->last_dir != s->dir && (tcp->last_index == KIND_FIN || tcp->last_index == KIND_RST)) {
		if (ct_remaining_s(t, c) >= 120 && ct_remaining_s(t, c) > t->conf->tcp_unack)
			ct_set_timeout(t, c, t->conf->tcp_unack, false);
		return;
	}
	tcp->last_index = s->kind;
	tcp->last_dir = (uint8_t)s->dir;
}

static uint32_t timeout_for(const struct ct_table *t, const struct ct_tcp *tcp, enum tcp_kind kind)
{
	const struct ct_conf *conf = t->conf;
	uint32_t normal = conf->tcp_timeout[tcp->state];

	if (tcp->retrans >= conf->tcp_max_retrans && normal > conf->tcp_retrans)
		return conf->tcp_retrans;
	if (kind == KIND_RST)
		return conf->tcp_timeout[CL];
	if (((tcp->flags[0] | tcp->flags[1]) & IP_CT_TCP_FLAG_DATA_UNACKNOWLEDGED) && normal > conf->tcp_unack)
		return conf->tcp_unack;
	if (tcp->last_win == 0 && normal > conf->tcp_retrans)
		return conf->tcp_retrans;
	return normal;
}

static enum ct_track accept_segment(struct ct_table *t, struct conn *c, struct pkt *pkt, const struct segment *s, uint8_t old, uint8_t new)
{
	struct ct_tcp *tcp = &c->proto.tcp;
	uint32_t timeout;

	tcp->last_index = s->kind;
	tcp->last_dir = (uint8_t)s->dir;
	tcp->state = new;
	if (old != new && new == FW)
		tcp->flags[s->dir] |= IP_CT_TCP_FLAG_CLOSE_INIT;
	timeout = timeout_for(t, tcp, s->kind);
	if (new != old) {
		c->epoch++;
		conn_event_due(c);
	}
	if (!(c->status & IPS_SEEN_REPLY)) {
		if (s->kind == KIND_RST) {	/* it was never more than an attempt */
			conn_account(c, pkt);
			ct_delete(t, c);
			return CT_TRACK_OK;
		}
		/* a SYN repeated does not prolong it, or port re-use could keep it for ever */
		if (s->kind == KIND_SYN && old == SS)
			return CT_TRACK_OK;
		if (new == ES && timeout > t->conf->tcp_unack)
			timeout = t->conf->tcp_unack;	/* picked up in the middle, one direction seen */
	} else if (!(c->status & IPS_ASSURED) && (old == SR || old == ES) && new == ES) {
		c->status |= IPS_ASSURED;
		c->epoch++;
		conn_event_due(c);
	}
	conn_refresh(t, c, pkt, timeout);
	return CT_TRACK_OK;
}

enum ct_track ct_tcp_track(struct ct_table *t, struct conn *c, struct pkt *pkt, enum nf_inet_hooks hook)
{
	struct segment s;
	enum judgement j;
	uint8_t old, new;

	if (!segment_read(t, pkt, hook, &s))
		return CT_TRACK_INVALID;
	s.dir = pkt_dir(pkt);
	if (!(c->status & IPS_CONFIRMED) && !begin(t, c, pkt, hook, &s))
		return CT_TRACK_INVALID;
	old = c->proto.tcp.state;
	new = next_state[s.dir][s.kind][old];
	j = judge(t, c, pkt, hook, &s, &old, &new);
	switch (j) {
	case JUDGE_PASS:
		return CT_TRACK_OK;
	case JUDGE_INVALID:
		return CT_TRACK_INVALID;
	case JUDGE_REOPEN:
		ct_delete(t, c);
		return CT_TRACK_REPEAT;
	case JUDGE_TRUST:
		break;
	case JUDGE_WINDOW:
		switch (in_window(t, c, pkt, hook, &s)) {
		case WINDOW_IN:
			break;
		case WINDOW_IGNORE:
			return CT_TRACK_OK;
		case WINDOW_OUT:
			shorten_if_over(t, c, &s);
			return CT_TRACK_INVALID;
		}
	}
	return accept_segment(t, c, pkt, &s, old, new);
}

bool ct_tcp_may_reuse(const struct conn *old, const struct conn *fresh)
{
	const struct ct_tcp *o = &old->proto.tcp, *n = &fresh->proto.tcp;

	return o->state >= TW && (old->status & IPS_SRC_NAT) && !(old->status & (IPS_FIXED_TIMEOUT | IPS_DYING)) &&
	       after(n->seen[0].end, o->seen[0].end);
}
