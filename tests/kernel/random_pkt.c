/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random_pkt.c - packets of a small universe, so that rules hit them; and what is taken out of those that come out.
 *
 * Side a has 10.0.1.0/24 and fd00:1::/64, and 172.16.1.0/24 and 2001:db8:1::/64 behind 10.0.1.2 and fd00:1::2; all else is on side b. A source port stands for
 * one pair of ends, so that no translation ever has to choose another one: what Linux would draw.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/buf.h"
#include "net/edit.h"
#include "net/parse.h"
#include "random.h"
#define FR 3

static const char *const hosts4[2][6] = {
	{ "10.0.1.2", "10.0.1.3", "10.0.1.9", "172.16.1.5", "172.16.1.77", "172.16.1.200" },
	{ "10.0.2.2", "10.0.2.3", "10.0.2.9", "198.51.100.7", "198.51.100.90", "203.0.113.5" },
};
static const char *const hosts6[2][6] = {
	{ "fd00:1::2", "fd00:1::3", "fd00:1::9", "2001:db8:1::5", "2001:db8:1::77", "2001:db8:1::200" },
	{ "fd00:2::2", "fd00:2::3", "fd00:2::9", "2001:db8:2::7", "2001:db8:2::90", "2001:db8:3::5" },
};
static const char *const odd4[] = { "10.0.1.1", "10.0.2.1", "10.0.1.1", "10.0.2.1", "192.0.2.1", "192.0.2.200", "10.0.1.255", "255.255.255.255", "224.0.0.1",
				    "127.0.0.1" };
static const char *const odd6[] = { "fd00:1::1", "fd00:2::1", "fd00:1::1", "fd00:2::1", "2001:db8:9::1", "ff02::1", "::1" };
static const uint16_t services[] = { 22, 53, 80, 123, 443, 1000, 5000, 8080 };

struct draft {
	uint8_t b[1500];
	unsigned n;
};

static void put(struct draft *d, const void *p, unsigned n)
{
	if (d->n + n > sizeof(d->b))
		n = (unsigned)sizeof(d->b) - d->n;
	memcpy(d->b + d->n, p, n);
	d->n += n;
}

static void put8(struct draft *d, unsigned v) { put(d, &(uint8_t){ (uint8_t)v }, 1); }
static void put16(struct draft *d, unsigned v) { put(d, &(uint16_t){ htons((uint16_t)v) }, 2); }
static void put32(struct draft *d, uint32_t v) { put(d, &(uint32_t){ htonl(v) }, 4); }

/* between whom */
struct ends {
	bool six;
	uint8_t side;
	uint8_t src[16], dst[16];	/* 4 or 16 bytes */
	unsigned i_src, i_dst;		/* numbers of theirs */
};

static unsigned alen(const struct ends *e) { return e->six ? 16 : 4; }

static void address(bool six, const char *text, uint8_t *out)
{
	inet_pton(six ? AF_INET6 : AF_INET, text, out);
}

static void draw_ends(struct rng *r, struct ends *e)
{
	*e = (struct ends){ .six = chance(r, 40), .side = chance(r, 35) };
	e->i_src = below(r, 6);
	e->i_dst = 6 + below(r, 6);
	address(e->six, e->six ? hosts6[e->side][e->i_src] : hosts4[e->side][e->i_src], e->src);
	if (chance(r, 85)) {
		address(e->six, e->six ? hosts6[!e->side][e->i_dst - 6] : hosts4[!e->side][e->i_dst - 6], e->dst);
	} else if (chance(r, 15)) {	/* back where it came from */
		e->i_dst = below(r, 6);
		address(e->six, e->six ? hosts6[e->side][e->i_dst] : hosts4[e->side][e->i_dst], e->dst);
	} else {
		e->i_dst = 12 + below(r, e->six ? ARRAY_LEN(odd6) : ARRAY_LEN(odd4));
		address(e->six, e->six ? odd6[e->i_dst - 12] : odd4[e->i_dst - 12], e->dst);
	}
}

