/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/transcript.c - a lab file: taken apart into steps, run in a backend, compared, and written again.
 *
 * The top of `natbox lab FILE`. A file is first cut into steps, prose among them, which together cover all of its
 * lines in order; running walks the steps. So a file that is written again (-u) differs from the old one only where
 * the output did.
 *
 * Invariants
 *  1. Steps are in the order of the file; every line belongs to exactly one of them.
 *  2. Nothing of the file is ever run but the console blocks' commands and the file blocks' text.
 *
 * Reference: design/lab-format.
 */
#include "lab/lab.h"
#include "lab/transcript.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "front/shell.h"

#define COMPOUND_LINES_MAX 200

/* ---- prompts ---- */

static size_t host_len(const char *s)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*s))
		return 0;
	while (isalnum((unsigned char)s[n]) || (s[n] && strchr("_.-", s[n])))
		n++;
	return n;
}

static size_t word_len(const char *s)
{
	size_t n = 0;

	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n;
}

static const char *after_mark(const char *s)	/* behind "# " or "$ ", or NULL */
{
	if (*s != '#' && *s != '$')
		return NULL;
	return s + 1 + (s[1] == ' ');
}

/* "[root@HOST DIR]# cmd" */
static bool pasted_redhat(const char *line, const char **host, size_t *n, const char **cmd)
{
	size_t user = word_len(line + 1);
	const char *close;

	if (!user || line[1 + user] != '@')
		return false;
	*host = line + 1 + user + 1;
	*n = host_len(*host);
	close = strchr(*host + *n, ']');
	*cmd = *n && close ? after_mark(close + 1) : NULL;
	return *cmd;
}

/* "root@HOST:DIR# cmd"; DIR begins with ~ or / */
static bool pasted_debian(const char *line, const char **host, size_t *n, const char **cmd)
{
	size_t user = word_len(line);
	const char *at;

	if (!user || line[user] != '@')
		return false;
	*host = line + user + 1;
	*n = host_len(*host);
	at = *host + *n;
	if (!*n || *at != ':' || (at[1] != '~' && at[1] != '/'))
		return false;
	at += 1 + strcspn(at + 1, "#$ ");
	*cmd = after_mark(at);
	return *cmd;
}

bool transcript_prompt(const char *line, char **host, char **term, const char **cmd)
{
	const char *name = line, *at = line;
	size_t n, t = 0;

	*host = *term = NULL;
	if (*line == '[' || pasted_debian(line, &name, &n, cmd)) {
		if (*line == '[' && !pasted_redhat(line, &name, &n, cmd))
			return false;
	} else {
		n = host_len(line);
		at = line + n;
		if (n && *at == ':') {
			t = word_len(at + 1);
			if (!t)
				return false;
			at += t + 1;
		}
		*cmd = n ? after_mark(at) : NULL;
	}
	if (!*cmd)
		return false;
	*host = mem_strndup(name, n);
	*term = t ? mem_strndup(line + n + 1, t) : NULL;
	return *host;
}

/* HOST:TERM^C, HOST:TERM?, HOST:TERM< text */
static bool term_line(const char *line, struct step *s)
{
	size_t n = host_len(line), t;
	const char *op;

	if (!n || line[n] != ':')
		return false;
	t = word_len(line + n + 1);
	op = line + n + 1 + t;
	if (!t)
		return false;
	if (strcmp(op, "^C") == 0)
		s->kind = STEP_STOP;
	else if (strcmp(op, "?") == 0)
		s->kind = STEP_SHOW;
	else if (*op == '<')
		s->kind = STEP_TYPE;
	else
		return false;
	s->host = mem_strndup(line, n);
	s->term = mem_strndup(line + n + 1, t);
	s->text = s->kind == STEP_TYPE ? mem_strdup(op + 1 + (op[1] == ' ')) : NULL;
	return true;
}

