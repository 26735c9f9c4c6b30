"""What closings leave on disk: plans, journals, the rounds of proofs. No secret; for its owner alone.

`<folder>/<finding>/<hash>/` holds `plan.json`, written whole before anything is sent, `journal.jsonl` and
`proof.jsonl`. A closing that somebody else carried out has no plan: its proof stands under `elsewhere`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tidegate.close.journal import Journal
from tidegate.close.plan import Call, Plan, Step, Way
from tidegate.close.prove import Answer, Round, Verdict
from tidegate.errors import ConfigError, UsageError

FORMAT = 1
ELSEWHERE = "elsewhere"
_MOST_BYTES = 16 << 20


@dataclass(slots=True)
class Proof:
    """The rounds of one closing, and when they are asked for."""

    path: Path
    closed_at: datetime
    after: tuple[timedelta, ...]
    rounds: list[Round] = field(default_factory=list)

    def add(self, one: Round) -> None:
        """Write a round down; it is on disk when this returns."""
        _append(self.path, _round_to(one))
        self.rounds.append(one)


class Store:
    """The folder of closings. Raises `ConfigError` where it cannot be written or holds nonsense."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, plan: Plan) -> None:
        """Write a plan down before it is carried out; the same again changes nothing."""
        folder = self._of(plan.finding, plan.hash)
        path = folder / "plan.json"
        with _explained(path):
            self._make(folder)
            if path.exists():
                return
            handle, fresh = tempfile.mkstemp(dir=folder)
            with os.fdopen(handle, "w") as file:
                json.dump({"format": FORMAT, "plan": asdict(plan)}, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            Path(fresh).replace(path)
            _sync(folder)

    def plan(self, finding: str, digest: str) -> Plan | None:
        """Return a plan that was kept, `None` for none. Raises `ConfigError` for one that was changed."""
        path = self._of(finding, digest) / "plan.json"
        if not path.exists():
            return None
        with _explained(path):
            read = json.loads(_read(path))
            plan = _plan_of(read["plan"])
        if plan.hash != digest or plan.finding != finding:
            raise ConfigError(f"{path}: is not the plan that was agreed to: somebody changed it")
        return plan

    def plans(self, finding: str) -> list[Plan]:
        """Return the plans that were begun, the newest last."""
        folder = self.folder / _checked(finding)
        if not folder.is_dir():
            return []
        found = [each for each in folder.iterdir() if (each / "plan.json").exists()]
        ordered = sorted(found, key=lambda each: ((each / "plan.json").stat().st_mtime_ns, each.name))
        plans = (self.plan(finding, each.name) for each in ordered)
        return [each for each in plans if each is not None]

    def carried_out(self, finding: str) -> Plan | None:
        """Return the newest plan that was carried out to its end; `None` when none was."""
        for plan in reversed(self.plans(finding)):
            with self.journal(plan) as journal:
                if journal.done_at is not None:
                    return plan
        return None

    def journal(self, plan: Plan) -> Journal:
        """Open a plan's journal, locked; a context manager."""
        path = self._of(plan.finding, plan.hash) / "journal.jsonl"
        with _explained(path):
            return Journal(path, plan)

    def proof(self, finding: str, digest: str) -> Proof | None:
        """Return the proof of a closing, `None` before the first round."""
        path = self._of(finding, digest) / "proof.jsonl"
        if not path.exists():
            return None
        with _explained(path):
            lines = [json.loads(line) for line in _read(path).rpartition(b"\n")[0].split(b"\n") if line]
            if not lines:
                return None
            head, *rest = lines
            return Proof(
                path=path,
                closed_at=datetime.fromisoformat(head["closed_at"]),
                after=tuple(timedelta(seconds=each) for each in head["after_s"]),
                rounds=[_round_of(each) for each in rest],
            )

    def begin_proof(
        self, finding: str, digest: str, closed_at: datetime, after: Sequence[timedelta]
    ) -> Proof:
        """Begin the proof of a closing, or go on with it; a new schedule replaces the old, rounds stay."""
        old = self.proof(finding, digest)
        if old is not None and old.after == tuple(after) and old.closed_at == closed_at:
            return old
        path = self._of(finding, digest) / "proof.jsonl"
        rounds = old.rounds if old is not None else []
        head = {
            "format": FORMAT,
            "closed_at": closed_at.isoformat(),
            "after_s": [each.total_seconds() for each in after],
        }
        with _explained(path):
            self._make(path.parent)
            handle, fresh = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(handle, "w") as file:
                for each in (head, *map(_round_to, rounds)):
                    file.write(json.dumps(each) + "\n")
                file.flush()
                os.fsync(file.fileno())
            Path(fresh).replace(path)
            _sync(path.parent)
        return Proof(path=path, closed_at=closed_at, after=tuple(after), rounds=list(rounds))

    def write(self, finding: str, digest: str, name: str, content: bytes) -> Path:
        """Write a file beside a closing's journal, whole or not at all, and return where it stands."""
        path = self._of(finding, digest) / name
        with _explained(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, fresh = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(fresh).replace(path)
        return path

    def _make(self, folder: Path) -> None:
        """Make a plan's folder and those above it, for their owner alone."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        for each in (self.folder, folder.parent, folder):
            each.mkdir(mode=0o700, exist_ok=True)

    def _of(self, finding: str, digest: str) -> Path:
        return self.folder / _checked(finding) / _checked(digest)


def _checked(name: str) -> str:
    """Return a part of a path that is only a name. Raises `UsageError`."""
    if re.fullmatch(r"[A-Za-z0-9-]{1,64}", name) is None:
        raise UsageError("no such finding or plan has ever been")
    return name


def _append(path: Path, entry: dict[str, Any]) -> None:
    with _explained(path):
        whole = _read(path).rpartition(b"\n")
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            # A line that a crash cut is not counted, and must not swallow the next one.
            size = len(whole[0]) + len(whole[1])
            os.ftruncate(handle, size)
            os.lseek(handle, size, os.SEEK_SET)
            os.write(handle, json.dumps(entry).encode() + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ValueError("too large")
    return data


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or 'cannot be read or written'}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ConfigError(
            f"{path}: damaged", hint="Look at the account by hand, move the file away, then make a new plan."
        ) from None


def _plan_of(read: Any) -> Plan:
    return Plan(
        finding=str(read["finding"]),
        provider=str(read["provider"]),
        account=str(read["account"]),
        way=Way(read["way"]),
        steps=tuple(_step_of(each) for each in read["steps"]),
        first=tuple(map(str, read["first"])),
        then=tuple(map(str, read["then"])),
        spares=tuple(map(str, read["spares"])),
        reads=tuple(_call_of(each) for each in read["reads"]),
    )


def _step_of(read: Any) -> Step:
    return Step(
        id=str(read["id"]),
        does=str(read["does"]),
        why=str(read["why"]),
        call=_call_of(read["call"]),
        permission=str(read["permission"]),
        breaks=tuple(map(str, read["breaks"])),
        undo=None if read["undo"] is None else str(read["undo"]),
        before=str(read["before"]),
        after=None if read["after"] is None else str(read["after"]),
        repeatable=bool(read["repeatable"]),
    )


def _call_of(read: Any) -> Call:
    headers = tuple((str(name), str(value)) for name, value in read["headers"])
    return Call(method=str(read["method"]), url=str(read["url"]), body=str(read["body"]), headers=headers)


def _round_to(one: Round) -> dict[str, Any]:
    answers = {name: asdict(getattr(one, name)) for name in ("leaked", "flipped", "owner")}
    return {"at": one.at.isoformat(), **answers, "verdict": one.verdict.value}


def _round_of(read: Any) -> Round:
    leaked, flipped, owner = (
        Answer(status=read[name]["status"], code=str(read[name]["code"]))
        for name in ("leaked", "flipped", "owner")
    )
    return Round(
        at=datetime.fromisoformat(read["at"]),
        leaked=leaked,
        flipped=flipped,
        owner=owner,
        verdict=Verdict(read["verdict"]),
    )
