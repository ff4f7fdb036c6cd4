# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# TAP for tests that are shell scripts: sourced by them. What a test says is shown when it fails.
n=0

# check TITLE COMMAND...: one test; it passes when the command succeeds.
check() {
	title=$1
	shift
	n=$((n + 1))
	if said=$("$@" 2>&1); then
		echo "ok $n - $title"
	else
		[ -z "$said" ] || printf '%s\n' "$said" | sed 's/^/# /'
		echo "not ok $n - $title"
	fi
}

# silent COMMAND...: fails when the command prints anything, whatever its status.
silent() {
	words=$("$@" 2>&1)
	[ -z "$words" ] || printf '%s\n' "$words"
	[ -z "$words" ]
}

# skip TITLE REASON
skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# skip_all REASON: before the first test; ends the script.
skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# After the last test.
plan() {
	echo "1..$n"
}

has() {
	command -v "$1" >/dev/null
}
