/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * play.c - injects packets on both sides of a router, one at a time, and keeps what went in and what came out.
 *
 *     play STEPS IF_A MAC_A IF_B MAC_B DIR
 *
 * IF_A and IF_B are the outer ends of the router's links, MAC_A and MAC_B the router's own addresses on them. Each line of STEPS is a packet, sent into
 * side a or b; then all that comes out of either side is taken until it is quiet. DIR gets in-a.pcap, in-b.pcap (what was sent, at its time), out-a.pcap,
 * out-b.pcap (what came back, at the time of the step that caused it) and steps (that time and the line).
 *
 *     a tcp 10.0.1.2:4000 > 10.0.2.2:80 S seq=1000 ack=0 win=64000
 *     a udp 10.0.1.2:1000 > 10.0.2.2:53 len=20
 *     a icmp 10.0.1.2 > 10.0.2.2 8 0 id=7 seq=1
 *     a ip 10.0.1.2 > 10.0.2.2 47
 *     b re SA seq=5000 ack=1001		answers the last packet that came out of b: its ends swapped
 *     b error 3 1 from=10.0.2.9 info=0 quote=28	an ICMP error about it
 *     wait 1500
 *
 * Everywhere: ttl= tos= id= len= (payload) df badsum badip opt=HEX (IP options) topt=HEX (TCP options) frag=OFFSET,LENGTH (only that part
 * of the IP payload) cut=N (only N bytes of the frame) mac=HEX (other destination).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define QUIET_MS 4

struct side {
	int fd;
	uint8_t own[6], router[6];
	pcap_dumper_t *in, *out;
	uint8_t last[2048];	/* the IP packet that came out last */
	size_t n_last;
};

struct spec {
	uint8_t proto, ttl, tos, type, code, flags;
	uint32_t src, dst, seq, ack, info;
	uint16_t sport, dport, id, win, echo_id, echo_seq;
	unsigned len, frag_at, frag_len, cut, quote;
	bool df, badsum, badip, frag;
	uint8_t opt[40], topt[40], mac[6];
	unsigned n_opt, n_topt;
	bool have_mac;
};

static struct side side[2];
static unsigned line_no;

static void die(const char *what)
{
	fprintf(stderr, "play: line %u: %s\n", line_no, what);
	exit(2);
}

static uint32_t sum_of(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i < n; i++)
		sum += i & 1 ? p[i] : p[i] << 8;
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static unsigned hex(const char *s, uint8_t *out, unsigned max)
{
	unsigned n = 0, v;

	for (; n < max && sscanf(s, "%2x", &v) == 1 && s[0] && s[1]; s += 2)
		out[n++] = (uint8_t)v;
	return n;
}

/* ---- a packet of its description ---- */

static size_t build_l4(const struct spec *s, uint8_t *p, const uint8_t *quoted, size_t n_quoted)
{
	size_t head = s->proto == IPPROTO_TCP ? 20 + s->n_topt : s->proto == IPPROTO_UDP || s->proto == IPPROTO_ICMP ? 8 : 0, n = head + s->len;
	uint8_t pseudo[12] = { [9] = s->proto };
	int at = -1;

	memset(p, 0, head);
	for (unsigned i = 0; i < s->len; i++)
		p[head + i] = (uint8_t)(i * 7 + 3);
	if (s->proto == IPPROTO_TCP) {
		struct tcphdr *t = (struct tcphdr *)p;

		t->source = s->sport;
		t->dest = s->dport;
		t->seq = htonl(s->seq);
		t->ack_seq = htonl(s->ack);
		t->doff = (uint8_t)(head / 4) & 15;
		p[13] = s->flags;
		t->window = htons(s->win);
		memcpy(p + 20, s->topt, s->n_topt);
		at = 16;
	} else if (s->proto == IPPROTO_UDP) {
		struct udphdr *u = (struct udphdr *)p;

		*u = (struct udphdr){ .source = s->sport, .dest = s->dport, .len = htons((uint16_t)n) };
		at = 6;
	} else if (s->proto == IPPROTO_ICMP) {
		uint32_t info = htonl(s->info);

		p[0] = s->type;
		p[1] = s->code;
		memcpy(p + 4, &info, 4);
		if (quoted) {
			memcpy(p + 8, quoted, n_quoted);
			n = 8 + n_quoted;
		}
		at = 2;
	}
	if (at < 0)
		return n;
	memcpy(pseudo, &s->src, 4);
	memcpy(pseudo + 4, &s->dst, 4);
	pseudo[10] = (uint8_t)(n >> 8);
	pseudo[11] = (uint8_t)n;
	uint16_t c = fold(sum_of(p, n, s->proto == IPPROTO_ICMP ? 0 : sum_of(pseudo, 12, 0)));
	if (s->badsum)
		c ^= 0x0101;
	memcpy(p + at, &c, 2);
	return n;
}

