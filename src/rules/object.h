/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/object.h - named objects of a table, which rules and maps refer to: counter, quota, limit, ct helper, ct
 * timeout, ct expectation, synproxy, secmark; and flowtables.
 *
 * A stateful object is a struct ir_fn with its data and one state, shared by all that refer to it.
 */
#ifndef RULES_OBJECT_H
#define RULES_OBJECT_H

#include "rules/ruleset.h"

struct object_ct_helper { char helper[16]; uint8_t l3proto, l4proto; };	/* AF_*: 0: the table's */
struct object_ct_timeout { uint8_t l3proto, l4proto; uint32_t timeout_s[16]; uint32_t set; };	/* .set: a bit each, order of the UAPI's CTA_TIMEOUT_* less 1 */
struct object_ct_expect { uint8_t l3proto, l4proto; be16 dport; uint32_t timeout_ms; uint8_t size; };
struct object_synproxy { uint16_t mss; uint8_t wscale; uint32_t flags; };	/* NF_SYNPROXY_OPT_* */
struct object_secmark { char ctx[256]; };

struct ir_object {
	int refs;			/* tables of all generations, expressions and elements that hold it */
	char name[NFT_OBJ_MAXNAMELEN];
	int type;			/* NFT_OBJECT_* */
	uint64_t handle;
	unsigned uses;			/* rules of the committed generation that refer to it */
	char *comment;
	const struct ir_fn *fn;		/* counter, quota, limit; NULL for the others */
	void *data;			/* the function's data (owned) */
	void *state;			/* of .fn, aligned to 16 */
	union {
		struct object_ct_helper ct_helper;
		struct object_ct_timeout ct_timeout;
		struct object_ct_expect ct_expect;
		struct object_synproxy synproxy;
		struct object_secmark secmark;
	};
};

struct flowtable {
	int refs;
	char name[NFT_NAME_MAXLEN];
	uint64_t handle;
	unsigned uses;
	int hook, priority;		/* NF_NETDEV_INGRESS */
	uint32_t flags;			/* NFT_FLOWTABLE_* */
	bool counter;
	char **dev;			/* NULL-terminated, sorted */
};

/** table_object(), table_flowtable() - by name, NULL: none; a transaction's tables show its view */
struct ir_object *table_object(const struct table *t, int type, const char *name);
struct flowtable *table_flowtable(const struct table *t, const char *name);
struct ir_object *table_object_by_handle(const struct table *t, int type, uint64_t handle);
struct flowtable *table_flowtable_by_handle(const struct table *t, uint64_t handle);
/**
 * txn_object_add() - a copy of @o's name, type, comment and parameters; takes @o->data over also when it fails
 * Return: NULL with errno EEXIST, ENOMEM, EINVAL
 */
struct ir_object *txn_object_add(struct txn *x, struct table *t, const struct ir_object *o);
int txn_object_del(struct txn *x, struct table *t, struct ir_object *o);	/* -EBUSY */
/**
 * txn_object_update() - at commit, @o has the parameters (data or the union's member) of @from; what it counted stays
 * Takes @from->data over also when it fails.
 */
int txn_object_update(struct txn *x, struct ir_object *o, const struct ir_object *from);
/** txn_object_reset() - its state as at the beginning, at commit (`reset counter`, `reset quota`) */
int txn_object_reset(struct txn *x, struct ir_object *o);
struct flowtable *txn_flowtable_add(struct txn *x, struct table *t, const struct flowtable *f);	/* devices are copied */
int txn_flowtable_del(struct txn *x, struct table *t, struct flowtable *f);
/** txn_flowtable_devs() - devices more (add) or fewer; -EEXIST, -ENOENT */
int txn_flowtable_devs(struct txn *x, struct table *t, struct flowtable *f, char *const *dev, bool add);

/** object_eval() - a stateful object for a packet: false: the rule ends */
bool object_eval(struct ir_object *o, struct match_ctx *m);

struct ir_object *ir_object_get(struct ir_object *o);
void ir_object_put(struct ir_object *o);

#endif
