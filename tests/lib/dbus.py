# SPDX-License-Identifier: MIT
"""As much of the D-Bus protocol as a client needs that means no good: connect, call, and not listen."""

import os
import socket
import struct

PATH, MANAGER = "/org/greenloop", "org.greenloop.Manager1"


def align(data, size):
    return data + bytes(-len(data) % size)


def add(data, kind, value):
    """Appends one value in its place: s o (text), g (signature), b u (number), as (list of text)."""
    if kind == "g":
        return data + bytes([len(value)]) + value.encode() + b"\0"
    data = align(data, 4)
    if kind in "so":
        return data + struct.pack("<I", len(value)) + value.encode() + b"\0"
    if kind == "as":
        start = len(data) + 4
        inner = bytes(start)
        for text in value:
            inner = add(inner, "s", text)
        return data + struct.pack("<I", len(inner) - start) + inner[start:]
    return data + struct.pack("<I", int(value))


def call(member, *arguments, path=PATH, interface=MANAGER, serial=1):
    """A method call as bytes; arguments are pairs of type and value."""
    body = b""
    for kind, value in arguments:
        body = add(body, kind, value)
    fields = bytes(16)  # the fields' offset within the message decides their alignment
    for code, kind, value in ((1, "o", path), (2, "s", interface), (3, "s", member),
                              (8, "g", "".join(kind for kind, _ in arguments))):
        if value:
            fields = add(align(fields, 8) + bytes([code, 1, ord(kind), 0]), kind, value)
    head = b"l\1\0\1" + struct.pack("<III", len(body), serial, len(fields) - 16)
    return align(head + fields[16:], 8) + body


def connect(path):
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)  # waits for its turn
    client.settimeout(30)
    return client


def log_in(path):
    """A connection whose handshake is over."""
    client = connect(path)
    client.sendall(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
    answer = client.recv(4096)
    if not answer.startswith(b"OK "):
        raise ConnectionError(f"the daemon says {answer!r}")
    client.sendall(b"BEGIN\r\n")
    return client
