/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iptables_diff_test - where iptables differs from the real one on purpose: D-40 to D-44 of doc/differences.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "front/cmd.h"

struct place {
	struct world w;
	struct netns *ns;
	struct sbuf out, err;
	const char *in;
};

static int put(struct cmd *c, int fd, const void *bytes, size_t n)
{
	struct place *p = c->ctx;

	sbuf_put(fd == 2 ? &p->err : &p->out, bytes, n);
	return 0;
}

static ssize_t give(struct cmd *c, void *bytes, size_t n)
{
	struct place *p = c->ctx;
	size_t left = p->in ? strlen(p->in) : 0;

	n = n < left ? n : left;
	if (n)
		memcpy(bytes, p->in, n);
	p->in = p->in ? p->in + n : NULL;
	return (ssize_t)n;
}

static const struct cmd_ops ops = { .write = put, .read = give };

static int run(struct place *p, const char *line, const char *in)
{
	char copy[256], *argv[32], *save;
	struct cmd c = { .world = &p->w, .ns = p->ns, .host = "test", .ops = &ops, .ctx = p };
	int argc = 0, status;

	p->in = in;
	sbuf_reset(&p->out);
	sbuf_reset(&p->err);
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	status = cmd_tool_find(argv[0])->run(&c, argc, argv);
	cmd_flush(&c);
	sbuf_free(&c.out);
	sbuf_free(&c.err);
	return status;
}

static int setup(void **state)
{
	static struct place place;

	place = (struct place){ 0 };
	*state = &place;
	if (world_init(&place.w, 1, NULL, NULL, NULL) < 0)
		return -1;
	place.ns = netns_new(&place.w, "test");
	return place.ns ? 0 : -1;
}

static int teardown(void **state)
{
	struct place *p = *state;

	world_free(&p->w);
	sbuf_free(&p->out);
	sbuf_free(&p->err);
	return 0;
}

static void test_d40_no_byte_code(void **state)
{
	struct place *p = *state;

	assert_int_equal(run(p, "iptables -vv -A INPUT -j ACCEPT", NULL), 0);
	assert_string_equal(sbuf_str(&p->out), "ACCEPT  all opt -- in * out *  0.0.0.0/0  -> 0.0.0.0/0  \n");
}

static void test_d41_no_name_server(void **state)
{
	struct place *p = *state;

	assert_int_equal(run(p, "iptables -A INPUT -s www.example.org -j ACCEPT", NULL), 2);
	assert_non_null(strstr(sbuf_str(&p->err), "host/network `www.example.org' not found"));
}

static void test_d42_renamed_in_a_file(void **state)
{
	struct place *p = *state;

	assert_int_equal(run(p, "iptables-restore", "*filter\n:v - [0:0]\n-E v w\n-A w -j ACCEPT\nCOMMIT\n"), 0);
	run(p, "iptables -S w", NULL);
	assert_string_equal(sbuf_str(&p->out), "-N w\n-A w -j ACCEPT\n");
}

static void test_d43_replaced_in_a_file(void **state)
{
	struct place *p = *state;

	assert_int_equal(run(p, "iptables-restore", "*filter\n-A INPUT -p tcp\n-R INPUT 1 -p udp\n-D INPUT -p udp\n"
						    "-A INPUT -p icmp\nCOMMIT\n"),
			 0);
	run(p, "iptables -S INPUT", NULL);
	assert_string_equal(sbuf_str(&p->out), "-P INPUT ACCEPT\n-A INPUT -p icmp\n");
}

static void test_d44_general_help(void **state)
{
	struct place *p = *state;

	assert_int_equal(run(p, "iptables -p tcp -h", NULL), 0);
	assert_non_null(strstr(sbuf_str(&p->out), "Usage: iptables -[ACD] chain rule-specification"));
	assert_null(strstr(sbuf_str(&p->out), "tcp match options"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_d40_no_byte_code),	   TEST(test_d41_no_name_server), TEST(test_d42_renamed_in_a_file),
		TEST(test_d43_replaced_in_a_file), TEST(test_d44_general_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
