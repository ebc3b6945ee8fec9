/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/spi.c - -m esp, -m ah: the security parameters index of IPsec headers (RFC 4303, RFC 4302).
 */
#include "front/xt/util.h"
#include "rules/fn.h"

static const struct xt_opt esp_opts[] = {
	{ "espspi", 0, .flags = XT_INVERT, .type = XT_T_U32RANGE },
	{ 0 },
};

static const struct xt_opt ah_opts[] = {
	{ "ahspi", 0, .flags = XT_INVERT, .type = XT_T_U32RANGE },
	{ 0 },
};

static void spi_init(void *data, uint8_t family)
{
	((struct fn_spi *)data)->max = UINT32_MAX;
}

static int spi_parse(struct xt_call *c, void *data)
{
	struct fn_spi *d = data;

	d->min = (uint32_t)c->val.range[0];
	d->max = (uint32_t)c->val.range[c->n_vals > 1];
	d->invert = c->invert;
	return 0;
}

static bool any_spi(const struct fn_spi *d)
{
	return d->min == 0 && d->max == UINT32_MAX;
}

static void put_range(struct sbuf *out, const struct fn_spi *d)
{
	sbuf_printf(out, d->min == d->max ? "%u" : "%u:%u", d->min, d->max);
}

static void put_spis(struct sbuf *out, const struct fn_spi *d)
{
	if (any_spi(d) && !d->invert)
		return;
	sbuf_printf(out, "%s:%s", d->min == d->max ? "spi" : "spis", d->invert ? "!" : "");
	put_range(out, d);
}

static void esp_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct fn_spi *d = data;

	sbuf_puts(out, any_spi(d) && !d->invert ? " esp" : " esp ");
	put_spis(out, d);
}

static void ah_print(struct sbuf *out, const void *data, bool numeric)
{
	sbuf_puts(out, " ah ");
	put_spis(out, data);
}

static void save(struct sbuf *out, const struct fn_spi *d, const char *option)
{
	if (any_spi(d))		/* also inverted: the real tool loses that */
		return;
	sbuf_printf(out, "%s --%s ", d->invert ? " !" : "", option);
	put_range(out, d);
}

static void esp_save(struct sbuf *out, const void *data)
{
	save(out, data, "espspi");
}

static void ah_save(struct sbuf *out, const void *data)
{
	save(out, data, "ahspi");
}

static int emit(struct ir_list *l, const struct fn_spi *d, uint8_t at, uint8_t header)
{
	struct fn_spi f = *d;

	f.at = at;
	f.header = header;
	xt_test(l, &fn_spi, &f, sizeof(f));
	return 0;
}

static int esp_emit(struct ir_list *l, const void *data, uint8_t family)
{
	return emit(l, data, 0, 8);
}

static int ah_emit(struct ir_list *l, const void *data, uint8_t family)
{
	return emit(l, data, 4, 12);
}

static void xlate_spi(struct sbuf *out, const struct fn_spi *d, const char *word)
{
	if (!d->min && d->max == UINT32_MAX)
		return;
	sbuf_printf(out, "%s spi %s%u", word, d->invert ? "!= " : "", d->min);
	if (d->max != d->min)
		sbuf_printf(out, "-%u", d->max);
}

static bool esp_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	xlate_spi(out, data, "esp");
	return true;
}

const struct xt_ext xt_esp = {
	.kind = XT_MATCH,
	.name = "esp",
	.families = XT_BOTH,
	.size = sizeof(struct fn_spi),
	.opts = esp_opts,
	.only_proto = IPPROTO_ESP,
	.init = spi_init,
	.parse = spi_parse,
	.print = esp_print,
	.save = esp_save,
	.emit = esp_emit,
	.xlate = esp_xlate,
};

static bool ah_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	xlate_spi(out, data, "ah");
	return true;
}

const struct xt_ext xt_ah = {
	.kind = XT_MATCH,
	.name = "ah",
	.families = XT_IPV4,
	.size = sizeof(struct fn_spi),
	.opts = ah_opts,
	.only_proto = IPPROTO_AH,
	.init = spi_init,
	.parse = spi_parse,
	.print = ah_print,
	.save = ah_save,
	.emit = ah_emit,
	.xlate = ah_xlate,
};
