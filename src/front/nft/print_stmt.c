/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/print_stmt.c - statements and rules as nft 1.0.6 lists them.
 *
 * It stands on the way back from the engine, above print.c. Counters and quotas of a committed rule are those of the
 * engine, found by the statement's number.
 */
#include <string.h>
#include <syslog.h>

#include "front/nft/print.h"
#include "front/nft/state.h"
#include "front/nft/type.h"

#include <linux/netfilter/nf_log.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_synproxy.h>

/* ---- what counts ---- */

void nft_print_bytes(uint64_t n, struct sbuf *out)
{
	static const char *const units[] = { "bytes", "kbytes", "mbytes" };
	unsigned u = 0;

	while (u < 2 && n && n % 1024 == 0) {
		n /= 1024;
		u++;
	}
	sbuf_printf(out, "%llu %s", (unsigned long long)n, units[u]);
}

static const char *time_unit(uint64_t s)
{
	switch (s) {
	case 1:
		return "second";
	case 60:
		return "minute";
	case 3600:
		return "hour";
	case 86400:
		return "day";
	case 604800:
		return "week";
	default:
		return "error";
	}
}

void nft_print_limit(const struct nft_limit *l, struct sbuf *out)
{
	sbuf_puts(out, l->over ? "rate over " : "rate ");
	if (l->bytes) {
		nft_print_bytes(l->rate, out);
		sbuf_printf(out, "/%s", time_unit(l->unit_s));
		if (l->burst != 5) {
			sbuf_puts(out, " burst ");
			nft_print_bytes(l->burst, out);
		}
		return;
	}
	sbuf_printf(out, "%llu/%s", (unsigned long long)l->rate, time_unit(l->unit_s));
	if (l->burst && l->burst != 5)
		sbuf_printf(out, " burst %u packets", l->burst);
}

void nft_print_quota(const struct nft_quota *q, bool stateless, struct sbuf *out)
{
	if (q->over)
		sbuf_puts(out, "over ");
	nft_print_bytes(q->bytes, out);
	if (!q->used || stateless)
		return;
	sbuf_puts(out, " used ");
	nft_print_bytes(q->used, out);
}

static void print_counter(const struct nft_ctx *x, const struct nft_stmt *s, struct sbuf *out)
{
	sbuf_puts(out, "counter");
	if (!x->o.stateless)
		sbuf_printf(out, " packets %llu bytes %llu", (unsigned long long)s->counter.packets,
			    (unsigned long long)s->counter.bytes);
}

static void print_last(const struct nft_ctx *x, const struct nft_stmt *s, struct sbuf *out)
{
	sbuf_puts(out, "last");
	if (x->o.stateless)
		return;
	sbuf_puts(out, " used ");
	if (s->last.set)
		nft_duration_print(s->last.used_ms, out);
	else
		sbuf_puts(out, "never");
}

/* ---- log, reject ---- */

static void print_log_flags(uint32_t flags, struct sbuf *out)
{
	if ((flags & NF_LOG_MASK) == NF_LOG_MASK) {
		sbuf_puts(out, " flags all");
		return;
	}
	if (flags & (NF_LOG_TCPSEQ | NF_LOG_TCPOPT))
		sbuf_printf(out, " flags tcp %s%s%s", flags & NF_LOG_TCPSEQ ? "sequence" : "",
			    (flags & NF_LOG_TCPSEQ) && (flags & NF_LOG_TCPOPT) ? "," : "",
			    flags & NF_LOG_TCPOPT ? "options" : "");
	if (flags & NF_LOG_IPOPT)
		sbuf_puts(out, " flags ip options");
	if (flags & NF_LOG_UID)
		sbuf_puts(out, " flags skuid");
	if (flags & NF_LOG_MACDECODE)
		sbuf_puts(out, " flags ether");
}

static void print_log_prefix(const struct nft_expr *p, struct sbuf *out)
{
	if (p->kind == NFT_X_SYMBOL)
		sbuf_printf(out, " prefix \"%s\"", p->symbol.text);
	else if (p->kind == NFT_X_VALUE)
		sbuf_printf(out, " prefix \"%.*s\"", (int)((p->len_bits + 7) / 8), (const char *)p->value.bytes);
}

