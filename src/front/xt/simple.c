/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt/simple.c - matches of one value: -m mac, length, pkttype.
 */
#include <linux/if_packet.h>

#include "base/fmt.h"
#include "front/xt/util.h"

/* ---- mac ---- */

struct mac {
	uint8_t addr[6];
	bool invert;
};

static const struct xt_opt mac_opts[] = {
	{ "mac-source", 0, .flags = XT_INVERT | XT_MAND },
	{ 0 },
};

/* as ether_aton() has it, an empty part being 0 */
static int mac_parse(struct xt_call *c, void *data)
{
	struct mac *d = data;
	const char *s = c->arg;

	d->invert = c->invert;
	for (int i = 0; i < 6; i++) {
		size_t n = strspn(s, "0123456789abcdefABCDEF");

		if (n > 2 || s[n] != (i < 5 ? ':' : '\0') || (!n && !strchr(c->arg, ':')))
			return xt_error(c, "Invalid MAC address specified.");
		d->addr[i] = 0;
		for (; n; n--, s++)
			d->addr[i] = (uint8_t)(d->addr[i] << 4 | (*s <= '9' ? *s - '0' : (*s | 32) - 'a' + 10));
		s++;
	}
	return 0;
}

static void mac_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct mac *d = data;
	char text[18];

	sbuf_printf(out, " MAC%s %s", d->invert ? " !" : "", fmt_mac(text, d->addr));
}

static void mac_save(struct sbuf *out, const void *data)
{
	const struct mac *d = data;
	char text[18];

	sbuf_printf(out, "%s --mac-source %s", d->invert ? " !" : "", fmt_mac(text, d->addr));
}

static int mac_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct mac *d = data;

	ir_match_field(l, FIELD_ETHER_SADDR, d->invert, d->addr, NULL);
	return 0;
}

static bool mac_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct mac *d = data;
	char text[18];

	sbuf_printf(out, "ether saddr %s", d->invert ? "!= " : "");
	fmt_mac(text, d->addr);
	for (char *p = text; *p; p++)
		sbuf_putc(out, *p >= 'A' && *p <= 'F' ? (char)(*p + 32) : *p);
	return true;
}

const struct xt_ext xt_mac = {
	.kind = XT_MATCH,
	.name = "mac",
	.families = XT_BOTH,
	.size = sizeof(struct mac),
	.opts = mac_opts,
	.parse = mac_parse,
	.only_hooks = 1u << NF_INET_PRE_ROUTING | 1u << NF_INET_LOCAL_IN | 1u << NF_INET_FORWARD,
	.print = mac_print,
	.save = mac_save,
	.emit = mac_emit,
	.xlate = mac_xlate,
};

/* ---- length ---- */

struct length {
	uint16_t min, max;
	bool invert;
};

static const struct xt_opt length_opts[] = {
	{ "length", 0, .flags = XT_INVERT | XT_MAND, .type = XT_T_U16RANGE },
	{ 0 },
};

static int length_parse(struct xt_call *c, void *data)
{
	struct length *d = data;

	d->min = (uint16_t)c->val.range[0];
	d->max = (uint16_t)c->val.range[c->n_vals > 1];
	d->invert = c->invert;
	return 0;
}

static void put_length(struct sbuf *out, const struct length *d)
{
	sbuf_printf(out, d->min == d->max ? "%u" : "%u:%u", d->min, d->max);
}

static void length_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct length *d = data;

	sbuf_puts(out, d->invert ? " length !" : " length ");
	put_length(out, d);
}

static void length_save(struct sbuf *out, const void *data)
{
	const struct length *d = data;

	sbuf_puts(out, d->invert ? " ! --length " : " --length ");
	put_length(out, d);
}

static int length_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct length *d = data;
	be16 lo = htons(d->min), hi = htons(d->max);
	uint32_t min = d->min, max = d->max;

	if (family == AF_INET6)		/* its header says the length of what follows it */
		ir_match_range(l, FIELD_META_LENGTH, d->invert, &min, &max);
	else if (lo == hi)
		ir_match_field(l, FIELD_IP_TOTLEN, d->invert, &lo, NULL);
	else
		ir_match_range(l, FIELD_IP_TOTLEN, d->invert, &lo, &hi);
	return 0;
}

static bool length_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct length *d = data;

	sbuf_printf(out, "meta length %s%u", d->invert ? "!= " : "", d->min);
	if (d->max != d->min)
		sbuf_printf(out, "-%u", d->max);
	return true;
}

const struct xt_ext xt_length = {
	.kind = XT_MATCH,
	.name = "length",
	.families = XT_BOTH,
	.size = sizeof(struct length),
	.opts = length_opts,
	.parse = length_parse,
	.print = length_print,
	.save = length_save,
	.emit = length_emit,
	.xlate = length_xlate,
};

/* ---- pkttype ---- */

struct pkttype {
	uint8_t type;
	bool invert;
};

static const struct {
	const char *name;
	uint8_t type;
} pkttypes[] = {
	/* the first name of a type is the one shown */
	{ "unicast", PACKET_HOST },        { "broadcast", PACKET_BROADCAST }, { "multicast", PACKET_MULTICAST },
	{ "otherhost", PACKET_OTHERHOST }, { "bcast", PACKET_BROADCAST },     { "mcast", PACKET_MULTICAST },
	{ "host", PACKET_HOST },
};

static const struct xt_opt pkttype_opts[] = {
	{ "pkt-type", 0, .flags = XT_INVERT | XT_MAND },
	{ 0 },
};

static int pkttype_parse(struct xt_call *c, void *data)
{
	struct pkttype *d = data;

	for (unsigned i = 0; i < ARRAY_LEN(pkttypes); i++)
		if (strcasecmp(pkttypes[i].name, c->arg) == 0) {
			d->type = pkttypes[i].type;
			d->invert = c->invert;
			return 0;
		}
	return xt_error(c, "Bad packet type '%s'", c->arg);
}

static const char *pkttype_name(uint8_t type)
{
	unsigned i = 0;

	while (pkttypes[i].type != type)
		i++;
	return pkttypes[i].name;
}

static void pkttype_print(struct sbuf *out, const void *data, bool numeric)
{
	const struct pkttype *d = data;

	sbuf_printf(out, " PKTTYPE %s %s", d->invert ? "!=" : "=", pkttype_name(d->type));
}

static void pkttype_save(struct sbuf *out, const void *data)
{
	const struct pkttype *d = data;

	sbuf_printf(out, "%s --pkt-type %s", d->invert ? " !" : "", pkttype_name(d->type));
}

static int pkttype_emit(struct ir_list *l, const void *data, uint8_t family)
{
	const struct pkttype *d = data;

	ir_match_field(l, FIELD_META_PKTTYPE, d->invert, &d->type, NULL);
	return 0;
}

static bool pkttype_xlate(struct sbuf *out, const void *data, const struct xt_xlate *x)
{
	const struct pkttype *d = data;

	sbuf_printf(out, "pkttype %s%s", d->invert ? "!= " : "", pkttype_name(d->type));
	return true;
}

const struct xt_ext xt_pkttype = {
	.kind = XT_MATCH,
	.name = "pkttype",
	.families = XT_BOTH,
	.size = sizeof(struct pkttype),
	.opts = pkttype_opts,
	.parse = pkttype_parse,
	.print = pkttype_print,
	.save = pkttype_save,
	.emit = pkttype_emit,
	.xlate = pkttype_xlate,
};
