/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/shell_parse.c - the shell's grammar: text to a tree of commands.
 *
 * First step of every command line. A recursive descent over POSIX's grammar (XCU 2.10) with bash's <<<, &>, |&, [[
 * ]], (( )) and function. Words stay as they were written: only their end is found here. All memory comes from chunks
 * that the script owns, so there is nothing to undo after an error.
 *
 * Invariants
 *  1. p->tok is the next token not yet used; p->pos stands behind it.
 *  2. Here-documents noted on a line are read when that line's newline is passed, in order.
 *  3. Nesting is bounded by SHELL_DEPTH_MAX.
 *
 * Differences from bash: arrays, coproc, select, time and process substitution do not exist; they end as syntax
 * errors or are refused by name.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "front/shell_ast.h"

#define CHUNK_LEN 4096

struct shell_chunk {
	struct shell_chunk *next;
	size_t used, cap;
	char bytes[];
};

enum tok_kind { TOK_EOF, TOK_NEWLINE, TOK_WORD, TOK_OP, TOK_IO_NUMBER };

struct token {
	enum tok_kind kind;
	char *text;			/* word as written, or operator */
	unsigned line;
};

struct parser {
	struct shell_script *script;
	struct shell_syntax *err;
	const char *text, *pos;
	unsigned line;
	struct token tok;
	struct shell_redir *pending[16];	/* here-documents whose text is yet to come */
	unsigned n_pending, depth;
	bool failed;
};

static struct shell_node *parse_list(struct parser *p);
static struct shell_node *parse_command(struct parser *p);

static void *take(struct parser *p, size_t n)
{
	struct shell_chunk *c = p->script->chunks;
	char *mem;

	n = (n + 15) & ~(size_t)15;
	if (!c || c->cap - c->used < n) {
		size_t cap = MAX(n, CHUNK_LEN);

		c = mem_zalloc(sizeof(*c) + cap);
		if (!c) {
			p->err->nomem = p->failed = true;
			return NULL;
		}
		c->cap = cap;
		c->next = p->script->chunks;
		p->script->chunks = c;
	}
	mem = c->bytes + c->used;
	c->used += n;
	return mem;
}

static char *take_text(struct parser *p, const char *s, size_t n)
{
	char *t = take(p, n + 1);

	if (t)
		memcpy(t, s, n);
	return t;
}

struct shell_script *script_hold(struct shell_script *s)
{
	if (s)
		s->refs++;
	return s;
}

void script_put(struct shell_script *s)
{
	if (!s || --s->refs)
		return;
	while (s->chunks) {
		struct shell_chunk *c = s->chunks;

		s->chunks = c->next;
		mem_free(c);
	}
	mem_free(s);
}

void shell_syntax_free(struct shell_syntax *err)
{
	sbuf_free(&err->text);
	sbuf_free(&err->warning);
	mem_free(err->source);
}

/* ---- errors ---- */

static void quote_source_line(struct parser *p)
{
	const char *s = p->text, *e;

	for (unsigned l = 1; l < p->err->line && *s; s++)
		l += *s == '\n';
	e = strchrnul(s, '\n');
	p->err->source = mem_strndup(s, (size_t)(e - s));
}

/* @word: a word must stand here, and bash then takes the end for a newline */
static void unexpected_at(struct parser *p, bool word)
{
	if (p->failed)
		return;
	p->failed = true;
	if (p->tok.kind == TOK_EOF && !word) {
		p->err->incomplete = true;
		p->err->line = p->line + 1;
		sbuf_puts(&p->err->text, "syntax error: unexpected end of file");
		return;
	}
	p->err->line = p->tok.line;
	sbuf_printf(&p->err->text, "syntax error near unexpected token `%s'",
		    p->tok.kind == TOK_NEWLINE || p->tok.kind == TOK_EOF ? "newline" : p->tok.text);
	quote_source_line(p);
}

static void unexpected(struct parser *p)
{
	unexpected_at(p, false);
}

