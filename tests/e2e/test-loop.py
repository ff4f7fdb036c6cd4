#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""One loop: its types, its failures and their budget, and what the daemon itself cannot do."""

import resource

from greenloop import SANITIZED, Daemon, Skip, check, end, holds, lines, main, same, test, until


@test("a command that does not exist, or is no program, is a failure of kind exec that says so (Supervisor#788)")
def exec_failure():
    config = """[loop:missing]
command = /nonexistent/program
max_loop_failures = 1
backoff = 1ms
[loop:folder]
command = /tmp
max_loop_failures = 0
[loop:unfound]
command = no-such-program-anywhere
max_loop_failures = 0
"""
    with Daemon(config) as daemon:
        for name, total, word in (("missing", 2, "/nonexistent/program: No such file or directory"),
                                  ("folder", 1, "ermission denied"), ("unfound", 1, "no-such-program-anywhere")):
            row = daemon.wait_state(name, "failed")
            same((row["failures_total"], row["last_failure"]["kind"]), (total, "exec"), name)
            holds(row["last_failure"]["reason"], word, name)


@test("a spawn without a free descriptor is retried, said, and not counted")
def no_descriptors():
    config = "[loop:l]\noutput = console\nbackoff = 10ms\nbackoff_max = 10ms\ncommand = sleep infinity\n"
    with Daemon(config) as daemon, daemon.monitor() as monitor:
        pid = daemon.wait_state("l", "running")["pid"]
        soft, hard = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (3, hard))
        end(pid)
        until(lambda: len([event for event in monitor.events if "Too many open files" in event.get("text", "")]) >= 3,
              "three attempts", lambda: monitor.read(1))
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (soft, hard))
        daemon.act("wait", "--for=running", "l")
        row = daemon.loop("l")
        same((row["failures_total"], row["last_failure"]["kind"]), (1, "signal"), "failures: the one that ended it")
        check(row["pid"] != pid and row["generation"] == 0, "a new process of the same generation")


@test("nor is one without memory")
def no_memory():
    if SANITIZED:
        raise Skip("a sanitizer needs its address space")
    config = "[loop:l]\noutput = null\nbackoff = 10ms\nbackoff_max = 10ms\ncommand = sleep infinity\n"
    with Daemon(config) as daemon, daemon.monitor() as monitor:
        pid = daemon.wait_state("l", "running")["pid"]
        before = resource.prlimit(daemon.pid, resource.RLIMIT_AS)
        resource.prlimit(daemon.pid, resource.RLIMIT_AS, (4096, before[1]))
        end(pid)
        until(lambda: len([event for event in monitor.events if "Cannot allocate memory" in event.get("text", "")]) >= 3,
              "three attempts", lambda: monitor.read(1))
        resource.prlimit(daemon.pid, resource.RLIMIT_AS, before)
        daemon.act("wait", "--for=running", "l")
        same(daemon.loop("l")["failures_total"], 1, "failures: the one that ended it")


@test("a oneshot is retried until it succeeds, then done, which counts as ready")
def oneshot():
    config = """[loop:l]
type = oneshot
backoff = 1ms
command = sh -c 'echo x >>%d/runs; [ "$(wc -l <%d/runs)" -ge 3 ]'
[loop:next]
after = l
command = sleep infinity
"""
    with Daemon(config) as daemon:
        daemon.act("wait", "--for=done", "l")
        row = daemon.loop("l")
        same((row["state"], row["ready"], row["failures_total"], row["color"]), ("done", True, 2, "grey"), "l")
        daemon.act("wait", "next")
        same(len(lines(daemon.file("runs"))), 3, "runs")
        same(daemon.ctl("is-green").status, 0, "is-green")


@test("a cycle runs its command again and again, failures or not, in one generation")
def cycle():
    config = """[loop:good]
interval = 10ms
command = sh -c 'echo x >>%d/good'
[loop:bad]
interval = 10ms
max_loop_failures = 3
backoff = 1ms
command = false
"""
    with Daemon(config) as daemon:
        daemon.wait_lines("good", 5)
        row = daemon.loop("good")
        check(row["cycle"] >= 5 and row["generation"] == 0, f"cycles: {row}")
        same(daemon.wait_state("bad", "failed")["failures_total"], 4, "failures of bad")


