/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random_run.c - a rule set and its packets through the real kernel and through natbox.
 *
 * The kernel's router is a namespace of its own between two veth wires, whose outer ends are in another one and answer nothing. All that could come at its
 * own time is still: no neighbours to ask for, no link-local addresses, no rates for ICMP. A packet that is sent into a wire is through the router when
 * send() returns, for it is all done in the sender's softirq; when it was put off to a thread, waiting at the end still gets it.
 *
 * natbox runs in a process of its own, so that what crashes there is a result too.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "front/script.h"
#include "net/edit.h"
#include "path/path.h"
#include "random.h"

#define ARENA (8u << 20)
#define QUIET_MS 3

/* both routers are made by this; the wires are there */
const char world_setup[] =
	"sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1\n"
	"sysctl -q -w net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0\n"
	"sysctl -q -w net.ipv4.conf.eth0.rp_filter=0 net.ipv4.conf.eth1.rp_filter=0\n"
	"sysctl -q -w net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0 net.ipv4.conf.eth1.send_redirects=0\n"
	"sysctl -q -w net.ipv4.icmp_ratemask=0 net.netfilter.nf_conntrack_acct=1 net.ipv6.auto_flowlabels=0\n"
	"ip link set lo up\n"
	"ip link set eth0 address 02:00:00:00:0a:01\n"
	"ip link set eth1 address 02:00:00:00:0b:01\n"
	"ip link set eth0 up\n"
	"ip link set eth1 up\n"
	"ip addr add 10.0.1.1/24 dev eth0\n"
	"ip addr add 10.0.2.1/24 dev eth1\n"
	"ip addr add fd00:1::1/64 dev eth0 nodad\n"
	"ip addr add fd00:2::1/64 dev eth1 nodad\n"
	"for h in 2 3 9; do\n"
	"	ip neigh replace 10.0.1.$h lladdr 02:00:00:00:0a:02 nud permanent dev eth0\n"
	"	ip neigh replace 10.0.2.$h lladdr 02:00:00:00:0b:02 nud permanent dev eth1\n"
	"	ip neigh replace fd00:1::$h lladdr 02:00:00:00:0a:02 nud permanent dev eth0\n"
	"	ip neigh replace fd00:2::$h lladdr 02:00:00:00:0b:02 nud permanent dev eth1\n"
	"done\n"
	"ip route add 172.16.1.0/24 via 10.0.1.2\n"
	"ip route add default via 10.0.2.2\n"
	"ip route add prohibit 192.0.2.0/25\n"
	"ip route add blackhole 192.0.2.128/25\n"
	"ip -6 route add 2001:db8:1::/64 via fd00:1::2\n"
	"ip -6 route add default via fd00:2::2\n"
	"ip -6 route add prohibit 2001:db8:9::/64\n";

/* what the kernel's namespace needs besides, so that nothing moves there by itself */
static const char quiet_setup[] =
	"for i in all default eth0 eth1; do\n"
	"	sysctl -q -w net.ipv6.conf.$i.addr_gen_mode=1 net.ipv6.conf.$i.accept_ra=0 net.ipv6.conf.$i.router_solicitations=0\n"
	"	sysctl -q -w net.ipv6.conf.$i.mldv1_unsolicited_report_interval=1 net.ipv6.conf.$i.mldv2_unsolicited_report_interval=1\n"
	"done\n"
	"sysctl -q -w net.ipv6.icmp.ratelimit=0 net.ipv6.icmp.ratemask= net.ipv4.icmp_ratelimit=0\n";

/* ---- frames and outcomes ---- */

struct frame *frames_add(struct frames *f, unsigned side, const void *data, size_t len)
{
	struct frame *n;

	if (f->n == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 32;
		f->v = realloc(f->v, f->cap * sizeof(*f->v));
		if (!f->v)
			abort();
	}
	n = &f->v[f->n++];
	n->side = (uint8_t)side;
	n->len = (uint16_t)(len < sizeof(n->data) ? len : sizeof(n->data));
	memcpy(n->data, data, n->len);
	return n;
}

void frames_free(struct frames *f)
{
	free(f->v);
	*f = (struct frames){ 0 };
}

void outcome_free(struct outcome *o)
{
	for (unsigned i = 0; i < N_PARTS; i++)
		sbuf_free(&o->part[i]);
	sbuf_free(&o->said);
}

