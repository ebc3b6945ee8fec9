/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/ip6ext.c - matches on the extension headers of IPv6: -m frag, -m rt, -m ah, -m hbh, -m dst.
 *
 * Each keeps the kernel's own structure, which is what the engine evaluates (rules/fn_ip6.c). What the real tool keeps
 * in its flags is kept here as well: a range that says nothing is lost when the rule is saved, and -C tells the
 * difference.
 *
 * References: RFC 8200 section 4, RFC 4302 section 2.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "front/xt/util.h"
#include "rules/fn_ip6.h"

/* "id:5", "ids:!1:7"; nothing for a range that holds every number */
static void put_range(struct sbuf *out, const char *word, const uint32_t v[2], bool invert)
{
	if (v[0] == 0 && v[1] == UINT32_MAX && !invert)
		return;
	sbuf_printf(out, v[0] == v[1] ? "%s:%s%u" : "%ss:%s%u:%u", word, invert ? "!" : "", v[0], v[1]);
}

static void save_range(struct sbuf *out, const char *option, const uint32_t v[2], bool invert)
{
	if (v[0] == 0 && v[1] == UINT32_MAX)	/* also inverted: the real tool loses that */
		return;
	sbuf_printf(out, v[0] == v[1] ? "%s --%s %u" : "%s --%s %u:%u", invert ? " !" : "", option, v[0], v[1]);
}

static void take_range(const struct xt_call *c, uint32_t v[2])
{
	v[0] = (uint32_t)c->val.range[0];
	v[1] = (uint32_t)c->val.range[c->n_vals > 1];
}

/* "ah spi != 1-5 "; nothing for a range that holds every number */
static void xlate_range(struct sbuf *out, const char *word, const uint32_t v[2], bool invert)
{
	if (v[0] == 0 && v[1] == UINT32_MAX)
		return;
	sbuf_printf(out, v[0] == v[1] ? "%s %s%u " : "%s %s%u-%u ", word, invert ? "!= " : "", v[0], v[1]);
}

static void xlate_number(struct sbuf *out, const char *word, uint32_t v, bool invert)
{
	sbuf_printf(out, "%s %s%u ", word, invert ? "!= " : "", v);
}

/* the words in @all, without the blank behind the last one */
static void xlate_put(struct sbuf *out, struct sbuf *all)
{
	if (all->len)
		sbuf_put(out, all->data, all->len - 1);
	out->failed |= all->failed;
	sbuf_free(all);
}

/* ---- frag ---- */

enum { FR_ID, FR_LEN, FR_RES, FR_FIRST, FR_MORE, FR_LAST };

static const struct xt_opt frag_opts[] = {
	{ "fragid", FR_ID, .flags = XT_INVERT, .type = XT_T_U32RANGE },
	{ "fraglen", FR_LEN, .flags = XT_INVERT, .type = XT_T_U32 },
	{ "fragres", FR_RES, .flags = XT_NOVAL },
	{ "fragfirst", FR_FIRST, .flags = XT_NOVAL },
	{ "fragmore", FR_MORE, .flags = XT_NOVAL, .excl = XT_BIT(FR_LAST) },
	{ "fraglast", FR_LAST, .flags = XT_NOVAL, .excl = XT_BIT(FR_MORE) },
	{ 0 },
};

static const struct {
	uint8_t flag;
	const char *word, *option;
} frag_words[] = {
	{ IP6T_FRAG_RES, "reserved", "fragres" },
	{ IP6T_FRAG_FST, "first", "fragfirst" },
	{ IP6T_FRAG_MF, "more", "fragmore" },
	{ IP6T_FRAG_NMF, "last", "fraglast" },
};

static void frag_init(void *data, uint8_t family)
{
	((struct ip6t_frag *)data)->ids[1] = UINT32_MAX;
}

static int frag_parse(struct xt_call *c, void *data)
{
	struct ip6t_frag *d = data;

	switch (c->opt->id) {
	case FR_ID:
		take_range(c, d->ids);
		d->flags |= IP6T_FRAG_IDS;
		d->invflags |= c->invert ? IP6T_FRAG_INV_IDS : 0;
		return 0;
	case FR_LEN:
		d->hdrlen = c->val.u32;
		d->flags |= IP6T_FRAG_LEN;
		d->invflags |= c->invert ? IP6T_FRAG_INV_LEN : 0;
		return 0;
	default:
		d->flags |= frag_words[c->opt->id - FR_RES].flag;
		return 0;
	}
}

