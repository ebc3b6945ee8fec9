/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/monitor_rules.c - changes of the rule set as nft monitor writes them, as text or JSON.
 *
 * Where it stands: called by monitor.c with what rules/txn.c tells of a commit; print.c, echo.c and json_list.c write the
 * parts.
 *
 * Theory of operation: a table before and after a commit is compared. What went is told first (rules with their
 * anonymous sets, then sets, objects and chains), then what came, in the order of handles, which is the order in which it
 * was made. A rule that is not the last of its chain was inserted. Elements come before the tables and are kept until
 * their set's turn.
 *
 * References: nft(8) MONITOR; nft 1.0.6's behaviour, recorded in labs/nft-monitor.md.
 */
#include "front/nft/monitor.h"

#include <stdlib.h>
#include <string.h>

#include "front/nft/exec.h"
#include "front/nft/json.h"
#include "rules/txn.h"

/* ---- one event ---- */

static bool wanted(const struct nft_changes *c, uint32_t what, bool removed)
{
	return (c->what & what) && (removed ? c->removals : c->adds);
}

/* {"add": OBJECT} on a line of its own; takes @object */
static void put_json(struct nft_changes *c, const char *verb, json_t *object)
{
	json_t *line = object ? json_pack("{s:o}", verb, object) : NULL;
	char *text = line ? json_dumps(line, 0) : NULL;

	if (text)
		sbuf_printf(&c->x->c->out, "%s\n", text);
	else
		c->x->oom = true;
	free(text);
	json_decref(line);
	c->any = true;
}

static void begin(struct nft_changes *c, const char *verb, const char *what, const struct table *t, const char *name)
{
	sbuf_printf(&c->x->c->out, "%s %s %s %s%s%s", verb, what, nft_family_name(t->family), t->name, name ? " " : "",
		    name ? name : "");
	c->any = true;
}

static void end(struct nft_changes *c, uint64_t handle)
{
	if (c->x->o.handle && handle)
		sbuf_printf(&c->x->c->out, " # handle %llu", (unsigned long long)handle);
	sbuf_putc(&c->x->c->out, '\n');
}

static void tell_table(struct nft_changes *c, const char *verb, const struct table *t, bool removed)
{
	if (!wanted(c, NFT_MON_TABLES, removed))
		return;
	if (c->x->o.json) {
		put_json(c, verb, nft_json_table(c->x, t));
		return;
	}
	begin(c, verb, "table", t, NULL);
	if (t->flags & NFT_TABLE_F_DORMANT && !removed)
		sbuf_puts(&c->x->c->out, " { flags dormant; }");
	end(c, t->handle);
}

static json_t *bare_chain(const struct chain *c)
{
	return json_pack("{s:{s:s, s:s, s:s, s:I}}", "chain", "family", nft_family_name(c->table->family), "table", c->table->name,
			 "name", c->name, "handle", (json_int_t)c->handle);
}

static void tell_chain(struct nft_changes *c, const char *verb, const struct chain *ch, bool removed)
{
	if (!wanted(c, NFT_MON_CHAINS, removed))
		return;
	if (c->x->o.json) {
		put_json(c, verb, removed ? bare_chain(ch) : nft_json_chain(c->x, ch));
		return;
	}
	begin(c, verb, "chain", ch->table, ch->name);
	if (!removed)
		nft_put_base(c->x, ch, &c->x->c->out);
	end(c, removed ? 0 : ch->handle);
}

static void tell_rule(struct nft_changes *c, const char *verb, const struct chain *ch, const struct rule *r, uint64_t at, bool removed)
{
	struct sbuf *out = &c->x->c->out;

	if (!wanted(c, NFT_MON_RULES, removed))
		return;
	if (c->x->o.json) {
		put_json(c, verb, nft_json_rule(c->x, ch, r));
		return;
	}
	begin(c, verb, "rule", ch->table, ch->name);
	if (removed)
		at = r->handle;
	if (at)
		sbuf_printf(out, " handle %llu", (unsigned long long)at);
	if (!removed) {
		sbuf_putc(out, ' ');
		nft_print_rule(c->x, ch->table, r, out);
	}
	sbuf_putc(out, '\n');
}

/* ---- sets, elements, objects ---- */