/* a client's port or id: the same pair of ends and service always has the same few */
static uint16_t own_port(struct rng *r, const struct ends *e, unsigned service)
{
	return (uint16_t)(1100 + (((e->side * 6 + e->i_src) * 22 + e->i_dst) * 10 + service) * 2 + chance(r, 30));
}

static unsigned draw_len(struct rng *r)
{
	static const unsigned char small[] = { 0, 0, 0, 1, 4, 8, 13, 20, 40 };

	return chance(r, 5) ? below(r, 1300) : PICK(r, small);
}

static void payload(struct rng *r, struct draft *d, unsigned n)
{
	static const char *const words[] = { "GET / HTTP/1.0", "hello", "abcabcabc", "\x01\x00\x00\x01" };
	const char *w = PICK(r, words);
	unsigned len = (unsigned)strlen(w);

	for (unsigned i = 0; i < n; i++)
		put8(d, i < len ? (unsigned char)w[i] : i * 7 + 3);
}

/* ---- transport; the checksum is made later, at d->b[*sum_at] ---- */

static void tcp_options(struct rng *r, struct draft *d)
{
	unsigned at = d->n;

	if (chance(r, 70)) {
		put16(d, 0x0204);
		put16(d, chance(r, 60) ? 1460 : 500 + below(r, 1200));
	}
	if (chance(r, 30))
		put16(d, 0x0402);
	if (chance(r, 30)) {
		put16(d, 0x080a);
		put32(d, below(r, 4));
		put32(d, below(r, 4));
	}
	if (chance(r, 30)) {
		put16(d, 0x0303);
		put8(d, below(r, 15));
	}
	if (chance(r, 10)) {
		put16(d, 0x050a);
		put32(d, 1000);
		put32(d, 1200);
	}
	if (chance(r, 5)) {
		put16(d, 0xfe04);
		put16(d, 0x1234);
	}
	while ((d->n - at) % 4)
		put8(d, 1);
}

static void tcp_header(struct rng *r, struct draft *d, unsigned sport, unsigned dport, uint32_t seq, uint32_t ack, unsigned flags, bool options)
{
	unsigned at = d->n;

	put16(d, sport);
	put16(d, dport);
	put32(d, seq);
	put32(d, ack);
	put16(d, 0x5000 | flags);
	put16(d, chance(r, 80) ? 64000 : below(r, 65536));
	put16(d, 0);
	put16(d, flags & 0x20 ? 5 : 0);
	if (options)
		tcp_options(r, d);
	d->b[at + 12] = (uint8_t)((d->n - at) / 4 << 4 | (flags >> 8 & 1));
}

static int l4_tcp(struct rng *r, const struct ends *e, struct draft *d)
{
	static const uint16_t odd[] = { 0x10, 0x18, 0x11, 0x04, 0x14, 0x12, 0x00, 0x29, 0x03, 0x06, 0x3f, 0x02 | 0xc0, 0x30 };
	unsigned service = below(r, ARRAY_LEN(services)), flags = chance(r, 65) ? 2 : PICK(r, odd);

	tcp_header(r, d, own_port(r, e, service), services[service], 1000, flags & 0x10 ? 5000 : 0, flags, chance(r, 60));
	payload(r, d, flags == 2 ? 0 : draw_len(r));
	return 16;
}

static int l4_udp(struct rng *r, const struct ends *e, struct draft *d)
{
	unsigned service = below(r, ARRAY_LEN(services)), len = draw_len(r);

	put16(d, own_port(r, e, service));
	put16(d, services[service]);
	put16(d, chance(r, 97) ? len + 8 : below(r, 64));
	put16(d, 0);
	payload(r, d, len);
	return 6;
}

