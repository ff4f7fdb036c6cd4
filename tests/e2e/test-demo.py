#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The demo in examples/: three loops of three kinds that need each other. Whichever fails, all three are reset, once."""

import os
import shutil
import stat
import sys

SOURCE = os.environ.get("top_srcdir", ".")
sys.path.insert(0, os.path.join(SOURCE, "tests", "lib"))

from greenloop import BUILD, Daemon, check, lines, main, read, same, test  # noqa: E402

EXAMPLES = os.path.join(SOURCE, "examples")
NAMES = ("aggregate", "sample", "report")


def demo():
    daemon = Daemon(read(os.path.join(EXAMPLES, "demo.conf")))
    for path in (os.path.join(EXAMPLES, "aggregate"), os.path.join(EXAMPLES, "report"),
                 os.path.join(BUILD, "examples", ".libs", "sample.so")):
        copy = daemon.file(os.path.basename(path))
        shutil.copyfile(path, copy)
        os.chmod(copy, 0o700)
    return daemon


def wait_report(daemon):
    daemon.wait_until(lambda: "MiB available" in daemon.log, "a report")


def check_reset(daemon, name, fail):
    daemon.wait_green("metrics")
    generations = daemon.loops("generation")
    fail()
    episode = daemon.wait_closed("metrics")
    same((episode["cause"]["loop"], episode["result"]), (name, "green"), "episode")
    same(daemon.loops("generation"), {loop: generations[loop] + 1 for loop in NAMES}, "generations")
    same(daemon.group("metrics")["episode"], 1, "episodes")


@test("the demo turns green, and reports")
def report():
    with demo() as daemon:
        daemon.wait_green("metrics")
        wait_report(daemon)
        same(len(lines(daemon.file("state"))), 1, "lines of the state")


@test("its service is killed: all three are reset, once")
def kill_service():
    with demo() as daemon:
        check_reset(daemon, "aggregate", lambda: daemon.act("kill", "--signal=KILL", "aggregate"))


@test("its cycle is killed: all three are reset, once")
def kill_cycle():
    with demo() as daemon:
        def kill():
            # It has a process nearly always.
            daemon.wait_until(lambda: daemon.ctl("kill", "--signal=KILL", "report").status == 0, "a process of report")
        check_reset(daemon, "report", kill)


@test("its module fails: all three are reset, once")
def fail_module():
    with demo() as daemon:
        check_reset(daemon, "sample", lambda: daemon.act("fail", "--trip", "sample"))


@test("its FIFO is lost: the reset makes a new one")
def lose_fifo():
    with demo() as daemon:
        daemon.wait_green("metrics")
        wait_report(daemon)
        os.unlink(daemon.file("samples"))
        daemon.act("hard-reset", "sample")
        episode = daemon.wait_closed("metrics")
        same((episode["cause"]["loop"] in NAMES, episode["result"]), (True, "green"), "episode")
        check(stat.S_ISFIFO(os.stat(daemon.file("samples")).st_mode), "there is a FIFO again")


main()
