# SPDX-License-Identifier: BSD-2-Clause
# lib.sh - what the tests of labs against the kernel share: O, NATBOX, tmp, canon, and each_lab.
cd "$(dirname "$0")/../.." || exit 2
O=${O:-build} NATBOX=${NATBOX:-./natbox} CC=${CC:-cc} JOBS=${JOBS:-3}
[ "$(id -u)" = 0 ] || { echo "needs root"; exit 77; }
for t in ip iptables tcpdump ping nc conntrack; do
	command -v $t > /dev/null || { echo "needs $t"; exit 77; }
done
unshare -mn true 2> /dev/null || { echo "no namespaces here"; exit 77; }
lib=$O/libnatbox.a
[ "$O" = build ] && lib=libnatbox.a
san=
nm "$lib" 2> /dev/null | grep -q __asan_ && san=-fsanitize=address,undefined
mkdir -p "$O/kernel"
$CC -Wall -Wextra -Wno-unused-parameter -O1 -g -D_GNU_SOURCE -Isrc $san -o "$O/kernel/canon" tests/kernel/canon.c "$lib" -lpcap -lpcre2-8 -ledit || exit 1
canon=$O/kernel/canon
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM

# each_lab LAB...: calls `one LAB` for each, JOBS at a time; prints what they said, in order; 0 when all did well
each_lab() {
	all="$*" bad=0
	while [ $# -gt 0 ]; do
		pids=
		for i in $(seq "$JOBS"); do
			[ $# -gt 0 ] || break
			one "$1" > "$tmp/$(basename "$1").said" 2>&1 &
			pids="$pids $!"
			shift
		done
		for p in $pids; do
			wait "$p" || bad=$((bad + 1))
		done
	done
	for l in $all; do
		cat "$tmp/$(basename "$l").said"
	done
	return $((bad > 0))
}
