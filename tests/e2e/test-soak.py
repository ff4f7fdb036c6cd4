#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is restarted without end costs no more after many restarts than after some (pm2#1126, god#27, Supervisor#807).

Each loop is restarted $SOAK_RESTARTS times. A tenth and a fifth of the way and at the end all are stopped. What the
daemon then has is counted: what only lives while a loop runs is gone, so descriptors and threads must be the same to the
last one. The first stop is for what is made once.
"""

import collections
import os
import time

from greenloop import DEADLINE, LOOK_AGAIN, SANITIZED, Daemon, check, lines, main, same, test, until

RESTARTS = int(os.environ.get("SOAK_RESTARTS") or (250 if SANITIZED else 5000))
GROWTH = 256  # KiB: arenas are taken into use and fill up little by little; 4 000 times 64 bytes would show

Usage = collections.namedtuple("Usage", "memory descriptors threads")

CRASHING = """backoff = 1ms
backoff_max = 1ms
max_loop_failures = 0
exhausted_action = ignore
"""


def usage(pid):
    rows = dict(line.split(":", 1) for line in lines(f"/proc/{pid}/smaps_rollup")[1:])
    return Usage(int(rows["Anonymous"].split()[0]), len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task")))


def restarts(daemon):
    """Of each loop: its failures, the cycles of this generation, or its generations, whatever it is that it has many of."""
    return {name: max(row) for name, row in daemon.loops("failures_total", "cycle", "starts").items()}


def restarted(daemon, count):
    """Until each loop has been restarted so often; it fails only if nothing goes on at all."""
    before, since = None, time.monotonic()
    while True:
        now = restarts(daemon)
        if min(now.values()) >= count:
            return
        if now != before:
            before, since = now, time.monotonic()
        check(time.monotonic() < since + DEADLINE, f"nothing is restarted any more: {now}")
        time.sleep(5 * LOOK_AGAIN)


def at_rest(daemon):
    """Of the stopped daemon, as soon as it has let go of the client that stopped it."""
    daemon.act("stop", "--all")
    seen = []

    def look():
        seen.append(usage(daemon.pid))
        return seen[-1] if seen[-3:] == [seen[-1]] * 3 else None
    return until(look, "it has come to rest")


def soak(config):
    with Daemon(config, "--log-level=crit") as daemon:
        for share in (10, 5):
            restarted(daemon, RESTARTS // share)
            some = at_rest(daemon)
            daemon.act("start", "--no-block", "--all")
        restarted(daemon, RESTARTS)
        total = restarts(daemon)
        many = at_rest(daemon)
        print(f"# {total}: {some}, then {many}", flush=True)
        same((many.descriptors, many.threads), (some.descriptors, some.threads), "descriptors, threads")
        check(SANITIZED or many.memory - some.memory <= GROWTH, f"memory: {some.memory} KiB, then {many.memory} KiB")


@test("a command that crashes again and again: its output goes nowhere, is captured; it is no program at all")
def crashing():
    soak(f"[defaults]\n{CRASHING}"
         "[loop:quiet]\noutput = null\ncommand = false\n"
         "[loop:captured]\noutput = console\ncommand = sh -c 'echo one more; exit 3'\n"
         "[loop:missing]\noutput = null\ncommand = /nonexistent/program\n")


@test("a command that crashes after it was set up by greenloop-exec")
def helped():
    soak(f"[defaults]\n{CRASHING}[loop:helped]\noutput = null\numask = 0027\nenv.WORD = a word\ncommand = false\n")


@test("a cycle that succeeds without a pause, and is forgiven each time")
def cycle():
    soak("[loop:cycle]\noutput = null\ninterval = 0\nforgive_after = 0\ncommand = true\n")


@test("a group that is reset again and again: each time a new generation of two loops, and an episode")
def resets():
    soak("[defaults:g]\nbackoff = 1ms\nbackoff_max = 1ms\nmax_loop_failures = 0\n"
         "[group:g]\nmax_resets = 1000000\nreset_window = 1ms\nbackoff = 1ms\nbackoff_max = 1ms\n"
         "[loop:bad]\ngroup = g\noutput = null\ncommand = false\n"
         "[loop:good]\ngroup = g\noutput = null\ncommand = sleep infinity\n")


main(2)
