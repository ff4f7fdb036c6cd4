#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What other supervisors fell over, each named by the report of it in their trackers.

Those whose place is with the tests of one subject are there, with the report in their names.
"""

import mmap
import os
import shutil
import struct
import subprocess
import sys

from greenloop import CTL, DAEMON, DEADLINE, MODULES, SANITIZED, Daemon, Skip, check, end, holds, is_alive, lines, main, \
    read, same, test, until

NAMESPACE = ["unshare", "--pid", "--fork", "--mount-proc"]


def run(*command, **named):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=DEADLINE,
                          **named)


def runs_as_one():
    return bool(shutil.which("unshare")) and run(*NAMESPACE, "true").returncode == 0


def child(pid):
    """Of a process with one child."""
    return int(until(lambda: read(f"/proc/{pid}/task/{pid}/children"), "its child").split()[0])


# ---- operators


@test("the start of one member of a red group neither goes ahead of the reset nor is forgotten (circus#965)")
def start_in_red():
    config = "[group:g]\nbackoff = 1h\nbackoff_max = 1h\n" + \
        "".join(f"[loop:{name}]\ngroup = g\ncommand = sleep infinity\n" for name in "abc")
    with Daemon(config) as daemon:
        daemon.wait_green("g")
        daemon.act("stop", "c")
        for number in (1, 2):
            daemon.act("fail", "--trip", "a")
            daemon.wait_until(lambda number=number: daemon.group("g")["episode"] == number, "the episode is open")
            if number == 1:
                daemon.wait_closed("g")
        daemon.wait_state("g", "resetting")
        daemon.wait_until(lambda: set(daemon.loops("pid").values()) == {0}, "all is stopped")
        for name in "bc":
            daemon.act("start", "--no-block", name)
        same(daemon.ctl("--timeout=200ms", "start", "b").status, 124, "a start that waits for its end")
        same(daemon.loops("pid", "generation"), {"a": (0, 1), "b": (0, 1), "c": (0, 0)}, "nothing runs ahead of the reset")
        daemon.act("stop", "g")
        daemon.act("start", "g")
        same(daemon.loops("state"), dict.fromkeys("abc", "running"), "c, too, which had been stopped")
        same(daemon.loops("failures_total")["b"], 0, "failures of b")


@test("a stop, a start and a restart between two crashes: the operator's last word stands (circus#965)")
def last_word():
    with Daemon("[loop:l]\nbackoff = 1ms\nbackoff_max = 1ms\nmax_loop_failures = 1000000\ncommand = false\n") as daemon:
        for _ in range(5 if SANITIZED else 20):
            daemon.act("stop", "l")
            before = daemon.loop("l")
            same((before["state"], before["pid"], before["next_start"]), ("inactive", 0, 0), "stopped")
            same(daemon.loop("l"), before, "nothing starts it")
            daemon.act("start", "--no-block", "l")
            daemon.act("restart", "--no-block", "l")
            daemon.wait_until(lambda total=before["failures_total"]: daemon.loop("l")["failures_total"] > total, "it crashes again")


# ---- failures


@test("a member that exits with 0 before it is ready has failed, and nobody behind it starts (Supervisor#1285)")
def ends_in_start():
    config = """[group:g]
max_resets = 1
backoff = 1ms
[loop:hasty]
group = g
ready = delay:1h
start_timeout = infinity
max_loop_failures = 2
backoff = 1ms
command = sh -c 'echo x >>%d/runs'
[loop:behind]
group = g
after = hasty
command = touch %d/started
"""
    with Daemon(config) as daemon:
        daemon.wait_state("g", "failed")
        row = daemon.loop("hasty")
        same((row["failures_total"], row["last_failure"]["kind"]), (6, "exit"), "failures: three of each of two generations")
        same(len(lines(daemon.file("runs"))), 6, "runs")
        check(not os.path.exists(daemon.file("started")), "it was started behind one that was never ready")


@test("a storm of failures while the group is amber: each is counted once, and by its own loop (monit#1073)")
def storm():
    crashes, names = 20, [f"l{i}" for i in range(5)]
    config = "[group:g]\n" + "".join(f"""[loop:{name}]
