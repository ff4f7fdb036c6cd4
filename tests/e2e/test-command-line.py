#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""greenloopctl and greenloopd as others see them: exit statuses, JSON, refusals, waiting."""

import os
import socket
import subprocess
import tempfile
import threading

from greenloop import CTL, DAEMON, DEADLINE, Daemon, check, ctl, holds, lines, main, same, test

PAIR = """[group:trading]
description = buys and sells
[loop:feed]
group = trading
command = sleep infinity
[loop:process]
group = trading
after = feed
command = sleep infinity
[loop:lonely]
autostart = no
command = sleep infinity
"""

DAEMON_KEYS = "version color loops_total loops_ready abandoned_threads status pid started config"
GROUP_KEYS = "name parent description state desired color ready light strategy generation resets max_resets " \
    "resets_total episode episode_open loops_wanted loops_ready since note"
LOOP_KEYS = "name group type description state desired color ready generation cycle pid since failures " \
    "max_loop_failures failures_total starts last_failure outcome status note next_start"


@test("exit statuses: 0 green, 3 not green, 4 no such name, 1 failed, 2 usage, 124 timeout")
def statuses():
    with Daemon(PAIR) as daemon:
        daemon.wait_green("trading")
        for wanted, *words in (
                (0, "status"), (0, "status", "trading"), (0, "is-green"), (0, "is-green", "feed", "trading/process"),
                (0, "list"), (0, "show", "feed"), (0, "why"), (0, "version"), (0, "help"), (0, "status", "trading/*"),
                (3, "status", "lonely"), (3, "is-green", "lonely"), (3, "is-green", "feed", "lonely"),
                (4, "status", "nobody"), (4, "stop", "nobody"), (4, "stop", "feed", "nobody"), (4, "is-green", "no*"),
                (4, "show", "nobody"), (4, "why", "nobody"), (4, "wait", "nobody"), (4, "stop", "trading/lonely"),
                (4, "why", "#99"), (4, "reset", "nobody"), (4, "fail", "nobody"),
                (1, "wait", "lonely"), (1, "wait", "--for=done", "trading"),
                (2, "stop"), (2, "start"), (2, "restart"), (2, "kill"), (2, "reset"), (2, "hard-reset"), (2, "fail"),
                (2, "forgive"), (2, "wait"), (2, "frobnicate"), (2, "--frobnicate", "status"), (2,), (2, "reset", "feed"),
                (2, "kill", "--signal=NONSENSE", "feed"), (2, "--timeout=soon", "status"), (2, "--json=odd", "status"),
                (2, "wait", "--for=happiness", "feed"), (2, "monitor", "feed"), (2, "status", "--trip"),
                (124, "--timeout=50ms", "wait", "--for=failed", "feed"), (124, "--timeout=50ms", "monitor")):
            answer = daemon.ctl(*words)
            same(answer.status, wanted, f"{' '.join(words)}: {answer.error}")
            if wanted in (1, 2, 4, 124):
                check(answer.error.strip(), f"{words}: not a word on standard error")
                same(answer.text, "", f"{words}: standard output")
        same(daemon.loops("generation", "state")["feed"], (0, "running"), "none of it did anything")


@test("exit status 6: no daemon there; 5: connected, and closed before any answer")
def not_there():
    with tempfile.TemporaryDirectory(prefix="greenloop-e2e-") as folder:
        path = os.path.join(folder, "socket")
        for verb in ("status", "is-green", "list", "monitor", "version"):
            same(ctl(verb, path=path).status, 6, f"{verb} without a socket")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            same(ctl("status", path=path).status, 6, "a socket that nobody listens on")
            server.listen()

            def close_at_once():
                for _ in range(2):
                    server.accept()[0].close()
            thread = threading.Thread(target=close_at_once)
            thread.start()
            for verb in ("status", "is-green"):
                same(ctl(verb, path=path).status, 5, verb)
            thread.join()


