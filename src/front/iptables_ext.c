/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/iptables_ext.c - an iptables command line's matches and targets: their options, their help, and hints about
 * them.
 *
 * A match or target, once named, adds its options in front of those of the ones named before: the newest knows a name
 * first, and -p's own match comes when an option is met that nobody knows.
 *
 * Invariants
 *  1. opt_row.val of an extension's option says which instance it belongs to; instances are only ever added.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "front/iptables_line.h"

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
	unsigned n = ARRAY_LEN(ipt_base_rows), more = n_opts(ext), old = s->scan.n_rows - n;
	struct opt_row *rows = mem_alloc((n + more + old) * sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	memcpy(rows, ipt_base_rows, sizeof(ipt_base_rows));
	add_rows(rows, &n, ext, instance);
	memcpy(rows + n, s->scan.rows + ARRAY_LEN(ipt_base_rows), old * sizeof(*rows));
	mem_free(s->rows);
	s->scan.rows = s->rows = rows;
	s->scan.n_rows = n + old;
	return 0;
}

int line_load_match(struct line_state *s, const struct xt_ext *ext)
{
	if (!ipt_tail_add(s->tail, ext, s->x->family) || add_ext_rows(s, ext, s->tail->n) < 0)
		return line_no_memory(s->x);
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
int line_ext_option(struct line_state *s)
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

int line_check_exts(struct line_state *s)
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

int line_set_target(struct line_state *s, const struct xt_ext *ext)
{
	if (ipt_tail_set_target(s->tail, ext, s->x->family) < 0 || add_ext_rows(s, ext, 0) < 0)
		return line_no_memory(s->x);
	return IPT_OK;
}

/* the match's name: of the protocol as it was written, or of its number */
static const char *proto_match(const struct line_state *s, char low[32])
{
	size_t n = strlen(s->proto);

	if (isdigit((unsigned char)*s->proto) || n >= 32)
		return ipt_proto_name(s->rule.proto, true, low);
	for (size_t i = 0; i <= n; i++)
		low[i] = (char)tolower((unsigned char)s->proto[i]);
	return low;
}

int line_load_proto(struct line_state *s, bool *loaded)
{
	const struct xt_ext *ext;
	char low[32];

	*loaded = false;
	if (!s->proto || s->proto_used)
		return IPT_OK;
	ext = xt_find(XT_MATCH, proto_match(s, low), s->x->family);
	if (!ext)
		return IPT_OK;
	s->proto_used = *loaded = true;
	return line_load_match(s, ext);
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
	"    --ipv4\t-4\t\t%s (line is ignored by ip6tables-restore)\n"
	"    --ipv6\t-6\t\t%s (line is ignored by iptables-restore)\n"
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
	"%s"
	"  --modprobe=<command>\t\ttry to insert modules using this command\n"
	"  --set-counters -c PKTS BYTES\tset the counter during insert/append\n"
	"[!] --version\t-V\t\tprint package version.\n";

int line_help(struct line_state *s)
{
	const char *n = s->x->tool;
	bool loaded, v6 = s->x->family == AF_INET6;
	int status = s->tail->n == 0 && s->proto ? line_load_proto(s, &loaded) : IPT_OK;

	if (status)
		return status;
	cmd_out(s->x->c, "%s " IPT_VERSION "\n", n);
	cmd_out(s->x->c, usage_text, n, n, n, n, n, n, n, n, n, n, v6 ? "Error" : "Nothing", v6 ? "Nothing" : "Error",
		v6 ? "" : "[!] --fragment\t-f\t\tmatch second or further fragments only\n");
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
