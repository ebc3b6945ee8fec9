/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ns/netns.h - one network namespace's whole state, and the world of namespaces that links join.
 *
 * A world is one engine: one thread, one clock, one source of randomness, one packet pool. Whoever drives it (a
 * lab, a replay, the gateway) implements struct world_ops, moves world->clock, calls path_rx() with what
 * arrives, and world_timers() when world_next_ns() is due.
 */
#ifndef NS_NETNS_H
#define NS_NETNS_H

#include "base/clock.h"
#include "base/rng.h"
#include "ct/ct.h"
#include "net/frag.h"
#include "net/pkt.h"
#include "route/fib.h"
#include "route/link.h"
#include "route/neigh.h"
#include "rules/ruleset.h"

struct netns;
struct world;
struct trace_event;
struct path;

/* what the engine needs from whoever drives it */
struct world_ops {
	/*
	 * A frame (link-layer header at .mac where the link has one) leaves by @out: a veth's driver side hands it
	 * to @out->peer after whatever time a wire takes, LINK_EXTERN's to its device. The packet is the callee's.
	 */
	void (*transmit)(struct world *w, struct link *out, struct pkt *p);
	/* a line for the kernel's log of @ns, without time and newline */
	void (*log)(struct world *w, struct netns *ns, int level, const char *line);
	/* timers changed: world_next_ns() may be earlier than it was */
	void (*timers_changed)(struct world *w);
	/* packet taps (tcpdump): @out says the direction; NULL: none. Called with the frame as it is on the link. */
	void (*tap)(struct world *w, struct link *l, const struct pkt *p, bool out);
	/* NFLOG and connection events for whoever listens */
	void (*ct_event)(struct world *w, struct netns *ns, enum ct_event ev, const struct conn *c);
	/* LINK_EXTERN links: their own neighbours, see replay; NULL: real ARP. 0 and mac, or -ENOENT */
	int (*neighbour)(struct world *w, struct link *l, const union inet_addr *addr, uint8_t mac[6]);
};

/* local sockets: who takes packets addressed to this host. path/local.c answers for what nobody takes. */
struct sock_ops {
	/*
	 * TCP, UDP, ICMP, raw. Return: DROP_NONE when taken (@p is the callee's), DROP_NO_SOCKET or another
	 * reason when not (@p stays the caller's)
	 */
	enum drop_reason (*deliver)(struct netns *ns, struct pkt *p);
	/* an ICMP error about something this host sent; @quote: the quoted IP packet */
	void (*icmp_error)(struct netns *ns, const struct pkt *p, uint8_t type, uint8_t code, uint32_t info,
			   const uint8_t *quote, size_t quote_len);
	/* ICMP or another error met by @p, sent from here (no route, no neighbour): err is a positive errno */
	void (*send_error)(struct netns *ns, const struct pkt *p, int err);
	bool (*port_used)(struct netns *ns, uint8_t proto, const union inet_addr *addr, be16 port);
};

/* net.ipv4.* that are not per interface */
struct ns_sysctl {
	int ip_forward, ip_default_ttl, icmp_echo_ignore_all, icmp_echo_ignore_broadcasts,
	    icmp_ignore_bogus_error_responses, icmp_ratelimit, icmp_ratemask, icmp_msgs_per_sec,
	    icmp_msgs_burst, icmp_errors_use_inbound_ifaddr, ip_no_pmtu_disc, ip_forward_use_pmtu,
	    ip_nonlocal_bind, ip_early_demux, ip_local_port_min, ip_local_port_max, ip_unprivileged_port_start,
	    fwmark_reflect, tcp_l3mdev_accept, tcp_syncookies, tcp_timestamps, tcp_sack, tcp_window_scaling,
	    tcp_syn_retries, tcp_synack_retries, tcp_retries1, tcp_retries2, tcp_fin_timeout, tcp_tw_reuse,
	    tcp_fwmark_accept, tcp_ecn, tcp_keepalive_time, ipfrag_time, ipfrag_high_thresh, ipfrag_low_thresh,
	    bridge_nf_call_iptables, bridge_nf_call_ip6tables, bridge_nf_call_arptables, ping_group_min,
	    ping_group_max, rmem_default, wmem_default, somaxconn, rt_error_cost, rt_error_burst,
	    redirect_number, redirect_load, redirect_silence, nf_log_all_netns;
	/* net.ipv6.* */
	int ip6_anycast_src_echo_reply, ip6_auto_flowlabels, ip6_bindv6only, ip6_fib_multipath_hash_fields,
	    ip6_fib_multipath_hash_policy, ip6_fib_notify_on_flag_change, ip6_flowlabel_consistency,
	    ip6_flowlabel_reflect, ip6_flowlabel_state_ranges, ip6_fwmark_reflect, icmp6_echo_ignore_all,
	    icmp6_echo_ignore_anycast, icmp6_echo_ignore_multicast, icmp6_error_anycast_as_unicast,
	    icmp6_ratelimit /* ms */, ip6_idgen_delay, ip6_idgen_retries, ip6_ioam6_id, ip6frag_high_thresh,
	    ip6frag_low_thresh, ip6frag_time /* s */, ip6_nonlocal_bind, ip6_max_dst_opts_length,
	    ip6_max_dst_opts_number, ip6_max_hbh_length, ip6_max_hbh_opts_number, ip6_gc_elasticity,
	    ip6_gc_interval, ip6_gc_min_interval_ms, ip6_gc_thresh, ip6_gc_timeout, ip6_max_size,
	    ip6_min_adv_mss, ip6_mtu_expires /* s */, ip6_skip_notify_on_dev_down, ip6_seg6_flowlabel,
	    ip6_xfrm6_gc_thresh;
	uint32_t icmp6_ratemask[8];	/* bit N: type N is limited */
};

