/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/ruleset.h - tables, chains and rules of a network namespace, and the transactions that change them.
 *
 * Rules are immutable but for their counters and states, and shared between generations. A transaction works on a
 * copy of the tables that it touches; commit compiles, binds jumps, checks for loops, and puts the new generation in
 * place in one step; abort leaves nothing behind.
 *
 * Both dialects' tables are here. An iptables table (filter, nat, ...) has .xt set and its built-in chains; it is
 * made when first used, as iptables-nft makes it.
 */
#ifndef RULES_RULESET_H
#define RULES_RULESET_H

#include <netinet/in.h>	/* before the UAPI headers: they then leave its types alone */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>

#include "base/list.h"
#include "rules/ir.h"

struct clock;
struct flowtable;
struct ir_set;
struct set_elem;
struct rng;
/* base chains that a hook of a family can have: the kernel's MAX_HOOK_COUNT less the built-in stages */
#define RULESET_HOOK_MAX 1020

struct program;				/* a compiled rule: rules/vm.h */
struct classifier;			/* an index over a chain: rules/classify.h */

/* how a dialect keeps the written form of a rule: opaque here, printed and compared by its owner under front/ */
struct rule_form {
	const struct rule_form_ops *ops;
};

struct rule_form_ops {
	const char *dialect;		/* "iptables", "nft" */
	void (*free)(struct rule_form *f);
};

struct rule {
	int refs;
	uint64_t handle;
	struct rule_form *form;
	struct ir_list body;
	struct program *prog;		/* made at commit */
	uint64_t packets, bytes;	/* of the first IR_COUNTER */
	char *comment;
	/* found once by rule_new() */
	struct ir_stmt *jump;		/* its IR_JUMP or IR_GOTO, NULL: none; renaming a chain changes .verdict.name */
	bool has_refs;		/* to sets, objects or flowtables: rule_each_set(), rule_each_object() */
	bool has_vmap;
	bool needs_ct, needs_defrag;
	bool other_af[2];		/* needs them, but not in that family: it translates packets of the other one only */
	bool wants_acct;		/* it reads connections' counters */
};

struct rule_vec;			/* an array of rules shared by generations: rules/vec.h */

enum chain_type { CHAIN_FILTER, CHAIN_NAT, CHAIN_ROUTE };

struct chain {
	struct list node;		/* in table->chains, in order of creation */
	struct chain *name_next;	/* with the same hash of the name */
	struct table *table;
	char *name;
	uint64_t handle;
	bool base, builtin;		/* builtin: one of an iptables table's own */
	enum chain_type type;
	int hook;			/* NF_INET_* */
	int priority;
	uint64_t reg_seq;		/* order of registration: at equal priority the highest runs first */
	bool have_policy, policy_drop;
	bool counts;			/* what its policy decides: from the first txn_chain_counters() on */
	uint64_t packets, bytes;	/* policy counters of iptables chains */
	char *dev;			/* netdev and inet ingress: its device; several: NULL-terminated .devs */
	char **devs;
	char *comment;			/* NULL: none */
	bool bound;			/* anonymous: lives with the rule that jumps here */
	unsigned n_rules;
	struct rule **rules;		/* those of .vec */
	struct rule_vec *vec;
	struct classifier *index;	/* NULL: too few rules to be worth it, or not used enough yet */
	uint32_t index_after;		/* packets until an index is tried, 0: there is one or none is wanted */
	unsigned refs;			/* rules that jump here, counted at commit */
	/* a transaction's own */
	struct chain *origin;		/* what it is a copy of; NULL in a committed chain */
	char *was;			/* its name before txn_chain_rename() */
	bool counters_set, touched;
	unsigned seen_level, seen_by;	/* txn_check(): deepest level it was found right at, from which base chain */
};

