#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One section [loop:NAME@] for several loops."""

from greenloop import Daemon, holds, main, same, test


@test("instances are loops like any other: own values, one after all, globs, why and monitor know them")
def instances():
    config = """[group:g]
[loop:worker@]
group = g
instances = 3
after = db
env.SHARE = share %i
command = sh -c 'echo "%n $SHARE $GREENLOOP_LOOP" >>%d/up; exec sleep infinity'
[loop:db]
group = g
ready = delay:100ms
command = sleep infinity
[loop:last]
group = g
type = oneshot
after = worker@
command = sh -c 'until [ "$(wc -l <%d/up)" -ge 3 ]; do sleep 0.05; done; sort %d/up >%d/seen'
[loop:mail@]
instances = red green
command = sleep infinity
"""
    with Daemon(config) as daemon:
        daemon.act("wait", "--for=done", "last")
        same(daemon.wait_lines("seen", 3), [f"worker@{i} share {i} worker@{i}" for i in (1, 2, 3)], "seen")
        same(list(daemon.loops("state")), ["worker@1", "worker@2", "worker@3", "db", "last", "mail@red", "mail@green"],
             "loops")
        daemon.act("stop", "worker@*")
        same(daemon.loops("state"), {"worker@1": "inactive", "worker@2": "inactive", "worker@3": "inactive",
                                     "db": "running", "last": "done", "mail@red": "running", "mail@green": "running"},
             "states")
        daemon.act("start", "g/worker@2")
        same(daemon.loop("worker@2")["generation"], 1, "generation")
        daemon.act("fail", "--trip", "worker@2")
        daemon.wait_closed("g")
        same(daemon.why("g")["episodes"][0]["cause"]["throughline"], "g/worker@2:1#1", "cause")
        same(daemon.loop("worker@1")["state"], "inactive", "one that was stopped by itself")
        holds(daemon.act("show", "mail@green").text, "red green", "show")
        same(daemon.ctl("stop", "worker@").status, 4, "the section's own name")


main()
