/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/sock_path.c - sockets over the packet's way: what struct sock_io is in a lab.
 */
#include "lab/sock.h"

static uint8_t path_addr_type(struct netns *ns, uint8_t family, const union inet_addr *a)
{
	return fib_addr_type(&ns->fib, family, a, NULL);
}

const struct sock_io sock_path_io = {
	.output = path_output,
	.route = path_route,
	.pmtu = path_pmtu,
	.addr_type = path_addr_type,
};
