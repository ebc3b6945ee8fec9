/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ct/nat.h - NAT bindings of connections: choosing a unique tuple, and rewriting packets by it.
 *
 * path computes what to translate to (the address to masquerade or redirect to) and hands a range; everything about uniqueness and ports is here.
 */
#ifndef CT_NAT_H
#define CT_NAT_H

#include <netinet/in.h>	/* before the UAPI headers */
#include <linux/netfilter/nf_nat.h>

#include "ct/ct.h"

enum nat_manip { NAT_MANIP_SRC, NAT_MANIP_DST };

struct nat_range {
	uint32_t flags;			/* NF_NAT_RANGE_MAP_IPS, _PROTO_SPECIFIED, _PROTO_RANDOM, _PERSISTENT, _PROTO_RANDOM_FULLY, _PROTO_OFFSET, _NETMAP */
	union inet_addr min, max;
	be16 port_min, port_max;	/* or ICMP ids */
	be16 port_base;			/* with NF_NAT_RANGE_PROTO_OFFSET */
};

/** nat_manip_of_hook() - PREROUTING and OUTPUT: destination; INPUT and POSTROUTING: source */
enum nat_manip nat_manip_of_hook(enum nf_inet_hooks hook);
/** nat_bound() - has the connection a binding (a null one included) for this manip */
bool nat_bound(const struct conn *c, enum nat_manip manip);
/**
 * nat_setup() - bind an unconfirmed connection
 * Return: VERDICT_ACCEPT or VERDICT_DROP (*why: DROP_NAT_EXHAUSTED)
 */
enum verdict nat_setup(struct ct_table *t, struct conn *c, const struct nat_range *range, enum nat_manip manip, enum drop_reason *why);
/** nat_null_binding() - no rule matched: bind to itself, changing the port only to resolve a clash */
enum verdict nat_null_binding(struct ct_table *t, struct conn *c, enum nat_manip manip, enum drop_reason *why);
/**
 * nat_packet() - translate a packet of a bound connection as its hook asks, ICMP errors and their quotes included
 * A masqueraded connection (.masq_ifindex, set by whoever computed the address) whose packets now leave by another pkt->oif ends here: the packet is
 * dropped (DROP_NAT_EGRESS_CHANGED), the next one begins a new connection.
 * Return: VERDICT_ACCEPT or VERDICT_DROP with pkt->drop set
 */
enum verdict nat_packet(struct ct_table *t, struct pkt *pkt, enum nf_inet_hooks hook);
/** nat_forget_addr() - masqueraded connections that use an address (@family 0: any) of interface @ifindex end, as when address or interface goes */
void nat_forget_addr(struct ct_table *t, int ifindex, uint8_t family, const union inet_addr *addr);

#endif
