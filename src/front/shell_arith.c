/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/shell_arith.c - the shell's $(( )): C's integer expressions over 64 bits, by precedence climbing.
 *
 * Used by shell_expand.c and (( )). Overflow wraps. Variables are looked up by name and count as 0 when empty or not
 * set.
 *
 * Reference: POSIX.1-2017 XCU 2.6.4; bash(1), ARITHMETIC EVALUATION.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "front/shell_ast.h"

struct arith {
	struct shell *sh;
	const char *text, *pos;
	unsigned depth, skip;		/* skip: in a branch that is not taken */
	bool failed;
};

static int64_t arith_ternary(struct arith *a);

static void arith_fail(struct arith *a, const char *why, const char *at)
{
	if (!a->failed)
		shell_error(a->sh, "%s: %s (error token is \"%s\")", a->text, why, at);
	a->failed = true;
}

static void blanks(struct arith *a)
{
	while (isspace((unsigned char)*a->pos))
		a->pos++;
}

static bool take_op(struct arith *a, const char *op)
{
	size_t n = strlen(op);

	blanks(a);
	if (strncmp(a->pos, op, n) != 0)
		return false;
	a->pos += n;
	return true;
}

static int64_t number(struct arith *a)
{
	const char *start = a->pos;
	char *end;
	uint64_t v;
	unsigned long base;

	v = strtoull(start, &end, 0);
	if (*end == '#') {
		base = strtoul(start, NULL, 10);
		if (base < 2 || base > 36) {
			arith_fail(a, "invalid arithmetic base", start);
			return 0;
		}
		start = end + 1;
		v = strtoull(start, &end, (int)base);
	}
	if (isalnum((unsigned char)*end)) {
		arith_fail(a, "value too great for base", start);
		return 0;
	}
	a->pos = end;
	return (int64_t)v;
}

static int64_t variable(struct arith *a, const char *name)
{
	const char *value = shell_get(a->sh, name);
	int64_t v = 0;

	if (!value || !*value)
		return 0;
	if (a->depth++ > 16) {
		arith_fail(a, "expression recursion level exceeded", value);
		return 0;
	}
	if (isdigit((unsigned char)*value) || *value == '-') {
		v = strtoll(value, NULL, 0);
	} else {
		char *copy = mem_strdup(value);		/* the expression may assign to the variable that it stands in */
		struct arith inner = { .sh = a->sh, .text = copy, .pos = copy, .depth = a->depth, .skip = a->skip };

		if (copy)
			v = arith_ternary(&inner);
		a->failed |= inner.failed || !copy;
		mem_free(copy);
	}
	a->depth--;
	return v;
}

static void assign(struct arith *a, const char *name, int64_t v)
{
	char text[24];

	if (a->skip || a->failed)
		return;
	snprintf(text, sizeof(text), "%lld", (long long)v);
	shell_set(a->sh, name, text, false);
}

static int64_t divide(struct arith *a, int64_t x, int64_t y, bool rest)
{
	if (y == 0) {
		if (!a->skip)
			arith_fail(a, "division by 0", "0");
		return 0;
	}
	if (y == -1)
		return rest ? 0 : (int64_t)(0 - (uint64_t)x);
	return rest ? x % y : x / y;
}

static int64_t apply(struct arith *a, const char *op, int64_t x, int64_t y)
{
	uint64_t ux = (uint64_t)x, uy = (uint64_t)y;

	switch (op[0]) {
	case '+': return (int64_t)(ux + uy);
	case '-': return (int64_t)(ux - uy);
	case '*':
		if (op[1] == '*') {
			uint64_t v = 1;

			for (uint64_t i = 0; i < uy && i < 64; i++)
				v *= ux;
			return (int64_t)v;
		}
		return (int64_t)(ux * uy);
	case '/': return divide(a, x, y, false);
	case '%': return divide(a, x, y, true);
	case '&': return op[1] == '&' ? x && y : x & y;
	case '|': return op[1] == '|' ? x || y : x | y;
	case '^': return x ^ y;
	case '<': return op[1] == '<' ? (int64_t)(ux << (uy & 63)) : op[1] == '=' ? x <= y : x < y;
	case '>': return op[1] == '>' ? x >> (uy & 63) : op[1] == '=' ? x >= y : x > y;
	case '=': return x == y;
	case '!': return x != y;
	}
	return 0;
}

static int64_t name_or_assign(struct arith *a)
{
	static const char *const ops[] = { "<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=" };
	char name[64];
	size_t n = 0;
	int64_t v;

	while (isalnum((unsigned char)a->pos[n]) || a->pos[n] == '_')
		n++;
	if (n >= sizeof(name)) {
		arith_fail(a, "name too long", a->pos);
		return 0;
	}
	memcpy(name, a->pos, n);
	name[n] = 0;
	a->pos += n;
	blanks(a);
	if (*a->pos == '=' && a->pos[1] != '=') {
		a->pos++;
		v = arith_ternary(a);
		assign(a, name, v);
		return v;
	}
	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		if (take_op(a, ops[i])) {
			v = arith_ternary(a);
			v = apply(a, ops[i], variable(a, name), v);
			assign(a, name, v);
			return v;
		}
	}
	v = variable(a, name);
	if (take_op(a, "++"))
		assign(a, name, (int64_t)((uint64_t)v + 1));
	else if (take_op(a, "--"))
		assign(a, name, (int64_t)((uint64_t)v - 1));
	return v;
}

