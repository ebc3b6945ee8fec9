/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/field_raw.c - bytes of the packet at any place: raw payload, extension headers, TCP and IP options, chunks.
 *
 * Where it stands: below vm.c, beside field.c whose rows need no arguments; everything is read only.
 *
 * Theory of operation: a place is found first (a header's begin, an option's), then the bytes are copied if all of them
 * are there. Where only presence is asked for, most kinds answer 0 when they cannot look; an IPv6 extension header and an
 * IPv4 option in a packet of the other family is the exception: no comparison holds then.
 *
 * Invariants
 *  1. Nothing is read outside mac..end of the packet.
 *  2. A walk over options makes progress with every step, whatever their lengths say.
 *
 * References: the kernel's nft_payload.c, nft_exthdr.c, ipv6_find_hdr(); RFC 8200 section 4, RFC 9293 section 3.1, RFC 9260
 * section 3.2, RFC 4340 section 5.
 */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "rules/vm.h"

#define IP6_HEADER 40
#define VLAN_ETH_HLEN 18
#define SCTP_HEADER 12

static bool copy_at(const struct pkt *p, uint64_t at, unsigned len, uint8_t *out)
{
	if (at + len > p->end)
		return false;
	memcpy(out, p->buf + at, len);
	return true;
}

/* ---- payload ---- */

/* the link-layer header as it was on the wire: the tag that parsing took out is back in */
static bool tagged_bytes(const struct pkt *p, unsigned at, unsigned len, uint8_t *out)
{
	uint8_t tag[4];

	put_u16(tag, ETH_P_8021Q);
	memcpy(tag + 2, &p->vlan_tci, 2);
	for (unsigned i = 0; i < len; i++, at++) {
		unsigned in_frame = at < 2 * ETH_ALEN ? at : at - 4;

		if (at >= 2 * ETH_ALEN && at < 2 * ETH_ALEN + sizeof(tag))
			out[i] = tag[at - 2 * ETH_ALEN];
		else if (p->mac + in_frame >= p->end)
			return false;
		else
			out[i] = p->buf[p->mac + in_frame];
	}
	return true;
}

static int gre_header_len(const struct pkt *p)
{
	uint8_t flags[2];

	if (!copy_at(p, p->l4, 2, flags) || (flags[1] & 7))		/* version 0 only */
		return -1;
	return 4 + (flags[0] & 0x80 ? 4 : 0) + (flags[0] & 0x20 ? 4 : 0) + (flags[0] & 0x10 ? 4 : 0);
}

/* how far behind the transport header's begin its payload is; -1: cannot be told */
static int inner_offset(const struct pkt *p)
{
	uint8_t b;

	switch (p->proto) {
	case IPPROTO_UDP:
		return sizeof(struct udphdr);
	case IPPROTO_TCP:
		return pkt_l4_len(p) >= sizeof(struct tcphdr) && copy_at(p, p->l4 + 12, 1, &b) ? (b >> 4) * 4 : -1;
	case IPPROTO_GRE:
		return gre_header_len(p);
	case IPPROTO_IPIP:
		return 0;
	default:
		return -1;
	}
}

static bool has_transport(const struct match_ctx *m)
{
	return m->family && !(m->pkt->flags & PKT_LATER_FRAG);
}

int field_payload_base(const struct match_ctx *m, uint32_t base)
{
	const struct pkt *p = m->pkt;
	int inner;

	switch (base) {
	case NFT_PAYLOAD_LL_HEADER:	/* ARP's own is not put in front yet */
		return p->l3 == p->mac || (m->with_mac && m->pf == NFPROTO_ARP) ? -1 : (int)p->mac;
	case NFT_PAYLOAD_NETWORK_HEADER:
		return (int)p->l3;
	case NFT_PAYLOAD_TRANSPORT_HEADER:
		return has_transport(m) ? (int)p->l4 : -1;
	case NFT_PAYLOAD_INNER_HEADER:
		inner = has_transport(m) ? inner_offset(p) : -1;
		return inner < 0 ? -1 : (int)p->l4 + inner;
	default:
		return -1;
	}
}

