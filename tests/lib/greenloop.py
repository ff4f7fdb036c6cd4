# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: a greenloopd of their own, greenloopctl, waiting, processes, TAP.

A test is a function with @test("what must be so"); main() runs all of a script, some at a time, and prints TAP.
Nothing sleeps and hopes: wait_until() looks again at each event that `greenloopctl monitor` tells. Its deadline is for
tests that fail only, and is longer where all is slow ($TEST_PATIENCE).
"""

import collections
import concurrent.futures
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback

BUILD = os.environ.get("top_builddir", ".")
DAEMON = os.path.join(BUILD, "greenloopd")
CTL = os.path.join(BUILD, "greenloopctl")
MODULES = os.path.join(os.path.abspath(BUILD), "tests", "e2e", "modules", ".libs")
PATIENCE = float(os.environ.get("TEST_PATIENCE") or 1)
SANITIZED = os.environ.get("TEST_SANITIZERS", "no") != "no"
DEADLINE = 20 * PATIENCE
LOOK_AGAIN = 0.1  # seconds: for what no event tells, such as a file or a process
FAULTS = ("Sanitizer", "runtime error:", "this is a bug in greenloop")

Answer = collections.namedtuple("Answer", "status json error text")


class Skip(Exception):
    """Raised by a test that cannot run here; the reason is its text."""


# ---- checks


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def same(actual, wanted, what=""):
    check(actual == wanted, f"{what}: got {actual!r}, wanted {wanted!r}")


def holds(text, part, what="text"):
    check(part in text, f"{what}: {part!r} is not in {text!r}")


# ---- processes


def marked(marker, loop=None):
    """The living processes with the marker in their environment, or only those of one loop."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                variables = file.read()
        except OSError:
            continue
        if marker.encode() not in variables:
            continue
        if loop is None or f"GREENLOOP_LOOP={loop}".encode() in variables.split(b"\0"):
            found.append(int(name))
    return found


