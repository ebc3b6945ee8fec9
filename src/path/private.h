/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path/private.h - what the files of path/ share and nobody else sees.
 */
#ifndef PATH_PRIVATE_H
#define PATH_PRIVATE_H

#include "path/path.h"
#include "ns/trace.h"

#include "net/edit.h"
#include "net/reply.h"

/* ---- hook arrays (hooks.c) ---- */

enum stage { STAGE_DEFRAG, STAGE_CONNTRACK, STAGE_CHAIN, STAGE_NAT, STAGE_CONFIRM };

struct hook_entry {
	enum stage stage;
	int priority;
	uint64_t seq;			/* at equal priority the highest runs first */
	const struct chain *chain;	/* STAGE_CHAIN */
	unsigned first, n;		/* STAGE_NAT: its chains, in path->nat_chain[] */
};

#define HOOK_ENTRIES (RULESET_HOOK_MAX + 4)	/* base chains a hook can have (commit refuses more) and built-in stages */

struct hook_array {
	unsigned n;
	struct hook_entry entry[HOOK_ENTRIES];
};

struct hook_state {
	int hook;			/* NF_INET_*, or of .pf */
	uint8_t pf;			/* NFPROTO_*; 0: the packet's own */
	bool with_mac;			/* the packet begins with its link-layer header there */
	struct link *in, *out;		/* NULL where the hook has none */
};

/* ---- the hooks below IP (frame.c) ---- */

enum frame_hook {
	FRAME_ARP_IN, FRAME_ARP_OUT,
	FRAME_BR_PRE_ROUTING, FRAME_BR_LOCAL_IN, FRAME_BR_FORWARD, FRAME_BR_LOCAL_OUT, FRAME_BR_POST_ROUTING,
	FRAME_INGRESS, FRAME_EGRESS,	/* of all devices */
	FRAME_HOOKS
};

/* ---- what a destination taught us: redirects and path MTUs (icmp.c) ---- */

#define EXCEPTIONS 256
#define PEERS 256

struct exception {
	union inet_addr dst;
	uint8_t family;
	bool have_gw;
	uint32_t route_id;		/* learned over this route: void with any other */
	union inet_addr gw;
	uint32_t pmtu;			/* 0: none */
	uint64_t pmtu_until_ms, gw_until_ms, used_ms;
};

/* what the host remembers of a peer to limit the ICMP messages it sends */
struct peer {
	union inet_addr addr;
	uint8_t family;			/* 0: free */
	uint64_t rate_last_ms;
	uint32_t rate_tokens_ms;
	uint32_t n_redirects;
	uint64_t redirect_last_ms;
};

struct path {
	struct hook_array hook[2][NF_INET_NUMHOOKS];	/* [family index] */
	struct hook_array frame[FRAME_HOOKS];
	unsigned sending;		/* how deep rules' own packets are in each other */
	const struct chain *nat_chain[2 * NF_INET_NUMHOOKS * HOOK_ENTRIES];
	unsigned n_nat_chains;
	struct exception *exception;	/* EXCEPTIONS of them, made when first needed */
	struct peer *peer;		/* PEERS of them, likewise */
	uint64_t icmp_tokens, icmp_stamp_ms;
	struct list mld;		/* links where IPv6 runs: mld.c */
};

static inline bool addr_is_linklocal6(const union inet_addr *a)
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

static inline unsigned family_index(uint8_t family)
{
	return family == AF_INET6;
}

/* ---- trace: what is called is what is traced ---- */

#define TRACE_AT(of_ns, at_hook, ...)                                                                             \
	do {                                                                                                      \
		struct netns *tns_ = (of_ns);                                                                     \
		if (unlikely(tns_->world->trace != NULL))                                                         \
			tns_->world->trace(tns_->world, &(struct trace_event){ .ns = tns_,                        \
									       .time_ns = tns_->world->clock.now_ns, \
									       .hook = (at_hook),         \
									       __VA_ARGS__ });            \
	} while (0)
