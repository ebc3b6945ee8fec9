/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/parse.c - from bytes to struct pkt.
 *
 * First step of the packet's way, and the only place that decides whether bytes are a header. What is checked, and in
 * which order, is what the kernel's receive path checks before PREROUTING: length, version, header length, header
 * checksum, total length; the transport header only as far as its fixed part goes. Trailing bytes behind the IP
 * datagram (Ethernet padding) are cut off.
 *
 * A chain of IPv6 extension headers that is broken is no error here: routers do not look at it, and the packet has no
 * transport header then (PKT_L4_CUT).
 *
 * Invariants
 *  1. No byte at or after .end is read.
 *  2. On failure no field that parse_ip() sets is relied upon; the packet only goes to its drop.
 *  3. IPv6 extension headers are walked at most IP6_MAX_EXT deep.
 *
 * References: IEEE 802.1Q; RFC 791 section 3.1; RFC 8200 section 4; RFC 9293 section 3.1; RFC 7323; RFC 2018.
 */
#include "net/parse.h"

#include <errno.h>

#include "base/buf.h"
#include "net/edit.h"

#define IP6_HDRLEN 40
#define IP6_MAX_EXT 8
#define ETH_TPID_LEN 4
#define IP6_FRAG_OFFSET 0xfff8	/* of the Fragment header's second word, bytes */
#define IP6_FRAG_MORE 1

enum drop_reason parse_eth(struct pkt *p)
{
	struct ethhdr *eth = pkt_eth(p);

	if (pkt_len(p) < ETH_HLEN)
		return DROP_TRUNCATED;
	if (eth->h_proto == htons(ETH_P_8021Q) || eth->h_proto == htons(ETH_P_8021AD)) {
		if (pkt_len(p) < ETH_HLEN + ETH_TPID_LEN)
			return DROP_TRUNCATED;
		memcpy(&p->vlan_tci, p->buf + p->mac + ETH_HLEN, 2);
		p->flags |= PKT_VLAN;
		memmove(p->buf + p->mac + ETH_TPID_LEN, p->buf + p->mac, 2 * ETH_ALEN);
		p->mac += ETH_TPID_LEN;
		eth = pkt_eth(p);
	}
	p->ethertype = eth->h_proto;
	p->l3 = p->l4 = p->mac + ETH_HLEN;
	return DROP_NONE;
}

/* what the chain of extension headers says */
struct ip6_chain {
	uint32_t l4;		/* where it ends, bytes from the IPv6 header */
	uint8_t proto;
	uint16_t frag, frag_at;	/* of the Fragment header: its second word, where it stands (0: there is none) */
};

/*
 * IPv6: behind the extension headers; -EINVAL: the chain is broken or too long; .proto is what it says follows, or an
 * extension header's number where it does not say that
 */
static int walk_ip6(const uint8_t *l3, size_t len, struct ip6_chain *c)
{
	*c = (struct ip6_chain){ .l4 = IP6_HDRLEN, .proto = l3[6] };
	for (unsigned i = 0; i < IP6_MAX_EXT; i++) {
		size_t left = len - c->l4, ext;

		if (c->proto != IPPROTO_HOPOPTS && c->proto != IPPROTO_ROUTING && c->proto != IPPROTO_FRAGMENT &&
		    c->proto != IPPROTO_DSTOPTS)
			return 0;
		if (left < (c->proto == IPPROTO_FRAGMENT || c->proto == IPPROTO_ROUTING ? 4 : 2))
			return -EINVAL;
		ext = c->proto == IPPROTO_FRAGMENT ? 8 : (l3[c->l4 + 1] + 1u) * 8;
		if (left < ext) {	/* it says what follows, and that this is not here any more */
			c->proto = l3[c->l4];
			c->l4 = (uint32_t)len;
			return -EINVAL;
		}
		if (c->proto == IPPROTO_FRAGMENT) {
			c->frag = get_u16(l3 + c->l4 + 2);
			c->frag_at = (uint16_t)c->l4;
		}
		c->proto = l3[c->l4];
		c->l4 += (uint32_t)ext;
		if (c->frag & IP6_FRAG_OFFSET)
			return 0;	/* what follows is the middle of something */
	}
	return -EINVAL;
}

