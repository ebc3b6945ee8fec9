/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/shell_expand.c - what a word becomes: braces, tilde, variables, $(...), arithmetic, splitting, patterns,
 * quotes.
 *
 * Second step of a command line, run just before each command. A word comes as it was written. It is read once from
 * left to right; what it yields goes to a string with a flag per byte: was it quoted. Unquoted results of expansions
 * are split at blanks on the way; at the end of each field, unquoted pattern characters make it a pattern for the
 * place's files.
 *
 * Invariants
 *  1. e->flag has as many bytes as e->text.
 *  2. A field exists (e->open) as soon as anything, even an empty pair of quotes, belongs to it.
 *
 * Differences from bash: IFS is always blank, tab and newline; no arrays, no ${!x}, no ${x^^}: "bad substitution".
 */
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "front/shell_ast.h"

struct expander {
	struct shell *sh;
	enum expand_mode mode;
	struct shell_words *out;
	struct sbuf text, flag;
	bool open, failed;
};

static void expand_part(struct expander *e, const char *s, const char *end, bool quoted);

static void put(struct expander *e, const char *s, size_t n, bool quoted)
{
	if (e->text.len + n > SHELL_WORD_MAX) {
		if (!e->failed)
			shell_error(e->sh, "a word longer than %u bytes", SHELL_WORD_MAX);
		e->failed = true;
		e->sh->flow = FLOW_EXIT;
		e->sh->status = 1;
		return;
	}
	e->sh->steps->n += n / 256;	/* long words cost time too */
	e->open = true;
	sbuf_put(&e->text, s, n);
	for (size_t i = 0; i < n; i++)
		sbuf_putc(&e->flag, quoted);
}

static void put_char(struct expander *e, char c, bool quoted)
{
	put(e, &c, 1, quoted);
}

/* the text with its quoted special characters escaped, as glob() and fnmatch() want it */
static char *as_pattern(struct expander *e)
{
	struct sbuf p = SBUF_INIT;

	for (size_t i = 0; i < e->text.len; i++) {
		if (e->flag.data[i] && strchr("*?[]\\", e->text.data[i]))
			sbuf_putc(&p, '\\');
		sbuf_putc(&p, e->text.data[i]);
	}
	return sbuf_steal(&p);
}

static bool has_pattern(const struct expander *e)
{
	for (size_t i = 0; i < e->text.len; i++)
		if (!e->flag.data[i] && strchr("*?[", e->text.data[i]))
			return true;
	return false;
}

static void field_end(struct expander *e)
{
	struct shell_words found = { 0 };

	if (!e->open)
		return;
	if (e->text.failed || e->flag.failed)	/* a word cut short must not be taken for a word */
		e->failed = true;
	else if (e->mode == EXPAND_PATTERN) {
		char *p = as_pattern(e);

		shell_words_add(e->out, p);
		mem_free(p);
	} else if (e->mode == EXPAND_FIELDS && e->sh->ops->glob && has_pattern(e)) {
		char *p = as_pattern(e);

		if (p && e->sh->ops->glob(e->sh, p, &found) == 0 && found.n)
			for (size_t i = 0; i < found.n; i++)
				shell_words_add(e->out, found.v[i]);
		else
			shell_words_add(e->out, sbuf_str(&e->text));
		shell_words_free(&found);
		mem_free(p);
	} else {
		shell_words_add(e->out, sbuf_str(&e->text));
	}
	sbuf_reset(&e->text);
	sbuf_reset(&e->flag);
	e->open = false;
}

/* the value of an expansion: split when it stands outside quotes */
static void put_value(struct expander *e, const char *s, bool quoted)
{
	if (quoted || e->mode != EXPAND_FIELDS) {
		put(e, s, strlen(s), quoted);
		return;
	}
	for (; *s; s++) {
		if (strchr(" \t\n", *s))
			field_end(e);
		else
			put_char(e, *s, false);
	}
}

static void put_number(struct expander *e, int64_t val, bool quoted)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)val);
	put_value(e, text, quoted);
}

static int fail(struct expander *e, int status)
{
	e->failed = true;
	e->sh->status = status;
	return -1;
}

/* ---- parameters ---- */

/* "@" and "*": each positional parameter; in quotes "$@" is a field for each */
static void put_params(struct expander *e, char which, bool quoted)
{
	const struct shell_words *w = &e->sh->params;

	for (size_t i = 0; i < w->n; i++) {
		if (i && quoted && which == '@' && e->mode == EXPAND_FIELDS) {
			field_end(e);
			e->open = true;
		} else if (i) {
			put_value(e, " ", quoted);
		}
		put_value(e, w->v[i], quoted);
	}
}

