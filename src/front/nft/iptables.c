/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/iptables.c - rules that nft made, as iptables reads them: the other direction of foreign.c.
 *
 * Where it stands: on the way back from the engine; iptables' listings and -C and -D ask for it by ipt_view_of().
 *
 * Theory of operation: the real iptables-nft reads the kernel's expressions one after the other and keeps what it
 * knows: header, protocol, ports, flags, ICMP types, mark, packet type, TTL, rates, verdict. A lookup in a set says
 * nothing to it, so that such a comparison is not shown at all; an expression of a kind that it never makes renders the
 * chain incompatible; a place or key that it does not know ends the listing with an error. Here the same is read from the
 * rule's tree, as words of a command line, and that line is parsed as any other.
 *
 * Invariants
 *  1. What is read of a rule is kept with its form and dies with it; the rule itself is not changed.
 *
 * References: iptables 1.8.9's listings of nft 1.0.6's rules, recorded in tests/golden/nft/foreign.txt.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "front/iptables.h"
#include "front/nft/lower.h"

#define WORDS_MAX 192
#define MATCHES_MAX 24
#define ALL_FLAGS 0x3f

struct match {
	const char *name;		/* NULL: tcp or udp, by struct reading */
	const char *option;
	bool invert;
	char arg[64];
};

struct reading {
	uint8_t family;			/* AF_* */
	struct netns *ns;
	const char *error;		/* the reader's word on what it does not know */
	bool incompatible;
	struct { union inet_addr a; int plen; union inet_addr mask; bool have, invert; } addr[2];
	char iface[2][20];
	bool iface_invert[2];
	uint8_t proto;
	bool proto_invert;
	bool frag, frag_invert;
	struct match match[MATCHES_MAX];
	unsigned n_matches;
	bool have_ports;
	uint32_t port[2][2];
	bool port_set[2], port_invert[2];
	bool have_flags, flags_invert;
	uint8_t flags_mask, flags_cmp;
	const char *target;
	bool go;
	const struct nft_stmt *nflog;
};

/* one comparison, as the kernel has it */
struct cmp {
	const struct nft_expr *of;	/* payload or meta */
	const struct nft_expr *mask;	/* NULL: none */
	enum nft_op op;
	const struct nft_expr *value;	/* NULL: zero */
};

static void fail(struct reading *r, const char *text)
{
	if (!r->error)
		r->error = text;
}

static struct match *add_match(struct reading *r, const char *name, const char *option, bool invert, const char *fmt, ...)
	PRINTF_LIKE(5, 6);

static struct match *add_match(struct reading *r, const char *name, const char *option, bool invert, const char *fmt, ...)
{
	struct match *m = &r->match[r->n_matches];
	va_list ap;

	if (r->n_matches == MATCHES_MAX) {
		r->incompatible = true;
		return NULL;
	}
	*m = (struct match){ .name = name, .option = option, .invert = invert };
	va_start(ap, fmt);
	vsnprintf(m->arg, sizeof(m->arg), fmt, ap);
	va_end(ap);
	r->n_matches++;
	return m;
}

static uint64_t number(const struct nft_expr *v)
{
	return v ? nft_expr_u64(v) : 0;
}

/* ---- keys of packets ---- */

static void read_iface(struct reading *r, const struct cmp *c, bool out, bool by_index)
{
	char *to = r->iface[out];
	const struct nft_expr *v = c->value;
	const struct link *l = by_index ? link_by_index(&r->ns->links, (int)number(v)) : NULL;
	size_t n;

	r->iface_invert[out] = c->op == NFT_OP_NEQ;
	if (by_index) {
		snprintf(to, sizeof(r->iface[0]), "%s", l ? l->name : "");
		return;
	}
	n = MIN((v->len_bits + 7) / 8, 15);
	memcpy(to, v->value.bytes, n);
	to[n] = '\0';
	if (v->value.wildcard)
		strcpy(to + strlen(to), "+");
}

static void read_mark(struct reading *r, const struct cmp *c)
{
	bool invert = c->op == NFT_OP_NEQ;

	if (c->mask)
		add_match(r, "mark", "--mark", invert, "0x%x/0x%x", (unsigned)number(c->value), (unsigned)number(c->mask));
	else
		add_match(r, "mark", "--mark", invert, "0x%x", (unsigned)number(c->value));
}

