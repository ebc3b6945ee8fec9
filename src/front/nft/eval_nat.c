/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/eval_nat.c - statements that need to know the packet's family or transport protocol: address translation,
 * reject, transparent proxying, copies.
 *
 * The family is the table's, or what is written, or what the rule has said; in an inet table an address needs one of the
 * latter two. Whether a family is listed is .family_given after evaluation.
 *
 * References: nft(8) NAT STATEMENTS, REJECT STATEMENT, TPROXY STATEMENT, DUP STATEMENT, FWD STATEMENT.
 */
#include "front/nft/eval.h"

#include <string.h>

#include <linux/icmp.h>
#include <linux/icmpv6.h>

#define NH NFT_PAYLOAD_NETWORK_HEADER
#define TH NFT_PAYLOAD_TRANSPORT_HEADER

static const struct nft_type *addr_type(uint8_t family)
{
	return family == NFPROTO_IPV4 ? &nft_type_ipaddr : &nft_type_ip6addr;
}

/* where the header at a layer was named, or else the statement itself */
static const struct nft_loc *said_at(const struct nft_eval *v, unsigned layer, const struct nft_stmt *s)
{
	return v->p.loc[layer].line ? &v->p.loc[layer] : &s->loc;
}

static bool two_families(uint8_t family)
{
	return family == NFPROTO_INET || family == NFPROTO_BRIDGE || family == NFPROTO_NETDEV;
}

static uint8_t known_family(const struct nft_eval *v)
{
	return v->p.at[NH] == &nft_proto_ip ? NFPROTO_IPV4 : v->p.at[NH] == &nft_proto_ip6 ? NFPROTO_IPV6 : NFPROTO_UNSPEC;
}

/* ---- address translation ---- */

static bool nat_family(struct nft_eval *v, struct nft_stmt *s)
{
	uint8_t known = known_family(v);

	if (v->family != NFPROTO_IPV4 && v->family != NFPROTO_IPV6 && v->family != NFPROTO_INET) {
		nft_err(v->x, &s->loc, "NAT is only supported for IPv4/IPv6");
		return false;
	}
	if (s->nat.family_given && known && known != s->nat.family) {
		nft_err_two(v->x, &s->loc, said_at(v, NH, s),
			"conflicting protocols specified: %s vs. %s. You must specify ip or ip6 family in nat statement",
			known == NFPROTO_IPV4 ? "ip" : "ip6", s->nat.family == NFPROTO_IPV4 ? "ip" : "ip6");
		return false;
	}
	if (!s->nat.family_given) {
		bool from_rule = v->family != NFPROTO_INET || (s->nat.addr && s->nat.addr->kind != NFT_X_MAP);

		s->nat.family = known && from_rule ? known : v->family == NFPROTO_INET ? NFPROTO_UNSPEC : v->family;
	}
	if (s->nat.addr && s->nat.family == NFPROTO_UNSPEC) {
		nft_err(v->x, &s->loc, "ip or ip6 must be specified with address for inet tables.");
		return false;
	}
	return true;
}

static bool is_interval(const struct nft_expr *e)
{
	const struct nft_expr *p;

	if (e->kind == NFT_X_CONCAT)
		list_for_each(p, &e->list.list, node)
			if (is_interval(p))
				return true;
	return e->kind == NFT_X_RANGE || e->kind == NFT_X_PREFIX;
}

/* what a map's first element gives: an address, address and port, or a range of addresses */
static void look_at_map(const struct nft_eval *v, const struct nft_expr *e, bool *concat, bool *interval)
{
	const struct nft_expr *p;
	const struct nft_set *d;

	if (e->kind != NFT_X_MAP)
		return;
	if (e->bin.r->kind == NFT_X_SETREF) {
		d = nft_lookup_set(v->x, v->family, v->table, e->bin.r->ref.name);
		*concat |= d && d->data_type && d->data_type->n_parts;
		*interval |= d && d->data_interval;
		return;
	}
	if (e->bin.r->kind != NFT_X_SET)
		return;
	list_for_each(p, &e->bin.r->set.list, node) {
		const struct nft_expr *m = p->kind == NFT_X_ELEM ? p->elem.key : p;
		const struct nft_expr *d0 = m->kind == NFT_X_MAPPING ? m->bin.r : NULL;

		if (!d0)
			continue;
		*concat |= d0->kind == NFT_X_CONCAT;
		*interval |= is_interval(d0);
	}
}

