"""What a sample is: the bytes of one file, made when asked for, and what a judge of it must say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

from tidegate.model.observation import Verdict


class Want(StrEnum):
    """What must be said of a sample."""

    DANGEROUS = "dangerous"
    """A known sink is called on load: that, and nothing less, is to be said."""
    ALARM = "alarm"
    """`unknown`, `damaged` or `dangerous`: unusual, though no known sink stands in it."""
    QUIET = "quiet"
    """`clean` or `inert`: what a real library writes."""

    def holds(self, verdict: Verdict | None) -> bool:
        """Tell whether this verdict is the one that is wanted; `None`: no model file was seen."""
        return verdict in _ALLOWED[self]


_ALLOWED = {
    Want.DANGEROUS: {Verdict.DANGEROUS},
    Want.ALARM: {Verdict.UNKNOWN, Verdict.DAMAGED, Verdict.DANGEROUS},
    Want.QUIET: {Verdict.CLEAN, Verdict.INERT},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One file."""

    id: str
    group: str
    """`opcodes`, `gadgets`, `containers`, `differentials`, `formats` or `benign`."""
    what: str
    source: str
    """Advisory, paper, specification, or `ours`."""
    name: str
    """How the file is called where its loader would look for it."""
    want: Want
    loader: str
    """What would have to load it for the call to run."""
    build: Callable[[], bytes]
    """Makes the bytes, the same each time."""
    beside: Mapping[str, Callable[[], bytes]] = field(default_factory=dict)
    """Files that stand beside it: relative name -> bytes."""

    @property
    def path(self) -> str:
        """Where it stands in a folder of samples: each has a folder of its own."""
        return f"{self.id}/{self.name}"

    def write(self, folder: Path) -> Path:
        """Write it, and what stands beside it, below a folder; return the file's path."""
        path = folder / self.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.build())
        for name, make in self.beside.items():
            (path.parent / name).write_bytes(make())
        return path


SAMPLES: dict[str, Sample] = {}


def sample(
    id_: str,
    group: str,
    what: str,
    source: str,
    *,
    name: str = "model.pkl",
    want: Want = Want.DANGEROUS,
    loader: str = "pickle.load",
    beside: Mapping[str, Callable[[], bytes]] | None = None,
) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Register the decorated builder as a sample. It runs at most once."""

    def register(build: Callable[[], bytes]) -> Callable[[], bytes]:
        if id_ in SAMPLES:
            raise ValueError(f"two samples are called {id_}")
        once = cache(build)
        SAMPLES[id_] = Sample(
            id=id_,
            group=group,
            what=what,
            source=source,
            name=name,
            want=want,
            loader=loader,
            build=once,
            beside=beside or {},
        )
        return once

    return register


def add(
    id_: str, group: str, what: str, source: str, data: Callable[[], bytes] | bytes, **more: object
) -> None:
    """Register bytes, or what makes them, as a sample: for tables of many alike."""
    build = data if callable(data) else lambda: data
    sample(id_, group, what, source, **more)(build)  # type: ignore[arg-type]


def add_format(
    id_: str, what: str, data: bytes, source: str, name: str, loader: str, want: Want = Want.DANGEROUS
) -> None:
    """Register a file of a format that is no pickle."""
    add(id_, "formats", what, source, data, name=name, want=want, loader=loader)
