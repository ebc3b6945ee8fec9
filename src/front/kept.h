/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/kept.h - what a kept namespace remembers besides the commands that make it.
 */
#ifndef FRONT_KEPT_H
#define FRONT_KEPT_H

#include "base/sbuf.h"
#include "ns/netns.h"

/** kept_print() - handles, generation and time as lines that a shell takes for comments; nothing without tables */
void kept_print(const struct netns *ns, struct sbuf *out);
/** kept_wall_ms() - when @text was printed, wall time in ms since 1970; 0: it does not say */
uint64_t kept_wall_ms(const char *text);
/**
 * kept_read() - gives what @ns was made of by @text's commands the handles and the order that @text says
 * What it does not speak of gets new ones.
 */
void kept_read(struct netns *ns, const char *text);

#endif
