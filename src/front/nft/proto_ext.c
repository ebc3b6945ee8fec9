/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/proto_ext.c - IPv6 extension headers, IP and TCP options, SCTP chunks, as nft names them.
 *
 * What they are found by (next header, option kind, chunk type) is .id. An existence test reads none of the fields.
 *
 * References: nft(8) EXTENSION HEADER EXPRESSIONS; RFC 8200, 6275 (mobility), 8754 (segment routing), 791 and 2113
 * (options), 9293, 2018, 7323, 7413, 8684 (TCP options), 9260 (SCTP chunks).
 */
#include "front/nft/proto.h"

#include <linux/netfilter/nf_tables.h>
#include <netinet/in.h>
#include <string.h>

#define F(n, t, at, len) { .name = n, .type = &nft_type_##t, .offset_bits = at, .len_bits = len }
#define END { .name = NULL }


/* ---- IPv6 extension headers ---- */

#define NEXT F("nexthdr", inet_proto, 0, 8), F("hdrlength", integer, 8, 8)
#define RT NEXT, F("type", integer, 16, 8), F("seg-left", integer, 24, 8)
#define ADDR4(n, a, b, c, d, at)                                                                                  \
	F(n "[" a "]", ip6addr, at, 128), F(n "[" b "]", ip6addr, at + 128, 128), F(n "[" c "]", ip6addr, at + 256, 128),     \
	F(n "[" d "]", ip6addr, at + 384, 128)
#define ADDR16(n)                                                                                                 \
	ADDR4(n, "1", "2", "3", "4", 64), ADDR4(n, "5", "6", "7", "8", 576), ADDR4(n, "9", "10", "11", "12", 1088),          \
	ADDR4(n, "13", "14", "15", "16", 1600)

static const struct nft_field hbh_fields[] = { NEXT, END };
static const struct nft_field rt_fields[] = { RT, END };
static const struct nft_field rt0_fields[] = { RT, F("reserved", integer, 32, 32), ADDR16("addr"), END };
static const struct nft_field rt2_fields[] = { RT, F("reserved", integer, 32, 32), F("addr", invalid, 64, 128), END };
static const struct nft_field srh_fields[] = {
	RT, F("last-entry", integer, 32, 8), F("flags", integer, 40, 8), F("tag", integer, 48, 16), ADDR16("sid"), END,
};
static const struct nft_field frag_fields[] = {
	F("nexthdr", inet_proto, 0, 8), F("reserved", integer, 8, 8), F("frag-off", integer, 16, 13),
	F("reserved2", integer, 29, 2), F("more-fragments", integer, 31, 1), F("id", integer, 32, 32), END,
};
static const struct nft_field mh_fields[] = {
	NEXT, F("type", mh_type, 16, 8), F("reserved", integer, 24, 8), F("checksum", integer, 32, 16), END,
};

#define EXT(n, number, f) { .name = n, .base = 0xff, .exthdr_op = NFT_EXTHDR_OP_IPV6, .id = number, .fields = f }

static const struct nft_proto ext[] = {
	EXT("hbh", IPPROTO_HOPOPTS, hbh_fields), EXT("rt", IPPROTO_ROUTING, rt_fields),
	EXT("rt0", IPPROTO_ROUTING, rt0_fields), EXT("rt2", IPPROTO_ROUTING, rt2_fields),
	EXT("srh", IPPROTO_ROUTING, srh_fields), EXT("frag", IPPROTO_FRAGMENT, frag_fields),
	EXT("dst", IPPROTO_DSTOPTS, hbh_fields), EXT("mh", IPPROTO_MH, mh_fields),
};

/* ---- IP options ---- */

#define OPT F("type", integer, 0, 8), F("length", integer, 8, 8)

static const struct nft_field route_fields[] = { OPT, F("ptr", integer, 16, 8), F("addr", integer, 24, 32), END };
static const struct nft_field ra_fields[] = { OPT, F("value", integer, 16, 16), END };

#define IPOPT(n, number, f) { .name = n, .base = 0xff, .exthdr_op = NFT_EXTHDR_OP_IPV4, .id = number, .fields = f }

static const struct nft_proto ipopt[] = {
	IPOPT("lsrr", 131, route_fields), IPOPT("rr", 7, route_fields), IPOPT("ssrr", 137, route_fields),
	IPOPT("ra", 148, ra_fields),
};

/* ---- TCP options ---- */

static const struct nft_field kind_fields[] = { END };
static const struct nft_field len_fields[] = { F("length", integer, 8, 8), END };
static const struct nft_field maxseg_fields[] = { F("length", integer, 8, 8), F("size", integer, 16, 16), END };
static const struct nft_field window_fields[] = { F("length", integer, 8, 8), F("count", integer, 16, 8), END };
static const struct nft_field ts_fields[] = {
	F("length", integer, 8, 8), F("tsval", integer, 16, 32), F("tsecr", integer, 48, 32), END,
};
static const struct nft_field mptcp_fields[] = { F("length", integer, 8, 8), F("subtype", integer, 16, 4), END };
static const struct nft_field sack_fields[] = {
	F("length", integer, 8, 8), F("left", integer, 16, 32), F("right", integer, 48, 32), END,
};

#define TCPOPT(n, number, f) { .name = n, .base = 0xff, .exthdr_op = NFT_EXTHDR_OP_TCPOPT, .id = number, .fields = f }

