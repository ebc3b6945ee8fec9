/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/refuse.c - what the engine refuses, told at its place, with what may have been meant.
 *
 * Where it stands: on the rule's way, beside exec.c.
 *
 * Theory of operation: the real tool gives a whole batch to the kernel, which answers each message: so every command
 * is tried, and all refusals are told together, but only if the tool itself found nothing wrong before. For a missing
 * name the tool looks for one like it. Its measure is kept as it is, because what it suggests depends on it: an edit
 * distance that begins at the second letter, counts the terminating zero, and whose table's rows overlap by one.
 *
 * References: nft 1.0.6's behaviour, recorded in tests/golden/nft.
 */
#include <errno.h>
#include <string.h>

#include "front/nft/exec.h"

#define NAME_MAX_LOOKED 255

/* ---- names that are alike ---- */

struct similar {
	const char *wanted;
	unsigned best;
	const void *found;
	const struct table *table;
};

static unsigned distance(const char *a, const char *b)
{
	static const unsigned add = 1;
	unsigned la = (unsigned)strlen(a), lb = (unsigned)strlen(b), d[(la + 1) * (lb + 1)];

#define AT(i, j) d[(i) * lb + (j)]
	memset(d, 0, sizeof(d));
	for (unsigned i = 0; i <= la; i++)
		AT(i, 0) = i;
	for (unsigned j = 0; j <= lb; j++)
		AT(0, j) = j;
	for (unsigned i = 1; i <= la; i++) {
		for (unsigned j = 1; j <= lb; j++) {
			unsigned other = a[i] == b[j] ? 0 : 1;
			unsigned v = MIN(AT(i - 1, j) + add, AT(i, j - 1) + add);

			v = MIN(v, AT(i - 1, j - 1) + other);
			if (i > 1 && j > 1 && a[i] == b[j - 1] && a[i - 1] == b[j])
				v = MIN(v, AT(i - 2, j - 2) + other);
			AT(i, j) = v;
		}
	}
	return AT(la, lb);
#undef AT
}

static void consider(struct similar *s, const struct table *t, const char *name, const void *what)
{
	unsigned la = (unsigned)strlen(name), lb = (unsigned)strlen(s->wanted), longer = MAX(la, lb), limit, d;

	if (longer <= 1 || longer > NAME_MAX_LOOKED)
		return;
	limit = longer - MIN(la, lb) <= 1 ? MAX((longer + 2) / 3, 1u) : (longer + 4) / 3;
	d = distance(name, s->wanted);
	if (d > limit || d >= s->best)
		return;
	s->best = d;
	s->found = what;
	s->table = t;
}

static bool like_table(struct nft_ctx *x, const struct table *t, void *arg)
{
	struct similar *s = arg;

	if (strcmp(t->name, s->wanted) == 0) {
		s->found = s->table = t;
		return false;
	}
	consider(s, t, t->name, t);
	return true;
}

static bool like_chain(struct nft_ctx *x, const struct table *t, void *arg)
{
	const struct chain *c;

	list_for_each(c, &t->chains, node)
		if (!c->bound)
			consider(arg, t, c->name, c->name);
	return true;
}

static bool like_set(struct nft_ctx *x, const struct table *t, void *arg)
{
	for (unsigned i = 0; i < t->n_sets; i++)
		if (!(t->sets[i]->desc.flags & NFT_SET_ANONYMOUS))
			consider(arg, t, t->sets[i]->desc.name, t->sets[i]->desc.name);
	return true;
}

static const char *kind_of_set(const struct similar *s)
{
	const struct ir_set *is = table_set(s->table, s->found);

	return is && is->desc.data != SET_DATA_NONE ? "map" : "set";
}

static bool like_object(struct nft_ctx *x, const struct table *t, void *arg)
{
	for (unsigned i = 0; i < t->n_objects; i++)
		consider(arg, t, t->objects[i]->name, t->objects[i]->name);
	return true;
}

static bool like_flowtable(struct nft_ctx *x, const struct table *t, void *arg)
{
	for (unsigned i = 0; i < t->n_flowtables; i++)
		consider(arg, t, t->flowtables[i]->name, t->flowtables[i]->name);
	return true;
}

typedef bool like_fn(struct nft_ctx *x, const struct table *t, void *arg);

static bool told_table(struct nft_ctx *x, const struct nft_loc *loc, const struct similar *s)
{
	nft_err(x, loc, "%s; did you mean table ‘%s’ in family %s?", strerror(ENOENT), s->table->name,
		nft_family_name(s->table->family));
	return true;
}

