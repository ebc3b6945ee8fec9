/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay/replay.c - drives the engine with captures: merges them by time, moves the clock, writes what leaves.
 *
 * Theory of operation: one namespace is the gateway. The setup file makes it, by the command languages; interfaces that the command line or the file names are
 * there from the start, up. A capture taken on the gateway itself holds both what came in and what it sent: its own frames are told by
 * the MAC address that it has, which is learned before the start from frames that carry one of the interface's IP addresses, and left out. Link-layer
 * addresses of neighbours come from the captures too; a next hop that no capture knows gets one of its own, so that nothing waits.
 *
 * Invariants
 *  1. The clock never goes back: a frame older than the one before is taken at the time of the one before, and counted.
 *  2. What the engine does depends on the captures, the setup and the seed only.
 */
#include "replay/replay.h"

#include <errno.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fmt.h"
#include "front/script.h"
#include "net/edit.h"
#include "net/parse.h"
#include "path/path.h"
#include "ns/trace.h"
#include "replay/capture.h"
#include "replay/fate.h"

#define LEARN_FRAMES 200000		/* of each capture, read ahead for MAC addresses */
#define NEIGHBOURS 65536

struct port {
	const char *ifname, *path;
	struct link *link;
	struct capture *in;
	struct capture_writer *out;
	bool have;			/* .frame is the next one */
	struct capture_frame frame;
	uint64_t read, skipped, cut, offloaded;
};

struct known {				/* who has this address on this interface */
	int ifindex;
	union inet_addr addr;
	uint8_t mac[6];
};

struct replay {
	const struct replay_opts *o;
	struct world world;
	struct netns *ns;
	struct fate fate;
	struct port in[64], out[64];
	struct known *known;		/* open addressing, NEIGHBOURS slots */
	unsigned n_known;
	struct pkt *lo, **lo_tail;	/* what lo carries */
	uint64_t backwards;
	bool damaged;
	struct sbuf *report;
	FILE *err;
};

/* ---- neighbours ---- */

static struct known *known_slot(struct replay *r, int ifindex, const union inet_addr *a)
{
	static const struct hash_key key = { { 0x6e6174626f78, 0x7265706c6179 } };
	struct {
		union inet_addr a;
		int ifindex;
	} k = { *a, ifindex };
	uint32_t i = (uint32_t)hash_bytes(&key, &k, sizeof(k)) % NEIGHBOURS;

	while (r->known[i].ifindex && !(r->known[i].ifindex == ifindex && addr_eq(&r->known[i].addr, a)))
		i = (i + 1) % NEIGHBOURS;
	return &r->known[i];
}

static void know(struct replay *r, int ifindex, be32 ip, const uint8_t *mac)
{
	union inet_addr a = addr_ip4(ip);
	struct known *k = known_slot(r, ifindex, &a);

	if (!ip || mac[0] & 1 || (!k->ifindex && r->n_known >= NEIGHBOURS / 2))
		return;
	r->n_known += !k->ifindex;
	*k = (struct known){ .ifindex = ifindex, .addr = a };
	memcpy(k->mac, mac, 6);
}

static int op_neighbour(struct world *w, struct link *l, const union inet_addr *addr, uint8_t mac[6])
{
	struct replay *r = w->ctx;
	const struct known *k = known_slot(r, l->ifindex, addr);

	if (k->ifindex) {
		memcpy(mac, k->mac, 6);
		return 0;
	}
	mac[0] = 0x02;		/* locally administered, made of the interface and the address */
	mac[1] = (uint8_t)l->ifindex;
	memcpy(mac + 2, addr->b, 4);
	return 0;
}

/* ---- what the engine asks of its driver ---- */

