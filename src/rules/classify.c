/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rules/classify.c - an index over a chain's rules, so that what a packet costs does not grow with their number.
 *
 * Where it stands: between ruleset.c, which builds one when a chain is used, and vm.c, which runs the candidates.
 *
 * Theory of operation: tuple space search. A rule gives the equality comparisons that it makes before anything with
 * an effect: its terms, each a field and a mask with a value. Rules indexed by the same fields and masks (a
 * signature) form a group, which is a hash table from the masked values to rules in order. A packet is looked up once
 * in each group, and the lists that come back are merged in rule order with the list of those rules that no group
 * holds.
 *
 * Which terms a rule is indexed by: the one that few rules share, if there is one, and among several the one whose
 * signature has most rules, which keeps groups few; else all its terms together; and where these do not tell rules
 * apart either, a range of numbers, cut into aligned blocks (a port range makes at most 30), each of which is one
 * more equality under a mask. The number of groups is bounded; rules whose signature is rare are candidates of every
 * packet.
 *
 * An anonymous set never changes once it is committed: where no term serves, a rule that looks one up stands under each of
 * its elements.
 *
 * The table keeps hashes, not keys: two keys with one hash cost a useless candidate and nothing else, since vm.c runs
 * every candidate whole.
 *
 * Invariants
 *  1. A rule that is no candidate has an equality comparison that fails for the packet, and nothing with an effect
 *     stands before it.
 *  2. Candidates come in ascending order, each at most once.
 *  3. Building is in time O(n log n) and memory O(n): at most ENTRIES_PER_RULE entries a rule, on average.
 *
 * References: Srinivasan, Suri, Varghese, "Packet classification using tuple space search" (1999).
 */
#include "rules/classify.h"

#include "rules/set.h"

#include <stdlib.h>
#include <string.h>

#define SIG_TERMS 4			/* terms of a signature at most */
#define RULE_TERMS 8			/* terms of a rule that are looked at */
#define FEW 8				/* rules that may share a term that is good enough alone */
#define MANY 32				/* rules that share all terms: only then a range is cut up */
#define SPREAD_MAX 64			/* elements of a set: one with more is not spread out */
#define GROUP_MIN 4			/* rules: fewer are not worth a lookup */
#define SIG_MAX 1024			/* signatures looked at while building */
#define SIG_SLOTS (2 * SIG_MAX)
#define ENTRIES_PER_RULE 16

struct sig_term {
	uint8_t field;
	bool wide;
	uint64_t mask[2];
};

struct term {
	struct sig_term sig;
	uint64_t val[2];
	unsigned share;			/* rules with the same term */
};

struct sig {
	unsigned n;
	struct sig_term term[SIG_TERMS];
	uint64_t hash;
	unsigned entries;
	int group;			/* -1: none */
};

struct slot {
	uint64_t hash;
	uint32_t at, n;			/* n == 0: empty */
};

struct group {
	unsigned n;
	struct sig_term term[SIG_TERMS];
	struct slot *slot;
	uint32_t mask;
	uint32_t last;			/* highest rule in it */
};

struct classifier {
	unsigned n_groups;
	uint32_t first;			/* lowest rule that is in a group */
	uint32_t n_always;
	uint32_t *always;		/* in ascending order */
	uint32_t *list;			/* the buckets' rules, one bucket after the other */
	struct slot *slots;		/* of all groups */
	struct group group[CLASSIFY_MAX_GROUPS];
};

/* ---- hashing ---- */

#define HASH_SEED 0x243f6a8885a308d3ull		/* the fractional part of pi */

