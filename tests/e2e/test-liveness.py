#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Readiness and liveness of commands: sd_notify(3), ready = notify | probe | fd:N, watchdogs, probes; and their abuse."""

import os
import shutil
import socket
import subprocess

from greenloop import Daemon, check, holds, is_alive, lines, main, read, same, test, until

# A child that does what its arguments say, one after the other.
TALK = """import array, os, signal, socket, sys, time
SOCKET = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
def send(text, where=None):
    SOCKET.sendto(text, where or os.environ["NOTIFY_SOCKET"])
def barrier():
    reader, writer = os.pipe()
    SOCKET.sendmsg([b"BARRIER=1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [writer]))], 0,
                   os.environ["NOTIFY_SOCKET"])
    os.close(writer)
    os.read(reader, 1)
def wait(path):
    while not os.path.exists(path):
        time.sleep(0.01)  # in a loop
for word in sys.argv[1:]:
    kind, _, rest = word.partition(":")
    if kind == "wait":
        wait(rest)
    elif kind == "write":
        with open(rest + ".new", "w") as file:
            file.write("".join(f"{key}={value}\\n" for key, value in sorted(os.environ.items())) + f"pid={os.getpid()}\\n")
        os.rename(rest + ".new", rest)
    elif kind == "to":
        path, _, text = rest.partition(",")
        send(text.encode(), path)
    elif kind == "flood":
        while True:
            send(rest.encode())
    elif kind == "flag": # SIGNAL,PATH
        number, path = rest.split(",")
        signal.signal(int(number), lambda *_: open(path, "a").write("signal\\n"))
    elif kind == "giant":
        send(b"READY=1\\n" + b"x" * 5000)
    elif kind == "fds":
        SOCKET.sendmsg([b"STATUS=fds"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0] * 100))], 0,
                       os.environ["NOTIFY_SOCKET"])
    elif kind == "forked":
        parent = os.getpid()
        if os.fork() == 0:
            os.setsid()
            send(rest.encode())
            while os.getppid() == parent:
                time.sleep(0.01)  # in a loop
            sys.exit()
    elif kind == "successor":  # leaves its session, names itself, and goes on when its parent has ended
        parent, (reader, writer) = os.getpid(), os.pipe()
        if os.fork() > 0:
            os.read(reader, 1)
            sys.exit(int(rest))
        if rest != "0":
            os.setsid()
        send(f"MAINPID={os.getpid()}".encode())
        barrier()
        os.write(writer, b"x")
        while os.getppid() == parent:
            time.sleep(0.01)  # in a loop
        for _ in range(1000):  # on the shared socket it is known once its parent has been reaped
            send(b"STATUS=took over")
            time.sleep(0.01)  # in a loop
    elif kind == "age":
        time.sleep(float(rest))  # longer than what was to be extended
    elif kind == "exit":
        sys.exit(int(rest))
    else:
        send(word.replace("+", "\\n").encode())
while True:
    signal.pause()
"""


