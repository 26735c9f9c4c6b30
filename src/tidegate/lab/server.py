"""The simulated account on a port of this machine.

    python -m tidegate.lab.server [--port 0] [--seed 1] [--items 10000000] [--bytes 38000000000000]

prints a scope file, with the endpoint and a link that opens all as comments; answers until interrupted.
"""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Sequence

from tidegate.lab import account as accounts
from tidegate.lab.account import Account
from tidegate.lab.http import Server
from tidegate.lab.sas import account_sas
from tidegate.lab.service import BlobService


def serve(account: Account, *, port: int = 0, https: bool = False, latency_s: float = 0) -> Server:
    """Start answering for an account; close the result in the end, or use it in a `with`.

    Raises `OSError` when the port is taken.
    """
    return Server(BlobService(account=account, https=https, latency_s=latency_s).answer, port)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m tidegate.lab.server", description="A simulated Azure storage account on loopback."
    )
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--items", "--blobs", type=int, default=accounts.ITEMS, help="number of blobs")
    parser.add_argument("--bytes", type=int, default=accounts.SIZE_BYTES, help="sum of their sizes")
    parser.add_argument("--https", action="store_true", help="take links that permit only https, too")
    parser.add_argument("--latency-ms", type=float, default=0, help="wait before every answer")
    options = parser.parse_args(arguments)
    account = accounts.make(options.seed, items=options.items, size_bytes=options.bytes)
    with serve(
        account, port=options.port, https=options.https, latency_s=options.latency_ms / 1000
    ) as server:
        lines = [
            f"# endpoint {server.url}/blob/{account.name}",
            f"# link https://{account.name}.blob.core.windows.net/?{account_sas(account)}",
            "[scope]",
            f'azure = ["{account.name}"]',
            "[endpoints]",
            f'azure = "{server.url}/{{service}}/{{account}}"',
        ]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
