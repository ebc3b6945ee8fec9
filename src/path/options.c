/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/options.c - the options of an IPv4 header that arrives: are they well-formed, and is the packet source-routed?
 *
 * On the packet's way: between PREROUTING and the routing decision, for the few packets that have options.
 *
 * Differences from Linux: source-routed packets are dropped whatever accept_source_route says; record route and timestamp options travel unchanged (D-5).
 *
 * References: RFC 791 section 3.1, RFC 1812 section 4.2.2.11.
 */
#include "path/private.h"

#define OPT_END 0
#define OPT_NOOP 1
#define OPT_RR 7
#define OPT_TIMESTAMP 68
#define OPT_LSRR 131
#define OPT_SSRR 137

/* the offset in the header of the first byte that is wrong; 0: none */
static unsigned find_fault(const uint8_t *h, unsigned hlen, bool *source_route)
{
	for (unsigned at = 20; at < hlen;) {
		unsigned left = hlen - at, len;

		if (h[at] == OPT_END)
			return 0;
		if (h[at] == OPT_NOOP) {
			at++;
			continue;
		}
		len = left > 1 ? h[at + 1] : 0;
		if (len < 2 || len > left)
			return at;
		if (h[at] == OPT_LSRR || h[at] == OPT_SSRR || h[at] == OPT_RR) {
			if (len < 3)
				return at + 1;
			if (h[at + 2] < 4)
				return at + 2;
			*source_route |= h[at] != OPT_RR;
		}
		if (h[at] == OPT_TIMESTAMP && len < 4)
			return at + 1;
		at += len;
	}
	return 0;
}

enum drop_reason options_check(struct netns *ns, struct pkt *p)
{
	bool source_route = false;
	unsigned fault;

	if (p->family != AF_INET)
		return DROP_NONE;
	fault = find_fault(pkt_l3(p), p->l4 - p->l3, &source_route);
	if (fault) {
		icmp_send(ns, p, ICMP_PARAMETERPROB, 0, fault << 24);
		return DROP_MALFORMED;
	}
	return source_route ? DROP_SOURCE_ROUTE : DROP_NONE;
}