@test("the socket is named by --socket or $GREENLOOP_SOCKET; --socket and --user exclude each other")
def socket_names():
    with Daemon(PAIR) as daemon:
        daemon.wait_green("trading")
        same(ctl("is-green", environment={"GREENLOOP_SOCKET": daemon.path}).status, 0, "$GREENLOOP_SOCKET")
        same(daemon.ctl("is-green", environment={"GREENLOOP_SOCKET": "/nonexistent"}).status, 0, "--socket wins")
        same(daemon.ctl("--user", "is-green").status, 2, "both")


@test("status --json: the keys, in snake_case, version first")
def json_shape():
    with Daemon(PAIR) as daemon:
        daemon.wait_green("trading")
        daemon.act("fail", "feed", "just", "so")
        answer = daemon.act("status")
        same(list(answer.json), ["version", "daemon", "groups", "loops"], "keys")
        same(answer.json["version"], 1, "version")
        same(set(answer.json["daemon"]), set(DAEMON_KEYS.split()), "daemon")
        same(answer.json["daemon"]["pid"], daemon.pid, "pid")
        same(answer.json["daemon"]["config"], daemon.config_path, "config")
        same(set(answer.json["groups"][0]), set(GROUP_KEYS.split()), "group")
        same([row["name"] for row in answer.json["loops"]], ["feed", "process", "lonely"], "loops")
        feed = answer.json["loops"][0]
        same(set(feed), set(LOOP_KEYS.split()), "loop")
        same((feed["group"], feed["state"], feed["desired"], feed["color"], feed["ready"], feed["generation"]),
             ("trading", "running", "started", "green", True, 0), "feed")
        same((feed["failures"], feed["max_loop_failures"], feed["last_failure"]["kind"], feed["last_failure"]["reason"]),
             (1, 10, "explicit", "just so"), "failure of feed")
        same(answer.json["loops"][2]["last_failure"], None, "no failure of lonely")
        same(answer.json["groups"][0]["description"], "buys and sells", "description")
        for verb, key in (("list", "loops"), ("why", "episodes"), ("version", "greenloopd")):
            document = daemon.act(verb).json
            same(list(document)[0], "version", verb)
            holds(list(document), key, verb)
        pretty = daemon.ctl("--json=pretty", "list").text
        check(pretty.startswith('{\n  "version": 1,'), f"pretty: {pretty[:40]}")


@test("without a name a grey tree counts as green, a named grey loop or group does not")
def grey():
    with Daemon("[group:g]\nautostart = no\n[loop:l]\ngroup = g\ncommand = sleep infinity\n") as daemon:
        same(daemon.status()["daemon"]["color"], "grey", "color")
        for wanted, *words in ((0, "is-green"), (0, "status"), (3, "is-green", "g"), (3, "is-green", "l"), (3, "status", "g"),
                               (3, "status", "l")):
            same(daemon.ctl(*words).status, wanted, " ".join(words))


@test("wait: ready, running, inactive, done, failed, --any, --all; 1 at once when it cannot happen")
def wait():
    config = PAIR + """[loop:once]
type = oneshot
command = true
[loop:bad]
max_loop_failures = 0
command = false
[loop:slow]
ready = delay:1h
start_timeout = infinity
command = sleep infinity
"""
    with Daemon(config) as daemon:
        daemon.act("wait", "feed")
        daemon.act("wait", "--for=running", "feed", "trading")
        daemon.act("wait", "--for=green", "trading", "feed")
        daemon.act("wait", "--for=inactive", "lonely")
        daemon.act("wait", "--for=done", "once")
        daemon.act("wait", "--for=failed", "bad")
        daemon.act("wait", "--any", "lonely", "feed")
        for words in (("lonely",), ("bad",), ("--for=running", "once"), ("--all", "feed", "lonely"), ("--any", "bad", "lonely"),
                      ("--for=done", "lonely")):
            answer = daemon.ctl("wait", *words)
            same(answer.status, 1, f"wait {' '.join(words)}")
            check(answer.error.strip(), "says why")
        same(daemon.ctl("--timeout=50ms", "wait", "slow").status, 124, "what may still happen")
        with subprocess.Popen([CTL, "--socket", daemon.path, "wait", "--for=failed", "slow"]) as waiting:
            daemon.act("fail", "--trip", "slow")
            same(waiting.wait(DEADLINE), 0, "a wait that began before")


