/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/ir.h - the one form of a rule that both dialects are lowered to: expressions and statements.
 *
 * iptables matches and nft expressions become trees over the fields of rules/field.h; what has no field (limit,
 * owner, statistic) is a call of a struct ir_fn. compile.c turns a rule's statements into the program that vm.c runs;
 * classify.c reads the same tree.
 *
 * Invariants
 *  1. Values are bytes in the order in which the packet carries them (network order) for header fields, and
 *     host-order integers for the fields that rules/field.c marks so; .len is the field's length.
 *  2. Statements run in order; the first match statement that fails ends the rule.
 *  3. A tree is owned by its rule and immutable once the rule is in a committed generation.
 */
#ifndef RULES_IR_H
#define RULES_IR_H

#include "base/mem.h"
#include "base/sbuf.h"
#include "net/addr.h"
#include "rules/field.h"

#define IR_VAL_MAX 64		/* bytes of the longest value, concatenations included */

struct chain;
struct match_ctx;
struct ruleset;
struct ir_object;
struct ir_set;

enum ir_op {			/* comparisons */
	IR_EQ, IR_NE, IR_LT, IR_GT, IR_LE, IR_GE,
	IR_IN,			/* rhs: a set, or a range */
	IR_NOT_IN,
};

enum ir_binop { IR_AND, IR_OR, IR_XOR };

enum ir_expr_kind {
	IR_VALUE,		/* constant bytes */
	IR_FIELD,		/* a row of rules/field.h */
	IR_BITWISE,		/* (a & mask) ^ xor, of a's length, or of its first bytes */
	IR_SHIFT,		/* a << n (n > 0) or a >> -n, as a host-order integer */
	IR_RANGE,		/* lo-hi, two values of one length, compared as numbers in field order */
	IR_CONCAT,		/* parts side by side, each padded to four bytes */
	IR_SET,			/* a set's elements: right side of IN */
	IR_MAP,			/* the value that a map gives for a key; no such element: the rule ends */
	IR_CALL,		/* a function: hash, number generator, route lookup */
	IR_BITS,		/* right side of IN: the small integers whose bit is set */
	IR_SWAB,		/* the bytes of each number of .size bytes turned round: host to network order and back */
	IR_BINOP,		/* a and b, a or b, a xor b: two expressions of one length */
};

struct ir_expr {
	enum ir_expr_kind kind;
	uint16_t len;			/* bytes of its value */
	union {
		uint8_t val[IR_VAL_MAX];
		/*
		 * arg of FIELD_PAYLOAD: enum nft_payload_bases, offset in bytes; FIELD_EXTHDR: enum nft_exthdr_op,
		 * type (next header, option kind, chunk), offset in bytes, 1: only whether it is there
		 */
		struct { uint16_t field; uint32_t arg[4]; } f;
		struct { struct ir_expr *a; uint8_t mask[16], xor[16]; } bit;
		struct { struct ir_expr *a; int n; } shift;
		struct { uint8_t lo[16], hi[16]; } range;
		struct { unsigned n; struct ir_expr **part; } concat;
		struct { struct ir_set *set; struct ir_expr *key; } set;	/* a reference of its own, as all of IR */
		/*
		 * fn->value; data: malloc()ed, owned; arg: its operand, NULL: none; state: in the rule's program, given by
		 * compile.c
		 */
		struct { const struct ir_fn *fn; void *data; struct ir_expr *arg; void *state; } call;
		uint32_t bits;
		struct { struct ir_expr *a; uint8_t size; } swab;
		struct { enum ir_binop op; struct ir_expr *a, *b; } bin;
	};
};

/*
 * A match or value that is code: evaluated by @eval with the rule's own @data. Anything it remembers is in @state,
 * one per rule, which lives as long as the rule and survives a replace only where the kernel's does.
 */
struct ir_fn {
	const char *name;
	size_t state_size;
	bool cacheable;			/* depends on nothing but the connection, direction and interfaces */
	bool pure;			/* asking changes nothing, the packet decides: it may be left out */
	bool needs_ct;
	bool needs_defrag;
	bool (*eval)(struct match_ctx *m, const void *data, void *state);
	/*
	 * IR_CALL: its value, of the expression's length, in host order where it is a number; false: the rule ends. @val
	 * has room for IR_VAL_MAX bytes, and holds the operand's value at first
	 */
	bool (*value)(struct match_ctx *m, const void *data, void *state, uint8_t *val);
	/* the state's part that `reset` and atomic listing care for; NULL: none */
	void (*state_reset)(void *state, const void *data);
	void (*state_init)(void *state, const void *data);
	/* at commit, after .state_init: find or make what is shared by name; 0 or -errno, and then nothing is bound */
	int (*bind)(struct ruleset *rs, const void *data, void *state);
	void (*state_free)(void *state);
};

