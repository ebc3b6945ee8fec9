/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/reject.c - -j REJECT: drop, and say so with an ICMP error or a TCP RST.
 */
#include <linux/icmpv6.h>
#include <netinet/ip_icmp.h>

#include "front/xt/util.h"

static const struct xt_opt opts[] = {
	{ "reject-with", 0, .flags = 0 },
	{ 0 },
};

static const struct reject_type {
	const char *name, *alias;
	int code;		/* of destination unreachable; -1: RST */
	const char *nft;	/* NULL: plain "reject" */
} types4[] = {
	{ "icmp-net-unreachable", "net-unreach", ICMP_NET_UNREACH, "net-unreachable" },
	{ "icmp-host-unreachable", "host-unreach", ICMP_HOST_UNREACH, "host-unreachable" },
	{ "icmp-proto-unreachable", "proto-unreach", ICMP_PROT_UNREACH, "prot-unreachable" },
	{ "icmp-port-unreachable", "port-unreach", ICMP_PORT_UNREACH, NULL },
	{ "icmp-net-prohibited", "net-prohib", ICMP_NET_ANO, "net-prohibited" },
	{ "icmp-host-prohibited", "host-prohib", ICMP_HOST_ANO, "host-prohibited" },
	{ "tcp-reset", "tcp-rst", -1, NULL },
	{ "icmp-admin-prohibited", "admin-prohib", ICMP_PKT_FILTERED, "admin-prohibited" },
}, types6[] = {
	{ "icmp6-no-route", "no-route", ICMPV6_NOROUTE, "no-route" },
	{ "icmp6-adm-prohibited", "adm-prohibited", ICMPV6_ADM_PROHIBITED, "admin-prohibited" },
	{ "icmp6-addr-unreachable", "addr-unreach", ICMPV6_ADDR_UNREACH, "addr-unreachable" },
	{ "icmp6-port-unreachable", "port-unreach", ICMPV6_PORT_UNREACH, NULL },
	{ "tcp-reset", "tcp-reset", -1, NULL },
	{ "icmp6-policy-fail", "policy-fail", ICMPV6_POLICY_FAIL, "policy-fail" },
	{ "icmp6-reject-route", "reject-route", ICMPV6_REJECT_ROUTE, "reject-route" },
};

#define TYPE_DEFAULT 3	/* the port, in both */

struct reject {
	uint8_t type;	/* index into the family's types */
	uint8_t family;
};

static const struct reject_type *type_of(const struct reject *d)
{
	return d->family == AF_INET6 ? &types6[d->type] : &types4[d->type];
}

static void reject_init(void *data, uint8_t family)
{
	struct reject *d = data;

	d->type = TYPE_DEFAULT;
	d->family = family;
}

static int reject_parse(struct xt_call *c, void *data)
{
	struct reject *d = data;
	const struct reject_type *t = d->family == AF_INET6 ? types6 : types4;
	unsigned n_types = d->family == AF_INET6 ? ARRAY_LEN(types6) : ARRAY_LEN(types4);
	size_t n = strlen(c->arg);

	for (unsigned i = 0; i < n_types; i++)
		if (strncasecmp(t[i].name, c->arg, n) == 0 || strncasecmp(t[i].alias, c->arg, n) == 0) {
			d->type = (uint8_t)i;
			return 0;
		}
	if (d->family != AF_INET6 && c->warn &&
	    (strncasecmp("echo-reply", c->arg, n) == 0 || strncasecmp("echoreply", c->arg, n) == 0))
		sbuf_puts(c->warn, "--reject-with echo-reply no longer supported\n");
	return xt_error(c, "unknown reject type \"%s\"", c->arg);
}

static int reject_verify(const struct xt_where *w, const void *data)
{
	const struct reject *d = data;

	return type_of(d)->code < 0 && (w->proto != IPPROTO_TCP || w->proto_inverted) ? -EINVAL : 0;
}

static void reject_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct reject *d = data;

	sbuf_printf(out, " reject-with %s", type_of(d)->name);
}

static void reject_save(struct sbuf *out, const void *data)
{
	const struct reject *d = data;

	sbuf_printf(out, " --reject-with %s", type_of(d)->name);
}

static int reject_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct reject *d = data;
	struct ir_stmt *s = xt_action(l, IR_ACT_REJECT);

	if (s) {
		s->action.reject.type = type_of(d)->code < 0 ? IR_REJECT_TCP_RST : IR_REJECT_ICMP;
		s->action.reject.code = type_of(d)->code < 0 ? 0 : (uint8_t)type_of(d)->code;
		ir_verdict(l, IR_DROP, NULL);
	}
	return 0;
}

static bool reject_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct reject *d = data;

	if (type_of(d)->code < 0)
		sbuf_puts(out, "reject with tcp reset");
	else if (!type_of(d)->nft)
		sbuf_puts(out, "reject");
	else
		sbuf_printf(out, "reject with %s type %s", d->family == AF_INET6 ? "icmpv6" : "icmp", type_of(d)->nft);
	return true;
}

const struct xt_ext xt_REJECT = {
	.kind = XT_TARGET,
	.name = "REJECT",
	.families = XT_BOTH,
	.size = sizeof(struct reject),
	.opts = opts,
	.only_table = "filter",
	.only_hooks = 1u << NF_INET_LOCAL_IN | 1u << NF_INET_FORWARD | 1u << NF_INET_LOCAL_OUT,
	.init = reject_init,
	.parse = reject_parse,
	.verify = reject_verify,
	.print = reject_print,
	.save = reject_save,
	.emit = reject_emit,
	.xlate = reject_xlate,
};
