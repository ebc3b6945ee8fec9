/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/wire.c - the wires between simulated hosts: a frame leaves one end of a veth pair and arrives at the other a
 * little later.
 *
 * On the packet's way between struct world_ops.transmit and path_rx(). Each frame takes 10 to 40 microseconds, by the
 * lab's own randomness, and never overtakes one sent before it to the same link. The path has already taken off what
 * a packet does not carry to another host.
 *
 * Invariants
 *  1. A frame on a wire names its destination by host id and ifindex, and is dropped when that link has gone meanwhile.
 *  2. At most LAB_FRAMES_MAX frames are on wires.
 */
#include <errno.h>

#include "lab/lab.h"
#include "path/path.h"

#define WIRE_MIN_NS 10000
#define WIRE_SPREAD_NS 30000

struct frame {
	struct list node;		/* in lab->on_wire */
	struct sched_event ev;
	struct lab *lab;
	struct pkt *pkt;
	struct link *to;		/* to be compared, not followed, until invariant 1 is seen to */
	uint32_t host_id;
	int ifindex;
};

static struct link *frame_target(const struct frame *f)
{
	struct host *h = host_by_id(f->lab, f->host_id);
	struct link *l = h ? link_by_index(&h->ns->links, f->ifindex) : NULL;

	return l == f->to ? l : NULL;
}

/* a frame that arrives nowhere; over lo it holds its connection, which path_l3_rx() would have let go */
static void frame_lost(struct lab *l, uint32_t host_id, struct pkt *p)
{
	struct host *h = p->ct ? host_by_id(l, host_id) : NULL;

	if (h)
		conn_put(h->ns->ct, p->ct);
	pkt_free(p);
}

static void frame_arrives(struct sched_event *ev)
{
	struct frame *f = container_of(ev, struct frame, ev);
	struct link *to = frame_target(f);
	struct pkt *p = f->pkt;

	list_del(&f->node);
	if (!to)
		frame_lost(f->lab, f->host_id, p);
	mem_pool_put(&f->lab->frames, f);
	if (to)
		path_rx(to, &p, 1);
}

/* the time of the last frame to @l, which this one must not overtake */
static uint64_t *last_arrival(struct host *h, const struct link *l)
{
	if (l->ifindex >= h->n_wire) {
		int n = l->ifindex + 16;
		uint64_t *last = mem_realloc(h->wire_last_ns, (size_t)n * sizeof(*last));

		if (!last)
			return NULL;
		for (int i = h->n_wire; i < n; i++)
			last[i] = 0;
		h->wire_last_ns = last;
		h->n_wire = n;
	}
	return &h->wire_last_ns[l->ifindex];
}

void wire_transmit(struct world *w, struct link *out, struct pkt *p)
{
	struct lab *lab = lab_of(w);
	struct link *to = out->kind == LINK_VETH ? out->peer : out->kind == LINK_LOOPBACK ? out : NULL;
	struct host *h = to ? host_of(to->ns) : NULL;
	struct frame *f = h ? mem_pool_get(&lab->frames) : NULL;
	uint64_t *last = f ? last_arrival(h, to) : NULL, when;

	if (!last) {
		lab->frames_lost += h != NULL;
		if (f)
			mem_pool_put(&lab->frames, f);
		frame_lost(lab, h ? h->id : 0, p);
		return;
	}
	p->sk = NULL;
	p->next = NULL;
	*f = (struct frame){ .lab = lab, .pkt = p, .to = to, .host_id = h->id, .ifindex = to->ifindex };
	sched_event_init(&f->ev, frame_arrives);
	list_add_tail(&lab->on_wire, &f->node);
	when = sched_now(lab->sched) + (to == out ? 1000 : WIRE_MIN_NS + rng_below(&lab->wire_rng, WIRE_SPREAD_NS));
	*last = MAX(*last, when);
	if (sched_at(lab->sched, &f->ev, *last) < 0) {
		list_del(&f->node);
		mem_pool_put(&lab->frames, f);
		frame_lost(lab, h->id, p);
	}
}

void wire_free(struct lab *l)
{
	struct frame *f, *tmp;

	list_for_each_safe(f, tmp, &l->on_wire, node) {
		sched_cancel(l->sched, &f->ev);
		list_del(&f->node);
		frame_lost(l, f->host_id, f->pkt);
		mem_pool_put(&l->frames, f);
	}
}
