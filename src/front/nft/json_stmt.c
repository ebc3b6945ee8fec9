/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/json_stmt.c - evaluated statements as JSON.
 *
 * Theory of operation: one function per kind of statement, in a table; live counters come from the rule where there is
 * one, else from the tree. What the schema has no form for is its text, as in nft 1.0.6.
 *
 * References: libnftables-json(5), section STATEMENTS; the output of nft 1.0.6.
 */
#include <netinet/in.h>	/* before the UAPI headers */
#include <linux/netfilter/nf_log.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_synproxy.h>
#include <syslog.h>

#include "front/nft/json_priv.h"
#include "front/nft/state.h"
#include "rules/fn.h"

/* a size with the largest unit that divides it */
uint64_t json_size(uint64_t bytes, const char **unit)
{
	static const char *const name[] = { "bytes", "kbytes", "mbytes" };
	unsigned i = 0;

	while (i < 2 && bytes && bytes % 1024 == 0) {
		bytes /= 1024;
		i++;
	}
	*unit = name[i];
	return bytes;
}

const char *json_time_unit(uint64_t s)
{
	return s == 1 ? "second" : s == 60 ? "minute" : s == 3600 ? "hour" : s == 86400 ? "day" : "week";
}

/* a list of names: one is written without brackets */
void json_set_names(json_t *body, const char *key, json_t *list)
{
	if (json_array_size(list) == 1)
		json_object_set(body, key, json_array_get(list, 0));
	else if (json_array_size(list))
		json_object_set(body, key, list);
	json_decref(list);
}

static json_t *match_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	json_t *j = nft_json_expr(x, s->expr);

	(void)r;
	if (s->expr->kind == NFT_X_REL)
		return j;
	return json_pack("{s:{s:s, s:o, s:b}}", "match", "op", "==", "left", j, "right", true);
}

static json_t *verdict_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	(void)r;
	if (s->expr->kind == NFT_X_MAP)
		return json_pack("{s:{s:o, s:o}}", "vmap", "key", nft_json_expr(x, s->expr->bin.l), "data",
				 nft_json_expr(x, s->expr->bin.r));
	return nft_json_expr(x, s->expr);
}

/* the statement with what it has counted by now, to be freed; NULL: as it is in the tree */
static struct nft_stmt *live(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	void *state = r && s->state >= 0 ? rule_state(r, s->state) : NULL;
	struct nft_stmt *c = state ? nft_stmt_clone(s) : NULL;

	if (c)
		nft_state_read(x, c, state);
	return c;
}

static json_t *counter_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	struct nft_stmt *now;
	uint64_t packets = s->counter.packets, bytes = s->counter.bytes;

	if (x->o.stateless)
		return json_pack("{s:n}", "counter");
	now = live(x, s, r);
	if (now) {
		packets = now->counter.packets;
		bytes = now->counter.bytes;
	} else if (r) {
		packets = r->packets;
		bytes = r->bytes;
	}
	nft_stmt_free(now);
	return json_pack("{s:{s:I, s:I}}", "counter", "packets", (json_int_t)packets, "bytes", (json_int_t)bytes);
}

static json_t *quota_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	const char *unit;
	uint64_t n = json_size(s->quota.bytes, &unit), used;
	struct nft_stmt *now = live(x, s, r);
	json_t *body = json_pack("{s:I, s:s}", "val", (json_int_t)n, "val_unit", unit);

	used = now ? now->quota.used : s->quota.used;
	nft_stmt_free(now);
	if (used && !x->o.stateless) {
		n = json_size(used, &unit);
		json_object_set_new(body, "used", json_integer((json_int_t)n));
		json_object_set_new(body, "used_unit", json_string(unit));
	}
	if (s->quota.over)
		json_object_set_new(body, "inv", json_true());
	return json_pack("{s:o}", "quota", body);
}

static json_t *limit_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	const char *rate_unit = NULL, *burst_unit = NULL;
	uint64_t rate = s->limit.rate, burst = s->limit.bytes && !s->limit.have_burst ? 0 : s->limit.burst;
	json_t *body;

	(void)x;
	(void)r;
	if (s->limit.bytes) {
		rate = json_size(rate, &rate_unit);
		burst = json_size(burst, &burst_unit);
	}
	body = json_pack("{s:I, s:I, s:s}", "rate", (json_int_t)rate, "burst", (json_int_t)burst, "per",
			 json_time_unit(s->limit.unit_s));
	if (s->limit.over)
		json_object_set_new(body, "inv", json_true());
	if (rate_unit) {
		json_object_set_new(body, "rate_unit", json_string(rate_unit));
		json_object_set_new(body, "burst_unit", json_string(burst_unit));
	}
	return json_pack("{s:o}", "limit", body);
}

