/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ct/proto.h - what each transport protocol does with a packet of a connection: ct_in() calls one of these after the lookup.
 */
#ifndef CT_PROTO_H
#define CT_PROTO_H

#include "ct/table.h"

enum ct_track {
	CT_TRACK_OK,		/* the packet belongs to the connection */
	CT_TRACK_INVALID,	/* it goes on without one */
	CT_TRACK_REPEAT,	/* the connection is gone: look the packet up again */
};

enum ct_track ct_tcp_track(struct ct_table *t, struct conn *c, struct pkt *pkt, enum nf_inet_hooks hook);
enum ct_track ct_udp_track(struct ct_table *t, struct conn *c, struct pkt *pkt, enum nf_inet_hooks hook);
enum ct_track ct_icmp_track(struct ct_table *t, struct conn *c, struct pkt *pkt, enum nf_inet_hooks hook);
enum ct_track ct_gre_track(struct ct_table *t, struct conn *c, struct pkt *pkt, enum nf_inet_hooks hook);
enum ct_track ct_generic_track(struct ct_table *t, struct conn *c, struct pkt *pkt, enum nf_inet_hooks hook);
/**
 * ct_icmp_error() - an ICMP or ICMPv6 packet before the lookup: an error gets the connection that it quotes
 * Return: CT_TRACK_OK with pkt->ct set (RELATED) or, for what is no error, still NULL; CT_TRACK_INVALID
 */
enum ct_track ct_icmp_error(struct ct_table *t, struct pkt *pkt, enum nf_inet_hooks hook);
/** ct_tcp_may_reuse() - may a new connection's SYN take the place of @old, which is in TIME_WAIT or closed: sequence numbers went on */
bool ct_tcp_may_reuse(const struct conn *old, const struct conn *fresh);

static inline int pkt_dir(const struct pkt *pkt)
{
	return CTINFO2DIR(pkt->ctinfo);
}

#endif
