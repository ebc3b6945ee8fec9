/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/boot.c - a simulated host is booted again: what was saved comes back, what was only set is gone.
 *
 * Called by `reboot` (lab/prog_service.c). The host's processes end; rules, connections, learned neighbours, settings
 * and the kernel's log go; then a script runs that reads what the host's own /etc holds: sysctl.conf and sysctl.d,
 * the rules of netfilter-persistent and of the iptables service, those of nftables where the service was enabled.
 * Links, addresses and routes stay: they stand for what the machine's network configuration would bring back.
 *
 * Invariants
 *  1. Nothing of the machine's /etc is read at boot, only what the lab itself put into the host's.
 */
#include <errno.h>
#include <string.h>

#include "lab/boot.h"
#include "lab/lab.h"

#define BOOT_NS (1 * NSEC_PER_MSEC)
#define WAIT_ROUNDS 1000

struct boot {
	struct sched_event ev;
	struct lab *lab;
	uint32_t host_id;
	unsigned rounds;
	struct job job;			/* of the script */
	struct list node;		/* in lab->boots */
};

static void boot_free(struct boot *b)
{
	sched_cancel(b->lab->sched, &b->ev);
	list_del(&b->node);
	job_exit(&b->job);
	mem_free(b);
}

void boots_free(struct lab *l)
{
	while (!list_empty(&l->boots))
		boot_free(list_first(&l->boots, struct boot, node));
}

static bool host_busy(const struct host *h)
{
	const struct job *j;
	const struct proc *p;

	list_for_each(j, &h->lab->jobs, node)
		list_for_each(p, &j->procs, node)
			if (p->host == h)
				return true;
	return false;
}

static void kill_host(struct host *h)
{
	struct job *j;
	struct proc *p;

	list_for_each(j, &h->lab->jobs, node)
		list_for_each(p, &j->procs, node)
			if (p->host == h)
				proc_kill(p, SIGKILL);
}

static void drop_rules(struct host *h)
{
	struct ruleset *rs = &h->ns->rules;
	struct txn *x = txn_begin(rs);

	while (x && !list_empty(&rs->tables)) {
		const struct table *t = list_first(&rs->tables, struct table, node);
		struct table *mine = txn_table(x, t->family, t->name);

		if (!mine || txn_table_del(x, mine) < 0) {
			txn_abort(x);
			return;
		}
		if (txn_commit(x) < 0)
			return;
		x = txn_begin(rs);
	}
	if (x)
		txn_abort(x);
}

struct reset {
	struct netns *to, *from;
};

/* the setting as a host that never was touched has it; an interface's own as "default" has it */
static int reset_one(void *ctx, const char *name)
{
	static const char prefix[] = "net.ipv4.conf.";
	struct reset *r = ctx;
	struct sbuf value = SBUF_INIT, fallback = SBUF_INIT;
	int err = ns_sysctl_get(r->from, name, &value);

	if (err == -ENOENT && strncmp(name, prefix, sizeof(prefix) - 1) == 0) {
		const char *key = strrchr(name, '.');

		sbuf_printf(&fallback, "%sdefault%s", prefix, key);
		err = ns_sysctl_get(r->from, sbuf_str(&fallback), &value);
	}
	if (!err)
		ns_sysctl_set(r->to, name, sbuf_str(&value));	/* what is read-only or not there stays */
	sbuf_free(&value);
	sbuf_free(&fallback);
	return 0;
}

static void reset_settings(struct host *h)
{
	struct host *fresh;
	struct reset r;

	if (host_new(h->lab, "fresh host", &fresh) < 0)
		return;
	r = (struct reset){ h->ns, fresh->ns };
	reset_one(&r, "net.ipv4.ip_forward");	/* first: it sets others */
	ns_sysctl_walk(h->ns, reset_one, &r);
	host_free(fresh);
}

static void clear_log(struct host *h)
{
	while (!list_empty(&h->klog)) {
		struct klog_line *k = list_first(&h->klog, struct klog_line, node);

		list_del(&k->node);
		mem_free(k);
	}
	h->klog_n = 0;
	h->booted_ns = sched_now(h->lab->sched);
}

static void reset_host(struct host *h)
{
	const struct link *l;

	drop_rules(h);
	ct_flush(h->ns->ct);
	list_for_each(l, &h->ns->links.links, node)
		neigh_flush_link(&h->ns->neigh, l->ifindex, false);
	reset_settings(h);
	clear_log(h);
	h->services = 0;
}

struct conf_dir {
	struct host *h;
	struct sbuf *script;
};

static int add_conf(void *ctx, const char *name)
{
	struct conf_dir *d = ctx;
	size_t n = strlen(name);
	struct sbuf path = SBUF_INIT;

	sbuf_printf(&path, "/etc/sysctl.d/%s", name);
	if (n > 5 && strcmp(name + n - 5, ".conf") == 0 && vfs_own(d->h, sbuf_str(&path)))
		sbuf_printf(d->script, "sysctl -q -p '%s'\n", sbuf_str(&path));
	sbuf_free(&path);
	return 0;
}

static void start_script(struct boot *b, struct host *h)
{
	static const struct { const char *file, *needs, *line; } steps[] = {
		{ "/etc/sysctl.conf", NULL, "sysctl -q -p /etc/sysctl.conf\n" },
		{ "/etc/iptables/rules.v4", NULL, "iptables-restore < /etc/iptables/rules.v4\n" },
		{ "/etc/iptables/rules.v6", NULL, "ip6tables-restore < /etc/iptables/rules.v6\n" },
		{ "/etc/sysconfig/ip6tables", NULL, "ip6tables-restore < /etc/sysconfig/ip6tables\n" },
		{ "/etc/sysconfig/iptables", NULL, "iptables-restore < /etc/sysconfig/iptables\n" },
		{ "/etc/nftables.conf", SERVICE_ENABLED("nftables"), "nft -f /etc/nftables.conf\n" },
	};
	struct stream *null = stream_null(), *fd[3] = { null, null, null };
	struct sbuf text = SBUF_INIT;
	struct conf_dir conf = { h, &text };

	vfs_list(h, "/", "/etc/sysctl.d", add_conf, &conf);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (vfs_own(h, steps[i].file) && (!steps[i].needs || vfs_own(h, steps[i].needs)))
			sbuf_puts(&text, steps[i].line);
	if (text.len && null)
		proc_put(command_spawn(h, &b->job, sbuf_str(&text), fd));
	stream_put(null);
	sbuf_free(&text);
}

static void boot_step(struct sched_event *ev)
{
	struct boot *b = container_of(ev, struct boot, ev);
	struct host *h = host_by_id(b->lab, b->host_id);

	b->rounds++;
	if (h && b->rounds == 1) {
		kill_host(h);
	} else if (h && b->rounds < WAIT_ROUNDS) {
		if (!host_busy(h)) {
			reset_host(h);
			start_script(b, h);
			b->rounds = WAIT_ROUNDS;
		}
	} else if (!b->job.live) {
		boot_free(b);
		return;
	}
	if (sched_at(b->lab->sched, &b->ev, sched_now(b->lab->sched) + BOOT_NS) < 0)
		b->rounds = WAIT_ROUNDS;
}

int host_reboot(struct host *h)
{
	struct boot *b = mem_zalloc(sizeof(*b));

	if (!b)
		return -ENOMEM;
	b->lab = h->lab;
	b->host_id = h->id;
	job_init(&b->job, h->lab);
	list_add_tail(&h->lab->boots, &b->node);
	sched_event_init(&b->ev, boot_step);
	return sched_at(h->lab->sched, &b->ev, sched_now(h->lab->sched));
}