static size_t build(const struct spec *s, const struct side *to, uint8_t *f, const uint8_t *quoted, size_t n_quoted)
{
	uint8_t l4[4096];
	size_t n = build_l4(s, l4, quoted, n_quoted), from = 0, take = n, head = 20 + s->n_opt;
	struct iphdr ip = { .version = 4, .ihl = (uint8_t)(head / 4) & 15, .tos = s->tos, .id = htons(s->id), .ttl = s->ttl, .protocol = s->proto,
			    .saddr = s->src, .daddr = s->dst };

	if (s->frag) {
		from = s->frag_at;
		if (from > n)
			die("fragment behind the end");
		take = s->frag_len < n - from ? s->frag_len : n - from;
	}
	ip.frag_off = htons((uint16_t)((s->df ? 0x4000 : 0) | (from + take < n ? 0x2000 : 0) | from / 8));
	ip.tot_len = htons((uint16_t)(head + take));
	memcpy(f, s->have_mac ? s->mac : to->router, 6);
	memcpy(f + 6, to->own, 6);
	f[12] = 8;
	f[13] = 0;
	memcpy(f + 14, &ip, 20);
	memcpy(f + 34, s->opt, s->n_opt);
	ip.check = fold(sum_of(f + 14, head, 0));
	if (s->badip)
		ip.check ^= 0x0101;
	memcpy(f + 24, &ip.check, 2);
	memcpy(f + 14 + head, l4 + from, take);
	n = 14 + head + take;
	return s->cut && s->cut < n ? s->cut : n;
}

/* ---- lines ---- */

static void parse_end(char *w, uint32_t *addr, uint16_t *port)
{
	char *colon = strchr(w, ':');

	if (colon) {
		*colon = '\0';
		*port = htons((uint16_t)atoi(colon + 1));
	}
	if (inet_pton(AF_INET, w, addr) != 1)
		die("no address");
}

static uint8_t parse_flags(const char *w)
{
	static const char names[] = "FSRPAUEC";
	uint8_t f = 0;

	for (; *w; w++) {
		const char *at = strchr(names, *w == '.' ? 'A' : *w);

		if (!at)
			die("unknown word");
		f |= (uint8_t)(1u << (at - names));
	}
	return f;
}

/* the last packet out of this side, its ends swapped */
static void answer(struct spec *s, const struct side *d)
{
	const uint8_t *p = d->last, *l4 = p + (p[0] & 15) * 4;

	memcpy(&s->src, p + 16, 4);
	memcpy(&s->dst, p + 12, 4);
	s->proto = p[9];
	if (s->proto == IPPROTO_ICMP) {
		s->type = 0;
		s->info = (uint32_t)(l4[4] << 24 | l4[5] << 16 | l4[6] << 8 | l4[7]);
	} else {
		memcpy(&s->sport, l4 + 2, 2);
		memcpy(&s->dport, l4, 2);
	}
}

