/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/json_text_stmt.c - JSON statements as nft's own text; see json_text.c.
 *
 * References: libnftables-json(5), section STATEMENTS.
 */
#include <string.h>

#include "front/nft/json_text.h"

static const char *const verdicts[] = { "accept", "drop", "continue", "return", "jump", "goto", NULL };

bool jt_is_verdict(json_t *e)
{
	const char *word = json_object_iter_key(json_object_iter(e));

	for (unsigned i = 0; word && verdicts[i]; i++)
		if (strcmp(word, verdicts[i]) == 0)
			return true;
	return false;
}

static bool s_verdict(struct jt *t, const char *word, json_t *v)
{
	const char *target;

	sbuf_puts(t->out, word);
	if (strcmp(word, "jump") != 0 && strcmp(word, "goto") != 0)
		return true;
	target = jt_string(t, v, "target");
	sbuf_putc(t->out, ' ');
	return target && jt_name(t, target);
}

/* presence, sets and ranges: all but bits, where it makes a difference, and numbers */
static bool needs_no_operator(json_t *right)
{
	const char *s = json_string_value(right);

	if (s)
		return *s == '@';
	return json_is_boolean(right) || (json_is_object(right) && !json_object_get(right, "|"));
}

static bool s_match(struct jt *t, const char *word, json_t *v)
{
	static const char *const ops[] = { "==", "!=", "<", ">", "<=", ">=", "in", "!" };
	const char *op = jt_string(t, v, "op");
	json_t *right = json_object_get(v, "right");
	bool known = false;

	(void)word;
	for (unsigned i = 0; op && i < ARRAY_LEN(ops); i++)
		known |= strcmp(op, ops[i]) == 0;
	if (!op || !known)
		return jt_fail(t, "Unknown relational op '%s'.", op ? op : "");
	if (!jt_expr(t, json_object_get(v, "left")))
		return false;
	/* presence has no operator in text; `in` is what no operator means for bits */
	if (strcmp(op, "in") == 0 || (strcmp(op, "==") == 0 && needs_no_operator(right)))
		sbuf_putc(t->out, ' ');
	else
		sbuf_printf(t->out, " %s ", op);
	if (json_is_array(right) && strcmp(op, "in") != 0 && strcmp(op, "!") != 0) {	/* bits that must all be there */
		json_t *or = json_pack("{s:O}", "|", right);
		bool ok = json_array_size(right) == 1 ? jt_expr(t, json_array_get(right, 0)) : jt_expr(t, or);

		json_decref(or);
		return ok;
	}
	return jt_expr(t, right);
}

static bool s_vmap(struct jt *t, const char *word, json_t *v)
{
	(void)word;
	if (!jt_expr(t, json_object_get(v, "key")))
		return false;
	sbuf_puts(t->out, " vmap ");
	return jt_expr(t, json_object_get(v, "data"));
}

static bool opt_number(struct jt *t, json_t *v, const char *key, const char *before)
{
	json_t *n = json_object_get(v, key);

	if (!n)
		return true;
	if (!json_is_integer(n) || json_integer_value(n) < 0)
		return jt_fail(t, "Property '%s' is not a number.", key);
	sbuf_printf(t->out, "%s%" JSON_INTEGER_FORMAT, before, json_integer_value(n));
	return true;
}

static bool opt_unit(struct jt *t, json_t *v, const char *key, const char *otherwise)
{
	const char *unit = otherwise;

	if (json_object_get(v, key) && !(unit = jt_string(t, v, key)))
		return false;
	sbuf_putc(t->out, ' ');
	return jt_words(t, unit);
}

/* named: "x", or an expression that gives a name; false: it is neither, and nothing was written */
static bool reference(struct jt *t, const char *word, json_t *v, bool *ok)
{
	if (!json_is_string(v) && !(json_is_object(v) && json_object_get(v, "map")))
		return false;
	sbuf_printf(t->out, "%s name ", word);
	*ok = json_is_string(v) ? jt_quoted(t, json_string_value(v)) : jt_expr(t, v);
	return true;
}

static bool s_counter(struct jt *t, const char *word, json_t *v)
{
	bool ok;

	if (reference(t, word, v, &ok))
		return ok;
	sbuf_puts(t->out, "counter");
	return !json_is_object(v) || (opt_number(t, v, "packets", " packets ") && opt_number(t, v, "bytes", " bytes "));
}

static bool s_quota(struct jt *t, const char *word, json_t *v)
{
	bool ok;

	if (reference(t, word, v, &ok))
		return ok;
	sbuf_puts(t->out, json_is_true(json_object_get(v, "inv")) ? "quota over" : "quota");
	if (!opt_number(t, v, "val", " ") || !opt_unit(t, v, "val_unit", "bytes"))
		return false;
	return !json_object_get(v, "used") || (opt_number(t, v, "used", " used ") && opt_unit(t, v, "used_unit", "bytes"));
}

