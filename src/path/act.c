/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/act.c - everything a rule does to a packet or about it; the matcher itself has no outside effect.
 *
 * On the packet's way: called by rules/vm.c while a chain runs, statement by statement, so that later rules see what earlier ones did.
 *
 * References: Linux nf_nat_masquerade.c, nf_nat_redirect.c, xt_TCPMSS.c, nf_reject_ipv4.c for what is chosen and what is left alone.
 */
#include "path/private.h"

#include <errno.h>
#include <linux/netfilter/nf_nat.h>

#include "ct/nat.h"
#include "net/edit.h"
#include "net/parse.h"
#include "net/reply.h"

#define TCP_MIN_HEADERS 40	/* IPv4 and TCP, without options */
#define TCP_DEFAULT_MSS 536	/* RFC 9293 section 3.7.1 */

/* ---- NAT ---- */

static enum ir_verdict bind_to(struct act_ctx *a, struct pkt *p, const struct nat_range *r, enum nat_manip manip)
{
	if (nat_setup(a->ns->ct, p->ct, r, manip, &a->why) == VERDICT_ACCEPT)
		return IR_ACCEPT;
	if (!a->why)
		a->why = DROP_NAT_EXHAUSTED;
	return IR_DROP;
}

static struct nat_range range_of(const struct ir_nat *n)
{
	return (struct nat_range){ .flags = n->flags, .min = n->min, .max = n->max, .port_min = n->port_min, .port_max = n->port_max,
				   .port_base = n->port_base };
}

static enum ir_verdict masquerade(struct match_ctx *m, struct act_ctx *a, const struct ir_nat *n)
{
	struct pkt *p = m->pkt;
	const struct route_result *rt = p->dst;
	union inet_addr next = rt && rt->have_gw ? rt->gw : pkt_dst(p);
	struct nat_range r = range_of(n);

	if (addr_is_any(&p->ct->tuple[IP_CT_DIR_ORIGINAL].src))
		return IR_ACCEPT;
	if (!link_pick_addr(m->out, p->family, &next, RT_SCOPE_UNIVERSE, &r.min)) {
		a->why = DROP_NAT_FAILED;
		return IR_DROP;
	}
	r.max = r.min;
	r.flags |= NF_NAT_RANGE_MAP_IPS;
	p->ct->masq_ifindex = m->out->ifindex;
	return bind_to(a, p, &r, NAT_MANIP_SRC);
}

static enum ir_verdict redirect(struct match_ctx *m, struct act_ctx *a, const struct ir_nat *n)
{
	struct nat_range r = range_of(n);
	const struct link_addr *x;
	bool found = false;

	if (m->hook == NF_INET_LOCAL_OUT) {
		r.min = addr_ip4(htonl(INADDR_LOOPBACK));
		found = true;
	} else if (m->in) {
		list_for_each(x, &m->in->addrs, node) {
			if (x->family != m->pkt->family || x->flags & IFA_F_SECONDARY)
				continue;
			r.min = x->addr;
			found = true;
			break;
		}
	}
	if (!found) {
		a->why = DROP_NAT_FAILED;
		return IR_DROP;
	}
	r.max = r.min;
	r.flags |= NF_NAT_RANGE_MAP_IPS;
	return bind_to(a, m->pkt, &r, NAT_MANIP_DST);
}

static enum ir_verdict nat(struct match_ctx *m, struct act_ctx *a, const struct ir_stmt *s)
{
	struct nat_range r = range_of(&s->action.nat);
	struct pkt *p = m->pkt;

	if (!p->ct)
		return IR_ACCEPT;
	switch (s->action.act) {
	case IR_ACT_MASQUERADE:
		return masquerade(m, a, &s->action.nat);
	case IR_ACT_REDIRECT:
		return redirect(m, a, &s->action.nat);
	case IR_ACT_NETMAP:
		r.flags |= NF_NAT_RANGE_NETMAP;
		return bind_to(a, p, &r, nat_manip_of_hook(m->hook));
	default:
		return bind_to(a, p, &r, s->action.act == IR_ACT_SNAT ? NAT_MANIP_SRC : NAT_MANIP_DST);
	}
}

