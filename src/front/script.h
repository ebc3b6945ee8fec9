/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/script.h - a file of commands that make a namespace: replay's setup, and what a state file holds.
 *
 * The shell and the command languages over one namespace, without time, processes or hosts: a command runs to its end before the next begins, files are
 * the machine's own and are only read.
 */
#ifndef FRONT_SCRIPT_H
#define FRONT_SCRIPT_H

#include "front/stream.h"
#include "ns/netns.h"

struct script {
	struct world *world;
	struct netns *ns;
	const char *dir;		/* relative file names are from here; NULL: the current folder */
	struct stream *in, *out, *err;	/* of the commands; NULL: nothing */
	bool hints;			/* called as `natbox TOOL` */
};

/**
 * script_run() - run @text to its end or to the first command that fails
 * @name: of the file, for messages
 * Return: 0, or the exit status of what failed; *@line (may be NULL) is then where it stands
 */
int script_run(const struct script *s, const char *name, const char *text, unsigned *line);
/** script_command() - one command in the namespace, given as words; its exit status, 127 with a message when there is none of that name */
int script_command(const struct script *s, int argc, char **argv);
/** script_read_file() - a whole file of the machine; 0 or -errno */
int script_read_file(const char *path, struct sbuf *out);

#endif
