/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/type.c - nft's datatypes: the rows, finding them, concatenations, and `nft describe`.
 *
 * A symbol's text becomes a value by its type's reader: first the type's own names, then what its base can read, up
 * to a number; the error names the type. Reading knows nothing of how long the value may be in its place: a number
 * comes as short as it can be, and eval.c gives it the length of what it is compared with, or refuses it.
 */
#include "front/nft/type_in.h"

#include <string.h>

#include "base/mem.h"

#define INT .base = &nft_type_integer
#define FLAGS .base = &nft_type_bitmask, .flags = true, .hex = true
#define NET .order = NFT_ORDER_NET
#define HOST .order = NFT_ORDER_HOST

const struct nft_type nft_type_invalid = { .name = "invalid", .desc = "invalid" };
const struct nft_type nft_type_verdict = { .name = "verdict", .desc = "netfilter verdict", .parse = nft_read_verdict };
const struct nft_type nft_type_nfproto = { "nf_proto", "netfilter protocol", INT, .bits = 8, HOST,
					   .symbols = nft_syms_nfproto };
const struct nft_type nft_type_bitmask = { "bitmask", "bitmask", INT, .order = NFT_ORDER_ANY, .flags = true, .hex = true };
const struct nft_type nft_type_integer = { "integer", "integer", .order = NFT_ORDER_ANY, .parse = nft_read_number,
					   .print = nft_show_number };
const struct nft_type nft_type_xinteger = { "integer", "integer", INT, .order = NFT_ORDER_ANY, .hex = true };
const struct nft_type nft_type_string = { "string", "string", HOST, .parse = nft_read_string, .print = nft_show_string };
const struct nft_type nft_type_lladdr = { "ll_addr", "link layer address", INT, NET, .parse = nft_read_lladdr,
					  .print = nft_show_lladdr };
const struct nft_type nft_type_ipaddr = { "ipv4_addr", "IPv4 address", INT, .bits = 32, NET, .parse = nft_read_ip4,
					  .print = nft_show_ip4 };
const struct nft_type nft_type_ip6addr = { "ipv6_addr", "IPv6 address", INT, .bits = 128, NET, .parse = nft_read_ip6,
					   .print = nft_show_ip6 };
const struct nft_type nft_type_etheraddr = { "ether_addr", "Ethernet address", .base = &nft_type_lladdr, .bits = 48, NET };
const struct nft_type nft_type_ethertype = { "ether_type", "Ethernet protocol", INT, .bits = 16, NET,
					     .symbols = nft_syms_ethertype, .hex = true, .digits = 4 };
const struct nft_type nft_type_arpop = { "arp_op", "ARP operation", INT, .bits = 16, NET, .symbols = nft_syms_arpop };
const struct nft_type nft_type_inet_proto = { "inet_proto", "Internet protocol", INT, .bits = 8, NET,
					      .parse = nft_read_proto, .print = nft_show_proto };
const struct nft_type nft_type_inet_service = { "inet_service", "internet network service", INT, .bits = 16, NET,
						.parse = nft_read_service, .print = nft_show_service };
const struct nft_type nft_type_icmp_type = { "icmp_type", "ICMP type", INT, .bits = 8, NET, .symbols = nft_syms_icmp_type };
const struct nft_type nft_type_tcp_flag = { "tcp_flag", "TCP flag", FLAGS, .bits = 8, NET, .symbols = nft_syms_tcp_flag };
const struct nft_type nft_type_dccp_pkttype = { "dccp_pkttype", "DCCP packet type", INT, .bits = 4, NET,
						.symbols = nft_syms_dccp_pkttype };
const struct nft_type nft_type_mh_type = { "mh_type", "Mobility Header Type", INT, .bits = 8, NET,
					   .symbols = nft_syms_mh_type };
const struct nft_type nft_type_time = { "time", "relative time", INT, .bits = 64, HOST, .parse = nft_read_duration,
					.print = nft_show_duration };
const struct nft_type nft_type_mark = { "mark", "packet mark", INT, .bits = 32, HOST, .hex = true, .digits = 8,
					.parse = nft_read_mark };
const struct nft_type nft_type_ifindex = { "iface_index", "network interface index", INT, .bits = 32, HOST,
					   .parse = nft_read_ifindex, .print = nft_show_ifindex };
const struct nft_type nft_type_iface_type = { "iface_type", "network interface type", INT, .bits = 16, HOST,
					      .symbols = nft_syms_iface_type };
const struct nft_type nft_type_realm = { "realm", "routing realm", INT, .bits = 32, HOST, .symbols = nft_syms_realm,
					 .quoted = true };
const struct nft_type nft_type_classid = { "classid", "TC classid", INT, .bits = 32, HOST, .parse = nft_read_classid,
					   .print = nft_show_classid };
