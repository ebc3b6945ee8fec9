/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/prog_sys.c - programs of simulated hosts about the system: sleep, timeout, date, uname, hostname, id, whoami,
 * which, dmesg, lsmod, modprobe, rmmod.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lab/lab.h"
#include "lab/modules.h"
#include "lab/programs.h"

static int try_help(struct proc *p, char **argv)
{
	proc_eprintf(p, "Try '%s --help' for more information.\n", argv[0]);
	return 1;
}

/* "1.5", "2s", "3m", "1h", "1d": ns; false: told that it is no time */
static bool duration(struct proc *p, const char *who, const char *s, uint64_t *ns)
{
	static const struct {
		char unit;
		double s;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	char *end;
	double v = strtod(s, &end), scale = 1;
	size_t i;

	for (i = 0; *end && i < ARRAY_LEN(units); i++)
		if (*end == units[i].unit && !end[1])
			break;
	if (end == s || v < 0 || v != v || (*end && i == ARRAY_LEN(units))) {
		proc_eprintf(p, "%s: invalid time interval '%s'\n", who, s);
		return false;
	}
	if (*end)
		scale = units[i].s;
	*ns = v * scale > 1e9 ? 1000000000ull * NSEC_PER_SEC : (uint64_t)(v * scale * 1e9);
	return true;
}

int prog_sleep(struct proc *p, int argc, char **argv)
{
	uint64_t total = 0, ns;

	if (argc < 2) {
		proc_eprintf(p, "sleep: missing operand\n");
		return try_help(p, argv);
	}
	for (int i = 1; i < argc; i++) {
		if (!duration(p, "sleep", argv[i], &ns))
			return try_help(p, argv);
		total += ns;
	}
	return proc_sleep(p, total) < 0;
}

int prog_timeout(struct proc *p, int argc, char **argv)
{
	struct proc_opts o = { .posix = true };
	uint64_t ns, until;
	struct proc *child;
	int sig = SIGTERM, status, c;

	while ((c = proc_getopt(p, &o, "s:k:", NULL)) != -1) {
		if (c == '?')
			return 124 + try_help(p, argv);
		if (c == 's' && (strcmp(o.arg, "INT") == 0 || strcmp(o.arg, "SIGINT") == 0 || strcmp(o.arg, "2") == 0))
			sig = SIGINT;
		else if (c == 's' && (strcmp(o.arg, "KILL") == 0 || strcmp(o.arg, "9") == 0))
			sig = SIGKILL;
		else if (c == 's' && strcmp(o.arg, "TERM") != 0) {
			proc_eprintf(p, "timeout: %s: invalid signal\n", o.arg);
			return 125;
		}
	}
	if (argc - o.ind < 2) {
		proc_eprintf(p, "timeout: missing operand\n");
		return 124 + try_help(p, argv);
	}
	if (!duration(p, "timeout", argv[o.ind], &ns))
		return 124 + try_help(p, argv);
	status = command_start(p->host, p, argc - o.ind - 1, argv + o.ind + 1, NULL, NULL, NULL, &child);
	if (status < 0) {
		proc_eprintf(p, "timeout: failed to run command '%s': %s\n", argv[o.ind + 1], strerror(-status));
		return status == -ENOENT ? 127 : 126;
	}
	until = ns ? proc_now(p) + ns : SCHED_NEVER;
	while (!child->done && (status = proc_wait(p, &child->exited, until)) == 0)
		;
	if (!child->done && status == -ETIMEDOUT) {
		proc_kill(child, sig);
		proc_join(p, child);
		status = sig == SIGKILL ? 137 : 124;
	} else {
		status = child->status;
	}
	proc_put(child);
	return status;
}

int prog_date(struct proc *p, int argc, char **argv)
{
	time_t t = (time_t)(clock_wall_ns(&p->lab->world.clock) / NSEC_PER_SEC);
	const char *format = "%a %b %e %H:%M:%S UTC %Y";
	char text[256];
	struct tm tm;
	int i = 1;

	if (i < argc && strcmp(argv[i], "-u") == 0)
		i++;
	if (i < argc && argv[i][0] == '+')
		format = argv[i++] + 1;
	if (i < argc) {
		proc_eprintf(p, argv[i][0] == '-' ? "date: invalid option -- '%s'\n" : "date: invalid date '%s'\n",
			     argv[i] + (argv[i][0] == '-'));
		return try_help(p, argv);
	}
	gmtime_r(&t, &tm);
	if (!*format || !strftime(text, sizeof(text), format, &tm))
		text[0] = 0;
	proc_printf(p, "%s\n", text);
	return 0;
}

int prog_uname(struct proc *p, int argc, char **argv)
{
	static const char letters[] = "snrvmo";
	const char *value[] = { "Linux", p->host->name, LAB_KERNEL, "#1 SMP natbox", "x86_64", "GNU/Linux" };
	struct proc_opts o = { 0 };
	unsigned want = 0;
	bool first = true;
	int c;

	while ((c = proc_getopt(p, &o, "asnrvmo", NULL)) != -1) {
		if (c == '?')
			return try_help(p, argv);
		want |= c == 'a' ? 63u : 1u << (strchr(letters, c) - letters);
	}
	if (o.ind < argc) {
		proc_eprintf(p, "uname: extra operand '%s'\n", argv[o.ind]);
		return try_help(p, argv);
	}
	want = want ? want : 1;
	for (unsigned i = 0; i < ARRAY_LEN(value); i++) {
		if (!(want & 1u << i))
			continue;
		proc_printf(p, "%s%s", first ? "" : " ", value[i]);
		first = false;
	}
	proc_printf(p, "\n");
	return 0;
}

/* addresses of the host other than loopback's, as hostname -I prints them */
static void print_addresses(struct proc *p)
{
	const struct link *l;
	const struct link_addr *a;
	char text[ADDR_STRLEN];

	list_for_each(l, &proc_ns(p)->links.links, node) {
		if (l->flags & IFF_LOOPBACK)
			continue;
		list_for_each(a, &l->addrs, node)
			proc_printf(p, "%s ", addr_fmt(text, a->family, &a->addr));
	}
	proc_printf(p, "\n");
}

int prog_hostname(struct proc *p, int argc, char **argv)
{
	struct proc_opts o = { 0 };
	int c = proc_getopt(p, &o, "sfI", NULL);

	if (c == '?')
		return try_help(p, argv);
	if (o.ind < argc) {
		proc_eprintf(p, "hostname: a simulated host keeps the name it was added with\n");
		return 1;
	}
	if (c == 'I')
		print_addresses(p);
	else
		proc_printf(p, "%s\n", p->host->name);
	return 0;
}

int prog_whoami(struct proc *p, int argc, char **argv)
{
	if (argc > 1) {
		proc_eprintf(p, "whoami: extra operand '%s'\n", argv[1]);
		return try_help(p, argv);
	}
	return proc_printf(p, p->uid ? "user\n" : "root\n") < 0;
}

int prog_id(struct proc *p, int argc, char **argv)
{
	struct proc_opts o = { 0 };
	int c = proc_getopt(p, &o, "ugn", NULL);

	if (c == '?' || o.ind < argc || c == 'n')
		return try_help(p, argv);
	if (c == -1)
		return proc_printf(p,
				   p->uid ? "uid=%d(user) gid=%d(user) groups=%d(user)\n"
					  : "uid=%d(root) gid=%d(root) groups=%d(root)\n",
				   p->uid, p->uid, p->uid) < 0;
	return proc_printf(p, "%d\n", p->uid) < 0;
}

struct which {
	const char *name;
	bool found;
};

static int which_name(void *ctx, const char *name)
{
	struct which *w = ctx;

	w->found |= strcmp(name, w->name) == 0;
	return w->found;
}

int prog_which(struct proc *p, int argc, char **argv)
{
	int status = argc < 2;

	for (int i = 1; i < argc; i++) {
		struct which w = { argv[i], false };

		if (argv[i][0] == '-') {
			proc_eprintf(p, "Illegal option %s\nUsage: which [-as] args\n", argv[i]);
			return 2;
		}
		command_words(which_name, &w);
		if (w.found)
			proc_printf(p, "/usr/sbin/%s\n", argv[i]);
		status |= !w.found;
	}
	return status;
}

int prog_dmesg(struct proc *p, int argc, char **argv)
{
	struct proc_opts o = { 0 };
	struct klog_line *k, *tmp;
	bool clear = false, show = true, times = true;
	int c;

	while ((c = proc_getopt(p, &o, "cCt", NULL)) != -1) {
		if (c == '?') {
			proc_eprintf(p, "Try 'dmesg --help' for more information.\n");
			return 1;
		}
		clear |= c == 'c' || c == 'C';
		show &= c != 'C';
		times &= c != 't';
	}
	list_for_each_safe(k, tmp, &p->host->klog, node) {
		uint64_t us = k->time_ns / 1000;

		if (show && times &&
		    proc_printf(p, "[%5llu.%06u] ", (unsigned long long)(us / 1000000), (unsigned)(us % 1000000)) < 0)
			return 1;
		if (show && proc_printf(p, "%s\n", k->text) < 0)
			return 1;
	}
	while (clear && !list_empty(&p->host->klog)) {
		k = list_first(&p->host->klog, struct klog_line, node);
		list_del(&k->node);
		mem_free(k);
		p->host->klog_n--;
	}
	return 0;
}

int prog_lsmod(struct proc *p, int argc, char **argv)
{
	struct sbuf s = SBUF_INIT;

	if (argc > 1) {
		proc_eprintf(p, "Usage: lsmod\n");
		return 1;
	}
	modules_print(p->lab, &s, false);
	proc_write(p, 1, sbuf_str(&s), s.len);
	sbuf_free(&s);
	return 0;
}

int prog_modprobe(struct proc *p, int argc, char **argv)
{
	struct proc_opts o = { 0 };
	bool remove = false, all = false;
	int c, status = 0;

	while ((c = proc_getopt(p, &o, "raqv", NULL)) != -1) {
		if (c == '?')
			return 1;
		remove |= c == 'r';
		all |= c == 'a';
	}
	if (o.ind == argc) {
		proc_eprintf(p, "modprobe: ERROR: missing parameters. See -h.\n");
		return 1;
	}
	for (int i = o.ind; i < argc && (i == o.ind || all || remove || !strchr(argv[i], '=')); i++) {
		int err = remove ? module_unload(p->lab, argv[i]) : module_load(p->lab, argv[i]);

		if (err == -ENOENT && !remove) {
			proc_eprintf(p,
				     "modprobe: FATAL: Module %s not found in directory /lib/modules/" LAB_KERNEL "\n",
				     argv[i]);
			status = 1;
		}
		if (!all && !remove)
			break;
	}
	return status;
}

int prog_rmmod(struct proc *p, int argc, char **argv)
{
	int status = 0;

	if (argc < 2) {
		proc_eprintf(p, "rmmod: ERROR: missing module name.\n");
		return 1;
	}
	for (int i = 1; i < argc; i++) {
		if (module_unload(p->lab, argv[i]) < 0) {
			proc_eprintf(p, "rmmod: ERROR: Module %s is not currently loaded\n", argv[i]);
			status = 1;
		}
	}
	return status;
}