/* an ICMP error about a frame that went by: it goes back to where that came from */
static bool icmp_error(struct rng *r, const struct frames *seen, struct ends *e, struct draft *d)
{
	static const uint8_t kinds4[][2] = { { 3, 0 }, { 3, 1 }, { 3, 3 }, { 3, 13 }, { 11, 0 }, { 12, 0 }, { 3, 3 } };
	static const uint8_t kinds6[][2] = { { 1, 0 }, { 1, 1 }, { 1, 4 }, { 3, 0 }, { 4, 1 }, { 1, 4 } };
	const struct frame *f = seen->n ? &seen->v[below(r, seen->n)] : NULL;
	const uint8_t *kind, *p;
	unsigned n;

	if (!f || f->len < 14 + 48 || get_u16(f->data + 12) != (e->six ? 0x86dd : 0x0800))
		return false;
	p = f->data + 14;
	n = f->len - 14u;
	e->side = f->side;
	memcpy(e->dst, p + (e->six ? 8 : 12), alen(e));
	if (e->dst[0] == 127 || (e->six ? memcmp(e->dst, "\xfd\x00\x00", 3) == 0 && e->dst[15] == 1 : e->dst[0] == 10 && e->dst[3] == 1))
		return false;	/* not about what the router itself sent: it would learn of it */
	if (chance(r, 60))
		memcpy(e->src, p + (e->six ? 24 : 16), alen(e));
	else
		address(e->six, e->six ? hosts6[e->side][2] : hosts4[e->side][2], e->src);
	kind = e->six ? PICK(r, kinds6) : PICK(r, kinds4);
	put8(d, kind[0]);
	put8(d, kind[1]);
	put16(d, 0);
	put32(d, 0);
	if (n > 28 && chance(r, 40))
		n = e->six ? 48 : 28;
	put(d, p, n < 500 ? n : 500);
	return true;
}

static int l4_icmp(struct rng *r, const struct frames *seen, struct ends *e, struct draft *d)
{
	static const uint8_t types4[][2] = { { 8, 0 }, { 8, 0 }, { 8, 0 }, { 0, 0 }, { 13, 0 }, { 14, 0 }, { 17, 0 }, { 8, 3 }, { 9, 0 }, { 42, 1 } };
	static const uint8_t types6[][2] = { { 128, 0 }, { 128, 0 }, { 128, 0 }, { 129, 0 }, { 128, 2 }, { 200, 1 }, { 139, 0 } };
	const uint8_t *t = e->six ? PICK(r, types6) : PICK(r, types4);

	if (chance(r, 35) && icmp_error(r, seen, e, d))
		return 2;
	put8(d, t[0]);
	put8(d, t[1]);
	put16(d, 0);
	put16(d, own_port(r, e, 9));
	put16(d, below(r, 4));
	payload(r, d, t[0] == 13 || t[0] == 14 ? 12 : draw_len(r));
	return 2;
}

static int l4_other(struct rng *r, const struct ends *e, struct draft *d, uint8_t *proto)
{
	static const uint8_t protos[] = { 47, 50, 51, 33, 136, 99, 108, 4 };
	unsigned service = below(r, ARRAY_LEN(services));

	*proto = PICK(r, protos);
	switch (*proto) {
	case 47:
		put16(d, 0);
		put16(d, 0x0800);
		payload(r, d, 8 + below(r, 30));
		break;
	case 51:
		put8(d, 17);
		put8(d, 4);
		put16(d, 0);
		put32(d, 256 + below(r, 4));
		put32(d, 1);
		put(d, "12345678901", 12);
		put16(d, own_port(r, e, service));
		put16(d, services[service]);
		put16(d, 8);
		put16(d, 0);
		break;
	case 50:
		put32(d, 256 + below(r, 4));
		put32(d, 1 + below(r, 3));
		payload(r, d, 20);
		break;
	case 108:
		put8(d, 6);
		put8(d, 0);
		put16(d, below(r, 4));
		payload(r, d, 20);
		break;
	default:
		put16(d, own_port(r, e, service));
		put16(d, services[service]);
		put16(d, chance(r, 50) ? 20 : chance(r, 50) ? 0 : 8 + below(r, 16));	/* UDP-Lite: what its checksum covers */
		put16(d, 0);
		payload(r, d, 12);
	}
	return *proto == 136 && chance(r, 85) ? 6 : -1;
}