static bool s_limit(struct jt *t, const char *word, json_t *v)
{
	const char *unit = NULL, *per = "second";
	json_t *burst = json_object_get(v, "burst");
	bool ok;

	if (reference(t, word, v, &ok))
		return ok;
	if (json_object_get(v, "rate_unit") && !(unit = jt_string(t, v, "rate_unit")))
		return false;
	if (json_object_get(v, "per") && !(per = jt_string(t, v, "per")))
		return false;
	if (unit && strcmp(unit, "packets") == 0)
		unit = NULL;
	sbuf_puts(t->out, json_is_true(json_object_get(v, "inv")) ? "limit rate over" : "limit rate");
	if (!json_object_get(v, "rate"))
		return jt_fail(t, "Property '%s' is missing.", "rate");
	if (!opt_number(t, v, "rate", " "))
		return false;
	if (unit && (sbuf_putc(t->out, ' '), !jt_words(t, unit)))
		return false;
	sbuf_putc(t->out, '/');
	if (!jt_words(t, per))
		return false;
	if (!json_integer_value(burst))
		return true;
	return opt_number(t, v, "burst", " burst ") && opt_unit(t, v, "burst_unit", unit ? "bytes" : "packets");
}

static bool s_ctcount(struct jt *t, const char *word, json_t *v)
{
	(void)word;
	sbuf_puts(t->out, json_is_true(json_object_get(v, "inv")) ? "ct count over" : "ct count");
	return opt_number(t, v, "val", " ");
}

static bool s_last(struct jt *t, const char *word, json_t *v)
{
	(void)v;
	return jt_words(t, word);
}

/* one name, or a list of them, behind @before and with @sep between */
static bool names(struct jt *t, json_t *v, const char *before, const char *sep)
{
	json_t *e;
	size_t i;

	if (!v || (json_is_array(v) && !json_array_size(v)))
		return true;
	sbuf_puts(t->out, before);
	if (json_is_string(v))
		return jt_words(t, json_string_value(v));
	if (!json_is_array(v))
		return jt_fail(t, "Expected a name or a list of names%s", ".");
	json_array_foreach(v, i, e) {
		sbuf_puts(t->out, i ? sep : "");
		if (!json_is_string(e) || !jt_words(t, json_string_value(e)))
			return jt_fail(t, "Invalid flag%s", ".");
	}
	return true;
}

static bool s_log(struct jt *t, const char *word, json_t *v)
{
	const char *s;

	(void)word;
	sbuf_puts(t->out, "log");
	if (!json_is_object(v))
		return true;
	if (json_object_get(v, "prefix")) {
		s = jt_string(t, v, "prefix");
		sbuf_puts(t->out, " prefix ");
		if (!s || !jt_quoted(t, s))
			return false;
	}
	if (!opt_number(t, v, "group", " group ") || !opt_number(t, v, "snaplen", " snaplen ") ||
	    !opt_number(t, v, "queue-threshold", " queue-threshold "))
		return false;
	return names(t, json_object_get(v, "level"), " level ", ",") && names(t, json_object_get(v, "flags"), " flags ", " flags ");
}

static bool s_reject(struct jt *t, const char *word, json_t *v)
{
	const char *type;

	(void)word;
	sbuf_puts(t->out, "reject");
	if (!json_is_object(v) || !json_object_get(v, "type"))
		return true;
	type = jt_string(t, v, "type");
	sbuf_puts(t->out, " with ");
	if (!type || !jt_words(t, type))
		return false;
	if (!json_object_get(v, "expr"))
		return true;
	sbuf_putc(t->out, ' ');
	return jt_expr(t, json_object_get(v, "expr"));
}

/* an address and a port behind it; IPv6 addresses in brackets where a port follows */
static bool address(struct jt *t, json_t *addr, json_t *port)
{
	bool six = json_is_string(addr) && strchr(json_string_value(addr), ':'), ok = true;

	if (addr) {
		if (six && port)
			sbuf_putc(t->out, '[');
		ok = jt_expr(t, addr);
		if (six && port)
			sbuf_putc(t->out, ']');
	}
	if (ok && port) {
		sbuf_putc(t->out, ':');
		ok = jt_expr(t, port);
	}
	return ok;
}

static bool family_word(struct jt *t, json_t *v)
{
	const char *family;

	if (!json_object_get(v, "family"))
		return true;
	family = jt_string(t, v, "family");
	sbuf_putc(t->out, ' ');
	return family && jt_words(t, family);
}

