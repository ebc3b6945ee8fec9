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
#include "ct/ext.h"
#include "rules/vm.h"

#define DAY_S 86400
#define IP6_HDRLEN 40
#define TCP_DEFAULT_MSS 536	/* RFC 9293 section 3.7.1 */

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
	return put32(val, match_len(m));
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
	return put8(val, m->pf ? m->pf : m->family);
}

static bool load_META_L4PROTO(const struct match_ctx *m, uint8_t *val)
{
	uint8_t p = m->pkt->proto;

	/* a chain of extension headers that is cut off where it would say what follows */
	if (m->family == AF_INET6 && (m->pkt->flags & PKT_L4_CUT) &&
	    (p == IPPROTO_HOPOPTS || p == IPPROTO_ROUTING || p == IPPROTO_FRAGMENT || p == IPPROTO_DSTOPTS))
		return false;
	return m->family && put8(val, p);
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

static bool put_iftype(uint8_t *val, const struct link *l)
{
	return l && put16(val, l->arphrd);
}

/* of the device that has the packet at the time: none while a packet made here is not sent yet, on its way out that of the exit */
static bool load_META_IIFTYPE(const struct match_ctx *m, uint8_t *val)
{
	if (m->pf)
		return put_iftype(val, m->out ? m->out : m->in);
	return put_iftype(val, m->hook == NF_INET_POST_ROUTING ? m->out : m->in);
}

static bool load_META_OIFTYPE(const struct match_ctx *m, uint8_t *val)
{
	return put_iftype(val, m->out);
}

static bool load_META_IIFGROUP(const struct match_ctx *m, uint8_t *val)
{
	return m->in && put32(val, m->in->group);
}

static bool load_META_OIFGROUP(const struct match_ctx *m, uint8_t *val)
{
	return m->out && put32(val, m->out->group);
}

/* what `ip link add type` calls it; the loopback and real devices have no kind */
static bool put_ifkind(uint8_t *val, const struct link *l)
{
	static const char *const kind[LINK_KIND_MAX] = {
		[LINK_VETH] = "veth", [LINK_BRIDGE] = "bridge", [LINK_DUMMY] = "dummy",
	};

	if (!l || !kind[l->kind])
		return false;
	memset(val, 0, IFNAMSIZ);
	memcpy(val, kind[l->kind], strlen(kind[l->kind]));
	return true;
}

static bool load_META_IIFKIND(const struct match_ctx *m, uint8_t *val)
{
	return put_ifkind(val, m->in);
}

static bool load_META_OIFKIND(const struct match_ctx *m, uint8_t *val)
{
	return put_ifkind(val, m->out);
}

/* there are no VRFs: no packet has a second interface */
static bool load_META_SDIF(const struct match_ctx *m, uint8_t *val)
{
	return put32(val, 0);
}

static bool load_META_SDIFNAME(const struct match_ctx *m, uint8_t *val)
{
	return put_ifname(val, NULL);
}

/* no route has a realm */
static bool load_META_RTCLASSID(const struct match_ctx *m, uint8_t *val)
{
	return m->route && put32(val, 0);
}

static bool load_META_CPU(const struct match_ctx *m, uint8_t *val)
{
	return put32(val, 0);
}

static bool load_META_CGROUP(const struct match_ctx *m, uint8_t *val)
{
	return m->pkt->sk && put32(val, 0);
}

static bool load_META_PRANDOM(const struct match_ctx *m, uint8_t *val)
{
	return put32(val, rng_u32(m->rng));
}

/* nothing is decrypted here */
static bool load_META_SECPATH(const struct match_ctx *m, uint8_t *val)
{
	return put8(val, 0);
}

static bool load_META_SECMARK(const struct match_ctx *m, uint8_t *val)
{
	return put32(val, m->pkt->secmark);
}

static bool put_brname(uint8_t *val, const struct link *port)
{
	return port && port->master && put_ifname(val, port->master);
}

static bool load_META_BRI_IIFNAME(const struct match_ctx *m, uint8_t *val)
{
	return put_brname(val, m->in);
}

static bool load_META_BRI_OIFNAME(const struct match_ctx *m, uint8_t *val)
{
	return put_brname(val, m->out);
}

/* bridges here do not filter by VLAN, and then the kernel has no answer either */
static bool load_META_BRI_IIFPVID(const struct match_ctx *m, uint8_t *val)
{
	return false;
}

static bool load_META_BRI_IIFVPROTO(const struct match_ctx *m, uint8_t *val)
{
	return false;
}

static bool load_META_TIME_NS(const struct match_ctx *m, uint8_t *val)
{
	uint64_t ns = clock_wall_ns(m->clock);

	memcpy(val, &ns, sizeof(ns));
	return true;
}

/* 0: Sunday; the first day of the epoch was a Thursday */
static bool load_META_TIME_DAY(const struct match_ctx *m, uint8_t *val)
{
	return put8(val, (4 + clock_wall_ns(m->clock) / NSEC_PER_SEC / DAY_S) % 7);
}

static bool load_META_TIME_HOUR(const struct match_ctx *m, uint8_t *val)
{
	return put32(val, clock_wall_ns(m->clock) / NSEC_PER_SEC % DAY_S);
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

static bool load_VLAN_TCI(const struct match_ctx *m, uint8_t *val)
{
	return (m->pkt->flags & PKT_VLAN) && put16(val, m->pkt->vlan_tci);
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

/* ---- the IPv6 header ---- */

static inline bool load_ip6(const struct match_ctx *m, uint8_t *val, unsigned at, unsigned len)
{
	if (m->family != AF_INET6 || pkt_l3_len(m->pkt) < IP6_HDRLEN)
		return false;
	memcpy(val, pkt_l3(m->pkt) + at, len);
	return true;
}

static bool load_IP6_SADDR(const struct match_ctx *m, uint8_t *val)
{
	return load_ip6(m, val, 8, 16);
}

static bool load_IP6_DADDR(const struct match_ctx *m, uint8_t *val)
{
	return load_ip6(m, val, 24, 16);
}

static bool load_IP6_NEXTHDR(const struct match_ctx *m, uint8_t *val)
{
	return load_ip6(m, val, 6, 1);
}

static bool load_IP6_HOPLIMIT(const struct match_ctx *m, uint8_t *val)
{
	return load_ip6(m, val, 7, 1);
}

static bool load_IP6_LENGTH(const struct match_ctx *m, uint8_t *val)
{
	return load_ip6(m, val, 4, 2);
}

static bool load_IP6_TCLASS(const struct match_ctx *m, uint8_t *val)
{
	uint8_t b[2];

	return load_ip6(m, b, 0, 2) && put8(val, (uint8_t)(b[0] << 4 | b[1] >> 4));
}

static bool load_IP6_FLOWLABEL(const struct match_ctx *m, uint8_t *val)
{
	uint8_t b[4];

	return load_ip6(m, b, 0, 4) && put32(val, get_u32(b) & 0xfffff);
}

/* ---- transport headers ---- */

static inline bool load_l4(const struct match_ctx *m, uint8_t *val, unsigned at, unsigned len)
{
	const struct pkt *p = m->pkt;
	int64_t l4 = match_header(m);

	if (l4 < 0 || l4 + at + len > p->end)
		return false;
	memcpy(val, p->buf + l4 + at, len);
	return true;
}

static inline bool load_tcp(const struct match_ctx *m, uint8_t *val, unsigned at, unsigned len)
{
	return m->pkt->proto == IPPROTO_TCP && load_l4(m, val, at, len);
}

static inline bool load_icmp(const struct match_ctx *m, uint8_t *val, uint8_t proto, unsigned at, unsigned len)
{
	return m->pkt->proto == proto && load_l4(m, val, at, len);
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

#define LOAD_ICMP(id, proto, at, len)                                                                                  \
	static bool load_##id(const struct match_ctx *m, uint8_t *val)                                                 \
	{                                                                                                              \
		return load_icmp(m, val, proto, at, len);                                                              \
	}
LOAD_ICMP(ICMP_TYPE, IPPROTO_ICMP, 0, 1)
LOAD_ICMP(ICMP_CODE, IPPROTO_ICMP, 1, 1)
LOAD_ICMP(ICMP_TYPECODE, IPPROTO_ICMP, 0, 2)
LOAD_ICMP(ICMPV6_TYPE, IPPROTO_ICMPV6, 0, 1)
LOAD_ICMP(ICMPV6_CODE, IPPROTO_ICMPV6, 1, 1)
LOAD_ICMP(ICMPV6_TYPECODE, IPPROTO_ICMPV6, 0, 2)

/* what has arguments is loaded from its expression (field_load_arg()), and there is none without */
static bool load_PAYLOAD(const struct match_ctx *m, uint8_t *val)
{
	return false;
}

static bool load_EXTHDR(const struct match_ctx *m, uint8_t *val)
{
	return false;
}

/* ---- the connection ---- */

static bool load_CT_STATE(const struct match_ctx *m, uint8_t *val)
{
	const struct pkt *p = m->pkt;

	if (p->ct)
		return put32(val, NF_CT_STATE_BIT(p->ctinfo));
	if (p->flags & PKT_CT_TEMPLATE)
		return put32(val, NF_CT_STATE_BIT(IP_CT_NEW));
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

/* without direction: the number that it was given, for whichever direction */
static bool load_CT_ZONE(const struct match_ctx *m, uint8_t *val)
{
	const struct tuple *t = m->pkt->ct ? m->pkt->ct->tuple : NULL;

	return t && put16(val, t[IP_CT_DIR_ORIGINAL].zone ? t[IP_CT_DIR_ORIGINAL].zone : t[IP_CT_DIR_REPLY].zone);
}

static bool load_CT_L3PROTO(const struct match_ctx *m, uint8_t *val)
{
	return m->pkt->ct && put8(val, m->pkt->ct->tuple[IP_CT_DIR_ORIGINAL].family);
}

/* the helper of the connection that expected this one */
static bool load_CT_HELPER(const struct match_ctx *m, uint8_t *val)
{
	return false;
}

static bool load_CT_LABELS(const struct match_ctx *m, uint8_t *val)
{
	const uint8_t *labels = m->pkt->ct ? ext_labels(m->pkt->ct) : NULL;

	if (!m->pkt->ct)
		return false;
	if (labels)
		memcpy(val, labels, CT_LABELS_LEN);
	else
		memset(val, 0, CT_LABELS_LEN);
	return true;
}

static bool load_CT_ID(const struct match_ctx *m, uint8_t *val)
{
	return m->pkt->ct && m->ct && put32(val, htonl(ct_id(m->ct, m->pkt->ct)));
}

/* it can only be set */
static bool load_CT_EVENTMASK(const struct match_ctx *m, uint8_t *val)
{
	return false;
}

static bool load_CT_SECMARK(const struct match_ctx *m, uint8_t *val)
{
	return m->pkt->ct && put32(val, m->pkt->ct->ext ? m->pkt->ct->ext->secmark : 0);
}

enum { DIR_BOTH = IP_CT_DIR_MAX };
enum ct_sum { SUM_BYTES, SUM_PACKETS, SUM_AVERAGE };

/* without accounting they are 0, not absent */
static bool load_ct_sum(const struct match_ctx *m, uint8_t *val, int dir, enum ct_sum what)
{
	const struct ct_counter *c = m->pkt->ct ? ct_acct(m->pkt->ct) : NULL;
	uint64_t bytes = 0, packets = 0, v;

	if (!m->pkt->ct)
		return false;
	for (int d = 0; c && d < IP_CT_DIR_MAX; d++) {
		bytes += dir == d || dir == DIR_BOTH ? c[d].bytes : 0;
		packets += dir == d || dir == DIR_BOTH ? c[d].packets : 0;
	}
	v = what == SUM_BYTES ? bytes : what == SUM_PACKETS ? packets : packets ? bytes / packets : 0;
	memcpy(val, &v, sizeof(v));
	return true;
}

#define LOAD_CT_SUM(id, dir, what)                                                                                     \
	static bool load_##id(const struct match_ctx *m, uint8_t *val)                                                 \
	{                                                                                                              \
		return load_ct_sum(m, val, dir, what);                                                                 \
	}
LOAD_CT_SUM(CT_BYTES, DIR_BOTH, SUM_BYTES)
LOAD_CT_SUM(CT_BYTES_ORIG, IP_CT_DIR_ORIGINAL, SUM_BYTES)
LOAD_CT_SUM(CT_BYTES_REPL, IP_CT_DIR_REPLY, SUM_BYTES)
LOAD_CT_SUM(CT_PACKETS, DIR_BOTH, SUM_PACKETS)
LOAD_CT_SUM(CT_PACKETS_ORIG, IP_CT_DIR_ORIGINAL, SUM_PACKETS)
LOAD_CT_SUM(CT_PACKETS_REPL, IP_CT_DIR_REPLY, SUM_PACKETS)
LOAD_CT_SUM(CT_AVGPKT, DIR_BOTH, SUM_AVERAGE)
LOAD_CT_SUM(CT_AVGPKT_ORIG, IP_CT_DIR_ORIGINAL, SUM_AVERAGE)
LOAD_CT_SUM(CT_AVGPKT_REPL, IP_CT_DIR_REPLY, SUM_AVERAGE)

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
LOAD_CT_TUPLE(CT_ORIG_ZONE, IP_CT_DIR_ORIGINAL, zone)
LOAD_CT_TUPLE(CT_REPL_ZONE, IP_CT_DIR_REPLY, zone)

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

static bool load_RT_CLASSID(const struct match_ctx *m, uint8_t *val)
{
	return m->route && put32(val, 0);
}

static bool load_nexthop(const struct match_ctx *m, uint8_t *val, uint8_t family)
{
	union inet_addr a;

	if (!m->route || m->family != family)
		return false;
	a = m->route->have_gw && m->route->gw_family == family ? m->route->gw : pkt_dst(m->pkt);
	memcpy(val, &a, addr_len(family));
	return true;
}

static bool load_RT_NEXTHOP4(const struct match_ctx *m, uint8_t *val)
{
	return load_nexthop(m, val, AF_INET);
}

static bool load_RT_NEXTHOP6(const struct match_ctx *m, uint8_t *val)
{
	return load_nexthop(m, val, AF_INET6);
}

/* the segment size that the routes of both directions leave room for */
static bool load_RT_TCPMSS(const struct match_ctx *m, uint8_t *val)
{
	uint32_t headers = (m->family == AF_INET6 ? IP6_HDRLEN : sizeof(struct iphdr)) + sizeof(struct tcphdr), mtu;
	struct route_key k = { .family = m->family };
	struct route_result back = { .mtu = 0 };

	if (!m->route || !m->family)
		return false;
	mtu = m->route->mtu ? m->route->mtu : m->out ? m->out->mtu : 0;
	k.dst = pkt_src(m->pkt);
	if (m->lookup && m->lookup(m, &k, &back) == 0 && back.mtu && back.mtu < mtu)
		mtu = back.mtu;
	return put16(val, mtu <= headers || mtu > UINT16_MAX ? TCP_DEFAULT_MSS : (uint16_t)(mtu - headers));
}

/* no route leads into a tunnel of IPsec's */
static bool load_RT_IPSEC(const struct match_ctx *m, uint8_t *val)
{
	return m->route && put8(val, 0);
}

/* ---- local sockets ---- */

static bool socket_of(const struct match_ctx *m, struct match_socket *s)
{
	return m->socket && m->socket(m, s);
}

static bool load_SOCKET_TRANSPARENT(const struct match_ctx *m, uint8_t *val)
{
	struct match_socket s;

	return socket_of(m, &s) && put8(val, s.transparent);
}

static bool load_SOCKET_MARK(const struct match_ctx *m, uint8_t *val)
{
	struct match_socket s;

	return socket_of(m, &s) && put32(val, s.mark);
}

static bool load_SOCKET_WILDCARD(const struct match_ctx *m, uint8_t *val)
{
	struct match_socket s;

	return socket_of(m, &s) && put8(val, s.wildcard);
}

/* no program here is in a control group */
static bool load_SOCKET_CGROUPV2(const struct match_ctx *m, uint8_t *val)
{
	return false;
}

const struct field fields[FIELD_MAX] = {
#define X(id, text, bytes, ord, bits) \
	[FIELD_##id] = { .name = text, .len = bytes, .order = FIELD_ORDER_##ord, .flags = bits, .load = load_##id },
	FIELDS(X)
#undef X
};
