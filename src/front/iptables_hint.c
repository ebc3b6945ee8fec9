/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/iptables_hint.c - "natbox: hint: ..." after what the real tool says: the nearest names, where an option or
 * chain belongs, why a target is refused where it is.
 *
 * Only said to who called `natbox iptables` (cmd_hint() minds that); nothing here decides anything.
 *
 * Invariants
 *  1. At most one line for a command.
 */
#include <errno.h>
#include <string.h>

#include "base/diag.h"
#include "front/iptables_line.h"

#define HINT_NAMES 256

static unsigned ext_names(enum xt_kind kind, uint8_t family, const char **names)
{
	unsigned n = 0;

	for (const struct xt_ext *const *e = xt_all; *e && n < HINT_NAMES / 2; e++)
		if ((*e)->kind == kind && xt_has_family(*e, family))
			names[n++] = (*e)->name;
	names[n] = NULL;
	return n;
}

static unsigned chain_names(const struct table *t, bool base, const char **names, unsigned n)
{
	struct chain *c;

	if (t)
		list_for_each(c, &t->chains, node)
			if ((base || !c->base) && n < HINT_NAMES - 1)
				names[n++] = c->name;
	names[n] = NULL;
	return n;
}

/* what is said of matches and targets that natbox lacks for a reason */
static const struct {
	const char *name, *why;
} missing[] = {
	{ "set", "there is no ipset in natbox; -m recent, -m iprange or a chain of -s rules may do" },
	{ "SET", "there is no ipset in natbox; -m recent --set may do" },
	{ "TPROXY", "no program can listen for other hosts' addresses in natbox; -j REDIRECT may do" },
	{ "SYNPROXY", "natbox answers no handshake for others; -m hashlimit or connlimit may do" },
	{ "CLUSTERIP", "Linux has removed it" },
	{ "ULOG", "Linux has removed it; use -j NFLOG" },
	{ "QUEUE", "Linux has removed it; use -j NFQUEUE" },
	{ "LED", "natbox has no lamps" },
	{ "rateest", "natbox estimates no rates; -m hashlimit --hashlimit-rate-match may do" },
	{ "RATEEST", "natbox estimates no rates; -m hashlimit --hashlimit-rate-match may do" },
};

static bool hint_missing(struct ipt_ctx *x, const char *name)
{
	for (unsigned i = 0; i < ARRAY_LEN(missing); i++)
		if (strcmp(missing[i].name, name) == 0) {
			cmd_hint(x->c, "%s", missing[i].why);
			return true;
		}
	return false;
}

void line_hint_match(struct ipt_ctx *x, const char *name)
{
	const char *names[HINT_NAMES], *near;

	ext_names(XT_MATCH, x->family, names);
	near = diag_nearest(name, names);
	if (hint_missing(x, name))
		return;
	if (xt_is_later(XT_MATCH, name))
		cmd_hint(x->c, "Linux has -m %s, natbox does not have it yet", name);
	else if (near)
		cmd_hint(x->c, "did you mean '-m %s'?", near);
	else
		cmd_hint(x->c, "natbox has no match '%s'", name);
}

void ipt_hint_target(struct ipt_ctx *x, const struct table *t, const char *name)
{
	const char *names[HINT_NAMES], *near;
	unsigned n = ext_names(XT_TARGET, x->family, names);

	names[n++] = "ACCEPT";
	names[n++] = "DROP";
	names[n++] = "RETURN";
	chain_names(t, false, names, n);
	near = diag_nearest(name, names);
	if (hint_missing(x, name))
		return;
	if (xt_is_later(XT_TARGET, name))
		cmd_hint(x->c, "Linux has -j %s, natbox does not have it yet", name);
	else if (near)
		cmd_hint(x->c, "did you mean '-j %s'?", near);
	else
		cmd_hint(x->c, "make the chain first with -N %s; natbox has no target of that name", name);
}

/* ---- options ---- */

/* the matches and targets that have an option of that name, as they would be written in front of it */
static bool put_owners(struct sbuf *out, uint8_t family, const char *option)
{
	uint8_t proto;
	bool any = false;

	for (const struct xt_ext *const *e = xt_all; *e; e++)
		for (const struct xt_opt *o = (*e)->opts; o && o->name; o++) {
			const char *flag = (*e)->kind == XT_TARGET ? "-j" : "-m";

			if (strcmp(o->name, option) != 0 || !xt_has_family(*e, family))
				continue;
			if (ipt_proto_parse((*e)->name, &proto) == 0)
				flag = "-p";
			sbuf_printf(out, "%s'%s %s'", any ? " or " : "", flag, (*e)->name);
			any = true;
			break;
		}
	return any;
}