group = g
backoff = 1ms
backoff_max = 1ms
max_loop_failures = 1000
command = sh -c 'echo x >>%d/{name}; [ $(wc -l <%d/{name}) -gt {crashes} ] || exit 3; exec sleep infinity'
[loop:behind-{name}]
group = g
after = {name}
ready = delay:1h
start_timeout = infinity
command = sleep infinity
""" for name in names)
    with Daemon(config) as daemon:
        for name in names:
            daemon.wait_lines(name, crashes + 1)
        daemon.act("wait", *names)
        row = daemon.group("g")
        same((row["color"], row["resets_total"], row["episode"]), ("amber", 0, 0), "the group")
        for name in names:
            row = daemon.loop(name)
            same((row["failures"], row["failures_total"], row["generation"]), (crashes, crashes, 0), f"failures of {name}")
            same(len(lines(daemon.file(name))), crashes + 1, f"runs of {name}")
            same(daemon.loop(f"behind-{name}")["failures_total"], 0, "failures of who waits for it")
            same(daemon.log.count(f"{name}:0#{crashes}: exit 3"), 1, "how often one cause is in the log")


@test("bad command lines, tried again and again, hold up nobody (circus#1157)")
def bad_commands():
    config = """[defaults]
backoff = 1ms
backoff_max = 1ms
max_loop_failures = 1000000
[loop:missing]
command = /nonexistent/program --option
[loop:folder]
command = /tmp
[loop:text]
command = %d/greenloop.conf
[loop:calm]
command = sleep infinity
"""
    with Daemon(config) as daemon:
        for number in range(1, 6):
            daemon.act("restart", "calm")
            same(daemon.loop("calm")["generation"], number, "generation")
        for name in ("missing", "folder", "text"):
            row = daemon.wait_until(lambda name=name: (row := daemon.loop(name))["failures_total"] > 2 and row, "failures")
            same(row["last_failure"]["kind"], "exec", name)
            daemon.act("stop", name)
        same(daemon.loop("calm")["failures_total"], 0, "failures of calm")


# ---- processes


@test("a process that is stopped (SIGSTOP) gets its stop signal, and has its grace")
def sigstopped():
    config = """[loop:l]
grace_period = 1h
command = sh -c 'trap "echo TERM >>%d/got; exit 0" TERM; echo up >>%d/got; while :; do sleep infinity & wait; done'
[loop:deaf]
grace_period = 100ms
command = sh -c 'trap "" TERM; echo up >>%d/deaf; while :; do sleep infinity & wait; done'
"""
    with Daemon(config) as daemon:
        daemon.wait_lines("got", 1)
        daemon.wait_lines("deaf", 1)
        for name in ("l", "deaf"):
            daemon.act("kill", "--signal=STOP", name)
            pid = daemon.loop(name)["pid"]
            until(lambda pid=pid: "T (stopped)" in read(f"/proc/{pid}/status"), "it is stopped")
        same(daemon.loops("state", "failures"), {"l": ("running", 0), "deaf": ("running", 0)}, "stopped is not ended")
        daemon.act("stop", "l", "deaf")
        same(lines(daemon.file("got")), ["up", "TERM"], "what it got")
        same(daemon.processes("l") + daemon.processes("deaf"), [], "processes")


CHAIN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
if os.fork():
    while True:
        signal.pause()
links = 0
while True:
    if os.fork():
        os._exit(0)
    links += 1
    if links == 20:
        with open("{path}", "a") as file:
            file.write("up" + chr(10))
"""


@test("a chain of processes, each gone as soon as it has made the next, ends with the stop (dinit#435)")
def chain():
    with Daemon("[loop:l]\ngrace_period = 100ms\n"
                f"command = {sys.executable} -S -E %d/chain.py\nautostart = no\n") as daemon:
        with open(daemon.file("chain.py"), "w", encoding="ascii") as file:
            file.write(CHAIN.format(path=daemon.file("up")))
        daemon.act("start", "l")
        for number in range(1, 4):
            daemon.wait_lines("up", number)
            daemon.act("restart", "l")
        daemon.act("stop", "l")
        for _ in range(20):  # a new one would not have the number of the last
            same(daemon.processes("l"), [], "processes")
        same(daemon.loop("l")["failures_total"], 0, "failures")


