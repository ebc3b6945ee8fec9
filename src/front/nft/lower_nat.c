/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/lower_nat.c - snat, dnat, masquerade and redirect as the engine's actions.
 *
 * Where it stands: on the rule's way, called by lower_stmt.c.
 *
 * Theory of operation: constants stand in the action. What a packet decides (maps, hashes, header fields) is one
 * value, address first, and the action says where in it addresses and ports begin; a map to intervals gives its
 * upper ends behind all lower ones.
 *
 * References: rules/ir.h (struct ir_nat); the kernel's nft_nat.c for what ends the rule.
 */
#include <errno.h>
#include <string.h>

#include "front/nft/lower.h"

#include <linux/netfilter/nf_nat.h>

static unsigned nat_addr_len(const struct ir_nat *n)
{
	return n->family == NFPROTO_IPV6 ? 16 : 4;
}

static bool is_const(const struct nft_expr *e)
{
	return e->kind == NFT_X_VALUE || e->kind == NFT_X_RANGE || e->kind == NFT_X_PREFIX;
}

static bool const_addr(struct lower *l, struct ir_nat *n, const struct nft_expr *e)
{
	uint8_t lo[LOWER_LEN_MAX], hi[LOWER_LEN_MAX];

	if (!lower_bounds(l, e, FIELD_ORDER_NET, nat_addr_len(n), lo, hi))
		return false;
	memcpy(&n->min, lo, nat_addr_len(n));
	memcpy(&n->max, hi, nat_addr_len(n));
	return true;
}

static bool const_port(struct lower *l, struct ir_nat *n, const struct nft_expr *e)
{
	uint8_t lo[LOWER_LEN_MAX], hi[LOWER_LEN_MAX];

	if (!lower_bounds(l, e, FIELD_ORDER_NET, 2, lo, hi))
		return false;
	memcpy(&n->port_min, lo, 2);
	memcpy(&n->port_max, hi, 2);
	return true;
}

/* a map may give ranges: their ends are behind */
static struct ir_expr *ranged(struct ir_expr *e, unsigned *span)
{
	*span = 0;
	if (e && e->kind == IR_MAP && e->set.set->desc.data_interval) {
		*span = e->set.set->desc.data_len;
		e->len = (uint16_t)(2 * *span);
	}
	return e;
}

static struct ir_expr *dynamic_part(struct lower *l, const struct nft_expr *e, unsigned len, unsigned *span)
{
	enum field_order order;

	if (e->kind != NFT_X_MAP) {
		*span = 0;
		return lower_as(l, e, FIELD_ORDER_NET, len);
	}
	if (e->bin.r->kind == NFT_X_SETREF || e->bin.r->kind == NFT_X_SET) {
		struct ir_expr *m = lower_map(l, e, &order);

		return ranged(m, span);
	}
	return NULL;
}

/* the map gives address and port at once */
static bool both_from_map(struct lower *l, struct ir_nat *n, const struct nft_expr *e)
{
	unsigned span;

	n->val = dynamic_part(l, e, 0, &span);
	n->at_min = 0;
	n->at_port_min = (uint16_t)nat_addr_len(n);
	n->at_max = (uint16_t)span;
	n->at_port_max = (uint16_t)(nat_addr_len(n) + span);
	return n->val;
}

static bool dynamic_nat(struct lower *l, struct ir_nat *n, const struct nft_expr *addr, const struct nft_expr *port)
{
	struct ir_expr *part[2];
	unsigned k = 0, span, at = 0;

	if (addr) {
		part[k] = dynamic_part(l, addr, nat_addr_len(n), &span);
		if (!part[k])
			return false;
		n->at_min = 0;
		n->at_max = (uint16_t)span;
		at = lower_padded(part[k++]->len);
	}
	if (port) {
		part[k] = dynamic_part(l, port, 2, &span);
		if (!part[k]) {
			if (k)
				ir_expr_free(part[0]);
			return false;
		}
		n->at_port_min = (uint16_t)at;
		n->at_port_max = (uint16_t)(at + span);
		k++;
	}
	n->val = k == 1 ? part[0] : ir_concat(part, 2);
	return n->val || lower_no_memory(l);
}

static bool fill(struct lower *l, const struct nft_stmt *s, struct ir_nat *n)
{
	const struct nft_expr *addr = s->nat.addr, *port = s->nat.port;

	n->family = s->nat.family;
	n->flags = s->nat.flags;
	n->at_min = n->at_max = n->at_port_min = n->at_port_max = IR_NAT_NONE;
	if (addr && s->nat.addr_is_concat) {
		n->flags |= NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED;
		return both_from_map(l, n, addr);
	}
	if (addr) {
		n->flags |= NF_NAT_RANGE_MAP_IPS;
		if (is_const(addr) && !const_addr(l, n, addr))
			return false;
	}
	if (port) {
		n->flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
		if (is_const(port) && !const_port(l, n, port))
			return false;
	}
	addr = addr && !is_const(addr) ? addr : NULL;
	port = port && !is_const(port) ? port : NULL;
	return (!addr && !port) || dynamic_nat(l, n, addr, port);
}

void lower_nat(struct lower *l, struct nft_stmt *s)
{
	static const struct { uint8_t type; enum ir_action act; uint32_t hooks; } acts[] = {
		{ NFT_NAT_SNAT, IR_ACT_SNAT, HOOK(POST_ROUTING) | HOOK(LOCAL_IN) },
		{ NFT_NAT_DNAT, IR_ACT_DNAT, HOOK(PRE_ROUTING) | HOOK(LOCAL_OUT) },
		{ NFT_NAT_MASQ, IR_ACT_MASQUERADE, HOOK(POST_ROUTING) },
		{ NFT_NAT_REDIR, IR_ACT_REDIRECT, HOOK(PRE_ROUTING) | HOOK(LOCAL_OUT) },
	};
	struct ir_nat n = { 0 };
	struct ir_stmt *a;

	if (!fill(l, s, &n)) {
		lower_refuse(l, &s->loc, -EOPNOTSUPP, NULL);
		return;
	}
	a = ir_append(l->out, IR_ACTION);
	if (!a) {
		ir_expr_free(n.val);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
		if (acts[i].type != s->nat.type)
			continue;
		a->action.act = acts[i].act;
		lower_only(l, acts[i].hooks, 1u << CHAIN_NAT);
	}
	a->action.nat = n;
	ir_verdict(l->out, IR_ACCEPT, NULL);
}
