#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Clients that mean no good, or speak D-Bus in another way than greenloopctl: nobody else notices them."""

import os
import resource
import select
import shutil
import subprocess

import dbus
from greenloop import CTL, DEADLINE, SANITIZED, Daemon, Skip, check, holds, lines, main, same, test, until

ONE = "[loop:l]\ncommand = sleep infinity\n"
DEAF = """[loop:deaf]
grace_period = 1h
command = sh -c 'trap "" TERM; echo up >>%d/up; sleep infinity & wait; sleep infinity'
"""


def wait_closed(client):
    """Until the other side has closed it, without reading from it."""
    poll = select.poll()
    poll.register(client, select.POLLRDHUP)
    check(poll.poll(DEADLINE * 1000), "the connection is not closed")


def memory(pid):
    return next(int(line.split()[1]) for line in lines(f"/proc/{pid}/status") if line.startswith("VmRSS:"))


@test("one that connects and sends nothing is closed after a while")
def silent():
    with Daemon(ONE) as daemon:
        with dbus.connect(daemon.path) as nothing, dbus.connect(daemon.path) as half:
            half.sendall(b"\0AUTH EXT")
            daemon.act("wait", "l")
            wait_closed(nothing)
            wait_closed(half)
        daemon.act("status")


@test("one that sends garbage, before or after the handshake, is closed; others are served")
def garbage():
    noise = bytes(range(256)) * 64
    with Daemon(ONE) as daemon:
        with dbus.connect(daemon.path) as client:
            client.sendall(noise)
            wait_closed(client)
        with dbus.log_in(daemon.path) as client:
            client.sendall(noise)
            wait_closed(client)
        with dbus.log_in(daemon.path) as client:  # a header that announces 4 GiB
            client.sendall(dbus.call("Daemon")[:4] + b"\xff" * 12)
            wait_closed(client)
        for arguments in ((), (("s", "x"),), (("as", ["x" * 100000]), ("b", 0), ("b", 0), ("s", ""))):
            with dbus.log_in(daemon.path) as client:
                client.sendall(dbus.call("Stop", *arguments) + dbus.call("Nonsense", path="/nowhere"))
                holds(client.recv(65536), b"org.", "an error is the answer")
        same(daemon.loop("l")["state"], "running", "state")


@test("2 000 connections: bounded, those that were there are served, and new ones again after a while")
def many():
    wanted = 2000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted + 200:
        if hard < wanted + 200:
            raise Skip(f"RLIMIT_NOFILE is {hard}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted + 200, hard))
    with Daemon(ONE) as daemon, dbus.log_in(daemon.path) as early:
        clients = []
        try:
            for _ in range(wanted):
                clients.append(dbus.connect(daemon.path))
            early.sendall(dbus.call("Daemon"))
            holds(early.recv(65536), b"1/1 loops ready", "one that was there")
            check(len(os.listdir(f"/proc/{daemon.pid}/fd")) < wanted / 2, "descriptors of the daemon")
            until(lambda: daemon.ctl("status").status == 0, "a new one is served")
        finally:
            for client in clients:
                client.close()
        daemon.act("status")


@test("one that dies in the middle of a call stops nothing, nor half of it anything")
def dies():
    with Daemon(DEAF + ONE) as daemon:
        daemon.wait_lines("up", 1)
        daemon.act("wait", "l", "deaf")
        message = dbus.call("Stop", ("as", ["deaf", "l"]), ("b", 0), ("b", 0), ("s", "and away"))
        with dbus.log_in(daemon.path) as client:
            client.sendall(message[:-3])
        same(set(daemon.loops("state").values()), {"running"}, "after half a call")
        with dbus.log_in(daemon.path) as client:
            client.sendall(message)
        daemon.wait_state("l", "inactive")
        daemon.wait_state("deaf", "stopping")
        holds(daemon.loop("deaf")["note"], "and away", "note")
        daemon.act("start", "l")
        daemon.process.terminate()
        daemon.wait_until(lambda: daemon.loop("l")["state"] != "running", "it is stopping")
        daemon.stop()


@test("a greenloopctl that is killed while it waits stops nothing")
def killed():
    with Daemon(DEAF) as daemon:
        daemon.wait_lines("up", 1)
        waiting = subprocess.Popen([CTL, "--socket", daemon.path, "restart", "deaf"])
        daemon.wait_state("deaf", "stopping")
        waiting.kill()
        waiting.wait()
        daemon.act("list")
        daemon.act("hard-reset", "deaf")
        same(daemon.loop("deaf")["generation"], 1, "generation")
        daemon.wait_lines("up", 2)
        daemon.process.terminate()
        daemon.wait_state("deaf", "stopping")
        daemon.stop()


NOISY = "[defaults]\nbackoff = 1ms\nbackoff_max = 1ms\nmax_loop_failures = 0\nexhausted_action = ignore\n" + \
    "".join(f"[loop:noisy{i}]\ncommand = false\n" for i in range(20))


@test("one that subscribes and never reads is dropped after thousands of events; memory stays bounded (Supervisor#220)")
def deaf_subscriber():
    with Daemon(ONE + NOISY, "--log-level=crit") as daemon, dbus.log_in(daemon.path) as client:
        daemon.act("wait", "l")
        before = memory(daemon.pid)
        client.sendall(dbus.call("Subscribe"))
        wait_closed(client)
        grown = memory(daemon.pid) - before
        check(SANITIZED or grown < 32 * 1024, f"the daemon has grown by {grown} KiB")
        daemon.act("restart", "l")
        daemon.act("stop", "--all")


@test("one that asks and asks and never reads the answers is dropped")
def deaf_asker():
    with Daemon(ONE) as daemon, dbus.log_in(daemon.path) as client:
        daemon.act("wait", "l")
        before = memory(daemon.pid)
        question = b"".join(dbus.call("Show", ("s", "l"), serial=i) for i in range(1, 1000))
        try:
            while True:
                client.sendall(question)
        except OSError:
            pass
        wait_closed(client)
        grown = memory(daemon.pid) - before
        check(SANITIZED or grown < 32 * 1024, f"the daemon has grown by {grown} KiB")
        daemon.act("status")


@test("another user is turned away: 5")
def foreign():
    if os.geteuid() != 0:
        raise Skip("needs root, to become somebody else")
    with Daemon(ONE) as daemon:
        os.chmod(daemon.folder, 0o755)
        words = [CTL, "--socket", daemon.path, "status"]
        try:
            done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, user=65534, group=65534, check=False,
                                  extra_groups=[])
        except PermissionError:
            raise Skip("nobody may not reach greenloopctl here") from None
        if done.returncode in (126, 127):
            raise Skip("nobody may not run greenloopctl here")
        same(done.returncode, 5, f"exit status: {done.stderr}")
        same(done.stdout, b"", "what it was told")