/* value of a parameter by name, in @tmp where it is made up; NULL: not set */
static const char *param_value(struct shell *sh, const char *name, size_t n, struct sbuf *tmp)
{
	char key[64];

	if (n == 1 && strchr("?$!#@*-", *name)) {
		switch (*name) {
		case '?': sbuf_printf(tmp, "%d", sh->status); break;
		case '$': sbuf_printf(tmp, "%d", sh->pid); break;
		case '!': if (!sh->last_bg) return NULL; sbuf_printf(tmp, "%d", sh->last_bg); break;
		case '#': sbuf_printf(tmp, "%zu", sh->params.n); break;
		case '-': sbuf_puts(tmp, "c"); break;
		default:
			if (!sh->params.n)
				return NULL;
			for (size_t i = 0; i < sh->params.n; i++)
				sbuf_printf(tmp, "%s%s", i ? " " : "", sh->params.v[i]);
		}
		return sbuf_str(tmp);
	}
	if (isdigit((unsigned char)*name)) {
		size_t i = strtoul(name, NULL, 10);

		if (i == 0)
			return sh->arg0 ? sh->arg0 : sh->name;
		return i <= sh->params.n ? sh->params.v[i - 1] : NULL;
	}
	if (n >= sizeof(key))
		return NULL;
	memcpy(key, name, n);
	key[n] = 0;
	if (strcmp(key, "PWD") == 0 && sh->ops->show_cwd) {
		sh->ops->show_cwd(sh, tmp);
		return sbuf_str(tmp);
	}
	return shell_get(sh, key);
}

static size_t param_name_len(const char *s)
{
	size_t n = 0;

	if (isdigit((unsigned char)*s)) {
		while (isdigit((unsigned char)s[n]))
			n++;
		return n;
	}
	if (*s && strchr("?$!#@*-", *s))
		return 1;
	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n;
}

static int unbound(struct expander *e, const char *name, size_t n)
{
	shell_error(e->sh, "%.*s: unbound variable", (int)n, name);
	e->sh->flow = FLOW_EXIT;
	return fail(e, 127);
}

static char *dup_range(const char *s, const char *end)
{
	return mem_strndup(s, (size_t)(end - s));
}

/* ${x#p} and its like: what is left of @value */
static void put_trimmed(struct expander *e, const char *value, const char *pattern, char op, bool longest, bool quoted)
{
	size_t n = strlen(value), best = SIZE_MAX;

	for (size_t i = 0; i <= n && n < 65536; i++) {
		size_t cut = op == '#' ? i : n - i;		/* shortest first */
		char *part = op == '#' ? mem_strndup(value, cut) : mem_strdup(value + cut);
		bool hit = part && fnmatch(pattern, part, 0) == 0;

		mem_free(part);
		if (hit) {
			best = cut;
			if (!longest)
				break;
		}
	}
	if (best == SIZE_MAX) {
		put_value(e, value, quoted);
	} else if (op == '#') {
		put_value(e, value + best, quoted);
	} else {
		char *head = mem_strndup(value, best);

		put_value(e, head ? head : "", quoted);
		mem_free(head);
	}
}

/* length of the longest match of @pattern at the start of @s, or -1 */
static long match_here(const char *s, const char *pattern)
{
	for (size_t n = strlen(s) + 1; n-- > 0;) {
		char *part = mem_strndup(s, n);
		bool hit = part && fnmatch(pattern, part, 0) == 0;

		mem_free(part);
		if (hit)
			return (long)n;
	}
	return -1;
}

static void put_replaced(struct expander *e, const char *value, const char *spec, const char *end, bool quoted)
{
	bool all = *spec == '/', done = false;
	const char *slash = spec += all;
	struct sbuf out = SBUF_INIT;
	char *raw, *pattern, *with;

	while (slash < end && *slash != '/')
		slash = strchr("\"'`\\$", *slash) ? word_skip(slash, 0) : slash + 1;
	raw = dup_range(spec, slash);
	pattern = raw ? expand_string(e->sh, raw, EXPAND_PATTERN) : NULL;
	mem_free(raw);
	raw = dup_range(slash < end ? slash + 1 : end, end);
	with = raw ? expand_string(e->sh, raw, EXPAND_ONE) : NULL;
	mem_free(raw);
	if (!pattern || !with || strlen(value) > 65536) {
		fail(e, 1);
	} else {
		for (const char *s = value; *s;) {
			long n = done && !all ? -1 : match_here(s, pattern);

			if (n > 0) {
				sbuf_puts(&out, with);
				s += n;
				done = true;
			} else {
				sbuf_putc(&out, *s++);
			}
		}
		e->failed |= out.failed;
		put_value(e, sbuf_str(&out), quoted);
	}
	mem_free(pattern);
	mem_free(with);
	sbuf_free(&out);
}

