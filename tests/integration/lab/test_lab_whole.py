"""Tidegate against the simulated account: what is asked, listed and read is what the account says it holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import polars as pl
import pytest

from tidegate.inventory.lister import list_all
from tidegate.lab.account import Account, make
from tidegate.lab.sas import account_sas, service_sas
from tidegate.lab.server import serve
from tidegate.model.credential import Credential
from tidegate.model.document import Spot
from tidegate.model.reach import State
from tidegate.model.secret import Secret
from tidegate.model.sighting import Sighting
from tidegate.net.audit import Memory
from tidegate.net.limits import Budget
from tidegate.net.scope import Scope
from tidegate.net.transport import Net
from tidegate.plugins import Container
from tidegate.providers.azure import PLUGIN
from tidegate.providers.azure.storage import STORAGE

ITEMS, SIZE_BYTES = 12_000, 38 * 10**9


@pytest.fixture(scope="module")
def account() -> Account:
    return make(
        4,
        items=ITEMS,
        size_bytes=SIZE_BYTES,
        contents={"home/ada.placeholder/.ssh/known_hosts": b"true contents"},
    )


@pytest.fixture(scope="module")
def net(account: Account) -> Iterator[Net]:
    with serve(account) as server:
        scope = Scope.of(
            azure=[account.name],
            endpoints={"azure": f"{server.url}/{{service}}/{{account}}"},
            budget=Budget(requests_per_second=1e6),
        )
        with Net(scope, owners={"azure": STORAGE.owner}, audit=Memory()) as made:
            yield made


def link(account: Account, sas: str, path: str = "") -> Credential:
    text, secret = (
        Secret(f"https://{account.name}.blob.core.windows.net/{path}?{sas}"),
        Secret(unquote(sas.rpartition("sig=")[2])),
    )
    sighting = Sighting(
        rule="azure-sas",
        provider="azure",
        kind="sas",
        text=text,
        secret=secret,
        context={},
        spot=Spot("README.md", 1, 1),
    )
    grant = PLUGIN.decode(sighting, datetime.now(UTC))
    assert grant is not None
    return Credential(grant=grant, text=text, secret=secret, kind="sas")


class AtOnce:
    """A pace that takes up all chains from the start."""

    def chains(self, running: int, items: int) -> int:
        return 6


@pytest.mark.parametrize("jobs", [1, 6])
def test_the_whole_account_is_listed_to_the_byte(
    account: Account, net: Net, tmp_path: Path, jobs: int
) -> None:
    credential = link(account, account_sas(account))
    listing = list_all(STORAGE, credential, net, tmp_path / "all.parquet", jobs=jobs, pace=AtOnce())
    assert listing.gaps == ()
    table = pl.read_parquet(listing.file)
    assert (len(table), table["size_bytes"].sum()) == (ITEMS, SIZE_BYTES)
    for container in account.containers:
        listed = table.filter(pl.col("container") == container.name)
        assert [name.encode() for name in listed["name"]] == container.keys(0, container.items)
        columns = [
            stretch.columns(np.arange(a, b, dtype=np.uint64))
            for stretch, a, b in container.cut(0, container.items)
        ]
        assert listed["size_bytes"].to_list() == [int(size) for each in columns for size in each.sizes]
        assert listed["modified_at"].dt.epoch("s").to_list() == [
            int(when) for each in columns for when in each.modified
        ]


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, State.OPEN),
        ({"sp": "w"}, State.UNKNOWN),
        ({"se": "2024-01-01"}, State.CLOSED),
        ({"sp": "rl"}, State.OPEN),
    ],
)
def test_a_link_has_the_state_that_it_ought_to_have(
    account: Account, net: Net, changed: dict[str, str], state: State
) -> None:
    assert (
        STORAGE.probe(link(account, account_sas(account, **changed)), net, datetime.now(UTC)).state is state
    )


def test_a_link_signed_with_another_key_is_closed(account: Account, net: Net) -> None:
    stranger = make(5, items=1000)
    assert STORAGE.probe(link(account, account_sas(stranger)), net, datetime.now(UTC)).state is State.CLOSED


def test_any_part_of_a_blob_is_read(account: Account, net: Net) -> None:
    token = service_sas(account, "home")
    home = Container(service="blob", name="home")
    read = STORAGE.read(link(account, token, "home"), net, home, "ada.placeholder/.ssh/known_hosts", 5, 500)
    assert read == b"contents"
    whole = STORAGE.read(link(account, token, "home"), net, home, "ada.placeholder/.bash_history", 0, 4000)
    part = STORAGE.read(link(account, token, "home"), net, home, "ada.placeholder/.bash_history", 1001, 1777)
    assert (len(whole), part) == (4000, whole[1001:1777])
