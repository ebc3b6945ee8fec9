/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/mld.c - which multicast groups a host tells its links that it listens to (MLD version 2), and its search for routers.
 *
 * On the packet's way: beside it. Link events and timers make the packets; they leave as all others do.
 *
 * Theory of operation: each link where IPv6 runs has a list of groups: the solicited-node group of each of its addresses, and the routers' groups while it
 * forwards. A group that comes or goes is reported shortly after, and once more within a second; before the link-local address is known to be free the reports come
 * from the unspecified address, and all is said again when it is. Then the host asks for routers, further and further apart, until it hears one.
 *
 * Invariants
 *  1. A link is in the list exactly while IPv6 runs on it (LINK_IP6_READY to LINK_IP6_GONE).
 *  2. A group that is left stays in its link's list until that was reported.
 *
 * Differences from Linux: D-107 (queries are not answered, programs cannot join).
 *
 * References: RFC 3810 sections 5.2 and 6, RFC 3590, RFC 4861 section 6.3.7, RFC 7559; times as Linux mcast.c and addrconf.c take them.
 */
#include "path/private.h"

#include "base/buf.h"

#define REPORT_V2 143
#define TO_EXCLUDE 4		/* joined: from all sources */
#define TO_INCLUDE 3		/* left: from none */
#define ROBUSTNESS 2		/* how often each change is told */
#define SOON_MS 8
#define HEADER 16		/* hop-by-hop options and ICMPv6 */
#define RECORD 20
#define RECORDS_MAX 64		/* in one report */

struct group {
	struct list node;	/* the newest first */
	union inet_addr addr;
	unsigned users;		/* addresses that need it; 0: left */
	unsigned to_tell;	/* reports of its change that are due */
};

struct mld_link {
	struct list node;
	int ifindex;
	struct list groups;
	bool forwards;
	uint64_t change_ms, all_ms, solicit_ms;		/* when to report changes, report all, ask for routers; 0: never */
	unsigned changes_left, all_left;
	uint32_t interval_ms;
	int solicited;
};

static const union inet_addr routers[] = { { .b = { 0xff, 2, [15] = 2 } }, { .b = { 0xff, 5, [15] = 2 } } };

static struct mld_link *find(const struct netns *ns, int ifindex)
{
	struct mld_link *m;

	if (!ns->path)
		return NULL;
	list_for_each(m, &ns->path->mld, node)
		if (m->ifindex == ifindex)
			return m;
	return NULL;
}

static uint64_t now_ms(const struct netns *ns)
{
	return clock_ms(&ns->world->clock);
}

/* ---- reports ---- */

static bool is_told(const struct group *g, bool all)
{
	return all ? g->users > 0 : g->to_tell > 0;
}

/* what a report looks like around its records: router alert, and the count */
static struct pkt *report(struct netns *ns, const struct link *l, unsigned n)
{
	static const uint8_t alert[8] = { IPPROTO_ICMPV6, 0, 5, 2, 0, 0, 1, 0 };
	static const union inet_addr to = { .b = { 0xff, 2, [15] = 0x16 } };
	const struct link_addr *own = link_addr_link_local(l);
	union inet_addr src = own && link_addr_usable6(own) ? own->addr : (union inet_addr){ 0 };
	struct pkt *p = build_ip(&ns->world->pool, AF_INET6, &src, &to, IPPROTO_HOPOPTS, 1, 0, HEADER + n * RECORD);

	if (!p)
		return NULL;
	memset(pkt_l4(p), 0, HEADER + n * RECORD);
	memcpy(pkt_l4(p), alert, sizeof(alert));
	p->l4 += sizeof(alert);
	p->proto = IPPROTO_ICMPV6;
	p->flags |= PKT_OPTIONS;
	pkt_l4(p)[0] = REPORT_V2;
	put_u16(pkt_l4(p) + 6, (uint16_t)n);
	return p;
}

