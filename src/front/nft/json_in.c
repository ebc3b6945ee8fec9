/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/json_in.c - JSON commands as nft's own text, a command a line.
 *
 * Where it stands: at the begin of the way of `nft -j -f`; json_text*.c write expressions and statements.
 *
 * References: libnftables-json(5), sections COMMAND OBJECTS and RULESET ELEMENTS.
 */
#include <string.h>

#include "front/nft/json_text.h"

/* "add table ip NAME" up to the name that @key gives, with the table in front where @table */
static bool place(struct jt *t, json_t *v, const char *cmd, const char *what, bool table, const char *key)
{
	const char *family = json_object_get(v, "family") ? jt_string(t, v, "family") : "ip", *name;

	sbuf_printf(t->out, "%s %s ", cmd, what);
	if (!family || !jt_words(t, family))
		return false;
	if (table) {
		name = jt_string(t, v, "table");
		sbuf_putc(t->out, ' ');
		if (!name || !jt_name(t, name))
			return false;
	}
	sbuf_putc(t->out, ' ');
	if (key && !json_object_get(v, key) && json_is_integer(json_object_get(v, "handle"))) {
		sbuf_printf(t->out, "handle %" JSON_INTEGER_FORMAT, json_integer_value(json_object_get(v, "handle")));
		return true;
	}
	name = key ? jt_string(t, v, key) : NULL;
	return key ? name && jt_name(t, name) : true;
}

/* does the command make something, so that its parameters count */
static bool makes(const char *cmd)
{
	return strcmp(cmd, "add") == 0 || strcmp(cmd, "create") == 0 || strcmp(cmd, "insert") == 0 || strcmp(cmd, "replace") == 0;
}

static bool comment_of(struct jt *t, json_t *v, const char *end)
{
	const char *s;

	if (!json_object_get(v, "comment"))
		return true;
	s = jt_string(t, v, "comment");
	sbuf_puts(t->out, " comment ");
	if (!s || !jt_quoted(t, s))
		return false;
	sbuf_puts(t->out, end);
	return true;
}

static bool do_table(struct jt *t, const char *cmd, const char *word, json_t *v)
{
	json_t *flags = json_object_get(v, "flags");

	if (!place(t, v, cmd, word, false, "name"))
		return false;
	if (!makes(cmd) || (!flags && !json_object_get(v, "comment")))
		return true;
	sbuf_puts(t->out, " {");
	if (flags) {
		sbuf_puts(t->out, " flags ");
		if (!jt_expr(t, flags))
			return false;
		sbuf_putc(t->out, ';');
	}
	if (!comment_of(t, v, ";"))
		return false;
	sbuf_puts(t->out, " }");
	return true;
}

static bool devices(struct jt *t, json_t *dev)
{
	json_t *d;
	size_t i;

	if (json_is_string(dev)) {
		sbuf_puts(t->out, " device ");
		return jt_quoted(t, json_string_value(dev));
	}
	sbuf_puts(t->out, " devices = { ");
	json_array_foreach(dev, i, d) {
		sbuf_puts(t->out, i ? ", " : "");
		if (!json_is_string(d) || !jt_quoted(t, json_string_value(d)))
			return jt_fail(t, "Invalid device%s", ".");
	}
	sbuf_puts(t->out, " }");
	return true;
}

static bool base_chain(struct jt *t, json_t *v)
{
	const char *type = jt_string(t, v, "type"), *hook = jt_string(t, v, "hook"), *policy;
	json_t *prio = json_object_get(v, "prio");

	if (!type || !hook)
		return false;
	if (!json_is_integer(prio))
		return jt_fail(t, "Property '%s' is not a number.", "prio");
	sbuf_puts(t->out, " type ");
	if (!jt_words(t, type))
		return false;
	sbuf_puts(t->out, " hook ");
	if (!jt_words(t, hook) || (json_object_get(v, "dev") && !devices(t, json_object_get(v, "dev"))))
		return false;
	sbuf_printf(t->out, " priority %" JSON_INTEGER_FORMAT ";", json_integer_value(prio));
	if (!json_object_get(v, "policy"))
		return true;
	policy = jt_string(t, v, "policy");
	sbuf_puts(t->out, " policy ");
	if (!policy || !jt_words(t, policy))
		return false;
	sbuf_putc(t->out, ';');
	return true;
}

