/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/prog_file.c - programs of simulated hosts around files: ls, mkdir, rm, rmdir, cp, mv, touch, basename, dirname.
 *
 * All of them work through lab/vfs.h, so they see a host's own /etc, the lab's files in memory, and the machine's
 * folder that natbox was started in.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lab/lab.h"
#include "lab/programs.h"

static int try_help(struct proc *p, char **argv)
{
	proc_eprintf(p, "Try '%s --help' for more information.\n", argv[0]);
	return 1;
}

struct ls {
	struct proc *p;
	const char *dir;
	bool all, long_form, failed;
	uint64_t blocks;
};

static void mode_text(char *out, const struct vfs_stat *st)
{
	out[0] = st->type == 'f' ? '-' : st->type;
	for (int i = 0; i < 9; i++)
		out[i + 1] = st->mode & (0400u >> i) ? "rwx"[i % 3] : '-';
	out[10] = 0;
}

static int ls_name(void *ctx, const char *name)
{
	struct ls *l = ctx;
	struct vfs_stat st;
	struct sbuf path = SBUF_INIT;
	char mode[11], date[32];
	time_t t;
	struct tm tm;
	int err;

	if (*name == '.' && !l->all)
		return 0;
	if (!l->long_form)
		return proc_printf(l->p, "%s\n", name);
	sbuf_printf(&path, "%s%s%s", l->dir ? l->dir : "", l->dir ? "/" : "", name);
	err = vfs_stat(l->p->host, l->p->cwd, sbuf_str(&path), &st);
	sbuf_free(&path);
	if (err < 0)
		return 0;
	mode_text(mode, &st);
	t = (time_t)(st.mtime_ns / NSEC_PER_SEC);
	gmtime_r(&t, &tm);
	strftime(date, sizeof(date), "%b %e %H:%M", &tm);
	return proc_printf(l->p, "%s 1 root root %llu %s %s\n", mode, (unsigned long long)st.size, date, name);
}

static int ls_blocks(void *ctx, const char *name)
{
	struct ls *l = ctx;
	struct vfs_stat st;
	struct sbuf path = SBUF_INIT;

	sbuf_printf(&path, "%s/%s", l->dir, name);
	if ((*name != '.' || l->all) && vfs_stat(l->p->host, l->p->cwd, sbuf_str(&path), &st) == 0)
		l->blocks += st.type == 'd' ? 4 : (st.size + 4095) / 4096 * 4;
	sbuf_free(&path);
	return 0;
}

/* the kilobytes that ls -l begins with, in blocks of 4 as on ext4 */
static void ls_total(struct ls *l)
{
	l->blocks = 0;
	vfs_list(l->p->host, l->p->cwd, l->dir, ls_blocks, l);
	proc_printf(l->p, "total %llu\n", (unsigned long long)l->blocks);
}

int prog_ls(struct proc *p, int argc, char **argv)
{
	struct proc_opts o = { 0 };
	struct ls l = { .p = p };
	bool dir_itself = false;
	int c, status = 0;

	while ((c = proc_getopt(p, &o, "alAd1hF", NULL)) != -1) {
		if (c == '?')
			return 2 * try_help(p, argv);
		l.all |= c == 'a' || c == 'A';
		l.long_form |= c == 'l';
		dir_itself |= c == 'd';
	}
	for (int i = o.ind; i < argc || i == o.ind; i++) {
		const char *path = i < argc ? argv[i] : ".";
		struct vfs_stat st;
		int err = vfs_stat(p->host, p->cwd, path, &st);

		if (err < 0) {
			proc_eprintf(p, "ls: cannot access '%s': %s\n", path, strerror(-err));
			status = 2;
		} else if (st.type != 'd' || dir_itself) {
			l.dir = NULL;
			ls_name(&l, path);
		} else {
			l.dir = path;
			if (argc - o.ind > 1)
				proc_printf(p, "%s%s:\n", i > o.ind ? "\n" : "", path);
			if (l.long_form)
				ls_total(&l);
			vfs_list(p->host, p->cwd, path, ls_name, &l);
		}
	}
	return status;
}

