/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/fn_state.c - matches that remember, or throw dice: limit, statistic, and nft's counter, quota and last.
 *
 * Theory of operation: the state of a rule begins full (limit) or at its initial count (statistic), lives as long as
 * the rule, and moves each time the test is reached, matched or not, as the kernel's does.
 *
 * Invariants
 *  1. No arithmetic overflows for any data: what would is clamped.
 *
 * References: nft_limit_eval(), nft_limit_init() in the kernel's nft_limit.c, nft_counter.c, nft_quota.c, nft_last.c; statistic_mt() in xt_statistic.c;
 * add_nft_limit() of iptables.
 */
#include "rules/fn.h"
#include "rules/vm.h"

#define LIMIT_BURST_DEFAULT 5
#define LIMIT_SCALE 10000ull		/* XT_LIMIT_SCALE: parts of a second in xt_rateinfo.avg */

/* ---- limit ---- */

struct limit_state {
	uint64_t tokens, last_ns;	/* tokens are nanoseconds */
};

static uint64_t limit_cost(const struct fn_limit *l, uint64_t units)
{
	unsigned __int128 ns = (unsigned __int128)l->unit_s * NSEC_PER_SEC * units / (l->rate ? l->rate : 1);

	return ns > UINT64_MAX / 4 ? UINT64_MAX / 4 : (uint64_t)ns;
}

/* for packets the kernel rounds the cost of one before it multiplies */
static uint64_t limit_max(const struct fn_limit *l)
{
	unsigned __int128 ns;

	if (l->bytes)
		return limit_cost(l, l->rate + l->burst);
	ns = (unsigned __int128)limit_cost(l, 1) * (l->burst ? l->burst : LIMIT_BURST_DEFAULT);
	return ns > UINT64_MAX / 4 ? UINT64_MAX / 4 : (uint64_t)ns;
}

static void limit_init(void *state, const void *data)
{
	struct limit_state *s = state;

	s->tokens = limit_max(data);
	s->last_ns = 0;
}

static bool limit_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct fn_limit *l = data;
	struct limit_state *s = state;
	uint64_t now = m->clock->now_ns, max = limit_max(l);
	uint64_t cost = limit_cost(l, l->bytes ? match_len(m) : 1);
	uint64_t passed = now > s->last_ns ? now - s->last_ns : 0;

	s->tokens = passed >= max - MIN(max, s->tokens) ? max : s->tokens + passed;
	s->last_ns = now;
	if (s->tokens < cost)
		return l->invert;
	s->tokens -= cost;
	return !l->invert;
}

const struct ir_fn fn_limit = {
	.name = "limit", .state_size = sizeof(struct limit_state), .eval = limit_eval, .state_init = limit_init,
};

/* ---- nft's counter, quota and last ---- */

static void counter_init(void *state, const void *data)
{
	*(struct fn_counter_state *)state = data ? *(const struct fn_counter *)data : (struct fn_counter){ 0 };
}

static void counter_reset(void *state, const void *data)
{
	*(struct fn_counter_state *)state = (struct fn_counter){ 0 };
}

static bool counter_eval(struct match_ctx *m, const void *data, void *state)
{
	struct fn_counter_state *c = state;

	c->packets++;
	c->bytes += match_len(m);
	return true;
}

const struct ir_fn fn_counter = {
	.name = "counter", .state_size = sizeof(struct fn_counter_state), .eval = counter_eval, .state_init = counter_init,
	.state_reset = counter_reset,
};

static void nft_quota_init(void *state, const void *data)
{
	((struct fn_nft_quota_state *)state)->consumed = ((const struct fn_nft_quota *)data)->consumed;
}

static void nft_quota_reset(void *state, const void *data)
{
	((struct fn_nft_quota_state *)state)->consumed = 0;
}

static bool nft_quota_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct fn_nft_quota *q = data;
	struct fn_nft_quota_state *s = state;

	s->consumed += match_len(m);
	return (s->consumed >= q->quota) == q->invert;
}

const struct ir_fn fn_nft_quota = {
	.name = "quota", .state_size = sizeof(struct fn_nft_quota_state), .eval = nft_quota_eval,
	.state_init = nft_quota_init, .state_reset = nft_quota_reset,
};

static void last_init(void *state, const void *data)
{
	*(struct fn_last_state *)state = data ? *(const struct fn_last *)data : (struct fn_last){ 0 };
}

static void last_reset(void *state, const void *data)
{
	*(struct fn_last_state *)state = (struct fn_last){ 0 };
}

static bool last_eval(struct match_ctx *m, const void *data, void *state)
{
	*(struct fn_last_state *)state = (struct fn_last){ .set = true, .at_ns = (int64_t)m->clock->now_ns };
	return true;
}

const struct ir_fn fn_last = {
	.name = "last", .state_size = sizeof(struct fn_last_state), .eval = last_eval, .state_init = last_init,
	.state_reset = last_reset,
};

void fn_limit_of_avg(uint32_t avg, uint32_t burst, struct fn_limit *l)
{
	static const uint64_t unit_s[] = { 86400, 3600, 60, 1 };
	unsigned i;

	/* the longest unit is taken unless a shorter one holds the rate without loss */
	for (i = 1; i < ARRAY_LEN(unit_s); i++) {
		uint64_t mult = unit_s[i] * LIMIT_SCALE;

		if (avg > mult || mult / avg < mult % avg)
			break;
	}
	*l = (struct fn_limit){ .rate = unit_s[i - 1] * LIMIT_SCALE / avg, .unit_s = unit_s[i - 1], .burst = burst };
}

/* ---- statistic ---- */

static void statistic_init(void *state, const void *data)
{
	*(uint32_t *)state = ((const struct fn_statistic *)data)->count;
}

static bool statistic_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct fn_statistic *s = data;
	uint32_t *count = state;

	if (!s->nth)
		return ((rng_u32(m->rng) & 0x7fffffff) < s->probability) != s->invert;
	*count = *count == s->every ? 0 : *count + 1;
	return (*count == 0) != s->invert;
}

const struct ir_fn fn_statistic = {
	.name = "statistic", .state_size = sizeof(uint32_t), .eval = statistic_eval, .state_init = statistic_init,
};
