/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/transcript.h - a lab file: Markdown with console blocks, taken apart, run, compared, and written again.
 */
#ifndef LAB_TRANSCRIPT_H
#define LAB_TRANSCRIPT_H

#include <stdio.h>

#include "lab/backend.h"

enum step_kind {
	STEP_PROSE,			/* lines that are only passed on */
	STEP_RUN,			/* HOST# command */
	STEP_OPEN,			/* HOST:TERM# command */
	STEP_STOP,			/* HOST:TERM^C */
	STEP_SHOW,			/* HOST:TERM? */
	STEP_TYPE,			/* HOST:TERM< text */
	STEP_FILE,			/* a file block's text */
	STEP_END,			/* a console block ends here */
};

struct step {
	enum step_kind kind;
	unsigned first, n;		/* its lines in the file, from 0: as typed, or prose */
	unsigned want, n_want;		/* expected lines, without trailing empty ones */
	bool blank;			/* empty lines followed */
	char *host, *term, *text;	/* command, typed text, or path of a file block */
};

struct transcript {
	char *name;			/* of the file, for messages */
	char *data;
	char **lines;			/* into .data */
	unsigned n_lines;
	struct step *steps;
	unsigned n_steps, cap_steps;
	char *error;			/* why it could not be taken apart: "FILE:LINE: ..." */
};

struct transcript_opts {
	bool keep_going;		/* after a difference */
	bool verbose;			/* show what happens as it happens */
	bool color;
	FILE *report;			/* differences and what -v shows; NULL: nobody looks */
	/* called at the end of each console block (to draw the topology); NULL: nobody */
	void (*block_end)(void *ctx, unsigned nth);
	void *ctx;
};

/**
 * transcript_parse() - take a lab apart
 * @simulated: console sim blocks are commands too; else they are prose
 * Return: a transcript, perhaps with .error; NULL: no memory
 */
struct transcript *transcript_parse(const char *name, const char *text, size_t n, bool simulated);
void transcript_free(struct transcript *t);
/**
 * transcript_run() - run all of it in @b
 * @updated: gets the file again with the output that was really given; may be NULL
 * Return: differences found, or -errno when it could not be run to its end (which has been reported)
 */
int transcript_run(const struct transcript *t, struct backend *b, const struct transcript_opts *o,
		   struct sbuf *updated);

/**
 * transcript_prompt() - "HOST# cmd", "HOST:TERM# cmd", "[root@HOST ~]# cmd"; names are malloc()ed, *cmd points into
 * @line; false: none of them
 */
bool transcript_prompt(const char *line, char **host, char **term, const char **cmd);
/** transcript_here() - does @cmd end in <<WORD: its length and start, or NULL */
const char *transcript_here(const char *cmd, size_t *n);

/* ---- match.c ---- */
/** match_line() - one expected line, with (re) and (glob), against one line of output */
bool match_line(const char *want, const char *got);
/** match_lines() - expected lines, ... among them, against all lines of output */
bool match_lines(char *const *want, size_t n_want, char *const *got, size_t n_got);
/** match_diff() - what is missing and what is too many, as lines that begin with "-", "+" or " " behind @indent */
void match_diff(char *const *want, size_t n_want, char *const *got, size_t n_got, const char *indent, struct sbuf *out);

#endif