/* ---- REJECT ---- */

static enum ir_verdict reject(struct match_ctx *m, struct act_ctx *a, const struct ir_stmt *s)
{
	const struct route_result *rt = m->pkt->dst;
	struct pkt *p = m->pkt, *r;

	a->why = DROP_REJECTED;
	if (p->flags & PKT_LATER_FRAG || !parse_l4_checksum(p))
		return IR_DROP;
	if (s->action.reject.type == IR_REJECT_ICMP) {
		icmp_send(a->ns, p, ICMP_DEST_UNREACH, s->action.reject.code, 0);
		return IR_DROP;
	}
	if (rt && (rt->type == RTN_BROADCAST || rt->type == RTN_MULTICAST))
		return IR_DROP;
	r = reply_rst(p);
	if (r) {
		r->flags |= PKT_CSUM_PARTIAL;
		edit_ttl(r, (uint8_t)a->ns->sysctl.ip_default_ttl);
		path_local_out(a->ns, r, p, 0);
	}
	return IR_DROP;
}

/* ---- what changes a header or the connection ---- */

/* the MSS that both directions' routes leave room for */
static uint32_t clamp_mss(struct match_ctx *m, struct act_ctx *a)
{
	struct pkt *p = m->pkt;
	const struct route_result *rt = p->dst;
	struct route_key k = { .family = p->family, .dst = pkt_src(p) };
	struct route_result back;
	uint32_t mtu = rt && rt->mtu ? rt->mtu : m->out ? m->out->mtu : UINT32_MAX;

	if (path_route(a->ns, &k, &back) == 0 && back.mtu < mtu)
		mtu = back.mtu;
	return mtu > TCP_MIN_HEADERS && mtu != UINT32_MAX ? mtu - TCP_MIN_HEADERS : 0;
}

static void tcpmss(struct match_ctx *m, struct act_ctx *a, const struct ir_stmt *s)
{
	struct tcp_options o;
	struct pkt *p = m->pkt;
	uint32_t mss;

	if (!pkt_tcp(p) || parse_tcp_options(p, &o))
		return;
	mss = s->action.tcpmss.clamp ? clamp_mss(m, a) : s->action.tcpmss.mss;
	if ((s->action.tcpmss.clamp && !mss) || (o.have_mss && o.mss <= mss))	/* never raised; --set-mss 0 is meant so */
		return;
	if (o.have_mss)
		edit_tcp_mss(p, (uint16_t)mss, false);
	else if (pkt_l4_len(p) == pkt_tcp(p)->doff * 4u)	/* a segment with data would no longer fit */
		edit_tcp_mss(p, (uint16_t)MIN(mss, (uint32_t)TCP_DEFAULT_MSS), true);
}

static void log_action(struct match_ctx *m, struct act_ctx *a, const struct ir_log *l)
{
	struct world *w = a->ns->world;
	struct sbuf line = SBUF_INIT;

	if (l->to_group || !w->ops->log)	/* nobody is bound to the group: as in the kernel, nothing is sent */
		return;
	log_packet(&line, m->pkt, m->in, m->out, l->prefix, l->logflags);
	w->ops->log(w, a->ns, l->level, sbuf_str(&line));
	sbuf_free(&line);
}

static void ct_template(struct pkt *p, const struct ir_ct *c)
{
	uint16_t zone = c->zone_mark ? (uint16_t)p->mark : c->zone;
	bool both = c->zone_orig == c->zone_reply;

	if (p->ct)
		return;
	if (c->notrack)
		p->flags |= PKT_UNTRACKED;
	if (c->have_zone) {
		p->ct_zone[IP_CT_DIR_ORIGINAL] = both || c->zone_orig ? zone : 0;
		p->ct_zone[IP_CT_DIR_REPLY] = both || c->zone_reply ? zone : 0;
	}
}

static uint32_t shifted(uint32_t v, int n)
{
	return n < 0 ? v >> -n : v << n;
}

