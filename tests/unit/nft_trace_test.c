/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How nft monitor trace shows packets: frames and the lines that nft 1.0.6 wrote for them (tests/golden/nft-trace), and
 * frames cut at every place. D-155: AH and IPComp, where the real tool ends, have lines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "front/nft/tool.h"
#include "front/nft/trace.h"
#include "net/parse.h"

#define GOLDEN "tests/golden/nft-trace/"

static struct pkt_pool pool;

static uint32_t bytes_of(const char *hex, uint8_t *to, uint32_t max)
{
	uint32_t n = 0;
	unsigned v;

	while (n < max && sscanf(hex + 2 * n, "%2x", &v) == 1)
		to[n++] = v;
	return n;
}

/* as the receive path has it at ingress, and then in the family's own hooks */
static struct pkt *frame(const uint8_t *b, uint32_t n)
{
	struct pkt *p = pkt_from_frame(&pool, b, n);

	assert_non_null(p);
	if (parse_eth(p) == DROP_NONE && (p->ethertype == htons(ETH_P_IP) || p->ethertype == htons(ETH_P_IPV6)))
		parse_ip(p);
	return p;
}

static void show(uint8_t family, const uint8_t *b, uint32_t n, struct sbuf *out)
{
	struct cmd c = { 0 };
	struct nft_ctx x;
	struct pkt *p = frame(b, n);

	nft_ctx_init(&x, &c);
	nft_trace_headers(&x, family, p, true, out);
	nft_ctx_free(&x);
	pkt_free(p);
}

static void compare(const char *file, uint8_t family)
{
	char line[1024], want[2048];
	uint8_t b[512];
	FILE *f = fopen(file, "r");
	unsigned n = 0, bad = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		struct sbuf out = SBUF_INIT;

		if (line[0] == '#')
			continue;
		assert_non_null(fgets(want, sizeof(want), f));
		want[strcspn(want, "\n")] = '\0';
		show(family, b, bytes_of(line, b, sizeof(b)), &out);
		if (out.len && out.data[out.len - 1] == ' ')
			sbuf_truncate(&out, out.len - 1);
		n++;
		if (strcmp(sbuf_str(&out), want) != 0) {
			bad++;
			print_message("%s- %s\n+ %s\n", line, want, sbuf_str(&out));
		}
		sbuf_free(&out);
	}
	fclose(f);
	assert_true(n > 40);
	assert_int_equal(bad, 0);
}

static void ip_packets_are_shown(void **state)
{
	compare(GOLDEN "ip.txt", NFPROTO_IPV4);
}

static void ip6_packets_are_shown(void **state)
{
	compare(GOLDEN "ip6.txt", NFPROTO_IPV6);
}

static void frames_are_shown(void **state)
{
	compare(GOLDEN "netdev.txt", NFPROTO_NETDEV);
}

static void nothing_behind_the_end_is_shown(void **state)
{
	char line[1024];
	uint8_t b[512];
	FILE *f = fopen(GOLDEN "netdev.txt", "r");

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		uint32_t n = line[0] == '0' || line[0] == 'f' ? bytes_of(line, b, sizeof(b)) : 0;

		for (uint32_t cut = ETH_HLEN; cut < n; cut += 3) {
			struct sbuf out = SBUF_INIT;

			show(NFPROTO_INET, b, cut, &out);
			sbuf_free(&out);
		}
	}
	fclose(f);
}

/* D-155 */
static void headers_that_end_the_real_tool_are_shown(void **state)
{
	static const char ah[] = "02000000010202000000010108004500002c12340000403354670a0100020a01000106040000000001000000000100"
				 "0000000000000000000000";
	struct sbuf out = SBUF_INIT;
	uint8_t b[512];

	show(NFPROTO_IPV4, b, bytes_of(ah, b, sizeof(b)), &out);
	assert_non_null(strstr(sbuf_str(&out), " ip length 44 ah nexthdr tcp ah hdrlength 4 ah spi 256 ah sequence 1 @th,96,64 0x0 "));
	sbuf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ip_packets_are_shown),
		cmocka_unit_test(ip6_packets_are_shown),
		cmocka_unit_test(frames_are_shown),
		cmocka_unit_test(nothing_behind_the_end_is_shown),
		cmocka_unit_test(headers_that_end_the_real_tool_are_shown),
	};

	pkt_pool_init(&pool, 64);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