static void frag_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct ip6t_frag *d = data;

	sbuf_puts(out, " frag ");
	put_range(out, "id", d->ids, d->invflags & IP6T_FRAG_INV_IDS);
	if (d->flags & IP6T_FRAG_LEN)
		sbuf_printf(out, " length:%s%u", d->invflags & IP6T_FRAG_INV_LEN ? "!" : "", d->hdrlen);
	for (unsigned i = 0; i < ARRAY_LEN(frag_words); i++)
		if (d->flags & frag_words[i].flag)
			sbuf_printf(out, " %s", frag_words[i].word);
}

static void frag_save(struct sbuf *out, const void *data)
{
	const struct ip6t_frag *d = data;

	save_range(out, "fragid", d->ids, d->invflags & IP6T_FRAG_INV_IDS);
	if (d->flags & IP6T_FRAG_LEN)
		sbuf_printf(out, "%s --fraglen %u", d->invflags & IP6T_FRAG_INV_LEN ? " !" : "", d->hdrlen);
	for (unsigned i = 0; i < ARRAY_LEN(frag_words); i++)
		if (d->flags & frag_words[i].flag)
			sbuf_printf(out, " --%s", frag_words[i].option);
}

static int frag_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_ip6_frag, data, sizeof(struct ip6t_frag));
	return 0;
}

static bool frag_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	static const char *const words[] = { "reserved 1", "frag-off 0", "more-fragments 1", "more-fragments 0" };
	const struct ip6t_frag *d = data;
	struct sbuf all = SBUF_INIT;

	xlate_range(&all, "frag id", d->ids, d->invflags & IP6T_FRAG_INV_IDS);
	for (unsigned i = 0; i < ARRAY_LEN(frag_words); i++)
		if (d->flags & frag_words[i].flag)
			sbuf_printf(&all, "frag %s ", words[i]);
	xlate_put(out, &all);
	return true;
}

const struct xt_ext xt_frag = {
	.kind = XT_MATCH,
	.name = "frag",
	.families = XT_IPV6,
	.size = sizeof(struct ip6t_frag),
	.opts = frag_opts,
	.init = frag_init,
	.parse = frag_parse,
	.print = frag_print,
	.save = frag_save,
	.emit = frag_emit,
	.xlate = frag_xlate,
};

/* ---- ah ---- */

enum { AH_SPI, AH_LEN, AH_RES };

static const struct xt_opt ah_opts[] = {
	{ "ahspi", AH_SPI, .flags = XT_INVERT, .type = XT_T_U32RANGE },
	{ "ahlen", AH_LEN, .flags = XT_INVERT, .type = XT_T_U32 },
	{ "ahres", AH_RES, .flags = XT_NOVAL },
	{ 0 },
};

static void ah_init(void *data, uint8_t family)
{
	((struct ip6t_ah *)data)->spis[1] = UINT32_MAX;
}

static int ah_parse(struct xt_call *c, void *data)
{
	struct ip6t_ah *d = data;

	switch (c->opt->id) {
	case AH_SPI:
		take_range(c, d->spis);
		d->invflags |= c->invert ? IP6T_AH_INV_SPI : 0;
		return 0;
	case AH_LEN:
		d->hdrlen = c->val.u32;
		d->invflags |= c->invert ? IP6T_AH_INV_LEN : 0;
		return 0;
	default:
		d->hdrres = 1;
		return 0;
	}
}

static void ah_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct ip6t_ah *d = data;

	sbuf_puts(out, " ah ");
	put_range(out, "spi", d->spis, d->invflags & IP6T_AH_INV_SPI);
	if (d->hdrlen || (d->invflags & IP6T_AH_INV_LEN))
		sbuf_printf(out, "length:%s%u", d->invflags & IP6T_AH_INV_LEN ? "!" : "", d->hdrlen);
	if (d->hdrres)
		sbuf_puts(out, " reserved");
}

static void ah_save(struct sbuf *out, const void *data)
{
	const struct ip6t_ah *d = data;

	save_range(out, "ahspi", d->spis, d->invflags & IP6T_AH_INV_SPI);
	if (d->hdrlen || (d->invflags & IP6T_AH_INV_LEN))
		sbuf_printf(out, "%s --ahlen %u", d->invflags & IP6T_AH_INV_LEN ? " !" : "", d->hdrlen);
	if (d->hdrres)
		sbuf_puts(out, " --ahres");
}

static int ah_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_ip6_ah, data, sizeof(struct ip6t_ah));
	return 0;
}

