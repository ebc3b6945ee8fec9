/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/rule.c - the policy rules (RPDB), and the routing decision made by them.
 *
 * Rules are tried by preference. One that matches names a table, an error, or another rule to go on with; a
 * table without an answer, a throw route, or an answer that the rule suppresses let the search go on.
 *
 * fib_lookup() is that search. fib_output() is what a packet made here gets: it adds what ip_route_output_key()
 * knows besides the tables. fib_validate_source() asks the way back.
 *
 * Invariants
 *  1. Rules of a family are in ascending order of preference; equal ones in order of creation.
 *  2. A goto leads to a higher preference: a search ends.
 *
 * References: ip-rule(8), RFC 3704 (rp_filter).
 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "route/fib_int.h"

static const struct {
	uint32_t pref, table;
} first_rule[] = { { 0, RT_TABLE_LOCAL }, { 32766, RT_TABLE_MAIN }, { 32767, RT_TABLE_DEFAULT } };

int fib_rules_init(struct fib *f)
{
	for (int fam = 0; fam < 2; fam++)
		for (size_t i = 0; i < ARRAY_LEN(first_rule) - (fam ? 1 : 0); i++) {
			struct fib_rule r = { .family = fam ? AF_INET6 : AF_INET,
					      .pref = first_rule[i].pref,
					      .table = first_rule[i].table,
					      .action = FR_ACT_TO_TBL,
					      .suppress_plen = -1,
					      .suppress_group = -1,
					      .protocol = RTPROT_KERNEL };
			int err = fib_rule_add(f, &r);

			if (err)
				return err;
		}
	return 0;
}

static void rule_remove(struct fib *f, struct fib_rule *r)
{
	list_del(&r->node);
	f->n_rules[fib_fam(r->family)]--;
	f->gen++;
	mem_free(r);
}

void fib_rules_free(struct fib *f)
{
	for (int fam = 0; fam < 2; fam++)
		while (!list_empty(&f->rules[fam]))
			rule_remove(f, list_first(&f->rules[fam], struct fib_rule, node));
}

bool fib_custom_rules(const struct fib *f, uint8_t family)
{
	size_t i = 0, n = ARRAY_LEN(first_rule) - (family == AF_INET6);
	const struct fib_rule *r;

	if (f->n_rules[fib_fam(family)] != n)
		return true;
	list_for_each(r, &f->rules[fib_fam(family)], node) {
		if (r->pref != first_rule[i].pref || r->table != first_rule[i].table || r->action != FR_ACT_TO_TBL)
			return true;
		i++;
	}
	return false;
}

/* ---- changing ---- */

static bool same_selector(const struct fib_rule *a, const struct fib_rule *b)
{
	return a->action == b->action && a->table == b->table && a->suppress_plen == b->suppress_plen &&
	       a->suppress_group == b->suppress_group && !strcmp(a->iif, b->iif) && !strcmp(a->oif, b->oif) &&
	       a->fwmark == b->fwmark && a->fwmask == b->fwmask && a->ipproto == b->ipproto &&
	       a->sport_min == b->sport_min && a->sport_max == b->sport_max && a->dport_min == b->dport_min &&
	       a->dport_max == b->dport_max && a->src_plen == b->src_plen && addr_eq(&a->src, &b->src) &&
	       a->dst_plen == b->dst_plen && addr_eq(&a->dst, &b->dst) && a->tos == b->tos &&
	       a->have_uid == b->have_uid && a->uid_min == b->uid_min && a->uid_max == b->uid_max &&
	       a->invert == b->invert && a->goto_pref == b->goto_pref;
}

/* in front of the second rule, as the kernel gives it to a rule without a preference */
static uint32_t auto_pref(const struct list *rules)
{
	const struct list *second = rules->next->next;
	uint32_t pref;

	if (list_empty(rules) || second == rules)
		return 0;
	pref = list_entry(second, struct fib_rule, node)->pref;
	return pref ? pref - 1 : 0;
}

