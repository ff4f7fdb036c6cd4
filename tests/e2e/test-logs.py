#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""greenloopctl logs: the last lines of loops, wherever they went; new ones as they come; and lines kept with failures."""

import json
import os
import signal
import subprocess

from greenloop import CTL, DEADLINE, Daemon, check, holds, main, readable, same, test, until


def texts(answer, number=0):
    return [line["text"] for line in answer.json["loops"][number]["lines"]]


def once(name, script, more=""):
    return f"[loop:{name}]\ntype = oneshot\n{more}\ncommand = sh -c '{script}'\n"


class Follower:
    """`greenloopctl logs -f`."""

    def __init__(self, daemon, *arguments):
        self.rest = b""
        self.process = subprocess.Popen([CTL, "--socket", daemon.path, "--json=short", "logs", "-f", *arguments],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.rows = []

    def read(self, enough):
        def look():
            if readable(self.process.stdout, 0):
                data = os.read(self.process.stdout.fileno(), 1 << 20)
                check(data, "it has ended")
                *whole, self.rest = (self.rest + data).split(b"\n")
                self.rows += [json.loads(line) for line in whole]
            return enough(self.rows)
        until(look, "enough lines", lambda: readable(self.process.stdout, 0.1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        same(self.process.wait(DEADLINE), 0, "exit status of logs -f")
        self.process.stdout.close()


@test("the last lines from memory: of one loop as they are, of several with their names; so many as -n says")
def memory():
    config = ("[group:g]\n" + once("a", "for i in 1 2 3; do echo line-$i; done", "output = console\ngroup = g") +
              once("b", "echo other", "output = console") + once("c", "echo gone", "output = null"))
    with Daemon(config) as daemon:
        daemon.act("wait", "--for=done", "a", "b", "c")
        same(daemon.act("--json=off", "logs", "a").text, "line-1\nline-2\nline-3\n", "all of a")
        same(daemon.act("--json=off", "logs", "-n2", "g").text, "line-2\nline-3\n", "the last of its group")
        same(daemon.act("--json=off", "logs", "-n", "1", "*").text, "g/a | line-3\nb | other\n", "all loops")
        same(daemon.act("--json=off", "logs", "-n", "0", "a").text, "", "none")
        answer = daemon.act("logs", "--lines=2", "a")
        same((texts(answer), answer.json["loops"][0]["output"]), (["line-2", "line-3"], "console"), "JSON")
        check(answer.json["loops"][0]["lines"][0]["time"] > 0, "a time")
        for status, arguments in ((4, ["nobody"]), (2, []), (2, ["-n", "-1", "a"]), (2, ["-n", "some", "a"])):
            same(daemon.ctl("logs", *arguments).status, status, f"logs {arguments}")
        same(daemon.ctl("status", "-f").status, 2, "status -f")


@test("so many lines are kept as log_tail says, at most 512 bytes of each")
def tail():
    config = (once("a", "seq 1000", "output = console\nlog_tail = 5") + once("b", "seq 10", "output = console\nlog_tail = 0") +
              once("c", "head -c 3000 /dev/zero | tr \\\\0 x", "output = console"))
    with Daemon(config) as daemon:
        daemon.act("wait", "--for=done", "a", "b", "c")
        same(texts(daemon.act("logs", "-n", "100", "a")), ["996", "997", "998", "999", "1000"], "a")
        same(texts(daemon.act("logs", "b")), [], "b")
        same(texts(daemon.act("logs", "c")), ["x" * 512], "c")


@test("from files: over all that they were rotated to; from memory where the file has gone")
def files():
    config = once("a", "seq 1000", "output = file:%d/file\nlog_max_size = 512\nlog_max_files = 6") + once(
        "b", "echo one; echo two >&2", "output = file:%d/out\nerror_output = file:%d/err")
    with Daemon(config) as daemon:
        daemon.act("wait", "--for=done", "a", "b")
        until(lambda: texts(daemon.act("logs", "-n1", "a")) == ["1000"], "the last line is written")
        for count in (1, 127, 128, 129, 500):
            same(texts(daemon.act("logs", "-n", str(count), "a")), [str(i) for i in range(1001 - count, 1001)], f"-n {count}")
        found = texts(daemon.act("logs", "-n", "5000", "a"))
        check(500 < len(found) < 1000, f"{len(found)} lines in six files")
        until(lambda: texts(daemon.act("logs", "b")) == ["one", "two"], "both files")
        for name in os.listdir(daemon.folder):
            if name.startswith("file"):
                os.unlink(daemon.file(name))
        same(texts(daemon.act("logs", "-n", "5000", "a")), [str(i) for i in range(937, 1001)], "from memory")
        os.symlink("/etc/passwd", daemon.file("file"))
        answer = daemon.ctl("logs", "-n", "2", "a")
        same((texts(answer), answer.status), (["999", "1000"], 0), "a link is not read")


@test("what a terminal must not see is escaped; in JSON what is not UTF-8 is replaced")
def hostile():
    script = "printf \"a\\\\033[2Jb\\\\tc\\\\000d\\\\377e\\\\302\\\\233f\\\\n\""
    with Daemon(once("memory", script, "output = console") + once("file", script, "output = file:%d/file")) as daemon:
        daemon.act("wait", "--for=done", "memory", "file")
        until(lambda: texts(daemon.act("logs", "file")), "the file is written")
        same(daemon.act("--json=off", "logs", "memory").text, "a\\x1b[2Jb\tc\ufffdd\ufffde\\xc2\\x9bf\n", "memory")
        same(daemon.act("--json=off", "logs", "file").text, "a\\x1b[2Jb\tc\\x00d\\xffe\\xc2\\x9bf\n", "file")
        for name in ("memory", "file"):
            same(texts(daemon.act("logs", name)), ["a\x1b[2Jb\tc\ufffdd\ufffde\u009bf"], f"JSON of {name}")


@test("-f: the last lines, then each new one: none twice, none left out")
def following():
    config = """[loop:a]
output = file:%d/file
command = sh -c 'i=0; while :; do i=$((i + 1)); echo $i; sleep 0.005; done'
[loop:b]
output = console
command = sh -c 'while :; do echo tick; sleep 0.1; done'
"""
    with Daemon(config) as daemon:
        until(lambda: len(texts(daemon.act("logs", "-n", "20", "a"))) == 20, "twenty lines")
        with Follower(daemon, "-n", "5", "a") as follower:
            follower.read(lambda rows: len(rows) >= 100)
            numbers = [int(row["text"]) for row in follower.rows]
            same(numbers, list(range(numbers[0], numbers[0] + len(numbers))), "numbers")
            same(follower.rows[0]["loop"], "a", "whose they are")
        with Follower(daemon, "*") as follower:
            follower.read(lambda rows: {row["loop"] for row in rows} == {"a", "b"})
        same(daemon.ctl("logs", "-f", "nobody").status, 4, "no such loop")


@test("-f: of a flood some lines are lost, and their number is told; who does not read holds up nobody")
def flood():
    config = """[loop:a]
output = file:%d/file
log_max_size = 1M
log_max_files = 1
command = sh -c 'exec seq 100000000'
"""
    with Daemon(config) as daemon:
        with Follower(daemon, "-n", "0", "a") as follower:
            follower.read(lambda rows: sum("lost" in row for row in rows) >= 3)
            number = None
            for row in follower.rows:
                if "lost" in row:
                    number = number and number + row["lost"]
                elif number is None:
                    number = int(row["text"])
                else:
                    number += 1
                    same(int(row["text"]), number, "the next number")
        deaf = Follower(daemon, "a")
        until(lambda: "S (sleeping)" in open(f"/proc/{deaf.process.pid}/status", encoding="ascii").read() and
              readable(deaf.process.stdout, 0), "it prints")
        deaf.process.send_signal(signal.SIGSTOP)
        daemon.act("restart", "a")
        same(daemon.loops("generation"), {"a": 1}, "generation")
        deaf.process.kill()
        deaf.process.wait()
        deaf.process.stdout.close()


@test("a failure keeps the last lines of its cycle: in why, in status and in JSON")
def failures():
    config = """[group:g]
[loop:a]
group = g
output = file:%d/file
max_loop_failures = 1
exhausted_action = stay
command = sh -c 'if [ $GREENLOOP_CYCLE = 1 ]; then echo first; else seq 20; printf \\\\033[2J >&2; fi; exit 3'
[loop:b]
output = null
max_loop_failures = 0
exhausted_action = stay
command = false
"""
    with Daemon(config) as daemon:
        daemon.wait_state("a", "failed")
        daemon.wait_state("b", "failed")
        failures = daemon.why("a")["failures"]
        same([row["last_lines"] for row in failures], [[str(i) for i in range(14, 21)] + ["\x1b[2J"], ["first"]], "why")
        same(daemon.loop("a")["last_failure"]["last_lines"], failures[0]["last_lines"], "status")
        same(daemon.loop("b")["last_failure"]["last_lines"], [], "nothing was said")
        for verb in ("why", "status"):
            text = daemon.ctl("--json=off", verb, "a").text
            holds(text, "| 20\n", verb)
            holds(text, "| \\x1b[2J\n", verb)


main()
