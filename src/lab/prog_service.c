/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/prog_service.c - what articles type around the network commands: service, systemctl, netfilter-persistent,
 * apt-get, yum, reboot.
 *
 * A service is a row of units[] with the command lines that starting and stopping it are; they are run by the shell
 * on the same host. Packages are never installed: a simulated host has what natbox has, so those it stands for are
 * already there and others do not exist.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lab/boot.h"
#include "lab/lab.h"
#include "lab/programs.h"

#define FLUSH(tool)                                                                                               \
	"for t in filter nat mangle raw; do " tool " -t $t -F && " tool " -t $t -X; done; "                       \
	"for c in INPUT FORWARD OUTPUT; do " tool " -P $c ACCEPT; done"
#define LOAD(tool, file) "if [ -f " file " ]; then " tool "-restore < " file "; fi"
#define LOAD_ALL LOAD("iptables", "/etc/iptables/rules.v4") " && " LOAD("ip6tables", "/etc/iptables/rules.v6")

static const struct unit {
	const char *name, *what;
	const char *needs;		/* file without which it cannot start */
	const char *start, *stop, *reload;
	bool at_boot;			/* runs without having been started */
} units[] = {
	{ "iptables", "IPv4 firewall with iptables", "/etc/sysconfig/iptables",
	  "iptables-restore < /etc/sysconfig/iptables", FLUSH("iptables"),
	  "iptables-restore < /etc/sysconfig/iptables", false },
	{ "ip6tables", "IPv6 firewall with ip6tables", "/etc/sysconfig/ip6tables",
	  "ip6tables-restore < /etc/sysconfig/ip6tables", FLUSH("ip6tables"),
	  "ip6tables-restore < /etc/sysconfig/ip6tables", false },
	{ "netfilter-persistent", "netfilter persistent configuration", NULL, LOAD_ALL, "true", LOAD_ALL, true },
	{ "nftables", "nftables", "/etc/nftables.conf", "nft -f /etc/nftables.conf", "nft flush ruleset",
	  "nft -f /etc/nftables.conf", false },
	{ "systemd-sysctl", "Apply Kernel Variables", NULL, "sysctl -q --system", "true", "sysctl -q --system", true },
	{ "network", "LSB: Bring up/down networking", NULL, "true", "true", "true", true },
	{ "networking", "Raise network interfaces", NULL, "true", "true", "true", true },
};

static const struct unit *unit_find(const char *name)
{
	size_t n = strlen(name);

	if (n > 8 && strcmp(name + n - 8, ".service") == 0)
		n -= 8;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strlen(units[i].name) == n && strncmp(units[i].name, name, n) == 0)
			return &units[i];
	return NULL;
}

static uint32_t unit_bit(const struct unit *u)
{
	return 1u << (u - units);
}

static bool unit_active(const struct proc *p, const struct unit *u)
{
	return u->at_boot || (p->host->services & unit_bit(u));
}

/* run a line of shell on this host: its status */
static int run_shell(struct proc *p, const char *text)
{
	char *argv[] = { "sh", "-c", (char *)text, NULL };
	struct proc *child;
	int status = command_start(p->host, p, 3, argv, NULL, NULL, NULL, &child);

	if (status < 0)
		return 126;
	status = proc_join(p, child);
	proc_put(child);
	return status < 0 ? 130 : status;
}

static int unit_start(struct proc *p, const struct unit *u, const char *text)
{
	struct vfs_stat st;
	int status = u->needs && vfs_stat(p->host, "/", u->needs, &st) < 0 ? 1 : run_shell(p, text);

	if (status == 0)
		p->host->services |= unit_bit(u);
	return status;
}

static int unit_stop(struct proc *p, const struct unit *u)
{
	p->host->services &= ~unit_bit(u);
	return run_shell(p, u->stop);
}

static int unit_do(struct proc *p, const struct unit *u, const char *action)
{
	if (strcmp(action, "start") == 0)
		return unit_start(p, u, u->start);
	if (strcmp(action, "stop") == 0)
		return unit_stop(p, u);
	if (strcmp(action, "reload") == 0)
		return unit_start(p, u, u->reload);
	if (strcmp(action, "restart") == 0 || strcmp(action, "force-reload") == 0) {
		if (unit_active(p, u))
			unit_stop(p, u);
		return unit_start(p, u, u->start);
	}
	return -ENOSYS;
}

/* ---- systemctl ---- */

static const char *enabled_path(const struct unit *u, struct sbuf *path)
{
	sbuf_reset(path);
	sbuf_printf(path, SERVICE_ENABLED("%s"), u->name);
	return sbuf_str(path);
}

