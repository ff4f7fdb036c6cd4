#!/bin/sh
# SPDX-License-Identifier: MIT
# Each header compiles alone, so that no file depends on the order of its includes; the public one also in strict C11 and
# in C++17, without config.h. From make: CC, CPPFLAGS (with ours), top_srcdir, top_builddir.
set -u
cd "${top_srcdir:-.}/src" || exit 99
# shellcheck source=/dev/null
. ../tests/lib/tap.sh

for header in */*.h; do
	# shellcheck disable=SC2086 # words are meant
	check "$header alone" ${CC:-cc} -fsyntax-only -Wall -Wextra -Werror -I"${top_builddir:-.}" ${CPPFLAGS:--I.} \
		-include "$header" -x c /dev/null
done

if [ -e greenloop.h ]; then
	# shellcheck disable=SC2086 # words are meant
	check 'greenloop.h in C11' ${CC:-cc} -fsyntax-only -std=c11 -pedantic -Wall -Wextra -Werror -include ./greenloop.h -x c /dev/null
	if has "${CXX:-c++}"; then
		check 'greenloop.h in C++17' "${CXX:-c++}" -fsyntax-only -std=c++17 -pedantic -Wall -Wextra -Werror \
			-include ./greenloop.h -x c++ /dev/null
	else
		skip 'greenloop.h in C++17' 'no C++ compiler'
	fi
fi
plan
