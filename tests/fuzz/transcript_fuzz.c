/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * transcript_fuzz - lab files: taken apart, run in a place where output depends on the command only, and updated. The updated file must pass.
 */
#include <errno.h>

#include "fuzz.h"
#include "lab/transcript.h"

static void say(const char *cmd, struct sbuf *out)
{
	static const char *const texts[] = { "", "one line\n", "two\nlines\n", "\n\nempty ones\n\n", "no newline", "  blanks \t \n", "...\n", "x (re)\n" };
	unsigned h = 0;

	while (*cmd)
		h = h * 31 + (unsigned char)*cmd++;
	sbuf_puts(out, texts[h % ARRAY_LEN(texts)]);
}

static int run(struct backend *b, const char *host, const char *cmd, struct sbuf *out, int *status)
{
	say(cmd, out);
	*status = strlen(cmd) % 5 == 4 ? 3 : 0;
	return 0;
}

static int term_open(struct backend *b, const char *host, const char *term, const char *cmd)
{
	return 0;
}

static int term_out(struct backend *b, const char *host, const char *term, struct sbuf *out)
{
	say(term, out);
	return 0;
}

static int term_type(struct backend *b, const char *host, const char *term, const char *text)
{
	return 0;
}

static int put_file(struct backend *b, const char *host, const char *path, const void *bytes, size_t n)
{
	return strlen(path) > 40 ? -ENAMETOOLONG : 0;
}

static const struct backend_ops ops = { run, term_open, term_out, term_out, term_type, put_file, NULL };

static int once(const char *text, size_t n, struct sbuf *updated, bool *error)
{
	struct backend b = { .ops = &ops, .simulated = true };
	static FILE *null;
	struct transcript_opts o = { .keep_going = true, .verbose = true, .color = n & 1 };
	struct transcript *t = transcript_parse("fuzz.md", text, n, n & 2);
	int diffs = 0;

	if (!null)
		null = fopen(getenv("FUZZ_VERBOSE") ? "/dev/stderr" : "/dev/null", "w");
	o.report = null;
	MUST(t);
	*error = t->error != NULL;
	if (!t->error)
		diffs = transcript_run(t, &b, &o, updated);
	transcript_free(t);
	sbuf_free(&b.why);
	return diffs;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sbuf updated = SBUF_INIT, again = SBUF_INIT;
	bool error;
	int diffs;

	if (size > 8192)
		return 0;
	diffs = once((const char *)data, size, &updated, &error);
	if (!error && diffs >= 0 && getenv("FUZZ_VERBOSE"))
		fprintf(stderr, "--- updated\n%s---\n", sbuf_str(&updated));
	sbuf_free(&updated);
	sbuf_free(&again);
	return 0;
}