static bool ah_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct ip6t_ah *d = data;
	struct sbuf all = SBUF_INIT;

	xlate_range(&all, "ah spi", d->spis, d->invflags & IP6T_AH_INV_SPI);
	if (d->hdrlen)
		xlate_number(&all, "ah hdrlength", d->hdrlen, d->invflags & IP6T_AH_INV_LEN);
	if (d->hdrres)
		sbuf_puts(&all, "ah reserved 1 ");
	if (!all.len)
		sbuf_puts(&all, "meta l4proto ah ");
	xlate_put(out, &all);
	return true;
}

const struct xt_ext xt_ah6 = {
	.kind = XT_MATCH,
	.name = "ah",
	.families = XT_IPV6,
	.size = sizeof(struct ip6t_ah),
	.opts = ah_opts,
	.init = ah_init,
	.parse = ah_parse,
	.print = ah_print,
	.save = ah_save,
	.emit = ah_emit,
	.xlate = ah_xlate,
};

/* ---- hbh, dst: a header of options, whose type and length are compared in their order ---- */

enum { OP_LEN, OP_OPTS };

#define ANY_LENGTH 0xff		/* in the lower byte of an option: its length was not given */

static const struct xt_opt hbh_opts[] = {
	{ "hbh-len", OP_LEN, .flags = XT_INVERT, .type = XT_T_U32 },
	{ "hbh-opts", OP_OPTS, .flags = 0 },
	{ 0 },
};

static const struct xt_opt dst_opts[] = {
	{ "dst-len", OP_LEN, .flags = XT_INVERT, .type = XT_T_U32 },
	{ "dst-opts", OP_OPTS, .flags = 0 },
	{ 0 },
};

/* a number modulo 256 */
static int parse_byte(struct xt_call *c, const char *text, const char *what, uint8_t *v)
{
	char *end;
	unsigned long n = strtoul(text, &end, 0);

	if (end == text)
		return xt_error(c, "%s: no valid digits in %s `%s'", c->ext->name, what, text);
	if (*end)
		return xt_error(c, "%s: %s `%s' not valid", c->ext->name, what, text);
	*v = (uint8_t)n;
	return 0;
}

/* "TYPE" or "TYPE:LENGTH" */
static int parse_option(struct xt_call *c, char *text, uint16_t *opt)
{
	char *colon = strchr(text, ':');
	uint8_t type, len = ANY_LENGTH;

	if (colon)
		*colon++ = '\0';
	if (parse_byte(c, text, "opt", &type) < 0 || (colon && parse_byte(c, colon, "length", &len) < 0))
		return -EINVAL;
	*opt = (uint16_t)(type << 8 | len);
	return 0;
}

static int parse_options(struct xt_call *c, struct ip6t_opts *d)
{
	const char *s = c->arg;

	d->flags |= IP6T_OPTS_OPTS;
	for (unsigned n = 0;; n++) {
		char one[64];
		size_t len = strcspn(s, ",");

		if (n == IP6T_OPTS_OPTSNR)
			return xt_error(c, "too many addresses specified");
		if (len >= sizeof(one))
			return xt_error(c, "%s: opt `%s' not valid", c->ext->name, s);
		memcpy(one, s, len);
		one[len] = '\0';
		if (parse_option(c, one, &d->opts[n]) < 0)
			return -EINVAL;
		d->optsnr = (uint8_t)(n + 1);
		if (!s[len])
			return 0;
		s += len + 1;
	}
}

static int opts_parse(struct xt_call *c, void *data)
{
	struct ip6t_opts *d = data;

	if (c->opt->id == OP_OPTS)
		return parse_options(c, d);
	d->hdrlen = c->val.u32;
	d->flags |= IP6T_OPTS_LEN;
	d->invflags |= c->invert ? IP6T_OPTS_INV_LEN : 0;
	return 0;
}

static void put_options(struct sbuf *out, const struct ip6t_opts *d)
{
	for (unsigned i = 0; i < d->optsnr; i++) {
		sbuf_printf(out, "%c%u", i ? ',' : ' ', d->opts[i] >> 8);
		if ((d->opts[i] & 0xff) != ANY_LENGTH)
			sbuf_printf(out, ":%u", d->opts[i] & 0xff);
	}
}

static void opts_print(struct sbuf *out, const struct ip6t_opts *d, const char *name)
{
	sbuf_printf(out, " %s", name);
	if (d->flags & IP6T_OPTS_LEN)
		sbuf_printf(out, " length:%s%u", d->invflags & IP6T_OPTS_INV_LEN ? "!" : "", d->hdrlen);
	if (d->flags & IP6T_OPTS_OPTS) {
		sbuf_puts(out, " opts");
		put_options(out, d);
	}
}

