#!/bin/sh
# SPDX-License-Identifier: MIT
# What the house style limits and forbids, as far as it can be counted.
set -u
cd "${top_srcdir:-.}" || exit 99
# shellcheck source=/dev/null
. tests/lib/tap.sh

# longer_than LINES FILE...
longer_than() {
	limit=$1
	shift
	awk -v limit="$limit" 'FNR == limit + 1 { print FILENAME " has more than " limit " lines" }' "$@"
}

# A function's body begins with { and ends with } in column 0.
long_functions() {
	awk 'FNR == 1 { begin = 0 }
		/^\{/ { begin = FNR }
		/^\}/ { if (begin && FNR - begin - 1 > 60) print FILENAME ":" begin ": a function of " FNR - begin - 1 " lines"; begin = 0 }' "$@"
}

# code FILE...: the lines without comments and the text of strings, as FILE:LINE: TEXT.
code() {
	awk 'FNR == 1 { inside = 0 }
		{
			line = $0
			gsub(/\\"/, "", line)
			gsub(/"[^"]*"/, "\"\"", line)
			text = ""
			while (line != "") {
				if (inside) {
					end = index(line, "*/")
					inside = !end
					line = end ? substr(line, end + 2) : ""
				} else {
					begin = index(line, "/*")
					inside = begin > 0
					text = text (begin ? substr(line, 1, begin - 1) : line)
					line = begin ? substr(line, begin + 2) : ""
				}
			}
			print FILENAME ":" FNR ": " text
		}' "$@"
}

# forbidden NAMES: calls of these functions (an extended expression) in src.
forbidden() {
	# shellcheck disable=SC2046 # words are meant: no name of ours has a blank
	code $(find src -name '*.[ch]') | grep -E "(^|[^A-Za-z0-9_>.])($1) *\("
}

# A test waits for an event, or looks again and again: what sleeps for a time outside of a loop hopes for luck.
# Where nothing is waited for, a comment on the line says what the time is for.
fixed_waits() {
	find tests -name '*.sh' -exec awk 'FNR == 1 { loops = 0 }
		/(^|[[:space:];])do$/ { loops++ }
		/^[[:space:]]*done/ { loops-- }
		/^[[:space:]]*sleep / && !/#/ && loops == 0 { print FILENAME ":" FNR ": " $0 }' {} +
	find tests -name '*.py' -exec grep -nE 'time\.sleep\([0-9.]+\)[^#]*$' {} + | grep -v 'until('
	find tests -name '*.c' -exec grep -nE '(^|[^a-z_>.])u?sleep\([0-9]' {} +
}

left_for_later() {
	grep -rInwE --exclude-dir=corpus 'TODO|FIXME|XXX' src tests bench examples conf units man | grep -v '^tests/meta/style.sh:'
}

# shellcheck disable=SC2046 # words are meant
{
	check 'no source is longer than 500 lines' silent longer_than 500 $(find src bench examples -name '*.[ch]')
	check 'no header is longer than 150 lines' \
		silent longer_than 150 $(find src bench tests -name '*.h' ! -name greenloop.h)
	check 'no function is longer than 60 lines' silent long_functions $(find src bench examples tests -name '*.[ch]')
}
check 'nothing forks' silent forbidden 'v?fork|system|popen'
check 'nothing writes into a buffer of unknown size' silent forbidden 'strcpy|strcat|v?sprintf|gets'
check 'no test waits for a fixed time' silent fixed_waits
check 'nothing is left for later' silent left_for_later
plan
