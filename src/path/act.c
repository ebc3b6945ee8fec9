/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/act.c - everything a rule does to a packet or about it; the matcher itself has no outside effect.
 *
 * On the packet's way: called by rules/vm.c while a chain runs, statement by statement, so that later rules see what earlier ones did.
 *
 * References: RFC 6296; Linux nf_nat_masquerade.c, nf_nat_redirect.c, xt_TCPMSS.c, nf_reject_ipv4.c, nf_reject_ipv6.c, ip6t_NPT.c for what is chosen and what is left alone.
 */
#include "path/private.h"

#include <errno.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>

#include "ct/nat.h"
#include "net/parse.h"

#define TCP_DEFAULT_MSS(family) ((family) == AF_INET ? 536u : 1220u)	/* RFC 9293 section 3.7.1 */

/* ---- NAT ---- */

static enum ir_verdict bind_to(struct act_ctx *a, struct pkt *p, const struct nat_range *r, enum nat_manip manip)
{
	if (nat_setup(a->ns->ct, p->ct, r, manip, &a->why) == VERDICT_ACCEPT)
		return IR_ACCEPT;
	if (!a->why)
		a->why = DROP_NAT_EXHAUSTED;
	return IR_DROP;
}

/* what stands in the action, and what the packet decides of it; false: it has no such value */
static bool range_of(struct match_ctx *m, const struct ir_nat *n, struct nat_range *r)
{
	uint8_t val[IR_VAL_MAX];

	*r = (struct nat_range){ .flags = n->flags, .min = n->min, .max = n->max, .port_min = n->port_min, .port_max = n->port_max,
				 .port_base = n->port_base };
	if (!n->val)
		return true;
	if (!vm_eval(m, n->val, val))
		return false;
	if (n->at_min != IR_NAT_NONE) {
		memcpy(&r->min, val + n->at_min, addr_len(m->family));
		r->max = r->min;
		r->flags |= NF_NAT_RANGE_MAP_IPS;
	}
	if (n->at_max != IR_NAT_NONE)
		memcpy(&r->max, val + n->at_max, addr_len(m->family));
	if (n->at_port_min != IR_NAT_NONE) {
		memcpy(&r->port_min, val + n->at_port_min, sizeof(r->port_min));
		r->port_max = r->port_min;
		r->flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
	}
	if (n->at_port_max != IR_NAT_NONE)
		memcpy(&r->port_max, val + n->at_port_max, sizeof(r->port_max));
	return true;
}

static enum ir_verdict masquerade(struct match_ctx *m, struct act_ctx *a, struct nat_range r)
{
	struct pkt *p = m->pkt;
	const struct route_result *rt = p->dst;
	union inet_addr dst = pkt_dst(p), next = rt && rt->have_gw ? rt->gw : dst;
	bool found;

	if (p->family == AF_INET && addr_is_any(&p->ct->tuple[IP_CT_DIR_ORIGINAL].src))
		return IR_ACCEPT;
	if (p->family == AF_INET)
		found = link_pick_addr(m->out, AF_INET, &next, RT_SCOPE_UNIVERSE, &r.min);
	else
		found = link_pick_addr6(m->out->set, m->out, &dst, &r.min);
	if (!found) {
		a->why = DROP_NAT_FAILED;
		return IR_DROP;
	}
	r.max = r.min;
	r.flags |= NF_NAT_RANGE_MAP_IPS;
	p->ct->masq_ifindex = m->out->ifindex;
	return bind_to(a, p, &r, NAT_MANIP_SRC);
}

/* RFC 4007: how far an address reaches; 0: everywhere */
static unsigned zone_of(const union inet_addr *a)
{
	if (addr_is_loopback(AF_INET6, a))
		return 1;
	return addr_is_linklocal6(a) ? 2 : 0;
}

/* the first address of a link that a packet for @dst can be turned to, NULL: none */
static const struct link_addr *own_addr(const struct link *l, uint8_t family, const union inet_addr *dst)
{
	const struct link_addr *x;

	list_for_each(x, &l->addrs, node) {
		if (x->family != family)
			continue;
		if (family == AF_INET ? !(x->flags & IFA_F_SECONDARY) : link_addr_usable6(x) && (!zone_of(dst) || zone_of(dst) == zone_of(&x->addr)))
			return x;
	}
	return NULL;
}

static enum ir_verdict redirect(struct match_ctx *m, struct act_ctx *a, struct nat_range r)
{
	union inet_addr dst = pkt_dst(m->pkt);
	const struct link_addr *x;

