/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ct/ct.c - connections from their first packet to their end.
 *
 * On the packet's way: ct_in() at -200 of PREROUTING and OUTPUT, ct_confirm() last in INPUT and POSTROUTING.
 *
 * Theory of operation. ct_in() turns the packet into a tuple, looks that up, and makes an unconfirmed connection when there is none; then the
 * protocol (ct/tcp.c, ct/proto.c) judges the packet. ct_confirm() puts the connection into the index, so a packet that rules drop leaves
 * nothing behind. What a connection's packet changed is told to listeners at ct_confirm() too, as Linux does: a packet dropped on its
 * way changes the state, and the next one that passes tells about it.
 *
 * Expiry is lazy: traffic only moves .later_ms; when the timer fires, the connection is armed again for what is left. Lookups treat a connection
 * past its time as gone, whether its timer fired or not. Ended connections wait on a list until ct_expire(), because packets under way may
 * still point to them.
 *
 * Invariants: see ct/ct.h. And: .refs counts the table (while confirmed) or the packet (before), and whoever called conn_hold().
 *
 * Differences: D-20 (ends exactly on time), D-21 (nothing is dropped before the table is full).
 */
#include "ct/ct.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "ct/ext.h"
#include "ct/nat.h"
#include "ct/proto.h"
#include "ct/table.h"

#define LOG_WINDOW_MS 5000
#define LOG_BURST 10

void ct_conf_init(struct ct_conf *conf)
{
	*conf = (struct ct_conf){
		.max = 262144, .buckets = 262144, .checksum = 1, .events = 2, .expect_max = 4096,
		.tcp_timeout = {
			[TCP_CONNTRACK_NONE] = 120,
			[TCP_CONNTRACK_SYN_SENT] = 120,
			[TCP_CONNTRACK_SYN_RECV] = 60,
			[TCP_CONNTRACK_ESTABLISHED] = 432000,
			[TCP_CONNTRACK_FIN_WAIT] = 120,
			[TCP_CONNTRACK_CLOSE_WAIT] = 60,
			[TCP_CONNTRACK_LAST_ACK] = 30,
			[TCP_CONNTRACK_TIME_WAIT] = 120,
			[TCP_CONNTRACK_CLOSE] = 10,
			[TCP_CONNTRACK_SYN_SENT2] = 120,
		},
		.tcp_retrans = 300, .tcp_unack = 300, .tcp_loose = 1, .tcp_max_retrans = 3,
		.udp = 30, .udp_stream = 120, .icmp = 30, .icmpv6 = 30, .generic = 600, .gre = 30, .gre_stream = 180,
		.frag_timeout = 30,
	};
}

struct ct_table *ct_new(const struct ct_env *env, struct ct_conf *conf)
{
	struct ct_table *t = mem_zalloc(sizeof(*t));

	if (!t)
		return NULL;
	t->env = *env;
	t->conf = conf;
	if (table_init(t) < 0) {
		table_fini(t);
		mem_free(t);
		return NULL;
	}
	wheel_init(&t->wheel, clock_ms(env->clock));
	mem_pool_init(&t->ext, sizeof(struct conn_ext), 0);
	return t;
}

static void conn_free(struct ct_table *t, struct conn *c)
{
	if (t->env.gone)
		t->env.gone(t->env.ctx, c);
	ext_free(t, c);		/* may end its master */
	table_release(t, c);
}

static void reap(struct ct_table *t)
{
	while (t->dead) {
		struct conn *c = table_slot(t, t->dead - 1);

		t->dead = c->src_next;
		conn_free(t, c);
	}
}

void ct_free(struct ct_table *t)
{
	if (!t)
		return;
	t->env.event = NULL;
	ct_flush(t);
	reap(t);
	mem_pool_destroy(&t->ext);
	table_fini(t);
	mem_free(t);
}

uint32_t ct_count(const struct ct_table *t)
{
	return t->count;
}

struct ct_stats *ct_stats(struct ct_table *t)
{
	return &t->stats;
}

