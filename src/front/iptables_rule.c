/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/iptables_rule.c - an iptables rule as it was written: the header's fields, its matches and target; and the
 * same rule as IR.
 *
 * On the rule's way this is "parse" and "IR": front/iptables.c fills a struct ipt_rule, apply.c lowers it with
 * ipt_rule_emit() and hands both to the rule set, which keeps the form beside the compiled rule so that -S prints
 * what was meant. Rules that came from one command line (-s a,b) share their matches and target: struct ipt_tail is
 * counted.
 *
 * Invariants
 *  1. A rule in the rule set is never changed; its tail is shared freely.
 *  2. The body is: interfaces, addresses, protocol, fragment, matches in the order typed, counter, target. As in
 *     iptables-nft, the counter counts packets that matched everything.
 */
#include "front/iptables.h"

#include <errno.h>
#include <string.h>

#include "base/mem.h"

static void form_free(struct rule_form *f)
{
	ipt_rule_free(container_of(f, struct ipt_rule, form));
}

static const struct rule_form_ops form_ops = { .dialect = "iptables", .free = form_free };

const struct ipt_rule *ipt_rule_of(const struct rule *r)
{
	return r->form && r->form->ops == &form_ops ? container_of(r->form, struct ipt_rule, form) : NULL;
}

struct ipt_view ipt_view_of(const struct rule *r)
{
	const struct ipt_view *foreign = nft_rule_as_ipt(r);

	if (foreign)
		return *foreign;
	if (r->form && r->form->ops == &form_ops)
		return (struct ipt_view){ .rule = container_of(r->form, struct ipt_rule, form) };
	return (struct ipt_view){ .incompatible = true };
}

/* ---- tails ---- */

struct ipt_tail *ipt_tail_new(void)
{
	struct ipt_tail *t = mem_zalloc(sizeof(*t));

	if (t)
		t->refs = 1;
	return t;
}

static void inst_free(struct ipt_inst *i)
{
	if (i->ext && i->ext->free && i->data)
		i->ext->free(i->data);
	mem_free(i->data);
}

void ipt_tail_put(struct ipt_tail *t)
{
	if (!t || --t->refs)
		return;
	for (unsigned i = 0; i < t->n; i++)
		inst_free(&t->match[i]);
	inst_free(&t->target);
	mem_free(t->match);
	mem_free(t);
}

static int inst_init(struct ipt_inst *i, const struct xt_ext *ext, uint8_t family)
{
	*i = (struct ipt_inst){ .ext = ext, .data = mem_zalloc(ext->size ? ext->size : 1) };
	if (!i->data)
		return -ENOMEM;
	if (ext->init)
		ext->init(i->data, family);
	return 0;
}

struct ipt_inst *ipt_tail_add(struct ipt_tail *t, const struct xt_ext *ext, uint8_t family)
{
	struct ipt_inst *grown = mem_realloc(t->match, (t->n + 1) * sizeof(*grown));

	if (!grown)
		return NULL;
	t->match = grown;
	if (inst_init(&t->match[t->n], ext, family) < 0)
		return NULL;
	return &t->match[t->n++];
}

/* a silent copy of a match that is about to speak for others too */
static int keep_original(struct ipt_tail *t, unsigned at)
{
	struct ipt_inst *copy;

	if (t->match[at].idle)
		return 0;
	copy = ipt_tail_add(t, t->match[at].ext, AF_UNSPEC);	/* overwritten below */
	if (!copy)
		return -ENOMEM;
	memcpy(copy->data, t->match[at].data, copy->ext->size);
	copy->silent = true;
	t->match[at].idle = true;
	return 0;
}

static int merge_into(struct ipt_tail *t, unsigned at, unsigned n)
{
	const struct xt_ext *ext = t->match[at].ext;
	void *trial = mem_dup(t->match[at].data, ext->size);
	int err = trial ? 0 : -ENOMEM;

	for (unsigned j = at + 1; !err && j < n; j++) {
		if (t->match[j].ext != ext || t->match[j].silent || !ext->merge(trial, t->match[j].data))
			continue;
		err = keep_original(t, at);
		if (err)
			break;
		memcpy(t->match[at].data, trial, ext->size);
		t->match[j].silent = true;
	}
	mem_free(trial);
	return err;
}

int ipt_tail_merge(struct ipt_tail *t)
{
	unsigned n = t->n;
	int err = 0;

	for (unsigned i = 0; i < n; i++)
		if (t->match[i].ext->hidden && t->match[i].ext->hidden(t->match[i].data))
			t->match[i].silent = true;
	for (unsigned i = 0; i < n && !err; i++)
		if (t->match[i].ext->merge && !t->match[i].ext->free && !t->match[i].silent)
			err = merge_into(t, i, n);
	return err;
}

int ipt_tail_set_target(struct ipt_tail *t, const struct xt_ext *ext, uint8_t family)
{
	if (inst_init(&t->target, ext, family) == 0)
		return 0;
	t->target.ext = NULL;
	return -ENOMEM;
}

/* ---- rules ---- */

struct ipt_rule *ipt_rule_dup(const struct ipt_rule *r)
{
	struct ipt_rule *n = mem_dup(r, sizeof(*r));

	if (!n)
		return NULL;
	n->form.ops = &form_ops;
	if (n->tail)
		n->tail->refs++;
	return n;
}

void ipt_rule_free(struct ipt_rule *r)
{
	if (!r)
		return;
	ipt_tail_put(r->tail);
	mem_free(r);
}

