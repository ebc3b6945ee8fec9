/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/iptables_list.c - rules back as text: iptables -L, -S, and the lines of iptables-save.
 *
 * Nothing here changes anything. A table or built-in chain that does not exist yet is shown as it would be: empty,
 * with policy ACCEPT, as iptables-nft does without making it. Rules that nft made are shown as iptables reads them; the
 * table is "incompatible" where it has some that iptables never makes, and apply.c says so.
 *
 * Invariants
 *  1. Built-in chains come first, in the order of ipt_tables; then the others by name.
 *  2. What -S prints, iptables takes.
 */
#include "front/iptables.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct list_state {
	struct cmd *c;
	struct sbuf *out;
	bool numeric, exact, counters, via, linenum;
	bool table;		/* columns; else the one line of -v */
	bool any;		/* something was printed: a blank line goes between chains */
	const char *error;	/* a rule that cannot be read: the listing ended */
};

static const char *jump_name(const struct rule *r, const struct ipt_rule *ir)
{
	return r && r->jump ? r->jump->verdict.name : ir->jump;
}

static bool shown(const struct ipt_inst *i)
{
	return !i->silent && !(i->ext->hidden && i->ext->hidden(i->data));
}

/* ---- numbers ---- */

/* five columns, with K, M, G or T when that is too narrow */
static void put_count(struct sbuf *out, uint64_t v, bool exact, bool column)
{
	static const char unit[] = "KMGT";

	if (exact) {
		sbuf_printf(out, column ? "%8" PRIu64 " " : "%" PRIu64 " ", v);
		return;
	}
	if (v <= 99999) {
		sbuf_printf(out, column ? "%5" PRIu64 " " : "%" PRIu64 " ", v);
		return;
	}
	for (const char *u = unit;; u++) {
		v = (v + 500) / 1000;
		if (v <= 9999 || u[1] == '\0') {
			sbuf_printf(out, column ? "%4" PRIu64 "%c " : "%" PRIu64 "%c ", v, *u);
			return;
		}
	}
}

/* ---- -L ---- */

static void put_mask(struct sbuf *out, uint8_t family, const union inet_addr *mask)
{
	int plen = addr_plen(family, mask);

	if (plen == (int)addr_bits(family))
		return;
	sbuf_putc(out, '/');
	if (plen >= 0)
		sbuf_printf(out, "%d", plen);
	else
		addr_put(out, family, mask);
}

static void put_addr(struct list_state *s, const struct ipt_rule *r, bool dst)
{
	const union inet_addr *a = dst ? &r->dst : &r->src, *mask = dst ? &r->dmask : &r->smask;
	struct sbuf text = SBUF_INIT;
	bool inv = r->inv & (dst ? IPT_INV_DST : IPT_INV_SRC);

	if (!s->numeric && addr_is_any(r->family == AF_INET6 ? a : mask)) {
		sbuf_puts(&text, "anywhere");
	} else {
		if (s->numeric || !ipt_addr_name(s->c, r->family, a, &text))
			addr_put(&text, r->family, a);
		put_mask(&text, r->family, mask);
	}
	sbuf_putc(s->out, inv ? '!' : ' ');
	sbuf_printf(s->out, s->table ? "%-19s " : dst ? "-> %s" : "%s ", sbuf_str(&text));
	s->out->failed |= text.failed;
	sbuf_free(&text);
}

static void put_iface(struct list_state *s, const char *name, bool inv, bool out)
{
	char text[24];

	snprintf(text, sizeof(text), "%s%s", inv ? "!" : "", *name ? name : s->numeric ? "*" : "any");
	if (s->table)
		sbuf_printf(s->out, out ? "%-6s " : " %-6s ", text);
	else
		sbuf_printf(s->out, out ? "out %s " : "in %s ", text);
}

static void put_columns(struct list_state *s, const struct ipt_rule *r, const char *target)
{
	char buf[16];
	const char *proto;

	sbuf_printf(s->out, s->table ? "%-9s " : "%s ", target);
	sbuf_putc(s->out, r->inv & IPT_INV_PROTO ? '!' : ' ');
	if (s->numeric && s->table) {
		snprintf(buf, sizeof(buf), "%u", r->proto);
		proto = buf;
	} else {
		proto = r->proto ? ipt_proto_name(r->proto, !s->numeric, buf) : "all";
	}
	sbuf_printf(s->out, s->table ? "%-4s " : "%s ", proto);
	sbuf_printf(s->out, "%s%s ", s->table ? "" : "opt ", !r->frag ? "--" : r->inv & IPT_INV_FRAG ? "!f" : "-f");
	if (s->via) {
		put_iface(s, r->in, r->inv & IPT_INV_IN, false);
		put_iface(s, r->out, r->inv & IPT_INV_OUT, true);
	}
	put_addr(s, r, false);
	put_addr(s, r, true);
	if (!s->table)
		sbuf_puts(s->out, "  ");
	if (r->go)
		sbuf_puts(s->out, "[goto] ");
}

