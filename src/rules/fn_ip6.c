/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/fn_ip6.c - matches that only IPv6 has: frag, rt, hbh, dst, ah, ipv6header, mh, eui64.
 *
 * Theory of operation: each finds its header from the IPv6 header on (field_ip6_header()) and compares what it holds. A
 * packet whose chain of headers is cut off is dropped, as the kernel's matches do (par->hotdrop), and so is one with an
 * AH longer than the packet; other headers that claim more than there is only do not match.
 *
 * Invariants
 *  1. Nothing is read past the end of the packet.
 *  2. The number of steps over headers and options is bounded by the packet's length: each has a length of at least one.
 *
 * References: RFC 8200 section 4, RFC 4302 section 2, RFC 6275 section 6.1; the kernel's ip6t_frag.c, ip6t_rt.c,
 * ip6t_hbh.c, ip6t_ah.c, ip6t_ipv6header.c, ip6t_mh.c, ip6t_eui64.c.
 */
#include "rules/fn_ip6.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "rules/vm.h"

/*
 * The header of a kind, its first @need bytes; NULL: it is not there. *left: bytes from its beginning to the packet's
 * end
 */
static const uint8_t *header(struct match_ctx *m, uint8_t kind, unsigned need, unsigned *left)
{
	int at = field_ip6_header(m->pkt, kind);

	if (at == -ENOENT)
		return NULL;
	*left = at < 0 ? 0 : m->pkt->end - (unsigned)at;
	m->hotdrop = *left < need;
	return m->hotdrop ? NULL : m->pkt->buf + at;
}

/* ---- frag ---- */

#define FRAG_OFFSET 0xfff8
#define FRAG_RESERVED 0x0006
#define FRAG_MORE 0x0001

static bool frag_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct ip6t_frag *f = data;
	unsigned left;
	const uint8_t *h = header(m, IPPROTO_FRAGMENT, 8, &left);
	uint16_t off;
	uint32_t id;

	if (!h)
		return false;
	off = get_u16(h + 2);
	id = get_u32(h + 4);
	if ((id >= f->ids[0] && id <= f->ids[1]) == !!(f->invflags & IP6T_FRAG_INV_IDS))
		return false;
	return !((f->flags & IP6T_FRAG_RES) && (h[1] || (off & FRAG_RESERVED))) &&
	       !((f->flags & IP6T_FRAG_FST) && (off & FRAG_OFFSET)) &&
	       !((f->flags & IP6T_FRAG_MF) && !(off & FRAG_MORE)) && !((f->flags & IP6T_FRAG_NMF) && (off & FRAG_MORE));
}

const struct ir_fn fn_ip6_frag = { .name = "frag", .eval = frag_eval };

/* ---- rt ---- */

#define RT0_ADDRS 8	/* where the hops begin */

/* the hops are those of the rule, no more and no less */
static bool hops_equal(const struct ip6t_rt *r, const uint8_t *hop, unsigned n)
{
	return n == r->addrnr && memcmp(hop, r->addrs, n * sizeof(r->addrs[0])) == 0;
}

/* those of the rule are among them, in their order */
static bool hops_among(const struct ip6t_rt *r, const uint8_t *hop, unsigned n)
{
	unsigned found = 0;

	for (unsigned i = 0; i < n && found < r->addrnr; i++)
		if (memcmp(hop + 16 * i, &r->addrs[found], 16) == 0)
			found++;
	return found == r->addrnr;
}

static bool rt_fields(const struct ip6t_rt *r, const uint8_t *h, unsigned len)
{
	bool segs = h[3] >= r->segsleft[0] && h[3] <= r->segsleft[1];

	return segs != !!(r->invflags & IP6T_RT_INV_SGS) &&
	       (!(r->flags & IP6T_RT_LEN) || (r->hdrlen == len) != !!(r->invflags & IP6T_RT_INV_LEN)) &&
	       (!(r->flags & IP6T_RT_TYP) || (r->rt_type == h[2]) != !!(r->invflags & IP6T_RT_INV_TYP));
}

static bool rt_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct ip6t_rt *r = data;
	unsigned left, len, n;
	const uint8_t *h = header(m, IPPROTO_ROUTING, 4, &left);

	if (!h)
		return false;
	len = (h[1] + 1u) * 8;
	if (left < len || !rt_fields(r, h, len))
		return false;
	if ((r->flags & IP6T_RT_RES) && get_u32(h + 4))
		return false;
	n = (len - RT0_ADDRS) / 16;
	if (!(r->flags & IP6T_RT_FST))
		return true;
	return r->flags & IP6T_RT_FST_NSTRICT ? hops_among(r, h + RT0_ADDRS, n) : hops_equal(r, h + RT0_ADDRS, n);
}

const struct ir_fn fn_ip6_rt = { .name = "rt", .eval = rt_eval };

/* ---- hbh, dst ---- */

#define ANY_LENGTH 0xff

/*
 * Are the options those of the rule, one after the other? @o: the first; @len: bytes of options, @left: of the packet,
 * from there
 */
static bool options_match(const struct ip6t_opts *w, const uint8_t *o, unsigned len, unsigned left)
{
	for (unsigned i = 0; i < w->optsnr; i++) {
		unsigned step = 1;
		uint8_t want = w->opts[i] & 0xff;

		if (len < 1 || o[0] != w->opts[i] >> 8)
			return false;
		if (o[0]) {
			if (len < 2 || (want != ANY_LENGTH && want != o[1]))
				return false;
			step = o[1] + 2u;
		}
		if (len < step || left < step)	/* the last one may say that it goes on behind the header */
			return i + 1 == w->optsnr;
		o += step;
		len -= step;
		left -= step;
	}
	return true;
}

