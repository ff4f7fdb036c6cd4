#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What greenloop-exec sets up: everything that a child has, with and without each setting; each step that fails."""

import grp
import json
import os
import pwd
import resource
import shutil
import stat
import subprocess
import sys
import tempfile

import greenloop
from greenloop import CTL, Daemon, Skip, check, holds, lines, main, read, same, test, until

LIMITS = {name[len("RLIMIT_"):].lower(): getattr(resource, name) for name in dir(resource)
          if name.startswith("RLIMIT_") and name != "RLIMIT_OFILE"}
GLIBC_OWN = 3 << 31  # signals 32 and 33, which posix_spawn() sets to be ignored
STATUS = ("SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")

DUMP = f"""
import json, os, resource, sys
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
found = {{
    "ids": [os.getresuid(), os.getresgid(), sorted(os.getgroups())],
    "environment": dict(os.environ), "directory": os.getcwd(), "umask": os.umask(0), "nice": os.nice(0),
    "limits": {{name: resource.getrlimit(number) for name, number in {LIMITS!r}.items()}},
    "oom": int(open("/proc/self/oom_score_adj").read()), "cpus": sorted(os.sched_getaffinity(0)),
    "policy": [os.sched_getscheduler(0), os.sched_getparam(0).sched_priority],
    "status": {{key: int(status[key], 16) for key in {STATUS!r}}},
    "session": [os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()],
    "descriptors": sorted(fd for fd in map(int, os.listdir("/proc/self/fd")) if os.path.exists(f"/proc/self/fd/{{fd}}")),
    "parent": os.getppid(), "links": [os.readlink(f"/proc/self/fd/{{fd}}") for fd in (0, 1, 2)],
}}
file = os.path.join({{0!r}}, os.environ["GREENLOOP_LOOP"])
json.dump(found, open(file + ".tmp", "w"))
os.rename(file + ".tmp", file)
"""


def is_open(path):
    """May everybody execute it?"""
    while path != "/":
        if not os.stat(path).st_mode & stat.S_IXOTH:
            return False
        path = os.path.dirname(path)
    return True


PYTHON = next((path for path in map(os.path.realpath, (sys.executable, "/usr/bin/python3")) if os.path.exists(path) and is_open(path)),
              None)


class OpenDaemon(Daemon):
    """One whose folder and service manager are for everybody, and that something is done to before it is executed."""

    def __init__(self, config, preexec=None, **named):
        super().__init__(config, **named)
        os.chmod(self.folder, 0o777)
        if preexec:
            self.command = [sys.executable, "-c", f"{preexec}\nimport os, sys\nos.execv(sys.argv[1], sys.argv[1:])",
                            *self.command]

    def launch(self):
        super().launch()
        os.chmod(self.notify_path, 0o777)
        return self


def dump(keys, preexec=None, output="null"):
    """Runs greenloopd with one loop that has these keys; what its process has, and the daemon's own limits."""
    if not PYTHON:
        raise Skip("no Python that everybody may execute")
    lines_ = "\n".join(keys)
    config = f"[loop:l]\ntype = oneshot\nmax_loop_failures = 0\noutput = {output}\ncommand = {PYTHON} -I %d/dump.py\n{lines_}\n"
    daemon = OpenDaemon(config, preexec)
    with open(daemon.file("dump.py"), "w", encoding="utf-8") as file:
        file.write(DUMP.replace("{0!r}", repr(daemon.folder)))
    with daemon:
        row = daemon.wait_state("l", "done", "failed")
        check(row["state"] == "done", f"{row['last_failure']}")
        return json.loads(read(daemon.file("l"))), daemon.pid


def root_only():
    if os.geteuid() != 0:
        raise Skip("must be root")


def open_build_only():
    """For tests that run the daemon as somebody else."""
    root_only()
    if not is_open(os.path.realpath(greenloop.DAEMON)):
        raise Skip("the folder of the build is closed to others")


def may_lower():
    """Has it CAP_SYS_RESOURCE?"""
    return base()["status"]["CapEff"] >> 24 & 1


