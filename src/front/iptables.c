/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/iptables.c - the command line of iptables: words into commands and a rule.
 *
 * First step of the rule's way for this dialect. Words are read in order, as getopt_long() gives them; a match or
 * target, once named, adds its options to those that are known, newest first, and "-p tcp" brings the tcp match when
 * an option is met that nobody knows. What the real tool says while it reads is said here; what it says when it works
 * on the tables is in apply.c.
 *
 * Invariants
 *  1. A command that fails here has changed nothing.
 *  2. What is parsed belongs to struct line_state until it is handed to the commands of struct ipt_line.
 *
 * Differences: -vv prints no netlink byte code (D-22). IPv6 is refused by name.
 */
#include "front/iptables.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/mem.h"
#include "front/optscan.h"

#define SHORTS "A:C:D:E:F::I:L::M:N:P:VX::Z::c:d:i:j:o:p:s:t:R:S::W::46bfg:h::m:nvw::x"
#define LINE_NUMBERS '0'
/* opt_row.val of an extension's option: EXT_VALS * (instance + 1) + its id; instance 0 is the target */
#define EXT_VALS 1000

enum opt_bit {
	O_NUMERIC = 1 << 0,
	O_SRC = 1 << 1,
	O_DST = 1 << 2,
	O_PROTO = 1 << 3,
	O_JUMP = 1 << 4,
	O_VERBOSE = 1 << 5,
	O_EXACT = 1 << 6,
	O_IN = 1 << 7,
	O_OUT = 1 << 8,
	O_LINENUM = 1 << 9,
	O_COUNTERS = 1 << 10,
	O_FRAG = 1 << 11,
};

/* by bit: the letter, and what "!" in front of it means (0: not allowed) */
static const struct {
	char letter;
	uint8_t inverse;
} opt_info[] = {
	{ 'n', 0 },           { 's', IPT_INV_SRC }, { 'd', IPT_INV_DST }, { 'p', IPT_INV_PROTO },
	{ 'j', 0 },           { 'v', 0 },           { 'x', 0 },           { 'i', IPT_INV_IN },
	{ 'o', IPT_INV_OUT }, { LINE_NUMBERS, 0 },  { 'c', 0 },           { 'f', IPT_INV_FRAG },
};

#define O_RULE (O_SRC | O_DST | O_PROTO | O_JUMP | O_IN | O_OUT | O_FRAG | O_VERBOSE)

/* by enum ipt_cmd_kind: the letter in messages, the options that go with it, and the commands it may stand beside */
#define WITH(k) (1u << (k))
static const struct {
	char letter;
	uint32_t options, with;
} cmd_info[] = {
	[IPT_APPEND] = { 'A', O_RULE | O_COUNTERS, 0 },
	[IPT_INSERT] = { 'I', O_RULE | O_COUNTERS, 0 },
	[IPT_DELETE] = { 'D', O_RULE, 0 },
	[IPT_DELETE_NUM] = { 'D', O_VERBOSE, 0 },
	[IPT_REPLACE] = { 'R', O_RULE | O_COUNTERS, 0 },
	[IPT_CHECK] = { 'C', O_RULE, 0 },
	[IPT_LIST] = { 'L', O_NUMERIC | O_VERBOSE | O_EXACT | O_LINENUM, WITH(IPT_ZERO) | WITH(IPT_ZERO_NUM) },
	[IPT_LIST_RULES] = { 'S', O_VERBOSE, WITH(IPT_ZERO) | WITH(IPT_ZERO_NUM) },
	[IPT_FLUSH] = { 'F', O_VERBOSE, 0 },
	[IPT_ZERO] = { 'Z', O_VERBOSE, WITH(IPT_LIST) | WITH(IPT_LIST_RULES) },
	[IPT_ZERO_NUM] = { 'Z', O_VERBOSE, WITH(IPT_LIST) | WITH(IPT_LIST_RULES) },
	[IPT_NEW] = { 'N', O_VERBOSE, 0 },
	[IPT_DEL_CHAIN] = { 'X', O_VERBOSE, 0 },
	[IPT_RENAME] = { 'E', O_VERBOSE, 0 },
	[IPT_POLICY] = { 'P', O_VERBOSE | O_COUNTERS, 0 },
};

#define RULE_CMDS (WITH(IPT_APPEND) | WITH(IPT_INSERT) | WITH(IPT_DELETE) | WITH(IPT_REPLACE) | WITH(IPT_CHECK))