static json_t *last_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	(void)x;
	(void)s;
	(void)r;
	return json_pack("{s:n}", "last");
}

static json_t *connlimit_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	json_t *body = json_pack("{s:I}", "val", (json_int_t)s->connlimit.count);

	(void)x;
	(void)r;
	if (s->connlimit.over)
		json_object_set_new(body, "inv", json_true());
	return json_pack("{s:o}", "ct count", body);
}

static json_t *log_flags(uint32_t flags)
{
	static const struct { uint32_t bit; const char *name; } bit[] = {
		{ NF_LOG_TCPSEQ, "tcp sequence" }, { NF_LOG_TCPOPT, "tcp options" }, { NF_LOG_IPOPT, "ip options" },
		{ NF_LOG_UID, "skuid" }, { NF_LOG_MACDECODE, "ether" },
	};
	json_t *list = json_array();

	if ((flags & NF_LOG_MASK) == NF_LOG_MASK) {
		json_array_append_new(list, json_string("all"));
		return list;
	}
	for (unsigned i = 0; i < ARRAY_LEN(bit); i++)
		if (flags & bit[i].bit)
			json_array_append_new(list, json_string(bit[i].name));
	return list;
}

static json_t *log_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	static const char *const level[] = { "emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", "audit" };
	json_t *body = json_object();

	(void)r;
	if (s->log.prefix)
		json_object_set_new(body, "prefix", nft_json_expr(x, s->log.prefix));
	if (s->log.have & NFT_LOG_HAVE_GROUP)
		json_object_set_new(body, "group", json_integer(s->log.group));
	if (s->log.have & NFT_LOG_HAVE_SNAPLEN)
		json_object_set_new(body, "snaplen", json_integer(s->log.snaplen));
	if (s->log.have & NFT_LOG_HAVE_QTHRESHOLD)
		json_object_set_new(body, "queue-threshold", json_integer(s->log.qthreshold));
	if ((s->log.have & NFT_LOG_HAVE_LEVEL) && s->log.level != LOG_WARNING && s->log.level < ARRAY_LEN(level))
		json_object_set_new(body, "level", json_string(level[s->log.level]));
	json_set_names(body, "flags", log_flags(s->log.flags));
	if (!json_object_size(body)) {
		json_decref(body);
		body = json_null();
	}
	return json_pack("{s:o}", "log", body);
}

static json_t *reject_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	json_t *body = json_object();

	(void)r;
	if (s->reject.type == NFT_REJECT_TCP_RST) {
		json_object_set_new(body, "type", json_string("tcp reset"));
	} else {
		json_object_set_new(body, "type", json_string(s->reject.type == NFT_REJECT_ICMPX_UNREACH ? "icmpx"
							      : s->reject.family == NFPROTO_IPV6 ? "icmpv6" : "icmp"));
		if (s->reject.code)
			json_object_set_new(body, "expr", nft_json_expr(x, s->reject.code));
	}
	return json_pack("{s:o}", "reject", body);
}

static json_t *nat_flags(uint32_t flags)
{
	json_t *list = json_array();

	if (flags & NF_NAT_RANGE_PROTO_RANDOM)
		json_array_append_new(list, json_string("random"));
	if (flags & NF_NAT_RANGE_PROTO_RANDOM_FULLY)
		json_array_append_new(list, json_string("fully-random"));
	if (flags & NF_NAT_RANGE_PERSISTENT)
		json_array_append_new(list, json_string("persistent"));
	if (flags & NF_NAT_RANGE_NETMAP)
		json_array_append_new(list, json_string("netmap"));
	return list;
}

