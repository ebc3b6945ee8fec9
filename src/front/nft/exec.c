/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/exec.c - evaluated commands as changes of a transaction: tables, chains and rules.
 *
 * Where it stands: on the rule's way, between eval.c and rules/txn.c; run.c calls nft_exec_cmd() for each command and
 * commits at the end.
 *
 * Theory of operation: the batch is one transaction, in which every command sees what those before it did. A command
 * that the engine refuses adds its error and the next one is tried, as the kernel does; nothing is committed then.
 *
 * Invariants
 *  1. Everything of a batch is committed, or nothing.
 *
 * References: nf_tables_api.c in the kernel for what is refused; nft(8) for the commands.
 */
#include <errno.h>
#include <string.h>

#include <netinet/in.h>	/* before the UAPI headers */
#include <linux/netfilter_arp.h>

#include "front/nft/exec.h"
#include "front/nft/lower.h"

/* in a batch of more commands a jump is only checked at commit, and then the last rule is at fault */
#define CHECK_MAX 512

/* ---- tables as the batch sees them ---- */

bool nft_open_txn(struct nft_ctx *x)
{
	if (!x->txn)
		x->txn = txn_begin(&x->c->ns->rules);
	if (!x->txn)
		x->oom = true;
	return x->txn;
}

struct view { struct nft_ctx *x; bool (*fn)(struct nft_ctx *x, const struct table *t, void *arg); void *arg; };

static int view_one(void *ctx, const struct table *t)
{
	struct view *v = ctx;

	return !v->fn(v->x, t, v->arg);
}

bool nft_each_table(struct nft_ctx *x, bool (*fn)(struct nft_ctx *x, const struct table *t, void *arg), void *arg)
{
	struct view v = { x, fn, arg };
	const struct table *t;

	if (x->txn)
		return txn_each_table(x->txn, view_one, &v) == 0;
	list_for_each(t, &x->c->ns->rules.tables, node)
		if (!fn(x, t, arg))
			return false;
	return true;
}

struct by_name { uint8_t family; const char *name; const struct table *found; };

static bool has_name(struct nft_ctx *x, const struct table *t, void *arg)
{
	struct by_name *b = arg;

	if (t->family == b->family && strcmp(t->name, b->name) == 0)
		b->found = t;
	return !b->found;
}

const struct table *nft_table_view(struct nft_ctx *x, uint8_t family, const char *name)
{
	struct by_name b = { family, name, NULL };

	if (!x->txn)
		return ruleset_table(&x->c->ns->rules, family, name);
	nft_each_table(x, has_name, &b);
	return b.found;
}

uint8_t nft_cmd_family(const struct nft_cmd *cmd)
{
	return cmd->h.family == NFPROTO_UNSPEC ? NFPROTO_IPV4 : cmd->h.family;
}

struct table *nft_table_of(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct table *t;

	if (!nft_open_txn(x))
		return NULL;
	t = txn_table(x->txn, nft_cmd_family(cmd), cmd->h.table);
	if (!t)
		nft_refused(x, cmd, &cmd->h.table_loc, -errno);
	return t;
}

struct table *nft_table_asked(struct nft_ctx *x, struct nft_cmd *cmd)
{
	if (nft_table_view(x, nft_cmd_family(cmd), cmd->h.table))
		return nft_table_of(x, cmd);
	nft_not_found(x, cmd, &cmd->h.table_loc);
	return NULL;
}

static bool done(struct nft_ctx *x, const struct nft_cmd *cmd, const struct nft_loc *loc, int err)
{
	return !err || nft_refused(x, cmd, loc, err);
}

/* ---- tables ---- */

static bool add_table(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct table *t;

	if (!nft_open_txn(x))
		return false;
	t = txn_table(x->txn, nft_cmd_family(cmd), cmd->h.table);
	if (t && cmd->op == NFT_C_CREATE)
		return nft_refused(x, cmd, &cmd->h.table_loc, -EEXIST);
	if (t) {
		txn_table_set(x->txn, t, cmd->table ? cmd->table->flags : 0, NULL);
		return true;
	}
	if (errno == ENOENT)
		t = txn_table_add(x->txn, nft_cmd_family(cmd), cmd->h.table, false);
	if (!t)
		return nft_refused(x, cmd, &cmd->h.table_loc, -errno);
	if (!cmd->table)
		return true;
	return done(x, cmd, NULL, txn_table_set(x->txn, t, cmd->table->flags, cmd->table->comment));
}

