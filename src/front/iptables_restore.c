/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/iptables_restore.c - iptables-restore: a file of tables, each put in place as a whole at its COMMIT.
 *
 * On the rule's way this stands beside iptables.c: each rule line goes through ipt_parse() as it is read, so that a
 * faulty line stops everything at once; the commands of a table wait in a list until COMMIT runs them as one batch of
 * apply.c.
 *
 * Invariants
 *  1. A table whose COMMIT was not reached or failed is as it was; those committed before it stay.
 *  2. A word of a line is at most WORD_MAX - 1 bytes, a line at most ARGS_MAX words.
 *
 * Differences: a chain renamed in a file is known by its new name from then on (D-42); -R and -D of a rule of the
 * same file work, where the real tool crashes (D-43).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "front/iptables.h"
#include "front/optscan.h"

#define WORD_MAX 1024
#define ARGS_MAX 255

struct restore {
	struct ipt_ctx x;
	bool counters, verbose, test, noflush;
	const char *only;		/* -T */
	const char *file;
	const struct ipt_table *table;	/* inside "*table"; NULL: outside */
	bool skip;			/* a table that -T did not ask for */
	struct ipt_cmd *first, **last;
};

static void drop_commands(struct restore *r)
{
	ipt_cmd_free(r->first);
	r->first = NULL;
	r->last = &r->first;
}

static int no_memory(struct restore *r)
{
	return ipt_fail(&r->x, IPT_RESOURCE, "out of memory");
}

/* ---- lines of a table ---- */

static struct ipt_cmd *add_cmd(struct restore *r, enum ipt_cmd_kind kind, const char *chain, const char *arg)
{
	struct ipt_cmd *c = mem_zalloc(sizeof(*c));

	if (!c)
		return NULL;
	*r->last = c;
	r->last = &c->next;
	c->kind = kind;
	c->table = r->table->name;
	c->line = r->x.line;
	c->verbose = r->verbose;
	if ((chain && !(c->chain = mem_strdup(chain))) || (arg && !(c->arg = mem_strdup(arg))))
		return NULL;
	return c;
}

static int table_line(struct restore *r, char *line)
{
	char *save, *name = strtok_r(line + 1, " \t\n", &save);
	const struct ipt_table *t = name ? ipt_table_find(name) : NULL;

	if (!name)
		return ipt_fail(&r->x, IPT_PARAM, "%s: line %u table name invalid", r->x.tool, r->x.line);
	if (!t)
		return ipt_fail(&r->x, IPT_PARAM, "%s: line %u table name '%s' invalid", r->x.tool, r->x.line, name);
	r->table = t;
	r->skip = r->only && strcmp(r->only, name) != 0;
	if (r->skip || r->noflush)
		return IPT_OK;
	return add_cmd(r, IPT_RESTORE_FLUSH, NULL, NULL) ? IPT_OK : no_memory(r);
}

/* "[packets:bytes]" */
static bool parse_counts(const char *t, uint64_t *packets, uint64_t *bytes)
{
	unsigned long long p, b;

	if (!t || sscanf(t, "[%llu:%llu]", &p, &b) != 2)
		return false;
	*packets = p;
	*bytes = b;
	return true;
}

static int chain_line(struct restore *r, char *line)
{
	char *save, *name = strtok_r(line + 1, " \t\n", &save), *policy;
	struct ipt_cmd *c;
	bool builtin;

	if (!name)
		return ipt_fail(&r->x, IPT_PARAM, "%s: line %u chain name invalid", r->x.tool, r->x.line);
	builtin = ipt_builtin_find(r->table, name);
	if (!builtin && (*name == '-' || *name == '!'))
		return ipt_fail(&r->x, IPT_PARAM, "chain name not allowed to start with `%c'", *name);
	if (!builtin && ipt_is_target(name, r->x.family))
		return ipt_fail(&r->x, IPT_PARAM, "chain name may not clash with target name");
	if (strlen(name) > IPT_NAME_MAX)
		return ipt_fail(&r->x, IPT_PARAM, "chain name `%s' too long (must be under %u chars)", name,
				IPT_NAME_MAX + 1);
	policy = strtok_r(NULL, " \t\n", &save);
	if (!policy)
		return ipt_fail(&r->x, IPT_PARAM, "%s: line %u policy invalid", r->x.tool, r->x.line);
	c = add_cmd(r, IPT_RESTORE_CHAIN, name, policy);
	if (!c)
		return no_memory(r);
	if (r->counters && builtin) {
		if (!parse_counts(strtok_r(NULL, " \t\n", &save), &c->packets, &c->bytes))
			return ipt_fail(&r->x, IPT_PARAM, "invalid policy counters for chain '%s'", name);
		c->have_counters = true;
	}
	return IPT_OK;
}

