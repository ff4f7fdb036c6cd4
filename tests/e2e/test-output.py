#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where a child's lines go: files with their rotation, a pipe of standard error's own, nowhere."""

import os
import re
import signal

from greenloop import Daemon, Skip, check, end, lines, main, read, same, test, until

COUNT = 60000


def numbered(word, count):
    """A command that writes so many numbered lines, as fast as it can."""
    return f"seq -f {word}-%%.0f-{'x' * 40} {count}"


def all_lines(daemon, name, files):
    """Of PATH.N, …, PATH.1, PATH."""
    names = [f"{name}.{i}" for i in range(files, 0, -1)] + [name]
    return [line for path in map(daemon.file, names) for line in lines(path)]


@test("a flood into two files, each rotated: no line is lost, torn or out of order, no file too large")
def rotation():
    config = f"""[defaults]
type = oneshot
output = file:%d/%n.log
log_max_size = 256K
log_max_files = 40
[loop:a]
command = {numbered("a", COUNT)}
[loop:b]
command = {numbered("b", COUNT)}
"""
    with Daemon(config) as daemon:
        daemon.act("wait", "--for=done", "a", "b")
        daemon.stop()
        for name in ("a", "b"):
            found = all_lines(daemon, f"{name}.log", 39)
            same(found, [f"{name}-{i}-{'x' * 40}" for i in range(1, COUNT + 1)], "lines")
            for file in os.listdir(daemon.folder):
                if file.startswith(f"{name}.log"):
                    path = daemon.file(file)
                    check(os.stat(path).st_size <= 256 * 1024, f"{file} is too large")
                    check(read(path).endswith("\n"), f"the last line of {file}")


@test("so many files are kept, and no more")
def files_kept():
    config = f"""[loop:a]
type = oneshot
output = file:%d/file
log_max_size = 64K
log_max_files = 3
command = {numbered("a", COUNT)}
"""
    with Daemon(config) as daemon:
        daemon.act("wait", "--for=done", "a")
        daemon.stop()
        same(sorted(name for name in os.listdir(daemon.folder) if name.startswith("file")),
             ["file", "file.1", "file.2"], "files")
        found = all_lines(daemon, "file", 2)
        same(found, [f"a-{i}-{'x' * 40}" for i in range(COUNT - len(found) + 1, COUNT + 1)], "the last lines")


@test("SIGUSR1 opens files anew: what was moved away gets no more lines")
def reopen():
    config = """[loop:a]
output = file:%d/file
command = sh -c 'i=0; while :; do i=$((i + 1)); echo $i; sleep 0.01; done'
"""
    with Daemon(config) as daemon:
        daemon.wait_lines("file", 3)
        os.rename(daemon.file("file"), daemon.file("moved"))
        end(daemon.pid, signal.SIGUSR1)
        daemon.wait_lines("file", 3)
        found = lines(daemon.file("moved")) + lines(daemon.file("file"))
        same(found, [str(i) for i in range(1, len(found) + 1)], "numbers")


@test("standard error apart: in a file of its own, on the console, or nowhere; else both keep their order")
def error_output():
    command = "command = sh -c 'echo one; echo two >&2; echo three; echo four >&2'"
    config = f"""[defaults]
type = oneshot
output = file:%d/%n.out
[loop:together]
{command}
[loop:same]
error_output = file:%d/same.out
{command}
[loop:apart]
error_output = file:%d/apart.err
{command}
[loop:console]
error_output = console
{command}
[loop:none]
error_output = null
{"user = nobody" if os.geteuid() == 0 else ""}
{command}
"""
    with Daemon(config) as daemon:
        daemon.act("wait", "--for=done", "together", "same", "apart", "console", "none")
        daemon.stop()
        for name, expected in {"together.out": "one two three four", "same.out": "one two three four",
                               "apart.out": "one three", "apart.err": "two four", "console.out": "one three",
                               "none.out": "one three"}.items():
            same(" ".join(lines(daemon.file(name))), expected, name)
        same(os.stat("/dev/null").st_uid, 0, "whose /dev/null is")
        for word in ("two", "four"):
            check(re.search(rf"^\d\d:\d\d:\d\d console \| {word}$", daemon.log, re.M), f"{word} in {daemon.log}")


