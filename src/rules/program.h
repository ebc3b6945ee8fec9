/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/program.h - a compiled rule, shared by compile.c which makes it, vm.c which runs it and classify.c which
 * reads its comparisons.
 *
 * Values are held as they stand in memory, in one or two 64-bit words padded with zeros, so that comparing for
 * equality is a mask and a compare whatever the order of the field; only ranges turn a value into a number.
 */
#ifndef RULES_PROGRAM_H
#define RULES_PROGRAM_H

#include "rules/vm.h"

enum insn_op {
	OP_EQ,			/* (field & mask) == val, fields of up to 8 bytes */
	OP_NE,
	OP_EQ_WIDE,		/* the same over 16 bytes */
	OP_NE_WIDE,
	OP_RANGE,		/* lo <= number(field & mask) <= hi, .neg: not; up to 8 bytes */
	OP_BITS,		/* is bit number field set in .bits */
	OP_EXPR,		/* any other comparison: the tree is evaluated */
	OP_LOOKUP,		/* is the key in the set, .neg: not */
	OP_TEST,
	OP_COUNTER,
	OP_VERDICT,
	OP_SET,
	OP_VMAP,
	OP_DYNSET,
	OP_OBJREF,
	OP_ACTION,
	OP_END,			/* the rule is over and matched: go on with the next one */
	OP_MAX
};

struct insn {
	uint8_t op, field, neg;
	uint8_t order;				/* enum field_order, for OP_RANGE */
	uint8_t len;				/* of the field, bytes */
	union {
		struct { uint64_t mask, val; } eq;
		struct { uint64_t mask[2], val[2]; } wide;
		struct { uint64_t mask, lo, hi; } range;
		uint32_t bits;
		struct { const struct ir_fn *fn; const void *data; void *state; } test;
		/* .expr: the key; NULL: .field is, as it stands */
		struct { struct ir_set *set; const struct ir_expr *expr; } lookup;
		const struct ir_stmt *stmt;
	};
};

struct program {
	unsigned n;				/* instructions, OP_END included */
	void *state;				/* of all stateful tests, one block */
	struct insn insn[];
};

/** program_refill() - every stateful test as at the beginning, as after iptables -Z, which puts rules in anew */
void program_refill(struct program *p);

/** insn_number() - a value of @len bytes as a number; @w: as it stands in memory, zero-padded */
static inline uint64_t insn_number(uint64_t w, unsigned len, unsigned order)
{
	return order == FIELD_ORDER_HOST ? w : __builtin_bswap64(w) >> (64 - 8 * len);
}

#endif