static inline uint64_t mix(uint64_t h, uint64_t w)
{
	h = (h ^ w) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

static inline uint64_t mix_value(uint64_t h, const struct sig_term *t, const uint64_t *w)
{
	h = mix(h, w[0] & t->mask[0]);
	return unlikely(t->wide) ? mix(h, w[1] & t->mask[1]) : h;
}

static uint64_t mix_sig(uint64_t h, const struct sig_term *t)
{
	return mix(mix(mix(h, t->field), t->mask[0]), t->mask[1]);
}

/* ---- building: what a rule can be found by ---- */

/* what a rule gives */
struct terms {
	unsigned n;
	struct term term[RULE_TERMS];
	const struct insn *range;	/* the narrowest, NULL: none */
	const struct insn *set;		/* a lookup in an anonymous set, the smallest; NULL: none */
	uint64_t set_hash;		/* of its first element, as a term's */
};

struct entry {
	uint32_t rule;
	uint32_t sig;			/* index into build.sig, later the group */
	uint64_t hash;			/* of the masked values */
};

struct build {
	unsigned n_rules;
	struct terms *terms;		/* by rule */
	uint64_t *keys, *sigs;		/* hashes of terms with and without values, sorted: how many rules share one */
	size_t n_keys, n_sigs;
	uint64_t *full;			/* by rule: hash of all its terms */
	uint64_t *fulls;		/* the same, sorted */
	struct sig *sig;
	uint16_t *sig_at;		/* hash table of SIG_SLOTS: number in .sig plus one, 0: empty */
	unsigned n_sig;
	struct entry *entry;
	size_t n_entries, max_entries;
	bool *always;			/* by rule */
};

static bool insn_has_effect(const struct insn *in)
{
	return in->op > OP_TEST || (in->op == OP_LOOKUP && !in->neg && in->lookup.set->desc.n_exprs) || (in->op == OP_TEST && !in->test.fn->pure);
}

/*
 * Prefixes of many lengths would make many groups: they are looked up by the next shorter length that divides by
 * four, which at most fifteen different prefixes share.
 */
static void coarsen(struct sig_term *t)
{
	uint32_t mask = ntohl((uint32_t)t->mask[0]);
	unsigned plen = __builtin_popcount(mask);

	if ((t->field == FIELD_IP_SADDR || t->field == FIELD_IP_DADDR) && plen && mask == ~0u << (32 - plen))
		t->mask[0] = plen < 4 ? 0 : htonl(~0u << (32 - (plen & ~3u)));
}

static void term_add(struct terms *t, const struct insn *in)
{
	struct term *n = &t->term[t->n];

	*n = (struct term){ .sig = { .field = in->field, .wide = in->op == OP_EQ_WIDE } };
	if (in->op == OP_EQ) {
		n->sig.mask[0] = in->eq.mask;
		n->val[0] = in->eq.val;
	} else {
		memcpy(n->sig.mask, in->wide.mask, sizeof(in->wide.mask));
		memcpy(n->val, in->wide.val, sizeof(in->wide.val));
	}
	coarsen(&n->sig);
	n->val[0] &= n->sig.mask[0];	/* by what they have in common, rules are counted */
	t->n += n->sig.mask[0] || n->sig.mask[1];
}

static int sig_term_cmp(const struct sig_term *a, const struct sig_term *b)
{
	if (a->field != b->field)
		return a->field < b->field ? -1 : 1;
	for (int i = 0; i < 2; i++)
		if (a->mask[i] != b->mask[i])
			return a->mask[i] < b->mask[i] ? -1 : 1;
	return 0;
}

/* may the rule be entered under every element of the set */
static bool can_spread(const struct insn *in)
{
	const struct ir_set *s = in->lookup.set;

	return in->op == OP_LOOKUP && !in->neg && !in->lookup.expr && (s->desc.flags & NFT_SET_ANONYMOUS) &&
	       in->len <= 16 && (in->len <= 4 || !(s->desc.flags & NFT_SET_INTERVAL)) && s->n_elems &&
	       s->n_elems <= SPREAD_MAX && !set_has_catchall(s);
}

static void terms_of(const struct rule *r, struct terms *t)
{
	t->n = 0;
	t->range = t->set = NULL;
	for (const struct insn *in = r->prog->insn; !insn_has_effect(in); in++) {
		if ((in->op == OP_EQ || in->op == OP_EQ_WIDE) && t->n < RULE_TERMS)
			term_add(t, in);
		else if (in->op == OP_RANGE && !in->neg && in->len <= 4 && in->range.lo <= in->range.hi &&
			 in->range.mask == (1ull << (8 * in->len)) - 1 &&
			 (!t->range || in->range.hi - in->range.lo < t->range->range.hi - t->range->range.lo))
			t->range = in;
		else if (can_spread(in) && (!t->set || in->lookup.set->n_elems < t->set->lookup.set->n_elems))
			t->set = in;
	}
	for (unsigned i = 1; i < t->n; i++)		/* in the order of signatures */
		for (unsigned j = i; j && sig_term_cmp(&t->term[j].sig, &t->term[j - 1].sig) < 0; j--) {
			struct term tmp = t->term[j];

			t->term[j] = t->term[j - 1];
			t->term[j - 1] = tmp;
		}
}

static uint64_t term_sig_hash(const struct term *t)
{
	return mix_sig(HASH_SEED, &t->sig);
}

static uint64_t term_key_hash(const struct term *t)
{
	return mix(mix(term_sig_hash(t), t->val[0]), t->val[1]);
}

static int u64_cmp(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

/* how often @h is in a sorted array */
static unsigned count_of(const uint64_t *v, size_t n, uint64_t h)
{
	size_t lo[2];

	for (int i = 0; i < 2; i++) {			/* first that is >= h, first that is > h */
		size_t a = 0, b = n;

		while (a < b) {
			size_t mid = (a + b) / 2;

			if (v[mid] < h || (i && v[mid] == h))
				a = mid + 1;
			else
				b = mid;
		}
		lo[i] = a;
	}
	return lo[1] - lo[0];
}

static struct term elem_term(const struct insn *in, const struct set_elem *e)
{
	struct term t = { .sig = { .field = in->field, .wide = in->len > 8 } };

	memset(t.sig.mask, 0xff, in->len);
	memcpy(t.val, e->key, in->len);
	return t;
}

static int first_elem(void *ctx, const struct set_elem *e)
{
	struct terms *t = ctx;
	struct term one = elem_term(t->set, e);

	t->set_hash = term_key_hash(&one);
	return 1;
}

static void survey(struct build *b, struct rule *const *rules)
{
	for (unsigned i = 0; i < b->n_rules; i++) {
		struct terms *t = &b->terms[i];
		uint64_t full = HASH_SEED;

		terms_of(rules[i], t);
		for (unsigned j = 0; j < t->n; j++) {
			b->keys[b->n_keys++] = term_key_hash(&t->term[j]);
			b->sigs[b->n_sigs++] = term_sig_hash(&t->term[j]);
			full = mix(full, term_key_hash(&t->term[j]));
		}
		if (t->set && set_each(t->set->lookup.set, first_elem, t) == 1)
			b->keys[b->n_keys++] = t->set_hash;
		else
			t->set = NULL;
		b->full[i] = b->fulls[i] = full;
	}
	qsort(b->keys, b->n_keys, sizeof(*b->keys), u64_cmp);
	qsort(b->sigs, b->n_sigs, sizeof(*b->sigs), u64_cmp);
	qsort(b->fulls, b->n_rules, sizeof(*b->fulls), u64_cmp);
	for (unsigned i = 0; i < b->n_rules; i++)
		for (unsigned j = 0; j < b->terms[i].n; j++)
			b->terms[i].term[j].share = count_of(b->keys, b->n_keys, term_key_hash(&b->terms[i].term[j]));
}

/* ---- building: entries ---- */

/* where in .sig_at a signature is, or would be */
static uint16_t *sig_slot(const struct build *b, uint64_t hash)
{
	unsigned i = hash % SIG_SLOTS;

	while (b->sig_at[i] && b->sig[b->sig_at[i] - 1].hash != hash)
		i = (i + 1) % SIG_SLOTS;
	return &b->sig_at[i];
}

/* the number of that signature, made when it is new; SIG_MAX: there are too many */
static unsigned sig_find(struct build *b, const struct term *const *term, unsigned n)
{
	uint64_t hash = HASH_SEED;
	uint16_t *at;
	struct sig *s;

	for (unsigned i = 0; i < n; i++)
		hash = mix_sig(hash, &term[i]->sig);
	at = sig_slot(b, hash);
	if (*at)
		return *at - 1;
	if (b->n_sig == SIG_MAX)
		return SIG_MAX;
	s = &b->sig[b->n_sig];
	*s = (struct sig){ .n = n, .hash = hash, .group = -1 };
	for (unsigned i = 0; i < n; i++)
		s->term[i] = term[i]->sig;
	*at = ++b->n_sig;
	return b->n_sig - 1;
}

static uint64_t values_hash(const struct term *const *term, unsigned n)
{
	uint64_t hash = HASH_SEED;

	for (unsigned i = 0; i < n; i++)
		hash = mix_value(hash, &term[i]->sig, term[i]->val);
	return hash;
}

/* index @rule by these terms; false: no room */
static bool entry_add(struct build *b, uint32_t rule, const struct term *const *term, unsigned n)
{
	unsigned sig = sig_find(b, term, n);
	struct entry *e;

	if (sig == SIG_MAX || b->n_entries == b->max_entries)
		return false;
	e = &b->entry[b->n_entries++];
	e->rule = rule;
	e->sig = sig;
	e->hash = values_hash(term, n);
	b->sig[sig].entries++;
	return true;
}

static uint64_t number_word(uint64_t v, unsigned len, unsigned order)
{
	return order == FIELD_ORDER_HOST ? v : __builtin_bswap64(v) >> (64 - 8 * len);
}

/* the aligned blocks of a range, each with the other terms; false: no room */
static bool entry_add_range(struct build *b, uint32_t rule, const struct term *const *others, unsigned n,
			    const struct insn *in)
{
	const struct term *term[SIG_TERMS];
	uint64_t lo = in->range.lo, hi = MIN(in->range.hi, in->range.mask), all = in->range.mask;
	struct term block = { .sig = { .field = in->field } };

	memcpy(term, others, n * sizeof(term[0]));
	term[n] = &block;
	while (lo <= hi) {
		uint64_t size = lo ? lo & -lo : all + 1;

		while (lo + size - 1 > hi)
			size >>= 1;
		block.sig.mask[0] = number_word(all & ~(size - 1), in->len, in->order);
		block.val[0] = number_word(lo, in->len, in->order);
		if (!entry_add(b, rule, term, n + 1))
			return false;
		lo += size;
	}
	return true;
}

struct spread {
	struct build *b;
	uint32_t rule;
	const struct term *const *others;
	unsigned n;
	const struct insn *in;
};

static int spread_elem(void *ctx, const struct set_elem *e)
{
	const struct spread *s = ctx;
	const struct term *term[SIG_TERMS];
	struct term own = elem_term(s->in, e);
	struct insn range = { .field = s->in->field, .order = s->in->order, .len = s->in->len };
	uint64_t end = 0;

	memcpy(term, s->others, s->n * sizeof(term[0]));
	term[s->n] = &own;
	if (!e->key_end)
		return !entry_add(s->b, s->rule, term, s->n + 1);
	memcpy(&end, e->key_end, s->in->len);
	range.range.mask = (1ull << (8 * range.len)) - 1;
	range.range.lo = insn_number(own.val[0], range.len, range.order);
	range.range.hi = insn_number(end, range.len, range.order);
	return !entry_add_range(s->b, s->rule, s->others, s->n, &range);
}

/* each element of a set with the other terms; false: no room */
static bool entry_add_set(struct build *b, uint32_t rule, const struct term *const *others, unsigned n,
			  const struct insn *in)
{
	struct spread s = { b, rule, others, n, in };

	return set_each(in->lookup.set, spread_elem, &s) == 0;
}

/* the term that few rules share, of the most common signature; NULL: none */
static const struct term *best_term(const struct build *b, const struct terms *t)
{
	const struct term *best = NULL;
	unsigned most = 0;

	for (unsigned i = 0; i < t->n; i++) {
		unsigned rules = t->term[i].share <= FEW ? count_of(b->sigs, b->n_sigs, term_sig_hash(&t->term[i])) : 0;

		if (rules > most) {
			most = rules;
			best = &t->term[i];
		}
	}
	return best;
}

/* the (up to @max) terms that fewest rules share, in the order of signatures */
static unsigned rarest_terms(const struct terms *t, const struct term **out, unsigned max)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->n; i++) {
		unsigned rarer = 0;

		for (unsigned j = 0; j < t->n; j++)
			rarer += t->term[j].share < t->term[i].share || (t->term[j].share == t->term[i].share && j < i);
		if (rarer < max)
			out[n++] = &t->term[i];
	}
	return n;
}