STORM = """
import os
made = 0
for _ in range({count}):
    try:
        pid = os.fork()
    except OSError:
        break
    if pid == 0:
        os._exit(0)
    made += 1
with open("{path}", "w") as file:
    file.write(str(made) + chr(10))
os._exit(0)  # and leaves them all
"""


def zombies(parent):
    """Children of that process that nobody has reaped."""
    found = []
    for name in os.listdir("/proc"):
        try:
            fields = read(f"/proc/{name}/stat").rpartition(")")[2].split() if name.isdigit() else []
        except OSError:
            continue
        if fields and fields[0] == "Z" and int(fields[1]) == parent:
            found.append(int(name))
    return found


@test("10 000 unknown zombies at once, as PID 1 where that can be tried: all reaped (Supervisor#936, moby#47583)")
def unknown_zombies():
    count = 500 if SANITIZED else 10000
    with Daemon("") as daemon:
        script, config, path = daemon.file("storm.py"), daemon.file("inner.conf"), daemon.file("inner.sock")
        with open(script, "w", encoding="ascii") as file:
            file.write(STORM.format(count=count, path=daemon.file("made")))
        with open(config, "w", encoding="ascii") as file:
            file.write(f"[loop:storm]\ntype = oneshot\ncommand = {sys.executable} -S -E {script}\n"
                       "[loop:calm]\ncommand = sleep infinity\n")
        as_one = runs_as_one()
        with subprocess.Popen([*(NAMESPACE if as_one else []), DAEMON, "--config", config, "--socket", path],
                              stderr=subprocess.DEVNULL) as outer:
            pid = child(outer.pid) if as_one else outer.pid
            try:
                until(lambda: os.path.exists(path), "the socket")
                same(run(CTL, "--socket", path, "wait", "--for=done", "storm").returncode, 0, "storm")
                made = int(daemon.wait_lines("made", 1)[0])
                until(lambda: not zombies(pid), "all are reaped")
                same(run(CTL, "--socket", path, "restart", "calm").returncode, 0, "its own children are known")
                same(run(CTL, "--socket", path, "is-green").returncode, 0, "is-green")
            finally:
                end(pid, 15)
            same(outer.wait(DEADLINE), 0, "exit status")
        if made < count:
            raise Skip(f"only {made} processes could be made here, and they were reaped")


@test("as PID 1 with exhausted_action = exit:N: the container ends with N, and nothing is left (Supervisor#712)")
def exit_as_one():
    if not runs_as_one():
        raise Skip("no PID namespace can be made here")
    with Daemon("") as daemon:
        config = daemon.file("inner.conf")
        for action, status in (("exit", 1), ("exit:7", 7)):
            with open(config, "w", encoding="ascii") as file:
                file.write(f"[greenloopd]\nexhausted_action = {action}\ncontrol_socket = none\n"
                           f"[defaults]\nenv.GREENLOOP_TEST = {daemon.folder}\n"
                           "[group:g]\nmax_resets = 1\nbackoff = 1ms\n[loop:bad]\ngroup = g\nafter = good\nmax_loop_failures = 1\n"
                           "backoff = 1ms\ncommand = false\n[loop:good]\ngroup = g\ncommand = sleep infinity\n"
                           "[loop:stranger]\ncommand = sleep infinity\n")
            done = run(*NAMESPACE, DAEMON, "--config", config)
            same(done.returncode, status, f"{action}: {done.stderr}")
            same(daemon.processes("good") + daemon.processes("stranger"), [], "processes")