static void op_transmit(struct world *w, struct link *out, struct pkt *p)
{
	struct replay *r = w->ctx;

	if (out->kind == LINK_LOOPBACK) {
		p->next = NULL;
		*r->lo_tail = p;
		r->lo_tail = &p->next;
		return;
	}
	for (unsigned i = 0; i < r->o->n_out; i++)
		if (r->out[i].link == out)
			capture_write(r->out[i].out, clock_wall_ns(&w->clock), p->buf + p->mac, pkt_len(p));
	pkt_free(p);
}

static void op_timers_changed(struct world *w)
{
}

static void op_log(struct world *w, struct netns *ns, int level, const char *line)
{
	struct replay *r = w->ctx;
	uint64_t t = w->clock.now_ns / 1000;

	sbuf_printf(r->report, "[%5llu.%06llu] %s\n", (unsigned long long)(t / 1000000), (unsigned long long)(t % 1000000), line);
}

static void op_ct_event(struct world *w, struct netns *ns, enum ct_event ev, const struct conn *c)
{
	struct replay *r = w->ctx;

	fate_conn(&r->fate, ev, c);
}

/* a host on which no program listens: path/local.c answers pings and refuses the rest */
static enum drop_reason op_deliver(struct netns *ns, struct pkt *p)
{
	return p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP || p->proto == IPPROTO_ICMP ? DROP_NO_SOCKET : DROP_NO_PROTOCOL;
}

static const struct sock_ops idle_host = { .deliver = op_deliver };

static const struct world_ops ops = {
	.transmit = op_transmit,
	.log = op_log,
	.timers_changed = op_timers_changed,
	.ct_event = op_ct_event,
	.neighbour = op_neighbour,
};

static void on_trace(struct world *w, const struct trace_event *ev)
{
	struct replay *r = w->ctx;

	fate_trace(&r->fate, ev);
}

static void drain_lo(struct replay *r)
{
	for (unsigned rounds = 0; r->lo && rounds < 1000; rounds++) {
		struct pkt *p = r->lo;

		r->lo = p->next;
		if (!r->lo)
			r->lo_tail = &r->lo;
		p->next = NULL;
		path_rx(r->ns->lo, &p, 1);
	}
}

/* ---- the gateway ---- */

static struct link *extern_link(struct replay *r, const char *name)
{
	struct link *l = link_by_name(&r->ns->links, name);

	if (l)
		return l;
	if (!link_name_ok(name) || link_add(&r->ns->links, LINK_EXTERN, name, 0, &l))
		return NULL;
	l->arphrd = ARPHRD_ETHER;
	l->mtu = 1500;
	l->carrier = true;
	l->flags |= IFF_BROADCAST | IFF_MULTICAST;
	memset(l->brd_mac, 0xff, sizeof(l->brd_mac));
	memcpy(l->mac, (uint8_t[]){ 0x02, 0x6e, 0x62, 0, 0, (uint8_t)l->ifindex }, 6);
	link_set_flags(l, IFF_UP, IFF_UP);
	return l;
}

/* interfaces that the setup only talks about are there too, unless it makes them itself */
static void name_links(struct replay *r, const char *text)
{
	char *copy = mem_strdup(text), *save = NULL, *prev = NULL;

	if (!copy)
		return;
	for (char *w = strtok_r(copy, " \t\n;&|()", &save); w; w = strtok_r(NULL, " \t\n;&|()", &save)) {
		if (prev && strcmp(prev, "dev") == 0 && link_name_ok(w) && strcmp(w, "lo") && !strpbrk(w, "$\"'`"))
			extern_link(r, w);
		prev = w;
	}
	mem_free(copy);
}

static bool makes_link(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = strstr(text, "link add"); at; at = strstr(at + 1, "link add")) {
		const char *w = at + strlen("link add");

		for (unsigned words = 0; words < 3 && *w && *w != '\n' && *w != ';'; words++) {
			w += strspn(w, " \t");
			if (strncmp(w, name, n) == 0 && (isspace((unsigned char)w[n]) || !w[n]))
				return true;
			w += strcspn(w, " \t\n;");
		}
	}
	return false;
}

