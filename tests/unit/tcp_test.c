/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tcp_test.c - the hosts' TCP: segment by segment as Linux 6.18 sends them (captured between two namespaces), bad
 * wires, times, limits.
 */
#include "tcp_wire.h"

#define OPTS ", options [nop,nop,TS], length "
#define SYN_A "A [S], seq 0, win 64240, options [mss 1460,sackOK,TS,nop,wscale 10], length 0\n"
#define SYN_B "B [S.], seq 0, ack 1, win 65160, options [mss 1460,sackOK,TS,nop,wscale 10], length 0\n"
#define HANDSHAKE SYN_A SYN_B "A [.], ack 1, win 63" OPTS "0\n"

static int count_sock(void *ctx, const struct sock *s)
{
	(void)s;
	++*(int *)ctx;
	return 0;
}

static int n_socks(struct sock_host *h)
{
	int n = 0;

	sock_walk(h, count_sock, &n);
	return n;
}

/* ---- what nc does, as tasks ---- */

struct nc {
	struct wire *w;
	struct sock *s;
	const char *say;		/* what is on its standard input; NULL: not even an end */
	bool shut;			/* -N */
	bool close_at_once;		/* -z */
	struct sbuf got;
	int err;
};

static void nc_wait(struct nc *n, unsigned ev)
{
	while (!(sock_poll(n->s) & (ev | POLLERR | POLLHUP)))
		sched_wait(n->w->sched, &n->s->wq, SCHED_NEVER);
}

static void nc_talk(struct nc *n)
{
	char buf[16384];
	ssize_t r;

	if (n->say) {
		assert_int_equal(sock_send(n->s, n->say, strlen(n->say)), strlen(n->say));
		sched_sleep(n->w->sched, 30000);
	}
	if (n->shut)
		sock_shutdown(n->s, SHUT_WR);
	while (!n->close_at_once) {
		nc_wait(n, POLLIN);
		r = sock_recv(n->s, buf, sizeof(buf));
		if (r <= 0) {
			n->err = (int)r;
			break;
		}
		sbuf_put(&n->got, buf, (size_t)r);
	}
	sock_close(n->s);
}

static void nc_client(void *arg)
{
	struct nc *n = arg;
	struct sock_addr to = at_b(5001);

	assert_int_equal(sock_new(n->w->host[0], SOCK_STREAM, 0, &n->s), 0);
	assert_int_equal(sock_connect(n->s, &to), -EINPROGRESS);
	nc_wait(n, POLLOUT);
	n->err = -sock_take_error(n->s);
	if (n->err)
		sock_close(n->s);
	else
		nc_talk(n);
}

static void nc_server(void *arg)
{
	struct nc *n = arg;
	struct sock *l = wire_listen(n->w, 5001);

	while (sock_accept(l, &n->s) == -EAGAIN)
		sched_wait(n->w->sched, &l->wq, SCHED_NEVER);
	sock_close(l);
	nc_talk(n);
}

static void run_nc(struct wire *w, struct nc *server, struct nc *client)
{
	server->w = client->w = w;
	sched_spawn(w->sched, nc_server, NULL, server);
	wire_run_ms(w, 1);
	sched_spawn(w->sched, nc_client, NULL, client);
	wire_run_ms(w, 1000);
}

static void check_log(struct wire *w, const char *want)
{
	assert_string_equal(sbuf_str(&w->log), want);
}

/* echo hello | nc -N B 5001, nc -l 5001 */
static void test_hello(void **state)
{
	struct wire *w = wire_new(1);
	struct nc server = { 0 }, client = { .say = "hello\n", .shut = true };

	(void)state;
	run_nc(w, &server, &client);
	assert_string_equal(sbuf_str(&server.got), "hello\n");
	check_log(w, HANDSHAKE
		  "A [P.], seq 1:7, ack 1, win 63" OPTS "6\n"
		  "B [.], ack 7, win 64" OPTS "0\n"
		  "A [F.], seq 7, ack 1, win 63" OPTS "0\n"
		  "B [F.], seq 1, ack 8, win 64" OPTS "0\n"
		  "A [.], ack 2, win 63" OPTS "0\n");
	sbuf_free(&server.got);
	wire_free(w);
}