static bool is_short(const struct ir_expr *e)
{
	return (e->len == 1 || e->len == 2 || e->len == 4) && e->f.arg[1] % e->len == 0;
}

static bool load_payload(const struct match_ctx *m, const struct ir_expr *e, uint8_t *out)
{
	const struct pkt *p = m->pkt;
	int64_t base = field_payload_base(m, e->f.arg[0]);
	uint32_t at = e->f.arg[1];

	if (base < 0 && e->f.arg[0] == NFT_PAYLOAD_TRANSPORT_HEADER && m->family && is_short(e))
		base = match_header(m);

	if (base < 0)
		return false;
	if (e->f.arg[0] == NFT_PAYLOAD_LL_HEADER && (p->flags & PKT_VLAN) && at + e->len > 2 * ETH_ALEN)
		return tagged_bytes(p, at, e->len, out);
	return copy_at(p, (uint64_t)base + at, e->len, out);
}

/* ---- extension headers and options: where they begin, as offset into the packet's buffer; -1: not there ---- */

static bool is_extension(uint8_t nexthdr)
{
	return nexthdr == IPPROTO_HOPOPTS || nexthdr == IPPROTO_ROUTING || nexthdr == IPPROTO_FRAGMENT ||
	       nexthdr == IPPROTO_AH || nexthdr == IPPROTO_NONE || nexthdr == IPPROTO_DSTOPTS;
}

int field_ip6_header(const struct pkt *p, uint8_t want)
{
	uint64_t at = p->l3 + IP6_HEADER;
	uint8_t b[4], next;

	if (pkt_l3_len(p) < IP6_HEADER)
		return -EBADMSG;
	next = pkt_l3(p)[6];
	while (next != want) {
		if (!is_extension(next) || next == IPPROTO_NONE)
			return -ENOENT;
		if (!copy_at(p, at, next == IPPROTO_FRAGMENT || next == IPPROTO_ROUTING ? 4 : 2, b))
			return -EBADMSG;
		if (next == IPPROTO_FRAGMENT && (get_u16(b + 2) & ~7))
			return -ENOENT;	/* what follows is in the first fragment */
		at += next == IPPROTO_FRAGMENT ? 8 : next == IPPROTO_AH ? (b[1] + 2u) * 4 : (b[1] + 1u) * 8;
		next = b[0];
	}
	return is_extension(want) && !copy_at(p, at, 2, b) ? -EBADMSG : (int)MIN(at, p->end);
}

static int find_option4(const struct pkt *p, uint8_t want)
{
	const uint8_t *h = pkt_l3(p);
	unsigned len = pkt_l3_len(p) >= sizeof(struct iphdr) ? (h[0] & 15) * 4u : 0, n;
	int found = -1;

	if (len > pkt_l3_len(p))
		return -1;
	for (unsigned i = sizeof(struct iphdr); i < len && h[i] != IPOPT_END; i += n) {
		n = h[i] == IPOPT_NOOP ? 1 : i + 1 < len ? h[i + 1] : 0;
		if (h[i] != IPOPT_NOOP && (n < 2 || i + n > len))
			return -1;
		if (found < 0 && h[i] == want)
			found = (int)(p->l3 + i);
	}
	return found;
}

/* bytes of the TCP header, options included; 0: it is not whole */
static unsigned tcp_header(const struct match_ctx *m)
{
	const struct pkt *p = m->pkt;
	unsigned len;

	if (!has_transport(m) || p->proto != IPPROTO_TCP || pkt_l4_len(p) < sizeof(struct tcphdr))
		return 0;
	len = (pkt_l4(p)[12] >> 4) * 4u;
	return len >= sizeof(struct tcphdr) && len <= pkt_l4_len(p) ? len : 0;
}

