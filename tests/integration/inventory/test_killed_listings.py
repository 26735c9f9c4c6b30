"""Listings over the network, killed at random points and started again: against the lab's account and Azurite."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from azure.storage.blob import (
    AccountSasPermissions,
    BlobServiceClient,
    ResourceTypes,
    Services,
    generate_account_sas,
)
from listing_child import listing
from polars.testing import assert_frame_equal

from services.azurite import Azurite
from tidegate.inventory.lister import work_folder
from tidegate.lab import account as accounts
from tidegate.lab.sas import account_sas
from tidegate.lab.server import serve

CHILD = Path(__file__).with_name("listing_child.py")
KILLS = 20


class Nursery:
    """Forks runs, one at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, line: str) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def nursery(account: str, endpoint: str, token: str) -> Iterator[Nursery]:
    command = [sys.executable, str(CHILD)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps([account, endpoint, token]) + "\n")
        yield Nursery(process)


def kill_and_resume(account: str, endpoint: str, token: str, folder: Path) -> pl.DataFrame:
    """Kill 20 listings at random points, each time go on, and compare; return what an undisturbed one made."""
    dice = random.Random(38)
    with nursery(account, endpoint, token) as runs:
        took_s = []
        for _ in range(2):  # the first one also warms up the service
            started = time.monotonic()
            runs.ask(str(folder / "whole"))
            assert runs.ask("ended?") == 0
            took_s.append(time.monotonic() - started)
        expected = pl.read_parquet(folder / "whole")
        killed = resumed = 0
        for number in range(KILLS * 3):
            file = folder / str(number)
            child = runs.ask(str(file))
            time.sleep(dice.uniform(0, min(took_s)))
            os.kill(child, signal.SIGKILL)
            killed += runs.ask("ended?") == -signal.SIGKILL
            resumed += work_folder(file).exists()
            runs.ask(str(file))
            assert runs.ask("ended?") == 0
            assert_frame_equal(pl.read_parquet(file), expected)
            assert not work_folder(file).exists()
            file.unlink()
            if killed == KILLS:
                break
    assert killed == KILLS
    assert resumed > KILLS // 4
    return expected


def test_the_account_of_the_lab_is_listed_the_same_after_twenty_kills(tmp_path: Path) -> None:
    account = accounts.make(7, items=12_000, size_bytes=10**12)
    with serve(account) as server:
        endpoint = f"{server.url}/{{service}}/{{account}}"
        found = kill_and_resume(account.name, endpoint, account_sas(account), tmp_path)
    assert found.height == account.items
    assert found["size_bytes"].sum() == account.size_bytes
    assert found.select("container", "name").is_duplicated().sum() == 0


@pytest.mark.xdist_group("azurite")
def test_azurite_is_listed_the_same_after_twenty_kills(tmp_path: Path) -> None:
    with Azurite.of("tgkilled") as azurite:
        key = azurite.accounts["tgkilled"].key1
        with BlobServiceClient(azurite.url("tgkilled"), credential=key, api_version="2025-11-05") as service:
            for number in range(25):
                with service.create_container(f"container-{number:02d}") as container:
                    for blob in range(6):
                        container.upload_blob(f"{blob % 3}/blob {blob}", b"x" * blob).close()
        token = generate_account_sas(
            "tgkilled",
            key,
            ResourceTypes.from_string("sco"),
            AccountSasPermissions.from_string("rl"),
            datetime.now(UTC) + timedelta(hours=1),
            services=Services.from_string("b"),
        )
        found = kill_and_resume("tgkilled", azurite.endpoints(), token, tmp_path)
        result, audit = listing("tgkilled", azurite.endpoints(), token, tmp_path / "once more")
    assert found.height == result.counts.items == 25 * 6
    assert result.complete
    assert {entry.method for entry in audit.entries} == {"GET"}
    assert_frame_equal(found, found.sort("container", "name"))
