/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shell_fuzz - the input as a shell script, with few steps allowed, files that are always the same, and commands that print their words.
 */
#include <errno.h>

#include "fuzz.h"
#include "front/shell.h"

#define STEPS 2000

static int op_open(struct shell *sh, const char *path, char mode, struct stream **out)
{
	struct sbuf *file = sh->ctx;

	if (mode == 'r')
		*out = stream_from_bytes("one\ntwo three\n", 14);
	else
		*out = stream_to_sbuf(file);
	return *out ? 0 : -ENOMEM;
}

static char op_stat(struct shell *sh, const char *path, uint64_t *size)
{
	*size = 14;
	return path[0] == '/' ? 'd' : path[0] == 'f' ? 'f' : 0;
}

static int op_exec(struct shell *sh, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		shell_printf(sh, 1, "%s%c", argv[i], i + 1 < argc ? ' ' : '\n');
	return strcmp(argv[0], "no") == 0 ? -ENOENT : argc & 1;
}

static int op_stopped(struct shell *sh)
{
	struct sbuf *file = sh->ctx;

	return file->len > 1 << 20 ? 9 : 0;
}

static const struct shell_ops ops = { .open = op_open, .stat = op_stat, .exec = op_exec, .stopped = op_stopped };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sbuf out = SBUF_INIT;
	struct stream *fd[3] = { stream_from_bytes("input\nlines\n", 12), stream_to_sbuf(&out), stream_to_sbuf(&out) };
	struct shell *sh = shell_new(&ops, &out, NULL, "/");
	char *text;

	if (size > 4096 || !(text = malloc(size + 1)))
		goto out;
	memcpy(text, data, size);
	text[size] = '\0';
	MUST(sh);
	shell_set_fds(sh, fd);
	sh->name = "bash";
	sh->via = "";
	sh->steps->n = SHELL_STEPS_MAX - STEPS;
	shell_incomplete(text);
	shell_run(sh, text);
	if (getenv("FUZZ_VERBOSE"))
		fprintf(stderr, "%s", sbuf_str(&out));
	free(text);
out:
	shell_free(sh);
	for (int i = 0; i < 3; i++)
		stream_put(fd[i]);
	sbuf_free(&out);
	return 0;
}
