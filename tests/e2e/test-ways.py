#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A program's own ways: stop_command, kill_mode, reload_signal and reload_command."""

import os
import signal
import subprocess

from greenloop import CTL, Daemon, check, ctl, end, holds, is_alive, lines, main, marked, same, test


def touch(path):
    with open(path, "w", encoding="ascii"):
        pass


# Says when it is there, heeds a file, and tells of a SIGTERM.
PROGRAM = """sh -c 'trap "echo TERM >>%d/told; exit 0" TERM; trap "echo HUP >>%d/told" HUP; echo $$ >>%d/up;
    while [ ! -e %d/quit ]; do sleep 0.02; done; echo quit >>%d/told'
"""


@test("stop_command comes first, with the process in its environment; stop_signal follows when it has ended")
def stop_command():
    config = f"""[loop:l]
stop_command = sh -c 'echo command $GREENLOOP_PID $GREENLOOP_LOOP >>%d/told'
command = {PROGRAM}"""
    with Daemon(config) as daemon:
        pid = daemon.wait_lines("up", 1)[0]
        daemon.act("stop", "l")
        same(lines(daemon.file("told")), [f"command {pid} l", "TERM"], "told")


@test("a program that ends by its stop_command gets no signal; a reset stops that way, too")
def stopped_by_command():
    config = f"""[group:g]
[loop:l]
group = g
on_start = rm -f %d/quit
stop_command = sh -c 'touch %d/quit; while kill -0 $GREENLOOP_PID; do sleep 0.02; done'
command = {PROGRAM}"""
    with Daemon(config) as daemon:
        daemon.wait_lines("up", 1)
        daemon.act("reset", "g")
        daemon.wait_lines("up", 2)
        daemon.act("stop", "g")
        same(lines(daemon.file("told")), ["quit", "quit"], "told")


@test("a stop_command that fails is logged, and stop_signal follows")
def stop_command_fails():
    config = f"""[loop:l]
stop_command = sh -c 'exit 3'
command = {PROGRAM}
[loop:m]
stop_command = /nonexistent/command
command = sleep infinity
"""
    with Daemon(config) as daemon:
        daemon.wait_lines("up", 1)
        daemon.wait_state("m", "running")
        daemon.act("stop", "l", "m")
        same(lines(daemon.file("told")), ["TERM"], "told")
        holds(daemon.log, "stop_command: exit 3", "log")
        holds(daemon.log, "stop_command: cannot execute /nonexistent/command", "log")


@test("grace_period covers stop_command and what follows; a second stop and a hard reset go past it")
def stop_command_hangs():
    config = """[defaults]
stop_command = sh -c 'echo $$ >>%d/stopping; exec sleep infinity'
grace_period = 1h
[loop:l]
grace_period = 200ms
command = sleep infinity
[loop:m]
command = sleep infinity
[loop:n]
command = sleep infinity
"""
    with Daemon(config.replace("[defaults]\n", "")) as daemon:
        daemon.act("wait", "l", "m", "n")
        daemon.act("stop", "l")
        first = int(daemon.wait_lines("stopping", 1)[0])
        check(first not in marked(daemon.folder), "stop_command goes on")
        daemon.act("--no-block", "stop", "m")
        daemon.wait_lines("stopping", 2)
        daemon.act("hard-reset", "n")
        same(daemon.loop("n")["generation"], 1, "generation")
        same(len(lines(daemon.file("stopping"))), 2, "a hard reset ran stop_command")
        daemon.act("--no-block", "restart", "n")
        second = int(daemon.wait_lines("stopping", 3)[2])
        daemon.act("hard-reset", "n")
        same((daemon.loop("n")["generation"], second in marked(daemon.folder)), (2, False), "a hard reset while it runs")
        end(daemon.pid, signal.SIGTERM)
        daemon.wait_lines("stopping", 4)
        end(daemon.pid, signal.SIGTERM)
        same(daemon.wait_end(), 0, "exit status")


@test("a slow on_failure does not hold up stop_command")
def stop_command_is_urgent():
    config = """[loop:l]
hook_timeout = 1h
on_failure = sh -c 'echo x >>%d/failing; while [ ! -e %d/go ]; do sleep 0.02; done'
stop_command = touch %d/stopping
command = sleep infinity
"""
    with Daemon(config) as daemon:
        daemon.act("wait", "l")
        daemon.act("fail", "l")
        daemon.wait_lines("failing", 1)
        daemon.act("--no-block", "stop", "l")
        daemon.wait_until(lambda: os.path.exists(daemon.file("stopping")), "stop_command")
        touch(daemon.file("go"))
        daemon.act("stop", "l")