static void put_substring(struct expander *e, const char *value, const char *spec, const char *end, bool quoted)
{
	char *raw = dup_range(spec, end), *text = raw ? expand_string(e->sh, raw, EXPAND_ONE) : NULL, *colon;
	int64_t n = (int64_t)strlen(value), off = 0, len = n;

	mem_free(raw);
	if (!text) {
		fail(e, 1);
		return;
	}
	colon = strchr(text, ':');
	if (colon)
		*colon++ = 0;
	if (arith_eval(e->sh, text, &off) < 0 || (colon && arith_eval(e->sh, colon, &len) < 0)) {
		fail(e, 1);
	} else {
		off = off < 0 ? MAX(n + off, 0) : MIN(off, n);
		len = len < 0 ? MAX(n + len - off, 0) : MIN(len, n - off);
		raw = mem_strndup(value + off, (size_t)len);
		put_value(e, raw ? raw : "", quoted);
		mem_free(raw);
	}
	mem_free(text);
}

/* ${x:-w} and its like; false: not one of them */
static bool put_default(struct expander *e, const char *name, size_t n, const char *value, const char *op,
			const char *end, bool quoted)
{
	bool colon = *op == ':', missing;
	char *key, *word;

	op += colon;
	if (!strchr("-=+?", *op) || op >= end)
		return false;
	missing = !value || (colon && !*value);
	if (*op == '+') {
		if (!missing)
			expand_part(e, op + 1, end, quoted);
		return true;
	}
	if (!missing) {
		put_value(e, value, quoted);
		return true;
	}
	if (*op == '-') {
		expand_part(e, op + 1, end, quoted);
		return true;
	}
	key = mem_strndup(name, n);
	word = dup_range(op + 1, end);
	if (key && word) {
		char *text = expand_string(e->sh, word, EXPAND_ONE);

		if (*op == '=' && text) {
			shell_set(e->sh, key, text, false);
			put_value(e, text, quoted);
		} else if (text) {
			shell_error(e->sh, "%s: %s", key, *text ? text : "parameter null or not set");
			e->sh->flow = FLOW_EXIT;
			fail(e, 127);
		}
		mem_free(text);
	}
	mem_free(key);
	mem_free(word);
	return true;
}

static int put_braced(struct expander *e, const char *s, const char *end, bool quoted)	/* between "${" and "}" */
{
	const char *whole = s, *op;
	bool length = *s == '#' && end - s > 1 && !strchr(":-=+?%/", s[1]);
	struct sbuf tmp = SBUF_INIT;
	const char *value;
	char *copy = NULL;
	size_t n;

	s += length;
	n = param_name_len(s);
	op = s + n;
	if (!n || op > end || (length && op != end))
		goto bad;
	value = param_value(e->sh, s, n, &tmp);
	if (value && op != end) {	/* the words behind the operator may assign to the variable: $((x++)) */
		copy = mem_strdup(value);
		value = copy;
		if (!copy)
			e->failed = true;
	}
	if (op == end && !length && n == 1 && (*s == '@' || *s == '*')) {
		put_params(e, *s, quoted);
	} else if (op == end) {
		if (!value && e->sh->nounset)
			unbound(e, s, n);
		else if (length)
			put_number(e, (int64_t)strlen(value ? value : ""), quoted);
		else
			put_value(e, value ? value : "", quoted);
	} else if (put_default(e, s, n, value, op, end, quoted)) {
		;
	} else if (*op == '#' || *op == '%') {
		bool longest = op[1] == *op && op + 1 < end;
		char *raw = dup_range(op + 1 + longest, end),
		     *pattern = raw ? expand_string(e->sh, raw, EXPAND_PATTERN) : NULL;

		if (pattern)
			put_trimmed(e, value ? value : "", pattern, *op, longest, quoted);
		mem_free(raw);
		mem_free(pattern);
	} else if (*op == '/') {
		put_replaced(e, value ? value : "", op + 1, end, quoted);
	} else if (*op == ':') {
		put_substring(e, value ? value : "", op + 1, end, quoted);
	} else {
		goto bad;
	}
	mem_free(copy);
	sbuf_free(&tmp);
	return e->failed ? -1 : 0;
bad:
	mem_free(copy);
	sbuf_free(&tmp);
	shell_error(e->sh, "${%.*s}: bad substitution", (int)(end - whole), whole);
	e->sh->flow = FLOW_EXIT;
	return fail(e, 1);
}

