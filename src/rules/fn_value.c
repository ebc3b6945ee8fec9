/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/fn_value.c - values that are computed: fib, numgen, jhash, symhash, osf, ipsec.
 *
 * Where it stands: called by vm.c for IR_CALL, and by nothing else. Numbers are in host order.
 *
 * Theory of operation: fib asks the routing tables about one of the packet's addresses. As the kernel's, it asks as if the
 * packet came in over the loopback, never restricts the lookup to an interface, and looks afterwards whether the route that
 * was found uses the interface asked for. A packet that came over the loopback is answered with that.
 *
 * Invariants
 *  1. A function that cannot answer ends the rule (false), or answers 0 where the kernel does.
 *
 * References: the kernel's nft_fib.c, nft_fib_ipv4.c, nft_fib_ipv6.c, nft_numgen.c, nft_hash.c, nft_osf.c, nft_xfrm.c; Bob
 * Jenkins, lookup3.c (public domain).
 */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "rules/fn.h"
#include "rules/vm.h"

#define LOOPBACK_IFINDEX 1

static bool put32(uint8_t *val, uint32_t v)
{
	memcpy(val, &v, sizeof(v));
	return true;
}

/* 0 to @range less one, as the kernel scales a random number down */
static uint32_t scale(uint32_t v, uint32_t range)
{
	return range ? (uint32_t)((uint64_t)v * range >> 32) : v;
}

/* ---- fib ---- */

static bool fib_store(const struct fn_fib *f, const struct link *l, uint8_t *val)
{
	if (f->flags & NFTA_FIB_F_PRESENT) {
		*val = l != NULL;
		return true;
	}
	if (f->result == NFT_FIB_RESULT_OIF)
		return put32(val, l ? (uint32_t)l->ifindex : 0);
	memset(val, 0, IFNAMSIZ);
	if (l)
		memcpy(val, l->name, strnlen(l->name, IFNAMSIZ));
	return true;
}

static const struct link *fib_device(const struct match_ctx *m, const struct fn_fib *f)
{
	return f->flags & NFTA_FIB_F_OIF ? m->out : f->flags & NFTA_FIB_F_IIF ? m->in : NULL;
}

/* packets about which the tables are not asked: over the loopback, or from nobody to everybody */
static bool fib_skipped(const struct match_ctx *m, const union inet_addr *src, const union inet_addr *dst)
{
	static const union inet_addr broadcast = { .w = { 0xffffffff } };

	if (m->hook <= NF_INET_LOCAL_IN && m->in && m->in->flags & IFF_LOOPBACK)
		return true;
	if (m->family == AF_INET)
		return src->b[0] == 0 && (addr_eq(dst, &broadcast) || (ntohl(dst->ip4) & 0xffffff00) == 0xe0000000);
	return m->pkt->proto == IPPROTO_ICMPV6 && addr_is_any(src) &&
	       (dst->b[0] == 0xff || (dst->b[0] == 0xfe && (dst->b[1] & 0xc0) == 0x80));
}

/* does a route lead over that link, by one of its next hops */
static bool route_uses(const struct route_result *r, const struct link *l)
{
	for (unsigned i = 0; r->route && i < r->route->n_nh; i++)
		if (r->route->nh[i].ifindex == l->ifindex)
			return true;
	return r->out == l;
}

static bool is_source(const union inet_addr *a, uint8_t family)
{
	return !addr_is_multicast(family, a) && !(family == AF_INET && (a->b[0] == 0 || a->ip4 == 0xffffffff));
}

static void fib_route(const struct match_ctx *m, const struct fn_fib *f, const union inet_addr *src, const union inet_addr *dst,
		      struct route_result *r)
{
	bool by_dst = f->flags & NFTA_FIB_F_DADDR;
	struct route_key k = {
		.family = m->family,
		.proto = m->pkt->proto,
		.tos = pkt_dsfield(m->pkt) & IPTOS_TOS_MASK,
		.iif = LOOPBACK_IFINDEX,
		.mark = f->flags & NFTA_FIB_F_MARK ? m->pkt->mark : 0,
		.dst = by_dst ? *dst : *src,
		.src = by_dst ? *src : *dst,
	};

