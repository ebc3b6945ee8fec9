/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/sysctl.h - the `sysctl` command.
 */
#ifndef FRONT_SYSCTL_H
#define FRONT_SYSCTL_H

#include "front/cmd.h"

int sysctl_main(struct cmd *c, int argc, char **argv);

#endif
