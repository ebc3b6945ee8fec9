/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/fn_conntrack.c - the conntrack match as a whole: state with NAT bits, direction, addresses, ports, status,
 * expiry.
 *
 * Theory of operation: a packet without a connection can match by state only, and does so whatever else was asked
 * once its state fits, as in Linux.
 *
 * References: conntrack_mt() in the kernel's xt_conntrack.c.
 */
#include <string.h>

#include "rules/fn.h"
#include "rules/vm.h"

static uint16_t state_bits(const struct pkt *p)
{
	uint16_t bits;

	if (!p->ct)
		return p->flags & PKT_UNTRACKED ? XT_CONNTRACK_STATE_UNTRACKED : XT_CONNTRACK_STATE_INVALID;
	bits = XT_CONNTRACK_STATE_BIT(p->ctinfo);
	if (p->ct->status & IPS_SRC_NAT)
		bits |= XT_CONNTRACK_STATE_SNAT;
	if (p->ct->status & IPS_DST_NAT)
		bits |= XT_CONNTRACK_STATE_DNAT;
	return bits;
}

/* is what @flag asks fulfilled: not asked, or @holds as wanted */
static bool fits(const struct xt_conntrack_mtinfo3 *i, uint16_t flag, bool holds)
{
	return !(i->match_flags & flag) || holds != !!(i->invert_flags & flag);
}

static bool addr_fits(const struct match_ctx *m, const union inet_addr *a, const union nf_inet_addr *want,
		      const union nf_inet_addr *mask)
{
	for (unsigned i = 0; i < addr_len(m->family) / 4; i++)
		if ((a->w[i] ^ want->all[i]) & mask->all[i])
			return false;
	return true;
}

static bool port_fits(be16 port, uint16_t lo, uint16_t hi)
{
	return ntohs(port) >= lo && ntohs(port) <= hi;
}

static bool tuples_fit(const struct match_ctx *m, const struct xt_conntrack_mtinfo3 *i)
{
	const struct tuple *o = conn_tuple(m->pkt->ct, IP_CT_DIR_ORIGINAL),
			   *r = conn_tuple(m->pkt->ct, IP_CT_DIR_REPLY);

	return fits(i, XT_CONNTRACK_ORIGSRC, addr_fits(m, &o->src, &i->origsrc_addr, &i->origsrc_mask)) &&
	       fits(i, XT_CONNTRACK_ORIGDST, addr_fits(m, &o->dst, &i->origdst_addr, &i->origdst_mask)) &&
	       fits(i, XT_CONNTRACK_REPLSRC, addr_fits(m, &r->src, &i->replsrc_addr, &i->replsrc_mask)) &&
	       fits(i, XT_CONNTRACK_REPLDST, addr_fits(m, &r->dst, &i->repldst_addr, &i->repldst_mask)) &&
	       fits(i, XT_CONNTRACK_PROTO, o->proto == i->l4proto) &&
	       fits(i, XT_CONNTRACK_ORIGSRC_PORT, port_fits(o->sport, i->origsrc_port, i->origsrc_port_high)) &&
	       fits(i, XT_CONNTRACK_ORIGDST_PORT, port_fits(o->dport, i->origdst_port, i->origdst_port_high)) &&
	       fits(i, XT_CONNTRACK_REPLSRC_PORT, port_fits(r->sport, i->replsrc_port, i->replsrc_port_high)) &&
	       fits(i, XT_CONNTRACK_REPLDST_PORT, port_fits(r->dport, i->repldst_port, i->repldst_port_high));
}

static bool expiry_fits(struct match_ctx *m, const struct xt_conntrack_mtinfo3 *i)
{
	uint64_t now = clock_ms(m->clock), at, left;

	if (!(i->match_flags & XT_CONNTRACK_EXPIRES))
		return true;
	m->cacheable = false;
	at = m->pkt->ct->status & IPS_CONFIRMED ? conn_expires_ms(m->pkt->ct) : 0; /* a new one's time does not run yet */
	left = at > now ? (at - now) / 1000 : 0;
	return fits(i, XT_CONNTRACK_EXPIRES, left >= i->expires_min && left <= i->expires_max);
}

static bool conntrack_eval(struct match_ctx *m, const void *data, void *state)
{
	const struct xt_conntrack_mtinfo3 *i = data;
	const struct pkt *p = m->pkt;

	if (!fits(i, XT_CONNTRACK_STATE, i->state_mask & state_bits(p)))
		return false;
	if (!p->ct)
		return i->match_flags & XT_CONNTRACK_STATE;
	return fits(i, XT_CONNTRACK_DIRECTION, CTINFO2DIR(p->ctinfo) == IP_CT_DIR_ORIGINAL) && tuples_fit(m, i) &&
	       fits(i, XT_CONNTRACK_STATUS, i->status_mask & p->ct->status) && expiry_fits(m, i);
}

const struct ir_fn fn_conntrack = {
	.name = "conntrack",
	.cacheable = true,
	.pure = true,
	.needs_ct = true,
	.needs_defrag = true,
	.eval = conntrack_eval,
};
