/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/fib.c - routing tables: adding, removing, listing, and looking up in one of them.
 *
 * A table is a trie of prefixes; a prefix holds its routes in the order in which they are tried. Which tables
 * are asked, and in which order, is rule.c's; whether a route may be is fib_check.c's; what links and addresses
 * cause is fib_dev.c's.
 *
 * Invariants
 *  1. Every route is in the list of the prefix it names, in the table it names, and no prefix is empty.
 *  2. Routes of one prefix: the longest source prefix first (IPv6), highest TOS (IPv4), then lowest metric, then in the
 *     order in which rtnetlink puts them.
 *  3. gen moves with each change, so that what was looked up before can be told from what holds.
 *
 * References: rtnetlink(7), the flags of NEWROUTE.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "route/fib_int.h"

static const int type_error[] = {
	[RTN_BLACKHOLE] = -EINVAL, [RTN_UNREACHABLE] = -EHOSTUNREACH, [RTN_PROHIBIT] = -EACCES,
	[RTN_THROW] = -EAGAIN,     [RTN_XRESOLVE] = -EINVAL,
};

int fib_init(struct fib *f, struct link_set *links)
{
	memset(f, 0, sizeof(*f));
	f->links = links;
	list_init(&f->tables);
	list_init(&f->rules[0]);
	list_init(&f->rules[1]);
	return fib_rules_init(f);
}

void fib_route_free(struct route *r)
{
	mem_free(r->nh);
	mem_free(r);
}

static struct route *route_dup(const struct route *like)
{
	struct route *r = mem_dup(like, sizeof(*like));

	if (!r)
		return NULL;
	r->nh = NULL;
	if (like->n_nh) {
		r->nh = mem_dup(like->nh, like->n_nh * sizeof(*like->nh));
		if (!r->nh) {
			mem_free(r);
			return NULL;
		}
	}
	return r;
}

static int prefix_free(void *ctx, const uint8_t *key, uint32_t plen, void *val)
{
	struct fib_prefix *p = val;

	while (!list_empty(&p->routes)) {
		struct route *r = list_first(&p->routes, struct route, node);

		list_del(&r->node);
		fib_route_free(r);
	}
	mem_free(p);
	return 0;
}

void fib_free(struct fib *f)
{
	while (!list_empty(&f->tables)) {
		struct fib_table *t = list_first(&f->tables, struct fib_table, node);

		list_del(&t->node);
		for (int i = 0; i < 2; i++) {
			lpm_walk(&t->trie[i], prefix_free, NULL);
			lpm_free(&t->trie[i]);
		}
		mem_free(t);
	}
	fib_rules_free(f);
}

struct fib_table *fib_table_find(const struct fib *f, uint32_t id)
{
	struct fib_table *t;

	list_for_each(t, &f->tables, node)
		if (t->id == id)
			return t;
	return NULL;
}

bool fib_table_known(const struct fib *f, uint8_t family, uint32_t table)
{
	const struct fib_table *t = fib_table_find(f, table);

	return table == RT_TABLE_MAIN || table == RT_TABLE_LOCAL || (t && t->used[fib_fam(family)]);
}

struct fib_table *fib_table_get(struct fib *f, uint8_t family, uint32_t id)
{
	struct fib_table *t = fib_table_find(f, id);
	struct list *pos = f->tables.next;

	if (t) {
		t->used[fib_fam(family)] = true;
		return t;
	}
	t = mem_zalloc(sizeof(*t));
	if (!t)
		return NULL;
	t->id = id;
	t->used[fib_fam(family)] = true;
	lpm_init(&t->trie[0], 32);
	lpm_init(&t->trie[1], 128);
	/* the kernel lists its tables by the last byte of their number, the newest of one byte first */
	while (pos != &f->tables && (list_entry(pos, struct fib_table, node)->id & 0xff) < (id & 0xff))
		pos = pos->next;
	list_add_before(pos, &t->node);
	return t;
}

static struct fib_prefix *prefix_get(struct fib_table *t, const struct route *r)
{
	struct lpm *trie = &t->trie[fib_fam(r->family)];
	struct fib_prefix *p = lpm_exact(trie, r->dst.b, r->plen);

	if (p)
		return p;
	p = mem_zalloc(sizeof(*p));
	if (!p)
		return NULL;
	list_init(&p->routes);
	p->dst = r->dst;
	p->plen = r->plen;
	p->family = r->family;
	if (lpm_insert(trie, r->dst.b, r->plen, p)) {
		mem_free(p);
		return NULL;
	}
	return p;
}

