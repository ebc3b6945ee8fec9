/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/ruleset.h - tables, chains and rules of a network namespace, and the transactions that change them.
 *
 * Rules are immutable but for their counters and states, and shared between generations. A transaction works on a copy of the tables that it touches;
 * commit compiles, binds jumps, checks for loops, and puts the new generation in place in one step; abort leaves nothing behind.
 *
 * Both dialects' tables are here. An iptables table (filter, nat, ...) has .xt set and its built-in chains; it is made when first
 * used, as iptables-nft makes it.
 */
#ifndef RULES_RULESET_H
#define RULES_RULESET_H

#include <netinet/in.h>	/* before the UAPI headers: they then leave its types alone */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>

#include "base/list.h"
#include "rules/ir.h"

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
};

enum chain_type { CHAIN_FILTER, CHAIN_NAT, CHAIN_ROUTE };

struct chain {
	struct list node;		/* in table->chains, in order of creation */
	struct table *table;
	char *name;
	uint64_t handle;
	bool base, builtin;		/* builtin: one of an iptables table's own */
	enum chain_type type;
	int hook;			/* NF_INET_* */
	int priority;
	uint64_t reg_seq;		/* order of registration: at equal priority the highest runs first */
	bool have_policy, policy_drop;
	uint64_t packets, bytes;	/* policy counters of iptables chains */
	char *dev;
	unsigned n_rules, cap_rules;
	struct rule **rules;
	struct classifier *index;	/* NULL: too few rules to be worth it */
	unsigned refs;			/* rules that jump here, counted at commit */
};

struct table {
	struct list node;		/* in ruleset->tables */
	uint8_t family;			/* NFPROTO_* */
	char *name;
	uint64_t handle;
	bool xt;			/* belongs to iptables */
	bool dormant;
	struct list chains;
};

struct ruleset {
	struct list tables;		/* of struct table, in order of creation */
	uint32_t gen;			/* moves with each commit */
	uint64_t next_handle, next_seq;
	/* what the committed rules need: path switches stages on and off by them; by family index [0] IPv4, [1] IPv6 */
	bool needs_ct[2], needs_defrag[2], has_nat[2];
	void (*committed)(void *ctx, struct ruleset *rs);	/* path rebuilds its hook arrays here */
	void *ctx;
};

void ruleset_init(struct ruleset *rs);
void ruleset_free(struct ruleset *rs);
struct table *ruleset_table(const struct ruleset *rs, uint8_t family, const char *name);	/* NULL: none */
struct chain *table_chain(const struct table *t, const char *name);

/* ---- transactions: every call works on the new generation only; 0 or -errno ---- */

struct txn;

struct txn *txn_begin(struct ruleset *rs);		/* NULL: no memory */
struct table *txn_table(struct txn *x, uint8_t family, const char *name);	/* as the transaction sees it, made private; NULL: none */
struct table *txn_table_add(struct txn *x, uint8_t family, const char *name, bool xt);
int txn_table_del(struct txn *x, struct table *t);
/* a table of the transaction may be changed only through these */
struct chain *txn_chain_add(struct txn *x, struct table *t, const char *name);		/* -EEXIST by errno */
int txn_chain_set_base(struct txn *x, struct chain *c, enum chain_type type, int hook, int priority, bool policy_drop);
int txn_chain_del(struct txn *x, struct chain *c);	/* -EBUSY: rules in it or jumps to it; -ENOTEMPTY */
int txn_chain_rename(struct txn *x, struct chain *c, const char *name);
int txn_chain_flush(struct txn *x, struct chain *c);
void txn_chain_policy(struct txn *x, struct chain *c, bool drop);
void txn_chain_counters(struct txn *x, struct chain *c, uint64_t packets, uint64_t bytes);
struct rule *rule_new(struct rule_form *form, struct ir_list *body);	/* takes both over; NULL: no memory (both freed) */
void rule_put(struct rule *r);
int txn_rule_insert(struct txn *x, struct chain *c, unsigned at, struct rule *r);	/* at: index from 0, n_rules appends; takes the reference */
int txn_rule_replace(struct txn *x, struct chain *c, unsigned at, struct rule *r);
int txn_rule_delete(struct txn *x, struct chain *c, unsigned at);
int txn_rule_zero(struct txn *x, struct chain *c, unsigned at);
/** txn_check() - what commit would refuse: -ENOENT (jump to a missing chain), -ELOOP, -EMLINK (jumps too deep); *where is the chain at fault */
int txn_check(struct txn *x, struct chain **where);
int txn_commit(struct txn *x);		/* frees the transaction; on failure the rule set is as it was */
void txn_abort(struct txn *x);

#endif
