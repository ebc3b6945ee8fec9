/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/ct_tcp_test.c - TCP tracking against what Linux 6.18 did with the same segments.
 *
 * ct_tcp.golden holds, for each segment of a connection between A and B: who sent it, flags, sequence and acknowledgement number, window,
 * length, options; then, behind "=", what a router's conntrack said: state of the packet, state of the connection, seconds left, ASSURED and
 * UNREPLIED, R when the connection's original direction is B's. A line with % sets a sysctl.
 */
#include "ct_util.h"

struct step {
	char who, flags[8], opts[64], cls[16], state[16], marks[8];
	unsigned seq, ack, win, len;
	int left;
};

static struct conn *the_conn(struct bench *b, uint16_t port, bool *reversed)
{
	struct tuple t = { .src = addr_ip4(ip4("10.0.1.2")), .dst = addr_ip4(ip4("10.0.2.2")), .sport = htons(port), .dport = htons(80),
			   .family = AF_INET, .proto = IPPROTO_TCP };
	int dir = 0;
	struct conn *c = ct_find(b->t, &t, &dir);

	*reversed = dir == IP_CT_DIR_REPLY;
	return c;
}

static void what_is(struct bench *b, uint16_t port, char *out, size_t n)
{
	bool reversed;
	struct conn *c = the_conn(b, port, &reversed);

	if (!c) {
		snprintf(out, n, "- 0 --");
		return;
	}
	snprintf(out, n, "%s %u %c%c%s", ct_tcp_state_name(c->proto.tcp.state), ct_remaining_s(b->t, c), c->status & IPS_ASSURED ? 'A' : '-',
		 c->status & IPS_SEEN_REPLY ? '-' : 'U', reversed ? "R" : "");
}

static unsigned walk(const char *file, unsigned *failures)
{
	FILE *f = fopen(file, "r");
	char line[200], name[sizeof(line)] = "";
	uint16_t port = 20000;
	unsigned n = 0;
	struct bench b;

	assert_non_null(f);
	bench_init(&b);
	while (fgets(line, sizeof(line), f)) {
		struct step s;
		struct seg seg;
		be32 a = ip4("10.0.1.2"), z = ip4("10.0.2.2");
		struct pkt *p;
		const char *cls;
		char want[120], got[120], is[80];

		if (line[0] == '%') {		/* a setting, from here on */
			assert_int_equal(sscanf(line + 2, "%79s %u", is, &s.win), 2);
			b.conf.tcp_be_liberal = strcmp(is, "be_liberal") == 0 && s.win;
			b.conf.tcp_loose = strcmp(is, "loose") != 0 || s.win;
			b.conf.tcp_ignore_invalid_rst = strcmp(is, "ignore_invalid_rst") == 0 && s.win;
			continue;
		}
		if (line[0] == '#') {
			memmove(name, line + 2, strlen(line + 2) + 1);
			port++;
			continue;
		}
		assert_int_equal(sscanf(line, "%c %7s %u %u %u %u %63s = %15s %15s %d %7s", &s.who, s.flags, &s.seq, &s.ack, &s.win, &s.len, s.opts,
					s.cls, s.state, &s.left, s.marks), 11);
		seg = (struct seg){ s.flags, s.seq, s.ack, (uint16_t)s.win, (uint16_t)s.len, s.opts };
		p = s.who == 'A' ? bench_tcp(&b, a, z, port, 80, &seg) : bench_tcp(&b, z, a, 80, port, &seg);
		cls = bench_pass(&b, p);
		what_is(&b, port, is, sizeof(is));
		snprintf(got, sizeof(got), "%s %s", cls, is);
		snprintf(want, sizeof(want), "%s %s %d %s", s.cls, s.state, s.left, s.marks);
		n++;
		if (strcmp(got, want) != 0) {
			if ((*failures)++ < 10)
				print_message("%s %sLinux: %s\n  here: %s\n", name, line, want, got);
		}
	}
	fclose(f);
	bench_fini(&b);
	return n;
}

static void as_linux(void **state)
{
	unsigned failures = 0, n = walk(getenv("CT_TCP_GOLDEN") ? getenv("CT_TCP_GOLDEN") : "tests/unit/ct_tcp.golden", &failures);

	assert_true(n > 1000);
	assert_int_equal(failures, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_linux),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
