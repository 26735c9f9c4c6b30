"""obstore: `list` of every container; with `OBSTORE_ARROW` set, as Arrow tables instead of Python records."""

from __future__ import annotations

import os

import numpy as np
from obstore.store import AzureStore
from tally import Tally, task


def main() -> None:
    asked = task()
    tally = Tally(asked.most)
    arrow = bool(os.environ.get("OBSTORE_ARROW"))
    for container in asked.containers:
        store = AzureStore(
            container_name=container,
            account_name=asked.account,
            endpoint=asked.endpoint,
            sas_key=asked.sas,
            client_options={"allow_http": True},
        )
        for chunk in store.list(chunk_size=5000, return_arrow=arrow):
            if arrow:
                going = tally.add(chunk.num_rows, int(np.asarray(chunk["size"]).sum()))
            else:
                going = tally.add(
                    sum(1 for each in chunk if each["path"]), sum(each["size"] for each in chunk)
                )
            if not going:
                return tally.tell()
    return tally.tell()


main()
