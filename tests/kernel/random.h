/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random.h - what the parts of the test of random rule sets share: see random.c.
 */
#ifndef KERNEL_RANDOM_H
#define KERNEL_RANDOM_H

#include "base/rng.h"
#include "base/sbuf.h"

enum tool { TOOL_NFT, TOOL_IPTABLES, TOOL_IP6TABLES, N_TOOLS };

/* a frame that goes into side 0 (eth0, "a") or 1 (eth1, "b"), or came out of it */
struct frame {
	uint8_t side;
	uint16_t len;
	uint8_t data[1600];
};

struct frames {
	struct frame *v;
	unsigned n, cap;
};

/* one rule set and its packets */
struct rcase {
	enum tool tool;
	struct sbuf rules;	/* lines for `nft -f` or iptables-restore; each loads by itself, so that lines can be left out */
	struct frames in;
};

/* what became of it: text, masked, so that two of them can be compared */
enum part { PART_STATUS, PART_OUT_A, PART_OUT_B, PART_LISTING, PART_CONNS, N_PARTS };
struct outcome {
	struct sbuf part[N_PARTS];
	bool crashed;		/* the real tool did: an assertion of its own, or worse */
	struct sbuf said;	/* by the tools: not compared */
};

static inline uint32_t below(struct rng *r, uint32_t n) { return rng_below(r, n); }
static inline bool chance(struct rng *r, unsigned percent) { return rng_below(r, 100) < percent; }
#define PICK(r, array) ((array)[rng_below((r), (uint32_t)ARRAY_LEN(array))])

struct frame *frames_add(struct frames *f, unsigned side, const void *data, size_t len);
void frames_free(struct frames *f);
void outcome_free(struct outcome *o);

/* random_nft.c, random_xt.c: a rule set */
void gen_nft(struct rng *r, struct sbuf *out);
void gen_xt(struct rng *r, bool six, struct sbuf *out);

/* random_pkt.c: the next packet, after those that went in and came out so far */
void gen_packet(struct rng *r, const struct frames *in, const struct frames *out, struct frame *f);
/* out of a frame goes what Linux draws; false: the frame is noise that is not compared */
bool mask_frame(struct frame *f);

/* random_run.c: the real kernel, and natbox */
extern const char world_setup[];
struct kernel;
struct kernel *kernel_open(void);	/* NULL: no namespaces here */
/* with @r, @n packets are drawn on the way, and added to the case; else it has them */
void kernel_run(struct kernel *k, struct rcase *c, struct rng *r, unsigned n, struct outcome *o);
void natbox_run_case(const struct rcase *c, struct outcome *o);

#endif