struct ct_conf *ct_conf(struct ct_table *t)
{
	return t->conf;
}

/* ---- life-cycle ---- */

struct conn *conn_hold(struct conn *c)
{
	c->refs++;
	return c;
}

void conn_put(struct ct_table *t, struct conn *c)
{
	if (--c->refs)
		return;
	t->count--;
	c->src_next = t->dead;
	t->dead = c->id + 1;
}

static void conn_tell(struct ct_table *t, enum ct_event ev, struct conn *c)
{
	if (t->env.event && (c->status & CONN_WATCHED))
		t->env.event(t->env.ctx, ev, c);
	c->status &= ~(CONN_CHANGED | CONN_MARKED);
}

static void set_expiry(struct ct_table *t, struct conn *c, uint64_t at_ms)
{
	uint64_t armed = c->timer.expires_ms;

	if (!wheel_pending(&c->timer)) {
		c->timer.expires_ms = at_ms;
		c->later_ms = 0;
	} else if (at_ms >= armed && at_ms - armed <= UINT32_MAX) {
		c->later_ms = (uint32_t)(at_ms - armed);
	} else {
		wheel_add(&t->wheel, &c->timer, at_ms);
		c->later_ms = 0;
	}
}

void conn_account(struct conn *c, const struct pkt *pkt)
{
	struct ct_counter *n;

	if (!c->ext || !c->ext->has_acct)
		return;
	n = &c->ext->acct[pkt_dir(pkt)];
	n->packets++;
	n->bytes += pkt_l3_len(pkt);
}

void conn_refresh(struct ct_table *t, struct conn *c, const struct pkt *pkt, uint32_t timeout_s)
{
	if (!(c->status & IPS_FIXED_TIMEOUT))
		set_expiry(t, c, table_now(t) + timeout_s * 1000ull);
	conn_account(c, pkt);
}

void ct_set_timeout(struct ct_table *t, struct conn *c, uint32_t timeout_s, bool fixed)
{
	if (fixed)
		c->status |= IPS_FIXED_TIMEOUT;
	set_expiry(t, c, table_now(t) + timeout_s * 1000ull);
}

static bool log_allowed(struct ct_table *t)
{
	uint64_t now = table_now(t);
	char line[64];

	if (!t->log_since_ms || now - t->log_since_ms > LOG_WINDOW_MS) {
		if (t->log_missed) {
			snprintf(line, sizeof(line), "net_ratelimit: %u callbacks suppressed", t->log_missed);
			t->env.log(t->env.ctx, line);
		}
		t->log_since_ms = now ? now : 1;
		t->log_burst = t->log_missed = 0;
	}
	if (t->log_burst++ < LOG_BURST)
		return true;
	t->log_missed++;
	return false;
}

/* A connection more: is there room, if need be by dropping an unassured one early */
static bool make_room(struct ct_table *t, uint32_t hash)
{
	struct conn *victim;

	if (!t->conf->max || t->count < t->conf->max)
		return true;
	victim = table_early_drop_victim(t, hash);
	if (victim) {
		ct_delete(t, victim);
		t->stats.early_drop++;
		return true;
	}
	if (t->env.log && log_allowed(t))
		t->env.log(t->env.ctx, "nf_conntrack: nf_conntrack: table full, dropping packet");
	return false;
}

static struct conn *conn_new(struct ct_table *t, const struct tuple *orig, const struct tuple *reply)
{
	const struct ct_conf *conf = t->conf;
	struct conn *c = table_alloc(t);
	struct conn_ext *e;

	if (!c)
		return NULL;
	c->tuple[IP_CT_DIR_ORIGINAL] = *orig;
	c->tuple[IP_CT_DIR_REPLY] = *reply;
	c->refs = 1;
	t->count++;
	if (conf->events == 1 || (conf->events == 2 && t->watchers))
		c->status |= CONN_WATCHED;
	if ((conf->acct || conf->timestamp) && (e = ext_get(t, c))) {
		e->has_acct = conf->acct;
		e->has_tstamp = conf->timestamp;
	}
	return c;
}

