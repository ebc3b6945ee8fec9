/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/verdict.h - what can become of a packet, and every reason for which one is dropped.
 *
 * A drop reason is a packet's error channel: each has a name (for machines), a sentence (for people) and a counter in struct netns.
 */
#ifndef NET_VERDICT_H
#define NET_VERDICT_H

/* X(NAME, "name", "sentence") */
#define DROP_REASONS(X)                                                                                           \
	X(NONE, "none", "not dropped")                                                                            \
	X(RULE, "rule", "a rule said DROP")                                                                       \
	X(POLICY, "policy", "the policy of a base chain is DROP")                                                 \
	X(REJECTED, "rejected", "a rule said REJECT")                                                             \
	X(TRUNCATED, "truncated", "the packet is shorter than its headers say")                                   \
	X(MALFORMED, "malformed", "a header is not valid")                                                        \
	X(CHECKSUM, "checksum", "a checksum is wrong")                                                            \
	X(LINK_DOWN, "link-down", "the interface is down or has no carrier")                                      \
	X(OTHER_HOST, "other-host", "the frame is addressed to another host's MAC address")                       \
	X(NO_GROUP, "no-group", "the host does not belong to the multicast group")                                \
	X(NO_HANDLER, "no-handler", "no protocol handles this kind of frame")                                     \
	X(MARTIAN_SOURCE, "martian-source", "the source address cannot be right")                                 \
	X(MARTIAN_DESTINATION, "martian-destination", "the destination address cannot be right")                  \
	X(RP_FILTER, "rp-filter", "the route back to the source leaves by another interface (rp_filter)")         \
	X(FORWARDING_OFF, "forwarding-off", "forwarding is off (net.ipv4.ip_forward)")                            \
	X(NO_ROUTE, "no-route", "no route to the destination")                                                    \
	X(BLACKHOLE, "blackhole", "a blackhole route or rule took the packet")                                    \
	X(UNREACHABLE, "unreachable", "an unreachable route or rule took the packet")                             \
	X(PROHIBITED, "prohibited", "a prohibit route or rule took the packet")                                   \
	X(TTL, "ttl", "the TTL ran out")                                                                          \
	X(TOO_BIG, "too-big", "the packet is larger than the MTU and must not be fragmented")                     \
	X(NEIGHBOUR, "neighbour", "the next hop's link-layer address could not be resolved")                      \
	X(NEIGHBOUR_QUEUE, "neighbour-queue", "too many packets wait for the next hop's address")                 \
	X(FRAG_TIMEOUT, "frag-timeout", "not all fragments arrived in time")                                      \
	X(FRAG_INVALID, "frag-invalid", "fragments overlap or do not fit together")                               \
	X(FRAG_LIMIT, "frag-limit", "too many fragments wait for reassembly")                                     \
	X(CT_TABLE_FULL, "ct-table-full", "the connection table is full")                                         \
	X(CT_CLASH, "ct-clash", "another packet confirmed the same connection first")                             \
	X(NAT_EXHAUSTED, "nat-exhausted", "no free port or address is left for the translation")                  \
	X(NAT_FAILED, "nat-failed", "the translation could not be applied to the packet")                         \
	X(NAT_EGRESS_CHANGED, "nat-egress-changed", "a masqueraded connection left by another interface")         \
	X(BRIDGE_LOCAL, "bridge-no-port", "a bridge had no port to forward the frame to")                         \
	X(NO_SOCKET, "no-socket", "nothing listens on the port")                                                  \
	X(SOCKET_FULL, "socket-full", "the socket's receive buffer is full")                                      \
	X(NO_PROTOCOL, "no-protocol", "the host does not speak the protocol")                                     \
	X(SOURCE_ROUTE, "source-route", "source-routed packets are not accepted")                                 \
	X(NO_MEMORY, "no-memory", "a bounded pool had no room")

enum drop_reason {
#define X(id, name, text) DROP_##id,
	DROP_REASONS(X)
#undef X
	DROP_REASON_MAX
};

enum verdict {
	VERDICT_ACCEPT,		/* go on */
	VERDICT_DROP,		/* free it; pkt->drop says why */
	VERDICT_STOLEN,		/* somebody else owns it now */
};

const char *drop_reason_name(enum drop_reason r);	/* "ct-table-full" */
const char *drop_reason_text(enum drop_reason r);	/* the sentence */

#endif