static bool inst_same(const struct ipt_inst *a, const struct ipt_inst *b)
{
	if (a->ext != b->ext)
		return false;
	if (!a->ext)
		return true;
	return a->ext->equal ? a->ext->equal(a->data, b->data) : memcmp(a->data, b->data, a->ext->size) == 0;
}

static unsigned next_shown(const struct ipt_tail *t, unsigned i)
{
	while (i < t->n && t->match[i].silent)
		i++;
	return i;
}

static bool matches_same(const struct ipt_tail *a, const struct ipt_tail *b)
{
	unsigned i = next_shown(a, 0), j = next_shown(b, 0);

	while (i < a->n && j < b->n) {
		if (!inst_same(&a->match[i], &b->match[j]))
			return false;
		i = next_shown(a, i + 1);
		j = next_shown(b, j + 1);
	}
	return i == a->n && j == b->n;
}

bool ipt_rule_same(const struct ipt_rule *a, const struct ipt_rule *b)
{
	if (a->family != b->family || a->inv != b->inv || a->frag != b->frag || a->go != b->go ||
	    a->proto != b->proto || !addr_eq(&a->src, &b->src) || !addr_eq(&a->smask, &b->smask) ||
	    !addr_eq(&a->dst, &b->dst) || !addr_eq(&a->dmask, &b->dmask) || strcmp(a->in, b->in) ||
	    strcmp(a->out, b->out))
		return false;
	return matches_same(a->tail, b->tail) && inst_same(&a->tail->target, &b->tail->target);
}

static const struct {
	const char *name;
	enum ir_verdict v;
} verdicts[] = { { "ACCEPT", IR_ACCEPT }, { "DROP", IR_DROP }, { "RETURN", IR_RETURN } };

bool ipt_is_verdict(const char *name, enum ir_verdict *v)
{
	for (size_t i = 0; i < ARRAY_LEN(verdicts); i++)
		if (strcmp(verdicts[i].name, name) == 0) {
			if (v)
				*v = verdicts[i].v;
			return true;
		}
	return false;
}

bool ipt_rule_is_jump(const struct ipt_rule *r)
{
	return r->jump[0] && !r->tail->target.ext && (r->go || !ipt_is_verdict(r->jump, NULL));
}

/* ---- lowering ---- */

static void emit_iface(struct ir_list *l, enum field_id f, const char *name, bool neg)
{
	static const char never[16] = "INVAL/D";	/* no interface can be called that: "! -i +" */
	uint8_t val[16] = { 0 }, mask[16] = { 0 };
	size_t n = strlen(name);

	if (!n)
		return;
	memcpy(val, name, n);
	if (name[n - 1] != '+') {
		ir_match_field(l, f, neg, val, NULL);
		return;
	}
	val[n - 1] = 0;
	memset(mask, 0xff, n - 1);
	if (n == 1)
		ir_match_field(l, f, false, never, NULL);
	else
		ir_match_field(l, f, neg, val, mask);
}

static void emit_addr(struct ir_list *l, enum field_id f, uint8_t family, const union inet_addr *a,
		      const union inet_addr *mask, bool neg)
{
	if (addr_is_any(mask))
		return;
	ir_match_field(l, f, neg, a, addr_plen(family, mask) == (int)addr_bits(family) ? NULL : mask);
}

static void emit_header(const struct ipt_rule *r, struct ir_list *l)
{
	static const uint8_t zero[2], frag_mask[2] = { 0x1f, 0xff };

	emit_iface(l, FIELD_META_IIFNAME, r->in, r->inv & IPT_INV_IN);
	emit_iface(l, FIELD_META_OIFNAME, r->out, r->inv & IPT_INV_OUT);
	emit_addr(l, r->family == AF_INET6 ? FIELD_IP6_SADDR : FIELD_IP_SADDR, r->family, &r->src, &r->smask,
		  r->inv & IPT_INV_SRC);
	emit_addr(l, r->family == AF_INET6 ? FIELD_IP6_DADDR : FIELD_IP_DADDR, r->family, &r->dst, &r->dmask, r->inv & IPT_INV_DST);
	if (r->proto)
		ir_match_field(l, FIELD_META_L4PROTO, r->inv & IPT_INV_PROTO, &r->proto, NULL);
	if (r->frag)	/* an offset of zero is no later fragment */
		ir_match_field(l, FIELD_IP_FRAG_OFF, !(r->inv & IPT_INV_FRAG), zero, frag_mask);
}

static int emit_inst(const struct ipt_inst *i, uint8_t family, struct ir_list *l, const char **what)
{
	int err = i->ext->emit(l, i->data, family);

	if (i->ext->only_hooks)
		l->hooks = l->hooks ? l->hooks & i->ext->only_hooks : i->ext->only_hooks;

	if (err < 0)
		*what = i->ext->name;
	return err;
}

int ipt_rule_emit(const struct ipt_rule *r, struct ir_list *l, const char **what)
{
	enum ir_verdict v;
	int err;

	emit_header(r, l);
	for (unsigned i = 0; i < r->tail->n; i++)
		if (!r->tail->match[i].idle && (err = emit_inst(&r->tail->match[i], r->family, l, what)) < 0)
			return err;
	ir_append(l, IR_COUNTER);
	if (r->tail->target.ext) {
		if ((err = emit_inst(&r->tail->target, r->family, l, what)) < 0)
			return err;
	} else if (ipt_rule_is_jump(r)) {
		ir_verdict(l, r->go ? IR_GOTO : IR_JUMP, r->jump);
	} else if (ipt_is_verdict(r->jump, &v)) {
		ir_verdict(l, v, NULL);
	}
	return l->failed ? -ENOMEM : 0;
}
