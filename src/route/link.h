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
	uint64_t dad_ms;		/* IPv6: the next step of its duplicate address detection; 0: none runs */
	int dad_probes;			/* solicitations that are still to be sent */
	bool dad_done;			/* IPv6: usable, or a duplicate (IFA_F_DADFAILED) */
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

/* per-interface settings of IPv6: net.ipv6.conf.IF.*, in the order of their names; rows and rules are conf6.c's */
enum link_conf6_key {
	LINK_CONF6_ACCEPT_DAD, LINK_CONF6_ACCEPT_RA, LINK_CONF6_ACCEPT_RA_DEFRTR, LINK_CONF6_ACCEPT_RA_FROM_LOCAL,
	LINK_CONF6_ACCEPT_RA_MIN_HOP_LIMIT, LINK_CONF6_ACCEPT_RA_MIN_LFT, LINK_CONF6_ACCEPT_RA_MTU,
	LINK_CONF6_ACCEPT_RA_PINFO, LINK_CONF6_ACCEPT_RA_RT_INFO_MAX_PLEN, LINK_CONF6_ACCEPT_RA_RT_INFO_MIN_PLEN,
	LINK_CONF6_ACCEPT_RA_RTR_PREF, LINK_CONF6_ACCEPT_REDIRECTS, LINK_CONF6_ACCEPT_SOURCE_ROUTE,
	LINK_CONF6_ACCEPT_UNTRACKED_NA, LINK_CONF6_ADDR_GEN_MODE, LINK_CONF6_AUTOCONF, LINK_CONF6_DAD_TRANSMITS,
	LINK_CONF6_DISABLE_IPV6, LINK_CONF6_DISABLE_POLICY, LINK_CONF6_DROP_UNICAST_IN_L2_MULTICAST,
	LINK_CONF6_DROP_UNSOLICITED_NA, LINK_CONF6_ENHANCED_DAD, LINK_CONF6_FORCE_FORWARDING,
	LINK_CONF6_FORCE_MLD_VERSION, LINK_CONF6_FORCE_TLLAO, LINK_CONF6_FORWARDING, LINK_CONF6_HOP_LIMIT,
	LINK_CONF6_IGNORE_ROUTES_WITH_LINKDOWN, LINK_CONF6_IOAM6_ENABLED, LINK_CONF6_IOAM6_ID,
	LINK_CONF6_IOAM6_ID_WIDE, LINK_CONF6_KEEP_ADDR_ON_DOWN, LINK_CONF6_MAX_ADDRESSES,
	LINK_CONF6_MAX_DESYNC_FACTOR, LINK_CONF6_MC_FORWARDING, LINK_CONF6_MLDV1_UNSOLICITED_REPORT_INTERVAL,
	LINK_CONF6_MLDV2_UNSOLICITED_REPORT_INTERVAL, LINK_CONF6_MTU, LINK_CONF6_NDISC_EVICT_NOCARRIER,
	LINK_CONF6_NDISC_NOTIFY, LINK_CONF6_NDISC_TCLASS, LINK_CONF6_OPTIMISTIC_DAD, LINK_CONF6_PROXY_NDP,
	LINK_CONF6_RA_DEFRTR_METRIC, LINK_CONF6_RA_HONOR_PIO_LIFE, LINK_CONF6_RA_HONOR_PIO_PFLAG,
	LINK_CONF6_REGEN_MAX_RETRY, LINK_CONF6_REGEN_MIN_ADVANCE, LINK_CONF6_ROUTER_PROBE_INTERVAL,
	LINK_CONF6_ROUTER_SOLICITATION_DELAY, LINK_CONF6_ROUTER_SOLICITATION_INTERVAL,
	LINK_CONF6_ROUTER_SOLICITATION_MAX_INTERVAL, LINK_CONF6_ROUTER_SOLICITATIONS, LINK_CONF6_RPL_SEG_ENABLED,
	LINK_CONF6_SEG6_ENABLED, LINK_CONF6_SEG6_REQUIRE_HMAC, LINK_CONF6_SUPPRESS_FRAG_NDISC,
	LINK_CONF6_TEMP_PREFERED_LFT, LINK_CONF6_TEMP_VALID_LFT, LINK_CONF6_USE_OIF_ADDRS_ONLY,
	LINK_CONF6_USE_OPTIMISTIC, LINK_CONF6_USE_TEMPADDR,
	LINK_CONF6_MAX
};

/* how a link makes its own link-local address: LINK_CONF6_ADDR_GEN_MODE */
enum { LINK_GEN_EUI64, LINK_GEN_NONE, LINK_GEN_STABLE, LINK_GEN_RANDOM };

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
	bool ip6_ready;			/* IPv6 began on it: up, with carrier, and an MTU that is large enough */
	struct link *peer;		/* LINK_VETH: the other end, which may be in another namespace */
	int peer_netnsid;
	struct link *master;		/* the bridge that it is a port of */
	struct bridge_port *port;	/* of .master: bridge.h */
	struct bridge *bridge;		/* LINK_BRIDGE */
	struct list addrs;		/* of struct link_addr */
	int conf[LINK_CONF_MAX];	/* IPv4 */
	uint32_t conf_set;		/* bits of those given by hand: the others follow conf_default */
	int conf6[LINK_CONF6_MAX];	/* IPv6 */
	struct link_stats stats;
	void *io;			/* LINK_EXTERN: the owner's */
	char *alias;			/* ifalias, NULL: none */
};

