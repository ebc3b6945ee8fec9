// SPDX-License-Identifier: BSD-2-Clause
/*
 * traffic_test.c - packets through rules, against what the real kernel did with them (tests/golden/traffic/record.sh).
 *
 * A gateway with two links forwards a list of frames ("SIDE HEX") under a rule set. Compared are the counters of every
 * rule (the text of iptables -L) and every frame that leaves. `traffic_test send FRAMES IF0 IF1` puts the frames on real
 * links, for the recording.
 */
#include <errno.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "front/cmd.h"
#include "path/path.h"

#define FRAME_MAX 2048

struct run {
	struct world w;
	struct netns *ns;
	struct link *link[2];
	struct sbuf out[3];	/* a command's, by file descriptor */
	struct sbuf sent[2];	/* frames that left, by side */
	FILE *in;
	bool v6;
};

static int cmd_write(struct cmd *c, int fd, const void *bytes, size_t n)
{
	struct run *r = c->ctx;

	sbuf_put(&r->out[fd], bytes, n);
	return 0;
}

static ssize_t cmd_read(struct cmd *c, void *bytes, size_t n)
{
	struct run *r = c->ctx;

	return (ssize_t)fread(bytes, 1, n, r->in);
}

static int no_file(struct cmd *c, const char *path, struct sbuf *out)
{
	return -ENOENT;
}

static const struct cmd_ops ops = { .write = cmd_write, .read = cmd_read, .file_read = no_file };

static void transmit(struct world *w, struct link *out, struct pkt *p)
{
	struct run *r = w->ctx;

	for (int side = 0; side < 2; side++) {
		if (out != r->link[side] || p->ethertype != htons(r->v6 ? ETH_P_IPV6 : ETH_P_IP))
			continue;
		for (uint32_t i = p->mac; i < p->end; i++)
			sbuf_printf(&r->sent[side], "%02x", p->buf[i]);
		sbuf_putc(&r->sent[side], '\n');
	}
	pkt_free(p);
}

static void no_log(struct world *w, struct netns *ns, int level, const char *line)
{
}

static void no_timers(struct world *w)
{
}

static const struct world_ops world_ops = { .transmit = transmit, .log = no_log, .timers_changed = no_timers };

static int command(struct run *r, const char *tool, const char *args)
{
	struct cmd c = { .world = &r->w, .ns = r->ns, .host = "test", .ops = &ops, .ctx = r };
	char *argv[32], *words = strdup(args), *save = NULL;
	int argc = 1, status;

	argv[0] = (char *)tool;
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	argv[argc] = NULL;
	sbuf_reset(&r->out[1]);
	sbuf_reset(&r->out[2]);
	status = cmd_tool_find(tool)->run(&c, argc, argv);
	cmd_flush(&c);
	sbuf_free(&c.out);
	sbuf_free(&c.err);
	free(words);
	return status;
}

/* side @n of the gateway: 02:00:00:00:0N:01 and 10.(9-N).0.1/24, with a neighbour that ends in 2 */
static void add_side(struct run *r, struct netns *outside, int n)
{
	const uint8_t mac[6] = { 2, 0, 0, 0, (uint8_t)n, 1 }, neigh[6] = { 2, 0, 0, 0, (uint8_t)n, 2 };
	struct link_addr a = { .family = AF_INET, .plen = 24 };
	char name[8], far[8], text[32];
	struct link *peer;
	union inet_addr other = { 0 };

	snprintf(name, sizeof(name), "eth%d", n);
	snprintf(far, sizeof(far), "p%d", n);
	assert_int_equal(netns_veth(r->ns, name, outside, far, &r->link[n], &peer), 0);
	memcpy(r->link[n]->mac, mac, 6);
	link_set_flags(r->link[n], IFF_UP, IFF_UP);
	link_set_flags(peer, IFF_UP, IFF_UP);
	snprintf(text, sizeof(text), "10.%d.0.1", 9 - n);
	addr_parse(AF_INET, text, &a.addr);
	a.peer = a.addr;
	snprintf(text, sizeof(text), "10.%d.0.255", 9 - n);
	addr_parse(AF_INET, text, &a.brd);
	assert_int_equal(link_addr_add(r->link[n], &a), 0);
	snprintf(text, sizeof(text), "10.%d.0.2", 9 - n);
	addr_parse(AF_INET, text, &other);
	assert_int_equal(neigh_set(&r->ns->neigh, r->link[n], AF_INET, &other, neigh, NUD_PERMANENT, 0), 0);
}

/* the same in IPv6: fd00:(9-N)::1/64, and two neighbours of the same MAC address */
static void add_side6(struct run *r, int n)
{
	char text[96];

	snprintf(text, sizeof(text), "addr add fd00:%d::1/64 dev eth%d nodad", 9 - n, n);
	assert_int_equal(command(r, "ip", text), 0);
	for (int i = 2; i <= 9; i += 7) {
		snprintf(text, sizeof(text), "neigh replace fd00:%d::%d lladdr 02:00:00:00:0%d:02 dev eth%d nud permanent", 9 - n, i,
			 n, n);
		assert_int_equal(command(r, "ip", text), 0);
	}
}

