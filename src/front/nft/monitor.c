/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/monitor.c - nft monitor: what is done to the rule set, and what rules do to traced packets, as it happens.
 *
 * Where it stands: called by exec.c for the command; trace.c writes packets' events.
 *
 * Theory of operation: the place that the command runs in calls the listeners, which write to the command's output;
 * the command waits, and hands that on, until it is interrupted. Rules are written as they were when the command began,
 * or when they were added: their counters do not move.
 *
 * References: nft(8) MONITOR; nft 1.0.6's behaviour, recorded in labs/nft-monitor.md and labs/nft-trace.md.
 */
#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "front/nft/exec.h"
#include "front/nft/monitor.h"
#include "front/nft/trace.h"

struct text {				/* of a rule, as it was first seen */
	struct rule *rule;		/* one reference: nothing else gets its address meanwhile */
	char *text;
	bool seen;			/* it is there now */
};

struct monitor {
	struct nft_ctx *x;
	struct nft_cmd *cmd;
	struct text *text;		/* a hash table */
	unsigned n_texts, n_slots;
	struct nft_changes changes;
};

/* ---- rules' texts ---- */

static struct text *slot_of(struct text *at, unsigned n_slots, const struct rule *r)
{
	unsigned i = (unsigned)(((uintptr_t)r >> 4) * 0x9e3779b9u);

	while (at[i & (n_slots - 1)].rule && at[i & (n_slots - 1)].rule != r)
		i++;
	return &at[i & (n_slots - 1)];
}

static bool texts_grow(struct monitor *m)
{
	unsigned n = m->n_slots ? 2 * m->n_slots : 64;
	struct text *to = mem_zalloc(n * sizeof(*to));

	if (!to)
		return false;
	for (unsigned i = 0; i < m->n_slots; i++)
		if (m->text[i].rule)
			*slot_of(to, n, m->text[i].rule) = m->text[i];
	mem_free(m->text);
	m->text = to;
	m->n_slots = n;
	return true;
}

static const char *text_of(struct monitor *m, const struct table *t, struct rule *r)
{
	struct sbuf text = SBUF_INIT;
	struct text *at;

	if (2 * m->n_texts >= m->n_slots && !texts_grow(m))
		return "";
	at = slot_of(m->text, m->n_slots, r);
	at->seen = true;
	if (at->rule)
		return at->text ? at->text : "";
	nft_print_rule(m->x, t, r, &text);
	at->rule = rule_get(r);
	at->text = text.failed ? NULL : mem_strdup(sbuf_str(&text));
	m->n_texts++;
	sbuf_free(&text);
	return at->text ? at->text : "";
}

static void text_free(struct text *t)
{
	rule_put(t->rule);
	mem_free(t->text);
}

/* rules that are not seen any more go; the rest finds new places */
static void texts_sweep(struct monitor *m)
{
	struct text *to = m->n_slots ? mem_zalloc(m->n_slots * sizeof(*to)) : NULL;

	if (!to)
		return;
	m->n_texts = 0;
	for (unsigned i = 0; i < m->n_slots; i++) {
		struct text *t = &m->text[i];

		if (t->rule && !t->seen) {
			text_free(t);
		} else if (t->rule) {
			t->seen = false;
			*slot_of(to, m->n_slots, t->rule) = *t;
			m->n_texts++;
		}
	}
	mem_free(m->text);
	m->text = to;
}

static void see_rules(struct monitor *m)
{
	const struct table *t;
	const struct chain *c;

	list_for_each(t, &m->x->c->ns->rules.tables, node)
		list_for_each(c, &t->chains, node)
			for (unsigned i = 0; i < c->n_rules; i++)
				text_of(m, t, c->rules[i]);
	texts_sweep(m);
}

/* ---- listening ---- */

static void on_trace(void *ctx, const struct trace_event *ev)
{
	struct monitor *m = ctx;
	bool rule = ev->kind == TRACE_RULE;

	if ((!rule && ev->kind != TRACE_POLICY) || !ev->traced || m->x->o.json)	/* there is no JSON of traces */
		return;
	nft_trace_event(m->x, ev, rule ? text_of(m, ev->chain->table, (struct rule *)ev->rule) : NULL, &m->x->c->out);
}

static void on_rules(void *ctx, const struct rules_event *ev)
{
	struct monitor *m = ctx;

	switch (ev->kind) {
	case RULES_ELEM_ADDED: case RULES_ELEM_REMOVED:
		nft_change_elem(&m->changes, ev);
		break;
	case RULES_TABLE:
		nft_change_table(&m->changes, ev);
		break;
	case RULES_COMMITTED:
		if (m->changes.any && !m->cmd->monitor && !m->cmd->arg && !m->x->o.json)
			sbuf_printf(&m->x->c->out, "# new generation %u by process %d (%s)\n", ev->gen + 1, ev->pid, ev->by ? ev->by : "");
		nft_changes_end(&m->changes);
		if (m->cmd->monitor & NFT_MON_TRACE)
			see_rules(m);
		break;
	}
}

/* the word after monitor: new, destroy; false: another one, told */
static bool take_words(struct monitor *m)
{
	const char *arg = m->cmd->arg;
	struct nft_changes *c = &m->changes;

	c->x = m->x;
	c->what = m->cmd->monitor ? m->cmd->monitor : NFT_MON_RULESET;
	if (arg)
		c->what &= ~(uint32_t)NFT_MON_OBJECTS;	/* with a word the real tool does not ask for them */
	c->adds = !arg || strcmp(arg, "new") == 0;
	c->removals = !arg || strcmp(arg, "destroy") == 0;
	if (m->cmd->monitor & NFT_MON_JSON)
		m->x->o.json = true;
	if (c->adds || c->removals)
		return true;
	nft_err(m->x, &m->cmd->h.name_loc, "invalid event %s", arg);
	return false;
}

static int monitor_listen(struct monitor *m, bool on)
{
	const struct cmd_ops *ops = m->x->c->ops;
	int err = ops->rules_listen(m->x->c, on ? on_rules : NULL, m);

	if (!err && m->cmd->monitor & NFT_MON_TRACE)
		err = ops->trace_listen(m->x->c, on ? on_trace : NULL, m);
	return err;
}

static void finish(struct monitor *m)
{
	for (unsigned i = 0; i < m->n_slots; i++)
		if (m->text[i].rule)
			text_free(&m->text[i]);
	mem_free(m->text);
	nft_changes_end(&m->changes);
}

bool nft_monitor(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct monitor m = { .x = x, .cmd = cmd };
	struct cmd *c = x->c;
	int err;

	if (!c->ops->rules_listen || !c->ops->trace_listen || !c->ops->wait) {
		nft_err(x, &cmd->loc, "natbox cannot wait for events here");
		return false;
	}
	if (!take_words(&m))
		return false;
	if (cmd->monitor & NFT_MON_TRACE)
		see_rules(&m);
	err = monitor_listen(&m, true);
	while (!err && c->ops->wait(c, UINT64_MAX) != -EINTR)
		if (cmd_flush(c) < 0)
			break;
	monitor_listen(&m, false);
	finish(&m);
	if (!err)
		return true;
	nft_err(x, &cmd->loc, "%s", strerror(-err));
	return false;
}