static int run_setup(struct replay *r)
{
	struct stream *err = NULL, *out = NULL;
	struct sbuf text = SBUF_INIT, said = SBUF_INIT;
	struct script s = { .world = &r->world, .ns = r->ns };
	char *dir = mem_strdup(r->o->setup), *slash = dir ? strrchr(dir, '/') : NULL;
	unsigned line = 0;
	int status = 2, e = script_read_file(r->o->setup, &text);

	if (e) {
		fprintf(r->err, "natbox replay: %s: %s\n", r->o->setup, strerror(-e));
		goto out;
	}
	if (slash) {
		*(slash == dir ? slash + 1 : slash) = '\0';
		s.dir = dir;
	}
	for (unsigned i = 0; i < r->o->n_in + r->o->n_out; i++) {
		const char *name = i < r->o->n_in ? r->o->in[i].ifname : r->o->out[i - r->o->n_in].ifname;

		if (!makes_link(sbuf_str(&text), name) && !extern_link(r, name)) {
			fprintf(r->err, "natbox replay: %s: not a name for an interface\n", name);
			goto out;
		}
	}
	if (!strstr(sbuf_str(&text), "link add"))
		name_links(r, sbuf_str(&text));
	link_set_flags(r->ns->lo, IFF_UP, IFF_UP);
	out = stream_to_sbuf(r->report);
	err = stream_to_sbuf(&said);
	s.out = out;
	s.err = err;
	status = script_run(&s, r->o->setup, sbuf_str(&text), &line);
	fwrite(sbuf_str(&said), 1, said.len, r->err);
	if (status) {
		fprintf(r->err, "natbox replay: %s:%u: the setup ends here with status %d\n", r->o->setup, line, status);
		status = 2;
	}
out:
	stream_put(out);
	stream_put(err);
	sbuf_free(&said);
	sbuf_free(&text);
	mem_free(dir);
	return status;
}

/* an interface that frames are read from or written to is one of the outside, whatever kind the setup made it */
static int take_port(struct replay *r, struct port *p, const struct replay_port *want)
{
	*p = (struct port){ .ifname = want->ifname, .path = want->path, .link = link_by_name(&r->ns->links, want->ifname) };
	if (!p->link || p->link == r->ns->lo) {
		fprintf(r->err, "natbox replay: %s: the gateway has no such interface\n", want->ifname);
		return -ENODEV;
	}
	if (p->link->kind == LINK_DUMMY || p->link->kind == LINK_VETH)
		p->link->kind = LINK_EXTERN;
	return 0;
}

/* ---- what the captures tell of MAC addresses ---- */

static bool is_own(const struct link *l, be32 ip)
{
	const struct link_addr *a;

	list_for_each(a, &l->addrs, node)
		if (a->family == AF_INET && a->addr.ip4 == ip)
			return true;
	return false;
}

struct votes {
	uint8_t mac[16][6];
	unsigned n, count[16];
};

static void vote(struct votes *v, const uint8_t *mac)
{
	unsigned i = 0;

	if (mac[0] & 1)
		return;
	while (i < v->n && memcmp(v->mac[i], mac, 6))
		i++;
	if (i == ARRAY_LEN(v->mac))
		return;
	if (i == v->n) {
		memcpy(v->mac[v->n++], mac, 6);
		v->count[i] = 0;
	}
	v->count[i]++;
}

/* sender and destination of an ARP or IPv4 frame; false: neither */
static bool frame_ips(const struct capture_frame *f, be32 *src, be32 *dst, bool *arp)
{
	const uint8_t *d = f->data;
	unsigned at = get_u16(d + 12) == ETH_P_8021Q ? 18 : 14;
	uint16_t type;

	if (f->caplen < at + 20u)
		return false;
	type = get_u16(d + at - 2);
	*arp = type == ETH_P_ARP && f->caplen >= at + 28u;
	if (!*arp && type != ETH_P_IP)
		return false;
	memcpy(src, d + at + (*arp ? 14 : 12), 4);
	memcpy(dst, d + at + (*arp ? 24 : 16), 4);
	return true;
}

