#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Modules: what their cycles return, and one that never does."""

import os

from greenloop import MODULES, Daemon, check, holds, lines, main, read, same, test

PUPPET = f"module = {MODULES}/puppet.so\nparam.record = %d/record\nparam.release = %d/release\n"
STUCK = f"[group:g]\n[loop:stuck]\ngroup = g\ngrace_period = 100ms\nparam.do = stick\n{PUPPET}"


def thread_names(pid):
    return sorted(read(f"/proc/{pid}/task/{task}/comm").strip() for task in os.listdir(f"/proc/{pid}/task"))


def stuck_threads(daemon):
    return [name for name in thread_names(daemon.pid) if name.startswith("stuck_")]


@test("a thread stuck in its cycle: hard reset, abandoned; when it returns at last nothing changes")
def stuck():
    with Daemon(STUCK + "[loop:plain]\ngroup = g\ncommand = sleep infinity\n") as daemon:
        daemon.wait_until(lambda: daemon.loop("stuck")["status"] == "stuck", "it is stuck")
        daemon.act("reset", "g")
        before = daemon.loop("stuck")
        same((before["generation"], before["state"], before["failures"]), (1, "running", 0), "the next generation")
        same(daemon.loop("plain")["generation"], 1, "generation of its sibling")
        same(daemon.status()["daemon"]["abandoned_threads"], 1, "abandoned threads")
        same(stuck_threads(daemon), ["stuck_0", "stuck_1"], "threads")
        with daemon.monitor() as monitor:
            open(daemon.file("release"), "w", encoding="ascii").close()
            same(sorted(daemon.wait_lines("record", 3)), ["begin 0", "begin 1", "end 0"], "what the threads say")
            daemon.wait_until(lambda: daemon.status()["daemon"]["abandoned_threads"] == 0, "it is not there any more")
            monitor.read(0)
            same(monitor.events, [], "events since")
        daemon.wait_until(lambda: stuck_threads(daemon) == ["stuck_1"], "its thread has ended")
        same(daemon.loop("stuck"), before, "the loop after the return")
        daemon.act("stop", "g")
        same(lines(daemon.file("record"))[3:], ["end 1"], "and the present one ends as it should")


@test("with one abandoned thread too many the loop is failed, and the daemon does its exhausted_action")
def too_many():
    config = "[greenloopd]\nmax_abandoned_threads = 0\nexhausted_action = exit:3\n" + STUCK
    with Daemon(config) as daemon:
        daemon.wait_until(lambda: daemon.loop("stuck")["status"] == "stuck", "it is stuck")
        daemon.act("restart", "--no-block", "stuck")
        same(daemon.wait_end(), 3, "exit status")


@test("a stuck thread does not keep the daemon from ending")
def stuck_at_the_end():
    with Daemon(STUCK) as daemon:
        daemon.wait_until(lambda: daemon.loop("stuck")["status"] == "stuck", "it is stuck")
        same(daemon.stop(), 0, "exit status")


@test("hard-reset gives up on a stuck thread without grace")
def hard_reset():
    with Daemon(STUCK.replace("100ms", "1h")) as daemon:
        daemon.wait_until(lambda: daemon.loop("stuck")["status"] == "stuck", "it is stuck")
        daemon.act("hard-reset", "stuck")
        same(daemon.loop("stuck")["generation"], 1, "generation")


@test("a cycle that is overdue is a failure: the generation is given up, the next one starts")
def cycle_timeout():
    with Daemon(STUCK + "cycle_timeout = 200ms\nmax_loop_failures = 1000000\n") as daemon:
        daemon.wait_until(lambda: daemon.loop("stuck")["generation"] >= 1, "the next generation")
        holds(str(daemon.loop("stuck")["last_failure"]), "cycle-timeout", "last failure")
        check(daemon.group("g")["resets_total"] == 0, "no reset")


@test("what a cycle returns: an error is a failure with its reason, done is done; explicit ones count")
def returned():
    config = "".join(f"[loop:{what}]\nbackoff = 1ms\nmax_loop_failures = 3\nparam.do = {what}\n{PUPPET}"
                     for what in ("error", "done", "explicit", "sleep"))
    with Daemon(config) as daemon:
        row = daemon.wait_state("error", "failed")
        same((row["failures_total"], row["generation"]), (4, 0), "failures of one generation")
        same((row["last_failure"]["kind"], row["last_failure"]["reason"]), ("error", "the line is dead"), "reason")
        check(daemon.wait_state("done", "done")["ready"], "done counts as ready")
        row = daemon.wait_until(lambda: (row := daemon.loop("explicit"))["failures"] and row, "an explicit failure")
        same((row["failures"], row["state"], row["last_failure"]["reason"]), (1, "running", "it says so itself"), "explicit")
        daemon.act("stop", "sleep")
        same(daemon.loop("sleep")["failures_total"], 0, "a stop is no failure")


@test("a module that cannot be loaded is a fault of the configuration, said with file and line")
def not_loaded():
    daemon = Daemon("[loop:l]\nmodule = /nonexistent/m.so\n")
    try:
        daemon.launch()
        same(daemon.wait_end(), 78, "exit status")
        holds(daemon.log, f"{daemon.config_path}:4: ", "file and line")
        holds(daemon.log, "/nonexistent/m.so", "the module")
    finally:
        daemon.clear()


main()
