/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/vfs.c - the files a simulated host sees: four places behind one set of names (see vfs.h).
 *
 * Theory of operation: a path is made absolute and plain, which decides the place. Files in memory are nodes of a
 * tree that is one flat list sorted by path; a node may say that a file of the machine below it is gone. Files of the
 * machine are opened with RESOLVE_BENEATH, so that neither .. nor a symbolic link leads out of the folder natbox was
 * started in.
 *
 * Invariants
 *  1. A tree holds at most VFS_FILES_MAX nodes and VFS_BYTES_MAX bytes.
 *  2. A node with open streams is not freed: .refs.
 *  3. Nothing of the machine is ever written but files below lab->real_fd.
 */
#include "lab/vfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "lab/lab.h"

#define PATH_LEN_MAX 1024

struct vfs_node {
	struct list node;
	struct vfs_tree *tree;		/* NULL: no longer in it */
	char *path;
	bool dir, gone;
	struct sbuf data;
	uint64_t mtime_ns;
	unsigned refs;
};

struct vfs_tree {
	struct list nodes;		/* by path */
	unsigned count;
	size_t bytes;
};

enum place { PLACE_MEMORY, PLACE_ETC, PLACE_PROC, PLACE_DEV, PLACE_REAL };

struct where {
	enum place place;
	char path[PATH_LEN_MAX];	/* absolute, or for PLACE_REAL relative without "./" ("." itself) */
};

/* folders that a fresh host has */
static const char *const plain_dirs[] = {
	"/",    "/bin",       "/boot",    "/home",      "/lib",           "/media",     "/mnt",
	"/opt", "/root",      "/run",     "/sbin",      "/srv",           "/sys",       "/tmp",
	"/usr", "/usr/bin",   "/usr/lib", "/usr/local", "/usr/local/bin", "/usr/sbin",  "/usr/share",
	"/var", "/var/cache", "/var/lib", "/var/log",   "/var/run",       "/var/spool", "/var/tmp",
};

/* ---- trees ---- */

struct vfs_tree *vfs_tree_new(void)
{
	struct vfs_tree *t = mem_zalloc(sizeof(*t));

	if (t)
		list_init(&t->nodes);
	return t;
}

static void node_put(struct vfs_node *n)
{
	if (--n->refs)
		return;
	sbuf_free(&n->data);
	mem_free(n->path);
	mem_free(n);
}

static void node_detach(struct vfs_node *n)
{
	n->tree->count--;
	n->tree->bytes -= n->data.len;
	n->tree = NULL;
	list_del(&n->node);
	node_put(n);
}

void vfs_tree_free(struct vfs_tree *t)
{
	if (!t)
		return;
	while (!list_empty(&t->nodes))
		node_detach(list_first(&t->nodes, struct vfs_node, node));
	mem_free(t);
}

static struct vfs_node *node_find(const struct vfs_tree *t, const char *path)
{
	struct vfs_node *n;

	list_for_each(n, &t->nodes, node)
		if (strcmp(n->path, path) == 0)
			return n;
	return NULL;
}

static struct vfs_node *node_make(struct vfs_tree *t, const char *path)
{
	struct vfs_node *n = node_find(t, path), *at;

	if (n || t->count >= VFS_FILES_MAX)
		return n;
	n = mem_zalloc(sizeof(*n));
	if (!n)
		return NULL;
	n->path = mem_strdup(path);
	if (!n->path) {
		mem_free(n);
		return NULL;
	}
	n->tree = t;
	n->refs = 1;
	list_for_each(at, &t->nodes, node)
		if (strcmp(at->path, path) > 0)
			break;
	list_add_before(&at->node, &n->node);
	t->count++;
	return n;
}

