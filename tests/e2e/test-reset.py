#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Group resets: who is stopped and started anew, how often, when it ends, and who never notices."""

import contextlib
import os
import signal

from greenloop import Daemon, check, holds, main, same, test

THREE = """
[group:trading]
autostart = no
[defaults:trading]
backoff = 1ms
[loop:feed]
group = trading
command = sh -c 'trap "exit 7" TERM; sleep infinity & wait'
[loop:process]
group = trading
after = feed
max_loop_failures = 2
command = sh -c '[ "$GREENLOOP_GENERATION" -gt 0 ] && exec sleep infinity; until [ -e %d/up ]; do sleep 0.01; done; exit 3'
[loop:report]
group = trading
after = process
command = sh -c 'trap "exit 8" TERM; echo >%d/up; sleep infinity & wait'
"""


@test("a group of three: one that fails once too often gives all of them one new generation")
def group_of_three():
    with Daemon(THREE) as daemon, daemon.monitor() as monitor:
        daemon.act("start", "--no-block", "trading")
        episode = daemon.wait_closed("trading")
        same(daemon.loops("generation"), {"feed": 1, "process": 1, "report": 1}, "generations")
        same(daemon.loops("failures_total"), {"feed": 0, "process": 3, "report": 0}, "failures while stopping")
        same(episode["result"], "green", "result")
        same(episode["resets"], 1, "resets")
        same((episode["cause"]["loop"], episode["cause"]["kind"]), ("process", "exit"), "first cause")
        holds(episode["cause"]["reason"], "3", "reason")
        holds(episode["cause"]["throughline"], "trading/process:0#", "throughline")
        row = daemon.group("trading")
        same((row["color"], row["light"], row["resets_total"]), ("green", "green", 1), "the group")
        daemon.wait_until(lambda: monitor.read(0) and monitor.events[-1]["event"] == "state_changed"
                          and monitor.events[-1]["to"] == "running" and not monitor.events[-1]["loop"], "all is told")
        turns = [event["event"] for event in monitor.events if event["event"].startswith("episode")]
        same(turns, ["episode_opened", "episode_closed"], "the light")


@test("three that die together are one reset")
def together():
    loops = "".join(f"[loop:{name}]\ngroup = g\nmax_loop_failures = 0\ncommand = sleep infinity\n" for name in "abc")
    with Daemon(f"[group:g]\n{loops}") as daemon:
        daemon.wait_green("g")
        for pid in list(daemon.loops("pid").values()):
            with contextlib.suppress(ProcessLookupError):  # the reset may have been quicker
                os.kill(pid, signal.SIGKILL)
        episode = daemon.wait_closed("g")
        same(episode["cause"]["kind"], "signal", "kind")
        daemon.wait_green("g")
        same(daemon.loops("generation"), {"a": 1, "b": 1, "c": 1}, "generations")
        same(daemon.group("g")["resets_total"], 1, "resets")


@test("a member that dies while the others are being stopped is noted in the episode, not counted")
def suspended():
    config = """[group:g]
[loop:first]
group = g
max_loop_failures = 0
command = sleep infinity
[loop:deaf]
group = g
after = first
grace_period = 1h
command = sh -c '[ $GREENLOOP_GENERATION = 1 ] && exec sleep infinity; trap "" TERM; echo up >%d/up; \
 until [ -e %d/go ]; do sleep 0.01; done'
"""
    with Daemon(config) as daemon:
        daemon.wait_lines("up", 1)
        daemon.act("fail", "--trip", "deaf")
        daemon.wait_state("deaf", "stopping")
        same(daemon.loop("first")["state"], "running", "it is stopped later, but suspended")
        daemon.act("kill", "--signal=KILL", "first")
        daemon.wait_until(lambda: daemon.why("#1")["episodes"][0]["failures_attached"], "its end is seen")
        open(daemon.file("go"), "w", encoding="ascii").close()
        episode = daemon.wait_closed("g")
        same([(row["loop"], row["kind"]) for row in episode["failures"]], [("first", "signal")], "noted")
        same((episode["resets"], daemon.loop("first")["failures_total"]), (1, 0), "resets, failures counted")
        same(daemon.loops("generation"), {"first": 1, "deaf": 1}, "generations")


def strategy(name, more=""):
    rows = "".join(f"[loop:{name}-{member}]\ngroup = {name}\ncommand = sleep infinity\n"
                   + (f"after = {name}-{before}\n" if before else "")
                   for member, before in (("x", ""), ("y", "x"), ("z", "y")))
    return f"[group:{name}]\nstrategy = {name}\n{rows}{more}"


