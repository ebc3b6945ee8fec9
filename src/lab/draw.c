/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/draw.c - the topology of a lab as a picture of text: each segment a thick line, its hosts hanging below it.
 *
 *     A ══╤══════════════════╤═══════════════════
 *         │ eth0             │ eth0
 *         │ 192.168.100.1/24 │ 192.168.100.2/24
 *      ┌──┴───┐           ┌──┴───┐
 *      │ vm01 │           │ vm02 │
 *      └──────┘           └──────┘
 *
 * Theory of operation: links are sorted into segments: all that are plugged into one bridge, or the two ends of one
 * cable. A segment is drawn column by column; the widest of a column's texts gives its width.
 */
#include "lab/draw.h"

#include <stdio.h>
#include <string.h>

#include "lab/lab.h"

#define SEGMENTS_MAX 64
#define MEMBERS_MAX 24
#define ADDRS_SHOWN 3

struct member {
	const struct host *host;
	const struct link *link;
	char addr[ADDRS_SHOWN][64];
	unsigned n_addr;
	int width;			/* of its column */
};

struct segment {
	const struct link *bridge;	/* NULL: a cable */
	const struct link *end;		/* a cable's first end */
	char name[320];
	struct member m[MEMBERS_MAX];
	unsigned n;
};

struct picture {
	struct segment *seg;
	unsigned n;
	bool any_addr;
};

static void repeat(struct sbuf *out, const char *s, int n)
{
	while (n-- > 0)
		sbuf_puts(out, s);
}

/* without blanks at its end */
static void end_line(struct sbuf *out)
{
	while (out->len && out->data[out->len - 1] == ' ')
		sbuf_truncate(out, out->len - 1);
	sbuf_putc(out, '\n');
}

static bool is_outside(const struct host *h)
{
	return strcmp(h->name, "lab") == 0;
}

static bool has_address(const struct link *l)
{
	const struct link_addr *a;

	list_for_each(a, &l->addrs, node)
		if (a->scope < RT_SCOPE_LINK)
			return true;
	return false;
}

static struct segment *segment_of(struct picture *p, const struct link *l)
{
	const struct link *bridge = l->kind == LINK_BRIDGE       ? l
				    : l->master                  ? l->master
				    : l->peer && l->peer->master ? l->peer->master
								 : NULL;
	const struct host *h = bridge ? host_of(bridge->ns) : NULL;
	struct segment *s;

	for (unsigned i = 0; i < p->n; i++) {
		s = &p->seg[i];
		if (bridge ? s->bridge == bridge : (s->end == l || (l->peer && s->end == l->peer)))
			return s;
	}
	if (p->n == SEGMENTS_MAX || (!bridge && !l->peer))
		return NULL;
	s = &p->seg[p->n++];
	s->bridge = bridge;
	s->end = bridge ? NULL : l;
	if (bridge)
		snprintf(s->name, sizeof(s->name), "%s%s%s", is_outside(h) ? "" : h->name, is_outside(h) ? "" : ":",
			 bridge->name);
	return s;
}

static void add_member(struct picture *p, const struct host *h, const struct link *l)
{
	struct segment *s = segment_of(p, l);
	const struct link_addr *a;
	struct member *m;
	char text[ADDR_STRLEN];

	if (!s || s->n == MEMBERS_MAX)
		return;
	m = &s->m[s->n++];
	m->host = h;
	m->link = l;
	list_for_each(a, &l->addrs, node) {
		if (m->n_addr == ADDRS_SHOWN)
			break;
		if (a->scope >= RT_SCOPE_LINK)
			continue;
		snprintf(m->addr[m->n_addr++], sizeof(m->addr[0]), "%s/%u", addr_fmt(text, a->family, &a->addr),
			 a->plen);
		p->any_addr = true;
	}
	m->width = MAX((int)strlen(l->name) + 3, (int)strlen(h->name) + 6);
	for (unsigned i = 0; i < m->n_addr; i++)
		m->width = MAX(m->width, (int)strlen(m->addr[i]) + 4);
}

static void collect(struct lab *l, struct picture *p)
{
	const struct host *h;
	const struct link *link;

	list_for_each(h, &l->hosts, node) {
		if (!h->named)
			continue;
		list_for_each(link, &h->ns->links.links, node) {
			if (link->kind == LINK_BRIDGE ? !has_address(link) : link->kind != LINK_VETH || link->master)
				continue;
			add_member(p, h, link);
		}
	}
}

static void draw_texts(struct sbuf *out, const struct segment *s, int left, int line)
{
	sbuf_printf(out, "%*s", left, "");
	for (unsigned i = 0; i < s->n; i++) {
		const struct member *m = &s->m[i];
		const char *text = line < 0 ? m->link->name : (unsigned)line < m->n_addr ? m->addr[line] : "";

		sbuf_printf(out, "│ %-*s", m->width - 2, text);
	}
	end_line(out);
}

/* one of a box's three lines: its top with the line to the bus, its name, its bottom */
static void draw_boxes(struct sbuf *out, const struct segment *s, int left, int line)
{
	int at = left - 3, from = 0;

	for (unsigned i = 0; i < s->n; i++) {
		const struct member *m = &s->m[i];
		int inner = (int)strlen(m->host->name) + 2;

		sbuf_printf(out, "%*s", at - from, "");
		if (line == 0) {
			sbuf_puts(out, "┌──┴");
			repeat(out, "─", inner - 3);
			sbuf_puts(out, "┐");
		} else if (line == 1) {
			sbuf_printf(out, "│ %s │", m->host->name);
		} else {
			sbuf_puts(out, "└");
			repeat(out, "─", inner);
			sbuf_puts(out, "┘");
		}
		from = at + inner + 2;
		at += m->width;
	}
	sbuf_putc(out, '\n');
}

static void draw_segment(struct sbuf *out, const struct segment *s)
{
	int left = (int)strlen(s->name) + 4;
	unsigned addrs = 0;

	left = MAX(left, 6);
	sbuf_printf(out, " %s%s", s->name, *s->name ? " " : "");
	repeat(out, "═", left - (int)strlen(s->name) - 1 - (*s->name != 0));
	for (unsigned i = 0; i < s->n; i++) {
		sbuf_puts(out, "╤");
		repeat(out, "═", i + 1 < s->n ? s->m[i].width - 1 : 3);
		addrs = MAX(addrs, s->m[i].n_addr);
	}
	sbuf_putc(out, '\n');
	draw_texts(out, s, left, -1);
	for (unsigned i = 0; i < addrs; i++)
		draw_texts(out, s, left, (int)i);
	for (int line = 0; line < 3; line++)
		draw_boxes(out, s, left, line);
	sbuf_putc(out, '\n');
}

void draw_topology(struct lab *l, struct sbuf *out)
{
	struct picture p = { .seg = mem_zalloc(SEGMENTS_MAX * sizeof(struct segment)) };

	if (!p.seg)
		return;
	collect(l, &p);
	if (p.any_addr) {
		sbuf_putc(out, '\n');
		for (unsigned i = 0; i < p.n; i++)
			draw_segment(out, &p.seg[i]);
	}
	mem_free(p.seg);
}