static int node_write(struct vfs_node *n, size_t pos, const void *bytes, size_t len)
{
	size_t end = pos + len, more = end > n->data.len ? end - n->data.len : 0;

	if (more && n->tree && n->tree->bytes + more > VFS_BYTES_MAX)
		return -ENOSPC;
	if (pos < n->data.len) {
		size_t part = MIN(len, n->data.len - pos);

		memcpy(n->data.data + pos, bytes, part);
		bytes = (const char *)bytes + part;
		len -= part;
	}
	sbuf_put(&n->data, bytes, len);
	if (n->tree)
		n->tree->bytes += more;
	return n->data.failed ? -ENOMEM : 0;
}

/* ---- paths ---- */

static bool has_prefix(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (!path[n] || path[n] == '/');
}

/* @path from @base into @out without ".", ".." and double slashes; false: too long or above the root */
static bool plain_path(const char *base, const char *path, bool absolute, char *out)
{
	size_t n = 0;

	out[0] = 0;
	for (int i = 0; i < 2; i++) {
		const char *s = i ? path : base;

		while (*s) {
			size_t len = strcspn(s, "/");

			if (len == 2 && s[0] == '.' && s[1] == '.') {
				if (!n && !absolute)
					return false;
				while (n && out[--n] != '/')
					;
				out[n] = 0;
			} else if (len && !(len == 1 && *s == '.')) {
				if (n + len + 2 > PATH_LEN_MAX)
					return false;
				if (n || absolute)
					out[n++] = '/';
				memcpy(out + n, s, len);
				n += len;
				out[n] = 0;
			}
			s += len;
			s += *s == '/';
		}
	}
	if (!n)
		strcpy(out, absolute ? "/" : ".");
	return true;
}

static int resolve(const char *cwd, const char *path, struct where *w)
{
	bool absolute = *path == '/' || *cwd == '/';

	if (!*path)
		return -ENOENT;
	if (!plain_path(*path == '/' ? "" : cwd, path, absolute, w->path))
		return -EACCES;
	if (!absolute)
		w->place = PLACE_REAL;
	else if (has_prefix(w->path, "/etc"))
		w->place = PLACE_ETC;
	else if (has_prefix(w->path, "/proc") || has_prefix(w->path, "/sys"))
		w->place = PLACE_PROC;
	else if (has_prefix(w->path, "/dev"))
		w->place = PLACE_DEV;
	else
		w->place = PLACE_MEMORY;
	return 0;
}

static int open_beneath(int dir_fd, const char *path, int flags)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC),
				.mode = flags & O_CREAT ? 0644 : 0,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* ---- what is there ---- */

static struct vfs_tree *tree_of(struct host *h, const struct where *w)
{
	return w->place == PLACE_ETC ? h->etc : h->lab->files;
}

static bool is_plain_dir(const char *path)
{
	for (size_t i = 0; i < ARRAY_LEN(plain_dirs); i++)
		if (strcmp(plain_dirs[i], path) == 0)
			return true;
	return false;
}

static int stat_machine(const char *path, int dir_fd, struct vfs_stat *st)
{
	struct stat s;

	if (fstatat(dir_fd, path, &s, AT_EMPTY_PATH) < 0)
		return -errno;
	st->type = S_ISDIR(s.st_mode) ? 'd' : S_ISREG(s.st_mode) ? 'f' : 'c';
	st->mode = s.st_mode & 07777;
	st->size = (uint64_t)s.st_size;
	st->mtime_ns = (uint64_t)s.st_mtim.tv_sec * NSEC_PER_SEC + (uint64_t)s.st_mtim.tv_nsec;
	return 0;
}

static int stat_memory(struct host *h, const struct where *w, struct vfs_stat *st)
{
	const struct vfs_node *n = node_find(tree_of(h, w), w->path);

	if (n && n->gone)
		return -ENOENT;
	if (n) {
		*st = (struct vfs_stat){ n->dir ? 'd' : 'f', n->dir ? 0755 : 0644, n->data.len, n->mtime_ns };
		return 0;
	}
	if (w->place == PLACE_ETC)
		return stat_machine(w->path, AT_FDCWD, st);
	if (!is_plain_dir(w->path))
		return -ENOENT;
	*st = (struct vfs_stat){ .type = 'd', .mode = 0755, .mtime_ns = h->lab->world.clock.epoch_ns };
	return 0;
}