struct link_set {
	struct list links;
	struct link **by_index;		/* [ifindex] */
	int cap, next_index;
	int conf_all[LINK_CONF_MAX], conf_default[LINK_CONF_MAX];
	int conf6_all[LINK_CONF6_MAX], conf6_default[LINK_CONF6_MAX];
	bool timed;			/* an address with a lifetime, or one that is checked for duplicates, was seen */
	uint32_t gen;			/* moves with every change */
	const char *why;		/* the kernel's words for the last refusal, NULL: it has none */
	const struct clock *clock;	/* NULL: time stands still at 0 */
	struct rng *rng;		/* NULL: no jitter */
	/* told after a change: link up/down/added/removed/renamed, address added/removed */
	void (*notify)(void *ctx, struct link *l, unsigned what, const struct link_addr *a);
	void *ctx;
};

enum link_notify { LINK_ADDED, LINK_REMOVED, LINK_UP, LINK_DOWN, LINK_CHANGED, ADDR_ADDED, ADDR_REMOVED,
		   LINK_MAC /* its address, or whether it does ARP, changed: what neighbours were told is void */,
		   /* IPv6 begins or ends on the link: it may send; its link-local address comes right after the first */
		   LINK_IP6_READY, LINK_IP6_GONE,
		   LINK_CONF6,		/* its forwarding changed */
		   ADDR_DAD_PROBE,	/* send a neighbour solicitation for this tentative address */
		   ADDR_READY,		/* IPv6: found to be nobody else's, or never in doubt: it can be used */
		   ADDR_DAD_FAILED,
		   ADDR_CHANGED };	/* IPv6: its lifetime, metric, or whether its prefix has a route */	/* IPv6: another has it; it stays, and is not used */

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
/** link_addr_mtu() - the link's MTU changed: IPv6 begins or ends with 1280 */
void link_addr_mtu(struct link *l);
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
 * link_pick_addr6() - the source that RFC 6724 section 5 gives, as ipv6_dev_get_saddr() applies it: scope,
 * deprecated, outgoing interface, label, public, longest match
 * @l: the outgoing interface, NULL: none
 * @dst: all zero is fine
 */
bool link_pick_addr6(const struct link_set *s, const struct link *l, const union inet_addr *dst, union inet_addr *out);
/** link_addr_usable6() - may packets be sent from it, and are those to it this host's: not tentative, no duplicate */
static inline bool link_addr_usable6(const struct link_addr *a)
{
	return !(a->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) ||
	       ((a->flags & IFA_F_OPTIMISTIC) && !(a->flags & IFA_F_DADFAILED));
}
/** link_addr_dad_failed() - another station has @a: a tentative address becomes a duplicate, others stay */
void link_addr_dad_failed(struct link *l, const union inet_addr *addr);
/** link_addr_next_ms(), link_addr_timers() - lifetimes and duplicate address detection; UINT64_MAX: nothing to do */
uint64_t link_addr_next_ms(const struct link_set *s);
void link_addr_timers(struct link_set *s, uint64_t now_ms);
/** link_addr_settle() - where no time passes: every address that is being checked is ready */
void link_addr_settle(struct link_set *s);
/** link_addr_link_local() - the link's own link-local address (usable or not), NULL: none */
const struct link_addr *link_addr_link_local(const struct link *l);
/** link_addr_eui64() - fe80::/64 with the interface identifier of @mac (RFC 4291 appendix A) */
union inet_addr link_addr_eui64(const uint8_t mac[6]);
/**
 * link_conf() - effective value of a setting: the kernel's rule for that key over "all" and the interface's own
 * (or, and, max)
 */
int link_conf(const struct link *l, enum link_conf_key key);
bool link_conf_forwarding(const struct link *l);
const char *link_conf_name(enum link_conf_key key);	/* "rp_filter" */
/** link_conf6() - the same for IPv6: the kernel's rule over "all" and the interface's own */
int link_conf6(const struct link *l, enum link_conf6_key key);
/** link_forwards6() - are packets that came in by @l forwarded: conf.all.forwarding, or its force_forwarding */
bool link_forwards6(const struct link *l);
/** link_accepts_ra() - does this host believe routers that advertise themselves on @l */
bool link_accepts_ra(const struct link *l);
const char *link_conf6_name(enum link_conf6_key key);	/* "accept_dad" */
/** link_conf6_fmt(), link_conf6_check() - a value as sysctl has it; -EINVAL: out of the setting's range on @l */
void link_conf6_fmt(enum link_conf6_key key, int v, struct sbuf *out);
int link_conf6_check(enum link_conf6_key key, const struct link *l, int64_t v);	/* -EINVAL, -EACCES: read-only */
/**
 * link_conf6_set() - write a setting of @l, or with @l NULL of conf.all or conf.default, with all that follows:
 * forwarding and others reach the interfaces, disable_ipv6 takes the addresses. -EINVAL, -EACCES
 */
int link_conf6_set(struct link_set *s, struct link *l, bool all, enum link_conf6_key key, int64_t v);
void link_conf6_init(struct link_set *s);		/* the kernel's defaults */
void link_conf6_inherit(struct link *l);		/* a link that is new in its set: conf.default's values */
/** link_ip6_on() - does the link do IPv6 at all */
static inline bool link_ip6_on(const struct link *l)
{
	return l->mtu >= 1280 && !l->conf6[LINK_CONF6_DISABLE_IPV6];
}

#endif