static bool opts_eval(struct match_ctx *m, const struct ip6t_opts *w, uint8_t kind)
{
	unsigned left, len;
	const uint8_t *h = header(m, kind, 2, &left);

	if (!h)
		return false;
	len = (h[1] + 1u) * 8;
	if (left < len)
		return false;
	if ((w->flags & IP6T_OPTS_LEN) && (w->hdrlen == len) == !!(w->invflags & IP6T_OPTS_INV_LEN))
		return false;
	return !(w->flags & IP6T_OPTS_OPTS) || options_match(w, h + 2, len - 2, left - 2);
}

static bool hbh_eval(struct match_ctx *m, const void *data, void *state)
{
	return opts_eval(m, data, IPPROTO_HOPOPTS);
}

static bool dst_eval(struct match_ctx *m, const void *data, void *state)
{
	return opts_eval(m, data, IPPROTO_DSTOPTS);
}

const struct ir_fn fn_ip6_hbh = { .name = "hbh", .eval = hbh_eval };
const struct ir_fn fn_ip6_dst = { .name = "dst", .eval = dst_eval };

/* ---- ah ---- */

static bool ah_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct ip6t_ah *w = data;
	unsigned left;
	const uint8_t *h = header(m, IPPROTO_AH, 12, &left);
	unsigned len = h ? (h[1] + 2u) * 4 : 0;
	uint32_t spi;

	if (!h)
		return false;
	m->hotdrop = left < len;
	if (m->hotdrop)
		return false;
	spi = get_u32(h + 4);
	if ((spi >= w->spis[0] && spi <= w->spis[1]) == !!(w->invflags & IP6T_AH_INV_SPI))
		return false;
	if (w->hdrlen && (w->hdrlen == len) == !!(w->invflags & IP6T_AH_INV_LEN))
		return false;
	return !w->hdrres || !get_u16(h + 2);
}

const struct ir_fn fn_ip6_ah = { .name = "ah", .eval = ah_eval };

/* ---- ipv6header ---- */

static uint8_t mask_of(uint8_t nexthdr)
{
	switch (nexthdr) {
	case IPPROTO_HOPOPTS:
		return MASK_HOPOPTS;
	case IPPROTO_ROUTING:
		return MASK_ROUTING;
	case IPPROTO_FRAGMENT:
		return MASK_FRAGMENT;
	case IPPROTO_AH:
		return MASK_AH;
	case IPPROTO_DSTOPTS:
		return MASK_DSTOPTS;
	default:
		return 0;
	}
}

static unsigned header_len(uint8_t nexthdr, const uint8_t *h)
{
	return nexthdr == IPPROTO_FRAGMENT ? 8 : nexthdr == IPPROTO_AH ? (h[1] + 2u) * 4 : (h[1] + 1u) * 8;
}

/* the headers of a packet as MASK_* bits; false: it is cut off within one */
static bool headers_of(const struct pkt *p, uint8_t *bits)
{
	const uint8_t *h = pkt_l3(p);
	unsigned left = pkt_l3_len(p), len = sizeof(struct ip6_hdr);
	uint8_t next = h[6], mask;

	*bits = 0;
	while ((mask = mask_of(next)) != 0) {
		h += len;
		left -= len;
		if (left < 2)
			return false;
		*bits |= mask;
		len = header_len(next, h);
		next = h[0];
		if (len > left) {
			*bits |= next == IPPROTO_NONE || next == IPPROTO_ESP ? 0 : MASK_PROTO;
			return true;
		}
	}
	if (next == IPPROTO_NONE)
		*bits |= MASK_NONE;
	else if (next == IPPROTO_ESP)
		*bits |= MASK_ESP;
	else
		*bits |= MASK_PROTO;
	return next != IPPROTO_ESP || left >= len + 2;
}

static bool header_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct ip6t_ipv6header_info *w = data;
	uint8_t bits;

	if (pkt_l3_len(m->pkt) < sizeof(struct ip6_hdr) || !headers_of(m->pkt, &bits))
		return false;
	if (w->modeflag)
		return !((bits ^ w->matchflags ^ w->invflags) & w->matchflags);
	return (bits == w->matchflags) != !!w->invflags;
}

const struct ir_fn fn_ip6_header = { .name = "ipv6header", .eval = header_eval };

/* ---- mh ---- */

static bool mh_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct ip6t_mh *w = data;
	const uint8_t *h = pkt_l4(m->pkt);

	if (m->pkt->flags & PKT_LATER_FRAG)
		return false;
	m->hotdrop = pkt_l4_len(m->pkt) < 6 || h[0] != IPPROTO_NONE;
	if (m->hotdrop)
		return false;
	return (h[2] >= w->types[0] && h[2] <= w->types[1]) != !!(w->invflags & IP6T_MH_INV_TYPE);
}

const struct ir_fn fn_ip6_mh = { .name = "mh", .eval = mh_eval };

/* ---- eui64 ---- */

static bool eui64_eval(struct match_ctx *m, const void *data, void *state)
{
	union inet_addr src = pkt_src(m->pkt);
	uint8_t mac[8], id[8];

	if (!fields[FIELD_ETHER_SADDR].load(m, mac))
		return false;
	memcpy(id, mac, 3);
	id[0] ^= 0x02;
	id[3] = 0xff;
	id[4] = 0xfe;
	memcpy(id + 5, mac + 3, 3);
	return memcmp(src.b + 8, id, sizeof(id)) == 0;
}

const struct ir_fn fn_ip6_eui64 = { .name = "eui64", .eval = eui64_eval };