#define TRACE(of_ns, ...) TRACE_AT(of_ns, -1, __VA_ARGS__)

/* hooks.c */
void hooks_rebuild(struct netns *ns);
/** hooks_run() - a packet through one hook; *p may become another packet (reassembly). Anything but ACCEPT: the packet is gone, *err (may be NULL) is what a sender is told */
enum verdict hooks_run(struct netns *ns, struct pkt **p, const struct hook_state *st, int *err);

/** hook_add() - an entry at its place in the array; more than HOOK_ENTRIES are not taken */
void hook_add(struct hook_array *a, struct hook_entry e);
/** hook_run_chain() - a packet through one base chain; not accepted: p->drop says why, and it is still the caller's unless stolen */
enum verdict hook_run_chain(struct netns *ns, struct pkt *p, const struct hook_state *st, const struct chain *c);

/* frame.c */
void frame_hooks_rebuild(struct netns *ns);
bool frame_hooks_run(struct netns *ns, struct pkt *p, enum frame_hook at, struct link *in, struct link *out);
/** frame_hook() - a frame through a hook below IP; false: it is gone */
static inline bool frame_hook(struct netns *ns, struct pkt *p, enum frame_hook at, struct link *in, struct link *out)
{
	return likely(!ns->path->frame[at].n) || frame_hooks_run(ns, p, at, in, out);
}

/* act.c */
struct act_ctx {
	struct netns *ns;
	const struct hook_state *st;
	enum drop_reason why;		/* set by what ends the packet */
	/* for trace events: what the packet, which may be gone then, was; one of the chain's rules was told of */
	uint64_t id;
	bool traced, told;
};
enum ir_verdict act_stmt(struct match_ctx *m, const struct rule *r, const struct ir_stmt *s);

/* act_bytes.c */
void act_set_field(struct match_ctx *m, enum field_id f, const uint8_t *val);
/** act_set_bytes() - IR_SET_BYTES: IR_CONTINUE, IR_BREAK or IR_DROP */
enum ir_verdict act_set_bytes(struct match_ctx *m, const struct ir_stmt *s);

/* act_send.c */
enum ir_verdict act_dup(struct match_ctx *m, const struct ir_stmt *s);
/** act_fwd() - out by another device: IR_STOLEN, or IR_DROP where there is none; IR_BREAK: the packet is not of that family */
enum ir_verdict act_fwd(struct match_ctx *m, const struct ir_stmt *s);
enum ir_verdict act_tproxy(struct match_ctx *m, const struct ir_stmt *s);

/* log.c */
/** log_packet() - the kernel's one-line form of a packet, as the LOG target writes it */
void log_packet(struct sbuf *out, const struct pkt *p, const struct link *in, const struct link *out_link, const char *prefix, unsigned flags);
/** path_log_martian() - log_martians: a source that cannot be right, by rp_filter too, or a destination */
void path_log_martian(struct netns *ns, const struct pkt *p, const struct link *in, const struct route_key *k, enum drop_reason why);
/** log_invalid() - why conntrack found a packet INVALID, as nf_conntrack_log_invalid has it logged */
void log_invalid(struct netns *ns, const struct pkt *p, enum nf_inet_hooks hook, const char *why);

/* path.c */
void path_drop(struct netns *ns, struct pkt *p, enum drop_reason why);
/** path_local_out() - a finished packet made here; @ct_of: the packet it is about, whose connection it belongs to (NULL: none) */
int path_local_out(struct netns *ns, struct pkt *p, const struct pkt *ct_of, int oif);
/** path_output_by() - the same for a packet whose route was chosen already */
int path_output_by(struct netns *ns, struct pkt *p, struct route_result *rt);
int path_finish(struct netns *ns, struct pkt *p, struct link *out, struct route_result *rt);	/* POSTROUTING and on */
int path_device_xmit(struct link *out, struct pkt *p);			/* bridge, veth, lo or device */
void path_l3_rx(struct link *in, struct pkt *p);			/* from a link's protocol handler on; .l3 is set */
/** path_route_key() - what a routing decision for this packet is asked with, but for the interfaces */
void path_route_key(const struct netns *ns, const struct pkt *p, struct route_key *k);
/**
 * path_route_input() - where a packet that arrived is to go
 * Return: DROP_NONE with @rt filled in (RTN_UNICAST: forward; all else: to this host); else why not, and
 * ICMP errors about it have been sent. The packet is the caller's either way.
 */
