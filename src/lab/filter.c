/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/filter.c - text filters in a pipe (grep, sed, awk, ...): the machine's own programs, fed with the whole input,
 * without files and network.
 *
 * They are not simulated because people rely on every detail of them. A filter gets its standard input, and each file
 * of the simulated host that its arguments name, as memory files under /dev/fd. It is run with a system call filter
 * that denies sockets, new processes and opening anything for writing; where the kernel has Landlock it does not get to
 * see the machine's files either (awk's getline, sed's r, grep -r). What it prints is passed on when it has ended, with
 * the memory files' names replaced by those that were typed. `sed -i` is run without -i and its output written to the
 * simulated file.
 *
 * Invariants
 *  1. The child never writes anywhere but to its two pipes.
 *  2. It ends: 10 seconds of CPU time, 16 MB of output, and FILTER_REAL_MS on the wall.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lab/lab.h"

#define FILTER_REAL_MS 20000
#define FILTER_OUTPUT_MAX (16u << 20)
#define FILTER_FILES_MAX 16
#define FIRST_FD 20			/* the child's memory files */

static const char *const filters[] = { "awk",  "column", "cut",  "diff", "egrep", "fgrep", "fold",
				       "gawk", "grep",   "mawk", "nl",   "paste", "rev",   "sed",
				       "sort", "tac",    "tail", "tr",   "uniq",  "wc",    NULL };

struct filter {
	struct proc *p;
	int in;				/* memory file with standard input, or a pipe's end that it is read from */
	const struct sbuf *feed;	/* what is written into the pipe's other end; NULL: it is a memory file */
	int file[FILTER_FILES_MAX];	/* memory files of arguments */
	const char *name[FILTER_FILES_MAX];
	unsigned n_files;
	struct sbuf out, err;
};

bool filter_known(const char *name)
{
	for (size_t i = 0; filters[i]; i++)
		if (strcmp(filters[i], name) == 0)
			return true;
	return false;
}

int filter_words(int (*fn)(void *ctx, const char *name), void *ctx)
{
	int err = 0;

	for (size_t i = 0; filters[i] && !err; i++)
		err = fn(ctx, filters[i]);
	return err;
}

static int memory_file(const void *bytes, size_t n)
{
	int fd = memfd_create("natbox", MFD_CLOEXEC);
	const char *b = bytes;

	while (fd >= 0 && n) {
		ssize_t w = write(fd, b, n);

		if (w <= 0) {
			close(fd);
			return -1;
		}
		b += w;
		n -= (size_t)w;
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

/* ---- the child ---- */

#define DENY(nr) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES)
/* other numbers mean other calls */
#if defined(__x86_64__) && !defined(__ILP32__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#define X32_BIT 0x40000000
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#endif
/* open flags in argument @n: anything but reading */
#define DENY_WRITING(nr, n)                                                                                            \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 4),                                                               \
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[n])),                            \
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, 0, 1),                     \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/*
 * Of the machine's files only what starting a program needs; memory files are on no mount and stay readable. A kernel
 * without Landlock cannot do it: then the system call filter alone holds, which is about writing.
 */
static void hide_files(void)
{
	static const char *const shown[] = { "/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/ld.so.preload",
					     "/dev/null", "/dev/zero" };
	const struct landlock_ruleset_attr all = { .handled_access_fs = 2 * LANDLOCK_ACCESS_FS_MAKE_SYM - 1 };
	int set = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all.handled_access_fs), 0);

	for (size_t i = 0; set >= 0 && i < ARRAY_LEN(shown); i++) {
		struct landlock_path_beneath_attr rule = { .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE };
		struct stat st;

		rule.parent_fd = open(shown[i], O_PATH | O_CLOEXEC);
		if (rule.parent_fd < 0)
			continue;
		if (fstat(rule.parent_fd, &st) == 0 && S_ISDIR(st.st_mode))
			rule.allowed_access |= LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_DIR;
		syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
		close(rule.parent_fd);
	}
	if (set >= 0) {
		syscall(SYS_landlock_restrict_self, set, 0);
		close(set);
	}
}

