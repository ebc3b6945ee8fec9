/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/reject.c - -j REJECT: drop, and say so with an ICMP error or a TCP RST.
 */
#include <netinet/ip_icmp.h>

#include "front/xt/util.h"

static const struct xt_opt opts[] = {
	{ "reject-with", 0, .flags = 0 },
	{ 0 },
};

static const struct {
	const char *name, *alias;
	int code;	/* of destination unreachable; -1: RST */
} types[] = {
	{ "icmp-net-unreachable", "net-unreach", ICMP_NET_UNREACH },
	{ "icmp-host-unreachable", "host-unreach", ICMP_HOST_UNREACH },
	{ "icmp-proto-unreachable", "proto-unreach", ICMP_PROT_UNREACH },
	{ "icmp-port-unreachable", "port-unreach", ICMP_PORT_UNREACH },
	{ "icmp-net-prohibited", "net-prohib", ICMP_NET_ANO },
	{ "icmp-host-prohibited", "host-prohib", ICMP_HOST_ANO },
	{ "tcp-reset", "tcp-rst", -1 },
	{ "icmp-admin-prohibited", "admin-prohib", ICMP_PKT_FILTERED },
};

#define TYPE_DEFAULT 3
#define TYPE_RST 6

struct reject {
	uint8_t type;	/* index into types */
};

static void reject_init(void *data)
{
	struct reject *d = data;

	d->type = TYPE_DEFAULT;
}

static int reject_parse(struct xt_call *c, void *data)
{
	struct reject *d = data;
	size_t n = strlen(c->arg);

	for (unsigned i = 0; i < ARRAY_LEN(types); i++)
		if (strncasecmp(types[i].name, c->arg, n) == 0 || strncasecmp(types[i].alias, c->arg, n) == 0) {
			d->type = (uint8_t)i;
			return 0;
		}
	if ((strncasecmp("echo-reply", c->arg, n) == 0 || strncasecmp("echoreply", c->arg, n) == 0) && c->warn)
		sbuf_puts(c->warn, "--reject-with echo-reply no longer supported\n");
	return xt_error(c, "unknown reject type \"%s\"", c->arg);
}

static int reject_verify(const struct xt_where *w, const void *data)
{
	const struct reject *d = data;

	return d->type == TYPE_RST && (w->proto != IPPROTO_TCP || w->proto_inverted) ? -EINVAL : 0;
}

static void reject_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct reject *d = data;

	sbuf_printf(out, " reject-with %s", types[d->type].name);
}

static void reject_save(struct sbuf *out, const void *data)
{
	const struct reject *d = data;

	sbuf_printf(out, " --reject-with %s", types[d->type].name);
}

static int reject_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct reject *d = data;
	struct ir_stmt *s = xt_action(l, IR_ACT_REJECT);

	if (s) {
		s->action.reject.type = d->type == TYPE_RST ? IR_REJECT_TCP_RST : IR_REJECT_ICMP;
		s->action.reject.code = d->type == TYPE_RST ? 0 : (uint8_t)types[d->type].code;
		ir_verdict(l, IR_DROP, NULL);
	}
	return 0;
}

static bool reject_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	static const char *const words[] = { "net-unreachable", "host-unreachable", "prot-unreachable", "",
					     "net-prohibited", "host-prohibited", "", "admin-prohibited" };
	const struct reject *d = data;

	if (d->type == TYPE_DEFAULT)
		sbuf_puts(out, "reject");
	else if (d->type == TYPE_RST)
		sbuf_puts(out, "reject with tcp reset");
	else
		sbuf_printf(out, "reject with icmp type %s", words[d->type]);
	return true;
}

const struct xt_ext xt_REJECT = {
	.kind = XT_TARGET,
	.name = "REJECT",
	.families = XT_IPV4,
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
