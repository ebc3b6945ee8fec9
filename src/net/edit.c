/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/edit.c - changing headers in place.
 *
 * NAT, the MARK-like targets that touch headers (TTL, TOS, DSCP, TCPMSS) and forwarding come here. A change of a field
 * changes the checksums that cover it by the difference only (RFC 1624 eqn. 3), so that a checksum that was wrong
 * before stays wrong and is found by its receiver, as behind a real router.
 *
 * One's complement sums do not care about byte order as long as words are summed as they lie in memory, so nothing is
 * swapped here.
 *
 * Invariants
 *  1. A UDP checksum of zero ("none", RFC 768) stays zero over IPv4; one that becomes zero is written as 0xffff.
 *  2. A field that is cut off is not touched, and the rest is still right.
 *  3. SCTP's CRC32c has no cheap update over an addition: it is computed again, only where ports change (addresses are
 *     not in it).
 *
 * References: RFC 1071, RFC 1624, RFC 768, RFC 9260 appendix A, RFC 6691 (MSS).
 */
#include "net/edit.h"

#include <errno.h>

#include "base/buf.h"
#include "net/parse.h"

#define TCP_CHECK_OFF 16
#define UDP_CHECK_OFF 6
#define ICMP_CHECK_OFF 2
#define SCTP_CHECK_OFF 8
#define CSUM_NONE (-1)

uint32_t csum_partial(const void *p, size_t len, uint32_t sum)
{
	const uint8_t *b = p;
	uint64_t s = sum;
	uint32_t w;
	uint16_t h = 0;

	for (; len >= 4; b += 4, len -= 4) {
		memcpy(&w, b, 4);
		s += w;
	}
	if (len >= 2) {
		memcpy(&h, b, 2);
		s += h;
		b += 2;
		len -= 2;
	}
	if (len) {
		h = 0;
		memcpy(&h, b, 1);
		s += h;
	}
	s = (s & 0xffffffff) + (s >> 32);
	s = (s & 0xffffffff) + (s >> 32);
	return (uint32_t)s;
}

uint16_t csum_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

be16 csum_replace16(be16 csum, be16 from, be16 to)
{
	/* eqn. 3: HC' = ~(~HC + ~m + m') */
	return csum_fold((uint32_t)(uint16_t)~csum + (uint16_t)~from + to);
}

be16 csum_replace32(be16 csum, be32 from, be32 to)
{
	uint32_t sum = (uint16_t)~csum;

	sum += (uint16_t)~from;
	sum += (uint16_t)~(from >> 16);
	sum += (uint16_t)to;
	sum += to >> 16;
	return csum_fold(sum);
}

/* where the 16-bit checksum of a transport protocol stands, from its header; CSUM_NONE: it has none here */
static int csum_field_off(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return TCP_CHECK_OFF;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_DCCP:
		return UDP_CHECK_OFF;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return ICMP_CHECK_OFF;
	}
	return CSUM_NONE;
}

static bool has_pseudo_header(uint8_t proto)
{
	return proto != IPPROTO_ICMP && csum_field_off(proto) != CSUM_NONE;
}

static uint32_t pseudo_sum(const struct pkt *p, uint32_t len)
{
	union inet_addr src = pkt_src(p), dst = pkt_dst(p);
	uint32_t sum = csum_partial(&src, sizeof(src), 0);
	uint8_t tail[8] = { [7] = p->proto };

	put_u32(tail, len);
	sum = csum_partial(&dst, sizeof(dst), sum);
	return csum_partial(tail, sizeof(tail), sum);
}

/* how much of a datagram its checksum covers: UDP-Lite says it itself */
static uint32_t covered_len(const struct pkt *p)
{
	uint32_t len = pkt_l4_len(p), cov;

	if (p->proto != IPPROTO_UDPLITE || len < 8)
		return len;
	cov = get_u16(pkt_l4(p) + 4);
	return cov >= 8 && cov <= len ? cov : len;
}

uint16_t csum_l4(const struct pkt *p)
{
	const uint8_t *h = pkt_l4(p);
	uint32_t len = covered_len(p), sum = 0;
	int off = csum_field_off(p->proto);
	uint16_t c;

	if (off == CSUM_NONE || len < (uint32_t)off + 2)
		return 0;
	if (has_pseudo_header(p->proto))
		sum = pseudo_sum(p, pkt_l4_len(p));
	sum = csum_partial(h, (size_t)off, sum);
	sum = csum_partial(h + off + 2, len - (uint32_t)off - 2, sum);
	c = csum_fold(sum);
	return !c && (p->proto == IPPROTO_UDP || p->proto == IPPROTO_UDPLITE) ? 0xffff : c;
}

