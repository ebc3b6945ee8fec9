/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/path.h - the packet's way: frames in, packets from local sockets in, everything else follows.
 */
#ifndef PATH_PATH_H
#define PATH_PATH_H

#include "ns/netns.h"

/** path_world_init() - a world whose namespaces move packets; 0 or -ENOMEM */
int path_world_init(struct world *w, uint64_t seed, const struct world_ops *ops, void *ctx);
/** path_rx() - @n frames that arrived on @in (each begins with its link-layer header at .mac); the packets are the engine's from here on */
void path_rx(struct link *in, struct pkt **pkts, unsigned n);

struct path_out {
	bool have_oif_bind;
	int oif;			/* SO_BINDTODEVICE, 0: none */
	bool hdrincl;			/* raw socket with its own IP header */
	uint8_t df;			/* 0: clear, 1: set */
};

/**
 * path_output() - a packet made by a local socket: IP header at .l3 (its version says which), transport header filled in but for checksums; source
 * unspecified: pick one; flow label 0: likewise
 * Return: 0, or the -errno that sendto() would give (-ENETUNREACH, -EHOSTUNREACH, -EACCES, -EPERM when a rule dropped it, -EMSGSIZE, -EINVAL, -EADDRNOTAVAIL). The packet is the engine's
 * in every case.
 */
int path_output(struct netns *ns, struct pkt *p, const struct path_out *o);
/** path_route_src() - route and source address that a socket's connect() to @dst gets: 0 or -errno */
int path_route(struct netns *ns, const struct route_key *k, struct route_result *res);
/** path_xmit() - a complete frame out of a link, as AF_PACKET sends it (arping) */
int path_xmit(struct link *out, struct pkt *p);
/** path_pmtu() - the path MTU learned for a destination, or the route's; path_route() has it in .mtu already */
uint32_t path_pmtu(struct netns *ns, const union inet_addr *dst, uint32_t route_mtu);

#endif
