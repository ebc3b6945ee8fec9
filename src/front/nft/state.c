/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/state.c - what statements with a memory count, between the tree and the engine.
 *
 * Where it stands: on the rule's way, beside lower_set.c; listings and `reset` read through it.
 */
#include "front/nft/state.h"

#include <string.h>

#include "rules/fn.h"

static_assert(sizeof(struct fn_counter_state) <= NFT_STATE_BYTES && sizeof(struct fn_last_state) <= NFT_STATE_BYTES &&
		      sizeof(struct fn_nft_quota_state) <= NFT_STATE_BYTES,
	      "room for any of them");

static uint64_t now_ns(const struct nft_ctx *x)
{
	return x->c->world->clock.now_ns;
}

static bool put_state(struct nft_ctx *x, const struct nft_stmt *st, void *state)
{
	switch (st->kind) {
	case NFT_S_COUNTER:
		*(struct fn_counter_state *)state =
			(struct fn_counter_state){ .packets = st->counter.packets, .bytes = st->counter.bytes };
		return true;
	case NFT_S_QUOTA:
		((struct fn_nft_quota_state *)state)->consumed = st->quota.used;
		return true;
	case NFT_S_LAST:
		*(struct fn_last_state *)state = (struct fn_last_state){
			.set = st->last.set,
			.at_ns = (int64_t)now_ns(x) - (int64_t)st->last.used_ms * 1000000,
		};
		return true;
	default:
		return false;
	}
}

void *const *nft_states_of(struct nft_ctx *x, const struct list *stmts, const struct set_desc *d, uint8_t *buf)
{
	void **state = (void **)buf;
	const struct nft_stmt *st;
	unsigned n = 0;

	memset(buf, 0, SET_EXPRS_MAX * sizeof(*state));
	list_for_each(st, stmts, node) {
		uint8_t *at = buf + SET_EXPRS_MAX * 16 + n * NFT_STATE_BYTES;

		if (n == d->n_exprs || n == SET_EXPRS_MAX)
			break;
		if (put_state(x, st, at))
			state[n] = at;
		n++;
	}
	return state;
}

void nft_state_read(struct nft_ctx *x, struct nft_stmt *st, const void *state)
{
	const struct fn_counter_state *c = state;
	const struct fn_last_state *last = state;
	int64_t ago;

	if (!state)
		return;
	switch (st->kind) {
	case NFT_S_COUNTER:
		st->counter.packets = c->packets;
		st->counter.bytes = c->bytes;
		break;
	case NFT_S_QUOTA:
		st->quota.used = MIN(((const struct fn_nft_quota_state *)state)->consumed, st->quota.bytes);
		break;
	case NFT_S_LAST:
		st->last.set = last->set;
		ago = (int64_t)now_ns(x) - last->at_ns;
		st->last.used_ms = last->set && ago > 0 ? (uint64_t)ago / 1000000 : 0;
		break;
	default:
		break;
	}
}

struct list *nft_stmts_of(struct nft_ctx *x, const struct ir_set *is, void *const *state)
{
	const struct nft_set_form *f = container_of(is->form, struct nft_set_form, form);
	const struct list *stmts = list_empty(&f->elem_stmts) ? &f->set->stmts : &f->elem_stmts;
	struct list *all = mem_zalloc(sizeof(*all));
	const struct nft_stmt *st;
	unsigned n = 0;

	if (!all)
		return NULL;
	list_init(all);
	list_for_each(st, stmts, node) {
		struct nft_stmt *copy = n < is->desc.n_exprs ? nft_stmt_clone(st) : NULL;

		if (!copy)
			break;
		nft_state_read(x, copy, state[n++]);
		list_add_tail(all, &copy->node);
	}
	return all;
}

/* Linux counts tokens of nanoseconds in 64 bits */
bool nft_limit_fits(const struct nft_limit *l)
{
	uint64_t ns, tokens;

	if (__builtin_mul_overflow(l->unit_s, (uint64_t)1000000000, &ns))
		return false;
	if (!l->bytes)
		return l->rate == 0 || !__builtin_mul_overflow(ns / l->rate, (uint64_t)l->burst, &tokens);
	return !__builtin_add_overflow(l->rate, (uint64_t)l->burst, &tokens) && !__builtin_mul_overflow(ns, tokens, &tokens);
}

bool nft_quota_fits(const struct nft_quota *q)
{
	return q->bytes <= INT64_MAX;
}