/* mkdir -p: each folder on the way */
static int mkdir_parents(struct proc *p, const char *path)
{
	char *dir = mem_strdup(path);
	int err = 0;

	if (!dir)
		return -ENOMEM;
	for (char *s = dir + 1; !err; s++) {
		char keep = *s;

		if (keep && keep != '/')
			continue;
		*s = 0;
		err = vfs_mkdir(p->host, p->cwd, dir);
		if (err == -EEXIST)
			err = 0;
		*s = keep;
		if (!keep)
			break;
	}
	mem_free(dir);
	return err;
}

int prog_mkdir(struct proc *p, int argc, char **argv)
{
	struct proc_opts o = { 0 };
	bool parents = false;
	int c, status = 0;

	while ((c = proc_getopt(p, &o, "p", NULL)) != -1) {
		if (c == '?')
			return try_help(p, argv);
		parents = true;
	}
	if (o.ind == argc) {
		proc_eprintf(p, "mkdir: missing operand\n");
		return try_help(p, argv);
	}
	for (int i = o.ind; i < argc; i++) {
		int err = parents ? mkdir_parents(p, argv[i]) : vfs_mkdir(p->host, p->cwd, argv[i]);

		if (err < 0) {
			proc_eprintf(p, "mkdir: cannot create directory '%s': %s\n", argv[i], strerror(-err));
			status = 1;
		}
	}
	return status;
}

struct rm {
	struct proc *p;
	const char *dir;
	bool recursive, force;
	unsigned depth;
	int status;
};

static int rm_path(struct rm *r, const char *path);

static int rm_name(void *ctx, const char *name)
{
	struct rm *r = ctx;
	const char *dir = r->dir;
	struct sbuf path = SBUF_INIT;

	sbuf_printf(&path, "%s/%s", dir, name);
	rm_path(r, sbuf_str(&path));
	sbuf_free(&path);
	r->dir = dir;
	return 0;
}

static int rm_path(struct rm *r, const char *path)
{
	struct vfs_stat st;
	int err = vfs_stat(r->p->host, r->p->cwd, path, &st);

	if (err == 0 && st.type == 'd' && !r->recursive)
		err = -EISDIR;
	if (err == 0 && st.type == 'd' && r->depth < 32) {
		r->dir = path;
		r->depth++;
		vfs_list(r->p->host, r->p->cwd, path, rm_name, r);
		r->depth--;
	}
	if (err == 0)
		err = vfs_remove(r->p->host, r->p->cwd, path, st.type == 'd');
	if (err < 0 && !(err == -ENOENT && r->force)) {
		proc_eprintf(r->p, "rm: cannot remove '%s': %s\n", path, strerror(-err));
		r->status = 1;
	}
	return err;
}

int prog_rm(struct proc *p, int argc, char **argv)
{
	struct proc_opts o = { 0 };
	struct rm r = { .p = p };
	int c;

	while ((c = proc_getopt(p, &o, "rRf", NULL)) != -1) {
		if (c == '?')
			return try_help(p, argv);
		r.recursive |= c != 'f';
		r.force |= c == 'f';
	}
	if (o.ind == argc && !r.force) {
		proc_eprintf(p, "rm: missing operand\n");
		return try_help(p, argv);
	}
	for (int i = o.ind; i < argc; i++)
		rm_path(&r, argv[i]);
	return r.status;
}

int prog_rmdir(struct proc *p, int argc, char **argv)
{
	struct proc_opts o = { 0 };
	int status = 0;

	if (proc_getopt(p, &o, "", NULL) != -1 || o.ind == argc)
		return try_help(p, argv);
	for (int i = o.ind; i < argc; i++) {
		int err = vfs_remove(p->host, p->cwd, argv[i], true);

		if (err < 0) {
			proc_eprintf(p, "rmdir: failed to remove '%s': %s\n", argv[i], strerror(-err));
			status = 1;
		}
	}
	return status;
}

/* where @from goes when the target is @to, which may be a folder */
static void target_path(struct proc *p, const char *from, const char *to, struct sbuf *out)
{
	struct vfs_stat st;
	const char *base = strrchr(from, '/');

	sbuf_puts(out, to);
	if (vfs_stat(p->host, p->cwd, to, &st) == 0 && st.type == 'd')
		sbuf_printf(out, "/%s", base ? base + 1 : from);
}

