"""A storage service on loopback that holds the replay's account: Azurite, or the simulated account."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tidegate.lab import account as accounts
from tidegate.lab.account import NAME, Account
from tidegate.lab.azurite import Account as Held
from tidegate.lab.azurite import Azurite
from tidegate.lab.control_plane import ControlPlane, Switches
from tidegate.lab.sas import account_sas
from tidegate.lab.server import serve

_MODELS = "public-models"


@contextmanager
def on_azurite(
    home: Path, files: Mapping[str, bytes], plane: ControlPlane | None = None
) -> Iterator[tuple[Account, str]]:
    """Give the account and its endpoint, with `{account}`, while Azurite runs and holds the files.

    plane: from it the account can be changed.
    """
    account = Account(name=NAME, seed=1, containers=())
    with Azurite({NAME: Held(NAME, *account.keys)}, home=home) as running:
        query = account_sas(account, ss="b")
        for container in sorted({path.partition("/")[0] for path in files}):
            _put(f"{running.url(NAME)}/{container}?restype=container&{query}", b"", {})
        for path, data in files.items():
            _put(f"{running.url(NAME)}/{quote(path)}?{query}", data, {"x-ms-blob-type": "BlockBlob"})
        if plane is not None:
            plane.accounts[NAME] = _switches(account, running)
        yield account, running.endpoints()["blob"]


@contextmanager
def simulated(account: Account, plane: ControlPlane | None = None) -> Iterator[tuple[Account, str]]:
    """Give the account and its endpoint while our own server answers for it; `plane` as above."""
    with serve(account) as server:
        if plane is not None:
            plane.accounts[account.name] = Switches(keys=lambda: account.keys, change=account.change_keys)
        yield account, f"{server.url}/{{service}}/{{account}}"


def _switches(account: Account, running: Azurite) -> Switches:
    """Return what changes the account where Azurite holds it."""

    def change(first: str, second: str) -> None:
        held = running.accounts[NAME]
        running.rotate(
            NAME,
            key1=first if first != held.key1 else None,
            key2=second if second != held.key2 else None,
        )
        account.change_keys(first, second)

    return Switches(keys=lambda: account.keys, change=change)


def of_files(files: Mapping[str, bytes]) -> Account:
    """Return a simulated account that holds the files."""
    return accounts.of_files(files)


def model(account: Account) -> str | None:
    """Return container and name of a model that the simulated account shows to all, or `None`."""
    for container in account.containers:
        for key in container.keys(0, min(container.items, 100)) if container.name == _MODELS else ():
            if key.endswith(b".ckpt"):
                return f"{container.name}/{key.decode()}"
    return None


def scope_file(account: Account, endpoint: str, management: str = "") -> str:
    """Return the scope file that permits asking this account, at this endpoint alone.

    management: where its control plane is; empty: nowhere.
    """
    changes = f'azure_management = "{management}"\n' if management else ""
    # Ten million blobs are 7 GB of listing, and nobody else uses the service.
    return (
        f'[scope]\nazure = ["{account.name}"]\n[endpoints]\nazure = "{endpoint}"\n{changes}'
        f'[budget]\nrequests_per_second = 2000\nbytes_read = "20 GiB"\n'
    )


def _put(url: str, data: bytes, headers: Mapping[str, str]) -> None:
    asked = urllib.request.Request(url, data, {**headers, "x-ms-version": "2021-12-02"}, method="PUT")  # noqa: S310
    with urllib.request.urlopen(asked, timeout=60):  # noqa: S310 - an address of loopback
        pass
