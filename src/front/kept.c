/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/kept.c - what a kept namespace remembers besides the commands that make it: handles, the order in which things were
 * made, how many generations there were, and when that was.
 *
 * Where it stands: state.c prints these lines behind the commands, and reads them when the commands were run.
 *
 * Theory of operation: commands cannot give a handle, and they make tables anew in the order of listing. So the lines
 * name each table and what is in it, with its handle; by the handles everything is sorted again. The rules of a chain
 * have no names: their handles stand in order, "5+3" for 5, 6 and 7. The file may be edited by people: a line that fits
 * nothing is not heeded, and a chain with another number of rules than the line says has new handles for them.
 *
 *     #= now 1700000000000
 *     #= ruleset GENERATION NEXT-TABLE NEXT-REGISTRATION NEXT-CHAIN
 *     #= table HANDLE NEXT FAMILY NAME
 *     #= chain HANDLE REGISTRATION NAME
 *     #= rules 5+3,9
 *     #= set HANDLE NAME
 *     #= object HANDLE TYPE NAME
 *     #= flowtable HANDLE NAME
 *
 * Invariants
 *  1. Within a table no two things have the same handle, whatever the lines say: what no line speaks of gets the next ones.
 */
#include "front/kept.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/object.h"
#include "rules/set.h"

#define MARK "#= "

/* ---- printing ---- */

static void put_handles(const struct chain *c, struct sbuf *out)
{
	for (unsigned i = 0, n; i < c->n_rules; i += n) {
		uint64_t first = c->rules[i]->handle;

		for (n = 1; i + n < c->n_rules && c->rules[i + n]->handle == first + n;)
			n++;
		sbuf_printf(out, "%s%" PRIu64, i ? "," : MARK "rules ", first);
		if (n > 1)
			sbuf_printf(out, "+%u", n);
	}
	if (c->n_rules)
		sbuf_putc(out, '\n');
}

static void put_table(const struct table *t, struct sbuf *out)
{
	const struct chain *c;

	sbuf_printf(out, MARK "table %" PRIu64 " %" PRIu64 " %u %s\n", t->handle, t->next_handle, t->family, t->name);
	list_for_each(c, &t->chains, node) {
		sbuf_printf(out, MARK "chain %" PRIu64 " %" PRIu64 " %s\n", c->handle, c->reg_seq, c->bound ? "" : c->name);
		put_handles(c, out);
	}
	for (unsigned i = 0; i < t->n_sets; i++)
		if (!(t->sets[i]->desc.flags & NFT_SET_ANONYMOUS))
			sbuf_printf(out, MARK "set %" PRIu64 " %s\n", t->sets[i]->handle, t->sets[i]->desc.name);
	for (unsigned i = 0; i < t->n_objects; i++)
		sbuf_printf(out, MARK "object %" PRIu64 " %d %s\n", t->objects[i]->handle, t->objects[i]->type,
			    t->objects[i]->name);
	for (unsigned i = 0; i < t->n_flowtables; i++)
		sbuf_printf(out, MARK "flowtable %" PRIu64 " %s\n", t->flowtables[i]->handle, t->flowtables[i]->name);
}

void kept_print(const struct netns *ns, struct sbuf *out)
{
	const struct ruleset *rs = &ns->rules;
	const struct table *t;

	if (!rs->n_batches)
		return;
	sbuf_printf(out, MARK "now %" PRIu64 "\n", (uint64_t)(clock_wall_ns(&ns->world->clock) / NSEC_PER_MSEC));
	sbuf_printf(out, MARK "ruleset %u %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", rs->n_batches, rs->next_handle, rs->next_seq,
		    rs->next_chain_id);
	list_for_each(t, &rs->tables, node)
		put_table(t, out);
}

/* ---- reading ---- */

struct reader {
	struct ruleset *rs;
	struct table *t;		/* of the last table line; NULL: not there */
	struct chain *c;
};

/* all of a table's handles, in place: what is 0 has none yet */
static void each_handle(struct table *t, void (*fn)(uint64_t *handle, struct table *t))
{
	struct chain *c;

	list_for_each(c, &t->chains, node) {
		fn(&c->handle, t);
		for (unsigned i = 0; i < c->n_rules; i++)
			fn(&c->rules[i]->handle, t);
	}
	for (unsigned i = 0; i < t->n_sets; i++)
		fn(&t->sets[i]->handle, t);
	for (unsigned i = 0; i < t->n_objects; i++)
		fn(&t->objects[i]->handle, t);
	for (unsigned i = 0; i < t->n_flowtables; i++)
		fn(&t->flowtables[i]->handle, t);
}