static void test_nc_z(void **state)
{
	struct wire *w = wire_new(2);
	struct nc server = { 0 }, client = { .close_at_once = true };

	(void)state;
	run_nc(w, &server, &client);
	check_log(w, HANDSHAKE
		  "A [F.], seq 1, ack 1, win 63" OPTS "0\n"
		  "B [F.], seq 1, ack 2, win 64" OPTS "0\n"
		  "A [.], ack 2, win 63" OPTS "0\n");
	wire_free(w);
}

static void test_refused(void **state)
{
	struct wire *w = wire_new(3);
	struct nc client = { .w = w };

	(void)state;
	sched_spawn(w->sched, nc_client, NULL, &client);
	wire_run_ms(w, 10);
	assert_int_equal(client.err, -ECONNREFUSED);
	check_log(w, SYN_A "B [R.], seq 0, ack 1, win 0, length 0\n");
	wire_free(w);
}

/* echo hi | nc -l 5001 -N, nc B 5001 </dev/null */
static void test_server_first(void **state)
{
	struct wire *w = wire_new(4);
	struct nc server = { .say = "hi\n", .shut = true }, client = { 0 };

	(void)state;
	run_nc(w, &server, &client);
	assert_string_equal(sbuf_str(&client.got), "hi\n");
	check_log(w, HANDSHAKE
		  "B [P.], seq 1:4, ack 1, win 64" OPTS "3\n"
		  "A [.], ack 4, win 63" OPTS "0\n"
		  "B [F.], seq 4, ack 1, win 64" OPTS "0\n"
		  "A [F.], seq 1, ack 5, win 63" OPTS "0\n"
		  "B [.], ack 2, win 64" OPTS "0\n");
	sbuf_free(&client.got);
	wire_free(w);
}

/* the client has closed, the server writes later: its FIN is acknowledged after a millisecond, its data reset */
static void test_data_after_close(void **state)
{
	struct wire *w = wire_new(5);
	struct sock *a, *b;

	(void)state;
	wire_pair(w, 5001, &a, &b);
	sock_close(a);
	wire_run_ms(w, 300);
	assert_int_equal(sock_send(b, "late", 4), 4);
	wire_run_ms(w, 100);
	assert_int_equal(sock_send(b, "later", 5), -EPIPE);
	check_log(w, HANDSHAKE
		  "A [F.], seq 1, ack 1, win 63" OPTS "0\n"
		  "B [.], ack 2, win 64" OPTS "0\n"
		  "B [P.], seq 1:5, ack 2, win 64" OPTS "4\n"
		  "A [R], seq 2, win 0, length 0\n");
	sock_close(b);
	wire_free(w);
}

static void test_close_unread(void **state)
{
	struct wire *w = wire_new(6);
	struct sock *a, *b;
	char buf[8];

	(void)state;
	wire_pair(w, 5001, &a, &b);
	assert_int_equal(sock_send(a, "abc", 3), 3);
	wire_run_ms(w, 300);
	sock_close(b);
	wire_run_ms(w, 1);
	assert_true(sock_poll(a) & (POLLERR | POLLHUP));
	assert_int_equal(sock_recv(a, buf, 4), -ECONNRESET);
	assert_int_equal(sock_recv(a, buf, 4), 0);
	check_log(w, HANDSHAKE
		  "A [P.], seq 1:4, ack 1, win 63" OPTS "3\n"
		  "B [.], ack 4, win 64" OPTS "0\n"
		  "B [R.], seq 1, ack 4, win 64" OPTS "0\n");
	sock_close(a);
	wire_free(w);
}

/*
 * a question and its answer: the answer carries the ACK of the next question, and what gets no answer is acknowledged
 * after 40 ms
 */