def run(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


class Talking(Daemon):
    """A daemon whose loops can say `command = TALK WORD…`."""

    def __init__(self, config, **named):
        super().__init__("", **named)
        with open(self.config_path, "a", encoding="utf-8") as file:
            file.write(config.replace("TALK", f"python3 {self.file('talk.py')}"))
        with open(self.file("talk.py"), "w", encoding="utf-8") as file:
            file.write(TALK)

    def touch(self, name):
        with open(self.file(name), "w", encoding="utf-8"):
            pass

    def variables(self, name):
        until(lambda: os.path.exists(self.file(name)), f"{name} is written")
        return dict(line.split("=", 1) for line in lines(self.file(name)) if "=" in line)

    def wait_failure(self, loop, kind):
        def look():
            row = self.loop(loop)
            return row if row["failures_total"] > 0 and row["last_failure"]["kind"] == kind else None
        return self.wait_until(look, f"{loop} fails by {kind}")

    def wait_status(self, loop, text):
        self.wait_until(lambda: self.loop(loop)["status"] == text, f"status of {loop} is {text!r}")

    def show(self, loop):
        return self.act("show", loop).json

    @property
    def sockets(self):
        return sorted(os.listdir(self.path + ".notify"))


@test("ready = notify: starting until READY=1, also for those after it; its status is shown")
def notify():
    config = """[loop:l]
ready = notify
command = TALK "STATUS=warming up" wait:%d/go STATUS=serving+READY=1
[loop:m]
after = l
command = sleep infinity
"""
    with Talking(config) as daemon:
        daemon.wait_status("l", "warming up")
        same(daemon.loops("state"), {"l": "starting", "m": "inactive"}, "states")
        daemon.touch("go")
        daemon.wait_state("m", "running")
        same(daemon.loops("ready", "status"), {"l": (True, "serving"), "m": (True, "")}, "ready")
        same(daemon.sockets, ["all", "l.0"], "sockets")
        daemon.act("stop", "l")
        same((daemon.loop("l")["status"], daemon.sockets), ("", ["all"]), "after the stop")
        daemon.stop()
        check(not os.path.exists(daemon.path + ".notify"), "the folder is still there")


@test("a start that is not ready in time is a failure; readiness is lost with the process and found again")
def restart():
    config = """[loop:late]
ready = notify
start_timeout = 200ms
command = TALK READY=0
[loop:l]
ready = notify
command = TALK wait:%d/go READY=1
"""
    with Talking(config) as daemon:
        holds(daemon.wait_failure("late", "start-timeout")["last_failure"]["reason"], "not ready within 200ms")
        daemon.touch("go")
        pid = daemon.wait_state("l", "running")["pid"]
        os.unlink(daemon.file("go"))
        os.kill(pid, 9)
        daemon.wait_until(lambda: daemon.loop("l")["pid"] not in (0, pid), "the next process")
        same(daemon.loops("ready")["l"], False, "ready")
        daemon.touch("go")
        daemon.wait_state("l", "running")


@test("ready = fd:N: a newline on that descriptor, which is the only one more; 3 and others, with a helper or without")
def descriptors():
    config = "".join(f"""[loop:l{number}]
ready = fd:{number}
watchdog = {watchdog}
output = {output}
command = sh -c 'printf no >&{number}; while ! test -e %d/go; do sleep 0.01; done; echo >&{number}; exec {number}>&-; exec sleep infinity'
""" for number, watchdog, output in ((3, 0, "null"), (4, "1h", "null"), (7, 0, "auto"), (8, "1h", "auto")))
    with Talking(config) as daemon:
        for name in ("l3", "l4", "l7", "l8"):
            pid = daemon.wait_until(lambda: daemon.loop(name)["pid"], "pid")
            until(lambda: read(f"/proc/{pid}/cmdline").startswith("sh"), "exec")
            number = name[1:]
            same(sorted(os.listdir(f"/proc/{pid}/fd")), sorted({"0", "1", "2", number}), f"descriptors of {name}")
        same(set(daemon.loops("ready").values()), {False}, "ready")
        daemon.touch("go")
        for name in ("l3", "l4", "l7", "l8"):
            daemon.wait_state(name, "running")


@test("ready = probe: tried until it succeeds; then so many failures of the last so many end it, and the last line tells why")
def probe():
    config = """[loop:l]
ready = probe
probe_command = sh -c 'echo try >>%d/tries; echo first; echo "the line is dead" >&2; test -e %d/good'
probe_interval = 20ms
probe_failures = 2 of 3
command = sleep infinity
[loop:hangs]
probe_command = sh -c 'sleep 1000 & sleep 1000'
probe_interval = 20ms
probe_timeout = 50ms
probe_failures = 1
command = sleep infinity
[loop:nothing]
probe_command = /no/such/program
probe_interval = 20ms
command = sleep infinity
"""
    with Talking(config) as daemon:
        daemon.wait_lines("tries", 2)
        same(daemon.loop("l")["state"], "starting", "state")
        daemon.touch("good")
        pid = daemon.wait_state("l", "running")["pid"]
        os.unlink(daemon.file("good"))
        row = daemon.wait_failure("l", "probe")
        same(row["last_failure"]["reason"], "2 of 3 probes failed: exit 1: the line is dead", "reason")
        until(lambda: not is_alive(pid), "its process is gone")
        same(daemon.wait_failure("hangs", "probe")["last_failure"]["reason"],
             "1 of 1 probes failed: no answer within 50ms", "reason")
        holds(daemon.wait_failure("nothing", "probe")["last_failure"]["reason"],
              "cannot execute /no/such/program: No such file or directory")


@test("a probe that runs when its loop is stopped is killed with everything that it started")
def probe_stop():
    config = """[loop:l]
probe_command = sh -c 'trap "" TERM; echo $$ >%d/probe; sleep 1000 & wait'
probe_interval = 20ms
probe_timeout = 1h
command = sleep infinity
"""
    with Talking(config) as daemon:
        daemon.wait_lines("probe", 1)
        daemon.act("stop", "l")
        same(daemon.processes("l"), [], "processes")


@test("watchdog: who says nothing gets SIGABRT, and everything is killed after the grace; WATCHDOG_PID and _USEC are true")
def watchdog():
    config = """[loop:silent]
ready = notify
watchdog = 300ms
grace_period = 100ms
command = TALK write:%d/silent flag:6,%d/aborted wait:%d/go READY=1
[loop:hung]
watchdog = 1h
command = TALK wait:%d/go WATCHDOG=trigger
[loop:faster]
watchdog = 1h
command = TALK wait:%d/go WATCHDOG_USEC=50000
[loop:alive]
watchdog = 5s
command = sh -c 'while :; do systemd-notify WATCHDOG=1; sleep 0.2; done'
[loop:off]
ready = notify
watchdog = 300ms
command = TALK WATCHDOG_USEC=0+READY=1
"""
    with Talking(config) as daemon:
        found = daemon.variables("silent")
        same((found["WATCHDOG_USEC"], found["WATCHDOG_PID"]), ("300000", found["pid"]), "variables")
        same(found["NOTIFY_SOCKET"], daemon.path + ".notify/silent.0", "socket")
        daemon.touch("go")
        row = daemon.wait_failure("silent", "watchdog")
        same(row["last_failure"]["reason"], "no sign of life for 300ms", "reason")
        daemon.wait_lines("aborted", 1)
        until(lambda: not is_alive(int(found["pid"])), "it was killed")
        same(daemon.wait_failure("hung", "watchdog")["last_failure"]["reason"], "it reported that it hangs", "reason")
        same(daemon.wait_failure("faster", "watchdog")["last_failure"]["reason"], "no sign of life for 50ms", "reason")
        same(daemon.loops("failures_total", "state")["alive"], (0, "running"), "the living")
        same(daemon.loops("failures_total", "state")["off"], (0, "running"), "the one that turned it off")


@test("a plain loop is heard, too: status, failures (at most one in 100 ms), messages, errno; others hear nothing of it")
def plain():
    config = """[loop:l]
command = TALK write:%d/env STATUS=busy X_GREENLOOP_SET=queue=12+X_GREENLOOP_SET=mode=fast \\
  "X_GREENLOOP_FAILURE=lost the line" X_GREENLOOP_FAILURE=again X_GREENLOOP_FAILURE=again X_GREENLOOP_SET=queue=13 STATUS=done
[loop:m]
command = sleep infinity
[loop:ends]
type = oneshot
command = TALK ERRNO=98 wait:%d/go exit:3
"""
    with Talking(config.replace("\\\n ", "")) as daemon:
        daemon.wait_status("l", "done")
        same(daemon.variables("env")["NOTIFY_SOCKET"], daemon.path + ".notify/all", "socket")
        row = daemon.loop("l")
        same((row["failures_total"], row["last_failure"]["kind"], row["last_failure"]["reason"]),
             (1, "explicit", "lost the line"), "failure")
        shown = daemon.act("show", "l").text
        holds(shown, "routine.queue")
        holds(shown, '"13"')
        holds(shown, "routine.mode")
        same(daemon.loops("status", "failures_total")["m"], ("", 0), "the other")
        same(daemon.sockets, ["all"], "sockets")
        daemon.touch("go")
        holds(daemon.wait_failure("ends", "exit")["last_failure"]["reason"], "exit 3")


@test("RELOADING=1 and STOPPING=1 are shown; a reload does not take readiness away, an announced stop does")
def phases():
    config = """[loop:l]
ready = notify
command = TALK READY=1+STATUS=fine wait:%d/reload RELOADING=1 wait:%d/done READY=1 wait:%d/stop STOPPING=1 READY=1
"""
    with Talking(config) as daemon:
        daemon.wait_status("l", "fine")
        daemon.touch("reload")
        daemon.wait_status("l", "reloading: fine")
        same(daemon.loop("l")["ready"], True, "ready")
        daemon.touch("done")
        daemon.wait_status("l", "fine")
        daemon.touch("stop")
        daemon.wait_status("l", "stopping: fine")
        same(daemon.loop("l")["ready"], False, "ready")


@test("EXTEND_TIMEOUT_USEC: a start and a stop may take longer, but not for ever")
def extended():
    config = """[loop:start]
ready = notify
start_timeout = 3s
command = TALK EXTEND_TIMEOUT_USEC=25000000 age:4 READY=1
[loop:stop]
watchdog = 1h
grace_period = 2s
command = sh -c 'trap "systemd-notify EXTEND_TIMEOUT_USEC=19000000; sleep 3; echo >%d/clean; exit" TERM; echo >%d/up; while :; do sleep 0.01; done'
[loop:never]
grace_period = 50ms
command = sh -c 'trap "systemd-notify EXTEND_TIMEOUT_USEC=3600000000" TERM; echo >%d/up2; while :; do sleep 0.01; done'
"""
    with Talking(config) as daemon:
        for name in ("up", "up2"):
            daemon.wait_lines(name, 1)
        daemon.act("stop", "stop")
        check(os.path.exists(daemon.file("clean")), "it was killed before its end")
        daemon.act("stop", "never")
        daemon.wait_state("start", "running")
        same(daemon.loop("start")["failures_total"], 0, "failures")


@test("MAINPID: the loop goes on with the process that it names, if that is its own; its end counts, and a stop ends it")
def successor():
    config = """[loop:same]
ready = notify
command = TALK READY=1 wait:%d/go successor:0
[loop:apart]
ready = notify
command = TALK READY=1 wait:%d/go successor:3
[loop:shared]
command = TALK wait:%d/go successor:3
[loop:liar]
ready = notify
command = TALK MAINPID=1 MAINPID=999999999 READY=1 STATUS=lied wait:%d/go exit:3
"""
    with Talking(config) as daemon:
        daemon.wait_status("liar", "lied")
        for name in ("same", "apart", "shared"):
            daemon.wait_state(name, "running")
        before = daemon.loops("pid")
        daemon.touch("go")
        for name in ("same", "apart", "shared"):
            daemon.wait_status(name, "took over")
            row = daemon.loop(name)
            same((row["failures_total"], row["cycle"], row["pid"] != before[name]), (0, 1, True), name)
            check(is_alive(row["pid"]), f"pid of {name}")
        daemon.wait_failure("liar", "exit")
        os.unlink(daemon.file("go"))
        os.kill(daemon.loop("apart")["pid"], 9)
        same(daemon.wait_failure("apart", "signal")["last_failure"]["reason"], "killed by SIGKILL", "reason")
        last = daemon.loops("pid")
        daemon.act("stop", "same", "shared")
        check(not is_alive(last["same"]) and not is_alive(last["shared"]), "the stop left one")


@test("foreign messages are dropped, whoever sends them: nobody's, another loop's; a grandchild's own session is no stranger")
def foreign():
    config = """[loop:l]
ready = notify
command = TALK wait:%d/go forked:READY=1
[loop:liar]
ready = notify
command = TALK wait:%d/l to:%d/control.sock.notify/l.0,READY=1 STATUS=lied+READY=1
"""
    with Talking(config) as daemon:
        daemon.wait_until(lambda: daemon.loop("l")["pid"], "l is up")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
            for name in ("l.0", "all"):
                stranger.sendto(b"READY=1\nSTATUS=hello", f"{daemon.path}.notify/{name}")
        daemon.touch("l")
        daemon.wait_status("liar", "lied")
        same(daemon.loops("ready", "status")["l"], (False, ""), "the deceived")
        if shutil.which("busctl"):
            answer = run("busctl", f"--address=unix:path={daemon.path}", "get-property", "org.greenloop",
                         "/org/greenloop", "org.greenloop.Manager1", "MessagesDropped")
            same(answer.stdout.strip(), "t 3", "dropped")
        daemon.touch("go")
        daemon.wait_state("l", "running")
        daemon.act("stop", "l")
        until(lambda: not daemon.processes("l"), "the grandchild has ended")


@test("hostile messages: giant ones, descriptors without number, bytes that are no text; the daemon keeps its descriptors")
def hostile():
    config = """[loop:l]
ready = notify
command = TALK giant: fds: fds: wait:%d/go READY=1
[loop:m]
command = TALK giant: fds: fds: STATUS=end
"""
    with Talking(config) as daemon:
        daemon.wait_status("l", "fds")
        daemon.wait_status("m", "end")
        before = len(os.listdir(f"/proc/{daemon.pid}/fd"))
        same(daemon.loop("l")["ready"], False, "ready")
        for _ in range(3):
            daemon.act("restart", "l", "m", "--no-block")
            daemon.wait_status("l", "fds")
            daemon.wait_status("m", "end")
        check(len(os.listdir(f"/proc/{daemon.pid}/fd")) <= before + 2, "descriptors are left")
        daemon.touch("go")
        daemon.wait_state("l", "running")


@test("floods of messages, to an own socket and to the shared one, hold up nobody")
def flood():
    config = """[loop:own]
ready = notify
command = TALK READY=1 flood:STATUS=x
[loop:shared]
command = TALK flood:X_GREENLOOP_FAILURE=x
exhausted_action = ignore
max_loop_failures = 1000000
[loop:calm]
ready = notify
command = TALK READY=1
[loop:heard]
command = TALK STATUS=heard
"""
    with Talking(config) as daemon:
        for name in ("own", "shared"):
            daemon.wait_state(name, "running")
        for _ in range(3):
            daemon.act("restart", "calm")
            daemon.act("restart", "heard")
            daemon.wait_state("calm", "running")
        daemon.act("stop", "own")
        daemon.act("stop", "shared")
        daemon.wait_status("heard", "heard")


main()
