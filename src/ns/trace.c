/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ns/trace.c - names of trace events.
 */
#include "ns/trace.h"

static const char *const names[] = {
	[TRACE_RX] = "rx",	 [TRACE_STAGE] = "stage", [TRACE_CHAIN] = "chain", [TRACE_RULE] = "rule",
	[TRACE_POLICY] = "policy", [TRACE_CT] = "ct",	  [TRACE_NAT] = "nat",	   [TRACE_ROUTE] = "route",
	[TRACE_NEIGH] = "neigh", [TRACE_LOCAL] = "local", [TRACE_TX] = "tx",	   [TRACE_DROP] = "drop",
	[TRACE_REPLY] = "reply",
};

static_assert(ARRAY_LEN(names) == TRACE_KIND_MAX, "every kind has a name");

const char *trace_kind_name(enum trace_kind k)
{
	return k < TRACE_KIND_MAX ? names[k] : "?";
}