	if (!is_source(&k.src, m->family))
		k.src = (union inet_addr){ 0 };
	if (!by_dst && m->hook == NF_INET_FORWARD && f->flags & NFTA_FIB_F_IIF && m->out)
		k.iif = m->out->ifindex;
	fib_lookup(m->fib, &k, r);
}

static const struct link *fib_find(const struct match_ctx *m, const struct fn_fib *f, const union inet_addr *src,
				   const union inet_addr *dst)
{
	const struct link *l = fib_device(m, f);
	struct route_result r;

	fib_route(m, f, src, dst, &r);
	if (r.err || r.type == RTN_LOCAL)
		return NULL;
	return !l ? r.out : route_uses(&r, l) ? l : NULL;
}

/* IPv4 asks which addresses are local ones, IPv6 for a route */
static uint8_t fib_type(const struct match_ctx *m, const struct fn_fib *f, const union inet_addr *src, const union inet_addr *dst)
{
	uint8_t type = fib_addr_type(m->fib, m->family, f->flags & NFTA_FIB_F_DADDR ? dst : src, fib_device(m, f));
	struct route_result r;

	if (m->family != AF_INET6 || type != RTN_UNICAST)
		return type;
	fib_route(m, f, src, dst, &r);
	switch (r.err) {
	case 0: return type;
	case -EINVAL: return RTN_BLACKHOLE;
	case -EACCES: return RTN_PROHIBIT;
	case -EAGAIN: return RTN_THROW;
	default: return RTN_UNREACHABLE;
	}
}

static bool fib_value(struct match_ctx *m, const void *data, void *state, uint8_t *val)
{
	const struct fn_fib *f = data;
	union inet_addr src, dst;

	if (!m->fib || !m->family)
		return false;
	src = pkt_src(m->pkt);
	dst = pkt_dst(m->pkt);
	if (f->result == NFT_FIB_RESULT_ADDRTYPE)
		return put32(val, fib_type(m, f, &src, &dst));
	return fib_store(f, fib_skipped(m, &src, &dst) ? m->in : fib_find(m, f, &src, &dst), val);
}

const struct ir_fn fn_fib = { .name = "fib", .pure = true, .value = fib_value };

/* ---- numgen ---- */

static void numgen_init(void *state, const void *data)
{
	*(uint32_t *)state = ((const struct fn_numgen *)data)->modulus - 1;
}

static bool numgen_value(struct match_ctx *m, const void *data, void *state, uint8_t *val)
{
	const struct fn_numgen *g = data;
	uint32_t *last = state;

	if (g->random)
		return put32(val, scale(rng_u32(m->rng), g->modulus) + g->offset);
	*last = *last + 1 < g->modulus ? *last + 1 : 0;
	return put32(val, *last + g->offset);
}

const struct ir_fn fn_numgen = {
	.name = "numgen", .state_size = sizeof(uint32_t), .state_init = numgen_init, .value = numgen_value,
};

/* ---- hashes ---- */