static int deny_all_but_reading(void)
{
	static const struct sock_filter code[] = {
#ifdef NATIVE_ARCH
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
#endif
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef __x86_64__
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
#endif
#ifdef SYS_open
		DENY_WRITING(SYS_open, 1),
#endif
		DENY_WRITING(SYS_openat, 2),
		DENY(SYS_openat2),
		DENY(SYS_socket),
		DENY(SYS_socketpair),
		DENY(SYS_connect),
		DENY(SYS_clone),
		DENY(SYS_clone3),
#ifdef SYS_fork
		DENY(SYS_fork),
		DENY(SYS_vfork),
		DENY(SYS_creat),
		DENY(SYS_unlink),
		DENY(SYS_rename),
		DENY(SYS_mkdir),
		DENY(SYS_rmdir),
		DENY(SYS_chmod),
		DENY(SYS_chown),
		DENY(SYS_link),
		DENY(SYS_symlink),
		DENY(SYS_mknod),
		DENY(SYS_lchown),
		DENY(SYS_renameat),
		DENY(SYS_utime),
		DENY(SYS_utimes),
		DENY(SYS_futimesat),
#endif
		DENY(SYS_unlinkat),
		DENY(SYS_renameat2),
		DENY(SYS_mkdirat),
		DENY(SYS_fchmodat),
		DENY(SYS_fchownat),
		DENY(SYS_linkat),
		DENY(SYS_symlinkat),
		DENY(SYS_mknodat),
		DENY(SYS_truncate),
		DENY(SYS_kill),
		DENY(SYS_tkill),
		DENY(SYS_tgkill),
		DENY(SYS_ptrace),
		DENY(SYS_mount),
		DENY(SYS_unshare),
		DENY(SYS_setns),
		DENY(SYS_bpf),
		DENY(SYS_io_uring_setup),
		DENY(SYS_process_vm_writev),
		DENY(SYS_utimensat),
		DENY(SYS_fchmod),
		DENY(SYS_fchown),
		DENY(SYS_setxattr),
		DENY(SYS_lsetxattr),
		DENY(SYS_fsetxattr),
		DENY(SYS_mq_open),
		DENY(SYS_shmget),
		DENY(SYS_pidfd_getfd),
		DENY(SYS_pidfd_send_signal),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog prog = { ARRAY_LEN(code), (struct sock_filter *)code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	hide_files();
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) < 0 ? -errno : 0;
}

static void run_child(const struct filter *f, char **argv, int out, int err)
{
	static char *const env[] = { "LC_ALL=C", "PATH=/usr/bin:/bin", NULL };
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
	const struct rlimit cpu = { 10, 11 };
	char path[64];
	int high[FILTER_FILES_MAX + 3];

	/* away from the numbers that they are to have */
	high[0] = fcntl(f->in, F_DUPFD, 100);
	high[1] = fcntl(out, F_DUPFD, 100);
	high[2] = fcntl(err, F_DUPFD, 100);
	for (unsigned i = 0; i < f->n_files; i++)
		high[3 + i] = fcntl(f->file[i], F_DUPFD, 100);
	for (int i = 0; i < 3; i++)
		dup2(high[i], i);
	for (unsigned i = 0; i < f->n_files; i++)
		dup2(high[3 + i], FIRST_FD + (int)i);
	close_range(3, FIRST_FD - 1, 0);
	close_range(FIRST_FD + f->n_files, ~0u, 0);
	setrlimit(RLIMIT_CPU, &cpu);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_IGN);
	if (deny_all_but_reading() == 0) {
		snprintf(path, sizeof(path), "/usr/bin/%s", name);
		execve(path, argv, env);
		snprintf(path, sizeof(path), "/bin/%s", name);
		execve(path, argv, env);
	}
	dprintf(2, "%s: the machine has no such program\n", name);
	_exit(127);
}

