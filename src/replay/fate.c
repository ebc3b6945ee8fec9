/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay/fate.c - counting and telling what became of packets.
 */
#include "replay/fate.h"

#include <errno.h>
#include <stdlib.h>

#include "ct/print.h"
#include "front/iptables.h"

int fate_init(struct fate *f)
{
	*f = (struct fate){ .rule = mem_zalloc(FATE_RULES * sizeof(*f->rule)), .binding = mem_zalloc(FATE_BINDINGS * sizeof(*f->binding)) };
	if (f->rule && f->binding)
		return 0;
	fate_free(f);
	return -ENOMEM;
}

void fate_free(struct fate *f)
{
	mem_free(f->rule);
	mem_free(f->binding);
	*f = (struct fate){ 0 };
}

void fate_begin(struct fate *f, const struct pkt *p)
{
	f->id = p->id;
	f->what = FATE_NONE;
	f->why = DROP_NONE;
	f->out = NULL;
	f->chain = NULL;
	f->last = NULL;
}

static void blame(struct fate *f, enum drop_reason why)
{
	struct fate_rule *r = f->rule, *end = f->rule + f->n_rules;

	while (r < end && !(r->chain == f->chain && r->rule == f->last && r->why == why))
		r++;
	if (r == end) {
		if (f->n_rules == FATE_RULES) {
			f->other_rules++;
			return;
		}
		f->n_rules++;
		*r = (struct fate_rule){ .chain = f->chain, .rule = f->last, .index = f->index, .why = why };
	}
	r->packets++;
}

void fate_trace(struct fate *f, const struct trace_event *ev)
{
	bool ours = ev->pkt && ev->pkt->id == f->id;

	switch (ev->kind) {
	case TRACE_RULE:
	case TRACE_POLICY:
		f->chain = ev->chain;
		f->last = ev->kind == TRACE_RULE ? ev->rule : NULL;
		f->index = ev->index;
		break;
	case TRACE_DROP:
		if (ev->drop == DROP_RULE || ev->drop == DROP_POLICY || ev->drop == DROP_REJECTED)
			blame(f, ev->drop);
		if (ours) {
			f->what = FATE_DROPPED;
			f->why = ev->drop;
		}
		break;
	case TRACE_LOCAL:
		if (ours)
			f->what = FATE_LOCAL;
		break;
	case TRACE_TX:
		if (ours) {
			f->what = FATE_FORWARDED;
			f->out = ev->link;
		}
		break;
	default:
		break;
	}
}

static void bound(struct fate *f, const struct fate_binding *want)
{
	struct fate_binding *b = f->binding, *end = f->binding + f->n_bindings;

	while (b < end && !(b->dst == want->dst && b->family == want->family && b->proto == want->proto && addr_eq(&b->from, &want->from) &&
			    addr_eq(&b->to, &want->to) && b->port_from == want->port_from && b->port_to == want->port_to))
		b++;
	if (b == end) {
		if (f->n_bindings == FATE_BINDINGS) {
			f->other_bindings++;
			return;
		}
		f->n_bindings++;
		*b = *want;
	}
	b->connections++;
}

void fate_conn(struct fate *f, enum ct_event ev, const struct conn *c)
{
	const struct tuple *o = &c->tuple[IP_CT_DIR_ORIGINAL], *r = &c->tuple[IP_CT_DIR_REPLY];
	bool ports = o->proto == IPPROTO_TCP || o->proto == IPPROTO_UDP;

	if (ev == CT_EVENT_DESTROY)
		f->expired++;
	if (ev != CT_EVENT_NEW)
		return;
	f->connections++;
	if (c->status & IPS_DST_NAT) {
		bool port = ports && o->dport != r->sport;

		bound(f, &(struct fate_binding){ .dst = true, .family = o->family, .proto = o->proto, .from = o->dst, .to = r->src,
						 .port_from = port ? o->dport : 0, .port_to = port ? r->sport : 0, .connections = 0 });
	}
	/* a source port that was changed only to be unique says nothing about the rules */
	if (c->status & IPS_SRC_NAT)
		bound(f, &(struct fate_binding){ .family = o->family, .proto = o->proto, .from = o->src, .to = r->dst });
}

static void put_chain(struct sbuf *out, const struct fate_rule *r)
{
	sbuf_printf(out, "    %8llu  %s ", (unsigned long long)r->packets, r->why == DROP_REJECTED ? "rejected by" : "dropped by");
	if (!r->chain) {
		sbuf_puts(out, "a rule\n");
		return;
	}
	sbuf_printf(out, "%s %s, ", r->chain->table->name, r->chain->name);
	if (!r->rule) {
		sbuf_puts(out, "policy\n");
		return;
	}
	sbuf_printf(out, "rule %u", r->index + 1);
	if (!ipt_rule_of(r->rule)) {	/* iptables may not see all that nft's rules say */
		sbuf_putc(out, '\n');
		return;
	}
	sbuf_puts(out, ": ");
	ipt_save_rule(out, r->chain, r->rule, false, false);	/* with its newline */
}

static int by_packets(const void *a, const void *b)
{
	const struct fate_rule *x = a, *y = b;

	return (x->packets < y->packets) - (x->packets > y->packets);
}

static int by_connections(const void *a, const void *b)
{
	const struct fate_binding *x = a, *y = b;

	return (x->connections < y->connections) - (x->connections > y->connections);
}

static void put_end(struct sbuf *out, const struct fate_binding *b, const union inet_addr *a, be16 port)
{
	addr_put(out, b->family, a);
	if (port)
		sbuf_printf(out, ":%u", ntohs(port));
}

void fate_report(const struct fate *f, const struct netns *ns, struct sbuf *out)
{
	uint64_t dropped = 0;

	qsort(f->rule, f->n_rules, sizeof(*f->rule), by_packets);
	qsort(f->binding, f->n_bindings, sizeof(*f->binding), by_connections);
	for (unsigned i = 1; i < DROP_REASON_MAX; i++)
		dropped += ns->drops[i];
	sbuf_printf(out, "forwarded    %10llu\n", (unsigned long long)ns->forwarded);
	sbuf_printf(out, "to the host  %10llu\n", (unsigned long long)ns->delivered);
	sbuf_printf(out, "from it      %10llu\n", (unsigned long long)ns->originated);
	sbuf_printf(out, "dropped      %10llu\n", (unsigned long long)dropped);
	for (unsigned i = 1; i < DROP_REASON_MAX; i++)
		if (ns->drops[i])
			sbuf_printf(out, "  %10llu  %s: %s\n", (unsigned long long)ns->drops[i], drop_reason_name(i), drop_reason_text(i));
	for (unsigned i = 0; i < f->n_rules; i++)
		put_chain(out, &f->rule[i]);
	if (f->other_rules)
		sbuf_printf(out, "    %8llu  by other rules\n", (unsigned long long)f->other_rules);
	sbuf_printf(out, "connections  %10llu\n", (unsigned long long)f->connections);
	for (unsigned i = 0; i < f->n_bindings; i++) {
		const struct fate_binding *b = &f->binding[i];

		sbuf_printf(out, "  %10llu  %s %s ", (unsigned long long)b->connections, b->dst ? "dnat" : "snat", ct_proto_name(b->proto));
		put_end(out, b, &b->from, b->port_from);
		sbuf_puts(out, " -> ");
		put_end(out, b, &b->to, b->port_to);
		sbuf_putc(out, '\n');
	}
	if (f->other_bindings)
		sbuf_printf(out, "  %10llu  other bindings\n", (unsigned long long)f->other_bindings);
}
