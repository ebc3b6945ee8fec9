/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/parse.c - nft scripts: the steps that all of the parser takes, variables, includes, and the run through a
 * text from command to command.
 *
 * It stands at the beginning of the rule's way: text -> lex.c -> here -> eval.c.
 *
 * The parser is one of recursive descent. It words its errors as the real tool's generated parser does, which names
 * what it expected only where that is at most four things. Behind an error it goes on where the real one does: in the
 * innermost block of the language's own (not in an anonymous chain or a list of elements), behind the next newline or
 * semicolon. An include is read in the middle of the tokens, so that its last line may go on in the file that
 * included it.
 *
 * Invariants
 *  1. Variables are replaced here: what stands for them is copied with the place of its definition, where the real
 *     tool shows errors too.
 *  2. After `.failed` no token is taken before p_recover().
 *
 * References: nft(8) INPUT FILE FORMATS.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/nft/parse.h"

/* ---- tokens ---- */

static void read_token(struct nft_parser *p, struct nft_tok *t)
{
	nft_lex(&p->lex[p->depth], t);
	while (t->kind == TOK_EOF && p->depth) {
		p->depth--;
		nft_lex(&p->lex[p->depth], t);
	}
}

struct nft_tok *p_peek(struct nft_parser *p, unsigned n)
{
	while (p->n_q <= n)
		read_token(p, &p->q[p->n_q++]);
	return &p->q[n];
}

void p_next(struct nft_parser *p)
{
	p->last = *p_peek(p, 0);
	p->n_q--;
	for (unsigned i = 0; i < p->n_q; i++)
		p->q[i] = p->q[i + 1];
}

bool p_is(struct nft_parser *p, enum nft_tok_kind k)
{
	return !p->failed && p_peek(p, 0)->kind == k;
}

bool p_take(struct nft_parser *p, enum nft_tok_kind k)
{
	if (!p_is(p, k))
		return false;
	p_next(p);
	return true;
}

bool p_kw(struct nft_parser *p, const char *word)
{
	const struct nft_tok *t;
	const char *k;

	if (p->failed)
		return false;
	t = p_peek(p, 0);
	if (t->kind != TOK_WORD || t->plain)
		return false;
	k = nft_keyword(t, p->sc);
	return k && !strcmp(k, word);
}

bool p_take_kw(struct nft_parser *p, const char *word)
{
	if (!p_kw(p, word))
		return false;
	p_next(p);
	return true;
}

static void unexpected_hint(struct nft_parser *p, const struct nft_tok *t, const char *expecting)
{
	const char *k = nft_keyword(t, p->sc);

	if (expecting && !strcmp(expecting, "string") && k)
		nft_hint(p->x, "\"%s\" is a word of the language, it cannot be a name here", k);
	else if (t->kind == TOK_STAR_STRING)
		nft_hint(p->x, "with a * at its end a name must be put in quotes here, or is a prefix");
}

void p_unexpected(struct nft_parser *p, const char *expecting)
{
	const struct nft_tok *t;

	if (p->failed)
		return;
	t = p_peek(p, 0);
	p->failed = true;
	nft_err(p->x, &t->loc, "syntax error, unexpected %s%s%s", nft_tok_desc(t, p->sc), expecting ? ", expecting " : "",
		expecting ? expecting : "");
	unexpected_hint(p, t, expecting);
}

void p_error(struct nft_parser *p, const struct nft_loc *loc, const char *fmt, ...)
{
	struct sbuf b = SBUF_INIT;
	va_list ap;

	if (p->failed)
		return;
	p->failed = true;
	va_start(ap, fmt);
	sbuf_vprintf(&b, fmt, ap);
	va_end(ap);
	nft_err(p->x, loc, "%s", sbuf_str(&b));
	sbuf_free(&b);
}

bool p_expect(struct nft_parser *p, enum nft_tok_kind k, const char *expecting)
{
	if (p_take(p, k))
		return true;
	p_unexpected(p, expecting);
	return false;
}

bool p_expect_kw(struct nft_parser *p, const char *word, const char *expecting)
{
	if (p_take_kw(p, word))
		return true;
	p_unexpected(p, expecting);
	return false;
}

struct nft_loc p_begin(struct nft_parser *p)
{
	return p_peek(p, 0)->loc;
}

struct nft_loc p_span(struct nft_parser *p, const struct nft_loc *begin)
{
	return nft_loc_span(begin, &p->last.loc);
}

