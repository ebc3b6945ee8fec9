/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/interactive.h - a lab to type into: prompts, history, completion, pasted lines, saving what happened as a lab
 * file.
 */
#ifndef LAB_INTERACTIVE_H
#define LAB_INTERACTIVE_H

#include <stdint.h>
#include <stdio.h>

/** interactive_run() - until the user leaves; @topology: one of the ready ones, NULL: empty; the exit status */
int interactive_run(const char *topology, uint64_t seed);
void topologies_print(FILE *f);

#endif
