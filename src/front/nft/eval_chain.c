/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/eval_chain.c - base chains and flowtables: hooks, priorities, devices, as each family has them.
 *
 * Whether the kernel has a chain type at a hook is asked later, of the engine (exec.c).
 *
 * References: nft(8) CHAINS, FLOWTABLES.
 */
#include "front/nft/eval.h"

#include <string.h>

#include <linux/netfilter_arp.h>
#include <linux/netfilter_ipv4.h>

#include "base/mem.h"

static const char *const hook_names[] = { "ingress", "egress", "prerouting", "input", "forward", "postrouting", "output" };

static bool is_hook(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(hook_names); i++)
		if (strcmp(hook_names[i], name) == 0)
			return true;
	return false;
}

/* a family's number of a hook, -1: it has none */
static int hook_number(uint8_t family, const char *name)
{
	static const struct { const char *name; int ip, arp; } rows[] = {
		{ "prerouting", NF_INET_PRE_ROUTING, -1 }, { "input", NF_INET_LOCAL_IN, NF_ARP_IN },
		{ "forward", NF_INET_FORWARD, NF_ARP_FORWARD }, { "output", NF_INET_LOCAL_OUT, NF_ARP_OUT },
		{ "postrouting", NF_INET_POST_ROUTING, -1 },
	};

	if (family == NFPROTO_NETDEV)
		return strcmp(name, "ingress") == 0 ? NF_NETDEV_INGRESS : strcmp(name, "egress") == 0 ? NF_NETDEV_EGRESS : -1;
	if (family == NFPROTO_INET && strcmp(name, "ingress") == 0)
		return NF_INET_INGRESS;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return family == NFPROTO_ARP ? rows[i].arp : rows[i].ip;
	return -1;
}

/* ---- priorities ---- */

#define ANY_HOOK -1

static bool prio_value(uint8_t family, int hook, const char *name, int *val)
{
	static const struct { const char *name; int hook, val; } ip[] = {
		{ "raw", ANY_HOOK, NF_IP_PRI_RAW }, { "mangle", ANY_HOOK, NF_IP_PRI_MANGLE },
		{ "dstnat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST }, { "filter", ANY_HOOK, NF_IP_PRI_FILTER },
		{ "security", ANY_HOOK, NF_IP_PRI_SECURITY }, { "srcnat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC },
	}, bridge[] = {		/* hooks of bridges have the same numbers */
		{ "dstnat", NF_INET_PRE_ROUTING, -300 },
		{ "filter", ANY_HOOK, -200 }, { "out", NF_INET_LOCAL_OUT, 100 },
		{ "srcnat", NF_INET_POST_ROUTING, 300 },
	};
	bool br = family == NFPROTO_BRIDGE;

	if (family == NFPROTO_ARP || family == NFPROTO_NETDEV) {
		*val = 0;
		return strcmp(name, "filter") == 0;
	}
	for (size_t i = 0; i < (br ? ARRAY_LEN(bridge) : ARRAY_LEN(ip)); i++) {
		int at = br ? bridge[i].hook : ip[i].hook;

		if (strcmp(br ? bridge[i].name : ip[i].name, name) || (at != ANY_HOOK && at != hook))
			continue;
		*val = br ? bridge[i].val : ip[i].val;
		return true;
	}
	return false;
}

bool nft_ev_prio(struct nft_eval *v, struct nft_prio *p, int hook)
{
	int base = 0;

	if (!p->name)
		return true;
	if (!prio_value(v->family, hook, p->name, &base)) {
		nft_err(v->x, &p->loc, "invalid priority expression %s in this context.", "value");
		return false;
	}
	p->num += base;
	mem_free(p->name);
	p->name = NULL;
	return true;
}

/* ---- chains ---- */

static const char *family_name(uint8_t family)
{
	return nft_family_name(family);
}

static bool ev_hook(struct nft_eval *v, struct nft_chain *c)
{
	if (c->type && strcmp(c->type, "filter") && strcmp(c->type, "nat") && strcmp(c->type, "route")) {
		nft_err(v->x, &c->type_loc, "unknown chain type");
		return false;
	}
	if (!is_hook(c->hook_name)) {
		nft_err(v->x, &c->hook_loc, "unknown chain hook");
		return false;
	}
	c->hook = hook_number(v->family, c->hook_name);
	if (c->hook < 0) {
		nft_err(v->x, &c->hook_loc, "The %s family does not support this hook", family_name(v->family));
		return false;
	}
	return true;
}

static bool ev_devices(struct nft_eval *v, struct nft_cmd *cmd, struct nft_chain *c)
{
	bool needs = v->family == NFPROTO_NETDEV || (v->family == NFPROTO_INET && c->hook == NF_INET_INGRESS);
	bool has = c->dev.n || c->dev.expr;

	if (needs && !has) {
		struct nft_loc at = nft_loc_span(&c->type_loc, &c->prio.loc);

		at.col -= MIN(at.col - 1, 5u);		/* "type " */
		nft_err(v->x, &at, "Missing `device' in this chain definition");
		return false;
	}
	if (!needs && has) {
		nft_err(v->x, c->dev.expr ? &c->dev.expr->loc : &c->hook_loc, "This chain type cannot be bound to device");
		return false;
	}
	return true;
}

bool nft_ev_chain(struct nft_eval *v, struct nft_cmd *cmd, struct nft_chain *c)
{
	struct nft_rule *r;
	bool ok = true;

	if (c->base)
		ok = ev_hook(v, c) && nft_ev_prio(v, &c->prio, c->hook) && ev_devices(v, cmd, c);
	list_for_each(r, &c->rules, node)
		if (!nft_ev_stmts(v, &r->stmts))
			ok = false;
	return ok;
}

bool nft_ev_flowtable(struct nft_eval *v, struct nft_cmd *cmd, struct nft_flowtable *f)
{
	uint8_t family = v->family;
	bool ok;

	if (f->hook_name && strcmp(f->hook_name, "ingress")) {
		nft_err(v->x, &cmd->h.name_loc, "invalid hook %s", f->hook_name);
		return false;
	}
	v->family = NFPROTO_NETDEV;
	ok = nft_ev_prio(v, &f->prio, NF_NETDEV_INGRESS);
	v->family = family;
	return ok;
}
