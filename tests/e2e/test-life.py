#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The hooks of a loop's life: on_open before all, on_ready, on_failure, on_close and on_terminated after all."""

import os
import signal

from greenloop import Daemon, check, end, holds, is_alive, lines, main, same, test


def say(name, *variables):
    """A hook that writes its name and some of its variables into the file."""
    words = " ".join(f"$GREENLOOP_{variable}" for variable in variables)
    return f"sh -c 'echo {name} {words} >>%d/said'"


def said(daemon):
    """What was said by a daemon that has been stopped, but not cleared away."""
    return [" ".join(line.split()) for line in lines(daemon.file("said"))]


@test("the hooks of a life run in order, each as often as it should, and get what they should know")
def order():
    config = f"""[loop:l]
on_open = {say("open", "LOOP", "GENERATION")}
on_start = {say("start", "GENERATION")}
on_ready = {say("ready", "THROUGHLINE")}
on_failure = {say("failure", "FAILURE_KIND", "EXIT_STATUS", "REASON")}
on_stop = {say("stop", "GENERATION", "EXIT_STATUS")}
on_close = {say("close", "LOOP", "OUTCOME")}
on_terminated = {say("terminated", "OUTCOME")}
command = sh -c 'echo x >>%d/runs; [ "$(wc -l <%d/runs)" -gt 1 ] && exec sleep infinity; exit 3'
"""
    with Daemon(config) as daemon:
        daemon.wait_lines("said", 7)
        daemon.act("restart", "l")
        daemon.wait_lines("said", 10)
        same(daemon.stop(), 0, "exit status")
        same(said(daemon), ["open l 0", "start 0", "ready l:0#1", "failure exit 3 exit 3", "stop 0 3", "start 0",
                            "ready l:0#2", "stop 0", "start 1", "ready l:1#1", "stop 1", "close l",
                            "terminated stopped"], "what was said")


@test("on_open that fails is a failure of kind hook and is tried again; once it succeeded it is never run again")
def on_open():
    config = """[loop:l]
on_open = sh -c 'echo x >>%d/opens; [ "$(wc -l <%d/opens)" -gt 2 ] || exit 77'
backoff = 1ms
command = sleep infinity
[loop:broken]
on_open = /nonexistent/hook
max_loop_failures = 1
backoff = 1ms
command = touch %d/ran
"""
    with Daemon(config) as daemon:
        daemon.act("wait", "l")
        row = daemon.loop("l")
        same((row["failures_total"], row["last_failure"]["kind"], row["starts"]), (2, "hook", 1), "l")
        holds(row["last_failure"]["reason"], "on_open: exit 77", "reason")
        daemon.act("restart", "l")
        same(len(lines(daemon.file("opens"))), 3, "runs of on_open")
        row = daemon.wait_state("broken", "failed")
        same((row["failures_total"], row["last_failure"]["kind"], row["starts"]), (2, "hook", 0), "broken")
        same(lines(daemon.file("ran")), [], "it ran")


@test("a stop while on_open or on_start runs calls off that one, and waits for an on_failure that runs")
def called_off():
    config = """[loop:opens]
on_open = sh -c 'echo $$ >%d/open; exec sleep infinity'
hook_timeout = 1h
command = sleep infinity
[loop:fails]
on_failure = sh -c 'echo x >>%d/failing; while [ ! -e %d/go ]; do sleep 0.02; done; echo told >>%d/told'
hook_timeout = 1h
backoff = 1h
backoff_max = 1h
command = false
[loop:gives-up]
on_start = false
on_failure = sh -c 'while [ ! -e %d/go ]; do sleep 0.02; done; echo gave up >>%d/gave-up'
hook_timeout = 1h
max_loop_failures = 0
command = true
[loop:again]
on_failure = sh -c 'while [ ! -e %d/go ]; do sleep 0.02; done'
hook_timeout = 1h
max_loop_failures = 0
command = sh -c '[ -e %d/mended ] && exec sleep infinity'
"""
    with Daemon(config) as daemon:
        pid = int(daemon.wait_lines("open", 1)[0])
        daemon.act("stop", "opens")
        check(not is_alive(pid), "on_open goes on")
        same(daemon.loop("opens")["failures_total"], 0, "failures")
        daemon.wait_lines("failing", 1)
        daemon.wait_state("fails", "backoff")
        same(daemon.ctl("--timeout=200ms", "stop", "fails").status, 124, "a stop while on_failure runs")
        daemon.wait_state("gives-up", "failed")
        same(daemon.ctl("--timeout=200ms", "stop", "gives-up").status, 124, "a stop of one that has failed")
        daemon.wait_until(lambda: daemon.loop("again")["outcome"] == "failed", "the failure")
        with open(daemon.file("mended"), "w", encoding="ascii"):
            pass
        daemon.act("start", "again")  # does not wait for it
        with open(daemon.file("go"), "w", encoding="ascii"):
            pass
        daemon.act("stop", "fails", "gives-up")
        same(lines(daemon.file("told")), ["told", "told"], "on_failure goes on")
        same(lines(daemon.file("gave-up")), ["gave up"], "on_failure of one that has failed goes on")