static void unmatched(struct parser *p, char close, bool eof_line)
{
	if (p->failed)
		return;
	p->failed = p->err->incomplete = true;
	p->err->line = p->line + eof_line;
	sbuf_printf(&p->err->text, "unexpected EOF while looking for matching `%c'", close);
}

static bool deeper(struct parser *p)
{
	if (p->depth++ < SHELL_DEPTH_MAX)
		return true;
	if (!p->failed) {
		p->failed = true;
		p->err->line = p->line;
		sbuf_printf(&p->err->text, "nested more than %d deep", SHELL_DEPTH_MAX);
	}
	return false;
}

/* ---- words ---- */

static const char *skip_parens(const char *p, unsigned depth)	/* @p behind "$(" or "(": behind the matching ")" */
{
	unsigned open = 1;

	while (*p) {
		if (*p == '(') {
			open++;
			p++;
		} else if (*p == ')') {
			p++;
			if (--open == 0)
				return p;
		} else if (strchr("\"'`\\$", *p)) {
			p = word_skip(p, depth + 1);
			if (!p)
				return NULL;
		} else if (*p == '#' && isspace((unsigned char)p[-1])) {
			p = strchrnul(p, '\n');
		} else {
			p++;
		}
	}
	return NULL;
}

static const char *skip_double(const char *p, unsigned depth)	/* @p behind the opening quote */
{
	while (*p && *p != '"') {
		if (*p == '\\' && p[1])
			p += 2;
		else if (*p == '$' || *p == '`')
			p = word_skip(p, depth + 1);
		else
			p++;
		if (!p)
			return NULL;
	}
	return *p ? p + 1 : NULL;
}

static const char *skip_brace(const char *p, unsigned depth)	/* @p behind "${" */
{
	while (*p && *p != '}') {
		p = strchr("\"'`\\$", *p) ? word_skip(p, depth + 1) : p + 1;
		if (!p)
			return NULL;
	}
	return *p ? p + 1 : NULL;
}

const char *word_skip(const char *p, unsigned depth)
{
	const char *e;

	if (depth > SHELL_DEPTH_MAX)
		return NULL;
	switch (*p) {
	case '\\':
		return p[1] ? p + 2 : p + 1;
	case '\'':
		e = strchr(p + 1, '\'');
		return e ? e + 1 : NULL;
	case '"':
		return skip_double(p + 1, depth);
	case '`':
		for (p++; *p && *p != '`'; p++)
			if (*p == '\\' && p[1])
				p++;
		return *p ? p + 1 : NULL;
	case '$':
		if (p[1] == '(')
			return skip_parens(p + 2, depth);
		if (p[1] == '{')
			return skip_brace(p + 2, depth);
		if (p[1] == '\'') {
			for (p += 2; *p && *p != '\''; p++)
				if (*p == '\\' && p[1])
					p++;
			return *p ? p + 1 : NULL;
		}
		return p + 1;
	}
	return p + 1;
}

/* what was missing in the word part at @p, for the message */
static char missing_close(const char *p)
{
	if (*p == '$')
		return p[1] == '(' ? ')' : p[1] == '{' ? '}' : '\'';
	return *p;
}

static void lex_word(struct parser *p)
{
	const char *start = p->pos, *s = start, *e;

	while (*s && !strchr(" \t\n;&|<>()", *s)) {
		if (strchr("\"'`\\$", *s)) {
			e = word_skip(s, p->depth);
			if (!e) {
				unmatched(p, missing_close(s), *s == '$');
				return;
			}
			s = e;
		} else {
			s++;
		}
	}
	for (const char *c = start; c < s; c++)
		p->line += *c == '\n';
	p->pos = s;
	p->tok.kind = TOK_WORD;
	p->tok.text = take_text(p, start, (size_t)(s - start));
}

