/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/xt.h - what a match or target of iptables is: a row with its options, how it parses, prints, saves, and what it means.
 *
 * One file per family under front/xt/ defines one or more struct xt_ext; front/xt/all.c lists them. The core (front/iptables*.c) owns the command line: it
 * finds the option in the tables, takes care of `!`, of values, of options given twice or missing, with the real tool's messages.
 */
#ifndef FRONT_XT_H
#define FRONT_XT_H

#include "base/sbuf.h"
#include "rules/ruleset.h"

struct xt_call;

enum xt_opt_flags {
	XT_INVERT = 1 << 0,	/* may be preceded by ! */
	XT_MAND = 1 << 1,	/* must be given: xt_table "option "--%s" must be specified" */
	XT_MULTI = 1 << 2,	/* may be given more than once */
	XT_NOVAL = 1 << 3,	/* takes no value */
	XT_OPTVAL = 1 << 4,	/* value may be missing */
	XT_ARG2 = 1 << 5,	/* the word after its value is its too, in .arg2, unless there is none or it begins with - or ! (--tcp-flags) */
};

struct xt_opt {
	const char *name;	/* without dashes; several rows may share an .id (--dport, --destination-port) */
	uint8_t id;		/* 0..31, the bit in xt_call.seen */
	uint32_t flags;
	uint32_t excl;		/* bits of ids that must not be given together with it */
	uint32_t also;		/* bits of ids that must be given with it */
	/* built-in value types; the parsed value is in xt_call.val. XT_T_STR leaves it to the parse function */
	enum xt_type { XT_T_STR, XT_T_U8, XT_T_U16, XT_T_U32, XT_T_U64, XT_T_U8RANGE, XT_T_U16RANGE, XT_T_U32RANGE, XT_T_U64RANGE } type;
	uint64_t min, max;	/* both 0: the type's own bounds */
};

/* where a rule stands, for what the kernel checks at commit */
struct xt_where {
	const char *table;
	uint8_t family;			/* AF_* */
	uint32_t hooks;			/* the bit of its own chain when that is a base chain; 0: a user chain, whoever jumps there */
	uint8_t proto;			/* the rule's -p, 0: any */
	bool proto_inverted;
};

/* what a translation asks of its rule */
struct xt_xlate {
	uint8_t family;			/* AF_* */
	uint8_t proto;			/* of -p, 0: any */
};

enum xt_kind { XT_MATCH, XT_TARGET };

struct xt_ext {
	enum xt_kind kind;
	const char *name;
	const char *alias_of;		/* state is a form of conntrack, NOTRACK of CT (and as a target is listed under that name); NULL normally */
	uint8_t revision;
	uint8_t families;		/* bit 0: IPv4, bit 1: IPv6 */
	size_t size;			/* of its data, zeroed at first */
	const struct xt_opt *opts;	/* ends with a NULL name */
	bool legacy;			/* its own parse minds `!`, repetition and range of every option; .seen is what came before (tcp) */
	uint8_t only_proto;		/* "-p" that it needs (tcp for -m tcp), 0: any */
	const char *only_table;		/* NULL: any; the real tool's check at commit ("RULE_APPEND failed (Invalid argument)") */
	uint32_t only_hooks;		/* bits of NF_INET_*, 0: any; holds for every base chain that the rule can be reached from */
	void (*init)(void *data, uint8_t family);
	/* one option; .opt, .arg, .val, .invert in @c; on an error xt_error() and return -EINVAL */
	int (*parse)(struct xt_call *c, void *data);
	/* all options seen (.seen): 0 or xt_error() and -EINVAL */
	int (*check)(struct xt_call *c, void *data);
	/* what the kernel refuses as the rule is added, beyond the three only_...: 0 or -errno ("RULE_APPEND failed (Invalid argument)"); NULL: nothing */
	int (*verify)(const struct xt_where *w, const void *data);
	/* for iptables -L: with a leading blank (e.g. " tcp dpt:80"); @numeric: -n */
	void (*print)(struct sbuf *out, const void *data, bool numeric);
	/* for -S and iptables-save: with leading blanks (" --dport 80") */
	void (*save)(struct sbuf *out, const void *data);
	/* same data for -C and -D: NULL compares .size bytes */
	bool (*equal)(const void *a, const void *b);
	/*
	 * iptables-nft turns -m tcp and -m udp into comparisons and makes one match of all of a rule's when it lists them: take over what @data says into @into, an
	 * earlier match of the same kind; false: it stays a match of its own. NULL: always. And does it compare nothing, so that nothing of it remains
	 */
	bool (*merge)(void *into, const void *data);
	bool (*hidden)(const void *data);
	/* lower to the IR; matches append statements, targets their actions and verdict (-EOPNOTSUPP: refused by name) */
	int (*emit)(struct ir_list *out, const void *data, uint8_t family);
	/*
	 * as nft lists it ("ct state new"), without a blank in front; NULL, or false: nft has no words for it, and lists "xt match NAME". And does
	 * iptables-nft make comparisons of it, so that nft sees no match at all? NULL: no
	 */
	bool (*xlate)(struct sbuf *out, const void *data, const struct xt_xlate *x);
	bool (*native)(const void *data);
	void (*help)(struct sbuf *out);		/* what `iptables -m NAME -h` adds; NULL: none */
	void (*free)(void *data);		/* what data points to, NULL: nothing */
};

