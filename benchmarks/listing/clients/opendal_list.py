"""opendal: a recursive `list` of every container."""

from __future__ import annotations

import opendal
from tally import Tally, task


def main() -> None:
    asked = task()
    tally = Tally(asked.most)
    for container in asked.containers:
        operator = opendal.Operator(
            "azblob",
            container=container,
            endpoint=asked.endpoint,
            account_name=asked.account,
            sas_token=asked.sas,
        )
        for entry in operator.list("", recursive=True):
            size = entry.metadata.content_length
            if not tally.add(bool(entry.path), size or 0):
                return tally.tell()
    return tally.tell()


main()
