/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * front/tools.c - the table of commands that act on a network namespace. A row is all it takes to add one.
 */
#include "front/bridge.h"
#include "front/cmd.h"
#include "front/conntrack_args.h"
#include "front/ip.h"
#include "front/iptables.h"
#include "front/nettools.h"
#include "front/nft/tool.h"
#include "front/sysctl.h"

const struct cmd_tool cmd_tools[] = {
	{ "iptables", iptables_main },
	{ "iptables-nft", iptables_main },
	{ "iptables-save", iptables_save_main },
	{ "iptables-nft-save", iptables_save_main },
	{ "iptables-restore", iptables_restore_main },
	{ "iptables-nft-restore", iptables_restore_main },
	{ "ip6tables", iptables_main },
	{ "ip6tables-nft", iptables_main },
	{ "ip6tables-save", iptables_save_main },
	{ "ip6tables-nft-save", iptables_save_main },
	{ "ip6tables-restore", iptables_restore_main },
	{ "ip6tables-nft-restore", iptables_restore_main },
	{ "nft", nft_main },
	{ "conntrack", conntrack_main },
	{ "ip", ip_main },
	{ "sysctl", sysctl_main },
	{ "bridge", bridge_main },
	{ "brctl", brctl_main },
	{ "arp", arp_main },
	{ "ifconfig", ifconfig_main },
	{ "route", route_main },
	{ NULL, NULL },
};
