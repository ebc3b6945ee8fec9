/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/eval.c - commands: what each carries is given types, is checked, and is brought to its normal form.
 *
 * This is the middle of nft's way: what the parser has read becomes what is kept, listed and lowered. The files of the
 * evaluation and what each does are in eval.h. All that can be said without the engine is said here; what the engine
 * refuses (missing chains, types of chain at hooks, full sets) exec.c tells.
 *
 * References: nft(8).
 */
#include "front/nft/eval.h"

#include <string.h>

#include "front/nft/exec.h"

static void eval_init(struct nft_eval *v, struct nft_ctx *x, uint8_t family, const char *table)
{
	*v = (struct nft_eval){ .x = x, .family = family, .table = table, .hook = -1 };
	nft_protos_init(&v->p, family);
	x->family = family;
}

bool nft_eval_stmts(struct nft_ctx *x, uint8_t family, struct list *stmts)
{
	struct nft_eval v;

	eval_init(&v, x, family, NULL);
	return nft_ev_stmts(&v, stmts);
}

/* ---- objects ---- */

static const char *const tcp_states[] = {
	"syn_sent", "syn_recv", "established", "fin_wait", "close_wait", "last_ack", "time_wait", "close", "syn_sent2",
	"retrans", "unack",
};
static const char *const udp_states[] = { "unreplied", "replied" };

static bool ev_timeout(struct nft_eval *v, const struct nft_object *o)
{
	bool tcp = o->ct_timeout.l4 == IPPROTO_TCP;
	const char *const *names = tcp ? tcp_states : udp_states;
	size_t n = tcp ? ARRAY_LEN(tcp_states) : ARRAY_LEN(udp_states), i;
	const struct nft_timeout_policy *p;

	list_for_each(p, &o->ct_timeout.policies, node) {
		for (i = 0; i < n && strcmp(names[i], p->state); i++)
			;
		if (i == n) {
			nft_err(v->x, &p->loc, "invalid state for this protocol");
			return false;
		}
	}
	return true;
}

/* ---- elements ---- */

static bool ev_elements(struct nft_eval *v, struct nft_cmd *cmd)
{
	const struct nft_set *s = nft_lookup_set(v->x, v->family, cmd->h.table, cmd->h.name);
	struct nft_set as = { 0 };

	if (!s)
		return nft_not_found(v->x, cmd, nft_table_view(v->x, v->family, cmd->h.table) ? &cmd->h.name_loc : &cmd->h.table_loc);
	if (!cmd->elems)
		return true;
	if (cmd->elems->kind != NFT_X_SET) {
		nft_err(v->x, &cmd->elems->loc, "Set init expression is not a set");
		return false;
	}
	as = *s;
	as.loc = cmd->h.name_loc;
	return nft_ev_decl_elements(v, cmd->elems, &as);
}

/* ---- commands ---- */

static bool ev_add(struct nft_eval *v, struct nft_cmd *cmd)
{
	switch (cmd->what) {
	case NFT_W_CHAIN:
		return !cmd->chain || nft_ev_chain(v, cmd, cmd->chain);
	case NFT_W_RULE:
		return !cmd->rule || nft_ev_stmts(v, &cmd->rule->stmts);
	case NFT_W_SET:
	case NFT_W_MAP:
	case NFT_W_METER:
		return !cmd->set || nft_ev_set_decl(v, cmd->set, &cmd->h.name_loc);
	case NFT_W_ELEMENT:
		return ev_elements(v, cmd);
	case NFT_W_CT_TIMEOUT:
		return !cmd->object || ev_timeout(v, cmd->object);
	case NFT_W_FLOWTABLE:
		return !cmd->flowtable || nft_ev_flowtable(v, cmd, cmd->flowtable);
	default:
		return true;
	}
}

static bool ev_describe(struct nft_eval *v, struct nft_cmd *cmd)
{
	if (!cmd->expr || cmd->expr->kind == NFT_X_SYMBOL)
		return true;
	return nft_ev_as(v, &cmd->expr, NULL, 0);
}

bool nft_eval_cmd(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct nft_eval v;

	eval_init(&v, x, nft_cmd_family(cmd), cmd->h.table);
	switch (cmd->op) {
	case NFT_C_ADD:
	case NFT_C_CREATE:
	case NFT_C_INSERT:
	case NFT_C_REPLACE:
		return ev_add(&v, cmd);
	case NFT_C_DELETE:
	case NFT_C_DESTROY:
	case NFT_C_GET:
		return cmd->what != NFT_W_ELEMENT || ev_elements(&v, cmd);
	case NFT_C_DESCRIBE:
		return ev_describe(&v, cmd);
	default:
		return true;
	}
}