/* Into the index, with the timer running; -ENOMEM */
static int conn_enter(struct ct_table *t, struct conn *c)
{
	uint64_t at = conn_expires_ms(c);

	if (table_insert(t, c) < 0)
		return -ENOMEM;
	c->status |= IPS_CONFIRMED;
	c->later_ms = 0;
	wheel_add(&t->wheel, &c->timer, at);
	if (c->ext && c->ext->has_tstamp && !c->ext->start_ns)
		c->ext->start_ns = clock_wall_ns(t->env.clock);
	return 0;
}

void ct_delete(struct ct_table *t, struct conn *c)
{
	if (!(c->status & IPS_CONFIRMED) || (c->status & IPS_DYING))
		return;
	table_remove(t, c);
	wheel_del(&t->wheel, &c->timer);
	if (c->status & IPS_SRC_NAT)
		table_src_del(t, c);
	c->status |= IPS_DYING;
	c->epoch++;
	if (c->ext && c->ext->has_tstamp)
		c->ext->stop_ns = clock_wall_ns(t->env.clock);
	conn_tell(t, CT_EVENT_DESTROY, c);
	conn_put(t, c);
}

/* It was never confirmed: nobody but its packet knows it, so it can go at once unless somebody holds it */
static void conn_abandon(struct ct_table *t, struct conn *c)
{
	if (c->status & IPS_SRC_NAT)
		table_src_del(t, c);
	c->status |= IPS_DYING;
	if (c->refs > 1) {
		conn_put(t, c);
		return;
	}
	t->count--;
	conn_free(t, c);
}

static void fire(void *ctx, struct wheel_timer *timer)
{
	struct ct_table *t = ctx;
	struct conn *c = container_of(timer, struct conn, timer);
	uint64_t at = conn_expires_ms(c);

	c->later_ms = 0;
	if (at > table_now(t))
		wheel_add(&t->wheel, timer, at);
	else
		ct_delete(t, c);
}

uint64_t ct_next_ms(const struct ct_table *t)
{
	return t->dead ? table_now(t) : wheel_next(&t->wheel);
}

void ct_expire(struct ct_table *t, uint64_t now_ms)
{
	wheel_advance(&t->wheel, now_ms, fire, t);
	reap(t);
}

/* ---- lookups ---- */

/* The connection with this tuple, one past its time ending here */
static struct conn *find_live(struct ct_table *t, const struct tuple *tuple, uint32_t hash, int *dir)
{
	struct conn *c = table_find(t, tuple, hash, dir);

	if (c && unlikely(conn_expires_ms(c) <= table_now(t))) {
		ct_delete(t, c);
		c = NULL;
	}
	return c;
}

struct conn *ct_find(struct ct_table *t, const struct tuple *tuple, int *dir)
{
	return find_live(t, tuple, table_hash(t, tuple), dir);
}

/* @tuple: in the zone of originals, with its hash */
static struct conn *find_zoned(struct ct_table *t, const struct tuple *tuple, uint32_t hash, uint16_t reply_zone, int *dir)
{
	struct conn *c = find_live(t, tuple, hash, dir);
	struct tuple answer;

	if (likely(tuple->zone == reply_zone) || (c && *dir == IP_CT_DIR_ORIGINAL))
		return c;
	answer = *tuple;
	answer.zone = reply_zone;
	c = ct_find(t, &answer, dir);
	return c && *dir == IP_CT_DIR_REPLY ? c : NULL;
}

struct conn *ct_find_zoned(struct ct_table *t, const struct tuple *tuple, const uint16_t zone[2], int *dir)
{
	struct tuple orig = *tuple;

	orig.zone = zone[IP_CT_DIR_ORIGINAL];
	return find_zoned(t, &orig, table_hash(t, &orig), zone[IP_CT_DIR_REPLY], dir);
}

