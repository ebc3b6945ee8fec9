/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/nft/tool.c - the command `nft`: options, and where its text comes from.
 *
 * Where it stands: called through the row in front/tools.c; hands a text to run.c.
 *
 * References: nft(8); nft 1.0.6's messages, recorded in tests/golden/nft.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "front/nft/exec.h"
#include "front/nft/json.h"
#include "front/nft/tool.h"
#include "front/nft/type.h"
#include "front/optscan.h"

#define STDIN_NAME "/dev/stdin"

enum { O_LONG_VERSION = 1000 };

static const struct opt_row rows[] = {
	{ "help", OPT_NONE, 'h' },
	{ "version", OPT_NONE, 'v' },
	{ "file", OPT_REQ, 'f' },
	{ "define", OPT_REQ, 'D' },
	{ "interactive", OPT_NONE, 'i' },
	{ "includepath", OPT_REQ, 'I' },
	{ "check", OPT_NONE, 'c' },
	{ "optimize", OPT_NONE, 'o' },
	{ "handle", OPT_NONE, 'a' },
	{ "stateless", OPT_NONE, 's' },
	{ "terse", OPT_NONE, 't' },
	{ "service", OPT_NONE, 'S' },
	{ "reversedns", OPT_NONE, 'N' },
	{ "guid", OPT_NONE, 'u' },
	{ "numeric", OPT_NONE, 'n' },
	{ "numeric-priority", OPT_NONE, 'y' },
	{ "numeric-protocol", OPT_NONE, 'p' },
	{ "numeric-time", OPT_NONE, 'T' },
	{ "echo", OPT_NONE, 'e' },
	{ "json", OPT_NONE, 'j' },
	{ "debug", OPT_REQ, 'd' },
};

static const char usage[] =
	"Usage: nft [ options ] [ cmds... ]\n"
	"\n"
	"Options (general):\n"
	"  -h, --help                      Show this help\n"
	"  -v, --version                   Show version information\n"
	"  -V                              Show extended version information\n"
	"\n"
	"Options (ruleset input handling):\n"
	"  -f, --file <filename>           Read input from <filename>\n"
	"  -D, --define <name=value>       Define variable, e.g. --define foo=1.2.3.4\n"
	"  -i, --interactive               Read input from interactive CLI\n"
	"  -I, --includepath <directory>   Add <directory> to the paths searched for include files. Default is: /etc\n"
	"  -c, --check                     Check commands validity without actually applying the changes.\n"
	"  -o, --optimize                  Optimize ruleset\n"
	"\n"
	"Options (ruleset list formatting):\n"
	"  -a, --handle                    Output rule handle.\n"
	"  -s, --stateless                 Omit stateful information of ruleset.\n"
	"  -t, --terse                     Omit contents of sets.\n"
	"  -S, --service                   Translate ports to service names as described in /etc/services.\n"
	"  -N, --reversedns                Translate IP addresses to names.\n"
	"  -u, --guid                      Print UID/GID as defined in /etc/passwd and /etc/group.\n"
	"  -n, --numeric                   Print fully numerical output.\n"
	"  -y, --numeric-priority          Print chain priority numerically.\n"
	"  -p, --numeric-protocol          Print layer 4 protocols numerically.\n"
	"  -T, --numeric-time              Print time values numerically.\n"
	"\n"
	"Options (command output formatting):\n"
	"  -e, --echo                      Echo what has been added, inserted or replaced.\n"
	"  -j, --json                      Format output in JSON\n"
	"  -d, --debug <level [,level...]> Specify debugging level (scanner, parser, eval, netlink, mnl, proto-ctx, "
	"segtree, all)\n"
	"\n";

struct nft_line {
	struct nft_ctx *x;
	const char *file;
	bool stop;			/* help or version was asked for */
	bool defines;
};

/* ---- options ---- */

static void flag(struct nft_opts *o, int opt)
{
	switch (opt) {
	case 'c': o->check = true; break;
	case 'o': o->optimize = true; break;
	case 'a': o->handle = true; break;
	case 's': o->stateless = true; break;
	case 't': o->terse = true; break;
	case 'S': o->service = true; break;
	case 'N': o->reversedns = true; break;
	case 'u': o->guid = true; break;
	case 'y': o->numeric_prio = true; break;
	case 'p': o->numeric_proto = true; break;
	case 'T': o->numeric_time = true; break;
	case 'e': o->echo = true; break;
	case 'j': o->json = true; break;
	case 'i': o->interactive = true; break;
	case 'n':
		o->numeric_prio = o->numeric_proto = o->numeric_time = o->numeric_sym = true;
		break;
	default:
		break;
	}
}