struct by_handle { uint8_t family; uint64_t handle; const struct table *found; };

static bool has_handle(struct nft_ctx *x, const struct table *t, void *arg)
{
	struct by_handle *b = arg;

	if (t->handle == b->handle && t->family == b->family)
		b->found = t;
	return !b->found;
}

static bool delete_table(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct by_handle b = { nft_cmd_family(cmd), cmd->h.handle, NULL };
	struct table *t;

	if (cmd->h.table) {
		t = nft_table_of(x, cmd);
		return t && done(x, cmd, NULL, txn_table_del(x->txn, t));
	}
	if (!nft_open_txn(x))
		return false;
	nft_each_table(x, has_handle, &b);
	if (!b.found)
		return nft_refused(x, cmd, &cmd->h.handle_loc, -ENOENT);
	t = txn_table(x->txn, b.family, b.found->name);
	return t && done(x, cmd, NULL, txn_table_del(x->txn, t));
}

static bool flush_table(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct table *t = nft_table_of(x, cmd);
	struct chain *c;

	if (!t)
		return false;
	list_for_each(c, &t->chains, node)
		if (!c->bound && txn_chain_flush(x->txn, c) < 0)
			return done(x, cmd, NULL, -ENOMEM);
	return true;
}

static bool flush_ruleset(struct nft_ctx *x, struct nft_cmd *cmd)
{
	return nft_open_txn(x) && done(x, cmd, NULL, txn_flush(x->txn, cmd->h.family_given ? cmd->h.family : NFPROTO_UNSPEC));
}

/* ---- chains ---- */

static struct chain *chain_of(struct nft_ctx *x, struct nft_cmd *cmd, struct table **t)
{
	struct chain *c;

	*t = nft_table_of(x, cmd);
	if (!*t)
		return NULL;
	if (cmd->h.chain) {
		c = table_chain(*t, cmd->h.chain);
		if (!c)
			nft_refused(x, cmd, &cmd->h.chain_loc, -ENOENT);
		return c;
	}
	c = table_chain_by_handle(*t, cmd->h.handle);
	if (!c)
		nft_refused(x, cmd, &cmd->h.handle_loc, -ENOENT);
	return c;
}

static enum chain_type type_of(const struct nft_chain *s)
{
	if (!s->type || strcmp(s->type, "filter") == 0)
		return CHAIN_FILTER;
	return strcmp(s->type, "nat") == 0 ? CHAIN_NAT : CHAIN_ROUTE;
}

/* families that have the kinds nat and route */
static bool has_kinds(uint8_t family)
{
	return family == NFPROTO_IPV4 || family == NFPROTO_IPV6 || family == NFPROTO_INET;
}

/* which kinds of base chain the kernel has at which hooks */
static bool base_ok(uint8_t family, const struct nft_chain *s)
{
	bool ip = has_kinds(family);

	switch (type_of(s)) {
	case CHAIN_NAT:
		return ip && s->hook != NF_INET_FORWARD && s->hook <= NF_INET_POST_ROUTING &&
		       s->prio.num > NF_IP_PRI_CONNTRACK;
	case CHAIN_ROUTE:
		return ip && s->hook == NF_INET_LOCAL_OUT;
	default:
		return family != NFPROTO_ARP || s->hook != NF_ARP_FORWARD;
	}
}

static bool base_refused(struct nft_ctx *x, const struct nft_cmd *cmd, uint8_t family)
{
	bool known = has_kinds(family) || type_of(cmd->chain) == CHAIN_FILTER;

	return nft_refused(x, cmd, known ? NULL : &cmd->chain->type_loc, known ? -EOPNOTSUPP : -ENOENT);
}

static int set_devices(struct nft_ctx *x, struct chain *c, const struct nft_chain *s)
{
	char **devs;
	int err;

	if (!s->dev.n)
		return 0;
	devs = mem_zalloc((s->dev.n + 1) * sizeof(*devs));
	if (!devs)
		return -ENOMEM;
	memcpy(devs, s->dev.dev, s->dev.n * sizeof(*devs));
	err = txn_chain_set_devs(x->txn, c, devs);
	mem_free(devs);
	return err;
}

