/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/run.c - a text through all stages: read, checked, carried out, committed.
 *
 * This is the file to read for what happens between `nft ...` and the packet path:
 *
 *     nft_parse() -> commands -> unfold(): blocks as single commands -> for each: nft_eval_cmd(), nft_exec_cmd()
 *          -> nft_commit(): txn_commit() checks and compiles, and puts the new generation in place in one step
 *
 * Theory of operation: each command is carried out in the transaction right after it was checked, so that those behind
 * it are checked against what it did. An error found by checking is told alone; what the engine refused is told when
 * checking found nothing. In both cases the transaction is dropped.
 *
 * Invariants
 *  1. Either everything of a text is committed, or nothing; a listing in a text that fails by checking prints nothing.
 */
#include <errno.h>
#include <string.h>

#include "front/nft/exec.h"
#include "front/nft/type.h"

#define ERRORS_MAX 10	/* then the real tool stops, too */

/* ---- blocks as single commands ---- */

/* the order in which the contents of a block are carried out: what others refer to comes first */
static int rank(const struct nft_cmd *c)
{
	switch (c->what) {
	case NFT_W_CHAIN:
		return 0;
	case NFT_W_SET: case NFT_W_MAP: case NFT_W_METER:
		return 2;
	case NFT_W_FLOWTABLE:
		return 3;
	case NFT_W_ELEMENT:
		return 4;
	case NFT_W_RULE:
		return 5;
	default:
		return 1;
	}
}

static bool copy_handle(struct nft_handle *to, const struct nft_handle *from)
{
	*to = *from;
	to->table = from->table ? mem_strdup(from->table) : NULL;
	to->chain = from->chain ? mem_strdup(from->chain) : NULL;
	to->name = NULL;
	return (!from->table || to->table) && (!from->chain || to->chain);
}

/* a chain's rules become commands of their own, behind all others of @end's batch */
static bool unfold_chain(struct nft_cmd *c, struct list *before)
{
	struct nft_rule *r, *tmp;

	if (!c->chain)
		return true;
	list_for_each_safe(r, tmp, &c->chain->rules, node) {
		struct nft_cmd *add = nft_cmd_new(NFT_C_ADD, NFT_W_RULE, &r->loc);

		if (!add || !copy_handle(&add->h, &c->h)) {
			nft_cmd_free(add);
			return false;
		}
		list_del(&r->node);
		add->inner = true;
		add->rule = r;
		list_add_tail(before, &add->node);
	}
	return true;
}

static bool of_table(struct nft_cmd *part, const struct nft_cmd *c)
{
	part->op = NFT_C_ADD;
	part->h.family = c->h.family;
	part->h.family_given = true;
	if (part->h.table)
		return true;
	part->h.table = mem_strdup(c->h.table);
	part->h.table_loc = c->h.table_loc;
	return part->h.table;
}

static bool unfold_table(struct nft_cmd *c, struct list *before)
{
	struct nft_cmd *part, *tmp;
	struct list rules;
	bool ok = true;

	if (!c->table)
		return true;
	list_init(&rules);
	for (int k = 0; k <= 5; k++) {
		list_for_each_safe(part, tmp, &c->table->parts, node) {
			if (rank(part) != k)
				continue;
			list_del(&part->node);
			list_add_tail(before, &part->node);
			ok = ok && of_table(part, c);
			if (part->what == NFT_W_CHAIN)
				ok = ok && unfold_chain(part, &rules);
		}
	}
	list_for_each_safe(part, tmp, &rules, node) {
		list_del(&part->node);
		list_add_tail(before, &part->node);
	}
	return ok;
}

static bool unfold(struct list *cmds)
{
	struct nft_cmd *c, *next;
	bool ok = true;

	list_for_each_safe(c, next, cmds, node) {
		if ((c->op != NFT_C_ADD && c->op != NFT_C_CREATE) || !ok)
			continue;
		/* what is made stands in front of the next command, in order */
		if (c->what == NFT_W_TABLE)
			ok = unfold_table(c, &next->node);
		else if (c->what == NFT_W_CHAIN)
			ok = unfold_chain(c, &next->node);
	}
	return ok;
}

/* ---- stages ---- */

static void no_memory(struct nft_ctx *x)
{
	cmd_err(x->c, "Error: out of memory\n");
}

static void errors_free(struct list *errors)
{
	struct nft_error *e, *tmp;

	list_for_each_safe(e, tmp, errors, node) {
		list_del(&e->node);
		mem_free(e->text);
		mem_free(e->hint);
		mem_free(e);
	}
}

static void drop(struct nft_ctx *x)
{
	if (x->txn)
		txn_abort(x->txn);
	x->txn = NULL;
	errors_free(&x->errors);
	errors_free(&x->refused);
	x->n_errors = 0;
}