const struct nft_type nft_type_uid = { "uid", "user ID", INT, .bits = 32, HOST, .parse = nft_read_uid,
				       .print = nft_show_uid };
const struct nft_type nft_type_gid = { "gid", "group ID", INT, .bits = 32, HOST, .parse = nft_read_gid,
				       .print = nft_show_gid };
const struct nft_type nft_type_ct_state = { "ct_state", "conntrack state", FLAGS, .bits = 32, HOST,
					    .symbols = nft_syms_ct_state };
const struct nft_type nft_type_ct_dir = { "ct_dir", "conntrack direction", INT, .bits = 8, HOST,
					  .symbols = nft_syms_ct_dir };
const struct nft_type nft_type_ct_status = { "ct_status", "conntrack status", FLAGS, .bits = 32, HOST,
					     .symbols = nft_syms_ct_status };
const struct nft_type nft_type_icmpv6_type = { "icmpv6_type", "ICMPv6 type", INT, .bits = 8, NET,
					       .symbols = nft_syms_icmpv6_type };
const struct nft_type nft_type_ct_label = { "ct_label", "conntrack label", FLAGS, .bits = 128, HOST, .no_decl = true,
					    .parse = nft_read_label, .print = nft_show_label };
const struct nft_type nft_type_pkttype = { "pkt_type", "packet type", INT, .bits = 8, HOST, .symbols = nft_syms_pkttype };
const struct nft_type nft_type_icmp_code = { "icmp_code", "icmp code", INT, .bits = 8, NET, .symbols = nft_syms_icmp_code };
const struct nft_type nft_type_icmpv6_code = { "icmpv6_code", "icmpv6 code", INT, .bits = 8, NET,
					       .symbols = nft_syms_icmpv6_code };
const struct nft_type nft_type_icmpx_code = { "icmpx_code", "icmpx code", INT, .bits = 8, NET,
					      .symbols = nft_syms_icmpx_code };
const struct nft_type nft_type_devgroup = { "devgroup", "devgroup name", INT, .bits = 32, HOST,
					    .symbols = nft_syms_devgroup, .quoted = true };
const struct nft_type nft_type_dscp = { "dscp", "Differentiated Services Code Point", INT, .bits = 6, NET,
					.symbols = nft_syms_dscp, .hex = true, .digits = 2 };
const struct nft_type nft_type_ecn = { "ecn", "Explicit Congestion Notification", INT, .bits = 2, NET,
				       .symbols = nft_syms_ecn, .hex = true };
const struct nft_type nft_type_fib_addrtype = { "fib_addrtype", "fib address type", INT, .bits = 32, HOST,
						.symbols = nft_syms_fib_addrtype };
const struct nft_type nft_type_boolean = { "boolean", "boolean type", INT, .bits = 1, HOST, .symbols = nft_syms_boolean };
const struct nft_type nft_type_ct_event = { "ct_event", "conntrack event bits", FLAGS, .bits = 32, HOST, .no_decl = true,
					    .symbols = nft_syms_ct_event };
const struct nft_type nft_type_ifname = { "ifname", "network interface name", .base = &nft_type_string, .bits = 128, HOST };
const struct nft_type nft_type_igmp_type = { "igmp_type", "IGMP type", INT, .bits = 8, NET, .symbols = nft_syms_igmp_type };
const struct nft_type nft_type_time_date = { "time", "Relative time of packet reception", INT, .bits = 64, HOST,
					     .no_decl = true, .parse = nft_read_date, .print = nft_show_date };
const struct nft_type nft_type_time_hour = { "hour", "Hour of day of packet reception", INT, .bits = 64, HOST,
					     .no_decl = true, .parse = nft_read_hour, .print = nft_show_hour };
const struct nft_type nft_type_time_day = { "day", "Day of week of packet reception", INT, .bits = 8, HOST,
					    .no_decl = true, .symbols = nft_syms_day, .quoted = true,
					    .parse = nft_read_day };
const struct nft_type nft_type_cgroupv2 = { "cgroupsv2", "cgroupsv2 path", INT, .bits = 64, HOST,
					    .parse = nft_read_cgroup, .print = nft_show_cgroup };
const struct nft_type nft_type_policy = { "policy", "policy type", .base = &nft_type_string, .bits = 32, HOST,
					  .no_decl = true };
const struct nft_type nft_type_priority = { "priority", "priority type", .base = &nft_type_string, HOST, .no_decl = true };