/* how a rule is found; false: it is a candidate of every packet */
static bool place(struct build *b, uint32_t rule)
{
	const struct terms *t = &b->terms[rule];
	const struct term *term[SIG_TERMS] = { best_term(b, t) };
	unsigned share, n;

	if (term[0])
		return entry_add(b, rule, term, 1);
	share = t->n ? count_of(b->fulls, b->n_rules, b->full[rule]) : b->n_rules;
	if (t->set && share > FEW && count_of(b->keys, b->n_keys, t->set_hash) <= b->n_rules / 2)
		return entry_add_set(b, rule, term, rarest_terms(t, term, SIG_TERMS - 1), t->set);
	if (t->range && share > MANY) {
		n = rarest_terms(t, term, SIG_TERMS - 1);
		return entry_add_range(b, rule, term, n, t->range);
	}
	if (share > b->n_rules / 2)
		return false;
	n = rarest_terms(t, term, SIG_TERMS);
	return entry_add(b, rule, term, n);
}

/* ---- building: groups ---- */

static int by_entries(const void *a, const void *b)
{
	const struct sig *x = *(struct sig *const *)a, *y = *(struct sig *const *)b;

	if (x->entries != y->entries)
		return x->entries > y->entries ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* the most used signatures become groups */
static void choose_groups(struct build *b, struct classifier *c)
{
	struct sig *order[SIG_MAX];

	for (unsigned i = 0; i < b->n_sig; i++)
		order[i] = &b->sig[i];
	qsort(order, b->n_sig, sizeof(order[0]), by_entries);
	for (unsigned i = 0; i < b->n_sig && i < CLASSIFY_MAX_GROUPS && order[i]->entries >= GROUP_MIN; i++) {
		struct group *g = &c->group[c->n_groups];

		order[i]->group = c->n_groups++;
		g->n = order[i]->n;
		memcpy(g->term, order[i]->term, sizeof(g->term));
	}
}

/* an entry whose signature became no group: another term of its rule may have one; false: none has */
static bool rehome(struct build *b, struct entry *e)
{
	const struct terms *t = &b->terms[e->rule];

	for (unsigned i = 0; i < t->n; i++) {
		const struct term *one = &t->term[i];
		unsigned sig = *sig_slot(b, term_sig_hash(one));

		if (!sig || b->sig[sig - 1].group < 0 || one->share > b->n_rules / 4)
			continue;
		e->sig = sig - 1;
		e->hash = values_hash(&one, 1);
		return true;
	}
	return false;
}

static int entry_cmp(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->sig != y->sig)
		return x->sig < y->sig ? -1 : 1;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

/* entries of groups only, by group, hash and rule */
static void settle_entries(struct build *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->n_entries; i++)
		if (!b->always[b->entry[i].rule] && b->sig[b->entry[i].sig].group < 0 && !rehome(b, &b->entry[i]))
			b->always[b->entry[i].rule] = true;
	for (size_t i = 0; i < b->n_entries; i++) {
		if (b->always[b->entry[i].rule])
			continue;
		b->entry[kept] = b->entry[i];
		b->entry[kept].sig = b->sig[b->entry[i].sig].group;
		kept++;
	}
	b->n_entries = kept;
	qsort(b->entry, kept, sizeof(*b->entry), entry_cmp);
}

