/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/where.c - -m realm, devgroup, helper, cpu: what the packet's route, links, connection and processor are.
 *
 * natbox has no routing realms, no connection helpers and one processor: what these find is what Linux finds where
 * nothing was configured.
 */
#include <inttypes.h>
#include <linux/netfilter/xt_devgroup.h>

#include "front/xt/util.h"
#include "rules/fn.h"

/* VALUE[/MASK], or the one name that there always is for 0 */
static int parse_named(struct xt_call *c, const char *zero, uint32_t *value, uint32_t *mask)
{
	if (strcmp(c->arg, zero) == 0) {
		*value = 0;
		*mask = UINT32_MAX;
		return 0;
	}
	if (xt_parse_mark_mask(c->arg, value, mask) < 0)
		return xt_error(c, "%s: could not map name %s to an integer value for option \"--%s\".\n", c->ext->name, c->arg,
				c->opt->name);
	return 0;
}

static void put_named(struct sbuf *out, const char *zero, uint32_t value, uint32_t mask, bool numeric)
{
	if (!numeric && !value && mask == UINT32_MAX)
		sbuf_printf(out, " %s", zero);
	else
		xt_put_mark(out, value, mask);
}

/* a test with a constant outcome */
static int emit_constant(struct ir_list *l, bool outcome)
{
	xt_test(l, &fn_constant, &outcome, sizeof(outcome));
	return 0;
}

/* ---- realm ---- */

struct realm {
	uint32_t id, mask;
	bool invert;
};

static const struct xt_opt realm_opts[] = {
	{ "realm", 0, .flags = XT_MAND | XT_INVERT },
	{ 0 },
};

static int realm_parse(struct xt_call *c, void *data)
{
	struct realm *d = data;

	d->invert = c->invert;
	return parse_named(c, "cosmos", &d->id, &d->mask);
}

static void realm_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct realm *d = data;

	sbuf_puts(out, d->invert ? " ! realm" : " realm");
	put_named(out, "cosmos", d->id, d->mask, numeric);
}

static void realm_save(struct sbuf *out, const void *data)
{
	const struct realm *d = data;

	sbuf_puts(out, d->invert ? " ! --realm" : " --realm");
	put_named(out, "cosmos", d->id, d->mask, true);
}

static int realm_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct realm *d = data;

	return emit_constant(l, (d->id == 0) != d->invert);
}

static bool realm_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct realm *d = data;

	if (d->mask == UINT32_MAX)
		sbuf_printf(out, "rtclassid %s0x%x", d->invert ? "!= " : "", d->id);
	else
		sbuf_printf(out, "rtclassid and 0x%x %s 0x%x", d->mask, d->invert ? "!=" : "==", d->id);
	return true;
}

const struct xt_ext xt_realm = {
	.kind = XT_MATCH,
	.name = "realm",
	.families = XT_IPV4,
	.size = sizeof(struct realm),
	.opts = realm_opts,
	.only_hooks = 1u << NF_INET_POST_ROUTING | 1u << NF_INET_FORWARD | 1u << NF_INET_LOCAL_OUT | 1u << NF_INET_LOCAL_IN,
	.parse = realm_parse,
	.print = realm_print,
	.save = realm_save,
	.emit = realm_emit,
	.xlate = realm_xlate,
};

/* ---- devgroup ---- */

#define DG_SRC_HOOKS (1u << NF_INET_PRE_ROUTING | 1u << NF_INET_LOCAL_IN | 1u << NF_INET_FORWARD)
#define DG_DST_HOOKS (1u << NF_INET_FORWARD | 1u << NF_INET_LOCAL_OUT | 1u << NF_INET_POST_ROUTING)

static const struct xt_opt devgroup_opts[] = {
	{ "src-group", 0, .flags = XT_INVERT },
	{ "dst-group", 1, .flags = XT_INVERT },
	{ 0 },
};

static int devgroup_parse(struct xt_call *c, void *data)
{
	struct xt_devgroup_info *d = data;

	if (c->opt->id == 0) {
		d->flags |= XT_DEVGROUP_MATCH_SRC | (c->invert ? XT_DEVGROUP_INVERT_SRC : 0);
		return parse_named(c, "default", &d->src_group, &d->src_mask);
	}
	d->flags |= XT_DEVGROUP_MATCH_DST | (c->invert ? XT_DEVGROUP_INVERT_DST : 0);
	return parse_named(c, "default", &d->dst_group, &d->dst_mask);
}

static int devgroup_check(struct xt_call *c, void *data)
{
	return c->seen ? 0 : xt_error(c, "devgroup match: You must specify either '--src-group' or '--dst-group'");
}

static int devgroup_verify(const struct xt_where *w, const void *data)
{
	const struct xt_devgroup_info *d = data;

	return ((d->flags & XT_DEVGROUP_MATCH_SRC) && (w->hooks & ~DG_SRC_HOOKS)) ||
			       ((d->flags & XT_DEVGROUP_MATCH_DST) && (w->hooks & ~DG_DST_HOOKS))
		       ? -EINVAL
		       : 0;
}

static void devgroup_put(struct sbuf *out, const struct xt_devgroup_info *d, const char *dashes, bool numeric)
{
	if (d->flags & XT_DEVGROUP_MATCH_SRC) {
		sbuf_printf(out, "%s %ssrc-group", d->flags & XT_DEVGROUP_INVERT_SRC ? " !" : "", dashes);
		put_named(out, "default", d->src_group, d->src_mask, numeric);
	}
	if (d->flags & XT_DEVGROUP_MATCH_DST) {
		sbuf_printf(out, "%s %sdst-group", d->flags & XT_DEVGROUP_INVERT_DST ? " !" : "", dashes);
		put_named(out, "default", d->dst_group, d->dst_mask, numeric);
	}
}

