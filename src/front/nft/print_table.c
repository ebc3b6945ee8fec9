/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/print_table.c - tables, chains, sets, objects and flowtables as nft 1.0.6 lists them.
 *
 * It stands on the way back from the engine, above print_stmt.c; list.c says what is listed.
 *
 * A table lists its objects, then sets and maps, flowtables, chains, with an empty line between them. Elements of a
 * set stand one, two or five on a line, by the type of its keys.
 */
#include <string.h>

#include "front/nft/exec.h"
#include "front/nft/print.h"
#include "front/nft/type.h"
#include "rules/object.h"

#include <linux/netfilter/nf_synproxy.h>

/* ---- names ---- */

const char *nft_family_name(uint8_t family)
{
	switch (family) {
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_ARP:
		return "arp";
	case NFPROTO_BRIDGE:
		return "bridge";
	case NFPROTO_NETDEV:
		return "netdev";
	default:
		return "unknown";
	}
}

const char *nft_hook_name(uint8_t family, int hook)
{
	static const char *const inet[] = { "prerouting", "input", "forward", "output", "postrouting", "ingress" };
	static const char *const arp[] = { "input", "output", "forward" };

	if (family == NFPROTO_NETDEV)
		return hook == NF_NETDEV_INGRESS ? "ingress" : "egress";
	if (family == NFPROTO_ARP)
		return hook >= 0 && hook < 3 ? arp[hook] : "unknown";
	return hook >= 0 && hook < 6 ? inet[hook] : "unknown";
}

struct prio_name { const char *name; int prio, hook; };		/* hook -1: any */

static const struct prio_name prios[] = {
	{ "raw", -300, -1 }, { "mangle", -150, -1 }, { "dstnat", -100, NF_INET_PRE_ROUTING }, { "filter", 0, -1 },
	{ "security", 50, -1 }, { "srcnat", 100, NF_INET_POST_ROUTING }, { NULL, 0, 0 }
};
static const struct prio_name bridge_prios[] = {
	{ "dstnat", -300, NF_INET_PRE_ROUTING }, { "filter", -200, -1 },		/* hooks as those of IP */
	{ "out", 100, NF_INET_LOCAL_OUT }, { "srcnat", 300, NF_INET_POST_ROUTING },
	{ NULL, 0, 0 }
};
static const struct prio_name filter_prio[] = { { "filter", 0, -1 }, { NULL, 0, 0 } };

void nft_print_prio(const struct nft_ctx *x, uint8_t family, int hook, int prio, struct sbuf *out)
{
	const struct prio_name *p = family == NFPROTO_BRIDGE ? bridge_prios :
				    family == NFPROTO_NETDEV || family == NFPROTO_ARP ? filter_prio : prios;

	for (; p->name && !x->o.numeric_prio; p++) {
		int off = prio - p->prio;

		if ((p->hook >= 0 && p->hook != hook) || off < -10 || off > 10)
			continue;
		sbuf_puts(out, p->name);
		if (off)
			sbuf_printf(out, " %c %d", off < 0 ? '-' : '+', off < 0 ? -off : off);
		return;
	}
	sbuf_printf(out, "%d", prio);
}

/* ---- chains ---- */

static void print_devs(const struct chain *c, struct sbuf *out)
{
	const char *sep = " devices = { ";

	if (c->devs && c->devs[0] && c->devs[1]) {
		for (char **d = c->devs; *d; d++) {
			sbuf_printf(out, "%s%s", sep, *d);
			sep = ", ";
		}
		sbuf_puts(out, " }");
	} else if (c->devs && c->devs[0]) {
		sbuf_printf(out, " device \"%s\"", c->devs[0]);
	} else if (c->dev) {
		sbuf_printf(out, " device \"%s\"", c->dev);
	}
}

static void print_base(const struct nft_ctx *x, const struct chain *c, struct sbuf *out)
{
	static const char *const types[] = { [CHAIN_FILTER] = "filter", [CHAIN_NAT] = "nat", [CHAIN_ROUTE] = "route" };

	sbuf_printf(out, "\t\ttype %s hook %s", types[c->type], nft_hook_name(c->table->family, c->hook));
	print_devs(c, out);
	sbuf_puts(out, " priority ");
	nft_print_prio(x, c->table->family, c->hook, c->priority, out);
	sbuf_printf(out, "; policy %s;\n", c->policy_drop ? "drop" : "accept");
}

