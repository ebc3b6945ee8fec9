/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/programs.c - the table of programs that simulated hosts have, beside the tools of front/tools.c and the
 * machine's text filters (lab/filter.c).
 */
#include "lab/programs.h"

#include <string.h>

const struct program programs[] = {
	{ "apt", prog_apt },
	{ "apt-get", prog_apt },
	{ "arping", prog_arping },
	{ "basename", prog_basename },
	{ "cat", prog_cat },
	{ "chmod", prog_chmod },
	{ "clear", prog_clear },
	{ "cp", prog_cp },
	{ "curl", prog_curl },
	{ "date", prog_date },
	{ "dirname", prog_dirname },
	{ "dmesg", prog_dmesg },
	{ "dnf", prog_yum },
	{ "head", prog_head },
	{ "hostname", prog_hostname },
	{ "httpd", prog_httpd },
	{ "id", prog_id },
	{ "ls", prog_ls },
	{ "lsmod", prog_lsmod },
	{ "mkdir", prog_mkdir },
	{ "modprobe", prog_modprobe },
	{ "mv", prog_mv },
	{ "nc", prog_nc },
	{ "nc.openbsd", prog_nc },
	{ "netcat", prog_nc },
	{ "netfilter-persistent", prog_netfilter_persistent },
	{ "netstat", prog_netstat },
	{ "nohup", prog_nohup },
	{ "ping", prog_ping },
	{ "ping4", prog_ping },
	{ "ping6", prog_ping },
	{ "python", prog_python },
	{ "python3", prog_python },
	{ "reboot", prog_reboot },
	{ "rm", prog_rm },
	{ "rmdir", prog_rmdir },
	{ "rmmod", prog_rmmod },
	{ "seq", prog_seq },
	{ "service", prog_service },
	{ "sleep", prog_sleep },
	{ "ss", prog_ss },
	{ "systemctl", prog_systemctl },
	{ "tcpdump", prog_tcpdump },
	{ "tee", prog_tee },
	{ "telnet", prog_telnet },
	{ "timeout", prog_timeout },
	{ "touch", prog_touch },
	{ "traceroute", prog_traceroute },
	{ "traceroute6", prog_traceroute },
	{ "uname", prog_uname },
	{ "wget", prog_wget },
	{ "which", prog_which },
	{ "whoami", prog_whoami },
	{ "xargs", prog_xargs },
	{ "yes", prog_yes },
	{ "yum", prog_yum },
	{ NULL, NULL },
};

const struct program *program_find(const char *name)
{
	for (const struct program *p = programs; p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}
