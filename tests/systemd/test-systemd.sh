#!/bin/sh
# SPDX-License-Identifier: MIT
# greenloop under a really booted systemd: the build is installed into a copy-on-write view of this machine's root, a
# container boots from that, and inside.sh runs there; what it prints is TAP. Nothing of it lasts: the mounts belong to
# this process's own mount namespace. Skipped where no systemd can be booted.
set -u

skip() {
	echo "1..0 # SKIP $*"
	exit 0
}

here=${top_srcdir:-.}/tests/systemd
build=${top_builddir:-.}

if [ -z "${GREENLOOP_OWN_MOUNTS-}" ]; then
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
	for tool in systemd-nspawn unshare make; do
		command -v "$tool" >/dev/null || skip "$tool is missing"
	done
	[ -x /lib/systemd/systemd ] || skip 'systemd is not installed'
	unshare --mount true 2>/dev/null || skip 'no mounts of its own can be had here'
	GREENLOOP_OWN_MOUNTS=yes exec unshare --mount --propagation private "$0" "$@"
fi

box=$(mktemp -d /tmp/greenloop-box.XXXXXX) || exit 99
root=$box/root
trap 'umount -R "$box" 2>/dev/null; rmdir "$box"' EXIT
trap 'exit 99' INT TERM HUP

mount -t tmpfs -o mode=755 tmpfs "$box" || skip 'no tmpfs can be mounted'
mkdir "$box/upper" "$box/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$box/upper,workdir=$box/work" "$root" 2>/dev/null ||
	skip 'no overlay of / can be mounted'

# ---- what the box has and this machine has not

if ! env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -s -C "$build" install DESTDIR="$root" >"$box/install.log" 2>&1; then
	sed 's/^/# /' "$box/install.log"
	echo '1..1'
	echo 'not ok 1 - make install'
	exit 1
fi
mkdir "$root/greenloop-test"
cp "$here/inside.sh" "$root/greenloop-test"
# Where the build put them, as the box will see them.
(cd "$box/upper" && find . \( -path '*/bin/greenloopctl' -o -path '*/sbin/greenloopd' \
	-o -path '*/greenloop/greenloop.conf' -o -path '*/system/greenloop.service' -o -path '*/user/greenloop.service' \) |
	sed 's/^\.//') >"$root/greenloop-test/installed"

units=$root/etc/systemd/system
cat >"$units/greenloop-test.target" <<'END'
[Unit]
Requires=basic.target greenloop-test.service
After=basic.target
AllowIsolate=yes
END
cat >"$units/greenloop-test.service" <<'END'
[Unit]
After=basic.target
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=/bin/sh /greenloop-test/inside.sh
StandardOutput=file:/greenloop-test/tap
StandardError=inherit
END
ln -sf /dev/null "$units/timers.target"
# What was configured to live below /tmp, as by distcheck, shall be there.
ln -sf /dev/null "$root/etc/tmpfiles.d/tmp.conf"
rm -f "$units/greenloop.service"

# ---- boot

export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_TMPFS_TMP=0
timeout -k 5 "$((120 * ${CK_TIMEOUT_MULTIPLIER:-1}))" systemd-nspawn --quiet \
	--directory="$root" --boot --machine="greenloop-$$" --register=no --keep-unit --private-network --link-journal=no \
	--settings=no --resolv-conf=off --timezone=off systemd.unit=greenloop-test.target </dev/null >"$box/console" 2>&1

if [ ! -e "$root/greenloop-test/tap" ]; then
	tail -n 20 "$box/console" | tr -d '\r' | sed 's/^/# /'
	skip 'no systemd could be booted here'
fi
cat "$root/greenloop-test/tap"
if ! grep -q '^1\.\.' "$root/greenloop-test/tap"; then
	tail -n 20 "$box/console" | tr -d '\r' | sed 's/^/# /'
	echo 'Bail out! the box ended before its tests'
fi
