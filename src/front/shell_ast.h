/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/shell_ast.h - what the shell's parser makes of a text, and what its files share. Only front/shell*.c look in
 * here.
 *
 * A word is kept as it was written, quotes and all; shell_expand.c takes it apart when it is needed.
 */
#ifndef FRONT_SHELL_AST_H
#define FRONT_SHELL_AST_H

#include "front/shell.h"

#define SHELL_DEPTH_MAX 60		/* nested compounds, substitutions, calls: each costs stack */

enum node_kind {
	NODE_SIMPLE,			/* .assigns, .words */
	NODE_PIPE,			/* .first: stages by .next */
	NODE_AND, NODE_OR,		/* .first, .second */
	NODE_SEQ,			/* .first: commands by .next */
	NODE_BG,			/* .first */
	NODE_NOT,			/* .first */
	NODE_SUBSHELL, NODE_GROUP,	/* .first */
	NODE_IF,			/* .first condition, .second then, .third else or NULL */
	NODE_WHILE, NODE_UNTIL,		/* .first condition, .second body */
	NODE_FOR,			/* .name, .words (NULL and !has_in: "$@"), .first body */
	NODE_CASE,			/* .words subject, .cases */
	NODE_FUNC,			/* .name, .first */
	NODE_ARITH,			/* .name expression of (( )) */
	NODE_COND,			/* .words inside [[ ]] */
};

struct shell_word {
	struct shell_word *next;
	char *raw;
};

enum redir_op {
	REDIR_IN,
	REDIR_OUT,
	REDIR_APPEND,
	REDIR_DUP,
	REDIR_HERE,
	REDIR_STRING,
	REDIR_BOTH,
	REDIR_BOTH_APPEND,
	REDIR_RW
};

struct shell_redir {
	struct shell_redir *next;
	enum redir_op op;
	int fd;
	char *word;			/* raw; of a here-document its text */
	bool literal;			/* here-document whose delimiter was quoted */
	bool strip;			/* <<- */
	char *delim;
};

struct shell_case {
	struct shell_case *next;
	struct shell_word *patterns;
	struct shell_node *body;	/* may be NULL */
};

struct shell_node {
	enum node_kind kind;
	unsigned line;
	bool has_in;
	struct shell_node *next, *first, *second, *third;
	struct shell_word *assigns, *words;
	struct shell_redir *redirs;
	struct shell_case *cases;
	char *name;
};

struct shell_chunk;

struct shell_script {
	unsigned refs;
	struct shell_node *root;	/* NULL: nothing to do */
	struct shell_chunk *chunks;	/* all nodes and strings */
};

/* why a text could not be parsed */
struct shell_syntax {
	struct sbuf text;		/* without "bash: -c: line N: " */
	unsigned line;
	char *source;			/* the line to quote, or NULL */
	bool incomplete;		/* more text could make it right */
	bool nomem;
	struct sbuf warning;		/* a here-document without its end */
	unsigned warning_line;
};

struct shell_script *script_parse(const char *text, struct shell_syntax *err);	/* NULL: see @err */
void shell_syntax_free(struct shell_syntax *err);
struct shell_script *script_hold(struct shell_script *s);
void script_put(struct shell_script *s);
/**
 * word_skip() - the end of the quoted or substituted part that begins at @p ('"', '\'', '`', '$', '\\'), or NULL: it
 * has none
 */
const char *word_skip(const char *p, unsigned depth);

/* ---- shell_expand.c ---- */
enum expand_mode {
	EXPAND_FIELDS,			/* split and matched against files */
	EXPAND_ONE,			/* one string (assignment, redirection, here-string) */
	EXPAND_HERE,			/* a here-document: quotes are characters */
	EXPAND_PATTERN,			/* one string in which quoted characters are escaped, for fnmatch() */
};
/** expand_word() - append what @raw becomes; 0, or -1 after an error was told (sh->flow says what follows) */
int expand_word(struct shell *sh, const char *raw, enum expand_mode mode, struct shell_words *out);
/** expand_string() - one of the modes that give one string, malloc()ed; NULL after an error */
char *expand_string(struct shell *sh, const char *raw, enum expand_mode mode);

/* ---- shell_arith.c ---- */
/** arith_eval() - @text after expansion; 0, or -1 after an error was told */
int arith_eval(struct shell *sh, const char *text, int64_t *val);

/* ---- shell_builtin.c ---- */
typedef int builtin_fn(struct shell *sh, int argc, char **argv);
struct builtin {
	const char *name;
	builtin_fn *run;
	bool program;			/* exists as a file too: `sudo echo`, `ip netns exec h echo` */
};
const struct builtin *builtin_find(const char *name);
/** shell_refuse_option() - "NAME: -x: invalid option" and its usage; returns 2 */
int shell_refuse_option(struct shell *sh, const char *cmd, const char *opt, const char *usage);

/* ---- shell_text.c ---- */
int builtin_echo(struct shell *sh, int argc, char **argv);
int builtin_printf(struct shell *sh, int argc, char **argv);
int builtin_test(struct shell *sh, int argc, char **argv);	/* "[" and "test"; [[ ]] calls it as "[[" */

/* ---- shell_vars.c ---- */
bool shell_is_name(const char *s, size_t n);
struct shell_var *shell_var_find(const struct shell *sh, const char *name);	/* NULL: not set */
struct shell_func *shell_func_find(const struct shell *sh, const char *name);
int shell_set_func(struct shell *sh, const struct shell_node *n);	/* exit status */
int shell_unset(struct shell *sh, const char *name, bool func);
void shell_set_local(struct shell *sh, const char *name);	/* until the function returns */
void shell_leave_scope(struct shell *sh);
struct shell *shell_clone(struct shell *sh);			/* NULL: no memory */

/* ---- shell.c ---- */
int shell_exec_node(struct shell *sh, const struct shell_node *n);
/** shell_capture() - output of @text run in a subshell, to its end; sh->status is its status */
int shell_capture(struct shell *sh, const char *text, struct sbuf *out);
int shell_wait_jobs(struct shell *sh, int pid);			/* pid 0: all */

struct shell_var {
	struct shell_var *next;
	char *name, *value;		/* value NULL: declared only */
	bool export;
	unsigned scope;			/* function call depth that it belongs to */
};

struct shell_func {
	struct shell_func *next;
	char *name;
	const struct shell_node *body;
	struct shell_script *script;
};

struct shell_job {
	struct shell_job *next;
	int pid;
};

#endif
