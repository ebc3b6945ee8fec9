/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/frag.c - fragmentation and reassembly.
 *
 * Reassembly stands at priority -400 of PREROUTING and OUTPUT where conntrack needs whole datagrams, and before local
 * delivery. Splitting is the last step before the neighbour. A queue gathers one datagram: fragments sorted by offset
 * in a list through pkt->next, with a tail pointer because nearly all arrive in order. What the kernel does, and is
 * done here:
 *
 *  - a fragment wholly inside what came is a duplicate and dropped; one that overlaps in part ends the queue (as RFC
 *    5722 has it);
 *  - a queue lives FRAG_TIMEOUT_MS (IPv6: FRAG_TIMEOUT6_MS) from its first arrival, whatever comes later;
 *  - ECN of the whole is CE when one fragment had CE; not-ECT mixed with ECT or CE ends the queue (RFC 3168 section
 *    5.3);
 *  - frag_max is the largest fragment; if that one had DF, so has the whole.
 *
 * Invariants
 *  1. A queue's fragments are sorted by frag_off and do not overlap; got is the sum of their payloads.
 *  2. t->queues <= FRAG_MAX_QUEUES, t->bytes <= t->max_bytes, a queue holds at most FRAG_MAX_PER_QUEUE fragments: the
 *     sender of fragments can make neither memory nor a list's walk grow beyond that.
 *  3. The lists t->lru, one for each family, are in order of creation, which with one timeout is the order of expiry.
 *
 * References: RFC 791 section 3.2, RFC 815, RFC 1858, RFC 5722, RFC 8200 section 4.5, RFC 3168 section 5.3.
 */
#include "net/frag.h"

#include <errno.h>

#include "base/buf.h"
#include "net/edit.h"
#include "net/parse.h"

#define FRAG_MAX_PER_QUEUE 2048
#define IP_MAX_LEN 65535u
#define FLAG_DF 0x4000
#define FLAG_MF 0x2000

#define IP6_FRAG_HDRLEN 8
#define IP6_NEXT_OFF 6			/* of the first next-header field */

struct frag_key {
	union inet_addr src, dst;
	be32 id;
	int iif;			/* of IPv6 addresses that mean something on their link only */
	uint8_t family, proto, user, zero;	/* IPv6 fragments need not agree on the protocol: 0 */
};

struct frag_queue {
	struct list node, lru;
	struct frag_key key;
	struct pkt *first, *last;	/* by offset */
	uint64_t since_ms;
	uint32_t got, total;		/* payload bytes held; of the whole datagram, as far as known */
	uint32_t count, bytes;		/* fragments, their buffers */
	uint16_t max_len, max_df_len;	/* largest fragment, largest with DF; with IP header */
	uint8_t ecn;			/* 1 << (TOS & 3) of each */
	bool have_last;
};

void frag_init(struct frag_table *t, const struct hash_key *key)
{
	*t = (struct frag_table){ .key = *key, .timeout_ms = FRAG_TIMEOUT_MS, .timeout6_ms = FRAG_TIMEOUT6_MS,
				   .max_bytes = FRAG_MAX_BYTES };
	for (unsigned i = 0; i < ARRAY_LEN(t->hash); i++)
		list_init(&t->hash[i]);
	list_init(&t->lru[0]);
	list_init(&t->lru[1]);
}

static void free_chain(struct pkt *p)
{
	while (p) {
		struct pkt *next = p->next;

		pkt_free(p);
		p = next;
	}
}

/* take the queue out of the table; its fragments are the caller's */
static struct pkt *queue_end(struct frag_table *t, struct frag_queue *q)
{
	struct pkt *frags = q->first;

	list_del(&q->node);
	list_del(&q->lru);
	t->queues--;
	t->bytes -= q->bytes;
	mem_free(q);
	return frags;
}

void frag_free(struct frag_table *t)
{
	for (unsigned fi = 0; fi < 2; fi++)
		while (!list_empty(&t->lru[fi]))
			free_chain(queue_end(t, list_first(&t->lru[fi], struct frag_queue, lru)));
	free_chain(t->expired);
	t->expired = NULL;
}

/* where the part that fragments share out begins */
static uint32_t body_at(const struct pkt *p)
{
	return p->family == AF_INET ? p->l4 : p->l3 + p->frag_at + IP6_FRAG_HDRLEN;
}

