/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay/capture.c - libpcap in and out.
 *
 * Theory of operation: frames without an Ethernet header (raw IP, Linux "cooked", BSD loopback) are given one with zero addresses, so that the rest
 * sees one kind. What the link type says about direction is kept.
 */
#include "replay/capture.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <pcap/pcap.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/mem.h"

#define FRAME_MAX (256 * 1024)

struct capture {
	pcap_t *pcap;
	int link;
	uint64_t number, size;
	uint8_t *frame;			/* FRAME_MAX: rebuilt frames */
};

struct capture *capture_open(const char *path, char why[256])
{
	struct capture *c = mem_zalloc(sizeof(*c));
	char err[PCAP_ERRBUF_SIZE] = "out of memory";
	struct stat st;

	if (c)
		c->frame = mem_alloc(FRAME_MAX);
	if (c && c->frame)
		c->pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, err);
	if (!c || !c->pcap) {
		size_t n = strlen(path);

		/* libpcap names the file in some of its messages; who calls names it in all */
		snprintf(why, 256, "%s", strncmp(err, path, n) == 0 && strncmp(err + n, ": ", 2) == 0 ? err + n + 2 : err);
		capture_close(c);
		return NULL;
	}
	c->link = pcap_datalink(c->pcap);
	switch (c->link) {
	case DLT_EN10MB:
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_NULL:
	case DLT_LOOP:
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2:
		break;
	default:
		snprintf(why, 256, "link type %s is not supported (Ethernet, raw IP, Linux cooked and BSD loopback are)",
			 pcap_datalink_val_to_name(c->link) ? pcap_datalink_val_to_name(c->link) : "unknown");
		capture_close(c);
		return NULL;
	}
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
		c->size = (uint64_t)st.st_size;
	return c;
}

void capture_close(struct capture *c)
{
	if (!c)
		return;
	if (c->pcap)
		pcap_close(c->pcap);
	mem_free(c->frame);
	mem_free(c);
}

/* bytes of the capture's own header in front of the network packet, and what it says; false: cut off or no packet for us */
static bool read_header(int link, const uint8_t *d, uint32_t caplen, uint32_t *skip, uint16_t *ethertype, bool *outgoing)
{
	uint8_t version = 0;

	*outgoing = false;
	switch (link) {
	case DLT_LINUX_SLL:
		*skip = 16;
		if (caplen < *skip)
			return false;
		*outgoing = get_u16(d) == 4;
		*ethertype = get_u16(d + 14);
		return true;
	case DLT_LINUX_SLL2:
		*skip = 20;
		if (caplen < *skip)
			return false;
		*ethertype = get_u16(d);
		*outgoing = d[10] == 4;
		return true;
	case DLT_NULL:
	case DLT_LOOP:
		*skip = 4;
		break;
	default:
		*skip = 0;
	}
	if (caplen <= *skip)
		return false;
	version = d[*skip] >> 4;
	*ethertype = version == 6 ? ETH_P_IPV6 : ETH_P_IP;
	return version == 4 || version == 6;
}

int capture_next(struct capture *c, struct capture_frame *f, char why[256])
{
	struct pcap_pkthdr *h;
	const uint8_t *d;
	uint32_t skip = 0;
	uint16_t ethertype = 0;
	int r = pcap_next_ex(c->pcap, &h, &d);

	if (r != 1) {
		if (r == PCAP_ERROR_BREAK)
			return 0;
		snprintf(why, 256, "%s", pcap_geterr(c->pcap));
		return -1;
	}
	*f = (struct capture_frame){
		.wall_ns = (uint64_t)h->ts.tv_sec * NSEC_PER_SEC + (uint64_t)h->ts.tv_usec,
		.caplen = h->caplen,
		.len = h->len,
		.data = d,
		.has_mac = c->link == DLT_EN10MB,
		.number = ++c->number,
	};
	if (c->link == DLT_EN10MB)
		return 1;
	if (!read_header(c->link, d, h->caplen, &skip, &ethertype, &f->outgoing))
		skip = h->caplen;
	f->caplen = MIN(h->caplen - skip, (uint32_t)FRAME_MAX - ETH_HLEN);
	memset(c->frame, 0, 12);
	put_u16(c->frame + 12, ethertype);
	memcpy(c->frame + ETH_HLEN, d + skip, f->caplen);
	f->caplen += ETH_HLEN;
	f->len = h->len > skip ? h->len - skip + ETH_HLEN : f->caplen;
	f->data = c->frame;
	return 1;
}

uint64_t capture_position(struct capture *c)
{
	long at = pcap_file(c->pcap) ? ftell(pcap_file(c->pcap)) : 0;

	return at > 0 ? (uint64_t)at : 0;
}

uint64_t capture_size(struct capture *c)
{
	return c->size;
}

/* ---- out ---- */

struct capture_writer {
	pcap_t *pcap;
	pcap_dumper_t *dump;
};

struct capture_writer *capture_create(const char *path, char why[256])
{
	struct capture_writer *w = mem_zalloc(sizeof(*w));

	if (w)
		w->pcap = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 262144, PCAP_TSTAMP_PRECISION_NANO);
	if (w && w->pcap)
		w->dump = pcap_dump_open(w->pcap, path);
	if (w && w->dump)
		return w;
	snprintf(why, 256, "%s", w && w->pcap ? pcap_geterr(w->pcap) : "out of memory");
	if (w && w->pcap)
		pcap_close(w->pcap);
	mem_free(w);
	return NULL;
}

void capture_write(struct capture_writer *w, uint64_t wall_ns, const void *frame, uint32_t len)
{
	struct pcap_pkthdr h = { .caplen = len, .len = len };

	h.ts.tv_sec = (time_t)(wall_ns / NSEC_PER_SEC);
	h.ts.tv_usec = (suseconds_t)(wall_ns % NSEC_PER_SEC);
	pcap_dump((u_char *)w->dump, &h, frame);
}

int capture_finish(struct capture_writer *w, const char *path)
{
	int err = pcap_dump_flush(w->dump) || ferror(pcap_dump_file(w->dump)) ? -EIO : 0;

	pcap_dump_close(w->dump);
	pcap_close(w->pcap);
	mem_free(w);
	return err;
}
