/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay/replay.h - captures through a rule set: what would this gateway have done with this traffic.
 *
 * replay.c drives the engine, capture.c reads and writes captures, fate.c counts what became of each packet.
 */
#ifndef REPLAY_REPLAY_H
#define REPLAY_REPLAY_H

#include <stdio.h>

#include "base/sbuf.h"

struct replay_port {			/* one IF=CAPTURE of the command line */
	const char *ifname, *path;
};

struct replay_opts {
	const char *setup;		/* file that makes the gateway */
	struct replay_port in[64], out[64];
	unsigned n_in, n_out;
	uint64_t seed;
	bool verbose;			/* a line for each packet */
	bool answer;			/* the gateway answers pings and refuses all else that is for it */
	bool progress;			/* standard error is a terminal */
};

/** replay_run() - 0: all read; 1: a capture was damaged; 2: it could not begin. The report is appended to @out, messages go to @err */
int replay_run(const struct replay_opts *o, struct sbuf *out, FILE *err);

#endif