static json_t *set_json(struct nft_changes *c, const struct table *t, const struct ir_set *s, bool removed)
{
	json_t *set, *body;
	const char *key;

	if (removed)
		return json_pack("{s:{s:s, s:s, s:s, s:s, s:I}}", "set", "family", nft_family_name(t->family), "name", s->desc.name, "table",
				 t->name, "type", "invalid", "handle", (json_int_t)s->handle);
	set = nft_json_set(c->x, t, s);
	json_object_foreach(set, key, body)
		json_object_del(body, "elem");
	return set;
}

static void tell_set(struct nft_changes *c, const struct table *t, struct ir_set *s, bool removed)
{
	if (!wanted(c, NFT_MON_SETS, removed))
		return;
	if (c->x->o.json) {
		put_json(c, removed ? "delete" : "add", set_json(c, t, s, removed));
	} else if (removed) {
		begin(c, "delete", "set", t, s->desc.name);
		end(c, 0);
	} else {
		nft_put_set(c->x, t, s, &c->x->c->out);
		c->any = true;
	}
}

static void tell_elem(struct nft_changes *c, const struct table *t, struct nft_elem_change *e)
{
	const char *verb = e->removed ? "delete" : "add";
	json_t *elem;

	e->told = true;
	if (!wanted(c, NFT_MON_ELEMENTS, e->removed))
		return;
	if (c->x->o.json) {
		elem = nft_json_expr(c->x, e->elem);
		put_json(c, verb, json_pack("{s:{s:s, s:s, s:s, s:{s:[o]}}}", "element", "family", nft_family_name(t->family), "table",
					    t->name, "name", e->set->desc.name, "elem", "set", elem));
		return;
	}
	begin(c, verb, "element", t, e->set->desc.name);
	sbuf_puts(&c->x->c->out, " { ");
	nft_print_expr(c->x, e->elem, &c->x->c->out);
	sbuf_puts(&c->x->c->out, " }\n");
}

static void tell_elems(struct nft_changes *c, const struct table *t, const struct ir_set *s)
{
	for (unsigned i = 0; i < c->n_elems; i++)
		if (!c->elem[i].told && c->elem[i].set == s)
			tell_elem(c, t, &c->elem[i]);
}

static void tell_object(struct nft_changes *c, const struct table *t, const struct ir_object *o, bool removed)
{
	if (!wanted(c, NFT_MON_OBJECTS, removed))
		return;
	if (c->x->o.json) {
		put_json(c, removed ? "delete" : "add", nft_json_object(c->x, t, o));
	} else if (removed) {
		begin(c, "delete", nft_object_word(o->type), t, o->name);
		end(c, 0);
	} else {
		nft_put_object(c->x, t, o, &c->x->c->out);
		c->any = true;
	}
}

static void tell_flowtable(struct nft_changes *c, const struct table *t, const struct flowtable *f, bool removed)
{
	if (!wanted(c, NFT_MON_FLOWTABLES, removed))
		return;
	if (c->x->o.json) {
		put_json(c, removed ? "delete" : "add", nft_json_flowtable(c->x, t, f));
	} else if (removed) {
		begin(c, "delete", "flowtable", t, f->name);
		end(c, 0);
	} else {
		nft_put_flowtable(c->x, t, f, &c->x->c->out);
		c->any = true;
	}
}

/* ---- what went ---- */

static struct chain *chain_after(const struct table *t, uint64_t handle)
{
	return t ? table_chain_by_handle(t, handle) : NULL;
}

static bool has_rule(const struct chain *c, const struct rule *r)
{
	for (unsigned i = 0; c && i < c->n_rules; i++)
		if (c->rules[i] == r)
			return true;
	return false;
}

struct anon { struct nft_changes *c; const struct table *t, *after; };

static bool has_set(const struct table *t, const struct ir_set *s)
{
	for (unsigned i = 0; t && i < t->n_sets; i++)
		if (t->sets[i] == s)
			return true;
	return false;
}

static int anon_gone(void *ctx, struct ir_set *s)
{
	struct anon *a = ctx;

	if (s->desc.flags & NFT_SET_ANONYMOUS && !has_set(a->after, s))
		tell_set(a->c, a->t, s, true);
	return 0;
}