static uint32_t body_len(const struct pkt *p)
{
	return p->end - body_at(p);
}

static struct frag_key key_of(const struct pkt *p, enum frag_user user)
{
	struct frag_key key = { .src = pkt_src(p), .dst = pkt_dst(p), .family = p->family, .user = (uint8_t)user };

	if (p->family == AF_INET) {
		key.id = pkt_ip4(p)->id;
		key.proto = pkt_ip4(p)->protocol;
	} else {
		memcpy(&key.id, pkt_l3(p) + p->frag_at + 4, sizeof(key.id));
		if (addr_is_multicast(AF_INET6, &key.dst) || (key.dst.b[0] == 0xfe && (key.dst.b[1] & 0xc0) == 0x80))
			key.iif = p->iif;
	}
	return key;
}

static struct frag_queue *queue_find(struct frag_table *t, const struct pkt *p, enum frag_user user, uint64_t now_ms)
{
	struct frag_key key = key_of(p, user);
	struct list *head = &t->hash[hash_bytes(&t->key, &key, sizeof(key)) % ARRAY_LEN(t->hash)];
	struct frag_queue *q;

	list_for_each(q, head, node)
		if (!memcmp(&q->key, &key, sizeof(key)))
			return q;
	if (t->queues >= FRAG_MAX_QUEUES)
		return NULL;
	q = mem_zalloc(sizeof(*q));
	if (!q)
		return NULL;
	q->key = key;
	q->since_ms = now_ms;
	list_add_tail(head, &q->node);
	list_add_tail(&t->lru[p->family == AF_INET6], &q->lru);
	t->queues++;
	return q;
}

static uint32_t frag_end(const struct pkt *p)		/* offset just behind a fragment's payload */
{
	return p->frag_off + body_len(p);
}

enum insert_result { INSERTED, DUPLICATE, OVERLAP };

/* put @p where its offset says */
static enum insert_result queue_insert(struct frag_queue *q, struct pkt *p)
{
	struct pkt **at = &q->first;
	uint32_t off = p->frag_off, end = frag_end(p), run = 0;

	if (q->last && off >= frag_end(q->last)) {
		at = &q->last->next;
	} else {
		for (; *at && frag_end(*at) <= off; at = &(*at)->next)
			;
		if (*at && (*at)->frag_off < end) {
			/* inside what is there without a gap: nothing new */
			if (off < (*at)->frag_off)
				return OVERLAP;
			for (struct pkt *f = *at; f && (!run || f->frag_off == run) && (run = frag_end(f)) < end;
			     f = f->next)
				;
			return end <= run ? DUPLICATE : OVERLAP;
		}
	}
	p->next = *at;
	*at = p;
	if (!p->next)
		q->last = p;
	q->got += end - off;
	return INSERTED;
}

/* what the fragment says about the whole's length; false: it contradicts what is known */
static bool queue_note_length(struct frag_queue *q, struct pkt *p)
{
	uint32_t end;

	if (p->flags & PKT_MORE_FRAGS) {
		if (p->family == AF_INET6 && body_len(p) & 7)
			return false;
		p->end -= body_len(p) & 7;	/* all but the last are whole units of eight */
		end = frag_end(p);
		if (end > q->total) {
			if (q->have_last)
				return false;
			q->total = end;
		}
	} else {
		end = frag_end(p);
		if (end < q->total || (q->have_last && end != q->total))
			return false;
		q->have_last = true;
		q->total = end;
	}
	return body_len(p) > 0;
}

static void queue_note_header(struct frag_queue *q, const struct pkt *p)
{
	uint16_t len = (uint16_t)pkt_l3_len(p);

	q->ecn |= (uint8_t)(1 << (pkt_dsfield(p) & 3));
	q->max_len = MAX(q->max_len, len);
	if (p->family == AF_INET && ntohs(pkt_ip4(p)->frag_off) & FLAG_DF)
		q->max_df_len = MAX(q->max_df_len, len);
}

/* RFC 3168 section 5.3: -1 the fragments must not be put together, else the ECN bits to set in the whole */
static int ecn_of(uint8_t seen)
{
	bool not_ect = seen & 1, ect = seen & 6, ce = seen & 8;

	if (not_ect && (ect || ce))
		return -1;
	return ce ? 3 : 0;
}