int parse_find_l4(uint8_t family, const uint8_t *l3, size_t len, uint8_t *proto, bool *later_frag)
{
	struct ip6_chain c;
	int l4;

	if (family == AF_INET) {
		if (len < sizeof(struct iphdr) || l3[0] >> 4 != 4)
			return -EINVAL;
		l4 = (l3[0] & 0xf) * 4;
		if (l4 < (int)sizeof(struct iphdr) || (size_t)l4 > len)
			return -EINVAL;
		*proto = l3[9];
		*later_frag = get_u16(l3 + 6) & 0x1fff;
		return l4;
	}
	if (len < IP6_HDRLEN || l3[0] >> 4 != 6 || walk_ip6(l3, len, &c))
		return -EINVAL;
	*proto = c.proto;
	*later_frag = c.frag & IP6_FRAG_OFFSET;
	return (int)c.l4;
}

/* fixed part of a transport header, bytes; 0: none is looked at */
static uint32_t l4_fixed_len(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return sizeof(struct tcphdr);
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return 8;
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return 12;
	case IPPROTO_GRE:
		return 4;
	}
	return 0;
}

bool parse_l4_is_cut(const struct pkt *p)
{
	return pkt_l4_len(p) < l4_fixed_len(p->proto);
}

static void set_frag(struct pkt *p, uint16_t off_bytes, bool more)
{
	p->frag_off = off_bytes;
	if (off_bytes || more)
		p->flags |= PKT_FRAG;
	if (off_bytes)
		p->flags |= PKT_LATER_FRAG;
	if (more)
		p->flags |= PKT_MORE_FRAGS;
	if (off_bytes || parse_l4_is_cut(p))
		p->flags |= PKT_L4_CUT;
}

static enum drop_reason parse_ip4(struct pkt *p)
{
	const uint8_t *h = pkt_l3(p);
	uint32_t len = pkt_l3_len(p), ihl, total;
	uint16_t frag;

	if (len < sizeof(struct iphdr))
		return DROP_TRUNCATED;
	ihl = (h[0] & 0xfu) * 4;
	if (h[0] >> 4 != 4 || ihl < sizeof(struct iphdr))
		return DROP_MALFORMED;
	if (len < ihl)
		return DROP_TRUNCATED;
	if (csum_fold(csum_partial(h, ihl, 0)))
		return DROP_CHECKSUM;
	total = get_u16(h + 2);
	if (len < total)
		return DROP_TRUNCATED;
	if (total < ihl)
		return DROP_MALFORMED;
	p->end = p->l3 + total;
	p->l4 = p->l3 + ihl;
	p->family = AF_INET;
	p->proto = h[9];
	if (ihl > sizeof(struct iphdr))
		p->flags |= PKT_OPTIONS;
	frag = get_u16(h + 6);
	set_frag(p, (uint16_t)((frag & 0x1fff) * 8), frag & 0x2000);
	return DROP_NONE;
}

/* a length of zero before hop-by-hop options says that one of them, a jumbo payload's, has it: path refuses that */
static enum drop_reason parse_ip6(struct pkt *p)
{
	const uint8_t *h = pkt_l3(p);
	uint32_t len = pkt_l3_len(p), total;
	struct ip6_chain c;

	if (len < IP6_HDRLEN)
		return DROP_TRUNCATED;
	if (h[0] >> 4 != 6)
		return DROP_MALFORMED;
	total = get_u16(h + 4) || h[6] != IPPROTO_HOPOPTS ? (uint32_t)IP6_HDRLEN + get_u16(h + 4) : len;
	if (len < total)
		return DROP_TRUNCATED;
	p->end = p->l3 + total;
	p->family = AF_INET6;
	if (walk_ip6(h, total, &c)) {	/* whom it is for will complain; a router does not look */
		p->flags |= PKT_L4_CUT | PKT_OPTIONS;
		p->frag_off = 0;
		p->proto = c.proto;
		p->l4 = p->l3 + c.l4;
		return DROP_NONE;
	}
	p->l4 = p->l3 + c.l4;
	p->proto = c.proto;
	p->frag_at = c.frag_at;
	if (c.l4 > IP6_HDRLEN)
		p->flags |= PKT_OPTIONS;
	set_frag(p, c.frag & IP6_FRAG_OFFSET, c.frag & IP6_FRAG_MORE);
	return DROP_NONE;
}