/* ---- IP ---- */

static void checksum(const struct ends *e, uint8_t proto, uint8_t *l4, unsigned n, int at, bool wrong, bool none)
{
	uint8_t pseudo[40] = { 0 };
	unsigned a = alen(e), len = 0;
	uint32_t sum = 0;
	uint16_t v;

	if (at < 0 || (unsigned)at + 2 > n)
		return;
	if (proto != IPPROTO_ICMP) {
		memcpy(pseudo, e->src, a);
		memcpy(pseudo + a, e->dst, a);
		put_u16(pseudo + 2 * a, (uint16_t)n);
		pseudo[2 * a + 3] = proto;
		len = 2 * a + 4;
		sum = csum_partial(pseudo, len, 0);
	}
	memset(l4 + at, 0, 2);
	v = csum_fold(csum_partial(l4, n, sum));
	if ((proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE) && v == 0)
		v = 0xffff;
	if (none)
		v = 0;
	if (wrong)
		v ^= 0x0101;
	memcpy(l4 + at, &v, 2);
}

struct ipopts {
	uint8_t ttl, tos;
	uint16_t id;
	uint32_t label;
	bool df, badip;
	uint8_t opt[40];
	unsigned n_opt;		/* IPv4 */
	bool hbh, dstopt, rt;	/* IPv6 */
};

static void draw_ipopts(struct rng *r, struct ipopts *o)
{
	static const uint8_t ttls[] = { 64, 64, 64, 64, 64, 128, 255, 2, 1 };
	static const uint8_t toss[] = { 0, 0, 0, 0, 8, 16, 0x2e << 2, 1, 2, 3, 0x28 };
	static const struct { uint8_t n, b[12]; } opts[] = {
		{ 4, { 1, 1, 1, 0 } }, { 4, { 148, 4, 0, 0 } }, { 4, { 130, 4, 0, 0 } },
		{ 4, { 30, 4, 1, 2 } },
	};

	*o = (struct ipopts){ .ttl = PICK(r, ttls), .tos = PICK(r, toss), .id = (uint16_t)rng_u32(r), .df = chance(r, 40), .badip = chance(r, 1) };
	o->label = chance(r, 15) ? below(r, 1 << 20) : 0;
	if (chance(r, 6)) {
		unsigned i = below(r, ARRAY_LEN(opts));

		o->n_opt = opts[i].n;
		memcpy(o->opt, opts[i].b, o->n_opt);
	}
	o->hbh = chance(r, 5);
	o->dstopt = chance(r, 5);
	o->rt = chance(r, 3);
}