@test("what a killed daemon left is not touched by the next one, which starts each of its own once (process-compose#530)")
def no_duplicates():
    config = """[group:g]
[loop:a]
group = g
command = sh -c 'echo $$ >>%d/a; exec sleep infinity'
[loop:b]
group = g
after = a
output = console
command = sh -c 'echo $$ >>%d/b; exec sleep infinity'
"""
    with Daemon(config) as daemon:
        daemon.wait_green("g")
        left = [int(daemon.wait_lines(name, 1)[0]) for name in "ab"]
        daemon.process.kill()
        daemon.wait_end()
        with Daemon(config, folder=daemon.folder) as successor:
            successor.wait_green("g")
            now = [int(successor.wait_lines(name, 2)[1]) for name in "ab"]
            same(list(successor.loops("pid").values()), now, "its own processes")
            successor.act("restart", "a")
            successor.act("stop", "g")
            same([len(lines(daemon.file(name))) for name in "ab"], [3, 2], "how often each was started")
            same([is_alive(pid) for pid in left + now], [True, True, False, False], "who lives: what was left, alone")
            for pid in left:
                end(pid)


# ---- configuration


@test("; and % in quotes are what they are (Supervisor#857, #986)")
def quoted():
    config = """[loop:l]
type = oneshot
env.WORDS = "100%% of a ; b"   ; a comment
env.DATE = "%%Y-%%m;%%d"
command = sh -c 'printf "%%s|" "$WORDS" "$DATE" "c ; d" e;f "#g" >%d/said'   ; another; "one"
"""
    with Daemon(config.replace("e;f", "e\\;f")) as daemon:
        daemon.act("wait", "--for=done", "l")
        same(read(daemon.file("said")), "100% of a ; b|%Y-%m;%d|c ; d|e;f|#g|", "words")
        bad = daemon.file("bad.conf")
        for text in ("command = echo 100%", "command = echo '%Y'", "command = true\nenv.X = \"%q\"", "command = echo 'a ; b"):
            with open(bad, "w", encoding="ascii") as file:
                file.write(f"[loop:l]\n{text}\n")
            done = run(DAEMON, "--check", "--config", bad)
            same(done.returncode, 1, text)
            holds(done.stderr, f"{bad}:{1 + len(text.splitlines())}: ", text)


@test("names that begin alike: an act hits whom it names, and nobody else (Supervisor#1097)")
def prefixes():
    groups = ("a", "ab", "a-b", "a.b")
    names = ("x", "x1", "x10", "ax")
    config = "".join(f"[group:{group}]\n" + "".join(f"[loop:{group}_{name}]\ngroup = {group}\noutput = null\n"
                                                    "command = sleep infinity\n" for name in names) for group in groups)
    every = [f"{group}_{name}" for group in groups for name in names]
    with Daemon(config) as daemon:
        daemon.wait_green(*groups)
        for words, hit in ((["a"], [loop for loop in every if loop.startswith("a_")]),
                           (["a_x"], ["a_x"]),
                           (["a/*"], [loop for loop in every if loop.startswith("a_")]),
                           (["a/*_x1"], ["a_x1"]),
                           (["a?b/*_x"], ["a-b_x", "a.b_x"]),
                           (["*/*x1?"], [loop for loop in every if loop.endswith("x10")]),
                           (["a.b_*"], [loop for loop in every if loop.startswith("a.b_")]),
                           (["a[!_]_x"], ["ab_x"])):
            daemon.act("stop", *words)
            same([name for name, state in daemon.loops("state").items() if state == "inactive"], hit, f"stop {words}")
            daemon.act("start", *groups)
            daemon.act("start", *every)
        same(daemon.ctl("stop", "a_x1", "a_").status, 4, "a name that is only the begin of others")
        same(daemon.ctl("stop", "a/ab_x").status, 4, "a loop of another group")
        same(set(daemon.loops("state").values()), {"running"}, "states")


# ---- time


TIMES = """[defaults]
output = null
[loop:ticks]
interval = 20ms
command = sh -c 'echo x >>%d/ticks'
[loop:crashes]
backoff = 20ms
backoff_max = 20ms
max_loop_failures = 1000000
command = false
[loop:waits]
backoff = 30min
backoff_max = 30min
command = false
[loop:gets-ready]
ready = delay:30min
start_timeout = 40min
command = sleep infinity
[loop:long]
interval = 1s
cycle_timeout = 30min
command = sleep infinity
[loop:deaf]
grace_period = 30min
command = sh -c 'trap "" TERM; echo up >>%d/deaf; sleep infinity & wait; sleep infinity'
[group:g]
backoff = 30min
backoff_max = 30min
[loop:member]
group = g
command = sleep infinity
"""