/* the last word that begins a here-document: <<END, <<-END, <<'END'; <<< and 1<<4 do not */
const char *transcript_here(const char *cmd, size_t *n)
{
	const char *found = NULL;
	char quote = 0;

	for (const char *p = cmd; *p; p++) {
		const char *word;

		if (*p == '\\' && p[1] && quote != '\'') {
			p++;
		} else if (quote) {
			quote = *p == quote ? 0 : quote;
		} else if (*p == '\'' || *p == '"') {
			quote = *p;
		} else if (strncmp(p, "<<<", 3) == 0) {
			p += 2;
		} else if (strncmp(p, "<<", 2) == 0) {
			word = p + 2 + (p[2] == '-');
			word += strspn(word, " \t");
			word += *word == '\'' || *word == '"';
			if (isalpha((unsigned char)*word) || *word == '_') {
				found = word;
				*n = word_len(word);
				p = word + *n - 1;
				p += p[1] == '\'' || p[1] == '"';
			}
		}
	}
	return found;
}

/* ---- taking a file apart ---- */

struct cutter {
	struct transcript *t;
	bool simulated, nomem;
};

static struct step *add_step(struct cutter *c, enum step_kind kind, unsigned first)
{
	struct transcript *t = c->t;
	struct step *s;

	if (t->n_steps == t->cap_steps) {
		unsigned cap = t->cap_steps ? 2 * t->cap_steps : 64;

		s = mem_realloc(t->steps, cap * sizeof(*s));
		if (!s) {
			c->nomem = true;
			return NULL;
		}
		t->steps = s;
		t->cap_steps = cap;
	}
	s = &t->steps[t->n_steps++];
	*s = (struct step){ .kind = kind, .first = first, .n = 1 };
	return s;
}

static void add_prose(struct cutter *c, unsigned line)
{
	struct step *last = c->t->n_steps ? &c->t->steps[c->t->n_steps - 1] : NULL;

	if (last && last->kind == STEP_PROSE && last->first + last->n == line)
		last->n++;
	else
		add_step(c, STEP_PROSE, line);
}

static void rstrip(char *s)
{
	size_t n = strlen(s);

	while (n && isspace((unsigned char)s[n - 1]))
		s[--n] = 0;
}

static bool is_fence(const char *line)
{
	const char *s = line + strspn(line, " \t");

	return strncmp(s, "```", 3) == 0 && !s[3 + strspn(s + 3, " \t\r")];
}

static bool is_line(const char *line, const char *what)
{
	size_t n = strlen(what);
	const char *s = line + strspn(line, " \t");

	return strncmp(s, what, n) == 0 && !s[n + strspn(s + n, " \t\r")];
}

static bool is_typed(const char *line)
{
	char *host, *term;
	const char *cmd;
	struct step s = { 0 };
	bool yes = transcript_prompt(line, &host, &term, &cmd);

	mem_free(host);
	mem_free(term);
	if (yes)
		return true;
	yes = term_line(line, &s);
	mem_free(s.host);
	mem_free(s.term);
	mem_free(s.text);
	return yes;
}

/*
 * A for, if, quote ... that the line leaves open goes on, if the lines up to the next prompt close it; otherwise they are
 * what the shell said about it. The last line that belongs to the command.
 */
static unsigned cut_compound(struct cutter *c, unsigned i, struct sbuf *text)
{
	struct transcript *t = c->t;
	size_t len = text->len;
	unsigned last = i;

	if (!shell_incomplete(sbuf_str(text)))
		return i;
	while (last + 1 < t->n_lines && last - i < COMPOUND_LINES_MAX && !is_fence(t->lines[last + 1]) &&
	       !is_typed(t->lines[last + 1])) {
		sbuf_putc(text, '\n');
		sbuf_puts(text, t->lines[++last]);
		if (!shell_incomplete(sbuf_str(text)))
			return last;
	}
	sbuf_truncate(text, len);
	return i;
}