void nft_print_chain(struct nft_ctx *x, const struct chain *c, struct sbuf *out)
{
	sbuf_printf(out, "\tchain %s {", c->name);
	nft_print_handle(x, c->handle, out);
	sbuf_putc(out, '\n');
	if (c->comment)
		sbuf_printf(out, "\t\tcomment \"%s\"\n", c->comment);
	if (c->base)
		print_base(x, c, out);
	for (unsigned i = 0; i < c->n_rules; i++) {
		sbuf_puts(out, "\t\t");
		nft_print_rule_at(x, c->table, c->rules[i], 2, out);
		sbuf_putc(out, '\n');
	}
	sbuf_puts(out, "\t}\n");
}

/* ---- sets ---- */

/* elements on a line */
static unsigned per_line(const struct nft_type *key)
{
	static const struct nft_type *const five[] = {
		&nft_type_nfproto, &nft_type_integer, &nft_type_xinteger, &nft_type_arpop, &nft_type_inet_proto,
		&nft_type_inet_service, &nft_type_tcp_flag, &nft_type_dccp_pkttype, &nft_type_mark, &nft_type_ifindex,
		&nft_type_classid, &nft_type_uid, &nft_type_gid, &nft_type_ct_dir,
	};
	static const struct nft_type *const two[] = { &nft_type_ipaddr, &nft_type_ct_state, &nft_type_ct_status,
						      &nft_type_pkttype };

	for (size_t i = 0; i < ARRAY_LEN(five); i++)
		if (key == five[i])
			return 5;
	for (size_t i = 0; i < ARRAY_LEN(two); i++)
		if (key == two[i])
			return 2;
	return 1;
}

struct elems {				/* where a listing of elements is */
	struct nft_ctx *x;
	const struct nft_set *desc;
	const struct ir_set *set;
	unsigned per_line, n;
	struct sbuf *out;
};

static void next_elem(struct elems *l)
{
	if (!l->n)
		sbuf_puts(l->out, "\t\telements = { ");
	else if (l->n % l->per_line)
		sbuf_puts(l->out, ", ");
	else
		sbuf_puts(l->out, ",\n\t\t\t     ");
	l->n++;
}

static int print_elem(void *ctx, const struct set_elem *e)
{
	struct elems *l = ctx;
	struct nft_expr *el = nft_elem_of(l->x, l->desc, l->set, e);

	if (!el)
		return -1;
	next_elem(l);
	nft_print_expr(l->x, el, l->out);
	nft_expr_free(el);
	return 0;
}

static void print_elems(struct nft_ctx *x, const struct nft_set *desc, const struct ir_set *s,
			const struct nft_expr *only, struct sbuf *out)
{
	struct elems l = { .x = x, .desc = desc, .set = s, .per_line = per_line(desc->key_type), .out = out };
	const struct nft_expr *e;

	if (only) {
		list_for_each(e, &only->set.list, node) {
			next_elem(&l);
			nft_print_expr(x, e, out);
		}
	} else if (!x->o.terse) {
		set_each(s, print_elem, &l);
	}
	if (l.n)
		sbuf_puts(out, " }\n");
}

static const char *object_word(int type)
{
	static const char *const words[] = {
		[NFT_OBJECT_COUNTER] = "counter", [NFT_OBJECT_QUOTA] = "quota", [NFT_OBJECT_LIMIT] = "limit",
		[NFT_OBJECT_CT_HELPER] = "ct helper", [NFT_OBJECT_CT_TIMEOUT] = "ct timeout",
		[NFT_OBJECT_CT_EXPECT] = "ct expectation", [NFT_OBJECT_SECMARK] = "secmark",
		[NFT_OBJECT_SYNPROXY] = "synproxy",
	};

	return type > 0 && type < (int)ARRAY_LEN(words) && words[type] ? words[type] : "unknown";
}

