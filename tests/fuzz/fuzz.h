/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fuzz/fuzz.h - what the fuzz targets share: one namespace with two links and a bridge, whose wires carry what is sent back in, and
 * commands run in it.
 *
 * A target must give the same course for the same bytes, so each input gets a world of its own with a fixed seed. Everything is bounded: frames per input,
 * steps of the shell, rounds of answers.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/cmd.h"
#include "front/script.h"
#include "path/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(cond)                                                                                                \
	do {                                                                                                      \
		if (!(cond)) {                                                                                    \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond);                        \
			abort();                                                                                  \
		}                                                                                                 \
	} while (0)

/* the bytes of an input, taken from the front */
struct bytes {
	const uint8_t *p, *end;
};

static inline uint32_t take(struct bytes *b, unsigned n)
{
	uint32_t v = 0;

	for (; n && b->p < b->end; n--)
		v = v << 8 | *b->p++;
	return v;
}

struct fuzz {
	struct world w;
	struct netns *ns;
	struct pkt *lo, **lo_tail;	/* what lo carries */
	uint64_t sent, logged;
};

static inline void fuzz_transmit(struct world *w, struct link *out, struct pkt *p)
{
	struct fuzz *f = w->ctx;

	MUST(p->mac <= p->l3 && p->l3 <= p->end && p->end <= p->cap);
	if (out->kind != LINK_LOOPBACK) {
		f->sent++;
		pkt_free(p);
		return;
	}
	p->next = NULL;
	*f->lo_tail = p;
	f->lo_tail = &p->next;
}

static inline void fuzz_log(struct world *w, struct netns *ns, int level, const char *line)
{
	struct fuzz *f = w->ctx;

	f->logged += strlen(line);
}

static inline void fuzz_timers_changed(struct world *w)
{
}

static const struct world_ops fuzz_ops = { .transmit = fuzz_transmit, .log = fuzz_log, .timers_changed = fuzz_timers_changed };

static inline void fuzz_drain(struct fuzz *f)
{
	for (unsigned rounds = 0; f->lo && rounds < 256; rounds++) {
		struct pkt *p = f->lo;

		f->lo = p->next;
		if (!f->lo)
			f->lo_tail = &f->lo;
		p->next = NULL;
		path_rx(f->ns->lo, &p, 1);
	}
}

/* time goes on by @ms, timers at their own time */
static inline void fuzz_sleep(struct fuzz *f, uint64_t ms)
{
	uint64_t until = f->w.clock.now_ns + ms * 1000000, next;

	for (unsigned rounds = 0; rounds < 1000 && (next = world_next_ns(&f->w)) <= until; rounds++) {
		f->w.clock.now_ns = MAX(f->w.clock.now_ns, next);
		world_timers(&f->w);
		fuzz_drain(f);
	}
	f->w.clock.now_ns = until;
}

static inline struct link *fuzz_link(struct fuzz *f, const char *name, uint8_t last)
{
	struct link *l;

	MUST(link_add(&f->ns->links, LINK_EXTERN, name, 0, &l) == 0);
	l->arphrd = ARPHRD_ETHER;
	l->mtu = 1500;
	l->carrier = true;
	l->flags |= IFF_BROADCAST | IFF_MULTICAST;
	memset(l->brd_mac, 0xff, 6);
	memcpy(l->mac, (uint8_t[]){ 2, 0, 0, 0, 0, last }, 6);
	return l;
}

static inline void fuzz_begin(struct fuzz *f)
{
	memset(f, 0, sizeof(*f));
	f->lo_tail = &f->lo;
	MUST(path_world_init(&f->w, 1, &fuzz_ops, f) == 0);
	f->ns = netns_new(&f->w, "fuzz");
	MUST(f->ns);
	fuzz_link(f, "eth0", 1);
	fuzz_link(f, "eth1", 2);
	fuzz_link(f, "p0", 3);
	fuzz_link(f, "p1", 4);
}

static inline void fuzz_end(struct fuzz *f)
{
	for (struct pkt *p = f->lo, *next; p; p = next) {
		next = p->next;
		pkt_free(p);
	}
	world_free(&f->w);
}

/* a script that must work */
static inline void fuzz_setup(struct fuzz *f, const char *text)
{
	struct sbuf said = SBUF_INIT;
	struct stream *s = stream_to_sbuf(&said);
	struct script x = { .world = &f->w, .ns = f->ns, .dir = "/nonexistent", .err = s };
	unsigned line = 0;

	if (script_run(&x, "setup", text, &line)) {
		fprintf(stderr, "setup:%u: %s\n", line, sbuf_str(&said));
		abort();
	}
	stream_put(s);
	sbuf_free(&said);
}

/* one command by its words, with @in as its input; the status */
static inline int fuzz_command(struct fuzz *f, int argc, char **argv, const void *in, size_t n)
{
	struct sbuf out = SBUF_INIT, err = SBUF_INIT;
	struct stream *so = stream_to_sbuf(&out), *se = stream_to_sbuf(&err), *si = stream_from_bytes(in, n);
	struct script x = { .world = &f->w, .ns = f->ns, .dir = "/nonexistent", .in = si, .out = so, .err = se };
	int status = script_command(&x, argc, argv);

	if (getenv("FUZZ_VERBOSE"))
		fprintf(stderr, "= %d\n%s%s", status, sbuf_str(&out), sbuf_str(&err));
	stream_put(so);
	stream_put(se);
	stream_put(si);
	sbuf_free(&out);
	sbuf_free(&err);
	return status;
}

/* words of a line, which is changed: blanks between them, quotes around them */
static inline int fuzz_split(char *line, char **argv, int max)
{
	char *from = line, *to = line, quote = 0;
	int n = 0;

	while (n < max - 1) {
		while (*from == ' ' || *from == '\t')
			from++;
		if (!*from)
			break;
		argv[n++] = to;
		for (; *from && (quote || (*from != ' ' && *from != '\t')); from++) {
			if (quote ? *from == quote : *from == '\'' || *from == '"')
				quote = quote ? 0 : *from;
			else
				*to++ = *from;
		}
		if (*from)
			from++;
		*to++ = '\0';
	}
	argv[n] = NULL;
	return n;
}

/*
 * the input as lines, each a command whose first word must be one of @tools (else @tools' first is put in front); after each the state must be
 * printable and a second try of what was printed must be accepted is the target's business
 */
static inline void fuzz_lines(struct fuzz *f, const uint8_t *data, size_t size, const char *const *tools)
{
	char *text = malloc(size + 1), *save = NULL;
	unsigned n = 0;

	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < size; i++)
		if (!text[i])
			text[i] = ' ';
	for (char *line = strtok_r(text, "\n", &save); line && n < 64; line = strtok_r(NULL, "\n", &save), n++) {
		char *argv[128];
		int argc = 1 + fuzz_split(line, argv + 1, 126), first = 0;

		argv[0] = (char *)tools[0];
		for (const char *const *t = tools; argc > 1 && *t; t++)
			if (strcmp(argv[1], *t) == 0)
				first = 1;
		fuzz_command(f, argc - first, argv + first, "", 0);
	}
	free(text);
}

#endif
