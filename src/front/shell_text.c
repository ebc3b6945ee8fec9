/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/shell_text.c - echo, printf, and test in its three spellings ([, test and the inside of [[ ]]).
 *
 * Builtins like those of shell_builtin.c, kept apart because each has a small language of its own.
 *
 * Reference: POSIX.1-2017 XCU echo, printf, test.
 */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "front/shell_ast.h"

/* ---- echo, printf ---- */

/* one backslash escape at @s (behind the backslash): bytes taken, 0: not one; *stop after \c */
static size_t put_escape(struct sbuf *out, const char *s, bool *stop)
{
	static const char names[] = "abefnrtv\\", bytes[] = "\a\b\033\f\n\r\t\v\\";
	const char *k = *s ? strchr(names, *s) : NULL;
	unsigned v = 0;
	size_t n = 0;

	if (k) {
		sbuf_putc(out, bytes[k - names]);
		return 1;
	}
	if (*s == 'c') {
		*stop = true;
		return 1;
	}
	if (*s == 'x' && isxdigit((unsigned char)s[1])) {
		char hex[3] = { s[1], isxdigit((unsigned char)s[2]) ? s[2] : 0 };

		sbuf_putc(out, (char)strtoul(hex, NULL, 16));
		return 1 + strlen(hex);
	}
	for (n = *s == '0'; n < 4 && s[n] >= '0' && s[n] <= '7'; n++)
		v = v * 8 + (unsigned)(s[n] - '0');
	if (n)
		sbuf_putc(out, (char)v);
	return n;
}

static void put_escaped(struct sbuf *out, const char *s, bool *stop)
{
	while (*s && !*stop) {
		size_t n = *s == '\\' ? put_escape(out, s + 1, stop) : 0;

		if (n) {
			s += n + 1;
		} else {
			sbuf_putc(out, *s++);
		}
	}
}

int builtin_echo(struct shell *sh, int argc, char **argv)
{
	bool newline = true, escapes = false, stop = false;
	struct sbuf s = SBUF_INIT;
	int i = 1, err;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] && argv[i][1 + strspn(argv[i] + 1, "neE")] == 0; i++) {
		for (const char *o = argv[i] + 1; *o; o++) {
			newline &= *o != 'n';
			escapes = *o == 'e' ? true : *o == 'E' ? false : escapes;
		}
	}
	for (int first = i; i < argc && !stop; i++) {
		if (i > first)
			sbuf_putc(&s, ' ');
		if (escapes)
			put_escaped(&s, argv[i], &stop);
		else
			sbuf_puts(&s, argv[i]);
	}
	if (newline && !stop)
		sbuf_putc(&s, '\n');
	err = shell_write(sh, 1, sbuf_str(&s), s.len);
	sbuf_free(&s);
	if (err < 0 && err != -EPIPE)
		shell_error(sh, "echo: write error: %s", strerror(-err));
	return err < 0;
}

struct printf_args {
	struct shell *sh;
	char **arg;
	int n, used, status;
};

static const char *printf_next(struct printf_args *a)
{
	return a->used < a->n ? a->arg[a->used++] : (a->used++, NULL);
}

static long long printf_number(struct printf_args *a)
{
	const char *s = printf_next(a);
	char *end;
	long long v;

	if (!s || !*s)
		return 0;
	if (*s == '\'' || *s == '"')
		return (unsigned char)s[1];
	v = *s == '-' ? strtoll(s, &end, 0) : (long long)strtoull(s, &end, 0);
	if (*end) {
		shell_error(a->sh, "printf: %s: invalid number", s);
		a->status = 1;
	}
	return v;
}

