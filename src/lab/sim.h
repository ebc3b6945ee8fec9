/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/sim.h - a simulated network as a place to run a lab's commands in.
 */
#ifndef LAB_SIM_H
#define LAB_SIM_H

#include "lab/backend.h"

struct lab;

#define SIM_SEED 1
/* UTC of a lab's beginning, always the same, so that its output is too: 2026-01-05 09:00:00 */
#define SIM_EPOCH_NS 1767603600000000000ull

/** sim_new() - NULL: no memory */
struct backend *sim_new(uint64_t seed, uint64_t wall_ns);
struct lab *sim_lab(struct backend *b);
/**
 * sim_interactive() - time passes as on the wall, and a running command ends when *@interrupted becomes true (a
 * signal handler's)
 */
void sim_interactive(struct backend *b, volatile int *interrupted);
unsigned sim_interrupts(struct backend *b);	/* how many commands were */

#endif