bool ct_tuple_taken(struct ct_table *t, const struct tuple *reply, const struct conn *ignore)
{
	int dir;
	struct conn *c = ct_find(t, reply, &dir);

	if (!c || c == ignore)
		return false;
	/* the same flow twice, both under way: ct_confirm() makes one of them */
	if (ignore && tuple_eq(&ignore->tuple[IP_CT_DIR_ORIGINAL], &c->tuple[IP_CT_DIR_ORIGINAL]))
		return false;
	t->stats.found++;
	return true;
}

void ct_prefetch(struct ct_table *t, struct pkt **pkts, unsigned n)
{
	n = MIN(n, (unsigned)TABLE_MEMO);
	t->memo_n = t->memo_at = 0;
	for (unsigned i = 0; i < n; i++) {
		struct table_memo *m = &t->memo[t->memo_n];
		bool v6 = pkts[i]->ethertype == htons(ETH_P_IPV6);

		/* not parsed yet: what is there is all that may be looked at */
		if ((!v6 && pkts[i]->ethertype != htons(ETH_P_IP)) ||
		    tuple_of_bytes(v6 ? AF_INET6 : AF_INET, pkt_l3(pkts[i]), pkt_l3_len(pkts[i]), 0, &m->tuple) < 0)
			continue;
		m->hash = table_hash(t, &m->tuple);
		__builtin_prefetch(&t->cell[m->hash >> (32 - t->bits)]);
		t->memo_n++;
	}
	for (unsigned i = 0; i < t->memo_n; i++)
		table_prefetch(t, t->memo[i].hash);
}

static uint32_t hash_of(struct ct_table *t, const struct tuple *tuple)
{
	for (unsigned i = t->memo_at; i < t->memo_n && i < t->memo_at + 4; i++) {
		if (tuple_eq(&t->memo[i].tuple, tuple)) {
			t->memo_at = i + 1;
			return t->memo[i].hash;
		}
	}
	return table_hash(t, tuple);
}

/* ---- the packet's way in ---- */

static enum ct_track track(struct ct_table *t, struct conn *c, struct pkt *pkt, enum nf_inet_hooks hook)
{
	switch (pkt->proto) {
	case IPPROTO_TCP:
		return ct_tcp_track(t, c, pkt, hook);
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return ct_udp_track(t, c, pkt, hook);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return ct_icmp_track(t, c, pkt, hook);
	case IPPROTO_GRE:
		return ct_gre_track(t, c, pkt, hook);
	default:
		return ct_generic_track(t, c, pkt, hook);
	}
}

static uint8_t ctinfo_of(const struct conn *c, int dir)
{
	if (dir == IP_CT_DIR_REPLY)
		return IP_CT_ESTABLISHED_REPLY;
	if (c->status & IPS_SEEN_REPLY)
		return IP_CT_ESTABLISHED;
	return c->status & IPS_EXPECTED ? IP_CT_RELATED : IP_CT_NEW;
}

/* pkt->ct: the connection found or made, NULL for a packet that has none */
static enum verdict resolve(struct ct_table *t, struct pkt *pkt)
{
	struct tuple tuple, reply;
	struct conn *c;
	uint32_t hash;
	int dir = IP_CT_DIR_ORIGINAL;

	if (tuple_of_pkt(pkt, pkt->ct_zone[IP_CT_DIR_ORIGINAL], &tuple) < 0)
		return VERDICT_ACCEPT;
	hash = hash_of(t, &tuple);
	c = find_zoned(t, &tuple, hash, pkt->ct_zone[IP_CT_DIR_REPLY], &dir);
	if (!c) {
		if (tuple_invert(&tuple, &reply) < 0)
			return VERDICT_ACCEPT;
		reply.zone = pkt->ct_zone[IP_CT_DIR_REPLY];
		if (!make_room(t, hash) || !(c = conn_new(t, &tuple, &reply))) {
			t->stats.drop++;
			pkt->drop = DROP_CT_TABLE_FULL;
			return VERDICT_DROP;
		}
	}
	pkt->ct = c;
	pkt->ctinfo = ctinfo_of(c, dir);
	return VERDICT_ACCEPT;
}