static inline uint32_t rol(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static inline uint32_t word_le(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* lookup3's mix(): each step subtracts one word, turns it in, and adds the third to it */
static void jenkins_mix(uint32_t w[3])
{
	static const uint8_t turn[6] = { 4, 6, 8, 16, 19, 4 };

	for (unsigned i = 0; i < 6; i++) {
		uint32_t *a = &w[i % 3], *b = &w[(i + 1) % 3], *c = &w[(i + 2) % 3];

		*a -= *c;
		*a ^= rol(*c, turn[i]);
		*c += *b;
	}
}

/* lookup3's final() */
static void jenkins_final(uint32_t w[3])
{
	static const uint8_t turn[7] = { 14, 11, 25, 16, 4, 14, 24 };

	for (unsigned i = 0; i < 7; i++) {
		uint32_t *x = &w[(i + 2) % 3];
		uint32_t y = w[(i + 1) % 3];

		*x = (*x ^ y) - rol(y, turn[i]);
	}
}

uint32_t jhash_bytes(const void *key, uint32_t len, uint32_t seed)
{
	uint32_t w[3] = { 0xdeadbeef + len + seed, 0xdeadbeef + len + seed, 0xdeadbeef + len + seed };
	const uint8_t *p = key;
	uint8_t tail[12] = { 0 };

	for (; len > 12; len -= 12, p += 12) {
		for (unsigned i = 0; i < 3; i++)
			w[i] += word_le(p + 4 * i);
		jenkins_mix(w);
	}
	if (!len)
		return w[2];
	memcpy(tail, p, len);
	for (unsigned i = 0; i < 3; i++)
		w[i] += word_le(tail + 4 * i);
	jenkins_final(w);
	return w[2];
}

struct jhash_state {
	bool have;
	uint32_t seed;
};

static bool jhash_value(struct match_ctx *m, const void *data, void *state, uint8_t *val)
{
	const struct fn_jhash *j = data;
	struct jhash_state *s = state;

	if (!s->have) {
		s->have = true;
		s->seed = j->have_seed ? j->seed : rng_u32(m->rng);
	}
	return put32(val, scale(jhash_bytes(val, MIN(j->len, IR_VAL_MAX), s->seed), j->modulus) + j->offset);
}

const struct ir_fn fn_jhash = { .name = "jhash", .state_size = sizeof(struct jhash_state), .value = jhash_value };

struct symhash_state {
	bool have;
	struct hash_key key;
};

/* the smaller end first: both directions of a flow give the same bytes */
static bool symhash_value(struct match_ctx *m, const void *data, void *state, uint8_t *val)
{
	const struct fn_symhash *h = data;
	struct symhash_state *s = state;
	struct { union inet_addr addr; be16 port; uint8_t proto, zero; } end[2];
	struct tuple t = { .family = m->family };
	bool swap;

	if (!s->have) {
		s->have = true;
		rng_fill(m->rng, &s->key, sizeof(s->key));
	}
	if (m->family && tuple_of_pkt(m->pkt, 0, &t)) {
		t.src = pkt_src(m->pkt);
		t.dst = pkt_dst(m->pkt);
	}
	if (m->pkt->proto == IPPROTO_ICMP || m->pkt->proto == IPPROTO_ICMPV6)	/* its numbers are no ports */
		t.sport = t.dport = 0;
	memset(end, 0, sizeof(end));
	swap = memcmp(&t.src, &t.dst, sizeof(t.src)) > 0 || (addr_eq(&t.src, &t.dst) && t.sport > t.dport);
	end[swap].addr = t.src;
	end[swap].port = t.sport;
	end[!swap].addr = t.dst;
	end[!swap].port = t.dport;
	end[0].proto = end[1].proto = m->pkt->proto;
	return put32(val, scale((uint32_t)hash_bytes(&s->key, end, sizeof(end)), h->modulus) + h->offset);
}

const struct ir_fn fn_symhash = {
	.name = "symhash", .state_size = sizeof(struct symhash_state), .value = symhash_value,
};

/* ---- what there is nothing of ---- */

static bool osf_value(struct match_ctx *m, const void *data, void *state, uint8_t *val)
{
	static const char unknown[16] = "unknown";
	const struct tcphdr *th = m->family == AF_INET ? pkt_tcp(m->pkt) : NULL;

	if (!th || !th->syn)
		return false;
	memcpy(val, unknown, sizeof(unknown));
	return true;
}

const struct ir_fn fn_osf = { .name = "osf", .pure = true, .value = osf_value };

static bool ipsec_value(struct match_ctx *m, const void *data, void *state, uint8_t *val)
{
	return false;
}

const struct ir_fn fn_ipsec = { .name = "ipsec", .pure = true, .value = ipsec_value };
