/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/prog_tcpdump.c - tcpdump: taps a host's links, filters with libpcap, prints with net/print, reads and writes real captures.
 *
 * Theory of operation: the tap copies what matches into a bounded queue at once, when the packet passes; the program prints from it. What is printed goes through
 * a buffer of 4096 bytes unless -l or -U ask otherwise, as with the real one when its output is no terminal.
 */
#include <ctype.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <pcap/sll.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/fmt.h"
#include "lab/lab.h"
#include "lab/programs.h"
#include "net/edit.h"
#include "net/print.h"

#define QUEUE_MAX (8u << 20)	/* bytes that wait to be printed: further packets are dropped and counted */
#define STDIO_BUFFER 4096
#define SLL2_LEN 20

struct captured {
	struct captured *next;
	uint64_t wall_ns;
	uint32_t caplen, len;
	char ifname[IFNAMSIZ];
	uint8_t data[];
};

struct tcpdump {
	struct proc *p;
	struct print_opts print;
	struct print_state *state;
	char *ifname, *read_file, *write_file, *filter_file;
	bool any, no_promisc, line_buffered, direction_in, direction_out;
	uint64_t count;			/* 0: no end */
	uint32_t snaplen;
	int linktype;
	pcap_t *pcap;			/* what the filter is compiled for */
	struct bpf_program prog;
	bool have_prog;
	struct tap tap;
	struct captured *first, **last;
	uint32_t queued;
	struct waitq arrived;
	uint64_t received, captured, dropped;
	struct sbuf out;
	struct stream *file;		/* -w */
};

/* ---- what passes ---- */

/* what a capture shows where Linux leaves the checksum to the device: the sum over the pseudo-header */
static void show_partial_checksum(uint8_t *ip, size_t n)
{
	bool v4 = ip[0] >> 4 == 4;
	size_t hlen = v4 ? (ip[0] & 15u) * 4u : 40, at;
	uint8_t tail[4] = { 0, v4 ? ip[9] : ip[6] };
	uint16_t sum;

	if (n < hlen + 20 && !(tail[1] == IPPROTO_UDP && n >= hlen + 8))
		return;
	at = hlen + (tail[1] == IPPROTO_TCP ? 16 : 6);
	put_u16(tail + 2, v4 ? (uint16_t)(get_u16(ip + 2) - hlen) : get_u16(ip + 4));
	sum = (uint16_t)~csum_fold(csum_partial(tail, 4, csum_partial(ip + (v4 ? 12 : 8), v4 ? 8 : 32, 0)));
	memcpy(ip + at, &sum, 2);
}

/* a cooked header in front of the network packet: draft-tcpdump LINKTYPE_LINUX_SLL2 */
static void put_sll2(uint8_t *h, const struct link *l, const struct pkt *p, bool out)
{
	memset(h, 0, SLL2_LEN);
	memcpy(h, &p->ethertype, 2);
	put_u32(h + 4, (uint32_t)l->ifindex);
	put_u16(h + 8, l->arphrd);
	h[10] = out ? PACKET_OUTGOING : p->pkt_type;
	h[11] = l->arphrd == ARPHRD_NONE ? 0 : 6;
	if (h[11] && p->l3 - p->mac >= ETH_HLEN)
		memcpy(h + 12, p->buf + p->mac + 6, 6);
}

static void on_packet(struct tap *tap, const struct link *l, const struct pkt *p, bool out)
{
	struct tcpdump *t = container_of(tap, struct tcpdump, tap);
	uint32_t from = t->any ? p->l3 : p->mac, extra = t->any ? SLL2_LEN : 0, len = p->end - from + extra;
	struct captured *c;
	struct pcap_pkthdr h;

	if ((out && !t->direction_out) || (!out && !t->direction_in))
		return;
	if (t->queued + len > QUEUE_MAX || !(c = mem_alloc(sizeof(*c) + len))) {
		t->dropped++;
		return;
	}
	*c = (struct captured){ .wall_ns = clock_wall_ns(&lab_world(t->p->lab)->clock), .len = len };
	snprintf(c->ifname, sizeof(c->ifname), "%s", l->name);
	if (t->any)
		put_sll2(c->data, l, p, out);
	memcpy(c->data + extra, p->buf + from, len - extra);
	if (p->flags & PKT_CSUM_PARTIAL && p->end - p->l3 >= 20)
		show_partial_checksum(c->data + extra + (p->l3 - from), p->end - p->l3);
	h = (struct pcap_pkthdr){ .caplen = len, .len = len };
	if (t->have_prog && !pcap_offline_filter(&t->prog, &h, c->data)) {
		mem_free(c);
		return;
	}
	t->received++;
	if (out && l->kind == LINK_LOOPBACK) {	/* libpcap leaves it out, though it counts: it is seen coming in */
		mem_free(c);
		return;
	}
	c->caplen = MIN(len, t->snaplen);
	*t->last = c;
	t->last = &c->next;
	t->queued += len;
	waitq_wake(&t->arrived);
}

