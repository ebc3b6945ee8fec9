/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/hooks.c - the hook arrays: what runs at each hook, in which order, and the loop that runs it.
 *
 * On the packet's way: called by path.c at each of the five hooks.
 *
 * Theory of operation: each family and hook has one array, sorted by priority, the newest first at equal priority. The built-in stages
 * are entries in it beside the base chains. They are there only while a rule needs them: defragmentation and conntrack when some rule matches or sets
 * connection state or a nat chain exists, the nat entry when a nat chain exists. All nat chains run inside the one nat entry of their hook, in
 * order of their own priority. The arrays are made anew at each commit of the rule set.
 *
 * Invariants
 *  1. An entry's chain pointer lives as long as the generation of the rule set that the array was made from.
 *  2. A packet that hooks_run() does not accept has been freed or handed on, and its unconfirmed connection with it.
 */
#include "path/private.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/netfilter_ipv4.h>

#include "ct/nat.h"

void hook_add(struct hook_array *a, struct hook_entry e)
{
	unsigned at = a->n;

	if (a->n == HOOK_ENTRIES)
		return;
	while (at > 0) {
		const struct hook_entry *prev = &a->entry[at - 1];

		if (prev->priority < e.priority || (prev->priority == e.priority && prev->seq > e.seq))
			break;
		a->entry[at] = *prev;
		at--;
	}
	a->entry[at] = e;
	a->n++;
}

static bool chain_in_family(const struct chain *c, unsigned fi)
{
	uint8_t f = c->table->family;

	return f == NFPROTO_INET || f == (fi ? NFPROTO_IPV6 : NFPROTO_IPV4);
}

/* nat chains of one hook into path->nat_chain[], by priority, the newest first at equal priority */
static void collect_nat(struct netns *ns, unsigned fi, int hook, struct hook_entry *e)
{
	struct path *path = ns->path;
	const struct table *t;
	const struct chain *c;

	e->first = path->n_nat_chains;
	e->n = 0;
	list_for_each(t, &ns->rules.tables, node) {
		list_for_each(c, &t->chains, node) {
			const struct chain **base = &path->nat_chain[e->first];
			unsigned at = e->n;

			if (!c->base || c->type != CHAIN_NAT || c->hook != hook || t->dormant || !chain_in_family(c, fi))
				continue;
			if (path->n_nat_chains == ARRAY_LEN(path->nat_chain) || e->n == HOOK_ENTRIES)
				return;
			for (; at > 0; at--) {
				if (base[at - 1]->priority < c->priority ||
				    (base[at - 1]->priority == c->priority && base[at - 1]->reg_seq > c->reg_seq))
					break;
				base[at] = base[at - 1];
			}
			base[at] = c;
			e->n++;
			path->n_nat_chains++;
		}
	}
}

static void add_builtin(struct netns *ns, unsigned fi, int hook)
{
	struct hook_array *a = &ns->path->hook[fi][hook];
	bool first = hook == NF_INET_PRE_ROUTING || hook == NF_INET_LOCAL_OUT;
	bool last = hook == NF_INET_LOCAL_IN || hook == NF_INET_POST_ROUTING;

	if (first && ns->rules.needs_defrag[fi])
		hook_add(a, (struct hook_entry){ .stage = STAGE_DEFRAG, .priority = NF_IP_PRI_CONNTRACK_DEFRAG });
	if (first && ns->rules.needs_ct[fi])
		hook_add(a, (struct hook_entry){ .stage = STAGE_CONNTRACK, .priority = NF_IP_PRI_CONNTRACK });
	if (hook != NF_INET_FORWARD && ns->rules.has_nat[fi]) {
		struct hook_entry e = { .stage = STAGE_NAT, .priority = first ? NF_IP_PRI_NAT_DST : NF_IP_PRI_NAT_SRC };

		collect_nat(ns, fi, hook, &e);
		hook_add(a, e);
	}
	if (last && ns->rules.needs_ct[fi])
		hook_add(a, (struct hook_entry){ .stage = STAGE_CONFIRM, .priority = INT_MAX });
}

