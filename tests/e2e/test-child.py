#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a child process sees (environment, session, signals, descriptors), and where its output goes."""

import os
import re
import sys

from greenloop import Daemon, check, lines, main, read, same, test, until

GLIBC_OWN = 3 << 31  # signals 32 and 33, which posix_spawn() sets to be ignored


def clean_signals(status, name, umask):
    """In what /proc says of a process: no signal blocked, ignored or caught; the umask."""
    rows = dict(line.split(":", 1) for line in status if ":" in line)
    for key in ("SigBlk", "SigIgn", "SigCgt"):
        same(int(rows[key], 16) & ~GLIBC_OWN, 0, f"{key} of {name}")
    same(rows["Umask"].strip(), umask, f"umask of {name}")


@test("a child's environment is clean, and says where it belongs")
def environment():
    config = """[group:g]
[loop:l]
group = g
env.MINE = a word
env.PATH = /usr/bin:/bin
command = sh -c 'env >%d/env.tmp; mv %d/env.tmp %d/env; exec sleep infinity'
"""
    with Daemon(config, environment={"FOREIGN": "1", "WATCHDOG_USEC": "1000000000"}) as daemon:
        daemon.wait_lines("env", 1)
        found = dict(line.split("=", 1) for line in lines(daemon.file("env")) if "=" in line)
        for key, value in {"GREENLOOP_LOOP": "l", "GREENLOOP_GROUP": "g", "GREENLOOP_GENERATION": "0",
                           "GREENLOOP_CYCLE": "1", "GREENLOOP_THROUGHLINE": "g/l:0#1", "MINE": "a word",
                           "GREENLOOP_SOCKET": daemon.path, "NOTIFY_SOCKET": daemon.path + ".notify/all", "PATH": "/usr/bin:/bin"}.items():
            same(found.get(key), value, key)
        for key in ("FOREIGN", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS"):
            check(key not in found, f"{key} got through")
        known = {"PATH", "LANG", "TZ", "HOME", "USER", "LOGNAME", "SHELL", "MINE", "PWD", "OLDPWD", "SHLVL", "_",
                 "GREENLOOP_TEST", "NOTIFY_SOCKET"}
        same([key for key in found if key not in known and not key.startswith("GREENLOOP_")], [], "others")


@test("own session and process group, no signal blocked or ignored, /dev/null to read, no descriptor too many")
def state():
    with Daemon("[loop:l]\noutput = console\ncommand = sleep infinity\n[loop:m]\noutput = null\ncommand = sleep infinity\n") as daemon:
        for name in ("l", "m"):
            pid = daemon.wait_state(name, "running")["pid"]
            same((os.getsid(pid), os.getpgid(pid)), (pid, pid), "session, group")
            clean_signals(lines(f"/proc/{pid}/status"), name, "0022")
            same(sorted(os.listdir(f"/proc/{pid}/fd")), ["0", "1", "2"], "descriptors")
            same(os.readlink(f"/proc/{pid}/fd/0"), "/dev/null", "standard input")
            same(os.readlink(f"/proc/{pid}/cwd"), "/", "working directory")
            outputs = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in (1, 2)}
            check(outputs == {"/dev/null"} if name == "m" else all(o.startswith(("pipe:", "socket:")) for o in outputs),
                  f"output of {name}: {outputs}")


UNUSUAL = """
import fcntl, os, pty, resource, signal, sys, termios
folder = sys.argv[1]
master, slave = pty.openpty()
os.setsid()
fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
for fd in (master, slave):
    os.set_inheritable(fd, True)
os.dup2(slave, 63)
os.nice(5)
os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
os.umask(0o077)
os.chdir(folder)
with open("/proc/self/oom_score_adj", "w") as file:
    file.write("100")
resource.setrlimit(resource.RLIMIT_NOFILE, (100, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGCHLD, signal.SIGTERM, signal.SIGUSR2):
    signal.signal(number, signal.SIG_IGN)
with open("/proc/self/limits") as limits, open("limits", "w") as file:
    file.write(limits.read())
os.execv(sys.argv[2], sys.argv[2:])
"""