/* ---- out ---- */

static int flush(struct tcpdump *t)
{
	int err = t->out.len ? proc_write(t->p, 1, sbuf_str(&t->out), t->out.len) : 0;

	sbuf_reset(&t->out);
	return err;
}

static void write_record(struct tcpdump *t, const struct captured *c)
{
	uint32_t h[4] = { (uint32_t)(c->wall_ns / NSEC_PER_SEC), (uint32_t)(c->wall_ns % NSEC_PER_SEC / 1000), c->caplen, c->len };

	stream_write(t->file, h, sizeof(h));
	stream_write(t->file, c->data, c->caplen);
}

static int show(struct tcpdump *t, const struct captured *c)
{
	struct print_rec r = { .wall_ns = c->wall_ns, .data = c->data, .caplen = c->caplen, .len = c->len, .ifname = c->ifname };

	t->captured++;
	if (t->file) {
		write_record(t, c);
		return 0;
	}
	if (t->linktype == DLT_LINUX_SLL2 && c->caplen >= SLL2_LEN) {
		memcpy(&r.ethertype, c->data, 2);
		r.ifindex = get_u32(c->data + 4);
		r.pkt_type = c->data[10];
		r.lladdr = c->data + 12;
		r.data += SLL2_LEN;
		r.caplen -= SLL2_LEN;
		r.len -= SLL2_LEN;
	}
	print_packet(&t->out, &t->print, t->state, &r);
	return t->line_buffered || t->out.len >= STDIO_BUFFER ? flush(t) : 0;
}

static int file_header(struct tcpdump *t)
{
	struct pcap_file_header h = { .magic = 0xa1b2c3d4, .version_major = 2, .version_minor = 4, .snaplen = t->snaplen,
				      .linktype = (bpf_u_int32)(t->linktype == DLT_LINUX_SLL2 ? 276 : t->linktype == DLT_RAW ? 101 : 1) };
	int err;

	if (strcmp(t->write_file, "-") == 0)
		t->file = stream_hold(t->p->fd[1]);
	else if ((err = proc_open(t->p, t->write_file, 'w', &t->file))) {
		proc_eprintf(t->p, "tcpdump: %s: %s\n", t->write_file, strerror(-err));
		return 1;
	}
	stream_write(t->file, &h, sizeof(h));
	return 0;
}

/* ---- the command line ---- */

static int usage(struct tcpdump *t)
{
	proc_eprintf(t->p, "tcpdump version 4.99.3\nlibpcap version 1.10.3 (with TPACKET_V3)\n"
			   "Usage: tcpdump [-AbdDefhHIJKlLnNOpqStuUvxX#] [ -B size ] [ -c count ] [--count]\n"
			   "\t\t[ -C file_size ] [ -E algo:secret ] [ -F file ] [ -G seconds ]\n"
			   "\t\t[ -i interface ] [ --immediate-mode ] [ -j tstamptype ]\n"
			   "\t\t[ -M secret ] [ --number ] [ --print ] [ -Q in|out|inout ]\n"
			   "\t\t[ -r file ] [ -s snaplen ] [ -T type ] [ --version ]\n"
			   "\t\t[ -V file ] [ -w file ] [ -W filecount ] [ -y datalinktype ]\n"
			   "\t\t[ --time-stamp-precision precision ] [ --micro ] [ --nano ]\n"
			   "\t\t[ -z postrotate-command ] [ -Z user ] [ expression ]\n");
	return 1;
}

