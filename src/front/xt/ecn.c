/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/ecn.c - -m ecn: explicit congestion notification (RFC 3168) in the IP and TCP headers.
 */
#include <linux/netfilter/xt_ecn.h>

#include "front/xt/util.h"
#include "rules/fn.h"

#define TCP_ECE 0x40
#define TCP_CWR 0x80
#define ECT_MASK 0x03

enum { ECN_CWR, ECN_ECE, ECN_ECT };

struct ecn {
	uint8_t op, invert;	/* XT_ECN_OP_* */
	uint8_t ect;
};

static const struct xt_opt match_opts[] = {
	{ "ecn-tcp-cwr", ECN_CWR, .flags = XT_NOVAL | XT_INVERT },
	{ "ecn-tcp-ece", ECN_ECE, .flags = XT_NOVAL | XT_INVERT },
	{ "ecn-ip-ect", ECN_ECT, .flags = XT_INVERT, .type = XT_T_U8, .min = 0, .max = 3 },
	{ 0 },
};

static int match_parse(struct xt_call *c, void *data)
{
	static const uint8_t ops[] = { XT_ECN_OP_MATCH_CWR, XT_ECN_OP_MATCH_ECE, XT_ECN_OP_MATCH_IP };
	struct ecn *d = data;

	d->op |= ops[c->opt->id];
	if (c->invert)
		d->invert |= ops[c->opt->id];
	if (c->opt->id == ECN_ECT)
		d->ect = c->val.u8;
	return 0;
}

static int match_check(struct xt_call *c, void *data)
{
	return c->seen ? 0 : xt_error(c, "ECN match: some option required");
}

static int match_verify(const struct xt_where *w, const void *data)
{
	const struct ecn *d = data;

	return (d->op & (XT_ECN_OP_MATCH_CWR | XT_ECN_OP_MATCH_ECE)) && (w->proto != IPPROTO_TCP || w->proto_inverted)
		       ? -EINVAL
		       : 0;
}

static void match_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct ecn *d = data;

	sbuf_puts(out, " ECN match");
	if (d->op & XT_ECN_OP_MATCH_ECE)
		sbuf_printf(out, " %sECE", d->invert & XT_ECN_OP_MATCH_ECE ? "!" : "");
	if (d->op & XT_ECN_OP_MATCH_CWR)
		sbuf_printf(out, " %sCWR", d->invert & XT_ECN_OP_MATCH_CWR ? "!" : "");
	if (d->op & XT_ECN_OP_MATCH_IP)
		sbuf_printf(out, " %sECT=%u", d->invert & XT_ECN_OP_MATCH_IP ? "!" : "", d->ect);
}

static void match_save(struct sbuf *out, const void *data)
{
	const struct ecn *d = data;

	if (d->op & XT_ECN_OP_MATCH_ECE)
		sbuf_printf(out, "%s --ecn-tcp-ece", d->invert & XT_ECN_OP_MATCH_ECE ? " !" : "");
	if (d->op & XT_ECN_OP_MATCH_CWR)
		sbuf_printf(out, "%s --ecn-tcp-cwr", d->invert & XT_ECN_OP_MATCH_CWR ? " !" : "");
	if (d->op & XT_ECN_OP_MATCH_IP)
		sbuf_printf(out, "%s --ecn-ip-ect %u", d->invert & XT_ECN_OP_MATCH_IP ? " !" : "", d->ect);
}

static void emit_flag(struct ir_list *l, const struct ecn *d, uint8_t op, uint8_t flag)
{
	struct fn_tcp_flags f = { .mask = flag, .invert = d->invert & op };

	if (d->op & op)
		xt_test(l, &fn_tcp_flags, &f, sizeof(f));
}

static int match_emit(struct ir_list *l, const void *data, uint8_t family)
{
	static const uint8_t mask = ECT_MASK;
	const struct ecn *d = data;

	if (d->op & XT_ECN_OP_MATCH_IP)
		ir_match_field(l, xt_dsfield(family), d->invert & XT_ECN_OP_MATCH_IP, &d->ect, &mask);
	emit_flag(l, d, XT_ECN_OP_MATCH_ECE, TCP_ECE);
	emit_flag(l, d, XT_ECN_OP_MATCH_CWR, TCP_CWR);
	return 0;
}

static bool ecn_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	static const char *const ects[] = { "not-ect", "ect1", "ect0", "ce" };
	const struct ecn *d = data;
	const char *sep = "";

	if (d->op & XT_ECN_OP_MATCH_ECE) {
		sbuf_printf(out, "tcp flags %secn", d->invert & XT_ECN_OP_MATCH_ECE ? "!= " : "");
		sep = " ";
	}
	if (d->op & XT_ECN_OP_MATCH_CWR) {
		sbuf_printf(out, "%stcp flags %scwr", sep, d->invert & XT_ECN_OP_MATCH_CWR ? "!= " : "");
		sep = " ";
	}
	if (d->op & XT_ECN_OP_MATCH_IP)
		sbuf_printf(out, "%s%s ecn %s%s", sep, x->family == AF_INET6 ? "ip6" : "ip", d->invert & XT_ECN_OP_MATCH_IP ? "!= " : "", ects[d->ect & 3]);
	return true;
}

const struct xt_ext xt_ecn = {
	.kind = XT_MATCH,
	.name = "ecn",
	.families = XT_BOTH,
	.size = sizeof(struct ecn),
	.opts = match_opts,
	.parse = match_parse,
	.check = match_check,
	.verify = match_verify,
	.print = match_print,
	.save = match_save,
	.emit = match_emit,
	.xlate = ecn_xlate,
};
