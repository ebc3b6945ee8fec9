/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/physdev.c - -m physdev: the bridge ports of a bridged packet.
 */
#include "front/xt/util.h"
#include "rules/fn.h"

enum { PD_IN, PD_OUT, PD_IS_IN, PD_IS_OUT, PD_BRIDGED };

static const struct xt_opt opts[] = {
	{ "physdev-in", PD_IN, .flags = XT_INVERT },
	{ "physdev-out", PD_OUT, .flags = XT_INVERT },
	{ "physdev-is-in", PD_IS_IN, .flags = XT_INVERT | XT_NOVAL },
	{ "physdev-is-out", PD_IS_OUT, .flags = XT_INVERT | XT_NOVAL },
	{ "physdev-is-bridged", PD_BRIDGED, .flags = XT_INVERT | XT_NOVAL },
	{ 0 },
};

static const uint8_t bits[] = { XT_PHYSDEV_OP_IN, XT_PHYSDEV_OP_OUT, XT_PHYSDEV_OP_ISIN, XT_PHYSDEV_OP_ISOUT,
				XT_PHYSDEV_OP_BRIDGED };

/* a name and the mask under which it is compared: all of it, or what stands before a + */
static int parse_port(struct xt_call *c, char name[IFNAMSIZ], char mask[IFNAMSIZ])
{
	size_t n = strlen(c->arg);

	if (n > IFNAMSIZ - 1)
		return xt_error(c, "interface name `%s' must be shorter than IFNAMSIZ (%d)", c->arg, IFNAMSIZ - 1);
	memset(mask, 0, IFNAMSIZ);
	memset(name, 0, IFNAMSIZ);
	memcpy(name, c->arg, n);
	if (!n)
		return 0;
	memset(mask, 0xff, c->arg[n - 1] == '+' ? n - 1 : n + 1);
	if ((strchr(c->arg, '/') || strchr(c->arg, ' ')) && c->warn)
		sbuf_printf(c->warn,
			    "Warning: weird character in interface `%s' ('/' and ' ' are not allowed by the kernel).\n",
			    c->arg);
	return 0;
}

static int pd_parse(struct xt_call *c, void *data)
{
	struct xt_physdev_info *d = data;

	d->bitmask |= bits[c->opt->id];
	if (c->invert)
		d->invert |= bits[c->opt->id];
	if (c->opt->id == PD_IN)
		return parse_port(c, d->physindev, d->in_mask);
	if (c->opt->id == PD_OUT)
		return parse_port(c, d->physoutdev, d->out_mask);
	return 0;
}

static int pd_check(struct xt_call *c, void *data)
{
	return c->seen ? 0 : xt_error(c, "PHYSDEV: no physdev option specified");
}

static int pd_verify(const struct xt_where *w, const void *data)
{
	const struct xt_physdev_info *d = data;
	bool bridged = (d->bitmask & XT_PHYSDEV_OP_BRIDGED) && !(d->invert & XT_PHYSDEV_OP_BRIDGED);

	if ((d->bitmask & (XT_PHYSDEV_OP_OUT | XT_PHYSDEV_OP_ISOUT)) && !bridged &&
	    (w->hooks & 1u << NF_INET_LOCAL_OUT))
		return -EINVAL;
	return 0;
}

static void put(struct sbuf *out, const struct xt_physdev_info *d, int id, const char *name)
{
	if (!(d->bitmask & bits[id]))
		return;
	sbuf_printf(out, "%s --%s", d->invert & bits[id] ? " !" : "", opts[id].name);
	if (name)
		sbuf_printf(out, " %s", name);
}

static void pd_save(struct sbuf *out, const void *data)
{
	const struct xt_physdev_info *d = data;

	put(out, d, PD_IS_IN, NULL);
	put(out, d, PD_IN, d->physindev);
	put(out, d, PD_IS_OUT, NULL);
	put(out, d, PD_OUT, d->physoutdev);
	put(out, d, PD_BRIDGED, NULL);
}

static void pd_print(struct sbuf *out, const void *data, bool numeric)
{
	sbuf_puts(out, " PHYSDEV match");
	pd_save(out, data);
}

static int pd_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_physdev, data, sizeof(struct xt_physdev_info));
	return 0;
}

const struct xt_ext xt_physdev = {
	.kind = XT_MATCH,
	.name = "physdev",
	.families = XT_BOTH,
	.size = sizeof(struct xt_physdev_info),
	.opts = opts,
	.parse = pd_parse,
	.check = pd_check,
	.verify = pd_verify,
	.print = pd_print,
	.save = pd_save,
	.emit = pd_emit,
};
