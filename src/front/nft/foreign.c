/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/foreign.c - rules that iptables made, as nft lists them.
 *
 * Where it stands: on the way back from the engine; print.c asks it for every rule.
 *
 * Theory of operation: the real nft reads addresses, interfaces, protocol and ports from the kernel's own expressions and
 * asks libxtables for the words of matches and targets. So here: what iptables makes comparisons of is text in nft's
 * language that is read as a rule would be; each other match and the target is one statement of the words that its row
 * under front/xt/ has for it, or "xt match NAME".
 *
 * References: nft 1.0.6's listings of iptables 1.8.9's rules, recorded in tests/golden/xt.
 */
#include <string.h>

#include "front/iptables.h"
#include "front/nft/lower.h"

static bool append_text(struct nft_rule *r, const char *text)
{
	struct nft_stmt *s = nft_stmt_new(NFT_S_XT, NULL);

	if (!s)
		return false;
	s->xt.text = mem_strdup(text);
	list_add_tail(&r->stmts, &s->node);
	return s->xt.text;
}

static bool append_counter(struct nft_rule *r)
{
	struct nft_stmt *s = nft_stmt_new(NFT_S_COUNTER, NULL);

	if (!s)
		return false;
	s->state = -1;
	list_add_tail(&r->stmts, &s->node);
	return true;
}

/* ---- what iptables makes comparisons of ---- */

static void put_iface(struct sbuf *out, const char *word, const char *name, bool invert)
{
	size_t n = strnlen(name, 16);

	if (!n || (n == 1 && *name == '+'))
		return;
	sbuf_printf(out, " %s %s\"", word, invert ? "!= " : "");
	if (name[n - 1] == '+')
		sbuf_printf(out, "%.*s*\"", (int)n - 1, name);
	else
		sbuf_printf(out, "%.*s\"", (int)n, name);
}

/* length of a netmask; -1: it has holes */
static int mask_len(const uint8_t *m, unsigned n)
{
	unsigned len = 0;

	while (len < 8 * n && (m[len / 8] & (0x80 >> len % 8)))
		len++;
	for (unsigned i = len; i < 8 * n; i++)
		if (m[i / 8] & (0x80 >> i % 8))
			return -1;
	return (int)len;
}

static void put_addr(struct sbuf *out, const struct ipt_rule *r, const char *word, const union inet_addr *a,
		     const union inet_addr *mask, bool invert)
{
	unsigned n = r->family == AF_INET6 ? 16 : 4;
	int plen = mask_len((const uint8_t *)mask, n);
	char text[ADDR_STRLEN];

	if (plen == 0 && !invert)
		return;
	sbuf_printf(out, " %s %s ", r->family == AF_INET6 ? "ip6" : "ip", word);
	if (plen < 0) {
		sbuf_printf(out, "& %s ", addr_fmt(text, r->family, mask));
		sbuf_printf(out, "%s %s", invert ? "!=" : "==", addr_fmt(text, r->family, a));
		return;
	}
	sbuf_printf(out, "%s%s", invert ? "!= " : "", addr_fmt(text, r->family, a));
	if ((unsigned)plen < 8 * n)
		sbuf_printf(out, "/%d", plen);
}

/* a protocol is only said where no comparison of ports says it right behind */
static bool says_proto(const struct ipt_rule *r)
{
	for (unsigned i = 0; r->tail && i < r->tail->n; i++) {
		const struct ipt_inst *m = &r->tail->match[i];

		if (m->silent)
			continue;
		if (m->ext->native && m->ext->native(m->data))
			return m->ext->hidden && m->ext->hidden(m->data);
		if (strcmp(m->ext->name, "mark") != 0)
			return true;
	}
	return true;
}

static void put_head(struct sbuf *out, const struct ipt_rule *r)
{
	put_iface(out, "iifname", r->in, r->inv & IPT_INV_IN);
	put_iface(out, "oifname", r->out, r->inv & IPT_INV_OUT);
	if (r->proto && ((r->inv & IPT_INV_PROTO) || says_proto(r))) {
		char buf[16];

		sbuf_printf(out, " meta l4proto %s%s", r->inv & IPT_INV_PROTO ? "!= " : "",
			    ipt_proto_name(r->proto, true, buf));
	}
	put_addr(out, r, "saddr", &r->src, &r->smask, r->inv & IPT_INV_SRC);
	put_addr(out, r, "daddr", &r->dst, &r->dmask, r->inv & IPT_INV_DST);
	if (r->frag)
		sbuf_printf(out, " ip frag-off & 8191 %s 0", r->inv & IPT_INV_FRAG ? "==" : "!=");
}

/* ---- matches and target ---- */

static bool append_ext(struct nft_rule *to, const struct ipt_rule *r, const struct ipt_inst *m)
{
	const struct xt_xlate x = { .family = r->family, .proto = r->inv & IPT_INV_PROTO ? 0 : r->proto };
	struct sbuf text = SBUF_INIT;
	bool ok;

	if (!m->ext->xlate || !m->ext->xlate(&text, m->data, &x)) {
		sbuf_reset(&text);
		sbuf_printf(&text, "xt %s %s", m->ext->kind == XT_TARGET ? "target" : "match",
			    m->ext->alias_of ? m->ext->alias_of : m->ext->name);
	}
	ok = !text.failed && append_text(to, sbuf_str(&text));
	sbuf_free(&text);
	return ok;
}

