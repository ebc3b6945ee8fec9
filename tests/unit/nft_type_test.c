/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nft_type_test - values of nft's datatypes: read, written, refused; and what headers, keys and types are found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "front/nft/nft.h"
#include "front/nft/proto.h"
#include "front/nft/type.h"

struct row { const struct nft_type *t; const char *text, *want; };	/* want: as it is listed, or "!" and the error */

static const struct row rows[] = {
	{ &nft_type_ipaddr, "10.1.2.3", "10.1.2.3" },
	{ &nft_type_ipaddr, "5", "0.0.0.5" },
	{ &nft_type_ipaddr, "::1", "!Could not resolve hostname: Address family for hostname not supported" },
	{ &nft_type_ip6addr, "2001:DB8::1", "2001:db8::1" },
	{ &nft_type_ip6addr, "1.2.3.4", "!Could not resolve hostname: Address family for hostname not supported" },
	{ &nft_type_etheraddr, "0:1:2:a:b:c", "00:01:02:0a:0b:0c" },
	{ &nft_type_etheraddr, "foo", "!Invalid LL address" },
	{ &nft_type_ethertype, "vlan", "8021q" },
	{ &nft_type_ethertype, "0x1234", "0x1234" },
	{ &nft_type_inet_proto, "tcp", "tcp" },
	{ &nft_type_inet_proto, "icmpv6", "ipv6-icmp" },
	{ &nft_type_inet_proto, "300", "!Protocol out of range" },
	{ &nft_type_inet_proto, "nothing", "!Could not resolve protocol name" },
	{ &nft_type_inet_service, "0x16", "22" },
	{ &nft_type_inet_service, "65536", "!Service out of range" },
	{ &nft_type_mark, "18", "0x00000012" },
	{ &nft_type_mark, "foo", "!Could not parse packet mark" },
	{ &nft_type_integer, "010", "8" },
	{ &nft_type_integer, "340282366920938463463374607431768211455", "340282366920938463463374607431768211455" },
	{ &nft_type_xinteger, "0x00ff01", "0xff01" },
	{ &nft_type_integer, "5x", "!Could not parse integer" },
	{ &nft_type_icmp_type, "echo-request", "echo-request" },
	{ &nft_type_icmp_type, "99", "99" },
	{ &nft_type_icmpv6_type, "mld-listener-reduction", "mld-listener-done" },
	{ &nft_type_tcp_flag, "18", "syn | ack" },
	{ &nft_type_tcp_flag, "0", "0x0" },
	{ &nft_type_ct_state, "0x100", "0x100" },
	{ &nft_type_ct_state, "foo", "!Could not parse conntrack state" },
	{ &nft_type_ct_label, "127", "127" },
	{ &nft_type_ct_label, "128", "!128: bit 128 out of range (128 max)" },
	{ &nft_type_dscp, "af11", "af11" },
	{ &nft_type_dscp, "3", "0x03" },
	{ &nft_type_pkttype, "unicast", "host" },
	{ &nft_type_classid, "1:20", "1:20" },
	{ &nft_type_classid, "root", "root" },
	{ &nft_type_realm, "cosmos", "\"cosmos\"" },
	{ &nft_type_time, "1d2h3m4s", "1d2h3m4s" },
	{ &nft_type_time, "90", "1m30s" },
	{ &nft_type_time, "x", "!wrong time format" },
	{ &nft_type_time_date, "2020-06-06 17:00", "\"2020-06-06 17:00:00\"" },
	{ &nft_type_time_date, "2020-13-01", "!Cannot parse date" },
	{ &nft_type_time_hour, "17:00", "\"17:00\"" },
	{ &nft_type_time_hour, "17:00:05", "\"17:00:05\"" },
	{ &nft_type_time_hour, "25:00", "!wrong time format" },
	{ &nft_type_time_day, "Friday", "\"Friday\"" },
	{ &nft_type_time_day, "7", "!Value 7 exceeds valid range 0-6" },
	{ &nft_type_boolean, "missing", "missing" },
	{ &nft_type_string, "a\"b", "\"a\"b\"" },
	{ &nft_type_uid, "4294967296", "!Value too large" },
	{ &nft_type_uid, "no such user", "!User does not exist" },
};

static void context(struct nft_ctx *x)
{
	memset(x, 0, sizeof(*x));
	list_init(&x->errors);
	list_init(&x->refused);
	list_init(&x->types);
}

