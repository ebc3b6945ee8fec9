/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/exec_object.c - named objects and flowtables: adding and deleting.
 *
 * Where it stands: on the rule's way, beside exec.c.
 *
 * References: rules/object.h; nft(8) STATEFUL OBJECTS, FLOWTABLES.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "front/nft/exec.h"
#include "front/nft/lower.h"
#include "front/nft/state.h"
#include "rules/fn.h"

int nft_object_type(enum nft_what what)
{
	switch (what) {
	case NFT_W_COUNTER: case NFT_W_COUNTERS:
		return NFT_OBJECT_COUNTER;
	case NFT_W_QUOTA: case NFT_W_QUOTAS:
		return NFT_OBJECT_QUOTA;
	case NFT_W_LIMIT: case NFT_W_LIMITS:
		return NFT_OBJECT_LIMIT;
	case NFT_W_CT_HELPER: case NFT_W_CT_HELPERS:
		return NFT_OBJECT_CT_HELPER;
	case NFT_W_CT_TIMEOUT: case NFT_W_CT_TIMEOUTS:
		return NFT_OBJECT_CT_TIMEOUT;
	case NFT_W_CT_EXPECT: case NFT_W_CT_EXPECTS:
		return NFT_OBJECT_CT_EXPECT;
	case NFT_W_SYNPROXY: case NFT_W_SYNPROXYS:
		return NFT_OBJECT_SYNPROXY;
	case NFT_W_SECMARK: case NFT_W_SECMARKS:
		return NFT_OBJECT_SECMARK;
	default:
		return 0;
	}
}

/* ---- parameters ---- */

/* states of a ct timeout policy, in the order of the kernel's attributes */
static const char *const tcp_states[] = { "syn_sent", "syn_recv", "established", "fin_wait", "close_wait", "last_ack",
					  "time_wait", "close", "syn_sent2", "retrans", "unack", NULL };
static const char *const udp_states[] = { "unreplied", "replied", NULL };

const char *const *nft_timeout_states(uint8_t l4)
{
	return l4 == IPPROTO_TCP ? tcp_states : udp_states;
}

/* what the kernel has without a policy is not listed */
bool nft_timeout_usual(uint8_t l4, unsigned state, uint32_t s)
{
	static const uint32_t tcp[] = { 120, 60, 432000, 120, 60, 30, 120, 10, 120, 300, 300 }, udp[] = { 30, 120 };

	return s == (l4 == IPPROTO_TCP ? tcp[state] : udp[state]);
}

static bool put_timeouts(struct nft_ctx *x, const struct nft_object *o, struct object_ct_timeout *to)
{
	const char *const *names = nft_timeout_states(o->ct_timeout.l4);
	const struct nft_timeout_policy *p;

	to->l3proto = o->ct_timeout.l3;
	to->l4proto = o->ct_timeout.l4;
	list_for_each(p, &o->ct_timeout.policies, node) {
		unsigned i = 0;

		while (names[i] && strcmp(names[i], p->state) != 0)
			i++;
		if (!names[i] || !to->l4proto) {
			nft_err(x, &p->loc, to->l4proto ? "invalid state name" : "invalid state for this protocol");
			return false;
		}
		to->timeout_s[i] = p->s;
		to->set |= 1u << i;
	}
	return true;
}

static bool put_function(struct ir_object *to, const struct nft_object *o)
{
	struct fn_counter c = { .packets = o->counter.packets, .bytes = o->counter.bytes };
	struct fn_nft_quota q = { .quota = o->quota.bytes, .consumed = o->quota.used,
				  .invert = o->type == NFT_OBJECT_QUOTA && o->quota.over };
	struct fn_limit l = { .rate = o->limit.rate, .unit_s = o->limit.unit_s, .burst = o->limit.burst,
			      .bytes = o->type == NFT_OBJECT_LIMIT && o->limit.bytes,
			      .invert = o->type == NFT_OBJECT_LIMIT && o->limit.over };

	if (o->type == NFT_OBJECT_COUNTER) {
		to->fn = &fn_counter;
		to->data = mem_dup(&c, sizeof(c));
	} else if (o->type == NFT_OBJECT_QUOTA) {
		to->fn = &fn_nft_quota;
		to->data = mem_dup(&q, sizeof(q));
	} else {
		to->fn = &fn_limit;
		to->data = mem_dup(&l, sizeof(l));
	}
	return to->data;
}