static const struct nft_proto tcpopt[] = {
	TCPOPT("eol", 0, kind_fields), TCPOPT("nop", 1, kind_fields), TCPOPT("maxseg", 2, maxseg_fields),
	TCPOPT("window", 3, window_fields), TCPOPT("sack-perm", 4, len_fields), TCPOPT("sack", 5, sack_fields),
	TCPOPT("timestamp", 8, ts_fields), TCPOPT("md5sig", 19, len_fields), TCPOPT("mptcp", 30, mptcp_fields),
	TCPOPT("fastopen", 34, len_fields),
};

/* ---- SCTP chunks ---- */

#define CHUNK F("type", integer, 0, 8), F("flags", integer, 8, 8), F("length", integer, 16, 16)

static const struct nft_field chunk_fields[] = { CHUNK, END };
static const struct nft_field data_fields[] = {
	CHUNK, F("tsn", integer, 32, 32), F("stream", integer, 64, 16), F("ssn", integer, 80, 16),
	F("ppid", integer, 96, 32), END,
};
static const struct nft_field init_fields[] = {
	CHUNK, F("init-tag", integer, 32, 32), F("a-rwnd", integer, 64, 32), F("num-outbound-streams", integer, 96, 16),
	F("num-inbound-streams", integer, 112, 16), F("initial-tsn", integer, 128, 32), END,
};
static const struct nft_field csack_fields[] = {
	CHUNK, F("cum-tsn-ack", integer, 32, 32), F("a-rwnd", integer, 64, 32), F("num-gap-ack-blocks", integer, 96, 16),
	F("num-dup-tsns", integer, 112, 16), END,
};
static const struct nft_field shutdown_fields[] = { CHUNK, F("cum-tsn-ack", integer, 32, 32), END };
static const struct nft_field ecne_fields[] = { CHUNK, F("lowest-tsn", integer, 32, 32), END };
static const struct nft_field asconf_fields[] = { CHUNK, F("seqno", integer, 32, 32), END };
static const struct nft_field forward_fields[] = { CHUNK, F("new-cum-tsn", integer, 32, 32), END };

#define SCTP(n, number, f) { .name = n, .base = 0xff, .exthdr_op = NFT_EXTHDR_OP_SCTP, .id = number, .fields = f }

static const struct nft_proto sctp_chunk[] = {
	SCTP("data", 0, data_fields), SCTP("init", 1, init_fields), SCTP("init-ack", 2, init_fields),
	SCTP("sack", 3, csack_fields), SCTP("heartbeat", 4, chunk_fields), SCTP("heartbeat-ack", 5, chunk_fields),
	SCTP("abort", 6, chunk_fields), SCTP("shutdown", 7, shutdown_fields), SCTP("shutdown-ack", 8, chunk_fields),
	SCTP("error", 9, chunk_fields), SCTP("cookie-echo", 10, chunk_fields), SCTP("cookie-ack", 11, chunk_fields),
	SCTP("ecne", 12, ecne_fields), SCTP("cwr", 13, ecne_fields), SCTP("shutdown-complete", 14, chunk_fields),
	SCTP("asconf-ack", 128, asconf_fields), SCTP("forward-tsn", 192, forward_fields), SCTP("asconf", 193, asconf_fields),
};

/* ---- finding ---- */

static const struct nft_proto *by_name(const struct nft_proto *p, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(p[i].name, name) == 0)
			return &p[i];
	return NULL;
}

const struct nft_proto *nft_ext_find(const char *name)
{
	return by_name(ext, ARRAY_LEN(ext), name);
}

const struct nft_proto *nft_ipopt_find(const char *name)
{
	return by_name(ipopt, ARRAY_LEN(ipopt), name);
}

const struct nft_proto *nft_sctp_chunk_find(const char *name)
{
	return by_name(sctp_chunk, ARRAY_LEN(sctp_chunk), name);
}

const struct nft_proto *nft_tcpopt_find(const char *name, uint8_t *instance)
{
	size_t n = strlen(name);

	*instance = 0;
	if (n == 5 && memcmp(name, "sack", 4) == 0 && name[4] >= '0' && name[4] <= '3') {
		*instance = (uint8_t)(name[4] - '0');
		name = "sack";
	} else if (strcmp(name, "sack-permitted") == 0) {
		name = "sack-perm";
	} else if (strcmp(name, "noop") == 0) {
		name = "nop";
	}
	return by_name(tcpopt, ARRAY_LEN(tcpopt), name);
}

const struct nft_proto *nft_dccp_option(uint8_t type)
{
	return NULL;		/* nft 1.0.6 has no DCCP options */
}

const struct nft_proto *nft_exthdr_by_id(uint8_t op, uint16_t id)
{
	const struct { const struct nft_proto *p; size_t n; uint8_t op; } tables[] = {
		{ ext, ARRAY_LEN(ext), NFT_EXTHDR_OP_IPV6 }, { ipopt, ARRAY_LEN(ipopt), NFT_EXTHDR_OP_IPV4 },
		{ tcpopt, ARRAY_LEN(tcpopt), NFT_EXTHDR_OP_TCPOPT },
		{ sctp_chunk, ARRAY_LEN(sctp_chunk), NFT_EXTHDR_OP_SCTP },
	};

	for (size_t t = 0; t < ARRAY_LEN(tables); t++)
		for (size_t i = 0; tables[t].op == op && i < tables[t].n; i++)
			if (tables[t].p[i].id == id)
				return &tables[t].p[i];
	return NULL;
}
