/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/lower_call.c - nft expressions whose value is computed: routing, number generators, hashes, sockets.
 *
 * Where it stands: on the rule's way, below lower_expr.c.
 *
 * References: rules/fn.h; nft(8) FIB, NUMGEN, HASH, SOCKET, OSF, IPSEC EXPRESSION.
 */
#include <errno.h>
#include <string.h>

#include "front/nft/lower.h"
#include "rules/fn.h"

static const struct lval failed;

static struct lval refused(struct lower *l, const struct nft_expr *e, const char *why)
{
	lower_refuse(l, &e->loc, -EOPNOTSUPP, why);
	return failed;
}

static struct lval call(struct lower *l, const struct ir_fn *fn, const void *data, size_t size, struct ir_expr *arg,
			unsigned len, enum field_order order)
{
	void *copy = size ? mem_dup(data, size) : NULL;
	struct lval v = { NULL, order };

	if (size && !copy)
		ir_expr_free(arg);
	else
		v.e = ir_call(fn, copy, arg, len);
	if (!v.e)
		lower_no_memory(l);
	return v;
}

static struct lval lower_fib(struct lower *l, const struct nft_expr *e)
{
	struct fn_fib f = { .result = e->fib.result, .flags = e->fib.flags };
	bool name = f.result == NFT_FIB_RESULT_OIFNAME && !(f.flags & NFTA_FIB_F_PRESENT);

	return call(l, &fn_fib, &f, sizeof(f), NULL, lower_bytes(e->len_bits), name ? FIELD_ORDER_NET : FIELD_ORDER_HOST);
}

static struct lval lower_numgen(struct lower *l, const struct nft_expr *e)
{
	struct fn_numgen g = { .modulus = e->gen.mod, .offset = e->gen.offset, .random = e->gen.type == NFT_NG_RANDOM };

	return call(l, &fn_numgen, &g, sizeof(g), NULL, 4, FIELD_ORDER_HOST);
}

static struct lval lower_hash(struct lower *l, const struct nft_expr *e)
{
	struct fn_symhash sym = { .modulus = e->gen.mod, .offset = e->gen.offset };
	struct fn_jhash j = { .modulus = e->gen.mod, .offset = e->gen.offset, .seed = e->gen.seed,
			      .have_seed = e->gen.have_seed };
	struct lval of;

	if (e->gen.type == NFT_HASH_SYM)
		return call(l, &fn_symhash, &sym, sizeof(sym), NULL, 4, FIELD_ORDER_HOST);
	of = lower_expr(l, e->gen.of);
	if (!of.e)
		return failed;
	j.len = of.e->len;
	return call(l, &fn_jhash, &j, sizeof(j), of.e, 4, FIELD_ORDER_HOST);
}

static struct lval lower_socket(struct lower *l, const struct nft_expr *e)
{
	static const uint16_t of[] = {
		[NFT_SOCKET_TRANSPARENT] = FIELD_SOCKET_TRANSPARENT, [NFT_SOCKET_MARK] = FIELD_SOCKET_MARK,
		[NFT_SOCKET_WILDCARD] = FIELD_SOCKET_WILDCARD, [NFT_SOCKET_CGROUPV2] = FIELD_SOCKET_CGROUPV2,
	};
	struct ir_expr *f = e->keyed.key < ARRAY_LEN(of) ? ir_field(of[e->keyed.key]) : NULL;

	if (e->keyed.key >= ARRAY_LEN(of))
		return refused(l, e, "no such socket key");
	if (!f)
		lower_no_memory(l);
	return (struct lval){ f, fields[of[e->keyed.key]].order };
}

struct lval lower_call(struct lower *l, const struct nft_expr *e)
{
	switch (e->kind) {
	case NFT_X_FIB:
		return lower_fib(l, e);
	case NFT_X_NUMGEN:
		return lower_numgen(l, e);
	case NFT_X_HASH:
		return lower_hash(l, e);
	case NFT_X_SOCKET:
		return lower_socket(l, e);
	case NFT_X_OSF:
		return call(l, &fn_osf, NULL, 0, NULL, 16, FIELD_ORDER_NET);
	case NFT_X_IPSEC:
		return call(l, &fn_ipsec, NULL, 0, NULL, lower_bytes(e->len_bits), FIELD_ORDER_HOST);
	case NFT_X_TUNNEL:
		return refused(l, e, "no tunnel interfaces");
	default:
		return refused(l, e, "not a value");
	}
}
