#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual pages are clean, and tell of every option and verb that --help prints.
set -u
source_folder=${top_srcdir:-.}
build=${top_builddir:-.}
# shellcheck source=/dev/null
. "$source_folder/tests/lib/tap.sh"

has mandoc || has man || skip_all 'neither mandoc nor man is there'

lint() {
	if has mandoc; then
		silent mandoc -T lint -W warning "$1"
	else
		# What it prints is the page; complaints go to standard error.
		complaints=$(MANWIDTH=80 man --warnings -E UTF-8 -l "$1" 2>&1 >/dev/null)
		silent printf '%s' "$complaints"
	fi
}

# The page as plain text.
render() {
	if has mandoc; then
		mandoc -T ascii "$1"
	else
		MANWIDTH=80 man -E ascii -P cat -l "$1"
	fi | sed "s/.$(printf '\b')//g"
}

# words_of_help PROGRAM: its options and verbs, a line each.
words_of_help() {
	"$build/$1" --help | grep -oE -- '(^|[ ,])--?[a-z][-a-z]*' | tr -d ' ,'
	"$build/$1" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z][-a-z]*\).*/\1/p'
}

# Prints the words of the help that the page does not have as words.
missing() {
	page=$(render "$source_folder/man/$2")
	words_of_help "$1" | sort -u | while read -r word; do
		printf '%s\n' "$page" | grep -qE -- "(^|[^-a-z])$word([^-a-z]|\$)" || echo "$word is not in $2"
	done
}

for page in "$source_folder"/man/*.[1-8]; do
	check "${page##*/} is clean" lint "$page"
done
for program in greenloopd greenloopctl; do
	check "$program --help names options" test -n "$(words_of_help "$program")"
done
check 'greenloopd(8) tells of all that --help names' silent missing greenloopd greenloopd.8
check 'greenloopctl(1) tells of all that --help names' silent missing greenloopctl greenloopctl.1
plan
