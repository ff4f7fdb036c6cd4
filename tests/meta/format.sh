#!/bin/sh
# SPDX-License-Identifier: MIT
# The C files look as .clang-format says. Its versions differ in taste: only Debian 12's is asked.
set -u
cd "${top_srcdir:-.}" || exit 99
# shellcheck source=/dev/null
. tests/lib/tap.sh

has clang-format || skip_all 'clang-format is missing'
case $(clang-format --version) in
*'version 14.'*) ;;
*) skip_all 'clang-format is not version 14' ;;
esac

unformatted() {
	find "$1" -name '*.[ch]' -exec clang-format --dry-run -Werror {} + 2>&1 |
		sed -n 's/^\([^ :]*:[0-9]*\):.*-Wclang-format-violations\]$/\1/p'
}

for folder in src tests bench examples; do
	check "$folder is formatted" silent unformatted "$folder"
done
plan