static bool make_base(struct nft_ctx *x, struct nft_cmd *cmd, struct chain *c)
{
	const struct nft_chain *s = cmd->chain;
	int err;

	if (!base_ok(c->table->family, s))
		return base_refused(x, cmd, c->table->family);
	if (s->flags)
		return nft_refused(x, cmd, NULL, -EOPNOTSUPP);	/* no device here offloads */
	err = txn_chain_set_base(x->txn, c, type_of(s), s->hook, s->prio.num, s->policy == NF_DROP);
	if (!err)
		err = set_devices(x, c, s);
	return done(x, cmd, NULL, err);
}

static bool update_chain(struct nft_ctx *x, struct nft_cmd *cmd, struct chain *c)
{
	const struct nft_chain *s = cmd->chain;

	if (cmd->op == NFT_C_CREATE)
		return nft_refused(x, cmd, &cmd->h.chain_loc, -EEXIST);
	txn_count(x->txn);
	if (!s)
		return true;
	if (s->base && (!c->base || c->type != type_of(s)))
		return nft_refused(x, cmd, &cmd->h.chain_loc, -EEXIST);
	if (s->base && (c->hook != s->hook || c->priority != s->prio.num))
		return nft_refused(x, cmd, NULL, -EOPNOTSUPP);
	if (s->policy >= 0 && !c->base)
		return nft_refused(x, cmd, NULL, -EOPNOTSUPP);
	if (s->policy >= 0)
		txn_chain_policy(x->txn, c, s->policy == NF_DROP);
	return true;
}

static bool add_chain(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct table *t = nft_table_asked(x, cmd);
	const struct nft_chain *s = cmd->chain;
	struct chain *c = t ? table_chain(t, cmd->h.chain) : NULL;

	if (!t)
		return false;
	if (c)
		return update_chain(x, cmd, c);
	if (s && s->base && !base_ok(t->family, s))
		return base_refused(x, cmd, t->family);
	if (s && !s->base && s->policy >= 0)
		return nft_refused(x, cmd, NULL, -EOPNOTSUPP);
	c = txn_chain_add(x->txn, t, cmd->h.chain);
	if (!c)
		return nft_refused(x, cmd, &cmd->h.chain_loc, -errno);
	if (s && s->comment && txn_chain_set_comment(x->txn, c, s->comment) < 0)
		return done(x, cmd, NULL, -ENOMEM);
	return !s || !s->base || make_base(x, cmd, c);
}

static bool delete_chain(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct table *t;
	struct chain *c = chain_of(x, cmd, &t);

	if (!c)
		return false;
	if (txn_chain_flush(x->txn, c) < 0)
		return done(x, cmd, NULL, -ENOMEM);
	return done(x, cmd, cmd->h.chain ? &cmd->h.chain_loc : &cmd->h.handle_loc, txn_chain_del(x->txn, c));
}

static bool rename_chain(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct table *t = nft_table_asked(x, cmd);
	struct chain *c = t ? table_chain(t, cmd->h.chain) : NULL;

	if (!t)
		return false;
	if (!c)
		return nft_not_found(x, cmd, &cmd->h.chain_loc);
	return done(x, cmd, NULL, txn_chain_rename(x->txn, c, cmd->arg));
}

static bool exec_flush_chain(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct table *t;
	struct chain *c = chain_of(x, cmd, &t);

	return c && done(x, cmd, NULL, txn_chain_flush(x->txn, c));
}

/* ---- rules ---- */

static struct nft_rule *rule_copy(const struct nft_rule *r)
{
	struct nft_rule *c = nft_rule_new(&r->loc);
	const struct nft_stmt *s;

	if (!c)
		return NULL;
	c->comment = r->comment ? mem_strdup(r->comment) : NULL;
	list_for_each(s, &r->stmts, node) {
		struct nft_stmt *copy = nft_stmt_clone(s);

		if (!copy) {
			nft_rule_free(c);
			return NULL;
		}
		list_add_tail(&c->stmts, &copy->node);
	}
	return c;
}

static void begin_counter(struct rule *r, const struct list *stmts)
{
	const struct nft_stmt *s;

	list_for_each(s, stmts, node) {
		if (s->kind != NFT_S_COUNTER)
			continue;
		r->packets = s->counter.packets;
		r->bytes = s->counter.bytes;
		return;
	}
}

