/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/iptables_make.c - from a command line that was read to commands: what must hold for the whole of it, its
 * addresses, and a rule for each pair of them.
 *
 * Invariants
 *  1. The checks come in the order of the real tool's, so that of several mistakes the same one is told.
 */
#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "front/iptables_line.h"

/* ---- addresses ---- */

/* one to four numbers with dots between; @all: four are wanted */
static bool dotted(const char *t, bool all, union inet_addr *a)
{
	char part[16];
	unsigned i = 0;

	*a = (union inet_addr){ 0 };
	for (;; i++) {
		size_t n = strcspn(t, ".");
		unsigned long long v;

		if (i > 3 || n == 0 || n >= sizeof(part))
			return false;
		memcpy(part, t, n);
		part[n] = '\0';
		if (!line_number(part, 0, 255, &v))
			return false;
		a->b[i] = (uint8_t)v;
		if (!t[n])
			return !all || i == 3;
		t += n + 1;
	}
}

/* a mask written as an address */
static bool mask_words(uint8_t family, const char *t, union inet_addr *mask)
{
	return family == AF_INET6 ? addr_parse(AF_INET6, t, mask) == 0 : dotted(t, true, mask);
}

/* a number, not a name */
static bool addr_words(uint8_t family, const char *t, union inet_addr *a)
{
	return family == AF_INET6 ? addr_parse(AF_INET6, t, a) == 0 : dotted(t, false, a);
}

static int parse_mask(struct line_state *s, const char *t, union inet_addr *mask)
{
	unsigned long long bits = addr_bits(s->x->family);

	if (t && !mask_words(s->x->family, t, mask)) {
		if (!line_number(t, 0, bits, &bits))
			return ipt_fail(s->x, IPT_PARAM, "invalid mask `%s' specified", t);
		t = NULL;
	}
	if (!t)
		*mask = addr_mask(s->x->family, (unsigned)bits);
	return IPT_OK;
}

struct addr_list {
	unsigned n;
	struct {
		union inet_addr a, mask;
	} *v;
};

static int add_addr(struct line_state *s, struct addr_list *list, char *text)
{
	char *slash = strrchr(text, '/');
	union inet_addr a = { 0 }, mask;
	int status;
	void *grown;

	if (slash)
		*slash = '\0';
	status = parse_mask(s, slash ? slash + 1 : NULL, &mask);
	if (status)
		return status;
	if (!addr_is_any(&mask) && !addr_words(s->x->family, text, &a) && ipt_host_addr(s->x->c, s->x->family, text, &a) < 0)
		return ipt_fail(s->x, IPT_PARAM, "host/network `%s' not found", text);
	if (list->n >= IPT_ADDRS_MAX)
		return ipt_fail(s->x, IPT_PARAM, "more than %u addresses", IPT_ADDRS_MAX);
	grown = mem_realloc(list->v, (list->n + 1) * sizeof(*list->v));
	if (!grown)
		return line_no_memory(s->x);
	list->v = grown;
	list->v[list->n].a = addr_and(&a, &mask);
	list->v[list->n++].mask = mask;
	return IPT_OK;
}

static int parse_addrs(struct line_state *s, const char *text, struct addr_list *list)
{
	int status = IPT_OK;

	if (!text)
		text = s->x->family == AF_INET6 ? "::/0" : "0.0.0.0/0";
	while (status == IPT_OK) {
		const char *end;
		char one[256];
		size_t n;

		while (isspace((unsigned char)*text))
			text++;
		end = strchrnul(text, ',');
		n = (size_t)(end - text);
		if (n >= sizeof(one))
			return ipt_fail(s->x, IPT_PARAM, "Hostname too long");
		memcpy(one, text, n);
		one[n] = '\0';
		status = add_addr(s, list, one);
		if (!*end)
			break;
		text = end + 1;
	}
	return status;
}

/* ---- what must hold for the whole line ---- */

/* an option that none of the commands takes */
static int check_options(struct line_state *s)
{
	uint32_t legal = 0;

	for (unsigned k = 0; k < ARRAY_LEN(ipt_cmd_info); k++)
		if (s->cmds & WITH(k))
			legal |= ipt_cmd_info[k].options;
	for (unsigned i = 0; i < ARRAY_LEN(ipt_opt_info); i++)
		if (s->options & ~legal & (1u << i))
			return ipt_fail(s->x, IPT_PARAM, "Illegal option `-%c' with this command",
					ipt_opt_info[i].letter);
	return IPT_OK;
}

static int check_chain(struct line_state *s)
{
	const char *c = s->chain;
	int status = IPT_OK;

	if (!c)
		return IPT_OK;
	if (strlen(c) > IPT_NAME_MAX)
		return ipt_fail(s->x, IPT_PARAM, "chain name `%s' too long (must be under %u chars)", c,
				IPT_NAME_MAX + 1);
	if (!(s->cmds & RULE_CMDS))
		return IPT_OK;
	if ((s->options & O_OUT) && (strcmp(c, "PREROUTING") == 0 || strcmp(c, "INPUT") == 0))
		status = ipt_fail(s->x, IPT_PARAM, "Can't use -o with %s\n", c);
	else if ((s->options & O_IN) && (strcmp(c, "POSTROUTING") == 0 || strcmp(c, "OUTPUT") == 0))
		status = ipt_fail(s->x, IPT_PARAM, "Can't use -i with %s\n", c);
	if (status)
		line_hint_interface(s);
	return status;
}