static void read_pkttype(struct reading *r, const struct cmp *c)
{
	static const char *const names[] = { "unicast", "broadcast", "multicast" };
	uint64_t v = number(c->value);

	if (v < ARRAY_LEN(names))
		add_match(r, "pkttype", "--pkt-type", c->op == NFT_OP_NEQ, "%s", names[v]);
	else
		r->incompatible = true;
}

static void read_meta(struct reading *r, const struct cmp *c)
{
	switch (c->of->key) {
	case NFT_META_IIF:
	case NFT_META_OIF:
		read_iface(r, c, c->of->key == NFT_META_OIF, true);
		break;
	case NFT_META_IIFNAME:
	case NFT_META_OIFNAME:
		read_iface(r, c, c->of->key == NFT_META_OIFNAME, false);
		break;
	case NFT_META_L4PROTO:
		r->proto = (uint8_t)number(c->value);
		r->proto_invert = c->op == NFT_OP_NEQ;
		break;
	case NFT_META_MARK:
		read_mark(r, c);
		break;
	case NFT_META_PKTTYPE:
		read_pkttype(r, c);
		break;
	case NFT_META_PROTOCOL:
		if (number(c->value) == (r->family == AF_INET6 ? 0x86dd : 0x0800) && c->op != NFT_OP_NEQ)
			break;
		/* fall through */
	default:
		fail(r, r->family == AF_INET6 ? "unknown ipv6 meta key" : "unknown ipv4 meta key");
	}
}

/* ---- headers ---- */

static void read_addr(struct reading *r, const struct cmp *c, bool dst)
{
	unsigned n = r->family == AF_INET6 ? 16 : 4;
	const struct nft_expr *v = c->value;

	memset(&r->addr[dst], 0, sizeof(r->addr[0]));
	r->addr[dst].have = true;
	r->addr[dst].invert = c->op == NFT_OP_NEQ;
	r->addr[dst].plen = 8 * (int)n;
	if (v && v->kind == NFT_X_PREFIX) {
		r->addr[dst].plen = (int)v->prefix.len;
		v = v->prefix.a;
	}
	if (v && v->len_bits == 8 * n)
		memcpy(&r->addr[dst].a, v->value.bytes, n);
	if (c->mask && c->mask->len_bits == 8 * n) {
		memcpy(&r->addr[dst].mask, c->mask->value.bytes, n);
		r->addr[dst].plen = -1;
	}
}

static void read_ttl(struct reading *r, const struct cmp *c)
{
	bool v6 = r->family == AF_INET6;
	const char *name = v6 ? "hl" : "ttl";
	unsigned v = (unsigned)number(c->value);

	switch (c->op) {
	case NFT_OP_LT:
	case NFT_OP_LE:
		add_match(r, name, v6 ? "--hl-lt" : "--ttl-lt", false, "%u", v + (c->op == NFT_OP_LE));
		break;
	case NFT_OP_GT:
	case NFT_OP_GE:
		add_match(r, name, v6 ? "--hl-gt" : "--ttl-gt", false, "%u", v - (c->op == NFT_OP_GE));
		break;
	default:
		add_match(r, name, v6 ? "--hl-eq" : "--ttl-eq", c->op == NFT_OP_NEQ, "%u", v);
	}
}

static void read_network(struct reading *r, const struct cmp *c)
{
	bool v6 = r->family == AF_INET6;

	switch (c->of->payload.offset_bits / 8) {
	case 12:
	case 16:
		if (!v6)
			return read_addr(r, c, c->of->payload.offset_bits == 128);
		break;
	case 24:
		if (v6)
			return read_addr(r, c, true);
		break;
	case 9:
		if (v6)
			break;
		r->proto = (uint8_t)number(c->value);
		r->proto_invert = c->op == NFT_OP_NEQ;
		return;
	case 6:
		if (v6) {	/* the real tool reads the next header as a hop limit besides */
			r->proto = (uint8_t)number(c->value);
			r->proto_invert = c->op == NFT_OP_NEQ;
			return read_ttl(r, c);
		}
		r->frag = true;
		r->frag_invert = c->op == NFT_OP_EQ || c->op == NFT_OP_IMPLICIT;
		return;
	case 8:
		if (v6 && c->of->len_bits == 128)
			return read_addr(r, c, false);
		if (!v6)
			return read_ttl(r, c);
		break;
	case 7:
		if (v6)
			return read_ttl(r, c);
		break;
	default:
		break;
	}
	fail(r, "unknown payload offset");
}