@test("in files lines are as they are, control characters and all; with log_prefix = full they tell when and who")
def prefix():
    config = """[defaults]
type = oneshot
output = file:%d/%n
[group:g]
[loop:raw]
command = printf 'a\\033[2Jb\\000c\\377\\n'
[loop:named]
group = g
log_prefix = full
command = echo hello
"""
    with Daemon(config) as daemon:
        daemon.act("wait", "--for=done", "raw", "named")
        daemon.stop()
        with open(daemon.file("raw"), "rb") as file:
            same(file.read(), b"a\x1b[2Jb\0c\xff\n", "raw")
        check(re.fullmatch(r"\d\d:\d\d:\d\d g/named \| hello\n", read(daemon.file("named"))), "a line with its prefix")


@test("what is no safe place for a file is refused, said once, and stops no loop")
def refusals():
    command = "command = sh -c 'while :; do echo line; sleep 0.01; done'"
    config = f"""[defaults]
output = file:%d/%n
[loop:link]
{command}
[loop:pipe]
{command}
[loop:folder]
{command}
[loop:open]
output = file:%d/writable/log
{command}
"""
    reasons = {"link": "it is a symbolic link", "pipe": "it is not a regular file",
               "folder": "it is not a regular file", "writable/log": "everybody may write into its folder"}
    daemon = Daemon(config)
    os.symlink(daemon.file("target"), daemon.file("link"))
    os.mkfifo(daemon.file("pipe"))
    os.mkdir(daemon.file("folder"))
    os.mkdir(daemon.file("writable"))
    os.chmod(daemon.file("writable"), 0o1777)
    with daemon:
        for name, reason in reasons.items():
            message = f"{daemon.file(name)}: {reason}: lines are lost"
            until(lambda message=message: message in daemon.log, message)
        same(set(daemon.loops("state").values()), {"running"}, "states")
        daemon.stop()
        for name in reasons:
            same(daemon.log.count(f"{daemon.file(name)}: {reasons[name]}: lines"), 1, f"{name} is said")
            check(re.search(rf"{daemon.file(name)}: \d+ lines were lost", daemon.log), f"the loss of {name} is told")
        check(not os.path.exists(daemon.file("target")), "the link was followed")


@test("a file that is full loses lines, says how many, and holds up nobody")
def full():
    if os.geteuid() != 0:
        raise Skip("needs root")
    config = """[loop:a]
output = file:%d/disk/log
log_max_size = 0
command = sh -c 'while :; do echo 0123456789012345678901234567890123456789; done'
[loop:calm]
output = null
command = sleep infinity
"""
    daemon = Daemon(config)
    disk = daemon.file("disk")
    os.mkdir(disk)
    if os.system(f"mount -t tmpfs -o size=64k,mode=0755 none {disk} 2>/dev/null") != 0:
        os.rmdir(disk)
        raise Skip("no file system may be mounted here")
    try:
        with daemon:
            message = "No space left on device: lines are lost"
            until(lambda: message in daemon.log, message)
            daemon.act("restart", "calm")
            daemon.act("restart", "a")
            # Of a write that was cut short the torn end is there for a moment.
            until(lambda: set(read(os.path.join(disk, "log")).split("\n")) == {"0123456789" * 4, ""}, "whole lines only")
            os.truncate(os.path.join(disk, "log"), 0)
            until(lambda: "it goes on" in daemon.log, "it goes on")
            check(re.search(r"it goes on; \d+ lines were lost", daemon.log), "the loss is told")
    finally:
        os.system(f"umount -l {disk}")


@test("who floods waits for its own pipe: the others, its own stop and a restart do not")
def flood():
    config = """[defaults]
output = file:%d/%n
log_max_size = 1M
log_max_files = 2
[loop:loud]
command = yes
[loop:louder]
command = yes
[loop:calm]
command = sh -c 'while :; do echo tick; sleep 0.05; done'
"""
    with Daemon(config) as daemon:
        daemon.wait_lines("calm", 3)
        daemon.act("restart", "loud", "calm")
        daemon.wait_lines("calm", 8)
        daemon.act("stop", "louder")
        same(daemon.loops("generation", "state"),
             {"loud": (1, "running"), "louder": (0, "inactive"), "calm": (1, "running")}, "loops")
        same(daemon.loops("failures"), {"loud": 0, "louder": 0, "calm": 0}, "failures")
        # Just now it may be on its way to be loud.1.
        until(lambda: "".join(lines(daemon.file("loud"))[:3]) == "yyy", "lines of loud")


main()
