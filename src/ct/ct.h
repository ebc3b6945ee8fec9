/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ct/ct.h - connection tracking: the table of connections and their life-cycle.
 *
 * On the packet's way it is three entries: ct_in() at priority -200 of PREROUTING and OUTPUT looks the packet up or makes a new,
 * unconfirmed connection; nat.h translates; ct_confirm(), last in INPUT and POSTROUTING, puts the connection into the table.
 *
 * Invariants
 *  1. A connection is in the index (both tuples) exactly while IPS_CONFIRMED is set and IPS_DYING is not.
 *  2. An unconfirmed connection belongs to the one packet that made it and is freed with ct_drop_unconfirmed() or confirmed.
 *  3. tuple[IP_CT_DIR_REPLY] is what an answer carries when it arrives, translation included.
 *  4. One connection, its share of the index included, costs at most 256 bytes; what few have is in .ext.
 */
#ifndef CT_CT_H
#define CT_CT_H

#include <netinet/in.h>	/* before the UAPI headers: they then leave its types alone */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/rng.h"
#include "base/wheel.h"
#include "net/pkt.h"
#include "net/tuple.h"

struct ct_tcp_peer {			/* one direction of a TCP connection; RFC 9293, van Rooij's window model */
	uint32_t end, maxend, maxwin, maxack;
};

struct ct_tcp {
	struct ct_tcp_peer seen[2];
	uint8_t scale[2], flags[2];	/* by direction; flags are IP_CT_TCP_FLAG_* */
	uint8_t state, last_dir, retrans, last_index, last_wscale, last_flags;
	uint16_t last_win;
	uint32_t last_seq, last_ack, last_end;
};

struct conn_ext;			/* counters, timestamps, labels, master: ct/ext.h */

struct conn {
	struct tuple tuple[2];		/* by direction */
	uint32_t status;		/* IPS_*, and CONN_WATCHED, CONN_CHANGED */
	uint32_t mark;
	struct wheel_timer timer;	/* lazily armed: it expires .later_ms after .timer.expires_ms */
	uint32_t later_ms;
	uint32_t id;			/* its slot in the table; what `conntrack -o id` shows is ct_id() */
	uint16_t refs;
	uint16_t epoch;			/* moved by whatever cached outcomes must notice */
	int masq_ifindex;		/* egress of a masqueraded connection; 0: none */
	struct conn_ext *ext;		/* NULL: none */
	uint32_t outcome[2];		/* cached outcome by direction, index into the path's table; 0: none */
	uint32_t src_next, src_prev;	/* connections with the same original source that are source-translated: slots + 1, 0: end */
	union {
		struct ct_tcp tcp;
		struct { uint64_t stream_ms; } udp;
	} proto;
};

static_assert(sizeof(struct conn) <= 208, "with two index cells at the worst load (43 bytes) and a source head (4), 256 bytes");

/* bits of .status that the UAPI does not have; CONN_STATUS_MASK keeps what Linux would show */
#define CONN_WATCHED (1u << 30)		/* made while somebody listened: has events (nf_conntrack_events = 2) */
#define CONN_CHANGED (1u << 31)		/* an UPDATE is due when this packet has passed */
#define CONN_MARKED (1u << 29)		/* its mark changed: that UPDATE shows it even when it is 0 */
#define CONN_STATUS_MASK 0x00ffffffu

/* Settings, all of them sysctls under net.netfilter. Times in seconds. Defaults by ct_conf_init(). */
struct ct_conf {
	uint32_t max, buckets, checksum, acct, timestamp, events, log_invalid, helper, expect_max;	/* max 0: no limit */
	uint32_t tcp_timeout[TCP_CONNTRACK_MAX];	/* by state of the UAPI enum; SYN_SENT2 has no sysctl */
	uint32_t tcp_retrans, tcp_unack;		/* max_retrans, unacknowledged */
	uint32_t tcp_loose, tcp_be_liberal, tcp_max_retrans, tcp_ignore_invalid_rst;
	uint32_t udp, udp_stream, icmp, icmpv6, generic, gre, gre_stream;
	uint32_t frag_timeout;
};

enum ct_event { CT_EVENT_NEW, CT_EVENT_UPDATE, CT_EVENT_DESTROY };

struct ct_stats {		/* as `conntrack -S` and `conntrack -C` count */
	uint64_t found, invalid, insert, insert_failed, drop, early_drop, error, search_restart, clash_resolve, chaintoolong;
};

/* A slice of the port space, so that several engines can serve one address: ports p with p % of == nth. {0, 1}: all. */
struct ct_slice {
	uint16_t nth, of;
};

struct ct_table;

/* what the table needs from outside; pointers stay valid as long as the table */
struct ct_env {
	const struct clock *clock;
	struct rng *rng;
	struct hash_key key;
	struct ct_slice slice;
	/* with nf_conntrack_events = 2 only for connections made while ct_watch() says that somebody listens; NULL: never */
	void (*event)(void *ctx, enum ct_event ev, const struct conn *c);
	void (*log)(void *ctx, const char *line);	/* "nf_conntrack: table full, dropping packet" */
	/* a packet found INVALID that nf_conntrack_log_invalid asks about: "nf_ct_proto_6: invalid rst "; NULL: not logged */
	void (*invalid)(void *ctx, const struct pkt *p, enum nf_inet_hooks hook, const char *why);
	void (*gone)(void *ctx, struct conn *c);	/* it is about to be freed: let go what .outcome holds; NULL: nothing to do */
	/* does a local socket hold this address and port (for the SNAT of forwarded traffic in live mode); NULL: never */
	bool (*port_used)(void *ctx, uint8_t proto, const union inet_addr *addr, be16 port);
	void *ctx;
};