struct table {
	struct list node;		/* in ruleset->tables */
	uint8_t family;			/* NFPROTO_* */
	char *name;
	uint64_t handle;
	bool xt;			/* belongs to iptables */
	bool dormant;
	uint32_t flags;			/* NFT_TABLE_F_* as given; .dormant is one of them */
	char *comment;			/* NULL: none */
	uint64_t next_handle;		/* of its chains, rules, sets (anonymous ones too), objects and flowtables */
	/* in order of creation; shared by generations (rules/set.h, rules/object.h) */
	struct ir_set **sets;		/* anonymous ones too */
	struct ir_object **objects;
	struct flowtable **flowtables;
	unsigned n_sets, n_objects, n_flowtables;
	uint64_t *anon[2];		/* which numbers anonymous sets and maps have, a bit each */
	unsigned n_anon[2];		/* words of these */
	unsigned n_bound;		/* anonymous chains that it had or has */
	bool anon_loose;		/* rules went: anonymous sets and chains may have nobody any more */
	struct list chains;
	unsigned n_chains;
	struct chain **by_name;		/* n_names lists by hash of the name; NULL: few chains, the list is searched */
	unsigned n_names;
	bool renames;			/* a transaction gave one of the chains another name */
};

/* what a commit has changed: told of its elements first, then of its tables, then of its end */
enum rules_event_kind { RULES_ELEM_ADDED, RULES_ELEM_REMOVED, RULES_TABLE, RULES_COMMITTED };

struct rules_event {
	enum rules_event_kind kind;
	const struct table *before, *after;	/* RULES_TABLE: NULL: there was, is none; .before is about to be freed */
	struct ir_set *set;			/* RULES_ELEM_*: shared by both */
	const struct table *table;		/* its table as it will be; NULL: it goes with it */
	const struct set_elem *elem;
	uint32_t gen;				/* RULES_COMMITTED */
	int pid;				/* whose commit it was, where the place knows */
	const char *by;
};

/* who wants to know; must not change the rule set */
struct rules_listener {
	struct list node;		/* in ruleset->listeners */
	void (*event)(struct rules_listener *l, const struct rules_event *ev);
};

struct ruleset {
	struct list tables;		/* of struct table, in order of creation */
	uint32_t gen;			/* moves with each commit */
	uint32_t n_batches;		/* commits that changed something: the generation that the kernel tells, less one */
	uint64_t next_handle, next_seq, next_chain_id;
	/* what the committed rules need: path switches stages on and off by them; by family index [0] IPv4, [1] IPv6 */
	bool needs_ct[2], needs_defrag[2], has_nat[2];
	bool wants_acct;		/* a new rule reads connections' counters: path switches accounting on */
	struct list shared;		/* of struct shared: tables that rules share by name (rules/shared.h) */
	const struct clock *clock;	/* for elements that expire; NULL: time stands at 0 */
	struct rng *rng;		/* for the keys of sets' hash tables; NULL: fixed ones */
	struct list listeners;		/* of struct rules_listener */
	void (*committed)(void *ctx, struct ruleset *rs);	/* path rebuilds its hook arrays here */
	void *ctx;
};

void ruleset_init(struct ruleset *rs);
void ruleset_free(struct ruleset *rs);
struct table *ruleset_table(const struct ruleset *rs, uint8_t family, const char *name);	/* NULL: none */
struct chain *table_chain(const struct table *t, const char *name);
/* by handle; NULL, or -ENOENT: none */
struct table *ruleset_table_by_handle(const struct ruleset *rs, uint8_t family, uint64_t handle);
struct chain *table_chain_by_handle(const struct table *t, uint64_t handle);
int chain_rule_by_handle(const struct chain *c, uint64_t handle);	/* its index */
/** ruleset_order() - tables and what is in them stand by handle again: for who gave them others than they were made with */
void ruleset_order(struct ruleset *rs);

/*
 * ---- transactions: every call works on the new generation only; 0 or -errno ----
 *
 * Tables, chains and their rules may be read directly (table_chain(), chain->rules); they are changed only through
 * these. Several may be open at once: the first one to commit wins, the others get -EAGAIN.
 */

struct txn;

