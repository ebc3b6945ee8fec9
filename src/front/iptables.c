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
 * iptables and ip6tables are one tool with two names: struct ipt_ctx says which it is.
 *
 * Differences: -vv prints no netlink byte code (D-40).
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "front/iptables_line.h"

#define SHORTS "A:C:D:E:F::I:L::M:N:P:VX::Z::c:d:i:j:o:p:s:t:R:S::W::46bfg:h::m:nvw::x"

const struct ipt_opt_info ipt_opt_info[OPT_BITS] = {
	{ 'n', 0 },           { 's', IPT_INV_SRC }, { 'd', IPT_INV_DST }, { 'p', IPT_INV_PROTO },
	{ 'j', 0 },           { 'v', 0 },           { 'x', 0 },           { 'i', IPT_INV_IN },
	{ 'o', IPT_INV_OUT }, { LINE_NUMBERS, 0 },  { 'c', 0 },           { 'f', IPT_INV_FRAG },
};

#define O_RULE (O_SRC | O_DST | O_PROTO | O_JUMP | O_IN | O_OUT | O_FRAG | O_VERBOSE)

const struct ipt_cmd_info ipt_cmd_info[LINE_CMDS] = {
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

const struct opt_row ipt_base_rows[BASE_ROWS] = {
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

int ipt_unreadable(struct ipt_ctx *x, const char *error)
{
	cmd_err(x->c, "Error: %s\n", error);
	return ipt_fail(x, IPT_VERSION_PROBLEM, "Parsing nftables rule failed");
}

int ipt_tryhelp(struct ipt_ctx *x)
{
	if (x->line)
		cmd_err(x->c, "Error occurred at line: %u\n", x->line);
	cmd_err(x->c, "Try `%s -h' or '%s --help' for more information.\n", x->tool, x->tool);
	return IPT_PARAM;
}

int line_no_memory(struct ipt_ctx *x)
{
	return ipt_fail(x, IPT_RESOURCE, "out of memory");
}

bool line_number(const char *t, unsigned long long min, unsigned long long max, unsigned long long *v)
{
	char *end;

	errno = 0;
	*v = strtoull(t, &end, 0);
	return isdigit((unsigned char)*t) && *end == '\0' && errno == 0 && *v >= min && *v <= max;
}

/* ---- single options ---- */

static int set_option(struct line_state *s, enum opt_bit bit)
{
	unsigned i = (unsigned)__builtin_ctz(bit);

	if (s->options & bit)
		return ipt_fail(s->x, IPT_PARAM, "multiple -%c flags not allowed", ipt_opt_info[i].letter);
	s->options |= bit;
	if (!s->invert)
		return IPT_OK;
	if (!ipt_opt_info[i].inverse)
		return ipt_fail(s->x, IPT_PARAM, "cannot have ! before -%c", ipt_opt_info[i].letter);
	s->rule.inv |= ipt_opt_info[i].inverse;
	return IPT_OK;
}

static int add_command(struct line_state *s, enum ipt_cmd_kind kind)
{
	if (s->invert)
		return ipt_fail(s->x, IPT_PARAM, "unexpected '!' flag");
	for (unsigned k = 0; k < ARRAY_LEN(ipt_cmd_info); k++)
		if ((s->cmds & WITH(k)) && !(ipt_cmd_info[kind].with & WITH(k)))
			return ipt_fail(s->x, IPT_PARAM, "Cannot use -%c with -%c", ipt_cmd_info[kind].letter,
					ipt_cmd_info[k].letter);
	s->cmds |= WITH(kind);
	return IPT_OK;
}

static void change_command(struct line_state *s, enum ipt_cmd_kind from, enum ipt_cmd_kind to)
{
	s->cmds = (s->cmds & ~WITH(from)) | WITH(to);
}

static int rule_number(struct line_state *s)
{
	const char *t = s->scan.argv[s->scan.next++];
	unsigned long long v;

	if (!line_number(t, 1, INT_MAX, &v))
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
		return ipt_fail(s->x, IPT_PARAM, "-%c requires %s", ipt_cmd_info[kind].letter, what);
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

/* a header in front of the transport one, which is what -p compares */
static bool is_exthdr(const struct line_state *s)
{
	uint8_t p = s->rule.proto;

	return s->x->family == AF_INET6 &&
	       (p == IPPROTO_ROUTING || p == IPPROTO_FRAGMENT || p == IPPROTO_AH || p == IPPROTO_DSTOPTS);
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
	if (is_exthdr(s) && !(s->rule.inv & IPT_INV_PROTO))
		cmd_err(s->x->c, "Warning: never matched protocol: %s. use extension match instead.\n", word);
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
	return line_set_target(s, ext);
}

static int match(struct line_state *s)
{
	const struct xt_ext *ext;

	if (s->invert)
		return ipt_fail(s->x, IPT_PARAM, "unexpected ! flag before --match");
	ext = xt_find(XT_MATCH, s->scan.arg, s->x->family);
	if (ext)
		return line_load_match(s, ext);
	ipt_fail(s->x, IPT_PARAM, "Couldn't load match `%s':No such file or directory\n", s->scan.arg);
	line_hint_match(s->x, s->scan.arg);
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
		goto none;
	s->l->table = t->name;
	return IPT_OK;
none:
	ipt_fail(s->x, IPT_VERSION_PROBLEM, "table '%s' does not exist", s->scan.arg);
	ipt_hint_table(s->x, s->scan.arg);
	return IPT_VERSION_PROBLEM;
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
	if (t && !line_number(t, 0, INT_MAX, &v))
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

/* ---- the line ---- */

/* an option nobody knows, or one without its value: the match that goes with -p may know it */
static int unknown(struct line_state *s, enum opt_event ev)
{
	unsigned last = s->scan.cluster ? (unsigned)s->scan.next : (unsigned)s->scan.next - 1;
	const char *text = s->scan.argv[last];
	bool loaded;
	int status = line_load_proto(s, &loaded);

	if (status)
		return status;
	if (loaded && s->scan.is_long) {
		s->scan.next--;
		return IPT_OK;
	}
	if (ev == OPT_MISSING)
		return ipt_fail(s->x, IPT_PARAM, "option \"%s\" requires an argument", text);
	ipt_fail(s->x, IPT_PARAM, "unknown option \"%s\"", text);
	line_hint_option(s, text);
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

/* -4, -6 */
static bool own_family(const struct ipt_ctx *x, int letter)
{
	return x->family == (letter == '6' ? AF_INET6 : AF_INET);
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
		if (s->x->family == AF_INET6)
			return ipt_fail(s->x, IPT_PARAM, "`-f' is not supported in IPv6, use -m frag instead");
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
		return IPT_OK;
	case '4':
	case '6':
		return own_family(s->x, s->scan.val) ? IPT_OK : ipt_tryhelp(s->x);
	case 'V':
		return version(s);
	case 'h':
		return line_help(s);
	default:	/* -b */
		return ipt_fail(s->x, IPT_PARAM, "Unknown arg \"(null)\"");
	}
}

static int option(struct line_state *s)
{
	bool handled = true;
	int status;

	if (s->scan.val >= EXT_VALS) {
		status = line_ext_option(s);
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
		else if ((s->scan.val == '4' || s->scan.val == '6') && s->l->restore && !own_family(s->x, s->scan.val))
			s->l->done = s->l->skip = true;	/* a line for the other family's tool */
		else
			status = option(s);
	}
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
			  .rows = ipt_base_rows,
			  .n_rows = ARRAY_LEN(ipt_base_rows) },
		.rule = { .family = l->x->family },
		.tail = ipt_tail_new(),
	};
	int status;

	if (!s.tail)
		return line_no_memory(l->x);
	s.rule.tail = s.tail;
	status = scan_line(&s);
	if (!status && !l->done)
		status = line_make(&s);
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

uint8_t ipt_tool_family(const char *name)
{
	return strncmp(name, "ip6", 3) == 0 ? AF_INET6 : AF_INET;
}

/** iptables_main() - iptables(8), ip6tables(8) */
int iptables_main(struct cmd *c, int argc, char **argv)
{
	uint8_t family = ipt_tool_family(argv[0]);
	struct ipt_ctx x = { .c = c, .tool = family == AF_INET6 ? "ip6tables" : "iptables", .family = family };
	struct ipt_line l = { .x = &x, .table = "filter" };
	struct apply *a;
	int status;

	l.last = &l.first;
	status = ipt_parse(&l, argc, argv);
	if (!status && l.first) {
		a = apply_begin(&x);
		status = a ? IPT_OK : line_no_memory(&x);
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