static uint32_t slots_for(size_t keys)
{
	uint32_t n = 4;

	while (n < 2 * keys)
		n *= 2;
	return n;
}

static void slot_put(struct group *g, uint64_t hash, uint32_t at, uint32_t n)
{
	uint32_t i = hash & g->mask;

	while (g->slot[i].n)
		i = (i + 1) & g->mask;
	g->slot[i] = (struct slot){ .hash = hash, .at = at, .n = n };
}

/* one group's table from its entries [from, to) */
static void fill_group(struct classifier *c, struct group *g, const struct build *b, size_t from, size_t to)
{
	for (size_t i = from, j; i < to; i = j) {
		for (j = i; j < to && b->entry[j].hash == b->entry[i].hash; j++) {
			c->list[j] = b->entry[j].rule;
			g->last = MAX(g->last, b->entry[j].rule);
			c->first = MIN(c->first, b->entry[j].rule);
		}
		slot_put(g, b->entry[i].hash, i, j - i);
	}
}

static bool fill(struct classifier *c, const struct build *b)
{
	size_t begin[CLASSIFY_MAX_GROUPS + 1] = { 0 }, slots = 0, at = 0;

	for (unsigned g = 0; g < c->n_groups; g++) {
		size_t end = begin[g];

		while (end < b->n_entries && b->entry[end].sig == g)
			end++;
		begin[g + 1] = end;
		c->group[g].mask = slots_for(end - begin[g]) - 1;
		slots += c->group[g].mask + 1;
	}
	c->list = mem_alloc((b->n_entries + 1) * sizeof(*c->list));
	c->slots = mem_zalloc((slots + 1) * sizeof(*c->slots));
	c->always = mem_alloc((b->n_rules + 1) * sizeof(*c->always));
	if (!c->list || !c->slots || !c->always)
		return false;
	for (unsigned g = 0; g < c->n_groups; g++) {
		c->group[g].slot = c->slots + at;
		at += c->group[g].mask + 1;
		fill_group(c, &c->group[g], b, begin[g], begin[g + 1]);
	}
	for (unsigned i = 0; i < b->n_rules; i++)
		if (b->always[i])
			c->always[c->n_always++] = i;
	return true;
}

