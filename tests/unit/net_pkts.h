/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net_pkts.h - packets for tests: whole ones of every protocol, made at random from a seed.
 */
#ifndef NET_PKTS_H
#define NET_PKTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/rng.h"
#include "net/edit.h"
#include "net/frag.h"
#include "net/parse.h"
#include "net/reply.h"

/* a parsed packet of @proto with @len transport bytes, random but for what must be right; checksums right */
static inline struct pkt *make_pkt(struct pkt_pool *pool, struct rng *r, uint8_t proto, uint32_t len)
{
	struct pkt *p = build_ip4(pool, rng_u32(r), rng_u32(r), proto, 64, (uint8_t)rng_u32(r), len);

	assert_non_null(p);
	pkt_ip4(p)->id = (be16)rng_u32(r);
	rng_fill(r, pkt_l4(p), len);
	if (proto == IPPROTO_TCP && len >= 20)
		((struct tcphdr *)pkt_l4(p))->doff = 5;
	if (proto == IPPROTO_UDP && len >= 8)
		put_u16(pkt_l4(p) + 4, (uint16_t)len);
	if (proto == IPPROTO_ICMP && len >= 8)
		pkt_l4(p)[0] = ICMP_ECHO;
	edit_fill_checksums(p);
	return p;
}

#endif