/* ports and flags of a rule are one match, where the first of them stands */
static void begin_ports(struct reading *r)
{
	if (!r->have_ports)
		add_match(r, NULL, NULL, false, "%s", "");
	r->have_ports = true;
}

static void read_port(struct reading *r, const struct cmp *c, bool dst)
{
	uint32_t v = (uint32_t)number(c->value), *p = r->port[dst];

	begin_ports(r);
	if (!r->port_set[dst]) {
		p[0] = 0;
		p[1] = UINT16_MAX;
	}
	r->port_set[dst] = true;
	switch (c->op) {
	case NFT_OP_LT:
	case NFT_OP_LE:
		p[1] = v - (c->op == NFT_OP_LT && v);
		break;
	case NFT_OP_GT:
	case NFT_OP_GE:
		p[0] = v + (c->op == NFT_OP_GT && v < UINT16_MAX);
		break;
	default:
		p[0] = p[1] = v;
		r->port_invert[dst] = c->op == NFT_OP_NEQ;
	}
}

static void read_flags(struct reading *r, const struct cmp *c)
{
	begin_ports(r);
	r->have_flags = true;
	r->flags_invert = c->op == NFT_OP_NEQ;
	r->flags_mask = c->mask ? number(c->mask) & ALL_FLAGS : ALL_FLAGS;
	r->flags_cmp = number(c->value) & ALL_FLAGS;
}

static void read_icmp(struct reading *r, const struct cmp *c, unsigned at)
{
	bool v6 = r->family == AF_INET6;
	struct match *last = r->n_matches ? &r->match[r->n_matches - 1] : NULL;

	if (at > 1)
		return fail(r, "unexpected payload offset");
	if (at == 0) {
		add_match(r, v6 ? "icmp6" : "icmp", v6 ? "--icmpv6-type" : "--icmp-type", false, "%u",
			  (unsigned)number(c->value));
		return;
	}
	if (last && last->name && strncmp(last->name, "icmp", 4) == 0 && !strchr(last->arg, '/') && *last->arg != 'a') {
		size_t n = strlen(last->arg);

		snprintf(last->arg + n, sizeof(last->arg) - n, "/%u", (unsigned)number(c->value));
		return;
	}
	if (v6)
		return fail(r, "icmp6 code with any type match not supported");
	add_match(r, "icmp", "--icmp-type", false, "any");
}

static void read_transport(struct reading *r, const struct cmp *c)
{
	unsigned at = c->of->payload.offset_bits / 8, len = c->of->len_bits;

	switch (r->proto) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
		if ((at == 0 || at == 2) && len == 16)
			read_port(r, c, at == 2);
		else if (at == 13 && len == 8 && r->proto == IPPROTO_TCP)
			read_flags(r, c);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		read_icmp(r, c, at);
		break;
	default:
		fail(r, "unsupported layer 4 protocol value");
	}
}

static void read_cmp(struct reading *r, const struct cmp *c)
{
	if (r->error)
		return;
	if (c->of->kind == NFT_X_META)
		read_meta(r, c);
	else if (c->of->payload.base == NFT_PAYLOAD_NETWORK_HEADER)
		read_network(r, c);
	else if (c->of->payload.base == NFT_PAYLOAD_TRANSPORT_HEADER)
		read_transport(r, c);
	else
		fail(r, "unknown ipv4 meta key");
}

/* ---- expressions ---- */

/* integers in the host's order, of which bounds need an expression that iptables does not know */
static bool is_swapped(const struct nft_expr *e)
{
	const struct nft_key *k = e->kind == NFT_X_META ? nft_meta_by_key(e->key) : NULL;

	return k && k->bits > 8 && e->key != NFT_META_PROTOCOL && e->key != NFT_META_IIFNAME && e->key != NFT_META_OIFNAME;
}

/* only of kinds that iptables makes, too */
static bool is_known(const struct nft_expr *e)
{
	const struct nft_expr *part;

	switch (e->kind) {
	case NFT_X_PAYLOAD:
	case NFT_X_META:
		return true;
	case NFT_X_BINOP:
		return e->bin.op == NFT_OP_AND && e->bin.r->kind == NFT_X_VALUE && is_known(e->bin.l);
	case NFT_X_CONCAT:
		list_for_each(part, &e->list.list, node)
			if (!is_known(part))
				return false;
		return true;
	default:
		return false;
	}
}

