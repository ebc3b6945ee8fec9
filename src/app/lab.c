/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * app/lab.c - `natbox lab`: run lab files and say what came of it, or play in one.
 *
 * Each file is run in a network of its own. Exit status: 0 all as written, 1 a difference, 2 usage, or a file that
 * cannot be read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "base/mem.h"
#include "lab/draw.h"
#include "lab/interactive.h"
#include "lab/kernel.h"
#include "lab/sim.h"
#include "lab/transcript.h"

struct lab_args {
	bool update, write_back, keep, verbose, draw, kernel;
	const char *topology;
	uint64_t seed;
};

static const char usage[] =
	"usage: natbox lab [-k] [-v [-d] | --demo] [--kernel] [--seed N] FILE.md ...\n"
	"       natbox lab -u | -U [--kernel] FILE.md ...\n"
	"       natbox lab [-t TOPOLOGY]\n"
	"\n"
	"Run the console blocks of labs on simulated hosts and compare what is printed.\n"
	"  -k         go on after a difference\n"
	"  -v         show what happens as it happens\n"
	"  -d         with -v: draw the topology once it is there\n"
	"  --demo     -v and -d\n"
	"  -u         print the file again with the output that was really given\n"
	"  -U         write that back to the file\n"
	"  --kernel   on the real kernel, in namespaces of its own (needs root)\n"
	"  --seed N   another course of what Linux leaves open (default 1)\n"
	"Without a file: an interactive lab, empty or with a ready topology:\n";

static int print_usage(FILE *f, int status)
{
	fputs(usage, f);
	topologies_print(f);
	return status;
}

struct drawing {
	struct backend *b;
	bool done;
};

/* after the first block that leaves two hosts with addresses */
static void draw_once(void *ctx, unsigned nth)
{
	struct drawing *d = ctx;
	struct sbuf s = SBUF_INIT;

	if (d->done || !d->b->simulated)
		return;
	draw_topology(sim_lab(d->b), &s);
	if (s.len) {
		fputs(sbuf_str(&s), stdout);
		d->done = true;
	}
	sbuf_free(&s);
}

static int write_file(const char *path, const struct sbuf *text)
{
	struct sbuf tmp = SBUF_INIT;
	FILE *f;
	int err = 0;

	sbuf_printf(&tmp, "%s.natbox-new", path);
	f = fopen(sbuf_str(&tmp), "w");
	if (!f || (text->len && fwrite(text->data, 1, text->len, f) != text->len))
		err = -errno;
	if (f && fclose(f) != 0 && !err)
		err = -errno;
	if (!err && rename(sbuf_str(&tmp), path) < 0)
		err = -errno;
	if (err)
		fprintf(stderr, "natbox lab: %s: %s\n", path, strerror(-err));
	sbuf_free(&tmp);
	return err;
}

/* 0 as written, 1 not, 2 it could not be run */
static int run_parsed(const struct lab_args *a, const char *path, const struct transcript *t)
{
	struct backend *b = a->kernel ? kernel_new() : sim_new(a->seed, SIM_EPOCH_NS);
	struct drawing d = { b, false };
	struct transcript_opts o = { .keep_going = a->keep,
				     .verbose = a->verbose,
				     .color = a->verbose && isatty(1),
				     .report = a->update ? stderr : stdout };
	struct sbuf updated = SBUF_INIT;
	int n;

	if (!b) {
		fprintf(stderr, "natbox lab: %s\n",
			a->kernel ? "--kernel needs root, and a kernel that has namespaces" : "no memory");
		return 2;
	}
	if (a->draw) {
		o.block_end = draw_once;
		o.ctx = &d;
	}
	n = transcript_run(t, b, &o, a->update ? &updated : NULL);
	b->ops->free(b);
	if (a->update && n >= 0) {
		if (!a->write_back)
			fwrite(sbuf_str(&updated), 1, updated.len, stdout);
		else if (write_file(path, &updated) < 0)
			n = -EIO;
	}
	sbuf_free(&updated);
	return n < 0 ? 2 : n > 0;
}

static int run_file(const struct lab_args *a, const char *path)
{
	FILE *f = fopen(path, "r");
	struct sbuf text = SBUF_INIT;
	struct transcript *t;
	char part[16384];
	size_t n;
	int status;

	while (f && (n = fread(part, 1, sizeof(part), f)) > 0)
		sbuf_put(&text, part, n);
	if (!f || ferror(f)) {
		fprintf(stderr, "natbox lab: %s: %s\n", path, strerror(errno));
		if (f)
			fclose(f);
		sbuf_free(&text);
		return 2;
	}
	fclose(f);
	t = transcript_parse(path, sbuf_str(&text), text.len, !a->kernel);
	sbuf_free(&text);
	if (!t) {
		fprintf(stderr, "natbox lab: no memory\n");
		return 2;
	}
	status = run_parsed(a, path, t);
	transcript_free(t);
	return status;
}

/* options: 0, or the exit status + 1 */
static int parse_args(struct lab_args *a, int argc, char **argv, int *first)
{
	int i = 1;

	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		const char *o = argv[i];

		if (strcmp(o, "--") == 0) {
			i++;
			break;
		}
		if (strcmp(o, "-h") == 0 || strcmp(o, "--help") == 0)
			return 1 + print_usage(stdout, 0);
		if (strcmp(o, "--kernel") == 0) {
			a->kernel = true;
		} else if (strcmp(o, "--demo") == 0) {
			a->verbose = a->draw = true;
		} else if ((strcmp(o, "-t") == 0 || strcmp(o, "--seed") == 0) && i + 1 < argc) {
			if (o[1] == 't')
				a->topology = argv[++i];
			else
				a->seed = strtoull(argv[++i], NULL, 0);
		} else if (o[1] != '-' && !o[1 + strspn(o + 1, "kvduU")]) {
			a->keep |= strchr(o, 'k') != NULL;
			a->verbose |= strchr(o, 'v') != NULL;
			a->draw |= strchr(o, 'd') != NULL;
			a->update |= strpbrk(o, "uU") != NULL;
			a->write_back |= strchr(o, 'U') != NULL;
		} else {
			fprintf(stderr, "natbox lab: unknown option '%s'\n", o);
			return 1 + print_usage(stderr, 2);
		}
	}
	*first = i;
	return 0;
}

int app_lab(int argc, char **argv)
{
	struct lab_args a = { .seed = SIM_SEED };
	int first, passed = 0, failed = 0, worst = 0, done = parse_args(&a, argc, argv, &first);

	if (done)
		return done - 1;
	if (first == argc) {
		if (a.update || a.kernel || a.keep) {
			fprintf(stderr, "natbox lab: which file?\n");
			return print_usage(stderr, 2);
		}
		return interactive_run(a.topology, a.seed);
	}
	for (int i = first; i < argc; i++) {
		int status = run_file(&a, argv[i]);

		worst = MAX(worst, status);
		passed += status == 0;
		failed += status != 0;
		if (!a.update || a.write_back)
			printf("%s %s\n", status ? "FAIL" : "ok  ", argv[i]);
		fflush(stdout);
	}
	if (!a.update || a.write_back)
		printf("%d passed, %d failed\n", passed, failed);
	return worst;
}