	if (m->hook == NF_INET_LOCAL_OUT) {
		r.min = m->pkt->family == AF_INET ? addr_ip4(htonl(INADDR_LOOPBACK)) : (union inet_addr){ .b = { [15] = 1 } };
	} else {
		x = m->in ? own_addr(m->in, m->pkt->family, &dst) : NULL;
		if (!x) {
			a->why = DROP_NAT_FAILED;
			return IR_DROP;
		}
		r.min = x->addr;
	}
	r.max = r.min;
	r.flags |= NF_NAT_RANGE_MAP_IPS;
	return bind_to(a, m->pkt, &r, NAT_MANIP_DST);
}

static enum ir_verdict nat(struct match_ctx *m, struct act_ctx *a, const struct ir_stmt *s)
{
	const struct ir_nat *n = &s->action.nat;
	struct pkt *p = m->pkt;
	struct nat_range r;

	if (!p->ct)
		return IR_ACCEPT;
	if ((n->family == AF_INET || n->family == AF_INET6) && n->family != p->family)	/* a rule of inet, for the other family */
		return IR_CONTINUE;
	if (!range_of(m, n, &r))
		return IR_BREAK;
	switch (s->action.act) {
	case IR_ACT_MASQUERADE:
		return masquerade(m, a, r);
	case IR_ACT_REDIRECT:
		return redirect(m, a, r);
	case IR_ACT_NETMAP:
		r.flags |= NF_NAT_RANGE_NETMAP;
		return bind_to(a, p, &r, nat_manip_of_hook(m->hook));
	default:
		return bind_to(a, p, &r, s->action.act == IR_ACT_SNAT ? NAT_MANIP_SRC : NAT_MANIP_DST);
	}
}

/* ---- NPTv6 ---- */

/* 0 and 0xffff are the same number; this is what is added to one */
static be16 sum16(be16 a, be16 b)
{
	return (be16)~csum_fold((uint32_t)a + b);
}

/*
 * RFC 6296 section 3: another prefix, and one of the words behind it takes the difference, so that checksums stay right. false: the words that could are
 * all ones
 */
static bool map_prefix(const struct ir_stmt *s, uint8_t *addr)
{
	const union inet_addr *from = &s->action.npt.src, *to = &s->action.npt.dst;
	unsigned plen = MAX(s->action.npt.src_len, s->action.npt.dst_len), word = 3;
	be16 difference = sum16((be16)~csum_fold(csum_partial(from, sizeof(*from), 0)), csum_fold(csum_partial(to, sizeof(*to), 0)));
	union inet_addr mask = addr_mask(AF_INET6, plen);
	be16 w;

	for (unsigned i = 0; i < 16; i++)
		addr[i] = (uint8_t)((addr[i] & ~mask.b[i]) | (to->b[i] & mask.b[i]));
	if (plen > 48)
		for (word = 4; word < 8 && addr[2 * word] == 0xff && addr[2 * word + 1] == 0xff; word++)
			;
	if (word == 8)
		return false;
	memcpy(&w, addr + 2 * word, 2);
	w = sum16(w, difference);
	if (w == 0xffff)
		w = 0;
	memcpy(addr + 2 * word, &w, 2);
	return true;
}

/* in the packet that an error quotes, the other end's address is what this rule would have made of it */
static void map_quoted(const struct ir_stmt *s, struct pkt *p, unsigned at)
{
	const struct icmp6hdr *h = pkt_icmp6(p);
	union inet_addr a;

	if (!h || h->icmp6_type & ICMPV6_INFOMSG_MASK || pkt_l4_len(p) < sizeof(*h) + sizeof(struct ip6_hdr))
		return;
	memcpy(&a, pkt_l4(p) + sizeof(*h) + at, sizeof(a));
	if (addr_in(AF_INET6, &a, &s->action.npt.src, s->action.npt.src_len))
		map_prefix(s, pkt_l4(p) + sizeof(*h) + at);
}

static enum ir_verdict npt(struct act_ctx *a, struct pkt *p, const struct ir_stmt *s)
{
	bool snpt = s->action.act == IR_ACT_SNPT;
	unsigned at = snpt ? 8 : 24;

	if (p->family != AF_INET6)
		return IR_CONTINUE;
	map_quoted(s, p, snpt ? 24 : 8);
	if (map_prefix(s, pkt_l3(p) + at))
		return IR_CONTINUE;
	icmp_send(a->ns, p, ICMPV6_PARAMPROB, ICMPV6_HDR_FIELD, at);
	a->why = DROP_NAT_FAILED;
	return IR_DROP;
}

/* ---- REJECT ---- */