/* ---- the parent ---- */

static bool drain(struct pollfd *p, struct sbuf *out)
{
	char part[16384];
	ssize_t n = read(p->fd, part, sizeof(part));

	if (n <= 0 || out->len > FILTER_OUTPUT_MAX) {
		close(p->fd);
		p->fd = -1;
		return n == 0;
	}
	sbuf_put(out, part, (size_t)n);
	return true;
}

/* more of the input into its pipe, which is closed at its end or when nobody reads any more */
static void feed(struct pollfd *p, const struct sbuf *in, size_t *at)
{
	ssize_t n = *at < in->len ? write(p->fd, in->data + *at, in->len - *at) : 0;

	if (n > 0)
		*at += (size_t)n;
	if (n <= 0 && !(n < 0 && errno == EAGAIN)) {
		close(p->fd);
		p->fd = -1;
	}
}

static int collect(struct filter *f, pid_t pid, int in, int out, int err)
{
	struct pollfd p[3] = { { out, POLLIN, 0 }, { err, POLLIN, 0 }, { in, POLLOUT, 0 } };
	struct timespec start, now;
	size_t fed = 0;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (p[0].fd >= 0 || p[1].fd >= 0) {
		int ready = poll(p, 3, 1000);

		clock_gettime(CLOCK_MONOTONIC, &now);
		if ((ready < 0 && errno != EINTR) || (now.tv_sec - start.tv_sec) * 1000 > FILTER_REAL_MS)
			kill(pid, SIGKILL);
		if (ready <= 0)
			continue;
		for (int i = 0; i < 2; i++)
			if (p[i].fd >= 0 && p[i].revents && !drain(&p[i], i ? &f->err : &f->out))
				kill(pid, SIGKILL);
		if (p[2].fd >= 0 && p[2].revents)
			feed(&p[2], f->feed, &fed);
	}
	if (p[2].fd >= 0)
		close(p[2].fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void close_pipe(int fd[2])
{
	for (int i = 0; i < 2; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

static int run_filter(struct filter *f, char **argv)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 }, status = 126;
	struct sigaction before;
	pid_t pid = -1;

	if (pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0 && (!f->feed || pipe2(in, O_CLOEXEC) == 0)) {
		if (f->feed)
			f->in = in[0];
		pid = fork();
	}
	if (pid == 0)
		run_child(f, argv, out[1], err[1]);
	if (pid < 0) {
		proc_eprintf(f->p, "%s: fork: %s\n", argv[0], strerror(errno));
		close_pipe(in);
		close_pipe(out);
		close_pipe(err);
		return status;
	}
	close(out[1]);
	close(err[1]);
	if (f->feed) {
		close(in[0]);
		f->in = -1;
		fcntl(in[1], F_SETFL, O_NONBLOCK);
	}
	sigaction(SIGPIPE, &ignore, &before);
	status = collect(f, pid, in[1], out[0], err[0]);
	sigaction(SIGPIPE, &before, NULL);
	return status;
}

/* text with the memory files' names as they were typed */
static void put_mapped(struct filter *f, int fd, const struct sbuf *text)
{
	struct sbuf s = SBUF_INIT;
	const char *at = sbuf_str(text), *end = at + text->len;

	if (!f->n_files) {
		proc_write(f->p, fd, at, text->len);
		return;
	}
	while (at < end) {
		const char *hit = memmem(at, (size_t)(end - at), "/dev/fd/", 8);
		char *stop;
		long n;

		if (!hit)
			break;
		sbuf_put(&s, at, (size_t)(hit - at));
		n = strtol(hit + 8, &stop, 10) - FIRST_FD;
		if (n >= 0 && n < (long)f->n_files)
			sbuf_puts(&s, f->name[n]);
		else
			sbuf_put(&s, hit, (size_t)(stop - hit));
		at = stop;
	}
	sbuf_put(&s, at, (size_t)(end - at));
	proc_write(f->p, fd, sbuf_str(&s), s.len);
	sbuf_free(&s);
}

/*
 * Which argument is the pattern or script of grep, sed or awk, and no file even if one is called so; 0: none is, or options gave it.
 * *value: bits of the arguments that are values of the options before them.
 */
static int script_at(int argc, char **argv, uint64_t *value)
{
	static const struct {
		const char *name, *with_value, *gives_script;
	} kinds[] = { { "grep", "ABCmefd", "ef" }, { "egrep", "ABCmefd", "ef" }, { "fgrep", "ABCmefd", "ef" }, { "sed", "efl", "ef" },
		      { "awk", "Fvf", "f" },	     { "gawk", "Fvf", "f" },	   { "mawk", "Fvf", "f" } };
	bool given = false;
	int at = 0;

	*value = 0;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		if (strcmp(argv[0], kinds[k].name) != 0)
			continue;
		for (int i = 1; i < argc && i < 64; i++) {
			size_t n = strlen(argv[i]);

			if (argv[i][0] != '-' || n < 2) {
				at = at ? at : i;
			} else if (argv[i][1] != '-') {
				given |= strpbrk(argv[i] + 1, kinds[k].gives_script) != NULL;
				if (!strchr(kinds[k].with_value, argv[i][n - 1]))
					continue;
				i++;
				if (argv[i - 1][n - 1] != 'f' && i < 64)	/* -f's is a file like others */
					*value |= 1ull << i;
			} else {
				given |= strncmp(argv[i], "--reg", 5) == 0 || strncmp(argv[i], "--exp", 5) == 0 || strncmp(argv[i], "--file", 6) == 0;
			}
		}
	}
	return given ? 0 : at;
}

/* arguments that name files of the host become memory files; 0 or a status */
static int map_files(struct filter *f, int argc, char **argv, char **mapped, char text[FILTER_FILES_MAX][24])
{
	uint64_t value;
	int script = script_at(argc, argv, &value);

	for (int i = 0; i < argc; i++) {
		struct sbuf bytes = SBUF_INIT;
		struct vfs_stat st;

		mapped[i] = argv[i];
		if (i == 0 || i == script || (i < 64 && value >> i & 1) || argv[i][0] == '-' || vfs_stat(f->p->host, f->p->cwd, argv[i], &st) < 0 || st.type != 'f')
			continue;
		if (f->n_files == FILTER_FILES_MAX || vfs_read(f->p->host, f->p->cwd, argv[i], &bytes) < 0) {
			sbuf_free(&bytes);
			proc_eprintf(f->p, "%s: %s: cannot be given to a filter\n", argv[0], argv[i]);
			return 2;
		}
		f->file[f->n_files] = memory_file(sbuf_str(&bytes), bytes.len);
		f->name[f->n_files] = argv[i];
		snprintf(text[f->n_files], 24, "/dev/fd/%d", FIRST_FD + (int)f->n_files);
		mapped[i] = text[f->n_files++];
		sbuf_free(&bytes);
	}
	mapped[argc] = NULL;
	return 0;
}

static bool flushes_lines(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--line-buffered") == 0 || strcmp(argv[i], "-u") == 0 ||
		    strcmp(argv[i], "--unbuffered") == 0)
			return true;
	return false;
}