static void put_exts(struct list_state *s, const struct ipt_rule *r)
{
	const struct ipt_tail *t = r->tail;

	for (unsigned i = 0; i < t->n; i++)
		if (shown(&t->match[i]) && t->match[i].ext->print)
			t->match[i].ext->print(s->out, t->match[i].data, s->numeric);
	if (t->target.ext && t->target.ext->print)
		t->target.ext->print(s->out, t->target.data, s->numeric);
	sbuf_putc(s->out, '\n');
}

static void list_rule(struct list_state *s, const struct rule *r, unsigned num)
{
	const struct ipt_view v = ipt_view_of(r);
	const struct ipt_rule *ir = v.rule;
	const struct xt_ext *ext = ir ? ir->tail->target.ext : NULL;	/* NOTRACK is listed as CT */

	s->error = v.error;
	if (!ir)
		return;
	if (s->linenum)
		sbuf_printf(s->out, "%-4u ", num);
	if (s->counters) {
		put_count(s->out, r->packets, s->exact, true);
		put_count(s->out, r->bytes, s->exact, true);
	}
	put_columns(s, ir, ext && ext->alias_of ? ext->alias_of : jump_name(r, ir));
	put_exts(s, ir);
}

static void list_header(struct list_state *s, const struct chain *c, const char *name, bool builtin)
{
	if (s->any)
		sbuf_putc(s->out, '\n');
	s->any = true;
	sbuf_printf(s->out, "Chain %s", name);
	if (builtin) {
		sbuf_printf(s->out, " (policy %s", c && c->policy_drop ? "DROP" : "ACCEPT");
		if (s->counters) {
			sbuf_putc(s->out, ' ');
			put_count(s->out, c ? c->packets : 0, s->exact, false);
			sbuf_puts(s->out, "packets, ");
			put_count(s->out, c ? c->bytes : 0, s->exact, false);
			sbuf_puts(s->out, "bytes");
		}
		sbuf_puts(s->out, ")\n");
	} else {
		sbuf_printf(s->out, " (%u references)\n", c->refs);
	}
	if (s->linenum)
		sbuf_printf(s->out, "%-4s ", "num");
	if (s->counters)
		sbuf_puts(s->out, s->exact ? "    pkts      bytes " : " pkts bytes ");
	sbuf_printf(s->out, "%-9s  prot opt", "target");
	if (s->via)
		sbuf_printf(s->out, " %-6s %-6s ", "in", "out");
	sbuf_printf(s->out, " %-19s  %-19s \n", "source", "destination");
}

/* one chain; @c NULL: a built-in one that is not there yet */
static void list_chain(struct list_state *s, const struct chain *c, const char *name, bool builtin, unsigned num)
{
	if (s->error)
		return;
	if (!num)
		list_header(s, c, name, builtin);
	for (unsigned i = 0; c && i < c->n_rules && !s->error; i++)
		if (!num || num == i + 1)
			list_rule(s, c->rules[i], i + 1);
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct chain *const *)a)->name, (*(struct chain *const *)b)->name);
}

struct chain **ipt_chains_sorted(const struct table *real)
{
	struct chain **v, *c;
	size_t n = 0;

	if (real)
		list_for_each(c, &real->chains, node)
			n++;
	v = mem_alloc((n + 1) * sizeof(struct chain *));
	if (!v)
		return NULL;
	n = 0;
	if (real)
		list_for_each(c, &real->chains, node)
			if (!c->base)
				v[n++] = c;
	qsort(v, n, sizeof(struct chain *), by_name);
	v[n] = NULL;
	return v;
}

/* what to do for each chain that is asked for */
struct chain_walk {
	void (*fn)(void *ctx, const struct chain *c, const char *name, bool builtin);
	void *ctx;
};

static int walk_chains(const struct ipt_table *t, const struct table *real, const char *only,
		       const struct chain_walk *w)
{
	struct chain **users = ipt_chains_sorted(real);

	if (!users)
		return -1;
	for (const struct ipt_builtin *b = t->chains; b->name; b++)
		if (!only || strcmp(only, b->name) == 0)
			w->fn(w->ctx, ipt_chain_find(t, real, b->name), b->name, true);
	for (struct chain **c = users; *c; c++)
		if ((!only || strcmp(only, (*c)->name) == 0) && !ipt_builtin_find(t, (*c)->name))
			w->fn(w->ctx, *c, (*c)->name, false);
	mem_free(users);
	return 0;
}

struct list_walk {
	struct list_state s;
	unsigned num;
	const struct ipt_table *t;
};

static void walk_list(void *ctx, const struct chain *c, const char *name, bool builtin)
{
	struct list_walk *w = ctx;

	list_chain(&w->s, c, name, builtin, w->num);
}