/* the IR and form of a rule; NULL: *@err, its error added */
static struct rule *make_rule(struct nft_ctx *x, struct table *t, struct nft_rule *r, bool take, int *err)
{
	struct rule_form *form;
	struct ir_list body;
	struct nft_rule *tree;
	struct rule *made;

	*err = nft_lower_rule(x, t, r, &body);
	if (*err) {
		t->next_handle++;	/* it had one already */
		if (take)
			nft_rule_free(r);
		return NULL;
	}
	tree = take ? r : rule_copy(r);
	form = tree ? nft_rule_form_new(x, t->family, tree) : NULL;
	made = form ? rule_new(form, &body) : NULL;
	if (!made) {
		if (!form)
			ir_list_free(&body);
		x->oom = true;
		*err = -ENOMEM;
		return NULL;
	}
	begin_counter(made, &tree->stmts);
	if (tree->comment)
		made->comment = mem_strdup(tree->comment);
	return made;
}

int nft_add_rule(struct nft_ctx *x, struct table *t, struct chain *c, unsigned at, struct nft_rule *r, bool take)
{
	int err;
	struct rule *made = make_rule(x, t, r, take, &err);

	return made ? txn_rule_insert(x->txn, c, at, made) : err;
}

/* where a new rule goes; -1: refused */
static int rule_place(struct nft_ctx *x, struct nft_cmd *cmd, const struct chain *c)
{
	const struct nft_handle *h = &cmd->h;
	bool insert = cmd->op == NFT_C_INSERT;
	uint64_t handle = h->position ? h->position : h->handle;
	int at;

	if (h->have_index) {
		if (h->index < c->n_rules)
			return (int)h->index + !insert;
		nft_refused(x, cmd, &h->index_loc, -ENOENT);
		return -1;
	}
	if (!handle)
		return insert ? 0 : (int)c->n_rules;
	at = chain_rule_by_handle(c, handle);
	if (at >= 0)
		return at + !insert;
	nft_refused(x, cmd, h->position ? &h->position_loc : &h->handle_loc, -ENOENT);
	return -1;
}

/* can the rules, as they are now, be reached only from where they may be; @cmd is told else */
static bool check_now(struct nft_ctx *x, const struct nft_cmd *cmd)
{
	int err;

	if (x->n_cmds > CHECK_MAX || (!x->invalid && !list_empty(&x->refused)))
		return true;	/* of a batch that is refused anyway nobody asks */
	err = txn_check(x->txn, NULL);
	x->invalid |= err != 0;		/* and each rule that follows is refused for the same */
	return !err || nft_refused(x, cmd, NULL, err == -EINVAL ? -EOPNOTSUPP : err);
}

static bool needs_check(const struct rule *r)
{
	for (const struct ir_stmt *s = r->body.first; s; s = s->next)
		if (s->kind == IR_VMAP || (s->kind == IR_VERDICT && s->verdict.name))
			return true;
	return r->body.hooks || r->body.types;
}

/* a place among other rules is looked up by the tool itself, which then misses the chain before the kernel does */
static bool has_neighbours(struct nft_ctx *x, const struct nft_cmd *cmd)
{
	const struct nft_handle *h = &cmd->h;
	const struct table *t;

	if (!h->have_index && !h->position && !h->handle)
		return true;
	t = nft_table_view(x, nft_cmd_family(cmd), h->table);
	if (t && table_chain(t, h->chain))
		return true;
	return nft_not_found(x, cmd, t ? &h->chain_loc : &h->table_loc);
}

static bool add_rule(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct table *t;
	struct chain *c = has_neighbours(x, cmd) ? chain_of(x, cmd, &t) : NULL;
	int at = c ? rule_place(x, cmd, c) : -1, err;
	struct rule *r;
	bool check;

	if (at < 0)
		return false;
	r = make_rule(x, t, cmd->rule, true, &err);
	cmd->rule = NULL;
	if (!r)
		return false;
	check = x->invalid || needs_check(r);
	cmd->made = r;
	if (!done(x, cmd, NULL, txn_rule_insert(x->txn, c, (unsigned)at, r)))
		return false;
	return !check || check_now(x, cmd);
}