static int check_line(struct line_state *s)
{
	int status;

	if (s->wait_interval && !s->wait)
		return ipt_fail(s->x, IPT_PARAM, "--wait-interval only makes sense with --wait\n");
	if (strcmp(s->l->table, "nat") == 0 &&
	    ((s->arg && strcmp(s->arg, "DROP") == 0) || strcmp(s->rule.jump, "DROP") == 0))
		return ipt_fail(s->x, IPT_PARAM,
				"\nThe \"nat\" table is not intended for filtering, the use of DROP is therefore "
				"inhibited.\n\n");
	status = line_check_exts(s);
	if (status)
		return status;
	if (s->scan.next < s->scan.argc)
		return ipt_fail(s->x, IPT_PARAM, "unknown arguments found on commandline");
	if (!s->cmds)
		return ipt_fail(s->x, IPT_PARAM, "no command specified");
	if (s->invert)
		return ipt_fail(s->x, IPT_PARAM, "nothing appropriate following !");
	return IPT_OK;
}

static int check_addrs(struct line_state *s, const struct addr_list *src, const struct addr_list *dst)
{
	if ((src->n > 1 || dst->n > 1) && (s->rule.inv & (IPT_INV_SRC | IPT_INV_DST)))
		return ipt_fail(s->x, IPT_PARAM, "! not allowed with multiple source or destination IP addresses");
	if ((s->cmds & WITH(IPT_REPLACE)) && (src->n != 1 || dst->n != 1))
		return ipt_fail(s->x, IPT_PARAM, "Replacement rule does not specify a unique address");
	return IPT_OK;
}

/* ---- commands out of a line ---- */

static struct ipt_cmd *add_cmd(struct line_state *s, enum ipt_cmd_kind kind)
{
	struct ipt_cmd *c = mem_zalloc(sizeof(*c));

	if (!c)
		return NULL;
	c->kind = kind;
	c->table = s->l->table;
	c->num = s->num;
	c->verbose = s->l->verbose;
	c->line = s->x->line;
	c->beside_list = s->cmds & (WITH(IPT_LIST) | WITH(IPT_LIST_RULES));
	c->format = (s->options & O_NUMERIC ? IPT_F_NUMERIC : 0) | (s->options & O_EXACT ? IPT_F_EXACT : 0) |
		    (s->options & O_LINENUM ? IPT_F_LINENUM : 0);
	c->have_counters = s->have_counters;
	c->packets = s->packets;
	c->bytes = s->bytes;
	*s->l->last = c;
	s->l->last = &c->next;
	if ((s->chain && !(c->chain = mem_strdup(s->chain))) || (s->arg && !(c->arg = mem_strdup(s->arg))))
		return NULL;
	return c;
}

static int add_rules(struct line_state *s, enum ipt_cmd_kind kind, const struct addr_list *src,
		     const struct addr_list *dst)
{
	for (unsigned i = 0; i < src->n; i++)
		for (unsigned j = 0; j < dst->n; j++) {
			struct ipt_cmd *c = add_cmd(s, kind);

			if (!c || !(c->rule = ipt_rule_dup(&s->rule)))
				return line_no_memory(s->x);
			c->rule->src = src->v[i].a;
			c->rule->smask = src->v[i].mask;
			c->rule->dst = dst->v[j].a;
			c->rule->dmask = dst->v[j].mask;
		}
	return IPT_OK;
}

static int rule_commands(struct line_state *s, enum ipt_cmd_kind kind)
{
	struct addr_list src = { 0 }, dst = { 0 };
	int status = parse_addrs(s, s->src, &src);

	if (!status)
		status = parse_addrs(s, s->dst, &dst);
	if (!status)
		status = check_addrs(s, &src, &dst);
	if (!status)
		status = check_options(s);
	if (!status)
		status = check_chain(s);
	if (!status)
		status = add_rules(s, kind, &src, &dst);
	mem_free(src.v);
	mem_free(dst.v);
	return status;
}

static int make_commands(struct line_state *s)
{
	static const enum ipt_cmd_kind order[] = { IPT_DELETE_NUM, IPT_LIST, IPT_LIST_RULES, IPT_FLUSH,  IPT_ZERO,
						   IPT_ZERO_NUM,   IPT_NEW,  IPT_DEL_CHAIN,  IPT_RENAME, IPT_POLICY };
	int status;

	for (unsigned k = 0; k < ARRAY_LEN(ipt_cmd_info); k++)
		if (s->cmds & WITH(k) & RULE_CMDS)
			return rule_commands(s, k);
	status = check_options(s);
	if (!status)
		status = check_chain(s);
	for (size_t i = 0; !status && i < ARRAY_LEN(order); i++)
		if ((s->cmds & WITH(order[i])) && !add_cmd(s, order[i]))
			status = line_no_memory(s->x);
	return status;
}

int line_make(struct line_state *s)
{
	int status = check_line(s);

	if (status)
		return status;
	return ipt_tail_merge(s->tail) < 0 ? line_no_memory(s->x) : make_commands(s);
}
