/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/proto_keys.c - the keys of meta, ct, rt and socket: name, type, length.
 *
 * Of rows with one key the first is the name that is listed.
 *
 * References: nft(8) PRIMARY EXPRESSIONS.
 */
#include "front/nft/proto.h"

#include <linux/netfilter/nf_tables.h>
#include <string.h>

#define K(n, k, t, b, o) { .name = n, .key = k, .type = &nft_type_##t, .bits = b, .order = NFT_ORDER_##o

static const struct nft_key meta_keys[] = {
	K("length", NFT_META_LEN, integer, 32, HOST) },
	K("protocol", NFT_META_PROTOCOL, ethertype, 16, NET) },
	K("nfproto", NFT_META_NFPROTO, nfproto, 8, HOST) },
	K("l4proto", NFT_META_L4PROTO, inet_proto, 8, HOST) },
	K("priority", NFT_META_PRIORITY, classid, 32, HOST), .writable = true },
	K("mark", NFT_META_MARK, mark, 32, HOST), .writable = true },
	K("iif", NFT_META_IIF, ifindex, 32, HOST), .bare = true },
	K("iifname", NFT_META_IIFNAME, ifname, 128, HOST), .bare = true },
	K("iiftype", NFT_META_IIFTYPE, iface_type, 16, HOST) },
	K("oif", NFT_META_OIF, ifindex, 32, HOST), .bare = true },
	K("oifname", NFT_META_OIFNAME, ifname, 128, HOST), .bare = true },
	K("oiftype", NFT_META_OIFTYPE, iface_type, 16, HOST) },
	K("skuid", NFT_META_SKUID, uid, 32, HOST) },
	K("skgid", NFT_META_SKGID, gid, 32, HOST) },
	K("nftrace", NFT_META_NFTRACE, integer, 1, HOST), .writable = true },
	K("rtclassid", NFT_META_RTCLASSID, realm, 32, HOST) },
	K("ibrname", NFT_META_BRI_IIFNAME, ifname, 128, HOST) },
	K("ibriport", NFT_META_BRI_IIFNAME, ifname, 128, HOST), .alias_of = "ibrname" },
	K("obrname", NFT_META_BRI_OIFNAME, ifname, 128, HOST) },
	K("obriport", NFT_META_BRI_OIFNAME, ifname, 128, HOST), .alias_of = "obrname" },
	K("pkttype", NFT_META_PKTTYPE, pkttype, 8, HOST), .writable = true },
	K("cpu", NFT_META_CPU, integer, 32, HOST) },
	K("iifgroup", NFT_META_IIFGROUP, devgroup, 32, HOST), .bare = true },
	K("oifgroup", NFT_META_OIFGROUP, devgroup, 32, HOST), .bare = true },
	K("cgroup", NFT_META_CGROUP, integer, 32, HOST) },
	K("random", NFT_META_PRANDOM, integer, 32, HOST) },
	K("ipsec", NFT_META_SECPATH, boolean, 8, HOST) },
	K("secpath", NFT_META_SECPATH, boolean, 8, HOST), .alias_of = "ipsec" },
	K("iifkind", NFT_META_IIFKIND, ifname, 128, HOST) },
	K("oifkind", NFT_META_OIFKIND, ifname, 128, HOST) },
	K("ibrpvid", NFT_META_BRI_IIFPVID, integer, 16, HOST) },
	K("ibrvproto", NFT_META_BRI_IIFVPROTO, ethertype, 16, NET) },
	K("time", NFT_META_TIME_NS, time_date, 64, HOST) },
	K("day", NFT_META_TIME_DAY, time_day, 8, HOST) },
	K("hour", NFT_META_TIME_HOUR, time_hour, 32, HOST) },
	K("secmark", NFT_META_SECMARK, integer, 32, HOST), .writable = true },
	K("sdif", NFT_META_SDIF, ifindex, 32, HOST) },
	K("sdifname", NFT_META_SDIFNAME, ifname, 128, HOST) },
};

