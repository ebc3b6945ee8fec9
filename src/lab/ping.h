/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/ping.h - one run of ping: what prog_ping.c, which sends, and ping_input.c, which receives and counts, share.
 */
#ifndef LAB_PING_H
#define LAB_PING_H

#include "lab/netname.h"
#include "lab/programs.h"
#include "lab/sock.h"

#define HLEN 8				/* of an ICMP echo */
#define STAMP_LEN 16			/* struct timeval at the payload's beginning */
#define MIN_INTERVAL 10			/* ms: how long to wait when there is nothing to wait for */
#define LO_NS 1000
#define SEQS 65536
#define PAYLOAD_MAX 65535		/* what is longer cannot be sent, so it need not be kept */

struct ping {
	struct proc *p;
	struct sock *s;
	const char *self;		/* argv[0] */
	struct sbuf hostname;
	struct sock_addr to, source;
	uint8_t family;			/* of -4 and -6, then of .to */
	const char *device;
	uint16_t ident;
	uint8_t *out;			/* message as it is sent */
	uint8_t *in;
	size_t datalen;
	bool adaptive, audible, broadcast, flood, has_interval, latency, numeric, outstanding, quiet, show_time,
		strict_source, verbose;
	bool timing, multicast, exiting, has_pattern;
	long count;
	int interval, linger, deadline, preload;	/* ms, ms, s */
	int pmtudisc, tos, ttl, mark, flowlabel;	/* -1: not given */
	uint64_t started_ns, sent_ns, alarm_ns;
	long tokens;
	bool linger_set;
	/* what became of them */
	long sent, received, repeats, errors;
	uint16_t acked;
	int pipe;
	long tmin, tmax, rtt;		/* us; rtt: eight times the smoothed one */
	double tsum, tsum2;
	uint64_t seen[SEQS / 64];
};

static inline bool ping_v6(const struct ping *g)
{
	return g->to.family == AF_INET6;
}

/* ping_input.c */
/** ping_put_host() - "name (address)", or the address alone */
void ping_put_host(struct ping *g, struct sbuf *s, const struct sock_addr *a);
bool ping_seen(const struct ping *g, uint16_t seq);		/* was this one answered */
int ping_in_flight(const struct ping *g);			/* sent and not heard of */
void ping_count_sent(struct ping *g);
uint64_t ping_wall_us(const struct ping *g);			/* gettimeofday() */
void ping_print_time(struct ping *g);				/* -D */
/** ping_take_error() - one error of the socket's queue, told and counted; false: there is none */
bool ping_take_error(struct ping *g);
/** ping_drain() - all that was received */
void ping_drain(struct ping *g);

#endif
