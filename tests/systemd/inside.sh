#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs inside the box that test-systemd.sh boots, as root, under its systemd. Prints TAP.
set -u
cd /greenloop-test || exit 99

installed() {
	grep "$1" installed | head -n 1
}
ctl=$(installed bin/greenloopctl)
daemon=$(installed sbin/greenloopd)
config=$(installed greenloop.conf)
drop_in=/etc/systemd/system/greenloop.service.d/test.conf
n=0

# check DESCRIPTION COMMAND...
check() {
	description=$1
	shift
	n=$((n + 1))
	if "$@" >output 2>&1; then
		echo "ok $n - $description"
	else
		echo "not ok $n - $description"
		{
			echo "$ $*"
			cat output
			systemctl status --no-pager --full --lines=30 greenloop
		} 2>&1 | sed 's/^/# /'
	fi
}

# until_true COMMAND...: tries for half a minute.
until_true() {
	deadline=$(($(date +%s) + 30))
	until "$@" >attempt 2>&1; do
		if [ "$(date +%s)" -ge $deadline ]; then
			cat attempt
			return 1
		fi
		sleep 0.1
	done
}

# is PROPERTY VALUE: of the unit.
is() {
	value=$(systemctl show --value --property="$1" greenloop)
	[ "$value" = "$2" ] && return
	echo "$1 is '$value'"
	return 1
}

all_of() {
	for pair; do
		is "${pair%%=*}" "${pair#*=}" || return 1
	done
}

# said TEXT JOURNALCTL-OPTION...
said() {
	text=$1
	shift
	journalctl -q -o cat "$@" | grep -F -e "$text"
}

fails() {
	! "$@"
}

# loops_left N: processes of the loops below.
loops_left() {
	left=$(grep -lzx '471[1]' /proc/[0-9]*/cmdline 2>/dev/null) # not grep itself
	echo "$left"
	[ "$(echo "$left" | grep -c .)" -eq "$1" ]
}

# configure_unit LINE...: of the section [Service].
configure_unit() {
	mkdir -p "${drop_in%/*}"
	printf '%s\n' '[Service]' "$@" >"$drop_in"
	systemctl daemon-reload
}

main_pid() {
	systemctl show --value --property=MainPID greenloop
}

cat >"$config" <<'END'
[group:pair]
[loop:feed]
group = pair
command = sh -c 'echo tick; exec sleep 4711'
[loop:process]
group = pair
after = feed
command = sleep 4711
END
systemctl cat greenloop >/dev/null 2>&1 || systemctl --quiet link "$(installed /system/greenloop.service)"
systemctl daemon-reload

# Manual pages may be installed where man(1) of this machine does not look.
verify() {
	! systemd-analyze verify --man=no "$@" 2>&1 | grep -F greenloop
}

check 'systemd-analyze finds no fault in the unit' verify "$(installed /system/)"
check 'nor in that for users' verify --user "$(installed /user/)"

# ---- start

check 'it starts' systemctl start greenloop
check 'it is active' all_of ActiveState=active SubState=running NRestarts=0
check 'its main process is greenloopd' test "$(readlink "/proc/$(main_pid)/exe")" = "$daemon"
check 'it says how its loops do' until_true is StatusText 'green: 2/2 loops ready'
check 'greenloopctl finds it' "$ctl" is-green pair
check 'the output of a loop is in the journal' until_true said tick GREENLOOP_LOOP=feed
"$ctl" --quiet fail --trip process 'by hand'
check 'the record of a failure is in the journal' until_true said 'by hand' GREENLOOP_LOOP=process
check 'its light is green again' "$ctl" wait --for=green --timeout=30s pair

# ---- watchdog: two periods are lived through, and a daemon that hangs is noticed

pings_for() {
	now=$(systemctl show --value --property=WatchdogTimestampMonotonic greenloop)
	[ "$now" -ge $(($1 + $2)) ]
}

configure_unit WatchdogSec=2s RestartSec=100ms
check 'it restarts' systemctl restart greenloop
pid=$(main_pid)
begin=$(systemctl show --value --property=WatchdogTimestampMonotonic greenloop)
check 'it feeds the watchdog' until_true pings_for "$begin" 5000000
check 'it is the same process still' all_of NRestarts=0 MainPID="$pid"
kill -STOP "$pid"
check 'a daemon that hangs is restarted' until_true all_of NRestarts=1 ActiveState=active
check 'its loops are green again' until_true "$ctl" is-green pair
check 'what hung is gone, with its loops' until_true loops_left 2

# ---- a bad configuration

mkdir -p "$config.d"
echo 'nonsense' >"$config.d/bad.conf"
check 'a bad configuration is refused' fails systemctl restart greenloop
check 'the unit has failed, with status 78' all_of ActiveState=failed SubState=failed Result=exit-code ExecMainStatus=78
check 'the journal has file and line' until_true said '/bad.conf:1: ' -u greenloop
check 'it is not tried again' all_of NRestarts=0 SubState=failed
rm "$config.d/bad.conf"

# ---- stop

cat >>"$config" <<'END'
[loop:stubborn]
command = sh -c 'trap "" TERM; echo deaf; while :; do sleep 4711; done'
grace_period = 3s
END
configure_unit TimeoutStopSec=1s
check 'it starts with a loop that ignores SIGTERM' systemctl start greenloop
check 'that loop is there' until_true said deaf GREENLOOP_LOOP=stubborn
check 'it stops' systemctl stop greenloop
check 'it had the time that it asked for' all_of ActiveState=inactive Result=success ExecMainStatus=0
check 'nothing is left of its loops' loops_left 0
echo "1..$n"