static const struct nft_key ct_keys[] = {
	K("state", NFT_CT_STATE, ct_state, 32, HOST) },
	K("direction", NFT_CT_DIRECTION, ct_dir, 8, HOST) },
	K("status", NFT_CT_STATUS, ct_status, 32, HOST) },
	K("mark", NFT_CT_MARK, mark, 32, HOST), .writable = true },
	K("expiration", NFT_CT_EXPIRATION, time, 32, HOST) },
	K("helper", NFT_CT_HELPER, string, 128, HOST) },
	K("l3proto", NFT_CT_L3PROTOCOL, nfproto, 8, HOST), .dir_may = true },
	K("saddr", NFT_CT_SRC, invalid, 0, NET), .dir_only = true, .dir_may = true },
	K("daddr", NFT_CT_DST, invalid, 0, NET), .dir_only = true, .dir_may = true },
	K("protocol", NFT_CT_PROTOCOL, inet_proto, 8, NET), .dir_may = true },
	K("proto-src", NFT_CT_PROTO_SRC, invalid, 16, NET), .dir_only = true, .dir_may = true },
	K("proto-dst", NFT_CT_PROTO_DST, invalid, 16, NET), .dir_only = true, .dir_may = true },
	K("label", NFT_CT_LABELS, ct_label, 128, HOST), .writable = true },
	K("packets", NFT_CT_PKTS, integer, 64, HOST), .dir_may = true },
	K("bytes", NFT_CT_BYTES, integer, 64, HOST), .dir_may = true },
	K("avgpkt", NFT_CT_AVGPKT, integer, 64, HOST), .dir_may = true },
	K("zone", NFT_CT_ZONE, integer, 16, HOST), .dir_may = true, .writable = true },
	K("event", NFT_CT_EVENTMASK, ct_event, 32, HOST), .writable = true },
	K("secmark", NFT_CT_SECMARK, integer, 32, HOST), .writable = true },
	K("id", NFT_CT_ID, integer, 32, NET) },
};

static const struct nft_key rt_keys[] = {
	K("classid", NFT_RT_CLASSID, realm, 32, HOST) },
	K("nexthop", NFT_RT_NEXTHOP4, invalid, 0, NET) },
	K("ip nexthop", NFT_RT_NEXTHOP4, ipaddr, 32, NET) },
	K("ip6 nexthop", NFT_RT_NEXTHOP6, ip6addr, 128, NET) },
	K("mtu", NFT_RT_TCPMSS, integer, 16, HOST) },
	K("ipsec", NFT_RT_XFRM, boolean, 8, HOST) },
};

static const struct nft_key socket_keys[] = {
	K("transparent", NFT_SOCKET_TRANSPARENT, integer, 1, HOST) },
	K("mark", NFT_SOCKET_MARK, mark, 32, HOST) },
	K("wildcard", NFT_SOCKET_WILDCARD, integer, 1, HOST) },
	K("cgroupv2", NFT_SOCKET_CGROUPV2, cgroupv2, 64, HOST) },
};

static const struct nft_key *by_name(const struct nft_key *k, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(k[i].name, name) == 0)
			return &k[i];
	return NULL;
}

static const struct nft_key *by_key(const struct nft_key *k, size_t n, uint32_t key)
{
	for (size_t i = 0; i < n; i++)
		if (k[i].key == key && k[i].type != &nft_type_invalid)
			return &k[i];
	for (size_t i = 0; i < n; i++)
		if (k[i].key == key)
			return &k[i];
	return NULL;
}

#define FINDERS(what)                                                                                             \
	const struct nft_key *nft_##what##_find(const char *name)                                                  \
	{                                                                                                         \
		return by_name(what##_keys, ARRAY_LEN(what##_keys), name);                                        \
	}                                                                                                         \
	const struct nft_key *nft_##what##_by_key(uint32_t key)                                                   \
	{                                                                                                         \
		return by_key(what##_keys, ARRAY_LEN(what##_keys), key);                                          \
	}

FINDERS(meta)
FINDERS(ct)
FINDERS(rt)
FINDERS(socket)