static bool do_chain(struct jt *t, const char *cmd, const char *word, json_t *v)
{
	const char *name;

	if (!place(t, v, cmd, word, true, "name"))
		return false;
	if (strcmp(cmd, "rename") == 0) {
		name = jt_string(t, v, "newname");
		sbuf_putc(t->out, ' ');
		return name && jt_name(t, name);
	}
	if (!makes(cmd) || (!json_object_get(v, "hook") && !json_object_get(v, "comment")))
		return true;
	sbuf_puts(t->out, " {");
	if ((json_object_get(v, "hook") && !base_chain(t, v)) || !comment_of(t, v, ";"))
		return false;
	sbuf_puts(t->out, " }");
	return true;
}

static bool do_rule(struct jt *t, const char *cmd, const char *word, json_t *v)
{
	json_t *expr = json_object_get(v, "expr"), *handle = json_object_get(v, "handle"), *index = json_object_get(v, "index"), *s;
	size_t i;

	if (!place(t, v, cmd, word, true, "chain"))
		return false;
	if (json_is_integer(handle) && strcmp(cmd, "add") != 0)	/* what is listed can be added: with a handle of its own */
		sbuf_printf(t->out, " handle %" JSON_INTEGER_FORMAT, json_integer_value(handle));
	if (json_is_integer(index))
		sbuf_printf(t->out, " index %" JSON_INTEGER_FORMAT, json_integer_value(index));
	if (!makes(cmd))
		return true;
	if (!json_is_array(expr))
		return jt_fail(t, "Property '%s' is missing.", "expr");
	json_array_foreach(expr, i, s) {
		sbuf_putc(t->out, ' ');
		if (!jt_stmt(t, s))
			return false;
	}
	return comment_of(t, v, "");
}

/* "ipv4_addr", ["ipv4_addr", "inet_service"], or {"typeof": ...} of an expression */
static bool set_type(struct jt *t, json_t *type)
{
	json_t *e;
	size_t i;

	if (json_is_object(type)) {
		sbuf_puts(t->out, "typeof ");
		return jt_expr(t, json_object_get(type, "typeof") ? json_object_get(type, "typeof") : type);
	}
	sbuf_puts(t->out, "type ");
	if (json_is_string(type))
		return jt_name(t, json_string_value(type));
	if (!json_array_size(type))
		return jt_fail(t, "Property '%s' is missing.", "type");
	json_array_foreach(type, i, e) {
		sbuf_puts(t->out, i ? " . " : "");
		if (!json_is_string(e) || !jt_name(t, json_string_value(e)))
			return jt_fail(t, "Invalid set type%s", ".");
	}
	return true;
}

static bool map_type(struct jt *t, json_t *map)
{
	sbuf_puts(t->out, " : ");
	if (json_is_string(map)) {	/* may be a concatenation, as it is listed */
		for (const char *p = json_string_value(map); *p; p++)
			if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || strchr("_. ", *p)))
				return jt_fail(t, "Invalid map type '%s'.", json_string_value(map));
		sbuf_puts(t->out, json_string_value(map));
		return true;
	}
	return jt_expr(t, json_is_object(map) && json_object_get(map, "typeof") ? json_object_get(map, "typeof") : map);
}

static bool number_line(struct jt *t, json_t *v, const char *key, const char *end)
{
	json_t *n = json_object_get(v, key);

	if (!n)
		return true;
	if (!json_is_integer(n) || json_integer_value(n) < 0)
		return jt_fail(t, "Property '%s' is not a number.", key);
	sbuf_printf(t->out, " %s %" JSON_INTEGER_FORMAT "%s;", key, json_integer_value(n), end);
	return true;
}

