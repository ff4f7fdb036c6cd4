#!/bin/sh
# SPDX-License-Identifier: MIT
# `make install` brings all that is public, a program and a module can be built and run with that alone, and
# `make uninstall` leaves nothing. From make: CC, TEST_SANITIZERS, TEST_PATIENCE, top_srcdir,
# top_builddir.
# shellcheck disable=SC2154 # config.status gives the folders
set -u
source_folder=$(cd "${top_srcdir:-.}" && pwd)
build=$(cd "${top_builddir:-.}" && pwd)
sources=$source_folder/tests/meta/installed
# shellcheck source=/dev/null
. "$source_folder/tests/lib/tap.sh"

box=$(mktemp -d /tmp/greenloop-install.XXXXXX) || exit 99
root=$box/root
daemon=
# shellcheck disable=SC2154 # set by the trap itself
trap 'status=$?; [ -z "$daemon" ] || kill "$daemon"; wait; rm -rf "$box"; exit $status' EXIT
trap 'exit 99' INT TERM HUP

# run_make TARGET: alone, whatever the make is that runs us.
run_make() {
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$build" "$1" DESTDIR="$root"
}

# Reads the folders that configure was told of into variables.
read_folders() {
	for name in prefix exec_prefix bindir sbindir libexecdir libdir includedir sysconfdir datarootdir mandir \
		systemdsystemunitdir; do
		echo "$name=\"@$name@\""
	done >"$box/folders.in"
	(cd "$build" && ./config.status -q --file="$box/folders:$box/folders.in") || exit 99
	# shellcheck source=/dev/null
	. "$box/folders"
	libdir=$root$libdir
}

wanted() {
	printf '%s\n' "$root$sbindir/greenloopd" "$root$bindir/greenloopctl" "$root$libexecdir/greenloop/greenloop-exec" \
		"$root$includedir/greenloop.h" \
		"$libdir/libgreenloop.so" "$libdir/libgreenloop.so.0" "$libdir/pkgconfig/greenloop.pc" \
		"$root$sysconfdir/greenloop/greenloop.conf" \
		"$root$mandir/man8/greenloopd.8" "$root$mandir/man1/greenloopctl.1" "$root$mandir/man5/greenloop.conf.5"
	[ "$systemdsystemunitdir" = no ] ||
		printf '%s\n' "$root$systemdsystemunitdir/greenloop.service" "$root$systemdsystemunitdir/../user/greenloop.service"
}

absent() {
	wanted | while read -r file; do
		[ -e "$file" ] || echo "$file is not there"
	done
}

left() {
	find "$root" ! -type d
}

# ---- with the installed copy only

package() {
	PKG_CONFIG_LIBDIR=$libdir/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root \
		PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1 PKG_CONFIG_ALLOW_SYSTEM_LIBS=1 "${PKG_CONFIG:-pkg-config}" "$@" greenloop
}

# compile COMPILER ARGUMENT...
compile() {
	# shellcheck disable=SC2046,SC2086 # words are meant
	(cd "$box" && $1 -pedantic -Wall -Wextra -Werror $(package --cflags) $(shift && printf '%s ' "$@"))
}

# build_program COMPILER LANGUAGE STANDARD: instrumented as the library is.
build_program() {
	sanitizer=
	[ "${TEST_SANITIZERS:-no}" = no ] || sanitizer=-fsanitize=$TEST_SANITIZERS
	# shellcheck disable=SC2046,SC2086 # words are meant
	compile "$1" "-std=$3" $sanitizer -o "program-$3" -x "$2" "$sources/program.c" -x none $(package --libs)
}

run_program() {
	LD_LIBRARY_PATH=$libdir timeout "$patience" "$box/program-$1"
}

# -z defs: a module needs nothing of the library or the daemon.
build_module() {
	compile "${CC:-cc}" -std=c11 -shared -fPIC -Wl,-z,defs -o module.so "$sources/module.c"
}

ctl() {
	"$root$bindir/greenloopctl" --socket "$box/control.sock" --timeout "$patience" "$@"
}

start_daemon() {
	cat >"$box/greenloop.conf" <<END
[loop:stays]
module = $box/module.so
[loop:ends]
module = $box/module.so
param.once = yes
END
	"$root$sbindir/greenloopd" --config "$box/greenloop.conf" --socket "$box/control.sock" --log-target console \
		2>"$box/log" &
	daemon=$!
}

# Tells what it said when it did not come up.
is_up() {
	until ctl version >/dev/null 2>&1; do
		if ! kill -0 "$daemon" 2>/dev/null; then
			cat "$box/log"
			return 1
		fi
		sleep 0.05
	done
}

patience=$((60 * ${TEST_PATIENCE:-1}))
read_folders
check 'make install' run_make install
check 'all that is public is there' silent absent

if ! has "${PKG_CONFIG:-pkg-config}"; then
	skip 'pkg-config finds it' 'pkg-config is missing'
else
	check 'pkg-config finds it' package --exists
	check 'a program in C11 is built' build_program "${CC:-cc}" c c11
	check 'a program in C11 runs until its group is exhausted' run_program c11
	if has g++; then
		check 'a program in C++17 is built' build_program g++ c++ c++17
		check 'a program in C++17 runs until its group is exhausted' run_program c++17
	else
		skip 'a program in C++17' 'g++ is missing'
	fi
	check 'a module is built, and needs nothing' build_module

	start_daemon
	check 'the installed greenloopd starts' is_up
	check 'the module runs in it' ctl wait --for=running stays
	check 'the module is done' ctl wait --for=done ends
	kill "$daemon"
	wait "$daemon"
	check 'greenloopd ends with 0' test $? -eq 0
	daemon=
fi

check 'make uninstall' run_make uninstall
check 'make uninstall leaves nothing' silent left
plan