/* sed -i: its output is the file */
static int sed_in_place(struct proc *p, int argc, char **argv);

int filter_main(struct proc *p, int argc, char **argv)
{
	struct filter f = { .p = p, .in = -1 };
	char text[FILTER_FILES_MAX][24], **mapped;
	struct sbuf in = SBUF_INIT;
	int status, err = 0;

	if (strcmp(argv[0], "sed") == 0)
		for (int i = 1; i < argc; i++)
			if (strncmp(argv[i], "-i", 2) == 0 || strncmp(argv[i], "--in-place", 10) == 0)
				return sed_in_place(p, argc, argv);
	mapped = mem_alloc(((size_t)argc + 1) * sizeof(char *));
	if (!mapped)
		return 2;
	status = map_files(&f, argc, argv, mapped, text);
	if (!status && !f.n_files)
		err = proc_read_all(p, &in);
	if (err == -EINTR && flushes_lines(argc, argv)) {	/* it had shown what came so far */
		proc_catch_int(p);
		err = 0;
		status = 130;
	}
	if (!err && (status == 0 || status == 130)) {
		/* wc, for one, prints otherwise when it reads a pipe; tac would copy one into a file of its own, which it must not make */
		if (proc_stdin_waitq(p) && strcmp(argv[0], "tac"))
			f.feed = &in;
		else
			f.in = memory_file(sbuf_str(&in), in.len);
		err = run_filter(&f, mapped);
		status = status ? status : err;
		put_mapped(&f, 2, &f.err);
		put_mapped(&f, 1, &f.out);
	}
	for (unsigned i = 0; i < f.n_files; i++)
		close(f.file[i]);
	if (f.in >= 0)
		close(f.in);
	sbuf_free(&in);
	sbuf_free(&f.out);
	sbuf_free(&f.err);
	mem_free(mapped);
	return status;
}