static void replace_bytes(uint8_t *field, uint8_t proto, const void *from, const void *to, size_t n)
{
	const uint8_t *f = from, *t = to;
	be16 c, a, b;

	memcpy(&c, field, 2);
	if (proto == IPPROTO_UDP && !c)
		return;
	for (; n >= 2; n -= 2, f += 2, t += 2) {
		memcpy(&a, f, 2);
		memcpy(&b, t, 2);
		c = csum_replace16(c, a, b);
	}
	if (!c && (proto == IPPROTO_UDP || proto == IPPROTO_UDPLITE))
		c = 0xffff;
	memcpy(field, &c, 2);
}

/*
 * One IP packet as bytes, being changed: a packet itself or a quote in an ICMP error. @l4_len is what is there of the
 * transport header and behind it, 0 in a later fragment.
 */
struct target {
	uint8_t *l3, *l4;
	uint8_t family, proto;
	size_t l4_len;
};

static void target_addr(const struct target *t, enum edit_end end, const union inet_addr *addr)
{
	size_t n = addr_len(t->family);
	uint8_t *at = t->l3 + (t->family == AF_INET ? (end == EDIT_SRC ? 12 : 16) : (end == EDIT_SRC ? 8 : 24));
	int off = csum_field_off(t->proto);

	if (t->family == AF_INET)
		replace_bytes(t->l3 + offsetof(struct iphdr, check), 0, at, addr, n);
	if (has_pseudo_header(t->proto) && t->l4_len >= (size_t)off + 2)
		replace_bytes(t->l4 + off, t->proto, at, addr, n);
	memcpy(at, addr, n);
}

/* CRC32c, four bits at a time: SCTP through NAT is rare, a big table in the cache would cost others more */
static uint32_t crc32c(uint32_t crc, const uint8_t *p, size_t n)
{
	static const uint32_t nibble[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};

	for (; n; n--, p++) {
		crc ^= *p;
		crc = crc >> 4 ^ nibble[crc & 15];
		crc = crc >> 4 ^ nibble[crc & 15];
	}
	return crc;
}

static void sctp_fill_crc(uint8_t *h, size_t len)
{
	uint32_t crc;

	if (len < 12)
		return;
	memset(h + SCTP_CHECK_OFF, 0, 4);
	crc = ~crc32c(~0u, h, len);
	for (unsigned i = 0; i < 4; i++)
		h[SCTP_CHECK_OFF + i] = (uint8_t)(crc >> (8 * i));
}

/* the ICMP messages that carry an identifier */
static bool icmp_has_id(uint8_t proto, uint8_t type)
{
	if (proto == IPPROTO_ICMPV6)
		return type == 128 || type == 129;
	return type == ICMP_ECHO || type == ICMP_ECHOREPLY || (type >= ICMP_TIMESTAMP && type <= ICMP_ADDRESSREPLY);
}

/* where an end's port or identifier stands, -1: this protocol or message has none */
static int port_off(const struct target *t, enum edit_end end)
{
	switch (t->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return end == EDIT_SRC ? 0 : 2;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return icmp_has_id(t->proto, t->l4[0]) ? 4 : -1;
	}
	return -1;
}

/* the checksum part of edit_port() is a no-op where the quote ends before the checksum */
static int target_port(const struct target *t, enum edit_end end, be16 port)
{
	int csum_off = csum_field_off(t->proto), off;

	if (t->l4_len < 4)
		return -EINVAL;
	off = port_off(t, end);
	if (off < 0)
		return 0;
	if (t->l4_len < (size_t)off + 2)
		return -EINVAL;
	if (csum_off != CSUM_NONE && t->l4_len >= (size_t)csum_off + 2)
		replace_bytes(t->l4 + csum_off, t->proto, t->l4 + off, &port, 2);
	memcpy(t->l4 + off, &port, 2);
	return 0;
}

static struct target target_of_pkt(const struct pkt *p)
{
	return (struct target){
		.l3 = pkt_l3(p),
		.l4 = pkt_l4(p),
		.family = p->family,
		.proto = p->proto,
		.l4_len = p->flags & PKT_LATER_FRAG ? 0 : pkt_l4_len(p),
	};
}

void edit_addr(struct pkt *p, enum edit_end end, const union inet_addr *addr)
{
	struct target t = target_of_pkt(p);

	target_addr(&t, end, addr);
}

int edit_port(struct pkt *p, enum edit_end end, be16 port)
{
	struct target t = target_of_pkt(p);

	if (p->flags & (PKT_LATER_FRAG | PKT_L4_CUT) || target_port(&t, end, port))
		return -EINVAL;
	if (p->proto == IPPROTO_SCTP)
		sctp_fill_crc(t.l4, t.l4_len);
	return 0;
}

