/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/sock_wait.c - sockets for programs: the calls that wait, until it is done, time is up, or the program is
 * interrupted.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lab/proc.h"
#include "lab/sock.h"

/*
 * What sending costs. Between real network namespaces a packet goes all its way, and the answer back, inside the
 * sender's system call; here wires take time, so that a program that writes and then closes would have its FIN out
 * before the answer to what it wrote.
 */
#define SEND_NS 400000

int proc_sock_wait(struct proc *p, struct sock *s, unsigned events, uint64_t until_ns)
{
	int err;

	while (!(sock_poll(s) & (events | POLLERR | POLLHUP))) {
		err = proc_wait(p, &s->wq, until_ns);
		if (err)
			return err;
	}
	return 0;
}

int proc_connect(struct proc *p, struct sock *s, const struct sock_addr *to, uint64_t until_ns)
{
	int err = sock_connect(s, to);

	if (err != -EINPROGRESS)
		return err;
	err = proc_sock_wait(p, s, POLLOUT, until_ns);
	return err ? err : -sock_take_error(s);
}

int proc_accept(struct proc *p, struct sock *s, struct sock **out, uint64_t until_ns)
{
	int err;

	while ((err = sock_accept(s, out)) == -EAGAIN) {
		err = proc_sock_wait(p, s, POLLIN, until_ns);
		if (err)
			return err;
	}
	return err;
}

int proc_send(struct proc *p, struct sock *s, const void *bytes, size_t n)
{
	const char *at = bytes;
	int err;

	while (n) {
		ssize_t did = sock_send(s, at, n);

		if (did == -EAGAIN) {
			err = proc_sock_wait(p, s, POLLOUT, SCHED_NEVER);
			if (err)
				return err;
			continue;
		}
		if (did < 0)
			return (int)did;
		at += did;
		n -= (size_t)did;
	}
	return proc_sleep(p, SEND_NS);
}

ssize_t proc_recv(struct proc *p, struct sock *s, void *bytes, size_t n, uint64_t until_ns)
{
	return proc_recvfrom(p, s, bytes, n, NULL, until_ns);
}

ssize_t proc_recvfrom(struct proc *p, struct sock *s, void *bytes, size_t n, struct sock_msg *msg, uint64_t until_ns)
{
	ssize_t did;
	int err;

	while ((did = sock_recvfrom(s, bytes, n, msg)) == -EAGAIN) {
		err = proc_sock_wait(p, s, POLLIN, until_ns);
		if (err)
			return err;
	}
	return did;
}

void proc_sock_own(struct proc *p, struct sock *s, int fd)
{
	const char *slash = strrchr(p->argv[0], '/');

	snprintf(s->owner, sizeof(s->owner), "%s", slash ? slash + 1 : p->argv[0]);
	s->owner_pid = p->pid;
	s->owner_fd = fd;
}