/* the first next-header field that says @proto, in a header whose chain is known to be right */
static uint8_t *next_field(uint8_t *l3, uint8_t proto)
{
	uint8_t *field = l3 + IP6_NEXT_OFF;

	for (uint8_t *at = l3 + sizeof(struct ip6_hdr); *field != proto;) {
		uint32_t len = *field == IPPROTO_AH ? (at[1] + 2u) * 4 : (at[1] + 1u) * 8;

		field = at;
		at += len;
	}
	return field;
}

/* an IPv4 header of @hlen bytes says that the packet is whole */
static void unfragment4(struct pkt *whole, uint32_t hlen, bool df, uint8_t ecn)
{
	struct iphdr *ip = pkt_ip4(whole);

	ip->frag_off = df ? htons(FLAG_DF) : 0;
	ip->tos |= ecn;
	ip->check = 0;
	ip->check = csum_fold(csum_partial(ip, hlen, 0));
}

/* and an IPv6 one, whose Fragment header, with @next behind it, is not copied */
static void unfragment6(struct pkt *whole, uint8_t next, uint8_t ecn)
{
	*next_field(pkt_l3(whole), IPPROTO_FRAGMENT) = next;
	pkt_ip6(whole)->flow |= htonl((uint32_t)ecn << 20);
}

/* it goes on in the pieces that it came in */
static void note_pieces(struct pkt *whole, const struct pkt *frags)
{
	unsigned n = 0;

	for (; frags && n < PKT_FRAGS_KEPT; frags = frags->next)
		whole->frag_len[n++] = (uint16_t)body_len(frags);
	if (frags)
		n = 0;
	if (n < PKT_FRAGS_KEPT)
		whole->frag_len[n] = 0;
}

bool frag_is_headless(const struct pkt *p)
{
	uint32_t need = p->proto == IPPROTO_TCP ? sizeof(struct tcphdr) : p->proto == IPPROTO_UDP || p->proto == IPPROTO_ICMPV6 ? 8 : 1;

	return p->family == AF_INET6 && p->frag_at && !p->frag_off && pkt_l4_len(p) < need;
}

/* all is there: one packet out of the fragments; they are freed */
static struct pkt *reassemble(struct pkt *frags, uint32_t total, uint16_t max_len, bool df, uint8_t ecn)
{
	uint32_t hlen = frags->family == AF_INET ? frags->l4 - frags->l3 : frags->frag_at;
	uint32_t l2 = frags->l3 - frags->mac, pad = -l2 & 3; /* the IP header is to be aligned */
	struct pkt *whole = pkt_alloc(frags->pool, pad + l2 + hlen + total);
	struct pkt keep;

	if (!whole) {
		free_chain(frags);
		return NULL;
	}
	/* the first fragment gives everything but the buffer */
	keep = *whole;
	*whole = *frags;
	whole->buf = keep.buf;
	whole->cap = keep.cap;
	whole->mac = keep.mac + pad;
	whole->l3 = whole->mac + l2;
	whole->l4 = whole->l3 + hlen;
	whole->end = whole->l4;
	whole->next = NULL;
	memcpy(whole->buf + whole->mac, frags->buf + frags->mac, l2 + hlen);
	for (struct pkt *f = frags; f; f = f->next)
		memcpy(pkt_append(whole, body_len(f)), f->buf + body_at(f), body_len(f));
	note_pieces(whole, frags);
	pkt_set_len(whole);
	if (whole->family == AF_INET)
		unfragment4(whole, hlen, df, ecn);
	else
		unfragment6(whole, pkt_l3(frags)[frags->frag_at], ecn);
	free_chain(frags);
	whole->frag_max = max_len;
	whole->flags |= PKT_REASSEMBLED;
	if (parse_ip(whole) == DROP_NONE) {
		/* Linux looks for a socket early, and joins pieces for it */
		if (whole->proto == IPPROTO_TCP && whole->l4 - whole->l3 + sizeof(struct tcphdr) > hlen + whole->frag_len[0])
			whole->frag_len[0] = 0;
		return whole;
	}
	pkt_free(whole);
	return NULL;
}

static struct pkt *queue_complete(struct frag_table *t, struct frag_queue *q, enum drop_reason *why)
{
	bool v4 = q->first->family == AF_INET;
	uint32_t total = q->total, hlen = v4 ? q->first->l4 - q->first->l3 : q->first->frag_at - ip_hdrlen(AF_INET6);
	uint16_t max_len = q->max_len;
	bool df = q->max_df_len == q->max_len;
	int ecn = ecn_of(q->ecn);
	struct pkt *frags = queue_end(t, q), *whole;

