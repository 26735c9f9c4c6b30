"""Tidegate, the whole way: from a link through guard, transport and catalogue to one Parquet file."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from urllib.parse import unquote

from tally import Tally, task

from tidegate.inventory.limits import Counts
from tidegate.inventory.lister import JOBS, list_all
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


def main() -> None:
    asked = task()
    tally = Tally()
    text = Secret(f"https://{asked.account}.blob.core.windows.net/?{asked.sas}")
    sighting = Sighting(
        rule="azure-sas",
        provider="azure",
        kind="sas",
        text=text,
        secret=Secret(unquote(asked.sas.rpartition("sig=")[2])),
        context={},
        spot=Spot("link", 1, 1),
    )
    grant = PLUGIN.decode(sighting, datetime.now(UTC))
    if grant is None:
        raise SystemExit("the link is not understood")
    credential = Credential(grant=grant, text=text, secret=sighting.secret, kind="sas")
    scope = Scope.of(
        azure=[asked.account],
        endpoints={"azure": asked.endpoint.replace(f"blob/{asked.account}", "{service}/{account}")},
        budget=Budget(requests_per_second=1_000_000, bytes_read=None, seconds=None),
    )

    def progress(counts: Counts) -> None:
        if counts.items > tally.items:
            tally.add(counts.items - tally.items, counts.bytes - tally.bytes)

    file = asked.work / "inventory.parquet"
    jobs = int(os.environ.get("TIDEGATE_JOBS", JOBS))
    with Net(scope, owners={"azure": STORAGE.owner}, audit=Memory(), limits=None) as net:
        listing = list_all(STORAGE, credential, net, file, jobs=jobs, progress=progress)
    if listing.gaps:
        raise SystemExit(f"{len(listing.gaps)} gaps, the first: {listing.gaps[0].reason}")
    tally.tell(file_bytes=file.stat().st_size)


main()
