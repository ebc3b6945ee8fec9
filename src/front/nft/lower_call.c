/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/lower_call.c - nft expressions whose value is computed: routing, number generators, hashes, sockets.
 *
 * Where it stands: on the rule's way, below lower_expr.c.
 *
 * Theory of operation: most of these, and some of meta and rt, can only be known at some hooks; lower_where() says at
 * which, and the commit refuses rules that are reached from others.
 *
 * References: rules/fn.h; nft(8) FIB, NUMGEN, HASH, SOCKET, OSF, IPSEC EXPRESSION; the kernel's answers, recorded in
 * tests/golden/nft/places.txt.
 */
#include <errno.h>
#include <string.h>

#include <netinet/in.h>	/* before the UAPI headers */
#include <linux/xfrm.h>

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

/* ---- where what can be known ---- */

#define PRE  HOOK(PRE_ROUTING)
#define IN   HOOK(LOCAL_IN)
#define FWD  HOOK(FORWARD)
#define OUT  HOOK(LOCAL_OUT)
#define POST HOOK(POST_ROUTING)

/* by the kernel's rules; a type alone is known everywhere, but not where there is no IP yet */
static uint32_t fib_hooks(uint32_t result, uint32_t flags)
{
	if (result != NFT_FIB_RESULT_ADDRTYPE || flags & NFTA_FIB_F_IIF)
		return PRE | IN | FWD;
	return flags & NFTA_FIB_F_OIF ? FWD | OUT | POST : PRE | IN | FWD | OUT | POST;
}

static uint32_t hooks_of(const struct nft_expr *e)
{
	switch (e->kind) {
	case NFT_X_FIB:
		return fib_hooks(e->fib.result, e->fib.flags);
	case NFT_X_SOCKET:
		return PRE | IN | OUT;
	case NFT_X_OSF:
		return PRE | IN | FWD;
	case NFT_X_IPSEC:
		return e->ipsec.dir == XFRM_POLICY_OUT ? FWD | OUT | POST : PRE | IN | FWD;
	case NFT_X_RT:
		return e->key == NFT_RT_TCPMSS ? FWD | OUT | POST : 0;
	case NFT_X_META:
		return e->key == NFT_META_SDIF || e->key == NFT_META_SDIFNAME ? IN | FWD : 0;
	default:
		return 0;
	}
}

void lower_where(struct lower *l, const struct nft_expr *e)
{
	if (l->out)	/* not the key of a set */
		lower_only(l, hooks_of(e), 0);
}

/* ---- computed values ---- */

static struct lval lower_fib(struct lower *l, const struct nft_expr *e)
{
	struct fn_fib f = { .result = e->fib.result, .flags = e->fib.flags };
	bool name = f.result == NFT_FIB_RESULT_OIFNAME && !(f.flags & NFTA_FIB_F_PRESENT);

	if (f.result != NFT_FIB_RESULT_ADDRTYPE && f.flags & NFTA_FIB_F_OIF) {
		lower_refuse(l, &e->loc, -EINVAL, NULL);
		return failed;
	}
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
