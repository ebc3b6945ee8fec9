/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/frag.c - IPv4 fragmentation and reassembly.
 *
 * Reassembly stands at priority -400 of PREROUTING and OUTPUT where conntrack needs whole datagrams, and before local
 * delivery. Splitting is the last step before the neighbour. A queue gathers one datagram: fragments sorted by offset
 * in a list through pkt->next, with a tail pointer because nearly all arrive in order. What the kernel does, and is
 * done here:
 *
 *  - a fragment wholly inside what came is a duplicate and dropped; one that overlaps in part ends the queue (as RFC
 *    5722 has it);
 *  - a queue lives FRAG_TIMEOUT_MS from its first arrival, whatever comes later;
 *  - ECN of the whole is CE when one fragment had CE; not-ECT mixed with ECT or CE ends the queue (RFC 3168 section
 *    5.3);
 *  - frag_max is the largest fragment; if that one had DF, so has the whole.
 *
 * Invariants
 *  1. A queue's fragments are sorted by frag_off and do not overlap; got is the sum of their payloads.
 *  2. t->queues <= FRAG_MAX_QUEUES, t->bytes <= t->max_bytes, a queue holds at most FRAG_MAX_PER_QUEUE fragments: the
 *     sender of fragments can make neither memory nor a list's walk grow beyond that.
 *  3. The list t->lru is in order of creation, which with one timeout is the order of expiry.
 *
 * References: RFC 791 section 3.2, RFC 815, RFC 1858, RFC 5722, RFC 3168 section 5.3.
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

struct frag_key {
	be32 src, dst;
	be16 id;
	uint8_t proto, user;
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
	*t = (struct frag_table){ .key = *key, .timeout_ms = FRAG_TIMEOUT_MS, .max_bytes = FRAG_MAX_BYTES };
	for (unsigned i = 0; i < ARRAY_LEN(t->hash); i++)
		list_init(&t->hash[i]);
	list_init(&t->lru);
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
	while (!list_empty(&t->lru))
		free_chain(queue_end(t, list_first(&t->lru, struct frag_queue, lru)));
	free_chain(t->expired);
	t->expired = NULL;
}

static struct frag_queue *queue_find(struct frag_table *t, const struct pkt *p, enum frag_user user, uint64_t now_ms)
{
	const struct iphdr *ip = pkt_ip4(p);
	struct frag_key key = {
		.src = ip->saddr, .dst = ip->daddr, .id = ip->id, .proto = ip->protocol, .user = (uint8_t)user
	};
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
	list_add_tail(&t->lru, &q->lru);
	t->queues++;
	return q;
}

static uint32_t frag_end(const struct pkt *p)		/* offset just behind a fragment's payload */
{
	return p->frag_off + pkt_l4_len(p);
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
		p->end -= pkt_l4_len(p) & 7;	/* all but the last are whole units of eight */
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
	return pkt_l4_len(p) > 0;
}

