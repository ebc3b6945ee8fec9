/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/tool.c - a tool of the command languages (iptables, ip, sysctl, conntrack) as a process of a simulated host.
 *
 * Here struct cmd_ops of front/cmd.h meets the lab: output to streams, files of the host, namespaces that are hosts,
 * waiting in virtual time.
 */
#include <errno.h>
#include <string.h>

#include "lab/lab.h"
#include "lab/netname.h"

struct tool_run {
	struct cmd cmd;
	struct proc *proc;
	struct ct_listener listener;
	struct trace_listener trace;
	struct rules_listener rules;
	bool listening, tracing, watching;
	struct waitq event;
	void (*fn)(void *ctx, enum ct_event ev, const struct conn *conn);
	void (*trace_fn)(void *ctx, const struct trace_event *ev);
	void (*rules_fn)(void *ctx, const struct rules_event *ev);
	void *fn_ctx, *trace_ctx, *rules_ctx;
};

static struct proc *proc_of(const struct cmd *c)
{
	return ((struct tool_run *)c->ctx)->proc;
}

static int on_write(struct cmd *c, int fd, const void *bytes, size_t n)
{
	return proc_write(proc_of(c), fd, bytes, n);
}

static ssize_t on_read(struct cmd *c, void *bytes, size_t n)
{
	return proc_read(proc_of(c), bytes, n);
}

struct own_files {
	struct proc *p;
	const char *dir;
	int (*fn)(void *ctx, const char *name);
	void *ctx;
};

static int own_file(void *ctx, const char *name)
{
	struct own_files *o = ctx;
	struct sbuf path = SBUF_INIT;
	int err = 0;

	sbuf_printf(&path, "%s/%s", o->dir, name);
	if (vfs_own(o->p->host, sbuf_str(&path)))
		err = o->fn(o->ctx, name);
	sbuf_free(&path);
	return err;
}

static int on_file_list(struct cmd *c, const char *dir, int (*fn)(void *ctx, const char *name), void *ctx)
{
	struct own_files o = { proc_of(c), dir, fn, ctx };

	return vfs_list(o.p->host, "/", dir, own_file, &o);
}

static int on_file_read(struct cmd *c, const char *path, struct sbuf *out)
{
	return proc_file_read(proc_of(c), path, out);
}

static int on_file_write(struct cmd *c, const char *path, const void *bytes, size_t n, bool append)
{
	return proc_file_write(proc_of(c), path, bytes, n, append);
}

static struct netns *on_netns_find(struct cmd *c, const char *name)
{
	struct host *h = strcmp(name, "lab") == 0 ? NULL : host_find(proc_of(c)->lab, name);

	return h ? h->ns : NULL;
}

static int on_netns_add(struct cmd *c, const char *name)
{
	return host_new(proc_of(c)->lab, name, NULL);
}

static int on_netns_del(struct cmd *c, const char *name)
{
	return host_remove(proc_of(c)->lab, name);
}

static char **on_netns_list(struct cmd *c)
{
	return lab_host_names(proc_of(c)->lab);
}

static int on_exec(struct cmd *c, struct netns *ns, int argc, char **argv)
{
	struct proc *self = proc_of(c), *child;
	int status = command_start(host_of(ns), self, argc, argv, NULL, NULL, NULL, &child);

	if (status < 0) {
		proc_eprintf(self, "exec of \"%s\" failed: %s\n", argv[0], strerror(-status));
		return 255;
	}
	proc_catch_int(self);		/* ip has become the command: what that does about ^C counts */
	status = command_join(self, child);
	proc_put(child);
	return status;
}

static int on_wait(struct cmd *c, uint64_t until_ns)
{
	struct tool_run *t = c->ctx;

	return proc_wait(t->proc, &t->event, until_ns);
}

static void on_event(struct ct_listener *l, enum ct_event ev, const struct conn *conn)
{
	struct tool_run *t = container_of(l, struct tool_run, listener);

	t->fn(t->fn_ctx, ev, conn);
	waitq_wake(&t->event);
}

