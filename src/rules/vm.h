/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/vm.h - running compiled rules over a packet: the reference that rules/classify.c must agree with.
 */
#ifndef RULES_VM_H
#define RULES_VM_H

#include "base/clock.h"
#include "base/rng.h"
#include "ct/ct.h"
#include "net/pkt.h"
#include "route/fib.h"
#include "rules/ruleset.h"

#define VM_JUMP_MAX 16			/* jump depth, as the kernel's NFT_JUMP_STACK_SIZE */

struct match_socket {
	bool transparent, wildcard;	/* IP_TRANSPARENT; bound to no address */
	uint32_t mark;
};

/* everything a rule may look at. path fills it in once per hook. */
struct match_ctx {
	struct pkt *pkt;
	enum nf_inet_hooks hook;
	uint8_t family;			/* AF_*; 0: not IP (bridge, netdev and arp hooks) */
	uint8_t pf;			/* NFPROTO_* of the hook; 0: that of .family */
	bool native;			/* the chain is nft's own, not an iptables table's: vm_run() sets it */
	bool with_mac;			/* the packet begins with its link-layer header: egress and ARP output */
	const struct link *in, *out;	/* NULL where the hook has none */
	const struct link *phys_in, *phys_out;
	const struct fib *fib;
	const struct link_set *links;
	const struct ct_table *ct;	/* NULL: tracking is off */
	const struct clock *clock;
	struct rng *rng;
	const struct route_result *route;	/* the packet's, where it has one */
	/* the local socket that the packet is from or would reach; false: none. NULL: nobody knows */
	bool (*socket)(const struct match_ctx *m, struct match_socket *out);
	/* what a packet from here to @k->dst would take (rt mtu, fib); NULL: no routing */
	int (*lookup)(const struct match_ctx *m, const struct route_key *k, struct route_result *res);
	/* acting: carried out at once, in path/act.c */
	/* IR_CONTINUE: go on with the rule */
	enum ir_verdict (*act)(struct match_ctx *m, const struct rule *r, const struct ir_stmt *s);
	/* a named object that is no function: helper, timeout, expectation, synproxy, secmark; false: the rule ends */
	bool (*object)(struct match_ctx *m, struct ir_object *o);
	void (*set_field)(struct match_ctx *m, enum field_id f, const uint8_t *val);
	/*
	 * trace: NULL when nobody watches. @r matched and said @v, and goes to chain @to; NULL @r: the policy of @c decided.
	 * The packet is gone when @v is IR_STOLEN.
	 */
	void (*trace)(struct match_ctx *m, const struct chain *c, unsigned rule_index, const struct rule *r,
		      enum ir_verdict v, const struct chain *to);
	void *ctx;			/* path's */
	bool cacheable;			/* cleared when something was looked at that may not be cached */
	bool hotdrop;			/* set by a test: drop at once (par->hotdrop); vm_run() clears it */
};

/** match_len() - bytes of the packet as the hook has it, which counters, quotas and rates count */
static inline uint32_t match_len(const struct match_ctx *m)
{
	return unlikely(m->with_mac) ? pkt_len(m->pkt) : pkt_l3_len(m->pkt);
}

struct vm_result {
	enum ir_verdict v;		/* IR_ACCEPT, IR_DROP, IR_STOLEN, IR_QUEUE */
	const struct chain *chain;	/* where it was decided */
	const struct rule *rule;	/* NULL: the policy */
	unsigned rule_index;
};

/** rule_compile() - 0 or -ENOMEM, -EINVAL; @rs holds what its tests share by name */
int rule_compile(struct ruleset *rs, struct rule *r);
void program_free(struct program *p);
/**
 * match_header() - where the transport header begins for a short load from it, as offset into the packet's buffer
 * The kernel's quick way of loading 1, 2 or 4 aligned bytes does not look whether the packet is a later fragment: nft's
 * ports are then whatever stands behind an IPv4 header, or at the begin of an IPv6 one. -1: there is none
 */
static inline int64_t match_header(const struct match_ctx *m)
{
	const struct pkt *p = m->pkt;

	if (likely(!(p->flags & PKT_LATER_FRAG)))
		return p->l4;
	if (!m->native)
		return -1;
	return m->family == AF_INET6 ? p->l3 : p->l4;
}

/**
 * vm_run() - a packet through a base chain and all that it jumps to; counts rules and policies
 * A RETURN, or the end, of a base chain is its policy.
 */
void vm_run(const struct chain *base, struct match_ctx *m, struct vm_result *res);
/** vm_eval() - the value of an expression of a committed rule, e->len bytes; false: the packet has not got it, the rule ends */
bool vm_eval(struct match_ctx *m, const struct ir_expr *e, uint8_t *out);
/** vm_match() - do the matches of one rule hold, without counting or acting */
bool vm_match(const struct rule *r, struct match_ctx *m);

#endif