/* the text of here-documents that the line just ended has asked for */
static void read_here(struct parser *p, struct shell_redir *r)
{
	struct sbuf body = SBUF_INIT;
	size_t delim_len = strlen(r->delim);
	unsigned first = p->line;

	for (;;) {
		const char *s = p->pos, *e;
		size_t n;

		if (!*s) {
			p->err->incomplete = true;
			p->err->warning_line = p->line;
			sbuf_reset(&p->err->warning);
			sbuf_printf(&p->err->warning,
				    "warning: here-document at line %u delimited by end-of-file (wanted `%s')",
				    first > 1 ? first - 1 : 1, r->delim);
			break;
		}
		while (r->strip && *s == '\t')
			s++;
		e = strchrnul(s, '\n');
		n = (size_t)(e - s);
		p->pos = *e ? e + 1 : e;
		p->line += *e != 0;
		if (n == delim_len && memcmp(s, r->delim, n) == 0)
			break;
		sbuf_put(&body, s, n);
		sbuf_putc(&body, '\n');
	}
	r->word = take_text(p, sbuf_str(&body), body.len);
	sbuf_free(&body);
}

static void lex_newline(struct parser *p)
{
	p->pos++;
	p->line++;
	for (unsigned i = 0; i < p->n_pending; i++)
		read_here(p, p->pending[i]);
	p->n_pending = 0;
	p->tok.kind = TOK_NEWLINE;
	p->tok.text = NULL;
}

static void next(struct parser *p)
{
	static const char *const ops[] = { "<<<", "<<-", "&>>", ";;", "&&", "||", "|&", "<<", ">>", "<&", ">&",
					   "&>",  "<>",  ">|",  ";",  "&",  "|",  "<",  ">",  "(",  ")" };
	size_t digits;

	while (*p->pos == ' ' || *p->pos == '\t' || (*p->pos == '\\' && p->pos[1] == '\n')) {
		p->line += *p->pos == '\\';
		p->pos += *p->pos == '\\' ? 2 : 1;
	}
	if (*p->pos == '#')
		p->pos = strchrnul(p->pos, '\n');
	p->tok.line = p->line;
	if (!*p->pos) {
		p->tok = (struct token){ .kind = TOK_EOF, .line = p->line };
		for (unsigned i = 0; i < p->n_pending; i++)
			read_here(p, p->pending[i]);
		p->n_pending = 0;
		return;
	}
	if (*p->pos == '\n') {
		lex_newline(p);
		return;
	}
	digits = strspn(p->pos, "0123456789");
	if (digits && digits < 4 && (p->pos[digits] == '<' || p->pos[digits] == '>')) {
		p->tok.kind = TOK_IO_NUMBER;
		p->tok.text = take_text(p, p->pos, digits);
		p->pos += digits;
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		size_t n = strlen(ops[i]);

		if (strncmp(p->pos, ops[i], n) == 0) {
			p->tok.kind = TOK_OP;
			p->tok.text = take_text(p, p->pos, n);
			p->pos += n;
			return;
		}
	}
	lex_word(p);
}

static bool is_op(const struct parser *p, const char *op)
{
	return !p->failed && p->tok.kind == TOK_OP && strcmp(p->tok.text, op) == 0;
}

static bool is_word(const struct parser *p, const char *word)
{
	return !p->failed && p->tok.kind == TOK_WORD && strcmp(p->tok.text, word) == 0;
}

static void skip_newlines(struct parser *p)
{
	while (!p->failed && p->tok.kind == TOK_NEWLINE)
		next(p);
}

static bool expect_word(struct parser *p, const char *word)
{
	if (!is_word(p, word)) {
		unexpected(p);
		return false;
	}
	next(p);
	return true;
}

static struct shell_node *node(struct parser *p, enum node_kind kind)
{
	struct shell_node *n = take(p, sizeof(*n));

	if (n) {
		n->kind = kind;
		n->line = p->tok.line;
	}
	return n;
}