void line_hint_option(struct line_state *s, const char *word)
{
	const char *names[HINT_NAMES], *near;
	struct sbuf owners = SBUF_INIT;
	unsigned n = 0;

	if (strncmp(word, "--", 2) != 0)
		return;
	word += 2;
	for (unsigned i = 0; i < s->scan.n_rows && n < HINT_NAMES - 1; i++)
		names[n++] = s->scan.rows[i].name;
	names[n] = NULL;
	near = diag_nearest(word, names);
	if (hint_missing(s->x, s->rule.jump))
		;
	else if (xt_is_later(XT_TARGET, s->rule.jump))
		cmd_hint(s->x->c, "Linux has -j %s, natbox does not have it yet", s->rule.jump);
	else if (put_owners(&owners, s->x->family, word))
		cmd_hint(s->x->c, "--%s belongs to %s, which must come before it", word, sbuf_str(&owners));
	else if (near)
		cmd_hint(s->x->c, "did you mean '--%s'?", near);
	sbuf_free(&owners);
}

/* ---- tables and chains ---- */

/* in the order in which people look for them */
static const char *const tables[] = { "filter", "nat", "mangle", "raw", "security", NULL };

void ipt_hint_table(struct ipt_ctx *x, const char *name)
{
	const char *near = diag_nearest(name, tables);

	if (near)
		cmd_hint(x->c, "did you mean '-t %s'?", near);
	else
		cmd_hint(x->c, "the tables are filter, nat, mangle, raw and security");
}

void ipt_hint_chain(struct ipt_ctx *x, const char *table, const char *chain)
{
	const struct ruleset *rs = &x->c->ns->rules;
	const char *names[HINT_NAMES], *near;
	struct sbuf where = SBUF_INIT;
	unsigned n = 0;

	for (const char *const *t = tables; *t; t++) {
		const struct table *real =
			ruleset_table(rs, x->family == AF_INET6 ? NFPROTO_IPV6 : NFPROTO_IPV4, *t);

		if (strcmp(*t, table) == 0)
			n = chain_names(real, false, names, 0);
		else if (ipt_builtin_find(ipt_table_find(*t), chain) || (real && table_chain(real, chain)))
			sbuf_printf(&where, "%s-t %s", where.len ? " or " : "", *t);
	}
	for (const struct ipt_builtin *b = ipt_table_find(table)->chains; b->name && n < HINT_NAMES - 1; b++)
		names[n++] = b->name;
	names[n] = NULL;
	near = diag_nearest(chain, names);
	if (where.len)
		cmd_hint(x->c, "table %s has no chain %s; %s has", table, chain, sbuf_str(&where));
	else if (near)
		cmd_hint(x->c, "did you mean '%s'?", near);
	sbuf_free(&where);
}

void line_hint_interface(struct line_state *s)
{
	bool out = s->options & O_OUT;

	cmd_hint(s->x->c, "packets in %s have no %s interface: use -%c", s->chain, out ? "outgoing" : "incoming",
		 out ? 'i' : 'o');
}

/* ---- what the kernel refused ---- */

static void put_hooks(struct sbuf *out, uint32_t hooks)
{
	static const char *const names[] = { "PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING" };
	bool any = false;

	for (unsigned h = 0; h < ARRAY_LEN(names); h++)
		if (hooks >> h & 1) {
			sbuf_printf(out, "%s%s", any ? ", " : "", names[h]);
			any = true;
		}
}

/* does the match or target say why it was refused there */
static bool hint_inst(struct ipt_ctx *x, const struct xt_ext *e, const struct xt_where *w)
{
	struct sbuf where = SBUF_INIT;
	uint8_t proto = e ? e->only_proto : 0;
	char buf[16];

	if (!e)
		return false;
	if (!proto && e->kind == XT_MATCH && ipt_proto_parse(e->name, &proto) < 0)
		proto = 0;
	if (proto && (w->proto != proto || w->proto_inverted)) {
		cmd_hint(x->c, "%s needs -p %s", e->name, ipt_proto_name(proto, true, buf));
		return true;
	}
	if (!(e->only_table && strcmp(e->only_table, w->table) != 0) &&
	    !(e->only_hooks && (!w->hooks || (w->hooks & ~e->only_hooks))))
		return false;
	if (e->only_table)
		sbuf_printf(&where, "table %s", e->only_table);
	if (e->only_hooks) {
		sbuf_puts(&where, where.len ? ", chains " : "chains ");
		put_hooks(&where, e->only_hooks);
		sbuf_puts(&where, " and what they jump to");
	}
	cmd_hint(x->c, "%s works only in %s", e->name, sbuf_str(&where));
	sbuf_free(&where);
	return true;
}

void ipt_hint_refused(struct ipt_ctx *x, const struct ipt_rule *r, const struct xt_where *w, int err)
{
	if (err == -EMLINK) {
		cmd_hint(x->c, "chains may not jump in a circle, nor deeper than 16");
		return;
	}
	if (err == -EOPNOTSUPP) {
		cmd_hint(x->c, "-j cannot go to a built-in chain");
		return;
	}
	for (unsigned i = 0; i < r->tail->n; i++)
		if (hint_inst(x, r->tail->match[i].ext, w))
			return;
	hint_inst(x, r->tail->target.ext, w);
}