static bool has_transport(struct nft_eval *v, const struct nft_expr *e, const struct nft_stmt *s)
{
	if (v->p.at[TH] || v->p.other[TH])
		return true;
	nft_err_two(v->x, &e->loc, &s->loc, "transport protocol mapping is only valid after transport protocol match");
	return false;
}

static bool ev_port(struct nft_eval *v, struct nft_stmt *s, struct nft_expr **port)
{
	return has_transport(v, *port, s) && nft_ev_arg(v, s, port, &nft_type_inet_service, 16);
}

static bool ev_nat_addr(struct nft_eval *v, struct nft_stmt *s)
{
	const struct nft_type *t = addr_type(s->nat.family), *both[2] = { t, &nft_type_inet_service };
	bool concat = s->nat.addr_is_concat, interval = s->nat.interval || s->nat.prefix;
	bool listed = v->family == NFPROTO_INET, map = s->nat.addr->kind == NFT_X_MAP;

	look_at_map(v, s->nat.addr, &concat, &interval);
	if (concat)
		t = nft_type_concat(v->x, both, 2);
	if (!t)
		return nft_no_memory(v);
	v->map_interval = interval;
	if (!nft_ev_arg(v, s, &s->nat.addr, t, concat ? t->bits : addr_type(s->nat.family)->bits))
		return false;
	v->map_interval = false;
	if (concat && map && !has_transport(v, s->nat.addr, s))
		return false;
	if (s->nat.addr->kind == NFT_X_RANGE && !nft_ev_range_prefix(v, &s->nat.addr))
		return false;
	s->nat.addr_is_concat = concat;
	s->nat.interval = interval && !s->nat.prefix && map;
	s->nat.family_given = listed || (map && (concat || interval));
	return true;
}

bool nft_ev_nat(struct nft_eval *v, struct nft_stmt *s)
{
	v->map_object = 0;
	v->map_interval = false;
	if (!nat_family(v, s))
		return false;
	if (s->nat.addr && !ev_nat_addr(v, s))
		return false;
	if (!s->nat.addr)
		s->nat.family_given = false;
	return !s->nat.port || ev_port(v, s, &s->nat.port);
}

bool nft_ev_tproxy(struct nft_eval *v, struct nft_stmt *s)
{
	uint8_t known = known_family(v);

	if (!v->p.at[TH] && !v->p.other[TH]) {
		nft_err(v->x, &s->loc, "Transparent proxy support requires transport protocol match");
		return false;
	}
	if (s->tproxy.family_given && known && known != s->tproxy.family) {
		nft_err(v->x, &s->loc,
			"conflicting protocols specified: %s vs. %s. You must specify ip or ip6 family in tproxy statement",
			known == NFPROTO_IPV4 ? "ip" : "ip6", s->tproxy.family == NFPROTO_IPV4 ? "ip" : "ip6");
		return false;
	}
	if (!s->tproxy.family_given)
		s->tproxy.family = known;
	if (s->tproxy.addr && s->tproxy.family == NFPROTO_UNSPEC) {
		nft_err(v->x, &s->loc, "ip or ip6 must be specified with address for inet tables.");
		return false;
	}
	s->tproxy.family_given = v->family == NFPROTO_INET && (s->tproxy.addr || s->tproxy.family_given);
	if (s->tproxy.addr && !nft_ev_arg(v, s, &s->tproxy.addr, addr_type(s->tproxy.family),
					  addr_type(s->tproxy.family)->bits))
		return false;
	return !s->tproxy.port || nft_ev_arg(v, s, &s->tproxy.port, &nft_type_inet_service, 16);
}

/* ---- copies ---- */

bool nft_ev_dup(struct nft_eval *v, struct nft_stmt *s)
{
	bool netdev = v->family == NFPROTO_NETDEV;
	const struct nft_type *t;

	v->map_object = 0;
	if (!netdev && (s->kind == NFT_S_FWD || (v->family != NFPROTO_IPV4 && v->family != NFPROTO_IPV6))) {
		nft_err(v->x, &s->loc, "unsupported family");
		return false;
	}
	if (netdev && s->kind == NFT_S_DUP && s->fwd.dev) {
		nft_err(v->x, &s->fwd.dev->loc, "cannot specify device");
		return false;
	}
	t = s->kind == NFT_S_DUP && netdev ? &nft_type_ifindex : addr_type(s->kind == NFT_S_FWD ? s->fwd.family : v->family);
	if (s->kind == NFT_S_DUP)
		s->fwd.family = netdev ? NFPROTO_UNSPEC : v->family;
	if (s->fwd.to && !nft_ev_arg(v, s, &s->fwd.to, t, t->bits))
		return false;
	return !s->fwd.dev || nft_ev_arg(v, s, &s->fwd.dev, &nft_type_ifindex, 32);
}