/* the frame of a part of an IP payload */
static void ip_frame(const struct ends *e, const struct ipopts *o, uint8_t proto, const uint8_t *p, unsigned n, int frag_at, bool more, struct frame *f)
{
	struct draft d = { .n = 0 };

	put(&d, e->side ? "\x02\0\0\0\x0b\x01\x02\0\0\0\x0b\x02" : "\x02\0\0\0\x0a\x01\x02\0\0\0\x0a\x02", 12);
	put16(&d, e->six ? 0x86dd : 0x0800);
	if (!e->six) {
		be16 sum;

		put8(&d, 0x45 + o->n_opt / 4);
		put8(&d, o->tos);
		put16(&d, 20 + o->n_opt + n);
		put16(&d, o->id);
		put16(&d, frag_at >= 0 ? (unsigned)frag_at / 8 | (unsigned)more << 13 : (unsigned)o->df << 14);
		put8(&d, o->ttl);
		put8(&d, proto);
		put16(&d, o->badip);
		put(&d, e->src, 4);
		put(&d, e->dst, 4);
		put(&d, o->opt, o->n_opt);
		sum = csum_fold(csum_partial(d.b + 14, 20 + o->n_opt, 0));
		memcpy(d.b + 24, &sum, 2);
	} else {
		unsigned next = 20;	/* where the next header's number goes */

		put32(&d, 6u << 28 | (uint32_t)o->tos << 20 | o->label);
		put16(&d, 0);
		put8(&d, proto);
		put8(&d, o->ttl);
		put(&d, e->src, 16);
		put(&d, e->dst, 16);
#define EXT(number, ...) (d.b[next] = (number), next = d.n, put(&d, (const uint8_t[]){ __VA_ARGS__ }, 8), d.b[next] = proto)
		if (o->hbh)
			EXT(0, 0, 0, 5, 2, 0, 0, 1, 0);
		if (o->rt)
			EXT(43, 0, 0, 2, 0, 0, 0, 0, 0);
		if (frag_at >= 0) {
			EXT(44, 0, 0, 0, 0, 0, 0, 0, 0);
			put_u16(d.b + d.n - 6, (uint16_t)(frag_at | more));
			put_u32(d.b + d.n - 4, o->id);
		}
		if (o->dstopt && frag_at <= 0)
			EXT(60, 0, 0, 1, 4, 0, 0, 0, 0);
		put_u16(d.b + 18, (uint16_t)(d.n - 54 + n));
	}
	put(&d, p, n);
	f->side = e->side;
	f->len = (uint16_t)d.n;
	memcpy(f->data, d.b, d.n);
}

/* ---- what comes next ---- */

/* the answer to a frame that came out: TCP goes on */
static bool answer(struct rng *r, const struct frames *out, struct ends *e, struct draft *d, uint8_t *proto, int *sum_at)
{
	const struct frame *f = out->n ? &out->v[chance(r, 70) ? out->n - 1 : below(r, out->n)] : NULL;
	const uint8_t *p, *q;
	unsigned head;

	if (!f || f->len < 14 + 28)
		return false;
	p = f->data + 14;
	e->six = get_u16(f->data + 12) == 0x86dd;
	if (!e->six && get_u16(f->data + 12) != 0x0800)
		return false;
	if ((e->six ? p[8 + 15] == 1 && p[8] == 0xfd : p[12] == 10 && p[15] == 1) && chance(r, 70))
		return false;	/* to the router itself: seldom */
	head = e->six ? 40 : (p[0] & 15) * 4u;
	*proto = e->six ? p[6] : p[9];
	if (f->len < 14 + head + 8 || (!e->six && get_u16(p + 6) & 0x1fff))
		return false;
	e->side = f->side;
	memcpy(e->src, p + (e->six ? 24 : 16), alen(e));
	memcpy(e->dst, p + (e->six ? 8 : 12), alen(e));
	if (!e->six && (e->src[0] >= 224 || e->src[3] == 255))
		return false;
	q = p + head;
	if (*proto == IPPROTO_TCP && f->len >= 14 + head + 20) {
		unsigned in_flags = q[13], flags = in_flags & 2 && !(in_flags & 0x10) ? 0x12 : chance(r, 60) ? 0x10 : chance(r, 60) ? 0x18 : 0x11;
		uint32_t len = f->len - 14u - head - (q[12] >> 4) * 4u, ack = get_u32(q + 4) + len + !!(in_flags & 3);
		uint32_t seq = in_flags & 0x10 ? get_u32(q + 8) : 5000;

		if (in_flags & 4)
			return false;
		if (chance(r, 5))
			flags = 0x14;
		tcp_header(r, d, get_u16(q + 2), get_u16(q), chance(r, 96) ? seq : seq + 900000, ack, flags, flags == 0x12);
		payload(r, d, flags == 0x18 ? 1 + draw_len(r) : 0);
		*sum_at = 16;
		return true;
	}
	if (*proto == IPPROTO_UDP) {
		unsigned n = draw_len(r);

		put16(d, get_u16(q + 2));
		put16(d, get_u16(q));
		put16(d, n + 8);
		put16(d, 0);
		payload(r, d, n);
		*sum_at = 6;
		return true;
	}
	if ((*proto == IPPROTO_ICMP && *q == 8) || (*proto == IPPROTO_ICMPV6 && *q == 128)) {
		put8(d, *proto == IPPROTO_ICMP ? 0 : 129);
		put8(d, 0);
		put16(d, 0);
		put(d, q + 4, 4);
		payload(r, d, draw_len(r));
		*sum_at = 2;
		return true;
	}
	return false;
}

