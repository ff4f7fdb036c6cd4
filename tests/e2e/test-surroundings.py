#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a daemon and its client may find themselves in: names of any bytes, missing descriptors, other users, namespaces."""

import os
import shutil
import subprocess

from greenloop import CTL, DAEMON, DEADLINE, Daemon, Skip, check, end, holds, main, same, test, until

ONE = "[loop:l]\ncommand = sleep infinity\n"
NOBODY = 65534


def run(*command, **named):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=DEADLINE, **named)


@test("bytes that are not UTF-8, in a command and in the name of the configuration: everything can be shown")
def any_bytes():
    with Daemon("[loop:l]\ncommand = sh -c 'exec sleep infinity' \"\\xffx\"\n"
                "[loop:x]\ncommand = \"/no\\xffsuch\"\nbackoff = 1h\nbackoff_max = 1h\n") as daemon:
        other = os.path.join(os.fsencode(daemon.folder), b"\xff.conf")
        shutil.copy(daemon.config_path, other)
        daemon.act("wait", "l")
        until(lambda: daemon.loop("x")["failures"] > 1, "failures of x")
        holds(daemon.act("show", "l").text, "?", "the command")
        holds(daemon.why("x")["failures"][0]["reason"], "/no?such", "reason")
        path = daemon.file("other.sock")
        with subprocess.Popen([DAEMON, "--config", other, "--socket", path], stderr=subprocess.DEVNULL) as second:
            try:
                until(lambda: run(CTL, "--socket", path, "wait", "l").returncode == 0, "l of the other one")
                same(run(CTL, "--socket", path, "--json=short", "status", "l").returncode, 0, "status")
                same(run(CTL, "--socket", path, "is-green", "l").returncode, 0, "is-green")
                check(run(CTL, "--socket", path, "--json=short", "status").stdout.startswith(b"{"), "status of all")
            finally:
                end(second.pid, 15)


@test("greenloopctl without standard output: what it prints does not go to the daemon")
def no_output():
    with Daemon(ONE) as daemon:
        daemon.act("wait", "l")
        for verb in ("status", "list", "show l", "version"):
            done = run("sh", "-c", f'exec "$0" --socket "$1" {verb} >&-', CTL, daemon.path)
            same(done.returncode, 1, verb)
            holds(done.stderr.decode(), "write error", verb)
        same(run("sh", "-c", 'exec "$0" --socket "$1" is-green <&- >&- 2>&-', CTL, daemon.path).returncode, 0, "is-green")


@test("a FIFO as configuration is read when its writer comes")
def pipes():
    with Daemon(ONE) as daemon:
        fifo = daemon.file("fifo")
        os.mkfifo(fifo)
        with subprocess.Popen(["sh", "-c", 'printf "[loop:l]\\ncommand=true\\nnonsense=1\\n" >"$0"', fifo]):
            done = run(DAEMON, "--check", "--config", fifo)
        same((done.returncode, done.stderr.decode()), (1, f"{fifo}:3: [loop:l] unknown key nonsense\n"), "FIFO")


@test("root may talk to the daemon of another user; a third user is not permitted")
def other_users():
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        raise Skip("this needs root and setpriv")
    with Daemon(ONE) as daemon:
        folder = daemon.file("nobody")
        os.mkdir(folder)
        os.chmod(daemon.folder, 0o755)
        os.chown(folder, NOBODY, NOBODY)
        path = os.path.join(folder, "s")
        user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        if run(*user, DAEMON, "--check", "--config", daemon.config_path).returncode:
            raise Skip("the daemon cannot be run as nobody from here")
        with subprocess.Popen([*user, DAEMON, "--config", daemon.config_path, "--socket", path],
                              stderr=subprocess.DEVNULL) as other:
            try:
                until(lambda: os.path.exists(path), "the socket")
                same(run(CTL, "--socket", path, "wait", "l").returncode, 0, "root")
                same(run(*user, CTL, "--socket", path, "is-green", "l").returncode, 0, "the user")
                third = ["setpriv", "--reuid=1", "--regid=1", "--clear-groups"]
                same(run(*third, CTL, "--socket", path, "is-green").returncode, 5, "a third one")
                same(run(*third, CTL, "--socket", daemon.path, "is-green").returncode, 5, "a third one at root's")
            finally:
                end(other.pid, 15)


@test("as PID 1 of a container: it answers who comes from outside, and ends by SIGTERM")
def container():
    namespace = ["unshare", "--pid", "--fork", "--mount-proc"]
    if run(*namespace, "true").returncode:
        raise Skip("no PID namespace can be made here")
    with Daemon(ONE) as daemon:
        path = daemon.file("inner.sock")
        with subprocess.Popen([*namespace, DAEMON, "--config", daemon.config_path, "--socket", path],
                              stderr=subprocess.DEVNULL) as outer:
            until(lambda: os.path.exists(path), "the socket")
            try:
                same(run(CTL, "--socket", path, "wait", "l").returncode, 0, "wait")
                same(run(CTL, "--socket", path, "restart", "l").returncode, 0, "restart")
            finally:
                with open(f"/proc/{outer.pid}/task/{outer.pid}/children", encoding="ascii") as file:
                    end(int(file.read().split()[0]), 15)
            same(outer.wait(DEADLINE), 0, "exit status")


main()
