/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/kernel.c - lab commands on the real kernel, in mount and network namespaces that nobody else sees.
 *
 * Beside lab/sim.c, and its reference. This process leaves its mount and network namespaces for new ones and returns
 * to the old ones at the end. In the new ones, /run/netns is an empty tmpfs, so that `ip netns add` names namespaces
 * that no one else can see; every host has an overlay over /etc; `sudo` is the command that follows it. The machine's
 * own network and files are not touched, but for the captures and outputs that a lab names, below the current folder.
 *
 * Invariants
 *  1. Only what this process started is ever signalled: its own children, and what they left behind, which becomes
 *     its child too (subreaper).
 *  2. Every command ends: RUN_MAX_MS, then it is killed.
 *  3. ^C and SIGTERM end the lab, not this process: they stay blocked and pending until kernel_free() has ended what runs
 *     and gone back, and take effect then.
 */
#include "lab/kernel.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/list.h"
#include "base/mem.h"

#define BASE "/run/natbox-lab"
#define RUN_MAX_MS 120000
#define OUTPUT_MAX (16u << 20)

struct known_ns {
	struct list node;
	dev_t dev;
	ino_t ino;
};

struct kterm {
	struct list node;
	char *host, *term;
	pid_t pid;			/* 0: has been waited for */
	int out, in;
};

struct kernel {
	struct backend b;
	struct list known, terms;
	int old_mnt, old_net, cwd;
	bool entered;
	int stop_fd;			/* readable: one of the signals of stop_set is pending */
	sigset_t stop_set, old_mask;
};

static const char *const quiet[] = {
	"net/ipv4/conf/all/rp_filter",
	"net/ipv4/conf/default/rp_filter",
	"net/ipv4/ip_forward",
	"net/bridge/bridge-nf-call-iptables",
	"net/bridge/bridge-nf-call-ip6tables",
	"net/bridge/bridge-nf-call-arptables",
};

static struct kernel *kernel_of(struct backend *b)
{
	return container_of(b, struct kernel, b);
}

static void nap(unsigned ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int explain(struct backend *b, const char *what, int err)
{
	sbuf_reset(&b->why);
	sbuf_printf(&b->why, "%s: %s", what, strerror(-err));
	return err;
}

/* ---- the namespaces ---- */

/* settings of the network namespace this process is in */
static void quiet_here(void)
{
	for (size_t i = 0; i < ARRAY_LEN(quiet); i++) {
		char path[128];
		int fd;

		snprintf(path, sizeof(path), "/proc/sys/%s", quiet[i]);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (write(fd, "0", 1) != 1)
			perror(path);
		close(fd);
	}
}

static int wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 255;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void quiet_ns(const char *name)
{
	char path[300];
	int fd;
	pid_t pid;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	pid = fork();
	if (pid == 0) {
		if (setns(fd, CLONE_NEWNET) == 0)
			quiet_here();
		_exit(0);
	}
	close(fd);
	if (pid > 0)
		wait_for(pid);
}

/* every new host starts from the same settings */
static void settle(struct kernel *k)
{
	DIR *d = opendir("/run/netns");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		struct known_ns *n;
		struct stat st;
		bool old = false;

		if (e->d_name[0] == '.' || fstatat(dirfd(d), e->d_name, &st, 0) < 0)
			continue;
		list_for_each(n, &k->known, node)
			old |= n->dev == st.st_dev && n->ino == st.st_ino;
		n = old ? NULL : mem_zalloc(sizeof(*n));
		if (!n)
			continue;
		n->dev = st.st_dev;
		n->ino = st.st_ino;
		list_add_tail(&k->known, &n->node);
		quiet_ns(e->d_name);
	}
	if (d)
		closedir(d);
}