static int define(struct nft_line *l, const char *arg)
{
	const char *eq = strchr(arg, '=');
	char *name;
	bool ok;

	if (!eq) {
		cmd_err(l->x->c, "Failed to define variable '%s'\n", arg);
		return 1;
	}
	name = mem_strndup(arg, (size_t)(eq - arg));
	ok = name && nft_define(l->x, name, eq + 1);
	mem_free(name);
	l->defines = true;
	if (ok)
		return 0;
	nft_errors_print(l->x);
	cmd_err(l->x->c, "Failed to define variable '%s'\n", arg);
	return 1;
}

static int include_path(struct nft_line *l, const char *dir)
{
	struct nft_opts *o = &l->x->o;

	if (o->n_include == ARRAY_LEN(o->include)) {
		cmd_err(l->x->c, "Failed to add include path '%s'\n", dir);
		return 1;
	}
	o->include[o->n_include++] = dir;
	return 0;
}

static int option(struct nft_line *l, const struct optscan *s)
{
	switch (s->val) {
	case 'h':
		cmd_out(l->x->c, "%s", usage);
		l->stop = true;
		return 0;
	case 'v':
		cmd_out(l->x->c, NFT_VERSION "\n");
		l->stop = true;
		return 0;
	case 'V':
		cmd_out(l->x->c, NFT_VERSION "\n  cli:		editline\n  json:		yes\n  minigmp:	no\n  libxtables:	yes\n");
		l->stop = true;
		return 0;
	case 'f':
		l->file = s->arg;
		return 0;
	case 'D':
		return define(l, s->arg);
	case 'I':
		return include_path(l, s->arg);
	case 'd':
		cmd_err(l->x->c, "natbox has no debug output of nft's inside\n");
		return 1;
	default:
		flag(&l->x->o, s->val);
		return 0;
	}
}

/* getopt()'s own words */
static int bad_option(struct nft_line *l, const struct optscan *s, enum opt_event ev)
{
	struct cmd *c = l->x->c;
	const char *word = s->argv[s->next - 1];

	if (!s->is_long && ev == OPT_UNKNOWN)
		cmd_err(c, "nft: invalid option -- '%c'\n", s->val);
	else if (!s->is_long)
		cmd_err(c, "nft: option requires an argument -- '%c'\n", s->val);
	else if (ev == OPT_UNKNOWN)
		cmd_err(c, "nft: unrecognized option '%s'\n", word);
	else
		cmd_err(c, "nft: option '%s' requires an argument\n", word);
	return 1;
}

static bool takes_next(const char *word)
{
	static const char *const longs[] = { "--debug", "--includepath", "--file", "--define" };

	for (size_t i = 0; i < ARRAY_LEN(longs); i++)
		if (strcmp(word, longs[i]) == 0)
			return true;
	return word[1] && strchr("dIfD", word[1]) && !word[2];
}

/* options stand in front of commands, but for what is within braces */
static bool options_first(struct cmd *c, int argc, char **argv)
{
	bool words = false, skip = false;
	size_t at = 0;
	struct sbuf line = SBUF_INIT;

	for (int i = 0; i < argc; i++)
		sbuf_printf(&line, "%s ", argv[i]);
	for (int i = 1; i < argc; i++) {
		at += strlen(argv[i - 1]) + 1;
		if (argv[i][0] == '{')
			break;
		if (skip) {
			skip = false;
		} else if (argv[i][0] != '-') {
			words = true;
		} else if (words) {
			cmd_err(c, "Error: syntax error, options must be specified before commands\n%s", sbuf_str(&line));
			cmd_out(c, "\n   ^%*s~~\n", (int)at - 4, "");
			sbuf_free(&line);
			return false;
		} else {
			skip = takes_next(argv[i]);
		}
	}
	sbuf_free(&line);
	return true;
}

static int read_options(struct nft_line *l, struct optscan *s)
{
	int status = 0;

	for (;;) {
		enum opt_event ev = optscan_next(s);

		if (ev == OPT_END)
			return 0;
		if (ev == OPT_WORD) {
			s->next--;
			return 0;
		}
		status = ev == OPT_FOUND ? option(l, s) : bad_option(l, s, ev);
		if (status || l->stop)
			return status;
	}
}

/* ---- where the text comes from ---- */