/* continuation lines and a here-document: all that was typed for one command */
static void cut_command(struct cutter *c, struct step *s, const char *cmd)
{
	struct transcript *t = c->t;
	struct sbuf text = SBUF_INIT;
	unsigned i = s->first;
	const char *word;
	char *delim;
	size_t n;

	sbuf_puts(&text, cmd);
	while (text.len && text.data[text.len - 1] == '\\' && i + 1 < t->n_lines) {
		sbuf_truncate(&text, text.len - 1);
		sbuf_puts(&text, t->lines[++i]);
	}
	word = transcript_here(sbuf_str(&text), &n);
	delim = word ? mem_strndup(word, n) : NULL;	/* @word is in @text, which grows */
	while (delim && i + 1 < t->n_lines) {
		sbuf_putc(&text, '\n');
		sbuf_puts(&text, t->lines[++i]);
		if (is_line(t->lines[i], delim))
			break;
	}
	mem_free(delim);
	i = cut_compound(c, i, &text);
	s->n = i - s->first + 1;
	c->nomem |= text.failed;
	s->text = sbuf_steal(&text);
}

static void cut_want(struct cutter *c, struct step *s)
{
	struct transcript *t = c->t;
	unsigned i = s->first + s->n;

	s->want = i;
	while (i < t->n_lines && !is_fence(t->lines[i]) && !is_typed(t->lines[i]))
		rstrip(t->lines[i++]);
	s->n_want = i - s->want;
	while (s->n_want && !*t->lines[s->want + s->n_want - 1]) {
		s->n_want--;
		s->blank = true;
	}
}

/* the lines of a console block from @i on: the line behind it */
static unsigned cut_console(struct cutter *c, unsigned i)
{
	struct transcript *t = c->t;

	while (i < t->n_lines && !is_fence(t->lines[i]) && !c->nomem) {
		struct step s = { .first = i, .n = 1 }, *new;
		const char *cmd;

		if (transcript_prompt(t->lines[i], &s.host, &s.term, &cmd)) {
			s.kind = s.term ? STEP_OPEN : STEP_RUN;
			cut_command(c, &s, cmd);
		} else if (!term_line(t->lines[i], &s)) {
			if (*(t->lines[i] + strspn(t->lines[i], " \t\r"))) {
				struct sbuf why = SBUF_INIT;

				sbuf_printf(&why, "%s:%u: output before any command: %s", t->name, i + 1, t->lines[i]);
				t->error = sbuf_steal(&why);
				return t->n_lines;
			}
			add_prose(c, i++);
			continue;
		}
		cut_want(c, &s);
		new = add_step(c, s.kind, i);
		if (!new) {
			mem_free(s.host);
			mem_free(s.term);
			mem_free(s.text);
			break;
		}
		*new = s;
		for (i = s.want + s.n_want; s.blank && i < t->n_lines && !*t->lines[i]; i++)
			;
	}
	if (i < t->n_lines) {
		struct step *end = add_step(c, STEP_END, i);

		if (end)
			i++;
	}
	return i;
}

/* ```file HOST:/PATH */
static bool file_block(const char *line, char **host, char **path)
{
	const char *s = line + 8;
	size_t n;

	if (strncmp(line, "```file ", 8) != 0)
		return false;
	n = host_len(s);
	if (!n || s[n] != ':' || s[n + 1] != '/' || strpbrk(s + n, " \t"))
		return false;
	*host = mem_strndup(s, n);
	*path = mem_strdup(s + n + 1);
	return *host && *path;
}

static unsigned cut_file(struct cutter *c, unsigned i, char *host, char *path)
{
	struct step *s = add_step(c, STEP_FILE, i);
	unsigned n = 0;

	if (!s) {
		mem_free(host);
		mem_free(path);
		return c->t->n_lines;
	}
	s->host = host;
	s->text = path;
	while (i + n < c->t->n_lines && !is_fence(c->t->lines[i + n]))
		n++;
	s->n = n;
	return i + n;
}

