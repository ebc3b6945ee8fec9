/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/programs.h - the programs of simulated hosts, by name. A program is added with its prototype here and a row in programs.c.
 */
#ifndef LAB_PROGRAMS_H
#define LAB_PROGRAMS_H

#include "lab/proc.h"

typedef int program_fn(struct proc *p, int argc, char **argv);

struct program {
	const char *name;
	program_fn *run;
};

extern const struct program programs[];		/* by name; ends with a NULL name */
const struct program *program_find(const char *name);

#endif
