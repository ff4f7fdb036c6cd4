#!/bin/sh
# SPDX-License-Identifier: MIT
# The verbs of greenloopctl: the table in the code, the bash completion and the manual name the same ones.
set -u
source_folder=${top_srcdir:-.}
ctl=${top_builddir:-.}/greenloopctl

echo 1..3
verbs=$("$ctl" --list-verbs | sort)
if [ -n "$verbs" ]; then
	echo 'ok 1 - greenloopctl lists its verbs'
else
	echo 'not ok 1 - greenloopctl lists its verbs'
fi

# compare NUMBER DESCRIPTION VERBS
compare() {
	if [ "$verbs" = "$3" ]; then
		echo "ok $1 - $2"
	else
		echo "# the table: $(echo "$verbs" | tr '\n' ' ')"
		echo "# there:     $(echo "$3" | tr '\n' ' ')"
		echo "not ok $1 - $2"
	fi
}

completed=$(sed -n "/local verbs='/,/'\$/p" "$source_folder/conf/completion/greenloopctl.bash" |
	sed "s/.*local verbs='//; s/'\$//" | tr -s ' \t' '\n' | grep . | sort)
compare 2 'the completion knows all verbs' "$completed"

# In the manual a verb is the first word behind .TP, between VERBS and OPTIONS.
documented=$(sed -n '/^\.SH VERBS/,/^\.SH OPTIONS/p' "$source_folder/man/greenloopctl.1" |
	awk 'tagged { gsub(/\\-/, "-"); print $2 } { tagged = /^\.TP/ }' | sort)
compare 3 'the manual tells of all verbs' "$documented"
