"""Ctrl-C reaches the command, whatever computes in other threads."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import argparse, os, signal, sys, threading
from tidegate.cli import online
import polars as pl

frame = pl.DataFrame({"x": list(range(10_000))})
taken = []

def compute():
    while True:
        try:
            frame.lazy().select(pl.col("x").cast(pl.String).str.len_bytes().sum()).collect()
        except KeyboardInterrupt:
            taken.append(threading.current_thread().name)

args = argparse.Namespace(scope=None, scope_account=[], audit=sys.argv[1])
missed = 0
with online.net(args):
    for _ in range(4):
        threading.Thread(target=compute, daemon=True).start()
    for _ in range(20):
        sent = threading.Event()
        threading.Timer(0.02, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        try:
            sent.wait(5)
            missed += 1
        except KeyboardInterrupt:
            pass
print(f"missed {missed}, taken elsewhere {len(taken)}", flush=True)
os._exit(0)
"""


def test_an_interrupt_is_raised_in_the_main_thread_and_in_no_other(tmp_path) -> None:
    """Polars takes Ctrl-C over: an interrupt during its work was lost, or raised in a thread of a listing."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, tmp_path / "audit.jsonl"],
        cwd=tmp_path,
        env={"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout == "missed 0, taken elsewhere 0\n"