static void option(struct spec *s, char *w)
{
	char *eq = strchr(w, '='), *v = eq ? eq + 1 : w;
	unsigned long n = eq ? strtoul(v, NULL, 0) : 0;

	if (!eq) {
		if (strcmp(w, "df") == 0)
			s->df = true;
		else if (strcmp(w, "badsum") == 0)
			s->badsum = true;
		else if (strcmp(w, "badip") == 0)
			s->badip = true;
		else
			s->flags = parse_flags(w);
		return;
	}
	*eq = '\0';
	if (strcmp(w, "ttl") == 0)
		s->ttl = (uint8_t)n;
	else if (strcmp(w, "tos") == 0)
		s->tos = (uint8_t)n;
	else if (strcmp(w, "id") == 0 && s->proto == IPPROTO_ICMP)
		s->info = (s->info & 0xffff) | (uint32_t)n << 16;
	else if (strcmp(w, "id") == 0 || strcmp(w, "ipid") == 0)
		s->id = (uint16_t)n;
	else if (strcmp(w, "seq") == 0 && s->proto == IPPROTO_ICMP)
		s->info = (s->info & 0xffff0000) | (uint32_t)n;
	else if (strcmp(w, "seq") == 0)
		s->seq = (uint32_t)n;
	else if (strcmp(w, "ack") == 0)
		s->ack = (uint32_t)n;
	else if (strcmp(w, "win") == 0)
		s->win = (uint16_t)n;
	else if (strcmp(w, "len") == 0)
		s->len = (unsigned)n;
	else if (strcmp(w, "cut") == 0)
		s->cut = (unsigned)n;
	else if (strcmp(w, "quote") == 0)
		s->quote = (unsigned)n;
	else if (strcmp(w, "info") == 0)
		s->info = (uint32_t)n;
	else if (strcmp(w, "from") == 0)
		parse_end(v, &s->src, &s->sport);
	else if (strcmp(w, "to") == 0)
		parse_end(v, &s->dst, &s->dport);
	else if (strcmp(w, "opt") == 0)
		s->n_opt = hex(v, s->opt, 40) & ~3u;
	else if (strcmp(w, "topt") == 0)
		s->n_topt = hex(v, s->topt, 40) & ~3u;
	else if (strcmp(w, "mac") == 0)
		s->have_mac = hex(v, s->mac, 6) == 6;
	else if (strcmp(w, "frag") == 0)
		s->frag = sscanf(v, "%u,%u", &s->frag_at, &s->frag_len) == 2;
	else
		die("unknown word");
}

static char *word(char **at)
{
	char *w = strtok_r(NULL, " \t\n", at);

	if (!w)
		die("a word is missing");
	return w;
}

/* a line's packet in @f; its length; 0: an answer, and nothing came out of that side yet */
static size_t parse(char **at, struct side *d, uint8_t *f)
{
	struct spec s = { .ttl = 64, .id = (uint16_t)line_no, .win = 64000, .quote = 2000 };
	char *kind = word(at), *w;
	bool error = strcmp(kind, "error") == 0;
	size_t n_quoted;

	if ((error || strcmp(kind, "re") == 0) && !d->n_last)
		return 0;
	if (strcmp(kind, "re") == 0) {
		answer(&s, d);
	} else if (error) {
		answer(&s, d);
		s.proto = IPPROTO_ICMP;
		s.info = 0;
		s.type = (uint8_t)atoi(word(at));
		s.code = (uint8_t)atoi(word(at));
	} else {
		parse_end(word(at), &s.src, &s.sport);
		word(at);
		parse_end(word(at), &s.dst, &s.dport);
		s.proto = kind[0] == 't' ? IPPROTO_TCP : kind[0] == 'u' ? IPPROTO_UDP : IPPROTO_ICMP;
		if (strcmp(kind, "ip") == 0)
			s.proto = (uint8_t)atoi(word(at));
		else if (s.proto == IPPROTO_ICMP) {
			s.type = (uint8_t)atoi(word(at));
			s.code = (uint8_t)atoi(word(at));
		}
	}
	while ((w = strtok_r(NULL, " \t\n", at)))
		option(&s, w);
	n_quoted = s.quote < d->n_last ? s.quote : d->n_last;
	return build(&s, d, f, error ? d->last : NULL, n_quoted);
}

/* ---- wires ---- */

static pcap_dumper_t *create(const char *dir, const char *name)
{
	char path[4096];
	pcap_dumper_t *d;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	d = pcap_dump_open(pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 65535, PCAP_TSTAMP_PRECISION_NANO), path);
	if (!d)
		die(path);
	return d;
}