/* parsing one option of one extension */
struct xt_call {
	const struct xt_ext *ext;
	const struct xt_opt *opt;
	const char *opt_name;		/* as it was typed, without dashes */
	const char *arg;		/* value as typed, NULL: none */
	const char *arg2;		/* with XT_ARG2 */
	bool invert;
	uint8_t family;			/* AF_INET, AF_INET6 */
	uint8_t proto;			/* of the rule's -p, 0: any */
	bool proto_inverted;
	const char *table;
	const char *tool;		/* "iptables" */
	uint32_t seen;			/* ids so far, this one included */
	union {
		uint64_t u64;
		uint32_t u32;
		uint16_t u16;
		uint8_t u8;
		uint64_t range[2];	/* lo, hi */
	} val;
	unsigned n_vals;		/* 1 or 2 for ranges */
	int status;			/* exit status of the error: 0 stands for 2 (a bad parameter, with the "Try ..." line) */
	struct sbuf *warn;		/* lines for standard error that stop nothing, newlines included */
	struct sbuf *err;		/* message, without the tool's name in front and without newline */
};

/** xt_error() - the message of a failed parse: the core prints "iptables v1.8.9 (nf_tables): MESSAGE" and the "Try ..." line; returns -EINVAL */
int xt_error(struct xt_call *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

bool xt_has_family(const struct xt_ext *e, uint8_t family);
const struct xt_ext *xt_find(enum xt_kind kind, const char *name, uint8_t family);	/* NULL: no such */
/** xt_parse_opt() - one option of @c->ext: invert, repetition, exclusion, value by its type, then .parse; -EINVAL and the message in @c->err */
int xt_parse_opt(struct xt_call *c, void *data);
/** xt_check_opts() - when all options were seen: those that must be given, those that need one another, in the order of libxtables: .check first */
int xt_check_opts(struct xt_call *c, void *data);
extern const struct xt_ext *const xt_all[];		/* NULL-terminated: front/xt/all.c */

/** xt_is_later() - does Linux have a match or target of that name that natbox lacks: refused as an unknown one is, with a hint that says so */
bool xt_is_later(enum xt_kind kind, const char *name);

/* shared parsing, in front/xt/util.c */
/** xt_parse_port() - number or service name (tcp or udp by proto); 0 or -EINVAL */
int xt_parse_port(const char *s, uint8_t proto, uint16_t *port);
int xt_parse_mark_mask(const char *s, uint32_t *value, uint32_t *mask);		/* "0x1/0xff", "1" (mask all ones) */
void xt_save_quoted(struct sbuf *out, const char *s);				/* " \"a b\"" as xtables_save_string writes it */

#endif