static void put_frames(struct outcome *o, const struct frames *out)
{
	for (unsigned i = 0; i < out->n; i++) {
		struct frame f = out->v[i];
		struct sbuf *to = &o->part[f.side ? PART_OUT_B : PART_OUT_A];

		if (!mask_frame(&f))
			continue;
		for (unsigned b = 0; b < f.len; b++)
			sbuf_printf(to, "%02x", f.data[b]);
		sbuf_putc(to, '\n');
	}
}

/* @text without what tells of time: comments of iptables-save, what is left of a timeout */
static void put_listing(struct outcome *o, const char *text)
{
	for (const char *at = text, *end; *at; at = end + (*end == '\n')) {
		char line[65536], *e;

		end = strchrnul(at, '\n');
		if (*at == '#' || (size_t)(end - at) >= sizeof(line))
			continue;
		memcpy(line, at, (size_t)(end - at));
		line[end - at] = '\0';
		while ((e = strstr(line, " expires "))) {
			size_t n = strspn(e + 9, "0123456789dhms");

			memmove(e, e + 9 + n, strlen(e + 9 + n) + 1);
		}
		sbuf_printf(&o->part[PART_LISTING], "%s\n", line);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* conntrack -L: sorted; without times, and the number of references (D-36) */
static void put_conns(struct outcome *o, const char *text)
{
	char *copy = strdup(text), *save = NULL, *lines[2048];
	unsigned n = 0;

	for (char *l = strtok_r(copy, "\n", &save); l && n < ARRAY_LEN(lines); l = strtok_r(NULL, "\n", &save)) {
		char proto[32], *use = strstr(l, " use="), *w = l;
		int number, at = 0;
		unsigned long left;

		if (sscanf(l, "%31s %d %lu %n", proto, &number, &left, &at) < 3 || !at)
			continue;
		if (use)
			*use = '\0';
		w += at;
		lines[n] = NULL;
		if (asprintf(&lines[n], "%s %d %s", proto, number, w) < 0)
			abort();
		n++;
	}
	qsort(lines, n, sizeof(*lines), by_text);
	for (unsigned i = 0; i < n; i++) {
		sbuf_printf(&o->part[PART_CONNS], "%s\n", lines[i]);
		free(lines[i]);
	}
	free(copy);
}

/* ---- the kernel ---- */

struct kernel {
	int ns, fd[2], ctnl;
	uint32_t seq;
};

/* argv in @ns, @in on its standard input; what it prints goes to @out and @err; its exit status */
static int spawn(int ns, const char *const *argv, const char *in, struct sbuf *out, struct sbuf *err)
{
	int from[2], said[2], status = 0, fin = -1;
	size_t n = in ? strlen(in) : 0;
	pid_t pid;

	/* the input is a file in memory, so that nothing waits for anything */
	fin = memfd_create("in", MFD_CLOEXEC);
	if (fin < 0 || (n && write(fin, in, n) != (ssize_t)n) || lseek(fin, 0, SEEK_SET) < 0 || pipe2(from, O_CLOEXEC) || pipe2(said, O_CLOEXEC))
		abort();
	pid = fork();
	if (pid == 0) {
		if (setns(ns, CLONE_NEWNET))
			_exit(126);
		dup2(fin, 0);
		dup2(from[1], 1);
		dup2(said[1], 2);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(fin);
	close(from[1]);
	close(said[1]);
	for (struct pollfd p[2] = { { from[0], POLLIN, 0 }, { said[0], POLLIN, 0 } }; p[0].fd >= 0 || p[1].fd >= 0;) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			break;
		for (unsigned i = 0; i < 2; i++) {
			char buf[65536];
			ssize_t got;

			if (p[i].fd < 0 || !p[i].revents)
				continue;
			got = read(p[i].fd, buf, sizeof(buf));
			if (got <= 0)
				p[i].fd = -1;
			else if (i ? err : out)
				sbuf_put(i ? err : out, buf, (size_t)got);
		}
	}
	close(from[0]);
	close(said[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int wire_socket(const char *ifname)
{
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)if_nametoindex(ifname) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1, size = 8 << 20;

	if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) || bind(fd, (struct sockaddr *)&ll, sizeof(ll)))
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return fd;
}

/* the router finishes its checksums itself */
static void checksums_here(int ns, const char *ifname)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct ethtool_value v = { .cmd = ETHTOOL_STXCSUM };
		struct ifreq ifr = { .ifr_data = (void *)&v };
		int s;

		if (setns(ns, CLONE_NEWNET))
			_exit(1);
		snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
		s = socket(AF_INET, SOCK_DGRAM, 0);
		_exit(ioctl(s, SIOCETHTOOL, &ifr) != 0);
	}
	waitpid(pid, NULL, 0);
}