static int list_interfaces(struct tcpdump *t)
{
	struct netns *ns = proc_ns(t->p);
	unsigned n = 1;
	struct link *l;

	list_for_each(l, &ns->links.links, node)
		if (l->flags & IFF_UP && l != ns->lo)
			proc_printf(t->p, "%u.%s [Up, %s]\n", n++, l->name,
				    link_running(l) ? "Running, Connected" : "Disconnected");
	proc_printf(t->p, "%u.any (Pseudo-device that captures on all interfaces) [Up, Running]\n", n++);
	proc_printf(t->p, "%u.lo [%sLoopback]\n", n++, ns->lo->flags & IFF_UP ? "Up, Running, " : "");
	list_for_each(l, &ns->links.links, node)
		if (!(l->flags & IFF_UP) && l != ns->lo)
			proc_printf(t->p, "%u.%s [none, Disconnected]\n", n++, l->name);
	return 0;
}

enum { OPT_IMMEDIATE = 256, OPT_VERSION, OPT_COUNT, OPT_PRINT };

/* 0: go on; 1: an error was told; -1: done */
static int parse(struct tcpdump *t, int argc, char **argv, struct proc_opts *o)
{
	static const struct option longs[] = {
		{ "interface", 1, NULL, 'i' },	   { "list-interfaces", 0, NULL, 'D' }, { "number", 0, NULL, '#' },
		{ "snapshot-length", 1, NULL, 's' }, { "immediate-mode", 0, NULL, OPT_IMMEDIATE }, { "direction", 1, NULL, 'Q' },
		{ "absolute-tcp-sequence-numbers", 0, NULL, 'S' }, { "no-promiscuous-mode", 0, NULL, 'p' },
		{ "packet-buffered", 0, NULL, 'U' }, { "dont-verify-checksums", 0, NULL, 'K' }, { "help", 0, NULL, 'h' },
		{ "version", 0, NULL, OPT_VERSION }, { NULL, 0, NULL, 0 } };
	struct print_opts *pr = &t->print;
	uint32_t v;
	int c;

	while ((c = proc_getopt(t->p, o, "AbB:c:C:dDeE:F:G:hHi:IjJ:KlLM:nNOpqQ:r:s:StT:uUvV:w:W:xXy:Yz:Z:#", longs)) != -1) {
		switch (c) {
		case 'A': pr->A = true; break;
		case 'e': pr->e = true; break;
		case 'i': t->ifname = o->arg; break;
		case 'l': case 'U': t->line_buffered = true; break;
		case 'n': pr->n++; break;
		case 'p': t->no_promisc = true; break;
		case 'O': case 'N': case OPT_IMMEDIATE: break;
		case 'q': pr->q = true; break;
		case 'K': pr->K = true; break;
		case 'r': t->read_file = o->arg; break;
		case 'S': pr->S = true; break;
		case 't': pr->t++; break;
		case 'v': pr->v++; break;
		case 'w': t->write_file = o->arg; break;
		case 'F': t->filter_file = o->arg; break;
		case 'x': pr->xx = pr->x; pr->x = true; break;
		case 'X': pr->XX = pr->X; pr->X = true; break;
		case '#': pr->number = true; break;
		case 'D': return list_interfaces(t), -1;
		case 'h': case OPT_VERSION:
			proc_eprintf(t->p, "tcpdump version 4.99.3\nlibpcap version 1.10.3 (with TPACKET_V3)\n");
			return c == 'h' ? usage(t), -1 : -1;
		case 'c':
			if (fmt_parse_u32(o->arg, 0, INT32_MAX, &v) || !v)
				return proc_eprintf(t->p, "tcpdump: invalid packet count %s\n", o->arg), 1;
			t->count = v;
			break;
		case 's':
			if (fmt_parse_u32(o->arg, 0, 262144, &v))
				return proc_eprintf(t->p, "tcpdump: invalid snaplen %s (must be >= 0 and <= 262144)\n", o->arg), 1;
			t->snaplen = v ? v : 262144;
			break;
		case 'Q':
			if (strcmp(o->arg, "in") && strcmp(o->arg, "out") && strcmp(o->arg, "inout"))
				return proc_eprintf(t->p, "tcpdump: unknown capture direction `%s'\n", o->arg), 1;
			t->direction_in = strcmp(o->arg, "out") != 0;
			t->direction_out = strcmp(o->arg, "in") != 0;
			break;
		case '?':
			return usage(t);
		default:
			return proc_eprintf(t->p, "tcpdump: option -%c is not supported here\n", c), 1;
		}
	}
	return 0;
}

static char *expression(struct tcpdump *t, int argc, char **argv, int ind)
{
	struct sbuf s = SBUF_INIT;

	if (t->filter_file && proc_file_read(t->p, t->filter_file, &s))
		return NULL;
	for (int i = ind; i < argc; i++)
		sbuf_printf(&s, "%s%s", s.len ? " " : "", argv[i]);
	return sbuf_steal(&s);
}