static bool is_dev(const char *path)
{
	return strcmp(path, "/dev/null") == 0 || strcmp(path, "/dev/zero") == 0 || strcmp(path, "/dev/tty") == 0 ||
	       strcmp(path, "/dev/urandom") == 0 || strcmp(path, "/dev/random") == 0;
}

static int stat_where(struct host *h, const struct where *w, struct vfs_stat *st)
{
	int fd, err;

	*st = (struct vfs_stat){ .mode = 0444, .mtime_ns = clock_wall_ns(&h->lab->world.clock) };
	switch (w->place) {
	case PLACE_PROC:
		st->type = proc_file_type(h, w->path);
		st->mode = st->type == 'd' ? 0555 : 0644;
		return st->type ? 0 : -ENOENT;
	case PLACE_DEV:
		st->type = is_dev(w->path) ? 'c' : strcmp(w->path, "/dev") == 0 ? 'd' : 0;
		st->mode = st->type == 'd' ? 0755 : 0666;
		return st->type ? 0 : -ENOENT;
	case PLACE_REAL:
		fd = open_beneath(h->lab->real_fd, w->path, O_PATH);
		if (fd < 0)
			return fd;
		err = stat_machine("", fd, st);
		close(fd);
		return err;
	default:
		return stat_memory(h, w, st);
	}
}

int vfs_stat(struct host *h, const char *cwd, const char *path, struct vfs_stat *st)
{
	struct where w;
	int err = resolve(cwd, path, &w);

	return err < 0 ? err : stat_where(h, &w, st);
}

bool vfs_own(struct host *h, const char *path)
{
	const struct vfs_node *n = node_find(h->etc, path);

	return n && !n->gone && !n->dir;
}

/* may a file be made at @w: its folder must be there */
static int parent_ok(struct host *h, const struct where *w)
{
	struct where up = *w;
	struct vfs_stat st;
	char *slash = strrchr(up.path, '/');
	int err;

	if (!slash)
		return 0;
	if (slash == up.path)
		slash++;
	*slash = 0;
	err = stat_where(h, &up, &st);
	return err < 0 ? err : st.type == 'd' ? 0 : -ENOTDIR;
}

/* ---- reading ---- */

static int read_fd(int fd, struct sbuf *out)
{
	char part[16384];
	ssize_t n;

	if (fd < 0)
		return fd;
	while ((n = read(fd, part, sizeof(part))) > 0 && out->len < VFS_BYTES_MAX)
		sbuf_put(out, part, (size_t)n);
	if (n < 0)
		n = -errno;
	close(fd);
	return n < 0 ? (int)n : out->failed ? -ENOMEM : 0;
}