@test("a wall clock that is set by an hour, ahead and back, ends no wait too early or late (Supervisor#802, #1043)")
def clock_steps():
    library = os.path.join(MODULES, "clock-step.so")
    if SANITIZED:
        raise Skip("a sanitizer wants to be loaded first")
    daemon = Daemon(TIMES)
    with open(daemon.file("step"), "wb+") as file:
        file.write(struct.pack("q", 0))
        file.flush()
        step = mmap.mmap(file.fileno(), 8)
    daemon.environment.update(CLOCK_STEP=daemon.file("step"), LD_PRELOAD=library)
    with daemon, step:
        daemon.wait_green("g")
        daemon.wait_lines("deaf", 1)
        for number in (1, 2):
            daemon.act("fail", "--trip", "member")
            if number == 1:
                daemon.wait_closed("g")
        daemon.wait_state("g", "resetting")
        daemon.wait_state("member", "inactive")
        daemon.wait_state("waits", "backoff")
        daemon.wait_state("long", "running")
        daemon.act("stop", "--no-block", "deaf")
        daemon.wait_state("deaf", "stopping")
        quiet = ("waits", "gets-ready", "long", "deaf", "member")
        before = daemon.loops("state", "pid", "generation", "cycle", "failures_total", "since")
        opened = daemon.group("g")["since"]
        for hours in (1, 0, -1, 0):
            step[:8] = struct.pack("q", hours * 3600)
            ticks, crashes = len(lines(daemon.file("ticks"))), daemon.loop("crashes")["failures_total"]
            daemon.wait_lines("ticks", ticks + 5)
            daemon.wait_until(lambda total=crashes: daemon.loop("crashes")["failures_total"] > total + 5, "it crashes on")
            now = daemon.loops("state", "pid", "generation", "cycle", "failures_total", "since")
            for name in quiet:
                same(now[name], before[name], f"{name}, with the clock {hours} hours ahead")
            row = daemon.group("g")
            same((row["state"], row["since"]), ("resetting", opened), "the reset that waits")
            shown = until(lambda: daemon.loop("crashes")["since"], "the time shown")
            check(abs(shown - opened - hours * 3600e6) < 1800e6, f"the step is not seen: {shown} after {opened}")
        end(daemon.pid, 15)
        daemon.wait_told("STOPPING=1")
        end(daemon.pid, 15)
        same(daemon.wait_end(), 0, "exit status")


@test("no wait of the daemon's knows the wall clock at all, seen by strace (Supervisor#912)")
def traced_clocks():
    if SANITIZED or not shutil.which("strace"):
        raise Skip("this needs strace, and no sanitizer")
    if run("strace", "-f", "-qq", "-o", "/dev/null", "true").returncode:
        raise Skip("nothing can be traced here")
    daemon = Daemon(TIMES)
    trace = daemon.file("trace")
    daemon.command = ["strace", "-D", "-f", "-qq", "-o", trace, "-e", "signal=none",
                      "-e", "trace=futex,timerfd_create,timer_create,clock_nanosleep,/.*settime", *daemon.command]
    with daemon:
        daemon.wait_lines("ticks", 3)
        daemon.wait_until(lambda: daemon.loop("crashes")["failures_total"] > 3, "it crashes")
        daemon.act("fail", "--trip", "member")
        daemon.wait_closed("g")
        end(daemon.pid, 15)
        daemon.wait_told("STOPPING=1")
        end(daemon.pid, 15)
        same(daemon.wait_end(), 0, "exit status")
        calls = [line for line in lines(trace) if "futex(" in line or "timer" in line or "nanosleep" in line]
        check(any("FUTEX_WAIT_BITSET" in line and "tv_sec" in line for line in calls), "no wait with a time was traced")
        wrong = [line for line in calls if "CLOCK_REALTIME" in line and "tv_sec" in line]  # NULL: a wait without an end
        same(wrong[:3], [], "waits by the wall clock")


main()