/* tell of every group, or of those that changed */
static void send_report(struct netns *ns, struct mld_link *m, bool all)
{
	struct link *l = link_by_index(&ns->links, m->ifindex);
	struct group *g, *tmp;
	unsigned n = 0, i = 0;
	struct pkt *p;

	list_for_each(g, &m->groups, node)
		n += is_told(g, all);
	n = MIN(n, (unsigned)RECORDS_MAX);
	p = l && n ? report(ns, l, n) : NULL;
	if (!p)
		return;
	list_for_each_safe(g, tmp, &m->groups, node) {
		uint8_t *r = pkt_l4(p) + 8 + i * RECORD;

		if (i == n || !is_told(g, all))
			continue;
		r[0] = g->users ? TO_EXCLUDE : TO_INCLUDE;
		memcpy(r + 4, &g->addr, 16);
		i++;
		if (!all && !--g->to_tell && !g->users) {
			list_del(&g->node);
			mem_free(g);
		}
	}
	path_link_out(ns, p, l);
}

static void changed(struct netns *ns, struct mld_link *m)
{
	m->changes_left = ROBUSTNESS;
	m->change_ms = now_ms(ns) + SOON_MS;
	if (ns->world->ops && ns->world->ops->timers_changed)
		ns->world->ops->timers_changed(ns->world);
}

static void join(struct netns *ns, struct mld_link *m, const union inet_addr *addr)
{
	struct group *g;

	list_for_each(g, &m->groups, node)
		if (addr_eq(&g->addr, addr))
			goto found;
	g = mem_zalloc(sizeof(*g));
	if (!g)
		return;
	g->addr = *addr;
	list_add_head(&m->groups, &g->node);
found:
	if (g->users++)
		return;
	g->to_tell = ROBUSTNESS;
	changed(ns, m);
}

static void leave(struct netns *ns, struct mld_link *m, const union inet_addr *addr)
{
	struct group *g;

	list_for_each(g, &m->groups, node) {
		if (!addr_eq(&g->addr, addr) || !g->users || --g->users)
			continue;
		g->to_tell = ROBUSTNESS;
		changed(ns, m);
		return;
	}
}

static void set_forwarding(struct netns *ns, struct mld_link *m, bool on)
{
	if (m->forwards == on)
		return;
	m->forwards = on;
	for (unsigned i = 0; i < ARRAY_LEN(routers); i++)
		(on ? join : leave)(ns, m, &routers[i]);
}

/* ---- the search for routers ---- */

static uint32_t around(struct netns *ns, uint64_t ms)
{
	return (uint32_t)(ms * (900 + rng_below(&ns->world->rng, 201)) / 1000);
}

static void solicit(struct netns *ns, struct mld_link *m, struct link *l)
{
	uint64_t max = (uint64_t)MAX(l->conf6[LINK_CONF6_ROUTER_SOLICITATION_MAX_INTERVAL], 1) * 1000;
	int most = l->conf6[LINK_CONF6_ROUTER_SOLICITATIONS];

	m->solicit_ms = 0;
	if (!link_accepts_ra(l) || !most || l->flags & IFF_LOOPBACK || (most > 0 && m->solicited >= most))
		return;
	nd_router_solicit(ns, l);
	if (!m->solicited++)
		m->interval_ms = around(ns, (uint64_t)MAX(l->conf6[LINK_CONF6_ROUTER_SOLICITATION_INTERVAL], 1) * 1000);
	else
		m->interval_ms = around(ns, MIN(2 * (uint64_t)m->interval_ms, max));
	m->solicit_ms = now_ms(ns) + m->interval_ms;
}

/* ---- events and timers ---- */

static void begin(struct netns *ns, struct link *l)
{
	struct mld_link *m = find(ns, l->ifindex) || l->flags & IFF_LOOPBACK ? NULL : mem_zalloc(sizeof(*m));
	const struct link_addr *a;

	if (!m)
		return;
	m->ifindex = l->ifindex;
	list_init(&m->groups);
	list_add_tail(&ns->path->mld, &m->node);
	set_forwarding(ns, m, l->conf6[LINK_CONF6_FORWARDING]);
	list_for_each(a, &l->addrs, node) {
		union inet_addr g = nd_solicited_node(&a->addr);

		if (a->family == AF_INET6)
			join(ns, m, &g);
	}
}