/* does a map give address and port, or ranges, together: @type is "addr . port", "interval", "prefix" */
static void nat_type(struct jt *t, json_t *v)
{
	json_t *flags = json_object_get(v, "type_flags"), *data = json_object_get(json_object_get(json_object_get(v, "addr"), "map"), "data"),
	       *first = json_array_get(json_object_get(data, "set"), 0);
	const char *type = json_string_value(json_is_array(flags) ? json_array_get(flags, 0) : flags);

	if (type && (strcmp(type, "prefix") == 0 || strcmp(type, "interval") == 0))
		sbuf_printf(t->out, " %s", type);
	else if (json_object_get(json_array_get(first, 1), "concat"))
		sbuf_puts(t->out, " addr . port");
}

static bool s_nat(struct jt *t, const char *word, json_t *v)
{
	json_t *addr, *port, *flags, *f;
	size_t i, n = 0;

	sbuf_puts(t->out, word);
	if (!json_is_object(v))
		return true;
	addr = json_object_get(v, "addr");
	port = json_object_get(v, "port");
	if (!family_word(t, v))
		return false;
	nat_type(t, v);
	if (addr || port) {
		sbuf_puts(t->out, " to ");
		if (!address(t, addr, port))
			return false;
	}
	flags = json_object_get(v, "flags");
	if (json_is_string(flags) && strcmp(json_string_value(flags), "netmap") != 0) {
		sbuf_putc(t->out, ' ');
		return jt_words(t, json_string_value(flags));
	}
	json_array_foreach(flags, i, f) {
		if (!json_is_string(f))
			return jt_fail(t, "Invalid flag%s", ".");
		if (strcmp(json_string_value(f), "netmap") == 0)	/* what a prefix means */
			continue;
		sbuf_putc(t->out, n++ ? ',' : ' ');
		if (!jt_words(t, json_string_value(f)))
			return false;
	}
	return true;
}

static bool s_tproxy(struct jt *t, const char *word, json_t *v)
{
	(void)word;
	sbuf_puts(t->out, "tproxy");
	if (!family_word(t, v))
		return false;
	sbuf_puts(t->out, " to ");
	return address(t, json_object_get(v, "addr"), json_object_get(v, "port"));
}

static bool synproxy_params(struct jt *t, json_t *v)
{
	return opt_number(t, v, "mss", " mss ") && opt_number(t, v, "wscale", " wscale ") &&
	       names(t, json_object_get(v, "flags"), " ", " ");
}

static bool s_synproxy(struct jt *t, const char *word, json_t *v)
{
	bool ok;

	if (reference(t, word, v, &ok))
		return ok;
	sbuf_puts(t->out, "synproxy");
	return !json_is_object(v) || synproxy_params(t, v);
}

static bool s_dup(struct jt *t, const char *word, json_t *v)
{
	(void)word;
	sbuf_puts(t->out, "dup to ");
	if (!jt_expr(t, json_object_get(v, "addr")))
		return false;
	if (!json_object_get(v, "dev"))
		return true;
	sbuf_puts(t->out, " device ");
	return jt_expr(t, json_object_get(v, "dev"));
}

static bool s_fwd(struct jt *t, const char *word, json_t *v)
{
	(void)word;
	sbuf_puts(t->out, "fwd");
	if (!json_object_get(v, "addr")) {
		sbuf_puts(t->out, " to ");
		return jt_expr(t, json_object_get(v, "dev"));
	}
	if (!family_word(t, v))
		return false;
	sbuf_puts(t->out, " to ");
	if (!jt_expr(t, json_object_get(v, "addr")))
		return false;
	sbuf_puts(t->out, " device ");
	return jt_expr(t, json_object_get(v, "dev"));
}

static bool s_queue(struct jt *t, const char *word, json_t *v)
{
	(void)word;
	sbuf_puts(t->out, "queue");
	if (!json_is_object(v))
		return true;
	if (!names(t, json_object_get(v, "flags"), " flags ", ","))
		return false;
	if (!json_object_get(v, "num"))
		return true;
	sbuf_puts(t->out, " to ");
	return jt_expr(t, json_object_get(v, "num"));
}

static bool s_flow(struct jt *t, const char *word, json_t *v)
{
	const char *name = jt_string(t, v, "flowtable");

	(void)word;
	sbuf_puts(t->out, "flow add @");
	return name && jt_name(t, name[0] == '@' ? name + 1 : name);
}

static bool s_notrack(struct jt *t, const char *word, json_t *v)
{
	(void)v;
	return jt_words(t, word);
}

