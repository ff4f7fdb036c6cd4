#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs of Debian's that speak sd_notify(3), unchanged: ready by their own word, killed, ready again, stopped."""

import os
import shutil

from greenloop import Daemon, Skip, is_alive, main, same, test, until


def program(name):
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if not path:
        raise Skip(f"{name} is not installed")
    return path


def live(config, files, status):
    """The loop l from its start to its end."""
    daemon = Daemon(config)
    for name, text in files.items():
        with open(daemon.file(name), "w", encoding="utf-8") as file:
            file.write(text.replace("%d", daemon.folder))
    with daemon:
        pid = daemon.wait_state("l", "running")["pid"]
        row = daemon.wait_until(lambda: (found := daemon.loop("l"))["status"] == status and found, "its status")
        same((row["ready"], row["pid"], row["failures_total"]), (True, pid, 0), "at first")
        os.kill(pid, 9)
        row = daemon.wait_until(lambda: (found := daemon.loop("l"))["ready"] and found["pid"] != pid and found, "ready again")
        same(row["failures_total"], 1, "failures")
        daemon.act("stop", "l")
        until(lambda: not is_alive(row["pid"]), "it has ended")
        same(daemon.loop("l")["outcome"], "stopped", "outcome")


@test("redis-server, supervised by systemd as it believes, and probed")
def redis():
    live(f"""[loop:l]
ready = notify
watchdog = 0
probe_command = {program('redis-cli')} -s %d/redis.sock ping
probe_interval = 100ms
command = {program('redis-server')} %d/redis.conf
""", {"redis.conf": 'port 0\nunixsocket %d/redis.sock\ndir %d\nsupervised systemd\nsave ""\nlogfile ""\n'},
         "Ready to accept connections")


@test("mosquitto")
def mosquitto():
    live(f"""[loop:l]
ready = notify
command = {program('mosquitto')} -c %d/mosquitto.conf
""", {"mosquitto.conf": "listener 0 %d/mosquitto.sock\nallow_anonymous true\nuser root\n"}, "")


main()
