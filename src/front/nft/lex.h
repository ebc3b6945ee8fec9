/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/lex.h - nft's text as tokens, and which words are keywords where.
 *
 * A token is a place in the text; nothing is copied. Whether a word is a keyword depends on where it stands ("to" is
 * one behind `dnat`, and a name elsewhere), so the parser asks, for the scope that it is in.
 */
#ifndef FRONT_NFT_LEX_H
#define FRONT_NFT_LEX_H

#include "front/nft/ast.h"

enum nft_tok_kind {
	TOK_EOF, TOK_JUNK, TOK_NEWLINE, TOK_COLON, TOK_SEMICOLON, TOK_COMMA, TOK_DOT, TOK_EQ, TOK_NEQ, TOK_LT, TOK_GT, TOK_GE,
	TOK_LE, TOK_LSHIFT, TOK_RSHIFT, TOK_AND, TOK_XOR, TOK_NOT, TOK_SLASH, TOK_STAR, TOK_DASH, TOK_AT, TOK_VMAP, TOK_PLUS,
	TOK_ASSIGN, TOK_LBRACE, TOK_RBRACE, TOK_LPAREN, TOK_RPAREN, TOK_OR, TOK_DOLLAR, TOK_LBRACKET, TOK_RBRACKET,
	TOK_NUM, TOK_WORD, TOK_QUOTED, TOK_STAR_STRING, TOK_KIND_MAX
};

struct nft_tok {
	enum nft_tok_kind kind;
	bool plain;			/* TOK_WORD: an address or time, never a keyword */
	struct nft_loc loc;
	const char *text;		/* without quotes and brackets */
	size_t len;
	uint64_t num;			/* TOK_NUM */
};

struct nft_lexer {
	const struct nft_src *src;
	size_t pos, line_at;
	uint32_t line;
};

/* where a word may be a keyword: one scope is in force at a time */
enum nft_scope {
	SC_BASE, SC_AH, SC_ARP, SC_AT, SC_COMP, SC_COUNTER, SC_CT, SC_DCCP, SC_DST, SC_DUP, SC_ESP, SC_ETH, SC_EXPORT, SC_FIB,
	SC_FRAG, SC_FWD, SC_HASH, SC_HBH, SC_ICMP, SC_IGMP, SC_IMPORT, SC_IP, SC_IP6, SC_IPSEC, SC_LIMIT, SC_LIST, SC_LOG,
	SC_META, SC_MH, SC_MONITOR, SC_NAT, SC_NUMGEN, SC_OSF, SC_POLICY, SC_QUEUE, SC_QUOTA, SC_REJECT, SC_RESET, SC_RT,
	SC_SCTP, SC_SCTP_CHUNK, SC_SECMARK, SC_SOCKET, SC_SYNPROXY, SC_TCP, SC_TH, SC_TPROXY, SC_TYPE, SC_UDP, SC_UDPLITE,
	SC_VLAN, SC_XT
};

void nft_lex_init(struct nft_lexer *lx, const struct nft_src *src);
/** nft_lex() - the next token; TOK_EOF again and again at the end */
void nft_lex(struct nft_lexer *lx, struct nft_tok *t);
/** nft_keyword() - the token as a keyword of @sc by its own name, or NULL: it is a name there */
const char *nft_keyword(const struct nft_tok *t, enum nft_scope sc);
/** nft_tok_desc() - what the real tool calls it: "string", "newline", '{', "saddr" */
const char *nft_tok_desc(const struct nft_tok *t, enum nft_scope sc);

#endif