static void connmark(struct act_ctx *a, struct pkt *p, const struct ir_stmt *s)
{
	uint32_t ctmask = s->action.connmark.ctmask, nfmask = s->action.connmark.nfmask;
	int n = s->action.connmark.shift;

	if (s->action.act == IR_ACT_CONNMARK_RESTORE)
		p->mark = (p->mark & ~nfmask) ^ shifted(p->ct->mark & ctmask, n);
	else
		ct_set_mark(a->ns->ct, p->ct, (p->ct->mark & ~ctmask) ^ shifted(p->mark & nfmask, n));
}

static void change_ttl(struct pkt *p, const struct ir_stmt *s)
{
	int ttl = pkt_ip4(p)->ttl;

	ttl += s->action.ttl.mode == IR_TTL_INC ? s->action.ttl.by : -s->action.ttl.by;
	edit_ttl(p, (uint8_t)MAX(0, MIN(ttl, 255)));
}

enum ir_verdict act_stmt(struct match_ctx *m, const struct rule *r, const struct ir_stmt *s)
{
	struct act_ctx *a = m->ctx;
	struct pkt *p = m->pkt;

	switch (s->action.act) {
	case IR_ACT_SNAT:
	case IR_ACT_DNAT:
	case IR_ACT_MASQUERADE:
	case IR_ACT_REDIRECT:
	case IR_ACT_NETMAP:
		return nat(m, a, s);
	case IR_ACT_REJECT:
		return reject(m, a, s);
	case IR_ACT_LOG:
	case IR_ACT_NFLOG:
		log_action(m, a, s->action.log);
		break;
	case IR_ACT_NOTRACK:
		ct_template(p, &(struct ir_ct){ .notrack = true });
		break;
	case IR_ACT_CT_TEMPLATE:
		ct_template(p, s->action.ct);
		break;
	case IR_ACT_TCPMSS:
		tcpmss(m, a, s);
		break;
	case IR_ACT_TRACE:
		p->flags |= PKT_TRACE;
		break;
	case IR_ACT_CONNMARK_RESTORE:
	case IR_ACT_CONNMARK_SAVE:
		if (p->ct)
			connmark(a, p, s);
		break;
	case IR_ACT_TTL:
		change_ttl(p, s);
		break;
	case IR_ACT_CHECKSUM:		/* what the device would have filled in; here it always is */
		p->flags &= ~(uint32_t)PKT_CSUM_PARTIAL;
		break;
	case IR_ACT_TCPOPTSTRIP:
		if (!(p->flags & PKT_LATER_FRAG) && edit_strip_tcp_options(p, s->action.strip) < 0)
			return IR_DROP;
		break;
	case IR_ACT_DUP:
	case IR_ACT_FWD:
	case IR_ACT_TPROXY:
	case IR_ACT_SYNPROXY:
	case IR_ACT_QUEUE:
	case IR_ACT_FLOW:
	case IR_ACT_SNPT:
	case IR_ACT_DNPT:		/* rule_compile() refuses these */
	case IR_ACT_MAX:
		break;
	}
	return IR_CONTINUE;
}

void act_set_field(struct match_ctx *m, enum field_id f, const uint8_t *val)
{
	struct act_ctx *a = m->ctx;
	struct pkt *p = m->pkt;
	union inet_addr addr = { 0 };
	uint32_t v;

	switch (f) {
	case FIELD_META_MARK:
		memcpy(&p->mark, val, 4);
		break;
	case FIELD_META_PRIORITY:
		memcpy(&p->priority, val, 4);
		break;
	case FIELD_META_NFTRACE:
		p->flags = *val ? p->flags | PKT_TRACE : p->flags & ~(uint32_t)PKT_TRACE;
		break;
	case FIELD_CT_MARK:
		memcpy(&v, val, 4);
		if (p->ct)
			ct_set_mark(a->ns->ct, p->ct, v);
		break;
	case FIELD_IP_TOS:
		edit_dsfield(p, *val);
		break;
	case FIELD_IP_TTL:
		edit_ttl(p, *val);
		break;
	case FIELD_IP_SADDR:
	case FIELD_IP_DADDR:
		memcpy(&addr, val, 4);
		edit_addr(p, f == FIELD_IP_SADDR ? EDIT_SRC : EDIT_DST, &addr);
		break;
	default:	/* rules/field.h marks no other row writable; compile.c refuses them */
		break;
	}
}