@test("list: one line each, for scripts; --state, --no-legend")
def listing():
    with Daemon(PAIR) as daemon:
        daemon.wait_green("trading")
        text = daemon.ctl("--json=off", "list", "--no-legend").text
        rows = [line.split() for line in text.splitlines()]
        same([row[0] for row in rows], ["feed", "process", "lonely"], "names")
        same({len(row) for row in rows}, {8}, "cells")
        same(len(daemon.ctl("--json=off", "list").text.splitlines()), 4, "with the headings")
        text = daemon.ctl("--json=off", "list", "--no-legend", "--state=inactive,failed").text
        same([line.split()[0] for line in text.splitlines()], ["lonely"], "--state")


@test("show: every property and setting as Key=value")
def show():
    with Daemon(PAIR) as daemon:
        daemon.wait_green("trading")
        text = daemon.ctl("--json=off", "show", "process").text
        rows = dict(line.split("=", 1) for line in text.splitlines())
        for key, value in (("Name", "process"), ("State", "running"), ("After", "feed"), ("GracePeriod", "5s"),
                           ("Command", "sleep infinity"), ("MaxLoopFailures", "10")):
            same(rows.get(key), value, key)
        same(daemon.act("show", "trading").json["kind"], "group", "kind")
        document = daemon.act("show").json
        same((len(document["groups"]), len(document["loops"])), (1, 3), "everything")


@test("stop, start, restart with -m: the reason is in the note; --all means everything")
def acts():
    with Daemon(PAIR) as daemon:
        daemon.wait_green("trading")
        answer = daemon.act("stop", "-m", "line\x1b[31m is cut", "feed")
        same([row["result"] for row in answer.json["results"]], ["done"], "results")
        holds(daemon.loop("feed")["note"], f"stopped by uid {os.geteuid()}: line", "note")
        check("\x1b" not in daemon.ctl("--json=off", "status").text, "control characters are escaped")
        same((daemon.loop("feed")["state"], daemon.loop("feed")["pid"]), ("inactive", 0), "feed")
        daemon.act("start", "trading/feed")
        daemon.act("restart", "pro*")
        same(daemon.loops("generation"), {"feed": 1, "process": 1, "lonely": 0}, "generations")
        daemon.act("stop", "--all")
        same(set(daemon.loops("state").values()), {"inactive"}, "stop --all")
        same(daemon.ctl("is-green").status, 0, "all grey")


@test("--no-block returns before the end of it, --timeout gives up on it; neither cancels it")
def no_block():
    deaf = """sh -c 'trap "" TERM; echo up >>%d/up; sleep infinity & wait; sleep infinity'"""
    with Daemon(f"[loop:l]\ngrace_period = 500ms\ncommand = {deaf}\n") as daemon:
        daemon.wait_lines("up", 1)
        daemon.act("restart", "--no-block", "l")
        same((daemon.loop("l")["state"], daemon.loop("l")["generation"]), ("stopping", 0), "it is on its way")
        daemon.wait_until(lambda: daemon.loop("l")["generation"] == 1, "it goes on")
        daemon.wait_lines("up", 2)
        same(daemon.ctl("--timeout=50ms", "stop", "l").status, 124, "--timeout")
        daemon.wait_state("l", "inactive")