void *p_noted(struct nft_parser *p, void *made)
{
	if (!made)
		p->x->oom = p->failed = true;
	return made;
}

char *p_strndup(struct nft_parser *p, const char *from, size_t n)
{
	return p_noted(p, mem_strndup(from, n));
}

char *p_text(struct nft_parser *p, const struct nft_tok *t)
{
	return p_strndup(p, t->text, t->len);
}

bool p_is_name(struct nft_parser *p)
{
	return p_is(p, TOK_WORD) && !nft_keyword(p_peek(p, 0), p->sc);
}

char *p_name(struct nft_parser *p, const char *expecting)
{
	if (!p_is_name(p)) {
		p_unexpected(p, expecting);
		return NULL;
	}
	p_next(p);
	return p_text(p, &p->last);
}

bool p_is_string(struct nft_parser *p)
{
	return p_is_name(p) || p_is(p, TOK_QUOTED) || p_is(p, TOK_STAR_STRING);
}

char *p_string(struct nft_parser *p)
{
	if (!p_is_string(p)) {
		p_unexpected(p, "string or quoted string or string with a trailing asterisk");
		return NULL;
	}
	p_next(p);
	return p_text(p, &p->last);
}

bool p_number(struct nft_parser *p, uint64_t *v, const char *expecting)
{
	if (!p_expect(p, TOK_NUM, expecting))
		return false;
	*v = p->last.num;
	return true;
}

/* the lexer has seen to the order of the units; a bare word is no time */
bool p_time(struct nft_parser *p, uint64_t *ms)
{
	static const struct { char unit; uint64_t ms; } units[] = {
		{ 'd', 86400000 }, { 'h', 3600000 }, { 'm', 60000 }, { 's', 1000 },
	};
	uint64_t sum = 0;
	char *text = p_name(p, "string"), *s = text;

	while (s && *s) {
		char *end;
		uint64_t n = strtoull(s, &end, 10), unit = 0;

		for (unsigned i = 0; i < ARRAY_LEN(units); i++)
			if (*end == units[i].unit)
				unit = units[i].ms;
		if (*end == 'm' && end[1] == 's') {
			unit = 1;
			end++;
		}
		if (end == s || !unit) {
			p_error(p, &p->last.loc, "can't parse time '%s'", text);
			break;
		}
		sum += n * unit;
		s = end + 1;
	}
	mem_free(text);
	*ms = sum;
	return !p->failed;
}

char *p_comment(struct nft_parser *p)
{
	char *s = p_string(p);

	if (s && strlen(s) > 128)
		p_error(p, &p->last.loc, "comment too long, 128 characters maximum allowed");
	return s;
}

bool p_is_sep(struct nft_parser *p)
{
	return p_is(p, TOK_NEWLINE) || p_is(p, TOK_SEMICOLON);
}

bool p_sep(struct nft_parser *p, const char *expecting)
{
	if (p_take(p, TOK_NEWLINE) || p_take(p, TOK_SEMICOLON))
		return true;
	p_unexpected(p, expecting ? expecting : "newline or semicolon");
	return false;
}

void p_newline(struct nft_parser *p)
{
	p_take(p, TOK_NEWLINE);
}

bool p_nest(struct nft_parser *p)
{
	struct nft_loc loc;

	if (p->nest++ < NFT_NEST_MAX)
		return true;
	loc = p_begin(p);
	p_error(p, &loc, "nested too deeply, max %u levels", NFT_NEST_MAX);
	p->nest--;
	return false;
}

bool p_recover(struct nft_parser *p)
{
	if (p->stop || p->x->oom)
		return false;
	while (p_peek(p, 0)->kind != TOK_NEWLINE && p_peek(p, 0)->kind != TOK_SEMICOLON) {
		if (p_peek(p, 0)->kind == TOK_EOF) {
			p->stop = true;
			return false;
		}
		p_next(p);
	}
	p_next(p);
	if (++p->errors == NFT_ERRORS_MAX) {
		p->stop = true;
		return false;
	}
	p->failed = false;
	return true;
}

/* ---- variables ---- */

static void define_free(struct nft_define *d)
{
	mem_free(d->name);
	nft_expr_free(d->val);
	mem_free(d);
}

void nft_defines_free(struct nft_ctx *x)
{
	while (x->defines) {
		struct nft_define *d = x->defines;

		x->defines = d->next;
		define_free(d);
	}
}

