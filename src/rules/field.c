/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/field.c - how each match key is loaded from a packet, its connection and its interfaces.
 *
 * Where it stands: below vm.c and classify.c, which load by row; everything is read only.
 *
 * Theory of operation: a load function writes exactly the row's .len bytes, in the row's order, or says that the
 * packet has no such field. A field of the network header asks for the family, one of the transport header for the
 * bytes themselves: they may be cut off, or belong to a fragment that does not carry them.
 *
 * Invariants
 *  1. A load never reads outside mac..end of the packet.
 *  2. Interface names are padded with zeros, and a missing interface is the empty name and index 0 (never absent): `!
 *     -i eth0` holds where there is none.
 *
 * References: the kernel's nft_meta.c, nft_payload.c, nft_ct.c for what each key is when there is no interface,
 * header or connection.
 */
#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "rules/vm.h"

static inline bool put8(uint8_t *val, uint8_t v)
{
	*val = v;
	return true;
}

static inline bool put16(uint8_t *val, uint16_t v)
{
	memcpy(val, &v, sizeof(v));
	return true;
}

static inline bool put32(uint8_t *val, uint32_t v)
{
	memcpy(val, &v, sizeof(v));
	return true;
}

/* ---- interfaces and metadata ---- */

static bool put_ifname(uint8_t *val, const struct link *l)
{
	size_t n = l ? strnlen(l->name, IFNAMSIZ) : 0;

	memset(val, 0, IFNAMSIZ);
	if (n)
		memcpy(val, l->name, n);
	return true;
}

static bool load_META_IIFNAME(const struct match_ctx *m, uint8_t *val)
{
	return put_ifname(val, m->in);
}

static bool load_META_OIFNAME(const struct match_ctx *m, uint8_t *val)
{
	return put_ifname(val, m->out);
}

static bool load_META_PHYSIIFNAME(const struct match_ctx *m, uint8_t *val)
{
	return put_ifname(val, m->phys_in);
}

static bool load_META_PHYSOIFNAME(const struct match_ctx *m, uint8_t *val)
{
	return put_ifname(val, m->phys_out);
}

static bool load_META_IIF(const struct match_ctx *m, uint8_t *val)
{
	return put32(val, m->in ? m->in->ifindex : 0);
}

static bool load_META_OIF(const struct match_ctx *m, uint8_t *val)
{
	return put32(val, m->out ? m->out->ifindex : 0);
}

static bool load_META_MARK(const struct match_ctx *m, uint8_t *val)
{
	return put32(val, m->pkt->mark);
}

static bool load_META_PRIORITY(const struct match_ctx *m, uint8_t *val)
{
	return put32(val, m->pkt->priority);
}

static bool load_META_LENGTH(const struct match_ctx *m, uint8_t *val)
{
	return put32(val, pkt_l3_len(m->pkt));
}

static bool load_META_PKTTYPE(const struct match_ctx *m, uint8_t *val)
{
	union inet_addr dst;

	if (m->pkt->pkt_type != PACKET_LOOPBACK)
		return put8(val, m->pkt->pkt_type);
	dst = pkt_dst(m->pkt);
	return put8(val, addr_is_multicast(m->family, &dst) ? PACKET_MULTICAST : PACKET_BROADCAST);
}

static bool load_META_NFPROTO(const struct match_ctx *m, uint8_t *val)
{
	static_assert((int)AF_INET == (int)NFPROTO_IPV4 && (int)AF_INET6 == (int)NFPROTO_IPV6,
		      "one numbering for both");
	return put8(val, m->family);
}

static bool load_META_L4PROTO(const struct match_ctx *m, uint8_t *val)
{
	return put8(val, m->pkt->proto);
}

static bool load_META_PROTOCOL(const struct match_ctx *m, uint8_t *val)
{
	return put16(val, m->pkt->ethertype);
}

static bool load_META_SKUID(const struct match_ctx *m, uint8_t *val)
{
	return m->pkt->sk && put32(val, m->pkt->sk_uid);
}

static bool load_META_SKGID(const struct match_ctx *m, uint8_t *val)
{
	return m->pkt->sk && put32(val, m->pkt->sk_gid);
}

static bool load_META_NFTRACE(const struct match_ctx *m, uint8_t *val)
{
	return put8(val, m->pkt->flags & PKT_TRACE ? 1 : 0);
}

/* ---- Ethernet ---- */

static bool load_mac(const struct match_ctx *m, uint8_t *val, unsigned at)
{
	const struct pkt *p = m->pkt;

	if (!m->in || m->in->arphrd != ARPHRD_ETHER || p->l3 < p->mac + ETH_HLEN)
		return false;
	memcpy(val, p->buf + p->mac + at, ETH_ALEN);
	return true;
}

