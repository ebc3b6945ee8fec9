/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lab/topology.c - ready topologies: each a lab that makes it, so that what `save` writes is complete.
 */
#include "lab/topology.h"

#include <stdio.h>
#include <string.h>

#include "base/types.h"
#include "lab/interactive.h"

static const struct topology {
	const char *name, *what, *text;
} topologies[] = {
	{ "two-segments", "vm01 on segment A, vm03 on segment B, vm02 with a leg in each, a gateway on each",
	  "```console\n"
	  "lab# ip netns add vm01; ip netns add vm02; ip netns add vm03; ip netns add gateway_A; ip netns add "
	  "gateway_B\n"
	  "lab# ip link add A type bridge; ip link set A up; ip link add B type bridge; ip link set B up\n"
	  "lab# ip link add vm01-eth0 type veth peer name eth0 netns vm01; ip link set vm01-eth0 master A up\n"
	  "lab# ip link add vm02-eth0 type veth peer name eth0 netns vm02; ip link set vm02-eth0 master A up\n"
	  "lab# ip link add vm02-eth1 type veth peer name eth1 netns vm02; ip link set vm02-eth1 master B up\n"
	  "lab# ip link add vm03-eth0 type veth peer name eth0 netns vm03; ip link set vm03-eth0 master B up\n"
	  "lab# ip link add gwA-eth0 type veth peer name eth0 netns gateway_A; ip link set gwA-eth0 master A up\n"
	  "lab# ip link add gwB-eth0 type veth peer name eth0 netns gateway_B; ip link set gwB-eth0 master B up\n"
	  "gateway_A# ip link set lo up; ip link set eth0 up; ip addr add 192.168.100.254/24 dev eth0\n"
	  "gateway_B# ip link set lo up; ip link set eth0 up; ip addr add 192.168.200.254/24 dev eth0\n"
	  "vm01# ip link set lo up; ip link set eth0 up; ip addr add 192.168.100.1/24 dev eth0; ip route add default "
	  "via 192.168.100.254\n"
	  "vm02# ip link set lo up; ip link set eth0 up; ip link set eth1 up\n"
	  "vm02# ip addr add 192.168.100.2/24 dev eth0; ip addr add 192.168.200.2/24 dev eth1\n"
	  "vm03# ip link set lo up; ip link set eth0 up; ip addr add 192.168.200.3/24 dev eth0; ip route add default "
	  "via 192.168.200.254\n"
	  "lab# sleep 2\n"
	  "```\n" },
	{ "router", "a lan and a wan with a router between them, forwarding on",
	  "```console\n"
	  "lab# ip netns add lan; ip netns add router; ip netns add wan\n"
	  "lab# ip link add eth0 netns lan type veth peer name lan0 netns router\n"
	  "lab# ip link add eth0 netns wan type veth peer name wan0 netns router\n"
	  "lan# ip link set lo up; ip link set eth0 up; ip addr add 192.168.1.10/24 dev eth0; ip route add default via "
	  "192.168.1.1\n"
	  "wan# ip link set lo up; ip link set eth0 up; ip addr add 203.0.113.10/24 dev eth0\n"
	  "router# ip link set lo up; ip link set lan0 up; ip link set wan0 up\n"
	  "router# ip addr add 192.168.1.1/24 dev lan0; ip addr add 203.0.113.1/24 dev wan0\n"
	  "router# sysctl -qw net.ipv4.ip_forward=1\n"
	  "lab# sleep 2\n"
	  "```\n" },
};

const char *topology_text(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(topologies); i++)
		if (strcmp(topologies[i].name, name) == 0)
			return topologies[i].text;
	return NULL;
}

void topologies_print(FILE *f)
{
	for (size_t i = 0; i < ARRAY_LEN(topologies); i++)
		fprintf(f, "  -t %-14s %s\n", topologies[i].name, topologies[i].what);
}
