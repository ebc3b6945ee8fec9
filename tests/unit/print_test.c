/* SPDX-License-Identifier: BSD-2-Clause */
/* net/print: captures, printed as tcpdump printed them under several sets of options; and every prefix of every frame, for reads past the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "net/print.h"

#define DIR "tests/golden/print/"

static void set_flags(struct print_opts *o, const char *flags)
{
	*o = (struct print_opts){ .n = 1 };
	for (; *flags; flags++) {
		o->t += *flags == 't';
		o->v += *flags == 'v';
		o->e |= *flags == 'e';
		o->X |= *flags == 'X';
		o->A |= *flags == 'A';
		o->q |= *flags == 'q';
		o->S |= *flags == 'S';
	}
}

static void compare(const char *capture, const char *set, const char *golden)
{
	struct print_state *s = print_state_new();
	struct sbuf got = SBUF_INIT, want = SBUF_INIT;
	char part[128], err[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	struct print_opts o;
	const u_char *d;
	size_t n;
	pcap_t *p = pcap_open_offline(capture, err);
	FILE *f;

	assert_non_null(p);
	assert_non_null(s);
	set_flags(&o, set);
	while (pcap_next_ex(p, &h, &d) == 1)
		print_packet(&got, &o, s,
			     &(struct print_rec){ .wall_ns = (uint64_t)h->ts.tv_sec * NSEC_PER_SEC + (uint64_t)h->ts.tv_usec * 1000,
						  .data = d, .caplen = h->caplen, .len = h->len });
	f = fopen(golden, "r");
	assert_non_null(f);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		sbuf_put(&want, part, n);
	fclose(f);
	assert_string_equal(sbuf_str(&got), sbuf_str(&want));
	sbuf_free(&got);
	sbuf_free(&want);
	print_state_free(s);
	pcap_close(p);
}

static void as_tcpdump_prints(void **state)
{
	static const char *const sets[] = { "n", "tn", "tnv", "tnvv", "tne", "tnX", "tnA", "ttt", "tttt", "tnq", "tnS", "ttttt" };
	static const char *const sets6[] = { "tn", "tnv", "tnvv", "tne", "tnq", "tnvvve" };
	char path[128];

	setenv("TZ", "UTC", 1);
	tzset();
	for (unsigned i = 0; i < ARRAY_LEN(sets); i++) {
		snprintf(path, sizeof(path), DIR "%s.txt", sets[i]);
		compare(DIR "sample.pcap", sets[i], path);
	}
	for (unsigned i = 0; i < ARRAY_LEN(sets6); i++) {
		snprintf(path, sizeof(path), DIR "ip6-%s.txt", sets6[i]);
		compare(DIR "ip6.pcap", sets6[i], path);
	}
}

static void cut_frames(const char *capture)
{
	struct print_opts o = { .n = 1, .t = 1, .v = 2, .e = true };
	struct print_state *s = print_state_new();
	struct sbuf out = SBUF_INIT;
	char err[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const u_char *d;
	pcap_t *p = pcap_open_offline(capture, err);

	assert_non_null(p);
	while (pcap_next_ex(p, &h, &d) == 1)
		for (uint32_t cut = 0; cut <= MIN(h->caplen, 120u); cut++) {
			uint8_t *exact = malloc(cut ? cut : 1); /* so that a sanitizer sees one byte too many */

			memcpy(exact, d, cut);
			sbuf_reset(&out);
			print_packet(&out, &o, s, &(struct print_rec){ .data = exact, .caplen = cut, .len = h->len });
			assert_true(out.len > 0 && out.data[out.len - 1] == '\n');
			free(exact);
		}
	sbuf_free(&out);
	print_state_free(s);
	pcap_close(p);
}

static void cut_frames_are_safe(void **state)
{
	cut_frames(DIR "sample.pcap");
	cut_frames(DIR "ip6.pcap");
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(as_tcpdump_prints), cmocka_unit_test(cut_frames_are_safe) };

	return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