static void learn_frame(struct replay *r, struct port *p, const struct capture_frame *f, struct votes *own, struct votes *any)
{
	be32 src, dst;
	bool arp;

	if (!f->has_mac || f->caplen < 14 || !frame_ips(f, &src, &dst, &arp))
		return;
	if (is_own(p->link, src))
		vote(own, f->data + 6);
	else if (!arp && is_own(p->link, dst))
		vote(own, f->data);
	else if (!arp)
		vote(any, f->data);
	if (arp && !is_own(p->link, src))
		know(r, p->link->ifindex, src, f->data + 6);
}

/* the address of a neighbour in the interface's subnet that sends IP is its own, and not some router's */
static void learn_senders(struct replay *r, struct port *p, const struct capture_frame *f)
{
	const struct link_addr *a;
	union inet_addr from;
	be32 src, dst;
	bool arp;

	if (!f->has_mac || f->caplen < 14 || !frame_ips(f, &src, &dst, &arp) || arp)
		return;
	from = addr_ip4(src);
	list_for_each(a, &p->link->addrs, node)
		if (a->family == AF_INET && addr_in(AF_INET, &from, &a->addr, a->plen) && !is_own(p->link, src))
			know(r, p->link->ifindex, src, f->data + 6);
}

static void learn_macs(struct replay *r, struct port *p)
{
	struct votes own = { .n = 0 }, any = { .n = 0 }, *v;
	struct capture_frame f;
	struct capture *c;
	char why[256];
	unsigned best = 0;

	c = capture_open(p->path, why);
	for (unsigned i = 0; c && i < LEARN_FRAMES && capture_next(c, &f, why) == 1; i++) {
		learn_frame(r, p, &f, &own, &any);
		learn_senders(r, p, &f);
	}
	capture_close(c);
	v = own.n ? &own : &any;
	for (unsigned i = 1; i < v->n; i++)
		if (v->count[i] > v->count[best])
			best = i;
	if (v->n && !p->link->mac_set) {
		memcpy(p->link->mac, v->mac[best], 6);
		p->link->mac_set = true;
	}
}

/* ---- the run ---- */

static void next_frame(struct replay *r, struct port *p)
{
	char why[256];
	int n = capture_next(p->in, &p->frame, why);

	p->have = n == 1;
	if (n < 0) {
		r->damaged = true;
		fprintf(r->err, "natbox replay: %s: packet %llu: %s; what came before it counts\n", p->path,
			(unsigned long long)p->read + 1, why);
	}
	p->read += p->have;
}

static struct port *earliest(struct replay *r)
{
	struct port *first = NULL;

	for (unsigned i = 0; i < r->o->n_in; i++)
		if (r->in[i].have && (!first || r->in[i].frame.wall_ns < first->frame.wall_ns))
			first = &r->in[i];
	return first;
}

static void move_clock(struct replay *r, uint64_t wall_ns)
{
	struct clock *c = &r->world.clock;
	uint64_t next;

	if (wall_ns < clock_wall_ns(c)) {
		r->backwards++;
		return;
	}
	/* timers fire at their own time, not all together when the next packet comes */
	while ((next = world_next_ns(&r->world)) <= wall_ns - c->epoch_ns) {
		c->now_ns = MAX(c->now_ns, next);
		world_timers(&r->world);
		drain_lo(r);
	}
	c->now_ns = wall_ns - c->epoch_ns;
}

static void tell(struct replay *r, const struct port *p, const struct capture_frame *f)
{
	static const char *const what[] = { "handled", "forwarded", "to the host", "dropped" };
	const struct fate *t = &r->fate;
	uint64_t us = r->world.clock.now_ns / 1000;

	sbuf_printf(r->report, "%6llu.%06llu %s packet %llu: %s", (unsigned long long)(us / 1000000), (unsigned long long)(us % 1000000),
		    p->ifname, (unsigned long long)f->number, what[t->what]);
	if (t->what == FATE_FORWARDED && t->out)
		sbuf_printf(r->report, " by %s", t->out->name);
	if (t->what == FATE_DROPPED)
		sbuf_printf(r->report, ": %s", drop_reason_text(t->why));
	sbuf_putc(r->report, '\n');
}