static int read_where(struct host *h, const struct where *w, struct sbuf *out)
{
	struct vfs_stat st;
	const struct vfs_node *n;
	int err = stat_where(h, w, &st), fd;

	if (err < 0)
		return err;
	if (st.type == 'd')
		return -EISDIR;
	switch (w->place) {
	case PLACE_PROC: return proc_file_get(h, w->path, out);
	case PLACE_DEV: return strcmp(w->path, "/dev/null") == 0 ? 0 : -EACCES;
	case PLACE_REAL: return read_fd(open_beneath(h->lab->real_fd, w->path, O_RDONLY | O_NONBLOCK), out);
	default: break;
	}
	n = node_find(tree_of(h, w), w->path);
	if (n) {
		sbuf_put(out, n->data.data, n->data.len);
		return out->failed ? -ENOMEM : 0;
	}
	if (st.type != 'f' || !(st.mode & S_IROTH))	/* root may read more, but labs need not */
		return -EACCES;
	fd = open(w->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return read_fd(fd < 0 ? -errno : fd, out);
}

int vfs_read(struct host *h, const char *cwd, const char *path, struct sbuf *out)
{
	struct where w;
	int err = resolve(cwd, path, &w);

	return err < 0 ? err : read_where(h, &w, out);
}

/* ---- writing ---- */

struct file_stream {
	struct stream s;
	struct host *host;		/* /proc */
	struct vfs_node *node;		/* in memory */
	size_t pos;
	bool append;
	int fd;				/* of the machine */
	char path[];
};

static int file_write(struct stream *s, const void *bytes, size_t n)
{
	struct file_stream *f = container_of(s, struct file_stream, s);
	const char *b = bytes;
	int err;

	if (f->fd >= 0) {
		while (n) {
			ssize_t w = write(f->fd, b, n);

			if (w < 0)
				return -errno;
			b += w;
			n -= (size_t)w;
		}
		return 0;
	}
	if (!f->node)
		return proc_file_set(f->host, f->path, bytes, n);
	err = node_write(f->node, f->append ? f->node->data.len : f->pos, bytes, n);
	f->pos += n;
	return err;
}

static void file_close(struct stream *s)
{
	struct file_stream *f = container_of(s, struct file_stream, s);

	if (f->fd >= 0)
		close(f->fd);
	if (f->node)
		node_put(f->node);
	mem_free(f);
}

static struct file_stream *file_stream(struct host *h, const char *path)
{
	static const struct stream_ops ops = { .write = file_write, .free = file_close };
	struct file_stream *f = mem_zalloc(sizeof(*f) + strlen(path) + 1);

	if (!f)
		return NULL;
	f->s = (struct stream){ &ops, 1 };
	f->host = h;
	f->fd = -1;
	strcpy(f->path, path);
	return f;
}

/* the node to write to, with the machine's text in it when it is a file of /etc that is appended to */
static int node_for_writing(struct host *h, const struct where *w, bool append, struct vfs_node **out)
{
	struct vfs_tree *t = tree_of(h, w);
	struct vfs_node *n = node_find(t, w->path);
	struct sbuf old = SBUF_INIT;
	int err = 0;

	if (n && n->dir && !n->gone)
		return -EISDIR;
	if (append && !n && w->place == PLACE_ETC) {
		err = read_where(h, w, &old);
		if (err == -ENOENT)
			err = 0;
	}
	if (!err) {
		n = node_make(t, w->path);
		if (!n)
			err = -ENOSPC;
	}
	if (!err) {
		if (!append || n->gone) {
			t->bytes -= n->data.len;
			sbuf_reset(&n->data);
		}
		n->gone = n->dir = false;
		n->mtime_ns = clock_wall_ns(&h->lab->world.clock);
		if (old.len)
			err = node_write(n, 0, old.data, old.len);
		*out = n;
	}
	sbuf_free(&old);
	return err;
}

static int open_for_writing(struct host *h, const struct where *w, bool append, struct stream **out)
{
	struct vfs_stat st;
	int err = stat_where(h, w, &st);
	struct file_stream *f;

	if (err == 0 && st.type == 'd')
		return -EISDIR;
	if (w->place == PLACE_DEV) {
		if (err < 0)
			return err;
		*out = stream_null();
		return *out ? 0 : -ENOMEM;
	}
	if (w->place == PLACE_PROC && err < 0)
		return err;
	if (err < 0 && (err = parent_ok(h, w)) < 0)
		return err;
	f = file_stream(h, w->path);
	if (!f)
		return -ENOMEM;
	err = 0;
	if (w->place == PLACE_REAL) {
		f->fd = open_beneath(h->lab->real_fd, w->path, O_WRONLY | O_CREAT | (append ? O_APPEND : O_TRUNC));
		err = f->fd < 0 ? f->fd : 0;
	} else if (w->place != PLACE_PROC) {
		err = node_for_writing(h, w, append, &f->node);
		if (!err)
			f->node->refs++;
		else
			f->node = NULL;
		f->append = append;
	}
	if (err < 0) {
		file_close(&f->s);
		return err;
	}
	*out = &f->s;
	return 0;
}

int vfs_open(struct host *h, const char *cwd, const char *path, char mode, struct stream **out)
{
	struct where w;
	struct sbuf text = SBUF_INIT;
	int err = resolve(cwd, path, &w);

	if (err < 0)
		return err;
	if (mode != 'r')
		return open_for_writing(h, &w, mode == 'a', out);
	if (w.place == PLACE_DEV && dev_open(h, w.path, out) == 0)
		return 0;
	err = read_where(h, &w, &text);
	if (!err) {
		*out = stream_from_bytes(sbuf_str(&text), text.len);
		err = *out ? 0 : -ENOMEM;
	}
	sbuf_free(&text);
	return err;
}

int vfs_write(struct host *h, const char *cwd, const char *path, const void *bytes, size_t n, bool append)
{
	struct stream *s;
	int err = vfs_open(h, cwd, path, append ? 'a' : 'w', &s);

	if (err < 0)
		return err;
	err = stream_write(s, bytes, n);
	stream_put(s);
	return err;
}

/* ---- folders ---- */

struct name_list {
	char **v;
	size_t n, cap;
};

static void name_add(struct name_list *l, const char *name, size_t len)
{
	for (size_t i = 0; i < l->n; i++)
		if (strlen(l->v[i]) == len && memcmp(l->v[i], name, len) == 0)
			return;
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 64;
		char **v = mem_realloc(l->v, cap * sizeof(char *));

		if (!v)
			return;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n] = mem_strndup(name, len);
	l->n += l->v[l->n] != NULL;
}