static void prefix_drop_empty(struct fib_table *t, struct fib_prefix *p)
{
	if (!list_empty(&p->routes))
		return;
	lpm_remove(&t->trie[fib_fam(p->family)], p->dst.b, p->plen);
	mem_free(p);
}

void fib_remove(struct fib *f, struct route *r)
{
	struct fib_table *t = fib_table_find(f, r->table);
	struct fib_prefix *p = lpm_exact(&t->trie[fib_fam(r->family)], r->dst.b, r->plen);

	list_del(&r->node);
	fib_route_free(r);
	prefix_drop_empty(t, p);
	f->n_routes--;
	f->gen++;
}

/* ---- adding ---- */

static bool nh_same(const struct nexthop *a, const struct nexthop *b)
{
	return a->ifindex == b->ifindex && a->gw_family == b->gw_family && addr_eq(&a->gw, &b->gw) &&
	       a->weight == b->weight && !((a->flags ^ b->flags) & RTNH_F_ONLINK);
}

/* the same in all that the kernel compares: everything but the link state */
static bool route_same(const struct route *a, const struct route *b)
{
	if (a->type != b->type || a->scope != b->scope || a->protocol != b->protocol ||
	    a->have_prefsrc != b->have_prefsrc || !addr_eq(&a->prefsrc, &b->prefsrc) || a->mtu != b->mtu ||
	    a->mtu_locked != b->mtu_locked || a->advmss != b->advmss || a->n_nh != b->n_nh)
		return false;
	for (unsigned i = 0; i < a->n_nh; i++)
		if (!nh_same(&a->nh[i], &b->nh[i]))
			return false;
	return true;
}

int fib_route_order(const struct route *a, const struct route *b)
{
	if (a->src_plen != b->src_plen)
		return (int)b->src_plen - (int)a->src_plen;
	if (a->src_plen && !addr_eq(&a->src, &b->src))
		return memcmp(&a->src, &b->src, sizeof(a->src));
	if (a->tos != b->tos)
		return (int)b->tos - (int)a->tos;
	return a->metric < b->metric ? -1 : a->metric > b->metric;
}

/*
 * Where a new route goes among those of its prefix. @first is the first with its TOS and metric (NULL: none),
 * @same the one that equals it, the return value the list position in front of which it would be appended.
 */
static struct list *find_place(struct fib_prefix *p, const struct route *r, struct route **first, struct route **same)
{
	struct list *pos = p->routes.next;

	*first = *same = NULL;
	for (; pos != &p->routes; pos = pos->next) {
		struct route *o = list_entry(pos, struct route, node);

		if (fib_route_order(o, r) > 0)
			break;
		if (fib_route_order(o, r) < 0)
			continue;
		if (!*first)
			*first = o;
		if (!*same && route_same(o, r))
			*same = o;
	}
	return pos;
}

static int put4(struct fib *f, struct fib_prefix *p, struct route *r, unsigned nlflags)
{
	struct route *first, *same;
	struct list *pos = find_place(p, r, &first, &same);

	if (first && (nlflags & NLM_F_EXCL))
		return -EEXIST;
	if (first && (nlflags & NLM_F_REPLACE)) {
		if (same && same != first)
			return -EEXIST;
		list_add_before(&first->node, &r->node);
		list_del(&first->node);
		fib_route_free(first);
		f->n_routes--;
		return 0;
	}
	if (same)
		return -EEXIST;
	if (!(nlflags & NLM_F_CREATE))
		return -ENOENT;
	if (first && !(nlflags & NLM_F_APPEND))
		pos = &first->node;
	list_add_before(pos, &r->node);
	return 0;
}

/* 0: it stands there; 1: it became part of another */
static int put(struct fib *f, struct fib_prefix *p, struct route *r, unsigned nlflags)
{
	int rc = r->family == AF_INET ? put4(f, p, r, nlflags) : fib6_put(f, p, r, nlflags);

	if (!rc && r->expires_ms)
		f->next_ms = f->n_expiring++ ? MIN(f->next_ms, r->expires_ms) : r->expires_ms;
	return rc;
}

