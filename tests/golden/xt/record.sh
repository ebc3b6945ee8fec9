#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Records what the real iptables (1.8.9, nf_tables; ip6tables for files in a directory called xt6) says to each rule of the files given, in place. Needs root; works in a network namespace of its
# own. A file holds, for each rule:
#	> -t nat -A PREROUTING ...	the arguments as a shell would split them
#	= STATUS			exit status
#	! TEXT				what came on standard error, line by line
#	S TEXT				the rule's line of iptables-save
#	C STATUS			what -C with that line says, unless it finds the rule
#	N TEXT				its line of iptables -L -n -v, from the counters on
#	L TEXT				its line of iptables -L
# Lines that start with '#' are kept. Only the '>' lines and comments of the old file matter. Each rule is added to empty tables; in each
# table a user chain "uc" exists, and in filter "inonly", which INPUT jumps to, and a link called "eth0".
set -u
ns=xtrec$$
ip netns add $ns || exit 2
trap 'ip netns del $ns' EXIT
cat > /tmp/$ns.sh <<'IN'
file=$1 ipt=ip$2tables
ip link add eth0 type veth peer name eth1
for t in filter nat mangle raw security; do $ipt -t $t -N uc; done
$ipt -N inonly; $ipt -A INPUT -j inonly
while IFS= read -r line; do
	case $line in
	'#'*|'') printf '%s\n' "$line"; continue;;
	'> '*) ;;
	*) continue;;
	esac
	printf '%s\n' "$line"
	eval "set -- ${line#> }"
	table=filter chain=
	p=
	for a; do
		case $p in
		-t) table=$a;;
		-A|-I) chain=$a;;
		esac
		p=$a
	done
	$ipt "$@" >/dev/null 2>/tmp/$$.err
	echo "= $?"
	sed 's/^/! /' /tmp/$$.err
	del=
	$ipt-save -t $table | grep "^-A" | grep -v -e '-A INPUT -j inonly$' > /tmp/$$.save
	if [ -s /tmp/$$.save ]; then
		sed 's/^/S /' /tmp/$$.save
		sed -e "1i*$table" -e 's/^-A/-C/' -e '$aCOMMIT' /tmp/$$.save | $ipt-restore --noflush >/dev/null 2>&1 || echo "C $?"
		$ipt -t $table -n -v -L $chain | sed -e 1,2d -e '/inonly/d' -e 's/^/N /'
		$ipt -t $table -L $chain | sed -e 1,2d -e '/inonly/d' -e 's/^/L /'
		$ipt -t $table -F $chain
		[ "$table$chain" = filterINPUT ] && $ipt -A INPUT -j inonly
	fi
done < "$file"
rm -f /tmp/$$.err /tmp/$$.save
IN
for f; do
	case $f in *xt6/*) v=6;; *) v=;; esac
	ip netns exec $ns bash /tmp/$ns.sh "$f" "$v" > "$f.new" 2>/tmp/$ns.log && mv "$f.new" "$f"
	cat /tmp/$ns.log >&2
	ip netns del $ns; ip netns add $ns
done
rm -f /tmp/$ns.sh /tmp/$ns.log