void p_open(struct nft_parser *p)
{
	p->level++;
}

void p_close(struct nft_parser *p)
{
	struct nft_ctx *x = p->x;

	while (x->defines && x->defines->level >= p->level) {
		struct nft_define *d = x->defines;

		x->defines = d->next;
		define_free(d);
	}
	p->level--;
}

const struct nft_define *p_define_find(struct nft_parser *p, const char *name)
{
	const struct nft_define *d;

	for (d = p->x->defines; d; d = d->next)
		if (!strcmp(d->name, name))
			return d;
	return NULL;
}

/* how many letters must change (Levenshtein); names are short */
static unsigned edit_distance(const char *a, const char *b)
{
	unsigned row[65], la = strlen(a), lb = strlen(b);

	if (la > 64 || lb > 64)
		return 64;
	for (unsigned j = 0; j <= lb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned diagonal = row[0], up;

		row[0] = i;
		for (unsigned j = 1; j <= lb; j++) {
			up = row[j];
			diagonal += a[i - 1] != b[j - 1];
			row[j] = MIN(MIN(up, row[j - 1]) + 1, diagonal);
			diagonal = up;
		}
	}
	return row[lb];
}

/* "did you mean": the nearest, of equally near ones the oldest, within the real tool's measure */
static const char *nearest_define(struct nft_parser *p, const char *name)
{
	const struct nft_define *d;
	const char *best = NULL;
	unsigned least = UINT32_MAX;

	for (d = p->x->defines; d; d = d->next) {
		unsigned la = strlen(name), lb = strlen(d->name), most = MAX(la, lb), dist = edit_distance(name, d->name);

		if (most > 1 && dist <= least && dist <= (most + (most - MIN(la, lb) <= 1 ? 2 : 4)) / 3) {
			least = dist;
			best = d->name;
		}
	}
	return best;
}

void p_unknown_define(struct nft_parser *p, const struct nft_loc *loc, const char *name)
{
	const char *near = nearest_define(p, name);

	if (near)
		p_error(p, loc, "unknown identifier '%s'; did you mean identifier ‘%s’?", name, near);
	else
		p_error(p, loc, "unknown identifier '%s'", name);
}

struct nft_expr *p_variable(struct nft_parser *p)
{
	const struct nft_define *d;
	struct nft_expr *e = NULL;
	char *name;

	p_next(p);
	name = p_name(p, "string");
	if (!name)
		return NULL;
	d = p_define_find(p, name);
	if (!d)
		p_unknown_define(p, &p->last.loc, name);
	else if (!(e = nft_expr_clone(d->val)))
		p->x->oom = p->failed = true;
	mem_free(name);
	return e;
}

static void define(struct nft_parser *p, char *name, struct nft_expr *val)
{
	struct nft_define *d = p_noted(p, mem_zalloc(sizeof(*d))), **at = &p->x->defines;

	if (!d || !name || !val) {
		mem_free(d);
		mem_free(name);
		nft_expr_free(val);
		return;
	}
	*d = (struct nft_define){ .next = *at, .name = name, .val = val, .level = p->level };
	*at = d;
}

static struct nft_define **defined_here(struct nft_parser *p, const char *name)
{
	struct nft_define **d;

	for (d = &p->x->defines; *d && (*d)->level == p->level; d = &(*d)->next)
		if (!strcmp((*d)->name, name))
			return d;
	return NULL;
}

static void forget(struct nft_define **d)
{
	struct nft_define *gone = *d;

	*d = gone->next;
	define_free(gone);
}

static void parse_define(struct nft_parser *p, bool again)
{
	char *name = p_name(p, "string");
	struct nft_loc at = p->last.loc;
	struct nft_expr *val = NULL;

	if (p_expect(p, TOK_ASSIGN, "'='"))
		val = p_initializer(p);
	p_sep(p, NULL);
	if (!p->failed && !again && defined_here(p, name))
		p_error(p, &at, "redefinition of symbol '%s'", name);
	if (!p->failed) {
		if (again && defined_here(p, name))
			forget(defined_here(p, name));
		define(p, name, val);
		return;
	}
	mem_free(name);
	nft_expr_free(val);
}

/* what is not defined is as good as undefined: the real tool says nothing about it */
static void parse_undefine(struct nft_parser *p)
{
	char *name = p_name(p, "string");
	struct nft_define **d = NULL;

	p_sep(p, NULL);
	if (!p->failed)
		d = defined_here(p, name);
	if (d)
		forget(d);
	mem_free(name);
}