int fib_add(struct fib *f, const struct route *like, unsigned nlflags)
{
	struct route *r;
	struct fib_table *t;
	struct fib_prefix *p = NULL;
	int err;

	f->why = NULL;
	if (f->n_routes >= FIB_ROUTES_MAX)
		return -ENOBUFS;
	r = route_dup(like);
	if (!r)
		return -ENOMEM;
	if (!r->table)
		r->table = RT_TABLE_MAIN;
	if (r->family == AF_INET6)
		fib_table_get(f, AF_INET6, r->table); /* it comes to be even where the route is refused */
	err = r->family == AF_INET ? fib_check(f, r) : fib6_check(f, r);
	if (!err) {
		t = fib_table_get(f, r->family, r->table);
		p = t ? prefix_get(t, r) : NULL;
		err = p ? put(f, p, r, nlflags) : -ENOMEM;
		if (p && err)
			prefix_drop_empty(t, p);
	}
	f->gen++;
	if (err > 0)
		return 0;
	if (err) {
		fib_route_free(r);
		return err;
	}
	r->id = ++f->next_id;
	f->n_routes++;
	return 0;
}

/* ---- removing ---- */

static bool nh_match(const struct route *like, const struct route *r)
{
	if (!like->n_nh)
		return true;
	if (like->n_nh == 1) { /* one given: device and gateway as far as they are given */
		const struct nexthop *w = &like->nh[0], *h = r->nh;

		if (!r->n_nh)
			return !w->ifindex && !w->gw_family;
		return (!w->ifindex || w->ifindex == h->ifindex) &&
		       (!w->gw_family || (w->gw_family == h->gw_family && addr_eq(&w->gw, &h->gw)));
	}
	if (like->n_nh != r->n_nh)
		return false;
	for (unsigned i = 0; i < r->n_nh; i++) {
		const struct nexthop *w = &like->nh[i], *h = &r->nh[i];

		if ((w->ifindex && w->ifindex != h->ifindex) || (w->gw_family && !addr_eq(&w->gw, &h->gw)))
			return false;
	}
	return true;
}

static bool route_match(const struct route *like, const struct route *r)
{
	return r->tos == like->tos && (!like->metric || like->metric == r->metric) &&
	       (!like->type || like->type == r->type) && (like->scope == RT_SCOPE_NOWHERE || like->scope == r->scope) &&
	       (!like->protocol || like->protocol == r->protocol) &&
	       (!like->have_prefsrc || (r->have_prefsrc && addr_eq(&like->prefsrc, &r->prefsrc))) &&
	       (!like->mtu || like->mtu == r->mtu) && nh_match(like, r);
}

int fib_del(struct fib *f, const struct route *like)
{
	struct fib_table *t = fib_table_find(f, like->table ? like->table : RT_TABLE_MAIN);
	struct fib_prefix *p;
	struct route *r;

	f->why = NULL;
	if (!t || !fib_table_known(f, like->family, t->id)) {
		f->why = "FIB table does not exist";
		return -ESRCH;
	}
	p = lpm_exact(&t->trie[fib_fam(like->family)], like->dst.b, like->plen);
	if (like->family == AF_INET6)
		return fib6_del(f, p, like);
	if (!p)
		return -ESRCH;
	list_for_each(r, &p->routes, node)
		if (route_match(like, r)) {
			fib_remove(f, r);
			return 0;
		}
	return -ESRCH;
}

/* ---- listing ---- */

struct gather {
	struct fib_prefix **p;
	size_t n;
};

static int gather_one(void *ctx, const uint8_t *key, uint32_t plen, void *val)
{
	struct gather *g = ctx;

	g->p[g->n++] = val;
	return 0;
}

/*
 * The order in which the kernel's tries give them: by address, then the longest first; IPv6's gives a prefix
 * after all that lie in it
 */
static int prefix_order(const void *a, const void *b)
{
	const struct fib_prefix *p = *(struct fib_prefix *const *)a, *q = *(struct fib_prefix *const *)b;
	int c = memcmp(p->dst.b, q->dst.b, sizeof(p->dst));

	if (p->family == AF_INET6 && addr_in(AF_INET6, &p->dst, &q->dst, MIN(p->plen, q->plen)))
		return (int)q->plen - (int)p->plen;

	return c ? c : (int)q->plen - (int)p->plen;
}

/* without memory for all of them in order: the first one behind @last, at the price of looking at every one each time */
struct follow {
	const struct fib_prefix *last;	/* what was visited; NULL: nothing yet */
	struct fib_prefix *next;
};