struct kernel *kernel_open(void)
{
	struct kernel *k = calloc(1, sizeof(*k));
	struct sbuf said = SBUF_INIT;
	char script[4096];
	int outer;

	if (!k || unshare(CLONE_NEWNET) || (k->ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) < 0)
		return NULL;
	k->ctnl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (unshare(CLONE_NEWNET) || (outer = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)) < 0)
		return NULL;
	snprintf(script, sizeof(script),
		 "sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1\n"
		 "for w in a0:eth0:0a b0:eth1:0b; do\n"
		 "	x=${w%%%%:*} r=${w#*:} m=${w##*:} r=${r%%%%:*}\n"
		 "	ip link add $x address 02:00:00:00:$m:02 type veth peer name $r netns /proc/%d/fd/%d\n"
		 "	ip link set $x arp off up\n"
		 "done\n", getpid(), k->ns);
	if (spawn(outer, (const char *const[]){ "sh", "-e", NULL }, script, &said, &said) ||
	    spawn(k->ns, (const char *const[]){ "sh", "-e", NULL }, quiet_setup, &said, &said) ||
	    spawn(k->ns, (const char *const[]){ "sh", "-e", NULL }, world_setup, &said, &said)) {
		fprintf(stderr, "random: the kernel's router cannot be made:\n%s", sbuf_str(&said));
		exit(2);
	}
	sbuf_free(&said);
	close(outer);
	checksums_here(k->ns, "eth0");
	checksums_here(k->ns, "eth1");
	k->fd[0] = wire_socket("a0");
	k->fd[1] = wire_socket("b0");
	usleep(1500000);	/* multicast reports */
	return k;
}

