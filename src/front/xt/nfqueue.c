/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/nfqueue.c - -j NFQUEUE: hand the packet to a program.
 *
 * No program listens in natbox: as in Linux without one, the packet is dropped, or with --queue-bypass goes on as if
 * the chain had accepted it.
 */
#include "front/xt/util.h"

enum { NQ_NUM, NQ_BALANCE, NQ_BYPASS, NQ_FANOUT };

struct nfqueue {
	uint16_t num, total;
	bool bypass, fanout;
};

static const struct xt_opt opts[] = {
	{ "queue-num", NQ_NUM, .flags = 0, .excl = XT_BIT(NQ_BALANCE), .type = XT_T_U16 },
	{ "queue-balance", NQ_BALANCE, .flags = 0, .excl = XT_BIT(NQ_NUM), .type = XT_T_U16RANGE },
	{ "queue-bypass", NQ_BYPASS, .flags = XT_NOVAL },
	{ "queue-cpu-fanout", NQ_FANOUT, .flags = XT_NOVAL, .also = XT_BIT(NQ_BALANCE) },
	{ 0 },
};

static void nq_init(void *data, uint8_t family)
{
	((struct nfqueue *)data)->total = 1;
}

static int parse_balance(struct xt_call *c, struct nfqueue *d)
{
	if (c->n_vals != 2)
		return xt_error(c, "Bad range \"%s\"", c->arg);
	if (c->val.range[0] >= c->val.range[1])
		return xt_error(c, "%u should be less than %u", (unsigned)c->val.range[0], (unsigned)c->val.range[1]);
	d->num = (uint16_t)c->val.range[0];
	d->total = (uint16_t)(c->val.range[1] - c->val.range[0] + 1);
	return 0;
}

static int nq_parse(struct xt_call *c, void *data)
{
	struct nfqueue *d = data;

	switch (c->opt->id) {
	case NQ_NUM:
		d->num = c->val.u16;
		return 0;
	case NQ_BALANCE:
		return parse_balance(c, d);
	case NQ_BYPASS:
		d->bypass = true;
		return 0;
	default:
		d->fanout = true;
		return 0;
	}
}

static void put(struct sbuf *out, const struct nfqueue *d, const char *head, const char *dashes)
{
	if (d->total > 1)
		sbuf_printf(out, " %sbalance %u:%u", head, d->num, d->num + d->total - 1);
	else
		sbuf_printf(out, " %snum %u", head, d->num);
	if (d->bypass)
		sbuf_printf(out, " %sbypass", dashes);
	if (d->fanout)
		sbuf_printf(out, " %scpu-fanout", dashes);
}

static void nq_print(struct sbuf *out, const void *data, bool numeric)
{
	put(out, data, "NFQUEUE ", "");
}

static void nq_save(struct sbuf *out, const void *data)
{
	put(out, data, "--queue-", "--queue-");
}

static int nq_emit(struct ir_list *l, const void *data, uint8_t family)
{
	ir_verdict(l, ((const struct nfqueue *)data)->bypass ? IR_ACCEPT : IR_DROP, NULL);
	return 0;
}

static bool nq_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct nfqueue *d = data;

	sbuf_printf(out, "queue num %u", d->num);
	if (d->total > 1)
		sbuf_printf(out, "-%u", d->num + d->total - 1);
	if (d->bypass || d->fanout)
		sbuf_printf(out, " %s%s%s", d->bypass ? "bypass" : "", d->bypass && d->fanout ? "," : "",
			    d->fanout ? "fanout" : "");
	return true;
}

const struct xt_ext xt_NFQUEUE = {
	.kind = XT_TARGET,
	.name = "NFQUEUE",
	.revision = 3,
	.families = XT_BOTH,
	.size = sizeof(struct nfqueue),
	.opts = opts,
	.init = nq_init,
	.parse = nq_parse,
	.print = nq_print,
	.save = nq_save,
	.emit = nq_emit,
	.xlate = nq_xlate,
};