static int follow_one(void *ctx, const uint8_t *key, uint32_t plen, void *val)
{
	struct follow *f = ctx;
	struct fib_prefix *p = val;

	if ((!f->last || prefix_order(&f->last, &p) < 0) && (!f->next || prefix_order(&p, &f->next) < 0))
		f->next = p;
	return 0;
}

static int walk_prefix(struct fib_prefix *p, int (*fn)(void *ctx, const struct route *r), void *ctx)
{
	struct list *head = &p->routes, *pos = head->next;
	int rc = 0;

	/* the last of a list may be removed by @fn, and its prefix with it: look no further than the next */
	while (pos != head && !rc) {
		struct list *next = pos->next;
		bool last = next == head;

		rc = fn(ctx, list_entry(pos, struct route, node));
		if (last)
			break;
		pos = next;
	}
	return rc;
}

static int walk_table(struct fib_table *t, uint8_t family, int (*fn)(void *ctx, const struct route *r), void *ctx)
{
	struct lpm *trie = &t->trie[fib_fam(family)];
	struct gather g = { 0 };
	struct fib_prefix last;
	int rc = 0;

	if (!trie->count)
		return 0;
	g.p = mem_alloc(trie->count * sizeof(*g.p));
	if (!g.p) {
		struct follow f = { 0 };

		while (lpm_walk(trie, follow_one, &f), f.next && !rc) {
			last = *f.next;
			rc = walk_prefix(f.next, fn, ctx);
			f = (struct follow){ .last = &last };
		}
		return rc;
	}
	lpm_walk(trie, gather_one, &g);
	qsort(g.p, g.n, sizeof(*g.p), prefix_order);
	for (size_t i = 0; i < g.n && !rc; i++)
		rc = walk_prefix(g.p[i], fn, ctx);
	mem_free(g.p);
	return rc;
}

int fib_walk(const struct fib *f, uint8_t family, uint32_t table, int (*fn)(void *ctx, const struct route *r),
	     void *ctx)
{
	struct fib_table *t;
	int rc = 0;

	list_for_each(t, &f->tables, node)
		if ((!table || t->id == table) && (rc = walk_table(t, family, fn, ctx)) != 0)
			return rc;
	return 0;
}

bool fib_has_default6(const struct fib *f, uint32_t table)
{
	const struct fib_table *t = fib_table_find(f, table);
	static const union inet_addr any;

	return t && lpm_exact(&t->trie[1], any.b, 0);
}

struct flush {
	struct fib *f;
	bool (*want)(void *ctx, const struct route *r);
	void *ctx;
	int n;
};

static int flush_one(void *ctx, const struct route *r)
{
	struct flush *x = ctx;

	if (!x->want || x->want(x->ctx, r)) {
		fib_remove(x->f, (struct route *)r);
		x->n++;
	}
	return 0;
}

int fib_flush(struct fib *f, uint8_t family, uint32_t table, bool (*want)(void *ctx, const struct route *r), void *ctx)
{
	struct flush x = { f, want, ctx, 0 };
	int err = fib_walk(f, family, table, flush_one, &x);

	return err ? err : x.n;
}

/* ---- looking up ---- */

static bool nh_usable(const struct fib *f, const struct nexthop *nh, const struct route_key *k, unsigned flags)
{
	if (nh->flags & RTNH_F_DEAD)
		return false;
	if (k->oif && nh->ifindex != k->oif)
		return false;
	if ((nh->flags & RTNH_F_LINKDOWN) && !(flags & FIB_IGNORE_LINKSTATE)) {
		const struct link *l = link_by_index(f->links, nh->ifindex);

		return !l || !(k->family == AF_INET ? link_conf(l, LINK_CONF_IGNORE_ROUTES_WITH_LINKDOWN)
						    : link_conf6(l, LINK_CONF6_IGNORE_ROUTES_WITH_LINKDOWN));
	}
	return true;
}