enum drop_reason path_route_input(struct netns *ns, struct pkt *p, struct link *in, struct route_result *rt);
/** path_route_reason() - why a packet is dropped for which a lookup gave @err */
enum drop_reason path_route_reason(int err);
/** path_in_group() - does this host listen to an IPv6 group on @l */
bool path_in_group(const struct link *l, const union inet_addr *group);
/** path_pick_addr() - a source for what leaves by @l for @dst; false: none */
bool path_pick_addr(const struct link *l, uint8_t family, const union inet_addr *dst, union inet_addr *out);
bool path_reroute(struct netns *ns, struct pkt *p, struct route_result *rt);

/** path_from_kernel() - the host itself sends @p: it has a socket that belongs to nobody, as -m owner sees it */
static inline void path_from_kernel(struct pkt *p)
{
	p->sk = p;
	p->sk_uid = p->sk_gid = UINT32_MAX;
}

/** path_ttl() - TTL or hop limit of what this host sends by @out */
uint8_t path_ttl(const struct netns *ns, uint8_t family, const struct link *out);
/** path_may_fragment() - may a packet that does not fit leave in pieces */
bool path_may_fragment(const struct pkt *p, uint32_t mtu);
be32 path_frag_id(struct netns *ns, const struct pkt *p);	/* for frag_split() */
/** path_label_flow() - one label for all packets of an IPv6 flow, unless it has one (RFC 6437); which one nobody can tell beforehand */
void path_label_flow(struct netns *ns, struct pkt *p);
/** path_link_out() - a packet made here that its link's neighbours get, whatever the routes say; 0 or -errno */
int path_link_out(struct netns *ns, struct pkt *p, struct link *out);
/** path_put_addr() - an address into a header whose checksums are still to be filled in */
static inline void path_put_addr(struct pkt *p, enum edit_end end, const union inet_addr *a)
{
	unsigned at = p->family == AF_INET ? (end == EDIT_SRC ? 12 : 16) : (end == EDIT_SRC ? 8 : 24);

	memcpy(pkt_l3(p) + at, a, addr_len(p->family));
}

/** path_scope_oif() - the interface that an IPv6 destination only means something on, 0: it does everywhere */
static inline int path_scope_oif(const struct pkt *p, const struct link *l)
{
	union inet_addr dst = pkt_dst(p);

	return p->family == AF_INET6 && addr_is_linklocal6(&dst) ? l->ifindex : 0;
}

/* options.c */
/** options_check() - the options of a received IPv4 header; DROP_NONE, or why not (an ICMP error has been sent) */
enum drop_reason options_check(struct netns *ns, struct pkt *p);
/** options_check6() - addresses and hop-by-hop options of a received IPv6 header, likewise */
enum drop_reason options_check6(struct netns *ns, const struct pkt *p, const struct link *in);
/** options_deliver() - the extension headers that only the host looks at whom a packet is for, likewise */
enum drop_reason options_deliver(struct netns *ns, const struct pkt *p);

/* local.c */
void local_deliver(struct netns *ns, struct pkt *p, struct link *in, struct route_result *rt);

