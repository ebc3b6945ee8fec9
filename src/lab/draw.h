/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/draw.h - the topology of a lab as a picture of text.
 */
#ifndef LAB_DRAW_H
#define LAB_DRAW_H

#include "base/sbuf.h"

struct lab;

/**
 * draw_topology() - hosts, their links and addresses, and the bridges that join them; nothing while no host has an
 * address
 */
void draw_topology(struct lab *l, struct sbuf *out);

#endif
