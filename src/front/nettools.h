/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nettools.h - the commands of net-tools that older instructions use: `ifconfig`, `route`, `arp`.
 */
#ifndef FRONT_NETTOOLS_H
#define FRONT_NETTOOLS_H

#include "front/cmd.h"

int ifconfig_main(struct cmd *c, int argc, char **argv);
int route_main(struct cmd *c, int argc, char **argv);
int arp_main(struct cmd *c, int argc, char **argv);

#endif