static int copy_or_move(struct proc *p, int argc, char **argv, bool move)
{
	struct proc_opts o = { 0 };
	int status = 0;

	for (int c; (c = proc_getopt(p, &o, move ? "f" : "fp", NULL)) != -1;)
		if (c == '?')
			return try_help(p, argv);
	if (argc - o.ind < 2) {
		if (o.ind == argc)
			proc_eprintf(p, "%s: missing file operand\n", argv[0]);
		else
			proc_eprintf(p, "%s: missing destination file operand after '%s'\n", argv[0], argv[o.ind]);
		return try_help(p, argv);
	}
	for (int i = o.ind; i < argc - 1; i++) {
		struct sbuf text = SBUF_INIT, to = SBUF_INIT;
		int err = vfs_read(p->host, p->cwd, argv[i], &text);

		target_path(p, argv[i], argv[argc - 1], &to);
		if (err == -EISDIR) {
			proc_eprintf(p,
				     move ? "%s: moving folders is not supported: '%s'\n"
					  : "%s: -r not specified; omitting directory '%s'\n",
				     argv[0], argv[i]);
		} else if (err < 0) {
			proc_eprintf(p, "%s: cannot stat '%s': %s\n", argv[0], argv[i], strerror(-err));
		} else {
			err = vfs_write(p->host, p->cwd, sbuf_str(&to), sbuf_str(&text), text.len, false);
			if (err < 0)
				proc_eprintf(p, "%s: cannot create regular file '%s': %s\n", argv[0], sbuf_str(&to),
					     strerror(-err));
			else if (move)
				err = vfs_remove(p->host, p->cwd, argv[i], false);
		}
		status |= err < 0;
		sbuf_free(&text);
		sbuf_free(&to);
	}
	return status;
}

int prog_cp(struct proc *p, int argc, char **argv)
{
	return copy_or_move(p, argc, argv, false);
}

int prog_mv(struct proc *p, int argc, char **argv)
{
	return copy_or_move(p, argc, argv, true);
}

int prog_clear(struct proc *p, int argc, char **argv)
{
	return proc_printf(p, "\033[H\033[2J\033[3J") < 0;
}

/* every file of a lab can be run already; what is not there is told */
int prog_chmod(struct proc *p, int argc, char **argv)
{
	int status = 0;

	if (argc < 3) {
		proc_eprintf(p, argc < 2 ? "chmod: missing operand\n" : "chmod: missing operand after '%s'\n",
			     argc < 2 ? "" : argv[1]);
		return try_help(p, argv);
	}
	for (int i = argv[1][0] == '-' && argv[1][1] == 'R' ? 3 : 2; i < argc; i++) {
		struct vfs_stat st;
		int err = vfs_stat(p->host, p->cwd, argv[i], &st);

		if (err < 0) {
			proc_eprintf(p, "chmod: cannot access '%s': %s\n", argv[i], strerror(-err));
			status = 1;
		}
	}
	return status;
}

int prog_touch(struct proc *p, int argc, char **argv)
{
	struct proc_opts o = { 0 };
	int status = 0;

	if (proc_getopt(p, &o, "", NULL) != -1)
		return try_help(p, argv);
	for (int i = o.ind; i < argc; i++) {
		int err = vfs_write(p->host, p->cwd, argv[i], "", 0, true);

		if (err < 0) {
			proc_eprintf(p, "touch: cannot touch '%s': %s\n", argv[i], strerror(-err));
			status = 1;
		}
	}
	return status;
}

int prog_basename(struct proc *p, int argc, char **argv)
{
	const char *base;

	if (argc != 2) {
		proc_eprintf(p, argc < 2 ? "basename: missing operand\n" : "basename: extra operand '%s'\n",
			     argc < 2 ? "" : argv[2]);
		return try_help(p, argv);
	}
	base = strrchr(argv[1], '/');
	proc_printf(p, "%s\n", base && base[1] ? base + 1 : argv[1]);
	return 0;
}

int prog_dirname(struct proc *p, int argc, char **argv)
{
	const char *slash;

	if (argc != 2) {
		proc_eprintf(p, argc < 2 ? "dirname: missing operand\n" : "dirname: extra operand '%s'\n",
			     argc < 2 ? "" : argv[2]);
		return try_help(p, argv);
	}
	slash = strrchr(argv[1], '/');
	proc_printf(p, "%.*s\n", slash ? MAX((int)(slash - argv[1]), 1) : 1, slash ? argv[1] : ".");
	return 0;
}
