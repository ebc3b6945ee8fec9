/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iptables_fuzz - iptables command lines and restore files: the first byte says which; the rest is a restore file, or
 * commands a line each.
 *
 * Beside not crashing: when iptables-restore takes what iptables-save prints, it must come back the same. Not
 * everything is taken, with the real tool neither: interfaces with blanks, chains renamed to what no chain may be
 * called; and quotes in an interface's name come back as something else.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "front/cmd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct place {
	const char *in;
	size_t at, n;
};

static int put(struct cmd *c, int fd, const void *bytes, size_t n)
{
	return 0;
}

static ssize_t give(struct cmd *c, void *bytes, size_t n)
{
	struct place *p = c->ctx;

	n = MIN(n, p->n - p->at);
	if (n)
		memcpy(bytes, p->in + p->at, n);
	p->at += n;
	return (ssize_t)n;
}

static const struct cmd_ops ops = { .write = put, .read = give };

static int run(struct netns *ns, int argc, char **argv, const char *in, size_t n, struct sbuf *out)
{
	struct place p = { .in = in, .n = n };
	struct cmd c = { .world = ns->world, .ns = ns, .host = "fuzz", .ops = &ops, .ctx = &p, .hints = true };
	int status = cmd_tool_find(argv[0])->run(&c, argc, argv);

	if (out)
		sbuf_put(out, c.out.data ? c.out.data : "", c.out.len);
	sbuf_free(&c.out);
	sbuf_free(&c.err);
	return status;
}

static void commands(struct netns *ns, char *text)
{
	char *argv[64], *line, *save_line, *save;

	for (line = strtok_r(text, "\n", &save_line); line; line = strtok_r(NULL, "\n", &save_line)) {
		int argc = 0;

		argv[argc++] = "iptables";
		for (char *w = strtok_r(line, " ", &save); w && argc < 63; w = strtok_r(NULL, " ", &save))
			argv[argc++] = w;
		argv[argc] = NULL;
		run(ns, argc, argv, NULL, 0, NULL);
	}
}

static void round_trip(struct netns *ns)
{
	static char *const save[] = { "iptables-save", "-c", NULL }, *const restore[] = { "iptables-restore", "-c",
											  NULL };
	struct sbuf first = SBUF_INIT, second = SBUF_INIT;

	run(ns, 2, (char **)save, NULL, 0, &first);
	if (first.len && !strpbrk(first.data, "\"\\\t") && !strstr(first.data, "incompatible base-chains") &&
	    run(ns, 2, (char **)restore, first.data, first.len, NULL) == 0) {
		run(ns, 2, (char **)save, NULL, 0, &second);
		if (strcmp(sbuf_str(&first), sbuf_str(&second)) != 0)
			abort();
	}
	sbuf_free(&first);
	sbuf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char *const restore[] = { "iptables-restore", "-c", NULL };
	char *text = n ? mem_strndup((const char *)data + 1, n - 1) : NULL;
	struct world w;
	struct netns *ns;

	if (!n)
		return 0;
	if (!text || world_init(&w, 1, NULL, NULL, NULL) < 0)
		abort();
	ns = netns_new(&w, "fuzz");
	if (!ns)
		abort();
	if (data[0] & 1)
		run(ns, 2, (char **)restore, text, strlen(text), NULL);
	else
		commands(ns, text);
	round_trip(ns);
	world_free(&w);
	mem_free(text);
	return 0;
}