static struct shell_word *add_word(struct parser *p, struct shell_word ***tail)
{
	struct shell_word *w = take(p, sizeof(*w));

	if (w) {
		w->raw = p->tok.text;
		**tail = w;
		*tail = &w->next;
	}
	next(p);
	return w;
}

/* ---- redirections ---- */

static const struct redir_spelling {
	const char *text;
	enum redir_op op;
	int fd;
} redir_spellings[] = {
	{ "<", REDIR_IN, 0 },       { ">", REDIR_OUT, 1 },   { ">|", REDIR_OUT, 1 },          { ">>", REDIR_APPEND, 1 },
	{ "<&", REDIR_DUP, 0 },     { ">&", REDIR_DUP, 1 },  { "<<", REDIR_HERE, 0 },         { "<<-", REDIR_HERE, 0 },
	{ "<<<", REDIR_STRING, 0 }, { "&>", REDIR_BOTH, 1 }, { "&>>", REDIR_BOTH_APPEND, 1 }, { "<>", REDIR_RW, 0 },
};

static const struct redir_spelling *redir_here(const struct parser *p)
{
	for (size_t i = 0; i < ARRAY_LEN(redir_spellings); i++)
		if (is_op(p, redir_spellings[i].text))
			return &redir_spellings[i];
	return NULL;
}

/* the delimiter of a here-document without its quotes */
static void here_delim(struct parser *p, struct shell_redir *r)
{
	char *d = take(p, strlen(p->tok.text) + 1), *o = d;

	r->delim = d;
	if (!d)
		return;
	for (const char *s = p->tok.text; *s; s++) {
		if (*s == '\'' || *s == '"' || *s == '\\')
			r->literal = true;
		else
			*o++ = *s;
	}
	if (p->n_pending < ARRAY_LEN(p->pending)) {
		p->pending[p->n_pending++] = r;
		r->word = take_text(p, "", 0);
	} else {
		unexpected(p);
	}
}

static bool parse_redir(struct parser *p, struct shell_redir ***tail)
{
	const struct redir_spelling *sp;
	struct shell_redir *r;
	int fd = -1;

	if (p->failed)
		return false;
	if (p->tok.kind == TOK_IO_NUMBER) {
		fd = atoi(p->tok.text);
		next(p);
	}
	sp = redir_here(p);
	if (!sp) {
		if (fd >= 0)
			unexpected(p);
		return false;
	}
	r = take(p, sizeof(*r));
	if (!r)
		return false;
	r->op = sp->op;
	r->fd = fd >= 0 ? fd : sp->fd;
	r->strip = strcmp(sp->text, "<<-") == 0;
	next(p);
	if (p->failed || p->tok.kind != TOK_WORD) {
		unexpected_at(p, true);
		return false;
	}
	r->word = p->tok.text;
	if (r->op == REDIR_HERE)
		here_delim(p, r);
	**tail = r;
	*tail = &r->next;
	next(p);
	return true;
}

/* ---- commands ---- */

static bool is_assignment(const char *s)
{
	const char *eq = strchr(s, '=');

	if (eq && eq > s && eq[-1] == '+')
		return shell_is_name(s, (size_t)(eq - s) - 1);
	return eq && shell_is_name(s, (size_t)(eq - s));
}

static struct shell_node *parse_function(struct parser *p, struct shell_node *n, char *name)
{
	n->kind = NODE_FUNC;
	n->name = name;
	skip_newlines(p);
	n->first = parse_command(p);
	if (!p->failed && n->first && n->first->kind == NODE_SIMPLE)
		unexpected(p);
	return n;
}

static struct shell_node *parse_simple(struct parser *p)
{
	struct shell_node *n = node(p, NODE_SIMPLE);
	struct shell_word **assign, **word;
	struct shell_redir **redir;

