"""What an inspector noticed in an item; never the content itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from tidegate.model.severity import Severity
from tidegate.records import dataclass, field


class Verdict(StrEnum):
    """What would happen if somebody loaded a model file. Ordered: the last is the worst."""

    INERT = "inert"
    """The format cannot run code."""
    CLEAN = "clean"
    """It can run code; every callable is on the allow list, with arguments of the right shape."""
    UNKNOWN = "unknown"
    """It calls something that we do not know."""
    DAMAGED = "damaged"
    """It cannot be judged whole, and nothing worse was seen in what could be."""
    DANGEROUS = "dangerous"
    """It calls something that can run code, read, write or reach out."""

    @property
    def rank(self) -> int:
        """0 for inert to 4 for dangerous."""
        return _RANKS[self._value_]


_RANKS = {verdict.value: rank for rank, verdict in enumerate(Verdict)}


class Executes(StrEnum):
    """Whether loading it can run code of its maker's choice: the first of three separate answers."""

    NO = "no"
    ONLY_IF = "only_if"
    """Through one loader, or with one option: `Observation.loader` names it."""
    YES = "yes"


class Evidence(StrEnum):
    """What speaks for malice: the second."""

    NONE = "none"
    UNKNOWN_CALLABLE = "unknown_callable"
    TAMPERING = "tampering"
    """A form that no program writes by itself: made to be read differently by scanner and loader."""
    SINK = "sink"
    """A callable that runs code, reads, writes or reaches out."""
    PAYLOAD = "payload"
    """A sink, with arguments that say what it would do."""


class Step(StrEnum):
    """How much was read for it. Each step is taken only where the one before leaves doubt."""

    NAME = "name"
    """Nothing: its name, size and type as the service lists them."""
    ENDS = "ends"
    """The first and the last kilobytes."""
    SAMPLE = "sample"
    """Some more, in bounds: a directory, a window, a table of contents."""
    WHOLE = "whole"
    """All that decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One thing that was noticed."""

    inspector: str
    """Id of the inspector."""
    kind: str
    """What it is, in one word with underscores: `call`, `unlisted_global`, `name_mismatch`, …"""
    severity: Severity
    confidence: str = "high"
    """`high`, `medium` or `low`."""
    offset: int | None = None
    """Byte in the file, or, inside a compressed member, in what it unpacks to."""
    member: str = ""
    """Where inside a container: `archive/data.pkl`; `!/` goes a container deeper."""
    loader: str = ""
    """What it concerns, where not every loader: `torch.load(weights_only=False)`."""
    summary: str
    """A plain sentence. Names from the file are quoted in it as they are: the renderer escapes."""
    step: Step = Step.WHOLE
    """What it rests on."""
    count: int = 1
    """How many of the same: 12 private keys."""
    fingerprint: str = ""
    """Of a secret: the same one in two places has one fingerprint. The value does not follow from it."""
    numbers: Mapping[str, int] = field(default_factory=dict)
    """What was counted: `messages`, `conversations`, `people`, `files`, `tables`, `rows`, … Never text."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    """What was counted lies between these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """One item that was looked into."""

    path: str
    """As the user or the service names it."""
    kind: str
    """What it is, by its content: `torch_zip`, `pickle`, `safetensors`, …; `unknown` for nothing we know."""
    verdict: Verdict | None = None
    """Of a model file; `None` for others."""
    executes: Executes | None = None
    evidence: Evidence = Evidence.NONE
    complete: bool = True
    """All that decides was read: the third answer."""
    severity: Severity
    observations: tuple[Observation, ...] = ()
    """Worst first, then in the order of the file."""
    size_bytes: int
    bytes_read: int
