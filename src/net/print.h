/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * net/print.h - one packet as text, as Debian 12's tcpdump (4.99.3) writes it.
 */
#ifndef NET_PRINT_H
#define NET_PRINT_H

#include "base/hash.h"
#include "net/pkt.h"

enum print_linktype { PRINT_ETHER, PRINT_RAW_IP, PRINT_SLL2 };

struct print_opts {
	int n;			/* count of -n */
	int v;			/* count of -v */
	int t;			/* count of -t: 0 time of day, 1 none, 2 seconds, 3 delta, 4 date and time, 5 delta since first */
	bool e;			/* link-layer header */
	bool q, S, A, X, x, xx, XX, K, number;	/* -q -S -A -X -x -xx -XX -K -# */
	enum print_linktype link;
};

struct print_state;		/* relative sequence numbers, times of the packets before */

struct print_state *print_state_new(void);
void print_state_free(struct print_state *s);

/* one captured packet */
struct print_rec {
	uint64_t wall_ns;	/* UTC */
	const uint8_t *data;	/* begins with the link-layer header (PRINT_ETHER), the IP header, or the IP header behind an SLL2 one given in fields */
	uint32_t caplen, len;
	/* PRINT_SLL2 only */
	const char *ifname;
	uint8_t pkt_type;	/* PACKET_* */
	be16 ethertype;
	const uint8_t *lladdr;	/* 6 bytes */
	uint32_t ifindex;
};

/** print_packet() - append the line (or, with -v and -x, lines), each ended with a newline */
void print_packet(struct sbuf *out, const struct print_opts *o, struct print_state *s, const struct print_rec *r);

#endif