static void rules_gone(struct nft_changes *c, const struct table *before, const struct table *after)
{
	struct anon a = { c, before, after };
	const struct chain *ch;

	list_for_each(ch, &before->chains, node) {
		const struct chain *now = chain_after(after, ch->handle);

		for (unsigned i = 0; i < ch->n_rules && !ch->bound; i++) {
			if (has_rule(now, ch->rules[i]))
				continue;
			tell_rule(c, "delete", ch, ch->rules[i], 0, true);
			rule_each_set(ch->rules[i], anon_gone, &a);
		}
	}
}

static const struct ir_object *object_in(const struct table *t, const struct ir_object *o)
{
	return t ? table_object(t, o->type, o->name) : NULL;
}

static void table_gone(struct nft_changes *c, const struct table *before, const struct table *after)
{
	const struct chain *ch;

	rules_gone(c, before, after);
	for (unsigned i = 0; i < before->n_sets; i++)
		if (!(before->sets[i]->desc.flags & NFT_SET_ANONYMOUS) && !has_set(after, before->sets[i]))
			tell_set(c, before, before->sets[i], true);
	for (unsigned i = 0; i < before->n_flowtables; i++)
		if (!after || !table_flowtable(after, before->flowtables[i]->name))
			tell_flowtable(c, before, before->flowtables[i], true);
	for (unsigned i = 0; i < before->n_objects; i++)
		if (!object_in(after, before->objects[i]))
			tell_object(c, before, before->objects[i], true);
	list_for_each(ch, &before->chains, node)
		if (!ch->bound && !chain_after(after, ch->handle))
			tell_chain(c, "delete", ch, true);
	if (!after)
		tell_table(c, "delete", before, true);
}

/* ---- what came, in order of handles ---- */

struct item {
	uint64_t handle;
	enum { ITEM_CHAIN, ITEM_RULE, ITEM_SET, ITEM_OBJECT, ITEM_FLOWTABLE } kind;
	const void *what;
	const struct chain *chain;	/* of a rule */
	unsigned at;
};

struct items {
	struct item *v;
	unsigned n, cap;
	bool failed;
};