void hooks_rebuild(struct netns *ns)
{
	struct path *path = ns->path;
	const struct table *t;
	const struct chain *c;

	if (ns->rules.wants_acct) {
		ns->ct_conf.acct = 1;
		ns->rules.wants_acct = false;
	}
	frame_hooks_rebuild(ns);
	path->n_nat_chains = 0;
	for (unsigned fi = 0; fi < 2; fi++) {
		for (int hook = 0; hook < NF_INET_NUMHOOKS; hook++) {
			path->hook[fi][hook].n = 0;
			add_builtin(ns, fi, hook);
		}
		list_for_each(t, &ns->rules.tables, node) {
			list_for_each(c, &t->chains, node) {
				if (!c->base || t->dormant || c->type == CHAIN_NAT || !chain_in_family(c, fi) || c->hook < 0 ||
				    c->hook >= NF_INET_NUMHOOKS)
					continue;
				hook_add(&path->hook[fi][c->hook],
				    (struct hook_entry){ .stage = STAGE_CHAIN, .priority = c->priority, .seq = c->reg_seq, .chain = c });
			}
		}
	}
}

/* a name for the packet that tells nothing of how many there were */
static uint32_t trace_id(uint64_t id)
{
	return (uint32_t)((id + 1) * 0x9e3779b97f4a7c15u >> 32);
}

static void trace_rule(struct match_ctx *m, const struct chain *c, unsigned index, const struct rule *r, enum ir_verdict v,
		       const struct chain *to)
{
	struct act_ctx *a = m->ctx;
	const struct pkt *p = v == IR_STOLEN ? NULL : m->pkt;

	if (p)
		a->traced = p->flags & PKT_TRACE;
	TRACE_AT(a->ns, m->hook, .kind = r ? TRACE_RULE : TRACE_POLICY, .pkt = p, .chain = c, .rule = r, .index = index,
		 .verdict = v, .to = to, .in = m->in, .out = m->out, .id = trace_id(a->id), .traced = a->traced,
		 .first = a->traced && !a->told);
	a->told |= a->traced;
}

static int match_lookup(const struct match_ctx *m, const struct route_key *k, struct route_result *res)
{
	struct act_ctx *a = m->ctx;

	return path_route(a->ns, k, res);
}

static void match_init(struct match_ctx *m, struct act_ctx *a, struct netns *ns, struct pkt *p, const struct hook_state *st)
{
	*a = (struct act_ctx){ .ns = ns, .st = st, .id = p->id, .traced = p->flags & PKT_TRACE };
	*m = (struct match_ctx){
		.pkt = p,
		.hook = st->hook,
		.family = p->family,
		.pf = st->pf,
		.with_mac = st->with_mac,
		.in = st->in,
		.out = st->out,
		.phys_in = p->phys_iif ? link_by_index(&ns->links, p->phys_iif) : NULL,
		.phys_out = p->phys_oif ? link_by_index(&ns->links, p->phys_oif) : NULL,
		.fib = &ns->fib,
		.links = &ns->links,
		.ct = ns->ct,
		.clock = &ns->world->clock,
		.rng = &ns->world->rng,
		.route = p->dst,
		.act = act_stmt,
		.set_field = act_set_field,
		.lookup = match_lookup,
		.trace = ns->world->trace ? trace_rule : NULL,
		.ctx = a,
		.cacheable = true,
	};
}

enum verdict hook_run_chain(struct netns *ns, struct pkt *p, const struct hook_state *st, const struct chain *c)
{
	struct match_ctx m;
	struct act_ctx a;
	struct vm_result res;