static void print_log(const struct nft_stmt *s, struct sbuf *out)
{
	static const char *const levels[] = { "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", "audit" };
	uint32_t have = s->log.have;

	sbuf_puts(out, "log");
	if (s->log.prefix)
		print_log_prefix(s->log.prefix, out);
	/* the kernel keeps these only of a group */
	if (have & NFT_LOG_HAVE_GROUP)
		sbuf_printf(out, " group %u", s->log.group);
	if ((have & NFT_LOG_HAVE_GROUP) && (have & NFT_LOG_HAVE_SNAPLEN))
		sbuf_printf(out, " snaplen %u", s->log.snaplen);
	if ((have & NFT_LOG_HAVE_GROUP) && (have & NFT_LOG_HAVE_QTHRESHOLD))
		sbuf_printf(out, " queue-threshold %u", s->log.qthreshold);
	if ((have & NFT_LOG_HAVE_LEVEL) && s->log.level != LOG_WARNING && s->log.level < ARRAY_LEN(levels))
		sbuf_printf(out, " level %s", levels[s->log.level]);
	print_log_flags(s->log.flags, out);
}

/* of a rule that is only parsed the code is as it was written */
static bool reject_default(const struct nft_ctx *x, const struct nft_stmt *s)
{
	if (s->reject.type < 0)
		return true;
	if (s->reject.code && s->reject.code->kind == NFT_X_SYMBOL)
		return false;
	if (s->reject.type == NFT_REJECT_ICMPX_UNREACH)
		return s->reject.code_value == NFT_REJECT_ICMPX_PORT_UNREACH;
	if (s->reject.type != NFT_REJECT_ICMP_UNREACH || (x->family != NFPROTO_IPV4 && x->family != NFPROTO_IPV6))
		return false;
	return s->reject.code_value == (s->reject.family == NFPROTO_IPV4 ? 3 : 4);
}

/* of a rule that says only `reject`, where its family has a code of its own for that */
static void print_reject_code(const struct nft_ctx *x, const struct nft_stmt *s, struct sbuf *out)
{
	const struct nft_type *t = s->reject.type == NFT_REJECT_ICMPX_UNREACH ? &nft_type_icmpx_code :
				   s->reject.family == NFPROTO_IPV6 ? &nft_type_icmpv6_code : &nft_type_icmp_code;
	struct nft_expr *v = nft_expr_num(NULL, t, s->reject.code_value, 8);

	if (v)
		nft_value_print(x, t, v, out);
	nft_expr_free(v);
}

static void print_reject(const struct nft_ctx *x, const struct nft_stmt *s, struct sbuf *out)
{
	sbuf_puts(out, "reject");
	if (reject_default(x, s))
		return;
	if (s->reject.type == NFT_REJECT_TCP_RST) {
		sbuf_puts(out, " with tcp reset");
		return;
	}
	sbuf_printf(out, " with %s ", s->reject.type == NFT_REJECT_ICMPX_UNREACH ? "icmpx" :
		    s->reject.family == NFPROTO_IPV6 ? "icmpv6" : "icmp");
	if (s->reject.code)
		nft_print_expr(x, s->reject.code, out);
	else
		print_reject_code(x, s, out);
}

/* ---- address translation ---- */

static void print_nat_flags(uint32_t flags, struct sbuf *out)
{
	static const struct { uint32_t flag; const char *name; } names[] = {
		{ NF_NAT_RANGE_PROTO_RANDOM, "random" }, { NF_NAT_RANGE_PROTO_RANDOM_FULLY, "fully-random" },
		{ NF_NAT_RANGE_PERSISTENT, "persistent" },
	};
	char sep = ' ';

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (!(flags & names[i].flag))
			continue;
		sbuf_printf(out, "%c%s", sep, names[i].name);
		sep = ',';
	}
}

