/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/prog_telnet.c - telnet HOST PORT, as people use it to see whether a port answers.
 *
 * On the packet's way it is a TCP socket like any. It carries lines, and answers no option of the telnet protocol:
 * to a port other than 23 the real one starts no negotiation either.
 *
 * References: RFC 854; netkit-telnet 0.17.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "lab/netname.h"
#include "lab/programs.h"
#include "lab/sock.h"

/* until one side ends it */
static void talk(struct proc *p, struct sock *s)
{
	struct waitq *qs[2] = { proc_stdin_waitq(p), &s->wq };
	char b[4096];
	ssize_t n;
	bool more = true;

	for (;;) {
		while ((n = sock_recv(s, b, sizeof(b))) > 0)
			if (proc_write(p, 1, b, (size_t)n))
				return;
		if (n != -EAGAIN)
			break;
		if (more && proc_readable(p)) {
			n = proc_read(p, b, sizeof(b));
			if (n == -EINTR)
				return;
			more = n > 0 && proc_send(p, s, b, (size_t)n) == 0;
			if (!more)
				break;
			continue;
		}
		if (proc_wait_any(p, qs, 2, SCHED_NEVER) == -EINTR)
			return;
	}
	proc_printf(p, "Connection closed by foreign host.\n");
}

/* talk to it until the end; false: there is no way to it */
static bool visit(struct proc *p, const struct sock_addr *to, const char *name, bool more)
{
	struct sbuf text = SBUF_INIT;
	struct sock *s;
	bool there = false;
	int err;

	netname_put_addr(p, to, &text);
	proc_printf(p, "Trying %s...\n", sbuf_str(&text));
	err = sock_open(p->host->sock, to->family, SOCK_STREAM, 0, &s);
	if (err)
		goto out;
	sock_setopt(s, SOCK_OPT_UID, p->uid);
	proc_sock_own(p, s, 3);
	err = proc_connect(p, s, to, SCHED_NEVER);
	if (err && more) {
		proc_eprintf(p, "telnet: connect to address %s: %s\n", sbuf_str(&text), strerror(-err));
	} else if (err) {
		proc_eprintf(p, "telnet: Unable to connect to remote host: %s\n", strerror(-err));
	} else {
		proc_printf(p, "Connected to %s.\nEscape character is '^]'.\n", name);
		there = true;
		talk(p, s);
	}
	sock_close(s);
out:
	sbuf_free(&text);
	return there;
}

int prog_telnet(struct proc *p, int argc, char **argv)
{
	struct sock_addr to = { .port = 23 };
	struct proc_opts o = { 0 };
	struct sbuf canon = SBUF_INIT;
	struct sock_addr list[NETNAME_ADDRS_MAX];
	uint8_t family = AF_UNSPEC;
	unsigned n;
	uint32_t port;
	int err, c;

	while ((c = proc_getopt(p, &o, "468EKLacdfFrxX:b:e:k:l:n:S:", NULL)) != -1)
		if (c == '4')
			family = AF_INET;
		else if (c == '6')
			family = AF_INET6;
		else
			return c == '?' ? 1 : prog_refuse_opt(p, "telnet", c);
	if (argc - o.ind < 1 || argc - o.ind > 2)
		return prog_refuse(p, "telnet", "its prompt: give it a host and a port");
	if (o.ind + 1 < argc) {
		if (fmt_parse_u32(argv[o.ind + 1], 10, 65535, &port) == 0) {
			to.port = (uint16_t)port;
		} else if (!netname_port(p, argv[o.ind + 1], "tcp", &to.port)) {
			proc_eprintf(p, "telnet: could not resolve %s/%s: Servname not supported for ai_socktype\n",
				     argv[o.ind], argv[o.ind + 1]);
			return 1;
		}
	}
	err = netname_list(p, argv[o.ind], family, false, list, &n, &canon);
	if (err) {
		proc_eprintf(p, "telnet: could not resolve %s/%s: %s\n", argv[o.ind],
			     o.ind + 1 < argc ? argv[o.ind + 1] : "telnet", gai_strerror(err));
		goto out;
	}
	for (unsigned i = 0; i < n; i++) {
		list[i].port = to.port;
		if (visit(p, &list[i], sbuf_str(&canon), i + 1 < n))
			break;
	}
out:
	sbuf_free(&canon);
	return 1;
}
