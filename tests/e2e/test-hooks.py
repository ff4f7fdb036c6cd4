#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hooks: when they run, what they get, what their end means, and that a slow one delays its own loop only."""

from greenloop import PATIENCE, Daemon, check, end, is_alive, lines, main, same, test


def say(name, *variables):
    """A hook that writes its name and some of its variables into the file."""
    words = " ".join(f"$GREENLOOP_{variable}" for variable in variables)
    return f"sh -c 'echo {name} {words} >>%d/said'"


@test("a slow on_start delays its own loop only: status, stop of another member and WATCHDOG=1 go on")
def slow():
    period = 0.2 * PATIENCE
    config = """[group:g]
[loop:slow]
group = g
hook_timeout = 1h
on_start = sleep 3600
command = sleep infinity
[loop:fast]
group = g
command = sleep infinity
"""
    with Daemon(config, environment={"WATCHDOG_USEC": str(int(2e6 * period))}) as daemon:
        daemon.wait_state("fast", "running")
        daemon.wait_state("slow", "starting")
        before = len([text for text in daemon.told if text == "WATCHDOG=1"])
        daemon.act("stop", "fast")
        same(daemon.loop("fast")["state"], "inactive", "fast")
        daemon.wait_until(lambda: daemon.is_told("WATCHDOG=1") and
                          len([text for text in daemon.told if text == "WATCHDOG=1"]) >= before + 4, "WATCHDOG=1")
        same(daemon.loop("slow")["state"], "starting", "slow")
        daemon.act("stop", "slow")
        same(daemon.loop("slow")["state"], "inactive", "a stop while its hook runs")


@test("on_start: 77 is a veto, another status a failure of kind hook; with - it is ignored")
def on_start():
    config = """[loop:vetoed]
on_start = sh -c 'exit 77'
command = sleep infinity
[loop:refused]
on_start = sh -c 'exit 3'
max_loop_failures = 2
backoff = 1ms
command = touch %d/ran
[loop:ignored]
on_start = -sh -c 'exit 3'
command = sleep infinity
[loop:missing]
on_start = /nonexistent/hook
max_loop_failures = 0
command = sleep infinity
"""
    with Daemon(config) as daemon:
        daemon.act("wait", "ignored")
        row = daemon.wait_state("refused", "failed")
        same((row["failures_total"], row["last_failure"]["kind"], row["starts"]), (3, "hook", 0), "refused")
        same(lines(daemon.file("ran")), [], "it ran")
        same(daemon.wait_state("missing", "failed")["last_failure"]["kind"], "hook", "a hook that is not there")
        row = daemon.wait_until(lambda: (row := daemon.loop("vetoed"))["outcome"] == "vetoed" and row, "the veto")
        same((row["state"], row["failures_total"], row["color"]), ("inactive", 0, "grey"), "vetoed")
        same(daemon.ctl("start", "vetoed").status, 1, "start of one that is vetoed again")


@test("a hook that takes longer than hook_timeout is killed, with its children")
def hook_timeout():
    config = """[loop:l]
on_start = sh -c 'sleep 3600 & sleep 3600'
hook_timeout = 200ms
max_loop_failures = 0
command = sleep infinity
"""
    with Daemon(config) as daemon:
        row = daemon.wait_state("l", "failed")
        same(row["last_failure"]["kind"], "hook", "kind")
        daemon.wait_until(lambda: not daemon.processes("l"), "nothing is left of it")


@test("on_start and on_stop run once for each process, and on_stop gets the cause")
def pairs():
    config = f"""[loop:l]
backoff = 1ms
on_start = {say("start", "LOOP", "GENERATION")}
on_stop = {say("stop", "LOOP", "GENERATION", "EXIT_STATUS", "SIGNAL")}
command = sh -c 'echo x >>%d/runs; [ "$(wc -l <%d/runs)" -gt 2 ] && exec sleep infinity; exit 3'
"""
    with Daemon(config) as daemon:
        daemon.wait_lines("runs", 3)
        daemon.act("stop", "l")
        words = [" ".join(line.split()) for line in daemon.wait_lines("said", 6)]
        same(words, ["start l 0", "stop l 0 3", "start l 0", "stop l 0 3", "start l 0", "stop l 0"], "what was said")


@test("hooks of a group: on_red, on_reset, on_green in order, and on_exhausted at the end")
def of_groups():
    hooks = "".join(f"{hook} = {say(hook, 'GROUP', 'EPISODE')}\n"
                    for hook in ("on_red", "on_reset", "on_green", "on_exhausted"))
    config = f"[group:g]\nmax_resets = 1\n{hooks}[loop:l]\ngroup = g\ncommand = sleep infinity\n"
    with Daemon(config) as daemon:
        daemon.wait_green("g")
        daemon.act("fail", "--trip", "l")
        daemon.wait_closed("g")
        same(daemon.wait_lines("said", 3), ["on_red g 1", "on_reset g 1", "on_green g 1"], "the first episode")
        daemon.act("fail", "--trip", "l")
        daemon.wait_state("g", "failed")
        same(daemon.wait_lines("said", 5)[3:], ["on_red g 2", "on_exhausted g 2"], "the second one")


@test("a group's hook that fails or is slow stops nothing")
def bad_group_hooks():
    config = """[group:g]
on_red = /nonexistent/hook
on_reset = false
on_green = sh -c 'echo $$ >>%d/green; exec sleep 3600'
[loop:l]
group = g
command = sleep infinity
"""
    with Daemon(config) as daemon:
        daemon.wait_green("g")
        daemon.act("fail", "--trip", "l")
        same(daemon.wait_closed("g")["result"], "green", "result")
        hook = int(daemon.wait_lines("green", 1)[0])
        daemon.act("restart", "l")
        daemon.act("stop", "l")
        check(is_alive(hook), "they waited for the hook")
        end(hook)


main()
