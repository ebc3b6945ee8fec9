/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/host.h - a simulated host: a network namespace, its files, its kernel log, who listens to its packets and
 * connections.
 *
 * There is one host for each name that `ip netns add` was given, and "lab", the outside. The driver's part of struct
 * netns, .user, is its host.
 */
#ifndef LAB_HOST_H
#define LAB_HOST_H

#include "ns/trace.h"
#include "front/cmd.h"
#include "lab/sched.h"

struct lab;
struct vfs_tree;
struct sock_host;

/* Who sees the packets of a host's links as AF_PACKET does. Lives in whoever adds it. */
struct tap {
	struct list node;
	int ifindex;			/* 0: all links */
	/*
	 * the frame as it is on the link, link-layer header first; copy what is to be kept; must not wait. wall time:
	 * clock_wall_ns()
	 */
	void (*packet)(struct tap *t, const struct link *l, const struct pkt *p, bool out);
};

/* Who hears of a host's connections (conntrack -E). Must not wait. */
struct ct_listener {
	struct list node;
	void (*event)(struct ct_listener *l, enum ct_event ev, const struct conn *c);
};

/* Who hears of what happens to a host's packets (nft monitor trace). Must not wait. */
struct trace_listener {
	struct list node;
	void (*event)(struct trace_listener *l, const struct trace_event *ev);
};

struct klog_line {
	struct list node;
	uint64_t time_ns;
	int level;
	char text[];
};

struct host {
	struct list node;		/* in the lab's, in order of creation */
	struct lab *lab;
	uint32_t id;			/* never used again */
	char *name;
	struct netns *ns;
	struct vfs_tree *etc;		/* its own /etc over the machine's */
	struct list taps, ct_listeners, trace_listeners;
	struct list klog;		/* of struct klog_line, the oldest first, at most HOST_KLOG_MAX */
	unsigned klog_n;
	uint64_t booted_ns;
	unsigned users;			/* processes on it */
	bool named;			/* still has its name */
	uint32_t services;		/* bit for each that runs: lab/prog_service.c */
	uint64_t *wire_last_ns;		/* [ifindex]: when the last frame sent to that link arrives */
	int n_wire;
	struct sock_host *sock;		/* lab/sock.c's */
};

#define HOST_KLOG_MAX 4096

struct lab *lab_of(const struct world *w);
struct sched *lab_sched(const struct lab *l);
struct world *lab_world(const struct lab *l);

struct host *host_of(const struct netns *ns);
struct host *host_find(struct lab *l, const char *name);	/* "lab" is the outside; NULL: no such */
struct host *host_by_id(struct lab *l, uint32_t id);
/** host_new() - a namespace with the settings that every host starts with; 0, -EEXIST, -EINVAL, -ENOMEM */
int host_new(struct lab *l, const char *name, struct host **out);
void host_free(struct host *h);
void host_tap_add(struct host *h, struct tap *t);
void host_tap_del(struct tap *t);
/** host_trace_add(), host_trace_del() - somebody listens to what happens to its packets */
void host_trace_add(struct host *h, struct trace_listener *l);
void host_trace_del(struct trace_listener *l);
void host_log(struct host *h, int level, const char *line);

#endif