static json_t *nat_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	const char *word = s->nat.type == NFT_NAT_SNAT ? "snat" : s->nat.type == NFT_NAT_DNAT ? "dnat"
			   : s->nat.type == NFT_NAT_MASQ ? "masquerade" : "redirect";
	json_t *body = json_object();

	(void)r;
	if (s->nat.addr && s->nat.family_given)
		json_object_set_new(body, "family", json_string(nft_family_name(s->nat.family)));
	if (s->nat.addr)
		json_object_set_new(body, "addr", nft_json_expr(x, s->nat.addr));
	if (s->nat.port)
		json_object_set_new(body, "port", nft_json_expr(x, s->nat.port));
	json_set_names(body, "flags", nat_flags(s->nat.flags));
	if (s->nat.prefix)
		json_object_set_new(body, "type_flags", json_string("prefix"));
	if (!json_object_size(body)) {
		json_decref(body);
		body = json_null();
	}
	return json_pack("{s:o}", word, body);
}

static json_t *tproxy_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	json_t *body = json_object();

	(void)r;
	if (s->tproxy.family_given)
		json_object_set_new(body, "family", json_string(nft_family_name(s->tproxy.family)));
	if (s->tproxy.addr)
		json_object_set_new(body, "addr", nft_json_expr(x, s->tproxy.addr));
	if (s->tproxy.port)
		json_object_set_new(body, "port", nft_json_expr(x, s->tproxy.port));
	return json_pack("{s:o}", "tproxy", body);
}

json_t *nft_json_synproxy(uint16_t mss, uint8_t wscale, uint32_t flags)
{
	json_t *body = json_object(), *list = json_array();

	if (flags & NF_SYNPROXY_OPT_MSS)
		json_object_set_new(body, "mss", json_integer(mss));
	if (flags & NF_SYNPROXY_OPT_WSCALE)
		json_object_set_new(body, "wscale", json_integer(wscale));
	if (flags & NF_SYNPROXY_OPT_TIMESTAMP)
		json_array_append_new(list, json_string("timestamp"));
	if (flags & NF_SYNPROXY_OPT_SACK_PERM)
		json_array_append_new(list, json_string("sack-perm"));
	json_set_names(body, "flags", list);
	return body;
}

static json_t *synproxy_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	json_t *body = nft_json_synproxy(s->synproxy.mss, s->synproxy.wscale, s->synproxy.flags);

	(void)x;
	(void)r;
	if (!json_object_size(body)) {
		json_decref(body);
		body = json_null();
	}
	return json_pack("{s:o}", "synproxy", body);
}

static json_t *dup_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	json_t *body = json_object();

	(void)r;
	if (s->fwd.to)
		json_object_set_new(body, "addr", nft_json_expr(x, s->fwd.to));
	if (s->fwd.dev)
		json_object_set_new(body, "dev", nft_json_expr(x, s->fwd.dev));
	return json_pack("{s:o}", "dup", body);
}

static json_t *fwd_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	json_t *body = json_object();

	(void)r;
	if (s->fwd.dev)
		json_object_set_new(body, "dev", nft_json_expr(x, s->fwd.dev));
	if (s->fwd.to) {
		json_object_set_new(body, "family", json_string(nft_family_name(s->fwd.family)));
		json_object_set_new(body, "addr", nft_json_expr(x, s->fwd.to));
	}
	return json_pack("{s:o}", "fwd", body);
}

static json_t *queue_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	json_t *body = json_object(), *list = json_array();

	(void)r;
	if (s->queue.num)
		json_object_set_new(body, "num", nft_json_expr(x, s->queue.num));
	if (s->queue.flags & NFT_QUEUE_FLAG_BYPASS)
		json_array_append_new(list, json_string("bypass"));
	if (s->queue.flags & NFT_QUEUE_FLAG_CPU_FANOUT)
		json_array_append_new(list, json_string("fanout"));
	json_set_names(body, "flags", list);
	if (!json_object_size(body)) {
		json_decref(body);
		body = json_null();
	}
	return json_pack("{s:o}", "queue", body);
}

static json_t *flow_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	(void)x;
	(void)r;
	return json_pack("{s:{s:s, s:o}}", "flow", "op", "add", "flowtable", json_sprintf("@%s", s->flow.table));
}

static json_t *notrack_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	(void)x;
	(void)s;
	(void)r;
	return json_pack("{s:n}", "notrack");
}

static json_t *assign_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	(void)r;
	return json_pack("{s:{s:o, s:o}}", "mangle", "key", nft_json_expr(x, s->assign.to), "value",
			 nft_json_flags(x, s->assign.val));
}