@test("one_for_all, rest_for_one and one_for_one start anew exactly whom they should")
def strategies():
    apart = "[loop:apart]\ngroup = one_for_all\nreset_globally = no\ncommand = sleep infinity\n"
    with Daemon(strategy("one_for_all", apart) + strategy("rest_for_one") + strategy("one_for_one")) as daemon:
        groups = ("one_for_all", "rest_for_one", "one_for_one")
        daemon.wait_green(*groups)
        before = daemon.loops("pid")
        daemon.act("fail", "--trip", "one_for_all-y")
        daemon.act("fail", "--trip", "rest_for_one-y")
        daemon.act("fail", "--trip", "one_for_one-y")
        for number, group in enumerate(groups, 1):
            episodes = daemon.wait_until(lambda group=group: [episode for episode in daemon.why(group)["episodes"]
                                                              if episode["closed"]], f"{group} is green again")
            same(episodes[0]["result"], "green", f"{number}: {group}")
        same(daemon.loops("generation"), {
            "one_for_all-x": 1, "one_for_all-y": 1, "one_for_all-z": 1, "apart": 0,
            "rest_for_one-x": 0, "rest_for_one-y": 1, "rest_for_one-z": 1,
            "one_for_one-x": 0, "one_for_one-y": 1, "one_for_one-z": 0}, "generations")
        now = daemon.loops("pid")
        for name in ("apart", "rest_for_one-x", "one_for_one-x", "one_for_one-z"):
            same(now[name], before[name], f"process of {name}")
        daemon.act("fail", "--trip", "apart")
        daemon.wait_until(lambda: daemon.loop("apart")["generation"] == 1 and not
                          daemon.group("one_for_all")["episode_open"], "apart is reset by its own failure")
        same(daemon.loop("one_for_all-x")["generation"], 2, "and all others with it")


@test("a failure while a reset is under way is another reset, never lost")
def failure_during_reset():
    config = """[group:g]
backoff = 1ms
[loop:slow]
group = g
ready = delay:300ms
command = sleep infinity
[loop:bad]
group = g
max_loop_failures = 0
command = sh -c '[ "$GREENLOOP_GENERATION" -ne 1 ] || exit 3; exec sleep infinity'
"""
    with Daemon(config) as daemon:
        daemon.wait_green("g")
        daemon.act("fail", "--trip", "bad", "the first cause")
        episode = daemon.wait_closed("g")
        same((episode["result"], episode["resets"]), ("green", 2), "result, resets")
        same(episode["cause"]["reason"], "the first cause", "cause")
        same([row["kind"] for row in episode["failures"]], ["exit"], "failures that it dragged along")
        same(daemon.loops("generation"), {"slow": 2, "bad": 2}, "generations")


ALWAYS = """
[group:g]
max_resets = 2
backoff = 1ms
%s
[loop:bad]
group = g
max_loop_failures = 0
ready = delay:1h
command = sh -c 'exit 3'
[loop:good]
group = g
command = sleep infinity
[group:neighbour]
[loop:next]
group = neighbour
command = sleep infinity
[loop:lonely]
command = sleep infinity
"""


@test("a group that always fails is reset max_resets times, then exhausted; its neighbours never notice")
def exhausted():
    with Daemon(ALWAYS % "autostart = no") as daemon:
        daemon.wait_green("neighbour", "lonely")
        before = daemon.loops("pid", "generation")
        same(daemon.ctl("start", "g").status, 1, "start of a group that cannot")
        row = daemon.wait_state("g", "failed")
        same((row["resets_total"], row["color"], row["light"]), (2, "red", "red"), "the group")
        same(daemon.loop("bad")["generation"], 2, "generation of bad")
        same(daemon.loops("pid")["good"], 0, "its members are stopped")
        episode = daemon.why("g")["episodes"][0]
        same((episode["result"], episode["cause"]["loop"]), ("exhausted", "bad"), "episode")
        now = daemon.loops("pid", "generation")
        for name in ("next", "lonely"):
            same(now[name], before[name], name)
        same(daemon.ctl("is-green").status, 3, "is-green")
        same(daemon.ctl("is-green", "neighbour").status, 0, "is-green neighbour")
        same(daemon.ctl("start", "good").status, 1, "start of a member")
        same(daemon.ctl("start", "g").status, 1, "started again, with an empty budget")
        same(daemon.wait_state("g", "failed")["resets_total"], 4, "resets in all")


