#!/bin/sh
# SPDX-License-Identifier: MIT
# Each header compiles alone, so that no file depends on the order of its includes; the public one also in strict C11 and
# in C++17, without config.h. From make: CC, CPPFLAGS (with ours), top_srcdir, top_builddir.
set -u
cd "${top_srcdir:-.}/src" || exit 99
errors=$(mktemp) || exit 99
trap 'rm -f "$errors"' EXIT

n=0
# check DESCRIPTION COMMAND...
check() {
	description=$1
	shift
	n=$((n + 1))
	if "$@" 2>"$errors"; then
		echo "ok $n - $description"
	else
		sed 's/^/# /' "$errors"
		echo "not ok $n - $description"
	fi
}

for header in */*.h; do
	# shellcheck disable=SC2086 # words are meant
	check "$header alone" ${CC:-cc} -fsyntax-only -Wall -Wextra -Werror -I"${top_builddir:-.}" ${CPPFLAGS:--I.} \
		-include "$header" -x c /dev/null
done

if [ -e greenloop.h ]; then
	# shellcheck disable=SC2086 # words are meant
	check 'greenloop.h in C11' ${CC:-cc} -fsyntax-only -std=c11 -pedantic -Wall -Wextra -Werror -include ./greenloop.h -x c /dev/null
	if command -v "${CXX:-c++}" >/dev/null; then
		check 'greenloop.h in C++17' "${CXX:-c++}" -fsyntax-only -std=c++17 -pedantic -Wall -Wextra -Werror \
			-include ./greenloop.h -x c++ /dev/null
	else
		n=$((n + 1))
		echo "ok $n - greenloop.h in C++17 # SKIP no C++ compiler"
	fi
fi
echo "1..$n"