static void gateway(struct run *r, const char *rules, bool v6)
{
	struct netns *outside;

	memset(r, 0, sizeof(*r));
	r->v6 = v6;
	assert_int_equal(path_world_init(&r->w, 1, &world_ops, r), 0);
	r->w.clock.now_ns = NSEC_PER_SEC;
	r->ns = netns_new(&r->w, "gateway");
	outside = netns_new(&r->w, "outside");
	assert_true(r->ns && outside);
	link_set_flags(r->ns->lo, IFF_UP, IFF_UP);
	add_side(r, outside, 0);
	add_side(r, outside, 1);
	if (v6) {
		add_side6(r, 0);
		add_side6(r, 1);
		ns_sysctl_set(r->ns, "net.ipv6.conf.all.forwarding", "1");
	}
	ns_sysctl_set(r->ns, "net.ipv4.ip_forward", "1");
	r->in = fopen(rules, "r");
	assert_non_null(r->in);
	assert_int_equal(command(r, v6 ? "ip6tables-restore" : "iptables-restore", ""), 0);
	fclose(r->in);
	/* the gateway itself neither answers nor complains */
	assert_int_equal(command(r, v6 ? "ip6tables" : "iptables", "-P INPUT DROP"), 0);
	assert_int_equal(command(r, v6 ? "ip6tables" : "iptables", "-P OUTPUT DROP"), 0);
}

static void gateway_free(struct run *r)
{
	for (int i = 0; i < 3; i++)
		sbuf_free(&r->out[i]);
	sbuf_free(&r->sent[0]);
	sbuf_free(&r->sent[1]);
	world_free(&r->w);
}

/* the next frame of a list: its length and *@side; 0: end */
static size_t next_frame(FILE *f, uint8_t frame[FRAME_MAX], int *side)
{
	char *line = NULL;
	size_t cap = 0, n = 0;

	while (getline(&line, &cap, f) > 0) {
		if (*line == '#')
			continue;
		*side = *line == '1';
		for (const char *h = line + 2; sscanf(h, "%2hhx", &frame[n]) == 1 && n < FRAME_MAX - 1; h += 2)
			n++;
		break;
	}
	free(line);
	return n;
}

static void same_text(const char *path, const char *got)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0;
	unsigned at = 0, bad = 0;

	assert_non_null(f);
	while (getline(&line, &cap, f) > 0) {
		size_t n = strcspn(got, "\n");

		at++;
		if (strcspn(line, "\n") != n || memcmp(line, got, n) != 0) {
			if (bad++ < 10)
				printf("%s:%u:\n- %s+ %.*s\n", path, at, line, (int)n, got);
		}
		got += n + (got[n] == '\n');
	}
	free(line);
	fclose(f);
	assert_int_equal(bad, 0);
	assert_string_equal(got, "");
}

static void check_dir(const char *dir)
{
	char path[128];
	uint8_t frame[FRAME_MAX];
	struct run r;
	FILE *f;
	size_t n;
	int side;

	snprintf(path, sizeof(path), "%s/rules.txt", dir);
	gateway(&r, path, dir[strlen(dir) - 1] == '6');
	snprintf(path, sizeof(path), "%s/frames.txt", dir);
	f = fopen(path, "r");
	assert_non_null(f);
	while ((n = next_frame(f, frame, &side)) > 0) {
		struct pkt *p = pkt_from_frame(&r.w.pool, frame, (uint32_t)n);

		assert_non_null(p);
		r.w.clock.now_ns += 2 * NSEC_PER_MSEC;
		path_rx(r.link[side], &p, 1);
		world_timers(&r.w);
	}
	fclose(f);
	assert_int_equal(command(&r, r.v6 ? "ip6tables" : "iptables", "-t mangle -nvx -L"), 0);
	snprintf(path, sizeof(path), "%s/listing.txt", dir);
	same_text(path, sbuf_str(&r.out[1]));
	for (side = 0; side < 2; side++) {
		snprintf(path, sizeof(path), "%s/out%d.txt", dir, side);
		same_text(path, sbuf_str(&r.sent[side]));
	}
	gateway_free(&r);
}

static void test_match(void **state)
{
	check_dir("tests/golden/traffic/match");
}

static void test_change(void **state)
{
	check_dir("tests/golden/traffic/change");
}

static void test_remember(void **state)
{
	check_dir("tests/golden/traffic/remember");
}

static void test_match6(void **state)
{
	check_dir("tests/golden/traffic/match6");
}

static void test_change6(void **state)
{
	check_dir("tests/golden/traffic/change6");
}

static int send_frames(const char *path, char **ifnames)
{
	uint8_t frame[FRAME_MAX];
	FILE *f = fopen(path, "r");
	int fd = socket(AF_PACKET, SOCK_RAW, 0), side;
	size_t n;

	if (!f || fd < 0) {
		perror(path);
		return 1;
	}
	while ((n = next_frame(f, frame, &side)) > 0) {
		struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(ifnames[side]) };

		if (sendto(fd, frame, n, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			perror(ifnames[side]);
		usleep(2000);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_match), cmocka_unit_test(test_change), cmocka_unit_test(test_remember),
					    cmocka_unit_test(test_match6), cmocka_unit_test(test_change6) };

	if (argc == 5 && strcmp(argv[1], "send") == 0)
		return send_frames(argv[2], argv + 3);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
