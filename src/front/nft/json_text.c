/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/json_text.c - JSON expressions and statements as nft's own text.
 *
 * Where it stands: under json_in.c, for `nft -j -f`. JSON is one more way to write the language: what it says is
 * written as text, which then goes the text's way, so that both are checked by the same code.
 *
 * Theory of operation: one function per word of the schema, in two tables; what is not an object is an immediate.
 * A name is written as it is where it can be nothing else, else in quotes; what cannot stand in quotes is refused,
 * so that no value becomes syntax.
 *
 * References: libnftables-json(5).
 */
#include <string.h>

#include "front/nft/json_text.h"

#define JSON_DEPTH 32			/* expressions within expressions */

bool jt_fail(struct jt *t, const char *fmt, const char *arg)
{
	struct nft_loc none = { 0 };

	if (!t->failed)
		nft_err(t->x, &none, fmt, arg);
	t->failed = true;
	return false;
}

/* of IPv6 or Ethernet; "17:00" and "Linux:3.0" are none, and need quotes */
static bool is_address(const char *s)
{
	unsigned colons = 0;

	for (const char *p = s; *p; p++)
		colons += *p == ':';
	return colons >= 5 || strstr(s, "::");
}

/* letters, digits and what addresses, names and sets are made of; nothing that ends a word */
static bool is_word(const char *s)
{
	static const char ok[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@";

	return *s && strspn(s, ok) == strlen(s) && s[0] != '-' && (!strchr(s, ':') || is_address(s));
}

bool jt_quoted(struct jt *t, const char *s)
{
	for (const char *p = s; *p; p++)
		if (*p == '"' || *p == '\n')
			return jt_fail(t, "Invalid character in string '%s'.", s);
	sbuf_printf(t->out, "\"%s\"", s);
	return true;
}

bool jt_name(struct jt *t, const char *s)
{
	if (!is_word(s) || *s == '@')
		return jt_fail(t, "Invalid name '%s'.", s);
	sbuf_puts(t->out, s);
	return true;
}

const char *jt_string(struct jt *t, json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	if (!json_is_string(v)) {
		jt_fail(t, v ? "Property '%s' is not a string." : "Property '%s' is missing.", key);
		return NULL;
	}
	return json_string_value(v);
}

static bool immediate(struct jt *t, json_t *e)
{
	const char *s;

	if (json_is_integer(e)) {
		sbuf_printf(t->out, "%" JSON_INTEGER_FORMAT, json_integer_value(e));
		return json_integer_value(e) >= 0 || jt_fail(t, "Negative number%s", ".");
	}
	if (json_is_boolean(e)) {
		sbuf_puts(t->out, json_is_true(e) ? "exists" : "missing");
		return true;
	}
	if (!json_is_string(e))
		return jt_fail(t, "Unexpected JSON type%s", " for an expression.");
	s = json_string_value(e);
	if (is_word(s) || strcmp(s, "*") == 0)
		sbuf_puts(t->out, s);
	else
		return jt_quoted(t, s);
	return true;
}

/* a list with @sep between; an empty one is refused */
static bool join(struct jt *t, json_t *list, const char *sep)
{
	json_t *e;
	size_t i;

	if (!json_is_array(list) || !json_array_size(list))
		return jt_fail(t, "Expected a list of expressions%s", ".");
	json_array_foreach(list, i, e) {
		sbuf_puts(t->out, i ? sep : "");
		if (!jt_expr(t, e))
			return false;
	}
	return true;
}

static bool x_concat(struct jt *t, json_t *v)
{
	return join(t, v, " . ");
}

/* a member of a set: KEY, [KEY, VALUE], {"elem": ...} */
bool jt_elem(struct jt *t, json_t *e)
{
	if (json_is_array(e) && json_array_size(e) == 2) {
		if (!jt_expr(t, json_array_get(e, 0)))
			return false;
		sbuf_puts(t->out, " : ");
		e = json_array_get(e, 1);
		return json_is_object(e) && jt_is_verdict(e) ? jt_stmt(t, e) : jt_expr(t, e);
	}
	return jt_expr(t, e);
}

bool jt_elems(struct jt *t, json_t *v)
{
	json_t *e;
	size_t i;

	sbuf_puts(t->out, "{ ");
	if (json_is_array(v)) {
		json_array_foreach(v, i, e) {
			sbuf_puts(t->out, i ? ", " : "");
			if (!jt_elem(t, e))
				return false;
		}
	} else if (!jt_elem(t, v)) {
		return false;
	}
	sbuf_puts(t->out, " }");
	return true;
}

static bool x_set(struct jt *t, json_t *v)
{
	return jt_elems(t, v);
}

static bool x_map(struct jt *t, json_t *v)
{
	if (!jt_expr(t, json_object_get(v, "key")))
		return false;
	sbuf_puts(t->out, " map ");
	return jt_expr(t, json_object_get(v, "data"));
}

static bool x_prefix(struct jt *t, json_t *v)
{
	json_t *len = json_object_get(v, "len");

	if (!json_is_integer(len))
		return jt_fail(t, "Property '%s' is not a number.", "len");
	if (!jt_expr(t, json_object_get(v, "addr")))
		return false;
	sbuf_printf(t->out, "/%" JSON_INTEGER_FORMAT, json_integer_value(len));
	return true;
}

static bool x_range(struct jt *t, json_t *v)
{
	if (json_array_size(v) != 2)
		return jt_fail(t, "Expected a list of two expressions%s", " for a range.");
	/* a name may have a '-' in it: then blanks tell */
	for (unsigned i = 0; i < 2; i++) {
		const char *s = json_string_value(json_array_get(v, i));

		if (s && !strpbrk(s, ".:"))
			return join(t, v, " - ");
	}
	return join(t, v, "-");
}

static bool number(struct jt *t, json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return jt_fail(t, "Property '%s' is not a number.", key);
	sbuf_printf(t->out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	return true;
}

static bool raw(struct jt *t, json_t *v, const char *word, const char *base)
{
	sbuf_printf(t->out, "%s@%s", word, base);
	if (!*base && !number(t, v, "base"))
		return false;
	sbuf_putc(t->out, ',');
	if (!number(t, v, "offset"))
		return false;
	sbuf_putc(t->out, ',');
	return number(t, v, "len");
}

static bool x_payload(struct jt *t, json_t *v)
{
	const char *base, *proto, *field;

	if (json_object_get(v, "base")) {
		base = jt_string(t, v, "base");
		return base && (strcmp(base, "ll") == 0 || strcmp(base, "nh") == 0 || strcmp(base, "th") == 0 || strcmp(base, "ih") == 0
					? raw(t, v, "", base) : jt_fail(t, "Invalid payload base '%s'.", base));
	}
	proto = jt_string(t, v, "protocol");
	field = proto ? jt_string(t, v, "field") : NULL;
	if (!field || !jt_words(t, proto))
		return false;
	sbuf_putc(t->out, ' ');
	return jt_words(t, field);
}

/* several words of a name that has blanks in it ("saddr ip") */
bool jt_words(struct jt *t, const char *s)
{
	for (const char *p = s; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || strchr("-_ []", *p)))
			return jt_fail(t, "Invalid name '%s'.", s);
	sbuf_puts(t->out, s);
	return *s || jt_fail(t, "Empty name%s", ".");
}

/* an extension header, option or chunk, or with the comparison that follows whether it is there */
static bool optional_header(struct jt *t, json_t *v, const char *word)
{
	const char *name, *field;

	if (json_object_get(v, "base"))
		return raw(t, v, word, "");
	name = jt_string(t, v, "name");
	if (!name)
		return false;
	sbuf_puts(t->out, word);
	if (!jt_words(t, name))
		return false;
	if (!json_object_get(v, "field"))
		return true;
	sbuf_putc(t->out, ' ');
	field = jt_string(t, v, "field");
	return field && jt_words(t, field);
}

static bool x_exthdr(struct jt *t, json_t *v)
{
	return optional_header(t, v, json_object_get(v, "field") ? "" : "exthdr ");
}

static bool x_tcpopt(struct jt *t, json_t *v)
{
	json_t *len = json_object_get(v, "len"), *off = json_object_get(v, "offset");

	/* @kind,0,8 is how "tcp option 7" alone is written */
	if (json_object_get(v, "base") && (json_integer_value(len) == 8 || !json_integer_value(len)) && !json_integer_value(off)) {
		sbuf_puts(t->out, "tcp option ");
		return number(t, v, "base");
	}
	return optional_header(t, v, "tcp option ");
}

static bool x_ipopt(struct jt *t, json_t *v)
{
	return optional_header(t, v, "ip option ");
}

static bool x_sctp(struct jt *t, json_t *v)
{
	return optional_header(t, v, "sctp chunk ");
}

static bool x_meta(struct jt *t, json_t *v)
{
	const char *key = jt_string(t, v, "key");

	sbuf_puts(t->out, "meta ");
	return key && jt_words(t, key);
}

static bool x_ct(struct jt *t, json_t *v)
{
	const char *key = jt_string(t, v, "key"), *dir = NULL;

	sbuf_puts(t->out, "ct ");
	if (key && json_object_get(v, "dir")) {
		dir = jt_string(t, v, "dir");
		if (!dir || !jt_words(t, dir))
			return false;
		sbuf_putc(t->out, ' ');
	}
	return key && jt_words(t, key);
}

static bool x_rt(struct jt *t, json_t *v)
{
	const char *key = jt_string(t, v, "key"), *family;

	sbuf_puts(t->out, "rt ");
	if (key && json_object_get(v, "family")) {
		family = jt_string(t, v, "family");
		if (!family || !jt_words(t, family))
			return false;
		sbuf_putc(t->out, ' ');
	}
	return key && jt_words(t, key);
}

static bool x_fib(struct jt *t, json_t *v)
{
	const char *result = jt_string(t, v, "result");
	json_t *flags = json_object_get(v, "flags"), *f;
	size_t i;

	if (!result)
		return false;
	sbuf_puts(t->out, "fib ");
	if (json_is_string(flags) && !jt_words(t, json_string_value(flags)))
		return false;
	if (!flags || (json_is_array(flags) && !json_array_size(flags)))
		return jt_fail(t, "Property '%s' is missing.", "flags");
	json_array_foreach(flags, i, f) {
		sbuf_puts(t->out, i ? " . " : "");
		if (!json_is_string(f) || !jt_words(t, json_string_value(f)))
			return jt_fail(t, "Invalid fib flag%s", ".");
	}
	sbuf_putc(t->out, ' ');
	return jt_words(t, result);
}

static bool x_socket(struct jt *t, json_t *v)
{
	const char *key = jt_string(t, v, "key");

	sbuf_puts(t->out, "socket ");
	return key && jt_words(t, key);
}

static bool x_osf(struct jt *t, json_t *v)
{
	const char *key = jt_string(t, v, "key"), *ttl;

	sbuf_puts(t->out, "osf ");
	if (key && json_object_get(v, "ttl")) {
		ttl = jt_string(t, v, "ttl");
		sbuf_puts(t->out, "ttl ");
		if (!ttl || !jt_words(t, ttl))
			return false;
		sbuf_putc(t->out, ' ');
	}
	return key && jt_words(t, key);
}

static bool x_ipsec(struct jt *t, json_t *v)
{
	const char *key = jt_string(t, v, "key"), *dir = key ? jt_string(t, v, "dir") : NULL, *family;

	sbuf_puts(t->out, "ipsec ");
	if (!dir || !jt_words(t, dir))
		return false;
	if (json_object_get(v, "spnum")) {
		sbuf_puts(t->out, " spnum ");
		if (!number(t, v, "spnum"))
			return false;
	}
	sbuf_putc(t->out, ' ');
	if (json_object_get(v, "family")) {
		family = jt_string(t, v, "family");
		if (!family || !jt_words(t, family))
			return false;
		sbuf_putc(t->out, ' ');
	}
	return jt_words(t, key);
}

static bool modulus(struct jt *t, json_t *v)
{
	sbuf_puts(t->out, " mod ");
	if (!number(t, v, "mod"))
		return false;
	if (json_object_get(v, "seed")) {
		sbuf_puts(t->out, " seed ");
		if (!number(t, v, "seed"))
			return false;
	}
	if (!json_object_get(v, "offset"))
		return true;
	sbuf_puts(t->out, " offset ");
	return number(t, v, "offset");
}

static bool x_numgen(struct jt *t, json_t *v)
{
	const char *mode = jt_string(t, v, "mode");

	sbuf_puts(t->out, "numgen ");
	return mode && jt_words(t, mode) && modulus(t, v);
}

static bool x_jhash(struct jt *t, json_t *v)
{
	sbuf_puts(t->out, "jhash ");
	return jt_expr(t, json_object_get(v, "expr")) && modulus(t, v);
}

static bool x_symhash(struct jt *t, json_t *v)
{
	sbuf_puts(t->out, "symhash");
	return modulus(t, v);
}

static bool x_elem(struct jt *t, json_t *v)
{
	json_t *timeout = json_object_get(v, "timeout"), *expires = json_object_get(v, "expires");
	const char *comment;

	if (!jt_expr(t, json_object_get(v, "val")))
		return false;
	if (json_object_get(v, "counter"))
		if (sbuf_putc(t->out, ' '), !jt_stmt(t, v))
			return false;
	if (json_is_integer(timeout))
		sbuf_printf(t->out, " timeout %" JSON_INTEGER_FORMAT "s", json_integer_value(timeout));
	if (json_is_integer(expires))
		sbuf_printf(t->out, " expires %" JSON_INTEGER_FORMAT "s", json_integer_value(expires));
	if (!json_object_get(v, "comment"))
		return true;
	comment = jt_string(t, v, "comment");
	sbuf_puts(t->out, " comment ");
	return comment && jt_quoted(t, comment);
}

/* a & b | c: brackets around whatever is not a single thing */
static bool operand(struct jt *t, json_t *e)
{
	bool wrap = json_is_array(e) || (json_is_object(e) && strchr("&|^<>", json_object_iter_key(json_object_iter(e))[0]));
	bool ok;

	if (!wrap)
		return jt_expr(t, e);
	sbuf_putc(t->out, '(');
	ok = json_is_array(e) ? join(t, e, " | ") : jt_expr(t, e);
	sbuf_putc(t->out, ')');
	return ok;
}

static bool binop(struct jt *t, const char *op, json_t *v)
{
	json_t *e;
	size_t i;

	if (json_array_size(v) < 2)
		return jt_fail(t, "Operator '%s' needs two expressions.", op);
	json_array_foreach(v, i, e) {
		if (i)
			sbuf_printf(t->out, " %s ", op);
		if (!operand(t, e))
			return false;
	}
	return true;
}

static const struct { const char *word; bool (*fn)(struct jt *t, json_t *v); } exprs[] = {
	{ "concat", x_concat }, { "set", x_set }, { "map", x_map }, { "prefix", x_prefix }, { "range", x_range },
	{ "payload", x_payload }, { "exthdr", x_exthdr }, { "tcp option", x_tcpopt }, { "ip option", x_ipopt },
	{ "sctp chunk", x_sctp }, { "meta", x_meta }, { "ct", x_ct }, { "rt", x_rt }, { "fib", x_fib }, { "socket", x_socket },
	{ "osf", x_osf }, { "ipsec", x_ipsec }, { "numgen", x_numgen }, { "jhash", x_jhash }, { "symhash", x_symhash },
	{ "elem", x_elem },
};

bool jt_expr(struct jt *t, json_t *e)
{
	static const char *const ops[] = { "&", "|", "^", "<<", ">>" };
	const char *word;
	json_t *v;
	bool ok = false, found = false;

	if (t->failed)
		return false;
	if (!e)
		return jt_fail(t, "An expression is missing%s", ".");
	if (json_is_array(e))
		return join(t, e, ",");
	if (!json_is_object(e))
		return immediate(t, e);
	if (json_object_size(e) != 1)
		return jt_fail(t, "Malformed object (too many properties)%s", ".");
	if (++t->depth > JSON_DEPTH)
		return jt_fail(t, "Expressions nested too deeply%s", ".");
	word = json_object_iter_key(json_object_iter(e));
	v = json_object_get(e, word);
	for (unsigned i = 0; i < ARRAY_LEN(exprs) && !found; i++)
		if ((found = strcmp(exprs[i].word, word) == 0))
			ok = exprs[i].fn(t, v);
	for (unsigned i = 0; i < ARRAY_LEN(ops) && !found; i++)
		if ((found = strcmp(ops[i], word) == 0))
			ok = binop(t, word, v);
	if (!found && jt_is_verdict(e))
		found = true, ok = jt_stmt(t, e);
	t->depth--;
	return found ? ok : jt_fail(t, "Unknown expression type '%s'.", word);
}