int fib_rule_add(struct fib *f, const struct fib_rule *like)
{
	int fam = fib_fam(like->family);
	struct list *rules = &f->rules[fam], *pos = rules->next;
	struct fib_rule *r, *o;
	uint32_t pref = like->auto_pref ? auto_pref(rules) : like->pref;

	f->why = NULL;
	if (f->n_rules[fam] >= FIB_RULES_MAX)
		return -ENOSPC;
	if (like->action == FR_ACT_GOTO && like->goto_pref <= pref) {
		f->why = "Backward goto not supported";
		return -EINVAL;
	}
	if (like->action == FR_ACT_TO_TBL && !like->table) {
		f->why = "Invalid table";
		return -EINVAL;
	}
	list_for_each(o, rules, node)
		if (o->pref == pref && same_selector(o, like))
			return -EEXIST;
	r = mem_dup(like, sizeof(*like));
	if (!r)
		return -ENOMEM;
	r->pref = pref;
	r->auto_pref = false;
	while (pos != rules && list_entry(pos, struct fib_rule, node)->pref <= pref)
		pos = pos->next;
	if (r->family == AF_INET6 && r->action == FR_ACT_TO_TBL)
		fib_table_get(f, AF_INET6, r->table);
	list_add_before(pos, &r->node);
	f->n_rules[fam]++;
	f->gen++;
	return 0;
}

static bool range_given(uint16_t lo, uint16_t hi)
{
	return lo || hi;
}

/* what is given must be equal */
static bool rule_like(const struct fib_rule *w, const struct fib_rule *r)
{
	return (!w->action || w->action == r->action) && (!w->table || w->table == r->table) &&
	       (w->auto_pref || w->pref == r->pref) && (!w->iif[0] || !strcmp(w->iif, r->iif)) &&
	       (!w->oif[0] || !strcmp(w->oif, r->oif)) && (!w->fwmark || w->fwmark == r->fwmark) &&
	       (!w->fwmask || w->fwmask == r->fwmask) && (!w->ipproto || w->ipproto == r->ipproto) &&
	       (!range_given(w->sport_min, w->sport_max) ||
		(w->sport_min == r->sport_min && w->sport_max == r->sport_max)) &&
	       (!range_given(w->dport_min, w->dport_max) ||
		(w->dport_min == r->dport_min && w->dport_max == r->dport_max)) &&
	       (!w->src_plen || (w->src_plen == r->src_plen && addr_eq(&w->src, &r->src))) &&
	       (!w->dst_plen || (w->dst_plen == r->dst_plen && addr_eq(&w->dst, &r->dst))) &&
	       (!w->tos || w->tos == r->tos) && (w->suppress_plen == -1 || w->suppress_plen == r->suppress_plen) &&
	       (!w->have_uid || (w->uid_min == r->uid_min && w->uid_max == r->uid_max)) && (!w->invert || r->invert) &&
	       (w->action != FR_ACT_GOTO || !w->goto_pref || w->goto_pref == r->goto_pref);
}

int fib_rule_del(struct fib *f, const struct fib_rule *like)
{
	struct fib_rule *r;

	f->why = NULL;
	list_for_each(r, &f->rules[fib_fam(like->family)], node)
		if (rule_like(like, r)) {
			rule_remove(f, r);
			return 0;
		}
	return -ENOENT;
}

void fib_rule_flush(struct fib *f, uint8_t family)
{
	struct fib_rule *r, *tmp;

	list_for_each_safe(r, tmp, &f->rules[fib_fam(family)], node)
		if (r->pref)
			rule_remove(f, r);
}

const struct fib_rule *fib_rule_target(const struct fib *f, const struct fib_rule *r)
{
	const struct fib_rule *t;

	list_for_each(t, &f->rules[fib_fam(r->family)], node)
		if (t->pref == r->goto_pref)
			return t;
	return NULL;
}

/* ---- searching ---- */

static bool name_is(const struct fib *f, const char *want, int ifindex, bool local)
{
	const struct link *l;

	if (!want[0])
		return true;
	if (local) /* what is made here comes in by the loopback */
		return !strcmp(want, "lo");
	l = link_by_index(f->links, ifindex);
	return l && !strcmp(l->name, want);
}

static bool in_range(uint16_t v, uint16_t lo, uint16_t hi)
{
	return !range_given(lo, hi) || (v >= lo && v <= hi);
}

