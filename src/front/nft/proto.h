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
	bool host;			/* number kept in host order (nftables: byteorder of the template) */
	uint8_t dep_type;		/* icmp: types that the field belongs to (0: all), see proto.c */
	const char *json;		/* NULL: as .name */
};

struct nft_proto {
	const char *name;		/* "ip", "tcp", "hbh", "th" */
	const char *json;		/* NULL: as .name */
	uint8_t base;			/* NFT_PAYLOAD_*_HEADER; 0xff: IPv6 extension header, option or chunk */
	uint8_t exthdr_op;		/* enum nft_exthdr_op */
	uint16_t id;			/* its number in what is below: ETH_P_*, IPPROTO_*, option kind, chunk type */
	const struct nft_field *fields;	/* ends with a NULL name */
	const struct nft_symbol *flags;	/* NULL */
};

/* by the word that stands in text: "ip", "ip6", "tcp", "th", "ether", "vlan", "hbh", ...; NULL: none */
const struct nft_proto *nft_proto_find(const char *name);
/* TCP option "maxseg", "sack0", ...; IP option "lsrr"; SCTP chunk "data"; by name, or NULL */
const struct nft_proto *nft_tcpopt_find(const char *name, uint8_t *instance);
const struct nft_proto *nft_ipopt_find(const char *name);
const struct nft_proto *nft_sctp_chunk_find(const char *name);
const struct nft_proto *nft_dccp_option(uint8_t type);
/** nft_field_find() - index of a field by name, -1: none; nft_field_at() - by place (listing raw payload), -1: none */
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
	bool dir_only, dir_never;	/* ct: needs, or forbids, a direction */
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
