/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt.c - what all matches and targets of iptables share: finding one by name, and parsing its options by their table.
 *
 * A row of struct xt_opt says whether an option may be inverted, repeated or combined, and what kind of value it takes; xt_parse_opt() checks that
 * and hands the parsed value to the extension. The messages are those of libxtables, so each extension needs none of its own for them.
 *
 * Invariants
 *  1. An extension's .parse is called only for an option that its table allows there, with .val filled in when the row has a type.
 *  2. .seen has the bit of each option that was parsed, that of the one at hand included.
 */
#include "front/xt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t type_max[] = {
	[XT_T_STR] = 0,
	[XT_T_U8] = UINT8_MAX,
	[XT_T_U16] = UINT16_MAX,
	[XT_T_U32] = UINT32_MAX,
	[XT_T_U64] = UINT64_MAX,
	[XT_T_U8RANGE] = UINT8_MAX,
	[XT_T_U16RANGE] = UINT16_MAX,
	[XT_T_U32RANGE] = UINT32_MAX,
	[XT_T_U64RANGE] = UINT64_MAX,
};

int xt_error(struct xt_call *c, const char *fmt, ...)
{
	va_list ap;

	sbuf_reset(c->err);
	va_start(ap, fmt);
	sbuf_vprintf(c->err, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

bool xt_has_family(const struct xt_ext *e, uint8_t family)
{
	return e->families & (family == AF_INET6 ? 2 : 1);
}

/**
 * xt_find() - a match or target by name
 * @family: AF_INET or AF_INET6
 * Return: NULL when there is none for that family
 */
const struct xt_ext *xt_find(enum xt_kind kind, const char *name, uint8_t family)
{
	if (kind == XT_MATCH && (strcmp(name, "icmpv6") == 0 || strcmp(name, "ipv6-icmp") == 0))
		name = "icmp6";
	for (const struct xt_ext *const *e = xt_all; *e; e++)
		if ((*e)->kind == kind && xt_has_family(*e, family) && strcmp((*e)->name, name) == 0)
			return *e;
	return NULL;
}

static bool is_range(enum xt_type t)
{
	return t >= XT_T_U8RANGE && t <= XT_T_U64RANGE;
}

/* A number as strtoull() reads it, but for signs and blanks, in [min, max]; *end is behind it. */
static bool number(const char *s, const char **end, uint64_t min, uint64_t max, uint64_t *val)
{
	char *stop;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	*val = strtoull(s, &stop, 0);
	*end = stop;
	return stop != s && errno == 0 && *val >= min && *val <= max;
}

static void store(struct xt_call *c, uint64_t v)
{
	switch (c->opt->type) {
	case XT_T_U8:
		c->val.u8 = (uint8_t)v;
		break;
	case XT_T_U16:
		c->val.u16 = (uint16_t)v;
		break;
	case XT_T_U32:
		c->val.u32 = (uint32_t)v;
		break;
	default:
		c->val.u64 = v;
		break;
	}
}

static int parse_one(struct xt_call *c, uint64_t min, uint64_t max)
{
	const char *end;
	uint64_t v;

	if (!number(c->arg, &end, min, max, &v) || *end)
		return xt_error(c, "%s: bad value for option \"--%s\", or out of range (%" PRIu64 "-%" PRIu64 ").\n", c->ext->name, c->opt->name,
				min, max);
	store(c, v);
	c->n_vals = 1;
	return 0;
}

/* "lo", "lo:hi", ":hi", "lo:"; an empty value is the smallest */
static int parse_range(struct xt_call *c, uint64_t min, uint64_t max)
{
	const char *p = c->arg, *end = p;
	uint64_t v[2] = { min, min };
	unsigned n = 0;

	if (!*p)
		goto one;
	for (;; p = end + 1) {
		if (n == 2)
			return xt_error(c, "%s: Too many components for option \"--%s\" (max: 2)\n", c->ext->name, c->opt->name);
		end = p;
		v[n] = n ? max : min;
		if (*p && *p != ':' && !number(p, &end, min, max, &v[n]))
			return xt_error(c, "%s: bad value for option \"--%s\" near \"%s\", or out of range (%" PRIu64 "-%" PRIu64 ").\n",
					c->ext->name, c->opt->name, p, min, max);
		if (*end && *end != ':')
			return xt_error(c, "%s: Argument to \"--%s\" has unexpected characters near \"%s\".\n", c->ext->name, c->opt->name,
					end);
		n++;
		if (!*end)
			break;
	}
one:
	c->n_vals = n > 1 ? 2 : 1;
	c->val.range[0] = v[0];
	c->val.range[1] = n > 1 ? v[1] : v[0];
	return 0;
}

static int parse_value(struct xt_call *c)
{
	const struct xt_opt *o = c->opt;
	uint64_t max = o->min || o->max ? o->max : type_max[o->type];

	if (o->type == XT_T_STR || !c->arg)
		return 0;
	return is_range(o->type) ? parse_range(c, o->min, max) : parse_one(c, o->min, max);
}

static const struct xt_opt *opt_by_id(const struct xt_ext *e, unsigned id)
{
	for (const struct xt_opt *o = e->opts; o && o->name; o++)
		if (o->id == id)
			return o;
	return NULL;
}

int xt_parse_opt(struct xt_call *c, void *data)
{
	const struct xt_opt *o = c->opt = opt_by_id(c->ext, c->opt->id);	/* messages name an option by its first spelling */
	uint32_t bit = 1u << o->id;

	if (c->ext->legacy) {
		int err = c->ext->parse(c, data);

		c->seen |= bit;
		return err;
	}
	if ((c->seen & bit) && !(o->flags & XT_MULTI))
		return xt_error(c, "%s: option \"--%s\" can only be used once.\n", c->ext->name, o->name);
	if (c->invert && !(o->flags & XT_INVERT))
		return xt_error(c, "%s: option \"--%s\" cannot be inverted.\n", c->ext->name, o->name);
	c->n_vals = 0;
	memset(&c->val, 0, sizeof(c->val));
	if (parse_value(c) < 0)
		return -EINVAL;
	c->seen |= bit;
	return c->ext->parse ? c->ext->parse(c, data) : 0;
}

int xt_check_opts(struct xt_call *c, void *data)
{
	uint32_t done = 0;

	if (c->ext->check && c->ext->check(c, data) < 0)
		return -EINVAL;
	for (const struct xt_opt *o = c->ext->opts; o && o->name; o++) {
		uint32_t bit = 1u << o->id;

		if (done & bit)
			continue;	/* another spelling of an option seen above */
		done |= bit;
		if ((o->flags & XT_MAND) && !(c->seen & bit))
			return xt_error(c, "%s: option \"--%s\" must be specified\n", c->ext->name, o->name);
		if (!(c->seen & bit))
			continue;
		for (unsigned id = 0; id < 32; id++) {
			const struct xt_opt *other = opt_by_id(c->ext, id);

			if (other && (o->also & (1u << id)) && !(c->seen & (1u << id)))
				return xt_error(c, "%s: option \"--%s\" also requires \"--%s\".\n", c->ext->name, o->name, other->name);
			if (other && id != o->id && (o->excl & (1u << id)) && (c->seen & (1u << id)))
				return xt_error(c, "%s: option \"--%s\" cannot be used together with \"--%s\".\n", c->ext->name,
						o->name, other->name);
		}
	}
	return 0;
}