static const struct nft_type *const all[] = {
	&nft_type_invalid, &nft_type_verdict, &nft_type_nfproto, &nft_type_bitmask, &nft_type_integer, &nft_type_string,
	&nft_type_lladdr, &nft_type_ipaddr, &nft_type_ip6addr, &nft_type_etheraddr, &nft_type_ethertype,
	&nft_type_arpop, &nft_type_inet_proto, &nft_type_inet_service, &nft_type_icmp_type, &nft_type_tcp_flag,
	&nft_type_dccp_pkttype, &nft_type_mh_type, &nft_type_time, &nft_type_mark, &nft_type_ifindex,
	&nft_type_iface_type, &nft_type_realm, &nft_type_classid, &nft_type_uid, &nft_type_gid, &nft_type_ct_state,
	&nft_type_ct_dir, &nft_type_ct_status, &nft_type_icmpv6_type, &nft_type_pkttype, &nft_type_icmp_code,
	&nft_type_icmpv6_code, &nft_type_icmpx_code, &nft_type_devgroup, &nft_type_dscp, &nft_type_ecn,
	&nft_type_fib_addrtype, &nft_type_boolean, &nft_type_ifname, &nft_type_igmp_type, &nft_type_cgroupv2,
};

const struct nft_type *nft_type_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

bool nft_type_is(const struct nft_type *t, const struct nft_type *base)
{
	for (; t; t = t->base)
		if (t == base)
			return true;
	return false;
}

/* ---- concatenations ---- */

struct concat_type { struct list node; struct nft_type type; };

static bool is_concat_of(const struct nft_type *t, const struct nft_type *const *part, unsigned n)
{
	return t->n_parts == n && memcmp(t->part, part, n * sizeof(*part)) == 0;
}

static bool concat_fill(struct nft_type *t, const struct nft_type *const *part, unsigned n)
{
	struct sbuf name = SBUF_INIT, desc = SBUF_INIT;

	t->n_parts = n;
	for (unsigned i = 0; i < n; i++) {
		t->part[i] = part[i];
		t->bits += (part[i]->bits + 31) / 32 * 32;
		sbuf_printf(&name, "%s%s", i ? " . " : "", part[i]->name);
		sbuf_printf(&desc, "%s%s", i ? ", " : "", part[i]->desc);
	}
	sbuf_printf(&desc, ")");
	t->name = sbuf_steal(&name);
	t->desc = NULL;
	if (desc.len) {
		struct sbuf whole = SBUF_INIT;

		sbuf_printf(&whole, "concatenation of (%s", sbuf_str(&desc));
		t->desc = sbuf_steal(&whole);
	}
	sbuf_free(&desc);
	return t->name && t->desc;
}

const struct nft_type *nft_type_concat(struct nft_ctx *x, const struct nft_type *const *part, unsigned n)
{
	struct concat_type *c;

	if (n == 0 || n > ARRAY_LEN(c->type.part))
		return NULL;
	list_for_each(c, &x->types, node)
		if (is_concat_of(&c->type, part, n))
			return &c->type;
	c = mem_zalloc(sizeof(*c));
	if (c && !concat_fill(&c->type, part, n)) {
		mem_free((void *)c->type.name);
		mem_free((void *)c->type.desc);
		mem_free(c);
		c = NULL;
	}
	if (!c) {
		x->oom = true;
		return NULL;
	}
	list_add_tail(&x->types, &c->node);
	return &c->type;
}

void nft_types_free(struct nft_ctx *x)
{
	struct concat_type *c, *tmp;

	list_for_each_safe(c, tmp, &x->types, node) {
		list_del(&c->node);
		mem_free((void *)c->type.name);
		mem_free((void *)c->type.desc);
		mem_free(c);
	}
}

const struct nft_type *nft_type_concat_find(struct nft_ctx *x, const char *names)
{
	const struct nft_type *part[ARRAY_LEN(((struct nft_type *)0)->part)];
	char word[64];
	unsigned n = 0;

	while (*names) {
		size_t len = strcspn(names, " .");

		if (len >= sizeof(word) || n == ARRAY_LEN(part))
			return NULL;
		memcpy(word, names, len);
		word[len] = '\0';
		part[n] = nft_type_find(word);
		if (!part[n++])
			return NULL;
		names += len;
		names += strspn(names, " .");
	}
	return n == 0 ? NULL : n == 1 ? part[0] : nft_type_concat(x, part, n);
}

/* ---- reading and writing ---- */