struct txn *txn_begin(struct ruleset *rs);		/* NULL: no memory */
/** txn_count() - the kernel counts this batch as a change, whatever else is in it: naming a chain or a set again does */
void txn_count(struct txn *x);
/** txn_table() - as the transaction sees it, made private; NULL with errno ENOENT (none) or ENOMEM */
struct table *txn_table(struct txn *x, uint8_t family, const char *name);
/** txn_table_add(), txn_chain_add() - NULL: EEXIST or ENOMEM by errno */
struct table *txn_table_add(struct txn *x, uint8_t family, const char *name, bool xt);
int txn_table_del(struct txn *x, struct table *t);	/* with all that is in it */
/** txn_table_set() - @comment NULL: as it was */
int txn_table_set(struct txn *x, struct table *t, uint32_t flags, const char *comment);
/** txn_each_table() - tables as the transaction sees them, not made private; stops at non-zero and returns it */
int txn_each_table(struct txn *x, int (*fn)(void *ctx, const struct table *t), void *ctx);
/** txn_flush() - deletes every table of a family (NFPROTO_UNSPEC: of all), iptables' too */
int txn_flush(struct txn *x, uint8_t family);
/** @name NULL: an anonymous one (.bound), which goes with the rule that jumps to it */
struct chain *txn_chain_add(struct txn *x, struct table *t, const char *name);
int txn_chain_set_base(struct txn *x, struct chain *c, enum chain_type type, int hook, int priority, bool policy_drop);
int txn_chain_set_devs(struct txn *x, struct chain *c, char *const *devs);	/* NULL-terminated, copied */
int txn_chain_set_comment(struct txn *x, struct chain *c, const char *comment);	/* copied */
int txn_chain_del(struct txn *x, struct chain *c);	/* -EBUSY: rules in it, jumps to it, or verdict maps lead to it */
int txn_chain_rename(struct txn *x, struct chain *c, const char *name);	/* -EEXIST, -ENOMEM; jumps to it follow */
int txn_chain_flush(struct txn *x, struct chain *c);
void txn_chain_policy(struct txn *x, struct chain *c, bool drop);
void txn_chain_counters(struct txn *x, struct chain *c, uint64_t packets, uint64_t bytes);
/**
 * rule_new() - a rule with one reference; takes both over, @body is empty afterwards
 * Return: NULL: no memory, or @body->failed (both freed)
 */
struct rule *rule_new(struct rule_form *form, struct ir_list *body);
struct rule *rule_get(struct rule *r);
void rule_put(struct rule *r);				/* NULL is fine */
/**
 * rule_state() - of a rule's @nth function that has one (its IR_TEST statements in order, from 0), as fn.h says what it is
 * Return: NULL: no such function, or the rule was not committed yet
 */
void *rule_state(const struct rule *r, int nth);
/**
 * txn_rule_insert() - takes the reference of @r, also when it fails
 * @at: index from 0, n_rules appends
 * Return: 0, -EINVAL (no such place), -ENOMEM
 */
int txn_rule_insert(struct txn *x, struct chain *c, unsigned at, struct rule *r);
int txn_rule_replace(struct txn *x, struct chain *c, unsigned at, struct rule *r);	/* the same */
int txn_rule_delete(struct txn *x, struct chain *c, unsigned at);
int txn_rule_zero(struct txn *x, struct chain *c, unsigned at);		/* its counters, at commit */
/**
 * txn_check() - what commit would refuse
 * Return: 0; -ENOENT (jump to a missing chain), -EMLINK (jumps too deep, loops included: this is what Linux says),
 * -EINVAL (a rule that may not be reached from such a base chain), -E2BIG (more base chains than a hook can have), or
 * rule_compile()'s; *where (may be NULL) is the
 * chain at fault
 */
int txn_check(struct txn *x, struct chain **where);
/**
 * txn_commit() - put the new generation in place; frees the transaction
 * Return: 0; txn_check()'s, -EAGAIN, -ENOMEM: the rule set is as it was
 */
int txn_commit(struct txn *x);
void txn_abort(struct txn *x);
/** txn_refuse() - the same, as when the kernel refuses a batch: the handles that it gave out are not given out again */
void txn_refuse(struct txn *x);

#endif
