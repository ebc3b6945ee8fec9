/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/host.c - hosts, and the lab that holds them: what the engine asks of whoever drives it (struct world_ops).
 *
 * Theory of operation: a host is a network namespace with files, taps, listeners and a kernel log. `ip netns del`
 * takes its name away; like Linux, the namespace itself goes when the last process in it has ended. The engine's
 * timers are one event of the lab's scheduler, which is set anew before each step.
 *
 * Invariants
 *  1. host_of(ns)->ns == ns for every namespace of the world.
 *  2. A host with .users > 0 is not freed.
 */
#include "lab/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab/boot.h"
#include "lab/lab.h"
#include "lab/modules.h"
#include "lab/sock.h"
#include "path/path.h"

#define END_STEPS 1000			/* rounds that killed processes get to come to their end */

struct lab *lab_of(const struct world *w)
{
	return w->ctx;
}

struct sched *lab_sched(const struct lab *l)
{
	return l->sched;
}

struct world *lab_world(const struct lab *l)
{
	return (struct world *)&l->world;
}

struct host *host_of(const struct netns *ns)
{
	return ns ? ns->user : NULL;
}

struct host *host_find(struct lab *l, const char *name)
{
	struct host *h;

	list_for_each(h, &l->hosts, node)
		if (h->named && strcmp(h->name, name) == 0)
			return h;
	return NULL;
}

struct host *host_by_id(struct lab *l, uint32_t id)
{
	struct host *h;

	list_for_each(h, &l->hosts, node)
		if (h->id == id)
			return h;
	return NULL;
}

/* ---- what the engine asks ---- */

static void on_log(struct world *w, struct netns *ns, int level, const char *line)
{
	if (host_of(ns))
		host_log(host_of(ns), level, line);
}

/* before each event: the engine's own next one. Never twice at one instant, which would stop time */
static void arm_timers(struct lab *l)
{
	uint64_t next = world_next_ns(&l->world);

	if (next == UINT64_MAX) {
		sched_cancel(l->sched, &l->timers);
		return;
	}
	next = MAX(next, l->timers_ran_ns + NSEC_PER_MSEC / 2);
	if (!sched_event_pending(&l->timers) || next != l->timers.when_ns)
		sched_at(l->sched, &l->timers, next);
}

static void before_event(void *ctx, uint64_t until_ns)
{
	struct lab *l = ctx;

	arm_timers(l);
	if (l->pace)
		l->pace(l->pace_ctx, MIN(until_ns, sched_next(l->sched)));
}

static void on_timers_changed(struct world *w)
{
	/* before_event() looks each time */
}

static void timers_due(struct sched_event *ev)
{
	struct lab *l = container_of(ev, struct lab, timers);

	l->timers_ran_ns = sched_now(l->sched);
	world_timers(&l->world);
}

static void on_tap(struct world *w, struct link *link, const struct pkt *p, bool out)
{
	struct host *h = host_of(link->ns);
	struct tap *t, *tmp;

	if (!h)
		return;
	list_for_each_safe(t, tmp, &h->taps, node)
		if (!t->ifindex || t->ifindex == link->ifindex)
			t->packet(t, link, p, out);
}

static void on_ct_event(struct world *w, struct netns *ns, enum ct_event ev, const struct conn *c)
{
	struct host *h = host_of(ns);
	struct ct_listener *l, *tmp;

	if (!h)
		return;
	list_for_each_safe(l, tmp, &h->ct_listeners, node)
		l->event(l, ev, c);
}

static void on_trace(struct world *w, const struct trace_event *ev)
{
	struct host *h = host_of(ev->ns);
	struct trace_listener *l, *tmp;

	if (!h)
		return;
	list_for_each_safe(l, tmp, &h->trace_listeners, node)
		l->event(l, ev);
}

static const struct world_ops lab_world_ops = {
	.transmit = wire_transmit,
	.log = on_log,
	.timers_changed = on_timers_changed,
	.tap = on_tap,
	.ct_event = on_ct_event,
};

/* ---- hosts ---- */

void host_tap_add(struct host *h, struct tap *t)
{
	list_add_tail(&h->taps, &t->node);
}

void host_tap_del(struct tap *t)
{
	list_del(&t->node);
}

void host_trace_add(struct host *h, struct trace_listener *l)
{
	list_add_tail(&h->trace_listeners, &l->node);
	h->lab->world.trace = on_trace;		/* and stays: packets on their way may have been told that it is there */
}

void host_trace_del(struct trace_listener *l)
{
	list_del(&l->node);
}

void host_log(struct host *h, int level, const char *line)
{
	struct klog_line *k = mem_alloc(sizeof(*k) + strlen(line) + 1);

	if (!k)
		return;
	k->time_ns = sched_now(h->lab->sched) - h->booted_ns;
	k->level = level;
	strcpy(k->text, line);
	list_add_tail(&h->klog, &k->node);
	if (++h->klog_n > HOST_KLOG_MAX) {
		struct klog_line *first = list_first(&h->klog, struct klog_line, node);

		list_del(&first->node);
		mem_free(first);
		h->klog_n--;
	}
}

/* every host starts from the same settings, whatever the engine's defaults are */
int host_defaults(struct host *h)
{
	static const char *const zero[] = {
		"net.ipv4.conf.all.rp_filter",
		"net.ipv4.conf.default.rp_filter",
		"net.ipv4.ip_forward",
		"net.bridge.bridge-nf-call-iptables",
		"net.bridge.bridge-nf-call-ip6tables",
		"net.bridge.bridge-nf-call-arptables",
	};

	for (size_t i = 0; i < ARRAY_LEN(zero); i++) {
		int err = ns_sysctl_set(h->ns, zero[i], "0");

		if (err < 0 && err != -ENOENT)
			return err;
	}
	return 0;
}