@test("a cycle that takes longer than cycle_timeout is ended: a failure, then the next one")
def cycle_timeout():
    config = """[loop:l]
interval = 10ms
backoff = 1ms
cycle_timeout = 100ms
grace_period = 100ms
command = sh -c 'trap "" TERM; sleep 3600; sleep 3600'
"""
    with Daemon(config) as daemon:
        row = daemon.wait_until(lambda: (row := daemon.loop("l"))["failures_total"] >= 2 and row, "two are overdue")
        same((row["last_failure"]["kind"], row["generation"]), ("cycle-timeout", 0), "kind, generation")


@test("not ready within start_timeout is a failure")
def start_timeout():
    with Daemon("[loop:l]\nready = delay:1h\nstart_timeout = 50ms\nmax_loop_failures = 0\ncommand = sleep infinity\n") as daemon:
        same(daemon.wait_state("l", "failed")["last_failure"]["kind"], "start-timeout", "kind")
        same(daemon.processes("l"), [], "processes")


@test("success_exit_status ends a service without a failure; a signal may stand in it")
def success():
    config = """[loop:number]
success_exit_status = 3 SIGUSR1
command = sh -c 'exit 3'
[loop:signal]
success_exit_status = 3 SIGUSR1
command = sh -c 'kill -USR1 $$'
[loop:zero]
max_loop_failures = 0
command = true
"""
    with Daemon(config) as daemon:
        same(daemon.wait_state("number", "done")["failures_total"], 0, "number")
        same(daemon.wait_state("signal", "done")["failures_total"], 0, "signal")
        same(daemon.wait_state("zero", "failed")["failures_total"], 1, "a service that ends with 0 has failed, too")


@test("trip_on trips at once; fatal_exit_status is the end of it without a reset of the others")
def at_once():
    config = """[group:g]
[loop:trips]
group = g
trip_on = signal
command = sleep infinity
[group:h]
[loop:fatal]
group = h
fatal_exit_status = 9
command = sh -c 'exit 9'
[loop:other]
group = h
command = sleep infinity
"""
    with Daemon(config) as daemon:
        daemon.wait_green("g")
        daemon.act("kill", "--signal=KILL", "trips")
        same(daemon.wait_closed("g")["cause"]["kind"], "signal", "cause")
        same(daemon.loop("trips")["generation"], 1, "generation")
        daemon.wait_state("fatal", "failed")
        row = daemon.group("h")
        same((row["resets_total"], row["color"], daemon.loop("other")["generation"]), (0, "red", 0), "the group")


@test("a loop's own exhausted_action: stay, ignore, cooldown, exit:N")
def exhausted_action():
    config = "".join(f"[group:{name}]\n[loop:l-{name}]\ngroup = {name}\nmax_loop_failures = 1\nbackoff = 1ms\n"
                     f"exhausted_action = {action}\ncommand = false\n[loop:o-{name}]\ngroup = {name}\ncommand = sleep infinity\n"
                     for name, action in (("stay", "stay"), ("ignore", "ignore"), ("cooldown", "cooldown:20ms")))
    with Daemon(config) as daemon:
        same(daemon.wait_state("l-stay", "failed")["failures_total"], 2, "stay")
        daemon.wait_until(lambda: daemon.loop("l-ignore")["failures_total"] > 4, "ignore goes on")
        same(daemon.loop("l-ignore")["color"], "red", "red until it succeeds")
        daemon.wait_until(lambda: daemon.loop("l-cooldown")["failures_total"] > 4, "cooldown tries again")
        for name in ("stay", "ignore", "cooldown"):
            same((daemon.group(name)["resets_total"], daemon.loop(f"o-{name}")["generation"]), (0, 0), name)
    with Daemon("[loop:l]\nmax_loop_failures = 0\nexhausted_action = exit:11\ncommand = false\n") as daemon:
        same(daemon.wait_end(), 11, "exit:11")


@test("forgive_after = 0: each success forgives")
def forgiven():
    config = """[loop:l]
interval = 1ms
backoff = 1ms
forgive_after = 0
max_loop_failures = 1
command = sh -c 'echo x >>%d/runs; [ $(( $(wc -l <%d/runs) % 2 )) -eq 0 ]'
""".replace("% 2", "%% 2")
    with Daemon(config) as daemon:
        daemon.wait_lines("runs", 10)
        row = daemon.loop("l")
        check(row["failures_total"] >= 4 and row["state"] != "failed", f"it fails every second time: {row}")


@test("an empty configuration is valid")
def empty():
    with Daemon("") as daemon:
        same(daemon.status()["loops"] + daemon.status()["groups"], [], "rows")
        same(daemon.ctl("status").status, 0, "status")


main()
