/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/addr_select.c - the source address of an IPv6 packet that has none: RFC 6724 section 5 as Linux has it.
 *
 * Candidates are compared rule by rule, and the first rule in which they differ decides; where none does, the one
 * that comes first in the order of links and addresses stays. A rule is a function that gives a number: the larger is
 * the better. Rule 4 (home addresses) is for kernels with Mobile IPv6, which this one follows none of.
 *
 * References: RFC 6724 sections 2.1 (labels), 3.1 (scopes), 5 (rules); RFC 5014.
 */
#include <string.h>

#include "route/addr_int.h"

/* scopes of RFC 4291 section 2.7, of unicast addresses too */
enum { SCOPE_LINK = 2, SCOPE_SITE = 5, SCOPE_GLOBAL = 14 };

struct dest {
	const union inet_addr *addr;
	const struct link *out;		/* NULL: none */
	int scope, label;
	uint64_t now_ms;
};

static const struct {
	union inet_addr net;
	uint8_t plen, label;
} labels[] = {	/* the longest first */
	{ { .b = { [15] = 1 } }, 128, 0 },
	{ { .b = { [10] = 0xff, 0xff } }, 96, 4 },
	{ { .b = { 0 } }, 96, 3 },
	{ { .b = { 0x20, 0x01, 0, 0 } }, 32, 6 },
	{ { .b = { 0x20, 0x01, 0, 0x10 } }, 28, 7 },
	{ { .b = { 0x3f, 0xfe } }, 16, 12 },
	{ { .b = { 0x20, 0x02 } }, 16, 2 },
	{ { .b = { 0xfe, 0xc0 } }, 10, 11 },
	{ { .b = { 0xfc } }, 7, 5 },
};

static int label_of(const union inet_addr *a)
{
	for (size_t i = 0; i < ARRAY_LEN(labels); i++)
		if (addr_in(AF_INET6, a, &labels[i].net, labels[i].plen))
			return labels[i].label;
	return 1;
}

static int scope_of(const union inet_addr *a)
{
	if (addr_is_multicast(AF_INET6, a))
		return a->b[1] & 0xf;
	switch (addr6_scope(a)) {
	case RT_SCOPE_HOST:
	case RT_SCOPE_LINK:
		return SCOPE_LINK;
	case RT_SCOPE_SITE:
		return SCOPE_SITE;
	default:
		return addr_is_any(a) ? -1 : SCOPE_GLOBAL;
	}
}

/* ---- the rules, each by its number in RFC 6724 ---- */

static int same_address(const struct link *l, const struct link_addr *a, const struct dest *d)	/* 1 */
{
	return addr_eq(&a->addr, d->addr);
}

static int scope(const struct link *l, const struct link_addr *a, const struct dest *d)	/* 2 */
{
	int s = scope_of(&a->addr);

	return s >= d->scope ? -s : s - 128; /* the nearest that reaches it; else the farthest */
}

static int preferred(const struct link *l, const struct link_addr *a, const struct dest *d)	/* 3 */
{
	uint32_t avoid = IFA_F_DEPRECATED | (link_conf6(l, LINK_CONF6_USE_OPTIMISTIC) ? 0 : IFA_F_OPTIMISTIC);

	return !(a->flags & avoid) && !(a->preferred_ms && a->preferred_ms <= d->now_ms);
}

static int outgoing(const struct link *l, const struct link_addr *a, const struct dest *d)	/* 5 */
{
	return !d->out || d->out == l;
}

static int label(const struct link *l, const struct link_addr *a, const struct dest *d)	/* 6 */
{
	return label_of(&a->addr) == d->label;
}

static int privacy(const struct link *l, const struct link_addr *a, const struct dest *d)	/* 7 */
{
	return !(a->flags & IFA_F_TEMPORARY) == (l->conf6[LINK_CONF6_USE_TEMPADDR] < 2);
}

static bool is_orchid(const union inet_addr *a)
{
	return !memcmp(a->b, "\x20\x01\x00", 3) && (a->b[3] & 0xf0) == 0x10;
}

static int orchid(const struct link *l, const struct link_addr *a, const struct dest *d)	/* not in it */
{
	return is_orchid(&a->addr) == is_orchid(d->addr);
}

static int common_bits(const union inet_addr *a, const union inet_addr *b)
{
	int n = 0;

	while (n < 128 && !((a->b[n / 8] ^ b->b[n / 8]) & (0x80 >> n % 8)))
		n++;
	return n;
}

static int longest_match(const struct link *l, const struct link_addr *a, const struct dest *d)	/* 8 */
{
	return MIN(common_bits(&a->addr, d->addr), (int)a->plen);
}

static int not_optimistic(const struct link *l, const struct link_addr *a, const struct dest *d)	/* not in it */
{
	return !(a->flags & IFA_F_OPTIMISTIC);
}

static int (*const rules[])(const struct link *l, const struct link_addr *a, const struct dest *d) = {
	same_address, scope, preferred, outgoing, label, privacy, orchid, longest_match, not_optimistic,
};

static bool better(const struct link *l, const struct link_addr *a, const struct link *best_l,
		   const struct link_addr *best, const struct dest *d)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		int n = rules[i](l, a, d), o = rules[i](best_l, best, d);

		if (n != o)
			return n > o;
	}
	return false;
}

bool link_pick_addr6(const struct link_set *s, const struct link *out, const union inet_addr *dst, union inet_addr *src)
{
	struct dest d = { .addr = dst, .out = out, .scope = scope_of(dst), .label = label_of(dst) };
	bool only_out = out && (addr_is_multicast(AF_INET6, dst) || d.scope <= SCOPE_LINK ||
				link_conf6(out, LINK_CONF6_USE_OIF_ADDRS_ONLY));
	const struct link *l, *best_l = NULL;
	const struct link_addr *a, *best = NULL;

	d.now_ms = s->clock ? clock_ms(s->clock) : 0;
	list_for_each(l, &s->links, node) {
		if (only_out && l != out)
			continue;
		list_for_each(a, &l->addrs, node)
			if (a->family == AF_INET6 && link_addr_usable6(a) &&
			    (!best || better(l, a, best_l, best, &d))) {
				best = a;
				best_l = l;
			}
	}
	if (best)
		*src = best->addr;
	return best != NULL;
}