static bool build_alloc(struct build *b)
{
	size_t n = b->n_rules;

	b->max_entries = n * ENTRIES_PER_RULE;
	b->terms = mem_alloc(n * sizeof(*b->terms));
	b->keys = mem_alloc(n * (RULE_TERMS + 1) * sizeof(*b->keys));
	b->sigs = mem_alloc(n * RULE_TERMS * sizeof(*b->sigs));
	b->full = mem_alloc(n * sizeof(*b->full));
	b->fulls = mem_alloc(n * sizeof(*b->fulls));
	b->sig = mem_alloc(SIG_MAX * sizeof(*b->sig));
	b->sig_at = mem_zalloc(SIG_SLOTS * sizeof(*b->sig_at));
	b->entry = mem_alloc(b->max_entries * sizeof(*b->entry));
	b->always = mem_zalloc(n * sizeof(*b->always));
	return b->terms && b->keys && b->sigs && b->full && b->fulls && b->sig && b->sig_at && b->entry && b->always;
}

static void build_free(struct build *b)
{
	mem_free(b->terms);
	mem_free(b->keys);
	mem_free(b->sigs);
	mem_free(b->full);
	mem_free(b->fulls);
	mem_free(b->sig);
	mem_free(b->sig_at);
	mem_free(b->entry);
	mem_free(b->always);
}