static const struct nft_symbol *symbol_by_name(const struct nft_type *t, const char *name)
{
	for (const struct nft_symbol *s = t->symbols; s && s->name; s++)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

static const struct nft_symbol *symbol_by_value(const struct nft_type *t, uint64_t v)
{
	for (const struct nft_symbol *s = t->symbols; s && s->name; s++)
		if (s->value == v)
			return s;
	return NULL;
}

struct nft_expr *nft_symbol_parse(struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *sym)
{
	const struct nft_symbol *s = symbol_by_name(t, sym->symbol.text);
	const struct nft_type *b = t;

	if (s)
		return nft_expr_num(&sym->loc, t, s->value, t->bits);
	while (b && !b->parse)
		b = b->base;
	if (b)
		return b->parse(x, t, sym);
	nft_err(x, &sym->loc, "Can't parse symbolic %s expressions", t->desc);
	return NULL;
}

static bool is_zero(const uint8_t *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (b[i])
			return false;
	return true;
}

static bool fits_u64(const struct nft_expr *v)
{
	unsigned n = (v->len_bits + 7) / 8;

	return n <= 8 || is_zero(v->value.bytes, n - 8);
}

static bool symbol_print(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	const struct nft_symbol *s;

	if (x->o.numeric_sym || !t->symbols || !fits_u64(val))
		return false;
	s = symbol_by_value(t, nft_expr_u64(val));
	if (s)
		sbuf_printf(out, t->quoted ? "\"%s\"" : "%s", s->name);
	return s != NULL;
}

void nft_flags_print(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, const char *sep,
		     struct sbuf *out)
{
	unsigned n = (val->len_bits + 7) / 8, done = 0;

	if (is_zero(val->value.bytes, n))
		nft_number_print(val->value.bytes, n, true, 0, out);
	for (unsigned bit = 0; bit < n * 8; bit++) {
		uint8_t one[16] = { 0 };
		struct nft_expr v = *val;

		if (n > sizeof(one) || !(val->value.bytes[n - 1 - bit / 8] & 1 << bit % 8))
			continue;
		one[n - 1 - bit / 8] = (uint8_t)(1 << bit % 8);
		v.value.bytes = one;
		if (done++)
			sbuf_puts(out, sep);
		if (t->print)
			t->print(x, t, &v, out);
		else if (!symbol_print(x, t, &v, out))
			nft_number_print(one, n, true, t->digits, out);
	}
}

static unsigned bit_count(const struct nft_expr *v)
{
	unsigned n = 0;

	for (unsigned i = 0; i < (v->len_bits + 7) / 8; i++)
		n += (unsigned)__builtin_popcount(v->value.bytes[i]);
	return n;
}

void nft_value_print(const struct nft_ctx *x, const struct nft_type *t, const struct nft_expr *val, struct sbuf *out)
{
	const struct nft_type *b = t;

	if (t->flags && t != &nft_type_bitmask && bit_count(val) > 1) {
		nft_flags_print(x, t, val, " | ", out);
		return;
	}
	if (symbol_print(x, t, val, out))
		return;
	while (b && !b->print)
		b = b->base;
	if (b && b != &nft_type_integer)
		b->print(x, t, val, out);
	else
		nft_number_print(val->value.bytes, (val->len_bits + 7) / 8, t->hex, t->digits, out);
}

/* ---- describe ---- */

static void describe_symbols(const struct nft_type *t, struct sbuf *out)
{
	bool hex = t->hex || t == &nft_type_arpop || t == &nft_type_iface_type;
	unsigned bytes = (t->bits + 7) / 8;

	sbuf_printf(out, "\npre-defined symbolic constants (in %s):\n", hex ? "hexadecimal" : "decimal");
	for (const struct nft_symbol *s = t->symbols; s->name; s++) {
		uint64_t v = s->value;

		/* the bytes as they are in the packet, read by this machine */
		if (hex && t->order == NFT_ORDER_NET && bytes == 2)
			v = htons((uint16_t)v);
		if (hex)
			sbuf_printf(out, "\t%-30s\t0x%0*llx\n", s->name, (int)bytes * 2, (unsigned long long)v);
		else
			sbuf_printf(out, "\t%-30s\t%20llu\n", s->name, (unsigned long long)v);
	}
}

static void describe_protocols(struct sbuf *out)
{
	char buf[16];

	for (unsigned i = 0; i < 256; i++) {
		const char *name = nft_proto_name((uint8_t)i, buf, sizeof(buf));

		if (name)
			sbuf_printf(out, "\t%-30s\t%u\n", name, i);
	}
}

void nft_type_describe(const struct nft_ctx *x, const struct nft_type *t, uint32_t bits, struct sbuf *out)
{
	sbuf_printf(out, "datatype %s (%s)", t->name, t->desc);
	if (t->base) {
		sbuf_puts(out, " (basetype ");
		for (const struct nft_type *b = t->base; b; b = b->base)
			sbuf_printf(out, "%s%s", b->desc, b->base ? ", " : "");
		sbuf_putc(out, ')');
	}
	if (nft_type_is(t, &nft_type_string) && bits)
		sbuf_printf(out, ", %u characters\n", bits / 8);
	else
		sbuf_printf(out, ", %u bits\n", bits);
	if (t == &nft_type_inet_proto)
		describe_protocols(out);
	else if (t->symbols && t != &nft_type_realm && t != &nft_type_devgroup)
		describe_symbols(t, out);
}