/*
 * A packet captured on the machine that sent it may carry only the pseudo-header's sum, which the device would have completed. The receiver gets it right;
 * so does the engine. Return: was it such a one
 */
static bool complete_checksum(struct pkt *pkt)
{
	struct pkt probe = *pkt;
	uint8_t tail[4] = { 0 };
	uint16_t want, is;
	unsigned at;

	if (pkt_len(pkt) < ETH_HLEN || get_u16(pkt->buf + pkt->mac + 12) != ETH_P_IP || parse_eth(&probe) || parse_ip(&probe) || probe.flags & (PKT_FRAG | PKT_L4_CUT) ||
	    (probe.proto != IPPROTO_TCP && probe.proto != IPPROTO_UDP))
		return false;
	at = probe.l4 + (probe.proto == IPPROTO_TCP ? 16 : 6);
	tail[1] = probe.proto;
	put_u16(tail + 2, (uint16_t)(probe.end - probe.l4));
	want = (uint16_t)~csum_fold(csum_partial(tail, 4, csum_partial(pkt_l3(&probe) + 12, 8, 0)));
	memcpy(&is, pkt->buf + at, 2);
	if (is != want || parse_l4_checksum(&probe))
		return false;
	edit_fill_checksums(&probe);
	return true;
}

static void feed(struct replay *r, struct port *p)
{
	const struct capture_frame *f = &p->frame;
	struct pkt *pkt;

	if (f->outgoing || (f->has_mac && f->caplen >= 14 && memcmp(f->data + 6, p->link->mac, 6) == 0)) {
		p->skipped++;
		return;
	}
	p->cut += f->caplen < f->len;
	pkt = f->caplen <= PKT_LARGE ? pkt_from_frame(&r->world.pool, f->data, f->caplen) : NULL;
	if (!pkt) {
		r->ns->drops[DROP_NO_MEMORY]++;
		return;
	}
	if (!f->has_mac && f->caplen >= 14)	/* a link without Ethernet: what it carries is for the gateway */
		memcpy(pkt->buf + pkt->mac, p->link->mac, 6);
	p->offloaded += complete_checksum(pkt);
	fate_begin(&r->fate, pkt);
	path_rx(p->link, &pkt, 1);
	drain_lo(r);
	if (r->o->verbose)
		tell(r, p, f);
}

static void progress(struct replay *r, uint64_t done, bool last)
{
	uint64_t at = 0, size = 0;
	char bar[41];
	unsigned n;

	for (unsigned i = 0; i < r->o->n_in; i++) {
		at += capture_position(r->in[i].in);
		size += capture_size(r->in[i].in);
	}
	if (!size)
		return;
	n = (unsigned)(MIN(at, size) * 40 / size);
	memset(bar, '#', n);
	memset(bar + n, '.', 40 - n);
	bar[40] = '\0';
	fprintf(r->err, "\r[%s] %3u%% %llu packets%s", bar, (unsigned)(MIN(at, size) * 100 / size), (unsigned long long)done, last ? "\n" : "");
	fflush(r->err);
}

static void replay_loop(struct replay *r)
{
	struct timespec t0, t;
	struct port *p;
	uint64_t n = 0;
	bool shown = false;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	while ((p = earliest(r))) {
		move_clock(r, p->frame.wall_ns);
		feed(r, p);
		next_frame(r, p);
		if (!r->o->progress || ++n % 65536)
			continue;
		clock_gettime(CLOCK_MONOTONIC, &t);
		if (t.tv_sec > t0.tv_sec + 1) {		/* only when it takes long */
			shown = true;
			progress(r, n, false);
		}
	}
	if (shown)
		progress(r, n, true);
}