static int make_dir(const char *path)
{
	return mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

/* a private /etc for a host, on top of the machine's; its path into @out */
static int etc_of(const char *host, char *out, size_t size)
{
	static const char *const dirs[] = { "", "/up", "/work", "/etc" };
	char base[300], path[400], options[1200];

	snprintf(base, sizeof(base), BASE "/hosts/%s", host);
	snprintf(out, size, "%s/etc", base);
	if (access(out, F_OK) == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		snprintf(path, sizeof(path), "%s%s", base, dirs[i]);
		if (make_dir(path) < 0)
			return -errno;
	}
	snprintf(options, sizeof(options), "lowerdir=" BASE "/machine,upperdir=%s/up,workdir=%s/work", base, base);
	return mount("overlay", out, "overlay", 0, options) < 0 ? -errno : 0;
}

static int put_script(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok ? 0 : -EIO;
}

static int mount_all(void)
{
	char etc[400];

	/*
	 * both stay, empty: another run may have mounted there, and removing a folder takes its mounts along
	 * everywhere
	 */
	if (make_dir("/run/netns") < 0 || make_dir(BASE) < 0)
		return -errno;
	if (mount("none", "/run/netns", "tmpfs", 0, "mode=755") < 0 || mount("none", BASE, "tmpfs", 0, "mode=755") < 0)
		return -errno;
	if (make_dir(BASE "/machine") < 0 || make_dir(BASE "/hosts") < 0 || make_dir(BASE "/bin") < 0)
		return -errno;
	if (mount("/etc", BASE "/machine", NULL, MS_BIND, NULL) < 0)
		return -errno;
	if (etc_of("lab", etc, sizeof(etc)) < 0 || mount(etc, "/etc", NULL, MS_BIND, NULL) < 0)
		return -errno;
	return put_script(BASE "/bin/sudo", "#!/bin/sh\nexec \"$@\"\n");
}

static pid_t start(char *const argv[], int in, int out)
{
	pid_t pid = fork();
	sigset_t none;

	if (pid != 0)
		return pid;
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	dup2(in, 0);
	dup2(out, 1);
	dup2(out, 2);
	close_range(3, ~0u, 0);
	execvp(argv[0], argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static int enter(struct kernel *k)
{
	char *lo_up[] = { "ip", "link", "set", "lo", "up", NULL };
	const char *path = getenv("PATH");
	char *longer = NULL;
	int null, err;
	pid_t pid;

	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0)
		return -errno;
	k->entered = true;
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	err = mount_all();
	if (err)
		return err;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid = start(lo_up, null, null);
	if (pid > 0)
		wait_for(pid);
	close(null);
	quiet_here();
	if (path && !strstr(path, BASE "/bin") && asprintf(&longer, "%s:" BASE "/bin", path) > 0)
		setenv("PATH", longer, 1);
	free(longer);
	return 0;
}

/* ---- commands ---- */

struct command {
	char etc[400];
	char *argv[10];
};

static int command_of(struct command *c, const char *host, const char *cmd)
{
	int n = 0, err = 0;

	if (strcmp(host, "lab") != 0) {
		err = etc_of(host, c->etc, sizeof(c->etc));
		c->argv[n++] = "ip";
		c->argv[n++] = "netns";
		c->argv[n++] = "exec";
		c->argv[n++] = (char *)host;
		c->argv[n++] = "sh";
		c->argv[n++] = "-c";
		c->argv[n++] = "mount --bind \"$0\" /etc && exec bash -c \"$1\"";
		c->argv[n++] = c->etc;
	} else {
		c->argv[n++] = "bash";
		c->argv[n++] = "-c";
	}
	c->argv[n++] = (char *)cmd;
	c->argv[n] = NULL;
	return err;
}

/* ^C and the like wait until kernel_free(); what the user's shell has set to be ignored stays so */
static int hold_signals(struct kernel *k)
{
	static const int sigs[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

	sigemptyset(&k->stop_set);
	for (size_t i = 0; i < ARRAY_LEN(sigs); i++) {
		struct sigaction act;

		if (sigaction(sigs[i], NULL, &act) == 0 && act.sa_handler != SIG_IGN)
			sigaddset(&k->stop_set, sigs[i]);
	}
	if (sigprocmask(SIG_BLOCK, &k->stop_set, &k->old_mask) < 0)
		return -errno;
	k->stop_fd = signalfd(-1, &k->stop_set, SFD_CLOEXEC | SFD_NONBLOCK);
	return k->stop_fd < 0 ? -errno : 0;
}

static bool stopped(struct kernel *k)
{
	struct pollfd p = { k->stop_fd, POLLIN, 0 };

	return poll(&p, 1, 0) > 0;
}

static int interrupted(struct backend *b)
{
	sbuf_reset(&b->why);
	sbuf_puts(&b->why, "interrupted");
	return -EINTR;
}

/* what comes out of @fd until its end, @pid being killed when that takes too long */
static int read_all(struct backend *b, int fd, pid_t pid, struct sbuf *out)
{
	int64_t end = now_ms() + RUN_MAX_MS;
	char part[16384];

	for (;;) {
		struct pollfd p[2] = { { fd, POLLIN, 0 }, { kernel_of(b)->stop_fd, POLLIN, 0 } };
		int left = (int)MAX(end - now_ms(), 0), ready = poll(p, 2, left);
		ssize_t n;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready > 0 && p[1].revents) {
			kill(-pid, SIGKILL);
			return -EINTR;
		}
		if (ready <= 0 || out->len > OUTPUT_MAX) {
			kill(-pid, SIGKILL);
			return -ETIMEDOUT;
		}
		n = read(fd, part, sizeof(part));
		if (n <= 0)
			return 0;
		sbuf_put(out, part, (size_t)n);
		if (b->echo)
			b->echo(b->echo_ctx, part, (size_t)n);
	}
}

/* run @cmd with @in as its input; the output into @out, its status into *status */
static int run_command(struct backend *b, const char *host, const char *cmd, int in, struct sbuf *out, int *status)
{
	struct command c;
	int fd[2], err = command_of(&c, host, cmd);
	pid_t pid;

	if (stopped(kernel_of(b)))
		return interrupted(b);
	if (err)
		return explain(b, "/etc of the host", err);
	if (pipe2(fd, O_CLOEXEC) < 0)
		return explain(b, "pipe", -errno);
	pid = start(c.argv, in, fd[1]);
	close(fd[1]);
	if (pid < 0) {
		close(fd[0]);
		return explain(b, "fork", -errno);
	}
	err = read_all(b, fd[0], pid, out);
	close(fd[0]);
	*status = wait_for(pid);
	if (err == -EINTR)
		return interrupted(b);
	return err ? explain(b, "the command has not ended after two minutes", err) : 0;
}

static int kernel_run(struct backend *b, const char *host, const char *cmd, struct sbuf *out, int *status)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), err;

	err = run_command(b, host, cmd, null, out, status);
	close(null);
	settle(kernel_of(b));
	return err;
}

