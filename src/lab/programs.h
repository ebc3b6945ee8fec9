/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/programs.h - the programs of simulated hosts, by name. A program is added with its prototype here and a row in programs.c.
 */
#ifndef LAB_PROGRAMS_H
#define LAB_PROGRAMS_H

#include "lab/proc.h"

typedef int program_fn(struct proc *p, int argc, char **argv);

struct program {
	const char *name;
	program_fn *run;
};

program_fn prog_apt, prog_basename, prog_cat, prog_cp, prog_date, prog_dirname, prog_dmesg, prog_head,
	prog_hostname, prog_id, prog_ls, prog_lsmod, prog_mkdir, prog_modprobe, prog_mv, prog_nc, prog_netfilter_persistent,
	prog_nohup, prog_ping, prog_reboot, prog_rm, prog_rmdir, prog_rmmod, prog_seq, prog_service, prog_sleep, prog_systemctl,
	prog_tcpdump, prog_tee, prog_timeout, prog_touch, prog_traceroute, prog_uname, prog_which, prog_whoami, prog_xargs, prog_yes,
	prog_yum;

extern const struct program programs[];		/* by name; ends with a NULL name */
const struct program *program_find(const char *name);

#endif