static void forget_connections(struct kernel *k)
{
	struct {
		struct nlmsghdr h;
		struct nfgenmsg g;
	} m = {
		.h = { sizeof(m), (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_DELETE, NLM_F_REQUEST | NLM_F_ACK, ++k->seq, 0 },
		.g = { AF_UNSPEC, NFNETLINK_V0, 0 },
	};
	char buf[4096];

	if (send(k->ctnl, &m, sizeof(m), 0) < 0 || recv(k->ctnl, buf, sizeof(buf), 0) < 0)
		perror("random: conntrack");
}

static void take(struct kernel *k, struct frames *out)
{
	static uint8_t buf[70000];
	ssize_t n;

	for (unsigned side = 0; side < 2; side++)
		while ((n = recv(k->fd[side], buf, sizeof(buf), 0)) > 0)
			frames_add(out, side, buf, (size_t)n);
}

static void quiet(struct kernel *k, struct frames *out)
{
	struct pollfd p[2] = { { k->fd[0], POLLIN, 0 }, { k->fd[1], POLLIN, 0 } };

	do
		take(k, out);
	while (poll(p, 2, QUIET_MS) > 0);
}

/*
 * what waits for the rest of a datagram from a run before must not take this one's for it: fragments get another id, which natbox sees too
 */
static void other_id(struct frame *f, uint16_t salt)
{
	uint8_t *p = f->data + 14;
	unsigned at = 40, next = p[6];
	be16 before, x = htons(salt), sum;

	if (f->len >= 34 && get_u16(f->data + 12) == 0x0800 && get_u16(p + 6) & 0x3fff) {
		memcpy(&before, p + 4, 2);
		x ^= before;
		memcpy(&sum, p + 10, 2);
		sum = csum_replace16(sum, before, x);
		memcpy(p + 10, &sum, 2);
		memcpy(p + 4, &x, 2);
	}
	if (f->len < 62 || get_u16(f->data + 12) != 0x86dd)
		return;
	for (; (next == 0 || next == 43) && at + 24 < f->len; at += 8)	/* as random_pkt.c makes them: of eight bytes */
		next = p[at];
	if (next == 44 && at + 8 + 14 <= f->len) {
		memcpy(&before, p + at + 6, 2);
		x ^= before;
		memcpy(p + at + 6, &x, 2);
	}
}

static const char *const load_argv[N_TOOLS][3] = {
	{ "nft", "-f", "-" }, { "iptables-restore", "-c", NULL }, { "ip6tables-restore", "-c", NULL },
};
static const char *const list_argv[N_TOOLS][4] = {
	{ "nft", "list", "ruleset", NULL }, { "iptables-save", "-c", NULL }, { "ip6tables-save", "-c", NULL },
};
static const char *const conns_argv[2][5] = { { "conntrack", "-L", "-f", "ipv4", NULL }, { "conntrack", "-L", "-f", "ipv6", NULL } };

void kernel_run(struct kernel *k, struct rcase *c, struct rng *r, unsigned n, struct outcome *o)
{
	const char *load[] = { load_argv[c->tool][0], load_argv[c->tool][1], load_argv[c->tool][2], NULL };
	struct frames out = { 0 };
	uint16_t salt = (uint16_t)(k->seq * 40503u);
	struct sbuf text = SBUF_INIT, list = SBUF_INIT, conns = SBUF_INIT, nothing = SBUF_INIT;
	int status;

	*o = (struct outcome){ 0 };
	if (c->tool != TOOL_NFT)
		spawn(k->ns, (const char *const[]){ "nft", "flush", "ruleset", NULL }, NULL, NULL, NULL);
	sbuf_printf(&text, "%s%s", c->tool == TOOL_NFT ? "flush ruleset\n" : "", sbuf_str(&c->rules));
	status = spawn(k->ns, load, sbuf_str(&text), &o->said, &o->said);
	o->crashed = status >= 128;
	sbuf_printf(&o->part[PART_STATUS], "%d\n", status);
	sbuf_free(&text);
	if (r)
		frames_free(&c->in);
	if (status)
		return;
	forget_connections(k);
	quiet(k, &out);
	frames_free(&out);
	for (unsigned i = 0; i < (r ? n : c->in.n); i++) {
		struct frame f;

		if (r) {
			gen_packet(r, &c->in, &out, &f);
			frames_add(&c->in, f.side, f.data, f.len);
		} else {
			other_id(&c->in.v[i], salt);
			f = c->in.v[i];
		}
		if (send(k->fd[f.side], f.data, f.len, 0) < 0)
			perror("random: send");
		take(k, &out);
	}
	quiet(k, &out);
	put_frames(o, &out);
	frames_free(&out);
	status = spawn(k->ns, list_argv[c->tool], NULL, &list, &o->said);
	o->crashed = status >= 128;
	put_listing(o, sbuf_str(&list));
	for (unsigned i = 0; i < 2; i++)
		spawn(k->ns, conns_argv[i], NULL, &conns, &nothing);
	put_conns(o, sbuf_str(&conns));
	sbuf_free(&list);
	sbuf_free(&conns);
	sbuf_free(&nothing);
}

/* ---- natbox ---- */

struct box {
	struct world world;
	struct netns *ns;
	struct pkt *lo, **lo_tail;
	struct frames *out;
};

static void op_transmit(struct world *w, struct link *out, struct pkt *p)
{
	struct box *b = w->ctx;

	if (out->kind == LINK_LOOPBACK) {
		p->next = NULL;
		*b->lo_tail = p;
		b->lo_tail = &p->next;
		return;
	}
	if (b->out)
		frames_add(b->out, out->name[3] == '1', p->buf + p->mac, pkt_len(p));
	pkt_free(p);
}

static void op_timers_changed(struct world *w)
{
}

static void op_log(struct world *w, struct netns *ns, int level, const char *line)
{
}

static enum drop_reason op_deliver(struct netns *ns, struct pkt *p)
{
	return p->proto == IPPROTO_TCP || p->proto == IPPROTO_UDP || p->proto == IPPROTO_UDPLITE || p->proto == IPPROTO_ICMP || p->proto == IPPROTO_ICMPV6 ? DROP_NO_SOCKET :
																 DROP_NO_PROTOCOL;
}

static const struct sock_ops idle_host = { .deliver = op_deliver };
static const struct world_ops box_ops = { .transmit = op_transmit, .log = op_log, .timers_changed = op_timers_changed };

static void drain_lo(struct box *b)
{
	struct pkt *p;

	while ((p = b->lo)) {
		b->lo = p->next;
		if (!b->lo)
			b->lo_tail = &b->lo;
		p->next = NULL;
		path_rx(b->ns->lo, &p, 1);
	}
}

static void box_time(struct box *b, uint64_t ns)
{
	b->world.clock.now_ns += ns;
	if (world_next_ns(&b->world) <= b->world.clock.now_ns)
		world_timers(&b->world);
	drain_lo(b);
}

static int box_tool(struct box *b, const char *const *argv, const char *in, struct sbuf *out, struct sbuf *err)
{
	struct script s = { .world = &b->world, .ns = b->ns, .out = stream_to_sbuf(out), .err = stream_to_sbuf(err) };
	int argc = 0, status;

	if (in)
		s.in = stream_from_bytes(in, strlen(in));
	while (argv[argc])
		argc++;
	status = script_command(&s, argc, (char **)argv);
	stream_put(s.out);
	stream_put(s.err);
	stream_put(s.in);
	drain_lo(b);
	return status;
}

static void box_open(struct box *b)
{
	struct sbuf said = SBUF_INIT;
	struct script s;

	b->lo_tail = &b->lo;
	if (path_world_init(&b->world, 1, &box_ops, b) || !(b->ns = netns_new(&b->world, "router")))
		abort();
	b->world.clock.epoch_ns = 1700000000ull * 1000000000;
	b->ns->sock = &idle_host;
	link_set_flags(b->ns->lo, IFF_UP, IFF_UP);
	for (unsigned i = 0; i < 2; i++) {
		struct link *l;

		if (link_add(&b->ns->links, LINK_EXTERN, i ? "eth1" : "eth0", 0, &l))
			abort();
		l->arphrd = ARPHRD_ETHER;
		l->mtu = 1500;
		l->carrier = true;
		l->flags |= IFF_BROADCAST | IFF_MULTICAST;
		memset(l->brd_mac, 0xff, sizeof(l->brd_mac));
	}
	s = (struct script){ .world = &b->world, .ns = b->ns, .out = stream_to_sbuf(&said), .err = stream_to_sbuf(&said) };
	if (script_run(&s, "setup", world_setup, NULL)) {
		fprintf(stderr, "random: natbox's router cannot be made:\n%s", sbuf_str(&said));
		_exit(2);
	}
	/* as in the other router, where it would send redirects, so many in a second */
	script_run(&s, "setup", "ip addr del fe80::ff:fe00:a01/64 dev eth0; ip addr del fe80::ff:fe00:b01/64 dev eth1", NULL);
	box_time(b, 20000000000);
	stream_put(s.out);
	stream_put(s.err);
	sbuf_free(&said);
}

static void box_run(const struct rcase *c, struct outcome *o)
{
	const char *load[] = { load_argv[c->tool][0], load_argv[c->tool][1], load_argv[c->tool][2], NULL };
	struct box *b = calloc(1, sizeof(*b));
	struct frames out = { 0 };
	struct sbuf list = SBUF_INIT, conns = SBUF_INIT;
	int status;

	box_open(b);
	status = box_tool(b, load, sbuf_str(&c->rules), &o->said, &o->said);
	sbuf_printf(&o->part[PART_STATUS], "%d\n", status);
	if (status)
		return;
	b->out = &out;
	for (unsigned i = 0; i < c->in.n; i++) {
		struct link *in = link_by_name(&b->ns->links, c->in.v[i].side ? "eth1" : "eth0");
		struct pkt *p = pkt_from_frame(&b->world.pool, c->in.v[i].data, c->in.v[i].len);

		if (p)
			path_rx(in, &p, 1);
		drain_lo(b);
		box_time(b, 20000);
	}
	put_frames(o, &out);
	box_tool(b, list_argv[c->tool], NULL, &list, &o->said);
	put_listing(o, sbuf_str(&list));
	for (unsigned i = 0; i < 2; i++)
		box_tool(b, conns_argv[i], NULL, &conns, &o->said);
	put_conns(o, sbuf_str(&conns));
	world_free(&b->world);
	free(b);
	frames_free(&out);
	sbuf_free(&list);
	sbuf_free(&conns);
}

/* the outcome's texts one after the other, each with its end */
static void pack(struct outcome *o, char *arena)
{
	size_t at = 0;

	for (unsigned i = 0; i <= N_PARTS; i++) {
		const struct sbuf *s = i < N_PARTS ? &o->part[i] : &o->said;

		if (at + s->len + 1 > ARENA)
			_exit(3);
		memcpy(arena + at, sbuf_str(s), s->len + 1);
		at += s->len + 1;
	}
}

void natbox_run_case(const struct rcase *c, struct outcome *o)
{
	static char *arena;
	const char *at;
	int status;
	pid_t pid;

	*o = (struct outcome){ 0 };
	if (!arena)
		arena = mmap(NULL, ARENA, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();
	if (pid == 0) {
		alarm(60);
		box_run(c, o);
		pack(o, arena);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		sbuf_printf(&o->part[PART_STATUS], "natbox ends with %s %d\n", WIFEXITED(status) ? "status" : "signal",
			    WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
		return;
	}
	at = arena;
	for (unsigned i = 0; i <= N_PARTS; i++, at += strlen(at) + 1)
		sbuf_puts(i < N_PARTS ? &o->part[i] : &o->said, at);
}