@test("exhausted_action = exit of the daemon: it ends with 1, or with N of exit:N, and leaves nothing")
def exhausted_exit():
    for action, status in (("exit", 1), ("exit:7", 7)):
        with Daemon(f"[greenloopd]\nexhausted_action = {action}\n" + ALWAYS % "") as daemon:
            same(daemon.wait_end(), status, action)


@test("a group's own exhausted_action: stay touches nobody, exit:N ends the daemon, cooldown tries again")
def exhausted_actions():
    with Daemon("[greenloopd]\nexhausted_action = exit:9\n" + ALWAYS % "exhausted_action = exit:5") as daemon:
        same(daemon.wait_end(), 5, "exit:5 of the group")
    with Daemon("[greenloopd]\nexhausted_action = exit:9\n" + ALWAYS % "exhausted_action = stay") as daemon:
        daemon.wait_state("g", "failed")
        same(daemon.ctl("is-green", "neighbour").status, 0, "the daemon stays")
    with Daemon(ALWAYS % "exhausted_action = cooldown:50ms") as daemon:
        daemon.wait_until(lambda: daemon.group("g")["resets_total"] > 4, "it is tried again")


@test("two loops outside any group: one that crashes for ever leaves the other alone")
def strangers():
    config = """[loop:crash]
max_loop_failures = 5
backoff = 1ms
command = false
[loop:calm]
command = sleep infinity
"""
    with Daemon(config) as daemon:
        pid = daemon.wait_state("calm", "running")["pid"]
        row = daemon.wait_state("crash", "failed")
        same((row["failures_total"], row["color"]), (6, "red"), "crash")
        calm = daemon.loop("calm")
        same((calm["generation"], calm["pid"], calm["starts"]), (0, pid, 1), "calm")


NESTED = """
[group:parent]
max_resets = %d
backoff = 1ms
[loop:member]
group = parent
command = sleep infinity
[group:child]
parent = parent
max_resets = %d
backoff = %s
backoff_max = 1h
[loop:bad]
group = child
max_loop_failures = 0
command = %s
[loop:outside]
command = sleep infinity
"""


@test("an exhausted child group resets its parent's members, and starts anew with an empty budget")
def nested_exhaustion():
    with Daemon(NESTED % (1, 1, "1ms", "sh -c 'exit 3'")) as daemon:
        outside = daemon.wait_state("outside", "running")["pid"]
        daemon.wait_state("parent", "failed")
        same(daemon.loops("generation"), {"member": 1, "bad": 3, "outside": 0}, "generations")
        same(daemon.group("child")["resets_total"], 2, "resets of the child")
        same(daemon.group("parent")["resets_total"], 1, "resets of the parent")
        same(daemon.loops("pid")["member"], 0, "the parent's member is stopped")
        same(daemon.loop("outside")["pid"], outside, "the loop outside")
        episode = daemon.why("parent")["episodes"][0]
        same((episode["cause"]["loop"], episode["cause"]["kind"]), ("child", "group"), "cause of the parent's")
        holds(episode["cause"]["origin"], "bad: exit 3", "the first cause is in it")


@test("a parent's reset stops a child group that is itself in the middle of a reset")
def nested_reset():
    with Daemon(NESTED % (5, 5, "1h", "sleep infinity")) as daemon:
        daemon.wait_green("parent")
        daemon.act("fail", "--trip", "bad")
        daemon.wait_closed("child", 1)
        daemon.act("fail", "--trip", "bad")
        daemon.wait_state("child", "resetting")
        daemon.wait_state("bad", "inactive")
        daemon.act("reset", "parent")
        daemon.wait_green("parent")
        same(daemon.why("#2")["episodes"][0]["result"], "superseded", "the child's own episode")
        same(daemon.loops("generation"), {"member": 1, "bad": 2, "outside": 0}, "generations")
        check(daemon.group("child")["ready"], "the child is ready")


@test("reset by hand: one new generation for all; it asks for a group")
def by_hand():
    with Daemon(strategy("one_for_all")) as daemon:
        daemon.wait_green("one_for_all")
        daemon.act("reset", "-m", "new line", "one_for_all")
        same(set(daemon.loops("generation").values()), {1}, "generations")
        holds(daemon.why()["episodes"][0]["cause"]["reason"], "new line", "reason")
        same(daemon.ctl("reset", "one_for_all-x").status, 2, "reset of a loop")
        same(daemon.loop("one_for_all-x")["generation"], 1, "nothing was done")


main()
