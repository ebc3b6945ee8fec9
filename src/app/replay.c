/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * app/replay.c - `natbox replay`: the command line.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "base/fmt.h"
#include "replay/replay.h"

static const char usage[] =
	"usage: natbox replay --setup FILE --in IF=CAPTURE [--in ...] [--out IF=CAPTURE ...] [-v] [--answer] [--seed N]\n"
	"\n"
	"  --setup FILE      ip, sysctl, iptables and iptables-restore lines that make the gateway\n"
	"  --in IF=CAPTURE   what arrived on interface IF: a pcap or pcapng file, or a capture of all that passed "
	"there\n"
	"  --out IF=CAPTURE  write what leaves by IF\n"
	"  -v                a line for each packet\n"
	"  --answer          the gateway answers what is for itself, as a host on which no program listens\n"
	"  --seed N          of the ports and addresses that are chosen at random (default 1)\n";

static int bad(const char *what, const char *word)
{
	fprintf(stderr, "natbox replay: %s%s%s\n%s", what, word ? ": " : "", word ? word : "", usage);
	return 2;
}

/* IF=CAPTURE; the argument is taken apart in place */
static bool add_port(struct replay_port *list, unsigned *n, unsigned max, char *arg)
{
	char *eq = strchr(arg, '=');

	if (!eq || eq == arg || !eq[1] || *n == max)
		return false;
	*eq = '\0';
	list[(*n)++] = (struct replay_port){ .ifname = arg, .path = eq + 1 };
	return true;
}

int app_replay(int argc, char **argv)
{
	struct replay_opts o = { .seed = 1, .progress = isatty(STDERR_FILENO) };
	struct sbuf out = SBUF_INIT;
	int status;

	for (int i = 1; i < argc; i++) {
		char *opt = argv[i], *val = argv[i + 1], *eq = strchr(opt, '=');

		if (strcmp(opt, "-v") == 0 || strcmp(opt, "--verbose") == 0) {
			o.verbose = true;
			continue;
		}
		if (strcmp(opt, "--answer") == 0) {
			o.answer = true;
			continue;
		}
		if (strcmp(opt, "-h") == 0 || strcmp(opt, "--help") == 0) {
			fputs(usage, stdout);
			return 0;
		}
		if (strncmp(opt, "--", 2) == 0 && eq && !strncmp(opt, "--setup=", 8)) {
			o.setup = eq + 1;
			continue;
		}
		if (strcmp(opt, "--setup") && strcmp(opt, "--in") && strcmp(opt, "--out") && strcmp(opt, "--seed"))
			return bad("unknown option", opt);
		if (!val)
			return bad("needs a value", opt);
		i++;
		if (strcmp(opt, "--setup") == 0)
			o.setup = val;
		else if (strcmp(opt, "--seed") == 0 && fmt_parse_u64(val, 0, UINT64_MAX, &o.seed))
			return bad("not a number", val);
		else if (strcmp(opt, "--in") == 0 && !add_port(o.in, &o.n_in, ARRAY_LEN(o.in), val))
			return bad("--in wants IF=CAPTURE", val);
		else if (strcmp(opt, "--out") == 0 && !add_port(o.out, &o.n_out, ARRAY_LEN(o.out), val))
			return bad("--out wants IF=CAPTURE", val);
	}
	if (!o.setup)
		return bad("--setup is missing", NULL);
	if (!o.n_in)
		return bad("--in is missing", NULL);
	status = replay_run(&o, &out, stderr);
	fwrite(sbuf_str(&out), 1, out.len, stdout);
	sbuf_free(&out);
	return status;
}