static const struct opt_row base_rows[] = {
	{ "append", OPT_REQ, 'A' },	  { "delete", OPT_REQ, 'D' },	    { "check", OPT_REQ, 'C' },
	{ "insert", OPT_REQ, 'I' },	  { "replace", OPT_REQ, 'R' },	    { "list", OPT_MAYBE, 'L' },
	{ "list-rules", OPT_MAYBE, 'S' }, { "flush", OPT_MAYBE, 'F' },	    { "zero", OPT_MAYBE, 'Z' },
	{ "new-chain", OPT_REQ, 'N' },	  { "delete-chain", OPT_MAYBE, 'X' }, { "rename-chain", OPT_REQ, 'E' },
	{ "policy", OPT_REQ, 'P' },	  { "source", OPT_REQ, 's' },	    { "destination", OPT_REQ, 'd' },
	{ "src", OPT_REQ, 's' },	  { "dst", OPT_REQ, 'd' },	    { "protocol", OPT_REQ, 'p' },
	{ "in-interface", OPT_REQ, 'i' }, { "jump", OPT_REQ, 'j' },	    { "table", OPT_REQ, 't' },
	{ "match", OPT_REQ, 'm' },	  { "numeric", OPT_NONE, 'n' },	    { "out-interface", OPT_REQ, 'o' },
	{ "verbose", OPT_NONE, 'v' },	  { "wait", OPT_MAYBE, 'w' },	    { "wait-interval", OPT_MAYBE, 'W' },
	{ "exact", OPT_NONE, 'x' },	  { "fragments", OPT_NONE, 'f' },   { "version", OPT_NONE, 'V' },
	{ "help", OPT_MAYBE, 'h' },	  { "line-numbers", OPT_NONE, LINE_NUMBERS }, { "modprobe", OPT_REQ, 'M' },
	{ "set-counters", OPT_REQ, 'c' }, { "goto", OPT_REQ, 'g' },	    { "ipv4", OPT_NONE, '4' },
	{ "ipv6", OPT_NONE, '6' },
};

struct line_state {
	struct ipt_line *l;
	struct ipt_ctx *x;
	struct optscan scan;
	struct opt_row *rows;		/* base_rows, then the newest extension's first */
	struct ipt_rule rule;
	struct ipt_tail *tail;
	bool proto_used;		/* the match that -p brings has been loaded */
	uint32_t options, cmds;		/* seen */
	bool invert, wait, wait_interval;
	const char *chain, *arg, *src, *dst, *proto;
	unsigned num;
	bool have_counters;
	uint64_t packets, bytes;
};

int ipt_fail(struct ipt_ctx *x, enum ipt_status status, const char *fmt, ...)
{
	va_list ap;

	cmd_err(x->c, "%s " IPT_VERSION ": ", x->tool);
	va_start(ap, fmt);
	sbuf_vprintf(&x->c->err, fmt, ap);
	va_end(ap);
	cmd_err(x->c, "\n");
	if (status == IPT_PARAM)
		return ipt_tryhelp(x);
	if (status == IPT_VERSION_PROBLEM)
		cmd_err(x->c, "Perhaps %s or your kernel needs to be upgraded.\n", x->tool);
	return status;
}

int ipt_tryhelp(struct ipt_ctx *x)
{
	if (x->line)
		cmd_err(x->c, "Error occurred at line: %u\n", x->line);
	cmd_err(x->c, "Try `%s -h' or '%s --help' for more information.\n", x->tool, x->tool);
	return IPT_PARAM;
}

static int no_memory(struct ipt_ctx *x)
{
	return ipt_fail(x, IPT_RESOURCE, "out of memory");
}

/* ---- extensions ---- */

static void add_rows(struct opt_row *rows, unsigned *n, const struct xt_ext *ext, unsigned instance)
{
	for (const struct xt_opt *o = ext->opts; o && o->name; o++)
		rows[(*n)++] = (struct opt_row){ o->name,
						 o->flags & XT_NOVAL    ? OPT_NONE
						 : o->flags & XT_OPTVAL ? OPT_MAYBE
									: OPT_REQ,
						 (int)(EXT_VALS * (instance + 1) + (unsigned)(o - ext->opts)) };
}

static unsigned n_opts(const struct xt_ext *ext)
{
	unsigned n = 0;

	for (const struct xt_opt *o = ext ? ext->opts : NULL; o && o->name; o++)
		n++;
	return n;
}