static void print_bracketed(const struct nft_ctx *x, const struct nft_expr *e, struct sbuf *out)
{
	sbuf_putc(out, '[');
	nft_print_expr(x, e, out);
	sbuf_putc(out, ']');
}

/* with a port behind it, an IPv6 address needs brackets */
static void print_addr(const struct nft_ctx *x, const struct nft_expr *e, uint8_t family, bool port, struct sbuf *out)
{
	if (family != NFPROTO_IPV6 || !port) {
		nft_print_expr(x, e, out);
	} else if (e->kind == NFT_X_VALUE || e->kind == NFT_X_PREFIX || e->kind == NFT_X_SYMBOL) {
		print_bracketed(x, e, out);
	} else if (e->kind == NFT_X_RANGE) {
		print_bracketed(x, e->bin.l, out);
		sbuf_putc(out, '-');
		print_bracketed(x, e->bin.r, out);
	} else {
		nft_print_expr(x, e, out);
	}
}

static void print_nat_to(const struct nft_ctx *x, const struct nft_stmt *s, struct sbuf *out)
{
	if (s->nat.addr) {
		if (s->nat.family_given)
			sbuf_puts(out, s->nat.family == NFPROTO_IPV6 ? " ip6" : " ip");
		sbuf_puts(out, s->nat.prefix ? " prefix to " : " to ");
		print_addr(x, s->nat.addr, s->nat.family, s->nat.port != NULL, out);
	} else if (s->nat.port) {
		sbuf_puts(out, " to ");
	}
	if (s->nat.port) {
		sbuf_putc(out, ':');
		nft_print_expr(x, s->nat.port, out);
	}
}

static void print_nat(const struct nft_ctx *x, const struct nft_stmt *s, struct sbuf *out)
{
	sbuf_puts(out, s->nat.type == NFT_NAT_SNAT ? "snat" : s->nat.type == NFT_NAT_DNAT ? "dnat" :
		  s->nat.type == NFT_NAT_MASQ ? "masquerade" : "redirect");
	print_nat_to(x, s, out);
	print_nat_flags(s->nat.flags, out);
}

static void print_tproxy(const struct nft_ctx *x, const struct nft_stmt *s, struct sbuf *out)
{
	sbuf_puts(out, "tproxy");
	if (s->tproxy.family_given || (x->family == NFPROTO_INET && s->tproxy.addr && s->tproxy.family))
		sbuf_puts(out, s->tproxy.family == NFPROTO_IPV6 ? " ip6" : " ip");
	sbuf_puts(out, " to ");
	if (s->tproxy.addr)
		print_addr(x, s->tproxy.addr, s->tproxy.family, true, out);
	if (s->tproxy.port) {
		sbuf_putc(out, ':');
		nft_print_expr(x, s->tproxy.port, out);
	}
}

/* ---- other actions ---- */

static void print_dup(const struct nft_ctx *x, const struct nft_stmt *s, struct sbuf *out)
{
	sbuf_puts(out, "dup to ");
	if (s->fwd.to)
		nft_print_expr(x, s->fwd.to, out);
	if (s->fwd.dev) {
		sbuf_puts(out, s->fwd.to ? " device " : "");
		nft_print_expr(x, s->fwd.dev, out);
	}
}

static void print_fwd(const struct nft_ctx *x, const struct nft_stmt *s, struct sbuf *out)
{
	if (s->fwd.to) {
		sbuf_printf(out, "fwd %s to ", s->fwd.family == NFPROTO_IPV6 ? "ip6" : "ip");
		nft_print_expr(x, s->fwd.to, out);
		sbuf_puts(out, " device ");
	} else {
		sbuf_puts(out, "fwd to ");
	}
	if (s->fwd.dev)
		nft_print_expr(x, s->fwd.dev, out);
}