static bool set_stmts(struct jt *t, json_t *list)
{
	json_t *s;
	size_t i;

	json_array_foreach(list, i, s) {
		sbuf_putc(t->out, ' ');
		if (!jt_stmt(t, s))
			return false;
		sbuf_putc(t->out, ';');
	}
	return true;
}

static bool do_set(struct jt *t, const char *cmd, const char *word, json_t *v)
{
	json_t *flags = json_object_get(v, "flags"), *elem = json_object_get(v, "elem"), *policy = json_object_get(v, "policy");

	if (!place(t, v, cmd, word, true, "name"))
		return false;
	if (!makes(cmd))
		return true;
	sbuf_puts(t->out, " { ");
	if (!set_type(t, json_object_get(v, "type")) ||
	    (json_object_get(v, "map") && !map_type(t, json_object_get(v, "map"))))
		return false;
	sbuf_putc(t->out, ';');
	if (json_is_string(policy)) {
		sbuf_puts(t->out, " policy ");
		if (!jt_words(t, json_string_value(policy)))
			return false;
		sbuf_putc(t->out, ';');
	}
	if (flags) {
		sbuf_puts(t->out, " flags ");
		if (!jt_expr(t, flags))
			return false;
		sbuf_putc(t->out, ';');
	}
	if (!number_line(t, v, "size", "") || !number_line(t, v, "timeout", "s") || !number_line(t, v, "gc-interval", "s"))
		return false;
	if (json_is_true(json_object_get(v, "auto-merge")))
		sbuf_puts(t->out, " auto-merge;");
	if (!set_stmts(t, json_object_get(v, "stmt")) || !comment_of(t, v, ";"))
		return false;
	if (elem && !(json_is_array(elem) && !json_array_size(elem))) {
		sbuf_puts(t->out, " elements = ");
		if (!jt_elems(t, elem))
			return false;
	}
	sbuf_puts(t->out, " }");
	return true;
}

static bool do_element(struct jt *t, const char *cmd, const char *word, json_t *v)
{
	if (!place(t, v, cmd, word, true, "name"))
		return false;
	sbuf_putc(t->out, ' ');
	return json_object_get(v, "elem") ? jt_elems(t, json_object_get(v, "elem")) : jt_fail(t, "Property '%s' is missing.", "elem");
}

/* an object whose parameters are those of the statement with its name */
static bool do_stateful(struct jt *t, const char *cmd, const char *word, json_t *v)
{
	json_t *params, *stmt;
	struct sbuf text = SBUF_INIT, *out = t->out;
	bool ok;

	if (!place(t, v, cmd, word, true, "name"))
		return false;
	if (!makes(cmd))
		return true;
	params = json_deep_copy(v);
	if (strcmp(word, "quota") == 0 && json_object_get(params, "bytes"))
		json_object_set(params, "val", json_object_get(v, "bytes"));
	stmt = json_pack("{s:o}", word, params);
	t->out = &text;
	ok = stmt && jt_stmt(t, stmt);
	t->out = out;
	json_decref(stmt);
	/* without the statement's own word, which the object's name stands for */
	if (ok)
		sbuf_printf(out, " { %s;", sbuf_str(&text) + strlen(word));
	sbuf_free(&text);
	ok = ok && comment_of(t, v, ";");
	sbuf_puts(out, " }");
	return ok;
}

static bool word_line(struct jt *t, json_t *v, const char *key, const char *before, bool quoted)
{
	const char *s;

	if (!json_object_get(v, key))
		return true;
	s = jt_string(t, v, key);
	sbuf_printf(t->out, " %s ", before);
	if (!s || !(quoted ? jt_quoted(t, s) : jt_words(t, s)))
		return false;
	if (!quoted)
		sbuf_putc(t->out, ';');
	return true;
}

static bool do_helper(struct jt *t, const char *cmd, const char *word, json_t *v)
{
	if (!place(t, v, cmd, word, true, "name") || !makes(cmd))
		return !t->failed;
	sbuf_puts(t->out, " {");
	if (!word_line(t, v, "type", "type", true) || !word_line(t, v, "protocol", "protocol", false) ||
	    !word_line(t, v, "l3proto", "l3proto", false))
		return false;
	sbuf_puts(t->out, " }");
	return true;
}