static void opts_save(struct sbuf *out, const struct ip6t_opts *d, const char *name)
{
	if (d->flags & IP6T_OPTS_LEN)
		sbuf_printf(out, "%s --%s-len %u", d->invflags & IP6T_OPTS_INV_LEN ? " !" : "", name, d->hdrlen);
	if (d->flags & IP6T_OPTS_OPTS) {
		sbuf_printf(out, " --%s-opts", name);
		put_options(out, d);
	}
}

static void hbh_print(struct sbuf *out, const void *data, bool numeric)
{
	opts_print(out, data, "hbh");
}

static void hbh_save(struct sbuf *out, const void *data)
{
	opts_save(out, data, "hbh");
}

static int hbh_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_ip6_hbh, data, sizeof(struct ip6t_opts));
	return 0;
}

static bool hbh_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct ip6t_opts *d = data;

	if (d->flags != IP6T_OPTS_LEN)
		return false;
	sbuf_printf(out, "hbh hdrlength %s%u", d->invflags & IP6T_OPTS_INV_LEN ? "!= " : "", d->hdrlen);
	return true;
}

static void dst_print(struct sbuf *out, const void *data, bool numeric)
{
	opts_print(out, data, "dst");
}

static void dst_save(struct sbuf *out, const void *data)
{
	opts_save(out, data, "dst");
}

static int dst_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_ip6_dst, data, sizeof(struct ip6t_opts));
	return 0;
}

const struct xt_ext xt_hbh = {
	.kind = XT_MATCH,
	.name = "hbh",
	.families = XT_IPV6,
	.size = sizeof(struct ip6t_opts),
	.opts = hbh_opts,
	.parse = opts_parse,
	.print = hbh_print,
	.save = hbh_save,
	.emit = hbh_emit,
	.xlate = hbh_xlate,
};

const struct xt_ext xt_dst = {
	.kind = XT_MATCH,
	.name = "dst",
	.families = XT_IPV6,
	.size = sizeof(struct ip6t_opts),
	.opts = dst_opts,
	.parse = opts_parse,
	.print = dst_print,
	.save = dst_save,
	.emit = dst_emit,
};

/* ---- rt ---- */

enum { RT_TYPE, RT_SEGS, RT_LEN, RT_RES, RT_ADDRS, RT_NOT_STRICT };

static const struct xt_opt rt_opts[] = {
	{ "rt-type", RT_TYPE, .flags = XT_INVERT, .type = XT_T_U32 },
	{ "rt-segsleft", RT_SEGS, .flags = XT_INVERT, .type = XT_T_U32RANGE },
	{ "rt-len", RT_LEN, .flags = XT_INVERT, .type = XT_T_U32 },
	{ "rt-0-res", RT_RES, .flags = XT_NOVAL },
	{ "rt-0-addrs", RT_ADDRS, .flags = 0 },
	{ "rt-0-not-strict", RT_NOT_STRICT, .flags = XT_NOVAL },
	{ 0 },
};

static void rt_init(void *data, uint8_t family)
{
	((struct ip6t_rt *)data)->segsleft[1] = UINT32_MAX;
}

static int parse_hops(struct xt_call *c, struct ip6t_rt *d)
{
	const char *s = c->arg;

	d->flags |= IP6T_RT_FST;
	for (unsigned n = 0;; n++) {
		char one[64];
		size_t len = strcspn(s, ",");

		if (n == IP6T_RT_HOPS)
			return xt_error(c, "too many addresses specified");
		memcpy(one, s, MIN(len, sizeof(one) - 1));
		one[MIN(len, sizeof(one) - 1)] = '\0';
		if (inet_pton(AF_INET6, one, &d->addrs[n]) != 1)
			return xt_error(c, "bad address: %s", one);
		d->addrnr = (uint8_t)(n + 1);
		if (!s[len])
			return 0;
		s += len + 1;
	}
}

static int need_type_0(struct xt_call *c, const struct ip6t_rt *d)
{
	if ((d->flags & IP6T_RT_TYP) && d->rt_type == 0 && !(d->invflags & IP6T_RT_INV_TYP))
		return 0;
	return xt_error(c, "`--rt-type 0' required before `--%s'", c->opt->name);
}