enum ir_stmt_kind {
	IR_MATCH,		/* lhs op rhs */
	IR_TEST,		/* ir_fn says whether the rule goes on; .neg inverts */
	IR_COUNTER,		/* where it stands in the rule */
	IR_VERDICT,
	IR_SET_FIELD,		/* field = expr: mark, ct mark, DSCP, TTL, priority, ... */
	IR_ACTION,		/* what is done outside the matcher: see enum ir_action */
	IR_VMAP,		/* the verdict that a verdict map has for a key; none: the rule ends */
	IR_DYNSET,		/* add, update or delete an element of a set */
	IR_OBJREF,		/* a named object, or the one that a map has for a key */
	IR_SET_BYTES,		/* bytes of the packet = expr: payload or extension header */
};

enum ir_verdict { IR_ACCEPT, IR_DROP, IR_RETURN, IR_CONTINUE, IR_JUMP, IR_GOTO, IR_QUEUE, IR_STOLEN,
		  IR_BREAK /* of an action: the rule ends here, the next one is tried */ };

enum ir_action {		/* carried out by path/act.c */
	IR_ACT_SNAT, IR_ACT_DNAT, IR_ACT_MASQUERADE, IR_ACT_REDIRECT, IR_ACT_NETMAP,
	IR_ACT_REJECT, IR_ACT_LOG, IR_ACT_NFLOG, IR_ACT_NOTRACK, IR_ACT_CT_TEMPLATE, IR_ACT_TCPMSS, IR_ACT_TRACE,
	IR_ACT_CONNMARK_RESTORE, IR_ACT_CONNMARK_SAVE, IR_ACT_TTL,
	IR_ACT_CHECKSUM, IR_ACT_TCPOPTSTRIP,
	IR_ACT_DUP, IR_ACT_FWD, IR_ACT_TPROXY, IR_ACT_SYNPROXY, IR_ACT_QUEUE, IR_ACT_FLOW, IR_ACT_SNPT, IR_ACT_DNPT,
	IR_ACT_MAX
};

enum ir_reject {		/* REJECT types */
	IR_REJECT_ICMP,		/* .code: ICMP_*_UNREACH or ICMPV6_* of destination unreachable, by the packet's family */
	IR_REJECT_TCP_RST,
	IR_REJECT_ICMPX,	/* .code: NFT_REJECT_ICMPX_*, translated for the packet's family */
};

#define IR_NAT_NONE 0xffff

struct ir_nat {			/* SNAT, DNAT, MASQUERADE, REDIRECT, NETMAP */
	uint32_t flags;		/* NF_NAT_RANGE_* */
	uint8_t family;
	union inet_addr min, max;
	be16 port_min, port_max, port_base;
	/*
	 * Not NULL: evaluated for the packet, network order; where in its value addresses and ports begin, IR_NAT_NONE:
	 * nowhere (then the constants above count, where .flags has NF_NAT_RANGE_MAP_IPS or _PROTO_SPECIFIED)
	 */
	struct ir_expr *val;
	uint16_t at_min, at_max, at_port_min, at_port_max;
};

struct ir_log {
	char prefix[128];
	uint8_t level, logflags;	/* NF_LOG_TCPSEQ, _TCPOPT, _IPOPT, _UID, _MACDECODE of the UAPI */
	bool to_group;			/* NFLOG */
	uint16_t group, qthreshold;
	uint32_t snaplen;
};

struct ir_ct {			/* the CT target */
	bool notrack;
	uint16_t zone;
	bool have_zone, zone_orig, zone_reply;	/* neither orig nor reply: both */
	bool zone_mark;			/* the zone is the packet's mark */
	char helper[16], timeout[32];
	uint32_t ct_events, exp_events;
};

struct ir_stmt {
	struct ir_stmt *next;
	enum ir_stmt_kind kind;
	union {
		struct { enum ir_op op; struct ir_expr *lhs, *rhs; } match;
		struct { const struct ir_fn *fn; void *data; bool neg; } test;	/* data: malloc()ed, owned */
		struct { enum ir_verdict v; struct chain *chain; char *name; } verdict;	/* chain: bound at commit */
		struct { uint16_t field; struct ir_expr *val; } set;
		struct ir_expr *vmap;		/* IR_MAP of a set with SET_DATA_VERDICT */
		/* timeout_ms 0: the set's; data NULL: none. The set's own statements run for the element */
		struct {
			struct ir_set *set;
			uint8_t op;		/* enum set_op */
			struct ir_expr *key, *data;
			uint64_t timeout_ms;
		} dynset;
		struct { struct ir_object *obj; struct ir_expr *map; int type; } objref;	/* one of .obj, .map; NFT_OBJECT_* */
		/*
		 * .base: enum nft_payload_bases, or for TCP options .tcpopt and its kind; offset and length in bytes.
		 * .val NULL: the option becomes no-operations. An option that is not there is none to change: the rule
		 * goes on; so does it where a maximum segment size would grow
		 */
		struct {
			uint8_t base, tcpopt;
			uint16_t offset, len;
			bool csum_l4;		/* the transport header's checksum follows, too (IP addresses) */
			bool raw;		/* @base,offset,length, and th: no checksum follows */
			struct ir_expr *val;
		} bytes;
		struct {
			enum ir_action act;
			union {
				struct ir_nat nat;
				/* to: address (dup, fwd), device: ifindex of dup and fwd; NULL: none */
				struct { struct ir_expr *to, *dev; uint8_t family; } dup;
				struct { struct ir_expr *addr, *port; uint8_t family; uint32_t mark, mark_mask; } tproxy;
				struct { uint16_t mss; uint8_t wscale; uint32_t flags; } synproxy;
				struct { struct ir_expr *num; uint16_t first, last, flags; } queue;
				char *flowtable;
				struct { union inet_addr src, dst; uint8_t src_len, dst_len; be16 adjust; } npt;
				struct { enum ir_reject type; uint8_t code; } reject;
				struct ir_log *log;
				struct ir_ct *ct;
				struct { uint16_t mss; bool clamp; } tcpmss;
				/*
				 * restore: mark = (mark & ~nfmask) ^ shifted(ct mark & ctmask); save: the other way round;
				 * shift: left above 0, right below
				 */
				struct { uint32_t ctmask, nfmask; int8_t shift; } connmark;
				uint32_t strip[8];	/* kinds of TCP option, a bit each */
				/* stays within 0-255 */
				struct { enum { IR_TTL_INC, IR_TTL_DEC } mode; uint8_t by; } ttl;
			};
		} action;
	};
};

