#!/bin/sh
# SPDX-License-Identifier: MIT
# Who may include whom: base <- core <- body <- daemon, base <- process <- body; ctl sees base and the bus names only.
set -u
cd "${top_srcdir:-.}/src" || exit 99

# What the files of a folder may include beside each other.
may_include() {
	case $1 in
	process) echo 'base/*' ;;
	exec) echo 'process/setup.h' ;;
	core) echo 'base/* greenloop.h' ;;
	body) echo 'base/* core/* process/* greenloop.h' ;;
	daemon) echo 'base/* core/* process/* body/* greenloop.h' ;;
	ctl) echo 'base/* daemon/bus-names.h' ;;
	esac
}

# matches NAME PATTERN...
matches() {
	name=$1
	shift
	for pattern; do
		# shellcheck disable=SC2254 # the pattern is meant as one
		case $name in $pattern) return 0 ;; esac
	done
	return 1
}

# Prints each line of FOLDER's that includes what it should not.
faults() {
	# shellcheck disable=SC2046 # words are meant
	set -- "$1" "$1/*" $(may_include "$1")
	folder=$1
	shift
	grep -rEo --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[^"]*"' "$folder" |
		sed 's/:.*"\(.*\)"/ \1/' |
		while read -r file included; do
			case $included in
			*..*) echo "$file includes \"$included\": write layer/name.h" ;;
			*) matches "$included" "$@" || echo "$file includes \"$included\"" ;;
			esac
		done
}

set -f # patterns stay patterns
folders='base core process exec body daemon ctl'
# shellcheck disable=SC2086 # words are meant
set -- $folders
echo "1..$#"
n=0
for folder; do
	n=$((n + 1))
	found=$(faults "$folder")
	if [ -n "$found" ]; then
		echo "$found" | sed 's/^/# /'
		printf 'not '
	fi
	echo "ok $n - src/$folder includes only what lies below it"
done
