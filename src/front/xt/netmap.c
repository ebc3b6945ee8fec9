/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/netmap.c - -j NETMAP: one network onto another, the host part kept.
 */
#include <netinet/in.h>	/* before the UAPI headers */
#include <linux/netfilter/nf_nat.h>

#include "front/xt/util.h"

struct netmap {
	union inet_addr addr, mask;
	uint8_t family;
};

static const struct xt_opt opts[] = {
	{ "to", 0, .flags = XT_MAND },
	{ 0 },
};

static int netmap_parse(struct xt_call *c, void *data)
{
	struct netmap *d = data;
	union inet_addr a, m;

	if (xt_host_arg(c, &a, &m) < 0)
		return -EINVAL;
	d->addr = addr_and(&a, &m);
	memcpy(&d->mask, &m, addr_len(c->family));
	d->family = c->family;
	return 0;
}

static void put(struct sbuf *out, const struct netmap *d)
{
	char text[ADDR_STRLEN];

	sbuf_printf(out, "%s/%d", addr_fmt(text, d->family, &d->addr), addr_plen(d->family, &d->mask));
}

static void netmap_print(struct sbuf *out, const void *data, bool numeric)
{
	sbuf_puts(out, " to:");
	put(out, data);
}

static void netmap_save(struct sbuf *out, const void *data)
{
	sbuf_puts(out, " --to ");
	put(out, data);
}

static int netmap_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct netmap *d = data;
	struct ir_stmt *s = xt_action(l, IR_ACT_NETMAP);

	if (!s)
		return 0;
	s->action.nat.flags = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_NETMAP;
	s->action.nat.family = family;
	s->action.nat.min = d->addr;
	for (unsigned i = 0; i < addr_len(family); i++)
		s->action.nat.max.b[i] = (uint8_t)(d->addr.b[i] | ~d->mask.b[i]);
	ir_verdict(l, IR_ACCEPT, NULL);
	return 0;
}

const struct xt_ext xt_NETMAP = {
	.kind = XT_TARGET,
	.name = "NETMAP",
	.families = XT_BOTH,
	.size = sizeof(struct netmap),
	.opts = opts,
	.only_table = "nat",
	.only_hooks = 1u << NF_INET_PRE_ROUTING | 1u << NF_INET_LOCAL_OUT | 1u << NF_INET_POST_ROUTING |
		      1u << NF_INET_LOCAL_IN,
	.parse = netmap_parse,
	.print = netmap_print,
	.save = netmap_save,
	.emit = netmap_emit,
};
