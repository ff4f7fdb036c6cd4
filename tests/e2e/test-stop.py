#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Stopping: grace, what is left after it, and that the operator wins."""

import os
import signal

from greenloop import Daemon, check, holds, is_alive, lines, main, same, test

DEAF = """sh -c 'trap "" TERM; sleep infinity & wait; sleep infinity'"""


@test("commands that ignore SIGTERM are killed with all of their group, ten in one grace period, not ten (circus#1069)")
def grace():
    period = 2
    loops = "".join(f"[loop:deaf{i}]\ngroup = g\ncommand = {DEAF}\n" for i in range(10))
    with Daemon(f"[defaults:g]\ngrace_period = {period}s\n[group:g]\n{loops}") as daemon:
        daemon.wait_green("g")
        daemon.wait_until(lambda: len(daemon.processes("deaf9")) == 2, "their children run")
        with daemon.monitor() as monitor:
            daemon.act("stop", "g")
            same(daemon.processes("deaf0") + daemon.processes("deaf9"), [], "processes left")
            daemon.wait_until(lambda: monitor.read(0) and monitor.events[-1]["to"] == "inactive"
                              and not monitor.events[-1]["loop"], "all is told")
            taken = monitor.events[-1]["time"] - monitor.events[0]["time"]
        # The times are those of the monitor's: wide bounds.
        check(period * 500000 <= taken < 5 * period * 1000000, f"they took {taken} µs")


@test("a process group that outlives its main process is gone before the next process starts")
def leftovers():
    config = """[loop:l]
backoff = 1ms
grace_period = 100ms
command = sh -c 'trap "" TERM; for k in $(cat %d/kids); do kill -0 $k && echo $k >>%d/bad; done; \
 sleep infinity & echo $! >>%d/kids; echo x >>%d/starts; [ "$(wc -l <%d/starts)" -gt 2 ] && wait; exit 1'
"""
    with Daemon(config) as daemon:
        daemon.wait_lines("starts", 3)
        kids = [int(pid) for pid in daemon.wait_lines("kids", 3)]
        same([is_alive(pid) for pid in kids], [False, False, True], "children that live")
        same(lines(daemon.file("bad")), [], "children that lived when the next process started")
        same(daemon.loop("l")["generation"], 0, "generation")


@test("a stop during backoff takes effect at once, of a failed loop, too (circus#965)")
def during_backoff():
    config = """[defaults]
backoff = 1h
backoff_max = 1h
[loop:l]
command = false
[loop:hooked]
on_start = false
command = sleep infinity
[loop:failed]
max_loop_failures = 0
command = false
"""
    with Daemon(config) as daemon:
        row = daemon.wait_state("l", "backoff")
        same(row["failures"], 2, "the first restart is at once, the second waits")
        check(row["next_start"] > row["since"], "when it starts next is known")
        daemon.act("stop", "l")
        row = daemon.loop("l")
        same((row["state"], row["desired"], row["next_start"]), ("inactive", "stopped", 0), "after the stop")
        for name, state in (("hooked", "backoff"), ("failed", "failed")):
            daemon.wait_until(lambda name=name: daemon.loop(name)["failures_total"] == 1 + (name == "hooked"), "failures")
            daemon.wait_state(name, state)
            daemon.act("stop", name)
            row = daemon.loop(name)
            same((row["state"], row["next_start"], row["color"]), ("inactive", 0, "grey"), name)


RESETTING = """
[group:g]
backoff = 1h
backoff_max = 1h
[loop:a]
group = g
command = sleep infinity
[loop:b]
group = g
command = sleep infinity
"""


def red(daemon):
    """A group in its second reset, which waits for an hour."""
    daemon.wait_green("g")
    daemon.act("fail", "--trip", "a")
    daemon.wait_closed("g", 1)
    daemon.act("fail", "--trip", "a")
    daemon.wait_state("g", "resetting")
    daemon.wait_until(lambda: set(daemon.loops("pid").values()) == {0}, "all is stopped")


@test("a stop of the group while it is red takes effect at once (circus#965)")
def during_red():
    with Daemon(RESETTING) as daemon:
        red(daemon)
        daemon.act("stop", "g")
        same(daemon.group("g")["state"], "inactive", "state")
        same(daemon.group("g")["color"], "grey", "color")
        same(daemon.why("#2")["episodes"][0]["result"], "stopped", "episode")
        same(daemon.ctl("is-green").status, 0, "a grey tree counts as green")
        daemon.act("start", "g")
        same(daemon.loops("generation"), {"a": 2, "b": 2}, "generations")


