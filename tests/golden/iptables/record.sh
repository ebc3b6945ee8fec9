#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Records what the real iptables (1.8.9, nf_tables) answers to the commands of the files given, in place. Needs root; each section runs in a network
# namespace of its own. A file holds:
#	--- TEXT	a new section: empty tables
#	< TEXT		a line of standard input for the next command ("<_ TEXT": without a newline at its end)
#	> COMMAND	the command, as a shell would split it
#	= STATUS	its exit status
#	1 TEXT		a line that it printed on standard output
#	2 TEXT		... and on standard error
# Lines that start with '#' are kept. Only '---', '<', '>' and comments of the old file matter. Dates become DATE.
set -u
t=$(mktemp -d) || exit 2
trap 'rm -rf "$t"' EXIT
cat > "$t/section" <<'IN'
t=$1
: > "$t/in"
while IFS= read -r line; do
	printf '%s\n' "$line"
	case $line in
	'<_ '*) printf '%s' "${line#<_ }" >> "$t/in";;
	'< '*) printf '%s\n' "${line#< }" >> "$t/in";;
	'<') echo >> "$t/in";;
	'> '*)
		(eval "exec ${line#> }") < "$t/in" > "$t/out" 2> "$t/err"
		echo "= $?"
		sed -e 's/ on ... ... .. ..:..:.. ....$/ on DATE/' -e 's/^/1 /' -e '$a\' "$t/out"
		sed 's/^/2 /' "$t/err"
		: > "$t/in";;
	esac
done
IN
for f; do
	rm -f "$t"/part.*
	grep -e '^#' -e '^---' -e '^<' -e '^> ' -e '^$' "$f" | awk -v t="$t" '/^---/ { n++ } { printf "%s\n", $0 > sprintf("%s/part.%04d", t, n) }'
	for p in "$t"/part.*; do
		unshare -n bash "$t/section" "$t" < "$p"
	done > "$f.new" && mv "$f.new" "$f"
done