static bool s_mangle(struct jt *t, const char *word, json_t *v)
{
	(void)word;
	if (!jt_expr(t, json_object_get(v, "key")))
		return false;
	sbuf_puts(t->out, " set ");
	return jt_expr(t, json_object_get(v, "value"));
}

static bool s_reset(struct jt *t, const char *word, json_t *v)
{
	(void)word;
	sbuf_puts(t->out, "reset ");
	return jt_expr(t, v);
}

static bool stmts_of(struct jt *t, json_t *list)
{
	json_t *s;
	size_t i;

	if (json_is_object(list)) {
		sbuf_putc(t->out, ' ');
		return jt_stmt(t, list);
	}
	json_array_foreach(list, i, s) {
		sbuf_putc(t->out, ' ');
		if (!jt_stmt(t, s))
			return false;
	}
	return true;
}

static bool s_set(struct jt *t, const char *word, json_t *v)
{
	const char *op = jt_string(t, v, "op"), *set = op ? jt_string(t, v, "set") : NULL;

	if (!set || !jt_words(t, op))
		return false;
	sbuf_puts(t->out, " @");
	if (!jt_name(t, set[0] == '@' ? set + 1 : set))
		return false;
	sbuf_puts(t->out, " { ");
	if (!jt_expr(t, json_object_get(v, "elem")) || !stmts_of(t, json_object_get(v, "stmt")))
		return false;
	if (strcmp(word, "map") == 0) {
		sbuf_puts(t->out, " : ");
		if (!jt_expr(t, json_object_get(v, "data")))
			return false;
	}
	sbuf_puts(t->out, " }");
	return true;
}

static bool s_meter(struct jt *t, const char *word, json_t *v)
{
	const char *name = jt_string(t, v, "name");

	(void)word;
	sbuf_puts(t->out, "meter ");
	if (!name || !jt_name(t, name) || !opt_number(t, v, "size", " size "))
		return false;
	sbuf_puts(t->out, " { ");
	if (!jt_expr(t, json_object_get(v, "key")) || !stmts_of(t, json_object_get(v, "stmt")))
		return false;
	sbuf_puts(t->out, " }");
	return true;
}

static bool s_ctobject(struct jt *t, const char *word, json_t *v)
{
	sbuf_printf(t->out, "%s set ", word);
	return json_is_string(v) ? jt_quoted(t, json_string_value(v)) : jt_expr(t, v);
}

static bool s_secmark(struct jt *t, const char *word, json_t *v)
{
	(void)word;
	sbuf_puts(t->out, "meta secmark set ");
	return json_is_string(v) ? jt_quoted(t, json_string_value(v)) : jt_expr(t, v);
}

static bool s_xt(struct jt *t, const char *word, json_t *v)
{
	(void)v;
	return jt_fail(t, "%s statements are made by iptables and cannot be given.", word);
}

static const struct { const char *word; bool (*fn)(struct jt *t, const char *word, json_t *v); } stmts[] = {
	{ "accept", s_verdict }, { "drop", s_verdict }, { "continue", s_verdict }, { "return", s_verdict }, { "jump", s_verdict },
	{ "goto", s_verdict }, { "match", s_match }, { "vmap", s_vmap }, { "counter", s_counter }, { "quota", s_quota },
	{ "limit", s_limit }, { "ct count", s_ctcount }, { "last", s_last }, { "log", s_log }, { "reject", s_reject },
	{ "snat", s_nat }, { "dnat", s_nat }, { "masquerade", s_nat }, { "redirect", s_nat }, { "tproxy", s_tproxy },
	{ "synproxy", s_synproxy }, { "dup", s_dup }, { "fwd", s_fwd }, { "queue", s_queue }, { "flow", s_flow },
	{ "notrack", s_notrack }, { "mangle", s_mangle }, { "reset", s_reset }, { "set", s_set }, { "map", s_set },
	{ "meter", s_meter }, { "ct helper", s_ctobject }, { "ct timeout", s_ctobject }, { "ct expectation", s_ctobject },
	{ "secmark", s_secmark }, { "xt", s_xt },
};

bool jt_stmt(struct jt *t, json_t *s)
{
	const char *word;

	if (t->failed)
		return false;
	if (!json_is_object(s) || !json_object_size(s))
		return jt_fail(t, "A statement is not an object%s", ".");
	word = json_object_iter_key(json_object_iter(s));
	for (unsigned i = 0; i < ARRAY_LEN(stmts); i++)
		if (strcmp(stmts[i].word, word) == 0)
			return stmts[i].fn(t, word, json_object_get(s, word));
	/* an element's own statement stands among its other properties */
	if (json_object_get(s, "counter"))
		return s_counter(t, "counter", json_object_get(s, "counter"));
	return jt_fail(t, "Unknown statement object '%s'.", word);
}