static int run_plain(struct nft_ctx *x, const char *name, struct sbuf *text)
{
	size_t len = text->len;
	char *bytes = text->failed ? NULL : sbuf_steal(text);
	struct nft_src *src = bytes ? nft_src_add(x, name, bytes, len) : NULL;

	if (src)
		return nft_run(x, src);
	sbuf_free(text);
	cmd_err(x->c, "Error: out of memory\n");
	return 1;
}

/* -j: JSON becomes text; what does not begin like JSON is text already */
static int json_text(struct nft_ctx *x, struct sbuf *text)
{
	const char *s = sbuf_str(text);
	struct sbuf out = SBUF_INIT;

	if (s[strspn(s, " \t\r\n")] != '{')
		return 0;
	if (!nft_json_to_text(x, s, text->len, &out)) {
		sbuf_free(&out);
		sbuf_free(text);
		nft_errors_print(x);
		return -EINVAL;
	}
	sbuf_free(text);
	*text = out;
	return 0;
}

static int run_text(struct nft_ctx *x, const char *name, struct sbuf *text)
{
	if (x->o.json && json_text(x, text) < 0)
		return 1;
	return run_plain(x, name, text);
}

static int run_words(struct nft_ctx *x, int n, char **words)
{
	struct sbuf text = SBUF_INIT;

	for (int i = 0; i < n; i++)
		sbuf_printf(&text, "%s%s", i ? " " : "", words[i]);
	sbuf_putc(&text, '\n');
	return run_text(x, NULL, &text);
}

static int run_file(struct nft_ctx *x, const char *name)
{
	bool in = strcmp(name, "-") == 0 || strcmp(name, STDIN_NAME) == 0;
	struct sbuf text = SBUF_INIT;
	int err = in ? cmd_read_all(x->c, &text) : x->c->ops->file_read(x->c, name, &text);

	if (!err)
		return run_text(x, in ? STDIN_NAME : name, &text);
	sbuf_free(&text);
	cmd_err(x->c, "internal:0:0-0: Error: Could not open file \"%s\": %s\n\n\n", in ? STDIN_NAME : name, strerror(-err));
	return 1;
}

/* commands line by line; what a line prints is there before the next is read */
static int run_lines(struct nft_ctx *x)
{
	struct sbuf line = SBUF_INIT;
	char c;

	for (;;) {
		ssize_t n = x->c->ops->read ? x->c->ops->read(x->c, &c, 1) : 0;

		if (n > 0)
			sbuf_putc(&line, c);
		if (n > 0 && (c != '\n' || (line.len >= 2 && line.data[line.len - 2] == '\\')))
			continue;
		if (strncmp(sbuf_str(&line), "quit", 4) == 0)
			break;
		if (line.len > 1)
			run_text(x, NULL, &line);
		sbuf_reset(&line);
		if (n <= 0 || cmd_flush(x->c) < 0)
			break;
	}
	sbuf_free(&line);
	return 0;
}

static int run(struct nft_line *l, struct optscan *s)
{
	struct nft_ctx *x = l->x;

	if (l->defines && !l->file) {
		cmd_err(x->c, "Error: -D/--define can only be used with -f/--filename\n");
		return 1;
	}
	if (s->next < s->argc)
		return run_words(x, s->argc - s->next, s->argv + s->next);
	if (l->file)
		return run_file(x, l->file);
	if (x->o.interactive)
		return run_lines(x);
	cmd_err(x->c, "nft: no command specified\n");
	return 1;
}

/* ---- the command ---- */

void nft_ctx_init(struct nft_ctx *x, struct cmd *c)
{
	memset(x, 0, sizeof(*x));
	x->c = c;
	list_init(&x->errors);
	list_init(&x->refused);
	list_init(&x->types);
	x->o.include[x->o.n_include++] = "/etc";
}

void nft_ctx_free(struct nft_ctx *x)
{
	nft_defines_free(x);
	nft_keep_release(x);
	nft_srcs_free(x);
}

int nft_main(struct cmd *c, int argc, char **argv)
{
	struct optscan s = { .argc = argc, .argv = argv, .next = 1, .shorts = "hvVf:D:iI:costSNunypTejd:a", .rows = rows,
			     .n_rows = ARRAY_LEN(rows) };
	struct nft_ctx x;
	struct nft_line l = { .x = &x };
	int status = 1;

	nft_ctx_init(&x, c);
	if (options_first(c, argc, argv)) {
		status = read_options(&l, &s);
		if (!status && !l.stop)
			status = run(&l, &s);
	}
	nft_ctx_free(&x);
	return status;
}
