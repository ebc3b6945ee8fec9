#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Records, for each FILE.nft given, what the real tool (nft 1.0.6) makes of it: FILE.listed is what `nft list ruleset` prints once
# `nft -f` has loaded it, FILE.json the same with -j. Needs root; works in a network namespace of its own.
set -eu
ns=nftdump$$
for f; do
	ip netns add $ns
	trap 'ip netns del $ns' EXIT
	ip netns exec $ns nft -f "$f"
	ip netns exec $ns nft list ruleset > "${f%.nft}.listed"
	ip netns exec $ns nft -j list ruleset > "${f%.nft}.json"
	ip netns del $ns
	trap - EXIT
done