static bool object_of(struct nft_ctx *x, const struct nft_object *o, struct ir_object *to)
{
	memset(to, 0, sizeof(*to));
	snprintf(to->name, sizeof(to->name), "%s", o->name);
	to->type = o->type;
	to->comment = o->comment;
	switch (o->type) {
	case NFT_OBJECT_CT_HELPER:
		snprintf(to->ct_helper.helper, sizeof(to->ct_helper.helper), "%s", o->ct_helper.type ? o->ct_helper.type : "");
		to->ct_helper.l3proto = o->ct_helper.l3;
		to->ct_helper.l4proto = o->ct_helper.l4;
		return true;
	case NFT_OBJECT_CT_TIMEOUT:
		return put_timeouts(x, o, &to->ct_timeout);
	case NFT_OBJECT_CT_EXPECT:
		to->ct_expect.l3proto = o->ct_expect.l3;
		to->ct_expect.l4proto = o->ct_expect.l4;
		to->ct_expect.dport = htons(o->ct_expect.dport);
		to->ct_expect.timeout_ms = o->ct_expect.timeout_ms;
		to->ct_expect.size = o->ct_expect.size;
		return true;
	case NFT_OBJECT_SYNPROXY:
		to->synproxy.mss = o->synproxy.mss;
		to->synproxy.wscale = o->synproxy.wscale;
		to->synproxy.flags = o->synproxy.flags;
		return true;
	case NFT_OBJECT_SECMARK:
		snprintf(to->secmark.ctx, sizeof(to->secmark.ctx), "%s", o->secmark.ctx);
		return true;
	default:
		x->oom |= !put_function(to, o);
		return !x->oom;
	}
}

/* ---- objects ---- */

/* the kernel's conntrack helpers: by name, transport, and whether they speak IPv6 */
static bool helper_known(const struct object_ct_helper *h)
{
	static const struct { const char *name; uint8_t l4; bool v6; } known[] = {
		{ "ftp", IPPROTO_TCP, true }, { "tftp", IPPROTO_UDP, true }, { "sip", IPPROTO_UDP, true },
		{ "sip", IPPROTO_TCP, true }, { "irc", IPPROTO_TCP, false }, { "amanda", IPPROTO_UDP, true },
		{ "RAS", IPPROTO_UDP, true }, { "Q.931", IPPROTO_TCP, true }, { "H.245", IPPROTO_TCP, true },
		{ "netbios-ns", IPPROTO_UDP, false }, { "pptp", IPPROTO_TCP, false }, { "sane", IPPROTO_TCP, true },
		{ "snmp", IPPROTO_UDP, false }, { "snmp_trap", IPPROTO_UDP, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].name, h->helper) == 0 && known[i].l4 == h->l4proto)
			return h->l3proto != NFPROTO_IPV6 || known[i].v6;
	return false;
}

/* those of other types that are there stay as they are when they are added again */
static bool can_change(int type)
{
	return type == NFT_OBJECT_QUOTA || type == NFT_OBJECT_SYNPROXY;
}

static uint8_t other_family(uint8_t family)
{
	return family == NFPROTO_IPV4 ? NFPROTO_IPV6 : family == NFPROTO_IPV6 ? NFPROTO_IPV4 : NFPROTO_UNSPEC;
}

static bool add_object(struct nft_ctx *x, struct nft_cmd *cmd)
{
	struct table *t = nft_table_asked(x, cmd);
	struct ir_object o, *have;

	if (!t || !object_of(x, cmd->object, &o))
		return false;
	if ((o.type == NFT_OBJECT_LIMIT && !nft_limit_fits(&cmd->object->limit)) ||
	    (o.type == NFT_OBJECT_QUOTA && !nft_quota_fits(&cmd->object->quota))) {
		mem_free(o.data);
		return nft_refused(x, cmd, NULL, -EOVERFLOW);
	}
	if (t->family == NFPROTO_INET && o.type == NFT_OBJECT_CT_EXPECT && !o.ct_expect.l3proto)
		return nft_refused(x, cmd, NULL, -EAFNOSUPPORT);
	if (o.type == NFT_OBJECT_CT_HELPER && !o.ct_helper.helper[0])
		return nft_refused(x, cmd, NULL, -ERANGE);
	if (o.type == NFT_OBJECT_CT_HELPER && o.ct_helper.l3proto && o.ct_helper.l3proto == other_family(t->family))
		return nft_refused(x, cmd, NULL, -EINVAL);
	have = table_object(t, o.type, cmd->h.name);
	if (have && cmd->op == NFT_C_CREATE) {
		mem_free(o.data);
		return nft_refused(x, cmd, &cmd->h.name_loc, -EEXIST);
	}
	if (have && !can_change(o.type)) {
		mem_free(o.data);
		return true;
	}
	if (have) {
		int err = txn_object_update(x->txn, have, &o);

		return !err || nft_refused(x, cmd, &cmd->h.name_loc, err);
	}
	if (o.type == NFT_OBJECT_CT_HELPER && !helper_known(&o.ct_helper))
		return nft_refused(x, cmd, NULL, -ENOENT);
	return txn_object_add(x->txn, t, &o) || nft_refused(x, cmd, &cmd->h.name_loc, -errno);
}

