#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An idle daemon with 1 000 loops: no CPU, no wake-ups, counted from /proc."""

import os
import time

from greenloop import SANITIZED, Daemon, Skip, lines, main, read, same, test, until

LOOPS = 1000
SECONDS = 10


def usage(pid):
    """Ticks of CPU, and context switches of each thread."""
    fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    switches = {}
    for task in os.listdir(f"/proc/{pid}/task"):
        found = [int(line.split()[1]) for line in lines(f"/proc/{pid}/task/{task}/status") if "ctxt_switches" in line]
        switches[read(f"/proc/{pid}/task/{task}/comm").strip()] = sum(found)
    return int(fields[11]) + int(fields[12]), switches


@test("an idle daemon with 1 000 loops uses no CPU and makes no context switch in ten seconds")
def idle():
    if SANITIZED:
        raise Skip("a sanitizer's own threads wake up")
    groups = "".join(f"[group:g{i}]\n" for i in range(10))
    loops = "".join(f"[loop:l{i}]\ngroup = g{i % 10}\noutput = null\ncommand = sleep infinity\n" for i in range(LOOPS))
    with Daemon(groups + loops, "--log-level=notice") as daemon:
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
