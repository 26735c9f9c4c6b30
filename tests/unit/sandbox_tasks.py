"""Parsers that misbehave, for the tests of the worker process. It imports this by its name."""

import os
import socket
import subprocess
import time


def first_and_last(data, count):
    return [data.read(0, count).decode(), data.read(data.size_bytes - count, count).decode(), data.size_bytes]


def raises(data, secret):
    raise ValueError(secret)


def dies(data):
    os._exit(7)


def spins(data):
    while True:
        pass


def sleeps(data):
    time.sleep(60)


def hoards(data):
    return len(bytearray(4 << 30))


def reads_it_all(data):
    return len(data.read(0, data.size_bytes))


def tries_the_doors(data):
    def shut(way):
        try:
            way()
        except (OSError, ValueError):
            return True
        return False

    return {
        "open": shut(lambda: os.open("/etc/hostname", os.O_RDONLY)),
        "write": shut(lambda: os.open("/tmp/tidegate-sandbox", os.O_WRONLY | os.O_CREAT)),
        "connect": shut(socket.socket),
        "run": shut(lambda: subprocess.run(["true"], check=True)),
        "fork": shut(os.fork),
        "signal": shut(lambda: os.kill(os.getppid(), 0)),
    }


def unspeakable(data):
    return object()


def whoami(data):
    return os.getpid()
