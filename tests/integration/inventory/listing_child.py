"""Forks runs of a real listing, to be killed; see `test_killed_listings.py`. Told on standard input what to do."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

from tidegate.inventory import walk
from tidegate.inventory.lister import Listing, list_all
from tidegate.model.credential import Credential
from tidegate.model.document import Spot
from tidegate.model.secret import Secret
from tidegate.model.sighting import Sighting
from tidegate.net.audit import Memory
from tidegate.net.limits import Budget
from tidegate.net.scope import Scope
from tidegate.net.transport import Net
from tidegate.providers.azure import PLUGIN
from tidegate.providers.azure.storage import STORAGE


def credential(account: str, token: str) -> Credential:
    """Return what the detector and the decoder make of a link to a whole account."""
    sighting = Sighting(
        rule="azure-sas",
        provider="azure",
        kind="sas",
        text=Secret(f"https://{account}.blob.core.windows.net/?{token}"),
        secret=Secret(parse_qs(token)["sig"][0]),
        spot=Spot("README.md", 1, 1),
    )
    grant = PLUGIN.decode(sighting, datetime.now(UTC))
    assert grant is not None
    return Credential(grant=grant, text=sighting.text, secret=sighting.secret, kind="sas")


class AtOnce:
    """A pace that takes up all chains from the start."""

    def chains(self, running: int, items: int) -> int:
        return 3


def listing(account: str, endpoint: str, token: str, file: Path) -> tuple[Listing, Memory]:
    """List the whole account, with small parts: every few pages one."""
    walk.KEEP_ROWS = 4_000
    audit = Memory()
    scope = Scope.of(
        azure=(account,), endpoints={"azure": endpoint}, budget=Budget(requests_per_second=10_000)
    )
    with Net(scope, owners={"azure": STORAGE.owner}, audit=audit) as net:
        return list_all(STORAGE, credential(account, token), net, file, jobs=3, pace=AtOnce()), audit


def main() -> None:
    account, endpoint, token = json.loads(sys.stdin.readline())
    for line in iter(sys.stdin.readline, ""):
        child = os.fork()  # Polars and the network have not begun any thread yet
        if child == 0:
            listing(account, endpoint, token, Path(line.strip()))
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        sys.stdin.readline()  # until then its id belongs to no other process
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