static int compile(struct tcpdump *t, int argc, char **argv, int ind)
{
	char *text = expression(t, argc, argv, ind);

	if (!text) {
		proc_eprintf(t->p, "tcpdump: %s: No such file or directory\n", t->filter_file ? t->filter_file : "expression");
		return 1;
	}
	if (!t->pcap)
		t->pcap = pcap_open_dead(t->linktype, (int)t->snaplen);
	if (!t->pcap || pcap_compile(t->pcap, &t->prog, text, 1, PCAP_NETMASK_UNKNOWN)) {
		proc_eprintf(t->p, "tcpdump: %s\n", t->pcap ? pcap_geterr(t->pcap) : "out of memory");
		mem_free(text);
		return 1;
	}
	t->have_prog = true;
	mem_free(text);
	return 0;
}

static const char *link_text(int linktype)
{
	return linktype == DLT_LINUX_SLL2 ? "LINUX_SLL2 (Linux cooked v2)" :
	       linktype == DLT_RAW	   ? "RAW (Raw IP)" :
					     "EN10MB (Ethernet)";
}

static enum print_linktype print_link(int linktype)
{
	return linktype == DLT_LINUX_SLL2 ? PRINT_SLL2 : linktype == DLT_RAW ? PRINT_RAW_IP : PRINT_ETHER;
}

/* ---- a file ---- */

static int read_capture(struct tcpdump *t, int argc, char **argv, int ind)
{
	struct sbuf bytes = SBUF_INIT;
	struct pcap_pkthdr *h;
	const u_char *d;
	char why[PCAP_ERRBUF_SIZE];
	FILE *f = NULL;
	int err = proc_file_read(t->p, t->read_file, &bytes), status = 1, r = 0;

	if (err) {
		proc_eprintf(t->p, "tcpdump: %s: %s\n", t->read_file, strerror(-err));
		return 1;
	}
	f = bytes.len ? fmemopen(bytes.data, bytes.len, "r") : NULL;
	t->pcap = f ? pcap_fopen_offline(f, why) : NULL;
	if (!t->pcap) {
		proc_eprintf(t->p, "tcpdump: %s\n", bytes.len ? why : "truncated dump file; tried to read 4 file header bytes, only got 0");
		if (f)
			fclose(f);
		goto out;
	}
	t->linktype = pcap_datalink(t->pcap);
	if (t->linktype != DLT_EN10MB && t->linktype != DLT_LINUX_SLL2 && t->linktype != DLT_RAW) {
		proc_eprintf(t->p, "tcpdump: link type %s is not supported here\n", pcap_datalink_val_to_name(t->linktype));
		goto out;
	}
	t->print.link = print_link(t->linktype);
	proc_eprintf(t->p, "reading from file %s, link-type %s, snapshot length %d\n", t->read_file, link_text(t->linktype), pcap_snapshot(t->pcap));
	if (compile(t, argc, argv, ind) || (t->write_file && file_header(t)))
		goto out;
	while ((!t->count || t->captured < t->count) && (r = pcap_next_ex(t->pcap, &h, &d)) == 1) {
		struct captured *c;

		if (!pcap_offline_filter(&t->prog, h, d) || !(c = mem_alloc(sizeof(*c) + h->caplen)))
			continue;
		*c = (struct captured){ .wall_ns = (uint64_t)h->ts.tv_sec * NSEC_PER_SEC + (uint64_t)h->ts.tv_usec * 1000, .caplen = h->caplen,
					.len = h->len };
		memcpy(c->data, d, h->caplen);
		if (t->linktype == DLT_LINUX_SLL2 && h->caplen >= SLL2_LEN) {
			struct link *l = link_by_index(&proc_ns(t->p)->links, (int)get_u32(c->data + 4));

			snprintf(c->ifname, sizeof(c->ifname), "%s", l ? l->name : "?");
		}
		show(t, c);
		mem_free(c);
	}
	flush(t);
	if (r == -1)
		proc_eprintf(t->p, "tcpdump: pcap_loop: %s\n", pcap_geterr(t->pcap));
	status = r == -1;
out:
	sbuf_free(&bytes);
	return status;
}

/* ---- live ---- */