const struct nexthop *fib_nh_pick(const struct fib *f, const struct route *r, const struct route_key *k,
				  unsigned flags)
{
	const struct nexthop *first = NULL;
	uint64_t total = 0, at;
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_nh; i++)
		if (nh_usable(f, &r->nh[i], k, flags)) {
			if (!n++)
				first = &r->nh[i];
			total += r->nh[i].weight;
		}
	if (n <= 1)
		return first;
	at = (uint64_t)(k->mp_hash >> 1) * total >> 31;
	for (unsigned i = 0; i < r->n_nh; i++) {
		if (!nh_usable(f, &r->nh[i], k, flags))
			continue;
		if (at < r->nh[i].weight)
			return &r->nh[i];
		at -= r->nh[i].weight;
	}
	return first;
}

static void fill(const struct fib *f, const struct route *r, const struct nexthop *nh, const struct route_key *k,
		 struct route_result *res)
{
	struct link *l = link_by_index(f->links, nh->ifindex);

	res->err = 0;
	res->type = r->type;
	res->route = r;
	res->table = r->table;
	res->out = l;
	res->have_gw = nh->gw_family != 0;
	res->gw_family = nh->gw_family;
	res->gw = nh->gw_family ? nh->gw : k->dst;
	res->mtu = r->mtu ? r->mtu : !l ? 0 : r->family == AF_INET ? l->mtu : (uint32_t)l->conf6[LINK_CONF6_MTU];
}

/* a route was found, and says no; 0: it leads somewhere */
static int says_no(const struct route *r, struct route_result *res)
{
	if (r->type >= ARRAY_LEN(type_error) || !type_error[r->type])
		return 0;
	res->type = r->type;
	res->route = r;
	res->table = r->table;
	return type_error[r->type];
}

static int prefix_search6(const struct fib *f, const struct fib_prefix *p, const struct route_key *k, unsigned flags,
			  struct route_result *res)
{
	const struct nexthop *nh;
	const struct route *r = fib6_select(f, p, k, flags, &nh);
	int err = r ? says_no(r, res) : 1;

	if (!err)
		fill(f, r, nh, k, res);
	return err;
}

static int prefix_search(const struct fib *f, const struct fib_prefix *p, const struct route_key *k, unsigned flags,
			 struct route_result *res)
{
	struct route *r;

	list_for_each(r, &p->routes, node) {
		const struct nexthop *nh;
		int err;

		if ((r->tos && r->tos != (k->tos & ~3)) || r->scope < k->scope)
			continue;
		err = says_no(r, res);
		if (err)
			return err;
		if (r->flags & RTNH_F_DEAD)
			continue;
		nh = fib_nh_pick(f, r, k, flags);
		if (nh) {
			fill(f, r, nh, k, res);
			return 0;
		}
	}
	return 1;
}

static int search(const struct fib *f, void *const *found, unsigned n, const struct route_key *k, unsigned flags,
		  struct route_result *res)
{
	for (unsigned i = 0; i < n; i++) {
		int rc = k->family == AF_INET ? prefix_search(f, found[i], k, flags, res)
					      : prefix_search6(f, found[i], k, flags, res);

		if (rc <= 0)
			return rc;
	}
	return -EAGAIN;
}

int fib_table_search(const struct fib *f, const struct fib_table *t, const struct route_key *k, unsigned flags,
		     struct route_result *res)
{
	void *found[129];
	unsigned n = lpm_lookup(&t->trie[fib_fam(k->family)], k->dst.b, found, ARRAY_LEN(found));
	bool host6 = k->family == AF_INET6 && !f->links->conf6_all[LINK_CONF6_FORWARDING];
	int rc = host6 ? search(f, found, n, k, flags | FIB_REACHABLE, res) : -EAGAIN;

	/* a throw route is an answer: there is nothing to look for once more */
	return host6 && (rc != -EAGAIN || res->route) ? rc : search(f, found, n, k, flags, res);
}

uint8_t fib_addr_type(const struct fib *f, uint8_t family, const union inet_addr *a, const struct link *limit)
{
	struct route_key k = { .family = family, .dst = *a, .oif = family == AF_INET6 && limit ? limit->ifindex : 0 };
	struct route_result res = { 0 };
	const struct fib_table *t = fib_table_find(f, RT_TABLE_LOCAL);

	if (family == AF_INET && ((ntohl(a->ip4) >> 24) == 0 || a->ip4 == htonl(INADDR_BROADCAST)))
		return RTN_BROADCAST;
	if (addr_is_multicast(family, a))
		return RTN_MULTICAST;
	if (t && fib_table_search(f, t, &k, 0, &res) == 0 && (!limit || res.out == limit))
		return res.type;
	return RTN_UNICAST;
}
