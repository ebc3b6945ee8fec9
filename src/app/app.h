/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * app/app.h - the subcommands, one file each. Each is called with its own name as argv[0] and returns the exit status.
 */
#ifndef APP_APP_H
#define APP_APP_H

#include <stdbool.h>

int app_lab(int argc, char **argv);			/* lab.c */
int app_replay(int argc, char **argv);			/* replay.c */
/** app_tool() - a tool on the namespace kept in $NATBOX_STATE (tool.c); @hints: called as `natbox TOOL` */
int app_tool(int argc, char **argv, bool hints);

#endif