static void let_go(struct ct_table *t, struct pkt *pkt)
{
	if (!(pkt->ct->status & IPS_CONFIRMED))
		conn_abandon(t, pkt->ct);
	pkt->ct = NULL;
}

enum verdict ct_in(struct ct_table *t, struct pkt *pkt, enum nf_inet_hooks hook)
{
	if (pkt->ct || (pkt->flags & PKT_UNTRACKED))
		return VERDICT_ACCEPT;
	if (pkt->proto == IPPROTO_ICMP || pkt->proto == IPPROTO_ICMPV6) {
		if (ct_icmp_error(t, pkt, hook) != CT_TRACK_OK || pkt->ct || (pkt->flags & PKT_UNTRACKED))
			return VERDICT_ACCEPT;
	}
	for (int tries = 0; tries < 2; tries++) {
		enum verdict v = resolve(t, pkt);
		enum ct_track r;

		if (v != VERDICT_ACCEPT)
			return v;
		if (!pkt->ct)
			break;
		r = track(t, pkt->ct, pkt, hook);
		if (r == CT_TRACK_OK) {
			struct conn *c = pkt->ct;

			if (pkt->ctinfo == IP_CT_ESTABLISHED_REPLY && !(c->status & IPS_SEEN_REPLY)) {
				c->status |= IPS_SEEN_REPLY;
				c->epoch++;
				conn_event_due(c);
			}
			return VERDICT_ACCEPT;
		}
		let_go(t, pkt);
		if (r == CT_TRACK_INVALID)
			break;
	}
	t->stats.invalid++;
	return VERDICT_ACCEPT;
}

/* Somebody confirmed one of these tuples since the packet came in */
static enum verdict clash(struct ct_table *t, struct pkt *pkt, struct conn *winner)
{
	struct conn *c = pkt->ct;
	bool may = pkt->proto == IPPROTO_UDP || pkt->proto == IPPROTO_UDPLITE || pkt->proto == IPPROTO_GRE;

	if (may && tuple_eq(&c->tuple[0], &winner->tuple[0]) && tuple_eq(&c->tuple[1], &winner->tuple[1])) {
		pkt->ct = winner;
		conn_account(winner, pkt);
		if (!(pkt->flags & PKT_CT_ATTACHED))
			conn_abandon(t, c);
		t->stats.clash_resolve++;
		return VERDICT_ACCEPT;
	}
	t->stats.insert_failed++;
	t->stats.drop++;
	pkt->drop = DROP_CT_CLASH;
	return VERDICT_DROP;
}

enum verdict ct_confirm(struct ct_table *t, struct pkt *pkt)
{
	struct conn *c = pkt->ct, *other;
	int dir;

	if (!c || (pkt->flags & PKT_UNTRACKED))
		return VERDICT_ACCEPT;
	if (likely(c->status & IPS_CONFIRMED)) {
		if ((c->status & (CONN_CHANGED | IPS_DYING)) == CONN_CHANGED)
			conn_tell(t, CT_EVENT_UPDATE, c);
		return VERDICT_ACCEPT;
	}
	if (pkt_dir(pkt) != IP_CT_DIR_ORIGINAL)
		return VERDICT_ACCEPT;
	other = ct_find(t, &c->tuple[IP_CT_DIR_ORIGINAL], &dir);
	if (!other)
		other = ct_find(t, &c->tuple[IP_CT_DIR_REPLY], &dir);
	if (other)
		return clash(t, pkt, other);
	if (conn_enter(t, c) < 0) {
		t->stats.insert_failed++;
		t->stats.drop++;
		pkt->drop = DROP_CT_TABLE_FULL;
		return VERDICT_DROP;
	}
	conn_tell(t, CT_EVENT_NEW, c);
	return VERDICT_ACCEPT;
}

void ct_drop_unconfirmed(struct ct_table *t, struct pkt *pkt)
{
	if (pkt->ct && !(pkt->ct->status & IPS_CONFIRMED))
		conn_abandon(t, pkt->ct);
	pkt->ct = NULL;
}