static int kernel_put_file(struct backend *b, const char *host, const char *path, const void *bytes, size_t n)
{
	struct sbuf cmd = SBUF_INIT, out = SBUF_INIT;
	int fd = memfd_create("natbox-file", MFD_CLOEXEC), status = 1, err;

	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) < 0) {
		err = explain(b, path, -EIO);
	} else {
		sbuf_printf(&cmd, "mkdir -p \"$(dirname %s)\" && cat > %s", path, path);
		err = run_command(b, host, sbuf_str(&cmd), fd, &out, &status);
		if (!err && status) {
			sbuf_reset(&b->why);
			sbuf_puts(&b->why, sbuf_str(&out));
			err = -EIO;
		}
	}
	if (fd >= 0)
		close(fd);
	sbuf_free(&cmd);
	sbuf_free(&out);
	return err;
}

/* ---- terminals ---- */

static struct kterm *term_find(struct kernel *k, const char *host, const char *term)
{
	struct kterm *t;

	list_for_each(t, &k->terms, node)
		if (strcmp(t->host, host) == 0 && strcmp(t->term, term) == 0)
			return t;
	sbuf_reset(&k->b.why);
	sbuf_printf(&k->b.why, "no terminal \"%s\" is open on %s", term, host);
	return NULL;
}

static bool term_ended(struct kterm *t)
{
	if (t->pid > 0 && waitpid(t->pid, NULL, WNOHANG) == t->pid)
		t->pid = 0;
	return t->pid == 0;
}

static void term_text(const struct kterm *t, struct sbuf *out)
{
	char part[16384];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(t->out, part, sizeof(part), at)) > 0 && out->len < OUTPUT_MAX) {
		sbuf_put(out, part, (size_t)n);
		at += n;
	}
}

static bool says_listening(const struct kterm *t)
{
	struct sbuf text = SBUF_INIT;
	bool yes;

	term_text(t, &text);
	yes = strcasestr(sbuf_str(&text), "listening on");
	sbuf_free(&text);
	return yes;
}

static void term_free(struct kterm *t)
{
	list_del(&t->node);
	if (t->out >= 0)
		close(t->out);
	if (t->in >= 0)
		close(t->in);
	mem_free(t->host);
	mem_free(t->term);
	mem_free(t);
}

static void term_end(struct kterm *t)
{
	if (term_ended(t))
		return;
	kill(-t->pid, SIGINT);
	for (int i = 0; i < 60 && !term_ended(t); i++)
		nap(50);
	if (!term_ended(t)) {
		kill(-t->pid, SIGKILL);
		wait_for(t->pid);
		t->pid = 0;
	}
}