/* one conversion at @f (behind %): where it ends, or NULL when it is none */
static const char *printf_conversion(struct sbuf *out, const char *f, struct printf_args *a, bool *stop)
{
	const char *start = f;
	char spec[32];
	int width = -1, precision = -1;
	size_t flags = strspn(f, "-+ #0");

	f += flags;
	if (*f == '*') {
		width = (int)printf_number(a);
		f++;
	} else if (isdigit((unsigned char)*f)) {
		width = (int)strtol(f, (char **)&f, 10);
	}
	if (*f == '.') {
		f++;
		if (*f == '*') {
			precision = (int)printf_number(a);
			f++;
		} else {
			precision = (int)strtol(f, (char **)&f, 10);
		}
	}
	if (flags > 5 || width > 4096 || width < -4096 || precision > 4096 || !*f || !strchr("sbcdiuxXo", *f))
		return NULL;
	width = MAX(width, 0);
	if (*f == 's' || *f == 'b' || *f == 'c') {
		struct sbuf text = SBUF_INIT;
		const char *s = printf_next(a);

		s = s ? s : "";
		if (*f == 'b')
			put_escaped(&text, s, stop);
		else if (*f == 'c')
			sbuf_put(&text, s, *s ? 1 : 0);
		else
			sbuf_puts(&text, s);
		snprintf(spec, sizeof(spec), "%%%.*s*.*s", (int)flags, start);
		sbuf_printf(out, spec, width, precision < 0 ? INT32_MAX : precision, sbuf_str(&text));
		sbuf_free(&text);
	} else {
		snprintf(spec, sizeof(spec), precision < 0 ? "%%%.*s*ll%c" : "%%%.*s*.*ll%c", (int)flags, start, *f);
		if (precision < 0)
			sbuf_printf(out, spec, width, printf_number(a));
		else
			sbuf_printf(out, spec, width, precision, printf_number(a));
	}
	return f + 1;
}

int builtin_printf(struct shell *sh, int argc, char **argv)
{
	struct sbuf out = SBUF_INIT;
	struct printf_args a = { .sh = sh };
	bool stop = false;
	int first = argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
	const char *format = first < argc ? argv[first] : NULL;

	if (!format) {
		shell_printf(sh, 2, "printf: usage: printf [-v var] format [arguments]\n");
		return 2;
	}
	if (format[0] == '-' && format[1])
		return shell_refuse_option(sh, "printf", format, "printf [-v var] format [arguments]");
	a.arg = argv + first + 1;
	a.n = argc - first - 1;
	do {
		int before = a.used;

		for (const char *f = format; *f && !stop;) {
			if (*f == '\\') {
				size_t n = put_escape(&out, f + 1, &stop);

				if (!n)
					sbuf_putc(&out, '\\');
				f += n + 1;
			} else if (*f == '%' && f[1] == '%') {
				sbuf_putc(&out, '%');
				f += 2;
			} else if (*f == '%') {
				const char *end = printf_conversion(&out, f + 1, &a, &stop);

				if (!end) {
					shell_error(sh, "printf: `%c': invalid format character", f[1]);
					stop = true;
					a.status = 1;
					break;
				}
				f = end;
			} else {
				sbuf_putc(&out, *f++);
			}
		}
		if (a.used == before || out.len > SHELL_WORD_MAX)
			break;
	} while (a.used < a.n && !stop);
	if (shell_write(sh, 1, sbuf_str(&out), out.len) < 0)
		a.status = 1;
	sbuf_free(&out);
	return a.status;
}

/* ---- test ---- */

struct test {
	struct shell *sh;
	const char *name;		/* "[", "test", "[[" */
	char **v;
	int n, i, depth;
	bool failed;
};

static bool test_or(struct test *t);

static bool test_fail(struct test *t, const char *what, const char *why)
{
	if (!t->failed)
		shell_error(t->sh, *what ? "%s: %s: %s" : "%s: %s%s", t->name, what, why);
	t->failed = true;
	return false;
}

static int64_t test_number(struct test *t, const char *s)
{
	char *end;
	int64_t v = strtoll(s, &end, 10);

	while (isspace((unsigned char)*end))
		end++;
	if (end == s || *end)
		test_fail(t, s, "integer expression expected");
	return v;
}

static bool test_unary(struct test *t, char op, const char *arg)
{
	uint64_t size = 0;
	char type;

	switch (op) {
	case 'n': return *arg;
	case 'z': return !*arg;
	case 'v': return shell_get(t->sh, arg);
	case 't': return false;
	}
	type = t->sh->ops->stat ? t->sh->ops->stat(t->sh, arg, &size) : 0;
	switch (op) {
	case 'f': return type == 'f';
	case 'd': return type == 'd';
	case 'c': return type == 'c';
	case 's': return type && size;
	}
	return type;			/* -e -r -w -x and others that ask whether it is there */
}