static void forget(uint64_t *handle, struct table *t)
{
	*handle = 0;
}

static void give(uint64_t *handle, struct table *t)
{
	if (!*handle)
		*handle = ++t->next_handle;
}

static void take_table(struct reader *r, const uint64_t n[3], const char *name)
{
	r->t = ruleset_table(r->rs, (uint8_t)n[2], name);
	r->c = NULL;
	if (!r->t)
		return;
	r->t->handle = n[0];
	r->t->next_handle = MAX(n[1], r->t->next_handle);
	each_handle(r->t, forget);
}

/* chains without a name are those of rules: one after the other */
static struct chain *next_bound(const struct table *t)
{
	struct chain *c;

	list_for_each(c, &t->chains, node)
		if (c->bound && !c->handle)
			return c;
	return NULL;
}

static void take_chain(struct reader *r, const uint64_t n[3], const char *name)
{
	r->c = *name ? table_chain(r->t, name) : next_bound(r->t);
	if (!r->c)
		return;
	r->c->handle = n[0];
	if (r->c->base)
		r->c->reg_seq = n[1];
}

/* @set: write them down; how many there are */
static unsigned walk_handles(const char *s, struct chain *c, bool set)
{
	unsigned total = 0;

	for (; *s >= '0' && *s <= '9'; s += *s == ',') {
		char *end;
		uint64_t first = strtoull(s, &end, 10), n = *end == '+' ? strtoull(end + 1, &end, 10) : 1;

		for (uint64_t i = 0; set && i < n; i++)
			c->rules[total + i]->handle = first + i;
		if (n > c->n_rules)
			return UINT32_MAX;
		total += (unsigned)n;
		if (total > c->n_rules)
			return UINT32_MAX;
		s = end;
	}
	return total;
}

static void take_line(struct reader *r, const char *line)
{
	uint64_t n[4] = { 0 };
	struct ir_object *o;
	struct flowtable *f;
	struct ir_set *s;
	int at = 0;

	if (sscanf(line, "ruleset %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, n, n + 1, n + 2, n + 3) == 4) {
		r->rs->n_batches = (uint32_t)n[0];
		r->rs->next_handle = MAX(n[1], r->rs->next_handle);
		r->rs->next_seq = MAX(n[2], r->rs->next_seq);
		r->rs->next_chain_id = MAX(n[3], r->rs->next_chain_id);
	} else if (sscanf(line, "table %" SCNu64 " %" SCNu64 " %" SCNu64 " %n", n, n + 1, n + 2, &at) == 3 && at) {
		take_table(r, n, line + at);
	} else if (!r->t) {
		return;
	} else if (sscanf(line, "chain %" SCNu64 " %" SCNu64 "%n", n, n + 1, &at) == 2 && at) {
		take_chain(r, n, line + at + (line[at] == ' '));
	} else if (r->c && strncmp(line, "rules ", 6) == 0) {
		if (walk_handles(line + 6, r->c, false) == r->c->n_rules)
			walk_handles(line + 6, r->c, true);
	} else if (sscanf(line, "set %" SCNu64 " %n", n, &at) == 1 && at && (s = table_set(r->t, line + at))) {
		s->handle = n[0];
	} else if (sscanf(line, "object %" SCNu64 " %" SCNu64 " %n", n, n + 1, &at) == 2 && at &&
		   (o = table_object(r->t, (int)n[1], line + at))) {
		o->handle = n[0];
	} else if (sscanf(line, "flowtable %" SCNu64 " %n", n, &at) == 1 && at && (f = table_flowtable(r->t, line + at))) {
		f->handle = n[0];
	}
}

/* the lines with the mark, each a string of its own; without memory the rest is not heeded */
static void take_lines(struct reader *r, const char *text)
{
	struct sbuf line = SBUF_INIT;
	bool ok = true;

	for (const char *p = strstr(text, "\n" MARK); p && ok; p = strstr(p, "\n" MARK)) {
		p += 1 + strlen(MARK);
		sbuf_reset(&line);
		sbuf_put(&line, p, strcspn(p, "\n"));
		ok = !line.failed;
		if (ok)
			take_line(r, sbuf_str(&line));
	}
	sbuf_free(&line);
}

void kept_read(struct netns *ns, const char *text)
{
	struct reader r = { .rs = &ns->rules };
	struct table *t;

	take_lines(&r, text);
	list_for_each(t, &ns->rules.tables, node)
		each_handle(t, give);
	ruleset_order(&ns->rules);
}

uint64_t kept_wall_ms(const char *text)
{
	const char *p = strstr(text, "\n" MARK "now ");

	return p ? strtoull(p + 1 + strlen(MARK "now "), NULL, 10) : 0;
}
