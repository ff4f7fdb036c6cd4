#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The start order: what gates a start, what does not, and the order of the stop."""

import os
import subprocess

from greenloop import DAEMON, Daemon, holds, lines, main, same, test

# A oneshot that is ready when its file is there.
GATE = "[loop:%s]\ntype = oneshot\nbackoff = 10ms\nbackoff_max = 10ms\nmax_loop_failures = 1000000\ncommand = test -e %%d/%s\n"


def touch(daemon, name):
    open(daemon.file(name), "w", encoding="ascii").close()


@test("(a & b) | c gates the start")
def expression():
    gates = "".join(GATE % (name, name) for name in "abc")
    waiting = "[loop:l]\nafter = (a & b) | c\ncommand = sleep infinity\n"
    with Daemon(gates + waiting) as daemon:
        touch(daemon, "a")
        daemon.act("wait", "--for=done", "a")
        daemon.wait_until(lambda: daemon.loop("b")["failures_total"] > 3, "b was tried")
        same(daemon.loop("l")["state"], "inactive", "with a alone")
        touch(daemon, "b")
        daemon.act("wait", "--for=running", "l")
    with Daemon(gates + waiting) as daemon:
        touch(daemon, "c")
        daemon.act("wait", "--for=running", "l")
        same(daemon.loops("ready")["a"], False, "a")


@test("siblings start in order, and stop in the reverse order")
def order():
    def loop(name, after):
        return (f"[loop:{name}]\ngroup = g\nafter = {after}\ncommand = sleep infinity\n"
                f"on_start = sh -c 'echo +{name} >>%d/order'\non_stop = sh -c 'echo -{name} >>%d/order'\n")
    config = "[group:g]\n" + loop("c", "b") + loop("a", "") + loop("b", "a")
    with Daemon(config) as daemon:
        daemon.wait_green("g")
        daemon.act("stop", "g")
        same(lines(daemon.file("order")), ["+a", "+b", "+c", "-c", "-b", "-a"], "order")


@test("a group is named in after like a loop: ready when it is green")
def group():
    config = "[group:g]\n" + GATE.replace("type", "group = g\ntype") % ("a", "a") + \
        "[loop:l]\nafter = g\ncommand = sleep infinity\n"
    with Daemon(config) as daemon:
        daemon.wait_until(lambda: daemon.loop("a")["failures_total"] > 3, "a was tried")
        same(daemon.loop("l")["state"], "inactive", "before g is green")
        touch(daemon, "a")
        daemon.act("wait", "--for=running", "l")


@test("a sibling that was stopped on purpose gates nobody, and that is said")
def stopped():
    config = "[loop:cache]\nautostart = no\ncommand = sleep infinity\n[loop:l]\nafter = cache\ncommand = sleep infinity\n"
    with Daemon(config) as daemon:
        daemon.act("wait", "l")
        holds(daemon.loop("l")["note"], "started without cache", "note")


@test("a sibling that has failed does gate")
def failed():
    config = """[loop:bad]
max_loop_failures = 0
on_start = false
command = sleep infinity
[loop:l]
after = bad
command = sleep infinity
"""
    with Daemon(config) as daemon:
        daemon.wait_state("bad", "failed")
        same(daemon.loop("l")["state"], "inactive", "l")
        daemon.act("stop", "bad")
        daemon.act("wait", "l")


def refused(daemon):
    """What greenloopd --check and a start say; nothing is started."""
    checked = subprocess.run([DAEMON, "--config", daemon.config_path, "--check"], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, check=False)
    same(checked.returncode, 1, "--check")
    daemon.launch()
    same(daemon.wait_end(), 78, "exit status of the start")
    holds(daemon.log, checked.stderr.splitlines()[0], "the same is said")
    return checked.stderr


@test("a cycle in after is refused with file, line and the cycle")
def cycle():
    config = "".join(f"[loop:{name}]\nafter = {after}\ncommand = touch %d/started\n"
                     for name, after in (("a", "c"), ("b", "a"), ("c", "b"), ("d", "")))
    daemon = Daemon(config)
    try:
        said = refused(daemon)
        holds(said, f"{daemon.config_path}:", "file and line")
        for arrow in ("a", "b", "c"):
            holds(said, arrow, "the cycle")
        holds(said, "cycle", "the word")
        same(os.path.exists(daemon.file("started")), False, "something was started")
    finally:
        daemon.clear()


@test("all faults of a configuration are said at once, each with its line and, if misspelt, the probable key")
def faults():
    daemon = Daemon("[loop:a]\ncomand = true\ninterval = soon\n[loop:b]\ncommand = true\nafter = nobody\n")
    try:
        said = refused(daemon)
        path = daemon.config_path
        for line, words in ((4, "command"), (5, "interval"), (8, "nobody")):
            found = [text for text in said.splitlines() if text.startswith(f"{path}:{line}: ")]
            same(len(found), 1, f"faults of line {line} in {said}")
            holds(found[0], words, f"line {line}")
    finally:
        daemon.clear()


main()