static void forget(struct nft_ctx *x)
{
	struct nft_error *e, *tmp;

	list_for_each_safe(e, tmp, &x->errors, node) {
		list_del(&e->node);
		free(e->text);
		free(e->hint);
		free(e);
	}
	x->n_errors = 0;
}

static void test_values(void **state)
{
	struct nft_ctx x;

	context(&x);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct nft_loc loc = { 0 };
		struct nft_expr *sym = nft_expr_symbol(&loc, rows[i].text, strlen(rows[i].text));
		struct nft_expr *val = nft_symbol_parse(&x, rows[i].t, sym);
		struct sbuf out = SBUF_INIT;

		if (val)
			nft_value_print(&x, rows[i].t, val, &out);
		else if (!list_empty(&x.errors))
			sbuf_printf(&out, "!%s", list_first(&x.errors, struct nft_error, node)->text);
		assert_string_equal(sbuf_str(&out), rows[i].want);
		sbuf_free(&out);
		forget(&x);
		nft_expr_free(sym);
		nft_expr_free(val);
	}
}

static void test_concatenations(void **state)
{
	const struct nft_type *t;
	struct nft_ctx x;

	context(&x);
	t = nft_type_concat_find(&x, "ipv4_addr . inet_service");
	assert_non_null(t);
	assert_int_equal(t->n_parts, 2);
	assert_int_equal(t->bits, 64);
	assert_string_equal(t->name, "ipv4_addr . inet_service");
	assert_string_equal(t->desc, "concatenation of (IPv4 address, internet network service)");
	assert_ptr_equal(nft_type_concat_find(&x, "ipv4_addr . inet_service"), t);
	assert_ptr_equal(nft_type_concat_find(&x, "mark"), &nft_type_mark);
	assert_null(nft_type_concat_find(&x, "ipv4_addr . foo"));
	nft_types_free(&x);
}

static void test_describe(void **state)
{
	struct sbuf out = SBUF_INIT;
	struct nft_ctx x;

	context(&x);
	nft_type_describe(&x, &nft_type_ct_dir, 8, &out);
	assert_string_equal(sbuf_str(&out), "datatype ct_dir (conntrack direction) (basetype integer), 8 bits\n"
			    "\npre-defined symbolic constants (in decimal):\n"
			    "\toriginal                      \t                   0\n"
			    "\treply                         \t                   1\n");
	sbuf_reset(&out);
	nft_type_describe(&x, &nft_type_etheraddr, 48, &out);
	assert_string_equal(sbuf_str(&out),
			    "datatype ether_addr (Ethernet address) (basetype link layer address, integer), 48 bits\n");
	sbuf_free(&out);
}

static void test_headers(void **state)
{
	const struct nft_proto *p = nft_proto_find("tcp");
	uint8_t instance, values[2];

	assert_ptr_equal(p, &nft_proto_tcp);
	assert_int_equal(p->fields[nft_field_find(p, "flags")].offset_bits, 104);
	assert_int_equal(nft_field_at(p, 16, 16), nft_field_find(p, "dport"));
	assert_int_equal(nft_field_find(p, "foo"), -1);
	assert_null(nft_proto_find("gre"));
	assert_non_null(nft_proto_find("frag"));
	assert_string_equal(nft_tcpopt_find("sack2", &instance)->name, "sack");
	assert_int_equal(instance, 2);
	assert_ptr_equal(nft_proto_by_id(NFT_PAYLOAD_NETWORK_HEADER, IPPROTO_UDP), &nft_proto_udp);
	assert_ptr_equal(nft_proto_by_id(NFT_PAYLOAD_LL_HEADER, 0x0800), &nft_proto_ip);
	assert_null(nft_proto_by_id(NFT_PAYLOAD_NETWORK_HEADER, IPPROTO_GRE));
	assert_int_equal(nft_dep_values(&nft_proto_icmp, NFT_DEP_ECHO, values), 2);
	assert_string_equal(nft_meta_by_key(NFT_META_SECPATH)->name, "ipsec");
	assert_int_equal(nft_meta_find("ibriport")->key, NFT_META_BRI_IIFNAME);
	assert_null(nft_ct_find("foo"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values), cmocka_unit_test(test_concatenations), cmocka_unit_test(test_describe),
		cmocka_unit_test(test_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
