/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/ipt_tables.c - the tables and built-in chains that iptables knows.
 *
 * A row gives a chain its hook and priority; nothing else in natbox knows which tables iptables has. The order is
 * that of iptables-save.
 */
#include <string.h>

#include "front/iptables.h"

#define PRE "PREROUTING", CHAIN_FILTER, NF_INET_PRE_ROUTING
#define IN "INPUT", CHAIN_FILTER, NF_INET_LOCAL_IN
#define FWD "FORWARD", CHAIN_FILTER, NF_INET_FORWARD
#define OUT "OUTPUT", CHAIN_FILTER, NF_INET_LOCAL_OUT
#define POST "POSTROUTING", CHAIN_FILTER, NF_INET_POST_ROUTING
#define SECURITY 150	/* what iptables-nft gives it, not the kernel's NF_IP_PRI_SECURITY */

const struct ipt_table ipt_tables[] = {
	{ "mangle",
	  { { PRE, NF_IP_PRI_MANGLE },
	    { IN, NF_IP_PRI_MANGLE },
	    { FWD, NF_IP_PRI_MANGLE },
	    { "OUTPUT", CHAIN_ROUTE, NF_INET_LOCAL_OUT, NF_IP_PRI_MANGLE },
	    { POST, NF_IP_PRI_MANGLE } } },
	{ "security", { { IN, SECURITY }, { FWD, SECURITY }, { OUT, SECURITY } } },
	{ "raw", { { PRE, NF_IP_PRI_RAW }, { OUT, NF_IP_PRI_RAW } } },
	{ "filter", { { IN, NF_IP_PRI_FILTER }, { FWD, NF_IP_PRI_FILTER }, { OUT, NF_IP_PRI_FILTER } } },
	{ "nat",
	  { { "PREROUTING", CHAIN_NAT, NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST },
	    { "INPUT", CHAIN_NAT, NF_INET_LOCAL_IN, NF_IP_PRI_NAT_SRC },
	    { "OUTPUT", CHAIN_NAT, NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST },
	    { "POSTROUTING", CHAIN_NAT, NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC } } },
	{ NULL, { { NULL, CHAIN_FILTER, 0, 0 } } },
};

const struct ipt_table *ipt_table_find(const char *name)
{
	for (const struct ipt_table *t = ipt_tables; t->name; t++)
		if (strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

const struct ipt_builtin *ipt_builtin_find(const struct ipt_table *t, const char *chain)
{
	for (const struct ipt_builtin *b = t->chains; b->name; b++)
		if (strcmp(b->name, chain) == 0)
			return b;
	return NULL;
}

bool ipt_chain_foreign(const struct ipt_table *t, const struct chain *c)
{
	const struct ipt_builtin *b = c->base ? ipt_builtin_find(t, c->name) : NULL;

	return c->base && !(b && b->hook == c->hook && b->priority == c->priority && b->type == c->type);
}

struct chain *ipt_chain_find(const struct ipt_table *t, const struct table *real, const char *name)
{
	struct chain *c = real ? table_chain(real, name) : NULL;

	return c && !ipt_chain_foreign(t, c) ? c : NULL;
}

bool ipt_table_ok(const struct ipt_table *t, const struct table *real, const char *chain)
{
	struct chain *c;

	list_for_each(c, &real->chains, node) {
		if (ipt_chain_foreign(t, c) || (chain && strcmp(chain, c->name) != 0))
			continue;
		for (unsigned i = 0; i < c->n_rules; i++)
			if (ipt_view_of(c->rules[i]).incompatible)
				return false;
	}
	return true;
}

bool ipt_table_own(const struct table *t)
{
	const struct chain *c;

	if (t->xt)
		return true;
	list_for_each(c, &t->chains, node)
		for (unsigned i = 0; i < c->n_rules; i++)
			if (ipt_rule_of(c->rules[i]))
				return true;
	return false;
}

bool ipt_table_foreign_base(const struct ipt_table *t, const struct table *real)
{
	struct chain *c;

	list_for_each(c, &real->chains, node)
		if (ipt_chain_foreign(t, c))
			return true;
	return false;
}
