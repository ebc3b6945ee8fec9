/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nft_json_fuzz - nft commands in JSON. What fails must change nothing, and what is listed as JSON must be JSON.
 */
#include <jansson.h>

#include "fuzz.h"

static char *listed(struct fuzz *f, bool json)
{
	struct sbuf out = SBUF_INIT;
	struct stream *s = stream_to_sbuf(&out);
	struct script x = { .world = &f->w, .ns = f->ns, .dir = "/nonexistent", .out = s };
	char *argv[] = { "nft", json ? "-j" : "-s", "list", "ruleset", NULL };

	script_command(&x, 4, argv);
	stream_put(s);
	sbuf_putc(&out, '\0');
	return sbuf_steal(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *load[] = { "nft", "-j", "-f", "-", NULL }, *before, *after, *json;
	struct fuzz f;
	json_t *root;

	fuzz_begin(&f);
	before = listed(&f, false);
	if (fuzz_command(&f, 4, load, data, size)) {
		after = listed(&f, false);
		MUST(strcmp(before, after) == 0);
		free(after);
	} else {
		json = listed(&f, true);
		root = json_loads(json, 0, NULL);
		MUST(root);
		json_decref(root);
		free(json);
	}
	free(before);
	fuzz_end(&f);
	return 0;
}