	if (ecn < 0 || hlen + total > IP_MAX_LEN) {
		free_chain(frags);
		*why = DROP_FRAG_INVALID;
		return NULL;
	}
	whole = reassemble(frags, total, max_len, df, (uint8_t)ecn);
	*why = whole ? DROP_NONE : DROP_NO_MEMORY;
	return whole;
}

struct pkt *frag_add(struct frag_table *t, struct pkt *p, enum frag_user user, uint64_t now_ms, enum drop_reason *why)
{
	struct frag_queue *q;

	p->next = NULL;
	*why = DROP_FRAG_INVALID;
	if (p->family != AF_INET && (p->family != AF_INET6 || !p->frag_at))
		goto drop;
	*why = DROP_FRAG_LIMIT;
	if (t->bytes + p->cap > t->max_bytes)
		goto drop;
	q = queue_find(t, p, user, now_ms);
	if (!q || q->count >= FRAG_MAX_PER_QUEUE)
		goto drop;
	*why = DROP_FRAG_INVALID;
	if (!queue_note_length(q, p))
		goto drop_queue;
	queue_note_header(q, p);
	switch (queue_insert(q, p)) {
	case DUPLICATE:
		goto drop;
	case OVERLAP:
		goto drop_queue;
	case INSERTED:
		break;
	}
	q->count++;
	q->bytes += p->cap;
	t->bytes += p->cap;
	if (q->have_last && q->got == q->total)
		return queue_complete(t, q, why);
	*why = DROP_NONE;
	return NULL;

drop_queue:
	free_chain(queue_end(t, q));
drop:
	pkt_free(p);
	return NULL;
}

static void expire(struct frag_table *t, struct list *lru, uint64_t timeout_ms, uint64_t now_ms)
{
	while (!list_empty(lru)) {
		struct frag_queue *q = list_first(lru, struct frag_queue, lru);
		struct pkt *frags;

		if (q->since_ms + timeout_ms > now_ms)
			break;
		frags = queue_end(t, q);
		if (!frags->frag_off) {
			free_chain(frags->next);
			frags->next = t->expired;
			t->expired = frags;
		} else {
			free_chain(frags);
		}
	}
}

void frag_expire(struct frag_table *t, uint64_t now_ms)
{
	expire(t, &t->lru[0], t->timeout_ms, now_ms);
	expire(t, &t->lru[1], t->timeout6_ms, now_ms);
}

uint64_t frag_next(const struct frag_table *t)
{
	uint64_t next = UINT64_MAX;

	if (!list_empty(&t->lru[0]))
		next = list_first(&t->lru[0], struct frag_queue, lru)->since_ms + t->timeout_ms;
	if (!list_empty(&t->lru[1]))
		next = MIN(next, list_first(&t->lru[1], struct frag_queue, lru)->since_ms + t->timeout6_ms);
	return next;
}

/*
 * RFC 791 section 3.1: options without the copied flag stand in the first fragment only; their room is filled with
 * no-operations
 */
static void blank_uncopied_options(uint8_t *opt, uint32_t len)
{
	uint32_t at = 0, n;

	while (at < len && opt[at] != 0) {
		if (opt[at] == 1) {
			at++;
			continue;
		}
		if (len - at < 2 || opt[at + 1] < 2 || opt[at + 1] > len - at)
			return;
		n = opt[at + 1];
		if (!(opt[at] & 0x80))
			memset(opt + at, 1, n);
		at += n;
	}
}

/* what every fragment of a packet has in common */
struct split {
	const struct pkt *p;
	uint32_t hlen;		/* of the header that each begins with, without a Fragment header */
	uint32_t ext;		/* the Fragment header's length, IPv4: 0 */
	be32 id;
};

static void header4(struct pkt *f, const struct split *s, uint32_t off, uint32_t pos, bool more)
{
	struct iphdr *ip = pkt_ip4(f);

	ip->frag_off = htons((uint16_t)((ntohs(ip->frag_off) & FLAG_DF) | (more ? FLAG_MF : 0) | pos / 8));
	if (off)
		blank_uncopied_options(pkt_l3(f) + sizeof(*ip), s->hlen - sizeof(*ip));
	ip->check = 0;
	ip->check = csum_fold(csum_partial(ip, s->hlen, 0));
}

