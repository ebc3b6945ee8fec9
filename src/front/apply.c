/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/apply.c - the rule's way, from a parsed command to a committed generation: find or make the table and chain,
 * lower the rule, check, commit.
 *
 * This is the file to read for what happens between "iptables -A ..." and the packet path:
 *
 *     text -> front/iptables.c: struct ipt_cmd -> apply_run(): lookups, ipt_rule_emit() to IR, changes in a transaction
 *          -> apply_commit(): txn_commit() checks and compiles, and puts the new generation in place in one step
 *
 * Theory of operation: the real tool works in two steps and so does this. It first prepares a batch, where it looks
 * things up in what it has read from the kernel ("No chain/target/match by that name."), then the kernel takes or
 * refuses the batch as a whole and says which message it did not like ("RULE_APPEND failed (Invalid argument): rule
 * in chain INPUT"). apply_run() is the first step; what the kernel would refuse is noted in .refused and told by
 * apply_commit(). Some faults show only in the whole (a loop, a target that a jump makes reachable from the wrong
 * hook): when txn_commit() refuses, the batch is run again, checking after each rule, to find whose fault it is.
 *
 * Invariants
 *  1. Either everything of a batch is committed, or nothing.
 *  2. Listing makes no table and no chain. A built-in chain is made by the first command that needs it, and only that
 *     one: conntrack is on only when a nat chain really is there.
 *
 * References: iptables-nft 1.8.9's behaviour, recorded in tests/golden/iptables.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "front/iptables.h"

/* commands in a batch that is run again to find the one at fault; in longer ones it is the last rule */
#define BLAME_MAX 4096

struct apply {
	struct ipt_ctx *x;
	struct ruleset *rs;
	struct txn *txn;		/* NULL: nothing changed yet */
	const struct ipt_cmd **done;	/* commands so far, for the second run */
	unsigned n_done, cap_done;
	struct sbuf refused;		/* what the kernel would say */
	unsigned n_refused;
	const struct ipt_cmd *first_refused;
	int first_err;
	bool quiet;			/* second run: prints nothing */
	bool blame;			/* ... and checks after each rule */
};

/* ---- messages ---- */

/* the tool's own refusal while it prepares: "iptables: TEXT." */
static int prep_error(struct apply *a, const struct ipt_cmd *cmd, const char *text)
{
	struct cmd *c = a->x->c;

	if (a->quiet)
		return IPT_OTHER;
	if (cmd->line)
		cmd_err(c, "%s: line %u failed: %s.\n", a->x->tool, cmd->line, text);
	else
		cmd_err(c, "%s: %s.\n", a->x->tool, text);
	return IPT_OTHER;
}

#define NO_CHAIN "No chain/target/match by that name"
#define BAD_RULE "Bad rule (does a matching rule exist in that chain?)"

static int no_chain(struct apply *a, const struct ipt_cmd *cmd, const char *text)
{
	int status = prep_error(a, cmd, text);

	if (!a->quiet && cmd->chain)
		ipt_hint_chain(a->x, cmd->table, cmd->chain);
	return status;
}

static int fatal(struct apply *a, enum ipt_status status, const char *text)
{
	return a->quiet ? (int)status : ipt_fail(a->x, status, "%s", text);
}

static int no_memory(struct apply *a)
{
	return fatal(a, IPT_RESOURCE, "out of memory");
}

/* what the kernel would answer to one message of the batch */
static void refuse(struct apply *a, const struct ipt_cmd *cmd, const char *op, int err, const char *what,
		   const char *chain)
{
	if (!a->n_refused++) {
		a->first_refused = cmd;
		a->first_err = err;
	}
	if (cmd->line)
		sbuf_printf(&a->refused, "\nline %u: ", cmd->line);
	else if (a->refused.len)
		return;		/* a command line shows the first */
	else
		sbuf_putc(&a->refused, ' ');
	sbuf_printf(&a->refused, "%s failed (%s): %s %s", op, strerror(-err), what, chain);
}

static void say(struct apply *a, const struct ipt_cmd *cmd, const char *doing, const char *chain)
{
	if (cmd->verbose && !a->quiet)
		cmd_out(a->x->c, "%s chain `%s'\n", doing, chain);
}

/* ---- tables and chains as the batch sees them ---- */

static uint8_t nfproto(const struct apply *a)
{
	return a->x->family == AF_INET6 ? NFPROTO_IPV6 : NFPROTO_IPV4;
}

static bool open_txn(struct apply *a)
{
	if (!a->txn)
		a->txn = txn_begin(a->rs);
	return a->txn;
}

/* for reading only */
static const struct table *view(struct apply *a, const char *name)
{
	return a->txn ? txn_table(a->txn, nfproto(a), name) : ruleset_table(a->rs, nfproto(a), name);
}

/* for changing; NULL: it is not there (or memory is short) */
static struct table *table_of(struct apply *a, const char *name)
{
	if (!ruleset_table(a->rs, nfproto(a), name) && !a->txn)
		return NULL;
	return open_txn(a) ? txn_table(a->txn, nfproto(a), name) : NULL;
}

static struct chain *chain_of(struct apply *a, const struct ipt_cmd *cmd)
{
	struct table *t = table_of(a, cmd->table);

	return t && cmd->chain ? table_chain(t, cmd->chain) : NULL;
}

static struct table *make_table(struct apply *a, const char *name)
{
	struct table *t = open_txn(a) ? txn_table(a->txn, nfproto(a), name) : NULL;

	return t || !a->txn ? t : txn_table_add(a->txn, nfproto(a), name, true);
}

static struct chain *make_builtin(struct apply *a, struct table *t, const struct ipt_builtin *b)
{
	struct chain *c = table_chain(t, b->name);

	if (c)
		return c;
	c = txn_chain_add(a->txn, t, b->name);
	if (c && txn_chain_set_base(a->txn, c, b->type, b->hook, b->priority, false) < 0)
		return NULL;
	if (c)
		c->builtin = true;
	return c;
}

/* The chain that a rule goes to, built-in ones made when they are missing; NULL with *@status set */
static struct chain *need_chain(struct apply *a, const struct ipt_cmd *cmd, int *status)
{
	const struct ipt_builtin *b = ipt_builtin_find(ipt_table_find(cmd->table), cmd->chain);
	struct table *t = make_table(a, cmd->table);
	struct chain *c;

	if (!t) {
		*status = no_memory(a);
		return NULL;
	}
	c = b ? table_chain(t, b->name) : NULL;
	if (c && ipt_chain_foreign(ipt_table_find(cmd->table), c))	/* the kernel has it, iptables does not see it */
		refuse(a, cmd, "CHAIN_ADD", -EOPNOTSUPP, "chain", b->name);
	c = b ? make_builtin(a, t, b) : table_chain(t, cmd->chain);
	if (!c)
		*status = b ? no_memory(a) : no_chain(a, cmd, NO_CHAIN);
	return c;
}

/* ---- rules ---- */

static int check_jump(struct apply *a, const struct ipt_cmd *cmd)
{
	const struct ipt_rule *r = cmd->rule;
	const struct table *t;

	if (!ipt_rule_is_jump(r) || (strcmp(r->jump, "QUEUE") == 0 && !r->go) ||
	    ipt_builtin_find(ipt_table_find(cmd->table), r->jump))
		return IPT_OK;
	t = view(a, cmd->table);
	if (t && table_chain(t, r->jump))
		return IPT_OK;
	if (!a->quiet) {
		ipt_fail(a->x, IPT_PARAM, "Chain '%s' does not exist", r->jump);
		ipt_hint_target(a->x, t, r->jump);
	}
	return IPT_PARAM;
}

/* what the kernel refuses in one match or target, wherever jumps lead */
static int verify_inst(const struct ipt_inst *i, const struct xt_where *w)
{
	const struct xt_ext *e = i->ext;

	if (!e)
		return 0;
	if (e->only_proto && (w->proto != e->only_proto || w->proto_inverted) && !e->merge)
		return -EINVAL;
	if (e->only_table && strcmp(e->only_table, w->table) != 0)
		return -EINVAL;
	if (e->only_hooks && w->hooks && (w->hooks & ~e->only_hooks))
		return -EINVAL;
	return e->verify ? e->verify(w, i->data) : 0;
}

static int verify_jump(const struct ipt_rule *r, const struct table *t)
{
	const struct chain *to = ipt_rule_is_jump(r) ? table_chain(t, r->jump) : NULL;

	if (!ipt_rule_is_jump(r))
		return 0;
	return !to ? -ENOENT : to->base ? -EOPNOTSUPP : 0;
}

static struct xt_where where_of(const struct ipt_cmd *cmd, uint32_t hooks)
{
	return (struct xt_where){
		.family = cmd->rule->family,
		.table = cmd->table,
		.hooks = hooks,
		.proto = cmd->rule->proto,
		.proto_inverted = cmd->rule->inv & IPT_INV_PROTO,
	};
}

static int verify(struct apply *a, const struct ipt_cmd *cmd, const struct chain *c)
{
	const struct ipt_rule *r = cmd->rule;
	struct xt_where w = where_of(cmd, c->base ? 1u << c->hook : 0);
	int err = 0;

	if (((r->inv & IPT_INV_SRC) && addr_is_any(&r->smask)) || ((r->inv & IPT_INV_DST) && addr_is_any(&r->dmask)))
		return -EINVAL;
	for (unsigned i = 0; i < r->tail->n && !err; i++)
		err = verify_inst(&r->tail->match[i], &w);
	if (!err)
		err = verify_inst(&r->tail->target, &w);
	return err ? err : verify_jump(r, c->table);
}

/* the rule as the rule set holds it; @doomed: of a batch that is refused anyway; NULL with *@status set */
static struct rule *build(struct apply *a, const struct ipt_cmd *cmd, bool doomed, int *status)
{
	struct ipt_rule *form = ipt_rule_dup(cmd->rule);
	const char *what = "";
	struct ir_list body;
	struct rule *r;
	int err;

	if (!form) {
		*status = no_memory(a);
		return NULL;
	}
	ir_list_init(&body);
	err = ipt_rule_emit(form, &body, &what);
	if (err == -EOPNOTSUPP && doomed) { /* the kernel's word comes first; the rule is never run */
		ir_list_free(&body);
		ir_list_init(&body);
		err = 0;
	}
	if (err < 0) {
		ir_list_free(&body);
		ipt_rule_free(form);
		*status = err == -EOPNOTSUPP && !a->quiet
				  ? ipt_fail(a->x, IPT_PARAM, "%s: not supported by natbox", what)
				  : no_memory(a);
		return NULL;
	}
	r = rule_new(&form->form, &body);
	if (!r) {
		*status = no_memory(a);
		return NULL;
	}
	if (cmd->have_counters) {
		r->packets = cmd->packets;
		r->bytes = cmd->bytes;
	}
	return r;
}

static void blame(struct apply *a, const struct ipt_cmd *cmd, const char *op)
{
	int err = a->blame ? txn_check(a->txn, NULL) : 0;

	if (err)
		refuse(a, cmd, op, err, "rule in chain", cmd->chain);
}

/* -v: the rule as it was understood */
static void show(struct apply *a, const struct ipt_cmd *cmd)
{
	if (cmd->verbose && !a->quiet)
		ipt_print_verbose(a->x->c, cmd->rule);
}

/* -A, -I, -R */
static int put_rule(struct apply *a, const struct ipt_cmd *cmd)
{
	static const struct {
		const char *op, *too_big;
	} texts[] = {
		[IPT_APPEND] = { "RULE_APPEND", "" },
		[IPT_INSERT] = { "RULE_INSERT", "Index of insertion too big" },
		[IPT_REPLACE] = { "RULE_REPLACE", "Index of replacement too big" },
	};
	int status = check_jump(a, cmd), err;
	const char *op;
	struct chain *c;
	struct rule *r;
	unsigned at;

	if (status)
		return status;
	if (cmd->kind == IPT_APPEND)
		show(a, cmd);
	c = cmd->kind == IPT_REPLACE ? chain_of(a, cmd) : need_chain(a, cmd, &status);
	if (!c)
		return status ? status : no_chain(a, cmd, NO_CHAIN);
	at = cmd->kind == IPT_APPEND ? c->n_rules : cmd->num - 1;
	if (at > c->n_rules || (cmd->kind == IPT_REPLACE && at == c->n_rules))
		return prep_error(a, cmd, texts[cmd->kind].too_big);
	if (cmd->kind != IPT_APPEND)
		show(a, cmd);
	op = texts[cmd->kind == IPT_INSERT && at && at == c->n_rules ? IPT_APPEND : cmd->kind].op;
	err = verify(a, cmd, c);
	if (err)	/* it goes into the doomed batch all the same: later rules count it */
		refuse(a, cmd, op, err, "rule in chain", cmd->chain);
	r = build(a, cmd, err != 0, &status);
	if (!r)
		return status;
	err = cmd->kind == IPT_REPLACE ? txn_rule_replace(a->txn, c, at, r) : txn_rule_insert(a->txn, c, at, r);
	if (err)
		return no_memory(a);
	blame(a, cmd, op);
	return IPT_OK;
}

/* the first rule like @r; a renamed chain counts by its name now */
static bool find_same(const struct chain *c, const struct ipt_rule *r, unsigned *at, const char **error)
{
	*error = NULL;
	for (*at = 0; *at < c->n_rules; (*at)++) {
		const struct rule *have = c->rules[*at];
		const struct ipt_view v = ipt_view_of(have);
		const struct ipt_rule *form = v.rule;

		if (form && ipt_rule_same(form, r) &&
		    strcmp(have->jump ? have->jump->verdict.name : form->jump, r->jump) == 0)
			return true;
		*error = v.error;
		if (v.error)
			return false;
	}
	return false;
}

/* -D by what it says, and -C */
static int match_rule(struct apply *a, const struct ipt_cmd *cmd)
{
	int status = check_jump(a, cmd);
	const struct table *t;
	const struct chain *seen;
	const char *error = NULL;
	struct chain *c;
	unsigned at;

	if (status)
		return status;
	t = view(a, cmd->table);
	seen = t ? table_chain(t, cmd->chain) : NULL;
	if (!seen || !find_same(seen, cmd->rule, &at, &error))
		return error && !a->quiet ? ipt_unreadable(a->x, error) : seen ? prep_error(a, cmd, BAD_RULE) : no_chain(a, cmd, BAD_RULE);
	show(a, cmd);
	if (cmd->kind == IPT_CHECK)
		return IPT_OK;
	c = chain_of(a, cmd);
	return c && txn_rule_delete(a->txn, c, at) == 0 ? IPT_OK : no_memory(a);
}

static int delete_num(struct apply *a, const struct ipt_cmd *cmd)
{
	struct chain *c = chain_of(a, cmd);

	if (!c)
		return no_chain(a, cmd, NO_CHAIN);
	if (cmd->num > c->n_rules)
		return prep_error(a, cmd, "Index of deletion too big");
	return txn_rule_delete(a->txn, c, cmd->num - 1) == 0 ? IPT_OK : no_memory(a);
}

/* ---- whole chains ---- */

static int flush_one(struct apply *a, const struct ipt_cmd *cmd, struct chain *c)
{
	say(a, cmd, "Flushing", c->name);
	return txn_chain_flush(a->txn, c) == 0 ? IPT_OK : no_memory(a);
}

static int zero_one(struct apply *a, const struct ipt_cmd *cmd, struct chain *c)
{
	say(a, cmd, "Zeroing", c->name);
	if (c->base)
		txn_chain_counters(a->txn, c, 0, 0);
	for (unsigned i = 0; i < c->n_rules; i++)
		if (txn_rule_zero(a->txn, c, i) < 0)
			return no_memory(a);
	return IPT_OK;
}

static int delete_one(struct apply *a, const struct ipt_cmd *cmd, struct chain *c)
{
	char name[IPT_NAME_MAX + 4];
	int err;

	if (c->base && !cmd->chain && (c->n_rules || c->policy_drop))
		return IPT_OK;
	if (c->base && c->policy_drop)
		return prep_error(a, cmd, "Directory not empty");
	if (!c->base)
		say(a, cmd, "Deleting", c->name);
	snprintf(name, sizeof(name), "%s", c->name);
	err = txn_chain_del(a->txn, c);
	if (err == -ENOMEM)
		return no_memory(a);
	if (err)
		refuse(a, cmd, "CHAIN_DEL", err == -ENOTEMPTY ? -EBUSY : err, "chain", name);
	return IPT_OK;
}

/* every chain: the built-in ones that are there, then the others by name */
static int each_chain(struct apply *a, const struct ipt_cmd *cmd,
		      int (*fn)(struct apply *a, const struct ipt_cmd *cmd, struct chain *c))
{
	const struct ipt_table *spec = ipt_table_find(cmd->table);
	struct table *t = table_of(a, cmd->table);
	struct chain **users, *c;
	int status = IPT_OK;

	if (!t)
		return IPT_OK;
	users = ipt_chains_sorted(t);
	if (!users)
		return no_memory(a);
	for (const struct ipt_builtin *b = spec->chains; b->name && !status; b++) {
		c = table_chain(t, b->name);
		if (c && c->base)
			status = fn(a, cmd, c);
	}
	for (struct chain **u = users; *u && !status; u++)
		status = fn(a, cmd, *u);
	mem_free(users);
	return status;
}

static int make_builtins(struct apply *a, const struct ipt_cmd *cmd, const char *only)
{
	const struct ipt_table *spec = ipt_table_find(cmd->table);
	struct table *t = make_table(a, cmd->table);

	if (!t)
		return no_memory(a);
	for (const struct ipt_builtin *b = spec->chains; b->name; b++)
		if ((!only || strcmp(only, b->name) == 0) && !make_builtin(a, t, b))
			return no_memory(a);
	return IPT_OK;
}

static int flush(struct apply *a, const struct ipt_cmd *cmd)
{
	int status = IPT_OK;
	struct chain *c;

	if (cmd->chain || cmd->verbose)
		status = make_builtins(a, cmd, cmd->chain);
	if (status || !cmd->chain)
		return status ? status : each_chain(a, cmd, flush_one);
	c = chain_of(a, cmd);
	return c ? flush_one(a, cmd, c) : no_chain(a, cmd, NO_CHAIN);
}

static int zero(struct apply *a, const struct ipt_cmd *cmd)
{
	struct chain *c;
	int status = IPT_OK;

	if (cmd->beside_list && !table_of(a, cmd->table)) {
		refuse(a, cmd, "CHAIN_ZERO", -ENOENT, "chain",
		       cmd->chain ? cmd->chain : ipt_table_find(cmd->table)->chains[0].name);
		return IPT_OK;
	}
	if (cmd->beside_list)	/* listing showed the chains that are not there yet; zeroing makes them */
		status = make_builtins(a, cmd, cmd->chain);
	if (status || !cmd->chain)
		return status ? status : each_chain(a, cmd, zero_one);
	c = chain_of(a, cmd);
	return c ? zero_one(a, cmd, c) : no_chain(a, cmd, NO_CHAIN);
}

static int zero_num(struct apply *a, const struct ipt_cmd *cmd)
{
	struct chain *c = chain_of(a, cmd);

	if (!c)
		return no_chain(a, cmd, BAD_RULE);
	if (cmd->num > c->n_rules)
		return IPT_OK;
	return txn_rule_zero(a->txn, c, cmd->num - 1) == 0 ? IPT_OK : no_memory(a);
}

static int new_chain(struct apply *a, const struct ipt_cmd *cmd)
{
	struct table *t = make_table(a, cmd->table);

	if (!t)
		return no_memory(a);
	if (ipt_builtin_find(ipt_table_find(cmd->table), cmd->chain) || table_chain(t, cmd->chain))
		return prep_error(a, cmd, "Chain already exists");
	return txn_chain_add(a->txn, t, cmd->chain) ? IPT_OK : no_memory(a);
}

/* -X, without -v in the order in which they were made: it shows in which one is called busy */
static int delete_all(struct apply *a, const struct ipt_cmd *cmd)
{
	struct table *t = table_of(a, cmd->table);
	struct chain *c, *tmp;
	int status = IPT_OK;

	if (!t)
		return IPT_OK;
	list_for_each_safe(c, tmp, &t->chains, node) {
		status = delete_one(a, cmd, c);
		if (status)
			break;
	}
	return status;
}

static int delete_chain(struct apply *a, const struct ipt_cmd *cmd)
{
	struct chain *c;

	if (!cmd->chain && cmd->verbose)
		return each_chain(a, cmd, delete_one);
	if (!cmd->chain)
		return delete_all(a, cmd);
	c = chain_of(a, cmd);
	return c ? delete_one(a, cmd, c) : no_chain(a, cmd, NO_CHAIN);
}

static int rename_chain(struct apply *a, const struct ipt_cmd *cmd)
{
	struct chain *c = chain_of(a, cmd);
	const struct table *t = view(a, cmd->table);
	int err;

	if (ipt_builtin_find(ipt_table_find(cmd->table), cmd->arg) || (t && table_chain(t, cmd->arg)))
		return prep_error(a, cmd, "File exists");
	if (!c)
		return no_chain(a, cmd, NO_CHAIN);
	err = txn_chain_rename(a->txn, c, cmd->arg);
	if (err == -EEXIST)
		return prep_error(a, cmd, "File exists");
	return err ? no_memory(a) : IPT_OK;
}

/* a chain begins to count what its policy decides when its counters are first set, not when it is made */
static void set_counters(struct apply *a, const struct ipt_cmd *cmd, struct chain *c)
{
	bool given = cmd->have_counters && cmd->kind == IPT_RESTORE_CHAIN;

	txn_chain_counters(a->txn, c, given ? cmd->packets : 0, given ? cmd->bytes : 0);
}

static int policy(struct apply *a, const struct ipt_cmd *cmd)
{
	const struct ipt_builtin *b = ipt_builtin_find(ipt_table_find(cmd->table), cmd->chain);
	bool drop = strcmp(cmd->arg, "DROP") == 0;
	struct chain *c;
	int status = IPT_OK;

	if (!drop && strcmp(cmd->arg, "ACCEPT") != 0)
		return prep_error(a, cmd,
				  cmd->kind == IPT_POLICY ? "Bad policy name. Run `dmesg' for more information"
							  : "Bad policy name");
	if (!b)
		return no_chain(a, cmd, "Bad built-in chain name");
	c = need_chain(a, cmd, &status);
	if (!c)
		return status;
	txn_chain_policy(a->txn, c, drop);
	set_counters(a, cmd, c);
	return IPT_OK;
}

/* ":NAME POLICY [p:b]" */
static int restore_chain(struct apply *a, const struct ipt_cmd *cmd)
{
	const struct ipt_builtin *b = ipt_builtin_find(ipt_table_find(cmd->table), cmd->chain);
	struct table *t;
	struct chain *c;

	if (b && strcmp(cmd->arg, "-") != 0)
		return policy(a, cmd);
	t = make_table(a, cmd->table);
	if (!t)
		return no_memory(a);
	c = b ? make_builtin(a, t, b) : table_chain(t, cmd->chain);
	if (c && !b)
		return txn_chain_flush(a->txn, c) == 0 ? IPT_OK : no_memory(a);
	if (!c)
		c = b ? NULL : txn_chain_add(a->txn, t, cmd->chain);
	if (c)
		set_counters(a, cmd, c);
	return c ? IPT_OK : no_memory(a);
}

/* "*table" without --noflush: the table goes, and comes back with what the file says */
static int restore_flush(struct apply *a, const struct ipt_cmd *cmd)
{
	const struct ipt_table *spec = ipt_table_find(cmd->table);
	struct table *t = table_of(a, cmd->table);
	struct chain **users = ipt_chains_sorted(t);

	if (!users)
		return no_memory(a);
	for (const struct ipt_builtin *b = spec->chains; b->name; b++)
		say(a, cmd, "Flushing", b->name);
	for (struct chain **u = users; *u; u++)
		say(a, cmd, "Flushing", (*u)->name);
	for (struct chain **u = users; *u; u++)
		say(a, cmd, "Deleting", (*u)->name);
	mem_free(users);
	if (t && txn_table_del(a->txn, t) < 0)
		return no_memory(a);
	return !cmd->verbose || make_table(a, cmd->table) ? IPT_OK : no_memory(a);	/* with -v it stays, empty */
}

/* ---- listing ---- */

static int list(struct apply *a, const struct ipt_cmd *cmd)
{
	const struct ipt_table *spec = ipt_table_find(cmd->table);
	const struct table *t = view(a, cmd->table);
	struct cmd *c = a->x->c;
	const char *error = NULL;
	int err;

	if (a->quiet)
		return IPT_OK;
	if (cmd->chain && !ipt_builtin_find(spec, cmd->chain) && !ipt_chain_find(spec, t, cmd->chain)) {
		ipt_fail(a->x, IPT_OTHER, "chain `%s' in table `%s' is incompatible, use 'nft' tool.", cmd->chain,
			 cmd->table);
		ipt_hint_chain(a->x, cmd->table, cmd->chain);
		return IPT_OTHER;
	}
	if (t && cmd->chain && !ipt_table_ok(spec, t, cmd->chain))
		return ipt_fail(a->x, IPT_OTHER, "chain `%s' in table `%s' is incompatible, use 'nft' tool.", cmd->chain,
				cmd->table);
	if (t && !ipt_table_ok(spec, t, NULL) && !cmd->chain)
		return ipt_fail(a->x, IPT_OTHER, "table `%s' is incompatible, use 'nft' tool.", cmd->table);
	if (t && ipt_table_foreign_base(spec, t) && (!cmd->chain || !ipt_chain_find(spec, t, cmd->chain)))
		cmd_out(c, "# Table `%s' contains incompatible base-chains, use 'nft' tool to list them.\n",
			cmd->table);
	if (cmd->kind == IPT_LIST)
		err = ipt_list(c, spec, t, cmd->chain, cmd->num, cmd->verbose, cmd->format, &error);
	else
		err = ipt_list_rules(c, spec, t, cmd->chain, cmd->num, cmd->verbose > 0, &error);
	if (err < 0)
		return no_memory(a);
	return error ? ipt_unreadable(a->x, error) : IPT_OK;
}

/* ---- batches ---- */

static int (*const runners[])(struct apply *a, const struct ipt_cmd *cmd) = {
	[IPT_APPEND] = put_rule,
	[IPT_INSERT] = put_rule,
	[IPT_DELETE] = match_rule,
	[IPT_DELETE_NUM] = delete_num,
	[IPT_REPLACE] = put_rule,
	[IPT_CHECK] = match_rule,
	[IPT_LIST] = list,
	[IPT_LIST_RULES] = list,
	[IPT_FLUSH] = flush,
	[IPT_ZERO] = zero,
	[IPT_ZERO_NUM] = zero_num,
	[IPT_NEW] = new_chain,
	[IPT_DEL_CHAIN] = delete_chain,
	[IPT_RENAME] = rename_chain,
	[IPT_POLICY] = policy,
	[IPT_RESTORE_CHAIN] = restore_chain,
	[IPT_RESTORE_FLUSH] = restore_flush,
};

struct apply *apply_begin(struct ipt_ctx *x)
{
	struct apply *a = mem_zalloc(sizeof(*a));

	if (!a)
		return NULL;
	a->x = x;
	a->rs = &x->c->ns->rules;
	return a;
}

int apply_run(struct apply *a, const struct ipt_cmd *cmd)
{
	if (a->n_done == a->cap_done) {
		unsigned cap = 2 * a->cap_done + 16;
		const struct ipt_cmd **grown = mem_realloc(a->done, cap * sizeof(*grown));

		if (!grown)
			return no_memory(a);
		a->done = grown;
		a->cap_done = cap;
	}
	a->done[a->n_done++] = cmd;
	return runners[cmd->kind](a, cmd);
}

static void drop_txn(struct apply *a)
{
	if (a->txn)
		txn_abort(a->txn);
	a->txn = NULL;
}

/* run the batch once more, to see after which rule it is wrong */
static void find_culprit(struct apply *a, int err)
{
	const struct ipt_cmd *last = NULL;

	a->quiet = a->blame = true;
	if (a->n_done <= BLAME_MAX)
		for (unsigned i = 0; i < a->n_done; i++)
			if (runners[a->done[i]->kind](a, a->done[i]) != IPT_OK)
				break;
	a->quiet = a->blame = false;
	drop_txn(a);
	for (unsigned i = 0; i < a->n_done; i++)
		if (a->done[i]->rule)
			last = a->done[i];
	if (!a->n_refused && last)
		refuse(a, last, "RULE_APPEND", err, "rule in chain", last->chain);
}

static int told(struct apply *a)
{
	const struct ipt_cmd *cmd = a->first_refused;
	int status = ipt_fail(a->x, IPT_RESOURCE, "%s", sbuf_str(&a->refused));

	if (cmd->rule) {
		const struct ipt_builtin *b = ipt_builtin_find(ipt_table_find(cmd->table), cmd->chain);
		struct xt_where w = where_of(cmd, b ? 1u << b->hook : 0);

		ipt_hint_refused(a->x, cmd->rule, &w, a->first_err);
	}
	return status;
}

int apply_commit(struct apply *a)
{
	int err = 0, status = IPT_OK;

	if (a->n_refused) {
		status = told(a);
	} else if (a->txn) {
		err = txn_commit(a->txn);
		a->txn = NULL;
	}
	if (err == -ENOMEM) {
		status = no_memory(a);
	} else if (err) {
		find_culprit(a, err);
		status = a->n_refused ? told(a) : fatal(a, IPT_RESOURCE, strerror(-err));
	}
	apply_abort(a);
	return status;
}

void apply_abort(struct apply *a)
{
	drop_txn(a);
	sbuf_free(&a->refused);
	mem_free(a->done);
	mem_free(a);
}
