/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route/link.h - links and their addresses.
 */
#ifndef ROUTE_LINK_H
#define ROUTE_LINK_H

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/rng.h"
#include "base/sbuf.h"
#include "net/addr.h"

struct link_set;
struct bridge;
struct bridge_port;

#define LINK_MAX 65536			/* links of one namespace */
#define LINK_ADDR_MAX 4096		/* addresses of one link */

enum link_kind {
	LINK_LOOPBACK, LINK_VETH, LINK_BRIDGE, LINK_DUMMY,
	LINK_EXTERN,		/* replay's and live's devices */
	LINK_KIND_MAX
};

struct link_addr {
	struct list node;		/* in link->addrs; primaries of a scope first, as the kernel orders them */
	union inet_addr addr, peer;	/* peer == addr where none was given */
	union inet_addr brd;		/* broadcast, all zero: none */
	uint8_t family, plen, scope;	/* RT_SCOPE_* */
	uint32_t flags;			/* IFA_F_* */
	char label[IFNAMSIZ];
	uint32_t metric;
	uint64_t valid_lft_s, preferred_lft_s;	/* 0: forever */
	uint64_t valid_ms, preferred_ms;	/* when they end, engine time; 0: never */
	uint64_t dad_ms;		/* IPv6: tentative until then; 0: not */
	uint8_t proto;			/* IFAPROT_* */
};

/* per-interface settings: net.ipv4.conf.IF.*; "all" and "default" have one each too */
enum link_conf_key {
	LINK_CONF_FORWARDING, LINK_CONF_RP_FILTER, LINK_CONF_ACCEPT_REDIRECTS, LINK_CONF_SECURE_REDIRECTS,
	LINK_CONF_SEND_REDIRECTS, LINK_CONF_SHARED_MEDIA, LINK_CONF_PROXY_ARP, LINK_CONF_PROXY_ARP_PVLAN,
	LINK_CONF_ARP_FILTER, LINK_CONF_ARP_ANNOUNCE, LINK_CONF_ARP_IGNORE, LINK_CONF_ARP_ACCEPT,
	LINK_CONF_ARP_NOTIFY, LINK_CONF_ROUTE_LOCALNET, LINK_CONF_LOG_MARTIANS, LINK_CONF_ACCEPT_SOURCE_ROUTE,
	LINK_CONF_ACCEPT_LOCAL, LINK_CONF_SRC_VALID_MARK, LINK_CONF_PROMOTE_SECONDARIES,
	LINK_CONF_IGNORE_ROUTES_WITH_LINKDOWN, LINK_CONF_MC_FORWARDING, LINK_CONF_TAG, LINK_CONF_MEDIUM_ID,
	LINK_CONF_BOOTP_RELAY, LINK_CONF_DISABLE_XFRM, LINK_CONF_DISABLE_POLICY, LINK_CONF_FORCE_IGMP_VERSION,
	LINK_CONF_MAX
};

struct link_stats {
	uint64_t rx_packets, rx_bytes, rx_dropped, rx_errors, tx_packets, tx_bytes, tx_dropped, tx_errors;
};

struct link {
	struct list node;		/* in link_set, by ifindex */
	struct link_set *set;
	void *ns;			/* its struct netns */
	enum link_kind kind;
	int ifindex;
	char name[IFNAMSIZ];
	/* IFF_UP, IFF_NOARP, IFF_BROADCAST, IFF_LOOPBACK, IFF_PROMISC, ...: as set by the administrator */
	uint32_t flags;
	unsigned promisc;		/* programs that want every frame that passes (tcpdump) */
	bool carrier;
	bool was_up;			/* since it came to this namespace: it has a queue then */
	uint8_t oper;			/* IF_OPER_* as the last carrier event left it; counts while the link is up */
	uint32_t mtu, txqlen, group;
	uint16_t arphrd;		/* ARPHRD_ETHER, ARPHRD_LOOPBACK, ARPHRD_NONE */
	uint8_t mac[6], brd_mac[6];
	bool mac_set;			/* by the user: a bridge then no longer takes its ports' lowest */
	bool mtu_set;			/* the same for a bridge's MTU */
	bool disable_ipv6;
	struct link *peer;		/* LINK_VETH: the other end, which may be in another namespace */
	int peer_netnsid;
	struct link *master;		/* the bridge that it is a port of */
	struct bridge_port *port;	/* of .master: bridge.h */
	struct bridge *bridge;		/* LINK_BRIDGE */
	struct list addrs;		/* of struct link_addr */
	int conf[LINK_CONF_MAX];	/* IPv4 */
	uint32_t conf_set;		/* bits of those given by hand: the others follow conf_default */
	struct link_stats stats;
	void *io;			/* LINK_EXTERN: the owner's */
	char *alias;			/* ifalias, NULL: none */
};