/* ---- substitutions ---- */

static int put_command(struct expander *e, const char *text, bool quoted)
{
	struct sbuf out = SBUF_INIT;

	if (shell_capture(e->sh, text, &out) < 0) {
		sbuf_free(&out);
		return fail(e, 1);
	}
	while (out.len && out.data[out.len - 1] == '\n')
		sbuf_truncate(&out, out.len - 1);
	e->failed |= out.failed;
	put_value(e, sbuf_str(&out), quoted);
	sbuf_free(&out);
	return e->failed ? -1 : 0;
}

static int put_backquoted(struct expander *e, const char *s, const char *end, bool quoted)
{
	struct sbuf text = SBUF_INIT;
	int err;

	for (; s < end; s++) {
		if (*s == '\\' && s + 1 < end && (strchr("\\`$", s[1]) || (quoted && s[1] == '"')))
			s++;
		sbuf_putc(&text, *s);
	}
	err = text.failed ? fail(e, 1) : put_command(e, sbuf_str(&text), quoted);
	sbuf_free(&text);
	return err;
}

static int put_arith(struct expander *e, const char *s, const char *end, bool quoted)
{
	char *raw = dup_range(s, end), *text = raw ? expand_string(e->sh, raw, EXPAND_HERE) : NULL;
	int64_t val;
	int err = text ? arith_eval(e->sh, text, &val) : -1;

	mem_free(raw);
	mem_free(text);
	if (err < 0) {
		e->sh->flow = FLOW_EXIT;
		return fail(e, 1);
	}
	put_number(e, val, quoted);
	return 0;
}

static const char *put_dollar(struct expander *e, const char *s, bool quoted)	/* returns behind it */
{
	const char *end;
	size_t n;

	if (s[1] == '(' || s[1] == '{') {
		end = word_skip(s, 0);
		if (!end) {
			shell_error(e->sh, "unexpected EOF while looking for matching `%c'", s[1] == '(' ? ')' : '}');
			fail(e, 2);
			return NULL;
		}
		if (s[1] == '{') {
			put_braced(e, s + 2, end - 1, quoted);
		} else if (s[2] == '(' && end - s > 4 && end[-2] == ')') {
			put_arith(e, s + 3, end - 2, quoted);
		} else {
			char *text = dup_range(s + 2, end - 1);

			if (text)
				put_command(e, text, quoted);
			mem_free(text);
		}
		return e->failed ? NULL : end;
	}
	n = isdigit((unsigned char)s[1]) ? 1 : param_name_len(s + 1);
	if (!n) {
		put_char(e, '$', quoted);
		return s + 1;
	}
	if (s[1] == '@' || s[1] == '*') {
		put_params(e, s[1], quoted);
	} else {
		struct sbuf tmp = SBUF_INIT;
		const char *value = param_value(e->sh, s + 1, n, &tmp);

		if (!value && e->sh->nounset)
			unbound(e, s + 1, n);
		else
			put_value(e, value ? value : "", quoted);
		sbuf_free(&tmp);
	}
	return e->failed ? NULL : s + 1 + n;
}

/* $'...' */
static void put_ansi(struct expander *e, const char *s, const char *end)
{
	static const char names[] = "abefnrtv\\'\"?", bytes[] = "\a\b\033\f\n\r\t\v\\'\"?";

	e->open = true;
	while (s < end) {
		const char *k;

		if (*s != '\\' || s + 1 >= end) {
			put_char(e, *s++, true);
		} else if (s[1] == 'x' && isxdigit((unsigned char)s[2])) {
			char hex[3] = { s[2], isxdigit((unsigned char)s[3]) ? s[3] : 0 };

			put_char(e, (char)strtoul(hex, NULL, 16), true);
			s += 2 + strlen(hex);
		} else if (s[1] >= '0' && s[1] <= '7') {
			unsigned v = 0, n = 0;

			for (s++; n < 3 && *s >= '0' && *s <= '7'; n++)
				v = v * 8 + (unsigned)(*s++ - '0');
			put_char(e, (char)v, true);
		} else if ((k = strchr(names, s[1]))) {
			put_char(e, bytes[k - names], true);
			s += 2;
		} else {
			put(e, s, 2, true);
			s += 2;
		}
	}
}

