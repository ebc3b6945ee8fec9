/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay/capture.h - captures as frames with times: pcap and pcapng by libpcap, whatever the link type, seen as Ethernet.
 */
#ifndef REPLAY_CAPTURE_H
#define REPLAY_CAPTURE_H

#include <stdio.h>

#include "base/types.h"

struct capture;

struct capture_frame {
	uint64_t wall_ns;
	uint32_t caplen, len;		/* bytes there, bytes on the wire; of .data */
	const uint8_t *data;		/* Ethernet header first; valid until the next call */
	bool has_mac;			/* the header is the capture's own, not made up for a link type without one */
	bool outgoing;			/* the capture says that the host sent it */
	uint64_t number;		/* from 1 */
};

/** capture_open() - NULL: could not; @why gets the reason */
struct capture *capture_open(const char *path, char why[256]);
void capture_close(struct capture *c);
/** capture_next() - 1 and the frame; 0 at the end; -1: damaged behind the last frame, @why says how */
int capture_next(struct capture *c, struct capture_frame *f, char why[256]);
uint64_t capture_position(struct capture *c);	/* bytes read so far, for a progress bar */
uint64_t capture_size(struct capture *c);	/* bytes of the file; 0: not known */

struct capture_writer;

struct capture_writer *capture_create(const char *path, char why[256]);
void capture_write(struct capture_writer *w, uint64_t wall_ns, const void *frame, uint32_t len);
/** capture_finish() - flush and close; -errno when something was not written */
int capture_finish(struct capture_writer *w, const char *path);

#endif