static void keep(pcap_dumper_t *d, const struct timespec *t, const uint8_t *f, size_t n)
{
	struct pcap_pkthdr h = { .ts = { t->tv_sec, t->tv_nsec }, .caplen = (bpf_u_int32)n, .len = (bpf_u_int32)n };

	pcap_dump((u_char *)d, &h, f);
}

static void open_side(struct side *s, const char *ifname, const char *router, const char *dir, char letter)
{
	struct ifreq ifr = { 0 };
	struct sockaddr_ll ll = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	char name[16];

	s->fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	if (s->fd < 0 || ioctl(s->fd, SIOCGIFHWADDR, &ifr) < 0)
		die(strerror(errno));
	memcpy(s->own, ifr.ifr_hwaddr.sa_data, 6);
	hex(router, s->router, 6);
	ll.sll_ifindex = (int)if_nametoindex(ifname);
	if (bind(s->fd, (struct sockaddr *)&ll, sizeof(ll)) < 0)
		die(strerror(errno));
	snprintf(name, sizeof(name), "in-%c.pcap", letter);
	s->in = create(dir, name);
	snprintf(name, sizeof(name), "out-%c.pcap", letter);
	s->out = create(dir, name);
}

static void take(struct side *s, const struct timespec *t)
{
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	uint8_t f[65536];
	ssize_t n = recvfrom(s->fd, f, sizeof(f), MSG_DONTWAIT, (struct sockaddr *)&from, &len);

	if (n < 14 || from.sll_pkttype == PACKET_OUTGOING || f[12] != 8 || f[13] != 0)
		return;		/* what was sent here, and ARP */
	keep(s->out, t, f, (size_t)n);
	s->n_last = (size_t)n - 14 < sizeof(s->last) ? (size_t)n - 14 : sizeof(s->last);
	memcpy(s->last, f + 14, s->n_last);
	if (s->n_last > (size_t)(s->last[2] << 8 | s->last[3]))
		s->n_last = (size_t)(s->last[2] << 8 | s->last[3]);
}

static void listen_for(int ms, const struct timespec *t)
{
	struct pollfd p[2] = { { .fd = side[0].fd, .events = POLLIN }, { .fd = side[1].fd, .events = POLLIN } };

	while (poll(p, 2, ms) > 0)
		for (int i = 0; i < 2; i++)
			if (p[i].revents & POLLIN)
				take(&side[i], t);
}

static void step(char *line, FILE *log)
{
	char *at = NULL, *copy = strdup(line), *w = strtok_r(line, " \t\n", &at);
	struct timespec t;
	uint8_t f[8192];
	struct side *s;
	bool sent;
	size_t n;

	if (!w || *w == '#') {
		free(copy);
		return;
	}
	if (strcmp(w, "wait") == 0) {
		int ms = atoi(word(&at));

		usleep((useconds_t)ms * 1000);
		free(copy);
		return;
	}
	s = &side[*w == 'b'];
	n = parse(&at, s, f);
	if (!n) {
		free(copy);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &t);
	sent = send(s->fd, f, n, 0) >= 0;
	if (!sent && errno != ENOBUFS)
		die(strerror(errno));
	if (sent) {		/* ENOBUFS: larger than the router's end of the link takes */
		fprintf(log, "%lld.%09ld %u %s", (long long)t.tv_sec, t.tv_nsec, line_no, copy);
		keep(s->in, &t, f, n);
	}
	listen_for(QUIET_MS, &t);
	free(copy);
}

int main(int argc, char **argv)
{
	FILE *steps = argc == 7 ? fopen(argv[1], "r") : NULL, *log;
	char line[1024], path[4096];

	if (!steps)
		die("usage: play STEPS IF_A MAC_A IF_B MAC_B DIR");
	snprintf(path, sizeof(path), "%s/steps", argv[6]);
	log = fopen(path, "w");
	if (!log)
		die(path);
	open_side(&side[0], argv[2], argv[3], argv[6], 'a');
	open_side(&side[1], argv[4], argv[5], argv[6], 'b');
	while (fgets(line, sizeof(line), steps)) {
		line_no++;
		step(line, log);
	}
	for (int i = 0; i < 2; i++) {
		pcap_dump_close(side[i].in);
		pcap_dump_close(side[i].out);
	}
	return fclose(log) != 0;
}