/* the table that the scanner uses: base options, then one extension's, named last */
static int add_ext_rows(struct line_state *s, const struct xt_ext *ext, unsigned instance)
{
	unsigned n = ARRAY_LEN(base_rows), more = n_opts(ext), old = s->scan.n_rows - n;
	struct opt_row *rows = mem_alloc((n + more + old) * sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	memcpy(rows, base_rows, sizeof(base_rows));
	add_rows(rows, &n, ext, instance);
	memcpy(rows + n, s->scan.rows + ARRAY_LEN(base_rows), old * sizeof(*rows));
	mem_free(s->rows);
	s->scan.rows = s->rows = rows;
	s->scan.n_rows = n + old;
	return 0;
}

static int load_match(struct line_state *s, const struct xt_ext *ext)
{
	if (!ipt_tail_add(s->tail, ext) || add_ext_rows(s, ext, s->tail->n) < 0)
		return no_memory(s->x);
	return IPT_OK;
}

static void ext_call(struct line_state *s, struct xt_call *c, const struct ipt_inst *i, struct sbuf *err)
{
	*c = (struct xt_call){
		.ext = i->ext,
		.family = s->x->family,
		.proto = s->rule.proto,
		.proto_inverted = s->rule.inv & IPT_INV_PROTO,
		.table = s->l->table,
		.tool = s->x->tool,
		.seen = i->seen,
		.warn = &s->x->c->err,
		.err = err,
	};
}

static int ext_failed(struct line_state *s, const struct xt_call *c)
{
	return ipt_fail(s->x, c->status ? (enum ipt_status)c->status : IPT_PARAM, "%s", sbuf_str(c->err));
}

static struct ipt_inst *instance(struct line_state *s, unsigned n)
{
	return n == 0 ? &s->tail->target : &s->tail->match[n - 1];
}

/* an option of a match or target */
static int ext_option(struct line_state *s)
{
	struct ipt_inst *i = instance(s, (unsigned)s->scan.val / EXT_VALS - 1);
	struct sbuf err = SBUF_INIT;
	struct xt_call c;
	int status = IPT_OK;

	ext_call(s, &c, i, &err);
	c.opt = &i->ext->opts[s->scan.val % EXT_VALS];
	c.opt_name = c.opt->name;
	c.arg = s->scan.arg;
	if ((c.opt->flags & XT_ARG2) && optscan_has_arg(&s->scan))
		c.arg2 = s->scan.argv[s->scan.next++];
	c.invert = s->invert;
	if (xt_parse_opt(&c, i->data) < 0)
		status = ext_failed(s, &c);
	i->seen = c.seen;
	sbuf_free(&err);
	return status;
}

static int check_exts(struct line_state *s)
{
	struct sbuf err = SBUF_INIT;
	struct xt_call c;
	int status = IPT_OK;

	for (unsigned n = 1; n <= s->tail->n + 1 && status == IPT_OK; n++) {
		struct ipt_inst *i = instance(s, n <= s->tail->n ? n : 0);	/* matches, then the target */

		if (!i->ext)
			continue;
		ext_call(s, &c, i, &err);
		if (xt_check_opts(&c, i->data) < 0)
			status = ext_failed(s, &c);
	}
	sbuf_free(&err);
	return status;
}

/* ---- hints ---- */

#define HINT_NAMES 256

static unsigned ext_names(enum xt_kind kind, const char **names)
{
	unsigned n = 0;

	for (const struct xt_ext *const *e = xt_all; *e && n < HINT_NAMES / 2; e++)
		if ((*e)->kind == kind)
			names[n++] = (*e)->name;
	names[n] = NULL;
	return n;
}

static void hint_match(struct ipt_ctx *x, const char *name)
{
	const char *names[HINT_NAMES], *near;

	ext_names(XT_MATCH, names);
	near = diag_nearest(name, names);
	if (xt_is_later(XT_MATCH, name))
		cmd_hint(x->c, "Linux has -m %s, natbox does not have it yet", name);
	else if (near)
		cmd_hint(x->c, "did you mean '-m %s'?", near);
	else
		cmd_hint(x->c, "natbox has no match '%s'", name);
}

void ipt_hint_target(struct ipt_ctx *x, const struct table *t, const char *name)
{
	const char *names[HINT_NAMES], *near;
	unsigned n = ext_names(XT_TARGET, names);
	struct chain *c;

	names[n++] = "ACCEPT";
	names[n++] = "DROP";
	names[n++] = "RETURN";
	if (t)
		list_for_each(c, &t->chains, node)
			if (!c->base && n < HINT_NAMES - 1)
				names[n++] = c->name;
	names[n] = NULL;
	near = diag_nearest(name, names);
	if (xt_is_later(XT_TARGET, name))
		cmd_hint(x->c, "Linux has -j %s, natbox does not have it yet", name);
	else if (near)
		cmd_hint(x->c, "did you mean '-j %s'?", near);
	else
		cmd_hint(x->c, "make the chain first with -N %s; natbox has no target of that name", name);
}

static const char *unabbreviated(const struct line_state *s, const char *word)
{
	const char *names[256];
	unsigned n = 0;

	for (unsigned i = 0; i < s->scan.n_rows && n < ARRAY_LEN(names) - 1; i++)
		names[n++] = s->scan.rows[i].name;
	names[n] = NULL;
	return diag_nearest(word, names);
}

/* which match or target has an option of that name: forgotten -m, -j or -p */
static void hint_option(struct line_state *s, const char *word)
{
	const char *near;
	uint8_t proto;

	if (strncmp(word, "--", 2) != 0)
		return;
	word += 2;
	if (xt_is_later(XT_TARGET, s->rule.jump)) {
		cmd_hint(s->x->c, "Linux has -j %s, natbox does not have it yet", s->rule.jump);
		return;
	}
	for (const struct xt_ext *const *e = xt_all; *e; e++)
		for (const struct xt_opt *o = (*e)->opts; o && o->name; o++)
			if (strcmp(o->name, word) == 0) {
				const char *flag = (*e)->kind == XT_TARGET                    ? "-j"
						   : ipt_proto_parse((*e)->name, &proto) == 0 ? "-p"
											      : "-m";

				cmd_hint(s->x->c, "--%s belongs to '%s %s', which must come before it", word, flag,
					 (*e)->name);
				return;
			}
	near = unabbreviated(s, word);
	if (near)
		cmd_hint(s->x->c, "did you mean '--%s'?", near);
}

/* ---- single options ---- */

static int set_option(struct line_state *s, enum opt_bit bit)
{
	unsigned i = (unsigned)__builtin_ctz(bit);

	if (s->options & bit)
		return ipt_fail(s->x, IPT_PARAM, "multiple -%c flags not allowed", opt_info[i].letter);
	s->options |= bit;
	if (!s->invert)
		return IPT_OK;
	if (!opt_info[i].inverse)
		return ipt_fail(s->x, IPT_PARAM, "cannot have ! before -%c", opt_info[i].letter);
	s->rule.inv |= opt_info[i].inverse;
	return IPT_OK;
}

static int add_command(struct line_state *s, enum ipt_cmd_kind kind)
{
	if (s->invert)
		return ipt_fail(s->x, IPT_PARAM, "unexpected '!' flag");
	for (unsigned k = 0; k < ARRAY_LEN(cmd_info); k++)
		if ((s->cmds & WITH(k)) && !(cmd_info[kind].with & WITH(k)))
			return ipt_fail(s->x, IPT_PARAM, "Cannot use -%c with -%c", cmd_info[kind].letter,
					cmd_info[k].letter);
	s->cmds |= WITH(kind);
	return IPT_OK;
}

static void change_command(struct line_state *s, enum ipt_cmd_kind from, enum ipt_cmd_kind to)
{
	s->cmds = (s->cmds & ~WITH(from)) | WITH(to);
}

static bool strict_number(const char *t, unsigned long long min, unsigned long long max, unsigned long long *v)
{
	char *end;

	errno = 0;
	*v = strtoull(t, &end, 0);
	return isdigit((unsigned char)*t) && *end == '\0' && errno == 0 && *v >= min && *v <= max;
}

static int rule_number(struct line_state *s)
{
	const char *t = s->scan.argv[s->scan.next++];
	unsigned long long v;

	if (!strict_number(t, 1, INT_MAX, &v))
		return ipt_fail(s->x, IPT_PARAM, "Invalid rule number `%s'", t);
	s->num = (unsigned)v;
	return IPT_OK;
}

/* -A and its like: a chain, then perhaps a number */
static int rule_command(struct line_state *s, enum ipt_cmd_kind kind)
{
	int status = add_command(s, kind);

	if (status)
		return status;
	s->chain = s->scan.arg;
	if (kind == IPT_INSERT)
		s->num = 1;
	if (kind == IPT_APPEND || kind == IPT_CHECK)
		return IPT_OK;
	if (optscan_has_arg(&s->scan)) {
		if (kind == IPT_DELETE)
			change_command(s, IPT_DELETE, IPT_DELETE_NUM);
		return rule_number(s);
	}
	return kind == IPT_REPLACE ? ipt_fail(s->x, IPT_PARAM, "-R requires a rule number") : IPT_OK;
}

/* -L, -S, -F, -Z, -X: perhaps a chain, then for some perhaps a number */
static int chain_command(struct line_state *s, enum ipt_cmd_kind kind, bool numbered)
{
	int status = add_command(s, kind);

	if (status)
		return status;
	if (s->scan.arg)
		s->chain = s->scan.arg;
	else if (optscan_has_arg(&s->scan))
		s->chain = s->scan.argv[s->scan.next++];
	if (!numbered || !optscan_has_arg(&s->scan))
		return IPT_OK;
	if (kind == IPT_ZERO)
		change_command(s, IPT_ZERO, IPT_ZERO_NUM);
	return rule_number(s);
}

static int two_names(struct line_state *s, enum ipt_cmd_kind kind, const char *what)
{
	int status = add_command(s, kind);

	if (status)
		return status;
	s->chain = s->scan.arg;
	if (!optscan_has_arg(&s->scan))
		return ipt_fail(s->x, IPT_PARAM, "-%c requires %s", cmd_info[kind].letter, what);
	s->arg = s->scan.argv[s->scan.next++];
	return IPT_OK;
}

static bool has_space(const char *t)
{
	for (; *t; t++)
		if (isspace((unsigned char)*t))
			return true;
	return false;
}

bool ipt_is_target(const char *name, uint8_t family)
{
	return ipt_is_verdict(name, NULL) || strcmp(name, "QUEUE") == 0 || strcmp(name, "standard") == 0 ||
	       xt_find(XT_TARGET, name, family);
}

static int new_chain(struct line_state *s)
{
	const char *name = s->scan.arg;

	if (strlen(name) > IPT_NAME_MAX)
		return ipt_fail(s->x, IPT_PARAM, "chain name `%s' too long (must be under %u chars)", name,
				IPT_NAME_MAX + 1);
	if (*name == '-' || *name == '!')
		return ipt_fail(s->x, IPT_PARAM, "chain name not allowed to start with `%c'", *name);
	if (ipt_is_target(name, s->x->family))
		return ipt_fail(s->x, IPT_PARAM, "chain name may not clash with target name");
	if (has_space(name))
		return ipt_fail(s->x, IPT_PARAM, "Invalid chain name `%s'", name);
	s->chain = name;
	return add_command(s, IPT_NEW);
}

static int protocol(struct line_state *s, const char *word)
{
	int status = set_option(s, O_PROTO);

	if (status)
		return status;
	if (ipt_proto_parse(word, &s->rule.proto) < 0)
		return ipt_fail(s->x, IPT_PARAM, "unknown protocol \"%s\" specified", word);
	s->proto = word;
	if (!s->rule.proto && (s->rule.inv & IPT_INV_PROTO))
		return ipt_fail(s->x, IPT_PARAM, "rule would never match protocol");
	return IPT_OK;
}

static int interface(struct line_state *s, const char *word, enum opt_bit bit, char name[16])
{
	bool inv = s->invert;
	int status;

	if (!*word)
		return ipt_fail(s->x, IPT_PARAM, "Empty interface is likely to be undesired");
	status = set_option(s, bit);
	if (status)
		return status;
	if (strlen(word) >= 16)
		return ipt_fail(s->x, IPT_PARAM, "interface name `%s' must be shorter than IFNAMSIZ (%i)", word, 15);
	if (strpbrk(word, "/ "))
		cmd_err(s->x->c,
			"Warning: weird character in interface `%s' ('/' and ' ' are not allowed by the kernel).\n",
			word);
	memset(name, 0, 16);
	if (strcmp(word, "+") != 0 || inv)	/* any interface: nothing to compare */
		memcpy(name, word, strlen(word));
	return IPT_OK;
}

static int target(struct line_state *s, const char *name, bool go)
{
	int status = set_option(s, O_JUMP);
	const struct xt_ext *ext;

	if (status)
		return status;
	if (!*name)
		return ipt_fail(s->x, IPT_PARAM, "Invalid target name (too short)");
	if (strlen(name) > IPT_NAME_MAX)
		return ipt_fail(s->x, IPT_PARAM, "Invalid target name `%s' (%u chars max)", name, IPT_NAME_MAX);
	if (has_space(name))
		return ipt_fail(s->x, IPT_PARAM, "Invalid target name `%s'", name);
	strcpy(s->rule.jump, name);
	s->rule.go = go;
	ext = go ? NULL : xt_find(XT_TARGET, name, s->x->family);
	if (!ext)
		return IPT_OK;
	if (ipt_tail_set_target(s->tail, ext) < 0 || add_ext_rows(s, ext, 0) < 0)
		return no_memory(s->x);
	return IPT_OK;
}

static int match(struct line_state *s)
{
	const struct xt_ext *ext;

	if (s->invert)
		return ipt_fail(s->x, IPT_PARAM, "unexpected ! flag before --match");
	ext = xt_find(XT_MATCH, s->scan.arg, s->x->family);
	if (ext)
		return load_match(s, ext);
	ipt_fail(s->x, IPT_PARAM, "Couldn't load match `%s':No such file or directory\n", s->scan.arg);
	hint_match(s->x, s->scan.arg);
	return IPT_PARAM;
}

static int table(struct line_state *s)
{
	const struct ipt_table *t;

	if (s->invert)
		return ipt_fail(s->x, IPT_PARAM, "unexpected ! flag before --table");
	if (s->l->restore)
		return ipt_fail(s->x, IPT_PARAM, "The -t option cannot be used in %s.\n", s->x->tool);
	t = ipt_table_find(s->scan.arg);
	if (!t)
		return ipt_fail(s->x, IPT_VERSION_PROBLEM, "table '%s' does not exist", s->scan.arg);
	s->l->table = t->name;
	return IPT_OK;
}

/* a number as sscanf("%llu") takes it */
static bool loose_number(const char *t, uint64_t *v)
{
	char *end;

	*v = strtoull(t, &end, 10);
	return end != t;
}

static int counters(struct line_state *s)
{
	const char *packets = s->scan.arg, *bytes;
	int status = set_option(s, O_COUNTERS);

	if (status)
		return status;
	bytes = *packets ? strchr(packets + 1, ',') : NULL;
	if (bytes)
		bytes++;
	else if (optscan_has_arg(&s->scan))
		bytes = s->scan.argv[s->scan.next++];
	if (!bytes)
		return ipt_fail(s->x, IPT_PARAM, "-c requires packet and byte counter");
	if (!loose_number(packets, &s->packets))
		return ipt_fail(s->x, IPT_PARAM, "-c packet counter not numeric");
	if (!loose_number(bytes, &s->bytes))
		return ipt_fail(s->x, IPT_PARAM, "-c byte counter not numeric");
	s->have_counters = true;
	return IPT_OK;
}

/* -w, -W: there is no lock to wait for, but what is said about them is the same */
static int wait_option(struct line_state *s, char letter)
{
	const char *t = s->scan.arg;
	unsigned long long v;

	if (s->l->restore)
		return ipt_fail(s->x, IPT_PARAM, "You cannot use `-%c' from iptables-restore", letter);
	*(letter == 'w' ? &s->wait : &s->wait_interval) = true;
	if (!t && optscan_has_arg(&s->scan))
		t = s->scan.argv[s->scan.next++];
	if (t && !strict_number(t, 0, INT_MAX, &v))
		return ipt_fail(s->x, IPT_PARAM,
				letter == 'w' ? "wait seconds not numeric" : "wait interval not numeric");
	if (letter == 'W')
		cmd_err(s->x->c, "Ignoring deprecated --wait-interval option.\n");
	return IPT_OK;
}

static int word(struct line_state *s)
{
	if (strcmp(s->scan.arg, "!") == 0) {
		if (s->invert)
			return ipt_fail(s->x, IPT_PARAM, "multiple consecutive ! not allowed");
		s->invert = true;
		return IPT_OK;
	}
	cmd_err(s->x->c, "Bad argument `%s'\n", s->scan.arg);
	return ipt_tryhelp(s->x);
}

/* ---- help ---- */

static const char usage_text[] =
	"\nUsage: %s -[ACD] chain rule-specification [options]\n"
	"       %s -I chain [rulenum] rule-specification [options]\n"
	"       %s -R chain rulenum rule-specification [options]\n"
	"       %s -D chain rulenum [options]\n"
	"       %s -[LS] [chain [rulenum]] [options]\n"
	"       %s -[FZ] [chain] [options]\n"
	"       %s -[NX] chain\n"
	"       %s -E old-chain-name new-chain-name\n"
	"       %s -P chain target [options]\n"
	"       %s -h (print this help information)\n\n"
	"Commands:\n"
	"Either long or short options are allowed.\n"
	"  --append  -A chain\t\tAppend to chain\n"
	"  --check   -C chain\t\tCheck for the existence of a rule\n"
	"  --delete  -D chain\t\tDelete matching rule from chain\n"
	"  --delete  -D chain rulenum\n"
	"\t\t\t\tDelete rule rulenum (1 = first) from chain\n"
	"  --insert  -I chain [rulenum]\n"
	"\t\t\t\tInsert in chain as rulenum (default 1=first)\n"
	"  --replace -R chain rulenum\n"
	"\t\t\t\tReplace rule rulenum (1 = first) in chain\n"
	"  --list    -L [chain [rulenum]]\n"
	"\t\t\t\tList the rules in a chain or all chains\n"
	"  --list-rules -S [chain [rulenum]]\n"
	"\t\t\t\tPrint the rules in a chain or all chains\n"
	"  --flush   -F [chain]\t\tDelete all rules in  chain or all chains\n"
	"  --zero    -Z [chain [rulenum]]\n"
	"\t\t\t\tZero counters in chain or all chains\n"
	"  --new     -N chain\t\tCreate a new user-defined chain\n"
	"  --delete-chain\n"
	"            -X [chain]\t\tDelete a user-defined chain\n"
	"  --policy  -P chain target\n"
	"\t\t\t\tChange policy on chain to target\n"
	"  --rename-chain\n"
	"            -E old-chain new-chain\n"
	"\t\t\t\tChange chain name, (moving any references)\n\n"
	"Options:\n"
	"    --ipv4\t-4\t\tNothing (line is ignored by ip6tables-restore)\n"
	"    --ipv6\t-6\t\tError (line is ignored by iptables-restore)\n"
	"[!] --protocol\t-p proto\tprotocol: by number or name, eg. `tcp'\n"
	"[!] --source\t-s address[/mask][...]\n"
	"\t\t\t\tsource specification\n"
	"[!] --destination -d address[/mask][...]\n"
	"\t\t\t\tdestination specification\n"
	"[!] --in-interface -i input name[+]\n"
	"\t\t\t\tnetwork interface name ([+] for wildcard)\n"
	" --jump\t-j target\n"
	"\t\t\t\ttarget for rule (may load target extension)\n"
	"  --goto      -g chain\n"
	"\t\t\t       jump to chain with no return\n"
	"  --match\t-m match\n"
	"\t\t\t\textended match (may load extension)\n"
	"  --numeric\t-n\t\tnumeric output of addresses and ports\n"
	"[!] --out-interface -o output name[+]\n"
	"\t\t\t\tnetwork interface name ([+] for wildcard)\n"
	"  --table\t-t table\ttable to manipulate (default: `filter')\n"
	"  --verbose\t-v\t\tverbose mode\n"
	"  --wait\t-w [seconds]\tmaximum wait to acquire xtables lock before give up\n"
	"  --line-numbers\t\tprint line numbers when listing\n"
	"  --exact\t-x\t\texpand numbers (display exact values)\n"
	"[!] --fragment\t-f\t\tmatch second or further fragments only\n"
	"  --modprobe=<command>\t\ttry to insert modules using this command\n"
	"  --set-counters -c PKTS BYTES\tset the counter during insert/append\n"
	"[!] --version\t-V\t\tprint package version.\n";

static int load_proto(struct line_state *s, bool *loaded);

static int help(struct line_state *s)
{
	const char *n = s->x->tool;
	bool loaded;
	int status = s->tail->n == 0 && s->proto ? load_proto(s, &loaded) : IPT_OK;

	if (status)
		return status;
	cmd_out(s->x->c, "%s " IPT_VERSION "\n", n);
	cmd_out(s->x->c, usage_text, n, n, n, n, n, n, n, n, n, n);
	if (s->tail->target.ext && s->tail->target.ext->help) {
		cmd_out(s->x->c, "\n");
		s->tail->target.ext->help(&s->x->c->out);
	} else if (ipt_is_verdict(s->rule.jump, NULL)) {
		cmd_out(s->x->c, "\nstandard match options:\n(If target is DROP, ACCEPT, RETURN or nothing)\n");
	}
	for (unsigned i = 0; i < s->tail->n; i++)
		if (s->tail->match[i].ext->help) {
			cmd_out(s->x->c, "\n");
			s->tail->match[i].ext->help(&s->x->c->out);
		}
	s->l->done = true;
	return IPT_OK;
}

/* ---- the line ---- */

static int load_proto(struct line_state *s, bool *loaded)
{
	const struct xt_ext *ext;
	char buf[16];

	*loaded = false;
	if (!s->proto || s->proto_used)
		return IPT_OK;
	ext = xt_find(XT_MATCH, ipt_proto_name(s->rule.proto, true, buf), s->x->family);
	if (!ext)
		return IPT_OK;
	s->proto_used = *loaded = true;
	return load_match(s, ext);
}

/* an option nobody knows, or one without its value: the match that goes with -p may know it */
static int unknown(struct line_state *s, enum opt_event ev)
{
	unsigned last = s->scan.cluster ? (unsigned)s->scan.next : (unsigned)s->scan.next - 1;
	const char *text = s->scan.argv[last];
	bool loaded;
	int status = load_proto(s, &loaded);

	if (status)
		return status;
	if (loaded && s->scan.is_long) {
		s->scan.next--;
		return IPT_OK;
	}
	if (ev == OPT_MISSING)
		return ipt_fail(s->x, IPT_PARAM, "option \"%s\" requires an argument", text);
	ipt_fail(s->x, IPT_PARAM, "unknown option \"%s\"", text);
	hint_option(s, text);
	return IPT_PARAM;
}

static int version(struct line_state *s)
{
	if (s->invert)
		cmd_out(s->x->c, "Not %s ;-)\n", &IPT_VERSION[1]);
	else
		cmd_out(s->x->c, "%s " IPT_VERSION "\n", s->x->tool);
	s->l->done = true;
	return IPT_OK;
}

static int command_option(struct line_state *s, bool *handled)
{
	*handled = true;
	switch (s->scan.val) {
	case 'A':
		return rule_command(s, IPT_APPEND);
	case 'C':
		return rule_command(s, IPT_CHECK);
	case 'D':
		return rule_command(s, IPT_DELETE);
	case 'R':
		return rule_command(s, IPT_REPLACE);
	case 'I':
		return rule_command(s, IPT_INSERT);
	case 'L':
		return chain_command(s, IPT_LIST, true);
	case 'S':
		return chain_command(s, IPT_LIST_RULES, true);
	case 'F':
		return chain_command(s, IPT_FLUSH, false);
	case 'Z':
		return chain_command(s, IPT_ZERO, true);
	case 'N':
		return new_chain(s);
	case 'X':
		return chain_command(s, IPT_DEL_CHAIN, false);
	case 'E':
		return two_names(s, IPT_RENAME, "old-chain-name and new-chain-name");
	case 'P':
		return two_names(s, IPT_POLICY, "a chain and a policy");
	default:
		*handled = false;
		return IPT_OK;
	}
}

static int plain_option(struct line_state *s)
{
	/* some options take the whole word that ends them for their value, "-ptcp" included */
	const char *word = s->scan.argv[s->scan.next - 1];
	int status;

	switch (s->scan.val) {
	case 'p':
		return protocol(s, word);
	case 's':
		s->src = word;
		return set_option(s, O_SRC);
	case 'd':
		s->dst = word;
		return set_option(s, O_DST);
	case 'i':
		return interface(s, word, O_IN, s->rule.in);
	case 'o':
		return interface(s, word, O_OUT, s->rule.out);
	case 'j':
		return target(s, word, false);
	case 'g':
		return target(s, s->scan.arg, true);
	case 'f':
		s->rule.frag = true;
		return set_option(s, O_FRAG);
	case 'm':
		return match(s);
	case 'n':
		return set_option(s, O_NUMERIC);
	case 'x':
		return set_option(s, O_EXACT);
	case LINE_NUMBERS:
		return set_option(s, O_LINENUM);
	case 'v':
		status = s->l->verbose ? IPT_OK : set_option(s, O_VERBOSE);
		s->l->verbose++;
		return status;
	case 'c':
		return counters(s);
	case 't':
		return table(s);
	case 'w':
	case 'W':
		return wait_option(s, (char)s->scan.val);
	case 'M':	/* nothing is ever loaded */
	case '4':
		return IPT_OK;
	case 'V':
		return version(s);
	case 'h':
		return help(s);
	case 'b':
		return ipt_fail(s->x, IPT_PARAM, "Unknown arg \"(null)\"");
	default:
		return ipt_tryhelp(s->x);	/* -6 */
	}
}

static int option(struct line_state *s)
{
	bool handled = true;
	int status;

	if (s->scan.val >= EXT_VALS) {
		status = ext_option(s);
	} else {
		status = command_option(s, &handled);
		if (!handled)
			status = plain_option(s);
	}
	s->invert = false;
	return status;
}

static int scan_line(struct line_state *s)
{
	enum opt_event ev;
	int status = IPT_OK;

	while (status == IPT_OK && !s->l->done && (ev = optscan_next(&s->scan)) != OPT_END) {
		if (ev == OPT_WORD)
			status = word(s);
		else if (ev != OPT_FOUND)
			status = unknown(s, ev);
		else if (s->scan.val == '6' && s->l->restore)
			s->l->done = s->l->skip = true;	/* a line for ip6tables-restore */
		else
			status = option(s);
	}
	return status;
}

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
		if (!strict_number(part, 0, 255, &v))
			return false;
		a->b[i] = (uint8_t)v;
		if (!t[n])
			return !all || i == 3;
		t += n + 1;
	}
}