static void print_types(const struct nft_ctx *x, const struct nft_set *s, struct sbuf *out)
{
	if (s->key) {
		sbuf_puts(out, "\t\ttypeof ");
		nft_print_expr(x, s->key, out);
	} else {
		sbuf_printf(out, "\t\ttype %s", s->key_type ? s->key_type->name : "invalid");
	}
	if (s->map || s->object_type)
		sbuf_printf(out, " : %s", s->data_interval ? "interval " : "");
	if (s->object_type)
		sbuf_puts(out, object_word(s->object_type));
	else if (s->map && s->data && s->data->kind == NFT_X_VERDICT)
		sbuf_puts(out, "verdict");
	else if (s->map && s->data)
		nft_print_expr(x, s->data, out);
	else if (s->map)
		sbuf_puts(out, s->data_type ? s->data_type->name : "invalid");
	sbuf_putc(out, '\n');
}

static void print_set_flags(const struct nft_set *s, uint32_t flags, struct sbuf *out)
{
	static const struct { uint32_t flag; const char *name; } names[] = {
		{ NFT_SET_CONSTANT, "constant" }, { NFT_SET_EVAL, "dynamic" }, { NFT_SET_INTERVAL, "interval" },
		{ NFT_SET_TIMEOUT, "timeout" },
	};
	const char *sep = "\t\tflags ";

	/* a default timeout says it already */
	if (!(flags & (NFT_SET_CONSTANT | NFT_SET_EVAL | NFT_SET_INTERVAL)) && s->timeout_ms)
		return;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!(flags & names[i].flag))
			continue;
		sbuf_printf(out, "%s%s", sep, names[i].name);
		sep = ",";
	}
	if (*sep == ',')
		sbuf_putc(out, '\n');
}

static void print_duration(const struct nft_ctx *x, const char *word, uint64_t ms, struct sbuf *out)
{
	if (!ms)
		return;
	sbuf_printf(out, "\t\t%s ", word);
	nft_print_duration(x, ms, out);
	sbuf_putc(out, '\n');
}

static void print_set_settings(const struct nft_ctx *x, const struct nft_set *s, const struct ir_set *is,
			       struct sbuf *out)
{
	uint32_t flags = is->desc.flags;

	if (!(flags & NFT_SET_CONSTANT)) {
		if (is->desc.policy == NFT_SET_POL_MEMORY)
			sbuf_puts(out, "\t\tpolicy memory\n");
		if (is->desc.size)
			sbuf_printf(out, "\t\tsize %u\n", is->desc.size);
	}
	print_set_flags(s, flags & ~(uint32_t)NFT_SET_ANONYMOUS, out);
	if (s->auto_merge)
		sbuf_puts(out, "\t\tauto-merge\n");
	if (!list_empty(&s->stmts) && !(flags & NFT_SET_ANONYMOUS)) {
		struct nft_ctx quiet = *x;

		quiet.o.stateless = true;
		sbuf_puts(out, "\t\t");
		nft_print_stmts(&quiet, &s->stmts, out);
		sbuf_putc(out, '\n');
	}
	print_duration(x, "timeout", is->desc.timeout_ms, out);
	print_duration(x, "gc-interval", is->desc.gc_interval_ms, out);
	if (s->comment)
		sbuf_printf(out, "\t\tcomment \"%s\"\n", s->comment);
}

/* @only NULL: all elements */
static void print_set(struct nft_ctx *x, const struct table *t, const struct ir_set *is, const struct nft_expr *only,
		      struct sbuf *out)
{
	const struct nft_set *s = nft_set_of(is);
	bool meter = nft_set_takes(NFT_W_METER, is);

	if (!s)
		return;
	x->family = t->family;
	sbuf_printf(out, "\t%s %s {", meter ? "meter" : is->desc.data != SET_DATA_NONE ? "map" : "set",
		    s->name ? s->name : is->desc.name);
	nft_print_handle(x, is->handle, out);
	sbuf_putc(out, '\n');
	print_types(x, s, out);
	print_set_settings(x, s, is, out);
	print_elems(x, s, is, only, out);
	sbuf_puts(out, "\t}\n");
}

void nft_print_set(struct nft_ctx *x, const struct table *t, const struct ir_set *s, struct sbuf *out)
{
	print_set(x, t, s, NULL, out);
}

void nft_print_set_elems(struct nft_ctx *x, const struct table *t, const struct ir_set *s, const struct nft_expr *elems,
			 struct sbuf *out)
{
	print_set(x, t, s, elems, out);
}

/* ---- objects ---- */

static const char *l4_name(uint8_t l4)
{
	return l4 == IPPROTO_TCP ? "tcp" : l4 == IPPROTO_UDP ? "udp" : "unknown";
}