/* ---- reject ---- */

static bool code_of(struct nft_eval *v, struct nft_stmt *s, const struct nft_type *t)
{
	if (!nft_ev_as(v, &s->reject.code, t, 8))
		return false;
	if (s->reject.code->kind != NFT_X_VALUE) {
		nft_err(v->x, &s->reject.code->loc, "Could not parse %s", t->desc);
		return false;
	}
	s->reject.code_value = (uint8_t)nft_expr_u64(s->reject.code);
	return true;
}

/* a dependency of reject stands at the rule's begin */
static bool insert_first(struct nft_eval *v, uint32_t key, uint64_t val, const struct nft_loc *loc)
{
	struct nft_stmt *at = v->stmt;
	bool ok;

	v->stmt = list_first(v->stmts, struct nft_stmt, node);
	ok = nft_ev_insert(v, nft_meta_rel(key, val, loc));
	v->stmt = at;
	return ok;
}

static bool reject_reset(struct nft_eval *v, struct nft_stmt *s)
{
	const struct nft_proto *th = v->p.at[TH];

	if (th && th != &nft_proto_tcp) {
		nft_err_two(v->x, &s->loc, said_at(v, TH, s), "you cannot use tcp reset with this protocol");
		return false;
	}
	if (th || v->p.other[TH])
		return true;
	return insert_first(v, NFT_META_L4PROTO, IPPROTO_TCP, &s->loc);
}

static bool reject_default(struct nft_eval *v, struct nft_stmt *s)
{
	uint8_t family = known_family(v);

	s->reject.family = family;
	s->reject.type = family ? NFT_REJECT_ICMP_UNREACH : NFT_REJECT_ICMPX_UNREACH;
	s->reject.code_value = family == NFPROTO_IPV4 ? ICMP_PORT_UNREACH : family == NFPROTO_IPV6 ?
			       ICMPV6_PORT_UNREACH : NFT_REJECT_ICMPX_PORT_UNREACH;
	s->reject.code = nft_expr_num(&s->loc, family == NFPROTO_IPV4 ? &nft_type_icmp_code : family == NFPROTO_IPV6 ?
				      &nft_type_icmpv6_code : &nft_type_icmpx_code, s->reject.code_value, 8);
	return s->reject.code || nft_no_memory(v);
}

static bool reject_icmp(struct nft_eval *v, struct nft_stmt *s)
{
	uint8_t known = known_family(v);

	if (!code_of(v, s, s->reject.family == NFPROTO_IPV4 ? &nft_type_icmp_code : &nft_type_icmpv6_code))
		return false;
	if (known && known != s->reject.family) {
		nft_err_two(v->x, &s->reject.code->loc, said_at(v, NH, s), "conflicting protocols specified: ip vs ip6");
		return false;
	}
	if (known)
		return true;
	if (v->family == NFPROTO_INET)
		return insert_first(v, NFT_META_NFPROTO, s->reject.family, &s->loc);
	return insert_first(v, NFT_META_PROTOCOL, s->reject.family == NFPROTO_IPV4 ? 0x0800 : 0x86dd, &s->loc);
}

bool nft_ev_reject(struct nft_eval *v, struct nft_stmt *s)
{
	if ((v->family == NFPROTO_BRIDGE || v->family == NFPROTO_NETDEV) && v->p.at[NH] && !known_family(v)) {
		nft_err_two(v->x, &s->loc, said_at(v, NH, s), "cannot reject this network family");
		return false;
	}
	if (s->reject.type == NFT_REJECT_TCP_RST)
		return reject_reset(v, s);
	if (!s->reject.code)
		return reject_default(v, s);
	if (s->reject.type == NFT_REJECT_ICMP_UNREACH)
		return reject_icmp(v, s);
	if (!two_families(v->family)) {
		nft_err_two(v->x, &s->reject.code->loc, &s->loc, "abstracted ICMP unreachable not supported");
		return false;
	}
	s->reject.family = NFPROTO_UNSPEC;
	return code_of(v, s, &nft_type_icmpx_code);
}