struct classifier *classify_build(struct rule *const *rules, unsigned n)
{
	struct classifier *c = mem_zalloc(sizeof(*c));
	struct build b = { .n_rules = n };
	bool ok = c && build_alloc(&b);

	if (ok) {
		c->first = n;
		survey(&b, rules);
		for (unsigned i = 0; i < n; i++)
			b.always[i] = !place(&b, i);
		choose_groups(&b, c);
		settle_entries(&b);
		ok = fill(c, &b) && n - c->n_always >= CLASSIFY_MIN_RULES;
	}
	build_free(&b);
	if (ok)
		return c;
	classify_free(c);
	return NULL;
}

void classify_free(struct classifier *c)
{
	if (!c)
		return;
	mem_free(c->always);
	mem_free(c->list);
	mem_free(c->slots);
	mem_free(c);
}

/* ---- looking up ---- */

unsigned classify_first(const struct classifier *c)
{
	return c->first;
}

/* the part of an ascending list that begins at @from or above */
static const uint32_t *list_from(const uint32_t *at, const uint32_t *end, uint32_t from)
{
	while (at < end) {
		const uint32_t *mid = at + (end - at) / 2;

		if (*mid < from)
			at = mid + 1;
		else
			end = mid;
	}
	return at;
}

static inline void run_add(struct classify_iter *it, const uint32_t *list, uint32_t n, uint32_t from)
{
	const uint32_t *end = list + n, *at = from ? list_from(list, end, from) : list;

	if (at < end)
		it->run[it->n++] = (struct classify_run){ at, end };
}

static inline const struct slot *group_find(const struct group *g, uint64_t hash)
{
	const struct slot *s;

	for (uint32_t i = hash & g->mask;; i = (i + 1) & g->mask) {
		s = &g->slot[i];
		if (!s->n)
			return NULL;
		if (s->hash == hash)
			return s;
	}
}

void classify_start(const struct classifier *c, classify_load_fn *load, void *ctx, unsigned from,
		    struct classify_iter *it)
{
	it->n = 0;
	run_add(it, c->always, c->n_always, from);
	for (const struct group *g = c->group; g < c->group + c->n_groups; g++) {
		uint64_t hash = HASH_SEED;
		const uint64_t *w = NULL;
		const struct slot *s;

		if (from > g->last)
			continue;
		for (unsigned i = 0; i < g->n; i++) {
			w = load(ctx, g->term[i].field);
			if (!w)
				break;
			hash = mix_value(hash, &g->term[i], w);
		}
		s = w ? group_find(g, hash) : NULL;
		if (s)
			run_add(it, c->list + s->at, s->n, from);
	}
}

uint32_t classify_next(struct classify_iter *it, unsigned from)
{
	uint32_t best = UINT32_MAX;

	for (unsigned i = 0; i < it->n; ) {
		struct classify_run *r = &it->run[i];

		while (r->at < r->end && *r->at < from)
			r->at++;
		if (r->at == r->end) {
			*r = it->run[--it->n];
			continue;
		}
		best = MIN(best, *r->at);
		i++;
	}
	return best;
}