@test("a slow on_failure or on_ready does not hold up restart and reset")
def slow():
    config = """[group:g]
[loop:l]
group = g
hook_timeout = 1h
on_ready = sleep infinity
on_failure = sleep infinity
backoff = 1ms
command = sh -c 'echo x >>%d/runs; exec sleep infinity'
"""
    with Daemon(config) as daemon:
        daemon.wait_green("g")
        daemon.act("kill", "--signal=KILL", "l")
        daemon.wait_lines("runs", 2)
        daemon.act("fail", "--trip", "l")
        same(daemon.wait_closed("g")["result"], "green", "result")
        daemon.act("restart", "l")
        end(daemon.pid, signal.SIGTERM)
        daemon.wait_told("STOPPING=1")
        end(daemon.pid, signal.SIGTERM)
        same(daemon.wait_end(), 0, "exit status")


@test("a second SIGTERM calls off the hooks of the end, too")
def hurried():
    config = """[loop:l]
hook_timeout = 1h
on_close = sh -c 'echo x >>%d/closing; exec sleep infinity'
on_terminated = touch %d/terminated
command = sleep infinity
"""
    with Daemon(config) as daemon:
        daemon.wait_state("l", "running")
        end(daemon.pid, signal.SIGTERM)
        daemon.wait_lines("closing", 1)
        end(daemon.pid, signal.SIGTERM)
        same(daemon.wait_end(), 0, "exit status")
        check(not os.path.exists(daemon.file("terminated")), "on_terminated ran")


@test("the end of a life comes whatever happened before, once, and only if there was one")
def ends():
    config = f"""[defaults]
on_close = {say("close", "LOOP")}
on_terminated = {say("terminated", "LOOP", "OUTCOME")}
[group:outer]
[group:broken]
parent = outer
exhausted_action = stay
max_resets = 0
[loop:trips]
group = broken
command = sleep infinity
[group:stopped]
parent = outer
[loop:rests]
group = stopped
command = sleep infinity
[loop:runs]
group = outer
command = sleep infinity
[loop:ends]
type = oneshot
command = true
[loop:fails]
command = false
max_loop_failures = 0
[loop:vetoed]
on_start = sh -c 'exit 77'
command = sleep infinity
[loop:unborn]
autostart = no
command = sleep infinity
"""
    with Daemon(config) as daemon:
        daemon.act("wait", "trips", "rests", "runs", "ends")
        daemon.wait_state("fails", "failed")
        daemon.wait_until(lambda: daemon.loop("vetoed")["outcome"] == "vetoed", "the veto")
        daemon.act("fail", "--trip", "trips")
        daemon.wait_state("broken", "failed")
        daemon.act("stop", "stopped")
        same(said(daemon), [], "said before the end")
        same(daemon.stop(), 0, "exit status")
        outcomes = {"trips": "failed", "rests": "stopped", "runs": "stopped", "ends": "done", "fails": "failed",
                    "vetoed": "vetoed"}
        words = said(daemon)
        same(sorted(words), sorted([f"close {name}" for name in outcomes] +
                                   [f"terminated {name} {outcome}" for name, outcome in outcomes.items()]), "said")
        for name, outcome in outcomes.items():
            check(words.index(f"close {name}") < words.index(f"terminated {name} {outcome}"), f"order of {name}")


@test("of many failures at once only some run on_failure; how many were left out is said")
def flood():
    config = """[loop:l]
hook_timeout = 1h
on_failure = sh -c 'echo x >>%d/told; while [ ! -e %d/go ]; do sleep 0.02; done'
max_loop_failures = 1000
command = sleep infinity
"""
    with Daemon(config) as daemon:
        daemon.act("wait", "l")
        for _ in range(10):
            daemon.act("fail", "l")
        daemon.wait_until(lambda: "on_failure: left out" in daemon.log, "the first that is left out")
        with open(daemon.file("go"), "w", encoding="ascii"):
            pass
        daemon.wait_lines("told", 4)
        daemon.act("stop", "l")
        same(len(lines(daemon.file("told"))), 4, "runs")
        daemon.act("start", "l")
        daemon.act("fail", "l")
        daemon.wait_lines("told", 5)
        daemon.wait_until(lambda: "on_failure: 6 runs were left out" in daemon.log, "how many were left out")


main()