static void devgroup_print(struct sbuf *out, const void *data, bool numeric)
{
	devgroup_put(out, data, "", numeric);
}

static void devgroup_save(struct sbuf *out, const void *data)
{
	devgroup_put(out, data, "--", true);
}

static int devgroup_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct xt_devgroup_info *d = data;
	struct fn_devgroup f = {
		.src = d->flags & XT_DEVGROUP_MATCH_SRC, .dst = d->flags & XT_DEVGROUP_MATCH_DST,
		.invert_src = d->flags & XT_DEVGROUP_INVERT_SRC, .invert_dst = d->flags & XT_DEVGROUP_INVERT_DST,
		.src_group = d->src_group, .src_mask = d->src_mask, .dst_group = d->dst_group, .dst_mask = d->dst_mask,
	};

	xt_test(l, &fn_devgroup, &f, sizeof(f));
	return 0;
}

/* with a mask the real tool says the opposite */
static void xlate_group(struct sbuf *out, const char *word, bool invert, uint32_t group, uint32_t mask)
{
	if (mask == UINT32_MAX)
		sbuf_printf(out, "%s %s0x%x", word, invert ? "!= " : "", group);
	else
		sbuf_printf(out, "%s and 0x%x %s 0x%x", word, mask, invert ? "==" : "!=", group);
}

static bool devgroup_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct xt_devgroup_info *d = data;

	if (d->flags & XT_DEVGROUP_MATCH_SRC)
		xlate_group(out, "iifgroup", d->flags & XT_DEVGROUP_INVERT_SRC, d->src_group, d->src_mask);
	if ((d->flags & XT_DEVGROUP_MATCH_SRC) && (d->flags & XT_DEVGROUP_MATCH_DST))
		sbuf_putc(out, ' ');
	if (d->flags & XT_DEVGROUP_MATCH_DST)
		xlate_group(out, "oifgroup", d->flags & XT_DEVGROUP_INVERT_DST, d->dst_group, d->dst_mask);
	return true;
}

const struct xt_ext xt_devgroup = {
	.kind = XT_MATCH,
	.name = "devgroup",
	.families = XT_BOTH,
	.size = sizeof(struct xt_devgroup_info),
	.opts = devgroup_opts,
	.parse = devgroup_parse,
	.check = devgroup_check,
	.verify = devgroup_verify,
	.print = devgroup_print,
	.save = devgroup_save,
	.emit = devgroup_emit,
	.xlate = devgroup_xlate,
};

/* ---- helper ---- */

#define HELPER_MAX 29

struct helper {
	char name[HELPER_MAX + 1];
	bool invert;
};

static const struct xt_opt helper_opts[] = {
	{ "helper", 0, .flags = XT_MAND | XT_INVERT },
	{ 0 },
};

static int helper_parse(struct xt_call *c, void *data)
{
	struct helper *d = data;

	memcpy(d->name, c->arg, MIN(strlen(c->arg), (size_t)HELPER_MAX));
	d->invert = c->invert;
	return 0;
}

static void helper_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct helper *d = data;

	sbuf_printf(out, " helper match %s\"%s\"", d->invert ? "! " : "", d->name);
}

static void helper_save(struct sbuf *out, const void *data)
{
	const struct helper *d = data;

	sbuf_puts(out, d->invert ? " ! --helper" : " --helper");
	xt_save_quoted(out, d->name);
}

static int helper_emit(struct ir_list *l, const void *data, uint8_t family)
{
	return emit_constant(l, ((const struct helper *)data)->invert);
}

static bool helper_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct helper *d = data;

	sbuf_printf(out, "ct helper %s\"%s\"", d->invert ? "!= " : "", d->name);
	return true;
}

const struct xt_ext xt_helper = {
	.kind = XT_MATCH,
	.name = "helper",
	.families = XT_BOTH,
	.size = sizeof(struct helper),
	.opts = helper_opts,
	.parse = helper_parse,
	.print = helper_print,
	.save = helper_save,
	.emit = helper_emit,
	.xlate = helper_xlate,
};

/* ---- cpu ---- */

struct cpu {
	uint32_t cpu;
	bool invert;
};

static const struct xt_opt cpu_opts[] = {
	{ "cpu", 0, .flags = XT_MAND | XT_INVERT, .type = XT_T_U32 },
	{ 0 },
};

static int cpu_parse(struct xt_call *c, void *data)
{
	struct cpu *d = data;

	d->cpu = c->val.u32;
	d->invert = c->invert;
	return 0;
}

static void cpu_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct cpu *d = data;

	sbuf_printf(out, " cpu %s%u", d->invert ? "! " : "", d->cpu);
}

static void cpu_save(struct sbuf *out, const void *data)
{
	const struct cpu *d = data;

	sbuf_printf(out, "%s --cpu %u", d->invert ? " !" : "", d->cpu);
}

static int cpu_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct cpu *d = data;

	return emit_constant(l, (d->cpu == 0) != d->invert);
}

static bool cpu_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct cpu *d = data;

	sbuf_printf(out, "cpu %s%u", d->invert ? "!= " : "", d->cpu);
	return true;
}

const struct xt_ext xt_cpu = {
	.kind = XT_MATCH,
	.name = "cpu",
	.families = XT_BOTH,
	.size = sizeof(struct cpu),
	.opts = cpu_opts,
	.parse = cpu_parse,
	.print = cpu_print,
	.save = cpu_save,
	.emit = cpu_emit,
	.xlate = cpu_xlate,
};
