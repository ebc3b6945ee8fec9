/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/conntrack_test.c - the conntrack command: what it prints and returns, as conntrack 1.4.7 did for the same command lines.
 */
#include <errno.h>

#include "ct_util.h"
#include "front/conntrack_args.h"

struct place {
	struct bench b;
	struct world world;
	struct netns ns;
	struct cmd c;
	struct sbuf out, err;
	void (*fn)(void *ctx, enum ct_event ev, const struct conn *conn);
	void *fn_ctx;
	const struct seg *script;
	unsigned waits;
	bool meanwhile;		/* somebody flushes the table while -E waits */
};

static int place_write(struct cmd *c, int fd, const void *bytes, size_t n)
{
	struct place *p = c->ctx;

	sbuf_put(fd == 1 ? &p->out : &p->err, bytes, n);
	return 0;
}

static int place_listen(struct cmd *c, void (*fn)(void *ctx, enum ct_event ev, const struct conn *conn), void *ctx)
{
	struct place *p = c->ctx;

	p->fn = fn;
	p->fn_ctx = ctx;
	return 0;
}

/* while -E waits, a connection comes and goes; then somebody presses ^C */
static int place_wait(struct cmd *c, uint64_t until_ns)
{
	struct place *p = c->ctx;
	const struct seg syn = { "S", 1, 0, 1000, 0, "-" }, rst = { "RA", 0, 2, 0, 0, "-" };
	be32 a = ip4("10.0.1.2"), z = ip4("10.0.2.2");

	switch (p->waits++) {
	case 0:
		bench_pass(&p->b, bench_tcp(&p->b, a, z, 5001, 81, &syn));
		return 0;
	case 1:
		bench_pass(&p->b, bench_tcp(&p->b, z, a, 81, 5001, &rst));
		return 0;
	case 2:
		if (p->fn && p->meanwhile) {	/* in another terminal */
			struct cmd other = { .world = &p->world, .ns = &p->ns, .ops = c->ops, .ctx = p };
			char *argv[] = { (char *)"conntrack", (char *)"-F" };

			bench_pass(&p->b, bench_udp(&p->b, a, z, 5, 6));
			conntrack_main(&other, 2, argv);
			sbuf_free(&other.err);
		}
		return 0;
	default:
		return -EINTR;
	}
}

static int place_read(struct cmd *c, const char *path, struct sbuf *out)
{
	if (strcmp(path, "/saved") != 0)
		return -ENOENT;
	sbuf_puts(out, "-A -t 116 -u SEEN_REPLY,ASSURED -s 10.0.1.2 -d 10.0.2.2 -r 10.0.2.2 -n 10.0.2.1 -p udp --sport 5555 --dport 9000 "
		       "--reply-port-src 9000 --reply-port-dst 5555\n-A -t 596 -u UNSET -s 10.0.1.2 -d 10.0.2.2 -r 10.0.2.2 -q 10.0.1.2 -p 50\n");
	return 0;
}

static const struct cmd_ops ops = { .write = place_write, .ct_listen = place_listen, .wait = place_wait, .file_read = place_read };

static void place_event(void *ctx, enum ct_event ev, const struct conn *c)
{
	struct place *p = container_of((struct bench *)ctx, struct place, b);

	if (p->fn)
		p->fn(p->fn_ctx, ev, c);
}

