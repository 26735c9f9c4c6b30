"""A listing that is killed, by a signal that nobody can catch, and started again makes the same file."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from child import to_be_killed
from fake_storage import AtOnce, QuickDisk, credential
from polars.testing import assert_frame_equal

from tidegate.inventory.lister import list_all, work_folder

NET: Any = None
CHILD = Path(__file__).with_name("child.py")
KILLS = 20


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(CHILD), "nursery", str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


def ask(nursery: subprocess.Popen[str], line: str) -> int:
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write(f"{line}\n")
    nursery.stdin.flush()
    return int(nursery.stdout.readline())


def test_killed_at_twenty_random_points_the_result_is_the_same(
    tmp_path: Path, nursery: subprocess.Popen[str]
) -> None:
    ask(nursery, "whole")
    started = time.monotonic()
    assert ask(nursery, "ended?") == 0
    took_s = time.monotonic() - started
    expected = pl.read_parquet(tmp_path / "whole")
    assert_frame_equal(expected, to_be_killed().expected())
    dice = random.Random(20231)
    killed = 0
    for number in range(KILLS * 3):
        child = ask(nursery, str(number))
        time.sleep(dice.uniform(0, took_s))
        os.kill(child, signal.SIGKILL)
        killed += ask(nursery, "ended?") == -signal.SIGKILL
        file = tmp_path / str(number)
        listing = list_all(to_be_killed(), credential(), NET, file, jobs=3, pace=AtOnce(3), disk=QuickDisk())
        assert listing.gaps == ()
        assert listing.counts.items == expected.height
        assert_frame_equal(pl.read_parquet(file), expected)
        assert not work_folder(file).exists()
        if killed == KILLS:
            return
    pytest.fail(f"only {killed} runs were killed before their end")
