/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/act_send.c - copies and packets that rules send elsewhere: dup, fwd, tproxy.
 *
 * On the packet's way: beside act.c, which calls it.
 *
 * Theory of operation: an IP copy is made for a gateway, and goes through OUTPUT as what this host sends, untracked; below IP
 * a frame, or its copy, leaves by another device as it is. A copy is not copied again: what is on its way out of a rule has
 * no further rule send it.
 *
 * Differences: D-132 (no program here has a transparent socket, so that tproxy never finds one).
 *
 * References: the kernel's nf_dup_ipv4.c, nf_dup_ipv6.c, nf_dup_netdev.c, nft_fwd_netdev.c, nft_tproxy.c.
 */
#include "path/private.h"

#include <errno.h>

#include "net/edit.h"

#define SENDING_MAX 2		/* frames that rules send while a frame that a rule sent is under way: NF_RECURSION_LIMIT */

static bool below_ip(const struct match_ctx *m)
{
	return m->pf && m->pf != NFPROTO_IPV4 && m->pf != NFPROTO_IPV6;
}

/* the device that a statement names; NULL: none, or it is gone. false: the packet has no such value */
static bool device_of(struct match_ctx *m, const struct ir_stmt *s, struct link **out)
{
	struct act_ctx *a = m->ctx;
	uint8_t val[IR_VAL_MAX];
	int ifindex;

	*out = NULL;
	if (!s->action.dup.dev)
		return true;
	if (!vm_eval(m, s->action.dup.dev, val))
		return false;
	memcpy(&ifindex, val, sizeof(ifindex));
	*out = link_by_index(&a->ns->links, ifindex);
	return true;
}

static bool address_of(struct match_ctx *m, const struct ir_expr *e, uint8_t family, union inet_addr *to)
{
	uint8_t val[IR_VAL_MAX];

	*to = (union inet_addr){ 0 };
	if (!vm_eval(m, e, val))
		return false;
	memcpy(to, val, addr_len(family));
	return true;
}

/* a frame as it is, out of a device; the packet is gone */
static void frame_out(struct netns *ns, struct link *out, struct pkt *p)
{
	if (ns->path->sending == SENDING_MAX) {
		path_drop(ns, p, DROP_RULE);
		return;
	}
	ns->path->sending++;
	path_device_xmit(out, p);
	ns->path->sending--;
}

/* ---- dup ---- */

static void copy_to(struct netns *ns, const struct match_ctx *m, const union inet_addr *to, const struct link *dev)
{
	struct pkt *copy = pkt_clone(m->pkt);
	struct route_key k;
	struct route_result rt;
	be16 df;

	if (!copy)
		return;
	copy->flags |= PKT_UNTRACKED | PKT_LOCAL_OUT;
	if (m->hook == NF_INET_PRE_ROUTING || m->hook == NF_INET_LOCAL_IN)	/* two hosts that copy to each other come to an end */
		edit_ttl(copy, (uint8_t)(pkt_ttl(copy) - 1));
	if (copy->family == AF_INET) {
		df = pkt_ip4(copy)->frag_off | htons(IP4_DF);
		edit_bytes(copy, copy->l3 + offsetof(struct iphdr, frag_off), &df, sizeof(df), EDIT_SUM_IP);
	}
	path_route_key(ns, copy, &k);
	k.dst = *to;
	k.src = (union inet_addr){ 0 };
	k.oif = dev ? dev->ifindex : 0;
	if (path_route(ns, &k, &rt)) {
		pkt_free(copy);
		return;
	}
	if (!rt.have_gw) {
		rt.have_gw = true;
		rt.gw_family = copy->family;
		rt.gw = *to;
	}
	path_output_by(ns, copy, &rt);
}

enum ir_verdict act_dup(struct match_ctx *m, const struct ir_stmt *s)
{
	struct act_ctx *a = m->ctx;
	struct netns *ns = a->ns;
	union inet_addr to;
	struct link *dev;
	struct pkt *copy;

	if (!device_of(m, s, &dev))
		return IR_BREAK;
	if (below_ip(m)) {
		copy = dev ? pkt_clone(m->pkt) : NULL;
		if (copy)
			frame_out(ns, dev, copy);
		return IR_CONTINUE;
	}
	if (!s->action.dup.to || !address_of(m, s->action.dup.to, m->family, &to))
		return IR_BREAK;
	if (ns->path->sending || (s->action.dup.dev && !dev))
		return IR_CONTINUE;
	ns->path->sending++;
	copy_to(ns, m, &to, dev);
	ns->path->sending--;
	return IR_CONTINUE;
}

/* ---- fwd ---- */

/* to a neighbour behind the device: as a router would, but without asking its tables */
static enum ir_verdict fwd_to(struct match_ctx *m, const struct ir_stmt *s, struct link *dev)
{
	struct pkt *p = m->pkt;
	union inet_addr to;
	int err;

	if (p->family != s->action.dup.family || !address_of(m, s->action.dup.to, p->family, &to))
		return IR_BREAK;
	if (pkt_ttl(p) <= 1 || !dev)
		return IR_DROP;
	edit_ttl(p, (uint8_t)(pkt_ttl(p) - 1));
	p->ct = NULL;
	err = neigh_header(dev, p, &to, RTN_UNICAST);
	if (!err)
		frame_out(dev->ns, dev, p);
	return IR_STOLEN;
}

enum ir_verdict act_fwd(struct match_ctx *m, const struct ir_stmt *s)
{
	struct act_ctx *a = m->ctx;
	struct link *dev;

	if (!device_of(m, s, &dev))
		return IR_BREAK;
	if (s->action.dup.to)
		return fwd_to(m, s, dev);
	if (!dev)
		return IR_DROP;
	frame_out(a->ns, dev, m->pkt);
	return IR_STOLEN;
}

/* ---- tproxy ---- */

enum ir_verdict act_tproxy(struct match_ctx *m, const struct ir_stmt *s)
{
	return IR_BREAK;
}