	if (!n)
		return NULL;
	assign = &n->assigns;
	word = &n->words;
	redir = &n->redirs;
	while (!p->failed) {
		if (p->tok.kind == TOK_WORD && !n->words && is_assignment(p->tok.text)) {
			add_word(p, &assign);
		} else if (p->tok.kind == TOK_WORD) {
			struct shell_word *w = add_word(p, &word);

			if (is_op(p, "(") && w && n->words == w && !n->assigns && !n->redirs) {
				next(p);
				if (!is_op(p, ")")) {
					unexpected(p);
					return n;
				}
				next(p);
				return parse_function(p, n, w->raw);
			}
		} else if (!parse_redir(p, &redir)) {
			break;
		}
	}
	if (!p->failed && !n->words && !n->assigns && !n->redirs)
		unexpected(p);
	return n;
}

static struct shell_node *parse_if(struct parser *p)
{
	struct shell_node *n = node(p, NODE_IF);

	next(p);
	if (!n || !deeper(p))
		return n;
	n->first = parse_list(p);
	if (!n->first)
		unexpected(p);
	if (expect_word(p, "then")) {
		n->second = parse_list(p);
		if (!n->second)
			unexpected(p);
	}
	if (is_word(p, "elif")) {
		n->third = parse_if(p);		/* takes the fi */
	} else {
		if (is_word(p, "else")) {
			next(p);
			n->third = parse_list(p);
			if (!n->third)
				unexpected(p);
		}
		expect_word(p, "fi");
	}
	p->depth--;
	return n;
}

static struct shell_node *parse_do(struct parser *p)
{
	struct shell_node *body = NULL;

	if (expect_word(p, "do")) {
		body = parse_list(p);
		if (!body)
			unexpected(p);
		expect_word(p, "done");
	}
	return body;
}

static struct shell_node *parse_while(struct parser *p, enum node_kind kind)
{
	struct shell_node *n = node(p, kind);

	next(p);
	if (!n)
		return NULL;
	n->first = parse_list(p);
	if (!n->first)
		unexpected(p);
	n->second = parse_do(p);
	return n;
}

static struct shell_node *parse_for(struct parser *p)
{
	struct shell_node *n = node(p, NODE_FOR);
	struct shell_word **tail;

	next(p);
	if (!n || p->failed)
		return n;
	if (p->tok.kind != TOK_WORD || !shell_is_name(p->tok.text, strlen(p->tok.text))) {
		unexpected_at(p, true);
		return n;
	}
	n->name = p->tok.text;
	next(p);
	skip_newlines(p);
	if (is_word(p, "in")) {
		n->has_in = true;
		next(p);
		tail = &n->words;
		while (!p->failed && p->tok.kind == TOK_WORD)
			add_word(p, &tail);
	}
	if (is_op(p, ";"))
		next(p);
	skip_newlines(p);
	n->first = parse_do(p);
	return n;
}

static struct shell_case *parse_case_item(struct parser *p)
{
	struct shell_case *c = take(p, sizeof(*c));
	struct shell_word **tail;

	if (!c)
		return NULL;
	tail = &c->patterns;
	if (is_op(p, "("))
		next(p);
	for (;;) {
		if (p->failed || p->tok.kind != TOK_WORD) {
			unexpected(p);
			return c;
		}
		add_word(p, &tail);
		if (!is_op(p, "|"))
			break;
		next(p);
	}
	if (!is_op(p, ")")) {
		unexpected(p);
		return c;
	}
	next(p);
	c->body = parse_list(p);
	if (is_op(p, ";;"))
		next(p);
	else if (!is_word(p, "esac"))
		unexpected(p);
	skip_newlines(p);
	return c;
}

static struct shell_node *parse_case(struct parser *p)
{
	struct shell_node *n = node(p, NODE_CASE);
	struct shell_word **tail;
	struct shell_case **last;

