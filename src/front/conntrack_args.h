/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/conntrack_args.h - the command line of conntrack(8): which command, which options, and what they say.
 */
#ifndef FRONT_CONNTRACK_ARGS_H
#define FRONT_CONNTRACK_ARGS_H

#include "front/cmd.h"

enum cta_command {
	CTA_LIST, CTA_CREATE, CTA_ADD, CTA_UPDATE, CTA_DELETE, CTA_GET, CTA_FLUSH, CTA_EVENT, CTA_COUNT, CTA_STATS, CTA_LOAD, CTA_VERSION,
	CTA_HELP, CTA_NONE,
};

enum cta_table { CTA_CONNTRACK, CTA_EXPECT, CTA_DYING, CTA_UNCONFIRMED };

/* options; their order is that in which missing and illegal ones are reported */
enum cta_option {
	CTA_ORIG_SRC, CTA_ORIG_DST, CTA_REPL_SRC, CTA_REPL_DST, CTA_PROTO, CTA_TIMEOUT, CTA_STATUS, CTA_ZERO, CTA_EVENT_MASK, CTA_MASK_SRC,
	CTA_MASK_DST, CTA_MARK, CTA_ID, CTA_FAMILY, CTA_SRC_NAT, CTA_DST_NAT, CTA_OUTPUT, CTA_BUFFER, CTA_ANY_NAT, CTA_ZONE,
	CTA_ORIG_ZONE, CTA_REPL_ZONE,
	/* protocols' own */
	CTA_SPORT, CTA_DPORT, CTA_REPL_SPORT, CTA_REPL_DPORT, CTA_STATE, CTA_ICMP_TYPE, CTA_ICMP_CODE, CTA_ICMP_ID, CTA_SRCKEY, CTA_DSTKEY,
	CTA_REPL_SRCKEY, CTA_REPL_DSTKEY,
	CTA_OPTIONS
};

struct cta_addr {
	union inet_addr addr, mask;
};

struct cta_nat {		/* of -n, -g, -j */
	bool any;		/* without an address */
	union inet_addr addr;
	bool have_port;
	uint16_t port;
};

struct cta {
	enum cta_command command;
	enum cta_table table;
	uint64_t seen;			/* bits of enum cta_option */
	uint8_t family, proto;		/* 0: not said */
	struct cta_addr addr[4];	/* CTA_ORIG_SRC to CTA_REPL_DST */
	struct cta_nat src_nat, dst_nat, any_nat;
	uint32_t timeout, status, status_unset;	/* IPS_* that must, and must not be set */
	uint32_t mark, mark_mask;
	uint32_t id;
	int zone[3];			/* of -w, --orig-zone, --reply-zone; out of range: matches nothing */
	uint16_t port[4];		/* CTA_SPORT to CTA_REPL_DPORT, or keys */
	uint8_t state, icmp_type, icmp_code;
	uint16_t icmp_id;
	unsigned events;		/* bits by enum ct_event, 0: all */
	unsigned print;			/* CT_PRINT_* */
	bool timestamp, labels;		/* -o */
	const char *file;		/* of -R */
};

static inline bool cta_has(const struct cta *a, enum cta_option o)
{
	return a->seen >> o & 1;
}

/** cta_parse() - 0, or the exit status after the error was written to c->err */
int cta_parse(struct cmd *c, int argc, char **argv, struct cta *a);
/** cta_error() - "conntrack v1.4.7 (conntrack-tools): MESSAGE", with @usage the line that points to --help; returns the exit status */
int cta_error(struct cmd *c, bool usage, const char *fmt, ...) PRINTF_LIKE(3, 4);

#define CTA_PREFIX "conntrack v1.4.7 (conntrack-tools): "

int conntrack_main(struct cmd *c, int argc, char **argv);

#endif