static void cut(struct cutter *c)
{
	struct transcript *t = c->t;
	unsigned i = 0;

	while (i < t->n_lines && !c->nomem && !t->error) {
		char *line = t->lines[i], *host, *path;

		add_prose(c, i++);
		if (is_line(line, "```console") || (c->simulated && is_line(line, "```console sim"))) {
			i = cut_console(c, i);
		} else if (file_block(line, &host, &path)) {
			i = cut_file(c, i, host, path);
			if (i < t->n_lines)
				add_prose(c, i++);
		} else if (strncmp(line, "```", 3) == 0 && !is_fence(line)) {
			while (i < t->n_lines && !is_fence(t->lines[i]))
				add_prose(c, i++);
			if (i < t->n_lines)
				add_prose(c, i++);
		}
	}
}

static bool split(struct transcript *t, size_t n)
{
	unsigned lines = 1;
	char *s = t->data;

	for (size_t i = 0; i < n; i++)
		lines += t->data[i] == '\n';
	t->lines = mem_alloc(lines * sizeof(char *));
	if (!t->lines)
		return false;
	for (;;) {
		char *nl = strchr(s, '\n');

		t->lines[t->n_lines++] = s;
		if (!nl)
			break;
		*nl = 0;
		s = nl + 1;
	}
	return true;
}

struct transcript *transcript_parse(const char *name, const char *text, size_t n, bool simulated)
{
	struct transcript *t = mem_zalloc(sizeof(*t));
	struct cutter c = { t, simulated, false };

	if (!t)
		return NULL;
	t->name = mem_strdup(name);
	t->data = mem_strndup(text, n);		/* to the first NUL, if there is one */
	if (t->name && t->data && split(t, strlen(t->data)))
		cut(&c);
	else
		c.nomem = true;
	if (c.nomem) {
		transcript_free(t);
		return NULL;
	}
	return t;
}

void transcript_free(struct transcript *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->n_steps; i++) {
		mem_free(t->steps[i].host);
		mem_free(t->steps[i].term);
		mem_free(t->steps[i].text);
	}
	mem_free(t->steps);
	mem_free(t->lines);
	mem_free(t->data);
	mem_free(t->name);
	mem_free(t->error);
	mem_free(t);
}

/* ---- running ---- */

struct lines {
	char **v;
	size_t n;
	char *data;
};

/* output as lines without trailing blanks and empty lines at the end; [STATUS] behind them */
static bool lines_of(struct lines *l, const struct sbuf *text, int status)
{
	size_t max = 2;
	char *o, *s;

	l->n = 0;
	for (size_t i = 0; i < text->len; i++)
		max += text->data[i] == '\n';
	l->v = mem_alloc((max + 1) * sizeof(char *));
	l->data = o = mem_alloc(text->len + 16);
	if (!l->v || !l->data)
		return false;
	for (size_t i = 0; i < text->len; i++)
		if (text->data[i] != '\r')
			*o++ = text->data[i] ? text->data[i] : '?';
	*o = 0;
	for (s = l->data; s; s = o) {
		o = strchr(s, '\n');
		if (o)
			*o++ = 0;
		rstrip(s);
		l->v[l->n++] = s;
	}
	while (l->n && !*l->v[l->n - 1])
		l->n--;
	if (status) {
		o = l->data + text->len + 1;
		snprintf(o, 15, "[%d]", status);
		l->v[l->n++] = o;
	}
	return true;
}

static void lines_free(struct lines *l)
{
	mem_free(l->v);
	mem_free(l->data);
}

struct runner {
	const struct transcript *t;
	struct backend *b;
	const struct transcript_opts *o;
	struct sbuf *updated;
	int differences;
	unsigned blocks;
	bool at_line_start;
};

static const char *paint(const struct runner *r, const char *code)
{
	return r->o->color ? code : "";
}