static void print_counter_state(const struct nft_ctx *x, const struct ir_object *o, struct sbuf *out)
{
	const struct fn_counter_state *st = o->state;

	if (!x->o.stateless)
		sbuf_printf(out, "\t\tpackets %llu bytes %llu\n", (unsigned long long)st->packets,
			    (unsigned long long)st->bytes);
}

static void print_quota_state(const struct nft_ctx *x, const struct ir_object *o, struct sbuf *out)
{
	const struct fn_nft_quota *d = o->data;
	const struct fn_nft_quota_state *st = o->state;
	struct nft_quota q = { .bytes = d->quota, .over = d->invert, .used = MIN(st->consumed, d->quota) };

	sbuf_puts(out, "\t\t");
	nft_print_quota(&q, x->o.stateless, out);
	sbuf_putc(out, '\n');
}

static void print_limit_params(const struct ir_object *o, struct sbuf *out)
{
	const struct fn_limit *d = o->data;
	struct nft_limit l = { .rate = d->rate, .unit_s = d->unit_s, .burst = d->burst, .bytes = d->bytes, .over = d->invert };

	sbuf_puts(out, "\t\t");
	nft_print_limit(&l, out);
	sbuf_putc(out, '\n');
}

static uint8_t l3_of(const struct table *t, uint8_t l3)
{
	return l3 == NFPROTO_UNSPEC ? t->family : l3;
}

static void print_timeout(const struct nft_ctx *x, const struct table *t, const struct object_ct_timeout *o, struct sbuf *out)
{
	const char *const *names = nft_timeout_states(o->l4proto);
	const char *sep = "";

	sbuf_printf(out, "\t\tprotocol %s\n\t\tl3proto %s\n\t\tpolicy = { ", l4_name(o->l4proto),
		    nft_family_name(l3_of(t, o->l3proto)));
	for (unsigned i = 0; names && names[i] && i < ARRAY_LEN(o->timeout_s); i++) {
		if (!(o->set & 1u << i) ||
		    (!x->o.exact && nft_timeout_usual(o->l4proto, i, o->timeout_s[i])))
			continue;
		sbuf_printf(out, "%s%s : %u", sep, names[i], o->timeout_s[i]);
		sep = ", ";
	}
	sbuf_puts(out, " }\n");
}

static void print_expect(const struct nft_ctx *x, const struct table *t, const struct object_ct_expect *o, struct sbuf *out)
{
	sbuf_printf(out, "\t\tprotocol %s\n\t\tdport %u\n\t\ttimeout ", l4_name(o->l4proto), ntohs(o->dport));
	nft_print_duration(x, o->timeout_ms, out);
	sbuf_printf(out, "\n\t\tsize %u\n\t\tl3proto %s\n", o->size, nft_family_name(l3_of(t, o->l3proto)));
}

static void print_synproxy(const struct object_synproxy *o, struct sbuf *out)
{
	bool ts = o->flags & NF_SYNPROXY_OPT_TIMESTAMP, sack = o->flags & NF_SYNPROXY_OPT_SACK_PERM;

	if (o->flags & NF_SYNPROXY_OPT_MSS)
		sbuf_printf(out, "\t\tmss %u\n", o->mss);
	if (o->flags & NF_SYNPROXY_OPT_WSCALE)
		sbuf_printf(out, "\t\twscale %u\n", o->wscale);
	if (ts || sack)
		sbuf_printf(out, "\t\t%s%s\n", ts ? "timestamp " : "", sack ? "sack-perm" : "");
}

static void print_params(struct nft_ctx *x, const struct table *t, const struct ir_object *o, struct sbuf *out)
{
	switch (o->type) {
	case NFT_OBJECT_COUNTER:
		print_counter_state(x, o, out);
		return;
	case NFT_OBJECT_QUOTA:
		print_quota_state(x, o, out);
		return;
	case NFT_OBJECT_LIMIT:
		print_limit_params(o, out);
		return;
	case NFT_OBJECT_CT_HELPER:
		sbuf_printf(out, "\t\ttype \"%s\" protocol %s\n\t\tl3proto %s\n", o->ct_helper.helper,
			    l4_name(o->ct_helper.l4proto), nft_family_name(l3_of(t, o->ct_helper.l3proto)));
		return;
	case NFT_OBJECT_CT_TIMEOUT:
		print_timeout(x, t, &o->ct_timeout, out);
		return;
	case NFT_OBJECT_CT_EXPECT:
		print_expect(x, t, &o->ct_expect, out);
		return;
	case NFT_OBJECT_SYNPROXY:
		print_synproxy(&o->synproxy, out);
		return;
	case NFT_OBJECT_SECMARK:
		sbuf_printf(out, "\t\t\"%s\"\n", o->secmark.ctx);
		return;
	default:
		return;
	}
}