@test("kill_mode = mixed asks the main process alone, all asks its whole process group")
def kill_mode():
    program = """sh -c 'sh -c "trap \\"echo child >>%d/NAME; exit\\" TERM; echo x >>%d/up; while :; do sleep 0.02; done" &
    trap "echo main >>%d/NAME; wait; exit" TERM; wait; wait'
"""
    config = f"""[loop:all]
kill_mode = all
command = {program.replace("NAME", "all")}
[loop:mixed]
kill_mode = mixed
grace_period = 300ms
command = {program.replace("NAME", "mixed")}"""
    with Daemon(config) as daemon:
        daemon.wait_lines("up", 2)
        daemon.act("stop", "all", "mixed")
        same(sorted(lines(daemon.file("all"))), ["child", "main"], "all")
        same(lines(daemon.file("mixed")), ["main"], "mixed")
        check(not daemon.processes("mixed"), "something is left")


@test("reload NAME: the signal, or the command, whose result is the answer; without either it is refused")
def reload():
    config = f"""[loop:signal]
reload_signal = HUP
command = {PROGRAM}
[loop:command]
reload_signal = HUP
reload_command = sh -c 'echo $GREENLOOP_PID >>%d/reloaded; [ ! -e %d/broken ] || exit 4'
command = sleep infinity
[loop:none]
command = sleep infinity
[loop:down]
autostart = no
reload_signal = HUP
command = sleep infinity
[group:g]
"""
    with Daemon(config) as daemon:
        daemon.wait_lines("up", 1)
        daemon.act("wait", "command", "none")
        daemon.act("reload", "signal")
        same(daemon.wait_lines("told", 1), ["HUP"], "told")
        daemon.act("reload", "command")
        same(lines(daemon.file("reloaded")), [str(daemon.loop("command")["pid"])], "reload_command")
        touch(daemon.file("broken"))
        answer = daemon.ctl("reload", "command", "-m", "why not")
        same((answer.status, answer.error), (1, "greenloopctl: command: reload_command: exit 4\n"), "one that fails")
        answer = daemon.ctl("reload", "none")
        same((answer.status, answer.error), (1, "greenloopctl: none: has neither reload_signal nor reload_command\n"), "none")
        answer = daemon.ctl("reload", "down")
        same((answer.status, answer.error), (1, "greenloopctl: down: has no process\n"), "down")
        same(daemon.ctl("reload", "g").status, 2, "a group")
        same(daemon.ctl("reload", "nobody").status, 4, "an unknown name")
        same(daemon.loop("command")["state"], "running", "state")
        same(daemon.loop("signal")["failures_total"], 0, "failures")


@test("one reload_command at a time; a stop calls it off, and it is told so")
def reload_and_stop():
    config = """[loop:l]
hook_timeout = 1h
reload_command = sh -c 'echo $$ >>%d/reloading; exec sleep infinity'
command = sleep infinity
"""
    with Daemon(config) as daemon:
        daemon.act("wait", "l")
        first = subprocess.Popen([CTL, "--socket", daemon.path, "reload", "l"], stderr=subprocess.PIPE, text=True)
        pid = int(daemon.wait_lines("reloading", 1)[0])
        answer = daemon.ctl("reload", "l")
        same((answer.status, answer.error), (1, "greenloopctl: l: is being reloaded already\n"), "the second one")
        daemon.act("stop", "l")
        same((first.communicate()[1], first.returncode), ("greenloopctl: l: was stopped meanwhile\n", 1), "the first one")
        check(not is_alive(pid), "reload_command goes on")


@test("reload needs names: what the daemon itself would reload, and --dry-run, are not there yet")
def usage():
    same(ctl("reload").status, 2, "reload")
    same(ctl("reload", "--dry-run").status, 2, "reload --dry-run")


@test("done_action = stop_group stops the group as an operator would, and says why; a start runs it again")
def stop_group():
    config = """[group:outer]
[group:g]
parent = outer
[loop:l]
group = g
command = sleep infinity
[loop:last]
group = g
type = oneshot
after = l
done_action = stop_group
command = sh -c 'echo x >>%d/runs'
[loop:other]
group = outer
command = sleep infinity
"""
    with Daemon(config) as daemon:
        for runs in (1, 2):
            row = daemon.wait_until(lambda: (row := daemon.group("g"))["state"] == "inactive" and row["note"] and row,
                                    "the stop of the group")
            same((row["desired"], row["note"], row["color"]), ("stopped", "stopped: last is done", "grey"), "g")
            same(daemon.loops("state"), {"l": "inactive", "last": "done", "other": "running"}, "states")
            same(len(lines(daemon.file("runs"))), runs, "runs")
            same(daemon.group("outer")["color"], "green", "outer")
            holds(daemon.log, "g: stopped: last is done", "log")
            daemon.act("--no-block", "start", "g")
            daemon.wait_lines("runs", runs + 1)


@test("done_action = exit: the daemon stops and exits, with status 0 unless N is said")
def done_exits():
    for action, status in (("exit", 0), ("exit:7", 7)):
        config = f"""[loop:l]
command = sleep infinity
on_stop = touch %d/stopped
[loop:last]
type = oneshot
done_action = {action}
command = true
"""
        with Daemon(config) as daemon:
            same(daemon.wait_end(), status, action)
            check(os.path.exists(daemon.file("stopped")), "l was not stopped")
            holds(daemon.log, f"exits with status {status}, as asked for by last", "log")


main()