static void item_add(struct items *l, struct item it)
{
	if (l->n == l->cap) {
		unsigned cap = 2 * l->cap + 16;
		struct item *v = mem_realloc(l->v, cap * sizeof(*v));

		if (!v) {
			l->failed = true;
			return;
		}
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = it;
}

static bool chain_changed(const struct chain *was, const struct chain *now)
{
	return strcmp(was->name, now->name) != 0 || was->policy_drop != now->policy_drop || was->base != now->base;
}

static void new_chains(struct items *l, const struct table *before, const struct table *after)
{
	struct chain *c;

	list_for_each(c, &after->chains, node) {
		const struct chain *was = chain_after(before, c->handle);

		if (!was)
			item_add(l, (struct item){ .handle = c->handle, .kind = ITEM_CHAIN, .what = c });
		for (unsigned i = 0; i < c->n_rules; i++)
			if (!has_rule(was, c->rules[i]))
				item_add(l, (struct item){ .handle = c->rules[i]->handle, .kind = ITEM_RULE, .what = c->rules[i], .chain = c,
							   .at = i });
	}
}

static void new_parts(struct items *l, const struct table *before, const struct table *after)
{
	for (unsigned i = 0; i < after->n_sets; i++)
		if (!(after->sets[i]->desc.flags & NFT_SET_ANONYMOUS) && !has_set(before, after->sets[i]))
			item_add(l, (struct item){ .handle = after->sets[i]->handle, .kind = ITEM_SET, .what = after->sets[i] });
	for (unsigned i = 0; i < after->n_objects; i++)
		if (!object_in(before, after->objects[i]))
			item_add(l, (struct item){ .handle = after->objects[i]->handle, .kind = ITEM_OBJECT, .what = after->objects[i] });
	for (unsigned i = 0; i < after->n_flowtables; i++)
		if (!before || !table_flowtable(before, after->flowtables[i]->name))
			item_add(l, (struct item){ .handle = after->flowtables[i]->handle, .kind = ITEM_FLOWTABLE,
						   .what = after->flowtables[i] });
}

static int by_handle(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	return x->handle < y->handle ? -1 : x->handle > y->handle;
}

/* its place was another rule's, which went: the real tool then says behind which rule it stands */
static bool is_replacement(const struct table *before, const struct item *it)
{
	const struct chain *was = chain_after(before, it->chain->handle);

	return was && it->at < was->n_rules && was->n_rules == it->chain->n_rules && !has_rule(it->chain, was->rules[it->at]);
}

static bool is_inserted(const struct table *before, const struct item *it)
{
	const struct chain *was = chain_after(before, it->chain->handle);

	return it->at + 1 < it->chain->n_rules && has_rule(was, it->chain->rules[it->at + 1]);
}

static void tell_new_rule(struct nft_changes *c, const struct table *before, const struct item *it)
{
	bool replaces = is_replacement(before, it);
	uint64_t behind = replaces && it->at && it->at + 1 < it->chain->n_rules ? it->chain->rules[it->at - 1]->handle : 0;

	tell_rule(c, !replaces && is_inserted(before, it) ? "insert" : "add", it->chain, it->what, behind, false);
}

static void tell_item(struct nft_changes *c, const struct table *before, const struct table *after, const struct item *it)
{
	const struct chain *ch = it->what;

	switch (it->kind) {
	case ITEM_CHAIN:
		/* iptables -N asks for one that was not there */
		tell_chain(c, after->xt && !ch->base ? "create" : "add", ch, false);
		break;
	case ITEM_RULE:
		tell_new_rule(c, before, it);
		break;
	case ITEM_SET:
		tell_set(c, after, (struct ir_set *)it->what, false);
		tell_elems(c, after, it->what);
		break;
	case ITEM_OBJECT:
		tell_object(c, after, it->what, false);
		break;
	case ITEM_FLOWTABLE:
		tell_flowtable(c, after, it->what, false);
		break;
	}
}

static void table_changed(struct nft_changes *c, const struct table *before, const struct table *after)
{
	const struct chain *ch;

	if (before->flags != after->flags)
		tell_table(c, "add", after, false);
	list_for_each(ch, &after->chains, node) {
		const struct chain *was = chain_after(before, ch->handle);

		if (was && chain_changed(was, ch))
			tell_chain(c, "add", ch, false);
	}
	for (unsigned i = 0; i < after->n_sets; i++)
		if (has_set(before, after->sets[i]))
			tell_elems(c, after, after->sets[i]);
}

void nft_change_table(struct nft_changes *c, const struct rules_event *ev)
{
	const struct table *before = ev->before, *after = ev->after;
	struct items l = { 0 };

	/* another one with the same name: nothing of the old one is in it */
	if (before)
		table_gone(c, before, after && after->handle == before->handle ? after : NULL);
	if (!after)
		return;
	if (before && after->handle != before->handle)
		before = NULL;
	if (before)
		table_changed(c, before, after);
	else
		tell_table(c, "add", after, false);
	new_chains(&l, before, after);
	new_parts(&l, before, after);
	if (l.n)
		qsort(l.v, l.n, sizeof(l.v[0]), by_handle);
	for (unsigned i = 0; i < l.n; i++)
		tell_item(c, before, after, &l.v[i]);
	c->x->oom |= l.failed;
	mem_free(l.v);
}

/* ---- elements ---- */

void nft_change_elem(struct nft_changes *c, const struct rules_event *ev)
{
	bool removed = ev->kind == RULES_ELEM_REMOVED;
	struct nft_expr *e;

	if (ev->set->desc.flags & NFT_SET_ANONYMOUS || !wanted(c, NFT_MON_ELEMENTS, removed))
		return;
	if (c->n_elems == c->cap_elems) {
		unsigned cap = 2 * c->cap_elems + 16;
		struct nft_elem_change *v = mem_realloc(c->elem, cap * sizeof(*v));

		if (!v)
			return;
		c->elem = v;
		c->cap_elems = cap;
	}
	e = nft_elem_of(c->x, nft_set_of(ev->set), ev->set, ev->elem);
	if (e)
		c->elem[c->n_elems++] = (struct nft_elem_change){ .set = ev->set, .removed = removed, .elem = e };
}

void nft_changes_end(struct nft_changes *c)
{
	for (unsigned i = 0; i < c->n_elems; i++)
		nft_expr_free(c->elem[i].elem);
	mem_free(c->elem);
	c->elem = NULL;
	c->n_elems = c->cap_elems = 0;
	c->any = false;
}