/* ---- includes ---- */

static bool push_source(struct nft_parser *p, const char *name, struct sbuf *text, const struct nft_loc *at)
{
	struct nft_src *src;
	size_t len = text->len;
	char *bytes = sbuf_steal(text);

	src = bytes ? nft_src_add(p->x, name, bytes, len) : NULL;
	if (!src) {
		p->x->oom = p->failed = true;
		return false;
	}
	src->from = (struct nft_src *)at->src;
	src->from_line = at->line;
	src->from_col = at->col;
	src->from_end = at->end;
	nft_lex_init(&p->lex[++p->depth], src);
	return true;
}

/* 1: read, 0: no such file, -1: error */
static int include_file(struct nft_parser *p, const char *path, const struct nft_loc *at)
{
	struct sbuf text = SBUF_INIT;
	int err;

	if (p->depth == NFT_INCLUDE_DEPTH) {
		p_error(p, at, "Include nested too deeply, max %u levels", NFT_INCLUDE_DEPTH);
		return -1;
	}
	err = p->x->c->ops->file_read ? p->x->c->ops->file_read(p->x->c, path, &text) : -ENOENT;
	if (err < 0) {
		sbuf_free(&text);
		if (err == -ENOENT)
			return 0;
		if (err != -EISDIR)
			p_error(p, at, "Could not open file \"%s\": %s\n", path, strerror(-err));
		return err == -EISDIR ? 0 : -1;
	}
	sbuf_str(&text);
	err = push_source(p, path, &text, at) ? 1 : -1;
	sbuf_free(&text);
	return err;
}

struct names {
	const char *pattern;
	char **name;
	size_t n;
};