def is_alive(pid):
    """Not a zombie either."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def end(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def lines(path):
    """Of a file that children write: none while it is not there."""
    return read(path).splitlines() if os.path.exists(path) else []


def readable(file, seconds):
    """Is there something to read, or the end, within that time?"""
    poll = select.poll()
    poll.register(file, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


# ---- greenloopctl


def ctl(*arguments, path=None, environment=None):
    """Runs greenloopctl with --json (unless another output is asked for) and decodes what it prints."""
    command = [CTL, *(["--socket", path] if path else []), *arguments]
    if not any(word.startswith("--json") for word in arguments):
        command.insert(1, "--json=short")
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          timeout=2 * DEADLINE, env={**os.environ, **(environment or {})})
    decoded = json.loads(done.stdout) if done.stdout.startswith("{") and "monitor" not in arguments else None
    return Answer(done.returncode, decoded, done.stderr, done.stdout)


class Monitor:
    """`greenloopctl monitor`: what happens from now on. All events so far are in .events."""

    def __init__(self, path):
        self.events = []
        self.rest = b""
        self.process = subprocess.Popen([CTL, "--socket", path, "--json=short", "monitor"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        # It catches SIGTERM as soon as it has subscribed.
        until(lambda: self.process.poll() is not None or self.catches(signal.SIGTERM), "monitor subscribes")

    def catches(self, number):
        for line in lines(f"/proc/{self.process.pid}/status"):
            if line.startswith("SigCgt:"):
                return int(line.split()[1], 16) >> (number - 1) & 1
        return 0

    def read(self, seconds):
        """Takes what is there, waits for more if that is nothing. False: it has ended."""
        if not readable(self.process.stdout, seconds):
            return True
        data = os.read(self.process.stdout.fileno(), 1 << 20)
        *whole, self.rest = (self.rest + data).split(b"\n")
        self.events += [json.loads(line) for line in whole]
        return bool(data)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def until(predicate, what, rest=None):
    """Looks, rests, looks again; returns what the predicate returned at last."""
    deadline = time.monotonic() + DEADLINE
    while True:
        value = predicate()
        if value:
            return value
        check(time.monotonic() < deadline, f"it did not happen in time: {what}")
        if rest is None:
            time.sleep(LOOK_AGAIN / 10)
        else:
            rest()


# ---- greenloopd


class Daemon:
    """greenloopd with a configuration, a socket and a service manager of its own.

    In the configuration %d is the folder of all this. On leaving it is stopped, must have ended with status 0 (or have
    been waited for), must have said nothing about bugs, and have left no process.
    """

    def __init__(self, config, *arguments, has_socket=True, folder=None, environment=None, output=None):
        self.folder = folder or tempfile.mkdtemp(prefix="greenloop-e2e-")
        self.owns_folder = folder is None
        self.path = os.path.join(self.folder, "control.sock")
        self.log_path = os.path.join(self.folder, "log")
        self.config_path = self.file("greenloop.conf")
        self.notify_path = self.file(f"notify-{id(self)}")
        with open(self.config_path, "w", encoding="utf-8") as file:
            file.write(f"[defaults]\nenv.GREENLOOP_TEST = {self.folder}\n{config}")
        self.command = [DAEMON, "--config", self.config_path, "--log-target=console", "--log-level=debug", *arguments]
        if has_socket:
            self.command += ["--socket", self.path]
        self.environment = {**os.environ, "NOTIFY_SOCKET": self.notify_path, "GREENLOOP_TEST": self.folder,
                            **(environment or {})}
        self.output = output  # instead of the log
        self.process = self.service_manager = self.watcher = None
        self.told = []  # to the service manager
        self.waited = False
        threads.daemons.append(self)

    def file(self, name):
        return os.path.join(self.folder, name)

    # ---- start and stop

    def launch(self):
        self.service_manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.service_manager.bind(self.notify_path)
        self.service_manager.setblocking(False)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=self.output or log, env=self.environment)
        return self

    def start(self):
        self.launch()
        self.wait_told("READY=1")
        return self

    def is_told(self, text):
        """Has the service manager been told so?"""
        while True:
            try:
                self.told.append(self.service_manager.recv(4096).decode())
            except BlockingIOError:
                return any(message.startswith(text) for message in self.told)

    def wait_told(self, text):
        def look():
            check(self.is_told(text) or self.process.poll() is None, f"it ended before {text}")
            return self.is_told(text)
        until(look, text, lambda: readable(self.service_manager, LOOK_AGAIN))

    def wait_end(self):
        """Its exit status."""
        self.waited = True
        try:
            return self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            raise AssertionError("greenloopd does not end") from None

    def stop(self):
        end(self.process.pid, signal.SIGTERM)
        return self.wait_end()

    @property
    def pid(self):
        return self.process.pid

    @property
    def log(self):
        return read(self.log_path) if os.path.exists(self.log_path) else ""

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.clear()
            raise

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                if not self.waited:
                    same(self.stop(), 0, "exit status of greenloopd")
                for fault in FAULTS:
                    check(fault not in self.log, f"the log speaks of {fault!r}")
                same(marked(self.folder), [], "processes left behind")
        finally:
            self.clear()

    def clear(self):
        """Leaves nothing, whatever happened."""
        if self.watcher:
            self.watcher.close()
        if self.process:
            self.process.kill()
            self.process.wait()
        while self.owns_folder and (left := marked(self.folder)):
            for pid in left:
                end(pid)
        if self.service_manager:
            self.service_manager.close()
        self.kept_log = self.log
        if self.owns_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- looking and acting

    def ctl(self, *arguments, **named):
        return ctl(*arguments, path=self.path, **named)

    def act(self, *arguments):
        """A verb that must succeed."""
        answer = self.ctl(*arguments)
        same(answer.status, 0, f"{' '.join(arguments)}: {answer.error.strip()}")
        return answer

    def status(self):
        return self.ctl("status").json

    def loop(self, name):
        return next(row for row in self.status()["loops"] if row["name"] == name)

    def group(self, name):
        return next(row for row in self.status()["groups"] if row["name"] == name)

    def loops(self, *keys):
        """{name: value} of one key, {name: (value, …)} of more."""
        rows = self.status()["loops"]
        return {row["name"]: row[keys[0]] if len(keys) == 1 else tuple(row[key] for key in keys) for row in rows}

    def why(self, *names):
        return self.act("why", *names).json

    def monitor(self):
        return Monitor(self.path)

    def processes(self, loop):
        return marked(self.folder, loop)

    def wait_until(self, predicate, what):
        if not self.watcher:
            self.watcher = self.monitor()
        return until(predicate, what, self.rest)

    def rest(self):
        """Until something happens, or for a moment; all that has happened by then counts as one."""
        if not self.watcher.read(LOOK_AGAIN):
            time.sleep(LOOK_AGAIN)
        while readable(self.watcher.process.stdout, 0) and self.watcher.read(0):
            pass

    def wait_state(self, name, *states):
        def look():
            status = self.status()
            return next((row for row in status["loops"] + status["groups"]
                         if row["name"] == name and row["state"] in states), None)
        return self.wait_until(look, f"{name} is {' or '.join(states)}")

    def wait_green(self, *names):
        self.act("wait", "--for=green", f"--timeout={DEADLINE}s", *names)

    def wait_closed(self, group, number=1):
        """The episode of that number, at its end."""
        self.wait_until(lambda: (row := self.group(group))["episode"] >= number and not row["episode_open"],
                        f"episode {number} of {group} is closed")
        return self.why(f"#{number}")["episodes"][0]

    def wait_lines(self, name, count):
        """Of a file in the folder."""
        return until(lambda: len(found := lines(self.file(name))) >= count and found, f"{count} lines in {name}")


# ---- TAP

tests = []
threads = threading.local()


def test(description):
    def add(function):
        tests.append((description, function))
        return function
    return add


def run(function):
    """(ok, directive, lines that explain)"""
    threads.daemons = []
    try:
        function()
        return True, "", ""
    except Skip as reason:
        return True, f" # SKIP {reason}", ""
    except BaseException:
        return False, "", traceback.format_exc() + "".join(
            f"log of greenloopd:\n{getattr(daemon, 'kept_log', '')}" for daemon in threads.daemons)


def main(at_once=4):
    """Runs the tests of the script; its arguments are words that a description must hold to be run."""
    chosen = [row for row in tests if all(word in row[0] for word in sys.argv[1:])]
    print(f"1..{len(chosen)}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        results = [pool.submit(run, function) for _, function in chosen]
        for number, (row, result) in enumerate(zip(chosen, results), 1):
            good, directive, explained = result.result()
            for line in explained.splitlines():
                print(f"# {line}")
            print(f"{'ok' if good else 'not ok'} {number} - {row[0]}{directive}", flush=True)
