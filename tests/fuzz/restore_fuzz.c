/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * restore_fuzz - iptables-restore files. The first byte says how: 1: --noflush, 2: --counters, 4: --test. What fails must change nothing.
 */
#include "fuzz.h"

static char *saved(struct fuzz *f)
{
	struct sbuf out = SBUF_INIT;
	struct stream *s = stream_to_sbuf(&out);
	struct script x = { .world = &f->w, .ns = f->ns, .dir = "/nonexistent", .out = s };
	char *argv[] = { "iptables-save", "-t", "nat", NULL };

	script_command(&x, 3, argv);
	stream_put(s);
	sbuf_putc(&out, '\n');
	return sbuf_steal(&out);
}

static unsigned commits(const uint8_t *p, size_t size)
{
	unsigned n = 0;

	for (size_t i = 0; i + 6 <= size; i++)
		n += memcmp(p + i, "COMMIT", 6) == 0;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *argv[6] = { "iptables-restore" }, *before, *after;
	int argc = 1, status;
	struct fuzz f;
	bool single;

	if (!size)
		return 0;
	fuzz_begin(&f);
	fuzz_setup(&f, "iptables -N old; iptables -A FORWARD -j old; iptables -t nat -A POSTROUTING -o eth1 -j MASQUERADE\n");
	if (*data & 1)
		argv[argc++] = "--noflush";
	if (*data & 2)
		argv[argc++] = "--counters";
	if (*data & 4)
		argv[argc++] = "--test";
	before = saved(&f);
	status = fuzz_command(&f, argc, argv, data + 1, size - 1);
	after = saved(&f);
	/* each COMMIT is a change of its own: all or nothing holds for what one at the end ends */
	single = !commits(data, size) || (commits(data, size) == 1 && size > 7 && memcmp(data + size - 7, "COMMIT\n", 7) == 0);
	if (((status && single) || *data & 4) && strcmp(before, after) != 0) {
		fprintf(stderr, "status %d, but:\n--- before\n%s--- after\n%s", status, before, after);
		abort();
	}
	free(before);
	free(after);
	fuzz_end(&f);
	return 0;
}
