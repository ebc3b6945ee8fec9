/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/script.c - running a setup file: struct shell_ops and struct cmd_ops for one namespace without hosts.
 */
#include "front/script.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "front/cmd.h"
#include "front/shell.h"

/* what a running command's struct cmd points to: whose streams it has */
struct script_cmd {
	const struct script *s;
	struct shell *sh;		/* NULL: called directly */
};

int script_read_file(const char *path, struct sbuf *out)
{
	char buf[16384];
	FILE *f = fopen(path, "re");
	size_t n;
	int err = 0;

	if (!f)
		return -errno;
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		sbuf_put(out, buf, n);
	if (ferror(f))
		err = -EIO;
	fclose(f);
	return out->failed ? -ENOMEM : err;
}

static char *in_dir(const struct script *s, const char *path)
{
	struct sbuf full = SBUF_INIT;

	if (*path != '/' && s->dir)
		sbuf_printf(&full, "%s/", s->dir);
	sbuf_puts(&full, path);
	return sbuf_steal(&full);
}

static int read_in_dir(const struct script *s, const char *path, struct sbuf *out)
{
	char *full = in_dir(s, path);
	int err = full ? script_read_file(full, out) : -ENOMEM;

	mem_free(full);
	return err;
}

/* ---- what a command may ask of the place it runs in ---- */

static struct stream *stream_of(struct cmd *c, int fd)
{
	struct script_cmd *x = c->ctx;

	if (x->sh)
		return x->sh->fd[fd];
	return fd == 0 ? x->s->in : fd == 1 ? x->s->out : x->s->err;
}

static int op_write(struct cmd *c, int fd, const void *bytes, size_t n)
{
	struct stream *s = stream_of(c, fd);

	return s ? stream_write(s, bytes, n) : 0;
}

static ssize_t op_read(struct cmd *c, void *bytes, size_t n)
{
	struct stream *s = stream_of(c, 0);

	return s ? stream_read(s, bytes, n) : 0;
}

static int op_file_read(struct cmd *c, const char *path, struct sbuf *out)
{
	struct script_cmd *x = c->ctx;

	return read_in_dir(x->s, path, out);
}

static int op_file_list(struct cmd *c, const char *dir, int (*fn)(void *ctx, const char *name), void *ctx)
{
	struct script_cmd *x = c->ctx;
	char *full = in_dir(x->s, dir);
	DIR *d = full ? opendir(full) : NULL;
	struct dirent *e;
	int r = 0;

	mem_free(full);
	while (d && !r && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			r = fn(ctx, e->d_name);
	if (d)
		closedir(d);
	return r;
}

static int op_file_write(struct cmd *c, const char *path, const void *bytes, size_t n, bool append)
{
	return -EROFS;
}

static struct netns *op_netns_find(struct cmd *c, const char *name)
{
	return NULL;
}

static int op_netns_change(struct cmd *c, const char *name)
{
	return -EPERM;
}

static char **op_netns_list(struct cmd *c)
{
	return mem_zalloc(sizeof(char *));
}

static int op_exec(struct cmd *c, struct netns *ns, int argc, char **argv)
{
	struct script_cmd *x = c->ctx;
	struct script in_ns = *x->s;

	in_ns.ns = ns;
	return script_command(&in_ns, argc, argv);
}

static const struct cmd_ops ops = {
	.write = op_write,
	.read = op_read,
	.file_read = op_file_read,
	.file_write = op_file_write,
	.file_list = op_file_list,
	.netns_find = op_netns_find,
	.netns_add = op_netns_change,
	.netns_del = op_netns_change,
	.netns_list = op_netns_list,
	.exec = op_exec,
};

static int run_tool(const struct cmd_tool *tool, const struct script *s, struct shell *sh, int argc, char **argv)
{
	struct script_cmd x = { .s = s, .sh = sh };
	struct cmd c = { .world = s->world, .ns = s->ns, .host = s->ns->name, .ops = &ops, .ctx = &x, .hints = s->hints };
	int status = tool->run(&c, argc, argv);

	cmd_flush(&c);
	sbuf_free(&c.out);
	sbuf_free(&c.err);
	return status;
}

int script_command(const struct script *s, int argc, char **argv)
{
	const struct cmd_tool *tool = cmd_tool_find(argv[0]);
	char msg[256];
	int n;

	if (tool)
		return run_tool(tool, s, NULL, argc, argv);
	n = snprintf(msg, sizeof(msg), "%s: command not found\n", argv[0]);
	if (s->err)
		stream_write(s->err, msg, MIN((size_t)n, sizeof(msg) - 1));
	return 127;
}

/* ---- what the shell asks ---- */

static int sh_open(struct shell *sh, const char *path, char mode, struct stream **out)
{
	struct sbuf text = SBUF_INIT;
	int err;

	if (strcmp(path, "/dev/null") == 0) {
		*out = stream_null();
		return *out ? 0 : -ENOMEM;
	}
	if (mode != 'r')
		return -EROFS;
	err = read_in_dir(sh->ctx, path, &text);
	if (!err) {
		*out = stream_from_bytes(sbuf_str(&text), text.len);
		err = *out ? 0 : -ENOMEM;
	}
	sbuf_free(&text);
	return err;
}

static char sh_stat(struct shell *sh, const char *path, uint64_t *size)
{
	char *full = in_dir(sh->ctx, path);
	struct stat st;
	char kind = 0;

	if (full && stat(full, &st) == 0) {
		*size = (uint64_t)st.st_size;
		kind = S_ISDIR(st.st_mode) ? 'd' : S_ISREG(st.st_mode) ? 'f' : 'c';
	}
	mem_free(full);
	return kind;
}

static int sh_exec(struct shell *sh, int argc, char **argv)
{
	const struct cmd_tool *tool = cmd_tool_find(argv[0]);

	return tool ? run_tool(tool, sh->ctx, sh, argc, argv) : -ENOENT;
}

static const struct shell_ops shell_place = { .open = sh_open, .stat = sh_stat, .exec = sh_exec };

int script_run(const struct script *s, const char *name, const char *text, unsigned *line)
{
	struct stream *null = stream_null();
	struct shell *sh = shell_new(&shell_place, (void *)s, NULL, s->dir ? s->dir : ".");
	int status = 1;

	if (sh && null) {
		struct stream *fd[3] = { s->in ? s->in : null, s->out ? s->out : null, s->err ? s->err : null };

		shell_set_fds(sh, fd);
		sh->name = name;
		sh->via = "";
		sh->errexit = true;
		status = shell_run(sh, text);
		if (line)
			*line = sh->line;
	}
	if (sh)
		shell_free(sh);
	stream_put(null);
	return status;
}
