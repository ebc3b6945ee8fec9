# SPDX-License-Identifier: BSD-2-Clause
# random.sh - builds $random, the program of the tests with random rule sets, for random.test and random.test-all
cd "$(dirname "$0")/../.." || exit 2
O=${O:-build} CC=${CC:-cc}
lib=$O/libnatbox.a
[ "$O" = build ] && lib=libnatbox.a
san=
nm "$lib" 2> /dev/null | grep -q __asan_ && san=-fsanitize=address,undefined
mkdir -p "$O/kernel"
random=$O/kernel/random
$CC -std=gnu17 -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -O1 -g -D_GNU_SOURCE -Isrc $san -o "$random" tests/kernel/random*.c "$lib" \
	-lpcap -lpcre2-8 -ledit -ljansson || exit 1
