#!/bin/sh
# SPDX-License-Identifier: MIT
# systemd finds nothing to complain of in our units: no unknown key, no value that it cannot read.
set -u
source_folder=${top_srcdir:-.}
build=$(cd "${top_builddir:-.}" && pwd)
# shellcheck source=/dev/null
. "$source_folder/tests/lib/tap.sh"

has systemd-analyze || skip_all 'systemd-analyze is missing'
[ -e "$build/units/greenloop.service" ] || skip_all 'the units are not built: --with-systemdsystemunitdir=no'
folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
trap 'exit 99' INT TERM HUP
mkdir -m 700 "$folder/system" "$folder/user" "$folder/runtime"

# What is not installed yet is looked for where it is built.
point_at_build() {
	sed "s|^\(Exec[A-Za-z]*=\)[^ ]*/\(greenloop[a-z]*\)|\1$build/\2|" "$1" >"$2"
	grep -q "^ExecStart=$build/greenloopd" "$2"
}

# verify UNIT OPTION...: what systemd says of other units of this machine is not ours.
verify() {
	unit=$1
	shift
	said=$(XDG_RUNTIME_DIR=$folder/runtime systemd-analyze "$@" verify --man=no "$unit" 2>&1)
	status=$?
	case $said in
	*'Failed to initialize manager'* | *'Failed to lookup'*) status=77 ;;
	*greenloop*) status=1 ;;
	esac
	[ "$status" -eq 0 ] || printf '%s\n' "$said"
	return "$status"
}

# check_unit WHOSE BUILT COPY OPTION...
check_unit() {
	whose=$1 copy=$3
	check "$whose runs greenloopd" point_at_build "$2" "$copy"
	shift 3
	verify "$copy" "$@" >"$folder/said"
	if [ $? -eq 77 ]; then
		skip "$whose: systemd knows all of it" "$(head -n 1 "$folder/said")"
	else
		check "$whose: systemd knows all of it" verify "$copy" "$@"
	fi
	printf '[Service]\nGreenloopNonsense=yes\n' >>"$copy"
	verify "$copy" "$@" >"$folder/said"
	if [ $? -eq 77 ]; then
		skip "$whose: an unknown key would be seen" "$(head -n 1 "$folder/said")"
	else
		check "$whose: an unknown key would be seen" grep -q GreenloopNonsense "$folder/said"
	fi
}

check_unit "the system's unit" "$build/units/greenloop.service" "$folder/system/greenloop.service"
check_unit "a user's unit" "$build/units/user/greenloop.service" "$folder/user/greenloop.service" --user
plan
