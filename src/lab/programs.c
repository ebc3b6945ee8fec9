/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/programs.c - the table of programs that simulated hosts have, beside the tools of front/tools.c and the machine's text filters (lab/filter.c).
 */
#include "lab/programs.h"

#include <string.h>

const struct program programs[] = {
	{ "apt", prog_apt },
	{ "apt-get", prog_apt },
	{ "basename", prog_basename },
	{ "cat", prog_cat },
	{ "cp", prog_cp },
	{ "date", prog_date },
	{ "dirname", prog_dirname },
	{ "dmesg", prog_dmesg },
	{ "dnf", prog_yum },
	{ "head", prog_head },
	{ "hostname", prog_hostname },
	{ "id", prog_id },
	{ "ls", prog_ls },
	{ "lsmod", prog_lsmod },
	{ "mkdir", prog_mkdir },
	{ "modprobe", prog_modprobe },
	{ "mv", prog_mv },
	{ "netfilter-persistent", prog_netfilter_persistent },
	{ "nohup", prog_nohup },
	{ "ping", prog_ping },
	{ "ping4", prog_ping },
	{ "reboot", prog_reboot },
