/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/sysctl.h - the `sysctl` command.
 */
#ifndef FRONT_SYSCTL_H
#define FRONT_SYSCTL_H

#include "front/cmd.h"

int sysctl_main(struct cmd *c, int argc, char **argv);
/** sysctl_load() - the settings of a file, as `sysctl -p FILE` (the boot of a host does it quietly); exit status */
int sysctl_load(struct cmd *c, const char *path, bool quiet);

#endif