static bool delete_object(struct nft_ctx *x, struct nft_cmd *cmd)
{
	const struct nft_loc *loc = cmd->h.name ? &cmd->h.name_loc : &cmd->h.handle_loc;
	struct table *t = nft_table_of(x, cmd);
	int type = nft_object_type(cmd->what), err;
	struct ir_object *o = t && cmd->h.name ? table_object(t, type, cmd->h.name) : NULL;

	if (!t)
		return false;
	if (!cmd->h.name)
		o = table_object_by_handle(t, type, cmd->h.handle);
	if (!o)
		return nft_refused(x, cmd, loc, -ENOENT);
	err = txn_object_del(x->txn, t, o);
	return !err || nft_refused(x, cmd, loc, err);
}

bool nft_exec_object(struct nft_ctx *x, struct nft_cmd *cmd)
{
	if (cmd->op == NFT_C_DELETE || cmd->op == NFT_C_DESTROY)
		return delete_object(x, cmd);
	return add_object(x, cmd);
}

/* ---- flowtables ---- */

/* devices as a NULL-terminated array of borrowed names */
static char **devices(const struct nft_flowtable *f)
{
	char **dev = mem_zalloc((f->dev.n + 1) * sizeof(*dev));

	for (unsigned i = 0; dev && i < f->dev.n; i++)
		dev[i] = f->dev.dev[i];
	return dev;
}

static bool add_flowtable(struct nft_ctx *x, struct nft_cmd *cmd)
{
	const struct nft_flowtable *s = cmd->flowtable;
	struct table *t = nft_table_of(x, cmd);
	struct flowtable f = { .hook = NF_NETDEV_INGRESS, .priority = s->prio.num, .flags = s->flags,
			       .counter = s->counter }, *have;
	char **dev;
	int err = 0;

	if (!t)
		return false;
	dev = devices(s);
	if (!dev)
		return nft_refused(x, cmd, NULL, -ENOMEM);
	snprintf(f.name, sizeof(f.name), "%s", cmd->h.name);
	have = table_flowtable(t, f.name);
	f.dev = dev;
	if (have && cmd->op == NFT_C_CREATE)
		err = -EEXIST;
	else if (have)
		err = txn_flowtable_devs(x->txn, t, have, dev, true);
	else if (!txn_flowtable_add(x->txn, t, &f))
		err = -errno;
	mem_free(dev);
	return !err || nft_refused(x, cmd, &cmd->h.name_loc, err);
}

static bool delete_flowtable(struct nft_ctx *x, struct nft_cmd *cmd)
{
	const struct nft_loc *loc = cmd->h.name ? &cmd->h.name_loc : &cmd->h.handle_loc;
	struct table *t = nft_table_of(x, cmd);
	struct flowtable *f = t && cmd->h.name ? table_flowtable(t, cmd->h.name) : NULL;
	int err;

	if (!t)
		return false;
	if (!cmd->h.name)
		f = table_flowtable_by_handle(t, cmd->h.handle);
	if (!f)
		return nft_refused(x, cmd, loc, -ENOENT);
	if (cmd->flowtable && cmd->flowtable->dev.n) {
		char **dev = devices(cmd->flowtable);

		err = dev ? txn_flowtable_devs(x->txn, t, f, dev, false) : -ENOMEM;
		mem_free(dev);
	} else {
		err = txn_flowtable_del(x->txn, t, f);
	}
	return !err || nft_refused(x, cmd, loc, err);
}

bool nft_exec_flowtable(struct nft_ctx *x, struct nft_cmd *cmd)
{
	if (cmd->op == NFT_C_DELETE || cmd->op == NFT_C_DESTROY)
		return delete_flowtable(x, cmd);
	return add_flowtable(x, cmd);
}