int field_tcp_option(const struct match_ctx *m, uint8_t kind, unsigned *len)
{
	const uint8_t *h = pkt_l4(m->pkt);
	unsigned n = tcp_header(m), step;

	for (unsigned i = sizeof(struct tcphdr); i + 1 < n; i += step) {
		step = h[i] <= 1 || h[i + 1] == 0 ? 1 : h[i + 1];
		if (h[i] != kind)
			continue;
		*len = step;
		return i + step <= n ? (int)(m->pkt->l4 + i) : -1;
	}
	return FIELD_NO_OPTION;
}

bool field_tcp_header(const struct match_ctx *m)
{
	return tcp_header(m) > 0;
}

static int find_chunk(const struct match_ctx *m, uint8_t type, unsigned *len)
{
	const struct pkt *p = m->pkt;
	uint8_t b[4];

	if (!has_transport(m) || p->proto != IPPROTO_SCTP)
		return -1;
	for (uint64_t at = p->l4 + SCTP_HEADER; at < p->end; at += (*len + 3) & ~3u) {
		if (!copy_at(p, at, sizeof(b), b))
			return -1;
		*len = get_u16(b + 2);
		if (!*len)
			return -1;
		if (b[0] == type)
			return (int)at;
	}
	return -1;
}

/* is an option of that kind there; a DCCP option has no other use here */
static bool find_dccp_option(const struct match_ctx *m, uint8_t kind)
{
	static const uint8_t fixed[] = { 4, 12, 0, 8, 8, 8, 8, 12, 8, 8 };	/* by packet type, RFC 4340 section 5.1 */
	const struct pkt *p = m->pkt;
	const uint8_t *h = pkt_l4(p);
	unsigned at, end, type, n;

	if (!has_transport(m) || p->proto != IPPROTO_DCCP || pkt_l4_len(p) < 12)
		return false;
	end = h[4] * 4u;
	type = h[8] >> 1 & 15;
	if (type >= ARRAY_LEN(fixed) || end > pkt_l4_len(p))
		return false;
	for (at = 12 + (h[8] & 1 ? 4 : 0) + fixed[type]; at < end; at += n) {
		if (h[at] == kind)
			return true;
		n = h[at] < 32 ? 1 : at + 1 < end ? h[at + 1] : 0;
		if (!n || (h[at] >= 32 && n < 2))
			return false;
	}
	return false;
}

static bool answer_present(const struct ir_expr *e, uint8_t *out, bool there)
{
	memset(out, 0, e->len);
	*out = there;
	return true;
}

static bool load_exthdr(const struct match_ctx *m, const struct ir_expr *e, uint8_t *out)
{
	const struct pkt *p = m->pkt;
	bool ask = e->f.arg[3];
	uint8_t type = (uint8_t)e->f.arg[1];
	unsigned len = UINT16_MAX, off = e->f.arg[2];
	int at = -1;

	switch (e->f.arg[0]) {
	case NFT_EXTHDR_OP_IPV6:
		if (p->ethertype != htons(ETH_P_IPV6))
			return false;
		at = field_ip6_header(p, type);
		break;
	case NFT_EXTHDR_OP_IPV4:
		if (p->ethertype != htons(ETH_P_IP))
			return false;
		at = find_option4(p, type);
		break;
	case NFT_EXTHDR_OP_TCPOPT:
		at = field_tcp_option(m, type, &len);
		if (at >= 0 && e->len + off > len && !ask)
			return false;
		break;
	case NFT_EXTHDR_OP_SCTP:
		at = find_chunk(m, type, &len);
		if (at >= 0 && !ask && (off + e->len > len || (unsigned)at + len > p->end))
			return false;
		break;
	case NFT_EXTHDR_OP_DCCP:
		return answer_present(e, out, find_dccp_option(m, type));
	default:
		return false;
	}
	if (ask)
		return answer_present(e, out, at >= 0);
	return at >= 0 && copy_at(p, (uint64_t)at + off, e->len, out);
}

bool field_load_arg(const struct match_ctx *m, const struct ir_expr *e, uint8_t *out)
{
	return e->f.field == FIELD_PAYLOAD ? load_payload(m, e, out) : load_exthdr(m, e, out);
}
