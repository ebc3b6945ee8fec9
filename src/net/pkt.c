/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/pkt.c - packets and the bounded pools they come from.
 *
 * Where every packet begins and ends. Metadata and buffers are pooled apart: a small buffer holds what Ethernet
 * carries, a large one a whole IP datagram; the buffer's size (cap) says which pool it goes back to. When a pool is at
 * its bound pkt_alloc() returns NULL and the pool counts it; nobody on the packet's way calls malloc().
 *
 * Invariants
 *  1. A packet whose cap is PKT_SMALL belongs to pool->small, any other to pool->large.
 *  2. A packet is freed exactly once, by whoever owns it; .next is the owner's.
 */
#include "net/pkt.h"

void pkt_pool_init(struct pkt_pool *pool, uint32_t max)
{
	mem_pool_init(&pool->meta, sizeof(struct pkt), max);
	mem_pool_init(&pool->small, PKT_SMALL, max);
	mem_pool_init(&pool->large, PKT_LARGE, max ? MAX(max / 16, 1u) : 0);
	pool->next_id = 0;
}

void pkt_pool_destroy(struct pkt_pool *pool)
{
	mem_pool_destroy(&pool->meta);
	mem_pool_destroy(&pool->small);
	mem_pool_destroy(&pool->large);
}

struct pkt *pkt_alloc(struct pkt_pool *pool, uint32_t len)
{
	bool small = len <= PKT_SMALL - PKT_HEADROOM;
	struct pkt *p;
	uint8_t *buf;

	if (len > PKT_LARGE - PKT_HEADROOM)
		return NULL;
	p = mem_pool_get(&pool->meta);
	if (!p)
		return NULL;
	buf = mem_pool_get(small ? &pool->small : &pool->large);
	if (!buf) {
		mem_pool_put(&pool->meta, p);
		return NULL;
	}
	*p = (struct pkt){
		.buf = buf,
		.cap = small ? PKT_SMALL : PKT_LARGE,
		.mac = PKT_HEADROOM,
		.l3 = PKT_HEADROOM,
		.l4 = PKT_HEADROOM,
		.end = PKT_HEADROOM,
		.pkt_type = PACKET_HOST,
		.id = ++pool->next_id,
		.pool = pool,
	};
	return p;
}

struct pkt *pkt_from_frame(struct pkt_pool *pool, const void *bytes, uint32_t len)
{
	struct pkt *p = pkt_alloc(pool, len + PKT_FRAME_ALIGN);

	if (!p)
		return NULL;
	p->mac += PKT_FRAME_ALIGN;
	p->end = p->mac + len;
	if (len)
		memcpy(p->buf + p->mac, bytes, len);
	mem_poison(p->buf + p->end, p->cap - p->end);
	p->l3 = p->l4 = p->mac;
	return p;
}

struct pkt *pkt_clone(const struct pkt *pkt)
{
	struct pkt *p = pkt_alloc(pkt->pool, pkt->cap - PKT_HEADROOM);
	uint8_t *buf;

	if (!p)
		return NULL;
	buf = p->buf;
	p->pool->next_id--;	/* the copy is the same packet: no number is used up */
	*p = *pkt;
	p->buf = buf;
	p->ct = NULL;
	p->ctinfo = 0;
	p->next = NULL;
	memcpy(buf + p->mac, pkt->buf + pkt->mac, pkt->end - pkt->mac);
	return p;
}

void pkt_free(struct pkt *pkt)
{
	struct pkt_pool *pool;

	if (!pkt)
		return;
	pool = pkt->pool;
	mem_pool_put(pkt->cap == PKT_SMALL ? &pool->small : &pool->large, pkt->buf);
	mem_pool_put(&pool->meta, pkt);
}

uint8_t *pkt_push(struct pkt *p, uint32_t n)
{
	if (p->mac < n)
		return NULL;
	p->mac -= n;
	return p->buf + p->mac;
}

uint8_t *pkt_append(struct pkt *p, uint32_t n)
{
	uint8_t *at = p->buf + p->end;

	if (p->cap - p->end < n)
		return NULL;
	mem_unpoison(at, n);
	p->end += n;
	return at;
}

uint8_t pkt_ttl(const struct pkt *p)
{
	return p->family == AF_INET ? pkt_l3(p)[8] : pkt_l3(p)[7];
}

void pkt_set_len(struct pkt *p)
{
	if (p->family == AF_INET)
		pkt_ip4(p)->tot_len = htons((uint16_t)pkt_l3_len(p));
	else
		pkt_ip6(p)->plen = htons((uint16_t)(pkt_l3_len(p) - sizeof(struct ip6_hdr)));
}

uint8_t pkt_dsfield(const struct pkt *p)
{
	const uint8_t *h = pkt_l3(p);

	return p->family == AF_INET ? h[1] : (uint8_t)(h[0] << 4 | h[1] >> 4);
}