static void print_queue(const struct nft_ctx *x, const struct nft_stmt *s, struct sbuf *out)
{
	sbuf_puts(out, "queue");
	if (!s->queue.num && x->o.exact) {
		sbuf_puts(out, s->queue.flags & NFT_QUEUE_FLAG_BYPASS ? " bypass" : "");
		sbuf_puts(out, s->queue.flags & NFT_QUEUE_FLAG_CPU_FANOUT ? " fanout" : "");
		return;
	}
	if (s->queue.flags)
		sbuf_printf(out, " flags %s%s%s", s->queue.flags & NFT_QUEUE_FLAG_BYPASS ? "bypass" : "",
			    s->queue.flags == (NFT_QUEUE_FLAG_BYPASS | NFT_QUEUE_FLAG_CPU_FANOUT) ? "," : "",
			    s->queue.flags & NFT_QUEUE_FLAG_CPU_FANOUT ? "fanout" : "");
	sbuf_puts(out, " to ");
	if (s->queue.num)
		nft_print_expr(x, s->queue.num, out);
	else
		sbuf_putc(out, '0');
}

static void print_synproxy(const struct nft_stmt *s, struct sbuf *out)
{
	uint32_t f = s->synproxy.flags;

	sbuf_puts(out, "synproxy");
	if (f & NF_SYNPROXY_OPT_MSS)
		sbuf_printf(out, " mss %u", s->synproxy.mss);
	if (f & NF_SYNPROXY_OPT_WSCALE)
		sbuf_printf(out, " wscale %u", s->synproxy.wscale);
	if (f & NF_SYNPROXY_OPT_TIMESTAMP)
		sbuf_puts(out, " timestamp");
	if (f & NF_SYNPROXY_OPT_SACK_PERM)
		sbuf_puts(out, " sack-perm");
}

/* ---- setting ---- */

/*
 * raw bits that are only cleared: the real tool, which looks for a field there, lists those that go instead of those that
 * stay; what is to be read again says what is meant
 */
static bool lists_cleared(const struct nft_ctx *x, const struct nft_stmt *s)
{
	const struct nft_expr *to = s->assign.to, *v = s->assign.val;

	return !x->o.exact && to->kind == NFT_X_PAYLOAD && to->payload.raw && v->kind == NFT_X_BINOP &&
	       v->bin.op == NFT_OP_AND && v->bin.l->kind == NFT_X_PAYLOAD && v->bin.l->payload.raw &&
	       v->bin.r->kind == NFT_X_VALUE;
}

static void print_cleared(const struct nft_ctx *x, const struct nft_expr *v, struct sbuf *out)
{
	struct nft_expr gone = *v->bin.r;
	uint8_t bytes[NFT_VALUE_MAX];

	for (uint32_t i = 0; i < gone.len_bits / 8 && i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)~v->bin.r->value.bytes[i];
	gone.value.bytes = bytes;
	nft_print_expr(x, v->bin.l, out);
	sbuf_puts(out, " & ");
	nft_print_expr(x, &gone, out);
}

static void print_assign(const struct nft_ctx *x, const struct nft_stmt *s, struct sbuf *out)
{
	const struct nft_expr *v = s->assign.val;
	bool list = s->assign.to->kind == NFT_X_CT && v->kind == NFT_X_VALUE && v->type && v->type->flags;

	nft_print_expr(x, s->assign.to, out);
	sbuf_puts(out, " set ");
	if (list)
		nft_flags_print(x, v->type, v, ",", out);
	else if (lists_cleared(x, s))
		print_cleared(x, v, out);
	else
		nft_print_expr(x, v, out);
}

static void print_set_stmt(const struct nft_ctx *x, const struct nft_stmt *s, struct sbuf *out)
{
	static const char *const ops[] = { [NFT_DYNSET_OP_ADD] = "add", [NFT_DYNSET_OP_UPDATE] = "update",
					   [NFT_DYNSET_OP_DELETE] = "delete" };

	if (s->set.meter) {
		sbuf_printf(out, "meter %s size %u ", s->set.meter, s->set.meter_size ? s->set.meter_size : 65535);
	} else {
		sbuf_printf(out, "%s ", ops[s->set.op]);
		nft_print_expr(x, s->set.ref, out);
		sbuf_putc(out, ' ');
	}
	sbuf_puts(out, "{ ");
	nft_print_expr(x, s->set.key, out);
	if (!list_empty(&s->set.stmts)) {
		struct nft_ctx quiet = *x;

		quiet.o.stateless = true;
		sbuf_putc(out, ' ');
		nft_print_stmts(&quiet, &s->set.stmts, out);
	}
	if (s->set.data) {
		sbuf_puts(out, " : ");
		nft_print_expr(x, s->set.data, out);
	}
	sbuf_puts(out, " }");
}