static int open_links(struct tcpdump *t)
{
	struct netns *ns = proc_ns(t->p);
	struct link *l = NULL, *first;

	if (!t->ifname) {		/* the first that is up, as pcap_findalldevs() orders them */
		list_for_each(first, &ns->links.links, node)
			if (!l && first->flags & IFF_UP && first != ns->lo)
				l = first;
		t->any = !l;
		t->ifname = l ? l->name : "any";
	} else if (strcmp(t->ifname, "any") == 0) {
		t->any = true;
	} else {
		l = link_by_name(&ns->links, t->ifname);
		if (!l && isdigit((unsigned char)*t->ifname))
			l = link_by_index(&ns->links, atoi(t->ifname));
		if (!l) {
			proc_eprintf(t->p, "tcpdump: %s: No such device exists\n(No such device exists)\n", t->ifname);
			return 1;
		}
		if (!(l->flags & IFF_UP)) {
			proc_eprintf(t->p, "tcpdump: %s: That device is not up\n", t->ifname);
			return 1;
		}
	}
	t->tap.ifindex = t->any ? 0 : l->ifindex;
	t->linktype = t->any ? DLT_LINUX_SLL2 : l->arphrd == ARPHRD_ETHER || l->arphrd == ARPHRD_LOOPBACK ? DLT_EN10MB : DLT_RAW;
	t->print.link = print_link(t->linktype);
	return 0;
}

/* ask the link for every frame, or no longer; it may have gone meanwhile */
static void promisc(struct tcpdump *t, int by)
{
	struct link *l = t->any || t->no_promisc ? NULL : link_by_index(&proc_ns(t->p)->links, t->tap.ifindex);

	if (l && (by > 0 || l->promisc))
		l->promisc += (unsigned)by;
}

static void banner(struct tcpdump *t)
{
	if (t->any)
		proc_eprintf(t->p, "tcpdump: data link type LINUX_SLL2\n");
	if (t->write_file || t->print.v)
		proc_eprintf(t->p, "tcpdump: ");
	else
		proc_eprintf(t->p, "tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\n");
	proc_eprintf(t->p, "listening on %s, link-type %s, snapshot length %u bytes\n", t->ifname, link_text(t->linktype), t->snaplen);
}

static void count_line(struct tcpdump *t, uint64_t n, const char *what)
{
	proc_eprintf(t->p, "%llu packet%s %s\n", (unsigned long long)n, n == 1 ? "" : "s", what);
}

static int capture(struct tcpdump *t)
{
	int err = 0;

	t->tap.packet = on_packet;
	t->last = &t->first;
	waitq_init(&t->arrived);
	proc_catch_int(t->p);
	host_tap_add(t->p->host, &t->tap);
	promisc(t, 1);
	banner(t);
	while (!err && !(t->count && t->captured >= t->count)) {
		struct captured *c = t->first;

		if (!c) {
			err = proc_wait(t->p, &t->arrived, SCHED_NEVER);
			continue;
		}
		t->first = c->next;
		if (!t->first)
			t->last = &t->first;
		t->queued -= c->len;
		err = show(t, c);
		mem_free(c);
	}
	host_tap_del(&t->tap);
	promisc(t, -1);
	if (err == -EPIPE)
		return 1;
	if (!t->file) {
		if (err == -EINTR)
			sbuf_putc(&t->out, '\n');
		flush(t);
	}
	count_line(t, t->captured, "captured");
	count_line(t, t->received, "received by filter");
	count_line(t, t->dropped, "dropped by kernel");
	return 0;
}

int prog_tcpdump(struct proc *p, int argc, char **argv)
{
	struct tcpdump t = { .p = p, .snaplen = 262144, .direction_in = true, .direction_out = true, .linktype = DLT_EN10MB };
	struct proc_opts o = { 0 };
	struct captured *c;
	int status = parse(&t, argc, argv, &o);

	t.state = print_state_new();
	if (status || !t.state) {
		status = status < 0 ? 0 : 1;
	} else if (t.read_file) {
		status = read_capture(&t, argc, argv, o.ind);
	} else {
		status = open_links(&t);
		if (!status)
			status = compile(&t, argc, argv, o.ind);
		if (!status && t.write_file)
			status = file_header(&t);
		if (!status)
			status = capture(&t);
	}
	while ((c = t.first)) {
		t.first = c->next;
		mem_free(c);
	}
	if (t.have_prog)
		pcap_freecode(&t.prog);
	if (t.pcap)
		pcap_close(t.pcap);
	stream_put(t.file);
	sbuf_free(&t.out);
	print_state_free(t.state);
	return status;
}