static void expand_double(struct expander *e, const char *s, const char *end, bool here)
{
	e->open = true;
	while (s && s < end) {
		if (*s == '\\' && s + 1 < end && (strchr("$`\\", s[1]) || (s[1] == '"' && !here))) {
			put_char(e, s[1], true);
			s += 2;
		} else if (*s == '\\' && s + 1 < end && s[1] == '\n') {
			s += 2;
		} else if (*s == '$') {
			s = put_dollar(e, s, true);
		} else if (*s == '`') {
			const char *close = word_skip(s, 0);

			if (!close || put_backquoted(e, s + 1, close - 1, true) < 0)
				return;
			s = close;
		} else {
			put_char(e, *s++, true);
		}
	}
}

static const char *put_tilde(struct expander *e, const char *s)
{
	const char *home = shell_get(e->sh, "HOME");

	if (s[1] && s[1] != '/' && s[1] != ':') {
		put_char(e, '~', false);
		return s + 1;
	}
	home = home ? home : "/root";
	put(e, home, strlen(home), true);
	return s + 1;
}

/* a stretch of a word; @quoted: it stands inside double quotes (the word of "${x:-...}") */
static void expand_part(struct expander *e, const char *s, const char *end, bool quoted)
{
	if (quoted) {
		expand_double(e, s, end, true);
		return;
	}
	while (s && s < end && !e->failed) {
		const char *close;

		switch (*s) {
		case '\\':
			if (s + 1 < end && s[1] != '\n')
				put_char(e, s[1], true);
			s += 2;
			break;
		case '\'':
			close = word_skip(s, 0);
			e->open = true;
			if (close)
				put(e, s + 1, (size_t)(close - s) - 2, true);
			s = close;
			break;
		case '"':
			close = word_skip(s, 0);
			if (close)
				expand_double(e, s + 1, close - 1, false);
			s = close;
			break;
		case '`':
			close = word_skip(s, 0);
			if (close)
				put_backquoted(e, s + 1, close - 1, false);
			s = close;
			break;
		case '$':
			if (s[1] == '\'') {
				close = word_skip(s, 0);
				if (close)
					put_ansi(e, s + 2, close - 1);
				s = close;
			} else {
				s = put_dollar(e, s, false);
			}
			break;
		default:
			put_char(e, *s++, false);
		}
	}
}

/* ---- braces: {a,b} and {1..3} ---- */

/* the parts of the brace at @s, or NULL; *end behind it */
static bool brace_find(const char *s, const char **end, bool *range)
{
	unsigned depth = 0;
	bool comma = false, dots = false;

	for (const char *p = s; *p;) {
		if (strchr("\"'`\\", *p) || (*p == '$' && (p[1] == '{' || p[1] == '('))) {
			p = word_skip(p, 0);
			if (!p)
				return false;
			continue;
		}
		depth += *p == '{';
		comma |= *p == ',' && depth == 1;
		dots |= *p == '.' && p[1] == '.' && depth == 1;
		if (*p == '}' && --depth == 0) {
			*end = p + 1;
			*range = !comma && dots;
			return comma || dots;
		}
		p++;
	}
	return false;
}

static int brace_expand(struct expander *e, const char *raw, struct shell_words *out, unsigned depth);

static int brace_join(struct expander *e, const char *head, size_t n, const char *mid, const char *tail,
		      struct shell_words *out, unsigned depth)
{
	struct sbuf s = SBUF_INIT;
	int err;

	sbuf_put(&s, head, n);
	sbuf_puts(&s, mid);
	sbuf_puts(&s, tail);
	err = s.failed ? fail(e, 1) : brace_expand(e, sbuf_str(&s), out, depth + 1);
	sbuf_free(&s);
	return err;
}