static bool append_matches(struct nft_rule *to, const struct ipt_rule *r)
{
	for (unsigned i = 0; r->tail && i < r->tail->n; i++) {
		const struct ipt_inst *m = &r->tail->match[i];

		if (m->silent || (m->ext->hidden && m->ext->hidden(m->data)))
			continue;
		if (!append_ext(to, r, m))
			return false;
	}
	return true;
}

static bool append_target(struct nft_rule *to, const struct ipt_rule *r)
{
	struct sbuf text = SBUF_INIT;
	enum ir_verdict v;
	bool ok;

	if (r->tail && r->tail->target.ext)
		return append_ext(to, r, &r->tail->target);
	if (!*r->jump)
		return true;
	if (ipt_is_verdict(r->jump, &v))
		sbuf_puts(&text, v == IR_ACCEPT ? "accept" : v == IR_DROP ? "drop" : "return");
	else
		sbuf_printf(&text, "%s %s", r->go ? "goto" : "jump", r->jump);
	ok = !text.failed && append_text(to, sbuf_str(&text));
	sbuf_free(&text);
	return ok;
}

static struct nft_rule *translate(struct nft_ctx *x, const struct ipt_rule *r)
{
	struct nft_rule *to = nft_rule_new(NULL);
	struct sbuf head = SBUF_INIT;
	bool ok = to;

	put_head(&head, r);
	if (head.len)
		ok = ok && append_text(to, sbuf_str(&head) + 1);
	ok = ok && !head.failed && append_matches(to, r) && append_counter(to) && append_target(to, r);
	sbuf_free(&head);
	if (ok)
		return to;
	x->oom = true;
	nft_rule_free(to);
	return NULL;
}

static bool is_xt(const struct ipt_inst *m)
{
	static const char *const native[] = { "limit", "mark", "NFLOG", "TRACE" };

	if (m->ext->native && m->ext->native(m->data))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(native); i++)
		if (strcmp(m->ext->name, native[i]) == 0)
			return false;
	return true;
}

bool nft_table_has_xt(const struct table *t)
{
	const struct chain *c;

	list_for_each(c, &t->chains, node) {
		for (unsigned i = 0; i < c->n_rules; i++) {
			const struct ipt_rule *r = ipt_rule_of(c->rules[i]);

			if (!r || !r->tail)
				continue;
			if (r->tail->target.ext && is_xt(&r->tail->target))
				return true;
			for (unsigned k = 0; k < r->tail->n; k++)
				if (!r->tail->match[k].silent && is_xt(&r->tail->match[k]))
					return true;
		}
	}
	return false;
}

/* where the tree's jump goes by name; NULL: it has none, or its chain has no name */
static struct nft_expr *jump_of(const struct nft_rule *r)
{
	const struct nft_stmt *s;

	list_for_each(s, &r->stmts, node)
		if (s->kind == NFT_S_VERDICT && s->expr->kind == NFT_X_VERDICT && s->expr->verdict.chain &&
		    (!s->expr->verdict.rules || list_empty(s->expr->verdict.rules)))
			return s->expr;
	return NULL;
}

/* a chain was renamed: the rule as it is now */
static struct nft_rule *renamed(struct nft_ctx *x, const struct nft_rule *r, const char *name)
{
	struct nft_rule *c = nft_rule_new(&r->loc);
	const struct nft_stmt *s;
	struct nft_expr *v;
	bool ok = c;

	if (!ok)
		return NULL;
	c->comment = r->comment ? mem_strdup(r->comment) : NULL;
	c->handle = r->handle;
	list_for_each(s, &r->stmts, node) {
		struct nft_stmt *copy = ok ? nft_stmt_clone(s) : NULL;

		ok = ok && copy;
		if (copy)
			list_add_tail(&c->stmts, &copy->node);
	}
	v = ok ? jump_of(c) : NULL;
	if (v) {
		nft_expr_free(v->verdict.chain);
		mem_free(v->verdict.chain_name);
		v->verdict.chain = nft_expr_symbol(NULL, name, strlen(name));
		v->verdict.chain_name = mem_strdup(name);
	}
	if (v && v->verdict.chain && v->verdict.chain_name)
		return c;
	x->oom = true;
	nft_rule_free(c);
	return NULL;
}

static struct nft_rule *own_form(struct nft_ctx *x, const struct rule *r, bool *owned)
{
	struct nft_rule *tree = container_of(r->form, struct nft_rule_form, form)->rule;
	const struct nft_expr *v = r->jump ? jump_of(tree) : NULL;
	const char *said = v ? nft_verdict_chain(v) : NULL;

	if (!said || strcmp(said, r->jump->verdict.name) == 0)
		return tree;
	*owned = true;
	return renamed(x, tree, r->jump->verdict.name);
}

struct nft_rule *nft_rule_of(struct nft_ctx *x, const struct table *t, const struct rule *r, bool *owned)
{
	const struct ipt_rule *ipt;

	*owned = false;
	if (r->form && r->form->ops == &nft_rule_form_ops)
		return own_form(x, r, owned);
	ipt = ipt_rule_of(r);
	*owned = true;
	return ipt ? translate(x, ipt) : nft_rule_new(NULL);
}