def run(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=DEADLINE)
    same(done.returncode, 0, f"{words}: {done.stderr}")
    return done.stdout


@test("busctl: tree, introspect, get-property, call")
def busctl():
    if not shutil.which("busctl"):
        raise Skip("there is no busctl")
    with Daemon(f"[group:g-1]\n{ONE}group = g-1\n") as daemon:
        daemon.wait_green("g-1")
        bus = ("busctl", "--no-pager", f"--address=unix:path={daemon.path}")
        tree = run(*bus, "tree", "--list", "org.greenloop").split()
        for path in ("/org/greenloop", "/org/greenloop/group/g_2d1", "/org/greenloop/loop/l"):
            holds(tree, path, "tree")
        text = run(*bus, "introspect", "org.greenloop", "/org/greenloop")
        for word in ("org.greenloop.Manager1", ".ListLoops", ".Start", ".Color", ".StateChanged"):
            holds(text, word, "introspect")
        for path, interface, name, value in (
                ("/org/greenloop", "Manager1", "Color", 's "green"'), ("/org/greenloop", "Manager1", "LoopsReady", "u 1"),
                ("/org/greenloop/loop/l", "Loop1", "State", 's "running"'), ("/org/greenloop/loop/l", "Loop1", "Ready", "b true"),
                ("/org/greenloop/group/g_2d1", "Group1", "Strategy", 's "one_for_all"')):
            same(run(*bus, "get-property", "org.greenloop", path, f"org.greenloop.{interface}", name).strip(), value, name)
        text = run(*bus, "call", "org.greenloop", "/org/greenloop", "org.greenloop.Manager1", "Restart", "asbbs", "1", "l",
                   "false", "false", "by busctl")
        holds(text, 'a(sis) 1 "l" 0', "result")
        same(daemon.loop("l")["generation"], 1, "generation")


@test("dbus-send --peer: a client of another library, whose first call comes with the handshake")
def dbus_send():
    if not shutil.which("dbus-send"):
        raise Skip("there is no dbus-send")
    with Daemon(ONE) as daemon:
        daemon.act("wait", "l")
        text = run("dbus-send", f"--peer=unix:path={daemon.path}", "--print-reply", "/org/greenloop",
                   "org.freedesktop.DBus.Properties.Get", "string:org.greenloop.Manager1", "string:Color")
        holds(text, "green", "Color")
        with dbus.connect(daemon.path) as client:  # all in one piece
            client.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\nBEGIN\r\n" + dbus.call("Daemon"))
            until(lambda: b"1/1 loops ready" in client.recv(65536), "an answer")


main()