static void queue_note_header(struct frag_queue *q, const struct pkt *p)
{
	uint16_t len = (uint16_t)pkt_l3_len(p);

	q->ecn |= (uint8_t)(1 << (pkt_dsfield(p) & 3));
	q->max_len = MAX(q->max_len, len);
	if (ntohs(pkt_ip4(p)->frag_off) & FLAG_DF)
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

/* all is there: one packet out of the fragments; they are freed */
static struct pkt *reassemble(struct pkt *frags, uint32_t total, uint16_t max_len, bool df, uint8_t ecn)
{
	uint32_t hlen = frags->l4 - frags->l3, l2 = frags->l3 - frags->mac, pad = -l2 & 3; /* the IP header is to be aligned */
	struct pkt *whole = pkt_alloc(frags->pool, pad + l2 + hlen + total);
	struct iphdr *ip;
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
	memcpy(whole->buf + whole->mac, frags->buf + frags->mac, frags->l4 - frags->mac);
	for (struct pkt *f = frags; f; f = f->next)
		memcpy(pkt_append(whole, pkt_l4_len(f)), pkt_l4(f), pkt_l4_len(f));
	free_chain(frags);
	ip = pkt_ip4(whole);
	ip->tot_len = htons((uint16_t)(hlen + total));
	ip->frag_off = df ? htons(FLAG_DF) : 0;
	ip->tos |= ecn;
	ip->check = 0;
	ip->check = csum_fold(csum_partial(ip, hlen, 0));
	whole->frag_off = 0;
	whole->frag_max = max_len;
	whole->flags &= ~(uint32_t)(PKT_FRAG | PKT_LATER_FRAG | PKT_MORE_FRAGS | PKT_L4_CUT);
	whole->flags |= PKT_REASSEMBLED;
	if (parse_l4_is_cut(whole))
		whole->flags |= PKT_L4_CUT;
	return whole;
}

static struct pkt *queue_complete(struct frag_table *t, struct frag_queue *q, enum drop_reason *why)
{
	uint32_t total = q->total, hlen = q->first->l4 - q->first->l3;
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
	if (p->family != AF_INET)
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

void frag_expire(struct frag_table *t, uint64_t now_ms)
{
	while (!list_empty(&t->lru)) {
		struct frag_queue *q = list_first(&t->lru, struct frag_queue, lru);
		struct pkt *frags;

		if (q->since_ms + t->timeout_ms > now_ms)
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

uint64_t frag_next(const struct frag_table *t)
{
	if (list_empty(&t->lru))
		return UINT64_MAX;
	return list_first(&t->lru, struct frag_queue, lru)->since_ms + t->timeout_ms;
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

/* the fragment of @p with @len payload bytes from @off on; NULL: no memory */
static struct pkt *make_fragment(const struct pkt *p, uint32_t off, uint32_t len, bool more)
{
	uint32_t hlen = p->l4 - p->l3, pos = p->frag_off + off;
	struct pkt *f = pkt_alloc(p->pool, ETH_HLEN + hlen + len), keep;
	struct iphdr *ip;

	if (!f)
		return NULL;
	keep = *f;
	*f = *p;
	f->buf = keep.buf;
	f->cap = keep.cap;
	f->mac = f->l3 = keep.mac;
	f->l4 = f->l3 + hlen;
	f->end = f->l4 + len;
	f->next = NULL;
	memcpy(pkt_l3(f), pkt_l3(p), hlen);
	memcpy(pkt_l4(f), pkt_l4(p) + off, len);
	ip = pkt_ip4(f);
	ip->tot_len = htons((uint16_t)(hlen + len));
	ip->frag_off = htons((uint16_t)((ntohs(ip->frag_off) & FLAG_DF) | (more ? FLAG_MF : 0) | pos / 8));
	if (off)
		blank_uncopied_options(pkt_l3(f) + sizeof(*ip), hlen - sizeof(*ip));
	ip->check = 0;
	ip->check = csum_fold(csum_partial(ip, hlen, 0));
	f->frag_off = (uint16_t)pos;
	f->flags = (f->flags & ~(uint32_t)(PKT_MORE_FRAGS | PKT_L4_CUT | PKT_LATER_FRAG)) | PKT_FRAG |
		   (more ? PKT_MORE_FRAGS : 0);
	if (pos)
		f->flags |= PKT_LATER_FRAG;
	if (pos || parse_l4_is_cut(f))
		f->flags |= PKT_L4_CUT;
	return f;
}

int frag_split(struct pkt *p, uint32_t mtu, struct pkt **out)
{
	uint32_t hlen = p->l4 - p->l3, total = pkt_l4_len(p), unit, off, len;
	bool was_middle = p->flags & PKT_MORE_FRAGS;
	struct pkt *first = NULL, **tail = &first;

	if (p->family != AF_INET || mtu < hlen + 8)
		return -EMSGSIZE;
	unit = (mtu - hlen) & ~7u;
	for (off = 0; off < total; off += len) {
		len = total - off <= mtu - hlen ? total - off : unit;
		*tail = make_fragment(p, off, len, was_middle || off + len < total);
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