static int run_step(struct runner *r, const struct step *s, struct sbuf *out, int *status)
{
	const struct backend_ops *ops = r->b->ops;
	struct sbuf text = SBUF_INIT;
	int err;

	switch (s->kind) {
	case STEP_RUN: return ops->run(r->b, s->host, s->text, out, status);
	case STEP_OPEN: return ops->term_open(r->b, s->host, s->term, s->text);
	case STEP_STOP: return ops->term_stop(r->b, s->host, s->term, out);
	case STEP_SHOW: return ops->term_show(r->b, s->host, s->term, out);
	case STEP_TYPE: return ops->term_type(r->b, s->host, s->term, s->text);
	case STEP_FILE:
		for (unsigned i = 0; i < s->n; i++)
			sbuf_printf(&text, "%s\n", r->t->lines[s->first + i]);
		err = ops->put_file(r->b, s->host, s->text, sbuf_str(&text), text.len);
		sbuf_free(&text);
		return err;
	default: return 0;
	}
}

static void echo(void *ctx, const char *bytes, size_t n)
{
	struct runner *r = ctx;

	if (!n)
		return;
	fwrite(bytes, 1, n, r->o->report);
	r->at_line_start = bytes[n - 1] == '\n';
	fflush(r->o->report);
}

static void show_typed(struct runner *r, const struct step *s)
{
	FILE *f = r->o->report;

	if (!r->at_line_start)
		fputc('\n', f);
	for (unsigned i = 0; i < s->n; i++)
		fprintf(f, "%s%s%s\n", paint(r, "\033[1m"), r->t->lines[s->first + i], paint(r, "\033[0m"));
	r->at_line_start = true;
	fflush(f);
}

static void show_prose(struct runner *r, const struct step *s)
{
	for (unsigned i = 0; i < s->n; i++) {
		const char *line = r->t->lines[s->first + i];

		if (strncmp(line, "```", 3) != 0)
			fprintf(r->o->report, "%s%s%s\n", paint(r, *line == '#' ? "\033[1;36m" : "\033[36m"), line,
				paint(r, "\033[0m"));
	}
	fflush(r->o->report);
}

/* a command that simulated hosts do not have was asked for: said in the report, as bash's own words must be what the lab sees */
static void tell_unknown(struct runner *r, const struct lines *got)
{
	static const char tail[] = ": command not found";

	for (size_t i = 0; r->b->simulated && i < got->n; i++) {
		size_t n = strlen(got->v[i]), k = sizeof(tail) - 1;
		struct sbuf hint = SBUF_INIT;
		char word[64];
		const char *at;

		if (n <= k || strcmp(got->v[i] + n - k, tail) != 0)
			continue;
		for (at = got->v[i] + n - k; at > got->v[i] && at[-1] != ' '; at--)
			;
		snprintf(word, sizeof(word), "%.*s", (int)(got->v[i] + n - k - at), at);
		command_hint(word, &hint);
		fprintf(r->o->report, "  hint: %s\n", sbuf_str(&hint));
		sbuf_free(&hint);
	}
}

static void tell_difference(struct runner *r, const struct step *s, const struct lines *got)
{
	struct sbuf diff = SBUF_INIT;

	r->differences++;
	if (!r->o->report)
		return;
	match_diff(r->t->lines + s->want, s->n_want, got->v, got->n, "  ", &diff);
	if (!r->at_line_start)
		fputc('\n', r->o->report);
	r->at_line_start = true;
	fprintf(r->o->report, "%s%s:%u: %s%s\n", paint(r, "\033[1;31m"), r->t->name, s->first + 1,
		r->t->lines[s->first], paint(r, "\033[0m"));
	if (!s->n_want)
		fputs("  -(nothing)\n", r->o->report);
	fputs(sbuf_str(&diff), r->o->report);
	if (!got->n)
		fputs("  +(nothing)\n", r->o->report);
	tell_unknown(r, got);
	sbuf_free(&diff);
}