static int sed_one(struct proc *p, int argc, char **argv, int file, const char *suffix)
{
	struct filter f = { .p = p, .in = -1 };
	char text[FILTER_FILES_MAX][24], **v = mem_alloc(((size_t)argc + 1) * sizeof(char *)),
					 **mapped = mem_alloc(((size_t)argc + 1) * sizeof(char *));
	int n = 0, status = 4;

	/* the same command without -i and with this file only: the files are the last arguments */
	for (int i = 0; v && mapped && i < argc; i++)
		if (i == file || (i < file && strncmp(argv[i], "-i", 2) != 0 &&
				  strncmp(argv[i], "--in-place", 10) != 0 && argv[i][0]))
			v[n++] = argv[i];
	if (n && map_files(&f, n, v, mapped, text) == 0) {
		f.in = memory_file("", 0);
		status = run_filter(&f, mapped);
		put_mapped(&f, 2, &f.err);
		if (status == 0 && *suffix) {
			struct sbuf old = SBUF_INIT, name = SBUF_INIT;

			sbuf_printf(&name, "%s%s", argv[file], suffix);
			if (proc_file_read(p, argv[file], &old) == 0)
				proc_file_write(p, sbuf_str(&name), sbuf_str(&old), old.len, false);
			sbuf_free(&old);
			sbuf_free(&name);
		}
		if (status == 0)
			status = proc_file_write(p, argv[file], sbuf_str(&f.out), f.out.len, false) < 0 ? 4 : 0;
		close(f.in);
	}
	for (unsigned i = 0; i < f.n_files; i++)
		close(f.file[i]);
	sbuf_free(&f.out);
	sbuf_free(&f.err);
	mem_free(v);
	mem_free(mapped);
	return status;
}

static int sed_in_place(struct proc *p, int argc, char **argv)
{
	const char *suffix = "";
	struct vfs_stat st;
	int first = argc, status = 0;

	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "-i", 2) == 0)
			suffix = argv[i] + 2;
		else if (strncmp(argv[i], "--in-place=", 11) == 0)
			suffix = argv[i] + 11;
	}
	while (first > 1 && argv[first - 1][0] != '-' && vfs_stat(p->host, p->cwd, argv[first - 1], &st) == 0)
		first--;
	if (first == argc) {
		proc_eprintf(p, "sed: can't read %s: No such file or directory\n", argv[argc - 1]);
		return 2;
	}
	for (int i = first; i < argc && status == 0; i++) {
		char *others[64];
		int n = 0;

		for (int k = 0; k < first && n < 62; k++)
			others[n++] = argv[k];
		others[n++] = argv[i];
		others[n] = NULL;
		status = sed_one(p, n, others, n - 1, suffix);
	}
	return status;
}