static void unreachable(struct act_ctx *a, const struct pkt *p, const struct ir_stmt *s)
{
	static const uint8_t about[] = {
		[NFT_REJECT_ICMPX_NO_ROUTE] = ICMP_ABOUT_NO_ROUTE,
		[NFT_REJECT_ICMPX_PORT_UNREACH] = ICMP_ABOUT_PORT,
		[NFT_REJECT_ICMPX_HOST_UNREACH] = ICMP_ABOUT_HOST,
		[NFT_REJECT_ICMPX_ADMIN_PROHIBITED] = ICMP_ABOUT_FILTERED,
	};

	if (s->action.reject.type == IR_REJECT_ICMP)
		icmp_send(a->ns, p, p->family == AF_INET ? ICMP_DEST_UNREACH : ICMPV6_DEST_UNREACH, s->action.reject.code, 0);
	else if (s->action.reject.code < ARRAY_LEN(about))
		icmp_report(a->ns, p, about[s->action.reject.code], 0);
}

/* is either end of an IPv6 packet more than one host */
static bool is_to_group6(const struct pkt *p)
{
	union inet_addr src = pkt_src(p), dst = pkt_dst(p);

	return p->family == AF_INET6 && (addr_is_any(&src) || addr_is_multicast(AF_INET6, &src) || addr_is_multicast(AF_INET6, &dst));
}

static enum ir_verdict reject(struct match_ctx *m, struct act_ctx *a, const struct ir_stmt *s)
{
	const struct route_result *rt = m->pkt->dst;
	struct pkt *p = m->pkt, *r;

	a->why = DROP_REJECTED;
	if (p->flags & PKT_LATER_FRAG || !parse_l4_checksum(p))
		return IR_DROP;
	if (s->action.reject.type != IR_REJECT_TCP_RST) {
		unreachable(a, p, s);
		return IR_DROP;
	}
	if ((rt && (rt->type == RTN_BROADCAST || rt->type == RTN_MULTICAST)) || is_to_group6(p))
		return IR_DROP;
	r = reply_rst(p);
	if (r) {
		const struct link *by = m->in ? m->in : a->ns->lo;	/* it goes back */

		r->flags |= PKT_CSUM_PARTIAL;
		edit_dsfield(r, p->family == AF_INET6 ? 0 : pkt_dsfield(p) & 0xfc);
		edit_ttl(r, path_ttl(a->ns, p->family, by));
		path_local_out(a->ns, r, p, path_scope_oif(r, by));
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
	uint32_t headers, mtu = rt && rt->mtu ? rt->mtu : m->out ? m->out->mtu : UINT32_MAX;

	if (path_route(a->ns, &k, &back) == 0 && back.mtu < mtu)
		mtu = back.mtu;
	headers = ip_hdrlen(p->family) + (uint32_t)sizeof(struct tcphdr);
	return mtu > headers && mtu != UINT32_MAX ? mtu - headers : 0;
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
		edit_tcp_mss(p, (uint16_t)MIN(mss, TCP_DEFAULT_MSS(p->family)), true);
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

	if (p->ct || (p->flags & (PKT_CT_TEMPLATE | PKT_UNTRACKED)))
		return;
	p->flags |= c->notrack ? PKT_UNTRACKED : PKT_CT_TEMPLATE;
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
	int ttl = pkt_ttl(p);

	ttl += s->action.ttl.mode == IR_TTL_INC ? s->action.ttl.by : -s->action.ttl.by;
	edit_ttl(p, (uint8_t)MAX(0, MIN(ttl, 255)));
}

enum ir_verdict act_stmt(struct match_ctx *m, const struct rule *r, const struct ir_stmt *s)
{
	struct act_ctx *a = m->ctx;
	struct pkt *p = m->pkt;

	if (s->kind == IR_SET_BYTES)
		return act_set_bytes(m, s);
	switch (s->action.act) {
	case IR_ACT_SNAT:
	case IR_ACT_DNAT:
	case IR_ACT_MASQUERADE:
	case IR_ACT_REDIRECT:
	case IR_ACT_NETMAP:
		return nat(m, a, s);
	case IR_ACT_SNPT:
	case IR_ACT_DNPT:
		return npt(a, p, s);
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
		return act_dup(m, s);
	case IR_ACT_FWD:
		return act_fwd(m, s);
	case IR_ACT_TPROXY:
		return act_tproxy(m, s);
	case IR_ACT_QUEUE:		/* nobody listens */
		return s->action.queue.flags & NFT_QUEUE_FLAG_BYPASS ? IR_ACCEPT : IR_DROP;
	case IR_ACT_FLOW:		/* every packet is walked: D-133 */
		break;
	case IR_ACT_SYNPROXY:
	case IR_ACT_MAX:		/* rule_compile() refuses these */
		break;
	}
	return IR_CONTINUE;
}