	next(p);
	if (!n || p->failed)
		return n;
	if (p->tok.kind != TOK_WORD) {
		unexpected_at(p, true);
		return n;
	}
	tail = &n->words;
	add_word(p, &tail);
	skip_newlines(p);
	if (!expect_word(p, "in"))
		return n;
	skip_newlines(p);
	last = &n->cases;
	while (!p->failed && !is_word(p, "esac")) {
		*last = parse_case_item(p);
		if (!*last)
			return n;
		last = &(*last)->next;
	}
	expect_word(p, "esac");
	return n;
}

static struct shell_node *parse_cond(struct parser *p)		/* [[ ... ]]: words up to ]], operators included */
{
	struct shell_node *n = node(p, NODE_COND);
	struct shell_word **tail;

	next(p);
	if (!n)
		return NULL;
	tail = &n->words;
	while (!p->failed && !is_word(p, "]]")) {
		if (p->tok.kind == TOK_EOF || p->tok.kind == TOK_NEWLINE || p->tok.kind == TOK_IO_NUMBER) {
			unexpected(p);
			return n;
		}
		add_word(p, &tail);
	}
	if (!p->failed)
		next(p);
	return n;
}

static struct shell_node *parse_arith(struct parser *p)		/* stands behind the first "(" of "((" */
{
	struct shell_node *n = node(p, NODE_ARITH);
	const char *start = p->pos + 1, *end = skip_parens(start, p->depth);

	if (!n)
		return NULL;
	if (!end || *end != ')') {
		unmatched(p, ')', true);
		return n;
	}
	n->name = take_text(p, start, (size_t)(end - start) - 1);
	p->pos = end + 1;
	next(p);
	return n;
}

static struct shell_node *parse_group(struct parser *p, enum node_kind kind, const char *close)
{
	struct shell_node *n = node(p, kind);

	next(p);
	if (!n)
		return NULL;
	n->first = parse_list(p);
	if (!n->first)
		unexpected(p);
	if (kind == NODE_GROUP) {
		expect_word(p, close);
	} else if (!is_op(p, close)) {
		unexpected(p);
	} else {
		next(p);
	}
	return n;
}

static struct shell_node *parse_compound(struct parser *p)
{
	if (is_op(p, "("))
		return *p->pos == '(' ? parse_arith(p) : parse_group(p, NODE_SUBSHELL, ")");
	if (is_word(p, "{"))
		return parse_group(p, NODE_GROUP, "}");
	if (is_word(p, "if"))
		return parse_if(p);
	if (is_word(p, "while"))
		return parse_while(p, NODE_WHILE);
	if (is_word(p, "until"))
		return parse_while(p, NODE_UNTIL);
	if (is_word(p, "for"))
		return parse_for(p);
	if (is_word(p, "case"))
		return parse_case(p);
	if (is_word(p, "[["))
		return parse_cond(p);
	return NULL;
}

static bool is_reserved_end(const struct parser *p)
{
	static const char *const ends[] = { "then", "else", "elif", "fi", "do", "done", "esac", "}" };

	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (is_word(p, ends[i]))
			return true;
	return false;
}

static struct shell_node *parse_command(struct parser *p)
{
	struct shell_node *n;
	struct shell_redir **tail;

	if (p->failed || !deeper(p))
		return NULL;
	if (is_reserved_end(p)) {
		unexpected(p);
		return NULL;
	}
	if (is_word(p, "function")) {
		char *name;

		n = node(p, NODE_FUNC);
		next(p);
		name = p->tok.text;
		if (p->failed || p->tok.kind != TOK_WORD) {
			unexpected(p);
			return n;
		}
		next(p);
		if (is_op(p, "(")) {
			next(p);
			if (is_op(p, ")"))
				next(p);
		}
		n = n ? parse_function(p, n, name) : NULL;
		p->depth--;
		return n;
	}
	n = parse_compound(p);
	if (n) {
		for (tail = &n->redirs; parse_redir(p, &tail);)
			;
	} else if (!p->failed) {
		n = parse_simple(p);
	}
	p->depth--;
	return n;
}