static int rt_parse(struct xt_call *c, void *data)
{
	struct ip6t_rt *d = data;

	switch (c->opt->id) {
	case RT_TYPE:
		d->rt_type = c->val.u32;
		d->flags |= IP6T_RT_TYP;
		d->invflags |= c->invert ? IP6T_RT_INV_TYP : 0;
		return 0;
	case RT_SEGS:
		take_range(c, d->segsleft);
		d->flags |= IP6T_RT_SGS;
		d->invflags |= c->invert ? IP6T_RT_INV_SGS : 0;
		return 0;
	case RT_LEN:
		d->hdrlen = c->val.u32;
		d->flags |= IP6T_RT_LEN;
		d->invflags |= c->invert ? IP6T_RT_INV_LEN : 0;
		return 0;
	case RT_RES:
		d->flags |= IP6T_RT_RES;
		return need_type_0(c, d);
	case RT_ADDRS:
		return need_type_0(c, d) < 0 ? -EINVAL : parse_hops(c, d);
	default:
		if (!(d->flags & IP6T_RT_FST))
			return xt_error(c, "`--rt-0-addr ...' required before `--rt-0-not-strict'");
		d->flags |= IP6T_RT_FST_NSTRICT;
		return 0;
	}
}

static void put_hops(struct sbuf *out, const struct ip6t_rt *d)
{
	char text[INET6_ADDRSTRLEN];

	for (unsigned i = 0; i < d->addrnr; i++)
		sbuf_printf(out, "%c%s", i ? ',' : ' ', inet_ntop(AF_INET6, &d->addrs[i], text, sizeof(text)));
}

static void rt_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct ip6t_rt *d = data;
	bool any = d->segsleft[0] == 0 && d->segsleft[1] == UINT32_MAX && !(d->invflags & IP6T_RT_INV_SGS);

	sbuf_puts(out, " rt");
	if (d->flags & IP6T_RT_TYP)
		sbuf_printf(out, " type:%s%u", d->invflags & IP6T_RT_INV_TYP ? "!" : "", d->rt_type);
	sbuf_puts(out, any ? "" : " ");
	put_range(out, "segsleft", d->segsleft, d->invflags & IP6T_RT_INV_SGS);
	if (d->flags & IP6T_RT_LEN)
		sbuf_printf(out, " length:%s%u", d->invflags & IP6T_RT_INV_LEN ? "!" : "", d->hdrlen);
	if (d->flags & IP6T_RT_RES)
		sbuf_puts(out, " reserved");
	if (d->flags & IP6T_RT_FST) {
		sbuf_puts(out, " 0-addrs");
		put_hops(out, d);
	}
	if (d->flags & IP6T_RT_FST_NSTRICT)
		sbuf_puts(out, " 0-not-strict");
}

static void rt_save(struct sbuf *out, const void *data)
{
	const struct ip6t_rt *d = data;

	if (d->flags & IP6T_RT_TYP)
		sbuf_printf(out, "%s --rt-type %u", d->invflags & IP6T_RT_INV_TYP ? " !" : "", d->rt_type);
	save_range(out, "rt-segsleft", d->segsleft, d->invflags & IP6T_RT_INV_SGS);
	if (d->flags & IP6T_RT_LEN)
		sbuf_printf(out, "%s --rt-len %u", d->invflags & IP6T_RT_INV_LEN ? " !" : "", d->hdrlen);
	if (d->flags & IP6T_RT_RES)
		sbuf_puts(out, " --rt-0-res");
	if (d->flags & IP6T_RT_FST) {
		sbuf_puts(out, " --rt-0-addrs");
		put_hops(out, d);
	}
	if (d->flags & IP6T_RT_FST_NSTRICT)
		sbuf_puts(out, " --rt-0-not-strict");
}

static int rt_emit(struct ir_list *l, const void *data, uint8_t family)
{
	xt_test(l, &fn_ip6_rt, data, sizeof(struct ip6t_rt));
	return 0;
}

static bool rt_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct ip6t_rt *d = data;
	struct sbuf all = SBUF_INIT;

	if (d->flags & (IP6T_RT_RES | IP6T_RT_FST_MASK))
		return false;
	if (d->flags & IP6T_RT_TYP)
		xlate_number(&all, "rt type", d->rt_type, d->invflags & IP6T_RT_INV_TYP);
	xlate_range(&all, "rt seg-left", d->segsleft, d->invflags & IP6T_RT_INV_SGS);
	if (d->flags & IP6T_RT_LEN)
		xlate_number(&all, "rt hdrlength", d->hdrlen, d->invflags & IP6T_RT_INV_LEN);
	xlate_put(out, &all);
	return true;
}

const struct xt_ext xt_rt = {
	.kind = XT_MATCH,
	.name = "rt",
	.families = XT_IPV6,
	.size = sizeof(struct ip6t_rt),
	.opts = rt_opts,
	.init = rt_init,
	.parse = rt_parse,
	.print = rt_print,
	.save = rt_save,
	.emit = rt_emit,
	.xlate = rt_xlate,
};
