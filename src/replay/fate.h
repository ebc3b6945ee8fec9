/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay/fate.h - what became of packets: counted from the engine's trace events, told at the end.
 */
#ifndef REPLAY_FATE_H
#define REPLAY_FATE_H

#include "ns/trace.h"

#define FATE_RULES 4096		/* chains and rules that dropped something; further ones are counted together */
#define FATE_BINDINGS 4096	/* different bindings; likewise */

struct fate_rule {		/* what one rule, or one chain's policy, dropped */
	const struct chain *chain;
	const struct rule *rule;
	unsigned index;
	enum drop_reason why;
	uint64_t packets;
};

struct fate_binding {		/* translations of one kind from and to the same address (and port, where it was changed) */
	bool dst;
	uint8_t family, proto;
	union inet_addr from, to;
	be16 port_from, port_to;	/* 0: not changed */
	uint64_t connections;
};

struct fate {
	struct fate_rule *rule;		/* n_rules of FATE_RULES */
	struct fate_binding *binding;
	unsigned n_rules, n_bindings;
	uint64_t other_rules, other_bindings;
	uint64_t connections, expired;
	/* the last rule or policy of the walk that is going on */
	const struct chain *chain;
	const struct rule *last;
	unsigned index;
	/* of the input packet being walked, for -v */
	uint64_t id;
	enum { FATE_NONE, FATE_FORWARDED, FATE_LOCAL, FATE_DROPPED } what;
	enum drop_reason why;
	const struct link *out;
};

int fate_init(struct fate *f);		/* -ENOMEM */
void fate_free(struct fate *f);
void fate_trace(struct fate *f, const struct trace_event *ev);
void fate_conn(struct fate *f, enum ct_event ev, const struct conn *c);
/** fate_begin() - a packet of the input is about to be walked */
void fate_begin(struct fate *f, const struct pkt *p);
void fate_report(const struct fate *f, const struct netns *ns, struct sbuf *out);

#endif