int edit_quote(uint8_t family, uint8_t *l3, size_t len, enum edit_end end, const union inet_addr *addr, be16 port)
{
	struct target t = { .l3 = l3, .family = family };
	bool later_frag;
	int l4 = parse_find_l4(family, l3, len, &t.proto, &later_frag);

	if (l4 < 0)
		return -EINVAL;
	t.l4 = l3 + l4;
	t.l4_len = later_frag ? 0 : len - (size_t)l4;
	if (!later_frag && csum_field_off(t.proto) != CSUM_NONE && t.l4_len < 8)	/* what RFC 792 promises; Linux drops such an error too */
		return -EINVAL;
	target_addr(&t, end, addr);
	return later_frag || csum_field_off(t.proto) == CSUM_NONE ? 0 : target_port(&t, end, port);
}

/* a checksum after @n bytes changed, of which the first is the second of a word when @odd */
static void replace_odd(uint8_t *field, const uint8_t *from, const uint8_t *to, size_t n, bool odd)
{
	be16 c;

	memcpy(&c, field, 2);
	for (size_t i = 0; i < n; i++) {
		uint8_t a[2] = { 0 }, b[2] = { 0 };
		be16 x, y;

		a[(i + odd) & 1] = from[i];
		b[(i + odd) & 1] = to[i];
		memcpy(&x, a, 2);
		memcpy(&y, b, 2);
		c = csum_replace16(c, x, y);
	}
	if (!c)
		c = 0xffff;
	memcpy(field, &c, 2);
}

/* where the checksum stands that covers a transport header (EDIT_SUM_L4) or its pseudo-header; 0: none does, -EINVAL: cut off */
static int l4_sum_at(const struct pkt *p, unsigned sums)
{
	int off = p->proto == IPPROTO_IGMP ? ICMP_CHECK_OFF : csum_field_off(p->proto);

	if (p->flags & PKT_LATER_FRAG || off == CSUM_NONE || (!(sums & EDIT_SUM_L4) && !has_pseudo_header(p->proto)))
		return 0;
	if (pkt_l4_len(p) < (uint32_t)off + 2)
		return -EINVAL;
	if (!(sums & EDIT_SUM_L4) && p->proto == IPPROTO_UDP && !pkt_l4(p)[off] && !pkt_l4(p)[off + 1])
		return 0;	/* "none"; a field of UDP's own header is changed as if there were one: so does Linux */
	return (int)p->l4 + off;
}

int edit_bytes(struct pkt *p, uint32_t at, const void *bytes, unsigned len, unsigned sums)
{
	bool l4 = sums & (EDIT_SUM_L4 | EDIT_SUM_PSEUDO);
	int sum_at = l4 ? l4_sum_at(p, sums) : 0;
	uint8_t *field = p->buf + at;

	if (at < p->mac || (uint64_t)at + len > p->end || sum_at < 0)
		return -EINVAL;
	if (sums & EDIT_SUM_IP && pkt_l3_len(p) >= sizeof(struct iphdr))
		replace_odd(pkt_l3(p) + offsetof(struct iphdr, check), field, bytes, len, (at - p->l3) & 1);
	if (sum_at)
		replace_odd(p->buf + sum_at, field, bytes, len, (at - (sums & EDIT_SUM_L4 ? p->l4 : p->l3)) & 1);
	memcpy(field, bytes, len);
	if (sums & EDIT_SUM_L4 && p->proto == IPPROTO_SCTP)
		sctp_fill_crc(pkt_l4(p), pkt_l4_len(p));
	return 0;
}

/* change the 16-bit word at @off of an IPv4 header */
static void ip4_set_word(struct pkt *p, unsigned off, be16 to)
{
	uint8_t *h = pkt_l3(p);
	be16 from;

	memcpy(&from, h + off, 2);
	pkt_ip4(p)->check = csum_replace16(pkt_ip4(p)->check, from, to);
	memcpy(h + off, &to, 2);
}

void edit_ttl(struct pkt *p, uint8_t ttl)
{
	if (p->family == AF_INET)
		ip4_set_word(p, 8, htons((uint16_t)(ttl << 8 | pkt_l3(p)[9])));
	else
		pkt_l3(p)[7] = ttl;
}

void edit_dsfield(struct pkt *p, uint8_t ds)
{
	uint8_t *h = pkt_l3(p);

	if (p->family == AF_INET) {
		ip4_set_word(p, 0, htons((uint16_t)(h[0] << 8 | ds)));
		return;
	}
	h[0] = (uint8_t)((h[0] & 0xf0) | ds >> 4);
	h[1] = (uint8_t)((h[1] & 0x0f) | ds << 4);
}