static bool do_timeout(struct jt *t, const char *cmd, const char *word, json_t *v)
{
	json_t *policy = json_object_get(v, "policy"), *n;
	const char *state;
	unsigned i = 0;

	if (!place(t, v, cmd, word, true, "name") || !makes(cmd))
		return !t->failed;
	sbuf_puts(t->out, " {");
	if (!word_line(t, v, "protocol", "protocol", false) || !word_line(t, v, "l3proto", "l3proto", false))
		return false;
	sbuf_puts(t->out, " policy = {");
	json_object_foreach(policy, state, n) {
		sbuf_puts(t->out, i++ ? ", " : " ");
		if (!jt_words(t, state) || !json_is_integer(n))
			return jt_fail(t, "Property '%s' is not a number.", state);
		sbuf_printf(t->out, " : %" JSON_INTEGER_FORMAT, json_integer_value(n));
	}
	sbuf_puts(t->out, " }; }");
	return true;
}

static bool do_expect(struct jt *t, const char *cmd, const char *word, json_t *v)
{
	if (!place(t, v, cmd, word, true, "name") || !makes(cmd))
		return !t->failed;
	sbuf_puts(t->out, " {");
	if (!word_line(t, v, "protocol", "protocol", false) || !number_line(t, v, "dport", "") ||
	    !number_line(t, v, "timeout", "ms") || !number_line(t, v, "size", "") || !word_line(t, v, "l3proto", "l3proto", false))
		return false;
	sbuf_puts(t->out, " }");
	return true;
}

static bool do_secmark(struct jt *t, const char *cmd, const char *word, json_t *v)
{
	const char *s;

	if (!place(t, v, cmd, word, true, "name") || !makes(cmd))
		return !t->failed;
	s = jt_string(t, v, "context");
	sbuf_puts(t->out, " { ");
	if (!s || !jt_quoted(t, s))
		return false;
	sbuf_puts(t->out, "; }");
	return true;
}

static bool do_flowtable(struct jt *t, const char *cmd, const char *word, json_t *v)
{
	json_t *prio = json_object_get(v, "prio"), *dev = json_object_get(v, "dev"), *list;
	bool ok = true;

	if (!place(t, v, cmd, word, true, "name") || !makes(cmd))
		return !t->failed;
	sbuf_printf(t->out, " { hook ingress priority %" JSON_INTEGER_FORMAT ";", json_integer_value(prio));
	if (dev) {
		list = json_is_array(dev) ? json_incref(dev) : json_pack("[O]", dev);
		ok = devices(t, list);
		sbuf_putc(t->out, ';');
		json_decref(list);
	}
	sbuf_puts(t->out, " }");
	return ok;
}

/* "list tables" and the like: the family and table are there or not */
static bool do_all(struct jt *t, const char *cmd, const char *word, json_t *v)
{
	const char *s;

	sbuf_printf(t->out, "%s %s", cmd, word);
	if (json_object_get(v, "family")) {
		s = jt_string(t, v, "family");
		sbuf_putc(t->out, ' ');
		if (!s || !jt_words(t, s))
			return false;
	}
	if (!json_object_get(v, "table"))
		return true;
	s = jt_string(t, v, "table");
	sbuf_printf(t->out, " %s", json_object_get(v, "family") ? "table " : "table ip ");
	return s && jt_name(t, s);
}

static const struct { const char *word; bool (*fn)(struct jt *t, const char *cmd, const char *word, json_t *v); } things[] = {
	{ "table", do_table }, { "chain", do_chain }, { "rule", do_rule }, { "set", do_set }, { "map", do_set }, { "meter", do_set },
	{ "element", do_element }, { "flowtable", do_flowtable }, { "counter", do_stateful }, { "quota", do_stateful },
	{ "limit", do_stateful }, { "synproxy", do_stateful }, { "ct helper", do_helper }, { "ct timeout", do_timeout },
	{ "ct expectation", do_expect }, { "secmark", do_secmark }, { "ruleset", do_all }, { "tables", do_all },
	{ "chains", do_all }, { "sets", do_all }, { "maps", do_all }, { "meters", do_all }, { "counters", do_all },
	{ "quotas", do_all }, { "limits", do_all }, { "ct helpers", do_all }, { "flowtables", do_all }, { "secmarks", do_all },
	{ "synproxys", do_all },
};

