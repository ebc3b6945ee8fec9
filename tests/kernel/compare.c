/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * compare.c - is what the kernel sent what natbox sent, packet by packet?
 *
 *     compare [-p] STEPS KERNEL_A NATBOX_A KERNEL_B NATBOX_B
 *
 * STEPS is what play wrote: the time of each step and its line. Packets are taken in order, side by side, and belong to the last step not later than they
 * are. All bytes of a packet must be the same but
 *  - the IP id, and checksums that follow from it, of packets that the router itself made (ICMP errors and echo replies, resets): Linux draws it;
 *  - a transport checksum that the kernel left to the device (only the sum of the pseudo-header is there), if natbox's is right;
 *  - what time an ICMP timestamp reply tells;
 *  - with -p, a port or ICMP id that the rules leave open, as long as the same one always stands for the same.
 * The first COMPARE_MAX (3) differences of each side are printed, with their steps and both packets as tcpdump shows them; status 1.
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/edit.h"
#include "net/parse.h"
#include "net/print.h"

#define STEPS_MAX 4096

struct step {
	uint64_t ns;
	char *line;
};

struct frame {
	uint64_t ns;
	uint32_t len;
	uint8_t *data;
};

struct side {
	const char *path;
	struct frame *frames;
	unsigned n;
};

static struct step steps[STEPS_MAX];
static unsigned n_steps;
static bool open_ports;
static struct {
	uint32_t ends;		/* between whom */
	uint16_t kernel, natbox;
} pairs[1024];
static unsigned n_pairs;
static struct pkt_pool pool;