@test("kill sends a signal, and the end counts; fail counts one, fail --trip uses up the budget; forgive")
def failing():
    config = PAIR + """[loop:traps]
command = sh -c 'trap "echo HUP >>%d/got" HUP; echo up >>%d/got; while :; do sleep infinity & wait; done'
"""
    with Daemon(config) as daemon:
        daemon.wait_green("trading")
        daemon.wait_lines("got", 1)
        daemon.act("kill", "--signal=HUP", "traps")
        same(daemon.wait_lines("got", 2), ["up", "HUP"], "signals")
        same(daemon.loop("traps")["failures_total"], 0, "nothing ended")
        daemon.act("kill", "-s", "SIGKILL", "feed")
        row = daemon.wait_until(lambda: (row := daemon.loop("feed"))["failures"] and row["state"] == "running" and row, "killed")
        same((row["failures"], row["generation"], row["last_failure"]["kind"]), (1, 0, "signal"), "feed")
        same(daemon.ctl("kill", "lonely").status, 1, "kill of what does not run")
        daemon.act("fail", "feed", "it", "smells")
        same(daemon.loop("feed")["failures"], 2, "failures")
        daemon.act("forgive", "feed")
        same((daemon.loop("feed")["failures"], daemon.loop("feed")["failures_total"]), (0, 2), "forgiven")
        daemon.act("fail", "--trip", "feed", "enough")
        same(daemon.wait_closed("trading")["cause"]["reason"], "enough", "cause")
        daemon.wait_green("trading")
        same(daemon.loops("generation"), {"feed": 1, "process": 1, "lonely": 0, "traps": 0}, "generations")


@test("forgive clears failed; so does start")
def forgive():
    config = """[loop:l]
max_loop_failures = 0
command = sh -c 'test -e %d/good && exec sleep infinity'
"""
    with Daemon(config) as daemon:
        daemon.wait_state("l", "failed")
        open(daemon.file("good"), "w", encoding="ascii").close()
        daemon.act("forgive", "l")
        daemon.act("wait", "--for=running", "l")
        os.unlink(daemon.file("good"))
        daemon.act("kill", "-s", "KILL", "l")
        daemon.wait_state("l", "failed")
        open(daemon.file("good"), "w", encoding="ascii").close()
        daemon.act("start", "l")
        same((daemon.loop("l")["state"], daemon.loop("l")["failures"]), ("running", 0), "started again")


@test("hard-reset: the next generation at once, without grace")
def hard_reset():
    deaf = """sh -c 'trap "" TERM; echo up >>%d/up; sleep infinity & wait; sleep infinity'"""
    with Daemon(f"[group:g]\n[loop:l]\ngroup = g\ngrace_period = 1h\ncommand = {deaf}\n") as daemon:
        daemon.wait_lines("up", 1)
        pid = daemon.loop("l")["pid"]
        daemon.act("hard-reset", "l")
        row = daemon.loop("l")
        check(row["generation"] == 1 and row["pid"] not in (0, pid), f"a loop: {row}")
        daemon.wait_lines("up", 2)
        daemon.act("hard-reset", "g")
        same((daemon.loop("l")["generation"], daemon.group("g")["resets_total"]), (2, 1), "a group")
        daemon.wait_lines("up", 3)
        daemon.process.terminate()
        daemon.wait_state("l", "stopping")
        daemon.stop()


@test("greenloopd: --version, --help, usage, --check and verify")
def daemon_options():
    def run(*words, program=DAEMON):
        done = subprocess.run([program, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr
    same(run("--version")[0], 0, "--version")
    same(run("--help")[0], 0, "--help")
    for words in (("--frobnicate",), ("argument",), ("--config",), ("--log-level=loud",), ("--log-target=moon",)):
        status, out, err = run(*words)
        same((status, out), (2, ""), f"{words}")
        check(err, f"{words}: not a word")
    same(run("--config", "/nonexistent.conf")[0], 78, "a configuration that is not there")
    with tempfile.TemporaryDirectory(prefix="greenloop-e2e-") as folder:
        path = os.path.join(folder, "c.conf")
        for text, status in (("[loop:a]\ncommand = true\n", 0), ("[loop:a]\ncomand = true\n", 1)):
            with open(path, "w", encoding="ascii") as file:
                file.write(text)
            same(run("--config", path, "--check")[0], status, "--check")
            answer = ctl("verify", path, environment={"GREENLOOPD": DAEMON})
            same((answer.status, answer.json["valid"]), (status, status == 0), "verify")
        same(run("--config", path, "--socket", os.path.join(folder, "s"))[0], 78, "start with a bad configuration")
        same(lines(os.path.join(folder, "s")), [], "nothing is left")


main()