static void name_remove(struct name_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i], name) == 0) {
			mem_free(l->v[i]);
			l->v[i] = l->v[--l->n];
			return;
		}
	}
}

/* what @path is called in @dir, or NULL: it is not directly in there */
static const char *name_in(const char *dir, const char *path)
{
	size_t n = strcmp(dir, "/") == 0 ? 0 : strlen(dir);

	if (strncmp(path, dir, n) != 0 || path[n] != '/' || !path[n + 1] || strchr(path + n + 1, '/'))
		return NULL;
	return path + n + 1;
}

static void list_machine(int fd, struct name_list *names)
{
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			name_add(names, e->d_name, strlen(e->d_name));
	closedir(d);
}

static int name_collect(void *ctx, const char *name)
{
	name_add(ctx, name, strlen(name));
	return 0;
}

static void list_memory(struct host *h, const struct where *w, struct name_list *names)
{
	const struct vfs_node *n;
	const char *name;

	if (w->place == PLACE_ETC)
		list_machine(open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), names);
	for (size_t i = 0; i < ARRAY_LEN(plain_dirs) && w->place == PLACE_MEMORY; i++)
		if ((name = name_in(w->path, plain_dirs[i])))
			name_add(names, name, strlen(name));
	if (strcmp(w->path, "/") == 0) {
		name_add(names, "etc", 3);
		name_add(names, "proc", 4);
		name_add(names, "dev", 3);
	}
	list_for_each(n, &tree_of(h, w)->nodes, node) {
		name = name_in(w->path, n->path);
		if (name && n->gone)
			name_remove(names, name);
		else if (name)
			name_add(names, name, strlen(name));
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int vfs_list(struct host *h, const char *cwd, const char *path, int (*fn)(void *ctx, const char *name), void *ctx)
{
	struct where w;
	struct vfs_stat st;
	struct name_list names = { 0 };
	int err = resolve(cwd, path, &w);

	if (!err)
		err = stat_where(h, &w, &st);
	if (err < 0)
		return err;
	if (st.type != 'd')
		return -ENOTDIR;
	if (w.place == PLACE_REAL)
		list_machine(open_beneath(h->lab->real_fd, w.path, O_RDONLY | O_DIRECTORY), &names);
	else if (w.place == PLACE_PROC)
		proc_file_list(h, w.path, name_collect, &names);
	else if (w.place == PLACE_DEV)
		name_add(&names, "null", 4);
	else
		list_memory(h, &w, &names);
	if (names.n)
		qsort(names.v, names.n, sizeof(char *), by_name);
	for (size_t i = 0; i < names.n; i++) {
		if (!err)
			err = fn(ctx, names.v[i]);
		mem_free(names.v[i]);
	}
	mem_free(names.v);
	return err;
}

/* the machine's folder that the last part of @w is in, and that part in *name; a file descriptor or -errno */
static int open_parent(struct host *h, struct where *w, const char **name)
{
	char *slash = strrchr(w->path, '/');
	int fd;

	*name = slash ? slash + 1 : w->path;
	if (!slash) {
		fd = dup(h->lab->real_fd);
		return fd < 0 ? -errno : fd;
	}
	*slash = 0;
	return open_beneath(h->lab->real_fd, w->path, O_PATH | O_DIRECTORY);
}

int vfs_mkdir(struct host *h, const char *cwd, const char *path)
{
	struct where w;
	struct vfs_stat st;
	struct vfs_node *n;
	int err = resolve(cwd, path, &w);

	if (err < 0)
		return err;
	if (stat_where(h, &w, &st) == 0)
		return -EEXIST;
	err = parent_ok(h, &w);
	if (err < 0)
		return err;
	if (w.place == PLACE_REAL) {
		const char *name;
		int fd = open_parent(h, &w, &name);

		if (fd < 0)
			return fd;
		err = mkdirat(fd, name, 0755) < 0 ? -errno : 0;
		close(fd);
		return err;
	}
	if (w.place == PLACE_PROC || w.place == PLACE_DEV)
		return -EPERM;
	n = node_make(tree_of(h, &w), w.path);
	if (!n)
		return -ENOSPC;
	n->dir = true;
	n->gone = false;
	n->mtime_ns = clock_wall_ns(&h->lab->world.clock);
	return 0;
}

static int stop_at_first(void *ctx, const char *name)
{
	return 1;
}

int vfs_remove(struct host *h, const char *cwd, const char *path, bool dir)
{
	struct where w;
	struct vfs_stat st;
	struct vfs_node *n;
	int err = resolve(cwd, path, &w);

	if (!err)
		err = stat_where(h, &w, &st);
	if (err < 0)
		return err;
	if ((st.type == 'd') != dir)
		return dir ? -ENOTDIR : -EISDIR;
	if (dir && vfs_list(h, cwd, path, stop_at_first, NULL) == 1)
		return -ENOTEMPTY;
	if (w.place == PLACE_PROC || w.place == PLACE_DEV || is_plain_dir(w.path))
		return -EPERM;
	if (w.place == PLACE_REAL) {
		const char *name;
		int fd = open_parent(h, &w, &name);

		if (fd < 0)
			return fd;
		err = unlinkat(fd, name, dir ? AT_REMOVEDIR : 0) < 0 ? -errno : 0;
		close(fd);
		return err;
	}
	n = node_find(tree_of(h, &w), w.path);
	if (n && w.place != PLACE_ETC) {
		node_detach(n);
		return 0;
	}
	n = node_make(tree_of(h, &w), w.path);
	if (!n)
		return -ENOSPC;
	n->tree->bytes -= n->data.len;
	sbuf_reset(&n->data);
	n->gone = true;
	return 0;
}

char *vfs_chdir(struct host *h, const char *cwd, const char *path, int *err)
{
	struct where w;
	struct vfs_stat st;
	char *out;

	*err = resolve(cwd, path, &w);
	if (!*err)
		*err = stat_where(h, &w, &st);
	if (!*err && st.type != 'd')
		*err = -ENOTDIR;
	if (*err)
		return NULL;
	out = mem_alloc(strlen(w.path) + 3);
	if (!out)
		*err = -ENOMEM;
	else
		sprintf(out, "%s%s", w.place == PLACE_REAL && strcmp(w.path, ".") != 0 ? "./" : "", w.path);
	return out;
}

void vfs_show_cwd(struct host *h, const char *cwd, struct sbuf *out)
{
	if (*cwd == '/') {
		sbuf_puts(out, cwd);
		return;
	}
	sbuf_puts(out, h->lab->real_cwd ? h->lab->real_cwd : ".");
	sbuf_puts(out, cwd + 1);
}