static bool host_name_ok(const char *name)
{
	return *name && strlen(name) < 256 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strchr(name, '/');
}

int host_new(struct lab *l, const char *name, struct host **out)
{
	struct host *h;

	if (!host_name_ok(name))
		return -EINVAL;
	if (host_find(l, name))
		return -EEXIST;
	h = mem_zalloc(sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->lab = l;
	h->id = ++l->last_host_id;
	h->booted_ns = sched_now(l->sched);
	list_init(&h->taps);
	list_init(&h->ct_listeners);
	list_init(&h->trace_listeners);
	list_init(&h->klog);
	list_add_tail(&l->hosts, &h->node);
	h->named = true;
	h->name = mem_strdup(name);
	h->etc = vfs_tree_new();
	h->ns = h->name && h->etc ? netns_new(&l->world, name) : NULL;
	if (!h->ns) {
		host_free(h);
		return -ENOMEM;
	}
	h->ns->user = h;
	h->sock = sock_host_new(h->ns, l->sched, &sock_path_io);
	if (!h->sock || host_defaults(h) < 0) {
		host_free(h);
		return -ENOMEM;
	}
	if (out)
		*out = h;
	return 0;
}

void host_free(struct host *h)
{
	list_del(&h->node);
	while (!list_empty(&h->klog)) {
		struct klog_line *k = list_first(&h->klog, struct klog_line, node);

		list_del(&k->node);
		mem_free(k);
	}
	if (h->sock)
		sock_host_free(h->sock);
	if (h->ns)
		netns_free(h->ns);
	vfs_tree_free(h->etc);
	mem_free(h->wire_last_ns);
	mem_free(h->name);
	mem_free(h);
}

int host_remove(struct lab *l, const char *name)
{
	struct host *h = host_find(l, name);

	if (!h || strcmp(name, "lab") == 0)
		return -ENOENT;
	h->named = false;
	if (!h->users)
		host_free(h);
	return 0;
}

void host_unuse(struct host *h)
{
	if (--h->users == 0 && !h->named)
		host_free(h);
}

char **lab_host_names(const struct lab *l)
{
	size_t n = 1, bytes = 0, i = 0;
	struct host *h;
	char **names, *text;

	list_for_each(h, &l->hosts, node) {
		n++;
		bytes += strlen(h->name) + 1;
	}
	names = mem_alloc(n * sizeof(char *) + bytes);
	if (!names)
		return NULL;
	text = (char *)(names + n);
	for (struct list *p = l->hosts.prev; p != &l->hosts; p = p->prev) {
		h = list_entry(p, struct host, node);
		if (!h->named || strcmp(h->name, "lab") == 0)
			continue;
		names[i++] = strcpy(text, h->name);
		text += strlen(h->name) + 1;
	}
	names[i] = NULL;
	return names;
}

/* ---- the lab ---- */

struct lab *lab_new(uint64_t seed, uint64_t wall_ns)
{
	struct lab *l = mem_zalloc(sizeof(*l));
	struct host *outside;

	if (!l)
		return NULL;
	list_init(&l->hosts);
	list_init(&l->on_wire);
	list_init(&l->modules);
	list_init(&l->boots);
	list_init(&l->jobs);
	mem_pool_init(&l->frames, 128, LAB_FRAMES_MAX);
	rng_seed(&l->wire_rng, seed ^ 0x77697265);
	sched_event_init(&l->timers, timers_due);
	l->last_pid = 100;
	l->real_fd = -1;
	l->sched = sched_new(&l->world.clock);
	l->files = vfs_tree_new();
	l->real_cwd = getcwd(NULL, 0);
	if (l->real_cwd)
		l->real_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!l->sched || !l->files || path_world_init(&l->world, seed, &lab_world_ops, l) < 0) {
		sched_free(l->sched);
		vfs_tree_free(l->files);
		free(l->real_cwd);
		if (l->real_fd >= 0)
			close(l->real_fd);
		mem_free(l);
		return NULL;
	}
	l->world.clock.epoch_ns = wall_ns;
	sched_before(l->sched, before_event, l);
	if (host_new(l, "lab", &outside) < 0 || link_set_flags(outside->ns->lo, IFF_UP, IFF_UP) < 0) {
		lab_free(l);
		return NULL;
	}
	return l;
}

static bool no_procs(void *ctx)
{
	return ((struct lab *)ctx)->procs == 0;
}

void lab_free(struct lab *l)
{
	if (!l)
		return;
	for (int i = 0; i < END_STEPS && l->procs; i++) {
		proc_kill_all(l);
		sched_run(l->sched, sched_now(l->sched) + NSEC_PER_SEC, no_procs, l);
	}
	boots_free(l);
	sched_cancel(l->sched, &l->timers);
	wire_free(l);
	while (!list_empty(&l->hosts))
		host_free(list_first(&l->hosts, struct host, node));
	world_free(&l->world);
	mem_pool_destroy(&l->frames);
	modules_free(l);
	sched_free(l->sched);
	vfs_tree_free(l->files);
	free(l->real_cwd);
	if (l->real_fd >= 0)
		close(l->real_fd);
	mem_free(l);
}
