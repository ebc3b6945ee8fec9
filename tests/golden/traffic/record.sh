#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Records what the real kernel does with frames.txt under rules.txt of the folders given: listing.txt, the counters of every rule, and outN.txt, the IPv4
# frames (IPv6, for folders that end in 6) that leave by link N. Needs root, iptables 1.8.9 (nf_tables), tcpdump, and build/unit/traffic_test, which sends the frames. Works in network
# namespaces of its own.
set -eu
ns=xttraf$$ out=xttrafo$$ tmp=$(mktemp -d)
trap 'ip netns del $ns; ip netns del $out; rm -rf $tmp' EXIT
for dir; do
	case $dir in *6) v=6;; *) v=;; esac
	ip netns add $ns
	ip netns add $out
	for n in 0 1; do
		ip -n $ns link add eth$n type veth peer name p$n netns $out
		[ "$v" ] || ip netns exec $ns sysctl -qw net.ipv6.conf.eth$n.disable_ipv6=1
		ip netns exec $ns sysctl -qw net.ipv4.conf.eth$n.rp_filter=0
		ip netns exec $out sysctl -qw net.ipv6.conf.p$n.disable_ipv6=1
		ip -n $ns link set eth$n address 02:00:00:00:0$n:01 up
		ip -n $out link set p$n up
		ip -n $ns addr add 10.$((9 - n)).0.1/24 brd + dev eth$n
		if [ "$v" ]; then
			ip -n $ns addr add fd00:$((9 - n))::1/64 dev eth$n nodad
			for i in 2 9; do
				ip -n $ns neigh replace fd00:$((9 - n))::$i lladdr 02:00:00:00:0$n:02 dev eth$n nud permanent
			done
		fi
		ip -n $ns neigh replace 10.$((9 - n)).0.2 lladdr 02:00:00:00:0$n:02 dev eth$n nud permanent
	done
	ip -n $ns link set lo up
	ip netns exec $ns sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv6.conf.all.forwarding=1
	[ -z "$v" ] || sleep 3	# its own announcements are over
	ip netns exec $ns ip${v}tables-restore < "$dir/rules.txt"
	ip netns exec $ns ip${v}tables -P INPUT DROP
	ip netns exec $ns ip${v}tables -P OUTPUT DROP
	pids=
	for n in 0 1; do
		ip netns exec $out tcpdump -i p$n -Q in -U -w $tmp/p$n ip$v 2> /dev/null &
		pids="$pids $!"
	done
	sleep 1
	ip netns exec $out build/unit/traffic_test send "$dir/frames.txt" p0 p1
	sleep 2
	kill $pids
	wait || true
	ip netns exec $ns ip${v}tables -t mangle -nvx -L > "$dir/listing.txt"
	for n in 0 1; do
		tcpdump -t -xx -r $tmp/p$n 2> /dev/null | awk '
			/^\t0x0000/ { frame = "" }	# what tcpdump may show of an unknown message stands before
			/^\t0x/ { for (i = 2; i <= NF; i++) frame = frame $i; next }
			{ if (frame) print frame; frame = "" }
			END { if (frame) print frame }' > "$dir/out$n.txt"
	done
	ip netns del $ns
	ip netns del $out
done
ip netns add $ns
ip netns add $out