static int64_t unary(struct arith *a)
{
	int64_t v = 0;

	if (a->failed)
		return 0;
	if (++a->depth > SHELL_DEPTH_MAX) {
		arith_fail(a, "expression recursion level exceeded", a->pos);
		a->depth--;
		return 0;
	}
	blanks(a);
	if ((*a->pos == '+' || *a->pos == '-') && a->pos[1] == *a->pos) {
		int64_t d = *a->pos == '+' ? 1 : -1;
		const char *name;
		char copy[64];
		size_t n = 0;

		a->pos += 2;
		blanks(a);
		name = a->pos;
		while (isalnum((unsigned char)name[n]) || name[n] == '_')
			n++;
		if (n && n < sizeof(copy) && !isdigit((unsigned char)*name)) {
			memcpy(copy, name, n);
			copy[n] = 0;
			a->pos += n;
			v = (int64_t)((uint64_t)variable(a, copy) + (uint64_t)d);
			assign(a, copy, v);
		} else {
			v = unary(a);
		}
	} else if (take_op(a, "-")) {
		v = (int64_t)(0 - (uint64_t)unary(a));
	} else if (take_op(a, "+")) {
		v = unary(a);
	} else if (take_op(a, "~")) {
		v = ~unary(a);
	} else if (*a->pos == '!' && a->pos[1] != '=') {
		a->pos++;
		v = !unary(a);
	} else if (take_op(a, "(")) {
		v = arith_ternary(a);
		if (!take_op(a, ")"))
			arith_fail(a, "missing `)'", a->pos);
	} else if (isdigit((unsigned char)*a->pos)) {
		v = number(a);
	} else if (isalpha((unsigned char)*a->pos) || *a->pos == '_') {
		v = name_or_assign(a);
	} else {
		const char *tok = a->pos;

		while (tok > a->text && (!*tok || isspace((unsigned char)*tok)))
			tok--;
		arith_fail(a, "syntax error: operand expected", tok);
	}
	a->depth--;
	return v;
}

static const struct arith_op {
	const char *text;
	int level;
} arith_ops[] = {
	{ "||", 1 }, { "&&", 2 },  { "==", 6 }, { "!=", 6 }, { "<<", 8 }, { ">>", 8 }, { "<=", 7 },
	{ ">=", 7 }, { "**", 11 }, { "|", 3 },  { "^", 4 },  { "&", 5 },  { "<", 7 },  { ">", 7 },
	{ "+", 9 },  { "-", 9 },   { "*", 10 }, { "/", 10 }, { "%", 10 },
};

static const struct arith_op *op_here(struct arith *a)
{
	blanks(a);
	for (size_t i = 0; i < ARRAY_LEN(arith_ops); i++) {
		size_t n = strlen(arith_ops[i].text);

		if (strncmp(a->pos, arith_ops[i].text, n) == 0)
			return a->pos[n] == '=' && n == 1 && !strchr("<>", *a->pos) ? NULL : &arith_ops[i];
	}
	return NULL;
}

static int64_t binary(struct arith *a, int level)
{
	int64_t x = unary(a);
	const struct arith_op *op;

	while (!a->failed && (op = op_here(a)) && op->level >= level) {
		bool skip = (op->level == 1 && x) || (op->level == 2 && !x);
		int64_t y;

		a->pos += strlen(op->text);
		a->skip += skip;
		y = binary(a, op->level == 11 ? 11 : op->level + 1);
		a->skip -= skip;
		x = apply(a, op->text, x, y);
	}
	return x;
}

static int64_t arith_ternary(struct arith *a)
{
	int64_t x = binary(a, 1), y, z;

	if (a->failed || !take_op(a, "?"))
		return x;
	a->skip += !x;
	y = arith_ternary(a);
	a->skip -= !x;
	if (!take_op(a, ":")) {
		arith_fail(a, "`:' expected for conditional expression", a->pos);
		return 0;
	}
	a->skip += x != 0;
	z = arith_ternary(a);
	a->skip -= x != 0;
	return x ? y : z;
}

int arith_eval(struct shell *sh, const char *text, int64_t *val)
{
	struct arith a = { .sh = sh };

	while (isspace((unsigned char)*text))
		text++;
	a.text = a.pos = text;
	*val = 0;
	if (!*text)
		return 0;
	do {
		*val = arith_ternary(&a);
	} while (!a.failed && take_op(&a, ","));
	blanks(&a);
	if (!a.failed && *a.pos)
		arith_fail(&a, "syntax error in expression", a.pos);
	return a.failed ? -1 : 0;
}