	match_init(&m, &a, ns, p, st);
	TRACE_AT(ns, st->hook, .kind = TRACE_CHAIN, .pkt = p, .chain = c);
	vm_run(c, &m, &res);
	switch (res.v) {
	case IR_ACCEPT:
		return VERDICT_ACCEPT;
	case IR_STOLEN:
		return VERDICT_STOLEN;
	default:
		p->drop = a.why ? a.why : res.rule ? DROP_RULE : DROP_POLICY;
		return VERDICT_DROP;
	}
}

/* what `type route` chains watch */
struct reroute_key {
	union inet_addr src, dst;
	uint32_t mark;
	uint8_t ds;
};

static bool reroute_differs(const struct reroute_key *k, const struct pkt *p)
{
	union inet_addr src = pkt_src(p), dst = pkt_dst(p);

	return !addr_eq(&k->src, &src) || !addr_eq(&k->dst, &dst) || k->mark != p->mark || k->ds != pkt_dsfield(p);
}

/* a `type route` chain: a local packet that it changes is routed again; later chains of the hook still see the interface chosen first */
static enum verdict run_route_chain(struct netns *ns, struct pkt *p, const struct hook_state *st, const struct chain *c)
{
	struct reroute_key k = { pkt_src(p), pkt_dst(p), p->mark, pkt_dsfield(p) };
	enum verdict v = hook_run_chain(ns, p, st, c);

	if (v == VERDICT_ACCEPT && st->hook == NF_INET_LOCAL_OUT && reroute_differs(&k, p) && !path_reroute(ns, p, p->dst)) {
		p->drop = DROP_NO_ROUTE;
		return VERDICT_DROP;
	}
	return v;
}

/*
 * The nat entry. Chains are consulted once a connection and manip, by its first packet; afterwards, and for answers, the binding is applied.
 */
static enum verdict nat_stage(struct netns *ns, struct pkt *p, const struct hook_state *st, const struct hook_entry *e)
{
	enum nat_manip manip = nat_manip_of_hook(st->hook);
	struct conn *c = p->ct;
	enum verdict v;

	if (!c || (p->flags & PKT_UNTRACKED))
		return VERDICT_ACCEPT;
	if (p->ctinfo == IP_CT_RELATED || p->ctinfo == IP_CT_RELATED_REPLY) {
		if (p->proto == IPPROTO_ICMP || p->proto == IPPROTO_ICMPV6)
			return nat_packet(ns->ct, p, st->hook);
	}
	if (p->ctinfo == IP_CT_NEW || p->ctinfo == IP_CT_RELATED || p->ctinfo == IP_CT_RELATED_REPLY) {
		for (unsigned i = 0; i < e->n && !nat_bound(c, manip); i++) {
			v = hook_run_chain(ns, p, st, ns->path->nat_chain[e->first + i]);
			if (v != VERDICT_ACCEPT)
				return v;
		}
		if (!nat_bound(c, manip)) {
			v = nat_null_binding(ns->ct, c, manip, &p->drop);
			if (v != VERDICT_ACCEPT)
				return v;
		}
	}
	return nat_packet(ns->ct, p, st->hook);
}

static void trace_nat(struct netns *ns, const struct pkt *p, int hook, const struct tuple *before)
{
	struct tuple after;

	if (tuple_of_pkt(p, 0, &after) == 0 && !tuple_eq(before, &after))
		TRACE_AT(ns, hook, .kind = TRACE_NAT, .pkt = p, .before = *before, .after = after);
}

/* the nat entry, watched; a local packet with a translated destination is routed again, every time */
static enum verdict nat_entry(struct netns *ns, struct pkt *p, const struct hook_state *st, const struct hook_entry *e)
{
	struct tuple before = { 0 };
	bool watch = ns->world->trace && tuple_of_pkt(p, 0, &before) == 0;
	enum verdict v = nat_stage(ns, p, st, e);