/* ---- words of a rule line ---- */

struct words {
	int n;
	char *v[ARGS_MAX + 1];
};

static void words_free(struct words *w)
{
	for (int i = 0; i < w->n; i++)
		mem_free(w->v[i]);
}

static int add_word(struct restore *r, struct words *w, const char *t, size_t n)
{
	if (w->n == ARGS_MAX)
		return ipt_fail(&r->x, IPT_PARAM, "Parser cannot handle more arguments\n");
	w->v[w->n] = mem_strndup(t, n);
	if (!w->v[w->n])
		return no_memory(r);
	w->n++;
	return IPT_OK;
}

/*
 * One word from *@p: up to a blank, or what double quotes hold; a quote that opens inside a word ends it when it
 * closes.
 */
static int next_word(struct restore *r, struct words *w, const char **p)
{
	char word[WORD_MAX];
	bool open = false, quoted = false;
	const char *s = *p;
	size_t n = 0;

	for (; *s; s++) {
		char ch = *s;

		if (open && ch == '\\' && s[1]) {
			ch = *++s;
		} else if (ch == '"') {
			quoted = true;
			open = !open;
			if (open)
				continue;
			s++;
			break;
		} else if (!open && strchr(" \t\n", ch)) {
			if (n || quoted)
				break;
			continue;
		}
		if (n >= sizeof(word) - 1)
			return ipt_fail(&r->x, IPT_PARAM, "Parameter too long!");
		word[n++] = ch;
	}
	*p = s;
	return n || quoted ? add_word(r, w, word, n) : IPT_OK;
}

/* "[packets:bytes] " in front of a rule, which -c makes "--set-counters packets bytes" */
static int counts_prefix(struct restore *r, struct words *w, char *line, char **rest)
{
	char *end = strchr(line, ']'), *colon = strchr(line, ':');
	int status;

	*rest = line;
	if (*line != '[')
		return IPT_OK;
	if (!end || !colon || colon > end)
		return ipt_fail(&r->x, IPT_PARAM, "Bad line %u: need ]", r->x.line);
	*rest = end + 1;
	if (!r->counters)
		return IPT_OK;
	status = add_word(r, w, "--set-counters", 14);
	if (!status)
		status = add_word(r, w, line + 1, (size_t)(colon - line - 1));
	return status ? status : add_word(r, w, colon + 1, (size_t)(end - colon - 1));
}

static int rule_line(struct restore *r, char *line, bool *done)
{
	struct words w = { .n = 0 };
	struct ipt_line l = {
		.x = &r->x, .restore = true, .table = r->table->name, .verbose = r->verbose, .last = r->last
	};
	char *rest = line;
	const char *p;
	int status = add_word(r, &w, r->x.tool, strlen(r->x.tool));

	if (!status)
		status = counts_prefix(r, &w, line, &rest);
	for (p = rest; !status && *p;)
		status = next_word(r, &w, &p);
	w.v[w.n] = NULL;
	if (!status) {
		status = ipt_parse(&l, w.n, w.v);
		r->last = l.last;
		*done = l.done && !l.skip;
	}
	words_free(&w);
	return status;
}

/* ---- the file ---- */

static int commit(struct restore *r)
{
	struct apply *a;
	int status = IPT_OK;

	if (!r->test && !r->skip) {
		a = apply_begin(&r->x);
		if (!a)
			return no_memory(r);
		for (const struct ipt_cmd *cmd = r->first; cmd && !status; cmd = cmd->next)
			status = apply_run(a, cmd);
		if (status)
			apply_abort(a);
		else
			status = apply_commit(a);
	}
	drop_commands(r);
	r->table = NULL;
	return status;
}

static int one_line(struct restore *r, char *line, bool *done)
{
	if (*line == '\n' || *line == '\0')
		return IPT_OK;
	if (*line == '#') {
		if (r->verbose)
			cmd_out(r->x.c, "%s", line);
		return IPT_OK;
	}
	if (r->table && (strcmp(line, "COMMIT\n") == 0 || strcmp(line, "COMMIT") == 0))
		return commit(r);
	if (!r->table && *line == '*')
		return table_line(r, line);
	if (r->table && r->skip)
		return IPT_OK;
	if (r->table && *line == ':')
		return chain_line(r, line);
	if (r->table)
		return rule_line(r, line, done);
	cmd_err(r->x.c, "%s: line %u failed\n", r->x.tool, r->x.line);
	return IPT_OTHER;
}