void conn_log_invalid(struct ct_table *t, const struct pkt *pkt, enum nf_inet_hooks hook, const char *fmt, ...)
{
	char why[160];
	va_list ap;
	int n;

	if (likely(!t->conf->log_invalid) || !t->env.invalid ||
	    (t->conf->log_invalid != pkt->proto && t->conf->log_invalid != IPPROTO_RAW))
		return;
	n = snprintf(why, sizeof(why), "nf_ct_proto_%u: ", pkt->proto);
	va_start(ap, fmt);
	vsnprintf(why + n, sizeof(why) - n, fmt, ap);
	va_end(ap);
	t->env.invalid(t->env.ctx, pkt, hook, why);
}

/* ---- by hand ---- */

int ct_foreach(struct ct_table *t, int (*fn)(void *ctx, struct conn *c), void *ctx)
{
	for (uint32_t slot = 0; slot < t->fresh; slot++) {
		struct conn *c = table_slot(t, slot);
		int r;

		if (!(c->status & IPS_CONFIRMED) || (c->status & IPS_DYING) || conn_expires_ms(c) <= table_now(t))
			continue;
		r = fn(ctx, c);
		if (r)
			return r;
	}
	return 0;
}

void ct_flush(struct ct_table *t)
{
	for (uint32_t slot = 0; slot < t->fresh; slot++)
		ct_delete(t, table_slot(t, slot));
}

int ct_insert(struct ct_table *t, const struct tuple *orig, const struct tuple *reply, uint32_t status, uint32_t timeout_s, uint32_t mark,
	      struct conn **out)
{
	struct conn *c;
	int dir;

	if (ct_find(t, orig, &dir) || ct_find(t, reply, &dir))
		return -EEXIST;
	if (!make_room(t, table_hash(t, orig)))
		return -ENFILE;
	c = conn_new(t, orig, reply);
	if (!c)
		return -ENOMEM;
	c->status |= status & CONN_STATUS_MASK & ~(IPS_CONFIRMED | IPS_DYING);
	c->mark = mark;
	if (c->status & IPS_SRC_NAT)
		table_src_add(t, c);
	if (orig->proto == IPPROTO_TCP) {	/* its windows are not known */
		c->proto.tcp.flags[0] = c->proto.tcp.flags[1] = IP_CT_TCP_FLAG_SACK_PERM | IP_CT_TCP_FLAG_BE_LIBERAL;
		c->proto.tcp.last_win = 1;
	}
	set_expiry(t, c, table_now(t) + timeout_s * 1000ull);
	if (conn_enter(t, c) < 0) {
		conn_abandon(t, c);
		return -ENOMEM;
	}
	t->stats.insert++;
	if (out)
		*out = c;
	return 0;
}

void ct_announce(struct ct_table *t, struct conn *c)
{
	conn_tell(t, CT_EVENT_NEW, c);
}

void ct_update(struct ct_table *t, struct conn *c)
{
	c->epoch++;
	if (c->status & IPS_CONFIRMED)
		conn_tell(t, CT_EVENT_UPDATE, c);
}

void ct_set_mark(struct ct_table *t, struct conn *c, uint32_t mark)
{
	if (c->mark == mark)
		return;
	c->mark = mark;
	c->epoch++;
	c->status |= CONN_MARKED;
	conn_event_due(c);
}

void ct_watch(struct ct_table *t, bool on)
{
	if (on)
		t->watchers++;
	else if (t->watchers)
		t->watchers--;
}

void ct_set_actor(struct ct_table *t, uint32_t portid)
{
	t->actor = portid;
}

uint32_t ct_id(const struct ct_table *t, const struct conn *c)
{
	return (uint32_t)(hash_bytes(&t->env.key, c->tuple, sizeof(c->tuple)) >> 32);
}

uint32_t ct_remaining_s(const struct ct_table *t, const struct conn *c)
{
	uint64_t at = conn_expires_ms(c), now = table_now(t);

	return at > now ? (uint32_t)((at - now) / 1000) : 0;
}