void ct_conf_init(struct ct_conf *conf);
/** ct_new() - an empty table; @conf is read at each use and stays the caller's; NULL: no memory */
struct ct_table *ct_new(const struct ct_env *env, struct ct_conf *conf);
void ct_free(struct ct_table *t);

/**
 * ct_in() - look up or create the connection of a packet, and track its state
 * Sets pkt->ct and pkt->ctinfo. A packet that tracking finds INVALID is accepted with pkt->ct NULL and PKT_UNTRACKED clear.
 * Zones are what the packet's template says (pkt->ct_zone): answers are looked up in the zone of the reply direction.
 * Return: VERDICT_ACCEPT, or VERDICT_DROP with pkt->drop set
 */
enum verdict ct_in(struct ct_table *t, struct pkt *pkt, enum nf_inet_hooks hook);
/**
 * ct_confirm() - enter an unconfirmed connection into the table; VERDICT_DROP on a clash that cannot be resolved
 * Also sends the UPDATE event that this packet caused (CONN_CHANGED): who skips the walk must still call it then.
 */
enum verdict ct_confirm(struct ct_table *t, struct pkt *pkt);
/** ct_drop_unconfirmed() - the packet is gone: free the connection if it never got into the table; pkt->ct becomes NULL */
void ct_drop_unconfirmed(struct ct_table *t, struct pkt *pkt);
/** ct_prefetch() - touch what ct_in() of these packets will read, so that a vector's cache misses overlap */
void ct_prefetch(struct ct_table *t, struct pkt **pkts, unsigned n);

/* Connections that ended are freed by ct_expire(), so that packets on their way may still point to them. Who keeps one longer holds it. */
struct conn *conn_hold(struct conn *c);
void conn_put(struct ct_table *t, struct conn *c);

/** ct_find() - the confirmed connection that has this tuple; *dir: which of its two; NULL: none */
struct conn *ct_find(struct ct_table *t, const struct tuple *tuple, int *dir);
/** ct_find_zoned() - as ct_find(), for a packet of @zone by direction: one of the original direction is in zone[0], an answer in zone[1] */
struct conn *ct_find_zoned(struct ct_table *t, const struct tuple *tuple, const uint16_t zone[2], int *dir);
/** ct_tuple_taken() - would a packet with this reply tuple be taken for another connection than @ignore */
bool ct_tuple_taken(struct ct_table *t, const struct tuple *reply, const struct conn *ignore);
/** ct_foreach() - every confirmed connection, in no particular order; @fn may delete the one it is given; stops at non-zero and returns that */
int ct_foreach(struct ct_table *t, int (*fn)(void *ctx, struct conn *c), void *ctx);
/** ct_delete() - take a connection out of the table (event DESTROY) */
void ct_delete(struct ct_table *t, struct conn *c);
void ct_flush(struct ct_table *t);
/** ct_insert() - a confirmed connection made by hand (conntrack -I, state files); 0, -EEXIST, -ENOMEM, -ENFILE */
int ct_insert(struct ct_table *t, const struct tuple *orig, const struct tuple *reply, uint32_t status, uint32_t timeout_s, uint32_t mark,
	      struct conn **out);
uint32_t ct_count(const struct ct_table *t);
struct ct_stats *ct_stats(struct ct_table *t);
struct ct_conf *ct_conf(struct ct_table *t);
/** ct_announce() - the NEW event of a connection made by hand, which ct_insert() leaves to the caller */
void ct_announce(struct ct_table *t, struct conn *c);
/** ct_set_mark() - mark of a connection; when it changed, moves its epoch and has UPDATE sent at the packet's ct_confirm() */
void ct_set_mark(struct ct_table *t, struct conn *c, uint32_t mark);
/** ct_set_timeout() - it expires @timeout_s from now; @fixed: and traffic does not renew that (IPS_FIXED_TIMEOUT) */
void ct_set_timeout(struct ct_table *t, struct conn *c, uint32_t timeout_s, bool fixed);
/** ct_update() - somebody changed what UPDATE events show: moves the epoch, and the event is sent at once */
void ct_update(struct ct_table *t, struct conn *c);
/** ct_watch() - a listener for events comes (true) or goes */
void ct_watch(struct ct_table *t, bool on);
/** ct_set_actor() - events from here on are a program's doing, which is known by this netlink port; 0: packets' and time's again */
void ct_set_actor(struct ct_table *t, uint32_t portid);
/** ct_id() - the number that `conntrack -o id` shows */
uint32_t ct_id(const struct ct_table *t, const struct conn *c);
/** ct_remaining_s() - seconds until it expires, rounded down as the kernel shows it */
uint32_t ct_remaining_s(const struct ct_table *t, const struct conn *c);

static inline uint64_t conn_expires_ms(const struct conn *c)
{
	return c->timer.expires_ms + c->later_ms;
}

uint64_t ct_next_ms(const struct ct_table *t);	/* when ct_expire() has something to do, UINT64_MAX: nothing */
void ct_expire(struct ct_table *t, uint64_t now_ms);

/* counters of one direction, where nf_conntrack_acct was on when the connection was made; else NULL */
struct ct_counter {
	uint64_t packets, bytes;
};
const struct ct_counter *ct_acct(const struct conn *c);	/* array of two */

static inline const struct tuple *conn_tuple(const struct conn *c, int dir)
{
	return &c->tuple[dir];
}

#endif