	if (watch && v == VERDICT_ACCEPT)
		trace_nat(ns, p, st->hook, &before);
	if (v == VERDICT_ACCEPT && st->hook == NF_INET_LOCAL_OUT && p->ct && !(p->flags & PKT_UNTRACKED)) {
		int dir = CTINFO2DIR(p->ctinfo);

		if (!addr_eq(&p->ct->tuple[dir].dst, &p->ct->tuple[!dir].src) && !path_reroute(ns, p, p->dst)) {
			p->drop = DROP_NO_ROUTE;
			return VERDICT_DROP;
		}
	}
	return v;
}

/* the whole datagram in place of its last fragment, or nothing yet */
static enum verdict defrag_stage(struct netns *ns, struct pkt **p, const struct hook_state *st)
{
	enum frag_user user = st->hook == NF_INET_PRE_ROUTING ? FRAG_USER_PREROUTING : FRAG_USER_OUTPUT;
	enum drop_reason why = DROP_NONE;
	struct pkt *whole;

	/* IPv6: a fragment that is all there is loses its Fragment header here; one without all headers goes on as it is */
	if (!((*p)->flags & PKT_FRAG) && !(*p)->frag_at)
		return VERDICT_ACCEPT;
	if (frag_is_headless(*p))
		return VERDICT_ACCEPT;
	whole = frag_add(&ns->frags, *p, user, clock_ms(&ns->world->clock), &why);
	ns->world->ops->timers_changed(ns->world);
	if (!whole) {
		if (why)
			ns->drops[why]++;
		return VERDICT_STOLEN;
	}
	*p = whole;
	return VERDICT_ACCEPT;
}

static enum verdict conntrack_stage(struct netns *ns, struct pkt *p, const struct hook_state *st)
{
	enum verdict v;

	if (p->ct || (p->flags & PKT_UNTRACKED)) /* seen on its way out over lo, attached, or exempt */
		return VERDICT_ACCEPT;
	p->flags &= ~PKT_CT_TEMPLATE;
	v = ct_in(ns->ct, p, st->hook);
	TRACE_AT(ns, st->hook, .kind = TRACE_CT, .pkt = p);
	return v;
}

static enum verdict run_entry(struct netns *ns, struct pkt **p, const struct hook_state *st, const struct hook_entry *e)
{
	switch (e->stage) {
	case STAGE_DEFRAG:
		return defrag_stage(ns, p, st);
	case STAGE_CONNTRACK:
		return conntrack_stage(ns, *p, st);
	case STAGE_NAT:
		return nat_entry(ns, *p, st, e);
	case STAGE_CONFIRM:
		return ct_confirm(ns->ct, *p);
	case STAGE_CHAIN:
		if (e->chain->type == CHAIN_ROUTE)
			return run_route_chain(ns, *p, st, e->chain);
		return hook_run_chain(ns, *p, st, e->chain);
	}
	return VERDICT_ACCEPT;
}

enum verdict hooks_run(struct netns *ns, struct pkt **p, const struct hook_state *st, int *err)
{
	static const char *const stage_name[] = { "defrag", "conntrack", NULL, "nat", "confirm" };
	static_assert(ARRAY_LEN(stage_name) == STAGE_CONFIRM + 1, "every stage has a name");
	const struct hook_array *a = &ns->path->hook[family_index((*p)->family)][st->hook];

	for (unsigned i = 0; i < a->n; i++) {
		const struct hook_entry *e = &a->entry[i];
		enum verdict v;

		if (e->stage != STAGE_CHAIN)
			TRACE_AT(ns, st->hook, .kind = TRACE_STAGE, .pkt = *p, .stage = stage_name[e->stage]);
		v = run_entry(ns, p, st, e);
		if (likely(v == VERDICT_ACCEPT))
			continue;
		if (v == VERDICT_DROP)
			path_drop(ns, *p, (*p)->drop ? (*p)->drop : DROP_RULE);
		if (err)
			*err = v == VERDICT_DROP ? -EPERM : 0;
		return v;
	}
	return VERDICT_ACCEPT;
}