static int parse_mask(struct line_state *s, const char *t, union inet_addr *mask)
{
	unsigned long long bits = addr_bits(s->x->family);

	if (t && !dotted(t, true, mask)) {
		if (!strict_number(t, 0, bits, &bits))
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
	if (!addr_is_any(&mask) && !dotted(text, false, &a) && ipt_host_addr(s->x->c, s->x->family, text, &a) < 0)
		return ipt_fail(s->x, IPT_PARAM, "host/network `%s' not found", text);
	if (list->n >= IPT_ADDRS_MAX)
		return ipt_fail(s->x, IPT_PARAM, "more than %u addresses", IPT_ADDRS_MAX);
	grown = mem_realloc(list->v, (list->n + 1) * sizeof(*list->v));
	if (!grown)
		return no_memory(s->x);
	list->v = grown;
	list->v[list->n].a = addr_and(&a, &mask);
	list->v[list->n++].mask = mask;
	return IPT_OK;
}

static int parse_addrs(struct line_state *s, const char *text, struct addr_list *list)
{
	int status = IPT_OK;

	if (!text)
		text = "0.0.0.0/0";
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

	for (unsigned k = 0; k < ARRAY_LEN(cmd_info); k++)
		if (s->cmds & WITH(k))
			legal |= cmd_info[k].options;
	for (unsigned i = 0; i < ARRAY_LEN(opt_info); i++)
		if (s->options & ~legal & (1u << i))
			return ipt_fail(s->x, IPT_PARAM, "Illegal option `-%c' with this command", opt_info[i].letter);
	return IPT_OK;
}

static int check_chain(struct line_state *s)
{
	const char *c = s->chain;

	if (!c)
		return IPT_OK;
	if (strlen(c) > IPT_NAME_MAX)
		return ipt_fail(s->x, IPT_PARAM, "chain name `%s' too long (must be under %u chars)", c,
				IPT_NAME_MAX + 1);
	if (!(s->cmds & RULE_CMDS))
		return IPT_OK;
	if ((s->options & O_OUT) && (strcmp(c, "PREROUTING") == 0 || strcmp(c, "INPUT") == 0))
		return ipt_fail(s->x, IPT_PARAM, "Can't use -o with %s\n", c);
	if ((s->options & O_IN) && (strcmp(c, "POSTROUTING") == 0 || strcmp(c, "OUTPUT") == 0))
		return ipt_fail(s->x, IPT_PARAM, "Can't use -i with %s\n", c);
	return IPT_OK;
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
	status = check_exts(s);
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
				return no_memory(s->x);
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

	for (unsigned k = 0; k < ARRAY_LEN(cmd_info); k++)
		if (s->cmds & WITH(k) & RULE_CMDS)
			return rule_commands(s, k);
	status = check_options(s);
	if (!status)
		status = check_chain(s);
	for (size_t i = 0; !status && i < ARRAY_LEN(order); i++)
		if ((s->cmds & WITH(order[i])) && !add_cmd(s, order[i]))
			status = no_memory(s->x);
	return status;
}

int ipt_parse(struct ipt_line *l, int argc, char **argv)
{
	struct line_state s = {
		.l = l,
		.x = l->x,
		.scan = { .argc = argc,
			  .argv = argv,
			  .next = 1,
			  .shorts = SHORTS,
			  .rows = base_rows,
			  .n_rows = ARRAY_LEN(base_rows) },
		.rule = { .family = l->x->family },
		.tail = ipt_tail_new(),
	};
	int status;

	if (!s.tail)
		return no_memory(l->x);
	s.rule.tail = s.tail;
	status = scan_line(&s);
	if (!status && !l->done)
		status = check_line(&s);
	if (!status && !l->done)
		status = ipt_tail_merge(s.tail) < 0 ? no_memory(l->x) : make_commands(&s);
	mem_free(s.rows);
	ipt_tail_put(s.tail);
	return status;
}

void ipt_cmd_free(struct ipt_cmd *list)
{
	while (list) {
		struct ipt_cmd *next = list->next;

		ipt_rule_free(list->rule);
		mem_free(list->chain);
		mem_free(list->arg);
		mem_free(list);
		list = next;
	}
}

/** iptables_main() - iptables(8) */
int iptables_main(struct cmd *c, int argc, char **argv)
{
	struct ipt_ctx x = { .c = c, .tool = "iptables", .family = AF_INET };
	struct ipt_line l = { .x = &x, .table = "filter" };
	struct apply *a;
	int status;

	l.last = &l.first;
	status = ipt_parse(&l, argc, argv);
	if (!status && l.first) {
		a = apply_begin(&x);
		status = a ? IPT_OK : no_memory(&x);
		for (const struct ipt_cmd *cmd = l.first; a && cmd && !status; cmd = cmd->next)
			status = apply_run(a, cmd);
		if (a && !status)
			status = apply_commit(a);
		else if (a)
			apply_abort(a);
	}
	ipt_cmd_free(l.first);
	return status;
}