static int set_enabled(struct proc *p, const struct unit *u, bool on)
{
	struct sbuf path = SBUF_INIT;
	const char *file = enabled_path(u, &path);
	bool is = vfs_own(p->host, file);
	int err = 0;

	if (on && !is) {
		vfs_mkdir(p->host, "/", "/etc/systemd");
		vfs_mkdir(p->host, "/", "/etc/systemd/system");
		vfs_mkdir(p->host, "/", "/etc/systemd/system/multi-user.target.wants");
		err = vfs_write(p->host, "/", file, "", 0, false);
		if (!err)
			proc_eprintf(p, "Created symlink %s → /lib/systemd/system/%s.service.\n", file, u->name);
	} else if (!on && is) {
		err = vfs_remove(p->host, "/", file, false);
		if (!err)
			proc_eprintf(p, "Removed \"%s\".\n", file);
	}
	sbuf_free(&path);
	return err < 0;
}

static int unit_status(struct proc *p, const struct unit *u, const char *action)
{
	struct sbuf path = SBUF_INIT;
	bool active = unit_active(p, u), enabled = u->at_boot || vfs_own(p->host, enabled_path(u, &path));

	sbuf_free(&path);
	if (strcmp(action, "is-active") == 0) {
		proc_printf(p, active ? "active\n" : "inactive\n");
		return active ? 0 : 3;
	}
	if (strcmp(action, "is-enabled") == 0) {
		proc_printf(p, enabled ? "enabled\n" : "disabled\n");
		return !enabled;
	}
	proc_printf(p,
		    "%s %s.service - %s\n     Loaded: loaded (/lib/systemd/system/%s.service; %s)\n     Active: %s\n",
		    active ? "●" : "○", u->name, u->what, u->name, enabled ? "enabled" : "disabled",
		    active ? "active (exited)" : "inactive (dead)");
	return active ? 0 : 3;
}

static int systemctl_one(struct proc *p, const char *action, const char *name, bool now)
{
	const struct unit *u = unit_find(name);
	int status;

	if (!u) {
		const char *dot = strchr(name, '.') ? "" : ".service";

		if (strcmp(action, "is-active") == 0)
			return proc_printf(p, "inactive\n") < 0 ? 3 : 3;
		if (strncmp(action, "is-", 3) == 0 || strcmp(action, "enable") == 0 || strcmp(action, "disable") == 0) {
			proc_eprintf(p, "Failed to %s unit: Unit file %s%s does not exist.\n",
				     strncmp(action, "is-", 3) == 0 ? "get unit file state for" : action, name, dot);
			return 1;
		}
		if (strcmp(action, "status") == 0) {
			proc_eprintf(p, "Unit %s%s could not be found.\n", name, dot);
			return 4;
		}
		proc_eprintf(p, "Failed to %s %s%s: Unit %s%s not %s.\n", action, name, dot, name, dot,
			     strcmp(action, "stop") == 0 ? "loaded" : "found");
		return 5;
	}
	if (strcmp(action, "enable") == 0 || strcmp(action, "disable") == 0) {
		bool on = *action == 'e';

		status = set_enabled(p, u, on);
		return status || !now ? status : unit_do(p, u, on ? "start" : "stop");
	}
	if (strcmp(action, "status") == 0 || strncmp(action, "is-", 3) == 0)
		return unit_status(p, u, action);
	status = unit_do(p, u, action);
	if (status == -ENOSYS) {
		proc_eprintf(p, "Unknown command verb %s.\n", action);
		return 1;
	}
	if (status)
		proc_eprintf(p,
			     "Job for %s.service failed because the control process exited with error code.\n"
			     "See \"systemctl status %s.service\" and \"journalctl -xeu %s.service\" for details.\n",
			     u->name, u->name, u->name);
	return status != 0;
}

int prog_systemctl(struct proc *p, int argc, char **argv)
{
	static const struct option longs[] = { { "now", no_argument, NULL, 'n' },
					       { "no-pager", no_argument, NULL, 'p' },
					       { "quiet", no_argument, NULL, 'q' },
					       { 0 } };
	struct proc_opts o = { 0 };
	bool now = false;
	int c, status = 0;

	while ((c = proc_getopt(p, &o, "ql", longs)) != -1) {
		if (c == '?')
			return 1;
		now |= c == 'n';
	}
	if (o.ind < argc && strcmp(argv[o.ind], "daemon-reload") == 0)
		return 0;
	if (o.ind < argc && strcmp(argv[o.ind], "reboot") == 0)
		return host_reboot(p->host) < 0;
	if (argc - o.ind < 2) {
		proc_eprintf(p, o.ind < argc ? "Too few arguments.\n" : "natbox: systemctl: which command?\n");
		return 1;
	}
	for (int i = o.ind + 1; i < argc; i++) {
		int s = systemctl_one(p, argv[o.ind], argv[i], now);

		status = s ? s : status;
	}
	return status;
}

