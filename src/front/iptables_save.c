/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/iptables_save.c - iptables-save: every table that is there, as a file for iptables-restore.
 *
 * The date in the comment lines is the engine's own (UTC), so that a lab prints the same each time.
 *
 * Invariants
 *  1. What is printed makes the same rule set again when it is restored.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "front/iptables.h"
#include "front/optscan.h"

struct save_opts {
	const char *tool;		/* as it was called */
	uint8_t family;
	const char *table, *file;
	const char *heading;		/* of the first comment line */
	bool counters, done;
	bool exact;			/* no heading, and only what is there */
};

static void put_stamp(struct cmd *c, struct sbuf *out, const char *text)
{
	time_t now = (time_t)(clock_wall_ns(&c->world->clock) / NSEC_PER_SEC);
	char date[32];
	struct tm tm;

	if (!gmtime_r(&now, &tm) || !asctime_r(&tm, date))
		strcpy(date, "?\n");
	sbuf_printf(out, "# %s on %s", text, date);
}

static void save_chains(struct sbuf *out, const struct ipt_table *spec, const struct table *t,
			struct chain *const *users, bool exact)
{
	for (const struct ipt_builtin *b = spec->chains; b->name; b++) {
		const struct chain *c = ipt_chain_find(spec, t, b->name);

		if (exact && !c)
			continue;
		sbuf_printf(out, ":%s %s [%" PRIu64 ":%" PRIu64 "]\n", b->name, c && c->policy_drop ? "DROP" : "ACCEPT",
			    c ? c->packets : 0, c ? c->bytes : 0);
	}
	for (; *users; users++)
		sbuf_printf(out, ":%s - [0:0]\n", (*users)->name);
}

static const char *save_rules(struct sbuf *out, const struct chain *c, const struct save_opts *o)
{
	const char *error = NULL;

	for (unsigned i = 0; c && i < c->n_rules && !error; i++)
		if (!o->exact || ipt_rule_of(c->rules[i]))	/* who keeps it exactly writes nft's rules apart */
			error = ipt_save_rule(out, c, c->rules[i], o->counters, false);
	return error;
}

/* those of all chains; NULL, or why one cannot be read */
static const char *save_all_rules(struct sbuf *out, const struct ipt_table *spec, const struct table *t,
				  struct chain *const *users, const struct save_opts *o)
{
	const char *error = NULL;

	for (const struct ipt_builtin *b = spec->chains; t && b->name && !error; b++)
		error = save_rules(out, ipt_chain_find(spec, t, b->name), o);
	for (; *users && !error; users++)
		error = save_rules(out, *users, o);
	return error;
}

static int save_table(struct cmd *c, struct sbuf *out, const struct ipt_table *spec, const struct table *t,
		      const struct save_opts *o)
{
	struct chain **users;
	const char *error;

	if (t && !o->exact && !ipt_table_ok(spec, t, NULL)) {
		sbuf_printf(out, "# Table `%s' is incompatible, use 'nft' tool.\n", spec->name);
		return 0;
	}
	users = ipt_chains_sorted(t);
	if (!users)
		return -ENOMEM;
	if (t && !o->exact && ipt_table_foreign_base(spec, t))
		sbuf_printf(out, "# Table `%s' contains incompatible base-chains, use 'nft' tool to list them.\n",
			    spec->name);
	if (!o->exact)
		put_stamp(c, out, o->heading);
	sbuf_printf(out, "*%s\n", spec->name);
	save_chains(out, spec, t, users, o->exact);
	error = save_all_rules(out, spec, t, users, o);
	if (error) {
		struct ipt_ctx x = { .c = c, .tool = o->tool, .family = o->family };

		mem_free(users);
		return ipt_unreadable(&x, error);
	}
	if (o->exact && list_empty(&t->chains))	/* only so is an empty table made */
		sbuf_puts(out, ":empty - [0:0]\n-X empty\n");
	sbuf_puts(out, "COMMIT\n");
	if (!o->exact)
		put_stamp(c, out, "Completed");
	mem_free(users);
	return 0;
}

static int save_all(struct cmd *c, struct sbuf *out, const struct save_opts *o)
{
	const char *only = o->table;
	int err = 0;

	for (const struct ipt_table *spec = ipt_tables; spec->name && !err; spec++) {
		const struct table *t = ruleset_table(&c->ns->rules, o->family == AF_INET6 ? NFPROTO_IPV6 : NFPROTO_IPV4, spec->name);

		if (o->exact && t && !ipt_table_own(t))
			continue;
		if (only ? strcmp(only, spec->name) == 0 : t != NULL)
			err = save_table(c, out, spec, t, o);
	}
	return err;
}

