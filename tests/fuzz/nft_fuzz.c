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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *load[] = { "nft", "-f", "-", NULL }, *flush[] = { "nft", "flush", "ruleset", NULL }, *text;
	struct fuzz f;

	fuzz_begin(&f);
	text = listed(&f);
	if (fuzz_command(&f, 3, load, data, size)) {
		must_equal("refused", text, listed(&f));
	} else {
		free(text);
		text = listed(&f);
		fuzz_command(&f, 3, flush, "", 0);
		if (!fuzz_command(&f, 3, load, text, strlen(text)))
			must_equal("read again", text, listed(&f));
		else
			free(text);
	}
	fuzz_end(&f);
	return 0;
}