static void print_objref(const struct nft_ctx *x, const struct nft_stmt *s, struct sbuf *out)
{
	static const char *const words[] = {
		[NFT_OBJECT_COUNTER] = "counter name ", [NFT_OBJECT_QUOTA] = "quota name ", [NFT_OBJECT_LIMIT] = "limit name ",
		[NFT_OBJECT_CT_HELPER] = "ct helper set ", [NFT_OBJECT_CT_TIMEOUT] = "ct timeout set ",
		[NFT_OBJECT_CT_EXPECT] = "ct expectation set ", [NFT_OBJECT_SECMARK] = "meta secmark set ",
		[NFT_OBJECT_SYNPROXY] = "synproxy name ",
	};
	const struct nft_expr *n = s->objref.name;

	sbuf_puts(out, s->objref.type < (int)ARRAY_LEN(words) && words[s->objref.type] ? words[s->objref.type] : "");
	if (n->kind == NFT_X_SYMBOL)
		sbuf_printf(out, "\"%s\"", n->symbol.text);
	else
		nft_print_expr(x, n, out);
}

/* ---- any statement ---- */

static void print_now(const struct nft_ctx *x, const struct nft_stmt *s, struct sbuf *out)
{
	switch (s->kind) {
	case NFT_S_MATCH:
	case NFT_S_VERDICT:
		nft_print_expr(x, s->expr, out);
		return;
	case NFT_S_COUNTER:
		print_counter(x, s, out);
		return;
	case NFT_S_QUOTA:
		sbuf_puts(out, "quota ");
		nft_print_quota(&s->quota, x->o.stateless, out);
		return;
	case NFT_S_LIMIT:
		sbuf_puts(out, "limit ");
		nft_print_limit(&s->limit, out);
		return;
	case NFT_S_LAST:
		print_last(x, s, out);
		return;
	case NFT_S_CONNLIMIT:
		sbuf_printf(out, "ct count %s%u", s->connlimit.over ? "over " : "", s->connlimit.count);
		return;
	case NFT_S_LOG:
		print_log(s, out);
		return;
	case NFT_S_REJECT:
		print_reject(x, s, out);
		return;
	case NFT_S_NAT:
		print_nat(x, s, out);
		return;
	case NFT_S_TPROXY:
		print_tproxy(x, s, out);
		return;
	case NFT_S_SYNPROXY:
		print_synproxy(s, out);
		return;
	case NFT_S_DUP:
		print_dup(x, s, out);
		return;
	case NFT_S_FWD:
		print_fwd(x, s, out);
		return;
	case NFT_S_QUEUE:
		print_queue(x, s, out);
		return;
	case NFT_S_FLOW:
		sbuf_printf(out, "flow add @%s", s->flow.table);
		return;
	case NFT_S_NOTRACK:
		sbuf_puts(out, "notrack");
		return;
	case NFT_S_ASSIGN:
		print_assign(x, s, out);
		return;
	case NFT_S_OPTSTRIP:
		sbuf_puts(out, "reset ");
		nft_print_expr(x, s->expr, out);
		return;
	case NFT_S_SET:
		print_set_stmt(x, s, out);
		return;
	case NFT_S_OBJREF:
		print_objref(x, s, out);
		return;
	case NFT_S_XT:
		sbuf_puts(out, s->xt.text);
		return;
	default:
		return;
	}
}