static void arp_frame(struct rng *r, struct frame *f)
{
	unsigned side = chance(r, 50), op = chance(r, 80) ? 1 : 2;
	struct draft d = { .n = 0 };
	uint8_t ip[4];

	put(&d, "\xff\xff\xff\xff\xff\xff\x02\0\0\0", 10);
	put8(&d, side ? 0x0b : 0x0a);
	put8(&d, 2);
	put16(&d, 0x0806);
	put16(&d, 1);
	put16(&d, 0x0800);
	put16(&d, 0x0604);
	put16(&d, op);
	put(&d, d.b + 6, 6);
	address(false, hosts4[side][below(r, 3)], ip);
	put(&d, ip, 4);
	put(&d, "\0\0\0\0\0\0", 6);
	address(false, chance(r, 70) ? side ? "10.0.2.1" : "10.0.1.1" : hosts4[side][below(r, 3)], ip);
	put(&d, ip, 4);
	f->side = (uint8_t)side;
	f->len = (uint16_t)d.n;
	memcpy(f->data, d.b, d.n);
}

/* the rest of a packet that was cut: the fragments after the first come as frames of their own */
static bool next_fragment(struct rng *r, const struct frames *in, struct frame *f)
{
	const struct frame *last = in->n ? &in->v[in->n - 1] : NULL;
	const uint8_t *p = last ? last->data + 14 : NULL;
	bool six = last && get_u16(last->data + 12) == 0x86dd;
	unsigned at, n, len;

	if (!last || last->len < 14 + 28)
		return false;
	if (six) {
		unsigned h = 40, next = p[6];

		while ((next == 0 || next == 43) && h + 16 < last->len - 14u) {
			next = p[h];
			h += 8;
		}
		if (h + 8 > last->len - 14u)
			return false;
		if (next != 44 || !(get_u16(p + h + 2) & 1))
			return false;
		n = last->len - 14u - h - 8;
		at = (get_u16(p + h + 2) & 0xfff8) + n;
		len = 1 + below(r, 32);
		memcpy(f, last, offsetof(struct frame, data) + last->len);
		put_u16(f->data + 14 + h + 2, (uint16_t)at);
		f->len = (uint16_t)(14 + h + 8 + len);
		put_u16(f->data + 18, (uint16_t)(h - 40 + 8 + len));
	} else {
		unsigned head = (p[0] & 15) * 4u;
		be16 sum;

		if (get_u16(last->data + 12) != 0x0800 || head + 14 > last->len || !(get_u16(p + 6) & 0x2000))
			return false;
		n = last->len - 14u - head;
		at = (get_u16(p + 6) & 0x1fffu) * 8 + n;
		len = 1 + below(r, 32);
		memcpy(f, last, offsetof(struct frame, data) + last->len);
		put_u16(f->data + 14 + 6, (uint16_t)(at / 8));
		f->len = (uint16_t)(14 + head + len);
		put_u16(f->data + 16, (uint16_t)(head + len));
		memset(f->data + 24, 0, 2);
		sum = csum_fold(csum_partial(f->data + 14, head, 0));
		memcpy(f->data + 24, &sum, 2);
	}
	for (unsigned i = 0; i < len; i++)
		f->data[f->len - len + i] = (uint8_t)(i * 11);
	return true;
}