static bool is_ordered(enum nft_op op)
{
	return op == NFT_OP_LT || op == NFT_OP_LE || op == NFT_OP_GT || op == NFT_OP_GE;
}

static void read_lookup(struct reading *r, const struct nft_expr *key, const struct nft_expr *set)
{
	const struct nft_set *d = set->kind == NFT_X_SETREF ? set->ref.desc : set->kind == NFT_X_SET ? set->set.desc : NULL;

	if (!is_known(key) || (is_swapped(key) && d && (d->flags & NFT_SET_INTERVAL)))
		r->incompatible = true;
}

static void read_range(struct reading *r, struct cmp *c)
{
	const struct nft_expr *range = c->value;

	if (is_swapped(c->of)) {
		r->incompatible = true;
		return;
	}
	if (c->op == NFT_OP_NEQ) {
		if (c->of->kind != NFT_X_PAYLOAD || c->of->payload.base != NFT_PAYLOAD_TRANSPORT_HEADER)
			return fail(r, "range with unknown payload base");
		c->op = NFT_OP_GE;
		c->value = range->bin.l;
		read_cmp(r, c);
		c->op = NFT_OP_LE;
		c->value = range->bin.r;
		read_cmp(r, c);
		if (r->have_ports)
			r->port_invert[c->of->payload.offset_bits != 0] = true;
		return;
	}
	c->op = NFT_OP_GE;
	c->value = range->bin.l;
	read_cmp(r, c);
	c->op = NFT_OP_LE;
	c->value = range->bin.r;
	read_cmp(r, c);
}

/* flags on the left without an operator: is one of them set; with "!": is none */
static void read_bits(struct reading *r, struct cmp *c)
{
	c->mask = c->value;
	c->value = NULL;
	c->op = c->op == NFT_OP_NOT ? NFT_OP_EQ : NFT_OP_NEQ;
	read_cmp(r, c);
}

/* an element that is the only one of its set is compared with */
static const struct nft_expr *alone(const struct nft_expr *set)
{
	const struct nft_expr *e;

	if (set->kind != NFT_X_SET || set->set.n != 1)
		return set;
	e = list_first(&set->set.list, struct nft_expr, node);
	return e->kind == NFT_X_ELEM && e->elem.key->kind == NFT_X_VALUE ? e->elem.key : set;
}

static void read_rel(struct reading *r, const struct nft_expr *e)
{
	const struct nft_expr *right = e->kind == NFT_X_REL ? alone(e->bin.r) : NULL;
	struct cmp c = { .op = e->bin.op, .value = right };

	if (!right) {
		r->incompatible = true;
		return;
	}
	if (right->kind == NFT_X_SET || right->kind == NFT_X_SETREF)
		return read_lookup(r, e->bin.l, right);
	c.of = e->bin.l;
	if (!is_known(c.of) || c.of->kind == NFT_X_CONCAT) {
		r->incompatible = true;
		return fail(r, "cmp sreg undef");
	}
	if (c.of->kind == NFT_X_BINOP) {
		c.mask = c.of->bin.r;
		c.of = c.of->bin.l;
	}
	if (right->kind == NFT_X_RANGE)
		return read_range(r, &c);
	if (right->kind != NFT_X_VALUE && right->kind != NFT_X_PREFIX) {
		r->incompatible = true;
		return;
	}
	if (is_ordered(c.op) && is_swapped(c.of))
		r->incompatible = true;
	else if (c.op == NFT_OP_NOT || (c.op == NFT_OP_IMPLICIT && !c.mask && c.of->kind == NFT_X_PAYLOAD &&
				       c.of->payload.base == NFT_PAYLOAD_TRANSPORT_HEADER && r->proto == IPPROTO_TCP &&
				       c.of->payload.offset_bits == 104))
		read_bits(r, &c);
	else
		read_cmp(r, &c);
}

/* ---- statements ---- */

static void read_limit(struct reading *r, const struct nft_limit *l)
{
	const char *unit = l->unit_s == 1 ? "second" : l->unit_s == 60 ? "minute" : l->unit_s == 3600 ? "hour" : "day";

	if (l->bytes || l->over || l->unit_s > 86400) {
		r->incompatible = true;
		return;
	}
	add_match(r, "limit", "--limit", false, "%llu/%s", (unsigned long long)l->rate, unit);
	add_match(r, "", "--limit-burst", false, "%u", l->burst);
}

