#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The daemon itself: its signals, its socket, its service manager, and what outlives it."""

import os
import signal
import subprocess

from greenloop import DEADLINE, Daemon, check, ctl, end, holds, is_alive, main, marked, same, test

ONE = "[loop:l]\ncommand = sleep infinity\n"


@test("SIGTERM and SIGINT stop it: 0, nothing left, the socket is gone")
def stop():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Daemon(ONE) as daemon:
            daemon.wait_state("l", "running")
            end(daemon.pid, number)
            same(daemon.wait_end(), 0, "exit status")
            check(not os.path.exists(daemon.path), "the socket is still there")


@test("SIGHUP, SIGUSR1, SIGUSR2 and SIGPIPE do not kill it, nor touch a loop")
def other_signals():
    with Daemon(ONE) as daemon:
        before = daemon.wait_state("l", "running")
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE):
            end(daemon.pid, number)
            same(daemon.loop("l"), before, f"after {number.name}")


@test("the service manager hears READY=1, STATUS= and STOPPING=1, and WATCHDOG=1 when it asks")
def service_manager():
    with Daemon(ONE, environment={"WATCHDOG_USEC": "400000"}) as daemon:
        daemon.wait_told("STATUS=green: 1/1")
        daemon.wait_told("WATCHDOG=1")
        daemon.act("fail", "--trip", "l")
        daemon.wait_told("STATUS=red")
        daemon.stop()
        check(daemon.is_told("STOPPING=1"), f"told: {daemon.told}")
        same(daemon.told[0], "READY=1", "the first word")


@test("a watchdog that is meant for another process is not served")
def foreign_watchdog():
    with Daemon(ONE, environment={"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}) as daemon:
        daemon.wait_told("STATUS=green: 1/1")
        daemon.act("restart", "l")
        daemon.stop()
        check(not daemon.is_told("WATCHDOG=1"), "WATCHDOG=1")


@test("control_socket = none: it runs without one")
def no_socket():
    config = "[greenloopd]\ncontrol_socket = none\n[loop:l]\ncommand = sh -c 'echo up >%d/up; exec sleep infinity'\n"
    with Daemon(config, has_socket=False) as daemon:
        daemon.wait_lines("up", 1)
        same(sorted(name for name in os.listdir(daemon.folder) if "sock" in name), [], "sockets")
        same(daemon.stop(), 0, "exit status")


@test("control_socket names the socket; --socket overrides it")
def configured_socket():
    with Daemon(f"[greenloopd]\ncontrol_socket = %d/other.sock\n{ONE}", has_socket=False) as daemon:
        same(ctl("wait", "l", path=daemon.file("other.sock")).status, 0, "wait")
    with Daemon(f"[greenloopd]\ncontrol_socket = %d/other.sock\n{ONE}") as daemon:
        daemon.act("wait", "l")
        check(not os.path.exists(daemon.file("other.sock")), "the other socket")


@test("a second daemon on the same socket is refused with a sentence, and the first goes on (process-compose#530)")
def second():
    with Daemon(ONE) as daemon:
        before = daemon.wait_state("l", "running")
        done = subprocess.run(daemon.command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              timeout=DEADLINE)
        same(done.returncode, 1, "exit status")
        holds(done.stderr, f"{daemon.path}: another greenloopd uses it", "sentence")
        same(daemon.loop("l"), before, "the first daemon's loop")


@test("something else in the socket's place is left alone")
def foreign_file():
    daemon = Daemon(ONE)
    try:
        with open(daemon.path, "w", encoding="ascii") as file:
            file.write("mine")
        daemon.launch()
        same(daemon.wait_end(), 1, "exit status")
        with open(daemon.path, encoding="ascii") as file:
            same(file.read(), "mine", "the file")
    finally:
        daemon.clear()


@test("after SIGKILL of the daemon its socket is stale: the next one takes it over and works")
def killed():
    with Daemon(ONE) as daemon:
        pid = daemon.wait_state("l", "running")["pid"]
        daemon.process.kill()
        daemon.wait_end()
        check(os.path.exists(daemon.path), "a stale socket")
        same(ctl("status", path=daemon.path).status, 6, "nobody answers")
        with Daemon(ONE, folder=daemon.folder) as successor:
            row = successor.wait_state("l", "running")
            check(row["pid"] != pid, "a process of its own")
            check(is_alive(pid), "nobody has touched the old one")
            end(pid)
            same(successor.loop("l")["pid"], row["pid"], "whose end means nothing")
        same(marked(daemon.folder), [], "processes")


@test("children die by the daemon's stop although it got SIGTERM while it started them")
def early_term():
    loops = "".join(f"[loop:l{i}]\ncommand = sleep infinity\n" for i in range(50))
    with Daemon(loops) as daemon:
        same(daemon.stop(), 0, "exit status")


main()