static int brace_range(struct expander *e, const char *raw, const char *open, const char *end, struct shell_words *out,
		       unsigned depth, bool *is_range)
{
	long a, b, step = 1;
	char ca, cb, text[32];
	int used = 0, width = 0;
	bool letters = false;

	*is_range = true;
	if (sscanf(open, "{%ld..%ld}%n", &a, &b, &used) == 2 && open + used == end) {
		if (open[1] == '0' && open[2] != '.')
			width = (int)strcspn(open + 1, ".");
	} else if (used = 0, sscanf(open, "{%ld..%ld..%ld}%n", &a, &b, &step, &used) == 3 && open + used == end) {
		step = labs(step) ? labs(step) : 1;
	} else if (used = 0, sscanf(open, "{%c..%c}%n", &ca, &cb, &used) == 2 && open + used == end &&
				     isalpha((unsigned char)ca) && isalpha((unsigned char)cb)) {
		a = ca;
		b = cb;
		letters = true;
	} else {
		*is_range = false;
		return 0;
	}
	if (labs(b - a) / step > 65536) {
		shell_error(e->sh, "%.*s: too many words", (int)(end - open), open);
		return fail(e, 1);
	}
	for (long v = a;; v += a <= b ? step : -step) {
		if (a <= b ? v > b : v < b)
			break;
		if (letters)
			snprintf(text, sizeof(text), "%c", (char)v);
		else
			snprintf(text, sizeof(text), "%0*ld", width, v);
		if (brace_join(e, raw, (size_t)(open - raw), text, end, out, depth) < 0)
			return -1;
	}
	return 0;
}

static int brace_list(struct expander *e, const char *raw, const char *open, const char *end, struct shell_words *out,
		      unsigned depth)
{
	const char *start = open + 1, *p = start;
	unsigned level = 0;

	while (p < end) {
		if (strchr("\"'`\\", *p) || (*p == '$' && (p[1] == '{' || p[1] == '('))) {
			p = word_skip(p, 0);
			if (!p)
				return 0;
			continue;
		}
		if (level == 0 && (*p == ',' || p == end - 1)) {
			char *mid = dup_range(start, p);
			int err = mid ? brace_join(e, raw, (size_t)(open - raw), mid, end, out, depth) : -1;

			mem_free(mid);
			if (err < 0)
				return -1;
			start = p + 1;
		}
		level += *p == '{';
		level -= *p == '}' && p != end - 1;
		p++;
	}
	return 0;
}

static int brace_expand(struct expander *e, const char *raw, struct shell_words *out, unsigned depth)
{
	const char *end;
	bool range;

	if (out->n > 65536 || depth > SHELL_DEPTH_MAX) {
		shell_error(e->sh, "too many words");
		return fail(e, 1);
	}
	for (const char *p = raw; *p;) {
		if (strchr("\"'`\\", *p) || (*p == '$' && (p[1] == '{' || p[1] == '('))) {
			p = word_skip(p, 0);
			if (!p)
				break;
			continue;
		}
		if (*p == '{' && brace_find(p, &end, &range)) {
			bool is_range = true;

			if (!range)
				return brace_list(e, raw, p, end, out, depth);
			if (brace_range(e, raw, p, end, out, depth, &is_range) < 0)
				return -1;
			if (is_range)
				return 0;
		}
		p++;
	}
	shell_words_add(out, raw);
	return out->failed ? fail(e, 1) : 0;
}

static void expand_raw(struct expander *e, const char *raw)
{
	if (e->mode == EXPAND_HERE) {
		expand_double(e, raw, raw + strlen(raw), true);
	} else {
		if (*raw == '~')
			raw = put_tilde(e, raw);
		expand_part(e, raw, raw + strlen(raw), false);
	}
	if (e->mode != EXPAND_FIELDS)
		e->open = true;
	field_end(e);
}

int expand_word(struct shell *sh, const char *raw, enum expand_mode mode, struct shell_words *out)
{
	struct expander e = { .sh = sh, .mode = mode, .out = out };
	struct shell_words braced = { 0 };

	if (++sh->depth > SHELL_DEPTH_MAX) {
		shell_error(sh, "nested more than %d deep", SHELL_DEPTH_MAX);
		sh->flow = FLOW_EXIT;
		fail(&e, 1);
	} else if (mode == EXPAND_FIELDS && strchr(raw, '{')) {
		brace_expand(&e, raw, &braced, 0);
		for (size_t i = 0; i < braced.n && !e.failed; i++)
			expand_raw(&e, braced.v[i]);
		shell_words_free(&braced);
	} else {
		expand_raw(&e, raw);
	}
	sh->depth--;
	if (e.text.failed || e.flag.failed || out->failed)
		e.failed = true;
	sbuf_free(&e.text);
	sbuf_free(&e.flag);
	return e.failed ? -1 : 0;
}

char *expand_string(struct shell *sh, const char *raw, enum expand_mode mode)
{
	struct shell_words out = { 0 };
	char *s = NULL;

	if (expand_word(sh, raw, mode, &out) == 0)
		s = mem_strdup(out.n ? out.v[0] : "");
	shell_words_free(&out);
	return s;
}
