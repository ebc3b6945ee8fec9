/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/bridge.h - the commands `bridge` and `brctl`.
 */
#ifndef FRONT_BRIDGE_H
#define FRONT_BRIDGE_H

#include "front/cmd.h"

int bridge_main(struct cmd *c, int argc, char **argv);
int brctl_main(struct cmd *c, int argc, char **argv);

#endif