static int whole_file(struct restore *r, struct sbuf *in)
{
	struct sbuf line = SBUF_INIT;
	const char *p = sbuf_str(in), *end = p + in->len;
	int status = IPT_OK;
	bool done = false;

	while (p < end && !status && !done) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = nl ? (size_t)(nl - p) + 1 : (size_t)(end - p);

		r->x.line++;
		sbuf_reset(&line);
		sbuf_put(&line, p, n);
		if (line.failed)
			status = no_memory(r);
		else
			status = one_line(r, line.data, &done);
		p += n;
	}
	sbuf_free(&line);
	if (!status && !done && r->table) {
		cmd_err(r->x.c, "%s: COMMIT expected at line %u\n", r->x.tool, r->x.line + 1);
		status = IPT_OTHER;
	}
	drop_commands(r);
	return status;
}

/* ---- options ---- */

static const char usage_text[] = "Usage: %s [-c] [-v] [-V] [-t] [-h] [-n] [-T table] [-M command] [-4] [-6] [file]\n"
				 "\t   [ --counters ]\n"
				 "\t   [ --verbose ]\n"
				 "\t   [ --version]\n"
				 "\t   [ --test ]\n"
				 "\t   [ --help ]\n"
				 "\t   [ --noflush ]\n"
				 "\t   [ --table=<TABLE> ]\n"
				 "\t   [ --modprobe=<command> ]\n"
				 "\t   [ --ipv4 ]\n"
				 "\t   [ --ipv6 ]\n";

/* true: nothing more to do */
static bool restore_option(struct restore *r, struct optscan *s)
{
	switch (s->val) {
	case 'b':
		cmd_err(r->x.c, "-b/--binary option is not implemented\n");
		return false;
	case 'c':
		r->counters = true;
		return false;
	case 'v':
		r->verbose = true;
		return false;
	case 't':
		r->test = true;
		return false;
	case 'n':
		r->noflush = true;
		return false;
	case 'T':
		r->only = s->arg;
		return false;
	case 'V':
		cmd_out(r->x.c, "%s " IPT_VERSION "\n", r->x.tool);
		return true;
	case 'h':
		cmd_err(r->x.c, usage_text, r->x.tool);
		return true;
	case 'w':
	case 'W':	/* there is no lock */
		if (optscan_has_arg(s))
			s->next++;
		return false;
	default:	/* -M */
		return false;
	}
}

/* -1: go on; else the exit status */
static int options(struct restore *r, int argc, char **argv)
{
	static const struct opt_row rows[] = {
		{ "counters", OPT_NONE, 'c' },       { "verbose", OPT_NONE, 'v' }, { "version", OPT_NONE, 'V' },
		{ "test", OPT_NONE, 't' },           { "help", OPT_NONE, 'h' },    { "noflush", OPT_NONE, 'n' },
		{ "modprobe", OPT_REQ, 'M' },        { "table", OPT_REQ, 'T' },    { "wait", OPT_MAYBE, 'w' },
		{ "wait-interval", OPT_MAYBE, 'W' },
	};
	struct optscan s = { .argc = argc,
			     .argv = argv,
			     .next = 1,
			     .shorts = "bcvVthnwWM:T:",
			     .rows = rows,
			     .n_rows = ARRAY_LEN(rows) };
	unsigned files = 0;
	char advice[80];
	enum opt_event ev;

	while ((ev = optscan_next(&s)) != OPT_END) {
		if (ev == OPT_WORD) {
			r->file = s.arg;
			files++;
		} else if (ev != OPT_FOUND) {
			snprintf(advice, sizeof(advice), "Try `%s -h' for more information.\n", r->x.tool);
			return ipt_bad_option(r->x.c, &s, ev, advice);
		} else if (restore_option(r, &s)) {
			return IPT_OK;
		}
	}
	for (; s.next < argc; files++)
		r->file = argv[s.next++];
	if (files > 1) {
		cmd_err(r->x.c, "Unknown arguments found on commandline\n");
		return IPT_OTHER;
	}
	return -1;
}

static int read_input(struct restore *r, struct sbuf *in)
{
	struct cmd *c = r->x.c;
	int err;

	if (r->file)
		err = c->ops->file_read ? c->ops->file_read(c, r->file, in) : -ENOENT;
	else
		err = cmd_read_all(c, in);
	if (err == -EINTR)
		return 130;
	if (err) {
		cmd_err(c, "Can't open %s: %s\n", r->file ? r->file : "stdin", strerror(-err));
		return IPT_OTHER;
	}
	return IPT_OK;
}

/** iptables_restore_main() - iptables-restore(8), ip6tables-restore(8) */
int iptables_restore_main(struct cmd *c, int argc, char **argv)
{
	struct restore r = { .x = { .c = c, .tool = argv[0], .family = ipt_tool_family(argv[0]) } };
	struct sbuf in = SBUF_INIT;
	int status;

	r.last = &r.first;
	status = options(&r, argc, argv);
	if (status >= 0)
		return status;
	status = read_input(&r, &in);
	if (!status)
		status = whole_file(&r, &in);
	sbuf_free(&in);
	return status;
}
