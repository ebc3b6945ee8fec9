/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/form.c - the written form of rules and sets, which the engine keeps for listing.
 *
 * Where it stands: on the rule's way; exec.c gives a rule its form, print.c lists it.
 *
 * Theory of operation: a form is the evaluated tree. Trees point to concatenation types, which belong to the context that
 * read the text: the context and all forms made in it share these types, and who is last frees them.
 *
 * Invariants
 *  1. A form's tree is not changed once the rule is committed.
 */
#include <string.h>

#include "front/nft/nft.h"
#include "front/nft/type.h"

struct nft_keep {
	int refs;
	struct list types;		/* moved here when the context goes */
	struct nft_src *srcs;		/* without their texts: trees say by them where they were written */
};

static struct nft_keep *keep_get(struct nft_ctx *x)
{
	if (!x->keep) {
		x->keep = mem_zalloc(sizeof(*x->keep));
		if (!x->keep)
			return NULL;
		list_init(&x->keep->types);
		x->keep->refs = 1;
	}
	x->keep->refs++;
	return x->keep;
}

static void keep_put(struct nft_keep *k)
{
	struct nft_ctx rest;

	if (!k || --k->refs)
		return;
	memset(&rest, 0, sizeof(rest));
	list_init(&rest.types);
	rest.types = k->types;
	if (!list_empty(&k->types)) {
		rest.types.next->prev = &rest.types;
		rest.types.prev->next = &rest.types;
		nft_types_free(&rest);
	}
	nft_srcs_free_list(k->srcs);
	mem_free(k);
}

/* the places of a form's tree stay valid, though there is no text any more, nor a context to tell of failures */
static void keep_srcs(struct nft_keep *k, struct nft_ctx *x)
{
	for (struct nft_src *s = x->srcs; s; s = s->next) {
		mem_free(s->text);
		s->text = NULL;
		s->oom = NULL;
	}
	k->srcs = x->srcs;
	x->srcs = NULL;
}

void nft_keep_release(struct nft_ctx *x)
{
	struct nft_keep *k = x->keep;

	if (!k) {
		nft_types_free(x);
		return;
	}
	if (!list_empty(&x->types)) {
		k->types = x->types;
		k->types.next->prev = &k->types;
		k->types.prev->next = &k->types;
		list_init(&x->types);
	}
	keep_srcs(k, x);
	x->keep = NULL;
	keep_put(k);
}

/* ---- rules ---- */

static void rule_form_free(struct rule_form *f)
{
	struct nft_rule_form *nf = container_of(f, struct nft_rule_form, form);

	nft_rule_free(nf->rule);
	ipt_rule_free(nf->ipt.rule);
	keep_put(nf->keep);
	mem_free(nf);
}

const struct rule_form_ops nft_rule_form_ops = { .dialect = "nft", .free = rule_form_free };

struct rule_form *nft_rule_form_new(struct nft_ctx *x, uint8_t family, struct nft_rule *r)
{
	struct nft_rule_form *f = mem_zalloc(sizeof(*f));

	if (f)
		f->keep = keep_get(x);
	if (!f || !f->keep) {
		mem_free(f);
		nft_rule_free(r);
		return NULL;
	}
	f->form.ops = &nft_rule_form_ops;
	f->family = family;
	f->rule = r;
	f->ns = x->c ? x->c->ns : NULL;
	return &f->form;
}

/* ---- sets ---- */

static void set_form_free(struct set_form *f)
{
	struct nft_set_form *nf = container_of(f, struct nft_set_form, form);

	nft_stmts_free(&nf->elem_stmts);
	nft_set_free(nf->set);
	keep_put(nf->keep);
	mem_free(nf);
}

const struct set_form_ops nft_set_form_ops = { .free = set_form_free };

struct set_form *nft_set_form_new(struct nft_ctx *x, const struct nft_set *s)
{
	struct nft_set_form *f = mem_zalloc(sizeof(*f));

	if (!f)
		return NULL;
	list_init(&f->elem_stmts);
	f->form.ops = &nft_set_form_ops;
	f->set = nft_set_clone(s);
	f->keep = f->set ? keep_get(x) : NULL;
	if (f->keep)
		return &f->form;
	nft_set_free(f->set);
	mem_free(f);
	return NULL;
}

const struct nft_set *nft_set_of(const struct ir_set *s)
{
	if (!s->form || s->form->ops != &nft_set_form_ops)
		return NULL;
	return container_of(s->form, struct nft_set_form, form)->set;
}