struct netns {
	struct list node;		/* in world->namespaces */
	struct world *world;
	char *name;
	struct link_set links;
	struct link *lo;
	struct fib fib;
	struct neigh_table neigh;
	struct frag_table frags;
	struct ruleset rules;
	struct ct_table *ct;		/* always there; consulted while rules need it */
	struct ct_conf ct_conf;
	struct ns_sysctl sysctl;
	const struct sock_ops *sock;	/* NULL: nothing is delivered locally, packets for this host are counted only */
	void *sock_ctx;
	struct path *path;		/* hook arrays, ICMP rate limits, backlog: path/path.h */
	uint64_t drops[DROP_REASON_MAX];
	uint64_t delivered, forwarded, originated;
	uint64_t ip_id;			/* generator state for IP identification */
	void *user;			/* the driver's: a lab's host */
	bool live;			/* all parts are there: the engine is told of events */
	struct netns **ids;		/* [nsid]: the numbers by which it knows others; NULL: free */
	unsigned n_ids;
};

/* by ICMP: a redirect's gateway, a path's MTU */
struct route_learned {
	bool have_gw;
	union inet_addr gw;
	uint32_t pmtu;			/* 0: none */
	uint64_t until_ms;
};

/* what the packet path hangs into every namespace (path_world_init() sets it), so that ns/ need not know path/ */
struct world_engine {
	int (*ns_init)(struct netns *ns);
	void (*ns_free)(struct netns *ns);
	void (*timers)(struct netns *ns);
	uint64_t (*next_ms)(const struct netns *ns);
	const struct neigh_ops *neigh;	/* ctx is the struct netns */
	/* after ns/ did its part */
	void (*link_event)(struct netns *ns, struct link *l, unsigned what, const struct link_addr *a);
	/* what was learned about a destination besides its route; false: nothing */
	bool (*learned)(struct netns *ns, const union inet_addr *dst, const struct route *by, struct route_learned *out);
	void (*forget_learned)(struct netns *ns);	/* ip route flush cache */
	/* nf_conntrack_log_invalid: @why begins the line, as "nf_ct_proto_6: invalid rst " */
	void (*ct_invalid)(struct netns *ns, const struct pkt *p, enum nf_inet_hooks hook, const char *why);
};

struct world {
	const struct world_engine *engine;
	struct clock clock;
	struct rng rng;
	struct pkt_pool pool;
	struct list namespaces;
	const struct world_ops *ops;
	void *ctx;
	/* trace: path tells every step to whoever watches; NULL: nobody */
	void (*trace)(struct world *w, const struct trace_event *ev);
	uint32_t next_mac;
};

/** world_init() - use path_world_init(), which gives the engine */
int world_init(struct world *w, uint64_t seed, const struct world_ops *ops, void *ctx,
	       const struct world_engine *engine);
void world_free(struct world *w);		/* with all namespaces */
struct netns *netns_new(struct world *w, const char *name);	/* lo exists and is down; NULL: no memory */
void netns_free(struct netns *ns);		/* its veths' peers go too */
struct netns *netns_find(const struct world *w, const char *name);
/**
 * netns_veth() - a pair of veths, MAC addresses chosen from the world's randomness; names must be free:
 * -EEXIST, -EINVAL, -ENOMEM
 */
int netns_veth(struct netns *a, const char *name_a, struct netns *b, const char *name_b, struct link **la,
	       struct link **lb);
/** netns_link_new() - a bridge or dummy, with a MAC address of its own */
int netns_link_new(struct netns *ns, enum link_kind kind, const char *name, struct link **out);
/** netns_id() - the number by which @ns knows @other (link-netnsid); @make: give it one; -1: none */
int netns_id(struct netns *ns, const struct netns *other, bool make);
void netns_random_mac(struct world *w, uint8_t mac[6]);	/* unicast, locally administered */
struct hash_key netns_key(struct world *w);		/* a new secret for a hash table */
/* with its veth peer, its bridge's ports released; -EOPNOTSUPP for lo */
int netns_link_del(struct link *l);
/** netns_link_move() - to another namespace: loses addresses, routes and master, and goes down, as in Linux */
int netns_link_move(struct link *l, struct netns *to, const char *new_name);
uint64_t world_next_ns(const struct world *w);	/* when world_timers() has something to do, UINT64_MAX: nothing */
void world_timers(struct world *w);		/* expire what is due at world->clock */

/* ---- sysctl: one table of names, both /proc/sys and sysctl(8) read it ---- */
void ns_sysctl_init(struct netns *ns);		/* the kernel's defaults */
/**
 * ns_sysctl_get() - @name as "net.ipv4.ip_forward" or "net/ipv4/conf/eth0/rp_filter"; text without newline.
 * -ENOENT, -EACCES (write-only)
 */
int ns_sysctl_get(struct netns *ns, const char *name, struct sbuf *out);
/**
 * ns_sysctl_set() - with the kernel's side effects (ip_forward sets conf.*.forwarding). -ENOENT, -EINVAL,
 * -EACCES (read-only)
 */
int ns_sysctl_set(struct netns *ns, const char *name, const char *value);
/** ns_sysctl_walk() - every name (dots), in the order `sysctl -a` has; stops at non-zero */
int ns_sysctl_walk(struct netns *ns, int (*fn)(void *ctx, const char *name), void *ctx);

#endif