@test("a member that is stopped during a reset is not started by it")
def member_during_red():
    with Daemon(RESETTING) as daemon:
        red(daemon)
        daemon.act("stop", "b")
        daemon.act("stop", "g")
        daemon.act("start", "g")
        same(daemon.loops("state"), {"a": "running", "b": "inactive"}, "states")
        holds(daemon.loop("b")["note"], "stopped by uid", "note")
        daemon.act("reset", "g")
        same(daemon.loops("generation"), {"a": 3, "b": 1}, "after a reset")


@test("a stop while a reset waits for its members wins")
def during_reset():
    config = """[group:g]
[loop:deaf]
group = g
grace_period = infinity
command = sh -c 'trap : TERM; touch %d/deaf; while [ ! -e %d/go ]; do sleep 0.05; done'
[loop:plain]
group = g
after = deaf
command = sleep infinity
"""
    with Daemon(config) as daemon:
        daemon.wait_green("g")
        daemon.wait_until(lambda: os.path.exists(daemon.file("deaf")), "it is deaf")
        daemon.act("reset", "--no-block", "g")
        daemon.wait_state("deaf", "stopping")
        daemon.act("stop", "--no-block", "g")
        open(daemon.file("go"), "w").close()
        daemon.act("wait", "--for=inactive", "deaf", "plain")
        same(daemon.loops("generation", "state"), {"deaf": (0, "inactive"), "plain": (0, "inactive")}, "loops")
        same(daemon.processes("deaf"), [], "processes")
        same(daemon.why()["episodes"][0]["result"], "stopped", "episode")


@test("the start of a member in a stopped group is refused, and noted")
def refused():
    with Daemon("[group:g]\nautostart = no\n[loop:a]\ngroup = g\nautostart = no\ncommand = sleep infinity\n") as daemon:
        answer = daemon.ctl("start", "a")
        same(answer.status, 1, "status")
        holds(answer.error, "group g is stopped: start g", "sentence")
        same(daemon.loop("a")["desired"], "started", "the wish is noted")
        daemon.act("start", "g")
        same(daemon.loop("a")["state"], "running", "state")


@test("no operator's act counts against a budget")
def not_counted():
    with Daemon("[group:g]\n[loop:a]\ngroup = g\nmax_loop_failures = 0\ncommand = sleep infinity\n") as daemon:
        daemon.wait_green("g")
        for verb in ("stop", "start", "restart", "hard-reset"):
            daemon.act(verb, "a")
        row = daemon.loop("a")
        same((row["generation"], row["failures_total"], row["starts"]), (3, 0, 4), "generation, failures, starts")
        same(daemon.group("g")["resets_total"], 0, "resets")


@test("stop_timeout bounds the stop of a group whatever grace its members have")
def stop_timeout():
    config = f"[group:g]\nstop_timeout = 300ms\n[loop:deaf]\ngroup = g\ngrace_period = 1h\ncommand = {DEAF}\n"
    with Daemon(config) as daemon:
        daemon.wait_green("g")
        daemon.act("reset", "g")
        same(daemon.loop("deaf")["generation"], 1, "generation")
        daemon.act("stop", "--timeout=10min", "g")


@test("stop_signal is what the main process gets")
def stop_signal():
    config = """[loop:l]
stop_signal = USR1
command = sh -c 'trap "echo USR1 >%d/got; exit 0" USR1; echo up >%d/up; sleep infinity & wait'
"""
    with Daemon(config) as daemon:
        daemon.wait_lines("up", 1)
        daemon.act("stop", "l")
        same(lines(daemon.file("got")), ["USR1"], "signal")


@test("SIGTERM stops the daemon; a second one ends every grace at once")
def second_term():
    with Daemon(f"[loop:deaf]\ngrace_period = 1h\ncommand = {DEAF}\n") as daemon:
        daemon.wait_state("deaf", "running")
        daemon.process.send_signal(signal.SIGTERM)
        daemon.wait_state("deaf", "stopping")
        same(daemon.ctl("start", "deaf").status, 1, "nothing starts any more")
        same(daemon.stop(), 0, "exit status")


main()