static void read_verdict(struct reading *r, const struct nft_expr *e)
{
	if (e->kind == NFT_X_MAP)
		return read_lookup(r, e->bin.l, e->bin.r);
	r->nflog = NULL;
	r->go = false;
	switch (e->kind == NFT_X_VERDICT ? e->verdict.v : NFT_V_QUEUE) {
	case NFT_V_ACCEPT:
		r->target = "ACCEPT";
		break;
	case NFT_V_DROP:
		r->target = "DROP";
		break;
	case NFT_V_RETURN:
		r->target = "RETURN";
		break;
	case NFT_V_JUMP:
	case NFT_V_GOTO:
		r->target = nft_verdict_chain(e);
		r->go = e->verdict.v == NFT_V_GOTO;
		if (!r->target)		/* a chain without a name */
			r->incompatible = true;
		break;
	case NFT_V_CONTINUE:
		break;
	default:
		r->incompatible = true;
	}
}

static void read_assign(struct reading *r, const struct nft_stmt *s)
{
	const struct nft_expr *to = s->assign.to;

	if (to->kind == NFT_X_META && to->key == NFT_META_NFTRACE) {
		if (s->assign.val->kind == NFT_X_VALUE && number(s->assign.val))
			r->target = "TRACE";
		else
			fail(r, "trace is cleared");
	} else if (to->kind == NFT_X_META) {
		fail(r, "meta sreg key not supported");
	} else if (to->kind != NFT_X_PAYLOAD) {
		r->incompatible = true;
	}
}

static void read_stmt(struct reading *r, const struct nft_stmt *s)
{
	switch (s->kind) {
	case NFT_S_COUNTER:
		break;
	case NFT_S_MATCH:
		read_rel(r, s->expr);
		break;
	case NFT_S_VERDICT:
		read_verdict(r, s->expr);
		break;
	case NFT_S_LIMIT:
		read_limit(r, &s->limit);
		break;
	case NFT_S_LOG:
		if (s->log.have & NFT_LOG_HAVE_GROUP)
			r->nflog = s;
		else
			r->incompatible = true;
		break;
	case NFT_S_ASSIGN:
		read_assign(r, s);
		break;
	default:
		r->incompatible = true;
	}
}

/* ---- words ---- */

struct words {
	struct sbuf text;		/* each with its NUL */
	unsigned n;
};