static void test_delayed_ack(void **state)
{
	struct wire *w = wire_new(7);
	struct sock *a, *b;
	char buf[8];

	(void)state;
	wire_pair(w, 5001, &a, &b);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(sock_send(a, "ask", 3), 3);
		wire_run_ms(w, 1);
		assert_int_equal(sock_recv(b, buf, 8), 3);
		assert_int_equal(sock_send(b, "tell", 4), 4);
		wire_run_ms(w, 1);
		assert_int_equal(sock_recv(a, buf, 8), 4);
	}
	assert_int_equal(sock_send(a, "ask", 3), 3);
	wire_run_ms(w, 1);
	assert_int_equal(sock_recv(b, buf, 8), 3);
	w->log_times = true;
	w->first_ns = sched_now(w->sched);
	sbuf_puts(&w->log, "--\n");
	wire_run_ms(w, 100);
	assert_non_null(strstr(sbuf_str(&w->log), "--\n39 B [.], ack 10"));
	/* the second question was acknowledged by its answer */
	assert_non_null(strstr(sbuf_str(&w->log), "A [P.], seq 4:7, ack 5, win 63" OPTS "3\nB [P.], seq 5:9, ack 7"));
	sock_close(a);
	sock_close(b);
	wire_free(w);
}

static void test_simultaneous_close(void **state)
{
	struct wire *w = wire_new(8);
	struct sock *a, *b;

	(void)state;
	wire_pair(w, 5001, &a, &b);
	sock_close(a);
	sock_close(b);
	wire_run_ms(w, 10);
	check_log(w, HANDSHAKE
		  "A [F.], seq 1, ack 1, win 63" OPTS "0\n"
		  "B [F.], seq 1, ack 1, win 64" OPTS "0\n"
		  "B [.], ack 2, win 64" OPTS "0\n"
		  "A [.], ack 2, win 63" OPTS "0\n");
	wire_free(w);
}

/* both connect to each other's port */
static void test_simultaneous_open(void **state)
{
	struct wire *w = wire_new(9);
	struct sock_addr pa = { .ip = addr_ip4(htonl(IP_A)), .port = 700 }, pb = at_b(800);
	struct sock *a, *b;
	char buf[4];

	(void)state;
	sock_new(w->host[0], SOCK_STREAM, 0, &a);
	sock_new(w->host[1], SOCK_STREAM, 0, &b);
	assert_int_equal(sock_bind(a, &pa), 0);
	assert_int_equal(sock_bind(b, &pb), 0);
	assert_int_equal(sock_connect(a, &pb), -EINPROGRESS);
	assert_int_equal(sock_connect(b, &pa), -EINPROGRESS);
	wire_run_ms(w, 10);
	assert_int_equal(a->state, TCP_ESTABLISHED);
	assert_int_equal(b->state, TCP_ESTABLISHED);
	assert_int_equal(sock_send(a, "x", 1), 1);
	wire_run_ms(w, 10);
	assert_int_equal(sock_recv(b, buf, 4), 1);
	sock_close(a);
	sock_close(b);
	wire_free(w);
}

static void test_to_itself(void **state)
{
	struct wire *w = wire_new(10);
	struct sock *l = wire_listen(w, 5001), *a, *b;
	struct sock_addr to = at_b(5001);

	(void)state;
	sock_new(w->host[1], SOCK_STREAM, 0, &a);
	assert_int_equal(sock_connect(a, &to), -EINPROGRESS);
	wire_run_ms(w, 1);
	assert_int_equal(sock_accept(l, &b), 0);
	/* over lo: windows and MSS of an MTU of 65536 */
	assert_non_null(strstr(sbuf_str(&w->log), "win 65495, options [mss 65495,sackOK,TS,nop,wscale 10]"));
	assert_non_null(strstr(sbuf_str(&w->log), "win 65483, options [mss 65495,sackOK,TS,nop,wscale 10]"));
	sock_close(a);
	sock_close(b);
	sock_close(l);
	wire_free(w);
}

/* ---- times ---- */

static bool drop_all(struct wire *w, const struct pkt *p)
{
	(void)w;
	(void)p;
	return true;
}

static void times_of(struct wire *w, char *out, size_t n)
{
	const char *at = sbuf_str(&w->log);

	*out = '\0';
	while (*at) {
		snprintf(out + strlen(out), n - strlen(out), "%s%ld", *out ? " " : "", strtol(at, NULL, 10));
		at = strchr(at, '\n') + 1;
	}
}