/* a chain, set, object or flowtable: another table's when the command's own is missing */
static bool told_part(struct nft_ctx *x, const struct nft_cmd *cmd, const struct nft_loc *loc, like_fn *like,
		      const char *wanted, const char *kind)
{
	struct similar s = { .wanted = wanted, .best = UINT32_MAX };

	if (!wanted)
		return false;
	nft_each_table(x, like, &s);
	if (!s.table)
		return false;
	if (cmd->h.table && !nft_table_view(x, nft_cmd_family(cmd), cmd->h.table))
		return told_table(x, &cmd->h.table_loc, &s);
	if (cmd->what == NFT_W_RULE && strcmp(wanted, s.found) == 0)
		return false;
	nft_err(x, loc, "%s; did you mean %s ‘%s’ in table %s ‘%s’?", strerror(ENOENT), like == like_set ? kind_of_set(&s) : kind,
		(const char *)s.found,
		nft_family_name(s.table->family), s.table->name);
	return true;
}

static bool suggest(struct nft_ctx *x, const struct nft_cmd *cmd, const struct nft_loc *loc)
{
	struct similar s = { .wanted = cmd->h.table, .best = UINT32_MAX };

	switch (cmd->what) {
	case NFT_W_TABLE:
		if (!s.wanted)
			return false;
		nft_each_table(x, like_table, &s);
		return s.table && told_table(x, loc, &s);
	case NFT_W_CHAIN: case NFT_W_RULE:
		if (loc == &cmd->h.position_loc || loc == &cmd->h.index_loc || cmd->op == NFT_C_FLUSH)
			return false;
		return told_part(x, cmd, loc, like_chain, cmd->h.chain, "chain");
	case NFT_W_ELEMENT:
		if (cmd->h.table && nft_table_view(x, nft_cmd_family(cmd), cmd->h.table) &&
		    table_set(nft_table_view(x, nft_cmd_family(cmd), cmd->h.table), cmd->h.name))
			return false;		/* the element is missing, not the set */
		/* fall through */
	case NFT_W_SET: case NFT_W_MAP:
		return told_part(x, cmd, loc, like_set, cmd->h.name, "set");
	case NFT_W_FLOWTABLE:
		return told_part(x, cmd, loc, like_flowtable, cmd->h.name, "flowtable");
	case NFT_W_COUNTER: case NFT_W_QUOTA: case NFT_W_LIMIT: case NFT_W_CT_HELPER: case NFT_W_CT_TIMEOUT:
	case NFT_W_CT_EXPECT: case NFT_W_SYNPROXY: case NFT_W_SECMARK:
		return told_part(x, cmd, loc, like_object, cmd->h.name, "obj");
	default:
		return false;
	}
}

/* ---- telling ---- */

void nft_move_refusal(struct nft_ctx *x)
{
	struct nft_error *e;

	if (list_empty(&x->errors))
		return;
	e = list_entry(x->errors.prev, struct nft_error, node);
	list_del(&e->node);
	list_add_tail(&x->refused, &e->node);
	x->n_errors--;
}

/* the command as a whole goes up to and with what ends it, but for what stands in a block */
static struct nft_loc place(const struct nft_cmd *cmd, const struct nft_loc *loc)
{
	struct nft_loc l = loc && loc->line ? *loc : cmd->loc;

	if (!loc || !loc->line)
		l.end += l.line != 0 && !cmd->inner;
	return l;
}

bool nft_refused(struct nft_ctx *x, const struct nft_cmd *cmd, const struct nft_loc *loc, int err)
{
	struct nft_loc at;

	if (err == -ENOMEM)
		x->oom = true;
	at = place(cmd, loc);
	if (err != -ENOENT || !loc || !suggest(x, cmd, loc))
		nft_err(x, &at, "Could not process rule: %s", strerror(-err));
	nft_move_refusal(x);
	return false;
}

bool nft_not_found(struct nft_ctx *x, const struct nft_cmd *cmd, const struct nft_loc *loc)
{
	bool looks = cmd->op != NFT_C_LIST && cmd->op != NFT_C_GET;	/* these have only read what they were asked for */
	struct similar s = { .wanted = cmd->h.table, .best = UINT32_MAX };
	struct nft_loc at = place(cmd, loc);

	if (looks && loc == &cmd->h.table_loc && s.wanted) {
		nft_each_table(x, like_table, &s);
		if (s.table)
			return !told_table(x, loc, &s);
	} else if (looks && suggest(x, cmd, &at)) {
		return false;
	}
	nft_err(x, &at, "%s", strerror(ENOENT));
	return false;
}

bool nft_no_such_set(struct nft_ctx *x, const char *name, const struct nft_loc *loc)
{
	struct similar s = { .wanted = name, .best = UINT32_MAX };

	nft_each_table(x, like_set, &s);
	if (s.table)
		nft_err(x, loc, "%s; did you mean %s ‘%s’ in table %s ‘%s’?", strerror(ENOENT), kind_of_set(&s), (const char *)s.found,
			nft_family_name(s.table->family), s.table->name);
	else
		nft_err(x, loc, "%s", strerror(ENOENT));
	return false;
}