/* builders: each returns NULL when memory is short (and then frees what it was given) */
struct ir_expr *ir_value(const void *bytes, unsigned len);
struct ir_expr *ir_field(enum field_id id);
struct ir_expr *ir_bitwise(struct ir_expr *a, const void *mask, const void *xor);
struct ir_expr *ir_range(const void *lo, const void *hi, unsigned len);
void ir_expr_free(struct ir_expr *e);

struct ir_expr *ir_shift(struct ir_expr *a, int n);
struct ir_expr *ir_concat(struct ir_expr **part, unsigned n);	/* takes the parts over, not the array */
struct ir_expr *ir_bits(uint32_t bits);
/** ir_call() - @len bytes that fn->value computes; takes @data (malloc()ed) and @arg (NULL: none) over */
struct ir_expr *ir_call(const struct ir_fn *fn, void *data, struct ir_expr *arg, unsigned len);
struct ir_expr *ir_swab(struct ir_expr *a, unsigned size);	/* each number of @size bytes */
struct ir_expr *ir_binop(enum ir_binop op, struct ir_expr *a, struct ir_expr *b);	/* of one length */
struct ir_expr *ir_expr_clone(const struct ir_expr *e);
/* they take a reference more; give it back with the tree. @set NULL: as if memory were short */
struct ir_expr *ir_set(struct ir_set *set);
struct ir_expr *ir_map(struct ir_set *set, struct ir_expr *key);

/* a rule under construction: a list of statements, and whether anything failed on the way */
struct ir_list {
	struct ir_stmt *first, **last;
	bool failed;			/* out of memory */
	/*
	 * hooks and kinds of base chain from which the rule may be reached (NF_INET_* and CHAIN_* bits; 0: all):
	 * txn_check() refuses others with -EINVAL
	 */
	uint32_t hooks, types;
};

#define IR_STMT_EXPRS 2		/* trees that a statement has at most */
/** ir_stmt_exprs() - the trees of a statement, NULL ones among them; how many */
unsigned ir_stmt_exprs(const struct ir_stmt *s, struct ir_expr *of[IR_STMT_EXPRS]);
void ir_stmt_free(struct ir_stmt *s);	/* NULL is fine */
void ir_list_init(struct ir_list *l);
void ir_list_free(struct ir_list *l);
/** ir_list_move() - @from is empty afterwards; lists must not be copied by assignment */
void ir_list_move(struct ir_list *to, struct ir_list *from);
/** ir_append() - a zeroed statement at the end; NULL: no memory, and .failed is set */
struct ir_stmt *ir_append(struct ir_list *l, enum ir_stmt_kind kind);
/* the usual shapes; each appends */
void ir_match(struct ir_list *l, struct ir_expr *lhs, enum ir_op op, struct ir_expr *rhs);
/** ir_print() - the list as text, one statement a line, for tests and `explain` */
void ir_print(struct sbuf *out, const struct ir_list *l);
/** ir_match_field() - field op value; @val of the field's length, @mask NULL: all bits */
void ir_match_field(struct ir_list *l, enum field_id id, bool neg, const void *val, const void *mask);
void ir_match_range(struct ir_list *l, enum field_id id, bool neg, const void *lo, const void *hi);
/**
 * ir_match_bits() - is the integer field's value one of those whose bit is set (packet types, address types: 1 <<
 * value); for CT_STATE and CT_STATUS, which are bits themselves: is one of @bits among them
 */
void ir_match_bits(struct ir_list *l, enum field_id id, bool neg, uint32_t bits);
void ir_test(struct ir_list *l, const struct ir_fn *fn, void *data, bool neg);
void ir_verdict(struct ir_list *l, enum ir_verdict v, const char *chain);
/** ir_set_u32() - field = (field & mask) ^ xor */
void ir_set_u32(struct ir_list *l, enum field_id id, uint32_t mask, uint32_t xor);

#endif