/* ---- service, netfilter-persistent ---- */

static int save_rules(struct proc *p, const char *tool, const char *dir, const char *file)
{
	struct sbuf text = SBUF_INIT;
	int status;

	sbuf_printf(&text, "mkdir -p %s && %s-save > %s", dir, tool, file);
	status = run_shell(p, sbuf_str(&text));
	sbuf_free(&text);
	return status;
}

/* the red-hat script's lines: "iptables: WHAT:[  OK  ]", with the name of the service */
static int told(struct proc *p, const struct unit *u, int status, const char *what)
{
	proc_printf(p, "%s: %s:%s\n", u->name, what, status ? "[FAILED]" : "[  OK  ]");
	return status;
}

static int service_iptables(struct proc *p, const struct unit *u, const char *action)
{
	struct vfs_stat st;
	char line[192];
	int status = 0;

	if (strcmp(action, "save") == 0) {
		snprintf(line, sizeof(line), "Saving firewall rules to %s", u->needs);
		return told(p, u, save_rules(p, u->name, "/etc/sysconfig", u->needs), line);
	}
	if (strcmp(action, "status") == 0) {
		snprintf(line, sizeof(line),
			 "for t in filter nat mangle raw; do echo \"Table: $t\"; %s -t $t -nL --line-numbers; echo; done",
			 u->name);
		return run_shell(p, line);
	}
	if (strcmp(action, "stop") == 0 || strcmp(action, "restart") == 0) {
		status = unit_stop(p, u);
		told(p, u, status, "Setting chains to policy ACCEPT: filter");
		told(p, u, status, "Flushing firewall rules");
		told(p, u, status, "Unloading modules");
	}
	if (strcmp(action, "stop") == 0)
		return status;
	if (strcmp(action, "start") != 0 && strcmp(action, "restart") != 0 && strcmp(action, "reload") != 0) {
		proc_printf(p, "Usage: %s {start|stop|reload|restart|status|save}\n", u->name);
		return 2;
	}
	if (vfs_stat(p->host, "/", u->needs, &st) < 0) {
		proc_printf(p, "%s: No config file.\n", u->name);
		return 6;
	}
	return told(p, u, unit_start(p, u, u->start), "Applying firewall rules");
}

bool service_known(const char *name)
{
	return unit_find(name);
}

int prog_service(struct proc *p, int argc, char **argv)
{
	const struct unit *u;
	int status;

	if (argc != 3) {
		proc_eprintf(
			p,
			"Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n");
		return 1;
	}
	u = unit_find(argv[1]);
	if (!u) {
		proc_eprintf(p, "%s: unrecognized service\n", argv[1]);
		return 1;
	}
	if (strcmp(u->name, "iptables") == 0 || strcmp(u->name, "ip6tables") == 0)
		return service_iptables(p, u, argv[2]);
	if (strcmp(argv[2], "status") == 0)
		return unit_status(p, u, "status");
	if (strcmp(u->name, "netfilter-persistent") == 0 && (strcmp(argv[2], "save") == 0 || strcmp(argv[2], "flush") == 0))
		return prog_netfilter_persistent(p, 2, argv + 1);
	status = unit_do(p, u, argv[2]);
	if (status == -ENOSYS) {
		proc_printf(p, "Usage: /etc/init.d/%s {start|stop|restart|reload|force-reload}\n", u->name);
		return 1;
	}
	return status;
}

int prog_netfilter_persistent(struct proc *p, int argc, char **argv)
{
	const char *action = argc == 2 ? argv[1] : "", *run = NULL;
	int status;

	if (strcmp(action, "save") == 0) {
		status = save_rules(p, "iptables", "/etc/iptables", "/etc/iptables/rules.v4");
		if (!status)
			status = save_rules(p, "ip6tables", "/etc/iptables", "/etc/iptables/rules.v6");
	} else if (strcmp(action, "start") == 0 || strcmp(action, "reload") == 0 || strcmp(action, "restart") == 0) {
		status = unit_do(p, unit_find("netfilter-persistent"), "start");
	} else if (strcmp(action, "flush") == 0) {
		status = run_shell(p, FLUSH("iptables") "; " FLUSH("ip6tables"));
	} else {
		proc_printf(p, "Usage: netfilter-persistent (start|stop|restart|reload|flush|save)\n");
		return 1;
	}
	run = strcmp(action, "reload") == 0 || strcmp(action, "restart") == 0 ? "start" : action;
	proc_eprintf(p, "run-parts: executing /usr/share/netfilter-persistent/plugins.d/15-ip4tables %s\n", run);
	proc_eprintf(p, "run-parts: executing /usr/share/netfilter-persistent/plugins.d/25-ip6tables %s\n", run);
	return status;
}