def base():
    """What a child has when nothing is said; limits and processors are this test's own."""
    status = dict(line.split(":", 1) for line in lines("/proc/self/status"))
    return {
        "ids": [[os.getuid()] * 3, [os.getgid()] * 3, sorted(os.getgroups())],
        "directory": "/", "umask": 0o022, "nice": os.nice(0),
        "limits": {name: list(resource.getrlimit(number)) for name, number in LIMITS.items()},
        "oom": max(0, int(read("/proc/self/oom_score_adj"))), "cpus": sorted(os.sched_getaffinity(0)), "policy": [0, 0],
        "status": {**{key: 0 for key in STATUS}, **{key: int(status[key], 16) for key in STATUS if key[:3] == "Cap"}},
        "session": [True, True], "descriptors": [0, 1, 2],
    }


def compare(found, changed):
    """All is as it would be anyhow, but what is said to be changed."""
    wanted = base()
    for key, value in changed.items():
        wanted[key] = {**wanted[key], **value} if isinstance(value, dict) else value
    found["status"]["SigIgn"] &= ~GLIBC_OWN
    found["status"]["SigIgn"] &= ~(1 << 12 | 1 << 24)  # Python ignores SIGPIPE and SIGXFSZ
    found["status"]["SigCgt"] = 0  # Python's SIGINT
    for key, value in wanted.items():
        same(found[key], value, key)


def nobody(*more):
    entry = pwd.getpwnam("nobody")
    groups = sorted({*os.getgrouplist("nobody", entry.pw_gid), *more})
    return {"ids": [[entry.pw_uid] * 3, [entry.pw_gid] * 3, groups],
            "status": {"CapInh": 0, "CapPrm": 0, "CapEff": 0, "CapAmb": 0}}