static bool load_ETHER_SADDR(const struct match_ctx *m, uint8_t *val)
{
	return load_mac(m, val, offsetof(struct ethhdr, h_source));
}

static bool load_ETHER_DADDR(const struct match_ctx *m, uint8_t *val)
{
	return load_mac(m, val, offsetof(struct ethhdr, h_dest));
}

/* ---- the IPv4 header ---- */

static inline bool load_ip4(const struct match_ctx *m, uint8_t *val, unsigned at, unsigned len)
{
	if (m->family != AF_INET || pkt_l3_len(m->pkt) < sizeof(struct iphdr))
		return false;
	memcpy(val, pkt_l3(m->pkt) + at, len);
	return true;
}

static bool load_IP_SADDR(const struct match_ctx *m, uint8_t *val)
{
	return load_ip4(m, val, offsetof(struct iphdr, saddr), 4);
}

static bool load_IP_DADDR(const struct match_ctx *m, uint8_t *val)
{
	return load_ip4(m, val, offsetof(struct iphdr, daddr), 4);
}

static bool load_IP_PROTOCOL(const struct match_ctx *m, uint8_t *val)
{
	return load_ip4(m, val, offsetof(struct iphdr, protocol), 1);
}

static bool load_IP_TOS(const struct match_ctx *m, uint8_t *val)
{
	return load_ip4(m, val, offsetof(struct iphdr, tos), 1);
}

static bool load_IP_TTL(const struct match_ctx *m, uint8_t *val)
{
	return load_ip4(m, val, offsetof(struct iphdr, ttl), 1);
}

static bool load_IP_ID(const struct match_ctx *m, uint8_t *val)
{
	return load_ip4(m, val, offsetof(struct iphdr, id), 2);
}

static bool load_IP_FRAG_OFF(const struct match_ctx *m, uint8_t *val)
{
	return load_ip4(m, val, offsetof(struct iphdr, frag_off), 2);
}

static bool load_IP_TOTLEN(const struct match_ctx *m, uint8_t *val)
{
	return load_ip4(m, val, offsetof(struct iphdr, tot_len), 2);
}

static bool load_IP_IHL(const struct match_ctx *m, uint8_t *val)
{
	if (!load_ip4(m, val, 0, 1))
		return false;
	*val &= 15;
	return true;
}

/* ---- transport headers ---- */

static inline bool load_l4(const struct match_ctx *m, uint8_t *val, unsigned at, unsigned len)
{
	const struct pkt *p = m->pkt;

	if ((p->flags & PKT_LATER_FRAG) || p->l4 + at + len > p->end)
		return false;
	memcpy(val, p->buf + p->l4 + at, len);
	return true;
}

static inline bool load_tcp(const struct match_ctx *m, uint8_t *val, unsigned at, unsigned len)
{
	return m->pkt->proto == IPPROTO_TCP && load_l4(m, val, at, len);
}

static inline bool load_icmp(const struct match_ctx *m, uint8_t *val, unsigned at, unsigned len)
{
	return m->pkt->proto == (m->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6) && load_l4(m, val, at, len);
}

static bool load_TH_SPORT(const struct match_ctx *m, uint8_t *val)
{
	return load_l4(m, val, 0, 2);
}

static bool load_TH_DPORT(const struct match_ctx *m, uint8_t *val)
{
	return load_l4(m, val, 2, 2);
}

static bool load_TCP_SEQ(const struct match_ctx *m, uint8_t *val)
{
	return load_tcp(m, val, 4, 4);
}

static bool load_TCP_DOFF(const struct match_ctx *m, uint8_t *val)
{
	if (!load_tcp(m, val, 12, 1))
		return false;
	*val >>= 4;
	return true;
}

static bool load_TCP_FLAGS(const struct match_ctx *m, uint8_t *val)
{
	return load_tcp(m, val, 13, 1);
}

static bool load_TCP_WINDOW(const struct match_ctx *m, uint8_t *val)
{
	return load_tcp(m, val, 14, 2);
}

static bool load_ICMP_TYPE(const struct match_ctx *m, uint8_t *val)
{
	return load_icmp(m, val, 0, 1);
}

static bool load_ICMP_CODE(const struct match_ctx *m, uint8_t *val)
{
	return load_icmp(m, val, 1, 1);
}

static bool load_ICMP_TYPECODE(const struct match_ctx *m, uint8_t *val)
{
	return load_icmp(m, val, 0, 2);
}

