#!/bin/sh
# SPDX-License-Identifier: MIT
# The library exports the names of its symbol map: nothing more, nothing less.
set -u
source_folder=${top_srcdir:-.}
library=${top_builddir:-.}/.libs/libgreenloop.so
# shellcheck source=/dev/null
. "$source_folder/tests/lib/tap.sh"

has nm || skip_all 'nm is missing'
[ -e "$library" ] || skip_all 'no shared library is built'

wanted() {
	sed -n '/global:/,/local:/p' "$source_folder/src/greenloop.map" | grep -oE '[a-z_]+;' | tr -d ';' | sort
}

# Without the nodes of versions, which are absolute.
exported() {
	nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort
}

# The public functions and objects of the header, at the beginning of a line.
declared() {
	sed -n -e '/^GLOOP_EXPORT .*(/{s/(.*//;s/.*[ *]//;p;}' \
		-e 's/^extern const struct [a-z_]* \([a-z_]*\).*/\1/p' "$source_folder/src/greenloop.h" | sort
}

# compare COMMAND COMMAND: do both print the same lines?
compare() {
	only=$({
		"$1"
		"$2"
	} | sort | uniq -u)
	[ -z "$only" ] || printf 'by one of both only: %s\n' "$only"
	[ -z "$only" ]
}

check 'the map names something' test -n "$(wanted)"
check 'the library exports what the map says, and nothing else' compare wanted exported
check 'the header declares what the map says, and nothing else' compare wanted declared
plan