static bool rule_matches(const struct fib *f, const struct fib_rule *r, const struct route_key *k)
{
	bool m = name_is(f, r->iif, k->iif, !k->iif) && name_is(f, r->oif, k->oif, false) &&
		 !((r->fwmark ^ k->mark) & r->fwmask) && addr_in(r->family, &k->src, &r->src, r->src_plen) &&
		 addr_in(r->family, &k->dst, &r->dst, r->dst_plen) && (!r->tos || r->tos == (k->tos & ~3)) &&
		 (!r->ipproto || r->ipproto == k->proto) && in_range(k->sport, r->sport_min, r->sport_max) &&
		 in_range(k->dport, r->dport_min, r->dport_max) &&
		 (!r->have_uid || (k->uid >= r->uid_min && k->uid <= r->uid_max));

	return m != r->invert;
}

static bool suppressed(const struct fib_rule *r, const struct route_result *res)
{
	if (!res->route)
		return false;
	if (r->suppress_group != -1 && res->out && res->out->group == (uint32_t)r->suppress_group)
		return true;
	return r->suppress_plen != -1 && res->route->plen <= r->suppress_plen;
}

/* 0, -EAGAIN: go on with the next rule, or the decision's error */
static int rule_act(const struct fib *f, const struct fib_rule *r, const struct route_key *k, unsigned flags,
		    struct route_result *res)
{
	const struct fib_table *t;
	int rc;

	switch (r->action) {
	case FR_ACT_TO_TBL:
		t = fib_table_find(f, r->table);
		rc = t ? fib_table_search(f, t, k, flags, res) : -EAGAIN;
		return rc == 0 && suppressed(r, res) ? -EAGAIN : rc;
	case FR_ACT_UNREACHABLE:
		return -ENETUNREACH;
	case FR_ACT_PROHIBIT:
		return -EACCES;
	case FR_ACT_BLACKHOLE:
		return -EINVAL;
	default: /* nop */
		return -EAGAIN;
	}
}

int fib_search(const struct fib *f, const struct route_key *k, unsigned flags, struct route_result *res)
{
	const struct list *rules = &f->rules[fib_fam(k->family)], *pos = rules->next;

	while (pos != rules) {
		const struct fib_rule *r = list_entry(pos, struct fib_rule, node), *to;
		int rc;

		pos = pos->next;
		if (!rule_matches(f, r, k))
			continue;
		if (r->action == FR_ACT_GOTO) {
			to = fib_rule_target(f, r);
			if (to)
				pos = (struct list *)&to->node;
			continue;
		}
		rc = rule_act(f, r, k, flags, res);
		if (rc != -EAGAIN) {
			res->rule = r;
			return rc;
		}
	}
	memset(res, 0, sizeof(*res));
	return -ENETUNREACH;
}

void fib_prefsrc(struct route_result *res, const struct route_key *k)
{
	if (res->route->have_prefsrc)
		res->prefsrc = res->route->prefsrc;
	else if (res->out && k->family == AF_INET6)
		link_pick_addr6(res->out->set, res->out, &k->dst, &res->prefsrc);
	else if (res->out)
		link_pick_addr(res->out, res->route->family,
			       res->have_gw && res->gw_family == res->route->family ? &res->gw : NULL,
			       res->route->scope, &res->prefsrc);
}

void fib_lookup(const struct fib *f, const struct route_key *k, struct route_result *res)
{
	memset(res, 0, sizeof(*res));
	res->err = fib_search(f, k, 0, res);
	/* what is forwarded has a source, and choosing one is dear in IPv6 */
	if (!res->err && (k->family == AF_INET || !k->iif))
		fib_prefsrc(res, k);
}

/* ---- packets made here ---- */

static bool limited_broadcast(const struct route_key *k)
{
	return k->family == AF_INET && k->dst.ip4 == htonl(INADDR_BROADCAST);
}

static bool local_multicast(const struct route_key *k)
{
	return k->family == AF_INET && (k->dst.ip4 & htonl(0xffffff00)) == htonl(0xe0000000);
}

