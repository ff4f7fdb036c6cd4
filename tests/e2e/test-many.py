#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A thousand loops: they start, are reset and stop; at rest they cost nothing, counted from /proc."""

import os
import time

from greenloop import SANITIZED, Daemon, Skip, lines, main, marked, read, same, test, until

LOOPS = 1000  # under TSan, too
SECONDS = 10


def usage(pid):
    """Ticks of CPU, and context switches of each thread."""
    fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    switches = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        found = [int(line.split()[1]) for line in lines(f"/proc/{pid}/task/{task}/status") if "ctxt_switches" in line]
        switches[read(f"/proc/{pid}/task/{task}/comm").strip()] = sum(found)
    return int(fields[11]) + int(fields[12]), switches


def config():
    groups = "".join(f"[group:g{i}]\n" for i in range(10))
    return groups + "".join(f"[loop:l{i}]\ngroup = g{i % 10}\noutput = null\ncommand = sleep infinity\n" for i in range(LOOPS))


@test("1 000 loops start, are reset and stop")
def many():
    with Daemon(config(), "--log-level=notice") as daemon:
        daemon.wait_green("g*")
        same(daemon.status()["daemon"]["loops_ready"], LOOPS, "loops")
        for number in range(10):  # one of each group
            daemon.act("fail", "--trip", f"l{number}")
        daemon.wait_until(lambda: all(row["resets_total"] == 1 and row["color"] == "green" for row in daemon.status()["groups"]),
                          "all groups are reset")
        same(set(daemon.loops("generation", "failures").values()), {(1, 0)}, "generations, failures")
        same(len(marked(daemon.folder)) - 1, LOOPS, "processes, beside the daemon")
        daemon.act("stop", "--all")
        same(len(marked(daemon.folder)) - 1, 0, "processes, beside the daemon")


@test("an idle daemon with 1 000 loops uses no CPU and makes no context switch in ten seconds")
def idle():
    if SANITIZED:
        raise Skip("a sanitizer's own threads wake up")
    with Daemon(config(), "--log-level=notice") as daemon:
        daemon.wait_green("g*")
        same(daemon.status()["daemon"]["loops_ready"], LOOPS, "loops")
        until(lambda: usage(daemon.pid)[1] == (time.sleep(0.5), usage(daemon.pid)[1])[1], "it has come to rest")
        ticks, before = usage(daemon.pid)
        time.sleep(SECONDS)  # not to wait for something, but to see that nothing happens
        later, after = usage(daemon.pid)
        same({name: count - before.get(name, 0) for name, count in after.items() if count != before.get(name, 0)}, {},
             "context switches")
        same(later - ticks, 0, "ticks of CPU")


main()