static void die(const char *what)
{
	fprintf(stderr, "compare: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void read_steps(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[1024];
	unsigned long long s, ns;
	int at;

	if (!f)
		die(path);
	while (n_steps < STEPS_MAX && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llu.%llu %n", &s, &ns, &at) == 2)
			steps[n_steps++] = (struct step){ s * 1000000000 + ns, strdup(line + at) };
	fclose(f);
}

static void read_side(struct side *s, const char *path)
{
	char err[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, err);
	struct pcap_pkthdr *h;
	const u_char *d;

	if (!p)
		die(err);
	s->path = path;
	while (pcap_next_ex(p, &h, &d) == 1) {
		uint16_t type = h->caplen >= 14 ? get_u16(d + 12) : 0;

		if (type != 0x0800)
			continue;	/* natbox asks for neighbours as the kernel does: not compared */
		s->frames = realloc(s->frames, (s->n + 1) * sizeof(*s->frames));
		s->frames[s->n++] = (struct frame){ (uint64_t)h->ts.tv_sec * 1000000000 + (uint64_t)h->ts.tv_usec, h->caplen, mem_dup(d, h->caplen) };
	}
	pcap_close(p);
}

static void free_side(struct side *s)
{
	for (unsigned i = 0; i < s->n; i++)
		free((void *)s->frames[i].data);
	free(s->frames);
}

static unsigned step_of(const struct frame *f)
{
	unsigned i = 0;

	while (i + 1 < n_steps && steps[i + 1].ns <= f->ns)
		i++;
	return i;
}

static struct pkt *packet(const struct frame *f)
{
	struct pkt *p = pkt_from_frame(&pool, f->data, f->len);

	if (p && parse_eth(p) == DROP_NONE && parse_ip(p) == DROP_NONE)
		return p;
	pkt_free(p);
	return NULL;
}

static be16 *l4_check(struct pkt *p)
{
	return pkt_tcp(p) ? &pkt_tcp(p)->check : pkt_udp(p) ? &pkt_udp(p)->check : pkt_icmp(p) ? &pkt_icmp(p)->checksum : NULL;
}

/* what the kernel leaves in the checksum field for a device to finish */
static be16 pseudo_sum(struct pkt *p)
{
	uint8_t h[12];

	memcpy(h, pkt_l3(p) + 12, 8);
	h[8] = 0;
	h[9] = p->proto;
	put_u16(h + 10, (uint16_t)pkt_l4_len(p));
	return (be16)~csum_fold(csum_partial(h, sizeof(h), 0));
}

static bool made_by_router(struct pkt *p)
{
	const struct icmphdr *ic = pkt_icmp(p);
	const struct tcphdr *t = pkt_tcp(p);

	return ic ? ic->type != ICMP_ECHO : t && t->rst;
}

static bool same_pair(uint32_t ends, uint16_t kernel, uint16_t natbox)
{
	for (unsigned i = 0; i < n_pairs; i++)
		if (pairs[i].ends == ends && (pairs[i].kernel == kernel || pairs[i].natbox == natbox))
			return pairs[i].kernel == kernel && pairs[i].natbox == natbox;
	if (n_pairs < ARRAY_LEN(pairs)) {
		pairs[n_pairs].ends = ends;
		pairs[n_pairs].kernel = kernel;
		pairs[n_pairs++].natbox = natbox;
	}
	return true;
}

/* a 16-bit word at the same place in both: made the same when it may differ */
static void even_out(const struct pkt *p, uint8_t *k, const uint8_t *n)
{
	uint32_t ends = ntohl(pkt_src(p).ip4) + ntohl(pkt_dst(p).ip4) + p->proto * 0x1000193u;

	if (open_ports && memcmp(k, n, 2) && same_pair(ends, get_u16(k), get_u16(n)))
		memcpy(k, n, 2);
}

/* take out of the kernel's packet what may be otherwise than in natbox's; false: the checksums show a difference */
static void canonical(struct pkt *k, struct pkt *n)
{
	be16 *ck = l4_check(k), *cn = l4_check(n), right = cn ? csum_l4(n) : 0;

	if (k->proto != n->proto || pkt_l3_len(k) != pkt_l3_len(n) || k->l4 - k->l3 != n->l4 - n->l3)
		return;
	if (ck && cn && *ck == pseudo_sum(k) && (*cn == right || *cn == pseudo_sum(n)))
		*ck = *cn;
	if (made_by_router(k) && made_by_router(n) && pkt_ip4(k)->id != pkt_ip4(n)->id) {
		pkt_ip4(k)->check = csum_replace16(pkt_ip4(k)->check, pkt_ip4(k)->id, pkt_ip4(n)->id);
		pkt_ip4(k)->id = pkt_ip4(n)->id;
	}
	if (pkt_icmp(k) && pkt_icmp(n) && pkt_icmp(k)->type == ICMP_TIMESTAMPREPLY && pkt_l4_len(k) >= 20 && *cn == right) {
		memcpy(pkt_l4(k) + 12, pkt_l4(n) + 12, 8);	/* when it was received and sent */
		*ck = csum_l4(k);
	}
	if (open_ports && (pkt_tcp(k) || pkt_udp(k))) {
		even_out(k, pkt_l4(k), pkt_l4(n));
		even_out(k, pkt_l4(k) + 2, pkt_l4(n) + 2);
	} else if (open_ports && pkt_icmp(k) && (pkt_icmp(k)->type == ICMP_ECHO || pkt_icmp(k)->type == ICMP_ECHOREPLY)) {
		even_out(k, pkt_l4(k) + 4, pkt_l4(n) + 4);
	}
	/* sums over what was evened out: both right is as good as equal */
	if (open_ports && ck && cn && *ck != *cn && csum_l4(k) == csum_l4(n) && *cn == right)
		*ck = *cn;
}

static bool same(const struct frame *a, const struct frame *b)
{
	struct pkt *k = packet(a), *n = packet(b);
	bool equal = k && n;

	if (equal) {
		canonical(k, n);
		equal = pkt_len(k) == pkt_len(n) && memcmp(k->buf + k->mac, n->buf + n->mac, pkt_len(k)) == 0;
	} else if (!k && !n) {
		equal = a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
	}
	pkt_free(k);
	pkt_free(n);
	return equal;
}

static void show(const char *who, const struct frame *f)
{
	struct print_state *st = print_state_new();
	struct print_opts o = { .n = 2, .v = 2, .t = 1, .e = true, .S = true, .x = true };
	struct sbuf out = SBUF_INIT;

	if (!f) {
		printf("  %s: nothing\n", who);
		return;
	}
	print_packet(&out, &o, st, &(struct print_rec){ .wall_ns = f->ns, .data = f->data, .caplen = f->len, .len = f->len });
	printf("  %s: %s", who, sbuf_str(&out));
	sbuf_free(&out);
	print_state_free(st);
}

/* frames of @s that belong to a step: *first is where they begin; how many */
static unsigned of_step(const struct side *s, unsigned step, unsigned *first)
{
	unsigned n = 0;

	while (*first < s->n && step_of(&s->frames[*first]) < step)
		++*first;
	while (*first + n < s->n && step_of(&s->frames[*first + n]) == step)
		n++;
	return n;
}

/* step by step, so that one difference does not hide the next; how many steps differ */
static unsigned compare(const char *name, const struct side *k, const struct side *n, unsigned max)
{
	unsigned bad = 0, fk = 0, fn = 0;

	for (unsigned s = 0; s < n_steps; s++) {
		unsigned nk = of_step(k, s, &fk), nn = of_step(n, s, &fn), i = 0;

		while (i < nk && i < nn && same(&k->frames[fk + i], &n->frames[fn + i]))
			i++;
		if (i == nk && i == nn)
			continue;
		if (bad++ >= max)
			continue;
		printf("after step %s side %s, packet %u of it\n", steps[s].line, name, i + 1);
		show("kernel", i < nk ? &k->frames[fk + i] : NULL);
		show("natbox", i < nn ? &n->frames[fn + i] : NULL);
	}
	if (bad)
		printf("side %s: %u steps differ\n", name, bad);
	else
		printf("side %s: %u packets, all the same\n", name, k->n);
	return bad;
}

int main(int argc, char **argv)
{
	struct side ka = { 0 }, na = { 0 }, kb = { 0 }, nb = { 0 };
	unsigned max = getenv("COMPARE_MAX") ? (unsigned)atoi(getenv("COMPARE_MAX")) : 3, bad;

	if (argc > 1 && strcmp(argv[1], "-p") == 0) {
		open_ports = true;
		argc--;
		argv++;
	}
	if (argc != 6) {
		fprintf(stderr, "usage: compare [-p] STEPS KERNEL_A NATBOX_A KERNEL_B NATBOX_B\n");
		return 2;
	}
	pkt_pool_init(&pool, 16);
	read_steps(argv[1]);
	read_side(&ka, argv[2]);
	read_side(&na, argv[3]);
	read_side(&kb, argv[4]);
	read_side(&nb, argv[5]);
	bad = compare("b", &kb, &nb, max) + compare("a", &ka, &na, max);
	if (ka.n + kb.n == 0) {
		printf("but nothing came out at all\n");
		bad++;
	}
	free_side(&ka);
	free_side(&na);
	free_side(&kb);
	free_side(&nb);
	pkt_pool_destroy(&pool);
	return bad > 0;
}
