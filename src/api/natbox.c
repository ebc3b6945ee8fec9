/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * api/natbox.c - libnatbox's public functions: the engine behind include/natbox.h.
 */
#include <natbox.h>

#include <errno.h>
#include <string.h>

#include "front/script.h"
#include "path/path.h"

#define VECTOR 256

struct natbox {
	struct world world;
	struct netns *ns;
	struct natbox_config config;
	struct pkt *lo, **lo_tail;	/* what lo carries */
};

static void op_transmit(struct world *w, struct link *out, struct pkt *p)
{
	struct natbox *nb = w->ctx;

	if (out->kind == LINK_LOOPBACK) {
		p->next = NULL;
		*nb->lo_tail = p;
		nb->lo_tail = &p->next;
		return;
	}
	if (nb->config.transmit)
		nb->config.transmit(nb->config.ctx, out->name, p->buf + p->mac, pkt_len(p));
	pkt_free(p);
}

static void op_log(struct world *w, struct netns *ns, int level, const char *line)
{
	struct natbox *nb = w->ctx;

	if (nb->config.log)
		nb->config.log(nb->config.ctx, line);
}

static void op_timers_changed(struct world *w)
{
}

static const struct world_ops ops = { .transmit = op_transmit, .log = op_log, .timers_changed = op_timers_changed };

static void drain_lo(struct natbox *nb)
{
	struct pkt *p;

	while ((p = nb->lo)) {
		nb->lo = p->next;
		if (!nb->lo)
			nb->lo_tail = &nb->lo;
		p->next = NULL;
		path_rx(nb->ns->lo, &p, 1);
	}
}

struct natbox *natbox_new(const struct natbox_config *config)
{
	struct natbox *nb = mem_zalloc(sizeof(*nb));

	if (!nb)
		return NULL;
	nb->config = *config;
	nb->lo_tail = &nb->lo;
	if (path_world_init(&nb->world, config->seed, &ops, nb)) {
		mem_free(nb);
		return NULL;
	}
	nb->world.clock.epoch_ns = config->epoch_ns;
	nb->ns = netns_new(&nb->world, "natbox");
	if (!nb->ns) {
		natbox_free(nb);
		return NULL;
	}
	link_set_flags(nb->ns->lo, IFF_UP, IFF_UP);
	return nb;
}

void natbox_free(struct natbox *nb)
{
	if (!nb)
		return;
	world_free(&nb->world);
	mem_free(nb);
}

int natbox_link(struct natbox *nb, const char *ifname, const uint8_t mac[6])
{
	struct link *l;
	int err = link_name_ok(ifname) ? link_add(&nb->ns->links, LINK_EXTERN, ifname, 0, &l) : -EINVAL;

	if (err)
		return err;
	l->arphrd = ARPHRD_ETHER;
	l->mtu = 1500;
	l->carrier = true;
	l->flags |= IFF_BROADCAST | IFF_MULTICAST;
	memset(l->brd_mac, 0xff, sizeof(l->brd_mac));
	memcpy(l->mac, mac, sizeof(l->mac));
	l->mac_set = true;
	link_set_flags(l, IFF_UP, IFF_UP);
	return 0;
}

int natbox_run(struct natbox *nb, const char *commands, void (*print)(void *ctx, const char *text, size_t len), void *ctx)
{
	struct sbuf said = SBUF_INIT;
	struct stream *out = stream_to_sbuf(&said);
	struct script s = { .world = &nb->world, .ns = nb->ns, .out = out, .err = out };
	int status = script_run(&s, "natbox", commands, NULL);

	drain_lo(nb);
	if (print && said.len)
		print(ctx, sbuf_str(&said), said.len);
	stream_put(out);
	sbuf_free(&said);
	return status;
}

void natbox_time(struct natbox *nb, uint64_t now_ns)
{
	if (now_ns > nb->world.clock.now_ns)
		nb->world.clock.now_ns = now_ns;
	if (world_next_ns(&nb->world) <= nb->world.clock.now_ns)
		world_timers(&nb->world);
	drain_lo(nb);
}

uint64_t natbox_next_ns(const struct natbox *nb)
{
	return world_next_ns(&nb->world);
}

int natbox_receive_vector(struct natbox *nb, const char *ifname, const void *const *frames, const size_t *lens, unsigned n)
{
	struct link *in = link_by_name(&nb->ns->links, ifname);
	struct pkt *v[VECTOR];
	unsigned taken = 0;

	if (!in)
		return -ENODEV;
	while (taken < n) {
		unsigned k = 0;

		for (; k < VECTOR && taken + k < n; k++) {
			v[k] = lens[taken + k] <= PKT_LARGE ? pkt_from_frame(&nb->world.pool, frames[taken + k], (uint32_t)lens[taken + k]) : NULL;
			if (!v[k])
				break;
		}
		if (!k)
			break;
		path_rx(in, v, k);
		taken += k;
	}
	drain_lo(nb);
	return (int)taken;
}

int natbox_receive(struct natbox *nb, const char *ifname, const void *frame, size_t len)
{
	int n;

	if (len > PKT_LARGE)
		return -EMSGSIZE;
	n = natbox_receive_vector(nb, ifname, &frame, &len, 1);
	return n < 0 ? n : n == 1 ? 0 : -ENOMEM;
}

const char *natbox_version(void)
{
	return NATBOX_VERSION;
}