/* |& is 2>&1 | */
static void add_dup_err(struct parser *p, struct shell_node *n)
{
	struct shell_redir *r = take(p, sizeof(*r)), **tail;

	if (!r || !n)
		return;
	*r = (struct shell_redir){ .op = REDIR_DUP, .fd = 2, .word = take_text(p, "1", 1) };
	for (tail = &n->redirs; *tail; tail = &(*tail)->next)
		;
	*tail = r;
}

static struct shell_node *parse_pipeline(struct parser *p)
{
	struct shell_node *first, *pipe, **tail;
	bool negate = false;

	while (is_word(p, "!")) {
		negate = !negate;
		next(p);
	}
	first = parse_command(p);
	if (is_op(p, "|") || is_op(p, "|&")) {
		pipe = node(p, NODE_PIPE);
		if (!pipe || !first)
			return NULL;
		pipe->first = first;
		tail = &first->next;
		while (is_op(p, "|") || is_op(p, "|&")) {
			if (p->tok.text[1])
				add_dup_err(p, container_of(tail, struct shell_node, next));
			next(p);
			skip_newlines(p);
			*tail = parse_command(p);
			if (!*tail)
				break;
			tail = &(*tail)->next;
		}
		first = pipe;
	}
	if (negate) {
		struct shell_node *n = node(p, NODE_NOT);

		if (n)
			n->first = first;
		return n;
	}
	return first;
}

static struct shell_node *parse_and_or(struct parser *p)
{
	struct shell_node *left = parse_pipeline(p);

	while (is_op(p, "&&") || is_op(p, "||")) {
		struct shell_node *n = node(p, is_op(p, "&&") ? NODE_AND : NODE_OR);

		next(p);
		skip_newlines(p);
		if (!n)
			return NULL;
		n->first = left;
		n->second = parse_pipeline(p);
		left = n;
	}
	return left;
}

/* commands up to something that cannot begin one; NULL: there was none */
static struct shell_node *parse_list(struct parser *p)
{
	struct shell_node *seq = NULL, **tail = NULL, *n;

	if (!deeper(p))
		return NULL;
	skip_newlines(p);
	while (!p->failed && p->tok.kind != TOK_EOF && !is_reserved_end(p) && !is_op(p, ")") && !is_op(p, ";;")) {
		if (!seq) {
			seq = node(p, NODE_SEQ);
			if (!seq)
				return NULL;
			tail = &seq->first;
		}
		n = parse_and_or(p);
		if (p->failed || !n)
			break;
		if (is_op(p, "&")) {
			struct shell_node *bg = node(p, NODE_BG);

			if (!bg)
				break;
			bg->first = n;
			n = bg;
			next(p);
		} else if (is_op(p, ";")) {
			next(p);
		} else if (p->tok.kind != TOK_NEWLINE) {
			*tail = n;
			break;
		}
		*tail = n;
		tail = &n->next;
		skip_newlines(p);
	}
	p->depth--;
	return seq;
}

struct shell_script *script_parse(const char *text, struct shell_syntax *err)
{
	struct parser p = { .err = err, .text = text, .pos = text, .line = 1 };

	*err = (struct shell_syntax){ 0 };
	p.script = mem_zalloc(sizeof(*p.script));
	if (!p.script) {
		err->nomem = true;
		return NULL;
	}
	p.script->refs = 1;
	next(&p);
	p.script->root = parse_list(&p);
	if (!p.failed && p.tok.kind != TOK_EOF)
		unexpected(&p);
	if (p.failed) {
		script_put(p.script);
		return NULL;
	}
	return p.script;
}

bool shell_incomplete(const char *text)
{
	struct shell_syntax err;
	struct shell_script *s = script_parse(text, &err);
	size_t n = strlen(text), backslashes = 0;
	bool more = err.incomplete;

	while (backslashes < n && text[n - 1 - backslashes] == '\\')
		backslashes++;
	script_put(s);
	shell_syntax_free(&err);
	return more || backslashes % 2 == 1;
}