void nft_print_object(struct nft_ctx *x, const struct table *t, const struct ir_object *o, struct sbuf *out)
{
	sbuf_printf(out, "\t%s %s {", object_word(o->type), o->name);
	nft_print_handle(x, o->handle, out);
	sbuf_putc(out, '\n');
	if (o->comment)
		sbuf_printf(out, "\t\tcomment \"%s\"\n", o->comment);
	print_params(x, t, o, out);
	sbuf_puts(out, "\t}\n");
}

/* ---- flowtables ---- */

void nft_print_flowtable(struct nft_ctx *x, const struct table *t, const struct flowtable *f, struct sbuf *out)
{
	const char *sep = "\t\tdevices = { ";

	sbuf_printf(out, "\tflowtable %s {", f->name);
	nft_print_handle(x, f->handle, out);
	sbuf_puts(out, "\n\t\thook ingress priority ");
	nft_print_prio(x, NFPROTO_NETDEV, f->hook, f->priority, out);
	sbuf_putc(out, '\n');
	for (char **d = f->dev; d && *d; d++) {
		sbuf_printf(out, "%s%s", sep, *d);
		sep = ", ";
	}
	if (f->dev && f->dev[0])
		sbuf_puts(out, " }\n");
	if (f->flags & NFT_FLOWTABLE_HW_OFFLOAD)
		sbuf_puts(out, "\t\tflags offload\n");
	if (f->counter)
		sbuf_puts(out, "\t\tcounter\n");
	sbuf_puts(out, "\t}\n");
}

/* ---- tables ---- */

/* an empty line in front of all parts but the first */
static void part(struct sbuf *out, bool *more)
{
	if (*more)
		sbuf_putc(out, '\n');
	*more = true;
}

static void print_table_options(const struct table *t, bool *more, struct sbuf *out)
{
	const char *sep = "\tflags ";

	if (t->flags & NFT_TABLE_F_DORMANT || t->dormant) {
		sbuf_printf(out, "%sdormant", sep);
		sep = ",";
	}
	if (t->flags & 2) {			/* NFT_TABLE_F_OWNER */
		sbuf_printf(out, "%sowner", sep);
		sep = ",";
	}
	if (*sep == ',') {
		sbuf_putc(out, '\n');
		*more = true;
	}
	if (t->comment)
		sbuf_printf(out, "\tcomment \"%s\"\n", t->comment);
}

static void print_objects(struct nft_ctx *x, const struct table *t, bool *more, struct sbuf *out)
{
	for (unsigned i = 0; i < t->n_objects; i++) {
		part(out, more);
		nft_print_object(x, t, t->objects[i], out);
	}
	for (unsigned i = 0; i < t->n_sets; i++) {
		if (t->sets[i]->desc.flags & NFT_SET_ANONYMOUS)
			continue;
		part(out, more);
		nft_print_set(x, t, t->sets[i], out);
	}
	for (unsigned i = 0; i < t->n_flowtables; i++) {
		part(out, more);
		nft_print_flowtable(x, t, t->flowtables[i], out);
	}
}

void nft_print_table(struct nft_ctx *x, const struct table *t, struct sbuf *out)
{
	const struct chain *c;
	bool more = false;

	if (nft_table_has_xt(t))
		cmd_err(x->c, "# Warning: table %s %s is managed by iptables-nft, do not touch!\n", nft_family_name(t->family),
			t->name);
	sbuf_printf(out, "table %s %s {", nft_family_name(t->family), t->name);
	nft_print_handle(x, t->handle, out);
	sbuf_putc(out, '\n');
	print_table_options(t, &more, out);
	print_objects(x, t, &more, out);
	list_for_each(c, &t->chains, node) {
		if (c->bound)
			continue;
		part(out, &more);
		nft_print_chain(x, c, out);
	}
	sbuf_puts(out, "}\n");
}