static void take_refused(struct nft_ctx *x)
{
	struct nft_error *e, *tmp;

	list_for_each_safe(e, tmp, &x->refused, node) {
		list_del(&e->node);
		list_add_tail(&x->errors, &e->node);
		x->n_errors++;
	}
}

bool nft_commit(struct nft_ctx *x, struct list *cmds)
{
	struct nft_cmd *last = NULL, *c;
	int err;

	list_for_each(c, cmds, node)
		if (c->op != NFT_C_LIST)
			last = c;
	if (!x->txn)
		return true;
	if (x->o.check) {
		err = txn_check(x->txn, NULL);
		txn_refuse(x->txn);	/* what the kernel was shown has used handles up */
	} else {
		err = txn_commit(x->txn);
	}
	x->txn = NULL;
	if (!err)
		return true;
	nft_refused(x, last, NULL, err == -EINVAL ? -EOPNOTSUPP : err);
	return false;
}

/* a set that the same batch makes is dynamic when a rule of the batch fills it */
static void mark_filled(const struct nft_cmd *c, const struct nft_stmt *st, const struct list *cmds)
{
	struct nft_cmd *d;

	list_for_each(d, cmds, node)
		if ((d->what == NFT_W_SET || d->what == NFT_W_MAP) && (d->op == NFT_C_ADD || d->op == NFT_C_CREATE) && d->set &&
		    !(d->set->flags & NFT_SET_INTERVAL) && d->h.name && strcmp(d->h.name, st->set.ref->ref.name) == 0 &&
		    nft_cmd_family(d) == nft_cmd_family(c) && strcmp(d->h.table, c->h.table) == 0)
			d->set->flags |= NFT_SET_EVAL;
}

static void find_filled(const struct list *cmds)
{
	const struct nft_stmt *st;
	const struct nft_cmd *c;

	list_for_each(c, cmds, node) {
		if (c->what != NFT_W_RULE || !c->rule || !c->h.table)
			continue;
		list_for_each(st, &c->rule->stmts, node)
			if (st->kind == NFT_S_SET && st->set.ref && !st->set.meter && st->set.ref->kind == NFT_X_SETREF)
				mark_filled(c, st, cmds);
	}
}

static bool changes(const struct nft_cmd *c)
{
	return c->op <= NFT_C_DESTROY || c->op == NFT_C_FLUSH || c->op == NFT_C_RENAME;
}

/*
 * checks and carries out: false: errors are in @x
 * @parsed: false: only to find what else is wrong
 */
static bool run_cmds(struct nft_ctx *x, struct list *cmds, bool parsed)
{
	struct nft_cmd *c;
	bool ok = true;

	x->n_cmds = 0;
	x->invalid = false;
	find_filled(cmds);
	list_for_each(c, cmds, node)
		x->n_cmds++;
	list_for_each(c, cmds, node) {
		if (!nft_eval_cmd(x, c) || ((parsed || changes(c)) && !nft_exec_cmd(x, c)))
			ok = false;
		if (x->oom || x->n_errors >= ERRORS_MAX)
			return false;
	}
	return ok;
}

int nft_run(struct nft_ctx *x, struct nft_src *src)
{
	size_t out = x->c->out.len;
	struct list cmds;
	bool ok, checked, parsed;

	list_init(&cmds);
	parsed = nft_parse(x, src, &cmds);
	if (parsed && x->o.optimize)
		parsed = nft_optimize(x, &cmds);
	ok = unfold(&cmds) && !x->oom && run_cmds(x, &cmds, parsed) && parsed;
	if (!list_empty(&x->errors))
		sbuf_truncate(&x->c->out, out);
	else if (ok && list_empty(&x->refused))
		ok = nft_commit(x, &cmds);
	checked = list_empty(&x->errors);
	if (checked)
		take_refused(x);
	if (checked && !ok && x->txn && !x->oom) {
		txn_refuse(x->txn);
		x->txn = NULL;
	}
	ok = ok && list_empty(&x->errors) && !x->oom;
	if (!ok && x->c->out.len)
		cmd_flush(x->c);	/* what was listed was there first */
	nft_errors_print(x);
	if (x->oom)
		no_memory(x);
	if (ok && x->o.echo && !x->o.check)
		nft_echo(x, &cmds);
	drop(x);
	nft_cmds_free(&cmds);
	return ok ? 0 : 1;
}

/* ---- what evaluation asks ---- */

const struct nft_set *nft_lookup_set(struct nft_ctx *x, uint8_t family, const char *table, const char *name)
{
	const struct table *t = nft_table_view(x, family, table);
	const struct ir_set *s = t ? table_set(t, name) : NULL;

	return s && !(s->desc.flags & NFT_SET_ANONYMOUS) ? nft_set_of(s) : NULL;
}

bool nft_lookup_object(struct nft_ctx *x, uint8_t family, const char *table, int type, const char *name)
{
	const struct table *t = nft_table_view(x, family, table);

	return t && table_object(t, type, name);
}