static const struct link *link_of_addr(const struct link_set *s, uint8_t family, const union inet_addr *a)
{
	const struct link *l;
	const struct link_addr *la;

	list_for_each(l, &s->links, node)
		list_for_each(la, &l->addrs, node)
			if (la->family == family && addr_eq(&la->addr, a))
				return l;
	return NULL;
}

static void on_link(struct route_result *res, const struct route_key *k, struct link *out, uint8_t type)
{
	res->err = 0;
	res->type = type;
	res->out = out;
	res->gw = k->dst;
	res->have_gw = false;
	res->route = NULL;
	res->rule = NULL;
	res->mtu = out->mtu;
}

/* checks of ip_route_output_key() that come before the tables; true: *res is the answer */
static bool output_special(const struct fib *f, struct route_key *k, struct route_result *res)
{
	bool mcast = addr_is_multicast(k->family, &k->dst), have_src = !addr_is_any(&k->src);
	struct link *out = k->oif ? link_by_index(f->links, k->oif) : NULL;

	if (have_src && (addr_is_multicast(k->family, &k->src) || k->src.ip4 == htonl(INADDR_BROADCAST))) {
		res->err = -EINVAL;
		return true;
	}
	if (have_src && !k->oif && (mcast || limited_broadcast(k)))
		out = (struct link *)link_of_addr(f->links, k->family, &k->src);
	if (have_src && !out && !k->oif && (mcast || limited_broadcast(k)))
		res->err = -EINVAL;
	else if (have_src && fib_addr_type(f, k->family, &k->src, NULL) != RTN_LOCAL)
		res->err = -ENETUNREACH;
	else if (k->oif && !out)
		res->err = -ENODEV;
	else if (k->oif && !(out->flags & IFF_UP))
		res->err = -ENETUNREACH;
	if (res->err)
		return true;
	if (out && (limited_broadcast(k) || local_multicast(k) || (mcast && !k->oif))) {
		on_link(res, k, out, mcast ? RTN_MULTICAST : RTN_BROADCAST);
		res->prefsrc = k->src;
		if (!have_src)
			link_pick_addr(out, k->family, NULL, RT_SCOPE_LINK, &res->prefsrc);
		return true;
	}
	return false;
}

static void output_unspecified(const struct fib *f, struct route_key *k)
{
	const struct link *out = k->oif ? link_by_index(f->links, k->oif) : NULL;

	if (addr_is_any(&k->src) && out)
		link_pick_addr(out, k->family, NULL, RT_SCOPE_HOST, &k->src);
	if (addr_is_any(&k->src)) {
		if (k->family == AF_INET)
			k->src.ip4 = htonl(INADDR_LOOPBACK);
		else
			k->src.b[15] = 1;
	}
	k->dst = k->src;
}

static struct link *loopback(const struct fib *f)
{
	struct link *l;

	list_for_each(l, &f->links->links, node)
		if (l->kind == LINK_LOOPBACK)
			return l;
	return NULL;
}

/* IPv6 asks the tables, and nothing else */
static void output6(const struct fib *f, struct route_key *k, struct route_result *res)
{
	bool have_src = !addr_is_any(&k->src);

	if (k->oif && !link_by_index(f->links, k->oif)) {
		res->err = -ENODEV;
		return;
	}
	if (addr_is_any(&k->dst))
		k->dst.b[15] = 1;
	res->err = fib_search(f, k, 0, res);
	if (res->err)
		return;
	if (have_src)
		res->prefsrc = k->src;
	else
		fib_prefsrc(res, k);
	if (res->type == RTN_LOCAL || res->type == RTN_ANYCAST) {
		res->out = loopback(f);
		res->mtu = res->out->mtu;
	}
	if (addr_is_any(&res->prefsrc))
		res->err = -EADDRNOTAVAIL;
}

