/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ns/trace.h - what happened to a packet, step by step: path/ tells, for explain, `nft monitor trace` and verbose labs.
 */
#ifndef NS_TRACE_H
#define NS_TRACE_H

#include "ns/netns.h"
#include "rules/vm.h"

enum trace_kind {
	TRACE_RX,		/* arrived on .link */
	TRACE_STAGE,		/* a built-in stage of a hook ran: .stage names it */
	TRACE_CHAIN,		/* enters a base chain */
	TRACE_RULE,		/* a rule matched: .rule, .index, .verdict */
	TRACE_POLICY,		/* a base chain's policy decided */
	TRACE_CT,		/* connection found or made */
	TRACE_NAT,		/* translated: before and after */
	TRACE_ROUTE,		/* routing decision: .route */
	TRACE_NEIGH,		/* waits for, or got, a neighbour */
	TRACE_LOCAL,		/* delivered to a socket */
	TRACE_TX,		/* leaves by .link */
	TRACE_DROP,		/* ended here: .drop */
	TRACE_REPLY,		/* the host made an answer (ICMP error, reset): .other is its id */
	TRACE_KIND_MAX
};

struct trace_event {
	enum trace_kind kind;
	struct netns *ns;
	const struct pkt *pkt;
	uint64_t time_ns;
	int hook;			/* NF_INET_*, -1: none */
	const char *stage;		/* "defrag", "conntrack", "nat", "confirm" */
	const struct link *link;
	const struct chain *chain;
	const struct rule *rule;
	unsigned index;
	enum ir_verdict verdict;
	/* of rules and policies */
	const struct chain *to;		/* a jump's or goto's */
	const struct link *in, *out;	/* as the hook has them */
	uint32_t id;			/* the packet's name in nft's traces: the same on all of its way through this host */
	bool traced;			/* it has PKT_TRACE; .pkt is NULL when a rule has taken the packet away */
	bool first;			/* of the base chain's traced ones */
	enum drop_reason drop;
	const struct route_result *route;
	struct tuple before, after;
	uint64_t other;
};

const char *trace_kind_name(enum trace_kind k);

#endif
