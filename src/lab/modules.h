/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/modules.h - kernel modules as lsmod shows them: what the network in use would have loaded, and what modprobe
 * was asked for.
 *
 * Nothing depends on them: natbox has all that it has. They are there because articles look.
 */
#ifndef LAB_MODULES_H
#define LAB_MODULES_H

#include "base/sbuf.h"

#define LAB_KERNEL "6.1.0-natbox"

struct lab;

/** modules_print() - as lsmod prints them, or as /proc/modules has them */
void modules_print(struct lab *l, struct sbuf *out, bool proc);
/** module_load() - -ENOENT: no module of that name is known */
int module_load(struct lab *l, const char *name);
int module_unload(struct lab *l, const char *name);	/* -ENOENT: not loaded */
void modules_free(struct lab *l);

#endif