/* the MSS option's value inside the header, NULL: none */
static uint8_t *find_mss(uint8_t *h, unsigned hlen)
{
	unsigned at = sizeof(struct tcphdr);

	while (at < hlen && h[at] != TCP_OPT_EOL) {
		if (h[at] == TCP_OPT_NOP) {
			at++;
			continue;
		}
		if (hlen - at < 2 || h[at + 1] < 2 || h[at + 1] > hlen - at)
			return NULL;
		if (h[at] == TCP_OPT_MSS && h[at + 1] == 4)
			return h + at + 2;
		at += h[at + 1];
	}
	return NULL;
}

/* put an MSS option in front of the others of a segment without data */
static int insert_mss(struct pkt *p, uint16_t mss)
{
	uint8_t *h = pkt_l4(p), *opts = h + sizeof(struct tcphdr);
	struct tcphdr *th = (struct tcphdr *)h;
	uint32_t hlen = th->doff * 4u;

	if (pkt_l4_len(p) > hlen)
		return -EINVAL;
	if (th->doff == 15 || !pkt_append(p, 4))
		return -ENOSPC;
	memmove(opts + 4, opts, hlen - sizeof(*th));
	opts[0] = TCP_OPT_MSS;
	opts[1] = 4;
	put_u16(opts + 2, mss);
	th->doff++;
	if (p->family == AF_INET)
		ip4_set_word(p, 2, htons((uint16_t)(pkt_l3_len(p))));
	else
		put_u16(pkt_l3(p) + 4, (uint16_t)(pkt_l3_len(p) - 40));
	th->check = csum_l4(p);
	return 0;
}

int edit_tcp_mss(struct pkt *p, uint16_t mss, bool add)
{
	struct tcphdr *th = pkt_tcp(p);
	uint8_t *at;
	unsigned off, n;
	uint32_t from = 0, to = 0;

	if (!th || th->doff < 5 || th->doff * 4u > pkt_l4_len(p))
		return -EINVAL;
	at = find_mss((uint8_t *)th, th->doff * 4u);
	if (!at)
		return add && th->syn ? insert_mss(p, mss) : -ENOENT;
	/* the value may begin at an odd byte: replace the aligned words that it lies in (D-27) */
	off = (unsigned)(at - (uint8_t *)th) & ~1u;
	n = at - (uint8_t *)th == off ? 2 : 4;
	memcpy(&from, (uint8_t *)th + off, n);
	put_u16(at, mss);
	memcpy(&to, (uint8_t *)th + off, n);
	th->check = csum_replace32(th->check, from, to);
	return 0;
}

/* one byte of the TCP header at @off, with the checksum */
static void set_tcp_byte(struct tcphdr *th, unsigned off, uint8_t v)
{
	uint8_t *word = (uint8_t *)th + (off & ~1u);
	be16 from, to;

	memcpy(&from, word, 2);
	((uint8_t *)th)[off] = v;
	memcpy(&to, word, 2);
	th->check = csum_replace16(th->check, from, to);
}

int edit_strip_tcp_options(struct pkt *p, const uint32_t kinds[8])
{
	struct tcphdr *th = pkt_tcp(p);
	const uint8_t *h = (const uint8_t *)th;
	unsigned len, n;

	if (!th || th->doff * 4u > pkt_l4_len(p))
		return -EINVAL;
	len = th->doff * 4u;
	for (unsigned i = sizeof(*th); i + 1 < len; i += n) {
		uint8_t kind = h[i];

		n = kind < 2 || !h[i + 1] ? 1 : h[i + 1];
		if (i + n > len)
			break;
		if (!(kinds[kind / 32] >> kind % 32 & 1))
			continue;
		for (unsigned k = 0; k < n; k++)
			set_tcp_byte(th, i + k, TCP_OPT_NOP);
	}
	return 0;
}

void edit_fill_checksums(struct pkt *p)
{
	int off = csum_field_off(p->proto);
	uint16_t c;

	if (p->family == AF_INET) {
		struct iphdr *ip = pkt_ip4(p);

		ip->check = 0;
		ip->check = csum_fold(csum_partial(ip, ip->ihl * 4u, 0));
	}
	if (p->flags & (PKT_FRAG | PKT_L4_CUT))
		return;
	if (p->proto == IPPROTO_SCTP)
		sctp_fill_crc(pkt_l4(p), pkt_l4_len(p));
	if (off == CSUM_NONE || pkt_l4_len(p) < (uint32_t)off + 2)
		return;
	c = csum_l4(p);
	memcpy(pkt_l4(p) + off, &c, 2);
}
