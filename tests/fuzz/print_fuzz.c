/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * print_fuzz - any bytes as packets, printed as tcpdump prints them.
 *
 * Input: records of options (1 byte: -v count 2 bits, -e, -X, -S, -q, -A, -#), link type and length lost (1 byte), length (2 bytes), bytes.
 */
#include "fuzz.h"
#include "net/print.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct print_state *s = print_state_new();
	struct bytes b = { data, data + size };
	struct sbuf out = SBUF_INIT;
	const uint8_t mac[6] = { 2 };

	MUST(s);
	for (unsigned n = 0; n < 64 && b.end - b.p > 4; n++) {
		unsigned opt = take(&b, 1), how = take(&b, 1), len = take(&b, 2);
		struct print_opts o = { .n = 1 + (how >> 7), .v = opt & 3, .e = opt & 4, .X = opt & 8, .S = opt & 16, .q = opt & 32, .A = opt & 64,
					.number = opt & 128, .t = how >> 4 & 7, .link = (how & 3) % 3, .xx = how & 8 };
		uint8_t *exact;

		len = MIN(len, (unsigned)(b.end - b.p));
		exact = malloc(len ? len : 1);
		memcpy(exact, b.p, len);
		b.p += len;
		print_packet(&out, &o, s, &(struct print_rec){ .wall_ns = 1700000000000000000 + n * 1000000, .data = exact, .caplen = len,
							       .len = len + (how & 4 ? 100 : 0), .ifname = "eth0", .pkt_type = how & 3, .ifindex = 1,
							       .ethertype = htons(how & 64 ? ETH_P_ARP : ETH_P_IP), .lladdr = mac });
		free(exact);
		MUST(!out.len || out.data[out.len - 1] == '\n');
	}
	if (getenv("FUZZ_VERBOSE"))
		fprintf(stderr, "%s", sbuf_str(&out));
	print_state_free(s);
	sbuf_free(&out);
	return 0;
}