void gen_packet(struct rng *r, const struct frames *in, const struct frames *out, struct frame *f)
{
	struct draft d = { .n = 0 };
	struct ends e;
	struct ipopts o;
	uint8_t proto;
	int sum_at = -1;

	if (chance(r, 92) && next_fragment(r, in, f))
		return;
	if (chance(r, 2)) {
		arp_frame(r, f);
		return;
	}
	draw_ipopts(r, &o);
	draw_ends(r, &e);
	if (chance(r, 30) && answer(r, out, &e, &d, &proto, &sum_at)) {
		if (o.ttl < 64)
			o.ttl = 64;
	} else if (draw_ends(r, &e), d.n = 0, chance(r, 45)) {
		proto = IPPROTO_TCP;
		sum_at = l4_tcp(r, &e, &d);
	} else if (chance(r, 55)) {
		proto = IPPROTO_UDP;
		sum_at = l4_udp(r, &e, &d);
	} else if (chance(r, 65)) {
		proto = e.six ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		sum_at = l4_icmp(r, chance(r, 80) ? out : in, &e, &d);
	} else {
		sum_at = l4_other(r, &e, &d, &proto);
	}
	checksum(&e, proto, d.b, d.n, sum_at, chance(r, 2), proto == IPPROTO_UDP && !e.six && chance(r, 10));
	if (d.n > 16 && chance(r, FR))		/* the first fragment: others follow */
		ip_frame(&e, &o, proto, d.b, d.n / 2 / 8 * 8, 0, true, f);
	else if (chance(r, FR / 3))			/* one that never was whole, or a tail of nothing */
		ip_frame(&e, &o, proto, d.b, d.n, chance(r, 50) ? 0 : 64, false, f);
	else
		ip_frame(&e, &o, proto, d.b, d.n, -1, false, f);
	if (chance(r, 1))
		f->len = (uint16_t)(f->len - below(r, f->len - 14u));
}

/* ---- what comes out ---- */

static void mask_ip4(struct frame *f, struct pkt *p)
{
	struct icmphdr *ic = pkt_icmp(p);
	struct tcphdr *t = pkt_tcp(p);
	struct iphdr *ip = pkt_ip4(p);

	/* the router's own packets have an id that it draws; what goes through keeps its own, but one cannot tell */
	if ((ic && ic->type != ICMP_ECHO) || (t && t->rst)) {
		ip->check = csum_replace16(ip->check, ip->id, 0);
		ip->id = 0;
	}
	if (ic && ic->type == ICMP_TIMESTAMPREPLY && pkt_l4_len(p) >= 20) {
		memset(pkt_l4(p) + 12, 0, 8);
		ic->checksum = 0;
	}
}

bool mask_frame(struct frame *f)
{
	static struct pkt_pool pool;
	static bool open;
	struct pkt *p;

	if (!open)
		pkt_pool_init(&pool, 4);
	open = true;
	if (f->len > 54 && get_u16(f->data + 12) == 0x86dd) {
		unsigned next = f->data[20], at = 54;

		if (next == 0) {
			next = f->data[at];
			at += 8u + 8u * f->data[at + 1];
		}
		if (next == 58 && at < f->len && (f->data[at] == 143 || (f->data[at] >= 130 && f->data[at] <= 136)))
			return false;
		if (next == 44)
			memset(f->data + at + 4, 0, 4);
		return true;
	}
	p = pkt_from_frame(&pool, f->data, f->len);
	if (p && parse_eth(p) == DROP_NONE && parse_ip(p) == DROP_NONE && pkt_ip4(p)) {
		mask_ip4(f, p);
		memcpy(f->data, p->buf + p->mac, f->len);
	}
	pkt_free(p);
	return true;
}
