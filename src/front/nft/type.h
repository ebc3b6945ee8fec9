/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/type.h - nft's datatypes: how a value of each is written, read and kept.
 *
 * One row per type in type.c. A concatenation is a type made when needed, its parts' names joined with " . ".
 *
 * References: nft(8) DATA TYPES; `nft describe`.
 */
#ifndef FRONT_NFT_TYPE_H
#define FRONT_NFT_TYPE_H

#include "front/nft/ast.h"

struct nft_ctx;

/* how the engine keeps values of the type */
enum nft_order { NFT_ORDER_NET, NFT_ORDER_HOST, NFT_ORDER_ANY /* integer: as the expression says */ };

struct nft_symbol { const char *name; uint64_t value; };	/* in host order; ends with a NULL name */

struct nft_type {
	const char *name, *desc;	/* "ipv4_addr", "IPv4 address" */
	const struct nft_type *base;	/* "basetype" of nft describe: integer, string, bitmask; NULL: the base itself */
	uint32_t bits;			/* 0: any length */
	enum nft_order order;
	const struct nft_symbol *symbols;	/* NULL: none of its own */
	bool flags;			/* a bitmask: lists of values are or'ed */
	bool hex;			/* unnamed values are written in hexadecimal, of .digits digits (mark: 8) */
	uint8_t digits;
	bool no_decl;			/* of expressions only: no set can be declared with its name */
	bool quoted;			/* names are written in quotes */
	unsigned n_parts;		/* concatenation: its parts */
	const struct nft_type *part[16];
	/* NULL: symbols, then a number (or string). Parse: a constant, or NULL with an error in @x at e->loc */
	struct nft_expr *(*parse)(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym);
	void (*print)(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out);
};

/*
 * nft_type_xinteger is that of raw payload: an integer written in hexadecimal. nft_type_time is a duration,
 * nft_type_time_date a moment; both are named "time".
 */
extern const struct nft_type nft_type_invalid, nft_type_xinteger, nft_type_verdict, nft_type_nfproto, nft_type_bitmask, nft_type_integer,
	nft_type_string, nft_type_lladdr, nft_type_ipaddr /* ipv4_addr */, nft_type_ip6addr, nft_type_etheraddr,
	nft_type_ethertype, nft_type_arpop, nft_type_inet_proto, nft_type_inet_service, nft_type_icmp_type,
	nft_type_tcp_flag, nft_type_dccp_pkttype, nft_type_mh_type, nft_type_time, nft_type_mark, nft_type_ifindex,
	nft_type_iface_type, nft_type_realm, nft_type_classid, nft_type_uid, nft_type_gid, nft_type_ct_state,
	nft_type_ct_dir, nft_type_ct_status, nft_type_icmpv6_type, nft_type_ct_label, nft_type_pkttype,
	nft_type_icmp_code, nft_type_icmpv6_code, nft_type_icmpx_code, nft_type_devgroup, nft_type_dscp, nft_type_ecn,
	nft_type_fib_addrtype, nft_type_boolean, nft_type_ct_event, nft_type_ifname, nft_type_igmp_type,
	nft_type_time_date, nft_type_time_hour, nft_type_time_day, nft_type_cgroupv2, nft_type_policy, nft_type_priority,
	nft_type_limit /* never of an expression */;

/** nft_type_find() - "ipv4_addr"; nft_type_concat_find() - "ipv4_addr . inet_service"; NULL: none such */
const struct nft_type *nft_type_find(const char *name);
const struct nft_type *nft_type_concat_find(struct nft_ctx *x, const char *names);
/** nft_type_concat() - the concatenation of @n types, kept until @x is freed */
const struct nft_type *nft_type_concat(struct nft_ctx *x, const struct nft_type *const *part, unsigned n);
void nft_types_free(struct nft_ctx *x);		/* all concatenations made; no tree may be left */
/** nft_symbol_parse() - a NFT_X_SYMBOL as a constant of @t; NULL: an error with its hint has been added */
struct nft_expr *nft_symbol_parse(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym);
/** nft_value_print() - a constant as nft lists it, by the options of @x (-n, -nn, -N, -y, -p, -u, -T) */
void nft_value_print(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out);
/** nft_flags_print() - a constant of a bitmask type, its names with @sep between (",", " | ") */
void nft_flags_print(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, const char *sep,
		     struct sbuf *out);
/** nft_type_is() - is @t the type @base, or made of it? */
bool nft_type_is(const struct nft_type *t, const struct nft_type *base);
/** nft_duration_parse() - "1d2h3m4s500ms" or seconds; false: not one */
bool nft_duration_parse(const char *s, uint64_t *ms);
/** nft_duration_print() - "1h30m" */
void nft_duration_print(uint64_t ms, struct sbuf *out);
/* numbers of any length in network order: @n bytes */
void nft_number_print(const uint8_t *bytes, unsigned n, bool hex, unsigned digits, struct sbuf *out);
bool nft_number_parse(const char *s, uint8_t *bytes, unsigned n);	/* 0x, 0 octal, decimal; false: none, or too long */
/** nft_type_describe() - "datatype NAME (...)" and its names, as nft describe writes behind what it is the type of */
void nft_type_describe(const struct nft_ctx *x, const struct nft_type *t, uint32_t bits, struct sbuf *out);

#endif
