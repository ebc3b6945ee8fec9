/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * app/main.c - one program under many names: `natbox SUBCOMMAND ...`, `natbox TOOL ...`, or a link named TOOL.
 *
 * A row of subcommands[] for each thing natbox does itself; every other word is a tool of the command languages
 * (front/tools.c), which then acts on the namespace kept in NATBOX_STATE.
 */
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "base/diag.h"
#include "front/cmd.h"

struct subcommand {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
};

static int run_help(int argc, char **argv);
static int run_version(int argc, char **argv);

static const struct subcommand subcommands[] = {
	{ "lab", app_lab, "run labs, or play in one: natbox lab [FILE.md ...]" },
	{ "replay", app_replay, "captures through a rule set: natbox replay --setup FILE --in IF=CAPTURE ..." },
	{ "help", run_help, "this" },
	{ "version", run_version, "natbox's version" },
};

static void print_usage(FILE *f)
{
	fputs("natbox: Netfilter in user space\n\n"
	      "Try one of these:\n"
	      "    natbox lab -t two-segments     play with a NAT server between two networks\n"
	      "    natbox lab labs/nat-server.md  run a lab: commands, and what they must print\n"
	      "    natbox help                    everything that there is\n",
	      f);
}

static int run_help(int argc, char **argv)
{
	puts("usage: natbox SUBCOMMAND ...\n       natbox TOOL ...              on the namespace kept in the file that "
	     "NATBOX_STATE names\n\nsubcommands:");
	for (size_t i = 0; i < ARRAY_LEN(subcommands); i++)
		printf("    %-10s %s\n", subcommands[i].name, subcommands[i].what);
	puts("\ntools:");
	for (const struct cmd_tool *t = cmd_tools; t->name; t++)
		printf("    %s\n", t->name);
	puts("\nA link to natbox named like a tool is that tool.");
	return 0;
}

static int run_version(int argc, char **argv)
{
	puts("natbox " NATBOX_VERSION);
	return 0;
}

static const struct subcommand *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(subcommands); i++)
		if (strcmp(subcommands[i].name, name) == 0)
			return &subcommands[i];
	return NULL;
}

static int unknown(const char *word)
{
	const char *names[128];
	size_t n = 0;
	const char *near;

	for (size_t i = 0; i < ARRAY_LEN(subcommands); i++)
		names[n++] = subcommands[i].name;
	for (const struct cmd_tool *t = cmd_tools; t->name && n < ARRAY_LEN(names) - 1; t++)
		names[n++] = t->name;
	names[n] = NULL;
	near = diag_nearest(word, names);
	fprintf(stderr, "natbox: no subcommand or tool is called '%s'\n", word);
	if (near)
		fprintf(stderr, "natbox: hint: did you mean '%s'?\n", near);
	else
		fprintf(stderr, "natbox: hint: `natbox help` lists them\n");
	return 2;
}

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL, *name = slash ? slash + 1 : argc ? argv[0] : "natbox";
	const struct subcommand *s;

	if (strcmp(name, "natbox") != 0 && cmd_tool_find(name)) {
		argv[0] = (char *)name;
		return app_tool(argc, argv, false);
	}
	if (argc < 2) {
		print_usage(stdout);
		return 0;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		return run_version(argc, argv);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return run_help(argc, argv);
	s = find(argv[1]);
	if (s)
		return s->run(argc - 1, argv + 1);
	if (cmd_tool_find(argv[1]))
		return app_tool(argc - 1, argv + 1, true);
	return unknown(argv[1]);
}