void nft_print_stmt(const struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r, struct sbuf *out)
{
	bool counts = s->kind == NFT_S_COUNTER || s->kind == NFT_S_QUOTA || s->kind == NFT_S_LAST;
	struct nft_stmt now;
	const void *state;

	if (!r || !counts) {
		print_now(x, s, out);
		return;
	}
	now = *s;
	state = s->state >= 0 ? rule_state(r, s->state) : NULL;
	if (state) {
		nft_state_read((struct nft_ctx *)x, &now, state);
	} else if (s->kind == NFT_S_COUNTER) {
		now.counter.packets = r->packets;
		now.counter.bytes = r->bytes;
	}
	print_now(x, &now, out);
}

void nft_print_stmts(const struct nft_ctx *x, const struct list *stmts, struct sbuf *out)
{
	const struct nft_stmt *s;
	const char *sep = "";

	list_for_each(s, stmts, node) {
		sbuf_puts(out, sep);
		nft_print_stmt(x, s, NULL, out);
		sep = " ";
	}
}

/* ---- rules ---- */

void nft_print_handle(const struct nft_ctx *x, uint64_t handle, struct sbuf *out)
{
	if (x->o.handle)
		sbuf_printf(out, " # handle %llu", (unsigned long long)handle);
}

static void put_tabs(unsigned n, struct sbuf *out)
{
	while (n--)
		sbuf_putc(out, '\t');
}

static const struct nft_expr *anonymous_chain(const struct nft_stmt *s)
{
	if (s->kind != NFT_S_VERDICT || s->expr->kind != NFT_X_VERDICT)
		return NULL;
	return s->expr->verdict.rules ? s->expr : NULL;
}

/*
 * Rules of an anonymous chain: the engine's where there are such (the chain that the rule jumps to), else the tree's.
 * nft 1.0.6 lists them with one tab more than the rule has.
 */
static void print_tree_rule(struct nft_ctx *x, const struct nft_rule *t, const struct rule *r, unsigned tabs,
			    struct sbuf *out);

static void print_chain_rules(struct nft_ctx *x, const struct nft_expr *v, const struct rule *r, unsigned tabs,
			      struct sbuf *out)
{
	const struct chain *c = r && r->jump ? r->jump->verdict.chain : NULL;
	const struct nft_rule *in;
	unsigned i = 0;

	sbuf_printf(out, "%s {\n", v->verdict.v == NFT_V_JUMP ? "jump" : "goto");
	list_for_each(in, v->verdict.rules, node) {
		const struct rule *live = c && c->bound && i < c->n_rules ? c->rules[i] : NULL;

		put_tabs(tabs + 1, out);
		print_tree_rule(x, in, live, tabs + 1, out);
		sbuf_putc(out, '\n');
		i++;
	}
	put_tabs(tabs, out);
	sbuf_putc(out, '}');
}

static void print_tree_rule(struct nft_ctx *x, const struct nft_rule *t, const struct rule *r, unsigned tabs,
			    struct sbuf *out)
{
	const struct nft_stmt *s;
	const struct nft_expr *v;
	const char *sep = "";

	list_for_each(s, &t->stmts, node) {
		if (s->implied && !x->o.exact)
			continue;
		sbuf_puts(out, sep);
		v = anonymous_chain(s);
		if (v)
			print_chain_rules(x, v, r, tabs, out);
		else
			nft_print_stmt(x, s, r, out);
		sep = " ";
	}
	if (t->comment)
		sbuf_printf(out, " comment \"%s\"", t->comment);
}

void nft_print_rule_at(struct nft_ctx *x, const struct table *t, const struct rule *r, unsigned tabs, struct sbuf *out)
{
	bool owned = false;
	struct nft_rule *tree;

	x->family = t->family;
	tree = nft_rule_of(x, t, r, &owned);
	if (!tree)
		return;
	print_tree_rule(x, tree, r, tabs, out);
	nft_print_handle(x, r->handle, out);
	if (owned)
		nft_rule_free(tree);
}

void nft_print_rule(struct nft_ctx *x, const struct table *t, const struct rule *r, struct sbuf *out)
{
	nft_print_rule_at(x, t, r, 0, out);
}