static bool do_thing(struct jt *t, const char *cmd, json_t *what)
{
	const char *word = json_object_iter_key(json_object_iter(what));

	for (unsigned i = 0; word && i < ARRAY_LEN(things); i++) {
		if (strcmp(things[i].word, word) != 0)
			continue;
		if (!things[i].fn(t, cmd, word, json_object_get(what, word)))
			return false;
		sbuf_putc(t->out, '\n');
		return true;
	}
	return jt_fail(t, "Unknown object passed to %s command.", cmd);
}

static bool do_command(struct jt *t, json_t *c)
{
	static const char *const cmds[] = { "add", "replace", "create", "insert", "delete", "list", "reset", "flush", "rename", NULL };
	const char *word = json_object_iter_key(json_object_iter(c));

	if (!word || json_object_size(c) != 1)
		return jt_fail(t, "A command is not an object with one property%s", ".");
	if (strcmp(word, "metainfo") == 0) {
		json_int_t v = json_integer_value(json_object_get(json_object_get(c, word), "json_schema_version"));

		return v <= 1 || jt_fail(t, "Schema version is too new%s", ".");
	}
	for (unsigned i = 0; cmds[i]; i++)
		if (strcmp(cmds[i], word) == 0)
			return do_thing(t, word, json_object_get(c, word));
	return do_thing(t, "add", c);		/* an object as it was listed */
}

/* -1: a command; else the place of an object as it was listed among others: what is referred to comes first */
static int rank_of(json_t *c)
{
	static const struct { const char *word; int rank; } rank[] = {
		{ "table", 0 }, { "chain", 1 }, { "counter", 2 }, { "quota", 2 }, { "limit", 2 }, { "ct helper", 2 },
		{ "ct timeout", 2 }, { "ct expectation", 2 }, { "synproxy", 2 }, { "secmark", 2 }, { "flowtable", 2 },
		{ "set", 3 }, { "map", 3 }, { "meter", 3 }, { "element", 4 }, { "rule", 5 },
	};
	const char *word = json_object_iter_key(json_object_iter(c));

	for (unsigned i = 0; word && i < ARRAY_LEN(rank); i++)
		if (strcmp(rank[i].word, word) == 0)
			return rank[i].rank;
	return -1;
}

/* a listing names a verdict map before the chains that it leads to: objects that stand together are made in an order that works */
static size_t do_listed(struct jt *t, json_t *list, size_t from)
{
	size_t to = from;

	while (to < json_array_size(list) && rank_of(json_array_get(list, to)) >= 0)
		to++;
	for (int rank = 0; rank <= 5; rank++)
		for (size_t i = from; i < to && !t->failed; i++)
			if (rank_of(json_array_get(list, i)) == rank)
				do_command(t, json_array_get(list, i));
	return to;
}

bool nft_json_to_text(struct nft_ctx *x, const char *json, size_t len, struct sbuf *out)
{
	struct jt t = { .x = x, .out = out };
	json_error_t err;
	json_t *root = json_loadb(json, len, 0, &err), *list;
	size_t i = 0;

	if (!root) {
		nft_err(x, &(struct nft_loc){ 0 }, "JSON, line %d, column %d: %s", err.line, err.column, err.text);
		return false;
	}
	list = json_object_get(root, "nftables");
	if (!json_is_array(list))
		jt_fail(&t, "JSON root must be an object with the array '%s'.", "nftables");
	while (i < json_array_size(list) && !t.failed) {
		if (rank_of(json_array_get(list, i)) >= 0)
			i = do_listed(&t, list, i);
		else
			do_command(&t, json_array_get(list, i++));
	}
	json_decref(root);
	return !t.failed;
}
