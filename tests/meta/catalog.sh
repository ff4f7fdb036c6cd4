#!/bin/sh
# SPDX-License-Identifier: MIT
# Every MESSAGE_ID of the daemon has one entry in the journal's catalog, no entry is without one, and journalctl reads it.
top=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
# shellcheck source=/dev/null
. "$top/tests/lib/tap.sh"
ids=$(sed -n 's/^#define MESSAGE_[A-Z_]* *"\([0-9a-f]\{32\}\)"$/\1/p' "$top/src/daemon/messages.h" | sort)
entries=$(sed -n 's/^-- \([0-9a-f]\{32\}\)$/\1/p' "$top/conf/greenloop.catalog" | sort)
defines=$(grep -c '^#define MESSAGE_' "$top/src/daemon/messages.h")
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT

check 'every id is 32 hexadecimal digits' test "$(echo "$ids" | wc -l)" = "$defines"
check 'no id is used twice' test "$(echo "$ids" | uniq | wc -l)" = "$defines"
check 'ids and entries are the same' test "$ids" = "$entries"
if has journalctl; then
	mkdir -p "$folder/usr/lib/systemd/catalog" "$folder/var/lib/systemd/catalog"
	cp "$top/conf/greenloop.catalog" "$folder/usr/lib/systemd/catalog/"
	check 'journalctl reads it' journalctl --root="$folder" --update-catalog
else
	skip 'journalctl reads it' 'there is no journalctl here'
fi
plan