static void end(struct mld_link *m)
{
	while (!list_empty(&m->groups)) {
		struct group *g = list_first(&m->groups, struct group, node);

		list_del(&g->node);
		mem_free(g);
	}
	list_del(&m->node);
	mem_free(m);
}

void mld_free(struct netns *ns)
{
	while (!list_empty(&ns->path->mld))
		end(list_first(&ns->path->mld, struct mld_link, node));
}

/* the link-local address is there to be used: all that was said without a source is said again, and routers are asked for */
static void can_speak(struct netns *ns, struct mld_link *m, struct link *l)
{
	struct group *g;

	list_for_each(g, &m->groups, node)
		g->to_tell = ROBUSTNESS;
	send_report(ns, m, true);
	m->all_left = ROBUSTNESS - 1;
	m->all_ms = now_ms(ns) + SOON_MS + rng_below(&ns->world->rng, (uint32_t)MAX(l->conf6[LINK_CONF6_MLDV2_UNSOLICITED_REPORT_INTERVAL], 1));
	m->solicited = 0;
	solicit(ns, m, l);
}

void mld_link_event(struct netns *ns, struct link *l, unsigned what, const struct link_addr *a)
{
	struct mld_link *m = find(ns, l->ifindex);
	union inet_addr group;

	if (what == LINK_IP6_READY)
		begin(ns, l);
	if (!m)
		return;
	if (what == LINK_IP6_GONE || what == LINK_REMOVED) {
		end(m);
		return;
	}
	if (what == LINK_CONF6)
		set_forwarding(ns, m, l->conf6[LINK_CONF6_FORWARDING]);
	if (!a || a->family != AF_INET6)
		return;
	group = nd_solicited_node(&a->addr);
	if (what == ADDR_ADDED)
		join(ns, m, &group);
	else if (what == ADDR_REMOVED)
		leave(ns, m, &group);
	else if (what == ADDR_READY && a == link_addr_link_local(l))
		can_speak(ns, m, l);
}

static uint64_t next_of(const struct mld_link *m)
{
	uint64_t next = UINT64_MAX;

	if (m->change_ms)
		next = m->change_ms;
	if (m->all_ms)
		next = MIN(next, m->all_ms);
	return m->solicit_ms ? MIN(next, m->solicit_ms) : next;
}

uint64_t mld_next_ms(const struct netns *ns)
{
	uint64_t next = UINT64_MAX;
	struct mld_link *m;

	list_for_each(m, &ns->path->mld, node)
		next = MIN(next, next_of(m));
	return next;
}

/* one report of those that are told in pairs; when the next is due */
static uint64_t step(struct netns *ns, struct mld_link *m, struct link *l, bool all, unsigned *left)
{
	send_report(ns, m, all);
	if (!*left || !--*left)
		return 0;
	return now_ms(ns) + SOON_MS + rng_below(&ns->world->rng, (uint32_t)MAX(l->conf6[LINK_CONF6_MLDV2_UNSOLICITED_REPORT_INTERVAL], 1));
}

void mld_timers(struct netns *ns)
{
	uint64_t now = now_ms(ns);
	struct mld_link *m, *tmp;

	list_for_each_safe(m, tmp, &ns->path->mld, node) {
		struct link *l = link_by_index(&ns->links, m->ifindex);

		if (!l)
			continue;
		if (m->change_ms && m->change_ms <= now)
			m->change_ms = step(ns, m, l, false, &m->changes_left);
		if (m->all_ms && m->all_ms <= now)
			m->all_ms = step(ns, m, l, true, &m->all_left);
		if (m->solicit_ms && m->solicit_ms <= now)
			solicit(ns, m, l);
	}
}
