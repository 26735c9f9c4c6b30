"""List a simulated account of 10 million blobs with Tidegate and with its peers. See ../README.md.

    python benchmarks/listing/run.py --write-results
    python benchmarks/listing/run.py --quick

One server for all; each client is a process of its own. Before it is measured it lists 5,000 blobs, which
warms caches and shows what starting it costs.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "speed"))

import cost  # noqa: E402 - `table` needs the path
import results  # noqa: E402
import table  # noqa: E402

from tidegate.lab import account as accounts  # noqa: E402

RESULTS = HERE.parent / "RESULTS.md"


@dataclass(frozen=True, slots=True)
class Client:
    """Who lists."""

    name: str
    what: str
    script: str
    sampled: bool = False
    """It would take an hour for all."""
    env: tuple[tuple[str, str], ...] = ()


CLIENTS = (
    Client(table.OURS, "**Tidegate**, to Parquet, up to 4 chains of pages at once", "tidegate_list.py"),
    Client(
        "tidegate_1",
        "**Tidegate**, to Parquet, one chain",
        "tidegate_list.py",
        env=(("TIDEGATE_JOBS", "1"),),
    ),
    Client("obstore", "obstore, Python records", "obstore_list.py"),
    Client("obstore_arrow", "obstore, Arrow", "obstore_list.py", env=(("OBSTORE_ARROW", "1"),)),
    Client("opendal", "opendal", "opendal_list.py"),
    Client("sdk_sync", "azure-storage-blob, `list_blobs`", "sdk_sync.py", sampled=True),
    Client("sdk_async", "azure-storage-blob, `list_blobs`, asynchronous", "sdk_async.py", sampled=True),
)


@dataclass(frozen=True, slots=True)
class Served:
    """The server's address and the link that opens it."""

    endpoint: str
    sas: str


def main() -> int:
    options = _options()
    machine = table.machine()
    account = accounts.make(options.seed, items=options.items)
    containers = ",".join(each.name for each in account.containers)
    only = set(filter(None, options.only.split(",")))
    chosen = [client for client in CLIENTS if not only or client.name in only]
    runs: dict[str, list[cost.Cost]] = {client.name: [] for client in chosen}
    idle: dict[str, float] = {}
    with _server(options) as served:
        told = [*_arguments(served, account.name), "--containers", containers]
        for client in chosen:
            idle[client.name] = _idle(client, options, containers)
        for number in range(options.rounds):
            for client in chosen:
                if client.sampled and number:
                    continue
                most = options.sample if client.sampled else 0
                made = _one(client, [*told, "--most", str(most)])
                whole = (made.items, made.bytes) == (account.items, account.size_bytes)
                if not client.sampled and not whole:
                    raise SystemExit(f"{client.name} counted {made.items:,} blobs, {made.bytes:,} bytes")
                runs[client.name].append(made)
                print(f"{client.name}: {made}", file=sys.stderr)
    rows = [
        table.Row(client.name, client.what, _median(runs[client.name]), idle[client.name], client.sampled)
        for client in chosen
    ]
    text = table.section(
        rows,
        machine,
        items=account.items,
        size_bytes=account.size_bytes,
        rounds=options.rounds,
        command=shlex.join(["python", "benchmarks/listing/run.py", *_shown(options)]),
    )
    print(text)
    if options.write_results:
        results.put(RESULTS, "listing", text)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=accounts.ITEMS, help="blobs of the account")
    parser.add_argument("--quick", action="store_true", help="an account of a million blobs")
    parser.add_argument("--sample", type=int, default=200_000, help="blobs that the official SDK lists")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--latency-ms", type=float, default=0, help="the server waits before every answer")
    parser.add_argument("--only", default="", help="names of clients, separated by commas")
    parser.add_argument("--write-results", action="store_true", help="put the table into RESULTS.md")
    options = parser.parse_args()
    if options.quick:
        options.items = 1_000_000
    return options


def _shown(options: argparse.Namespace) -> list[str]:
    shown = ["--items", str(options.items), "--sample", str(options.sample), "--rounds", str(options.rounds)]
    return [*shown, "--latency-ms", f"{options.latency_ms:g}"] if options.latency_ms else shown


@contextmanager
def _server(options: argparse.Namespace, items: int = 0) -> Iterator[Served]:
    """Start a server in a process of its own, and end it."""
    command = [sys.executable, "-m", "tidegate.lab.server", "--seed", str(options.seed)]
    command += ["--items", str(items or options.items), "--latency-ms", str(options.latency_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            endpoint = process.stdout.readline().split()[2]
            link = process.stdout.readline().split()[2]
            yield Served(endpoint, link.partition("?")[2])
        finally:
            process.terminate()


def _idle(client: Client, options: argparse.Namespace, containers: str) -> float:
    """Return the CPU seconds that a client takes for an account of 5,000 blobs."""
    with _server(options, items=5000) as served:
        told = [*_arguments(served, accounts.NAME), "--containers", containers]
        return _one(client, told).cpu_s


def _arguments(served: Served, account: str) -> list[str]:
    return ["--endpoint", served.endpoint, "--account", account, "--sas", served.sas]


def _one(client: Client, arguments: list[str]) -> cost.Cost:
    work = Path(tempfile.mkdtemp(prefix="tidegate-listing-"))
    # No settings, no tokens, no proxies of the user.
    env = {"PATH": os.environ["PATH"], "HOME": str(work), **dict(client.env)}
    try:
        return cost.run(HERE / "clients" / client.script, [*arguments, "--work", str(work)], env)
    finally:
        shutil.rmtree(work)


def _median(runs: list[cost.Cost]) -> cost.Cost:
    """Return the run whose CPU is the median."""
    return sorted(runs, key=lambda run: run.cpu_s)[len(runs) // 2]


if __name__ == "__main__":
    sys.exit(main())