/* raw payload has arguments: vm.c loads it from the expression, and there is none without */
static bool load_PAYLOAD(const struct match_ctx *m, uint8_t *val)
{
	return false;
}

/* ---- the connection ---- */

static bool load_CT_STATE(const struct match_ctx *m, uint8_t *val)
{
	const struct pkt *p = m->pkt;

	if (p->ct)
		return put32(val, NF_CT_STATE_BIT(p->ctinfo));
	return put32(val, p->flags & PKT_UNTRACKED ? NF_CT_STATE_UNTRACKED_BIT : NF_CT_STATE_INVALID_BIT);
}

static bool load_CT_STATUS(const struct match_ctx *m, uint8_t *val)
{
	return m->pkt->ct && put32(val, m->pkt->ct->status);
}

static bool load_CT_MARK(const struct match_ctx *m, uint8_t *val)
{
	return m->pkt->ct && put32(val, m->pkt->ct->mark);
}

static bool load_CT_DIRECTION(const struct match_ctx *m, uint8_t *val)
{
	return m->pkt->ct && put8(val, CTINFO2DIR(m->pkt->ctinfo));
}

static bool load_CT_EXPIRATION(const struct match_ctx *m, uint8_t *val)
{
	uint64_t now = clock_ms(m->clock), at;

	if (!m->pkt->ct)
		return false;
	at = m->pkt->ct->status & IPS_CONFIRMED ? conn_expires_ms(m->pkt->ct) : 0;
	return put32(val, at > now ? (uint32_t)MIN(at - now, UINT32_MAX) : 0);
}

static bool load_CT_PROTO(const struct match_ctx *m, uint8_t *val)
{
	return m->pkt->ct && put8(val, m->pkt->ct->tuple[IP_CT_DIR_ORIGINAL].proto);
}

static bool load_CT_ZONE(const struct match_ctx *m, uint8_t *val)
{
	return m->pkt->ct && put16(val, m->pkt->ct->tuple[IP_CT_DIR_ORIGINAL].zone);
}

static bool load_ct_tuple(const struct match_ctx *m, uint8_t *val, unsigned dir, size_t at, unsigned len)
{
	if (!m->pkt->ct)
		return false;
	memcpy(val, (const uint8_t *)&m->pkt->ct->tuple[dir] + at, len);
	return true;
}

#define LOAD_CT_TUPLE(id, dir, member)                                                                                 \
	static bool load_##id(const struct match_ctx *m, uint8_t *val)                                                 \
	{                                                                                                              \
		return load_ct_tuple(m, val, dir, offsetof(struct tuple, member),                                      \
				     sizeof(((struct tuple *)0)->member));                                             \
	}
LOAD_CT_TUPLE(CT_ORIG_SADDR, IP_CT_DIR_ORIGINAL, src)
LOAD_CT_TUPLE(CT_ORIG_DADDR, IP_CT_DIR_ORIGINAL, dst)
LOAD_CT_TUPLE(CT_REPL_SADDR, IP_CT_DIR_REPLY, src)
LOAD_CT_TUPLE(CT_REPL_DADDR, IP_CT_DIR_REPLY, dst)
LOAD_CT_TUPLE(CT_ORIG_SPORT, IP_CT_DIR_ORIGINAL, sport)
LOAD_CT_TUPLE(CT_ORIG_DPORT, IP_CT_DIR_ORIGINAL, dport)
LOAD_CT_TUPLE(CT_REPL_SPORT, IP_CT_DIR_REPLY, sport)
LOAD_CT_TUPLE(CT_REPL_DPORT, IP_CT_DIR_REPLY, dport)

/* ---- routing ---- */

static bool load_FIB_SADDR_TYPE(const struct match_ctx *m, uint8_t *val)
{
	union inet_addr a = pkt_src(m->pkt);

	return m->fib && put32(val, fib_addr_type(m->fib, m->family, &a, NULL));
}

static bool load_FIB_DADDR_TYPE(const struct match_ctx *m, uint8_t *val)
{
	union inet_addr a = pkt_dst(m->pkt);

	return m->fib && put32(val, fib_addr_type(m->fib, m->family, &a, NULL));
}

static bool load_RT_MTU(const struct match_ctx *m, uint8_t *val)
{
	return m->route && put16(val, (uint16_t)MIN(m->route->mtu, UINT16_MAX));
}

const struct field fields[FIELD_MAX] = {
#define X(id, text, bytes, ord, bits) \
	[FIELD_##id] = { .name = text, .len = bytes, .order = FIELD_ORDER_##ord, .flags = bits, .load = load_##id },
	FIELDS(X)
#undef X
};
