/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/vfs.h - the files a host sees.
 *
 *     /etc/...         the host's own, over the machine's (which is only read)
 *     /proc/..., /dev  made up from the engine
 *     /...             in memory, shared by all hosts of the lab
 *     name, ./name     the machine's folder in which natbox was started, and below it, nowhere else
 *
 * A folder (cwd) is written "." or "./sub" below the machine's folder, or as an absolute path.
 */
#ifndef LAB_VFS_H
#define LAB_VFS_H

#include "front/stream.h"

struct host;
struct lab;
struct vfs_tree;

#define VFS_FILES_MAX 4096		/* in one tree */
#define VFS_BYTES_MAX (64u << 20)	/* in one tree */

struct vfs_stat {
	char type;			/* 'f', 'd', 'c' */
	uint32_t mode;			/* permissions */
	uint64_t size;
	uint64_t mtime_ns;		/* UTC */
};

struct vfs_tree *vfs_tree_new(void);
void vfs_tree_free(struct vfs_tree *t);
/** vfs_open() - @mode 'r', 'w', 'a'; 0 and a reference, or -errno */
int vfs_open(struct host *h, const char *cwd, const char *path, char mode, struct stream **out);
int vfs_read(struct host *h, const char *cwd, const char *path, struct sbuf *out);
int vfs_write(struct host *h, const char *cwd, const char *path, const void *bytes, size_t n, bool append);
int vfs_stat(struct host *h, const char *cwd, const char *path, struct vfs_stat *st);
/** vfs_own() - is @path a file that the lab itself put into the host's /etc */
bool vfs_own(struct host *h, const char *path);
/** vfs_list() - names in a folder, sorted, without . and ..; stops at non-zero; -ENOENT, -ENOTDIR */
int vfs_list(struct host *h, const char *cwd, const char *path, int (*fn)(void *ctx, const char *name), void *ctx);
int vfs_mkdir(struct host *h, const char *cwd, const char *path);	/* -EEXIST, -ENOENT (parent) */
int vfs_remove(struct host *h, const char *cwd, const char *path, bool dir);
/** vfs_chdir() - the folder that @path means from @cwd, malloc()ed; NULL and *err */
char *vfs_chdir(struct host *h, const char *cwd, const char *path, int *err);
/** vfs_show_cwd() - as pwd prints it */
void vfs_show_cwd(struct host *h, const char *cwd, struct sbuf *out);

/* ---- vfs_proc.c: /proc. -ENOENT: no such file */
int proc_file_get(struct host *h, const char *path, struct sbuf *out);
int proc_file_set(struct host *h, const char *path, const void *bytes, size_t n);
/** proc_file_type() - 'f', 'd' or 0 */
char proc_file_type(struct host *h, const char *path);
/* the same for /sys, reached through these (vfs_sys.c) */
int sys_file_get(struct host *h, const char *path, struct sbuf *out);
char sys_file_type(struct host *h, const char *path);
int sys_file_list(struct host *h, const char *path, int (*fn)(void *ctx, const char *name), void *ctx);
int proc_file_list(struct host *h, const char *path, int (*fn)(void *ctx, const char *name), void *ctx);

#endif
