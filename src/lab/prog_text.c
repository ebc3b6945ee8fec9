/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/prog_text.c - programs of simulated hosts that pass text on as it comes: cat, head, tee, seq, yes, xargs.
 *
 * Filters that need their whole input are the machine's own (lab/filter.c); these must not wait for its end: `tcpdump
 * -l | tee f`, `conntrack -E | head -1`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "lab/lab.h"
#include "lab/programs.h"

static int copy_stream(struct proc *p, struct stream *in)
{
	char part[4096];
	ssize_t n;
	int err = 0;

	while (!err && (n = in ? stream_read(in, part, sizeof(part)) : proc_read(p, part, sizeof(part))) != 0)
		err = n < 0 ? (int)n : proc_write(p, 1, part, (size_t)n);
	return err;
}

int prog_cat(struct proc *p, int argc, char **argv)
{
	struct proc_opts o = { 0 };
	int status = 0, err;

	if (proc_getopt(p, &o, "u", NULL) != -1) {
		proc_eprintf(p, "Try '%s --help' for more information.\n", argv[0]);
		return 1;
	}
	if (o.ind == argc)
		return copy_stream(p, NULL) < 0;
	for (int i = o.ind; i < argc; i++) {
		struct stream *in = NULL;

		err = strcmp(argv[i], "-") == 0 ? 0 : proc_open(p, argv[i], 'r', &in);
		if (err == 0)
			err = copy_stream(p, in);
		if (err < 0 && err != -EPIPE && err != -EINTR)
			proc_eprintf(p, "%s: %s: %s\n", argv[0], argv[i], strerror(-err));
		status |= err < 0;
		stream_put(in);
	}
	return status;
}

/* lines or bytes of one input, until @left is used up */
static int head_stream(struct proc *p, struct stream *in, uint64_t left, bool bytes)
{
	char c[1024];
	ssize_t n;
	int err = 0;

	while (left && !err) {
		size_t want = bytes ? MIN(left, sizeof(c)) : sizeof(c), use = 0;

		n = in ? stream_read(in, c, want) : proc_read(p, c, want);
		if (n <= 0)
			return (int)n;
		while (use < (size_t)n && left)
			left -= bytes || c[use] == '\n', use++;
		err = proc_write(p, 1, c, use);
	}
	return err;
}

int prog_head(struct proc *p, int argc, char **argv)
{
	struct proc_opts o = { 0 };
	uint64_t n = 10;
	bool bytes = false;
	int c, status = 0;

	if (argc > 1 && argv[1][0] == '-' && argv[1][1] >= '0' && argv[1][1] <= '9') {	/* head -5 */
		if (fmt_parse_u64(argv[1] + 1, 10, UINT64_MAX, &n) < 0) {
			proc_eprintf(p, "head: invalid trailing option -- %s\n", argv[1] + 1);
			return 1;
		}
		o.ind = 2;
	}
	while ((c = proc_getopt(p, &o, "n:c:q", NULL)) != -1) {
		if (c == '?') {
			proc_eprintf(p, "Try 'head --help' for more information.\n");
			return 1;
		}
		if (c == 'q')
			continue;
		bytes = c == 'c';
		if (fmt_parse_u64(o.arg, 10, UINT64_MAX, &n) < 0) {
			proc_eprintf(p, "head: invalid number of %s: '%s'\n", bytes ? "bytes" : "lines", o.arg);
			return 1;
		}
	}
	if (o.ind == argc)
		return head_stream(p, NULL, n, bytes) < 0;
	for (int i = o.ind; i < argc; i++) {
		struct stream *in = NULL;
		int err = proc_open(p, argv[i], 'r', &in);

		if (err < 0)
			proc_eprintf(p, "head: cannot open '%s' for reading: %s\n", argv[i], strerror(-err));
		else if (argc - o.ind > 1)
			proc_printf(p, "%s==> %s <==\n", i > o.ind ? "\n" : "", argv[i]);
		status |= err < 0 || head_stream(p, in, n, bytes) < 0;
		stream_put(in);
	}
	return status;
}

#define TEE_FILES 8

int prog_tee(struct proc *p, int argc, char **argv)
{
	struct proc_opts o = { 0 };
	struct stream *out[TEE_FILES] = { NULL };
	char mode = 'w', part[4096];
	int c, status = 0, n_out = 0;
	ssize_t n;

	while ((c = proc_getopt(p, &o, "ai", NULL)) != -1) {
		if (c == '?') {
			proc_eprintf(p, "Try 'tee --help' for more information.\n");
			return 1;
		}
		mode = c == 'a' ? 'a' : mode;
	}
	for (int i = o.ind; i < argc && n_out < TEE_FILES; i++, n_out++) {
		int err = proc_open(p, argv[i], mode, &out[n_out]);

		if (err < 0) {
			proc_eprintf(p, "tee: %s: %s\n", argv[i], strerror(-err));
			status = 1;
		}
	}
	while ((n = proc_read(p, part, sizeof(part))) > 0 && proc_write(p, 1, part, (size_t)n) == 0) {
		for (int i = 0; i < n_out; i++) {
			int err = out[i] ? stream_write(out[i], part, (size_t)n) : 0;

			if (err < 0) {
				proc_eprintf(p, "tee: %s: %s\n", argv[o.ind + i], strerror(-err));
				status = 1;
			}
		}
	}
	for (int i = 0; i < n_out; i++)
		stream_put(out[i]);
	return status;
}

static bool seq_number(struct proc *p, const char *s, double *v)
{
	char *end;

	*v = strtod(s, &end);
	if (end != s && !*end)
		return true;
	proc_eprintf(p, "seq: invalid floating point argument: '%s'\nTry 'seq --help' for more information.\n", s);
	return false;
}

static int decimals(const char *s)
{
	const char *dot = strchr(s, '.');

	return dot ? MIN((int)strlen(dot + 1), 15) : 0;
}

int prog_seq(struct proc *p, int argc, char **argv)
{
	const char *sep = "\n";
	double first = 1, step = 1, last;
	int i = 1, digits = 0, width = 0;
	bool equal = false;

	for (; i < argc && argv[i][0] == '-' && argv[i][1] && !strchr("0123456789.", argv[i][1]); i++) {
		if (strcmp(argv[i], "-w") == 0) {
			equal = true;
		} else if (strcmp(argv[i], "-s") == 0 && i + 1 < argc) {
			sep = argv[++i];
		} else {
			proc_eprintf(p, "seq: invalid option -- '%s'\nTry 'seq --help' for more information.\n",
				     argv[i] + 1);
			return 1;
		}
	}
	if (argc - i < 1 || argc - i > 3) {
		proc_eprintf(p, argc - i < 1 ? "seq: missing operand\n" : "seq: extra operand '%s'\n",
			     argc - i < 1 ? "" : argv[i + 3]);
		proc_eprintf(p, "Try 'seq --help' for more information.\n");
		return 1;
	}
	for (int k = i; k < argc; k++)
		digits = MAX(digits, decimals(argv[k]));
	if ((argc - i > 1 && !seq_number(p, argv[i], &first)) || (argc - i > 2 && !seq_number(p, argv[i + 1], &step)) ||
	    !seq_number(p, argv[argc - 1], &last))
		return 1;
	if (step == 0) {
		proc_eprintf(p, "seq: invalid Zero increment value: '%s'\nTry 'seq --help' for more information.\n",
			     argv[i + 1]);
		return 1;
	}
	if (equal)
		width = MAX(snprintf(NULL, 0, "%.*f", digits, first), snprintf(NULL, 0, "%.*f", digits, last));
	for (uint64_t n = 0;; n++) {
		double v = first + (double)n * step;

		if (step > 0 ? v > last + step * 1e-9 : v < last + step * 1e-9) {
			if (n)
				proc_printf(p, "\n");
			return 0;
		}
		if (proc_printf(p, "%s%0*.*f", n ? sep : "", width, digits, v) < 0)
			return 1;
	}
}

int prog_yes(struct proc *p, int argc, char **argv)
{
	while (proc_printf(p, "%s\n", argc > 1 ? argv[1] : "y") == 0)
		if (proc_sleep(p, 1000) < 0)		/* time must pass, or nobody else ever runs */
			break;
	return 0;
}

/* run @argv and wait: its status, told as xargs and nohup tell it when there is no such command */
static int run_command(struct proc *p, const char *who, int argc, char **argv)
{
	struct proc *child;
	int status = command_start(p->host, p, argc, argv, NULL, NULL, NULL, &child);

	if (status < 0) {
		proc_eprintf(p, "%s: %s: %s\n", who, argv[0], strerror(-status));
		return status == -ENOENT ? 127 : 126;
	}
	status = proc_join(p, child);
	proc_put(child);
	return status;
}

#define XARGS_MAX 256

static int xargs_run(struct proc *p, char **argv, int n_fixed, const char *replace, char **words, int n)
{
	char *v[XARGS_MAX + 34], *made[32] = { NULL };
	int k = 0, status;

	for (int i = 0; i < n_fixed; i++) {
		char *at = replace ? strstr(argv[i], replace) : NULL;

		v[k++] = argv[i];
		if (at && i < 32) {
			struct sbuf s = SBUF_INIT;

			sbuf_put(&s, argv[i], (size_t)(at - argv[i]));
			sbuf_puts(&s, words[0]);
			sbuf_puts(&s, at + strlen(replace));
			v[k - 1] = made[i] = sbuf_steal(&s);
		}
	}
	for (int i = 0; i < n && !replace; i++)
		v[k++] = words[i];
	v[k] = NULL;
	status = run_command(p, "xargs", k, v);
	for (int i = 0; i < 32; i++)
		mem_free(made[i]);
	return status;
}

int prog_xargs(struct proc *p, int argc, char **argv)
{
	struct proc_opts o = { .posix = true };
	struct sbuf in = SBUF_INIT;
	const char *replace = NULL, *blanks;
	char *words[XARGS_MAX], *echo[] = { "echo" }, **cmd, empty[1] = "", *text, *save;
	uint32_t max = XARGS_MAX;
	int c, n = 0, n_cmd, status = 0, ran = 0;
	bool if_any = false;

	while ((c = proc_getopt(p, &o, "n:I:r", NULL)) != -1) {
		if (c == '?' || (c == 'n' && (fmt_parse_u32(o.arg, 10, XARGS_MAX, &max) < 0 || !max))) {
			proc_eprintf(p, "Try 'xargs --help' for more information.\n");
			return 1;
		}
		if_any |= c == 'r';
		replace = c == 'I' ? o.arg : replace;
	}
	blanks = replace ? "\n" : " \t\n";
	cmd = o.ind < argc ? argv + o.ind : echo;
	n_cmd = o.ind < argc ? argc - o.ind : 1;
	if (n_cmd > 32 || proc_read_all(p, &in) < 0) {
		sbuf_free(&in);
		return 1;
	}
	text = in.data ? in.data : empty;
	for (char *s = strtok_r(text, blanks, &save); s; s = strtok_r(NULL, blanks, &save)) {
		words[n++] = s;
		if (n == (int)max || replace) {
			status |= xargs_run(p, cmd, n_cmd, replace, words, n) ? 123 : 0;
			ran++;
			n = 0;
		}
	}
	if (n || (!ran && !if_any && !replace))
		status |= xargs_run(p, cmd, n_cmd, NULL, words, n) ? 123 : 0;
	sbuf_free(&in);
	return status;
}

int prog_nohup(struct proc *p, int argc, char **argv)
{
	if (argc < 2) {
		proc_eprintf(p, "nohup: missing operand\nTry 'nohup --help' for more information.\n");
		return 125;
	}
	return run_command(p, "nohup: failed to run command", argc - 1, argv + 1);
}
