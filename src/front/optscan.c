/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/optscan.c - getopt_long() as glibc has it, without globals: see optscan.h.
 *
 * Invariants
 *  1. .next never passes .argc; what follows "--" is not looked at.
 *
 * Reference: getopt(3), with "-" first in the option string.
 */
#include "front/optscan.h"

#include <string.h>

bool optscan_has_arg(const struct optscan *s)
{
	return s->next < s->argc && s->argv[s->next][0] != '-' && s->argv[s->next][0] != '!';
}

static const struct opt_row *find_long(const struct optscan *s, const char *name, size_t n)
{
	const struct opt_row *part = NULL;

	for (unsigned i = 0; i < s->n_rows; i++)
		if (strlen(s->rows[i].name) == n && memcmp(s->rows[i].name, name, n) == 0)
			return &s->rows[i];
	for (unsigned i = 0; i < s->n_rows; i++) {
		const struct opt_row *r = &s->rows[i];

		if (strncmp(r->name, name, n) != 0)
			continue;
		if (part && (part->val != r->val || part->arg != r->arg))
			return NULL;
		part = part ? part : r;
	}
	return part;
}

static enum opt_event take_value(struct optscan *s)
{
	if (s->next >= s->argc)
		return OPT_MISSING;
	s->arg = s->argv[s->next++];
	return OPT_FOUND;
}

static enum opt_event next_long(struct optscan *s, const char *word)
{
	const char *eq = strchr(word, '=');
	const struct opt_row *r = find_long(s, word, eq ? (size_t)(eq - word) : strlen(word));

	s->is_long = true;
	if (!r || (eq && r->arg == OPT_NONE))
		return OPT_UNKNOWN;
	s->val = r->val;
	if (eq)
		s->arg = eq + 1;
	else if (r->arg == OPT_REQ)
		return take_value(s);
	return OPT_FOUND;
}

static enum opt_event next_short(struct optscan *s)
{
	char letter = *s->cluster++;
	const char *spec = letter == ':' ? NULL : strchr(s->shorts, letter);
	const char *rest = s->cluster;

	s->is_long = false;
	if (!*rest) {
		s->cluster = NULL;
		s->next++;
	}
	s->val = letter;
	if (!spec)
		return OPT_UNKNOWN;
	if (spec[1] != ':')
		return OPT_FOUND;
	if (*rest) {
		s->arg = rest;
		s->cluster = NULL;
		s->next++;
		return OPT_FOUND;
	}
	return spec[2] == ':' ? OPT_FOUND : take_value(s);
}

/** optscan_next() - the next option or word of the command line */
enum opt_event optscan_next(struct optscan *s)
{
	const char *word;

	s->arg = NULL;
	s->val = 0;
	if (s->cluster)
		return next_short(s);
	if (s->next >= s->argc)
		return OPT_END;
	word = s->argv[s->next];
	if (word[0] != '-' || word[1] == '\0') {
		s->next++;
		s->arg = word;
		return OPT_WORD;
	}
	if (word[1] != '-') {
		s->cluster = word + 1;
		return next_short(s);
	}
	s->next++;
	if (word[2] == '\0')
		return OPT_END;
	return next_long(s, word + 2);
}
