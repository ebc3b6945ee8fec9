/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/programs.h - the programs of simulated hosts, by name. A program is added with its prototype here and a row in
 * programs.c.
 */
#ifndef LAB_PROGRAMS_H
#define LAB_PROGRAMS_H

#include "lab/proc.h"

typedef int program_fn(struct proc *p, int argc, char **argv);

struct program {
	const char *name;
	program_fn *run;
};

program_fn prog_apt;
program_fn prog_arping;
program_fn prog_basename;
program_fn prog_cat;
program_fn prog_chmod;
program_fn prog_clear;
program_fn prog_cp;
program_fn prog_curl;
program_fn prog_date;
program_fn prog_dirname;
program_fn prog_dmesg;
program_fn prog_head;
program_fn prog_hostname;
program_fn prog_httpd;
program_fn prog_id;
program_fn prog_ls;
program_fn prog_lsmod;
program_fn prog_mkdir;
program_fn prog_modprobe;
program_fn prog_mv;
program_fn prog_nc;
program_fn prog_netfilter_persistent;
program_fn prog_netstat;
program_fn prog_nohup;
program_fn prog_ping;
program_fn prog_python;
program_fn prog_reboot;
program_fn prog_rm;
program_fn prog_rmdir;
program_fn prog_rmmod;
program_fn prog_seq;
program_fn prog_service;
program_fn prog_sleep;
program_fn prog_ss;
program_fn prog_systemctl;
program_fn prog_tcpdump;
program_fn prog_tee;
program_fn prog_telnet;
program_fn prog_timeout;
program_fn prog_touch;
program_fn prog_traceroute;
program_fn prog_uname;
program_fn prog_wget;
program_fn prog_which;
program_fn prog_whoami;
program_fn prog_xargs;
program_fn prog_yes;
program_fn prog_yum;

bool service_known(const char *name);	/* is there a service of that name */
extern const struct program programs[];		/* by name; ends with a NULL name */
const struct program *program_find(const char *name);

#endif