static void write_again(struct runner *r, const struct step *s, const struct lines *got, bool same)
{
	char *const *v = same ? r->t->lines + s->want : got->v;
	size_t n = same ? s->n_want : got->n;

	for (unsigned i = 0; i < s->n; i++)
		sbuf_printf(r->updated, "%s\n", r->t->lines[s->first + i]);
	for (size_t i = 0; i < n; i++)
		sbuf_printf(r->updated, "%s\n", v[i]);
	if (s->blank)
		sbuf_putc(r->updated, '\n');
}

static void pass_on(struct runner *r, const struct step *s)
{
	for (unsigned i = 0; i < s->n && r->updated; i++)	/* the last line has no newline of its own */
		sbuf_printf(r->updated, "%s%s", r->t->lines[s->first + i],
			    s->first + i + 1 < r->t->n_lines ? "\n" : "");
}

/* a step that could not be done, or did not end: a difference like others */
static void tell_error(struct runner *r, const struct step *s, const struct sbuf *out, bool shown)
{
	FILE *f = r->o->report;

	r->differences++;
	if (!f)
		return;
	if (!r->at_line_start)
		fputc('\n', f);
	fprintf(f, "%s:%u: %s\n  %s\n", r->t->name, s->first + (s->kind != STEP_FILE),
		r->t->lines[s->first - (s->kind == STEP_FILE)], sbuf_str(&r->b->why));
	if (out->len && !shown)
		fprintf(f, "  it printed:\n%s%s", sbuf_str(out), out->data[out->len - 1] == '\n' ? "" : "\n");
	r->at_line_start = true;
}

static int compare(struct runner *r, const struct step *s, const struct sbuf *out, int status, bool failed)
{
	struct lines got = { 0 };
	bool same;

	if (!lines_of(&got, out, status)) {
		lines_free(&got);
		return -ENOMEM;
	}
	same = !failed && match_lines(r->t->lines + s->want, s->n_want, got.v, got.n);
	if (r->updated)
		write_again(r, s, &got, same);
	else if (!same && !failed)
		tell_difference(r, s, &got);
	lines_free(&got);
	return 0;
}

/* one step that is run: 0, or -ENOMEM */
static int do_step(struct runner *r, const struct step *s)
{
	struct sbuf out = SBUF_INIT;
	bool show = r->o->verbose && r->o->report;
	int status = 0, err, result = 0;

	if (show)
		show_typed(r, s);
	r->b->echo = show && s->kind == STEP_RUN ? echo : NULL;
	r->b->echo_ctx = r;
	err = run_step(r, s, &out, &status);
	if (err < 0)
		tell_error(r, s, &out, show);
	else if (show && s->kind != STEP_RUN)
		echo(r, sbuf_str(&out), out.len);
	if (show && status && !err)
		fprintf(r->o->report, "%s[%d]\n", r->at_line_start ? "" : "\n", status);
	if (s->kind == STEP_FILE)
		pass_on(r, s);
	else
		result = compare(r, s, &out, err ? 0 : status, err < 0);
	sbuf_free(&out);
	return result;
}

int transcript_run(const struct transcript *t, struct backend *b, const struct transcript_opts *o, struct sbuf *updated)
{
	struct runner r = { .t = t, .b = b, .o = o, .updated = updated, .at_line_start = true };
	int err = 0;

	if (t->error) {
		if (o->report)
			fprintf(o->report, "%s\n", t->error);
		return -EINVAL;
	}
	for (unsigned i = 0; i < t->n_steps && !err; i++) {
		const struct step *s = &t->steps[i];

		if (s->kind == STEP_PROSE || s->kind == STEP_END) {
			pass_on(&r, s);
			if (o->verbose && o->report && s->kind == STEP_PROSE)
				show_prose(&r, s);
			if (s->kind == STEP_END && o->block_end)
				o->block_end(o->ctx, r.blocks++);
			continue;
		}
		err = do_step(&r, s);
		if (r.differences && !o->keep_going && !updated)
			break;
	}
	return err ? err : r.differences;
}