static int on_ct_listen(struct cmd *c, void (*fn)(void *ctx, enum ct_event ev, const struct conn *conn), void *ctx)
{
	struct tool_run *t = c->ctx;

	if (t->listening)
		list_del(&t->listener.node);
	if (fn)
		proc_catch_int(t->proc);	/* it ends well, and says how much it has shown */
	t->listening = fn != NULL;
	t->fn = fn;
	t->fn_ctx = ctx;
	t->listener.event = on_event;
	if (fn)
		list_add_tail(&t->proc->host->ct_listeners, &t->listener.node);
	return 0;
}

static void on_trace(struct trace_listener *l, const struct trace_event *ev)
{
	struct tool_run *t = container_of(l, struct tool_run, trace);

	t->trace_fn(t->trace_ctx, ev);
	waitq_wake(&t->event);
}

static int on_trace_listen(struct cmd *c, void (*fn)(void *ctx, const struct trace_event *ev), void *ctx)
{
	struct tool_run *t = c->ctx;

	if (t->tracing)
		host_trace_del(&t->trace);
	t->tracing = fn != NULL;
	t->trace_fn = fn;
	t->trace_ctx = ctx;
	t->trace.event = on_trace;
	if (fn)
		host_trace_add(t->proc->host, &t->trace);
	return 0;
}

/* the process that runs now; NULL: none does */
static const struct proc *running(const struct lab *l)
{
	const struct task *now = sched_current(l->sched);
	const struct proc *p;
	const struct job *j;

	list_for_each(j, &l->jobs, node)
		list_for_each(p, &j->procs, node)
			if (now && p->task == now)
				return p;
	return NULL;
}

static void on_rules(struct rules_listener *l, const struct rules_event *ev)
{
	struct tool_run *t = container_of(l, struct tool_run, rules);
	const struct proc *by = running(t->proc->lab);
	struct rules_event told = *ev;

	if (by) {
		told.pid = by->pid;
		told.by = prog_called(by->argv[0]);
	}
	t->rules_fn(t->rules_ctx, &told);
	waitq_wake(&t->event);
}

static int on_rules_listen(struct cmd *c, void (*fn)(void *ctx, const struct rules_event *ev), void *ctx)
{
	struct tool_run *t = c->ctx;

	if (t->watching)
		list_del(&t->rules.node);
	t->watching = fn != NULL;
	t->rules_fn = fn;
	t->rules_ctx = ctx;
	t->rules.event = on_rules;
	if (fn)
		list_add_tail(&c->ns->rules.listeners, &t->rules.node);
	return 0;
}

int tool_main(struct proc *p, int argc, char **argv)
{
	static const struct cmd_ops ops = {
		.write = on_write,
		.read = on_read,
		.file_read = on_file_read,
		.file_list = on_file_list,
		.file_write = on_file_write,
		.netns_find = on_netns_find,
		.netns_add = on_netns_add,
		.netns_del = on_netns_del,
		.netns_list = on_netns_list,
		.exec = on_exec,
		.wait = on_wait,
		.ct_listen = on_ct_listen,
		.trace_listen = on_trace_listen,
		.rules_listen = on_rules_listen,
	};
	const struct cmd_tool *tool = p->data;
	struct tool_run t = { .proc = p };
	int status;

	waitq_init(&t.event);
	t.cmd = (struct cmd){
		.world = &p->lab->world, .ns = p->host->ns, .host = p->host->name, .pid = p->pid, .ops = &ops,
		.ctx = &t
	};
	status = tool->run(&t.cmd, argc, argv);
	cmd_flush(&t.cmd);
	on_ct_listen(&t.cmd, NULL, NULL);
	on_trace_listen(&t.cmd, NULL, NULL);
	on_rules_listen(&t.cmd, NULL, NULL);
	sbuf_free(&t.cmd.out);
	sbuf_free(&t.cmd.err);
	return status;
}