/* Linux 6.18: SYNs at 0 1 2 3 4 5 7 11 19 35 67 s, given up at 131; with tcp_syn_retries 1 at 0 1 2, given up at 3 */
static void test_syn_times(void **state)
{
	static const struct { int retries; const char *times; uint64_t end_s; } rows[] = {
		{ 6, "0 1000 2000 3000 4000 5000 7000 11000 19000 35000 67000", 131 },
		{ 1, "0 1000 2000", 3 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		struct wire *w = wire_new(11);
		struct sock_addr to = at_b(5001);
		struct sock *a;
		char times[256];

		w->ns[0].sysctl.tcp_syn_retries = rows[i].retries;
		w->drop = drop_all;
		w->log_times = true;
		sock_new(w->host[0], SOCK_STREAM, 0, &a);
		sock_connect(a, &to);
		wire_run_ms(w, rows[i].end_s * 1000 - 1);
		assert_int_equal(sock_poll(a), 0);
		wire_run_ms(w, 2);
		assert_int_equal(sock_take_error(a), ETIMEDOUT);
		times_of(w, times, sizeof(times));
		assert_string_equal(times, rows[i].times);
		sock_close(a);
		wire_free(w);
	}
}

/* one small segment: a tail loss probe after 200 ms, then 200, 400, 800 ms; Linux: 203, 204, 428, 832, 1632 */
static void test_rto_times(void **state)
{
	struct wire *w = wire_new(12);
	struct sock *a, *b;
	char times[256];

	(void)state;
	wire_pair(w, 5001, &a, &b);
	w->drop = drop_all;
	w->log_times = true;
	sbuf_reset(&w->log);
	w->first_ns = sched_now(w->sched);
	sock_send(a, "hello", 5);
	wire_run_ms(w, 7000);
	times_of(w, times, sizeof(times));
	assert_string_equal(times, "0 200 401 803 1607 3215 6431");
	w->drop = NULL;
	wire_run_ms(w, 7000);
	assert_int_equal(b->tcp != NULL && sock_poll(b) & POLLIN, POLLIN);
	sock_close(a);
	sock_close(b);
	wire_free(w);
}

static bool drop_from_a_but_syn(struct wire *w, const struct pkt *p)
{
	(void)w;
	return pkt_ip4(p)->saddr == htonl(IP_A) && pkt_tcp(p) && !pkt_tcp(p)->syn;
}

static void test_synack_times(void **state)
{
	struct wire *w = wire_new(13);
	struct sock *l = wire_listen(w, 5001), *a;
	struct sock_addr to = at_b(5001);
	char times[256] = "";
	const char *at;

	(void)state;
	w->drop = drop_from_a_but_syn;
	w->log_times = true;
	sock_new(w->host[0], SOCK_STREAM, 0, &a);
	sock_connect(a, &to);
	wire_run_ms(w, 70000);
	for (at = sbuf_str(&w->log); *at; at = strchr(at, '\n') + 1)
		if (strchr(at, ' ')[1] == 'B')
			snprintf(times + strlen(times), sizeof(times) - strlen(times), "%ld ", strtol(at, NULL, 10));
	assert_string_equal(times, "0 1000 3000 7000 15000 31000 ");
	assert_int_equal(sock_poll(l), 0);
	sock_close(a);
	sock_close(l);
	wire_free(w);
}

static void test_time_wait(void **state)
{
	struct wire *w = wire_new(14);
	struct sock *a, *b;

	(void)state;
	wire_pair(w, 5001, &a, &b);
	sock_shutdown(a, SHUT_WR);
	wire_run_ms(w, 1);
	assert_int_equal(a->state, TCP_FIN_WAIT_1);
	wire_run_ms(w, 2);
	assert_int_equal(a->state, TCP_FIN_WAIT_2);
	assert_string_equal(sock_state_name(b), "CLOSE-WAIT");
	sock_close(b);
	wire_run_ms(w, 1);
	assert_int_equal(a->state, TCP_TIME_WAIT);
	sock_close(a);
	wire_run_ms(w, 59900);
	assert_int_equal(n_socks(w->host[0]), 1);
	wire_run_ms(w, 200);
	assert_int_equal(n_socks(w->host[0]), 0);
	wire_free(w);
}

/* ---- bad wires ---- */

struct stream {
	struct sock *s;
	uint32_t total, sent, got;
	uint64_t seed;
};

static uint8_t byte_at(uint64_t seed, uint32_t i)
{
	uint64_t x = (seed + i) * 0x9e3779b97f4a7c15ull;

	return (uint8_t)(x >> 56);
}

static bool stream_step(struct stream *out, struct stream *in)
{
	uint8_t buf[8192];
	ssize_t n;

	while (out->sent < out->total) {
		uint32_t want = MIN(out->total - out->sent, (uint32_t)sizeof(buf));

		for (uint32_t i = 0; i < want; i++)
			buf[i] = byte_at(out->seed, out->sent + i);
		n = sock_send(out->s, buf, want);
		if (n == -EAGAIN)
			break;
		assert_true(n > 0);
		out->sent += (uint32_t)n;
	}
	while ((n = sock_recv(in->s, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(buf[i], byte_at(out->seed, in->got++));
	assert_true(n == -EAGAIN || n == 0);
	return in->got == out->total;
}

static void test_bad_wires(void **state)
{
	static const struct { unsigned loss, dup, reorder; int sack, ts, ws; } rows[] = {
		{ 0, 0, 0, 1, 1, 1 },	 { 0, 0, 0, 0, 0, 0 },	  { 20, 0, 0, 1, 1, 1 },   { 0, 50, 0, 1, 1, 1 },
		{ 0, 0, 200, 1, 1, 1 },	 { 30, 30, 100, 1, 1, 1 }, { 30, 30, 100, 0, 1, 1 }, { 30, 30, 100, 1, 0, 1 },
		{ 30, 30, 100, 0, 0, 0 }, { 100, 50, 300, 1, 1, 1 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		struct wire *w = wire_new(100 + i);

		w->logging = false;
		for (unsigned k = 0; k < 2; k++) {
			w->ns[k].sysctl.tcp_sack = rows[i].sack;
			w->ns[k].sysctl.tcp_timestamps = rows[i].ts;
			w->ns[k].sysctl.tcp_window_scaling = rows[i].ws;
		}
		w->reorder = rows[i].reorder;
		w->dup = rows[i].dup;
		/* handshakes are tested elsewhere: pairs are made in one millisecond */
		{
			struct stream a = { .total = 1 << 20, .seed = 17 }, b = { .total = 1 << 18, .seed = 99 };

			wire_pair(w, 5001, &a.s, &b.s);
			w->loss = rows[i].loss;
			for (unsigned rounds = 0; rounds < 3000000; rounds++) {
				bool ab = stream_step(&a, &b), ba = stream_step(&b, &a);

				if (ab && ba)
					break;
				sched_run(w->sched, sched_now(w->sched) + 200000, NULL, NULL);
			}
			assert_int_equal(b.got, a.total);
			assert_int_equal(a.got, b.total);
			sock_close(a.s);
			wire_run_ms(w, 100);
			sock_close(b.s);
			wire_run_ms(w, 400000);
		}
		assert_int_equal(n_socks(w->host[0]), 0);
		assert_int_equal(n_socks(w->host[1]), 0);
		wire_free(w);
	}
}

static unsigned nth_drop;

static bool drop_nth_data(struct wire *w, const struct pkt *p)
{
	(void)w;
	return pkt_tcp(p) && pkt_ip4(p)->saddr == htonl(IP_A) && pkt_l4_len(p) > 1000 && !--nth_drop;
}

/* D-30: one segment in the middle is lost: three duplicates bring it back long before the timer */
static void test_fast_retransmit(void **state)
{
	(void)state;
	for (int sack = 0; sack < 2; sack++) {
		struct wire *w = wire_new(30);
		struct sock *a, *b;
		static uint8_t bytes[20000];
		ssize_t n, got = 0;

		w->ns[0].sysctl.tcp_sack = sack;
		wire_pair(w, 5001, &a, &b);
		nth_drop = 3;
		w->drop = drop_nth_data;
		assert_int_equal(sock_send(a, bytes, sizeof(bytes)), sizeof(bytes));
		wire_run_ms(w, 5);
		while ((n = sock_recv(b, bytes, sizeof(bytes))) > 0)
			got += n;
		assert_int_equal(got, sizeof(bytes));
		assert_int_equal(strstr(sbuf_str(&w->log), "sack 1") != NULL, sack);
		sock_close(a);
		sock_close(b);
		wire_free(w);
	}
}

/* the receiver does not read: the window closes, probes go out, reading opens it */
static void test_zero_window(void **state)
{
	struct wire *w = wire_new(31);
	struct sock *a, *b;
	static uint8_t buf[1 << 18];
	uint32_t recvq, sendq, sent = 0, got = 0;
	ssize_t n;

	(void)state;
	wire_pair(w, 5001, &a, &b);
	while ((n = sock_send(a, buf, 30000)) > 0)
		sent += (uint32_t)n;
	assert_int_equal(n, -EAGAIN);
	wire_run_ms(w, 5000);
	sock_queues(b, &recvq, &sendq);
	assert_true(recvq > 100000 && recvq <= 2 * 131072);
	assert_non_null(strstr(sbuf_str(&w->log), "win 0"));
	sbuf_reset(&w->log);
	wire_run_ms(w, 10000);
	assert_in_range(w->log.len, 60, 1200);	/* some probes and their answers, not a storm */
	for (unsigned i = 0; i < 2000 && got < sent; i++) {
		while ((n = sock_recv(b, buf, sizeof(buf))) > 0)
			got += (uint32_t)n;
		wire_run_ms(w, 100);
	}
	assert_int_equal(got, sent);
	sock_close(a);
	sock_close(b);
	wire_free(w);
}

static void test_path_mtu(void **state)
{
	struct wire *w = wire_new(32);
	struct stream a = { .total = 100000, .seed = 1 }, b = { .total = 0 };

	(void)state;
	wire_pair(w, 5001, &a.s, &b.s);
	w->mtu = 1400;
	for (unsigned i = 0; i < 1000 && !stream_step(&a, &b); i++)
		sched_run(w->sched, sched_now(w->sched) + 100000, NULL, NULL);
	assert_int_equal(b.got, a.total);
	assert_int_equal(w->biggest, 1500);
	assert_true(sched_now(w->sched) < 50 * NSEC_PER_MSEC);	/* without waiting for a timer */
	w->biggest = 0;
	a.total += 50000;
	for (unsigned i = 0; i < 1000 && !stream_step(&a, &b); i++)
		sched_run(w->sched, sched_now(w->sched) + 100000, NULL, NULL);
	assert_int_equal(w->biggest, 1400);
	sock_close(a.s);
	sock_close(b.s);
	wire_free(w);
}

/* ---- errors, limits, ports ---- */

static void test_icmp_errors(void **state)
{
	static const struct { uint8_t code; int err;
	} rows[] = {
		{ ICMP_NET_UNREACH, ENETUNREACH },   { ICMP_HOST_UNREACH, EHOSTUNREACH },
		{ ICMP_PORT_UNREACH, ECONNREFUSED }, { ICMP_PKT_FILTERED, EHOSTUNREACH },
		{ ICMP_PROT_UNREACH, ENOPROTOOPT },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
		struct wire *w = wire_new(40);
		struct sock_addr to = at_b(5001);
		union inet_addr router = addr_ip4(htonl(0x0a0900fe));
		struct sock *a;
		struct pkt *q, *e;

		w->drop = drop_all;
		sock_new(w->host[0], SOCK_STREAM, 0, &a);
		sock_connect(a, &to);
		q = build_ip4(&w->world.pool, htonl(IP_A), htonl(IP_B), IPPROTO_TCP, 64, 0, 20);
		put_u16(pkt_l4(q), a->local.port);
		put_u16(pkt_l4(q) + 2, 5001);
		put_u32(pkt_l4(q) + 4, w->isn[0]);
		e = reply_icmp_error(q, ICMP_DEST_UNREACH, rows[i].code, 0, &router);
		/* one that quotes another sequence number is not believed */
		put_u32(pkt_l4(e) + 8 + 20 + 4, w->isn[0] + 5);
		edit_fill_checksums(e);
		wire_arrive(w, 0, pkt_clone(e));
		assert_int_equal(a->err, 0);
		put_u32(pkt_l4(e) + 8 + 20 + 4, w->isn[0]);
		edit_fill_checksums(e);
		wire_arrive(w, 0, e);
		assert_int_equal(sock_take_error(a), rows[i].err);
		pkt_free(q);
		sock_close(a);
		wire_free(w);
	}
}

static void test_ports(void **state)
{
	struct wire *w = wire_new(41);
	struct sock_addr any = { .port = 80 }, one = at_b(80),
			 other = { .ip = addr_ip4(htonl(0x0a090063)), .port = 81 };
	struct sock *s[3], *l;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(sock_new(w->host[1], SOCK_STREAM, 0, &s[i]), 0);
	assert_int_equal(sock_bind(s[0], &any), 0);
	assert_int_equal(sock_bind(s[1], &one), -EADDRINUSE);
	assert_int_equal(sock_bind(s[1], &other), -EADDRNOTAVAIL);
	sock_setopt(s[0], SOCK_OPT_REUSEADDR, 1);
	sock_setopt(s[1], SOCK_OPT_REUSEADDR, 1);
	assert_int_equal(sock_bind(s[1], &one), 0);
	assert_int_equal(sock_bind(s[1], &one), -EINVAL);
	assert_int_equal(sock_listen(s[0], 5), 0);
	assert_int_equal(sock_listen(s[1], 5), -EADDRINUSE);
	sock_setopt(s[2], SOCK_OPT_UID, 1000);
	assert_int_equal(sock_bind(s[2], &(struct sock_addr){ .port = 99 }), -EACCES);
	for (unsigned i = 0; i < 3; i++)
		sock_close(s[i]);
	assert_int_equal(n_socks(w->host[1]), 0);

	/* a range of four ports: four connections to one place, no fifth, but one to another place */
	w->ns[0].sysctl.ip_local_port_min = 40000;
	w->ns[0].sysctl.ip_local_port_max = 40003;
	l = wire_listen(w, 5001);
	struct sock *c[5], *d;
	struct sock_addr to = at_b(5001), to2 = at_b(5002);
	unsigned ports = 0;

	for (unsigned i = 0; i < 5; i++) {
		sock_new(w->host[0], SOCK_STREAM, 0, &c[i]);
		assert_int_equal(sock_connect(c[i], &to), i < 4 ? -EINPROGRESS : -EADDRNOTAVAIL);
		if (i < 4)
			ports |= 1u << (c[i]->local.port - 40000);
		if (i < 2)
			assert_int_equal(c[i]->local.port & 1, 0);	/* even ones first */
	}
	assert_int_equal(ports, 15);
	sock_new(w->host[0], SOCK_STREAM, 0, &d);
	assert_int_equal(sock_connect(d, &to2), -EINPROGRESS);
	wire_run_ms(w, 5);
	for (unsigned i = 0; i < 5; i++)
		sock_close(c[i]);
	sock_close(d);
	sock_close(l);
	wire_free(w);
}

/* D-31: more SYNs than the backlog holds, from addresses that never answer: bounded, and gone in time */
static void test_syn_flood(void **state)
{
	struct wire *w = wire_new(42);
	struct sock *l = wire_listen(w, 5001);

	(void)state;
	w->logging = false;
	w->drop = drop_all;
	for (uint32_t i = 0; i < 5000; i++) {
		struct pkt *p = build_ip4(&w->world.pool, htonl(0x0a0a0000 + i), htonl(IP_B), IPPROTO_TCP, 64, 0, 20);

		*(struct tcphdr *)pkt_l4(p) = (struct tcphdr){
			.source = htons(1000), .dest = htons(5001), .doff = 5, .syn = 1, .seq = htonl(i)
		};
		edit_fill_checksums(p);
		wire_arrive(w, 1, p);
	}
	assert_in_range(n_socks(w->host[1]), 8, 16);
	wire_run_ms(w, 70000);
	assert_int_equal(n_socks(w->host[1]), 1);
	sock_close(l);
	wire_free(w);
}

static void test_socket_limit(void **state)
{
	struct wire *w = wire_new(43);
	static struct sock *s[SOCK_MAX];
	struct sock *more;

	(void)state;
	for (unsigned i = 0; i < SOCK_MAX; i++)
		assert_int_equal(sock_new(w->host[0], SOCK_DGRAM, 0, &s[i]), 0);
	assert_int_equal(sock_new(w->host[0], SOCK_DGRAM, 0, &more), -ENFILE);
	for (unsigned i = 0; i < SOCK_MAX; i++)
		sock_close(s[i]);
	wire_free(w);
}

/* segments of noise at a connection: nothing is delivered that was not sent, and the connection lives */
static void test_noise(void **state)
{
	struct wire *w = wire_new(44);
	struct sock *a, *b;
	char buf[16];

	(void)state;
	wire_pair(w, 5001, &a, &b);
	w->logging = false;
	for (unsigned i = 0; i < 20000; i++) {
		struct pkt *p = build_ip4(&w->world.pool, htonl(IP_A), htonl(IP_B), IPPROTO_TCP, 64, 0,
					  20 + rng_below(&w->rng, 60));
		struct tcphdr *th = (struct tcphdr *)pkt_l4(p);

		rng_fill(&w->rng, th, pkt_l4_len(p));
		th->source = htons(a->local.port);
		th->dest = htons(5001);
		th->doff = 5 + rng_below(&w->rng, 8);
		/* far outside the window */
		th->seq = htonl(w->isn[0] + 0x40000000 + rng_below(&w->rng, 1 << 20));
		edit_fill_checksums(p);
		wire_arrive(w, 1, p);
	}
	wire_run_ms(w, 1000);
	assert_int_equal(sock_recv(b, buf, sizeof(buf)), -EAGAIN);
	sock_send(a, "still", 5);
	wire_run_ms(w, 1000);
	assert_int_equal(sock_recv(b, buf, sizeof(buf)), 5);
	sock_close(a);
	sock_close(b);
	wire_free(w);
}

/* a listener that ends takes what nobody accepted along */
static void test_listener_closes(void **state)
{
	struct wire *w = wire_new(45);
	struct sock *l = wire_listen(w, 5001), *a;
	struct sock_addr to = at_b(5001);

	(void)state;
	sock_new(w->host[0], SOCK_STREAM, 0, &a);
	sock_connect(a, &to);
	wire_run_ms(w, 5);
	assert_int_equal(a->state, TCP_ESTABLISHED);
	assert_int_equal(n_socks(w->host[1]), 2);
	sock_close(l);
	assert_int_equal(n_socks(w->host[1]), 0);
	wire_run_ms(w, 5);
	assert_int_equal(sock_take_error(a), ECONNRESET);
	sock_close(a);
	wire_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello),
		cmocka_unit_test(test_nc_z),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_server_first),
		cmocka_unit_test(test_data_after_close),
		cmocka_unit_test(test_close_unread),
		cmocka_unit_test(test_delayed_ack),
		cmocka_unit_test(test_simultaneous_close),
		cmocka_unit_test(test_simultaneous_open),
		cmocka_unit_test(test_to_itself),
		cmocka_unit_test(test_syn_times),
		cmocka_unit_test(test_rto_times),
		cmocka_unit_test(test_synack_times),
		cmocka_unit_test(test_time_wait),
		cmocka_unit_test(test_bad_wires),
		cmocka_unit_test(test_fast_retransmit),
		cmocka_unit_test(test_zero_window),
		cmocka_unit_test(test_path_mtu),
		cmocka_unit_test(test_icmp_errors),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_syn_flood),
		cmocka_unit_test(test_socket_limit),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_listener_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
