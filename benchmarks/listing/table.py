"""The table and the targets of the listing benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata

import results
from cost import Cost
from results import Target


@dataclass(frozen=True, slots=True)
class Row:
    """One client's median run."""

    name: str
    what: str
    cost: Cost
    idle_cpu_s: float
    """CPU of the same client for 5,000 blobs: what starting it costs."""
    sampled: bool
    """It listed a part only, and what is told is per blob."""

    @property
    def per_cpu_s(self) -> float:
        """Blobs a CPU second of the whole process."""
        return self.cost.items / self.cost.cpu_s

    @property
    def steady(self) -> float:
        """Blobs a CPU second without what starting costs."""
        return (self.cost.items - 5000) / max(0.01, self.cost.cpu_s - self.idle_cpu_s)

    @property
    def per_wall_s(self) -> float:
        return self.cost.items / self.cost.wall_s


OURS = "tidegate"
_SDK = ("sdk_sync", "sdk_async")
_OTHERS = ("obstore", "obstore_arrow", "opendal")


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| client | blobs listed | CPU s (user + system) | blobs per CPU s | without its start | wall s"
        " | blobs per s | first numbers after s | peak MB |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        cost = row.cost
        listed = f"{cost.items:,}{' (sample)' if row.sampled else ''}"
        lines.append(
            f"| {row.what} | {listed} | {cost.cpu_s:.1f} ({cost.user_s:.1f} + {cost.system_s:.1f})"
            f" | **{row.per_cpu_s:,.0f}** | {row.steady:,.0f} | {cost.wall_s:.1f} | {row.per_wall_s:,.0f}"
            f" | {cost.first_s:.2f} | {cost.peak_mb:.0f} |"
        )
    return "\n".join(lines)


def targets(rows: Sequence[Row]) -> list[Target]:
    """Return what was promised, and what was measured."""
    by_name = {row.name: row for row in rows}
    ours = by_name.get(OURS)

    def best(names: Sequence[str], of: str) -> float | None:
        values = [float(getattr(by_name[name], of)) for name in names if name in by_name]
        return max(values, default=None)

    def ratio(names: Sequence[str], of: str) -> float | None:
        other = best(names, of)
        return None if ours is None or other is None else float(getattr(ours, of)) / other

    return [
        results.at_least("blobs per CPU s: ours over the official SDK", ratio(_SDK, "per_cpu_s"), 50),
        results.at_least("blobs per s (wall): ours over the official SDK", ratio(_SDK, "per_wall_s"), 50),
        results.at_least(
            "blobs per CPU s: ours over the fastest of the others", ratio(_OTHERS, "per_cpu_s"), 1
        ),
        results.at_least(
            "blobs per s (wall): ours over the fastest of the others", ratio(_OTHERS, "per_wall_s"), 1
        ),
        results.at_most("our peak memory", ours and ours.cost.peak_mb, 300, " MB"),
    ]


def machine() -> dict[str, object]:
    """Return what the numbers depend on; the load is that of this moment."""
    facts = {key: value for key, value in results.machine().items() if key not in _UNUSED}
    return facts | {package: metadata.version(package) for package in _PACKAGES}


def section(
    rows: Sequence[Row],
    machine: Mapping[str, object],
    *,
    items: int,
    size_bytes: int,
    rounds: int,
    command: str,
) -> str:
    """Return the section of RESULTS.md. machine: as it was before."""
    facts = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in machine.items())
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    file_mb = next((row.cost.file_mb for row in rows if row.name == OURS), 0)
    return "\n".join(
        [
            f"Measured {at}, median of {rounds} rounds by CPU (samples: one round). `{command}`",
            "",
            f"Machine: {facts}.",
            "",
            f"Account: {items:,} blobs, {size_bytes:,} bytes in made-up containers; whoever listed all of it"
            " counted exactly that. The server makes the pages up on one of the two cores.",
            *([f"Tidegate's file: {file_mb:,.0f} MB of Parquet."] if file_mb else []),
            "",
            table(rows),
            "",
            results.targets_table(targets(rows)),
        ]
    )


_UNUSED = ("git", "hyperscan", "google-re2", "kingfisher-bin")
_PACKAGES = ("azure-storage-blob", "obstore", "opendal", "aiohttp", "polars")
