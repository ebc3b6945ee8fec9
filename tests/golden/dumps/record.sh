#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Records, for each FILE.rules given, what the real tool (iptables 1.8.9, nf_tables) makes of it: FILE.saved is what iptables-save -c
# prints once iptables-restore -c has loaded it, without its comment lines. Needs root; works in a network namespace of its own.
set -eu
ns=xtdump$$
for f; do
	ip netns add $ns
	trap 'ip netns del $ns' EXIT
	ip netns exec $ns iptables-restore -c < "$f"
	ip netns exec $ns iptables-save -c | grep -v '^#' > "${f%.rules}.saved"
	ip netns del $ns
	trap - EXIT
done