enum drop_reason parse_ip(struct pkt *p)
{
	uint8_t version;

	p->flags &= ~(uint32_t)(PKT_FRAG | PKT_LATER_FRAG | PKT_MORE_FRAGS | PKT_OPTIONS | PKT_L4_CUT);
	p->family = 0;
	p->frag_at = 0;
	p->l4 = p->l3;
	if (p->end <= p->l3)
		return DROP_TRUNCATED;
	version = pkt_l3(p)[0] >> 4;
	if (p->ethertype == htons(ETH_P_IP))
		return parse_ip4(p);
	if (p->ethertype == htons(ETH_P_IPV6))
		return parse_ip6(p);
	/* a link without Ethernet header: the version says it */
	p->ethertype = htons(version == 6 ? ETH_P_IPV6 : ETH_P_IP);
	return version == 6 ? parse_ip6(p) : parse_ip4(p);
}

bool parse_l4_checksum(const struct pkt *p)
{
	const uint8_t *h = pkt_l4(p);
	be16 field;

	if (p->flags & (PKT_FRAG | PKT_L4_CUT))
		return true;
	switch (p->proto) {
	case IPPROTO_TCP:
		memcpy(&field, h + offsetof(struct tcphdr, check), 2);
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		memcpy(&field, h + offsetof(struct udphdr, check), 2);
		if (p->proto == IPPROTO_UDP && !field && p->family == AF_INET)
			return true;
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		memcpy(&field, h + offsetof(struct icmphdr, checksum), 2);
		break;
	default:
		return true;
	}
	/* 0 and 0xffff are the same number; senders write either */
	return field == csum_l4(p) || (field == 0xffff && !csum_l4(p)) || (!field && csum_l4(p) == 0xffff);
}

/*
 * one option of length @len (with its two first bytes) at @o; values that do not have their option's length are as if
 * absent
 */
static void tcp_option(struct tcp_options *t, const uint8_t *o, unsigned len)
{
	switch (o[0]) {
	case TCP_OPT_MSS:
		if (len == 4) {
			t->have_mss = true;
			t->mss = get_u16(o + 2);
		}
		break;
	case TCP_OPT_WSCALE:
		if (len == 3) {
			t->have_wscale = true;
			t->wscale = o[2];
		}
		break;
	case TCP_OPT_SACK_OK:
		t->have_sack_ok = t->have_sack_ok || len == 2;
		break;
	case TCP_OPT_TS:
		if (len == 10) {
			t->have_ts = true;
			t->ts_val = get_u32(o + 2);
			t->ts_ecr = get_u32(o + 6);
		}
		break;
	case TCP_OPT_SACK:
		if (len < 10 || (len - 2) % 8)
			break;
		for (t->n_sack = 0; t->n_sack < (len - 2) / 8 && t->n_sack < ARRAY_LEN(t->sack); t->n_sack++) {
			t->sack[t->n_sack].start = get_u32(o + 2 + t->n_sack * 8);
			t->sack[t->n_sack].end = get_u32(o + 6 + t->n_sack * 8);
		}
		break;
	}
}

int parse_tcp_options(const struct pkt *p, struct tcp_options *o)
{
	const struct tcphdr *th = pkt_tcp(p);
	const uint8_t *at, *end;

	*o = (struct tcp_options){ 0 };
	if (!th || th->doff < 5 || th->doff * 4u > pkt_l4_len(p))
		return -EINVAL;
	at = pkt_l4(p) + sizeof(*th);
	end = pkt_l4(p) + th->doff * 4;
	while (at < end && *at != TCP_OPT_EOL) {
		if (*at == TCP_OPT_NOP) {
			at++;
			continue;
		}
		if (end - at < 2 || at[1] < 2 || at[1] > end - at)
			return -EINVAL;
		tcp_option(o, at, at[1]);
		at += at[1];
	}
	return 0;
}