static void header6(struct pkt *f, const struct split *s, uint32_t pos, bool more)
{
	struct ip6_frag *fh = (struct ip6_frag *)(pkt_l3(f) + s->hlen);
	uint8_t *field = pkt_l3(f) + IP6_NEXT_OFF;

	for (uint32_t at = sizeof(struct ip6_hdr); at < s->hlen; at += (pkt_l3(f)[at + 1] + 1u) * 8)
		field = pkt_l3(f) + at;
	*fh = (struct ip6_frag){ .nxt = *field, .off = htons((uint16_t)(pos | more)), .id = s->id };
	*field = IPPROTO_FRAGMENT;
	f->frag_at = (uint16_t)s->hlen;
}

/* the fragment with @len bytes from @off on; NULL: no memory */
static struct pkt *make_fragment(const struct split *s, uint32_t off, uint32_t len, bool more)
{
	const struct pkt *p = s->p;
	uint32_t pos = p->frag_off + off;
	struct pkt *f = pkt_alloc(p->pool, ETH_HLEN + s->hlen + s->ext + len), keep;

	if (!f)
		return NULL;
	pkt_append(f, s->hlen + s->ext + len);
	keep = *f;
	*f = *p;
	f->buf = keep.buf;
	f->cap = keep.cap;
	f->mac = f->l3 = keep.mac;
	f->l4 = f->l3 + s->hlen + s->ext;
	f->end = f->l4 + len;
	f->next = NULL;
	memcpy(pkt_l3(f), pkt_l3(p), s->hlen);
	memcpy(pkt_l4(f), pkt_l3(p) + s->hlen + off, len);
	pkt_set_len(f);
	if (p->family == AF_INET)
		header4(f, s, off, pos, more);
	else
		header6(f, s, pos, more);
	f->frag_off = (uint16_t)pos;
	f->flags = (f->flags & ~(uint32_t)(PKT_MORE_FRAGS | PKT_L4_CUT | PKT_LATER_FRAG)) | PKT_FRAG |
		   (more ? PKT_MORE_FRAGS : 0);
	if (pos)
		f->flags |= PKT_LATER_FRAG;
	if (pos || parse_l4_is_cut(f))
		f->flags |= PKT_L4_CUT;
	return f;
}

/* the headers that every fragment has: up to a routing header, or hop-by-hop options alone; RFC 8200 section 4.5 */
static uint32_t unfragmentable(const struct pkt *p)
{
	const uint8_t *h = pkt_l3(p);
	uint32_t at = sizeof(struct ip6_hdr), end = at;
	uint8_t next = h[IP6_NEXT_OFF];

	while (p->l3 + at + 8 <= p->l4 && (next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS)) {
		bool counts = next != IPPROTO_DSTOPTS;

		next = h[at];
		at += (h[at + 1] + 1u) * 8;
		if (counts)
			end = at;
	}
	return end;
}

/* are the pieces that @p came in still all of it, and none too large? */
static bool pieces_fit(const struct pkt *p, uint32_t total, uint32_t room)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < PKT_FRAGS_KEPT && p->frag_len[i]; i++) {
		if (p->frag_len[i] > room)
			return false;
		sum += p->frag_len[i];
	}
	return sum == total;
}

int frag_split(struct pkt *p, uint32_t mtu, be32 id, struct pkt **out)
{
	bool v4 = p->family == AF_INET, was_middle = p->flags & PKT_MORE_FRAGS;
	struct split s = { .p = p, .id = id, .ext = v4 ? 0 : IP6_FRAG_HDRLEN, .hlen = v4 ? p->l4 - p->l3 : unfragmentable(p) };
	uint32_t total, room, off, len, i = 0;
	struct pkt *first = NULL, **tail = &first;
	bool as_before;

	if (mtu < s.hlen + s.ext + 8)
		return -EMSGSIZE;
	total = pkt_l3_len(p) - s.hlen;
	room = mtu - s.hlen - s.ext;
	as_before = pieces_fit(p, total, room);
	for (off = 0; off < total; off += len) {
		len = as_before ? p->frag_len[i++] : total - off <= room ? total - off : room & ~7u;
		*tail = make_fragment(&s, off, len, was_middle || off + len < total);
		if (!*tail) {
			free_chain(first);
			return -ENOMEM;
		}
		tail = &(*tail)->next;
	}
	pkt_free(p);
	*out = first;
	return 0;
}
