/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/frame.c - the hooks below IP: arp, bridge and netdev chains, and inet's ingress.
 *
 * On the packet's way: called where a frame comes in by a link or leaves by one (path.c), where ARP is read or sent (arp.c),
 * and on the way through a bridge (bridge.c); never where no such chain exists.
 *
 * Theory of operation: each of these hooks has one array of base chains, sorted as IP's hooks are. Chains of netdev and inet
 * ingress stand in the array of all devices, and are passed over for those that they do not name. A frame is looked into
 * anew, as nobody may have parsed it yet: an IP header that is not right makes it a packet without one.
 *
 * Invariants
 *  1. A packet that frame_hooks_run() does not accept is gone.
 *  2. What the frame carries behind the IP packet (padding) is still there afterwards.
 *
 * References: the kernel's nft_chain_filter.c; lengths and absent headers as counters on Linux 6.18 showed them.
 */
#include "path/private.h"

#include <linux/netfilter_arp.h>

#include "net/parse.h"

/* the bridge's hooks have the numbers of inet's (NF_BR_PRE_ROUTING is 0) */
static const struct frame_hook_info {
	uint8_t pf, hook;
	bool with_mac;			/* the packet begins with its Ethernet header there: lengths count it */
} frame_hook_info[FRAME_HOOKS] = {
	[FRAME_ARP_IN] = { NFPROTO_ARP, NF_ARP_IN, false },
	[FRAME_ARP_OUT] = { NFPROTO_ARP, NF_ARP_OUT, true },
	[FRAME_BR_PRE_ROUTING] = { NFPROTO_BRIDGE, NF_INET_PRE_ROUTING, false },
	[FRAME_BR_LOCAL_IN] = { NFPROTO_BRIDGE, NF_INET_LOCAL_IN, false },
	[FRAME_BR_FORWARD] = { NFPROTO_BRIDGE, NF_INET_FORWARD, false },
	[FRAME_BR_LOCAL_OUT] = { NFPROTO_BRIDGE, NF_INET_LOCAL_OUT, false },
	[FRAME_BR_POST_ROUTING] = { NFPROTO_BRIDGE, NF_INET_POST_ROUTING, false },
	[FRAME_INGRESS] = { NFPROTO_NETDEV, NF_NETDEV_INGRESS, false },
	[FRAME_EGRESS] = { NFPROTO_NETDEV, NF_NETDEV_EGRESS, true },
};

/* where a base chain runs; FRAME_HOOKS: not below IP */
static unsigned hook_of(const struct chain *c)
{
	if (c->table->family == NFPROTO_INET)
		return c->hook == NF_INET_INGRESS ? FRAME_INGRESS : FRAME_HOOKS;
	for (unsigned i = 0; i < FRAME_HOOKS; i++)
		if (frame_hook_info[i].pf == c->table->family && frame_hook_info[i].hook == c->hook)
			return i;
	return FRAME_HOOKS;
}

void frame_hooks_rebuild(struct netns *ns)
{
	const struct table *t;
	const struct chain *c;

	for (unsigned i = 0; i < FRAME_HOOKS; i++)
		ns->path->frame[i].n = 0;
	list_for_each(t, &ns->rules.tables, node) {
		if (t->dormant)
			continue;
		list_for_each(c, &t->chains, node) {
			unsigned at = c->base ? hook_of(c) : FRAME_HOOKS;

			if (at < FRAME_HOOKS)
				hook_add(&ns->path->frame[at], (struct hook_entry){ .stage = STAGE_CHAIN,
										    .priority = c->priority,
										    .seq = c->reg_seq,
										    .chain = c });
		}
	}
}

static bool names(const struct chain *c, const struct link *l)
{
	if (c->dev && strcmp(c->dev, l->name) == 0)
		return true;
	for (char **dev = c->devs; dev && *dev; dev++)
		if (strcmp(*dev, l->name) == 0)
			return true;
	return false;
}

static void look_inside(struct pkt *p)
{
	uint32_t end = p->end;

	if ((p->ethertype != htons(ETH_P_IP) && p->ethertype != htons(ETH_P_IPV6)) || parse_ip(p))
		p->family = 0;
	p->end = end;
}

/* inet's ingress sees IP only, and as IP: what is no right IP packet is dropped there */
static enum verdict inet_ingress(struct netns *ns, struct pkt *p, const struct hook_state *st, const struct chain *c)
{
	struct hook_state inet = { .hook = NF_INET_INGRESS, .in = st->in };

	if (p->ethertype != htons(ETH_P_IP) && p->ethertype != htons(ETH_P_IPV6))
		return VERDICT_ACCEPT;
	return p->family ? hook_run_chain(ns, p, &inet, c) : VERDICT_DROP;
}

bool frame_hooks_run(struct netns *ns, struct pkt *p, enum frame_hook at, struct link *in, struct link *out)
{
	const struct frame_hook_info *h = &frame_hook_info[at];
	const struct hook_array *a = &ns->path->frame[at];
	struct hook_state st = { .hook = h->hook, .pf = h->pf, .with_mac = h->with_mac, .in = in, .out = out };

	look_inside(p);
	for (unsigned i = 0; i < a->n; i++) {
		const struct chain *c = a->entry[i].chain;
		enum verdict v;

		if (at >= FRAME_INGRESS && !names(c, in ? in : out))
			continue;
		if (c->table->family == NFPROTO_INET)
			v = inet_ingress(ns, p, &st, c);
		else
			v = hook_run_chain(ns, p, &st, c);
		if (v == VERDICT_DROP)
			path_drop(ns, p, p->drop ? p->drop : DROP_RULE);
		if (v != VERDICT_ACCEPT)
			return false;
	}
	return true;
}
