/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/optscan.h - getopt_long() without its globals: in order, with words that are no options, abbreviations and
 * optional values.
 *
 * Rows may be added while scanning, as iptables does when it loads a match. An abbreviation is good when it is a
 * prefix of rows that all mean the same (.val and .arg); a full name is the first row of that name.
 */
#ifndef FRONT_OPTSCAN_H
#define FRONT_OPTSCAN_H

#include "base/types.h"

enum opt_arg { OPT_NONE, OPT_REQ, OPT_MAYBE };

struct opt_row {
	const char *name;
	enum opt_arg arg;
	int val;
};

enum opt_event { OPT_END, OPT_WORD, OPT_FOUND, OPT_UNKNOWN, OPT_MISSING };

struct optscan {
	int argc, next;			/* next: index of the word to look at, as optind */
	char **argv;
	const char *shorts;		/* letters; ":" behind one: needs a value, "::": may have one attached */
	const struct opt_row *rows;	/* long options */
	unsigned n_rows;
	const char *cluster;		/* rest of "-xyz" */
	/* of the last event */
	const char *arg;		/* value, or the word; NULL: none */
	int val;			/* row's .val, or the letter */
	bool is_long;
};

enum opt_event optscan_next(struct optscan *s);
/** optscan_has_arg() - does a word follow that is neither an option nor "!" */
bool optscan_has_arg(const struct optscan *s);

#endif
