/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nft_fuzz - nft scripts. What fails must change nothing, and what is listed must be listed the same when it was read again.
 */
#include "fuzz.h"

static char *listed(struct fuzz *f)
{
	struct sbuf out = SBUF_INIT;
	struct stream *s = stream_to_sbuf(&out);
	struct script x = { .world = &f->w, .ns = f->ns, .dir = "/nonexistent", .out = s };
	char *argv[] = { "nft", "-s", "list", "ruleset", NULL };

	script_command(&x, 4, argv);
	stream_put(s);
	sbuf_putc(&out, '\n');
	return sbuf_steal(&out);
}

static void must_equal(const char *what, char *a, char *b)
{
	if (strcmp(a, b) != 0) {
		fprintf(stderr, "%s:\n--- before\n%s--- after\n%s", what, a, b);
		abort();
	}
	free(a);
	free(b);
}

/* what is listed, read into an empty rule set, and that listed; NULL: it cannot be read */
static char *again(struct fuzz *f, const char *text)
{
	char *load[] = { "nft", "-f", "-", NULL }, *flush[] = { "nft", "flush", "ruleset", NULL };

	fuzz_command(f, 3, flush, "", 0);
	return fuzz_command(f, 3, load, text, strlen(text)) ? NULL : listed(f);
}

/* the first reading may make less of it, as a set of one range that two have become: from then on nothing changes */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *load[] = { "nft", "-f", "-", NULL }, *first, *second, *third;
	struct fuzz f;

	fuzz_begin(&f);
	first = listed(&f);
	if (fuzz_command(&f, 3, load, data, size)) {
		must_equal("refused", first, listed(&f));
	} else {
		free(first);
		first = listed(&f);
		second = again(&f, first);
		third = second ? again(&f, second) : NULL;
		free(first);
		if (third)
			must_equal("read again", second, third);
		else
			free(second);
	}
	fuzz_end(&f);
	return 0;
}