/* "STATUS|standard error|standard output" */
static const char *run(struct place *p, const char *line)
{
	static char all[4096];
	char buf[512], *argv[40], *save, *w;
	int argc = 0, status;

	snprintf(buf, sizeof(buf), "conntrack %s", line);
	for (w = strtok_r(buf, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	sbuf_reset(&p->out);
	sbuf_reset(&p->err);
	status = conntrack_main(&p->c, argc, argv);
	cmd_flush(&p->c);
	snprintf(all, sizeof(all), "%d|%s|%s", status, sbuf_str(&p->err), sbuf_str(&p->out));
	return all;
}

#define P "conntrack v1.4.7 (conntrack-tools): "
#define TRY "\nTry `conntrack -h' or 'conntrack --help' for more information.\n"

/* D-25: what there is not is refused by name */
static void refused(void **state)
{
	struct place *p = *state;

	assert_string_equal(run(p, "-L --orig-zone 3"), "0|" P "0 flow entries have been shown.\n|");
	assert_string_equal(run(p, "-L -c 3"), "1|" P "natbox has no security marks\n|");
	assert_string_equal(run(p, "-I expect --tuple-src 1.1.1.1"), "1|" P "natbox has no expectations made by hand\n|");
}

static void errors(void **state)
{
	static const struct { const char *line, *want; } cases[] = {
		{ "-L -L", "2|" P "Invalid commands combination" TRY "|" },
		{ "-E foo", "2|" P "unknown type `foo'" TRY "|" },
		{ "-E -e FOO", "2|" P "Bad parameter `FOO'" TRY "|" },
		{ "-L -p tcp --state FOO", "2|" P "unknown TCP state `FOO'" TRY "|" },
		{ "-L -p tcp --state established", "2|" P "unknown TCP state `established'" TRY "|" },
		{ "-L -s", "2|" P "option `-s' requires an argument" TRY "|" },
		{ "-L -f ipx", "2|" P "`ipx' unsupported protocol" TRY "|" },
		{ "-L -p foo", "2|" P "`foo' unsupported protocol" TRY "|" },
		{ "-L -p 300", "2|" P "`300' unsupported protocol" TRY "|" },
		{ "-L --bogus", "2|" P "unknown option `--bogus'" TRY "|" },
		{ "-X", "2|" P "unknown option `-X'" TRY "|" },
		{ "-L -s 300.1.1.1", "2|" P "Invalid IP address `300.1.1.1'" TRY "|" },
		{ "-L -s 1.1.1.1/33", "2|" P "Invalid netmask" TRY "|" },
		{ "-L -d 1.1.1.1 -s ::1", "2|" P "mismatched address family" TRY "|" },
		{ "-L -p icmp --sport 5", "2|" P "unknown option `--sport'" TRY "|" },
		{ "-L --sport 1 -p tcp", "2|" P "unknown option `--sport'" TRY "|" },
		{ "-L -t 5", "2|" P "Illegal option `--timeout' with this command" TRY "|" },
		{ "-L -e NEW", "2|" P "Illegal option `--event-mask' with this command" TRY "|" },
		{ "-L -i 5", "2|" P "Illegal option `--id' with this command" TRY "|" },
		{ "-L -b 5", "2|" P "Illegal option `--buffer-size' with this command" TRY "|" },
		{ "-C -p tcp", "2|" P "Illegal option `--protonum' with this command" TRY "|" },
		{ "-S -o xml", "2|" P "Illegal option `--output' with this command" TRY "|" },
		{ "-D -z", "2|" P "Illegal option `--zero' with this command" TRY "|" },
		{ "-L -z -p tcp", "2|" P "Can't use -z with filtering parameters" TRY "|" },
		{ "-L --mask-src 255.0.0.0", "2|" P "Can't use --mask-src without --src" TRY "|" },
		{ "-L -n foo", "2|" P "Invalid IP address `foo'" TRY "|" },
		{ "-L -n 1.1.1.1:5-9", "2|" P "Invalid port `5-9'" TRY "|" },
		{ "-I", "2|" P "You need to supply the `--protonum' option for this command" TRY "|" },
		{ "-I -p udp -s 1.1.1.1", "2|" P "You need to supply the `--timeout' option for this command" TRY "|" },
		{ "-I -p udp -s 1.1.1.1 -t 5 --sport 1 --dport 4", "2|" P "you have to specify `--src' and `--dst'" TRY "|" },
		{ "-I -p udp -s 1.1.1.1 -d 2.2.2.2 -t 5 --sport 1", "2|" P "you have to specify `--sport' and `--dport'" TRY "|" },
		{ "-I -p tcp -s 1.1.1.1 -d 2.2.2.2 -t 5 --sport 1 --dport 2",
		  "2|" P "You need to supply the `--state' option for this command" TRY "|" },
		{ "-I -p icmp -s 1.1.1.1 -d 2.2.2.2 -t 5", "2|" P "You need to supply the `--icmp-type' option for this command" TRY "|" },
		{ "-G", "2|" P "You need to supply the `--protonum' option for this command" TRY "|" },
		{ "-G -p tcp -s 1.1.1.1 -d 1.1.1.2", "2|" P "you have to specify `--sport' and `--dport'" TRY "|" },
		{ "-G -p tcp -s 1.1.1.1 -d 1.1.1.2 --sport 1 --dport 2", "1|" P "Operation failed: such conntrack doesn't exist\n|" },
		{ "-G -p tcp -s 1.1.1.1 -d 1.1.1.2 --sport 1 --dport 2 -w 3", "2|" P "Illegal option `--zone' with this command" TRY "|" },
		{ "-F dying", "2|" P "Can't do that command with tables `dying' and `unconfirmed'" TRY "|" },
		{ "-D expect", "2|" P "You need to supply the `--src' option for this command" TRY "|" },
		{ "-R", "2|" P "unknown option `-R'" TRY "|" },
		{ "-R /nonexist", "2|" P "Failed to open file /nonexist for reading" TRY "|" },
		{ "-L -u UNSET", "1|" P "Operation failed: invalid parameters\n|" },
		{ "-L -l foo", "2|nfct_labelmap_new: No such file or directory\n" P "unknown label 'foo'" TRY "|" },
		{ "-L", "0|" P "0 flow entries have been shown.\n|" },
		{ "-L conntrack foo", "0|" P "0 flow entries have been shown.\n|" },
		{ "-L expect", "0|" P "0 expectations have been shown.\n|" },
		{ "-L dying", "0|" P "0 flow entries have been shown.\n|" },
		{ "-D", "1|" P "0 flow entries have been deleted.\n|" },
		{ "-U", "1|" P "0 flow entries have been updated.\n|" },
		{ "-F", "0|" P "connection tracking table has been emptied.\n|" },
		{ "-F expect", "0|" P "expectation table has been emptied.\n|" },
		{ "-C", "0||0\n" },
		{ "-C expect", "0||0\n" },
		{ "--version", "0||conntrack v1.4.7 (conntrack-tools)\n" },
	};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *got = run(p, cases[i].line);

		if (strcmp(got, cases[i].want) != 0)
			print_message("conntrack %s\n", cases[i].line);
		assert_string_equal(got, cases[i].want);
	}
}

static void by_hand(void **state)
{
	static const char one[] = "-I -p tcp -s 1.1.1.1 -d 2.2.2.2 --sport 1 --dport 2 -t 100 --state ESTABLISHED -u ASSURED,SEEN_REPLY -m 7";
	static const char line[] = "tcp      6 100 ESTABLISHED src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1 "
				   "[ASSURED] mark=7 use=1\n";
	static const char *const match[] = { "-p tcp", "-p 6", "-p TCP", "-m 7", "-m 3/3", "-u ASSURED", "-u assur", "-s 1.1.0.0/16", "--src=1.1.1.1",
					     "-q 1.1.1.1", "-p tcp --orig-port-dst=2", "-p tcp --reply-port-src 2", "-p tcp --state ESTABLISHED",
					     "-f ipv4", "-s 1.1.1.1 --mask-src 255.255.255.0" };
	static const char *const miss[] = { "-p udp", "-m 7/3", "-u UNREPLIED", "-s 1.2.0.0/16", "-n", "-g 9.9.9.9", "-j", "-p tcp --sport 2", "-w 3",
					    "-p tcp --state CLOSE", "-f ipv6" };
	struct place *p = *state;
	char want[1024], cmd[200];

	assert_string_equal(run(p, one), "0|" P "1 flow entries have been created.\n|");
	assert_string_equal(run(p, one), "1|" P "Operation failed: Such conntrack exists, try -U to update\n|");
	for (size_t i = 0; i < ARRAY_LEN(match); i++) {
		snprintf(cmd, sizeof(cmd), "-L %s", match[i]);
		snprintf(want, sizeof(want), "0|" P "1 flow entries have been shown.\n|%s", line);
		assert_string_equal(run(p, cmd), want);
	}
	for (size_t i = 0; i < ARRAY_LEN(miss); i++) {
		snprintf(cmd, sizeof(cmd), "-L %s", miss[i]);
		assert_string_equal(run(p, cmd), "0|" P "0 flow entries have been shown.\n|");
	}
	assert_string_equal(run(p, "-L -o save"),
			    "0|" P "1 flow entries have been shown.\n|-A -t 100 -u SEEN_REPLY,ASSURED -s 1.1.1.1 -d 2.2.2.2 -r 2.2.2.2 -q 1.1.1.1 "
			    "-p tcp --sport 1 --dport 2 --reply-port-src 2 --reply-port-dst 1 --state ESTABLISHED\n");
	assert_string_equal(run(p, "-U -p tcp -m 9"),
			    "0|" P "1 flow entries have been updated.\n|tcp      6 100 ESTABLISHED src=1.1.1.1 dst=2.2.2.2 sport=1 dport=2 "
			    "src=2.2.2.2 dst=1.1.1.1 sport=2 dport=1 [ASSURED] mark=9 use=2\n");
	assert_string_equal(run(p, "-U -p tcp -m 9"), "1|" P "0 flow entries have been updated.\n|");
	assert_string_equal(run(p, "-C"), "0||1\n");
	assert_string_equal(run(p, "-I -p udp -s 1.1.1.1 -d 2.2.2.2 --sport 3 --dport 2 -t 100 --dst-nat 9.9.9.9:77"),
			    "0|" P "1 flow entries have been created.\n|");
	run(p, "-L");		/* D-24: in the order made */
	assert_true(strstr(sbuf_str(&p->out), "tcp ") < strstr(sbuf_str(&p->out), "udp "));
	assert_string_equal(run(p, "-L -g 9.9.9.9"),
			    "0|" P "1 flow entries have been shown.\n|udp      17 100 src=1.1.1.1 dst=2.2.2.2 sport=3 dport=2 [UNREPLIED] "
			    "src=9.9.9.9 dst=1.1.1.1 sport=77 dport=3 mark=0 use=1\n");
	assert_string_equal(run(p, "-U -p udp -m 9"), "1|Operation failed: Operation not supported\n" P "Operation failed: Operation not supported\n|");
	assert_string_equal(run(p, "-D -p udp"),
			    "0|" P "1 flow entries have been deleted.\n|udp      17 100 src=1.1.1.1 dst=2.2.2.2 sport=3 dport=2 [UNREPLIED] "
			    "src=9.9.9.9 dst=1.1.1.1 sport=77 dport=3 mark=0 use=1\n");
	run(p, "-F");
	assert_string_equal(run(p, "-R /saved"), "0|" P "1 flow entries have been added.\n" P "1 flow entries have been added.\n|");
	assert_string_equal(run(p, "-L -n 10.0.2.1"),
			    "0|" P "1 flow entries have been shown.\n|udp      17 116 src=10.0.1.2 dst=10.0.2.2 sport=5555 dport=9000 src=10.0.2.2 "
			    "dst=10.0.2.1 sport=9000 dport=5555 [ASSURED] mark=0 use=1\n");
	run(p, "-F");
}

static void watching(void **state)
{
	struct place *p = *state;

	p->waits = 0;
	assert_string_equal(run(p, "-E -o timestamp"),
		"0|" P "2 flow events have been shown.\n|"
		"[1700001000.000000]\t    [NEW] tcp      6 120 SYN_SENT src=10.0.1.2 dst=10.0.2.2 sport=5001 dport=81 [UNREPLIED] src=10.0.2.2 "
		"dst=10.0.1.2 sport=81 dport=5001\n"
		"[1700001000.000000]\t[DESTROY] tcp      6 120 CLOSE src=10.0.1.2 dst=10.0.2.2 sport=5001 dport=81 [UNREPLIED] src=10.0.2.2 "
		"dst=10.0.1.2 sport=81 dport=5001\n");
	p->waits = 0;
	assert_string_equal(run(p, "-E -e DESTROY -p udp"), "0|" P "0 flow events have been shown.\n|");
	p->waits = 0;
	assert_string_equal(run(p, "-E -e NEW"),
			    "0|" P "1 flow events have been shown.\n|    [NEW] tcp      6 120 SYN_SENT src=10.0.1.2 dst=10.0.2.2 sport=5001 dport=81 "
			    "[UNREPLIED] src=10.0.2.2 dst=10.0.1.2 sport=81 dport=5001\n");
	p->waits = 0;
	p->meanwhile = true;
	run(p, "-E -p udp -e DESTROY");
	p->meanwhile = false;
	assert_non_null(strstr(sbuf_str(&p->out), "[DESTROY] udp      17 30 src=10.0.1.2 dst=10.0.2.2 sport=5 dport=6 [UNREPLIED] src=10.0.2.2 "
						  "dst=10.0.1.2 sport=6 dport=5 [USERSPACE] portid="));
}

static int setup(void **state)
{
	static struct place p;

	memset(&p, 0, sizeof(p));
	bench_init(&p.b);
	ct_free(p.b.t);
	p.b.env.event = place_event;
	p.b.t = ct_new(&p.b.env, &p.b.conf);
	p.ns.ct = p.b.t;
	p.world.clock = p.b.clock;
	rng_seed(&p.world.rng, 1);
	p.c = (struct cmd){ .world = &p.world, .ns = &p.ns, .host = "box", .ops = &ops, .ctx = &p };
	*state = &p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	bench_fini(&p->b);
	sbuf_free(&p->out);
	sbuf_free(&p->err);
	sbuf_free(&p->c.out);
	sbuf_free(&p->c.err);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors), cmocka_unit_test(refused), cmocka_unit_test(by_hand), cmocka_unit_test(watching),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
