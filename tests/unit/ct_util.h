/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/unit/ct_util.h - a connection table with its own clock, and packets to send through it.
 */
#ifndef TESTS_UNIT_CT_UTIL_H
#define TESTS_UNIT_CT_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "ct/ct.h"
#include "ct/nat.h"
#include "ct/print.h"
#include "net/edit.h"
#include "net/parse.h"
#include "net/reply.h"

struct bench {
	struct clock clock;
	struct rng rng;
	struct ct_conf conf;
	struct ct_env env;
	struct ct_table *t;
	struct pkt_pool pool;
	struct sbuf events, log;
};

static inline void bench_event(void *ctx, enum ct_event ev, const struct conn *c)
{
	struct bench *b = ctx;

	ct_print_event(&b->events, b->t, ev, c, 0);
	sbuf_putc(&b->events, '\n');
}

static inline void bench_log(void *ctx, const char *line)
{
	struct bench *b = ctx;

	sbuf_printf(&b->log, "%s\n", line);
}

static inline void bench_init(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	b->clock.now_ns = 1000 * NSEC_PER_SEC;
	b->clock.epoch_ns = 1700000000 * NSEC_PER_SEC;
	rng_seed(&b->rng, 1);
	ct_conf_init(&b->conf);
	b->env = (struct ct_env){
		.clock = &b->clock, .rng = &b->rng, .key = { { 1, 2 } }, .event = bench_event, .log = bench_log, .ctx = b
	};
	b->t = ct_new(&b->env, &b->conf);
	assert_non_null(b->t);
	pkt_pool_init(&b->pool, 4096);
	ct_watch(b->t, true);
}

static inline void bench_fini(struct bench *b)
{
	ct_free(b->t);
	pkt_pool_destroy(&b->pool);
	sbuf_free(&b->events);
	sbuf_free(&b->log);
}

static inline void bench_sleep(struct bench *b, uint64_t ms)
{
	b->clock.now_ns += ms * NSEC_PER_MSEC;
	ct_expire(b->t, clock_ms(&b->clock));
}

static inline be32 ip4(const char *s)
{
	union inet_addr a;

	assert_int_equal(addr_parse(AF_INET, s, &a), 0);
	return a.ip4;
}

/* an IPv4 packet with @n bytes of transport header and payload, checksums right, parsed */
static inline struct pkt *bench_ip(struct bench *b, be32 src, be32 dst, uint8_t proto, const void *l4, uint32_t n)
{
	struct pkt *p = build_ip4(&b->pool, src, dst, proto, 64, 0, n);

	assert_non_null(p);
	memcpy(pkt_l4(p), l4, n);
	edit_fill_checksums(p);
	assert_int_equal(parse_ip(p), DROP_NONE);
	return p;
}

struct seg {
	const char *flags;	/* of "SAFRPU" */
	uint32_t seq, ack;
	uint16_t win, len;
	const char *opts;	/* "ws7,sack,ts,blk6000", "-" for none */
};

static inline uint32_t tcp_opts(uint8_t *o, const char *text)
{
	char buf[80], *save, *w;
	uint32_t n = 0;

	snprintf(buf, sizeof(buf), "%s", text ? text : "-");
	for (w = strtok_r(buf, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		if (strncmp(w, "ws", 2) == 0) {
			uint8_t ws[] = { 1, 3, 3, (uint8_t)atoi(w + 2) };

			memcpy(o + n, ws, 4);
			n += 4;
		} else if (strcmp(w, "sack") == 0) {
			memcpy(o + n, "\1\1\4\2", 4);
			n += 4;
		} else if (strcmp(w, "ts") == 0) {
			memcpy(o + n, "\1\1\10\12\0\0\0\0\0\0\0\0", 12);
			n += 12;
		} else if (strncmp(w, "blk", 3) == 0) {
			uint32_t end = (uint32_t)strtoul(w + 3, NULL, 10);

			memcpy(o + n, "\1\1\5\12", 4);
			put_u32(o + n + 4, end - 100);
			put_u32(o + n + 8, end);
			n += 12;
		}
	}
	return n;
}

static inline struct pkt *bench_tcp(struct bench *b, be32 src, be32 dst, uint16_t sport, uint16_t dport, const struct seg *s)
{
	uint8_t h[60 + 2000] = { 0 };
	uint32_t n = 20 + tcp_opts(h + 20, s->opts);
	static const struct { char c; uint8_t bit; } bits[] = { { 'F', 1 }, { 'S', 2 }, { 'R', 4 }, { 'P', 8 }, { 'A', 16 }, { 'U', 32 } };

	put_u16(h, sport);
	put_u16(h + 2, dport);
	put_u32(h + 4, s->seq);
	put_u32(h + 8, s->ack);
	h[12] = (uint8_t)(n / 4 << 4);
	for (size_t i = 0; i < ARRAY_LEN(bits); i++)
		if (strchr(s->flags, bits[i].c))
			h[13] |= bits[i].bit;
	put_u16(h + 14, s->win);
	assert_true(s->len <= 2000);
	return bench_ip(b, src, dst, IPPROTO_TCP, h, n + s->len);
}

static inline struct pkt *bench_udp(struct bench *b, be32 src, be32 dst, uint16_t sport, uint16_t dport)
{
	uint8_t h[12] = { 0 };

	put_u16(h, sport);
	put_u16(h + 2, dport);
	put_u16(h + 4, sizeof(h));
	return bench_ip(b, src, dst, IPPROTO_UDP, h, sizeof(h));
}

static inline struct pkt *bench_icmp(struct bench *b, be32 src, be32 dst, uint8_t type, uint8_t code, uint16_t id)
{
	uint8_t h[16] = { type, code };

	put_u16(h + 4, id);
	return bench_ip(b, src, dst, IPPROTO_ICMP, h, sizeof(h));
}

static inline const char *ctinfo_name(const struct pkt *p)
{
	if (!p->ct)
		return p->flags & PKT_UNTRACKED ? "UNTRACKED" : "INVALID";
	switch (p->ctinfo) {
	case IP_CT_NEW:
		return "NEW";
	case IP_CT_ESTABLISHED:
	case IP_CT_ESTABLISHED_REPLY:
		return "ESTABLISHED";
	case IP_CT_RELATED:
	case IP_CT_RELATED_REPLY:
		return "RELATED";
	}
	return "?";
}

/* the way of a forwarded packet without rules; what it was is returned. The packet is freed. */
static inline const char *bench_pass(struct bench *b, struct pkt *p)
{
	const char *what;

	if (ct_in(b->t, p, NF_INET_PRE_ROUTING) != VERDICT_ACCEPT) {
		pkt_free(p);
		return "DROP";
	}
	what = ctinfo_name(p);
	if (ct_confirm(b->t, p) != VERDICT_ACCEPT)
		what = "DROP";
	ct_drop_unconfirmed(b->t, p);
	pkt_free(p);
	return what;
}

#endif