static void word(struct words *w, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void word(struct words *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	sbuf_vprintf(&w->text, fmt, ap);
	va_end(ap);
	sbuf_putc(&w->text, '\0');
	w->n++;
}

static void put_addr(struct words *w, const struct reading *r, bool dst)
{
	char text[ADDR_STRLEN], mask[ADDR_STRLEN];

	if (!r->addr[dst].have)
		return;
	if (r->addr[dst].invert)
		word(w, "!");
	word(w, "-%c", dst ? 'd' : 's');
	addr_fmt(text, r->family, &r->addr[dst].a);
	if (r->addr[dst].plen >= 0)
		word(w, "%s/%d", text, r->addr[dst].plen);
	else
		word(w, "%s/%s", text, addr_fmt(mask, r->family, &r->addr[dst].mask));
}

static void put_flags(struct words *w, uint8_t flags)
{
	static const char *const names[] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG" };
	char text[40] = "";

	for (unsigned i = 0; i < ARRAY_LEN(names); i++)
		if (flags & 1u << i)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", *text ? "," : "", names[i]);
	word(w, "%s", *text ? text : "NONE");
}

static void put_ports(struct words *w, const struct reading *r)
{
	word(w, "-m");
	word(w, "%s", r->proto == IPPROTO_TCP ? "tcp" : "udp");
	for (int dst = 0; dst < 2; dst++) {
		if (!r->port_set[dst])
			continue;
		if (r->port_invert[dst])
			word(w, "!");
		word(w, dst ? "--dport" : "--sport");
		word(w, "%u:%u", r->port[dst][0], r->port[dst][1]);
	}
	if (!r->have_flags)
		return;
	if (r->flags_invert)
		word(w, "!");
	word(w, "--tcp-flags");
	put_flags(w, r->flags_mask);
	put_flags(w, r->flags_cmp);
}

static void put_match(struct words *w, const struct reading *r, const struct match *m)
{
	if (!m->name)
		return put_ports(w, r);
	if (*m->name) {
		word(w, "-m");
		word(w, "%s", m->name);
	}
	if (m->invert)
		word(w, "!");
	word(w, "%s", m->option);
	word(w, "%s", m->arg);
}

static void put_nflog(struct words *w, const struct nft_stmt *s)
{
	const struct nft_expr *p = s->log.prefix;

	word(w, "-j");
	word(w, "NFLOG");
	if (p && p->kind == NFT_X_VALUE) {
		word(w, "--nflog-prefix");
		word(w, "%.*s", (int)(p->len_bits / 8), (const char *)p->value.bytes);
	} else if (p && p->kind == NFT_X_SYMBOL) {
		word(w, "--nflog-prefix");
		word(w, "%s", p->symbol.text);
	}
	word(w, "--nflog-group");
	word(w, "%u", s->log.group);
	if (s->log.have & NFT_LOG_HAVE_SNAPLEN) {
		word(w, "--nflog-size");
		word(w, "%u", s->log.snaplen);
	}
	if (s->log.have & NFT_LOG_HAVE_QTHRESHOLD) {
		word(w, "--nflog-threshold");
		word(w, "%u", s->log.qthreshold);
	}
}

static void put_header(struct words *w, const struct reading *r)
{
	put_addr(w, r, false);
	put_addr(w, r, true);
	for (int out = 0; out < 2; out++) {
		if (!*r->iface[out])
			continue;
		if (r->iface_invert[out])
			word(w, "!");
		word(w, out ? "-o" : "-i");
		word(w, "%s", r->iface[out]);
	}
	if (r->proto) {
		if (r->proto_invert)
			word(w, "!");
		word(w, "-p");
		word(w, "%u", r->proto);
	}
	if (r->frag) {
		if (r->frag_invert)
			word(w, "!");
		word(w, "-f");
	}
}

static void put_words(struct words *w, const struct reading *r, const char *comment)
{
	word(w, "iptables");
	word(w, "-A");
	word(w, "x");		/* no chain has a say in how a rule is read */
	put_header(w, r);
	for (unsigned i = 0; i < r->n_matches; i++)
		put_match(w, r, &r->match[i]);
	if (comment) {
		word(w, "-m");
		word(w, "comment");
		word(w, "--comment");
		word(w, "%s", comment);
	}
	if (r->nflog) {
		put_nflog(w, r->nflog);
	} else if (r->target) {
		word(w, r->go ? "-g" : "-j");
		word(w, "%s", r->target);
	}
}

/* the rule that a command line of these words would make; NULL: iptables has none */
static struct ipt_rule *parse_words(struct words *w, uint8_t family)
{
	struct cmd quiet = { 0 };
	struct ipt_ctx x = { .c = &quiet, .tool = "iptables", .family = family };
	struct ipt_line l = { .x = &x, .table = "filter" };
	struct ipt_rule *made = NULL;
	char *argv[WORDS_MAX + 1], *at = w->text.data;

	if (w->text.failed || w->n > WORDS_MAX)
		return NULL;
	for (unsigned i = 0; i < w->n; i++, at += strlen(at) + 1)
		argv[i] = at;
	argv[w->n] = NULL;
	l.last = &l.first;
	if (ipt_parse(&l, (int)w->n, argv) == IPT_OK && l.first && !l.first->next) {
		made = l.first->rule;
		l.first->rule = NULL;
	}
	ipt_cmd_free(l.first);
	sbuf_free(&quiet.out);
	sbuf_free(&quiet.err);
	return made;
}

static void read_rule(struct nft_rule_form *f)
{
	struct reading r = { .family = f->family == NFPROTO_IPV6 ? AF_INET6 : AF_INET, .ns = f->ns };
	struct words w = { .text = SBUF_INIT };
	const struct nft_stmt *s;

	list_for_each(s, &f->rule->stmts, node)
		read_stmt(&r, s);
	f->ipt.incompatible = r.incompatible;
	f->ipt.error = r.error;
	if (r.error)
		return;
	put_words(&w, &r, f->rule->comment);
	f->ipt.rule = parse_words(&w, r.family);
	if (!f->ipt.rule)
		f->ipt.incompatible = true;
	sbuf_free(&w.text);
}

const struct ipt_view *nft_rule_as_ipt(const struct rule *r)
{
	struct nft_rule_form *f;

	if (!r->form || r->form->ops != &nft_rule_form_ops)
		return NULL;
	f = container_of(r->form, struct nft_rule_form, form);
	if (!f->ns)
		return NULL;
	if (!f->ipt.rule && !f->ipt.error && !f->ipt.incompatible)
		read_rule(f);
	return &f->ipt;
}