@test("nothing comes through by accident from who started the daemon; nice, policy, OOM score and limits do, unchanged")
def inherited():
    config = """[defaults]
on_start = sh -c 'cat /proc/self/status /proc/self/limits >%d/hook-of-$GREENLOOP_LOOP; ls /proc/self/fd >>%d/fds-of-$GREENLOOP_LOOP'
[loop:plain]
command = sleep infinity
output = null
[loop:captured]
command = sleep infinity
output = console
[loop:set]
command = sleep infinity
output = null
umask = 0027
"""
    daemon = Daemon(config, environment={"FOREIGN": "1", "LD_BIND_NOW": "1"})
    daemon.command = [sys.executable, "-c", UNUSUAL, daemon.folder, os.path.abspath(daemon.command[0]), *daemon.command[1:]]
    with daemon:
        limits = lines(daemon.file("limits"))
        for name in ("plain", "captured", "set"):
            pid = daemon.wait_state(name, "running")["pid"]
            until(lambda pid=pid: read(f"/proc/{pid}/comm") == "sleep\n", "the command itself")
            looks = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
            same((os.getsid(pid), os.getpgid(pid), looks[4]), (pid, pid, "0"), f"{name}: session, group, terminal")
            same((int(looks[16]), os.sched_getscheduler(pid)), (5, os.SCHED_BATCH), f"{name}: nice, policy")
            same(read(f"/proc/{pid}/oom_score_adj"), "100\n", f"{name}: OOM score")
            same(os.readlink(f"/proc/{pid}/cwd"), "/", f"{name}: working directory")
            same(sorted(os.listdir(f"/proc/{pid}/fd")), ["0", "1", "2"], f"{name}: descriptors")
            same([row for row in lines(f"/proc/{pid}/limits") if row not in limits], [], f"{name}: limits")
            found = read(f"/proc/{pid}/environ")
            check("FOREIGN" not in found and "LD_BIND_NOW" not in found, f"{name}: environment")
            umask = "0027" if name == "set" else "0022"
            clean_signals(lines(f"/proc/{pid}/status"), name, umask)
            hook = lines(daemon.file(f"hook-of-{name}"))
            clean_signals(hook, f"on_start of {name}", umask)
            same([row for row in hook[-len(limits):] if row not in limits], [], f"on_start of {name}: limits")
            same(lines(daemon.file(f"fds-of-{name}")), ["0", "1", "2", "3"], f"on_start of {name}: descriptors (ls has 3)")


@test("output on the console: each line with time and name, control characters and all; none with null")
def output():
    config = """[group:g]
[loop:talks]
group = g
type = oneshot
output = console
command = sh -c 'echo one; echo two >&2; printf three'
[loop:bare]
type = oneshot
output = console
log_prefix = none
command = echo naked
[loop:quiet]
type = oneshot
output = null
command = echo never
"""
    with Daemon(config) as daemon:
        for name in ("talks", "bare", "quiet"):
            daemon.act("wait", "--for=done", name)
        daemon.stop()
        for word in ("one", "two", "three"):
            check(re.search(rf"^\d\d:\d\d:\d\d g/talks \| {word}$", daemon.log, re.M), f"{word} in {daemon.log}")
        check(re.search(r"^naked$", daemon.log, re.M), "a bare line")
        check(not re.search(r"never$", daemon.log, re.M), "output of the quiet one")


@test("the last lines of a process that ends at once are not lost; a long line comes in pieces")
def last_lines():
    config = """[loop:l]
type = oneshot
output = console
command = sh -c 'i=0; while [ $i -lt 2000 ]; do echo line-$i; i=$((i + 1)); done; head -c 300000 /dev/zero | tr "\\\\0" x'
"""
    with Daemon(config) as daemon:
        daemon.act("wait", "--for=done", "l")
        daemon.stop()
        for number in range(2000):
            check(f"| line-{number}\n" in daemon.log, f"line {number}")
        same(sum(line.count("x") for line in daemon.log.splitlines() if "| xxx" in line), 300000, "bytes of the long line")


@test("a console that nobody reads stops no loop and no request, nor the end")
def unread():
    reader, writer = os.pipe()
    config = "[loop:loud]\noutput = console\ncommand = yes\n[loop:calm]\ncommand = sleep infinity\n"
    try:
        with Daemon(config, output=writer) as daemon:
            pid = daemon.wait_state("loud", "running")["pid"]
            until(lambda: read(f"/proc/{pid}/wchan") == "pipe_write" or "S (sleeping)" in read(f"/proc/{pid}/status"),
                  "its output is full")
            daemon.act("restart", "calm")
            daemon.act("restart", "loud")
            same(daemon.loops("generation"), {"loud": 1, "calm": 1}, "generations")
    finally:
        os.close(reader)
        os.close(writer)


main()
