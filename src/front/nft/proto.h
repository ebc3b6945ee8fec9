/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/proto.h - headers as nft names them: fields with their place, and which header follows which.
 *
 * References: nft(8) PAYLOAD EXPRESSIONS; the RFCs of each header.
 */
#ifndef FRONT_NFT_PROTO_H
#define FRONT_NFT_PROTO_H

#include "front/nft/type.h"

struct nft_field {
	const char *name;		/* "saddr" */
	const struct nft_type *type;
	uint16_t offset_bits, len_bits;
	uint8_t dep;			/* enum nft_dep: only in messages of some types; and nft_dep_values() */
	const char *json;		/* NULL: as .name */
};

/* fields that only some types of ICMP message have */
enum nft_dep { NFT_DEP_NONE, NFT_DEP_ECHO, NFT_DEP_MTU, NFT_DEP_GATEWAY, NFT_DEP_PPTR, NFT_DEP_DELAY };

struct nft_proto {
	const char *name;		/* "ip", "tcp", "hbh", "th" */
	const char *json;		/* NULL: as .name */
	uint8_t base;			/* NFT_PAYLOAD_*_HEADER; 0xff: IPv6 extension header, option or chunk */
	uint8_t exthdr_op;		/* enum nft_exthdr_op */
	uint16_t id;			/* its number in what is below: ETH_P_*, IPPROTO_*, option kind, chunk type */
	const struct nft_field *fields;	/* ends with a NULL name */
	uint16_t skip_bits;		/* where it begins in its base's header: vlan behind ether */
	uint16_t len_bits;		/* of its fixed part; 0: not known */
};

/* those that evaluation asks about by name */
extern const struct nft_proto nft_proto_ether, nft_proto_vlan, nft_proto_arp, nft_proto_ip, nft_proto_ip6,
	nft_proto_icmp, nft_proto_icmpv6, nft_proto_igmp, nft_proto_tcp, nft_proto_udp, nft_proto_udplite,
	nft_proto_sctp, nft_proto_dccp, nft_proto_ah, nft_proto_esp, nft_proto_comp, nft_proto_th;

/* by the word that stands in text: "ip", "ip6", "tcp", "th", "ether", "vlan", "hbh", ...; NULL: none */
const struct nft_proto *nft_proto_find(const char *name);
const struct nft_proto *nft_ext_find(const char *name);	/* of IPv6 extension headers only */
/** nft_proto_by_id() - what follows a header: by ETH_P_* above LL, by IPPROTO_* above the network header; NULL: none */
const struct nft_proto *nft_proto_by_id(uint8_t base, uint16_t id);
/* IPv6 extension header, TCP option, IP option, SCTP chunk of a kind (listing what was read raw); NULL: none known */
const struct nft_proto *nft_exthdr_by_id(uint8_t op, uint16_t id);
/** nft_dep_values() - the types of ICMP message that have a field, in the order of listing; how many */
unsigned nft_dep_values(const struct nft_proto *p, uint8_t dep, uint8_t values[2]);
/* TCP option "maxseg", "sack0", ...; IP option "lsrr"; SCTP chunk "data"; by name, or NULL */
const struct nft_proto *nft_tcpopt_find(const char *name, uint8_t *instance);
const struct nft_proto *nft_ipopt_find(const char *name);
const struct nft_proto *nft_sctp_chunk_find(const char *name);
const struct nft_proto *nft_dccp_option(uint8_t type);
/**
 * nft_field_find() - index of a field by name, -1: none. "saddr ether" is arp's, "addr[2]" and "sid[2]" those of routing
 * headers. nft_field_at() - by place in the header, -1: none
 */
int nft_field_find(const struct nft_proto *p, const char *name);
int nft_field_at(const struct nft_proto *p, uint32_t offset_bits, uint32_t len_bits);

/* keys of meta, ct, rt, socket, fib, ipsec by name */
struct nft_key {
	const char *name;		/* "iifname" */
	uint32_t key;			/* NFT_META_*, NFT_CT_*, NFT_RT_*, NFT_SOCKET_* */
	const struct nft_type *type;
	uint32_t bits;
	enum nft_order order;
	bool bare;			/* meta: may stand without the word `meta`, and is listed so */
	bool writable;
	bool dir_only, dir_may;		/* ct: needs, or may have, a direction */
	const char *alias_of;		/* an old or other spelling: listed as that */
};
const struct nft_key *nft_meta_find(const char *name);
const struct nft_key *nft_meta_by_key(uint32_t key);
const struct nft_key *nft_ct_find(const char *name);
const struct nft_key *nft_ct_by_key(uint32_t key);
const struct nft_key *nft_rt_find(const char *name);
const struct nft_key *nft_rt_by_key(uint32_t key);
const struct nft_key *nft_socket_find(const char *name);
const struct nft_key *nft_socket_by_key(uint32_t key);

#endif