BIND = 1 << 10
ONLY_BIND = {key: BIND for key in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
CASES = {
    "nothing": ([], lambda: {}),
    "umask": (["umask = 0077"], lambda: {"umask": 0o077}),
    "nice": (["nice = 7"], lambda: {"nice": 7}),
    "working_directory": (["working_directory = /usr"], lambda: {"directory": "/usr"}),
    "oom_score_adjust": (["oom_score_adjust = 321"], lambda: {"oom": 321}),
    "cpu_affinity": ([f"cpu_affinity = {min(os.sched_getaffinity(0))}"], lambda: {"cpus": [min(os.sched_getaffinity(0))]}),
    "no_new_privileges": (["no_new_privileges = yes"], lambda: {"status": {"NoNewPrivs": 1}}),
    "limits": (["limit_nofile = 100:200", "limit_core = 0", "limit_cpu = 1h", "limit_as = 16G:17G", "limit_stack = 4M:8M",
                "limit_rttime = 1s", "limit_nproc = 1000", "limit_msgqueue = 4K", "limit_nice = 0", "limit_fsize = 1G"],
               lambda: {"limits": {"nofile": [100, 200], "core": [0, 0], "cpu": [3600, 3600], "as": [16 << 30, 17 << 30],
                                   "stack": [4 << 20, 8 << 20], "rttime": [1000000] * 2, "nproc": [1000] * 2,
                                   "msgqueue": [4096] * 2, "nice": [0] * 2, "fsize": [1 << 30] * 2}}),
    "user": (["user = nobody"], nobody),
    "user and group by number": (["user = 4711:4712"], lambda: {
        "ids": [[4711] * 3, [4712] * 3, [4712]], "status": nobody()["status"]}),
    "user with groups": (["user = nobody", "supplementary_groups = daemon 4713"],
                         lambda: nobody(grp.getgrnam("daemon").gr_gid, 4713)),
    "groups": (["supplementary_groups = 4714"], lambda: {
        "ids": [*base()["ids"][:2], sorted({*os.getgroups(), 4714})]}),
    "capabilities of root": (["capabilities = CAP_NET_BIND_SERVICE"], lambda: {"status": ONLY_BIND}),
    "capabilities of a user": (["capabilities = net_bind_service", "user = nobody", "umask = 0"],
                               lambda: {**nobody(), "umask": 0, "status": ONLY_BIND}),
    "no capabilities": (["capabilities = none"],
                        lambda: {"status": {key: 0 for key in ONLY_BIND}}),
    "all at once": (["user = nobody", "capabilities = none", "no_new_privileges = yes", "nice = -3", "umask = 0027",
                     "oom_score_adjust = 100", "working_directory = /usr/lib", "limit_nofile = 64"],
                    lambda: {**nobody(), "status": {**{key: 0 for key in ONLY_BIND}, "NoNewPrivs": 1}, "nice": -3,
                             "umask": 0o027, "oom": 100, "directory": "/usr/lib", "limits": {"nofile": [64, 64]}}),
    "with CAP_SYS_RESOURCE": (["user = nobody", "oom_score_adjust = -100", "limit_memlock = infinity"],
                              lambda: {**nobody(), "oom": -100, "limits": {"memlock": [-1, -1]}}),
}
UNPRIVILEGED = {"nothing", "umask", "nice", "working_directory", "oom_score_adjust", "cpu_affinity", "no_new_privileges"}


def add_case(name, keys, changed):
    @test(f"a child has what is said and nothing by accident: {name}")
    def case():
        if name not in UNPRIVILEGED:
            root_only()
        if name == "with CAP_SYS_RESOURCE" and not may_lower():
            raise Skip("no CAP_SYS_RESOURCE")
        for output in ("null", "console"):
            found, daemon = dump(keys, output=output)
            compare(found, changed())
            same(found["parent"], daemon, "parent")
            same(found["links"][0], "/dev/null", "standard input")
            links = set(found["links"][1:])
            check(links == {"/dev/null"} if output == "null" else all(link.startswith("pipe:") for link in links), f"{links}")


for case_name, (case_keys, case_changed) in CASES.items():
    add_case(case_name, case_keys, case_changed)


@test("a daemon that is protected, has raised its limit, ignores signals and has descriptors leaves its children out of it")
def accidents():
    root_only()
    preexec = """
import os, resource, signal
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 4096))
try:
    os.write(os.open('/proc/self/oom_score_adj', os.O_WRONLY | os.O_CLOEXEC), b'-500')
except PermissionError:
    pass # no CAP_SYS_RESOURCE
for number in (signal.SIGHUP, signal.SIGINT, signal.SIGCHLD, signal.SIGPIPE, signal.SIGUSR1, signal.SIGWINCH):
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGQUIT, signal.SIGALRM, signal.SIGCONT})
os.umask(0o077)
os.chdir('/tmp')
os.set_inheritable(os.open('/etc/passwd', os.O_RDONLY), True)
"""
    for keys in ([], ["nice = 3"]):
        found, _ = dump(keys, preexec)
        compare(found, {"limits": {"nofile": [100, 4096]}, "oom": 0, **({"nice": 3} if keys else {})})


@test("the environment: base, user, pass_env, env_file, env.KEY, greenloop's own; the later the stronger")
def environment():
    keys = ["pass_env = PASS_* NOTIFY_SOCKET B C WATCHDOG_*", "env_file = %d/more", "env.C = configured", "env.TZ = Mars",
            "env.GREENLOOP_CYCLE = 7", "user = nobody"]
    own = {"PASS_ME": "1", "NOT_ME": "2", "B": "passed", "C": "passed", "SHELL": "/bin/own", "PATH": os.environ["PATH"],
           "WATCHDOG_USEC": "1000000000"}
    if os.geteuid() != 0:
        keys.pop()
    config = "[loop:l]\ntype = oneshot\ncommand = sh -c 'env >%d/out'\n" + "\n".join(keys) + "\n"
    daemon = OpenDaemon(config, environment=own)
    with open(daemon.file("more"), "w", encoding="utf-8") as file:
        file.write("# comment\n\nB=from file\nC=from file\nQUOTED=\"a \\\"b\\\" $c\"\nLITERAL='x \\\\ y'\nEMPTY=\nTZ=file\n")
    with daemon:
        daemon.act("wait", "--for=done", "l")
        found = dict(line.split("=", 1) for line in lines(daemon.file("out")))
        wanted = {"PASS_ME": "1", "B": "from file", "C": "configured", "QUOTED": 'a "b" $c', "LITERAL": "x \\\\ y",
                  "EMPTY": "", "TZ": "Mars", "GREENLOOP_CYCLE": "1", "NOTIFY_SOCKET": daemon.path + ".notify/all"}
        if os.geteuid() == 0:
            entry = pwd.getpwnam("nobody")
            wanted.update(HOME=entry.pw_dir, USER="nobody", LOGNAME="nobody", SHELL=entry.pw_shell)
        same({key: found.get(key) for key in wanted}, wanted, "variables")
        for key in ("NOT_ME", "WATCHDOG_USEC"):
            check(key not in found, f"{key} got through")


@test("env_file: missing is a failure unless it may be; a bad line is named; no device")
def env_file():
    config = """[defaults]
max_loop_failures = 0
type = oneshot
[loop:missing]
env_file = %d/none
command = true
[loop:may]
env_file = -%d/none
command = true
[loop:bad]
env_file = %d/bad
command = true
[loop:device]
env_file = /dev/zero
command = true
"""
    daemon = Daemon(config)
    with open(daemon.file("bad"), "w", encoding="utf-8") as file:
        file.write("A=1\nno variable\n")
    with daemon:
        daemon.wait_state("may", "done")
        for name, words in (("missing", "none: No such file or directory"), ("bad", "bad:2: not KEY=value"),
                            ("device", "/dev/zero: not a text file")):
            row = daemon.wait_state(name, "failed")
            same(row["last_failure"]["kind"], "exec", name)
            holds(row["last_failure"]["reason"], words, name)


FAILING = {
    "user": ("user = no-such-user", "cannot change to user `no-such-user`: no such user"),
    "number": ("user = 4711", "cannot change to user `4711`: no such user"),
    "group": ("user = nobody:no-such-group", "cannot change to group `no-such-group`: no such group"),
    "groups": ("supplementary_groups = no-such-group", "cannot change to group `no-such-group`: no such group"),
    "folder": ("working_directory = /no/such", "cannot change to directory /no/such: No such file or directory"),
    "cpus": ("cpu_affinity = 1023", "cannot set cpu_affinity: Invalid argument"),
    "program": ("umask = 0", "cannot execute /no/such/program: No such file or directory"),
}
FAILING_AS_ROOT = {
    "closed": ("user = nobody\nworking_directory = %d/closed", "cannot change to directory {folder}/closed: Permission denied"),
    "limit": ("limit_nofile = infinity", "cannot set limit nofile: Operation not permitted"),
}
FAILING_AS_USER = {
    "user": ("user = nobody", "cannot change to user `nobody`: Operation not permitted"),
    "groups": ("supplementary_groups = 1", "cannot change to supplementary_groups: Operation not permitted"),
    "nice": ("nice = -1", "cannot set nice: Permission denied"),
    "capabilities": ("capabilities = CAP_CHOWN", "cannot set capabilities: Operation not permitted"),
    "oom": ("oom_score_adjust = -1", "cannot set oom_score_adjust: Permission denied"),
    "hard": ("limit_core = infinity", "cannot set limit core: Operation not permitted"),
}


def expect_failing(rows, preexec=None):
    """Each is a failure of kind exec with that sentence, told by status, why and the log."""
    config = "[defaults]\nmax_loop_failures = 0\noutput = console\n" + "".join(
        f"[loop:{name}]\ncommand = {'/no/such/program' if name == 'program' else 'true'}\n{keys}\n"
        for name, (keys, _) in rows.items())
    daemon = OpenDaemon(config, preexec)
    os.mkdir(daemon.file("closed"), 0o700)
    with daemon:
        for name, (_, sentence) in rows.items():
            sentence = sentence.format(folder=daemon.folder)
            row = daemon.wait_state(name, "failed")
            same((row["last_failure"]["kind"], row["last_failure"]["reason"]), ("exec", sentence), name)
            done = subprocess.run([CTL, "--socket", daemon.path, "why", name], stdout=subprocess.PIPE, text=True, check=False)
            holds(done.stdout, sentence, "why")
            holds(daemon.log, sentence, "log")


@test("each step that fails is named, with its reason, as a failure of kind exec")
def failing():
    expect_failing(FAILING)


@test("a folder that is closed to the user, a limit that even root may not have")
def failing_as_root():
    root_only()
    expect_failing(FAILING_AS_ROOT)


@test("what a daemon without privileges cannot do is named, too")
def failing_as_user():
    open_build_only()
    expect_failing(FAILING_AS_USER, """
import os, resource
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(1, 1, 1)
""")


@test("--check warns of what cannot be done here, which is no fault")
def doubts():
    open_build_only()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        path = os.path.join(folder, "greenloop.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write("[loop:u]\nuser = nobody\ncommand = true\n[loop:c]\ncapabilities = none\ncommand = true\n"
                       "[loop:n]\nnice = 1\ncommand = true\n"
                       f"[loop:m]\nuser = nobody\nmodule = {greenloop.MODULES}/puppet.so\n")
        for uid, doubted in ((0, "m"), (1, "ucm")):
            done = subprocess.run([greenloop.DAEMON, "--config", path, "--check"], stdout=subprocess.PIPE, text=True,
                                  stderr=subprocess.STDOUT, check=False, user=uid)
            same(done.returncode, 0, "exit status")
            for name in "ucnm":
                same(f"{name}: " in done.stdout, name in doubted, f"{name}, as {uid}: {done.stdout}")


@test("a user that is made later works at the next start")
def made_later():
    root_only()
    if not shutil.which("useradd"):
        raise Skip("no useradd")
    name = f"gl-e2e-{os.getpid()}"
    config = f"[loop:l]\ntype = oneshot\nuser = {name}\nbackoff = 10ms\nbackoff_max = 10ms\nmax_loop_failures = 100000\ncommand = true\n"
    with Daemon(config) as daemon:
        until(lambda: daemon.loop("l")["failures"] >= 2, "it fails for want of a user")
        try:
            subprocess.run(["useradd", "--no-create-home", name], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            daemon.wait_state("l", "done")
        finally:
            subprocess.run(["userdel", name], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@test("hook commands run as the loop's user, with its environment")
def hooks():
    root_only()
    config = """[loop:l]
type = oneshot
user = nobody
umask = 0
env.MINE = yes
on_start = sh -c 'echo start $(id -un) $MINE $HOME >>%d/out'
on_stop = sh -c 'echo stop $(id -un) $MINE $HOME >>%d/out'
command = sh -c 'echo run $(id -un) $MINE $HOME >>%d/out'
"""
    with OpenDaemon(config) as daemon:
        daemon.wait_state("l", "done")
        home = pwd.getpwnam("nobody").pw_dir
        same(daemon.wait_lines("out", 3), [f"{word} nobody yes {home}" for word in ("start", "run", "stop")], "lines")


@test("captured output belongs to the user, so that /dev/stdout can be opened")
def dev_stdout():
    root_only()
    with Daemon("[loop:l]\ntype = oneshot\nuser = nobody\noutput = console\ncommand = sh -c 'echo out >/dev/stdout; echo err >/dev/stderr'\n") as daemon:
        daemon.wait_state("l", "done", "failed")
        daemon.stop()
        for word in ("out", "err"):
            holds(daemon.log, f"l | {word}\n", "log")


@test("a helper that is missing is this program's trouble: retried, said, not counted")
def no_helper():
    with Daemon("[loop:l]\nnice = 1\nbackoff = 10ms\nbackoff_max = 10ms\ncommand = sleep infinity\n",
                environment={"GREENLOOP_EXEC_PATH": "/no/such/greenloop-exec"}) as daemon:
        until(lambda: daemon.log.count("cannot execute greenloop-exec: No such file or directory") >= 2, "it is said")
        same(daemon.loop("l")["failures_total"], 0, "failures")


@test("a setup that hangs can be stopped")
def hanging():
    helper = "#!/bin/sh\necho $$ >>HERE/pid\nexec sleep infinity\n"
    daemon = Daemon("[loop:l]\nnice = 1\ngrace_period = 100ms\ncommand = sleep infinity\n")
    with open(daemon.file("helper"), "w", encoding="utf-8") as file:
        file.write(helper.replace("HERE", daemon.folder))
    os.chmod(daemon.file("helper"), stat.S_IRWXU)
    daemon.environment["GREENLOOP_EXEC_PATH"] = daemon.file("helper")
    with daemon:
        pid = int(daemon.wait_lines("pid", 1)[0])
        daemon.act("stop", "l")
        check(not greenloop.is_alive(pid), "it is still there")
        same(daemon.loop("l")["state"], "inactive", "state")


@test("greenloop-exec does nothing for anybody else, nor without orders that it understands")
def alone():
    helper = os.environ.get("GREENLOOP_EXEC_PATH") or os.path.join(greenloop.BUILD, "greenloop-exec")
    for arguments, status in (([], 2), (["1", "", ], 2), (["2", "", "true"], 254), (["nonsense", "", "true"], 254),
                              (["1", "/no/such", "true"], 200), (["1", "", "/no/such"], 203), (["1", "", "/bin/true"], 0)):
        done = subprocess.run([helper, *arguments], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={}, check=False)
        same(done.returncode, status, f"{arguments}")


main()