int ipt_save_exact(struct cmd *c, uint8_t family, struct sbuf *out)
{
	struct save_opts o = { .family = family, .counters = true, .exact = true };

	return save_all(c, out, &o);
}

static void save_option(struct cmd *c, const struct optscan *s, struct save_opts *o)
{
	switch (s->val) {
	case 'b':
		cmd_err(c, "-b/--binary option is not implemented\n");
		break;
	case 'c':
		o->counters = true;
		break;
	case 't':
		o->table = s->arg;
		break;
	case 'f':
		o->file = s->arg;
		break;
	case 'V':
		cmd_out(c, "%s " IPT_VERSION "\n", o->tool);
		o->done = true;
		break;
	default:	/* -d, -M: nothing is tested here, and no module loaded */
		break;
	}
}

static int write_out(struct cmd *c, struct sbuf *text, const char *file)
{
	int err;

	if (!file) {
		sbuf_put(&c->out, text->data, text->len);
		return IPT_OK;
	}
	err = c->ops->file_write ? c->ops->file_write(c, file, text->data ? text->data : "", text->len, false) : -EROFS;
	if (err < 0) {
		cmd_err(c, "Failed to open file, error: %s\n", strerror(-err));
		return IPT_OTHER;
	}
	return IPT_OK;
}

int ipt_bad_option(struct cmd *c, const struct optscan *s, enum opt_event ev, const char *tail)
{
	if (s->is_long)
		cmd_err(c,
			ev == OPT_MISSING ? "%s: option '%s' requires an argument\n" : "%s: unrecognized option '%s'\n",
			s->argv[0], s->argv[s->next - 1]);
	else
		cmd_err(c,
			ev == OPT_MISSING ? "%s: option requires an argument -- '%c'\n"
					  : "%s: invalid option -- '%c'\n",
			s->argv[0], s->val);
	cmd_err(c, "%s", tail);
	return IPT_OTHER;
}

/** iptables_save_main() - iptables-save(8), ip6tables-save(8) */
int iptables_save_main(struct cmd *c, int argc, char **argv)
{
	static const struct opt_row rows[] = {
		{ "counters", OPT_NONE, 'c' }, { "version", OPT_NONE, 'V' }, { "dump", OPT_NONE, 'd' },
		{ "table", OPT_REQ, 't' },     { "modprobe", OPT_REQ, 'M' }, { "file", OPT_REQ, 'f' },
	};
	struct optscan s = {
		.argc = argc, .argv = argv, .next = 1, .shorts = "bcdt:M:f:V", .rows = rows, .n_rows = ARRAY_LEN(rows)
	};
	struct save_opts o = { .tool = argv[0], .family = ipt_tool_family(argv[0]) };
	char heading[64], advice[96];
	struct sbuf text = SBUF_INIT;
	enum opt_event ev;
	bool words = false;
	int status;

	while ((ev = optscan_next(&s)) != OPT_END) {
		if (ev == OPT_WORD) {
			words = true;
			continue;
		}
		if (ev != OPT_FOUND)
			goto bad_option;
		save_option(c, &s, &o);
		if (o.done)
			return IPT_OK;
	}
	if (words || s.next < s.argc) {
		cmd_err(c, "Unknown arguments found on commandline\n");
		return IPT_OTHER;
	}
	if (o.table && !ipt_table_find(o.table)) {
		cmd_err(c, "Table `%s' does not exist\n", o.table);
		return IPT_OTHER;
	}
	snprintf(heading, sizeof(heading), "Generated by %s " IPT_VERSION, o.tool);
	o.heading = heading;
	status = save_all(c, &text, &o);
	if (status < 0 || text.failed) {
		status = IPT_RESOURCE;
	} else {
		int written = write_out(c, &text, o.file);	/* up to a rule that cannot be read, too */

		status = status ? status : written;
	}
	sbuf_free(&text);
	return status;
bad_option:
	snprintf(advice, sizeof(advice), "Look at manual page `%s.8' for more information.\n", o.tool);
	return ipt_bad_option(c, &s, ev, advice);
}