static int collect_name(void *ctx, const char *name)
{
	struct names *l = ctx;
	char **more;

	if (fnmatch(l->pattern, name, FNM_PERIOD | FNM_NOESCAPE))
		return 0;
	more = mem_realloc(l->name, (l->n + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	l->name = more;
	l->name[l->n] = mem_strdup(name);
	return l->name[l->n] ? (l->n++, 0) : -ENOMEM;
}

static int by_name_backwards(const void *a, const void *b)
{
	return -strcmp(*(char *const *)a, *(char *const *)b);
}

/* files of a folder by a pattern: pushed last first, so that they are read in order */
static bool include_glob(struct nft_parser *p, const char *path, const struct nft_loc *at)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? mem_strndup(path, slash > path ? slash - path : 1) : mem_strdup(".");
	struct names l = { .pattern = slash ? slash + 1 : path };
	bool ok = dir != NULL;

	if (ok && p->x->c->ops->file_list)
		p->x->c->ops->file_list(p->x->c, dir, collect_name, &l);
	if (l.n)
		qsort(l.name, l.n, sizeof(*l.name), by_name_backwards);
	for (size_t i = 0; i < l.n; i++) {
		char *file = NULL;

		if (ok && asprintf(&file, "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path, l.name[i]) >= 0)
			ok = include_file(p, file, at) >= 0;
		mem_free(file);
		mem_free(l.name[i]);
	}
	mem_free(l.name);
	mem_free(dir);
	return ok;
}

static bool is_local_path(const char *name)
{
	return name[0] == '/' || !strncmp(name, "./", 2) || !strncmp(name, "../", 3);
}

static void include(struct nft_parser *p, const char *name, const struct nft_loc *at)
{
	bool wild = strpbrk(name, "*?[") != NULL, direct = is_local_path(name);
	unsigned n = direct ? 1 : p->x->o.n_include + 1;
	int found = 0;

	for (unsigned i = 0; i < n && !found; i++) {
		const char *dir = i < p->x->o.n_include ? p->x->o.include[i] : "/etc";
		char *path = NULL;

		if (asprintf(&path, "%s%s%s", direct ? "" : dir, direct ? "" : "/", name) < 0)
			return;
		if (wild)
			found = include_glob(p, path, at) ? 0 : -1;
		else
			found = include_file(p, path, at);
		mem_free(path);
	}
	if (!found && !wild)
		p_error(p, at, "File not found: %s", name);
}

static void parse_include(struct nft_parser *p, const struct nft_loc *begin)
{
	struct nft_loc at;
	char *name = NULL;

	if (p_expect(p, TOK_QUOTED, "quoted string"))
		name = p_text(p, &p->last);
	p_sep(p, NULL);
	at = p_span(p, begin);
	if (!p->failed)
		include(p, name, &at);
	mem_free(name);
}

bool p_common(struct nft_parser *p)
{
	struct nft_loc begin = p_begin(p);

	if (p_take_kw(p, "include"))
		parse_include(p, &begin);
	else if (p_take_kw(p, "define"))
		parse_define(p, false);
	else if (p_take_kw(p, "redefine"))
		parse_define(p, true);
	else if (p_take_kw(p, "undefine"))
		parse_undefine(p);
	else
		return false;
	return true;
}

/* ---- a whole text ---- */

/* one line: a definition, a command, or nothing; false: that was the end */
static bool parse_line(struct nft_parser *p, struct list *cmds)
{
	struct nft_cmd *cmd;
	struct nft_loc begin;

	if (p_take(p, TOK_NEWLINE) || p_take(p, TOK_SEMICOLON) || p_common(p))
		return true;
	if (p_is(p, TOK_EOF))
		return false;
	begin = p_begin(p);
	cmd = p_cmd(p);
	if (cmd)
		cmd->loc = p_span(p, &begin);
	if (!p->failed && !p_is(p, TOK_EOF))
		p_sep(p, "end of file or newline or semicolon");
	if (p->failed)
		nft_cmd_free(cmd);
	else if (cmd)
		list_add_tail(cmds, &cmd->node);
	return true;
}

bool nft_parse(struct nft_ctx *x, struct nft_src *src, struct list *cmds)
{
	struct nft_parser p = { .x = x };
	unsigned before = x->n_errors;

	nft_lex_init(&p.lex[0], src);
	for (;;) {
		if (p.failed && !p_recover(&p))
			break;
		if (!parse_line(&p, cmds))
			break;
	}
	return x->n_errors == before && !x->oom;
}

struct nft_src *nft_src_add(struct nft_ctx *x, const char *name, char *text, size_t len)
{
	struct nft_src *s = mem_zalloc(sizeof(*s));

	if (!s || (name && !(s->name = mem_strdup(name)))) {
		mem_free(s);
		mem_free(text);
		return NULL;
	}
	s->text = text;
	s->len = len;
	s->oom = &x->oom;
	s->next = x->srcs;
	x->srcs = s;
	return s;
}

void nft_srcs_free_list(struct nft_src *s)
{
	struct nft_src *next;

	for (; s; s = next) {
		next = s->next;
		mem_free(s->name);
		mem_free(s->text);
		mem_free(s);
	}
}

void nft_srcs_free(struct nft_ctx *x)
{
	nft_srcs_free_list(x->srcs);
	x->srcs = NULL;
}

static struct nft_src *text_source(struct nft_ctx *x, const char *name, const char *text)
{
	char *copy = mem_strdup(text);

	return copy ? nft_src_add(x, name, copy, strlen(copy)) : NULL;
}

bool nft_define(struct nft_ctx *x, const char *name, const char *value)
{
	struct list none = LIST_INIT(none);
	struct sbuf b = SBUF_INIT;
	struct nft_src *src;
	bool ok;

	sbuf_printf(&b, "define %s = %s\n", name, value);
	src = text_source(x, "<cmdline>", sbuf_str(&b));
	sbuf_free(&b);
	ok = src && nft_parse(x, src, &none);
	nft_cmds_free(&none);
	return ok;
}

struct nft_expr *nft_parse_expr(struct nft_ctx *x, const char *text)
{
	struct nft_parser p = { .x = x };
	struct nft_src *src = text_source(x, NULL, text);
	struct nft_expr *e;

	if (!src)
		return NULL;
	nft_lex_init(&p.lex[0], src);
	e = p_is_primary(&p, NFT_LEFT) ? p_concat(&p) : p_rhs_list(&p);
	if (!p_is(&p, TOK_EOF))
		p_unexpected(&p, "end of file");
	if (!p.failed)
		return e;
	nft_expr_free(e);
	return NULL;
}

bool nft_parse_rule(struct nft_ctx *x, const char *text, struct list *stmts)
{
	struct nft_parser p = { .x = x };
	struct nft_src *src = text_source(x, NULL, text);

	if (!src)
		return false;
	nft_lex_init(&p.lex[0], src);
	while (!p.failed && !p_is(&p, TOK_EOF)) {
		struct nft_stmt *s = p_stmt(&p);

		if (s)
			list_add_tail(stmts, &s->node);
	}
	return !p.failed;
}