static bool replace_rule(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct table *t;
	struct chain *c = chain_of(x, cmd, &t);
	int at = c ? chain_rule_by_handle(c, cmd->h.handle) : -1, err;
	struct rule *r;
	bool check;

	if (c && at < 0)
		return nft_refused(x, cmd, &cmd->h.handle_loc, -ENOENT);
	if (!c)
		return false;
	r = make_rule(x, t, cmd->rule, true, &err);
	cmd->rule = NULL;
	if (!r)
		return false;
	check = x->invalid || needs_check(r);
	cmd->made = r;
	if (!done(x, cmd, NULL, txn_rule_replace(x->txn, c, (unsigned)at, r)))
		return false;
	return !check || check_now(x, cmd);
}

static bool delete_rule(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct table *t;
	struct chain *c = chain_of(x, cmd, &t);
	int at = c ? chain_rule_by_handle(c, cmd->h.handle) : -1;

	if (!c)
		return false;
	if (at < 0)
		return nft_refused(x, cmd, &cmd->h.handle_loc, -ENOENT);
	return done(x, cmd, NULL, txn_rule_delete(x->txn, c, (unsigned)at));
}

/* ---- all commands ---- */

static bool exec_add(struct nft_ctx *x, struct nft_cmd *cmd)
{
	switch (cmd->what) {
	case NFT_W_TABLE:
		return add_table(x, cmd);
	case NFT_W_CHAIN:
		return add_chain(x, cmd);
	case NFT_W_RULE:
		return add_rule(x, cmd);
	case NFT_W_SET: case NFT_W_MAP: case NFT_W_METER:
		return nft_exec_set(x, cmd);
	case NFT_W_ELEMENT:
		return nft_exec_elems(x, cmd);
	case NFT_W_FLOWTABLE:
		return nft_exec_flowtable(x, cmd);
	default:
		return nft_exec_object(x, cmd);
	}
}

static bool exec_delete(struct nft_ctx *x, struct nft_cmd *cmd)
{
	switch (cmd->what) {
	case NFT_W_TABLE:
		return delete_table(x, cmd);
	case NFT_W_CHAIN:
		return delete_chain(x, cmd);
	case NFT_W_RULE:
		return delete_rule(x, cmd);
	case NFT_W_SET: case NFT_W_MAP: case NFT_W_METER:
		return nft_exec_set(x, cmd);
	case NFT_W_ELEMENT:
		return nft_exec_elems(x, cmd);
	case NFT_W_FLOWTABLE:
		return nft_exec_flowtable(x, cmd);
	default:
		return nft_exec_object(x, cmd);
	}
}

static bool exec_flush(struct nft_ctx *x, struct nft_cmd *cmd)
{
	switch (cmd->what) {
	case NFT_W_RULESET:
		return flush_ruleset(x, cmd);
	case NFT_W_TABLE:
		return flush_table(x, cmd);
	case NFT_W_CHAIN:
		return exec_flush_chain(x, cmd);
	default:
		return nft_exec_set(x, cmd);
	}
}

static bool no_export(struct nft_ctx *x, const struct nft_cmd *cmd)
{
	struct nft_loc whole = cmd->loc;

	whole.end++;
	nft_err(x, &whole, "JSON export is no longer supported, use 'nft -j list ruleset' instead");
	return false;
}

bool nft_exec_cmd(struct nft_ctx *x, struct nft_cmd *cmd)
{
	switch (cmd->op) {
	case NFT_C_ADD: case NFT_C_CREATE: case NFT_C_INSERT:
		return exec_add(x, cmd);
	case NFT_C_REPLACE:
		return replace_rule(x, cmd);
	case NFT_C_DELETE: case NFT_C_DESTROY:
		return exec_delete(x, cmd);
	case NFT_C_FLUSH:
		return exec_flush(x, cmd);
	case NFT_C_RENAME:
		return rename_chain(x, cmd);
	case NFT_C_LIST:
		return nft_list(x, cmd);
	case NFT_C_RESET:
		return nft_reset(x, cmd);
	case NFT_C_GET:
		return nft_get(x, cmd);
	case NFT_C_DESCRIBE:
		return nft_describe(x, cmd);
	case NFT_C_MONITOR:
		return nft_monitor(x, cmd);
	case NFT_C_EXPORT:
		return no_export(x, cmd);
	case NFT_C_IMPORT:
		return nft_refused(x, cmd, NULL, -EOPNOTSUPP);
	}
	nft_err(x, &cmd->loc, "natbox cannot do this yet");
	return false;
}