int prog_reboot(struct proc *p, int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "-f") != 0) {
		proc_eprintf(p, "reboot: unknown argument '%s'\n", argv[1]);
		return 1;
	}
	return host_reboot(p->host) < 0;
}

/* ---- packages ---- */

static const struct package {
	const char *name, *version;
} packages[] = {
	{ "arping", "2.23-1" },
	{ "bind9-dnsutils", "1:9.18" },
	{ "bridge-utils", "1.7.1-1" },
	{ "conntrack", "1:1.4.7-1+b2" },
	{ "conntrack-tools", "1.4.7" },
	{ "curl", "7.88.1-10" },
	{ "iproute", "6.1.0" },
	{ "iproute2", "6.1.0-3" },
	{ "iptables", "1.8.9-2" },
	{ "iptables-persistent", "1.0.20" },
	{ "iptables-services", "1.8.9" },
	{ "iputils", "20221126" },
	{ "iputils-ping", "3:20221126-1" },
	{ "nc", "7.92" },
	{ "net-tools", "2.10-0.1" },
	{ "netcat", "1.219-1" },
	{ "netcat-openbsd", "1.219-1" },
	{ "netfilter-persistent", "1.0.20" },
	{ "nmap-ncat", "7.92" },
	{ "procps", "2:4.0.2-3" },
	{ "sudo", "1.9.13p3-1" },
	{ "tcpdump", "4.99.3-1" },
	{ "traceroute", "1:2.1.2-1" },
};

static const struct package *package_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(packages); i++)
		if (strcmp(packages[i].name, name) == 0)
			return &packages[i];
	return NULL;
}

int prog_apt(struct proc *p, int argc, char **argv)
{
	static const struct option longs[] = { { "yes", no_argument, NULL, 'y' },
					       { "no-install-recommends", no_argument, NULL, 'n' },
					       { 0 } };
	struct proc_opts o = { 0 };
	const char *action;
	int c, status = 0;

	while ((c = proc_getopt(p, &o, "yq", longs)) != -1)
		if (c == '?')
			return 100;
	action = o.ind < argc ? argv[o.ind] : "";
	if (strcmp(action, "install") != 0 && strcmp(action, "update") != 0 && strcmp(action, "upgrade") != 0) {
		proc_eprintf(p, "E: Invalid operation %s\n", action);
		return 100;
	}
	proc_printf(p, "Reading package lists...\n");
	if (strcmp(action, "update") == 0)
		return 0;
	proc_printf(p, "Building dependency tree...\nReading state information...\n");
	for (int i = o.ind + 1; i < argc; i++) {
		const struct package *pkg = package_find(argv[i]);

		if (pkg)
			proc_printf(p, "%s is already the newest version (%s).\n", pkg->name, pkg->version);
		else
			proc_eprintf(p, "E: Unable to locate package %s\n", argv[i]);
		status |= !pkg;
	}
	if (status)
		return 100;
	proc_printf(p, "0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n");
	return 0;
}

int prog_yum(struct proc *p, int argc, char **argv)
{
	struct proc_opts o = { 0 };
	int c, status = 0;

	while ((c = proc_getopt(p, &o, "yq", NULL)) != -1)
		if (c == '?')
			return 1;
	if (o.ind == argc || strcmp(argv[o.ind], "install") != 0) {
		proc_eprintf(p, "No such command: %s. Please use /usr/bin/%s --help\n", o.ind < argc ? argv[o.ind] : "",
			     argv[0]);
		return 1;
	}
	for (int i = o.ind + 1; i < argc; i++) {
		const struct package *pkg = package_find(argv[i]);

		if (pkg)
			proc_printf(p, "Package %s-%s is already installed.\n", pkg->name, pkg->version);
		else
			proc_eprintf(p, "No match for argument: %s\nError: Unable to find a match: %s\n", argv[i],
				     argv[i]);
		status |= !pkg;
	}
	if (!status)
		proc_printf(p, "Dependencies resolved.\nNothing to do.\nComplete!\n");
	return status;
}
