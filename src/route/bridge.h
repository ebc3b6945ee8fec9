/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/bridge.h - what a bridge knows: its ports and where addresses were last seen.
 *
 * path/ moves the frames; this says where to. There is no spanning tree: a port forwards as soon as it is up
 * with carrier.
 */
#ifndef ROUTE_BRIDGE_H
#define ROUTE_BRIDGE_H

#include "base/hash.h"
#include "base/list.h"
#include "base/mem.h"
#include "route/link.h"

#define BRIDGE_FDB_MAX 8192		/* learned addresses; further ones are flooded and counted in .refused */
#define BRIDGE_FDB_BUCKETS 256
#define BRIDGE_PORTS_MAX 1023

enum {
	BRIDGE_FDB_LOCAL = 1 << 0,	/* the bridge's own or a port's address */
	BRIDGE_FDB_STATIC = 1 << 1,	/* does not age */
	BRIDGE_FDB_USER = 1 << 2,	/* a local one that the user gave */
};

struct bridge_fdb {
	struct list node;		/* hash chain */
	struct list all;		/* in order of creation */
	uint8_t mac[6];
	uint8_t flags;			/* BRIDGE_FDB_* */
	struct link *link;		/* the port, or the bridge itself */
	uint64_t updated_ms;
};

struct bridge_port {
	struct list node;		/* in bridge->ports, newest first as the kernel has them */
	struct bridge *bridge;
	struct link *link;
	unsigned number;		/* from 1 */
	uint64_t since_ms;
	bool forwarding;		/* up, with carrier, and the bridge is up */
	bool hairpin;			/* frames may leave by the port that they came in */
};

struct bridge {
	struct link *link;
	struct list ports;		/* of struct bridge_port */
	unsigned n_ports;
	struct hash_key key;
	struct list hash[BRIDGE_FDB_BUCKETS], all;
	struct mem_pool pool;
	uint64_t ageing_ms;
	uint8_t id_mac[6];		/* of the bridge id; zero while there was never a port */
	uint32_t gen;			/* moves when the table changes */
};

/** bridge_new() - make @l, of kind LINK_BRIDGE, a bridge without ports; -ENOMEM */
int bridge_new(struct link *l, const struct hash_key *key);
void bridge_free(struct bridge *b);		/* NULL is fine */
/**
 * bridge_port_add() - @port becomes a port of @br; -EINVAL (loopback, NOARP is fine), -ELOOP (a bridge), -EBUSY
 * (has a master), -EXFULL, -ENOMEM
 */
int bridge_port_add(struct link *br, struct link *port);
void bridge_port_del(struct link *port);
void bridge_release_ports(struct bridge *b);
/** bridge_learn() - a frame from @mac came in on @port */
void bridge_learn(struct bridge *b, struct link *port, const uint8_t mac[6], uint64_t now_ms);
/**
 * bridge_lookup() - the port that leads to @mac, the bridge's own link for its own addresses (and its ports'),
 * NULL: not known, flood
 */
struct link *bridge_lookup(const struct bridge *b, const uint8_t mac[6], uint64_t now_ms);
/** bridge_age() - forget what was not seen for ageing_ms; called now and then, lookups look at the age themselves */
void bridge_age(struct bridge *b, uint64_t now_ms);
/** bridge_fdb_set() - what `bridge fdb add` does: an entry that does not age; -ENOSPC */
int bridge_fdb_set(struct bridge *b, struct link *l, const uint8_t mac[6], uint8_t flags, uint64_t now_ms);
int bridge_fdb_del(struct bridge *b, const uint8_t mac[6]);	/* -ENOENT */
/* called by link.c: the port's or the bridge's own state changed */
void bridge_port_changed(struct bridge_port *p);
void bridge_changed(struct bridge *b);

#endif
