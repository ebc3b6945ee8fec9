/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/iptables_line.h - one iptables command line while it is read: what iptables.c, iptables_ext.c and
 * iptables_make.c share, and nobody else sees.
 */
#ifndef FRONT_IPTABLES_LINE_H
#define FRONT_IPTABLES_LINE_H

#include "front/iptables.h"
#include "front/optscan.h"

#define LINE_NUMBERS '0'
/* opt_row.val of an extension's option: EXT_VALS * (instance + 1) + its id; instance 0 is the target */
#define EXT_VALS 1000

enum opt_bit {
	O_NUMERIC = 1 << 0,
	O_SRC = 1 << 1,
	O_DST = 1 << 2,
	O_PROTO = 1 << 3,
	O_JUMP = 1 << 4,
	O_VERBOSE = 1 << 5,
	O_EXACT = 1 << 6,
	O_IN = 1 << 7,
	O_OUT = 1 << 8,
	O_LINENUM = 1 << 9,
	O_COUNTERS = 1 << 10,
	O_FRAG = 1 << 11,
};

#define WITH(k) (1u << (k))
#define RULE_CMDS (WITH(IPT_APPEND) | WITH(IPT_INSERT) | WITH(IPT_DELETE) | WITH(IPT_REPLACE) | WITH(IPT_CHECK))

/* by bit of enum opt_bit: the letter, and what "!" in front of it means (0: not allowed) */
struct ipt_opt_info {
	char letter;
	uint8_t inverse;
};
#define OPT_BITS 12
extern const struct ipt_opt_info ipt_opt_info[OPT_BITS];

/* by enum ipt_cmd_kind: the letter in messages, the options that go with it, and the commands it may stand beside */
struct ipt_cmd_info {
	char letter;
	uint32_t options, with;
};
#define LINE_CMDS (IPT_POLICY + 1)	/* the kinds after it are no command line's */
extern const struct ipt_cmd_info ipt_cmd_info[LINE_CMDS];

#define BASE_ROWS 37
extern const struct opt_row ipt_base_rows[BASE_ROWS];

struct line_state {
	struct ipt_line *l;
	struct ipt_ctx *x;
	struct optscan scan;
	struct opt_row *rows;		/* base_rows, then the newest extension's first */
	struct ipt_rule rule;
	struct ipt_tail *tail;
	bool proto_used;		/* the match that -p brings has been loaded */
	uint32_t options, cmds;		/* seen */
	bool invert, wait, wait_interval;
	const char *chain, *arg, *src, *dst, *proto;
	unsigned num;
	bool have_counters;
	uint64_t packets, bytes;
};

/** line_no_memory() - says so; IPT_RESOURCE */
int line_no_memory(struct ipt_ctx *x);
/** line_number() - the whole word is a number in [min, max] */
bool line_number(const char *t, unsigned long long min, unsigned long long max, unsigned long long *v);

/* matches and targets: iptables_ext.c; each returns 0 or an exit status */
int line_load_match(struct line_state *s, const struct xt_ext *ext);
int line_set_target(struct line_state *s, const struct xt_ext *ext);
/** line_load_proto() - the match that -p brings, once: *@loaded says whether that was now */
int line_load_proto(struct line_state *s, bool *loaded);
int line_ext_option(struct line_state *s);	/* the scanner's option is one of an extension */
int line_check_exts(struct line_state *s);
int line_help(struct line_state *s);
/* hints: iptables_hint.c */
void line_hint_interface(struct line_state *s);	/* -o in INPUT and its like */
void line_hint_match(struct ipt_ctx *x, const char *name);
void line_hint_option(struct line_state *s, const char *word);

/** line_make() - the whole line was read: check it and add its commands; 0 or an exit status: iptables_make.c */
int line_make(struct line_state *s);

#endif