static json_t *strip_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	(void)r;
	return json_pack("{s:o}", "reset", nft_json_expr(x, s->expr));
}

static json_t *stmts_json(struct nft_ctx *x, const struct list *stmts)
{
	json_t *list = json_array();
	const struct nft_stmt *s;

	list_for_each(s, stmts, node)
		json_array_append_new(list, nft_json_stmt(x, s, NULL));
	return list;
}

static json_t *meter_json(struct nft_ctx *x, const struct nft_stmt *s)
{
	const struct nft_stmt *first = list_empty(&s->set.stmts) ? NULL : list_first(&s->set.stmts, struct nft_stmt, node);

	return json_pack("{s:{s:o, s:o, s:I, s:s}}", "meter", "key", nft_json_expr(x, s->set.key), "stmt",
			 first ? nft_json_stmt(x, first, NULL) : json_null(), "size", (json_int_t)s->set.meter_size, "name",
			 s->set.meter);
}

static json_t *text_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	struct sbuf text = SBUF_INIT;
	json_t *j;

	nft_print_stmt(x, s, r, &text);
	j = text.failed ? NULL : json_string(sbuf_str(&text));
	sbuf_free(&text);
	return j;
}

static json_t *set_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	static const char *const op[] = { [SET_OP_ADD] = "add", [SET_OP_UPDATE] = "update", [SET_OP_DELETE] = "delete" };
	json_t *body;

	if (s->set.data)
		return text_json(x, s, r);
	if (s->set.meter)
		return meter_json(x, s);
	body = json_pack("{s:s, s:o, s:o}", "op", op[s->set.op], "elem", nft_json_expr(x, s->set.key), "set",
			 nft_json_expr(x, s->set.ref));
	if (!list_empty(&s->set.stmts))
		json_object_set_new(body, "stmt", stmts_json(x, &s->set.stmts));
	return json_pack("{s:o}", "set", body);
}

const char *nft_json_object_word(int type)
{
	switch (type) {
	case NFT_OBJECT_COUNTER: return "counter";
	case NFT_OBJECT_QUOTA: return "quota";
	case NFT_OBJECT_CT_HELPER: return "ct helper";
	case NFT_OBJECT_LIMIT: return "limit";
	case NFT_OBJECT_CT_TIMEOUT: return "ct timeout";
	case NFT_OBJECT_SECMARK: return "secmark";
	case NFT_OBJECT_CT_EXPECT: return "ct expectation";
	case NFT_OBJECT_SYNPROXY: return "synproxy";
	default: return "tunnel";
	}
}

static json_t *objref_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	(void)r;
	return json_pack("{s:o}", nft_json_object_word(s->objref.type), nft_json_expr(x, s->objref.name));
}

static json_t *xt_json(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	(void)x;
	(void)r;
	return json_pack("{s:{s:s, s:s}}", "xt", "type", s->xt.target ? "target" : "match", "name", s->xt.text ? s->xt.text : "");
}

json_t *nft_json_stmt(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r)
{
	static json_t *(*const fn[])(struct nft_ctx *x, const struct nft_stmt *s, const struct rule *r) = {
		[NFT_S_MATCH] = match_json,       [NFT_S_VERDICT] = verdict_json, [NFT_S_COUNTER] = counter_json,
		[NFT_S_QUOTA] = quota_json,       [NFT_S_LIMIT] = limit_json,     [NFT_S_LAST] = last_json,
		[NFT_S_CONNLIMIT] = connlimit_json, [NFT_S_LOG] = log_json,       [NFT_S_REJECT] = reject_json,
		[NFT_S_NAT] = nat_json,           [NFT_S_TPROXY] = tproxy_json,   [NFT_S_SYNPROXY] = synproxy_json,
		[NFT_S_DUP] = dup_json,           [NFT_S_FWD] = fwd_json,         [NFT_S_QUEUE] = queue_json,
		[NFT_S_FLOW] = flow_json,         [NFT_S_NOTRACK] = notrack_json, [NFT_S_ASSIGN] = assign_json,
		[NFT_S_OPTSTRIP] = strip_json,    [NFT_S_SET] = set_json,         [NFT_S_OBJREF] = objref_json,
		[NFT_S_XT] = xt_json,
	};
	static_assert(ARRAY_LEN(fn) == NFT_S_KIND_MAX, "every statement can be written");

	return fn[s->kind](x, s, r);
}
