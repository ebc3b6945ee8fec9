/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/rules_util.h - packets, contexts and rules for the tests of src/rules/.
 */
#ifndef TESTS_RULES_UTIL_H
#define TESTS_RULES_UTIL_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "rules/vm.h"

struct world_of_rules {
	struct pkt_pool pool;
	struct clock clock;
	struct rng rng;
	struct link eth0, eth1;
	struct match_ctx m;
};

static inline void wr_init(struct world_of_rules *w)
{
	memset(w, 0, sizeof(*w));
	pkt_pool_init(&w->pool, 64);
	rng_seed(&w->rng, 1);
	strcpy(w->eth0.name, "eth0");
	strcpy(w->eth1.name, "eth1");
	w->eth0.ifindex = 2;
	w->eth1.ifindex = 3;
	w->eth0.arphrd = w->eth1.arphrd = ARPHRD_ETHER;
	w->m = (struct match_ctx){ .hook = NF_INET_FORWARD,
				   .family = AF_INET,
				   .in = &w->eth0,
				   .out = &w->eth1,
				   .clock = &w->clock,
				   .rng = &w->rng };
}

static inline void wr_free(struct world_of_rules *w)
{
	pkt_free(w->m.pkt);
	pkt_pool_destroy(&w->pool);
}

/* an IPv4 packet with a transport header of 20 (TCP) or 8 bytes becomes the context's */
static inline struct pkt *wr_pkt(struct world_of_rules *w, uint8_t proto, uint32_t src, uint32_t dst, uint16_t sport,
				 uint16_t dport)
{
	unsigned l4 = proto == IPPROTO_TCP ? 20 : 8;
	struct pkt *p = pkt_alloc(&w->pool, 20 + l4);
	struct iphdr *ip;

	assert_non_null(p);
	pkt_free(w->m.pkt);
	p->mac = p->l3 - 14;
	p->l4 = p->l3 + 20;
	p->end = p->l4 + l4;
	memset(p->buf + p->mac, 0, p->end - p->mac);
	p->ethertype = htons(ETH_P_IP);
	p->family = AF_INET;
	p->proto = proto;
	ip = pkt_ip4(p);
	*ip = (struct iphdr){ .version = 4,
			      .ihl = 5,
			      .ttl = 64,
			      .protocol = proto,
			      .tot_len = htons(20 + l4),
			      .saddr = htonl(src),
			      .daddr = htonl(dst) };
	put_u16(pkt_l4(p), sport);
	put_u16(pkt_l4(p) + 2, dport);
	if (proto == IPPROTO_TCP)
		pkt_l4(p)[12] = 5 << 4;
	w->m.pkt = p;
	return p;
}

/* one table with an INPUT chain, committed */
static inline struct chain *wr_chain(struct ruleset *rs, const char *name)
{
	struct table *t = ruleset_table(rs, NFPROTO_IPV4, "filter");

	return t ? table_chain(t, name) : NULL;
}

static inline struct rule *wr_rule(struct ir_list *l)
{
	struct rule *r = rule_new(NULL, l);

	assert_non_null(r);
	return r;
}

/* a rule that counts and says @v */
static inline struct rule *wr_verdict(enum ir_verdict v, const char *chain)
{
	struct ir_list l;

	ir_list_init(&l);
	ir_append(&l, IR_COUNTER);
	ir_verdict(&l, v, chain);
	return wr_rule(&l);
}

#endif