static void report(struct replay *r)
{
	struct sbuf *out = r->report;

	for (unsigned i = 0; i < r->o->n_in; i++) {
		const struct port *p = &r->in[i];

		sbuf_printf(out, "%s: %llu packets from %s", p->ifname, (unsigned long long)p->read, p->path);
		if (p->skipped)
			sbuf_printf(out, ", %llu of them sent by the gateway itself and left out", (unsigned long long)p->skipped);
		if (p->offloaded)
			sbuf_printf(out, ", %llu with a checksum left to the device, completed", (unsigned long long)p->offloaded);
		if (p->cut)
			sbuf_printf(out, ", %llu cut short by the capture (take it with -s 0)", (unsigned long long)p->cut);
		sbuf_putc(out, '\n');
	}
	if (r->backwards)
		sbuf_printf(out, "%llu packets were older than the one before and were taken at its time\n", (unsigned long long)r->backwards);
	fate_report(&r->fate, r->ns, out);
}

static int open_ports(struct replay *r)
{
	char why[256];

	for (unsigned i = 0; i < r->o->n_in; i++) {
		struct port *p = &r->in[i];

		if (take_port(r, p, &r->o->in[i]))
			return 2;
		p->in = capture_open(p->path, why);
		if (!p->in) {
			fprintf(r->err, "natbox replay: %s: %s\n", p->path, why);
			return 2;
		}
		learn_macs(r, p);
	}
	for (unsigned i = 0; i < r->o->n_out; i++) {
		struct port *p = &r->out[i];

		if (take_port(r, p, &r->o->out[i]))
			return 2;
		p->out = capture_create(p->path, why);
		if (!p->out) {
			fprintf(r->err, "natbox replay: %s: %s\n", p->path, why);
			return 2;
		}
	}
	return 0;
}

static int close_ports(struct replay *r)
{
	int status = 0;

	for (unsigned i = 0; i < r->o->n_in; i++)
		capture_close(r->in[i].in);
	for (unsigned i = 0; i < r->o->n_out; i++) {
		int err = r->out[i].out ? capture_finish(r->out[i].out, r->out[i].path) : 0;

		if (err) {
			fprintf(r->err, "natbox replay: %s: %s\n", r->out[i].path, strerror(-err));
			status = 2;
		}
	}
	return status;
}

static int replay_all(struct replay *r)
{
	struct port *p;
	int status = run_setup(r);

	if (!status)
		status = open_ports(r);
	if (status)
		return status;
	for (unsigned i = 0; i < r->o->n_in; i++)
		next_frame(r, &r->in[i]);
	p = earliest(r);
	if (p)
		r->world.clock.epoch_ns = p->frame.wall_ns - r->world.clock.now_ns;
	r->world.trace = on_trace;
	ct_watch(r->ns->ct, true);
	replay_loop(r);
	report(r);
	return r->damaged ? 1 : 0;
}

int replay_run(const struct replay_opts *o, struct sbuf *out, FILE *err)
{
	struct replay *r = mem_zalloc(sizeof(*r));
	int status = 2, closed;

	if (!r || fate_init(&r->fate)) {
		mem_free(r);
		fprintf(err, "natbox replay: out of memory\n");
		return 2;
	}
	r->o = o;
	r->report = out;
	r->err = err;
	r->lo_tail = &r->lo;
	r->known = mem_zalloc(NEIGHBOURS * sizeof(*r->known));
	if (r->known && path_world_init(&r->world, o->seed, &ops, r) == 0) {
		r->ns = netns_new(&r->world, "gateway");
		if (r->ns && o->answer)
			r->ns->sock = &idle_host;
		if (r->ns)
			status = replay_all(r);
		closed = close_ports(r);
		status = closed ? closed : status;
		world_free(&r->world);
	}
	mem_free(r->known);
	fate_free(&r->fate);
	mem_free(r);
	return status;
}
