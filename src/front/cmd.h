/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/cmd.h - a command as it is run: what it acts on, where it writes, and what it may ask of the place it runs in.
 *
 * The command languages (iptables, ip, sysctl, conntrack) are functions of this. A lab gives them a host's shell,
 * replay a setup file, and the state file a kept namespace; none of them knows which.
 */
#ifndef FRONT_CMD_H
#define FRONT_CMD_H

#include "base/sbuf.h"
#include "ns/netns.h"

struct cmd;
struct rules_event;

struct cmd_ops {
	/* write to standard output (fd 1) or error (fd 2); may block in a lab; -EPIPE: nobody reads any more */
	int (*write)(struct cmd *c, int fd, const void *bytes, size_t n);
	/* read up to @n bytes of standard input: bytes, 0 at the end, -errno */
	ssize_t (*read)(struct cmd *c, void *bytes, size_t n);
	/* whole files of the host the command runs on; -errno */
	int (*file_read)(struct cmd *c, const char *path, struct sbuf *out);
	int (*file_write)(struct cmd *c, const char *path, const void *bytes, size_t n, bool append);
	/* names in a folder; a lab's are those that it has put there itself, not the machine's; NULL: there are none */
	int (*file_list)(struct cmd *c, const char *dir, int (*fn)(void *ctx, const char *name), void *ctx);
	/* network namespaces by name (ip netns); del takes its links along */
	struct netns *(*netns_find)(struct cmd *c, const char *name);
	int (*netns_add)(struct cmd *c, const char *name);
	int (*netns_del)(struct cmd *c, const char *name);
	/* names, NULL-terminated, newest first as ip netns prints them; malloc()ed as one block */
	char **(*netns_list)(struct cmd *c);
	/* run another command in @ns (ip netns exec, ip -all netns exec); its exit status */
	int (*exec)(struct cmd *c, struct netns *ns, int argc, char **argv);
	/*
	 * wait for something to happen or @until_ns of the engine's clock: 0 woken, -EINTR interrupted, -ETIMEDOUT.
	 * NULL: cannot wait
	 */
	int (*wait)(struct cmd *c, uint64_t until_ns);
	/* connection events of c->ns from now on go to @fn (conntrack -E); NULL @fn: stop */
	int (*ct_listen)(struct cmd *c, void (*fn)(void *ctx, enum ct_event ev, const struct conn *conn), void *ctx);
	/* the same for what happens to packets of c->ns, and for changes of its rule set (nft monitor) */
	int (*trace_listen)(struct cmd *c, void (*fn)(void *ctx, const struct trace_event *ev), void *ctx);
	int (*rules_listen)(struct cmd *c, void (*fn)(void *ctx, const struct rules_event *ev), void *ctx);
};

struct cmd {
	struct world *world;
	struct netns *ns;		/* where it runs */
	const char *host;		/* its name, "lab" for the outside */
	int pid;			/* of the process that it is; 0: there are none here */
	const struct cmd_ops *ops;
	void *ctx;			/* the place's own */
	bool hints;			/* called as `natbox TOOL`: errors may be followed by "natbox: hint: ..." */
	struct sbuf out, err;		/* collected text: cmd_flush() hands it to ops->write */
};

/* a tool: argv[0] is its name as it was called ("iptables-save"); returns the exit status */
typedef int cmd_fn(struct cmd *c, int argc, char **argv);

struct cmd_tool {
	const char *name;
	cmd_fn *run;
};

extern const struct cmd_tool cmd_tools[];	/* ends with a NULL name; in front/tools.c */
const struct cmd_tool *cmd_tool_find(const char *name);

void cmd_out(struct cmd *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
void cmd_err(struct cmd *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/** cmd_hint() - "natbox: hint: ..." on standard error, when hints are wanted */
void cmd_hint(struct cmd *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
int cmd_flush(struct cmd *c);		/* error text first as it came; -EPIPE */
/** cmd_read_all() - standard input to its end */
int cmd_read_all(struct cmd *c, struct sbuf *in);

#endif