static bool test_binary(struct test *t, const char *a, const char *op, const char *b, bool *known)
{
	static const char *const ops[] = { "-eq", "-ne", "-lt", "-le", "-gt", "-ge" };

	*known = true;
	if (strcmp(op, "=") == 0 || strcmp(op, "==") == 0 || strcmp(op, "!=") == 0) {
		bool same = t->name[1] == '[' ? fnmatch(b, a, 0) == 0 : strcmp(a, b) == 0;

		return same == (*op == '=');
	}
	if (strcmp(op, "<") == 0)
		return strcmp(a, b) < 0;
	if (strcmp(op, ">") == 0)
		return strcmp(a, b) > 0;
	for (unsigned i = 0; i < ARRAY_LEN(ops); i++) {
		int64_t x, y;

		if (strcmp(op, ops[i]) != 0)
			continue;
		x = test_number(t, a);
		y = t->failed ? 0 : test_number(t, b);
		return !t->failed && (i == 0   ? x == y
				      : i == 1 ? x != y
				      : i == 2 ? x < y
				      : i == 3 ? x <= y
				      : i == 4 ? x > y
					       : x >= y);
	}
	*known = false;
	return false;
}

static bool test_primary(struct test *t)
{
	int left = t->n - t->i;
	const char *a = left > 0 ? t->v[t->i] : "";
	bool known, value;

	if (left <= 0)
		return test_fail(t, "", "argument expected");
	if (t->depth > SHELL_DEPTH_MAX)
		return test_fail(t, "", "too many arguments");
	if (left >= 3) {
		value = test_binary(t, a, t->v[t->i + 1], t->v[t->i + 2], &known);
		if (known) {
			t->i += 3;
			return value;
		}
	}
	if (strcmp(a, "!") == 0 && left > 1) {
		t->i++;
		t->depth++;
		return !test_primary(t);
	}
	if (strcmp(a, "(") == 0 && left > 2) {
		t->i++;
		t->depth++;
		value = test_or(t);
		if (t->i >= t->n || strcmp(t->v[t->i], ")") != 0)
			return test_fail(t, "", "`)' expected");
		t->i++;
		return value;
	}
	if (left >= 2 && a[0] == '-' && a[1] && !a[2] && strchr("nzvtefdcsrwxhLbpSOGku", a[1])) {
		t->i += 2;
		return test_unary(t, a[1], t->v[t->i - 1]);
	}
	if (left == 2 && t->name[1] != '[')
		return test_fail(t, a, "unary operator expected");
	t->i++;
	return *a;
}

static bool test_and(struct test *t)
{
	bool v = test_primary(t);

	while (!t->failed && t->i < t->n && (strcmp(t->v[t->i], "-a") == 0 || strcmp(t->v[t->i], "&&") == 0)) {
		t->i++;
		v &= test_primary(t);
	}
	return v;
}

static bool test_or(struct test *t)
{
	bool v = test_and(t);

	while (!t->failed && t->i < t->n && (strcmp(t->v[t->i], "-o") == 0 || strcmp(t->v[t->i], "||") == 0)) {
		t->i++;
		v |= test_and(t);
	}
	return v;
}

int builtin_test(struct shell *sh, int argc, char **argv)
{
	struct test t = { .sh = sh, .name = argv[0], .v = argv + 1, .n = argc - 1 };
	bool v;

	if (strcmp(argv[0], "[") == 0) {
		if (argc < 2 || strcmp(argv[argc - 1], "]") != 0) {
			shell_error(sh, "[: missing `]'");
			return 2;
		}
		t.n--;
	}
	if (t.n == 0)
		return 1;
	v = test_or(&t);
	if (!t.failed && t.i < t.n) {
		if (t.n == 3)
			test_fail(&t, t.v[1], "binary operator expected");
		else
			test_fail(&t, "", "too many arguments");
	}
	return t.failed ? 2 : !v;
}