struct link_set {
	struct list links;
	struct link **by_index;		/* [ifindex] */
	int cap, next_index;
	int conf_all[LINK_CONF_MAX], conf_default[LINK_CONF_MAX];
	bool disable_ipv6_all, disable_ipv6_default;
	bool timed;			/* an address with a lifetime was seen */
	uint32_t gen;			/* moves with every change */
	const char *why;		/* the kernel's words for the last refusal, NULL: it has none */
	const struct clock *clock;	/* NULL: time stands still at 0 */
	struct rng *rng;		/* NULL: no jitter */
	/* told after a change: link up/down/added/removed/renamed, address added/removed */
	void (*notify)(void *ctx, struct link *l, unsigned what, const struct link_addr *a);
	void *ctx;
};

enum link_notify { LINK_ADDED, LINK_REMOVED, LINK_UP, LINK_DOWN, LINK_CHANGED, ADDR_ADDED, ADDR_REMOVED,
		   LINK_MAC /* its address, or whether it does ARP, changed: what neighbours were told is void */ };

void link_set_init(struct link_set *s);
void link_set_free(struct link_set *s);
struct link *link_by_index(const struct link_set *s, int ifindex);	/* NULL: none */
struct link *link_by_name(const struct link_set *s, const char *name);
/** link_add() - a new link, down; @ifindex 0: the next free. -EEXIST (name or index), -EINVAL (name), -ENOMEM */
int link_add(struct link_set *s, enum link_kind kind, const char *name, int ifindex, struct link **out);
void link_remove(struct link *l);		/* frees it; a veth's peer is the caller's to remove */
/**
 * link_attach() - a link that belongs to no set into @s, as @name, with its old index where that is free;
 * -EEXIST, -ENOMEM
 */
int link_attach(struct link_set *s, struct link *l, const char *name);
/** link_detach() - out of its set, down, without addresses and master, but not freed */
void link_detach(struct link *l);
/** link_alloc_name() - @pattern with "%d" gets the lowest free number; into @name; -EINVAL, -ENFILE */
int link_alloc_name(const struct link_set *s, const char *pattern, char name[IFNAMSIZ]);
int link_rename(struct link *l, const char *name);
int link_set_flags(struct link *l, uint32_t flags, uint32_t mask);	/* IFF_UP and others */
bool link_running(const struct link *l);	/* up and with carrier */
void link_set_carrier(struct link *l, bool on);
void link_changed(struct link *l);		/* tell that something about it changed (MTU, MAC, name, master) */
int link_set_mac(struct link *l, const uint8_t mac[6]);	/* -EADDRNOTAVAIL: not a unicast address */
int link_set_mtu(struct link *l, uint32_t mtu);		/* -EINVAL with .why */
const char *link_kind_name(enum link_kind k);	/* "veth", "" for loopback */
const char *link_operstate(const struct link *l);	/* "UP", "DOWN", "LOWERLAYERDOWN", "UNKNOWN" */
bool link_name_ok(const char *name);

/** link_addr_add() - with the routes that follow from it (through notify). -EEXIST, -EINVAL, -ENOMEM */
int link_addr_add(struct link *l, const struct link_addr *a);
/** link_addr_change() - lifetimes, flags and metric of an address that is there; -EADDRNOTAVAIL */
int link_addr_change(struct link *l, const struct link_addr *a);
/** link_addr_del() - -EADDRNOTAVAIL; secondaries go with their primary or are promoted */
int link_addr_del(struct link *l, uint8_t family, const union inet_addr *addr, uint8_t plen);
/** link_addr_relabel() - the labels of IPv4 addresses follow the link's new name, aliases keep what is behind the colon */
void link_addr_relabel(struct link *l);
/** link_addr_flush() - all of a family (0: every), at once, as when the link goes */
void link_addr_flush(struct link *l, uint8_t family);
/**
 * link_addr_up(), link_addr_down() - what IPv6, and the loopback, do by themselves when a link comes up or goes
 * down
 */
void link_addr_up(struct link *l);
void link_addr_down(struct link *l);
/** link_addr_primary() - the first primary address of the same subnet as @a, NULL: none */
const struct link_addr *link_addr_primary(const struct link *l, const struct link_addr *a);
static inline bool link_addr_same_subnet(const struct link_addr *a, const struct link_addr *b)
{
	return a->family == b->family && a->plen == b->plen && addr_in(a->family, &a->peer, &b->peer, b->plen);
}
const struct link_addr *link_addr_find(const struct link_set *s, uint8_t family, const union inet_addr *addr);
/**
 * link_pick_addr() - the address the kernel's inet_select_addr() takes for @dst through @l with scope at most
 * @scope; false: none
 */
bool link_pick_addr(const struct link *l, uint8_t family, const union inet_addr *dst, uint8_t scope,
		    union inet_addr *out);
/**
 * link_conf() - effective value of a setting: the kernel's rule for that key over "all" and the interface's own
 * (or, and, max)
 */
int link_conf(const struct link *l, enum link_conf_key key);
bool link_conf_forwarding(const struct link *l);
const char *link_conf_name(enum link_conf_key key);	/* "rp_filter" */

#endif