int ipt_list(struct cmd *c, const struct ipt_table *t, const struct table *real, const char *chain, unsigned num,
	     unsigned verbose, unsigned format, const char **error)
{
	struct list_walk w = {
		.s = {
			.c = c,
			.out = &c->out,
			.numeric = format & IPT_F_NUMERIC,
			.exact = format & IPT_F_EXACT,
			.linenum = format & IPT_F_LINENUM,
			.counters = verbose > 0,
			.via = verbose > 0,
			.table = true,
		},
		.num = num,
		.t = t,
	};
	struct chain_walk walk = { walk_list, &w };
	int err;

	err = walk_chains(t, real, chain, &walk);
	*error = w.s.error;
	return err;
}

void ipt_print_verbose(struct cmd *c, const struct ipt_rule *r)
{
	struct list_state s = { .c = c, .out = &c->out, .numeric = true, .via = true };

	put_columns(&s, r, r->jump);
	put_exts(&s, r);
}

/* ---- -S and iptables-save ---- */

static void save_addr(struct sbuf *out, const struct ipt_rule *r, char letter, const union inet_addr *a,
		      const union inet_addr *mask, bool inv)
{
	int plen = addr_plen(r->family, mask);

	if (addr_is_any(mask) && !inv)
		return;
	sbuf_printf(out, "%s -%c ", inv ? " !" : "", letter);
	addr_put(out, r->family, a);
	if (plen >= 0) {
		sbuf_printf(out, "/%d", plen);
	} else {
		sbuf_putc(out, '/');
		addr_put(out, r->family, mask);
	}
}

static void save_header(struct sbuf *out, const struct ipt_rule *r)
{
	char buf[16];

	save_addr(out, r, 's', &r->src, &r->smask, r->inv & IPT_INV_SRC);
	save_addr(out, r, 'd', &r->dst, &r->dmask, r->inv & IPT_INV_DST);
	if (*r->in)
		sbuf_printf(out, "%s -i %s", r->inv & IPT_INV_IN ? " !" : "", r->in);
	if (*r->out)
		sbuf_printf(out, "%s -o %s", r->inv & IPT_INV_OUT ? " !" : "", r->out);
	if (r->proto)
		sbuf_printf(out, "%s -p %s", r->inv & IPT_INV_PROTO ? " !" : "", ipt_proto_name(r->proto, true, buf));
	if (r->frag)
		sbuf_puts(out, r->inv & IPT_INV_FRAG ? " ! -f" : " -f");
}

const char *ipt_save_rule(struct sbuf *out, const struct chain *c, const struct rule *r, bool packets_first, bool counters)
{
	const struct ipt_view v = ipt_view_of(r);
	const struct ipt_rule *ir = v.rule;
	const struct ipt_tail *t;

	if (!ir)
		return v.error;
	t = ir->tail;
	if (packets_first)
		sbuf_printf(out, "[%" PRIu64 ":%" PRIu64 "] ", r->packets, r->bytes);
	sbuf_printf(out, "-A %s", c->name);
	save_header(out, ir);
	for (unsigned i = 0; i < t->n; i++) {
		if (!shown(&t->match[i]))
			continue;
		sbuf_printf(out, " -m %s", t->match[i].ext->name);
		if (t->match[i].ext->save)
			t->match[i].ext->save(out, t->match[i].data);
	}
	if (counters)
		sbuf_printf(out, " -c %" PRIu64 " %" PRIu64, r->packets, r->bytes);
	if (*ir->jump)
		sbuf_printf(out, " -%c %s", ir->go ? 'g' : 'j', jump_name(r, ir));
	if (t->target.ext && t->target.ext->save)
		t->target.ext->save(out, t->target.data);
	sbuf_putc(out, '\n');
	return NULL;
}

struct rules_walk {
	struct sbuf *out;
	unsigned num;
	bool counters;
	const char *error;
};

static void walk_heads(void *ctx, const struct chain *c, const char *name, bool builtin)
{
	struct rules_walk *w = ctx;

	if (!builtin) {
		sbuf_printf(w->out, "-N %s\n", name);
		return;
	}
	sbuf_printf(w->out, "-P %s %s", name, c && c->policy_drop ? "DROP" : "ACCEPT");
	if (w->counters)
		sbuf_printf(w->out, " -c %" PRIu64 " %" PRIu64, c ? c->packets : 0, c ? c->bytes : 0);
	sbuf_putc(w->out, '\n');
}

static void walk_rules(void *ctx, const struct chain *c, const char *name, bool builtin)
{
	struct rules_walk *w = ctx;

	for (unsigned i = 0; c && i < c->n_rules && !w->error; i++)
		if (!w->num || w->num == i + 1)
			w->error = ipt_save_rule(w->out, c, c->rules[i], false, w->counters);
}

int ipt_list_rules(struct cmd *c, const struct ipt_table *t, const struct table *real, const char *chain, unsigned num,
		   bool counters, const char **error)
{
	struct rules_walk w = { .out = &c->out, .num = num, .counters = counters };
	struct chain_walk heads = { walk_heads, &w }, rules = { walk_rules, &w };

	if (!num && walk_chains(t, real, chain, &heads) < 0)
		return -1;
	if (walk_chains(t, real, chain, &rules) < 0)
		return -1;
	*error = w.error;
	return 0;
}