static int kernel_term_open(struct backend *b, const char *host, const char *term, const char *cmd)
{
	struct kernel *k = kernel_of(b);
	struct kterm *t = term_find(k, host, term);
	struct command c;
	int in[2], err = command_of(&c, host, cmd);

	if (t)				/* the name is used again: what ran there goes on, without it */
		t->term[0] = 0;
	t = mem_zalloc(sizeof(*t));
	if (err || !t || pipe2(in, O_CLOEXEC) < 0) {
		mem_free(t);
		return explain(b, "terminal", err ? err : -ENOMEM);
	}
	list_add_tail(&k->terms, &t->node);
	t->host = mem_strdup(host);
	t->term = mem_strdup(term);
	t->in = in[1];
	t->out = memfd_create("natbox-terminal", MFD_CLOEXEC);
	fcntl(t->out, F_SETFL, O_APPEND);
	t->pid = t->host && t->term ? start(c.argv, in[0], t->out) : -1;
	close(in[0]);
	if (t->pid < 0) {
		t->pid = 0;
		return explain(b, "fork", -errno);
	}
	for (int i = 0; i < 40; i++) {
		nap(50);
		if (term_ended(t) || says_listening(t))
			break;
	}
	nap(100);
	return 0;
}

static int kernel_term_stop(struct backend *b, const char *host, const char *term, struct sbuf *out)
{
	struct kterm *t = term_find(kernel_of(b), host, term);

	if (!t)
		return -ENOENT;
	nap(300);
	term_end(t);
	term_text(t, out);
	term_free(t);
	return 0;
}

static int kernel_term_show(struct backend *b, const char *host, const char *term, struct sbuf *out)
{
	struct kterm *t = term_find(kernel_of(b), host, term);

	if (!t)
		return -ENOENT;
	nap(300);
	term_text(t, out);
	return 0;
}

static int kernel_term_type(struct backend *b, const char *host, const char *term, const char *text)
{
	struct kterm *t = term_find(kernel_of(b), host, term);

	if (!t)
		return -ENOENT;
	if (dprintf(t->in, "%s\n", text) < 0 && errno != EPIPE)
		return explain(b, term, -errno);
	nap(200);
	return 0;
}

/* ---- the end ---- */

/* what commands left behind has become our own child */
static void end_children(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	for (int round = 0; round < 20; round++) {
		FILE *f = fopen(path, "r");
		int pid, n = 0;

		while (f && fscanf(f, "%d", &pid) == 1) {
			kill(pid, SIGKILL);
			n++;
		}
		if (f)
			fclose(f);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (!n)
			return;
		nap(10);
	}
}

static void kernel_free(struct backend *b)
{
	struct kernel *k = kernel_of(b);
	struct kterm *t, *tmp;
	struct known_ns *n, *next;

	list_for_each_safe(t, tmp, &k->terms, node) {
		term_end(t);
		term_free(t);
	}
	list_for_each_safe(n, next, &k->known, node) {
		list_del(&n->node);
		mem_free(n);
	}
	end_children();
	if (k->entered &&
	    (setns(k->old_mnt, CLONE_NEWNS) < 0 || setns(k->old_net, CLONE_NEWNET) < 0 || fchdir(k->cwd) < 0))
		perror("natbox lab: going back");
	close(k->old_mnt);
	close(k->old_net);
	close(k->cwd);
	if (k->stop_fd >= 0)
		close(k->stop_fd);
	fflush(NULL);
	sigprocmask(SIG_SETMASK, &k->old_mask, NULL);
	sbuf_free(&b->why);
	mem_free(k);
}

struct backend *kernel_new(void)
{
	static const struct backend_ops ops = {
		.run = kernel_run,
		.term_open = kernel_term_open,
		.term_stop = kernel_term_stop,
		.term_show = kernel_term_show,
		.term_type = kernel_term_type,
		.put_file = kernel_put_file,
		.free = kernel_free,
	};
	struct kernel *k = mem_zalloc(sizeof(*k));
	int err;

	if (!k)
		return NULL;
	k->b.ops = &ops;
	k->stop_fd = -1;
	sigprocmask(SIG_SETMASK, NULL, &k->old_mask);
	list_init(&k->known);
	list_init(&k->terms);
	k->old_mnt = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	k->old_net = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	k->cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGPIPE, SIG_IGN);
	err = k->old_mnt < 0 || k->old_net < 0 || k->cwd < 0 ? -errno : 0;
	if (!err)
		err = hold_signals(k);
	if (!err)
		err = enter(k);
	if (err) {
		kernel_free(&k->b);
		errno = -err;
		return NULL;
	}
	return &k->b;
}