void fib_output(const struct fib *f, const struct route_key *key, struct route_result *res)
{
	struct route_key k = *key;
	bool have_src;

	memset(res, 0, sizeof(*res));
	k.iif = 0;
	if (k.family == AF_INET6) {
		output6(f, &k, res);
		return;
	}
	if (output_special(f, &k, res))
		return;
	if (addr_is_any(&k.dst)) {
		output_unspecified(f, &k);
		on_link(res, &k, loopback(f), RTN_LOCAL);
		res->prefsrc = k.src;
		return;
	}
	have_src = !addr_is_any(&k.src);
	res->err = fib_search(f, &k, 0, res);
	if (res->err && k.oif) { /* the tables are wrong, or not made yet: it must be on that link */
		on_link(res, &k, link_by_index(f->links, k.oif),
			addr_is_multicast(k.family, &k.dst) ? RTN_MULTICAST : RTN_UNICAST);
		link_pick_addr(res->out, k.family, NULL, RT_SCOPE_LINK, &res->prefsrc);
	} else if (!res->err) {
		if (res->type == RTN_LOCAL) {
			res->prefsrc = res->route->have_prefsrc ? res->route->prefsrc : k.dst;
			res->out = loopback(f);
			res->mtu = res->out->mtu;
		} else {
			fib_prefsrc(res, &k);
			if (limited_broadcast(&k) || res->type == RTN_BROADCAST)
				on_link(res, &k, res->out, RTN_BROADCAST);
			else if (addr_is_multicast(k.family, &k.dst))
				on_link(res, &k, res->out, RTN_MULTICAST);
		}
	}
	if (have_src)
		res->prefsrc = k.src;
}

/* ---- the way back ---- */

static bool uses_link(const struct route *r, const struct link *l)
{
	for (unsigned i = 0; i < r->n_nh; i++)
		if (r->nh[i].ifindex == l->ifindex)
			return true;
	return false;
}

static const struct nexthop *nh_over(const struct route *r, const struct link *l)
{
	for (unsigned i = 0; i < r->n_nh; i++)
		if (r->nh[i].ifindex == l->ifindex)
			return &r->nh[i];
	return &r->nh[0];
}

static bool has_addr(const struct link *l, uint8_t family)
{
	const struct link_addr *a;

	list_for_each(a, &l->addrs, node)
		if (a->family == family)
			return true;
	return false;
}

static int validate_full(const struct fib *f, const struct route_key *k, const struct link *in, int oif, int rpf)
{
	struct route_key back = { .family = k->family,
				  .dst = k->src,
				  .src = k->dst,
				  .tos = k->tos,
				  .proto = k->proto,
				  .iif = oif,
				  .mark = link_conf(in, LINK_CONF_SRC_VALID_MARK) ? k->mark : 0,
				  .mp_hash = k->mp_hash };
	struct route_result res = { 0 };

	if (fib_search(f, &back, 0, &res))
		return rpf ? -EXDEV : 0;
	if (res.type != RTN_UNICAST && (res.type != RTN_LOCAL || !link_conf(in, LINK_CONF_ACCEPT_LOCAL)))
		return -EINVAL;
	if (uses_link(res.route, in) || (res.type == RTN_LOCAL && in->kind == LINK_LOOPBACK))
		return fib_nh_scope(res.route, nh_over(res.route, in), f) >= RT_SCOPE_HOST;
	if (!has_addr(in, k->family))
		return rpf ? -EXDEV : 0;
	if (rpf == 1)
		return -EXDEV;
	back.oif = in->ifindex;
	memset(&res, 0, sizeof(res));
	if (fib_search(f, &back, FIB_IGNORE_LINKSTATE, &res) == 0 && res.type == RTN_UNICAST)
		return fib_nh_scope(res.route, nh_over(res.route, in), f) >= RT_SCOPE_HOST;
	return 0;
}

int fib_validate_source(const struct fib *f, const struct route_key *k, const struct link *in, int oif)
{
	int rpf = link_conf(in, LINK_CONF_RP_FILTER);

	if (k->family == AF_INET6) /* has no such filter: it is a rule's work there */
		return 0;
	if (rpf || (in->ifindex == oif && link_conf(in, LINK_CONF_SEND_REDIRECTS)) || fib_custom_rules(f, k->family))
		return validate_full(f, k, in, oif, rpf);
	if (link_conf(in, LINK_CONF_ACCEPT_LOCAL))
		return 0;
	return fib_addr_type(f, k->family, &k->src, NULL) == RTN_LOCAL ? -EINVAL : 0;
}