/* icmp.c */
/** icmp_send() - an ICMP error about @p, where one may be sent and the rate allows it; @p stays the caller's */
void icmp_send(struct netns *ns, const struct pkt *p, uint8_t type, uint8_t code, uint32_t info);
/** icmp_report() - the same, by what it is about; @info: the MTU, or 0 */
void icmp_report(struct netns *ns, const struct pkt *p, enum icmp_about about, uint32_t info);
void icmp_send_redirect(struct netns *ns, const struct pkt *p, const struct route_result *rt, struct link *in);
void icmp_no_route(struct netns *ns, const struct pkt *p, struct link *in, int err);
void icmp_accept_redirect(struct netns *ns, const struct pkt *p, struct link *in);
void icmp_learn_pmtu(struct netns *ns, const struct pkt *p);
/** icmp_peer_allow() - one message more to a peer, of @cost_ms out of a bucket of @burst_ms that fills as time passes */
bool icmp_peer_allow(struct netns *ns, uint8_t family, const union inet_addr *addr, uint32_t cost_ms, uint32_t burst_ms);
/** exception_apply() - next hop and MTU that were learned for a destination, over what the route says */
void exception_apply(struct netns *ns, uint8_t family, const union inet_addr *dst, struct route_result *rt);
/** exception_redirect() - a router said that @gw is nearer to @dst, which the route in @rt leads to */
void exception_redirect(struct netns *ns, uint8_t family, const union inet_addr *dst, const struct route_result *rt,
			const union inet_addr *gw);
void exception_forget(struct netns *ns);
/** exception_learned() - what `ip route get` shows of it; false: nothing */
bool exception_learned(struct netns *ns, const union inet_addr *dst, const struct route *by,
		       struct route_learned *out);

/* neigh.c */
extern const struct neigh_ops path_neigh_ops;
/** neigh_header() - put the Ethernet header of an IP packet in front: resolves the next hop. 0; -EINPROGRESS: the packet was taken */
int neigh_header(struct link *out, struct pkt *p, const union inet_addr *next_hop, uint8_t type);

/* arp.c */
void arp_rx(struct link *in, struct pkt *p);
/** arp_solicit() - ask for @n's address; @mac: of whom only, NULL: of all; @cause: the packet that waits, NULL: none */
void arp_solicit(struct netns *ns, struct link *l, struct neigh *n, const uint8_t *mac, const struct pkt *cause);

/* nd.c */
/** nd_solicit() - as arp_solicit(), for IPv6 */
void nd_solicit(struct netns *ns, struct link *l, struct neigh *n, const uint8_t *mac, const struct pkt *cause);
/** nd_in() - a neighbour discovery message (types 133 to 137) for this host; @p stays the caller's */
void nd_in(struct netns *ns, const struct pkt *p, struct link *in);
void nd_send_redirect(struct netns *ns, const struct pkt *p, const struct route_result *rt, struct link *in);
/** nd_link_event() - links and addresses that come and go are told to the neighbours */
void nd_link_event(struct netns *ns, struct link *l, unsigned what, const struct link_addr *a);
/** nd_solicited_node() - the group of those whose address may be @a: RFC 4291 section 2.7.1 */
union inet_addr nd_solicited_node(const union inet_addr *a);

void nd_router_solicit(struct netns *ns, struct link *l);

/* mld.c */
void mld_link_event(struct netns *ns, struct link *l, unsigned what, const struct link_addr *a);
void mld_timers(struct netns *ns);
uint64_t mld_next_ms(const struct netns *ns);
void mld_free(struct netns *ns);

/* bridge.c */
void bridge_rx(struct link *port, struct pkt *p);
int bridge_xmit(struct link *br, struct pkt *p);

/* bridge_nf.c */
bool bridge_nf_wanted(const struct netns *ns, const struct pkt *p);
/** bridge_nf_pre() - PREROUTING for a packet from a port; *p may become another packet. false: it is gone */
bool bridge_nf_pre(struct link *port, struct pkt **p);
/** bridge_nf_share() - a copy that is flooded belongs to the same connection */
void bridge_nf_share(struct pkt *copy, const struct pkt *of);
/** bridge_nf_forward() - FORWARD and POSTROUTING, and out of a port */
void bridge_nf_forward(struct link *port, struct pkt *p);

/* trace.c */
#endif
